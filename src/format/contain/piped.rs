//! Spikes as another process reads them: blocks through the pipe, while it reads on.

use std::io::{self, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout};
use std::thread::JoinHandle;

use super::limits::Granted;
use super::wire::{self, Broken};
use super::{Contained, Pieced, death, hear};
use crate::format::error::FormatError;
use crate::stream::Feed;

/// Parts are read more than once where a chunk of the file holds more than is wanted of it.
const MORE_TIME: u64 = 8;

/// A process that streams.
pub(super) struct Piped {
    path: PathBuf,
    granted: Granted,
    child: Child,
    // Open as long as the process is wanted.
    _stdin: Option<ChildStdin>,
    stdout: Option<BufReader<ChildStdout>>,
    said: Option<JoinHandle<String>>,
}

impl Piped {
    /// Starts one that hands over what is wanted.
    pub fn start<T: Pieced>(contained: &Contained, path: &Path, wanted: &T) -> Result<Piped, FormatError> {
        let query = serde_json::to_string(wanted).unwrap_or_default();
        let bytes = std::fs::metadata(path).map_or(0, |metadata| metadata.len());
        let mut granted = contained.limits.of(bytes);
        granted.seconds = granted.seconds.saturating_mul(MORE_TIME);
        granted.memory = granted.memory.saturating_add((wanted.buffer() as u64).saturating_mul(4));
        let started = contained.start(T::TASK, path, &query, granted);
        let unstarted = |error: io::Error| death::unstarted(path, &error);
        let mut child = started.map_err(unstarted)?;
        Ok(Piped {
            path: path.to_owned(),
            granted,
            _stdin: child.stdin.take(),
            said: hear(&mut child).map_err(unstarted)?,
            stdout: child.stdout.take().map(|stdout| BufReader::with_capacity(wire::BLOCK, stdout)),
            child,
        })
    }

    /// The next spikes; nothing after the last.
    pub fn block(&mut self) -> Result<Option<Vec<(f64, u32)>>, FormatError> {
        let Some(stdout) = &mut self.stdout else { return Ok(None) };
        let answer = wire::receive_block(stdout);
        let error = match answer {
            Ok(Ok(block)) => return Ok(block),
            Ok(Err(told)) => FormatError::new(&self.path, told.place, told.fault, told.message),
            Err(Broken::Wrong(message)) => death::nonsense(&self.path, &message),
            Err(Broken::Off) => {
                let status = self.child.wait().ok();
                let said = self.said.take().and_then(|thread| thread.join().ok()).unwrap_or_default();
                death::ended(&self.path, status, &said, self.granted)
            }
        };
        self.stdout = None;
        Err(error)
    }
}

impl Feed<f64> for Piped {
    fn next(&mut self) -> Result<Option<Vec<(f64, u32)>>, String> {
        self.block().map_err(|error| error.to_string())
    }
}

impl Drop for Piped {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
