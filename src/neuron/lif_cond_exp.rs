//! Leaky integrate-and-fire neuron with exponential synaptic conductances

use crate::describe::Bound::{Finite, NonNegative, NotNan, Positive};
use crate::describe::Kind::{Flag, Quantity, QuantityOrBare};
use crate::describe::{Model, param, variable};

/// The model's table.
pub const MODEL: Model = Model {
    name: "lif_cond_exp",
    summary: "Leaky integrate-and-fire neuron with exponential synaptic conductances",
    equations: "",
    reference: "NEST iaf_cond_exp",
    params: &[
        param("c_m", Quantity("pF"), 250.0, Positive, "membrane capacitance"),
        param("g_l", Quantity("nS"), 16.6667, Positive, "leak conductance"),
        param("e_l", Quantity("mV"), -70.0, Finite, "resting potential"),
        param("v_th", Quantity("mV"), -55.0, Finite, "threshold"),
        param("v_reset", Quantity("mV"), -60.0, Finite, "potential after a spike"),
        param("t_ref", Quantity("ms"), 2.0, NonNegative, "refractory period"),
        param("e_ex", Quantity("mV"), 0.0, Finite, "excitatory reversal potential"),
        param("e_in", Quantity("mV"), -85.0, Finite, "inhibitory reversal potential"),
        param("tau_syn_ex", Quantity("ms"), 0.2, Positive, "excitatory synaptic time constant"),
        param("tau_syn_in", Quantity("ms"), 2.0, Positive, "inhibitory synaptic time constant"),
        param("i_e", Quantity("pA"), 0.0, Finite, "constant injected current"),
    ],
    variables: &[
        variable("v_m", "mV", "membrane potential; starts at e_l"),
        variable("g_ex", "nS", "excitatory conductance; starts at 0"),
        variable("g_in", "nS", "inhibitory conductance; starts at 0"),
    ],
};
