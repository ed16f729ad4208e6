//! Two-state device that switches by chance: each pulse sets or resets it with a probability.

use crate::check::Invalid;
use crate::describe::Bound::{Fraction, NonNegative};
use crate::describe::Kind::Number;
use crate::describe::{Model, param};
use crate::math::exp;
use crate::sample::Quantile;

use super::table::params_without_steps;
use super::{Cell, Common, Values};

/// The device's table.
pub const MODEL: Model = Model {
    name: "two_state",
    summary: "Two-state device that a pulse sets or resets with a probability",
    equations: "up:   from the low state to g_max with probability p_up, else as it was\n\
                down: from the high state to g_min with probability p_down, else as it was\n\
                each switching draws the new conductance: times e^(sigma_switch N - sigma_switch^2/2), of mean g_max or g_min, held on its\n\
                side of mid-range; a device's own factors of its steps (sigma_d2d, sigma_up_down) are factors of its chances;\n\
                a pulse's mean change of a device that can switch, p (g_max - g_min), stands for dg_up and dg_down;\n\
                a weight between w_min and w_max starts in the high state with the chance that makes it the mean. Several devices\n\
                (devices = n) make n + 1 weights",
    reference: "Suri et al. 2013, doi:10.1109/TED.2013.2263000; Bichler et al., N2D2 (CEA LIST): p_up 0.2, p_down 0.1",
    params: params_without_steps![
        param("p_up", Number, 0.2, Fraction, "chance that a potentiating pulse sets a device in the low state"),
        param("p_down", Number, 0.1, Fraction, "chance that a depressing pulse resets a device in the high state"),
        param("sigma_switch", Number, 0.0, NonNegative, "spread of the logarithm of the conductance after switching"),
    ],
    variables: &[],
};

/// Checked parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TwoState {
    p_up: f64,
    p_down: f64,
    sigma: f64,
}

impl TwoState {
    /// From the device's values; states the mean steps.
    ///
    /// # Errors
    /// If a direction can't switch at all, or noise is asked for that steps have.
    pub fn new(v: &Values<'_>, common: &mut Common) -> Result<TwoState, Invalid> {
        for name in ["sigma_c2c", "pulse_noise", "noise_slope", "program_noise"] {
            if v.get(name) > 0.0 {
                let why = "a pulse switches this device or does nothing; sigma_switch is what its switching varies by";
                return Err(Invalid::new(name, format!("found {}, expected 0: {why}", v.get(name))));
            }
        }
        let on = if v.flag("ideal") { 0.0 } else { 1.0 };
        let law = TwoState { p_up: v.get("p_up"), p_down: v.get("p_down"), sigma: v.get("sigma_switch") * on };
        for (name, p) in [("p_up", law.p_up), ("p_down", law.p_down)] {
            if p == 0.0 {
                return Err(Invalid::new(
                    name,
                    "found 0, expected more: no number of pulses would ever switch the device",
                ));
            }
        }
        (common.dg_up, common.dg_down) = (law.p_up * common.range(), law.p_down * common.range());
        Ok(law)
    }

    /// The mean size of a step \[S\].
    #[inline]
    pub fn mean_step(&self, c: &Common, g: f64, up: bool) -> f64 {
        let high = g > c.mid();
        match (up, high) {
            (true, false) => self.p_up * (c.g_max - g),
            (false, true) => self.p_down * (g - c.g_min),
            _ => 0.0,
        }
    }

    /// The mean conductance of many devices after a pulse to each, where it was `g`.
    pub fn mean_after(&self, c: &Common, g: f64, up: bool) -> f64 {
        if up { g + self.p_up * (c.g_max - g) } else { g - self.p_down * (g - c.g_min) }
    }

    /// The conductance after one pulse; `chance` is uniform in (0, 1). A device's own factors of its steps are those of its chances.
    #[inline]
    pub fn pulse(&self, cell: &Cell, g: f64, up: bool, chance: f64) -> f64 {
        let mid = middle(cell);
        let high = g > mid;
        let (p, state) = if up { (self.p_up * cell.up, cell.g_max) } else { (self.p_down * cell.down, cell.g_min) };
        if up == high || chance >= p {
            return g;
        }
        // Given that it switches, the rest of the number is uniform again.
        self.drawn(state, chance / p.min(1.0), mid, up)
    }

    /// The conductance of a state that was just reached, on its side of the middle.
    fn drawn(&self, state: f64, chance: f64, mid: f64, high: bool) -> f64 {
        if self.sigma == 0.0 {
            return state;
        }
        let g = state * exp(self.sigma * Quantile::table().at(chance) - 0.5 * self.sigma * self.sigma);
        if high { g.max(mid * (1.0 + 1e-9)) } else { g.min(mid) }
    }
}

/// What parts a device's own states \[S\]: its bounds may both lie on one side of the nominal middle.
#[inline]
fn middle(cell: &Cell) -> f64 {
    0.5 * (cell.g_min + cell.g_max)
}

#[cfg(test)]
mod tests {
    use super::super::{DeviceModel, DeviceSpec};
    use super::*;

    #[test]
    fn a_device_whose_bounds_lie_below_the_nominal_middle_switches_both_ways() {
        let d = DeviceSpec::with(DeviceModel::TwoState, &[("p_up", 1.0), ("p_down", 1.0)]).device().unwrap();
        let cell = Cell { g_max: 0.5 * d.common.mid(), ..Cell::nominal(&d.common) };
        let set = d.pulse(&cell, cell.g_min, true, 0, || 0);
        assert_eq!([set, d.pulse(&cell, set, false, 0, || 0)], [cell.g_max, cell.g_min]);
    }
}
