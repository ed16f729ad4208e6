//! Keeps two runs from writing the same result.
//!
//! HDF5's own file lock is switched off: network file systems often refuse it, and programs started meanwhile inherit it.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;
use std::time::{Duration, Instant};

use super::write::ResultError;

/// How long to wait: a program that is just being started holds our lock until it has begun.
const PATIENCE: Duration = Duration::from_secs(2);

/// Claims `part`, which is made if it is not there; what it holds stays. The claim ends when the file is dropped.
///
/// # Errors
/// `Input` if it can't be opened, or another run is writing it.
pub fn claim(part: &Path, unwritable: impl Fn(&std::io::Error) -> String) -> Result<File, ResultError> {
    let open = OpenOptions::new().write(true).create(true).truncate(false).open(part);
    let file = open.map_err(|e| ResultError::Input(unwritable(&e)))?;
    let begin = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            // A file system without locks protects nobody, but it is the user's choice.
            Err(TryLockError::Error(_)) => return Ok(file),
            Err(TryLockError::WouldBlock) if begin.elapsed() > PATIENCE => {
                let message = format!("{}: another run is writing it; choose another output, or wait", part.display());
                return Err(ResultError::Input(message));
            }
            Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(20)),
        }
    }
}
