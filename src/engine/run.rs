//! The window loop.
//!
//! ```text
//! all threads:  advance own neurons through the window; leave spikes in the outbox
//!               -- barrier --
//! leader:       exchange: merge and sort the spikes of all threads
//!               count, record, sample; checkpoint, progress, stop
//!               -- barrier --
//! ```
//! Ordering laws: (1) nothing emitted in a window arrives in it; (2) a window's spikes are sorted by (time, source)
//! before anybody sees them; (3) each thread delivers to its own neurons only; (4) sampling and checkpoints read
//! between windows and write no state. So the result is the same for any number of threads.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, RwLock};
use std::time::{Duration, Instant};

use crate::network::{Network, Shard};
use crate::neuron::Real;
use crate::record::Sink;
use crate::time::Time;

use super::barrier::Barrier;
use super::checkpoint::{Checkpoint, Moment, model_hash};
use super::flight::{Flight, Spike};
use super::part::Part;
use super::recorder::Recorder;
use super::shard::{Model, Outbox, Sent, Window, count_arrivals};
use super::statistics::{Statistics, neurons, outgoing};
use super::windows::Windows;
use super::{Observer, Options, Outcome, RunError, summary};

/// Later than any arrival, and safe to add to.
const NEVER: Time = Time(i64::MAX / 4);

/// How often progress is told.
const PROGRESS: Duration = Duration::from_millis(100);

/// A network with its threads' parts, at time 0.
pub struct Prepared<W: Real> {
    /// The network, without its synapses.
    pub network: Network,
    /// What is recorded.
    pub recorder: Recorder,
    parts: Vec<Part<W>>,
    windows: Windows,
}

impl<W: Real> Prepared<W> {
    /// Makes the parts of all threads.
    pub fn new(network: Network, shards: Vec<Shard<W>>) -> Result<Prepared<W>, RunError> {
        let end = network.spec.simulation.duration.ok_or_else(|| {
            RunError::Model("simulation.duration is missing; give it in the model or with --duration".into())
        })?;
        let windows = Windows::new(&network, end);
        let model = Model::new(&network);
        let parts = shards
            .into_iter()
            .map(|shard| Part::new(&model, &network, shard, windows.quantum))
            .collect::<Result<Vec<_>, _>>()?;
        let recorder = Recorder::new(&model, &network, &parts.iter().collect::<Vec<_>>());
        Ok(Prepared { network, recorder, parts, windows })
    }

    /// Runs to the end, to an error, or until the observer asks to stop.
    pub fn run(self, options: &Options, sink: &mut dyn Sink, observer: &mut dyn Observer) -> Result<Outcome, RunError> {
        let Prepared { network, recorder, mut parts, windows } = self;
        let model = Model::new(&network);
        let hash = model_hash(&network);
        let mut leader = Leader {
            network: &network,
            model: &model,
            outgoing: outgoing(&network),
            is_neuron: neurons(&network),
            windows: &windows,
            recorder,
            statistics: Statistics::new(&network),
            wall: Duration::ZERO,
            clock: Instant::now(),
            told: Instant::now(),
            paced_from: (Instant::now(), Time::ZERO),
            lateness: Vec::new(),
            next_checkpoint: options.checkpoint.as_ref().map(|(_, every)| *every),
            hash,
            options,
            sink,
            observer,
        };
        let (mut from, mut flight) = (Time::ZERO, Flight::default());
        if let Some(checkpoint) = &options.resume {
            if checkpoint.model_hash != leader.hash {
                return Err(RunError::Checkpoint(
                    "it was written by another model or seed; resume with the model that wrote it, or start anew"
                        .into(),
                ));
            }
            checkpoint.scatter(&model, windows.quantum, &mut parts.iter_mut().collect::<Vec<_>>())?;
            from = checkpoint.from;
            flight = Flight::restore(checkpoint.flight.clone());
            leader.statistics = checkpoint.statistics.clone();
            leader.wall = Duration::from_secs_f64(checkpoint.wall_s.max(0.0));
            leader.recorder.restore(checkpoint.held.clone());
            leader.paced_from.1 = from;
            if let Some((_, every)) = &options.checkpoint {
                leader.next_checkpoint = Some(after(from, *every));
            }
        }
        let shared = Shared {
            parts: parts.into_iter().map(|part| Mutex::new((part, Outbox::default()))).collect(),
            flight: RwLock::new(flight),
            barrier: Barrier::new(network.threads().max(1)),
            over: AtomicBool::new(false),
        };
        let complete = shared.run(&mut leader, from)?;
        leader.finish(&shared, complete)
    }
}

/// The first multiple of `every` after `time`.
fn after(time: Time, every: Time) -> Time {
    let every = every.0.max(1);
    Time((time.0 / every + 1) * every)
}

/// What all threads see.
struct Shared<W: Real> {
    parts: Vec<Mutex<(Part<W>, Outbox)>>,
    flight: RwLock<Flight>,
    barrier: Barrier,
    over: AtomicBool,
}

/// Locks are only poisoned by a panic, which ends the run anyway.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|e| e.into_inner())
}

impl<W: Real> Shared<W> {
    /// Runs windows on all threads; returns whether the end was reached, and when it was.
    fn run(&self, leader: &mut Leader<'_>, from: Time) -> Result<Option<Time>, RunError> {
        let (model, windows) = (leader.model, leader.windows);
        std::thread::scope(|scope| {
            for index in 1..self.parts.len() {
                scope.spawn(move || self.guarded(|| self.follow(index, model, windows, from)));
            }
            self.guarded(|| self.lead(leader, from)).unwrap_or_else(|| {
                Err(RunError::Failed("a worker thread failed; this is an error of memspike, please report it".into()))
            })
        })
    }

    /// Breaks the barrier if `work` panics, so that nobody waits for ever.
    fn guarded<T>(&self, work: impl FnOnce() -> T) -> Option<T> {
        let result = catch_unwind(AssertUnwindSafe(work));
        if result.is_err() {
            self.barrier.break_up();
        }
        result.ok()
    }

    /// A thread that only advances its part.
    fn follow(&self, index: usize, model: &Model<'_>, windows: &Windows, mut from: Time) {
        while let Some(window) = windows.next(from) {
            if self.over.load(Ordering::Acquire) {
                return;
            }
            self.advance(index, model, &window);
            if self.barrier.wait().is_err() || self.barrier.wait().is_err() {
                return;
            }
            from = window.to;
        }
    }

    /// The thread that also exchanges and records.
    fn lead(&self, leader: &mut Leader<'_>, mut from: Time) -> Result<Option<Time>, RunError> {
        leader.clock = Instant::now();
        let broken =
            |_| RunError::Failed("a worker thread failed; this is an error of memspike, please report it".into());
        while let Some(window) = leader.windows.next(from) {
            if self.over.load(Ordering::Acquire) {
                return Ok(Some(from));
            }
            self.advance(0, leader.model, &window);
            self.barrier.wait().map_err(broken)?;
            let outcome = leader.exchange(self, &window);
            if !matches!(outcome, Ok(false)) {
                self.over.store(true, Ordering::Release);
            }
            self.barrier.wait().map_err(broken)?;
            outcome?;
            from = window.to;
        }
        Ok(None)
    }

    fn advance(&self, index: usize, model: &Model<'_>, window: &Window) {
        let mut own = lock(&self.parts[index]);
        let flight = self.flight.read().unwrap_or_else(|e| e.into_inner());
        let (part, out) = &mut *own;
        part.advance(model, window, &flight, out);
    }

    /// All parts at once, between windows.
    fn with_parts<T>(&self, work: impl FnOnce(&mut [&mut Part<W>]) -> T) -> T {
        let mut guards: Vec<_> = self.parts.iter().map(lock).collect();
        let mut parts: Vec<&mut Part<W>> = guards.iter_mut().map(|g| &mut g.0).collect();
        work(&mut parts)
    }
}

/// What the leading thread does between windows.
struct Leader<'a> {
    network: &'a Network,
    model: &'a Model<'a>,
    outgoing: Vec<Vec<usize>>,
    is_neuron: Vec<bool>,
    windows: &'a Windows,
    recorder: Recorder,
    statistics: Statistics,
    /// Wall time of the recorded window, up to `clock`.
    wall: Duration,
    clock: Instant,
    told: Instant,
    paced_from: (Instant, Time),
    lateness: Vec<f64>,
    next_checkpoint: Option<Time>,
    hash: String,
    options: &'a Options,
    sink: &'a mut dyn Sink,
    observer: &'a mut dyn Observer,
}

impl Leader<'_> {
    /// Everything between two windows; true if the run is to stop.
    fn exchange<W: Real>(&mut self, shared: &Shared<W>, window: &Window) -> Result<bool, RunError> {
        let start = self.network.spec.record.start;
        let recording = window.from >= start;
        let (mut spikes, mut sent): (Vec<Spike>, Vec<(u32, Sent)>) = Default::default();
        for part in &shared.parts {
            let out = &mut lock(part).1;
            spikes.append(&mut out.spikes);
            sent.append(&mut out.transmitted);
            let background = std::mem::take(&mut out.background);
            self.statistics.background += if recording { background } else { 0 };
        }
        spikes.sort_unstable();
        self.statistics.count(self.network, &self.outgoing, &self.is_neuron, &spikes, start);
        let mut flight = shared.flight.write().unwrap_or_else(|e| e.into_inner());
        flight.push(&spikes, Time(window.to.0.saturating_sub(self.network.max_delay.0)));
        if window.to == start || (start == Time::ZERO && window.from == Time::ZERO) {
            self.begin_recording(shared, &flight, start);
        }
        self.recorder.window(self.network, window, &spikes, sent, self.sink)?;
        if self.recorder.samples_at(window, self.windows.end) {
            shared.with_parts(|parts| {
                parts.iter_mut().for_each(|part| part.take_note(&flight, window.to));
                let parts: Vec<&Part<W>> = parts.iter().map(|p| &**p).collect();
                self.recorder.sample(self.network, window, self.windows.end, &parts, self.sink)
            })?;
        }
        if self.next_checkpoint.is_some_and(|at| window.to > at) {
            self.checkpoint(shared, &flight, window)?;
        }
        drop(flight);
        self.tell(window);
        self.pace(window);
        Ok(self.observer.stop_flag().load(Ordering::Relaxed))
    }

    /// The recorded window begins: spikes on their way count when they arrive.
    fn begin_recording<W: Real>(&mut self, shared: &Shared<W>, flight: &Flight, start: Time) {
        self.wall = Duration::ZERO;
        self.clock = Instant::now();
        if start > Time::ZERO {
            let on_their_way = flight.between(Time(i64::MIN / 2), start);
            self.statistics.before = self.arrivals_from(shared, on_their_way, start);
        }
    }

    /// Arrivals of these spikes from `from` on, per projection.
    fn arrivals_from<W: Real>(&self, shared: &Shared<W>, spikes: &[Spike], from: Time) -> Vec<u64> {
        let mut counts = vec![0; self.network.projections.len()];
        shared.with_parts(|parts| {
            for part in parts.iter() {
                for group in part.groups() {
                    count_arrivals(self.model, part.share(), group, spikes, from, NEVER, &mut counts);
                }
            }
        });
        counts
    }

    fn checkpoint<W: Real>(&mut self, shared: &Shared<W>, flight: &Flight, window: &Window) -> Result<(), RunError> {
        let Some((path, every)) = &self.options.checkpoint else { return Ok(()) };
        self.recorder.write_spikes(self.sink)?;
        self.sink.flush()?;
        let moment = Moment {
            from: window.to,
            flight: flight.all().to_vec(),
            statistics: self.statistics.clone(),
            wall_s: self.wall_so_far().as_secs_f64(),
            held: self.recorder.held(),
            marks: self.sink.marks(),
        };
        let checkpoint = shared.with_parts(|parts| {
            parts.iter_mut().for_each(|part| part.take_note(flight, window.to));
            Checkpoint::gather(self.model, &self.hash, moment, parts)
        });
        checkpoint.write(path)?;
        self.next_checkpoint = Some(after(window.to, *every));
        Ok(())
    }

    fn wall_so_far(&self) -> Duration {
        self.wall + self.clock.elapsed()
    }

    fn tell(&mut self, window: &Window) {
        if self.told.elapsed() >= PROGRESS {
            self.told = Instant::now();
            self.observer.progress(Time(window.to.0 - 1), self.statistics.all_spikes);
        }
    }

    /// Keeps pace with the clock.
    fn pace(&mut self, window: &Window) {
        let Some(speed) = self.options.speed else { return };
        let (begin, from) = self.paced_from;
        let due = Duration::from_secs_f64(((window.to - from).seconds() / speed).max(0.0));
        let late = begin.elapsed().as_secs_f64() - due.as_secs_f64();
        if late < 0.0 {
            std::thread::sleep(due.saturating_sub(begin.elapsed()));
        }
        self.lateness.push(late.max(0.0) * 1e3);
    }

    /// After the last window: what recorders hold back, the edges of the counts, the figures.
    fn finish<W: Real>(mut self, shared: &Shared<W>, stopped_at: Option<Time>) -> Result<Outcome, RunError> {
        let wall = self.wall_so_far().as_secs_f64();
        let reached = stopped_at.map_or(self.windows.end, |t| Time(t.0 - 1));
        let flight = shared.flight.read().unwrap_or_else(|e| e.into_inner());
        shared.with_parts(|parts| {
            parts.iter_mut().for_each(|part| part.take_note(&flight, Time(reached.0 + 1)));
            let parts: Vec<&Part<W>> = parts.iter().map(|p| &**p).collect();
            self.recorder.finish(self.model, reached, &parts, self.sink)
        })?;
        self.sink.flush()?;
        // Arrivals after the end, through spikes that were counted in full.
        let counted = if reached >= self.network.spec.record.start { flight.all() } else { &[] };
        let late = self.arrivals_from(shared, counted, Time(reached.0 + 1));
        let so_far = self.statistics.events.iter().zip(&self.statistics.before);
        let events: Vec<u64> =
            so_far.zip(late).map(|((events, before), late)| (events + before).saturating_sub(late)).collect();
        let prices = shared.with_parts(|parts| {
            let parts: Vec<&Part<W>> = parts.iter().map(|p| &**p).collect();
            summary::prices(&parts, self.network.projections.len(), reached)
        });
        let summary =
            summary::summarise(self.network, &self.statistics, &events, &prices, wall, reached, &self.lateness);
        Ok(Outcome { summary, complete: stopped_at.is_none(), reached })
    }
}
