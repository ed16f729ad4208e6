//! Blocks of neurons, one step at a time.

use super::{GraphError, Scheme};
use crate::format::nir::Neuron;
use crate::math::{exp, exp_m1, ln};

/// More spikes of one neuron in one step are a mistake in the model.
const MAX_SPIKES: usize = 100_000;

/// What a block keeps from step to step.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct State {
    /// Potentials.
    pub v: Vec<f64>,
    /// Synaptic currents; empty without synapses of their own dynamics.
    i: Vec<f64>,
}

/// The constants of one neuron.
struct Cell {
    /// None: an integrator.
    tau_mem: Option<f64>,
    tau_syn: Option<f64>,
    r: f64,
    v_leak: f64,
    /// What I goes to: w_in x, or x itself.
    drive: f64,
}

impl State {
    pub fn new(neuron: &Neuron) -> State {
        let i = if neuron.synapse.is_some() { vec![0.0; neuron.r.len()] } else { Vec::new() };
        State { v: neuron.v_leak.clone(), i }
    }

    /// Advances by `dt` \[s\] with the input `x`, and writes what the block gives into `out`; `spike` is told of each spike: the neuron,
    /// and when in the step.
    pub fn step(
        &mut self,
        neuron: &Neuron,
        x: &[f64],
        out: &mut [f64],
        (dt, scheme, subtract): (f64, Scheme, bool),
        mut spike: impl FnMut(usize, f64),
    ) -> Result<(), GraphError> {
        for (k, out) in out.iter_mut().enumerate() {
            let cell = Cell {
                tau_mem: neuron.tau_mem.as_ref().map(|tau| tau[k]),
                tau_syn: neuron.synapse.as_ref().map(|s| s.0[k]),
                r: neuron.r[k],
                v_leak: neuron.v_leak[k],
                drive: neuron.synapse.as_ref().map_or(x[k], |s| s.1[k] * x[k]),
            };
            let mut i = self.i.get(k).copied().unwrap_or(cell.drive);
            let mut v = self.v[k];
            let mut count = 0usize;
            match (scheme, &neuron.threshold) {
                (Scheme::Euler, threshold) => {
                    if let Some(tau) = cell.tau_syn {
                        i += dt / tau * (cell.drive - i);
                    }
                    v += match cell.tau_mem {
                        Some(tau) => dt / tau * (cell.v_leak - v + cell.r * i),
                        None => dt * cell.r * i,
                    };
                    if let Some(t) = threshold
                        && v > t.v_threshold[k]
                    {
                        v = if subtract { v - (t.v_threshold[k] - t.v_reset[k]) } else { t.v_reset[k] };
                        count = 1;
                        spike(k, dt);
                    }
                }
                (Scheme::Exact, None) => (v, i) = cell.after(v, i, dt),
                (Scheme::Exact, Some(t)) => {
                    let mut rest = dt;
                    while let Some(s) = cell.crossing(v, i, t.v_threshold[k], rest) {
                        (_, i) = cell.after(v, i, s);
                        v = t.v_reset[k];
                        rest -= s;
                        count += 1;
                        spike(k, dt - rest);
                        if count > MAX_SPIKES {
                            return Err(GraphError(format!(
                                "neuron {k} spikes more than {MAX_SPIKES} times in a step: its input is too large"
                            )));
                        }
                    }
                    (v, i) = cell.after(v, i, rest);
                }
            }
            if !v.is_finite() {
                return Err(GraphError(format!(
                    "the potential of neuron {k} grows without bound; a smaller step or the scheme exact may help"
                )));
            }
            self.v[k] = v;
            if let Some(stored) = self.i.get_mut(k) {
                *stored = i;
            }
            *out = if neuron.threshold.is_some() { count as f64 } else { v };
        }
        Ok(())
    }
}

impl Cell {
    /// v and I after `s`.
    fn after(&self, v: f64, i: f64, s: f64) -> (f64, f64) {
        // I(s) = drive + (i - drive) e^(-s / tau_syn)
        let excess = self.tau_syn.map_or(0.0, |_| i - self.drive);
        let decay = self.tau_syn.map_or(1.0, |tau| exp(-s / tau));
        let later = self.drive + excess * decay;
        let v = match self.tau_mem {
            Some(tau) => {
                let leak = exp(-s / tau);
                let end = self.v_leak + self.r * self.drive;
                // (e^(-s / tau_syn) - e^(-s / tau)) tau_syn / (tau_syn - tau), also where the two are equal.
                let part = self.tau_syn.map_or(0.0, |tau_syn| {
                    // From the slower of both decays on, so that nothing grows without bound.
                    let x = (s / tau - s / tau_syn).abs();
                    let ratio = if x < 1e-12 { 1.0 } else { -exp_m1(-x) / x };
                    s / tau * leak.max(decay) * ratio
                });
                end + (v - end) * leak + self.r * excess * part
            }
            None => {
                let part = self.tau_syn.map_or(0.0, |tau| -tau * exp_m1(-s / tau));
                v + self.r * (self.drive * s + excess * part)
            }
        };
        (v, later)
    }

    /// The slope of v.
    fn slope(&self, v: f64, i: f64) -> f64 {
        self.tau_mem.map_or(self.r * i, |tau| (self.v_leak - v + self.r * i) / tau)
    }

    /// When v first rises above `level`, before `rest`.
    fn crossing(&self, v: f64, i: f64, level: f64, rest: f64) -> Option<f64> {
        if v > level {
            return Some(0.0);
        }
        if self.tau_syn.is_none() {
            let s = match self.tau_mem {
                Some(tau) => {
                    let end = self.v_leak + self.r * self.drive;
                    (end > level).then(|| tau * ln((end - v) / (end - level)))?
                }
                None => {
                    let slope = self.r * self.drive;
                    (slope > 0.0).then(|| (level - v) / slope)?
                }
            };
            return (s < rest).then_some(s);
        }
        // v has one turning point at most.
        let above = |s: f64| self.after(v, i, s).0 > level;
        let rising = |s: f64| {
            let (v, i) = self.after(v, i, s);
            self.slope(v, i) > 0.0
        };
        let (first, last) = (rising(0.0), rising(rest));
        let turn = if first == last { None } else { Some(bisect(0.0, rest, |s| rising(s) == last)) };
        let (from, to) = match (first, turn) {
            (true, Some(top)) => (0.0, top),
            (false, Some(bottom)) => (bottom, rest),
            (true, None) => (0.0, rest),
            (false, None) => return None,
        };
        above(to).then(|| bisect(from, to, above))
    }
}

/// The first place between `low` and `high` where `there` holds; it holds at `high`, and from some place on.
fn bisect(mut low: f64, mut high: f64, there: impl Fn(f64) -> bool) -> f64 {
    loop {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            return high;
        }
        if there(middle) { high = middle } else { low = middle }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closed_form_is_what_small_steps_go_to() {
        for (tau_mem, tau_syn) in [
            (Some(0.02), Some(0.005)),
            (Some(0.002), Some(0.03)),
            (Some(0.01), Some(0.01)),
            (None, Some(0.004)),
            (Some(0.02), None),
        ] {
            let cell = Cell { tau_mem, tau_syn, r: 2.0, v_leak: -0.3, drive: 0.7 };
            let (mut v, mut i) = (0.1, tau_syn.map_or(0.7, |_| 3.0));
            let exact = cell.after(v, i, 0.01);
            let n = 200_000;
            let h = 0.01 / f64::from(n);
            for _ in 0..n {
                // Heun's method.
                let di = |i: f64| tau_syn.map_or(0.0, |tau| (cell.drive - i) / tau);
                let (k, l) = (cell.slope(v, i), di(i));
                let (v2, i2) = (v + h * k, i + h * l);
                v += 0.5 * h * (k + cell.slope(v2, i2));
                i += 0.5 * h * (l + di(i2));
            }
            assert!((v - exact.0).abs() < 1e-9 && (i - exact.1).abs() < 1e-9, "{tau_mem:?} {tau_syn:?}: {v} {exact:?}");
        }
    }

    #[test]
    fn a_step_of_many_time_constants_is_exact_too() {
        // What is left is the current that the synapse still has, which the membrane follows.
        let cell = Cell { tau_mem: Some(0.001), tau_syn: Some(20.0), r: 2.0, v_leak: 0.0, drive: 0.0 };
        let (v, i) = cell.after(0.0, 3.0, 1.0);
        assert!((v - 2.0 * i / (1.0 - 0.001 / 20.0)).abs() < 1e-14 && i > 2.8, "{v} {i}");
    }

    #[test]
    fn a_crossing_between_the_ends_of_a_step_is_found() {
        // A brief current: v rises above the level and is below again at the end.
        let cell = Cell { tau_mem: Some(0.01), tau_syn: Some(0.002), r: 1.0, v_leak: 0.0, drive: 0.0 };
        assert!(cell.after(0.0, 5.0, 0.05).0 < 0.5);
        let s = cell.crossing(0.0, 5.0, 0.5, 0.05).unwrap();
        assert!((cell.after(0.0, 5.0, s).0 - 0.5).abs() < 1e-12 && s < 0.005, "{s}");
        assert_eq!(cell.crossing(0.0, 5.0, 5.0, 0.05), None);
    }
}
