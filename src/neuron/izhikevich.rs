//! Izhikevich's simple model, as NEST's `izhikevich`.

use crate::check::{Invalid, check_all};
use crate::describe::Bound::{Finite, NotNan};
use crate::describe::Kind::{Flag, Quantity, QuantityOrBare};
use crate::describe::{Model, param, variable};
use crate::math::real::Real;
use crate::memory::Aligned;
use crate::neuron::solver::{INVERSE, Ode, Series, Solved, square};
use crate::neuron::{BlockSpec, GridNeurons, StepInput, or_default};
use crate::time::Time;

/// The model's table.
pub const MODEL: Model = Model {
    name: "izhikevich",
    summary: "Izhikevich's simple model: a quadratic membrane with a recovery variable",
    equations: "\
dv_m/dt = 0.04 v_m^2 + 5 v_m + 140 - u_m + i_e   (mV, ms; i_e counts as mV/ms)
du_m/dt = a (b v_m - u_m)
an event of weight w: v_m += w; on the grid with consistent_integration = false w counts as current for a step, as NEST's
v_m >= v_th: a spike; v_m = c, u_m += d
grid: forward Euler steps as NEST's; event: the exact solution, of which Euler's at 0.1 or 1 ms is far off
A neuron that starts at or above v_th is looked at after one tick (event), at the end of the first step (grid), and spikes then if it has not come below",
    reference: "Izhikevich 2003, doi:10.1109/TNN.2003.820440; NEST izhikevich",
    params: &[
        param("a", QuantityOrBare("/ms"), 0.02, Finite, "rate of recovery"),
        param("b", QuantityOrBare("/ms"), 0.2, Finite, "sensitivity of recovery to the potential"),
        param("c", QuantityOrBare("mV"), -65.0, Finite, "potential after a spike"),
        param("d", QuantityOrBare("mV/ms"), 8.0, Finite, "jump of recovery at a spike"),
        param("i_e", Quantity("pA"), 0.0, Finite, "constant input, as I of the paper (1 pA stands for 1 mV/ms)"),
        param("v_th", Quantity("mV"), 30.0, Finite, "potential at which a spike is emitted"),
        param("v_min", Quantity("mV"), f64::NEG_INFINITY, NotNan, "lower bound of the potential, which does not start below it; at most c"),
        param(
            "consistent_integration",
            Flag,
            1.0,
            Finite,
            "grid: integrate v and u together (else as published, v in two half steps, before u)",
        ),
    ],
    variables: &[
        variable("v_m", "mV", "membrane potential; starts at -65 mV"),
        variable("u_m", "mV/ms", "recovery variable; starts at -13 mV/ms, as NEST's: b v_m of the defaults"),
    ],
};

/// Checked parameters.
#[derive(Clone, Debug)]
pub struct Params {
    a: f64,
    b: f64,
    c: f64,
    d: f64,
    i_e: f64,
    v_th: f64,
    v_min: f64,
    consistent: bool,
}

/// The event engine's view of the model.
pub type Izhikevich = Solved<Params, 2>;

impl Ode<2> for Params {
    fn from_values(values: &[f64]) -> Result<Params, Invalid> {
        check_all(MODEL.params, values)?;
        let [a, b, c, d, i_e, v_th, v_min, consistent] = values else {
            return Err(Invalid::new("parameters", format!("found {} values, expected 8", values.len())));
        };
        if c >= v_th {
            return Err(Invalid::new("c", format!("found {c} mV, expected less than v_th = {v_th} mV")));
        }
        if v_min > c {
            let message = format!(
                "found {v_min} mV, expected at most c = {c} mV: the lower bound holds after a reset too, so the reset could not be \
                 reached"
            );
            return Err(Invalid::new("v_min", message));
        }
        let consistent = *consistent != 0.0;
        Ok(Params { a: *a, b: *b, c: *c, d: *d, i_e: *i_e, v_th: *v_th, v_min: *v_min, consistent })
    }

    fn start(&self, initial: &[f64]) -> [f64; 2] {
        let or = |k, default| or_default(initial, k, default);
        [or(0, -65.0).max(self.v_min), or(1, -13.0)]
    }

    fn threshold(&self) -> f64 {
        self.v_th
    }

    fn t_ref(&self) -> Time {
        Time::ZERO
    }

    fn expand<const K: usize>(&self, y: &[f64; 2], current: f64, held: bool, [v, u]: &mut [Series; 2]) {
        (v[0], u[0]) = (y[0], y[1]);
        for k in 0..K {
            let constant = if k == 0 { 140.0 + self.i_e + current } else { 0.0 };
            let rise = 0.04 * square(v, k) + 5.0 * v[k] + constant - u[k];
            v[k + 1] = if held { 0.0 } else { rise * INVERSE[k] };
            u[k + 1] = self.a * (self.b * v[k] - u[k]) * INVERSE[k];
        }
    }

    fn is_slow(&self) -> bool {
        true
    }

    fn reset(&self, y: &mut [f64; 2]) {
        y[0] = self.c;
        y[1] += self.d;
    }

    fn receive(&self, y: &mut [f64; 2], weight: f64) {
        y[0] += weight;
    }

    fn quiet(&self, _: &[f64; 2], _: f64) -> f64 {
        0.0
    }

    fn floor(&self) -> f64 {
        self.v_min
    }
}

/// A block of neurons.
struct Block<R> {
    h: R,
    /// One for all, or one per neuron.
    params: Vec<Params>,
    v: Aligned<R>,
    u: Aligned<R>,
}

/// A block of neurons of the grid engine, with steps of `h_ms`.
///
/// # Errors
/// A parameter out of its bound, c not below v_th, or v_min above c.
pub fn grid<R: Real>(h_ms: f64, spec: &BlockSpec<'_>) -> Result<Box<dyn GridNeurons<R>>, Invalid> {
    let count = if spec.shared() { spec.size.min(1) } else { spec.size };
    let params = (0..count).map(|i| Params::from_values(&spec.params_of(i))).collect::<Result<Vec<_>, _>>()?;
    let start = |i: usize| params[if count == 1 { 0 } else { i }].start(&spec.initial_of(i));
    let column = |k: usize| (0..spec.size).map(|i| R::of(start(i)[k])).collect::<Aligned<R>>();
    let (v, u) = (column(0), column(1));
    Ok(Box::new(Block { h: R::of(h_ms), params, v, u }))
}

impl<R: Real> GridNeurons<R> for Block<R> {
    fn advance(&mut self, first: usize, input: StepInput<'_, R>, spikes: &mut Vec<u32>) {
        let shared = self.params.len() == 1;
        let h = self.h;
        let half = h * R::of(0.5);
        for k in 0..input.excitatory.len() {
            let i = first + k;
            let p = &self.params[if shared { 0 } else { i }];
            let weight = input.excitatory.get(k).copied().unwrap_or_default()
                + input.inhibitory.get(k).copied().unwrap_or_default();
            let current = R::of(p.i_e) + input.current.get(k).copied().unwrap_or_default();
            let (mut v, mut u) = (self.v[i], self.u[i]);
            let rise = |v: R, input: R| R::of(0.04) * v * v + R::of(5.0) * v + R::of(140.0) - u + input;
            if p.consistent {
                let old = v;
                v += h * rise(old, current) + weight;
                u += h * R::of(p.a) * (R::of(p.b) * old - u);
            } else {
                // As published: two half steps of v, then u with the new v; input counts as a current.
                v += half * rise(v, current + weight);
                v += half * rise(v, current + weight);
                u += h * R::of(p.a) * (R::of(p.b) * v - u);
            }
            if v < R::of(p.v_min) {
                v = R::of(p.v_min);
            }
            if v >= R::of(p.v_th) {
                v = R::of(p.c);
                u += R::of(p.d);
                spikes.push(i as u32);
            }
            (self.v[i], self.u[i]) = (v, u);
        }
        input.excitatory.fill(R::default());
        input.inhibitory.fill(R::default());
    }

    fn read(&self, neuron: usize, variable: usize) -> f64 {
        if variable == 0 { self.v[neuron].wide() } else { self.u[neuron].wide() }
    }

    fn save(&self, neuron: usize) -> Vec<u64> {
        vec![self.v[neuron].wide().to_bits(), self.u[neuron].wide().to_bits()]
    }

    fn load(&mut self, neuron: usize, words: &[u64]) {
        let [v, u] = words else { return };
        self.v[neuron] = R::of(f64::from_bits(*v));
        self.u[neuron] = R::of(f64::from_bits(*u));
    }
}
