//! The second half of a step: background, neurons, spikes.
//!
//! A stretch of neurons at a time: its background is drawn and added, and it is updated, while its input and counts are in
//! the nearest cache. Inputs are taken as they are read, so nothing clears the buffer.

use super::{GridShard, Part};
use crate::engine::flight::Spike;
use crate::engine::phases::Phase;
use crate::engine::plastic::{show_plastic, tell_plastic};
use crate::engine::shard::{Model, Outbox};
use crate::math::real::Real;
use crate::neuron::{MANY, StepInput};
use crate::time::Time;

/// Neurons per stretch; a multiple of the groups that share random words, counted from member 0 of the population.
const STRETCH: usize = 1024;

impl<W: Real> GridShard<W> {
    /// Adds the events of Poisson inputs and advances every neuron by the step that ends `now`.
    pub(super) fn update_neurons(&mut self, model: &Model<'_>, now: Time, out: &mut Outbox) {
        let step = ((now.0 / self.step.0) as u64, Time(now.0 - self.step.0), self.step.ms());
        let (all_ex, all_in) = (&mut self.excitatory, &mut self.inhibitory);
        for (population, part) in self.parts.iter_mut().enumerate() {
            let begin = self.share.first_slot[population] as usize;
            let members = &self.share.members[population];
            let size = members.len();
            let Part::Neurons { block, two_sided } = part else {
                // Weights into sources serve plasticity alone: nobody reads what arrives.
                all_ex[begin..begin + size].fill(W::default());
                all_in[begin..begin + size].fill(W::default());
                continue;
            };
            self.spiking.clear();
            block.begin();
            let mut first = 0;
            while first < size {
                // Up to a multiple of the stretch in members, so that no group is drawn twice.
                let to = size.min(first + STRETCH - (members.start as usize + first) % STRETCH);
                let own = begin + first..begin + to;
                let excitatory = &mut all_ex[own.clone()];
                let inhibitory = if *two_sided { &mut all_in[own.clone()] } else { &mut [] };
                for background in self.backgrounds.iter_mut().filter(|b| b.population == population) {
                    out.background +=
                        background.add(self.target, step, first, excitatory, inhibitory, &mut self.scratch);
                    out.phases.lap(Phase::Background);
                }
                let current = if self.current.is_empty() { &[] } else { &self.current[own] };
                block.advance(first, StepInput { excitatory, inhibitory, current }, &mut self.spiking);
                out.phases.lap(Phase::Update);
                first = to;
            }
            let first_gid = model.first_gid[population] + members.start;
            if let Some(many) = self.spiking.windows(MANY as usize).find(|many| many.first() == many.last()) {
                out.lose(now, first_gid + many[0]);
            }
            for &place in &self.spiking {
                out.spikes.push(Spike { time: now, gid: first_gid + place });
                tell_plastic(&mut self.groups, population, place, now);
            }
        }
        self.show_potentials(now);
    }

    /// Shows the rules that learn from them the potentials at the end of a step.
    pub(super) fn show_potentials(&mut self, now: Time) {
        let targets = self.groups.iter().filter(|g| g.plastic.as_ref().is_some_and(|p| p.samples_every().is_some()));
        let mut targets: Vec<usize> = targets.filter_map(|g| g.target).collect();
        targets.sort_unstable();
        targets.dedup();
        for population in targets {
            let Part::Neurons { block, .. } = &self.parts[population] else { continue };
            for place in 0..self.share.members[population].len() as u32 {
                show_plastic(&mut self.groups, population, place, now, block.read(place as usize, 0));
            }
        }
    }
}
