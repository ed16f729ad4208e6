//! A number that differs where recordings do, from the bytes of their files: it is the same however they are read, and gigabytes take a second.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::error::{Fault, FormatError};
use super::phy;
use super::plain::Plain;
use crate::fnv;

/// Bytes that are read at once; whole words.
const AT_ONCE: usize = 1 << 20;

/// That of a recording: of its file, or of the files in its folder that are read.
///
/// # Errors
/// If one can't be read.
pub fn content(path: &Path) -> Result<u64, FormatError> {
    let plain = Plain::open(path)?;
    let files = phy::files(&plain).unwrap_or_else(|| vec![path.to_owned()]);
    of_files(&files).map_err(|error| plain.error("", Fault::Missing, format!("can't be read: {error}")))
}

fn of_files(files: &[PathBuf]) -> io::Result<u64> {
    let (mut hash, mut bytes) = (fnv::EMPTY, vec![0; AT_ONCE]);
    for path in files {
        let (mut file, mut length) = (File::open(path)?, 0);
        loop {
            let read = fill(&mut file, &mut bytes)?;
            bytes[read..read.next_multiple_of(8)].fill(0);
            for word in bytes[..read.next_multiple_of(8)].chunks_exact(8) {
                let word = word.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte));
                // Turned, since a product carries no bit down.
                hash = fnv::add(hash, word).rotate_left(29);
            }
            length += read as u64;
            if read < AT_ONCE {
                break;
            }
        }
        hash = fnv::add(hash, length).rotate_left(29);
    }
    Ok(hash)
}

/// Fills the buffer as far as the file goes.
fn fill(file: &mut File, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(more) => filled += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
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
}
