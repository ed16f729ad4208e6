//! Delivery of spikes over static synapses, at the time of arrival.
//!
//! When a spike is exchanged, its runs of synapses (of equal delay) are put down for the steps in which they
//! arrive; in its step, a run is added to the input of the current step. So the input is one small buffer that stays in
//! the cache, where a ring of inputs over all delays would not, and the loop knows ahead which memory it will need.
//!
//! Rows of procedural projections take part in the same lists. Where all of their synapses have one delay, the row
//! is put down and drawn when it arrives. Where delays are drawn, the row is drawn once, when the spike is exchanged, and its
//! synapses are held by step of arrival: memory for what is on its way, not for what there is.
//!
//! Ordering law: what arrives at a target through one store is summed by time of emission, source, synapse.

use crate::engine::flight::Spike;
use crate::math::real::Real;
use crate::memory::{prefetch, prefetch_line, prefetch_second};
use crate::network::{Drawn, Group, Projection};
use crate::synapse::{BLOCK, Content, Delays, Runs, Store, Synapse};
use crate::time::Time;

/// Spikes whose rows are fetched together: enough to hide how long one takes, few enough to stay in the nearest cache.
const TOGETHER: usize = 32;

/// The input of one block of targets: as long as an index of two bytes can reach, so that no index needs a check.
pub type Input<W> = [W; BLOCK];

/// What is on its way through one store: the runs that arrive in each step.
pub struct Delivery<W> {
    /// By step of arrival, modulo the length.
    steps: Vec<Vec<Run>>,
    /// Delay of each code in steps; of the only delay.
    delay: Vec<usize>,
    /// By step of arrival too: synapses that were drawn ahead. Empty if none are.
    held: Vec<Held<W>>,
    drawn: Drawn,
}

/// A run of synapses on its way.
#[derive(Clone, Copy)]
struct Run {
    /// Its first synapse in the store; or with [`ROW`] the portion of which a row is drawn, or with [`HELD`] the first of those
    /// held for the step.
    start: u64,
    count: u32,
    row: u32,
}

/// When a spike was emitted.
struct When {
    /// Its step, modulo the number of lists.
    slot: usize,
    /// What arrives after fewer steps has arrived.
    least: usize,
}

/// What a step of the longest delay takes in each store, without what is on its way \[bytes\].
pub const STEP_BYTES: usize = size_of::<Vec<Run>>();

/// What a run of synapses takes that is on its way \[bytes\].
pub const RUN_BYTES: usize = size_of::<Run>();

/// Runs of a list that share a cache line.
const RUNS_PER_LINE: usize = 64 / size_of::<Run>();

/// Marks a row to be drawn.
const ROW: u64 = 1 << 63;

/// Marks synapses drawn ahead.
const HELD: u64 = 1 << 62;

/// Synapses that were drawn ahead for one step, in the order in which they are summed.
#[derive(Clone, Default)]
struct Held<W> {
    targets: Vec<u16>,
    weights: Vec<W>,
    /// Those before are in runs of the step's list.
    listed: usize,
}

impl<W: Real> Delivery<W> {
    /// Nothing is on its way. `projections` are the network's, `step` is the grid's; the run ends at `end`, and what would arrive
    /// later is not put down.
    pub fn new(group: &Group<W>, projections: &[Projection], step: Time, end: Time) -> Delivery<W> {
        let steps = |delay: &Time| (delay.0 / step.0) as usize;
        let store = &group.store;
        let delay: Vec<usize> = match &store.delays {
            Delays::Same(delay) => vec![steps(delay)],
            Delays::Coded(table, _) => table.iter().map(steps).collect(),
            Delays::Exact(_) => Vec::new(),
        };
        let drawn = group.portions.iter().map(|p| projections[p.rule.projection].max_delay).max().unwrap_or(Time::ZERO);
        let length = steps(&store.delay_range.1.max(drawn).min(end)) + 1;
        let holds = group.portions.iter().any(|p| p.rule.delay.is_none());
        Delivery {
            steps: vec![Vec::new(); length],
            delay,
            held: vec![Held::default(); if holds { length } else { 0 }],
            drawn: Drawn::default(),
        }
    }

    /// Puts down the runs of spikes, which come in order of (time, source), that arrive at or after step `from`.
    pub fn schedule(&mut self, group: &Group<W>, spikes: &[Spike], step: Time, from: u64) {
        let store = &group.store;
        for spikes in spikes.chunks(TOGETHER) {
            let mut rows = [None; TOGETHER];
            rows.iter_mut().zip(spikes).for_each(|(row, spike)| *row = store.row_of_source(spike.gid));
            fetch_rows(store, &rows);
            for (spike, row) in spikes.iter().zip(rows) {
                let emitted = (spike.time.0 / step.0) as u64;
                if !group.portions.is_empty() {
                    self.put_rows(group, spike.gid, step, (emitted, from));
                }
                let Some(row) = row else { continue };
                let all = store.synapses(row);
                if all.is_empty() {
                    continue;
                }
                let when = self.when(emitted, from);
                match &store.delays {
                    Delays::Same(_) => self.put(&when, self.delay[0], all.start, all.len(), row),
                    Delays::Coded(_, runs) => {
                        let mut begin = 0;
                        let span = runs.first[row] as usize..runs.first[row + 1] as usize;
                        for (&code, &end) in runs.delay[span.clone()].iter().zip(&runs.end[span]) {
                            let delay = self.delay[usize::from(code)];
                            self.put(&when, delay, all.start + begin, end as usize - begin, row);
                            begin = end as usize;
                        }
                    }
                    Delays::Exact(runs) => {
                        let mut begin = 0;
                        for at in runs.first[row] as usize..runs.first[row + 1] as usize {
                            let (delay, end) = ((runs.delay[at].0 / step.0) as usize, runs.end[at] as usize);
                            self.put(&when, delay, all.start + begin, end - begin, row);
                            begin = end;
                        }
                    }
                }
            }
        }
    }

    /// Puts down the rows of a source in procedural projections. Between projections of one source order does not matter: they
    /// have no target in common.
    fn put_rows(&mut self, group: &Group<W>, gid: u32, step: Time, (emitted, from): (u64, u64)) {
        let when = self.when(emitted, from);
        for (index, portion) in group.portions.iter().enumerate() {
            let Some(row) = portion.rule.row_of_source(gid) else { continue };
            if let Some(delay) = portion.rule.delay {
                let run = Run { start: ROW | index as u64, count: 0, row: row as u32 };
                self.put_run(&when, (delay.0 / step.0) as usize, run);
                continue;
            }
            portion.draw(row, &mut self.drawn);
            let (length, least) = (self.held.len(), from.saturating_sub(emitted));
            let first = (emitted % length as u64) as usize;
            let common = self.drawn.common_weight();
            for (i, (&target, &delay)) in self.drawn.targets().iter().zip(self.drawn.delays()).enumerate() {
                if delay >= least && delay < length as u64 {
                    let slot = first + delay as usize;
                    let held = &mut self.held[if slot < length { slot } else { slot - length }];
                    held.targets.push(target as u16);
                    held.weights.push(W::of(common.unwrap_or_else(|| self.drawn.weight(i))));
                }
            }
        }
    }

    #[inline]
    fn when(&self, emitted: u64, from: u64) -> When {
        When { slot: (emitted % self.steps.len() as u64) as usize, least: from.saturating_sub(emitted) as usize }
    }

    #[inline]
    fn put(&mut self, when: &When, delay: usize, start: usize, count: usize, row: usize) {
        self.put_run(when, delay, Run { start: start as u64, count: count as u32, row: row as u32 });
    }

    #[inline]
    fn put_run(&mut self, when: &When, delay: usize, run: Run) {
        // A delay as long as the list reaches beyond the end.
        if delay >= when.least && delay < self.steps.len() {
            let slot = when.slot + delay;
            let slot = if slot < self.steps.len() { slot } else { slot - self.steps.len() };
            let list = &mut self.steps[slot];
            if let Some(held) = self.held.get_mut(slot) {
                list.extend(held.list());
            }
            list.push(run);
            // The next runs go where nothing has been since this slot's turn came last.
            prefetch_line(list.spare_capacity_mut(), RUNS_PER_LINE);
        }
    }

    /// Adds up what has been put down for step `number` since this was called last.
    pub fn deliver(&mut self, group: &Group<W>, number: u64, input: &mut Input<W>) {
        let slot = (number % self.steps.len() as u64) as usize;
        if group.portions.is_empty() {
            add_runs(&group.store, &self.steps[slot], input);
        } else {
            self.deliver_mixed(group, slot, input);
        }
        self.steps[slot].clear();
    }

    /// Likewise where some runs are not in the store.
    fn deliver_mixed(&mut self, group: &Group<W>, slot: usize, input: &mut Input<W>) {
        if let Some(held) = self.held.get_mut(slot) {
            self.steps[slot].extend(held.list());
        }
        let stored = |run: &Run| run.start < HELD;
        for runs in self.steps[slot].chunk_by(|a, b| stored(a) && stored(b)) {
            let run = runs[0];
            if stored(&run) {
                add_runs(&group.store, runs, input);
            } else if run.start < ROW {
                let held = &self.held[slot];
                let span = (run.start - HELD) as usize..(run.start - HELD) as usize + run.count as usize;
                for (&target, &weight) in held.targets[span.clone()].iter().zip(&held.weights[span]) {
                    input[usize::from(target)] += weight;
                }
            } else if let Some(portion) = group.portions.get((run.start - ROW) as usize) {
                portion.draw(run.row as usize, &mut self.drawn);
                add_drawn(&self.drawn, input);
            }
        }
        if let Some(held) = self.held.get_mut(slot) {
            held.targets.clear();
            held.weights.clear();
            held.listed = 0;
        }
    }
}

impl<W> Held<W> {
    /// A run of those that are in no run yet, if there are any.
    fn list(&mut self) -> Option<Run> {
        let start = std::mem::replace(&mut self.listed, self.targets.len());
        let count = (self.listed - start) as u32;
        (count > 0).then_some(Run { start: HELD | start as u64, count, row: 0 })
    }
}

/// Adds up a row that has just been drawn.
fn add_drawn<W: Real>(drawn: &Drawn, input: &mut Input<W>) {
    match drawn.common_weight() {
        Some(weight) => {
            let weight = W::of(weight);
            drawn.targets().iter().for_each(|&target| input[usize::from(target as u16)] += weight);
        }
        None => {
            for (&target, &weight) in drawn.targets().iter().zip(drawn.weights()) {
                input[usize::from(target as u16)] += W::of(weight);
            }
        }
    }
}

/// Begins to fetch what tells of rows: first where they begin, which for rows at random takes as long as anything; then their
/// runs.
fn fetch_rows<W: Real>(store: &Store<W>, rows: &[Option<usize>]) {
    let rows = || rows.iter().flatten().copied();
    fn first<D>(runs: &Runs<D>, row: usize) {
        prefetch(&runs.first, row, 2);
    }
    fn span<D>(runs: &Runs<D>, row: usize) {
        let (from, to) = (runs.first[row] as usize, runs.first[row + 1] as usize);
        prefetch(&runs.delay, from, to - from);
        prefetch(&runs.end, from, to - from);
    }
    for row in rows() {
        prefetch(&store.row, row, 2);
        match &store.delays {
            Delays::Same(_) => {}
            Delays::Coded(_, runs) => first(runs, row),
            Delays::Exact(runs) => first(runs, row),
        }
    }
    match &store.delays {
        Delays::Same(_) => {}
        Delays::Coded(_, runs) => rows().for_each(|row| span(runs, row)),
        Delays::Exact(runs) => rows().for_each(|row| span(runs, row)),
    }
}

/// Adds up runs of the store.
fn add_runs<W: Real>(store: &Store<W>, runs: &[Run], input: &mut Input<W>) {
    let span = |run: &Run| run.start as usize..run.start as usize + run.count as usize;
    match &store.content {
        // Two bytes a synapse: few lines, which the first cache has room for.
        Content::Alike(targets, weights) => each_fetched::<8, _>(runs, targets, prefetch, |run| {
            let weight = weights[run.row as usize];
            targets[span(run)].iter().for_each(|&target| input[usize::from(target)] += weight);
        }),
        Content::Each(synapses) => each_fetched::<16, _>(runs, synapses, prefetch_second, |run| {
            for &Synapse { target, weight } in &synapses[span(run)] {
                input[usize::from(target)] += weight;
            }
        }),
        Content::Coded(synapses, grain) => each_fetched::<16, _>(runs, synapses, prefetch_second, |run| {
            for synapse in &synapses[span(run)] {
                input[usize::from(synapse.target)] += synapse.weight(*grain);
            }
        }),
        Content::Plastic(_) => {}
    }
}

/// Calls `add` for each run, whose part of `column` has begun to be fetched so many runs before.
#[inline(always)]
fn each_fetched<const AHEAD: usize, T>(
    runs: &[Run],
    column: &[T],
    prefetch: impl Fn(&[T], usize, usize),
    mut add: impl FnMut(&Run),
) {
    let fetch = |run: &Run| prefetch(column, run.start as usize, run.count as usize);
    runs.iter().take(AHEAD).for_each(fetch);
    for (index, run) in runs.iter().enumerate() {
        if let Some(next) = runs.get(index + AHEAD) {
            fetch(next);
        }
        add(run);
    }
}
