//! Puts one thread's stores of a group of projections together, row by row.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::math::real::Real;
use crate::memory::settle;
use crate::synapse::{Coded, Content, Delays, Grain, Present, Runs, Sources, Store, Synapse};
use crate::time::Time;

use super::build::{BuildError, Plan, Span};
use super::chunk::Part;
use super::placed::Placed;
use super::projection::Draft;
use super::share::Share;

/// A thread's synapses of a group: one shelf for each block of targets and, where the engine keeps them apart, side.
pub struct Maker<'a, W: Real> {
    drafts: &'a [Draft<'a>],
    plan: &'a Plan,
    sources: Range<u32>,
    row_weights: bool,
    next: u32,
    shelves: Vec<Shelf<W>>,
    spans: Vec<Span>,
}

/// A store in the making. It has rows for sources with synapses only.
struct Shelf<W: Real> {
    present: Vec<u32>,
    row: Vec<u64>,
    first: Vec<u64>,
    delay: DelayColumn,
    end: Vec<u32>,
    targets: Vec<u16>,
    /// Of plastic synapses.
    weights: Vec<W>,
    /// Targets with their weights, where each has its own for good.
    each: Vec<Synapse<W>>,
    /// Likewise, in the place of `each`, where weights are multiples of the grain.
    coded: Vec<Coded>,
    grain: Option<Grain>,
    keys: Vec<u64>,
}

/// Delays of runs: codes, in order of first use, as long as two bytes can name them all.
enum DelayColumn {
    Coded { code_of: BTreeMap<Time, u16>, recent: Box<[(Time, u16); RECENT]>, codes: Vec<u16> },
    Exact(Vec<Time>),
}

/// Fewer sources than this all have rows.
const MANY: usize = 1 << 12;
/// So have more, unless at most one in so many has synapses.
const SPARSE: usize = 4;

/// Are only those sources listed that have synapses, so many of all?
pub fn is_sparse(present: usize, all: usize) -> bool {
    all >= MANY && present * SPARSE <= all
}

/// Delays whose codes are at hand.
const RECENT: usize = 256;

/// A store, the span of targets that it serves, and the keys of its devices.
pub struct Made<W: Real> {
    pub span: Span,
    pub store: Store<W>,
    /// Weights of plastic synapses.
    pub plastic: Vec<W>,
    pub keys: Vec<u64>,
}

impl<'a, W: Real> Maker<'a, W> {
    /// One of `threads` makers of a group, counted over all ranks.
    pub fn new(
        drafts: &'a [Draft<'a>],
        plan: &'a Plan,
        sources: Range<u32>,
        row_weights: bool,
        threads: usize,
    ) -> Self {
        let spans = plan.spans.clone();
        let blocks = spans.len() / if plan.two_sided { 2 } else { 1 };
        // A little more than what is expected: pages that are never touched cost nothing, but a column that outgrows its
        // room is moved off its huge pages.
        let room = |span: &Span| {
            let reaching = drafts.iter().filter(|d| !plan.two_sided || d.reaches(span.inhibitory));
            let expected: u64 = reaching.map(|d| d.wiring.expected_synapses()).sum();
            (expected + expected / 32) as usize / (threads * blocks).max(1) + 1024
        };
        // A row has no more runs than synapses. A column that grows leaves pieces behind that the system does not get back.
        let runs = |span: &Span| if drafts.iter().all(|d| d.spec.delay.constant().is_some()) { 0 } else { room(span) };
        let own = !row_weights && !plan.plastic;
        let shelf = |span: &Span| Shelf {
            present: Vec::new(),
            row: vec![0],
            first: vec![0],
            delay: DelayColumn::Coded {
                code_of: BTreeMap::new(),
                recent: Box::new([(Time::NEVER, 0); RECENT]),
                codes: crate::memory::column(runs(span)),
            },
            end: crate::memory::column(runs(span)),
            targets: crate::memory::column(if own { 0 } else { room(span) }),
            weights: crate::memory::column(if plan.plastic { room(span) } else { 0 }),
            each: crate::memory::column(if own && plan.grain.is_none() { room(span) } else { 0 }),
            coded: crate::memory::column(if own && plan.grain.is_some() { room(span) } else { 0 }),
            grain: plan.grain,
            keys: Vec::new(),
        };
        let next = sources.start;
        Maker { drafts, plan, sources, row_weights, next, shelves: spans.iter().map(shelf).collect(), spans }
    }

    /// Adds the next rows: one part for each store.
    pub fn append(&mut self, parts: &[Part<W>]) {
        let rows = parts.first().map_or(0, |part| part.lengths.len() as u32);
        for (shelf, part) in self.shelves.iter_mut().zip(parts) {
            shelf.append(part, self.next);
        }
        self.next += rows;
    }

    /// Places all synapses of a group that [`placed::fits`](super::placed::fits). Returns how many each source has, by draft.
    pub fn place(&mut self, share: &Share) -> Result<Vec<Vec<u32>>, BuildError> {
        let mut outdegree: Vec<Vec<u32>> = self.drafts.iter().map(|draft| vec![0; draft.n_source]).collect();
        let delay = self.drafts[0].constant_delay()?.unwrap_or(Time::ZERO);
        for (shelf, span) in self.shelves.iter_mut().zip(&self.spans) {
            let placed = Placed::new(self.drafts, self.plan, &self.sources, share, span);
            for (all, counts) in outdegree.iter_mut().zip(&placed.outdegree) {
                all.iter_mut().zip(counts).for_each(|(all, count)| *all += count);
            }
            shelf.place(placed, delay, self.sources.start);
        }
        Ok(outdegree)
    }

    /// The weight that all synapses of a source have.
    fn weight_of(drafts: &[Draft<'_>], gid: u32) -> W {
        let of = |d: &Draft<'_>| d.row_of_source(gid).and_then(|_| d.constant_weight());
        W::of(drafts.iter().find_map(of).unwrap_or(0.0))
    }

    /// The stores.
    pub fn finish(self) -> Vec<Made<W>> {
        let (all, plastic, drafts) = (self.sources, self.plan.plastic, self.drafts);
        let per_row = |gid: u32| Maker::<W>::weight_of(drafts, gid);
        let per_row = self.row_weights.then_some(&per_row as &dyn Fn(u32) -> W);
        self.shelves
            .into_iter()
            .zip(self.spans)
            .map(|(shelf, span)| shelf.finish(span, &all, plastic, per_row))
            .collect()
    }
}

impl<W: Real> Shelf<W> {
    /// Adds rows from that of source `next` on.
    fn append(&mut self, part: &Part<W>, next: u32) {
        self.targets.extend_from_slice(&part.targets);
        self.weights.extend_from_slice(&part.weights);
        match self.grain {
            Some(grain) => {
                let coded = |s: &Synapse<W>| Coded { target: s.target, grains: grain.count({ s.weight }.wide()) };
                self.coded.extend(part.each.iter().map(coded));
            }
            None => self.each.extend_from_slice(&part.each),
        }
        self.keys.extend_from_slice(&part.keys);
        for &(delay, end) in &part.runs {
            self.delay.push(delay);
            self.end.push(end);
        }
        let (mut synapses, mut runs) = (self.row[self.row.len() - 1], self.first[self.first.len() - 1]);
        for (gid, &(length, count)) in (next..).zip(&part.lengths) {
            if length == 0 {
                continue;
            }
            self.present.push(gid);
            synapses += u64::from(length);
            runs += u64::from(count);
            self.row.push(synapses);
            self.first.push(runs);
        }
    }

    /// Takes all rows from that of source `first` on, with one delay.
    fn place(&mut self, placed: Placed, delay: Time, first: u32) {
        for (gid, row) in (first..).zip(placed.row.windows(2)) {
            if row[0] < row[1] {
                self.present.push(gid);
                self.row.push(row[1]);
                self.first.push(self.present.len() as u64);
            }
        }
        if !self.present.is_empty() {
            self.delay.push(delay);
        }
        self.targets = placed.targets;
    }

    fn finish(mut self, span: Span, all: &Range<u32>, plastic: bool, per_row: Option<&dyn Fn(u32) -> W>) -> Made<W> {
        // Looking a source up in a list takes longer. Plastic rows keep the spikes of their source, the same in all threads.
        let sources = if !plastic && is_sparse(self.present.len(), all.len()) {
            self.present.shrink_to_fit();
            Sources::Present(Present::new(self.present))
        } else {
            self.row = spread(&self.row, &self.present, all);
            self.first = spread(&self.first, &self.present, all);
            Sources::All(all.clone())
        };
        let (delays, delay_range) = self.delay.finish(self.first, self.end);
        let content = match (plastic, per_row) {
            (true, _) => Content::Plastic(self.targets),
            (false, Some(weight)) => {
                Content::Alike(self.targets, (0..sources.len()).map(|row| weight(sources.gid(row))).collect())
            }
            (false, None) => match self.grain {
                Some(grain) => Content::Coded(self.coded, W::of(grain.weight())),
                None => Content::Each(self.each),
            },
        };
        // Rows are read at random from here on.
        settle(&self.row);
        content.settle();
        settle(&self.weights);
        match &delays {
            Delays::Same(_) => {}
            Delays::Coded(_, runs) => runs.settle(),
            Delays::Exact(runs) => runs.settle(),
        }
        let store = Store { sources, row: self.row, delays, content, delay_range };
        Made { span, store, plastic: self.weights, keys: self.keys }
    }
}

impl DelayColumn {
    fn push(&mut self, delay: Time) {
        match self {
            DelayColumn::Coded { code_of, recent, codes } => {
                let slot = &mut recent[(delay.0 as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) as usize >> 56];
                if slot.0 == delay {
                    codes.push(slot.1);
                    return;
                }
                let fresh = code_of.len();
                match code_of.get(&delay) {
                    Some(&code) => *slot = (delay, code),
                    None if fresh < usize::from(u16::MAX) => {
                        code_of.insert(delay, fresh as u16);
                        *slot = (delay, fresh as u16);
                    }
                    None => {
                        let table = table(code_of);
                        let mut delays = crate::memory::column(codes.capacity());
                        delays.extend(codes.iter().map(|&c| table[usize::from(c)]));
                        delays.push(delay);
                        *self = DelayColumn::Exact(delays);
                        return;
                    }
                }
                codes.push(slot.1);
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
            DelayColumn::Coded { code_of, mut codes, .. } => {
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

/// Starts of the rows of some sources, and the end of the last, as those of the rows of all.
fn spread(starts: &[u64], present: &[u32], all: &Range<u32>) -> Vec<u64> {
    let mut spread = Vec::with_capacity(all.len() + 1);
    for (&gid, &start) in present.iter().zip(starts) {
        // Rows between are empty: they begin where the next does.
        spread.resize((gid - all.start) as usize + 1, start);
    }
    spread.resize(all.len() + 1, starts[starts.len() - 1]);
    spread
}

/// Delays by code.
fn table(code_of: &BTreeMap<Time, u16>) -> Vec<Time> {
    let mut table = vec![Time::ZERO; code_of.len()];
    code_of.iter().for_each(|(&delay, &code)| table[usize::from(code)] = delay);
    table
}
