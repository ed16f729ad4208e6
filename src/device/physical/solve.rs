//! An adaptive solver for the state of a physical device, with the moments located at which its equations change.
//!
//! Steps are those of Runge-Kutta-Fehlberg 4(5) ([`crate::math::rkf45`]), of which the solution of order 5 is kept. A step ends where
//! the voltage passes 0 or a threshold or turns round ([`super::drive::cut`]), where the state reaches a bound, and where the model
//! says that another of its equations begins to hold, so no step runs over a kink.

use crate::math::rkf45;
use crate::rng::StreamKey;
use crate::sample::normal;

use super::drive::{Piece, cut, part};
use super::locate::Within;
use super::{FASTEST, NEAREST, Physical, Physics, with_device};

/// Changes of the equations within a stretch, beyond which they are located coarsely.
const MOST_EVENTS: usize = 64;
/// The first step of a piece is tried over so much of the range, at the rate at its start.
const BEGIN: f64 = 0.05;
/// Steps, tried ones included, of a stretch, beyond which they are no longer made smaller.
const MOST_STEPS: usize = 50_000;

/// How the solver works.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Error allowed in each step, relative to the range of the state.
    pub tolerance: f64,
    /// Random numbers of the device, and its number; none leaves the noise out.
    pub noise: Option<(StreamKey, u64)>,
}

impl Options {
    /// For curves that are looked at, or compared with a reference: 1e-12.
    pub const EXACT: Options = Options { tolerance: 1e-12, noise: None };
}

/// Where the pieces of a drive take states from the lower and the upper bound, as far as that was solved. Most of what a fast device does
/// starts at one of them, wherever it was before.
#[derive(Clone, Debug, Default)]
pub struct FromBounds(Vec<[Option<f64>; 2]>);

/// A device under a drive.
pub struct Solver<'a, P> {
    device: &'a P,
    options: Options,
    low: f64,
    high: f64,
    /// Where motion vanishes at both ends, which the state then does not reach.
    sticks: bool,
    /// The step to try next \[s\].
    step: f64,
    /// The random speed that holds, in standard deviations.
    deviate: f64,
}

impl<'a, P: Physics> Solver<'a, P> {
    /// The solver for a device.
    pub fn new(device: &'a P, options: Options) -> Solver<'a, P> {
        let (low, high) = device.range();
        let (sticks, near) = (device.sticks(), NEAREST * (high - low));
        let (low, high) = if sticks { (low + near, high - near) } else { (low, high) };
        Solver { device, options, low, high, sticks, step: f64::INFINITY, deviate: 0.0 }
    }

    #[inline]
    fn rate(&self, x: f64, v: f64) -> f64 {
        let x = x.clamp(self.low, self.high);
        let noise = if self.deviate == 0.0 { 0.0 } else { self.deviate * self.device.noise(x, v) };
        (self.device.rate(x, v) + noise).clamp(-FASTEST, FASTEST)
    }

    /// The state and an error estimate after a step of length `h` from `x` at `t`.
    #[inline]
    fn try_step(&self, piece: &Piece, x: f64, t: f64, h: f64) -> (f64, f64) {
        let f = |y: &[f64; 2]| [self.rate(y[0], piece.at(t + y[1])), 1.0];
        let (new, error) = rkf45::step(f, &[x, 0.0], h);
        (new[0], error[0].abs())
    }

    /// The error allowed in a step from `x`.
    #[inline]
    fn allowed(&self, x: f64) -> f64 {
        let range = self.high - self.low;
        if !self.sticks {
            return self.options.tolerance * range;
        }
        // Near an end what counts is the distance to it, for it grows again by factors; but not beyond its rounding.
        let distance = (x - self.low).min(self.high - x) + NEAREST * range;
        (self.options.tolerance * distance).max(1e-15 * range)
    }

    /// The state at `to`, from `x` at `from`, both within `piece`, on which the voltage is monotone and passes no level.
    fn within(&mut self, piece: &Piece, mut x: f64, from: f64, to: f64) -> f64 {
        let device = self.device;
        let (mut t, mut events, mut steps) = (from, 0, 0);
        while t < to {
            // What is no number stays none.
            if x.is_nan() || self.is_held(piece, x, t, to) {
                return x;
            }
            if self.rate(x, piece.at(t)) == 0.0 {
                // Nothing moves until the voltage, which is monotone here, is one that moves this very state.
                let Some(start) = self.first_motion(piece, x, t, to) else { return x };
                (t, self.step) = (start, 1e-3 * (to - start));
                if let Some(end) = self.slides_to(piece, x, t, to) {
                    return end;
                }
                if t >= to {
                    return x;
                }
                continue;
            }
            // Shorter than the clock's last bit no step gets on, however short the piece is.
            let smallest = 1e-15 * (piece.end - piece.start).max(t.abs());
            steps += 1;
            // Nor does a state that goes to and fro between two equations: then coarser.
            let coarse = if events > MOST_EVENTS || steps > MOST_STEPS { 1e-4 * (to - from) } else { 0.0 };
            let smallest = smallest.max(coarse);
            let rest = to - t;
            let h = self.step.min(0.25 * (piece.end - piece.start)).max(smallest).min(rest);
            let (allowed, (mut new, error)) = (self.allowed(x), self.try_step(piece, x, t, h));
            if (error > allowed || error.is_nan()) && h > smallest {
                let scaled = error / allowed;
                let factor = if scaled.is_finite() { (0.9 / root5(scaled)).max(0.1) } else { 0.1 };
                self.step = (h * factor).max(smallest);
                continue;
            }
            self.step = if error == 0.0 { 5.0 * h } else { h * (0.9 / root5(error / allowed)).clamp(0.2, 5.0) };
            let mut length = h;
            let regime = device.regime(x, piece.at(t));
            let ended = |s: &Self, new: f64, length: f64| {
                device.regime(new.clamp(s.low, s.high), piece.at(t + length)) != regime
            };
            if ended(self, new, length) {
                events += 1;
                // The first moment at which the other equations hold, to the last bit.
                let margin =
                    |s: &Self, new: f64, length: f64| device.margin(new.clamp(s.low, s.high), piece.at(t + length));
                let (before, after) = (margin(self, x, 0.0), margin(self, new, length));
                let sign = if after < before { -1.0 } else { 1.0 };
                let within = Within { from: 0.0, to: length, numbers: [sign * before, sign * after] };
                length = within
                    .located(smallest, |middle| {
                        let at = self.try_step(piece, x, t, middle).0;
                        let over = ended(self, at, middle);
                        new = if over { at } else { new };
                        (over, sign * margin(self, at, middle))
                    })
                    .to;
            }
            let leaves = !(self.low..=self.high).contains(&new);
            if leaves && (x == self.low && new < x || x == self.high && new > x) {
                new = x;
            } else if leaves && self.is_held(piece, new.clamp(self.low, self.high), t, to) {
                // Whenever it gets there, there it stays.
                return new.clamp(self.low, self.high);
            } else if leaves {
                // The moment at which the bound is reached.
                let (low, high) = (self.low, self.high);
                let beyond = |at: f64| if new > high { at - high } else { low - at };
                let within = Within { from: 0.0, to: length, numbers: [beyond(x), beyond(new)] };
                let look = |middle: f64| {
                    let at = self.try_step(piece, x, t, middle).0;
                    (!(low..=high).contains(&at), beyond(at))
                };
                length = within.located(smallest, look).to;
                new = new.clamp(low, high);
            }
            x = new;
            t = if length == rest { to } else { t + length };
            if (events > 0 || h <= smallest)
                && let Some(end) = self.slides_to(piece, x, t, to)
            {
                return end;
            }
        }
        x
    }

    /// When a state that rests at `t` begins to move, at the latest at `to`; none if it does not.
    fn first_motion(&self, piece: &Piece, x: f64, t: f64, to: f64) -> Option<f64> {
        let moves = |at: f64| self.rate(x, piece.at(at)) != 0.0;
        let mut high = to;
        if !moves(to) {
            high = 0.5 * (t + to);
            if !moves(high) {
                return None;
            }
        }
        let margin = |at: f64| self.device.margin(x, piece.at(at));
        let within = Within { from: t, to: high, numbers: [margin(t), margin(high)] };
        Some(within.located(0.0, |at| (moves(at), margin(at))).to)
    }

    /// Where the state is at `to` if from `t` on it follows the place at which motion comes to rest, which a rising voltage moves ahead of
    /// it: it would stop and start again without end.
    fn slides_to(&self, piece: &Piece, x: f64, t: f64, to: f64) -> Option<f64> {
        let (now, then) = (piece.at(t), piece.at(to));
        let (here, there) = (self.device.resting(now)?, self.device.resting(then)?);
        let near = 1e-9 * (self.high - self.low);
        if t >= to || (x - here).abs() > near || there <= here {
            return None;
        }
        // Just before that place it is fast enough to keep up.
        let speed = self.device.rate((x - near).clamp(self.low, self.high), now).abs();
        (speed * (to - t) > there - here).then(|| there.clamp(self.low, self.high))
    }

    /// Does the state stay at a bound from `t` to `to`?
    fn is_held(&self, piece: &Piece, x: f64, t: f64, to: f64) -> bool {
        let outward = |at: f64| {
            let rate = self.rate(x, piece.at(at));
            (x >= self.high && rate >= 0.0) || (x <= self.low && rate <= 0.0)
        };
        (x >= self.high || x <= self.low) && outward(t) && outward(0.5 * (t + to)) && outward(to)
    }

    /// The state after `from` .. `to` of a piece, with a fresh random number in each step of the noise.
    fn over(&mut self, piece: &Piece, mut x: f64, from: f64, to: f64) -> f64 {
        if self.sticks {
            let (low, high) = self.device.range();
            if x <= low || x >= high {
                return x;
            }
            x = x.clamp(self.low, self.high);
        }
        let (Some(step), Some((key, device))) = (self.device.noise_step(), self.options.noise) else {
            return self.within(piece, x, from, to);
        };
        let mut t = from;
        // The middle of what is left of a step names it, for an end may be rounded either way.
        let mut number = ((t / step) + 1e-9).floor();
        while t < to {
            let end = ((number + 1.0) * step).min(to);
            if end > t {
                self.deviate = normal(&mut key.stream(device).at(number as u64));
                x = self.within(&part(piece, t, end), x, t, end);
                t = end;
            }
            number += 1.0;
        }
        x
    }

    /// The states at `times` (not decreasing, within the drive), from `x` at the start of the first piece. Between pieces, and after
    /// the last, the voltage is 0 and nothing moves.
    pub fn states(&mut self, x: f64, pieces: &[Piece], times: &[f64]) -> Vec<f64> {
        let pieces = cut(pieces, &self.device.levels());
        let (mut x, mut index) = (x, 0);
        let mut t = pieces.first().map_or(0.0, |p| p.start);
        let mut out = Vec::with_capacity(times.len());
        for &time in times {
            while let Some(piece) = pieces.get(index) {
                t = t.max(piece.start);
                if time <= t {
                    break;
                }
                let to = piece.end.min(time);
                x = self.over(piece, x, t, to);
                t = to;
                if to == piece.end { index += 1 } else { break }
            }
            out.push(x);
        }
        out
    }

    /// The state after a whole drive, whose pieces have been cut. `known`: of that drive; it grows.
    pub fn after(&mut self, mut x: f64, cut_pieces: &[Piece], known: &mut FromBounds) -> f64 {
        known.0.resize(cut_pieces.len(), [None; 2]);
        for (piece, known) in cut_pieces.iter().zip(&mut known.0) {
            let bound = [self.low, self.high].iter().position(|bound| *bound == x);
            let mut solved = || {
                // Each piece begins as if it were the first, so that what it does depends on the state alone.
                let rate = self.rate(x, piece.at(piece.start)).abs();
                self.step = if rate > 0.0 { BEGIN * (self.high - self.low) / rate } else { f64::INFINITY };
                self.over(piece, x, piece.start, piece.end)
            };
            x = match bound {
                Some(bound) => *known[bound].get_or_insert_with(solved),
                None => solved(),
            };
        }
        x
    }
}

/// The fifth root, which only controls steps: its last bits change no result beyond the tolerance, but they are the same everywhere.
#[inline]
fn root5(x: f64) -> f64 {
    crate::math::pow_positive(x, 0.2)
}

impl Physical {
    /// The states at `times` (not decreasing) under a drive.
    pub fn states(&self, x: f64, pieces: &[Piece], times: &[f64], options: Options) -> Vec<f64> {
        with_device!(self, d => Solver::new(d, options).states(x, pieces, times))
    }
}
