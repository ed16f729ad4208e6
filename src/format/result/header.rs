//! What a result says of its run before the first spike.

use crate::spikes::{IntervalTable, Signal};

/// The run that a result comes from. Times of behaviour and intervals are model time.
#[derive(Clone, Debug, Default)]
pub struct Header {
    /// The model as TOML, with layers, `--set` and parameters applied.
    pub model: String,
    /// Hash of the resolved model.
    pub model_hash: String,
    /// The run's seed.
    pub seed: u64,
    /// `event` or `grid`.
    pub engine: String,
    /// `double` or `single`.
    pub precision: String,
    /// Grid step \[ms\].
    pub resolution_ms: f64,
    /// Model time that the run is to reach \[ms\].
    pub duration_ms: f64,
    /// When the run was started, ISO 8601 in UTC.
    pub started_utc: String,
    /// The model's own intervals: name, and (start, stop) \[s\] in model time.
    pub intervals: Vec<(String, Vec<(f64, f64)>)>,
    /// Trials and other tables of the recording, shifted to model time; see [`Header::add_recording`].
    pub recorded_intervals: Vec<RecordedTable>,
    /// Behaviour of the recording, shifted to model time.
    pub behavior: Vec<Signal>,
}

/// A table of a recording in model time.
#[derive(Clone, Debug)]
pub struct RecordedTable {
    /// The table, in model time.
    pub table: IntervalTable,
    /// Where model time 0 lies on the recording's clock \[s\].
    pub t0_s: f64,
}

impl Header {
    /// Takes over what lies between `start` and `stop` \[s, the recording's clock\] of a recording's behaviour, and the
    /// intervals that overlap it, with their columns of times; `start` is model time 0.
    pub fn add_recording(&mut self, signals: &[Signal], intervals: &[IntervalTable], start: f64, stop: f64) {
        for signal in signals {
            // A sample at the very end is one.
            let mut signal = signal.between(start, stop.next_up());
            signal.times.iter_mut().for_each(|t| *t -= start);
            self.behavior.push(signal);
        }
        for table in intervals {
            // All rows tell which columns are times better than some.
            let times = table.times();
            let mut table = table.overlapping(start, stop);
            table.shift(start, &times);
            self.recorded_intervals.push(RecordedTable { table, t0_s: start });
        }
    }
}
