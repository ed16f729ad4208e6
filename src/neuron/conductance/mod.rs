//! What the two leaky integrate-and-fire models with synaptic conductances share.

pub mod grid;
mod step;

use crate::check::{Invalid, check_all};
use crate::describe::Param;
use crate::neuron::adaptation::Adaptation;
use crate::neuron::solver::{ORDER, Series, convolve};
use crate::time::Time;

/// Checked parameters of `lif_cond_exp` and `lif_cond_alpha`, in the units of their tables.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct Membrane {
    pub c_m: f64,
    pub g_l: f64,
    pub e_l: f64,
    pub v_th: f64,
    pub v_reset: f64,
    pub t_ref: Time,
    pub e_ex: f64,
    pub e_in: f64,
    pub tau_ex: f64,
    pub tau_in: f64,
    pub i_e: f64,
}

impl Membrane {
    /// From the values of a table in the order c_m, g_l, e_l, v_th, v_reset, t_ref, e_ex, e_in, tau_syn_ex, tau_syn_in, i_e, and those of the threshold's adaptation, which
    /// are left alone.
    ///
    /// # Errors
    /// A value out of its bound, or a reset at or above the threshold.
    pub fn from_values(table: &[Param], values: &[f64]) -> Result<Membrane, Invalid> {
        check_all(table, values)?;
        let [c_m, g_l, e_l, v_th, v_reset, t_ref, e_ex, e_in, tau_ex, tau_in, i_e, ..] = values else {
            return Err(Invalid::new("parameters", format!("found {} values, expected 11 or more", values.len())));
        };
        if v_reset >= v_th {
            return Err(Invalid::new("v_reset", format!("found {v_reset} mV, expected less than v_th = {v_th} mV")));
        }
        Ok(Membrane {
            c_m: *c_m,
            g_l: *g_l,
            e_l: *e_l,
            v_th: *v_th,
            v_reset: *v_reset,
            t_ref: Time::from_ms(*t_ref),
            e_ex: *e_ex,
            e_in: *e_in,
            tau_ex: *tau_ex,
            tau_in: *tau_in,
            i_e: *i_e,
        })
    }

    /// A lower bound \[ms\] of how long the potential stays below threshold, if the conductances never exceed `g_ex`, `g_in`.
    pub fn quiet(&self, v: f64, g_ex: f64, g_in: f64, current: f64) -> f64 {
        self.quiet_below(self.v_th, v, g_ex, g_in, current)
    }

    /// As [`Self::quiet`], with a threshold that has risen by `theta`.
    pub(crate) fn quiet_risen(
        &self,
        adaptation: &Adaptation,
        theta: f64,
        [v, g_ex, g_in]: [f64; 3],
        current: f64,
    ) -> f64 {
        if theta == 0.0 {
            return self.quiet(v, g_ex, g_in, current);
        }
        // What is left of the rise after a refractory period, and then for a while.
        let least = Adaptation::floor(adaptation.left(theta));
        self.quiet_below(self.v_th + least, v, g_ex, g_in, current).min(adaptation.horizon())
    }

    fn quiet_below(&self, v_th: f64, v: f64, g_ex: f64, g_in: f64, current: f64) -> f64 {
        if v >= v_th {
            return 0.0;
        }
        // An upper bound of c_m dv/dt at u and above, now and later.
        let drive = |u: f64| {
            let (ex, inh) = ((self.e_ex - u).max(0.0), (self.e_in - u).max(0.0));
            self.g_l * (self.e_l - u) + self.i_e + current + g_ex * ex + g_in * inh
        };
        let at_threshold = drive(v_th);
        let scale = self.g_l * (self.e_l - v_th).abs() + (self.i_e + current).abs();
        if at_threshold < -1e-9 * scale {
            return f64::INFINITY;
        }
        // The drive falls with v, so the climb from v is nowhere steeper than at v.
        let steepest = drive(v).max(1e-9 * scale + 1e-300);
        (v_th - v) * self.c_m / steepest
    }

    /// Fills the potential's series from those of the conductances: c_m dv/dt = i(t) - g(t) v.
    #[inline]
    pub fn expand(&self, v: f64, current: f64, held: bool, g_ex: &Series, g_in: &Series, out: &mut Series) {
        out[0] = v;
        if held {
            out[1..].fill(0.0);
            return;
        }
        let (mut g, mut i) = ([0.0; ORDER + 1], [0.0; ORDER + 1]);
        for k in 0..ORDER {
            g[k] = g_ex[k] + g_in[k];
            i[k] = g_ex[k] * self.e_ex + g_in[k] * self.e_in;
        }
        g[0] += self.g_l;
        i[0] += self.g_l * self.e_l + self.i_e + current;
        for k in 0..ORDER {
            out[k + 1] = (i[k] - convolve(&g, out, k)) / (self.c_m * (k + 1) as f64);
        }
    }
}

/// The series of x' = -x / tau + source; `source` is none for a plain decay.
#[inline]
pub fn expand_decay(start: f64, tau: f64, source: Option<&Series>, out: &mut Series) {
    out[0] = start;
    for k in 0..ORDER {
        let forced = source.map_or(0.0, |s| s[k]);
        out[k + 1] = (forced - out[k] / tau) / (k + 1) as f64;
    }
}
