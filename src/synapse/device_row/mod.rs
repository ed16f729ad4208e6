//! Rows of synapses that are devices: changes become pulses, and pulses steps of the conductance.
//!
//! For all changes of a stretch at once: how many pulses each is worth, its random words, and how many pulses it gets, as
//! vector code; then the pulses themselves, all first ones, all second ones, and so on, of those that get as many ([`pulses`]).
//! The same bits as [`Memristor::change`] gives one by one.
//!
//! Devices lie in slots: `count` in a row for each synapse, in the order of their places. That of place 0 is the synapse's value.

use std::marker::PhantomData;
use std::ops::Range;

use crate::device::physical::surface::Before;
use crate::device::{Bank, Cell, Device, Pulses};
use crate::math::real::Real;
use crate::math::vector::Target;
use crate::memory::prefetch_second;
use crate::plasticity::Pair;
use crate::time::Time;

use super::memristor::Memristor;
use super::row::{Holder, PLACES, STRETCH, Spikes, Stretch};
use super::{Cells, Price};
use kernels::{Plain, Rounded, Wanted, Weights};
use work::{Changes, Hits};

mod ageing;
mod constants;
mod kernels;
mod pulses;
mod shown;
mod work;

pub(super) use work::Work;

/// What holds the conductances of a run.
pub(super) struct Devices<'a, W> {
    memristor: &'a Memristor,
    bank: &'a Bank,
    /// Devices of a synapse.
    count: usize,
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
    /// Does it matter how long devices have been left alone?
    timed: bool,
    /// May devices be stuck, or wear out?
    mortal: bool,
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
        let Device { bank, ageing, .. } = &memristor.device;
        let draws = memristor.device.draws();
        Devices {
            memristor,
            bank,
            count: bank.count(),
            cells,
            scale,
            gain,
            ordinal,
            target,
            work,
            words: draws || memristor.device.common.pulses == Pulses::Stochastic,
            draws,
            timed: ageing.takes_time(),
            mortal: bank.has_faults() || ageing.endurance.is_some(),
            price: Price::default(),
            width: PhantomData,
        }
    }
}

/// Of synapses that have one device each, which learns where spikes overlap.
impl<W> Devices<'_, W> {
    /// The device in this place, its key, and how many changes it has had.
    #[inline]
    pub fn device(&mut self, place: usize) -> (Cell, u64, &mut u32) {
        let (c, Work { own, key, updates, .. }) = (&self.memristor.device.common, &mut *self.work);
        (own.cell(c, place), key[place], &mut updates[place])
    }

    /// Where the devices of a stretch were before their last spikes; none if no spike alone moves one.
    pub fn befores(&self, first: usize, stretch: &Stretch) -> impl Iterator<Item = Before> {
        synapses(first, stretch).map_while(|synapse| self.cells.rest.before.get(synapse).copied())
    }

    /// Keeps that.
    pub fn keep_befores(&mut self, first: usize, stretch: &Stretch, before: &[Before]) {
        let kept = &mut self.cells.rest.before;
        synapses(first, stretch).zip(before).for_each(|(synapse, &before)| kept[synapse] = before);
    }
}

/// The synapses of a stretch, the first of which is `first` of the store.
fn synapses(first: usize, stretch: &Stretch) -> impl Iterator<Item = usize> {
    stretch.offset[..stretch.len].iter().map(move |&offset| first + usize::from(offset))
}

/// Copies what a store keeps of the synapses of a stretch, if it keeps that.
#[inline]
fn fetch<T: Copy>(to: &mut [T; STRETCH], store: &[T], first: usize, stretch: &Stretch) {
    if store.is_empty() {
    } else if stretch.is_whole() {
        to[..stretch.len].copy_from_slice(&store[first..][..stretch.len]);
    } else {
        to.iter_mut().zip(synapses(first, stretch)).for_each(|(to, synapse)| *to = store[synapse]);
    }
}

/// Copies it back.
#[inline]
fn put_back<T: Copy>(from: &[T; STRETCH], store: &mut [T], first: usize, stretch: &Stretch) {
    if store.is_empty() {
    } else if stretch.is_whole() {
        store[first..][..stretch.len].copy_from_slice(&from[..stretch.len]);
    } else {
        synapses(first, stretch).zip(from).for_each(|(synapse, &from)| store[synapse] = from);
    }
}

impl<W: Real> Holder for Devices<'_, W> {
    #[inline]
    fn stretch(&self) -> usize {
        STRETCH / self.count
    }

    #[inline]
    fn fetch(&self, synapses: Range<usize>) {
        for first in synapses.step_by(64) {
            prefetch_second(&self.cells.key, first, 64);
            prefetch_second(&self.cells.updates, first, 64);
        }
    }

    #[inline]
    fn begin(&mut self, first: usize, stretch: &Stretch) {
        let Work { key, updates, carry, pulses, turn, g, time, .. } = &mut *self.work;
        fetch(key, &self.cells.key, first, stretch);
        fetch(updates, &self.cells.updates, first, stretch);
        let (rest, count) = (&self.cells.rest, self.count);
        fetch(carry, &rest.carry, first, stretch);
        fetch(turn, &rest.turn, first, stretch);
        if !rest.pulses.is_empty() {
            for (own, synapse) in pulses.chunks_exact_mut(count).zip(synapses(first, stretch)) {
                own.copy_from_slice(&rest.pulses[synapse * count..][..count]);
            }
        }
        if !rest.time.is_empty() {
            for (own, synapse) in time.chunks_exact_mut(count).zip(synapses(first, stretch)) {
                own.copy_from_slice(&rest.time[synapse * count..][..count]);
            }
        }
        if count > 1 {
            for (own, synapse) in g.chunks_exact_mut(count).zip(synapses(first, stretch)) {
                own[1..].copy_from_slice(&rest.g[synapse * (count - 1)..][..count - 1]);
            }
        }
        self.draw_constants(stretch.len);
    }

    #[inline]
    fn learn<R: Pair, const POST: bool>(&mut self, rule: &R, spikes: Spikes<'_>) {
        let Spikes { place, trace, at, value } = spikes;
        let (memristor, scale) = (self.memristor, self.scale);
        if memristor.is_plain() {
            let wanted = &mut self.work.changes.count;
            self.target.run(Wanted::<R, POST, true> { memristor, rule, scale, trace, shown: value, wanted });
        } else {
            if self.timed {
                self.work.changes.at[..at.len()].copy_from_slice(at);
            }
            self.show(place, value, at, false);
            let Work { shown, changes: Changes { count: wanted, .. }, .. } = &mut *self.work;
            self.target.run(Wanted::<R, POST, false> { memristor, rule, scale, trace, shown, wanted });
        }
        if POST {
            self.give_all::<false>(place, value);
        } else {
            self.give_all::<true>(place, value);
        }
        self.target.run(Rounded::<W> { values: value, width: PhantomData });
    }

    #[inline]
    fn is_timed(&self) -> bool {
        self.timed
    }

    #[inline]
    fn send<'v>(&mut self, values: &'v [f64], at: &[Time], room: &'v mut [f64; STRETCH]) -> &'v [f64] {
        let memristor = self.memristor;
        let len = values.len().min(STRETCH);
        self.price.reads += len as u64;
        if !memristor.is_plain() {
            self.show(&PLACES[..len], values, at, true);
            self.target.run(Weights::<W> {
                memristor,
                gain: self.gain,
                shares: &self.work.shown[..len],
                out: room,
                width: PhantomData,
            });
            return &room[..len];
        }
        if memristor.device.common.price_read.is_some() {
            self.work.hits.joules[..len].copy_from_slice(&values[..len]);
            self.pay_reads(len);
        }
        self.draw_read_noise(len, 0);
        let Hits { noise, .. } = &self.work.hits;
        self.target.run(Plain::<W> { memristor, gain: self.gain, values, noise, out: room, width: PhantomData });
        &room[..len]
    }

    #[inline]
    fn end(&mut self, first: usize, stretch: &Stretch) {
        let Work { updates, carry, pulses, turn, g, time, .. } = &*self.work;
        put_back(updates, &mut self.cells.updates, first, stretch);
        let (rest, count) = (&mut self.cells.rest, self.count);
        put_back(carry, &mut rest.carry, first, stretch);
        put_back(turn, &mut rest.turn, first, stretch);
        if !rest.pulses.is_empty() {
            for (own, synapse) in pulses.chunks_exact(count).zip(synapses(first, stretch)) {
                rest.pulses[synapse * count..][..count].copy_from_slice(own);
            }
        }
        if !rest.time.is_empty() {
            for (own, synapse) in time.chunks_exact(count).zip(synapses(first, stretch)) {
                rest.time[synapse * count..][..count].copy_from_slice(own);
            }
        }
        if count > 1 {
            for (own, synapse) in g.chunks_exact(count).zip(synapses(first, stretch)) {
                rest.g[synapse * (count - 1)..][..count - 1].copy_from_slice(&own[1..]);
            }
        }
    }
}
