//! The layout of the Spiking Heidelberg Digits (Cramer et al. 2022, doi:10.1109/TNNLS.2020.3044364): labelled samples.
//!
//! `spikes/times` \[s\] and `spikes/units`, one list per sample; `labels`; `extra/keys`, what each label is called;
//! further columns in `extra`, one entry per sample. Each sample begins at 0, so the time axis is made up:
//! samples lie one after another, each in a slot of the same length, with 1 s between slots.

use std::ops::Range;

use super::error::{Fault, FormatError};
use super::h5::{H5, join, list, parts, rows};
use super::listing::Wanted;
use crate::counted::counted;
use crate::spikes::{Column, IntervalTable, Recording};

const TIMES: &str = "/spikes/times";
const UNITS: &str = "/spikes/units";
const LABELS: &str = "/labels";
/// Samples that are read at once.
const AT_ONCE: usize = 64;
/// Time between slots \[s\].
const BETWEEN: f64 = 1.0;
/// More channels than any such sensor has: a bound on what a damaged number may ask for.
const MAX_UNITS: f64 = (1 << 24) as f64;

/// Times and units of a sample.
type Sample = (Vec<f64>, Vec<f64>);

/// Whether this is such a file.
pub(super) fn recognise(h5: &H5) -> bool {
    h5.is_ragged(TIMES) && h5.is_ragged(UNITS)
}

/// Reads such a file.
///
/// # Errors
/// If times, units and labels don't fit together.
pub(super) fn read(h5: &H5, wanted: &mut Wanted) -> Result<Recording, FormatError> {
    let (times, units) = (h5.ragged(TIMES)?, h5.ragged(UNITS)?);
    if times.rows != units.rows {
        let message = format!("has {} samples, but {TIMES} has {}; expected as many", units.rows, times.rows);
        return Err(h5.error(UNITS, Fault::Invalid, message));
    }
    let samples = |rows: Range<usize>| -> Result<Vec<Sample>, FormatError> {
        Ok(times.lists(h5, rows.clone())?.into_iter().zip(units.lists(h5, rows)?).collect())
    };
    let (mut highest, mut longest) = (-1.0f64, 0.0f64);
    for rows in parts(0..times.rows, AT_ONCE) {
        for (sample, (times, units)) in rows.clone().zip(samples(rows)?) {
            check(h5, sample, &times, &units)?;
            highest = units.into_iter().fold(highest, f64::max);
            longest = times.into_iter().fold(longest, f64::max);
        }
    }
    let count = (highest + 1.0) as usize;
    // In whole tenths of a second, above the last event.
    let slot = ((longest * 10.0).floor() + 1.0) / 10.0;
    let start = |sample: usize| sample as f64 * (slot + BETWEEN);
    if wanted.spikes() {
        for rows in parts(0..times.rows, AT_ONCE) {
            for (sample, (times, units)) in rows.clone().zip(samples(rows)?) {
                let spike = |(time, unit): (f64, f64)| (start(sample) + time, unit as u32);
                wanted.give(&times.into_iter().zip(units).map(spike).collect::<Vec<_>>())?;
            }
        }
    }
    let starts: Vec<f64> = (0..times.rows).map(start).collect();
    let stops: Vec<f64> = starts.iter().map(|start| start + slot).collect();
    let mut recording = Recording {
        format: "HDF5, labelled samples (Heidelberg digits)".to_owned(),
        observed: starts.iter().copied().zip(stops.iter().copied()).collect(),
        ..Recording::default()
    };
    recording.notes.push(format!(
        "each sample begins at 0 in the file: the {} samples lie one after another, each in {slot} s, with {BETWEEN} s between them",
        starts.len()
    ));
    recording.spikes.unit_ids = (0..count as i64).collect();
    recording.notes.push(format!("{}: those up to the highest that has an event", counted(count, "unit")));
    let mut trials = IntervalTable { name: "trials".to_owned(), start: starts, stop: stops, columns: Vec::new() };
    columns(h5, &mut trials, &mut recording)?;
    recording.intervals.push(trials);
    Ok(recording)
}

fn check(h5: &H5, sample: usize, times: &[f64], units: &[f64]) -> Result<(), FormatError> {
    if times.len() != units.len() {
        let message = format!("sample {sample} has {} entries, but {} times", units.len(), times.len());
        return Err(h5.error(UNITS, Fault::Invalid, message));
    }
    if let Some(bad) = times.iter().position(|time| !(time.is_finite() && (0.0..1e6).contains(time))) {
        let message = format!("event {bad} of sample {sample} is at {} s, expected a time from 0 to 1e6 s", times[bad]);
        return Err(h5.error(TIMES, Fault::Invalid, message));
    }
    if let Some(bad) = units.iter().position(|unit| !(unit.fract() == 0.0 && (0.0..MAX_UNITS).contains(unit))) {
        let message = format!("event {bad} of sample {sample} has the unit {}, expected 0 to {MAX_UNITS}", units[bad]);
        return Err(h5.error(UNITS, Fault::Invalid, message));
    }
    Ok(())
}

/// The label of every sample, its name, and the columns of `extra`.
fn columns(h5: &H5, trials: &mut IntervalTable, recording: &mut Recording) -> Result<(), FormatError> {
    let samples = trials.start.len();
    if h5.is_dataset(LABELS) {
        let labels = h5.list(LABELS)?;
        if labels.len() != samples {
            let message = format!("has {} entries, expected one for each of the {samples} samples", labels.len());
            return Err(h5.error(LABELS, Fault::Invalid, message));
        }
        let keys = if h5.is_dataset("/extra/keys") { h5.texts("/extra/keys")? } else { Vec::new() };
        if !keys.is_empty() {
            let key = |label: &f64| keys.get(*label as usize).filter(|_| *label >= 0.0).cloned().unwrap_or_default();
            trials.columns.push(("key".to_owned(), Column::Text(labels.iter().map(key).collect())));
            recording.about.push(("classes".to_owned(), list(&keys)));
        }
        trials.columns.push(("label".to_owned(), Column::Number(labels)));
    }
    for name in h5.members("/extra").into_iter().filter(|name| name != "keys") {
        let place = join("/extra", &name);
        if h5.is_dataset(&place)
            && let Some(column) = h5.column(&place)?.filter(|column| rows(column) == samples)
        {
            trials.columns.push((name, column));
        }
    }
    Ok(())
}
