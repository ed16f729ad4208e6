//! Pulse device of constant steps up to hard bounds (aihwkit's ConstantStepDevice; Gokmen & Vlasov 2016).

use crate::check::Invalid;
use crate::describe::Model;

use super::Common;
use super::table::params;

/// The device's table.
pub const MODEL: Model = Model {
    name: "constant_step",
    summary: "Pulse device of constant steps up to hard bounds",
    equations: "up:   g += dg_up   (1 + sigma_c2c N)\n\
                down: g -= dg_down (1 + sigma_c2c N)\n\
                N: a fresh standard normal number per pulse; g is held within [g_min, g_max]",
    reference: "Gokmen & Vlasov 2016, doi:10.3389/fnins.2016.00333; aihwkit ConstantStepDevice (Rasch et al. 2021, arXiv:2104.02184)",
    params: params![],
    variables: &[],
};

/// Checks the steps.
///
/// # Errors
/// If one pulse would cross the whole range.
pub fn new(common: &Common) -> Result<(), Invalid> {
    common.check_steps([common.range(); 2], "one pulse would cross the whole range g_max - g_min")
}

/// Size of a step \[S\].
#[inline(always)]
pub fn step(c: &Common, up: bool) -> f64 {
    if up { c.dg_up } else { c.dg_down }
}
