//! Leaky integrate-and-fire neuron with voltage jumps.
//!
//! Between events v relaxes exponentially to the potential at which the injected current holds it, so the next crossing is a
//! logarithm ([`LifDelta`]), or is searched for where the threshold adapts; [`grid`](fn@grid) steps as NEST's `iaf_psc_delta`.

use crate::describe::Bound::{Finite, NonNegative, NotNan, Positive};
use crate::describe::Kind::{Flag, Quantity};
use crate::describe::{Model, param, variable};
use crate::neuron::adaptation::{PARAMS, VARIABLE};
use crate::neuron::membrane::start_at_threshold;

mod event;
mod grid;
mod together;

pub use event::{LifDelta, Params, State, crossing_offset_ms};
pub use grid::grid;

/// The model's table.
pub const MODEL: Model = Model {
    name: "lif_delta",
    summary: "Leaky integrate-and-fire neuron with voltage jumps",
    equations: concat!(
        "\
tau_m dv_m/dt = -(v_m - e_l) + (tau_m / c_m) (i_e + injected current)
an event of weight w adds w to v_m; v_m never falls below v_min, and does not start below
v_m >= v_th + theta: spike; v_m = v_reset, held for t_ref; theta += theta_plus
tau_theta dtheta/dt = -theta              threshold adaptation, with theta_plus above 0
events during refractoriness are lost, or with refractory_input added at its end, times e^(-(time left) / tau_m)
(event: one that arrives at the very end of the refractory period counts; grid: it falls into it, as in NEST)
",
        start_at_threshold!()
    ),
    reference: "Brunel 2000, doi:10.1023/A:1008925309027; NEST iaf_psc_delta, iaf_psc_delta_ps",
    params: &[
        param("tau_m", Quantity("ms"), 10.0, Positive, "membrane time constant"),
        param("c_m", Quantity("pF"), 250.0, Positive, "membrane capacitance"),
        param("e_l", Quantity("mV"), -70.0, Finite, "resting potential"),
        param("v_th", Quantity("mV"), -55.0, Finite, "threshold"),
        param("v_reset", Quantity("mV"), -70.0, Finite, "potential after a spike, below v_th"),
        param("t_ref", Quantity("ms"), 2.0, NonNegative, "refractory period"),
        param("i_e", Quantity("pA"), 0.0, Finite, "constant injected current"),
        param("v_min", Quantity("mV"), f64::NEG_INFINITY, NotNan, "lower bound of the potential, at most v_reset"),
        param(
            "refractory_input",
            Flag,
            0.0,
            Finite,
            "add input that arrives during refractoriness, decayed, at its end; not together with theta_plus or initial.theta",
        ),
        PARAMS[0],
        PARAMS[1],
    ],
    variables: &[variable("v_m", "mV", "membrane potential; starts at e_l"), VARIABLE],
};
