//! Synapses of one source whose devices learn where the waveforms of spikes overlap: what [`Memristor::overlap`] does one by one, done at the
//! oldest target spike of each synapse, then at the next, at last at the spike that is being transmitted. The same bits.

use std::ops::Range;

use crate::device::physical::pass::Pass;
use crate::device::physical::surface::{Before, Surface};
use crate::device::physical::waveform::Side;
use crate::math::vector::Target;
use crate::memory::prefetch;
use crate::neuron::Real;

use super::Recent;
use super::device_row::Devices;
use super::memristor::Memristor;
use super::plastic::{Plastic, PreSpike};
use super::row::{AHEAD, Columns, Holder, PLACES, ROUNDS, STRETCH, Scratch, Span, Travel};

/// Room for the devices of a stretch.
#[derive(Clone, Debug, Default)]
pub struct Overlaps {
    /// Where each was before its last spike, if that alone moves it; and the same of some.
    before: Vec<Before>,
    some: Vec<Before>,
    pass: Pass,
}

impl<W: Real> Plastic<W> {
    /// What [`Plastic::transmit_row`] does where spikes overlap.
    pub(super) fn overlap_row(
        &mut self,
        surface: &Surface,
        (synapses, all_targets, travel): (Range<usize>, &[u16], impl Travel),
        pre: &PreSpike,
        mut receive: impl FnMut(usize, u16, f64),
    ) {
        let mut scratch = self.scratch.take().unwrap_or_else(Scratch::new);
        let Scratch { stretch, work, overlaps } = &mut *scratch;
        let Plastic { setup, value, post, recent, cells, settled, price, .. } = self;
        let Some(memristor) = &setup.memristor else { return };
        // Before the first pre spike there is none to pair with.
        let Span { seen, after, since: last } = Span::of(pre, *settled);
        let gain = setup.short_term.as_ref().map(|_| pre.gain);
        let mut long = Vec::new();
        for first in synapses.clone().step_by(STRETCH) {
            let own = first..synapses.end.min(first + STRETCH);
            let begin = first - synapses.start;
            let (values, targets) = (&mut value[own.clone()], &all_targets[own]);
            stretch.clear();
            for (offset, (value, &target)) in values.iter().zip(targets).enumerate() {
                if let Some(&later) = targets.get(offset + AHEAD) {
                    prefetch(recent, usize::from(later), 1);
                }
                let delay = travel.of(begin + offset);
                let (seen, after) = (seen - delay, after - delay);
                let recent = &recent[usize::from(target)];
                let history = || &post[usize::from(target)];
                let found = recent.found(after, seen);
                let (posts, _) = found.unwrap_or_else(|| history().found(after, seen));
                if posts.len() > ROUNDS {
                    long.push(begin + offset);
                    continue;
                }
                let time = |back: usize| match recent.time.get(back) {
                    Some(&time) => time,
                    None => history().spikes.iter().nth_back(back).map_or(Recent::NEVER, |spike| spike.time),
                };
                // Spikes that come together are a pair, too.
                let (place, latest) = (stretch.len, time(posts.start));
                for (round, back) in posts.rev().enumerate() {
                    stretch.round(round).push(place, (time(back) + delay - last).seconds());
                }
                let since = if latest == Recent::NEVER { f64::INFINITY } else { (seen - latest).seconds() };
                stretch.arrives[place] = pre.time + delay;
                stretch.push(offset, value.wide(), (since, 0.0));
            }
            let mut devices =
                Devices::<W>::new(memristor, cells, setup.scale, (gain, pre.ordinal), Target::best(), work);
            devices.begin(first, stretch);
            overlaps.before.clear();
            overlaps.before.extend(devices.befores(first, stretch));
            let (rounds, Columns { len, offset, value, y, weight, arrives, .. }) = stretch.parts();
            let mut run = Run { surface, memristor, devices: &mut devices, overlaps };
            for round in rounds {
                round.gather(value);
                let len = round.len;
                run.learn(Side::Post, &round.place[..len], &round.x[..len], &mut round.value[..len]);
                round.scatter(value);
            }
            run.learn(Side::Pre, &PLACES[..len], &y[..len], &mut value[..len]);
            let weights = devices.send(&value[..len], &arrives[..len], weight);
            for ((&offset, &value), &weight) in offset.iter().zip(&value[..len]).zip(weights) {
                let offset = usize::from(offset);
                values[offset] = W::of(value);
                receive(begin + offset, targets[offset], weight);
            }
            devices.end(first, stretch);
            devices.keep_befores(first, stretch, &overlaps.before);
            price.merge(&devices.price);
        }
        self.scratch = Some(scratch);
        self.transmit_long(&long, (synapses.start, all_targets, travel), pre, receive);
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
