//! Sixteen blocks of Philox4x32-10 at once: the same words as [`super::philox`], in loops that become vector instructions.

use super::StreamKey;

/// Blocks that are made together, whatever the width of the vectors.
pub const LANES: usize = 16;

/// Block `n` of the streams for the items `16 group` to `16 group + 15`: word w of item `16 group + l` is `[w][l]`.
///
/// Each word of the cipher stands in a 64-bit lane whose upper half is ignored, as in `rng::batch`.
#[inline(always)]
pub fn blocks(key: StreamKey, group: u64, n: u64) -> [[u32; LANES]; 4] {
    const LOW: u64 = 0xFFFF_FFFF;
    let item = group * LANES as u64;
    let [mut k0, mut k1] = key.words();
    let mut a = [n; LANES];
    let mut b = [n >> 32; LANES];
    // The group begins at a multiple of 16, so the low word does not overflow within it.
    let mut c: [u64; LANES] = std::array::from_fn(|l| item + l as u64);
    let mut d = [item >> 32; LANES];
    for _ in 0..10 {
        for l in 0..LANES {
            let p = (a[l] & LOW) * 0xD251_1F53;
            let q = (c[l] & LOW) * 0xCD9E_8D57;
            (a[l], b[l], c[l], d[l]) = ((q >> 32) ^ b[l] ^ u64::from(k0), q, (p >> 32) ^ d[l] ^ u64::from(k1), p);
        }
        k0 = k0.wrapping_add(0x9E37_79B9);
        k1 = k1.wrapping_add(0xBB67_AE85);
    }
    [a, b, c, d].map(|word| word.map(|lane| lane as u32))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::vector::{Kernel, Target};
    use crate::rng::Purpose;

    struct Blocks(StreamKey, u64, u64);
    impl Kernel for Blocks {
        type Output = [[u32; LANES]; 4];
        #[inline(always)]
        fn run(self) -> Self::Output {
            blocks(self.0, self.1, self.2)
        }
    }

    #[test]
    #[allow(clippy::needless_range_loop)] // a lane goes across the words
    fn lanes_are_the_blocks_of_single_streams_on_every_instruction_set() {
        let key = StreamKey::new(7, Purpose::Poisson, 3);
        for (group, n) in [(0, 0), (5, 17), (1 << 40, 1 << 50), (0x0FFF_FFFF, 3)] {
            for target in Target::available() {
                let words = target.run(Blocks(key, group, n));
                for l in 0..LANES {
                    let one = key.block(group * LANES as u64 + l as u64, n);
                    assert_eq!(one, std::array::from_fn(|w| words[w][l]), "{target:?} lane {l}");
                }
            }
        }
    }
}
