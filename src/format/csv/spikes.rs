//! One row per spike.

use std::collections::BTreeMap;

use super::Header;
use crate::format::error::{Fault, FormatError};
use crate::format::gather::{Gathered, Spikes};
use crate::format::plain::Plain;
use crate::format::words::taken_as_seconds;
use crate::spikes::{Column, Recording};

/// More units than any recording has: a column that holds no units.
const MAX_UNITS: usize = 1 << 24;

/// For each population its units, in the order of ids and names, with their numbers in the order of first spikes.
type Units = BTreeMap<String, BTreeMap<(i64, String), u32>>;

/// Reads the table. Units are numbered by their ids, or by their names' order where they have names.
pub(super) fn read(
    plain: &Plain,
    header: &Header,
    unit: usize,
    mut gathered: Gathered,
) -> Result<(Recording, Spikes), FormatError> {
    let population = header.names.iter().position(|name| name.eq_ignore_ascii_case("population"));
    for column in [Some(header.time), Some(unit), population].into_iter().flatten() {
        let name = &header.names[column];
        if header.names.iter().filter(|other| other.eq_ignore_ascii_case(name)).count() > 1 {
            let message = format!("has the column {name} twice; rename one of them");
            return Err(plain.error(format!("line {}", header.line), Fault::Invalid, message));
        }
    }
    let (mut units, mut count) = (Units::new(), 0);
    header.rows(plain, |number, cells| {
        let time = header.time(plain, number, cells)?;
        let name = cells[unit];
        if name.is_empty() {
            return Err(header.wrong(plain, number, unit, name, "a unit"));
        }
        let id = whole(name);
        let key = (id.unwrap_or(i64::MAX), if id.is_some() { String::new() } else { name.to_owned() });
        let of_population = population.map_or("", |column| cells[column]);
        if !units.contains_key(of_population) {
            units.insert(of_population.to_owned(), BTreeMap::new());
        }
        let Some(of_population) = units.get_mut(of_population) else { return Ok(()) };
        match of_population.get(&key) {
            Some(unit) => gathered.push(time, *unit),
            None => {
                if count as usize >= MAX_UNITS {
                    let message =
                        format!("more than {MAX_UNITS} units: the column {} holds something else", header.names[unit]);
                    return Err(plain.error(format!("line {number}"), Fault::TooLarge, message));
                }
                of_population.insert(key, count);
                count += 1;
                gathered.push(time, count - 1)
            }
        }
    })?;
    let mut recording = Recording { format: "CSV, a row per spike".to_owned(), ..Recording::default() };
    let named = units.values().flatten().any(|(key, _)| !key.1.is_empty());
    let (mut ids, mut names, mut numbers) = (Vec::new(), Vec::new(), vec![0; count as usize]);
    for (population, units) in units {
        let first = ids.len();
        for (place, ((id, name), number)) in units.into_iter().enumerate() {
            numbers[number as usize] = ids.len() as u32;
            ids.push(if named { place as i64 } else { id });
            names.push(if name.is_empty() { id.to_string() } else { name });
        }
        recording.populations.push((population, first, ids.len() - first));
    }
    // Without the column, or with nothing in it, the units have no population; one that is alone has its name all the same.
    if let [(name, ..)] = &recording.populations[..]
        && name.is_empty()
    {
        recording.populations.clear();
    }
    if let Some(name) = names.iter().find(|name| named && is_too_large(name)) {
        recording.notes.push(format!(
            "units are numbered from 0, and what the file calls them is the column `name`: {name} is beyond 2^63, which no id of a unit is"
        ));
    }
    if named {
        recording.unit_columns.push(("name".to_owned(), Column::Text(names)));
    }
    let other = |i: &usize| ![header.time, unit].contains(i) && Some(*i) != population;
    // A comma at the end of each line makes a column without a name.
    let other = (0..header.names.len()).filter(other).map(|i| header.names[i].as_str());
    let other: Vec<&str> = other.filter(|name| !name.is_empty()).collect();
    if !other.is_empty() {
        recording.notes.push(format!("columns that describe single spikes are left out: {}", other.join(", ")));
    }
    let time = &header.names[header.time];
    if header.per_second == 1.0 && super::is_time(time) == Some(None) {
        recording.notes.push(taken_as_seconds(time));
    }
    Ok((recording, gathered.finish(ids, &numbers)?))
}

/// Whether a word is a whole number that no id can be.
fn is_too_large(word: &str) -> bool {
    let digits = word.strip_prefix(['-', '+']).unwrap_or(word);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) && word.parse::<i64>().is_err()
}

/// A whole number, also written as `7.0`.
fn whole(cell: &str) -> Option<i64> {
    let number = || cell.parse::<f64>().ok().filter(|n| n.fract() == 0.0 && n.abs() < 1e15);
    cell.parse::<i64>().ok().or_else(|| number().map(|n| n as i64))
}
