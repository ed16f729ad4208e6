//! Interspike intervals and their coefficient of variation.

use super::Spans;
use crate::spikes::{SourceError, SpikeSource};

/// Units with fewer spikes than this are left out of a mean CV.
pub const MIN_SPIKES_FOR_CV: usize = 5;

/// The intervals between successive spikes of a sorted train, in its unit of time.
pub fn intervals(train: &[f64]) -> Vec<f64> {
    train.windows(2).map(|pair| pair[1] - pair[0]).collect()
}

/// The intervals between successive spikes with no gap in what was observed between them: a gap is no silence.
pub fn intervals_within(train: &[f64], spans: &Spans) -> Vec<f64> {
    let together = train.windows(2).filter(|pair| spans.number(pair[0]) == spans.number(pair[1]));
    together.map(|pair| pair[1] - pair[0]).collect()
}

/// Hands over the [`intervals_within`] of all units with `start <= t < stop` \[s\], with the units, in any order: in memory for a time of each
/// unit.
///
/// # Errors
/// If the spikes cannot be read.
pub fn each_interval(
    source: &dyn SpikeSource,
    window: (f64, f64),
    spans: &Spans,
    each: &mut dyn FnMut(u32, f64),
) -> Result<(), SourceError> {
    let units = source.unit_ids().len();
    let mut last: Vec<Option<f64>> = vec![None; units];
    source.runs(0..units, window, &mut |times, units| {
        for (&time, &unit) in times.iter().zip(units) {
            let before = last[unit as usize].replace(time);
            if let Some(before) = before.filter(|before| spans.number(*before) == spans.number(time)) {
                each(unit, time - before);
            }
        }
    })
}

/// Coefficient of variation of the intervals between spikes \[s\]: their standard deviation (of the population, not
/// of a sample) over their mean. 0 for a clock, 1 for a Poisson process. `elephant.statistics.cv`, but 0 where the intervals differ by
/// no more than what the rounding of the times makes.
///
/// `None` with fewer than two intervals, or if all spikes are simultaneous.
pub fn cv(train: &[f64]) -> Option<f64> {
    cv_between(&intervals(train), train)
}

/// [`cv`] of the intervals with no gap in what was observed between them.
pub fn cv_within(train: &[f64], spans: &Spans) -> Option<f64> {
    cv_between(&intervals_within(train, spans), train)
}

/// Of intervals between spikes of a sorted train.
fn cv_between(intervals: &[f64], train: &[f64]) -> Option<f64> {
    let furthest = train.first().into_iter().chain(train.last()).fold(0.0, |most: f64, t| most.max(t.abs()));
    moments_of(intervals).map(|(mean, std)| beyond_rounding(std, furthest) / mean)
}

/// The standard deviation over the mean of any intervals.
pub fn cv_of(intervals: &[f64]) -> Option<f64> {
    moments_of(intervals).map(|(mean, std)| std / mean)
}

/// Mean and standard deviation of at least two intervals that are not all 0.
fn moments_of(intervals: &[f64]) -> Option<(f64, f64)> {
    if intervals.len() < 2 {
        return None;
    }
    let n = intervals.len() as f64;
    let mean = intervals.iter().sum::<f64>() / n;
    let variance = intervals.iter().map(|i| (i - mean) * (i - mean)).sum::<f64>() / n;
    (mean > 0.0 && variance.is_finite()).then(|| (mean, variance.sqrt()))
}

/// This program's times are whole ticks of 1 ps \[s\].
const TICK: f64 = 1e-12;

/// A standard deviation of intervals \[s\]; 0 if the rounding of times alone may make as much, that of the times from 0 to
/// `furthest` \[s\].
///
/// A time is rounded where it is written and where its unit is changed, by half a unit in its last place each, and of a simulation to a
/// tick. So intervals that are equal differ from their value by two such units and a tick at most, which bounds their standard deviation.
pub(crate) fn beyond_rounding(std: f64, furthest: f64) -> f64 {
    let unit = furthest.abs().next_up() - furthest.abs();
    if std <= TICK + 2.0 * unit { 0.0 } else { std }
}

/// The mean of numbers; `None` if there is none.
pub(crate) fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, n) = values.fold((0.0, 0u64), |(sum, n), value| (sum + value, n + 1));
    (n > 0).then(|| sum / n as f64)
}

/// The CV of each train that has at least [`MIN_SPIKES_FOR_CV`] spikes.
pub fn unit_cvs(trains: &[Vec<f64>]) -> Vec<f64> {
    trains.iter().filter(|train| train.len() >= MIN_SPIKES_FOR_CV).filter_map(|train| cv(train)).collect()
}

/// Mean of [`unit_cvs`]; `None` if no unit has enough spikes.
pub fn mean_cv(trains: &[Vec<f64>]) -> Option<f64> {
    mean(unit_cvs(trains).into_iter())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spikes::SpikeTable;

    #[test]
    fn a_clock_has_no_variation_and_alternating_intervals_a_known_one() {
        assert_eq!(cv(&[1.0, 2.0, 3.0, 4.0, 5.0]), Some(0.0));
        // Intervals 1, 3, 1, 3: mean 2, standard deviation 1.
        assert_eq!(cv(&[0.0, 1.0, 4.0, 5.0, 8.0]), Some(0.5));
    }

    #[test]
    fn a_clock_whose_times_are_rounded_has_no_variation_either_and_what_exceeds_rounding_counts() {
        // In s, by ms, on a clock that began long ago, and in whole ps.
        let clocks = [
            (0..1000).map(|k| f64::from(k) * 0.1).collect::<Vec<_>>(),
            (0..1000).map(|k| f64::from(k) * 33.3 / 1e3).collect(),
            (0..1000).map(|k| 1.4e9 + f64::from(k) * 0.001).collect(),
            (0..1000).map(|k| (f64::from(k) * 1e12 / 40_123.0).round() / 1e12).collect(),
        ];
        let spans = Spans::whole(0.0, 2e9);
        for clock in &clocks {
            assert!(cv_of(&intervals(clock)).unwrap() > 0.0, "the test tests nothing");
            assert_eq!([cv(clock), cv_within(clock, &spans)], [Some(0.0), Some(0.0)], "{:?}", &clock[..3]);
        }
        // A nanosecond now and then.
        let jitter: Vec<f64> = (0..1000).map(|k| f64::from(k) * 0.1 + f64::from(k % 10) * 1e-9).collect();
        let found = cv(&jitter).unwrap();
        assert!(found > 1e-9 && Some(found) == cv_of(&intervals(&jitter)), "{found}");
    }

    #[test]
    fn no_interval_spans_a_gap() {
        let spans = Spans::within(&[(0.0, 2.5), (10.0, 13.0)], 0.0, 13.0);
        let train = [0.5, 1.0, 2.0, 10.5, 11.5, 12.0];
        assert_eq!(intervals_within(&train, &spans), [0.5, 1.0, 1.0, 0.5]);
        assert_eq!(intervals_within(&train, &Spans::whole(0.0, 13.0)), intervals(&train));
        let table = SpikeTable::from_units(vec![0, 1], &[train.to_vec(), vec![0.7, 0.8]]).unwrap();
        let mut found = [Vec::new(), Vec::new()];
        each_interval(&table, (0.0, 12.0), &spans, &mut |unit, interval| found[unit as usize].push(interval)).unwrap();
        assert_eq!(found, [vec![0.5, 1.0, 1.0], vec![0.8 - 0.7]]);
    }

    #[test]
    fn what_is_not_defined_is_none_not_nan() {
        assert_eq!(cv(&[]), None);
        assert_eq!(cv(&[1.0, 2.0]), None);
        assert_eq!(cv(&[3.0, 3.0, 3.0]), None);
        assert_eq!(mean_cv(&[]), None);
        assert_eq!(mean_cv(&[vec![0.0, 1.0, 2.0, 4.0]]), None, "four spikes are not enough");
    }

    #[test]
    fn the_mean_is_over_units_with_five_spikes() {
        let trains = [vec![0.0, 1.0, 2.0, 3.0, 4.0], vec![0.0, 1.0, 4.0, 5.0, 8.0], vec![0.0, 9.0, 10.0]];
        assert_eq!(mean_cv(&trains), Some(0.25));
        assert_eq!(unit_cvs(&trains).len(), 2);
    }
}
