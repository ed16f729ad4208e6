//! Leaky integrate-and-fire neuron with exponential synaptic conductances, as NEST's `iaf_cond_exp`.

use crate::check::Invalid;
use crate::describe::Bound::{Finite, NonNegative, Positive};
use crate::describe::Kind::Quantity;
use crate::describe::{Model, conductance, param, variable};
use crate::math::real::Real;
use crate::neuron::adaptation::{Adaptation, PARAMS, VARIABLE};
use crate::neuron::conductance::{Membrane, expand_decay, grid};
use crate::neuron::membrane::start_at_threshold;
use crate::neuron::solver::{ORDER, Ode, Series, Solved};
use crate::neuron::{BlockSpec, GridNeurons, or_default};
use crate::time::Time;

/// The model's table.
pub const MODEL: Model = Model {
    name: "lif_cond_exp",
    summary: "Leaky integrate-and-fire neuron with exponential synaptic conductances",
    equations: concat!(
        "\
c_m dv_m/dt = -g_l (v_m - e_l) - g_ex (v_m - e_ex) - g_in (v_m - e_in) + i_e
tau_syn_ex dg_ex/dt = -g_ex
tau_syn_in dg_in/dt = -g_in
an event of weight w: g_ex += w if w > 0, else g_in += |w|
v_m >= v_th + theta: a spike; v_m = v_reset, held for t_ref; theta += theta_plus
tau_theta dtheta/dt = -theta: threshold adaptation, with theta_plus above 0
",
        start_at_threshold!()
    ),
    reference: "Meffin, Burkitt & Grayden 2004, doi:10.1023/B:JCNS.0000014108.03012.81; NEST iaf_cond_exp",
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
        PARAMS[0],
        PARAMS[1],
    ],
    variables: &[
        variable("v_m", "mV", "membrane potential; starts at e_l"),
        conductance("g_ex", "excitatory conductance; starts at 0, not negative"),
        conductance("g_in", "inhibitory conductance; starts at 0, not negative"),
        VARIABLE,
    ],
};

/// Checked parameters.
#[derive(Clone, Debug)]
pub struct Params {
    membrane: Membrane,
    adaptation: Adaptation,
}

/// The event engine's view of the model.
pub type LifCondExp = Solved<Params, 4>;

impl Params {
    /// Fills the series of all variables but the potential.
    #[inline]
    fn expand_others<const K: usize>(&self, y: &[f64; 4], series: &mut [Series; 4]) {
        let [_, g_ex, g_in, theta] = series;
        expand_decay::<K>(y[1], self.membrane.tau_ex, None, g_ex);
        expand_decay::<K>(y[2], self.membrane.tau_in, None, g_in);
        expand_decay::<K>(y[3], self.adaptation.tau(), None, theta);
    }
}

impl Ode<4> for Params {
    fn from_values(values: &[f64]) -> Result<Params, Invalid> {
        let membrane = Membrane::from_values(MODEL.params, values)?;
        Ok(Params { adaptation: Adaptation::new(values.get(11..), membrane.t_ref.ms())?, membrane })
    }

    fn start(&self, initial: &[f64]) -> [f64; 4] {
        let or = |k, default| or_default(initial, k, default);
        [or(0, self.membrane.e_l), or(1, 0.0), or(2, 0.0), or(3, 0.0).max(0.0)]
    }

    fn threshold(&self) -> f64 {
        self.membrane.v_th
    }

    fn risen(&self) -> Option<usize> {
        Some(3)
    }

    fn t_ref(&self) -> Time {
        self.membrane.t_ref
    }

    fn expand<const K: usize>(&self, y: &[f64; 4], current: f64, held: bool, series: &mut [Series; 4]) {
        self.expand_others::<K>(y, series);
        let [v, g_ex, g_in, _] = series;
        self.membrane.expand::<K>(y[0], current, held, g_ex, g_in, v);
    }

    fn is_slow(&self) -> bool {
        self.membrane.is_slow()
    }

    fn slaved(&self, y: &[f64; 4], current: f64, series: &mut [Series; 4]) -> Option<f64> {
        let lasts = self.membrane.fast([y[1], y[2]], [0.0; 2])?;
        self.expand_others::<ORDER>(y, series);
        let [v, g_ex, g_in, _] = series;
        self.membrane.slave(y[0], current, g_ex, g_in, v).then_some(lasts)
    }

    fn reset(&self, y: &mut [f64; 4]) {
        y[0] = self.membrane.v_reset;
        y[3] += self.adaptation.plus();
    }

    fn receive(&self, y: &mut [f64; 4], weight: f64) {
        if weight > 0.0 {
            y[1] += weight;
        } else {
            y[2] -= weight;
        }
    }

    fn quiet(&self, y: &[f64; 4], current: f64) -> f64 {
        self.membrane.quiet_risen(&self.adaptation, y[3], [y[0], y[1], y[2]], current)
    }
}

/// A block of neurons of the grid engine, with steps of `h_ms`.
///
/// # Errors
/// A parameter out of its bound, or v_reset >= v_th.
pub fn grid<R: Real>(h_ms: f64, spec: &BlockSpec<'_>) -> Result<Box<dyn GridNeurons<R>>, Invalid> {
    grid::block::<R, false>(h_ms, spec, |values| Membrane::from_values(MODEL.params, values))
}
