//! All integration tests, in one binary.

mod format_read;
mod format_result;
