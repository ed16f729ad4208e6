//! NIX (<https://nixio.readthedocs.io>) as Neo writes it, and plain arrays of spike times.
//!
//! `/data/<block>/groups/<name>` of type `neo.segment` links the tags of a segment. `/data/<block>/multi_tags/<name>`: type `neo.spiketrain` (`positions/data` are the times), `neo.epoch` (with `extents/data`) and
//! `neo.event`; labels in `positions/dimensions/1/labels`; properties of a train in `metadata/properties`. Signals are
//! `data_arrays/<name>` with a dimension of samples or of ticks. Without tags a one-dimensional array whose type names
//! spikes is a train.

mod arrays;
mod tags;

use super::continued;
use super::error::{Fault, FormatError};
use super::h5::{H5, join};
use super::listing::Wanted;
use super::words::{UNITS_OF_TIME, per_second};
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
    for block in h5.members_as_made("/data").0 {
        let block = join("/data", &block);
        tags::read(h5, &block, wanted.beside(), &mut trains, &mut recording)?;
        arrays::read(h5, &block, wanted.beside(), &mut trains, &mut recording)?;
    }
    if trains.is_empty() {
        recording.notes.push("the file holds no spike trains".to_owned());
    }
    continued::join(&mut recording);
    tags::fill(h5, trains, wanted, &mut recording)?;
    Ok(recording)
}

/// What an object is called: its name in Neo, else its own.
fn name(h5: &H5, place: &str) -> String {
    let neo = h5.text(&join(place, "metadata/properties/neo_name")).filter(|name| !name.is_empty());
    neo.or_else(|| h5.attr_text(place, "name"))
        .unwrap_or_else(|| place.rsplit('/').next().unwrap_or_default().to_owned())
}

/// The unit that an object says, if it says one.
fn unit(h5: &H5, place: &str) -> Option<String> {
    h5.attr_text(place, "unit").map(|unit| unit.trim().to_owned()).filter(|unit| !unit.is_empty())
}

/// How many of the unit of an object's times make a second; seconds if it has none.
///
/// # Errors
/// If it has a unit that is none of time, for its times would be wrong by any factor.
fn scale(h5: &H5, place: &str) -> Result<f64, FormatError> {
    let Some(unit) = unit(h5, place) else { return Ok(1.0) };
    scale_of(&unit).ok_or_else(|| {
        let message = format!("has times in {unit:?}, expected {UNITS_OF_TIME}");
        h5.error(place, Fault::Invalid, message)
    })
}

/// How many of a unit make a second; Neo writes steps of a clock as `1/30000*s`.
fn scale_of(unit: &str) -> Option<f64> {
    if let Some(known) = per_second(unit) {
        return Some(known);
    }
    let (factor, unit) = unit.trim_matches(['(', ')']).rsplit_once('*')?;
    let (above, below) = factor.split_once('/').unwrap_or((factor, "1"));
    let number = |text: &str| text.trim().parse::<f64>().ok().filter(|number| number.is_finite() && *number > 0.0);
    Some(per_second(unit.trim())? * number(below)? / number(above)?)
}

#[cfg(test)]
mod tests {
    use super::scale_of;

    #[test]
    fn units_of_time_are_those_of_neo_and_no_others() {
        assert_eq!(["s", "ms", "ns"].map(scale_of), [1.0, 1e3, 1e9].map(Some));
        assert_eq!((scale_of("1/30000*s"), scale_of("(1.0/30.0 * ms)")), (Some(30000.0), Some(30000.0)));
        assert_eq!(["mV", "sample", "1/0*s", "2*", "*s"].map(scale_of), [None; 5]);
    }
}
