//! The grid engine's kernel of lif_alpha: NEST's `iaf_psc_alpha`, step for step.

use std::f64::consts::E;

use super::event::LifAlpha;
use crate::check::Invalid;
use crate::math::real::Real;
use crate::memory::Aligned;
use crate::neuron::adaptation::{Rises, Thresholds};
use crate::neuron::membrane::{Membrane, collect_spikes};
use crate::neuron::propagator::{alpha_response, decay, exp_response, rate_difference};
use crate::neuron::{BlockSpec, EventNeuron, GridNeurons, StepInput, or_default};

/// What one step does to one neuron; potentials are relative to e_l.
#[derive(Clone, Copy, Debug)]
struct Step<R> {
    /// v from v.
    decay_m: R,
    /// v from a constant current.
    v_of_current: R,
    ex: Side<R>,
    inh: Side<R>,
    i_e: R,
    theta: R,
    reset: R,
    refractory_steps: u32,
}

/// What one step does to one synaptic current.
#[derive(Clone, Copy, Debug)]
struct Side<R> {
    decay: R,
    /// i from di.
    i_of_di: R,
    /// v from i.
    v_of_i: R,
    /// v from di.
    v_of_di: R,
    /// di from a weight.
    jump: R,
}

impl<R: Real> Side<R> {
    fn new(h: f64, m: &Membrane, tau: f64) -> Side<R> {
        let (decay_m, decay, difference) = (decay(h, m.tau_m), decay(h, tau), rate_difference(m.tau_m, tau));
        Side {
            decay: R::of(decay),
            i_of_di: R::of(h * decay),
            v_of_i: R::of(exp_response(h, decay_m, decay, difference) / m.c_m),
            v_of_di: R::of(alpha_response(h, decay_m, decay, difference) / m.c_m),
            jump: R::of(E / tau),
        }
    }
}

struct Block<R> {
    /// One for all, or one per neuron.
    steps: Vec<Step<R>>,
    e_l: Vec<f64>,
    v: Aligned<R>,
    i_ex: Aligned<R>,
    i_in: Aligned<R>,
    di_ex: Aligned<R>,
    di_in: Aligned<R>,
    /// Steps for which v is still held.
    held: Vec<u32>,
    /// Did the neuron spike in this step?
    fired: Vec<u8>,
    thresholds: Thresholds<R>,
}

/// A block of neurons in steps of `h_ms`.
///
/// # Errors
/// Names the parameter that is out of range, or does not fit another one.
pub fn grid<R: Real>(h_ms: f64, spec: &BlockSpec<'_>) -> Result<Box<dyn GridNeurons<R>>, Invalid> {
    let distinct = if spec.shared() { spec.size.min(1) } else { spec.size };
    let mut steps = Vec::with_capacity(distinct);
    let mut e_l = Vec::with_capacity(distinct);
    let mut adaptation = Vec::with_capacity(distinct);
    for i in 0..distinct {
        let p = LifAlpha::params(&spec.params_of(i))?;
        let m = &p.membrane;
        steps.push(Step {
            decay_m: R::of(decay(h_ms, m.tau_m)),
            v_of_current: R::of(-crate::math::exp_m1(-h_ms / m.tau_m) * m.resistance),
            ex: Side::new(h_ms, m, p.tau_ex),
            inh: Side::new(h_ms, m, p.tau_in),
            i_e: R::of(m.i_e),
            theta: R::of(m.theta),
            reset: R::of(m.reset),
            refractory_steps: m.refractory_steps(h_ms),
        });
        e_l.push(m.e_l);
        adaptation.push(p.adaptation);
    }
    let rise = |i| or_default(&spec.initial_of(i), 5, 0.0);
    let rises = Rises::new(h_ms, adaptation, (0..spec.size).map(rise).collect());
    let thresholds = Thresholds::new(rises, steps.iter_mut().map(|s: &mut Step<R>| &mut s.theta));
    let column = |variable: usize, default: &dyn Fn(usize) -> f64| -> Aligned<R> {
        (0..spec.size).map(|i| R::of(or_default(&spec.initial_of(i), variable, default(i)) - default(i))).collect()
    };
    Ok(Box::new(Block {
        v: column(0, &|i| e_l[i.min(distinct - 1)]),
        i_ex: column(1, &|_| 0.0),
        i_in: column(2, &|_| 0.0),
        di_ex: column(3, &|_| 0.0),
        di_in: column(4, &|_| 0.0),
        held: vec![0; spec.size],
        fired: vec![0; spec.size],
        thresholds,
        steps,
        e_l,
    }))
}

impl<R: Real> Block<R> {
    /// The loop itself, straight so that the compiler can use vector instructions: `step` and `current` give neuron i's.
    #[inline(always)]
    fn run(
        &mut self,
        first: usize,
        input: &StepInput<'_, R>,
        step: impl Fn(usize) -> Step<R>,
        current: impl Fn(usize) -> R,
    ) {
        let n = input.excitatory.len();
        let own = first..first + n;
        let (v, i_ex, i_in) = (&mut self.v[own.clone()], &mut self.i_ex[own.clone()], &mut self.i_in[own.clone()]);
        let (di_ex, di_in) = (&mut self.di_ex[own.clone()], &mut self.di_in[own.clone()]);
        let (held, fired) = (&mut self.held[own.clone()], &mut self.fired[own.clone()]);
        let (excitatory, inhibitory) = (&input.excitatory[..n], &input.inhibitory[..n]);
        for i in 0..n {
            let s = step(first + i);
            // NEST's order: v from the old currents; currents decay, then take in what arrives; test.
            let synaptic =
                i_ex[i] * s.ex.v_of_i + di_ex[i] * s.ex.v_of_di + i_in[i] * s.inh.v_of_i + di_in[i] * s.inh.v_of_di;
            let moved = v[i] * s.decay_m + (s.i_e + current(i)) * s.v_of_current + synaptic;
            let next = if held[i] == 0 { moved } else { v[i] };
            i_ex[i] = i_ex[i] * s.ex.decay + di_ex[i] * s.ex.i_of_di;
            i_in[i] = i_in[i] * s.inh.decay + di_in[i] * s.inh.i_of_di;
            di_ex[i] = di_ex[i] * s.ex.decay + excitatory[i] * s.ex.jump;
            di_in[i] = di_in[i] * s.inh.decay + inhibitory[i] * s.inh.jump;
            let spikes = next >= s.theta;
            v[i] = if spikes { s.reset } else { next };
            held[i] = if spikes { s.refractory_steps } else { held[i].saturating_sub(1) };
            fired[i] = u8::from(spikes);
        }
    }
}

impl<R: Real> GridNeurons<R> for Block<R> {
    fn begin(&mut self) {
        self.thresholds.rises.begin();
    }

    fn advance(&mut self, first: usize, input: StepInput<'_, R>, spikes: &mut Vec<u32>) {
        let n = input.excitatory.len();
        if n == 0 {
            return;
        }
        let current = &input.current[..if input.current.is_empty() { 0 } else { n }];
        if self.steps.len() == 1 {
            let shared = self.steps[0];
            if current.is_empty() {
                self.run(first, &input, move |_| shared, |_| R::of(0.0));
            } else {
                self.run(first, &input, move |_| shared, |i| current[i]);
            }
        } else {
            let each = std::mem::take(&mut self.steps);
            if current.is_empty() {
                self.run(first, &input, |i| each[i], |_| R::of(0.0));
            } else {
                self.run(first, &input, |i| each[i], |i| current[i]);
            }
            self.steps = each;
        }
        let Block { thresholds, v, held, fired, steps, .. } = self;
        thresholds.test(first..first + n, v, |i, which| {
            (held[i], fired[i]) = (steps[which].refractory_steps, 1);
            steps[which].reset
        });
        collect_spikes(&self.fired[first..first + n], first as u32, spikes);
        input.excitatory.fill(R::default());
        input.inhibitory.fill(R::default());
    }

    fn read(&self, neuron: usize, variable: usize) -> f64 {
        match variable {
            0 => self.e_l[neuron.min(self.e_l.len() - 1)] + self.v[neuron].wide(),
            1 => self.i_ex[neuron].wide(),
            2 => self.i_in[neuron].wide(),
            3 => self.di_ex[neuron].wide(),
            4 => self.di_in[neuron].wide(),
            _ => self.thresholds.rises.at(neuron),
        }
    }

    fn save(&self, neuron: usize) -> Vec<u64> {
        let real = [self.v[neuron], self.i_ex[neuron], self.i_in[neuron], self.di_ex[neuron], self.di_in[neuron]];
        let words = real.iter().map(|x| x.wide().to_bits()).chain([u64::from(self.held[neuron])]);
        words.chain(self.thresholds.rises.save(neuron)).collect()
    }

    fn load(&mut self, neuron: usize, words: &[u64]) {
        let real = |k: usize| R::of(f64::from_bits(words[k]));
        (self.v[neuron], self.i_ex[neuron], self.i_in[neuron]) = (real(0), real(1), real(2));
        (self.di_ex[neuron], self.di_in[neuron]) = (real(3), real(4));
        self.held[neuron] = words[5] as u32;
        self.thresholds.rises.load(neuron, &words[6..]);
    }
}
