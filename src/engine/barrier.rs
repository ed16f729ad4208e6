//! A barrier for phases of tens of microseconds: spins briefly, then sleeps.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex};

/// Spins before a thread sleeps: some microseconds, less than waking up takes.
const SPINS: usize = 2000;

/// Lets a fixed number of threads wait for each other, again and again.
#[derive(Debug)]
pub struct Barrier {
    threads: usize,
    waiting: AtomicUsize,
    round: AtomicUsize,
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
        Barrier {
            threads,
            waiting: AtomicUsize::new(0),
            round: AtomicUsize::new(0),
            broken: AtomicBool::new(false),
            lock: Mutex::new(()),
            woken: Condvar::new(),
            spins: if threads <= processors { SPINS } else { 0 },
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
        let round = self.round.load(Ordering::Acquire);
        if self.waiting.fetch_add(1, Ordering::AcqRel) + 1 == self.threads {
            self.waiting.store(0, Ordering::Release);
            // The lock makes sure that nobody falls asleep between its check and our call.
            let guard = self.lock.lock().unwrap_or_else(|e| e.into_inner());
            self.round.store(round.wrapping_add(1), Ordering::Release);
            drop(guard);
            self.woken.notify_all();
            return self.intact();
        }
        for _ in 0..self.spins {
            if self.round.load(Ordering::Acquire) != round || self.broken.load(Ordering::Acquire) {
                return self.intact();
            }
            std::hint::spin_loop();
        }
        let mut guard = self.lock.lock().unwrap_or_else(|e| e.into_inner());
        while self.round.load(Ordering::Acquire) == round && !self.broken.load(Ordering::Acquire) {
            guard = self.woken.wait(guard).unwrap_or_else(|e| e.into_inner());
        }
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
        for threads in [1, 2, 5] {
            let barrier = Barrier::new(threads);
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
