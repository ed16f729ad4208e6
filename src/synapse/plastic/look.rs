//! What a synapse has come to at any time. Nothing here writes.

use crate::math::real::Real;
use crate::plasticity::Rule;
use crate::synapse::{Price, Visit};
use crate::time::Time;

use super::state::Synapse;
use super::{Past, Plastic, PreSpike, Transmitted};

/// With what a synapse loads the wires that lead to it.
pub enum Load {
    /// The conductance \[S\] of its device and the reference of that together.
    Conductance(f64),
    /// The conductance that stands for this: its weight, or beyond 0 where its device conducts less than any weight stands for.
    Weight(f64),
}

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
        self.weight_of(&state, at, &mut visit)
    }

    /// The weight of a synapse that has been brought to `at`.
    #[inline]
    pub(super) fn weight_of(&self, state: &Synapse, at: Time, visit: &mut Visit) -> f64 {
        match &self.setup.memristor {
            Some(memristor) => memristor.weight(state.value, &state.device, at, visit),
            None => state.value,
        }
    }

    /// With what a synapse loads the wires at `at`, as [`Plastic::weight_at`].
    pub fn load_at(
        &self,
        synapse: usize,
        row: usize,
        target: u32,
        delay: Time,
        at: Time,
        pending: &[Vec<PreSpike>],
    ) -> Load {
        let mut visit = Visit::default();
        let state = self.state_at(synapse, row, target, delay, at, pending, &mut visit);
        let Some(memristor) = &self.setup.memristor else { return Load::Weight(state.value) };
        match memristor.taken(state.value, &state.device, at, &mut visit) {
            Some(conductance) => Load::Conductance(conductance),
            None => Load::Weight(memristor.straight(state.value, &state.device, at, &mut visit)),
        }
    }

    /// Energy spent up to and including `at`, with the pulses and reads that are due but have not been applied, being lazy;
    /// without them it would depend on how often synapses were settled. A read is due when its spike is at the synapse, which a dendritic
    /// delay still follows. What the reads of a synapse that are due take \[J\] is told to `read(synapse, row, joules)`. Changes nothing.
    pub fn price_at(
        &self,
        at: Time,
        row_start: &[u64],
        targets: &[u16],
        delay_of: &dyn Fn(usize, usize) -> Time,
        mut read: impl FnMut(usize, usize, f64),
    ) -> Price {
        let mut visit = Visit { price: self.price, ..Visit::default() };
        if self.setup.memristor.is_some() {
            let pending = self.pending_by_row();
            // Without a rule nothing is due but reads.
            let has_due = |row: &usize| self.setup.rule.is_some() || !pending[*row].is_empty();
            for row in (0..self.pre.len()).filter(has_due) {
                let (first, end) = (row_start[row] as usize, row_start[row + 1] as usize);
                for (synapse, &target) in targets.iter().enumerate().take(end).skip(first) {
                    let (delay, before) = (delay_of(row, synapse), visit.price);
                    self.state_at(synapse, row, u32::from(target), delay, at, &pending, &mut visit);
                    if visit.price.reads > before.reads {
                        read(synapse, row, visit.price.read.since(before.read).joules());
                    }
                }
            }
        }
        visit.price
    }

    /// A synapse as it is at `at`.
    #[allow(clippy::too_many_arguments)]
    pub(super) fn state_at(
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
            self.take_in(&mut state, target, delay, pre, visit);
            past = pre.past.then(pre.time, self.setup.rule.as_ref());
        }
        self.learn_post(&mut state, target, delay, &past, (at, at), visit);
        if let (Some(Rule::Dopamine(rule)), None) = (&self.setup.rule, &self.setup.memristor) {
            self.drift_to(&mut state, rule, at, visit);
        }
        state
    }

    /// The weights that spikes still on their way after `end` will transmit, in order of emission, `arrives` being what wires leave of one;
    /// changes nothing.
    #[allow(clippy::too_many_arguments)]
    pub fn in_flight(
        &self,
        synapse: usize,
        row: usize,
        target: u32,
        delay: Time,
        end: Time,
        pending: &[Vec<PreSpike>],
        arrives: impl Fn(f64) -> f64,
        out: &mut Vec<Transmitted>,
    ) {
        let mut visit = Visit::default();
        let mut state = self.get(synapse);
        for pre in pending[row].iter().filter(|p| p.time + delay > end) {
            let weight = self.take_in(&mut state, target, delay, pre, &mut visit);
            let weight = if self.setup.wired { arrives(weight) * pre.gain } else { weight };
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
