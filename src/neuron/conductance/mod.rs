//! What the two leaky integrate-and-fire models with synaptic conductances share.

pub mod grid;
mod step;

use crate::check::{Invalid, check_all};
use crate::describe::Param;
use crate::neuron::adaptation::Adaptation;
use crate::neuron::solver::{INVERSE, ORDER, Series, TOLERANCE, convolve};
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

    /// Whether the potential is drawn after the conductances much faster than they change: how long \[ms\] it will be so at half of that rate at
    /// least. `g` and `rising` are the conductances of both sides, and their rate variables.
    pub(crate) fn fast(&self, g: [f64; 2], rising: [f64; 2]) -> Option<f64> {
        let rate = (self.g_l + g[0] + g[1]) / self.c_m;
        let acts = |side: usize| g[side] != 0.0 || rising[side] != 0.0;
        let taus = [self.tau_ex, self.tau_in].into_iter().enumerate().filter(|(side, _)| acts(*side));
        let shortest = taus.map(|(_, tau)| tau).fold(f64::INFINITY, f64::min);
        let sound = g.iter().chain(&rising).all(|x| *x >= 0.0);
        (sound && shortest.is_finite() && rate * shortest >= FAST).then_some(0.5 * shortest)
    }

    /// Fills the potential's series with the motion that all others run into: a power series of v = (i - c_m dv/dt) / g. False where `v`
    /// has not come near it yet.
    pub(crate) fn slave(&self, v: f64, current: f64, g_ex: &Series, g_in: &Series, out: &mut Series) -> bool {
        let (g, i) = self.conductance_and_current(current, g_ex, g_in);
        out.fill(0.0);
        for _ in 0..=ROUNDS {
            let mut next = [0.0; ORDER + 1];
            for k in 0..=ORDER {
                let slope = if k < ORDER { self.c_m * (k + 1) as f64 * out[k + 1] } else { 0.0 };
                // As next[k] is 0 yet, the product has all other terms.
                next[k] = (i[k] - slope - convolve(&g, &next, k)) / g[0];
            }
            *out = next;
        }
        (v - out[0]).abs() <= NEAR * TOLERANCE * (1.0 + out[1].abs())
    }

    /// The series of g(t) and i(t) in c_m dv/dt = i(t) - g(t) v.
    #[inline]
    fn conductance_and_current(&self, current: f64, g_ex: &Series, g_in: &Series) -> (Series, Series) {
        let (mut g, mut i) = ([0.0; ORDER + 1], [0.0; ORDER + 1]);
        for k in 0..=ORDER {
            g[k] = g_ex[k] + g_in[k];
            i[k] = g_ex[k] * self.e_ex + g_in[k] * self.e_in;
        }
        g[0] += self.g_l;
        i[0] += self.g_l * self.e_l + self.i_e + current;
        (g, i)
    }

    /// Fills the potential's series, up to order `K`, from those of the conductances: c_m dv/dt = i(t) - g(t) v.
    #[inline]
    pub fn expand<const K: usize>(
        &self,
        v: f64,
        current: f64,
        held: bool,
        g_ex: &Series,
        g_in: &Series,
        out: &mut Series,
    ) {
        out[0] = v;
        if held {
            out[1..].fill(0.0);
            return;
        }
        let (g, mut net) = self.conductance_and_current(current, g_ex, g_in);
        let rise = 1.0 / self.c_m;
        for k in 0..K {
            // Each term is taken off all that it is part of: additions side by side, not one after the other.
            for m in k..K {
                net[m] -= g[m - k] * out[k];
            }
            out[k + 1] = net[k] * (rise * INVERSE[k]);
        }
    }

    /// Does nothing in it change within a millisecond?
    pub(crate) fn is_slow(&self) -> bool {
        self.tau_ex.min(self.tau_in).min(self.c_m / self.g_l) >= SLOW
    }
}

/// The shortest time constant \[ms\] for which an expansion of low order is worth its while.
const SLOW: f64 = 1.0;

/// The membrane is slaved to its conductances where its rate is so many times theirs: then the motion that it runs into is known to
/// 1e-12 mV after [`ROUNDS`].
const FAST: f64 = 400.0;

/// Rounds of v = (i - c_m dv/dt) / g: each is nearer by the ratio of the two rates, over their number.
const ROUNDS: usize = 8;

/// How far from that motion the membrane may be, in errors of a step.
const NEAR: f64 = 1.0;

/// The series of x' = -x / tau + source, up to order `K`; `source` is none for a plain decay.
#[inline]
pub fn expand_decay<const K: usize>(start: f64, tau: f64, source: Option<&Series>, out: &mut Series) {
    out[0] = start;
    if start == 0.0 && source.is_none() {
        out[1..].fill(0.0);
        return;
    }
    let rate = 1.0 / tau;
    for k in 0..K {
        let forced = source.map_or(0.0, |s| s[k]);
        out[k + 1] = (forced - out[k] * rate) * INVERSE[k];
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::math::{exp, exp_m1};
    use crate::neuron::EventNeuron;
    use crate::neuron::lif_cond_exp::{LifCondExp, MODEL, Params};
    use crate::neuron::solver::{Ode, Solved};

    thread_local! {
        /// Expansions so far.
        static EXPANSIONS: Cell<u32> = const { Cell::new(0) };
    }

    /// lif_cond_exp, with its expansions counted.
    #[derive(Clone)]
    struct Counted(Params);

    impl Ode<4> for Counted {
        fn from_values(values: &[f64]) -> Result<Counted, Invalid> {
            Params::from_values(values).map(Counted)
        }
        fn start(&self, initial: &[f64]) -> [f64; 4] {
            self.0.start(initial)
        }
        fn threshold(&self) -> f64 {
            self.0.threshold()
        }
        fn t_ref(&self) -> Time {
            self.0.t_ref()
        }
        fn expand<const K: usize>(&self, y: &[f64; 4], current: f64, held: bool, series: &mut [Series; 4]) {
            EXPANSIONS.set(EXPANSIONS.get() + 1);
            self.0.expand::<K>(y, current, held, series);
        }
        fn slaved(&self, y: &[f64; 4], current: f64, series: &mut [Series; 4]) -> Option<f64> {
            EXPANSIONS.set(EXPANSIONS.get() + 1);
            self.0.slaved(y, current, series)
        }
        fn reset(&self, y: &mut [f64; 4]) {
            self.0.reset(y);
        }
        fn receive(&self, y: &mut [f64; 4], weight: f64) {
            self.0.receive(y, weight);
        }
        fn quiet(&self, y: &[f64; 4], current: f64) -> f64 {
            self.0.quiet(y, current)
        }
    }

    fn values() -> Vec<f64> {
        let mut values: Vec<f64> = MODEL.params.iter().map(|p| p.default).collect();
        // tau_syn_in and i_e.
        (values[9], values[10]) = (10.0, 100.0);
        values
    }

    /// v at `t` after an inhibitory event at 0, from v0: the integral of i(s) / c e^-(A(t) - A(s)), over A instead of s; and what is left of v0.
    fn exact(m: &Membrane, weight: f64, v0: f64, t: f64) -> (f64, f64) {
        let g = |s: f64| m.g_l + weight * exp(-s / m.tau_in);
        let i = |s: f64| m.g_l * m.e_l + m.i_e + weight * exp(-s / m.tau_in) * m.e_in;
        let between =
            |s: f64| (m.g_l * (t - s) + weight * m.tau_in * exp(-t / m.tau_in) * exp_m1((t - s) / m.tau_in)) / m.c_m;
        let all = between(0.0);
        let reach = all.min(45.0);
        let parts = 40_000;
        let step = reach / f64::from(parts);
        let (mut sum, mut s) = (0.0, t);
        for k in 0..=parts {
            let y = step * f64::from(k);
            // Newton: A falls with s at the rate g / c.
            (0..4).for_each(|_| s = (s + (between(s) - y) * m.c_m / g(s)).clamp(0.0, t));
            let weight = if k == 0 || k == parts { 1.0 } else { f64::from(2 + 2 * (k % 2)) };
            sum += weight * i(s) / g(s) * exp(-y);
        }
        (v0 * exp(-all) + sum * step / 3.0, exp(-all))
    }

    #[test]
    fn a_membrane_under_huge_conductances_has_its_exact_potential() {
        let p = LifCondExp::params(&values()).unwrap();
        let m = Membrane::from_values(MODEL.params, &values()).unwrap();
        for weight in [3e4, 1e6, 2e7] {
            let v0 = -62.0;
            let mut state = LifCondExp::initial(&p, &[v0, f64::NAN, f64::NAN, f64::NAN]);
            LifCondExp::receive(&p, &mut state, -weight);
            for t in [1e-5, 1e-3, 0.01, 0.5, 3.0, 20.0, 60.0, 90.0] {
                let found = LifCondExp::read(&p, &state, 0, Time::from_ms(t));
                let (expected, left) = exact(&m, weight, v0, t);
                // Of a fast change, each step is right to 1e-11 ms of its slope where it begins, some e^3 steeper.
                let fast = 2e-10 * weight / m.c_m * (v0 - m.e_in) * left;
                assert!((found - expected).abs() < 2e-9 + fast, "{weight} nS, {t} ms: {found} {expected}");
            }
        }
    }

    #[test]
    fn a_stiff_membrane_takes_few_steps_and_an_event_in_between_is_seen() {
        type Neuron = Solved<Counted, 4>;
        let p = Neuron::params(&values()).unwrap();
        let taken = |weight: f64| {
            EXPANSIONS.set(0);
            let mut state = Neuron::initial(&p, &[f64::NAN; 4]);
            Neuron::receive(&p, &mut state, -weight);
            let v = Neuron::read(&p, &state, 0, Time::from_ms(100.0));
            // A current moves what the potential follows.
            Neuron::advance(&p, &mut state, Time::from_ms(1.0));
            Neuron::set_current(&p, &mut state, 1e6);
            let moved =
                Neuron::read(&p, &state, 0, Time::from_ms(2.0)) - Neuron::read(&p, &state, 0, Time::from_ms(1.0));
            assert!(
                v > -90.0 && v < -50.0 && (weight < 1e6 || (moved - 1e6 / (weight * exp(-0.2))).abs() < 0.1),
                "{v} {moved}"
            );
            EXPANSIONS.get()
        };
        // By steps as short as the time constant there would be 20,000.
        let steps = taken(1e6);
        assert!(steps < 1200, "{steps}");
        assert!(taken(1e7) < 1500);
    }
}
