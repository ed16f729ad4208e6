//! How different two samples are distributed.

use std::convert::Infallible;

/// The comparison of two samples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TwoSamples {
    /// The largest difference of their cumulative distributions, 0 to 1.
    pub distance: f64,
    /// The probability that two samples of one distribution differ as much or more, for large numbers of independent values.
    pub p: f64,
    /// Number of values of the first.
    pub n_first: usize,
    /// Number of values of the second.
    pub n_second: usize,
}

/// Compares two samples of numbers, in any order (A. N. Kolmogorov, G. Ist. Ital. Attuari 4, 83 (1933); N. V. Smirnov, Ann. Math. Stat. 19,
/// 279 (1948)); `distance` is the statistic of `scipy.stats.ks_2samp`, `p` is `scipy.special.kolmogorov` of it times
/// sqrt(n m / (n + m)). None if one of them is empty.
pub fn kolmogorov_smirnov(mut first: Vec<f64>, mut second: Vec<f64>) -> Option<TwoSamples> {
    first.sort_unstable_by(f64::total_cmp);
    second.sort_unstable_by(f64::total_cmp);
    let rising = |values: Vec<f64>| (values.len(), values.into_iter().map(Ok::<f64, Infallible>));
    match kolmogorov_smirnov_sorted(rising(first), rising(second)) {
        Ok(found) => found,
    }
}

/// The same of samples that come in rising order, with how many numbers they have.
///
/// # Errors
/// What the first number has that can't be had.
pub fn kolmogorov_smirnov_sorted<E>(
    (n, first): (usize, impl Iterator<Item = Result<f64, E>>),
    (m, second): (usize, impl Iterator<Item = Result<f64, E>>),
) -> Result<Option<TwoSamples>, E> {
    if n == 0 || m == 0 {
        return Ok(None);
    }
    let (mut first, mut second) = (first.fuse(), second.fuse());
    let (mut a, mut b) = (first.next().transpose()?, second.next().transpose()?);
    let (mut i, mut j, mut largest) = (0, 0, 0);
    while let (Some(x), Some(y)) = (a, b) {
        let at = x.min(y);
        while a.is_some_and(|x| x <= at) {
            i += 1;
            a = first.next().transpose()?;
        }
        while b.is_some_and(|y| y <= at) {
            j += 1;
            b = second.next().transpose()?;
        }
        // i / n - j / m, in integers.
        largest = largest.max((i as u128 * m as u128).abs_diff(j as u128 * n as u128));
    }
    let (a, b) = (n as f64, m as f64);
    let distance = largest as f64 / (a * b);
    Ok(Some(TwoSamples { distance, p: survival(distance * (a * b / (a + b)).sqrt()), n_first: n, n_second: m }))
}

/// The limiting distribution: 2 sum_k (-1)^(k - 1) exp(-2 k^2 x^2), and for small x the series of its transform.
fn survival(x: f64) -> f64 {
    use std::f64::consts::PI;
    if x <= 0.0 {
        return 1.0;
    }
    let odd = |k: i32| f64::from(2 * k - 1);
    let p = if x < 0.8 {
        let terms = (1..=20).map(|k| (-(odd(k) * PI / x).powi(2) / 8.0).exp());
        1.0 - (2.0 * PI).sqrt() / x * terms.sum::<f64>()
    } else {
        let sign = |k: i32| if k % 2 == 1 { 2.0 } else { -2.0 };
        (1..=20).map(|k| sign(k) * (-2.0 * (f64::from(k) * x).powi(2)).exp()).sum()
    };
    p.clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_distance_is_the_largest_gap_between_the_steps() {
        let of = |a: &[f64], b: &[f64]| kolmogorov_smirnov(a.to_vec(), b.to_vec()).unwrap().distance;
        assert_eq!(of(&[1.0, 2.0, 3.0], &[1.0, 2.0, 3.0]), 0.0);
        assert_eq!(of(&[1.0, 2.0], &[3.0, 4.0, 5.0]), 1.0);
        assert_eq!(of(&[1.0, 2.0, 3.0, 4.0], &[2.5, 3.5, 4.5, 5.5]), 0.5);
        // Ties are one step.
        assert_eq!(of(&[1.0, 1.0, 2.0], &[1.0, 2.0, 2.0]), 1.0 / 3.0);
        assert_eq!(kolmogorov_smirnov(vec![], vec![1.0]), None);
    }

    #[test]
    fn both_series_give_the_tabulated_probabilities() {
        // scipy.special.kolmogorov
        let table = [
            (0.3, 0.9999906941986655),
            (0.5, 0.9639452436648751),
            (0.8, 0.5441424115741981),
            (1.0, 0.26999967167735456),
            (1.36, 0.049485876755377876),
            (2.0, 0.0006709252557796953),
        ];
        for (x, p) in table {
            assert!((survival(x) - p).abs() < 1e-13, "{x}: {} {p}", survival(x));
        }
        assert_eq!((survival(0.0), survival(1e-3), survival(50.0)), (1.0, 1.0, 0.0));
    }
}
