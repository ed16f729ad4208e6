//! All statistics of the spikes of a file, in one pass over them (two, of more units than can be correlated pair by pair), in memory for
//! units and bins.

mod group;
mod trials;
mod unit;

use std::ops::Range;

use super::bins::{Bins, Running};
use super::correlation::{Correlations, MOST_CORRELATED, MeanCorrelation};
use super::distribution::Distribution;
use super::fano::fano_of_sums;
use super::isi::MIN_SPIKES_FOR_CV;
use super::spectrum::{segment_length, welch};
use super::{AnalysisError, Spans, check_window, in_order};
use crate::spikes::SpikeSource;
pub use group::{GroupStatistics, PairStatistics};
use trials::TrialCounts;
pub use trials::Trials;
use unit::Train;
pub use unit::UnitStatistics;

/// Of which units, and in which populations they are.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Chosen {
    /// The new number of each unit of the source; none if it is left out.
    pub place: Vec<Option<u32>>,
    /// Populations: blocks of new numbers, one after the other, all units in one.
    pub groups: Vec<(String, Range<usize>)>,
}

impl Chosen {
    /// How many units are chosen.
    pub fn units(&self) -> usize {
        self.groups.last().map_or(0, |(_, range)| range.end)
    }

    /// Of the chosen units what `all` has for each unit of the source: ids, names.
    pub fn of<T: Clone + Default>(&self, all: &[T]) -> Vec<T> {
        let mut of = vec![T::default(); self.units()];
        for (place, value) in self.place.iter().zip(all) {
            place.iter().for_each(|place| of[*place as usize] = value.clone());
        }
        of
    }
}

/// What is worked out, and how.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The window, its stop not counted \[s\].
    pub window: (f64, f64),
    /// The parts of it that were observed: rates are over these, intervals and bins within one of them.
    pub spans: Spans,
    /// Bins of correlated counts.
    pub correlation: Option<Bins>,
    /// Bins of the Fano factor over time.
    pub fano: Option<Bins>,
    /// Bins of the rate whose spectrum is estimated.
    pub spectrum: Option<Bins>,
    /// Bins of a segment of the spectrum, a power of two; [`segment_length`] without it.
    pub segment: Option<usize>,
    /// Trials over which a Fano factor is worked out.
    pub trials: Option<Trials>,
    /// Units with fewer spikes are left out of the figures of a population's CV, CV2, LV and LvR.
    pub min_spikes: u64,
}

impl Plan {
    /// Rates and intervals over a window \[s\], and nothing that needs bins.
    pub fn of(window: (f64, f64)) -> Plan {
        let (correlation, fano, spectrum, segment, trials) = (None, None, None, None, None);
        let spans = Spans::whole(window.0, window.1);
        Plan { window, spans, correlation, fano, spectrum, segment, trials, min_spikes: MIN_SPIKES_FOR_CV as u64 }
    }
}

/// What was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Statistics {
    /// Of each unit.
    pub units: Vec<UnitStatistics>,
    /// Of each population.
    pub groups: Vec<GroupStatistics>,
    /// Of all units together.
    pub all: GroupStatistics,
    /// Correlations of all pairs, if there are at most [`MOST_CORRELATED`] units.
    pub correlations: Option<Correlations>,
}

/// Works out all that the plan has.
///
/// # Errors
/// If the window is empty, there is too much to hold, the source cannot be read, or its spikes are not in the order of time.
pub fn statistics(source: &dyn SpikeSource, chosen: &Chosen, plan: &Plan) -> Result<Statistics, AnalysisError> {
    let (start, stop) = plan.window;
    check_window(start, stop)?;
    let mut pass = Pass::new(chosen, plan)?;
    read(source, chosen, plan.window, &mut |time, unit| pass.add(time, unit))?;
    pass.end();
    let mut found = pass.figures(chosen, plan)?;
    if let Some((sums, bins)) = pass.many.as_ref().zip(plan.correlation) {
        let blocks = chosen.groups.iter().map(|(_, range)| range.clone()).chain(std::iter::once(0..chosen.units()));
        let mut running = Running::new(bins, chosen.units(), &plan.spans);
        let mut mean = MeanCorrelation::new(sums, running.observed() as u64, blocks);
        read(source, chosen, plan.window, &mut |time, unit| running.add(time, unit, |bin| mean.add(bin)))?;
        running.end(|bin| mean.add(bin));
        let groups = found.groups.iter_mut().chain([&mut found.all]);
        for (group, (pairs, mean)) in groups.zip(mean.means()) {
            group.correlation = PairStatistics { pairs, mean, distribution: None };
        }
    }
    Ok(found)
}

/// Hands over the chosen spikes of the window, with the new numbers of their units.
fn read(
    source: &dyn SpikeSource,
    chosen: &Chosen,
    window: (f64, f64),
    each: &mut dyn FnMut(f64, u32),
) -> Result<(), AnalysisError> {
    in_order(source, window, &mut |time, unit| {
        if let Some(unit) = chosen.place[unit as usize] {
            each(time, unit);
        }
    })
}

/// All that is counted while spikes go by.
struct Pass {
    trains: Vec<Train>,
    spans: Spans,
    /// The number of the span that the last spike was in.
    span: usize,
    correlation: Option<Running>,
    correlations: Option<Correlations>,
    /// Of many units instead of correlations: of each the sum of counts, and of their squares.
    many: Option<Vec<(u64, u64)>>,
    fano: Option<Running>,
    /// Of each unit, the spikes in whole bins, and the sum of squared counts.
    fano_sums: Vec<(u64, u64)>,
    trials: Option<TrialCounts>,
    spectrum: Option<Bins>,
    group_of: Vec<u32>,
    /// Spikes by population and bin.
    rates: Vec<Vec<u32>>,
}

impl Pass {
    fn new(chosen: &Chosen, plan: &Plan) -> Result<Pass, AnalysisError> {
        let units = chosen.units();
        let running = |bins: Option<Bins>| bins.map(|bins| Running::new(bins, units, &plan.spans));
        let (correlation, few) = (running(plan.correlation), units <= MOST_CORRELATED);
        let pairs = correlation.as_ref().filter(|_| few).map(|bins| Correlations::new(units, bins.observed()));
        let mut group_of = vec![0; units];
        for (index, (_, range)) in chosen.groups.iter().enumerate() {
            group_of[range.clone()].fill(index as u32);
        }
        let rates = plan.spectrum.map_or(Vec::new(), |bins| vec![vec![0; bins.count]; chosen.groups.len()]);
        Ok(Pass {
            trains: vec![Train::default(); units],
            spans: plan.spans.clone(),
            span: 0,
            correlations: pairs.transpose()?,
            many: correlation.as_ref().filter(|_| !few).map(|_| vec![(0, 0); units]),
            correlation,
            fano: running(plan.fano),
            fano_sums: vec![(0, 0); units],
            trials: plan.trials.clone().map(|trials| TrialCounts::new(trials, units)).transpose()?,
            spectrum: plan.spectrum,
            group_of,
            rates,
        })
    }

    fn add(&mut self, time: f64, unit: u32) {
        let span = self.spans.number(time);
        if span != self.span {
            self.span = span;
            self.trains.iter_mut().for_each(Train::rest);
        }
        self.trains[unit as usize].add(time);
        if let Some(running) = &mut self.correlation {
            let (few, many) = (&mut self.correlations, &mut self.many);
            running.add(time, unit, |bin| correlate(few, many, bin));
        }
        if let Some(running) = &mut self.fano {
            let sums = &mut self.fano_sums;
            running.add(time, unit, |bin| sum(sums, bin));
        }
        if let Some(trials) = &mut self.trials {
            trials.add(time, unit);
        }
        if let Some(place) = self.spectrum.as_ref().and_then(|bins| bins.place(time)) {
            self.rates[self.group_of[unit as usize] as usize][place] += 1;
        }
    }

    fn end(&mut self) {
        if let Some(running) = &mut self.correlation {
            running.end(|bin| correlate(&mut self.correlations, &mut self.many, bin));
        }
        if let Some(running) = &mut self.fano {
            running.end(|bin| sum(&mut self.fano_sums, bin));
        }
    }

    fn figures(&mut self, chosen: &Chosen, plan: &Plan) -> Result<Statistics, AnalysisError> {
        let seconds = plan.spans.duration();
        let mut units: Vec<UnitStatistics> = self.trains.iter().map(|train| train.figures(seconds)).collect();
        let fano_bins = self.fano.as_ref().map(|running| running.observed() as u64).filter(|bins| *bins > 1);
        for (index, unit) in units.iter_mut().enumerate() {
            let (sum, squares) = self.fano_sums[index];
            unit.fano_bins = fano_bins.and_then(|bins| fano_of_sums(bins, sum, squares));
            unit.fano_trials = self.trials.as_ref().and_then(|trials| trials.fano(index));
        }
        let group = |name: &str, range: Range<usize>| {
            let mut group = GroupStatistics::of(name.to_string(), range.clone(), &units, plan.min_spikes);
            if let Some(all) = &self.correlations {
                let pairs = all.pairs(range);
                let n = pairs.len() as u64;
                let distribution = Distribution::of(pairs);
                group.correlation = PairStatistics { pairs: n, mean: distribution.map(|d| d.mean), distribution };
            }
            group
        };
        let mut groups: Vec<GroupStatistics> =
            chosen.groups.iter().map(|(name, range)| group(name, range.clone())).collect();
        let mut all = group("", 0..chosen.units());
        if let Some(bins) = plan.spectrum {
            let length = plan.segment.unwrap_or_else(|| segment_length(bins.count, 1.0 / bins.width));
            let mut sums = vec![0u64; bins.count];
            let spectrum = |counts: &mut dyn Iterator<Item = u64>, units: usize| {
                let per = bins.width * units.max(1) as f64;
                let hz: Vec<f64> = counts.map(|count| count as f64 / per).collect();
                welch(&hz, 1.0 / bins.width, length).map(Some)
            };
            for (group, counts) in groups.iter_mut().zip(&self.rates) {
                group.spectrum = spectrum(&mut counts.iter().map(|c| u64::from(*c)), group.units.len())?;
                sums.iter_mut().zip(counts).for_each(|(sum, count)| *sum += u64::from(*count));
            }
            all.spectrum = spectrum(&mut sums.into_iter(), chosen.units())?;
        }
        Ok(Statistics { units, groups, all, correlations: self.correlations.take() })
    }
}

/// A bin of counts goes where correlations come from.
fn correlate(few: &mut Option<Correlations>, many: &mut Option<Vec<(u64, u64)>>, bin: &[(u32, u32)]) {
    if let Some(all) = few {
        all.add(bin);
    }
    if let Some(sums) = many {
        sum(sums, bin);
    }
}

/// A bin of counts goes into sums and sums of squares.
fn sum(sums: &mut [(u64, u64)], bin: &[(u32, u32)]) {
    for &(unit, count) in bin {
        let (sum, squares) = &mut sums[unit as usize];
        *sum += u64::from(count);
        *squares += u64::from(count) * u64::from(count);
    }
}
