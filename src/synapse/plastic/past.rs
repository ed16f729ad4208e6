//! A source's spikes, as its synapses see them.

use serde::{Deserialize, Serialize};

use crate::math::exp;
use crate::plasticity::short_term::Resources;
use crate::plasticity::{Pairing, Rule};
use crate::time::Time;

/// A presynaptic spike, with what its synapses need to know of those before it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PreSpike {
    /// The source's row in the store.
    pub row: u32,
    /// When it was emitted.
    pub time: Time,
    /// The source's spikes before it.
    pub past: Past,
    /// How many spikes of this source came before.
    pub ordinal: u32,
    /// The share of its weight that a synapse transmits: less than 1 with short-term plasticity only.
    pub gain: f64,
}

/// A weight on its way to the target.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Transmitted {
    /// When the spike was emitted.
    pub time: Time,
    /// The source's row.
    pub row: u32,
    /// The synapse.
    pub synapse: u64,
    /// The weight.
    pub weight: f64,
}

/// A source's spikes up to some moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Past {
    /// When the last was emitted; none before the first.
    pub(super) last: Option<Time>,
    /// The presynaptic trace just after the last (all-to-all pairing only).
    pub(super) trace: f64,
    /// The slow presynaptic trace just after the last (rules that have one).
    pub(super) slow: f64,
    /// The last spike before the tick of `last`.
    pub(super) earlier: Option<Time>,
    /// How many spikes there were at the tick of `last`.
    pub(super) ties: u32,
}

impl Past {
    /// When the last was emitted; none before the first.
    #[inline]
    pub fn last(&self) -> Option<Time> {
        self.last
    }

    /// The presynaptic trace just after the last.
    #[inline]
    pub fn trace(&self) -> f64 {
        self.trace
    }

    /// With one more spike.
    pub(super) fn then(&self, time: Time, rule: Option<&Rule>) -> Past {
        let all_to_all = rule.filter(|rule| rule.pairing() == Pairing::AllToAll);
        let trace = match (all_to_all, self.last) {
            (Some(rule), Some(last)) => self.trace * exp((last - time).ms() / rule.tau_plus()) + 1.0,
            _ => 1.0,
        };
        let slow = match all_to_all.and_then(Rule::tau_plus_slow) {
            Some(tau) => self.slow_at(time, tau) + 1.0,
            None => 1.0,
        };
        let (earlier, ties) = if self.last == Some(time) { (self.earlier, self.ties + 1) } else { (self.last, 1) };
        Past { last: Some(time), trace, slow, earlier, ties }
    }

    /// The slow trace at `time`, before a spike there.
    #[inline]
    pub(in crate::synapse) fn slow_at(&self, time: Time, tau: f64) -> f64 {
        self.last.map_or(0.0, |last| self.slow * exp((last - time).ms() / tau))
    }
}

/// One source's spikes so far.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct PreState {
    pub(super) past: Past,
    pub(super) count: u32,
    pub(super) resources: Resources,
}
