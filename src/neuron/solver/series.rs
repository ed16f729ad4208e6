//! Truncated Taylor series in time \[ms\].

/// Order of the expansion. A power of two, so that the step needs square roots only.
pub const ORDER: usize = 16;

/// Error of a step in each variable, relative to 1 unit plus its change in 1 ms: 1e-11 mV where v is slow, 1e-11 ms where it is fast.
pub const TOLERANCE: f64 = 1e-11;

/// Order of the expansion with which a piece begins, for models that ask for it: where events come soon after each other nothing more is
/// needed, at a quarter of the work.
pub const NEAR: usize = 8;

/// Error of what is expanded to that order: less, since it ends a piece more often.
const NEAR_TOLERANCE: f64 = 1e-12;

/// Coefficients of s^0 .. s^ORDER.
pub type Series = [f64; ORDER + 1];

/// 1 / (k + 1).
pub const INVERSE: [f64; ORDER] = {
    let mut all = [1.0; ORDER];
    let mut k = 0;
    while k < ORDER {
        all[k] = 1.0 / (k + 1) as f64;
        k += 1;
    }
    all
};

/// Coefficient `k` of the product of two series. In four sums, so that additions need not wait for each other.
#[inline]
pub fn convolve(a: &Series, b: &Series, k: usize) -> f64 {
    let mut sums = [0.0; 4];
    for j in 0..=k {
        sums[j % 4] += a[j] * b[k - j];
    }
    (sums[0] + sums[1]) + (sums[2] + sums[3])
}

/// Coefficient `k` of the square of a series.
#[inline]
pub fn square(a: &Series, k: usize) -> f64 {
    let mut sums = [0.0; 2];
    for j in 0..k.div_ceil(2) {
        sums[j % 2] += a[j] * a[k - j];
    }
    let middle = if k.is_multiple_of(2) { a[k / 2] * a[k / 2] } else { 0.0 };
    2.0 * (sums[0] + sums[1]) + middle
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

/// How far series of order `K`, 8 or 16, hold \[ms\], 0 where they do not: the next-to-last terms stay within the tolerance too, in case the last
/// vanish.
pub(super) fn reach<const K: usize>(series: &[Series], longest: f64) -> f64 {
    let tolerance = if K == ORDER { TOLERANCE } else { NEAR_TOLERANCE };
    let mut reach = longest;
    for c in series {
        let allowed = tolerance * (1.0 + c[1].abs());
        let last = c[K].abs();
        if !(last.is_finite() && c[K - 1].is_finite()) {
            // Where terms overflow the potential diverges long before the next tick.
            return 0.0;
        }
        if last > 0.0 {
            let eighth = (allowed / last).sqrt().sqrt().sqrt();
            reach = reach.min(if K == ORDER { eighth.sqrt() } else { eighth });
        }
        // The bound on the term before the last is laxer by about the ratio of two terms.
        let before = c[K - 1].abs();
        while before * power(reach, K - 1) > 32.0 * allowed && reach > 1e-12 {
            reach *= 0.75;
        }
    }
    reach
}

/// x^n for n of 7 or 15.
fn power(x: f64, n: usize) -> f64 {
    let x3 = x * x * x;
    if n < 8 {
        return x3 * x3 * x;
    }
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
        let reach = reach::<ORDER>(&[c], 1e4);
        assert!(reach > 1.0 && reach < 2.0, "{reach}");
        let (p, dp) = value_and_slope(&c, reach);
        assert!((p - crate::math::exp(-reach)).abs() < 2e-11);
        assert!((dp + p).abs() < 1e-9);
        assert_eq!(p, value(&c, reach));
        for k in 0..=ORDER {
            let plain: f64 = (0..=k).map(|j| c[j] * c[k - j]).sum();
            assert!((convolve(&c, &c, k) - plain).abs() < 1e-14 && (square(&c, k) - plain).abs() < 1e-14, "{k}");
        }
    }

    #[test]
    fn a_few_terms_of_an_exponential_hold_to_their_tolerance() {
        let mut c = exponential();
        c[NEAR + 1..].fill(0.0);
        let reach = reach::<NEAR>(&[c], 1e4);
        assert!(reach > 0.05 && reach < 0.2, "{reach}");
        assert!((value(&c, reach) - crate::math::exp(-reach)).abs() < 2e-12);
    }

    #[test]
    fn a_constant_reaches_as_far_as_allowed() {
        let mut c = [0.0; ORDER + 1];
        c[0] = -70.0;
        assert_eq!(reach::<ORDER>(&[c], 1e4), 1e4);
        assert_eq!(reach::<NEAR>(&[c], 1e4), 1e4);
    }
}
