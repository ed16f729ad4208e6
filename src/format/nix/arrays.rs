//! Signals, and trains that are plain arrays.

use super::tags::{Train, natural};
use super::{name, scale_of, unit};
use crate::format::error::{Fault, FormatError};
use crate::format::h5::{H5, join};
use crate::spikes::{Recording, Signal};

/// Longer signals are raw voltage.
const MAX_VALUES: usize = 50_000_000;

/// Reads the arrays of a block that belong to no tag: trains, and if they are wanted signals.
pub(super) fn read(
    h5: &H5,
    block: &str,
    beside: bool,
    trains: &mut Vec<Train>,
    recording: &mut Recording,
) -> Result<(), FormatError> {
    let root = join(block, "data_arrays");
    let without_tags = trains.is_empty();
    let mut signals: Vec<(String, Signal)> = Vec::new();
    let mut arrays = h5.members(&root);
    // The tenth channel of a signal is behind the second.
    arrays.sort_by_cached_key(|array| natural(array));
    for array in arrays {
        let place = join(&root, &array);
        let kind = h5.attr_text(&place, "type").unwrap_or_default();
        let data = join(&place, "data");
        if !h5.is_dataset(&data) || kind.contains("waveform") {
            continue;
        }
        let shape = h5.shape(&data)?;
        if kind.contains("spike") && shape.len() == 1 {
            // What Neo calls times belongs to a tag, and has been read.
            if without_tags && !kind.starts_with("neo.") {
                trains.push(Train {
                    name: name(h5, &place),
                    times: place.clone(),
                    about: Vec::new(),
                    observed: None,
                    segment: None,
                    place,
                });
            }
            continue;
        }
        if !beside {
            continue;
        }
        let Some(times) = times(h5, &place, shape.first().copied().unwrap_or(0), &mut recording.notes)? else {
            continue;
        };
        if shape.len() > 2 || shape.iter().product::<usize>() > MAX_VALUES {
            recording.notes.push(format!("{place} has the shape {shape:?} and is left out: signals of behaviour have at most {MAX_VALUES} values in one or two dimensions"));
            continue;
        }
        let numbers = h5.numbers(&data)?;
        let unit = h5.attr_text(&place, "unit").unwrap_or_default();
        let signal = Signal { name: name(h5, &place), unit, times, width: numbers.width(), data: numbers.data };
        // Neo stores each channel of a signal as an array of its own, `<name>.0`, `<name>.1`, ..
        let base = array.rsplit_once('.').filter(|(_, i)| i.parse::<usize>().is_ok()).map_or(&*array, |(base, _)| base);
        match signals.iter_mut().find(|(other, whole)| other == base && whole.times == signal.times) {
            Some((_, whole)) => join_columns(whole, &signal),
            None => signals.push((base.to_owned(), signal)),
        }
    }
    recording.signals.extend(signals.into_iter().map(|(_, signal)| signal));
    Ok(())
}

fn join_columns(whole: &mut Signal, more: &Signal) {
    let rows = whole.data.chunks_exact(whole.width.max(1)).zip(more.data.chunks_exact(more.width.max(1)));
    whole.data = rows.flat_map(|(a, b)| a.iter().chain(b).copied()).collect();
    whole.width += more.width;
}

/// The times of an array's first dimension \[s\]; nothing if it is none of time, with a note if it has another unit.
fn times(h5: &H5, place: &str, rows: usize, notes: &mut Vec<String>) -> Result<Option<Vec<f64>>, FormatError> {
    let dimension = join(place, "dimensions/1");
    // Neo writes the inverse of the rate's unit.
    let factor = match unit(h5, &dimension).as_deref() {
        None | Some("1/Hz") => 1.0,
        Some("1/kHz") => 1e3,
        Some(unit) => match scale_of(unit) {
            Some(factor) => factor,
            None => {
                notes.push(format!("{place} runs over a dimension in {unit}, not over time, and is left out"));
                return Ok(None);
            }
        },
    };
    match h5.attr_text(&dimension, "dimension_type").as_deref() {
        Some("sample") => {
            let step = h5.attr_number(&dimension, "sampling_interval").unwrap_or(f64::NAN);
            let offset = h5.attr_number(&dimension, "offset").unwrap_or(0.0);
            if !(step.is_finite() && step > 0.0 && offset.is_finite()) {
                let message = format!("has the sampling_interval {step} and the offset {offset}, expected times");
                return Err(h5.error(&dimension, Fault::Invalid, message));
            }
            Ok(Some((0..rows).map(|row| (offset + row as f64 * step) / factor).collect()))
        }
        Some("range") => {
            let ticks = join(&dimension, "ticks");
            if !h5.is_dataset(&ticks) {
                return Ok(None);
            }
            let times: Vec<f64> = h5.list(&ticks)?.into_iter().map(|tick| tick / factor).collect();
            if times.len() != rows || times.iter().any(|t| !t.is_finite()) || times.windows(2).any(|p| p[1] < p[0]) {
                let message = format!("has {} ticks, expected {rows} finite ones that don't decrease", times.len());
                return Err(h5.error(&ticks, Fault::Invalid, message));
            }
            Ok(Some(times))
        }
        _ => Ok(None),
    }
}
