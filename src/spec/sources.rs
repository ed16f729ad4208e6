//! `source.*`: populations whose members only emit.

use super::error::{ModelError, Place};
use super::network_spec::{PopulationKind, Rate, RecordingSpec, SourceSpec};
use super::reader::{Reader, required};
use super::scope::{Scope, snap, snap_up};
use super::tables::{POISSON_SOURCE, RATE_STEPS, RECORDING, REGULAR, SOURCE, SPIKE_TIMES};
use super::tree::{Kind, Node, Table};
use super::values::{self, Form};
use crate::time::Time;
use crate::units::{self, Factor};
use crate::value::Value;

impl Reader<'_> {
    /// Reads the source of the population `name`, and its size.
    pub(crate) fn source(
        &self,
        node: &Node,
        (name, at): (&str, &Place),
        size_node: Option<&Node>,
        size: Option<usize>,
    ) -> Result<(SourceSpec, usize), ModelError> {
        let entry = self.variant(node, "source", &SOURCE)?;
        let inner = &entry.node;
        let given = || size.ok_or_else(|| at.error("`size` is missing: expected the number of members"));
        let table = || inner.table().ok_or_else(|| inner.mismatch("a table"));
        match entry.key.as_str() {
            "spike_times" => {
                let trains = self.spike_times(inner)?;
                if let (Some(size), Some(node)) = (size, size_node)
                    && size != trains.len()
                {
                    let message = format!("found a size of {size}, but {} lists of spike times", trains.len());
                    return Err(node.at.error(message).help("the size follows from the lists: leave it away"));
                }
                let size = trains.len();
                Ok((SourceSpec::SpikeTimes(trains), size))
            }
            "poisson" => {
                let (table, size) = (table()?, given()?);
                POISSON_SOURCE.check(table)?;
                let rate = required(table, "rate", &entry.key_at, "a rate such as \"10 Hz\"")?;
                let rate = self.rate(rate, Some(size))?;
                Ok((SourceSpec::Poisson { rate, active: self.active(table)? }, size))
            }
            "regular" => {
                let (table, size) = (table()?, given()?);
                REGULAR.check(table)?;
                let node = required(table, "rate", &entry.key_at, "a rate such as \"10 Hz\"")?;
                let rate = self.rate_value(node, Some(size))?;
                let phase = match table.get("phase") {
                    None => Value::Constant(0.0),
                    Some(node) => {
                        let phase = values::read(&self.scope, node, Form::of("ms"))?;
                        values::check_length(node, &phase, size, "member")?;
                        values::check_known(node, &phase, |x| {
                            if (0.0..=Time::LIMIT.ms()).contains(&x) {
                                Ok(())
                            } else {
                                Err(format!("found {x} ms, expected 0 or more"))
                            }
                        })?;
                        phase
                    }
                };
                Ok((SourceSpec::Regular { rate, phase, active: self.active(table)? }, size))
            }
            "labels" => {
                if let Some(node) = size_node {
                    return Err(node.at.error("the size follows from the images, one member per pixel: leave it away"));
                }
                let labels = self.labels(entry, name)?;
                let size = labels.size();
                Ok((SourceSpec::Labels(labels), size))
            }
            "pattern" => {
                let size = given()?;
                Ok((SourceSpec::Pattern(self.pattern(entry, size)?), size))
            }
            _ => {
                if let Some(node) = size_node {
                    return Err(node
                        .at
                        .error("the size of a recorded population follows from the recording: leave it away"));
                }
                Ok((SourceSpec::Recording(self.recording(table()?)?), 0))
            }
        }
    }

    /// When the last image has been shown; none without images.
    pub(crate) fn shown_until(&self) -> Option<Time> {
        let end = |population: &super::PopulationSpec| match &population.kind {
            PopulationKind::Source(SourceSpec::Labels(labels)) => Some(labels.end()),
            _ => None,
        };
        let end = self.populations.iter().filter_map(end).max()?;
        Some(self.scope.grid.map_or(end, |step| snap_up(end, step)))
    }

    /// A rate: a value, or `{ steps = [[t, rate], ..] }`.
    pub(crate) fn rate(&self, node: &Node, size: Option<usize>) -> Result<Rate, ModelError> {
        if let Some(table) = node.table()
            && let Some(entry) = table.entry("steps")
        {
            RATE_STEPS.check(table)?;
            let steps = self.steps(&entry.node, "Hz")?;
            if let Some((time, rate)) = steps.iter().find(|s| s.1 < 0.0) {
                return Err(entry.node.at.error(format!("the rate from {time} on is {rate} Hz, expected 0 or more")));
            }
            return Ok(Rate::Steps(steps));
        }
        Ok(Rate::Constant(self.rate_value(node, size)?))
    }

    fn rate_value(&self, node: &Node, size: Option<usize>) -> Result<Value, ModelError> {
        let value = values::read(&self.scope, node, Form::of("Hz"))?;
        if let Some(size) = size {
            values::check_length(node, &value, size, "member")?;
        } else if let Value::List(_) = value {
            return Err(node.mismatch("a constant or a distribution: an input has no list of its neurons"));
        }
        values::check_known(node, &value, |x| match x {
            _ if !x.is_finite() => Err(format!("found {x} Hz, expected a finite rate")),
            _ if x < 0.0 => Err(format!("found {} Hz, expected 0 or more", units::shown(x))),
            _ => Ok(()),
        })?;
        Ok(value)
    }

    /// `[[t, value], ..]`, times rising.
    pub(crate) fn steps(&self, node: &Node, unit: &str) -> Result<Vec<(Time, f64)>, ModelError> {
        let expected = "a list of pairs [[time, value], ..]";
        let Some(items) = node.array() else { return Err(node.mismatch(expected)) };
        let mut steps: Vec<(Time, f64)> = Vec::with_capacity(items.len());
        for item in items {
            let Some([time, value]) = item.array() else {
                let found = item.array().map_or_else(|| item.found(), |items| format!("a list of {}", items.len()));
                return Err(item.at.error(format!("found {found}, expected a pair [time, value]")));
            };
            let at = self.scope.time(time)?;
            if let Some((before, _)) = steps.last()
                && at <= *before
            {
                return Err(time.at.error(format!("found {at} after {before}, expected rising times")));
            }
            steps.push((at, self.scope.finite(value, unit)?));
        }
        if steps.is_empty() {
            Err(node.at.error(format!("found an empty list, expected {expected}")))
        } else {
            Ok(steps)
        }
    }

    fn spike_times(&self, node: &Node) -> Result<Vec<Vec<Time>>, ModelError> {
        let (list, factor) = match node.table() {
            None => (node, None),
            Some(table) => {
                SPIKE_TIMES.check(table)?;
                let list = required(table, "values", &node.at, "a list of spike times for each member")?;
                (list, Some(values::unit_factor(&self.scope, table, list, Form::of("ms"), None)?))
            }
        };
        let Some(members) = list.array() else { return Err(list.mismatch("a list of spike times for each member")) };
        if members.is_empty() {
            return Err(list.at.error("an empty population: expected a list of spike times for each member"));
        }
        members.iter().map(|member| self.train(member, factor.as_ref())).collect()
    }

    fn train(&self, node: &Node, factor: Option<&Factor>) -> Result<Vec<Time>, ModelError> {
        let Some(items) = node.array() else {
            return Err(node.mismatch("a list of spike times for each member, such as [[\"10 ms\"], []]"));
        };
        let mut train: Vec<Time> = Vec::with_capacity(items.len());
        for item in items {
            let time = match (factor, &item.kind) {
                (None, _) => self.scope.any_time(item)?,
                (Some(factor), Kind::Integer(_) | Kind::Float(_)) => {
                    Scope::time_of_ms(item, factor.apply(self.scope.finite(item, "")?))?
                }
                (Some(_), _) => return Err(item.mismatch("a bare number; the unit stands beside the list")),
            };
            if self.scope.grid.is_some_and(|step| snap(time, step).is_none()) {
                self.scope.notice(|noticed| noticed.moved += 1);
            }
            let time = self.scope.grid.map_or(time, |step| snap_up(time, step));
            if let Some(before) = train.last()
                && time < *before
            {
                return Err(item.at.error(format!("found {time} after {before}: spike times must not decrease")));
            }
            train.push(time);
        }
        Ok(train)
    }

    fn recording(&self, table: &Table) -> Result<RecordingSpec, ModelError> {
        RECORDING.check(table)?;
        let seconds = |key: &str| table.get(key).map(|node| self.scope.finite(node, "s")).transpose();
        let (start, stop) = (seconds("start")?, seconds("stop")?);
        if let (Some(start), Some(stop), Some(node)) = (start, stop, table.get("stop"))
            && stop <= start
        {
            return Err(node.at.error(format!("stop, {stop} s, is not after start, {start} s")));
        }
        Ok(RecordingSpec {
            file: table.get("file").map(|node| self.scope.path(node)).transpose()?,
            start,
            stop,
            units: table.get("units").map(|node| self.units(node)).transpose()?,
            filter: table.get("where").map_or(Ok(Vec::new()), |node| self.conditions(node))?,
            leads: table.get("leads").map_or(Ok(false), |node| self.scope.flag(node))?,
        })
    }

    fn units(&self, node: &Node) -> Result<Vec<(usize, usize)>, ModelError> {
        let text = self.scope.text(node, "positions of units such as \"0-95,100\"")?;
        parse_units(&text).map_err(|message| node.at.error(message))
    }
}

/// Positions of units, `"0-95,100"`, as inclusive ranges; for the flag `--units` too.
///
/// # Errors
/// If the text has another form, or names a unit twice.
pub fn parse_units(text: &str) -> Result<Vec<(usize, usize)>, String> {
    let form = || format!("found \"{text}\", expected positions of units such as \"0-95,100\"");
    let mut ranges: Vec<(usize, usize)> = Vec::new();
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let number = |text: &str| text.trim().parse::<usize>().map_err(|_| form());
        let (first, last) = (number(first)?, number(last)?);
        if last < first {
            return Err(format!("found the units {first}-{last}, which run backwards"));
        }
        if ranges.iter().any(|&(a, b)| first <= b && a <= last) {
            return Err(format!("found \"{text}\", which names a unit twice"));
        }
        ranges.push((first, last));
    }
    Ok(ranges)
}
