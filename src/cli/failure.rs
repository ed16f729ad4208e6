//! How a command ends: what goes to stdout, or what went wrong and the exit code.

use std::error::Error;
use std::fmt;
use std::io;

/// Text without what a terminal takes for commands: names come from files of others.
pub fn printable(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() && c != '\n' && c != '\t' { plain.extend(c.escape_default()) } else { plain.push(c) }
    }
    plain
}

/// The same of a name, which has no line breaks and no columns either.
pub fn one_line(name: &str) -> String {
    printable(name).replace('\n', "\\n").replace('\t', "\\t")
}

/// A command that ended well.
#[derive(Debug, Default)]
pub struct Done {
    /// What goes to stdout when the command has ended, so that a failure prints nothing there (`sweep` and `view` print while they run).
    pub stdout: Vec<u8>,
    /// Ctrl-C stopped it; what was simulated is kept.
    pub interrupted: bool,
    /// Two files were compared: whether they differ, for which exit code 1 is kept.
    pub differs: Option<bool>,
}

impl Done {
    /// Ended with this text for stdout.
    pub fn text(text: impl Into<String>) -> Done {
        Done { stdout: printable(&text.into()).into_bytes(), ..Done::default() }
    }

    /// Ended with text that has colours; names in it are printable already.
    pub fn painted(text: String) -> Done {
        Done { stdout: text.into_bytes(), ..Done::default() }
    }

    /// Ended with one JSON object for stdout.
    pub fn json(value: &impl serde::Serialize) -> Result<Done, Failure> {
        let mut text = serde_json::to_string_pretty(value).map_err(Failure::run)?;
        text.push('\n');
        Ok(Done::text(text))
    }
}

/// A command that failed.
#[derive(Debug)]
pub struct Failure {
    /// 1: the run failed; 2: the user's input is wrong.
    pub code: u8,
    error: Box<dyn Error + Send + Sync>,
    /// Another rank says it.
    silent: bool,
}

impl Failure {
    /// The user's input is wrong.
    pub fn input(error: impl Into<Box<dyn Error + Send + Sync>>) -> Failure {
        Failure { code: 2, error: error.into(), silent: false }
    }

    /// A file can't be written: the user's mistake if its place is wrong, such as a folder of somebody else; else, as with a full disk,
    /// the run failed.
    pub fn unwritten(error: impl Into<Box<dyn Error + Send + Sync>>, cause: &io::Error) -> Failure {
        use io::ErrorKind::{
            AlreadyExists, InvalidFilename, IsADirectory, NotADirectory, NotFound, PermissionDenied, ReadOnlyFilesystem,
        };
        match cause.kind() {
            AlreadyExists | InvalidFilename | IsADirectory | NotADirectory | NotFound | PermissionDenied
            | ReadOnlyFilesystem => Failure::input(error),
            _ => Failure::run(error),
        }
    }

    /// The run failed.
    pub fn run(error: impl Into<Box<dyn Error + Send + Sync>>) -> Failure {
        Failure { code: 1, error: error.into(), silent: false }
    }
}

impl Failure {
    /// What another rank told, in its words.
    pub fn told(code: u8, text: String) -> Failure {
        let text = text.strip_prefix("error: ").unwrap_or(&text);
        Failure { code, error: text.into(), silent: false }
    }

    /// The same, to be said by another rank.
    #[must_use]
    pub fn silent(self) -> Failure {
        Failure { silent: true, ..self }
    }

    /// Is it said by another rank?
    pub fn is_silent(&self) -> bool {
        self.silent
    }
}

impl fmt::Display for Failure {
    /// The error and what caused it, one per line; a cause that its parent already quotes is not said twice.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut said = self.error.to_string();
        write!(f, "error: {said}")?;
        let mut cause = self.error.source();
        while let Some(error) = cause {
            let text = error.to_string();
            if !said.contains(&text) {
                write!(f, "\n  because: {text}")?;
                said = text;
            }
            cause = error.source();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("Can't read a.h5.")]
    struct Outer(#[source] std::io::Error);

    #[test]
    fn the_chain_is_printed_cause_by_cause() {
        let failure = Failure::run(Outer(std::io::Error::other("The disk is on fire.")));
        assert_eq!(failure.to_string(), "error: Can't read a.h5.\n  because: The disk is on fire.");
        assert_eq!(failure.code, 1);
    }

    #[test]
    fn a_file_that_may_not_be_written_is_the_users_mistake_and_a_full_disk_is_not() {
        let code = |kind: io::ErrorKind| Failure::unwritten("Can't write a.h5.", &kind.into()).code;
        assert_eq!([io::ErrorKind::PermissionDenied, io::ErrorKind::AlreadyExists].map(code), [2, 2]);
        assert_eq!([io::ErrorKind::StorageFull, io::ErrorKind::Other].map(code), [1, 1]);
    }

    #[test]
    fn names_of_files_command_no_terminal() {
        assert_eq!(printable("a\u{1b}[2Jb\u{7}\r\tµ\n"), "a\\u{1b}[2Jb\\u{7}\\r\tµ\n");
        assert_eq!(one_line("a\nb\t\u{7}"), "a\\nb\\t\\u{7}");
        assert_eq!(Done::text("\u{1b}").stdout, b"\\u{1b}");
    }

    #[test]
    fn a_cause_that_was_quoted_is_not_repeated() {
        #[derive(Debug, thiserror::Error)]
        #[error("Can't read a.h5: {0}")]
        struct Quoting(#[source] std::io::Error);
        let failure = Failure::input(Quoting(std::io::Error::other("No such file.")));
        assert_eq!(failure.to_string(), "error: Can't read a.h5: No such file.");
    }
}
