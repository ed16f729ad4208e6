//! What the user should know of a file or a run that went well, on stderr.

use std::fmt::Display;

use super::failure::one_line;

/// Says a note, which ends with a full stop whether or not its text does.
pub fn note(text: impl Display) {
    let text = one_line(&text.to_string());
    memspike::say!("note: {}.", text.trim_end_matches('.'));
}

/// Says all notes on what was read.
pub fn notes(texts: &[String]) {
    texts.iter().for_each(note);
}
