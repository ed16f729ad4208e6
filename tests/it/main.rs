//! All integration tests, in one binary.

mod neuron_linear;
mod neuron_linear_edges;
mod neuron_linear_exact;
mod neuron_ode;
