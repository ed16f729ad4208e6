//! Soft-bounds pulse device: steps that shrink linearly toward the bound
//! (Fusi & Abbott 2007; aihwkit's SoftBoundsDevice).

use crate::describe::Bound::{Finite, Fraction, NonNegative, NotNan, Positive};
use crate::describe::Kind::{Choice, Flag, Number, Quantity};
use crate::describe::{Model, param};

/// The device's table. `pulse_up = { v, width }` and the like are written as sub-tables and
/// stored as `pulse_up.v`, `pulse_up.width`; NaN there means not given: no energy is reported.
pub const MODEL: Model = Model {
    name: "soft_bounds",
    summary: "Pulse device whose steps shrink linearly toward the bound",
    equations: "up:   g += 2 dg_up   (g_max - g)/(g_max - g_min) (1 + sigma_c2c N)\n\
                down: g -= 2 dg_down (g - g_min)/(g_max - g_min) (1 + sigma_c2c N)\n\
                dg_up, dg_down: the steps at mid-range; N: a fresh standard normal number per pulse;\n\
                the steps of each device are scaled by (1 + sigma_d2d N); g is held within [g_min, g_max];\n\
                a read sees g (1 + read_noise N); energy per pulse or read: v^2 g width",
    reference: "Fusi & Abbott 2007, doi:10.1038/nn1859; aihwkit SoftBoundsDevice (Rasch et al. 2021, arXiv:2104.02184)",
    params: &[
        param("g_min", Quantity("S"), 1e-6, NonNegative, "smallest conductance"),
        param("g_max", Quantity("S"), 1e-4, Positive, "largest conductance"),
        param("dg_up", Quantity("S"), 1e-6, Positive, "step of a potentiating pulse at mid-range"),
        param("dg_down", Quantity("S"), 1e-6, Positive, "step of a depressing pulse at mid-range"),
        param("pulses", Choice(&PULSES), 0.0, Finite, "how a proposed change becomes pulses"),
        param("sigma_d2d", Number, 0.0, NonNegative, "device-to-device spread of the step, relative"),
        param("sigma_c2c", Number, 0.0, NonNegative, "pulse-to-pulse spread of the step, relative"),
        param("read_noise", Number, 0.0, Fraction, "spread of the conductance that a read sees, relative"),
        param("ideal", Flag, 0.0, Finite, "switch all variability off"),
        param("pulse_up.v", Quantity("V"), f64::NAN, NotNan, "voltage of a potentiating pulse"),
        param("pulse_up.width", Quantity("s"), f64::NAN, NonNegative, "length of a potentiating pulse"),
        param("pulse_down.v", Quantity("V"), f64::NAN, NotNan, "voltage of a depressing pulse"),
        param("pulse_down.width", Quantity("s"), f64::NAN, NonNegative, "length of a depressing pulse"),
        param("read.v", Quantity("V"), f64::NAN, NotNan, "read voltage"),
        param("read.width", Quantity("s"), f64::NAN, NonNegative, "length of a read"),
    ],
    variables: &[],
};

/// The words for `pulses`, in the order of their stored index.
pub const PULSES: [&str; 3] = ["stochastic", "carry", "one"];
