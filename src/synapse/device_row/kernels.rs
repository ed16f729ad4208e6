//! The loops over a stretch of devices.

use std::marker::PhantomData;

use crate::device::{Cell, Common};
use crate::math::vector::Kernel;
use crate::neuron::Real;
use crate::plasticity::Pair;

use super::super::{Energy, memristor::Memristor};
use super::STRETCH;
use super::work::Hits;

/// Pulses of one number.
pub struct Step<'a, F> {
    pub common: &'a Common,
    pub size: F,
    pub hits: &'a mut Hits,
}

impl<F: Fn(&Cell, f64, bool) -> f64> Kernel for Step<'_, F> {
    type Output = ();
    #[inline(always)]
    fn run(self) {
        for at in 0..self.hits.len.min(STRETCH) {
            let (cell, g, up) = (self.hits.cell(at), self.hits.g[at], self.hits.up[at]);
            self.hits.g[at] = self.common.moved(&cell, g, up, (self.size)(&cell, g, up), self.hits.noise[at]);
        }
    }
}

/// Factors of devices that differ in the size of their steps alone, from the standard normal number of each in `up`: as
/// `Cell::drawn`, with all that is 0 left out.
pub struct Steps<'a> {
    pub common: &'a Common,
    pub up: &'a mut [f64; STRETCH],
    pub down: &'a mut [f64; STRETCH],
}

impl Kernel for Steps<'_> {
    type Output = ();
    #[inline(always)]
    fn run(self) {
        let Common { sigma_d2d, spread_down, .. } = *self.common;
        for (up, down) in self.up.iter_mut().zip(self.down) {
            let deviation = sigma_d2d * *up;
            (*up, *down) = ((1.0 + deviation).max(0.0), (1.0 + deviation * spread_down).max(0.0));
        }
    }
}

/// Makes whole numbers of pulses.
pub struct ByChance<'a> {
    pub wanted: &'a mut [f64],
    pub words: &'a [u32; STRETCH],
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
pub struct Wanted<'a, R, const POST: bool> {
    pub memristor: &'a Memristor,
    pub rule: &'a R,
    pub scale: f64,
    pub trace: &'a [f64],
    pub g: &'a [f64],
    pub wanted: &'a mut [f64; STRETCH],
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

/// Adds up energies.
pub struct Sum<'a> {
    pub energy: &'a mut Energy,
    pub joules: &'a [f64],
}

impl Kernel for Sum<'_> {
    type Output = ();
    #[inline(always)]
    fn run(self) {
        self.energy.add_all(self.joules);
    }
}

/// Rounds conductances to the width in which they are stored.
pub struct Rounded<'a, W> {
    pub values: &'a mut [f64],
    pub width: PhantomData<W>,
}

impl<W: Real> Kernel for Rounded<'_, W> {
    type Output = ();
    #[inline(always)]
    fn run(self) {
        self.values.iter_mut().for_each(|value| *value = W::of(*value).wide());
    }
}

/// The weights that reads of these conductances see.
pub struct Weights<'a, W> {
    pub memristor: &'a Memristor,
    pub gain: Option<f64>,
    pub values: &'a [f64],
    /// A standard normal number for each, where reads are noisy.
    pub noise: &'a [f64; STRETCH],
    pub out: &'a mut [f64; STRETCH],
    pub width: PhantomData<W>,
}

impl<W: Real> Kernel for Weights<'_, W> {
    type Output = ();
    #[inline(always)]
    fn run(self) {
        let Weights { memristor, values, noise, out, .. } = self;
        if memristor.device.common.read_noise == 0.0 {
            out.iter_mut().zip(values).for_each(|(out, &g)| *out = memristor.weight_of(g));
        } else {
            out.iter_mut().zip(values).zip(noise).for_each(|((out, &g), &noise)| *out = memristor.noisy(g, noise));
        }
        if let Some(gain) = self.gain {
            out.iter_mut().take(values.len()).for_each(|weight| *weight = W::of(*weight * gain).wide());
        }
    }
}
