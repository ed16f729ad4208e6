//! Pulse device whose steps are a power of the distance to the bound (aihwkit's PowStepDevice).

use crate::check::Invalid;
use crate::describe::Bound::NonNegative;
use crate::describe::Kind::Number;
use crate::describe::{Model, param};
use crate::math::{pow, pow_positive};

use super::table::params;
use super::{Cell, Common, Values};

/// The device's table.
pub const MODEL: Model = Model {
    name: "pow_step",
    summary: "Pulse device whose steps are a power of the distance to the bound",
    equations: "up:   g += dg_up   ((g_max - g)/(g_max - g_mid))^gamma_up   (1 + sigma_c2c N)\n\
                down: g -= dg_down ((g - g_min)/(g_mid - g_min))^gamma_down (1 + sigma_c2c N)\n\
                g_min, g_max and g_mid between them are the device's own, and g is held within; gamma 0: constant steps, 1: soft bounds;\n\
                aihwkit states steps at the far bound: dg_up stands for dw 2^-gamma_up",
    reference: "Fusi & Abbott 2007, doi:10.1038/nn1859; aihwkit PowStepDevice (Rasch et al. 2021, arXiv:2104.02184)",
    params: params![
        param("gamma_up", Number, 1.0, NonNegative, "exponent of potentiating steps"),
        param("gamma_down", Number, 1.0, NonNegative, "exponent of depressing steps"),
    ],
    variables: &[],
};

/// Checked parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PowStep {
    gamma_up: f64,
    gamma_down: f64,
}

impl PowStep {
    /// From the device's values.
    ///
    /// # Errors
    /// If a step is larger than the range.
    pub fn new(v: &Values<'_>, common: &Common) -> Result<PowStep, Invalid> {
        let law = PowStep { gamma_up: v.get("gamma_up"), gamma_down: v.get("gamma_down") };
        let most = [law.gamma_up, law.gamma_down].map(|gamma| common.range() * pow(2.0, -gamma));
        common.check_steps(
            most,
            "2^gamma times the step at mid-range is the step at the far bound, which would cross the whole range",
        )?;
        Ok(law)
    }

    /// Size of a step \[S\].
    #[inline(always)]
    pub fn step(&self, c: &Common, cell: &Cell, g: f64, up: bool) -> f64 {
        let (size, gamma) = if up { (c.dg_up, self.gamma_up) } else { (c.dg_down, self.gamma_down) };
        // The device's own, as in aihwkit: a share of the nominal one has no end where a device's bound lies near mid-range.
        let mid = 0.5 * (cell.g_min + cell.g_max);
        let (far, of) = if up { (cell.g_max - g, cell.g_max - mid) } else { (g - cell.g_min, mid - cell.g_min) };
        let share = (far / of).max(0.0);
        if self.gamma_up == 1.0 && self.gamma_down == 1.0 {
            return size * share;
        }
        let power = pow_positive(share, gamma);
        // 0^0 is 1.
        size * if gamma == 0.0 { 1.0 } else { power }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{DeviceModel, DeviceSpec};
    use super::*;

    #[test]
    fn each_direction_has_a_limit_of_its_own() {
        let refused = |model, given: &[(&str, f64)]| DeviceSpec::with(model, given).device().err().map(|e| e.parameter);
        let range = [("g_min", 0.0), ("g_max", 1e-4)];
        for (model, up, down) in [
            (DeviceModel::PowStep, ("gamma_up", 4.0), ("gamma_down", 0.5)),
            (DeviceModel::Querlioz, ("beta_up", 6.0), ("beta_down", 1.0)),
            (DeviceModel::LinearStep, ("slope_up", 1.0), ("slope_down", 0.0)),
        ] {
            let with = |steps: [(&'static str, f64); 2]| [&range[..], &[up, down], &steps].concat();
            assert_eq!(refused(model, &with([("dg_up", 1e-6), ("dg_down", 5.5e-5)])), None, "{model:?}");
            let expected = Some("dg_up".to_string());
            assert_eq!(refused(model, &with([("dg_up", 5.5e-5), ("dg_down", 1e-6)])), expected, "{model:?}");
        }
    }

    /// As in aihwkit: w += scale ((b_max - w)/(b_max - b_min))^gamma, so that no device has steps without end.
    #[test]
    fn steps_go_by_the_devices_own_range() {
        let given = [("gamma_up", 3.0), ("gamma_down", 2.0), ("dg_up", 1e-6), ("dg_down", 2e-6)];
        let d = DeviceSpec::with(DeviceModel::PowStep, &given).device().unwrap();
        let cell = |g_min: f64, g_max: f64| Cell { g_min, g_max, ..Cell::nominal(&d.common) };
        for cell in [cell(1e-6, 1e-4), cell(1e-6, 5.1e-5), cell(4.9e-5, 8e-5), cell(2e-5, 1.7e-4)] {
            let range = cell.g_max - cell.g_min;
            for share in [0.0, 0.2, 0.5, 0.9, 1.0] {
                let g = cell.g_min + share * range;
                let up = 1e-6 * 8.0 * (1.0 - share).powi(3);
                let down = 2e-6 * 4.0 * share * share;
                assert!((d.step(&cell, g, true) - up).abs() < 1e-17, "{cell:?} {share}");
                assert!((d.step(&cell, g, false) + down).abs() < 1e-17, "{cell:?} {share}");
            }
        }
    }
}
