//! Draws the rows of a few sources: by thread, block of targets and side, ready to be appended to stores.
//!
//! Columns, no records: within a row synapses come by projection and ordinal, and a counting sort that keeps this order puts
//! them in order of delay.

use std::ops::Range;

use crate::math::real::Real;
use crate::synapse::{BLOCK, Synapse};
use crate::time::Time;

use super::build::{BuildError, Plan};
use super::projection::Draft;
use super::row::Row;
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

impl Source<'_> {
    /// The targets of a draft (indices within its slice) that this rank owns.
    fn owned(&self, draft: &Draft<'_>) -> Range<u32> {
        let members = |share: &&Share| share.members[draft.spec.target.population].clone();
        let (first, last) = (self.shares.first().map(members), self.shares.last().map(members));
        let within = |member: u32| member.saturating_sub(draft.first_target).min(draft.n_target as u32);
        within(first.map_or(0, |own| own.start))..within(last.map_or(0, |own| own.end))
    }
}

/// The rows of a few sources, for one store.
pub struct Part<W: Real> {
    /// Synapses and runs of each row.
    pub lengths: Vec<(u32, u32)>,
    /// Delay of each run, and where it ends, counted from the start of its row.
    pub runs: Vec<(Time, u32)>,
    /// Unless they are in `each`.
    pub targets: Vec<u16>,
    /// Of plastic synapses.
    pub weights: Vec<W>,
    /// Static synapses that have weights of their own.
    pub each: Vec<Synapse<W>>,
    pub keys: Vec<u64>,
}

/// Number of synapses of a row of a draft onto this rank's neurons, and their smallest and largest delay.
pub struct Figure {
    pub draft: usize,
    pub row: usize,
    pub count: u32,
    pub delays: (Time, Time),
}

/// Room for a chunk, used again and again.
pub struct Chunk<W: Real> {
    /// By thread, then store.
    pub parts: Vec<Part<W>>,
    pub figures: Vec<Figure>,
    bins: Vec<Bin<W>>,
    row: Row,
    ordinals: Vec<u32>,
    places: Vec<u32>,
}

/// The synapses of one source for one store, by projection and ordinal.
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
            each: Vec::new(),
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
        let side_by_side = !from.plan.plastic && !from.row_weights;
        let unit = from.drafts.first().map_or(Time(1), Draft::unit);
        let owned: Vec<Range<u32>> = from.drafts.iter().map(|draft| from.owned(draft)).collect();
        for gid in sources {
            for ((index, draft), owned) in from.drafts.iter().enumerate().zip(&owned) {
                let Some(row) = draft.row_of_source(gid).filter(|_| !owned.is_empty()) else { continue };
                if !draft.wiring.by_target() {
                    if draft.by_ordinal() {
                        draft.draw(row, &mut self.row)?;
                    } else {
                        draft.draw_part(row, owned, &mut self.row)?;
                    }
                    self.figure(index, draft, row, owned);
                    for cell in 0..self.row.cells.len() {
                        let span = self.row.cell(cell);
                        self.share_out(from, draft, row, span, owned);
                    }
                    continue;
                }
                for own in from.transposed {
                    if let Some(own) = &own[index] {
                        own.row(draft, row, &mut self.row, &mut self.ordinals)?;
                        self.figure(index, draft, row, owned);
                        self.share_out(from, draft, row, 0..self.row.ends.len(), owned);
                    }
                }
            }
            for (bin, part) in self.bins.iter_mut().zip(&mut self.parts) {
                bin.flush(part, unit, side_by_side, &mut self.places);
            }
        }
        Ok(())
    }

    /// Notes the row's synapses onto the owned targets.
    fn figure(&mut self, index: usize, draft: &Draft<'_>, row: usize, owned: &Range<u32>) {
        let Row { ends, delays, delay, .. } = &self.row;
        // Those that were turned are the rank's own.
        let all = owned.len() == draft.n_target || draft.wiring.by_target();
        let is_own = |end: &&u32| owned.contains(*end);
        let count = if all { ends.len() } else { ends.iter().filter(is_own).count() } as u32;
        if count > 0 {
            let of_all = || (delays.iter().min().copied().unwrap_or(0), delays.iter().max().copied().unwrap_or(0));
            let of_own = || {
                let own = delays.iter().zip(ends).filter(|(_, end)| is_own(end));
                own.fold((u64::MAX, 0), |(low, high), (&delay, _)| (delay.min(low), delay.max(high)))
            };
            let same = delay.map(|delay| (delay, delay));
            let (low, high) = same.unwrap_or_else(|| if all { of_all() } else { of_own() });
            let unit = draft.unit().0;
            let delays = (Time(low as i64 * unit), Time(high as i64 * unit));
            self.figures.push(Figure { draft: index, row, count, delays });
        }
    }

    /// Puts the synapses of a span of the row into the bins of the threads and blocks that own their targets. Those onto one
    /// target stay in order of ordinal. Those onto targets that are not `owned` belong to other ranks.
    fn share_out(&mut self, from: &Source<'_>, draft: &Draft<'_>, row: usize, span: Range<usize>, owned: &Range<u32>) {
        let sides = if from.plan.two_sided { 2 } else { 1 };
        let one_side = if sides == 1 { Some(0) } else { draft.only_side.map(usize::from) };
        let ends = &self.row.ends[span.clone()];
        let (low, high) = ends.iter().fold((u32::MAX, 0), |(low, high), &end| (end.min(low), end.max(high)));
        let mut least = low.max(owned.start);
        while least <= high && least < owned.end {
            let home = Home::of(from, draft, least);
            let store = home.thread * from.plan.spans.len() + home.block * sides;
            let all = home.end > high && least == low;
            let within = least..home.end;
            for side in one_side.map_or(0..sides, |side| side..side + 1) {
                let bin = &mut self.bins[store + side];
                let (row_of, ordinals) = (&self.row, &self.ordinals);
                let key = |i: usize| match row_of.ends[i] {
                    end if draft.wiring.by_target() => Draft::device_key(end, ordinals[i]),
                    _ => Draft::device_key(row as u32, i as u32),
                };
                let put = Put { row: row_of, span: span.clone(), offset: home.offset, row_weights: from.row_weights };
                let keep_all = all && one_side.is_some();
                let is_within = |i: usize| within.contains(&row_of.ends[i]);
                let keep = |i: usize| is_within(i) && (one_side.is_some() || (row_of.weight(i) < 0.0) == (side == 1));
                if keep_all {
                    bin.put(&put);
                } else if one_side.is_some() {
                    bin.put_some(&put, is_within);
                } else {
                    bin.put_some(&put, keep);
                }
                if draft.spec.device.is_some() {
                    bin.keys.extend(span.clone().filter(|&i| keep_all || keep(i)).map(key));
                }
            }
            least = home.end;
        }
    }
}

/// Where a target's synapses are stored.
struct Home {
    thread: usize,
    block: usize,
    /// From an end's index in the slice to its slot or place.
    offset: u32,
    /// The first target after it that is stored elsewhere.
    end: u32,
}

impl Home {
    fn of(from: &Source<'_>, draft: &Draft<'_>, target: u32) -> Home {
        let population = draft.spec.target.population;
        let stop = |share: &Share| share.members[population].end;
        let thread = from.shares.partition_point(|share| stop(share) <= target + draft.first_target);
        let share = from.shares[thread];
        let offset = draft.offset_in(from.plan.target.is_none(), share);
        let block = target.wrapping_add(offset) / BLOCK as u32;
        let rest = BLOCK as u32 - target.wrapping_add(offset) % BLOCK as u32;
        Home {
            thread,
            block: block as usize,
            offset,
            end: target.saturating_add(rest).min(stop(share) - draft.first_target),
        }
    }
}

/// What goes into a bin.
struct Put<'a> {
    row: &'a Row,
    span: Range<usize>,
    offset: u32,
    row_weights: bool,
}

impl<W: Real> Bin<W> {
    /// Adds all synapses of the span.
    #[inline]
    fn put(&mut self, put: &Put<'_>) {
        let Put { row, span, offset, row_weights } = put;
        self.targets.extend(row.ends[span.clone()].iter().map(|end| end.wrapping_add(*offset) as u16));
        match row.delay {
            Some(delay) => self.delays.resize(self.targets.len(), delay),
            None => self.delays.extend(&row.delays[span.clone()]),
        }
        match row.weight {
            _ if *row_weights => {}
            Some(weight) => self.weights.resize(self.targets.len(), W::of(weight)),
            None => self.weights.extend(row.weights[span.clone()].iter().map(|&w| W::of(w))),
        }
    }

    /// Adds those to be kept.
    #[inline]
    fn put_some(&mut self, put: &Put<'_>, keep: impl Fn(usize) -> bool) {
        let Put { row, span, offset, row_weights } = put;
        let ends = &row.ends;
        pick(&mut self.targets, span, &keep, 0, |i| ends[i].wrapping_add(*offset) as u16);
        match row.delay {
            Some(delay) => self.delays.resize(self.targets.len(), delay),
            None => pick(&mut self.delays, span, &keep, 0, |i| row.delays[i]),
        }
        match row.weight {
            _ if *row_weights => {}
            Some(weight) => self.weights.resize(self.targets.len(), W::of(weight)),
            None => pick(&mut self.weights, span, &keep, W::of(0.0), |i| W::of(row.weights[i])),
        }
    }

    /// Targets with their weights.
    fn synapses(&self) -> impl ExactSizeIterator<Item = Synapse<W>> {
        self.targets.iter().zip(&self.weights).map(|(&target, &weight)| Synapse { target, weight })
    }

    /// Moves the row to `part`, in order of delay; with targets and weights side by side if they are to be so.
    fn flush(&mut self, part: &mut Part<W>, unit: Time, side_by_side: bool, places: &mut Vec<u32>) {
        let time = |delay: u64| Time(delay as i64 * unit.0);
        let (count, runs) = (self.targets.len(), part.runs.len());
        let bounds = self.delays.iter().fold((u64::MAX, 0), |(low, high), &d| (d.min(low), d.max(high)));
        let (low, high) = bounds;
        if count == 0 {
        } else if low == high {
            part.runs.push((time(low), count as u32));
            if side_by_side {
                part.each.extend(self.synapses());
            } else {
                part.targets.extend(&self.targets);
                part.weights.extend(&self.weights);
            }
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
            if side_by_side {
                scatter(self.synapses(), places, &mut part.each);
            } else {
                scatter(self.targets.iter().copied(), places, &mut part.targets);
                scatter(self.weights.iter().copied(), places, &mut part.weights);
            }
            scatter(self.keys.iter().copied(), places, &mut part.keys);
        }
        part.lengths.push((count as u32, (part.runs.len() - runs) as u32));
        self.delays.clear();
        self.targets.clear();
        self.weights.clear();
        self.keys.clear();
    }
}

/// Appends what is to be kept of a span, without a branch.
#[inline]
fn pick<T: Copy>(to: &mut Vec<T>, span: &Range<usize>, keep: impl Fn(usize) -> bool, zero: T, of: impl Fn(usize) -> T) {
    let mut next = to.len();
    to.resize(next + span.len(), zero);
    for i in span.clone() {
        to[next] = of(i);
        next += usize::from(keep(i));
    }
    to.truncate(next);
}

/// Appends a column with each element at its place; an empty column stays empty.
fn scatter<T: Copy + Default>(from: impl ExactSizeIterator<Item = T>, places: &[u32], to: &mut Vec<T>) {
    let start = to.len();
    to.resize(start + from.len(), T::default());
    let to = &mut to[start..];
    from.zip(places).for_each(|(value, &place)| to[place as usize] = value);
}

impl<W: Real> Part<W> {
    fn clear(&mut self) {
        self.lengths.clear();
        self.runs.clear();
        self.targets.clear();
        self.weights.clear();
        self.each.clear();
        self.keys.clear();
    }
}
