//! How numbers of units are distributed, in a few figures.

use super::percentile;

/// Figures of a list of numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Distribution {
    /// How many.
    pub n: usize,
    /// Their mean.
    pub mean: f64,
    /// Their standard deviation, that of the whole and not of a sample.
    pub std: f64,
    /// The smallest.
    pub min: f64,
    /// The one in the middle, or the mean of the two that are.
    pub median: f64,
    /// The largest.
    pub max: f64,
}

impl Distribution {
    /// Of these numbers, in any order; none if there are none.
    pub fn of(mut values: Vec<f64>) -> Option<Distribution> {
        values.sort_unstable_by(f64::total_cmp);
        let (&min, &max) = values.first().zip(values.last())?;
        let n = values.len();
        let mean = values.iter().sum::<f64>() / n as f64;
        let std = (values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / n as f64).sqrt();
        Some(Distribution { n, mean, std, min, median: percentile(&values, 0.5)?, max })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_those_by_hand() {
        let found = Distribution::of(vec![4.0, 1.0, 3.0, 2.0]).unwrap();
        let expected = Distribution { n: 4, mean: 2.5, std: 1.25f64.sqrt(), min: 1.0, median: 2.5, max: 4.0 };
        assert_eq!(found, expected);
        assert_eq!(Distribution::of(Vec::new()), None);
    }
}
