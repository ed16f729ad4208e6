//! The last post spikes of a target, in one cache line, and decays looked up: what a row of plastic synapses needs at every spike.

use std::ops::Range;

use crate::math::exp;
use crate::time::Time;

use super::History;

/// Post spikes whose times are at hand.
const KEPT: usize = 6;

/// The newest of them, whose traces are at hand too.
const TRACES: usize = 2;

/// The last spikes of one target, newest first, with the trace just after the newest.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub struct Recent {
    /// When each was emitted.
    pub time: [Time; KEPT],
    /// The trace just after the newest.
    pub trace: [f64; TRACES],
}

impl Default for Recent {
    fn default() -> Recent {
        Recent { time: [Recent::NEVER; KEPT], trace: [0.0; TRACES] }
    }
}

impl Recent {
    /// The end of a history.
    pub fn of(history: &History) -> Recent {
        let mut recent = Recent::default();
        for (place, spike) in history.spikes.iter().rev().take(KEPT).enumerate() {
            recent.time[place] = spike.time;
            if let Some(trace) = recent.trace.get_mut(place) {
                *trace = spike.trace;
            }
        }
        recent
    }

    /// Takes in the newest spike of a history.
    pub fn push(&mut self, history: &History) {
        let Some(spike) = history.spikes.last() else { return };
        self.time.copy_within(..KEPT - 1, 1);
        self.trace.copy_within(..TRACES - 1, 1);
        (self.time[0], self.trace[0]) = (spike.time, spike.trace);
    }

    /// What a pre spike finds that sees the spikes up to `seen`, at a synapse that has learnt from those up to `after`: the places
    /// of the spikes that it has still to learn from, the newest first, and the place of the newest strictly before `seen`.
    /// None if not all of that is at hand.
    #[inline(always)]
    pub fn found(&self, after: Time, seen: Time) -> Option<(Range<usize>, usize)> {
        let heard = self.first_from(0, |time| time <= seen);
        let before = self.first_from(heard, |time| time < seen);
        let learnt = self.first_from(heard, |time| time <= after);
        let known = before < TRACES || before < KEPT && self.time[before] == Recent::NEVER;
        (learnt < KEPT && known).then_some((heard..learnt, before))
    }

    /// The same where it is near, as it almost always is: how many have not been heard, before how many the one strictly before `seen` is, both
    /// 0 or 1, and before how many the learnt ones are. None where two spikes are under way, or more are unlearnt than are kept.
    ///
    /// Two comparisons each, which do not decide what is done next: the number of spikes to learn from can't be foreseen.
    #[inline(always)]
    pub fn near(&self, after: Time, seen: Time) -> Option<(usize, usize, usize)> {
        let is = usize::from;
        let time = &self.time;
        if time[1] >= seen {
            return None;
        }
        let heard = is(time[0] > seen);
        let mut learnt = is(time[0] > after) + is(time[1] > after);
        if time[2] > after {
            learnt = self.first_from(3, |time| time <= after);
            if learnt == KEPT {
                return None;
            }
        }
        // Where what lies behind `seen` is settled too, nothing is left.
        Some((heard, is(time[0] >= seen), learnt.max(heard)))
    }

    /// The first of the kept spikes from `place` on whose time satisfies `until`. Almost always one of the next two, and so
    /// quicker found one by one than by comparing all.
    #[inline(always)]
    fn first_from(&self, place: usize, until: impl Fn(Time) -> bool) -> usize {
        let mut place = place;
        while place < KEPT && !until(self.time[place]) {
            place += 1;
        }
        place
    }

    /// The trace just after the spike in this place, one that [`Recent::found`] gave as `before`; 0 if there was none.
    #[inline(always)]
    pub fn trace_after(&self, before: usize) -> f64 {
        self.trace.get(before).copied().unwrap_or(0.0)
    }

    /// Before any spike.
    pub const NEVER: Time = Time(i64::MIN / 4);

    /// The number of kept spikes; of those that [`Recent::found`] gives, there are fewer.
    pub const LEN: usize = KEPT;
}

/// e^(-t / tau) for times t >= 0: on the grid a table, filled by the very expression that it stands for, so that both have
/// the same bits.
#[derive(Clone, Debug)]
pub struct Decay {
    tau: f64,
    step: i64,
    per_step: f64,
    table: Vec<f64>,
}

impl Decay {
    /// Of time constant `tau` \[ms\]; `step` is the grid's, none for exact times.
    pub fn new(tau: f64, step: Option<Time>) -> Decay {
        let step = step.map_or(0, |s| s.0);
        // Beyond eight time constants few pairs are left; 64 KiB bound what a small step may take.
        let length = if step > 0 { ((8.0 * tau / Time(step).ms()) as usize + 1).min(8192) } else { 0 };
        let table = (0..length).map(|k| Decay::exact(tau, Time(k as i64 * step))).collect();
        Decay { tau, step, per_step: if step > 0 { 1.0 / step as f64 } else { 0.0 }, table }
    }

    #[inline(always)]
    fn exact(tau: f64, time: Time) -> f64 {
        exp(Time(-time.0).ms() / tau)
    }

    /// Are short decays looked up?
    #[inline]
    pub fn is_tabled(&self) -> bool {
        !self.table.is_empty()
    }

    /// The time constant \[ms\].
    #[inline]
    pub fn tau(&self) -> f64 {
        self.tau
    }

    /// The decay over `time`.
    #[inline(always)]
    pub fn over(&self, time: Time) -> f64 {
        // Adding 2^52 leaves the nearest integer in the low bits, which is cheaper than to convert. All times of a grid are
        // whole steps.
        const WHOLE: f64 = 4_503_599_627_370_496.0;
        let place = ((time.0 as f64 * self.per_step + WHOLE).to_bits() - WHOLE.to_bits()) as usize;
        match self.table.get(place) {
            Some(&decay) => {
                debug_assert!(place as i64 * self.step == time.0, "{time:?} is off the grid");
                decay
            }
            None => Decay::exact(self.tau, time),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_the_bits_of_what_it_stands_for() {
        let (table, exact) = (Decay::new(20.0, Some(Time::from_ms(0.1))), Decay::new(20.0, None));
        for time in [0, 100_000_000, 1_234_500_000_000, 160_000_000_000, 900_000_000_000] {
            assert_eq!(table.over(Time(time)).to_bits(), exact.over(Time(time)).to_bits(), "{time}");
        }
        assert_eq!(table.over(Time::from_ms(20.0)), crate::math::exp(-1.0));
        // As many steps as 32 bits have, and one more.
        assert_eq!(table.over(Time((1i64 << 32) * 100_000_000 + 100_000_000)), 0.0);
    }

    #[test]
    fn what_is_near_is_what_is_found() {
        let kept = [90, 80, 70, 40, 20, 10].map(Time);
        let fewer = |from: usize| std::array::from_fn(|place| if place < from { kept[place] } else { Recent::NEVER });
        for time in (0..=KEPT).map(fewer) {
            let recent = Recent { time, trace: [1.0; TRACES] };
            for seen in 0..=100 {
                for after in 0..=100 {
                    let found = recent.found(Time(after), Time(seen));
                    if let Some((heard, before, learnt)) = recent.near(Time(after), Time(seen)) {
                        assert_eq!(found, Some((heard..learnt, before)), "{time:?} {after} {seen}");
                    } else {
                        assert!(time[1] >= Time(seen) || time[KEPT - 1] > Time(after), "{time:?} {after} {seen}");
                    }
                }
            }
        }
    }
}
