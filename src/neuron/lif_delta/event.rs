//! The event engine's kernel of lif_delta: relaxation between jumps, the crossing a logarithm.

use serde::{Deserialize, Serialize};

use super::MODEL;
use super::together::Group;
use crate::check::{Invalid, check_all};
use crate::math;
use crate::neuron::adaptation::Adaptation;
use crate::neuron::crossing::{Path, Point, first_crossing, ms, tick_after};
use crate::neuron::membrane::{Membrane, Side};
use crate::neuron::propagator::{decay, decay_m1};
use crate::neuron::together::take_all;
use crate::neuron::{Event, EventNeuron, Members, or_default};
use crate::time::{TICKS_PER_MS, Time};

/// The model, for the event engine.
#[derive(Clone, Copy, Debug)]
pub struct LifDelta;

/// Checked parameters with derived constants.
#[derive(Clone, Copy, Debug)]
pub struct Params {
    pub(super) membrane: Membrane,
    /// Lower bound above e_l \[mV\].
    pub(super) lowest: f64,
    pub(super) refractory_input: bool,
    pub(super) adaptation: Adaptation,
}

/// State of one neuron at `time`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// The tick at which all this is valid.
    pub(super) time: Time,
    /// End of the refractory period; at or before `time` if there is none.
    pub(super) free_at: Time,
    /// Potential above e_l \[mV\].
    pub(super) v: f64,
    /// With refractory_input, what the refractory period's end will add \[mV\]; without, the rise of the threshold at that
    /// end \[mV\]. One place for two, so that a neuron fits a cache line.
    pub(super) extra: f64,
    /// Injected current beyond i_e \[pA\].
    pub(super) current: f64,
}

impl Params {
    /// What the refractory period's end will add \[mV\].
    #[inline]
    fn pending(&self, state: &State) -> f64 {
        if self.refractory_input { state.extra } else { 0.0 }
    }

    /// The rise of the threshold at `at` \[mV\].
    #[inline]
    fn rise(&self, state: &State, at: Time) -> f64 {
        if self.refractory_input { 0.0 } else { self.adaptation.at(state.extra, at - state.free_at) }
    }

    /// The potential `t` ms after the state's time if the membrane is free all the time.
    #[inline]
    fn after(&self, state: &State, t: f64) -> f64 {
        let target = self.membrane.target(state.current);
        (state.v + (state.v - target) * decay_m1(t, self.membrane.tau_m)).max(self.lowest)
    }

    /// The state at `to`, through the end of the refractory period if that comes first.
    #[inline]
    fn propagated(&self, state: &State, to: Time) -> State {
        let mut s = *state;
        if s.free_at > s.time {
            s.time = s.free_at.min(to);
            if s.time == s.free_at {
                s.v = (s.v + self.pending(&s)).max(self.lowest);
                if self.refractory_input {
                    s.extra = 0.0;
                }
            }
        }
        if to > s.time {
            s.v = self.after(&s, ms((to - s.time).0));
            s.time = to;
        }
        s
    }

    /// The state when the membrane is next free.
    #[inline]
    fn freed(&self, state: &State) -> State {
        if state.free_at > state.time { self.propagated(state, state.free_at) } else { *state }
    }

    /// Time \[ms\] from a free state to the crossing; infinite if there is none, 0 if it starts above.
    #[inline]
    fn wait(&self, state: &State) -> f64 {
        let (target, theta) = (self.membrane.target(state.current), self.membrane.theta);
        if state.v >= theta {
            0.0
        } else if target <= theta {
            f64::INFINITY
        } else {
            self.membrane.tau_m * math::ln_1p((theta - state.v) / (target - theta))
        }
    }

    /// The smallest n > 0 at which a free state reaches the threshold, n ticks later.
    fn crossing(&self, state: &State) -> Option<i64> {
        let wait = self.wait(state) * TICKS_PER_MS;
        if wait >= 4e18 {
            return None;
        }
        let reached = |n: i64| self.after(state, ms(n)) >= self.membrane.theta;
        let mut n = (wait.ceil() as i64).max(1);
        // The logarithm is good to a fraction of a tick but for a target that hardly exceeds the threshold: there, the
        // ticks around it decide, in ever larger steps, then by bisection.
        let mut reach = 1;
        while !reached(n) {
            n += reach;
            reach *= 2;
            if n > i64::MAX / 4 {
                return None;
            }
        }
        let (mut high, mut low) = (n, n);
        reach = 1;
        while low > 0 && reached(low) {
            high = low;
            low -= reach;
            reach *= 2;
        }
        // A start above the threshold that stays there fires at the first tick.
        let mut low = low.max(0);
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if reached(middle) {
                high = middle;
            } else {
                low = middle;
            }
        }
        Some(high)
    }

    /// The first tick n > 0 at which a free state reaches the threshold, n ticks later, if that is before `limit`.
    fn first(&self, state: &State, limit: i64) -> Option<i64> {
        if self.rise(state, state.time) == 0.0 {
            return self.crossing(state);
        }
        let span = (self.membrane.tau_m * 0.5 * TICKS_PER_MS) as i64;
        first_crossing(&Course(self, *state), self.membrane.theta, span, limit)
    }

    #[inline]
    pub(super) fn fire(&self, state: &mut State) {
        let rise = self.rise(state, state.time);
        state.v = self.membrane.reset;
        state.extra = if self.refractory_input { 0.0 } else { self.adaptation.after_spike(rise) };
        state.free_at = state.time.saturating_add(self.membrane.t_ref);
    }
}

/// The course of a free membrane below a threshold that falls.
struct Course<'a>(&'a Params, State);

impl Path for Course<'_> {
    fn point(&self, t: f64) -> Point {
        let Course(p, state) = self;
        let none = Side { i: 0.0, di: 0.0, tau: p.membrane.tau_m };
        let v = if t == 0.0 { state.v } else { p.after(state, t) };
        p.adaptation.lowered(p.membrane.point(v, state.current, none, none), p.rise(state, state.time), t)
    }
}

/// The exact, real-valued time \[ms\] from the state's time to the next crossing if no event arrives; of a constant
/// threshold.
pub fn crossing_offset_ms(params: &Params, state: &State) -> Option<f64> {
    let from = params.freed(state);
    let wait = params.wait(&from);
    wait.is_finite().then_some(ms((from.time - state.time).0) + wait)
}

impl EventNeuron for LifDelta {
    type Params = Params;
    type State = State;

    fn params(values: &[f64]) -> Result<Params, Invalid> {
        check_all(MODEL.params, values)?;
        let membrane = Membrane::new(values)?;
        let (v_min, v_reset) = (values[7], values[4]);
        if v_min > v_reset {
            return Err(Invalid::new(
                "v_min",
                format!(
                    "found {v_min} mV, expected at most v_reset = {v_reset} mV: the lower bound holds after a reset too, \
                     so the reset could not be reached"
                ),
            ));
        }
        let (adaptation, refractory_input) = (Adaptation::new(values.get(9..), membrane.t_ref_ms)?, values[8] != 0.0);
        if refractory_input && adaptation.plus() > 0.0 {
            let message = "found both theta_plus and refractory_input, expected one of them: a neuron keeps either";
            return Err(Invalid::new("theta_plus", message));
        }
        Ok(Params { membrane, lowest: v_min - membrane.e_l, refractory_input, adaptation })
    }

    fn initial(params: &Params, initial: &[f64]) -> State {
        let e_l = params.membrane.e_l;
        State {
            time: Time::ZERO,
            free_at: Time::ZERO,
            v: (or_default(initial, 0, e_l) - e_l).max(params.lowest),
            extra: if params.refractory_input { 0.0 } else { or_default(initial, 1, 0.0) },
            current: 0.0,
        }
    }

    #[inline]
    fn time(state: &State) -> Time {
        state.time
    }

    #[inline]
    fn earliest(params: &Params, state: &State) -> Time {
        let m = &params.membrane;
        let start = state.time.max(state.free_at);
        let (v, ceiling) = (state.v + params.pending(state), m.target(state.current));
        tick_after(start, params.adaptation.shortest_wait(v, ceiling, m, params.rise(state, start)))
    }

    fn next_spike(params: &Params, state: &mut State, before: Time) -> Option<Time> {
        if LifDelta::earliest(params, state) >= before {
            return None;
        }
        let from = params.freed(state);
        // Input kept through the refractory period may lift v over the threshold at its very end.
        let at_once = from.time > state.time && from.v >= params.membrane.theta + params.rise(&from, from.time);
        let limit = before.0 - from.time.0;
        let at = if at_once { from.time } else { from.time.saturating_add(Time(params.first(&from, limit)?)) };
        if at >= before {
            return None;
        }
        *state = params.propagated(&from, at);
        params.fire(state);
        Some(at)
    }

    #[inline]
    fn advance(params: &Params, state: &mut State, to: Time) {
        *state = params.propagated(state, to);
    }

    #[inline]
    fn receive(params: &Params, state: &mut State, weight: f64) {
        if state.time >= state.free_at {
            state.v += weight;
        } else if params.refractory_input {
            state.extra += weight * decay(ms((state.free_at - state.time).0), params.membrane.tau_m);
        }
    }

    #[inline]
    fn settle(params: &Params, state: &mut State) -> bool {
        if state.time < state.free_at {
            return false;
        }
        state.v = state.v.max(params.lowest);
        let spikes = state.v >= params.membrane.theta + params.rise(state, state.time);
        if spikes {
            params.fire(state);
        }
        spikes
    }

    #[inline]
    fn take_all<C: Members<State>>(params: &[Params], members: &mut C, events: &[Event]) {
        take_all::<LifDelta, Group, C>(params, members, events);
    }

    fn set_current(_: &Params, state: &mut State, current: f64) {
        state.current = current;
    }

    fn read(params: &Params, state: &State, variable: usize, at: Time) -> f64 {
        if variable > 0 {
            return params.rise(state, at);
        }
        params.membrane.e_l + params.propagated(state, at).v
    }
}
