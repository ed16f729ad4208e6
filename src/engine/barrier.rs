//! A barrier for phases of tens of microseconds: spins briefly, then sleeps.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex};

/// Spins before a thread sleeps: some ten microseconds, less than waking up takes.
const SPINS: usize = 4000;

/// On a cache line of its own: a thread that comes disturbs nobody but those who wait for it.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Alone(AtomicUsize);

/// Lets a fixed number of threads wait for each other, again and again, and tells them whether anybody has news.
///
/// Each thread has a flag that only it writes: the number of rounds to which it has come, and one bit each for the last
/// two rounds, for a thread may be one round ahead of those who still read. So a round costs one cache line to and fro.
#[derive(Debug)]
pub struct Barrier {
    flags: Vec<Alone>,
    /// Threads that sleep, or are about to: without them nobody needs a system call to be woken.
    asleep: Alone,
    broken: AtomicBool,
    lock: Mutex<()>,
    woken: Condvar,
    spins: usize,
}

/// Another thread has given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broken;

impl Barrier {
    /// A barrier for `threads` threads.
    pub fn new(threads: usize) -> Barrier {
        // Spinning only helps while every thread has a processor of its own.
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Barrier::spinning(threads, if threads <= processors { SPINS } else { 0 })
    }

    fn spinning(threads: usize, spins: usize) -> Barrier {
        Barrier {
            flags: (0..threads).map(|_| Alone::default()).collect(),
            asleep: Alone::default(),
            broken: AtomicBool::new(false),
            lock: Mutex::new(()),
            woken: Condvar::new(),
            spins,
        }
    }

    /// Thread `index` waits for all threads. What each wrote before is visible to all afterwards. True if any thread
    /// came with news.
    ///
    /// # Errors
    /// If a thread broke the barrier instead of coming.
    pub fn wait(&self, index: usize, news: bool) -> Result<bool, Broken> {
        self.come(index, news);
        self.await_all(index)
    }

    /// Thread `index` has come: the others need not wait for it any more. It may do what needs none of them before it
    /// calls [`Barrier::await_all`], which has to follow.
    pub fn come(&self, index: usize, news: bool) {
        let own = self.flags[index].0.load(Ordering::Relaxed);
        let round = (own >> 2) + 1;
        let bit = 1 << (round % 2);
        let flag = (round << 2) | (own & 3 & !bit) | if news { bit } else { 0 };
        if self.flags.len() == 1 {
            self.flags[index].0.store(flag, Ordering::Relaxed);
            return;
        }
        // In one total order with a sleeper's "asleep, then look at the flags": either we see the sleeper, or it sees us.
        self.flags[index].0.store(flag, Ordering::SeqCst);
        if self.asleep.0.load(Ordering::SeqCst) > 0 {
            // The lock makes sure that nobody falls asleep between its check and our call.
            drop(self.lock.lock().unwrap_or_else(|e| e.into_inner()));
            self.woken.notify_all();
        }
    }

    /// Thread `index`, which has come, waits until all have. What each wrote before it came is visible to all afterwards. True if
    /// any thread came with news.
    ///
    /// # Errors
    /// If a thread broke the barrier instead of coming.
    pub fn await_all(&self, index: usize) -> Result<bool, Broken> {
        let round = self.flags[index].0.load(Ordering::Relaxed) >> 2;
        let bit = 1 << (round % 2);
        let mut any = false;
        for flag in &self.flags {
            any |= self.await_flag(&flag.0, round)? & bit != 0;
        }
        Ok(any)
    }

    /// Waits until a thread has come to a round; gives its flag.
    fn await_flag(&self, flag: &AtomicUsize, round: usize) -> Result<usize, Broken> {
        for _ in 0..=self.spins {
            let seen = flag.load(Ordering::Acquire);
            if self.broken.load(Ordering::Relaxed) {
                return Err(Broken);
            }
            if seen >> 2 >= round {
                return Ok(seen);
            }
            std::hint::spin_loop();
        }
        let mut guard = self.lock.lock().unwrap_or_else(|e| e.into_inner());
        self.asleep.0.fetch_add(1, Ordering::SeqCst);
        let mut seen = flag.load(Ordering::SeqCst);
        while seen >> 2 < round && !self.broken.load(Ordering::Acquire) {
            guard = self.woken.wait(guard).unwrap_or_else(|e| e.into_inner());
            seen = flag.load(Ordering::SeqCst);
        }
        self.asleep.0.fetch_sub(1, Ordering::SeqCst);
        drop(guard);
        if self.broken.load(Ordering::Acquire) { Err(Broken) } else { Ok(seen) }
    }

    /// Ends all waiting, now and later: a thread can't go on.
    pub fn break_up(&self) {
        let guard = self.lock.lock().unwrap_or_else(|e| e.into_inner());
        self.broken.store(true, Ordering::Release);
        drop(guard);
        self.woken.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_thread_is_ever_a_round_ahead() {
        // Without spins everybody sleeps, with some they do now and then.
        for (threads, spins) in [(1, 0), (2, SPINS), (5, 0), (5, 50)] {
            let barrier = Barrier::spinning(threads, spins);
            let count = AtomicUsize::new(0);
            std::thread::scope(|scope| {
                for index in 0..threads {
                    let (barrier, count) = (&barrier, &count);
                    scope.spawn(move || {
                        for round in 0..300 {
                            count.fetch_add(1, Ordering::SeqCst);
                            // The news of a round are those of that round, whoever is ahead.
                            let news = round % 3 == 0 && index == round % threads;
                            barrier.come(index, news);
                            std::hint::spin_loop();
                            assert_eq!(barrier.await_all(index), Ok(round % 3 == 0));
                            assert_eq!(count.load(Ordering::SeqCst), (round + 1) * threads);
                            assert_eq!(barrier.wait(index, false), Ok(false));
                        }
                    });
                }
            });
        }
    }

    #[test]
    fn a_broken_barrier_lets_everybody_go() {
        let barrier = Barrier::new(2);
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| barrier.wait(0, false));
            barrier.break_up();
            assert_eq!(waiting.join().unwrap(), Err(Broken));
        });
    }
}
