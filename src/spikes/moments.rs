//! Which columns of a table of intervals are times. Files do not say so: a column is told by its name and its values.

use super::{Column, IntervalTable};

/// So many whole numbers do not lie within their intervals by chance.
const LEAST_WHOLE: usize = 4;

impl IntervalTable {
    /// For each column whether it holds times on the clock of the intervals.
    ///
    /// Those are the columns whose name ends in `time`, as NWB asks of them, and of the others those with numbers all of which lie within
    /// their own interval; whole ones, which may be codes, where they are four at least and do not count the intervals. Most known values must lie near their own interval in either case, which durations do not.
    pub fn times(&self) -> Vec<bool> {
        let is_time = |(name, column): &(String, Column)| match column {
            Column::Number(values) => self.lie_near(values) && (is_named_time(name) || self.lie_within(values)),
            Column::Text(_) => false,
        };
        self.columns.iter().map(is_time).collect()
    }

    /// Whether a column may hold times: one that is named so, or has values near the intervals, which codes and numbers of trials have not.
    pub fn may_be_times(&self, name: &str, values: &[f64]) -> bool {
        is_named_time(name) || self.lie_near(values)
    }

    /// Puts the intervals on a clock that began `by` \[s\] later: their ends, and the columns that are `times`. They are rounded to picoseconds, as the
    /// spikes of a model are, so that a spike at an event stays there.
    pub fn shift(&mut self, by: f64, times: &[bool]) {
        for (column, _) in self.columns.iter_mut().zip(times).filter(|(_, is_time)| **is_time) {
            if let Column::Number(values) = &mut column.1 {
                values.iter_mut().for_each(|t| *t = later(*t, by));
            }
        }
        self.start.iter_mut().chain(&mut self.stop).for_each(|t| *t = later(*t, by));
    }

    /// Whether most of the known values lie within their own interval, or no further from it than its length (1 s at least).
    fn lie_near(&self, values: &[f64]) -> bool {
        let (mut near, mut known) = (0, 0);
        for (value, start, stop) in self.known(values) {
            let reach = (stop - start).max(1.0);
            known += 1;
            near += usize::from((start - reach..=stop + reach).contains(&value));
        }
        2 * near > known
    }

    /// Whether all known values lie within their own intervals, of which there are several. Whole numbers may be codes that do by chance: they
    /// have to be more, in intervals that end, and rise otherwise than by one, as a number of the trial does.
    fn lie_within(&self, values: &[f64]) -> bool {
        let known: Vec<(f64, f64, f64)> = self.known(values).collect();
        if known.len() < 2 || !known.iter().all(|(value, start, stop)| (start..=stop).contains(&value)) {
            return false;
        }
        let whole = known.iter().all(|(value, ..)| value.fract() == 0.0);
        let ended = known.iter().all(|(.., stop)| stop.is_finite());
        let counting = known.windows(2).all(|pair| pair[1].0 - pair[0].0 == 1.0);
        !whole || known.len() >= LEAST_WHOLE && ended && !counting
    }

    /// Known values with the ends of their intervals; one that has no end goes on.
    fn known(&self, values: &[f64]) -> impl Iterator<Item = (f64, f64, f64)> {
        let ends = self.start.iter().zip(&self.stop);
        let rows = values.iter().zip(ends).filter(|(value, (start, _))| value.is_finite() && start.is_finite());
        rows.map(|(value, (start, stop))| (*value, *start, if stop.is_finite() { *stop } else { f64::INFINITY }))
    }
}

/// A time on a clock that began `by` later.
fn later(time: f64, by: f64) -> f64 {
    let picoseconds = ((time - by) * 1e12).round();
    // Larger ones are not whole picoseconds any more.
    if picoseconds.abs() < 9e15 { picoseconds / 1e12 } else { time - by }
}

fn is_named_time(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let before = ["time", "times", "timestamp", "timestamps"].iter().find_map(|end| name.strip_suffix(end));
    before.is_some_and(|rest| rest.is_empty() || rest.ends_with(['_', ' ', '-']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_move_with_their_intervals_and_codes_and_durations_stay() {
        let column = |name: &str, values: &[f64]| (name.to_owned(), Column::Number(values.to_vec()));
        let mut table = IntervalTable {
            name: "trials".into(),
            start: vec![10.0, 20.0, 30.0],
            stop: vec![15.0, 25.0, f64::NAN],
            columns: vec![
                column("go_cue_time", &[11.5, f64::NAN, 32.0]),
                column("reward_time", &[16.0, 26.0, 39.0]),
                column("cue", &[11.5, 21.0, 31.0]),
                column("reaction_time", &[0.3, 0.4, 0.5]),
                column("direction", &[1.0, 2.0, 4.0]),
                column("block", &[12.0, 22.0, 31.0]),
                column("lifetime", &[5.0, 5.0, f64::NAN]),
            ],
        };
        let before = table.columns.clone();
        let times = table.times();
        assert_eq!(times, [true, true, true, false, false, false, false]);
        table.shift(10.0, &times);
        assert_eq!((table.start[1], table.stop[0]), (10.0, 5.0));
        let number = |columns: &[(String, Column)], place: usize| match &columns[place].1 {
            Column::Number(values) => values.clone(),
            Column::Text(_) => Vec::new(),
        };
        assert_eq!((number(&table.columns, 0)[0], number(&table.columns, 0)[2]), (1.5, 22.0));
        assert_eq!(number(&table.columns, 1), [6.0, 16.0, 29.0]);
        assert_eq!(number(&table.columns, 2), [1.5, 11.0, 21.0]);
        assert_eq!(table.columns[3..6], before[3..6]);
        table.shift(-10.0, &times);
        assert_eq!(later(312.345, 100.0), 212.345);
        assert!(table.may_be_times("reaction_time", &[0.3]) && !table.may_be_times("direction", &[1.0, 2.0, 4.0]));
    }

    #[test]
    fn whole_numbers_within_their_intervals_are_times_unless_they_count_them() {
        let table = |first: f64, step: f64, rows: i32| {
            let start: Vec<f64> = (0..rows).map(|row| first + step * f64::from(row)).collect();
            let stop = start.iter().map(|start| start + 1.0).collect();
            let column = Column::Number(start.iter().map(|start| start.ceil()).collect());
            IntervalTable { name: "trials".into(), start, stop, columns: vec![("n".into(), column)] }
        };
        // 101, 103, 105, 107 in 100.5 to 101.5, ..
        assert_eq!(table(100.5, 2.0, 4).times(), [true]);
        assert_eq!(table(100.5, 2.0, 3).times(), [false]);
        assert_eq!(table(0.5, 1.0, 20).times(), [false], "1, 2, 3, ..");
        let mut endless = table(100.5, 2.0, 4);
        endless.stop.fill(f64::NAN);
        assert_eq!(endless.times(), [false]);
    }
}
