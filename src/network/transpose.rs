//! Synapses that are drawn target by target (`fixed_indegree`), turned into rows by source: for a span of sources at a time,
//! so that what is turned and what is built from it are not both in memory at full length.

use std::ops::Range;

use crate::spec::ProjectionSpec;

use super::build::BuildError;
use super::projection::Draft;
use super::row::Row;

/// One thread's synapses of one projection from a span of sources, by source; within a source by target, then ordinal.
/// Columns that nobody asks for are empty.
pub struct Transposed {
    /// The sources (members of the slice).
    sources: Range<u32>,
    start: Vec<u64>,
    /// Targets (members of the slice), where the first of the thread's is.
    from: u32,
    target: Targets,
    ordinal: Vec<u32>,
    weight: Vec<f64>,
    delay: Vec<u64>,
}

/// Targets from the thread's first on: two bytes are mostly enough.
enum Targets {
    Near(Vec<u16>),
    Far(Vec<u32>),
}

/// What is turned of a projection.
pub struct Turned {
    /// Expected synapses.
    synapses: u64,
    device: bool,
    /// Are weights, and delays, drawn?
    weights: bool,
    delays: bool,
    /// Have all synapses the same weight, for good?
    alike: bool,
}

impl Turned {
    /// Of a projection with so many synapses.
    pub fn of(spec: &ProjectionSpec, synapses: u64) -> Turned {
        let weights = spec.weight.constant().is_none();
        let alike = spec.is_static() && !weights && spec.crossbar.is_none();
        Turned { synapses, device: spec.device.is_some(), weights, delays: spec.delay.constant().is_none(), alike }
    }

    /// What a synapse takes while it is turned \[bytes\].
    pub fn bytes(&self) -> usize {
        let own = |drawn: bool, bytes: usize| if drawn { bytes } else { 0 };
        2 + own(self.device, 4) + own(self.weights, 8) + own(self.delays, 8)
    }

    /// How many spans of sources it is best turned in, if what is turned is to take an eighth of the memory of the
    /// synapses made from it. `weight`: what the weight of a synapse takes there \[bytes\].
    pub fn spans(&self, weight: usize) -> usize {
        let own = |drawn: bool, bytes: usize| if drawn { bytes } else { 0 };
        let made = 2 + own(!self.alike, weight) + own(self.delays, 1) + own(self.device, 12);
        if self.synapses < 1 << 20 { 1 } else { (8 * self.bytes()).div_ceil(made) }
    }
}

impl Transposed {
    /// How many synapses each source (of the slice) has onto the targets (members of the population) in `owned`.
    pub fn counts(draft: &Draft<'_>, owned: &Range<u32>) -> Vec<u32> {
        let mut counts = vec![0u32; draft.n_source];
        let mut ends = Vec::new();
        for target in own_targets(draft, owned) {
            draft.wiring.row(target, &mut ends);
            ends.iter().for_each(|&source| counts[source as usize] += 1);
        }
        counts
    }

    /// The synapses from `sources` (members of the slice), which have so many in all, onto the targets (members of the population) in
    /// `owned`. Every row is drawn anew for each span: that takes less memory than to keep it.
    pub fn new(
        draft: &Draft<'_>,
        owned: &Range<u32>,
        sources: Range<u32>,
        counts: &[u32],
    ) -> Result<Transposed, BuildError> {
        let own = own_targets(draft, owned);
        let from = own.start;
        let counts = &counts[sources.start as usize..sources.end as usize];
        let mut start = vec![0u64; sources.len() + 1];
        let mut sum = 0;
        for (next, &count) in start[1..].iter_mut().zip(counts) {
            sum += u64::from(count);
            *next = sum;
        }
        let count = sum as usize;
        let room = |wanted: bool| if wanted { count } else { 0 };
        let mut made = Transposed {
            sources: sources.clone(),
            start,
            from: from as u32,
            target: if own.len() <= 1 << 16 { Targets::Near(vec![0; count]) } else { Targets::Far(vec![0; count]) },
            ordinal: vec![0; room(draft.spec.device.is_some())],
            weight: vec![0.0; room(draft.shared_weight().is_none())],
            delay: vec![0; room(draft.spec.delay.constant().is_none())],
        };
        let mut next = made.start[..sources.len()].to_vec();
        let mut row = Row::default();
        // Nothing is drawn where nothing is wanted: of two projections, one's sources are seldom in the other's span.
        for target in if count > 0 { own } else { 0..0 } {
            draft.draw(target, &mut row)?;
            for (ordinal, &source) in row.ends.iter().enumerate() {
                let Some(slot) = next.get_mut(source.wrapping_sub(sources.start) as usize) else { continue };
                let place = *slot as usize;
                *slot += 1;
                match &mut made.target {
                    Targets::Near(targets) => targets[place] = (target - from) as u16,
                    Targets::Far(targets) => targets[place] = (target - from) as u32,
                }
                if let Some(slot) = made.ordinal.get_mut(place) {
                    *slot = ordinal as u32;
                }
                if let Some(slot) = made.weight.get_mut(place) {
                    *slot = row.weights[ordinal];
                }
                if let Some(slot) = made.delay.get_mut(place) {
                    *slot = row.delays[ordinal];
                }
            }
        }
        Ok(made)
    }

    /// Fills `row` with the synapses of `source` (an index within the slice, of the span): ends are targets (within the slice), ascending.
    /// `ordinals` gets each one's ordinal in the wiring row of its target, if there are devices.
    pub fn row(
        &self,
        draft: &Draft<'_>,
        source: usize,
        row: &mut Row,
        ordinals: &mut Vec<u32>,
    ) -> Result<(), BuildError> {
        let source = source - self.sources.start as usize;
        let all = self.start[source] as usize..self.start[source + 1] as usize;
        let copy = |column: &[u32], out: &mut Vec<u32>| out.extend(column.get(all.clone()).unwrap_or(&[]));
        row.clear(draft)?;
        ordinals.clear();
        match &self.target {
            Targets::Near(targets) => row.ends.extend(targets[all.clone()].iter().map(|&t| self.from + u32::from(t))),
            Targets::Far(targets) => row.ends.extend(targets[all.clone()].iter().map(|&t| self.from + t)),
        }
        copy(&self.ordinal, ordinals);
        row.weights.extend(self.weight.get(all.clone()).unwrap_or(&[]));
        row.delays.extend(self.delay.get(all).unwrap_or(&[]));
        Ok(())
    }
}

/// Those of a thread's members that are targets of the draft, as members of its slice.
pub fn own_targets(draft: &Draft<'_>, owned: &Range<u32>) -> Range<usize> {
    let from = owned.start.saturating_sub(draft.first_target) as usize;
    from..(owned.end.saturating_sub(draft.first_target) as usize).min(draft.n_target)
}
