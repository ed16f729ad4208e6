//! The window loop.
//!
//! ```text
//! all threads:  advance own neurons through the window; post their spikes
//!               -- barrier --
//!               merge and sort the spikes of all threads, each for itself
//! leader:       count, record, progress, stop, while the others go on with the next window
//!
//! and after a window at whose end something is sampled or saved:
//! leader:       sample; checkpoint
//!               -- barrier --
//! ```
//! Posts have two sides, used in turn: nobody writes to one before everybody has read it. A stop takes effect after the
//! window that follows the one in which it was asked for, since others may be in it.
//!
//! Ordering laws: (1) nothing emitted in a window arrives in it; (2) a window's spikes are sorted by (time, source)
//! before anybody sees them; (3) each thread delivers to its own neurons only; (4) sampling and checkpoints read
//! between windows and write no state. So the result is the same for any number of threads.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, RwLock};
use std::time::{Duration, Instant};

use crate::network::{Network, Shard};
use crate::neuron::Real;
use crate::record::Sink;
use crate::time::Time;

use super::barrier::{Barrier, Broken};
use super::checkpoint::{Checkpoint, Moment, model_hash};
use super::flight::{Flight, Spike};
use super::part::Part;
use super::phases::{Phase, Phases};
use super::recorder::Recorder;
use super::shard::{Model, Outbox, Sent, Window, count_arrivals, count_drawn};
use super::statistics::Statistics;
use super::windows::Windows;
use super::{Observer, Options, Outcome, RunError, array, ledger, summary};

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
            windows: &windows,
            recorder,
            statistics: Statistics::new(&network),
            wall: Duration::ZERO,
            clock: Instant::now(),
            sent: Vec::new(),
            told: Told { at: Instant::now(), pause: 1, left: 1 },
            paced_from: (Instant::now(), Time::ZERO),
            lateness: Vec::new(),
            hash,
            options,
            sink,
            observer,
        };
        let (mut from, mut flight) = (Time::ZERO, Flight::default());
        if options.resume.is_none() {
            array::refresh(&model, &mut parts.iter_mut().collect::<Vec<_>>(), Time(-1), |_| true)?;
        }
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
        }
        let threads = network.threads().max(1);
        let posts = || (0..threads).map(|_| RwLock::default()).collect();
        let outbox = || Outbox { phases: Phases::new(options.profile), ..Outbox::default() };
        let shared = Shared {
            parts: parts.into_iter().map(|part| Mutex::new((part, outbox()))).collect(),
            posts: [posts(), posts()],
            barrier: Barrier::new(threads),
            last: AtomicUsize::new(usize::MAX),
        };
        let mut course =
            Course { flight, spikes: Vec::new(), round: 0, next_checkpoint: None, news: false, posted: [false; 2] };
        course.next_checkpoint = options.checkpoint.as_ref().map(|(_, every)| after(from, *every));
        let complete = shared.run(&mut leader, &mut course, from)?;
        leader.finish(&shared, &course.flight, complete)
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
    /// What each thread posted, for odd and even rounds: written by its thread before the barrier, read by all after.
    posts: [Vec<RwLock<Post>>; 2],
    barrier: Barrier,
    /// The round after which all stop.
    last: AtomicUsize,
}

/// What a thread tells the others after a window.
#[derive(Default)]
struct Post {
    spikes: Vec<Spike>,
    transmitted: Vec<(u32, Sent)>,
    background: u64,
}

/// What every thread keeps for itself; but for `posted` the same in all of them at the same round.
#[derive(Clone)]
struct Course {
    flight: Flight,
    /// The window's spikes, sorted.
    spikes: Vec<Spike>,
    round: usize,
    next_checkpoint: Option<Time>,
    /// Did anybody post anything in this round?
    news: bool,
    /// This thread alone: did it leave anything in its own posts?
    posted: [bool; 2],
}

/// What follows the exchange of a window's spikes, besides recording.
struct Pause {
    /// The parts must rest while the leader reads them.
    rest: bool,
    checkpoint: bool,
}

impl Course {
    /// Whether the window ends with a pause; the same in all threads.
    fn pause(&mut self, windows: &Windows, window: &Window, every: Option<Time>) -> Pause {
        let checkpoint = self.next_checkpoint.is_some_and(|at| window.to > at);
        if checkpoint {
            self.next_checkpoint = every.map(|every| after(window.to, every));
        }
        let looks = windows.samples_at(window) || windows.refreshes_at(window);
        Pause { rest: checkpoint || windows.begins_recording(window) || looks, checkpoint }
    }
}

/// Locks are only poisoned by a panic, which ends the run anyway.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|e| e.into_inner())
}

impl<W: Real> Shared<W> {
    /// Runs windows on all threads; returns whether the end was reached, and when it was.
    fn run(&self, leader: &mut Leader<'_>, course: &mut Course, from: Time) -> Result<Option<Time>, RunError> {
        let (model, windows) = (leader.model, leader.windows);
        let every = leader.options.checkpoint.as_ref().map(|(_, every)| *every);
        std::thread::scope(|scope| {
            for index in 1..self.parts.len() {
                let course = course.clone();
                scope.spawn(move || self.guarded(|| self.follow(index, model, windows, course, every, from)));
            }
            let result = self.guarded(|| self.lead(leader, course, every, from)).unwrap_or_else(|| Err(broken(Broken)));
            if result.is_err() {
                // The others may be a window ahead, waiting.
                self.barrier.break_up();
            }
            result
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
    fn follow(
        &self,
        index: usize,
        model: &Model<'_>,
        windows: &Windows,
        mut course: Course,
        every: Option<Time>,
        mut from: Time,
    ) {
        while let Some(window) = windows.next(from) {
            if self.advance(index, model, &window, &mut course).is_err() {
                return;
            }
            if course.pause(windows, &window, every).rest && self.barrier.wait(index, false).is_err() {
                return;
            }
            if self.last.load(Ordering::Acquire) <= course.round {
                return;
            }
            (from, course.round) = (window.to, course.round + 1);
        }
    }

    /// The thread that also counts and records.
    fn lead(
        &self,
        leader: &mut Leader<'_>,
        course: &mut Course,
        every: Option<Time>,
        mut from: Time,
    ) -> Result<Option<Time>, RunError> {
        leader.clock = Instant::now();
        while let Some(window) = leader.windows.next(from) {
            self.advance(0, leader.model, &window, course).map_err(broken)?;
            let pause = course.pause(leader.windows, &window, every);
            let stop = leader.follow_up(self, course, &window, &pause)?;
            lock(&self.parts[0]).1.phases.lap(Phase::Recording);
            from = window.to;
            if self.last.load(Ordering::Relaxed) <= course.round {
                if pause.rest {
                    self.barrier.wait(0, false).map_err(broken)?;
                }
                return Ok(leader.windows.next(from).map(|_| from));
            }
            if stop {
                // Not before the barrier of the next round does everybody know.
                self.last.store(course.round + 1, Ordering::Release);
            }
            if pause.rest {
                self.barrier.wait(0, false).map_err(broken)?;
            }
            course.round += 1;
        }
        Ok(None)
    }

    /// Advances a part through a window and gathers everybody's spikes.
    fn advance(&self, index: usize, model: &Model<'_>, window: &Window, course: &mut Course) -> Result<(), Broken> {
        let mut own = lock(&self.parts[index]);
        let (part, out) = &mut *own;
        part.advance(model, window, &course.flight, out);
        if !out.spikes.is_sorted() {
            out.spikes.sort_unstable();
        }
        let posts = &self.posts[course.round % 2];
        let news = !(out.spikes.is_empty() && out.transmitted.is_empty() && out.background == 0);
        if news || course.posted[course.round % 2] {
            let mut post = posts[index].write().unwrap_or_else(|e| e.into_inner());
            std::mem::swap(&mut post.spikes, &mut out.spikes);
            std::mem::swap(&mut post.transmitted, &mut out.transmitted);
            post.background = std::mem::take(&mut out.background);
        }
        course.posted[course.round % 2] = news;
        out.spikes.clear();
        out.transmitted.clear();
        drop(own);
        course.news = self.barrier.wait(index, news)?;
        course.spikes.clear();
        if course.news {
            for post in posts {
                course.spikes.extend_from_slice(&post.read().unwrap_or_else(|e| e.into_inner()).spikes);
            }
            if posts.len() > 1 && !course.spikes.is_sorted() {
                // The stable sort merges runs that are sorted already.
                course.spikes.sort();
            }
        }
        course.flight.push(&course.spikes, Time(window.to.0.saturating_sub(model.max_delay.0)));
        lock(&self.parts[index]).1.phases.lap(Phase::Exchange);
        Ok(())
    }

    /// All parts at once, between windows.
    fn with_parts<T>(&self, work: impl FnOnce(&mut [&mut Part<W>]) -> T) -> T {
        let mut guards: Vec<_> = self.parts.iter().map(lock).collect();
        let mut parts: Vec<&mut Part<W>> = guards.iter_mut().map(|g| &mut g.0).collect();
        work(&mut parts)
    }
}

/// A barrier breaks if a thread panics.
fn broken(_: Broken) -> RunError {
    RunError::Failed("a worker thread failed; this is an error of memspike, please report it".into())
}

/// When progress was told, and how many windows may go by before the clock is read again.
struct Told {
    at: Instant,
    pause: u32,
    left: u32,
}

/// What the leading thread does after windows.
struct Leader<'a> {
    network: &'a Network,
    model: &'a Model<'a>,
    windows: &'a Windows,
    recorder: Recorder,
    statistics: Statistics,
    /// Wall time of the recorded window, up to `clock`.
    wall: Duration,
    clock: Instant,
    /// Weights transmitted in the window.
    sent: Vec<(u32, Sent)>,
    told: Told,
    paced_from: (Instant, Time),
    lateness: Vec<f64>,
    hash: String,
    options: &'a Options,
    sink: &'a mut dyn Sink,
    observer: &'a mut dyn Observer,
}

impl Leader<'_> {
    /// Everything that follows a window; true if the run is to stop.
    fn follow_up<W: Real>(
        &mut self,
        shared: &Shared<W>,
        course: &Course,
        window: &Window,
        pause: &Pause,
    ) -> Result<bool, RunError> {
        let start = self.network.spec.record.start;
        let Course { flight, spikes, .. } = course;
        self.sent.clear();
        let posts = if course.news { &shared.posts[course.round % 2][..] } else { &[] };
        for post in posts {
            let post = post.read().unwrap_or_else(|e| e.into_inner());
            self.sent.extend_from_slice(&post.transmitted);
            self.statistics.background += if window.from >= start { post.background } else { 0 };
        }
        self.statistics.count(self.network, spikes, start);
        if self.windows.begins_recording(window) {
            self.begin_recording(shared, flight, start);
        }
        self.recorder.window::<W>(self.network, window, spikes, &self.sent, self.sink)?;
        if pause.rest && self.windows.samples_at(window) {
            shared.with_parts(|parts| {
                parts.iter_mut().for_each(|part| part.take_note(flight, window.to));
                let parts: Vec<&Part<W>> = parts.iter().map(|p| &**p).collect();
                self.recorder.sample(self.network, window, self.windows.end, &parts, self.sink)
            })?;
        }
        if pause.rest && self.windows.refreshes_at(window) {
            let at = Time(window.to.0 - 1);
            shared.with_parts(|parts| {
                parts.iter_mut().for_each(|part| part.take_note(flight, window.to));
                array::refresh(self.model, parts, at, |ms| ms.is_finite() && at.0 % Time::from_ms(ms).0 == 0)
            })?;
        }
        if pause.checkpoint {
            self.checkpoint(shared, flight, window)?;
        }
        self.tell(window);
        self.pace(window);
        Ok(self.observer.stop_flag().load(Ordering::Relaxed))
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
        for (count, projection) in counts.iter_mut().zip(&self.network.projections) {
            *count += count_drawn(projection, spikes, from);
        }
        counts
    }

    fn checkpoint<W: Real>(&mut self, shared: &Shared<W>, flight: &Flight, window: &Window) -> Result<(), RunError> {
        let Some((path, _)) = &self.options.checkpoint else { return Ok(()) };
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
        checkpoint.write(path)
    }

    fn wall_so_far(&self) -> Duration {
        self.wall + self.clock.elapsed()
    }

    /// Tells of progress now and then. Reading the clock costs as much as an empty window, so after quick windows it is
    /// read less often.
    fn tell(&mut self, window: &Window) {
        self.told.left -= 1;
        if self.told.left > 0 {
            return;
        }
        let waited = self.told.at.elapsed();
        if waited >= PROGRESS {
            self.told = Told { at: Instant::now(), pause: 1, left: 1 };
            self.observer.progress(Time(window.to.0 - 1), self.statistics.all_spikes);
        } else {
            // Doubles as long as that many windows took less than a twentieth of the interval.
            self.told.pause = if waited * 20 < PROGRESS { (self.told.pause * 2).min(256) } else { self.told.pause };
            self.told.left = self.told.pause;
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
    fn finish<W: Real>(
        mut self,
        shared: &Shared<W>,
        flight: &Flight,
        stopped_at: Option<Time>,
    ) -> Result<Outcome, RunError> {
        let wall = self.wall_so_far().as_secs_f64();
        let reached = stopped_at.map_or(self.windows.end, |t| Time(t.0 - 1));
        let phases: Vec<Phases> = shared.parts.iter().map(|part| lock(part).1.phases.clone()).collect();
        shared.with_parts(|parts| {
            parts.iter_mut().for_each(|part| part.take_note(flight, Time(reached.0 + 1)));
            let parts: Vec<&Part<W>> = parts.iter().map(|p| &**p).collect();
            self.recorder.finish(self.model, reached, &parts, self.sink)
        })?;
        self.sink.flush()?;
        // Arrivals after the end, through spikes that were counted in full.
        let counted = if reached >= self.network.spec.record.start { flight.all() } else { &[] };
        let late = self.arrivals_from(shared, counted, Time(reached.0 + 1));
        let emitted = self.statistics.events(self.network);
        let events: Vec<u64> = emitted
            .iter()
            .zip(&self.statistics.before)
            .zip(late)
            .map(|((events, before), late)| (events + before).saturating_sub(late))
            .collect();
        let prices = shared.with_parts(|parts| {
            let parts: Vec<&Part<W>> = parts.iter().map(|p| &**p).collect();
            ledger::prices(&parts, self.network.projections.len(), reached)
        });
        let mut summary =
            summary::summarise(self.network, &self.statistics, &events, &prices, wall, reached, &self.lateness);
        summary.phases_s = Phases::mean(&phases);
        Ok(Outcome { summary, complete: stopped_at.is_none(), reached })
    }
}
