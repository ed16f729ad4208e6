//! SONATA reports: a variable of nodes or of their compartments over time.
//!
//! Present: `/report/<population>/{data, mapping}`; old: `/data` and `/mapping`. `mapping` has `time` \[ms\] (start, stop, step),
//! `node_ids` (old: `gids`), `index_pointers` (old: `index_pointer`), which columns of `data` belong to a node, and
//! `element_ids` (old: `element_id`), the compartment of each column.

use std::collections::BTreeSet;

use super::per_second;
use crate::format::error::{Fault, FormatError};
use crate::format::h5::{H5, join, list};
use crate::spikes::{Recording, Signal};

/// Whether this is a report.
pub(in crate::format) fn recognise(h5: &H5) -> bool {
    !groups(h5).is_empty()
}

/// Where reports lie, with the names of their signals.
fn groups(h5: &H5) -> Vec<(String, String)> {
    let is_report =
        |group: &str| h5.is_dataset(&join(group, "data")) && h5.is_dataset(&join(&join(group, "mapping"), "time"));
    if is_report("/") {
        return vec![("/".to_owned(), "report".to_owned())];
    }
    let populations = h5.members("/report").into_iter().map(|name| (join("/report", &name), name));
    populations.filter(|(place, _)| is_report(place)).collect()
}

/// Reads reports as signals, a column per node or compartment; there are no spikes.
///
/// # Errors
/// If the data and their mapping don't fit together.
pub(in crate::format) fn read(h5: &H5) -> Result<Recording, FormatError> {
    let mut recording = Recording { format: "SONATA report".to_owned(), ..Recording::default() };
    for (place, name) in groups(h5) {
        let data_place = join(&place, "data");
        let data = h5.numbers(&data_place)?;
        let [rows, width] = data.shape[..] else {
            let message = format!("found the shape {:?}, expected [times, columns]", data.shape);
            return Err(h5.error(&data_place, Fault::WrongType, message));
        };
        let times = times(h5, &place, rows, &mut recording.notes)?;
        let unit = h5.attr_text(&data_place, "units").unwrap_or_default();
        recording.about.push((format!("columns of {name}"), columns(h5, &place, width)?));
        recording.observed.extend(times.first().zip(times.last()).map(|(a, b)| (*a, *b)));
        recording.signals.push(Signal { name, unit, times, data: data.data, width });
    }
    recording.observed.sort_by(|a, b| a.0.total_cmp(&b.0));
    recording.notes.push("a report holds no spikes".to_owned());
    Ok(recording)
}

/// The times of the rows \[s\].
fn times(h5: &H5, place: &str, rows: usize, notes: &mut Vec<String>) -> Result<Vec<f64>, FormatError> {
    let place = join(&join(place, "mapping"), "time");
    let time = h5.list(&place)?;
    let (start, step) = match time[..] {
        [start, stop, step] if start.is_finite() && step.is_finite() && step > 0.0 && stop >= start => {
            // Reports that are cut short are read as far as they go; some writers count the last moment too.
            let said = (stop - start) / step;
            if (said - rows as f64).abs() > 1.5 {
                let (place, said) = (&place, said.round());
                notes.push(format!("{place} says that there are {said} samples, but {rows} are there"));
            }
            (start, step)
        }
        _ => {
            let message = format!("is {time:?}, expected [start, stop, step] in ms with a step above 0");
            return Err(h5.error(&place, Fault::Invalid, message));
        }
    };
    let per_second = per_second(h5, &place)?;
    Ok((0..rows).map(|row| (start + row as f64 * step) / per_second).collect())
}

/// A sentence on what the columns are.
fn columns(h5: &H5, place: &str, width: usize) -> Result<String, FormatError> {
    let mapping = join(place, "mapping");
    let either = |a: &str, b: &str| {
        let names = [join(&mapping, a), join(&mapping, b)];
        names.into_iter().find(|name| h5.is_dataset(name))
    };
    let (Some(ids), Some(pointers)) = (either("node_ids", "gids"), either("index_pointers", "index_pointer")) else {
        return Ok(format!("{width}, of which the file doesn't say the nodes"));
    };
    let (nodes, ends) = (h5.integers(&ids)?, h5.integers(&pointers)?);
    // The old layout may leave out the last pointer, which is the width.
    let rises = ends.windows(2).all(|pair| pair[0] <= pair[1]);
    let fits = ends.len() == nodes.len() || ends.len() == nodes.len() + 1;
    if !rises || !fits || ends.last().is_some_and(|end| *end > width as i64) {
        let message = format!(
            "has {} entries for {} nodes and {width} columns, expected one more than nodes, not decreasing, within the columns",
            ends.len(),
            nodes.len()
        );
        return Err(h5.error(&pointers, Fault::Invalid, message));
    }
    let names: Vec<String> = nodes.iter().map(i64::to_string).collect();
    let unique = nodes.iter().collect::<BTreeSet<_>>().len();
    let elements = if width > unique { format!(", {width} compartments") } else { String::new() };
    Ok(format!("{unique} nodes ({}){elements}", list(&names)))
}
