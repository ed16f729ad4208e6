//! Plasticity rules: one file each. A rule only computes a proposed change; loops, bounds
//! and storage are in [`crate::network`] and [`crate::engine`].

use crate::describe::Model;

pub mod stdp;

/// A rule with its checked parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleSpec {
    /// Which rule.
    pub rule: RuleModel,
    /// One value per entry of `rule.describe().params`.
    pub params: Vec<f64>,
    /// `during`: index of the interval outside which the rule is frozen.
    pub during: Option<usize>,
}

impl RuleSpec {
    /// The rule, ready to compute changes.
    pub fn rule(&self) -> Rule {
        match self.rule {
            RuleModel::Stdp => Rule::Stdp(stdp::Stdp::new(&self.params)),
        }
    }
}

/// Which spikes make pairs (Morrison, Diesmann & Gerstner 2008, fig. 7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pairing {
    /// Every pair.
    AllToAll,
    /// Each spike with the nearest earlier one of the other side.
    NearestSymmetric,
    /// Each pre spike with the post spikes next to it on both sides; all pre spikes since the last post spike count.
    NearestPreCentered,
    /// Only immediate neighbours; each spike in at most one pair on each side.
    NearestRestricted,
}

/// A rule as a synapse asks it. Adding one takes its file, a variant here and in [`RuleModel`], and the arms that the
/// compiler then asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Rule {
    /// [`stdp`]
    Stdp(stdp::Stdp),
}

impl Rule {
    /// Decay of the presynaptic trace \[ms\].
    #[inline]
    pub fn tau_plus(&self) -> f64 {
        match self {
            Rule::Stdp(rule) => rule.tau_plus,
        }
    }

    /// Decay of the postsynaptic trace \[ms\].
    #[inline]
    pub fn tau_minus(&self) -> f64 {
        match self {
            Rule::Stdp(rule) => rule.tau_minus,
        }
    }

    /// Which spikes make pairs.
    #[inline]
    pub fn pairing(&self) -> Pairing {
        match self {
            Rule::Stdp(rule) => rule.pairing,
        }
    }

    /// The change, relative to w_max, of a relative weight `w` (0 to 1) at a post spike that finds the presynaptic
    /// trace at `x`.
    #[inline]
    pub fn on_post(&self, w: f64, x: f64) -> f64 {
        match self {
            Rule::Stdp(rule) => rule.on_post(w, x),
        }
    }

    /// The change, relative to w_max, of a relative weight `w` (0 to 1) at a pre spike that finds the postsynaptic
    /// trace at `y`.
    #[inline]
    pub fn on_pre(&self, w: f64, y: f64) -> f64 {
        match self {
            Rule::Stdp(rule) => rule.on_pre(w, y),
        }
    }
}

/// The rules that ship.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleModel {
    /// [`stdp`]
    Stdp,
}

impl RuleModel {
    /// All rules.
    pub const ALL: [RuleModel; 1] = [RuleModel::Stdp];

    /// Rules that later versions bring, for the error message.
    pub const PLANNED: [&str; 7] =
        ["stdp_power_law", "stdp_triplet", "stdp_dopamine", "inhibitory", "clopath", "hebbian", "querlioz"];

    /// Its parameters, equations and source.
    pub fn describe(self) -> &'static Model {
        match self {
            RuleModel::Stdp => &stdp::MODEL,
        }
    }

    /// The rule of this name.
    pub fn named(name: &str) -> Option<RuleModel> {
        RuleModel::ALL.into_iter().find(|m| m.describe().name == name)
    }
}
