//! Runs a network: the window loop and its two kernels.
//!
//! ```text
//! let network = network::compile(spec, threads)?;      // build, in parallel
//! let simulation = engine::prepare(network)?;          // neurons and recorders at time 0
//! let layout = simulation.layout();                    // which datasets there will be
//! let outcome = simulation.run(&options, &mut sink, &mut observer)?;
//! ```

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

mod abreast;
mod array;
mod barrier;
mod calendar;
pub mod checkpoint;
mod counts;
mod devices;
mod event;
mod exchange;
mod finite;
mod flight;
mod grid;
mod inputs;
mod layout;
mod leader;
mod ledger;
mod needed;
mod part;
mod patterns;
pub mod phases;
mod plastic;
mod rates;
mod recorder;
mod run;
mod shard;
mod shows;
mod sources;
mod statistics;
mod summary;
mod synapses;
mod tapes;
mod train;
mod windows;

pub use needed::needed;
pub use rates::RATE;

use crate::network::{Network, Shards};
use crate::record::{Layout, Sink, SinkError};

use serde::Serialize;

use crate::time::Time;

/// How to run, beyond what the model says.
#[derive(Default)]
pub struct Options {
    /// Write a checkpoint to this file every so often.
    pub checkpoint: Option<(PathBuf, Time)>,
    /// Go on from this checkpoint.
    pub resume: Option<Box<checkpoint::Checkpoint>>,
    /// Pace the run to the clock: model seconds per wall second.
    pub speed: Option<f64>,
    /// Measure where the wall time goes, by phase.
    pub profile: bool,
    /// Hand spikes to the sink before every report of progress, for who watches; otherwise in large chunks. The result is the same.
    pub watched: bool,
}

/// Why a run can't begin or go on.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The model can't be run: the user's to mend.
    #[error("{0}")]
    Model(String),
    /// The checkpoint can't be used: the user's to mend.
    #[error("checkpoint: {0}")]
    Checkpoint(String),
    /// Writing failed.
    #[error(transparent)]
    Sink(#[from] SinkError),
    /// Something else failed while running.
    #[error("{0}")]
    Failed(String),
}

impl RunError {
    /// Is it the user's input that is wrong (exit code 2), not the run that failed (1)?
    pub fn is_input(&self) -> bool {
        matches!(self, RunError::Model(_) | RunError::Checkpoint(_))
    }

    /// The exit code.
    fn code(&self) -> u8 {
        if self.is_input() { 2 } else { 1 }
    }
}

/// What another rank says.
fn told(code: u8, text: String) -> RunError {
    if code == 2 { RunError::Model(text) } else { RunError::Failed(text) }
}

/// A network at time 0, ready to run.
pub enum Simulation {
    /// With 32-bit weights.
    Single(Box<run::Prepared<f32>>),
    /// With 64-bit weights.
    Double(Box<run::Prepared<f64>>),
}

/// Makes neurons, sources and recorders. Every rank that the network was built on calls it, as what follows.
///
/// # Errors
/// If the model lacks its duration or a recording, or a value that was drawn can't be used.
pub fn prepare(mut network: Network) -> Result<Simulation, RunError> {
    let threads = network.threads();
    let shards = std::mem::replace(&mut network.shards, Shards::Moved(threads));
    Ok(match shards {
        Shards::Single(shards) => Simulation::Single(Box::new(run::Prepared::new(network, shards)?)),
        Shards::Double(shards) => Simulation::Double(Box::new(run::Prepared::new(network, shards)?)),
        Shards::Moved(_) => return Err(RunError::Failed("the network has been used already".into())),
    })
}

impl Simulation {
    /// Which datasets its result will have; whole on the first rank only, which writes it.
    pub fn layout(&self) -> Layout {
        match self {
            Simulation::Single(prepared) => layout::layout(&prepared.network, &prepared.recorder),
            Simulation::Double(prepared) => layout::layout(&prepared.network, &prepared.recorder),
        }
    }

    /// The network.
    pub fn network(&self) -> &Network {
        match self {
            Simulation::Single(prepared) => &prepared.network,
            Simulation::Double(prepared) => &prepared.network,
        }
    }

    /// Runs to the end, or until the observer (of any rank) asks to stop. Only the first rank writes to its sink.
    ///
    /// # Errors
    /// If the sink or a checkpoint can't be written, or the checkpoint to resume does not fit.
    pub fn run(self, options: &Options, sink: &mut dyn Sink, observer: &mut dyn Observer) -> Result<Outcome, RunError> {
        match self {
            Simulation::Single(prepared) => prepared.run(options, sink, observer),
            Simulation::Double(prepared) => prepared.run(options, sink, observer),
        }
    }
}

/// Watches nothing and never stops.
#[derive(Debug, Default)]
pub struct Unobserved(AtomicBool);

impl Observer for Unobserved {
    fn progress(&mut self, _: Time, _: u64) {}
    fn stop_flag(&self) -> &AtomicBool {
        &self.0
    }
}

/// Watches a run from outside.
pub trait Observer {
    /// Called now and then with the model time reached and the spikes so far.
    fn progress(&mut self, time: Time, spikes: u64);
    /// Called before that, if [watched](Options::watched), with what each projection's devices have spent by about then: figures as
    /// those of [`Summary::projections`].
    fn spent(&mut self, _projections: &serde_json::Map<String, serde_json::Value>) {}
    /// Set it to stop the run at the next window's end.
    fn stop_flag(&self) -> &AtomicBool;
}

/// What `run --json` prints and `/summary` holds.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    /// Model neurons (sources are not counted).
    pub neurons: u64,
    /// Synapses.
    pub synapses: u64,
    /// Length of the recorded window \[s\] of model time.
    pub duration_s: f64,
    /// Warm-up before it \[s\] of model time.
    pub warmup_s: f64,
    /// Wall time of building \[s\].
    pub build_s: f64,
    /// Wall time of the recorded window \[s\].
    pub sim_s: f64,
    /// `sim_s` over `duration_s`; null for an empty window.
    pub realtime_factor: Option<f64>,
    /// Spikes of neurons in the recorded window.
    pub spikes: u64,
    /// Arrivals through projections in the recorded window.
    pub synaptic_events: u64,
    /// Arrivals from inputs in the recorded window.
    pub background_events: u64,
    /// Peak memory of the process, of the largest of all ranks' \[MiB\]; null where the system does not tell.
    pub peak_rss_mib: Option<f64>,
    /// Processes that each simulated a part.
    pub ranks: usize,
    /// Worker threads of each.
    pub threads: usize,
    /// `event` or `grid`.
    pub engine: &'static str,
    /// `single` or `double`.
    pub precision: &'static str,
    /// By name.
    pub populations: serde_json::Map<String, serde_json::Value>,
    /// By name.
    pub projections: serde_json::Map<String, serde_json::Value>,
    /// What the recorded window would cost on the chip that `[energy]` names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub energy: Option<serde_json::Map<String, serde_json::Value>>,
    /// Paced runs: mean, 99th percentile and largest lateness \[ms\].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lateness_ms: Option<[f64; 3]>,
    /// If it was asked for: wall time of the recorded window by phase \[s\], the mean over threads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phases_s: Option<phases::PhaseSeconds>,
}

/// How a run ended.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The figures; with other ranks, only the first has them all.
    pub summary: Summary,
    /// False if it was stopped from outside.
    pub complete: bool,
    /// Model time reached.
    pub reached: Time,
}
