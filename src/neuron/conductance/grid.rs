//! The grid engine's step of the leaky integrate-and-fire models with synaptic conductances.
//!
//! NEST integrates v and the conductances together by an adaptive Runge-Kutta method within each step. The conductances
//! decay in closed form, and v is linear given them, so here v is propagated by its Taylor series over the step (of order
//! `TERMS`, to about 1e-8 mV), cut in as many parts as the shortest time constant needs. As in NEST: v stays at v_reset while
//! refractory, input acts after the step, and the threshold is tested at its end.

use super::Membrane;
use crate::math;
use crate::math::vector;
use crate::math::vector::Target;
use crate::neuron::adaptation::{Adaptation, Rises};
use crate::neuron::refractory::Refractory;
use crate::neuron::{BlockSpec, GridNeurons, Real, StepInput};

/// Order of the series.
const TERMS: usize = 8;

/// The longest part of a step, in units of the shortest time constant.
const LONGEST_PART: f64 = 0.5;

/// One number for each neuron of a group.
type Lanes<R> = [R; GROUP];

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

    /// Are the conductances so large that a step needs more parts?
    #[inline(always)]
    fn is_stiff<const ALPHA: bool>(&self, g: [R; 4]) -> bool {
        let reach = if ALPHA { (g[2] + g[3]) * self.length } else { R::default() };
        g[0] + g[1] + reach + self.g_l > self.stiff
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

    /// As [`Self::part`], of a group of neurons: operation by operation, each for all, which become vector instructions.
    #[inline(always)]
    fn part_of_group<const ALPHA: bool>(
        &self,
        v: &mut Lanes<R>,
        [g_ex, g_in, d_ex, d_in]: &[Lanes<R>; 4],
        i: &Lanes<R>,
    ) {
        let zero = R::default();
        let (mut g, mut terms) = ([[zero; GROUP]; TERMS], [[zero; GROUP]; TERMS]);
        let mut last = *v;
        for k in 0..TERMS {
            let mut total = [zero; GROUP];
            for n in 0..GROUP {
                let (mut ex, mut inh) = (g_ex[n] * self.ex[k], g_in[n] * self.inh[k]);
                if ALPHA && k > 0 {
                    ex += d_ex[n] * self.length * self.ex[k - 1];
                    inh += d_in[n] * self.length * self.inh[k - 1];
                }
                g[k][n] = ex + inh;
                total[n] = ex * self.e_ex + inh * self.e_in;
                if k == 0 {
                    g[0][n] += self.g_l;
                    total[n] += self.constant + i[n];
                }
            }
            terms[k] = last;
            for j in 0..=k {
                let (g, terms) = (&g[j], &terms[k - j]);
                for n in 0..GROUP {
                    total[n] = total[n] - g[n] * terms[n];
                }
            }
            for n in 0..GROUP {
                last[n] = total[n] * self.rise[k];
                v[n] += last[n];
            }
        }
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
    /// NaN while the neuron is refractory.
    v: Vec<R>,
    /// g_ex, g_in, dg_ex, dg_in; the last two only of alpha functions.
    g: [Vec<R>; 4],
    refractory: Refractory,
    rises: Rises,
    target: Target,
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
    let adaptation = (0..count).zip(&members).map(|(i, p)| Adaptation::new(spec.params_of(i).get(11..), p.t_ref.ms()));
    let adaptation = adaptation.collect::<Result<Vec<_>, _>>()?;
    let place = if ALPHA { 5 } else { 3 };
    let last = |i| spec.initial_of(i).get(place).copied().filter(|x| *x > 0.0).unwrap_or(0.0);
    let mut block = Block::<R, ALPHA> {
        rises: Rises::new(h_ms, adaptation, (0..spec.size).map(last).collect()),
        h: h_ms,
        members,
        kernels,
        v: Vec::with_capacity(spec.size),
        g: Default::default(),
        refractory: Refractory::new(spec.size),
        target: Target::best(),
    };
    for i in 0..spec.size {
        let e_l = block.members[if count == 1 { 0 } else { i }].e_l;
        let given = spec.initial_of(i);
        let or = |k: usize, default: f64| R::of(given.get(k).copied().filter(|x| !x.is_nan()).unwrap_or(default));
        block.v.push(or(0, e_l));
        for (k, g) in block.g.iter_mut().enumerate().take(if ALPHA { 4 } else { 2 }) {
            g.push(or(k + 1, 0.0));
        }
    }
    Ok(Box::new(block))
}

/// Neurons that the loop works on before it looks whether one of them needs more parts or has spiked.
const GROUP: usize = 32;

/// Neurons with the same parameters and what arrives at them.
struct Stretch<'a, R, C, const ALPHA: bool> {
    kernel: &'a Kernel<R>,
    v: &'a mut [R],
    g: [&'a mut [R]; 4],
    excitatory: &'a mut [R],
    inhibitory: &'a mut [R],
    current: C,
    /// v after a step that needs more parts than usual, from v, conductances and current.
    stiff: &'a dyn Fn(R, [R; 4], R) -> R,
    /// Called with each neuron that passes its base threshold, and its potential; gives what to store as that.
    spike: &'a mut dyn FnMut(usize, R) -> R,
}

impl<R: Real, C: Fn(usize) -> R, const ALPHA: bool> Stretch<'_, R, C, ALPHA> {
    /// `n` neurons from `from` on. Straight, so that it becomes vector instructions.
    #[inline(always)]
    #[allow(clippy::needless_range_loop)] // `i` is the neuron in several columns at once.
    fn group(&mut self, from: usize, n: usize) {
        let own = from..from + n;
        let kernel = self.kernel;
        let [g0, g1, g2, g3] = &mut self.g;
        let (g0, g1) = (&mut g0[own.clone()], &mut g1[own.clone()]);
        let (g2, g3) = if ALPHA { (&mut g2[own.clone()], &mut g3[own.clone()]) } else { (&mut [][..], &mut [][..]) };
        let v = &mut self.v[own.clone()];
        let (excitatory, inhibitory) = (&mut self.excitatory[own.clone()], &mut self.inhibitory[own]);
        let zero = R::default();
        let (mut old_v, mut old_g) = ([zero; GROUP], [[zero; GROUP]; 4]);
        let (mut any_stiff, mut any) = (false, false);
        for i in 0..n {
            let mut g = if ALPHA { [g0[i], g1[i], g2[i], g3[i]] } else { [g0[i], g1[i], zero, zero] };
            old_v[i] = v[i];
            (old_g[0][i], old_g[1][i]) = (g[0], g[1]);
            if ALPHA {
                (old_g[2][i], old_g[3][i]) = (g[2], g[3]);
            }
            any_stiff |= kernel.is_stiff::<ALPHA>(g);
            for _ in 0..kernel.parts {
                g = kernel.decayed::<ALPHA>(g);
            }
            let jump = [excitatory[i] * kernel.jump_ex, -inhibitory[i] * kernel.jump_in];
            excitatory[i] = zero;
            inhibitory[i] = zero;
            if ALPHA {
                (g0[i], g1[i], g2[i], g3[i]) = (g[0], g[1], g[2] + jump[0], g[3] + jump[1]);
            } else {
                (g0[i], g1[i]) = (g[0] + jump[0], g[1] + jump[1]);
            }
        }
        if n == 1 {
            let mut g = std::array::from_fn(|k| old_g[k][0]);
            for _ in 0..kernel.parts {
                v[0] = kernel.part::<ALPHA>(v[0], g, (self.current)(from));
                g = kernel.decayed::<ALPHA>(g);
            }
        } else {
            let (mut moved, mut g, mut current) = (old_v, old_g, [zero; GROUP]);
            current[..n].iter_mut().enumerate().for_each(|(i, current)| *current = (self.current)(from + i));
            for part in 0..kernel.parts {
                kernel.part_of_group::<ALPHA>(&mut moved, &g, &current);
                for i in 0..if part + 1 < kernel.parts { GROUP } else { 0 } {
                    let next = kernel.decayed::<ALPHA>([g[0][i], g[1][i], g[2][i], g[3][i]]);
                    (0..4).for_each(|k| g[k][i] = next[k]);
                }
            }
            v.copy_from_slice(&moved[..n]);
        }
        for v in v.iter() {
            any |= *v >= kernel.v_th;
        }
        if any_stiff {
            for i in 0..n {
                let g = std::array::from_fn(|k| old_g[k][i]);
                // Only of neurons that are not held, whose potential is a number.
                if kernel.is_stiff::<ALPHA>(g) && old_v[i].wide().is_finite() {
                    v[i] = (self.stiff)(old_v[i], g, (self.current)(from + i));
                    any |= v[i] >= kernel.v_th;
                }
            }
        }
        if any {
            for (i, v) in v.iter_mut().enumerate() {
                if *v >= kernel.v_th {
                    *v = (self.spike)(from + i, *v);
                }
            }
        }
    }
}

impl<R: Real, C: Fn(usize) -> R, const ALPHA: bool> vector::Kernel for Stretch<'_, R, C, ALPHA> {
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

/// v after a step in which the conductances are so large that it needs more parts than usual.
#[cold]
fn stiff_step<R: Real, const ALPHA: bool>(p: &Membrane, h: f64, mut v: R, mut g: [R; 4], current: R) -> R {
    let e = math::exp(1.0);
    let rise = if ALPHA { p.tau_ex * g[2].wide().abs() / e + p.tau_in * g[3].wide().abs() / e } else { 0.0 };
    let total = p.g_l + g[0].wide().abs() + g[1].wide().abs() + rise;
    let parts = (total * h / (LONGEST_PART * p.c_m)).ceil().min(1e6) as usize;
    let kernel = Kernel::<R>::new(p, h, ALPHA, parts);
    for _ in 0..kernel.parts {
        v = kernel.part::<ALPHA>(v, g, current);
        g = kernel.decayed::<ALPHA>(g);
    }
    v
}

impl<R: Real, const ALPHA: bool> GridNeurons<R> for Block<R, ALPHA> {
    fn begin(&mut self) {
        let kernels = &self.kernels;
        let last = kernels.len().saturating_sub(1);
        self.rises.begin();
        self.refractory.begin(&mut self.v, |i| kernels[i.min(last)].v_reset);
    }

    fn advance(&mut self, first: usize, input: StepInput<'_, R>, spikes: &mut Vec<u32>) {
        let n = input.excitatory.len();
        // Neurons with parameters of their own make a stretch each.
        let length = if self.kernels.len() == 1 { n } else { 1 };
        for from in (0..n).step_by(length.max(1)) {
            let own = first + from..first + from + length;
            let which = if self.kernels.len() == 1 { 0 } else { own.start };
            let (kernel, member, h) = (&self.kernels[which], &self.members[which], self.h);
            let [g0, g1, g2, g3] = &mut self.g;
            let alpha = if ALPHA { own.clone() } else { 0..0 };
            let (refractory, rises) = (&mut self.refractory, &mut self.rises);
            let begin = own.start;
            let stretch = from..from + length;
            macro_rules! run {
                ($current:expr) => {
                    self.target.run(Stretch::<R, _, ALPHA> {
                        kernel,
                        v: &mut self.v[own.clone()],
                        g: [&mut g0[own.clone()], &mut g1[own.clone()], &mut g2[alpha.clone()], &mut g3[alpha.clone()]],
                        excitatory: &mut input.excitatory[stretch.clone()],
                        inhibitory: &mut input.inhibitory[stretch],
                        current: $current,
                        stiff: &|v, g, current| stiff_step::<R, ALPHA>(member, h, v, g, current),
                        spike: &mut |i, v| {
                            if !rises.passes(begin + i, (v - kernel.v_th).wide()) {
                                return v;
                            }
                            spikes.push((begin + i) as u32);
                            refractory.hold(begin + i, kernel.refractory_steps, kernel.v_reset)
                        },
                    })
                };
            }
            if input.current.is_empty() {
                run!(|_| R::default());
            } else {
                let current = &input.current[stretch.clone()];
                run!(|i| current[i]);
            }
        }
    }

    fn read(&self, neuron: usize, variable: usize) -> f64 {
        match variable {
            0 => self.potential(neuron).wide(),
            k if k <= if ALPHA { 4 } else { 2 } => self.g[k - 1][neuron].wide(),
            _ => self.rises.at(neuron),
        }
    }

    fn save(&self, neuron: usize) -> Vec<u64> {
        let g = self.g.iter().filter_map(|g| g.get(neuron).copied());
        let state = std::iter::once(self.potential(neuron)).chain(g);
        let words = state.map(|x| x.wide().to_bits()).chain([u64::from(self.refractory.remaining(neuron))]);
        words.chain(self.rises.save(neuron)).collect()
    }

    fn load(&mut self, neuron: usize, words: &[u64]) {
        let (own, rise) = words.split_at(if ALPHA { 6 } else { 4 });
        self.rises.load(neuron, rise);
        let [v, g @ .., held] = own else { return };
        for (to, &from) in self.g.iter_mut().zip(g) {
            to[neuron] = R::of(f64::from_bits(from));
        }
        self.v[neuron] = self.refractory.hold(neuron, *held as u32, R::of(f64::from_bits(*v)));
    }
}

impl<R: Real, const ALPHA: bool> Block<R, ALPHA> {
    /// The potential of a neuron, also while it is held.
    fn potential(&self, neuron: usize) -> R {
        let kernel = &self.kernels[neuron.min(self.kernels.len() - 1)];
        if self.refractory.holds(neuron) { kernel.v_reset } else { self.v[neuron] }
    }
}
