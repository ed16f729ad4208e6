//! Trains, epochs and events.

use std::collections::HashMap;

use super::{name, scale, unit};
use crate::format::error::{Fault, FormatError};
use crate::format::h5::{H5, join};
use crate::format::listing::Wanted;
use crate::format::{observed, words};
use crate::spikes::{Column, IntervalTable, Recording};

/// A train with what is said of it.
pub(super) struct Train {
    pub place: String,
    pub name: String,
    /// The array that holds its times.
    pub times: String,
    pub about: Vec<(String, String)>,
    /// `t_start` and `t_stop` \[s\], where they are said and looked at.
    pub observed: Option<(f64, f64)>,
    /// The name of its segment.
    pub segment: Option<String>,
}

/// Reads the tags of a block: trains, and if they are wanted intervals.
pub(super) fn read(
    h5: &H5,
    block: &str,
    beside: bool,
    trains: &mut Vec<Train>,
    recording: &mut Recording,
) -> Result<(), FormatError> {
    let root = join(block, "multi_tags");
    let segments = if beside { segments(h5, block) } else { HashMap::new() };
    // Neo calls trains by random numbers: only the order in which they were written tells which is the first.
    let ((tags, as_made), first) = (h5.members_as_made(&root), trains.len());
    for tag in tags {
        let place = join(&root, &tag);
        let kind = h5.attr_text(&place, "type").unwrap_or_default();
        let positions = join(&place, "positions");
        if !h5.is_dataset(&join(&positions, "data")) {
            continue;
        }
        match kind.as_str() {
            "neo.spiketrain" => {
                let name = name(h5, &place);
                let about = if beside { about(h5, &place)? } else { Vec::new() };
                let observed = if beside { observed(h5, &place) } else { None };
                let segment = segments.get(&tag).cloned();
                trains.push(Train { name, times: positions, about, observed, segment, place });
            }
            "neo.epoch" | "neo.event" if beside => {
                let table = intervals(h5, &place, &positions)?;
                recording.intervals.push(table);
            }
            _ => {}
        }
    }
    if !as_made {
        trains[first..].sort_by(|a, b| natural(&a.name).cmp(&natural(&b.name)).then(a.place.cmp(&b.place)));
    }
    Ok(())
}

/// For each tag of a block the name of its segment.
fn segments(h5: &H5, block: &str) -> HashMap<String, String> {
    let root = join(block, "groups");
    let mut segments = HashMap::new();
    for group in h5.members(&root) {
        let place = join(&root, &group);
        if h5.attr_text(&place, "type").as_deref() != Some("neo.segment") {
            continue;
        }
        let (segment, tags) = (name(h5, &place), join(&place, "multi_tags"));
        for tag in h5.members(&tags) {
            // A link is called by the tag's id, the tag itself by its name.
            segments.extend(h5.attr_text(&join(&tags, &tag), "name").map(|tag| (tag, segment.clone())));
        }
    }
    segments
}

/// The times in an array \[s\].
fn times(h5: &H5, place: &str) -> Result<Vec<f64>, FormatError> {
    let mut all = Vec::new();
    each_part(h5, place, |_, times| {
        all.extend_from_slice(times);
        Ok(())
    })?;
    Ok(all)
}

/// Hands on the times in an array \[s\] in parts, each with the number of its first.
fn each_part(
    h5: &H5,
    place: &str,
    mut each: impl FnMut(usize, &[f64]) -> Result<(), FormatError>,
) -> Result<(), FormatError> {
    let data = join(place, "data");
    let factor = scale(h5, place)?;
    let slab = h5.slab(&data)?;
    for rows in slab.parts(0..slab.rows) {
        let first = rows.start;
        let times: Vec<f64> = slab.numbers(h5, rows)?.into_iter().map(|time| time / factor).collect();
        if let Some(bad) = times.iter().position(|time| !time.is_finite()) {
            let message = format!("entry {} is {}, expected a finite time", first + bad, times[bad]);
            return Err(h5.error(&data, Fault::Invalid, message));
        }
        each(first, &times)?;
    }
    Ok(())
}

/// `t_start` and `t_stop` of a train.
fn observed(h5: &H5, place: &str) -> Option<(f64, f64)> {
    let edge = |name: &str| {
        let property = join(place, &format!("metadata/properties/{name}"));
        let value = h5.is_dataset(&property).then(|| h5.numbers(&property).ok()).flatten()?;
        let scale = scale(h5, &property).ok()?;
        value.data.first().map(|time| time / scale).filter(|time| time.is_finite())
    };
    edge("t_start").zip(edge("t_stop")).filter(|(start, stop)| start <= stop)
}

/// Properties with one word or number.
fn about(h5: &H5, place: &str) -> Result<Vec<(String, String)>, FormatError> {
    const KNOWN: [&str; 6] = ["neo_name", "nix_name", "t_start", "t_stop", "sampling_rate", "left_sweep"];
    let root = join(place, "metadata/properties");
    let mut about = Vec::new();
    for property in h5.members(&root).into_iter().filter(|name| !KNOWN.contains(&name.as_str())) {
        let place = join(&root, &property);
        if !h5.is_dataset(&place) || h5.shape(&place)?.iter().product::<usize>() != 1 {
            continue;
        }
        let word = match h5.column(&place)? {
            Some(Column::Number(numbers)) => numbers.first().map(f64::to_string),
            Some(Column::Text(texts)) => texts.into_iter().next(),
            None => None,
        };
        about.extend(word.map(|word| (property, word)));
    }
    Ok(about)
}

fn intervals(h5: &H5, place: &str, positions: &str) -> Result<IntervalTable, FormatError> {
    let start = times(h5, positions)?;
    let extents = join(place, "extents");
    let stop = if h5.is_dataset(&join(&extents, "data")) {
        let lengths = times(h5, &extents)?;
        if lengths.len() != start.len() {
            let message = format!("has {} entries for {} starts, expected as many", lengths.len(), start.len());
            return Err(h5.error(&join(&extents, "data"), Fault::Invalid, message));
        }
        start.iter().zip(lengths).map(|(start, length)| start + length).collect()
    } else {
        start.clone()
    };
    let labels = join(positions, "dimensions/1/labels");
    let labels = if h5.is_dataset(&labels) { h5.texts(&labels)? } else { Vec::new() };
    let fits = !labels.is_empty() && labels.len() == start.len();
    let columns = if fits { vec![("label".to_owned(), Column::Text(labels))] } else { Vec::new() };
    Ok(IntervalTable { name: name(h5, place), start, stop, columns })
}

/// Trains as units, in the order of their names.
pub(super) fn fill(
    h5: &H5,
    trains: Vec<Train>,
    wanted: &mut Wanted,
    recording: &mut Recording,
) -> Result<(), FormatError> {
    if trains.is_empty() {
        return Ok(());
    }
    recording.unit_columns.push(("name".to_owned(), Column::Text(trains.iter().map(|t| t.name.clone()).collect())));
    let mut keys: Vec<&String> = trains.iter().flat_map(|train| train.about.iter().map(|a| &a.0)).collect();
    keys.sort();
    keys.dedup();
    for key in keys.into_iter().filter(|key| !["name", "segment"].contains(&key.as_str())) {
        let word = |train: &Train| train.about.iter().find(|a| a.0 == *key).map(|a| a.1.clone()).unwrap_or_default();
        recording.unit_columns.push((key.clone(), words::column(trains.iter().map(word).collect())));
    }
    observed::set_segments(recording, trains.iter().map(|train| (train.segment.as_deref(), train.observed)));
    if trains.iter().any(|train| unit(h5, &train.times).is_none()) {
        recording.notes.push("times without a unit are taken as seconds".to_owned());
    }
    recording.spikes.unit_ids = (0..trains.len() as i64).collect();
    if !wanted.spikes() {
        return Ok(());
    }
    for (unit, train) in trains.iter().enumerate() {
        let unfit = |message| h5.error("/data", Fault::Invalid, message);
        each_part(h5, &train.times, |first, times| wanted.train(unit as u32, first, times, unfit))?;
    }
    Ok(())
}

/// A key by which `unit2` comes before `unit10`: the text, and the number behind it.
pub(super) fn natural(name: &str) -> (String, u64) {
    let text = name.trim_end_matches(|c: char| c.is_ascii_digit());
    (text.to_owned(), name[text.len()..].parse().unwrap_or(0))
}
