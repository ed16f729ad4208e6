//! What the two kernels have in common: one thread's part of the network, advanced window by window.

use crate::math::real::Real;
use crate::network::Group;
use crate::network::{Drawn, Network, Projection, Share};
use crate::spec::NetworkSpec;
use crate::synapse::{BLOCK, Transmitted};
use crate::time::Time;

use super::flight::{Flight, Spike};
use super::phases::Phases;

/// A span of model time, `from` <= t < `to`, in which nothing that is emitted arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// First tick.
    pub from: Time,
    /// One past the last tick.
    pub to: Time,
}

/// What a thread hands over after a window.
#[derive(Debug, Default)]
pub struct Outbox {
    /// Its neurons' and sources' spikes, in no particular order.
    pub spikes: Vec<Spike>,
    /// Weights transmitted through projections that record them: (projection, weight).
    pub transmitted: Vec<(u32, Sent)>,
    /// Events from inputs.
    pub background: u64,
    /// The first of its neurons whose spikes would not end: when, and which.
    pub lost: Option<(Time, u32)>,
    /// Where the thread's time goes: kernels take laps.
    pub phases: Phases,
}

impl Outbox {
    /// A neuron can't be followed beyond this time: after this window the run ends.
    #[cold]
    pub fn lose(&mut self, time: Time, gid: u32) {
        self.lost = Some(self.lost.map_or((time, gid), |first| first.min((time, gid))));
    }
}

/// A transmitted weight with everything that orders and names it.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Sent {
    /// When the spike was emitted.
    pub time: Time,
    /// Member of the source population.
    pub source: u32,
    /// Delay of the synapse.
    pub delay: Time,
    /// Member of the target population.
    pub target: u32,
    /// The weight.
    pub weight: f64,
}

impl Sent {
    /// The order in which transmitted weights are written; synapses that agree in all of it keep their own order.
    pub fn key(&self) -> (Time, u32, Time, u32) {
        (self.time, self.source, self.delay, self.target)
    }
}

/// What every thread needs to know of the model, besides its own part.
pub struct Model<'a> {
    /// The model.
    pub spec: &'a NetworkSpec,
    /// Global id of the first member of each population.
    pub first_gid: Vec<u32>,
    /// Largest delay of the network.
    pub max_delay: Time,
    /// Projections whose weights are recorded at presynaptic spikes.
    pub recorded: Vec<bool>,
}

impl<'a> Model<'a> {
    /// Of a compiled network.
    pub fn new(network: &'a Network) -> Model<'a> {
        let spec = &network.spec;
        let mut recorded = vec![false; spec.projections.len()];
        for record in &spec.record.weights {
            recorded[record.projection] |= record.on == crate::spec::WeightSample::PreSpike;
        }
        Model {
            spec,
            first_gid: network.populations.iter().map(|p| p.first).collect(),
            max_delay: network.max_delay,
            recorded,
        }
    }

    /// A transmitted weight by the names that a result gives it.
    pub fn sent<W: Real>(&self, share: &Share, group: &Group<W>, delay: Time, sent: &Transmitted) -> Sent {
        let (store, projection) = (&group.store, &self.spec.projections[group.projections[0]]);
        let gid = store.sources.gid(sent.row as usize);
        Sent {
            time: sent.time,
            source: gid - self.first_gid[projection.source.population],
            delay,
            target: share.members[projection.target.population].start
                + group.first
                + u32::from(store.target(sent.synapse as usize)),
            weight: sent.weight,
        }
    }
}

/// Tells every plastic group of the spikes with `noted` <= t < `until`, and forgets what has arrived everywhere.
pub fn take_note<W: Real>(groups: &mut [Group<W>], flight: &Flight, noted: &mut Time, until: Time) {
    let from = std::mem::replace(noted, until);
    for group in groups {
        let Group { store, plastic: Some(plastic), .. } = group else { continue };
        plastic.forget_arrived(from);
        let modulator = plastic.setup.modulator.as_ref().map_or(0..0, |m| m.gids.clone());
        for spike in flight.between(from, until) {
            if let Some(row) = store.row_of_source(spike.gid) {
                plastic.emitted(row as u32, spike.time);
            }
            if modulator.contains(&spike.gid) {
                plastic.modulated(spike.time);
            }
        }
        // Bounds the memory that post spikes take while sources are silent.
        if plastic.unsettled >= most_unsettled(group.store.len()) || plastic.has_many_scalings() {
            settle(group, until);
        }
    }
}

/// How many post spikes a group of so many synapses keeps at most: bringing all of them up to date costs a look at each.
pub fn most_unsettled(synapses: usize) -> usize {
    (1 << 16) + synapses / 8
}

/// Puts down the scalings of weights that are due right before `from`, when everything before it has happened.
pub fn scale<W: Real>(groups: &mut [Group<W>], from: Time) {
    let at = Time(from.0 - 1);
    for group in groups {
        let store = &group.store;
        let Some(plastic) = group.plastic.as_mut().filter(|p| p.scales_at(at)) else { continue };
        plastic.put_down_scaling(at, &store.row, store.plastic_targets(), &|row, synapse| store.delay(row, synapse));
    }
}

/// Lets a group's synapses learn from all post spikes that everything before `now` has decided, and drops those.
pub fn settle<W: Real>(group: &mut Group<W>, now: Time) {
    let Some(plastic) = &mut group.plastic else { return };
    let store = &group.store;
    plastic.settle(now, &store.row, store.plastic_targets(), &|row, synapse| store.delay(row, synapse));
}

/// Arrivals of the given spikes through a group at or after `from`, per projection; used at the window's edges only.
pub fn count_arrivals<W: Real>(
    model: &Model<'_>,
    share: &Share,
    group: &Group<W>,
    spikes: &[Spike],
    from: Time,
    counts: &mut [u64],
) {
    let (store, only) = (&group.store, group.projections.len() == 1);
    let population_of = if only { Vec::new() } else { target_populations(share, group) };
    let mut arrived = vec![0; model.spec.populations.len()];
    for spike in spikes {
        let Some(row) = store.row_of_source(spike.gid) else { continue };
        let from = Time((from - spike.time).0.max(0));
        if only {
            store.runs_between(row, from, Time::NEVER, |_, synapses| {
                counts[group.projections[0]] += synapses.len() as u64
            });
            continue;
        }
        store.runs_between(row, from, Time::NEVER, |_, synapses| {
            synapses.for_each(|synapse| arrived[population_of[usize::from(store.target(synapse))] as usize] += 1);
        });
        let source = model.first_gid.partition_point(|first| *first <= spike.gid) - 1;
        for (target, arrived) in arrived.iter_mut().enumerate().filter(|(_, arrived)| **arrived > 0) {
            counts[projection_between(model, group, source, target)] += std::mem::take(arrived);
        }
    }
}

/// Arrivals of the given spikes at or after `from` through a projection, if it is procedural; else 0.
pub fn count_drawn(projection: &Projection, spikes: &[Spike], from: Time) -> u64 {
    let Some(rule) = &projection.procedural else { return 0 };
    let mut drawn = Drawn::default();
    let mut of = |spike: &Spike| {
        let Some(row) = rule.row_of_source(spike.gid) else { return 0 };
        if let Some(delay) = rule.delay {
            return if spike.time + delay >= from { u64::from(projection.outdegree[row]) } else { 0 };
        }
        rule.draw(row, &mut drawn);
        (0..drawn.targets().len()).filter(|&i| spike.time + rule.delay_of(&drawn, i) >= from).count() as u64
    };
    spikes.iter().map(&mut of).sum()
}

/// The populations of a group's targets.
fn target_populations<W: Real>(share: &Share, group: &Group<W>) -> Vec<u32> {
    let slots = group.first..share.size.min(group.first + BLOCK as u32);
    let of = |slot| group.target.unwrap_or_else(|| share.population_of(slot)) as u32;
    slots.map(of).collect()
}

/// The one of a group's projections that joins two populations.
fn projection_between<W: Real>(model: &Model<'_>, group: &Group<W>, source: usize, target: usize) -> usize {
    let joins = |p: &&usize| {
        let p = &model.spec.projections[**p];
        p.source.population == source && p.target.population == target
    };
    group.projections.iter().find(joins).copied().unwrap_or(group.projections[0])
}
