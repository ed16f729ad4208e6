//! Runs of synapses whose devices learn where the waveforms of spikes overlap: what [`Memristor::overlap`] does one by one, done at the
//! oldest target spike of each synapse, then at the next, at last at the spike that is being transmitted. The same bits.

use std::ops::Range;

use crate::device::physical::pass::Pass;
use crate::device::physical::surface::{Before, Surface};
use crate::device::physical::waveform::Side;
use crate::math::vector::Target;
use crate::memory::prefetch;
use crate::neuron::Real;
use crate::time::Time;

use super::Recent;
use super::device_row::Devices;
use super::memristor::Memristor;
use super::plastic::{Plastic, PreSpike};
use super::row::{AHEAD, Holder, PLACES, STRETCH, Scratch, Stretch};

/// Room for the devices of a stretch.
#[derive(Clone, Debug, Default)]
pub struct Overlaps {
    /// Where each was before its last spike, if that alone moves it; and the same of some.
    before: Vec<Before>,
    some: Vec<Before>,
    pass: Pass,
}

impl<W: Real> Plastic<W> {
    /// What [`Plastic::transmit_run`] does where spikes overlap.
    pub(super) fn overlap_run(
        &mut self,
        surface: &Surface,
        (synapses, targets, delay): (Range<usize>, &[u16], Time),
        pre: &PreSpike,
        mut receive: impl FnMut(u16, f64),
    ) {
        let mut scratch = self.scratch.take().unwrap_or_else(Scratch::new);
        let Scratch { stretch, work, overlaps } = &mut *scratch;
        let Plastic { setup, value, recent, cells, settled, price, .. } = self;
        let Some(memristor) = &setup.memristor else { return };
        let (last, seen) = (pre.past.last(), pre.time - delay);
        // By their time of emission; before the first pre spike there is none to pair with.
        let after = last.map_or(seen, |last| last.max(*settled) - delay);
        let last = last.unwrap_or(pre.time) - delay;
        let gain = setup.short_term.as_ref().map(|_| pre.gain);
        let mut long = Vec::new();
        for first in synapses.clone().step_by(STRETCH) {
            let own = first..synapses.end.min(first + STRETCH);
            let (values, targets) = (&mut value[own.clone()], &targets[own]);
            stretch.clear();
            for (offset, (value, &target)) in values.iter().zip(targets).enumerate() {
                if let Some(&later) = targets.get(offset + AHEAD) {
                    prefetch(recent, usize::from(later), 1);
                }
                let recent = &recent[usize::from(target)];
                let Some((posts, before)) = recent.found(after, seen) else {
                    long.push((first + offset, target));
                    continue;
                };
                let place = stretch.len;
                for (round, spike) in posts.rev().enumerate() {
                    stretch.rounds[round].push(place, (recent.time[spike] - last).seconds());
                }
                let before = recent.time[before];
                let since = if before == Recent::NEVER { f64::INFINITY } else { (seen - before).seconds() };
                stretch.push(offset, value.wide(), since);
            }
            let mut devices =
                Devices::<W>::new(memristor, cells, setup.scale, (gain, pre.ordinal), Target::best(), work);
            devices.begin(first, stretch);
            overlaps.before.clear();
            overlaps.before.extend(devices.befores(first, stretch));
            let Stretch { len, offset, value, y, rounds, weight } = &mut *stretch;
            let mut run = Run { surface, memristor, devices: &mut devices, overlaps };
            for round in rounds.iter_mut().take_while(|round| round.len > 0) {
                round.gather(value);
                let len = round.len;
                run.learn(Side::Post, &round.place[..len], &round.x[..len], &mut round.value[..len]);
                round.scatter(value);
            }
            run.learn(Side::Pre, &PLACES[..*len], &y[..*len], &mut value[..*len]);
            let weights = devices.send(&value[..*len], weight);
            for ((&offset, &value), &weight) in offset.iter().zip(&value[..*len]).zip(weights) {
                let offset = usize::from(offset);
                values[offset] = W::of(value);
                receive(targets[offset], weight);
            }
            devices.end(first, stretch);
            devices.keep_befores(first, stretch, &overlaps.before);
            price.merge(&devices.price);
        }
        self.scratch = Some(scratch);
        for (synapse, target) in long {
            let weight = self.transmit(synapse, u32::from(target), delay, pre);
            receive(target, weight);
        }
    }
}

/// A stretch of a run.
struct Run<'a, 'b, W> {
    surface: &'a Surface,
    memristor: &'a Memristor,
    devices: &'a mut Devices<'b, W>,
    overlaps: &'a mut Overlaps,
}

impl<W: Real> Run<'_, '_, W> {
    /// Spikes on `side` at the synapses in these places, each so long after the last one of the other side \[s\].
    fn learn(&mut self, side: Side, places: &[u8], since: &[f64], values: &mut [f64]) {
        let Overlaps { before, some, pass } = &mut *self.overlaps;
        if self.memristor.overlaps_alike() {
            some.clear();
            if !before.is_empty() {
                some.extend(places.iter().map(|&place| before[usize::from(place)]));
            }
            self.surface.after_each(side, since, values, some, pass);
            some.iter().zip(places).for_each(|(&now, &place)| before[usize::from(place)] = now);
        } else {
            let mut none = Before::default();
            for ((&place, &since), g) in places.iter().zip(since).zip(&mut *values) {
                let (place, since) = (usize::from(place), Some(since).filter(|since| since.is_finite()));
                if since.is_none() && !self.surface.heeds_single_spikes() {
                    continue;
                }
                let (cell, key, updates) = self.devices.device(place);
                let serial = u64::from(*updates);
                let word = || self.memristor.word(key, serial, 1);
                let factor = |up: bool| self.memristor.overlap_noise(word) * if up { cell.up } else { cell.down };
                let before = before.get_mut(place).unwrap_or(&mut none);
                let after = self.surface.after(side, *g, since, before, Some(factor));
                if after != *g {
                    *updates = updates.wrapping_add(1);
                }
                *g = after.clamp(cell.g_min, cell.g_max);
            }
        }
        values.iter_mut().for_each(|value| *value = W::of(*value).wide());
    }
}
