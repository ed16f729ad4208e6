//! The first crossing of a level by a Taylor polynomial, to the tick.

use super::series::{ORDER, Series, value_and_slope};
use crate::time::TICKS_PER_MS;

/// The first tick n in `first`..=`last` at which the polynomial is at `level` or above; `first` is 1 or more.
///
/// From each point it goes as far as a bound on the second derivative proves safe, so it can't jump over a maximum
/// that pokes through the level; near a crossing this is Newton's method from below.
pub(super) fn first_at_or_above(c: &Series, level: f64, first: i64, last: i64) -> Option<i64> {
    let h = last as f64 / TICKS_PER_MS;
    let (mut highest, mut curvature) = (0.0, 0.0);
    for k in (2..=ORDER).rev() {
        let size = c[k].abs();
        highest = highest * h + size;
        curvature = curvature * h + (k * (k - 1)) as f64 * size;
    }
    // v0 + max(v1, 0) h + sum |vk| h^k is above all that the polynomial reaches.
    if c[0] + h * (c[1].max(0.0) + h * highest) < level {
        return None;
    }
    let mut n = first;
    if n > last {
        return None;
    }
    loop {
        let (p, slope) = value_and_slope(c, n as f64 / TICKS_PER_MS);
        let gap = level - p;
        if gap <= 0.0 {
            return Some(n);
        }
        if slope <= 0.0 && curvature == 0.0 {
            return None;
        }
        // The smallest d with slope d + curvature d^2 / 2 = gap, in the form without cancellation.
        let root = (slope * slope + 2.0 * curvature * gap).sqrt();
        let safe = if slope > 0.0 { 2.0 * gap / (slope + root) } else { (root - slope) / curvature };
        // Casts saturate, also where nothing ever crosses; NaN advances by one tick.
        let ticks = (safe * TICKS_PER_MS) as i64;
        n = n.saturating_add(ticks.max(1));
        if n > last {
            return None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(coefficients: &[f64]) -> Series {
        let mut c = [0.0; ORDER + 1];
        c[..coefficients.len()].copy_from_slice(coefficients);
        c
    }

    #[test]
    fn the_first_tick_at_or_above_the_level_is_found() {
        // 2 s - s^2 crosses 0.5 at 1 - sqrt(0.5) = 0.2928932188134524.
        assert_eq!(first_at_or_above(&series(&[0.0, 2.0, -1.0]), 0.5, 1, 2_000_000_000), Some(292_893_219));
        assert_eq!(first_at_or_above(&series(&[0.0, 1.0]), 0.25, 1, 1_000_000_000), Some(250_000_000));
    }

    #[test]
    fn a_maximum_that_pokes_through_by_one_part_in_a_billion_is_found() {
        let c = series(&[0.0, 2.0, -1.0]);
        assert_eq!(first_at_or_above(&c, 1.0 + 1e-12, 1, 2_000_000_000), None);
        let n = first_at_or_above(&c, 1.0 - 1e-9, 1, 2_000_000_000).unwrap();
        assert!((n as f64 / 1e9 - (1.0 - 1e-9f64.sqrt())).abs() < 1e-8, "{n}");
    }

    #[test]
    fn a_falling_or_constant_curve_crosses_nothing() {
        assert_eq!(first_at_or_above(&series(&[-1.0]), 0.0, 1, i64::MAX), None);
        assert_eq!(first_at_or_above(&series(&[-1.0, -3.0, 0.5]), 0.0, 1, 1_000_000_000), None);
        assert_eq!(first_at_or_above(&series(&[0.0]), 0.0, 1, 5), Some(1));
    }
}
