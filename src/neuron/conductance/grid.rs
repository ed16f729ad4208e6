//! The grid engine's block of leaky integrate-and-fire neurons with synaptic conductances.
//!
//! NEST integrates v and the conductances together by an adaptive Runge-Kutta method within each step. The conductances
//! decay in closed form, and v is linear given them, so here v is propagated by a Magnus series (see `conductance::step`). As in NEST: v stays
//! at v_reset while refractory, input acts after the step, and the threshold is tested at its end.

use super::Membrane;
use super::step::{Kernel, stiff_step};
use crate::math::vector;
use crate::math::vector::Target;
use crate::memory::Aligned;
use crate::neuron::adaptation::{Adaptation, Rises};
use crate::neuron::refractory::Refractory;
use crate::neuron::{BlockSpec, GridNeurons, Real, StepInput};

/// A block of neurons; ALPHA says whether the conductances are alpha functions.
struct Block<R, const ALPHA: bool> {
    h: f64,
    /// One for all, or one per neuron.
    members: Vec<Membrane>,
    kernels: Vec<Kernel<R>>,
    /// NaN while the neuron is refractory.
    v: Aligned<R>,
    /// g_ex, g_in, dg_ex, dg_in; the last two only of alpha functions.
    g: [Aligned<R>; 4],
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
    Ok(Box::new(Block::<R, ALPHA>::new(h_ms, spec, read)?))
}

impl<R: Real, const ALPHA: bool> Block<R, ALPHA> {
    fn new(
        h_ms: f64,
        spec: &BlockSpec<'_>,
        read: impl Fn(&[f64]) -> Result<Membrane, crate::check::Invalid>,
    ) -> Result<Self, crate::check::Invalid> {
        let count = if spec.shared() { spec.size.min(1) } else { spec.size };
        let members = (0..count).map(|i| read(&spec.params_of(i))).collect::<Result<Vec<_>, _>>()?;
        let kernels = members.iter().map(|p| Kernel::new(p, h_ms, 1)).collect();
        let adaptation =
            (0..count).zip(&members).map(|(i, p)| Adaptation::new(spec.params_of(i).get(11..), p.t_ref.ms()));
        let adaptation = adaptation.collect::<Result<Vec<_>, _>>()?;
        let place = if ALPHA { 5 } else { 3 };
        let last = |i| spec.initial_of(i).get(place).copied().filter(|x| *x > 0.0).unwrap_or(0.0);
        let column = |k: usize, default: &dyn Fn(usize) -> f64| -> Aligned<R> {
            let given = |i| spec.initial_of(i).get(k).copied().filter(|x| !x.is_nan());
            (0..spec.size).map(|i| R::of(given(i).unwrap_or_else(|| default(i)))).collect()
        };
        let synaptic =
            |k: usize| if k < if ALPHA { 4 } else { 2 } { column(k + 1, &|_| 0.0) } else { Aligned::default() };
        Ok(Block {
            rises: Rises::new(h_ms, adaptation, (0..spec.size).map(last).collect()),
            h: h_ms,
            v: column(0, &|i| members[if count == 1 { 0 } else { i }].e_l),
            g: std::array::from_fn(synaptic),
            members,
            kernels,
            refractory: Refractory::new(spec.size),
            target: Target::best(),
        })
    }

    /// The potential of a neuron, also while it is held.
    fn potential(&self, neuron: usize) -> R {
        let kernel = &self.kernels[neuron.min(self.kernels.len() - 1)];
        if self.refractory.holds(neuron) { kernel.v_reset } else { self.v[neuron] }
    }
}

/// Neurons that the loop works on before it looks whether one of them needs more parts or has spiked.
const GROUP: usize = 64;
/// What is left over goes in groups of this many, then one by one.
const SMALL: usize = 16;

/// Neurons with the same parameters and what arrives at them.
struct Stretch<'a, R, const ALPHA: bool> {
    kernel: &'a Kernel<R>,
    v: &'a mut [R],
    /// g_ex, g_in, dg_ex, dg_in; the last two only of alpha functions.
    g: [&'a mut [R]; 4],
    excitatory: &'a mut [R],
    inhibitory: &'a mut [R],
    /// Empty where no input injects one.
    current: &'a [R],
    /// v after a step that needs more parts than usual, from v, conductances and current.
    stiff: &'a dyn Fn(R, [R; 4], R) -> R,
    /// Called with each neuron that passes its base threshold, and its potential; gives what to store as that.
    spike: &'a mut dyn FnMut(usize, R) -> R,
}

/// A step of `N` neurons, whether one of them is at the threshold. Straight, and no two slices overlap, so that it becomes vector instructions.
#[inline(always)]
#[allow(clippy::too_many_arguments, clippy::needless_range_loop)] // `i` is the neuron in several columns at once.
fn advance<R: Real, const ALPHA: bool, const FINE: bool, const N: usize>(
    kernel: &Kernel<R>,
    v: &mut [R; N],
    g_ex: &mut [R; N],
    g_in: &mut [R; N],
    d_ex: &mut [R; N],
    d_in: &mut [R; N],
    excitatory: &mut [R; N],
    inhibitory: &mut [R; N],
    current: &[R; N],
) -> bool {
    let zero = R::default();
    for _ in 1..kernel.parts {
        for i in 0..N {
            let g = [g_ex[i], g_in[i], if ALPHA { d_ex[i] } else { zero }, if ALPHA { d_in[i] } else { zero }];
            v[i] = kernel.part::<ALPHA, FINE>(v[i], g, current[i]);
            let g = kernel.decayed::<ALPHA>(g);
            (g_ex[i], g_in[i]) = (g[0], g[1]);
            if ALPHA {
                (d_ex[i], d_in[i]) = (g[2], g[3]);
            }
        }
    }
    let mut any = false;
    for i in 0..N {
        let g = [g_ex[i], g_in[i], if ALPHA { d_ex[i] } else { zero }, if ALPHA { d_in[i] } else { zero }];
        let next = kernel.part::<ALPHA, FINE>(v[i], g, current[i]);
        v[i] = next;
        any |= next >= kernel.v_th;
        let g = kernel.decayed::<ALPHA>(g);
        if ALPHA {
            (g_ex[i], g_in[i]) = (g[0], g[1]);
            (d_ex[i], d_in[i]) = (g[2] + excitatory[i] * kernel.jump_ex, g[3] - inhibitory[i] * kernel.jump_in);
        } else {
            (g_ex[i], g_in[i]) = (g[0] + excitatory[i], g[1] - inhibitory[i]);
        }
        excitatory[i] = zero;
        inhibitory[i] = zero;
    }
    any
}

impl<R: Real, const ALPHA: bool> Stretch<'_, R, ALPHA> {
    /// `N` neurons from `from` on.
    #[inline(always)]
    #[allow(clippy::needless_range_loop)] // `i` is the neuron in several columns at once.
    fn group<const FINE: bool, const N: usize>(&mut self, from: usize) {
        let kernel = *self.kernel;
        let [g_ex, g_in, d_ex, d_in] = &mut self.g;
        // Exponential conductances have no rate variables.
        let (mut no_ex, mut no_in, mut none) = ([R::default(); N], [R::default(); N], [R::default(); N]);
        let (d_ex, d_in) = if ALPHA {
            (d_ex[from..].first_chunk_mut(), d_in[from..].first_chunk_mut())
        } else {
            (Some(&mut no_ex), Some(&mut no_in))
        };
        if let Some(current) = self.current.get(from..).and_then(|c| c.first_chunk()) {
            none = *current;
        }
        let (Some(v), Some(g_ex), Some(g_in), Some(d_ex), Some(d_in), Some(excitatory), Some(inhibitory)) = (
            self.v[from..].first_chunk_mut::<N>(),
            g_ex[from..].first_chunk_mut::<N>(),
            g_in[from..].first_chunk_mut::<N>(),
            d_ex,
            d_in,
            self.excitatory[from..].first_chunk_mut::<N>(),
            self.inhibitory[from..].first_chunk_mut::<N>(),
        ) else {
            return;
        };
        let current = &none;
        let mut stiff = false;
        for i in 0..N {
            stiff |= kernel.is_stiff::<ALPHA>([g_ex[i], g_in[i], d_ex[i], d_in[i]]);
        }
        // Not by `then_some`, which would copy them in any case.
        let before = if stiff { Some((*v, [*g_ex, *g_in, *d_ex, *d_in])) } else { None };
        let mut spiked =
            advance::<R, ALPHA, FINE, N>(&kernel, v, g_ex, g_in, d_ex, d_in, excitatory, inhibitory, current);
        if let Some((old, g)) = before {
            for i in 0..N {
                let g = std::array::from_fn(|k| g[k][i]);
                // Only of neurons that are not held, whose potential is a number.
                if kernel.is_stiff::<ALPHA>(g) && old[i].wide().is_finite() {
                    v[i] = (self.stiff)(old[i], g, current[i]);
                    spiked |= v[i] >= kernel.v_th;
                }
            }
        }
        if spiked {
            for (part, v) in v.chunks_mut(SMALL).enumerate() {
                if !v.iter().fold(false, |any, v| any | (*v >= kernel.v_th)) {
                    continue;
                }
                for (i, v) in v.iter_mut().enumerate().filter(|(_, v)| **v >= kernel.v_th) {
                    *v = (self.spike)(from + part * SMALL + i, *v);
                }
            }
        }
    }

    #[inline(always)]
    fn all<const FINE: bool>(&mut self) {
        let n = self.v.len();
        let mut from = 0;
        while from + GROUP <= n {
            self.group::<FINE, GROUP>(from);
            from += GROUP;
        }
        while from + SMALL <= n {
            self.group::<FINE, SMALL>(from);
            from += SMALL;
        }
        while from < n {
            self.group::<FINE, 1>(from);
            from += 1;
        }
    }
}

impl<R: Real, const ALPHA: bool> vector::Kernel for Stretch<'_, R, ALPHA> {
    type Output = ();
    #[inline(always)]
    fn run(mut self) {
        if self.kernel.fine { self.all::<true>() } else { self.all::<false>() }
    }
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
            self.target.run(Stretch::<R, ALPHA> {
                kernel,
                v: &mut self.v[own.clone()],
                g: [&mut g0[own.clone()], &mut g1[own.clone()], &mut g2[alpha.clone()], &mut g3[alpha]],
                excitatory: &mut input.excitatory[stretch.clone()],
                inhibitory: &mut input.inhibitory[stretch.clone()],
                current: if input.current.is_empty() { &[] } else { &input.current[stretch] },
                stiff: &|v, g, current| stiff_step::<R, ALPHA>(member, h, v, g, current),
                spike: &mut |i, v| {
                    if !rises.passes(begin + i, (v - kernel.v_th).wide()) {
                        return v;
                    }
                    spikes.push((begin + i) as u32);
                    refractory.hold(begin + i, kernel.refractory_steps, kernel.v_reset)
                },
            });
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::neuron::Column;
    use crate::neuron::lif_cond_exp::MODEL;

    /// A block with shared parameters, its i-th neuron at -60 mV + i / 100, and what it does in 200 steps of input.
    fn run<R: Real, const ALPHA: bool>(target: Target, tau_ex: f64, members: std::ops::Range<usize>) -> Vec<Vec<u64>> {
        let values = [200.0, 10.0, -60.0, -50.0, -60.0, 1.0, 0.0, -80.0, tau_ex, 10.0, 200.0];
        let params = values.map(Column::Shared);
        let v = members.clone().map(|i| -60.0 + i as f64 / 100.0).collect();
        let initial = [Column::Each(v)];
        let spec = BlockSpec { size: members.len(), params: &params, initial: &initial };
        let read = |values: &[f64]| Membrane::from_values(MODEL.params, values);
        let mut block = Block::<R, ALPHA>::new(0.1, &spec, read).unwrap();
        block.target = target;
        let mut spikes = Vec::new();
        for step in 0..200 {
            // Now and then so much that a step needs more parts.
            let weight =
                |i: usize| if (i * 31 + step * 17).is_multiple_of(23) { ((i * step) % 50 * 60) as f64 } else { 0.0 };
            let mut excitatory: Vec<R> = members.clone().map(|i| R::of(weight(i) / 20.0)).collect();
            let mut inhibitory: Vec<R> = members.clone().map(|i| R::of(-weight(i + 7))).collect();
            let current: Vec<R> = members.clone().map(|i| R::of(if step < 100 { 0.0 } else { i as f64 })).collect();
            let current = if step < 100 { &[] } else { &current[..] };
            spikes.clear();
            block.step(StepInput { excitatory: &mut excitatory, inhibitory: &mut inhibitory, current }, &mut spikes);
            assert!(excitatory.iter().chain(&inhibitory).all(|x| *x == R::default()));
        }
        (0..members.len()).map(|i| block.save(i)).collect()
    }

    fn compare<R: Real, const ALPHA: bool>() {
        for tau_ex in [5.0, 0.5] {
            let whole = run::<R, ALPHA>(Target::Plain, tau_ex, 0..211);
            let alone: Vec<_> = (0..211).flat_map(|i| run::<R, ALPHA>(Target::Plain, tau_ex, i..i + 1)).collect();
            assert_eq!(whole, alone);
            for target in Target::available() {
                assert_eq!(whole, run::<R, ALPHA>(target, tau_ex, 0..211), "{target:?}");
            }
            let held = if ALPHA { 5 } else { 3 };
            assert!(whole.iter().any(|w| w[held] > 0) && whole.iter().any(|w| w[held] == 0));
        }
    }

    #[test]
    fn a_neuron_has_the_same_bits_alone_in_groups_of_any_size_and_on_every_instruction_set() {
        compare::<f32, false>();
        compare::<f64, false>();
        compare::<f32, true>();
        compare::<f64, true>();
    }
}
