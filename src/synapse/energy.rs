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
        let counts = joules * 1e30;
        // The shorter conversion is far faster and gives the same.
        self.0 += if counts.abs() < 9e18 { i128::from(counts as i64) } else { counts as i128 };
    }

    /// The sum \[J\].
    pub fn joules(self) -> f64 {
        self.0 as f64 * 1e-30
    }
}

/// Energy spent by a projection's devices so far, and what it was spent on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Price {
    /// By reads.
    pub read: Energy,
    /// By potentiating pulses.
    pub set: Energy,
    /// By depressing pulses, and by resets of pairs.
    pub reset: Energy,
    /// Weights that were read.
    pub reads: u64,
    /// Potentiating pulses.
    pub set_pulses: u64,
    /// Depressing pulses, and resets of pairs.
    pub reset_pulses: u64,
}

impl Price {
    /// Adds another thread's share.
    pub fn merge(&mut self, other: &Price) {
        self.read.0 += other.read.0;
        self.set.0 += other.set.0;
        self.reset.0 += other.reset.0;
        self.reads += other.reads;
        self.set_pulses += other.set_pulses;
        self.reset_pulses += other.reset_pulses;
    }

    /// A pulse to a device of conductance `g` \[S\]; `per_siemens` is its v^2 t, if known.
    #[inline]
    pub fn pulse(&mut self, up: bool, per_siemens: Option<f64>, g: f64) {
        let (energy, pulses) =
            if up { (&mut self.set, &mut self.set_pulses) } else { (&mut self.reset, &mut self.reset_pulses) };
        *pulses += 1;
        if let Some(per_siemens) = per_siemens {
            energy.add(per_siemens * g);
        }
    }
}
