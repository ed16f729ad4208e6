//! Pair-based spike-timing-dependent plasticity with power-law weight dependence
//! (Guetig, Aharonov, Rotter & Sompolinsky 2003; NEST stdp_synapse and stdp_nn_*_synapse).

use crate::describe::Bound::{Finite, NonNegative, Positive};
use crate::describe::Kind::{Choice, Number, Quantity};
use crate::describe::{Model, param};
use crate::math::pow;

use super::{Pair, Pairing};

/// The rule's table.
pub const MODEL: Model = Model {
    name: "stdp",
    summary: "Pair-based STDP with power-law weight dependence",
    equations: "at a post spike: dw = a_plus w_max (1 - w/w_max)^mu_plus x\n\
                at a pre spike:  dw = -a_minus w_max (w/w_max)^mu_minus y\n\
                x, y: pre- and postsynaptic traces that jump by 1 and decay with tau_plus, tau_minus",
    reference: "Guetig et al. 2003, doi:10.1523/JNEUROSCI.23-09-03697.2003; \
                Morrison, Diesmann & Gerstner 2008, doi:10.1007/s00422-008-0233-1; NEST stdp_synapse, \
                with a_plus = lambda, a_minus = alpha lambda",
    params: &[
        param("tau_plus", Quantity("ms"), 20.0, Positive, "decay of the presynaptic trace"),
        param("tau_minus", Quantity("ms"), 20.0, Positive, "decay of the postsynaptic trace"),
        param("a_plus", Number, 0.01, NonNegative, "potentiation relative to w_max"),
        param("a_minus", Number, 0.01, NonNegative, "depression relative to w_max"),
        param("mu_plus", Number, 0.0, NonNegative, "weight dependence of potentiation; 0 additive, 1 multiplicative"),
        param("mu_minus", Number, 0.0, NonNegative, "weight dependence of depression"),
        param("pairing", Choice(&PAIRINGS), 0.0, Finite, "which spikes make pairs (Morrison et al. 2008, fig. 7)"),
    ],
    variables: &[],
};

/// The words for `pairing`, in the order of their stored index.
pub const PAIRINGS: [&str; 4] = ["all_to_all", "nearest_symmetric", "nearest_pre_centered", "nearest_restricted"];

/// Checked parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stdp {
    /// Decay of the presynaptic trace \[ms\].
    pub tau_plus: f64,
    /// Decay of the postsynaptic trace \[ms\].
    pub tau_minus: f64,
    /// Which spikes make pairs.
    pub pairing: Pairing,
    a_plus: f64,
    a_minus: f64,
    mu_plus: f64,
    mu_minus: f64,
}

impl Stdp {
    /// From values in the order of the table.
    pub fn new(values: &[f64]) -> Stdp {
        let pairing =
            [Pairing::AllToAll, Pairing::NearestSymmetric, Pairing::NearestPreCentered, Pairing::NearestRestricted]
                [values[6] as usize];
        let [tau_plus, tau_minus, a_plus, a_minus, mu_plus, mu_minus] =
            [values[0], values[1], values[2], values[3], values[4], values[5]];
        Stdp { tau_plus, tau_minus, pairing, a_plus, a_minus, mu_plus, mu_minus }
    }
}

impl Stdp {
    /// The rule as additive, if it is.
    pub fn additive(&self) -> Option<Additive> {
        (self.mu_plus == 0.0 && self.mu_minus == 0.0).then_some(Additive { a_plus: self.a_plus, a_minus: self.a_minus })
    }

    /// The rule as multiplicative, if it is.
    pub fn multiplicative(&self) -> Option<Multiplicative> {
        (self.mu_plus == 1.0 && self.mu_minus == 1.0)
            .then_some(Multiplicative { a_plus: self.a_plus, a_minus: self.a_minus })
    }
}

/// Both exponents are 0: the same changes, without a power.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Additive {
    a_plus: f64,
    a_minus: f64,
}

impl Pair for Additive {
    #[inline(always)]
    fn on_post(&self, _: f64, x: f64) -> f64 {
        self.a_plus * x
    }

    #[inline(always)]
    fn on_pre(&self, _: f64, y: f64) -> f64 {
        -self.a_minus * y
    }
}

/// Both exponents are 1: the same changes, without a power.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Multiplicative {
    a_plus: f64,
    a_minus: f64,
}

impl Pair for Multiplicative {
    #[inline(always)]
    fn on_post(&self, w: f64, x: f64) -> f64 {
        self.a_plus * (1.0 - w).max(0.0) * x
    }

    #[inline(always)]
    fn on_pre(&self, w: f64, y: f64) -> f64 {
        -self.a_minus * w.max(0.0) * y
    }
}

/// Of relative weights, 0 to 1.
impl Pair for Stdp {
    #[inline]
    fn on_post(&self, w: f64, x: f64) -> f64 {
        self.a_plus * pow((1.0 - w).max(0.0), self.mu_plus) * x
    }

    #[inline]
    fn on_pre(&self, w: f64, y: f64) -> f64 {
        -self.a_minus * pow(w.max(0.0), self.mu_minus) * y
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exponents_interpolate_between_additive_and_multiplicative() {
        let at = |mu: f64| Stdp::new(&[20.0, 20.0, 0.01, 0.02, mu, mu, 0.0]);
        assert_eq!(at(0.0).on_post(0.3, 0.5), 0.005);
        assert_eq!(at(0.0).on_pre(0.3, 0.5), -0.01);
        assert!((at(1.0).on_post(0.3, 0.5) - 0.0035).abs() < 1e-17);
        assert!((at(1.0).on_pre(0.3, 0.5) + 0.003).abs() < 1e-17);
        assert!((at(0.5).on_pre(0.25, 1.0) + 0.01).abs() < 1e-15);
        for w in [0.0, 0.1, 0.77, 1.0] {
            let (additive, multiplicative) = (at(0.0).additive().unwrap(), at(1.0).multiplicative().unwrap());
            assert_eq!(at(0.0).on_post(w, 0.3).to_bits(), additive.on_post(w, 0.3).to_bits());
            assert_eq!(at(0.0).on_pre(w, 0.3).to_bits(), additive.on_pre(w, 0.3).to_bits());
            assert_eq!(at(1.0).on_post(w, 0.3).to_bits(), multiplicative.on_post(w, 0.3).to_bits());
            assert_eq!(at(1.0).on_pre(w, 0.3).to_bits(), multiplicative.on_pre(w, 0.3).to_bits());
        }
        assert!(at(0.5).additive().is_none() && at(0.5).multiplicative().is_none());
    }
}
