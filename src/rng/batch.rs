//! Many words of one stream at once: the same words as [`Stream::word`](super::Stream::word), by vector instructions.
//!
//! Each 32-bit word of the cipher stands in a 64-bit lane, whose upper half is ignored: the one multiplication
//! that every instruction set has is 32 x 32 -> 64 bits, so plain loops over [`LANES`] counters become vector code.

use multiversion::multiversion;

use super::StreamKey;

/// Counters that are worked on at once.
const LANES: usize = 8;
/// Words of as many blocks.
const WORDS: usize = 4 * LANES;

impl StreamKey {
    /// Fills `out` with the words of the stream for `item`, from its block `block` on: what
    /// `self.stream(item).at(block)` would give word by word.
    pub fn fill(self, item: u64, block: u64, out: &mut [u32]) {
        let high = [item as u32, (item >> 32) as u32];
        let whole = out.len() / WORDS * WORDS;
        let (head, tail) = out.split_at_mut(whole);
        if !head.is_empty() {
            fill_groups(self.0, high, block, head);
        }
        let block = block.wrapping_add((whole / 4) as u64);
        if tail.len() > 8 {
            let mut group = [0u32; WORDS];
            fill_groups(self.0, high, block, &mut group);
            tail.copy_from_slice(&group[..tail.len()]);
        } else {
            for (n, words) in tail.chunks_mut(4).enumerate() {
                words.copy_from_slice(&self.block(item, block.wrapping_add(n as u64))[..words.len()]);
            }
        }
    }
}

#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2", "aarch64+neon"))]
fn fill_groups(key: [u32; 2], high: [u32; 2], block: u64, out: &mut [u32]) {
    const LOW: u64 = 0xFFFF_FFFF;
    for (group, out) in out.chunks_exact_mut(WORDS).enumerate() {
        let start = block.wrapping_add((group * LANES) as u64);
        let mut a = [0u64; LANES];
        let mut b = [0u64; LANES];
        for lane in 0..LANES {
            let n = start.wrapping_add(lane as u64);
            a[lane] = n;
            b[lane] = n >> 32;
        }
        let mut c = [u64::from(high[0]); LANES];
        let mut d = [u64::from(high[1]); LANES];
        let [mut k0, mut k1] = key;
        for _ in 0..10 {
            for lane in 0..LANES {
                let p = (a[lane] & LOW) * 0xD251_1F53;
                let q = (c[lane] & LOW) * 0xCD9E_8D57;
                a[lane] = (q >> 32) ^ b[lane] ^ u64::from(k0);
                c[lane] = (p >> 32) ^ d[lane] ^ u64::from(k1);
                b[lane] = q;
                d[lane] = p;
            }
            k0 = k0.wrapping_add(0x9E37_79B9);
            k1 = k1.wrapping_add(0xBB67_AE85);
        }
        for lane in 0..LANES {
            out[4 * lane] = a[lane] as u32;
            out[4 * lane + 1] = b[lane] as u32;
            out[4 * lane + 2] = c[lane] as u32;
            out[4 * lane + 3] = d[lane] as u32;
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::rng::{Purpose, StreamKey};

    #[test]
    fn many_words_at_once_are_those_of_the_stream_one_by_one() {
        let key = StreamKey::new(0x1234_5678_9ABC, Purpose::Delay, 9);
        for item in [0, 7, u64::MAX - 3] {
            // The counter's lower word runs over within the second.
            for block in [0, 0xFFFF_FFFA, 1 << 62] {
                for length in [0, 1, 4, 9, 31, 32, 33, 100, 257] {
                    let mut out = vec![0; length];
                    key.fill(item, block, &mut out);
                    let mut stream = key.stream(item).at(block);
                    assert!(out.iter().all(|&word| word == stream.word()), "{item} {block} {length}");
                }
            }
        }
    }
}
