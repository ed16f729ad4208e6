//! Spikes that are read while they are replayed: blocks in the order of time, on a tape that all threads follow.
//!
//! A [`Feed`] gives blocks. A [`Cursor`] walks along them: the first of its clones that comes to the end of what is there fetches the next
//! block, and a block goes when all have passed it. So memory holds a few blocks, however long the recording is.

use std::fmt;
use std::sync::{Arc, Mutex, OnceLock};

use crate::time::Time;

/// Gives spikes, block by block.
pub trait Feed<T>: Send {
    /// The next spikes (time, unit), none of them before those of earlier blocks; nothing after the last.
    ///
    /// # Errors
    /// A sentence, if they can't be read.
    fn next(&mut self) -> Result<Option<Vec<(T, u32)>>, String>;
}

/// Opens a feed at a time: spikes before it may be left out.
type Open<T> = dyn Fn(T) -> Result<Box<dyn Feed<T>>, String> + Send + Sync;

/// A recording that can be opened, again and again, at any time.
pub struct Reel<T>(Arc<Open<T>>);

impl<T> Clone for Reel<T> {
    fn clone(&self) -> Self {
        Reel(Arc::clone(&self.0))
    }
}

impl<T> fmt::Debug for Reel<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reel")
    }
}

impl<T> Reel<T> {
    /// Opened by a function.
    pub fn new(open: impl Fn(T) -> Result<Box<dyn Feed<T>>, String> + Send + Sync + 'static) -> Reel<T> {
        Reel(Arc::new(open))
    }

    /// Opens it at a time.
    ///
    /// # Errors
    /// A sentence, if it can't be.
    pub fn open(&self, from: T) -> Result<Box<dyn Feed<T>>, String> {
        (self.0)(from)
    }
}

/// Where a thread is on a tape.
#[derive(Clone)]
pub struct Cursor {
    node: Arc<Node>,
    at: usize,
}

/// A block and what follows it.
struct Node {
    spikes: Vec<(Time, u32)>,
    next: OnceLock<Option<Arc<Node>>>,
    shared: Arc<Shared>,
}

struct Shared {
    feed: Mutex<Box<dyn Feed<Time>>>,
    fault: OnceLock<String>,
}

impl Cursor {
    /// At the beginning of what a feed gives.
    pub fn new(feed: Box<dyn Feed<Time>>) -> Cursor {
        let shared = Arc::new(Shared { feed: Mutex::new(feed), fault: OnceLock::new() });
        Cursor { node: Arc::new(Node { spikes: Vec::new(), next: OnceLock::new(), shared }), at: 0 }
    }

    /// Calls `each` with all spikes that are before `to` by the time that `place` gives them, an order-preserving function.
    pub fn advance(&mut self, to: Time, place: impl Fn(Time) -> Time, mut each: impl FnMut(Time, u32)) {
        loop {
            while let Some(&(time, unit)) = self.node.spikes.get(self.at) {
                let time = place(time);
                if time >= to {
                    return;
                }
                each(time, unit);
                self.at += 1;
            }
            let Some(next) = self.node.next() else { return };
            (self.node, self.at) = (next, 0);
        }
    }

    /// Tells later why the feed ended before its end, if it did; holds no block.
    pub fn watch(&self) -> impl Fn() -> Option<String> + Send + Sync + 'static {
        let shared = Arc::clone(&self.node.shared);
        move || shared.fault.get().cloned()
    }
}

impl Node {
    fn next(&self) -> Option<Arc<Node>> {
        let fetch = || {
            let mut feed = self.shared.feed.lock().unwrap_or_else(|e| e.into_inner());
            let last = self.spikes.last().map_or(Time(i64::MIN), |spike| spike.0);
            let sorted = |spikes: &[(Time, u32)]| {
                spikes.first().is_none_or(|first| first.0 >= last) && spikes.is_sorted_by_key(|spike| spike.0)
            };
            let fault = match feed.next() {
                Ok(Some(spikes)) if sorted(&spikes) => {
                    return Some(Arc::new(Node { spikes, next: OnceLock::new(), shared: Arc::clone(&self.shared) }));
                }
                Ok(None) => return None,
                Ok(Some(_)) => "the recording's spikes are not in the order of time; the file is damaged".to_owned(),
                Err(fault) => fault,
            };
            let _ = self.shared.fault.set(fault);
            None
        };
        self.next.get_or_init(fetch).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Count(i64, Result<(), String>);

    impl Feed<Time> for Count {
        fn next(&mut self) -> Result<Option<Vec<(Time, u32)>>, String> {
            self.0 += 1;
            match (self.0, &self.1) {
                (n @ 1..=100, _) => Ok(Some((0..10).map(|i| (Time(n * 100 + i * 10), i as u32)).collect())),
                (_, Ok(())) => Ok(None),
                (_, Err(fault)) => Err(fault.clone()),
            }
        }
    }

    #[test]
    fn clones_see_every_spike_once_in_windows_of_any_length_and_blocks_go() {
        let first = Cursor::new(Box::new(Count(0, Ok(()))));
        let count = |mut cursor: Cursor, step: i64| {
            let (mut n, mut last) = (0, Time(0));
            for to in (0..20_000).step_by(step as usize) {
                cursor.advance(
                    Time(to),
                    |t| t,
                    |t, _| {
                        assert!(t >= last && t < Time(to));
                        (n, last) = (n + 1, t);
                    },
                );
            }
            n
        };
        let (a, b) = (first.clone(), first.clone());
        let head = Arc::downgrade(&first.node);
        drop(first);
        std::thread::scope(|scope| {
            let a = scope.spawn(|| count(a, 7));
            let b = scope.spawn(|| count(b, 3333));
            assert_eq!((a.join().unwrap(), b.join().unwrap()), (1000, 1000));
        });
        assert!(head.upgrade().is_none());
    }

    #[test]
    fn a_feed_that_fails_or_goes_back_ends_with_its_fault() {
        let mut cursor = Cursor::new(Box::new(Count(0, Err("gone".into()))));
        let mut n = 0;
        cursor.advance(Time::NEVER, |t| t, |_, _| n += 1);
        assert_eq!((n, cursor.watch()().as_deref()), (1000, Some("gone")));
        struct Back(i64);
        impl Feed<Time> for Back {
            fn next(&mut self) -> Result<Option<Vec<(Time, u32)>>, String> {
                self.0 -= 1;
                Ok(Some(vec![(Time(self.0), 0)]))
            }
        }
        let mut cursor = Cursor::new(Box::new(Back(9)));
        cursor.advance(Time::NEVER, |t| t, |_, _| {});
        assert!(cursor.watch()().unwrap().contains("damaged"));
    }
}
