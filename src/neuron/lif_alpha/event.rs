//! The event engine's kernel of lif_alpha: closed form from event to event, every crossing found.

use std::f64::consts::E;

use serde::{Deserialize, Serialize};

use super::MODEL;
use super::together::Group;
use crate::check::{Invalid, check_all};
use crate::neuron::adaptation::Adaptation;
use crate::neuron::crossing::{Path, Point, first_crossing, ms, refine, tick_after};
use crate::neuron::membrane::{Membrane, Side, merged};
use crate::neuron::propagator::{alpha_response, decay, exp_response, rate_difference, relaxation};
use crate::neuron::together::take_all;
use crate::neuron::{Event, EventNeuron, Members, or_default};
use crate::time::{TICKS_PER_MS, Time};

/// The model, for the event engine.
#[derive(Clone, Copy, Debug)]
pub struct LifAlpha;

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
    /// Rate variable of the excitatory current \[pA/ms\].
    pub(super) di_ex: f64,
    /// Rate variable of the inhibitory current \[pA/ms\].
    pub(super) di_in: f64,
    /// Injected current beyond i_e \[pA\].
    pub(super) current: f64,
    /// Rise of the threshold at the end of the last refractory period \[mV\].
    pub(super) theta: f64,
}

impl Params {
    /// The state `t` ms later if the membrane is free all the time.
    #[inline]
    fn after(&self, state: &State, t: f64) -> State {
        let m = &self.membrane;
        let (decay_m, fall) = relaxation(t, m.tau_m);
        let ex = Kernel::new(t, decay_m, self.tau_ex, self.difference_ex);
        // Most networks have one time constant for both sides.
        let inh =
            if self.tau_in == self.tau_ex { ex } else { Kernel::new(t, decay_m, self.tau_in, self.difference_in) };
        let target = m.target(state.current);
        let synaptic = ex.charge(state.i_ex, state.di_ex) + inh.charge(state.i_in, state.di_in);
        State {
            v: state.v + (state.v - target) * fall + synaptic / m.c_m,
            i_ex: ex.decay * (state.i_ex + state.di_ex * t),
            i_in: inh.decay * (state.i_in + state.di_in * t),
            di_ex: ex.decay * state.di_ex,
            di_in: inh.decay * state.di_in,
            ..*state
        }
    }

    fn sides(&self, s: &State) -> (Side, Side) {
        merged(Side { i: s.i_ex, di: s.di_ex, tau: self.tau_ex }, Side { i: s.i_in, di: s.di_in, tau: self.tau_in })
    }

    /// The state at `to`, through the end of the refractory period if that comes first.
    fn propagated(&self, state: &State, to: Time) -> State {
        let mut s = *state;
        let held_until = s.free_at.min(to);
        if held_until > s.time {
            let t = ms((held_until - s.time).0);
            let (decay_ex, decay_in) = (decay(t, self.tau_ex), decay(t, self.tau_in));
            s.i_ex = decay_ex * (s.i_ex + s.di_ex * t);
            s.i_in = decay_in * (s.i_in + s.di_in * t);
            s.di_ex *= decay_ex;
            s.di_in *= decay_in;
            s.time = held_until;
        }
        if to > s.time {
            s = State { time: to, ..self.after(&s, ms((to - s.time).0)) };
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
    fn freed(&self, state: &State) -> State {
        if state.free_at > state.time { self.propagated(state, state.free_at) } else { *state }
    }
}

/// What a time t does to one side.
#[derive(Clone, Copy)]
struct Kernel {
    decay: f64,
    exp: f64,
    alpha: f64,
}

impl Kernel {
    #[inline]
    fn new(t: f64, decay_m: f64, tau: f64, difference: f64) -> Kernel {
        let decay = decay(t, tau);
        Kernel {
            decay,
            exp: exp_response(t, decay_m, decay, difference),
            alpha: alpha_response(t, decay_m, decay, difference),
        }
    }
    /// What the side adds to c_m v.
    #[inline]
    fn charge(&self, i: f64, di: f64) -> f64 {
        i * self.exp + di * self.alpha
    }
}

struct Course<'a>(&'a Params, State);

impl Path for Course<'_> {
    fn point(&self, t: f64) -> Point {
        let s = if t == 0.0 { self.1 } else { self.0.after(&self.1, t) };
        let (ex, inh) = self.0.sides(&s);
        let point = self.0.membrane.point(s.v, s.current, ex, inh);
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

impl EventNeuron for LifAlpha {
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
            di_ex: or_default(initial, 3, 0.0),
            di_in: or_default(initial, 4, 0.0),
            current: 0.0,
            theta: or_default(initial, 5, 0.0),
        }
    }

    fn time(state: &State) -> Time {
        state.time
    }

    fn earliest(params: &Params, state: &State) -> Time {
        let m = &params.membrane;
        let (ex, inh) = params.sides(state);
        let ceiling = m.ceiling(state.current, ex, inh);
        let start = state.time.max(state.free_at);
        tick_after(start, params.adaptation.shortest_wait(state.v, ceiling, m, params.rise(state, start)))
    }

    fn next_spike(params: &Params, state: &mut State, before: Time) -> Option<Time> {
        if LifAlpha::earliest(params, state) >= before {
            return None;
        }
        let from = params.freed(state);
        let n = first_crossing(&Course(params, from), params.membrane.theta, params.span, before.0 - from.time.0)?;
        let at = from.time + Time(n);
        *state = params.propagated(&from, at);
        params.fire(state);
        Some(at)
    }

    fn advance(params: &Params, state: &mut State, to: Time) {
        *state = params.propagated(state, to);
    }

    fn receive(params: &Params, state: &mut State, weight: f64) {
        if weight >= 0.0 {
            state.di_ex += weight * (E / params.tau_ex);
        } else {
            state.di_in += weight * (E / params.tau_in);
        }
    }

    fn settle(params: &Params, state: &mut State) -> bool {
        let spikes = state.time >= state.free_at && state.v >= params.membrane.theta + params.rise(state, state.time);
        if spikes {
            params.fire(state);
        }
        spikes
    }

    #[inline]
    fn take_all<C: Members<State>>(params: &[Params], members: &mut C, events: &[Event]) {
        take_all::<LifAlpha, Group, C>(params, members, events);
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
            3 => s.di_ex,
            4 => s.di_in,
            _ => params.rise(state, at),
        }
    }
}
