//! The response of a leaky membrane to decaying currents, without cancellation where time constants meet.
//!
//! The textbook factor (e^(-t/tau_syn) - e^(-t/tau_m)) / (1/tau_m - 1/tau_syn) loses all digits as
//! tau_syn approaches tau_m. Written as t e^(-t/tau_m) phi(x), with x = t (1/tau_m - 1/tau_syn) and phi
//! an entire function, it has no singularity: the series serves for small |x|, the difference of exponentials for large.
//! (Plesser & Diesmann 2009, doi:10.1162/neco.2008.11-07-643, for the method of exact integration.)

use crate::math;

/// 1/tau_m - 1/tau_syn \[1/ms\], from the difference of the time constants, which is exact where they are close.
pub fn rate_difference(tau_m: f64, tau_syn: f64) -> f64 {
    (tau_syn - tau_m) / (tau_syn * tau_m)
}

/// Coefficients 1/(n+1)!.
const PHI: [f64; 18] = inverse_factorials(false);
/// Coefficients 1/(n! (n+2)).
const PSI: [f64; 18] = inverse_factorials(true);

const fn inverse_factorials(psi: bool) -> [f64; 18] {
    let mut out = [0.0; 18];
    let mut factorial = 1.0;
    let mut n = 0;
    while n < 18 {
        if n > 0 {
            factorial *= n as f64;
        }
        out[n] = if psi { 1.0 / (factorial * (n as f64 + 2.0)) } else { 1.0 / (factorial * (n as f64 + 1.0)) };
        n += 1;
    }
    out
}

/// The sum of c_n x^n; fewer terms where |x| is small, so that 1e-17 is reached.
#[inline]
fn series(c: &[f64; 18], x: f64) -> f64 {
    let terms = if x.abs() < 0.0625 { 9 } else { 18 };
    let mut sum = 0.0;
    for n in (0..terms).rev() {
        sum = sum * x + c[n];
    }
    sum
}

/// Integral over s from 0 to t of e^(-(t-s)/tau_m) e^(-s/tau_syn) \[ms\].
///
/// `decay_m` and `decay_syn` are e^(-t/tau_m) and e^(-t/tau_syn), `difference` is [`rate_difference`].
#[inline]
pub fn exp_response(t: f64, decay_m: f64, decay_syn: f64, difference: f64) -> f64 {
    let x = t * difference;
    if x.abs() > 1.0 { (decay_syn - decay_m) / difference } else { t * decay_m * series(&PHI, x) }
}

/// [`series`] without a branch.
#[inline(always)]
fn series_in_lanes(c: &[f64; 18], x: f64) -> f64 {
    let (mut short, mut long) = (0.0, 0.0);
    for n in (0..9).rev() {
        short = short * x + c[n];
    }
    for n in (0..18).rev() {
        long = long * x + c[n];
    }
    if x.abs() < 0.0625 { short } else { long }
}

/// [`exp_response`] bit for bit, without a branch: a loop over neurons becomes vector instructions.
#[inline(always)]
pub fn exp_response_in_lanes(t: f64, decay_m: f64, decay_syn: f64, difference: f64) -> f64 {
    let x = t * difference;
    let near = t * decay_m * series_in_lanes(&PHI, x);
    if x.abs() > 1.0 { (decay_syn - decay_m) / difference } else { near }
}

/// [`alpha_response`] likewise.
#[inline(always)]
pub fn alpha_response_in_lanes(t: f64, decay_m: f64, decay_syn: f64, difference: f64) -> f64 {
    let x = t * difference;
    let near = t * t * decay_m * series_in_lanes(&PSI, x);
    let far = (decay_syn * (x - 1.0) + decay_m) / (difference * difference);
    if x.abs() > 1.0 { far } else { near }
}

/// Integral over s from 0 to t of e^(-(t-s)/tau_m) s e^(-s/tau_syn) \[ms^2\]; arguments as for [`exp_response`].
#[inline]
pub fn alpha_response(t: f64, decay_m: f64, decay_syn: f64, difference: f64) -> f64 {
    let x = t * difference;
    if x.abs() > 1.0 {
        (decay_syn * (x - 1.0) + decay_m) / (difference * difference)
    } else {
        t * t * decay_m * series(&PSI, x)
    }
}

/// e^(-t/tau).
#[inline]
pub fn decay(t: f64, tau: f64) -> f64 {
    math::exp(-t / tau)
}

/// e^(-t/tau) - 1: how far a membrane has come from its potential to its target, without a sign. Written with the decay, a target far away,
/// as that of a membrane that hardly leaks, would take all digits.
#[inline]
pub fn decay_m1(t: f64, tau: f64) -> f64 {
    relaxation(t, tau).1
}

/// e^(-t/tau), and that less 1 ([`decay_m1`]).
#[inline]
pub fn relaxation(t: f64, tau: f64) -> (f64, f64) {
    let x = (-t / tau).max(-700.0);
    (math::exp_in_range(x), math::exp_m1_in_range(x))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Composite Gauss-Legendre quadrature with 5 points on 256 pieces, of a positive integrand, with a compensated sum.
    fn integral(t: f64, f: impl Fn(f64) -> f64) -> f64 {
        let (x1, w1) = (0.538_469_310_105_683_1, 0.478_628_670_499_366_5);
        let (x2, w2) = (0.906_179_845_938_664, 0.236_926_885_056_189_1);
        let nodes = [(0.0, 128.0 / 225.0), (x1, w1), (-x1, w1), (x2, w2), (-x2, w2)];
        let h = t / 256.0;
        let (mut sum, mut lost) = (0.0, 0.0);
        for k in 0..256 {
            for (x, w) in nodes {
                let term = w * f(h * (f64::from(k) + 0.5 + x / 2.0)) - lost;
                let next = sum + term;
                lost = (next - sum) - term;
                sum = next;
            }
        }
        sum * h / 2.0
    }

    #[test]
    fn responses_match_quadrature_at_and_around_equal_time_constants() {
        let tau_m = 10.0;
        for ratio in
            [1.0, 1.0 + 1e-15, 1.0 - 1e-12, 1.0 + 1e-9, 1.0 - 1e-7, 1.0 + 1e-5, 1.001, 0.99, 1.3, 0.5, 0.05, 4.0]
        {
            let tau = tau_m * ratio;
            let d = rate_difference(tau_m, tau);
            for t in [1e-6, 1e-3, 0.1, 0.66, 1.0, 5.0, 11.0, 20.0] {
                let (dm, ds) = (decay(t, tau_m), decay(t, tau));
                let kernel = |s: f64| (-(t - s) / tau_m - s / tau).exp();
                let (g1, g2) = (exp_response(t, dm, ds, d), alpha_response(t, dm, ds, d));
                let (q1, q2) = (integral(t, kernel), integral(t, |s| s * kernel(s)));
                // Any factor e^-x carries the rounding of x itself, in the quadrature as well.
                let rounding = 1.0 + t / tau.min(tau_m) / 8.0;
                assert!((g1 / q1 - 1.0).abs() < 2e-15 * rounding, "exp: ratio {ratio} t {t}: {g1} against {q1}");
                assert!((g2 / q2 - 1.0).abs() < 4e-15 * rounding, "alpha: ratio {ratio} t {t}: {g2} against {q2}");
            }
        }
    }

    #[test]
    fn responses_are_finite_after_a_very_long_time() {
        for tau in [0.1, 10.0, 500.0] {
            let d = rate_difference(10.0, tau);
            for t in [1e4, 1e8] {
                let (dm, ds) = (decay(t, 10.0), decay(t, tau));
                assert!(exp_response(t, dm, ds, d).is_finite() && alpha_response(t, dm, ds, d).is_finite());
            }
        }
    }
}
