//! The grid kernel: spikes on multiples of the resolution, for networks in which nearly every neuron
//! gets input in nearly every step.
//!
//! Delivery is at the time of arrival, not of emission: see [`delivery`].

mod delivery;
mod update;

use crate::engine::RunError;
use crate::engine::flight::{Flight, Spike};
use crate::engine::inputs::{Background, Current};
use crate::engine::phases::Phase;
use crate::engine::plastic::{Ahead, is_whole, tell_plastic, transmit};
use crate::engine::shard::{Model, Outbox, Window, scale, take_note};
use crate::engine::sources::Sources;
use crate::math::real::Real;
use crate::math::vector::Target;
use crate::memory::Aligned;
use crate::network::{Group, Network, Shard, Share};
use crate::neuron::{BlockSpec, Column, GridNeurons};
use crate::spec::PopulationKind;
use crate::synapse::BLOCK;
use crate::time::Time;

use delivery::Delivery;

pub use delivery::{RUN_BYTES, STEP_BYTES};

/// One thread's part of the network in the grid engine.
pub struct GridShard<W: Real> {
    /// Its neurons.
    pub share: Share,
    /// Its synapses.
    pub groups: Vec<Group<W>>,
    /// One per population: what its members are.
    pub parts: Vec<Part<W>>,
    /// Poisson inputs.
    pub backgrounds: Vec<Background>,
    currents: Vec<Current>,
    /// Plastic synapses know of all spikes before this.
    pub noted: Time,
    /// What is on its way through each static group; none for plastic ones.
    deliveries: Vec<Option<Delivery<W>>>,
    /// Static synapses know of all spikes before this.
    scheduled: Time,
    /// Does every target get what arrives on one side through one static group? Then what is known of a step can be added up
    /// before the rest of it, with the same sums.
    apart: bool,
    /// All delays that occur in plastic groups, and which groups have each.
    delays: Vec<(Time, Vec<usize>)>,
    /// What plastic groups of several delays transmit in this window.
    ahead: Vec<Ahead>,
    /// Sum of the weights that arrive in this step on the excitatory (or only) side of every slot, in whole blocks.
    excitatory: Aligned<W>,
    /// Likewise on the inhibitory side.
    inhibitory: Aligned<W>,
    /// Injected current of every slot; empty without current inputs.
    current: Aligned<W>,
    step: Time,
    spiking: Vec<u32>,
    /// Counts of a stretch of neurons.
    scratch: Vec<u16>,
    target: Target,
}

/// A thread's members of one population.
pub enum Part<W: Real> {
    /// None of them.
    Empty,
    /// Model neurons.
    Neurons {
        /// The block.
        block: Box<dyn GridNeurons<W>>,
        /// Has the model an inhibitory side?
        two_sided: bool,
    },
    /// Sources.
    Sources(Sources),
}

impl<W: Real> GridShard<W> {
    /// At time 0.
    pub fn new(model: &Model<'_>, network: &Network, shard: Shard<W>, quantum: Time) -> Result<Self, RunError> {
        let Shard { share, stores } = shard;
        let step = model.spec.simulation.resolution;
        let currents = Current::all(model.spec, &share.members);
        let mut parts = Vec::new();
        for (index, population) in model.spec.populations.iter().enumerate() {
            let members = share.members[index].clone();
            let first_gid = model.first_gid[index] + members.start;
            parts.push(match &population.kind {
                _ if members.is_empty() => Part::Empty,
                PopulationKind::Neuron { neuron, .. } => {
                    let own = |columns: &[Column]| columns.iter().map(|c| cut(c, &members)).collect::<Vec<_>>();
                    let drawn = &network.populations[index];
                    let (params, initial) = (own(&drawn.params), own(&drawn.initial));
                    let spec = BlockSpec { size: members.len(), params: &params, initial: &initial };
                    let block = neuron.model.grid::<W>(step.ms(), &spec);
                    let block = block.map_err(|e| RunError::Model(format!("population {}: {e}", population.name)))?;
                    Part::Neurons { block, two_sided: neuron.model.two_sided() }
                }
                PopulationKind::Source(_) => {
                    Part::Sources(Sources::new(model.spec, index, members, first_gid, quantum)?)
                }
            });
        }
        let mut delays = std::collections::BTreeMap::<Time, Vec<usize>>::new();
        for (index, group) in stores.iter().enumerate().filter(|(_, g)| g.plastic.is_some() && !g.store.is_empty()) {
            group.store.distinct_delays().into_iter().for_each(|d| delays.entry(d).or_default().push(index));
        }
        let slots = share.size as usize;
        let mut places: Vec<_> =
            stores.iter().filter(|g| g.plastic.is_none()).map(|g| (g.first as usize / BLOCK, g.inhibitory)).collect();
        places.sort_unstable();
        let end = model.spec.simulation.duration.unwrap_or(Time::NEVER);
        let delivery =
            |group: &Group<W>| group.plastic.is_none().then(|| Delivery::new(group, &network.projections, step, end));
        Ok(GridShard {
            deliveries: stores.iter().map(delivery).collect(),
            scheduled: Time(i64::MIN / 4),
            apart: places.windows(2).all(|two| two[0] != two[1]),
            backgrounds: Background::all(model.spec, &share.members, quantum)?,
            excitatory: Aligned::filled(W::default(), slots.next_multiple_of(BLOCK)),
            inhibitory: Aligned::filled(W::default(), slots.next_multiple_of(BLOCK)),
            current: Aligned::filled(W::default(), if currents.is_empty() { 0 } else { slots }),
            delays: delays.into_iter().collect(),
            ahead: stores.iter().map(|_| Ahead::default()).collect(),
            noted: Time::ZERO,
            share,
            groups: stores,
            parts,
            currents,
            step,
            spiking: Vec::new(),
            scratch: Vec::new(),
            target: Target::best(),
        })
    }

    /// Advances all members through the steps of a window.
    ///
    /// Ordering laws: within a step, sums run over static synapses by time of emission, source, synapse; then over plastic
    /// ones by delay, projection, source, synapse; then over inputs. Neurons are updated after all of them, as in NEST.
    pub fn advance(&mut self, model: &Model<'_>, window: &Window, flight: &Flight, out: &mut Outbox) {
        self.take_note(flight, window.from);
        scale(&mut self.groups, window.from);
        let h = self.step.0;
        let first = self.first_step(window);
        // In a window of one step each row is one run anyway.
        if window.to - window.from > self.step {
            for (group, ahead) in self.groups.iter_mut().zip(&mut self.ahead) {
                ahead.prepare(model, group, window, false);
            }
        } else {
            self.ahead.iter_mut().for_each(Ahead::clear);
        }
        self.schedule(flight, window.from, first as u64);
        for number in first..=(window.to.0 - 1).div_euclid(h) {
            let now = Time(number * h);
            self.deliver_static(number as u64);
            self.deliver_plastic(model, now, flight, out);
            out.phases.lap(Phase::Delivery);
            self.emit_sources(now, out);
            if number > 0 {
                self.set_currents(Time(now.0 - h));
                self.update_neurons(model, now, out);
                out.phases.lap(Phase::Update);
            } else {
                self.excitatory.fill(W::default());
                self.inhibitory.fill(W::default());
                self.show_potentials(now);
            }
        }
    }

    /// Adds up what the spikes before the last window bring in the window's first step: they come before those of the last
    /// window in every sum.
    pub fn begin(&mut self, window: &Window, out: &mut Outbox) {
        if self.apart {
            self.deliver_static(self.first_step(window) as u64);
            out.phases.lap(Phase::Delivery);
        }
    }

    /// The number of the first step that ends within or after a window.
    fn first_step(&self, window: &Window) -> i64 {
        (window.from.0 + self.step.0 - 1).div_euclid(self.step.0)
    }

    /// Puts down what the spikes of the last window will bring.
    fn schedule(&mut self, flight: &Flight, until: Time, first_step: u64) {
        let spikes = flight.between(std::mem::replace(&mut self.scheduled, until), until);
        for (group, delivery) in self.groups.iter().zip(&mut self.deliveries) {
            if let Some(delivery) = delivery {
                delivery.schedule(group, spikes, self.step, first_step);
            }
        }
    }

    /// Adds up what static synapses are known to bring in a step, and have not brought yet.
    fn deliver_static(&mut self, number: u64) {
        for (group, delivery) in self.groups.iter().zip(&mut self.deliveries) {
            let Some(delivery) = delivery else { continue };
            let side = if group.inhibitory { &mut self.inhibitory } else { &mut self.excitatory };
            if let Some(input) = side.as_chunks_mut::<BLOCK>().0.get_mut(group.first as usize / BLOCK) {
                delivery.deliver(group, number, input);
            }
        }
    }

    /// Adds up what plastic synapses bring in a step.
    fn deliver_plastic(&mut self, model: &Model<'_>, now: Time, flight: &Flight, out: &mut Outbox) {
        for (delay, groups) in &self.delays {
            let emitted = now - *delay;
            let spikes = flight.between(emitted, Time(emitted.0 + 1));
            if spikes.is_empty() {
                continue;
            }
            for &index in groups {
                let group = &mut self.groups[index];
                let side = if group.inhibitory { &mut self.inhibitory } else { &mut self.excitatory };
                deliver_group(model, &self.share, group, &self.ahead[index], *delay, emitted, side, out);
            }
        }
    }

    /// Sources whose spikes lie in the step that ends now.
    fn emit_sources(&mut self, now: Time, out: &mut Outbox) {
        let end = self.end_of_step(now);
        for (population, part) in self.parts.iter_mut().enumerate() {
            let Part::Sources(sources) = part else { continue };
            let groups = &mut self.groups;
            sources.advance(end, |place, gid, _| {
                out.spikes.push(Spike { time: now, gid });
                tell_plastic(groups, population, place, now);
            });
        }
    }

    /// Spikes of sources before this are in the step that ends at `now`, or in an earlier one (see [`on_grid`](super::sources::on_grid)).
    fn end_of_step(&self, now: Time) -> Time {
        Time(now.0 + 1 + (self.step.0 / 1_000_000).max(1))
    }

    /// What sources had emitted when a window ended at `now`: all before this.
    pub fn emitted_before(&self, now: Time) -> Time {
        self.end_of_step(Time((now.0 - 1).div_euclid(self.step.0) * self.step.0))
    }

    /// Sets the injected currents of the step that begins at `begin`.
    fn set_currents(&mut self, begin: Time) {
        if self.currents.is_empty()
            || !(begin == Time::ZERO || self.currents.iter().any(|c| c.next_change(begin) == begin))
        {
            return;
        }
        self.read_currents(begin);
    }

    /// Tells plastic synapses of all spikes before `until`.
    pub fn take_note(&mut self, flight: &Flight, until: Time) {
        take_note(&mut self.groups, flight, &mut self.noted, until);
    }

    /// State variable `variable` of a member now.
    pub fn read(&self, population: usize, place: u32, variable: usize) -> f64 {
        match &self.parts[population] {
            Part::Neurons { block, .. } => block.read(place as usize, variable),
            Part::Empty | Part::Sources(_) => f64::NAN,
        }
    }

    /// Reads the currents of the step that begins at or lies around `now`.
    pub fn read_currents(&mut self, now: Time) {
        self.current.fill(W::default());
        for current in &self.currents {
            let first = self.share.first_slot[current.population];
            for place in current.places.clone() {
                self.current[(first + place) as usize] += W::of(current.at(place, now));
            }
        }
    }
}

/// The part of a column that belongs to `members`.
fn cut(column: &Column, members: &std::ops::Range<u32>) -> Column {
    match column {
        Column::Shared(value) => Column::Shared(*value),
        Column::Each(values) => Column::Each(values[members.start as usize..members.end as usize].to_vec()),
    }
}

/// Plastic synapses: brought up to date as their spikes arrive, if they have not been before.
#[allow(clippy::too_many_arguments)]
fn deliver_group<W: Real>(
    model: &Model<'_>,
    share: &Share,
    group: &mut Group<W>,
    ahead: &Ahead,
    delay: Time,
    emitted: Time,
    input: &mut [W],
    out: &mut Outbox,
) {
    let Some(plastic) = &group.plastic else { return };
    let from = plastic.pending.partition_point(|p| p.time < emitted);
    let to = plastic.pending.partition_point(|p| p.time <= emitted);
    let next = Time(delay.0 + 1);
    let slot = group.target.map_or(0, |population| share.first_slot[population] as usize);
    let whole = is_whole(model, group);
    // Weights into a source population serve plasticity alone: they have a slot, which nobody reads.
    for index in from..to {
        let mut run = None;
        let Group { store, plastic: Some(plastic), first, .. } = &mut *group else { return };
        let pre = plastic.pending[index];
        store.runs_between(pre.row as usize, delay, next, |_, synapses| run = Some(synapses));
        let Some(synapses) = run else { continue };
        let (targets, slot_of) = (store.plastic_targets(), slot + *first as usize);
        if let Some(weights) = ahead.weights(index, &synapses) {
            for (&target, &weight) in targets[synapses].iter().zip(weights) {
                input[slot_of + usize::from(target)] += W::of(weight);
            }
        } else if whole && plastic.has_rows(&pre, synapses.len()) {
            plastic.transmit_row(synapses, targets, delay, &pre, |_, target, weight| {
                input[slot_of + usize::from(target)] += W::of(weight);
            });
        } else {
            transmit(model, share, group, synapses, delay, &pre, out, |place, weight| {
                input[slot + place as usize] += W::of(weight);
            });
        }
    }
}
