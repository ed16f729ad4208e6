//! Cross-correlograms: when one train fires, relative to another.

use super::AnalysisError;

/// Counts of the lags `target - reference` between spikes of two trains.
#[derive(Clone, Debug, PartialEq)]
pub struct Correlogram {
    /// Width of a bin \[s\].
    pub bin: f64,
    /// Pairs by lag: `2 n + 1` bins, the middle one around lag 0.
    pub counts: Vec<u64>,
    /// Number of reference spikes.
    pub references: usize,
}

impl Correlogram {
    /// Lag in the middle of a bin \[s\].
    pub fn lag(&self, index: usize) -> f64 {
        (index as f64 - (self.counts.len() / 2) as f64) * self.bin
    }

    /// The rate of the target around a spike of the reference \[Hz\]; zeros if there is none.
    pub fn hz(&self) -> Vec<f64> {
        let per = self.bin * self.references.max(1) as f64;
        self.counts.iter().map(|n| *n as f64 / per).collect()
    }
}

/// Counts, for every pair of a spike in `reference` and one in `target` (both sorted, in s), their lag in bins of `bin` seconds
/// centred on multiples of it, as far as the last bin within `reach`. Of a train against itself (`same`), a spike is not paired
/// with itself (D. H. Perkel, G. L. Gerstein, G. P. Moore, Biophys. J. 7, 419 (1967)).
///
/// # Errors
/// If the bin is not positive or longer than `reach`.
pub fn correlogram(
    reference: &[f64],
    target: &[f64],
    same: bool,
    bin: f64,
    reach: f64,
) -> Result<Correlogram, AnalysisError> {
    if !(bin > 0.0 && bin.is_finite()) {
        return Err(AnalysisError::Bin(bin));
    }
    if !(reach.is_finite() && bin <= reach) {
        return Err(AnalysisError::WiderThanWindow { bin, window: reach });
    }
    let side = (reach / bin + 1e-9).floor();
    if side > super::MAX_BINS as f64 / 2.0 {
        return Err(AnalysisError::TooManyBins { bins: 2.0 * side, bin, limit: super::MAX_BINS });
    }
    let side = side as i64;
    let mut counts = vec![0u64; 2 * side as usize + 1];
    let edge = (side as f64 + 0.5) * bin;
    let mut first = 0;
    for (i, &at) in reference.iter().enumerate() {
        while first < target.len() && target[first] - at < -edge {
            first += 1;
        }
        for (j, &other) in target.iter().enumerate().skip(first).take_while(|(_, t)| **t - at <= edge) {
            let place = ((other - at) / bin).round() as i64 + side;
            if !(same && i == j) && (0..=2 * side).contains(&place) {
                counts[place as usize] += 1;
            }
        }
    }
    Ok(Correlogram { bin, counts, references: reference.len() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lags_are_counted_around_multiples_of_the_bin() {
        let found = correlogram(&[1.0, 2.0], &[0.0, 1.01, 1.06, 2.5], false, 0.1, 0.2).unwrap();
        // 1.01 - 1 lies in the middle bin, 1.06 - 1 in the next; 2.5 and 0 are too far.
        assert_eq!(found.counts, [0, 0, 1, 1, 0]);
        assert!((found.lag(0) + 0.2).abs() < 1e-12 && found.lag(2) == 0.0);
        assert_eq!(found.hz()[2], 1.0 / (0.1 * 2.0));
    }

    #[test]
    fn a_train_against_itself_leaves_its_own_spikes_out_and_is_symmetric() {
        let train = [0.0, 0.1, 0.25, 0.3];
        let found = correlogram(&train, &train, true, 0.05, 0.3).unwrap();
        assert_eq!(found.counts[found.counts.len() / 2], 0);
        assert!(found.counts.iter().eq(found.counts.iter().rev()));
        assert_eq!(found.counts.iter().sum::<u64>(), 12);
        assert!(correlogram(&train, &train, true, 0.5, 0.3).is_err());
        assert!(correlogram(&train, &train, true, 0.0, 0.3).is_err());
    }
}
