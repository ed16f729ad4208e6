//! Draws the rows of a few sources: by thread, block of targets and side, ready to be appended to stores.
//!
//! Columns, no records: within a row synapses come by projection and target, and a counting sort that keeps this order puts
//! them in order of delay.

use std::ops::Range;

use crate::neuron::Real;
use crate::synapse::BLOCK;
use crate::time::Time;

use super::build::{BuildError, Plan};
use super::projection::{Draft, Row};
use super::share::Share;
use super::transpose::Transposed;

/// What all chunks of a group are drawn from.
pub struct Source<'a> {
    pub drafts: &'a [Draft<'a>],
    pub plan: &'a Plan,
    pub shares: &'a [&'a Share],
    /// By thread and draft, for what is drawn by target.
    pub transposed: &'a [Vec<Option<Transposed>>],
    /// Is one weight per source enough?
    pub row_weights: bool,
}

/// The rows of a few sources, for one store.
pub struct Part<W> {
    /// Synapses and runs of each row.
    pub lengths: Vec<(u32, u32)>,
    /// Delay of each run, and where it ends, counted from the start of its row.
    pub runs: Vec<(Time, u32)>,
    pub targets: Vec<u16>,
    pub weights: Vec<W>,
    pub keys: Vec<u64>,
}

/// Number of synapses of a row of a draft, and their smallest and largest delay.
pub struct Figure {
    pub draft: usize,
    pub row: usize,
    pub count: u32,
    pub delays: (Time, Time),
}

/// Room for a chunk, used again and again.
pub struct Chunk<W> {
    /// By thread, then store.
    pub parts: Vec<Part<W>>,
    pub figures: Vec<Figure>,
    bins: Vec<Bin<W>>,
    row: Row,
    ordinals: Vec<u32>,
    places: Vec<u32>,
}

/// The synapses of one source for one store, by projection and target.
struct Bin<W> {
    delays: Vec<u64>,
    targets: Vec<u16>,
    weights: Vec<W>,
    keys: Vec<u64>,
}

impl<W: Real> Chunk<W> {
    /// Room for the parts of as many stores.
    pub fn new(stores: usize) -> Chunk<W> {
        let part = |_| Part {
            lengths: Vec::new(),
            runs: Vec::new(),
            targets: Vec::new(),
            weights: Vec::new(),
            keys: Vec::new(),
        };
        let bin = |_| Bin { delays: Vec::new(), targets: Vec::new(), weights: Vec::new(), keys: Vec::new() };
        Chunk {
            parts: (0..stores).map(part).collect(),
            figures: Vec::new(),
            bins: (0..stores).map(bin).collect(),
            row: Row::default(),
            ordinals: Vec::new(),
            places: Vec::new(),
        }
    }

    /// Draws the rows of `sources`.
    pub fn draw(&mut self, from: &Source<'_>, sources: Range<u32>) -> Result<(), BuildError> {
        self.figures.clear();
        self.parts.iter_mut().for_each(Part::clear);
        let unit = from.drafts.first().map_or(Time(1), Draft::unit);
        for gid in sources {
            for (index, draft) in from.drafts.iter().enumerate() {
                let Some(row) = draft.row_of_source(gid) else { continue };
                if !draft.wiring.by_target() {
                    draft.draw(row, &mut self.row)?;
                    self.figure(index, draft, row);
                    let mut start = 0;
                    for (thread, share) in from.shares.iter().enumerate() {
                        let stop = share.members[draft.spec.target.population].end;
                        let ends = &self.row.ends[start..];
                        let end = start + ends.partition_point(|&end| end + draft.first_target < stop);
                        self.share_out(from, thread, draft, row, start..end);
                        start = end;
                    }
                    continue;
                }
                for (thread, own) in from.transposed.iter().enumerate() {
                    if let Some(own) = &own[index] {
                        own.row(draft, row, &mut self.row, &mut self.ordinals)?;
                        self.figure(index, draft, row);
                        self.share_out(from, thread, draft, row, 0..self.row.ends.len());
                    }
                }
            }
            for (bin, part) in self.bins.iter_mut().zip(&mut self.parts) {
                bin.flush(part, unit, &mut self.places);
            }
        }
        Ok(())
    }

    fn figure(&mut self, index: usize, draft: &Draft<'_>, row: usize) {
        let (count, unit) = (self.row.ends.len() as u32, draft.unit().0);
        if count > 0 {
            let low = self.row.delay.or_else(|| self.row.delays.iter().min().copied()).unwrap_or(0);
            let high = self.row.delay.or_else(|| self.row.delays.iter().max().copied()).unwrap_or(0);
            let delays = (Time(low as i64 * unit), Time(high as i64 * unit));
            self.figures.push(Figure { draft: index, row, count, delays });
        }
    }

    /// Puts the synapses of a span of the row, all onto one thread, into that thread's bins.
    fn share_out(&mut self, from: &Source<'_>, thread: usize, draft: &Draft<'_>, row: usize, span: Range<usize>) {
        let (plan, share) = (from.plan, from.shares[thread]);
        let sides = if plan.two_sided { 2 } else { 1 };
        let population = draft.spec.target.population;
        let base = if plan.target.is_none() { share.first_slot[population] } else { 0 };
        // From an end's index in the slice to its slot or place.
        let offset = (base + draft.first_target).wrapping_sub(share.members[population].start);
        let first = thread * plan.spans.len();
        let mut start = span.start;
        while start < span.end {
            let block = self.row.ends[start].wrapping_add(offset) as usize / BLOCK;
            let rest = &self.row.ends[start..span.end];
            let stop = start + rest.partition_point(|&end| end.wrapping_add(offset) as usize / BLOCK <= block);
            let store = first + block * sides;
            let keep = |store: usize, this: &mut Self, span: Range<usize>| {
                let device = draft.spec.device.is_some();
                let bin = &mut this.bins[store];
                bin.put(&this.row, &span, offset, from.row_weights);
                if device {
                    let own = |i| match this.row.ends[i] {
                        end if draft.wiring.by_target() => Draft::device_key(end, this.ordinals[i]),
                        _ => Draft::device_key(row as u32, i as u32),
                    };
                    bin.keys.extend(span.map(own));
                }
            };
            if sides == 1 || !draft.two_sided {
                keep(store, self, start..stop);
            } else {
                let negative = |this: &Self, i: usize| this.row.weight(i) < 0.0;
                while start < stop {
                    let side = negative(self, start);
                    let same = match self.row.weight {
                        Some(_) => stop - start,
                        None => self.row.weights[start..stop].iter().take_while(|w| (**w < 0.0) == side).count(),
                    };
                    keep(store + usize::from(side), self, start..start + same);
                    start += same;
                }
            }
            start = stop;
        }
    }
}

impl<W: Real> Bin<W> {
    #[inline]
    fn put(&mut self, row: &Row, span: &Range<usize>, offset: u32, row_weights: bool) {
        self.targets.extend(row.ends[span.clone()].iter().map(|end| end.wrapping_add(offset) as u16));
        match row.delay {
            Some(delay) => self.delays.resize(self.targets.len(), delay),
            None => self.delays.extend(&row.delays[span.clone()]),
        }
        match row.weight {
            _ if row_weights => {}
            Some(weight) => self.weights.resize(self.targets.len(), W::of(weight)),
            None => self.weights.extend(row.weights[span.clone()].iter().map(|&w| W::of(w))),
        }
    }

    /// Moves the row to `part`, in order of delay.
    fn flush(&mut self, part: &mut Part<W>, unit: Time, places: &mut Vec<u32>) {
        let time = |delay: u64| Time(delay as i64 * unit.0);
        let (count, runs) = (self.targets.len(), part.runs.len());
        let bounds = self.delays.iter().fold((u64::MAX, 0), |(low, high), &d| (d.min(low), d.max(high)));
        let (low, high) = bounds;
        if count == 0 {
        } else if low == high {
            part.runs.push((time(low), count as u32));
            part.targets.extend(&self.targets);
            part.weights.extend(&self.weights);
            part.keys.extend(&self.keys);
        } else {
            places.clear();
            if high - low < 16 * count as u64 + 256 {
                // The place of each synapse is where its delay's run has got to.
                let mut next = vec![0u32; (high - low) as usize + 1];
                self.delays.iter().for_each(|d| next[(d - low) as usize] += 1);
                let mut sum = 0;
                for (delay, slot) in (low..).zip(&mut next) {
                    let length = std::mem::replace(slot, sum);
                    sum += length;
                    if length > 0 {
                        part.runs.push((time(delay), sum));
                    }
                }
                places.extend(self.delays.iter().map(|d| {
                    let slot = &mut next[(d - low) as usize];
                    *slot += 1;
                    *slot - 1
                }));
            } else {
                let mut order: Vec<u32> = (0..count as u32).collect();
                order.sort_by_key(|&i| self.delays[i as usize]);
                places.resize(count, 0);
                for (place, &i) in order.iter().enumerate() {
                    places[i as usize] = place as u32;
                    let delay = self.delays[i as usize];
                    if order.get(place + 1).is_none_or(|&next| self.delays[next as usize] != delay) {
                        part.runs.push((time(delay), place as u32 + 1));
                    }
                }
            }
            scatter(&self.targets, places, 0, &mut part.targets);
            scatter(&self.weights, places, W::of(0.0), &mut part.weights);
            scatter(&self.keys, places, 0, &mut part.keys);
        }
        part.lengths.push((count as u32, (part.runs.len() - runs) as u32));
        self.delays.clear();
        self.targets.clear();
        self.weights.clear();
        self.keys.clear();
    }
}

/// Appends a column with each element at its place; an empty column stays empty.
fn scatter<T: Copy>(from: &[T], places: &[u32], zero: T, to: &mut Vec<T>) {
    let start = to.len();
    to.resize(start + from.len(), zero);
    let to = &mut to[start..];
    from.iter().zip(places).for_each(|(&value, &place)| to[place as usize] = value);
}

impl<W> Part<W> {
    fn clear(&mut self) {
        self.lengths.clear();
        self.runs.clear();
        self.targets.clear();
        self.weights.clear();
        self.keys.clear();
    }
}
