//! Synapses that are drawn target by target (`fixed_indegree`), turned into rows by source.

use std::ops::Range;

use super::build::BuildError;
use super::projection::{Draft, Row};

/// One thread's synapses of one projection, by source; within a source by target, then ordinal. Columns that
/// nobody asks for are empty.
pub struct Transposed {
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

impl Transposed {
    /// The synapses onto the targets (members of the population) in `owned`. Every row is drawn twice, once to
    /// count and once to fill: that takes less time and memory than to keep it.
    pub fn new(draft: &Draft<'_>, owned: &Range<u32>) -> Result<Transposed, BuildError> {
        let from = owned.start.saturating_sub(draft.first_target) as usize;
        let to = (owned.end.saturating_sub(draft.first_target) as usize).min(draft.n_target);
        let mut counts = vec![0u32; draft.n_source];
        let mut ends = Vec::new();
        for target in from..to {
            draft.wiring.row(target, &mut ends);
            ends.iter().for_each(|&source| counts[source as usize] += 1);
        }
        let mut start = vec![0u64; draft.n_source + 1];
        let mut sum = 0;
        for (next, &count) in start[1..].iter_mut().zip(&counts) {
            sum += u64::from(count);
            *next = sum;
        }
        let count = sum as usize;
        let room = |wanted: bool| if wanted { count } else { 0 };
        let mut made = Transposed {
            start,
            from: from as u32,
            target: if to.saturating_sub(from) <= 1 << 16 {
                Targets::Near(vec![0; count])
            } else {
                Targets::Far(vec![0; count])
            },
            ordinal: vec![0; room(draft.spec.device.is_some())],
            weight: vec![0.0; room(draft.shared_weight().is_none())],
            delay: vec![0; room(draft.spec.delay.constant().is_none())],
        };
        let mut next = made.start[..draft.n_source].to_vec();
        let mut row = Row::default();
        for target in from..to {
            draft.draw(target, &mut row)?;
            for (ordinal, &source) in row.ends.iter().enumerate() {
                let place = next[source as usize] as usize;
                next[source as usize] += 1;
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

    /// Fills `row` with the synapses of `source` (an index within the slice): ends are targets (within the slice), ascending.
    /// `ordinals` gets each one's ordinal in the wiring row of its target, if there are devices.
    pub fn row(
        &self,
        draft: &Draft<'_>,
        source: usize,
        row: &mut Row,
        ordinals: &mut Vec<u32>,
    ) -> Result<(), BuildError> {
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
