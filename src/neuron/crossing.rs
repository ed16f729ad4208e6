//! Finds the first tick at which a membrane reaches its threshold, however briefly it stays above.
//!
//! The path between two events is smooth, and the models give an upper bound of its downward bend from any
//! point on. On [a, b] the path lies below its chord plus bend (t-a)(b-t)/2: where that stays under the threshold there is
//! no crossing; where it does not, the interval is halved and searched from the left, down to a single tick. So the
//! excursions of a membrane that goes up and down again are found, which a test at a few points would miss (the
//! problem is that of Krishnan et al. 2018, doi:10.3389/fninf.2017.00075).
//!
//! Intervals start at the path's origin and have lengths fixed by the model's time constants, never by the
//! bound of the search: any sequence of bounds gives the same tick.

use crate::time::{TICKS_PER_MS, Time};

/// A membrane at one point of a path on which nothing arrives.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Point {
    /// Potential above rest \[mV\].
    pub v: f64,
    /// dv/dt \[mV/ms\].
    pub slope: f64,
    /// Upper bound of -d2v/dt2 from here on \[mV/ms^2\], not negative.
    pub bend: f64,
    /// From here on v stays below the larger of `v` and this \[mV\].
    pub ceiling: f64,
}

/// The course of a membrane's potential from an origin on.
pub(crate) trait Path {
    /// The point `t` ms after the origin.
    fn point(&self, t: f64) -> Point;
}

/// A number of ticks in ms.
#[inline]
pub(crate) fn ms(ticks: i64) -> f64 {
    ticks as f64 / TICKS_PER_MS
}

/// No search goes further than this from its origin (52 days).
const FAR: i64 = i64::MAX / 2;

/// The smallest tick n with 0 < n < `limit` after the path's origin at which v >= `theta`.
///
/// `span` is the length of the first interval in ticks; the following ones double.
pub(crate) fn first_crossing(path: &impl Path, theta: f64, span: i64, limit: i64) -> Option<i64> {
    let search = Search { path, theta };
    let mut span = span.max(1);
    let mut a = 0;
    let mut at_a = path.point(0.0);
    while a + 1 < limit && a < FAR / 2 && !(at_a.v < theta && at_a.ceiling <= theta) {
        let b = a + span;
        let at_b = path.point(ms(b));
        if let Some(n) = search.within(a, &at_a, b, &at_b) {
            return (n < limit).then_some(n);
        }
        (a, at_a) = (b, at_b);
        span = (span * 2).min(FAR / 2);
    }
    None
}

/// The real-valued crossing \[ms\] near tick `n`, which [`first_crossing`] found.
pub(crate) fn refine(path: &impl Path, theta: f64, n: i64) -> f64 {
    let mut t = ms(n);
    for _ in 0..4 {
        let point = path.point(t);
        let step = (theta - point.v) / point.slope;
        // The crossing lies in the tick before n; a tangent path gives no direction.
        if step.is_finite() && step.abs() <= 2.0 / TICKS_PER_MS {
            t += step;
        }
    }
    t
}

/// A lower bound of the time \[ms\] that a membrane at `v`, with time constant `tau_m` and drawn at most to `ceiling`, needs to reach
/// `theta`: infinite if it can't. Relaxation to the ceiling is the fastest course; its time is tau_m ln(1 + x), where x is the rise
/// over the room above the threshold, and ln(1 + x) >= 2x / (2 + x): close where the wait is short, with one division and no logarithm.
#[inline(always)]
pub(crate) fn shortest_wait(v: f64, ceiling: f64, theta: f64, tau_m: f64) -> f64 {
    // Rounding may lift the computed path a little above the exact one.
    let room = ceiling - theta + 1e-13 * (ceiling.abs() + theta.abs() + v.abs());
    let rise = theta - v;
    let wait = 2.0 * rise / (2.0 * room + rise) * tau_m * (1.0 - 1e-12);
    // Choices rather than branches, so that a loop over neurons becomes vector instructions.
    let wait = if ceiling <= theta { f64::INFINITY } else { wait };
    if v >= theta { 0.0 } else { wait }
}

/// The tick `wait` ms after `origin`, rounded down; [`Time::NEVER`] for an infinite wait.
#[inline]
pub(crate) fn tick_after(origin: Time, wait: f64) -> Time {
    if wait.is_finite() { origin.saturating_add(Time((wait * TICKS_PER_MS) as i64)) } else { Time::NEVER }
}

struct Search<'a, P> {
    path: &'a P,
    theta: f64,
}

impl<P: Path> Search<'_, P> {
    /// The smallest tick in (a, b] with v >= theta.
    fn within(&self, a: i64, at_a: &Point, b: i64, at_b: &Point) -> Option<i64> {
        if b - a <= 1 {
            return (at_b.v >= self.theta).then_some(b);
        }
        let width = ms(b - a);
        if at_a.v < self.theta {
            if at_b.v < self.theta {
                let highest = highest_between(at_a.v, at_b.v, at_a.bend * width * width);
                if highest < self.theta || at_a.ceiling <= self.theta {
                    return None;
                }
            } else if at_a.slope >= at_a.bend * width {
                // Rising all the way, so there is one crossing.
                return Some(self.root(a, at_a, b));
            }
        }
        let middle = a + (b - a) / 2;
        let at_middle = self.path.point(ms(middle));
        self.within(a, at_a, middle, &at_middle).or_else(|| self.within(middle, &at_middle, b, at_b))
    }

    /// The smallest tick with v >= theta where v rises from below theta at `lo` to theta or more at `hi`.
    fn root(&self, mut lo: i64, at_lo: &Point, mut hi: i64) -> i64 {
        let mut guess = newton(lo, at_lo, self.theta);
        let mut round = 0;
        while hi - lo > 1 {
            // Newton converges in three or four rounds; the bisection between bounds the number of rounds in any case.
            round += 1;
            if round % 4 == 0 {
                guess = lo + (hi - lo) / 2;
            }
            guess = guess.clamp(lo + 1, hi - 1);
            let point = self.path.point(ms(guess));
            if point.v >= self.theta {
                hi = guess;
            } else {
                lo = guess;
            }
            guess = newton(guess, &point, self.theta);
        }
        hi
    }
}

/// Newton's next tick, which never stays where it is: from a tick that may be the result, it goes to its neighbour.
fn newton(n: i64, point: &Point, theta: f64) -> i64 {
    let step = ((theta - point.v) / point.slope * TICKS_PER_MS).ceil();
    let step = if step.is_finite() { step.clamp(-1e18, 1e18) as i64 } else { 0 };
    let step = match step {
        0 if point.v >= theta => -1,
        0 => 1,
        step => step,
    };
    n.saturating_add(step)
}

/// The largest value of a chord from `a` to `b` plus the parabola of height `k`/8 over it.
fn highest_between(a: f64, b: f64, k: f64) -> f64 {
    let rise = (b - a).abs();
    if rise >= k / 2.0 { a.max(b) } else { (a + b) / 2.0 + rise * rise / (2.0 * k) + k / 8.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// v = height - bend (t - peak)^2 / 2, whose chord bound is exact.
    struct Parabola {
        peak: f64,
        height: f64,
        bend: f64,
    }

    impl Path for Parabola {
        fn point(&self, t: f64) -> Point {
            let d = t - self.peak;
            let v = self.height - self.bend * d * d / 2.0;
            Point { v, slope: -self.bend * d, bend: self.bend, ceiling: self.height.max(v) }
        }
    }

    #[test]
    fn an_excursion_of_a_few_ticks_between_two_low_points_is_found() {
        let path = Parabola { peak: 3.333_333_333_1, height: 10.0 + 1e-15, bend: 2.0 };
        let n = first_crossing(&path, 10.0, 1_000_000_000, i64::MAX).unwrap();
        assert!(path.point(ms(n)).v >= 10.0 && path.point(ms(n - 1)).v < 10.0, "{n}");
    }

    #[test]
    fn the_bound_of_a_wait_is_below_the_wait_and_close_where_it_is_short() {
        let (theta, tau_m) = (20.0, 10.0);
        for i in 0..20_000 {
            let x = 1e-6 * (f64::from(i) * 0.002).exp();
            // Room of 4 mV above the threshold, a rise of x times as much.
            let v = theta - 4.0 * x;
            let (bound, exact) = (shortest_wait(v, theta + 4.0, theta, tau_m), tau_m * ((theta - v) / 4.0).ln_1p());
            assert!(bound <= exact, "{x}: {bound} against {exact}");
            assert!(x > 1.0 || bound >= exact * 0.96, "{x}: {bound} against {exact}");
            assert!(x < 1.0 || bound >= tau_m * 0.66, "{x}: {bound} against {exact}");
        }
        assert_eq!(shortest_wait(theta, theta + 4.0, theta, tau_m), 0.0);
        assert_eq!(shortest_wait(theta - 1.0, theta, theta, tau_m), f64::INFINITY);
    }

    #[test]
    fn a_path_that_stays_below_has_no_crossing() {
        let path = Parabola { peak: 3.333, height: 9.999_999, bend: 2.0 };
        assert_eq!(first_crossing(&path, 10.0, 1_000_000_000, i64::MAX), None);
    }

    #[test]
    fn the_bound_is_exclusive_and_does_not_move_the_crossing() {
        let path = Parabola { peak: 3.0, height: 12.0, bend: 1.5 };
        let n = first_crossing(&path, 10.0, 100_000_000, i64::MAX).unwrap();
        assert_eq!(first_crossing(&path, 10.0, 100_000_000, n), None);
        assert_eq!(first_crossing(&path, 10.0, 100_000_000, n + 1), Some(n));
        assert!((refine(&path, 10.0, n) - (3.0 - (2.0 * 2.0 / 1.5_f64).sqrt())).abs() < 1e-14);
    }
}
