//! What arrives and happens at plastic synapses, in either engine.

use std::ops::Range;

use crate::engine::shard::{Model, Outbox, Window};
use crate::math::real::Real;
use crate::network::{Group, Share};
use crate::synapse::{Delays, PreSpike, Transmitted};
use crate::time::Time;

/// What spikes transmit in a window over the plastic synapses of a group, worked out when it begins: all synapses of a source that
/// the window reaches at once, whatever their delays.
///
/// A pre spike that arrives over a dendritic delay finds the post spikes up to a delay before its emission, all of which are known.
/// After the window synapses are where they would be had each spike been taken in when it arrived.
#[derive(Default)]
pub struct Ahead {
    /// Of each pending spike: where its weights begin, less the number of the first synapse; none of those that bring nothing.
    begin: Vec<Option<isize>>,
    weights: Vec<f64>,
    delays: Vec<Time>,
}

impl Ahead {
    /// Nothing is known.
    pub fn clear(&mut self) {
        self.begin.clear();
        self.weights.clear();
    }

    /// Works out what arrives in `window`. With `runs`: also where all synapses have one delay.
    pub fn prepare<W: Real>(&mut self, model: &Model<'_>, group: &mut Group<W>, window: &Window, runs: bool) {
        self.clear();
        if group.plastic.is_none() || !is_whole(model, group) {
            return;
        }
        let Group { store, plastic: Some(plastic), .. } = group else { return };
        // Over an axonal delay it finds those of the window as well.
        if plastic.setup.axonal || !runs && matches!(store.delays, Delays::Same(_)) {
            return;
        }
        let (first, last) = (window.from - store.delay_range.1, window.to - store.delay_range.0);
        for index in 0..plastic.pending.len() {
            let pre = plastic.pending[index];
            self.begin.push(None);
            if pre.time < first || pre.time >= last {
                continue;
            }
            self.delays.clear();
            let mut start = None;
            let (from, to) = (window.from - pre.time, window.to - pre.time);
            store.runs_between(pre.row as usize, from, to, |delay, synapses| {
                start.get_or_insert(synapses.start);
                self.delays.resize(self.delays.len() + synapses.len(), delay);
            });
            let Some(start) = start else { continue };
            let (begin, synapses) = (self.weights.len(), start..start + self.delays.len());
            self.begin[index] = Some(begin as isize - start as isize);
            self.weights.resize(begin + synapses.len(), 0.0);
            let (weights, delays) = (&mut self.weights[begin..], &self.delays[..]);
            if plastic.has_rows(&pre, synapses.len()) {
                plastic.transmit_row(synapses, store.plastic_targets(), delays, &pre, |place, _, weight| {
                    weights[place] = weight;
                });
            } else {
                for ((weight, &delay), synapse) in weights.iter_mut().zip(delays).zip(synapses) {
                    *weight = plastic.transmit(synapse, u32::from(store.target(synapse)), delay, &pre);
                }
            }
        }
    }

    /// What the pending spike of this number transmits over these synapses; none where they are still to be brought up to date as it arrives.
    #[inline]
    pub fn weights(&self, index: usize, synapses: &Range<usize>) -> Option<&[f64]> {
        let begin = (*self.begin.get(index)?)?.checked_add_unsigned(synapses.start)? as usize;
        self.weights.get(begin..begin + synapses.len())
    }
}

/// May whole rows of a plastic group's synapses be brought up to date at once? Where each transmitted weight is written down, or read
/// through a crossbar, they go one by one.
pub fn is_whole<W: Real>(model: &Model<'_>, group: &Group<W>) -> bool {
    group.array.is_none() && !model.recorded[group.projections[0]]
}

/// Brings plastic synapses of equal delay up to date with a spike, one by one, and hands their weights to `receive(place, weight)`.
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
    for synapse in synapses {
        let place = u32::from(group.store.target(synapse));
        let Some(plastic) = &mut group.plastic else { return };
        let before = plastic.price.read;
        let weight = plastic.transmit(synapse, place, delay, pre);
        let weight = group.array.as_mut().map_or(weight, |array| {
            let joules = plastic.price.read.since(before).joules();
            array.read(synapse, pre.row as usize, weight, joules) * pre.gain
        });
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
