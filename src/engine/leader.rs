//! What the leading thread of a rank does after windows: counts, records, saves, tells; with other ranks, in step with
//! their leaders.
//!
//! Whatever is gathered from all ranks is gathered by all of them at the same window, also after an error: that is told in
//! the next exchange, so that no rank waits for one that has gone.

use std::sync::RwLock;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use serde_json::{Map, Value};

use crate::math::real::Real;
use crate::network::Network;
use crate::record::{Chunk, Sink};
use crate::spec::ProjectionSpec;
use crate::time::Time;

use super::checkpoint::{Checkpoint, Moment, Saved, model_hash};
use super::exchange::{Exchange, Wish};
use super::finite;
use super::flight::{Flight, Spike};
use super::ledger::{Pulses, Spent};
use super::part::{Part, views};
use super::phases::{Laps, Phases};
use super::recorder::Recorder;
use super::run::{Course, Pause, Shared, lock};
use super::shard::{Model, Sent, Window, count_arrivals, count_drawn};
use super::statistics::Statistics;
use super::windows::Windows;
use super::{Observer, Options, Outcome, RunError, array, ledger, summary, told};

/// How often progress is told.
const PROGRESS: Duration = Duration::from_millis(100);

/// The longest wait for the clock until it is asked again whether to stop.
const NAP: Duration = Duration::from_millis(100);

/// When progress was told, and how many windows may go by before the clock is read again.
struct Told {
    at: Instant,
    pause: u32,
    left: u32,
}

/// What the leading thread does after windows.
pub struct Leader<'a> {
    /// The network.
    pub network: &'a Network,
    /// What every thread knows of the model.
    pub model: &'a Model<'a>,
    /// The plan of the run.
    pub windows: &'a Windows,
    recorder: Recorder,
    statistics: Statistics,
    /// Wall time of the recorded window, up to `clock`.
    wall: Duration,
    /// Those of the recorded window, if it has ended before the run: its wall time is known too.
    phases: Option<Vec<Laps>>,
    pub clock: Instant,
    exchange: Exchange,
    /// With other ranks, the error that they have yet to be told of.
    trouble: Option<RunError>,
    /// Weights transmitted in the window.
    sent: Vec<(u32, Sent)>,
    told: Told,
    paced_from: (Instant, Time),
    lateness: Vec<f64>,
    /// Figures of the weights at the run's end, by projection; of those that are recorded there.
    weights: Vec<Option<[f64; 4]>>,
    /// Names model and seed.
    pub hash: String,
    /// How to run.
    pub options: &'a Options,
    sink: &'a mut dyn Sink,
    observer: &'a mut dyn Observer,
}

impl<'a> Leader<'a> {
    /// At time 0.
    pub fn new(
        network: &'a Network,
        model: &'a Model<'a>,
        windows: &'a Windows,
        recorder: Recorder,
        options: &'a Options,
        sink: &'a mut dyn Sink,
        observer: &'a mut dyn Observer,
    ) -> Leader<'a> {
        Leader {
            network,
            model,
            windows,
            recorder,
            statistics: Statistics::new(network),
            wall: Duration::ZERO,
            phases: None,
            clock: Instant::now(),
            exchange: Exchange::default(),
            trouble: None,
            sent: Vec::new(),
            told: Told { at: Instant::now(), pause: 1, left: 1 },
            paced_from: (Instant::now(), Time::ZERO),
            lateness: Vec::new(),
            weights: vec![None; network.spec.projections.len()],
            hash: model_hash(network),
            options,
            sink,
            observer,
        }
    }

    /// Goes on from a checkpoint. What has been counted and held back is the first rank's.
    pub fn resume(&mut self, checkpoint: &Checkpoint) {
        if self.network.ranks.is_first() {
            self.statistics = checkpoint.statistics.clone();
            self.recorder.restore(checkpoint.held.clone());
        }
        // Of an earlier end they are not those of this one.
        if checkpoint.from > self.windows.end {
            self.weights.clone_from(&checkpoint.weights);
        }
        self.wall = Duration::from_secs_f64(checkpoint.wall_s.max(0.0));
        // What this process does after the recorded window is no part of it.
        self.phases = (checkpoint.from >= self.network.spec.record.until()).then(Vec::new);
        self.paced_from.1 = checkpoint.from;
    }

    /// Tells the other ranks of the window's spikes and hears theirs, so that `world` has everybody's; true if there is
    /// anything to merge. Here they also agree to stop.
    ///
    /// # Errors
    /// If any rank can't go on; all get the same one.
    pub fn exchange<W: Real>(
        &mut self,
        shared: &Shared<W>,
        world: &RwLock<Vec<Spike>>,
        course: &Course,
        window: &Window,
    ) -> Result<bool, RunError> {
        let mut spikes = world.write().unwrap_or_else(|e| e.into_inner());
        spikes.clear();
        self.sent.clear();
        if course.news {
            shared.merge_posts(course.round, &mut spikes);
            let posts = shared.posts[course.round % 2].iter();
            posts.for_each(|post| {
                self.sent.extend_from_slice(&post.read().unwrap_or_else(|e| e.into_inner()).transmitted)
            });
        }
        let stop = self.observer.stop_flag().load(Ordering::Relaxed);
        let wish = Wish { stop, failed: self.trouble.is_some() };
        let all = self.exchange.window(&self.network.ranks, window, &mut spikes, &mut self.sent, wish);
        if all.failed {
            self.agree()?;
        }
        if all.stop {
            shared.last.store(course.round, Ordering::Release);
        }
        Ok(course.news || !spikes.is_empty())
    }

    /// Everybody gets the error of the first rank that has one.
    fn agree(&mut self) -> Result<(), RunError> {
        self.network.ranks.agree(self.trouble.take().map_or(Ok(()), Err), RunError::code, told)
    }

    /// Alone, an error ends the run at once. Other ranks may be waiting for this one, so there it is kept until they are told.
    fn keep(&mut self, result: Result<(), RunError>) -> Result<(), RunError> {
        match result {
            Err(error) if !self.network.ranks.is_alone() => {
                self.trouble.get_or_insert(error);
                Ok(())
            }
            other => other,
        }
    }

    /// Everything that follows a window; true if the run is to stop.
    pub fn follow_up<W: Real>(
        &mut self,
        shared: &Shared<W>,
        course: &Course,
        window: &Window,
        pause: &Pause,
    ) -> Result<bool, RunError> {
        let (record, ranks) = (&self.network.spec.record, &self.network.ranks);
        let Course { flight, spikes, .. } = course;
        if ranks.is_alone() {
            self.sent.clear();
        }
        let posts = if course.news { &shared.posts[course.round % 2][..] } else { &[] };
        let mut lost = None;
        for post in posts {
            let post = post.read().unwrap_or_else(|e| e.into_inner());
            if ranks.is_alone() {
                self.sent.extend_from_slice(&post.transmitted);
            }
            self.statistics.background += if record.covers(window.from) { post.background } else { 0 };
            lost = lost.into_iter().chain(post.lost).min();
        }
        if let Some((time, gid)) = lost {
            self.keep(Err(finite::lost(self.model, time, gid)))?;
        }
        if ranks.is_first() {
            self.statistics.count(self.network, spikes);
        }
        if self.windows.begins_recording(window) {
            self.begin_recording(shared, flight, record.start);
        }
        if self.windows.ends_recording(window) {
            self.end_recording(shared, flight, window.to);
        }
        if pause.rest && self.windows.ends_stretch(window) {
            let sound = self.expect_finite(shared, Time(window.to.0 - 1), finite::reaches_weights(window.to));
            self.keep(sound)?;
        }
        if ranks.is_first() && self.trouble.is_none() {
            let taken = self.recorder.window::<W>(self.network, window, spikes, &self.sent, self.sink);
            self.keep(taken.map_err(RunError::from))?;
        }
        if pause.rest && self.windows.samples_at(window) {
            let samples = shared.with_parts(|parts| {
                parts.iter_mut().for_each(|part| part.take_note(flight, window.to));
                self.recorder.sample(self.network, window, self.windows.end, &views(parts))
            });
            let sound = self.expect_finite_samples(window, &samples);
            self.keep(sound)?;
            self.note_weights(window, &samples);
            if self.trouble.is_none() {
                let written = samples.into_iter().try_for_each(|chunk| self.sink.write(chunk));
                self.keep(written.map_err(RunError::from))?;
            }
        }
        if pause.rest && self.windows.refreshes_at(window) {
            let at = Time(window.to.0 - 1);
            // All ranks have the same error.
            shared.with_parts(|parts| {
                parts.iter_mut().for_each(|part| part.take_note(flight, window.to));
                let due = |ms: f64| ms.is_finite() && at.0 % Time::from_ms(ms).0 == 0;
                array::refresh(self.model, ranks, parts, at, due)
            })?;
        }
        if pause.checkpoint {
            let saved = self.checkpoint(shared, flight, window);
            self.keep(saved)?;
        }
        if self.network.ranks.is_first() {
            let told = self.tell(shared, window);
            self.keep(told)?;
            self.pace(window);
        }
        Ok(self.network.ranks.is_alone() && self.observer.stop_flag().load(Ordering::Relaxed))
    }

    /// An error if a state on this rank is not finite, or a plastic weight, if those are asked for.
    fn expect_finite<W: Real>(&self, shared: &Shared<W>, at: Time, weights: bool) -> Result<(), RunError> {
        shared.with_parts(|parts| {
            let parts = views(parts);
            finite::check(self.network, &parts, at)?;
            if weights { finite::check_weights(self.model, &parts, at) } else { Ok(()) }
        })
    }

    /// An error if a weight that was sampled is not finite.
    fn expect_finite_samples(&self, window: &Window, samples: &[Chunk]) -> Result<(), RunError> {
        samples.iter().try_for_each(|chunk| match chunk {
            Chunk::Snapshot { index, weights, .. } => {
                let (projection, ends) = (self.recorder.projection_of(*index), self.recorder.listed(*index));
                finite::check_sample(self.model, projection, ends, weights, Time(window.to.0 - 1))
            }
            _ => Ok(()),
        })
    }

    /// The recorded window begins: spikes on their way count when they arrive.
    fn begin_recording<W: Real>(&mut self, shared: &Shared<W>, flight: &Flight, start: Time) {
        self.wall = Duration::ZERO;
        self.clock = Instant::now();
        shared.parts.iter().for_each(|part| lock(part).1.phases.restart());
        if start > Time::ZERO {
            let on_their_way = flight.between(Time(i64::MIN / 2), start);
            self.statistics.before = self.arrivals_from(shared, on_their_way, start);
        }
    }

    /// The recorded window ends before the run: spikes on their way do not count when they arrive.
    fn end_recording<W: Real>(&mut self, shared: &Shared<W>, flight: &Flight, stop: Time) {
        self.wall = self.wall_so_far();
        self.phases = Some(shared.parts.iter().map(|part| lock(part).1.phases.seconds()).collect());
        self.statistics.after = self.arrivals_from(shared, flight.all(), stop);
    }

    /// Arrivals of these spikes from `from` on, per projection.
    fn arrivals_from<W: Real>(&self, shared: &Shared<W>, spikes: &[Spike], from: Time) -> Vec<u64> {
        let mut counts = vec![0; self.network.projections.len()];
        shared.with_parts(|parts| {
            for part in parts.iter() {
                for group in part.groups() {
                    count_arrivals(self.model, part.share(), group, spikes, from, &mut counts);
                }
            }
        });
        self.network.ranks.sum(&mut counts);
        if self.network.ranks.is_first() {
            for (count, projection) in counts.iter_mut().zip(&self.network.projections) {
                *count += count_drawn(projection, spikes, from);
            }
        }
        counts
    }

    /// Events from inputs so far, of all ranks.
    fn background(&self) -> u64 {
        let mut sum = [self.statistics.background];
        self.network.ranks.sum(&mut sum);
        sum[0]
    }

    /// The first rank writes what all have saved.
    fn checkpoint<W: Real>(&mut self, shared: &Shared<W>, flight: &Flight, window: &Window) -> Result<(), RunError> {
        let Some((path, _)) = &self.options.checkpoint else { return Ok(()) };
        let saved = shared.with_parts(|parts| {
            parts.iter_mut().for_each(|part| part.take_note(flight, window.to));
            Saved::gather(self.model, &self.network.ranks, window.to, parts)
        });
        let background = self.background();
        let Some(saved) = saved.filter(|_| self.trouble.is_none()) else { return Ok(()) };
        self.recorder.write_spikes(self.sink)?;
        self.sink.flush()?;
        let mut statistics = self.statistics.clone();
        statistics.background = background;
        let moment = Moment {
            from: window.to,
            flight: flight.all().to_vec(),
            statistics,
            wall_s: self.wall_so_far().as_secs_f64(),
            held: self.recorder.held(),
            weights: self.weights.clone(),
            marks: self.sink.marks(),
        };
        Checkpoint::new(&self.hash, moment, saved).write(path).map_err(|error| {
            // The one before it is in its place still.
            RunError::Failed(format!("{error}; {}", self.sink.kept()))
        })?;
        self.sink.keep();
        Ok(())
    }

    /// Notes the figures of weights at the run's end.
    fn note_weights(&mut self, window: &Window, samples: &[Chunk]) {
        if Time(window.to.0 - 1) != self.windows.end {
            return;
        }
        for chunk in samples {
            if let Chunk::Snapshot { index, weights, .. } = chunk {
                self.weights[self.recorder.projection_of(*index)] = summary::of_weights(weights);
            }
        }
    }

    fn wall_so_far(&self) -> Duration {
        if self.phases.is_some() { self.wall } else { self.wall + self.clock.elapsed() }
    }

    /// Tells of progress now and then. Reading the clock costs as much as an empty window, so after quick windows it is
    /// read less often.
    fn tell<W: Real>(&mut self, shared: &Shared<W>, window: &Window) -> Result<(), RunError> {
        self.told.left -= 1;
        if self.told.left > 0 {
            return Ok(());
        }
        let waited = self.told.at.elapsed();
        if waited >= PROGRESS {
            self.told = Told { at: Instant::now(), pause: 1, left: 1 };
            if self.options.watched {
                self.recorder.write_spikes(self.sink)?;
                self.observer.spent(&self.spent_so_far(shared, window));
            }
            self.observer.progress(Time(window.to.0 - 1), self.statistics.all_spikes);
        } else {
            // Doubles as long as that many windows took less than a twentieth of the interval.
            self.told.pause = if waited * 20 < PROGRESS { (self.told.pause * 2).min(256) } else { self.told.pause };
            self.told.left = self.told.pause;
        }
        Ok(())
    }

    /// What devices on this rank have spent about now, by projection. Other threads may be a window ahead; each is waited for until
    /// its window ends.
    fn spent_so_far<W: Real>(&self, shared: &Shared<W>, window: &Window) -> Map<String, Value> {
        let projections = &self.network.spec.projections;
        let prices = self.prices(shared, Time(window.to.0 - 1), Pulses::Given);
        let figures = |(projection, spent): (&ProjectionSpec, Option<Spent>)| {
            let mut figures = Value::Object(Map::new());
            spent?.add_to(&mut figures);
            Some((projection.name.clone(), figures))
        };
        projections.iter().zip(prices).filter_map(figures).collect()
    }

    /// What devices on this rank have spent by `reached`, by projection.
    fn prices<W: Real>(&self, shared: &Shared<W>, reached: Time, pulses: Pulses) -> Vec<Option<Spent>> {
        shared.with_parts(|parts| ledger::prices(&views(parts), self.network.projections.len(), reached, pulses))
    }

    /// Keeps pace with the clock.
    fn pace(&mut self, window: &Window) {
        let Some(speed) = self.options.speed else { return };
        let (begin, from) = self.paced_from;
        let due = Duration::from_secs_f64(((window.to - from).seconds() / speed).max(0.0));
        let late = begin.elapsed().as_secs_f64() - due.as_secs_f64();
        // In naps, so that whoever wants to stop need not wait.
        while begin.elapsed() < due && !self.observer.stop_flag().load(Ordering::Relaxed) {
            std::thread::sleep(due.saturating_sub(begin.elapsed()).min(NAP));
        }
        self.lateness.push(late.max(0.0) * 1e3);
    }

    /// After the last window: what recorders hold back, the edges of the counts, the figures. The first rank has those of all.
    pub fn finish<W: Real>(
        mut self,
        shared: &Shared<W>,
        flight: &Flight,
        stopped_at: Option<Time>,
    ) -> Result<Outcome, RunError> {
        self.agree()?;
        let ranks = &self.network.ranks;
        let wall = self.wall_so_far().as_secs_f64();
        // A window that was stopped has its end outside: the last moment is a tick before.
        let end = stopped_at.unwrap_or(self.windows.end);
        let reached = stopped_at.map_or(end, |t| Time(t.0 - 1));
        let sound = self.expect_finite(shared, reached, true);
        ranks.agree(sound, RunError::code, told)?;
        let laps = || shared.parts.iter().map(|part| lock(part).1.phases.seconds()).collect();
        let phases = self.phases.take().unwrap_or_else(laps);
        let on_their_way = shared.with_parts(|parts| {
            parts.iter_mut().for_each(|part| part.take_note(flight, Time(reached.0 + 1)));
            let parts: Vec<&Part<W>> = parts.iter().map(|p| &**p).collect();
            self.recorder.on_their_way(self.model, ranks, reached, &parts)
        });
        // Arrivals after the end, through spikes that were counted in full. Whether they are known does not depend on what a rank has counted.
        let record = &self.network.spec.record;
        let late = if reached >= record.until() {
            self.statistics.after.clone()
        } else {
            let counted = if reached >= record.start { flight.all() } else { &[] };
            self.arrivals_from(shared, counted, Time(reached.0 + 1))
        };
        self.statistics.background = self.background();
        let emitted = self.statistics.events(self.network);
        let events: Vec<u64> = emitted
            .iter()
            .zip(&self.statistics.before)
            .zip(late)
            .map(|((events, before), late)| (events + before).saturating_sub(late))
            .collect();
        let prices = ledger::join(ranks.gather(self.prices(shared, reached, Pulses::Due)));
        let mut summary =
            summary::summarise(self.network, &self.statistics, &events, &prices, wall, end, &self.lateness);
        summary::add_weights(&mut summary, self.network, std::mem::take(&mut self.weights));
        let phases: Vec<_> = ranks.gather(phases).into_iter().flatten().collect();
        summary.phases_s = Phases::mean(&phases);
        let stored = match ranks.is_first() {
            true => self.recorder.finish(on_their_way, self.sink).and_then(|()| self.sink.flush()),
            false => Ok(()),
        };
        ranks.agree(stored.map_err(RunError::from), RunError::code, told)?;
        Ok(Outcome { summary, complete: stopped_at.is_none(), reached })
    }
}
