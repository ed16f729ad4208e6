//! All integration tests, in one binary.

mod shipped_models;
mod spec_bind;
mod spec_errors;
mod spec_example;
mod spec_files;
mod spec_fuzz;
mod spec_layers;
mod spec_projections;
mod spec_rules;
