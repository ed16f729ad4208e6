//! Synapses of one source whose devices learn where the waveforms of spikes overlap: what [`Memristor::overlap`] does one by one, done at the
//! oldest target spike of each synapse, then at the next, at last at the spike that is being transmitted. The same bits.

use std::ops::Range;

use crate::device::physical::pass::Pass;
use crate::device::physical::surface::{Before, Surface};
use crate::device::physical::waveform::Side;
use crate::math::real::Real;
use crate::math::vector::Target;
use crate::memory::prefetch_line;
use crate::plasticity::Pair;
use crate::time::Time;

use super::device_row::Devices;
use super::memristor::Memristor;
use super::plastic::{Plastic, PreSpike};
use super::row::{Find, Given, Holder, ROUNDS, STRETCH, Scratch, Span, Spikes, Stretch, Synapse, Travel, walk};
use super::{History, Recent};

/// Room for the devices of a stretch.
#[derive(Clone, Debug, Default)]
pub struct Overlaps {
    /// Where each was before its last spike, if that alone moves it; and the same of some.
    before: Vec<Before>,
    some: Vec<Before>,
    pass: Pass,
    /// How long before the spikes the last ones of the other side were.
    since: Vec<f64>,
    /// Those that come together with one of the other side, and meet an earlier one besides.
    ties: Ties,
}

/// Some of a stretch.
#[derive(Clone, Debug, Default)]
struct Ties {
    which: Vec<usize>,
    place: Vec<u8>,
    value: Vec<f64>,
}

impl<W: Real> Plastic<W> {
    /// What [`Plastic::transmit_row`] does where spikes overlap.
    pub(super) fn overlap_row(
        &mut self,
        surface: &Surface,
        (synapses, targets, travel): (Range<usize>, &[u16], impl Travel),
        pre: &PreSpike,
        mut receive: impl FnMut(usize, u16, f64),
    ) {
        let mut scratch = self.scratch.take().unwrap_or_else(Scratch::new);
        let Scratch { stretch, work, overlaps } = &mut *scratch;
        let Plastic { setup, value, post, recent, cells, settled, price, .. } = self;
        let Some(memristor) = &setup.memristor else { return };
        let gain = setup.short_term.as_ref().map(|_| pre.gain);
        let devices = Devices::<W>::new(memristor, cells, setup.scale, (gain, pre.ordinal), Target::best(), work);
        let mut run = Run { surface, memristor, devices, overlaps };
        let (mut long, find) = (Vec::new(), Partners { recent, post, span: Span::of(pre, *settled) });
        walk(&find, &mut run, value, (synapses.clone(), targets), travel, stretch, &mut long, &mut receive);
        price.merge(&run.devices.price);
        self.scratch = Some(scratch);
        self.transmit_long(&long, (synapses.start, targets, travel), pre, receive);
    }
}

/// How long after the last pre spike the post spikes were, and before the spike that is being transmitted the last of them.
struct Partners<'a> {
    recent: &'a [Recent],
    post: &'a [History],
    /// Before the first pre spike there is none to pair with.
    span: Span,
}

impl Find for Partners<'_> {
    /// No rule is asked: the device decides.
    type Rule = Given;

    #[inline(always)]
    fn rule(&self) -> &Given {
        &Given
    }

    #[inline(always)]
    fn fetch(&self, target: u16) {
        prefetch_line(self.recent, usize::from(target));
    }

    #[inline(always)]
    fn write(&self, stretch: &mut Stretch, timed: bool, Synapse { offset, value, target, delay }: Synapse) -> bool {
        let (after, seen) = (self.span.after - delay, self.span.seen - delay);
        let (recent, history) = (&self.recent[usize::from(target)], || &self.post[usize::from(target)]);
        let (posts, before) = recent.found(after, seen).unwrap_or_else(|| history().found(after, seen));
        if posts.len() > ROUNDS {
            return false;
        }
        let time = |back: usize| match recent.time.get(back) {
            Some(&time) => time,
            None => history().spikes.iter().nth_back(back).map_or(Recent::NEVER, |spike| spike.time),
        };
        let (place, together, latest) = (stretch.len, before > posts.start, time(before));
        for (round, back) in posts.rev().enumerate() {
            stretch.round(round).push(place, (time(back) + delay - self.span.since).seconds());
        }
        let since = if latest == Recent::NEVER { f64::INFINITY } else { (seen - latest).seconds() };
        if timed {
            stretch.at[place] = self.span.seen;
        }
        // Spikes that come together are a pair, too: that is what the sign says.
        stretch.push(offset, value, (if together { -since } else { since }, Time::ZERO));
        true
    }

    #[inline]
    fn complete(&self, _: &mut Stretch) {}
}

/// The devices of a run.
struct Run<'a, W> {
    surface: &'a Surface,
    memristor: &'a Memristor,
    devices: Devices<'a, W>,
    overlaps: &'a mut Overlaps,
}

impl<W: Real> Holder for Run<'_, W> {
    #[inline]
    fn stretch(&self) -> usize {
        self.devices.stretch()
    }

    #[inline]
    fn is_timed(&self) -> bool {
        self.devices.is_timed()
    }

    #[inline]
    fn begin(&mut self, first: usize, stretch: &Stretch) {
        self.devices.begin(first, stretch);
        self.overlaps.before.clear();
        self.overlaps.before.extend(self.devices.befores(first, stretch));
    }

    #[inline]
    fn learn<R: Pair, const POST: bool>(&mut self, _: &R, Spikes { place, trace: since, value, .. }: Spikes<'_>) {
        if POST || since.iter().all(|since| *since >= 0.0) {
            self.overlap(if POST { Side::Post } else { Side::Pre }, place, since, value);
        } else {
            self.overlap_together(place, since, value);
        }
    }

    #[inline]
    fn send<'v>(&mut self, values: &'v [f64], at: &[Time], room: &'v mut [f64; STRETCH]) -> &'v [f64] {
        self.devices.send(values, at, room)
    }

    #[inline]
    fn end(&mut self, first: usize, stretch: &Stretch) {
        self.devices.end(first, stretch);
        self.devices.keep_befores(first, stretch, &self.overlaps.before);
    }
}

impl<W: Real> Run<'_, W> {
    /// Pre spikes, some of which come together with a post spike: those whose `since` is less than 0.
    fn overlap_together(&mut self, places: &[u8], since: &[f64], values: &mut [f64]) {
        let (mut first, mut ties) = (std::mem::take(&mut self.overlaps.since), std::mem::take(&mut self.overlaps.ties));
        let meets = |since: f64| self.surface.meets(Side::Pre, since);
        ties.which.clear();
        ties.which.extend((0..since.len()).filter(|&which| since[which] < 0.0 && meets(-since[which])));
        first.clear();
        // Who meets nobody earlier has the one pair.
        first.extend(since.iter().map(|&since| if since < 0.0 && !meets(-since) { 0.0 } else { since.abs() }));
        self.overlap(Side::Pre, places, &first, values);
        ties.place.clear();
        ties.place.extend(ties.which.iter().map(|&which| places[which]));
        let none = Before::default();
        let from = |(&which, &place): (&usize, &u8)| {
            let before = self.overlaps.before.get(usize::from(place)).unwrap_or(&none);
            self.surface.take_back(values[which], before)
        };
        ties.value.clear();
        ties.value.extend(ties.which.iter().zip(&ties.place).map(from));
        first.clear();
        first.resize(ties.which.len(), 0.0);
        self.overlap(Side::Pre, &ties.place, &first, &mut ties.value);
        ties.which.iter().zip(&ties.value).for_each(|(&which, &value)| values[which] = value);
        (self.overlaps.since, self.overlaps.ties) = (first, ties);
    }

    /// Spikes on `side` at the synapses in these places, each so long after the last one of the other side \[s\].
    fn overlap(&mut self, side: Side, places: &[u8], since: &[f64], values: &mut [f64]) {
        let Overlaps { before, some, pass, .. } = &mut *self.overlaps;
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
