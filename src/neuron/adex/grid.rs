//! The grid engine's step of `adex`: NEST's scheme, an adaptive Runge-Kutta-Fehlberg method that resets within the step.

use super::Params;
use crate::check::Invalid;
use crate::math;
use crate::neuron::rkf45::evolve;
use crate::neuron::solver::Ode;
use crate::neuron::{BlockSpec, GridNeurons, Real, StepInput};

/// NEST's default `gsl_error_tol`, absolute, in mV, nS and pA.
const TOLERANCE: f64 = 1e-6;

/// NEST's bounds, beyond which its solver has lost the solution: of v_m \[mV\], and of w \[pA\].
const LOWEST: f64 = -1e3;
const MOST_ADAPTED: f64 = 1e6;

/// A block of neurons. The state is kept in 64 bits at any precision: the step control needs them.
struct Block {
    h: f64,
    /// One for all, or one per neuron.
    params: Vec<Params>,
    /// v, g_ex, g_in, w.
    y: Vec<[f64; 4]>,
    /// The length that the solver will try next \[ms\].
    suggestion: Vec<f64>,
    /// Steps left of the refractory period.
    refractory: Vec<u32>,
}

/// A block of neurons of the grid engine, with steps of `h_ms`.
///
/// # Errors
/// A parameter out of its bound, v_peak below v_th, v_reset not below v_peak, or a delta_t so small that the exponential overflows.
pub fn grid<R: Real>(h_ms: f64, spec: &BlockSpec<'_>) -> Result<Box<dyn GridNeurons<R>>, Invalid> {
    let count = if spec.shared() { spec.size.min(1) } else { spec.size };
    let params = (0..count).map(|i| Params::from_values(&spec.params_of(i))).collect::<Result<Vec<_>, _>>()?;
    let of = |i: usize| &params[if count == 1 { 0 } else { i }];
    let y = (0..spec.size).map(|i| of(i).start(&spec.initial_of(i))).collect();
    let (suggestion, refractory) = (vec![h_ms; spec.size], vec![0; spec.size]);
    Ok(Box::new(Block { h: h_ms, params, y, suggestion, refractory }))
}

impl Params {
    /// The right-hand sides; v does not move while refractory, and counts as v_peak at most.
    #[inline]
    fn slopes(&self, y: &[f64; 4], current: f64, refractory: bool) -> [f64; 4] {
        let p = &self.membrane;
        let [v, g_ex, g_in, w] = *y;
        let v = if refractory { p.v_reset } else { v.min(self.v_peak) };
        let dv = if refractory {
            0.0
        } else {
            let spike = if self.delta_t == 0.0 {
                0.0
            } else {
                p.g_l * self.delta_t * math::exp((v - self.v_onset) / self.delta_t)
            };
            let synaptic = g_ex * (v - p.e_ex) + g_in * (v - p.e_in);
            (-p.g_l * (v - p.e_l) + spike - synaptic - w + p.i_e + current) / p.c_m
        };
        [dv, -g_ex / p.tau_ex, -g_in / p.tau_in, (self.a * (v - p.e_l) - w) / self.tau_w]
    }
}

impl<R: Real> GridNeurons<R> for Block {
    fn advance(&mut self, first: usize, input: StepInput<'_, R>, spikes: &mut Vec<u32>) {
        let shared = self.params.len() == 1;
        for k in 0..input.excitatory.len() {
            let i = first + k;
            let p = &self.params[if shared { 0 } else { i }];
            let current = input.current.get(k).map_or(0.0, |c| c.wide());
            let steps = (p.membrane.t_ref.ms() / self.h).round() as u32;
            let (y, refractory) = (&mut self.y[i], &mut self.refractory[i]);
            let mut spiked = false;
            let mut t = 0.0;
            while t < self.h {
                let held = *refractory > 0;
                evolve(|y| p.slopes(y, current, held), TOLERANCE, &mut t, self.h, &mut self.suggestion[i], y);
                if y[0] < LOWEST || y[3].abs() > MOST_ADAPTED {
                    // NEST gives up here ("numerical instability"): what follows would be no solution. The run ends with an error.
                    *y = [f64::NAN; 4];
                } else if *refractory > 0 {
                    y[0] = p.membrane.v_reset;
                } else if y[0] >= p.membrane.v_th {
                    p.reset(y);
                    // One more, because the step of the spike is counted down too.
                    *refractory = if steps > 0 { steps + 1 } else { 0 };
                    spiked = true;
                }
            }
            *refractory = refractory.saturating_sub(1);
            y[1] += input.excitatory.get(k).map_or(0.0, |w| w.wide());
            y[2] -= input.inhibitory.get(k).map_or(0.0, |w| w.wide());
            if spiked {
                spikes.push(i as u32);
            }
        }
        input.excitatory.fill(R::default());
        input.inhibitory.fill(R::default());
    }

    fn read(&self, neuron: usize, variable: usize) -> f64 {
        self.y[neuron][variable]
    }

    fn save(&self, neuron: usize) -> Vec<u64> {
        let state = self.y[neuron].into_iter().chain([self.suggestion[neuron]]);
        state.map(f64::to_bits).chain([u64::from(self.refractory[neuron])]).collect()
    }

    fn load(&mut self, neuron: usize, words: &[u64]) {
        let [y @ .., suggestion, refractory] = words else { return };
        for (to, &from) in self.y[neuron].iter_mut().zip(y) {
            *to = f64::from_bits(from);
        }
        self.suggestion[neuron] = f64::from_bits(*suggestion);
        self.refractory[neuron] = *refractory as u32;
    }
}
