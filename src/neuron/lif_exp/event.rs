//! The event engine's kernel of lif_exp: closed form from event to event, every crossing found.

use serde::{Deserialize, Serialize};

use super::MODEL;
use super::together::Group;
use crate::check::{Invalid, check_all};
use crate::neuron::adaptation::Adaptation;
use crate::neuron::crossing::{Path, Point, first_crossing, ms, refine, tick_after};
use crate::neuron::membrane::{Membrane, Side, merged};
use crate::neuron::propagator::{decay, exp_response, rate_difference, relaxation};
use crate::neuron::together::take_all;
use crate::neuron::{Event, EventNeuron, Members, or_default};
use crate::time::{TICKS_PER_MS, Time};

/// The model, for the event engine.
#[derive(Clone, Copy, Debug)]
pub struct LifExp;

/// Checked parameters with derived constants.
#[derive(Clone, Copy, Debug)]
pub struct Params {
    pub(super) membrane: Membrane,
    pub(super) adaptation: Adaptation,
    pub(super) tau_ex: f64,
    pub(super) tau_in: f64,
    pub(super) difference_ex: f64,
    pub(super) difference_in: f64,
    /// First interval of a search for crossings, in ticks.
    span: i64,
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
    /// Excitatory current \[pA\].
    pub(super) i_ex: f64,
    /// Inhibitory current \[pA\].
    pub(super) i_in: f64,
    /// Injected current beyond i_e \[pA\].
    pub(super) current: f64,
    /// Rise of the threshold at the end of the last refractory period \[mV\].
    pub(super) theta: f64,
}

impl Params {
    /// The state `t` ms later if the membrane is free all the time.
    #[inline]
    fn after(&self, state: &State, t: f64) -> (f64, f64, f64) {
        let m = &self.membrane;
        let (decay_m, fall) = relaxation(t, m.tau_m);
        let decay_ex = decay(t, self.tau_ex);
        let response_ex = exp_response(t, decay_m, decay_ex, self.difference_ex);
        // Most networks have one time constant for both sides.
        let (decay_in, response_in) = if self.tau_in == self.tau_ex {
            (decay_ex, response_ex)
        } else {
            let decay_in = decay(t, self.tau_in);
            (decay_in, exp_response(t, decay_m, decay_in, self.difference_in))
        };
        let target = m.target(state.current);
        let synaptic = (state.i_ex * response_ex + state.i_in * response_in) / m.c_m;
        (state.v + (state.v - target) * fall + synaptic, state.i_ex * decay_ex, state.i_in * decay_in)
    }

    #[inline]
    fn sides(&self, i_ex: f64, i_in: f64) -> (Side, Side) {
        merged(Side { i: i_ex, di: 0.0, tau: self.tau_ex }, Side { i: i_in, di: 0.0, tau: self.tau_in })
    }

    /// The state at `to`, through the end of the refractory period if that comes first.
    #[inline]
    fn propagated(&self, state: &State, to: Time) -> State {
        let mut s = *state;
        let held_until = s.free_at.min(to);
        if held_until > s.time {
            let t = ms((held_until - s.time).0);
            s.i_ex *= decay(t, self.tau_ex);
            s.i_in *= decay(t, self.tau_in);
            s.time = held_until;
        }
        if to > s.time {
            (s.v, s.i_ex, s.i_in) = self.after(&s, ms((to - s.time).0));
            s.time = to;
        }
        s
    }

    /// The rise of the threshold at `at`.
    #[inline]
    fn rise(&self, state: &State, at: Time) -> f64 {
        self.adaptation.at(state.theta, at - state.free_at)
    }

    /// A spike at the state's time.
    #[inline]
    pub(super) fn fire(&self, state: &mut State) {
        state.theta = self.adaptation.after_spike(self.rise(state, state.time));
        state.v = self.membrane.reset;
        state.free_at = state.time.saturating_add(self.membrane.t_ref);
    }

    /// The state when the membrane is next free.
    #[inline]
    fn freed(&self, state: &State) -> State {
        if state.free_at > state.time { self.propagated(state, state.free_at) } else { *state }
    }
}

struct Course<'a>(&'a Params, State);

impl Path for Course<'_> {
    fn point(&self, t: f64) -> Point {
        let (v, i_ex, i_in) = if t == 0.0 { (self.1.v, self.1.i_ex, self.1.i_in) } else { self.0.after(&self.1, t) };
        let (ex, inh) = self.0.sides(i_ex, i_in);
        let point = self.0.membrane.point(v, self.1.current, ex, inh);
        self.0.adaptation.lowered(point, self.0.rise(&self.1, self.1.time), t)
    }
}

/// The exact, real-valued time \[ms\] from the state's time to the next crossing if no event arrives.
pub fn crossing_offset_ms(params: &Params, state: &State) -> Option<f64> {
    let from = params.freed(state);
    let course = Course(params, from);
    let n = first_crossing(&course, params.membrane.theta, params.span, i64::MAX)?;
    Some(ms((from.time - state.time).0) + refine(&course, params.membrane.theta, n))
}

impl EventNeuron for LifExp {
    type Params = Params;
    type State = State;

    fn params(values: &[f64]) -> Result<Params, Invalid> {
        check_all(MODEL.params, values)?;
        let membrane = Membrane::new(values)?;
        let (tau_ex, tau_in) = (values[7], values[8]);
        Ok(Params {
            membrane,
            adaptation: Adaptation::new(values.get(9..), membrane.t_ref_ms)?,
            tau_ex,
            tau_in,
            difference_ex: rate_difference(membrane.tau_m, tau_ex),
            difference_in: rate_difference(membrane.tau_m, tau_in),
            span: (membrane.tau_m.min(tau_ex).min(tau_in) * 0.5 * TICKS_PER_MS) as i64,
        })
    }

    fn initial(params: &Params, initial: &[f64]) -> State {
        let e_l = params.membrane.e_l;
        State {
            time: Time::ZERO,
            free_at: Time::ZERO,
            v: or_default(initial, 0, e_l) - e_l,
            i_ex: or_default(initial, 1, 0.0),
            i_in: or_default(initial, 2, 0.0),
            current: 0.0,
            theta: or_default(initial, 3, 0.0),
        }
    }

    #[inline]
    fn time(state: &State) -> Time {
        state.time
    }

    #[inline]
    fn earliest(params: &Params, state: &State) -> Time {
        let m = &params.membrane;
        let (ex, inh) = params.sides(state.i_ex, state.i_in);
        let ceiling = m.ceiling(state.current, ex, inh);
        let start = state.time.max(state.free_at);
        tick_after(start, params.adaptation.shortest_wait(state.v, ceiling, m, params.rise(state, start)))
    }

    fn next_spike(params: &Params, state: &mut State, before: Time) -> Option<Time> {
        if LifExp::earliest(params, state) >= before {
            return None;
        }
        let from = params.freed(state);
        let n = first_crossing(&Course(params, from), params.membrane.theta, params.span, before.0 - from.time.0)?;
        let at = from.time + Time(n);
        *state = params.propagated(&from, at);
        params.fire(state);
        Some(at)
    }

    #[inline]
    fn advance(params: &Params, state: &mut State, to: Time) {
        *state = params.propagated(state, to);
    }

    #[inline]
    fn receive(_: &Params, state: &mut State, weight: f64) {
        if weight >= 0.0 {
            state.i_ex += weight;
        } else {
            state.i_in += weight;
        }
    }

    #[inline]
    fn settle(params: &Params, state: &mut State) -> bool {
        let spikes = state.time >= state.free_at && state.v >= params.membrane.theta + params.rise(state, state.time);
        if spikes {
            params.fire(state);
        }
        spikes
    }

    #[inline]
    fn take_all<C: Members<State>>(params: &[Params], members: &mut C, events: &[Event]) {
        take_all::<LifExp, Group, C>(params, members, events);
    }

    fn set_current(_: &Params, state: &mut State, current: f64) {
        state.current = current;
    }

    fn read(params: &Params, state: &State, variable: usize, at: Time) -> f64 {
        let s = params.propagated(state, at);
        match variable {
            0 => params.membrane.e_l + s.v,
            1 => s.i_ex,
            2 => s.i_in,
            _ => params.rise(state, at),
        }
    }
}
