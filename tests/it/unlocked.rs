//! HDF5 files that tests open themselves. Without locks: a program that another test starts at this moment has the writer's until it has
//! begun.

use std::path::Path;

/// To read and to change.
pub fn open_rw(path: impl AsRef<Path>) -> hdf5::File {
    hdf5::File::with_options().with_fapl(|p| p.file_locking(false)).open_rw(path).unwrap()
}

/// To read.
pub fn open(path: impl AsRef<Path>) -> hdf5::File {
    hdf5::File::with_options().with_fapl(|p| p.file_locking(false)).open(path).unwrap()
}
