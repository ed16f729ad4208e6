//! Izhikevich neuron

use crate::describe::Bound::{Finite, NonNegative, NotNan, Positive};
use crate::describe::Kind::{Flag, Quantity, QuantityOrBare};
use crate::describe::{Model, param, variable};

/// The model's table.
pub const MODEL: Model = Model {
    name: "izhikevich",
    summary: "Izhikevich neuron",
    equations: "",
    reference: "Izhikevich 2003, doi:10.1109/TNN.2003.820440; NEST izhikevich",
    params: &[
        param("a", QuantityOrBare("1/ms"), 0.02, Finite, "rate of recovery"),
        param("b", QuantityOrBare("1/ms"), 0.2, Finite, "sensitivity of recovery to the potential"),
        param("c", QuantityOrBare("mV"), -65.0, Finite, "potential after a spike"),
        param("d", QuantityOrBare("mV/ms"), 8.0, Finite, "jump of recovery at a spike"),
        param("i_e", Quantity("pA"), 0.0, Finite, "constant input, as I of the paper (1 pA stands for 1 mV/ms)"),
        param("v_th", Quantity("mV"), 30.0, Finite, "potential at which a spike is emitted"),
        param("v_min", Quantity("mV"), f64::NEG_INFINITY, NotNan, "lower bound of the potential"),
        param(
            "consistent_integration",
            Flag,
            1.0,
            Finite,
            "grid: integrate v and u together (else as published, in two half steps)",
        ),
    ],
    variables: &[
        variable("v_m", "mV", "membrane potential; starts at -65 mV"),
        variable("u_m", "mV/ms", "recovery variable; starts at 0"),
    ],
};
