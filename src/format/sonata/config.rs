//! SONATA configurations: `circuit_config.json`, `simulation_config.json`, or one file with both.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::json::{self, Doc};
use crate::format::error::{Fault, FormatError};

/// Keys of an input that are read, or don't matter to spikes of a file.
const OF_INPUTS: [&str; 8] =
    ["cells", "delay", "enabled", "input_file", "input_type", "module", "node_set", "spikes_file"];
/// Modules of an input whose spikes are in a file.
const INPUT_MODULES: [&str; 5] = ["csv", "h5", "nwb", "sonata", "synapse_replay"];
/// Modules of a report of variables of neurons.
const REPORT_MODULES: [&str; 5] = ["SomaReport", "membrane_report", "multimeter", "multimeter_report", "soma_report"];
/// Keys of a report that are read, or don't matter to neurons without compartments.
const OF_REPORTS: [&str; 9] =
    ["cells", "dt", "enabled", "end_time", "file_name", "module", "sections", "start_time", "variable_name"];
/// Keys of the output that are read, or are there for logs.
const OF_OUTPUT: [&str; 6] =
    ["log_file", "log_level", "output_dir", "overwrite_output_dir", "spikes_file", "spikes_sort_order"];

/// A circuit and how it is to be simulated. Paths are whole, variables of the manifest replaced.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// The file that was named.
    pub path: PathBuf,
    /// Node files, each with its table of types.
    pub nodes: Vec<(PathBuf, PathBuf)>,
    /// Edge files, each with its table of types.
    pub edges: Vec<(PathBuf, PathBuf)>,
    /// Where `dynamics_params` of neurons are.
    pub models: Option<PathBuf>,
    /// Where `dynamics_params` of synapses are.
    pub synapses: Option<PathBuf>,
    /// `run.tstop` \[ms\].
    pub tstop_ms: Option<f64>,
    /// `run.dt` \[ms\].
    pub dt_ms: Option<f64>,
    /// `run.random_seed`, `run.seed`.
    pub seed: Option<u64>,
    /// `conditions.v_init` \[mV\].
    pub v_init: Option<f64>,
    /// Node sets by name, as written.
    pub node_sets: BTreeMap<String, Value>,
    /// Spikes that drive virtual nodes.
    pub inputs: Vec<SpikeInput>,
    /// What is recorded beside spikes.
    pub reports: Vec<Report>,
    /// Where results go.
    pub output: Option<Output>,
    /// What is not used, for the user.
    pub notes: Vec<String>,
}

/// An input of spikes.
#[derive(Clone, Debug)]
pub struct SpikeInput {
    /// Its name.
    pub name: String,
    /// The file of spikes.
    pub file: PathBuf,
    /// Which nodes it drives, as written.
    pub node_set: Value,
}

/// A report of state variables.
#[derive(Clone, Debug)]
pub struct Report {
    /// Its name.
    pub name: String,
    /// Which nodes, as written.
    pub cells: Value,
    /// Which variables, in the words of the file.
    pub variables: Vec<String>,
    /// The first sample \[ms\].
    pub start_ms: Option<f64>,
    /// The last sample at most \[ms\].
    pub end_ms: Option<f64>,
    /// Time between samples \[ms\].
    pub dt_ms: Option<f64>,
    /// Name of its file.
    pub file_name: String,
}

/// `output`.
#[derive(Clone, Debug)]
pub struct Output {
    /// `output_dir`.
    pub folder: PathBuf,
    /// `spikes_file`, a name in that folder.
    pub spikes_file: PathBuf,
    /// `spikes_sort_order` is `id`, not `time`.
    pub by_id: bool,
    /// `overwrite_output_dir`.
    pub overwrite: bool,
}

/// Reads a configuration and those that it names.
///
/// # Errors
/// The file and the place in it of what is missing or wrong.
pub fn read_config(path: &Path) -> Result<Config, FormatError> {
    let mut config = Config { path: path.to_owned(), ..Config::default() };
    config.absorb(path, &mut Vec::new(), &mut Vec::new())?;
    if config.nodes.is_empty() {
        let message =
            "gives no nodes: expected a SONATA circuit, with networks.nodes, or a simulation that names one as network";
        return Err(FormatError::new(path, "networks", Fault::Incomplete, message));
    }
    Ok(config)
}

impl Config {
    /// Takes in a file; `open` are those that wait for it, `done` those that were taken in.
    fn absorb(&mut self, path: &Path, open: &mut Vec<PathBuf>, done: &mut Vec<PathBuf>) -> Result<(), FormatError> {
        let doc = Doc::open(path)?;
        let identity = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
        if open.contains(&identity) {
            return Err(doc.error("network", "configurations name each other in a circle"));
        }
        if done.contains(&identity) {
            return Ok(());
        }
        open.push(identity);
        for (key, value) in &doc.root {
            match key.as_str() {
                "manifest" | "target_simulator" | "version" => {}
                "network" | "simulation" => self.absorb(&doc.file(value, key)?, open, done)?,
                "networks" => self.networks(&doc, doc.as_object(value, key)?)?,
                "components" => self.components(&doc, doc.as_object(value, key)?)?,
                "run" => self.run(&doc, doc.as_object(value, key)?)?,
                "conditions" => self.conditions(&doc, doc.as_object(value, key)?)?,
                "node_sets_file" => self.read_node_sets(&doc.file(value, key)?)?,
                "node_sets" if value.is_string() => self.read_node_sets(&doc.file(value, key)?)?,
                "node_sets" => self.add_node_sets(doc.as_object(value, key)?),
                "inputs" => self.inputs(&doc, doc.as_object(value, key)?)?,
                "reports" => self.reports(&doc, doc.as_object(value, key)?)?,
                "output" => self.output(&doc, doc.as_object(value, key)?)?,
                other => self.note(&doc, other),
            }
        }
        done.extend(open.pop());
        Ok(())
    }

    fn note(&mut self, doc: &Doc, place: &str) {
        self.notes.push(format!("{}: {place} is not used", doc.path.display()));
    }

    fn note_unknown(&mut self, doc: &Doc, place: &str, object: &Map<String, Value>, known: &[&str]) {
        for key in object.keys().filter(|key| !known.contains(&key.as_str())) {
            self.note(doc, &format!("{place}/{key}"));
        }
    }

    /// Says what is made of a module that is not known.
    fn note_module(
        &mut self,
        doc: &Doc,
        object: &Map<String, Value>,
        place: &str,
        known: &[&str],
        taken: &str,
    ) -> Result<(), FormatError> {
        let Some(module) = object.get("module") else { return Ok(()) };
        let name = doc.text(module, place)?;
        if !known.contains(&name) {
            self.notes.push(format!("{}: {place} {name:?} is not known: {taken}", doc.path.display()));
        }
        Ok(())
    }

    fn networks(&mut self, doc: &Doc, networks: &Map<String, Value>) -> Result<(), FormatError> {
        for (key, value) in networks {
            let [file_key, types_key] = match key.as_str() {
                "nodes" => ["nodes_file", "node_types_file"],
                "edges" => ["edges_file", "edge_types_file"],
                other => {
                    self.note(doc, &format!("networks/{other}"));
                    continue;
                }
            };
            let Some(items) = value.as_array() else {
                return Err(
                    doc.error(&format!("networks/{key}"), format!("found {}, expected a list", json::kind(value)))
                );
            };
            for (i, item) in items.iter().enumerate() {
                let place = format!("networks/{key}/{i}");
                let item = doc.as_object(item, &place)?;
                if let Some(enabled) = item.get("enabled")
                    && !doc.flag(enabled, &format!("{place}/enabled"))?
                {
                    continue;
                }
                let one = |key: &str| {
                    let at = format!("{place}/{key}");
                    let value = item.get(key).ok_or_else(|| doc.error(&at, "is missing, expected a path"))?;
                    doc.file(value, &at)
                };
                let pair = (one(file_key)?, one(types_key)?);
                if key == "nodes" { self.nodes.push(pair) } else { self.edges.push(pair) }
            }
        }
        Ok(())
    }

    /// Folders of components; those that only simulators of morphologies use are left alone.
    fn components(&mut self, doc: &Doc, components: &Map<String, Value>) -> Result<(), FormatError> {
        for (key, value) in components {
            let folder = || doc.file(value, &format!("components/{key}"));
            match key.as_str() {
                "point_neuron_models_dir" => self.models = Some(folder()?),
                "synaptic_models_dir" => self.synapses = Some(folder()?),
                _ => {}
            }
        }
        Ok(())
    }

    fn run(&mut self, doc: &Doc, run: &Map<String, Value>) -> Result<(), FormatError> {
        for (key, value) in run {
            let place = format!("run/{key}");
            match key.as_str() {
                "tstop" | "duration" => self.tstop_ms = Some(positive(doc, value, &place)?),
                "dt" => self.dt_ms = Some(positive(doc, value, &place)?),
                "seed" | "random_seed" => {
                    let seed = value.as_u64();
                    self.seed = Some(seed.ok_or_else(|| doc.error(&place, "expected a whole number, 0 or more"))?);
                }
                "tstart" => {
                    let start = doc.number(value, &place)?;
                    if start != 0.0 {
                        return Err(doc.error(&place, format!("found {start}; a run starts at 0")));
                    }
                }
                // How often NEURON's loop looks up, and thresholds of its spike detectors.
                "nsteps_block" | "spike_threshold" | "dL" | "overwrite_output_dir" => {}
                _ => self.note(doc, &place),
            }
        }
        Ok(())
    }

    fn conditions(&mut self, doc: &Doc, conditions: &Map<String, Value>) -> Result<(), FormatError> {
        for (key, value) in conditions {
            match key.as_str() {
                "v_init" => self.v_init = Some(doc.number(value, "conditions/v_init")?),
                // No model here depends on the temperature.
                "celsius" => {}
                _ => self.note(doc, &format!("conditions/{key}")),
            }
        }
        Ok(())
    }

    fn read_node_sets(&mut self, path: &Path) -> Result<(), FormatError> {
        let doc = Doc::open(path)?;
        self.add_node_sets(&doc.root);
        Ok(())
    }

    fn add_node_sets(&mut self, sets: &Map<String, Value>) {
        self.node_sets.extend(sets.iter().map(|(name, set)| (name.clone(), set.clone())));
    }

    fn inputs(&mut self, doc: &Doc, inputs: &Map<String, Value>) -> Result<(), FormatError> {
        for (name, value) in inputs {
            let place = format!("inputs/{name}");
            let input = doc.as_object(value, &place)?;
            if let Some(enabled) = input.get("enabled")
                && !doc.flag(enabled, &format!("{place}/enabled"))?
            {
                continue;
            }
            let at = |key: &str| format!("{place}/{key}");
            let need = |key: &str| input.get(key).ok_or_else(|| doc.error(&at(key), "is missing"));
            let input_type = doc.text(need("input_type")?, &at("input_type"))?;
            if input_type != "spikes" {
                let message = format!("found {input_type:?}; of inputs only spikes are known");
                return Err(doc.error(&at("input_type"), message));
            }
            // Simulators differ in what these mean, so that to leave them out would be a guess too.
            let delayed = input.get("delay").is_some_and(|delay| delay.as_f64() != Some(0.0));
            if let Some(key) = delayed.then_some("delay").or(input.contains_key("duration").then_some("duration")) {
                let message =
                    "spikes come at the times of their file, all of them: move or cut them there, and leave this out";
                return Err(doc.error(&at(key), message));
            }
            let file = match input.get("input_file") {
                Some(file) => doc.file(file, &at("input_file"))?,
                None => doc.file(need("spikes_file")?, &at("spikes_file"))?,
            };
            let node_set = input.get("node_set").or(input.get("cells")).cloned();
            let node_set =
                node_set.ok_or_else(|| doc.error(&at("node_set"), "is missing, expected the name of a node set"))?;
            self.inputs.push(SpikeInput { name: name.clone(), file, node_set });
            self.note_module(doc, input, &at("module"), &INPUT_MODULES, "spikes are taken from its file")?;
            self.note_unknown(doc, &place, input, &OF_INPUTS);
        }
        Ok(())
    }

    fn reports(&mut self, doc: &Doc, reports: &Map<String, Value>) -> Result<(), FormatError> {
        for (name, value) in reports {
            let place = format!("reports/{name}");
            let at = |key: &str| format!("{place}/{key}");
            let report = doc.as_object(value, &place)?;
            if let Some(enabled) = report.get("enabled")
                && !doc.flag(enabled, &at("enabled"))?
            {
                continue;
            }
            let number = |key: &str| report.get(key).map(|v| doc.number(v, &at(key))).transpose();
            let variables = match report.get("variable_name") {
                Some(Value::Array(items)) => items
                    .iter()
                    .map(|v| doc.text(v, &at("variable_name")).map(str::to_owned))
                    .collect::<Result<_, _>>()?,
                Some(one) => vec![doc.text(one, &at("variable_name"))?.to_owned()],
                None => return Err(doc.error(&at("variable_name"), "is missing, expected a name such as V_m")),
            };
            let file_name = match report.get("file_name") {
                Some(file) => doc.expand(file, &at("file_name"))?,
                None => name.clone(),
            };
            let has_end = Path::new(&file_name).extension().is_some_and(|e| e == "h5" || e == "hdf5");
            self.reports.push(Report {
                name: name.clone(),
                cells: report.get("cells").cloned().unwrap_or(Value::String("all".to_owned())),
                variables,
                start_ms: number("start_time")?,
                end_ms: number("end_time")?,
                dt_ms: report.get("dt").map(|v| positive(doc, v, &at("dt"))).transpose()?,
                file_name: if has_end { file_name } else { format!("{file_name}.h5") },
            });
            self.note_module(
                doc,
                report,
                &at("module"),
                &REPORT_MODULES,
                "its variables are recorded as those of neurons",
            )?;
            self.note_unknown(doc, &place, report, &OF_REPORTS);
        }
        Ok(())
    }

    fn output(&mut self, doc: &Doc, output: &Map<String, Value>) -> Result<(), FormatError> {
        let folder = match output.get("output_dir") {
            Some(folder) => doc.file(folder, "output/output_dir")?,
            None => doc.file(&Value::String("output".to_owned()), "output/output_dir")?,
        };
        let spikes_file = match output.get("spikes_file") {
            Some(file) => PathBuf::from(doc.expand(file, "output/spikes_file")?),
            None => PathBuf::from("spikes.h5"),
        };
        let by_id = match output.get("spikes_sort_order") {
            None => false,
            Some(order) => match doc.text(order, "output/spikes_sort_order")? {
                "time" | "by_time" | "none" => false,
                "id" | "gid" | "by_id" | "node_id" => true,
                other => {
                    let message = format!("found {other:?}, expected time or id");
                    return Err(doc.error("output/spikes_sort_order", message));
                }
            },
        };
        let overwrite = match output.get("overwrite_output_dir") {
            None => false,
            Some(flag) => doc.flag(flag, "output/overwrite_output_dir")?,
        };
        self.note_unknown(doc, "output", output, &OF_OUTPUT);
        self.output = Some(Output { folder, spikes_file, by_id, overwrite });
        Ok(())
    }
}

fn positive(doc: &Doc, value: &Value, place: &str) -> Result<f64, FormatError> {
    let number = doc.number(value, place)?;
    if number > 0.0 { Ok(number) } else { Err(doc.error(place, format!("found {number}, expected more than 0"))) }
}
