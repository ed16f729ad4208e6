//! Populations and units of two files side by side.

use std::collections::{BTreeMap, HashSet};
use std::io;
use std::ops::Range;

use memspike::analysis::{
    Difference, Distribution, Spans, TwoSamples, cv_within, difference, intervals_within, kolmogorov_smirnov,
    kolmogorov_smirnov_sorted, van_rossum, victor_purpura, victor_purpura_work,
};
use memspike::sorted::Sorted;

use super::Side;
use crate::cli::Failure;
use crate::cli::unit::unit_names;

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
    /// Its units: by id, or in the order of the files where they are matched by their names.
    pub units: Vec<Unit>,
    /// Distribution of rates \[Hz\], CVs and intervals \[s\].
    pub rates: Option<TwoSamples>,
    pub cvs: Option<TwoSamples>,
    pub intervals: Option<TwoSamples>,
}

/// A unit of one or both files.
pub struct Unit {
    /// In the first file that has it.
    pub id: i64,
    /// Its name; empty if it has none.
    pub name: String,
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

    /// The units that only this file has.
    pub fn only_in(&self, side: usize) -> Vec<&Unit> {
        self.units.iter().filter(|unit| unit.there[side] && !unit.there[1 - side]).collect()
    }

    pub fn van_rossum(&self) -> Option<Distribution> {
        Distribution::of(self.units.iter().map(|unit| unit.van_rossum).collect())
    }

    pub fn victor_purpura(&self) -> Option<Distribution> {
        Distribution::of(self.units.iter().filter_map(|unit| unit.victor_purpura).collect())
    }
}

/// A unit of a file: its place in it, its id, its name (empty if it has none).
struct Member {
    unit: usize,
    id: i64,
    name: String,
}

/// A population of a file: its name, and its units in the order of the file.
type Named = (String, Vec<Member>);

/// What units of two files are matched by; units with the same id are told apart by their order.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Key<'a> {
    Name(&'a str),
    Id(i64, usize),
}

/// A population of both files, or of one.
type Pair = [Option<Named>; 2];

/// A unit that is compared: the pair of populations that it is in, its id and name, its place in each file that has it.
struct Row {
    pair: usize,
    id: i64,
    name: String,
    units: [Option<usize>; 2],
    spikes: u64,
}

/// Compares two files, so many units at a time as have `most` spikes together.
pub fn compare(sides: &[Side; 2], measures: Measures, most: usize) -> Result<Found, Failure> {
    let pairs = pairs(named(&sides[0]), named(&sides[1]));
    let rows = rows(&pairs, sides)?;
    let spans = [0, 1].map(|side: usize| {
        let Side { recording, window, .. } = &sides[side];
        Spans::within(&recording.observed, window.0, window.1)
    });
    let (mut populations, mut work, mut rest): (Vec<Population>, u64, &[Row]) = (Vec::new(), 0, &rows);
    for (number, pair) in pairs.iter().enumerate() {
        let mut samples = Samples::default();
        let mut units = Vec::new();
        while rest.first().is_some_and(|row| row.pair == number) {
            let batch = batch(rest, number, most);
            rest = &rest[batch.len()..];
            let [first, second] = [trains(batch, sides, 0)?, trains(batch, sides, 1)?];
            let both = || first.iter().zip(&second);
            work += both().map(|(a, b)| victor_purpura_work(a, b, measures.cost)).sum::<u64>();
            for (row, (a, b)) in batch.iter().zip(both()) {
                samples.add(row, [a, b], &spans, measures.min_spikes).map_err(Failure::run)?;
                units.push(Unit {
                    id: row.id,
                    name: row.name.clone(),
                    there: row.units.map(|unit| unit.is_some()),
                    spikes: [a.len(), b.len()],
                    difference: difference(a, b, measures.tolerance),
                    van_rossum: van_rossum(a, b, measures.tau),
                    victor_purpura: (work <= MOST_WORK).then(|| victor_purpura(a, b, measures.cost)),
                });
            }
        }
        let [rates, cvs] = [samples.rates, samples.cvs].map(|[first, second]| kolmogorov_smirnov(first, second));
        let names = [0, 1].map(|side: usize| pair[side].as_ref().map(|named| named.0.clone()));
        let intervals = of_intervals(samples.intervals).map_err(Failure::run)?;
        populations.push(Population { names, units, rates, cvs, intervals });
    }
    let all_near = work <= MOST_WORK;
    if !all_near {
        populations.iter_mut().flat_map(|p| &mut p.units).for_each(|unit| unit.victor_purpura = None);
    }
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
    Ok(Found { measures, populations, first: earliest, all_near })
}

/// The chosen units of a file by population.
fn named(side: &Side) -> Vec<Named> {
    let chosen = &side.chosen;
    let mut of_new = vec![0; chosen.units()];
    chosen.place.iter().enumerate().for_each(|(unit, new)| new.iter().for_each(|new| of_new[*new as usize] = unit));
    let (ids, names) = (side.spikes.unit_ids(), unit_names(&side.recording));
    let name = |unit: usize| names.as_ref().map_or(String::new(), |names| names[unit].clone());
    let member = |unit: &usize| Member { unit: *unit, id: ids[*unit], name: name(*unit) };
    let named =
        |(name, range): &(String, Range<usize>)| (name.clone(), of_new[range.clone()].iter().map(member).collect());
    chosen.groups.iter().map(named).collect()
}

/// Whether each unit of a population has a name of its own.
fn all_named(members: &[Member]) -> bool {
    let names: HashSet<&str> = members.iter().map(|member| member.name.as_str()).collect();
    !members.is_empty() && names.len() == members.len() && !names.contains("")
}

/// What each unit of a population is matched by.
fn keys(members: &[Member], by_name: bool) -> impl Iterator<Item = (Key<'_>, &Member)> {
    let mut seen = BTreeMap::<i64, usize>::new();
    members.iter().map(move |member| {
        let times = seen.entry(member.id).or_default();
        *times += 1;
        (if by_name { Key::Name(&member.name) } else { Key::Id(member.id, *times) }, member)
    })
}

/// Populations of the same name together, then those of the second file alone.
fn pairs(first: Vec<Named>, second: Vec<Named>) -> Vec<Pair> {
    let alone = first.len() == 1 && second.len() == 1;
    let mut rest: Vec<Option<Named>> = second.into_iter().map(Some).collect();
    let mut pairs: Vec<Pair> = Vec::new();
    for population in first {
        // Two files of one population each are compared whatever it is called.
        let other = rest.iter_mut().find(|other| alone || other.as_ref().is_some_and(|o| o.0 == population.0));
        let other = other.and_then(Option::take);
        pairs.push([Some(population), other]);
    }
    pairs.extend(rest.into_iter().flatten().map(|population| [None, Some(population)]));
    pairs
}

/// The units of all pairs, with their spikes in both files together.
fn rows(pairs: &[Pair], sides: &[Side; 2]) -> Result<Vec<Row>, Failure> {
    let count = |side: &Side| side.spikes.counts(side.window.0, side.window.1).map_err(Failure::input);
    let counts = [count(&sides[0])?, count(&sides[1])?];
    let mut rows = Vec::new();
    for (number, pair) in pairs.iter().enumerate() {
        let of = [0, 1].map(|side: usize| pair[side].as_ref().map_or(&[][..], |named| &named.1));
        let by_name = of.into_iter().all(all_named);
        let mut found = BTreeMap::<Key, [Option<&Member>; 2]>::new();
        for (side, members) in of.into_iter().enumerate() {
            keys(members, by_name).for_each(|(key, member)| found.entry(key).or_default()[side] = Some(member));
        }
        let mut found: Vec<[Option<&Member>; 2]> = found.into_values().collect();
        if by_name {
            // Numbers, unlike names, stand in the order of the file: first those of the first one.
            found.sort_by_key(|both| both.map(|member| member.map_or(usize::MAX, |member| member.unit)));
        }
        rows.extend(found.into_iter().map(|both| {
            let units = both.map(|member| member.map(|member| member.unit));
            let spikes = [0, 1].map(|side: usize| units[side].map_or(0, |unit| counts[side][unit]));
            let there = || both.into_iter().flatten();
            let name = there().map(|member| &member.name).find(|name| !name.is_empty()).cloned().unwrap_or_default();
            let id = there().next().map_or(0, |member| member.id);
            Row { pair: number, id, name, units, spikes: spikes.iter().sum() }
        }));
    }
    Ok(rows)
}

/// The next units of a pair of populations, as many as may be held, at least one.
fn batch(rest: &[Row], pair: usize, most: usize) -> &[Row] {
    let mut held = 0;
    let fits = |row: &&Row| {
        held += row.spikes;
        row.pair == pair && held <= most as u64
    };
    &rest[..rest.iter().take_while(fits).count().max(1)]
}

/// The trains of units in one of the files; silence where it does not have them.
fn trains(batch: &[Row], sides: &[Side; 2], side: usize) -> Result<Vec<Vec<f64>>, Failure> {
    let Side { spikes, window, .. } = &sides[side];
    let there: Vec<usize> = batch.iter().filter_map(|row| row.units[side]).collect();
    let mut found = spikes.trains_of(&there, *window).map_err(Failure::input)?.into_iter();
    let train = |row: &Row| row.units[side].and_then(|_| found.next()).unwrap_or_default();
    Ok(batch.iter().map(train).collect())
}

/// What is compared between two populations: numbers of each of them.
#[derive(Default)]
struct Samples {
    rates: [Vec<f64>; 2],
    cvs: [Vec<f64>; 2],
    intervals: [Sorted; 2],
}

impl Samples {
    fn add(&mut self, row: &Row, trains: [&Vec<f64>; 2], spans: &[Spans; 2], min_spikes: u64) -> io::Result<()> {
        for (side, train) in trains.into_iter().enumerate().filter(|(side, _)| row.units[*side].is_some()) {
            let spans = &spans[side];
            let seen: Vec<f64> = train.iter().copied().filter(|time| spans.hold(*time)).collect();
            self.rates[side].extend(spans.duration().map(|seconds| seen.len() as f64 / seconds));
            self.cvs[side].extend(cv_within(&seen, spans).filter(|_| seen.len() as u64 >= min_spikes));
            let intervals = intervals_within(&seen, spans);
            intervals.into_iter().try_for_each(|interval| self.intervals[side].push(interval))?;
        }
        Ok(())
    }
}

fn of_intervals([first, second]: [Sorted; 2]) -> io::Result<Option<TwoSamples>> {
    let (n, m) = (first.len(), second.len());
    kolmogorov_smirnov_sorted((n, first.rising()?), (m, second.rising()?))
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use memspike::format::{self, stream::StreamedSpikes};
    use memspike::spikes::{Recording, SpikeSource};

    use super::*;
    use crate::cli::part::Part;

    fn sample(name: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/recordings").join(name)
    }

    fn side(path: &Path, recording: Recording, spikes: Box<dyn SpikeSource>) -> Side {
        let part = Part::default();
        let chosen = part.chosen(&recording, spikes.unit_ids()).unwrap();
        let window = part.window(&recording, spikes.ends().unwrap()).unwrap();
        Side { path: path.to_owned(), recording, spikes, chosen, window }
    }

    #[test]
    fn files_that_are_read_piece_by_piece_differ_as_those_that_are_in_memory() {
        let names = ["mc_maze_trial_748/mc_maze_trial_748.nwb", "sonata_spikes/300_intfire_output_spikes.h5"];
        let whole = |name: &str| {
            let mut recording = format::read_here(&sample(name)).unwrap();
            let spikes = std::mem::take(&mut recording.spikes);
            side(&sample(name), recording, Box::new(spikes))
        };
        let streamed = |name: &str| {
            let (recording, spikes) = StreamedSpikes::open(&sample(name), 1000).unwrap().unwrap();
            side(&sample(name), recording, Box::new(spikes))
        };
        let found = |sides: [Side; 2], most: usize| {
            let measures = Measures { tolerance: 0.0, tau: 0.01, cost: 100.0, min_spikes: 5 };
            let found = compare(&sides, measures, most).unwrap();
            crate::cli::diff::report::json(&found, &sides, true)
        };
        for [a, b] in [[names[0], names[0]], [names[0], names[1]], [names[1], names[0]]] {
            let expected = found([whole(a), whole(b)], 1 << 24);
            assert_eq!(expected["same"], a == b);
            for most in [0, 1, 500] {
                assert_eq!(found([streamed(a), streamed(b)], most), expected, "{a} {b} {most}");
                assert_eq!(found([whole(a), streamed(b)], most), expected, "{a} {b} {most}");
            }
        }
    }
}
