//! Eligibility and neuromodulator: the weight drifts between events, and is brought from event to event.
//!
//! Events are the pre and post spikes that change the eligibility, and the arrivals of the neuromodulator; bringing a synapse up to
//! date ends at one of them, never in between, so that it does not matter when that is done.

use serde::{Deserialize, Serialize};

use crate::math::exp;
use crate::math::real::Real;
use crate::plasticity::Rule;
use crate::plasticity::stdp_dopamine::Dopamine;
use crate::synapse::Visit;
use crate::time::Time;

use super::Plastic;
use super::state::Synapse;

/// A spike of the modulator.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Modulation {
    /// When it takes effect.
    time: Time,
    /// The level of the neuromodulator just after \[1/ms\].
    level: f64,
}

impl<W: Real> Plastic<W> {
    /// Takes note of a spike of the modulator, emitted at `time`; they come in order of time.
    pub fn modulated(&mut self, time: Time) {
        let (Some(Rule::Dopamine(rule)), Some(modulator)) = (&self.setup.rule, &self.setup.modulator) else { return };
        let time = time.saturating_add(modulator.delay);
        let before = self.modulation.last().map_or(0.0, |m| m.level * exp((m.time - time).ms() / rule.tau_n));
        self.modulation.push(Modulation { time, level: before + 1.0 / rule.tau_n });
        self.unsettled += 1;
    }

    /// Drops the spikes of the modulator up to `time`, all but the last of them, which carries the level.
    pub(super) fn forget_modulation(&mut self, time: Time) {
        let old = self.modulation.partition_point(|m| m.time <= time);
        if old > 1 {
            self.modulation.drain(..old - 1);
        }
    }

    /// The level of the neuromodulator at `time`.
    fn level_at(&self, time: Time, tau: f64) -> f64 {
        let known = self.modulation.partition_point(|m| m.time <= time);
        known.checked_sub(1).map_or(0.0, |k| {
            let last = &self.modulation[k];
            last.level * exp((last.time - time).ms() / tau)
        })
    }

    /// Brings a synapse to the last arrival of the neuromodulator up to `until`.
    pub(super) fn pass_modulation(&self, state: &mut Synapse, rule: &Dopamine, until: Time, visit: &mut Visit) {
        // Without eligibility the weight rests.
        if state.x == 0.0 {
            return;
        }
        let from = self.modulation.partition_point(|m| m.time <= state.since);
        for m in self.modulation[from..].iter().take_while(|m| m.time <= until) {
            self.drift(state, rule, m.time, visit);
        }
    }

    /// Brings a synapse to an event at `to`.
    pub(super) fn drift_to(&self, state: &mut Synapse, rule: &Dopamine, to: Time, visit: &mut Visit) {
        self.pass_modulation(state, rule, to, visit);
        self.drift(state, rule, to, visit);
    }

    /// Lets the weight drift up to `to`, if nothing happens until then.
    fn drift(&self, state: &mut Synapse, rule: &Dopamine, to: Time, visit: &mut Visit) {
        let (from, c) = (std::mem::replace(&mut state.since, to), state.x);
        if c == 0.0 || to <= from {
            return;
        }
        let eligibility = |at: Time| c * exp((from - at).ms() / rule.tau_c);
        let change = |a: Time, b: Time| rule.drift(eligibility(a), self.level_at(a, rule.tau_n), (b - a).ms());
        let mut pass = |a: Time, b: Time| {
            // A weight turns round where the level falls through b, and may leave a bound there. A device gets the change as a whole.
            let turn = || a.saturating_add(Time::from_ms(rule.turn(self.level_at(a, rule.tau_n))));
            let first = if self.setup.memristor.is_some() { b } else { turn().min(b) };
            self.change(state, change(a, first), first, visit);
            if first < b {
                self.change(state, change(first, b), b, visit);
            }
        };
        match &self.setup.during {
            None => pass(from, to),
            Some(spans) => {
                spans.iter().filter(|(a, b)| *a < to && *b > from).for_each(|&(a, b)| pass(a.max(from), b.min(to)));
            }
        }
        state.x = eligibility(to);
    }
}
