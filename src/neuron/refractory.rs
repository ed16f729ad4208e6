//! Which neurons of a block are refractory, kept apart from their state: few are, so the loop over all does not look.
//!
//! While a neuron is held its potential is stored as NaN: sums and products with it stay NaN, and no comparison with it is
//! true, so the loop carries it along without a test, and it cannot reach the threshold.

use crate::math::real::Real;

/// Slots of the wheel: a power of two. Longer periods go round more than once.
const SLOTS: u64 = 256;

/// The clock of a block, and when its held neurons are free again.
pub(crate) struct Refractory {
    now: u64,
    /// For each neuron, the step in which it moves again; past or present where it is free.
    free: Vec<u64>,
    /// Neurons to be freed in the steps that agree with the slot in their last bits.
    wheel: Vec<Vec<u32>>,
}

impl Refractory {
    pub fn new(size: usize) -> Refractory {
        Refractory { now: 0, free: vec![0; size], wheel: (0..SLOTS).map(|_| Vec::new()).collect() }
    }

    /// A new step begins: puts the neurons that are free from now on at their reset.
    pub fn begin<R: Real>(&mut self, v: &mut [R], reset: impl Fn(usize) -> R) {
        self.now += 1;
        let (now, free) = (self.now, &self.free);
        self.wheel[(now % SLOTS) as usize].retain(|&i| {
            let due = free[i as usize] == now;
            if due {
                v[i as usize] = reset(i as usize);
            }
            // Whose period is longer than the wheel stays; whose end was changed since leaves.
            free[i as usize] > now
        });
    }

    /// Neuron `i` has spiked and is held for `steps`: what to store as its potential.
    #[inline]
    pub fn hold<R: Real>(&mut self, i: usize, steps: u32, reset: R) -> R {
        if steps == 0 {
            self.free[i] = self.now;
            return reset;
        }
        let free = self.now + u64::from(steps) + 1;
        self.free[i] = free;
        self.wheel[(free % SLOTS) as usize].push(i as u32);
        R::of(f64::NAN)
    }

    /// Steps for which neuron `i` is still held after the present one.
    #[inline]
    pub fn remaining(&self, i: usize) -> u32 {
        self.free[i].saturating_sub(self.now + 1) as u32
    }

    /// Is the stored potential of neuron `i` not its own?
    #[inline]
    pub fn holds(&self, i: usize) -> bool {
        self.free[i] > self.now
    }
}
