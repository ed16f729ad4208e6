//! Puts one thread's stores of a group of projections together, row by row.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::neuron::Real;
use crate::synapse::{BLOCK, Delays, Runs, Store, Weights};
use crate::time::Time;

use super::build::{Entry, Plan, Span};
use super::projection::Draft;
use super::share::Share;

/// A thread's synapses of a group: one shelf for each block of targets and, where the engine keeps them apart, side.
pub struct Maker<'a, W> {
    share: &'a Share,
    drafts: &'a [Draft<'a>],
    plan: &'a Plan,
    sources: Range<u32>,
    row_weights: bool,
    next: u32,
    shelves: Vec<Shelf<W>>,
    spans: Vec<Span>,
}

/// A store in the making.
struct Shelf<W> {
    row: Vec<u64>,
    first: Vec<u64>,
    delay: DelayColumn,
    /// Delay of the last run.
    last: Time,
    end: Vec<u32>,
    targets: Vec<u16>,
    weights: Vec<W>,
    per_row: Vec<W>,
    keys: Vec<u64>,
}

/// Delays of runs: codes, in order of first use, as long as two bytes can name them all.
enum DelayColumn {
    Coded { code_of: BTreeMap<Time, u16>, codes: Vec<u16> },
    Exact(Vec<Time>),
}

/// A store, the span of targets that it serves, and the keys of its devices.
pub struct Made<W> {
    pub span: Span,
    pub store: Store<W>,
    /// Weights of plastic synapses.
    pub plastic: Vec<W>,
    pub keys: Vec<u64>,
}

impl<'a, W: Real> Maker<'a, W> {
    pub fn new(
        share: &'a Share,
        drafts: &'a [Draft<'a>],
        plan: &'a Plan,
        sources: Range<u32>,
        row_weights: bool,
        expected: u64,
    ) -> Self {
        let spans = plan.spans.clone();
        // A little more than what is expected: pages that are never touched cost nothing.
        let room = (expected + expected / 64) as usize / spans.len().max(1) + 16;
        let column = if row_weights { 0 } else { room };
        let shelf = |_: &Span| Shelf {
            row: vec![0],
            first: vec![0],
            delay: DelayColumn::Coded { code_of: BTreeMap::new(), codes: Vec::new() },
            last: Time::NEVER,
            end: Vec::new(),
            targets: crate::memory::column(room),
            weights: crate::memory::column(column),
            per_row: Vec::new(),
            keys: Vec::new(),
        };
        let next = sources.start;
        Maker { share, drafts, plan, sources, row_weights, next, shelves: spans.iter().map(shelf).collect(), spans }
    }

    /// Adds the next rows: `lengths` synapses each, in order.
    pub fn append(&mut self, lengths: &[u32], mut entries: &[Entry]) {
        let sides = if self.plan.two_sided { 2 } else { 1 };
        for &length in lengths {
            let (row, rest) = entries.split_at(length as usize);
            entries = rest;
            for entry in row {
                let draft = &self.drafts[usize::from(entry.projection)];
                let population = draft.spec.target.population;
                let place = entry.target - self.share.members[population].start;
                let first = if self.plan.target.is_none() { self.share.first_slot[population] } else { 0 };
                let inhibitory = sides == 2 && draft.two_sided && entry.weight < 0.0;
                let shelf = (first + place) as usize / BLOCK * sides + usize::from(inhibitory);
                let key = draft.spec.device.is_some().then(|| Draft::device_key(entry.row, entry.ordinal));
                let target = (first + place) as usize % BLOCK;
                self.shelves[shelf].push(target as u16, entry, self.row_weights, key);
            }
            let weight = if self.row_weights { self.weight_of(self.next) } else { None };
            self.shelves.iter_mut().for_each(|shelf| shelf.end_row(weight.map(W::of)));
            self.next += 1;
        }
    }

    /// The weight that all synapses of a source have.
    fn weight_of(&self, gid: u32) -> Option<f64> {
        let of = |d: &Draft<'_>| d.row_of_source(gid).and_then(|_| d.constant_weight());
        Some(self.drafts.iter().find_map(of).unwrap_or(0.0))
    }

    /// The stores.
    pub fn finish(self) -> Vec<Made<W>> {
        let (sources, plastic, row_weights) = (self.sources, self.plan.plastic, self.row_weights);
        self.shelves
            .into_iter()
            .zip(self.spans)
            .map(|(shelf, span)| shelf.finish(span, sources.clone(), plastic, row_weights))
            .collect()
    }
}

impl<W: Real> Shelf<W> {
    fn push(&mut self, target: u16, entry: &Entry, row_weights: bool, key: Option<u64>) {
        let start = self.row[self.row.len() - 1];
        let open = self.end.len() as u64 > self.first[self.first.len() - 1];
        let same = open && self.last == entry.delay;
        self.targets.push(target);
        if !row_weights {
            self.weights.push(W::of(entry.weight));
        }
        self.keys.extend(key);
        let end = (self.targets.len() as u64 - start) as u32;
        if same {
            let last = self.end.len() - 1;
            self.end[last] = end;
        } else {
            self.delay.push(entry.delay);
            self.last = entry.delay;
            self.end.push(end);
        }
    }

    fn end_row(&mut self, weight: Option<W>) {
        self.first.push(self.end.len() as u64);
        self.row.push(self.targets.len() as u64);
        self.per_row.extend(weight);
    }

    fn finish(self, span: Span, sources: Range<u32>, plastic: bool, row_weights: bool) -> Made<W> {
        let (delays, delay_range) = self.delay.finish(self.first, self.end);
        let (weights, plastic_weights) = match (plastic, row_weights) {
            (true, _) => (Weights::Plastic, self.weights),
            (false, true) => (Weights::Row(self.per_row), Vec::new()),
            (false, false) => (Weights::Each(self.weights), Vec::new()),
        };
        let store = Store { sources, row: self.row, delays, targets: self.targets, weights, delay_range };
        Made { span, store, plastic: plastic_weights, keys: self.keys }
    }
}

impl DelayColumn {
    fn push(&mut self, delay: Time) {
        match self {
            DelayColumn::Coded { code_of, codes } => {
                let fresh = code_of.len();
                match code_of.get(&delay) {
                    Some(&code) => codes.push(code),
                    None if fresh < usize::from(u16::MAX) => {
                        code_of.insert(delay, fresh as u16);
                        codes.push(fresh as u16);
                    }
                    None => {
                        let table = table(code_of);
                        let mut delays: Vec<Time> = codes.iter().map(|&c| table[usize::from(c)]).collect();
                        delays.push(delay);
                        *self = DelayColumn::Exact(delays);
                    }
                }
            }
            DelayColumn::Exact(delays) => delays.push(delay),
        }
    }

    fn finish(self, first: Vec<u64>, end: Vec<u32>) -> (Delays, (Time, Time)) {
        match self {
            DelayColumn::Coded { code_of, .. } if code_of.len() <= 1 => {
                let delay = code_of.keys().next().copied().unwrap_or(Time::ZERO);
                (Delays::Same(delay), (delay, delay))
            }
            DelayColumn::Coded { code_of, mut codes } => {
                // From order of first use to order of delay.
                let mut rank = vec![0u16; code_of.len()];
                code_of.values().enumerate().for_each(|(place, &code)| rank[usize::from(code)] = place as u16);
                codes.iter_mut().for_each(|code| *code = rank[usize::from(*code)]);
                let table: Vec<Time> = code_of.into_keys().collect();
                let range = (table[0], table[table.len() - 1]);
                (Delays::Coded(table, Runs { first, delay: codes, end }), range)
            }
            DelayColumn::Exact(delay) => {
                let shortest = delay.iter().min().copied().unwrap_or(Time::ZERO);
                let longest = delay.iter().max().copied().unwrap_or(Time::ZERO);
                (Delays::Exact(Runs { first, delay, end }), (shortest, longest))
            }
        }
    }
}

/// Delays by code.
fn table(code_of: &BTreeMap<Time, u16>) -> Vec<Time> {
    let mut table = vec![Time::ZERO; code_of.len()];
    code_of.iter().for_each(|(&delay, &code)| table[usize::from(code)] = delay);
    table
}
