//! Plasticity rules: one file each. A rule only computes a proposed change, from what it sees at a spike; which spikes
//! make pairs, the order of events, bounds and storage are in [`crate::synapse`].
//!
//! A rule sees the weight as a magnitude: |w| / w_max if it [is relative](Rule::is_relative), else |w| in the weight's unit.

use crate::describe::Model;
use crate::time::Time;

pub mod inhibitory;
pub mod stdp;
pub mod stdp_power_law;
pub mod stdp_triplet;

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
            RuleModel::PowerLaw => Rule::PowerLaw(stdp_power_law::PowerLaw::new(&self.params)),
            RuleModel::Triplet => Rule::Triplet(stdp_triplet::Triplet::new(&self.params)),
            RuleModel::Inhibitory => Rule::Inhibitory(inhibitory::Inhibitory::new(&self.params)),
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

/// What a rule sees when a post spike reaches the synapse.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AtPost {
    /// Presynaptic trace, by the pairing; spikes of this very tick do not count.
    pub x: f64,
    /// Time since the last pre spike before; none before the first.
    pub since_pre: Option<Time>,
    /// Postsynaptic trace just after this spike.
    pub y: f64,
    /// The neuron's second trace (see [`Rule::second`]).
    pub second: f64,
}

/// What a rule sees when a pre spike reaches the synapse.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AtPre {
    /// Postsynaptic trace, by the pairing; spikes of this very tick do not count.
    pub y: f64,
    /// Slow presynaptic trace just before this spike (rules that have one).
    pub x_slow: f64,
}

/// A rule of pairs: its changes depend on the weight and one trace. Whole rows of synapses are brought up to date at once.
pub trait Pair {
    /// Does a pre spike change the weight without any post spike?
    const AT_EVERY_PRE: bool = false;
    /// The change of weight `w` at a post spike that finds the presynaptic trace at `x`.
    fn on_post(&self, w: f64, x: f64) -> f64;
    /// The change of weight `w` at a pre spike that finds the postsynaptic trace at `y`.
    fn on_pre(&self, w: f64, y: f64) -> f64;
}

/// A rule as a synapse asks it. Adding one takes its file, a variant here and in [`RuleModel`], and the arms that the
/// compiler then asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Rule {
    /// [`stdp`]
    Stdp(stdp::Stdp),
    /// [`stdp_power_law`]
    PowerLaw(stdp_power_law::PowerLaw),
    /// [`stdp_triplet`]
    Triplet(stdp_triplet::Triplet),
    /// [`inhibitory`]
    Inhibitory(inhibitory::Inhibitory),
}

impl Rule {
    /// Decay of the presynaptic trace \[ms\].
    #[inline]
    pub fn tau_plus(&self) -> f64 {
        match self {
            Rule::Stdp(rule) => rule.tau_plus,
            Rule::PowerLaw(rule) => rule.tau_plus,
            Rule::Triplet(rule) => rule.tau_plus,
            Rule::Inhibitory(rule) => rule.tau,
        }
    }

    /// Decay of the postsynaptic trace \[ms\].
    #[inline]
    pub fn tau_minus(&self) -> f64 {
        match self {
            Rule::Stdp(rule) => rule.tau_minus,
            Rule::PowerLaw(rule) => rule.tau_minus,
            Rule::Triplet(rule) => rule.tau_minus,
            Rule::Inhibitory(rule) => rule.tau,
        }
    }

    /// Decay of a second, slow presynaptic trace \[ms\], if the rule has one.
    #[inline]
    pub fn tau_plus_slow(&self) -> Option<f64> {
        match self {
            Rule::Triplet(rule) => Some(rule.tau_plus_triplet),
            Rule::Stdp(_) | Rule::PowerLaw(_) | Rule::Inhibitory(_) => None,
        }
    }

    /// The postsynaptic neuron's second trace as a spike finds it, from what there was after the spike before (trace, second
    /// trace, and how long ago \[ms\]) and the trace after this one; 0 for rules that have none.
    #[inline]
    pub fn second(&self, before: Option<(f64, f64, f64)>, _trace: f64) -> f64 {
        match self {
            Rule::Triplet(rule) => before.map_or(0.0, |(_, slow, ms)| rule.slow_after(slow, ms)),
            Rule::Stdp(_) | Rule::PowerLaw(_) | Rule::Inhibitory(_) => 0.0,
        }
    }

    /// Which spikes make pairs.
    #[inline]
    pub fn pairing(&self) -> Pairing {
        match self {
            Rule::Stdp(rule) => rule.pairing,
            Rule::Triplet(rule) => rule.pairing,
            Rule::PowerLaw(_) | Rule::Inhibitory(_) => Pairing::AllToAll,
        }
    }

    /// Does it see weights relative to w_max? If not, in the weight's unit.
    pub fn is_relative(&self) -> bool {
        match self {
            Rule::Stdp(_) => true,
            Rule::PowerLaw(_) | Rule::Triplet(_) | Rule::Inhibitory(_) => false,
        }
    }

    /// Does a post spike change synapses whose source has been silent?
    #[inline]
    pub fn heeds_silent_sources(&self) -> bool {
        match self {
            Rule::Stdp(_) | Rule::PowerLaw(_) | Rule::Triplet(_) | Rule::Inhibitory(_) => false,
        }
    }

    /// Does a pre spike change the weight even if the target has been silent?
    #[inline]
    pub fn acts_at_every_pre(&self) -> bool {
        match self {
            Rule::Inhibitory(_) => true,
            Rule::Stdp(_) | Rule::PowerLaw(_) | Rule::Triplet(_) => false,
        }
    }

    /// The change of weight `w` at a post spike.
    #[inline]
    pub fn on_post(&self, w: f64, seen: &AtPost) -> f64 {
        match self {
            Rule::Stdp(rule) => rule.on_post(w, seen.x),
            Rule::PowerLaw(rule) => rule.on_post(w, seen.x),
            Rule::Triplet(rule) => rule.on_post(seen),
            Rule::Inhibitory(rule) => rule.on_post(w, seen.x),
        }
    }

    /// The change of weight `w` at a pre spike.
    #[inline]
    pub fn on_pre(&self, w: f64, seen: &AtPre) -> f64 {
        match self {
            Rule::Stdp(rule) => rule.on_pre(w, seen.y),
            Rule::PowerLaw(rule) => rule.on_pre(w, seen.y),
            Rule::Triplet(rule) => rule.on_pre(seen),
            Rule::Inhibitory(rule) => rule.on_pre(w, seen.y),
        }
    }
}

/// The rules that ship.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleModel {
    /// [`stdp`]
    Stdp,
    /// [`stdp_power_law`]
    PowerLaw,
    /// [`stdp_triplet`]
    Triplet,
    /// [`inhibitory`]
    Inhibitory,
}

impl RuleModel {
    /// All rules.
    pub const ALL: [RuleModel; 4] = [RuleModel::Stdp, RuleModel::PowerLaw, RuleModel::Triplet, RuleModel::Inhibitory];

    /// Rules that later versions bring, for the error message.
    pub const PLANNED: [&str; 4] = ["stdp_dopamine", "clopath", "hebbian", "querlioz"];

    /// Its parameters, equations and source.
    pub fn describe(self) -> &'static Model {
        match self {
            RuleModel::Stdp => &stdp::MODEL,
            RuleModel::PowerLaw => &stdp_power_law::MODEL,
            RuleModel::Triplet => &stdp_triplet::MODEL,
            RuleModel::Inhibitory => &inhibitory::MODEL,
        }
    }

    /// Does it need a largest weight? Without one, weights are 0 or more and have no upper bound.
    pub fn needs_w_max(self) -> bool {
        match self {
            RuleModel::Stdp => true,
            RuleModel::PowerLaw | RuleModel::Triplet | RuleModel::Inhibitory => false,
        }
    }

    /// The rule of this name.
    pub fn named(name: &str) -> Option<RuleModel> {
        RuleModel::ALL.into_iter().find(|m| m.describe().name == name)
    }
}
