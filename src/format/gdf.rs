//! GDF: text of two columns, an identifier and a time in milliseconds, as NEST and the Riehle lab write it.
//!
//! Lines may stand in any order; `#` and `%` begin a remark. A file whose first column has fractions and whose second
//! has none is (time, identifier). Where the codes 700 to 704 (start of a trial) and 20 or 201 to 204 (its end)
//! occur, and no identifier from 10 on that is none of its codes, the file follows the convention of the Riehle lab (Riehle et al. 1997,
//! doi:10.1126/science.278.5345.1950): identifiers below 10 are neurons, all others events.

mod trials;

use std::collections::BTreeMap;

use super::error::{Fault, FormatError};
use super::gather::{Gathered, LEFT_OUT, Spikes};
use super::plain::Plain;
use super::words::{Separator, is_remark};
use crate::spikes::Recording;

/// Lines of the beginning that must look right.
const LOOKED_AT: usize = 200;
const MS: f64 = 1e3;
/// More units than any recording has: ids that are no ids.
const MAX_UNITS: usize = 1 << 24;

/// Whether the beginning of a file is lines of two numbers, one of them whole: the first line, and most others; one that is not is damage.
pub(super) fn recognise(plain: &Plain) -> bool {
    time_first(plain).is_some()
}

/// A line without the separator behind its last number, which NEST 2 wrote.
fn without_end(line: &str) -> &str {
    line.trim_end()
}

/// Whether the time is in the first column; nothing if this is no such file.
fn time_first(plain: &Plain) -> Option<bool> {
    let head = plain.head_text()?;
    let lines: Vec<&str> = head.lines().filter(|line| !is_remark(line)).take(LOOKED_AT).collect();
    let separator = Separator::of(without_end(lines.first()?));
    // Lines of two numbers, and those that have a whole one in each column.
    let (mut pairs, mut whole) = (0, [0; 2]);
    for (place, line) in lines.iter().enumerate() {
        let cells = separator.cells(without_end(line));
        let is_number = |cell: &&str| cell.parse::<f64>().is_ok_and(f64::is_finite);
        if cells.len() == 2 && cells.iter().all(is_number) {
            pairs += 1;
            whole.iter_mut().zip(cells).for_each(|(whole, cell)| *whole += usize::from(cell.parse::<i64>().is_ok()));
        } else if place == 0 {
            return None;
        }
    }
    let [a, b] = whole;
    (2 * pairs > lines.len() && 2 * a.max(b) > pairs).then_some(b > a)
}

/// Reads a list of events.
///
/// # Errors
/// If a line is no pair of an identifier and a time.
pub(super) fn read(plain: &Plain, mut gathered: Gathered) -> Result<(Recording, Spikes), FormatError> {
    let time_first = time_first(plain).unwrap_or(false);
    // The number of each identifier, in the order in which they come.
    let mut known: BTreeMap<i64, u32> = BTreeMap::new();
    let mut separator = None;
    plain.lines(|number, line| {
        if is_remark(line) {
            return Ok(());
        }
        let line = without_end(line);
        let cells = separator.get_or_insert_with(|| Separator::of(line)).cells(line);
        let wrong = || {
            let expected = if time_first { "a time in ms and an identifier" } else { "an identifier and a time in ms" };
            let shown: String = line.chars().take(60).collect();
            plain.error(format!("line {number}"), Fault::Invalid, format!("is {shown:?}, expected {expected}"))
        };
        let [a, b] = cells[..] else { return Err(wrong()) };
        let (id, time) = if time_first { (b, a) } else { (a, b) };
        let id = id.parse::<i64>().map_err(|_| wrong())?;
        let time = time.parse::<f64>().ok().filter(|time| time.is_finite()).ok_or_else(wrong)?;
        let count = known.len();
        match known.get(&id) {
            Some(number) => gathered.push(time / MS, *number),
            None if count >= MAX_UNITS => {
                let message = format!("more than {MAX_UNITS} identifiers: the columns are no identifiers and times");
                Err(plain.error(format!("line {number}"), Fault::TooLarge, message))
            }
            None => {
                known.insert(id, count as u32);
                gathered.push(time / MS, count as u32)
            }
        }
    })?;
    let mut recording = Recording { format: "GDF text".to_owned(), ..Recording::default() };
    recording.notes.push(
        if time_first {
            "the first column, which has fractions, is taken as times in milliseconds, the second as identifiers"
        } else {
            "the first column is taken as identifiers, the second as times in milliseconds, as GDF has them"
        }
        .to_owned(),
    );
    let mut numbers = vec![LEFT_OUT; known.len()];
    if trials::recognise(&known) {
        let events = known.split_off(&trials::FIRST_EVENT);
        recording.intervals.push(trials::read(&times(&gathered, &events, numbers.len())?));
        recording.notes.push(format!(
            "identifiers below {} are neurons, all others events (the convention of the Riehle lab, whose codes of trials the file has)",
            trials::FIRST_EVENT
        ));
    }
    known.values().enumerate().for_each(|(unit, number)| numbers[*number as usize] = unit as u32);
    Ok((recording, gathered.finish(known.into_keys().collect(), &numbers)?))
}

/// When each event came, of `count` identifiers.
fn times(
    gathered: &Gathered,
    events: &BTreeMap<i64, u32>,
    count: usize,
) -> Result<BTreeMap<i64, Vec<f64>>, FormatError> {
    let mut ids = vec![None; count];
    events.iter().for_each(|(id, number)| ids[*number as usize] = Some(*id));
    let mut times: BTreeMap<i64, Vec<f64>> = BTreeMap::new();
    gathered.each(|time, number| {
        if let Some(id) = ids[number as usize] {
            times.entry(id).or_default().push(time);
        }
    })?;
    Ok(times)
}
