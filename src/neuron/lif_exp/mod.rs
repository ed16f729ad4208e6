//! Leaky integrate-and-fire neuron with exponential synaptic currents.
//!
//! Between events the solution is closed (Rotter & Diesmann 1999, doi:10.1007/s004220050570), in both engines:
//! [`event`](LifExp) at exact times, [`grid`](fn@grid) in steps as NEST's `iaf_psc_exp`.

use crate::describe::Bound::{Finite, NonNegative, Positive};
use crate::describe::Kind::Quantity;
use crate::describe::{Model, param, variable};
use crate::neuron::adaptation::{PARAMS, VARIABLE};
use crate::neuron::membrane::start_at_threshold;

mod event;
mod grid;
mod together;

pub use event::{LifExp, Params, State, crossing_offset_ms};
pub use grid::grid;

/// The model's table.
pub const MODEL: Model = Model {
    name: "lif_exp",
    summary: "Leaky integrate-and-fire neuron with exponential synaptic currents",
    equations: concat!(
        "\
tau_m dv_m/dt = -(v_m - e_l) + (tau_m / c_m) (i_syn_ex + i_syn_in + i_e + injected current)
tau_syn_ex di_syn_ex/dt = -i_syn_ex        an event of weight w >= 0 adds w to i_syn_ex
tau_syn_in di_syn_in/dt = -i_syn_in        an event of weight w < 0 adds w to i_syn_in
v_m >= v_th + theta: spike; v_m = v_reset, held for t_ref, while the currents go on; theta += theta_plus
tau_theta dtheta/dt = -theta              threshold adaptation, with theta_plus above 0
",
        start_at_threshold!()
    ),
    reference: "Rotter & Diesmann 1999, doi:10.1007/s004220050570; NEST iaf_psc_exp, iaf_psc_exp_ps",
    params: &[
        param("tau_m", Quantity("ms"), 10.0, Positive, "membrane time constant"),
        param("c_m", Quantity("pF"), 250.0, Positive, "membrane capacitance"),
        param("e_l", Quantity("mV"), -70.0, Finite, "resting potential"),
        param("v_th", Quantity("mV"), -55.0, Finite, "threshold"),
        param("v_reset", Quantity("mV"), -70.0, Finite, "potential after a spike, below v_th"),
        param("t_ref", Quantity("ms"), 2.0, NonNegative, "refractory period"),
        param("i_e", Quantity("pA"), 0.0, Finite, "constant injected current"),
        param("tau_syn_ex", Quantity("ms"), 2.0, Positive, "excitatory synaptic time constant"),
        param("tau_syn_in", Quantity("ms"), 2.0, Positive, "inhibitory synaptic time constant"),
        PARAMS[0],
        PARAMS[1],
    ],
    variables: &[
        variable("v_m", "mV", "membrane potential; starts at e_l"),
        variable("i_syn_ex", "pA", "excitatory synaptic current; starts at 0"),
        variable("i_syn_in", "pA", "inhibitory synaptic current; starts at 0"),
        VARIABLE,
    ],
};
