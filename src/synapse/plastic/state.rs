//! A synapse's own state, and that of a whole projection as checkpoints keep it.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::neuron::Real;
use crate::synapse::{CellsState, Kept, Price};
use crate::time::Time;

use super::{Plastic, PreSpike, PreState};

/// One synapse's own state, copied out of the arrays.
#[derive(Clone, Copy)]
pub(super) struct Synapse {
    /// Weight, or conductance.
    pub value: f64,
    /// Own presynaptic trace (pre-centered pairing only).
    pub x: f64,
    /// What its devices keep.
    pub device: Kept,
}

impl<W: Real> Plastic<W> {
    #[inline]
    pub(super) fn get(&self, synapse: usize) -> Synapse {
        let x = self.x.get(synapse).copied().unwrap_or(0.0);
        Synapse { value: self.value[synapse].wide(), x, device: self.cells.get(synapse) }
    }

    #[inline]
    pub(super) fn put(&mut self, synapse: usize, state: &Synapse) {
        self.value[synapse] = W::of(state.value);
        if let Some(x) = self.x.get_mut(synapse) {
            *x = state.x;
        }
        self.cells.put(synapse, &state.device);
    }
}

/// The state of a plastic projection, its synapses in an order that does not depend on threads.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct PlasticState {
    value: Vec<f64>,
    x: Vec<f64>,
    cells: CellsState,
    pre: Vec<PreState>,
    pending: VecDeque<PreSpike>,
    settled: Time,
    /// Energy spent, over all threads.
    pub price: Price,
}

impl PlasticState {
    /// Number of synapses.
    pub fn len(&self) -> usize {
        self.value.len()
    }

    /// Whether there is no synapse.
    pub fn is_empty(&self) -> bool {
        self.value.is_empty()
    }

    /// Appends one synapse.
    pub fn push<W: Real>(&mut self, plastic: &Plastic<W>, synapse: usize) {
        self.value.push(plastic.value[synapse].wide());
        self.x.extend(plastic.x.get(synapse));
        self.cells.push(&plastic.cells, synapse);
    }

    /// Puts the synapse in `place` back.
    pub fn put<W: Real>(&self, place: usize, plastic: &mut Plastic<W>, synapse: usize) {
        plastic.value[synapse] = W::of(self.value[place]);
        if let (Some(to), Some(x)) = (plastic.x.get_mut(synapse), self.x.get(place)) {
            *to = *x;
        }
        self.cells.put(place, &mut plastic.cells, synapse);
    }
}

impl<W: Real> Plastic<W> {
    /// What all threads have in common: the sources' spikes.
    pub fn shared_state(&self) -> PlasticState {
        PlasticState {
            pre: self.pre.clone(),
            pending: self.pending.clone(),
            settled: self.settled,
            ..PlasticState::default()
        }
    }

    /// Puts back what all threads have in common.
    pub fn set_shared_state(&mut self, state: &PlasticState) {
        self.pre.clone_from(&state.pre);
        self.pending.clone_from(&state.pending);
        self.settled = state.settled;
        self.price = state.price;
        self.unsettled = 0;
    }
}
