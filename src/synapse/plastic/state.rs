//! A synapse's own state, and that of a whole projection as checkpoints keep it.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::neuron::Real;
use crate::synapse::Price;
use crate::synapse::memristor::Device;
use crate::time::Time;

use super::{Plastic, PreSpike, PreState};

/// One synapse's own state, copied out of the arrays.
#[derive(Clone, Copy)]
pub(super) struct Synapse {
    /// Weight, or conductance.
    pub value: f64,
    /// Own presynaptic trace (pre-centered pairing only).
    pub x: f64,
    pub device: Device,
}

impl<W: Real> Plastic<W> {
    #[inline]
    pub(super) fn get(&self, synapse: usize) -> Synapse {
        let device = if self.device_key.is_empty() {
            Device::default()
        } else {
            Device {
                key: self.device_key[synapse],
                updates: self.device_updates[synapse],
                carry: self.device_carry.get(synapse).copied().unwrap_or(0.0),
            }
        };
        let x = self.x.get(synapse).copied().unwrap_or(0.0);
        Synapse { value: self.value[synapse].wide(), x, device }
    }

    #[inline]
    pub(super) fn put(&mut self, synapse: usize, state: &Synapse) {
        self.value[synapse] = W::of(state.value);
        if let Some(x) = self.x.get_mut(synapse) {
            *x = state.x;
        }
        if let Some(updates) = self.device_updates.get_mut(synapse) {
            *updates = state.device.updates;
        }
        if let Some(carry) = self.device_carry.get_mut(synapse) {
            *carry = state.device.carry;
        }
    }
}

/// The state of a plastic projection, its synapses in an order that does not depend on threads.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct PlasticState {
    value: Vec<f64>,
    x: Vec<f64>,
    device_updates: Vec<u32>,
    device_carry: Vec<f32>,
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
        self.device_updates.extend(plastic.device_updates.get(synapse));
        self.device_carry.extend(plastic.device_carry.get(synapse));
    }

    /// Puts the synapse in `place` back.
    pub fn put<W: Real>(&self, place: usize, plastic: &mut Plastic<W>, synapse: usize) {
        plastic.value[synapse] = W::of(self.value[place]);
        if let (Some(to), Some(x)) = (plastic.x.get_mut(synapse), self.x.get(place)) {
            *to = *x;
        }
        if let (Some(to), Some(updates)) = (plastic.device_updates.get_mut(synapse), self.device_updates.get(place)) {
            *to = *updates;
        }
        if let (Some(to), Some(carry)) = (plastic.device_carry.get_mut(synapse), self.device_carry.get(place)) {
            *to = *carry;
        }
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
