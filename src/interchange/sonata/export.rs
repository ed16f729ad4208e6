//! A network as a SONATA circuit, the reverse of [`load`](super::load).
//!
//! | here | there |
//! |---|---|
//! | a population of neurons | nodes of one type: NEST's model, what all share in a JSON file, what differs in `dynamics_params` of the nodes |
//! | a source | virtual nodes and their spikes |
//! | a projection | edges with `syn_weight` and `delay` each, as static synapses |
//! | `record.state` | reports |
//! | duration, resolution, seed | `run` |
//!
//! Types are numbered in the order of the model, which is how [`load`](super::load) finds that order again. SONATA knows no plasticity,
//! no devices and no noise: weights are those at the start, and what is left out is told.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{fs, io};

use serde_json::{Map, Value, json};

use super::super::{Synapses, nest, unsaid};
use crate::describe::Kind;
use crate::format::sonata::{EdgesData, NodesData, PopulationSpikes, write_edges, write_nodes, write_spikes};
use crate::network::Population;
use crate::neuron::{Column, NeuronModel};
use crate::spec::{Engine, NetworkSpec, PopulationKind, PopulationSpec, Precision, Slice, StateRecord};
use crate::time::Time;
use crate::whole::{self, Folders};

/// Nodes that are neurons, and their types.
const NODES: [&str; 2] = ["nodes.h5", "node_types.csv"];
/// Nodes that only emit: NEST wants a table of types for themselves.
const VIRTUAL: [&str; 2] = ["virtual_nodes.h5", "virtual_node_types.csv"];
const EDGES: [&str; 2] = ["edges.h5", "edge_types.csv"];
const INPUTS: &str = "inputs.h5";
const SETS: &str = "node_sets.json";
const MODELS: &str = "point_neuron_models";
const CIRCUIT: &str = "circuit_config.json";
const SIMULATION: &str = "simulation_config.json";
/// The folder in which they are until all are whole.
const UNFINISHED: &str = "circuit.part";

/// A circuit that is not written yet.
#[derive(Clone, Debug, Default)]
pub struct CircuitFiles {
    /// (its files, its populations)
    nodes: Vec<([&'static str; 2], Vec<NodesData>)>,
    /// What JSON files and tables say, by path within the folder.
    texts: Vec<(PathBuf, String)>,
    edges: Vec<EdgesData>,
    inputs: Vec<PopulationSpikes>,
}

impl CircuitFiles {
    /// The files that [`CircuitFiles::write`] will write; the configuration to run comes last.
    pub fn paths(&self, folder: &Path) -> Vec<PathBuf> {
        let nodes = self.nodes.iter().map(|(files, _)| Path::new(files[0]));
        let edges = (!self.edges.is_empty()).then_some(Path::new(EDGES[0]));
        let inputs = (!self.inputs.is_empty()).then_some(Path::new(INPUTS));
        let texts = self.texts.iter().map(|(path, _)| path.as_path());
        nodes.chain(edges).chain(inputs).chain(texts).map(|path| folder.join(path)).collect()
    }

    /// Numbers of nodes and of edges.
    pub fn size(&self) -> (u64, u64) {
        let nodes = self.nodes.iter().flat_map(|(_, all)| all).map(|nodes| nodes.size as u64).sum();
        (nodes, self.edges.iter().map(|edges| edges.sources.len() as u64).sum())
    }

    /// Writes them into a folder, which is made if it isn't there: all of them, or none. They are written into a folder within it, and
    /// moved when all are whole.
    ///
    /// # Errors
    /// What can't be written; what was there is as it was then.
    pub fn write(&self, folder: &Path) -> Result<(), String> {
        let failed = |path: &Path, error: io::Error| format!("{}: can't be written: {error}", path.display());
        let unfinished = folder.join(UNFINISHED);
        // Away again, if nothing comes into them.
        let mut made = Vec::new();
        for place in [folder.join(MODELS), unfinished.join(MODELS)] {
            made.push(Folders::make(&place).map_err(|e| failed(folder, e))?);
        }
        // By the names that they would have had.
        let named = |told: String| told.replace(&unfinished.display().to_string(), &folder.display().to_string());
        let written = self.fill(&unfinished).map_err(named).and_then(|()| {
            self.paths(&unfinished).into_iter().zip(self.paths(folder)).try_for_each(|(from, to)| {
                // What a link stands for is replaced, as elsewhere; it may be on another disk.
                let copy = |part: &Path| fs::copy(&from, part).map(drop);
                let moved = whole::target(&to).and_then(|target| fs::rename(&from, target));
                moved.or_else(|_| whole::replace(&to, |e| e, copy)).map_err(|e| failed(&to, e))
            })
        });
        self.paths(&unfinished).iter().for_each(|path| whole::discard(path));
        // Those of an earlier process that was killed are not in `made`.
        [unfinished.join(MODELS), unfinished].iter().for_each(|place| drop(fs::remove_dir(place)));
        drop(made);
        written
    }

    fn fill(&self, folder: &Path) -> Result<(), String> {
        self.nodes.iter().try_for_each(|(files, nodes)| write_nodes(&folder.join(files[0]), nodes))?;
        if !self.edges.is_empty() {
            write_edges(&folder.join(EDGES[0]), &self.edges)?;
        }
        if !self.inputs.is_empty() {
            write_spikes(&folder.join(INPUTS), &self.inputs, false)?;
        }
        self.texts.iter().try_for_each(|(path, text)| {
            let path = folder.join(path);
            whole::write(&path, text).map_err(|e| format!("{}: can't be written: {e}", path.display()))
        })
    }
}

/// The circuit of a network whose parameters are drawn, whose synapses are listed by projection, and whose sources have emitted `trains`
/// (of each population; none of neurons); and what could not be said in it.
///
/// # Errors
/// What SONATA has no words for.
pub fn export(
    spec: &NetworkSpec,
    populations: &[Population],
    synapses: &[Synapses],
    trains: Vec<Option<PopulationSpikes>>,
) -> Result<(CircuitFiles, Vec<String>), String> {
    let duration = spec.simulation.duration.ok_or("it does not say how long it is simulated; give a duration")?;
    let (mut files, mut notes) = (CircuitFiles::default(), said_of_the_model(spec));
    let [mut neurons, mut sources] = [Vec::new(), Vec::new()];
    let mut tables = ["node_type_id pop_name model_type model_template dynamics_params\n"; 2].map(str::to_owned);
    for ((id, population), (drawn, train)) in (0..).zip(&spec.populations).zip(populations.iter().zip(trains)) {
        let name = &population.name;
        let mut nodes = NodesData { name: name.clone(), type_id: id, size: drawn.size, dynamics: Vec::new() };
        match &population.kind {
            PopulationKind::Source(_) => {
                let _ = writeln!(tables[1], "{id} {name} virtual NULL NULL");
                files.inputs.extend(train);
                sources.push(nodes);
            }
            PopulationKind::Neuron { neuron, .. } => {
                // The step above would be NEST's of what is between two.
                let step = (spec.simulation.engine == Engine::Grid).then_some(spec.simulation.resolution);
                let shared =
                    cells(neuron.model, drawn, step, &mut nodes).map_err(|e| format!("population {name}: {e}"))?;
                notes.extend(said_of_nest(&nodes, &shared, neuron.model));
                let model = nest::model_name(neuron.model);
                let _ = writeln!(tables[0], "{id} {name} point_neuron nest:{model} {name}.json");
                files.texts.push((Path::new(MODELS).join(format!("{name}.json")), pretty(&Value::Object(shared))));
                neurons.push(nodes);
            }
        }
    }
    let [neuron_types, source_types] = tables;
    for (names, nodes, types) in [(NODES, neurons, neuron_types), (VIRTUAL, sources, source_types)] {
        if !nodes.is_empty() {
            files.nodes.push((names, nodes));
            files.texts.push((names[1].into(), types));
        }
    }
    connect(spec, synapses, &mut files, &mut notes);
    let mut sets = Map::new();
    for population in &spec.populations {
        sets.insert(population.name.clone(), json!({ "population": population.name }));
    }
    let reports = reports(spec, &mut sets, &mut notes);
    files.texts.push((SETS.into(), pretty(&Value::Object(sets))));
    files.texts.push((CIRCUIT.into(), pretty(&circuit(&files))));
    files.texts.push((SIMULATION.into(), pretty(&simulation(spec, duration, &files, reports))));
    Ok((files, notes))
}

fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}

fn at(file: &str) -> String {
    format!("$BASE_DIR/{file}")
}

/// What of the whole model a circuit does not say.
fn said_of_the_model(spec: &NetworkSpec) -> Vec<String> {
    let mut notes = Vec::new();
    if spec.simulation.engine == Engine::Event {
        notes.push(format!(
            "the model runs without a time step, a SONATA simulation has one: {}, or --dt; with --engine event it runs without",
            spec.simulation.resolution
        ));
    }
    if spec.simulation.precision == Precision::Single {
        notes.push(
            "the model computes in single precision, which a circuit can't say: --set simulation.precision=single"
                .into(),
        );
    }
    for input in &spec.inputs {
        notes.push(format!(
            "input {}: a circuit has no noise and no currents but i_e; left out. The spikes of a population with source.poisson, joined by a \
             projection, would be written",
            input.name
        ));
    }
    for projection in &spec.projections {
        notes.extend(unsaid(projection, "a circuit"));
    }
    if spec.record.start > Time::ZERO {
        notes.push("record.start: a circuit keeps spikes from the start".to_owned());
    }
    let whole = |(i, population): (usize, &PopulationSpec)| {
        let members = population.size;
        let covers =
            |slice: &Slice| slice.population == i && slice.start == 0 && slice.stop.is_none_or(|to| to >= members);
        matches!(population.kind, PopulationKind::Source(_)) || spec.record.spikes.iter().any(covers)
    };
    if !spec.populations.iter().enumerate().all(whole) {
        notes.push("record.spikes: a circuit keeps the spikes of all neurons".to_owned());
    }
    if spec.record.stop.is_some() {
        notes.push("record.stop: a circuit keeps spikes up to the end".to_owned());
    }
    if spec.record.weights.iter().any(|w| !spec.projections[w.projection].is_static()) {
        notes.push("record.weights: weights of a circuit don't change; left out".to_owned());
    }
    notes
}

/// Parameters and initial state of a population's nodes: what all share is returned, the rest goes to the nodes. Refractory periods are those of
/// the grid, of this step.
fn cells(
    model: NeuronModel,
    drawn: &Population,
    step: Option<Time>,
    nodes: &mut NodesData,
) -> Result<Map<String, Value>, String> {
    let table = model.describe();
    let mut shared = Map::new();
    let values = |column: &Column| (0..drawn.size).map(|i| column.at(i)).collect::<Vec<f64>>();
    let mut put = |name: &str, values: Vec<f64>, flag: bool| {
        let name = nest::name(name);
        let alike = values.iter().all(|value| value.to_bits() == values[0].to_bits());
        if let Some(value) = values.iter().find(|value| !value.is_finite()) {
            return Err(format!("{name} is {value} for some of its neurons; a circuit has finite numbers only"));
        }
        match (alike, flag) {
            (true, true) => drop(shared.insert(name.to_owned(), Value::Bool(values[0] != 0.0))),
            (true, false) => drop(shared.insert(name.to_owned(), json!(values[0]))),
            (false, true) => return Err(format!("{name} differs between its neurons; make a population of each kind")),
            (false, false) => nodes.dynamics.push((name.to_owned(), values)),
        }
        Ok(())
    };
    for (param, column) in table.params.iter().zip(&drawn.params) {
        let mut values = values(column);
        if let Some(step) = step.filter(|_| param.name == "t_ref") {
            values.iter_mut().for_each(|ms| *ms = Time::from_ms((*ms / step.ms()).round() * step.ms()).ms());
        }
        match param.name {
            "theta_plus" if values.iter().any(|x| *x != 0.0) => {
                return Err("NEST's models have no threshold that adapts, and theta_plus is not 0".to_owned());
            }
            "theta_plus" | "tau_theta" => {}
            // Such as no lower bound of the potential, which is NEST's default too.
            _ if !param.default.is_finite() && values.iter().all(|x| *x == param.default) => {}
            name => put(name, values, param.kind == Kind::Flag)?,
        }
    }
    let e_l = table.param("e_l").map(|i| values(&drawn.params[i]));
    for (variable, column) in table.variables.iter().zip(&drawn.initial) {
        let mut values = values(column);
        let given = values.iter().any(|x| !x.is_nan());
        match (variable.name, &e_l) {
            ("theta", _) if given && values.iter().any(|x| *x != 0.0) => {
                return Err("NEST's models have no threshold that adapts, and theta does not start at 0".to_owned());
            }
            ("theta", _) => {}
            // NEST's neurons don't start at E_L unless they are told to.
            ("v_m", Some(e_l)) => {
                values.iter_mut().zip(e_l).filter(|(v, _)| v.is_nan()).for_each(|(v, e_l)| *v = *e_l);
                put("v_m", values, false)?;
            }
            (name, _) if given => put(name, values, false)?,
            _ => {}
        }
    }
    Ok(shared)
}

/// What NEST's own reader of circuits would stumble over.
fn said_of_nest(nodes: &NodesData, shared: &Map<String, Value>, model: NeuronModel) -> Vec<String> {
    let mut notes = Vec::new();
    if !nodes.dynamics.is_empty() {
        let names: Vec<&str> = nodes.dynamics.iter().map(|d| d.0.as_str()).collect();
        notes.push(format!(
            "population {}: {} differ from node to node; NEST's own SonataNetwork does not read that",
            nodes.name,
            names.join(", ")
        ));
    }
    let table = model.describe();
    let unsettable = |name: &str| name.contains("syn") && table.variable(&name.to_lowercase()).is_some();
    if let Some((name, _)) = shared.iter().find(|(name, _)| unsettable(name)) {
        notes.push(format!(
            "population {}: {name} starts at another value than 0, which NEST can't be told",
            nodes.name
        ));
    }
    notes
}

/// Adds the edges and their types.
fn connect(spec: &NetworkSpec, synapses: &[Synapses], files: &mut CircuitFiles, notes: &mut Vec<String>) {
    let mut types = "edge_type_id name model_template\n".to_owned();
    for ((id, projection), synapses) in (0..).zip(&spec.projections).zip(synapses) {
        let [source, target] = [projection.source, projection.target].map(|end| &spec.populations[end.population]);
        if let PopulationKind::Source(_) = target.kind {
            let name = &projection.name;
            notes.push(format!("projection {name}: its target is a source, which takes no input; left out"));
            continue;
        }
        if synapses.sources.is_empty() {
            continue;
        }
        let step = spec.simulation.resolution;
        if synapses.delays_ms.iter().any(|ms| Time::from_ms(*ms).0 < step.0 - step.0 / 2) {
            notes.push(format!(
                "projection {}: some delays are no step of {step}, with which the circuit is refused on its grid: give --dt, or run it with \
                 --engine event",
                projection.name
            ));
        }
        let _ = writeln!(types, "{id} {} static_synapse", projection.name);
        files.edges.push(EdgesData {
            name: projection.name.clone(),
            type_id: id,
            populations: [source.name.clone(), target.name.clone()],
            sizes: [source.size, target.size],
            sources: synapses.sources.clone(),
            targets: synapses.targets.clone(),
            weights: synapses.weights.clone(),
            delays_ms: synapses.delays_ms.clone(),
        });
    }
    if !files.edges.is_empty() {
        files.texts.push((EDGES[1].into(), types));
    }
}

/// The reports, and the sets of nodes that they are of.
fn reports(spec: &NetworkSpec, sets: &mut Map<String, Value>, notes: &mut Vec<String>) -> Map<String, Value> {
    let mut reports = Map::new();
    let mut taken: Vec<(&StateRecord, String)> = Vec::new();
    for record in &spec.record.state {
        let population = &spec.populations[record.slice.population];
        let PopulationKind::Neuron { neuron, .. } = &population.kind else { continue };
        let name = format!("{}_state", population.name);
        let name = (1..).map(|n| if n == 1 { name.clone() } else { format!("{name}_{n}") });
        let Some(name) = name.into_iter().find(|name| !sets.contains_key(name)) else { continue };
        let step = spec.simulation.resolution;
        let clash = taken.iter().find(|(other, _)| {
            other.slice.population == record.slice.population
                && other.variables.iter().any(|v| record.variables.contains(v))
                && (other.start, other.interval) != (record.start, record.interval)
        });
        let cause = match clash {
            Some((_, other)) => format!("the report {other} has the same at other times"),
            None if record.start.0 % step.0 != 0 || record.interval.0 % step.0 != 0 => {
                format!("its times are no multiples of the step, {step}")
            }
            None => {
                let variables = &neuron.model.describe().variables;
                let mut report = json!({
                    "cells": name,
                    "module": "multimeter_report",
                    "start_time": record.start.ms(),
                    "dt": record.interval.ms(),
                });
                if let Some(stop) = spec.record.stop {
                    // The last sample before it: a report's end is one.
                    let samples = (stop.0 - 1 - record.start.0) / record.interval.0;
                    let last = Time(record.start.0 + samples.max(0) * record.interval.0);
                    report["end_time"] = last.ms().into();
                }
                let members = record.members(population.size);
                sets.insert(name.clone(), json!({ "population": population.name, "node_id": members }));
                // The specification has one variable to a report.
                for (place, variable) in record.variables.iter().map(|v| nest::name(variables[*v].name)).enumerate() {
                    let title = if place == 0 { name.clone() } else { format!("{name}_{variable}") };
                    report["variable_name"] = variable.into();
                    report["file_name"] = format!("{title}.h5").into();
                    reports.insert(title, report.clone());
                }
                taken.push((record, name));
                continue;
            }
        };
        notes.push(format!("record.state of {}: {cause}; left out", population.name));
    }
    reports
}

fn circuit(files: &CircuitFiles) -> Value {
    let nodes =
        files.nodes.iter().map(|([file, types], _)| json!({ "nodes_file": at(file), "node_types_file": at(types) }));
    let edges =
        (!files.edges.is_empty()).then(|| json!({ "edges_file": at(EDGES[0]), "edge_types_file": at(EDGES[1]) }));
    json!({
        "manifest": { "$BASE_DIR": "." },
        "target_simulator": "NEST",
        "components": { "point_neuron_models_dir": at(MODELS) },
        "networks": { "nodes": nodes.collect::<Vec<_>>(), "edges": edges.into_iter().collect::<Vec<_>>() },
    })
}

fn simulation(spec: &NetworkSpec, duration: Time, files: &CircuitFiles, reports: Map<String, Value>) -> Value {
    let input = |spikes: &PopulationSpikes| {
        let name = spikes.population.clone();
        let input = json!({ "input_type": "spikes", "module": "sonata", "input_file": at(INPUTS), "node_set": name });
        (name, input)
    };
    json!({
        "manifest": { "$BASE_DIR": "." },
        "target_simulator": "NEST",
        "network": at(CIRCUIT),
        "node_sets_file": at(SETS),
        "run": { "tstop": duration.ms(), "dt": spec.simulation.resolution.ms(), "random_seed": spec.simulation.seed },
        "inputs": files.inputs.iter().map(input).collect::<Map<_, _>>(),
        "output": { "output_dir": at("output"), "spikes_file": "spikes.h5", "spikes_sort_order": "by_time" },
        "reports": reports,
    })
}
