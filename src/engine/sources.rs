//! One thread's members of a source population: they only emit.

use crate::network::of_members;
use crate::rng::{Purpose, StreamKey, name_key};
use crate::spec::{LabelsSpec, NetworkSpec, PopulationKind, Rate, SourceSpec};
use crate::stream::Cursor;
use crate::time::Time;
use crate::value::Value;

use super::RunError;
use super::calendar::Calendar;
use super::patterns::Patterns;
use super::shows;
use super::train::{Profile, Train, spans};

/// The members of one population that a thread owns.
pub struct Sources {
    /// First owned member, and its global id.
    first: u32,
    first_gid: u32,
    kind: Kind,
    trains: Vec<Train>,
    calendar: Calendar,
    due: Vec<u32>,
}

enum Kind {
    Given(Vec<Vec<Time>>),
    /// Follows a tape, from when it is given one; on a grid of such steps.
    Tape {
        cursor: Option<Cursor>,
        step: Option<Time>,
    },
    Poisson {
        key: StreamKey,
        rates: Vec<f64>,
        profile: Profile,
    },
    Regular {
        rates: Vec<f64>,
        phases: Vec<f64>,
        /// The clock's, and the spans within which it is heard.
        start: Time,
        spans: Vec<(Time, Time)>,
    },
    Labels {
        key: StreamKey,
        spec: Box<LabelsSpec>,
    },
    Pattern(Box<Patterns>),
}

/// Where a source stands, for a checkpoint.
pub type SourceState = Train;

impl Sources {
    /// The members `members` of population `index`.
    pub fn new(
        spec: &NetworkSpec,
        index: usize,
        members: std::ops::Range<u32>,
        first_gid: u32,
        quantum: Time,
    ) -> Result<Sources, RunError> {
        let population = &spec.populations[index];
        let PopulationKind::Source(source) = &population.kind else { unreachable!("a population of neurons") };
        let column = |value: &Value, purpose| {
            of_members(spec, purpose, &population.name, value, members.clone())
                .map_err(|e| RunError::Model(format!("population {}: rate: {e}", population.name)))
        };
        let kind = match source {
            SourceSpec::SpikeTimes(trains) => {
                let own = &trains[members.start as usize..members.end as usize];
                let snap = |t: &Time| {
                    if spec.simulation.engine == crate::spec::Engine::Grid {
                        on_grid(*t, spec.simulation.resolution)
                    } else {
                        *t
                    }
                };
                Kind::Given(own.iter().map(|train| train.iter().map(snap).collect()).collect())
            }
            SourceSpec::Reel(_) => {
                let grid = spec.simulation.engine == crate::spec::Engine::Grid;
                Kind::Tape { cursor: None, step: grid.then_some(spec.simulation.resolution) }
            }
            SourceSpec::Poisson { rate, active } => {
                let rates = match rate {
                    Rate::Constant(value) => column(value, Purpose::Rate)?,
                    Rate::Steps(_) => vec![1.0; members.len()],
                };
                let key = StreamKey::new(spec.simulation.seed, Purpose::Poisson, name_key(&population.name));
                Kind::Poisson { key, rates, profile: Profile::new(rate, active, &spec.intervals) }
            }
            SourceSpec::Regular { rate, phase, active } => Kind::Regular {
                rates: column(rate, Purpose::Rate)?,
                phases: column(phase, Purpose::Initial)?,
                start: active.start,
                spans: spans(active, &spec.intervals),
            },
            SourceSpec::Labels(labels) => {
                let key = StreamKey::new(spec.simulation.seed, Purpose::Poisson, name_key(&population.name));
                Kind::Labels { key, spec: Box::new(labels.clone()) }
            }
            SourceSpec::Pattern(pattern) => {
                let name = name_key(&population.name);
                let (seed, end) = (spec.simulation.seed, spec.simulation.duration.unwrap_or(Time::LIMIT));
                Kind::Pattern(Box::new(Patterns::new(*pattern, seed, name, members.len(), end)))
            }
            SourceSpec::Recording(_) => {
                return Err(RunError::Model(format!(
                    "population {}: source.recording has no file; name one, or use `memspike replay`",
                    population.name
                )));
            }
        };
        let mut sources = Sources {
            first: members.start,
            first_gid,
            kind,
            trains: Vec::new(),
            calendar: Calendar::new(quantum, Time::ZERO),
            due: Vec::new(),
        };
        sources.trains = (0..members.len()).map(|i| sources.begin(i)).collect();
        sources.reschedule(Time::ZERO, quantum);
        Ok(sources)
    }

    /// Calls `emit(place, gid, time)` for all spikes before `to`.
    pub fn advance(&mut self, to: Time, mut emit: impl FnMut(u32, u32, Time)) {
        if let Kind::Tape { cursor: Some(cursor), step } = &mut self.kind {
            let members = self.first..self.first + self.trains.len() as u32;
            let place = |time| step.map_or(time, |step| on_grid(time, step));
            cursor.advance(to, place, |time, member| {
                if members.contains(&member) {
                    let place = member - members.start;
                    emit(place, self.first_gid + place, time);
                }
            });
            return;
        }
        let mut due = std::mem::take(&mut self.due);
        self.calendar.due(to, &mut due);
        for place in due.drain(..) {
            while self.trains[place as usize].next < to {
                let time = self.trains[place as usize].next;
                emit(place, self.first_gid + place, time);
                self.step(place as usize);
            }
            self.calendar.insert(place, self.trains[place as usize].next);
        }
        self.due = due;
    }

    /// Where every member stands.
    pub fn save(&self) -> Vec<SourceState> {
        self.trains.clone()
    }

    /// Follows a tape from its beginning.
    pub fn follow(&mut self, tape: Cursor) {
        if let Kind::Tape { cursor, .. } = &mut self.kind {
            *cursor = Some(tape);
        }
    }

    /// Goes on from where the members stood at `now`, when all spikes before `emitted` had been. Where a given train stands follows from the
    /// time alone: the run before may have read it from a tape.
    pub fn load(&mut self, states: Vec<SourceState>, now: Time, emitted: Time, quantum: Time) {
        self.trains = match &self.kind {
            Kind::Given(trains) => {
                trains.iter().map(|train| given(train, train.partition_point(|t| *t < now))).collect()
            }
            _ => states,
        };
        // One that had come to its end may go on where the run is longer now, and intervals that are repeated to its end too.
        for place in (0..self.trains.len()).filter(|&place| self.trains[place].next == Time::NEVER).collect::<Vec<_>>()
        {
            self.trains[place] = self.begin(place);
            while self.trains[place].next < emitted {
                self.step(place);
            }
        }
        self.reschedule(now, quantum);
    }

    fn reschedule(&mut self, now: Time, quantum: Time) {
        self.calendar = Calendar::new(quantum, now);
        for (place, train) in self.trains.iter().enumerate() {
            self.calendar.insert(place as u32, train.next);
        }
    }

    fn begin(&mut self, place: usize) -> Train {
        match &mut self.kind {
            Kind::Given(trains) => given(&trains[place], 0),
            Kind::Tape { .. } => Train { next: Time::NEVER, drawn: 0 },
            Kind::Poisson { key, rates, profile } => {
                Train::poisson(*key, u64::from(self.first) + place as u64, rates[place], profile)
            }
            Kind::Regular { rates, phases, start, spans } => regular(rates[place], phases[place], *start, spans, 0),
            Kind::Labels { key, spec } => shows::first(spec, *key, self.first as usize + place),
            Kind::Pattern(patterns) => patterns.first(place, self.first + place as u32),
        }
    }

    fn step(&mut self, place: usize) {
        let train = &mut self.trains[place];
        match &mut self.kind {
            Kind::Given(trains) => *train = given(&trains[place], train.drawn as usize + 1),
            Kind::Tape { .. } => {}
            Kind::Poisson { key, rates, profile } => {
                train.advance(*key, u64::from(self.first) + place as u64, rates[place], profile);
            }
            Kind::Regular { rates, phases, start, spans } => {
                *train = regular(rates[place], phases[place], *start, spans, train.drawn + 1);
            }
            Kind::Labels { key, spec } => *train = shows::next(spec, *key, self.first as usize + place, *train),
            Kind::Pattern(patterns) => *train = patterns.next(place, self.first + place as u32, *train),
        }
    }
}

/// The `n`-th spike of a given train.
fn given(train: &[Time], n: usize) -> Train {
    Train { next: train.get(n).copied().unwrap_or(Time::NEVER), drawn: n as u64 }
}

/// The `n`-th or next possible spike of a regular train, whose clock begins at `start`, before all spans: computed from n, so that it does
/// not drift.
fn regular(rate_hz: f64, phase_ms: f64, start: Time, spans: &[(Time, Time)], mut n: u64) -> Train {
    if rate_hz <= 0.0 {
        return Train { next: Time::NEVER, drawn: n };
    }
    loop {
        let next = start.saturating_add(Time::from_ms(phase_ms + n as f64 * (1e3 / rate_hz)));
        let Some(span) = spans.get(spans.partition_point(|s| s.1 <= next)) else {
            return Train { next: Time::NEVER, drawn: n };
        };
        if next >= span.0 {
            return Train { next, drawn: n };
        }
        // Skip to the span's start at once: it may be far away.
        n = n.max(((span.0 - start).ms() - phase_ms).max(0.0).div_euclid(1e3 / rate_hz) as u64).max(n + 1);
    }
}

/// The end of the grid step that `time` lies in; what is within 1e-6 step of a step's end is on it.
pub fn on_grid(time: Time, step: Time) -> Time {
    let slack = (step.0 / 1_000_000).max(1);
    let steps = (time.0 - slack + step.0 - 1).div_euclid(step.0);
    Time(steps.max(0) * step.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn off_grid_spikes_go_to_the_end_of_their_step() {
        let h = Time::from_ms(0.1);
        assert_eq!(on_grid(Time::from_ms(0.0), h), Time::ZERO);
        assert_eq!(on_grid(Time::from_ms(0.1), h), h);
        assert_eq!(on_grid(Time::from_ms(0.100_000_05), h), h);
        assert_eq!(on_grid(Time::from_ms(0.11), h), Time::from_ms(0.2));
        assert_eq!(on_grid(Time::from_ms(0.199_999_99), h), Time::from_ms(0.2));
    }

    #[test]
    fn regular_trains_do_not_drift_and_skip_what_is_outside_their_spans() {
        let ms = Time::from_ms;
        let spans = [(ms(5.0), ms(20.0)), (ms(1000.0), ms(1010.0))];
        let (mut times, mut n) = (Vec::new(), 0);
        loop {
            let train = regular(300.0, 1.0, ms(5.0), &spans, n);
            if train.next == Time::NEVER {
                break;
            }
            times.push(train.next.ms());
            n = train.drawn + 1;
        }
        let expected: Vec<f64> = (0..400)
            .map(|k| 6.0 + f64::from(k) * (1e3 / 300.0))
            .filter(|t| *t < 20.0 || (1000.0..1010.0).contains(t))
            .collect();
        assert_eq!(times.len(), expected.len());
        assert!(times.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-9), "{times:?}");
        // The clock does not begin with the first span.
        let spans = [(ms(105.0), ms(350.0)), (ms(505.0), ms(750.0))];
        let first = |start| regular(10.0, 0.0, ms(start), &spans, 0).next;
        assert_eq!([0.0, 7.0, 50.0].map(first), [ms(200.0), ms(107.0), ms(150.0)]);
    }
}
