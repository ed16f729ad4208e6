//! Soft-bounds pulse devices: steps that shrink linearly toward the bound, alone or against a reference device
//! (Fusi & Abbott 2007; aihwkit's SoftBoundsDevice and SoftBoundsReferenceDevice).

use crate::check::Invalid;
use crate::describe::Bound::{Finite, NonNegative};
use crate::describe::Kind::{Flag, Quantity};
use crate::describe::{Model, param};

use super::table::params;
use super::{Cell, Common, Values};

/// The device's table. `pulse_up = { v, width }` and the like are written as sub-tables and
/// stored as `pulse_up.v`, `pulse_up.width`; NaN there means not given: no energy is reported.
pub const MODEL: Model = Model {
    name: "soft_bounds",
    summary: "Pulse device whose steps shrink linearly toward the bound",
    equations: "up:   g += 2 dg_up   (g_max - g)/(g_max - g_min) (1 + sigma_c2c N)\n\
                down: g -= 2 dg_down (g - g_min)/(g_max - g_min) (1 + sigma_c2c N)\n\
                dg_up, dg_down: the steps at mid-range; N: a fresh standard normal number per pulse;\n\
                the steps of each device are scaled by (1 + sigma_d2d N); g is held within [g_min, g_max];\n\
                where the bounds of devices differ, a device's steps shrink toward its own and are those of the nominal device at the\n\
                `anchor` (mid-range unless it is given); a read sees g (1 + read_noise N); energy per pulse or read: v^2 g width",
    reference: "Fusi & Abbott 2007, doi:10.1038/nn1859; aihwkit SoftBoundsDevice (Rasch et al. 2021, arXiv:2104.02184)",
    params: params![],
    variables: &[],
};

/// The table of the device with a reference.
pub const REFERENCE: Model = Model {
    name: "soft_bounds_reference",
    summary: "Soft-bounds device read against a reference device of its own",
    equations: "pulses as soft_bounds; what shows is g - (g_ref + sigma_reference N), or 0 S below that, g_ref: reference, or with\n\
                subtract_symmetry_point also by how much the device's symmetry point, where its steps up and down are equal,\n\
                lies above that of the nominal device; a read takes v^2 width of the device and of its reference, g + |g_ref|",
    reference: "aihwkit SoftBoundsReferenceDevice; Gong, Rasch et al. 2022 (IEDM), doi:10.1109/IEDM45625.2022.10019569",
    params: params![
        param("reference", Quantity("S"), 0.0, Finite, "mean of what is taken off the conductance"),
        param("sigma_reference", Quantity("S"), 0.0, NonNegative, "its device-to-device spread"),
        param("subtract_symmetry_point", Flag, 0.0, Finite, "calibrate each reference to its device's symmetry point"),
    ],
    variables: &[],
};

/// Checks the steps.
///
/// # Errors
/// If a step at the far bound is larger than the range.
pub fn check(common: &Common) -> Result<(), Invalid> {
    let anchor = common.anchor;
    if anchor == 0.0 || anchor == 1.0 {
        let message = format!("found {anchor}, expected a place between 0 and 1, for steps vanish at a bound");
        return Err(Invalid::new("anchor", message));
    }
    common.check_steps(
        [common.range() / 2.0; 2],
        "half the range g_max - g_min, for twice the step at mid-range is the step at the far bound",
    )
}

/// Size of a step \[S\].
#[inline(always)]
pub fn step(c: &Common, cell: &Cell, g: f64, up: bool) -> f64 {
    let (anchor, [at_anchor_up, at_anchor_down]) = (c.anchor(), at_anchor(c));
    // One division, whichever it is: where both are vector code it takes as long as all the rest.
    let (above, below, at_anchor) = if up {
        (c.dg_up * (cell.g_max - g), cell.g_max - anchor, at_anchor_up)
    } else {
        (c.dg_down * (g - cell.g_min), anchor - cell.g_min, at_anchor_down)
    };
    above / below * at_anchor
}

/// Steps up and down of the nominal device at the anchor, where every device makes them, relative to those at mid-range.
#[inline(always)]
fn at_anchor(c: &Common) -> [f64; 2] {
    let (anchor, mid) = (c.anchor(), c.mid());
    [(c.g_max - anchor) / (c.g_max - mid), (anchor - c.g_min) / (mid - c.g_min)]
}

/// What is taken off the conductance of a device.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reference {
    mean: f64,
    sigma: f64,
    symmetry_point: bool,
}

impl Reference {
    /// From the device's values.
    ///
    /// # Errors
    /// If it takes off all that a device may have, so that nothing shows.
    pub fn new(v: &Values<'_>, common: &Common) -> Result<Reference, Invalid> {
        let (mean, on) = (v.get("reference"), if v.flag("ideal") { 0.0 } else { 1.0 });
        if mean >= common.g_max {
            let why = "what is taken off leaves nothing of a device, whose conductance shows as 0 for ever";
            let message = format!("found {mean} S, expected less than g_max ({} S): {why}", common.g_max);
            return Err(Invalid::new("reference", message));
        }
        let symmetry_point = v.flag("subtract_symmetry_point");
        Ok(Reference { mean, sigma: v.get("sigma_reference") * on, symmetry_point })
    }

    /// Do those of devices differ?
    pub fn differs(&self, c: &Common) -> bool {
        self.sigma > 0.0 || (self.symmetry_point && c.differs())
    }

    /// A size that none exceeds whose normal number is at most `most` \[S\]: a symmetry point lies in the range.
    pub fn largest(&self, c: &Common, most: f64) -> f64 {
        self.mean.abs() + most * self.sigma + if self.symmetry_point { c.range() } else { 0.0 }
    }

    /// That of one device \[S\]; `normal` is its own standard normal number.
    pub fn of(&self, c: &Common, cell: &Cell, normal: f64) -> f64 {
        let sp = |cell: &Cell| {
            let (anchor, [at_anchor_up, at_anchor_down]) = (c.anchor(), at_anchor(c));
            let (up, down) = (c.dg_up * cell.up * at_anchor_up, c.dg_down * cell.down * at_anchor_down);
            let (up, down) = (up / (cell.g_max - anchor), down / (anchor - cell.g_min));
            if up + down > 0.0 { (up * cell.g_max + down * cell.g_min) / (up + down) } else { c.mid() }
        };
        let shift = if self.symmetry_point { sp(cell) - sp(&Cell::nominal(c)) } else { 0.0 };
        self.mean + self.sigma * normal + shift
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Device, DeviceModel, DeviceSpec};
    use super::*;

    fn device() -> (Device, Cell) {
        let spec = DeviceSpec::with(DeviceModel::SoftBounds, &[("dg_up", 1e-6), ("dg_down", 2e-6)]);
        let device = spec.device().unwrap();
        let cell = Cell::nominal(&device.common);
        (device, cell)
    }

    #[test]
    fn steps_have_their_stated_size_at_mid_range_and_vanish_at_the_bounds() {
        let (d, cell) = device();
        let mid = d.common.mid();
        assert!((d.pulse(&cell, mid, true, 0, || 0) - mid - 1e-6).abs() < 1e-18);
        assert!((d.pulse(&cell, mid, false, 0, || 0) - mid + 2e-6).abs() < 1e-18);
        assert_eq!(d.pulse(&cell, d.common.g_max, true, 0, || 0), d.common.g_max);
        assert_eq!(d.pulse(&cell, d.common.g_min, false, 0, || 0), d.common.g_min);
    }

    #[test]
    fn many_pulses_follow_the_closed_form() {
        let (d, cell) = device();
        let (mut g, range) = (d.common.g_min, d.common.range());
        (0..100).for_each(|_| g = d.pulse(&cell, g, true, 0, || 0));
        let expected = d.common.g_max - range * (1.0 - 2.0 * d.common.dg_up / range).powi(100);
        assert!((g - expected).abs() < 1e-12 * range);
    }

    #[test]
    fn an_empty_range_or_a_step_beyond_it_is_refused() {
        let refused =
            |given: &[(&str, f64)]| DeviceSpec::with(DeviceModel::SoftBounds, given).device().unwrap_err().parameter;
        assert_eq!(refused(&[("g_min", 1e-4), ("g_max", 1e-6)]), "g_min");
        assert_eq!(refused(&[("dg_down", 9e-5)]), "dg_down");
        assert_eq!(refused(&[("levels", 1.0)]), "levels");
        let error = |reference: f64| {
            DeviceSpec::with(DeviceModel::SoftBoundsReference, &[("reference", reference)]).device().err()
        };
        assert_eq!((error(99e-6), error(1.0).map(|e| e.parameter)), (None, Some("reference".to_string())));
    }

    #[test]
    fn the_reference_lies_at_the_symmetry_point_where_up_and_down_cancel() {
        let (d, _) = device();
        let cell = Cell { g_min: 2e-6, g_max: 8e-5, up: 1.3, down: 0.6, slope: [0.0; 2] };
        let reference = Reference { mean: 0.0, sigma: 0.0, symmetry_point: true };
        let nominal = |g: f64| d.step(&Cell::nominal(&d.common), g, true) + d.step(&Cell::nominal(&d.common), g, false);
        // The nominal one has its symmetry point at a third of the range.
        let at = d.common.g_min + d.common.range() / 3.0;
        assert!(nominal(at).abs() < 1e-18);
        let own = at + reference.of(&d.common, &cell, 0.0);
        assert!((d.step(&cell, own, true) + d.step(&cell, own, false)).abs() < 1e-18);
    }
}
