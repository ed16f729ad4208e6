//! The part of a pulse device's table that all share: range, variability, faults, ageing, prices.

use crate::describe::Bound::{Finite, Fraction, NonNegative, Optional, Positive};
use crate::describe::Kind::{Choice, Flag, Number, Quantity};
use crate::describe::{Model, Param, param};

use super::bank::PAIRS;

/// The words for `pulses`, in the order of their stored index.
pub const PULSES: [&str; 3] = ["stochastic", "carry", "one"];
/// The words for `d2d`.
pub const SPREADS: [&str; 2] = ["normal", "lognormal"];

const NONE: f64 = f64::NAN;

/// First in every table.
const RANGE: [Param; 2] = [
    param("g_min", Quantity("S"), 1e-6, NonNegative, "smallest conductance"),
    param("g_max", Quantity("S"), 1e-4, Positive, "largest conductance"),
];

/// The place of `sigma_d2d` in what is last in every table.
pub const SIGMA_D2D: usize = 1;

/// Last in every table. Of a sub-table such as `pulse_up = { v, width }` the fields without a default are required once one
/// of them is given; NaN stands for a sub-table that was not given.
const SHARED: [Param; 45] = [
    param(
        "pulses",
        Choice(&PULSES),
        0.0,
        Finite,
        "a change dw is worth |dw|/|w_max - w_min| (g_max - g_min)/dg pulses, dg as at mid-range: rounded by chance, with the rest carried to the next change, or one; times n with devices = n; with pair = \"one_sided\" times 2, dg being dg_up for both directions; with \"push_pull\" dg is the mean of dg_up and dg_down",
    ),
    param("sigma_d2d", Number, 0.0, NonNegative, "device-to-device spread of the step, relative"),
    param(
        "d2d",
        Choice(&SPREADS),
        0.0,
        Finite,
        "law of that spread: a factor 1 + sigma_d2d N, cut at 0 (with sigma_d2d = 1 a sixth of the devices never moves), or e^(sigma_d2d N)",
    ),
    param(
        "sigma_up_down",
        Number,
        0.0,
        NonNegative,
        "device-to-device spread of the asymmetry: up + sigma N, down - sigma N; both factors are cut at 0",
    ),
    param(
        "spread_down",
        Number,
        1.0,
        NonNegative,
        "both spreads of the depressing step, as multiples of those of the potentiating one",
    ),
    param(
        "sigma_g_min",
        Number,
        0.0,
        NonNegative,
        "device-to-device spread of the lower bound, in units of g_max - g_min; a physical device's is never below that of its law",
    ),
    param(
        "sigma_g_max",
        Number,
        0.0,
        NonNegative,
        "device-to-device spread of the upper bound, in units of g_max - g_min; a physical device's is never above that of its law",
    ),
    param(
        "anchor",
        Number,
        0.5,
        Fraction,
        "where in the range, from 0 at g_min to 1 at g_max, bounds of devices are folded, and the steps of soft_bounds and exp_step do not depend on them",
    ),
    param(
        "sigma_c2c",
        Number,
        0.0,
        NonNegative,
        "pulse-to-pulse spread of the step, relative; with pulse_noise and noise_slope the three spreads add up (not their squares) to that of one random number for each pulse, as in aihwkit",
    ),
    param("pulse_noise", Quantity("S"), 0.0, NonNegative, "pulse-to-pulse spread that does not depend on the step"),
    param(
        "noise_slope",
        Number,
        0.0,
        NonNegative,
        "pulse-to-pulse spread that grows with the conductance: times g - g_min",
    ),
    param(
        "write_noise",
        Quantity("S"),
        0.0,
        NonNegative,
        "spread of the conductance that shows after a pulse around the one that it left",
    ),
    param("read_noise", Number, 0.0, Fraction, "spread of the conductance that a read sees, relative"),
    param(
        "ideal",
        Flag,
        0.0,
        Finite,
        "switch off every spread, noise and fault; the chances of two_state, which are its law, and those by which `pulses` rounds stay",
    ),
    param("pulse_up.v", Quantity("V"), NONE, Finite, "voltage of a potentiating pulse, at most 100 V either way"),
    param("pulse_up.width", Quantity("s"), NONE, NonNegative, "length of a potentiating pulse"),
    param("pulse_down.v", Quantity("V"), NONE, Finite, "voltage of a depressing pulse, at most 100 V either way"),
    param("pulse_down.width", Quantity("s"), NONE, NonNegative, "length of a depressing pulse"),
    param("read.v", Quantity("V"), NONE, Finite, "read voltage, at most 100 V either way"),
    param("read.width", Quantity("s"), NONE, NonNegative, "length of a read"),
    param("static_power", Quantity("W"), NONE, Optional, "power that a device draws all the time"),
    param("levels", Number, 0.0, NonNegative, "number of conductances that can be told apart, evenly spaced; 0: any"),
    param(
        "program_noise",
        Quantity("S"),
        0.0,
        NonNegative,
        "spread of the conductance to which a device is set at the start; cut at the bounds, so that targets there are missed to one side only",
    ),
    param("stuck_low", Number, 0.0, Fraction, "share of devices that are stuck at g_min"),
    param("stuck_high", Number, 0.0, Fraction, "share of devices that are stuck at g_max"),
    param("stuck_between", Number, 0.0, Fraction, "share of devices that are stuck anywhere in their range"),
    param(
        "devices",
        Number,
        1.0,
        Positive,
        "devices of a synapse (of each side of a pair), pulsed in turn; their mean counts",
    ),
    param(
        "pair",
        Choice(&PAIRS),
        0.0,
        Finite,
        "G+ - G-, of which -(g_max - g_min) stands for w_min, 0 for the middle and g_max - g_min for w_max: one_sided sets G+ to potentiate and G- to depress, and starts with one of them at g_min; push_pull moves both, and starts with them equally far from mid-range",
    ),
    param(
        "refresh",
        Number,
        0.0,
        Fraction,
        "both devices of a pair are reset, and their difference is written anew, by pulses until it is made up, when the higher one is above this share of the range and the lower one above `refresh_low`; 0: never",
    ),
    param("refresh_low", Number, 0.25, Fraction, "the lower device's share for that; `refresh` where that is less"),
    param("one_sided", Flag, 0.0, Finite, "a depressing pulse resets the device as a whole"),
    param(
        "sigma_reset",
        Number,
        0.0,
        NonNegative,
        "spread of the conductance after a reset above g_min, in units of g_max - g_min",
    ),
    param(
        "pcm_statistics",
        Flag,
        0.0,
        Finite,
        "programming noise (cut at the bounds), drift and 1/f noise of phase-change memory, as functions of g/g_max (Joshi 2020, Nandakumar 2019); that noise counts from t_0 of drift before the last pulse",
    ),
    param("drift.nu", Number, NONE, NonNegative, "exponent: g ((t + t_0)/t_0)^-nu, t since the last pulse"),
    param("drift.sigma_nu", Number, 0.0, NonNegative, "device-to-device spread of the exponent, which is cut at 0"),
    param("drift.t_0", Quantity("s"), 20.0, Positive, "time scale of drift"),
    param("retention.tau", Quantity("s"), NONE, Positive, "time constant, at 300 K: g_inf + (g - g_inf) e^(-t/tau)"),
    param("retention.g_inf", Quantity("S"), NONE, NonNegative, "conductance to which a device relaxes"),
    param("retention.sigma_tau", Number, 0.0, NonNegative, "device-to-device spread of the logarithm of tau"),
    param(
        "retention.activation_energy",
        Quantity("eV"),
        0.0,
        NonNegative,
        "tau varies with temperature as e^(activation_energy/kT)",
    ),
    param("retention.temperature", Quantity("K"), 300.0, Positive, "temperature of the device"),
    param(
        "flicker.q",
        Number,
        NONE,
        NonNegative,
        "1/f noise of a read: relative spread q sqrt(ln((t + t_read)/(2 t_read)))",
    ),
    param("flicker.t_read", Quantity("s"), 2.5e-7, Positive, "length of a read, for that"),
    param("endurance.pulses", Number, NONE, Positive, "median of the pulses after which a device no longer responds"),
    param("endurance.sigma", Number, 0.0, NonNegative, "device-to-device spread of the logarithm of that number"),
];

/// The two step sizes of most devices.
pub const STEPS: [Param; 2] = [
    param("dg_up", Quantity("S"), 1e-6, Positive, "step of a potentiating pulse at mid-range"),
    param("dg_down", Quantity("S"), 1e-6, Positive, "step of a depressing pulse at mid-range"),
];

/// Parameters in a row; N is the sum of the lengths.
const fn joined<const N: usize>(parts: [&[Param]; 4]) -> [Param; N] {
    let mut all = [RANGE[0]; N];
    let (mut part, mut to) = (0, 0);
    while part < parts.len() {
        let mut from = 0;
        while from < parts[part].len() {
            all[to] = parts[part][from];
            from += 1;
            to += 1;
        }
        part += 1;
    }
    all
}

/// Range, a device's own parameters (after the two steps, if it has them), and what all share.
pub const fn table<const N: usize>(steps: &[Param], own: &[Param]) -> [Param; N] {
    joined([&RANGE, steps, own, &SHARED])
}

/// How long such a table is.
pub const fn length(steps: &[Param], own: &[Param]) -> usize {
    RANGE.len() + steps.len() + own.len() + SHARED.len()
}

/// A device's own parameters and what all share, for devices whose range follows from their physics.
pub const fn with_shared<const N: usize>(own: &[Param]) -> [Param; N] {
    joined([&[], &[], own, &SHARED])
}

/// How long such a table is.
pub const fn shared_length(own: &[Param]) -> usize {
    own.len() + SHARED.len()
}

/// The table of a device whose steps are `dg_up` and `dg_down` at mid-range, with parameters of its own: `params!(a, b, ..)`.
macro_rules! params {
    ($($own:expr),* $(,)?) => {{
        const OWN: &[$crate::describe::Param] = &[$($own),*];
        const ALL: [$crate::describe::Param; $crate::device::table::length(&$crate::device::table::STEPS, OWN)] =
            $crate::device::table::table(&$crate::device::table::STEPS, OWN);
        &ALL
    }};
}

/// As `params!`, for a device whose steps follow from parameters of its own.
macro_rules! params_without_steps {
    ($($own:expr),* $(,)?) => {{
        const OWN: &[$crate::describe::Param] = &[$($own),*];
        const ALL: [$crate::describe::Param; $crate::device::table::length(&[], OWN)] =
            $crate::device::table::table(&[], OWN);
        &ALL
    }};
}

pub(crate) use {params, params_without_steps};

/// A device's values by name.
#[derive(Clone, Copy, Debug)]
pub struct Values<'a> {
    /// The table.
    pub model: &'static Model,
    /// One value per entry of it.
    pub values: &'a [f64],
    /// Those that are lists, by name.
    pub lists: &'a [(&'static str, Vec<f64>)],
}

impl Values<'_> {
    /// The value of a parameter; NaN if it was not given or there is none.
    pub fn get(&self, name: &str) -> f64 {
        self.model.param(name).and_then(|i| self.values.get(i)).copied().unwrap_or(NONE)
    }

    /// A flag.
    pub fn flag(&self, name: &str) -> bool {
        self.get(name) == 1.0
    }

    /// A list.
    pub fn list(&self, name: &str) -> Vec<f64> {
        self.lists.iter().find(|(n, _)| *n == name).map(|(_, list)| list.clone()).unwrap_or_default()
    }
}
