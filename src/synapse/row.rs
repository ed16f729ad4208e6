//! A run of ideal plastic synapses at once: what [`Plastic::transmit`] does synapse by synapse, with everything that the run has
//! in common taken out of the loop. The same operations in the same order, so the same bits.

use std::marker::PhantomData;
use std::ops::Range;

use crate::math::vector::{Kernel, Target};
use crate::memory::prefetch;
use crate::neuron::Real;
use crate::plasticity::{Pair, Pairing, Rule};
use crate::time::Time;

use super::plastic::{Plastic, PlasticSetup, PreSpike};
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
        let run = (synapses, targets, delay, all_to_all);
        // The loop is compiled for each of them, so that it does not ask which one it is.
        match rule {
            Rule::Stdp(rule) => match (rule.additive(), rule.multiplicative()) {
                (Some(rule), _) => self.pair_run(&rule, run, pre, receive),
                (_, Some(rule)) => self.pair_run(&rule, run, pre, receive),
                _ => self.pair_run(&rule, run, pre, receive),
            },
            Rule::PowerLaw(rule) => self.pair_run(&rule, run, pre, receive),
            Rule::Inhibitory(rule) => self.pair_run(&rule, run, pre, receive),
            _ => {}
        }
    }

    /// In two passes over a stretch of synapses at a time: what each finds of its target's spikes, one by one; then the changes,
    /// first those at the oldest post spike of each synapse, then at the next, at last those at the pre spike, which are
    /// vector code.
    #[inline]
    fn pair_run<R: Pair>(
        &mut self,
        rule: &R,
        (synapses, targets, delay, all_to_all): (Range<usize>, &[u16], Time, bool),
        pre: &PreSpike,
        mut receive: impl FnMut(u16, W),
    ) {
        let target = Target::best();
        let PlasticSetup { w_min, w_max, scale, .. } = self.setup;
        let bounds = Bounds { scale, low: w_min / scale, high: w_max / scale, w_min, w_max };
        let (last, seen) = (pre.past.last(), pre.time - delay);
        let trace = if all_to_all { pre.past.trace() } else { 1.0 };
        // Post spikes that reached the synapse after the last pre spike, by their time of emission.
        let after = last.map_or(seen, |last| last.max(self.settled) - delay);
        // Before the first pre spike nothing is after `after`, so that this is not used.
        let since = last.unwrap_or(pre.time) - delay;
        // Targets whose spikes are not all at hand, which are rare: later, one by one. Sums stay in order, for all synapses
        // onto one target are of one kind.
        let mut long = Vec::new();
        let plain = self.setup.short_term.is_none();
        let mut stretch = self.scratch.take().unwrap_or_else(|| Box::new(Stretch::new()));
        for first in synapses.clone().step_by(STRETCH) {
            let own = first..synapses.end.min(first + STRETCH);
            let values = &mut self.value[own.clone()];
            let targets = &targets[own];
            stretch.clear();
            for (offset, (value, &target)) in values.iter().zip(targets).enumerate() {
                if let Some(&later) = targets.get(offset + AHEAD) {
                    prefetch(&self.recent, usize::from(later), 1);
                }
                let recent = &self.recent[usize::from(target)];
                let Some((posts, before)) = recent.found(after, seen) else {
                    long.push((first + offset, target));
                    continue;
                };
                let place = stretch.len;
                for (round, spike) in posts.rev().enumerate() {
                    let x = trace * self.decay_plus.over(recent.time[spike] - since);
                    stretch.rounds[round].push(place, x);
                }
                let post = recent.trace_after(before);
                let mut y = 0.0;
                if post > 0.0 {
                    y = self.decay_minus.over(seen - recent.time[before]);
                    y = if all_to_all { post * y } else { y };
                }
                stretch.push(offset, value.wide(), y);
            }
            for round in stretch.rounds.iter_mut().take_while(|round| round.len > 0) {
                round.gather(&stretch.weight);
                target.run(Learn::<R, W, true> {
                    rule,
                    bounds,
                    trace: &round.x[..round.len],
                    weight: &mut round.weight[..round.len],
                    width: PhantomData,
                });
                round.scatter(&mut stretch.weight);
            }
            target.run(Learn::<R, W, false> {
                rule,
                bounds,
                trace: &stretch.y[..stretch.len],
                weight: &mut stretch.weight[..stretch.len],
                width: PhantomData,
            });
            for (&offset, &weight) in stretch.offset[..stretch.len].iter().zip(&stretch.weight) {
                let offset = usize::from(offset);
                values[offset] = W::of(weight);
                receive(targets[offset], if plain { values[offset] } else { W::of(values[offset].wide() * pre.gain) });
            }
        }
        self.scratch = Some(stretch);
        for (synapse, target) in long {
            let weight = self.transmit(synapse, u32::from(target), delay, pre);
            receive(target, W::of(weight));
        }
    }
}

/// How many synapses ahead a target's spikes are fetched.
const AHEAD: usize = 12;

/// Synapses that go through the passes together: their state stays in the nearest cache.
const STRETCH: usize = 128;

/// Synapses of a run between the passes.
#[derive(Clone, Debug)]
pub struct Stretch {
    len: usize,
    /// Where each is in its stretch of the run.
    offset: [u8; STRETCH],
    weight: [f64; STRETCH],
    /// The postsynaptic trace that the pre spike finds; 0 if it changes nothing.
    y: [f64; STRETCH],
    /// The changes at post spikes: each synapse's oldest in the first round, and so on.
    rounds: [Round; Recent::LEN],
}

/// At most one post spike of each synapse.
#[derive(Clone, Debug)]
struct Round {
    len: usize,
    place: [u8; STRETCH],
    /// The presynaptic trace that the post spike finds.
    x: [f64; STRETCH],
    weight: [f64; STRETCH],
}

impl Stretch {
    fn new() -> Stretch {
        let round = |_| Round { len: 0, place: [0; STRETCH], x: [0.0; STRETCH], weight: [0.0; STRETCH] };
        Stretch {
            len: 0,
            offset: [0; STRETCH],
            weight: [0.0; STRETCH],
            y: [0.0; STRETCH],
            rounds: std::array::from_fn(round),
        }
    }

    fn clear(&mut self) {
        self.len = 0;
        self.rounds.iter_mut().for_each(|round| round.len = 0);
    }

    #[inline(always)]
    fn push(&mut self, offset: usize, weight: f64, y: f64) {
        let at = self.len;
        (self.offset[at], self.weight[at], self.y[at]) = (offset as u8, weight, y);
        self.len += 1;
    }
}

impl Round {
    #[inline(always)]
    fn push(&mut self, place: usize, x: f64) {
        (self.place[self.len], self.x[self.len]) = (place as u8, x);
        self.len += 1;
    }

    #[inline(always)]
    fn gather(&mut self, weights: &[f64; STRETCH]) {
        for (weight, &place) in self.weight.iter_mut().zip(&self.place[..self.len]) {
            *weight = weights[usize::from(place) % STRETCH];
        }
    }

    #[inline(always)]
    fn scatter(&self, weights: &mut [f64; STRETCH]) {
        for (&weight, &place) in self.weight.iter().zip(&self.place[..self.len]) {
            weights[usize::from(place) % STRETCH] = weight;
        }
    }
}

/// What holds a weight, in its unit and in the rule's scale.
#[derive(Clone, Copy)]
struct Bounds {
    scale: f64,
    low: f64,
    high: f64,
    w_min: f64,
    w_max: f64,
}

/// Changes of many weights, each at a spike that finds a trace; POST says of which side. As `PlasticSetup::bounded`.
struct Learn<'a, R, W, const POST: bool> {
    rule: &'a R,
    bounds: Bounds,
    trace: &'a [f64],
    weight: &'a mut [f64],
    width: PhantomData<W>,
}

impl<R: Pair, W: Real, const POST: bool> Kernel for Learn<'_, R, W, POST> {
    type Output = ();
    #[inline(always)]
    fn run(self) {
        let Bounds { scale, low, high, w_min, w_max } = self.bounds;
        for (weight, &trace) in self.weight.iter_mut().zip(self.trace) {
            let w = *weight / scale;
            let change = if POST { self.rule.on_post(w, trace) } else { self.rule.on_pre(w, trace) };
            let relative = w + change;
            let value = relative * scale;
            let value = if relative <= low { w_min } else { value };
            let value = if relative >= high { w_max } else { value };
            let learns = !POST && R::AT_EVERY_PRE || trace != 0.0;
            *weight = if learns { W::of(value).wide() } else { *weight };
        }
    }
}
