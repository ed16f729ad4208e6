//! memspike: an exact, event-driven spiking-network simulator with memristive synapses.
#![warn(missing_docs)]
#![deny(unsafe_code)]
#![warn(clippy::print_stderr)]

pub mod analysis;
pub mod check;
pub mod clocked;
pub mod counted;
pub mod crossbar;
pub mod describe;
pub mod device;
pub mod engine;
pub mod fnv;
pub mod format;
pub mod given;
pub mod hardware;
pub mod idx;
pub mod interchange;
pub mod math;
pub mod memory;
pub mod network;
pub mod neuron;
pub mod npy;
pub mod plasticity;
pub mod plot;
pub mod ranks;
pub mod record;
pub mod rng;
pub mod sample;
pub mod say;
pub mod shell;
pub mod sorted;
pub mod spec;
pub mod spikes;
pub mod stream;
pub mod synapse;
pub mod temporary;
pub mod time;
pub mod units;
pub mod value;
pub mod whole;
