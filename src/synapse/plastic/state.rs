//! A synapse's own state, and that of a whole projection as checkpoints keep it.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::math::real::Real;
use crate::synapse::{CellsState, Kept, Price};
use crate::time::Time;

use super::reward::Modulation;
use super::{Plastic, PreSpike, PreState};

/// One synapse's own state, copied out of the arrays.
#[derive(Clone, Copy)]
pub(super) struct Synapse {
    /// Weight, or conductance.
    pub value: f64,
    /// Own presynaptic trace (pre-centered pairing), or eligibility (rules that have one).
    pub x: f64,
    /// When the eligibility was this.
    pub since: Time,
    /// What its devices keep.
    pub device: Kept,
}

impl<W: Real> Plastic<W> {
    #[inline]
    pub(super) fn get(&self, synapse: usize) -> Synapse {
        let x = self.x.get(synapse).copied().unwrap_or(0.0);
        let since = self.since.get(synapse).copied().unwrap_or(Time::ZERO);
        Synapse { value: self.value[synapse].wide(), x, since, device: self.cells.get(synapse) }
    }

    #[inline]
    pub(super) fn put(&mut self, synapse: usize, state: &Synapse) {
        self.value[synapse] = W::of(state.value);
        if let Some(x) = self.x.get_mut(synapse) {
            *x = state.x;
        }
        if let Some(since) = self.since.get_mut(synapse) {
            *since = state.since;
        }
        self.cells.put(synapse, &state.device);
    }
}

/// The state of a plastic projection, its synapses in an order that does not depend on threads.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct PlasticState {
    value: Vec<f64>,
    x: Vec<f64>,
    since: Vec<Time>,
    modulation: Vec<Modulation>,
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
        self.since.extend(plastic.since.get(synapse));
        self.cells.push(&plastic.cells, synapse);
    }

    /// Joins the states of several ranks: what they have in common, and their synapses in this order, each named by its rank
    /// and its place there.
    pub fn join(ranks: &[&PlasticState], order: &[(usize, usize)]) -> PlasticState {
        let mut joined = PlasticState::default();
        if let Some(first) = ranks.first() {
            joined.pre.clone_from(&first.pre);
            joined.pending.clone_from(&first.pending);
            joined.settled = first.settled;
            joined.modulation.clone_from(&first.modulation);
        }
        ranks.iter().for_each(|state| joined.price.merge(&state.price));
        for &(rank, place) in order {
            let from = ranks[rank];
            joined.value.extend(from.value.get(place));
            joined.x.extend(from.x.get(place));
            joined.since.extend(from.since.get(place));
            joined.cells.append(&from.cells, place);
        }
        joined
    }

    /// Puts the synapse in `place` back.
    pub fn put<W: Real>(&self, place: usize, plastic: &mut Plastic<W>, synapse: usize) {
        plastic.value[synapse] = W::of(self.value[place]);
        if let (Some(to), Some(x)) = (plastic.x.get_mut(synapse), self.x.get(place)) {
            *to = *x;
        }
        if let (Some(to), Some(since)) = (plastic.since.get_mut(synapse), self.since.get(place)) {
            *to = *since;
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
            modulation: self.modulation.clone(),
            ..PlasticState::default()
        }
    }

    /// Whether a state can be that of this projection: as much for each source, and for each synapse or none of them.
    pub fn fits(&self, state: &PlasticState) -> bool {
        let of_all = |length: usize| length == 0 || length == state.value.len();
        state.pre.len() == self.pre.len()
            && state.pending.iter().all(|spike| (spike.row as usize) < self.pre.len())
            && of_all(state.x.len())
            && of_all(state.since.len())
    }

    /// Puts back what all threads have in common.
    pub fn set_shared_state(&mut self, state: &PlasticState) {
        self.pre.clone_from(&state.pre);
        self.pending.clone_from(&state.pending);
        self.settled = state.settled;
        self.modulation.clone_from(&state.modulation);
        self.price = state.price;
        self.unsettled = 0;
    }
}
