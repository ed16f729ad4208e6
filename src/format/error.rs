//! Why a recording can't be read: the file, the place in it, what was found, what was expected, what helps.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// What is wrong with a recording, in kinds that a caller may treat differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub enum Fault {
    /// There is no such file, or it can't be opened.
    Missing,
    /// It is not an HDF5 file.
    NotHdf5,
    /// HDF5, but cut short or damaged.
    Damaged,
    /// HDF5 of a layout that no reader here knows.
    UnknownLayout,
    /// A dataset is compressed with a filter that this build doesn't have.
    MissingFilter,
    /// Something that the layout requires is not there.
    Incomplete,
    /// A dataset of another type or shape than the layout says.
    WrongType,
    /// Values that can't be: NaN, decreasing times, offsets beyond the data, ids beyond the population.
    Invalid,
    /// More data than can be held.
    TooLarge,
    /// Reading it came to no end.
    Endless,
    /// The process that reads such files could not do so, for a reason that is not the file's.
    NotContained,
}

/// A recording that can't be read. The message is a full sentence that names the file and the place in it.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub struct FormatError {
    /// The file.
    pub file: PathBuf,
    /// The place in the file as an HDF5 path; empty if the file as a whole is meant.
    pub place: String,
    /// The kind of fault.
    pub fault: Fault,
    /// What was found, what was expected, and the remedy.
    pub message: String,
}

impl FormatError {
    /// The error for a place in a file (an empty `place` means the file).
    pub fn new(file: &Path, place: impl Into<String>, fault: Fault, message: impl Into<String>) -> FormatError {
        FormatError { file: file.to_owned(), place: place.into(), fault, message: message.into() }
    }
}

impl fmt::Display for FormatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.file.display())?;
        if !self.place.is_empty() {
            write!(f, "{}: ", self.place)?;
        }
        f.write_str(&self.message)
    }
}
