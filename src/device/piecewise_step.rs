//! Pulse device whose steps follow a measured curve, given at equally spaced conductances (aihwkit's PiecewiseStepDevice).

use crate::check::Invalid;
use crate::describe::Bound::NonNegative;
use crate::describe::Kind::List;
use crate::describe::{Model, param};

use super::table::params;
use super::{Cell, Common, Values};

/// The device's table.
pub const MODEL: Model = Model {
    name: "piecewise_step",
    summary: "Pulse device whose steps follow a curve given at equally spaced conductances",
    equations: "up:   g += dg_up   f_up(x)/f_up(1/2)     (1 + sigma_c2c N)\n\
                down: g -= dg_down f_down(x)/f_down(1/2) (1 + sigma_c2c N)\n\
                x = (g - g_min)/(g_max - g_min), of the device's own range, within which g is held; f: linear between the listed\n\
                factors, the first at g_min, the last at g_max",
    reference: "aihwkit PiecewiseStepDevice (Rasch et al. 2021, arXiv:2104.02184)",
    params: params![
        param(
            "factors_up",
            List("", &[1.0, 1.0]),
            f64::NAN,
            NonNegative,
            "relative size of potentiating steps from g_min to g_max"
        ),
        param(
            "factors_down",
            List("", &[1.0, 1.0]),
            f64::NAN,
            NonNegative,
            "relative size of depressing steps from g_min to g_max"
        ),
    ],
    variables: &[],
};

/// Checked parameters: step sizes \[S\] at equally spaced conductances.
#[derive(Clone, Debug, PartialEq)]
pub struct PiecewiseStep {
    up: Vec<f64>,
    down: Vec<f64>,
}

impl PiecewiseStep {
    /// From the device's values.
    ///
    /// # Errors
    /// If a list has less than two factors, or is 0 at mid-range.
    pub fn new(v: &Values<'_>, common: &Common) -> Result<PiecewiseStep, Invalid> {
        let sizes = |name: &str, step: f64| {
            let factors = v.list(name);
            if factors.len() < 2 {
                let message = format!("found {} factors, expected at least two: at g_min and at g_max", factors.len());
                return Err(Invalid::new(name, message));
            }
            let at_mid = between(&factors, 0.5);
            if at_mid <= 0.0 {
                return Err(Invalid::new(
                    name,
                    "the factor is 0 at mid-range, where dg_up and dg_down state the step's size",
                ));
            }
            Ok(factors.iter().map(|f| f * (step / at_mid)).collect())
        };
        let law =
            PiecewiseStep { up: sizes("factors_up", common.dg_up)?, down: sizes("factors_down", common.dg_down)? };
        common.check_steps([common.range(); 2], "one pulse would cross the whole range g_max - g_min")?;
        Ok(law)
    }

    /// Size of a step \[S\].
    #[inline]
    pub fn step(&self, _: &Common, cell: &Cell, g: f64, up: bool) -> f64 {
        between(if up { &self.up } else { &self.down }, (g - cell.g_min) / (cell.g_max - cell.g_min))
    }
}

/// The value at `x` (0 to 1) of equally spaced `values`.
fn between(values: &[f64], x: f64) -> f64 {
    let last = values.len() - 1;
    let place = x.clamp(0.0, 1.0) * last as f64;
    let from = (place as usize).min(last - 1);
    values[from] + (values[from + 1] - values[from]) * (place - from as f64)
}
