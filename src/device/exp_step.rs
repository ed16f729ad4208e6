//! Pulse device whose steps saturate exponentially (aihwkit's ExpStepDevice; Chen et al. 2015, Gong et al. 2018).

use crate::check::Invalid;
use crate::describe::Bound::Finite;
use crate::describe::Kind::Number;
use crate::describe::{Model, param};
use crate::math::exp_held;

use super::table::params;
use super::{Cell, Common, Values};

/// The device's table.
pub const MODEL: Model = Model {
    name: "exp_step",
    summary: "Pulse device whose steps saturate exponentially",
    equations: "up:   g += dg_up   f_up(z)/f_up(b)     (1 + sigma_c2c N),  f_up(z)   = max(1 - a_up   e^(gamma_up z), 0)\n\
                down: g -= dg_down f_down(z)/f_down(b) (1 + sigma_c2c N),  f_down(z) = max(1 - a_down e^(-gamma_down z), 0)\n\
                z = a u + b, u = 2 (g - g_mid)/(g_max - g_min); where the bounds of devices differ, u counts from the\n\
                `anchor` over a device's own range, and z is there as in the nominal device;\n\
                dg_up, dg_down and b are stated at mid-range of the nominal device; g is held within the device's range;\n\
                aihwkit's z = 2 a w/(w_max - w_min) + b' with w in [w_min, w_max]: b = b' + a (w_max + w_min)/(w_max - w_min)",
    reference: "Gong et al. 2018, doi:10.1038/s41467-018-04485-1; aihwkit ExpStepDevice (Rasch et al. 2021, arXiv:2104.02184)",
    params: params![
        param("a_up", Number, 0.00081, Finite, "size of the exponential term, up"),
        param("a_down", Number, 0.36833, Finite, "size of the exponential term, down"),
        param("gamma_up", Number, 12.44625, Finite, "its rate, up"),
        param("gamma_down", Number, 12.78785, Finite, "its rate, down"),
        param("a", Number, 0.244, Finite, "scale of the exponent's argument"),
        param("b", Number, 0.2425, Finite, "its value at mid-range of the nominal device"),
    ],
    variables: &[],
};

/// Checked parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ExpStep {
    a_up: f64,
    a_down: f64,
    gamma_up: f64,
    gamma_down: f64,
    a: f64,
    /// z at the anchor.
    b: f64,
    anchor: f64,
    /// dg_up over f_up at mid-range.
    up: f64,
    /// dg_down over f_down at mid-range.
    down: f64,
}

impl ExpStep {
    /// From the device's values.
    ///
    /// # Errors
    /// If the steps vanish at mid-range, where their size is stated.
    pub fn new(v: &Values<'_>, common: &Common) -> Result<ExpStep, Invalid> {
        let [a_up, a_down, gamma_up, gamma_down, a, b] =
            ["a_up", "a_down", "gamma_up", "gamma_down", "a", "b"].map(|name| v.get(name));
        let mut law = ExpStep { a_up, a_down, gamma_up, gamma_down, a, b, anchor: common.anchor(), up: 1.0, down: 1.0 };
        for (name, up) in [("a_up", true), ("a_down", false)] {
            let at_mid = law.size(b, up);
            if !(at_mid > 0.0 && at_mid.is_finite()) {
                let message = "the step vanishes at mid-range (z = b), where dg_up and dg_down state its size";
                return Err(Invalid::new(name, format!("found {}: {message}", v.get(name))));
            }
            if up {
                law.up = common.dg_up / at_mid;
            } else {
                law.down = common.dg_down / at_mid;
            }
        }
        law.b += 2.0 * a * (law.anchor - common.mid()) / common.range();
        common.check_steps([common.range(); 2], "one pulse would cross the whole range g_max - g_min")?;
        Ok(law)
    }

    #[inline(always)]
    fn size(&self, z: f64, up: bool) -> f64 {
        let (a, gamma, size) =
            if up { (self.a_up, self.gamma_up, self.up) } else { (self.a_down, -self.gamma_down, self.down) };
        (1.0 - a * exp_held(gamma * z)).max(0.0) * size
    }

    /// Size of a step \[S\].
    #[inline(always)]
    pub fn step(&self, cell: &Cell, g: f64, up: bool) -> f64 {
        let u = 2.0 * (g - self.anchor) / (cell.g_max - cell.g_min);
        self.size(self.a * u + self.b, up)
    }
}
