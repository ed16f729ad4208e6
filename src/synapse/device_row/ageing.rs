//! What time, wear and faults do to the devices of a stretch: as `Traits::after` and `Memristor::hit` have it one by one.

use crate::device::{Ageing, Common, normals, uniform};
use crate::math::real::Real;
use crate::math::vector::Kernel;
use crate::time::Time;

use super::super::row::STRETCH;
use super::Devices;
use super::work::{Changes, Hits, Own, Work};

/// The life of a device that never moves.
const STUCK: f64 = f64::NEG_INFINITY;

impl<W: Real> Devices<'_, W> {
    /// Draws how long each device lives, and how fast it relaxes; the words are those of its third block.
    pub(super) fn draw_lives(&mut self, slots: usize) {
        let (ageing, bank) = (&self.memristor.device.ageing, self.bank);
        let Work { own: Own { life, tau, .. }, changes: Changes { words, .. }, places, .. } = &mut *self.work;
        if ageing.endurance.is_some() {
            normals(&words[2][..slots], life, places, self.target);
            self.target.run(Lives { ageing, life });
        } else {
            life[..slots].fill(f64::INFINITY);
        }
        if bank.has_faults() {
            let [which, place, ..] = &*words;
            for ((life, &which), &place) in life.iter_mut().zip(which).zip(place).take(slots) {
                if bank.stuck(uniform(which), uniform(place)).is_some() {
                    *life = STUCK;
                }
            }
        }
        if ageing.retention.is_some() {
            normals(&words[3][..slots], tau, places, self.target);
            self.target.run(Constants { ageing, tau });
        }
    }

    /// Makes of the conductances in `hits.g`, which the last pulses left, those that the devices in `hits.slot` have at the times `at`.
    pub(super) fn age(&mut self, len: usize, at: impl Fn(usize) -> Time) {
        let Work { time, own, hits, .. } = &mut *self.work;
        let len = len.min(STRETCH);
        for i in 0..len {
            let slot = usize::from(hits.slot[i]) % STRETCH;
            hits.since[i] = (at(i) - time[slot]).seconds();
            (hits.nu[i], hits.tau[i], hits.life[i]) = (own.nu[slot], own.tau[slot], own.life[slot]);
        }
        hits.left[..len].copy_from_slice(&hits.g[..len]);
        let (ageing, common) = (&self.memristor.device.ageing, &self.memristor.device.common);
        self.target.run(Aged { ageing, common, len, hits });
    }

    /// Leaves the conductances `hits.left` to devices that are stuck or worn.
    pub(super) fn spare_dead(&mut self) {
        let Work { own, pulses, hits: Hits { len, slot, g, left, .. }, .. } = &mut *self.work;
        for ((g, &left), &slot) in g.iter_mut().zip(&*left).zip(&*slot).take(*len) {
            let slot = usize::from(slot) % STRETCH;
            if f64::from(pulses[slot]) >= own.life[slot] {
                *g = left;
            }
        }
    }

    /// Writing leaves no noise on devices that are stuck.
    pub(super) fn silence_stuck(&mut self, len: usize) {
        let Work { own, hits: Hits { slot, noise, .. }, .. } = &mut *self.work;
        for (noise, &slot) in noise.iter_mut().zip(&*slot).take(len) {
            if own.life[usize::from(slot) % STRETCH] == STUCK {
                *noise = 0.0;
            }
        }
    }
}

/// Lives of devices, from a standard normal number of each.
struct Lives<'a> {
    ageing: &'a Ageing,
    life: &'a mut [f64; STRETCH],
}

impl Kernel for Lives<'_> {
    type Output = ();
    #[inline(always)]
    fn run(self) {
        self.life.iter_mut().for_each(|life| *life = self.ageing.life(*life));
    }
}

/// Time constants of devices, from a standard normal number of each.
struct Constants<'a> {
    ageing: &'a Ageing,
    tau: &'a mut [f64; STRETCH],
}

impl Kernel for Constants<'_> {
    type Output = ();
    #[inline(always)]
    fn run(self) {
        if let Some(retention) = &self.ageing.retention {
            self.tau.iter_mut().for_each(|tau| *tau = retention.own_tau(*tau));
        }
    }
}

/// What time makes of conductances.
struct Aged<'a> {
    ageing: &'a Ageing,
    common: &'a Common,
    len: usize,
    hits: &'a mut Hits,
}

impl Kernel for Aged<'_> {
    type Output = ();
    #[inline(always)]
    fn run(self) {
        let Aged { ageing, common, .. } = self;
        let len = self.len.min(STRETCH);
        let Hits { g, left, since, nu, tau, life, .. } = self.hits;
        if let Some(drift) = ageing.drift {
            for i in 0..len {
                g[i] *= drift.factor(drift.exponent(common, left[i], nu[i]), since[i]);
            }
        }
        if let Some(retention) = ageing.retention {
            for i in 0..len {
                g[i] = retention.relaxed(g[i], since[i], tau[i]);
            }
        }
        for i in 0..len {
            let ages = (since[i] > 0.0) & (life[i] != STUCK);
            g[i] = if ages { g[i] } else { left[i] };
        }
    }
}

/// What reads see of the conductances in `hits.g` with noise that grows with the time since the last pulses left those in `hits.left`.
pub struct Flickering<'a> {
    pub ageing: &'a Ageing,
    pub common: &'a Common,
    pub len: usize,
    pub hits: &'a mut Hits,
}

impl Kernel for Flickering<'_> {
    type Output = ();
    #[inline(always)]
    fn run(self) {
        let Flickering { ageing, common: c, .. } = self;
        let Some(flicker) = ageing.flicker else { return };
        let Hits { g, left, since, noise, .. } = self.hits;
        for i in 0..self.len.min(STRETCH) {
            let flicker = flicker.sigma(c, left[i], since[i]);
            let sigma = (c.read_noise * c.read_noise + flicker * flicker).sqrt();
            g[i] = super::Memristor::seen(g[i], sigma, noise[i]);
        }
    }
}
