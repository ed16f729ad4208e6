//! What synapses find of their targets' spikes, where these make pairs.

use std::ops::Range;

use crate::math::vector::Target;
use crate::memory::prefetch;
use crate::plasticity::Pair;
use crate::synapse::recent::{Decay, Recent};
use crate::synapse::{History, PreSpike};
use crate::time::Time;

use super::decayed::Decayed;
use super::stretch::{ROUNDS, Stretch};
use super::walk::{Find, Synapse};

/// What the synapses of a row have in common.
pub(super) struct Pairs<'a, R> {
    pub recent: &'a [Recent],
    /// All spikes of each target that may be unlearnt.
    pub post: &'a [History],
    pub decayed: Decayed<'a, R>,
    /// Of the presynaptic trace and the postsynaptic one.
    pub decays: [&'a Decay; 2],
    pub span: Span,
    pub target: Target,
}

/// What a pre spike finds unlearnt, by the time of emission; each less the delay.
#[derive(Clone, Copy)]
pub(in crate::synapse) struct Span {
    /// Post spikes up to then have reached a synapse.
    pub seen: Time,
    /// It has learnt from those up to then.
    pub after: Time,
    /// The last pre spike. Before the first nothing is after `after`, so that this is not used.
    pub since: Time,
}

impl Span {
    /// What this spike finds at synapses that have learnt from everything up to `settled`.
    #[inline]
    pub fn of(pre: &PreSpike, settled: Time) -> Span {
        let last = pre.past.last();
        let after = last.map_or(pre.time, |last| last.max(settled));
        Span { seen: pre.time, after, since: last.unwrap_or(pre.time) }
    }
}

impl<R: Pair> Find for Pairs<'_, R> {
    type Rule = R;

    #[inline(always)]
    fn rule(&self) -> &R {
        self.decayed.rule
    }

    #[inline(always)]
    fn fetch(&self, target: u16) {
        prefetch(self.recent, usize::from(target), 1);
    }

    #[inline(always)]
    fn write(&self, stretch: &mut Stretch, timed: bool, synapse: Synapse) -> bool {
        let recent = &self.recent[usize::from(synapse.target)];
        match recent.found(self.span.after - synapse.delay, self.span.seen - synapse.delay) {
            Some(found) => {
                self.push::<false>(
                    stretch,
                    timed,
                    synapse,
                    found,
                    |back| recent.time[back],
                    |back| recent.trace_after(back),
                );
                true
            }
            None => self.write_far(stretch, timed, synapse),
        }
    }

    #[inline]
    fn complete(&self, stretch: &mut Stretch) {
        if self.is_exact() {
            self.decayed.fill_posts(stretch, self.target);
            self.decayed.fill_pres(stretch, self.target);
        }
    }
}

impl<R: Pair> Pairs<'_, R> {
    /// Without a grid decays are not looked up one by one, but worked out together.
    #[inline(always)]
    fn is_exact(&self) -> bool {
        !self.decays[0].is_tabled()
    }

    /// Writes down what a synapse finds of its target's spikes: the places of those that it has still to learn from, and of the newest
    /// strictly before the pre spike, counted back from the last; when one was, and the trace just after it.
    #[inline(always)]
    fn push<const FAR: bool>(
        &self,
        stretch: &mut Stretch,
        timed: bool,
        Synapse { offset, value, target, delay }: Synapse,
        (posts, before): (Range<usize>, usize),
        time: impl Fn(usize) -> Time,
        trace: impl Fn(usize) -> f64,
    ) {
        let ([decay_plus, decay_minus], exact, place) = (self.decays, self.is_exact(), stretch.len);
        let (seen, since) = (self.span.seen - delay, self.span.since - delay);
        for (round, back) in posts.rev().enumerate() {
            let time = time(back);
            let round = if FAR { stretch.round(round) } else { &mut stretch.near[round] };
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
            stretch.at[place] = self.span.seen;
        }
        stretch.push(offset, value, y);
    }

    /// The same from all spikes that are kept; not if there are more than there are rounds.
    #[cold]
    #[inline(never)]
    fn write_far(&self, stretch: &mut Stretch, timed: bool, synapse: Synapse) -> bool {
        let history = &self.post[usize::from(synapse.target)];
        let (posts, before) = history.found(self.span.after - synapse.delay, self.span.seen - synapse.delay);
        let fits = posts.len() <= ROUNDS;
        if fits {
            let time = |back| history.nth_last(back).time;
            self.push::<true>(stretch, timed, synapse, (posts, before), time, |back| history.trace_after(back));
        }
        fits
    }
}
