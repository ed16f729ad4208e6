//! Nodes become populations: one for each neuron model that occurs, and one for virtual nodes.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::nest::{self, Cell};
use super::{InterchangeError, Placed, name, wrong};
use crate::format::sonata::{Config, Nodes, read_json};
use crate::neuron::{NeuronModel, NeuronSpec};
use crate::spec::{Parts, PopulationKind, PopulationSpec, SourceSpec};
use crate::value::Value;

/// What a type of nodes is.
#[derive(Clone)]
enum Type {
    Virtual,
    Neuron(NeuronModel, Cell),
}

/// Adds the nodes to the model.
pub(super) fn place(nodes: Nodes, config: &Config, parts: &mut Parts) -> Result<Placed, InterchangeError> {
    let mut types = BTreeMap::new();
    for &id in &nodes.type_ids {
        if let std::collections::btree_map::Entry::Vacant(entry) = types.entry(id) {
            entry.insert(read_type(&nodes, id, config)?);
        }
    }
    // None stands for virtual nodes.
    let mut kinds: Vec<Option<NeuronModel>> = Vec::new();
    let mut cells: Vec<Vec<Cell>> = Vec::new();
    let mut members = Vec::with_capacity(nodes.type_ids.len());
    let mut emits = Vec::with_capacity(nodes.type_ids.len());
    for (node, id) in nodes.type_ids.iter().enumerate() {
        let (model, cell) = match &types[id] {
            Type::Virtual => (None, Cell { params: Vec::new(), initial: Vec::new() }),
            Type::Neuron(model, cell) => (Some(*model), own(&nodes, node, *model, cell)?),
        };
        let kind = kinds.iter().position(|k| *k == model).unwrap_or_else(|| {
            kinds.push(model);
            cells.push(Vec::new());
            kinds.len() - 1
        });
        members.push(((parts.populations.len() + kind) as u32, cells[kind].len() as u32));
        emits.push(model.is_none());
        cells[kind].push(cell);
    }
    let alone = kinds.len() == 1;
    for (model, cells) in kinds.iter().zip(cells) {
        let ending = model.map_or("virtual", |m| m.describe().name);
        let text = if alone { nodes.name.clone() } else { format!("{}_{ending}", nodes.name) };
        let kind = match model {
            None => PopulationKind::Source(SourceSpec::SpikeTimes(vec![Vec::new(); cells.len()])),
            Some(model) => neurons(*model, &cells),
        };
        parts.populations.push(PopulationSpec { name: name(parts, &text), size: cells.len(), kind });
    }
    Ok(Placed { nodes, members, emits })
}

/// Reads a type's model and parameters.
fn read_type(nodes: &Nodes, id: i64, config: &Config) -> Result<Type, InterchangeError> {
    let types = &nodes.types;
    match types.get(id, "model_type") {
        Some("virtual") => return Ok(Type::Virtual),
        Some("point_neuron" | "point_process" | "point_soma") => {}
        other => {
            let message = format!(
                "model_type is {}; known are point_neuron (point_process) and virtual",
                other.map_or("not given".to_owned(), |o| format!("{o:?}"))
            );
            return Err(types.error(id, message).into());
        }
    }
    let Some(template) = types.get(id, "model_template") else {
        return Err(types.error(id, "model_template is not given, expected such as nest:iaf_psc_alpha").into());
    };
    let model = nest::model(template.strip_prefix("nest:").unwrap_or(template)).map_err(|m| types.error(id, m))?;
    let mut cell = Cell::of(model);
    if let (Some(v), Some(v_init)) = (model.describe().variable("v_m"), config.v_init) {
        cell.initial[v] = v_init;
    }
    if let Some(file) = types.get(id, "dynamics_params") {
        let path = config.models.as_ref().map_or_else(|| file.into(), |folder| folder.join(file));
        let values = read_json(&path)?;
        cell.set_all(model, &values).map_err(|message| wrong(&path, "", message))?;
        model.check(&cell.params).map_err(|e| wrong(&path, "", e.to_string()))?;
    }
    Ok(Type::Neuron(model, cell))
}

/// A node's cell: that of its type with what the node has for itself.
fn own(nodes: &Nodes, node: usize, model: NeuronModel, cell: &Cell) -> Result<Cell, InterchangeError> {
    let mut cell = cell.clone();
    let mut changed = false;
    let place = || format!("/nodes/{}, node {node}", nodes.name);
    for (name, values) in nodes.dynamics.iter().filter(|(_, values)| !values[node].is_nan()) {
        let set = cell.set(model, name, &serde_json::Value::from(values[node]));
        set.map_err(|message| wrong(&nodes.file, place(), message))?;
        changed = true;
    }
    if changed {
        model.check(&cell.params).map_err(|e| wrong(&nodes.file, place(), e.to_string()))?;
    }
    Ok(cell)
}

/// A population of these cells.
fn neurons(model: NeuronModel, cells: &[Cell]) -> PopulationKind {
    let table = model.describe();
    let params = (0..table.params.len()).map(|i| column(cells.iter().map(|c| c.params[i]).collect())).collect();
    let initial = (0..table.variables.len()).filter_map(|i| {
        let values: Vec<f64> = cells.iter().map(|c| c.initial[i]).collect();
        (!values.iter().all(|v| v.is_nan())).then(|| (i, column(values)))
    });
    PopulationKind::Neuron { neuron: NeuronSpec { model, params }, initial: initial.collect() }
}

/// One value for all, or a list.
fn column(values: Vec<f64>) -> Value {
    match values.first() {
        Some(first) if values.iter().all(|v| v.to_bits() == first.to_bits()) => Value::Constant(*first),
        _ => Value::List(Arc::from(values)),
    }
}
