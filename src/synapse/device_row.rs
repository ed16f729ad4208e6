//! Runs of synapses that are one plain device each: changes become pulses, and pulses steps of the conductance.
//!
//! Three passes over the spikes of a stretch: how many pulses each is worth (vector code), which of them are given (a random
//! word each, made for the whole stretch at once), and the pulses themselves, of which a change has seldom more than one. The
//! same bits as [`Memristor::change`] gives one by one.

use std::marker::PhantomData;

use crate::device::{Cell, Common, Law, MOST_PULSES, Pulses, constant_step, normal, normals, soft_bounds};
use crate::math::vector::{Kernel, Target};
use crate::neuron::Real;
use crate::plasticity::Pair;
use crate::rng::lanes::Each;

use super::memristor::{Memristor, WORDS_PER_BLOCK};
use super::row::{Holder, STRETCH, Spikes, Stretch};
use super::{Cells, Price};

/// Random words of a stretch: word w of place p is `[w][p]`.
type Words = [[u32; STRETCH]; 4];

/// Room for a stretch.
#[derive(Clone, Debug)]
pub(super) struct Work {
    /// The key of each device.
    key: [u64; STRETCH],
    /// Changes proposed to each by now.
    updates: [u32; STRETCH],
    /// The block of random words that the changes of each are in, and a change that it has a word for.
    chance: Words,
    begun: [u32; STRETCH],
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
    /// Words of the first pulses, or of the device's own constants.
    words: Words,
    /// The first pulse's standard normal number.
    noise: [f64; STRETCH],
    /// The conductance, the size of a step relative to the nominal one, and the bounds.
    g: [f64; STRETCH],
    factor: [f64; STRETCH],
    low: [f64; STRETCH],
    high: [f64; STRETCH],
}

impl Work {
    pub fn new() -> Work {
        let zeros = [0.0; STRETCH];
        let hits = Hits {
            len: 0,
            spike: [0; STRETCH],
            count: zeros,
            key: [0; STRETCH],
            serial: [0; STRETCH],
            block: [0; STRETCH],
            words: [[0; STRETCH]; 4],
            noise: zeros,
            g: zeros,
            factor: zeros,
            low: zeros,
            high: zeros,
        };
        Work {
            key: [0; STRETCH],
            begun: [0; STRETCH],
            updates: [0; STRETCH],
            chance: [[0; STRETCH]; 4],
            wanted: zeros,
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
            let mut block = [0; STRETCH];
            for (block, &n) in block.iter_mut().zip(&work.begun[..stretch.len]) {
                *block = u64::from(n / WORDS_PER_BLOCK);
            }
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
        let mut serial = [0; STRETCH];
        // Synapses whose words so far are used up; the number is `hits.len`, for their room is that of the hits.
        hits.len = 0;
        for (spike, (&place, &wanted)) in places.iter().zip(&*wanted).enumerate() {
            let place = usize::from(place) % STRETCH;
            let number = updates[place];
            serial[spike] = number;
            updates[place] = number.wrapping_add(u32::from(wanted != 0.0));
            let at = hits.len % STRETCH;
            (hits.spike[at], hits.key[at], hits.block[at]) =
                (place as u8, key[place], u64::from(number / WORDS_PER_BLOCK));
            hits.len += usize::from(number / WORDS_PER_BLOCK != begun[place] / WORDS_PER_BLOCK);
        }
        let mut word = [0; STRETCH];
        if stochastic {
            if hits.len > 0 {
                let Hits { len, spike, key: items, block: blocks, words: out, .. } = &mut *hits;
                self.target.run(Each { key: memristor.pulses, items, blocks, len: *len, out });
                for (other, &place) in spike[..*len].iter().enumerate() {
                    let place = usize::from(place) % STRETCH;
                    begun[place] = blocks[other] as u32 * WORDS_PER_BLOCK;
                    chance.iter_mut().zip(&*out).for_each(|(to, from)| to[place] = from[other]);
                }
            }
            for (word, (&place, &serial)) in word.iter_mut().zip(places.iter().zip(&serial)) {
                *word = chance[(serial % WORDS_PER_BLOCK) as usize][usize::from(place) % STRETCH];
            }
        }
        let wanted = &mut wanted[..places.len()];
        if stochastic {
            self.target.run(ByChance { wanted, words: &word });
        } else {
            wanted.iter_mut().filter(|wanted| **wanted != 0.0).for_each(|wanted| *wanted = wanted.signum());
        }
        hits.len = 0;
        for (spike, (&place, &count)) in places.iter().zip(&*wanted).enumerate() {
            // Written whether it is one or not, which is cheaper than to ask.
            let at = hits.len % STRETCH;
            (hits.spike[at], hits.count[at]) = (spike as u8, count);
            (hits.key[at], hits.serial[at]) = (key[usize::from(place) % STRETCH], serial[spike]);
            hits.len += usize::from(count != 0.0);
        }
    }

    /// Gives the pulses that were chosen.
    #[inline]
    fn give(&mut self, values: &mut [f64]) {
        if self.work.hits.len == 0 {
            return;
        }
        self.draw_spread();
        self.draw_noise();
        let hits = &mut self.work.hits;
        for (g, &spike) in hits.g[..hits.len].iter_mut().zip(&hits.spike) {
            *g = values[usize::from(spike)];
        }
        let c = &self.memristor.device.common;
        match &self.memristor.device.law {
            Law::SoftBounds => self.first(|cell, g, up| soft_bounds::step(c, cell, g, up)),
            Law::ConstantStep => self.first(|_, _, up| constant_step::step(c, up)),
            Law::LinearStep(law) if !law.is_spread() => self.first(|cell, g, up| law.step(c, cell, g, up)),
            _ => self.all(),
        }
        let hits = &self.work.hits;
        for (&g, &spike) in hits.g[..hits.len].iter().zip(&hits.spike) {
            values[usize::from(spike)] = W::of(g).wide();
        }
    }

    /// Draws the constants of the devices that get pulses.
    #[inline]
    fn draw_spread(&mut self) {
        let (memristor, c) = (self.memristor, &self.memristor.device.common);
        let Hits { len, key: items, block: blocks, words, count, factor, low, high, .. } = &mut self.work.hits;
        let len = (*len).min(STRETCH);
        let (count, factor) = (&count[..len], &mut factor[..len]);
        low[..len].fill(c.g_min);
        high[..len].fill(c.g_max);
        if !self.spreads {
            return factor.fill(1.0);
        }
        blocks[..len].fill(0);
        self.target.run(Each { key: memristor.spread, items, blocks, len, out: words });
        if c.differs_in_steps_alone() {
            // As `Cell::drawn`, with all that is 0 left out.
            self.target.run(Normals { words: &words[0][..len], out: factor });
            for (factor, &count) in factor.iter_mut().zip(count) {
                let share = if count > 0.0 { 1.0 } else { c.spread_down };
                *factor = (1.0 + c.sigma_d2d * *factor * share).max(0.0);
            }
            return;
        }
        for hit in 0..len {
            let cell = Cell::drawn(c, std::array::from_fn(|w| words[w][hit]));
            factor[hit] = if count[hit] > 0.0 { cell.up } else { cell.down };
            (low[hit], high[hit]) = (cell.g_min, cell.g_max);
        }
    }

    /// Draws the random numbers of the first pulses.
    #[inline]
    fn draw_noise(&mut self) {
        if self.draws {
            let Hits { len, key: items, words, block: blocks, serial, noise, .. } = &mut self.work.hits;
            let len = (*len).min(STRETCH);
            for (block, &serial) in blocks[..len].iter_mut().zip(&*serial) {
                *block = Memristor::pulse_block(u64::from(serial), 1);
            }
            self.target.run(Each { key: self.memristor.pulses, items, blocks, len, out: words });
            self.target.run(Normals { words: &words[0][..len], out: &mut noise[..len] });
        }
    }

    /// Gives the first pulse of each change as vector code, whose steps are by this law, and the others, which are rare, one by
    /// one.
    #[inline]
    fn first(&mut self, size: impl Fn(&Cell, f64, bool) -> f64) {
        let c = &self.memristor.device.common;
        let hits = &mut self.work.hits;
        for (&count, &g) in hits.count[..hits.len].iter().zip(&hits.g) {
            let up = count > 0.0;
            self.price.pulse(up, if up { c.price_up } else { c.price_down }, g);
        }
        self.target.run(First { common: c, size, hits });
        for hit in 0..self.work.hits.len {
            if self.work.hits.count[hit].abs() > 1.0 {
                self.one_by_one(hit, 2);
            }
        }
    }

    /// Gives all pulses of all changes one by one.
    fn all(&mut self) {
        (0..self.work.hits.len).for_each(|hit| self.one_by_one(hit, 1));
    }

    /// Gives the pulses of a change from the n-th on, counted from 1.
    fn one_by_one(&mut self, hit: usize, from: u64) {
        let (memristor, device) = (self.memristor, &self.memristor.device);
        let hits = &self.work.hits;
        let (key, serial, factor) = (hits.key[hit], u64::from(hits.serial[hit]), hits.factor[hit]);
        let (g_min, g_max) = (hits.low[hit], hits.high[hit]);
        let cell = Cell { g_min, g_max, up: factor, down: factor, slope: [0.0; 2] };
        let cell = cell.with_slopes(device, memristor.spread, key, 0);
        let (up, n) = (hits.count[hit] > 0.0, hits.count[hit].abs().min(MOST_PULSES) as u64);
        let word = |n: u64| match (self.draws, n) {
            (false, _) => 0,
            (true, 1..=4) => hits.words[n as usize - 1][hit],
            _ => memristor.word(key, serial, n),
        };
        let g = memristor.apply(hits.g[hit], up, from..=n, &cell, word, &mut self.price);
        self.work.hits.g[hit] = g;
    }
}

/// The first pulse of each change.
struct First<'a, F> {
    common: &'a Common,
    size: F,
    hits: &'a mut Hits,
}

impl<F: Fn(&Cell, f64, bool) -> f64> Kernel for First<'_, F> {
    type Output = ();
    #[inline(always)]
    fn run(self) {
        let Hits { len, g, count, noise, factor, low, high, .. } = self.hits;
        let len = (*len).min(STRETCH);
        for hit in 0..len {
            let cell = Cell { g_min: low[hit], g_max: high[hit], up: factor[hit], down: factor[hit], slope: [0.0; 2] };
            let up = count[hit] > 0.0;
            g[hit] = self.common.moved(&cell, g[hit], up, (self.size)(&cell, g[hit], up), noise[hit]);
        }
    }
}

/// Makes standard normal numbers of random words.
struct Normals<'a> {
    words: &'a [u32],
    out: &'a mut [f64],
}

impl Kernel for Normals<'_> {
    type Output = ();
    #[inline(always)]
    fn run(self) {
        normals(self.words, self.out);
    }
}

/// Makes whole numbers of pulses.
struct ByChance<'a> {
    wanted: &'a mut [f64],
    words: &'a [u32; STRETCH],
}

impl Kernel for ByChance<'_> {
    type Output = ();
    #[inline(always)]
    fn run(self) {
        for (wanted, &word) in self.wanted.iter_mut().zip(self.words) {
            *wanted = Memristor::by_chance(*wanted, word);
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
