//! Triplet STDP (Pfister & Gerstner 2006; NEST stdp_triplet_synapse).

use crate::describe::Bound::{Finite, NonNegative, Positive};
use crate::describe::Kind::{Choice, Quantity, Weight};
use crate::describe::{Model, param};
use crate::math::exp;

use super::{AtPost, AtPre, Pair, Pairing};

/// The rule's table. The defaults are one published set, the full all-to-all model of visual cortex, which are NEST's too (but
/// for the neurons' tau_minus, tau_minus_triplet, which are of no set there).
pub const MODEL: Model = Model {
    name: "stdp_triplet",
    summary: "Triplet STDP: pairs and triplets of spikes, which gives its dependence on frequency",
    equations: "at a post spike: dw = r_1 (a_plus + a_plus_triplet o_2)\n\
                at a pre spike:  dw = -o_1 (a_minus + a_minus_triplet r_2)\n\
                r_1, r_2: presynaptic traces that jump by 1 and decay with tau_plus, tau_plus_triplet\n\
                o_1, o_2: postsynaptic traces, with tau_minus, tau_minus_triplet\n\
                o_2 and r_2 count earlier spikes only (of two at one time in a train the second counts the first); with pairing = \"nearest\" traces are set to 1 instead; w_max is optional: without it w has no upper bound",
    reference: "Pfister & Gerstner 2006, doi:10.1523/JNEUROSCI.1425-06.2006; NEST stdp_triplet_synapse, \
                with a_plus = Aplus, a_plus_triplet = Aplus_triplet, ..",
    params: &[
        param("a_plus", Weight, 5e-10, NonNegative, "potentiation of a pair"),
        param("a_minus", Weight, 7e-3, NonNegative, "depression of a pair"),
        param("a_plus_triplet", Weight, 6.2e-3, NonNegative, "potentiation of a triplet post-pre-post"),
        param("a_minus_triplet", Weight, 2.3e-4, NonNegative, "depression of a triplet pre-post-pre"),
        param("tau_plus", Quantity("ms"), 16.8, Positive, "decay of the fast presynaptic trace"),
        param("tau_minus", Quantity("ms"), 33.7, Positive, "decay of the fast postsynaptic trace"),
        param("tau_plus_triplet", Quantity("ms"), 101.0, Positive, "decay of the slow presynaptic trace"),
        param("tau_minus_triplet", Quantity("ms"), 125.0, Positive, "decay of the slow postsynaptic trace"),
        param("pairing", Choice(&PAIRINGS), 0.0, Finite, "do all earlier spikes count, or the last of each side?"),
    ],
    variables: &[],
};

/// The words for `pairing`, in the order of their stored index.
pub const PAIRINGS: [&str; 2] = ["all_to_all", "nearest"];

/// Checked parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Triplet {
    /// Decay of the fast presynaptic trace \[ms\].
    pub tau_plus: f64,
    /// Decay of the fast postsynaptic trace \[ms\].
    pub tau_minus: f64,
    /// Decay of the slow presynaptic trace \[ms\].
    pub tau_plus_triplet: f64,
    tau_minus_triplet: f64,
    a_plus: f64,
    a_minus: f64,
    a_plus_triplet: f64,
    a_minus_triplet: f64,
    /// Which spikes make pairs.
    pub pairing: Pairing,
}

impl Triplet {
    /// From values in the order of the table.
    pub fn new(values: &[f64]) -> Triplet {
        Triplet {
            a_plus: values[0],
            a_minus: values[1],
            a_plus_triplet: values[2],
            a_minus_triplet: values[3],
            tau_plus: values[4],
            tau_minus: values[5],
            tau_plus_triplet: values[6],
            tau_minus_triplet: values[7],
            pairing: [Pairing::AllToAll, Pairing::NearestSymmetric][values[8] as usize],
        }
    }

    /// The slow postsynaptic trace just before a spike, from what the last one found `ms` ago.
    #[inline]
    pub fn slow_after(&self, slow: f64, ms: f64) -> f64 {
        let kept = if self.pairing == Pairing::AllToAll { slow } else { 0.0 };
        (kept + 1.0) * exp(-ms / self.tau_minus_triplet)
    }

    /// The change at a post spike, whatever the weight.
    #[inline]
    pub fn on_post(&self, seen: &AtPost) -> f64 {
        seen.x * (self.a_plus + self.a_plus_triplet * seen.second)
    }

    /// The change at a pre spike, whatever the weight.
    #[inline]
    pub fn on_pre(&self, seen: &AtPre) -> f64 {
        -seen.y * (self.a_minus + self.a_minus_triplet * seen.x_slow)
    }
}

/// Changes depend on no weight: each is the joined trace itself.
impl Pair for Triplet {
    const SECOND: bool = true;

    #[inline(always)]
    fn joined_post(&self, x: f64, second: f64) -> f64 {
        self.on_post(&AtPost { x, since_pre: None, y: 0.0, second })
    }

    #[inline(always)]
    fn joined_pre(&self, y: f64, x_slow: f64) -> f64 {
        self.on_pre(&AtPre { y, x_slow })
    }

    #[inline(always)]
    fn on_post(&self, _: f64, joined: f64) -> f64 {
        joined
    }

    #[inline(always)]
    fn on_pre(&self, _: f64, joined: f64) -> f64 {
        joined
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_an_earlier_spike_of_the_same_side_only_the_pair_counts() {
        let rule = Triplet::new(&[0.01, 0.02, 0.3, 0.4, 10.0, 20.0, 100.0, 200.0, 0.0]);
        let post = |second| rule.on_post(&AtPost { x: 0.5, since_pre: None, y: 1.0, second });
        assert_eq!(post(0.0), 0.005);
        assert!((post(0.1) - 0.5 * (0.01 + 0.03)).abs() < 1e-17);
        assert_eq!(rule.on_pre(&AtPre { y: 0.5, x_slow: 0.0 }), -0.01);
        assert!((rule.slow_after(0.5, 200.0) - 1.5 / std::f64::consts::E).abs() < 1e-15);
    }
}
