//! `memspike sweep`: a model at many values of its parameters, a result for each.
//!
//! ```text
//! -P KEY=VALUES .. -> axes -> points -> tasks -> work (processes beside one another) -> a result each, sweep.csv
//! ```

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use memspike::counted::counted;
use memspike::format::result::Run;
use memspike::interchange::sonata;
use serde_json::{Map, Value, json};

use super::changes::Changes;
use super::figures::short;
use super::interrupt::{self, STOP};
use super::model::{Model, is_circuit};
use super::{Done, Failure, graph};
use axis::Point;
use folder::Folder;
use table::Row;
use work::{Common, End, Report, Task};

mod axis;
mod folder;
mod gate;
mod range;
mod table;
mod work;

pub use axis::{Axis, SEED};
pub use folder::Record;
pub use range::quantity;
pub use table::parse;

/// Simulate a model at many values of its parameters: a result for each, and a table of all
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  memspike sweep models/brunel.toml -P g=3:6:1.5 -P seed=1:2 -o out --set parameters.order=50 --duration 300ms\n  \
                        memspike plot sweep out -o rates.png --figure rate_hz\n\n\
                        VALUES are a range start:stop:step, which ends at the last step that is not beyond stop (3:8:0.5; without a \
                        step it is 1), a list (1,2,5), or both (1:3,10); quantities have units (\"1 ms:5 ms:1 ms\"), anything else is \
                        taken as --set takes it. KEY is one of the model's [parameters], seed, duration or another key of [simulation], \
                        or a path such as population.E.size; what could be two of these is written as parameters.seed or \
                        simulation.seed. Several -P make all combinations, the values of the last changing first; -P lies over --set.\n\n\
                        FOLDER gets a result for each run, named by its values, and sweep.csv: keys, file and those figures of run --json that \
                        follow from the model, in the order of the combinations, with the same bytes for every -j. The same command goes on \
                        where an earlier one was stopped, also with more values: a run whose result is there is not done again, unless it was cut short."
)]
pub struct Args {
    /// The model file (TOML), or the configuration of a SONATA circuit (JSON)
    model: PathBuf,

    /// A key of the model and the values that it takes; may be repeated
    #[arg(short = 'P', long = "parameter", value_name = "KEY=VALUES", value_parser = super::quantity::layer, required = true)]
    parameters: Vec<(String, String)>,

    /// The folder for the results and sweep.csv; made if it is not there
    #[arg(short, long, value_name = "FOLDER")]
    output: PathBuf,

    /// How many runs to do beside one another, fewer where memory is short [default: as many as there are processors]
    #[arg(short, long, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,

    /// Worker threads of each run; without it, processors divided by jobs, or fewer for a small network. The results do not depend
    /// on it
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..=1024), allow_negative_numbers = true)]
    threads: Option<u16>,

    #[command(flatten)]
    changes: Changes,

    /// Print a line of JSON for each run as it ends: status, keys, file, figures
    #[arg(long)]
    json: bool,

    /// Do all runs again, whatever the folder holds
    #[arg(long)]
    force: bool,
}

/// Runs the sweep; `trust` is for the readers of HDF5 in its runs.
pub fn run(args: Args, trust: bool) -> Result<Done, Failure> {
    let processors = thread::available_parallelism().map_or(1, usize::from);
    let common =
        Common { jobs: args.jobs.map_or(processors, usize::from), model: args.model, threads: args.threads, trust };
    // Those of --set come first, then those of flags that are keys of [simulation].
    let set = args.changes.set.len();
    let layers = args.changes.layers()?;
    refuse(&common, &layers)?;
    let model = Model::File(common.model.clone());
    let base = model.read(&layers)?;
    let axis = |(key, values): &(String, String)| Axis::new(key, values, &base);
    let axes = args.parameters.iter().map(axis).collect::<Result<Vec<_>, _>>()?;
    if let Some((key, _)) = layers[set..].iter().find(|(key, _)| axes.iter().any(|axis| axis.key == *key)) {
        let flag = key.trim_start_matches("simulation.");
        return Err(Failure::input(format!("--{flag} and -P both give {key}; leave one of them out.")));
    }
    let points = axis::points(&axes)?;
    let over = |point: &Point| [layers.clone(), axis::layers(&axes, point)].concat();
    expect_one_right(&model, points.iter().map(over))?;

    let record = Record::new(&common.model, &base.nameless, axes);
    let folder = Folder::open(&args.output, &record, args.force)?;
    let axes = record.keys;
    let files: Vec<String> = points.iter().map(|point| axis::file_name(&axes, point)).collect();
    let over = |point: &Point| [layers.clone(), axis::layers(&axes, point)].concat();
    let task = |(point, name): (&Point, &String)| Task { layers: over(point), file: folder.file(name) };
    let tasks: Vec<Task> = points.iter().zip(&files).map(task).collect();
    if args.force {
        // If this is stopped, what is there afterwards is right.
        tasks.iter().for_each(|task| drop(std::fs::remove_file(&task.file)));
    }
    interrupt::listen(false);
    interrupt::keep();
    let mut sweep = Sweep::new(&folder, axes, points, files, args.json);
    let all = work::work(&common, &tasks, || STOP.load(Ordering::SeqCst), |report| sweep.take(report));
    sweep.finish(all?)
}

/// Refuses what can't be swept.
fn refuse(common: &Common, layers: &super::model::Layers) -> Result<(), Failure> {
    if graph::is_graph(&common.model) {
        return Err(Failure::input("A NIR graph has no parameters to sweep over; expected a model in TOML."));
    }
    if is_circuit(&common.model) && sonata::load(&common.model, layers).map_err(Failure::input)?.export.is_some() {
        return Err(Failure::input(format!(
            "{} says where its spikes and reports go, so each run would write over those of the last; sweep the circuit_config.json \
             that it names.",
            common.model.display()
        )));
    }
    Ok(())
}

/// Runs that are looked at before the folder is made: if all of these are wrong, so is the sweep.
const TRIED: usize = 1000;

/// Refuses a sweep none of whose runs can be.
fn expect_one_right(model: &Model, runs: impl Iterator<Item = super::model::Layers>) -> Result<(), Failure> {
    let mut first = None;
    for layers in runs.take(TRIED) {
        match model.read(&layers) {
            Ok(_) => return Ok(()),
            Err(failure) => first = first.or(Some(failure)),
        }
    }
    first.map_or(Ok(()), Err)
}

/// A sweep under way: what has ended so far.
struct Sweep<'a> {
    folder: &'a Folder,
    axes: Vec<Axis>,
    points: Vec<Point>,
    files: Vec<String>,
    json: bool,
    figures: Vec<Option<Map<String, Value>>>,
    failures: Vec<(usize, u8)>,
    kept: usize,
    /// Warnings that were passed on.
    said: Vec<String>,
    bar: Option<ProgressBar>,
    /// When the table was written, and how long it took.
    written: Option<(Instant, Duration)>,
}

impl<'a> Sweep<'a> {
    fn new(folder: &'a Folder, axes: Vec<Axis>, points: Vec<Point>, files: Vec<String>, json: bool) -> Sweep<'a> {
        let count = points.len();
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::with_draw_target(Some(count as u64), ProgressDrawTarget::stderr_with_hz(5));
            if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos} of {len} runs, {eta} left") {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(500));
            bar
        });
        let figures = vec![None; count];
        Sweep {
            folder,
            axes,
            points,
            files,
            json,
            figures,
            failures: Vec::new(),
            kept: 0,
            said: Vec::new(),
            bar,
            written: None,
        }
    }

    /// Takes what comes of the runs.
    fn take(&mut self, report: Report) -> Result<(), Failure> {
        match report {
            Report::Said(line) => {
                self.pass_on(line);
                Ok(())
            }
            Report::Ended(index, end) => self.ended(index, end),
        }
    }

    /// Says what a run says, once if others say it too.
    fn pass_on(&mut self, line: String) {
        if !line.is_empty() && !self.said.contains(&line) {
            self.say(|| memspike::say!("{line}"));
            self.said.push(line);
        }
    }

    /// Takes what a run gave: says it, and writes the table anew.
    fn ended(&mut self, index: usize, end: End) -> Result<(), Failure> {
        self.bar.iter().for_each(|bar| bar.inc(1));
        let label = axis::label(&self.axes, &self.points[index]);
        match end {
            End::Done { run, kept } => {
                self.kept += usize::from(kept);
                self.tell(index, kept, &run, &label);
                self.figures[index] = Some(run.figures);
                // A long table is not written so often that it takes longer than the runs.
                if self.written.is_none_or(|(when, took)| when.elapsed() > 20 * took) { self.write() } else { Ok(()) }
            }
            End::Failed(failure) => {
                self.failures.push((index, failure.code));
                let text = failure.to_string();
                self.say(|| memspike::say!("{label}: {text}"));
                if self.json {
                    let text = text.strip_prefix("error: ").unwrap_or(&text);
                    self.line(json!({
                        "status": "failed",
                        "keys": axis::json(&self.axes, &self.points[index]),
                        "error": text,
                    }));
                }
                Ok(())
            }
        }
    }

    /// Tells of a run that is done.
    fn tell(&self, index: usize, kept: bool, run: &Run, label: &str) {
        if self.json {
            return self.line(json!({
                "status": if kept { "kept" } else { "done" },
                "keys": axis::json(&self.axes, &self.points[index]),
                "file": self.folder.file(&self.files[index]),
                "figures": run.figures,
            }));
        }
        if !kept {
            let number = |name: &str| run.figures.get(name).and_then(Value::as_f64).unwrap_or_default();
            let (spikes, seconds) = (number("spikes") as u64, number("build_s") + number("sim_s"));
            self.print(&format!("{label}: {} in {} s", counted(spikes, "spike"), short(seconds)));
        }
    }

    fn line(&self, value: Value) {
        self.print(&value.to_string());
    }

    /// A line on the standard output. Whoever reads it may have gone: the results are what counts.
    fn print(&self, line: &str) {
        self.say(|| drop(writeln!(std::io::stdout(), "{line}")));
    }

    /// Prints beside the bar.
    fn say(&self, print: impl FnOnce()) {
        match &self.bar {
            Some(bar) => bar.suspend(print),
            None => print(),
        }
    }

    /// Writes `sweep.csv`.
    fn write(&mut self) -> Result<(), Failure> {
        let begin = Instant::now();
        let rows = self.points.iter().zip(&self.files).zip(&self.figures);
        let rows: Vec<Row> =
            rows.filter_map(|((point, file), figures)| Some(Row { point, file, figures: figures.as_ref()? })).collect();
        self.folder.write("sweep.csv", &table::csv(&self.axes, &rows))?;
        self.written = Some((Instant::now(), begin.elapsed()));
        Ok(())
    }

    /// The last word; `all` says that nothing was stopped.
    fn finish(mut self, all: bool) -> Result<Done, Failure> {
        self.write()?;
        self.bar.iter().for_each(ProgressBar::finish_and_clear);
        let (count, done) = (self.points.len(), self.figures.iter().flatten().count());
        let table = self.folder.file("sweep.csv");
        if !all {
            memspike::say!("Stopped: {done} of {count} runs are done; the same command goes on from there.");
            return Ok(Done { interrupted: true, ..Done::default() });
        }
        if !self.failures.is_empty() {
            return Err(self.failure(done));
        }
        if self.json {
            return Ok(Done::default());
        }
        let kept = if self.kept > 0 { format!(", of which {} were there already", self.kept) } else { String::new() };
        Ok(Done::text(format!("{}{kept}: {}\n", counted(count, "run"), table.display())))
    }

    /// Which runs failed. Exit code 2 if the values of all of them are wrong, otherwise 1.
    fn failure(&mut self, done: usize) -> Failure {
        const NAMED: usize = 10;
        self.failures.sort_unstable();
        let names = self.failures.iter().take(NAMED).map(|(index, _)| axis::label(&self.axes, &self.points[*index]));
        let names = names.collect::<Vec<_>>().join("; ");
        let more = if self.failures.len() > NAMED { "; .." } else { "" };
        let message = format!(
            "{} of {} runs failed ({names}{more}); the other {done} are in {}. The same command tries them again.",
            self.failures.len(),
            self.points.len(),
            self.folder.file("sweep.csv").display()
        );
        if self.failures.iter().all(|(_, code)| *code == 2) { Failure::input(message) } else { Failure::run(message) }
    }
}
