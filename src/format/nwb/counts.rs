//! Spike counts per bin as a TimeSeries `[bins, units]`, for files without spike times.

use super::{expect_seconds, signals};
use crate::format::bins::{self, Bins};
use crate::format::error::{Fault, FormatError};
use crate::format::h5::{H5, join};
use crate::format::listing::Wanted;
use crate::spikes::Recording;

/// Whether a TimeSeries holds spike counts: by its unit or its name, and by its shape.
pub(super) fn recognise(h5: &H5, place: &str) -> bool {
    let data = join(place, "data");
    let name = place.rsplit('/').next().unwrap_or_default().to_lowercase();
    let unit = h5.attr_text(&data, "unit").unwrap_or_default();
    let counts = ["count", "counts", "spikes"].contains(&unit.as_str());
    let named = name.contains("spike") && (name.contains("count") || name.contains("binned"));
    (named || (counts && name.contains("spike"))) && h5.shape(&data).is_ok_and(|shape| shape.len() == 2)
}

/// Places the spikes of each bin within it; a bin starts at its timestamp.
pub(super) fn read(h5: &H5, place: &str, wanted: &mut Wanted, recording: &mut Recording) -> Result<(), FormatError> {
    let data = join(place, "data");
    let counts = h5.table(&data)?;
    let starts = signals::times(h5, place, counts.rows).map_err(|unusable| unusable.error(h5))?;
    expect_seconds(h5, &join(place, "timestamps"), recording);
    let width = bins::width(&starts).ok_or_else(|| {
        let message = "has no two bins that follow each other, so that the width of a bin can't be told";
        h5.error(&join(place, "timestamps"), Fault::Invalid, message)
    })?;
    let bins = Bins { units: counts.width, starts: &starts, width };
    let unfit = |message| h5.error(&data, Fault::Invalid, message);
    bins.give(wanted, counts.at_once(), |bins| counts.numbers(h5, bins), unfit)?;
    recording.spikes.unit_ids = bins.ids();
    recording.observed = bins.observed();
    recording.notes.push(format!("spikes come from counts in {place}; {}", bins::note(width)));
    Ok(())
}
