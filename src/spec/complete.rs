//! Fills in what a model leaves out, so that its resolved text says everything that it stands for: keys with their defaults, and in the
//! place of a set's name the model with all of its parameters.

use std::path::PathBuf;
use std::sync::Arc;

use super::error::{Place, Source};
use super::keys::{self, Absent};
use super::network_spec::{EnergySpec, ProjectionSpec, RecordSpec, SimulationSpec};
use super::reader::Reader;
use super::sets::Sets;
use super::tables;
use super::tree::{self, Entry, Kind, Node, Table};
use crate::crossbar;
use crate::describe::Model;
use crate::device::DeviceModel;
use crate::device::physical::waveform;
use crate::neuron::NeuronModel;
use crate::plasticity::{RuleModel, normalize, short_term};
use crate::time::Time;
use crate::value::Value;

/// What a model was read to.
pub(crate) struct Complete<'a> {
    pub(crate) reader: &'a Reader<'a>,
    pub(crate) simulation: &'a SimulationSpec,
    /// Beside the name of the table that each comes from.
    pub(crate) projections: &'a [(String, ProjectionSpec)],
    pub(crate) record: &'a RecordSpec,
    pub(crate) energy: Option<&'a EnergySpec>,
}

impl Complete<'_> {
    /// The model with everything that it left out.
    pub(crate) fn of(&self, root: &Table) -> Table {
        let mut root = root.clone();
        // Nothing names a set any more.
        ["neuron", "plasticity", "device"].iter().for_each(|sets| root.remove(sets));
        add(&mut root, "simulation", "{}");
        add(&mut root, "record", "{}");
        if let Some(simulation) = inner(&mut root, "simulation") {
            self.simulation.duration.iter().for_each(|duration| add(simulation, "duration", &time(*duration)));
            fill(simulation, &tables::SIMULATION);
        }
        each(&mut root, "population", |_, table| self.population(table));
        each(&mut root, "input", |_, table| self.input(table));
        each(&mut root, "interval", |_, table| interval(table));
        each(&mut root, "projection", |name, table| self.projection(name, table));
        inner(&mut root, "record").into_iter().for_each(|table| self.recorded(table));
        if let (Some(energy), Some(table)) = (self.energy, inner(&mut root, "energy")) {
            for (key, price, unit) in [
                ("synaptic_event", energy.synaptic_event, "J"),
                ("spike", energy.spike, "J"),
                ("neuron_update", energy.neuron_update, "J"),
                ("static_power", energy.static_power, "W"),
            ] {
                price.iter().for_each(|price| add(table, key, &format!("\"{price:e} {unit}\"")));
            }
        }
        root
    }

    fn population(&self, table: &mut Table) {
        let sets = &self.reader.neurons;
        expand(table, "neuron", sets, |i| NeuronModel::ALL[i].describe(), None);
        let Some(source) = inner(table, "source") else { return };
        for (kind, of) in [
            ("poisson", &tables::POISSON_SOURCE),
            ("regular", &tables::REGULAR),
            ("labels", &tables::LABELS_SOURCE),
            ("pattern", &tables::PATTERN_SOURCE),
        ] {
            inner(source, kind).into_iter().for_each(|table| fill(table, of));
        }
    }

    fn input(&self, table: &mut Table) {
        let units = self.units(table);
        if let Some(poisson) = inner(table, "poisson") {
            // Targets with other units are refused.
            units.first().iter().for_each(|unit| add(poisson, "weight", &one(unit)));
            fill(poisson, &tables::POISSON_INPUT);
        }
        let Some(current) = inner(table, "current") else { return };
        for (kind, of) in [("sine", &tables::SINE), ("noise", &tables::NOISE)] {
            if let Some(table) = inner(current, kind) {
                add(table, "interval", &time(self.simulation.resolution));
                fill(table, of);
            }
        }
    }

    fn projection(&self, name: &str, table: &mut Table) {
        let units = self.units(table);
        let same = units.first().filter(|first| units.iter().all(|unit| unit == *first)).copied();
        let specs = || self.projections.iter().filter(|(of, _)| of == name).map(|(_, spec)| spec);
        // Those of a file come with it.
        if specs().all(|spec| matches!(spec.weight, Value::Constant(_))) {
            let weight = same.map_or_else(|| weights(&units, table), one);
            add(table, "weight", &weight);
        }
        if specs().all(|spec| matches!(spec.delay, Value::Constant(_))) {
            add(table, "delay", "\"1 ms\"");
        }
        let bounded = ["plasticity", "device", "w_max"].iter().any(|key| table.get(key).is_some());
        if let Some(unit) = same.filter(|_| bounded) {
            add(table, "w_min", &in_unit(0.0, unit));
        }
        fill(table, &tables::PROJECTION);
        expand(table, "plasticity", &self.reader.rules, |i| RuleModel::ALL[i].describe(), same);
        expand(table, "device", &self.reader.devices, |i| DeviceModel::ALL[i].describe(), None);
        let of_device: &[&str] = if table.get("device").is_some() { &["g_min", "g_max", "levels"] } else { &[] };
        for (key, model, without) in [
            ("short_term", &short_term::MODEL, &[][..]),
            ("normalize", &normalize::MODEL, &[]),
            ("crossbar", &crossbar::MODEL, of_device),
            ("waveform", &waveform::MODEL, &[]),
        ] {
            inner(table, key).into_iter().for_each(|table| fill_parameters(table, model, same, without));
        }
    }

    /// The units of weights onto the targets, in their order.
    fn units(&self, table: &Table) -> Vec<&'static str> {
        let slices = table.get("target").and_then(|node| self.reader.slices(node).ok()).unwrap_or_default();
        slices.iter().map(|slice| self.reader.weight_unit(slice.population)).collect()
    }

    fn recorded(&self, table: &mut Table) {
        fill(table, &tables::RECORD);
        let Some(Kind::Array(items)) = kind(table, "state") else { return };
        for item in items {
            let Kind::Table(table) = &mut item.kind else { continue };
            add(table, "interval", &time(self.simulation.resolution));
            add(table, "start", &time(self.record.start));
            fill(table, &tables::RECORD_STATE);
        }
    }
}

/// A weight of 1 for each pair of populations, rows = targets.
fn weights(units: &[&str], table: &Table) -> String {
    let sources = table.get("source").and_then(Node::array).map_or(1, <[Node]>::len);
    let rows = units.iter().map(|unit| format!("[{}]", vec![one(unit); sources].join(", ")));
    format!("[{}]", rows.collect::<Vec<_>>().join(", "))
}

fn interval(table: &mut Table) {
    if table.get("table").is_none() {
        return;
    }
    if table.get("duration").is_none() {
        add(table, "stop", "\"stop_time\"");
    }
    fill(table, &tables::INTERVAL_FILE);
}

/// Puts a model with all of its parameters in the place of a set's name. `weight`: the unit of weights, where it is one.
fn expand(
    table: &mut Table,
    key: &str,
    sets: &Sets<'_>,
    model: impl Fn(usize) -> &'static Model,
    weight: Option<&str>,
) {
    let Some(node) = table.entries.iter_mut().find(|e| e.key == key).map(|e| &mut e.node) else { return };
    let Ok(set) = sets.resolve(node) else { return };
    let (model, mut parameters) = (model(set.model), Table::default());
    for entry in set.entries {
        match parameters.entries.iter_mut().find(|e| e.key == entry.key) {
            Some(old) => match (&mut old.node.kind, entry.node.kind) {
                // `pulse_up = { v, width }`, of which a part is changed.
                (Kind::Table(old), Kind::Table(new)) if group(model, &entry.key) => {
                    new.entries.iter().for_each(|e| old.remove(&e.key));
                    old.entries.extend(new.entries);
                }
                (_, kind) => old.node = Node { kind, at: entry.node.at },
            },
            None => parameters.entries.push(entry),
        }
    }
    fill_parameters(&mut parameters, model, weight, &[]);
    let at = node.at.clone();
    let inner = Entry {
        key: model.name.to_string(),
        key_at: at.clone(),
        node: Node { kind: Kind::Table(parameters), at: at.clone() },
    };
    *node = Node { kind: Kind::Table(Table { entries: vec![inner] }), at };
}

/// Has the model parameters `<key>.<field>`?
fn group(model: &Model, key: &str) -> bool {
    model.params.iter().any(|p| p.name.split_once('.').is_some_and(|(group, _)| group == key))
}

/// Adds the parameters that are not given and have a default, but for those of `without`, and puts all into the model's order.
fn fill_parameters(table: &mut Table, model: &Model, weight: Option<&str>, without: &[&str]) {
    for param in model.params.iter().filter(|p| !without.contains(&p.name)) {
        let Some(default) = param.default_toml(weight) else { continue };
        match param.name.split_once('.') {
            None => add(table, param.name, &default),
            // A sub-table that is not given has no fields either, unless all of them have defaults.
            Some((group, field)) => {
                let fields = |p: &&crate::describe::Param| p.name.split_once('.').is_some_and(|(g, _)| g == group);
                let whole = model.params.iter().filter(fields).all(|p| p.default_toml(weight).is_some());
                if whole && table.get(group).is_none() {
                    add(table, group, "{}");
                }
                inner(table, group).into_iter().for_each(|table| add(table, field, &default));
            }
        }
    }
    let place = |key: &str| {
        let is = |name: &str| name == key || name.split_once('.').is_some_and(|(group, _)| group == key);
        model.params.iter().position(|p| is(p.name)).unwrap_or(usize::MAX)
    };
    table.entries.sort_by_key(|e| place(&e.key));
}

/// Adds the keys that are not given and have a default, and puts all into the table's order.
fn fill(table: &mut Table, of: &keys::Table) {
    for key in of.keys {
        if let Absent::As(default) = key.absent {
            add(table, key.name, default);
        }
    }
    of.model.into_iter().for_each(|model| fill_parameters(table, model, None, &[]));
    let place = |key: &str| of.keys.iter().position(|k| k.name == key).unwrap_or(usize::MAX);
    table.entries.sort_by_key(|e| place(&e.key));
}

/// Adds a key with this TOML, unless it is there.
fn add(table: &mut Table, key: &str, toml: &str) {
    if table.get(key).is_none() {
        let node = literal(toml);
        table.entries.push(Entry { key: key.to_string(), key_at: node.at.clone(), node });
    }
}

/// A value that stands in no file.
fn literal(toml: &str) -> Node {
    let text = format!("x = {toml}");
    let source = Arc::new(Source { name: "a default".to_string(), text, folder: PathBuf::new() });
    let parsed = tree::parse(&source).ok().and_then(|root| root.table()?.get("x").cloned());
    parsed.unwrap_or_else(|| Node { kind: Kind::Text(toml.to_string()), at: Place::whole(&source) })
}

fn time(time: Time) -> String {
    format!("\"{} ms\"", time.ms())
}

fn one(unit: &str) -> String {
    in_unit(1.0, unit)
}

fn in_unit(value: f64, unit: &str) -> String {
    if unit.is_empty() { value.to_string() } else { format!("\"{value} {unit}\"") }
}

fn kind<'a>(table: &'a mut Table, key: &str) -> Option<&'a mut Kind> {
    table.entries.iter_mut().find(|e| e.key == key).map(|e| &mut e.node.kind)
}

/// The table of a key.
fn inner<'a>(table: &'a mut Table, key: &str) -> Option<&'a mut Table> {
    match kind(table, key) {
        Some(Kind::Table(table)) => Some(table),
        _ => None,
    }
}

/// Each named table of a section.
fn each(root: &mut Table, section: &str, change: impl Fn(&str, &mut Table)) {
    for entry in inner(root, section).into_iter().flat_map(|table| &mut table.entries) {
        if let Kind::Table(table) = &mut entry.node.kind {
            change(&entry.key, table);
        }
    }
}
