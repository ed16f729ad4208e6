//! Tables of BMI3D (PyTables in HDF5), one row per tick of the task: `/task` with `spike_counts` and what the task knew
//! (`cursor`, `target`, ..), its attribute `fps` (ticks per second), and `/task_msgs` with the state that began at a tick.

use super::bins::{self, Bins};
use super::error::{Fault, FormatError};
use super::h5::{Field, FieldKind, H5};
use super::listing::{AT_ONCE, Wanted};
use crate::spikes::{Column, IntervalTable, Recording, Signal};

const TASK: &str = "/task";
const MESSAGES: &str = "/task_msgs";
const COUNTS: &str = "spike_counts";
/// Ticks per second where the file doesn't say: the rate of the display.
const USUAL_RATE: f64 = 60.0;
/// Wider fields are no behaviour.
const MAX_WIDTH: usize = 64;

/// Whether there is such a table.
pub(super) fn recognise(h5: &H5) -> bool {
    h5.fields(TASK).is_some()
}

/// Reads the tables.
///
/// # Errors
/// If the counts or the states can't be.
pub(super) fn read(h5: &H5, wanted: &mut Wanted) -> Result<Recording, FormatError> {
    let fields = h5.fields(TASK).unwrap_or_default();
    let rows = h5.shape(TASK)?.first().copied().unwrap_or(0);
    let mut recording = Recording { format: "BMI3D tables".to_owned(), ..Recording::default() };
    let rate = match h5.attr_number(TASK, "fps") {
        Some(rate) if rate.is_finite() && rate > 0.0 => rate,
        Some(rate) => {
            let message = format!("the attribute fps is {rate}, expected a number of ticks per second above 0");
            return Err(h5.error(TASK, Fault::Invalid, message));
        }
        None => {
            recording.notes.push(format!("{TASK} has no attribute fps: {USUAL_RATE} ticks per second are assumed"));
            USUAL_RATE
        }
    };
    let starts: Vec<f64> = (0..rows).map(|row| row as f64 / rate).collect();
    recording.about.push(("ticks per second".to_owned(), rate.to_string()));
    match fields.iter().find(|field| field.name == COUNTS && field.kind == FieldKind::Number) {
        Some(field) => spikes(h5, field, (&starts, 1.0 / rate), wanted, &mut recording)?,
        None => recording.notes.push(format!("{TASK} has no field {COUNTS}: the file holds no spikes")),
    }
    if !wanted.beside() {
        return Ok(recording);
    }
    let mut left_out = Vec::new();
    for field in fields.iter().filter(|field| field.name != COUNTS) {
        if field.kind != FieldKind::Number || field.width() > MAX_WIDTH || field.width() == 0 {
            left_out.push(field.name.clone());
            continue;
        }
        let numbers = h5.field_numbers(TASK, field)?;
        recording.signals.push(Signal {
            name: field.name.clone(),
            unit: String::new(),
            times: starts.clone(),
            data: numbers.data,
            width: field.width(),
        });
    }
    if !left_out.is_empty() {
        recording.notes.push(format!("fields of {TASK} that are not numbers are left out: {}", left_out.join(", ")));
    }
    recording.observed = vec![(0.0, rows as f64 / rate)];
    states(h5, rate, rows as f64 / rate, &mut recording)?;
    Ok(recording)
}

/// Counts of each tick; where a tick has several counts per unit they are added.
fn spikes(
    h5: &H5,
    field: &Field,
    (starts, width): (&[f64], f64),
    wanted: &mut Wanted,
    recording: &mut Recording,
) -> Result<(), FormatError> {
    let units = field.extents.first().map_or(1, |n| *n as usize);
    let within = field.width() / units.max(1);
    let read = |rows| {
        let counts = h5.field_rows(TASK, field, rows)?;
        Ok(counts.chunks_exact(within.max(1)).map(|parts| parts.iter().sum()).collect())
    };
    let bins = Bins { units, starts, width };
    let at_once = (AT_ONCE / field.width().max(1)).max(1);
    bins.give(wanted, at_once, read, |message| h5.error(&format!("{TASK}.{COUNTS}"), Fault::Invalid, message))?;
    recording.spikes.unit_ids = bins.ids();
    recording.notes.push(format!("spikes come from counts; {}", bins::note(width)));
    Ok(())
}

/// States of the task, each until the next begins; a trial begins with each state `wait`.
fn states(h5: &H5, rate: f64, end: f64, recording: &mut Recording) -> Result<(), FormatError> {
    let Some(fields) = h5.fields(MESSAGES) else { return Ok(()) };
    let field = |name: &str| fields.iter().find(|field| field.name == name);
    let (Some(message), Some(time)) = (field("msg"), field("time")) else { return Ok(()) };
    let FieldKind::Text(_) = message.kind else { return Ok(()) };
    let names = h5.field_texts(MESSAGES, message)?;
    let start: Vec<f64> = h5.field_numbers(MESSAGES, time)?.data.into_iter().map(|tick| tick / rate).collect();
    if let Some(bad) = start.windows(2).position(|pair| pair[1] < pair[0]) {
        let message = format!("row {} is earlier than the row before it; expected ticks that don't decrease", bad + 1);
        return Err(h5.error(&format!("{MESSAGES}.time"), Fault::Invalid, message));
    }
    let next = |row: usize| start.get(row + 1).copied().unwrap_or(end.max(start[row]));
    let stop = (0..start.len()).map(next).collect();
    let trials: Vec<usize> = (0..names.len()).filter(|row| names[*row] == "wait").collect();
    if !trials.is_empty() {
        let until = |i: usize| trials.get(i + 1).copied().unwrap_or(names.len());
        let table = IntervalTable {
            name: "trials".to_owned(),
            start: trials.iter().map(|row| start[*row]).collect(),
            stop: (0..trials.len()).map(|i| next(until(i) - 1)).collect(),
            columns: vec![(
                "outcome".to_owned(),
                Column::Text((0..trials.len()).map(|i| names[until(i) - 1].clone()).collect()),
            )],
        };
        recording.intervals.push(table);
    }
    let columns = vec![("state".to_owned(), Column::Text(names))];
    recording.intervals.push(IntervalTable { name: "states".to_owned(), start, stop, columns });
    Ok(())
}
