//! Energy sums that do not depend on the order of addition.
//!
//! Floating-point sums would differ with the number of threads; integers do not. One count is
//! 1e-30 J, so the smallest event that counts is far below a read of any device, and the largest sum is 1e8 J.

use serde::{Deserialize, Serialize};

/// An energy as a whole number of 1e-30 J.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Energy(pub i128);

impl Energy {
    /// Adds `joules`.
    #[inline]
    pub fn add(&mut self, joules: f64) {
        self.0 += (joules * 1e30) as i128;
    }

    /// The sum \[J\].
    pub fn joules(self) -> f64 {
        self.0 as f64 * 1e-30
    }
}

/// Energy spent by a projection's devices so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Price {
    /// By reads.
    pub read: Energy,
    /// By potentiating pulses.
    pub set: Energy,
    /// By depressing pulses.
    pub reset: Energy,
}

impl Price {
    /// Adds another thread's share.
    pub fn merge(&mut self, other: &Price) {
        self.read.0 += other.read.0;
        self.set.0 += other.set.0;
        self.reset.0 += other.reset.0;
    }
}
