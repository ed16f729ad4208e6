//! Poisson and regular spike trains at exact times, each a pure function of its key.

use serde::{Deserialize, Serialize};

use crate::rng::StreamKey;
use crate::sample::exponential;
use crate::spec::{Active, IntervalSpec, Rate};
use crate::time::{Time, is_within};

/// A rate as a staircase: from each time on, a factor on the train's own rate.
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
    /// (from, factor), times rising; 0 before the first.
    steps: Vec<(Time, f64)>,
}

impl Profile {
    /// The staircase of a constant or stepped rate within the spans in which it is active.
    pub fn new(rate: &Rate, active: &Active, intervals: &[IntervalSpec]) -> Profile {
        let base: Vec<(Time, f64)> = match rate {
            Rate::Constant(_) => vec![(Time::ZERO, 1.0)],
            Rate::Steps(steps) => steps.clone(),
        };
        let spans = spans(active, intervals);
        let mut edges: Vec<Time> = base.iter().map(|s| s.0).collect();
        edges.extend(spans.iter().flat_map(|s| [s.0, s.1]).filter(|t| *t != Time::NEVER));
        edges.sort_unstable();
        edges.dedup();
        let value = |t: Time| {
            let before = base.partition_point(|s| s.0 <= t);
            if before > 0 && is_within(&spans, t) { base[before - 1].1 } else { 0.0 }
        };
        Profile { steps: edges.into_iter().map(|t| (t, value(t))).collect() }
    }

    /// The factor at `time`.
    pub fn at(&self, time: Time) -> f64 {
        let after = self.steps.partition_point(|s| s.0 <= time);
        if after == 0 { 0.0 } else { self.steps[after - 1].1 }
    }

    /// The time at which the integral of `rate` times the factor, from `from` on, reaches `need`; rate in 1/ms.
    #[inline]
    fn reach(&self, from: Time, rate: f64, need: f64) -> Time {
        match self.steps.last() {
            // Nothing changes any more.
            Some(&(last, factor)) if last <= from && rate * factor > 0.0 => {
                from.saturating_add(Time::from_ms(need / (rate * factor)))
            }
            _ => self.reach_by_steps(from, rate, need),
        }
    }

    fn reach_by_steps(&self, from: Time, rate: f64, mut need: f64) -> Time {
        let mut at = from;
        let mut next = self.steps.partition_point(|s| s.0 <= from);
        loop {
            let level = rate * if next == 0 { 0.0 } else { self.steps[next - 1].1 };
            let end = self.steps.get(next).map_or(Time::NEVER, |s| s.0);
            if level > 0.0 {
                let wait = need / level;
                if end == Time::NEVER || wait < (end - at).ms() {
                    return at.saturating_add(Time::from_ms(wait));
                }
                need -= level * (end - at).ms();
            }
            if end == Time::NEVER {
                return Time::NEVER;
            }
            at = end;
            next += 1;
        }
    }
}

/// The spans in which something is active.
pub fn spans(active: &Active, intervals: &[IntervalSpec]) -> Vec<(Time, Time)> {
    let whole = (active.start, active.stop);
    match active.during {
        None => vec![whole],
        Some(interval) => {
            let cut = |s: &(Time, Time)| (s.0.max(whole.0), s.1.min(whole.1));
            intervals[interval].spans.iter().map(cut).filter(|s| s.0 < s.1).collect()
        }
    }
}

/// Where a train stands.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Train {
    /// Its next spike.
    pub next: Time,
    /// How many gaps have been drawn.
    pub drawn: u64,
}

impl Train {
    /// The Poisson train of `item` before its first gap.
    pub fn poisson(key: StreamKey, item: u64, rate_hz: f64, profile: &Profile) -> Train {
        let mut train = Train { next: Time::ZERO, drawn: 0 };
        train.advance(key, item, rate_hz, profile);
        train
    }

    /// The Poisson train of `item` from `now` on.
    pub fn poisson_from(now: Time, key: StreamKey, item: u64, rate_hz: f64, profile: &Profile) -> Train {
        let mut train = Train::poisson(key, item, rate_hz, profile);
        while train.next < now {
            train.advance(key, item, rate_hz, profile);
        }
        train
    }

    /// Draws the next gap of a Poisson train: at least a tick.
    pub fn advance(&mut self, key: StreamKey, item: u64, rate_hz: f64, profile: &Profile) {
        self.take(exponential(&mut key.stream(item).at(self.drawn)), rate_hz, profile);
    }

    /// Goes on by a gap that has been drawn, in units of the mean.
    #[inline]
    pub fn take(&mut self, gap: f64, rate_hz: f64, profile: &Profile) {
        if rate_hz <= 0.0 {
            self.next = Time::NEVER;
            return;
        }
        self.drawn += 1;
        self.next = profile.reach(self.next, rate_hz * 1e-3, gap).max(Time(self.next.0.saturating_add(1)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Purpose;
    use crate::value::Value;

    fn count(profile: &Profile, from: f64, to: f64) -> usize {
        let key = StreamKey::new(1, Purpose::Poisson, 5);
        let mut n = 0;
        for item in 0..200 {
            let mut train = Train::poisson(key, item, 100.0, profile);
            while train.next < Time::from_ms(to) {
                n += usize::from(train.next >= Time::from_ms(from));
                train.advance(key, item, 100.0, profile);
            }
        }
        n
    }

    #[test]
    fn a_stepped_train_has_its_rate_in_each_step_and_none_outside() {
        let rate = Rate::Steps(vec![(Time::from_ms(100.0), 1.0), (Time::from_ms(600.0), 3.0)]);
        let active = Active { start: Time::ZERO, stop: Time::from_ms(1100.0), during: None };
        let profile = Profile::new(&rate, &active, &[]);
        assert_eq!(count(&profile, 0.0, 100.0), 0);
        assert_eq!(count(&profile, 1100.0, 5000.0), 0);
        // 200 trains of 100 Hz for 0.5 s: 10,000 spikes, standard deviation 100.
        let (low, high) = (count(&profile, 100.0, 600.0), count(&profile, 600.0, 1100.0));
        assert!(low.abs_diff(10_000) < 450 && high.abs_diff(30_000) < 800, "{low} {high}");
    }

    #[test]
    fn a_train_that_is_drawn_anew_from_a_time_goes_on_as_the_one_from_the_beginning() {
        let active = Active { start: Time::ZERO, stop: Time::from_ms(80.0), during: None };
        let profile = Profile::new(&Rate::Constant(Value::Constant(1.0)), &active, &[]);
        let key = StreamKey::new(1, Purpose::Poisson, 5);
        let mut train = Train::poisson(key, 3, 100.0, &profile);
        let mut from = Time::ZERO;
        while train.next != Time::NEVER {
            assert_eq!(Train::poisson_from(from, key, 3, 100.0, &profile), train);
            from = Time(train.next.0 + 1);
            train.advance(key, 3, 100.0, &profile);
        }
        assert!(from > Time::ZERO && Train::poisson_from(from, key, 3, 100.0, &profile).next == Time::NEVER);
    }

    #[test]
    fn intervals_gate_a_train() {
        let spans = vec![(Time::from_ms(10.0), Time::from_ms(20.0)), (Time::from_ms(50.0), Time::from_ms(60.0))];
        let intervals = [IntervalSpec { name: "on".into(), spans }];
        let active = Active { start: Time::from_ms(15.0), stop: Time::NEVER, during: Some(0) };
        let profile = Profile::new(&Rate::Constant(Value::Constant(1.0)), &active, &intervals);
        assert_eq!(count(&profile, 0.0, 15.0) + count(&profile, 20.0, 50.0) + count(&profile, 60.0, 500.0), 0);
        assert!(count(&profile, 15.0, 20.0).abs_diff(100) < 50);
    }
}
