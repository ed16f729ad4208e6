//! Variability of spike counts: the Fano factor.

/// The variance of counts over their mean (U. Fano, Phys. Rev. 72, 26 (1947)), the variance that of the whole and not of a sample:
/// `elephant.statistics.fanofactor`. 1 for a Poisson process, 0 for counts that are all the same.
///
/// `None` without counts, and if all are 0.
pub fn fano(counts: impl IntoIterator<Item = u64>) -> Option<f64> {
    let (mut n, mut sum, mut squares) = (0, 0, 0);
    for count in counts {
        n += 1;
        sum += count;
        squares += count * count;
    }
    fano_of_sums(n, sum, squares)
}

/// The same from the number of counts, their sum, and the sum of their squares: (n S2 - S^2) / (n S), in integers but for the quotient.
pub(crate) fn fano_of_sums(n: u64, sum: u64, squares: u64) -> Option<f64> {
    let (n, sum) = (i128::from(n), i128::from(sum));
    (sum > 0).then(|| (n * i128::from(squares) - sum * sum) as f64 / (n * sum) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_factor_is_variance_over_mean() {
        // Mean 3, variance 2 / 3.
        assert_eq!(fano([2, 3, 4]), Some(2.0 / 9.0));
        assert_eq!(fano([5, 5, 5]), Some(0.0));
        assert_eq!((fano([]), fano([0, 0])), (None, None));
        // elephant.statistics.fanofactor of trains of 4 and 3 spikes, as its documentation has it.
        assert_eq!(fano([4, 3]), Some(0.07142857142857142));
    }
}
