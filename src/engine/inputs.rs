//! One thread's inputs: Poisson background and injected currents.

use std::ops::Range;

use crate::math::real::Real;
use crate::math::sin_turns;
use crate::math::vector::{Kernel, Target};
use crate::network::{input_name, of_members};
use crate::rng::{Purpose, StreamKey, name_key};
use crate::sample::{normal, poisson};
use crate::spec::{Active, InputKind, NetworkSpec, Rate};
use crate::time::{Time, is_within};

use super::RunError;
use super::abreast::Abreast;
use super::calendar::Calendar;
use super::counts::{Counts, Draw, LARGEST_MEAN};
use super::train::{Profile, Train, spans};

/// One stretch of a population (the thread's own part) that a Poisson input drives.
pub struct Background {
    /// Its place in the model's list of inputs; orders sums at equal times.
    pub order: u32,
    /// Which of the input's targets it is: names it together with `order`, for several may be slices of one population.
    pub target: usize,
    /// The population.
    pub population: usize,
    /// First driven place within the thread's part of the population.
    pub first_place: u32,
    /// Weight for each driven neuron, in the target's unit.
    pub weights: Vec<f64>,
    rates: Vec<f64>,
    /// Their sum \[Hz\].
    rate: f64,
    profile: Profile,
    key: StreamKey,
    /// First driven member of the population.
    pub first_member: u32,
    trains: Vec<Train>,
    calendar: Calendar,
    /// The trains with events in a window.
    due: Vec<u32>,
    table: Option<Table>,
    /// The same rate for all driven neurons of all threads: counts may come from one table.
    uniform: bool,
    /// Have all the same weight?
    same: bool,
}

/// The counts of a step, for one factor of the profile.
struct Table {
    factor: f64,
    counts: Counts,
}

/// The part of each of `targets` that a thread owns, which may be none: (population, members).
pub fn owned(spec: &NetworkSpec, targets: &[crate::spec::Slice], members: &[Range<u32>]) -> Vec<(usize, Range<u32>)> {
    targets
        .iter()
        .map(|slice| {
            let (all, own) = (slice.members(spec.populations[slice.population].size), &members[slice.population]);
            let from = own.start.max(all.start as u32).min(own.end);
            (slice.population, from..own.end.min(all.end as u32).max(from))
        })
        .collect()
}

impl Background {
    /// All Poisson inputs onto a thread's neurons.
    pub fn all(spec: &NetworkSpec, members: &[Range<u32>], quantum: Time) -> Result<Vec<Background>, RunError> {
        let mut all = Vec::new();
        for (order, input) in spec.inputs.iter().enumerate() {
            let InputKind::Poisson { rate, weight, indegree, active } = &input.kind else { continue };
            let error = |e: crate::sample::SampleError| RunError::Model(format!("input {}: {e}", input.name));
            for (target, (population, own)) in owned(spec, &input.targets, members).into_iter().enumerate() {
                if own.is_empty() {
                    continue;
                }
                let name = input_name(spec, input, target);
                let key = |purpose| StreamKey::new(spec.simulation.seed, purpose, name_key(&name));
                let column = |value, purpose| of_members(spec, purpose, &name, value, own.clone()).map_err(error);
                let mut rates = match rate {
                    Rate::Constant(value) => column(value, Purpose::Rate)?,
                    Rate::Steps(_) => vec![1.0; own.len()],
                };
                rates.iter_mut().for_each(|r| *r *= indegree);
                let weights = column(weight, Purpose::Weight)?;
                all.push(Background {
                    same: weights.iter().all(|w| *w == weights[0]),
                    order: order as u32,
                    target,
                    population,
                    first_place: own.start - members[population].start,
                    weights,
                    rate: rates.iter().sum(),
                    rates,
                    profile: Profile::new(rate, active, &spec.intervals),
                    key: key(Purpose::Poisson),
                    first_member: own.start,
                    trains: Vec::new(),
                    calendar: Calendar::new(quantum, Time::ZERO),
                    due: Vec::new(),
                    table: None,
                    uniform: match rate {
                        Rate::Constant(value) => value.constant().is_some(),
                        Rate::Steps(_) => true,
                    },
                });
            }
        }
        Ok(all)
    }

    /// Starts the trains of the event engine.
    pub fn begin_trains(&mut self, quantum: Time) {
        let item = |i: usize| u64::from(self.first_member) + i as u64;
        let trains =
            self.rates.iter().enumerate().map(|(i, rate)| Train::poisson(self.key, item(i), *rate, &self.profile));
        self.load(trains.collect(), Time::ZERO, quantum);
    }

    /// How many events a stretch of time will hardly ever exceed.
    pub fn expected(&self, from: Time, to: Time) -> usize {
        let mean = self.rate * self.profile.at(from).max(0.0) * (to - from).seconds();
        (mean + 6.0 * mean.sqrt() + 16.0) as usize
    }

    /// Calls `event(place, weight, time)` for all events before `to`; places count within the population's part.
    pub fn events(&mut self, to: Time, mut event: impl FnMut(u32, f64, Time)) {
        self.due.clear();
        self.calendar.due(to, &mut self.due);
        let Background { key, ref rates, ref profile, ref weights, first_place, .. } = *self;
        let trains = &mut self.trains;
        let calendar = &mut self.calendar;
        Abreast { key, first: u64::from(self.first_member), rates, profile, trains }.advance(
            &self.due,
            to,
            |train, time| event(first_place + train, weights[train as usize], time),
            |train, next| calendar.insert(train, next),
        );
    }

    /// Adds what arrives in a grid step at consecutive neurons of the thread's part, from place `first` on: `excitatory` has one
    /// entry for each, `inhibitory` too if the model has two sides. `step` is the step's number, `begin` its start; `scratch` is
    /// overwritten. Returns the number of events.
    #[allow(clippy::too_many_arguments)]
    pub fn add<R: Real>(
        &mut self,
        target: Target,
        (step, begin, h_ms): (u64, Time, f64),
        first: usize,
        excitatory: &mut [R],
        inhibitory: &mut [R],
        scratch: &mut Vec<u16>,
    ) -> u64 {
        let factor = self.profile.at(begin);
        // The driven ones among them, as places in this background.
        let offset = self.first_place as usize;
        let from = first.max(offset);
        let to = (first + excitatory.len()).min(offset + self.weights.len());
        if factor <= 0.0 || from >= to {
            return 0;
        }
        let own = from - offset..to - offset;
        let sides = from - first..to - first;
        let (excitatory, inhibitory) =
            (&mut excitatory[sides.clone()], if inhibitory.is_empty() { inhibitory } else { &mut inhibitory[sides] });
        let member = u64::from(self.first_member) + own.start as u64;
        let mean = |rate: f64| rate * 1e-3 * factor * h_ms;
        if !self.uniform || mean(self.rates[0]) > LARGEST_MEAN {
            let mut events = 0;
            for (k, i) in own.enumerate() {
                // A stream per neuron, in it 16 blocks per step: more than a count ever draws.
                let count = poisson(&mut self.key.stream(member + k as u64).at(step << 4), mean(self.rates[i]));
                let weight = self.weights[i];
                let side = if weight < 0.0 && !inhibitory.is_empty() { &mut *inhibitory } else { &mut *excitatory };
                side[k] += R::of(count as f64 * weight);
                events += count;
            }
            return events;
        }
        if self.table.as_ref().is_none_or(|t| t.factor != factor) {
            self.table = Some(Table { factor, counts: Counts::new(mean(self.rates[0])) });
        }
        let Some(table) = &self.table else { return 0 };
        scratch.resize(own.len(), 0);
        target.run(Draw { counts: &table.counts, key: self.key, step, first: member, out: &mut scratch[..] });
        target.run(Add { counts: scratch, weights: &self.weights[own], same: self.same, excitatory, inhibitory })
    }

    /// Number of driven neurons.
    pub fn targets(&self) -> usize {
        self.weights.len()
    }

    /// Where the trains stand.
    pub fn save(&self) -> Vec<Train> {
        self.trains.clone()
    }

    /// Goes on from where the trains stood at `now`.
    pub fn load(&mut self, trains: Vec<Train>, now: Time, quantum: Time) {
        self.trains = trains;
        // A train that had come to its end may go on where the run is longer now, and intervals that are repeated to its end too.
        for (i, train) in self.trains.iter_mut().enumerate().filter(|(_, train)| train.next == Time::NEVER) {
            let item = u64::from(self.first_member) + i as u64;
            *train = Train::poisson_from(now, self.key, item, self.rates[i], &self.profile);
        }
        self.calendar = Calendar::new(quantum, now);
        for (i, train) in self.trains.iter().enumerate() {
            self.calendar.insert(i as u32, train.next);
        }
    }
}

/// Adds counts times weights to the inputs, and the counts up.
struct Add<'a, R> {
    counts: &'a [u16],
    weights: &'a [f64],
    /// Are all weights the first?
    same: bool,
    excitatory: &'a mut [R],
    inhibitory: &'a mut [R],
}

impl<R: Real> Kernel for Add<'_, R> {
    type Output = u64;
    #[inline(always)]
    fn run(self) -> u64 {
        let two_sided = !self.inhibitory.is_empty();
        if self.same {
            let weight = self.weights[0];
            let side = if two_sided && weight < 0.0 { self.inhibitory } else { self.excitatory };
            let weight = R::of(weight);
            side.iter_mut().zip(self.counts).for_each(|(sum, &count)| *sum += R::count(count) * weight);
        } else {
            for (k, (&count, &weight)) in self.counts.iter().zip(self.weights).enumerate() {
                let side = if two_sided && weight < 0.0 { &mut *self.inhibitory } else { &mut *self.excitatory };
                side[k] += R::count(count) * R::of(weight);
            }
        }
        // A stretch is short: no sum of its counts outgrows 32 bits before it is widened.
        self.counts.chunks(1 << 12).map(|part| u64::from(part.iter().map(|c| u32::from(*c)).sum::<u32>())).sum()
    }
}

/// An injected current onto a stretch of a population: constant between its changes.
pub struct Current {
    /// The population.
    pub population: usize,
    /// The driven places within the thread's part of the population.
    pub places: Range<u32>,
    first_member: u32,
    kind: CurrentKind,
}

enum CurrentKind {
    Steps(Vec<(Time, f64)>),
    Sine { amplitude: f64, frequency: f64, phase: f64, offset: f64, interval: Time, spans: Vec<(Time, Time)> },
    Noise { mean: f64, std: f64, interval: Time, spans: Vec<(Time, Time)>, key: StreamKey },
}

impl Current {
    /// All current inputs onto a thread's neurons, in model order.
    pub fn all(spec: &NetworkSpec, members: &[Range<u32>]) -> Vec<Current> {
        let mut all = Vec::new();
        for input in &spec.inputs {
            let active = |a: &Active| spans(a, &spec.intervals);
            // One for each target in every thread, even if the thread drives none of its neurons: the lists agree.
            for (target, (population, own)) in owned(spec, &input.targets, members).into_iter().enumerate() {
                let kind = match &input.kind {
                    InputKind::Poisson { .. } => continue,
                    InputKind::CurrentSteps(steps) => CurrentKind::Steps(steps.clone()),
                    &InputKind::CurrentSine { amplitude, frequency, phase, offset, interval, active: ref a } => {
                        CurrentKind::Sine { amplitude, frequency, phase, offset, interval, spans: active(a) }
                    }
                    &InputKind::CurrentNoise { mean, std, interval, active: ref a } => {
                        let name = input_name(spec, input, target);
                        let key = StreamKey::new(spec.simulation.seed, Purpose::Noise, name_key(&name));
                        CurrentKind::Noise { mean, std, interval, spans: active(a), key }
                    }
                };
                let start = members[population].start;
                let places = own.start - start..own.end - start;
                all.push(Current { population, places, first_member: own.start, kind });
            }
        }
        all
    }

    /// The first change at or after `time`.
    pub fn next_change(&self, time: Time) -> Time {
        match &self.kind {
            CurrentKind::Steps(steps) => {
                steps.get(steps.partition_point(|s| s.0 < time)).map_or(Time::NEVER, |step| step.0)
            }
            CurrentKind::Sine { interval, spans, .. } | CurrentKind::Noise { interval, spans, .. } => {
                let tick = Time(((time.0 - 1).div_euclid(interval.0) + 1).saturating_mul(interval.0));
                let span = spans.get(spans.partition_point(|s| s.1 < time));
                let edge = span.map_or(Time::NEVER, |s| if s.0 >= time { s.0 } else { s.1 });
                if is_within(spans, tick) { tick.min(edge) } else { edge }
            }
        }
    }

    /// The current into `place` from `time` (a change, or 0) on \[pA\].
    pub fn at(&self, place: u32, time: Time) -> f64 {
        match &self.kind {
            CurrentKind::Steps(steps) => {
                let begun = steps.partition_point(|s| s.0 <= time);
                if begun == 0 { 0.0 } else { steps[begun - 1].1 }
            }
            &CurrentKind::Sine { amplitude, frequency, phase, offset, interval, ref spans } => {
                if !is_within(spans, time) {
                    return 0.0;
                }
                let begin = time.0.div_euclid(interval.0) * interval.0;
                let middle = Time(begin + interval.0 / 2).seconds();
                let turns = frequency * middle + phase / std::f64::consts::TAU;
                offset + amplitude * sin_turns(turns - turns.floor())
            }
            &CurrentKind::Noise { mean, std, interval, ref spans, key } => {
                if !is_within(spans, time) {
                    return 0.0;
                }
                let member = u64::from(self.first_member + (place - self.places.start));
                let n = time.0.div_euclid(interval.0) as u64;
                mean + std * normal(&mut key.stream(member).at(n))
            }
        }
    }
}
