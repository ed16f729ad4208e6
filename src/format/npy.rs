//! Spikes as a structured array of NumPy (npy): a field of times, one of units, perhaps one of populations.

use std::collections::BTreeMap;

use super::error::{Fault, FormatError};
use super::plain::Plain;
use super::words::{is_time, is_unit};
use crate::npy;
use crate::spikes::{Recording, SpikeTable};

/// Whole numbers that a double has all of.
const MAX_ID: f64 = 9_007_199_254_740_992.0;

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
pub(super) fn read(plain: &Plain) -> Result<Recording, FormatError> {
    let array = npy::read(plain.path).map_err(|message| plain.error("", Fault::Damaged, message))?;
    let place = |fits: &dyn Fn(&str) -> bool| array.names.iter().position(|name| fits(name));
    let (Some(time), Some(unit)) = (place(&|name| is_time(name).is_some()), place(&is_unit)) else {
        return Err(plain.error("", Fault::UnknownLayout, "has no fields of times and units"));
    };
    let population = place(&|name| name.eq_ignore_ascii_case("population"));
    let per_second = is_time(&array.names[time]).flatten().unwrap_or(1.0);
    let mut trains: BTreeMap<i64, BTreeMap<i64, Vec<f64>>> = BTreeMap::new();
    for (row, item) in array.numbers.chunks_exact(array.names.len()).enumerate() {
        let whole = |field: usize| {
            let number = item[field];
            if number.fract() == 0.0 && number.abs() <= MAX_ID {
                return Ok(number as i64);
            }
            let message = format!("{} is {number}, expected a whole number", array.names[field]);
            Err(plain.error(format!("item {row}"), Fault::Invalid, message))
        };
        let of = population.map_or(Ok(0), whole)?;
        trains.entry(of).or_default().entry(whole(unit)?).or_default().push(item[time] / per_second);
    }
    let mut recording = Recording { format: "NumPy table of spikes".to_owned(), ..Recording::default() };
    let (mut ids, mut all) = (Vec::new(), Vec::new());
    for (population, units) in trains {
        recording.populations.push((population.to_string(), ids.len(), units.len()));
        for (id, times) in units {
            ids.push(id);
            all.push(times);
        }
    }
    if recording.populations.len() < 2 {
        recording.populations.clear();
    }
    recording.spikes = SpikeTable::from_units(ids, &all).map_err(|e| plain.error("", Fault::Invalid, e.to_string()))?;
    Ok(recording)
}
