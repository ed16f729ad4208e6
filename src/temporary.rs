//! A file that has no name for others and goes away: for what is larger than memory.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard};

/// A file that goes away with this, in the folder of temporary files (`TMPDIR`).
#[derive(Debug)]
pub struct Temporary {
    file: Mutex<File>,
    path: PathBuf,
}

impl Temporary {
    /// An empty one.
    ///
    /// # Errors
    /// If none can be made in that folder.
    pub fn new() -> io::Result<Temporary> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        loop {
            let number = NUMBER.fetch_add(1, Ordering::Relaxed);
            let path = std::env::temp_dir().join(format!("memspike-{}-{number}", std::process::id()));
            match OpenOptions::new().read(true).write(true).create_new(true).open(&path) {
                Ok(file) => {
                    // Where an open file may lose its name, it goes even if this process is killed.
                    #[cfg(unix)]
                    let _ = fs::remove_file(&path);
                    return Ok(Temporary { file: Mutex::new(file), path });
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(told("no temporary file can be made as", &path, &error)),
            }
        }
    }

    /// Adds bytes at its end.
    ///
    /// # Errors
    /// If the disk is full, or fails.
    pub fn append(&self, bytes: &[u8]) -> io::Result<()> {
        let mut file = self.lock();
        let done = file.seek(SeekFrom::End(0)).and_then(|_| file.write_all(bytes));
        done.map_err(|error| told("there is no room for the temporary file", &self.path, &error))
    }

    /// Fills `bytes` with what begins at `place`.
    ///
    /// # Errors
    /// If there are fewer, or the disk fails.
    pub fn read_at(&self, place: u64, bytes: &mut [u8]) -> io::Result<()> {
        let mut file = self.lock();
        let done = file.seek(SeekFrom::Start(place)).and_then(|_| file.read_exact(bytes));
        done.map_err(|error| told("the temporary file can't be read any more:", &self.path, &error))
    }

    fn lock(&self) -> MutexGuard<'_, File> {
        // Both look for their place first, so nobody minds where another stopped.
        self.file.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

fn told(what: &str, path: &Path, error: &io::Error) -> io::Error {
    let remedy = "set TMPDIR to a folder with room";
    io::Error::new(error.kind(), format!("{what} {}: {error}; {remedy}", path.display()))
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if cfg!(not(unix)) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_at_any_place_and_nothing_is_left() {
        let file = Temporary::new().unwrap();
        file.append(b"spike").unwrap();
        let mut bytes = [0; 3];
        file.read_at(2, &mut bytes).unwrap();
        file.append(b"s").unwrap();
        assert_eq!(&bytes, b"ike");
        file.read_at(3, &mut bytes).unwrap();
        assert_eq!(&bytes, b"kes");
        assert!(file.read_at(4, &mut bytes).unwrap_err().to_string().contains("TMPDIR"));
        let path = file.path.clone();
        drop(file);
        assert!(!path.exists());
    }
}
