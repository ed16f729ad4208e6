//! Pulse device whose steps change linearly with the conductance (aihwkit's LinearStepDevice).

use crate::check::Invalid;
use crate::describe::Bound::{Finite, NonNegative};
use crate::describe::Kind::Number;
use crate::describe::{Model, param};

use super::table::params;
use super::{Cell, Common, Values};

/// The device's table.
pub const MODEL: Model = Model {
    name: "linear_step",
    summary: "Pulse device whose steps change linearly with the conductance",
    equations: "up:   g += dg_up   (1 - slope_up   u) (1 + sigma_c2c N)\n\
                down: g -= dg_down (1 + slope_down u) (1 + sigma_c2c N)\n\
                u = 2 (g - g_mid)/(g_max - g_min), from -1 at g_min to 1 at g_max; g is held within [g_min, g_max];\n\
                slope 0: constant steps, 1: soft bounds; a device's own slope (sigma_slope_*) keeps its sign, and its size\n\
                is at most 1; pulse_noise takes the place of sigma_c2c where the noise does not scale\n\
                with the step. aihwkit's w += dw (1 - gamma_up w/w_max), w in [w_min, w_max], m its middle: slope_up =\n\
                gamma_up (w_max - w_min)/(2 w_max)/(1 - gamma_up m/w_max), and dg_up stands for dw (1 - gamma_up m/w_max);\n\
                the same of slope_down with -w_min for w_max, -m for m; sigma_slope_up = gamma_up_dtod (w_max - w_min)/(2 w_max)/(1 - gamma_up m/w_max)",
    reference: "aihwkit LinearStepDevice (Rasch et al. 2021, arXiv:2104.02184)",
    params: params![
        param(
            "slope_up",
            Number,
            0.5,
            Finite,
            "how much smaller a potentiating step is at g_max, relative to mid-range"
        ),
        param(
            "slope_down",
            Number,
            0.5,
            Finite,
            "how much smaller a depressing step is at g_min, relative to mid-range"
        ),
        param("sigma_slope_up", Number, 0.0, NonNegative, "device-to-device spread of slope_up"),
        param("sigma_slope_down", Number, 0.0, NonNegative, "device-to-device spread of slope_down"),
    ],
    variables: &[],
};

/// Checked parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LinearStep {
    slope_up: f64,
    slope_down: f64,
    /// Device-to-device spread of both.
    sigma: [f64; 2],
}

impl LinearStep {
    /// From the device's values.
    ///
    /// # Errors
    /// If a step would change its sign within the range, or cross the range.
    pub fn new(v: &Values<'_>, common: &Common) -> Result<LinearStep, Invalid> {
        let on = if v.flag("ideal") { 0.0 } else { 1.0 };
        let sigma = [v.get("sigma_slope_up") * on, v.get("sigma_slope_down") * on];
        let law = LinearStep { slope_up: v.get("slope_up"), slope_down: v.get("slope_down"), sigma };
        for (name, slope) in [("slope_up", law.slope_up), ("slope_down", law.slope_down)] {
            if slope.abs() > 1.0 {
                let why = "beyond that a pulse would move the conductance the wrong way at one end of the range";
                return Err(Invalid::new(name, format!("found {slope}, expected between -1 and 1: {why}")));
            }
        }
        common.check_steps(
            law.slopes().map(|slope| common.range() / (1.0 + slope.abs())),
            "the step at the far bound would cross the whole range g_max - g_min",
        )?;
        Ok(law)
    }

    /// Do the slopes of devices differ?
    #[inline]
    pub fn is_spread(&self) -> bool {
        self.sigma[0] > 0.0 || self.sigma[1] > 0.0
    }

    /// The nominal slopes up and down.
    pub fn slopes(&self) -> [f64; 2] {
        [self.slope_up, self.slope_down]
    }

    /// Their device-to-device spreads.
    pub fn spread(&self) -> [f64; 2] {
        self.sigma
    }

    /// How much a device's slopes differ from the nominal ones, from its own standard normal numbers. As in aihwkit slopes do
    /// not change their sign, whichever it is; they don't exceed 1 either.
    #[inline(always)]
    pub fn deviation(&self, normal: [f64; 2]) -> [f64; 2] {
        let own = |slope: f64, deviation: f64| {
            if deviation == 0.0 {
                0.0
            } else {
                (slope + deviation).abs().min(1.0) * if slope < 0.0 { -1.0 } else { 1.0 } - slope
            }
        };
        [own(self.slope_up, self.sigma[0] * normal[0]), own(self.slope_down, self.sigma[1] * normal[1])]
    }

    /// Size of a step \[S\].
    #[inline(always)]
    pub fn step(&self, c: &Common, cell: &Cell, g: f64, up: bool) -> f64 {
        let u = 2.0 * (g - c.mid()) / c.range();
        if up {
            c.dg_up * (1.0 - (self.slope_up + cell.slope[0]) * u)
        } else {
            c.dg_down * (1.0 + (self.slope_down + cell.slope[1]) * u)
        }
    }
}
