//! The grid engine's step of `adex`: NEST's scheme, an adaptive Runge-Kutta-Fehlberg method that resets within the step.
//!
//! Eight neurons at once: nearly always a neuron takes the whole step in one, and all is vector code. Those that need shorter steps, or
//! spike, come last, also eight at once: where one has done, the next takes its place. The length of a step never depends on the neighbours.

use super::Params;
use crate::check::Invalid;
use crate::math;
use crate::math::real::Real;
use crate::math::rkf45::{self, Lanes, Slopes, next, shorter, step_lanes};
use crate::math::vector::{Kernel, Target};
use crate::memory::Aligned;
use crate::neuron::solver::Ode;
use crate::neuron::{BlockSpec, GridNeurons, MANY, StepInput};

/// NEST's default `gsl_error_tol`, absolute, in mV, nS and pA.
const TOLERANCE: f64 = 1e-6;

/// NEST's bounds, beyond which its solver has lost the solution: of v_m \[mV\], and of w \[pA\].
const LOWEST: f64 = -1e3;
const MOST_ADAPTED: f64 = 1e6;

/// Below this many e-folds under its onset the exponential is as good as 0 (1e-304), and the fast exponential holds.
const FAR_BELOW: f64 = -700.0;

/// Neurons that are worked on at once: what the widest vectors hold.
const LANES: usize = 8;

/// A block of neurons. The state is kept in 64 bits at any precision: the step control needs them.
struct Block {
    target: Target,
    h: f64,
    /// One for all, or one per neuron.
    params: Vec<Params>,
    /// v, g_ex, g_in, w.
    y: [Aligned<f64>; 4],
    /// The length that the solver will try next \[ms\].
    suggestion: Vec<f64>,
    /// Steps left of the refractory period.
    refractory: Vec<u32>,
    /// Empty, with room, between steps: neurons that take several trials, and those that spike.
    rest: Vec<usize>,
    spiked: Vec<usize>,
}

/// A block of neurons of the grid engine, with steps of `h_ms`.
///
/// # Errors
/// A parameter out of its bound, v_peak below v_th, v_reset not below v_peak, or a delta_t so small that the exponential overflows.
pub fn grid<R: Real>(h_ms: f64, spec: &BlockSpec<'_>) -> Result<Box<dyn GridNeurons<R>>, Invalid> {
    Ok(Box::new(block(h_ms, spec, Target::best())?))
}

fn block(h_ms: f64, spec: &BlockSpec<'_>, target: Target) -> Result<Block, Invalid> {
    let count = if spec.shared() { spec.size.min(1) } else { spec.size };
    let params = (0..count).map(|i| Params::from_values(&spec.params_of(i))).collect::<Result<Vec<_>, _>>()?;
    let of = |i: usize| &params[if count == 1 { 0 } else { i }];
    let y = std::array::from_fn(|k| (0..spec.size).map(|i| of(i).start(&spec.initial_of(i))[k]).collect());
    let (suggestion, refractory) = (vec![h_ms; spec.size], vec![0; spec.size]);
    Ok(Block { target, h: h_ms, params, y, suggestion, refractory, rest: Vec::new(), spiked: Vec::new() })
}

/// What the right-hand sides need, of the neurons that are worked on at once.
#[derive(Clone, Copy)]
struct Constants {
    rise: [f64; LANES],
    g_l: [f64; LANES],
    e_l: [f64; LANES],
    e_ex: [f64; LANES],
    e_in: [f64; LANES],
    rate_ex: [f64; LANES],
    rate_in: [f64; LANES],
    rate_w: [f64; LANES],
    a: [f64; LANES],
    i_e: [f64; LANES],
    v_onset: [f64; LANES],
    v_peak: [f64; LANES],
    v_reset: [f64; LANES],
    /// 1 / delta_t; 0 without the exponential.
    steepness: [f64; LANES],
    /// g_l delta_t.
    spike: [f64; LANES],
}

impl Constants {
    #[inline(always)]
    fn set(&mut self, lane: usize, p: &Params) {
        let m = &p.membrane;
        self.rise[lane] = 1.0 / m.c_m;
        self.g_l[lane] = m.g_l;
        self.e_l[lane] = m.e_l;
        self.e_ex[lane] = m.e_ex;
        self.e_in[lane] = m.e_in;
        self.rate_ex[lane] = -1.0 / m.tau_ex;
        self.rate_in[lane] = -1.0 / m.tau_in;
        self.rate_w[lane] = 1.0 / p.tau_w;
        self.a[lane] = p.a;
        self.i_e[lane] = m.i_e;
        self.v_onset[lane] = p.v_onset;
        self.v_peak[lane] = p.v_peak;
        self.v_reset[lane] = m.v_reset;
        self.steepness[lane] = if p.delta_t == 0.0 { 0.0 } else { 1.0 / p.delta_t };
        self.spike[lane] = m.g_l * p.delta_t;
    }

    fn of(p: &Params) -> Constants {
        let zero = [0.0; LANES];
        let mut all = Constants {
            rise: zero,
            g_l: zero,
            e_l: zero,
            e_ex: zero,
            e_in: zero,
            rate_ex: zero,
            rate_in: zero,
            rate_w: zero,
            a: zero,
            i_e: zero,
            v_onset: zero,
            v_peak: zero,
            v_reset: zero,
            steepness: zero,
            spike: zero,
        };
        (0..LANES).for_each(|lane| all.set(lane, p));
        all
    }
}

/// The right-hand sides; v does not move while refractory, and counts as v_peak at most.
struct Driven<'a> {
    constants: &'a Constants,
    group: &'a Group,
}

impl Slopes<4, LANES> for Driven<'_> {
    #[inline(always)]
    #[allow(clippy::needless_range_loop)] // `l` is the neuron in several columns at once.
    fn slopes(&self, y: &Lanes<4, LANES>) -> Lanes<4, LANES> {
        let (c, Group { current, held, .. }) = (self.constants, self.group);
        let mut k = [[0.0; LANES]; 4];
        for l in 0..LANES {
            let (g_ex, g_in, w) = (y[1][l], y[2][l], y[3][l]);
            let v = if held[l] { c.v_reset[l] } else { y[0][l].min(c.v_peak[l]) };
            let folds = ((v - c.v_onset[l]) * c.steepness[l]).max(FAR_BELOW);
            let spike = c.spike[l] * math::exp_in_range(folds);
            let synaptic = g_ex * (v - c.e_ex[l]) + g_in * (v - c.e_in[l]);
            let dv = (-c.g_l[l] * (v - c.e_l[l]) + spike - synaptic - w + c.i_e[l] + current[l]) * c.rise[l];
            k[0][l] = if held[l] { 0.0 } else { dv };
            k[1][l] = g_ex * c.rate_ex[l];
            k[2][l] = g_in * c.rate_in[l];
            k[3][l] = (c.a[l] * (v - c.e_l[l]) - w) * c.rate_w[l];
        }
        k
    }
}

/// A step of consecutive neurons.
struct Stretch<'a, R> {
    h: f64,
    /// One for all, or one each.
    params: &'a [Params],
    y: [&'a mut [f64]; 4],
    suggestion: &'a mut [f64],
    refractory: &'a mut [u32],
    /// Injected \[pA\]; empty where no input injects one.
    current: &'a [R],
    /// Those whose step is not done by one trial.
    rest: &'a mut Vec<usize>,
    /// Those that spike, in any order.
    spiked: &'a mut Vec<usize>,
}

/// The neurons that are worked on at once, within a step. A place that is not used is at the step's end.
struct Group {
    y: Lanes<4, LANES>,
    /// Time since the step's begin \[ms\].
    t: [f64; LANES],
    /// The length to try next \[ms\].
    h: [f64; LANES],
    held: [bool; LANES],
    /// Spikes within the step.
    spikes: [u32; LANES],
    current: [f64; LANES],
}

/// A step that was tried.
struct Trial {
    y: Lanes<4, LANES>,
    length: [f64; LANES],
    /// Error in tolerances.
    worst: [f64; LANES],
}

impl Group {
    /// A step of each neuron to where it would end next.
    #[inline(always)]
    #[allow(clippy::needless_range_loop)] // `l` is the neuron in several columns at once.
    fn attempt(&self, constants: &Constants, end: f64) -> Trial {
        let mut length = self.h;
        for l in 0..LANES {
            let rest = end - self.t[l];
            length[l] = if length[l] > rest { rest } else { length[l] };
        }
        let (y, error) = step_lanes(&Driven { constants, group: self }, &self.y, &length);
        let mut worst = [f64::MIN_POSITIVE; LANES];
        for e in &error {
            for l in 0..LANES {
                worst[l] = worst[l].max(e[l].abs() / TOLERANCE);
            }
        }
        Trial { y, length, worst }
    }
}

impl<R: Real> Stretch<'_, R> {
    #[inline(always)]
    fn params(&self, i: usize) -> &Params {
        &self.params[if self.params.len() == 1 { 0 } else { i }]
    }

    /// Puts neuron `i` at place `l`, at the step's begin.
    #[inline(always)]
    fn seat(&self, group: &mut Group, constants: &mut Constants, l: usize, i: usize) {
        for k in 0..4 {
            group.y[k][l] = self.y[k][i];
        }
        group.held[l] = self.refractory[i] > 0;
        group.current[l] = self.current.get(i).map_or(0.0, |c| c.wide());
        (group.t[l], group.h[l], group.spikes[l]) = (0.0, self.suggestion[i], 0);
        if self.params.len() > 1 {
            constants.set(l, &self.params[i]);
        }
    }

    /// A step of the `n` neurons from `from` on, if one trial does it; those of which it is not so are put down.
    #[inline(always)]
    #[allow(clippy::needless_range_loop)] // `l` is the neuron in several columns at once.
    fn first_trial(&mut self, group: &mut Group, constants: &mut Constants, from: usize, n: usize) {
        let end = self.h;
        let mut ceiling = [f64::INFINITY; LANES];
        for l in 0..n {
            self.seat(group, constants, l, from + l);
            if !group.held[l] {
                ceiling[l] = self.params(from + l).membrane.v_th;
            }
        }
        let trial = group.attempt(constants, end);
        let mut plain = [false; LANES];
        for l in 0..LANES {
            let within =
                (trial.y[0][l] >= LOWEST) & (trial.y[0][l] < ceiling[l]) & (trial.y[3][l].abs() <= MOST_ADAPTED);
            plain[l] = within & (trial.length[l] == end) & (trial.worst[l] <= rkf45::TOO_LARGE);
        }
        for l in 0..n {
            let i = from + l;
            if !plain[l] {
                self.rest.push(i);
                continue;
            }
            for k in 0..4 {
                self.y[k][i] = trial.y[k][l];
            }
            if group.held[l] {
                self.y[0][i] = constants.v_reset[l];
            }
            self.suggestion[i] = after_whole(trial.worst[l], end);
            self.refractory[i] = self.refractory[i].saturating_sub(1);
        }
    }

    /// Steps of neurons that take several trials each: when one is at its end, the next takes its place.
    #[inline(always)]
    #[allow(clippy::needless_range_loop)] // `l` is the neuron in several columns at once.
    fn several_trials(&mut self, group: &mut Group, constants: &mut Constants) {
        let end = self.h;
        let mut rest = std::mem::take(self.rest);
        let mut seated: [Option<usize>; LANES] = [None; LANES];
        group.t = [end; LANES];
        loop {
            for l in 0..LANES {
                if group.t[l] >= end {
                    if let Some(i) = seated[l].take() {
                        (0..4).for_each(|k| self.y[k][i] = group.y[k][l]);
                        self.refractory[i] = self.refractory[i].saturating_sub(1);
                    }
                    if let Some(i) = rest.pop() {
                        self.seat(group, constants, l, i);
                        seated[l] = Some(i);
                    }
                }
            }
            if seated.iter().all(Option::is_none) {
                break;
            }
            let trial = group.attempt(constants, end);
            for l in 0..LANES {
                if let Some(i) = seated[l] {
                    self.take(group, &trial, l, i);
                }
            }
        }
        *self.rest = rest;
    }

    /// What neuron `i`, the group's `l`-th, makes of a trial step.
    #[inline(always)]
    fn take(&mut self, group: &mut Group, trial: &Trial, l: usize, i: usize) {
        let (end, worst, tried) = (self.h, trial.worst[l], trial.length[l]);
        if let Some(shorter) = shorter(worst, tried, group.t[l]) {
            group.h[l] = shorter;
            return;
        }
        let last = group.h[l] > end - group.t[l];
        group.t[l] = if last { end } else { group.t[l] + tried };
        group.h[l] = if tried == end { after_whole(worst, end) } else { next(worst, tried) };
        self.suggestion[i] = group.h[l];
        let params = self.params;
        let p = &params[if params.len() == 1 { 0 } else { i }];
        let mut y: [f64; 4] = std::array::from_fn(|k| trial.y[k][l]);
        if y[0] < LOWEST || y[3].abs() > MOST_ADAPTED {
            // NEST gives up here ("numerical instability"): what follows would be no solution. The run ends with an error.
            y = [f64::NAN; 4];
        } else if self.refractory[i] > 0 {
            y[0] = p.membrane.v_reset;
        } else if y[0] >= p.membrane.v_th {
            p.reset(&mut y);
            let steps = (p.membrane.t_ref.ms() / end).round() as u32;
            // One more, because the step of the spike is counted down too.
            self.refractory[i] = if steps > 0 { steps.saturating_add(1) } else { 0 };
            self.spiked.push(i);
            group.spikes[l] += 1;
            if group.spikes[l] == MANY {
                group.t[l] = end;
            }
        }
        group.held[l] = self.refractory[i] > 0;
        (0..4).for_each(|k| group.y[k][l] = y[k]);
    }
}

/// The length to try after an accepted step as long as the grid's: nothing longer than that is ever taken, so it is not worked out
/// how much longer it might be.
#[inline(always)]
fn after_whole(worst: f64, h: f64) -> f64 {
    if worst < rkf45::SMALL { 5.0 * h } else { h }
}

impl<R: Real> Kernel for Stretch<'_, R> {
    type Output = ();
    #[inline(always)]
    fn run(mut self) {
        let Some(first) = self.params.first() else { return };
        let mut constants = Constants::of(first);
        let (count, zero) = (self.refractory.len(), [0.0; LANES]);
        let mut group =
            Group { y: [zero; 4], t: zero, h: zero, held: [false; LANES], spikes: [0; LANES], current: zero };
        for from in (0..count).step_by(LANES) {
            self.first_trial(&mut group, &mut constants, from, LANES.min(count - from));
        }
        self.several_trials(&mut group, &mut constants);
    }
}

impl<R: Real> GridNeurons<R> for Block {
    fn advance(&mut self, first: usize, input: StepInput<'_, R>, spikes: &mut Vec<u32>) {
        let own = first..first + input.excitatory.len();
        let [y0, y1, y2, y3] = &mut self.y;
        self.target.run(Stretch {
            h: self.h,
            params: if self.params.len() == 1 { &self.params } else { &self.params[own.clone()] },
            y: [&mut y0[own.clone()], &mut y1[own.clone()], &mut y2[own.clone()], &mut y3[own.clone()]],
            suggestion: &mut self.suggestion[own.clone()],
            refractory: &mut self.refractory[own],
            current: input.current,
            rest: &mut self.rest,
            spiked: &mut self.spiked,
        });
        // Without a refractory period a neuron may fire several times within a step: as many spikes at its end, as NEST's.
        self.spiked.sort_unstable();
        spikes.extend(self.spiked.drain(..).map(|i| (first + i) as u32));
        let [_, g_ex, g_in, _] = &mut self.y;
        for (k, (ex, inh)) in input.excitatory.iter_mut().zip(input.inhibitory).enumerate() {
            g_ex[first + k] += std::mem::take(ex).wide();
            g_in[first + k] -= std::mem::take(inh).wide();
        }
    }

    fn read(&self, neuron: usize, variable: usize) -> f64 {
        self.y[variable][neuron]
    }

    fn save(&self, neuron: usize) -> Vec<u64> {
        let state = self.y.iter().map(|y| y[neuron]).chain([self.suggestion[neuron]]);
        state.map(f64::to_bits).chain([u64::from(self.refractory[neuron])]).collect()
    }

    fn load(&mut self, neuron: usize, words: &[u64]) {
        let [y @ .., suggestion, refractory] = words else { return };
        for (to, &from) in self.y.iter_mut().zip(y) {
            to[neuron] = f64::from_bits(from);
        }
        self.suggestion[neuron] = f64::from_bits(*suggestion);
        self.refractory[neuron] = *refractory as u32;
    }
}

#[cfg(test)]
mod tests {
    use super::super::MODEL;
    use super::*;
    use crate::neuron::Column;

    /// What the members of a block, with parameters of their own or not, do in 300 steps of input: state and spikes.
    fn run(target: Target, own: bool, members: std::ops::Range<usize>) -> Vec<(Vec<u64>, usize)> {
        let mut params: Vec<Column> = MODEL.params.iter().map(|p| Column::Shared(p.default)).collect();
        let mut each = |name: &str, value: &dyn Fn(usize) -> f64| {
            let place = MODEL.params.iter().position(|p| p.name == name).unwrap();
            let values = members.clone().map(value).collect();
            params[place] = if own { Column::Each(values) } else { Column::Shared(value(0)) };
        };
        each("t_ref", &|i| (1 + i % 3) as f64);
        each("c_m", &|i| 200.0 + i as f64);
        each("i_e", &|i| 900.0 - 5.0 * i as f64);
        each("delta_t", &|i| if i % 7 == 3 { 0.0 } else { 2.0 });
        let initial = [Column::Each(members.clone().map(|i| -70.0 + i as f64 / 5.0).collect())];
        let spec = BlockSpec { size: members.len(), params: &params, initial: &initial };
        let mut block = block(0.1, &spec, target).unwrap();
        let (mut spikes, mut counts) = (Vec::new(), vec![0; members.len()]);
        for step in 0..300 {
            let weight =
                |i: usize| if (i * 31 + step * 17).is_multiple_of(23) { ((i * step) % 50) as f64 } else { 0.0 };
            let mut excitatory: Vec<f64> = members.clone().map(&weight).collect();
            let mut inhibitory: Vec<f64> = members.clone().map(|i| -weight(i + 7)).collect();
            let current: Vec<f64> = members.clone().map(|i| if step < 100 { 0.0 } else { i as f64 }).collect();
            let current = if step < 100 { &[] } else { &current[..] };
            spikes.clear();
            block.step(StepInput { excitatory: &mut excitatory, inhibitory: &mut inhibitory, current }, &mut spikes);
            assert!(excitatory.iter().chain(&inhibitory).all(|x| *x == 0.0));
            spikes.iter().for_each(|&i: &u32| counts[i as usize] += 1);
        }
        (0..members.len()).map(|i| (GridNeurons::<f64>::save(&block, i), counts[i])).collect()
    }

    #[test]
    fn a_neuron_has_the_same_bits_alone_in_groups_of_any_size_and_on_every_instruction_set() {
        for own in [false, true] {
            let whole = run(Target::PLAIN, own, 0..75);
            let alone: Vec<_> = (0..75).flat_map(|i| run(Target::PLAIN, own, i..i + 1)).collect();
            assert!(whole == alone, "own parameters: {own}");
            for target in Target::available() {
                assert!(whole == run(target, own, 0..75), "{target:?}, own parameters: {own}");
            }
            assert!(whole.iter().any(|(_, n)| *n > 0));
        }
    }
}
