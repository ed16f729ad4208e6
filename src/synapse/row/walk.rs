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
use super::stretch::{Round, Stretch};
use super::{Holder, PLACES, Spikes, Travel};

/// How many synapses ahead a target's spikes are fetched.
pub(in crate::synapse) const AHEAD: usize = 12;

/// What the synapses of a row have in common.
pub(super) struct Row<'a, T> {
    pub recent: &'a [Recent],
    /// All spikes of each target that may be unlearnt.
    pub post: &'a [History],
    /// The slow presynaptic trace that the spike finds; 0 for rules that have none.
    pub slow: f64,
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
    /// The presynaptic trace just after it.
    pub trace: f64,
    pub all_to_all: bool,
    pub target: Target,
}

impl<T: Travel> Row<'_, T> {
    /// In two passes over a stretch of synapses at a time: what each finds of its target's spikes, one by one; then the changes,
    /// first those at the oldest post spike of each synapse, then at the next, at last those at the pre spike, which are
    /// vector code. Those whose targets' spikes are not all at hand are left for `long`.
    #[inline]
    #[allow(clippy::too_many_arguments)]
    pub fn walk<W: Real, R: Pair, H: Holder>(
        &self,
        rule: &R,
        holder: &mut H,
        values: &mut [W],
        (synapses, targets): (Range<usize>, &[u16]),
        stretch: &mut Stretch,
        long: &mut Vec<usize>,
        receive: &mut impl FnMut(usize, u16, f64),
    ) {
        let [decay_plus, decay_minus] = self.decays;
        // Without a grid decays are not looked up one by one, but worked out together.
        let exact = !decay_plus.is_tabled();
        let decayed = Decayed {
            rule,
            tau: [decay_plus.tau(), decay_minus.tau()],
            trace: self.trace,
            slow: self.slow,
            all_to_all: self.all_to_all,
        };
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
                let delay = self.travel.of(begin + offset);
                let (seen, since) = (self.seen - delay, self.since - delay);
                let recent = &self.recent[usize::from(target)];
                let Some((posts, before)) = recent.found(self.after - delay, seen) else {
                    long.push(begin + offset);
                    continue;
                };
                let place = stretch.len;
                for (round, spike) in posts.rev().enumerate() {
                    let age = recent.time[spike] - since;
                    let second = if R::SECOND { self.post[usize::from(target)].nth_last(spike).second } else { 0.0 };
                    let x = if exact {
                        Time(-age.0).ms()
                    } else {
                        rule.joined_post(self.trace * decay_plus.over(age), second)
                    };
                    let round = &mut stretch.rounds[round];
                    if timed {
                        round.at[round.len] = recent.time[spike] + delay;
                    }
                    round.push(place, x, second);
                }
                let post = recent.trace_after(before);
                let mut y = (0.0, 0.0);
                if post > 0.0 {
                    let age = seen - recent.time[before];
                    y = if exact {
                        (post, Time(-age.0).ms())
                    } else {
                        let decay = decay_minus.over(age);
                        (rule.joined_pre(if self.all_to_all { post * decay } else { decay }, self.slow), 0.0)
                    };
                }
                if timed {
                    (stretch.at[place], stretch.arrives[place]) = (self.seen, self.seen + delay);
                }
                stretch.push(offset, value.wide(), y);
            }
            if exact {
                decayed.fill(stretch, self.target);
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
}
