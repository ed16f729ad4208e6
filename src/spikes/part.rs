//! A part of a recording: a window of time, and some of its units. Times stay on the recording's clock.

use std::ops::Range;

use super::{Column, IntervalTable, Recording, Signal, SourceError, SpikeSource, SpikeTable, Take};

impl Column {
    /// The entries of these rows, in the order given.
    #[must_use]
    pub fn select(&self, rows: &[usize]) -> Column {
        match self {
            Column::Number(values) => Column::Number(rows.iter().map(|&row| values[row]).collect()),
            Column::Text(values) => Column::Text(rows.iter().map(|&row| values[row].clone()).collect()),
        }
    }
}

impl Signal {
    /// The samples with `start <= t < stop` \[s\].
    #[must_use]
    pub fn between(&self, start: f64, stop: f64) -> Signal {
        let from = self.times.partition_point(|t| *t < start);
        let to = self.times.partition_point(|t| *t < stop).max(from);
        Signal {
            name: self.name.clone(),
            unit: self.unit.clone(),
            times: self.times[from..to].to_vec(),
            data: self.data[from * self.width..to * self.width].to_vec(),
            width: self.width,
        }
    }
}

impl IntervalTable {
    /// The intervals that overlap `start <= t < stop` \[s\], each whole: its ends and columns stay. Of an interval without length its moment
    /// must lie in the window; an end that is not known (NaN) is taken to be anywhere.
    #[must_use]
    pub fn overlapping(&self, start: f64, stop: f64) -> IntervalTable {
        // Written so that NaN is not outside.
        let outside = |from: f64, to: f64| from >= stop || to < start || (to <= start && from < start);
        let rows = self.start.iter().zip(&self.stop).enumerate();
        let keep: Vec<usize> = rows.filter(|(_, (from, to))| !outside(**from, **to)).map(|(row, _)| row).collect();
        let of = |times: &[f64]| keep.iter().map(|&row| times[row]).collect();
        IntervalTable {
            name: self.name.clone(),
            start: of(&self.start),
            stop: of(&self.stop),
            columns: self.columns.iter().map(|(name, column)| (name.clone(), column.select(&keep))).collect(),
        }
    }
}

impl Recording {
    /// What belongs to some of the units, `keep` in the order of their populations, and to `start <= t < stop` \[s\], with the notes that are true of it; all of the electrodes. Spikes are left
    /// out: [`Selected`](super::Selected) and [`Between`] give them.
    ///
    /// Of what was observed the part within the window is left; where the recording does not say that, nothing is.
    #[must_use]
    pub fn part(&self, keep: &[usize], (start, stop): (f64, f64)) -> Recording {
        let mut populations = Vec::new();
        let mut next = 0;
        for (name, first, count) in &self.populations {
            let own = keep.iter().filter(|unit| (*first..first + count).contains(*unit)).count();
            if own > 0 {
                populations.push((name.clone(), next, own));
            }
            next += own;
        }
        let observed = self.observed.iter().map(|(from, to)| (from.max(start), to.min(stop)));
        Recording {
            format: self.format.clone(),
            about: self.about.clone(),
            spikes: SpikeTable::default(),
            populations,
            unit_columns: self.unit_columns.iter().map(|(name, column)| (name.clone(), column.select(keep))).collect(),
            electrodes: self.electrodes.clone(),
            unit_spans: keep.iter().filter_map(|unit| self.unit_spans.get(*unit)).cloned().collect(),
            observed: observed.filter(|(from, to)| from < to).collect(),
            signals: self.signals.iter().map(|signal| signal.between(start, stop)).collect(),
            intervals: self.intervals.iter().map(|table| table.overlapping(start, stop)).collect(),
            observables: self.observables.clone(),
            kinds: self.kinds.clone(),
            remarks: self.remarks.clone(),
            notes: self.notes_of(keep, (start, stop)),
        }
    }
}

/// The spikes of a source in a window.
pub struct Between<'a> {
    source: &'a dyn SpikeSource,
    window: (f64, f64),
}

impl<'a> Between<'a> {
    /// Those with `start <= t < stop` \[s\].
    pub fn new(source: &'a dyn SpikeSource, window: (f64, f64)) -> Between<'a> {
        Between { source, window }
    }

    /// What is left of a window.
    fn cut(&self, (start, stop): (f64, f64)) -> (f64, f64) {
        (start.max(self.window.0), stop.min(self.window.1))
    }
}

impl SpikeSource for Between<'_> {
    fn unit_ids(&self) -> &[i64] {
        self.source.unit_ids()
    }

    fn ends(&self) -> Result<Option<(f64, f64)>, SourceError> {
        super::source::ends(self)
    }

    fn pieces(&self, start: f64, stop: f64, take: &mut Take) -> Result<(), SourceError> {
        let (start, stop) = self.cut((start, stop));
        self.source.pieces(start, stop, take)
    }

    fn pieces_of(&self, units: Range<usize>, window: (f64, f64), take: &mut Take) -> Result<(), SourceError> {
        self.source.pieces_of(units, self.cut(window), take)
    }

    fn runs(&self, units: Range<usize>, window: (f64, f64), take: &mut Take) -> Result<(), SourceError> {
        self.source.runs(units, self.cut(window), take)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spikes_between_are_those_of_a_table_cut_to_the_window() {
        let trains = [vec![0.1, 0.4, 0.9], vec![], vec![0.2], vec![0.1, 0.3, 0.5, 0.7]];
        let table = SpikeTable::from_units(vec![7, 8, 9, 10], &trains).unwrap();
        for window in
            [(0.1, 0.5), (0.15, 0.15), (0.9, 0.9f64.next_up()), (f64::NEG_INFINITY, f64::INFINITY), (2.0, 3.0)]
        {
            let (cut, expected) = (Between::new(&table, window), table.between(window.0, window.1));
            let all = (f64::NEG_INFINITY, f64::INFINITY);
            assert_eq!(cut.table(all.0, all.1).unwrap(), expected, "{window:?}");
            assert_eq!(cut.table(0.2, 0.45).unwrap(), expected.between(0.2, 0.45), "{window:?}");
            assert_eq!(cut.ends().unwrap(), expected.ends().unwrap(), "{window:?}");
            assert_eq!(cut.counts(all.0, all.1), expected.counts(all.0, all.1), "{window:?}");
            assert_eq!(cut.trains_of(&[3, 0], all), expected.trains_of(&[3, 0], all), "{window:?}");
        }
    }

    #[test]
    fn intervals_stay_whole_if_they_overlap_the_window() {
        let table = IntervalTable {
            name: "trials".into(),
            start: vec![0.0, 0.5, 1.0, 2.0, 1.0, 1.5, 2.0, f64::NAN, 0.2],
            stop: vec![1.0, 1.1, 2.0, 3.0, 1.0, 1.5, 2.0, 1.5, f64::NAN],
            columns: vec![("row".into(), Column::Number((0..9).map(f64::from).collect()))],
        };
        let kept = table.overlapping(1.0, 2.0);
        assert_eq!(kept.columns[0].1, Column::Number(vec![1.0, 2.0, 4.0, 5.0, 7.0, 8.0]));
        assert_eq!(kept.start[..4], [0.5, 1.0, 1.0, 1.5]);
        assert_eq!(kept.stop[..4], [1.1, 2.0, 1.0, 1.5]);
        assert_eq!(table.overlapping(f64::NEG_INFINITY, f64::INFINITY).start.len(), 9);
    }

    #[test]
    fn nothing_was_recorded_in_a_gap_or_beside_all_that_there_is() {
        let trials =
            IntervalTable { name: "trials".into(), start: vec![100.5], stop: vec![107.5], ..Default::default() };
        let hand = Signal { times: vec![99.0, 108.5], data: vec![0.0; 2], width: 1, ..Signal::default() };
        let mut recording = Recording { intervals: vec![trials], ..Recording::default() };
        let spikes = Some((101.0, 110.0));
        assert_eq!(recording.reach(spikes), Some((100.5, 110.0)));
        recording.signals.push(hand);
        assert_eq!((recording.reach(spikes), recording.reach(None)), (Some((99.0, 110.0)), Some((99.0, 108.5))));
        let silent = |recording: &Recording, from: f64, to: f64| recording.is_silent_about(spikes, (from, to));
        assert!(silent(&recording, 50.0, 60.0) && silent(&recording, 50.0, 99.0) && silent(&recording, 110.5, 120.0));
        assert!(!silent(&recording, 108.0, 109.0) && !silent(&recording, 110.0, 111.0), "with the last spike");
        recording.observed = vec![(100.0, 101.0), (103.0, 110.0)];
        assert!(
            silent(&recording, 101.0, 103.0) && silent(&recording, 99.0, 100.0) && !silent(&recording, 100.5, 103.0)
        );
        assert!(Recording::default().reach(None).is_none() && !Recording::default().is_silent_about(None, (0.0, 1.0)));
    }

    #[test]
    fn a_part_has_its_units_in_their_populations_and_what_was_observed_of_the_window() {
        let recording = Recording {
            populations: vec![("A".into(), 0, 2), ("B".into(), 2, 1), ("C".into(), 3, 3)],
            unit_columns: vec![("depth".into(), Column::Number((0..6).map(f64::from).collect()))],
            observed: vec![(0.0, 1.0), (2.0, 3.0), (5.0, 6.0)],
            signals: vec![Signal {
                times: vec![0.0, 1.0, 2.5],
                data: vec![1., 2., 3., 4., 5., 6.],
                width: 2,
                ..Signal::default()
            }],
            ..Recording::default()
        };
        let part = recording.part(&[1, 3, 5], (0.5, 2.5));
        assert_eq!(part.populations, [("A".to_owned(), 0, 1), ("C".to_owned(), 1, 2)]);
        assert_eq!(part.unit_columns[0].1, Column::Number(vec![1.0, 3.0, 5.0]));
        assert_eq!(part.observed, [(0.5, 1.0), (2.0, 2.5)]);
        assert_eq!((&part.signals[0].times[..], &part.signals[0].data[..]), (&[1.0][..], &[3.0, 4.0][..]));
    }
}
