//! Plastic synapses of one source at once: what [`Plastic::transmit`] does synapse by synapse, with everything that they have in
//! common taken out of the loop. The same operations in the same order, so the same bits.
//!
//! [`walk`] has the passes. What a synapse finds of its target is written down by [`pairs`], [`drives`] or `overlap_row`; what a change does to it is its
//! [`Holder`]'s: `ideal_row` or `device_row`.

use std::ops::Range;

use crate::math::real::Real;
use crate::math::vector::Target;
use crate::plasticity::clopath::Clopath;
use crate::plasticity::{Pair, Pairing, Rule};
use crate::time::Time;

use super::device_row::{Devices, Work};
use super::ideal_row::Ideal;
use super::overlap_row::Overlaps;
use super::plastic::{Plastic, PlasticSetup, PreSpike};
use super::{Cells, Price};

mod decayed;
mod drives;
mod pairs;
mod stretch;
mod walk;

use decayed::Decayed;
use drives::Drives;
pub(super) use drives::Given;
use pairs::Pairs;
pub(super) use pairs::Span;
pub(super) use stretch::{PLACES, ROUNDS, STRETCH, Stretch};
pub(super) use walk::{Find, Synapse, walk};

/// Fewer devices than this are brought up to date one by one.
const FEW: usize = 4;

/// The delays of synapses that follow each other.
pub trait Travel: Copy {
    /// Of the one in this place.
    fn of(self, place: usize) -> Time;
}

/// All have the same.
impl Travel for Time {
    #[inline(always)]
    fn of(self, _: usize) -> Time {
        self
    }
}

/// Each has its own.
impl Travel for &[Time] {
    #[inline(always)]
    fn of(self, place: usize) -> Time {
        self[place]
    }
}

/// What holds the values of a run: it applies the changes that spikes ask for.
pub(super) trait Holder {
    /// So many synapses go through the passes together.
    fn stretch(&self) -> usize {
        STRETCH
    }
    /// Does it ask when spikes are?
    fn is_timed(&self) -> bool {
        false
    }
    /// What it keeps of these synapses is looked at soon.
    fn fetch(&self, _: Range<usize>) {}
    /// The stretch that begins with synapse `first` of the store is next; its values are as stored.
    fn begin(&mut self, first: usize, stretch: &Stretch);
    /// Spikes of one kind, at most one for each synapse: of the targets (`POST`), or those that are being transmitted.
    fn learn<R: Pair, const POST: bool>(&mut self, rule: &R, spikes: Spikes<'_>);
    /// The weights that the synapses of the stretch transmit, their values being `values`; `at` says when the spike reaches each, there is
    /// `room` for them.
    fn send<'v>(&mut self, values: &'v [f64], at: &[Time], room: &'v mut [f64; STRETCH]) -> &'v [f64];
    /// The stretch has been sent.
    fn end(&mut self, first: usize, stretch: &Stretch);
}

/// Spikes at some synapses of a stretch.
pub(super) struct Spikes<'a> {
    /// Which synapses.
    pub place: &'a [u8],
    /// The trace that the spike finds.
    pub trace: &'a [f64],
    /// When it reaches the synapse, if the holder asks.
    pub at: &'a [Time],
    /// The synapse's value, to be changed.
    pub value: &'a mut [f64],
}

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
    /// Can so many synapses be brought up to date with this spike at once?
    #[inline]
    pub fn has_rows(&self, pre: &PreSpike, length: usize) -> bool {
        let setup = &self.setup;
        let pairs = |rule: &Rule| {
            if let Rule::Overlap(surface) = rule {
                // A source's first spike finds target spikes that had no partner.
                return pre.past.last().is_some() || !surface.heeds_single_spikes();
            }
            let has = matches!(
                rule,
                Rule::Stdp(_) | Rule::PowerLaw(_) | Rule::Triplet(_) | Rule::Inhibitory(_) | Rule::Clopath(_)
            );
            has && matches!(rule.pairing(), Pairing::AllToAll | Pairing::NearestSymmetric)
        };
        let held = match &setup.memristor {
            Some(m) => setup.rule.is_some() && !m.device.bank.resets() && length >= FEW,
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

    /// Brings synapses of one row up to date with a spike, and hands `(place, target, weight)` of each to `receive`. Only where
    /// [`Plastic::has_rows`].
    #[inline]
    pub fn transmit_row(
        &mut self,
        synapses: Range<usize>,
        targets: &[u16],
        travel: impl Travel,
        pre: &PreSpike,
        mut receive: impl FnMut(usize, u16, f64),
    ) {
        let Some(rule) = self.setup.rule.clone().filter(|_| !self.is_frozen(pre)) else {
            // Nothing is learnt; short-term plasticity there may be.
            let all = self.value[synapses.clone()].iter().zip(&targets[synapses]);
            for (place, (value, &target)) in all.enumerate() {
                receive(place, target, W::of(value.wide() * pre.gain).wide());
            }
            return;
        };
        let all_to_all = rule.pairing() == Pairing::AllToAll;
        let row = (synapses, targets, travel, all_to_all);
        // The loop is compiled for each of them, so that it does not ask which one it is.
        match rule {
            Rule::Stdp(rule) => match (rule.additive(), rule.multiplicative()) {
                (Some(rule), _) => self.learn_row(&rule, row, pre, receive),
                (_, Some(rule)) => self.learn_row(&rule, row, pre, receive),
                _ => self.learn_row(&rule, row, pre, receive),
            },
            Rule::PowerLaw(rule) => self.learn_row(&rule, row, pre, receive),
            Rule::Triplet(rule) => self.learn_row(&rule, row, pre, receive),
            Rule::Inhibitory(rule) => self.learn_row(&rule, row, pre, receive),
            Rule::Clopath(rule) => self.drive_row(&rule, (row.0, targets, travel), pre, receive),
            Rule::Overlap(surface) => self.overlap_row(&surface, (row.0, targets, travel), pre, receive),
            _ => {}
        }
    }

    #[inline]
    fn learn_row<R: Pair, T: Travel>(
        &mut self,
        rule: &R,
        (synapses, targets, travel, all_to_all): (Range<usize>, &[u16], T, bool),
        pre: &PreSpike,
        mut receive: impl FnMut(usize, u16, f64),
    ) {
        let mut scratch = self.scratch.take().unwrap_or_else(Scratch::new);
        let Scratch { stretch, work, .. } = &mut *scratch;
        let Plastic { setup, value, post, recent, decay_plus, decay_minus, settled, cells, price, .. } = self;
        let slow = setup.rule.as_ref().and_then(Rule::tau_plus_slow);
        let target = Target::best();
        let decayed = Decayed {
            rule,
            decays: [decay_plus, decay_minus],
            trace: if all_to_all { pre.past.trace() } else { 1.0 },
            slow: slow.map_or(0.0, |tau| pre.past.slow_at(pre.time, tau)),
            all_to_all,
        };
        let span = Span::of(pre, *settled);
        let find = Pairs { recent, post, decayed, span, target };
        let held = Held { setup, value, cells, price, stretch, work };
        let long = held.pass(&find, (synapses.clone(), targets, travel), pre, &mut receive);
        self.scratch = Some(scratch);
        self.transmit_long(&long, (synapses.start, targets, travel), pre, receive);
    }

    /// The same for a rule that learns from the targets' potentials.
    fn drive_row(
        &mut self,
        rule: &Clopath,
        (synapses, targets, travel): (Range<usize>, &[u16], impl Travel),
        pre: &PreSpike,
        mut receive: impl FnMut(usize, u16, f64),
    ) {
        let mut scratch = self.scratch.take().unwrap_or_else(Scratch::new);
        let Scratch { stretch, work, .. } = &mut *scratch;
        let Plastic { setup, value, post, decay_plus: decay, settled, cells, price, .. } = self;
        let decayed =
            Decayed { rule: &Given, decays: [decay, decay], trace: pre.past.trace(), slow: 0.0, all_to_all: true };
        let (span, target) = (Span::of(pre, *settled), Target::best());
        let find = Drives { rule, post, decayed, span, step: setup.step, target };
        let held = Held { setup, value, cells, price, stretch, work };
        let long = held.pass(&find, (synapses.clone(), targets, travel), pre, &mut receive);
        self.scratch = Some(scratch);
        self.transmit_long(&long, (synapses.start, targets, travel), pre, receive);
    }

    /// Brings those in these places up to date that the passes have no room for, and hands on what they transmit.
    pub(super) fn transmit_long(
        &mut self,
        places: &[usize],
        (first, targets, travel): (usize, &[u16], impl Travel),
        pre: &PreSpike,
        mut receive: impl FnMut(usize, u16, f64),
    ) {
        for &place in places {
            let target = targets[first + place];
            receive(place, target, self.transmit(first + place, u32::from(target), travel.of(place), pre));
        }
    }
}

/// What holds the weights of a row, and room for its passes.
struct Held<'a, W> {
    setup: &'a PlasticSetup,
    value: &'a mut [W],
    cells: &'a mut Cells,
    price: &'a mut Price,
    stretch: &'a mut Stretch,
    work: &'a mut Work,
}

impl<W: Real> Held<'_, W> {
    /// The passes over a row. Leaves those for later, one by one, that find too much, which are rare. Sums stay in order, for all synapses
    /// onto one target are of one kind.
    #[inline]
    fn pass(
        self,
        find: &impl Find,
        (synapses, targets, travel): (Range<usize>, &[u16], impl Travel),
        pre: &PreSpike,
        receive: &mut impl FnMut(usize, u16, f64),
    ) -> Vec<usize> {
        let Held { setup, value, cells, price, stretch, work } = self;
        let (gain, target) = (setup.short_term.as_ref().map(|_| pre.gain), Target::best());
        let (mut long, all) = (Vec::new(), (synapses, targets));
        match &setup.memristor {
            None => {
                let PlasticSetup { w_min, w_max, scale, .. } = *setup;
                let mut holder = Ideal::<W>::new(w_min, w_max, scale, gain, target);
                walk(find, &mut holder, value, all, travel, stretch, &mut long, receive);
            }
            Some(memristor) => {
                let mut holder = Devices::<W>::new(memristor, cells, setup.scale, (gain, pre.ordinal), target, work);
                walk(find, &mut holder, value, all, travel, stretch, &mut long, receive);
                price.merge(&holder.price);
            }
        }
        long
    }
}
