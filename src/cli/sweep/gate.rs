//! Lets a run begin only when the memory that it needs is left by those that are under way.

use std::sync::{Condvar, Mutex, MutexGuard};

/// What a process takes beside its network \[bytes\].
const PROCESS: u64 = 32 << 20;

/// The memory that all runs share.
pub struct Gate {
    /// \[bytes\]; none if the system does not tell.
    room: Option<u64>,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    used: u64,
    closed: bool,
    /// Did a run ever wait?
    narrow: bool,
}

/// The place of a run that is under way.
pub struct Pass<'a> {
    gate: &'a Gate,
    bytes: u64,
}

impl Gate {
    /// With so much memory for all \[bytes\].
    pub fn new(room: Option<u64>) -> Gate {
        Gate { room, state: Mutex::default(), changed: Condvar::new() }
    }

    /// Waits until a network of so many bytes fits beside the others, or nothing else runs: one that is too large alone is told so by
    /// the run itself. None once the gate is closed.
    pub fn enter(&self, network: u64) -> Option<Pass<'_>> {
        // Building takes up to a quarter more than the network will.
        let bytes = network.saturating_add(network / 4).saturating_add(PROCESS);
        let mut state = self.lock();
        while !state.closed && state.used > 0 && self.room.is_some_and(|room| state.used.saturating_add(bytes) > room) {
            state.narrow = true;
            state = self.changed.wait(state).unwrap_or_else(|e| e.into_inner());
        }
        if state.closed {
            return None;
        }
        state.used = state.used.saturating_add(bytes);
        Some(Pass { gate: self, bytes })
    }

    /// Nobody enters any more.
    pub fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }

    /// Has a run had to wait for memory?
    pub fn was_narrow(&self) -> bool {
        self.lock().narrow
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|e| e.into_inner())
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        self.gate.lock().used -= self.bytes;
        self.gate.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;

    use super::*;

    /// How many of six runs of `network` bytes were in at the same time, at most.
    fn most_at_once(room: Option<u64>, network: u64) -> (usize, bool) {
        let (gate, inside, most) = (Gate::new(room), AtomicUsize::new(0), AtomicUsize::new(0));
        thread::scope(|scope| {
            for _ in 0..6 {
                scope.spawn(|| {
                    let pass = gate.enter(network).unwrap();
                    most.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    thread::sleep(std::time::Duration::from_millis(20));
                    inside.fetch_sub(1, Ordering::SeqCst);
                    drop(pass);
                });
            }
        });
        (most.into_inner(), gate.was_narrow())
    }

    #[test]
    fn only_as_many_enter_as_there_is_memory_for() {
        assert_eq!(most_at_once(Some(2 * (125 << 20) + 2 * PROCESS), 100 << 20), (2, true));
        assert_eq!(most_at_once(Some(1), 100 << 20), (1, true), "alone even if it is too large");
        assert!(!most_at_once(None, u64::MAX / 8).1);
    }

    #[test]
    fn nobody_enters_a_closed_gate() {
        let gate = Gate::new(Some(1 << 30));
        let pass = gate.enter(1 << 30);
        thread::scope(|scope| {
            let waits = scope.spawn(|| gate.enter(1 << 30).is_none());
            thread::sleep(std::time::Duration::from_millis(20));
            gate.close();
            assert!(waits.join().unwrap());
        });
        drop(pass);
        assert!(gate.enter(0).is_none());
    }
}
