//! Numbers from tables: rates, interspike intervals, correlations, histograms.
//!
//! Times are seconds, rates are Hz. Nothing here returns NaN: what is not defined
//! (the CV of two spikes, the correlation of a silent unit) is `None` or left out.

mod bins;
mod correlation;
mod correlogram;
mod cv2;
mod detection;
mod difference;
mod distribution;
mod fano;
mod histogram;
mod isi;
mod kolmogorov;
mod labelling;
mod lv;
mod moments;
mod observed;
mod rates;
mod spans;
mod spectrum;
mod statistics;
mod van_rossum;
mod victor_purpura;

pub use bins::Bins;
pub(crate) use bins::{ROUNDING, covering, off, whole_part};
pub use correlation::{Correlations, MOST_CORRELATED, correlations};
pub use correlogram::{Correlogram, correlogram, correlogram_of};
pub use cv2::cv2;
pub use detection::Detection;
pub use difference::{Difference, difference};
pub use distribution::Distribution;
pub use fano::fano;
pub use histogram::{Histogram, histogram, percentile};
pub use isi::{MIN_SPIKES_FOR_CV, cv, cv_of, cv_within, each_interval, intervals, intervals_within, mean_cv, unit_cvs};
pub use kolmogorov::{TwoSamples, kolmogorov_smirnov, kolmogorov_smirnov_sorted};
pub use labelling::{Counter, Evaluation, Responses, evaluate, parse_range};
pub use lv::{REFRACTORINESS, lv, lvr};
pub use moments::Moments;
pub use observed::{Observed, outside};
pub use rates::{BinnedRate, binned_rate, population_rate, unit_rates};
pub use spans::Spans;
pub use spectrum::{Spectrum, segment_length, welch};
pub use statistics::{Chosen, GroupStatistics, PairStatistics, Plan, Statistics, Trials, UnitStatistics, statistics};
pub use van_rossum::van_rossum;
pub use victor_purpura::{victor_purpura, victor_purpura_work};

use crate::spikes::{SourceError, SpikeSource};
use crate::units::rounded;

/// A question that has no answer: the window, bin or range is not one.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum AnalysisError {
    /// The window is empty, reversed or not finite.
    #[error("the window from {} s to {} s is empty; expected a start before its stop, both finite", tidy(*start), tidy(*stop))]
    Window {
        /// Its start \[s\].
        start: f64,
        /// Its stop \[s\].
        stop: f64,
    },
    /// The bin width is not positive and finite.
    #[error("the bin width is {0} s; expected a positive, finite time")]
    Bin(f64),
    /// A bin that does not fit into the window.
    #[error("the bin width {bin} s is longer than the window of {} s; choose a shorter bin or a longer window", tidy(*window))]
    WiderThanWindow {
        /// The bin \[s\].
        bin: f64,
        /// Length of the window \[s\].
        window: f64,
    },
    /// More bins than can sensibly be held.
    #[error("{bins:.0} bins of {bin} s; at most {limit} fit, choose wider bins or a shorter window")]
    TooManyBins {
        /// How many there would be.
        bins: f64,
        /// Their width \[s\].
        bin: f64,
        /// How many are allowed.
        limit: usize,
    },
    /// A segment of a spectrum that is no power of two, or longer than the signal.
    #[error("a spectrum over segments of {length} samples of a signal of {samples}; expected a power of two that fits")]
    Segment {
        /// Samples in a segment.
        length: usize,
        /// Samples in all.
        samples: usize,
    },
    /// More units than can be correlated pair by pair.
    #[error("{units} units; at most {limit} can be correlated pair by pair, choose fewer")]
    TooManyPairs {
        /// How many there are.
        units: usize,
        /// How many are allowed.
        limit: usize,
    },
    /// More counts of trials than can sensibly be held.
    #[error(
        "{trials} trials of {units} units; at most {limit} counts are held, choose fewer units or a shorter window"
    )]
    TooManyTrials {
        /// How many trials.
        trials: usize,
        /// How many units.
        units: usize,
        /// How many counts are allowed.
        limit: usize,
    },
    /// Spikes that should come in the order of time and do not.
    #[error("the spikes do not come in the order of time")]
    Unsorted,
    /// Spikes that cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The range of a histogram is empty or it has no bins.
    #[error("a histogram of {bins} bins from {low} to {high}; expected low < high and at least one bin")]
    Range {
        /// Lower end.
        low: f64,
        /// Upper end.
        high: f64,
        /// Number of bins.
        bins: usize,
    },
}

/// The largest number of bins along one axis.
pub const MAX_BINS: usize = 100_000_000;

/// A number without a row of zeros, which what is left of a window by rounding would have, and without its last digit, which sets
/// the end of a window behind its last spike.
pub fn tidy(number: f64) -> String {
    let number = rounded(number, 15);
    if number != 0.0 && number.abs() < 1e-6 { format!("{number:e}") } else { number.to_string() }
}

/// Checks that a window \[s\] is finite and not empty.
pub(crate) fn check_window(start: f64, stop: f64) -> Result<(), AnalysisError> {
    let fine = start.is_finite() && stop.is_finite() && start < stop && (stop - start).is_finite();
    if fine { Ok(()) } else { Err(AnalysisError::Window { start, stop }) }
}

/// Hands over the spikes of a window \[s\], which must come in the order of time.
fn in_order(
    source: &dyn SpikeSource,
    (start, stop): (f64, f64),
    each: &mut dyn FnMut(f64, u32),
) -> Result<(), AnalysisError> {
    let (mut last, mut sorted) = (f64::NEG_INFINITY, true);
    source.pieces(start, stop, &mut |times, units| {
        sorted &= times.first().is_none_or(|first| *first >= last) && times.is_sorted();
        last = times.last().copied().unwrap_or(last);
        if sorted {
            times.iter().zip(units).for_each(|(time, unit)| each(*time, *unit));
        }
    })?;
    if sorted { Ok(()) } else { Err(AnalysisError::Unsorted) }
}

/// The number of bins that cover a window; a last bin shorter than 1e-9 of a bin is rounding, not a bin.
pub(crate) fn number_of_bins(start: f64, stop: f64, bin: f64) -> Result<usize, AnalysisError> {
    check_window(start, stop)?;
    if !(bin > 0.0 && bin.is_finite()) {
        return Err(AnalysisError::Bin(bin));
    }
    let window = stop - start;
    if bin > window * (1.0 + 1e-9) {
        return Err(AnalysisError::WiderThanWindow { bin, window });
    }
    let bins = ((stop - start) / bin - 1e-9).ceil().max(1.0);
    if bins > MAX_BINS as f64 {
        return Err(AnalysisError::TooManyBins { bins, bin, limit: MAX_BINS });
    }
    Ok(bins as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_window_is_told_as_the_file_has_it() {
        assert_eq!([tidy(0.4f64.next_up()), tidy(2285.25f64.next_up()), tidy(-1.5)], ["0.4", "2285.25", "-1.5"]);
        assert_eq!([tidy(1.0 / 1024.0), tidy(4e-16), tidy(f64::INFINITY)], ["0.0009765625", "4e-16", "inf"]);
    }
}
