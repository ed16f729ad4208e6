//! Normalisation: from time to time the weights onto each target are scaled to a sum.
//!
//! A scaling is an event of the target, after everything else at its tick. It is put down with its factor when everything up to
//! then has happened; each synapse takes it in, as it does spikes, when it is next brought up to date.

use crate::math::real::Real;
use crate::plasticity::Rule;
use crate::synapse::Visit;
use crate::time::Time;

use super::state::Synapse;
use super::{Plastic, PreSpike};

/// Scalings that wait, at most, while their window passes.
const MANY: usize = 8;

/// A sum of devices' weights this close to its target, relative, is on it but for rounding in either precision: no pulse brings it closer.
const ON_TARGET: f64 = 1e-6;

impl<W: Real> Plastic<W> {
    /// Is a scaling due at `at`?
    pub fn scales_at(&self, at: Time) -> bool {
        self.setup.normalize.is_some_and(|n| at > Time::ZERO && at.0 % n.every.0 == 0)
    }

    /// Are so many put down that bringing everything up to date once is less than to pass them by again and again? A scaling itself
    /// asks for every weight, those of silent sources back to the first that is put down.
    pub fn has_many_scalings(&self) -> bool {
        self.setup.normalize.is_some() && self.post.iter().any(|history| history.scalings.len() >= MANY)
    }

    /// Puts down a scaling at `at`, everything up to which has happened.
    ///
    /// Ordering law: the sum of a target runs over its synapses by source, delay, ordinal.
    pub fn put_down_scaling(
        &mut self,
        at: Time,
        row_start: &[u64],
        targets: &[u16],
        delay_of: &dyn Fn(usize, usize) -> Time,
    ) {
        let Some(normalize) = self.setup.normalize else { return };
        let pending = self.pending_by_row();
        let mut sums = vec![0.0; self.post.len()];
        let devices = self.setup.memristor.is_some();
        let eligible = devices && matches!(self.setup.rule, Some(Rule::Dopamine(_)));
        for row in 0..self.pre.len() {
            let (first, end) = (row_start[row] as usize, row_start[row + 1] as usize);
            for (synapse, &target) in targets.iter().enumerate().take(end).skip(first) {
                let delay = delay_of(row, synapse);
                sums[usize::from(target)] += self.weight_to_scale(synapse, row, u32::from(target), delay, at, &pending);
            }
        }
        for (history, sum) in self.post.iter_mut().zip(sums) {
            // Nothing can be scaled to a sum from 0, and no weight changes its sign.
            let factor = normalize.sum / sum;
            let on_target = devices && (factor - 1.0).abs() <= ON_TARGET;
            if sum * normalize.sum > 0.0 && !on_target {
                history.scalings.push((at, factor));
            } else if eligible {
                // What is due came into the sum: it is given.
                history.scalings.push((at, 1.0));
            }
        }
    }

    /// The weight that a scaling at `at` finds: a device has got what its eligibility has asked for until then.
    fn weight_to_scale(
        &self,
        synapse: usize,
        row: usize,
        target: u32,
        delay: Time,
        at: Time,
        pending: &[Vec<PreSpike>],
    ) -> f64 {
        let mut visit = Visit::default();
        let mut state = self.state_at(synapse, row, target, delay, at, pending, &mut visit);
        if let Some(Rule::Dopamine(rule)) = &self.setup.rule {
            self.drift_to(&mut state, rule, at, &mut visit);
        }
        self.weight_of(&state, at, &mut visit)
    }

    /// Scales a weight.
    pub(super) fn scale(&self, state: &mut Synapse, (at, factor): (Time, f64), visit: &mut Visit) {
        if let Some(Rule::Dopamine(rule)) = &self.setup.rule {
            self.drift_to(state, rule, at, visit);
        }
        let value = match &self.setup.memristor {
            Some(memristor) => {
                let change = (factor - 1.0) * memristor.weight(state.value, &state.device, at, visit);
                memristor.change(state.value, change, &mut state.device, at, visit)
            }
            None => self.setup.bounded(state.value / self.setup.scale * factor),
        };
        state.value = W::of(value).wide();
    }
}
