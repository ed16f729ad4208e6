//! A run of ideal plastic synapses at once: what [`Plastic::transmit`] does synapse by synapse, with everything that the run has
//! in common taken out of the loop. The same operations in the same order, so the same bits.

use std::ops::Range;

use crate::neuron::Real;
use crate::plasticity::{Pair, Pairing, Rule};
use crate::time::Time;

use super::plastic::{Plastic, PreSpike};
use super::recent::Recent;

impl<W: Real> Plastic<W> {
    /// Can whole runs be brought up to date at once?
    #[inline]
    pub fn has_plain_rows(&self) -> bool {
        let setup = &self.setup;
        let plain = |rule: &Rule| {
            let pair = matches!(rule, Rule::Stdp(_) | Rule::PowerLaw(_) | Rule::Inhibitory(_));
            pair && matches!(rule.pairing(), Pairing::AllToAll | Pairing::NearestSymmetric)
        };
        setup.rule.as_ref().is_none_or(plain)
            && setup.memristor.is_none()
            && !setup.axonal
            && setup.during.is_none()
            && setup.normalize.is_none()
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
        let Some(rule) = self.setup.rule.clone() else {
            // Short-term plasticity alone.
            for (value, &target) in self.value[synapses.clone()].iter().zip(&targets[synapses]) {
                receive(target, W::of(value.wide() * pre.gain));
            }
            return;
        };
        let all_to_all = rule.pairing() == Pairing::AllToAll;
        // The loop is compiled for each of them, so that it does not ask which one it is.
        match rule {
            Rule::Stdp(rule) => self.pair_run(&rule, all_to_all, synapses, targets, delay, pre, receive),
            Rule::PowerLaw(rule) => self.pair_run(&rule, all_to_all, synapses, targets, delay, pre, receive),
            Rule::Inhibitory(rule) => self.pair_run(&rule, all_to_all, synapses, targets, delay, pre, receive),
            _ => {}
        }
    }

    #[inline]
    #[allow(clippy::too_many_arguments)]
    fn pair_run<R: Pair>(
        &mut self,
        rule: &R,
        all_to_all: bool,
        synapses: Range<usize>,
        targets: &[u16],
        delay: Time,
        pre: &PreSpike,
        mut receive: impl FnMut(u16, W),
    ) {
        let last = pre.past.last();
        let (seen, w_max, scale) = (pre.time - delay, self.setup.w_max, self.setup.scale);
        let trace = if all_to_all { pre.past.trace() } else { 1.0 };
        // Post spikes that reached the synapse after the last pre spike, by their time of emission.
        let after = last.map_or(seen, |last| last.max(self.settled) - delay);
        let (low, high, bound) = (self.setup.w_min / scale, w_max / scale, (self.setup.w_min, w_max));
        let change = |value: f64, change: f64| {
            let relative = value / scale + change;
            let value = if relative >= high {
                bound.1
            } else if relative <= low {
                bound.0
            } else {
                relative * scale
            };
            W::of(value).wide()
        };
        // Targets whose spikes are not all at hand, which are rare: later, one by one. Sums stay in order, for all synapses
        // onto one target are of one kind.
        let mut long = Vec::new();
        let plain = self.setup.short_term.is_none();
        let values = &mut self.value[synapses.clone()];
        let (recents, decay_plus, decay_minus) = (&self.recent[..], &self.decay_plus, &self.decay_minus);
        for (offset, (value, &target)) in values.iter_mut().zip(&targets[synapses.clone()]).enumerate() {
            let recent = &recents[usize::from(target)];
            if !recent.reaches(after) || !recent.reaches(Time(seen.0 - 1)) {
                long.push((synapses.start + offset, target));
                continue;
            }
            let mut weight = value.wide();
            if let Some(last) = last {
                for k in (0..Recent::LEN).rev() {
                    let post = recent.time[k];
                    if post > after && post <= seen {
                        let x = trace * decay_plus.over(post + delay - last);
                        if x != 0.0 {
                            weight = change(weight, rule.on_post(weight / scale, x));
                        }
                    }
                }
            }
            // The last post spike strictly before.
            let newest = (0..Recent::LEN).find(|&k| recent.time[k] < seen);
            let y = match newest.filter(|&k| recent.trace[k] > 0.0) {
                None => 0.0,
                Some(k) => {
                    let y = decay_minus.over(seen - recent.time[k]);
                    if all_to_all { recent.trace[k] * y } else { y }
                }
            };
            if R::AT_EVERY_PRE || y != 0.0 {
                weight = change(weight, rule.on_pre(weight / scale, y));
            }
            *value = W::of(weight);
            receive(target, if plain { *value } else { W::of(value.wide() * pre.gain) });
        }
        for (synapse, target) in long {
            let weight = self.transmit(synapse, u32::from(target), delay, pre);
            receive(target, W::of(weight));
        }
    }
}
