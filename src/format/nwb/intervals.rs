//! TimeIntervals: trials, epochs and other tables of starts and stops.

use super::{Table, remark};
use crate::format::error::{Fault, FormatError};
use crate::format::h5::{H5, join};
use crate::spikes::{Column, IntervalTable, Recording};

const ROOT: &str = "/intervals";

/// Reads every table under `/intervals`, and those elsewhere.
pub(super) fn read(h5: &H5, elsewhere: &[String], recording: &mut Recording) -> Result<(), FormatError> {
    for name in h5.members(ROOT) {
        let place = join(ROOT, &name);
        if h5.is_dataset(&join(&place, "start_time")) {
            let table = table(h5, &place, name, recording)?;
            recording.intervals.push(table);
        } else if h5.is_group(&place) {
            recording
                .notes
                .push(format!("{place} has no start_time, so that its rows are no intervals, and is left out"));
        }
    }
    for place in elsewhere {
        let name = place.rsplit('/').next().unwrap_or_default();
        let taken = recording.intervals.iter().any(|table| table.name == name);
        let name = if taken { place.trim_start_matches('/').replace('/', "_") } else { name.to_owned() };
        let table = table(h5, place, name, recording)?;
        recording.intervals.push(table);
    }
    Ok(())
}

fn table(h5: &H5, place: &str, name: String, recording: &mut Recording) -> Result<IntervalTable, FormatError> {
    let start = h5.list(&join(place, "start_time"))?;
    let stop = h5.list(&join(place, "stop_time"))?;
    if start.len() != stop.len() {
        let message = format!("has {} stops for {} starts, expected as many", stop.len(), start.len());
        return Err(h5.error(&join(place, "stop_time"), Fault::Invalid, message));
    }
    if let Some(row) = start.iter().zip(&stop).position(|(start, stop)| stop < start) {
        let message = format!("row {row} stops at {} s, before its start at {} s", stop[row], start[row]);
        return Err(h5.error(&join(place, "stop_time"), Fault::Invalid, message));
    }
    let (members, id) = (h5.members(place), join(place, "id"));
    let ragged = |column: &str| column.ends_with("_index") || members.contains(&format!("{column}_index"));
    let (mut columns, mut skipped) = (Vec::new(), Vec::new());
    let called = format!("intervals/{name}");
    remark(h5, place, "description", &called, recording);
    for time in ["start_time", "stop_time"] {
        remark(h5, &join(place, time), "description", &format!("{called}/{time}"), recording);
    }
    let mut read = Table::new(h5, place, &called);
    // Most tables count their rows from 0, which says nothing; those of a part of a file do not.
    if h5.is_dataset(&id)
        && let Some(Column::Number(ids)) = read.column("id", start.len(), recording)?
        && ids.iter().enumerate().any(|(row, id)| row as f64 != *id)
    {
        columns.push(("id".to_owned(), Column::Number(ids)));
    }
    for column in members.iter().filter(|c| !["id", "start_time", "stop_time"].contains(&c.as_str())) {
        let found = if ragged(column) { None } else { read.column(column, start.len(), recording)? };
        match found {
            Some(values) => columns.push((column.clone(), values)),
            _ if column.ends_with("_index") => {}
            _ => skipped.push(column.clone()),
        }
    }
    read.tell(recording);
    if !skipped.is_empty() {
        let list = skipped.join(", ");
        recording
            .notes
            .push(format!("columns of {place} that are not one number or word per row are left out: {list}"));
    }
    Ok(IntervalTable { name, start, stop, columns })
}
