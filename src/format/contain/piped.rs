//! Spikes as another process reads them: blocks through the pipe, while it reads on.

use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout};
use std::thread::JoinHandle;

use super::limits::Granted;
use super::wire::{self, Broken};
use super::{Contained, death, listen};
use crate::format::error::FormatError;
use crate::stream::Feed;

/// Parts are read more than once where a chunk of the file holds more than is wanted of it.
const MORE_TIME: u64 = 8;

/// The task of a process that streams in the order of time; its query are the bits of the time from which on, and the size of the buffer.
pub(super) const STREAM: &str = "stream";
/// The task of one that streams the spikes of a result; its query is a [`Pieces`](crate::format::result::Pieces).
pub(super) const PIECES: &str = "pieces";

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
    /// Starts one that gives spikes in the order of time, from a time on.
    pub fn in_order(contained: &Contained, path: &Path, from: f64, buffer: usize) -> Result<Piped, FormatError> {
        Piped::start(contained, path, STREAM, &format!("[{},{buffer}]", from.to_bits()), buffer)
    }

    /// Starts one with a task that takes so much memory beside what any file is given.
    pub fn start(
        contained: &Contained,
        path: &Path,
        task: &str,
        query: &str,
        buffer: usize,
    ) -> Result<Piped, FormatError> {
        let bytes = std::fs::metadata(path).map_or(0, |metadata| metadata.len());
        let mut granted = contained.limits.of(bytes);
        granted.seconds = granted.seconds.saturating_mul(MORE_TIME);
        granted.memory = granted.memory.saturating_add(4 * buffer as u64);
        let started = contained.start(task, path, query, granted);
        let mut child = started.map_err(|error| death::unstarted(path, &error))?;
        Ok(Piped {
            path: path.to_owned(),
            granted,
            _stdin: child.stdin.take(),
            said: child.stderr.take().map(|stderr| std::thread::spawn(move || listen(stderr))),
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
