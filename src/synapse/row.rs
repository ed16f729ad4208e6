//! A run of ideal plastic synapses at once: what [`Plastic::transmit`] does synapse by synapse, with everything that the run has
//! in common taken out of the loop. The same operations in the same order, so the same bits.

use std::ops::Range;

use crate::neuron::Real;
use crate::plasticity::{Pairing, Rule};
use crate::time::Time;

use super::plastic::{Plastic, PreSpike};
use super::recent::Recent;

impl<W: Real> Plastic<W> {
    /// Can whole runs be brought up to date at once?
    #[inline]
    pub fn has_plain_rows(&self) -> bool {
        let setup = &self.setup;
        let pairing = setup.rule.as_ref().map(Rule::pairing);
        matches!(pairing, Some(Pairing::AllToAll | Pairing::NearestSymmetric))
            && setup.memristor.is_none()
            && !setup.axonal
            && setup.during.is_none()
    }

    /// Brings the synapses of a run up to date with a spike that arrives over `delay`, and hands `(target, weight)` of each
    /// to `receive`. Only where [`Plastic::has_plain_rows`].
    #[inline]
    pub fn transmit_run(
        &mut self,
        synapses: Range<usize>,
        targets: &[u16],
        delay: Time,
        pre: &PreSpike,
        mut receive: impl FnMut(u16, W),
    ) {
        let Some(rule) = self.setup.rule.clone() else { return };
        let all_to_all = rule.pairing() == Pairing::AllToAll;
        let last = pre.past.last();
        let (seen, w_max) = (pre.time - delay, self.setup.w_max);
        let trace = if all_to_all { pre.past.trace() } else { 1.0 };
        // Post spikes that reached the synapse after the last pre spike, by their time of emission.
        let after = last.map_or(seen, |last| last.max(self.settled) - delay);
        let (low, bound) = (self.setup.w_min / w_max, (self.setup.w_min, w_max));
        let change = |value: f64, change: f64| {
            let relative = value / w_max + change;
            let value = if relative >= 1.0 {
                bound.1
            } else if relative <= low {
                bound.0
            } else {
                relative * w_max
            };
            W::of(value).wide()
        };
        for (synapse, &target) in synapses.clone().zip(&targets[synapses]) {
            let recent = &self.recent[usize::from(target)];
            if !recent.reaches(after) || !recent.reaches(Time(seen.0 - 1)) {
                let weight = self.transmit(synapse, u32::from(target), delay, pre);
                receive(target, W::of(weight));
                continue;
            }
            let mut value = self.value[synapse].wide();
            if let Some(last) = last {
                for k in (0..Recent::LEN).rev() {
                    let post = recent.time[k];
                    if post > after && post <= seen {
                        let x = trace * self.decay_plus.over(post + delay - last);
                        if x != 0.0 {
                            value = change(value, rule.on_post(value / w_max, x));
                        }
                    }
                }
            }
            // The last post spike strictly before.
            let newest = (0..Recent::LEN).find(|&k| recent.time[k] < seen);
            if let Some(k) = newest.filter(|&k| recent.trace[k] > 0.0) {
                let y = self.decay_minus.over(seen - recent.time[k]);
                let y = if all_to_all { recent.trace[k] * y } else { y };
                if y != 0.0 {
                    value = change(value, rule.on_pre(value / w_max, y));
                }
            }
            self.value[synapse] = W::of(value);
            receive(target, W::of(value));
        }
    }
}
