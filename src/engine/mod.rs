//! Runs a network: the window loop and its two kernels.
//!
//! ```text
//! let network = network::compile(&spec, threads)?;    // build, in parallel
//! let layout = network.layout();                       // which datasets there will be
//! let outcome = engine::run(network, &options, &mut sink, &mut observer)?;
//! ```

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use serde::Serialize;

use crate::time::Time;

/// How to run, beyond what the model says.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Worker threads; 0 means one per processor.
    pub threads: usize,
    /// Write a checkpoint to this file every so often.
    pub checkpoint: Option<(PathBuf, Time)>,
    /// Go on from this checkpoint.
    pub resume: Option<PathBuf>,
    /// Pace the run to the clock: model seconds per wall second.
    pub speed: Option<f64>,
}

/// Watches a run from outside.
pub trait Observer {
    /// Called now and then with the model time reached and the spikes so far.
    fn progress(&mut self, time: Time, spikes: u64);
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
    /// Peak memory of the process \[MiB\]; null where the system does not tell.
    pub peak_rss_mib: Option<f64>,
    /// Worker threads.
    pub threads: usize,
    /// `event` or `grid`.
    pub engine: &'static str,
    /// `single` or `double`.
    pub precision: &'static str,
    /// By name.
    pub populations: serde_json::Map<String, serde_json::Value>,
    /// By name.
    pub projections: serde_json::Map<String, serde_json::Value>,
    /// Paced runs: mean, 99th percentile and largest lateness \[ms\].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lateness_ms: Option<[f64; 3]>,
}

/// How a run ended.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The figures.
    pub summary: Summary,
    /// False if it was stopped from outside.
    pub complete: bool,
    /// Model time reached.
    pub reached: Time,
}
