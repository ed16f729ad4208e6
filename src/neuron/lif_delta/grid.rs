//! The grid engine's kernel of lif_delta: NEST's `iaf_psc_delta`, step for step.

use super::event::LifDelta;
use crate::check::Invalid;
use crate::math;
use crate::math::real::Real;
use crate::memory::Aligned;
use crate::neuron::adaptation::{Rises, Thresholds};
use crate::neuron::membrane::collect_spikes;
use crate::neuron::propagator::decay;
use crate::neuron::{BlockSpec, EventNeuron, GridNeurons, StepInput, or_default};

/// What one step does to one neuron; potentials are relative to e_l.
#[derive(Clone, Copy, Debug)]
struct Step<R> {
    /// v from v.
    decay_m: R,
    /// v from a constant current.
    v_of_current: R,
    i_e: R,
    theta: R,
    reset: R,
    /// Lower bound of v.
    lowest: R,
    refractory_steps: u32,
    refractory_input: bool,
    /// h / tau_m, for input kept through the refractory period.
    rate: f64,
}

struct Block<R> {
    /// One for all, or one per neuron.
    steps: Vec<Step<R>>,
    e_l: Vec<f64>,
    v: Aligned<R>,
    /// What the first free step adds to v; empty if no neuron keeps input through its refractory period.
    pending: Aligned<R>,
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
        let p = LifDelta::params(&spec.params_of(i))?;
        let m = &p.membrane;
        steps.push(Step {
            decay_m: R::of(decay(h_ms, m.tau_m)),
            v_of_current: R::of(-math::exp_m1(-h_ms / m.tau_m) * m.resistance),
            i_e: R::of(m.i_e),
            theta: R::of(m.theta),
            reset: R::of(m.reset),
            lowest: R::of(p.lowest),
            refractory_steps: m.refractory_steps(h_ms),
            refractory_input: p.refractory_input,
            rate: h_ms / m.tau_m,
        });
        e_l.push(m.e_l);
        adaptation.push(p.adaptation);
    }
    let rise = |i| or_default(&spec.initial_of(i), 1, 0.0);
    let rises = Rises::new(h_ms, adaptation, (0..spec.size).map(rise).collect());
    let thresholds = Thresholds::new(rises, steps.iter_mut().map(|s: &mut Step<R>| &mut s.theta));
    let rest = |i: usize| e_l[i.min(distinct - 1)];
    let keeps = steps.iter().any(|s: &Step<R>| s.refractory_input);
    let start = |i: usize| {
        let v = R::of(or_default(&spec.initial_of(i), 0, rest(i)) - rest(i));
        let lowest = steps[i.min(distinct - 1)].lowest;
        if v < lowest { lowest } else { v }
    };
    Ok(Box::new(Block {
        v: (0..spec.size).map(start).collect(),
        pending: Aligned::filled(R::of(0.0), if keeps { spec.size } else { 0 }),
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
        let (v, held, fired) = (&mut self.v[own.clone()], &mut self.held[own.clone()], &mut self.fired[own.clone()]);
        let jumps = &input.excitatory[..n];
        for i in 0..n {
            let s = step(first + i);
            let moved = v[i] * s.decay_m + (s.i_e + current(i)) * s.v_of_current + jumps[i];
            let moved = if moved < s.lowest { s.lowest } else { moved };
            let next = if held[i] == 0 { moved } else { v[i] };
            let spikes = next >= s.theta;
            v[i] = if spikes { s.reset } else { next };
            held[i] = if spikes { s.refractory_steps } else { held[i].saturating_sub(1) };
            fired[i] = u8::from(spikes);
        }
    }

    /// As `run`, for blocks in which input is kept through the refractory period.
    fn run_keeping(&mut self, first: usize, input: &StepInput<'_, R>) {
        for k in 0..input.excitatory.len() {
            let i = first + k;
            let s = self.steps[if self.steps.len() == 1 { 0 } else { i }];
            let (jump, held) = (input.excitatory[k], self.held[i]);
            let mut next = self.v[i];
            if held == 0 {
                let current = if input.current.is_empty() { R::of(0.0) } else { input.current[k] };
                next = next * s.decay_m + (s.i_e + current) * s.v_of_current + jump + self.pending[i];
                next = if next < s.lowest { s.lowest } else { next };
                self.pending[i] = R::of(0.0);
            } else if s.refractory_input && jump != R::of(0.0) {
                self.pending[i] += jump * R::of(math::exp(-f64::from(held) * s.rate));
            }
            let spikes = next >= s.theta;
            self.v[i] = if spikes { s.reset } else { next };
            self.held[i] = if spikes { s.refractory_steps } else { held.saturating_sub(1) };
            self.fired[i] = u8::from(spikes);
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
        if !self.pending.is_empty() {
            self.run_keeping(first, &input);
        } else if self.steps.len() == 1 {
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
        if variable > 0 {
            return self.thresholds.rises.at(neuron);
        }
        self.e_l[neuron.min(self.e_l.len() - 1)] + self.v[neuron].wide()
    }

    fn save(&self, neuron: usize) -> Vec<u64> {
        let pending = self.pending.get(neuron).map_or(0.0, |x| x.wide());
        let words = [self.v[neuron].wide().to_bits(), pending.to_bits(), u64::from(self.held[neuron])];
        words.into_iter().chain(self.thresholds.rises.save(neuron)).collect()
    }

    fn load(&mut self, neuron: usize, words: &[u64]) {
        self.v[neuron] = R::of(f64::from_bits(words[0]));
        if let Some(pending) = self.pending.get_mut(neuron) {
            *pending = R::of(f64::from_bits(words[1]));
        }
        self.held[neuron] = words[2] as u32;
        self.thresholds.rises.load(neuron, &words[3..]);
    }
}
