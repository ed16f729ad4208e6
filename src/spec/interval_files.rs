//! Intervals from a recording: its trials, epochs or states.

use std::path::PathBuf;

use super::conditions::{Condition, missing, select};
use super::error::ModelError;
use super::network_spec::NetworkSpec;
use super::reader::{Reader, required};
use super::scope::from_clock;
use super::tables::INTERVAL_FILE;
use super::tree::{Entry, Table};
use crate::spikes::{Column, IntervalTable, Recording};
use crate::time::Time;

/// An interval that waits for a table of a recording.
#[derive(Clone, Debug, PartialEq)]
pub struct IntervalFile {
    /// Index into [`NetworkSpec::intervals`].
    pub interval: usize,
    /// The recording; without it the one that the model replays.
    pub file: Option<PathBuf>,
    /// Name of the table, e.g. `trials`.
    pub table: String,
    /// The column of starts; `start_time` are the table's own.
    pub start: String,
    /// The column of stops; `stop_time` are the table's own.
    pub stop: String,
    /// Length of each, instead of a column of stops.
    pub duration: Option<Time>,
    /// Which rows.
    pub filter: Vec<Condition>,
}

/// Which rows of a table an interval has.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rows {
    /// How many `where` leaves.
    pub rows: usize,
    /// How many of these have no time.
    pub untimed: usize,
}

impl Reader<'_> {
    /// `file`, `table`, `start`, `stop` or `duration`, `where`.
    pub(crate) fn interval_file(&self, entry: &Entry, table: &Table) -> Result<IntervalFile, ModelError> {
        INTERVAL_FILE.check(table)?;
        let name = required(table, "table", &entry.key_at, "the name of a table of the recording such as \"trials\"")?;
        let column = |key: &str, default: &str| match table.get(key) {
            Some(node) => self.scope.text(node, "the name of a column of times"),
            None => Ok(default.to_string()),
        };
        if let (Some(_), Some(both)) = (table.entry("stop"), table.entry("duration")) {
            return Err(both.key_at.error("`duration` is given beside `stop`: write one of them"));
        }
        Ok(IntervalFile {
            interval: self.intervals.len(),
            file: table.get("file").map(|node| self.scope.path(node)).transpose()?,
            table: self.scope.text(name, "the name of a table such as \"trials\"")?,
            start: column("start", "start_time")?,
            stop: column("stop", "stop_time")?,
            duration: table.get("duration").map(|node| self.scope.duration(node)).transpose()?,
            filter: table.get("where").map_or(Ok(Vec::new()), |node| self.conditions(node))?,
        })
    }
}

impl NetworkSpec {
    /// Fills an interval from a recording, whose time `start_s` is model time 0. Rows without a time and those that end
    /// before model time 0 are left out; one that has begun is cut there.
    ///
    /// # Errors
    /// A sentence, if the table or a column is not there, or if intervals overlap.
    pub fn bind_interval(
        &mut self,
        wanted: &IntervalFile,
        recording: &Recording,
        start_s: f64,
    ) -> Result<Rows, String> {
        let name = self.intervals[wanted.interval].name.clone();
        let wrong = |message: String| format!("interval {name}: {message}");
        let tables: Vec<&str> = recording.intervals.iter().map(|table| table.name.as_str()).collect();
        let table = recording.intervals.iter().find(|table| table.name == wanted.table);
        let table = table.ok_or_else(|| wrong(missing("table", &wanted.table, &tables)))?;
        let columns: Vec<(&str, &Column)> =
            table.columns.iter().map(|(name, column)| (name.as_str(), column)).collect();
        let rows = select(&wanted.filter, &columns, 0..table.start.len()).map_err(wrong)?;
        let count = rows.len();
        let starts = times(table, &wanted.start).map_err(wrong)?;
        let stops = if wanted.duration.is_some() { starts } else { times(table, &wanted.stop).map_err(wrong)? };
        let grid = (self.simulation.engine == super::Engine::Grid).then_some(self.simulation.resolution);
        let place = |seconds: f64| from_clock(seconds, start_s, grid);
        let (timed, untimed): (Vec<usize>, Vec<usize>) =
            rows.into_iter().partition(|row| starts[*row].is_finite() && stops[*row].is_finite());
        let mut spans: Vec<(Time, Time)> = timed
            .into_iter()
            .map(|row| {
                let start = place(starts[row]);
                (start, wanted.duration.map_or_else(|| place(stops[row]), |length| start.saturating_add(length)))
            })
            .filter(|(start, stop)| stop > start && *stop > Time::ZERO)
            .map(|(start, stop)| (start.max(Time::ZERO), stop))
            .collect();
        spans.sort();
        if let Some(pair) = spans.windows(2).find(|pair| pair[1].0 < pair[0].1) {
            let message = format!("one interval ends at {} after the next has started at {}", pair[0].1, pair[1].0);
            return Err(wrong(format!(
                "{message}; intervals must not overlap: choose rows with `where`, or a shorter `duration`"
            )));
        }
        self.intervals[wanted.interval].spans = spans;
        Ok(Rows { rows: count, untimed: untimed.len() })
    }
}

/// A column of times \[s\].
fn times<'a>(table: &'a IntervalTable, name: &str) -> Result<&'a [f64], String> {
    match name {
        "start_time" => return Ok(&table.start),
        "stop_time" => return Ok(&table.stop),
        _ => {}
    }
    let numbers = |(name, column): &'a (String, Column)| match column {
        Column::Number(values) => Some((name.as_str(), values.as_slice())),
        Column::Text(_) => None,
    };
    let there: Vec<(&str, &[f64])> = table.columns.iter().filter_map(numbers).collect();
    let found = there.iter().find(|column| column.0 == name).map(|column| column.1);
    if let Some(values) = found.filter(|values| values.iter().any(|value| value.is_finite()))
        && !table.may_be_times(name, values)
    {
        return Err(format!(
            "`{name}` is no column of times: few of its numbers lie in or near their own intervals of {}",
            table.name
        ));
    }
    found.filter(|values| values.len() == table.start.len()).ok_or_else(|| {
        let names: Vec<&str> = ["start_time", "stop_time"].into_iter().chain(there.iter().map(|c| c.0)).collect();
        missing("column of numbers", name, &names)
    })
}

#[cfg(test)]
mod tests {
    use super::Rows;
    use crate::spec;
    use crate::spikes::{Column, IntervalTable, Recording};

    #[test]
    fn rows_without_a_time_are_counted_and_left_out() {
        let text = "simulation.duration = '10 s'\npopulation.E = { size = 1, neuron = 'lif_exp' }\n\
                    interval.x = { table = 'trials', file = 'a.nwb' }\n";
        let mut spec = spec::parse(text, "model", "".as_ref(), &[]).unwrap();
        let trials = IntervalTable {
            name: "trials".into(),
            start: vec![0.0, 1.0, 2.0],
            stop: vec![0.5, f64::NAN, 2.5],
            columns: Vec::new(),
        };
        let recording = Recording { intervals: vec![trials], ..Recording::default() };
        let wanted = std::mem::take(&mut spec.interval_files).remove(0);
        assert_eq!(spec.bind_interval(&wanted, &recording, 0.0), Ok(Rows { rows: 3, untimed: 1 }));
        assert_eq!(spec.intervals[0].spans.len(), 2);
    }

    #[test]
    fn a_column_that_holds_no_times_is_refused() {
        let text = "simulation.duration = '10 s'\npopulation.E = { size = 1, neuron = 'lif_exp' }\n\
                    interval.x = { table = 'trials', file = 'a.nwb', start = 'rt', duration = '1 ms' }\n";
        let mut spec = spec::parse(text, "model", "".as_ref(), &[]).unwrap();
        let of = |values: Vec<f64>| {
            let trials = IntervalTable {
                name: "trials".into(),
                start: vec![10.0, 13.0, 16.0],
                stop: vec![11.0, 14.0, 17.0],
                columns: vec![("rt".into(), Column::Number(values))],
            };
            Recording { intervals: vec![trials], ..Recording::default() }
        };
        let wanted = std::mem::take(&mut spec.interval_files).remove(0);
        let message = spec.bind_interval(&wanted, &of(vec![0.1, 0.2, 0.3]), 0.0).unwrap_err();
        assert!(message.contains("`rt` is no column of times"), "{message}");
        assert_eq!(spec.bind_interval(&wanted, &of(vec![10.1, 13.2, 16.3]), 0.0), Ok(Rows { rows: 3, untimed: 0 }));
    }
}
