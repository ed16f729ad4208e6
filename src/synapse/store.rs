//! A thread's synapses: rows by source, in each row runs of equal delay.

use std::ops::Range;

use crate::neuron::Real;
use crate::time::Time;

/// Where the weights of a store are.
#[derive(Clone, Debug)]
pub enum Weights<W> {
    /// One per row: all synapses of a source have the same.
    Row(Vec<W>),
    /// One per synapse.
    Each(Vec<W>),
    /// Elsewhere: in the [`super::Plastic`] beside the store.
    Plastic,
}

/// The delays of a store.
#[derive(Clone, Debug)]
pub enum Delays {
    /// The same for all: every row is one run.
    Same(Time),
    /// Runs: row r has the runs `first[r]..first[r + 1]`, in order of delay.
    Runs {
        /// First run of each row, and one past the last.
        first: Vec<u32>,
        /// Delay of each run.
        delay: Vec<Time>,
        /// Where each run ends, counted from the start of its row.
        end: Vec<u32>,
    },
}

/// Synapses from a range of sources onto the targets of one thread.
///
/// Within a row synapses are ordered by delay, then projection, then target, then ordinal: an
/// order that does not depend on how targets are shared out among threads.
#[derive(Clone, Debug)]
pub struct Store<W> {
    /// Global ids of the sources that have rows.
    pub sources: Range<u32>,
    /// First synapse of each row, and one past the last.
    pub row: Vec<u64>,
    /// Delays.
    pub delays: Delays,
    /// Targets; what they index is the engine's choice (cells of a block, or slots of the input buffer).
    pub targets: Vec<u32>,
    /// Weights.
    pub weights: Weights<W>,
    /// The smallest and the largest delay; (0, 0) if there is no synapse.
    pub delay_range: (Time, Time),
}

impl<W: Real> Store<W> {
    /// All synapses of a row.
    #[inline]
    pub fn synapses(&self, row: usize) -> Range<usize> {
        self.row[row] as usize..self.row[row + 1] as usize
    }

    /// Calls `run(delay, synapses)` for the runs of `row` with `from` <= delay < `to`, in order.
    #[inline]
    pub fn runs_between(&self, row: usize, from: Time, to: Time, mut run: impl FnMut(Time, Range<usize>)) {
        let all = self.synapses(row);
        if all.is_empty() {
            return;
        }
        match &self.delays {
            Delays::Same(delay) => {
                if *delay >= from && *delay < to {
                    run(*delay, all);
                }
            }
            Delays::Runs { first, delay, end } => {
                let (lo, hi) = (first[row] as usize, first[row + 1] as usize);
                let mut at = lo + delay[lo..hi].partition_point(|d| *d < from);
                while at < hi && delay[at] < to {
                    let start = if at == lo { 0 } else { end[at - 1] as usize };
                    run(delay[at], all.start + start..all.start + end[at] as usize);
                    at += 1;
                }
            }
        }
    }

    /// The weight of a synapse of `row`, unless it is plastic.
    #[inline]
    pub fn weight(&self, row: usize, synapse: usize) -> f64 {
        match &self.weights {
            Weights::Row(weights) => weights[row].wide(),
            Weights::Each(weights) => weights[synapse].wide(),
            Weights::Plastic => f64::NAN,
        }
    }

    /// The row that a synapse is in.
    pub fn row_of(&self, synapse: usize) -> usize {
        self.row.partition_point(|start| *start <= synapse as u64) - 1
    }

    /// Number of synapses.
    pub fn len(&self) -> usize {
        self.targets.len()
    }

    /// Whether there is no synapse.
    pub fn is_empty(&self) -> bool {
        self.targets.is_empty()
    }

    /// All delays that occur, in order.
    pub fn distinct_delays(&self) -> Vec<Time> {
        match &self.delays {
            Delays::Same(delay) => vec![*delay],
            Delays::Runs { delay, .. } => {
                let set: std::collections::BTreeSet<Time> = delay.iter().copied().collect();
                set.into_iter().collect()
            }
        }
    }
}
