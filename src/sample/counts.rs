//! Poisson and binomial counts: inversion for small means, transformed rejection with squeeze
//! for large ones (Hoermann 1993, "The transformed rejection method for generating Poisson random
//! variables", doi:10.1016/0167-6687(93)90997-4, and "The generation of binomial random variates",
//! doi:10.1080/00949659308811496). Both need the logarithm of a probability, which is computed as
//! in Loader 2000, "Fast and accurate computation of binomial probabilities": without the
//! cancellation of log-gamma functions, so that large counts stay accurate.

use crate::math;
use crate::rng::Stream;

/// Below this mean, counting up from 0 is faster than rejection (which needs a mean of 10).
const INVERSION: f64 = 10.0;

const LN_2_PI: f64 = 1.837_877_066_409_345_3;

/// A Poisson count of this mean, which is finite and not negative.
pub fn poisson(stream: &mut Stream, mean: f64) -> u64 {
    debug_assert!(mean.is_finite() && mean >= 0.0, "mean {mean}");
    if mean < INVERSION {
        return poisson_by_inversion(stream, mean);
    }
    let b = 0.931 + 2.53 * mean.sqrt();
    let a = -0.059 + 0.024_83 * b;
    let inverse_alpha = 1.1239 + 1.1328 / (b - 3.4);
    let squeeze = 0.9277 - 3.6224 / (b - 2.0);
    loop {
        let u = stream.uniform() - 0.5;
        let v = stream.uniform_open();
        let s = 0.5 - u.abs();
        let k = ((2.0 * a / s + b) * u + mean + 0.43).floor();
        if s >= 0.07 && v <= squeeze {
            return k as u64;
        }
        if k < 0.0 || (s < 0.013 && v > s) {
            continue;
        }
        if math::ln(v * inverse_alpha / (a / (s * s) + b)) <= ln_poisson(k, mean) {
            return k as u64;
        }
    }
}

/// One uniform number, compared with the running sum of the probabilities.
fn poisson_by_inversion(stream: &mut Stream, mean: f64) -> u64 {
    let mut rest = stream.uniform();
    let mut probability = math::exp(-mean);
    let mut k = 0;
    // Rounding can leave a rest that no probability takes up any more: then the tail has it.
    while rest >= probability && probability > 0.0 {
        rest -= probability;
        k += 1;
        probability *= mean / k as f64;
    }
    k
}

/// How many of `n` independent trials succeed, each with probability `p` (0 <= p <= 1).
pub fn binomial(stream: &mut Stream, n: u64, p: f64) -> u64 {
    debug_assert!((0.0..=1.0).contains(&p), "p {p}");
    if n == 0 || p <= 0.0 {
        0
    } else if p >= 1.0 {
        n
    } else if p > 0.5 {
        n - binomial_lower(stream, n, 1.0 - p)
    } else {
        binomial_lower(stream, n, p)
    }
}

/// `binomial` for 0 < p <= 1/2.
fn binomial_lower(stream: &mut Stream, n: u64, p: f64) -> u64 {
    let trials = n as f64;
    if trials * p < INVERSION {
        return binomial_by_inversion(stream, n, p);
    }
    let deviation = (trials * p * (1.0 - p)).sqrt();
    let b = 1.15 + 2.53 * deviation;
    let a = -0.0873 + 0.0248 * b + 0.01 * p;
    let c = trials * p + 0.5;
    let alpha = (2.83 + 5.1 / b) * deviation;
    let squeeze = 0.92 - 4.2 / b;
    // Only one in seven needs it.
    let mut at_mode = None;
    loop {
        let u = stream.uniform() - 0.5;
        let v = stream.uniform_open();
        let s = 0.5 - u.abs();
        let k = ((2.0 * a / s + b) * u + c).floor();
        if s >= 0.07 && v <= squeeze {
            return (k as u64).min(n);
        }
        if !(0.0..=trials).contains(&k) {
            continue;
        }
        let at_mode = *at_mode.get_or_insert_with(|| ln_binomial(((trials + 1.0) * p).floor(), trials, p));
        if math::ln(v * alpha / (a / (s * s) + b)) <= ln_binomial(k, trials, p) - at_mode {
            return (k as u64).min(n);
        }
    }
}

/// One uniform number, compared with the running sum of the probabilities.
fn binomial_by_inversion(stream: &mut Stream, n: u64, p: f64) -> u64 {
    let odds = p / (1.0 - p);
    let mut rest = stream.uniform();
    let mut probability = math::exp(n as f64 * math::ln_1p(-p));
    let mut k = 0;
    while rest >= probability && probability > 0.0 && k < n {
        rest -= probability;
        probability *= odds * (n - k) as f64 / (k + 1) as f64;
        k += 1;
    }
    k
}

/// ln of the probability of the count `k` under a Poisson distribution.
fn ln_poisson(k: f64, mean: f64) -> f64 {
    if k == 0.0 {
        return -mean;
    }
    -stirling_error(k) - deviance(k, mean) - 0.5 * (LN_2_PI + math::ln(k))
}

/// ln of the probability of `k` successes in `n` trials, 0 < p < 1.
fn ln_binomial(k: f64, n: f64, p: f64) -> f64 {
    if k == 0.0 {
        return n * math::ln_1p(-p);
    }
    if k == n {
        return n * math::ln(p);
    }
    stirling_error(n) - stirling_error(k) - stirling_error(n - k) - deviance(k, n * p) - deviance(n - k, n * (1.0 - p))
        + 0.5 * (math::ln(n / k / (n - k)) - LN_2_PI)
}

/// ln(k!) minus Stirling's approximation of it, k >= 1.
fn stirling_error(k: f64) -> f64 {
    if k >= 16.0 {
        let square = k * k;
        return (1.0 / 12.0
            - (1.0 / 360.0 - (1.0 / 1260.0 - (1.0 / 1680.0 - 1.0 / 1188.0 / square) / square) / square) / square)
            / k;
    }
    let factorial = (2..=k as u32).fold(1.0, |product, i| product * f64::from(i));
    math::ln(factorial) - ((k + 0.5) * math::ln(k) - k + 0.5 * LN_2_PI)
}

/// x ln(x/m) + m - x, by its series near x = m, where the terms cancel.
fn deviance(x: f64, m: f64) -> f64 {
    if (x - m).abs() >= 0.1 * (x + m) {
        return x * math::ln(x / m) + m - x;
    }
    let v = (x - m) / (x + m);
    let mut sum = (x - m) * v;
    let mut term = 2.0 * x * v;
    for j in 1..1000 {
        term *= v * v;
        let next = sum + term / f64::from(2 * j + 1);
        if next == sum {
            break;
        }
        sum = next;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_follow_the_recurrence_and_sum_to_one() {
        for mean in [0.3, 10.0, 400.0] {
            let p: Vec<f64> = (0..1000).map(|k| math::exp(ln_poisson(f64::from(k), mean))).collect();
            assert!((p.iter().sum::<f64>() - 1.0).abs() < 1e-12);
            for k in 1..600 {
                let expected = mean / k as f64;
                assert!(p[k] < 1e-290 || (p[k] / p[k - 1] / expected - 1.0).abs() < 1e-11, "{mean} {k}");
            }
        }
        for (n, q) in [(7.0, 0.5), (40.0, 0.3), (900.0, 0.02)] {
            let p: Vec<f64> = (0..=n as u32).map(|k| math::exp(ln_binomial(f64::from(k), n, q))).collect();
            assert!((p.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        }
    }
}
