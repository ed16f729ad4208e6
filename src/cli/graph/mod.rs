//! NIR graphs: `memspike run`, `check` and `info` of a .nir file.

use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::Instant;

use memspike::clocked::{self, Scheme};
use memspike::format::nir::{Graph, Kind, Node, read_graph};
use memspike::time::{Time, is_between_steps};

use super::note::note;
use super::output::{IDLE_FORCE, Output};
use super::{Done, Failure, clock, figures, interrupt, quantity};

mod describe;
mod figure;
mod input;
mod result;

pub use describe::describe;

/// Flags of `run` that only NIR graphs have.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "NIR graphs")]
#[group(id = "graph")]
pub struct Flags {
    /// Numbers for an input, a row per step (.npy, .csv), or a recording whose spikes are counted in each step; may be repeated.
    /// All recordings are on one clock: the earliest beginning among them is time 0 of the run
    #[arg(long = "input", value_name = "[NODE=]FILE")]
    inputs: Vec<String>,

    /// The step; times in the graph are seconds. norse and snnTorch mean 0.1ms, sinabs 1s
    #[arg(long, value_name = "TIME", value_parser = quantity::span)]
    dt: Option<Time>,

    /// euler: as most frameworks do; exact: the equations in closed form, spikes at any time
    #[arg(long, value_enum)]
    scheme: Option<SchemeName>,

    /// After a spike in the scheme euler. to: v = v_reset, as NIR says; subtract: v -= v_threshold - v_reset, as sinabs does
    #[arg(long, value_enum)]
    reset: Option<Reset>,

    /// Keep the potentials of a node of neurons in the result; may be repeated
    #[arg(long = "record", value_name = "NODE")]
    records: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum SchemeName {
    Euler,
    Exact,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Reset {
    To,
    Subtract,
}

/// What of the flags of other models counts here.
pub struct Common {
    /// `--duration`.
    pub duration: Option<Time>,
    /// `--json`.
    pub json: bool,
    /// `--force`.
    pub force: bool,
}

impl Flags {
    /// Refuses flags that only a graph has.
    pub fn refuse(&self) -> Result<(), Failure> {
        let given = [
            (!self.inputs.is_empty(), "--input"),
            (self.dt.is_some(), "--dt"),
            (self.scheme.is_some(), "--scheme"),
            (self.reset.is_some(), "--reset"),
            (!self.records.is_empty(), "--record"),
        ];
        match given.into_iter().find(|(given, _)| *given) {
            None => Ok(()),
            Some((_, flag)) => Err(Failure::input(format!("{flag} is for NIR graphs (.nir), and the model is none."))),
        }
    }
}

/// Whether a model is a NIR graph.
pub fn is_graph(path: &Path) -> bool {
    path.extension().is_some_and(|e| e.eq_ignore_ascii_case("nir"))
}

/// Simulates a graph.
pub fn run(path: &Path, output: Option<&Path>, common: &Common, flags: &Flags) -> Result<Done, Failure> {
    if common.force && output.is_none() {
        return Err(Failure::input(IDLE_FORCE));
    }
    // FILE, or NODE=FILE.
    let texts = flags.inputs.iter().map(String::as_str);
    let read = texts.flat_map(|text| [Some(text), text.split_once('=').map(|(_, file)| file)]).flatten().map(Path::new);
    let output = output.map(|out| Output::new(out, common.force)?.spare(read.chain([path]))).transpose()?;
    let graph = read_graph(path).map_err(Failure::input)?;
    graph.notes.iter().for_each(|text| note(format_args!("{}: {text}", path.display())));
    let timed = graph.nodes.iter().any(|n| n.kind.has_state());
    let Some(dt) = flags.dt.or_else(|| (!timed).then_some(Time::from_ms(1.0))) else {
        return Err(Failure::input(format!(
            "{}: a NIR graph does not say how long a step is; give it, such as --dt 0.1ms (norse, snnTorch) or --dt 1s (sinabs).",
            path.display()
        )));
    };
    let given = input::read(&graph, &flags.inputs, dt, common.duration)?;
    let silent = input::silent(&graph, &given);
    if !silent.is_empty() {
        note(format_args!("no --input names {}: 0 at every step", silent.join(", ")));
    }
    let start = given.recording_start;
    let steps = common.duration.map_or(given.steps, |duration| (duration.0 as f64 / dt.0 as f64).round() as usize);
    input::ending(&graph, &given, steps).iter().for_each(|text| note(format_args!("{text}")));
    between_steps(&graph, dt).iter().for_each(|text| note(format_args!("{text}")));
    if let Some(duration) = common.duration.filter(|d| is_between_steps(d.0 as f64 / dt.0 as f64) && steps > 0) {
        note(format_args!("--duration {duration} is not a multiple of the step, {dt}: {steps} steps are simulated"));
    }
    if let Some(duration) = common.duration.filter(|_| steps == 0) {
        return Err(Failure::input(format!(
            "--duration is {duration}, less than half a step of {dt}; give more of it, or another --dt."
        )));
    }
    if steps == 0 {
        return Err(Failure::input(
            "There is nothing to simulate: give --input FILE, or --duration for a run without input.",
        ));
    }
    let potentials = flags.records.iter().map(|name| {
        let found = graph.nodes.iter().position(|n| n.name == *name && matches!(n.kind, Kind::Neuron(_)));
        found.ok_or_else(|| {
            let names: Vec<&str> =
                graph.nodes.iter().filter(|n| matches!(n.kind, Kind::Neuron(_))).map(|n| n.name.as_str()).collect();
            Failure::input(format!(
                "--record {name}: there is no such node of neurons; there are {}.",
                names.join(", ")
            ))
        })
    });
    let mut potentials = potentials.collect::<Result<Vec<usize>, _>>()?;
    // A node that is named twice is recorded once.
    potentials.sort_unstable();
    potentials.dedup();
    let scheme = if flags.scheme == Some(SchemeName::Exact) { Scheme::Exact } else { Scheme::Euler };
    let mut options = clocked::Options {
        dt: dt.seconds(),
        steps,
        scheme,
        subtract: flags.reset == Some(Reset::Subtract),
        inputs: given.values,
        potentials,
    };
    let begun = Instant::now();
    interrupt::listen(true);
    interrupt::keep();
    let simulated = clocked::run_until(&graph, &options, || interrupt::STOP.load(Ordering::Relaxed));
    let (outcome, done) = simulated.map_err(|e| Failure::input(format!("{}: {e}.", path.display())))?;
    let interrupted = done < options.steps;
    // What was not simulated is in no figure.
    options.steps = done;
    let summary = figure::summary(&graph, &options, &outcome, start, begun.elapsed().as_secs_f64());
    if let Some(output) = &output {
        result::write(output, path, &graph, &options, &outcome, start, (&summary, !interrupted))?;
    }
    if interrupted {
        memspike::say!(
            "Stopped at {} s; what was simulated is kept.",
            Time(dt.0.saturating_mul(done as i64)).seconds()
        );
    }
    if common.json {
        return Ok(Done { interrupted, ..Done::json(&summary)? });
    }
    let mut text = figure::lay_out(&graph, &options, &outcome, start);
    output.iter().for_each(|output| text += &format!("\nwritten to {}\n", output.path().display()));
    Ok(Done { interrupted, ..Done::text(text) })
}

/// What is said of delays that lie between two steps.
fn between_steps(graph: &Graph, dt: Time) -> Vec<String> {
    let note = |node: &Node| {
        let Kind::Delay(delays) = &node.kind else { return None };
        let moved = delays.iter().filter(|delay| is_between_steps(**delay / dt.seconds())).count();
        (moved > 0).then(|| {
            let (name, of) = (&node.name, delays.len());
            format!("{name}: {moved} of {of} delays lie between steps of {dt} and are rounded to the nearest")
        })
    };
    graph.nodes.iter().filter_map(note).collect()
}

fn neurons(graph: &Graph) -> usize {
    graph.nodes.iter().filter(|n| matches!(n.kind, Kind::Neuron(_))).map(|n| n.size()).sum()
}
