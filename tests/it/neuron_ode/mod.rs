//! Neuron models without a closed form: conductance-based, adaptive exponential, Izhikevich.

mod event;
mod grid;
mod reference;
mod windows;
