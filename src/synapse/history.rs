//! The postsynaptic spikes that a projection's synapses have still to learn from.
//!
//! As in NEST, plasticity is lazy: a synapse is brought up to date when a presynaptic spike
//! uses it, from its target's recent spikes. What all synapses have learnt from is dropped (see `Plastic::settle`).

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::math::exp;
use crate::plasticity::Rule;
use crate::time::Time;

use super::Voltage;

/// A postsynaptic spike with the trace just after it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PostSpike {
    /// When it was emitted.
    pub time: Time,
    /// The sum over this and all earlier spikes of e^(-(t - t_spike)/tau_minus).
    pub trace: f64,
    /// The neuron's second trace, for rules that have one (see [`Rule::second`]).
    pub second: f64,
}

/// What happened to one target, in order of time; equal times stand for several spikes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct History {
    /// Its spikes.
    pub spikes: Vec<PostSpike>,
    /// When the weights onto it were scaled, and by how much; after the spikes of that tick.
    pub scalings: Vec<(Time, f64)>,
    /// Its potential, for rules that learn from it.
    pub voltage: Option<Box<Voltage>>,
}

impl History {
    /// Adds a spike, as `rule` wants it kept.
    pub fn push(&mut self, time: Time, rule: &Rule) {
        let last = self.spikes.last();
        let trace = match last {
            Some(last) => last.trace * exp((last.time - time).ms() * (1.0 / rule.tau_minus())) + 1.0,
            None => 1.0,
        };
        let before = last.map(|last| (last.trace, last.second, (time - last.time).ms()));
        self.spikes.push(PostSpike { time, trace, second: rule.second(before) });
    }

    /// The spikes with `after` < t <= `until`.
    #[inline]
    pub fn between(&self, after: Time, until: Time) -> &[PostSpike] {
        // Almost always the last few: search from the end.
        let mut to = self.spikes.len();
        while to > 0 && self.spikes[to - 1].time > until {
            to -= 1;
        }
        let mut from = to;
        while from > 0 && self.spikes[from - 1].time > after {
            from -= 1;
        }
        &self.spikes[from..to]
    }

    /// What [`Recent::found`] finds among the newest spikes, among all: places counted from the last spike back.
    ///
    /// [`Recent::found`]: super::Recent::found
    pub fn found(&self, after: Time, seen: Time) -> (Range<usize>, usize) {
        let from = |place: usize, until: &dyn Fn(Time) -> bool| {
            place + self.spikes.iter().rev().skip(place).take_while(|spike| !until(spike.time)).count()
        };
        let heard = from(0, &|time| time <= seen);
        (heard..from(heard, &|time| time <= after), from(heard, &|time| time < seen))
    }

    /// The last spike, or the one so many before it, where it is kept.
    #[inline]
    pub fn nth_last(&self, back: usize) -> PostSpike {
        self.spikes[self.spikes.len() - 1 - back]
    }

    /// The trace just after the last spike, or the one so many before it; 0 if there was none.
    #[inline]
    pub fn trace_after(&self, back: usize) -> f64 {
        self.spikes.iter().nth_back(back).map_or(0.0, |spike| spike.trace)
    }

    /// The last spike strictly before `time`.
    #[inline]
    pub fn last_before(&self, time: Time) -> Option<PostSpike> {
        self.spikes.iter().rev().find(|s| s.time < time).copied()
    }

    /// Drops the spikes up to `time`, all but the last of them, which carries the trace, and the scalings up to `settled`.
    pub fn forget(&mut self, time: Time, settled: Time) {
        self.scalings.retain(|s| s.0 > settled);
        if let Some(voltage) = &mut self.voltage {
            voltage.forget(time);
        }
        let old = self.spikes.partition_point(|s| s.time <= time);
        if old > 1 {
            self.spikes.drain(..old - 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spikes_are_found_by_half_open_spans_and_the_trace_survives_forgetting() {
        let params: Vec<f64> = crate::plasticity::stdp::MODEL.params.iter().map(|p| p.default).collect();
        let rule = Rule::Stdp(crate::plasticity::stdp::Stdp::new(&params));
        let mut history = History::default();
        [1.0, 3.0, 3.0, 7.0].iter().for_each(|&t| history.push(Time::from_ms(t), &rule));
        let ms = |t| Time::from_ms(t);
        assert_eq!(history.between(ms(1.0), ms(3.0)).len(), 2);
        assert_eq!(history.between(ms(3.0), ms(7.0)).len(), 1);
        assert_eq!(history.between(ms(7.0), ms(9.0)).len(), 0);
        assert_eq!(history.last_before(ms(3.0)).unwrap().time, ms(1.0));
        assert_eq!(history.last_before(ms(1.0)), None);
        let last = history.last_before(ms(99.0));
        history.forget(ms(8.0), ms(8.0));
        assert_eq!(history.spikes.len(), 1);
        assert_eq!(history.last_before(ms(99.0)), last);
    }
}
