//! Arrivals in the order of their time: a key of 16 bytes each, put in order by buckets.
//!
//! Times within a window are nearly uniform, so a bucket of the window's time holds few: one pass shares the keys out, and what is left to
//! compare is within a bucket. Sorting the arrivals themselves takes several times as long: they are larger, and each moves often.

use crate::time::Time;

/// Keys per bucket in the mean, if times are uniform.
const PER_BUCKET: usize = 2;
/// Up to so many keys are put in order without sharing them out.
const FEW: usize = 64;
/// Up to so many are put in order by insertion.
const SHORT: usize = 24;
/// So many buckets at most: their ends fit the nearest caches.
const MOST_BUCKETS: usize = 1 << 14;

/// The order of one arrival: its time in the window, then its source, then its number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Key(u128);

impl Key {
    /// `ticks` after the window's begin; the `number`-th of its list.
    #[inline]
    pub fn new(ticks: i64, source: u32, number: u32) -> Key {
        Key(u128::from(ticks as u64) << 64 | u128::from(source) << 32 | u128::from(number))
    }

    /// Ticks after the window's begin.
    #[inline]
    pub fn ticks(self) -> u64 {
        (self.0 >> 64) as u64
    }

    /// Its place in the list.
    #[inline]
    pub fn number(self) -> usize {
        self.0 as u32 as usize
    }
}

/// Puts keys in order, and keeps what it needs for the next time.
#[derive(Default)]
pub struct Order {
    spare: Vec<Key>,
    /// Where each bucket ends.
    ends: Vec<u32>,
}

impl Order {
    /// Puts the keys of a window of `width` in order. There are no equals, since numbers differ.
    pub fn sort(&mut self, keys: &mut Vec<Key>, width: Time) {
        if keys.len() <= FEW {
            keys.sort_unstable();
            return;
        }
        let last = width.0.max(1) as u64 - 1;
        let wanted = (keys.len() / PER_BUCKET).next_power_of_two().clamp(2, MOST_BUCKETS).ilog2();
        // The bits of a time that do not count.
        let shift = (u64::BITS - last.leading_zeros()).saturating_sub(wanted);
        let bucket = |key: Key| (key.ticks().min(last) >> shift) as usize;
        self.ends.clear();
        self.ends.resize((last >> shift) as usize + 2, 0);
        // Counts, one place on; then where each begins, which becomes where it ends while keys are put down.
        keys.iter().for_each(|&key| self.ends[bucket(key) + 1] += 1);
        let mut sum = 0;
        for end in &mut self.ends {
            sum += *end;
            *end = sum;
        }
        self.spare.clear();
        self.spare.reserve_exact(keys.len());
        self.spare.resize(keys.len(), Key(0));
        for &key in &*keys {
            let place = &mut self.ends[bucket(key)];
            self.spare[*place as usize] = key;
            *place += 1;
        }
        std::mem::swap(keys, &mut self.spare);
        let mut begin = 0;
        for &end in &self.ends {
            let own = &mut keys[begin..end as usize];
            if own.len() > SHORT {
                own.sort_unstable();
            } else {
                insertion(own);
            }
            begin = end as usize;
        }
    }
}

/// Few keys, nearly in order.
#[inline]
fn insertion(keys: &mut [Key]) {
    for i in 1..keys.len() {
        let key = keys[i];
        let mut j = i;
        while j > 0 && keys[j - 1] > key {
            keys[j] = keys[j - 1];
            j -= 1;
        }
        keys[j] = key;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_any_distribution_come_out_in_order() {
        let mut order = Order::default();
        let mut x = 7_u64;
        let mut random = || {
            x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            x >> 33
        };
        for width in [1_i64, 2, 3, 100, 1 << 20, (1 << 20) + 1, 500_000_000, 1 << 40] {
            for n in [0_u32, 1, 2, 63, 64, 65, 1000, 70_000] {
                // Uniform, on a coarse grid, nearly all at one time.
                for kind in 0..3 {
                    let mut ticks = || match kind {
                        0 => random() as i64 % width,
                        1 => (random() as i64 % width) / 97 * 97,
                        _ => {
                            if random() % 50 == 0 {
                                random() as i64 % width
                            } else {
                                width - 1
                            }
                        }
                    };
                    let drawn: Vec<i64> = (0..n).map(|_| ticks()).collect();
                    let mut keys: Vec<Key> =
                        (0..n).zip(&drawn).map(|(i, &t)| Key::new(t, i.wrapping_mul(7919) % 50, i)).collect();
                    let mut plain = keys.clone();
                    plain.sort();
                    order.sort(&mut keys, Time(width));
                    assert!(keys == plain, "{width} {n} {kind}");
                    assert!(keys.iter().all(|k| k.ticks() as i64 == drawn[k.number()]));
                }
            }
        }
    }
}
