//! Adaptive exponential integrate-and-fire neuron with exponential conductances

use crate::describe::Bound::{Finite, NonNegative, NotNan, Positive};
use crate::describe::Kind::{Flag, Quantity, QuantityOrBare};
use crate::describe::{Model, param, variable};

/// The model's table.
pub const MODEL: Model = Model {
    name: "adex",
    summary: "Adaptive exponential integrate-and-fire neuron with exponential conductances",
    equations: "",
    reference: "Brette & Gerstner 2005; NEST aeif_cond_exp",
    params: &[
        param("c_m", Quantity("pF"), 281.0, Positive, "membrane capacitance"),
        param("g_l", Quantity("nS"), 30.0, Positive, "leak conductance"),
        param("e_l", Quantity("mV"), -70.6, Finite, "leak reversal potential"),
        param("v_th", Quantity("mV"), -50.4, Finite, "onset of the exponential"),
        param("delta_t", Quantity("mV"), 2.0, NonNegative, "slope factor of the exponential"),
        param("v_peak", Quantity("mV"), 0.0, Finite, "potential at which a spike is emitted"),
        param("v_reset", Quantity("mV"), -60.0, Finite, "potential after a spike"),
        param("t_ref", Quantity("ms"), 0.0, NonNegative, "refractory period"),
        param("tau_w", Quantity("ms"), 144.0, Positive, "adaptation time constant"),
        param("a", Quantity("nS"), 4.0, Finite, "subthreshold adaptation"),
        param("b", Quantity("pA"), 80.5, Finite, "spike-triggered adaptation"),
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
        variable("w", "pA", "adaptation current; starts at 0"),
    ],
};
