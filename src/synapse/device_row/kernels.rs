//! The loops over a stretch of devices.

use std::marker::PhantomData;

use crate::device::{Cell, Common, Device};
use crate::math::real::Real;
use crate::math::vector::Kernel;
use crate::plasticity::Pair;

use super::super::row::STRETCH;
use super::super::{Energy, memristor::Memristor};
use super::work::{Changes, Hits, Own};

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

/// Constants of devices that differ in more, from the standard normal numbers of [`Common::spreads`] in `up`, `down`, `high` and `low`.
pub struct Spreads<'a> {
    pub common: &'a Common,
    pub len: usize,
    pub own: &'a mut Own,
}

impl Kernel for Spreads<'_> {
    type Output = ();
    #[inline(always)]
    fn run(self) {
        let Own { up, down, low, high, .. } = self.own;
        for (((up, down), low), high) in up.iter_mut().zip(down).zip(low).zip(high).take(self.len) {
            let cell = Cell::of_normals(self.common, [*up, *down, *high, *low]);
            (*up, *down, *low, *high) = (cell.up, cell.down, cell.g_min, cell.g_max);
        }
    }
}

/// What shows of the conductances in `hits.g`: with noise of the size `write_noise`, less the references in `hits.factor`, one of the levels. In
/// `hits.joules`: through what a read's current flows.
pub struct Show<'a> {
    pub device: &'a Device,
    pub len: usize,
    pub hits: &'a mut Hits,
}

impl Kernel for Show<'_> {
    type Output = ();
    #[inline(always)]
    fn run(self) {
        let write_noise = self.device.common.write_noise;
        let Hits { g, noise, factor, joules, .. } = self.hits;
        let of_each = g.iter_mut().zip(joules).zip(&*noise).zip(&*factor);
        for (((g, taken), &noise), &reference) in of_each.take(self.len) {
            let shown = if write_noise > 0.0 { *g + write_noise * noise } else { *g };
            *g = self.device.shown(shown, reference);
            *taken = self.device.taken(shown, reference, *g);
        }
    }
}

/// What reads see of the conductances in `hits.g` with noise of this relative size.
pub struct Seen<'a> {
    pub sigma: f64,
    pub len: usize,
    pub hits: &'a mut Hits,
}

impl Kernel for Seen<'_> {
    type Output = ();
    #[inline(always)]
    fn run(self) {
        let Hits { g, noise, .. } = self.hits;
        g.iter_mut().zip(&*noise).take(self.len).for_each(|(g, &noise)| *g = Memristor::seen(*g, self.sigma, noise));
    }
}

/// Shares of the range, from sums over the devices of each side.
pub struct Shares<'a> {
    pub pair: bool,
    pub devices: f64,
    pub range: f64,
    pub sides: &'a [[f64; STRETCH]; 2],
    pub len: usize,
    pub shown: &'a mut [f64; STRETCH],
}

impl Kernel for Shares<'_> {
    type Output = ();
    #[inline(always)]
    fn run(self) {
        let Shares { pair, devices, range, sides: [plus, minus], .. } = self;
        for ((share, &plus), &minus) in self.shown.iter_mut().zip(plus).zip(minus).take(self.len) {
            *share = Memristor::share([plus, minus], pair, devices, range);
        }
    }
}

/// Numbers the changes of all synapses, in order, and says which block of random words each begins with.
pub struct Number<'a> {
    pub updates: &'a mut [u32; STRETCH],
    pub changes: &'a mut Changes,
    pub len: usize,
}

impl Kernel for Number<'_> {
    type Output = ();
    #[inline(always)]
    fn run(self) {
        let Changes { count, serial, block, .. } = self.changes;
        let len = self.len.min(STRETCH);
        serial[..len].copy_from_slice(&self.updates[..len]);
        for (block, &serial) in block.iter_mut().zip(&serial[..len]) {
            *block = Memristor::block_of(u64::from(serial), 0);
        }
        for (updates, &count) in self.updates[..len].iter_mut().zip(&*count) {
            *updates = updates.wrapping_add(u32::from(count != 0.0));
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

/// Puts down in a byte how many pulses each change gets: 127 if it is more.
pub struct Sizes<'a> {
    pub count: &'a [f64],
    pub size: &'a mut [i8; STRETCH],
}

impl Kernel for Sizes<'_> {
    type Output = ();
    #[inline(always)]
    fn run(self) {
        let (size, rest) = self.size.split_at_mut(self.count.len().min(STRETCH));
        for (size, count) in size.iter_mut().zip(self.count) {
            // Adding 2^52 leaves a whole number in the low bits; a conversion that knows its bounds is no vector code.
            const WHOLE: f64 = 4_503_599_627_370_496.0;
            let (count, most) = (count.abs(), f64::from(i8::MAX));
            *size = (if count > most { most } else { count } + WHOLE).to_bits() as i8;
        }
        rest.fill(0);
    }
}

/// How many pulses spikes are worth, each of which finds a trace; 0: no change. PLAIN: what shows is a
/// conductance, else a share of the range.
pub struct Wanted<'a, R, const POST: bool, const PLAIN: bool> {
    pub memristor: &'a Memristor,
    pub rule: &'a R,
    pub scale: f64,
    pub trace: &'a [f64],
    pub shown: &'a [f64],
    pub wanted: &'a mut [f64; STRETCH],
}

impl<R: Pair, const POST: bool, const PLAIN: bool> Kernel for Wanted<'_, R, POST, PLAIN> {
    type Output = ();
    #[inline(always)]
    fn run(self) {
        let map = self.memristor.map();
        for (wanted, (&shown, &trace)) in self.wanted.iter_mut().zip(self.shown.iter().zip(self.trace)) {
            let w = if PLAIN { map.weight_of(shown) } else { map.weight_at(shown) } / self.scale;
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

/// Adds up what pulses cost that go up (`wanted`) or down, each as much as its conductance says.
pub struct Spent<'a> {
    pub wanted: bool,
    pub per_siemens: f64,
    pub g: &'a [f64],
    pub up: &'a [bool],
    pub joules: &'a mut [f64],
    pub energy: &'a mut Energy,
}

impl Kernel for Spent<'_> {
    type Output = ();
    #[inline(always)]
    fn run(self) {
        for ((joules, &g), &up) in self.joules.iter_mut().zip(self.g).zip(self.up) {
            *joules = if up == self.wanted { self.per_siemens * g } else { 0.0 };
        }
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

/// The weights that reads of plain devices see.
pub struct Plain<'a, W> {
    pub memristor: &'a Memristor,
    pub gain: Option<f64>,
    pub values: &'a [f64],
    /// A standard normal number for each, where reads are noisy.
    pub noise: &'a [f64; STRETCH],
    pub out: &'a mut [f64; STRETCH],
    pub width: PhantomData<W>,
}

impl<W: Real> Kernel for Plain<'_, W> {
    type Output = ();
    #[inline(always)]
    fn run(self) {
        let Plain { memristor, values, noise, out, .. } = self;
        let sigma = memristor.device.common.read_noise;
        if sigma == 0.0 {
            out.iter_mut().zip(values).for_each(|(out, &g)| *out = memristor.weight_of(g));
        } else {
            for ((out, &g), &noise) in out.iter_mut().zip(values).zip(noise) {
                *out = memristor.weight_of(Memristor::seen(g, sigma, noise));
            }
        }
        scale::<W>(&mut out[..values.len()], self.gain);
    }
}

/// The weights that reads of other synapses see, from the shares of the range at which those show.
pub struct Weights<'a, W> {
    pub memristor: &'a Memristor,
    pub gain: Option<f64>,
    pub shares: &'a [f64],
    pub out: &'a mut [f64; STRETCH],
    pub width: PhantomData<W>,
}

impl<W: Real> Kernel for Weights<'_, W> {
    type Output = ();
    #[inline(always)]
    fn run(self) {
        let (map, shares) = (self.memristor.map(), self.shares);
        self.out.iter_mut().zip(shares).for_each(|(out, &share)| *out = map.weight_at(share));
        scale::<W>(&mut self.out[..shares.len()], self.gain);
    }
}

/// What is transmitted of weights, with short-term plasticity.
#[inline(always)]
fn scale<W: Real>(weights: &mut [f64], gain: Option<f64>) {
    if let Some(gain) = gain {
        weights.iter_mut().for_each(|weight| *weight = W::of(*weight * gain).wide());
    }
}
