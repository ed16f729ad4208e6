//! Simulation time as an integer count of picoseconds.
//!
//! Integers make comparisons and ties exact: two events are simultaneous when their
//! counts are equal, on every machine. 64 bits reach 106 days.

use std::fmt;
use std::ops::{Add, AddAssign, Sub};

use serde::{Deserialize, Serialize};

/// A point in model time, or a duration, in ticks of one picosecond.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Time(pub i64);

/// Ticks per millisecond.
pub const TICKS_PER_MS: f64 = 1e9;

/// Is a delay of so many steps between two of them? One that was kept in single precision is off by less.
pub fn is_between_steps(steps: f64) -> bool {
    (steps - steps.round()).abs() > 1e-6 * steps.max(1.0)
}

/// Is a moment in one of these spans, which rise and do not overlap? Their ends are not.
pub fn is_within(spans: &[(Time, Time)], time: Time) -> bool {
    let begun = spans.partition_point(|span| span.0 <= time);
    begun > 0 && time < spans[begun - 1].1
}

impl Time {
    /// Model time 0.
    pub const ZERO: Time = Time(0);
    /// Later than anything that happens: "never".
    pub const NEVER: Time = Time(i64::MAX);
    /// The longest time that the program accepts, 100 days.
    pub const LIMIT: Time = Time(8_640_000_000_000_000_000);
    /// The longest delay, a day: may be added to any time that the program accepts.
    pub const LONGEST_DELAY: Time = Time(86_400_000_000_000_000);

    /// Can a run come to it?
    pub fn is_possible(self) -> bool {
        self.0.unsigned_abs() <= Time::LIMIT.0.unsigned_abs() + 1
    }

    /// The tick nearest to `ms` milliseconds; saturates at [`Time::NEVER`], and NaN is 0.
    #[inline]
    pub fn from_ms(ms: f64) -> Time {
        // To the nearest, halves away from 0, as `f64::round` has it: that is a call where the processor has no instruction for it.
        let ticks = ms * TICKS_PER_MS;
        let whole = ticks as i64;
        let rest = ticks - whole as f64;
        Time(whole.saturating_add(i64::from(rest >= 0.5)).saturating_sub(i64::from(rest <= -0.5)))
    }

    /// The time in milliseconds.
    #[inline(always)]
    pub fn ms(self) -> f64 {
        self.0 as f64 / TICKS_PER_MS
    }

    /// The time in seconds.
    #[inline(always)]
    pub fn seconds(self) -> f64 {
        self.0 as f64 / (TICKS_PER_MS * 1e3)
    }

    /// This time plus a duration, [`Time::NEVER`] where that overflows.
    #[inline(always)]
    pub fn saturating_add(self, duration: Time) -> Time {
        Time(self.0.saturating_add(duration.0))
    }
}

impl Add for Time {
    type Output = Time;
    #[inline(always)]
    fn add(self, other: Time) -> Time {
        Time(self.0 + other.0)
    }
}

impl AddAssign for Time {
    #[inline(always)]
    fn add_assign(&mut self, other: Time) {
        self.0 += other.0;
    }
}

impl Sub for Time {
    type Output = Time;
    #[inline(always)]
    fn sub(self, other: Time) -> Time {
        Time(self.0 - other.0)
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.unsigned_abs() >= 1_000_000_000_000 {
            write!(f, "{} s", self.0 as f64 / 1e12)
        } else {
            write!(f, "{} ms", self.ms())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn milliseconds_round_to_the_nearest_tick() {
        assert_eq!(Time::from_ms(0.1), Time(100_000_000));
        assert_eq!(Time::from_ms(1.000_000_000_4), Time(1_000_000_000));
        assert_eq!(Time::from_ms(f64::INFINITY), Time::NEVER);
        assert_eq!(Time::from_ms(2.5).ms(), 2.5);
    }

    #[test]
    fn they_round_as_the_functions_of_the_standard_library_do() {
        let ends = [0.0, -0.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX, f64::MIN, 1e300, 9.3e9, -9.3e9];
        let halves = (-9..9).map(|i| f64::from(i) * 0.5e-9);
        let near = halves.clone().flat_map(|x| [x.next_up(), x.next_down()]);
        let large = (0..200).flat_map(|i| [1.0, -1.0].map(|sign| sign * 1.37_f64.powi(i - 80)));
        for ms in ends.into_iter().chain(halves).chain(near).chain(large) {
            assert_eq!(Time::from_ms(ms), Time((ms * TICKS_PER_MS).round() as i64), "{ms}");
        }
    }
}
