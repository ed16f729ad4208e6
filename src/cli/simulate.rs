//! What `run` and `replay` share: their flags, and the way from a model to a result.

use std::path::{Path, PathBuf};

use memspike::engine::{self, Options};
use memspike::format::result::{Header, ResultFile};
use memspike::network;
use memspike::record::{Memory, Sink};
use memspike::time::Time;

use super::model::{Layers, Loaded, Model};
use super::output::Output;
use super::progress::Progress;
use super::{Done, Failure, figures, interrupt, memory, quantity};

/// Flags of both commands.
#[derive(Debug, clap::Args)]
pub struct Flags {
    /// Lay a value over the model, such as simulation.duration="200 ms" or parameters.g=4.5; may be repeated
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = quantity::layer)]
    set: Vec<(String, String)>,

    /// The seed of all random numbers
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,

    /// How long to simulate, from model time 0
    #[arg(long, value_name = "TIME", value_parser = quantity::span)]
    duration: Option<Time>,

    /// Worker threads; one per processor without it. The result does not depend on it
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,

    /// event: exact spike times; grid: spikes on multiples of the resolution
    #[arg(long, value_enum)]
    engine: Option<Kernel>,

    /// Print the figures as one JSON object
    #[arg(long)]
    json: bool,

    /// Keep a checkpoint beside the output, OUT.h5.ckpt, renewed every so much model time
    #[arg(long, value_name = "TIME", value_parser = quantity::span)]
    checkpoint_every: Option<Time>,

    /// Go on from a checkpoint; needs the same model and seed, the duration may be longer
    #[arg(long, value_name = "OUT.h5.ckpt")]
    resume: Option<PathBuf>,

    /// Replace the output if it exists
    #[arg(long)]
    force: bool,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Kernel {
    Event,
    Grid,
}

/// What was meant.
#[derive(Debug)]
pub struct Request {
    /// The model.
    pub model: Model,
    /// Flags as layers over it.
    pub layers: Layers,
    output: Option<Output>,
    options: Options,
    json: bool,
}

impl Flags {
    /// What the flags mean for `model`.
    ///
    /// # Errors
    /// Exit code 2 if the output can't be written, or the flags don't go together.
    pub fn request(self, model: Model, output: Option<&Path>) -> Result<Request, Failure> {
        // The checkpoint's name says where the run was going.
        let resumed = self.resume.as_ref().map(|ckpt| ckpt.with_extension(""));
        let path = output.map(Path::to_path_buf).or(resumed);
        let output = path.map(|path| Output::new(&path, self.force)).transpose()?;
        let checkpoint = match (self.checkpoint_every, &output) {
            (None, _) => None,
            (Some(every), Some(output)) => Some((checkpoint_path(output.path()), every)),
            (Some(_), None) => {
                return Err(Failure::input("--checkpoint-every needs an output: give -o OUT.h5 too."));
            }
        };
        if let Some(file) = self.resume.as_ref().filter(|file| !file.is_file()) {
            return Err(Failure::input(format!("There is no checkpoint {}; check the path.", file.display())));
        }
        let options = Options {
            threads: self.threads.map_or(0, usize::from),
            checkpoint,
            resume: self.resume,
            ..Options::default()
        };
        let mut layers = self.set;
        let mut lay = |key: &str, value: String| layers.push((format!("simulation.{key}"), value));
        self.seed.into_iter().for_each(|seed| lay("seed", seed.to_string()));
        self.duration.into_iter().for_each(|duration| lay("duration", quantity::toml(duration)));
        self.engine.into_iter().for_each(|kernel| {
            let name = match kernel {
                Kernel::Event => "\"event\"",
                Kernel::Grid => "\"grid\"",
            };
            lay("engine", name.to_string());
        });
        Ok(Request { model, layers, output, options, json: self.json })
    }
}

impl Request {
    /// Paces the run to the clock.
    pub fn at_speed(&mut self, speed: Option<f64>) {
        self.options.speed = speed;
    }
}

/// `OUT.h5.ckpt`.
fn checkpoint_path(output: &Path) -> PathBuf {
    let mut name = output.as_os_str().to_owned();
    name.push(".ckpt");
    PathBuf::from(name)
}

/// Simulates, writes the result, and gives the figures.
///
/// # Errors
/// Exit code 2 for what is wrong with the model, its recording or the checkpoint, or a network that does
/// not fit into memory; 1 for what fails on the way.
pub fn run(request: Request) -> Result<Done, Failure> {
    let Loaded { spec, recordings } = request.model.load(&request.layers)?;
    let size = network::estimate(&spec).map_err(Failure::input)?;
    let members = size.neurons.saturating_add(size.sources);
    memory::refuse_if_too_large(members, size.synapses, size.bytes, memory::available())?;
    interrupt::listen();

    let duration = spec.simulation.duration.unwrap_or(Time::ZERO);
    let mut progress = Progress::new(duration);
    let header = header(&spec, &recordings);
    let threads = match request.options.threads {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        threads => threads,
    };
    let network = network::compile(spec, threads).map_err(Failure::input)?;
    let layout = network.layout();
    let outcome = match &request.output {
        None => {
            let mut nowhere = Memory::default();
            engine::run(network, &request.options, &mut nowhere, &mut progress)
        }
        Some(output) => todo(),
    };
    progress.finish();
    let outcome = outcome.map_err(Failure::run)?;
    let mut done = if request.json {
        Done::json(&outcome.summary)?
    } else {
        Done::text(figures::lay_out(&outcome.summary))
    };
    done.interrupted = !outcome.complete;
    Ok(done)
}
