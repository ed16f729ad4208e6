//! Soft-bounds pulse device: steps that shrink linearly toward the bound
//! (Fusi & Abbott 2007; aihwkit's SoftBoundsDevice).

use crate::check::Invalid;
use crate::describe::Bound::{Finite, Fraction, NonNegative, NotNan, Positive};
use crate::describe::Kind::{Choice, Flag, Number, Quantity};
use crate::describe::{Model, param};

use super::{Common, Pulses};

/// The device's table. `pulse_up = { v, width }` and the like are written as sub-tables and
/// stored as `pulse_up.v`, `pulse_up.width`; NaN there means not given: no energy is reported.
pub const MODEL: Model = Model {
    name: "soft_bounds",
    summary: "Pulse device whose steps shrink linearly toward the bound",
    equations: "up:   g += 2 dg_up   (g_max - g)/(g_max - g_min) (1 + sigma_c2c N)\n\
                down: g -= 2 dg_down (g - g_min)/(g_max - g_min) (1 + sigma_c2c N)\n\
                dg_up, dg_down: the steps at mid-range; N: a fresh standard normal number per pulse;\n\
                the steps of each device are scaled by (1 + sigma_d2d N); g is held within [g_min, g_max];\n\
                a read sees g (1 + read_noise N); energy per pulse or read: v^2 g width",
    reference: "Fusi & Abbott 2007, doi:10.1038/nn1859; aihwkit SoftBoundsDevice (Rasch et al. 2021, arXiv:2104.02184)",
    params: &[
        param("g_min", Quantity("S"), 1e-6, NonNegative, "smallest conductance"),
        param("g_max", Quantity("S"), 1e-4, Positive, "largest conductance"),
        param("dg_up", Quantity("S"), 1e-6, Positive, "step of a potentiating pulse at mid-range"),
        param("dg_down", Quantity("S"), 1e-6, Positive, "step of a depressing pulse at mid-range"),
        param("pulses", Choice(&PULSES), 0.0, Finite, "how a proposed change becomes pulses"),
        param("sigma_d2d", Number, 0.0, NonNegative, "device-to-device spread of the step, relative"),
        param("sigma_c2c", Number, 0.0, NonNegative, "pulse-to-pulse spread of the step, relative"),
        param("read_noise", Number, 0.0, Fraction, "spread of the conductance that a read sees, relative"),
        param("ideal", Flag, 0.0, Finite, "switch all variability off"),
        param("pulse_up.v", Quantity("V"), f64::NAN, NotNan, "voltage of a potentiating pulse"),
        param("pulse_up.width", Quantity("s"), f64::NAN, NonNegative, "length of a potentiating pulse"),
        param("pulse_down.v", Quantity("V"), f64::NAN, NotNan, "voltage of a depressing pulse"),
        param("pulse_down.width", Quantity("s"), f64::NAN, NonNegative, "length of a depressing pulse"),
        param("read.v", Quantity("V"), f64::NAN, NotNan, "read voltage"),
        param("read.width", Quantity("s"), f64::NAN, NonNegative, "length of a read"),
    ],
    variables: &[],
};

/// The words for `pulses`, in the order of their stored index.
pub const PULSES: [&str; 3] = ["stochastic", "carry", "one"];

/// Checked parameters, with the variability that is switched on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SoftBounds {
    /// Range, steps, variability and prices.
    pub common: Common,
}

impl SoftBounds {
    /// From values in the order of the table.
    ///
    /// # Errors
    /// If the range of conductances is empty, or a step is larger than it.
    pub fn new(values: &[f64]) -> Result<SoftBounds, Invalid> {
        let &[g_min, g_max, dg_up, dg_down, pulses, d2d, c2c, noise, ideal, up_v, up_t, down_v, down_t, read_v, read_t] =
            values
        else {
            return Err(Invalid::new("soft_bounds", "has an incomplete table of values"));
        };
        if g_min >= g_max {
            return Err(Invalid::new("g_min", format!("found {g_min} S, expected less than g_max ({g_max} S)")));
        }
        for (name, step) in [("dg_up", dg_up), ("dg_down", dg_down)] {
            if step > (g_max - g_min) / 2.0 {
                let message = "expected at most half the range g_max - g_min: twice the step at mid-range is the step at the far bound";
                return Err(Invalid::new(name, format!("found {step} S, {message}")));
            }
        }
        let price = |v: f64, width: f64| (!v.is_nan() && !width.is_nan()).then_some(v * v * width);
        let on = if ideal == 0.0 { 1.0 } else { 0.0 };
        let pulses = [Pulses::Stochastic, Pulses::Carry, Pulses::One][pulses as usize];
        let common = Common {
            g_min,
            g_max,
            dg_up,
            dg_down,
            pulses,
            sigma_d2d: d2d * on,
            sigma_c2c: c2c * on,
            read_noise: noise * on,
            price_up: price(up_v, up_t),
            price_down: price(down_v, down_t),
            price_read: price(read_v, read_t),
        };
        Ok(SoftBounds { common })
    }

    /// The conductance after one pulse. `scale` is the device's own factor (1 + sigma_d2d N), held at 0 or more;
    /// `noise` a standard normal number, used if there is pulse-to-pulse spread.
    #[inline]
    pub fn pulse(&self, g: f64, up: bool, scale: f64, noise: f64) -> f64 {
        let Common { g_min, g_max, dg_up, dg_down, sigma_c2c, .. } = self.common;
        let range = g_max - g_min;
        let step = if up { 2.0 * dg_up * (g_max - g) / range } else { -2.0 * dg_down * (g - g_min) / range };
        (g + step * scale * (1.0 + sigma_c2c * noise)).clamp(g_min, g_max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device() -> SoftBounds {
        let none = f64::NAN;
        SoftBounds::new(&[1e-6, 1e-4, 1e-6, 2e-6, 0.0, 0.0, 0.0, 0.0, 0.0, none, none, none, none, none, none]).unwrap()
    }

    #[test]
    fn steps_have_their_stated_size_at_mid_range_and_vanish_at_the_bounds() {
        let d = device();
        let mid = (d.common.g_min + d.common.g_max) / 2.0;
        assert!((d.pulse(mid, true, 1.0, 0.0) - mid - 1e-6).abs() < 1e-18);
        assert!((d.pulse(mid, false, 1.0, 0.0) - mid + 2e-6).abs() < 1e-18);
        assert_eq!(d.pulse(d.common.g_max, true, 1.0, 0.0), d.common.g_max);
        assert_eq!(d.pulse(d.common.g_min, false, 1.0, 0.0), d.common.g_min);
    }

    #[test]
    fn many_pulses_follow_the_closed_form() {
        let d = device();
        let (mut g, range) = (d.common.g_min, d.common.g_max - d.common.g_min);
        (0..100).for_each(|_| g = d.pulse(g, true, 1.0, 0.0));
        let expected = d.common.g_max - range * (1.0 - 2.0 * d.common.dg_up / range).powi(100);
        assert!((g - expected).abs() < 1e-12 * range);
    }

    #[test]
    fn an_empty_range_or_a_step_beyond_it_is_refused() {
        let mut values = [1e-4, 1e-6, 1e-6, 1e-6, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0];
        assert_eq!(SoftBounds::new(&values).unwrap_err().parameter, "g_min");
        (values[0], values[1], values[3]) = (1e-6, 1e-4, 9e-5);
        assert_eq!(SoftBounds::new(&values).unwrap_err().parameter, "dg_down");
    }
}
