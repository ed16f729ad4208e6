//! From a model and its seed to flat arrays.

pub mod wiring;
