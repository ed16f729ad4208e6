//! Spikes that need not be in memory at once.

use std::ops::Range;

use super::SpikeTable;

/// So many spikes are held at once by whoever goes through a recording unit by unit: 128 MB.
pub const HELD: usize = 1 << 24;

/// What spikes are handed to, piece by piece: times \[s\] and units, as many of both.
pub type Take<'t> = dyn FnMut(&[f64], &[u32]) + 't;

/// Spikes that need not be in memory at once: a table, or a file that is read in pieces.
pub trait SpikeSource {
    /// What the file calls each unit; its length is the number of units.
    fn unit_ids(&self) -> &[i64];

    /// The first and the last spike time \[s\]; none if there is no spike.
    ///
    /// # Errors
    /// If the file cannot be read.
    fn ends(&self) -> Result<Option<(f64, f64)>, SourceError>;

    /// Hands over the spikes with `start <= t < stop` \[s\] in pieces. Those of a unit come in the order of time; in which order units come is
    /// not told.
    ///
    /// # Errors
    /// If the file cannot be read.
    fn pieces(&self, start: f64, stop: f64, take: &mut Take) -> Result<(), SourceError>;

    /// Those of a range of units, in the order in which [`pieces`](SpikeSource::pieces) has them.
    ///
    /// # Errors
    /// If the file cannot be read.
    fn pieces_of(&self, units: Range<usize>, window: (f64, f64), take: &mut Take) -> Result<(), SourceError> {
        if units.start == 0 && units.end >= self.unit_ids().len() {
            return self.pieces(window.0, window.1, take);
        }
        let (mut of_times, mut of_units) = (Vec::new(), Vec::new());
        self.pieces(window.0, window.1, &mut |times, all| {
            of_times.clear();
            of_units.clear();
            let own = times.iter().zip(all).filter(|(_, unit)| units.contains(&(**unit as usize)));
            own.for_each(|(time, unit)| {
                of_times.push(*time);
                of_units.push(*unit);
            });
            take(&of_times, &of_units);
        })
    }

    /// Those of a range of units, in whatever order takes least: those of a unit come in the order of time.
    ///
    /// # Errors
    /// If the file cannot be read.
    fn runs(&self, units: Range<usize>, window: (f64, f64), take: &mut Take) -> Result<(), SourceError> {
        self.pieces_of(units, window, take)
    }

    /// How many spikes each unit has with `start <= t < stop` \[s\].
    ///
    /// # Errors
    /// If the file cannot be read.
    fn counts(&self, start: f64, stop: f64) -> Result<Vec<u64>, SourceError> {
        count(self, (start, stop))
    }

    /// The spikes of some units with `start <= t < stop` \[s\], for each a list in the order of time.
    ///
    /// # Errors
    /// If the file cannot be read.
    fn trains_of(&self, units: &[usize], window: (f64, f64)) -> Result<Vec<Vec<f64>>, SourceError> {
        let mut trains = vec![Vec::new(); units.len()];
        let Some((&first, &last)) = units.iter().min().zip(units.iter().max()) else { return Ok(trains) };
        let mut place = vec![u32::MAX; last + 1 - first];
        units.iter().enumerate().for_each(|(new, unit)| place[unit - first] = new as u32);
        self.runs(first..last + 1, window, &mut |times, of| {
            for (&time, &unit) in times.iter().zip(of) {
                if let Some(train) = trains.get_mut(place[unit as usize - first] as usize) {
                    train.push(time);
                }
            }
        })?;
        Ok(trains)
    }

    /// The spikes with `start <= t < stop` \[s\] as one table.
    ///
    /// # Errors
    /// If the file cannot be read.
    fn table(&self, start: f64, stop: f64) -> Result<SpikeTable, SourceError> {
        let mut spikes = Vec::new();
        self.pieces(start, stop, &mut |times, units| spikes.extend(times.iter().copied().zip(units.iter().copied())))?;
        spikes.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let (times, units) = spikes.into_iter().unzip();
        Ok(SpikeTable { times, units, unit_ids: self.unit_ids().to_vec() })
    }
}

/// Counts the spikes of each unit with `start <= t < stop` \[s\].
pub(crate) fn count<S: SpikeSource + ?Sized>(source: &S, window: (f64, f64)) -> Result<Vec<u64>, SourceError> {
    let mut counts = vec![0; source.unit_ids().len()];
    let mut count = |_: &[f64], units: &[u32]| units.iter().for_each(|unit| counts[*unit as usize] += 1);
    source.runs(0..source.unit_ids().len(), window, &mut count)?;
    Ok(counts)
}

/// Looks for the first and the last spike time \[s\] by going through all.
pub(crate) fn ends<S: SpikeSource + ?Sized>(source: &S) -> Result<Option<(f64, f64)>, SourceError> {
    let mut ends: Option<(f64, f64)> = None;
    let all = (f64::NEG_INFINITY, f64::INFINITY);
    source.runs(0..source.unit_ids().len(), all, &mut |times, _| {
        for &time in times {
            let (first, last) = ends.unwrap_or((time, time));
            ends = Some((first.min(time), last.max(time)));
        }
    })?;
    Ok(ends)
}

/// Goes through the trains with `start <= t < stop` \[s\] unit by unit, in their order. At most `most` spikes are held at once, more only
/// of a unit that has more; a source that is a file is read as often as that takes.
///
/// # Errors
/// If the file cannot be read.
pub fn each_train(
    source: &dyn SpikeSource,
    (start, stop): (f64, f64),
    most: usize,
    each: &mut dyn FnMut(usize, &[f64]),
) -> Result<(), SourceError> {
    let counts = source.counts(start, stop)?;
    let mut from = 0;
    while from < counts.len() {
        let (mut to, mut spikes) = (from, 0);
        while to < counts.len() && (to == from || spikes + counts[to] <= most as u64) {
            spikes += counts[to];
            to += 1;
        }
        let units: Vec<usize> = (from..to).collect();
        for (unit, train) in units.iter().zip(source.trains_of(&units, (start, stop))?) {
            each(*unit, &train);
        }
        from = to;
    }
    Ok(())
}

/// Why spikes could not be read from where they are stored: a whole sentence.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{0}")]
pub struct SourceError(pub String);

impl SpikeSource for SpikeTable {
    fn unit_ids(&self) -> &[i64] {
        &self.unit_ids
    }

    fn ends(&self) -> Result<Option<(f64, f64)>, SourceError> {
        Ok(self.ends_of_table())
    }

    fn pieces(&self, start: f64, stop: f64, take: &mut Take) -> Result<(), SourceError> {
        let from = self.times.partition_point(|&t| t < start);
        let to = self.times.partition_point(|&t| t < stop).max(from);
        take(&self.times[from..to], &self.units[from..to]);
        Ok(())
    }
}

/// Some units of a source, renumbered.
pub struct Selected<'a> {
    source: &'a dyn SpikeSource,
    /// Their numbers in the source, in the new order.
    units: Vec<usize>,
    unit_ids: Vec<i64>,
}

impl<'a> Selected<'a> {
    /// These units (indices into `unit_ids`), numbered in the order given; one that is named twice is there twice.
    pub fn new(source: &'a dyn SpikeSource, units: Vec<usize>) -> Selected<'a> {
        let unit_ids = units.iter().map(|unit| source.unit_ids()[*unit]).collect();
        Selected { source, units, unit_ids }
    }

    /// Which new numbers units of the source have.
    fn places(&self, units: Range<usize>) -> Places {
        let to = units.end.min(self.units.len());
        let own = &self.units[units.start.min(to)..to];
        let Some((&first, &last)) = own.iter().min().zip(own.iter().max()) else { return Places::default() };
        let (mut newest, mut before) = (vec![u32::MAX; last + 1 - first], Vec::with_capacity(own.len()));
        for (new, unit) in own.iter().enumerate() {
            before.push(std::mem::replace(&mut newest[unit - first], new as u32));
        }
        Places { range: first..last + 1, first: units.start as u32, newest, before }
    }
}

/// New numbers of units in a range of the source's.
#[derive(Default)]
struct Places {
    range: Range<usize>,
    /// What is added to all numbers below.
    first: u32,
    /// For each unit of the range the last of its new numbers.
    newest: Vec<u32>,
    /// For each new number the one before it of the same unit.
    before: Vec<u32>,
}

/// Hands on what has new numbers.
fn renumbered<'t>(places: Places, take: &'t mut Take) -> impl FnMut(&[f64], &[u32]) + 't {
    let (mut of_times, mut of_units) = (Vec::new(), Vec::new());
    move |times, units| {
        of_times.clear();
        of_units.clear();
        for (&time, &unit) in times.iter().zip(units) {
            let mut place = places.newest[unit as usize - places.range.start];
            while place != u32::MAX {
                of_times.push(time);
                of_units.push(places.first + place);
                place = places.before[place as usize];
            }
        }
        take(&of_times, &of_units);
    }
}

impl SpikeSource for Selected<'_> {
    fn unit_ids(&self) -> &[i64] {
        &self.unit_ids
    }

    fn ends(&self) -> Result<Option<(f64, f64)>, SourceError> {
        ends(self)
    }

    fn pieces(&self, start: f64, stop: f64, take: &mut Take) -> Result<(), SourceError> {
        let places = self.places(0..self.units.len());
        self.source.pieces_of(places.range.clone(), (start, stop), &mut renumbered(places, take))
    }

    fn runs(&self, units: Range<usize>, window: (f64, f64), take: &mut Take) -> Result<(), SourceError> {
        let places = self.places(units);
        self.source.runs(places.range.clone(), window, &mut renumbered(places, take))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> SpikeTable {
        let trains = [vec![0.1, 0.4, 0.9], vec![], vec![0.2], vec![0.1, 0.3, 0.5, 0.7]];
        SpikeTable::from_units(vec![7, 8, 9, 10], &trains).unwrap()
    }

    #[test]
    fn trains_come_in_the_order_of_units_however_few_spikes_are_held() {
        let table = table();
        for most in [0, 1, 3, 4, 100] {
            let mut found = Vec::new();
            each_train(&table, (0.2, 0.9), most, &mut |unit, train| found.push((unit, train.to_vec()))).unwrap();
            assert_eq!(found, [(0, vec![0.4]), (1, vec![]), (2, vec![0.2]), (3, vec![0.3, 0.5, 0.7])], "{most}");
        }
        assert_eq!(table.counts(f64::NEG_INFINITY, f64::INFINITY).unwrap(), [3, 0, 1, 4]);
    }

    #[test]
    fn chosen_units_are_those_of_a_table_of_them() {
        let table = table();
        for units in [vec![], vec![3], vec![2, 0], vec![0, 1, 2, 3], vec![3, 1]] {
            let selected = Selected::new(&table, units.clone());
            let expected = table.select(&units);
            assert_eq!(selected.table(0.15, 0.8).unwrap(), expected.between(0.15, 0.8), "{units:?}");
            assert_eq!(selected.counts(0.15, 0.8).unwrap(), expected.counts(0.15, 0.8).unwrap());
            assert_eq!(selected.ends(), expected.ends());
            let all: Vec<usize> = (0..units.len()).collect();
            assert_eq!(selected.trains_of(&all, (0.0, 1.0)).unwrap(), expected.trains());
        }
    }

    #[test]
    fn a_unit_that_is_chosen_twice_is_there_twice() {
        let table = table();
        let selected = Selected::new(&table, vec![2, 0, 2]);
        for units in [vec![0, 1, 2], vec![2], vec![0, 2]] {
            let trains = selected.trains_of(&units, (0.0, 1.0)).unwrap();
            let expected: Vec<Vec<f64>> = units.iter().map(|unit| table.trains()[[2, 0, 2][*unit]].clone()).collect();
            assert_eq!(trains, expected, "{units:?}");
        }
        assert_eq!(selected.table(0.0, 1.0).unwrap().units, [1, 0, 2, 1, 1]);
    }

    #[test]
    fn a_range_of_units_has_their_spikes_in_the_order_of_all() {
        let (mut times, mut units) = (Vec::new(), Vec::new());
        table()
            .pieces_of(1..4, (0.0, 0.6), &mut |t, u| {
                times.extend_from_slice(t);
                units.extend_from_slice(u);
            })
            .unwrap();
        assert_eq!((times, units), (vec![0.1, 0.2, 0.3, 0.5], vec![3, 2, 3, 3]));
    }
}
