//! A number that differs where recordings do, from the bytes of their files: it is the same however they are read, and takes a second at most.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::contain;
use super::error::{Fault, FormatError};
use super::linked::Linked;
use super::phy;
use super::plain::Plain;
use crate::fnv;

/// Bytes that are read at once; whole words.
const AT_ONCE: usize = 1 << 20;

/// Of a longer file as many stretches, evenly spaced, stand for all: files of many gigabytes are those that hold raw signals.
const MOST: u64 = 1 << 10;

/// That of a recording: of its file, or of the files in its folder that are read.
///
/// # Errors
/// If one can't be read.
pub fn content(path: &Path) -> Result<u64, FormatError> {
    let plain = Plain::open(path)?;
    let files = phy::files(&plain).unwrap_or_else(|| vec![path.to_owned()]);
    of_files(&files, MOST).map_err(|error| plain.error("", Fault::Missing, format!("can't be read: {error}")))
}

/// The files that reading `path` reads, whatever it is: also those in its folder, where a recording is a folder, and those that an HDF5
/// file has its contents in.
pub fn files(path: &Path) -> Vec<PathBuf> {
    let mut files = vec![path.to_owned()];
    let Ok(plain) = Plain::open(path) else { return files };
    if let Some(within) = phy::files(&plain) {
        files.extend(within);
    } else if super::is_hdf5(&plain).unwrap_or(false)
        && let Ok(Linked(linked)) = contain::read(path)
    {
        files.extend(linked);
    }
    files
}

fn of_files(files: &[PathBuf], most: u64) -> io::Result<u64> {
    let (mut hash, mut bytes) = (fnv::EMPTY, Vec::with_capacity(AT_ONCE));
    for path in files {
        let mut file = File::open(path)?;
        let length = file.metadata()?.len();
        let stretches = length.div_ceil(AT_ONCE as u64);
        for stretch in (0..stretches).step_by(stretches.div_ceil(most).max(1) as usize) {
            file.seek(SeekFrom::Start(stretch * AT_ONCE as u64))?;
            bytes.clear();
            (&file).take(AT_ONCE as u64).read_to_end(&mut bytes)?;
            bytes.resize(bytes.len().next_multiple_of(8), 0);
            hash = bytes.as_chunks().0.iter().fold(hash, |hash, word| fnv::add_word(hash, u64::from_le_bytes(*word)));
        }
        hash = fnv::add_word(hash, length);
    }
    Ok(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_anywhere_changes_it_and_the_name_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let digest = |name: &str, bytes: &[u8]| {
            let path = folder.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            content(&path).unwrap()
        };
        let bytes = vec![7; AT_ONCE + 13];
        let whole = digest("a", &bytes);
        assert_eq!(digest("b", &bytes), whole);
        for place in [0, 8, AT_ONCE - 1, AT_ONCE, AT_ONCE + 12] {
            let mut changed = bytes.clone();
            changed[place] = 8;
            assert_ne!(digest("c", &changed), whole, "{place}");
        }
        assert_ne!(digest("d", &[bytes.clone(), vec![0]].concat()), whole, "one more");
        assert_ne!(digest("e", &bytes[..AT_ONCE]), whole, "fewer");
    }

    #[test]
    fn of_a_long_file_some_stretches_count_and_its_length() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let digest = |length: usize, changed: Option<usize>| {
            let mut bytes = vec![7; length];
            changed.into_iter().for_each(|place| bytes[place] = 8);
            std::fs::write(&path, bytes).unwrap();
            of_files(std::slice::from_ref(&path), 2).unwrap()
        };
        let length = 3 * AT_ONCE + 13;
        let whole = digest(length, None);
        assert!([0, 2 * AT_ONCE + 5].iter().all(|&place| digest(length, Some(place)) != whole));
        assert_eq!(digest(length, Some(AT_ONCE)), whole);
        assert_ne!(digest(length + 1, None), whole);
    }
}
