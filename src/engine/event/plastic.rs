//! What arrives and happens at plastic synapses, in either engine.

use std::ops::Range;

use crate::engine::shard::{Model, Outbox};
use crate::network::{Group, Share};
use crate::neuron::Real;
use crate::synapse::{PreSpike, Transmitted};
use crate::time::Time;

/// Brings plastic synapses of equal delay up to date with a spike and hands their weights to `receive(place, weight)`.
#[allow(clippy::too_many_arguments)]
pub fn transmit<W: Real>(
    model: &Model<'_>,
    share: &Share,
    group: &mut Group<W>,
    synapses: Range<usize>,
    delay: Time,
    pre: &PreSpike,
    out: &mut Outbox,
    mut receive: impl FnMut(u32, f64),
) {
    let projection = group.projections[0];
    let first = group.first;
    let whole = group.array.is_none() && !model.recorded[projection];
    if let Some(plastic) = group.plastic.as_mut().filter(|p| whole && p.has_rows(pre, synapses.len())) {
        let receive = |target: u16, weight: f64| receive(first + u32::from(target), weight);
        plastic.transmit_run(synapses, group.store.plastic_targets(), delay, pre, receive);
        return;
    }
    let price = group.plastic.as_ref().and_then(|p| p.setup.read_price());
    for synapse in synapses {
        let place = u32::from(group.store.target(synapse));
        let Some(plastic) = &mut group.plastic else { return };
        let weight = plastic.transmit(synapse, place, delay, pre);
        let weight = group.array.as_mut().map_or(weight, |a| a.read(synapse, pre.row as usize, weight, price));
        receive(group.first + place, weight);
        if model.recorded[projection] {
            let sent = Transmitted { time: pre.time, row: pre.row, synapse: synapse as u64, weight };
            out.transmitted.push((projection as u32, model.sent(share, group, delay, &sent)));
        }
    }
}

/// Shows the plastic groups onto a population that learn from it the potential of one of its members.
#[inline]
pub fn show_plastic<W: Real>(groups: &mut [Group<W>], population: usize, place: u32, time: Time, v: f64) {
    for group in groups.iter_mut().filter(|g| g.target == Some(population)) {
        let Some(plastic) = group.plastic.as_mut().filter(|p| p.samples_every().is_some()) else { continue };
        if let Some(place) = place.checked_sub(group.first).filter(|&p| (p as usize) < plastic.post.len()) {
            plastic.sampled(place, time, v);
        }
    }
}

/// Tells the plastic groups onto a population of a spike of one of its members.
#[inline]
pub fn tell_plastic<W: Real>(groups: &mut [Group<W>], population: usize, place: u32, time: Time) {
    for group in groups.iter_mut().filter(|g| g.target == Some(population)) {
        let Some(plastic) = &mut group.plastic else { continue };
        if let Some(place) = place.checked_sub(group.first).filter(|&p| (p as usize) < plastic.post.len()) {
            plastic.post_spike(place, time);
        }
    }
}
