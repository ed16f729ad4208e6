//! Counts of spikes in trials.

use super::super::fano::fano;
use crate::analysis::{AnalysisError, ROUNDING, Spans, off};

/// More counts than that are not held: 400 MB of them.
const MOST_COUNTS: usize = 100_000_000;

/// Windows around events in which the spikes of each unit are counted.
#[derive(Clone, Debug, PartialEq)]
pub struct Trials {
    /// Moments \[s\], rising.
    events: Vec<f64>,
    before: f64,
    after: f64,
}

impl Trials {
    /// From `before` seconds before each event until `after` seconds after it, the end not counted. Events whose windows are not
    /// within `spans` are left out.
    ///
    /// # Errors
    /// If the windows are empty.
    pub fn new(events: &[f64], before: f64, after: f64, spans: &Spans) -> Result<Trials, AnalysisError> {
        if !((before + after).is_finite() && before + after > 0.0) {
            return Err(AnalysisError::Window { start: -before, stop: after });
        }
        let mut events: Vec<f64> = events.iter().copied().filter(|at| spans.cover(at - before, at + after)).collect();
        events.sort_unstable_by(f64::total_cmp);
        Ok(Trials { events, before, after })
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.events.len()
    }

    /// The trials in which a time lies.
    fn of(&self, time: f64) -> std::ops::Range<usize> {
        // Spikes on an edge lie behind it, whatever rounding does.
        let time = time + off(time).max(ROUNDING * (self.before + self.after));
        let from = self.events.partition_point(|at| at + self.after <= time);
        let to = self.events.partition_point(|at| at - self.before <= time);
        from..to.max(from)
    }
}

/// Spikes of each unit in each trial.
#[derive(Clone, Debug)]
pub(super) struct TrialCounts {
    trials: Trials,
    counts: Vec<u32>,
}

impl TrialCounts {
    /// Of so many units.
    pub fn new(trials: Trials, units: usize) -> Result<TrialCounts, AnalysisError> {
        let size = trials.count().saturating_mul(units);
        if size > MOST_COUNTS {
            return Err(AnalysisError::TooManyTrials { trials: trials.count(), units, limit: MOST_COUNTS });
        }
        Ok(TrialCounts { counts: vec![0; size], trials })
    }

    #[inline]
    pub fn add(&mut self, time: f64, unit: u32) {
        let row = unit as usize * self.trials.count();
        for trial in self.trials.of(time) {
            self.counts[row + trial] += 1;
        }
    }

    /// The Fano factor of a unit over the trials.
    pub fn fano(&self, unit: usize) -> Option<f64> {
        let n = self.trials.count();
        if n < 2 {
            return None;
        }
        fano(self.counts[unit * n..(unit + 1) * n].iter().map(|c| u64::from(*c)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spikes_are_counted_in_every_trial_that_they_lie_in() {
        let trials = Trials::new(&[5.0, 1.0, 1.5, 9.5, f64::NAN], 0.5, 1.0, &Spans::whole(0.0, 10.0)).unwrap();
        assert_eq!(trials.count(), 3, "9.5 + 1 is beyond the window");
        let mut counts = TrialCounts::new(trials, 1).unwrap();
        // The windows are 0.5 to 2, 1 to 2.5 and 4.5 to 6.
        for time in [0.4, 0.5, 1.0, 1.9, 2.0, 5.0, 6.0] {
            counts.add(time, 0);
        }
        assert_eq!(counts.counts, [3, 3, 1]);
        assert_eq!(counts.fano(0), fano([3, 3, 1]));
        // 1007.33 + 0.1 is more than 1007.43.
        let trials = Trials::new(&[1001.33, 1007.33], 0.0, 0.1, &Spans::whole(0.0, 2000.0)).unwrap();
        assert_eq!([1001.43, 1007.43, 1007.33].map(|time| trials.of(time).len()), [0, 0, 1]);
        // On the clock of a century, where neighbours are half a microsecond apart.
        let trials = Trials::new(&[3e9 + 0.33], 0.2, 0.1, &Spans::whole(0.0, 4e9)).unwrap();
        assert_eq!([3e9 + 0.43, 3e9 + 0.13, 3e9 + 0.429].map(|time| trials.of(time).len()), [0, 1, 1]);
        assert!(Trials::new(&[1.0], 0.0, 0.0, &Spans::whole(0.0, 1.0)).is_err());
    }
}
