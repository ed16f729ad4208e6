//! Membrane potentials of the targets, for rules that learn from them.
//!
//! The engines show every target's potential at multiples of a step, after everything at that tick. From it follow the running
//! means, which count later, and what each step potentiates; both are kept until all synapses have learnt from them.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::math::real::Real;
use crate::plasticity::Rule;
use crate::plasticity::clopath::Clopath;
use crate::synapse::Visit;
use crate::time::Time;

use super::state::Synapse;
use super::{Past, Plastic};

/// What is kept of one target's potential.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Voltage {
    /// Number of the last sample, and the potential there \[mV\]; none before the first.
    last: Option<(i64, f64)>,
    /// Until when the potential counts as that of a spike.
    clamped_until: Time,
    /// Running means (plus, minus, slow) at the last samples \[mV\], oldest first.
    means: VecDeque<[f64; 3]>,
    /// (time, potentiation per unit of the presynaptic trace) of the steps that potentiate.
    drive: Vec<(Time, f64)>,
}

impl Voltage {
    /// So many running means are kept: a spike asks for those as of its emission, less the rule's delay, when it has arrived, or a window
    /// later.
    pub fn kept(rule: &Clopath, max_delay: Time, step: Time) -> usize {
        let reach = rule.delay.saturating_add(Time(2 * max_delay.0 + WINDOW.0));
        (reach.0 / step.0) as usize + 2
    }

    /// What so many take \[bytes\]: room grows by doubling.
    pub fn bytes(kept: usize) -> usize {
        kept.next_power_of_two() * size_of::<[f64; 3]>()
    }

    /// A spike at `time` begins to count.
    pub(super) fn spike(&mut self, rule: &Clopath, time: Time) {
        self.clamped_until = time.saturating_add(rule.t_clamp);
    }

    /// The running means that count at `time`: those of the last sample at or before, or of the oldest that is kept.
    fn means_at(&self, time: Time, step: Time) -> Option<[f64; 3]> {
        let (last, _) = self.last?;
        let ago = (last - time.0.div_euclid(step.0)).max(0) as usize;
        self.means.get(self.means.len().saturating_sub(1 + ago)).copied()
    }

    /// The steps with `after` < t <= `until` that potentiate, and by how much.
    #[inline]
    pub(in crate::synapse) fn drive_between(&self, after: Time, until: Time) -> &[(Time, f64)] {
        // Almost always the last few: search from the end.
        let mut to = self.drive.len();
        while to > 0 && self.drive[to - 1].0 > until {
            to -= 1;
        }
        let mut from = to;
        while from > 0 && self.drive[from - 1].0 > after {
            from -= 1;
        }
        &self.drive[from..to]
    }

    /// The change at a pre spike that sees the target as of `seen`: the slow mean counts at once. None before the first sample.
    #[inline]
    pub(in crate::synapse) fn change_at_pre(&self, rule: &Clopath, seen: Time, step: Time) -> Option<f64> {
        let [_, minus, _] = self.means_at(seen - rule.delay, step)?;
        let [_, _, slow] = self.means_at(seen, step)?;
        Some(rule.on_pre(minus, slow))
    }

    /// Takes note of the potential at sample number `number`, and of the running means where they are known otherwise.
    fn sample(
        &mut self,
        rule: &Clopath,
        step: Time,
        number: i64,
        v: f64,
        known: Option<[f64; 3]>,
        keep: usize,
    ) -> bool {
        let time = Time(number * step.0);
        let v = if time < self.clamped_until { rule.v_clamp } else { v };
        let means = match (known, self.last, self.means.back()) {
            (Some(known), ..) => known,
            (None, Some((_, before)), Some(&u)) => rule.means(u, before, v, step.ms()),
            _ => [v; 3],
        };
        let first = self.last.is_none();
        self.last = Some((number, v));
        self.means.push_back(means);
        if self.means.len() > keep {
            self.means.pop_front();
        }
        let drive = self.means_at(time - rule.delay, step).map_or(0.0, |u| rule.drive(v, u[0], step.ms()));
        let drives = drive > 0.0 && !first;
        if drives {
            self.drive.push((time, drive));
        }
        drives
    }

    /// Drops the steps up to `time`.
    pub(crate) fn forget(&mut self, time: Time) {
        let old = self.drive.partition_point(|d| d.0 <= time);
        self.drive.drain(..old);
    }
}

impl<W: Real> Plastic<W> {
    /// At multiples of this the rule wants to see the potentials of all targets; none for most rules.
    #[inline]
    pub fn samples_every(&self) -> Option<Time> {
        matches!(self.setup.rule, Some(Rule::Clopath(_))).then_some(self.setup.step)
    }

    /// Takes note of the potential of a target \[mV\] at `time`, a multiple of the step, after everything at that tick.
    pub fn sampled(&mut self, target: u32, time: Time, v: f64) {
        self.sampled_with(target, time, v, None);
    }

    /// As [`Plastic::sampled`], with running means (plus, minus, slow) \[mV\] that are known already.
    pub fn sampled_with(&mut self, target: u32, time: Time, v: f64, means: Option<[f64; 3]>) {
        let Some(Rule::Clopath(rule)) = &self.setup.rule else { return };
        let step = self.setup.step;
        let keep = Voltage::kept(rule, self.setup.max_delay, step);
        let voltage = self.post[target as usize].voltage.get_or_insert_default();
        let drives = voltage.sample(rule, step, time.0.div_euclid(step.0), v, means, keep);
        self.unsettled += usize::from(drives);
    }

    /// Learns from the potential, as it reaches the synapse after `past` and `known`, up to `until`.
    pub(super) fn learn_drive(
        &self,
        state: &mut Synapse,
        (target, delay): (u32, Time),
        past: &Past,
        (known, until): (Time, Time),
        visit: &mut Visit,
    ) {
        let (Some(last), Some(voltage)) = (past.last, &self.post[target as usize].voltage) else { return };
        let travel = if self.setup.axonal { Time::ZERO } else { delay };
        let last = self.at(last, delay);
        // What reaches the synapse at the tick of a pre spike comes before it with a dendritic delay, after it with an axonal one.
        let after = if self.setup.axonal { Time(last.0 - 1) } else { last };
        for &(time, drive) in voltage.drive_between(after.max(known) - travel, until - travel) {
            let at = time + travel;
            // Spikes of this very tick do not count.
            let x = if at == last {
                past.trace - f64::from(past.ties)
            } else {
                past.trace * self.decay_plus.over(at - last)
            };
            if x > 0.0 && self.learns_at(at) {
                self.change(state, drive * x, at, visit);
            }
        }
    }
}

/// Windows are no longer than this (and a step).
const WINDOW: Time = Time(20_000_000_000);
