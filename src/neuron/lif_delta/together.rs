//! Neurons of lif_delta that take in one event each at the same time: vector instructions over many of them.
//!
//! Operation by operation what [`LifDelta`] does for one neuron, so the bits are the same. Neurons that are or were
//! refractory since their last event, have a raised threshold, or have been silent for very long, are left to it.

use super::event::{LifDelta, Params, State};
use crate::math;
use crate::math::vector::{Kernel, Target};
use crate::neuron::crossing::{shortest_wait, tick_after};
use crate::neuron::{EventNeuron, Members};
use crate::time::{TICKS_PER_MS, Time};

/// Neurons per group.
const LANES: usize = 16;

/// After so many time constants a neuron is left to the plain code.
const FAR: f64 = 600.0;

/// One event at `time` at each of the places.
pub(super) struct Together<'a, C> {
    pub params: &'a Params,
    pub members: &'a mut C,
    pub places: &'a [u32],
    pub weights: &'a [f64],
    pub time: Time,
}

/// What a group computes with.
struct Lanes {
    /// Ticks since the state's time.
    ticks: [f64; LANES],
    v: [f64; LANES],
    current: [f64; LANES],
    weight: [f64; LANES],
    /// Lower bound of the time to the next crossing \[ms\].
    wait: [f64; LANES],
}

impl Lanes {
    /// Relaxation, the event, the lower bound of the potential, and how long it takes to the threshold at least.
    #[inline(always)]
    fn take(&mut self, params: &Params) {
        let m = &params.membrane;
        for i in 0..LANES {
            let target = m.target(self.current[i]);
            let decay = math::exp_in_range(-(self.ticks[i] / TICKS_PER_MS) / m.tau_m);
            let relaxed = (target + (self.v[i] - target) * decay).max(params.lowest);
            let v = if self.ticks[i] > 0.0 { relaxed } else { self.v[i] };
            self.v[i] = (v + self.weight[i]).max(params.lowest);
            self.wait[i] = shortest_wait(self.v[i], target, m.theta, m.tau_m);
        }
    }
}

impl<C: Members<State>> Kernel for Together<'_, C> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Together { params, members, places, weights, time } = self;
        let far = (FAR * params.membrane.tau_m * TICKS_PER_MS) as i64;
        let zero = [0.0; LANES];
        let mut lanes = Lanes { ticks: zero, v: zero, current: zero, weight: zero, wait: zero };
        for (places, weights) in places.chunks(LANES).zip(weights.chunks(LANES)) {
            lanes.weight[..weights.len()].copy_from_slice(weights);
            let mut apart = 0_u32;
            for (i, &place) in places.iter().enumerate() {
                let state = members.state(place);
                let ticks = (time - state.time).0;
                let plain = state.free_at <= state.time && state.extra == 0.0 && ticks <= far;
                apart |= u32::from(!plain) << i;
                (lanes.ticks[i], lanes.v[i], lanes.current[i]) = (ticks as f64, state.v, state.current);
            }
            lanes.take(params);
            for (i, &place) in places.iter().enumerate() {
                let state = members.state(place);
                if apart >> i & 1 == 1 {
                    let (spiked, earliest) = LifDelta::take(params, state, time, lanes.weight[i]);
                    members.settled(place, spiked, earliest);
                    continue;
                }
                (state.v, state.time) = (lanes.v[i], time);
                if state.v >= params.membrane.theta {
                    params.fire(state);
                    let earliest = LifDelta::earliest(params, state);
                    members.settled(place, true, earliest);
                } else {
                    members.settled(place, false, tick_after(time, lanes.wait[i]));
                }
            }
        }
    }
}

/// See [`EventNeuron::take_all`].
#[inline]
pub(super) fn take_all<C: Members<State>>(
    params: &Params,
    members: &mut C,
    places: &[u32],
    weights: &[f64],
    time: Time,
) {
    Target::best().run(Together { params, members, places, weights, time });
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Cells, and what was told of each.
    struct Cells(Vec<State>, Vec<(u32, bool, Time)>);

    impl Members<State> for Cells {
        fn state(&mut self, place: u32) -> &mut State {
            &mut self.0[place as usize]
        }
        fn settled(&mut self, place: u32, spiked: bool, earliest: Time) {
            self.1.push((place, spiked, earliest));
        }
    }

    #[test]
    fn many_neurons_at_once_have_the_bits_of_one_after_the_other_on_every_instruction_set() {
        // i_e, v_min, refractory_input, theta_plus: without and with a crossing to come, with one at infinity.
        for (i_e, v_min, input, plus) in [
            (0.0, f64::NEG_INFINITY, 1.0, 0.0),
            (260.0, -12.0, 0.0, 0.0),
            (250.0, -12.0, 1.0, 0.0),
            (260.0, -12.0, 0.0, 0.5),
        ] {
            // Before them tau_m, c_m, e_l, v_th, v_reset, t_ref; tau_theta comes last.
            let values = [20.0, 250.0, 0.0, 20.0, -10.0, 2.0, i_e, v_min, input, plus, 300.0];
            let params = LifDelta::params(&values).unwrap();
            let n = 1003;
            let mut x = 1_u64;
            let mut random = |below: f64| {
                x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                below * (x >> 11) as f64 / (1_u64 << 53) as f64
            };
            let mut cells: Vec<State> = (0..n).map(|_| LifDelta::initial(&params, &[random(31.0) - 11.0])).collect();
            for state in &mut cells[100..200] {
                LifDelta::set_current(&params, state, random(40.0) - 20.0);
            }
            let mut plain = Cells(cells.clone(), Vec::new());
            let mut others: Vec<(Target, Cells)> =
                Target::available().into_iter().map(|t| (t, Cells(cells.clone(), Vec::new()))).collect();
            let places: Vec<u32> = (0..n as u32).rev().collect();
            // Short and long gaps, one at once, one of 20 s.
            let mut time = Time::ZERO;
            for gap in [0, 1, 3_000_000, 700_000_000, 0, 1_900_000_000, 40_000_000_000, 20_000_000_000_000, 5] {
                time += Time(gap);
                let weights: Vec<f64> = (0..n).map(|_| random(6.0) - 2.0).collect();
                for (i, &place) in places.iter().enumerate() {
                    let state = plain.state(place);
                    while LifDelta::next_spike(&params, state, time).is_some() {}
                    let (spiked, earliest) = LifDelta::take(&params, state, time, weights[i]);
                    plain.settled(place, spiked, earliest);
                }
                for (target, cells) in &mut others {
                    for state in &mut cells.0 {
                        while LifDelta::next_spike(&params, state, time).is_some() {}
                    }
                    target.run(Together { params: &params, members: cells, places: &places, weights: &weights, time });
                    assert_eq!(plain.1, cells.1, "{target:?} at {time}");
                    assert!(plain.0.iter().zip(&cells.0).all(|(a, b)| a == b), "{target:?} at {time}");
                }
            }
            assert!(plain.1.iter().any(|(_, spiked, _)| *spiked) && plain.1.iter().any(|(_, spiked, _)| !*spiked));
        }
    }
}
