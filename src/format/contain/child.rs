//! The process that reads for another.

use std::ffi::OsString;
use std::io::{self, BufWriter, Read};
use std::path::Path;
use std::thread;

use super::contents::Through;
use super::limits::{self, Granted};
use super::{Contents, Pieced, WORD, here, wire};
use crate::format::arrays::Arrays;
use crate::format::linked::Linked;
use crate::format::nir::Stored;
use crate::format::open;
use crate::format::result::{Figures, Looked, Observables, Pieces, Written};
use crate::format::sonata::{EdgesFile, NodesFile};
use crate::format::stream::{AsListed, AsStored, InOrder, Look};
use crate::spikes::Recording;

/// Answers the query about a file.
type Task = fn(&Path, &str) -> io::Result<()>;

/// Reads a file for the process that started this one, if that is what `arguments` (the program's name first) ask for; returns the
/// exit code. None if they ask for something else: then the program goes on.
pub fn serve(arguments: impl IntoIterator<Item = OsString>) -> Option<i32> {
    let mut arguments = arguments.into_iter().skip(1);
    if arguments.next()? != WORD {
        return None;
    }
    let rest: Vec<OsString> = arguments.collect();
    let [task, memory, seconds, path, query] = &rest[..] else { return Some(2) };
    let number = |text: &OsString| text.to_str().and_then(|text| text.parse().ok());
    let (Some(memory), Some(seconds)) = (number(memory), number(seconds)) else { return Some(2) };
    let answer: Task = match task.to_str() {
        Some(Recording::NAME) => answer::<Recording>,
        Some(Observables::NAME) => answer::<Observables>,
        Some(Figures::NAME) => answer::<Figures>,
        Some(Look::NAME) => answer::<Look>,
        Some(Linked::NAME) => answer::<Linked>,
        Some(Arrays::NAME) => answer::<Arrays>,
        Some(Stored::NAME) => answer::<Stored>,
        Some(NodesFile::NAME) => answer::<NodesFile>,
        Some(EdgesFile::NAME) => answer::<EdgesFile>,
        Some(Through::NAME) => answer::<Through>,
        Some(Written::NAME) => answer::<Written>,
        Some(Looked::NAME) => answer::<Looked>,
        Some(InOrder::TASK) => pour::<InOrder>,
        Some(AsListed::TASK) => pour::<AsListed>,
        Some(AsStored::TASK) => pour::<AsStored>,
        Some(Pieces::TASK) => pour::<Pieces>,
        _ => return Some(2),
    };
    limits::apply(Granted { memory, seconds });
    go_with_the_parent();
    let done = answer(Path::new(path), query.to_str().unwrap_or_default());
    Some(i32::from(done.is_err()))
}

fn answer<T: Contents>(path: &Path, query: &str) -> io::Result<()> {
    let query = serde_json::from_str(query)?;
    let contents = here::<T>(path, &query);
    limits::widen_output();
    wire::send(&mut BufWriter::with_capacity(wire::BLOCK, output()?), contents)
}

/// Answers with blocks of spikes.
fn pour<T: Pieced>(path: &Path, query: &str) -> io::Result<()> {
    let wanted: T = serde_json::from_str(query)?;
    limits::widen_output();
    let mut out = BufWriter::with_capacity(wire::BLOCK, output()?);
    let ended = open(path, |h5| wanted.produce(h5, &mut |block| wire::send_block(&mut out, &block).is_ok()));
    wire::send_end(&mut out, ended)
}

/// The pipe to the parent, past the line buffer of the standard output.
#[cfg(unix)]
fn output() -> io::Result<std::fs::File> {
    use std::os::fd::AsFd;
    Ok(io::stdout().as_fd().try_clone_to_owned()?.into())
}

#[cfg(not(unix))]
fn output() -> io::Result<io::StdoutLock<'static>> {
    Ok(io::stdout().lock())
}

/// From now on this process ends when its standard input is closed: nobody waits for the answer of one whose parent has gone, or no
/// longer wants it.
pub fn go_with_the_parent() {
    let watch = || {
        let _ = io::stdin().lock().read(&mut [0]);
        limits::leave()
    };
    // Without a thread for it the limits end the process.
    let _ = thread::Builder::new().stack_size(64 << 10).spawn(watch);
}
