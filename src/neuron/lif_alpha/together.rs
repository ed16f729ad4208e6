//! Neurons of lif_alpha that take in one event each, as vector code.

use super::event::{LifAlpha, Params, State};
use std::f64::consts::E;

use crate::math;
use crate::neuron::crossing::{shortest_wait, tick_after};
use crate::neuron::membrane::{Side, merged_in_lanes};
use crate::neuron::propagator::{alpha_response_in_lanes, exp_response_in_lanes};
use crate::neuron::together::{FAR, LANES, Lanes};
use crate::neuron::{Event, EventNeuron};
use crate::time::{TICKS_PER_MS, Time};

/// What a group computes with.
pub(super) struct Group {
    tau_m: [f64; LANES],
    c_m: [f64; LANES],
    resistance: [f64; LANES],
    i_e: [f64; LANES],
    theta: [f64; LANES],
    tau_ex: [f64; LANES],
    tau_in: [f64; LANES],
    difference_ex: [f64; LANES],
    difference_in: [f64; LANES],
    /// Ticks from which on the plain code is taken.
    far: [f64; LANES],
    /// Ticks since the state's time.
    ticks: [f64; LANES],
    v: [f64; LANES],
    i_ex: [f64; LANES],
    i_in: [f64; LANES],
    di_ex: [f64; LANES],
    di_in: [f64; LANES],
    current: [f64; LANES],
    weight: [f64; LANES],
    /// Lower bound of the time to the next crossing \[ms\].
    wait: [f64; LANES],
}

impl Lanes<LifAlpha> for Group {
    #[inline(always)]
    fn new() -> Group {
        let (zero, one) = ([0.0; LANES], [1.0; LANES]);
        Group {
            tau_m: one,
            c_m: one,
            resistance: one,
            i_e: zero,
            theta: one,
            tau_ex: one,
            tau_in: one,
            difference_ex: zero,
            difference_in: zero,
            far: zero,
            ticks: zero,
            v: zero,
            i_ex: zero,
            i_in: zero,
            di_ex: zero,
            di_in: zero,
            current: zero,
            weight: zero,
            wait: zero,
        }
    }

    #[inline(always)]
    fn set(&mut self, lane: usize, params: &Params) {
        let m = &params.membrane;
        (self.tau_m[lane], self.c_m[lane], self.resistance[lane]) = (m.tau_m, m.c_m, m.resistance);
        (self.i_e[lane], self.theta[lane]) = (m.i_e, m.theta);
        (self.tau_ex[lane], self.tau_in[lane]) = (params.tau_ex, params.tau_in);
        (self.difference_ex[lane], self.difference_in[lane]) = (params.difference_ex, params.difference_in);
        self.far[lane] = FAR * m.tau_m.min(params.tau_ex).min(params.tau_in) * TICKS_PER_MS;
    }

    #[inline(always)]
    fn load(&mut self, lane: usize, state: &State, event: &Event) -> bool {
        let ticks = (event.time - state.time).0 as f64;
        (self.ticks[lane], self.v[lane], self.current[lane]) = (ticks, state.v, state.current);
        (self.i_ex[lane], self.i_in[lane], self.weight[lane]) = (state.i_ex, state.i_in, event.weight);
        (self.di_ex[lane], self.di_in[lane]) = (state.di_ex, state.di_in);
        (state.free_at <= state.time) & (state.theta == 0.0) & (ticks <= self.far[lane])
    }

    /// The state at the event, the event, and how long it takes to the threshold at least.
    #[inline(always)]
    fn take(&mut self) {
        for i in 0..LANES {
            let t = self.ticks[i] / TICKS_PER_MS;
            let (decay_m, fall) = (math::exp_in_range(-t / self.tau_m[i]), math::exp_m1_in_range(-t / self.tau_m[i]));
            let (decay_ex, decay_in) =
                (math::exp_in_range(-t / self.tau_ex[i]), math::exp_in_range(-t / self.tau_in[i]));
            let charge = |i: f64, di: f64, decay_syn: f64, difference: f64| {
                i * exp_response_in_lanes(t, decay_m, decay_syn, difference)
                    + di * alpha_response_in_lanes(t, decay_m, decay_syn, difference)
            };
            let synaptic = charge(self.i_ex[i], self.di_ex[i], decay_ex, self.difference_ex[i])
                + charge(self.i_in[i], self.di_in[i], decay_in, self.difference_in[i]);
            let target = self.resistance[i] * (self.i_e[i] + self.current[i]);
            let v = self.v[i] + (self.v[i] - target) * fall + synaptic / self.c_m[i];
            let moved = self.ticks[i] > 0.0;
            let choose = |next: f64, old: f64| if moved { next } else { old };
            self.v[i] = choose(v, self.v[i]);
            self.i_ex[i] = choose(decay_ex * (self.i_ex[i] + self.di_ex[i] * t), self.i_ex[i]);
            self.i_in[i] = choose(decay_in * (self.i_in[i] + self.di_in[i] * t), self.i_in[i]);
            let (di_ex, di_in) =
                (choose(decay_ex * self.di_ex[i], self.di_ex[i]), choose(decay_in * self.di_in[i], self.di_in[i]));
            let excites = self.weight[i] >= 0.0;
            self.di_ex[i] = if excites { di_ex + self.weight[i] * (E / self.tau_ex[i]) } else { di_ex };
            self.di_in[i] = if excites { di_in } else { di_in + self.weight[i] * (E / self.tau_in[i]) };
            let side = |i: f64, di: f64, tau: f64| Side { i, di, tau };
            let (ex, inh) = merged_in_lanes(
                side(self.i_ex[i], self.di_ex[i], self.tau_ex[i]),
                side(self.i_in[i], self.di_in[i], self.tau_in[i]),
            );
            let ceiling = self.resistance[i] * (self.i_e[i] + (self.current[i] + (ex.high() + inh.high())));
            self.wait[i] = shortest_wait(self.v[i], ceiling, self.theta[i], self.tau_m[i]);
        }
    }

    #[inline(always)]
    fn store(&self, lane: usize, params: &Params, state: &mut State, time: Time) -> (bool, Time) {
        (state.v, state.time) = (self.v[lane], time);
        (state.i_ex, state.i_in) = (self.i_ex[lane], self.i_in[lane]);
        (state.di_ex, state.di_in) = (self.di_ex[lane], self.di_in[lane]);
        if state.v >= self.theta[lane] {
            params.fire(state);
            return (true, LifAlpha::earliest(params, state));
        }
        (false, tick_after(time, self.wait[lane]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::neuron::together::tests::compare;

    #[test]
    fn many_neurons_at_once_have_the_bits_of_one_after_the_other_on_every_instruction_set() {
        // i_e, tau_syn_ex, tau_syn_in, theta_plus: time constants alike, apart, that of the membrane.
        for (i_e, tau_ex, tau_in, plus) in
            [(0.0, 2.0, 2.0, 0.0), (260.0, 0.5, 8.0, 0.0), (250.0, 20.0, 19.99, 0.0), (255.0, 3.0, 5.0, 0.5)]
        {
            for own in [false, true] {
                let spread = |i: usize| if own { 1.0 + (i % 17) as f64 / 50.0 } else { 1.0 };
                // tau_m, c_m, e_l, v_th, v_reset, t_ref, i_e, both synapses, theta_plus, tau_theta.
                let values = |i: usize| {
                    let s = spread(i);
                    vec![20.0 * s, 250.0, 0.0, 20.0 * s, -10.0, 2.0, i_e * s, tau_ex * s, tau_in, plus, 300.0]
                };
                let initial = |x: f64| vec![31.0 * x - 11.0, 400.0 * x, -300.0 * x, 90.0 * x, -70.0 * x];
                compare::<LifAlpha, Group>(&values, own, &initial, &|x| 600.0 * x - 200.0);
            }
        }
    }
}
