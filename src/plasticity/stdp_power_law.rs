//! Pair-based STDP whose potentiation grows as a power of the weight (Morrison, Aertsen & Diesmann 2007;
//! NEST stdp_pl_synapse_hom).

use crate::describe::Bound::{NonNegative, Positive};
use crate::describe::Kind::{Number, Quantity, Weight};
use crate::describe::{Model, param};
use crate::math::{pow, pow_positive};

use super::Pair;

/// The rule's table.
pub const MODEL: Model = Model {
    name: "stdp_power_law",
    summary: "Pair-based STDP with power-law potentiation and multiplicative depression",
    equations: "at a post spike: dw = lambda w_0^(1 - mu) w^mu x\n\
                at a pre spike:  dw = -lambda alpha w y\n\
                x, y: pre- and postsynaptic traces that jump by 1 and decay with tau_plus, tau_minus\n\
                w_max is optional: without it w has no upper bound; a weight of 0 stays 0, but for mu = 0",
    reference: "Morrison, Aertsen & Diesmann 2007, doi:10.1162/neco.2007.19.6.1437; NEST stdp_pl_synapse_hom (w_0 = 1)",
    params: &[
        param("tau_plus", Quantity("ms"), 20.0, Positive, "decay of the presynaptic trace"),
        param("tau_minus", Quantity("ms"), 20.0, Positive, "decay of the postsynaptic trace"),
        param("lambda", Number, 0.1, NonNegative, "learning rate"),
        param("alpha", Number, 1.0, NonNegative, "depression relative to potentiation"),
        param("mu", Number, 0.4, NonNegative, "exponent of the weight in potentiation"),
        param("w_0", Weight, 1.0, Positive, "reference weight"),
    ],
    variables: &[],
};

/// Checked parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PowerLaw {
    /// Decay of the presynaptic trace \[ms\].
    pub tau_plus: f64,
    /// Decay of the postsynaptic trace \[ms\].
    pub tau_minus: f64,
    /// lambda w_0^(1 - mu).
    up: f64,
    /// lambda alpha.
    down: f64,
    mu: f64,
}

impl PowerLaw {
    /// From values in the order of the table.
    pub fn new(values: &[f64]) -> PowerLaw {
        let [tau_plus, tau_minus, lambda, alpha, mu, w_0] =
            [values[0], values[1], values[2], values[3], values[4], values[5]];
        PowerLaw { tau_plus, tau_minus, up: lambda * pow(w_0, 1.0 - mu), down: lambda * alpha, mu }
    }
}

/// Of magnitudes in the weight's unit.
impl Pair for PowerLaw {
    #[inline(always)]
    fn on_post(&self, w: f64, x: f64) -> f64 {
        // A power for loops: the very same where synapses are brought up to date one by one.
        let power = if self.mu == 0.0 { 1.0 } else { pow_positive(w.max(0.0), self.mu) };
        self.up * power * x
    }

    #[inline(always)]
    fn on_pre(&self, w: f64, y: f64) -> f64 {
        -self.down * w * y
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn w_0_sets_the_unit_in_which_the_power_is_taken() {
        let rule = |w_0| PowerLaw::new(&[20.0, 20.0, 0.1, 0.5, 0.5, w_0]);
        assert!((rule(1.0).on_post(4.0, 0.5) - 0.1).abs() < 1e-15);
        assert!((rule(4.0).on_post(4.0, 0.5) - 0.2).abs() < 1e-15);
        assert_eq!(rule(4.0).on_post(0.0, 0.5), 0.0);
        assert!((rule(4.0).on_pre(4.0, 0.5) + 0.1).abs() < 1e-15);
    }
}
