//! Spikes as a list of times, and a list of units beside it.

use std::collections::BTreeMap;

use super::Workspace;
use super::search::{is_times, plain};
use super::tables::Trains;
use super::value::{Numbers, Variable};
use crate::format::error::{Fault, FormatError};
use crate::format::h5::parts;
use crate::format::listing::{AT_ONCE, Wanted};
use crate::format::words;
use crate::math::whole;
use crate::spikes::Recording;

/// A list of times and a list of units beside it, by the names of phy and others.
pub(super) fn flat_names(file: &dyn Workspace) -> Option<(&Variable, &Variable)> {
    const UNITS: [&str; 8] =
        ["spikeclusters", "clusters", "clu", "spikeunits", "units", "unitids", "spikeids", "spiketemplates"];
    let numbers = |names: &dyn Fn(&str) -> bool| file.variables().iter().find(|v| names(&v.name) && v.is_numeric());
    Some((numbers(&is_times)?, numbers(&|name| UNITS.contains(&plain(name).as_str()))?))
}

/// The values of both; none if there are no such variables.
pub(super) fn flat(file: &dyn Workspace) -> Result<Option<Trains<'_>>, FormatError> {
    let Some((times, units)) = flat_names(file) else { return Ok(None) };
    let (all, of) = (file.value(&times.name)?, file.value(&units.name)?);
    let (Some(all), Some(of)) = (all.list(), of.list()) else { return Ok(None) };
    if all.len() != of.len() {
        let message = format!("has {} entries, but {} has {}; expected as many", of.len(), times.name, all.len());
        return Err(file.error(&units.name, Fault::Invalid, message));
    }
    Ok(Some(Trains::Listed { times: all.clone(), units: of.clone(), called: units.name.clone() }))
}

/// Units in the order of their numbers; `wrong` is told of what is no number of a unit.
pub(super) fn fill_listed(
    times: &Numbers,
    units: &Numbers,
    wrong: &dyn Fn(String) -> FormatError,
    wanted: &mut Wanted,
    recording: &mut Recording,
) -> Result<(), FormatError> {
    let mut found = BTreeMap::<i64, u32>::new();
    for part in units.parts() {
        let first = part.start;
        for (entry, unit) in units.read(part)?.into_iter().enumerate() {
            let number = whole(unit).ok_or_else(|| {
                wrong(format!("entry {} is {unit}, expected a whole number below 2^53", first + entry))
            })?;
            found.insert(number, 0);
        }
    }
    found.values_mut().zip(0..).for_each(|(place, number)| *place = number);
    let names = found.keys().map(i64::to_string).collect();
    if !found.is_empty() {
        recording.unit_columns.push(("unit".to_owned(), words::column(names)));
    }
    recording.spikes.unit_ids = (0..found.len() as i64).collect();
    for part in parts(0..times.len(), AT_ONCE).filter(|_| wanted.spikes()).collect::<Vec<_>>() {
        let of = units.read(part.clone())?.into_iter().map(|unit| found.get(&(unit as i64)).copied().unwrap_or(0));
        wanted.give(&times.read(part)?.into_iter().zip(of).collect::<Vec<_>>())?;
    }
    Ok(())
}
