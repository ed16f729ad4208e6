//! Many words of one stream at once: the same words as [`Stream::word`](super::Stream::word), by vector instructions.
//!
//! Each 32-bit word of the cipher stands in a 64-bit lane, whose upper half is ignored: the one multiplication
//! that every instruction set has is 32 x 32 -> 64 bits, so a plain loop over counters becomes vector code.

use multiversion::multiversion;

use super::StreamKey;

/// Counters of one vector, or of a few.
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
    let (c, d) = (u64::from(high[0]), u64::from(high[1]));
    for (n, out) in out.chunks_exact_mut(4).enumerate() {
        let n = block.wrapping_add(n as u64);
        let (mut a, mut b, mut c, mut d) = (n, n >> 32, c, d);
        let [mut k0, mut k1] = key;
        for _ in 0..10 {
            let p = (a & LOW) * 0xD251_1F53;
            let q = (c & LOW) * 0xCD9E_8D57;
            (a, b, c, d) = ((q >> 32) ^ b ^ u64::from(k0), q, (p >> 32) ^ d ^ u64::from(k1), p);
            k0 = k0.wrapping_add(0x9E37_79B9);
            k1 = k1.wrapping_add(0xBB67_AE85);
        }
        out[0] = a as u32;
        out[1] = b as u32;
        out[2] = c as u32;
        out[3] = d as u32;
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
