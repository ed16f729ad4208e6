//! Evenly distributed choices, many at once.

use multiversion::multiversion;

use crate::rng::StreamKey;

/// Below this part of all numbers, those that have come up are kept in a table, else as a bit each.
const SPARSE: usize = 512;

/// The random words of one row, in order.
pub(super) struct Draws {
    pub key: StreamKey,
    pub row: u64,
    /// The next block that has not been used.
    pub block: u64,
}

impl Draws {
    fn words(&mut self, out: &mut [u32]) {
        self.key.fill(self.row, self.block, out);
        self.block += out.len().div_ceil(4) as u64;
    }

    /// Appends `k` numbers below `n` (not 0), with replacement and without bias: each word w gives w n / 2^32; the few whose
    /// remainder is below 2^32 mod n are passed over (Lemire 2019, doi:10.1145/3230636).
    pub fn below(&mut self, n: u32, k: usize, out: &mut Vec<u32>) {
        let goal = out.len() + k;
        let threshold = n.wrapping_neg() % n;
        while out.len() < goal {
            let start = out.len();
            out.resize(goal, 0);
            self.words(&mut out[start..]);
            if smallest_remainder(n, &out[start..]) >= threshold {
                scale(n, &mut out[start..]);
                return;
            }
            let mut kept = start;
            for i in start..goal {
                let product = u64::from(out[i]) * u64::from(n);
                if product as u32 >= threshold {
                    out[kept] = (product >> 32) as u32;
                    kept += 1;
                }
            }
            out.truncate(kept);
        }
    }

    /// Appends `k` <= `n` different numbers below `n`, every subset equally likely: numbers that have come up before are
    /// passed over; of more than half of all, those to leave out are drawn.
    pub fn distinct(&mut self, n: u32, k: usize, out: &mut Vec<u32>) {
        let few = k.min(n as usize - k);
        let inverted = few < k;
        let start = out.len();
        if few * SPARSE < n as usize {
            // A bit for each would be more work than to look among those that there are.
            let mut seen = Seen::new(few);
            self.fresh(n, few, out, |x| seen.insert(x));
            if inverted {
                let mut left = out.split_off(start);
                left.sort_unstable();
                let mut left = left.into_iter().peekable();
                out.extend((0..n).filter(|x| left.next_if_eq(x).is_none()));
            }
            return;
        }
        let mut taken = vec![0u64; (n as usize).div_ceil(64)];
        self.fresh(n, few, out, |x| {
            let (word, bit) = (&mut taken[x as usize / 64], 1 << (x % 64));
            let fresh = *word & bit == 0;
            *word |= bit;
            fresh
        });
        if inverted {
            out.truncate(start);
            out.extend((0..n).filter(|x| taken[*x as usize / 64] >> (x % 64) & 1 == 0));
        }
    }

    /// Appends `k` numbers below `n`: those drawn that `insert` finds to be new.
    fn fresh(&mut self, n: u32, k: usize, out: &mut Vec<u32>, mut insert: impl FnMut(u32) -> bool) {
        let (goal, mut kept) = (out.len() + k, out.len());
        while kept < goal {
            self.below(n, goal - kept, out);
            let drawn = kept;
            for i in drawn..goal {
                let x = out[i];
                out[kept] = x;
                kept += usize::from(insert(x));
            }
            out.truncate(kept);
        }
    }
}

/// Numbers that have come up: a table with open places, at least half of it free.
struct Seen {
    slots: Vec<u32>,
    shift: u32,
}

impl Seen {
    fn new(count: usize) -> Seen {
        let size = (2 * count).next_power_of_two().max(2);
        Seen { slots: vec![u32::MAX; size], shift: 32 - size.trailing_zeros() }
    }

    /// Adds a number (not the largest of all); false if it was there.
    fn insert(&mut self, x: u32) -> bool {
        let mut slot = (x.wrapping_mul(0x9E37_79B9) >> self.shift) as usize;
        loop {
            match self.slots[slot] {
                found if found == x => return false,
                u32::MAX => {
                    self.slots[slot] = x;
                    return true;
                }
                _ => slot = (slot + 1) % self.slots.len(),
            }
        }
    }
}

#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2", "aarch64+neon"))]
fn smallest_remainder(n: u32, words: &[u32]) -> u32 {
    words.iter().fold(u32::MAX, |least, &word| least.min(word.wrapping_mul(n)))
}

#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2", "aarch64+neon"))]
fn scale(n: u32, words: &mut [u32]) {
    words.iter_mut().for_each(|word| *word = ((u64::from(*word) * u64::from(n)) >> 32) as u32);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Purpose;

    #[test]
    fn different_numbers_are_different_and_below_n_however_many_there_are() {
        let key = StreamKey::new(1, Purpose::Connect, 2);
        for (row, (n, k)) in
            [(1, 1), (2, 1), (10, 9), (100_000, 20), (100_000, 300), (100_000, 99_990), (u32::MAX, 1000), (1000, 0)]
                .into_iter()
                .enumerate()
        {
            let mut numbers = vec![7];
            Draws { key, row: row as u64, block: 0 }.distinct(n, k, &mut numbers);
            assert_eq!(numbers.len(), 1 + k, "{n} {k}");
            let set: std::collections::HashSet<u32> = numbers[1..].iter().copied().collect();
            assert!(numbers[0] == 7 && set.len() == k && set.iter().all(|x| *x < n), "{n} {k}");
        }
    }

    #[test]
    fn words_that_would_favour_some_numbers_are_passed_over() {
        let key = StreamKey::new(1, Purpose::Connect, 2);
        // Nearly half of all words have to go: the result is that of one word after the other.
        let n = (1 << 31) + 1;
        let mut many = Vec::new();
        Draws { key, row: 3, block: 0 }.below(n, 1000, &mut many);
        assert_eq!(many.len(), 1000);
        let mean = many.iter().map(|&x| f64::from(x)).sum::<f64>() / 1000.0;
        assert!((mean / f64::from(n) - 0.5).abs() < 3.5 / f64::sqrt(12_000.0), "{mean}");
        let mut first = [0u32; 1000];
        key.fill(3, 0, &mut first);
        let kept: Vec<u32> = first
            .iter()
            .map(|&w| u64::from(w) * u64::from(n))
            .filter(|&p| p as u32 >= n.wrapping_neg() % n)
            .map(|p| (p >> 32) as u32)
            .collect();
        assert!(kept.len() < 600 && many[..kept.len()] == kept);
    }
}
