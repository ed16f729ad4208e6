//! Tests that need a process for themselves.

mod contained;
mod disk_full;
