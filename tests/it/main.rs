//! All integration tests, in one binary.

mod engine_resume;
mod engine_run;
mod engine_threads;
mod format_broken;
mod format_disk_full;
mod format_read;
mod format_result;
mod format_resume;
mod neuron_linear;
mod neuron_linear_edges;
mod neuron_linear_exact;
mod neuron_ode;
mod shipped_models;
mod spec_bind;
mod spec_errors;
mod spec_example;
mod spec_files;
mod spec_fuzz;
mod spec_layers;
mod spec_projections;
mod spec_rules;
