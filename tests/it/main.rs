//! All integration tests, in one binary.

mod analysis;
mod architecture;
mod cli;
mod cli_commands;
mod cli_errors;
mod cli_examples;
mod cli_stop;
mod format_broken;
mod format_disk_full;
mod format_read;
mod format_result;
mod format_resume;
mod neuron_linear;
mod neuron_linear_edges;
mod neuron_linear_exact;
mod neuron_ode;
mod plot;
mod shipped_models;
mod spec_bind;
mod spec_errors;
mod spec_example;
mod spec_files;
mod spec_fuzz;
mod spec_layers;
mod spec_projections;
mod spec_rules;
