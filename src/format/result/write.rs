//! The result file while a run goes on: a queue to one writer thread, which owns the file.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::claim::{await_turn, claim};
use super::header::Header;
use super::resume::{self, Taken};
use super::table::Mark;
use super::writer::Writer;
use crate::record::{CHECKPOINT_KEPT, Chunk, Layout, NOTHING_KEPT, Sink, SinkError};
use crate::whole::{self, part_path};

/// Chunks that may wait for the writer; then the simulation waits, so that memory stays bounded.
const QUEUE: usize = 16;

/// How far every dataset had got at a checkpoint, in the order of the [`Layout`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Marks {
    /// `/spikes/<population>`.
    pub spikes: Vec<Mark>,
    /// `/state/<population>/<variable>`.
    pub states: Vec<Mark>,
    /// `/weights/<projection>`: rows, or snapshots.
    pub weights: Vec<Mark>,
}

/// Why there is no result file.
#[derive(Debug, thiserror::Error)]
pub enum ResultError {
    /// The user asked for what can't be: exit code 2, before anything is simulated.
    #[error("{0}")]
    Input(String),
    /// Writing failed: exit code 1.
    #[error("{0}")]
    Failed(String),
}

impl From<SinkError> for ResultError {
    fn from(error: SinkError) -> ResultError {
        ResultError::Failed(error.0)
    }
}

/// A result file that is being written: `OUT.h5.part` until [`ResultFile::finish`] renames it to `OUT.h5`.
///
/// One that is dropped unfinished leaves no `OUT.h5`; its `.part` stays only if a checkpoint refers to it, which is
/// so once it was told to [`keep`](Sink::keep) it or the run was resumed.
pub struct ResultFile {
    out: PathBuf,
    part: PathBuf,
    queue: Option<SyncSender<Order>>,
    thread: Option<JoinHandle<()>>,
    answers: Receiver<Answer>,
    failed: Option<String>,
    /// Held until the end: no other run writes the same file.
    _claim: fs::File,
    keep_part: bool,
    finished: bool,
    note: Option<String>,
}

enum Order {
    Write(Chunk),
    Flush,
    Mark,
    Finish { summary: Map<String, Value>, complete: bool },
}

enum Answer {
    Failed(String),
    Flushed,
    Marks(Marks),
    Finished,
}

impl ResultFile {
    /// Waits a little for another run that is writing `out`, before anything is written.
    ///
    /// # Errors
    /// `Input` if that goes on.
    pub fn await_turn(out: &Path) -> Result<(), ResultError> {
        await_turn(&part_path(out))
    }

    /// Starts a new result.
    ///
    /// # Errors
    /// `Input` if `out` exists and `force` is not set, or if its directory isn't there or can't be written to.
    pub fn create(out: &Path, layout: &Layout, header: &Header, force: bool) -> Result<ResultFile, ResultError> {
        hdf5::silence_errors(true);
        expect_free(out, force)?;
        if out.to_str().is_none() {
            let message = format!("{}: the name is not UTF-8, which HDF5 files need; give another name", out.display());
            return Err(ResultError::Input(message));
        }
        let part = part_path(out);
        // Opening it ourselves gives the operating system's reason, which HDF5 would hide.
        let claim = claim(&part, |e| unwritable(&part, e))?;
        // Another run may have come to its end while this one waited.
        expect_free(out, force).inspect_err(|_| remove(&part))?;
        let writer = Writer::create(&part, layout, header);
        ResultFile::start(out, part, writer, claim, false)
    }

    /// Goes on with the result of an earlier run from a checkpoint's marks: with `OUT.h5.part`, or with a copy of a
    /// finished `OUT.h5` that is to become longer; with that too where the part is damaged, as [`ResultFile::note`] says.
    ///
    /// # Errors
    /// `Input` if there is neither, if another run is writing it or has written it (its `model_hash` is not the header's), or if it
    /// doesn't fit the layout or holds less than the marks say.
    pub fn resume(out: &Path, layout: &Layout, header: &Header, marks: &Marks) -> Result<ResultFile, ResultError> {
        hdf5::silence_errors(true);
        let Taken { claim, writer, note } = resume::take(out, layout, header, marks)?;
        let mut file = ResultFile::start(out, part_path(out), Ok(writer), claim, true)?;
        file.note = note;
        Ok(file)
    }

    fn start(
        out: &Path,
        part: PathBuf,
        writer: Result<Writer, String>,
        claim: fs::File,
        keep_part: bool,
    ) -> Result<ResultFile, ResultError> {
        let writer = match writer {
            Ok(writer) => writer,
            Err(cause) => {
                remove(&part);
                return Err(ResultError::Failed(unwritten(out, &cause, keep_part)));
            }
        };
        let (queue, orders) = sync_channel(QUEUE);
        let (answer, answers) = sync_channel(2);
        let thread = std::thread::Builder::new()
            .name("result writer".to_owned())
            .spawn(move || serve(writer, &orders, &answer))
            .map_err(|e| ResultError::Failed(unwritten(out, &e.to_string(), keep_part)))?;
        Ok(ResultFile {
            out: out.to_owned(),
            part,
            queue: Some(queue),
            thread: Some(thread),
            answers,
            failed: None,
            _claim: claim,
            keep_part,
            finished: false,
            note: None,
        })
    }

    /// What the user should know of a run that goes on: that its `.part` could not be used.
    pub fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }

    /// How far every dataset has got, once all that was written before is safely stored: what a checkpoint keeps.
    ///
    /// # Errors
    /// If writing has failed.
    pub fn take_marks(&mut self) -> Result<Marks, SinkError> {
        self.flush()?;
        match self.ask(Order::Mark)? {
            Answer::Marks(marks) => Ok(marks),
            _ => Err(self.broken()),
        }
    }

    /// Writes the rest, the summary and `complete`, closes the file and gives it its name. `complete` is false after
    /// Ctrl-C: what was simulated is kept.
    ///
    /// # Errors
    /// If writing has failed, now or before; then there is no `OUT.h5`.
    pub fn finish(mut self, summary: &Map<String, Value>, complete: bool) -> Result<(), ResultError> {
        match self.ask(Order::Finish { summary: summary.clone(), complete })? {
            Answer::Finished => {}
            _ => return Err(self.broken().into()),
        }
        self.stop();
        match whole::put(&self.part, &self.out) {
            Ok(()) => {
                self.finished = true;
                Ok(())
            }
            Err(e) => Err(ResultError::Failed(unwritten(&self.out, &e.to_string(), self.keep_part))),
        }
    }

    /// Sends an order and waits for the answer to it.
    fn ask(&mut self, order: Order) -> Result<Answer, SinkError> {
        self.send(order)?;
        match self.answers.recv() {
            Ok(Answer::Failed(cause)) => Err(self.fail(&cause)),
            Ok(answer) => Ok(answer),
            Err(_) => Err(self.broken()),
        }
    }

    fn send(&mut self, order: Order) -> Result<(), SinkError> {
        if let Some(message) = &self.failed {
            return Err(SinkError(message.clone()));
        }
        // Without an order under way the only answer there can be is that a write has failed.
        if let Ok(Answer::Failed(cause)) = self.answers.try_recv() {
            return Err(self.fail(&cause));
        }
        match self.queue.as_ref().map(|queue| queue.send(order)) {
            Some(Ok(())) => Ok(()),
            _ => match self.answers.try_recv() {
                Ok(Answer::Failed(cause)) => Err(self.fail(&cause)),
                _ => Err(self.broken()),
            },
        }
    }

    fn fail(&mut self, cause: &str) -> SinkError {
        let message = unwritten(&self.out, cause, self.keep_part);
        self.failed = Some(message.clone());
        SinkError(message)
    }

    fn broken(&mut self) -> SinkError {
        self.fail("the writer thread has ended early")
    }

    /// Lets the writer end and waits for it: afterwards the file is closed.
    fn stop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            // A panic there has been reported as an early end already.
            drop(thread.join());
        }
    }
}

impl Sink for ResultFile {
    fn write(&mut self, chunk: Chunk) -> Result<(), SinkError> {
        self.send(Order::Write(chunk))
    }

    fn flush(&mut self) -> Result<(), SinkError> {
        match self.ask(Order::Flush)? {
            Answer::Flushed => Ok(()),
            _ => Err(self.broken()),
        }
    }

    fn keep(&mut self) {
        self.keep_part = true;
    }

    fn kept(&self) -> &'static str {
        kept(self.keep_part)
    }
}

/// `keep_part` says that a checkpoint refers to what was written so far.
fn kept(keep_part: bool) -> &'static str {
    if keep_part { CHECKPOINT_KEPT } else { NOTHING_KEPT }
}

impl Drop for ResultFile {
    fn drop(&mut self) {
        self.stop();
        if !self.finished && !self.keep_part {
            remove(&self.part);
        }
    }
}

/// The writer thread: orders in, answers out, until a failure or the end of the queue.
fn serve(writer: Writer, orders: &Receiver<Order>, answer: &SyncSender<Answer>) {
    let mut writer = writer;
    for order in orders {
        let done = match order {
            Order::Write(chunk) => writer.write(chunk).map(|()| None),
            Order::Flush => writer.flush().map(|()| Some(Answer::Flushed)),
            Order::Mark => Ok(Some(Answer::Marks(writer.marks()))),
            Order::Finish { summary, complete } => {
                let finished = writer.finish(&summary, complete);
                // Nobody listens any more if the run was given up.
                drop(answer.send(finished.map_or_else(Answer::Failed, |()| Answer::Finished)));
                return;
            }
        };
        match done {
            Ok(None) => {}
            Ok(Some(reply)) => drop(answer.send(reply)),
            Err(cause) => {
                writer.abandon();
                drop(answer.send(Answer::Failed(cause)));
                return;
            }
        }
    }
    writer.abandon();
}

fn expect_free(out: &Path, force: bool) -> Result<(), ResultError> {
    if out.is_dir() {
        return Err(ResultError::Input(format!("{}: is a directory, expected the name of a file", out.display())));
    }
    if !force && out.exists() {
        let message = format!("{}: exists already; give another name, or --force to overwrite it", out.display());
        return Err(ResultError::Input(message));
    }
    Ok(())
}

pub(super) fn remove(part: &Path) {
    whole::discard(part);
}

pub(in crate::format) fn unwritable(path: &Path, error: &io::Error) -> String {
    let remedy = match error.kind() {
        io::ErrorKind::NotFound => "; make its directory first",
        io::ErrorKind::PermissionDenied => "; choose a directory that you may write to",
        _ => "",
    };
    format!("{}: can't be written: {error}{remedy}", path.display())
}

fn unwritten(out: &Path, cause: &str, keep_part: bool) -> String {
    format!("{}: writing the result has failed: {cause}; {}", out.display(), kept(keep_part))
}
