//! Adaptive exponential integrate-and-fire neuron with exponential conductances, as NEST's `aeif_cond_exp`.

mod grid;

pub use grid::grid;

use crate::check::{Invalid, check_all};
use crate::describe::Bound::{Finite, NonNegative, Positive};
use crate::describe::Kind::Quantity;
use crate::describe::{Model, conductance, param, variable};
use crate::math;
use crate::neuron::conductance::{Membrane, expand_decay};
use crate::neuron::or_default;
use crate::neuron::solver::{INVERSE, ORDER, Ode, Series, Solved, convolve};
use crate::time::Time;

/// The model's table.
pub const MODEL: Model = Model {
    name: "adex",
    summary: "Adaptive exponential integrate-and-fire neuron with exponential conductances",
    equations: "\
c_m dv_m/dt = -g_l (v_m - e_l) + g_l delta_t exp((v_m - v_th) / delta_t) - g_ex (v_m - e_ex) - g_in (v_m - e_in) - w + i_e
tau_w dw/dt = a (v_m - e_l) - w
tau_syn_ex dg_ex/dt = -g_ex
tau_syn_in dg_in/dt = -g_in
an event of weight w: g_ex += w if w > 0, else g_in += |w|
v_m >= v_peak: a spike; v_m = v_reset, held for t_ref; w += b
delta_t = 0: no exponential, and v_th takes the place of v_peak
A neuron that starts at or above v_peak is looked at after one tick (event), within the first step (grid), and spikes then if it has not come below",
    reference: "Brette & Gerstner 2005, doi:10.1152/jn.00686.2005; NEST aeif_cond_exp",
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
        conductance("g_ex", "excitatory conductance; starts at 0, not negative"),
        conductance("g_in", "inhibitory conductance; starts at 0, not negative"),
        variable("w", "pA", "adaptation current; starts at 0"),
    ],
};

/// Checked parameters.
#[derive(Clone, Debug)]
pub struct Params {
    /// What it shares with the leaky neurons; its `v_th` is the potential at which a spike is emitted.
    membrane: Membrane,
    /// Onset of the exponential \[mV\].
    v_onset: f64,
    delta_t: f64,
    /// The right-hand sides of the grid take v as this at most, as NEST's do: `v_peak`, also where `v_th` fires \[mV\].
    v_peak: f64,
    tau_w: f64,
    a: f64,
    b: f64,
}

/// The event engine's view of the model.
pub type Adex = Solved<Params, 4>;

impl Ode<4> for Params {
    fn from_values(values: &[f64]) -> Result<Params, Invalid> {
        check_all(MODEL.params, values)?;
        let [c_m, g_l, e_l, v_onset, delta_t, v_peak, v_reset, t_ref, tau_w, a, b, e_ex, e_in, tau_ex, tau_in, i_e] =
            *values
        else {
            return Err(Invalid::new("parameters", format!("found {} values, expected 16", values.len())));
        };
        if v_peak < v_onset {
            return Err(Invalid::new("v_peak", format!("found {v_peak} mV, expected v_th = {v_onset} mV or more")));
        }
        let v_th = if delta_t > 0.0 { v_peak } else { v_onset };
        if v_reset >= v_th {
            let name = if delta_t > 0.0 { "v_peak" } else { "v_th (delta_t is 0)" };
            return Err(Invalid::new("v_reset", format!("found {v_reset} mV, expected less than {name} = {v_th} mV")));
        }
        if delta_t > 0.0 && (v_peak - v_onset) / delta_t > LARGEST_EXPONENT {
            let least = (v_peak - v_onset) / LARGEST_EXPONENT;
            return Err(Invalid::new(
                "delta_t",
                format!(
                    "found {delta_t} mV, expected 0 or at least {least} mV: exp((v_peak - v_th) / delta_t) overflows"
                ),
            ));
        }
        let t_ref = Time::from_ms(t_ref);
        let membrane = Membrane { c_m, g_l, e_l, v_th, v_reset, t_ref, e_ex, e_in, tau_ex, tau_in, i_e };
        Ok(Params { membrane, v_onset, delta_t, v_peak, tau_w, a, b })
    }

    fn start(&self, initial: &[f64]) -> [f64; 4] {
        let or = |k, default| or_default(initial, k, default);
        [or(0, self.membrane.e_l), or(1, 0.0), or(2, 0.0), or(3, 0.0)]
    }

    fn threshold(&self) -> f64 {
        self.membrane.v_th
    }

    fn t_ref(&self) -> Time {
        self.membrane.t_ref
    }

    fn expand<const K: usize>(&self, y: &[f64; 4], current: f64, held: bool, series: &mut [Series; 4]) {
        let p = &self.membrane;
        let [v, g_ex, g_in, w] = series;
        expand_decay::<K>(y[1], p.tau_ex, None, g_ex);
        expand_decay::<K>(y[2], p.tau_in, None, g_in);
        (v[0], w[0]) = (y[0], y[3]);
        // g_l delta_t exp((v - v_th) / delta_t); its derivative is itself times dv/dt / delta_t.
        let (mut spike, mut slope) = ([0.0; ORDER + 1], [0.0; ORDER + 1]);
        let exponential = self.delta_t > 0.0;
        if exponential {
            spike[0] = p.g_l * self.delta_t * math::exp((y[0].min(p.v_th) - self.v_onset) / self.delta_t);
        }
        let (rise, steepness, rate_w) = (1.0 / p.c_m, 1.0 / self.delta_t, 1.0 / self.tau_w);
        // Conductance, and what drives v apart from w and the exponential.
        let (mut g, mut net) = ([0.0; ORDER + 1], [0.0; ORDER + 1]);
        for k in 0..K {
            g[k] = g_ex[k] + g_in[k];
            net[k] = g_ex[k] * p.e_ex + g_in[k] * p.e_in;
        }
        g[0] += p.g_l;
        net[0] += p.g_l * p.e_l + p.i_e + current;
        for k in 0..K {
            for m in k..K {
                net[m] -= g[m - k] * v[k];
            }
            let total = net[k] - w[k] + spike[k];
            v[k + 1] = if held { 0.0 } else { total * (rise * INVERSE[k]) };
            let drive = if k == 0 { v[0] - p.e_l } else { v[k] };
            w[k + 1] = (self.a * drive - w[k]) * (rate_w * INVERSE[k]);
            if exponential && !held {
                slope[k] = v[k + 1] * (k + 1) as f64 * steepness;
                spike[k + 1] = convolve(&slope, &spike, k) * INVERSE[k];
            }
        }
    }

    fn is_slow(&self) -> bool {
        self.membrane.is_slow()
    }

    fn trusted(&self, [v, ..]: &[Series; 4], reach: f64) -> f64 {
        if self.delta_t == 0.0 {
            return reach;
        }
        // From far below its onset the exponential is in no term, however soon it comes.
        let mut reach = reach;
        loop {
            let rise = v[1..].iter().rev().fold(0.0, |sum, term| (sum + term.abs()) * reach);
            let highest = (v[0] + rise).min(self.membrane.v_th);
            let spike = || self.membrane.g_l * self.delta_t * math::exp((highest - self.v_onset) / self.delta_t);
            if rise <= E_FOLDS * self.delta_t || rise.is_nan() || spike() * reach < UNSEEN * self.membrane.c_m {
                return reach;
            }
            reach *= 0.5;
        }
    }

    fn reset(&self, y: &mut [f64; 4]) {
        y[0] = self.membrane.v_reset;
        y[3] += self.b;
    }

    fn receive(&self, y: &mut [f64; 4], weight: f64) {
        if weight > 0.0 {
            y[1] += weight;
        } else {
            y[2] -= weight;
        }
    }

    fn quiet(&self, _: &[f64; 4], _: f64) -> f64 {
        // w may fall, so nothing short of a search bounds v.
        0.0
    }
}

/// Growth of the exponential, in e-folds, that the terms of a series see coming.
const E_FOLDS: f64 = 2.0;

/// What the exponential may add to v without being seen \[mV\].
const UNSEEN: f64 = 1e-12;

/// The exponential stays below 1e288, so that sums and products with it are finite.
const LARGEST_EXPONENT: f64 = 663.0;
