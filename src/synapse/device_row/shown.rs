//! What shows of synapses whose devices do not show what they store, or are several.

use crate::device::{Law, Pair, normals};
use crate::math::real::Real;
use crate::rng::lanes::Each;
use crate::time::Time;

use super::super::memristor::Memristor;
use super::super::row::STRETCH;
use super::Devices;
use super::ageing::Flickering;
use super::kernels::{Seen, Shares, Show, Sum};
use super::work::{Changes, Work};

impl<W: Real> Devices<'_, W> {
    /// Leaves in `shown` the share of the range at which the synapses in these places show; with `reading` as a read sees them, which is paid.
    /// `values` are the conductances of their first devices; `at` is when, where that matters.
    #[inline]
    pub(super) fn show(&mut self, places: &[u8], values: &[f64], at: &[Time], reading: bool) {
        let (device, len) = (&self.memristor.device, places.len().min(STRETCH));
        self.work.sides.iter_mut().for_each(|side| side[..len].fill(0.0));
        for nth in 0..self.count {
            let slot = |place: u8, count: usize| (usize::from(place) * count + nth) % STRETCH;
            let Work { g, hits, .. } = &mut *self.work;
            for (at, &place) in places.iter().enumerate().take(len) {
                hits.slot[at] = slot(place, self.count) as u8;
            }
            let slots = &hits.slot[..len];
            if nth == 0 {
                hits.g[..len].copy_from_slice(&values[..len]);
            } else {
                hits.g.iter_mut().zip(slots).for_each(|(to, &slot)| *to = g[usize::from(slot) % STRETCH]);
            }
            if self.timed {
                self.age(len, |i| at[i]);
            }
            let Work { own, hits, .. } = &mut *self.work;
            let slots = &hits.slot[..len];
            // In `factor`, which is not used until pulses are given.
            if device.reference.is_some() {
                let reference = hits.factor.iter_mut().zip(slots);
                reference.for_each(|(to, &slot)| *to = own.reference[usize::from(slot) % STRETCH]);
            } else {
                hits.factor[..len].fill(0.0);
            }
            self.draw_write_noise(places, nth);
            if self.mortal && device.common.write_noise > 0.0 {
                self.silence_stuck(len);
            }
            let hits = &mut self.work.hits;
            self.target.run(Show { device, len, hits });
            if reading {
                self.read(len, nth);
            }
            let Work { hits, sides, .. } = &mut *self.work;
            let (side, g_min) = (&mut sides[nth / self.bank.devices], device.common.g_min);
            side.iter_mut().zip(&hits.g[..len]).for_each(|(side, g)| *side += g - g_min);
        }
        let Work { sides, shown, .. } = &mut *self.work;
        let (pair, devices, range) = (self.bank.pair != Pair::None, self.bank.devices as f64, device.common.range());
        self.target.run(Shares { pair, devices, range, sides, len, shown });
    }

    /// Draws the noise of what the `nth` devices show since their last pulses.
    #[inline]
    fn draw_write_noise(&mut self, synapses: &[u8], nth: usize) {
        if self.memristor.device.common.write_noise == 0.0 {
            return;
        }
        let Work { key: keys, pulses, changes: Changes { key, block, words, .. }, hits, places, .. } = &mut *self.work;
        let len = synapses.len().min(STRETCH);
        for at in 0..len {
            let place = usize::from(synapses[at]) % STRETCH;
            let pulses = pulses[usize::from(hits.slot[at]) % STRETCH];
            (key[at], block[at]) = (keys[place], Memristor::write_block(nth, pulses));
        }
        let key = &*key;
        self.target.run(Each { key: self.memristor.pulses, items: key, blocks: block, len, out: words });
        normals(&words[0][..len], &mut hits.noise, places, self.target);
    }

    /// Reads the `nth` devices, which show what is in `hits.g`.
    #[inline]
    fn read(&mut self, len: usize, nth: usize) {
        let c = &self.memristor.device.common;
        self.pay_reads(len);
        let ageing = &self.memristor.device.ageing;
        self.draw_read_noise(len, nth);
        let hits = &mut self.work.hits;
        if ageing.flicker.is_some() {
            self.target.run(Flickering { ageing, common: c, len, hits });
        } else if c.read_noise > 0.0 {
            self.target.run(Seen { sigma: (c.read_noise * c.read_noise).sqrt(), len, hits });
        }
    }

    /// What reads cost whose current flows through the conductances in `hits.joules`, if they have a price: as [`Device::read_energy`].
    ///
    /// [`Device::read_energy`]: crate::device::Device::read_energy
    #[inline]
    pub(super) fn pay_reads(&mut self, len: usize) {
        let device = &self.memristor.device;
        let Some(per_siemens) = device.common.price_read else { return };
        let joules = &mut self.work.hits.joules[..len];
        if let Law::Physical(law) = &device.law {
            joules.iter_mut().for_each(|joules| *joules = per_siemens * *joules * law.read_factor(*joules));
        } else {
            joules.iter_mut().for_each(|joules| *joules *= per_siemens);
        }
        self.target.run(Sum { energy: &mut self.price.read, joules });
    }

    /// Draws the noise of reads of the `nth` devices of the first `len` synapses, where there is any.
    #[inline]
    pub(super) fn draw_read_noise(&mut self, len: usize, nth: usize) {
        let device = &self.memristor.device;
        if device.common.read_noise == 0.0 && device.ageing.flicker.is_none() {
            return;
        }
        let Work { key, changes: Changes { block, words, .. }, hits, places, .. } = &mut *self.work;
        // Four devices share a block.
        block[..len].fill(Memristor::read_block(self.ordinal) | (nth / 4) as u64);
        self.target.run(Each { key: self.memristor.reads, items: key, blocks: block, len, out: words });
        normals(&words[nth % 4][..len], &mut hits.noise, places, self.target);
    }
}
