//! Spikes that may still be on their way: all threads read them, one writes them between windows.

use crate::time::Time;

use serde::{Deserialize, Serialize};

/// A spike, by its source's global id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Spike {
    /// When it was emitted.
    pub time: Time,
    /// Who emitted it.
    pub gid: u32,
}

/// The recent spikes of the whole network, by (time, source).
#[derive(Clone, Debug, Default)]
pub struct Flight {
    spikes: Vec<Spike>,
    /// Spikes before this one have arrived everywhere.
    start: usize,
}

impl Flight {
    /// Spikes that were on their way at a checkpoint.
    pub fn restore(spikes: Vec<Spike>) -> Flight {
        Flight { spikes, start: 0 }
    }

    /// Adds a window's spikes, sorted, and forgets those emitted before `oldest`.
    pub fn push(&mut self, window: &[Spike], oldest: Time) {
        self.start += self.spikes[self.start..].partition_point(|s| s.time < oldest);
        if self.start > 1024 && self.start * 2 > self.spikes.len() {
            self.spikes.drain(..self.start);
            self.start = 0;
        }
        self.spikes.extend_from_slice(window);
    }

    /// All that may be on their way.
    pub fn all(&self) -> &[Spike] {
        &self.spikes[self.start..]
    }

    /// Those with `from` <= t < `to`.
    pub fn between(&self, from: Time, to: Time) -> &[Spike] {
        let all = self.all();
        let low = all.partition_point(|s| s.time < from);
        let high = low + all[low..].partition_point(|s| s.time < to);
        &all[low..high]
    }
}
