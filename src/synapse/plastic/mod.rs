//! Plastic weights of a store, brought up to date when a presynaptic spike uses them.
//!
//! The rule is evaluated at exact times. With a dendritic delay d a post spike reaches the synapse at t_post + d and
//! a pre spike at its emission; with an axonal one, at t_post and t_pre + d. Events at the same
//! tick make no pair (but where waveforms overlap: there each meets what was before, and both meet each other). Of two such events the post spike counts first with a dendritic delay (as in NEST), and the pre
//! spike with an axonal one, for its arrival may be what made the target fire. What a synapse has learnt up to a time is a
//! pure function of the spikes, so bringing it up to date early or late, once or in several steps, gives the same bits.
//!
//! Here is what is kept; [`learn`] asks the rule, [`reward`], [`scaling`] and [`voltage`] do what comes between spikes, [`look`] answers without writing, [`state`] goes into checkpoints.

use std::collections::VecDeque;

use crate::device::physical::surface::Surface;
use crate::device::{Constant, Traits};
use crate::math::real::Real;
use crate::plasticity::normalize::Normalize;
use crate::plasticity::short_term::ShortTerm;
use crate::plasticity::stdp_dopamine::Modulator;
use crate::plasticity::{Pairing, Rule};
use crate::time::Time;

use super::recent::{Decay, Recent};
use super::row::Scratch;
use super::visit::Drawn;
use super::{Cells, History, Memristor, Needs, Price, Visit};

mod learn;
mod look;
mod past;
mod reward;
mod scaling;
mod state;
mod voltage;

pub use look::Load;
pub use past::{Past, PreSpike, PreState, Transmitted};
pub use reward::Modulation;
pub use state::PlasticState;
pub use voltage::Voltage;

use state::Synapse;

/// What all synapses of a plastic projection share.
#[derive(Clone, Debug)]
pub struct PlasticSetup {
    /// The rule; none for a device whose weights are fixed.
    pub rule: Option<Rule>,
    /// The device that holds the weights.
    pub memristor: Option<Memristor>,
    /// Bound nearer 0, in the weight's unit.
    pub w_min: f64,
    /// Bound farther from 0, infinite where there is none; its sign is that of all weights.
    pub w_max: f64,
    /// The weight that the rule takes for 1: w_max, or one unit with the sign of w_max.
    pub scale: f64,
    /// Is the delay on the axon?
    pub axonal: bool,
    /// Spans outside which the rule is frozen.
    pub during: Option<Vec<(Time, Time)>>,
    /// Largest delay of the projection.
    pub max_delay: Time,
    /// How often a rule that learns from potentials sees them.
    pub step: Time,
    /// Do wires lie between a synapse and its target? What is read of it comes through them first, to be held on its side of 0 and scaled by
    /// short-term plasticity after that.
    pub wired: bool,
    /// Short-term plasticity.
    pub short_term: Option<ShortTerm>,
    /// Scaling of the weights onto each target.
    pub normalize: Option<Normalize>,
    /// Where the neuromodulator comes from, if the rule has one.
    pub modulator: Option<Modulator>,
}

impl PlasticSetup {
    /// The scale in which `rule` sees weights up to `w_max`.
    pub fn scale(rule: Option<&Rule>, w_max: f64) -> f64 {
        if rule.is_none_or(Rule::is_relative) && w_max.is_finite() { w_max } else { 1f64.copysign(w_max) }
    }

    /// The weight for a value in the rule's scale, held within the bounds.
    #[inline]
    fn bounded(&self, relative: f64) -> f64 {
        if relative >= self.w_max / self.scale {
            self.w_max
        } else if relative <= self.w_min / self.scale {
            self.w_min
        } else {
            relative * self.scale
        }
    }
}

/// The plastic weights of one store.
#[derive(Clone, Debug)]
pub struct Plastic<W> {
    /// What all share.
    pub setup: PlasticSetup,
    /// Weight of each synapse, or conductance \[S\] with a device.
    pub value: Vec<W>,
    /// Own trace of each synapse, or its eligibility; empty but with pre-centered pairing and rules that have one.
    pub x: Vec<f64>,
    /// What devices keep beside it; empty without devices.
    pub cells: Cells,
    /// When the eligibility was this; empty without.
    pub since: Vec<Time>,
    /// Spikes of the modulator that synapses may not have learnt from.
    pub modulation: Vec<Modulation>,
    /// Post spikes of each target (index within the population's share of the thread).
    pub post: Vec<History>,
    /// The last of them, at hand.
    pub recent: Vec<Recent>,
    /// Room for what is drawn for a synapse's devices.
    drawn: Option<Box<Drawn>>,
    /// Room for a stretch of a row.
    pub(super) scratch: Option<Box<Scratch>>,
    /// Decay of the presynaptic trace.
    pub decay_plus: Decay,
    /// Decay of the postsynaptic trace.
    pub decay_minus: Decay,
    /// Spikes of each source so far.
    pub pre: Vec<PreState>,
    /// Spikes that may still be on their way, in order of (time, row).
    pub pending: VecDeque<PreSpike>,
    /// All synapses have learnt from the post spikes that reached them up to here.
    pub settled: Time,
    /// Post spikes since then.
    pub unsettled: usize,
    /// Energy spent.
    pub price: Price,
}

impl<W: Real> Plastic<W> {
    /// Synapses with these weights, from `rows` sources onto `targets` targets; `keys` name their devices, and `step` is the
    /// grid's.
    pub fn new(
        setup: PlasticSetup,
        weights: Vec<W>,
        keys: Vec<u64>,
        (rows, targets): (usize, usize),
        step: Option<Time>,
    ) -> Plastic<W> {
        let mut cells = Cells::default();
        let value: Vec<W> = match &setup.memristor {
            Some(m) => {
                let surface = setup.rule.as_ref().and_then(Rule::surface);
                cells = Cells::new(keys, Needs::of(&m.device, surface.is_some_and(Surface::heeds_single_spikes)));
                let program = |(synapse, w): (usize, &W)| {
                    let mut kept = cells.get(synapse);
                    let g = m.program(w.wide(), &mut kept);
                    if let Some(surface) = surface {
                        kept.before = surface.untouched(g);
                    }
                    cells.put(synapse, &kept);
                    W::of(g)
                };
                weights.iter().enumerate().map(program).collect()
            }
            None => weights,
        };
        let rule = setup.rule.as_ref();
        let rewarded = matches!(rule, Some(Rule::Dopamine(_)));
        let own = rewarded || rule.is_some_and(|r| r.pairing() == Pairing::NearestPreCentered);
        let targets = if rule.is_some() { targets } else { 0 };
        let decay = |tau: Option<f64>| Decay::new(tau.unwrap_or(1.0), step);
        Plastic {
            x: vec![0.0; if own { value.len() } else { 0 }],
            since: vec![Time::ZERO; if rewarded { value.len() } else { 0 }],
            modulation: Vec::new(),
            cells,
            post: vec![History::default(); targets],
            recent: vec![Recent::default(); targets],
            drawn: None,
            scratch: None,
            decay_plus: decay(rule.map(Rule::tau_plus)),
            decay_minus: decay(rule.map(Rule::tau_minus)),
            pre: vec![Default::default(); rows],
            pending: Default::default(),
            settled: Time(i64::MIN / 4),
            unsettled: 0,
            price: Price::default(),
            value,
            setup,
        }
    }

    /// The constants of a synapse's devices, one device after the other: all of `constants` for each.
    pub fn constants(&self, synapse: usize, constants: &[Constant], out: &mut [Vec<f64>]) {
        let Some(memristor) = &self.setup.memristor else { return };
        let (device, key) = (&memristor.device, self.cells.key[synapse]);
        for place in 0..device.bank.count() {
            let own = Traits::of(device, memristor.spread, key, place as u64);
            out.iter_mut().zip(constants).for_each(|(column, constant)| column.push(constant.of(&own, device)));
        }
    }

    /// Memory that it takes before the first spike \[bytes\].
    pub fn bytes(&self) -> usize {
        size_of_val(&self.value[..])
            + size_of_val(&self.x[..])
            + size_of_val(&self.since[..])
            + self.cells.bytes()
            + size_of_val(&self.post[..])
            + size_of_val(&self.recent[..])
            + size_of_val(&self.pre[..])
    }

    /// Takes note of a spike of source `row`, emitted at `time`; spikes come in order of (time, row).
    pub fn emitted(&mut self, row: u32, time: Time) {
        let state = &mut self.pre[row as usize];
        let (past, ordinal) = (state.past, state.count);
        let mut gain = 1.0;
        if let Some(short_term) = &self.setup.short_term {
            state.resources = short_term.next(state.resources, past.last.map(|last| time - last));
            gain = state.resources.gain();
        }
        self.pending.push_back(PreSpike { row, time, past, ordinal, gain });
        (state.past, state.count) = (past.then(time, self.setup.rule.as_ref()), ordinal.wrapping_add(1));
    }

    /// Takes note of a spike of a target.
    #[inline]
    pub fn post_spike(&mut self, target: u32, time: Time) {
        if let Some(rule) = &self.setup.rule {
            let history = &mut self.post[target as usize];
            if let Rule::Clopath(rule) = rule {
                history.voltage.get_or_insert_default().spike(rule, time);
                return;
            }
            history.push(time, rule);
            self.recent[target as usize].push(history);
            self.unsettled += 1;
        }
    }

    /// Brings a synapse up to date with a spike that arrives over `delay`, and gives the weight that it transmits, or that enters the wires.
    #[inline]
    pub fn transmit(&mut self, synapse: usize, target: u32, delay: Time, pre: &PreSpike) -> f64 {
        let mut state = self.get(synapse);
        let mut visit = Visit { drawn: self.drawn.take(), ..Visit::default() };
        let weight = self.take_in(&mut state, target, delay, pre, &mut visit);
        if self.setup.memristor.is_some() {
            self.price.merge(&visit.price);
        }
        self.drawn = visit.drawn;
        self.put(synapse, &state);
        weight
    }

    /// Learns up to and including a pre spike; gives the weight that it transmits, or that enters the wires.
    #[inline]
    fn take_in(&self, state: &mut Synapse, target: u32, delay: Time, pre: &PreSpike, visit: &mut Visit) -> f64 {
        self.learn_before(state, target, delay, pre, visit);
        let weight = match &self.setup.memristor {
            Some(memristor) => {
                let weight = memristor.read(state.value, &state.device, pre.ordinal, self.at(pre.time, delay), visit);
                if self.setup.wired { weight } else { memristor.held(weight) }
            }
            None => state.value,
        };
        // In the width in which whole runs hand it over.
        let scaled = self.setup.short_term.is_some() && !self.setup.wired;
        if scaled { W::of(weight * pre.gain).wide() } else { weight }
    }

    /// Puts back the post spikes of all targets.
    pub fn set_posts(&mut self, post: Vec<History>) {
        self.recent = post.iter().map(Recent::of).collect();
        self.post = post;
    }

    /// Forgets spikes that have arrived everywhere by `now`.
    pub fn forget_arrived(&mut self, now: Time) {
        while self.pending.front().is_some_and(|p| p.time + self.setup.max_delay < now) {
            self.pending.pop_front();
        }
    }

    /// Lets all synapses of `rows` learn from the post spikes that have reached them, and drops those, so that silent sources
    /// do not make the history grow without end. `now`: everything before it has been delivered.
    pub fn settle(&mut self, now: Time, row_start: &[u64], targets: &[u16], delay_of: &dyn Fn(usize, usize) -> Time) {
        let until = Time(now.0 - self.setup.max_delay.0 - 1);
        if self.setup.rule.is_none() || until <= self.settled {
            return;
        }
        let pending = self.pending_by_row();
        let mut visit = Visit { price: self.price, drawn: self.drawn.take() };
        for row in 0..self.pre.len() {
            let (first, end) = (row_start[row] as usize, row_start[row + 1] as usize);
            for (synapse, &target) in targets.iter().enumerate().take(end).skip(first) {
                let delay = delay_of(row, synapse);
                let past = self.delivered(row, &pending, |p| p.time + delay < now);
                let mut state = self.get(synapse);
                self.learn_post(&mut state, u32::from(target), delay, &past, (until, until), &mut visit);
                self.put(synapse, &state);
            }
        }
        (self.price, self.drawn) = (visit.price, visit.drawn);
        self.settled = until;
        let oldest = Time(until.0 - self.setup.max_delay.0);
        self.post.iter_mut().for_each(|h| h.forget(oldest, until));
        self.forget_modulation(until);
        self.unsettled = 0;
    }

    /// When a pre spike emitted at `time` reaches the synapse.
    #[inline]
    fn at(&self, time: Time, delay: Time) -> Time {
        if self.setup.axonal { time + delay } else { time }
    }
}
