//! Range, steps, variability and prices: what all devices that are programmed by pulses have.

use crate::check::Invalid;

use super::Cell;
use super::physical::drive::too_high;
use super::table::Values;

/// The narrowest range of conductances \[S\]: steps of a millionth of it are numbers in single precision still.
const NARROWEST: f64 = 1e-30;

/// How a proposed change becomes pulses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pulses {
    /// A whole number of pulses with the proposed change as its mean.
    Stochastic,
    /// As many whole pulses as fit; the remainder is kept for the next change.
    Carry,
    /// One pulse in the direction of the change.
    One,
}

/// What all devices that are programmed by pulses have; variability that is switched off is 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Common {
    /// Smallest conductance \[S\].
    pub g_min: f64,
    /// Largest conductance \[S\].
    pub g_max: f64,
    /// Step of a potentiating pulse at mid-range \[S\].
    pub dg_up: f64,
    /// Step of a depressing pulse at mid-range \[S\].
    pub dg_down: f64,
    /// How changes become pulses.
    pub pulses: Pulses,
    /// Device-to-device spread of the step, relative.
    pub sigma_d2d: f64,
    /// Is the factor e^(sigma_d2d N) rather than 1 + sigma_d2d N?
    pub lognormal: bool,
    /// Device-to-device spread of the asymmetry, relative.
    pub sigma_up_down: f64,
    /// Both of these of the depressing step, as multiples of those of the potentiating one.
    pub spread_down: f64,
    /// Device-to-device spread of the lower bound, in units of the range.
    pub sigma_g_min: f64,
    /// Device-to-device spread of the upper bound, in units of the range.
    pub sigma_g_max: f64,
    /// Is the range g_min .. g_max the widest that a device has, because its physics goes no further?
    pub widest: bool,
    /// Where in the range devices agree whose bounds differ: 0 at g_min, 1 at g_max.
    pub anchor: f64,
    /// Pulse-to-pulse spread of the step, relative.
    pub sigma_c2c: f64,
    /// Pulse-to-pulse spread whatever the step is \[S\].
    pub pulse_noise: f64,
    /// Pulse-to-pulse spread per g - g_min.
    pub noise_slope: f64,
    /// Spread of the visible conductance around the stored one, drawn at each pulse \[S\].
    pub write_noise: f64,
    /// Spread of the conductance that a read sees, relative.
    pub read_noise: f64,
    /// Spread of the conductance set at the start \[S\].
    pub program_noise: f64,
    /// Number of conductances that can be told apart; 0: any.
    pub levels: f64,
    /// v^2 t of a potentiating pulse \[V^2 s\]: its energy per siemens; none if no price was given.
    pub price_up: Option<f64>,
    /// v^2 t of a depressing pulse \[V^2 s\].
    pub price_down: Option<f64>,
    /// v^2 t of a read \[V^2 s\]; of a physical device times what its current at v is over that of its conductance, where that is one factor.
    pub price_read: Option<f64>,
    /// Power drawn all the time \[W\].
    pub static_power: Option<f64>,
}

impl Common {
    /// From a device's values; the steps are those given, or NaN until the device sets them.
    ///
    /// # Errors
    /// If the range of conductances is empty, or a voltage higher than any device is made for.
    pub fn new(v: &Values<'_>) -> Result<Common, Invalid> {
        let (g_min, g_max) = (v.get("g_min"), v.get("g_max"));
        if g_min >= g_max {
            return Err(Invalid::new(
                "g_min",
                format!(
                    "found {g_min} S, expected less than g_max ({g_max} S): a pulse up moves the device towards g_max, and without a range there is nothing to learn"
                ),
            ));
        }
        if g_max - g_min < NARROWEST {
            return Err(Invalid::new(
                "g_max",
                format!(
                    "found a range from {g_min:e} S to {g_max:e} S, expected one of at least {NARROWEST:e} S, which single precision holds in steps; is the unit right?"
                ),
            ));
        }
        let levels = v.get("levels");
        if levels != 0.0 && (levels < 2.0 || levels.fract() != 0.0) {
            let message = "expected a whole number of at least 2 (the two ends of the range), or 0 for any conductance";
            return Err(Invalid::new("levels", format!("found {levels}, {message}")));
        }
        let on = if v.flag("ideal") { 0.0 } else { 1.0 };
        let price = |group: &str| {
            let (name, width) = (format!("{group}.v"), v.get(&format!("{group}.width")));
            let volt = v.get(&name);
            match too_high(volt) {
                Some(wrong) => Err(Invalid::new(name, wrong)),
                None => Ok((!volt.is_nan() && !width.is_nan()).then_some(volt * volt * width)),
            }
        };
        Ok(Common {
            g_min,
            g_max,
            dg_up: v.get("dg_up"),
            dg_down: v.get("dg_down"),
            pulses: [Pulses::Stochastic, Pulses::Carry, Pulses::One][v.get("pulses") as usize],
            sigma_d2d: v.get("sigma_d2d") * on,
            lognormal: v.get("d2d") == 1.0,
            sigma_up_down: v.get("sigma_up_down") * on,
            spread_down: v.get("spread_down"),
            sigma_g_min: v.get("sigma_g_min") * on,
            sigma_g_max: v.get("sigma_g_max") * on,
            widest: false,
            anchor: v.get("anchor"),
            sigma_c2c: v.get("sigma_c2c") * on,
            pulse_noise: v.get("pulse_noise") * on,
            noise_slope: v.get("noise_slope") * on,
            write_noise: v.get("write_noise") * on,
            read_noise: v.get("read_noise") * on,
            program_noise: v.get("program_noise") * on,
            levels,
            price_up: price("pulse_up")?,
            price_down: price("pulse_down")?,
            price_read: price("read")?,
            static_power: Some(v.get("static_power")).filter(|p| !p.is_nan()),
        })
    }

    /// g_max - g_min \[S\].
    #[inline]
    pub fn range(&self) -> f64 {
        self.g_max - self.g_min
    }

    /// The middle of the range \[S\].
    #[inline]
    pub fn mid(&self) -> f64 {
        0.5 * (self.g_min + self.g_max)
    }

    /// The conductance at which devices agree whose bounds differ \[S\].
    #[inline]
    pub fn anchor(&self) -> f64 {
        if self.anchor == 0.5 { self.mid() } else { self.g_min + self.anchor * self.range() }
    }

    /// Do devices differ from one another in their bounds or the size of their steps?
    #[inline]
    pub fn differs(&self) -> bool {
        self.spreads().iter().any(|&sigma| sigma > 0.0)
    }

    /// Do they differ in the size of their steps alone, by one normal number each?
    #[inline]
    pub fn differs_in_steps_alone(&self) -> bool {
        !self.lognormal && self.sigma_up_down == 0.0 && self.sigma_g_min == 0.0 && self.sigma_g_max == 0.0
    }

    /// In what devices differ, by one normal number each: steps, their asymmetry, upper bound, lower bound.
    #[inline]
    pub fn spreads(&self) -> [f64; 4] {
        [self.sigma_d2d, self.sigma_up_down, self.sigma_g_max, self.sigma_g_min]
    }

    /// Do pulses differ from one another?
    #[inline]
    pub fn is_noisy(&self) -> bool {
        self.sigma_c2c > 0.0 || self.pulse_noise > 0.0 || self.noise_slope > 0.0
    }

    /// The conductance \[S\] after a pulse of this size at `g`, `noise` being the pulse's own standard normal number.
    #[inline(always)]
    pub fn moved(&self, cell: &Cell, g: f64, up: bool, size: f64, noise: f64) -> f64 {
        let mut step = cell.directed(size, up);
        if self.is_noisy() {
            let more = self.pulse_noise * if up { cell.up } else { cell.down } + self.noise_slope * (g - self.g_min);
            step += (self.sigma_c2c * step + if up { more } else { -more }) * noise;
        }
        let moved = g + step;
        let moved = if moved < cell.g_min { cell.g_min } else { moved };
        if moved > cell.g_max { cell.g_max } else { moved }
    }

    /// Refuses steps that go beyond the range: `most` is what the device allows at mid-range, up and down, and why.
    ///
    /// # Errors
    /// Which step.
    pub fn check_steps(&self, most: [f64; 2], why: &str) -> Result<(), Invalid> {
        for (name, step, most) in [("dg_up", self.dg_up, most[0]), ("dg_down", self.dg_down, most[1])] {
            if step > most * (1.0 + 1e-12) {
                return Err(Invalid::new(name, format!("found {step} S, expected at most {most} S: {why}")));
            }
        }
        Ok(())
    }
}
