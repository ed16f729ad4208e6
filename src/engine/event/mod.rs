//! The event kernel: exact spike times, no time step; what is silent costs nothing.

mod arrivals;
mod block;
mod held;
mod order;

use crate::math::real::Real;
use crate::network::{Group, Shard, Share};
use crate::spec::PopulationKind;
use crate::time::Time;

use super::RunError;
use super::flight::Flight;
use super::inputs::{Background, Current};
use super::phases::Phase;
use super::plastic::{Ahead, tell_plastic, transmit};
use super::shard::{Model, Outbox, Window, scale, take_note};
use super::sources::Sources;

use arrivals::{Arrival, Arrivals};
use block::neuron_block;
use held::Held;

pub use arrivals::ARRIVAL_BYTES;
pub use block::{Block, WITHIN, cell_bytes};
pub use held::EVENT_BYTES;

/// One thread's part of the network in the event engine.
pub struct EventShard<W: Real> {
    /// Its neurons.
    pub share: Share,
    /// Its synapses.
    pub groups: Vec<Group<W>>,
    /// One per population: what its members are.
    pub parts: Vec<Part<W>>,
    /// Poisson inputs.
    pub backgrounds: Vec<Background>,
    /// Injected currents.
    pub currents: Vec<Current>,
    /// Plastic synapses know of all spikes before this.
    pub noted: Time,
    arrivals: Arrivals,
    /// What plastic synapses transmit in this window, group by group.
    ahead: Vec<Ahead>,
    /// What is on its way through each group over synapses that were drawn ahead.
    held: Vec<Held>,
}

/// A thread's members of one population.
pub enum Part<W: Real> {
    /// None of them.
    Empty,
    /// Model neurons.
    Neurons(Box<dyn Block<W>>),
    /// Sources.
    Sources(Sources),
}

impl<W: Real> EventShard<W> {
    /// At time 0.
    pub fn new(
        model: &Model<'_>,
        network: &crate::network::Network,
        shard: Shard<W>,
        quantum: Time,
    ) -> Result<Self, RunError> {
        let Shard { share, stores } = shard;
        let currents = Current::all(model.spec, &share.members);
        let mut parts = Vec::new();
        for (index, population) in model.spec.populations.iter().enumerate() {
            let members = share.members[index].clone();
            let first_gid = model.first_gid[index] + members.start;
            parts.push(match &population.kind {
                _ if members.is_empty() => Part::Empty,
                PopulationKind::Neuron { neuron, .. } => Part::Neurons(neuron_block(
                    neuron.model,
                    &network.populations[index],
                    &members,
                    first_gid,
                    quantum,
                    currents.iter().enumerate().filter(|(_, c)| c.population == index).collect(),
                )?),
                PopulationKind::Source(_) => {
                    Part::Sources(Sources::new(model.spec, index, members, first_gid, quantum)?)
                }
            });
        }
        let mut backgrounds = Background::all(model.spec, &share.members, quantum)?;
        backgrounds.iter_mut().for_each(|b| b.begin_trains(quantum));
        Ok(EventShard {
            held: stores.iter().map(|_| Held::new(quantum)).collect(),
            ahead: stores.iter().map(|_| Ahead::default()).collect(),
            share,
            groups: stores,
            parts,
            backgrounds,
            currents,
            noted: Time::ZERO,
            arrivals: Arrivals::default(),
        })
    }

    /// Advances all members through a window.
    ///
    /// Ordering laws: neurons of a window are independent, so populations may go one after the other. Within a
    /// neuron, events go by time, at one tick by source, then synapse, then input; the threshold is
    /// tested once per tick, after all of them.
    pub fn advance(&mut self, model: &Model<'_>, window: &Window, flight: &Flight, out: &mut Outbox) {
        self.take_note(flight, window.from);
        scale(&mut self.groups, window.from);
        for (group, ahead) in self.groups.iter_mut().zip(&mut self.ahead) {
            ahead.prepare(model, group, window, true);
        }
        for population in 0..self.parts.len() {
            if matches!(self.parts[population], Part::Empty) {
                continue;
            }
            self.arrivals.collect_synaptic(&self.groups, population, window, flight, &mut self.held);
            out.phases.lap(Phase::Delivery);
            let mut part = std::mem::replace(&mut self.parts[population], Part::Empty);
            match &mut part {
                Part::Empty => {}
                Part::Sources(sources) => self.advance_sources(model, population, sources, window, out),
                Part::Neurons(block) => {
                    let backgrounds = self.backgrounds.iter_mut().filter(|b| b.population == population);
                    out.background += self.arrivals.collect_background(backgrounds, window);
                    self.arrivals.collect_currents(&self.currents, population, window);
                    out.phases.lap(Phase::Background);
                    self.arrivals.collect_samples(&self.groups, population, window);
                    self.arrivals.sort(window.to - window.from);
                    block.advance(&mut block::Work {
                        model,
                        share: &self.share,
                        population,
                        arrivals: &self.arrivals,
                        groups: &mut self.groups,
                        ahead: &self.ahead,
                        currents: &self.currents,
                        window,
                        out,
                    });
                }
            }
            self.parts[population] = part;
            out.phases.lap(Phase::Update);
        }
    }

    /// Sources only emit; what arrives at them serves plasticity.
    fn advance_sources(
        &mut self,
        model: &Model<'_>,
        population: usize,
        sources: &mut Sources,
        window: &Window,
        out: &mut Outbox,
    ) {
        let groups = &mut self.groups;
        sources.advance(window.to, |place, gid, time| {
            out.spikes.push(super::flight::Spike { time, gid });
            tell_plastic(groups, population, place, time);
        });
        self.arrivals.sort(window.to - window.from);
        for tick in self.arrivals.ticks() {
            for arrival in tick.arrivals() {
                let Arrival::Run { group: index, start, count, pre, .. } = arrival else { continue };
                let (group, pre) = (&mut groups[index as usize], pre as usize);
                let synapses = start as usize..start as usize + count as usize;
                let Some(&spike) = group.plastic.as_ref().and_then(|plastic| plastic.pending.get(pre)) else {
                    continue;
                };
                if self.ahead[index as usize].weights(pre, &synapses).is_none() {
                    transmit(model, &self.share, group, synapses, tick.time - spike.time, &spike, out, |_, _| {});
                }
            }
        }
    }

    /// Tells plastic synapses of all spikes before `until`.
    pub fn take_note(&mut self, flight: &Flight, until: Time) {
        take_note(&mut self.groups, flight, &mut self.noted, until);
    }

    /// State variable `variable` of a member at `at`, when everything up to and including `at` has happened.
    pub fn read(&self, population: usize, place: u32, variable: usize, at: Time) -> f64 {
        match &self.parts[population] {
            Part::Neurons(block) => block.read(place, variable, at),
            Part::Empty | Part::Sources(_) => f64::NAN,
        }
    }
}
