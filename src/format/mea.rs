//! Retinal multi-electrode arrays in HDF5, as the repository of Eglen et al. 2014 has them
//! (doi:10.1186/2047-217X-3-3): written by R, all units one after another.
//!
//! `spikes` \[s\], ascending within a unit; `sCount`, how many of them each unit has (counts, not end offsets as in NWB);
//! `epos` `[2, units]`, where each unit's electrode lies; `names`, `array`; `meta/*` and `summary/*`, arrays of one element or scalars.

use super::error::{Fault, FormatError};
use super::h5::{H5, join, rows};
use super::listing::Wanted;
use crate::spikes::{Column, Recording};

const SPIKES: &str = "/spikes";
const COUNTS: &str = "/sCount";

/// Whether this is such a file.
pub(super) fn recognise(h5: &H5) -> bool {
    h5.is_dataset(SPIKES) && h5.is_dataset(COUNTS)
}

/// Reads such a file.
///
/// # Errors
/// If counts, times or electrodes don't fit together.
pub(super) fn read(h5: &H5, wanted: &mut Wanted) -> Result<Recording, FormatError> {
    let times = h5.slab(SPIKES)?;
    let counts = h5.integers(COUNTS)?;
    let (mut trains, mut from) = (Vec::with_capacity(counts.len()), 0usize);
    for (unit, &count) in counts.iter().enumerate() {
        let to = usize::try_from(count).ok().and_then(|count| from.checked_add(count)).filter(|to| *to <= times.rows);
        let Some(to) = to else {
            let message = format!(
                "entry {unit} is {count}, expected a count of spikes among the {} that are left in {SPIKES}",
                times.rows - from
            );
            return Err(h5.error(COUNTS, Fault::Invalid, message));
        };
        trains.push(from..to);
        from = to;
    }
    if from != times.rows {
        let message = format!("adds up to {from}, but {SPIKES} has {} entries; expected as many", times.rows);
        return Err(h5.error(COUNTS, Fault::Invalid, message));
    }
    if wanted.spikes() {
        for (unit, rows) in trains.into_iter().enumerate() {
            for part in times.parts(rows.clone()) {
                let (first, part) = (part.start - rows.start, times.numbers(h5, part)?);
                wanted.train(unit as u32, first, &part, |message| h5.error(SPIKES, Fault::Invalid, message))?;
            }
        }
    }
    let mut recording = Recording {
        format: "HDF5, retinal array (spikes, sCount)".to_owned(),
        about: about(h5),
        ..Recording::default()
    };
    recording.spikes.unit_ids = (0..counts.len() as i64).collect();
    columns(h5, counts.len(), &mut recording)?;
    Ok(recording)
}

/// Names and places of the units' electrodes.
fn columns(h5: &H5, units: usize, recording: &mut Recording) -> Result<(), FormatError> {
    if h5.is_dataset("/names")
        && let Some(names) = h5.column("/names")?.filter(|names| rows(names) == units)
    {
        recording.unit_columns.push(("name".to_owned(), names));
    }
    if !h5.is_dataset("/epos") {
        return Ok(());
    }
    let places = h5.numbers("/epos")?;
    if places.shape != [2, units] {
        recording.notes.push(format!("/epos has the shape {:?}, not [2, {units}], and is left out", places.shape));
        return Ok(());
    }
    let (x, y) = places.data.split_at(units);
    recording.unit_columns.push(("x".to_owned(), Column::Number(x.to_vec())));
    recording.unit_columns.push(("y".to_owned(), Column::Number(y.to_vec())));
    Ok(())
}

fn about(h5: &H5) -> Vec<(String, String)> {
    let meta = h5.members("/meta").into_iter().map(|name| join("/meta", &name));
    let places = std::iter::once("/array".to_owned()).chain(meta);
    let entry = |place: String| {
        let label = place.rsplit('/').next().unwrap_or_default().to_owned();
        let text = h5.text(&place).or_else(|| {
            let number = h5.is_dataset(&place).then(|| h5.numbers(&place).ok()).flatten()?;
            number.data.first().map(f64::to_string)
        })?;
        Some((label, text))
    };
    places.filter_map(entry).collect()
}
