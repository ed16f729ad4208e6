//! Edges become projections: one for each pair of populations that they connect.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{InterchangeError, Placed, name_from, wrong};
use crate::format::sonata::{Config, Edges, is_count, read_json};
use crate::spec::{Connect, Parts, ProjectionSpec, Slice};
use crate::value::Value;

/// NEST's own, for synapses that have none.
const DEFAULT_WEIGHT: f64 = 1.0;
/// NEST's own, for synapses that have none \[ms\].
const DEFAULT_DELAY_MS: f64 = 1.0;

/// What a type of edges gives to those that have nothing of their own.
#[derive(Clone, Copy, Default)]
struct Type {
    weight: Option<f64>,
    delay: Option<f64>,
    synapses: Option<f64>,
}

/// The edges of one pair of populations.
#[derive(Default)]
struct Table {
    pairs: Vec<(u32, u32)>,
    weights: Vec<f64>,
    delays: Vec<f64>,
}

/// Adds a population of edges to the model.
pub(super) fn add(
    edges: &Edges,
    circuit: &[Placed],
    config: &mut Config,
    parts: &mut Parts,
) -> Result<(), InterchangeError> {
    let place = |end: &str| format!("/edges/{}/{end}", edges.name);
    let sources = population(edges, circuit, &edges.source_population, &place("source_node_id"))?;
    let targets = population(edges, circuit, &edges.target_population, &place("target_node_id"))?;
    let mut types = BTreeMap::new();
    for &id in &edges.type_ids {
        if let std::collections::btree_map::Entry::Vacant(entry) = types.entry(id) {
            entry.insert(read_type(edges, id, config)?);
        }
    }
    let mut tables: BTreeMap<(u32, u32), Table> = BTreeMap::new();
    let mut without_delay = 0usize;
    for (edge, id) in edges.type_ids.iter().enumerate() {
        let member = |placed: &Placed, node: u32, end: &str| {
            placed.members.get(node as usize).copied().ok_or_else(|| {
                let message = format!(
                    "entry {edge} is {node}, but the population {} has {} nodes",
                    placed.nodes.name,
                    placed.members.len()
                );
                wrong(&edges.file, place(end), message)
            })
        };
        let source = member(sources, edges.sources[edge], "source_node_id")?;
        let target = member(targets, edges.targets[edge], "target_node_id")?;
        if targets.emits[edges.targets[edge] as usize] {
            let message = format!("entry {edge} is {}, a virtual node, which takes no input", edges.targets[edge]);
            return Err(wrong(&edges.file, place("target_node_id"), message));
        }
        let of_type = types[id];
        let own = |column: &Option<Vec<f64>>| column.as_ref().map(|c| c[edge]).filter(|v| !v.is_nan());
        let count = own(&edges.synapses).or(of_type.synapses).unwrap_or(1.0);
        let weight = own(&edges.weight).or(of_type.weight).unwrap_or(DEFAULT_WEIGHT) * count;
        let delay = own(&edges.delay).or(of_type.delay);
        without_delay += usize::from(delay.is_none());
        let delay = delay.unwrap_or(DEFAULT_DELAY_MS);
        if !(weight.is_finite() && delay.is_finite() && delay > 0.0) {
            let message =
                format!("edge {edge} has the weight {weight} and the delay {delay} ms, expected a delay above 0");
            return Err(wrong(&edges.file, format!("/edges/{}", edges.name), message));
        }
        let table = tables.entry((source.0, target.0)).or_default();
        table.pairs.push((source.1, target.1));
        table.weights.push(weight);
        table.delays.push(delay);
    }
    if without_delay > 0 {
        config.notes.push(format!(
            "{}: {without_delay} edges of {} give no delay; they have NEST's default, {DEFAULT_DELAY_MS} ms",
            edges.file.display(),
            edges.name
        ));
    }
    let alone = tables.len() == 1;
    for ((source, target), table) in tables {
        let ends = |i: u32| parts.populations[i as usize].name.clone();
        let text = if alone { edges.name.clone() } else { format!("{}_{}_{}", edges.name, ends(source), ends(target)) };
        let name = name_from(&text, |name| parts.projections.iter().any(|p| p.name == name));
        parts.projections.push(projection(name, source as usize, target as usize, table));
    }
    Ok(())
}

fn population<'a>(
    edges: &Edges,
    circuit: &'a [Placed],
    name: &str,
    place: &str,
) -> Result<&'a Placed, InterchangeError> {
    circuit.iter().find(|placed| placed.nodes.name == name).ok_or_else(|| {
        let names: Vec<&str> = circuit.iter().map(|placed| placed.nodes.name.as_str()).collect();
        let message = format!("node_population is {name}, but the circuit has {}", names.join(", "));
        wrong(&edges.file, place, message)
    })
}

/// What a type gives, from the table and from its JSON file; the table counts.
fn read_type(edges: &Edges, id: i64, config: &Config) -> Result<Type, InterchangeError> {
    let types = &edges.types;
    let template = types.get(id, "model_template").map(|t| t.strip_prefix("nest:").unwrap_or(t));
    if let Some(other) = template.filter(|t| !matches!(*t, "static_synapse" | "static_synapse_hom_w" | "Static")) {
        return Err(types.error(id, format!("the synapse model {other} is not known; known is static_synapse")).into());
    }
    if let Some(function) = types.get(id, "weight_function") {
        let message = format!("weight_function is {function:?}; weights are read from syn_weight, not computed");
        return Err(types.error(id, message).into());
    }
    if let Some(receptor) = types.number(id, "receptor_type")?.filter(|receptor| *receptor != 0.0) {
        return Err(types
            .error(id, format!("receptor_type is {receptor}; the neurons here have the receptor 0 alone"))
            .into());
    }
    let synapses = types.number(id, "nsyns")?;
    if let Some(odd) = synapses.filter(|n| !is_count(*n)) {
        return Err(types.error(id, format!("nsyns is {odd}, expected a whole number, 0 or more")).into());
    }
    let mut found = Type { weight: types.number(id, "syn_weight")?, delay: types.number(id, "delay")?, synapses };
    let Some(file) = types.get(id, "dynamics_params") else { return Ok(found) };
    let path = config.synapses.as_ref().map_or_else(|| file.into(), |folder| folder.join(file));
    for (key, value) in &read_json(&path)? {
        let number = value.as_f64().filter(|v| v.is_finite());
        let number = number.ok_or_else(|| wrong(&path, key, format!("is {value}, expected a number")))?;
        match key.as_str() {
            "weight" | "syn_weight" => found.weight = found.weight.or(Some(number)),
            "delay" => found.delay = found.delay.or(Some(number)),
            "receptor_type" if number == 0.0 => {}
            _ => {
                let message = "is no parameter of static_synapse; known are weight and delay";
                return Err(wrong(&path, key, message));
            }
        }
    }
    Ok(found)
}

fn projection(name: String, source: usize, target: usize, table: Table) -> ProjectionSpec {
    let all = |population: usize| Slice { population, start: 0, stop: None };
    let column = |values: Vec<f64>| match values.first() {
        Some(first) if values.iter().all(|v| v == first) => Value::Constant(*first),
        _ => Value::List(Arc::from(values)),
    };
    ProjectionSpec {
        connect: Connect::Pairs(table.pairs),
        weight: column(table.weights),
        delay: column(table.delays),
        ..ProjectionSpec::plain(name, all(source), all(target))
    }
}
