//! All integration tests, in one binary.

mod format_broken;
mod format_disk_full;
mod format_read;
mod format_result;
mod format_resume;
mod neuron_linear;
mod neuron_linear_exact;
mod neuron_ode;
