//! What a population does: its units together.

use std::ops::Range;

use super::super::distribution::Distribution;
use super::super::fano::fano;
use super::super::moments::Moments;
use super::super::spectrum::Spectrum;
use super::unit::UnitStatistics;

/// Correlation of the pairs of a population.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PairStatistics {
    /// Pairs of different units whose counts vary.
    pub pairs: u64,
    /// The mean over them.
    pub mean: Option<f64>,
    /// More figures of them, where there are few enough units to look at each pair.
    pub distribution: Option<Distribution>,
}

/// What the units of a population do in the window; of CV, CV2, LV and LvR, those with enough spikes.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupStatistics {
    /// Its name; empty for all units together.
    pub name: String,
    /// Its units.
    pub units: Range<usize>,
    /// Units with a spike.
    pub active: usize,
    /// Spikes.
    pub spikes: u64,
    /// Rates of the units \[Hz\].
    pub rate_hz: Option<Distribution>,
    /// The intervals of all units \[s\].
    pub intervals: Moments,
    /// CVs of the units.
    pub cv: Option<Distribution>,
    /// CV2s of the units.
    pub cv2: Option<Distribution>,
    /// LVs of the units.
    pub lv: Option<Distribution>,
    /// LvRs of the units.
    pub lvr: Option<Distribution>,
    /// The Fano factor of the counts of the units, each a sample: `elephant.statistics.fanofactor` of their trains.
    pub fano_units: Option<f64>,
    /// Fano factors of the units over bins.
    pub fano_bins: Option<Distribution>,
    /// Fano factors of the units over trials.
    pub fano_trials: Option<Distribution>,
    /// Correlations of the counts.
    pub correlation: PairStatistics,
    /// The spectrum of the mean rate of a unit.
    pub spectrum: Option<Spectrum>,
}

impl GroupStatistics {
    /// From the figures of all units.
    pub(super) fn of(name: String, range: Range<usize>, all: &[UnitStatistics], min_spikes: u64) -> GroupStatistics {
        let units = &all[range.clone()];
        let over = |of: fn(&UnitStatistics) -> Option<f64>| Distribution::of(units.iter().filter_map(of).collect());
        let enough = |of: fn(&UnitStatistics) -> Option<f64>| {
            Distribution::of(units.iter().filter(|unit| unit.spikes >= min_spikes).filter_map(of).collect())
        };
        let mut intervals = Moments::default();
        units.iter().for_each(|unit| intervals.join(&unit.intervals));
        GroupStatistics {
            name,
            units: range,
            active: units.iter().filter(|unit| unit.spikes > 0).count(),
            spikes: units.iter().map(|unit| unit.spikes).sum(),
            rate_hz: over(|unit| unit.rate_hz),
            intervals,
            cv: enough(|unit| unit.cv),
            cv2: enough(|unit| unit.cv2),
            lv: enough(|unit| unit.lv),
            lvr: enough(|unit| unit.lvr),
            fano_units: fano(units.iter().map(|unit| unit.spikes)).filter(|_| units.len() > 1),
            fano_bins: over(|unit| unit.fano_bins),
            fano_trials: over(|unit| unit.fano_trials),
            correlation: PairStatistics::default(),
            spectrum: None,
        }
    }
}
