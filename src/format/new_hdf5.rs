//! HDF5 files that are made here: whole, or an error that says why not.
//!
//! The library keeps what is written in memory, and hands it on when a dataset or the file is closed. Closing is then what fails on a full
//! disk: nobody hears of it, or the library frees what it still uses and the process dies. So data go straight to the system, all else in
//! a flush whose error counts, and only a file that was flushed is closed.

use std::mem;
use std::path::Path;

use hdf5::File;
use hdf5::file::{CacheDecreaseMode, CacheIncreaseMode, FileAccessBuilder, FlashIncreaseMode, MetadataCacheConfig};

use crate::whole;

/// How every file that is written is opened. Metadata reaches the disk only in a flush, so that a killed run leaves a file as of its last
/// one. Chunks are written whole and once, so the library need not keep them (8 MiB of each dataset otherwise, and a copy); nor does it
/// gather small writes, which it would make when a dataset is closed.
pub(super) fn access(plist: &mut FileAccessBuilder) -> &mut FileAccessBuilder {
    let config = MetadataCacheConfig {
        evictions_enabled: false,
        incr_mode: CacheIncreaseMode::Off,
        flash_incr_mode: FlashIncreaseMode::Off,
        decr_mode: CacheDecreaseMode::Off,
        ..MetadataCacheConfig::default()
    };
    plist.mdc_config(&config).chunk_cache(1, 0, 1.0).sieve_buf_size(0).file_locking(false)
}

/// Lets `fill` fill a new file at `part`; the operating system has all of it when this returns. No handle may outlive `fill`: the file is
/// closed with the last one.
///
/// # Errors
/// What `fill` gives, and what the library says; [`cause`] is what the system said. What is at `part` then is to be removed.
pub(super) fn fill<T, E: From<hdf5::Error>>(part: &Path, fill: impl FnOnce(&File) -> Result<T, E>) -> Result<T, E> {
    hdf5::silence_errors(true);
    let file = File::with_options().with_fapl(access).create(part)?;
    let filled = fill(&file).and_then(|value| {
        file.flush()?;
        Ok(value)
    });
    match filled {
        Ok(value) => {
            file.close()?;
            Ok(value)
        }
        Err(error) => {
            abandon(file);
            Err(error)
        }
    }
}

/// Closes a file that is given up. What can't be flushed is left as it is, open to the end of the process: closing it would have the
/// library try again, and it does not survive that.
pub(super) fn abandon(file: File) {
    match file.flush() {
        Ok(()) => drop(file.close()),
        Err(_) => mem::forget(file),
    }
}

/// Lets `fill` fill a new HDF5 file that takes the place of `out` when all of it is on the disk.
///
/// # Errors
/// What the operating system or else the library says, such as that no space is left; `out` is as it was then.
pub fn replace_hdf5<T>(out: &Path, fill: impl FnOnce(&File) -> hdf5::Result<T>) -> Result<T, String> {
    whole::replace(out, |e| e.to_string(), |part| self::fill(part, fill).map_err(|e| cause(&e)))
}

/// What the operating system said, out of HDF5's long account.
pub(super) fn cause(error: &hdf5::Error) -> String {
    let text = match error.stack() {
        Some(stack) => stack.iter().map(|frame| frame.description().to_owned()).collect::<Vec<_>>().join("; "),
        None => error.to_string(),
    };
    match text.split_once("error message = '") {
        Some((_, rest)) => rest.split('\'').next().unwrap_or(rest).to_owned(),
        None => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_cannot_be_filled_leaves_the_old_one_and_can_be_written_again() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("a.h5");
        std::fs::write(&out, "old").unwrap();
        let half = |file: &File| -> hdf5::Result<()> {
            file.create_group("a")?.new_dataset::<f64>().shape(3).create("x")?.write_raw(&[1.0, 2.0, 3.0])?;
            Err("enough".into())
        };
        assert_eq!(replace_hdf5(&out, half).unwrap_err(), "enough");
        assert_eq!(std::fs::read(&out).unwrap(), b"old");
        replace_hdf5(&out, |file| file.new_dataset::<f64>().create("x")?.write_scalar(&7.0)).unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        let file = File::with_options().with_fapl(|p| p.file_locking(false)).open(&out).unwrap();
        assert_eq!(file.dataset("x").unwrap().read_scalar::<f64>().unwrap(), 7.0);
    }
}
