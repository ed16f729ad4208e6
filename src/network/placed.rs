//! Synapses that are drawn target by target and are all alike (`fixed_indegree`, one weight and one delay): the number of each source's
//! tells where its row lies, so each synapse takes its place in the store at once, and nothing is turned.

use std::ops::Range;

use crate::memory::column;
use crate::synapse::BLOCK;

use super::build::{BuildError, Plan, Span};
use super::projection::Draft;
use super::share::Share;
use super::transpose::own_targets;

/// The synapses of one store. Within a row they are in order of projection, target, ordinal.
pub struct Placed {
    /// First synapse of each source's row, and one past the last.
    pub row: Vec<u64>,
    pub targets: Vec<u16>,
    /// By draft: how many synapses each of its sources has.
    pub outdegree: Vec<Vec<u32>>,
}

/// Can a group be built so? `row_weights`: is one weight per source enough?
///
/// # Errors
/// If a delay is out of range.
pub fn fits(drafts: &[Draft<'_>], plan: &Plan, row_weights: bool) -> Result<bool, BuildError> {
    let Some(first) = drafts.first().filter(|_| row_weights) else { return Ok(false) };
    let delay = first.constant_delay()?;
    for draft in drafts {
        let sided = !plan.two_sided || draft.only_side.is_some();
        if !(draft.wiring.by_target() && sided && delay.is_some() && draft.constant_delay()? == delay) {
            return Ok(false);
        }
    }
    Ok(true)
}

impl Placed {
    /// The synapses from `sources` (global ids) onto the targets of a store of one thread. Every row is drawn twice: to count, and to place.
    pub fn new(drafts: &[Draft<'_>], plan: &Plan, sources: &Range<u32>, share: &Share, span: &Span) -> Placed {
        let mut outdegree: Vec<Vec<u32>> = drafts.iter().map(|draft| vec![0; draft.n_source]).collect();
        let draws: Vec<Draw<'_>> = drafts.iter().map(|draft| Draw::new(draft, plan, share, span)).collect();
        for (draw, counts) in draws.iter().zip(&mut outdegree) {
            draw.each(|source, _| counts[source as usize] += 1);
        }
        // Where the next synapse of the source before goes: in the end, where that one's row ends.
        let mut row = vec![0u64; sources.len() + 1];
        let starts = |draft: &Draft<'_>| (draft.first_source - sources.start) as usize + 1;
        let mut count = 0;
        for source in sources.clone() {
            row[(source - sources.start) as usize + 1] = count;
            let of = |(draft, counts): (&Draft<'_>, &Vec<u32>)| Some(u64::from(counts[draft.row_of_source(source)?]));
            count += drafts.iter().zip(&outdegree).filter_map(of).sum::<u64>();
        }
        let mut targets = column(count as usize);
        targets.resize(count as usize, 0);
        for (draw, draft) in draws.iter().zip(drafts) {
            let next = &mut row[starts(draft)..];
            draw.each(|source, place| {
                targets[next[source as usize] as usize] = place;
                next[source as usize] += 1;
            });
        }
        Placed { row, targets, outdegree }
    }
}

/// A draft's synapses of one store.
struct Draw<'a> {
    draft: &'a Draft<'a>,
    /// Its targets, as members of the slice.
    targets: Range<usize>,
    /// From there to the place within the block.
    offset: u32,
}

impl<'a> Draw<'a> {
    fn new(draft: &'a Draft<'a>, plan: &Plan, share: &Share, span: &Span) -> Draw<'a> {
        let offset = draft.offset_in(plan.target.is_none(), share);
        let own = own_targets(draft, &share.members[draft.spec.target.population]);
        let within = |target: usize| (target as u32).wrapping_add(offset) / BLOCK as u32 * BLOCK as u32 == span.first;
        let arrives = !plan.two_sided || draft.only_side == Some(span.inhibitory);
        let start = own.clone().find(|&target| within(target)).filter(|_| arrives).unwrap_or(own.end);
        let count = (start..own.end).take_while(|&target| within(target)).count();
        Draw { draft, targets: start..start + count, offset }
    }

    /// Calls `synapse(source, place of the target)` for all of them, by target, then ordinal.
    fn each(&self, mut synapse: impl FnMut(u32, u16)) {
        let mut ends = Vec::new();
        for target in self.targets.clone() {
            self.draft.wiring.row(target, &mut ends);
            let place = (target as u32).wrapping_add(self.offset) as u16;
            ends.iter().for_each(|&source| synapse(source, place));
        }
    }
}
