//! Pair-based spike-timing-dependent plasticity with power-law weight dependence
//! (Guetig, Aharonov, Rotter & Sompolinsky 2003; NEST stdp_synapse and stdp_nn_*_synapse).

use crate::describe::Bound::{Finite, NonNegative, Positive};
use crate::describe::Kind::{Choice, Number, Quantity};
use crate::describe::{Model, param};

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
