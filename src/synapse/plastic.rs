//! Plastic weights of a store, brought up to date when a presynaptic spike uses them.
//!
//! The rule is evaluated at exact times. With a dendritic delay d a post spike reaches the synapse at t_post + d and
//! a pre spike at its emission; with an axonal one, at t_post and t_pre + d. Events at the same
//! tick make no pair. Of two such events the post spike counts first with a dendritic delay (as in NEST), and the pre
//! spike with an axonal one, for its arrival may be what made the target fire. What a synapse has learnt up to a time is a pure function of the spikes, so
//! bringing it up to date early or late, once or in several steps, gives the same bits.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::math::exp;
use crate::neuron::Real;
use crate::plasticity::{Pairing, Rule};
use crate::time::Time;

use super::memristor::Device;
use super::recent::{Decay, Recent};
use super::{History, Memristor, PostSpike, Price};

/// What all synapses of a plastic projection share.
#[derive(Clone, Debug)]
pub struct PlasticSetup {
    /// The rule; none for a device whose weights are fixed.
    pub rule: Option<Rule>,
    /// The device that holds the weights.
    pub memristor: Option<Memristor>,
    /// Bound nearer 0, in the weight's unit.
    pub w_min: f64,
    /// Bound farther from 0; its sign is that of all weights.
    pub w_max: f64,
    /// Is the delay on the axon?
    pub axonal: bool,
    /// Spans outside which the rule is frozen.
    pub during: Option<Vec<(Time, Time)>>,
    /// Largest delay of the projection.
    pub max_delay: Time,
}

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

/// A source's spikes up to some moment, as its synapses see them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Past {
    /// When the last was emitted; none before the first.
    last: Option<Time>,
    /// The presynaptic trace just after the last (all-to-all pairing only).
    trace: f64,
    /// The last spike before the tick of `last`.
    earlier: Option<Time>,
    /// How many spikes there were at the tick of `last`.
    ties: u32,
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
    fn then(&self, time: Time, rule: Option<&Rule>) -> Past {
        let trace = match (rule, self.last) {
            (Some(rule), Some(last)) if rule.pairing() == Pairing::AllToAll => {
                self.trace * exp((last - time).ms() / rule.tau_plus()) + 1.0
            }
            _ => 1.0,
        };
        let (earlier, ties) = if self.last == Some(time) { (self.earlier, self.ties + 1) } else { (self.last, 1) };
        Past { last: Some(time), trace, earlier, ties }
    }
}

/// One source's spikes so far.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct PreState {
    past: Past,
    count: u32,
}

/// One synapse's own state, copied out of the arrays.
#[derive(Clone, Copy)]
struct Synapse {
    /// Weight, or conductance.
    value: f64,
    /// Own presynaptic trace (pre-centered pairing only).
    x: f64,
    device: Device,
}

/// The plastic weights of one store.
#[derive(Clone, Debug)]
pub struct Plastic<W> {
    /// What all share.
    pub setup: PlasticSetup,
    /// Weight of each synapse, or conductance \[S\] with a device.
    pub value: Vec<W>,
    /// Own trace of each synapse; empty but with pre-centered pairing.
    pub x: Vec<f64>,
    /// Key of each device; empty without devices.
    pub device_key: Vec<u64>,
    /// Changes proposed to each device so far.
    pub device_updates: Vec<u32>,
    /// Remainder of each device; empty but with `pulses = "carry"`.
    pub device_carry: Vec<f32>,
    /// Post spikes of each target (index within the population's share of the thread).
    pub post: Vec<History>,
    /// The last of them, at hand.
    pub recent: Vec<Recent>,
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
    /// Takes note of a spike of source `row`, emitted at `time`; spikes come in order of (time, row).
    pub fn emitted(&mut self, row: u32, time: Time) {
        let state = &mut self.pre[row as usize];
        self.pending.push_back(PreSpike { row, time, past: state.past, ordinal: state.count });
        *state = PreState { past: state.past.then(time, self.setup.rule.as_ref()), count: state.count.wrapping_add(1) };
    }

    /// Takes note of a spike of a target.
    #[inline]
    pub fn post_spike(&mut self, target: u32, time: Time) {
        if let Some(rule) = &self.setup.rule {
            let history = &mut self.post[target as usize];
            history.push(time, 1.0 / rule.tau_minus());
            self.recent[target as usize].push(history);
            self.unsettled += 1;
        }
    }

    /// Brings a synapse up to date with a spike that arrives over `delay`, and gives the weight that it transmits.
    #[inline]
    pub fn transmit(&mut self, synapse: usize, target: u32, delay: Time, pre: &PreSpike) -> f64 {
        let mut state = self.get(synapse);
        let mut price = Price::default();
        let weight = self.take_in(&mut state, target, delay, pre, &mut price);
        if self.setup.memristor.is_some() {
            self.price.merge(&price);
        }
        self.put(synapse, &state);
        weight
    }

    /// Learns up to and including a pre spike; gives the weight that it transmits.
    #[inline]
    fn take_in(&self, state: &mut Synapse, target: u32, delay: Time, pre: &PreSpike, price: &mut Price) -> f64 {
        self.learn_before(state, target, delay, pre, price);
        match &self.setup.memristor {
            Some(memristor) => memristor.read(state.value, state.device.key, pre.ordinal, price),
            None => state.value,
        }
    }

    /// Learns up to and including a pre spike.
    #[inline]
    fn learn_before(&self, state: &mut Synapse, target: u32, delay: Time, pre: &PreSpike, price: &mut Price) {
        let at = self.at(pre.time, delay);
        // At the arrival over an axonal delay the target's spikes of this tick are still to come.
        let known = if self.setup.axonal { Time(at.0 - 1) } else { at };
        self.learn_post(state, target, delay, &pre.past, known, price);
        self.learn_pre(state, target, delay, pre, price);
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
        let mut price = self.price;
        for row in 0..self.pre.len() {
            let (first, end) = (row_start[row] as usize, row_start[row + 1] as usize);
            for (synapse, &target) in targets.iter().enumerate().take(end).skip(first) {
                let delay = delay_of(row, synapse);
                let past = self.delivered(row, &pending, |p| p.time + delay < now);
                let mut state = self.get(synapse);
                self.learn_post(&mut state, u32::from(target), delay, &past, until, &mut price);
                self.put(synapse, &state);
            }
        }
        self.price = price;
        self.settled = until;
        let oldest = Time(until.0 - self.setup.max_delay.0);
        self.post.iter_mut().for_each(|h| h.forget(oldest));
        self.unsettled = 0;
    }

    /// The weight of a synapse at `at`, when everything up to and including `at` has been delivered; changes nothing.
    pub fn weight_at(
        &self,
        synapse: usize,
        row: usize,
        target: u32,
        delay: Time,
        at: Time,
        pending: &[Vec<PreSpike>],
    ) -> f64 {
        let state = self.state_at(synapse, row, target, delay, at, pending, &mut Price::default());
        match &self.setup.memristor {
            Some(memristor) => memristor.weight(state.value),
            None => state.value,
        }
    }

    /// Energy spent up to and including `at`, with the pulses that are due but have not been applied, being lazy;
    /// without them it would depend on how often synapses were settled. Changes nothing.
    pub fn price_at(
        &self,
        at: Time,
        row_start: &[u64],
        targets: &[u16],
        delay_of: &dyn Fn(usize, usize) -> Time,
    ) -> Price {
        let mut price = self.price;
        if self.setup.memristor.is_some() && self.setup.rule.is_some() {
            let pending = self.pending_by_row();
            for row in 0..self.pre.len() {
                let (first, end) = (row_start[row] as usize, row_start[row + 1] as usize);
                for (synapse, &target) in targets.iter().enumerate().take(end).skip(first) {
                    self.state_at(synapse, row, u32::from(target), delay_of(row, synapse), at, &pending, &mut price);
                }
            }
        }
        price
    }

    /// A synapse as it is at `at`.
    #[allow(clippy::too_many_arguments)]
    fn state_at(
        &self,
        synapse: usize,
        row: usize,
        target: u32,
        delay: Time,
        at: Time,
        pending: &[Vec<PreSpike>],
        price: &mut Price,
    ) -> Synapse {
        let mut state = self.get(synapse);
        let mut past = self.delivered(row, pending, |p| p.time + delay <= at);
        for pre in pending[row].iter().filter(|p| p.time + delay > at && self.at(p.time, delay) <= at) {
            self.learn_before(&mut state, target, delay, pre, price);
            past = pre.past.then(pre.time, self.setup.rule.as_ref());
        }
        self.learn_post(&mut state, target, delay, &past, at, price);
        state
    }

    /// The weights that spikes still on their way after `end` will transmit, in order of emission; changes nothing.
    #[allow(clippy::too_many_arguments)]
    pub fn in_flight(
        &self,
        synapse: usize,
        row: usize,
        target: u32,
        delay: Time,
        end: Time,
        pending: &[Vec<PreSpike>],
        out: &mut Vec<Transmitted>,
    ) {
        let mut price = Price::default();
        let mut state = self.get(synapse);
        for pre in pending[row].iter().filter(|p| p.time + delay > end) {
            let weight = self.take_in(&mut state, target, delay, pre, &mut price);
            out.push(Transmitted { time: pre.time, row: row as u32, synapse: synapse as u64, weight });
        }
    }

    /// The spikes in `pending`, per row.
    pub fn pending_by_row(&self) -> Vec<Vec<PreSpike>> {
        let mut rows = vec![Vec::new(); self.pre.len()];
        self.pending.iter().for_each(|p| rows[p.row as usize].push(*p));
        rows
    }

    /// When a pre spike emitted at `time` reaches the synapse.
    #[inline]
    fn at(&self, time: Time, delay: Time) -> Time {
        if self.setup.axonal { time + delay } else { time }
    }

    /// The spikes of `row` that satisfy `is_delivered`.
    fn delivered(&self, row: usize, pending: &[Vec<PreSpike>], is_delivered: impl Fn(&PreSpike) -> bool) -> Past {
        pending[row].iter().find(|p| !is_delivered(p)).map_or(self.pre[row].past, |next| next.past)
    }

    /// Learns from the post spikes that reach the synapse after `past` (and have not been settled) and up to `until`.
    #[inline]
    fn learn_post(&self, state: &mut Synapse, target: u32, delay: Time, past: &Past, until: Time, price: &mut Price) {
        let (Some(rule), Some(last)) = (&self.setup.rule, past.last) else { return };
        let last = self.at(last, delay);
        let travel = if self.setup.axonal { Time::ZERO } else { delay };
        let history = &self.post[target as usize];
        let after = if self.setup.axonal { Time(last.0 - 1) } else { last };
        let mut posts = history.between(after.max(self.settled) - travel, until - travel);
        if posts.is_empty() {
            return;
        }
        if self.setup.axonal && posts[0].time == last {
            let (ties, later) = posts.split_at(posts.partition_point(|p| p.time == last));
            self.learn_ties(state, history, delay, past, ties, price);
            posts = later;
        }
        let first_only = rule.pairing() == Pairing::NearestRestricted;
        if first_only && self.settled > last && self.had_post(history, last - travel, self.settled - travel) {
            return;
        }
        for post in posts {
            let age = exp((last - (post.time + travel)).ms() / rule.tau_plus());
            let x = match rule.pairing() {
                Pairing::AllToAll => past.trace * age,
                Pairing::NearestSymmetric | Pairing::NearestRestricted => age,
                Pairing::NearestPreCentered => std::mem::take(&mut state.x) * age,
            };
            self.potentiate(state, rule, x, post.time + travel, price);
            if first_only {
                break;
            }
        }
    }

    /// Learns from post spikes at the very tick at which the last pre spikes arrived (axonal delay): they pair with
    /// earlier ones only.
    #[cold]
    fn learn_ties(
        &self,
        state: &mut Synapse,
        history: &History,
        delay: Time,
        past: &Past,
        ties: &[PostSpike],
        price: &mut Price,
    ) {
        let Some(rule) = &self.setup.rule else { return };
        let (at, earlier) = (ties[0].time, past.earlier.map(|t| t + delay));
        let age = earlier.map_or(0.0, |t| exp((t - at).ms() / rule.tau_plus()));
        let own = f64::from(past.ties);
        for (number, post) in ties.iter().enumerate() {
            let x = match rule.pairing() {
                Pairing::AllToAll => past.trace - own,
                Pairing::NearestSymmetric => age,
                Pairing::NearestPreCentered => std::mem::replace(&mut state.x, own) - own,
                Pairing::NearestRestricted => {
                    let first = number == 0 && earlier.is_some_and(|t| !self.had_post(history, t, Time(at.0 - 1)));
                    if first { age } else { 0.0 }
                }
            };
            self.potentiate(state, rule, x, post.time, price);
        }
    }

    #[inline]
    fn potentiate(&self, state: &mut Synapse, rule: &Rule, x: f64, at: Time, price: &mut Price) {
        if x != 0.0 && self.learns_at(at) {
            let change = rule.on_post(self.relative(state), x);
            self.change(state, change, price);
        }
    }

    /// Learns from a pre spike: after the post spikes before it.
    #[inline]
    fn learn_pre(&self, state: &mut Synapse, target: u32, delay: Time, pre: &PreSpike, price: &mut Price) {
        let Some(rule) = &self.setup.rule else { return };
        let at = self.at(pre.time, delay);
        let seen = if self.setup.axonal { at } else { at - delay };
        let history = &self.post[target as usize];
        if let Some(last) = history.last_before(seen) {
            let age = exp((last.time - seen).ms() / rule.tau_minus());
            let y = match rule.pairing() {
                Pairing::AllToAll => last.trace * age,
                Pairing::NearestSymmetric | Pairing::NearestPreCentered => age,
                Pairing::NearestRestricted => {
                    let since = pre.past.last.map(|p| self.at(p, delay) - (at - seen));
                    let known = if self.setup.axonal { Time(seen.0 - 1) } else { seen };
                    let paired = since.is_none_or(|since| self.had_post(history, since, known));
                    if paired { age } else { 0.0 }
                }
            };
            if y != 0.0 && self.learns_at(at) {
                let change = rule.on_pre(self.relative(state), y);
                self.change(state, change, price);
            }
        }
        if rule.pairing() == Pairing::NearestPreCentered {
            let decay = pre.past.last.map_or(0.0, |p| exp((p - pre.time).ms() / rule.tau_plus()));
            state.x = state.x * decay + 1.0;
        }
    }

    /// Was there a post spike with `after` < t <= `until`? Right also where older spikes were dropped, for the last one stays.
    fn had_post(&self, history: &History, after: Time, until: Time) -> bool {
        history.last_before(Time(until.0 + 1)).is_some_and(|s| s.time > after)
    }

    fn learns_at(&self, time: Time) -> bool {
        self.setup.during.as_ref().is_none_or(|spans| spans.iter().any(|(a, b)| time >= *a && time < *b))
    }

    /// The weight relative to w_max.
    #[inline]
    fn relative(&self, state: &Synapse) -> f64 {
        let weight = match &self.setup.memristor {
            Some(memristor) => memristor.weight(state.value),
            None => state.value,
        };
        weight / self.setup.w_max
    }

    /// Applies a relative change, held within the bounds. Rounds to the stored width at once, so that it makes no
    /// difference when a synapse is brought up to date.
    #[inline]
    fn change(&self, state: &mut Synapse, change: f64, price: &mut Price) {
        let PlasticSetup { w_min, w_max, .. } = self.setup;
        let value = match &self.setup.memristor {
            Some(memristor) => memristor.change(state.value, change * w_max, &mut state.device, price),
            None => {
                let relative = state.value / w_max + change;
                if relative >= 1.0 {
                    w_max
                } else if relative <= w_min / w_max {
                    w_min
                } else {
                    relative * w_max
                }
            }
        };
        state.value = W::of(value).wide();
    }

    #[inline]
    fn get(&self, synapse: usize) -> Synapse {
        let device = if self.device_key.is_empty() {
            Device::default()
        } else {
            Device {
                key: self.device_key[synapse],
                updates: self.device_updates[synapse],
                carry: self.device_carry.get(synapse).copied().unwrap_or(0.0),
            }
        };
        let x = self.x.get(synapse).copied().unwrap_or(0.0);
        Synapse { value: self.value[synapse].wide(), x, device }
    }

    #[inline]
    fn put(&mut self, synapse: usize, state: &Synapse) {
        self.value[synapse] = W::of(state.value);
        if let Some(x) = self.x.get_mut(synapse) {
            *x = state.x;
        }
        if let Some(updates) = self.device_updates.get_mut(synapse) {
            *updates = state.device.updates;
        }
        if let Some(carry) = self.device_carry.get_mut(synapse) {
            *carry = state.device.carry;
        }
    }
}

/// The state of a plastic projection, its synapses in an order that does not depend on threads.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct PlasticState {
    value: Vec<f64>,
    x: Vec<f64>,
    device_updates: Vec<u32>,
    device_carry: Vec<f32>,
    pre: Vec<PreState>,
    pending: VecDeque<PreSpike>,
    settled: Time,
    /// Energy spent, over all threads.
    pub price: Price,
}

impl PlasticState {
    /// Number of synapses.
    pub fn len(&self) -> usize {
        self.value.len()
    }

    /// Whether there is no synapse.
    pub fn is_empty(&self) -> bool {
        self.value.is_empty()
    }

    /// Appends one synapse.
    pub fn push<W: Real>(&mut self, plastic: &Plastic<W>, synapse: usize) {
        self.value.push(plastic.value[synapse].wide());
        self.x.extend(plastic.x.get(synapse));
        self.device_updates.extend(plastic.device_updates.get(synapse));
        self.device_carry.extend(plastic.device_carry.get(synapse));
    }

    /// Puts the synapse in `place` back.
    pub fn put<W: Real>(&self, place: usize, plastic: &mut Plastic<W>, synapse: usize) {
        plastic.value[synapse] = W::of(self.value[place]);
        if let (Some(to), Some(x)) = (plastic.x.get_mut(synapse), self.x.get(place)) {
            *to = *x;
        }
        if let (Some(to), Some(updates)) = (plastic.device_updates.get_mut(synapse), self.device_updates.get(place)) {
            *to = *updates;
        }
        if let (Some(to), Some(carry)) = (plastic.device_carry.get_mut(synapse), self.device_carry.get(place)) {
            *to = *carry;
        }
    }
}

impl<W: Real> Plastic<W> {
    /// What all threads have in common: the sources' spikes.
    pub fn shared_state(&self) -> PlasticState {
        PlasticState {
            pre: self.pre.clone(),
            pending: self.pending.clone(),
            settled: self.settled,
            ..PlasticState::default()
        }
    }

    /// Puts back what all threads have in common.
    pub fn set_shared_state(&mut self, state: &PlasticState) {
        self.pre.clone_from(&state.pre);
        self.pending.clone_from(&state.pending);
        self.settled = state.settled;
        self.price = state.price;
        self.unsettled = 0;
    }
}
