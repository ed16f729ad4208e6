//! The passes over a row.

use std::ops::Range;

use crate::math::vector::Target;
use crate::memory::prefetch;
use crate::neuron::Real;
use crate::plasticity::Pair;
use crate::synapse::History;
use crate::synapse::recent::{Decay, Recent};
use crate::time::Time;

use super::decayed::Decayed;
use super::stretch::{ROUNDS, Round, Stretch};
use super::{Holder, PLACES, Spikes, Travel};

/// How many synapses ahead a target's spikes are fetched.
pub(in crate::synapse) const AHEAD: usize = 12;

/// What the synapses of a row have in common.
pub(super) struct Row<'a, T, R> {
    pub recent: &'a [Recent],
    /// All spikes of each target that may be unlearnt.
    pub post: &'a [History],
    pub decayed: Decayed<'a, R>,
    /// Of the presynaptic trace and the postsynaptic one.
    pub decays: [&'a Decay; 2],
    /// The delays.
    pub travel: T,
    /// Less the delay: post spikes up to then have reached a synapse, by their time of emission.
    pub seen: Time,
    /// Likewise: it has learnt from those up to then.
    pub after: Time,
    /// Likewise: the last pre spike. Before the first nothing is after `after`, so that this is not used.
    pub since: Time,
    pub target: Target,
}

impl<T: Travel, R: Pair> Row<'_, T, R> {
    /// In two passes over a stretch of synapses at a time: what each finds of its target's spikes, one by one; then the changes,
    /// first those at the oldest post spike of each synapse, then at the next, at last those at the pre spike, which are
    /// vector code. Those whose targets have had more spikes than there are rounds are left for `long`.
    #[inline]
    #[allow(clippy::too_many_arguments)]
    pub fn walk<W: Real, H: Holder>(
        &self,
        holder: &mut H,
        values: &mut [W],
        (synapses, targets): (Range<usize>, &[u16]),
        stretch: &mut Stretch,
        long: &mut Vec<usize>,
        receive: &mut impl FnMut(usize, u16, f64),
    ) {
        let rule = self.decayed.rule;
        let (stride, timed) = (holder.stretch(), holder.is_timed());
        for first in synapses.clone().step_by(stride) {
            let begin = first - synapses.start;
            let own = first..synapses.end.min(first + stride);
            let values = &mut values[own.clone()];
            let targets = &targets[own];
            stretch.clear();
            for (offset, (value, &target)) in values.iter().zip(targets).enumerate() {
                if let Some(&later) = targets.get(offset + AHEAD) {
                    prefetch(self.recent, usize::from(later), 1);
                }
                let synapse = Synapse { offset, value: value.wide(), target, delay: self.travel.of(begin + offset) };
                let recent = &self.recent[usize::from(target)];
                let found = recent.found(self.after - synapse.delay, self.seen - synapse.delay);
                let fits = match found {
                    Some(found) => {
                        self.push(
                            stretch,
                            timed,
                            synapse,
                            found,
                            |back| recent.time[back],
                            |back| recent.trace_after(back),
                        );
                        true
                    }
                    None => self.push_far(stretch, timed, synapse),
                };
                if !fits {
                    long.push(begin + offset);
                }
            }
            if self.is_exact() {
                self.decayed.fill(stretch, self.target);
            }
            holder.begin(first, stretch);
            let Stretch { len, offset, value, y, rounds, weight, at, arrives, .. } = &mut *stretch;
            for round in rounds.iter_mut().take_while(|round| round.len > 0) {
                round.gather(value);
                let Round { len, place, x, at, value: found, .. } = &mut *round;
                let (place, trace, at, found) = (&place[..*len], &x[..*len], &at[..*len], &mut found[..*len]);
                holder.learn::<R, true>(rule, Spikes { place, trace, at, value: found });
                round.scatter(value);
            }
            let (place, trace, at, found) = (&PLACES[..*len], &y[..*len], &at[..*len], &mut value[..*len]);
            holder.learn::<R, false>(rule, Spikes { place, trace, at, value: found });
            let weights = holder.send(&value[..*len], &arrives[..*len], weight);
            for ((&offset, &value), &weight) in offset.iter().zip(&value[..*len]).zip(weights) {
                let offset = usize::from(offset);
                values[offset] = W::of(value);
                receive(begin + offset, targets[offset], weight);
            }
            holder.end(first, stretch);
        }
    }

    /// Without a grid decays are not looked up one by one, but worked out together.
    #[inline(always)]
    fn is_exact(&self) -> bool {
        !self.decays[0].is_tabled()
    }

    /// Writes down what a synapse finds of its target's spikes: the places of those that it has still to learn from, and of the newest
    /// strictly before the pre spike, counted back from the last; when one was, and the trace just after it.
    #[inline(always)]
    fn push(
        &self,
        stretch: &mut Stretch,
        timed: bool,
        Synapse { offset, value, target, delay }: Synapse,
        (posts, before): (Range<usize>, usize),
        time: impl Fn(usize) -> Time,
        trace: impl Fn(usize) -> f64,
    ) {
        let ([decay_plus, decay_minus], exact, place) = (self.decays, self.is_exact(), stretch.len);
        let (seen, since) = (self.seen - delay, self.since - delay);
        for (round, back) in posts.rev().enumerate() {
            let (time, round) = (time(back), &mut stretch.rounds[round]);
            let age = time - since;
            let mut second = 0.0;
            if R::SECOND {
                second = self.post[usize::from(target)].nth_last(back).second;
                round.second[round.len] = second;
            }
            if timed {
                round.at[round.len] = time + delay;
            }
            round.push(place, if exact { Time(-age.0).ms() } else { self.decayed.post(decay_plus.over(age), second) });
        }
        let post = trace(before);
        let mut y = (0.0, 0.0);
        if post > 0.0 {
            let age = seen - time(before);
            y = if exact { (post, Time(-age.0).ms()) } else { (self.decayed.pre(decay_minus.over(age), post), 0.0) };
        }
        if timed {
            (stretch.at[place], stretch.arrives[place]) = (self.seen, self.seen + delay);
        }
        stretch.push(offset, value, y);
    }

    /// The same from all spikes that are kept; not if there are more than there are rounds.
    #[cold]
    #[inline(never)]
    fn push_far(&self, stretch: &mut Stretch, timed: bool, synapse: Synapse) -> bool {
        let history = &self.post[usize::from(synapse.target)];
        let (posts, before) = history.found(self.after - synapse.delay, self.seen - synapse.delay);
        let fits = posts.len() <= ROUNDS;
        if fits {
            let time = |back| history.nth_last(back).time;
            self.push(stretch, timed, synapse, (posts, before), time, |back| history.trace_after(back));
        }
        fits
    }
}

/// A synapse of a row.
struct Synapse {
    /// Where it is in its stretch.
    offset: usize,
    value: f64,
    target: u16,
    delay: Time,
}
