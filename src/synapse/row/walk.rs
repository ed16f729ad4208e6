//! The passes over a row.

use std::ops::Range;

use crate::math::real::Real;
use crate::plasticity::Pair;
use crate::time::Time;

use super::stretch::{Columns, Round, Stretch};
use super::{Holder, PLACES, Spikes, Travel};

/// A stretch is a multiple of these, where there is more than one: as many random blocks are made together.
const LANES: usize = crate::rng::lanes::LANES;

/// How many synapses ahead a target's spikes are fetched.
const AHEAD: usize = 12;

/// A synapse of a row.
pub(in crate::synapse) struct Synapse {
    /// Where it is in its stretch.
    pub offset: usize,
    pub value: f64,
    pub target: u16,
    pub delay: Time,
}

/// What the synapses of a row find of their targets when a pre spike reaches them.
pub(in crate::synapse) trait Find {
    type Rule: Pair;
    /// What changes them.
    fn rule(&self) -> &Self::Rule;
    /// This target is looked at soon.
    fn fetch(&self, target: u16);
    /// Writes down what a synapse finds, `timed` with when; not if that is too much.
    fn write(&self, stretch: &mut Stretch, timed: bool, synapse: Synapse) -> bool;
    /// Writes all synapses of a stretch down; calls `long` with the offsets of those that find too much.
    #[inline(always)]
    fn write_all(
        &self,
        stretch: &mut Stretch,
        timed: bool,
        synapses: impl Iterator<Item = Synapse>,
        mut long: impl FnMut(usize),
    ) {
        for synapse in synapses {
            let offset = synapse.offset;
            if !self.write(stretch, timed, synapse) {
                long(offset);
            }
        }
    }

    /// Works out, once a stretch is written, what takes all of it.
    fn complete(&self, stretch: &mut Stretch);
}

/// The length of stretches, at most so long, that share so many synapses among as few, none much shorter than the others: each costs something,
/// however short it is.
fn even(synapses: usize, most: usize) -> usize {
    let stretches = synapses.div_ceil(most).max(1);
    synapses.div_ceil(stretches).next_multiple_of(LANES).min(most)
}

/// In two passes over a stretch of synapses at a time: what each finds of its target, one by one; then the changes, first those at the
/// oldest post spike of each synapse, then at the next, at last those at the pre spike, which are vector code. Those that find too much
/// are left for `long`.
#[inline]
#[allow(clippy::too_many_arguments)]
pub(in crate::synapse) fn walk<W: Real, F: Find, H: Holder>(
    find: &F,
    holder: &mut H,
    values: &mut [W],
    (synapses, targets): (Range<usize>, &[u16]),
    travel: impl Travel,
    stretch: &mut Stretch,
    long: &mut Vec<usize>,
    receive: &mut impl FnMut(usize, u16, f64),
) {
    let rule = find.rule();
    let (stride, timed) = (even(synapses.len(), holder.stretch()), holder.is_timed());
    for first in synapses.clone().step_by(stride) {
        let begin = first - synapses.start;
        let own = first..synapses.end.min(first + stride);
        holder.fetch(own.clone());
        let values = &mut values[own.clone()];
        let targets = &targets[own];
        stretch.clear();
        let all = values.iter().zip(targets).enumerate().map(|(offset, (value, &target))| {
            if let Some(&later) = targets.get(offset + AHEAD) {
                find.fetch(later);
            }
            Synapse { offset, value: value.wide(), target, delay: travel.of(begin + offset) }
        });
        find.write_all(stretch, timed, all, |offset| long.push(begin + offset));
        find.complete(stretch);
        holder.begin(first, stretch);
        let is_whole = stretch.is_whole();
        let (rounds, Columns { len, offset, value, y, weight, at }) = stretch.parts();
        for round in rounds {
            round.gather(value);
            let Round { len, place, x, at, value: found, .. } = &mut *round;
            let (place, trace, at, found) = (&place[..*len], &x[..*len], &at[..*len], &mut found[..*len]);
            holder.learn::<F::Rule, true>(rule, Spikes { place, trace, at, value: found });
            round.scatter(value);
        }
        let (place, trace, at, found) = (&PLACES[..len], &y[..len], &at[..len], &mut value[..len]);
        holder.learn::<F::Rule, false>(rule, Spikes { place, trace, at, value: found });
        let weights = holder.send(&value[..len], &at[..len], weight);
        if is_whole {
            values.iter_mut().zip(&value[..len]).for_each(|(to, &value)| *to = W::of(value));
            let places = (begin..).zip(targets);
            places.zip(weights).for_each(|((place, &target), &weight)| receive(place, target, weight));
        } else {
            for ((&offset, &value), &weight) in offset.iter().zip(&value[..len]).zip(weights) {
                let offset = usize::from(offset);
                values[offset] = W::of(value);
                receive(begin + offset, targets[offset], weight);
            }
        }
        holder.end(first, stretch);
    }
}
