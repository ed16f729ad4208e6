//! Leaky integrate-and-fire neuron with alpha-shaped synaptic currents

use crate::describe::Bound::{Finite, NonNegative, NotNan, Positive};
use crate::describe::Kind::{Flag, Quantity, QuantityOrBare};
use crate::describe::{Model, param, variable};

/// The model's table.
pub const MODEL: Model = Model {
    name: "lif_alpha",
    summary: "Leaky integrate-and-fire neuron with alpha-shaped synaptic currents",
    equations: "",
    reference: "NEST iaf_psc_alpha, iaf_psc_alpha_ps",
    params: &[
        param("tau_m", Quantity("ms"), 10.0, Positive, "membrane time constant"),
        param("c_m", Quantity("pF"), 250.0, Positive, "membrane capacitance"),
        param("e_l", Quantity("mV"), -70.0, Finite, "resting potential"),
        param("v_th", Quantity("mV"), -55.0, Finite, "threshold"),
        param("v_reset", Quantity("mV"), -70.0, Finite, "potential after a spike"),
        param("t_ref", Quantity("ms"), 2.0, NonNegative, "refractory period"),
        param("i_e", Quantity("pA"), 0.0, Finite, "constant injected current"),
        param("tau_syn_ex", Quantity("ms"), 2.0, Positive, "excitatory synaptic time constant"),
        param("tau_syn_in", Quantity("ms"), 2.0, Positive, "inhibitory synaptic time constant"),
    ],
    variables: &[
        variable("v_m", "mV", "membrane potential; starts at e_l"),
        variable("i_syn_ex", "pA", "excitatory synaptic current; starts at 0"),
        variable("i_syn_in", "pA", "inhibitory synaptic current; starts at 0"),
        variable("di_syn_ex", "pA/ms", "rate variable of the excitatory current; starts at 0"),
        variable("di_syn_in", "pA/ms", "rate variable of the inhibitory current; starts at 0"),
    ],
};
