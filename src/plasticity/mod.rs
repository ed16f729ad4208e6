//! Plasticity rules: one file each. A rule only computes a proposed change, from what it sees at a spike; which spikes
//! make pairs, the order of events, bounds and storage are in [`crate::synapse`].
//!
//! A rule sees the weight as a magnitude: |w| / w_max if it [is relative](Rule::is_relative), else |w| in the weight's unit.

use crate::describe::Model;
use crate::device::physical::surface::Surface;
use crate::time::Time;

pub mod clopath;
pub mod hebbian;
pub mod inhibitory;
pub mod normalize;
pub mod querlioz;
pub mod short_term;
pub mod stdp;
pub mod stdp_dopamine;
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
    /// The rule, ready to compute changes of weights between these bounds.
    pub fn rule(&self, w_min: f64, w_max: f64) -> Rule {
        match self.rule {
            RuleModel::Stdp => Rule::Stdp(stdp::Stdp::new(&self.params)),
            RuleModel::PowerLaw => Rule::PowerLaw(stdp_power_law::PowerLaw::new(&self.params)),
            RuleModel::Triplet => Rule::Triplet(stdp_triplet::Triplet::new(&self.params)),
            RuleModel::Dopamine => Rule::Dopamine(stdp_dopamine::Dopamine::new(&self.params)),
            RuleModel::Inhibitory => Rule::Inhibitory(inhibitory::Inhibitory::new(&self.params, w_max)),
            RuleModel::Clopath => Rule::Clopath(clopath::Clopath::new(&self.params)),
            RuleModel::Hebbian => Rule::Hebbian(hebbian::Hebbian::new(&self.params)),
            RuleModel::Querlioz => Rule::Querlioz(querlioz::Querlioz::new(&self.params, w_min / w_max)),
        }
    }

    /// The population (its index) whose spikes release the neuromodulator, and how long that takes; none for most rules.
    pub fn modulator(&self) -> Option<(usize, Time)> {
        match self.rule(0.0, 1.0) {
            Rule::Dopamine(rule) => Some((self.params[stdp_dopamine::MODULATOR] as usize, rule.delay)),
            _ => None,
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
    /// Does what a post spike changes depend on the neuron's second trace?
    const SECOND: bool = false;
    /// The one trace on which the change at a post spike depends: the presynaptic one, joined with the neuron's second trace.
    #[inline(always)]
    fn joined_post(&self, x: f64, _second: f64) -> f64 {
        x
    }
    /// The one on which the change at a pre spike depends: the postsynaptic trace, joined with the slow presynaptic one.
    #[inline(always)]
    fn joined_pre(&self, y: f64, _x_slow: f64) -> f64 {
        y
    }
    /// The change of weight `w` at a post spike that finds the presynaptic trace at `x`.
    fn on_post(&self, w: f64, x: f64) -> f64;
    /// The change of weight `w` at a pre spike that finds the postsynaptic trace at `y`.
    fn on_pre(&self, w: f64, y: f64) -> f64;
}

/// A rule as a synapse asks it. Adding one takes its file, a variant here and in [`RuleModel`] and its `ALL`, and the arms that the
/// compiler then asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Rule {
    /// [`stdp`]
    Stdp(stdp::Stdp),
    /// [`stdp_power_law`]
    PowerLaw(stdp_power_law::PowerLaw),
    /// [`stdp_triplet`]
    Triplet(stdp_triplet::Triplet),
    /// [`stdp_dopamine`]
    Dopamine(stdp_dopamine::Dopamine),
    /// [`inhibitory`]
    Inhibitory(inhibitory::Inhibitory),
    /// [`clopath`]
    Clopath(clopath::Clopath),
    /// [`hebbian`]
    Hebbian(hebbian::Hebbian),
    /// [`querlioz`]
    Querlioz(querlioz::Querlioz),
    /// No rule, but physics: the waveforms of spikes overlap across the device ([`crate::device::physical::surface`]).
    Overlap(std::sync::Arc<Surface>),
}

/// Long against any waveform: a trace that only says that there was a spike \[ms\].
const LASTING: f64 = 1e9;

impl Rule {
    /// Decay of the presynaptic trace \[ms\].
    #[inline]
    pub fn tau_plus(&self) -> f64 {
        match self {
            Rule::Stdp(rule) => rule.tau_plus,
            Rule::PowerLaw(rule) => rule.tau_plus,
            Rule::Triplet(rule) => rule.tau_plus,
            Rule::Dopamine(rule) => rule.tau_plus,
            Rule::Inhibitory(rule) => rule.tau,
            Rule::Clopath(rule) => rule.tau_x,
            Rule::Hebbian(rule) => rule.tau,
            // It has no traces.
            Rule::Querlioz(_) => 1.0,
            Rule::Overlap(_) => LASTING,
        }
    }

    /// Decay of the postsynaptic trace \[ms\].
    #[inline]
    pub fn tau_minus(&self) -> f64 {
        match self {
            Rule::Stdp(rule) => rule.tau_minus,
            Rule::PowerLaw(rule) => rule.tau_minus,
            Rule::Triplet(rule) => rule.tau_minus,
            Rule::Dopamine(rule) => rule.tau_minus,
            Rule::Inhibitory(rule) => rule.tau,
            Rule::Hebbian(rule) => rule.tau,
            // They have none.
            Rule::Clopath(_) | Rule::Querlioz(_) => 1.0,
            Rule::Overlap(_) => LASTING,
        }
    }

    /// Decay of a second, slow presynaptic trace \[ms\], if the rule has one.
    #[inline]
    pub fn tau_plus_slow(&self) -> Option<f64> {
        match self {
            Rule::Triplet(rule) => Some(rule.tau_plus_triplet),
            _ => None,
        }
    }

    /// The postsynaptic neuron's second trace as a spike finds it: from the last spike, what it left as trace, what it found as
    /// second trace, and how long ago it was \[ms\]. 0 for rules that have none.
    #[inline]
    pub fn second(&self, before: Option<(f64, f64, f64)>) -> f64 {
        match self {
            Rule::Triplet(rule) => before.map_or(0.0, |(_, slow, ms)| rule.slow_after(slow, ms)),
            Rule::Hebbian(rule) => before.map_or(0.0, |(y, theta, ms)| rule.slid(theta, y, ms)),
            _ => 0.0,
        }
    }

    /// Which spikes make pairs.
    #[inline]
    pub fn pairing(&self) -> Pairing {
        match self {
            Rule::Stdp(rule) => rule.pairing,
            Rule::Triplet(rule) => rule.pairing,
            // A driver makes one waveform at a time.
            Rule::Querlioz(_) | Rule::Overlap(_) => Pairing::NearestSymmetric,
            Rule::PowerLaw(_) | Rule::Dopamine(_) | Rule::Inhibitory(_) | Rule::Clopath(_) | Rule::Hebbian(_) => {
                Pairing::AllToAll
            }
        }
    }

    /// Does it see weights relative to w_max? If not, in the weight's unit.
    pub fn is_relative(&self) -> bool {
        match self {
            Rule::Stdp(_) | Rule::Hebbian(_) | Rule::Querlioz(_) | Rule::Overlap(_) => true,
            Rule::PowerLaw(_) | Rule::Triplet(_) | Rule::Dopamine(_) | Rule::Inhibitory(_) | Rule::Clopath(_) => false,
        }
    }

    /// Does it propose one step of the device, if there is one, whatever the size of the change?
    pub fn in_pulses(&self) -> bool {
        matches!(self, Rule::Querlioz(_))
    }

    /// What overlapping spikes do, where that is the rule.
    pub fn surface(&self) -> Option<&Surface> {
        if let Rule::Overlap(surface) = self { Some(surface) } else { None }
    }

    /// Does a post spike change synapses whose source has been silent?
    #[inline]
    pub fn heeds_silent_sources(&self) -> bool {
        match self {
            Rule::Querlioz(_) => true,
            Rule::Hebbian(rule) => rule.variant == hebbian::Variant::Oja,
            Rule::Overlap(surface) => surface.heeds_single_spikes(),
            _ => false,
        }
    }

    /// Does a pre spike that finds the postsynaptic trace at `y` change the weight?
    #[inline]
    pub fn heeds_pre(&self, y: f64) -> bool {
        match self {
            Rule::Inhibitory(_) => true,
            Rule::Clopath(_) | Rule::Hebbian(_) | Rule::Querlioz(_) | Rule::Overlap(_) => false,
            _ => y != 0.0,
        }
    }

    /// The change at a post spike: of weight `w` or, if the rule has one, of the eligibility.
    #[inline]
    pub fn on_post(&self, w: f64, seen: &AtPost) -> f64 {
        match self {
            Rule::Dopamine(rule) => rule.a_plus * seen.x,
            // It learns from the potential.
            Rule::Clopath(_) => 0.0,
            Rule::Hebbian(rule) => rule.on_post(w, seen),
            Rule::Querlioz(rule) => rule.on_post(w, seen),
            Rule::Stdp(rule) => rule.on_post(w, seen.x),
            Rule::PowerLaw(rule) => rule.on_post(w, seen.x),
            Rule::Triplet(rule) => rule.on_post(seen),
            Rule::Inhibitory(rule) => rule.on_post(w, seen.x),
            Rule::Overlap(_) => 0.0,
        }
    }

    /// The change at a pre spike: of weight `w` or, if the rule has one, of the eligibility.
    #[inline]
    pub fn on_pre(&self, w: f64, seen: &AtPre) -> f64 {
        match self {
            Rule::Dopamine(rule) => -rule.a_minus * seen.y,
            Rule::Clopath(_) | Rule::Hebbian(_) | Rule::Querlioz(_) => 0.0,
            Rule::Stdp(rule) => rule.on_pre(w, seen.y),
            Rule::PowerLaw(rule) => rule.on_pre(w, seen.y),
            Rule::Triplet(rule) => rule.on_pre(seen),
            Rule::Inhibitory(rule) => rule.on_pre(w, seen.y),
            Rule::Overlap(_) => 0.0,
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
    /// [`stdp_dopamine`]
    Dopamine,
    /// [`inhibitory`]
    Inhibitory,
    /// [`clopath`]
    Clopath,
    /// [`hebbian`]
    Hebbian,
    /// [`querlioz`]
    Querlioz,
}

impl RuleModel {
    /// All rules.
    pub const ALL: [RuleModel; 8] = [
        RuleModel::Stdp,
        RuleModel::PowerLaw,
        RuleModel::Triplet,
        RuleModel::Dopamine,
        RuleModel::Inhibitory,
        RuleModel::Clopath,
        RuleModel::Hebbian,
        RuleModel::Querlioz,
    ];

    /// Its parameters, equations and source.
    pub fn describe(self) -> &'static Model {
        match self {
            RuleModel::Stdp => &stdp::MODEL,
            RuleModel::PowerLaw => &stdp_power_law::MODEL,
            RuleModel::Triplet => &stdp_triplet::MODEL,
            RuleModel::Dopamine => &stdp_dopamine::MODEL,
            RuleModel::Inhibitory => &inhibitory::MODEL,
            RuleModel::Clopath => &clopath::MODEL,
            RuleModel::Hebbian => &hebbian::MODEL,
            RuleModel::Querlioz => &querlioz::MODEL,
        }
    }

    /// Does it need a largest weight? Without one, weights are 0 or more and have no upper bound.
    pub fn needs_w_max(self) -> bool {
        match self {
            RuleModel::Stdp | RuleModel::Hebbian | RuleModel::Querlioz => true,
            RuleModel::PowerLaw
            | RuleModel::Triplet
            | RuleModel::Dopamine
            | RuleModel::Inhibitory
            | RuleModel::Clopath => false,
        }
    }

    /// The rule of this name.
    pub fn named(name: &str) -> Option<RuleModel> {
        RuleModel::ALL.into_iter().find(|m| m.describe().name == name)
    }
}
