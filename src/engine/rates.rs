//! What is expected to happen in a second, before anything has: how much memory a run takes and how long its windows may be follow
//! from it.

use crate::spec::{InputKind, InputSpec, NetworkSpec, Rate};

/// What a neuron is taken to fire at before it is known \[Hz\].
pub const RATE: f64 = 10.0;

/// The events of a second.
#[derive(Clone, Copy, Debug)]
pub struct Events {
    /// Over synapses, from neurons that fire at [`RATE`].
    pub synaptic: f64,
    /// Of Poisson inputs, at their largest rates.
    pub background: f64,
}

impl Events {
    /// Of a network with so many synapses.
    pub fn of(spec: &NetworkSpec, synapses: f64) -> Events {
        let background = (0..spec.populations.len()).map(|population| background(spec, population)).sum();
        Events { synaptic: synapses * RATE, background }
    }
}

/// The largest rate of the events of Poisson inputs onto a population \[Hz\].
pub fn background(spec: &NetworkSpec, population: usize) -> f64 {
    let rate = |input: &InputSpec| match &input.kind {
        InputKind::Poisson { rate, indegree, .. } => {
            let onto = input.targets.iter().filter(|slice| slice.population == population);
            let driven: usize = onto.map(|slice| slice.members(spec.populations[population].size).len()).sum();
            most(rate) * indegree * driven as f64
        }
        _ => 0.0,
    };
    spec.inputs.iter().map(rate).sum()
}

/// The largest rate \[Hz\].
pub fn most(rate: &Rate) -> f64 {
    match rate {
        Rate::Constant(value) => value.mean().unwrap_or(0.0),
        Rate::Steps(steps) => steps.iter().fold(0.0, |most, (_, hz)| hz.max(most)),
    }
}
