//! Poisson counts of many neurons of one mean at once: a few random bits each, and yet exact.
//!
//! The chance of each count is rounded down to a multiple of 2^-8: so many of the 256 bytes give that count. The bytes left
//! over (mostly one or two in a hundred) ask for 16 more bits. What the rounding left out is shared out among their words in
//! the same way, and the words left over there (a few of 65,536, and the far tail) ask for 64 more. The mixture is the Poisson
//! distribution to rounding of its chances in double precision, 1e-16. Large means, whose chances are many and small, begin
//! with the 16 bits.

use crate::math::vector::{Kernel, at_least};
use crate::rng::StreamKey;
use crate::rng::lanes::{LANES, blocks, cipher};

/// Members that share the random bytes of one group of blocks.
const BYTES: usize = 16 * LANES;

/// Members that share the random words of one group of blocks.
const WORDS: usize = 8 * LANES;

/// Members whose bytes stay in registers while the thresholds pass by.
const SIDE: usize = 8 * LANES;

/// Members that are worked on at once: of so many, enough bytes give nothing to fill a vector with their members.
const STRETCH: usize = 4 * BYTES;

/// Members whose bytes gave nothing that vector code sees to at once.
const BATCH: usize = 16;

/// So few of them take less time one by one.
const FEW: usize = 3;

/// Of 64 bytes hardly ever more give nothing.
const AT_ONCE: usize = 3;

/// Means above this are drawn one by one.
pub const LARGEST_MEAN: f64 = 1000.0;

/// Means above this begin with words: more than one byte in twenty would give nothing.
const LARGEST_OF_BYTES: f64 = 10.0;

/// Thresholds that fewer words pass than one in so many are looked at only where one does.
const RARE: i32 = 256;

/// The distribution of counts for one mean.
pub struct Counts {
    /// What bytes give; none for a large mean.
    bytes: Option<Level<i8>>,
    /// What words give where a byte gave nothing.
    words: Level<i16>,
    /// How many thresholds of words come first: the others are passed by one in [`RARE`], so mostly by none of those at hand.
    common: usize,
    /// Chances of at most each count from 0 on, where a word gives nothing either, in units of 2^-64.
    rest: Vec<u64>,
}

/// What random numbers of a few bits give. They count from minus half their range on, since vector instructions compare signed
/// numbers.
struct Level<T> {
    /// Numbers at or above each threshold add 1 to the count.
    thresholds: Vec<T>,
    /// The count of a number below all thresholds.
    base: u16,
    /// Numbers at or above this give nothing.
    open: T,
}

impl<T> Level<T> {
    /// Shares out `range` numbers by the chances `p`, which add up to 1, and leaves in `p` the chances of what remains.
    fn new(p: &mut [f64], range: u32, number: impl Fn(i32) -> T) -> Level<T> {
        // At least one number is left over, so that every number is compared with a threshold that exists.
        let whole = |p: f64| ((p * f64::from(range)) as u32).min(range - 1);
        let first = p.iter().position(|p| whole(*p) > 0).unwrap_or(0);
        let last = p.iter().rposition(|p| whole(*p) > 0).unwrap_or(0);
        let mut sum = 0;
        let mut thresholds = Vec::new();
        for p in &mut p[first..=last] {
            let given = whole(*p).min(range - 1 - sum);
            sum += given;
            *p -= f64::from(given) / f64::from(range);
            thresholds.push(number(sum as i32 - (range / 2) as i32));
        }
        let left: f64 = p.iter().map(|p| p.max(0.0)).sum();
        p.iter_mut().for_each(|p| *p = p.max(0.0) / left);
        let open = thresholds.pop().unwrap_or_else(|| number(-((range / 2) as i32)));
        Level { thresholds, base: first as u16, open }
    }
}

impl Counts {
    /// For this mean of at most [`LARGEST_MEAN`].
    pub fn new(mean: f64) -> Counts {
        let last = (mean + 12.0 * mean.sqrt() + 40.0) as usize;
        // From the mode outward, so that nothing underflows, then scaled to a sum of 1.
        let mode = mean as usize;
        let mut p = vec![0.0; last + 1];
        p[mode] = 1.0;
        for k in (0..mode).rev() {
            p[k] = p[k + 1] * (k + 1) as f64 / mean;
        }
        for k in mode + 1..=last {
            p[k] = p[k - 1] * mean / k as f64;
        }
        let total = p.iter().sum::<f64>();
        p.iter_mut().for_each(|p| *p /= total);
        let bytes = (mean <= LARGEST_OF_BYTES).then(|| Level::new(&mut p, 1 << 8, |number| number as i8));
        let words = Level::new(&mut p, 1 << 16, |number| number as i16);
        let mut below = 0.0;
        let rest = p.iter().map(|p| {
            below += p;
            (below * 18_446_744_073_709_551_616.0) as u64
        });
        let common = words.thresholds.partition_point(|t| (32_768 - i32::from(*t)) * RARE > 65_536);
        Counts { bytes, common, rest: rest.collect(), words }
    }

    /// The count of a member whose byte gave nothing, from its further bits.
    #[inline(always)]
    fn more(&self, block: [u32; 4]) -> u16 {
        let word = block[0] as i16;
        if word >= self.words.open {
            return self.last(block);
        }
        self.words.base + self.words.thresholds.iter().filter(|threshold| word >= **threshold).count() as u16
    }

    /// The count that 64 fresh bits give where a word gave nothing.
    #[cold]
    fn last(&self, [.., low, high]: [u32; 4]) -> u16 {
        let bits = u64::from(low) | u64::from(high) << 32;
        self.rest.partition_point(|below| *below <= bits).min(self.rest.len() - 1) as u16
    }

    /// Counts of the members `first`..`first + out.len()` in step `step`. No closure in here: the compiler makes functions of
    /// closures that know no vectors.
    #[inline(always)]
    fn draw(&self, key: StreamKey, step: u64, first: u64, out: &mut [u16]) {
        let group = if self.bytes.is_some() { BYTES } else { WORDS };
        let mut across = [0; BYTES];
        let (mut member, mut out) = (first, out);
        while !out.is_empty() {
            let offset = (member % group as u64) as usize;
            let inside = if offset == 0 { out.len() / group * group } else { 0 };
            let whole = inside.clamp(group, STRETCH);
            let take = (whole - offset).min(out.len());
            let (now, later) = std::mem::take(&mut out).split_at_mut(take);
            // Of a group that lies across an end, what belongs to others is dropped or not drawn.
            let counts = if take == whole { &mut *now } else { &mut across[..(offset + take).next_multiple_of(SIDE)] };
            self.groups((key, step), member - offset as u64, counts);
            if take < whole {
                now.copy_from_slice(&across[offset..offset + take]);
            }
            (out, member) = (later, member + take as u64);
        }
    }

    /// Counts of whole groups, the last of which may lack some sides.
    #[inline(always)]
    fn groups(&self, stream: (StreamKey, u64), member: u64, counts: &mut [u16]) {
        match &self.bytes {
            Some(level) => self.of_bytes(level, stream, member, counts),
            None => {
                for (i, counts) in counts.as_chunks_mut::<WORDS>().0.iter_mut().enumerate() {
                    self.of_words(stream, member + (i * WORDS) as u64, counts);
                }
            }
        }
    }

    /// Counts of groups of members that share bytes, from a first one on: member 8 j + b has byte b of the j-th of [`blocks`].
    #[inline(always)]
    fn of_bytes(&self, level: &Level<i8>, stream: (StreamKey, u64), member: u64, counts: &mut [u16]) {
        // Members whose byte gave nothing: those of one group, and fewer than a batch from before.
        let mut open = [0; BYTES + BATCH + AT_ONCE];
        let mut waiting = 0;
        for at in (0..counts.len()).step_by(BYTES) {
            let group = (member + at as u64) / BYTES as u64;
            let mut bytes = [0; BYTES];
            for (bytes, word) in bytes.as_chunks_mut().0.iter_mut().zip(blocks(stream.0, group, stream.1)) {
                *bytes = word.to_le_bytes().map(|byte| byte as i8);
            }
            let end = counts.len().min(at + BYTES);
            let sides = counts[at..end].as_chunks_mut::<SIDE>().0;
            for (counts, bytes) in sides.iter_mut().zip(bytes.as_chunks::<SIDE>().0) {
                let mut sums = [level.base as u8; SIDE];
                for &threshold in &level.thresholds {
                    for i in 0..SIDE {
                        sums[i] = if bytes[i] >= threshold { sums[i] + 1 } else { sums[i] };
                    }
                }
                for i in 0..SIDE {
                    counts[i] = u16::from(sums[i]);
                }
            }
            for (i, bytes) in bytes[..end - at].as_chunks().0.iter().enumerate() {
                waiting = note(&mut open, waiting, at_least(bytes, level.open), (at + 64 * i) as u16);
            }
            if end == counts.len() && waiting % BATCH > FEW {
                // The last batch is filled up with the last of them.
                let (last, full) = (open[waiting - 1], waiting.next_multiple_of(BATCH));
                open[waiting..full].fill(last);
                waiting = full;
            }
            while waiting >= BATCH {
                self.see_to(stream, member, &open, counts);
                open.copy_within(BATCH..waiting, 0);
                waiting -= BATCH;
            }
        }
        for &place in &open[..waiting] {
            let (key, step) = stream;
            counts[usize::from(place)] = self.more(key.block(more_bits(member + u64::from(place)), step));
        }
    }

    /// Counts of a batch of members whose bytes gave nothing.
    #[inline(always)]
    fn see_to(&self, (key, step): (StreamKey, u64), member: u64, open: &[u16], counts: &mut [u16]) {
        let mut counters = [[step; BATCH], [step >> 32; BATCH], [0; BATCH], [0; BATCH]];
        for l in 0..BATCH {
            let item = more_bits(member + u64::from(open[l]));
            (counters[2][l], counters[3][l]) = (item, item >> 32);
        }
        let [first, ..] = cipher(key.words(), counters);
        let (mut words, mut sums) = ([0; BATCH], [self.words.base; BATCH]);
        for l in 0..BATCH {
            words[l] = first[l] as i16;
        }
        for &threshold in &self.words.thresholds {
            for l in 0..BATCH {
                sums[l] = if words[l] >= threshold { sums[l] + 1 } else { sums[l] };
            }
        }
        let any = words.iter().fold(false, |any, word| any | (*word >= self.words.open));
        for l in 0..BATCH {
            counts[usize::from(open[l])] = sums[l];
        }
        if any {
            for l in (0..BATCH).filter(|l| words[*l] >= self.words.open) {
                let place = open[l];
                counts[usize::from(place)] = self.more(key.block(more_bits(member + u64::from(place)), step));
            }
        }
    }

    /// Counts of a group of members that share words: member 4 j + q has 16 bits of the j-th of [`blocks`], from the lowest on.
    #[inline(always)]
    fn of_words(&self, (key, step): (StreamKey, u64), member: u64, counts: &mut [u16; WORDS]) {
        let mut words = [0_i16; WORDS];
        for (words, word) in words.as_chunks_mut::<4>().0.iter_mut().zip(blocks(key, member / WORDS as u64, step)) {
            for (q, out) in words.iter_mut().enumerate() {
                *out = (word >> (16 * q)) as i16;
            }
        }
        let (common, rare) = self.words.thresholds.split_at(self.common);
        // Half a group at a time stays in registers while the thresholds pass by: sums of their own, since those of the caller
        // might be anywhere, and a vector that was stored across a border of cache lines is slow to come back.
        for (counts, words) in counts.as_chunks_mut::<64>().0.iter_mut().zip(words.as_chunks::<64>().0) {
            let mut sums = [self.words.base; 64];
            let mut add = |thresholds: &[i16]| {
                for &threshold in thresholds {
                    for i in 0..64 {
                        sums[i] = if words[i] >= threshold { sums[i] + 1 } else { sums[i] };
                    }
                }
            };
            add(common);
            if rare.first().is_some_and(|least| words.iter().fold(false, |any, word| any | (word >= least))) {
                add(rare);
            }
            *counts = sums;
        }
        let any = words.iter().fold(false, |any, w| any | (*w >= self.words.open));
        if any {
            for i in (0..WORDS).filter(|i| words[*i] >= self.words.open) {
                counts[i] = self.last(key.block(more_bits(member + i as u64), step));
            }
        }
    }
}

/// The item of a member's further bits: another half of the counters than [`blocks`] has, for no model has 2^63 neurons.
#[inline(always)]
fn more_bits(member: u64) -> u64 {
    member | 1 << 63
}

/// Writes down the bits that are set, counted from `from`, behind the first `len` of a list; how long it is then.
#[inline(always)]
fn note(list: &mut [u16], len: usize, mut bits: u64, from: u16) -> usize {
    let end = len + bits.count_ones() as usize;
    // Without asking how many there are, which no processor foresees: what is too much will be written over.
    let (now, later) = list[len..].split_at_mut(AT_ONCE);
    for place in now {
        *place = from.wrapping_add(bits.trailing_zeros() as u16);
        bits &= bits.wrapping_sub(1);
    }
    let mut later = later.iter_mut();
    while bits != 0 {
        let Some(place) = later.next() else { break };
        *place = from + bits.trailing_zeros() as u16;
        bits &= bits - 1;
    }
    end
}

/// Draws the counts of members `first`.. into `out`: a loop for vector instructions.
pub struct Draw<'a> {
    /// The distribution.
    pub counts: &'a Counts,
    /// The stream.
    pub key: StreamKey,
    /// The step.
    pub step: u64,
    /// The first member.
    pub first: u64,
    /// One count per member.
    pub out: &'a mut [u16],
}

impl Kernel for Draw<'_> {
    type Output = ();
    #[inline(always)]
    fn run(self) {
        self.counts.draw(self.key, self.step, self.first, self.out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::{self, vector::Target};
    use crate::rng::Purpose;

    fn draw(target: Target, mean: f64, step: u64, first: u64, n: usize) -> Vec<u16> {
        let mut out = vec![0; n];
        let key = StreamKey::new(3, Purpose::Poisson, 9);
        target.run(Draw { counts: &Counts::new(mean), key, step, first, out: &mut out });
        out
    }

    /// Chances of 0, 1, 2, ..
    fn poisson(mean: f64, last: usize) -> Vec<f64> {
        let mut p = vec![math::exp(-mean)];
        (1..=last).for_each(|k| p.push(p[k - 1] * mean / k as f64));
        p
    }

    #[test]
    fn words_and_refinement_together_are_the_poisson_distribution() {
        for mean in [1e-7, 0.003, 0.4, 1.6, 2.3, 9.0, 60.0, 600.0] {
            let c = Counts::new(mean);
            let exact = poisson(mean, c.rest.len() - 1);
            // Chances of each count, and of nothing.
            fn chances<T: Copy + Into<f64>>(level: &Level<T>, range: f64, last: usize) -> (Vec<f64>, f64) {
                let thresholds = level.thresholds.iter().chain([&level.open]);
                let below: Vec<f64> = thresholds.map(|t| (Into::<f64>::into(*t) + range / 2.0) / range).collect();
                let mut chances = vec![0.0; last + 1];
                for (i, at) in below.iter().enumerate() {
                    chances[usize::from(level.base) + i] = if i == 0 { *at } else { at - below[i - 1] };
                }
                (chances, 1.0 - below[below.len() - 1])
            }
            let none = (vec![0.0; exact.len()], 1.0);
            let (bytes, open) = c.bytes.as_ref().map_or(none, |level| chances(level, 256.0, exact.len() - 1));
            let (words, still) = chances(&c.words, 65_536.0, exact.len() - 1);
            assert!(open > 0.0 && (open < 0.05 || c.bytes.is_none()), "{mean}: {open}");
            assert!(still > 0.0 && still < 0.02, "{mean}: {still}");
            for (k, exact) in exact.iter().enumerate() {
                let at = |k: usize| c.rest[k] as f64 / 18_446_744_073_709_551_616.0;
                let rest = if k == 0 { at(0) } else { at(k) - at(k - 1) };
                let chance = bytes[k] + open * (words[k] + still * rest);
                assert!((chance - exact).abs() < 1e-12, "{mean}: chance of {k}");
            }
        }
    }

    #[test]
    fn drawn_counts_pass_a_chi_square_test_with_and_without_refinement() {
        // A mean of 1e-5: a count above 0 can only come from a refined word.
        for (mean, draws) in [(1e-5, 3_000_000), (0.9, 400_000), (2.3, 400_000), (40.0, 200_000)] {
            let best = Target::best();
            let all = (0..10).flat_map(|s| draw(best, mean, s, 0, draws / 10)).collect::<Vec<_>>();
            let exact = poisson(mean, 200);
            let (mut chi, mut bins, mut seen, mut expected) = (0.0, 0, 0.0, 0.0);
            let mut histogram = vec![0.0; 201];
            all.iter().for_each(|k| histogram[usize::from(*k)] += 1.0);
            for k in 0..=200 {
                seen += histogram[k];
                expected += exact[k] * draws as f64;
                if expected > 10.0 {
                    chi += (seen - expected) * (seen - expected) / expected;
                    (bins, seen, expected) = (bins + 1, 0.0, 0.0);
                }
            }
            let freedom = f64::from(bins - 1);
            assert!(chi < freedom + 4.5 * (2.0 * freedom).sqrt() + 6.0, "mean {mean}: chi-square {chi} of {freedom}");
        }
    }

    #[test]
    fn counts_depend_on_member_and_step_alone_on_every_instruction_set() {
        for mean in [0.4, 2.3, 33.0] {
            let all = draw(Target::PLAIN, mean, 5, 1000, 5000);
            assert_ne!(all, draw(Target::PLAIN, mean, 6, 1000, 5000));
            for target in Target::available() {
                assert_eq!(all, draw(target, mean, 5, 1000, 5000), "{target:?}");
                let mut parts = Vec::new();
                for (from, to) in [(0, 1), (1, 130), (130, 131), (131, 3000), (3000, 5000)] {
                    parts.extend(draw(target, mean, 5, 1000 + from as u64, to - from));
                }
                assert_eq!(all, parts, "{target:?}");
            }
        }
    }
}
