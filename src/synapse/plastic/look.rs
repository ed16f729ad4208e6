//! What a synapse has come to at any time. Nothing here writes.

use crate::neuron::Real;
use crate::plasticity::Rule;
use crate::synapse::{Price, Visit};
use crate::time::Time;

use super::state::Synapse;
use super::{Past, Plastic, PreSpike, Transmitted};

impl<W: Real> Plastic<W> {
    /// The weight of a synapse at `at`, when everything up to and including `at` has been delivered; changes nothing.
    pub fn weight_at(
        &self,
        synapse: usize,
        row: usize,
        target: u32,
        delay: Time,
        at: Time,
        pending: &[Vec<PreSpike>],
    ) -> f64 {
        let mut visit = Visit::default();
        let state = self.state_at(synapse, row, target, delay, at, pending, &mut visit);
        match &self.setup.memristor {
            Some(memristor) => memristor.weight(state.value, &state.device, at, &mut visit),
            None => state.value,
        }
    }

    /// The conductance \[S\] at `at`, as [`Plastic::weight_at`], of its device and the reference of that together; none where there is no
    /// reference.
    pub fn taken_at(
        &self,
        synapse: usize,
        row: usize,
        target: u32,
        delay: Time,
        at: Time,
        pending: &[Vec<PreSpike>],
    ) -> Option<f64> {
        let memristor = self.setup.memristor.as_ref().filter(|m| m.device.reference.is_some())?;
        let mut visit = Visit::default();
        let state = self.state_at(synapse, row, target, delay, at, pending, &mut visit);
        memristor.taken(state.value, &state.device, at, &mut visit)
    }

    /// Energy spent up to and including `at`, with the pulses that are due but have not been applied, being lazy;
    /// without them it would depend on how often synapses were settled. Changes nothing.
    pub fn price_at(
        &self,
        at: Time,
        row_start: &[u64],
        targets: &[u16],
        delay_of: &dyn Fn(usize, usize) -> Time,
    ) -> Price {
        let mut visit = Visit { price: self.price, ..Visit::default() };
        if self.setup.memristor.is_some() && self.setup.rule.is_some() {
            let pending = self.pending_by_row();
            for row in 0..self.pre.len() {
                let (first, end) = (row_start[row] as usize, row_start[row + 1] as usize);
                for (synapse, &target) in targets.iter().enumerate().take(end).skip(first) {
                    self.state_at(synapse, row, u32::from(target), delay_of(row, synapse), at, &pending, &mut visit);
                }
            }
        }
        visit.price
    }

    /// A synapse as it is at `at`.
    #[allow(clippy::too_many_arguments)]
    fn state_at(
        &self,
        synapse: usize,
        row: usize,
        target: u32,
        delay: Time,
        at: Time,
        pending: &[Vec<PreSpike>],
        visit: &mut Visit,
    ) -> Synapse {
        let mut state = self.get(synapse);
        let mut past = self.delivered(row, pending, |p| p.time + delay <= at);
        for pre in pending[row].iter().filter(|p| p.time + delay > at && self.at(p.time, delay) <= at) {
            self.learn_before(&mut state, target, delay, pre, visit);
            past = pre.past.then(pre.time, self.setup.rule.as_ref());
        }
        self.learn_post(&mut state, target, delay, &past, (at, at), visit);
        if let (Some(Rule::Dopamine(rule)), None) = (&self.setup.rule, &self.setup.memristor) {
            self.drift_to(&mut state, rule, at, visit);
        }
        state
    }

    /// The weights that spikes still on their way after `end` will transmit, in order of emission; changes nothing.
    #[allow(clippy::too_many_arguments)]
    pub fn in_flight(
        &self,
        synapse: usize,
        row: usize,
        target: u32,
        delay: Time,
        end: Time,
        pending: &[Vec<PreSpike>],
        out: &mut Vec<Transmitted>,
    ) {
        let mut visit = Visit::default();
        let mut state = self.get(synapse);
        for pre in pending[row].iter().filter(|p| p.time + delay > end) {
            let weight = self.take_in(&mut state, target, delay, pre, &mut visit);
            out.push(Transmitted { time: pre.time, row: row as u32, synapse: synapse as u64, weight });
        }
    }

    /// The spikes in `pending`, per row.
    pub fn pending_by_row(&self) -> Vec<Vec<PreSpike>> {
        let mut rows = vec![Vec::new(); self.pre.len()];
        self.pending.iter().for_each(|p| rows[p.row as usize].push(*p));
        rows
    }

    /// The spikes of `row` that satisfy `is_delivered`.
    pub(super) fn delivered(
        &self,
        row: usize,
        pending: &[Vec<PreSpike>],
        is_delivered: impl Fn(&PreSpike) -> bool,
    ) -> Past {
        pending[row].iter().find(|p| !is_delivered(p)).map_or(self.pre[row].past, |next| next.past)
    }
}
