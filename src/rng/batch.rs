//! Many words of one stream at once: the same words as [`Stream::word`](super::Stream::word), by vector instructions.

use multiversion::multiversion;

use super::StreamKey;
use super::lanes::cipher;

/// Counters of one vector, or of a few.
const LANES: usize = 16;
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
    let high = high.map(|word| [u64::from(word); LANES]);
    for (group, out) in out.chunks_exact_mut(WORDS).enumerate() {
        let (mut lane, mut upper) = ([0; LANES], [0; LANES]);
        for l in 0..LANES {
            let n = block.wrapping_add((group * LANES + l) as u64);
            (lane[l], upper[l]) = (n, n >> 32);
        }
        let words = cipher(key, [lane, upper, high[0], high[1]]);
        for (l, out) in out.chunks_exact_mut(4).enumerate() {
            out.iter_mut().zip(&words).for_each(|(out, word)| *out = word[l] as u32);
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
