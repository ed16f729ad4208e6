//! What a result holds beside what a [`Recording`](super::Recording) has: states and weights, which are read on their own.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One table of it: what of, and how large.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub enum Observable {
    /// A state variable of some members of a population.
    State {
        /// Population.
        population: String,
        /// Variable.
        variable: String,
        /// Unit of the samples.
        unit: String,
        /// Members that were sampled.
        members: usize,
        /// How often they were.
        samples: usize,
    },
    /// What spikes transmitted over a projection.
    PreSpike {
        /// Projection.
        projection: String,
        /// Unit of the weights.
        unit: String,
        /// How many there are.
        weights: usize,
    },
    /// Weights of a projection at some times.
    Snapshots {
        /// Projection.
        projection: String,
        /// Unit of the weights.
        unit: String,
        /// Synapses that were looked at.
        synapses: usize,
        /// How often they were.
        snapshots: usize,
    },
}

impl fmt::Display for Observable {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Observable::State { population, variable, .. } => write!(out, "{variable} of {population}"),
            Observable::PreSpike { projection, .. } => write!(out, "weights of {projection} at spikes"),
            Observable::Snapshots { projection, .. } => write!(out, "weights of {projection}"),
        }
    }
}
