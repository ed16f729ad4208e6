//! Many blocks of Philox4x32-10 at once: the same words as [`super::philox`], in loops that become vector instructions.
//!
//! Each 32-bit word of the cipher stands in a 64-bit lane, whose upper half is ignored: the one multiplication
//! that every instruction set has is 32 x 32 -> 64 bits. Loops are written out: `array::map` and `from_fn` of this length become calls
//! of functions that know no vectors.

use crate::math::vector::Kernel;

use super::StreamKey;

/// Blocks that are made together, whatever the width of the vectors.
pub const LANES: usize = 16;

/// Block `n` of the streams for the items `16 group` to `16 group + 15`, two words at a time: words 1 and 0 of each item, then
/// words 3 and 2 of each, the first of the two in the lower half. In that order they lie where the cipher's last
/// multiplication has put them.
#[inline(always)]
pub fn blocks(key: StreamKey, group: u64, n: u64) -> [u64; 2 * LANES] {
    // The group begins at a multiple of 16, so the low word does not overflow within it.
    let item = group * LANES as u64;
    let mut lane = [0; LANES];
    for (l, lane) in lane.iter_mut().enumerate() {
        *lane = item + l as u64;
    }
    let [a, b, c, d] = cipher(key.words(), [[n; LANES], [n >> 32; LANES], lane, [item >> 32; LANES]]);
    let mut out = [0; 2 * LANES];
    for l in 0..LANES {
        out[l] = b[l] & LOW | a[l] << 32;
        out[LANES + l] = d[l] & LOW | c[l] << 32;
    }
    out
}

/// The half of a lane that counts.
const LOW: u64 = 0xFFFF_FFFF;

/// The cipher on words that stand in lanes.
#[inline(always)]
pub fn cipher<const L: usize>(
    [mut k0, mut k1]: [u32; 2],
    [mut a, mut b, mut c, mut d]: [[u64; L]; 4],
) -> [[u64; L]; 4] {
    for _ in 0..10 {
        for l in 0..L {
            let p = (a[l] & LOW) * 0xD251_1F53;
            let q = (c[l] & LOW) * 0xCD9E_8D57;
            (a[l], b[l], c[l], d[l]) = ((q >> 32) ^ b[l] ^ u64::from(k0), q, (p >> 32) ^ d[l] ^ u64::from(k1), p);
        }
        k0 = k0.wrapping_add(0x9E37_79B9);
        k1 = k1.wrapping_add(0xBB67_AE85);
    }
    [a, b, c, d]
}

/// Block `blocks[i]` of the stream for `items[i]`, for each i below `len`: word w of it is `out[w][i]`. What stands in `out`
/// beyond is left to chance.
pub struct Each<'a, const N: usize> {
    /// The key of the streams.
    pub key: StreamKey,
    /// What each is for.
    pub items: &'a [u64; N],
    /// Which block of each.
    pub blocks: &'a [u64; N],
    /// How many.
    pub len: usize,
    /// The words.
    pub out: &'a mut [[u32; N]; 4],
}

impl<const N: usize> Kernel for Each<'_, N> {
    type Output = ();
    #[inline(always)]
    fn run(self) {
        /// Two registers of the widest: one alone would wait for its multiplications.
        const AT_ONCE: usize = 16;
        const { assert!(N.is_multiple_of(AT_ONCE)) };
        for from in (0..self.len.min(N)).step_by(AT_ONCE) {
            let mut counter = [[0; AT_ONCE]; 4];
            let (blocks, items) = (&self.blocks[from..from + AT_ONCE], &self.items[from..from + AT_ONCE]);
            for (l, (&block, &item)) in blocks.iter().zip(items).enumerate() {
                (counter[0][l], counter[1][l]) = (block, block >> 32);
                (counter[2][l], counter[3][l]) = (item, item >> 32);
            }
            for (out, word) in self.out.iter_mut().zip(cipher(self.key.words(), counter)) {
                for l in 0..AT_ONCE {
                    out[from + l] = word[l] as u32;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::vector::Target;
    use crate::rng::Purpose;

    struct Blocks(StreamKey, u64, u64);
    impl Kernel for Blocks {
        type Output = [u64; 2 * LANES];
        #[inline(always)]
        fn run(self) -> Self::Output {
            blocks(self.0, self.1, self.2)
        }
    }

    #[test]
    fn lanes_are_the_blocks_of_single_streams_on_every_instruction_set() {
        let key = StreamKey::new(7, Purpose::Poisson, 3);
        for (group, n) in [(0, 0), (5, 17), (1 << 40, 1 << 50), (0x0FFF_FFFF, 3)] {
            for target in Target::available() {
                let words = target.run(Blocks(key, group, n));
                for l in 0..LANES {
                    let one = key.block(group * LANES as u64 + l as u64, n);
                    let [b, a, d, c] = [words[l], words[l] >> 32, words[LANES + l], words[LANES + l] >> 32];
                    assert_eq!(one, [a, b, c, d].map(|word| word as u32), "{target:?} lane {l}");
                }
            }
        }
    }

    #[test]
    #[allow(clippy::needless_range_loop)] // a lane goes across the words
    fn any_blocks_of_any_streams_are_those_one_by_one() {
        let key = StreamKey::new(9, Purpose::Pulse, 4);
        let items: [u64; 48] = std::array::from_fn(|l| ((l as u64) << 33) | (7 * l as u64));
        let blocks: [u64; 48] = std::array::from_fn(|l| (1 << 62) | (l as u64 * 0x0765_4321_0123));
        for len in [0, 1, 15, 16, 17, 48] {
            for target in Target::available() {
                let mut out = [[0; 48]; 4];
                target.run(Each { key, items: &items, blocks: &blocks, len, out: &mut out });
                for l in 0..len {
                    assert_eq!(key.block(items[l], blocks[l]), std::array::from_fn(|w| out[w][l]), "{target:?} {l}");
                }
            }
        }
    }
}
