//! NIX (<https://nixio.readthedocs.io>) as Neo writes it, and plain arrays of spike times.
//!
//! `/data/<block>/groups/<name>` of type `neo.segment` links the tags of a segment. `/data/<block>/multi_tags/<name>`: type `neo.spiketrain` (`positions/data` are the times), `neo.epoch` (with `extents/data`) and
//! `neo.event`; labels in `positions/dimensions/1/labels`; properties of a train in `metadata/properties`. Signals are
//! `data_arrays/<name>` with a dimension of samples or of ticks. Without tags a one-dimensional array whose type names
//! spikes is a train.

mod arrays;
mod tags;

use super::error::FormatError;
use super::h5::{H5, join};
use super::listing::Wanted;
use super::words::per_second;
use crate::spikes::Recording;

/// Whether this is a NIX file.
pub(super) fn recognise(h5: &H5) -> bool {
    h5.attr_text("/", "format").as_deref() == Some("nix")
}

/// Reads all blocks.
///
/// # Errors
/// If times can't be, or if arrays don't fit together.
pub(super) fn read(h5: &H5, wanted: &mut Wanted) -> Result<Recording, FormatError> {
    let mut recording = Recording { format: "NIX".to_owned(), ..Recording::default() };
    let mut trains = Vec::new();
    for block in h5.members("/data") {
        let block = join("/data", &block);
        tags::read(h5, &block, wanted.beside(), &mut trains, &mut recording)?;
        arrays::read(h5, &block, wanted.beside(), &mut trains, &mut recording)?;
    }
    if trains.is_empty() {
        recording.notes.push("the file holds no spike trains".to_owned());
    }
    tags::fill(h5, trains, wanted, &mut recording)?;
    Ok(recording)
}

/// What an object is called: its name in Neo, else its own.
fn name(h5: &H5, place: &str) -> String {
    let neo = h5.text(&join(place, "metadata/properties/neo_name")).filter(|name| !name.is_empty());
    neo.or_else(|| h5.attr_text(place, "name"))
        .unwrap_or_else(|| place.rsplit('/').next().unwrap_or_default().to_owned())
}

/// How many of the unit of an object's times make a second; seconds if it has none.
fn scale(h5: &H5, place: &str) -> f64 {
    h5.attr_text(place, "unit").and_then(|unit| per_second(&unit)).unwrap_or(1.0)
}
