//! A thread's synapses onto one block of targets: rows by source, in each row runs of equal delay.
//!
//! A synapse takes two bytes for its target, and what its weight takes: nothing where all of a source's have the same,
//! or else two (in grains), four (single) or eight bytes. Its delay is its run's: six bytes for each run, where the
//! delays of the whole store are few (always so on a grid).

use std::ops::Range;

use crate::math::real::Real;
use crate::memory::prefetch;
use crate::time::Time;

use super::{Coded, Sources};

/// Targets of one store: as many as two bytes can name.
pub const BLOCK: usize = 1 << 16;

/// A synapse whose weight is its own, with no gap between the two: six bytes (single), or ten.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C, packed(2))]
pub struct Synapse<W: Copy> {
    /// Counted from the first of the block.
    pub target: u16,
    /// Its weight.
    pub weight: W,
}

/// The synapses of a store, row by row.
#[derive(Clone, Debug)]
pub enum Content<W: Real> {
    /// All of a source have the same weight: targets, and the weight of each row.
    Alike(Vec<u16>, Vec<W>),
    /// Each has its own, beside its target: a run is then one stretch of memory. In two columns it would be two, and
    /// fetching both takes longer than adding up.
    Each(Vec<Synapse<W>>),
    /// Each has its own, so many times the second.
    Coded(Vec<Coded>, W),
    /// Targets; weights are in the [`super::Plastic`] beside the store.
    Plastic(Vec<u16>),
}

impl<W: Real> Content<W> {
    /// Number of synapses.
    pub fn len(&self) -> usize {
        match self {
            Content::Alike(targets, _) | Content::Plastic(targets) => targets.len(),
            Content::Each(synapses) => synapses.len(),
            Content::Coded(synapses, _) => synapses.len(),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Begins to fetch so many synapses into the cache.
    #[inline]
    pub fn fetch(&self, start: usize, count: usize) {
        match self {
            Content::Alike(targets, _) | Content::Plastic(targets) => prefetch(targets, start, count),
            Content::Each(synapses) => prefetch(synapses, start, count),
            Content::Coded(synapses, _) => prefetch(synapses, start, count),
        }
    }

    /// Asks for huge pages, once all are there.
    pub fn settle(&self) {
        match self {
            Content::Alike(targets, _) | Content::Plastic(targets) => crate::memory::settle(targets),
            Content::Each(synapses) => crate::memory::settle(synapses),
            Content::Coded(synapses, _) => crate::memory::settle(synapses),
        }
    }

    /// Memory that it takes \[bytes\].
    pub fn bytes(&self) -> usize {
        match self {
            Content::Alike(targets, weights) => size_of_val(&targets[..]) + size_of_val(&weights[..]),
            Content::Each(synapses) => size_of_val(&synapses[..]),
            Content::Coded(synapses, _) => size_of_val(&synapses[..]),
            Content::Plastic(targets) => size_of_val(&targets[..]),
        }
    }
}

/// The delays of a store.
#[derive(Clone, Debug)]
pub enum Delays {
    /// The same for all: every row is one run.
    Same(Time),
    /// Few: runs name theirs by its place in a list, which is in order.
    Coded(Vec<Time>, Runs<u16>),
    /// Many: runs hold theirs.
    Exact(Runs<Time>),
}

/// Runs of synapses of equal delay. A delay may have several runs in a row, one after the other.
#[derive(Clone, Debug)]
pub struct Runs<D> {
    /// First run of each row, and one past the last.
    pub first: Vec<u64>,
    /// Delay of each run; ascending within a row.
    pub delay: Vec<D>,
    /// Where each run ends, counted from the start of its row.
    pub end: Vec<u32>,
}

impl<D> Runs<D> {
    /// Calls `run(delay, synapses)` for the runs of `row` from the first that is not `before` on, as long as `within`.
    #[inline]
    fn walk(
        &self,
        row: usize,
        start: usize,
        before: impl Fn(&D) -> bool,
        within: impl Fn(&D) -> bool,
        mut run: impl FnMut(&D, Range<usize>),
    ) {
        let (low, high) = (self.first[row] as usize, self.first[row + 1] as usize);
        let (delay, end) = (&self.delay[low..high], &self.end[low..high]);
        let first = delay.partition_point(before);
        let mut from = if first == 0 { 0 } else { end[first - 1] as usize };
        for (delay, &end) in delay[first..].iter().zip(&end[first..]).take_while(|(delay, _)| within(delay)) {
            run(delay, start + from..start + end as usize);
            from = end as usize;
        }
    }

    /// The delay of the synapse at `offset` within its row.
    fn delay_at(&self, row: usize, offset: usize) -> &D {
        let (low, high) = (self.first[row] as usize, self.first[row + 1] as usize);
        &self.delay[low + self.end[low..high].partition_point(|&e| e as usize <= offset)]
    }
}

/// Synapses from a range of sources onto one block of at most [`BLOCK`] targets of one thread.
///
/// Within a row synapses are ordered by delay, then projection, then target, then ordinal: an
/// order that does not depend on how targets are shared out among threads and blocks.
#[derive(Clone, Debug)]
pub struct Store<W: Real> {
    /// The sources that have rows.
    pub sources: Sources,
    /// First synapse of each row, and one past the last.
    pub row: Vec<u64>,
    /// Delays.
    pub delays: Delays,
    /// The synapses; targets count from the first of the block.
    pub content: Content<W>,
    /// The smallest and the largest delay; (0, 0) if there is no synapse.
    pub delay_range: (Time, Time),
}

impl<W: Real> Store<W> {
    /// The row of a source, if it has one.
    #[inline]
    pub fn row_of_source(&self, gid: u32) -> Option<usize> {
        self.sources.row(gid)
    }

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
            Delays::Coded(table, runs) => {
                let code = |time: Time| table.partition_point(|d| *d < time);
                let (from, to) = (code(from), code(to));
                runs.walk(
                    row,
                    all.start,
                    |&d| usize::from(d) < from,
                    |&d| usize::from(d) < to,
                    |&d, s| run(table[usize::from(d)], s),
                );
            }
            Delays::Exact(runs) => {
                runs.walk(row, all.start, |d| *d < from, |d| *d < to, |&d, synapses| run(d, synapses));
            }
        }
    }

    /// The delay of a synapse of `row`.
    pub fn delay(&self, row: usize, synapse: usize) -> Time {
        let offset = synapse - self.row[row] as usize;
        match &self.delays {
            Delays::Same(delay) => *delay,
            Delays::Coded(table, runs) => table[usize::from(*runs.delay_at(row, offset))],
            Delays::Exact(runs) => *runs.delay_at(row, offset),
        }
    }

    /// The target of a synapse, counted from the first of the block.
    #[inline]
    pub fn target(&self, synapse: usize) -> u16 {
        match &self.content {
            Content::Alike(targets, _) | Content::Plastic(targets) => targets[synapse],
            Content::Each(synapses) => synapses[synapse].target,
            Content::Coded(synapses, _) => synapses[synapse].target,
        }
    }

    /// The targets of plastic synapses; none of others.
    #[inline]
    pub fn plastic_targets(&self) -> &[u16] {
        match &self.content {
            Content::Plastic(targets) => targets,
            Content::Alike(..) | Content::Each(_) | Content::Coded(..) => &[],
        }
    }

    /// The weight of a synapse of `row`, unless it is plastic.
    #[inline]
    pub fn weight(&self, row: usize, synapse: usize) -> f64 {
        match &self.content {
            Content::Alike(_, weights) => weights[row].wide(),
            Content::Each(synapses) => { synapses[synapse].weight }.wide(),
            Content::Coded(synapses, grain) => synapses[synapse].weight(*grain).wide(),
            Content::Plastic(_) => f64::NAN,
        }
    }

    /// The row that a synapse is in.
    pub fn row_of(&self, synapse: usize) -> usize {
        self.row.partition_point(|start| *start <= synapse as u64) - 1
    }

    /// Number of synapses.
    pub fn len(&self) -> usize {
        self.content.len()
    }

    /// Whether there is no synapse.
    pub fn is_empty(&self) -> bool {
        self.content.is_empty()
    }

    /// All delays that occur, in order.
    pub fn distinct_delays(&self) -> Vec<Time> {
        match &self.delays {
            Delays::Same(delay) => vec![*delay],
            Delays::Coded(table, _) => table.clone(),
            Delays::Exact(runs) => {
                let set: std::collections::BTreeSet<Time> = runs.delay.iter().copied().collect();
                set.into_iter().collect()
            }
        }
    }

    /// Memory that it takes \[bytes\].
    pub fn bytes(&self) -> usize {
        let delays = match &self.delays {
            Delays::Same(_) => 0,
            Delays::Coded(table, runs) => size_of_val(&table[..]) + runs.bytes(),
            Delays::Exact(runs) => runs.bytes(),
        };
        self.sources.bytes() + size_of_val(&self.row[..]) + self.content.bytes() + delays
    }
}

impl<D> Runs<D> {
    /// Asks for huge pages, once the runs are all there.
    pub fn settle(&self) {
        crate::memory::settle(&self.first);
        crate::memory::settle(&self.delay);
        crate::memory::settle(&self.end);
    }

    fn bytes(&self) -> usize {
        size_of_val(&self.first[..]) + size_of_val(&self.delay[..]) + size_of_val(&self.end[..])
    }
}
