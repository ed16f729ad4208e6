//! From changes to pulses, and the pulses themselves.

use crate::device::{Cell, Law, MOST_PULSES, Pair, Pulses, constant_step, normals, soft_bounds};
use crate::math::real::Real;
use crate::math::vector::at_least;
use crate::rng::lanes::Each;

use super::super::Kept;
use super::super::memristor::Memristor;
use super::super::row::STRETCH;
use super::Devices;
use super::constants::sloped;
use super::kernels::{ByChance, Number, Sizes, Spent, Step, Sum};
use super::work::{Changes, Hits, Work};

impl<W: Real> Devices<'_, W> {
    /// Turns what changes are worth into pulses, and gives those. The changes are of the synapses in these places (ALL: of all, in order),
    /// whose first devices have the conductances `values`.
    #[inline]
    pub(super) fn give_all<const ALL: bool>(&mut self, places: &[u8], values: &mut [f64]) {
        self.number::<ALL>(places);
        let changes = places.len();
        if self.count > 1 {
            let first = places.iter().map(|&place| usize::from(place) * self.count);
            first.zip(&*values).for_each(|(slot, &g)| self.work.g[slot % STRETCH] = g);
        }
        if self.bank.refresh > 0.0 {
            self.work.changes.given[..changes].fill(0);
        }
        let (mut number, mut word) = (1, 1);
        while self.keep(number) > 0 {
            self.give(places, values, (word, false));
            if self.bank.pair == Pair::PushPull {
                word += 1;
                self.give(places, values, (word, true));
            }
            self.pass_turn(places);
            (number, word) = (number + 1, word + 1);
        }
        if self.count > 1 {
            let first = places.iter().map(|&place| usize::from(place) * self.count);
            first.zip(&mut *values).for_each(|(slot, g)| *g = self.work.g[slot % STRETCH]);
        }
    }

    /// Numbers the changes, draws their words, and turns what each is worth into whole pulses.
    #[inline]
    fn number<const ALL: bool>(&mut self, places: &[u8]) {
        let pulses = self.memristor.device.common.pulses;
        let Work { key: keys, updates, carry, changes, .. } = &mut *self.work;
        let len = places.len().min(STRETCH);
        if ALL {
            changes.key[..len].copy_from_slice(&keys[..len]);
            self.target.run(Number { updates, changes, len });
        } else {
            let Changes { count, key, serial, block, .. } = changes;
            for (change, &place) in places.iter().enumerate().take(len) {
                let place = usize::from(place) % STRETCH;
                key[change] = keys[place];
                serial[change] = updates[place];
                block[change] = Memristor::block_of(u64::from(updates[place]), 0);
                updates[place] = updates[place].wrapping_add(u32::from(count[change] != 0.0));
            }
        }
        let Changes { count, size, key, block, words, .. } = changes;
        if self.words {
            self.target.run(Each { key: self.memristor.pulses, items: key, blocks: block, len, out: words });
        }
        let count = &mut count[..len];
        match pulses {
            Pulses::Stochastic => self.target.run(ByChance { wanted: count, words: &words[0] }),
            Pulses::One => count.iter_mut().filter(|count| **count != 0.0).for_each(|count| *count = count.signum()),
            Pulses::Carry => {
                for (count, &place) in count.iter_mut().zip(places).filter(|(count, _)| **count != 0.0) {
                    *count = Memristor::carried(*count, &mut carry[usize::from(place) % STRETCH]);
                }
            }
        }
        self.target.run(Sizes { count, size });
    }

    /// Keeps the changes that have a pulse of this number, counted from 1, one number after the other; how many.
    #[inline]
    fn keep(&mut self, number: u32) -> usize {
        let Work { changes: Changes { count, size, .. }, hits: Hits { len, change, .. }, .. } = &mut *self.work;
        let (before, least) = ((*len).min(STRETCH), f64::from(number));
        *len = 0;
        if least > MOST_PULSES {
            return 0;
        }
        if let Ok(least) = i8::try_from(number) {
            for (part, sizes) in size.as_chunks().0.iter().enumerate() {
                let mut bits = at_least(sizes, least);
                while bits != 0 {
                    change[*len % STRETCH] = (64 * part) as u8 + bits.trailing_zeros() as u8;
                    *len += 1;
                    bits &= bits - 1;
                }
            }
            return *len;
        }
        for at in 0..before {
            let this = change[at];
            change[*len % STRETCH] = this;
            *len += usize::from(count[usize::from(this) % STRETCH].abs() >= least);
        }
        *len
    }

    /// Gives each change that is kept a pulse: to the device whose turn it is, or (`other`) to its counterpart in a push-pull pair. It has
    /// the random word of this number, if no refresh took some.
    #[inline]
    fn give(&mut self, places: &[u8], values: &mut [f64], (word, other): (u32, bool)) {
        let c = &self.memristor.device.common;
        if self.count == 1 {
            self.find_single(places, values);
        } else {
            self.find_slots(places, other);
        }
        if self.draws {
            self.draw_noise(word);
        }
        if self.timed {
            let at = self.work.changes.at;
            let change = self.work.hits.change;
            self.age(self.work.hits.len, |i| at[usize::from(change[i]) % STRETCH]);
        }
        let sloped = sloped(&self.memristor.device).is_some();
        let Work { own, hits, .. } = &mut *self.work;
        let len = hits.len.min(STRETCH);
        hits.own(c, own, sloped);
        self.pay();
        if self.mortal {
            self.work.hits.left = self.work.hits.g;
        }
        match &self.memristor.device.law {
            Law::SoftBounds => self.step(|cell, g, up| soft_bounds::step(c, cell, g, up)),
            Law::ConstantStep => self.step(|_, _, up| constant_step::step(c, up)),
            Law::LinearStep(law) => self.step(|cell, g, up| law.step(c, cell, g, up)),
            Law::ExpStep(law) => self.step(|cell, g, up| law.step(cell, g, up)),
            Law::PowStep(law) => self.step(|cell, g, up| law.step(c, cell, g, up)),
            Law::Querlioz(law) => self.step(|cell, g, up| law.step(c, cell, g, up)),
            Law::NeuroSim(law) => self.step(|_, g, up| law.step(g, up)),
            _ => self.step_one_by_one(word),
        }
        if self.mortal {
            self.spare_dead();
        }
        let Work { hits, pulses, g, time, changes, .. } = &mut *self.work;
        if self.timed {
            for (&slot, &change) in hits.slot[..len].iter().zip(&hits.change) {
                time[usize::from(slot) % STRETCH] = changes.at[usize::from(change) % STRETCH];
            }
        }
        if !self.cells.rest.pulses.is_empty() {
            for &slot in &hits.slot[..len] {
                let pulses = &mut pulses[usize::from(slot) % STRETCH];
                *pulses = pulses.saturating_add(1);
            }
        }
        if self.count == 1 {
            hits.g[..len].iter().zip(&hits.change).for_each(|(&g, &change)| values[usize::from(change)] = g);
        } else {
            hits.g[..len].iter().zip(&hits.slot).for_each(|(&new, &slot)| g[usize::from(slot) % STRETCH] = new);
        }
    }

    /// The device that gets the pulse of each change, in which direction, and its conductance, where a synapse has one.
    #[inline]
    fn find_single(&mut self, places: &[u8], values: &[f64]) {
        let Work { changes, hits, .. } = &mut *self.work;
        for at in 0..hits.len.min(STRETCH) {
            let change = usize::from(hits.change[at]) % STRETCH;
            (hits.slot[at], hits.up[at], hits.g[at]) = (places[change], changes.count[change] > 0.0, values[change]);
        }
    }

    /// The same where a synapse has several.
    #[inline]
    fn find_slots(&mut self, places: &[u8], other: bool) {
        let (count, devices, pair) = (self.count, self.bank.devices, self.bank.pair);
        let Work { changes, hits, turn, g, .. } = &mut *self.work;
        for at in 0..hits.len.min(STRETCH) {
            let change = usize::from(hits.change[at]) % STRETCH;
            let place = usize::from(places[change]) % STRETCH;
            let up = changes.count[change] > 0.0;
            changes.given[change] = changes.given[change].wrapping_add(1);
            let nth = usize::from(turn[place][usize::from(pair == Pair::OneSided && !up)]);
            let (nth, up) = match pair {
                Pair::None => (nth, up),
                Pair::OneSided => (if up { nth } else { nth + devices }, true),
                Pair::PushPull if other => (nth + devices, !up),
                Pair::PushPull => (nth, up),
            };
            let slot = (place * count + nth) % STRETCH;
            (hits.slot[at], hits.up[at], hits.g[at]) = (slot as u8, up, g[slot]);
        }
    }

    /// Draws the random numbers of these pulses: with refreshes each has the word of the number of pulses that its change has given.
    #[inline]
    fn draw_noise(&mut self, number: u32) {
        let refreshes = self.bank.refresh > 0.0;
        let Work { changes, hits, key_of_hit, block_of_hit, places, .. } = &mut *self.work;
        let Changes { key, serial, block, given, words, .. } = changes;
        let len = hits.len.min(STRETCH);
        let change = |at: u8| usize::from(at) % STRETCH;
        let word = number as usize % 4;
        if refreshes {
            // A refresh takes words too, so that the numbers differ.
            for at in 0..len {
                let of = change(hits.change[at]);
                (key_of_hit[at], block_of_hit[at]) =
                    (key[of], Memristor::block_of(u64::from(serial[of]), u64::from(given[of])));
            }
            let (items, blocks) = (&*key_of_hit, &*block_of_hit);
            self.target.run(Each { key: self.memristor.pulses, items, blocks, len, out: words });
            for at in 0..len {
                hits.word[at] = words[given[change(hits.change[at])] as usize % 4][at];
            }
        } else {
            if word == 0 {
                for (block, &serial) in block.iter_mut().zip(&*serial) {
                    *block = Memristor::block_of(u64::from(serial), u64::from(number));
                }
                let (len, items) = (usize::from(hits.change[len - 1]) + 1, &*key);
                self.target.run(Each { key: self.memristor.pulses, items, blocks: block, len, out: words });
            }
            for at in 0..len {
                hits.word[at] = words[word][change(hits.change[at])];
            }
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
        let set = up.iter().map(|&up| u32::from(up)).sum::<u32>();
        self.price.set_pulses += u64::from(set);
        self.price.reset_pulses += len as u64 - u64::from(set);
        for (wanted, per_siemens, energy) in
            [(true, c.price_up, &mut self.price.set), (false, c.price_down, &mut self.price.reset)]
        {
            let Some(per_siemens) = per_siemens else { continue };
            if let Law::Physical(law) = &self.memristor.device.law {
                for ((joules, &g), &up) in joules.iter_mut().zip(g).zip(up) {
                    *joules = if up == wanted { law.energy(g, up).unwrap_or(0.0) } else { 0.0 };
                }
                self.target.run(Sum { energy, joules });
            } else {
                self.target.run(Spent { wanted, per_siemens, g, up, joules, energy });
            }
        }
    }

    /// The pulses, as vector code, of devices whose steps are by this law.
    #[inline]
    fn step(&mut self, size: impl Fn(&Cell, f64, bool) -> f64) {
        self.target.run(Step { common: &self.memristor.device.common, size, hits: &mut self.work.hits });
    }

    /// The pulses of other devices, of this number if no refresh took some.
    fn step_one_by_one(&mut self, number: u32) {
        let (memristor, refreshes) = (self.memristor, self.bank.refresh > 0.0);
        let Work { changes: Changes { key, serial, given, .. }, hits, .. } = &mut *self.work;
        for at in 0..hits.len {
            let of = usize::from(hits.change[at]) % STRETCH;
            let number = if refreshes { given[of] } else { number };
            let second = || memristor.second_word(key[of], u64::from(serial[of]), u64::from(number));
            hits.g[at] = memristor.device.pulse(&hits.cell(at), hits.g[at], hits.up[at], hits.word[at], second);
        }
    }

    /// The next device of each synapse that got a pulse has the next one; pairs that need it are refreshed before.
    #[inline]
    fn pass_turn(&mut self, places: &[u8]) {
        if self.count == 1 {
            return;
        }
        let devices = self.bank.devices;
        for at in 0..self.work.hits.len {
            let change = usize::from(self.work.hits.change[at]);
            let place = usize::from(places[change]);
            let side = usize::from(self.bank.pair == Pair::OneSided && self.work.changes.count[change] < 0.0);
            let nth = usize::from(self.work.turn[place][side]);
            self.work.turn[place][side] = ((nth + 1) % devices) as u8;
            if self.bank.refresh > 0.0 {
                self.refresh(change, place, nth);
            }
        }
    }

    /// Resets both devices of a pair if it needs that.
    fn refresh(&mut self, change: usize, place: usize, nth: usize) {
        let (count, devices) = (self.count, self.bank.devices);
        let Work { key, changes, pulses, g, time, visit, .. } = &mut *self.work;
        let slots = place * count..(place + 1) * count;
        let both = [g[slots.start + nth], g[slots.start + nth + devices]];
        if !self.timed && !self.memristor.needs_refresh(both) {
            return;
        }
        let mut kept = Kept { key: key[place], ..Kept::default() };
        for (held, slot) in kept.held.iter_mut().zip(slots.clone()) {
            (held.g, held.pulses, held.at) = (g[slot], pulses[slot], time[slot]);
        }
        let (serial, mut words) = (u64::from(changes.serial[change]), u64::from(changes.given[change]));
        self.memristor.refresh(&mut kept, nth, serial, &mut words, changes.at[change], visit);
        changes.given[change] = words as u32;
        for (held, slot) in kept.held.iter().zip(slots) {
            (g[slot], pulses[slot], time[slot]) = (held.g, held.pulses, held.at);
        }
        self.price.merge(&std::mem::take(&mut visit.price));
    }
}
