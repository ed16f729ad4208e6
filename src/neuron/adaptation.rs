//! Threshold adaptation, a homeostasis of the leaky integrate-and-fire models: at a spike the threshold rises by theta_plus, and
//! falls back with tau_theta (Diehl & Cook 2015, doi:10.3389/fncom.2015.00099; Querlioz et al. 2013,
//! doi:10.1109/TNANO.2013.2250995, use such neurons so that all take part in learning).
//!
//! What is kept of it is the rise at the end of the last refractory period: it needs no time of its own, and it changes at spikes
//! only. A rise of 0, which it stays at without adaptation, costs a comparison.

use std::ops::Range;

use crate::check::Invalid;
use crate::describe::Bound::{NonNegative, NotNan};
use crate::describe::Kind::Quantity;
use crate::describe::{Param, Variable, param, variable};
use crate::math::exp;
use crate::math::real::Real;
use crate::neuron::crossing::{Point, shortest_wait};
use crate::neuron::membrane::Membrane;
use crate::neuron::propagator::decay;
use crate::time::Time;

/// The two parameters, the last of the models' tables.
pub(crate) const PARAMS: [Param; 2] = [
    param("theta_plus", Quantity("mV"), 0.0, NonNegative, "rise of the threshold at a spike; 0: a constant threshold"),
    param("tau_theta", Quantity("ms"), 1e7, NotNan, "decay of that rise, above 0; inf: none"),
];

/// The variable, the last of the models' tables.
pub(crate) const VARIABLE: Variable = Variable {
    bound: NonNegative,
    ..variable("theta", "mV", "rise of the threshold above v_th; starts at 0, not negative")
};

/// Checked parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Adaptation {
    /// Rise at a spike \[mV\].
    plus: f64,
    /// Decay \[ms\]; may be infinite.
    tau: f64,
    /// Decay over the refractory period.
    kept: f64,
}

impl Adaptation {
    /// From the two values that end a table (none: no adaptation), and the refractory period.
    ///
    /// # Errors
    /// A time constant that is not above 0, or so far below t_ref that nothing would be left.
    pub fn new(values: Option<&[f64]>, t_ref_ms: f64) -> Result<Adaptation, Invalid> {
        let [plus, tau] = *values.unwrap_or(&[]) else {
            return Ok(Adaptation { plus: 0.0, tau: f64::INFINITY, kept: 1.0 });
        };
        if tau <= 0.0 {
            return Err(Invalid::new("tau_theta", format!("found {tau} ms, expected more than 0, or inf")));
        }
        if plus > 0.0 && t_ref_ms > 100.0 * tau {
            let message = format!(
                "found {tau} ms, expected at least a hundredth of t_ref = {t_ref_ms} ms: a faster rise has gone when it could count"
            );
            return Err(Invalid::new("tau_theta", message));
        }
        Ok(Adaptation { plus, tau, kept: exp(-t_ref_ms / tau) })
    }

    /// The rise `since` after the end of the last refractory period, at which it was `theta`; before it if negative.
    #[inline]
    pub fn at(&self, theta: f64, since: Time) -> f64 {
        if theta == 0.0 { 0.0 } else { theta * exp(-since.ms() / self.tau) }
    }

    /// The rise at the end of the refractory period that a spike begins when the rise is `theta`.
    #[inline]
    pub fn after_spike(&self, theta: f64) -> f64 {
        (theta + self.plus) * self.kept
    }

    /// What a refractory period leaves of a rise.
    #[inline]
    pub fn left(&self, theta: f64) -> f64 {
        theta * self.kept
    }

    /// Time constant \[ms\].
    #[inline]
    pub fn tau(&self) -> f64 {
        self.tau
    }

    /// Rise at a spike \[mV\].
    #[inline]
    pub fn plus(&self) -> f64 {
        self.plus
    }

    /// For how long \[ms\] [`Self::floor`] holds.
    #[inline]
    pub fn horizon(&self) -> f64 {
        self.tau * 0.01
    }

    /// From a rise of `theta` it stays above this for the horizon.
    #[inline]
    pub fn floor(theta: f64) -> f64 {
        0.99 * theta
    }

    /// What the rise does to a path that is searched for crossings of the base threshold: `rise` is what it was when the path
    /// began, `point` is the path's `t` ms later.
    #[inline]
    pub fn lowered(&self, point: Point, rise: f64, t: f64) -> Point {
        let theta = if rise == 0.0 { 0.0 } else { rise * decay(t, self.tau) };
        if theta == 0.0 {
            return point;
        }
        let rate = theta / self.tau;
        Point {
            v: point.v - theta,
            slope: point.slope + rate,
            bend: point.bend + rate / self.tau,
            // Below its own course, which stays below the larger of these.
            ceiling: point.ceiling.max(point.v),
        }
    }

    /// A lower bound of the wait \[ms\] for a crossing (see [`shortest_wait`]) from a rise of `theta` on.
    #[inline]
    pub fn shortest_wait(&self, v: f64, ceiling: f64, membrane: &Membrane, theta: f64) -> f64 {
        if theta == 0.0 {
            return shortest_wait(v, ceiling, membrane.theta, membrane.tau_m);
        }
        let to = membrane.theta + Self::floor(theta);
        shortest_wait(v, ceiling, to, membrane.tau_m).min(self.horizon())
    }
}

/// The rises of a block of neurons on the grid, with the step at which each was what is kept.
pub(crate) struct Rises {
    h: f64,
    /// One for all, or one per neuron.
    adaptation: Vec<Adaptation>,
    /// Empty where no threshold adapts.
    theta: Vec<f64>,
    since: Vec<i64>,
    now: i64,
}

impl Rises {
    /// Of neurons that start with these rises, in steps of `h` ms.
    pub fn new(h: f64, adaptation: Vec<Adaptation>, theta: Vec<f64>) -> Rises {
        let off = adaptation.iter().all(|a| a.plus == 0.0) && theta.iter().all(|&t| t == 0.0);
        let theta = if off { Vec::new() } else { theta };
        Rises { h, adaptation, since: vec![0; theta.len()], theta, now: 0 }
    }

    /// A new step begins.
    #[inline]
    pub fn begin(&mut self) {
        self.now += 1;
    }

    /// Does no threshold of the block adapt?
    #[inline]
    pub fn are_off(&self) -> bool {
        self.theta.is_empty()
    }

    #[inline]
    fn of(&self, i: usize) -> &Adaptation {
        &self.adaptation[i.min(self.adaptation.len() - 1)]
    }

    /// The rise of neuron `i` at the end of the present step.
    #[inline]
    pub fn at(&self, i: usize) -> f64 {
        if self.theta.is_empty() {
            return 0.0;
        }
        self.theta[i] * exp((self.since[i] - self.now) as f64 * self.h / self.of(i).tau)
    }

    /// Neuron `i`, whose potential has passed its base threshold by `excess`: does it pass the risen one too, and so spike?
    #[inline]
    pub fn passes(&mut self, i: usize, excess: f64) -> bool {
        if self.theta.is_empty() {
            return true;
        }
        let theta = self.at(i);
        let spikes = excess >= theta;
        if spikes {
            (self.theta[i], self.since[i]) = (theta + self.of(i).plus, self.now);
        }
        spikes
    }

    /// Words of neuron `i` for a checkpoint: what is kept, and how many steps ago that was.
    pub fn save(&self, i: usize) -> Vec<u64> {
        if self.are_off() { Vec::new() } else { vec![self.theta[i].to_bits(), (self.now - self.since[i]) as u64] }
    }

    /// Puts back what `save` gave.
    pub fn load(&mut self, i: usize, words: &[u64]) {
        if let (&[theta, ago], false) = (words, self.are_off()) {
            (self.theta[i], self.since[i]) = (f64::from_bits(theta), self.now - ago as i64);
        }
    }
}

/// The thresholds of a block whose loop tests base thresholds only: where some adapt, it tests none (they are infinite), and
/// this comes after it.
pub(crate) struct Thresholds<R> {
    pub rises: Rises,
    /// Base thresholds, one for all or one per neuron; empty where none adapts.
    base: Vec<R>,
}

impl<R: Real> Thresholds<R> {
    /// Takes the base thresholds out of a block's loop, if any adapts.
    pub fn new<'a>(rises: Rises, of_loop: impl Iterator<Item = &'a mut R>) -> Thresholds<R>
    where
        R: 'a,
    {
        let mut base = Vec::new();
        if !rises.are_off() {
            base.extend(of_loop.map(|theta| std::mem::replace(theta, R::of(f64::INFINITY))));
        }
        Thresholds { rises, base }
    }

    /// Tests some neurons after the loop has moved them; one that is held has its potential at its reset, below any threshold.
    /// `spike` gets each that spikes, and which base threshold is its own.
    pub fn test(&mut self, neurons: Range<usize>, v: &mut [R], mut spike: impl FnMut(usize, usize) -> R) {
        if self.base.is_empty() {
            return;
        }
        for i in neurons {
            let which = i.min(self.base.len() - 1);
            let excess = (v[i] - self.base[which]).wide();
            if excess >= 0.0 && self.rises.passes(i, excess) {
                v[i] = spike(i, which);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rise_decays_from_the_end_of_the_refractory_period_and_adds_up() {
        let a = Adaptation::new(Some(&[2.0, 50.0]), 5.0).unwrap();
        let once = a.after_spike(0.0);
        assert!((once - 2.0 * (-0.1f64).exp()).abs() < 1e-15);
        assert!((a.at(once, Time::from_ms(-5.0)) - 2.0).abs() < 1e-14);
        assert!((a.after_spike(1.0) - 3.0 * (-0.1f64).exp()).abs() < 1e-15);
        assert!(a.at(1.0, Time::from_ms(a.horizon())) > Adaptation::floor(1.0));
        let forever = Adaptation::new(Some(&[2.0, f64::INFINITY]), 5.0).unwrap();
        assert_eq!(forever.at(forever.after_spike(1.0), Time::from_ms(1e9)), 3.0);
        assert_eq!(Adaptation::new(Some(&[2.0, 0.0]), 5.0).unwrap_err().parameter, "tau_theta");
    }

    #[test]
    fn rises_on_the_grid_go_on_from_a_checkpoint() {
        let a = Adaptation::new(Some(&[2.0, 50.0]), 0.0).unwrap();
        let mut rises = Rises::new(0.1, vec![a], vec![0.0, 3.0]);
        (0..10).for_each(|_| rises.begin());
        assert!(!rises.passes(1, 2.0) && rises.passes(1, 2.99) && rises.passes(0, 0.0));
        (0..10).for_each(|_| rises.begin());
        let mut other = Rises::new(0.1, vec![a], vec![0.0, 3.0]);
        (0..2).for_each(|i| other.load(i, &rises.save(i)));
        (0..5).for_each(|_| (rises.begin(), other.begin()).0);
        assert_eq!([rises.at(0), rises.at(1)], [other.at(0), other.at(1)]);
        assert!((rises.at(0) - 2.0 * (-0.03f64).exp()).abs() < 1e-14);
    }
}
