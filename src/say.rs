//! What people are told beside results: notes, warnings, errors, on the standard error.

use std::fmt::Arguments;
use std::io::Write;

/// Writes a line. Whoever reads may be gone (`2>&1 | head`), or the disk full on which a log is kept: a run goes on without being heard, where
/// `eprintln!` would end it.
pub fn line(text: Arguments<'_>) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Says a line on the standard error, as `eprintln!`, but never fails.
#[macro_export]
macro_rules! say {
    ($($text:tt)*) => {
        $crate::say::line(format_args!($($text)*))
    };
}
