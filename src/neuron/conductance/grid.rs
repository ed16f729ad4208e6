//! The grid engine's step of the leaky integrate-and-fire models with synaptic conductances.
//!
//! NEST integrates v and the conductances together by an adaptive Runge-Kutta method within each step. The conductances
//! decay in closed form, and v is linear given them, so here v is propagated by its Taylor series over the step (of order
//! `TERMS`, to about 1e-8 mV), cut in as many parts as the shortest time constant needs. As in NEST: v stays at v_reset while
//! refractory, input acts after the step, and the threshold is tested at its end.

use super::Membrane;
use crate::math;
use crate::neuron::{BlockSpec, GridNeurons, Real, StepInput};

/// Order of the series.
const TERMS: usize = 8;

/// The longest part of a step, in units of the shortest time constant.
const LONGEST_PART: f64 = 0.5;

/// Parameters and constants of one neuron, for steps cut in a fixed number of parts.
#[derive(Clone, Debug)]
struct Kernel<R> {
    parts: usize,
    /// Length of a part over c_m times k + 1's reciprocal: what turns term k of the current into term k + 1 of v.
    rise: [R; TERMS],
    /// Taylor terms of the decay over a part.
    ex: [R; TERMS],
    inh: [R; TERMS],
    /// Decay over a part.
    decay_ex: R,
    decay_in: R,
    /// Length of a part \[ms\].
    length: R,
    /// What a weight adds to the conductance (exponential) or its rate variable (alpha).
    jump_ex: R,
    jump_in: R,
    g_l: R,
    e_ex: R,
    e_in: R,
    /// g_l e_l + i_e.
    constant: R,
    v_th: R,
    v_reset: R,
    refractory_steps: u32,
    /// Above this sum of conductances a step needs more parts.
    stiff: R,
}

/// The terms (-x)^k / k!.
fn decay_terms<R: Real>(x: f64) -> [R; TERMS] {
    let mut term = 1.0;
    std::array::from_fn(|k| {
        if k > 0 {
            term *= -x / k as f64;
        }
        R::of(term)
    })
}

impl<R: Real> Kernel<R> {
    /// `parts` is a lower bound.
    fn new(p: &Membrane, h: f64, alpha: bool, parts: usize) -> Kernel<R> {
        let fastest = p.tau_ex.min(p.tau_in).min(p.c_m / p.g_l);
        let parts = parts.max((h / (LONGEST_PART * fastest)).ceil() as usize).max(1);
        let x = h / parts as f64;
        let e = if alpha { math::exp(1.0) } else { 1.0 };
        let (tau_ex, tau_in) = if alpha { (p.tau_ex, p.tau_in) } else { (1.0, 1.0) };
        Kernel {
            parts,
            rise: std::array::from_fn(|k| R::of(x / (p.c_m * (k + 1) as f64))),
            ex: decay_terms(x / p.tau_ex),
            inh: decay_terms(x / p.tau_in),
            decay_ex: R::of(math::exp(-x / p.tau_ex)),
            decay_in: R::of(math::exp(-x / p.tau_in)),
            length: R::of(x),
            jump_ex: R::of(e / tau_ex),
            jump_in: R::of(e / tau_in),
            g_l: R::of(p.g_l),
            e_ex: R::of(p.e_ex),
            e_in: R::of(p.e_in),
            constant: R::of(p.g_l * p.e_l + p.i_e),
            v_th: R::of(p.v_th),
            v_reset: R::of(p.v_reset),
            refractory_steps: (p.t_ref.ms() / h).round() as u32,
            stiff: R::of(LONGEST_PART * p.c_m / x),
        }
    }

    /// v after one part.
    #[inline(always)]
    fn part<const ALPHA: bool>(&self, v: R, [g_ex, g_in, d_ex, d_in]: [R; 4], current: R) -> R {
        let (mut g, mut terms) = ([R::default(); TERMS], [R::default(); TERMS]);
        let (d_ex, d_in) = (d_ex * self.length, d_in * self.length);
        let (mut last, mut sum) = (v, v);
        for k in 0..TERMS {
            let (mut ex, mut inh) = (g_ex * self.ex[k], g_in * self.inh[k]);
            if ALPHA && k > 0 {
                ex += d_ex * self.ex[k - 1];
                inh += d_in * self.inh[k - 1];
            }
            g[k] = ex + inh;
            let mut total = ex * self.e_ex + inh * self.e_in;
            if k == 0 {
                g[0] += self.g_l;
                total += self.constant + current;
            }
            terms[k] = last;
            for j in 0..=k {
                total = total - g[j] * terms[k - j];
            }
            last = total * self.rise[k];
            sum += last;
        }
        sum
    }

    /// The conductances and rate variables after one part.
    #[inline(always)]
    fn decayed<const ALPHA: bool>(&self, [g_ex, g_in, d_ex, d_in]: [R; 4]) -> [R; 4] {
        if ALPHA {
            [
                (g_ex + d_ex * self.length) * self.decay_ex,
                (g_in + d_in * self.length) * self.decay_in,
                d_ex * self.decay_ex,
                d_in * self.decay_in,
            ]
        } else {
            [g_ex * self.decay_ex, g_in * self.decay_in, d_ex, d_in]
        }
    }
}

/// A block of neurons; ALPHA says whether the conductances are alpha functions.
struct Block<R, const ALPHA: bool> {
    h: f64,
    /// One for all, or one per neuron.
    members: Vec<Membrane>,
    kernels: Vec<Kernel<R>>,
    v: Vec<R>,
    /// g_ex, g_in, dg_ex, dg_in.
    g: Vec<[R; 4]>,
    refractory: Vec<u32>,
}

/// Makes a block of `lif_cond_exp` (ALPHA false) or `lif_cond_alpha` neurons with steps of `h_ms`.
///
/// # Errors
/// What [`Membrane::from_values`] rejects.
pub fn block<R: Real, const ALPHA: bool>(
    h_ms: f64,
    spec: &BlockSpec<'_>,
    read: impl Fn(&[f64]) -> Result<Membrane, crate::check::Invalid>,
) -> Result<Box<dyn GridNeurons<R>>, crate::check::Invalid> {
    let count = if spec.shared() { spec.size.min(1) } else { spec.size };
    let members = (0..count).map(|i| read(&spec.params_of(i))).collect::<Result<Vec<_>, _>>()?;
    let kernels = members.iter().map(|p| Kernel::new(p, h_ms, ALPHA, 1)).collect();
    let mut block = Block::<R, ALPHA> {
        h: h_ms,
        members,
        kernels,
        v: Vec::with_capacity(spec.size),
        g: Vec::with_capacity(spec.size),
        refractory: vec![0; spec.size],
    };
    for i in 0..spec.size {
        let e_l = block.members[if count == 1 { 0 } else { i }].e_l;
        let given = spec.initial_of(i);
        let or = |k: usize, default: f64| R::of(given.get(k).copied().filter(|x| !x.is_nan()).unwrap_or(default));
        block.v.push(or(0, e_l));
        block.g.push([or(1, 0.0), or(2, 0.0), or(3, 0.0), or(4, 0.0)]);
    }
    Ok(Box::new(block))
}

impl<R: Real, const ALPHA: bool> Block<R, ALPHA> {
    /// v after a step in which the conductances are so large that it needs more parts than usual.
    #[cold]
    fn stiff_step(&self, i: usize, current: R) -> R {
        let p = &self.members[if self.members.len() == 1 { 0 } else { i }];
        let mut g = self.g[i];
        let e = math::exp(1.0);
        let rise = if ALPHA { p.tau_ex * g[2].wide().abs() / e + p.tau_in * g[3].wide().abs() / e } else { 0.0 };
        let total = p.g_l + g[0].wide().abs() + g[1].wide().abs() + rise;
        let parts = (total * self.h / (LONGEST_PART * p.c_m)).ceil().min(1e6) as usize;
        let kernel = Kernel::<R>::new(p, self.h, ALPHA, parts);
        let mut v = self.v[i];
        for _ in 0..kernel.parts {
            v = kernel.part::<ALPHA>(v, g, current);
            g = kernel.decayed::<ALPHA>(g);
        }
        v
    }
}

impl<R: Real, const ALPHA: bool> GridNeurons<R> for Block<R, ALPHA> {
    fn advance(&mut self, first: usize, input: StepInput<'_, R>, spikes: &mut Vec<u32>) {
        let shared = self.kernels.len() == 1;
        for k in 0..input.excitatory.len() {
            let i = first + k;
            let kernel = &self.kernels[if shared { 0 } else { i }];
            let current = input.current.get(k).copied().unwrap_or_default();
            let mut g = self.g[i];
            let mut v = self.v[i];
            let reach = if ALPHA { (g[2] + g[3]) * kernel.length } else { R::default() };
            let stiff = g[0] + g[1] + reach + kernel.g_l > kernel.stiff;
            if stiff && self.refractory[i] == 0 {
                v = self.stiff_step(i, current);
            }
            for _ in 0..kernel.parts {
                if self.refractory[i] == 0 && !stiff {
                    v = kernel.part::<ALPHA>(v, g, current);
                }
                g = kernel.decayed::<ALPHA>(g);
            }
            let jump = if ALPHA { 2 } else { 0 };
            g[jump] += input.excitatory.get(k).copied().unwrap_or_default() * kernel.jump_ex;
            g[jump + 1] += -input.inhibitory.get(k).copied().unwrap_or_default() * kernel.jump_in;
            self.g[i] = g;
            if self.refractory[i] > 0 {
                self.refractory[i] -= 1;
            } else if v >= kernel.v_th {
                v = kernel.v_reset;
                self.refractory[i] = kernel.refractory_steps;
                spikes.push(i as u32);
            }
            self.v[i] = v;
        }
        input.excitatory.fill(R::default());
        input.inhibitory.fill(R::default());
    }

    fn read(&self, neuron: usize, variable: usize) -> f64 {
        if variable == 0 { self.v[neuron].wide() } else { self.g[neuron][variable - 1].wide() }
    }

    fn save(&self, neuron: usize) -> Vec<u64> {
        let state = std::iter::once(self.v[neuron]).chain(self.g[neuron]);
        state.map(|x| x.wide().to_bits()).chain([u64::from(self.refractory[neuron])]).collect()
    }

    fn load(&mut self, neuron: usize, words: &[u64]) {
        let [v, g @ .., refractory] = words else { return };
        self.v[neuron] = R::of(f64::from_bits(*v));
        for (to, &from) in self.g[neuron].iter_mut().zip(g) {
            *to = R::of(f64::from_bits(from));
        }
        self.refractory[neuron] = *refractory as u32;
    }
}
