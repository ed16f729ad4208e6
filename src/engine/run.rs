//! The window loop.
//!
//! ```text
//! all threads:  advance own neurons through the window; post their spikes
//!               -- come to the barrier --
//!               begin the next window with what is known without the others
//!               -- wait for all --
//!               merge and sort the spikes of all threads, each for itself
//! leader:       count, record, progress, stop, while the others go on with the next window
//!
//! and after a window at whose end something is sampled or saved:
//! leader:       sample; checkpoint
//!               -- barrier --
//! ```
//! With other ranks (see [`crate::ranks`]), between the first barrier and a second one:
//! ```text
//! leader:       merge and sort the spikes of its threads; exchange them with the leaders of the other ranks
//! ```
//! Posts have two sides, used in turn: nobody writes to one before everybody has read it. A stop takes effect after the
//! window that follows the one in which it was asked for, since others may be in it; with ranks, after the window in
//! whose exchange they told each other. An error is told there as well, so that no rank waits for one that has gone.
//!
//! Ordering laws: (1) nothing emitted in a window arrives in it; (2) a window's spikes are sorted by (time, source)
//! before anybody sees them; (3) each thread delivers to its own neurons only; (4) sampling and checkpoints read
//! between windows and write no state. So the result is the same for any number of threads.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, RwLock};
use std::time::Instant;

use crate::math::real::Real;
use crate::network::{Network, Shard};
use crate::record::Sink;
use crate::time::Time;

use super::barrier::{Barrier, Broken};
use super::flight::{Flight, Spike};
use super::leader::Leader;
use super::part::Part;
use super::phases::{Phase, Phases};
use super::recorder::Recorder;
use super::shard::{Model, Outbox, Sent, Window};
use super::tapes::Tapes;
use super::windows::Windows;
use super::{Observer, Options, Outcome, RunError, array, told};

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
    /// Makes the parts of all threads of this rank.
    pub fn new(mut network: Network, shards: Vec<Shard<W>>) -> Result<Prepared<W>, RunError> {
        let end = network.spec.simulation.duration.ok_or_else(|| {
            RunError::Model("simulation.duration is missing; give it in the model or with --duration".into())
        })?;
        let windows = Windows::new(&network, end);
        let model = Model::new(&network);
        let parts = shards
            .into_iter()
            .map(|shard| Part::new(&model, &network, shard, windows.quantum))
            .collect::<Result<Vec<_>, _>>();
        let parts = network.ranks.agree(parts, RunError::code, told)?;
        let recorder = Recorder::new(&model, &network, &parts.iter().collect::<Vec<_>>());
        // Every part has a copy of its own members'.
        network.populations.iter_mut().for_each(crate::network::Population::forget_columns);
        Ok(Prepared { network, recorder, parts, windows })
    }

    /// Runs to the end, to an error, or until the observer asks to stop.
    pub fn run(self, options: &Options, sink: &mut dyn Sink, observer: &mut dyn Observer) -> Result<Outcome, RunError> {
        let Prepared { network, recorder, mut parts, windows } = self;
        let model = Model::new(&network);
        let mut leader = Leader::new(&network, &model, &windows, recorder, options, sink, observer);
        let (mut from, mut flight) = (Time::ZERO, Flight::default());
        if options.resume.is_none() {
            let mut parts = parts.iter_mut().collect::<Vec<_>>();
            array::refresh(&model, &network.ranks, &mut parts, Time(-1), |_| true)?;
        }
        if let Some(checkpoint) = &options.resume {
            checkpoint.expect_begins(&leader.hash, windows.end)?;
            checkpoint.scatter(&model, &network.ranks, windows.quantum, &mut parts)?;
            from = checkpoint.from;
            flight = Flight::restore(checkpoint.flight.clone());
            leader.resume(checkpoint);
        }
        let tapes = Tapes::open(model.spec, &mut parts, from)?;
        let threads = network.threads().max(1);
        let posts = || (0..threads).map(|_| RwLock::default()).collect();
        let outbox = || Outbox { phases: Phases::new(options.profile), ..Outbox::default() };
        let shared = Shared {
            parts: parts.into_iter().map(|part| Mutex::new((part, outbox()))).collect(),
            posts: [posts(), posts()],
            world: (!network.ranks.is_alone()).then(RwLock::default),
            barrier: Barrier::new(threads),
            last: AtomicUsize::new(usize::MAX),
            tapes,
        };
        let mut course =
            Course { flight, spikes: Vec::new(), round: 0, next_checkpoint: None, news: false, posted: [false; 2] };
        course.next_checkpoint = options.checkpoint.as_ref().map(|(_, every)| after(from, *every));
        let stopped_at = shared.run(&mut leader, &mut course, from)?;
        leader.finish(&shared, &course.flight, stopped_at)
    }
}

/// The first multiple of `every` after `time`.
fn after(time: Time, every: Time) -> Time {
    let every = every.0.max(1);
    Time((time.0 / every + 1) * every)
}

/// What all threads see.
pub struct Shared<W: Real> {
    /// The threads' parts of the network, and what each hands over.
    pub parts: Vec<Mutex<(Part<W>, Outbox)>>,
    /// What each thread posted, for odd and even rounds: written by its thread before the barrier, read by all after.
    pub posts: [Vec<RwLock<Post>>; 2],
    /// With other ranks, everybody's spikes of the window, sorted: written by the leader before the second barrier, read by all
    /// after it.
    pub world: Option<RwLock<Vec<Spike>>>,
    barrier: Barrier,
    /// The round after which all stop.
    pub last: AtomicUsize,
    /// Recordings that are read while the network runs.
    tapes: Tapes,
}

/// What a thread tells the others after a window.
#[derive(Default)]
pub struct Post {
    /// Sorted.
    pub spikes: Vec<Spike>,
    /// Weights transmitted through projections that record them.
    pub transmitted: Vec<(u32, Sent)>,
    /// Events from inputs.
    pub background: u64,
    /// The first of its neurons whose spikes would not end: when, and which.
    pub lost: Option<(Time, u32)>,
}

/// What every thread keeps for itself; but for `posted` the same in all of them at the same round.
#[derive(Clone)]
pub struct Course {
    /// Spikes that may be on their way.
    pub flight: Flight,
    /// The window's spikes, sorted.
    pub spikes: Vec<Spike>,
    /// Counts windows.
    pub round: usize,
    next_checkpoint: Option<Time>,
    /// Did anybody on this rank post anything in this round?
    pub news: bool,
    /// This thread alone: did it leave anything in its own posts?
    posted: [bool; 2],
}

/// What follows the exchange of a window's spikes, besides recording.
pub struct Pause {
    /// The parts must rest while the leader reads them.
    pub rest: bool,
    /// A checkpoint is due.
    pub checkpoint: bool,
}

impl Course {
    /// Whether the window ends with a pause; the same in all threads.
    fn pause(&mut self, windows: &Windows, window: &Window, every: Option<Time>) -> Pause {
        let checkpoint = self.next_checkpoint.is_some_and(|at| window.to > at);
        if checkpoint {
            self.next_checkpoint = every.map(|every| after(window.to, every));
        }
        let looks = windows.samples_at(window) || windows.refreshes_at(window) || windows.ends_stretch(window);
        let edge = windows.begins_recording(window) || windows.ends_recording(window);
        Pause { rest: checkpoint || edge || looks, checkpoint }
    }
}

/// Locks are only poisoned by a panic, which ends the run anyway.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
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
                let follow = move || self.guarded(|| self.follow(index, model, windows, course, every, from));
                if let Err(error) = std::thread::Builder::new().spawn_scoped(scope, follow) {
                    // Those that have been started wait for it.
                    self.barrier.break_up();
                    return Err(lost(leader, RunError::Failed(format!("a worker thread can't be started: {error}"))));
                }
            }
            let result = self.guarded(|| self.lead(leader, course, every, from)).unwrap_or_else(|| Err(broken(leader)));
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
        from: Time,
    ) {
        let mut next = windows.next(from);
        while let Some(window) = next {
            let Ok(following) = self.advance(index, model, windows, &window, &mut course) else { return };
            next = following;
            if self.world.is_some() {
                let Ok(news) = self.barrier.wait(index, false) else { return };
                course.news = news;
            }
            self.merge(index, model, &window, &mut course);
            if course.pause(windows, &window, every).rest && self.barrier.wait(index, false).is_err() {
                return;
            }
            if self.last.load(Ordering::Acquire) <= course.round {
                return;
            }
            course.round += 1;
        }
    }

    /// The thread that also counts and records.
    fn lead(
        &self,
        leader: &mut Leader<'_>,
        course: &mut Course,
        every: Option<Time>,
        from: Time,
    ) -> Result<Option<Time>, RunError> {
        leader.clock = Instant::now();
        let mut next = leader.windows.next(from);
        while let Some(window) = next {
            next = self.advance(0, leader.model, leader.windows, &window, course).map_err(|_| broken(leader))?;
            if let Some(world) = &self.world {
                let news = leader.exchange(self, world, course, &window)?;
                course.news = self.barrier.wait(0, news).map_err(|_| broken(leader))?;
            }
            self.merge(0, leader.model, &window, course);
            self.tapes.expect_sound()?;
            let pause = course.pause(leader.windows, &window, every);
            let stop = leader.follow_up(self, course, &window, &pause)?;
            lock(&self.parts[0]).1.phases.lap(Phase::Recording);
            if self.last.load(Ordering::Relaxed) <= course.round {
                if pause.rest {
                    self.barrier.wait(0, false).map_err(|_| broken(leader))?;
                }
                return Ok(next.map(|next| next.from));
            }
            if stop {
                // Not before the barrier of the next round does everybody know.
                self.last.store(course.round + 1, Ordering::Release);
            }
            if pause.rest {
                self.barrier.wait(0, false).map_err(|_| broken(leader))?;
            }
            course.round += 1;
        }
        Ok(None)
    }

    /// Advances a part through a window, posts what it emitted, and waits for the others; gives the window after it.
    fn advance(
        &self,
        index: usize,
        model: &Model<'_>,
        windows: &Windows,
        window: &Window,
        course: &mut Course,
    ) -> Result<Option<Window>, Broken> {
        let mut own = lock(&self.parts[index]);
        let (part, out) = &mut *own;
        part.advance(model, window, &course.flight, out);
        if !out.spikes.is_sorted() {
            out.spikes.sort_unstable();
        }
        let posts = &self.posts[course.round % 2];
        // Nobody is lost without a spike.
        let news = !(out.spikes.is_empty() && out.transmitted.is_empty() && out.background == 0);
        if news || course.posted[course.round % 2] {
            let mut post = posts[index].write().unwrap_or_else(|e| e.into_inner());
            std::mem::swap(&mut post.spikes, &mut out.spikes);
            std::mem::swap(&mut post.transmitted, &mut out.transmitted);
            post.background = std::mem::take(&mut out.background);
            post.lost = out.lost.take();
        }
        course.posted[course.round % 2] = news;
        out.spikes.clear();
        out.transmitted.clear();
        out.phases.lap(Phase::Exchange);
        self.barrier.come(index, news);
        let next = windows.next(window.to);
        if let Some(next) = &next {
            part.begin(next, out);
        }
        drop(own);
        course.news = self.barrier.await_all(index)?;
        Ok(next)
    }

    /// Puts the window's spikes on their way.
    fn merge(&self, index: usize, model: &Model<'_>, window: &Window, course: &mut Course) {
        course.spikes.clear();
        if course.news {
            match &self.world {
                Some(world) => course.spikes.extend_from_slice(&world.read().unwrap_or_else(|e| e.into_inner())),
                None => self.merge_posts(course.round, &mut course.spikes),
            }
        }
        course.flight.push(&course.spikes, Time(window.to.0.saturating_sub(model.max_delay.0)));
        lock(&self.parts[index]).1.phases.lap(Phase::Exchange);
    }

    /// Adds the spikes of all threads of this rank, sorted.
    pub fn merge_posts(&self, round: usize, spikes: &mut Vec<Spike>) {
        let posts = &self.posts[round % 2];
        for post in posts {
            spikes.extend_from_slice(&post.read().unwrap_or_else(|e| e.into_inner()).spikes);
        }
        if posts.len() > 1 && !spikes.is_sorted() {
            // The stable sort merges runs that are sorted already.
            spikes.sort();
        }
    }

    /// All parts at once, between windows.
    pub fn with_parts<T>(&self, work: impl FnOnce(&mut [&mut Part<W>]) -> T) -> T {
        let mut guards: Vec<_> = self.parts.iter().map(lock).collect();
        let mut parts: Vec<&mut Part<W>> = guards.iter_mut().map(|g| &mut g.0).collect();
        work(&mut parts)
    }
}

/// A barrier breaks if a thread panics. The other ranks can't be told any more: they are ended.
fn broken(leader: &Leader<'_>) -> RunError {
    lost(leader, RunError::Failed("a worker thread failed; this is an error of memspike, please report it".into()))
}

/// With other ranks, which may be waiting for this one, all are ended.
fn lost(leader: &Leader<'_>, error: RunError) -> RunError {
    let ranks = &leader.network.ranks;
    if !ranks.is_alone() {
        crate::say!("error: rank {}: {error}", ranks.rank());
        ranks.abort(1);
    }
    error
}
