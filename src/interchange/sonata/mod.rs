//! SONATA circuits of point neurons (Dai et al. 2020, doi:10.1371/journal.pcbi.1007696), as NEST and bmtk's PointNet run them.
//!
//! | there | here |
//! |---|---|
//! | nodes `point_neuron`, `point_process`, with a `nest:` template | a population per neuron model, `cells` |
//! | nodes `virtual` with an input of spikes | a source of given spikes, `drive` |
//! | edges: syn_weight x nsyns, delay | a projection of listed pairs, `connections` |
//! | node sets | members, `sets` |
//! | run.tstop, run.dt | duration; the grid engine at that resolution, unless `--engine event` |
//! | conditions.v_init | the initial v_m of neurons whose parameters give none |
//! | reports | states of those nodes, `reports` |
//!
//! Populations and edges are in the order of their smallest type ids. It is the order in which input of a neuron is added up, so a network
//! that [`export`] wrote gives the bits that it gave.

use std::path::Path;

use super::{InterchangeError, name_from, wrong};
use crate::format::sonata::{Config, Nodes, read_config, read_edges, read_nodes};
use crate::spec::{Engine, NetworkSpec, Parts, assemble};
use crate::time::Time;
use crate::value::Value;

mod cells;
mod connections;
mod drive;
mod export;
mod output;
mod refractory;
mod reports;
mod sets;

pub use export::{CircuitFiles, export};
pub use output::Export;

/// A circuit that can be simulated.
#[derive(Debug)]
pub struct Circuit {
    /// The model.
    pub spec: NetworkSpec,
    /// What the user may want to know.
    pub notes: Vec<String>,
    /// Where its results go as SONATA, if the configuration says so.
    pub export: Option<Export>,
}

/// A population of the circuit and where its nodes are in the model.
struct Placed {
    nodes: Nodes,
    /// Population of the model and member of it, by node.
    members: Vec<(u32, u32)>,
    /// Whether a node only emits, by node.
    emits: Vec<bool>,
}

/// Reads a circuit, under the layers `sets` (`--set KEY=VALUE` on simulation, record, input, interval and energy).
///
/// # Errors
/// The first file and place in it that is missing or wrong.
pub fn load(path: &Path, sets: &[(String, String)]) -> Result<Circuit, InterchangeError> {
    let mut config = read_config(path)?;
    let mut parts = Parts::default();
    let mut all = Vec::new();
    for (file, types) in &config.nodes {
        all.extend(read_nodes(file, types)?);
    }
    all.sort_by_key(|nodes| nodes.type_ids.iter().min().copied());
    let mut circuit: Vec<Placed> = Vec::new();
    for nodes in all {
        if circuit.iter().any(|other| other.nodes.name == nodes.name) {
            let message = "there is a population of this name in another file of the circuit";
            return Err(wrong(&nodes.file, format!("/nodes/{}", nodes.name), message));
        }
        circuit.push(cells::place(nodes, &config, &mut parts)?);
    }
    expect_once(&config)?;
    let mut all = Vec::new();
    for (file, types) in &config.edges {
        all.extend(read_edges(file, types)?);
    }
    all.sort_by_key(|edges| edges.type_ids.iter().min().copied());
    for edges in all {
        connections::add(&edges, &circuit, &mut config, &mut parts)?;
    }
    drive::add(&mut config, &circuit, &mut parts)?;
    expect_whole_steps(&config, sets)?;
    let mut spec = assemble(&text(&config), &path.display().to_string(), parts, sets)?;
    expect_steps(&spec, &config)?;
    config.notes.extend(refractory::settle(&mut spec));
    let tables = config.nodes.iter().chain(&config.edges).flat_map(|(file, types)| [file, types]);
    spec.files.extend(tables.chain(config.inputs.iter().map(|input| &input.file)).cloned());
    let reports = reports::add(&mut config, &circuit, &mut spec)?;
    let export = config.output.clone().map(|output| Export::new(output, &circuit, &spec, reports));
    if let Some(file) = export.as_ref().and_then(Export::written_twice) {
        let message =
            format!("several outputs go to {}, each in place of the one before: give each a name", file.display());
        return Err(wrong(&config.path, "output, reports", message));
    }
    Ok(Circuit { spec, notes: config.notes, export })
}

/// A run is so many steps; where a layer says otherwise, that is looked at as any model's.
fn expect_whole_steps(config: &Config, sets: &[(String, String)]) -> Result<(), InterchangeError> {
    let (Some(stop), Some(step)) = (config.tstop_ms, config.dt_ms) else { return Ok(()) };
    let layered = sets.iter().any(|(key, _)| {
        let key = key.strip_prefix("simulation").unwrap_or("record");
        ["", ".duration", ".engine", ".resolution"].contains(&key)
    });
    let steps = stop / step;
    if layered || (steps - steps.round()).abs() < 1e-6 {
        return Ok(());
    }
    let message = format!(
        "found {stop}, which is no multiple of run.dt, {step}: change one of them, give --duration, or run it without a grid, with \
         --engine event"
    );
    Err(wrong(&config.path, "run/tstop", message))
}

/// Synapses of a file that is listed twice would be there twice.
fn expect_once(config: &Config) -> Result<(), InterchangeError> {
    let mut known = Vec::new();
    for (file, _) in &config.edges {
        let identity = file.canonicalize().unwrap_or_else(|_| file.clone());
        if known.contains(&identity) {
            let message = format!("lists {} twice, whose synapses would be there twice", file.display());
            return Err(wrong(&config.path, "networks/edges", message));
        }
        known.push(identity);
    }
    Ok(())
}

/// Delays are rounded to steps of the grid; those that would be none are errors, as NEST has it.
fn expect_steps(spec: &NetworkSpec, config: &Config) -> Result<(), InterchangeError> {
    let step = spec.simulation.resolution;
    if spec.simulation.engine != Engine::Grid {
        return Ok(());
    }
    let none = |ms: &f64| Time::from_ms(*ms).0 < step.0 - step.0 / 2;
    for projection in &spec.projections {
        let found = match &projection.delay {
            Value::Constant(ms) => Some(*ms).filter(none),
            Value::List(all) => all.iter().copied().find(none),
            _ => None,
        };
        if let Some(ms) = found {
            let message = format!(
                "an edge has the delay {ms} ms, which is no step of {step}: give a smaller run.dt, or run it without a grid, with \
                 --engine event"
            );
            return Err(wrong(&config.path, format!("edges {}", projection.name), message));
        }
    }
    Ok(())
}

/// The tables of the model file beside the network.
fn text(config: &Config) -> String {
    let title = config.path.file_name().map_or(String::new(), |name| name.to_string_lossy().into_owned());
    let mut text = format!("# a SONATA circuit\ntitle = {}\n\n[simulation]\n", toml_edit::Value::from(title));
    config.tstop_ms.into_iter().for_each(|ms| text += &format!("duration = \"{ms} ms\"\n"));
    config.dt_ms.into_iter().for_each(|ms| text += &format!("engine = \"grid\"\nresolution = \"{ms} ms\"\n"));
    config.seed.into_iter().for_each(|seed| text += &format!("seed = {seed}\n"));
    text
}

/// A name for a part of a population.
fn name(parts: &Parts, text: &str) -> String {
    name_from(text, |name| parts.populations.iter().any(|p| p.name == name))
}
