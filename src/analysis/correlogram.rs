//! Cross-correlograms: when one train fires, relative to another.

use std::collections::VecDeque;

use super::{AnalysisError, ROUNDING, Spans, in_order, off, whole_part};
use crate::spikes::SpikeSource;

/// Counts of the lags `target - reference` between spikes of two trains.
#[derive(Clone, Debug, PartialEq)]
pub struct Correlogram {
    /// Width of a bin \[s\].
    pub bin: f64,
    /// Pairs by lag: `2 n + 1` bins, the middle one around lag 0.
    pub counts: Vec<u64>,
    /// Number of reference spikes.
    pub references: usize,
    /// For how long the target was observed at the lags of each bin, over all reference spikes, in bins.
    pub observed: Vec<f64>,
}

/// Bins have a rate whose lags were observed for so large a share of the reference spikes at least: where there are few, one pair makes a rate
/// that is noise.
const LEAST: f64 = 0.1;

impl Correlogram {
    /// Lag in the middle of a bin \[s\].
    pub fn lag(&self, index: usize) -> f64 {
        (index as f64 - (self.counts.len() / 2) as f64) * self.bin
    }

    /// The rate of the target around a spike of the reference \[Hz\], over the time that was observed; NaN where that is less than a tenth of
    /// the reference spikes' lags, zeros if there is no reference.
    pub fn hz(&self) -> Vec<f64> {
        let rate = |(&n, &observed): (&u64, &f64)| match self.references {
            0 => 0.0,
            all if observed < LEAST * all as f64 => f64::NAN,
            _ => n as f64 / (self.bin * observed),
        };
        self.counts.iter().zip(&self.observed).map(rate).collect()
    }

    /// Were all lags observed around each reference spike?
    pub fn is_whole(&self) -> bool {
        self.observed.iter().all(|bins| *bins >= self.references as f64)
    }
}

/// Counts, for every pair of a spike in `reference` and one in `target` (both sorted, in s), their lag in bins of `bin` seconds
/// centred on multiples of it, as far as the last bin within `reach`. A lag on an edge belongs to the bin behind it, and lies on it if it is
/// closer than 1e-8 of a bin, as in [`Bins`](super::Bins). Of a train against itself (`same`), a spike is not paired
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
    let mut lags = Lags::new(bin, reach, Spans::whole(f64::NEG_INFINITY, f64::INFINITY))?;
    if same {
        reference.iter().for_each(|time| lags.add(*time, true, true));
        return Ok(lags.found());
    }
    let (mut first, mut second) = (reference.iter().copied().peekable(), target.iter().copied().peekable());
    loop {
        let (a, b) = (first.peek().copied(), second.peek().copied());
        match (a, b) {
            (None, None) => return Ok(lags.found()),
            (Some(time), other) if other.is_none_or(|other| time <= other) => {
                lags.add(time, true, false);
                first.next();
            }
            (_, time) => {
                lags.add(time.unwrap_or(f64::NAN), false, true);
                second.next();
            }
        }
    }
}

/// The same of the units of a source that `is_reference` and `is_target` say, and how many spikes the target has; a spike of a unit that is both
/// is not paired with itself. Rates are over what was observed of the window, which `observed` says as in [`Spans::within`]. Spikes that are further apart than `reach` are not in memory together.
///
/// # Errors
/// As [`correlogram`], and if spikes cannot be read or do not come in the order of time.
pub fn correlogram_of(
    source: &dyn SpikeSource,
    (window, observed): ((f64, f64), &[(f64, f64)]),
    (is_reference, is_target): (&[bool], &[bool]),
    bin: f64,
    reach: f64,
) -> Result<(Correlogram, usize), AnalysisError> {
    let (mut lags, mut targets) = (Lags::new(bin, reach, Spans::within(observed, window.0, window.1))?, 0);
    in_order(source, window, &mut |time, unit| {
        let (reference, target) = (is_reference[unit as usize], is_target[unit as usize]);
        targets += usize::from(target);
        lags.add(time, reference, target);
    })?;
    Ok((lags.found(), targets))
}

/// Pairs that are counted while spikes go by in the order of time.
struct Lags {
    bin: f64,
    side: i64,
    /// The longest lag that is in a bin.
    edge: f64,
    counts: Vec<u64>,
    references: usize,
    spans: Spans,
    exposure: Exposure,
    /// Those that a later spike may be near to.
    recent: [VecDeque<f64>; 2],
}

impl Lags {
    fn new(bin: f64, reach: f64, spans: Spans) -> Result<Lags, AnalysisError> {
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
        let counts = vec![0u64; 2 * side as usize + 1];
        let (side, edge) = (side as i64, (side + 0.5 + ROUNDING) * bin);
        let exposure = Exposure::new(counts.len());
        Ok(Lags { bin, side, edge, counts, references: 0, spans, exposure, recent: Default::default() })
    }

    /// A spike of the reference, the target or both, which is no pair with itself.
    fn add(&mut self, time: f64, reference: bool, target: bool) {
        let (bin, side) = (self.bin, self.side);
        // In bins.
        let off = (off(time) / bin).min(0.25);
        for recent in &mut self.recent {
            while recent.front().is_some_and(|before| time - before > self.edge + off * bin) {
                recent.pop_front();
            }
        }
        let counts = &mut self.counts;
        let mut count = |lag: f64| {
            let place = lag / bin + (side as f64 + 0.5) + off;
            // Where the first bin begins only rounding leads below 0.
            let place = if place > -ROUNDING { whole_part(place.max(0.0)) } else { usize::MAX };
            if let Some(count) = counts.get_mut(place) {
                *count += 1;
            }
        };
        if reference {
            self.recent[1].iter().for_each(|before| count(before - time));
            self.references += 1;
            let place = |end: f64| (end - time) / bin + (side as f64 + 0.5);
            for &(start, stop) in self.spans.around(time - self.edge, time + self.edge) {
                self.exposure.add(place(start), place(stop));
            }
        }
        if target {
            self.recent[0].iter().for_each(|before| count(time - before));
        }
        for (recent, _) in self.recent.iter_mut().zip([reference, target]).filter(|(_, own)| *own) {
            recent.push_back(time);
        }
    }

    fn found(self) -> Correlogram {
        let observed = self.exposure.bins();
        Correlogram { bin: self.bin, counts: self.counts, references: self.references, observed }
    }
}

/// For how long each bin was observed, in bins.
struct Exposure {
    /// Where bins begin and cease that were observed whole.
    steps: Vec<f64>,
    /// Parts of bins.
    parts: Vec<f64>,
}

impl Exposure {
    fn new(bins: usize) -> Exposure {
        Exposure { steps: vec![0.0; bins + 1], parts: vec![0.0; bins] }
    }

    /// From one place to another, in bins.
    fn add(&mut self, from: f64, to: f64) {
        let bins = self.parts.len();
        let (from, to) = (from.clamp(0.0, bins as f64), to.clamp(0.0, bins as f64));
        let (first, last) = (from.ceil(), to.floor());
        if first > last {
            self.parts[last as usize] += to - from;
            return;
        }
        if from < first {
            self.parts[first as usize - 1] += first - from;
        }
        if last < to {
            self.parts[last as usize] += to - last;
        }
        self.steps[first as usize] += 1.0;
        self.steps[last as usize] -= 1.0;
    }

    fn bins(&self) -> Vec<f64> {
        let whole = self.steps.iter().scan(0.0, |sum, step| {
            *sum += step;
            Some(*sum)
        });
        whole.zip(&self.parts).map(|(whole, part)| whole + part).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spikes::SpikeTable;

    #[test]
    fn lags_are_counted_around_multiples_of_the_bin() {
        let found = correlogram(&[1.0, 2.0], &[0.0, 1.01, 1.06, 2.5], false, 0.1, 0.2).unwrap();
        // 1.01 - 1 lies in the middle bin, 1.06 - 1 in the next; 2.5 and 0 are too far.
        assert_eq!(found.counts, [0, 0, 1, 1, 0]);
        assert!((found.lag(0) + 0.2).abs() < 1e-12 && found.lag(2) == 0.0);
        assert_eq!(found.hz()[2], 1.0 / (0.1 * 2.0));
    }

    #[test]
    fn lags_on_an_edge_lie_behind_it_on_any_clock() {
        for start in [0.0, 1000.0, 1e6] {
            let reference: Vec<f64> = (0..200).map(|k| start + 0.1 * f64::from(k)).collect();
            let target: Vec<f64> = reference.iter().map(|t| t + 0.0025).collect();
            let found = correlogram(&reference, &target, false, 0.005, 0.02).unwrap();
            assert_eq!(found.counts, [0, 0, 0, 0, 0, 200, 0, 0, 0], "{start}");
        }
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

    #[test]
    fn spikes_that_go_by_are_paired_as_all_with_all() {
        let mut state = 3u64;
        let mut train = |n: usize| {
            let mut random = || {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (state >> 40) as f64 / (1u64 << 24) as f64
            };
            // Some of them at the same times.
            let mut times: Vec<f64> = (0..n).map(|_| (random() * 400.0).round() / 100.0).collect();
            times.sort_by(f64::total_cmp);
            times
        };
        let trains = [train(60), train(80), train(40)];
        let plain = |reference: &[f64], target: &[f64], same: bool| {
            let mut counts = vec![0u64; 11];
            for (i, a) in reference.iter().enumerate() {
                for (_, b) in target.iter().enumerate().filter(|(j, _)| !(same && i == *j)) {
                    let lag = b - a;
                    // In hundredths of a second, of which a bin has two.
                    let place = (((lag * 100.0).round() + 1.0) / 2.0).floor() as i64 + 5;
                    if (0..11).contains(&place) {
                        counts[place as usize] += 1;
                    }
                }
            }
            counts
        };
        let table = SpikeTable::from_units(vec![0, 1, 2], &trains).unwrap();
        let joined = |which: [bool; 3]| {
            let units: Vec<usize> = (0..3).filter(|unit| which[*unit]).collect();
            table.select(&units).times
        };
        for (a, b) in [
            ([true, false, false], [false, true, false]),
            ([true, false, true], [true, false, true]),
            ([true, true, false], [false, true, true]),
        ] {
            let (reference, target) = (joined(a), joined(b));
            let mut expected = plain(&reference, &target, a == b);
            if a != b {
                // The spikes of common units, each of which is not paired with itself.
                expected[5] -= joined([0, 1, 2].map(|unit| a[unit] && b[unit])).len() as u64;
            }
            let (found, targets) = correlogram_of(&table, ((0.0, 5.0), &[]), (&a, &b), 0.02, 0.1).unwrap();
            assert_eq!((&found.counts, found.references, targets), (&expected, reference.len(), target.len()));
            let common = (0..3).any(|unit| a[unit] && b[unit]);
            if a == b || !common {
                assert_eq!(correlogram(&reference, &target, a == b, 0.02, 0.1).unwrap().counts, found.counts);
            }
        }
    }

    /// A clock of 10 Hz fires at 10 Hz at any lag, whatever was observed of it; what was not is no silence.
    #[test]
    fn rates_are_over_what_was_observed() {
        let observed = [(0.0, 1.0), (3.0, 4.0), (6.0, 12.0)];
        let clock: Vec<f64> = (0..120).map(|i| 0.05 + 0.1 * f64::from(i)).collect();
        let seen = |time: f64| observed.iter().any(|span| span.0 <= time && time < span.1);
        let train: Vec<f64> = clock.into_iter().filter(|time| seen(*time)).collect();
        let table = SpikeTable::from_units(vec![0, 1], &[train.clone(), train.clone()]).unwrap();
        let of = |bin, reach| {
            correlogram_of(&table, ((0.0, 12.0), &observed), (&[true, false], &[false, true]), bin, reach).unwrap().0
        };
        let found = of(0.1, 8.0);
        assert!(!found.is_whole() && found.hz().iter().all(|hz| hz.is_nan() || (hz - 10.0).abs() < 1e-6), "{found:?}");
        assert!(found.hz()[80].is_finite() && found.hz()[60].is_finite() && of(0.1, 11.9).hz()[0].is_nan());
        // By hand: how much of each reference's lags was observed.
        let found = of(0.5, 3.0);
        for (index, bins) in found.observed.iter().enumerate() {
            let middle = found.lag(index);
            let of = |t: &f64| Spans::within(&observed, 0.0, 12.0).seconds_within(t + middle - 0.25, t + middle + 0.25);
            let expected = train.iter().map(of).sum::<f64>() / 0.5;
            assert!((bins - expected).abs() < 1e-9, "{index}: {bins} {expected}");
        }
    }
}
