//! What one pulse makes of a device in any state: the state after it, and what it costs.
//!
//! Both are polynomials over stretches of the range, which are halved until they meet what the solver says between their nodes. They bend most
//! before the state from which a pulse just reaches the end of the range, where evenly spaced nodes would miss it however many they are.

use std::collections::VecDeque;

use rayon::prelude::*;

use super::drive::Piece;
use super::guide::Guide;
use super::quadrature::integral;
use super::solve::Options;
use super::{NEAREST, Physical};

/// Order of the polynomials.
const ORDER: usize = 5;
/// Stretches before any is halved.
const FIRST: usize = 32;
/// Most that one of these becomes.
const MOST: usize = 256;
/// Shorter than this no stretch is, relative to the range: it holds a jump, or a kink that makes no difference.
const SMALLEST: f64 = 1e-13;
/// Error of a step of the solver, relative to the range.
const SOLVED: f64 = 1e-13;
/// Error of the state after a pulse, relative to the range. An error of the state grows where the next pulses drive it to a low resistance.
const STATE: f64 = 1e-10;
/// The same relative to the distance to an end at which motion vanishes, from where it grows again by factors.
const DISTANCE: f64 = 1e-9;
/// Below this, relative to the range, it is rounding.
const ROUNDING: f64 = 1e-14;
/// Error of the conductance, relative to its range.
const CONDUCTANCE: f64 = 1e-8;
/// Error of the energy, relative.
const ENERGY: f64 = 1e-7;
/// Error of the integrals, relative.
const INTEGRAL: f64 = 1e-10;

/// What a pulse does, by state; states are relative to the range.
#[derive(Clone, Debug, PartialEq)]
pub struct After {
    /// The lowest and the highest state that move.
    ends: [f64; 2],
    sticks: bool,
    guide: Guide,
    stretches: Vec<Stretch>,
}

/// Both polynomials over a stretch, in Newton's form: what does not change is 0 to the last bit.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Stretch {
    start: f64,
    per_step: f64,
    change: [f64; ORDER + 1],
    energy: [f64; ORDER + 1],
}

/// What the solver says of a state.
#[derive(Clone, Copy, Debug)]
struct Sample {
    u: f64,
    after: f64,
    siemens: f64,
    joules: f64,
}

impl Stretch {
    /// Through `ORDER + 1` evenly spaced nodes.
    fn new(nodes: [Sample; ORDER + 1]) -> Stretch {
        let (start, end) = (nodes[0].u, nodes[ORDER].u);
        Stretch {
            start,
            per_step: ORDER as f64 / (end - start),
            change: differences(nodes.map(|s| s.after - s.u)),
            energy: differences(nodes.map(|s| s.joules)),
        }
    }

    /// A straight line between the ends.
    fn straight(from: Sample, to: Sample) -> Stretch {
        let line = |a: f64, b: f64| std::array::from_fn(|k| [a, (b - a) / ORDER as f64][k.min(1)] * f64::from(k < 2));
        Stretch {
            start: from.u,
            per_step: ORDER as f64 / (to.u - from.u),
            change: line(from.after - from.u, to.after - to.u),
            energy: line(from.joules, to.joules),
        }
    }

    #[inline(always)]
    fn at(&self, of: &[f64; ORDER + 1], u: f64) -> f64 {
        let steps = (u - self.start) * self.per_step;
        (0..ORDER).rev().fold(of[ORDER], |sum, k| of[k] + (steps - k as f64) * sum)
    }
}

/// The factors of Newton's form: differences of rising order over its factorial.
fn differences(mut values: [f64; ORDER + 1]) -> [f64; ORDER + 1] {
    for order in 1..=ORDER {
        for k in (order..=ORDER).rev() {
            values[k] = (values[k] - values[k - 1]) / order as f64;
        }
    }
    values
}

impl After {
    /// Tabulated for a pulse of constant voltage; none if a state after it, or what it costs, is beyond numbers.
    pub fn new(device: &Physical, piece: Piece) -> Option<After> {
        let (low, high) = device.range();
        let (g_min, g_max) = device.conductances();
        let sticks = device.sticks();
        let ends = if sticks { [NEAREST, 1.0 - NEAREST] } else { [0.0, 1.0] };
        let mut pulse = Pulse { device, piece, ends, sticks, low, span: high - low, range: g_max - g_min, most: 0.0 };
        let cut = |k: usize| ends[0] + (ends[1] - ends[0]) * k as f64 / FIRST as f64;
        let begun: Vec<Vec<Sample>> = (0..FIRST).into_par_iter().map(|k| pulse.evenly(cut(k), cut(k + 1))).collect();
        let all = || begun.iter().flatten();
        if !all().all(|s| s.after.is_finite() && s.joules.is_finite()) {
            return None;
        }
        pulse.most = all().fold(0.0, |most, s| s.joules.abs().max(most));
        let stretches: Vec<Stretch> = begun.into_par_iter().flat_map_iter(|samples| pulse.halved(samples)).collect();
        let cuts: Vec<f64> = stretches.iter().map(|s| s.start).chain([ends[1]]).collect();
        Some(After { ends, sticks, guide: Guide::new(&cuts), stretches })
    }

    /// The state after the pulse.
    #[inline]
    pub fn state(&self, u: f64) -> f64 {
        if self.sticks && (u <= 0.0 || u >= 1.0) {
            return u;
        }
        let (u, stretch) = self.find(u);
        (u + stretch.at(&stretch.change, u)).clamp(self.ends[0], self.ends[1])
    }

    /// What the pulse costs \[J\].
    #[inline]
    pub fn energy(&self, u: f64) -> f64 {
        let (u, stretch) = self.find(u);
        stretch.at(&stretch.energy, u).max(0.0)
    }

    #[inline]
    fn find(&self, u: f64) -> (f64, &Stretch) {
        let u = u.clamp(self.ends[0], self.ends[1]);
        (u, &self.stretches[self.guide.find(u)])
    }
}

/// What is tabulated.
struct Pulse<'a> {
    device: &'a Physical,
    piece: Piece,
    ends: [f64; 2],
    sticks: bool,
    low: f64,
    span: f64,
    /// Of the conductance \[S\].
    range: f64,
    /// The most that the pulse costs in any state \[J\].
    most: f64,
}

impl Pulse<'_> {
    fn state(&self, u: f64) -> f64 {
        (self.low + self.span * u).min(self.device.range().1)
    }

    fn sample(&self, u: f64) -> Sample {
        let options = Options { tolerance: SOLVED, ..Options::EXACT };
        let x = self.state(u);
        let end = self.device.states(x, &[self.piece], &[self.piece.end], options)[0];
        let after = ((end - self.low) / self.span).clamp(self.ends[0], self.ends[1]);
        Sample { u, after, siemens: self.device.conductance(end), joules: self.energy(x, end, after) }
    }

    /// What is delivered while the state goes from one place to another and rests there, if it does \[J\]. The voltage is constant, so that time
    /// and charge are integrals over the state.
    fn energy(&self, from: f64, to: f64, after: f64) -> f64 {
        let (v, width) = (self.piece.at(self.piece.start), self.piece.end - self.piece.start);
        let current = |x: f64| self.device.current(x, v);
        let speed = |x: f64| self.device.rate(x, v).abs();
        let (low, high) = if from < to { (from, to) } else { (to, from) };
        if high - low <= SMALLEST * self.span {
            return v * width * 0.5 * (current(from) + current(to));
        }
        let time = integral(&|x| 1.0 / speed(x), low, high, INTEGRAL, 0.0);
        let charge = integral(&|x| current(x) / speed(x), low, high, INTEGRAL, 0.0);
        let held = self.ends.contains(&after) || speed(to) == 0.0;
        // What is left it rests at its end; or, if it moved all the time, that is what the integrals miss where it hardly does.
        let rest = width - time;
        let (place, rest) =
            if held { (to, rest.max(0.0)) } else { (if speed(to) < speed(from) { to } else { from }, rest) };
        v * (charge + current(place) * rest)
    }

    /// Samples at the nodes of a stretch and halfway between them.
    fn evenly(&self, from: f64, to: f64) -> Vec<Sample> {
        let last = 2 * ORDER;
        let at = |k: usize| if k == last { to } else { from + (to - from) * k as f64 / last as f64 };
        (0..=last).map(|k| self.sample(at(k))).collect()
    }

    /// Samples at these nodes and halfway between them.
    fn between(&self, nodes: &[Sample]) -> Vec<Sample> {
        let mut all = vec![nodes[0]];
        for pair in nodes.windows(2) {
            all.extend([self.sample(0.5 * (pair[0].u + pair[1].u)), pair[1]]);
        }
        all
    }

    /// The stretch, or the parts into which it is halved until each is right.
    fn halved(&self, samples: Vec<Sample>) -> Vec<Stretch> {
        let (mut done, mut open) = (Vec::new(), VecDeque::from([samples]));
        while let Some(samples) = open.pop_front() {
            let (first, last) = (samples[0], samples[2 * ORDER]);
            let stretch = Stretch::new(std::array::from_fn(|k| samples[2 * k]));
            // The longest are halved first: where there are too many, all are as short.
            if self.is_right(&stretch, &samples) || done.len() + open.len() >= MOST {
                done.push(stretch);
            } else if last.u - first.u < SMALLEST {
                done.push(Stretch::straight(first, last));
            } else {
                open.extend([&samples[..=ORDER], &samples[ORDER..]].map(|half| self.between(half)));
            }
        }
        done.sort_by(|a, b| a.start.total_cmp(&b.start));
        done
    }

    fn is_right(&self, stretch: &Stretch, samples: &[Sample]) -> bool {
        let right = |s: &Sample| {
            let after = (s.u + stretch.at(&stretch.change, s.u)).clamp(self.ends[0], self.ends[1]);
            let siemens = self.device.conductance(self.state(after));
            let joules = stretch.at(&stretch.energy, s.u);
            (after - s.after).abs() <= self.allowed(s.after)
                && (siemens - s.siemens).abs() <= CONDUCTANCE * self.range
                && (joules - s.joules).abs() <= ENERGY * (s.joules.abs() + 1e-3 * self.most)
        };
        samples.iter().skip(1).step_by(2).all(right)
    }

    /// The error allowed of a state after the pulse.
    fn allowed(&self, after: f64) -> f64 {
        if !self.sticks {
            return STATE;
        }
        (DISTANCE * after.min(1.0 - after)).clamp(ROUNDING, STATE)
    }
}

#[cfg(test)]
mod tests {
    use super::super::drive::pulse;
    use super::super::tests::device;
    use super::super::{PhysicalModel, Physics, with_device};
    use super::*;
    use proptest::prelude::*;

    /// R R' = -c v as long as the film is not fully doped, and the charge is the change of state over mu_v r_on/d^2.
    #[test]
    fn pulses_of_the_linear_drift_follow_its_closed_form() {
        for r_off in [160.0, 16e3, 160e3] {
            let d = device(PhysicalModel::Hp, &[("r_off", r_off)]);
            let (r_on, mobility, (g_min, g_max)) = (100.0, 1e4, d.conductances());
            for (v, width) in [(1.0, 1e-4), (0.3, 1e-5), (2.0, 1e-2), (-0.7, 3e-3)] {
                let after = After::new(&d, pulse(v, 0.0, width)).unwrap();
                for k in 0..=4000 {
                    let u = (f64::from(k) / 4000.0).powf(0.3);
                    let r = r_off - (r_off - r_on) * u;
                    let square = (r * r - 2.0 * (r_off - r_on) * mobility * v * width).max(r_on * r_on);
                    let end = square.sqrt().min(r_off);
                    let found = d.conductance(after.state(u));
                    assert!(
                        (found - 1.0 / end).abs() < 1e-7 * (g_max - g_min),
                        "{r_off} {v} {width} {u}: {found} {end}"
                    );
                    // Until an end is reached, R R' = -(r_off - r_on) mobility v; behind it v^2/R for the rest.
                    let time = (r * r - end * end) / (2.0 * (r_off - r_on) * mobility * v);
                    let joules = v * (r - end) / ((r_off - r_on) * mobility) + v * v * (width - time).max(0.0) / end;
                    let energy = after.energy(u);
                    assert!((energy / joules - 1.0).abs() < 1e-5, "{r_off} {v} {width} {u}: {energy} {joules}");
                }
            }
        }
    }

    /// From the middle of the range and from most of it away, in one pulse or in ten.
    #[test]
    fn ten_short_pulses_are_one_long_one() {
        for r_off in [16e3, 160e3] {
            let d = device(PhysicalModel::Hp, &[("r_off", r_off)]);
            let (g_min, g_max) = d.conductances();
            let [one, tenth] = [1e-4, 1e-5].map(|width| After::new(&d, pulse(1.0, 0.0, width)).unwrap());
            for share in [0.25, 0.45, 0.487, 0.5, 0.7, 0.9] {
                let state = d.state(g_min + share * (g_max - g_min));
                let many = (0..10).fold(state, |u, _| tenth.state(u));
                let [a, b] = [one.state(state), many].map(|u| d.conductance(u));
                assert!((a - b).abs() < 1e-6 * (g_max - g_min), "{r_off} {share}: {a} {b}");
            }
        }
    }

    #[test]
    fn a_state_at_an_end_where_motion_vanishes_stays_there() {
        let d = device(PhysicalModel::Hp, &[("window", 1.0)]);
        let after = After::new(&d, pulse(1.0, 0.0, 1.0)).unwrap();
        assert_eq!([after.state(0.0), after.state(1.0)], [0.0, 1.0]);
        assert_eq!(after.state(0.5), 1.0 - NEAREST);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        /// Of all models and windows: what the solver says of states that are no nodes.
        #[test]
        fn a_pulse_does_what_the_solver_says(
            which in 0..7_usize, window in 0..4_u8, p in 1.0..4.0_f64, ratio in 0.5..3.0_f64, alpha in 1..5_u8,
            volt in 1.05..2.0_f64, up in any::<bool>(), size in -2.0..1.0_f64, at in prop::collection::vec(0.0..=1.0_f64, 12),
        ) {
            let model = PhysicalModel::ALL[which];
            let given = [("window", f64::from(window)), ("p", p), ("r_off", 100.0 * 10f64.powf(ratio)), ("r_on", 100.0),
                ("alpha_on", f64::from(alpha)), ("alpha_off", f64::from(alpha))];
            let has = |name: &str| model.params().iter().any(|p| p.name == name);
            let given: Vec<(&str, f64)> = given.into_iter().filter(|g| has(g.0)).collect();
            let d = device(model, &given);
            let (low, high) = d.range();
            let [below, above] = with_device!(&d, d => d.levels());
            let fastest = |v: f64| (0..9).map(|k| d.rate(low + (high - low) * f64::from(k) / 8.0, v).abs()).fold(0.0, f64::max);
            // Where a current or a field has a threshold, that of the voltage depends on the state.
            let volts = [1.0, 5.0, 25.0].map(|more| volt * if up { above + 0.1 * more } else { below - 0.1 * more });
            let v = volts.into_iter().find(|v| fastest(*v) > 0.0).unwrap_or(volts[2]);
            let speed = fastest(v);
            prop_assume!(speed > 0.0 && speed.is_finite());
            let width = 10f64.powf(size) * (high - low) / speed;
            let after = After::new(&d, pulse(v, 0.0, width)).unwrap();
            let (g_min, g_max) = d.conductances();
            for u in at {
                let exact = d.states(low + (high - low) * u, &[pulse(v, 0.0, width)], &[width], Options::EXACT)[0];
                let [found, expected] = [low + (high - low) * after.state(u), exact].map(|x| d.conductance(x));
                prop_assert!((found - expected).abs() <= 1e-6 * (g_max - g_min), "{model:?} {given:?} {v} {width} {u}: {found} {expected}");
                let joules = d.energy(low + (high - low) * u, &[pulse(v, 0.0, width)], 512, Options::EXACT);
                let energy = after.energy(u);
                prop_assert!((energy - joules).abs() <= 5e-3 * joules.abs(), "{model:?} {given:?} {v} {width} {u}: {energy:e} J {joules:e} J");
            }
        }
    }
}
