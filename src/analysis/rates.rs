//! Firing rates.

use std::ops::Range;

use super::bins::covering;
use super::{AnalysisError, check_window, number_of_bins};
use crate::spikes::{SpikeSource, SpikeTable};

/// The rate of a population in bins of equal width, but for the last, which ends with the window.
#[derive(Clone, Debug, PartialEq)]
pub struct BinnedRate {
    /// Start of the first bin \[s\].
    pub start: f64,
    /// End of the last bin \[s\].
    pub stop: f64,
    /// Width of a bin \[s\].
    pub bin: f64,
    /// Mean rate of a unit in each bin \[Hz\].
    pub hz: Vec<f64>,
}

impl BinnedRate {
    /// Start and end of a bin \[s\].
    pub fn edges(&self, index: usize) -> (f64, f64) {
        let from = self.start + index as f64 * self.bin;
        let to = if index + 1 >= self.hz.len() { self.stop } else { self.start + (index + 1) as f64 * self.bin };
        (from, to)
    }
}

/// Spikes per second of each unit over `start <= t < stop` \[Hz\], in the order of the units.
///
/// # Errors
/// If the window is empty, or spikes cannot be read.
pub fn unit_rates(spikes: &dyn SpikeSource, start: f64, stop: f64) -> Result<Vec<f64>, AnalysisError> {
    check_window(start, stop)?;
    let counts = spikes.counts(start, stop)?;
    Ok(counts.into_iter().map(|n| n as f64 / (stop - start)).collect())
}

/// The mean rate of these units over `start <= t < stop` \[Hz\]; 0 for no units.
///
/// # Errors
/// If the window is empty.
pub fn population_rate(spikes: &SpikeTable, units: Range<usize>, start: f64, stop: f64) -> Result<f64, AnalysisError> {
    let rates = unit_rates(spikes, start, stop)?;
    let end = units.end.min(rates.len());
    let chosen = &rates[units.start.min(end)..end];
    Ok(if chosen.is_empty() { 0.0 } else { chosen.iter().sum::<f64>() / chosen.len() as f64 })
}

/// The mean rate of these units in bins of `bin` seconds over `start <= t < stop`; zeros for no units.
///
/// # Errors
/// If the window is empty, the bin is not positive, or there are too many bins.
pub fn binned_rate(
    spikes: &SpikeTable,
    units: Range<usize>,
    start: f64,
    stop: f64,
    bin: f64,
) -> Result<BinnedRate, AnalysisError> {
    let bins = number_of_bins(start, stop, bin)?;
    let mut rate = BinnedRate { start, stop, bin, hz: vec![0.0; bins] };
    for (&time, &unit) in spikes.times.iter().zip(&spikes.units) {
        if time >= start
            && units.contains(&(unit as usize))
            && let Some(place) = covering(time, (start, stop), bin, bins)
        {
            rate.hz[place] += 1.0;
        }
    }
    let members = units.end.min(spikes.unit_ids.len()).saturating_sub(units.start).max(1) as f64;
    for index in 0..bins {
        let (from, to) = rate.edges(index);
        rate.hz[index] /= (to - from).max(f64::MIN_POSITIVE) * members;
    }
    Ok(rate)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two_units() -> SpikeTable {
        SpikeTable::from_units(vec![7, 9], &[vec![0.0, 0.1, 0.2, 1.0], vec![0.25]]).unwrap()
    }

    #[test]
    fn a_rate_is_the_count_over_the_half_open_window() {
        assert_eq!(unit_rates(&two_units(), 0.0, 0.5).unwrap(), [6.0, 2.0]);
        assert_eq!(unit_rates(&two_units(), 0.0, 1.0).unwrap(), [3.0, 1.0]);
        assert_eq!(population_rate(&two_units(), 0..2, 0.0, 1.0).unwrap(), 2.0);
        assert_eq!(population_rate(&two_units(), 5..9, 0.0, 1.0).unwrap(), 0.0);
    }

    #[test]
    fn an_empty_reversed_or_nan_window_is_an_error() {
        for (start, stop) in [(1.0, 1.0), (2.0, 1.0), (f64::NAN, 1.0), (0.0, f64::INFINITY)] {
            assert!(matches!(unit_rates(&two_units(), start, stop), Err(AnalysisError::Window { .. })));
        }
        assert_eq!(binned_rate(&two_units(), 0..2, 0.0, 1.0, 0.0), Err(AnalysisError::Bin(0.0)));
    }

    #[test]
    fn bins_hold_the_mean_rate_per_unit_and_the_last_one_may_be_shorter() {
        let rate = binned_rate(&two_units(), 0..2, 0.0, 0.3, 0.2).unwrap();
        assert_eq!(rate.hz.len(), 2);
        assert!((rate.hz[0] - 2.0 / 0.2 / 2.0).abs() < 1e-12);
        assert!((rate.hz[1] - 2.0 / 0.1 / 2.0).abs() < 1e-9, "{}", rate.hz[1]);
        assert_eq!(rate.edges(1), (0.2, 0.3));
    }

    #[test]
    fn rounding_makes_no_extra_bin() {
        assert_eq!(binned_rate(&two_units(), 0..2, 0.0, 0.3, 0.1).unwrap().hz.len(), 3);
    }
}
