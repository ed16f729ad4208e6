//! Exponential deviates of many streams at once: those of [`super::exponential`], bit for bit, by vector instructions.

use crate::math::ln_normal;
use crate::math::vector::Kernel;
use crate::rng::StreamKey;
use crate::rng::lanes::Each;

/// The deviate that block `blocks[i]` of the stream for `items[i]` gives, for each i below `len`.
pub struct Exponentials<'a, const N: usize> {
    /// The key of the streams.
    pub key: StreamKey,
    /// What each is for.
    pub items: &'a [u64; N],
    /// Which block of each.
    pub blocks: &'a [u64; N],
    /// How many.
    pub len: usize,
    /// Where they go; what stands beyond `len` is left to chance.
    pub out: &'a mut [f64; N],
}

impl<const N: usize> Kernel for Exponentials<'_, N> {
    type Output = ();
    #[inline(always)]
    fn run(self) {
        /// 2^52, whose last bit counts ones; and that over the two halves of a uniform number of 53 bits.
        const TWO_52: u64 = 0x4330_0000_0000_0000;
        const UNIT: f64 = 1.0 / 9_007_199_254_740_992.0;
        let Exponentials { key, items, blocks, len, out } = self;
        let mut words = [[0; N]; 4];
        Each { key, items, blocks, len, out: &mut words }.run();
        for i in 0..N {
            // The upper 53 of 64 bits, as a number: its upper 32 and lower 21 bits apart, since few processors convert longer integers.
            let upper = f64::from_bits(TWO_52 | u64::from(words[1][i])) - f64::from_bits(TWO_52);
            let lower = f64::from_bits(TWO_52 | u64::from(words[0][i] >> 11)) - f64::from_bits(TWO_52);
            out[i] = -ln_normal(1.0 - (upper * 2_097_152.0 + lower) * UNIT);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::vector::Target;
    use crate::rng::Purpose;
    use crate::sample::exponential;

    #[test]
    fn many_at_once_are_those_one_by_one_on_every_instruction_set() {
        let key = StreamKey::new(3, Purpose::Poisson, 8);
        for round in 0..200_u64 {
            let items: [u64; 32] = std::array::from_fn(|i| (i as u64 * 7 + round) << (round % 40));
            let blocks: [u64; 32] = std::array::from_fn(|i| (round << 30) + 5 * i as u64);
            for target in Target::available() {
                for len in [1, 16, 17, 32] {
                    let mut out = [f64::NAN; 32];
                    target.run(Exponentials { key, items: &items, blocks: &blocks, len, out: &mut out });
                    for i in 0..len {
                        let one = exponential(&mut key.stream(items[i]).at(blocks[i]));
                        assert_eq!(out[i].to_bits(), one.to_bits(), "{target:?} {round} {i}");
                    }
                }
            }
        }
    }
}
