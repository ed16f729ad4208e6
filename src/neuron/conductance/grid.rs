//! The grid engine's block of leaky integrate-and-fire neurons with synaptic conductances.
//!
//! NEST integrates v and the conductances together by an adaptive Runge-Kutta method within each step. The conductances
//! decay in closed form, and v is linear given them, so here v is propagated by a Magnus series (see `conductance::step`). As in NEST: v stays
//! at v_reset while refractory, input acts after the step, and the threshold is tested at its end.

use super::Membrane;
use super::step::{Kernel, stiff_step};
use crate::math::real::Real;
use crate::math::vector;
use crate::math::vector::Target;
use crate::memory::Aligned;
use crate::neuron::adaptation::{Adaptation, Rises};
use crate::neuron::refractory::Refractory;
use crate::neuron::{BlockSpec, Column, GridNeurons, StepInput, or_default};

/// A block of neurons; ALPHA says whether the conductances are alpha functions.
struct Block<R, const ALPHA: bool> {
    h: f64,
    /// One for all, or one per neuron.
    members: Vec<Membrane>,
    /// One for all, or one per neuron: one also where neurons differ in leak potential, current, threshold, reset or refractory period alone.
    kernels: Vec<Kernel<R>>,
    /// As many as members: what drives v beside conductances, the threshold, the reset, and the steps of a refractory period.
    drive: Aligned<R>,
    v_th: Aligned<R>,
    v_reset: Vec<R>,
    refractory_steps: Vec<u32>,
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

/// The parameters that a kernel holds, by their places in a table: c_m, g_l, e_ex, e_in, tau_syn_ex, tau_syn_in.
const IN_KERNEL: [usize; 6] = [0, 1, 6, 7, 8, 9];

impl<R: Real, const ALPHA: bool> Block<R, ALPHA> {
    fn new(
        h_ms: f64,
        spec: &BlockSpec<'_>,
        read: impl Fn(&[f64]) -> Result<Membrane, crate::check::Invalid>,
    ) -> Result<Self, crate::check::Invalid> {
        let count = if spec.shared() { spec.size.min(1) } else { spec.size };
        let members = (0..count).map(|i| read(&spec.params_of(i))).collect::<Result<Vec<_>, _>>()?;
        let alike = IN_KERNEL.iter().all(|&k| matches!(spec.params[k], Column::Shared(_)));
        let distinct = if alike { count.min(1) } else { count };
        let kernels: Vec<Kernel<R>> = members[..distinct].iter().map(|p| Kernel::new(p, h_ms, 1)).collect();
        let drive = members.iter().enumerate().map(|(i, p)| kernels[i.min(distinct - 1)].drive(p, h_ms)).collect();
        let adaptation =
            (0..count).zip(&members).map(|(i, p)| Adaptation::new(spec.params_of(i).get(11..), p.t_ref.ms()));
        let adaptation = adaptation.collect::<Result<Vec<_>, _>>()?;
        let place = if ALPHA { 5 } else { 3 };
        let last = |i| spec.initial_of(i).get(place).copied().filter(|x| *x > 0.0).unwrap_or(0.0);
        let column = |k: usize, default: &dyn Fn(usize) -> f64| -> Aligned<R> {
            (0..spec.size).map(|i| R::of(or_default(&spec.initial_of(i), k, default(i)))).collect()
        };
        let synaptic =
            |k: usize| if k < if ALPHA { 4 } else { 2 } { column(k + 1, &|_| 0.0) } else { Aligned::default() };
        Ok(Block {
            rises: Rises::new(h_ms, adaptation, (0..spec.size).map(last).collect()),
            h: h_ms,
            v: column(0, &|i| members[if count == 1 { 0 } else { i }].e_l),
            g: std::array::from_fn(synaptic),
            drive,
            v_th: members.iter().map(|p| R::of(p.v_th)).collect(),
            v_reset: members.iter().map(|p| R::of(p.v_reset)).collect(),
            refractory_steps: members.iter().map(|p| (p.t_ref.ms() / h_ms).round() as u32).collect(),
            members,
            kernels,
            refractory: Refractory::new(spec.size),
            target: Target::best(),
        })
    }

    /// The potential of a neuron, also while it is held.
    fn potential(&self, neuron: usize) -> R {
        let own = neuron.min(self.v_reset.len() - 1);
        if self.refractory.holds(neuron) { self.v_reset[own] } else { self.v[neuron] }
    }
}

/// Neurons that the loop works on before it looks whether one of them needs more parts or has spiked.
const GROUP: usize = 64;
/// What is left over goes in groups of this many, then one by one.
const SMALL: usize = 16;

/// Consecutive neurons and what arrives at them. LIGHT says whether each has a drive and a threshold of its own, OWN whether also all
/// else is its own.
struct Stretch<'a, R, const ALPHA: bool, const LIGHT: bool, const OWN: bool> {
    /// One for all, or one each; so also drive and threshold.
    kernels: &'a [Kernel<R>],
    drive: &'a [R],
    v_th: &'a [R],
    v: &'a mut [R],
    /// g_ex, g_in, dg_ex, dg_in; the last two only of alpha functions.
    g: [&'a mut [R]; 4],
    excitatory: &'a mut [R],
    inhibitory: &'a mut [R],
    /// Empty where no input injects one.
    current: &'a [R],
    /// v of a neuron after a step that needs more parts than usual, from v, conductances and current.
    stiff: &'a dyn Fn(usize, R, [R; 4], R) -> R,
    /// Called with each neuron that passes its base threshold, and its potential; gives what to store as that.
    spike: &'a mut dyn FnMut(usize, R) -> R,
}

/// One for all, or one each.
#[inline(always)]
fn one<T, const N: usize>(of: &[T; N], i: usize) -> &T {
    &of[if N == 1 { 0 } else { i }]
}

/// The state of `N` neurons.
struct State<'a, R, const N: usize> {
    v: &'a mut [R; N],
    g_ex: &'a mut [R; N],
    g_in: &'a mut [R; N],
    d_ex: &'a mut [R; N],
    d_in: &'a mut [R; N],
}

/// A step of `N` neurons, whether one of them is at the threshold. Straight, and no two slices overlap, so that it becomes vector instructions.
///
/// With parameters of their own (OWN), neurons whose steps have fewer parts than others' stand still while those go on.
#[inline(always)]
#[allow(clippy::too_many_arguments, clippy::needless_range_loop)] // `i` is the neuron in several columns at once.
fn advance<
    R: Real,
    const ALPHA: bool,
    const FINE: bool,
    const OWN: bool,
    const N: usize,
    const K: usize,
    const L: usize,
>(
    kernels: &[Kernel<R>; K],
    drive: &[R; L],
    v_th: &[R; L],
    State { v, g_ex, g_in, d_ex, d_in }: State<'_, R, N>,
    excitatory: &mut [R; N],
    inhibitory: &mut [R; N],
    current: &[R; N],
) -> bool {
    let zero = R::default();
    let parts = kernels.iter().fold(1, |most, kernel| most.max(kernel.parts));
    for part in 1..parts {
        for i in 0..N {
            let kernel = one(kernels, i);
            let old = [g_ex[i], g_in[i], if ALPHA { d_ex[i] } else { zero }, if ALPHA { d_in[i] } else { zero }];
            let next = kernel.part::<ALPHA, FINE, OWN>(v[i], old, *one(drive, i), current[i]);
            let g = kernel.decayed::<ALPHA>(old);
            let moves = !OWN || part < kernel.parts;
            v[i] = if moves { next } else { v[i] };
            g_ex[i] = if moves { g[0] } else { old[0] };
            g_in[i] = if moves { g[1] } else { old[1] };
            if ALPHA {
                d_ex[i] = if moves { g[2] } else { old[2] };
                d_in[i] = if moves { g[3] } else { old[3] };
            }
        }
    }
    let mut any = false;
    for i in 0..N {
        let kernel = one(kernels, i);
        let g = [g_ex[i], g_in[i], if ALPHA { d_ex[i] } else { zero }, if ALPHA { d_in[i] } else { zero }];
        let next = kernel.part::<ALPHA, FINE, OWN>(v[i], g, *one(drive, i), current[i]);
        v[i] = next;
        any |= next >= *one(v_th, i);
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

impl<R: Real, const ALPHA: bool, const LIGHT: bool, const OWN: bool> Stretch<'_, R, ALPHA, LIGHT, OWN> {
    /// `N` neurons from `from` on, with `K` kernels and `L` drives and thresholds: one, or one each.
    #[inline(always)]
    #[allow(clippy::needless_range_loop)] // `i` is the neuron in several columns at once.
    fn group<const FINE: bool, const N: usize, const K: usize, const L: usize>(&mut self, from: usize) {
        let at = |each: bool| if each { from } else { 0 };
        let (Some(kernels), Some(drive), Some(v_th)) = (
            self.kernels[at(OWN)..].first_chunk::<K>(),
            self.drive[at(LIGHT)..].first_chunk::<L>(),
            self.v_th[at(LIGHT)..].first_chunk::<L>(),
        ) else {
            return;
        };
        // Copies stay in registers where they are one for all.
        let (drive, v_th) = (*drive, *v_th);
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
            stiff |= one(kernels, i).is_stiff::<ALPHA>([g_ex[i], g_in[i], d_ex[i], d_in[i]]);
        }
        // Not by `then_some`, which would copy them in any case.
        let before = if stiff { Some((*v, [*g_ex, *g_in, *d_ex, *d_in])) } else { None };
        let state = State { v: &mut *v, g_ex, g_in, d_ex, d_in };
        let mut spiked =
            advance::<R, ALPHA, FINE, OWN, N, K, L>(kernels, &drive, &v_th, state, excitatory, inhibitory, current);
        if let Some((old, g)) = before {
            for i in 0..N {
                let g = std::array::from_fn(|k| g[k][i]);
                // Only of neurons that are not held, whose potential is a number.
                if one(kernels, i).is_stiff::<ALPHA>(g) && old[i].wide().is_finite() {
                    v[i] = (self.stiff)(from + i, old[i], g, current[i]);
                    spiked |= v[i] >= *one(&v_th, i);
                }
            }
        }
        if spiked {
            for part in (0..N).step_by(SMALL) {
                let own = part..N.min(part + SMALL);
                if !own.clone().fold(false, |any, i| any | (v[i] >= *one(&v_th, i))) {
                    continue;
                }
                for i in own {
                    if v[i] >= *one(&v_th, i) {
                        v[i] = (self.spike)(from + i, v[i]);
                    }
                }
            }
        }
    }

    /// `N` neurons from `from` on.
    #[inline(always)]
    fn take<const FINE: bool, const N: usize>(&mut self, from: usize) {
        match (LIGHT, OWN) {
            (false, _) => self.group::<FINE, N, 1, 1>(from),
            (true, false) => self.group::<FINE, N, 1, N>(from),
            (true, true) => self.group::<FINE, N, N, N>(from),
        }
    }

    #[inline(always)]
    fn all<const FINE: bool>(&mut self) {
        let n = self.v.len();
        let mut from = 0;
        // Constants of their own fill the registers soon.
        while !OWN && from + GROUP <= n {
            self.take::<FINE, GROUP>(from);
            from += GROUP;
        }
        while from + SMALL <= n {
            self.take::<FINE, SMALL>(from);
            from += SMALL;
        }
        while from < n {
            self.take::<FINE, 1>(from);
            from += 1;
        }
    }
}

impl<R: Real, const ALPHA: bool, const LIGHT: bool, const OWN: bool> vector::Kernel
    for Stretch<'_, R, ALPHA, LIGHT, OWN>
{
    type Output = ();
    #[inline(always)]
    fn run(mut self) {
        let fine = self.kernels.iter().fold(false, |any, kernel| any | kernel.fine);
        if fine { self.all::<true>() } else { self.all::<false>() }
    }
}

impl<R: Real, const ALPHA: bool> Block<R, ALPHA> {
    /// A step of consecutive neurons; see [`GridNeurons::advance`].
    fn stretch<const LIGHT: bool, const OWN: bool>(
        &mut self,
        first: usize,
        input: StepInput<'_, R>,
        spikes: &mut Vec<u32>,
    ) {
        let own = first..first + input.excitatory.len();
        let alpha = if ALPHA { own.clone() } else { 0..0 };
        let which = |i: usize| if LIGHT { first + i } else { 0 };
        let light = if LIGHT { own.clone() } else { 0..1 };
        let (members, h, v_th) = (&self.members, self.h, &self.v_th);
        let (v_reset, refractory_steps) = (&self.v_reset, &self.refractory_steps);
        let [g0, g1, g2, g3] = &mut self.g;
        let (refractory, rises) = (&mut self.refractory, &mut self.rises);
        self.target.run(Stretch::<R, ALPHA, LIGHT, OWN> {
            kernels: &self.kernels[if OWN { own.clone() } else { 0..1 }],
            drive: &self.drive[light.clone()],
            v_th: &v_th[light],
            v: &mut self.v[own.clone()],
            g: [&mut g0[own.clone()], &mut g1[own], &mut g2[alpha.clone()], &mut g3[alpha]],
            excitatory: input.excitatory,
            inhibitory: input.inhibitory,
            current: input.current,
            stiff: &|i, v, g, current| stiff_step::<R, ALPHA>(&members[which(i)], h, v, g, current),
            spike: &mut |i, v| {
                let own = which(i);
                if !rises.passes(first + i, (v - v_th[own]).wide()) {
                    return v;
                }
                spikes.push((first + i) as u32);
                refractory.hold(first + i, refractory_steps[own], v_reset[own])
            },
        });
    }
}

impl<R: Real, const ALPHA: bool> GridNeurons<R> for Block<R, ALPHA> {
    fn begin(&mut self) {
        let v_reset = &self.v_reset;
        let last = v_reset.len().saturating_sub(1);
        self.rises.begin();
        self.refractory.begin(&mut self.v, |i| v_reset[i.min(last)]);
    }

    fn advance(&mut self, first: usize, input: StepInput<'_, R>, spikes: &mut Vec<u32>) {
        match (self.members.len(), self.kernels.len()) {
            (0, _) => {}
            (1, _) => self.stretch::<false, false>(first, input, spikes),
            (_, 1) => self.stretch::<true, false>(first, input, spikes),
            _ => self.stretch::<true, true>(first, input, spikes),
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
            let whole = run::<R, ALPHA>(Target::PLAIN, tau_ex, 0..211);
            let alone: Vec<_> = (0..211).flat_map(|i| run::<R, ALPHA>(Target::PLAIN, tau_ex, i..i + 1)).collect();
            assert_eq!(whole, alone);
            for target in Target::available() {
                assert_eq!(whole, run::<R, ALPHA>(target, tau_ex, 0..211), "{target:?}");
            }
            let held = if ALPHA { 5 } else { 3 };
            assert!(whole.iter().any(|w| w[held] > 0) && whole.iter().any(|w| w[held] == 0));
        }
    }

    /// A block whose neurons differ in their parameters, as [`run`].
    fn run_own<R: Real, const ALPHA: bool>(
        target: Target,
        all: bool,
        members: std::ops::Range<usize>,
    ) -> Vec<Vec<u64>> {
        let column = |value: &dyn Fn(usize) -> f64| Column::Each(members.clone().map(value).collect());
        let mut params =
            [200.0, 10.0, -60.0, -50.0, -60.0, 1.0, 0.0, -80.0, 5.0, 10.0, 200.0].map(Column::Shared).to_vec();
        if all {
            params[0] = column(&|i| 150.0 + i as f64);
            params[8] = column(&|i| [5.0, 0.5, 0.2, 12.0][i % 4]);
        }
        params[3] = column(&|i| -50.0 - i as f64 / 50.0);
        params[5] = column(&|i| (i % 4) as f64);
        params[10] = column(&|i| 250.0 + i as f64);
        let spec = BlockSpec { size: members.len(), params: &params, initial: &[] };
        let read = |values: &[f64]| Membrane::from_values(MODEL.params, values);
        let mut block = Block::<R, ALPHA>::new(0.1, &spec, read).unwrap();
        block.target = target;
        for step in 0..200 {
            let weight =
                |i: usize| if (i * 31 + step * 17).is_multiple_of(23) { ((i * step) % 50 * 60) as f64 } else { 0.0 };
            let mut excitatory: Vec<R> = members.clone().map(|i| R::of(weight(i) / 20.0)).collect();
            let mut inhibitory: Vec<R> = members.clone().map(|i| R::of(-weight(i + 7))).collect();
            let input = StepInput { excitatory: &mut excitatory, inhibitory: &mut inhibitory, current: &[] };
            block.step(input, &mut Vec::new());
        }
        (0..members.len()).map(|i| block.save(i)).collect()
    }

    fn compare_own<R: Real, const ALPHA: bool>() {
        for all in [false, true] {
            let whole = run_own::<R, ALPHA>(Target::PLAIN, all, 0..91);
            // Alone it has the parameters of its block for itself, which is then one of equals.
            let alone: Vec<_> = (0..91).flat_map(|i| run_own::<R, ALPHA>(Target::PLAIN, all, i..i + 1)).collect();
            assert!(whole == alone);
            for target in Target::available() {
                assert!(whole == run_own::<R, ALPHA>(target, all, 0..91), "{target:?}");
            }
            assert!(whole.iter().all(|words| words.iter().all(|&w| f64::from_bits(w).is_finite())));
        }
    }

    #[test]
    fn neurons_with_parameters_of_their_own_have_the_bits_that_each_has_alone() {
        compare_own::<f32, false>();
        compare_own::<f64, false>();
        compare_own::<f32, true>();
        compare_own::<f64, true>();
    }

    #[test]
    fn a_neuron_has_the_same_bits_alone_in_groups_of_any_size_and_on_every_instruction_set() {
        compare::<f32, false>();
        compare::<f64, false>();
        compare::<f32, true>();
        compare::<f64, true>();
    }
}
