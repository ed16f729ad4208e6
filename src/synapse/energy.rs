//! Energy sums that do not depend on the order of addition.
//!
//! Floating-point sums would differ with the number of threads; integers do not. One count is
//! 1e-30 J, so the smallest event that counts is far below a read of any device, and the largest sum is 1.7e8 J, at which
//! larger ones stay.

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
        self.merge(Energy(if counts.abs() < 9e18 { i128::from(counts as i64) } else { counts as i128 }));
    }

    /// Adds another sum.
    #[inline(always)]
    pub fn merge(&mut self, other: Energy) {
        self.0 = self.0.saturating_add(other.0);
    }

    /// Adds many, none of them negative: what [`Energy::add`] adds one by one, in a loop that becomes vector code.
    #[inline(always)]
    pub fn add_all(&mut self, joules: &[f64]) {
        /// Sums side by side.
        const LANES: usize = 8;
        /// Whole parts above and below 2^32 counts are summed apart, both exactly: 2^46 and 2^32 add up without rounding.
        const SPLIT: f64 = 4_294_967_296.0;
        const MOST: f64 = SPLIT * 70_368_744_177_664.0;
        for joules in joules.chunks(MANY) {
            let (groups, rest) = joules.as_chunks::<LANES>();
            let (mut high, mut low, mut most) = ([0.0; LANES], [0.0; LANES], [0.0; LANES]);
            for group in groups {
                for l in 0..LANES {
                    let counts = group[l] * 1e30;
                    let whole = (counts * (1.0 / SPLIT)).trunc();
                    high[l] += whole;
                    low[l] += (counts - whole * SPLIT).trunc();
                    most[l] = if most[l] > counts { most[l] } else { counts };
                }
            }
            if most.iter().all(|most| *most < MOST) {
                let sum = |lanes: [f64; LANES]| lanes.iter().map(|sum| i128::from(*sum as i64)).sum::<i128>();
                self.merge(Energy((sum(high) << 32) + sum(low)));
                rest.iter().for_each(|joules| self.add(*joules));
            } else {
                joules.iter().for_each(|joules| self.add(*joules));
            }
        }
    }

    /// What was added since it was `before`.
    #[inline]
    pub fn since(self, before: Energy) -> Energy {
        Energy(self.0.saturating_sub(before.0))
    }

    /// The sum \[J\].
    pub fn joules(self) -> f64 {
        self.0 as f64 * 1e-30
    }
}

/// Energies of which a sum is exact: 64 of one lane's make 2^52 at most.
const MANY: usize = 512;

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
        self.read.merge(other.read);
        self.set.merge(other.set);
        self.reset.merge(other.reset);
        self.reads += other.reads;
        self.set_pulses += other.set_pulses;
        self.reset_pulses += other.reset_pulses;
    }

    /// A pulse that takes so many joules, if that is known.
    #[inline]
    pub fn pulse(&mut self, up: bool, joules: Option<f64>) {
        let (energy, pulses) =
            if up { (&mut self.set, &mut self.set_pulses) } else { (&mut self.reset, &mut self.reset_pulses) };
        *pulses += 1;
        if let Some(joules) = joules {
            energy.add(joules);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_beyond_the_largest_stays_there() {
        let largest = Energy(i128::MAX);
        let (mut each, mut once) = (Energy::default(), largest);
        [1.2e8, 1.2e8].iter().for_each(|joules| each.add(*joules));
        once.add_all(&[1e-9; 20]);
        assert_eq!([each, once], [largest, largest]);
        let mut price = Price { read: largest, ..Price::default() };
        price.merge(&Price { read: each, ..Price::default() });
        assert_eq!(price.read, largest);
    }

    #[test]
    fn many_at_once_are_as_many_one_by_one() {
        let joules = |n: usize, scale: f64| (0..n).map(move |k| scale * (1.0 + (k * k % 97) as f64 / 7.0));
        for scale in [0.0, 1e-33, 1e-30, 3e-22, 5e-11, 1e-8, 2e-6, 1.0] {
            for n in [0, 1, 8, 127, 1500] {
                let (mut once, mut each) = (Energy::default(), Energy::default());
                once.add_all(&joules(n, scale).collect::<Vec<_>>());
                joules(n, scale).for_each(|joules| each.add(joules));
                assert_eq!(once, each, "{n} of {scale}");
            }
        }
    }
}
