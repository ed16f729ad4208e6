//! A barrier for phases of tens of microseconds: spins briefly, then sleeps.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex};

/// Spins before a thread sleeps: some ten microseconds, less than waking up takes.
const SPINS: usize = 4000;

/// On a cache line of its own: what is counted does not disturb those who watch the round.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Alone(AtomicUsize);

/// Lets a fixed number of threads wait for each other, again and again.
#[derive(Debug)]
pub struct Barrier {
    threads: usize,
    waiting: Alone,
    round: Alone,
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
            threads,
            waiting: Alone::default(),
            round: Alone::default(),
            asleep: Alone::default(),
            broken: AtomicBool::new(false),
            lock: Mutex::new(()),
            woken: Condvar::new(),
            spins,
        }
    }

    /// Waits for all threads. What each wrote before is visible to all afterwards.
    ///
    /// # Errors
    /// If a thread broke the barrier instead of coming.
    pub fn wait(&self) -> Result<(), Broken> {
        if self.threads == 1 {
            return Ok(());
        }
        let round = self.round.0.load(Ordering::Acquire);
        if self.waiting.0.fetch_add(1, Ordering::AcqRel) + 1 == self.threads {
            self.waiting.0.store(0, Ordering::Release);
            // In one total order with a sleeper's "asleep, then look at the round": either we see the sleeper, or it
            // sees the new round.
            self.round.0.store(round.wrapping_add(1), Ordering::SeqCst);
            if self.asleep.0.load(Ordering::SeqCst) > 0 {
                // The lock makes sure that nobody falls asleep between its check and our call.
                drop(self.lock.lock().unwrap_or_else(|e| e.into_inner()));
                self.woken.notify_all();
            }
            return self.intact();
        }
        for _ in 0..self.spins {
            if self.round.0.load(Ordering::Acquire) != round || self.broken.load(Ordering::Acquire) {
                return self.intact();
            }
            std::hint::spin_loop();
        }
        let mut guard = self.lock.lock().unwrap_or_else(|e| e.into_inner());
        self.asleep.0.fetch_add(1, Ordering::SeqCst);
        while self.round.0.load(Ordering::SeqCst) == round && !self.broken.load(Ordering::Acquire) {
            guard = self.woken.wait(guard).unwrap_or_else(|e| e.into_inner());
        }
        self.asleep.0.fetch_sub(1, Ordering::SeqCst);
        drop(guard);
        self.intact()
    }

    /// Ends all waiting, now and later: a thread can't go on.
    pub fn break_up(&self) {
        let guard = self.lock.lock().unwrap_or_else(|e| e.into_inner());
        self.broken.store(true, Ordering::Release);
        drop(guard);
        self.woken.notify_all();
    }

    fn intact(&self) -> Result<(), Broken> {
        if self.broken.load(Ordering::Acquire) { Err(Broken) } else { Ok(()) }
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
                for _ in 0..threads {
                    scope.spawn(|| {
                        for round in 0..300 {
                            count.fetch_add(1, Ordering::SeqCst);
                            barrier.wait().unwrap();
                            assert_eq!(count.load(Ordering::SeqCst), (round + 1) * threads);
                            barrier.wait().unwrap();
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
            let waiting = scope.spawn(|| barrier.wait());
            barrier.break_up();
            assert_eq!(waiting.join().unwrap(), Err(Broken));
        });
    }
}
