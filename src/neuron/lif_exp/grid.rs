//! The grid engine's kernel of lif_exp: NEST's `iaf_psc_exp`, step for step.

use super::event::LifExp;
use crate::check::Invalid;
use crate::math::real::Real;
use crate::math::vector::{Kernel, Target};
use crate::memory::Aligned;
use crate::neuron::adaptation::{Adaptation, Rises};
use crate::neuron::propagator::{decay, exp_response, rate_difference};
use crate::neuron::refractory::Refractory;
use crate::neuron::{BlockSpec, EventNeuron, GridNeurons, StepInput, or_default};

/// Neurons that the loop works on before it looks whether one of them has spiked.
const GROUP: usize = 64;

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
    target: Target,
    /// One for all, or one per neuron.
    steps: Vec<Step<R>>,
    e_l: Vec<f64>,
    /// NaN while the neuron is refractory.
    v: Aligned<R>,
    i_ex: Aligned<R>,
    i_in: Aligned<R>,
    refractory: Refractory,
    rises: Rises,
}

/// A block of neurons in steps of `h_ms`.
///
/// # Errors
/// Names the parameter that is out of range, or does not fit another one.
pub fn grid<R: Real>(h_ms: f64, spec: &BlockSpec<'_>) -> Result<Box<dyn GridNeurons<R>>, Invalid> {
    Ok(Box::new(block(h_ms, spec, Target::best())?))
}

fn block<R: Real>(h_ms: f64, spec: &BlockSpec<'_>, target: Target) -> Result<Block<R>, Invalid> {
    let distinct = if spec.shared() { spec.size.min(1) } else { spec.size };
    let mut steps = Vec::with_capacity(distinct);
    let mut e_l = Vec::with_capacity(distinct);
    let mut adaptation: Vec<Adaptation> = Vec::with_capacity(distinct);
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
        adaptation.push(p.adaptation);
    }
    let column = |variable: usize, default: &dyn Fn(usize) -> f64| -> Aligned<R> {
        (0..spec.size).map(|i| R::of(or_default(&spec.initial_of(i), variable, default(i)) - default(i))).collect()
    };
    let rise = |i| or_default(&spec.initial_of(i), 3, 0.0);
    Ok(Block {
        rises: Rises::new(h_ms, adaptation, (0..spec.size).map(rise).collect()),
        v: column(0, &|i| e_l[i.min(distinct - 1)]),
        i_ex: column(1, &|_| 0.0),
        i_in: column(2, &|_| 0.0),
        refractory: Refractory::new(spec.size),
        target,
        steps,
        e_l,
    })
}

/// Neurons of a block and what arrives at them; `step` and `current` give those of the i-th of them.
struct Stretch<'a, R, S, C> {
    v: &'a mut [R],
    i_ex: &'a mut [R],
    i_in: &'a mut [R],
    excitatory: &'a mut [R],
    inhibitory: &'a mut [R],
    step: S,
    current: C,
    /// Called with each neuron that passes its base threshold, and its potential; gives what to store as that.
    spike: &'a mut dyn FnMut(usize, R) -> R,
}

impl<R: Real, S: Fn(usize) -> Step<R>, C: Fn(usize) -> R> Stretch<'_, R, S, C> {
    /// The neurons from `from` on, all of a group if N is its size. Straight, so that it becomes vector instructions.
    #[inline(always)]
    fn group(&mut self, from: usize, n: usize) {
        let own = from..from + n;
        let (v, i_ex, i_in) = (&mut self.v[own.clone()], &mut self.i_ex[own.clone()], &mut self.i_in[own.clone()]);
        let (excitatory, inhibitory) = (&mut self.excitatory[own.clone()], &mut self.inhibitory[own]);
        let mut any = false;
        for i in 0..n {
            let s = (self.step)(from + i);
            // NEST's order: v from the old currents; currents decay, then take in what arrives; test.
            let current = (s.i_e + (self.current)(from + i)) * s.v_of_current;
            let moved = v[i] * s.decay_m + i_ex[i] * s.v_of_ex + i_in[i] * s.v_of_in + current;
            i_ex[i] = i_ex[i] * s.decay_ex + excitatory[i];
            i_in[i] = i_in[i] * s.decay_in + inhibitory[i];
            excitatory[i] = R::default();
            inhibitory[i] = R::default();
            v[i] = moved;
            any |= moved >= s.theta;
        }
        if any {
            for (i, v) in v.iter_mut().enumerate() {
                if *v >= (self.step)(from + i).theta {
                    *v = (self.spike)(from + i, *v);
                }
            }
        }
    }
}

impl<R: Real, S: Fn(usize) -> Step<R>, C: Fn(usize) -> R> Kernel for Stretch<'_, R, S, C> {
    type Output = ();
    #[inline(always)]
    fn run(mut self) {
        let n = self.v.len();
        let whole = n - n % GROUP;
        for from in (0..whole).step_by(GROUP) {
            self.group(from, GROUP);
        }
        self.group(whole, n - whole);
    }
}

impl<R: Real> GridNeurons<R> for Block<R> {
    fn begin(&mut self) {
        let steps = &self.steps;
        let last = steps.len().saturating_sub(1);
        self.rises.begin();
        self.refractory.begin(&mut self.v, |i| steps[i.min(last)].reset);
    }

    fn advance(&mut self, first: usize, input: StepInput<'_, R>, spikes: &mut Vec<u32>) {
        let n = input.excitatory.len();
        if n == 0 {
            return;
        }
        let own = first..first + n;
        let Block { target, steps, v, i_ex, i_in, refractory, rises, .. } = self;
        let (v, i_ex, i_in) = (&mut v[own.clone()], &mut i_ex[own.clone()], &mut i_in[own.clone()]);
        let (excitatory, inhibitory) = (&mut input.excitatory[..n], &mut input.inhibitory[..n]);
        let shared = steps[0];
        let each = if steps.len() == 1 { &[][..] } else { &steps[own] };
        let spike = &mut |i: usize, v: R| {
            let s = if each.is_empty() { &shared } else { &each[i] };
            if !rises.passes(first + i, (v - s.theta).wide()) {
                return v;
            }
            spikes.push((first + i) as u32);
            refractory.hold(first + i, s.refractory_steps, s.reset)
        };
        macro_rules! run {
            ($step:expr, $current:expr) => {
                target.run(Stretch { v, i_ex, i_in, excitatory, inhibitory, step: $step, current: $current, spike })
            };
        }
        let zero = R::default();
        match (each.is_empty(), input.current.is_empty()) {
            (true, true) => run!(|_| shared, |_| zero),
            (true, false) => {
                let current = &input.current[..n];
                run!(|_| shared, |i| current[i])
            }
            (false, true) => run!(|i| each[i], |_| zero),
            (false, false) => {
                let current = &input.current[..n];
                run!(|i| each[i], |i| current[i])
            }
        }
    }

    fn read(&self, neuron: usize, variable: usize) -> f64 {
        match variable {
            0 => self.e_l[neuron.min(self.e_l.len() - 1)] + self.potential(neuron).wide(),
            1 => self.i_ex[neuron].wide(),
            2 => self.i_in[neuron].wide(),
            _ => self.rises.at(neuron),
        }
    }

    fn save(&self, neuron: usize) -> Vec<u64> {
        let real = [self.potential(neuron), self.i_ex[neuron], self.i_in[neuron]];
        let words = real.iter().map(|x| x.wide().to_bits()).chain([u64::from(self.refractory.remaining(neuron))]);
        words.chain(self.rises.save(neuron)).collect()
    }

    fn load(&mut self, neuron: usize, words: &[u64]) {
        let real = |k: usize| R::of(f64::from_bits(words[k]));
        (self.i_ex[neuron], self.i_in[neuron]) = (real(1), real(2));
        self.v[neuron] = self.refractory.hold(neuron, words[3] as u32, real(0));
        self.rises.load(neuron, &words[4..]);
    }
}

impl<R: Real> Block<R> {
    /// The potential of a neuron, above rest, also while it is held.
    fn potential(&self, neuron: usize) -> R {
        if self.refractory.holds(neuron) { self.steps[neuron.min(self.steps.len() - 1)].reset } else { self.v[neuron] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::neuron::Column;

    fn bits<R: Real>(target: Target, each: bool, chunk: usize) -> (Vec<u32>, Vec<Vec<u64>>) {
        let size = 333;
        let values = super::super::MODEL.params.iter().map(|p| p.default);
        let params: Vec<Column> =
            values.map(|x| if each { Column::Each(vec![x; size]) } else { Column::Shared(x) }).collect();
        let initial = vec![Column::Shared(f64::NAN); 4];
        let mut block = block::<R>(0.1, &BlockSpec { size, params: &params, initial: &initial }, target).unwrap();
        let mut spikes = Vec::new();
        for step in 0..400 {
            let mut ex: Vec<R> = (0..size).map(|i| R::of(((i * 7 + step * 13) % 83) as f64 * 1.7)).collect();
            let mut inh: Vec<R> = (0..size).map(|i| R::of(((i * 5 + step * 3) % 31) as f64 * -0.9)).collect();
            block.begin();
            for first in (0..size).step_by(chunk) {
                let own = first..(first + chunk).min(size);
                let input = StepInput { excitatory: &mut ex[own.clone()], inhibitory: &mut inh[own], current: &[] };
                block.advance(first, input, &mut spikes);
            }
            assert!(ex.iter().chain(&inh).all(|x| *x == R::default()), "the input was taken");
        }
        (spikes, (0..size).map(|i| block.save(i)).collect())
    }

    #[test]
    fn every_instruction_set_and_any_cut_gives_the_same_bits() {
        fn compare<R: Real>() {
            let plain = bits::<R>(Target::PLAIN, false, 1000);
            assert!(plain.0.len() > 1000, "{} spikes", plain.0.len());
            for target in Target::available() {
                for chunk in [1000, 128, 7] {
                    assert!(bits::<R>(target, false, chunk) == plain, "{target:?} {chunk}");
                    assert!(bits::<R>(target, true, chunk) == plain, "{target:?} {chunk}, each its own parameters");
                }
            }
        }
        compare::<f32>();
        compare::<f64>();
    }
}
