//! A model file with the layers that flags lay on top, and the recordings that it replays.

use std::path::{Path, PathBuf};

use memspike::counted::grouped;
use memspike::fnv;
use memspike::format::{self, stream, stream::Opened};
use memspike::interchange::sonata::{self, Export};
use memspike::spec::{self, Bound, Engine, NetworkSpec, units_at, units_where};
use memspike::spikes::Recording;
use memspike::stream::Reel;

use super::Failure;
use super::intervals;
use super::note::{note, notes};
use super::part::open_window;
use super::unobserved;

/// The network that `memspike replay` uses without `--model`.
const REPLAY: &str = include_str!("../../models/replay.toml");

/// Where a model comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum Model {
    /// A file.
    File(PathBuf),
    /// The replay network that ships in the program.
    Replay,
}

impl std::fmt::Display for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Model::File(path) => write!(f, "{}", path.display()),
            Model::Replay => write!(f, "the built-in replay model"),
        }
    }
}

/// `--set`-like layers: (key, TOML value or text).
pub type Layers = Vec<(String, String)>;

/// A model with its recordings.
#[derive(Debug)]
pub struct Loaded {
    /// The model, recordings bound.
    pub spec: NetworkSpec,
    /// Its recordings, in the order of the populations.
    pub recordings: Vec<Replayed>,
    /// Where a SONATA circuit wants its results.
    pub export: Option<Export>,
}

/// A population that replays a recording.
#[derive(Debug)]
pub struct Replayed {
    /// The population.
    pub population: usize,
    /// What it replays.
    pub file: PathBuf,
    /// The same, read; with its first and last spike only if it is read while the model runs.
    pub recording: Recording,
    /// Which part of it.
    pub bound: Bound,
}

impl Model {
    /// Reads and checks the model alone.
    ///
    /// # Errors
    /// Exit code 2, with the place in the file.
    pub fn read(&self, layers: &Layers) -> Result<NetworkSpec, Failure> {
        match self {
            Model::File(path) if is_circuit(path) => {
                sonata::load(path, layers).map(|circuit| circuit.spec).map_err(Failure::input)
            }
            Model::File(path) => spec::load(path, layers).map_err(Failure::input),
            Model::Replay => {
                spec::parse(REPLAY, "models/replay.toml (built in)", Path::new(""), layers).map_err(Failure::input)
            }
        }
    }

    /// Reads and checks the model, reads its recordings and binds them. Those whose files are larger than `buffer` bytes are left to be read
    /// while the model runs, where they can be.
    ///
    /// # Errors
    /// Exit code 2, with the file and the place in it.
    pub fn load(&self, layers: &Layers, buffer: Option<u64>) -> Result<Loaded, Failure> {
        if let Model::File(path) = self
            && is_circuit(path)
        {
            let circuit = sonata::load(path, layers).map_err(Failure::input)?;
            notes(&circuit.notes);
            return Ok(Loaded { spec: circuit.spec, recordings: Vec::new(), export: circuit.export });
        }
        Loaded::bound(self.read(layers)?, buffer)
    }
}

impl Loaded {
    /// A model that was read, with its recordings, as [`Model::load`]; not of a circuit.
    ///
    /// # Errors
    /// Exit code 2, with the file and the place in it.
    pub fn bound(mut spec: NetworkSpec, buffer: Option<u64>) -> Result<Loaded, Failure> {
        let mut recordings = Vec::new();
        let open = spec.simulation.duration.is_none();
        for Read { population, file, recording, reel, content } in read_recordings(&spec, buffer)? {
            let bound = match reel {
                Some(reel) => spec.bind_reel(population, &recording, reel),
                None => spec.bind(population, &recording),
            };
            let bound = bound.map_err(Failure::input)?;
            spec.set_content(population, content);
            recordings.push(Replayed { population, file, recording, bound });
        }
        recordings.iter().for_each(|replayed| unobserved::tell(&spec, replayed));
        tell_of_moved(&spec, &recordings);
        if open {
            tell_of_cut(&spec, &recordings);
        }
        tell_interval_files_apart(&mut spec)?;
        intervals::bind(&mut spec, &recordings)?;
        Ok(Loaded { spec, recordings, export: None })
    }
}

/// Says which recordings are not replayed to their end, for the one that leads ends before.
fn tell_of_cut(spec: &NetworkSpec, recordings: &[Replayed]) {
    let (Some(leader), Some(duration)) = (spec.leads, spec.simulation.duration) else { return };
    for Replayed { population, bound, .. } in recordings {
        let cut = bound.stop_s - bound.start_s - duration.seconds();
        // Less is rounding, and would be said to be 0.
        if cut >= 5e-4 {
            let (name, leader) = (&spec.populations[*population].name, &spec.populations[leader].name);
            note(format_args!(
                "population {name}: the last {cut:.3} s of its recording are not replayed, for the run is as long as that of {leader}; \
                 --duration gives another length"
            ));
        }
    }
}

/// Says which spikes of recordings are not replayed when they were, for the grid has no such time.
fn tell_of_moved(spec: &NetworkSpec, recordings: &[Replayed]) {
    if spec.simulation.engine != Engine::Grid {
        return;
    }
    let (step, remedy) = (spec.simulation.resolution, "engine = \"event\" keeps times as they are");
    for Replayed { population, bound, .. } in recordings {
        let name = &spec.populations[*population].name;
        match bound.moved {
            Some(0) => {}
            Some(1) => note(format_args!(
                "population {name}: 1 spike of its recording lies between the steps of {step} and moved to the end of its step; {remedy}"
            )),
            Some(moved) => note(format_args!(
                "population {name}: {} spikes of its recording lie between the steps of {step} and moved to the end of their step; {remedy}",
                grouped(moved)
            )),
            // How many is known only when all are read.
            None => note(format_args!(
                "population {name}: spikes of its recording that lie between the steps of {step} move to the end of their step; {remedy}"
            )),
        }
    }
}

/// Whether a model is a SONATA configuration.
pub fn is_circuit(path: &Path) -> bool {
    path.extension().is_some_and(|e| e.eq_ignore_ascii_case("json"))
}

/// Has the model's digest follow the recordings that its intervals name, which wait to be read.
///
/// # Errors
/// Exit code 2 if one can't be read.
pub fn tell_interval_files_apart(spec: &mut NetworkSpec) -> Result<(), Failure> {
    for file in spec.interval_files.iter().filter_map(|wanted| wanted.file.as_ref()) {
        let content = format::content(file).map_err(Failure::input)?;
        spec.interval_content = fnv::add(spec.interval_content, content);
    }
    Ok(())
}

/// A population's recording.
struct Read {
    population: usize,
    file: PathBuf,
    recording: Recording,
    /// What reads its spikes later, if they are not read now.
    reel: Option<Reel<f64>>,
    /// Tells that the file has changed when a run goes on, or when results are taken for those of a sweep.
    content: u64,
}

/// Reads what the model's recording sources name.
fn read_recordings(spec: &NetworkSpec, buffer: Option<u64>) -> Result<Vec<Read>, Failure> {
    let mut recordings = Vec::new();
    for (population, source) in spec.recordings() {
        let Some(file) = &source.file else {
            let name = &spec.populations[population].name;
            return Err(Failure::input(format!(
                "The population `{name}` replays a recording, but no file is named. Run it with `memspike replay \
                 RECORDING -o OUT.h5 --model MODEL.toml`, or set population.{name}.source.recording.file."
            )));
        };
        let (recording, reel) = recording(file, buffer)?;
        // What is wrong with the choice is told when it is bound.
        let ids = &recording.spikes.unit_ids;
        let named = source.units.as_ref().and_then(|ranges| units_at(ranges, ids.len()).ok());
        let named = named.unwrap_or_else(|| (0..ids.len()).collect());
        let units = units_where(&source.filter, &recording, ids, named.clone()).unwrap_or(named);
        let told = recording.notes_of(&units, open_window(source.start, source.stop));
        told.iter().for_each(|text| note(format_args!("{}: {text}", file.display())));
        let content = format::content(file).map_err(Failure::input)?;
        recordings.push(Read { population, file: file.clone(), recording, reel, content });
    }
    Ok(recordings)
}

/// A recording; with what reads its spikes later if it is larger than the buffer.
fn recording(file: &Path, buffer: Option<u64>) -> Result<(Recording, Option<Reel<f64>>), Failure> {
    let Some(buffer) = buffer else { return Ok((format::read(file).map_err(Failure::input)?, None)) };
    let opened = stream::open_unless_small(file, buffer, usize::try_from(buffer).unwrap_or(usize::MAX));
    let (mut recording, spikes) = opened.map_err(Failure::input)?;
    let reel;
    (recording.spikes, reel) = match spikes {
        Opened::Streamed(spikes) => (spikes.survey(), Some(spikes.reel())),
        Opened::Whole(table) => (table, None),
    };
    Ok((recording, reel))
}
