//! Inhibitory plasticity that balances excitation (Vogels, Sprekeler et al. 2011; NEST vogels_sprekeler_synapse).

use crate::describe::Bound::{NonNegative, Positive};
use crate::describe::Kind::{Number, Quantity, Weight};
use crate::describe::{Model, param};

use super::Pair;

/// The rule's table.
pub const MODEL: Model = Model {
    name: "inhibitory",
    summary: "Symmetric STDP of inhibitory synapses that holds the target's rate",
    equations: "at a post spike: d|w| = eta x\n\
                at a pre spike:  d|w| = eta y, no further than to w_max; then d|w| = -eta alpha\n\
                x, y: pre- and postsynaptic traces that jump by 1 and decay with tau\n\
                alpha = 2 rho_0 tau drives the target to the rate rho_0; the sign of w_max is that of the weights",
    reference: "Vogels, Sprekeler, Zenke, Clopath & Gerstner 2011, doi:10.1126/science.1211095; \
                NEST vogels_sprekeler_synapse",
    params: &[
        param("tau", Quantity("ms"), 20.0, Positive, "decay of both traces"),
        param("eta", Weight, 1e-3, NonNegative, "learning rate"),
        param("alpha", Number, 0.12, NonNegative, "depression at each pre spike, relative to eta: 2 rho_0 tau"),
    ],
    variables: &[],
};

/// Checked parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Inhibitory {
    /// Decay of both traces \[ms\].
    pub tau: f64,
    eta: f64,
    alpha: f64,
    /// |w_max|.
    most: f64,
}

impl Inhibitory {
    /// From values in the order of the table, for weights up to `w_max`.
    pub fn new(values: &[f64], w_max: f64) -> Inhibitory {
        Inhibitory { tau: values[0], eta: values[1], alpha: values[2], most: w_max.abs() }
    }
}

/// Of magnitudes in the weight's unit.
impl Pair for Inhibitory {
    const AT_EVERY_PRE: bool = true;

    #[inline]
    fn on_post(&self, _: f64, x: f64) -> f64 {
        self.eta * x
    }

    #[inline]
    fn on_pre(&self, w: f64, y: f64) -> f64 {
        // Two steps, as NEST has them; it shows at w_max alone.
        (self.eta * y).min(self.most - w) - self.eta * self.alpha
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pre_spike_alone_depresses_and_a_pair_in_either_order_potentiates() {
        let rule = Inhibitory::new(&[20.0, 0.01, 0.12], -5.0);
        assert!((rule.on_pre(1.0, 0.0) + 0.0012).abs() < 1e-18);
        assert!(rule.on_pre(1.0, 0.5) > 0.0 && rule.on_post(1.0, 0.5) > 0.0);
    }

    #[test]
    fn a_pre_spike_that_meets_w_max_depresses_from_there() {
        let rule = Inhibitory::new(&[20.0, 0.01, 0.12], -5.0);
        assert!((4.999 + rule.on_pre(4.999, 0.9) - (5.0 - 0.0012)).abs() < 1e-15);
    }
}
