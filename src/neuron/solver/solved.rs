//! The event engine's neuron made from an [`Ode`].

use std::marker::PhantomData;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::Ode;
use super::crossing::first_at_or_above;
use super::series::{NEAR, ORDER, Series, reach, value};
use crate::check::Invalid;
use crate::neuron::EventNeuron;
use crate::time::{TICKS_PER_MS, Time};

/// The longest step \[ms\].
const LONGEST: f64 = 1e4;

/// How far beyond the threshold a potential that diverges is taken within a tick, so that rounding does not matter \[mV\].
const BEYOND: f64 = 1.0;

/// [`EventNeuron::advance`] leaves the origin behind by at most this much before it takes the steps.
const LAG: Time = Time(50_000_000_000);

/// What is looked at ahead is looked at in vain if an event arrives: a piece is, for it costs nothing more.
const LOOK_AHEAD: Time = Time(0);

/// The event engine's view of the model with parameters `P` and N variables.
pub struct Solved<P, const N: usize>(PhantomData<P>);

/// Before any origin.
const UNKNOWN: Time = Time(i64::MIN);

/// What a checkpoint does not have. Not the default of a time, which may be the origin.
fn unknown() -> Time {
    UNKNOWN
}

/// State of one neuron: values at an origin, and the time reached on the solution from there.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(bound(serialize = "[f64; N]: Serialize", deserialize = "[f64; N]: Deserialize<'de>"))]
pub struct Trajectory<const N: usize> {
    /// The values at the origin.
    y: [f64; N],
    /// Injected current beyond `i_e` \[pA\].
    current: f64,
    /// Where the present step starts.
    origin: Time,
    /// The time at which the state is valid, at or after the origin.
    time: Time,
    /// End of the refractory period.
    refractory_until: Time,
    /// No crossing before this tick if no event arrives. Known from earlier searches, a function of the rest: a
    /// checkpoint need not have it.
    #[serde(skip, default = "unknown")]
    clear: Time,
    /// End of the present step where known, else before the origin.
    #[serde(skip, default = "unknown")]
    end: Time,
    /// Likewise how far its expansion of low order holds.
    #[serde(skip, default = "unknown")]
    near: Time,
}

/// The solution from an origin up to `end`.
struct Piece<const N: usize> {
    series: [Series; N],
    end: Time,
}

impl<const N: usize> Trajectory<N> {
    fn held(&self) -> bool {
        self.origin < self.refractory_until
    }

    /// Has it gone beyond all numbers?
    fn is_lost(&self) -> bool {
        !self.y.iter().all(|value| value.is_finite())
    }

    fn piece<P: Ode<N>>(&self, p: &P) -> Piece<N> {
        let mut series = [[0.0; ORDER + 1]; N];
        if self.is_lost() {
            // Nothing moves any more, so that it costs no steps of a tick until somebody looks at it, which ends the run.
            series.iter_mut().zip(&self.y).for_each(|(c, value)| c[0] = *value);
            return Piece { series, end: self.origin.saturating_add(Time((LONGEST * TICKS_PER_MS) as i64)) };
        }
        if !self.held()
            && let Some(lasts) = p.slaved(&self.y, self.current, &mut series)
        {
            let ticks = reach::<ORDER>(&series, LONGEST.min(lasts)) * TICKS_PER_MS;
            return Piece { series, end: self.origin.saturating_add(Time((ticks as i64).max(1))) };
        }
        p.expand::<ORDER>(&self.y, self.current, self.held(), &mut series);
        let floor = p.floor();
        if floor > f64::NEG_INFINITY && !self.held() {
            return self.piece_above(p, floor, series);
        }
        if self.end > self.origin + Time(1) {
            return Piece { series, end: self.end };
        }
        let end = self.natural_end(p, &mut series);
        Piece { series, end }
    }

    /// How the piece begins, by an expansion of low order; none if it does not hold beyond `to`, or for the model.
    fn near_piece<P: Ode<N>>(&self, p: &P, to: Time) -> Option<Piece<N>> {
        let known = self.near >= self.origin;
        if known && self.near <= to || !p.is_slow() || p.floor() > f64::NEG_INFINITY {
            return None;
        }
        let mut series = [[0.0; ORDER + 1]; N];
        p.expand::<NEAR>(&self.y, self.current, self.held(), &mut series);
        if known {
            return Some(Piece { series, end: self.near });
        }
        let ticks = p.trusted(&series, reach::<NEAR>(&series, LONGEST)) * TICKS_PER_MS;
        let end = self.origin.saturating_add(Time(ticks as i64));
        let end = if self.held() { end.min(self.refractory_until) } else { end };
        Some(Piece { series, end })
    }

    /// Where the step ends by itself: the reach of the series, or the end of the refractory period.
    fn natural_end<P: Ode<N>>(&self, p: &P, series: &mut [Series; N]) -> Time {
        let ticks = p.trusted(series, reach::<ORDER>(series, LONGEST)) * TICKS_PER_MS;
        if ticks < 1.0 && series[0][1] > 0.0 && series[0][2] > 0.0 {
            // v diverges within a few ticks: the spike is at the next. What else there is hardly changes by then.
            let level = p.threshold() + p.risen().map_or(0.0, |k| self.y[k]);
            series.iter_mut().for_each(|c| c[2..].fill(0.0));
            series[0][1] = (level + BEYOND - self.y[0]) * TICKS_PER_MS;
        } else if ticks < 1.0 {
            // That part of a tick stands for the whole.
            for c in series {
                let mut scale = 1.0;
                for term in c.iter_mut() {
                    *term *= scale;
                    scale *= ticks;
                }
            }
        }
        let end = self.origin.saturating_add(Time((ticks as i64).max(1)));
        if self.held() { end.min(self.refractory_until) } else { end }
    }

    /// The piece of a model whose potential has a floor: it ends where v meets the floor, or leaves it.
    fn piece_above<P: Ode<N>>(&self, p: &P, floor: f64, mut series: [Series; N]) -> Piece<N> {
        if self.y[0] > floor || series[0][1] > 0.0 {
            let end = self.natural_end(p, &mut series);
            let below = series[0].map(|c| -c);
            let length = (end - self.origin).0;
            // From the floor itself v rises, and does not come back to it within a step of this length.
            let meets = if self.y[0] > floor { first_at_or_above(&below, -floor, 1, length) } else { None };
            return Piece { series, end: meets.map_or(end, |n| self.origin + Time(n)) };
        }
        p.expand::<ORDER>(&self.y, self.current, true, &mut series);
        let mut piece = Piece { end: self.natural_end(p, &mut series), series };
        let rises = |at: Time| {
            let mut ahead = [[0.0; ORDER + 1]; N];
            p.expand::<ORDER>(&piece.at(self.origin, at), self.current, false, &mut ahead);
            ahead[0][1] > 0.0
        };
        if rises(piece.end) {
            let (mut low, mut high) = (self.origin, piece.end);
            while high - low > Time(1) {
                let middle = Time(low.0 + (high - low).0 / 2);
                if rises(middle) { high = middle } else { low = middle }
            }
            piece.end = high;
        }
        piece
    }

    /// Moves the origin to `at`, within the piece.
    fn rebase<P: Ode<N>>(&mut self, p: &P, piece: &Piece<N>, at: Time) {
        self.y = piece.at(self.origin, at);
        self.y[0] = self.y[0].max(p.floor());
        self.origin = at;
        (self.end, self.near) = (UNKNOWN, UNKNOWN);
    }

    /// Takes all steps that end by `to`, and returns the piece that contains it (none if the origin is there).
    fn walk<P: Ode<N>>(&mut self, p: &P, to: Time) -> Option<Piece<N>> {
        while self.origin < to {
            if let Some(piece) = self.near_piece(p, to) {
                self.near = piece.end;
                if piece.end > to {
                    return Some(piece);
                }
            }
            let piece = self.piece(p);
            if piece.end > to {
                self.end = piece.end;
                return Some(piece);
            }
            self.rebase(p, &piece, piece.end);
        }
        None
    }

    /// Makes the state's time the origin of the next step, as an event does.
    fn start_here<P: Ode<N>>(&mut self, p: &P) {
        if let Some(piece) = self.walk(p, self.time) {
            self.rebase(p, &piece, self.time);
        }
        self.clear = self.time;
        (self.end, self.near) = (UNKNOWN, UNKNOWN);
    }

    /// The values at `at`, if nothing happens until then.
    fn values<P: Ode<N>>(&self, p: &P, at: Time) -> [f64; N] {
        let mut ahead = *self;
        match ahead.walk(p, at) {
            Some(piece) => piece.at(ahead.origin, at),
            None => ahead.y,
        }
    }

    /// The first spike in a piece from its `first`-th tick on.
    fn first_spike<P: Ode<N>>(&self, p: &P, piece: &Piece<N>, first: i64) -> Option<Time> {
        if self.held() || self.is_lost() {
            return None;
        }
        let length = (piece.end - self.origin).0;
        let found = match p.risen().filter(|&k| self.y[k] != 0.0) {
            None => first_at_or_above(&piece.series[0], p.threshold(), first, length),
            Some(k) => {
                // The potential less what the threshold has risen by.
                let course = std::array::from_fn(|n| piece.series[0][n] - piece.series[k][n]);
                first_at_or_above(&course, p.threshold(), first, length)
            }
        };
        found.map(|n| self.origin + Time(n))
    }

    /// Goes to a spike that was found in a piece of `ahead`, if it comes before `before`.
    fn take_spike<P: Ode<N>>(
        &mut self,
        p: &P,
        mut ahead: Self,
        piece: &Piece<N>,
        spike: Time,
        before: Time,
    ) -> Option<Time> {
        self.clear = spike;
        if spike >= before {
            return None;
        }
        ahead.rebase(p, piece, spike);
        (ahead.time, ahead.clear) = (spike, spike);
        ahead.spike(p);
        *self = ahead;
        Some(spike)
    }

    fn spike<P: Ode<N>>(&mut self, p: &P) {
        p.reset(&mut self.y);
        self.refractory_until = self.time.saturating_add(p.t_ref());
    }

    /// A lower bound of the next crossing without a search.
    fn quiet_until<P: Ode<N>>(&self, p: &P) -> Time {
        let from = self.origin.max(self.refractory_until);
        let quiet = p.quiet(&self.y, self.current);
        if quiet == f64::INFINITY {
            return Time::NEVER;
        }
        // Less than the bound by more than rounding may add, so that it never contradicts a search.
        from.saturating_add(Time((quiet * 0.999 * TICKS_PER_MS) as i64))
    }
}

impl<const N: usize> Piece<N> {
    fn at(&self, origin: Time, at: Time) -> [f64; N] {
        let s = (at - origin).ms();
        std::array::from_fn(|i| value(&self.series[i], s))
    }
}

impl<P: Ode<N>, const N: usize> EventNeuron for Solved<P, N>
where
    [f64; N]: Serialize + DeserializeOwned,
{
    type Params = P;
    type State = Trajectory<N>;

    fn params(values: &[f64]) -> Result<P, Invalid> {
        P::from_values(values)
    }

    fn initial(params: &P, initial: &[f64]) -> Trajectory<N> {
        Trajectory {
            y: params.start(initial),
            current: 0.0,
            origin: Time::ZERO,
            time: Time::ZERO,
            refractory_until: Time::ZERO,
            clear: Time::ZERO,
            end: UNKNOWN,
            near: UNKNOWN,
        }
    }

    fn time(state: &Trajectory<N>) -> Time {
        state.time
    }

    fn earliest(params: &P, state: &Trajectory<N>) -> Time {
        let bound = state.quiet_until(params).max(state.clear);
        bound.max(state.time.saturating_add(Time(1)))
    }

    fn next_spike(params: &P, state: &mut Trajectory<N>, before: Time) -> Option<Time> {
        if state.clear.max(state.quiet_until(params)) >= before {
            return None;
        }
        // The steps are walked on a copy: without a spike only what is known grows.
        let mut ahead = *state;
        while ahead.origin < before {
            // The beginning of a piece is always looked at in its own expansion, so that no bound changes a bit.
            let near = ahead.near_piece(params, ahead.origin);
            let mut searched = 0;
            if let Some(near) = &near {
                if let Some(spike) = ahead.first_spike(params, near, 1) {
                    return state.take_spike(params, ahead, near, spike, before);
                }
                state.clear = near.end + Time(1);
                ahead.near = near.end;
                if ahead.origin == state.origin {
                    state.near = near.end;
                }
                if near.end >= before {
                    return None;
                }
                searched = (near.end - ahead.origin).0;
            }
            let piece = ahead.piece(params);
            if ahead.origin == state.origin {
                state.end = piece.end;
            }
            if let Some(spike) = ahead.first_spike(params, &piece, searched + 1) {
                return state.take_spike(params, ahead, &piece, spike, before);
            }
            state.clear = piece.end + Time(1);
            ahead.rebase(params, &piece, piece.end);
        }
        None
    }

    const LOOK_AHEAD: Time = LOOK_AHEAD;

    fn keep_up(params: &P, state: &mut Trajectory<N>, before: Time) {
        state.walk(params, Time(before.0 - 1));
        state.time = state.time.max(state.origin);
    }

    fn lose(state: &mut Trajectory<N>) {
        state.y = [f64::NAN; N];
        (state.end, state.near) = (UNKNOWN, UNKNOWN);
    }

    fn advance(params: &P, state: &mut Trajectory<N>, to: Time) {
        debug_assert!(to >= state.time);
        state.time = to;
        if to - state.origin > LAG {
            state.walk(params, to);
        }
    }

    fn receive(params: &P, state: &mut Trajectory<N>, weight: f64) {
        state.start_here(params);
        params.receive(&mut state.y, weight);
    }

    fn settle(params: &P, state: &mut Trajectory<N>) -> bool {
        if state.time < state.refractory_until {
            return false;
        }
        // Events of one instant add up before the bound holds.
        if state.origin == state.time && state.y[0] < params.floor() {
            state.y[0] = params.floor();
        }
        let y = if state.origin == state.time { state.y } else { state.values(params, state.time) };
        // What is no number has no spike.
        let reached = y[0] - params.risen().map_or(0.0, |k| y[k]) >= params.threshold();
        if !reached {
            return false;
        }
        state.start_here(params);
        state.spike(params);
        true
    }

    fn set_current(params: &P, state: &mut Trajectory<N>, current: f64) {
        if current != state.current {
            state.start_here(params);
            state.current = current;
        }
    }

    fn read(params: &P, state: &Trajectory<N>, variable: usize, at: Time) -> f64 {
        state.values(params, at)[variable]
    }
}
