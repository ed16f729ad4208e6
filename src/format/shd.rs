//! The layout of the Spiking Heidelberg Digits (Cramer et al. 2022, doi:10.1109/TNNLS.2020.3044364): labelled samples.
//!
//! `spikes/times` \[s\] and `spikes/units`, one list per sample; `labels`; `extra/keys`, what each label is called;
//! further columns in `extra`, one entry per sample. Each sample begins at 0, so the time axis is made up:
//! samples lie one after another, each in a slot of the same length, with 1 s between slots.

use super::error::{Fault, FormatError};
use super::h5::{H5, join, list, rows};
use crate::spikes::{Column, IntervalTable, Recording, SpikeTable};

const TIMES: &str = "/spikes/times";
const UNITS: &str = "/spikes/units";
const LABELS: &str = "/labels";
/// Time between slots \[s\].
const BETWEEN: f64 = 1.0;
/// More channels than any such sensor has: a bound on what a damaged number may ask for.
const MAX_UNITS: f64 = (1 << 24) as f64;

/// Whether this is such a file.
pub(super) fn recognise(h5: &H5) -> bool {
    h5.is_ragged(TIMES) && h5.is_ragged(UNITS)
}

/// Reads such a file.
///
/// # Errors
/// If times, units and labels don't fit together.
pub(super) fn read(h5: &H5) -> Result<Recording, FormatError> {
    let (times, units) = (h5.ragged(TIMES)?, h5.ragged(UNITS)?);
    if times.len() != units.len() {
        let message = format!("has {} samples, but {TIMES} has {}; expected as many", units.len(), times.len());
        return Err(h5.error(UNITS, Fault::Invalid, message));
    }
    for (sample, (times, units)) in times.iter().zip(&units).enumerate() {
        check(h5, sample, times, units)?;
    }
    let highest = units.iter().flatten().fold(-1.0f64, |most, unit| most.max(*unit));
    let count = (highest + 1.0) as usize;
    let longest = times.iter().flatten().fold(0.0f64, |most, time| most.max(*time));
    // In whole tenths of a second, above the last event.
    let slot = ((longest * 10.0).floor() + 1.0) / 10.0;
    let start = |sample: usize| sample as f64 * (slot + BETWEEN);
    let mut trains = vec![Vec::new(); count];
    for (sample, (times, units)) in times.iter().zip(&units).enumerate() {
        for (time, unit) in times.iter().zip(units) {
            trains[*unit as usize].push(start(sample) + time);
        }
    }
    let spikes = SpikeTable::from_units((0..count as i64).collect(), &trains)
        .map_err(|e| h5.error(TIMES, Fault::Invalid, e.to_string()))?;
    let starts: Vec<f64> = (0..times.len()).map(start).collect();
    let stops: Vec<f64> = starts.iter().map(|start| start + slot).collect();
    let mut recording = Recording {
        format: "HDF5, labelled samples (Heidelberg digits)".to_owned(),
        spikes,
        observed: starts.iter().copied().zip(stops.iter().copied()).collect(),
        ..Recording::default()
    };
    recording.notes.push(format!(
        "each sample begins at 0 in the file: the {} samples lie one after another, each in {slot} s, with {BETWEEN} s between them",
        starts.len()
    ));
    recording.notes.push(format!("{count} units: those up to the highest that has an event"));
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
