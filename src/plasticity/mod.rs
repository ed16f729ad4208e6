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
