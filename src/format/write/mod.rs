//! Recordings and results as files of other programs' formats.
//!
//! A file is written as `OUT.part` and gets its name when it is whole, so a write that fails or is killed leaves none that
//! looks whole. What a format can't hold is said in the notes that [`write`] returns.

mod csv;
mod npy;
mod nwb;
mod session;
mod sonata;

use std::path::Path;

use super::result::{ResultError, claim, unwritable};
use crate::spikes::Recording;
use crate::whole::{Part, part_path};
pub use session::{Session, Subject};

/// A format to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// NWB 2: everything.
    Nwb,
    /// SONATA spikes.
    Sonata,
    /// A row of text per spike: time in s, unit, population.
    Csv,
    /// A structured array of NumPy: time in s, unit, population.
    Npy,
}

impl Target {
    /// The format that a file's name asks for.
    pub fn of(path: &Path) -> Option<Target> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "nwb" => Some(Target::Nwb),
            "h5" | "hdf5" | "sonata" => Some(Target::Sonata),
            "csv" => Some(Target::Csv),
            "npy" => Some(Target::Npy),
            _ => None,
        }
    }
}

/// Writes a recording, in place of a file that is there, and says what had to be left out or changed.
///
/// # Errors
/// `Input` if the format can't hold the spikes, or the path can't be written; `Failed` if writing fails on the way.
pub fn write(
    path: &Path,
    recording: &Recording,
    target: Target,
    session: &Session,
) -> Result<Vec<String>, ResultError> {
    hdf5::silence_errors(true);
    // Claimed before there is a part to remove: another run's stays.
    let unfinished = part_path(path);
    let _claim = claim(&unfinished, |e| unwritable(&unfinished, e))?;
    let part = Part::of(path);
    let notes = match target {
        Target::Nwb => nwb::write(part.path(), recording, session),
        Target::Sonata => sonata::write(part.path(), recording),
        Target::Csv => csv::write(part.path(), recording),
        Target::Npy => npy::write(part.path(), recording),
    };
    let notes = notes.map_err(|error| match error {
        ResultError::Input(cause) => ResultError::Input(format!("{}: {cause}", path.display())),
        ResultError::Failed(cause) => failed(path, &cause),
    })?;
    part.put(path).map_err(|e| failed(path, &e.to_string()))?;
    Ok(notes)
}

fn failed(path: &Path, cause: &str) -> ResultError {
    ResultError::Failed(format!("{}: writing has failed: {cause}; no file was kept", path.display()))
}

/// The populations of a recording: its own, or all units as one, which has no name.
fn populations(recording: &Recording) -> Vec<(&str, usize, usize)> {
    if recording.populations.is_empty() {
        return vec![("", 0, recording.spikes.unit_ids.len())];
    }
    recording.populations.iter().map(|(name, first, size)| (name.as_str(), *first, *size)).collect()
}

/// The place in `populations` of each unit.
fn population_of(recording: &Recording) -> Vec<usize> {
    let mut of = vec![0; recording.spikes.unit_ids.len()];
    for (place, (_, first, size)) in populations(recording).into_iter().enumerate() {
        of.iter_mut().skip(first).take(size).for_each(|unit| *unit = place);
    }
    of
}

/// What a format that holds nothing but spikes leaves out.
fn beside_spikes(recording: &Recording, format: &str) -> Vec<String> {
    let mut silent = vec![true; recording.spikes.unit_ids.len()];
    recording.spikes.units.iter().for_each(|unit| silent[*unit as usize] = false);
    let counts = [
        (recording.signals.len(), "signals"),
        (recording.intervals.len(), "tables of intervals"),
        (recording.unit_columns.len(), "columns of units"),
        (recording.electrodes.first().map_or(0, |(_, column)| column.len()), "electrodes"),
        (silent.iter().filter(|silent| **silent).count(), "units without a spike"),
    ];
    let lost: Vec<String> = counts.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect();
    if lost.is_empty() {
        return Vec::new();
    }
    vec![format!("{format} holds spikes only: {} are left out; NWB (.nwb) holds them", lost.join(", "))]
}
