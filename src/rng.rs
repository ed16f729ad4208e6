//! Counter-based random numbers: Philox4x32-10 (Salmon, Moraes, Dror & Shaw 2011,
//! "Parallel random numbers: as easy as 1, 2, 3", doi:10.1145/2063384.2063405).
//!
//! A number is a pure function of (seed, purpose, what it is for, ordinal), never of the
//! thread or the order in which numbers are asked for, so that a result does not depend on
//! how work is shared out. Distributions are in [`crate::sample`].

mod batch;
pub mod lanes;

use std::convert::Infallible;

use rand::TryRng;

/// What a random number is for. Part of the key, so that no two uses share a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Purpose {
    /// Which synapses exist.
    Connect = 1,
    /// Weights of a projection.
    Weight = 2,
    /// Delays of a projection.
    Delay = 3,
    /// A neuron parameter; the ordinal names which.
    Parameter = 4,
    /// An initial state variable; the ordinal names which.
    Initial = 5,
    /// Poisson sources and inputs.
    Poisson = 6,
    /// Noise currents.
    Noise = 7,
    /// A device's own constants (device-to-device spread).
    Device = 8,
    /// A device's pulses (cycle-to-cycle spread, number of pulses).
    Pulse = 9,
    /// A device's reads.
    Read = 10,
    /// Spikes placed within the bin of a binned recording.
    Binned = 11,
    /// Rate of a Poisson source, drawn per neuron.
    Rate = 12,
    /// The order in which images are shown, or when a pattern comes back.
    Order = 13,
    /// A spike pattern that comes back.
    Pattern = 14,
}

/// One block of Philox4x32-10: four words for a 128-bit counter under a 64-bit key.
#[inline]
pub fn philox(counter: [u32; 4], key: [u32; 2]) -> [u32; 4] {
    let [mut a, mut b, mut c, mut d] = counter;
    let [mut k0, mut k1] = key;
    for _ in 0..10 {
        let p = u64::from(a) * 0xD251_1F53;
        let q = u64::from(c) * 0xCD9E_8D57;
        (a, b, c, d) = ((q >> 32) as u32 ^ b ^ k0, q as u32, (p >> 32) as u32 ^ d ^ k1, p as u32);
        k0 = k0.wrapping_add(0x9E37_79B9);
        k1 = k1.wrapping_add(0xBB67_AE85);
    }
    [a, b, c, d]
}

/// A stable 32-bit name for a population, projection or input (FNV-1a of its name), so
/// that adding another one to the model leaves this one's random numbers as they were.
pub fn name_key(name: &str) -> u32 {
    name.bytes().fold(0x811C_9DC5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

/// A stream of random words: one for each (seed, purpose, name, item), e.g. item = source row.
#[derive(Clone, Debug)]
pub struct Stream {
    key: [u32; 2],
    high: [u32; 2],
    block: u64,
    buffer: [u32; 4],
    used: usize,
}

/// The key of all streams of one (seed, purpose, name): makes many streams cheaply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamKey([u32; 2]);

impl StreamKey {
    /// Mixes seed, purpose and name (see [`name_key`]) by the cipher itself into a 64-bit key.
    pub fn new(seed: u64, purpose: Purpose, name: u32) -> StreamKey {
        let mixed = philox([seed as u32, (seed >> 32) as u32, purpose as u32, name], [0x6d65_6d73, 0x7069_6b65]);
        StreamKey([mixed[0], mixed[1]])
    }

    /// The stream for `item`, which takes the counter's upper half: two items never share a block.
    #[inline]
    pub fn stream(self, item: u64) -> Stream {
        Stream { key: self.0, high: [item as u32, (item >> 32) as u32], block: 0, buffer: [0; 4], used: 4 }
    }

    /// The cipher's key, for [`lanes`].
    #[inline]
    pub fn words(self) -> [u32; 2] {
        self.0
    }

    /// The four words of block `n` of the stream for `item`.
    #[inline]
    pub fn block(self, item: u64, n: u64) -> [u32; 4] {
        philox([n as u32, (n >> 32) as u32, item as u32, (item >> 32) as u32], self.0)
    }
}

impl Stream {
    /// The stream for `item` of what `name` (see [`name_key`]) stands for.
    pub fn new(seed: u64, purpose: Purpose, name: u32, item: u64) -> Stream {
        StreamKey::new(seed, purpose, name).stream(item)
    }

    /// This stream from its `n`-th block of four words on.
    #[must_use]
    pub fn at(mut self, block: u64) -> Stream {
        self.block = block;
        self.used = 4;
        self
    }

    /// The four words of block `n`, whatever was drawn before.
    #[inline]
    pub fn block(&self, n: u64) -> [u32; 4] {
        philox([n as u32, (n >> 32) as u32, self.high[0], self.high[1]], self.key)
    }

    /// The next 32 random bits.
    #[inline]
    pub fn word(&mut self) -> u32 {
        if self.used == 4 {
            self.buffer = self.block(self.block);
            self.block += 1;
            self.used = 0;
        }
        self.used += 1;
        self.buffer[self.used - 1]
    }

    /// The next 64 random bits.
    #[inline]
    pub fn bits(&mut self) -> u64 {
        u64::from(self.word()) | u64::from(self.word()) << 32
    }

    /// Uniform in [0, 1), 53 bits.
    #[inline]
    pub fn uniform(&mut self) -> f64 {
        (self.bits() >> 11) as f64 * (1.0 / 9_007_199_254_740_992.0)
    }

    /// Uniform in (0, 1]: safe under a logarithm.
    #[inline]
    pub fn uniform_open(&mut self) -> f64 {
        1.0 - self.uniform()
    }

    /// A uniform integer in 0..n, without bias (Lemire 2019). `n` must not be 0.
    #[inline]
    pub fn below(&mut self, n: u64) -> u64 {
        loop {
            let product = u128::from(self.bits()) * u128::from(n);
            if product as u64 >= n.wrapping_neg() % n {
                return (product >> 64) as u64;
            }
        }
    }
}

/// Lets any distribution of the `rand` family draw from a stream.
impl TryRng for Stream {
    type Error = Infallible;
    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(self.word())
    }
    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.bits())
    }
    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for chunk in bytes.chunks_mut(4) {
            let word = self.word().to_le_bytes();
            chunk.copy_from_slice(&word[..chunk.len()]);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn philox_gives_the_known_answers_of_random123() {
        assert_eq!(philox([0; 4], [0; 2]), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
        assert_eq!(philox([u32::MAX; 4], [u32::MAX; 2]), [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]);
    }

    #[test]
    fn streams_of_other_seeds_purposes_names_and_items_differ() {
        let first = |s, p, n, i| Stream::new(s, p, n, i).bits();
        let base = first(1, Purpose::Weight, 7, 3);
        assert_eq!(base, first(1, Purpose::Weight, 7, 3));
        assert_ne!(base, first(2, Purpose::Weight, 7, 3));
        assert_ne!(base, first(1, Purpose::Delay, 7, 3));
        assert_ne!(base, first(1, Purpose::Weight, 8, 3));
        assert_ne!(base, first(1, Purpose::Weight, 7, 4));
    }

    #[test]
    fn integers_below_n_are_uniform() {
        let mut stream = Stream::new(1, Purpose::Connect, 0, 0);
        let mut counts = [0u32; 7];
        (0..70_000).for_each(|_| counts[stream.below(7) as usize] += 1);
        assert!(counts.iter().all(|&c| (9_600..10_400).contains(&c)), "{counts:?}");
    }
}
