//! Histograms and percentiles of plain numbers.

use super::AnalysisError;

/// Counts in bins of equal width.
#[derive(Clone, Debug, PartialEq)]
pub struct Histogram {
    /// Lower end of the first bin.
    pub low: f64,
    /// Upper end of the last bin.
    pub high: f64,
    /// Values in each bin; the last bin holds its upper end too.
    pub counts: Vec<u64>,
    /// Values that lie outside, or are not finite.
    pub outside: u64,
}

impl Histogram {
    /// Width of a bin.
    pub fn width(&self) -> f64 {
        (self.high - self.low) / self.counts.len() as f64
    }

    /// Lower end of a bin.
    pub fn edge(&self, index: usize) -> f64 {
        self.low + index as f64 * self.width()
    }

    /// Counts one more value.
    pub fn add(&mut self, value: f64) {
        if value >= self.low && value <= self.high {
            let place = ((value - self.low) / self.width()) as usize;
            let last = self.counts.len() - 1;
            self.counts[place.min(last)] += 1;
        } else {
            self.outside += 1;
        }
    }

    /// The share of all counted values in each bin; zeros if there are none.
    pub fn shares(&self) -> Vec<f64> {
        let total = self.counts.iter().sum::<u64>().max(1) as f64;
        self.counts.iter().map(|&count| count as f64 / total).collect()
    }
}

/// Counts `values` in `bins` bins over `low <= v <= high`.
///
/// # Errors
/// If the range is empty or not finite, or there are no bins.
pub fn histogram(values: &[f64], low: f64, high: f64, bins: usize) -> Result<Histogram, AnalysisError> {
    let width = (high - low) / bins as f64;
    if bins == 0 || !(width > 0.0 && width.is_finite()) {
        return Err(AnalysisError::Range { low, high, bins });
    }
    let mut result = Histogram { low, high, counts: vec![0; bins], outside: 0 };
    values.iter().for_each(|value| result.add(*value));
    Ok(result)
}

/// The value below which this share (0 to 1) of `sorted` lies, interpolated between neighbours; `None` if it is empty.
pub fn percentile(sorted: &[f64], share: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let place = share.clamp(0.0, 1.0) * last as f64;
    let below = sorted[place.floor() as usize];
    let above = sorted[place.ceil() as usize];
    Some(below + (above - below) * place.fract())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_count_and_nan_is_outside() {
        let result = histogram(&[0.0, 0.5, 1.0, 1.5, 2.0, 2.1, -0.1, f64::NAN], 0.0, 2.0, 2).unwrap();
        assert_eq!(result.counts, [2, 3]);
        assert_eq!(result.outside, 3);
        assert_eq!(result.shares(), [0.4, 0.6]);
        assert_eq!((result.edge(1), result.width()), (1.0, 1.0));
    }

    #[test]
    fn an_empty_range_is_an_error_and_no_values_are_not() {
        assert!(histogram(&[1.0], 1.0, 1.0, 3).is_err());
        assert!(histogram(&[1.0], 0.0, f64::NAN, 3).is_err());
        assert!(histogram(&[1.0], 0.0, 1.0, 0).is_err());
        assert_eq!(histogram(&[], 0.0, 1.0, 2).unwrap().shares(), [0.0, 0.0]);
    }

    #[test]
    fn percentiles_interpolate() {
        assert_eq!(percentile(&[1.0, 2.0, 3.0], 0.5), Some(2.0));
        assert_eq!(percentile(&[0.0, 10.0], 0.1), Some(1.0));
        assert_eq!(percentile(&[], 0.5), None);
    }
}
