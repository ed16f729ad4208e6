//! How a synapse learns from spikes: which pairs the pairing makes, what the rule says of them, what the bounds leave of it.

use crate::device::physical::surface::Surface;
use crate::device::physical::waveform::Side;
use crate::math::real::Real;
use crate::plasticity::{AtPost, AtPre, Pairing, Rule};
use crate::synapse::{History, PostSpike, Visit};
use crate::time::{Time, is_within};

use super::state::Synapse;
use super::{Past, Plastic, PreSpike};

impl<W: Real> Plastic<W> {
    /// Learns up to and including a pre spike.
    #[inline]
    pub(super) fn learn_before(
        &self,
        state: &mut Synapse,
        target: u32,
        delay: Time,
        pre: &PreSpike,
        visit: &mut Visit,
    ) {
        let at = self.at(pre.time, delay);
        // At the arrival over an axonal delay the target's spikes of this tick are still to come.
        let known = if self.setup.axonal { Time(at.0 - 1) } else { at };
        self.learn_post(state, target, delay, &pre.past, (known, Time(at.0 - 1)), visit);
        self.learn_pre(state, target, delay, pre, visit);
    }

    /// Learns from what reaches the synapse after `past` (and has not been settled): post spikes up to `until`, scalings up to
    /// `scaled`.
    #[inline]
    pub(super) fn learn_post(
        &self,
        state: &mut Synapse,
        target: u32,
        delay: Time,
        past: &Past,
        (until, scaled): (Time, Time),
        visit: &mut Visit,
    ) {
        let Some(rule) = &self.setup.rule else { return };
        let mut after = self.settled;
        let scalings = &self.post[target as usize].scalings;
        if !scalings.is_empty() {
            let last = past.last.map_or(after, |last| self.at(last, delay));
            let first = scalings.partition_point(|s| s.0 <= self.settled || s.0 < last);
            for &scaling in scalings[first..].iter().take_while(|s| s.0 <= scaled) {
                self.learn_span(state, rule, target, delay, past, (after, until.min(scaling.0)), visit);
                self.scale(state, scaling, visit);
                after = scaling.0;
            }
        }
        self.learn_span(state, rule, target, delay, past, (after, until), visit);
    }

    /// Learns from the post spikes that reach the synapse after `past`, later than `after` and up to `until`.
    #[inline]
    #[allow(clippy::too_many_arguments)]
    fn learn_span(
        &self,
        state: &mut Synapse,
        rule: &Rule,
        target: u32,
        delay: Time,
        past: &Past,
        (after, until): (Time, Time),
        visit: &mut Visit,
    ) {
        if let Rule::Clopath(_) = rule {
            return self.learn_drive(state, (target, delay), past, (after, until), visit);
        }
        self.learn_pairs(state, rule, target, delay, past, (after, until), visit);
        if let Rule::Dopamine(rule) = rule {
            self.pass_modulation(state, rule, until, visit);
        }
    }

    #[inline]
    #[allow(clippy::too_many_arguments)]
    fn learn_pairs(
        &self,
        state: &mut Synapse,
        rule: &Rule,
        target: u32,
        delay: Time,
        past: &Past,
        (known, until): (Time, Time),
        visit: &mut Visit,
    ) {
        let travel = if self.setup.axonal { Time::ZERO } else { delay };
        let history = &self.post[target as usize];
        let Some(last) = past.last else {
            if rule.heeds_silent_sources() {
                for post in history.between(known - travel, until - travel) {
                    self.at_post(state, rule, post, 0.0, None, travel, visit);
                }
            }
            return;
        };
        let last = self.at(last, delay);
        let after = if self.setup.axonal { Time(last.0 - 1) } else { last };
        let mut posts = history.between(after.max(known) - travel, until - travel);
        if posts.is_empty() {
            return;
        }
        if self.setup.axonal && posts[0].time == last {
            let (ties, later) = posts.split_at(posts.partition_point(|p| p.time == last));
            self.learn_ties(state, history, delay, past, ties, visit);
            posts = later;
        }
        let first_only = rule.pairing() == Pairing::NearestRestricted;
        if first_only && known > last && self.had_post(history, last - travel, known - travel) {
            return;
        }
        for post in posts {
            let age = self.decay_plus.over(post.time + travel - last);
            let x = match rule.pairing() {
                Pairing::AllToAll => past.trace * age,
                Pairing::NearestSymmetric | Pairing::NearestRestricted => age,
                Pairing::NearestPreCentered => std::mem::take(&mut state.x) * age,
            };
            self.at_post(state, rule, post, x, Some(last), travel, visit);
            if first_only {
                break;
            }
        }
    }

    /// Learns from post spikes at the very tick at which the last pre spikes arrived (axonal delay): they pair with
    /// earlier ones only, but for waveforms, which overlap with one another too.
    #[cold]
    fn learn_ties(
        &self,
        state: &mut Synapse,
        history: &History,
        delay: Time,
        past: &Past,
        ties: &[PostSpike],
        visit: &mut Visit,
    ) {
        let Some(rule) = &self.setup.rule else { return };
        let (at, earlier) = (ties[0].time, past.earlier.map(|t| t + delay));
        let age = earlier.map_or(0.0, |t| self.decay_plus.over(at - t));
        let own = f64::from(past.ties);
        for (number, post) in ties.iter().enumerate() {
            if let Rule::Overlap(surface) = rule {
                if self.learns_at(at) {
                    self.overlap(state, surface, Side::Post, (earlier.map(|t| at - t), true), visit);
                }
                continue;
            }
            let x = match rule.pairing() {
                Pairing::AllToAll => past.trace - own,
                Pairing::NearestSymmetric => age,
                Pairing::NearestPreCentered => std::mem::replace(&mut state.x, own) - own,
                Pairing::NearestRestricted => {
                    let first = number == 0 && earlier.is_some_and(|t| !self.had_post(history, t, Time(at.0 - 1)));
                    if first { age } else { 0.0 }
                }
            };
            self.at_post(state, rule, post, x, earlier, Time::ZERO, visit);
        }
    }

    /// A post spike reaches the synapse and finds the presynaptic trace at `x`; `pre`: the last pre spike before.
    #[inline]
    #[allow(clippy::too_many_arguments)]
    fn at_post(
        &self,
        state: &mut Synapse,
        rule: &Rule,
        post: &PostSpike,
        x: f64,
        pre: Option<Time>,
        travel: Time,
        visit: &mut Visit,
    ) {
        let at = post.time + travel;
        if (x != 0.0 || rule.heeds_silent_sources()) && self.learns_at(at) {
            if let Rule::Overlap(surface) = rule {
                return self.overlap(state, surface, Side::Post, (pre.map(|pre| at - pre), false), visit);
            }
            let seen = AtPost { x, since_pre: pre.map(|pre| at - pre), y: post.trace, second: post.second };
            if let Rule::Dopamine(dopamine) = rule {
                self.drift_to(state, dopamine, at, visit);
                state.x += rule.on_post(0.0, &seen);
                return;
            }
            let change = rule.on_post(self.relative(state, at, visit), &seen);
            self.change(state, change, at, visit);
        }
    }

    /// Learns from a pre spike: after the post spikes before it.
    #[inline]
    fn learn_pre(&self, state: &mut Synapse, target: u32, delay: Time, pre: &PreSpike, visit: &mut Visit) {
        let Some(rule) = &self.setup.rule else { return };
        let at = self.at(pre.time, delay);
        let seen = if self.setup.axonal { at } else { at - delay };
        if let Rule::Clopath(rule) = rule {
            let voltage = self.post[target as usize].voltage.as_ref().filter(|_| self.learns_at(at));
            let change = voltage.and_then(|voltage| voltage.change_at_pre(rule, seen, self.setup.step));
            return self.change(state, change.unwrap_or(0.0), at, visit);
        }
        let history = &self.post[target as usize];
        let y = match history.last_before(seen) {
            None => 0.0,
            Some(last) => {
                let age = self.decay_minus.over(seen - last.time);
                match rule.pairing() {
                    Pairing::AllToAll => last.trace * age,
                    Pairing::NearestSymmetric | Pairing::NearestPreCentered => age,
                    Pairing::NearestRestricted => {
                        // A post spike at the tick of the last pre spike comes after it over an axonal delay.
                        let tie = Time(i64::from(self.setup.axonal));
                        let since = pre.past.last.map(|p| self.at(p, delay) - (at - seen) - tie);
                        let known = if self.setup.axonal { Time(seen.0 - 1) } else { seen };
                        let paired = since.is_none_or(|since| self.had_post(history, since, known));
                        if paired { age } else { 0.0 }
                    }
                }
            }
        };
        if let Rule::Dopamine(dopamine) = rule {
            self.drift_to(state, dopamine, at, visit);
            if self.learns_at(at) {
                state.x += rule.on_pre(0.0, &AtPre { y, x_slow: 0.0 });
            }
            return;
        }
        if let Rule::Overlap(surface) = rule {
            let since = history.last_before(seen).map(|last| seen - last.time);
            // One at this very tick overlaps as well; over an axonal delay it is still to come.
            let together =
                !self.setup.axonal && history.last_before(Time(seen.0 + 1)).is_some_and(|last| last.time == seen);
            if (since.is_some() || together || surface.heeds_single_spikes()) && self.learns_at(at) {
                self.overlap(state, surface, Side::Pre, (since, together), visit);
            }
            return;
        }
        if rule.heeds_pre(y) && self.learns_at(at) {
            let x_slow = rule.tau_plus_slow().map_or(0.0, |tau| pre.past.slow_at(pre.time, tau));
            let change = rule.on_pre(self.relative(state, at, visit), &AtPre { y, x_slow });
            self.change(state, change, at, visit);
        }
        if rule.pairing() == Pairing::NearestPreCentered {
            let decay = pre.past.last.map_or(0.0, |p| self.decay_plus.over(pre.time - p));
            state.x = state.x * decay + 1.0;
        }
    }

    /// A spike overlaps across the device with the last earlier one of the other side, if there was one, and with one that came `together`
    /// with it: what comes together is one pair, and either meets what was before, so that neither side comes first. Rounds to the stored width
    /// after each pair.
    #[inline]
    fn overlap(
        &self,
        state: &mut Synapse,
        surface: &Surface,
        side: Side,
        (since, together): (Option<Time>, bool),
        visit: &mut Visit,
    ) {
        let Some(memristor) = &self.setup.memristor else { return };
        let meets = since.is_some_and(|since| surface.meets(side, since.seconds()));
        if meets || !together {
            let g = memristor.overlap(surface, side, since, state.value, &mut state.device, visit);
            state.value = W::of(g).wide();
        }
        if together {
            let from = if meets { surface.take_back(state.value, &state.device.before) } else { state.value };
            let g = memristor.overlap(surface, side, Some(Time::ZERO), from, &mut state.device, visit);
            state.value = W::of(g).wide();
        }
    }

    /// Was there a post spike with `after` < t <= `until`? Right also where older spikes were dropped, for the last one stays.
    fn had_post(&self, history: &History, after: Time, until: Time) -> bool {
        history.last_before(Time(until.0 + 1)).is_some_and(|s| s.time > after)
    }

    pub(super) fn learns_at(&self, time: Time) -> bool {
        self.setup.during.as_ref().is_none_or(|spans| is_within(spans, time))
    }

    /// The weight in the rule's scale: 0 or more.
    #[inline]
    fn relative(&self, state: &Synapse, at: Time, visit: &mut Visit) -> f64 {
        self.weight_of(state, at, visit) / self.setup.scale
    }

    /// Applies a change in the rule's scale, held within the bounds. Rounds to the stored width at once, so that it makes
    /// no difference when a synapse is brought up to date.
    #[inline]
    pub(super) fn change(&self, state: &mut Synapse, change: f64, at: Time, visit: &mut Visit) {
        let value = match &self.setup.memristor {
            Some(memristor) if change != 0.0 && self.setup.rule.as_ref().is_some_and(Rule::in_pulses) => {
                memristor.step(state.value, change > 0.0, &mut state.device, at, visit)
            }
            Some(memristor) => memristor.change(state.value, change * self.setup.scale, &mut state.device, at, visit),
            None => self.setup.bounded(state.value / self.setup.scale + change),
        };
        state.value = W::of(value).wide();
    }
}
