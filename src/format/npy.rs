//! Spikes as a structured array of NumPy (npy): a field of times, one of units, perhaps one of populations.

use std::collections::BTreeMap;

use super::error::{Fault, FormatError};
use super::gather::{Gathered, Spikes};
use super::h5::list;
use super::plain::Plain;
use super::words::{is_time, is_unit, taken_as_seconds, unit_column};
use crate::npy;
use crate::spikes::Recording;

/// Whether the header names fields of times and of units.
pub(super) fn recognise(plain: &Plain) -> bool {
    let end = plain.head.iter().position(|byte| *byte == b'\n').unwrap_or(0);
    let header = String::from_utf8_lossy(&plain.head[..end]);
    let names = || header.split('\'').skip(1).step_by(2);
    plain.head.starts_with(b"\x93NUMPY") && names().any(|n| is_time(n).is_some()) && names().any(is_unit)
}

/// Reads the array.
///
/// # Errors
/// If it is cut short, or holds what is no time or no unit.
pub(super) fn read(plain: &Plain, mut gathered: Gathered) -> Result<(Recording, Spikes), FormatError> {
    let damaged = |message: String| plain.error("", Fault::Damaged, message);
    let array = npy::Stored::open(plain.path).map_err(damaged)?;
    let names = &array.names[..];
    let place = |fits: &dyn Fn(&str) -> bool| names.iter().position(|name| fits(name));
    let (Some(time), Some(unit)) = (place(&|name| is_time(name).is_some()), unit_column(names)) else {
        return Err(plain.error("", Fault::UnknownLayout, "has no fields of times and units"));
    };
    let population = place(&|name| name.eq_ignore_ascii_case("population"));
    let per_second = is_time(&names[time]).flatten().unwrap_or(1.0);
    // For each population and id the number of the unit, in the order of first spikes.
    let mut units: BTreeMap<i64, BTreeMap<i64, u32>> = BTreeMap::new();
    let mut count = 0;
    let at_once = array.at_once();
    for from in (0..array.items).step_by(at_once) {
        let items = array.items(from..array.items.min(from + at_once)).map_err(damaged)?;
        for item in 0..items.count() {
            let wrong = |field: usize, expected: &str| {
                let message = format!("{} is {}, expected {expected}", names[field], items.number(item, field));
                plain.error(format!("item {}", from + item), Fault::Invalid, message)
            };
            let whole = |field: usize| {
                items.whole(item, field).ok_or_else(|| wrong(field, "a whole number, of doubles one below 2^53"))
            };
            let of = population.map_or(Ok(0), whole)?;
            let number = units.entry(of).or_default().entry(whole(unit)?).or_insert_with(|| {
                count += 1;
                count - 1
            });
            let when = items.number(item, time);
            if !when.is_finite() {
                return Err(wrong(time, "a finite time"));
            }
            gathered.push(when / per_second, *number)?;
        }
    }
    let mut recording = Recording { format: "NumPy table of spikes".to_owned(), ..Recording::default() };
    if is_time(&names[time]) == Some(None) {
        recording.notes.push(taken_as_seconds(&names[time]));
    }
    let other = |field: &usize| ![time, unit].contains(field) && Some(*field) != population;
    let other: Vec<&str> = (0..names.len()).filter(other).map(|field| names[field].as_str()).collect();
    if !other.is_empty() {
        recording.notes.push(format!("fields that describe single spikes are left out: {}", other.join(", ")));
    }
    if !array.passed_over().is_empty() {
        let message = format!("fields that hold several numbers are left out: {}", list(array.passed_over()));
        recording.notes.push(message);
    }
    let (mut ids, mut numbers) = (Vec::new(), vec![0; count as usize]);
    for (population, units) in units {
        recording.populations.push((population.to_string(), ids.len(), units.len()));
        for (id, number) in units {
            numbers[number as usize] = ids.len() as u32;
            ids.push(id);
        }
    }
    if recording.populations.len() < 2 {
        recording.populations.clear();
    }
    Ok((recording, gathered.finish(ids, &numbers)?))
}
