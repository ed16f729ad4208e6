//! Integration tests, one binary.

mod neuron_ode;
