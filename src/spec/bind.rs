//! Recordings: which populations wait for one, and filling them.

use std::sync::Arc;

use super::conditions::{self, Condition};
use super::digest;
use super::network_spec::{NetworkSpec, PopulationKind, RecordingSpec, Slice, SourceSpec};
use super::scope::{from_clock, on_clock};
use crate::spikes::{Column, Recording};
use crate::stream::{Feed, Reel};
use crate::time::Time;

/// What a population got from its recording.
#[derive(Clone, Debug, PartialEq)]
pub struct Bound {
    /// Where on the recording's clock model time 0 lies \[s\].
    pub start_s: f64,
    /// The end of the replayed part on the recording's clock \[s\].
    pub stop_s: f64,
    /// What the recording calls each member.
    pub unit_ids: Vec<i64>,
    /// How many spikes lie between two steps of the grid, and moved to the end of theirs; none where they are read while the model runs.
    pub moved: Option<u64>,
}

/// Why a recording can't drive a population.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum BindError {
    /// The index names no population that waits for a recording.
    #[error("population {0} does not replay a recording: expected source.recording")]
    NoRecording(String),
    /// No unit.
    #[error("population {0}: the recording has no units")]
    NoUnits(String),
    /// A unit that is not there.
    #[error("population {population}: found the unit {unit}, but the recording has {count} units, 0 to {}", count - 1)]
    NoSuchUnit {
        /// The population.
        population: String,
        /// The position asked for.
        unit: usize,
        /// Number of units.
        count: usize,
    },
    /// Units that can't be chosen by their columns.
    #[error("population {population}: {message}")]
    Filter {
        /// The population.
        population: String,
        /// What is wrong.
        message: String,
    },
    /// Nothing between start and stop.
    #[error("population {population}: stop, {stop} s, is not after start, {start} s, on the recording's clock")]
    Empty {
        /// The population.
        population: String,
        /// Start \[s\].
        start: f64,
        /// Stop \[s\].
        stop: f64,
    },
    /// Nothing from start on.
    #[error(
        "population {population}: start, {start} s, is not before the end of the recording, {last} s on its own clock"
    )]
    Late {
        /// The population.
        population: String,
        /// Start \[s\].
        start: f64,
        /// The recording's last moment \[s\].
        last: f64,
    },
    /// Nothing of the recording between start and stop.
    #[error(
        "population {population}: {start} s to {stop} s lies outside the recording, which spans {first} s to {last} s on its own clock"
    )]
    Outside {
        /// The population.
        population: String,
        /// Start \[s\].
        start: f64,
        /// Stop \[s\].
        stop: f64,
        /// The recording's first moment \[s\].
        first: f64,
        /// Its last \[s\].
        last: f64,
    },
    /// A gap of what was observed.
    #[error(
        "population {population}: nothing was observed from {start} s to {stop} s, which lies in a gap between the spans in which the recording was observed"
    )]
    Unobserved {
        /// The population.
        population: String,
        /// Start \[s\].
        start: f64,
        /// Stop \[s\].
        stop: f64,
    },
    /// Longer than the program can count.
    #[error("population {population}: the recording from {start} s to {stop} s is longer than 100 days")]
    TooLong {
        /// The population.
        population: String,
        /// Start \[s\].
        start: f64,
        /// Stop \[s\].
        stop: f64,
    },
    /// A recording that doesn't say how long a run is.
    #[error(
        "population {population}: what is replayed is one moment, {start} s on the recording's clock, so that the run has no length; give \
         simulation.duration (--duration)"
    )]
    Moment {
        /// The population.
        population: String,
        /// When it is \[s\].
        start: f64,
    },
    /// A slice that the recording is too small for.
    #[error("{place} takes {population}[{start}:{stop}], but the recording gives {population} {size} members")]
    Slice {
        /// Whose slice it is, e.g. `projection a`.
        place: String,
        /// The population.
        population: String,
        /// First member.
        start: usize,
        /// One past the last.
        stop: usize,
        /// Members.
        size: usize,
    },
    /// All of the run is warm-up.
    #[error("record.start, {start}, is not before the end of the run at {duration}")]
    Start {
        /// `record.start`.
        start: Time,
        /// Length of the run.
        duration: Time,
    },
    /// Numbers that must agree and do not.
    #[error("{place} {message}")]
    Connect {
        /// Whose connections, e.g. `projection a`.
        place: String,
        /// What does not fit.
        message: String,
    },
}

/// The units at these positions, of `count` units.
///
/// # Errors
/// The position of one that is not there.
pub fn units_at(ranges: &[(usize, usize)], count: usize) -> Result<Vec<usize>, usize> {
    // Ranges may be absurdly long: look at their ends before listing them.
    if let Some(&(first, last)) = ranges.iter().find(|range| range.1 >= count) {
        return Err(if first >= count { first } else { last });
    }
    Ok(ranges.iter().flat_map(|&(first, last)| first..=last).collect())
}

/// The units of `keep` that fulfil the conditions on columns of the units, on `id` and on `population`; the recording calls its units `ids`.
///
/// # Errors
/// A sentence, if there is no such column, or no unit is left.
pub fn units_where(
    conditions: &[Condition],
    recording: &Recording,
    ids: &[i64],
    keep: Vec<usize>,
) -> Result<Vec<usize>, String> {
    if conditions.is_empty() {
        return Ok(keep);
    }
    let id_column = conditions::id_column(ids);
    let population = |unit: usize| {
        let of = recording.populations.iter().find(|(_, first, count)| (*first..first + count).contains(&unit));
        of.map(|of| of.0.clone()).unwrap_or_default()
    };
    let populations = Column::Text((0..ids.len()).map(population).collect());
    let mut columns: Vec<(&str, &Column)> = recording.unit_columns.iter().map(|(name, c)| (name.as_str(), c)).collect();
    columns.push(("id", &id_column));
    if !recording.populations.is_empty() {
        columns.push(("population", &populations));
    }
    let chosen = keep.len();
    let found = conditions::select(conditions, &columns, keep.into_iter())?;
    if found.is_empty() {
        let wanted: Vec<&str> = conditions.iter().map(|condition| condition.column.as_str()).collect();
        let values = conditions.iter().map(|c| conditions::there_are(c, &columns)).collect::<Vec<_>>().join("; ");
        // Other units may have it.
        let none = if chosen < ids.len() { format!("none of the {chosen} chosen units") } else { "none".to_owned() };
        return Err(format!("where leaves no unit: {none} has the wanted value of {}; {values}", wanted.join(" and ")));
    }
    Ok(found)
}

/// What is replayed of a recording, and when.
struct Part {
    start: f64,
    stop: f64,
    keep: Vec<usize>,
    grid: Option<Time>,
}

impl Part {
    /// The trains of the members, and how many spikes moved to the grid.
    fn trains(&self, recording: &Recording) -> (Vec<Vec<Time>>, u64) {
        let part = recording.spikes.between(self.start, self.stop).select(&self.keep);
        let mut moved = 0;
        let mut place = |time: f64| {
            let (time, between) = on_clock(time, self.start, self.grid);
            moved += u64::from(between);
            time
        };
        let trains = part.trains().into_iter().map(|train| train.into_iter().map(&mut place).collect()).collect();
        (trains, moved)
    }

    fn reel(&self, survey: &Recording, reel: Reel<f64>) -> Reel<Time> {
        let mut members = vec![u32::MAX; survey.spikes.unit_ids.len()];
        self.keep.iter().enumerate().for_each(|(member, &unit)| members[unit] = member as u32);
        let (start, stop, grid) = (self.start, self.stop, self.grid);
        let members: Arc<[u32]> = members.into();
        Reel::new(move |from: Time| {
            // Earlier by more than rounding to the grid moves a spike; what is before `from` is left out below.
            let early = start + (from.seconds() - grid.unwrap_or(Time::ZERO).seconds() - 1e-6).max(0.0);
            let feed = reel.open(if from == Time::ZERO { start } else { early })?;
            Ok(Box::new(Placed { feed, members: Arc::clone(&members), start, stop, grid, from }))
        })
    }
}

/// The spikes of a recording as a population's.
struct Placed {
    feed: Box<dyn Feed<f64>>,
    /// The member that each unit is; `u32::MAX` for none.
    members: Arc<[u32]>,
    start: f64,
    stop: f64,
    grid: Option<Time>,
    from: Time,
}

impl Feed<Time> for Placed {
    fn next(&mut self) -> Result<Option<Vec<(Time, u32)>>, String> {
        let Some(block) = self.feed.next()? else { return Ok(None) };
        let beyond = block.first().is_some_and(|spike| spike.0 >= self.stop);
        let kept = block.into_iter().filter_map(|(time, unit)| {
            let member = self.members.get(unit as usize).copied().filter(|member| *member != u32::MAX)?;
            let at = from_clock(time, self.start, self.grid);
            (time >= self.start && time < self.stop && at >= self.from).then_some((at, member))
        });
        Ok((!beyond).then(|| kept.collect()))
    }
}

impl NetworkSpec {
    /// Indices of the populations that wait for a recording, with what they want of it.
    pub fn recordings(&self) -> Vec<(usize, &RecordingSpec)> {
        let waiting = self.populations.iter().enumerate().filter_map(|(i, population)| match &population.kind {
            PopulationKind::Source(SourceSpec::Recording(spec)) => Some((i, spec)),
            _ => None,
        });
        waiting.collect()
    }

    /// Fills a population from a recording: `start`, `stop` and `units` of its source applied, model time 0 at
    /// the start, spikes up to but without the stop. A missing `simulation.duration` becomes the length of that part; of several
    /// recordings that of the longest, or of the one that leads, once all are bound.
    ///
    /// # Errors
    /// If the units or the time are not there, or slices of the model do not fit the number of units.
    pub fn bind(&mut self, population: usize, recording: &Recording) -> Result<Bound, BindError> {
        self.bind_by(population, recording, |part| {
            let (trains, moved) = part.trains(recording);
            (SourceSpec::SpikeTimes(trains), Some(moved))
        })
    }

    /// The same from a recording that is read while the model runs: `survey` has its first and last spike only, `reel` all, in s on its clock.
    ///
    /// # Errors
    /// As [`bind`](Self::bind).
    pub fn bind_reel(&mut self, population: usize, survey: &Recording, reel: Reel<f64>) -> Result<Bound, BindError> {
        self.bind_by(population, survey, |part| (SourceSpec::Reel(part.reel(survey, reel)), None))
    }

    fn bind_by(
        &mut self,
        population: usize,
        recording: &Recording,
        source: impl FnOnce(&Part) -> (SourceSpec, Option<u64>),
    ) -> Result<Bound, BindError> {
        let name = self.populations.get(population).map_or(population.to_string(), |p| p.name.clone());
        let wanted = match self.populations.get(population).map(|p| &p.kind) {
            Some(PopulationKind::Source(SourceSpec::Recording(wanted))) => wanted.clone(),
            _ => return Err(BindError::NoRecording(name)),
        };
        let count = recording.spikes.unit_ids.len();
        let keep = match &wanted.units {
            None => (0..count).collect(),
            Some(ranges) => units_at(ranges, count).map_err(|unit| match count {
                0 => BindError::NoUnits(name.clone()),
                _ => BindError::NoSuchUnit { population: name.clone(), unit, count },
            })?,
        };
        if keep.is_empty() {
            return Err(BindError::NoUnits(name));
        }
        let keep = units_where(&wanted.filter, recording, &recording.spikes.unit_ids, keep)
            .map_err(|message| BindError::Filter { population: name.clone(), message })?;
        let start = wanted.start.unwrap_or_else(|| recording.start());
        let end = recording.stop();
        let stop = wanted.stop.unwrap_or(if end > start { end } else { f64::NAN });
        // A recording whose last spike is its end keeps that spike.
        let stop = if wanted.stop.is_none() {
            stop.max(recording.spikes.times.last().map_or(stop, |t| t.next_up()))
        } else {
            stop
        };
        if stop.partial_cmp(&start) != Some(std::cmp::Ordering::Greater) {
            return Err(match wanted.stop {
                Some(stop) => BindError::Empty { population: name, start, stop },
                // Its last spike has a time of which nobody wrote the last digits.
                None => BindError::Late { population: name, start, last: (end * 1e9).round() / 1e9 },
            });
        }
        let ends = recording.spikes.times.first().copied().zip(recording.spikes.times.last().copied());
        let chosen = wanted.start.is_some() || wanted.stop.is_some();
        if chosen && recording.is_silent_about(ends, (start, stop)) {
            return Err(match recording.reach(ends) {
                Some((first, last)) if start >= last || stop <= first => {
                    // The end is often a sum, of which nobody wrote the last digits.
                    let [first, last] = [first, last].map(|time| (time * 1e9).round() / 1e9);
                    BindError::Outside { population: name, start, stop, first, last }
                }
                _ => BindError::Unobserved { population: name, start, stop },
            });
        }
        if stop - start > Time::LIMIT.seconds() {
            return Err(BindError::TooLong { population: name, start, stop });
        }
        let grid = (self.simulation.engine == super::Engine::Grid).then_some(self.simulation.resolution);
        let part = Part { start, stop, keep, grid };
        self.check_size(population, part.keep.len())?;
        let length = from_clock(stop, start, grid);
        let counts = self.leads.is_none_or(|leader| leader == population);
        let replayed = if counts { self.replayed.max(length) } else { self.replayed };
        // How long the others are is not known before the last.
        let duration = self.simulation.duration.or_else(|| (self.recordings().len() == 1).then_some(replayed));
        if duration == Some(Time::ZERO) {
            return Err(BindError::Moment { population: name, start });
        }
        if let Some(duration) = duration.filter(|duration| self.record.start >= *duration) {
            return Err(BindError::Start { start: self.record.start, duration });
        }
        let unit_ids: Vec<i64> = part.keep.iter().map(|&unit| recording.spikes.unit_ids[unit]).collect();
        self.populations[population].size = unit_ids.len();
        let (source, moved) = source(&part);
        self.populations[population].kind = PopulationKind::Source(source);
        self.simulation.duration = duration;
        self.replayed = replayed;
        self.bound.push((population, digest::of_recording(&recording.spikes)));
        Ok(Bound { start_s: start, stop_s: stop, unit_ids, moved })
    }

    /// Whether everything that names the population fits this number of members.
    fn check_size(&self, population: usize, size: usize) -> Result<(), BindError> {
        let name = &self.populations[population].name;
        let fits = |place: String, slice: &Slice| {
            let members = slice.members(size);
            if slice.population != population || !members.is_empty() && members.end <= size {
                return Ok(());
            }
            Err(BindError::Slice { place, population: name.clone(), start: members.start, stop: members.end, size })
        };
        for projection in &self.projections {
            let place = format!("projection {}", projection.name);
            fits(place.clone(), &projection.source)?;
            fits(place.clone(), &projection.target)?;
            self.check_connect(place, projection, population, size)?;
        }
        self.record.spikes.iter().try_for_each(|slice| fits("record.spikes".to_string(), slice))
    }

    fn check_connect(
        &self,
        place: String,
        projection: &super::ProjectionSpec,
        population: usize,
        size: usize,
    ) -> Result<(), BindError> {
        use super::Connect;
        if projection.source.population != population && projection.target.population != population {
            return Ok(());
        }
        let length = |slice: &Slice| {
            let all = if slice.population == population { size } else { self.populations[slice.population].size };
            // 0: the other side waits for its own recording; it is looked at then.
            (all > 0).then(|| slice.stop.unwrap_or(all).saturating_sub(slice.start))
        };
        let (Some(sources), Some(targets)) = (length(&projection.source), length(&projection.target)) else {
            return Ok(());
        };
        let message = match &projection.connect {
            Connect::OneToOne if sources != targets => {
                format!("connects one_to_one, but has {sources} sources and {targets} targets")
            }
            Connect::Pairs(pairs) => {
                match pairs.iter().find(|(s, t)| *s as usize >= sources || *t as usize >= targets) {
                    Some((s, t)) => format!("connects {s} to {t}, but has {sources} sources and {targets} targets"),
                    None => return Ok(()),
                }
            }
            Connect::FixedIndegree(n) if !projection.multapses && *n > sources => {
                format!("takes {n} different sources, but has {sources}")
            }
            Connect::FixedOutdegree(n) if !projection.multapses && *n > targets => {
                format!("takes {n} different targets, but has {targets}")
            }
            _ => return Ok(()),
        };
        Err(BindError::Connect { place, message })
    }
}
