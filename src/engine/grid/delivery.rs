//! Delivery of spikes over static synapses, at the time of arrival.
//!
//! When a spike is exchanged, its runs of synapses (of equal delay) are put down for the steps in which they
//! arrive; in its step, a run is added to the input of the current step. So the input is one small buffer that stays in
//! the cache, where a ring of inputs over all delays would not, and the loop knows ahead which memory it will need.
//!
//! Ordering law: what arrives at a target through one store is summed by time of emission, source, synapse.

use crate::engine::flight::Spike;
use crate::memory::prefetch;
use crate::neuron::Real;
use crate::synapse::{BLOCK, Delays, Runs, Store, Weights};
use crate::time::Time;

/// How many runs ahead memory is fetched.
const AHEAD: usize = 8;

/// The input of one block of targets: as long as an index of two bytes can reach, so that no index needs a check.
pub type Input<W> = [W; BLOCK];

/// What is on its way through one store: the runs that arrive in each step.
pub struct Delivery {
    /// By step of arrival, modulo the length.
    steps: Vec<Vec<Run>>,
    /// Delay of each code in steps; of the only delay.
    delay: Vec<u64>,
}

/// A run of synapses on its way.
#[derive(Clone, Copy)]
struct Run {
    start: u64,
    count: u32,
    row: u32,
}

impl Delivery {
    /// Nothing is on its way. `step` is the grid's.
    pub fn new<W: Real>(store: &Store<W>, step: Time) -> Delivery {
        let steps = |delay: &Time| (delay.0 / step.0) as u64;
        let delay: Vec<u64> = match &store.delays {
            Delays::Same(delay) => vec![steps(delay)],
            Delays::Coded(table, _) => table.iter().map(steps).collect(),
            Delays::Exact(_) => Vec::new(),
        };
        let longest = steps(&store.delay_range.1) as usize;
        Delivery { steps: vec![Vec::new(); longest + 1], delay }
    }

    /// Puts down the runs of spikes, which come in order of (time, source), that arrive at or after step `from`.
    pub fn schedule<W: Real>(&mut self, store: &Store<W>, spikes: &[Spike], step: Time, from: u64) {
        for (index, spike) in spikes.iter().enumerate() {
            if let Some(row) = spikes.get(index + AHEAD).and_then(|s| store.row_of_source(s.gid)) {
                prefetch(&store.row, row, 2);
            }
            let Some(row) = store.row_of_source(spike.gid) else { continue };
            let emitted = (spike.time.0 / step.0) as u64;
            let all = store.synapses(row);
            if all.is_empty() {
                continue;
            }
            match &store.delays {
                Delays::Same(_) => self.put(emitted + self.delay[0], from, all.start, all.len(), row),
                Delays::Coded(_, runs) => {
                    self.put_runs(runs, |d| usize::from(*d), (emitted, from), all.start, row);
                }
                Delays::Exact(runs) => {
                    let mut begin = 0;
                    for at in runs.first[row] as usize..runs.first[row + 1] as usize {
                        let (delay, end) = ((runs.delay[at].0 / step.0) as u64, runs.end[at] as usize);
                        self.put(emitted + delay, from, all.start + begin, end - begin, row);
                        begin = end;
                    }
                }
            }
        }
    }

    #[inline]
    fn put_runs<D>(
        &mut self,
        runs: &Runs<D>,
        code: impl Fn(&D) -> usize,
        (emitted, from): (u64, u64),
        start: usize,
        row: usize,
    ) {
        let span = runs.first[row] as usize..runs.first[row + 1] as usize;
        let mut begin = 0;
        for (delay, &end) in runs.delay[span.clone()].iter().zip(&runs.end[span]) {
            self.put(emitted + self.delay[code(delay)], from, start + begin, end as usize - begin, row);
            begin = end as usize;
        }
    }

    #[inline]
    fn put(&mut self, arrival: u64, from: u64, start: usize, count: usize, row: usize) {
        if arrival >= from {
            let slot = (arrival % self.steps.len() as u64) as usize;
            self.steps[slot].push(Run { start: start as u64, count: count as u32, row: row as u32 });
        }
    }

    /// Adds up what arrives in step `number`.
    pub fn deliver<W: Real>(&mut self, store: &Store<W>, number: u64, input: &mut Input<W>) {
        let slot = (number % self.steps.len() as u64) as usize;
        let runs = &mut self.steps[slot];
        match &store.weights {
            Weights::Row(weights) => {
                for (index, run) in runs.iter().enumerate() {
                    if let Some(next) = runs.get(index + AHEAD) {
                        prefetch(&store.targets, next.start as usize, next.count as usize);
                    }
                    let weight = weights[run.row as usize];
                    let span = run.start as usize..run.start as usize + run.count as usize;
                    for &target in &store.targets[span] {
                        input[usize::from(target)] += weight;
                    }
                }
            }
            Weights::Each(weights) => {
                for (index, run) in runs.iter().enumerate() {
                    if let Some(next) = runs.get(index + AHEAD) {
                        prefetch(&store.targets, next.start as usize, next.count as usize);
                        prefetch(weights, next.start as usize, next.count as usize);
                    }
                    let span = run.start as usize..run.start as usize + run.count as usize;
                    for (&target, &weight) in store.targets[span.clone()].iter().zip(&weights[span]) {
                        input[usize::from(target)] += weight;
                    }
                }
            }
            Weights::Plastic => {}
        }
        runs.clear();
    }
}
