//! What synapses find of their targets' spikes, where these make pairs.

use crate::math::vector::Target;
use crate::memory::prefetch_line;
use crate::plasticity::Pair;
use crate::synapse::recent::Recent;
use crate::synapse::{History, PreSpike};
use crate::time::Time;

use super::decayed::Decayed;
use super::stretch::{ROUNDS, Round, STRETCH, Stretch};
use super::walk::{Find, Synapse};

/// What the synapses of a row have in common.
pub(super) struct Pairs<'a, R> {
    pub recent: &'a [Recent],
    /// All spikes of each target that may be unlearnt.
    pub post: &'a [History],
    pub decayed: Decayed<'a, R>,
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
        prefetch_line(self.recent, usize::from(target));
    }

    /// What a synapse finds among all spikes that are kept; not if there are more than there are rounds.
    #[cold]
    #[inline(never)]
    fn write(&self, stretch: &mut Stretch, timed: bool, Synapse { offset, value, target, delay }: Synapse) -> bool {
        let history = &self.post[usize::from(target)];
        let (posts, before) = history.found(self.span.after - delay, self.span.seen - delay);
        if posts.len() > ROUNDS {
            return false;
        }
        let (place, since) = (stretch.len, self.span.since - delay);
        for (number, back) in posts.rev().enumerate() {
            let (round, spike) = (stretch.round(number), history.nth_last(back));
            round.second[round.len] = spike.second;
            if timed {
                round.at[round.len] = spike.time + delay;
            }
            round.push_age(place, spike.time - since);
        }
        let post = history.trace_after(before);
        let age = if post > 0.0 { self.span.seen - delay - history.nth_last(before).time } else { Time::ZERO };
        if timed {
            stretch.at[place] = self.span.seen;
        }
        stretch.push(offset, value, (post, age));
        true
    }

    /// Without a branch on how many spikes are found, for that can't be foreseen: the first two are written down whether they are there or
    /// not, and count if they are.
    #[inline(always)]
    fn write_all(
        &self,
        stretch: &mut Stretch,
        timed: bool,
        mut synapses: impl Iterator<Item = Synapse>,
        mut long: impl FnMut(usize),
    ) {
        let write_near = |stretch: &mut Stretch, synapses: &mut _| match timed {
            true => self.write_near::<true>(stretch, synapses),
            false => self.write_near::<false>(stretch, synapses),
        };
        while let Some(synapse) = write_near(stretch, &mut synapses) {
            let offset = synapse.offset;
            if !self.write(stretch, timed, synapse) {
                long(offset);
            }
        }
    }

    #[inline]
    fn complete(&self, stretch: &mut Stretch) {
        self.decayed.fill_posts(stretch, self.target);
        self.decayed.fill_pres(stretch, self.target);
    }
}

impl<R: Pair> Pairs<'_, R> {
    /// Writes synapses down as long as what they find is at hand; gives the first that finds more. How many there are stays in registers.
    #[inline(always)]
    fn write_near<const TIMED: bool>(
        &self,
        stretch: &mut Stretch,
        synapses: &mut impl Iterator<Item = Synapse>,
    ) -> Option<Synapse> {
        let Stretch { len, offset: offsets, value: values, y: posts, age: ages, near, at: ats, .. } = stretch;
        let [first, second, later @ ..] = near;
        let (mut place, mut ones, mut twos) = (*len, first.len, second.len);
        let far = loop {
            let Some(synapse) = synapses.next() else { break None };
            let Synapse { offset, value, target, delay } = synapse;
            let recent = &self.recent[usize::from(target)];
            let (after, seen, since) = (self.span.after - delay, self.span.seen - delay, self.span.since - delay);
            let Some((heard, before, learnt)) = recent.near(after, seen) else { break Some(synapse) };
            let unlearnt = learnt - heard;
            let put = |round: &mut Round, at: usize, back: usize, is_there: bool| {
                let (time, at) = (recent.time[back], at % STRETCH);
                (round.place[at], round.age[at]) = (place as u8, between(since, time));
                if R::SECOND && is_there {
                    round.second[at] = self.post[usize::from(target)].nth_last(back).second;
                }
                if TIMED {
                    round.at[at] = between(Time(-delay.0), time);
                }
                usize::from(is_there)
            };
            ones += put(first, ones, learnt.saturating_sub(1), unlearnt > 0);
            twos += put(second, twos, learnt.saturating_sub(2), unlearnt > 1);
            if unlearnt > 2 {
                for (round, back) in later.iter_mut().zip((heard..learnt - 2).rev()) {
                    round.len += put(round, round.len, back, true);
                }
            }
            let post = recent.trace_after(before);
            let age = if post > 0.0 { between(recent.time[before], seen) } else { Time::ZERO };
            let own = place % STRETCH;
            if TIMED {
                ats[own] = self.span.seen;
            }
            (offsets[own], values[own], posts[own], ages[own]) = (offset as u8, value, post, age);
            place += 1;
        };
        (*len, first.len, second.len) = (place, ones, twos);
        far
    }
}

/// From one time to another; a number of no meaning where one of them is before any spike.
#[inline(always)]
fn between(from: Time, to: Time) -> Time {
    Time(to.0.wrapping_sub(from.0))
}
