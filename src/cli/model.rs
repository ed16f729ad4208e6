//! A model file with the layers that flags lay on top, and the recordings that it replays.

use std::path::{Path, PathBuf};

use memspike::format;
use memspike::spec::{self, NetworkSpec, PopulationKind, SourceSpec};
use memspike::spikes::Recording;

use super::Failure;

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
    /// (index of the population, its recording), in the order of the model.
    pub recordings: Vec<(usize, Recording)>,
}

impl Model {
    /// Reads and checks the model alone.
    ///
    /// # Errors
    /// Exit code 2, with the place in the file.
    pub fn read(&self, layers: &Layers) -> Result<NetworkSpec, Failure> {
        match self {
            Model::File(path) => spec::load(path, layers).map_err(Failure::input),
            Model::Replay => spec::parse("the built-in replay model", REPLAY, Path::new(""), layers).map_err(Failure::input),
        }
    }

    /// Reads and checks the model, reads its recordings and binds them.
    ///
    /// # Errors
    /// Exit code 2, with the file and the place in it.
    pub fn load(&self, layers: &Layers) -> Result<Loaded, Failure> {
        let mut spec = self.read(layers)?;
        let recordings = recordings(&spec)?;
        spec.bind(&recordings).map_err(Failure::input)?;
        Ok(Loaded { spec, recordings })
    }
}

/// Reads what the model's recording sources name.
fn recordings(spec: &NetworkSpec) -> Result<Vec<(usize, Recording)>, Failure> {
    let mut recordings = Vec::new();
    for (index, population) in spec.populations.iter().enumerate() {
        let PopulationKind::Source(SourceSpec::Recording(source)) = &population.kind else { continue };
        let Some(file) = &source.file else {
            return Err(Failure::input(format!(
                "The population `{}` replays a recording, but no file is named. Give it to \
                 `memspike replay RECORDING`, or set population.{}.source.recording.file.",
                population.name, population.name
            )));
        };
        let recording = format::read(file).map_err(Failure::input)?;
        recording.notes.iter().for_each(|note| eprintln!("note: {}: {note}.", file.display()));
        recordings.push((index, recording));
    }
    Ok(recordings)
}
