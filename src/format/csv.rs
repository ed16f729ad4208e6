//! Tables of text with a line of column names.
//!
//! One row per spike: a column of times (`time`, `timestamps`, `spike_time`, ..) and one of units (`unit`, `neuron`, `gid`,
//! `node_ids`, `sender`, ..), perhaps one of populations. Or one row per sample: a column of times and one of
//! counts per unit (`unit_7`, `neuron_7`, ..); all other columns of numbers are signals, `hand_x` and `hand_y` one together.
//! Cells are separated by commas, semicolons, tabs or blanks. A unit of time stands in the column's name (`time_ms`,
//! `time [ms]`); without one times are seconds, and milliseconds beside `node_ids`, as SONATA's.

mod samples;
mod spikes;

use super::error::{Fault, FormatError};
use super::gather::{Gathered, Spikes};
use super::plain::Plain;
use super::words::{Separator, is_remark, is_time, unit_column};
use crate::spikes::Recording;

/// What the line of names says.
struct Header {
    /// Its number in the file, from 1.
    line: usize,
    separator: Separator,
    names: Vec<String>,
    /// The column of times, and how many of its unit make a second.
    time: usize,
    per_second: f64,
    kind: Kind,
}

enum Kind {
    /// The column of units.
    Spikes { unit: usize },
    /// The columns of counts.
    Samples { units: Vec<usize> },
}

/// Whether the first line that is no remark has the names of columns that can be read.
pub(super) fn recognise(plain: &Plain) -> bool {
    header(plain).is_some()
}

/// Reads a table of spikes or samples.
///
/// # Errors
/// If a cell is not what its column's name says, or if a row has another number of cells.
pub(super) fn read(plain: &Plain, gathered: Gathered) -> Result<(Recording, Spikes), FormatError> {
    let header = header(plain).ok_or_else(|| plain.error("line 1", Fault::UnknownLayout, "has no names of columns"))?;
    match &header.kind {
        Kind::Spikes { unit } => spikes::read(plain, &header, *unit, gathered),
        Kind::Samples { units } => samples::read(plain, &header, units, gathered),
    }
}

fn header(plain: &Plain) -> Option<Header> {
    let head = plain.head_text()?;
    let (line, text) = head.lines().enumerate().find(|(_, line)| !is_remark(line))?;
    let separator = Separator::of(text);
    let names: Vec<String> = separator.cells(text).into_iter().map(str::to_owned).collect();
    let time = names.iter().position(|name| is_time(name).is_some())?;
    let lower = |name: &String| name.to_lowercase();
    let counts = |name: &String| ["unit_", "neuron_", "cell_"].iter().any(|p| lower(name).starts_with(p));
    let kind = match unit_column(&names) {
        Some(unit) => Kind::Spikes { unit },
        None => {
            let units: Vec<usize> = (0..names.len()).filter(|i| counts(&names[*i])).collect();
            if units.is_empty() {
                return None;
            }
            Kind::Samples { units }
        }
    };
    let sonata = matches!(kind, Kind::Spikes { unit } if lower(&names[unit]).starts_with("node_id"));
    let per_second = is_time(&names[time])?.unwrap_or(if sonata { 1e3 } else { 1.0 });
    Some(Header { line: line + 1, separator, names, time, per_second, kind })
}

impl Header {
    /// Calls `each` with the number and the cells of every row.
    fn rows(
        &self,
        plain: &Plain,
        mut each: impl FnMut(usize, &[&str]) -> Result<(), FormatError>,
    ) -> Result<(), FormatError> {
        plain.lines(|number, line| {
            if number <= self.line || is_remark(line) {
                return Ok(());
            }
            let cells = self.separator.cells(line);
            if cells.len() != self.names.len() {
                let message =
                    format!("has {} cells, expected {} as line {} names", cells.len(), self.names.len(), self.line);
                return Err(plain.error(format!("line {number}"), Fault::Invalid, message));
            }
            each(number, &cells)
        })
    }

    /// The time of a row \[s\].
    fn time(&self, plain: &Plain, number: usize, cells: &[&str]) -> Result<f64, FormatError> {
        let cell = cells[self.time];
        let time = cell.parse::<f64>().ok().filter(|time| time.is_finite());
        time.map(|time| time / self.per_second).ok_or_else(|| self.wrong(plain, number, self.time, cell, "a time"))
    }

    fn wrong(&self, plain: &Plain, number: usize, column: usize, found: &str, expected: &str) -> FormatError {
        let shown: String = found.chars().take(40).collect();
        let message = format!("column {} is {shown:?}, expected {expected}", self.names[column]);
        plain.error(format!("line {number}"), Fault::Invalid, message)
    }
}
