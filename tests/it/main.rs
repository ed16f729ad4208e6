//! All integration tests, in one binary.

mod format_broken;
mod format_disk_full;
mod format_read;
mod format_result;
mod format_resume;
