//! Keeps two runs from writing the same result.
//!
//! HDF5's own file lock is switched off: network file systems often refuse it, and programs started meanwhile inherit it.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind};
use std::path::Path;
use std::time::{Duration, Instant};

use super::write::ResultError;
use crate::whole::expect_no_link;

/// How long to wait: a program that is just being started holds our lock until it has begun.
const PATIENCE: Duration = Duration::from_secs(2);

/// Claims `part`, which is made if it is not there; what it holds stays. The claim ends when the file is dropped.
///
/// # Errors
/// `Input` if it can't be opened, or another run is writing it; `Failed` if the disk has no room for another file.
pub fn claim(part: &Path, unwritable: impl Fn(&io::Error) -> String) -> Result<File, ResultError> {
    let make = || OpenOptions::new().write(true).create(true).truncate(false).open(part);
    lock(part, || expect_no_link(part).and_then(|()| make()))?.map_err(|e| match e.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => ResultError::Failed(unwritable(&e)),
        _ => ResultError::Input(unwritable(&e)),
    })
}

/// Waits until nobody claims `part`, without claiming or making it: a run that waits so can still be ended as if it had not begun.
///
/// # Errors
/// `Input` if another run goes on writing it.
pub fn await_turn(part: &Path) -> Result<(), ResultError> {
    // What can't be opened is told when it is claimed.
    lock(part, || OpenOptions::new().write(true).open(part)).map(drop)
}

/// Opens `part` and locks it, or says why it can't be opened.
///
/// # Errors
/// `Input` if another run keeps it locked.
fn lock(part: &Path, open: impl Fn() -> io::Result<File>) -> Result<io::Result<File>, ResultError> {
    let begin = Instant::now();
    loop {
        let file = match open() {
            Ok(file) => file,
            Err(error) => return Ok(Err(error)),
        };
        match file.try_lock() {
            // Who held it until now may have given the file its final name: then it is no longer what is claimed.
            Ok(()) if !is_at(&file, part) => {}
            // A file system without locks protects nobody, but it is the user's choice.
            Ok(()) | Err(TryLockError::Error(_)) => return Ok(Ok(file)),
            Err(TryLockError::WouldBlock) if begin.elapsed() > PATIENCE => {
                let message = format!("{}: another run is writing it; wait until it has ended", part.display());
                return Err(ResultError::Input(message));
            }
            Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(20)),
        }
    }
}

/// Is this still the file at `path`?
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let (Ok(own), Ok(there)) = (file.metadata(), path.metadata()) else { return false };
    (own.dev(), own.ino()) == (there.dev(), there.ino())
}

#[cfg(not(unix))]
fn is_at(_: &File, path: &Path) -> bool {
    path.exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(unix)]
    fn who_waited_for_a_file_that_got_its_final_name_claims_another() {
        let folder = tempfile::tempdir().unwrap();
        let (part, out) = (folder.path().join("a.h5.part"), folder.path().join("a.h5"));
        let take = || claim(&part, |e| e.to_string()).unwrap();
        let first = take();
        std::thread::scope(|scope| {
            let second = scope.spawn(take);
            std::thread::sleep(Duration::from_millis(60));
            std::fs::rename(&part, &out).unwrap();
            drop(first);
            let second = second.join().unwrap();
            assert!(is_at(&second, &part) && !is_at(&second, &out));
        });
    }
}
