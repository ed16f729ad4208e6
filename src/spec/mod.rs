//! The model file: TOML to [`NetworkSpec`].
//!
//! ```text
//! text -> tree (values with places) -> layers (extends, --set) -> parameters -> populations, inputs, projections, record
//! ```
//! Every value keeps the place where it was written, so that an error shows file, line and column.
//!
//! ```
//! use std::path::Path;
//! use memspike::spec;
//! let text = "simulation.duration = '1 s'\n[population.E]\nsize = 10\nneuron = 'lif_exp'\n";
//! let model = spec::parse(text, "example", Path::new(""), &[]).unwrap();
//! assert_eq!(model.populations[0].size, 10);
//! let error = spec::parse(&text.replace("lif_exp", "iaf_psc_exp"), "example", Path::new(""), &[]).unwrap_err();
//! assert_eq!(error.message(), "unknown neuron model iaf_psc_exp: here it is lif_exp");
//! ```

use std::path::Path;
use std::sync::{Arc, Mutex};

mod bind;
mod complete;
mod conditions;
mod connect;
mod crossbar;
mod devices;
mod digest;
mod doubts;
mod energy;
mod error;
mod inputs;
mod interval_files;
mod intervals;
mod keys;
mod labels;
mod layers;
mod matrix;
mod models;
mod names;
mod network_spec;
mod origins;
mod pairs_file;
mod parameters;
mod parts;
mod pattern;
mod plastic;
mod populations;
mod projections;
mod pulses_file;
mod reader;
mod record;
mod resolved;
mod scope;
mod sets;
mod simulation;
mod sources;
pub mod tables;
mod tree;
mod values;
mod values_file;
mod weight_bounds;

pub use bind::{BindError, Bound, units_at, units_where};
pub use devices::{device, device_file, device_presets, waveform};
pub use error::ModelError;
pub use keys::{Absent, Key, Table};
pub use labels::{Coding, Images, LABELS, LabelsSpec, Part, Shown};
pub use network_spec::*;
pub use parts::{Parts, assemble};
pub use pattern::{PATTERN, PatternSpec};
pub use pulses_file::{PulseColumns, Pulses, read_pulses, unit_in};
pub use sources::parse_units;
pub(crate) use weight_bounds::{held, without_rounding};

use error::{Place, Source};
use scope::Scope;
use tree::{Kind, Node};

use crate::time::Time;

/// Reads a model file, with what it extends, under `sets`: (KEY, VALUE) of each `--set KEY=VALUE`.
///
/// # Errors
/// A file that can't be read, or the first mistake in the model, with its place.
pub fn load(path: &Path, sets: &[(String, String)]) -> Result<NetworkSpec, ModelError> {
    let (model, below) = layers::read(path)?;
    let mut spec = build(model, sets, Tables::All)?;
    spec.files.extend(below);
    Ok(spec)
}

/// Reads a model from its text; `name` is what errors call it, and relative paths start at `base_dir`.
///
/// # Errors
/// As [`load`].
pub fn parse(text: &str, name: &str, base_dir: &Path, sets: &[(String, String)]) -> Result<NetworkSpec, ModelError> {
    let source = Source { name: name.to_string(), text: text.to_string(), folder: base_dir.to_path_buf() };
    build(layers::read_source(&Arc::new(source))?, sets, Tables::All)
}

/// What has no place beside a network that comes from elsewhere.
const ELSEWHERE: [&str; 6] = ["neuron", "plasticity", "device", "population", "projection", "extends"];

/// Where the network is.
enum Tables {
    /// In the model's tables.
    All,
    /// In these parts.
    With(Parts),
}

fn build(model: Node, sets: &[(String, String)], tables: Tables) -> Result<NetworkSpec, ModelError> {
    let model = sets.iter().try_fold(model, |model, (key, value)| layers::set(model, key, value))?;
    let noticed = Arc::new(Mutex::new(scope::Noticed::default()));
    read(&model, tables, &noticed).map_err(|error| match noticed.lock() {
        Ok(noticed) => origins::told(error, &model, &noticed.named),
        Err(_) => error,
    })
}

/// Reads a model with all of its layers; what is noticed on the way is kept.
fn read(model: &Node, tables: Tables, noticed: &Arc<Mutex<scope::Noticed>>) -> Result<NetworkSpec, ModelError> {
    let at: Place = model.at.clone();
    let Kind::Table(root) = &model.kind else { return Err(model.mismatch("a model")) };
    // A network of another format may be looked at without being run.
    let own = matches!(tables, Tables::All);
    let parts = match tables {
        Tables::All => {
            tables::MODEL.check(root)?;
            None
        }
        Tables::With(parts) => {
            let beside = "beside a network that comes from a file of another format";
            tables::MODEL.check_without(root, &ELSEWHERE, beside)?;
            Some(parts)
        }
    };

    let replaced = Arc::new(Mutex::new(scope::Replaced::new()));
    let mut scope = Scope { replaced: Some(replaced.clone()), noticed: Some(noticed.clone()), ..Scope::default() };
    if let Some(node) = root.get("parameters") {
        let Some(table) = node.table() else { return Err(node.mismatch("the table [parameters]")) };
        scope.parameters = Arc::new(parameters::read(&scope, table)?);
    }
    let text = |key: &str| root.get(key).map(|node| scope.text(node, "a text")).transpose();
    let (title, reference) = (text("title")?, text("reference")?);
    let mut simulation = simulation::read(&mut scope, root)?;
    let [neurons, rules, devices] = reader::sets(root)?;
    let mut reader = reader::Reader {
        scope,
        resolution: simulation.resolution,
        duration: simulation.duration,
        seed: simulation.seed,
        precision: simulation.precision,
        neurons,
        rules,
        devices,
        intervals: Vec::new(),
        interval_files: Vec::new(),
        populations: Vec::new(),
    };
    reader.read_intervals(root)?;
    reader.check_sets()?;
    let (mut given_inputs, mut given_projections) = (Vec::new(), Vec::new());
    if let Some(mut parts) = parts {
        parts.snap(simulation.engine, simulation.resolution);
        given_inputs = parts.inputs;
        given_projections = parts.projections;
        reader.populations = parts.populations;
    }
    reader.read_populations(root)?;
    if reader.populations.is_empty() {
        return Err(at.error("the model has no population: expected at least one table [population.NAME]"));
    }
    reader.scope.populations = Arc::new(reader.populations.iter().map(|p| p.name.clone()).collect());
    if simulation.duration.is_none() {
        simulation.duration = reader.shown_until();
    }
    let mut inputs = given_inputs;
    inputs.extend(reader.read_inputs(root)?);
    let mut projections: Vec<_> = given_projections.into_iter().map(|p| (p.name.clone(), p)).collect();
    projections.extend(reader.read_projections(root)?);
    let record = reader.read_record(root, &projections)?;
    let energy = reader.read_energy(root)?;
    reader.check_unused_sets()?;
    let leads = leader(root, &reader.populations)?;
    let simulation_step = simulation.resolution;
    let whole = complete::Complete {
        reader: &reader,
        simulation: &simulation,
        projections: &projections,
        record: &record,
        energy: energy.as_ref(),
    };
    let whole = whole.of(root);
    let mut replaced = replaced.lock().map(|mut replaced| std::mem::take(&mut *replaced)).unwrap_or_default();
    let resolved = resolved::write(&whole, &replaced);
    let paths = noticed.lock().map(|mut noticed| std::mem::take(&mut noticed.paths)).unwrap_or_default();
    replaced.extend(paths.into_iter().map(|place| (place, "\"\"".to_string())));
    let nameless = resolved::write(&whole, &replaced);
    let spec = NetworkSpec {
        title,
        reference,
        simulation,
        populations: reader.populations,
        inputs,
        projections: projections.into_iter().map(|p| p.1).collect(),
        intervals: reader.intervals,
        interval_files: reader.interval_files,
        leads,
        replayed: Time::ZERO,
        bound: Vec::new(),
        interval_content: 0,
        record,
        energy,
        notes: noticed.lock().map(|noticed| doubts::notes(root, simulation_step, &noticed)).unwrap_or_default(),
        files: noticed.lock().map(|mut noticed| std::mem::take(&mut noticed.files)).unwrap_or_default(),
        resolved,
        nameless,
    };
    if own && spec.simulation.duration.is_none() && spec.recordings().is_empty() {
        let place = root.entry("simulation").map_or(&at, |e| &e.key_at);
        return Err(place.error("`duration` is missing in [simulation]: expected a time such as \"1 s\""));
    }
    Ok(spec)
}

/// The population whose recording leads the others.
fn leader(root: &tree::Table, populations: &[PopulationSpec]) -> Result<Option<usize>, ModelError> {
    let leads = |population: &PopulationSpec| match &population.kind {
        PopulationKind::Source(SourceSpec::Recording(recording)) => recording.leads,
        _ => false,
    };
    let leaders: Vec<usize> = (0..populations.len()).filter(|index| leads(&populations[*index])).collect();
    match (&leaders[..], root.entry("population")) {
        ([first, second, ..], Some(entry)) => {
            let (first, second) = (&populations[*first].name, &populations[*second].name);
            let message = format!("the recordings of {first} and of {second} both have `leads`: expected one at most");
            Err(entry.key_at.error(message))
        }
        _ => Ok(leaders.first().copied()),
    }
}
