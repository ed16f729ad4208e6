//! One row per sample: counts of spikes per unit, and signals. The file is gone through twice, for the width of a bin is known at its end.

use super::Header;
use crate::format::bins::{self, Bins};
use crate::format::error::{Fault, FormatError};
use crate::format::gather::{Gathered, Spikes};
use crate::format::listing::AT_ONCE;
use crate::format::plain::Plain;
use crate::spikes::{Recording, Signal};

/// Reads the table; a bin starts at its time.
pub(super) fn read(
    plain: &Plain,
    header: &Header,
    units: &[usize],
    mut gathered: Gathered,
) -> Result<(Recording, Spikes), FormatError> {
    let others: Vec<usize> = (0..header.names.len()).filter(|i| *i != header.time && !units.contains(i)).collect();
    let mut starts = Vec::new();
    let mut values: Vec<Option<Vec<f64>>> = vec![Some(Vec::new()); others.len()];
    header.rows(plain, |number, cells| {
        let time = header.time(plain, number, cells)?;
        if let Some(before) = starts.last().filter(|before| **before > time) {
            let message = format!("is at {time} s after {before} s; expected times that don't decrease");
            return Err(plain.error(format!("line {number}"), Fault::Invalid, message));
        }
        starts.push(time);
        units.iter().try_for_each(|unit| count(plain, header, number, *unit, cells).map(drop))?;
        // A column with words is no signal; an empty cell is a missing sample.
        for (column, values) in others.iter().zip(&mut values) {
            let cell = cells[*column];
            let value = if cell.is_empty() { Some(f64::NAN) } else { cell.parse::<f64>().ok() };
            match (values.as_mut(), value) {
                (Some(list), Some(value)) => list.push(value),
                _ => *values = None,
            }
        }
        Ok(())
    })?;
    let width = bins::width(&starts).ok_or_else(|| {
        let message = "has no two rows that follow each other, so that the width of a bin can't be told";
        plain.error(format!("column {}", header.names[header.time]), Fault::Invalid, message)
    })?;
    let bins = Bins { units: units.len(), starts: &starts, width };
    let unfit = |message| plain.error("the columns of counts", Fault::Invalid, message);
    let (mut first, mut counts, mut spikes) = (0, Vec::new(), Vec::new());
    let mut place = |counts: &mut Vec<f64>, gathered: &mut Gathered| {
        spikes.clear();
        bins.place(first, counts, &mut spikes).map_err(unfit)?;
        first += counts.len() / units.len();
        counts.clear();
        gathered.extend(&spikes)
    };
    header.rows(plain, |number, cells| {
        for unit in units {
            counts.push(count(plain, header, number, *unit, cells)?);
        }
        if counts.len() < AT_ONCE { Ok(()) } else { place(&mut counts, &mut gathered) }
    })?;
    place(&mut counts, &mut gathered)?;
    let mut recording = Recording {
        format: format!("CSV, a row per sample of {} ms", width * 1e3),
        observed: bins.observed(),
        ..Recording::default()
    };
    recording.notes.push(format!("spikes come from counts; {}", bins::note(width)));
    let named = others.iter().zip(values).map(|(column, values)| (header.names[*column].clone(), values));
    recording.signals = signals(named, &starts);
    Ok((recording, gathered.finish_in_order(ids(units, header))?))
}

/// A cell that counts spikes.
fn count(plain: &Plain, header: &Header, number: usize, unit: usize, cells: &[&str]) -> Result<f64, FormatError> {
    cells[unit].parse().map_err(|_| header.wrong(plain, number, unit, cells[unit], "a count of spikes"))
}

/// The numbers in the columns' names, if all have one; else the columns' order.
fn ids(units: &[usize], header: &Header) -> Vec<i64> {
    let id = |unit: &usize| header.names[*unit].rsplit_once('_').and_then(|(_, id)| id.parse().ok());
    units.iter().map(id).collect::<Option<Vec<i64>>>().unwrap_or_else(|| (0..units.len() as i64).collect())
}

/// Columns as signals; those that differ in a last `_x`, `_y` or `_z` become one.
fn signals(columns: impl Iterator<Item = (String, Option<Vec<f64>>)>, times: &[f64]) -> Vec<Signal> {
    let mut parts: Vec<(String, Vec<Vec<f64>>)> = Vec::new();
    for (name, values) in columns {
        let Some(values) = values else { continue };
        let base = ["_x", "_y", "_z"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(&name).to_owned();
        match parts.iter_mut().find(|part| part.0 == base) {
            Some(part) => part.1.push(values),
            None => parts.push((base, vec![values])),
        }
    }
    let signal = |(name, parts): (String, Vec<Vec<f64>>)| {
        let data = (0..times.len()).flat_map(|row| parts.iter().map(move |part| part[row])).collect();
        Signal { name, unit: String::new(), times: times.to_vec(), width: parts.len(), data }
    };
    parts.into_iter().map(signal).collect()
}
