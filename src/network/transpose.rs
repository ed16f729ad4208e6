//! Synapses that are drawn target by target (`fixed_indegree`), turned into rows by source.

use std::ops::Range;

use crate::time::Time;

use super::build::{BuildError, Entry};
use super::projection::{Draft, Drawn};

/// One thread's synapses of one projection, by source.
pub struct Transposed {
    start: Vec<u64>,
    target: Vec<u32>,
    ordinal: Vec<u32>,
    /// Empty where all synapses are the same.
    drawn: Vec<Drawn>,
    same: Drawn,
}

impl Transposed {
    /// The synapses onto the targets (members of the population) in `owned`. Every row is drawn twice, once to
    /// count and once to fill: that takes less time and memory than to keep it.
    pub fn new(draft: &Draft<'_>, owned: &Range<u32>) -> Result<Transposed, BuildError> {
        let from = owned.start.saturating_sub(draft.first_target) as usize;
        let to = (owned.end.saturating_sub(draft.first_target) as usize).min(draft.n_target);
        let mut start = vec![0u64; draft.n_source + 1];
        let mut row = Vec::new();
        for target in from..to {
            draft.wiring.row(target, &mut row);
            row.iter().for_each(|&source| start[source as usize + 1] += 1);
        }
        (0..draft.n_source).for_each(|s| start[s + 1] += start[s]);
        let count = start[draft.n_source] as usize;
        let uniform = draft.spec.weight.constant().is_some() && draft.spec.delay.constant().is_some();
        let mut same = Drawn { weight: 0.0, delay: Time::ZERO };
        let (mut targets, mut ordinals) = (vec![0u32; count], vec![0u32; count]);
        let mut values = vec![same; if uniform { 0 } else { count }];
        let mut next = start.clone();
        for target in from..to {
            draft.row(target, &mut row, |ordinal, source, drawn| {
                let place = next[source as usize] as usize;
                next[source as usize] += 1;
                targets[place] = target as u32;
                ordinals[place] = ordinal;
                if uniform {
                    same = drawn;
                } else {
                    values[place] = drawn;
                }
            })?;
        }
        Ok(Transposed { start, target: targets, ordinal: ordinals, drawn: values, same })
    }

    /// Appends the synapses of `source` (an index within the slice).
    pub fn entries(&self, draft: &Draft<'_>, projection: u16, source: usize, out: &mut Vec<Entry>) {
        for place in self.start[source] as usize..self.start[source + 1] as usize {
            let drawn = self.drawn.get(place).unwrap_or(&self.same);
            let row = self.target[place];
            out.push(Entry {
                delay: drawn.delay,
                projection,
                target: draft.first_target + row,
                ordinal: self.ordinal[place],
                row,
                weight: drawn.weight,
            });
        }
    }
}
