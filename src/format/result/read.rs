//! A result as a recording: its spikes by population, behaviour and intervals, in s of model time.

use super::listed::observables;
use super::{FORMAT, FORMAT_VERSION, drawn as devices};
use crate::format::error::{Fault, FormatError};
use crate::format::h5::{H5, join, rows};
use crate::format::sonata;
use crate::spikes::{Column, IntervalTable, Kind, Recording, Signal};

/// In the group of a population's spikes: whose are recorded, where not all are.
pub(super) const RECORDED: &str = "recorded_ids";

/// The column of units that says which of a recording's units a member replays.
const RECORDING_UNIT: &str = "recording_unit";

/// More units than any machine simulates: a bound on what a damaged size may ask for.
const MAX_UNITS: usize = 1 << 28;

/// Whether this is a result.
pub(in crate::format) fn recognise(h5: &H5) -> bool {
    h5.attr_text("/", "format").as_deref() == Some(FORMAT)
}

/// Reads a result.
///
/// # Errors
/// If it was written by a later version, or if its tables can't be.
pub(in crate::format) fn read(h5: &H5) -> Result<Recording, FormatError> {
    let mut recording = beside_spikes(h5)?;
    spikes(h5, &mut recording)?;
    Ok(recording)
}

/// Reads all of it but the spikes.
pub(in crate::format) fn beside_spikes(h5: &H5) -> Result<Recording, FormatError> {
    let version = h5.attr_number("/", "format_version").unwrap_or(0.0);
    if version > f64::from(FORMAT_VERSION) {
        let message = format!(
            "is a result of format version {version}, this program reads up to {FORMAT_VERSION}; update memspike"
        );
        return Err(h5.error("/", Fault::UnknownLayout, message));
    }
    let mut recording = Recording { format: "memspike result".to_owned(), about: about(h5), ..Recording::default() };
    if h5.attr_number("/", "complete") != Some(1.0) {
        recording.notes.push("the run was interrupted: this is what was simulated until then".to_owned());
    }
    recording.observed.extend(observed(h5));
    populations(h5, &mut recording)?;
    drawn(h5, &mut recording)?;
    replayed(h5, &mut recording)?;
    recording.observables = observables(h5);
    for name in h5.members("/behavior") {
        recording.signals.push(signal(h5, &join("/behavior", &name), name)?);
    }
    for name in h5.members("/intervals") {
        let table = interval(h5, &join("/intervals", &name), name)?;
        recording.intervals.push(table);
    }
    Ok(recording)
}

/// What was recorded, from when on and until when \[s\]: less than the run was to take where recording began later or the run was
/// interrupted. None of a run that was killed.
fn observed(h5: &H5) -> Option<(f64, f64)> {
    let figure = |name: &str| h5.attr_number("/summary", name);
    let (start, length) = match (figure("warmup_s"), figure("duration_s")) {
        (Some(start), Some(length)) => (start, length),
        _ if h5.attr_number("/", "complete") == Some(1.0) => (0.0, h5.attr_number("/", "duration_ms")? / 1e3),
        _ => return None,
    };
    (length > 0.0).then_some((start, start + length))
}

/// Units are the members of all recorded populations, each population a block.
fn populations(h5: &H5, recording: &mut Recording) -> Result<(), FormatError> {
    let mut names: Vec<String> = h5.members("/spikes");
    names.retain(|name| h5.is_group(&join("/spikes", name)));
    // In the order of the model; a result of an earlier version lists them by name.
    names.sort_by_key(|name| h5.attr_number(&join("/populations", name), "order").map_or(u64::MAX, |o| o as u64));
    for name in names {
        let (first, size) = (recording.spikes.unit_ids.len(), size(h5, &name)?);
        if first.saturating_add(size) > MAX_UNITS {
            let message =
                format!("the size {size} is beyond the {MAX_UNITS} units that can be read; the file is damaged");
            return Err(h5.error(&join("/populations", &name), Fault::TooLarge, message));
        }
        let mut members = members(h5, &name, size)?;
        if members.len() < size {
            recording.about.push((format!("spikes of {name}"), format!("{} of {size} members", members.len())));
        }
        recording.populations.push((name, first, members.len()));
        recording.spikes.unit_ids.append(&mut members);
    }
    Ok(())
}

/// The size of a population.
pub(super) fn size(h5: &H5, population: &str) -> Result<usize, FormatError> {
    let place = join("/populations", population);
    let size = h5.attr_number(&place, "size").ok_or_else(|| {
        let message = format!("has no attribute size, expected one beside {}", join("/spikes", population));
        h5.error(&place, Fault::Incomplete, message)
    })?;
    Ok(size as usize)
}

/// The members of a population of this size whose spikes are recorded, rising; all where the file does not say it.
pub(super) fn members(h5: &H5, population: &str, size: usize) -> Result<Vec<i64>, FormatError> {
    let place = join(&join("/spikes", population), RECORDED);
    if !h5.is_dataset(&place) {
        return Ok((0..size as i64).collect());
    }
    let members = h5.integers(&place)?;
    let known = 0..size as i64;
    if !(members.is_sorted_by(|a, b| a < b) && members.iter().all(|member| known.contains(member))) {
        let message = format!("is not a list of members that rise, of a population of {size}");
        return Err(h5.error(&place, Fault::Invalid, message));
    }
    Ok(members)
}

/// The place of a member among those that are recorded.
pub(super) fn place(members: &[i64], id: i64) -> Option<usize> {
    // Mostly all are.
    let direct = usize::try_from(id).ok()?;
    if members.get(direct) == Some(&id) { Some(direct) } else { members.binary_search(&id).ok() }
}

/// What is wrong with a spike of another id.
pub(super) fn stranger(entry: usize, id: i64, members: &[i64]) -> String {
    format!("entry {entry} is {id}, none of the population's {} recorded members", members.len())
}

/// What was drawn for each neuron, as columns of units; NaN for members of populations that do not have it.
fn drawn(h5: &H5, recording: &mut Recording) -> Result<(), FormatError> {
    for block in recording.populations.clone() {
        let group = join(&join("/populations", &block.0), "drawn");
        for name in h5.members(&group) {
            column(h5, recording, &block, &join(&group, &name), name)?;
        }
    }
    Ok(())
}

/// Which units of a recording were replayed by populations, as a column of units, and from when on.
fn replayed(h5: &H5, recording: &mut Recording) -> Result<(), FormatError> {
    for block in recording.populations.clone() {
        let place = join("/populations", &block.0);
        if let Some(start) = h5.attr_number(&place, "recording_start_s") {
            recording.about.push((format!("recording replayed by {} from", block.0), format!("{start} s")));
        }
        let ids = join(&place, "unit_ids");
        if h5.is_dataset(&ids) {
            column(h5, recording, &block, &ids, RECORDING_UNIT.to_owned())?;
        }
    }
    if recording.unit_columns.iter().any(|(name, _)| name == RECORDING_UNIT) {
        recording.kinds.push((format!("units/{RECORDING_UNIT}"), Kind::Integer));
    }
    Ok(())
}

/// Puts a list of a number for each member of a population into the column of units of this name.
fn column(
    h5: &H5,
    recording: &mut Recording,
    (population, first, count): &(String, usize, usize),
    place: &str,
    name: String,
) -> Result<(), FormatError> {
    let (units, size) = (recording.spikes.unit_ids.len(), size(h5, population)?);
    let values = h5.list(place)?;
    if values.len() != size {
        let message = format!("has {} entries, expected one for each of {size} members", values.len());
        return Err(h5.error(place, Fault::Invalid, message));
    }
    let columns = &mut recording.unit_columns;
    let at = columns.iter().position(|(known, _)| *known == name).unwrap_or_else(|| {
        columns.push((name, Column::Number(vec![f64::NAN; units])));
        columns.len() - 1
    });
    if let Column::Number(column) = &mut columns[at].1 {
        let own = column[*first..].iter_mut().zip(&recording.spikes.unit_ids[*first..first + count]);
        own.for_each(|(entry, member)| *entry = values[*member as usize]);
    }
    Ok(())
}

fn spikes(h5: &H5, recording: &mut Recording) -> Result<(), FormatError> {
    let mut parts = Vec::new();
    for (name, first, count) in &recording.populations {
        let (group, members) = (join("/spikes", name), &recording.spikes.unit_ids[*first..first + count]);
        let population = sonata::population(h5, &group)?;
        let unit = |(entry, id): (usize, &i64)| match place(members, *id) {
            Some(place) => Ok((first + place) as u32),
            None => Err(h5.error(&join(&group, "node_ids"), Fault::Invalid, stranger(entry, *id, members))),
        };
        let units = population.ids.iter().enumerate().map(unit).collect::<Result<Vec<u32>, FormatError>>()?;
        parts.push((population.times, units));
    }
    recording.spikes = sonata::merge(parts, std::mem::take(&mut recording.spikes.unit_ids));
    Ok(())
}

fn signal(h5: &H5, place: &str, name: String) -> Result<Signal, FormatError> {
    let data = h5.numbers(&join(place, "data"))?;
    let times = h5.list(&join(place, "timestamps"))?;
    if data.shape.first() != Some(&times.len()) {
        let message = format!("has {} entries, but data has the shape {:?}", times.len(), data.shape);
        return Err(h5.error(&join(place, "timestamps"), Fault::Invalid, message));
    }
    let unit = h5.attr_text(place, "unit").unwrap_or_default();
    Ok(Signal { name, unit, times, width: data.width(), data: data.data })
}

fn interval(h5: &H5, place: &str, name: String) -> Result<IntervalTable, FormatError> {
    let start = h5.list(&join(place, "start_time"))?;
    let stop = h5.list(&join(place, "stop_time"))?;
    if start.len() != stop.len() {
        let message = format!("has {} stops for {} starts, expected as many", stop.len(), start.len());
        return Err(h5.error(&join(place, "stop_time"), Fault::Invalid, message));
    }
    let mut columns = Vec::new();
    for column in h5.members(place).into_iter().filter(|c| c != "start_time" && c != "stop_time") {
        if let Some(values) = h5.column(&join(place, &column))?.filter(|v| rows(v) == start.len()) {
            columns.push((column, values));
        }
    }
    Ok(IntervalTable { name, start, stop, columns })
}

fn about(h5: &H5) -> Vec<(String, String)> {
    let mut about = Vec::new();
    for name in ["program_version", "started_utc", "engine", "precision", "model_hash"] {
        about.extend(h5.attr_text("/", name).map(|text| (name.to_owned(), text)));
    }
    for name in ["seed", "resolution_ms", "duration_ms"] {
        // A double does not have all seeds.
        let whole = h5.attr_integer("/", name).map(|number| number.to_string());
        let number = whole.or_else(|| h5.attr_number("/", name).map(|number| number.to_string()));
        about.extend(number.map(|number| (name.to_owned(), number)));
    }
    for projection in h5.members("/projections") {
        let names = devices::names(h5, &projection);
        if !names.is_empty() {
            about.push((format!("devices of {projection}"), format!("drawn {}", names.join(", "))));
        }
    }
    about
}
