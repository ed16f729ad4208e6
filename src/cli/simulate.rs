//! What `run` and `replay` share: their flags, and the way from a model to a result.

use std::path::{Path, PathBuf};

use memspike::counted::grouped;
use memspike::engine::checkpoint::{Checkpoint, model_hash};
use memspike::engine::{self, Options, Outcome, RunError, Simulation};
use memspike::format::result::{Header, ResultError, ResultFile};
use memspike::interchange::sonata::Export;
use memspike::network::{self, Estimate, Network};
use memspike::ranks::Ranks;
use memspike::record::Memory;
use memspike::spec::{NetworkSpec, WeightRecord, WeightSample};
use memspike::time::Time;
use memspike::whole;

use super::changes::Changes;
use super::live::{Live, Seen, Watched};
use super::model::{Layers, Loaded, Model, Replayed, is_circuit};
use super::note::note;
use super::output::{IDLE_FORCE, Output};
use super::progress::Progress;
use super::sink::{Stored, read_marks};
use super::together::agree;
use super::{Done, Failure, clock, figures, graph, interrupt, memory, names, quantity, shown};

/// Flags of both commands.
#[derive(Debug, clap::Args)]
pub struct Flags {
    #[command(flatten)]
    changes: Changes,

    /// Worker threads (of each rank, under mpirun); without it, one per processor or fewer for a small network. The result
    /// does not depend on it
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..=1024), allow_negative_numbers = true)]
    threads: Option<u16>,

    /// Print the figures as one JSON object
    #[arg(long)]
    json: bool,

    /// Measure where the wall time goes: delivery of spikes, update of neurons, background inputs, exchange between threads (waiting
    /// included), recording; --json has it as phases_s
    #[arg(long)]
    profile: bool,

    /// Watch the run in a browser: serves a page with the raster as it grows at 127.0.0.1, on this port or one that is free
    #[arg(long, value_name = "PORT", num_args = 0..=1, require_equals = true, default_missing_value = "0")]
    view: Option<u16>,

    /// Keep a checkpoint beside the output, OUT.h5.ckpt, renewed every so much model time; of an output that is a link, beside the file that it leads to
    #[arg(long, value_name = "TIME", value_parser = quantity::span, allow_hyphen_values = true)]
    checkpoint_every: Option<Time>,

    /// Go on from a checkpoint; needs the same model and seed, and the output that was interrupted (OUT.h5, without -o too); the
    /// duration may be longer
    #[arg(long, value_name = "OUT.h5.ckpt")]
    resume: Option<PathBuf>,

    /// Spikes of recordings that are larger are not read into memory, but through a buffer of this size while the model runs, after what is
    /// not in the order of time was sorted in a temporary file (TMPDIR); the result is the same
    #[arg(long, value_name = "SIZE", value_parser = quantity::bytes, default_value = "256MB", allow_hyphen_values = true)]
    buffer: u64,

    /// Replace the output if it exists
    #[arg(long)]
    force: bool,
}

/// What was meant.
pub struct Request {
    /// The model.
    pub model: Model,
    /// Flags as layers over it.
    pub layers: Layers,
    output: Option<Output>,
    /// Earlier output may be replaced.
    replace: bool,
    resume: Option<PathBuf>,
    checkpoint_every: Option<Time>,
    threads: Option<usize>,
    options: Options,
    view: Option<u16>,
    json: bool,
    buffer: u64,
}

impl Flags {
    /// What counts for a NIR graph too.
    ///
    /// # Errors
    /// Exit code 2 if a flag is given that does not.
    pub fn common(&self) -> Result<graph::Common, Failure> {
        let changes = &self.changes;
        let given = [
            (!changes.set.is_empty(), "--set"),
            (changes.seed.is_some(), "--seed"),
            (self.threads.is_some(), "--threads"),
            (changes.engine.is_some(), "--engine"),
            (self.profile, "--profile"),
            (self.view.is_some(), "--view"),
            (self.checkpoint_every.is_some(), "--checkpoint-every"),
            (self.resume.is_some(), "--resume"),
        ];
        match given.into_iter().find(|(given, _)| *given) {
            None => Ok(graph::Common { duration: changes.duration, json: self.json, force: self.force }),
            Some((_, flag)) => Err(Failure::input(format!("{flag} means nothing for a NIR graph."))),
        }
    }

    /// What the flags mean for `model`.
    ///
    /// # Errors
    /// Exit code 2 if the output can't be written, or the flags don't go together.
    pub fn request(self, model: Model, output: Option<&Path>) -> Result<Request, Failure> {
        let resumed = self.resume.as_deref().filter(|_| output.is_none()).map(resumed_output).transpose()?;
        let path = output.map(Path::to_path_buf).or(resumed);
        // A circuit may say itself what is written.
        let writes = path.is_some() || matches!(&model, Model::File(file) if is_circuit(file));
        if self.force && !writes {
            return Err(Failure::input(IDLE_FORCE));
        }
        // A resumed run goes on with an output that is there.
        let replace = self.force || self.resume.is_some();
        let read = match &model {
            Model::File(path) => Some(path.as_path()),
            Model::Replay => None,
        };
        let output = path.as_deref().map(|path| Output::new(path, replace)?.spare(read)).transpose()?;
        if self.checkpoint_every.is_some() && !writes {
            return Err(Failure::input(NO_OUTPUT));
        }
        if let Some(file) = self.resume.as_ref().filter(|file| !file.is_file()) {
            return Err(Failure::input(format!("There is no checkpoint {}; check the path.", file.display())));
        }
        let options = Options { profile: self.profile, watched: self.view.is_some(), ..Options::default() };
        let threads = self.threads.map(usize::from);
        Ok(Request {
            model,
            layers: self.changes.layers()?,
            output,
            replace,
            resume: self.resume,
            checkpoint_every: self.checkpoint_every,
            threads,
            options,
            view: self.view,
            json: self.json,
            buffer: self.buffer,
        })
    }
}

impl Request {
    /// Paces the run to the clock.
    pub fn at_speed(&mut self, speed: Option<f64>) {
        self.options.speed = speed;
    }
}

/// Endings of what a result is not, though people may expect it.
const OTHER_FORMATS: [&str; 14] =
    ["csv", "tsv", "txt", "dat", "gdf", "npy", "npz", "nwb", "mat", "json", "toml", "png", "svg", "pdf"];

/// A file that says it is something else would be opened as that.
fn expect_no_other_format(path: &Path) -> Result<(), Failure> {
    let ending = path.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default();
    if !OTHER_FORMATS.contains(&&*ending) {
        return Ok(());
    }
    let shown = path.display();
    let then = match &*ending {
        "csv" | "npy" | "nwb" => "and `memspike convert` makes such a file of it",
        "png" | "svg" | "pdf" => "and `memspike raster` draws it",
        _ => "and `memspike convert` makes CSV, NPY, NWB or SONATA of it",
    };
    Err(Failure::input(format!(
        "The output {shown} would be HDF5, which its name doesn't say; call it {}, {then}.",
        path.with_extension("h5").display()
    )))
}

const NO_OUTPUT: &str = "--checkpoint-every needs an output: give -o OUT.h5 too.";

/// `OUT.h5.ckpt`.
fn checkpoint_path(output: &Path) -> PathBuf {
    let mut name = output.as_os_str().to_owned();
    name.push(".ckpt");
    PathBuf::from(name)
}

/// Where a run was going, as its checkpoint's name says.
fn resumed_output(checkpoint: &Path) -> Result<PathBuf, Failure> {
    if checkpoint.extension().is_some_and(|ending| ending == "ckpt") {
        return Ok(checkpoint.with_extension(""));
    }
    let shown = checkpoint.display();
    Err(Failure::input(format!(
        "{shown} is not called OUT.h5.ckpt, so its name doesn't say which output goes on; give that too: -o OUT.h5."
    )))
}

/// That the first checkpoint can't be written would be known when it is due, which may be hours later.
fn expect_writable(checkpoint: &Path) -> Result<(), Failure> {
    whole::probe(checkpoint).map_err(|e| {
        let message = format!("The checkpoint {} can't be written: {e}; choose another output.", checkpoint.display());
        Failure::unwritten(message, &e)
    })
}

/// The exchange of spikes once per shortest delay takes some microsecond, even if nobody fires.
fn tell_of_short_windows(network: &Network) {
    let (shortest, duration) = (network.min_delay, network.spec.simulation.duration.unwrap_or(Time::ZERO));
    if shortest < Time::from_ms(0.01) && duration.0 / shortest.0.max(1) > 1_000_000 {
        note(format_args!(
            "the shortest delay is {} ms, and spikes are exchanged once per shortest delay: {} times in this run; a distribution of delays may have \
             a min, such as min = \"0.1 ms\"",
            shortest.ms(),
            grouped(duration.0 / shortest.0.max(1))
        ));
    }
}

/// Simulates, writes the result, and gives the figures; on all ranks together, the first writes.
///
/// # Errors
/// Exit code 2 for what is wrong with the model, its recording or the checkpoint, or a network that does
/// not fit into memory; 1 for what fails on the way. All ranks get the same.
pub fn run(mut request: Request, ranks: &Ranks) -> Result<Done, Failure> {
    let (Loaded { spec, recordings, export }, size) = agree(ranks, load(&request, ranks))?;
    let output = match &export {
        Some(export) if ranks.is_first() => {
            circuit_output(export, &spec, request.output.take(), request.replace).map(Some)
        }
        _ => Ok(request.output.take()),
    };
    request.output = agree(ranks, output)?;
    if let Some(every) = request.checkpoint_every {
        // Of a circuit only the first rank has the output, but all take part.
        let own = request.output.as_ref().map(|output| output.path().to_owned());
        let path = own.or_else(|| export.as_ref().map(Export::result)).ok_or_else(|| Failure::input(NO_OUTPUT))?;
        request.options.checkpoint = Some((checkpoint_path(&path), every));
    }
    let read = |path: &Path| Checkpoint::read_on(path, ranks).map_err(failed);
    let checkpoint = request.resume.as_deref().map(read).transpose()?;
    super::check::warn(&spec, ranks.is_first())?;
    interrupt::listen(ranks.is_first());

    let mut progress = Progress::new(spec.simulation.duration.unwrap_or(Time::ZERO), ranks.is_first());
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = request.threads.unwrap_or_else(|| size.threads(processors, ranks.size()));
    // The same number everywhere, also where processors are of several kinds.
    // One without a member would only be waited for.
    let members = usize::try_from(size.neurons.saturating_add(size.sources)).unwrap_or(usize::MAX);
    let threads = ranks.least(threads.min(members.max(1)) as u64) as usize;
    let network = network::compile_on(spec, threads, ranks).map_err(Failure::input)?;
    if ranks.is_first() {
        tell_of_short_windows(&network);
    }
    let simulation = engine::prepare(network).map_err(failed)?;
    let file = request.output.as_ref().filter(|_| ranks.is_first());
    // While there is nothing to keep: Ctrl-C ends the wait for another run.
    agree(ranks, file.map_or(Ok(()), |output| ResultFile::await_turn(output.path()).map_err(result_failed)))?;
    interrupt::keep();
    let file = file.map(|output| result_file(output, &simulation, &recordings, checkpoint.as_ref())).transpose();
    let file = agree(ranks, file)?;
    let checkpoints = request.options.checkpoint.as_ref().filter(|_| ranks.is_first());
    agree(ranks, checkpoints.map_or(Ok(()), |(path, _)| expect_writable(path)))?;
    request.options.resume = checkpoint.map(Box::new);
    let live = request.view.filter(|_| ranks.is_first()).map(|port| watch(&request, &simulation, port)).transpose();
    let live = agree(ranks, live)?;
    let mut observer = Watched { progress: &mut progress, live: live.clone() };
    let (outcome, summary) = match file {
        None => {
            let mut sink = Seen { sink: Memory::default(), live: live.clone() };
            let outcome = simulation.run(&request.options, &mut sink, &mut observer).map_err(failed)?;
            let summary = serde_json::to_value(&outcome.summary).map_err(Failure::run)?;
            (outcome, summary)
        }
        Some(file) => {
            let mut sink = Seen { sink: Stored::new(file, request.options.checkpoint.is_some()), live: live.clone() };
            let outcome = simulation.run(&request.options, &mut sink, &mut observer).map_err(failed)?;
            let summary = serde_json::to_value(&outcome.summary).map_err(Failure::run)?;
            let figures = summary.as_object().cloned().unwrap_or_default();
            sink.sink.file.finish(&figures, outcome.complete).map_err(result_failed)?;
            if let (Some(export), Some(output)) = (&export, &request.output) {
                export.write(output.path()).map_err(Failure::run)?;
            }
            (outcome, summary)
        }
    };
    progress.finish();
    live.iter().for_each(|live| live.finish(outcome.reached, &summary));
    report(&request, export.as_ref(), &outcome, ranks)
}

/// Begins to serve the page of a run, and says where.
fn watch(request: &Request, simulation: &Simulation, port: u16) -> Result<Live, Failure> {
    let spec = &simulation.network().spec;
    let end = spec.simulation.duration.unwrap_or(Time::ZERO).min(spec.record.until());
    let window = (spec.record.start.seconds(), end.seconds());
    let title = request.output.as_ref().and_then(|output| output.path().file_name());
    let title = title.map_or_else(|| "simulation".into(), |name| name.to_string_lossy());
    let live = Live::start(&title, &simulation.layout(), window, port)?;
    memspike::say!("watch it at {}", live.address);
    Ok(live)
}

/// Reads the model, and refuses a network that does not fit into the machine.
fn load(request: &Request, ranks: &Ranks) -> Result<(Loaded, Estimate), Failure> {
    let loaded = request.model.load(&request.layers, Some(request.buffer).filter(|_| ranks.is_alone()))?;
    let spared = |output: &Output| output.clone().spare(read_of(&loaded.spec)).map(drop);
    request.output.as_ref().map_or(Ok(()), spared)?;
    request.output.as_ref().map_or(Ok(()), |output| expect_no_other_format(output.path()))?;
    if loaded.spec.simulation.duration.is_none() {
        let message = format!("{} doesn't say how long to simulate; give a duration: --duration 1s.", request.model);
        return Err(Failure::input(message));
    }
    let size = network::estimate(&loaded.spec).map_err(Failure::input)?;
    let written = request.output.is_some() || loaded.export.is_some();
    let own = memory::needed(&loaded.spec, &size, request.threads, ranks.size(), written)?;
    let neighbours = ranks.neighbours() as u64;
    let (bytes, available) = (own.saturating_mul(neighbours), memory::available_to(neighbours));
    memory::refuse_if_too_large(size.members(), size.synapses, bytes, available)?;
    Ok((loaded, size))
}

/// The files that a model names.
pub fn read_of(spec: &NetworkSpec) -> impl Iterator<Item = &Path> {
    spec.files.iter().map(PathBuf::as_path)
}

/// Where a circuit's own result goes, all that it will write being free; its folder is made.
fn circuit_output(
    export: &Export,
    spec: &NetworkSpec,
    given: Option<Output>,
    replace: bool,
) -> Result<Output, Failure> {
    let unmade = |e| Failure::unwritten(format!("The folder {} can't be made: {e}.", export.folder().display()), &e);
    std::fs::create_dir_all(export.folder()).map_err(unmade)?;
    let replace = replace || export.overwrite();
    let ready = |file: &Path| Output::new(file, replace)?.spare(read_of(spec));
    export.files().iter().try_for_each(|file| ready(file).map(drop))?;
    if let Some(output) = given.as_ref().filter(|output| export.writes(output.path())) {
        let shown = output.path().display();
        return Err(Failure::input(format!("The circuit's configuration writes {shown} itself; choose another name.")));
    }
    given.map_or_else(|| ready(&export.result()), Ok)
}

/// A new result file, or the one that a checkpoint goes on with.
fn result_file(
    output: &Output,
    simulation: &Simulation,
    recordings: &[Replayed],
    checkpoint: Option<&Checkpoint>,
) -> Result<ResultFile, Failure> {
    let mut layout = simulation.layout();
    for replayed in recordings {
        let population = &mut layout.populations[replayed.population];
        population.model = "source.recording".to_owned();
        population.recording_start_s = Some(replayed.bound.start_s);
        population.unit_ids = Some(replayed.bound.unit_ids.clone());
    }
    let header = header(simulation.network(), recordings);
    let Some(checkpoint) = checkpoint else {
        return ResultFile::create(output.path(), &layout, &header, output.replaces()).map_err(result_failed);
    };
    // Before the file is cut back to what belongs to the checkpoint.
    let spec = &simulation.network().spec;
    let end = spec.simulation.duration.unwrap_or(Time::ZERO);
    checkpoint.expect_begins(&header.model_hash, end).map_err(failed)?;
    let mut marks = read_marks(&checkpoint.marks).map_err(|_| {
        Failure::input("The checkpoint says nothing of a result file; start the run again without --resume.")
    })?;
    if checkpoint.from <= end {
        // What was the end then is none now.
        let at_end = |record: &WeightRecord| record.on == WeightSample::End;
        let ends = marks.weights.iter_mut().zip(&spec.record.weights).filter(|(_, record)| at_end(record));
        ends.for_each(|(mark, _)| mark.clear());
    }
    let file = ResultFile::resume(output.path(), &layout, &header, &marks).map_err(result_failed)?;
    file.note().into_iter().for_each(note);
    Ok(file)
}

/// What the result says of its run.
fn header(network: &Network, recordings: &[Replayed]) -> Header {
    let spec = &network.spec;
    // What begins when the run is over is no part of it.
    let end = spec.simulation.duration.unwrap_or(Time::NEVER);
    let spans = |spans: &[(Time, Time)]| {
        let begun = spans.iter().filter(|(start, _)| *start < end);
        begun.map(|(start, stop)| (start.seconds(), stop.seconds())).collect()
    };
    let mut header = Header {
        model: spec.resolved.clone(),
        model_hash: model_hash(network),
        seed: spec.simulation.seed,
        engine: names::engine(spec).to_string(),
        precision: names::precision(spec).to_string(),
        resolution_ms: spec.simulation.resolution.ms(),
        duration_ms: spec.simulation.duration.unwrap_or(Time::ZERO).ms(),
        started_utc: clock::now_utc(),
        intervals: spec.intervals.iter().map(|i| (i.name.clone(), spans(&i.spans))).collect(),
        ..Header::default()
    };
    header.recorded_intervals.extend(shown::tables(spec));
    // The tables of the one whose clock intervals follow keep their names, should others have the same.
    let (first, others): (Vec<&Replayed>, Vec<&Replayed>) =
        recordings.iter().partition(|replayed| spec.leads == Some(replayed.population));
    for Replayed { recording, bound, .. } in first.into_iter().chain(others) {
        header.add_recording(&recording.signals, &recording.intervals, bound.start_s, bound.stop_s);
    }
    header
}

fn report(request: &Request, export: Option<&Export>, outcome: &Outcome, ranks: &Ranks) -> Result<Done, Failure> {
    let mut done = if request.json {
        Done::json(&outcome.summary)?
    } else {
        let mut text = figures::lay_out(&outcome.summary);
        if let Some(output) = &request.output {
            text += &format!("\nwritten to {}\n", output.path().display());
        }
        for file in export.iter().flat_map(|export| export.files()) {
            text += &format!("written to {}\n", file.display());
        }
        Done::text(text)
    };
    if !outcome.complete {
        if ranks.is_first() {
            // The last moment is a tick before the end of a window.
            let seconds = (outcome.reached.seconds() * 1e9).round() / 1e9;
            memspike::say!("Stopped at {seconds} s; what was simulated is kept.");
        }
        done.interrupted = true;
    }
    Ok(done)
}

/// A run that can't begin is the input's fault, one that breaks off is not.
fn failed(error: RunError) -> Failure {
    if error.is_input() { Failure::input(error) } else { Failure::run(error) }
}

/// A result that may not be where it was to be is the input's fault, one that breaks off is not.
pub fn result_failed(error: ResultError) -> Failure {
    match error {
        ResultError::Input(_) => Failure::input(error),
        ResultError::Failed(_) => Failure::run(error),
    }
}
