//! Populations and units of two files side by side.

use std::collections::BTreeMap;

use memspike::analysis::{
    Difference, Distribution, TwoSamples, cv, difference, intervals, kolmogorov_smirnov, van_rossum, victor_purpura,
    victor_purpura_work,
};

use super::Side;

/// More pairs of spikes than that are not looked at: some tens of seconds.
const MOST_WORK: u64 = 20_000_000_000;

/// How trains are compared.
pub struct Measures {
    /// Spikes this close are the same \[s\].
    pub tolerance: f64,
    /// Time constant of van Rossum's distance \[s\].
    pub tau: f64,
    /// Cost of Victor and Purpura's distance \[1/s\].
    pub cost: f64,
    /// The fewest spikes of a unit that has a CV.
    pub min_spikes: u64,
}

/// What was found.
pub struct Found {
    pub measures: Measures,
    /// Those of both files, then those of one.
    pub populations: Vec<Population>,
    /// The first spike that differs: population, unit in it, and which.
    pub first: Option<(usize, usize, Difference)>,
    /// Whether Victor and Purpura's distance was worked out.
    pub all_near: bool,
}

/// A population of one or both files.
pub struct Population {
    /// Its name in each file that has it.
    pub names: [Option<String>; 2],
    /// Its units, by id.
    pub units: Vec<Unit>,
    /// Distribution of rates \[Hz\], CVs and intervals \[s\].
    pub rates: Option<TwoSamples>,
    pub cvs: Option<TwoSamples>,
    pub intervals: Option<TwoSamples>,
}

/// A unit of one or both files.
pub struct Unit {
    pub id: i64,
    /// Whether each file has it.
    pub there: [bool; 2],
    pub spikes: [usize; 2],
    pub difference: Option<Difference>,
    pub van_rossum: f64,
    pub victor_purpura: Option<f64>,
}

impl Population {
    pub fn name(&self) -> &str {
        self.names.iter().flatten().next().map_or("", String::as_str)
    }

    pub fn spikes(&self, side: usize) -> usize {
        self.units.iter().map(|unit| unit.spikes[side]).sum()
    }

    /// How many units differ.
    pub fn differing(&self) -> usize {
        self.units.iter().filter(|unit| unit.difference.is_some()).count()
    }

    /// Ids of units that only this file has.
    pub fn only_in(&self, side: usize) -> Vec<i64> {
        self.units.iter().filter(|unit| unit.there[side] && !unit.there[1 - side]).map(|unit| unit.id).collect()
    }

    pub fn van_rossum(&self) -> Option<Distribution> {
        Distribution::of(self.units.iter().map(|unit| unit.van_rossum).collect())
    }

    pub fn victor_purpura(&self) -> Option<Distribution> {
        Distribution::of(self.units.iter().filter_map(|unit| unit.victor_purpura).collect())
    }
}

/// The trains of a population by the ids of its units; units with the same id are told apart by their order.
type Trains = BTreeMap<(i64, usize), Vec<f64>>;

/// A population of a file.
type Named = (String, Trains);

/// Compares two files.
pub fn compare(sides: &[Side; 2], measures: Measures) -> Found {
    let [mut first, second] = [trains(&sides[0]), trains(&sides[1])];
    let alone = first.len() == 1 && second.len() == 1;
    let mut pairs: Vec<[Option<Named>; 2]> = Vec::new();
    let mut rest: Vec<Option<Named>> = second.into_iter().map(Some).collect();
    for population in first.drain(..) {
        // Two files of one population each are compared whatever it is called.
        let other = rest.iter_mut().find(|other| alone || other.as_ref().is_some_and(|o| o.0 == population.0));
        pairs.push([Some(population), other.and_then(Option::take)]);
    }
    pairs.extend(rest.into_iter().flatten().map(|population| [None, Some(population)]));
    let silent = Vec::new();
    let work: u64 =
        pairs.iter().flat_map(|pair| both(pair, &silent)).map(|u| victor_purpura_work(u.2, u.3, measures.cost)).sum();
    let all_near = work <= MOST_WORK;
    let seconds = [0, 1].map(|side| sides[side].window.1 - sides[side].window.0);
    let populations: Vec<Population> =
        pairs.iter().map(|pair| population(pair, &measures, all_near, seconds)).collect();
    let mut earliest: Option<(usize, usize, Difference)> = None;
    for (p, population) in populations.iter().enumerate() {
        for (u, unit) in population.units.iter().enumerate() {
            if let Some(found) = unit.difference
                && earliest.is_none_or(|before| found.time() < before.2.time())
            {
                earliest = Some((p, u, found));
            }
        }
    }
    Found { measures, populations, first: earliest, all_near }
}

/// The trains of a file in the window, by population and unit.
fn trains(side: &Side) -> Vec<Named> {
    let spikes = &side.recording.spikes;
    let chosen = &side.chosen;
    let mut trains: Vec<Vec<f64>> = vec![Vec::new(); chosen.units()];
    let (start, stop) = side.window;
    for (&time, &unit) in spikes.times.iter().zip(&spikes.units) {
        if let Some(unit) = chosen.place[unit as usize]
            && time >= start
            && time < stop
        {
            trains[unit as usize].push(time);
        }
    }
    let ids = chosen.ids(&spikes.unit_ids);
    let named = |(name, range): &(String, std::ops::Range<usize>)| {
        let (mut of, mut seen): (Trains, BTreeMap<i64, usize>) = Default::default();
        for unit in range.clone() {
            let times = seen.entry(ids[unit]).or_default();
            of.insert((ids[unit], *times), std::mem::take(&mut trains[unit]));
            *times += 1;
        }
        (name.clone(), of)
    };
    chosen.groups.iter().map(named).collect()
}

/// The units of a pair of populations: id, in which file they are, their trains.
fn both<'a>(
    pair: &'a [Option<Named>; 2],
    silent: &'a [f64],
) -> impl Iterator<Item = (i64, [bool; 2], &'a [f64], &'a [f64])> {
    let [first, second] = [0, 1].map(|side: usize| pair[side].as_ref().map(|named| &named.1));
    let mut keys: Vec<(i64, usize)> =
        first.into_iter().chain(second).flat_map(|trains| trains.keys().copied()).collect();
    keys.sort_unstable();
    keys.dedup();
    keys.into_iter().map(move |key| {
        let of = |trains: Option<&'a Trains>| trains.and_then(|trains| trains.get(&key)).map(Vec::as_slice);
        let (a, b) = (of(first), of(second));
        (key.0, [a.is_some(), b.is_some()], a.unwrap_or(silent), b.unwrap_or(silent))
    })
}

fn population(pair: &[Option<Named>; 2], measures: &Measures, all_near: bool, seconds: [f64; 2]) -> Population {
    let silent = Vec::new();
    let mut units = Vec::new();
    let mut samples: [[Vec<f64>; 2]; 3] = Default::default();
    for (id, there, a, b) in both(pair, &silent) {
        for (side, train) in [a, b].into_iter().enumerate().filter(|(side, _)| there[*side]) {
            samples[0][side].push(train.len() as f64 / seconds[side]);
            samples[1][side].extend(cv(train).filter(|_| train.len() as u64 >= measures.min_spikes));
            samples[2][side].extend(intervals(train));
        }
        units.push(Unit {
            id,
            there,
            spikes: [a.len(), b.len()],
            difference: difference(a, b, measures.tolerance),
            van_rossum: van_rossum(a, b, measures.tau),
            victor_purpura: all_near.then(|| victor_purpura(a, b, measures.cost)),
        });
    }
    let [rates, cvs, intervals] = samples.map(|[first, second]| kolmogorov_smirnov(first, second));
    Population {
        names: [0, 1].map(|side: usize| pair[side].as_ref().map(|named| named.0.clone())),
        units,
        rates,
        cvs,
        intervals,
    }
}
