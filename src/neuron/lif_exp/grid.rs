//! The grid engine's kernel of lif_exp: NEST's `iaf_psc_exp`, step for step.

use super::event::LifExp;
use super::or_default;
use crate::check::Invalid;
use crate::neuron::propagator::{decay, exp_response, rate_difference};
use crate::neuron::{BlockSpec, EventNeuron, GridNeurons, Real, StepInput};

/// What one step does to one neuron; potentials are relative to e_l.
#[derive(Clone, Copy, Debug)]
struct Step<R> {
    /// v from v.
    decay_m: R,
    /// v from a constant current.
    v_of_current: R,
    /// v from the excitatory current.
    v_of_ex: R,
    /// v from the inhibitory current.
    v_of_in: R,
    decay_ex: R,
    decay_in: R,
    i_e: R,
    theta: R,
    reset: R,
    refractory_steps: u32,
}

struct Block<R> {
    /// One for all, or one per neuron.
    steps: Vec<Step<R>>,
    e_l: Vec<f64>,
    v: Vec<R>,
    i_ex: Vec<R>,
    i_in: Vec<R>,
    /// Steps for which v is still held.
    held: Vec<u32>,
    /// Did the neuron spike in this step?
    fired: Vec<u8>,
}

/// A block of neurons in steps of `h_ms`.
///
/// # Errors
/// Names the parameter that is out of range, or does not fit another one.
pub fn grid<R: Real>(h_ms: f64, spec: &BlockSpec<'_>) -> Result<Box<dyn GridNeurons<R>>, Invalid> {
    let distinct = if spec.shared() { spec.size.min(1) } else { spec.size };
    let mut steps = Vec::with_capacity(distinct);
    let mut e_l = Vec::with_capacity(distinct);
    for i in 0..distinct {
        let p = LifExp::params(&spec.params_of(i))?;
        let m = &p.membrane;
        let (decay_m, decay_ex, decay_in) = (decay(h_ms, m.tau_m), decay(h_ms, p.tau_ex), decay(h_ms, p.tau_in));
        let gain = |decay_syn, tau| exp_response(h_ms, decay_m, decay_syn, rate_difference(m.tau_m, tau)) / m.c_m;
        steps.push(Step {
            decay_m: R::of(decay_m),
            v_of_current: R::of(-crate::math::exp_m1(-h_ms / m.tau_m) * m.resistance),
            v_of_ex: R::of(gain(decay_ex, p.tau_ex)),
            v_of_in: R::of(gain(decay_in, p.tau_in)),
            decay_ex: R::of(decay_ex),
            decay_in: R::of(decay_in),
            i_e: R::of(m.i_e),
            theta: R::of(m.theta),
            reset: R::of(m.reset),
            refractory_steps: m.refractory_steps(h_ms),
        });
        e_l.push(m.e_l);
    }
    let column = |variable: usize, default: &dyn Fn(usize) -> f64| -> Vec<R> {
        (0..spec.size).map(|i| R::of(or_default(&spec.initial_of(i), variable, default(i)) - default(i))).collect()
    };
    Ok(Box::new(Block {
        v: column(0, &|i| e_l[i.min(distinct - 1)]),
        i_ex: column(1, &|_| 0.0),
        i_in: column(2, &|_| 0.0),
        held: vec![0; spec.size],
        fired: vec![0; spec.size],
        steps,
        e_l,
    }))
}

impl<R: Real> Block<R> {
    /// The loop itself, straight so that the compiler can use vector instructions: `step` and `current` give neuron i's.
    #[inline(always)]
    fn run(&mut self, input: &StepInput<'_, R>, step: impl Fn(usize) -> Step<R>, current: impl Fn(usize) -> R) {
        let n = self.v.len();
        let (v, i_ex, i_in) = (&mut self.v[..n], &mut self.i_ex[..n], &mut self.i_in[..n]);
        let (held, fired) = (&mut self.held[..n], &mut self.fired[..n]);
        let (excitatory, inhibitory) = (&input.excitatory[..n], &input.inhibitory[..n]);
        for i in 0..n {
            let s = step(i);
            // NEST's order: v from the old currents; currents decay, then take in what arrives; test.
            let moved =
                v[i] * s.decay_m + i_ex[i] * s.v_of_ex + i_in[i] * s.v_of_in + (s.i_e + current(i)) * s.v_of_current;
            let next = if held[i] == 0 { moved } else { v[i] };
            i_ex[i] = i_ex[i] * s.decay_ex + excitatory[i];
            i_in[i] = i_in[i] * s.decay_in + inhibitory[i];
            let spikes = next >= s.theta;
            v[i] = if spikes { s.reset } else { next };
            held[i] = if spikes { s.refractory_steps } else { held[i].saturating_sub(1) };
            fired[i] = u8::from(spikes);
        }
    }
}

impl<R: Real> GridNeurons<R> for Block<R> {
    fn step(&mut self, input: &StepInput<'_, R>, spikes: &mut Vec<u32>) {
        if self.v.is_empty() {
            return;
        }
        let current = &input.current[..if input.current.is_empty() { 0 } else { self.v.len() }];
        if self.steps.len() == 1 {
            let shared = self.steps[0];
            if current.is_empty() {
                self.run(input, move |_| shared, |_| R::of(0.0));
            } else {
                self.run(input, move |_| shared, |i| current[i]);
            }
        } else {
            let each = std::mem::take(&mut self.steps);
            if current.is_empty() {
                self.run(input, |i| each[i], |_| R::of(0.0));
            } else {
                self.run(input, |i| each[i], |i| current[i]);
            }
            self.steps = each;
        }
        crate::neuron::membrane::collect_spikes(&self.fired, spikes);
    }

    fn read(&self, neuron: usize, variable: usize) -> f64 {
        match variable {
            0 => self.e_l[neuron.min(self.e_l.len() - 1)] + self.v[neuron].wide(),
            1 => self.i_ex[neuron].wide(),
            _ => self.i_in[neuron].wide(),
        }
    }

    fn save(&self, neuron: usize) -> Vec<u64> {
        let real = [self.v[neuron], self.i_ex[neuron], self.i_in[neuron]];
        real.iter().map(|x| x.wide().to_bits()).chain([u64::from(self.held[neuron])]).collect()
    }

    fn load(&mut self, neuron: usize, words: &[u64]) {
        let real = |k: usize| R::of(f64::from_bits(words[k]));
        (self.v[neuron], self.i_ex[neuron], self.i_in[neuron]) = (real(0), real(1), real(2));
        self.held[neuron] = words[3] as u32;
    }
}
