//! One device's own constants: a function of its key, drawn when they are needed and never stored.

use crate::math::exp_held;
use crate::math::vector::{Kernel, Target};
use crate::rng::StreamKey;
use crate::sample::{Places, Quantile};

use super::{Common, Device, Law};

/// A device of a projection: what distinguishes it from the others.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cell {
    /// Its smallest conductance \[S\].
    pub g_min: f64,
    /// Its largest conductance \[S\].
    pub g_max: f64,
    /// Factor of its potentiating steps, 0 or more.
    pub up: f64,
    /// Factor of its depressing steps, 0 or more.
    pub down: f64,
    /// How far the slopes of its steps, up and down, are from the nominal ones (`linear_step` only).
    pub slope: [f64; 2],
}

/// A standard normal number from one random word.
#[inline]
pub fn normal(word: u32) -> f64 {
    Quantile::table().at(uniform(word))
}

/// Standard normal numbers, one from each random word.
#[inline]
pub fn normals(words: &[u32], out: &mut [f64], places: &mut Places, target: Target) {
    target.run(Uniforms { words, out });
    Quantile::table().at_each(&mut out[..words.len()], places, target);
}

/// Numbers in (0, 1) from random words.
struct Uniforms<'a> {
    words: &'a [u32],
    out: &'a mut [f64],
}

impl Kernel for Uniforms<'_> {
    type Output = ();
    #[inline(always)]
    fn run(self) {
        self.out.iter_mut().zip(self.words).for_each(|(out, &word)| *out = uniform(word));
    }
}

/// A number in (0, 1) from one random word.
#[inline(always)]
pub fn uniform(word: u32) -> f64 {
    (f64::from(word) + 0.5) * (1.0 / 4_294_967_296.0)
}

impl Cell {
    /// The device of which all spreads are 0.
    #[inline]
    pub fn nominal(common: &Common) -> Cell {
        Cell { g_min: common.g_min, g_max: common.g_max, up: 1.0, down: 1.0, slope: [0.0; 2] }
    }

    /// The change that a step of this size makes to this device \[S\].
    #[inline(always)]
    pub fn directed(&self, size: f64, up: bool) -> f64 {
        if up { size * self.up } else { -size * self.down }
    }

    /// The device of this key; `place` numbers the devices of one synapse.
    #[inline]
    pub fn of(device: &Device, spread: StreamKey, key: u64, place: u64) -> Cell {
        let c = &device.common;
        let cell = if c.differs() { Cell::drawn(c, spread.block(key, place << 4)) } else { Cell::nominal(c) };
        cell.with_slopes(device, spread, key, place)
    }

    /// With slopes of its own, where they differ.
    #[inline]
    pub fn with_slopes(mut self, device: &Device, spread: StreamKey, key: u64, place: u64) -> Cell {
        if let Law::LinearStep(law) = &device.law
            && law.is_spread()
        {
            let [up, down, ..] = spread.block(key, place << 4 | 1);
            self.slope = law.deviation([normal(up), normal(down)]);
        }
        self
    }

    /// The device whose random words are these.
    #[inline]
    pub fn drawn(common: &Common, words: [u32; 4]) -> Cell {
        let spreads = common.spreads();
        Cell::of_normals(common, std::array::from_fn(|w| if spreads[w] > 0.0 { normal(words[w]) } else { 0.0 }))
    }

    /// The device whose standard normal numbers are these, one for each of [`Common::spreads`].
    #[inline(always)]
    pub fn of_normals(common: &Common, normals: [f64; 4]) -> Cell {
        let c = common;
        let mut cell = Cell::nominal(c);
        if c.sigma_d2d > 0.0 || c.sigma_up_down > 0.0 {
            let (deviation, skew) = (c.sigma_d2d * normals[0], c.sigma_up_down * normals[1]);
            let gain = |share: f64| if c.lognormal { exp_held(deviation * share) - 1.0 } else { deviation * share };
            cell.up = (1.0 + gain(1.0) + skew).max(0.0);
            cell.down = (1.0 + gain(c.spread_down) - skew * c.spread_down).max(0.0);
        }
        // Folded at the anchor, so that the lower bound stays below the upper one; no conductance is negative.
        let anchor = c.anchor();
        if c.sigma_g_max > 0.0 {
            cell.g_max = anchor + (c.g_max - anchor + c.sigma_g_max * c.range() * normals[2]).abs();
        }
        if c.sigma_g_min > 0.0 {
            cell.g_min = (anchor - (anchor - c.g_min + c.sigma_g_min * c.range() * normals[3]).abs()).max(0.0);
        }
        if c.widest {
            (cell.g_min, cell.g_max) = (cell.g_min.max(c.g_min), cell.g_max.min(c.g_max));
        }
        cell
    }
}
