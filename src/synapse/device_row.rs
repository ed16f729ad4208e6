//! Runs of synapses that are one plain device each: changes become pulses, and pulses steps of the conductance.
//!
//! Three passes over the spikes of a stretch: how many pulses each is worth (vector code), which of them are given (a random
//! word each, made for the whole stretch at once), and the pulses themselves, which are few. The same bits as
//! [`Memristor::change`] gives one by one.

use std::marker::PhantomData;

use crate::device::{Cell, Pulses, normal};
use crate::math::vector::{Kernel, Target};
use crate::neuron::Real;
use crate::plasticity::Pair;
use crate::rng::lanes::Each;

use super::memristor::{MOST_PULSES, Memristor, WORDS_PER_BLOCK};
use super::row::{Holder, STRETCH, Spikes, Stretch};
use super::{Cells, Price};

/// Random words of a stretch: word w of place p is `[w][p]`.
type Words = [[u32; STRETCH]; 4];

/// Room for a stretch.
#[derive(Clone, Debug)]
pub(super) struct Work {
    /// The key of each device.
    key: [u64; STRETCH],
    /// Changes proposed to each, at the beginning and by now.
    begun: [u32; STRETCH],
    updates: [u32; STRETCH],
    /// The block of random words that the changes of each begin in.
    chance: Words,
    /// Pulses that each spike is worth.
    wanted: [f64; STRETCH],
    hits: Hits,
}

/// Changes that become pulses.
#[derive(Clone, Debug)]
struct Hits {
    len: usize,
    /// Which of the spikes.
    spike: [u8; STRETCH],
    /// Pulses, negative for depression.
    count: [f64; STRETCH],
    key: [u64; STRETCH],
    /// The number of the change.
    serial: [u32; STRETCH],
    /// Where the words of its pulses begin.
    block: [u64; STRETCH],
    /// Words of the first pulses.
    pulse: Words,
    /// Words of the device's own constants.
    spread: Words,
}

impl Work {
    pub fn new() -> Work {
        let hits = Hits {
            len: 0,
            spike: [0; STRETCH],
            count: [0.0; STRETCH],
            key: [0; STRETCH],
            serial: [0; STRETCH],
            block: [0; STRETCH],
            pulse: [[0; STRETCH]; 4],
            spread: [[0; STRETCH]; 4],
        };
        Work {
            key: [0; STRETCH],
            begun: [0; STRETCH],
            updates: [0; STRETCH],
            chance: [[0; STRETCH]; 4],
            wanted: [0.0; STRETCH],
            hits,
        }
    }
}

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
    /// Do devices differ?
    spreads: bool,
    /// Does a pulse need a random word?
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
        let c = &memristor.device.common;
        Devices {
            memristor,
            cells,
            scale,
            gain,
            ordinal,
            target,
            work,
            spreads: c.differs(),
            draws: memristor.device.draws(),
            price: Price::default(),
            width: PhantomData,
        }
    }

    fn stochastic(&self) -> bool {
        self.memristor.device.common.pulses == Pulses::Stochastic
    }
}

impl<W: Real> Holder for Devices<'_, W> {
    #[inline]
    fn begin(&mut self, first: usize, stretch: &Stretch) {
        let work = &mut *self.work;
        for (place, &offset) in stretch.offset[..stretch.len].iter().enumerate() {
            let synapse = first + usize::from(offset);
            work.key[place] = self.cells.key[synapse];
            work.begun[place] = self.cells.updates[synapse];
        }
        work.updates = work.begun;
        if self.memristor.device.common.pulses == Pulses::Stochastic {
            let block = work.begun.map(|n| u64::from(n / WORDS_PER_BLOCK));
            let (key, len) = (self.memristor.pulses, stretch.len);
            self.target.run(Each { key, items: &work.key, blocks: &block, len, out: &mut work.chance });
        }
    }

    #[inline]
    fn learn<R: Pair, const POST: bool>(&mut self, rule: &R, spikes: Spikes<'_>) {
        let Spikes { place, trace, value } = spikes;
        let (memristor, scale) = (self.memristor, self.scale);
        let wanted = &mut self.work.wanted;
        self.target.run(Wanted::<R, POST> { memristor, rule, scale, trace, g: value, wanted });
        self.choose(place);
        self.give(value);
    }

    #[inline]
    fn send(&mut self, place: usize, g: f64) -> f64 {
        let c = &self.memristor.device.common;
        self.price.reads += 1;
        if let Some(per_siemens) = c.price_read {
            self.price.read.add(per_siemens * g);
        }
        let weight = if c.read_noise == 0.0 {
            self.memristor.weight_of(g)
        } else {
            self.memristor.noisy(g, normal(self.memristor.read_word(self.work.key[place], self.ordinal)))
        };
        self.gain.map_or(weight, |gain| W::of(weight * gain).wide())
    }

    #[inline]
    fn end(&mut self, first: usize, stretch: &Stretch) {
        for (&offset, &updates) in stretch.offset[..stretch.len].iter().zip(&self.work.updates) {
            self.cells.updates[first + usize::from(offset)] = updates;
        }
    }
}

impl<W: Real> Devices<'_, W> {
    /// Counts the changes, and picks those that become pulses.
    #[inline]
    fn choose(&mut self, places: &[u8]) {
        let (stochastic, memristor) = (self.stochastic(), self.memristor);
        let Work { key, begun, updates, chance, wanted, hits } = &mut *self.work;
        hits.len = 0;
        for (spike, (&place, &wanted)) in places.iter().zip(&*wanted).enumerate() {
            let place = usize::from(place) % STRETCH;
            let serial = updates[place];
            updates[place] = serial.wrapping_add(u32::from(wanted != 0.0));
            let count = if stochastic {
                let same = serial / WORDS_PER_BLOCK == begun[place] / WORDS_PER_BLOCK;
                let word = match same {
                    true => chance[(serial % WORDS_PER_BLOCK) as usize][place],
                    false => memristor.chance_word(key[place], serial),
                };
                Memristor::by_chance(wanted, word)
            } else {
                wanted.signum()
            };
            // Written whether it is one or not, which is cheaper than to ask.
            let at = hits.len % STRETCH;
            (hits.spike[at], hits.count[at]) = (spike as u8, count);
            (hits.key[at], hits.serial[at]) = (key[place], serial);
            hits.len += usize::from(wanted != 0.0 && count != 0.0);
        }
    }

    /// Gives the pulses that were chosen.
    #[inline]
    fn give(&mut self, values: &mut [f64]) {
        let (memristor, device) = (self.memristor, &self.memristor.device);
        let c = &device.common;
        let hits = &mut self.work.hits;
        let len = hits.len;
        if len == 0 {
            return;
        }
        if self.draws {
            for (block, &serial) in hits.block[..len].iter_mut().zip(&hits.serial) {
                *block = Memristor::pulse_block(u64::from(serial), 1);
            }
            let Hits { key: items, block: blocks, pulse: out, .. } = &mut *hits;
            self.target.run(Each { key: memristor.pulses, items, blocks, len, out });
        }
        if self.spreads {
            let Hits { key: items, spread: out, .. } = &mut *hits;
            self.target.run(Each { key: memristor.spread, items, blocks: &[0; STRETCH], len, out });
        }
        let nominal = Cell::nominal(c);
        for hit in 0..len {
            let (key, serial) = (hits.key[hit], u64::from(hits.serial[hit]));
            let cell = if self.spreads { Cell::drawn(c, std::array::from_fn(|w| hits.spread[w][hit])) } else { nominal };
            let cell = cell.with_slopes(device, memristor.spread, key, 0);
            let (up, n) = (hits.count[hit] > 0.0, hits.count[hit].abs().min(MOST_PULSES) as u64);
            let word = |n: u64| match (self.draws, n) {
                (false, _) => 0,
                (true, 1..=4) => hits.pulse[n as usize - 1][hit],
                _ => memristor.word(key, serial, n),
            };
            let g = &mut values[usize::from(hits.spike[hit])];
            *g = W::of(memristor.apply(*g, up, n, &cell, word, &mut self.price)).wide();
        }
    }
}

/// How many pulses spikes are worth, each of which finds a trace; 0: no change.
struct Wanted<'a, R, const POST: bool> {
    memristor: &'a Memristor,
    rule: &'a R,
    scale: f64,
    trace: &'a [f64],
    g: &'a [f64],
    wanted: &'a mut [f64; STRETCH],
}

impl<R: Pair, const POST: bool> Kernel for Wanted<'_, R, POST> {
    type Output = ();
    #[inline(always)]
    fn run(self) {
        let map = self.memristor.map();
        for (wanted, (&g, &trace)) in self.wanted.iter_mut().zip(self.g.iter().zip(self.trace)) {
            let w = map.weight_of(g) / self.scale;
            let change = if POST { self.rule.on_post(w, trace) } else { self.rule.on_pre(w, trace) };
            let learns = !POST && R::AT_EVERY_PRE || trace != 0.0;
            *wanted = if learns { map.wanted(change * self.scale) } else { 0.0 };
        }
    }
}
