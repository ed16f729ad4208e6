//! What is said of a process that did not come back with an answer.

use std::io;
use std::path::Path;
use std::process::ExitStatus;

use super::limits::{self, Granted};
use crate::format::error::{Fault, FormatError};

/// For a file of one's own that the limits are too tight for.
const TRUST: &str = "if you trust the file, --trust reads it without limits";
const COPY: &str = "copy it again from its source";

/// No process could be started.
pub(super) fn unstarted(path: &Path, error: &io::Error) -> FormatError {
    // Pipes to the process need files.
    let allow = if is_out_of_files(error) { "more open files (ulimit -n)" } else { "processes" };
    let message = format!(
        "can't be read in a process of its own, as HDF5 files are, since none could be started ({error}); allow {allow} here, or, {TRUST} \
         and without a process"
    );
    FormatError::new(path, "", Fault::NotContained, message)
}

#[cfg(unix)]
fn is_out_of_files(error: &io::Error) -> bool {
    [Some(libc::EMFILE), Some(libc::ENFILE)].contains(&error.raw_os_error())
}

#[cfg(not(unix))]
fn is_out_of_files(_: &io::Error) -> bool {
    false
}

/// The answer can't be.
pub(super) fn nonsense(path: &Path, message: &str) -> FormatError {
    let message = format!("gave an impossible answer when it was read ({message}); the file is damaged, {COPY}");
    FormatError::new(path, "", Fault::Damaged, message)
}

/// The process ended before its answer did.
pub(super) fn ended(path: &Path, status: Option<ExitStatus>, said: &str, granted: Granted) -> FormatError {
    ended_under(limits::inherited(), path, status, said, granted)
}

/// The same where this process may have so much memory itself.
fn ended_under(
    inherited: Option<u64>,
    path: &Path,
    status: Option<ExitStatus>,
    said: &str,
    granted: Granted,
) -> FormatError {
    let mib = granted.memory >> 20;
    let lacks_memory = said.contains("memory allocation of") || said.contains("capacity overflow");
    if let Some(own) = inherited.filter(|own| lacks_memory && *own < granted.memory) {
        let message = format!(
            "needs more memory than processes may have here, {} MiB (ulimit -v); allow up to {mib} MiB, which is enough for a file of its size",
            own >> 20
        );
        return FormatError::new(path, "", Fault::TooLarge, message);
    }
    if lacks_memory {
        let message = format!(
            "needs more than the {mib} MiB of memory that reading a file of its size is given; the file is damaged, {COPY}; or, {TRUST}"
        );
        return FormatError::new(path, "", Fault::TooLarge, message);
    }
    let (fault, message) = match status.map(cause) {
        Some(Cause::Time) => (
            Fault::Endless,
            format!(
                "was not read within {} s of processor time, which is more than a file of its size needs; the file is damaged, {COPY}; or, \
                 {TRUST}",
                granted.seconds
            ),
        ),
        Some(Cause::Crash(signal)) => (
            Fault::Damaged,
            format!("made the HDF5 library crash ({signal}); the file is damaged, {COPY}; this program is not harmed"),
        ),
        Some(Cause::Killed(signal)) => (
            Fault::NotContained,
            format!(
                "could not be read: the process that read it was ended from outside ({signal}), perhaps since the machine was out of \
                 memory; try again with more memory"
            ),
        ),
        Some(Cause::Exit(code)) => (
            Fault::NotContained,
            format!(
                "could not be read: the process that read it ended with the code {code} and no answer{}",
                quoted(said)
            ),
        ),
        None => (Fault::NotContained, format!("could not be read: the process that read it was lost{}", quoted(said))),
    };
    FormatError::new(path, "", fault, message)
}

fn quoted(said: &str) -> String {
    said.lines().next().map_or(String::new(), |line| format!(" ({line})"))
}

/// Why a process ended.
enum Cause {
    Time,
    Crash(String),
    Killed(String),
    Exit(i32),
}

#[cfg(unix)]
fn cause(status: ExitStatus) -> Cause {
    use std::os::unix::process::ExitStatusExt;
    match status.signal() {
        None => Cause::Exit(status.code().unwrap_or(-1)),
        Some(libc::SIGXCPU) => Cause::Time,
        Some(signal @ (libc::SIGSEGV | libc::SIGBUS | libc::SIGABRT | libc::SIGILL | libc::SIGFPE | libc::SIGTRAP)) => {
            let name = match signal {
                libc::SIGSEGV => "a segmentation fault",
                libc::SIGBUS => "a bus error",
                libc::SIGABRT => "it gave up",
                libc::SIGFPE => "an arithmetic fault",
                _ => "an illegal instruction",
            };
            Cause::Crash(format!("{name}, signal {signal}"))
        }
        Some(signal) => Cause::Killed(format!("signal {signal}")),
    }
}

#[cfg(not(unix))]
fn cause(status: ExitStatus) -> Cause {
    Cause::Exit(status.code().unwrap_or(-1))
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::process::ExitStatusExt;

    use super::*;

    #[test]
    fn every_ending_names_the_file_what_happened_and_what_helps() {
        let granted = Granted { memory: 3 << 30, seconds: 21 };
        let told = |raw: i32, said: &str| {
            let error = ended_under(None, Path::new("a.nwb"), Some(ExitStatus::from_raw(raw)), said, granted);
            assert!(error.to_string().starts_with("a.nwb: "), "{error}");
            (error.fault, error.message)
        };
        let (fault, message) = told(libc::SIGXCPU, "");
        assert!(fault == Fault::Endless && message.contains("21 s") && message.contains("--trust"), "{message}");
        let (fault, message) = told(libc::SIGSEGV, "");
        assert!(
            fault == Fault::Damaged && message.contains("signal 11") && message.contains("copy it again"),
            "{message}"
        );
        let (fault, message) = told(libc::SIGABRT, "memory allocation of 99 bytes failed");
        assert!(fault == Fault::TooLarge && message.contains("3072 MiB") && message.contains("--trust"), "{message}");
        let status = Some(ExitStatus::from_raw(libc::SIGABRT));
        let own =
            ended_under(Some(50 << 20), Path::new("a.nwb"), status, "memory allocation of 99 bytes failed", granted);
        assert!(own.message.contains("50 MiB (ulimit -v)") && !own.message.contains("damaged"), "{own}");
        let (fault, message) = told(libc::SIGKILL, "");
        assert!(fault == Fault::NotContained && message.contains("from outside"), "{message}");
        let (fault, message) = told(7 << 8, "no such library\nmore");
        assert!(
            fault == Fault::NotContained && message.contains("the code 7") && message.contains("(no such library)")
        );
        let few = unstarted(Path::new("a.nwb"), &io::Error::from_raw_os_error(libc::EMFILE));
        assert!(few.message.contains("open files (ulimit -n)") && !few.message.contains("allow processes"), "{few}");
        let lost = ended(Path::new("a.nwb"), None, "", granted);
        assert!(lost.message.contains("lost"));
    }
}
