//! Leaky integrate-and-fire neuron with voltage jumps

use crate::describe::Bound::{Finite, NonNegative, NotNan, Positive};
use crate::describe::Kind::{Flag, Quantity, QuantityOrBare};
use crate::describe::{Model, param, variable};

/// The model's table.
pub const MODEL: Model = Model {
    name: "lif_delta",
    summary: "Leaky integrate-and-fire neuron with voltage jumps",
    equations: "",
    reference: "NEST iaf_psc_delta",
    params: &[
        param("tau_m", Quantity("ms"), 10.0, Positive, "membrane time constant"),
        param("c_m", Quantity("pF"), 250.0, Positive, "membrane capacitance"),
        param("e_l", Quantity("mV"), -70.0, Finite, "resting potential"),
        param("v_th", Quantity("mV"), -55.0, Finite, "threshold"),
        param("v_reset", Quantity("mV"), -70.0, Finite, "potential after a spike"),
        param("t_ref", Quantity("ms"), 2.0, NonNegative, "refractory period"),
        param("i_e", Quantity("pA"), 0.0, Finite, "constant injected current"),
        param("v_min", Quantity("mV"), f64::NEG_INFINITY, NotNan, "lower bound of the potential"),
        param(
            "refractory_input",
            Flag,
            0.0,
            Finite,
            "add input that arrives during refractoriness, decayed, at its end",
        ),
    ],
    variables: &[variable("v_m", "mV", "membrane potential; starts at e_l")],
};
