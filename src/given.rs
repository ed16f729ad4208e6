//! Files of the user's that are read whole: models and tables. Devices have no end.

use std::fs::{File, FileType};
use std::io::{Error, ErrorKind, Read, Result};
use std::path::Path;

/// So much is looked at before the rest is read: what has a byte 0 there is no text.
const BEGINNING: u64 = 1 << 16;
/// No text that a person or a program wrote for this one is longer.
const LONGEST: u64 = 1 << 30;

/// The bytes of a file, or of what comes through a pipe.
///
/// # Errors
/// If it can't be read, or is a device.
pub fn bytes(path: &Path) -> Result<Vec<u8>> {
    let mut all = Vec::new();
    open(path)?.read_to_end(&mut all)?;
    Ok(all)
}

/// The bytes of what should be text in UTF-8; of a file that is none perhaps the beginning alone.
///
/// # Errors
/// As [`bytes`], or if it is longer than 1 GiB.
pub fn text(path: &Path) -> Result<Vec<u8>> {
    let file = open(path)?;
    let mut all = Vec::new();
    (&file).take(BEGINNING).read_to_end(&mut all)?;
    if !all.contains(&0) {
        (&file).take(LONGEST).read_to_end(&mut all)?;
    }
    if all.len() as u64 >= LONGEST {
        return Err(Error::new(ErrorKind::FileTooLarge, "it is longer than 1 GiB, which no text is that is read here"));
    }
    Ok(all)
}

/// The text of a file.
///
/// # Errors
/// As [`text`], or if it is no text in UTF-8.
pub fn string(path: &Path) -> Result<String> {
    String::from_utf8(text(path)?).map_err(|_| Error::new(ErrorKind::InvalidData, "it is no text in UTF-8"))
}

/// A cell of a table without the blanks and the quotes around it: some programs write all cells in quotes.
pub fn unquote(cell: &str) -> &str {
    cell.trim().trim_matches('"')
}

fn open(path: &Path) -> Result<File> {
    let file = File::open(path)?;
    if is_device(file.metadata()?.file_type()) {
        return Err(Error::new(ErrorKind::InvalidInput, "it is a device, expected a file"));
    }
    Ok(file)
}

#[cfg(unix)]
fn is_device(kind: FileType) -> bool {
    use std::os::unix::fs::FileTypeExt;
    kind.is_char_device() || kind.is_block_device()
}

#[cfg(not(unix))]
fn is_device(_: FileType) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_read_whole_and_devices_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let long = "x\n".repeat(BEGINNING as usize);
        std::fs::write(at("a"), &long).unwrap();
        assert_eq!((string(&at("a")).unwrap(), bytes(&at("a")).unwrap()), (long.clone(), long.into_bytes()));
        std::fs::write(at("b"), [0xff, 1]).unwrap();
        assert!(string(&at("b")).unwrap_err().to_string().contains("no text"));
        assert_eq!(bytes(&at("c")).unwrap_err().kind(), ErrorKind::NotFound);
        #[cfg(unix)]
        for read in [bytes, text] {
            assert!(read(Path::new("/dev/zero")).unwrap_err().to_string().contains("a device"));
        }
        // The rest of what is no text is left.
        std::fs::write(at("d"), vec![0; 3 * BEGINNING as usize]).unwrap();
        assert_eq!(text(&at("d")).unwrap().len(), BEGINNING as usize);
    }
}
