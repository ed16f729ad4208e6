//! All integration tests, in one binary.

mod format_read;
mod format_result;
mod neuron_linear;
mod neuron_linear_exact;
mod neuron_ode;
