//! Neurons of lif_delta that take in one event each, as vector code.

use super::event::{LifDelta, Params, State};
use crate::math;
use crate::neuron::crossing::{shortest_wait, tick_after};
use crate::neuron::together::{FAR, LANES, Lanes};
use crate::neuron::{Event, EventNeuron};
use crate::time::{TICKS_PER_MS, Time};

/// What a group computes with.
pub(super) struct Group {
    tau_m: [f64; LANES],
    resistance: [f64; LANES],
    i_e: [f64; LANES],
    theta: [f64; LANES],
    lowest: [f64; LANES],
    /// Ticks since the state's time.
    ticks: [f64; LANES],
    v: [f64; LANES],
    current: [f64; LANES],
    weight: [f64; LANES],
    /// Lower bound of the time to the next crossing \[ms\].
    wait: [f64; LANES],
}

impl Lanes<LifDelta> for Group {
    #[inline(always)]
    fn new() -> Group {
        let (zero, one) = ([0.0; LANES], [1.0; LANES]);
        let (ticks, v, current, weight, wait) = (zero, zero, zero, zero, zero);
        Group { tau_m: one, resistance: one, i_e: zero, theta: one, lowest: zero, ticks, v, current, weight, wait }
    }

    #[inline(always)]
    fn set(&mut self, lane: usize, params: &Params) {
        let m = &params.membrane;
        (self.tau_m[lane], self.resistance[lane], self.i_e[lane]) = (m.tau_m, m.resistance, m.i_e);
        (self.theta[lane], self.lowest[lane]) = (m.theta, params.lowest);
    }

    #[inline(always)]
    fn load(&mut self, lane: usize, state: &State, event: &Event) -> bool {
        let ticks = (event.time - state.time).0 as f64;
        (self.ticks[lane], self.v[lane], self.current[lane]) = (ticks, state.v, state.current);
        self.weight[lane] = event.weight;
        let near = ticks <= FAR * self.tau_m[lane] * TICKS_PER_MS;
        (state.free_at <= state.time) & (state.extra == 0.0) & near
    }

    /// Relaxation, the event, the lower bound of the potential, and how long it takes to the threshold at least.
    #[inline(always)]
    fn take(&mut self) {
        for i in 0..LANES {
            let target = self.resistance[i] * (self.i_e[i] + self.current[i]);
            let fall = math::exp_m1_in_range(-(self.ticks[i] / TICKS_PER_MS) / self.tau_m[i]);
            let relaxed = (self.v[i] + (self.v[i] - target) * fall).max(self.lowest[i]);
            let v = if self.ticks[i] > 0.0 { relaxed } else { self.v[i] };
            self.v[i] = (v + self.weight[i]).max(self.lowest[i]);
            self.wait[i] = shortest_wait(self.v[i], target, self.theta[i], self.tau_m[i]);
        }
    }

    #[inline(always)]
    fn store(&self, lane: usize, params: &Params, state: &mut State, time: Time) -> (bool, Time) {
        (state.v, state.time) = (self.v[lane], time);
        if state.v >= self.theta[lane] {
            params.fire(state);
            return (true, LifDelta::earliest(params, state));
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
        // i_e, v_min, refractory_input, theta_plus: without and with a crossing to come, with one at infinity.
        for (i_e, v_min, input, plus) in [
            (0.0, f64::NEG_INFINITY, 1.0, 0.0),
            (260.0, -12.0, 0.0, 0.0),
            (250.0, -12.0, 1.0, 0.0),
            (260.0, -12.0, 0.0, 0.5),
        ] {
            for own in [false, true] {
                let spread = |i: usize| if own { 1.0 + (i % 17) as f64 / 50.0 } else { 1.0 };
                // tau_m, c_m, e_l, v_th, v_reset, t_ref before them; tau_theta comes last.
                let values = |i: usize| {
                    let s = spread(i);
                    vec![20.0 * s, 250.0, 0.0, 20.0 * s, -10.0, 2.0, i_e * s, v_min, input, plus, 300.0]
                };
                let spikes = compare::<LifDelta, Group>(&values, own, &|x| vec![31.0 * x - 11.0], &|x| 6.0 * x - 2.0);
                assert!(spikes > 0 && spikes < 5000, "{spikes}");
            }
        }
    }
}
