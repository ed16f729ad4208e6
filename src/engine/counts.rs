//! Poisson counts of many neurons of one mean at once: 16 random bits each, and yet exact.
//!
//! The chance of each count is rounded down to a multiple of 2^-16: so many of the 65,536 words give that count. The words
//! left over (a few, and the far tail) ask for 64 more bits, which pick from what the rounding left out. The mixture is the
//! Poisson distribution to rounding of its chances in double precision, 1e-16.

use crate::math::vector::Kernel;
use crate::rng::StreamKey;
use crate::rng::lanes::{LANES, blocks};

/// Members that share a group of blocks of random words.
pub const GROUP: usize = 8 * LANES;

/// Means above this are drawn one by one.
pub const LARGEST_MEAN: f64 = 1000.0;

/// Thresholds that fewer words pass than one in so many are looked at only where one does.
const RARE: i32 = 256;

/// The distribution of counts for one mean.
pub struct Counts {
    /// Words at or above each threshold (less 32,768, since vector instructions compare signed numbers) add 1 to the count.
    thresholds: Vec<i16>,
    /// How many of them come first: the others are passed by one word in [`RARE`], so mostly by none of those at hand.
    common: usize,
    /// The count of a word below all thresholds.
    base: u16,
    /// Words at or above this, less 32,768, are refined.
    refine: i16,
    /// Chances of at most each count from 0 on, given that a word is refined, in units of 2^-64.
    rest: Vec<u64>,
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
        let total = if mean == 0.0 { 1.0 } else { p.iter().sum::<f64>() };
        let scaled = |k: usize| p[k] / total * 65_536.0;
        // At least one word is left over, so that every word is compared with a threshold that exists.
        let words: Vec<u32> = (0..=last).map(|k| (math_floor(scaled(k)) as u32).min(65_535)).collect();
        let first = words.iter().position(|w| *w > 0).unwrap_or(0);
        let (mut sum, mut thresholds) = (0_u32, Vec::new());
        for &w in &words[first..] {
            if w == 0 {
                break;
            }
            sum = (sum + w).min(65_535);
            thresholds.push((sum as i32 - 32_768) as i16);
        }
        let refine = thresholds.pop().unwrap_or(i16::MIN);
        let left: Vec<f64> = (0..=last).map(|k| (scaled(k) - f64::from(words[k])).max(0.0)).collect();
        let whole: f64 = left.iter().sum();
        let mut below = 0.0;
        let rest = left
            .iter()
            .map(|x| {
                below += x;
                if whole > 0.0 { (below / whole * 18_446_744_073_709_551_616.0) as u64 } else { u64::MAX }
            })
            .collect();
        let common = thresholds.partition_point(|t| (32_768 - i32::from(*t)) * RARE > 65_536);
        Counts { thresholds, common, base: first as u16, refine, rest }
    }

    /// The count that 64 fresh bits give where a word was left over.
    #[cold]
    fn refined(&self, bits: u64) -> u16 {
        self.rest.partition_point(|below| *below <= bits).min(self.rest.len() - 1) as u16
    }

    /// Counts of the members `first`..`first + out.len()` in step `step`.
    #[inline(always)]
    fn draw(&self, key: StreamKey, step: u64, first: u64, out: &mut [u16]) {
        let mut member = first;
        let mut out = out;
        while !out.is_empty() {
            let (group, offset) = (member / GROUP as u64, (member % GROUP as u64) as usize);
            let take = (GROUP - offset).min(out.len());
            let (now, later) = std::mem::take(&mut out).split_at_mut(take);
            if let [counts] = now.as_chunks_mut().0 {
                self.group(key, step, group, counts);
            } else {
                let mut counts = [0; GROUP];
                self.group(key, step, group, &mut counts);
                now.copy_from_slice(&counts[offset..offset + take]);
            }
            (out, member) = (later, member + take as u64);
        }
    }

    /// Counts of a whole group: member 32 w + 16 i + l of it has half i of word w of block l.
    #[inline(always)]
    fn group(&self, key: StreamKey, step: u64, group: u64, counts: &mut [u16; GROUP]) {
        let blocks = blocks(key, group, step);
        let mut words = [0_i16; GROUP];
        for (words, block) in words.chunks_exact_mut(2 * LANES).zip(&blocks) {
            let (low, high) = words.split_at_mut(LANES);
            for l in 0..LANES {
                low[l] = block[l] as i16;
                high[l] = (block[l] >> 16) as i16;
            }
        }
        let (common, rare) = self.thresholds.split_at(self.common);
        // Half a group at a time stays in registers while the thresholds pass by: sums of their own, since those of the caller
        // might be anywhere, and a vector that was stored across a border of cache lines is slow to come back.
        for (counts, words) in counts.as_chunks_mut::<64>().0.iter_mut().zip(words.as_chunks::<64>().0) {
            let mut sums = [self.base; 64];
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
        let any = words.iter().fold(false, |any, w| any | (*w >= self.refine));
        if any {
            for i in (0..GROUP).filter(|i| words[*i] >= self.refine) {
                let member = group * GROUP as u64 + i as u64;
                // Another half of the counters than the blocks above: no model has 2^63 neurons.
                let [a, b, ..] = key.block(member | 1 << 63, step);
                counts[i] = self.refined(u64::from(a) | u64::from(b) << 32);
            }
        }
    }
}

/// The largest integer not above a number from 0 to 65,536.
fn math_floor(x: f64) -> f64 {
    f64::from(x as u32)
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
            let thresholds: Vec<f64> =
                c.thresholds.iter().chain([&c.refine]).map(|t| (f64::from(*t) + 32_768.0) / 65_536.0).collect();
            let refined = 1.0 - thresholds[thresholds.len() - 1];
            assert!(refined > 0.0 && refined < 0.02, "{mean}: {refined}");
            for (k, exact) in exact.iter().enumerate() {
                let word = match k.checked_sub(c.base as usize) {
                    Some(0) => thresholds[0],
                    Some(i) if i < thresholds.len() => thresholds[i] - thresholds[i - 1],
                    _ => 0.0,
                };
                let at = |k: usize| c.rest[k] as f64 / 18_446_744_073_709_551_616.0;
                let rest = if k == 0 { at(0) } else { at(k) - at(k - 1) };
                assert!((word + refined * rest - exact).abs() < 1e-12, "{mean}: chance of {k}");
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
            let all = draw(Target::Plain, mean, 5, 1000, 5000);
            assert_ne!(all, draw(Target::Plain, mean, 6, 1000, 5000));
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
