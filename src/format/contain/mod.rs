//! Files that nobody vouches for: HDF5 is read in a process of its own, with limits.
//!
//! The HDF5 library trusts its input. On damaged files it can loop for ever (`H5HG__cache_heap_deserialize`), allocate and clear
//! whatever a length claims (`H5T__conv_vlen`), or crash. So a child process reads the file: of the same program, without a core dump, with
//! limits on processor time and address space that follow from the file's size. It hands back what it read over a pipe, in a form that is
//! checked here (`wire`); if it dies, the error says of what (`death`). It writes no file, so a read-only sandbox is enough.
//!
//! The `memspike` program does so for every HDF5 file. A program that uses this library chooses: without [`Contained::install`],
//! [`format::read`](super::read) reads in its own process. With it, the program named there must call [`serve`] first thing:
//!
//! ```no_run
//! use memspike::format::{self, contain};
//! if let Some(code) = contain::serve(std::env::args_os()) {
//!     std::process::exit(code);
//! }
//! contain::Contained::of_this_program().expect("a path of this program").install();
//! let recording = format::read("session.nwb".as_ref()).expect("a recording");
//! ```

mod child;
mod contents;
mod death;
mod limits;
mod piped;
mod wire;

use std::fs;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::OnceLock;
use std::thread::{self, JoinHandle};

pub use child::{go_with_the_parent, serve};
pub(super) use contents::{Contents, Pieced};
pub use limits::{Limits, survive_large_writes};

use super::error::FormatError;
use super::h5::H5;
use super::open;
use super::stream::Thread;
use crate::spikes::Recording;
use crate::stream::Feed;
use wire::Broken;

/// The first argument of a process that reads for another.
const WORD: &str = "read-for-parent";
/// So much of what a child says on its standard error is kept.
const MOST_SAID: u64 = 4096;

static INSTALLED: OnceLock<Contained> = OnceLock::new();

/// How HDF5 files are read in a process of their own.
#[derive(Clone, Debug)]
pub struct Contained {
    program: PathBuf,
    limits: Limits,
}

impl Contained {
    /// By a process of the program that is running, which must call [`serve`] before it does anything else.
    ///
    /// # Errors
    /// If the system does not tell where the program is.
    pub fn of_this_program() -> io::Result<Contained> {
        this_program().map(Contained::of_program)
    }

    /// By a process of another program that calls [`serve`], such as `memspike` itself.
    pub fn of_program(program: impl Into<PathBuf>) -> Contained {
        Contained { program: program.into(), limits: Limits::default() }
    }

    /// With other limits.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Contained {
        Contained { limits, ..self }
    }

    /// From now on all HDF5 files that this program reads are read so. The first call counts.
    pub fn install(self) {
        let _ = INSTALLED.set(self);
    }

    /// Reads a recording or a result: of HDF5 in a process of its own, anything else here.
    ///
    /// # Errors
    /// Those of [`format::read`](super::read), and if the process dies or can't be started.
    pub fn read(&self, path: &Path) -> Result<Recording, FormatError> {
        super::read_by(path, |path| self.ask(path, &()))
    }

    /// What a child makes of the file.
    fn ask<T: Contents>(&self, path: &Path, query: &T::Query) -> Result<T, FormatError> {
        let query = serde_json::to_string(query).unwrap_or_default();
        let bytes = fs::metadata(path).map_or(0, |metadata| metadata.len());
        let granted = self.limits.of(bytes);
        let mut child = self.start(T::NAME, path, &query, granted).map_err(|error| death::unstarted(path, &error))?;
        // Open until the answer is here: the child goes when it is closed, so it never outlives this process.
        let stdin = child.stdin.take();
        let said = hear(&mut child).map_err(|error| death::unstarted(path, &error))?;
        let stdout = child.stdout.take();
        let answer = match stdout {
            Some(stdout) => wire::receive::<T>(&mut BufReader::with_capacity(wire::BLOCK, stdout), granted.memory),
            None => Err(Broken::Off),
        };
        // Only a child that stopped by itself has an ending to tell of.
        if !matches!(answer, Err(Broken::Off)) {
            let _ = child.kill();
        }
        let status = child.wait();
        drop(stdin);
        let said = said.and_then(|thread| thread.join().ok()).unwrap_or_default();
        match answer {
            Ok(Ok(contents)) => Ok(contents),
            Ok(Err(told)) => Err(FormatError::new(path, told.place, told.fault, told.message)),
            Err(Broken::Wrong(message)) => Err(death::nonsense(path, &message)),
            Err(Broken::Off) => Err(death::ended(path, status.ok(), &said, granted)),
        }
    }

    fn start(&self, task: &str, path: &Path, query: &str, granted: limits::Granted) -> io::Result<Child> {
        let mut command = Command::new(&self.program);
        // Of `/dev/stdin` the child has another one than this process.
        let own = ["/dev", "/proc"].iter().any(|place| path.starts_with(place));
        let meant = if own { fs::canonicalize(path).ok() } else { None };
        let path = meant.as_deref().unwrap_or(path);
        command
            .arg(WORD)
            .arg(task)
            .arg(granted.memory.to_string())
            .arg(granted.seconds.to_string())
            .arg(path)
            .arg(query);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // Ctrl-C is for the program that asked: it decides what becomes of the child.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        command.spawn()
    }
}

/// The program that is running, to be started again.
///
/// # Errors
/// If the system does not tell where it is.
pub fn this_program() -> io::Result<PathBuf> {
    // Right even if the file was replaced while the program runs.
    let link = Path::new("/proc/self/exe");
    if link.exists() { Ok(link.to_path_buf()) } else { std::env::current_exe() }
}

/// Reads an HDF5 file the way that was installed, or else in this process.
pub(super) fn read<T: Contents<Query = ()>>(path: &Path) -> Result<T, FormatError> {
    ask(path, &())
}

/// Reads what is asked for of an HDF5 file the way that was installed, or else in this process.
pub(super) fn ask<T: Contents>(path: &Path, query: &T::Query) -> Result<T, FormatError> {
    match INSTALLED.get() {
        Some(contained) => {
            expect_hdf5(path)?;
            contained.ask(path, query)
        }
        None => here(path, query),
    }
}

/// Reads an HDF5 file in this process.
pub(super) fn here<T: Contents>(path: &Path, query: &T::Query) -> Result<T, FormatError> {
    open(path, |h5: &H5| T::read(h5, query))
}

/// Whether another process reads HDF5 for this one.
pub(super) fn is_installed() -> bool {
    INSTALLED.get().is_some()
}

/// Lets the process that was installed read all of an HDF5 file, before this one opens it for writing: what the library makes of damage
/// happens there. Without one nothing is read.
pub(super) fn rehearse(path: &Path) -> Result<(), FormatError> {
    match INSTALLED.get() {
        Some(_) => read::<contents::Through>(path).map(drop),
        None => Ok(()),
    }
}

/// Reads spikes block by block, the way that was installed, or else by a thread of this process.
pub(super) fn feed<T: Pieced + Clone + Send + 'static>(
    path: &Path,
    wanted: &T,
) -> Result<Box<dyn Feed<f64>>, FormatError> {
    match INSTALLED.get() {
        Some(contained) => Ok(Box::new(piped::Piped::start(contained, path, wanted)?)),
        None => {
            let (path, wanted) = (path.to_owned(), wanted.clone());
            Ok(Box::new(Thread::start(move |out| open(&path, |h5| wanted.produce(h5, out)))))
        }
    }
}

/// Hands spikes to `each` until it wants no more, read the way that was installed, or else in this process.
pub(super) fn pieces<T: Pieced>(
    path: &Path,
    wanted: &T,
    each: &mut dyn FnMut(Vec<(f64, u32)>) -> bool,
) -> Result<(), FormatError> {
    let Some(contained) = INSTALLED.get() else { return open(path, |h5| wanted.produce(h5, each)) };
    let mut piped = piped::Piped::start(contained, path, wanted)?;
    while let Some(block) = piped.block()? {
        if !each(block) {
            break;
        }
    }
    Ok(())
}

/// What is missing or no HDF5 needs no process to be told.
fn expect_hdf5(path: &Path) -> Result<(), FormatError> {
    let plain = super::Plain::open(path)?;
    if super::is_hdf5(&plain)? { Ok(()) } else { Err(super::unknown_file(&plain)) }
}

/// A thread that listens to what a child says.
fn hear(child: &mut Child) -> io::Result<Option<JoinHandle<String>>> {
    let listener = |stderr| thread::Builder::new().spawn(move || listen(stderr));
    child.stderr.take().map(listener).transpose()
}

/// The beginning of what a child says; the rest is read and forgotten, so that it never waits for a reader.
fn listen(mut stderr: ChildStderr) -> String {
    let mut said = Vec::new();
    let _ = (&mut stderr).take(MOST_SAID).read_to_end(&mut said);
    let _ = io::copy(&mut stderr, &mut io::sink());
    String::from_utf8_lossy(&said).trim().to_owned()
}
