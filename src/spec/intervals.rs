//! `[interval.NAME]`: spans of model time, given by numbers or by a table of a recording.

use super::error::ModelError;
use super::network_spec::IntervalSpec;
use super::reader::{Reader, named_table, required, section};
use super::tables::INTERVAL;
use super::tree::{Entry, Node, Table};
use crate::time::Time;

/// More spans than this are a mistake in `every` or `count`.
const MOST: u64 = 10_000_000;

impl Reader<'_> {
    /// Reads all intervals.
    pub(crate) fn read_intervals(&mut self, root: &Table) -> Result<(), ModelError> {
        for entry in section(root, "interval")? {
            let table = named_table(entry, "interval")?;
            let spans = if ["file", "table", "where"].iter().any(|key| table.entry(key).is_some()) {
                let from = self.interval_file(entry, table)?;
                self.interval_files.push(from);
                Vec::new()
            } else {
                self.spans(entry, table)?
            };
            self.intervals.push(IntervalSpec { name: entry.key.clone(), spans });
        }
        Ok(())
    }

    fn spans(&self, entry: &Entry, table: &Table) -> Result<Vec<(Time, Time)>, ModelError> {
        INTERVAL.check(table)?;
        let start_node = required(table, "start", &entry.key_at, "a time such as \"200 ms\", or a list of times")?;
        let starts = self.times(start_node)?;
        let (stops, stop_node) = match (table.entry("stop"), table.entry("duration")) {
            (Some(stop), None) => (self.times(&stop.node)?, &stop.node),
            (None, Some(duration)) => {
                let length = self.scope.duration(&duration.node)?;
                (starts.iter().map(|s| s.saturating_add(length)).collect(), &duration.node)
            }
            (Some(_), Some(both)) => {
                return Err(both.key_at.error("`duration` is given beside `stop`: write one of them"));
            }
            (None, None) => return Err(entry.key_at.error("`stop` or `duration` is missing")),
        };
        if starts.len() != stops.len() {
            let message = format!("found {} stops for {} starts", stops.len(), starts.len());
            return Err(stop_node.at.error(message));
        }
        let mut spans: Vec<_> = starts.into_iter().zip(stops).collect();
        if let Some((start, stop)) = spans.iter().find(|(start, stop)| stop <= start) {
            return Err(stop_node.at.error(format!("an interval stops at {stop}, not after its start at {start}")));
        }
        match (table.entry("every"), table.entry("count")) {
            (None, None) => {}
            (None, Some(count)) => {
                return Err(count.key_at.error("`count` needs `every`, the time from start to start"));
            }
            (Some(every), count) => spans = self.repeated(&spans, every, count)?,
        }
        if let Some(pair) = spans.windows(2).find(|w| w[1].0 < w[0].1) {
            let message = format!("one interval ends at {} after the next has started at {}", pair[0].1, pair[1].0);
            return Err(start_node.at.error(message).help("intervals must rise and must not overlap"));
        }
        Ok(spans)
    }

    fn repeated(
        &self,
        spans: &[(Time, Time)],
        every: &Entry,
        count: Option<&Entry>,
    ) -> Result<Vec<(Time, Time)>, ModelError> {
        let [(start, stop)] = *spans else {
            return Err(every.key_at.error("`every` repeats a single interval; found a list of starts"));
        };
        let period = self.scope.duration(&every.node)?;
        if period < stop - start {
            return Err(every
                .node
                .at
                .error(format!("found {period}, less than the length of the interval, {}", stop - start)));
        }
        let said = count.map_or(&every.node, |count| &count.node);
        let count = match (count, self.duration) {
            (Some(count), _) => self.scope.count(&count.node)?,
            // The end belongs to the run.
            (None, Some(end)) if end >= start => ((end.0 - start.0) / period.0) as u64 + 1,
            (None, Some(_)) => 0,
            (None, None) => {
                return Err(every.key_at.error("`count` is missing, and there is no simulation.duration to fill"));
            }
        };
        if count > MOST {
            return Err(said.at.error(format!("found {count} intervals, expected at most {MOST}")));
        }
        let shift = |i: u64| Time((i as i64).saturating_mul(period.0));
        if shift(count) > Time::LIMIT {
            return Err(said.at.error("the last interval is later than 100 days"));
        }
        Ok((0..count).map(|i| (start.saturating_add(shift(i)), stop.saturating_add(shift(i)))).collect())
    }

    /// One time or a list of times.
    fn times(&self, node: &Node) -> Result<Vec<Time>, ModelError> {
        match node.array() {
            Some(items) => items.iter().map(|item| self.scope.time(item)).collect(),
            None => Ok(vec![self.scope.time(node)?]),
        }
    }
}
