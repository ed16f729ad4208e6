//! Files that are not HDF5, and folders: their beginning, their lines, their bytes.

use std::borrow::Cow;
use std::fs;
use std::io::{BufRead, BufReader, ErrorKind, Read};
use std::path::Path;

use super::error::{Fault, FormatError};

/// So much of a file is looked at to tell its format.
const HEAD: u64 = 64 << 10;
/// Text has at most one strange byte in so many, and one more.
const STRANGE: usize = 1000;
/// A longer line is not text that anybody wrote.
const LONGEST_LINE: u64 = 64 << 20;

/// A file or folder whose format is to be told.
pub(crate) struct Plain<'a> {
    pub path: &'a Path,
    /// The first bytes; none of a folder.
    pub head: Vec<u8>,
    /// Length of the file \[bytes\].
    pub bytes: u64,
    pub is_folder: bool,
}

impl Plain<'_> {
    /// Looks at a file or folder.
    pub fn open(path: &Path) -> Result<Plain<'_>, FormatError> {
        let missing = |e: std::io::Error| {
            let message = match e.kind() {
                ErrorKind::NotFound if path == Path::new("-") => {
                    "the standard input can't be read, for a file is read more than once; put it into a file first"
                        .to_owned()
                }
                ErrorKind::NotFound => "there is no such file; check the path".to_owned(),
                _ => format!("can't be opened: {e}"),
            };
            FormatError::new(path, "", Fault::Missing, message)
        };
        let metadata = fs::metadata(path).map_err(missing)?;
        let mut head = Vec::new();
        if metadata.is_file() {
            fs::File::open(path).and_then(|file| file.take(HEAD).read_to_end(&mut head)).map_err(missing)?;
        } else if !metadata.is_dir() {
            let message = "is neither a file nor a folder; what comes through a pipe must be put into a file first, for it is read more than once";
            return Err(FormatError::new(path, "", Fault::Missing, message));
        }
        Ok(Plain { path, head, bytes: metadata.len(), is_folder: metadata.is_dir() })
    }

    /// An error about `place`.
    pub fn error(&self, place: impl Into<String>, fault: Fault, message: impl Into<String>) -> FormatError {
        FormatError::new(self.path, place, fault, message)
    }

    /// The beginning as text: whole lines only; nothing if there are more bytes than a few that text doesn't have. Those are damage, whose line
    /// the reader names.
    pub fn head_text(&self) -> Option<Cow<'_, str>> {
        let whole = if (self.head.len() as u64) < self.bytes {
            &self.head[..self.head.iter().rposition(|b| *b == b'\n').unwrap_or(0)]
        } else {
            &self.head[..]
        };
        let text = String::from_utf8_lossy(whole.strip_prefix("\u{feff}".as_bytes()).unwrap_or(whole));
        let strange = text.chars().filter(|c| matches!(*c, '\0' | char::REPLACEMENT_CHARACTER)).count();
        (strange <= 1 + whole.len() / STRANGE).then_some(text)
    }

    /// Calls `each` with the number (from 1) and the text of every line.
    pub fn lines(&self, mut each: impl FnMut(usize, &str) -> Result<(), FormatError>) -> Result<(), FormatError> {
        let file = fs::File::open(self.path);
        let unread = |e: std::io::Error| self.error("", Fault::Missing, format!("can't be read: {e}"));
        let mut file = BufReader::new(file.map_err(unread)?);
        let (mut line, mut number) = (Vec::new(), 0);
        loop {
            line.clear();
            let read = (&mut file).take(LONGEST_LINE).read_until(b'\n', &mut line).map_err(unread)?;
            if read == 0 {
                return Ok(());
            }
            number += 1;
            if read as u64 == LONGEST_LINE {
                let message = format!("is longer than {LONGEST_LINE} bytes; expected lines of text");
                return Err(self.error(format!("line {number}"), Fault::TooLarge, message));
            }
            let text = std::str::from_utf8(&line).map_err(|_| {
                self.error(format!("line {number}"), Fault::Damaged, "holds bytes that are no text (UTF-8)")
            })?;
            each(number, text.trim_start_matches('\u{feff}').trim_end())?;
        }
    }
}
