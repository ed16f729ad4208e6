//! Phenomenological pulse device of Querlioz et al.: steps that fade exponentially across the range.

use crate::check::Invalid;
use crate::describe::Bound::NonNegative;
use crate::describe::Kind::Number;
use crate::describe::{Model, param};
use crate::math::{exp, exp_held};

use super::table::params;
use super::{Cell, Common, Values};

/// The device's table.
pub const MODEL: Model = Model {
    name: "querlioz",
    summary: "Pulse device whose steps fade exponentially across the range (Querlioz et al.)",
    equations: "up:   g += dg_up   e^(-beta_up (x - 1/2))   (1 + sigma_c2c N)\n\
                down: g -= dg_down e^(-beta_down (1/2 - x)) (1 + sigma_c2c N)\n\
                x = (g - g_min)/(g_max - g_min), of the device's own range, within which g is held; the paper's\n\
                dg = alpha e^(-beta x) states the step at the bound: dg_up stands for alpha_plus e^(-beta_up/2)",
    reference: "Querlioz, Bichler, Dollfus & Gamrat 2013, doi:10.1109/TNANO.2013.2250995; form as in N2D2 (CEA LIST)",
    params: params![
        param("beta_up", Number, 3.0, NonNegative, "how fast potentiating steps fade toward g_max"),
        param("beta_down", Number, 3.0, NonNegative, "how fast depressing steps fade toward g_min"),
    ],
    variables: &[],
};

/// Checked parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Querlioz {
    beta_up: f64,
    beta_down: f64,
}

impl Querlioz {
    /// From the device's values.
    ///
    /// # Errors
    /// If the step at the far bound is larger than the range.
    pub fn new(v: &Values<'_>, common: &Common) -> Result<Querlioz, Invalid> {
        let law = Querlioz { beta_up: v.get("beta_up"), beta_down: v.get("beta_down") };
        let most = [law.beta_up, law.beta_down].map(|beta| common.range() * exp(-0.5 * beta));
        common.check_steps(
            most,
            "e^(beta/2) times the step at mid-range is the step at the far bound, which would cross the whole range",
        )?;
        Ok(law)
    }

    /// Size of a step \[S\].
    #[inline(always)]
    pub fn step(&self, c: &Common, cell: &Cell, g: f64, up: bool) -> f64 {
        let x = (g - cell.g_min) / (cell.g_max - cell.g_min);
        let (size, beta, from_mid) =
            if up { (c.dg_up, self.beta_up, x - 0.5) } else { (c.dg_down, self.beta_down, 0.5 - x) };
        size * exp_held(-beta * from_mid)
    }
}
