//! Recordings and results as files of other programs' formats.
//!
//! A file is written as `OUT.part` and gets its name when it is whole, so a write that fails or is killed leaves none that
//! looks whole. What a format can't hold is said in the notes that [`write`] returns.

mod column;
mod csv;
mod npy;
mod nwb;
mod session;
mod sonata;

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufWriter, IntoInnerError};
use std::path::Path;

use super::new_hdf5::cause;
use super::result::{ResultError, claim, unwritable};
use crate::counted::counted;
use crate::spikes::{Recording, SourceError, SpikeSource};
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

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrote {
    /// Number of spikes.
    pub spikes: u64,
    /// What had to be left out or changed.
    pub notes: Vec<String>,
}

/// What is written: a recording, and its spikes, which need not be in memory.
struct What<'a> {
    recording: &'a Recording,
    spikes: &'a dyn SpikeSource,
    /// How many each unit has.
    counts: Vec<u64>,
}

/// Why nothing was written.
enum Unwritten {
    /// The format can't hold it, or the spikes can't be read.
    Input(String),
    /// Writing failed.
    Failed(String),
}

impl From<SourceError> for Unwritten {
    fn from(error: SourceError) -> Unwritten {
        Unwritten::Input(error.to_string())
    }
}

impl From<hdf5::Error> for Unwritten {
    fn from(error: hdf5::Error) -> Unwritten {
        Unwritten::Failed(cause(&error))
    }
}

impl From<io::Error> for Unwritten {
    fn from(error: io::Error) -> Unwritten {
        Unwritten::Failed(error.to_string())
    }
}

/// Writes a recording, in place of a file that is there, and says what had to be left out or changed. `spikes` are its spikes in the order
/// of time, then of units, such as [`read_in_order`](super::read_in_order) gives them; those in the recording itself are not looked at.
///
/// # Errors
/// `Input` if the format can't hold the spikes, they can't be read, or the path can't be written; `Failed` if writing fails on the way.
pub fn write(
    path: &Path,
    recording: &Recording,
    spikes: &dyn SpikeSource,
    target: Target,
    session: &Session,
) -> Result<Wrote, ResultError> {
    hdf5::silence_errors(true);
    // Claimed before there is a part to remove: another run's stays.
    let unfinished = part_path(path);
    let _claim = claim(&unfinished, |e| unwritable(&unfinished, e))?;
    let part = Part::of(path);
    let wrote = spikes.counts(f64::NEG_INFINITY, f64::INFINITY).map_err(Unwritten::from).and_then(|counts| {
        let what = What { recording, spikes, counts };
        let mut notes = match target {
            Target::Nwb => nwb::write(part.path(), &what, session),
            Target::Sonata => sonata::write(part.path(), &what),
            Target::Csv => csv::write(part.path(), &what),
            Target::Npy => npy::write(part.path(), &what),
        }?;
        notes.extend(observables(recording));
        Ok(Wrote { spikes: what.total(), notes })
    });
    let wrote = wrote.map_err(|error| match error {
        Unwritten::Input(cause) => ResultError::Input(format!("{}: {cause}", path.display())),
        Unwritten::Failed(cause) => failed(path, &cause),
    })?;
    part.put(path).map_err(|e| failed(path, &e.to_string()))?;
    Ok(wrote)
}

/// What of a result stays behind, whatever the format.
fn observables(recording: &Recording) -> Option<String> {
    let left: Vec<String> = recording.observables.iter().map(ToString::to_string).collect();
    (!left.is_empty()).then(|| {
        format!(
            "states and weights are left out: {}; `memspike plot` and h5py read them from the result",
            left.join(", ")
        )
    })
}

/// A file that is filled by `fill`, and is on the disk when this returns.
fn plain_file(part: &Path, fill: impl FnOnce(&mut BufWriter<File>) -> Result<(), Unwritten>) -> Result<(), Unwritten> {
    let mut out = BufWriter::new(File::create(part)?);
    fill(&mut out)?;
    Ok(out.into_inner().map_err(IntoInnerError::into_error)?.sync_all()?)
}

/// The first id that an earlier unit has too.
pub(super) fn repeated(ids: &[i64]) -> Option<i64> {
    let mut known = HashSet::new();
    ids.iter().copied().find(|id| !known.insert(*id))
}

fn failed(path: &Path, cause: &str) -> ResultError {
    ResultError::Failed(format!("{}: writing has failed: {cause}; no file was kept", path.display()))
}

impl What<'_> {
    /// Number of units.
    fn units(&self) -> usize {
        self.counts.len()
    }

    /// Number of spikes.
    fn total(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// The populations: those of the recording, or all units as one, which has no name.
    fn populations(&self) -> Vec<(&str, usize, usize)> {
        if self.recording.populations.is_empty() {
            return vec![("", 0, self.units())];
        }
        self.recording.populations.iter().map(|(name, first, size)| (name.as_str(), *first, *size)).collect()
    }

    /// The place in `populations` of each unit.
    fn population_of(&self) -> Vec<usize> {
        let mut of = vec![0; self.units()];
        for (place, (_, first, size)) in self.populations().into_iter().enumerate() {
            of.iter_mut().skip(first).take(size).for_each(|unit| *unit = place);
        }
        of
    }

    /// The ids of the units, so that no two of a population have the same, and a note where they had: those are numbered by their position.
    fn distinct_ids(&self) -> (Vec<i64>, Vec<String>) {
        let (mut ids, mut notes) = (self.spikes.unit_ids().to_vec(), Vec::new());
        for (name, first, size) in self.populations() {
            let own = &mut ids[first..first + size];
            let Some(id) = repeated(own) else { continue };
            let of = if name.is_empty() { String::new() } else { format!(" of {name}") };
            notes.push(format!("several units{of} have the id {id}: units{of} are numbered by their position, from 0"));
            own.iter_mut().enumerate().for_each(|(place, own)| *own = place as i64);
        }
        (ids, notes)
    }

    /// Calls `each` with all spikes, in the order of time, until it fails.
    fn each(&self, each: &mut dyn FnMut(f64, u32) -> io::Result<()>) -> Result<(), Unwritten> {
        let mut done = Ok(());
        self.spikes.pieces(f64::NEG_INFINITY, f64::INFINITY, &mut |times, units| {
            if done.is_ok() {
                done = times.iter().zip(units).try_for_each(|(time, unit)| each(*time, *unit));
            }
        })?;
        done.map_err(Unwritten::from)
    }

    /// What a format that holds nothing but spikes leaves out.
    fn beside_spikes(&self, format: &str) -> Vec<String> {
        let recording = self.recording;
        let counts = [
            (recording.observed.len(), "span", " of observation"),
            (recording.signals.len(), "signal", ""),
            (recording.intervals.len(), "table", " of intervals"),
            (recording.unit_columns.len(), "column", " of units"),
            (recording.electrodes.first().map_or(0, |(_, column)| column.len()), "electrode", ""),
            (self.counts.iter().filter(|count| **count == 0).count(), "unit", " without a spike"),
        ];
        let told = |(n, one, which): &(usize, &str, &str)| format!("{}{which}", counted(n, one));
        let lost: Vec<String> = counts.iter().filter(|(n, ..)| *n > 0).map(told).collect();
        if lost.is_empty() {
            return Vec::new();
        }
        vec![format!("{format} holds spikes only; left out: {}; NWB (.nwb) holds them", lost.join(", "))]
    }
}
