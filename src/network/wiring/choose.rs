//! Evenly distributed choices, many at once.

use multiversion::multiversion;

use crate::rng::StreamKey;

/// Up to this number a comparison sort is faster.
const FEW: usize = 48;

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

    /// Appends `k` <= `n` different numbers below `n`, ascending, every subset equally likely: numbers that have come up
    /// before are passed over; of more than half of all, those to leave out are drawn.
    pub fn distinct(&mut self, n: u32, k: usize, out: &mut Vec<u32>) {
        let few = k.min(n as usize - k);
        let inverted = few < k;
        if few * 64 < n as usize && few <= FEW {
            // A bit for each would be more work than to sort.
            let mut chosen: Vec<u32> = Vec::with_capacity(few);
            let mut next = Vec::new();
            while chosen.len() < few {
                next.clear();
                self.below(n, few - chosen.len(), &mut next);
                next.iter().for_each(|x| {
                    if !chosen.contains(x) {
                        chosen.push(*x)
                    }
                });
            }
            chosen.sort_unstable();
            if inverted {
                let mut left = chosen.iter().peekable();
                out.extend((0..n).filter(|x| left.next_if_eq(&x).is_none()));
            } else {
                out.extend(chosen);
            }
            return;
        }
        let mut taken = vec![0u64; (n as usize).div_ceil(64)];
        let (mut count, mut next) = (0, Vec::new());
        while count < few {
            next.clear();
            self.below(n, few - count, &mut next);
            for &x in &next {
                let (word, bit) = (&mut taken[x as usize / 64], 1 << (x % 64));
                count += usize::from(*word & bit == 0);
                *word |= bit;
            }
        }
        for (i, &word) in taken.iter().enumerate() {
            let base = i as u32 * 64;
            let mut rest = if inverted { !word } else { word };
            if n - base < 64 {
                rest &= (1 << (n - base)) - 1;
            }
            while rest != 0 {
                out.push(base + rest.trailing_zeros());
                rest &= rest - 1;
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

/// Sorts numbers by their bytes, as many as the largest has.
pub(super) fn sort(numbers: &mut Vec<u32>) {
    if numbers.len() <= FEW {
        numbers.sort_unstable();
        return;
    }
    let largest = numbers.iter().fold(0, |a, &b| a | b);
    let bits = 32 - largest.leading_zeros();
    let passes = bits.div_ceil(8).max(1);
    let width = bits.div_ceil(passes).max(1);
    let mask = (1u32 << width) - 1;
    let mut other = vec![0u32; numbers.len()];
    for pass in 0..passes {
        let digit = |x: u32| (x >> (pass * width) & mask & 0xFF) as usize;
        let mut place = [0u32; 256];
        numbers.iter().for_each(|&x| place[digit(x)] += 1);
        let mut sum = 0;
        for slot in &mut place {
            sum += std::mem::replace(slot, sum);
        }
        for &x in numbers.iter() {
            let slot = &mut place[digit(x)];
            other[*slot as usize] = x;
            *slot += 1;
        }
        std::mem::swap(numbers, &mut other);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Purpose;

    #[test]
    fn numbers_are_sorted_whatever_their_size() {
        for bits in [1, 7, 8, 9, 15, 16, 17, 24, 31, 32] {
            let mut numbers = vec![0u32; 1000];
            StreamKey::new(1, Purpose::Connect, 2).fill(bits, 0, &mut numbers);
            numbers.iter_mut().for_each(|x| *x >>= 32 - bits);
            let mut expected = numbers.clone();
            expected.sort_unstable();
            sort(&mut numbers);
            assert_eq!(numbers, expected, "{bits}");
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
