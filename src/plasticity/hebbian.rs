//! Hebbian learning on spike traces: plain, Oja's normalised form, and the BCM rule with its sliding threshold.

use crate::describe::Bound::{Finite, NonNegative, Positive};
use crate::describe::Kind::{Choice, Number, Quantity};
use crate::describe::{Model, param};
use crate::math::{exp, exp_m1};

use super::AtPost;

/// The rule's table.
pub const MODEL: Model = Model {
    name: "hebbian",
    summary: "Hebbian learning on spike traces: plain, Oja, BCM",
    equations: "at a post spike, with v = w/w_max:\n\
                    plain: dv = eta x y\n\
                    oja:   dv = eta y (x - y v)\n\
                    bcm:   dv = eta x y (y - theta),    tau_theta dtheta/dt = y^2 - theta\n\
                x: presynaptic trace; y: postsynaptic trace with this spike; both jump by 1 and decay with tau\n\
                theta is a variable of each target neuron, starts at 0 and is taken before this spike counts in it",
    reference: "Hebb 1949; Oja 1982, doi:10.1007/BF00275687; Bienenstock, Cooper & Munro 1982, \
                doi:10.1523/JNEUROSCI.02-01-00032.1982",
    params: &[
        param("variant", Choice(&VARIANTS), 0.0, Finite, "which of the three"),
        param("tau", Quantity("ms"), 20.0, Positive, "decay of both traces"),
        param("eta", Number, 1e-3, NonNegative, "learning rate, relative to w_max"),
        param("tau_theta", Quantity("ms"), 1000.0, Positive, "how slowly the threshold of bcm slides"),
    ],
    variables: &[],
};

/// The words for `variant`, in the order of their stored index.
pub const VARIANTS: [&str; 3] = ["plain", "oja", "bcm"];

/// Which form of the rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variant {
    /// The product of both sides.
    Plain,
    /// With the decay that keeps the sum of squares at 1.
    Oja,
    /// With a threshold that slides with the square of the postsynaptic activity.
    Bcm,
}

/// Checked parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hebbian {
    /// Which form.
    pub variant: Variant,
    /// Decay of both traces \[ms\].
    pub tau: f64,
    eta: f64,
    tau_theta: f64,
}

impl Hebbian {
    /// From values in the order of the table.
    pub fn new(values: &[f64]) -> Hebbian {
        let variant = [Variant::Plain, Variant::Oja, Variant::Bcm][values[0] as usize];
        Hebbian { variant, tau: values[1], eta: values[2], tau_theta: values[3] }
    }

    /// The change of a relative weight `v` for pre- and postsynaptic activities `x` and `y` and a threshold.
    #[inline]
    pub fn change(&self, v: f64, x: f64, y: f64, theta: f64) -> f64 {
        match self.variant {
            Variant::Plain => self.eta * x * y,
            Variant::Oja => self.eta * y * (x - y * v),
            Variant::Bcm => self.eta * x * y * (y - theta),
        }
    }

    /// The threshold `ms` after it was `theta` and the postsynaptic trace `y`, if no spike came in between.
    #[inline]
    pub fn slid(&self, theta: f64, y: f64, ms: f64) -> f64 {
        let kept = exp(-ms / self.tau_theta);
        // The trace's square decays with tau/2.
        let ratio = 1.0 - 2.0 * self.tau_theta / self.tau;
        // From the slower of both decays on, by a difference that keeps its digits where they are alike.
        let gained = match ratio {
            0.0 => ms / self.tau_theta * kept,
            _ if ratio < 0.0 => kept * exp_m1(ratio * ms / self.tau_theta) / ratio,
            _ => -exp(-2.0 * ms / self.tau) * exp_m1(-ratio * ms / self.tau_theta) / ratio,
        };
        theta * kept + y * y * gained
    }

    /// The change at a post spike.
    #[inline]
    pub fn on_post(&self, v: f64, seen: &AtPost) -> f64 {
        self.change(v, seen.x, seen.y, seen.second)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_threshold_keeps_its_digits_where_both_decays_are_alike() {
        for tau_theta in [10.0, 10.0 * (1.0 + 1e-12), 10.0 * (1.0 + 1.1e-9), 10.0 * (1.0 - 3e-8), 10.0 * (1.0 + 1e-6)] {
            let rule = Hebbian::new(&[2.0, 20.0, 0.1, tau_theta]);
            // At equal ones t/tau e^(-t/tau), and to first order in the difference.
            let (x, off) = (3.0f64, tau_theta / 10.0 - 1.0);
            let expected = x * (-x).exp() * (1.0 + off * (0.5 * x - 1.0));
            let found = rule.slid(0.0, 1.0, 30.0);
            assert!((found / expected - 1.0).abs() < 1e-13 + 5.0 * off * off, "{tau_theta}: {found} {expected}");
        }
        // Far from one another, and after a long time.
        for tau_theta in [1e-3, 1e-2, 1e5] {
            let theta = Hebbian::new(&[2.0, 20.0, 0.1, tau_theta]).slid(1.0, 1.0, 1e6);
            assert!((0.0..1.0).contains(&theta), "{tau_theta}: {theta}");
        }
    }

    #[test]
    fn the_threshold_follows_its_equation_whatever_the_time_constants() {
        for tau_theta in [7.0, 10.0, 10.000_000_01, 400.0] {
            let rule = Hebbian::new(&[2.0, 20.0, 0.1, tau_theta]);
            let (mut theta, steps, h) = (0.3, 200_000, 30.0 / 200_000.0);
            // Midpoint rule.
            for k in 0..steps {
                let y = |t: f64| 1.7 * (-t / 20.0).exp();
                let slope = |theta: f64, t: f64| (y(t) * y(t) - theta) / tau_theta;
                let half = theta + 0.5 * h * slope(theta, k as f64 * h);
                theta += h * slope(half, (k as f64 + 0.5) * h);
            }
            assert!((rule.slid(0.3, 1.7, 30.0) - theta).abs() < 1e-8, "{tau_theta}: {theta}");
        }
    }
}
