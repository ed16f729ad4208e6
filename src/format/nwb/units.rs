//! The `units` table: ragged columns of spike times and observation intervals, and flat columns.

use std::collections::HashSet;

use super::{Table, expect_seconds};
use crate::format::error::{Fault, FormatError};
use crate::format::h5::{H5, join};
use crate::format::listing::Wanted;
use crate::format::observed;
use crate::format::write::repeated;
use crate::math::whole;
use crate::spikes::{Column, Recording};
use crate::units::shown;

const UNITS: &str = "/units";

/// Reads spikes, unit columns and observation intervals.
pub(super) fn read(h5: &H5, wanted: &mut Wanted, recording: &mut Recording) -> Result<(), FormatError> {
    let ids = ids(h5)?;
    if wanted.spikes() {
        let place = "/units/spike_times";
        let times = h5.list(place)?;
        let ends = spike_ends(h5, times.len(), ids.len())?;
        let mut from = 0;
        for (unit, (&id, &to)) in ids.iter().zip(&ends).enumerate() {
            let train = &times[from..to];
            check_train(h5, id, from, train)?;
            wanted.train(unit as u32, 0, train, |message| h5.error(place, Fault::Invalid, message))?;
            from = to;
        }
    }
    recording.spikes.unit_ids = ids;
    about_units(h5, recording)
}

fn about_units(h5: &H5, recording: &mut Recording) -> Result<(), FormatError> {
    let count = recording.spikes.unit_ids.len();
    unclaimed(h5, count, recording)?;
    observed(h5, count, recording)?;
    if let Some(resolution) = h5.attr_number("/units/spike_times", "resolution").filter(|r| *r > 0.0) {
        recording.about.push(("resolution".to_owned(), format!("{resolution} s")));
    }
    expect_seconds(h5, "/units/spike_times", recording);
    columns(h5, count, recording)?;
    populations(recording);
    if recording.populations.is_empty()
        && let Some(id) = repeated(&recording.spikes.unit_ids)
    {
        let note = format!("several units have the id {id}; they are told apart by their position (--units)");
        recording.notes.push(note);
    }
    Ok(())
}

/// A column of words `population` beside one of [`ID_IN_POPULATION`](super::ID_IN_POPULATION), as this program writes them, names the populations, of which one may be
/// without a name. A laboratory's own column of that name is one like others: its rows may be in any order, and populations are blocks.
fn populations(recording: &mut Recording) {
    let column = |called: &str| recording.unit_columns.iter().position(|(name, _)| name == called);
    let (Some(names), Some(own)) = (column("population"), column(super::ID_IN_POPULATION)) else { return };
    let (Column::Text(names), Column::Number(ids)) = (&recording.unit_columns[names].1, &recording.unit_columns[own].1)
    else {
        return;
    };
    let Some(ids) = ids.iter().map(|id| whole(*id)).collect::<Option<Vec<i64>>>() else { return };
    let (mut found, mut seen): (Vec<(String, usize, usize)>, _) = (Vec::new(), HashSet::new());
    for (unit, name) in names.iter().enumerate() {
        match found.last_mut() {
            Some(last) if last.0 == *name => last.2 += 1,
            _ if !seen.insert(name) => return,
            _ => found.push((name.clone(), unit, 1)),
        }
    }
    recording.populations = found;
    recording.spikes.unit_ids = ids;
    recording.unit_columns.remove(own);
}

/// For each unit where its spikes end.
pub(in crate::format) fn spike_ends(h5: &H5, rows: usize, units: usize) -> Result<Vec<usize>, FormatError> {
    ends(h5, "spike_times", rows, units)
}

/// The ids; without them the units count from 0.
fn ids(h5: &H5) -> Result<Vec<i64>, FormatError> {
    if h5.is_dataset("/units/id") {
        return h5.integers("/units/id");
    }
    let count = if h5.is_dataset("/units/spike_times_index") {
        h5.shape("/units/spike_times_index")?.iter().product()
    } else {
        1
    };
    Ok((0..count as i64).collect())
}

/// For each unit where its part of a ragged column ends; equal neighbours are units with nothing.
pub(super) fn ends(h5: &H5, column: &str, rows: usize, units: usize) -> Result<Vec<usize>, FormatError> {
    let place = join(UNITS, &format!("{column}_index"));
    if !h5.is_dataset(&place) && units == 1 {
        return Ok(vec![rows]);
    }
    let index = h5.integers(&place)?;
    if index.len() != units {
        let message = format!("has {} entries, expected one for each of the {units} units in /units/id", index.len());
        return Err(h5.error(&place, Fault::Invalid, message));
    }
    let mut before = 0;
    for (unit, &end) in index.iter().enumerate() {
        if end < before {
            let message =
                format!("decreases from {before} to {end} at entry {unit}, expected offsets that don't decrease");
            return Err(h5.error(&place, Fault::Invalid, message));
        }
        if end > rows as i64 {
            let message = format!(
                "entry {unit} is {end}, beyond the {rows} rows of /units/{column}; the file is cut short or damaged"
            );
            return Err(h5.error(&place, Fault::Invalid, message));
        }
        before = end;
    }
    Ok(index.into_iter().map(|end| end as usize).collect())
}

/// One unit's spikes. Times before the session's start are negative and fine; NaN and steps back are not.
fn check_train(h5: &H5, id: i64, first: usize, times: &[f64]) -> Result<(), FormatError> {
    let place = "/units/spike_times";
    if let Some(bad) = times.iter().position(|t| !t.is_finite()) {
        let message = format!(
            "spike {bad} of unit {id} (row {}) has the time {}, expected a finite number of seconds",
            first + bad,
            times[bad]
        );
        return Err(h5.error(place, Fault::Invalid, message));
    }
    if let Some(bad) = times.windows(2).position(|pair| pair[1] < pair[0]) {
        let message = format!(
            "spike {} of unit {id} (row {}) is at {} s, before the spike at {} s that precedes it; expected times that don't \
             decrease within a unit: sort them, or check spike_times_index",
            bad + 1,
            first + bad + 1,
            shown(times[bad + 1]),
            shown(times[bad])
        );
        return Err(h5.error(place, Fault::Invalid, message));
    }
    Ok(())
}

/// Notes spikes behind those of the last unit, which belong to none.
fn unclaimed(h5: &H5, units: usize, recording: &mut Recording) -> Result<(), FormatError> {
    let rows = h5.shape("/units/spike_times")?.first().copied().unwrap_or(0);
    let end = spike_ends(h5, rows, units)?.last().copied().unwrap_or(0);
    if end < rows {
        let (last, belong) = if rows - end == 1 { ("row", "belongs") } else { ("rows", "belong") };
        recording.notes.push(format!(
            "/units/spike_times_index ends at {end}, so that the last {} {last} of /units/spike_times {belong} to no unit and are left out",
            rows - end
        ));
    }
    Ok(())
}

/// The observation intervals of all units.
fn observed(h5: &H5, units: usize, recording: &mut Recording) -> Result<(), FormatError> {
    let place = "/units/obs_intervals";
    if !h5.is_dataset(place) {
        return Ok(());
    }
    let intervals = h5.numbers(place)?;
    if intervals.shape.len() != 2 || intervals.width() != 2 {
        let message = format!("found the shape {:?}, expected [intervals, 2]", intervals.shape);
        return Err(h5.error(place, Fault::WrongType, message));
    }
    let ends = ends(h5, "obs_intervals", intervals.shape[0], units)?;
    let pairs: Vec<(f64, f64)> = intervals.data.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect();
    if let Some(bad) = pairs.iter().position(|(start, stop)| !start.is_finite() || !stop.is_finite() || start > stop) {
        let message = format!(
            "row {bad} goes from {} s to {} s, expected finite times and a stop that is not before its start; a unit that was observed to \
             the end has the end of the recording",
            pairs[bad].0, pairs[bad].1
        );
        return Err(h5.error(place, Fault::Invalid, message));
    }
    let starts = [0].into_iter().chain(ends.iter().copied());
    observed::set(recording, starts.zip(&ends).map(|(from, to)| &pairs[from..*to]));
    Ok(())
}

/// Columns with one number or word per unit; references, ragged and many-dimensional ones are left out.
fn columns(h5: &H5, units: usize, recording: &mut Recording) -> Result<(), FormatError> {
    let names = h5.members(UNITS);
    let ragged = |name: &str| name.ends_with("_index") || names.contains(&format!("{name}_index"));
    let (mut table, mut skipped) = (Table::new(h5, UNITS, "units"), Vec::new());
    for name in names
        .iter()
        .filter(|name| !ragged(name) && !["id", "spike_times", "obs_intervals", "electrodes"].contains(&name.as_str()))
    {
        match table.column(name, units, recording)? {
            Some(column) => recording.unit_columns.push((name.clone(), column)),
            None => skipped.push(name.clone()),
        }
    }
    let rest = names.iter().filter(|name| names.contains(&format!("{name}_index")));
    skipped
        .extend(rest.filter(|name| !["spike_times", "obs_intervals", "electrodes"].contains(&name.as_str())).cloned());
    table.tell(recording);
    if !skipped.is_empty() {
        recording.notes.push(format!(
            "unit columns that are not one number or word per unit are left out: {}",
            skipped.join(", ")
        ));
    }
    Ok(())
}
