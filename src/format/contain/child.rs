//! The process that reads for another.

use std::ffi::OsString;
use std::io::{self, BufWriter, Read};
use std::path::Path;
use std::thread;

use super::limits::{self, Granted};
use super::{Contents, WORD, here, piped, wire};
use crate::format::open;
use crate::format::result::{Figures, Observables};
use crate::format::stream::{self, Look};
use crate::spikes::Recording;

/// Reads a file for the process that started this one, if that is what `arguments` (the program's name first) ask for; returns the
/// exit code. None if they ask for something else: then the program goes on.
pub fn serve(arguments: impl IntoIterator<Item = OsString>) -> Option<i32> {
    let mut arguments = arguments.into_iter().skip(1);
    if arguments.next()? != WORD {
        return None;
    }
    let rest: Vec<OsString> = arguments.collect();
    let [task, memory, seconds, path] = &rest[..] else { return Some(2) };
    let number = |text: &OsString| text.to_str().and_then(|text| text.parse().ok());
    let (Some(memory), Some(seconds)) = (number(memory), number(seconds)) else { return Some(2) };
    limits::apply(Granted { memory, seconds });
    go_with_the_parent();
    let path = Path::new(path);
    let done = match task.to_str() {
        Some(Recording::NAME) => answer::<Recording>(path),
        Some(Observables::NAME) => answer::<Observables>(path),
        Some(Figures::NAME) => answer::<Figures>(path),
        Some(Look::NAME) => answer::<Look>(path),
        Some(task) => match piped::parse(task) {
            Some((from, buffer)) => pour(path, from, buffer),
            None => return Some(2),
        },
        None => return Some(2),
    };
    Some(i32::from(done.is_err()))
}

fn answer<T: Contents>(path: &Path) -> io::Result<()> {
    let contents = here::<T>(path);
    limits::widen_output();
    wire::send(&mut BufWriter::with_capacity(wire::BLOCK, output()?), contents)
}

/// Answers with blocks of spikes.
fn pour(path: &Path, from: f64, buffer: usize) -> io::Result<()> {
    limits::widen_output();
    let mut out = BufWriter::with_capacity(wire::BLOCK, output()?);
    let ended =
        open(path, |h5| stream::produce(h5, from, buffer, &mut |block| wire::send_block(&mut out, &block).is_ok()));
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
