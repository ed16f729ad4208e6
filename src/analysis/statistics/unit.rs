//! What one train shows, while its spikes go by.

use super::super::cv2::contrast;
use super::super::isi::beyond_rounding;
use super::super::lv::{REFRACTORINESS, lv_term, lvr_term};
use super::super::moments::Moments;

/// A train so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Train {
    spikes: u64,
    last: f64,
    /// The largest time, or minus the least.
    furthest: f64,
    /// Was there a gap in what was observed since the last spike?
    rested: bool,
    interval: Option<f64>,
    intervals: Moments,
    /// Pairs of intervals of which not both are 0, and their sums.
    pairs: u64,
    cv2: f64,
    lv: f64,
    lvr: f64,
}

impl Train {
    /// A spike, not before the last one.
    #[inline]
    pub fn add(&mut self, time: f64) {
        self.spikes += 1;
        self.furthest = self.furthest.max(time.abs());
        let before = std::mem::replace(&mut self.last, time);
        if std::mem::replace(&mut self.rested, false) || self.spikes == 1 {
            return;
        }
        let interval = time - before;
        self.intervals.add(interval);
        if let Some(previous) = self.interval.replace(interval)
            && let Some(contrast) = contrast(previous, interval)
        {
            self.pairs += 1;
            self.cv2 += 2.0 * contrast.abs();
            self.lv += lv_term(contrast);
            self.lvr += lvr_term(contrast, previous + interval, REFRACTORINESS);
        }
    }

    /// Nobody looked for a while: no interval begins before that and ends after it.
    pub fn rest(&mut self) {
        (self.rested, self.interval) = (true, None);
    }

    /// Over a window of so many seconds, if it has a length.
    pub fn figures(&self, seconds: Option<f64>) -> UnitStatistics {
        // Of a clock, what the rounding of times leaves is no variation.
        let clock = self.intervals.std().is_some_and(|std| beyond_rounding(std, self.furthest) == 0.0);
        let i = &if clock { self.intervals.settled() } else { self.intervals };
        let per_pair = |sum: f64| (self.pairs > 0).then(|| if clock { 0.0 } else { sum / self.pairs as f64 });
        UnitStatistics {
            spikes: self.spikes,
            rate_hz: seconds.map(|seconds| self.spikes as f64 / seconds),
            intervals: *i,
            cv: i.std().filter(|_| i.n >= 2 && i.mean > 0.0).map(|std| std / i.mean),
            cv2: per_pair(self.cv2),
            lv: per_pair(self.lv),
            lvr: per_pair(self.lvr),
            fano_bins: None,
            fano_trials: None,
        }
    }
}

/// What one unit does in the window.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UnitStatistics {
    /// Its spikes.
    pub spikes: u64,
    /// Spikes per second \[Hz\]; none if the window is a moment.
    pub rate_hz: Option<f64>,
    /// Its interspike intervals \[s\].
    pub intervals: Moments,
    /// As [`cv`](crate::analysis::cv).
    pub cv: Option<f64>,
    /// As [`cv2`](crate::analysis::cv2).
    pub cv2: Option<f64>,
    /// As [`lv`](crate::analysis::lv).
    pub lv: Option<f64>,
    /// As [`lvr`](crate::analysis::lvr), with [`REFRACTORINESS`].
    pub lvr: Option<f64>,
    /// The Fano factor of its counts in successive bins; none if it is silent or there are fewer than two bins.
    pub fano_bins: Option<f64>,
    /// The Fano factor of its counts in the trials; none without spikes in them, or with fewer than two trials.
    pub fano_trials: Option<f64>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::{cv, cv2, intervals, lv, lvr};

    #[test]
    fn a_clock_does_not_vary_in_any_figure() {
        let mut train = Train::default();
        (0..1000).for_each(|k| train.add(0.1 * f64::from(k)));
        let found = train.figures(Some(100.0));
        assert_eq!([found.cv, found.cv2, found.lv, found.lvr, found.intervals.std()], [Some(0.0); 5]);
    }

    #[test]
    fn a_train_that_goes_by_has_the_figures_of_one_that_is_there() {
        let trains = [vec![], vec![1.0], vec![1.0, 2.5], vec![0.5; 4], vec![0.0, 0.0, 0.0, 1.0, 4.0, 4.5, 9.0]];
        for times in trains {
            let mut train = Train::default();
            times.iter().for_each(|t| train.add(*t));
            let found = train.figures(Some(10.0));
            let all = intervals(&times);
            assert_eq!((found.spikes, found.intervals.n), (times.len() as u64, all.len() as u64));
            let expected = [cv(&times), cv2(&all), lv(&all), lvr(&all, REFRACTORINESS)];
            for (found, expected) in [found.cv, found.cv2, found.lv, found.lvr].into_iter().zip(expected) {
                let close = found.zip(expected).map_or(found == expected, |(f, e)| (f - e).abs() <= 1e-13 * e);
                assert!(close, "{times:?}: {found:?} {expected:?}");
            }
        }
    }
}
