//! A run of plastic synapses at once: what [`Plastic::transmit`] does synapse by synapse, with everything that the run has in
//! common taken out of the loop. The same operations in the same order, so the same bits.
//!
//! Here is what the spikes ask of each synapse; what a change does to it is its [`Holder`]'s: `ideal_row` or `device_row`.

use std::ops::Range;

use crate::math::vector::Target;
use crate::memory::prefetch;
use crate::neuron::Real;
use crate::plasticity::{Pair, Pairing, Rule};
use crate::time::Time;

use super::History;
use super::device_row::{Devices, Work};
use super::ideal_row::Ideal;
use super::overlap_row::Overlaps;
use super::plastic::{Plastic, PlasticSetup, PreSpike};
use super::recent::{Decay, Recent};

/// How many synapses ahead a target's spikes are fetched.
pub(super) const AHEAD: usize = 12;

/// Fewer devices than this are brought up to date one by one.
const FEW: usize = 4;

/// Synapses that go through the passes together: their state stays in the nearest cache.
pub(super) const STRETCH: usize = 128;

/// What holds the values of a run: it applies the changes that spikes ask for.
pub(super) trait Holder {
    /// So many synapses go through the passes together.
    fn stretch(&self) -> usize {
        STRETCH
    }
    /// The stretch that begins with synapse `first` of the store is next; its values are as stored.
    fn begin(&mut self, first: usize, stretch: &Stretch);
    /// Spikes of one kind, at most one for each synapse: of the targets (`POST`), or those that are being transmitted.
    fn learn<R: Pair, const POST: bool>(&mut self, rule: &R, spikes: Spikes<'_>);
    /// The weights that the synapses of the stretch transmit, their values being `values`; there is `room` for them.
    fn send<'v>(&mut self, values: &'v [f64], room: &'v mut [f64; STRETCH]) -> &'v [f64];
    /// The stretch has been sent.
    fn end(&mut self, first: usize, stretch: &Stretch);
}

/// Spikes at some synapses of a stretch.
pub(super) struct Spikes<'a> {
    /// Which synapses.
    pub place: &'a [u8],
    /// The trace that the spike finds.
    pub trace: &'a [f64],
    /// The synapse's value, to be changed.
    pub value: &'a mut [f64],
}

/// All places of a stretch.
pub(super) static PLACES: [u8; STRETCH] = {
    let mut places = [0; STRETCH];
    let mut place = 0;
    while place < STRETCH {
        places[place] = place as u8;
        place += 1;
    }
    places
};

/// Room for a stretch, kept between runs.
#[derive(Clone, Debug)]
pub struct Scratch {
    pub(super) stretch: Stretch,
    pub(super) work: Work,
    pub(super) overlaps: Overlaps,
}

impl Scratch {
    pub(super) fn new() -> Box<Scratch> {
        Box::new(Scratch { stretch: Stretch::new(), work: Work::new(), overlaps: Overlaps::default() })
    }
}

impl<W: Real> Plastic<W> {
    /// Can a run of so many synapses be brought up to date with this spike at once?
    #[inline]
    pub fn has_rows(&self, pre: &PreSpike, length: usize) -> bool {
        let setup = &self.setup;
        let pairs = |rule: &Rule| {
            if let Rule::Overlap(surface) = rule {
                // A source's first spike finds target spikes that had no partner.
                return pre.past.last().is_some() || !surface.heeds_single_spikes();
            }
            let pair = matches!(rule, Rule::Stdp(_) | Rule::PowerLaw(_) | Rule::Triplet(_) | Rule::Inhibitory(_));
            pair && matches!(rule.pairing(), Pairing::AllToAll | Pairing::NearestSymmetric)
        };
        let held = match &setup.memristor {
            Some(m) => setup.rule.is_some() && m.device.is_stepped() && length >= FEW,
            None => true,
        };
        setup.rule.as_ref().is_none_or(pairs)
            && held
            && !setup.axonal
            && (self.learns_throughout(pre) || self.is_frozen(pre) && setup.memristor.is_none())
            && !self.was_scaled(pre)
    }

    /// When what a spike finds unlearnt begins: post spikes are learnt from that reach the synapse later, and up to the spike.
    #[inline]
    fn unlearnt_from(&self, pre: &PreSpike) -> Time {
        pre.past.last().map_or(pre.time, |last| last.max(self.settled))
    }

    /// Does the rule learn from everything that a spike finds unlearnt?
    #[inline]
    fn learns_throughout(&self, pre: &PreSpike) -> bool {
        let from = self.unlearnt_from(pre);
        self.setup.during.as_ref().is_none_or(|spans| spans.iter().any(|(a, b)| from >= *a && pre.time < *b))
    }

    /// Does it learn from none of that?
    #[inline]
    fn is_frozen(&self, pre: &PreSpike) -> bool {
        let from = self.unlearnt_from(pre);
        self.setup.during.as_ref().is_some_and(|spans| spans.iter().all(|(a, b)| pre.time < *a || from >= *b))
    }

    /// May weights have been scaled that the spike finds unscaled?
    #[inline]
    fn was_scaled(&self, pre: &PreSpike) -> bool {
        let Some(normalize) = &self.setup.normalize else { return false };
        let every = normalize.every.0;
        // The last before the spike; there is none at 0.
        let scaling = Time((pre.time.0 - 1).div_euclid(every) * every);
        scaling > Time::ZERO && scaling > self.settled && pre.past.last().is_none_or(|last| scaling >= last)
    }

    /// Brings the synapses of a run up to date with a spike that arrives over `delay`, and hands `(target, weight)` of each
    /// to `receive`. Only where [`Plastic::has_rows`].
    #[inline]
    pub fn transmit_run(
        &mut self,
        synapses: Range<usize>,
        targets: &[u16],
        delay: Time,
        pre: &PreSpike,
        mut receive: impl FnMut(u16, f64),
    ) {
        let Some(rule) = self.setup.rule.clone().filter(|_| !self.is_frozen(pre)) else {
            // Nothing is learnt; short-term plasticity there may be.
            for (value, &target) in self.value[synapses.clone()].iter().zip(&targets[synapses]) {
                receive(target, W::of(value.wide() * pre.gain).wide());
            }
            return;
        };
        let all_to_all = rule.pairing() == Pairing::AllToAll;
        let run = (synapses, targets, delay, all_to_all);
        // The loop is compiled for each of them, so that it does not ask which one it is.
        match rule {
            Rule::Stdp(rule) => match (rule.additive(), rule.multiplicative()) {
                (Some(rule), _) => self.learn_run(&rule, run, pre, receive),
                (_, Some(rule)) => self.learn_run(&rule, run, pre, receive),
                _ => self.learn_run(&rule, run, pre, receive),
            },
            Rule::PowerLaw(rule) => self.learn_run(&rule, run, pre, receive),
            Rule::Triplet(rule) => self.learn_run(&rule, run, pre, receive),
            Rule::Inhibitory(rule) => self.learn_run(&rule, run, pre, receive),
            Rule::Overlap(surface) => self.overlap_run(&surface, (run.0, targets, delay), pre, receive),
            _ => {}
        }
    }

    #[inline]
    fn learn_run<R: Pair>(
        &mut self,
        rule: &R,
        (synapses, targets, delay, all_to_all): (Range<usize>, &[u16], Time, bool),
        pre: &PreSpike,
        mut receive: impl FnMut(u16, f64),
    ) {
        let mut scratch = self.scratch.take().unwrap_or_else(Scratch::new);
        let Scratch { stretch, work, .. } = &mut *scratch;
        let Plastic { setup, value, post, recent, decay_plus, decay_minus, settled, cells, price, .. } = self;
        let (last, seen) = (pre.past.last(), pre.time - delay);
        let slow = setup.rule.as_ref().and_then(Rule::tau_plus_slow);
        let run = Run {
            recent,
            post,
            slow: slow.map_or(0.0, |tau| pre.past.slow_at(pre.time, tau)),
            decays: [decay_plus, decay_minus],
            seen,
            // Post spikes that reached the synapse after the last pre spike, by their time of emission.
            after: last.map_or(seen, |last| last.max(*settled) - delay),
            // Before the first pre spike nothing is after `after`, so that this is not used.
            since: last.unwrap_or(pre.time) - delay,
            trace: if all_to_all { pre.past.trace() } else { 1.0 },
            all_to_all,
        };
        let gain = setup.short_term.as_ref().map(|_| pre.gain);
        // Targets whose spikes are not all at hand, which are rare: later, one by one. Sums stay in order, for all synapses
        // onto one target are of one kind.
        let mut long = Vec::new();
        let target = Target::best();
        match &setup.memristor {
            None => {
                let PlasticSetup { w_min, w_max, scale, .. } = *setup;
                let mut holder = Ideal::<W>::new(w_min, w_max, scale, gain, target);
                run.walk(rule, &mut holder, value, (synapses, targets), stretch, &mut long, &mut receive);
            }
            Some(memristor) => {
                let mut holder = Devices::<W>::new(memristor, cells, setup.scale, (gain, pre.ordinal), target, work);
                run.walk(rule, &mut holder, value, (synapses, targets), stretch, &mut long, &mut receive);
                price.merge(&holder.price);
            }
        }
        self.scratch = Some(scratch);
        for (synapse, target) in long {
            let weight = self.transmit(synapse, u32::from(target), delay, pre);
            receive(target, weight);
        }
    }
}

/// What the synapses of a run have in common.
struct Run<'a> {
    recent: &'a [Recent],
    /// All spikes of each target that may be unlearnt.
    post: &'a [History],
    /// The slow presynaptic trace that the spike finds; 0 for rules that have none.
    slow: f64,
    /// Of the presynaptic trace and the postsynaptic one.
    decays: [&'a Decay; 2],
    /// Post spikes up to here have reached the synapses, by their time of emission.
    seen: Time,
    /// The synapses have learnt from those up to here.
    after: Time,
    /// The last pre spike, shifted likewise.
    since: Time,
    /// The presynaptic trace just after it.
    trace: f64,
    all_to_all: bool,
}

impl Run<'_> {
    /// In two passes over a stretch of synapses at a time: what each finds of its target's spikes, one by one; then the changes,
    /// first those at the oldest post spike of each synapse, then at the next, at last those at the pre spike, which are
    /// vector code.
    #[inline]
    #[allow(clippy::too_many_arguments)]
    fn walk<W: Real, R: Pair, H: Holder>(
        &self,
        rule: &R,
        holder: &mut H,
        values: &mut [W],
        (synapses, targets): (Range<usize>, &[u16]),
        stretch: &mut Stretch,
        long: &mut Vec<(usize, u16)>,
        receive: &mut impl FnMut(u16, f64),
    ) {
        let [decay_plus, decay_minus] = self.decays;
        let stride = holder.stretch();
        for first in synapses.clone().step_by(stride) {
            let own = first..synapses.end.min(first + stride);
            let values = &mut values[own.clone()];
            let targets = &targets[own];
            stretch.clear();
            for (offset, (value, &target)) in values.iter().zip(targets).enumerate() {
                if let Some(&later) = targets.get(offset + AHEAD) {
                    prefetch(self.recent, usize::from(later), 1);
                }
                let recent = &self.recent[usize::from(target)];
                let Some((posts, before)) = recent.found(self.after, self.seen) else {
                    long.push((first + offset, target));
                    continue;
                };
                let place = stretch.len;
                for (round, spike) in posts.rev().enumerate() {
                    let x = self.trace * decay_plus.over(recent.time[spike] - self.since);
                    let second = if R::SECOND { self.post[usize::from(target)].nth_last(spike).second } else { 0.0 };
                    stretch.rounds[round].push(place, rule.joined_post(x, second));
                }
                let post = recent.trace_after(before);
                let mut y = 0.0;
                if post > 0.0 {
                    y = decay_minus.over(self.seen - recent.time[before]);
                    y = rule.joined_pre(if self.all_to_all { post * y } else { y }, self.slow);
                }
                stretch.push(offset, value.wide(), y);
            }
            holder.begin(first, stretch);
            let Stretch { len, offset, value, y, rounds, weight } = &mut *stretch;
            for round in rounds.iter_mut().take_while(|round| round.len > 0) {
                round.gather(value);
                let Round { len, place, x, value: changed } = &mut *round;
                let spikes = Spikes { place: &place[..*len], trace: &x[..*len], value: &mut changed[..*len] };
                holder.learn::<R, true>(rule, spikes);
                round.scatter(value);
            }
            let spikes = Spikes { place: &PLACES[..*len], trace: &y[..*len], value: &mut value[..*len] };
            holder.learn::<R, false>(rule, spikes);
            let weights = holder.send(&value[..*len], weight);
            for ((&offset, &value), &weight) in offset.iter().zip(&value[..*len]).zip(weights) {
                let offset = usize::from(offset);
                values[offset] = W::of(value);
                receive(targets[offset], weight);
            }
            holder.end(first, stretch);
        }
    }
}

/// Synapses of a run between the passes.
#[derive(Clone, Debug)]
pub(super) struct Stretch {
    pub len: usize,
    /// Where each is in its stretch of the run.
    pub offset: [u8; STRETCH],
    /// Weight or conductance.
    pub value: [f64; STRETCH],
    /// The postsynaptic trace that the pre spike finds; 0 if it changes nothing.
    pub y: [f64; STRETCH],
    /// The changes at post spikes: each synapse's oldest in the first round, and so on.
    pub rounds: [Round; Recent::LEN],
    /// What is transmitted.
    pub weight: [f64; STRETCH],
}

/// At most one post spike of each synapse.
#[derive(Clone, Debug)]
pub(super) struct Round {
    pub len: usize,
    pub place: [u8; STRETCH],
    /// The presynaptic trace that the post spike finds.
    pub x: [f64; STRETCH],
    pub value: [f64; STRETCH],
}

impl Stretch {
    fn new() -> Stretch {
        let round = |_| Round { len: 0, place: [0; STRETCH], x: [0.0; STRETCH], value: [0.0; STRETCH] };
        Stretch {
            len: 0,
            offset: [0; STRETCH],
            value: [0.0; STRETCH],
            y: [0.0; STRETCH],
            rounds: std::array::from_fn(round),
            weight: [0.0; STRETCH],
        }
    }

    pub fn clear(&mut self) {
        self.len = 0;
        self.rounds.iter_mut().for_each(|round| round.len = 0);
    }

    #[inline(always)]
    pub fn push(&mut self, offset: usize, value: f64, y: f64) {
        let at = self.len;
        (self.offset[at], self.value[at], self.y[at]) = (offset as u8, value, y);
        self.len += 1;
    }
}

impl Round {
    #[inline(always)]
    pub fn push(&mut self, place: usize, x: f64) {
        (self.place[self.len], self.x[self.len]) = (place as u8, x);
        self.len += 1;
    }

    #[inline(always)]
    pub fn gather(&mut self, values: &[f64; STRETCH]) {
        for (value, &place) in self.value.iter_mut().zip(&self.place[..self.len]) {
            *value = values[usize::from(place) % STRETCH];
        }
    }

    #[inline(always)]
    pub fn scatter(&self, values: &mut [f64; STRETCH]) {
        for (&value, &place) in self.value.iter().zip(&self.place[..self.len]) {
            values[usize::from(place) % STRETCH] = value;
        }
    }
}
