//! Runs of synapses that are one plain device each: changes become pulses, and pulses steps of the conductance.
//!
//! For all changes of a stretch at once: how many pulses each is worth, its random words, and how many pulses it gets, as
//! vector code; then the pulses themselves, all first ones, all second ones, and so on, of those that get as many.
//! The same bits as [`Memristor::change`] gives one by one.

use std::marker::PhantomData;

use crate::device::{Cell, Law, MOST_PULSES, Pulses, constant_step, normals, soft_bounds};
use crate::math::vector::Target;
use crate::neuron::Real;
use crate::plasticity::Pair;
use crate::rng::lanes::Each;

use super::memristor::Memristor;
use super::row::{Holder, PLACES, STRETCH, Spikes, Stretch};
use super::{Cells, Price};
use kernels::{ByChance, Rounded, Step, Steps, Sum, Wanted, Weights};
use work::{Changes, Hits, Own};

mod kernels;
mod work;

pub(super) use work::Work;

/// What holds the conductances of a run.
pub(super) struct Devices<'a, W> {
    memristor: &'a Memristor,
    cells: &'a mut Cells,
    /// The weight that the rule takes for 1.
    scale: f64,
    /// The share that a synapse transmits, with short-term plasticity.
    gain: Option<f64>,
    /// Which spike of the source this is.
    ordinal: u32,
    target: Target,
    work: &'a mut Work,
    /// Does a change need random words?
    words: bool,
    /// Does a pulse need one?
    draws: bool,
    /// Energy spent on the run.
    pub price: Price,
    width: PhantomData<W>,
}

impl<'a, W> Devices<'a, W> {
    pub fn new(
        memristor: &'a Memristor,
        cells: &'a mut Cells,
        scale: f64,
        (gain, ordinal): (Option<f64>, u32),
        target: Target,
        work: &'a mut Work,
    ) -> Devices<'a, W> {
        let draws = memristor.device.draws();
        Devices {
            memristor,
            cells,
            scale,
            gain,
            ordinal,
            target,
            work,
            words: draws || memristor.device.common.pulses == Pulses::Stochastic,
            draws,
            price: Price::default(),
            width: PhantomData,
        }
    }
}

impl<W: Real> Holder for Devices<'_, W> {
    #[inline]
    fn begin(&mut self, first: usize, stretch: &Stretch) {
        let Work { key, updates, .. } = &mut *self.work;
        for (place, &offset) in stretch.offset[..stretch.len].iter().enumerate() {
            let synapse = first + usize::from(offset);
            key[place] = self.cells.key[synapse];
            updates[place] = self.cells.updates[synapse];
        }
        if self.memristor.device.common.differs() {
            self.draw_spread(stretch.len);
        }
    }

    #[inline]
    fn learn<R: Pair, const POST: bool>(&mut self, rule: &R, spikes: Spikes<'_>) {
        let Spikes { place, trace, value } = spikes;
        let (memristor, scale) = (self.memristor, self.scale);
        let count = &mut self.work.changes.count;
        self.target.run(Wanted::<R, POST> { memristor, rule, scale, trace, g: value, wanted: count });
        self.count(place);
        let changes = place.len();
        self.work.hits.len = changes;
        self.work.hits.change[..changes].copy_from_slice(&PLACES[..changes]);
        let mut number = 1;
        while self.keep(number) > 0 {
            self.give(number, place, value);
            number += 1;
        }
        self.target.run(Rounded::<W> { values: value, width: PhantomData });
    }

    #[inline]
    fn send<'v>(&mut self, values: &'v [f64], room: &'v mut [f64; STRETCH]) -> &'v [f64] {
        let (memristor, c) = (self.memristor, &self.memristor.device.common);
        let Work { key, changes: Changes { block, words, .. }, hits, places, .. } = &mut *self.work;
        let Hits { noise, joules, .. } = hits;
        let len = values.len().min(STRETCH);
        self.price.reads += len as u64;
        if let Some(per_siemens) = c.price_read {
            joules.iter_mut().zip(values).for_each(|(joules, g)| *joules = per_siemens * g);
            self.target.run(Sum { energy: &mut self.price.read, joules: &joules[..len] });
        }
        if c.read_noise > 0.0 {
            block[..len].fill(Memristor::read_block(self.ordinal));
            self.target.run(Each { key: memristor.reads, items: key, blocks: block, len, out: words });
            normals(&words[0][..len], noise, places, self.target);
        }
        self.target.run(Weights::<W> { memristor, gain: self.gain, values, noise, out: room, width: PhantomData });
        &room[..len]
    }

    #[inline]
    fn end(&mut self, first: usize, stretch: &Stretch) {
        for (&offset, &updates) in stretch.offset[..stretch.len].iter().zip(&self.work.updates) {
            self.cells.updates[first + usize::from(offset)] = updates;
        }
    }
}

impl<W: Real> Devices<'_, W> {
    /// Draws the constants of the devices of a stretch.
    #[inline]
    fn draw_spread(&mut self, len: usize) {
        let (memristor, c) = (self.memristor, &self.memristor.device.common);
        let Work { key, own, changes: Changes { block, words, .. }, places, .. } = &mut *self.work;
        let Own { up, down, low, high } = own;
        block[..len].fill(0);
        self.target.run(Each { key: memristor.spread, items: key, blocks: block, len, out: words });
        if c.differs_in_steps_alone() {
            normals(&words[0][..len], up, places, self.target);
            self.target.run(Steps { common: c, up, down });
            return;
        }
        for place in 0..len {
            let cell = Cell::drawn(c, std::array::from_fn(|w| words[w][place]));
            (up[place], down[place]) = (cell.up, cell.down);
            (low[place], high[place]) = (cell.g_min, cell.g_max);
        }
    }

    /// Numbers the changes, draws their words, and turns what each is worth into whole pulses.
    #[inline]
    fn count(&mut self, places: &[u8]) {
        let pulses = self.memristor.device.common.pulses;
        let Work { key: keys, updates, changes, .. } = &mut *self.work;
        let Changes { count, key, serial, block, words } = changes;
        let len = places.len().min(STRETCH);
        for (change, &place) in places.iter().enumerate().take(len) {
            let place = usize::from(place) % STRETCH;
            key[change] = keys[place];
            serial[change] = updates[place];
            block[change] = Memristor::block_of(u64::from(updates[place]), 0);
            updates[place] = updates[place].wrapping_add(u32::from(count[change] != 0.0));
        }
        if self.words {
            self.target.run(Each { key: self.memristor.pulses, items: key, blocks: block, len, out: words });
        }
        let count = &mut count[..len];
        if pulses == Pulses::Stochastic {
            self.target.run(ByChance { wanted: count, words: &words[0] });
        } else {
            count.iter_mut().filter(|count| **count != 0.0).for_each(|count| *count = count.signum());
        }
    }

    /// Of the changes that had a pulse of the number before, keeps those that have one of this number, counted from 1; how many.
    #[inline]
    fn keep(&mut self, number: u32) -> usize {
        let Work { changes: Changes { count, .. }, hits: Hits { len, change, .. }, .. } = &mut *self.work;
        let (before, least) = ((*len).min(STRETCH), f64::from(number));
        *len = 0;
        if least > MOST_PULSES {
            return 0;
        }
        for at in 0..before {
            // Written whether it is one or not, which is cheaper than to ask.
            let this = change[at];
            change[*len % STRETCH] = this;
            *len += usize::from(count[usize::from(this) % STRETCH].abs() >= least);
        }
        *len
    }

    /// Gives the pulses of this number, counted from 1.
    #[inline]
    fn give(&mut self, number: u32, places: &[u8], values: &mut [f64]) {
        let c = &self.memristor.device.common;
        if self.draws {
            self.draw_noise(number);
        }
        let Work { own, changes, hits, .. } = &mut *self.work;
        let len = hits.len.min(STRETCH);
        for at in 0..len {
            let change = usize::from(hits.change[at]) % STRETCH;
            (hits.g[at], hits.up[at]) = (values[change], changes.count[change] > 0.0);
        }
        hits.own(c, own, places);
        self.pay();
        match &self.memristor.device.law {
            Law::SoftBounds => self.step(|cell, g, up| soft_bounds::step(c, cell, g, up)),
            Law::ConstantStep => self.step(|_, _, up| constant_step::step(c, up)),
            Law::LinearStep(law) if !law.is_spread() => self.step(|cell, g, up| law.step(c, cell, g, up)),
            _ => self.step_one_by_one(),
        }
        let hits = &self.work.hits;
        for (&g, &change) in hits.g[..len].iter().zip(&hits.change) {
            values[usize::from(change)] = g;
        }
    }

    /// Draws the random numbers of the pulses of this number.
    #[inline]
    fn draw_noise(&mut self, number: u32) {
        let Work { changes: Changes { key, serial, block, words, .. }, hits, places, .. } = &mut *self.work;
        let len = hits.len.min(STRETCH);
        let word = number as usize % 4;
        if word == 0 {
            for (block, &serial) in block.iter_mut().zip(&*serial) {
                *block = Memristor::block_of(u64::from(serial), u64::from(number));
            }
            let len = usize::from(hits.change[len - 1]) + 1;
            self.target.run(Each { key: self.memristor.pulses, items: key, blocks: block, len, out: words });
        }
        for at in 0..len {
            hits.word[at] = words[word][usize::from(hits.change[at]) % STRETCH];
        }
        normals(&hits.word[..len], &mut hits.noise, places, self.target);
    }

    /// What the pulses cost.
    #[inline]
    fn pay(&mut self) {
        let c = &self.memristor.device.common;
        let Hits { len, g, up, joules, .. } = &mut self.work.hits;
        let len = (*len).min(STRETCH);
        let (g, up, joules) = (&g[..len], &up[..len], &mut joules[..len]);
        let set = up.iter().map(|&up| u64::from(up)).sum::<u64>();
        self.price.set_pulses += set;
        self.price.reset_pulses += len as u64 - set;
        for (wanted, per_siemens, energy) in
            [(true, c.price_up, &mut self.price.set), (false, c.price_down, &mut self.price.reset)]
        {
            let Some(per_siemens) = per_siemens else { continue };
            for (joules, (&g, &up)) in joules.iter_mut().zip(g.iter().zip(up)) {
                *joules = if up == wanted { per_siemens * g } else { 0.0 };
            }
            self.target.run(Sum { energy, joules });
        }
    }

    /// The pulses, as vector code, of devices whose steps are by this law.
    #[inline]
    fn step(&mut self, size: impl Fn(&Cell, f64, bool) -> f64) {
        self.target.run(Step { common: &self.memristor.device.common, size, hits: &mut self.work.hits });
    }

    /// The pulses of other devices.
    fn step_one_by_one(&mut self) {
        let (memristor, device) = (self.memristor, &self.memristor.device);
        let Work { changes, hits, .. } = &mut *self.work;
        for at in 0..hits.len {
            let key = changes.key[usize::from(hits.change[at])];
            let cell = hits.cell(at).with_slopes(device, memristor.spread, key, 0);
            hits.g[at] = device.pulse(&cell, hits.g[at], hits.up[at], hits.word[at]);
        }
    }
}
