//! All integration tests, in one binary.

mod neuron_linear;
