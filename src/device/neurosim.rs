//! Pulse device of NeuroSim: the conductance after a number of identical pulses is a saturating exponential.

use crate::check::Invalid;
use crate::describe::Bound::{Finite, Positive};
use crate::describe::Kind::Number;
use crate::describe::{Model, param};
use crate::math::exp_m1;

use super::table::params_without_steps;
use super::{Common, Values};

/// The device's table; the defaults are NeuroSim's Ag:a-Si device.
pub const MODEL: Model = Model {
    name: "neurosim",
    summary: "Pulse device of NeuroSim: conductance against number of pulses is a saturating exponential",
    equations: "G(P) = g_min + B (1 - e^(-P/A)), B = (g_max - g_min)/(1 - e^(-P_max/A)), A = nonlinearity_* P_max, P_max = levels_*;\n\
                each pulse reads P off the curve of its direction and moves it by 1, in closed form:\n\
                up:   g += (g_min + B - g)(1 - e^(-1/A))       with the curve of nonlinearity_up, levels_up\n\
                down: g -= (g_min + B - g)(e^(1/A) - 1)        with that of nonlinearity_down, levels_down\n\
                a negative nonlinearity_down makes the steps down large near g_max, as in most devices; a positive one retraces\n\
                the curve of potentiation. NeuroSim labels curves by NL and looks A/P_max up: 1 -> 1.2517, 2.4 -> 0.49918,\n\
                4.88 -> 0.20030, 6 -> 0.13562; its cycle-to-cycle noise, a fraction of the range per pulse, is pulse_noise;\n\
                the curve is that of the nominal bounds: those of a device (sigma_g_min, sigma_g_max) only cut it",
    reference: "Chen, Peng & Yu 2018, doi:10.1109/TCAD.2018.2789723 (MLP+NeuroSim V3.0); Jo et al. 2010, doi:10.1021/nl904092h (Ag:a-Si)",
    params: params_without_steps![
        param("levels_up", Number, 97.0, Positive, "number of pulses from g_min to g_max"),
        param("levels_down", Number, 100.0, Positive, "number of pulses from g_max to g_min"),
        param("nonlinearity_up", Number, 0.49918, Finite, "A/P_max of potentiation: the smaller, the more bent; not 0"),
        param("nonlinearity_down", Number, -0.20030, Finite, "A/P_max of depression; not 0"),
    ],
    variables: &[],
};

/// Checked parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NeuroSim {
    /// g_min + B of each curve.
    top: [f64; 2],
    /// What a pulse takes of the distance to it.
    share: [f64; 2],
}

impl NeuroSim {
    /// From the device's values; states the steps at mid-range.
    ///
    /// # Errors
    /// If a curve has no shape.
    pub fn new(v: &Values<'_>, common: &mut Common) -> Result<NeuroSim, Invalid> {
        let curve = |direction: &str, pulses: f64| {
            let name = format!("nonlinearity_{direction}");
            let (levels, shape) = (v.get(&format!("levels_{direction}")), v.get(&name));
            if shape == 0.0 {
                return Err(Invalid::new(
                    name,
                    "found 0, expected another number: a large one stands for a straight line",
                ));
            }
            let scale = shape * levels;
            let top = common.g_min - common.range() / exp_m1(-levels / scale);
            let share = -exp_m1(-pulses / scale);
            if top.is_finite() && share.is_finite() {
                return Ok((top, share));
            }
            let message =
                format!("found {shape}, so bent a curve that numbers can't hold it: expected at least 0.01 in size");
            Err(Invalid::new(name, message))
        };
        let (up, down) = (curve("up", 1.0)?, curve("down", -1.0)?);
        let law = NeuroSim { top: [up.0, down.0], share: [up.1, -down.1] };
        (common.dg_up, common.dg_down) = (law.step(common.mid(), true), law.step(common.mid(), false));
        common
            .check_steps([common.range(); 2], "one pulse would cross the whole range g_max - g_min; use more levels")?;
        Ok(law)
    }

    /// Size of a step \[S\].
    #[inline(always)]
    pub fn step(&self, g: f64, up: bool) -> f64 {
        let (top, share) = if up { (self.top[0], self.share[0]) } else { (self.top[1], self.share[1]) };
        (top - g) * share
    }
}
