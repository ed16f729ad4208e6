//! Truncated Taylor series in time \[ms\].

/// Order of the expansion. A power of two, so that the step needs square roots only.
pub const ORDER: usize = 16;

/// Error of a step in each variable, relative to 1 unit plus its change in 1 ms: 1e-11 mV where v is slow, 1e-11 ms where it is fast.
pub const TOLERANCE: f64 = 1e-11;

/// Coefficients of s^0 .. s^ORDER.
pub type Series = [f64; ORDER + 1];

/// Coefficient `k` of the product of two series.
#[inline]
pub fn convolve(a: &Series, b: &Series, k: usize) -> f64 {
    let mut sum = 0.0;
    for j in 0..=k {
        sum += a[j] * b[k - j];
    }
    sum
}

/// The value at `s`.
#[inline]
pub(super) fn value(c: &Series, s: f64) -> f64 {
    c.iter().rev().fold(0.0, |sum, &coefficient| sum * s + coefficient)
}

/// Value and derivative at `s`.
#[inline]
pub(super) fn value_and_slope(c: &Series, s: f64) -> (f64, f64) {
    let (mut p, mut dp) = (c[ORDER], 0.0);
    for &coefficient in c[..ORDER].iter().rev() {
        dp = dp * s + p;
        p = p * s + coefficient;
    }
    (p, dp)
}

/// How far the series hold \[ms\], 0 where they do not: the next-to-last terms stay within the tolerance too, in case the last vanish.
pub(super) fn reach(series: &[Series], longest: f64) -> f64 {
    let mut reach = longest;
    for c in series {
        let allowed = TOLERANCE * (1.0 + c[1].abs());
        let last = c[ORDER].abs();
        if !(last.is_finite() && c[ORDER - 1].is_finite()) {
            // Where terms overflow the potential diverges long before the next tick.
            return 0.0;
        }
        if last > 0.0 {
            reach = reach.min((allowed / last).sqrt().sqrt().sqrt().sqrt());
        }
        // The bound on the term before the last is laxer by about the ratio of two terms.
        let before = c[ORDER - 1].abs();
        while before * power_15(reach) > 32.0 * allowed && reach > 1e-12 {
            reach *= 0.75;
        }
    }
    reach
}

fn power_15(x: f64) -> f64 {
    let x3 = x * x * x;
    let x5 = x3 * x * x;
    x5 * x5 * x5
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exponential() -> Series {
        let mut c = [1.0; ORDER + 1];
        for k in 1..=ORDER {
            c[k] = -c[k - 1] / k as f64;
        }
        c
    }

    #[test]
    fn an_exponential_holds_to_the_tolerance_at_its_reach() {
        let c = exponential();
        let reach = reach(&[c], 1e4);
        assert!(reach > 1.0 && reach < 2.0, "{reach}");
        let (p, dp) = value_and_slope(&c, reach);
        assert!((p - crate::math::exp(-reach)).abs() < 2e-11);
        assert!((dp + p).abs() < 1e-9);
        assert_eq!(p, value(&c, reach));
        assert!((convolve(&c, &c, 3) + 8.0 / 6.0).abs() < 1e-15);
    }

    #[test]
    fn a_constant_reaches_as_far_as_allowed() {
        let mut c = [0.0; ORDER + 1];
        c[0] = -70.0;
        assert_eq!(reach(&[c], 1e4), 1e4);
    }
}
