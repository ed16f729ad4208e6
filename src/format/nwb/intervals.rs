//! TimeIntervals: trials, epochs and other tables of starts and stops.

use crate::format::error::{Fault, FormatError};
use crate::format::h5::{H5, join, rows};
use crate::spikes::{Column, IntervalTable, Recording};

const ROOT: &str = "/intervals";

/// Reads every table under `/intervals`.
pub(super) fn read(h5: &H5, recording: &mut Recording) -> Result<(), FormatError> {
    for name in h5.members(ROOT) {
        let place = join(ROOT, &name);
        if h5.is_dataset(&join(&place, "start_time")) {
            let table = table(h5, &place, name, recording)?;
            recording.intervals.push(table);
        }
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
    // Most tables count their rows from 0, which says nothing; those of a part of a file do not.
    if h5.is_dataset(&id)
        && let Some(Column::Number(ids)) = h5.column(&id)?
        && ids.len() == start.len()
        && ids.iter().enumerate().any(|(row, id)| row as f64 != *id)
    {
        columns.push(("id".to_owned(), Column::Number(ids)));
    }
    for column in members.iter().filter(|c| !["id", "start_time", "stop_time"].contains(&c.as_str())) {
        let column_place = join(place, column);
        let found = if ragged(column) || !h5.is_dataset(&column_place) { None } else { h5.column(&column_place)? };
        match found {
            Some(values) if rows(&values) == start.len() => columns.push((column.clone(), values)),
            _ if column.ends_with("_index") => {}
            _ => skipped.push(column.clone()),
        }
    }
    let read: Vec<String> = columns.iter().map(|(name, _)| name.clone()).collect();
    super::rounded(h5, place, &read, recording);
    if !skipped.is_empty() {
        let list = skipped.join(", ");
        recording
            .notes
            .push(format!("columns of {place} that are not one number or word per row are left out: {list}"));
    }
    Ok(IntervalTable { name, start, stop, columns })
}
