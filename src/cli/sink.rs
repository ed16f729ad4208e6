//! The result file as a run's sink: checkpoints learn from it how far it has got.

use memspike::format::result::{Marks, ResultFile};
use memspike::record::{Chunk, Sink, SinkError};

/// A result file that tells checkpoints how far it has got.
pub struct Stored {
    /// The file.
    pub file: ResultFile,
    checkpoints: bool,
    marks: Vec<u8>,
}

impl Stored {
    /// Wraps a file; `checkpoints` says whether marks will be asked for.
    pub fn new(file: ResultFile, checkpoints: bool) -> Stored {
        Stored { file, checkpoints, marks: Vec::new() }
    }
}

/// Marks as a checkpoint carries them.
///
/// # Errors
/// If they are not marks: the checkpoint comes from a run of another kind.
pub fn read_marks(bytes: &[u8]) -> Result<Marks, serde_json::Error> {
    serde_json::from_slice(bytes)
}

impl Sink for Stored {
    fn write(&mut self, chunk: Chunk) -> Result<(), SinkError> {
        self.file.write(chunk)
    }

    /// Before a checkpoint the marks are taken at once: until the next write they stay true.
    fn flush(&mut self) -> Result<(), SinkError> {
        if self.checkpoints {
            let marks = self.file.take_marks()?;
            self.marks = serde_json::to_vec(&marks).map_err(|e| SinkError(e.to_string()))?;
            Ok(())
        } else {
            self.file.flush()
        }
    }

    fn marks(&self) -> Vec<u8> {
        self.marks.clone()
    }

    fn keep(&mut self) {
        self.file.keep();
    }

    fn kept(&self) -> &'static str {
        self.file.kept()
    }
}
