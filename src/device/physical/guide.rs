//! In which piece of a cut axis a number lies: a look-up with a fixed number of steps, where a search would halve and guess.
//!
//! The upper bits of a floating-point number are its logarithm, coarsely. So those of a distance say in which bucket it lies, of
//! buckets that grow with the distance, as pieces do from where they are finest; the bucket says at which piece to begin.

use std::hint::select_unpredictable;

/// Buckets, at most.
const MOST: i64 = 4096;
/// Upper bits of the fraction that count, at most.
const FINEST: u32 = 10;

/// The pieces of an axis.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Guide {
    /// Buckets are counted from the low end, and from the high end backwards; else from 0 both ways.
    from_ends: bool,
    low: f64,
    high: f64,
    /// What is added to distances, so that the first bucket is not endlessly small.
    floor: f64,
    shift: u32,
    /// The bucket of distance 0, before shifting it to its place.
    base: i64,
    /// The last bucket, or that of 0.
    turn: i64,
    /// The piece in which each bucket begins.
    first: Vec<u16>,
    /// Ends of pieces, the last at infinity, and as much beyond as probes may reach.
    ends: Vec<f64>,
    /// The first probe looks so many ends ahead, each other one half as many; none where no piece ends within a bucket.
    ahead: usize,
}

impl Guide {
    /// The pieces between cuts, which are in order, two at least and fewer than 2^16.
    pub fn new(cuts: &[f64]) -> Guide {
        let last = cuts.len() - 1;
        let (low, high) = (cuts[0], cuts[last]);
        let mut ends = cuts[1..].to_vec();
        ends[last - 1] = f64::INFINITY;
        let plain = Guide { low, high, ends, ahead: usize::MAX, ..Guide::default() };
        let mut best = plain.clone();
        // From buckets of one size to such as shrink to the finest piece.
        let narrowest = cuts.windows(2).map(|c| c[1] - c[0]).filter(|w| *w > 0.0).fold(high - low, f64::min);
        for from_ends in [true, false] {
            let mut floor = 16.0 * (high - low);
            while floor > 0.25 * narrowest {
                for bits in 0..=FINEST {
                    let Some(finer) = (Guide { floor, from_ends, shift: 52 - bits, ..plain.clone() }).filled() else {
                        break;
                    };
                    if finer.ahead < best.ahead {
                        best = finer;
                    }
                }
                floor *= 0.25;
            }
        }
        best.ends.extend(vec![f64::INFINITY; best.ahead]);
        best
    }

    /// The buckets of a guide that has none; none if they are too many.
    fn filled(mut self) -> Option<Guide> {
        self.base = (self.floor.to_bits() >> self.shift) as i64;
        let count = |distance: f64| (((distance + self.floor).to_bits() >> self.shift) as i64) - self.base;
        let last = if self.from_ends {
            // Rounding may take a number beyond the middle.
            self.turn = 2 * count(0.5 * (self.high - self.low)) + 3;
            self.turn
        } else {
            self.turn = count(-self.low.min(0.0));
            self.turn + count(self.high.max(0.0)) + 1
        };
        if last > MOST {
            return None;
        }
        let cuts = &self.ends[..self.ends.len() - 1];
        let mut within = vec![0_u16; last as usize + 1];
        cuts.iter().for_each(|&cut| within[self.bucket(cut)] += 1);
        let most = usize::from(within.iter().copied().max().unwrap_or(0));
        self.ahead = if most == 0 { 0 } else { 1 << most.ilog2() };
        let begun = within.iter().scan(0, |sum, &n| {
            *sum += n;
            Some(*sum - n)
        });
        self.first = begun.collect();
        Some(self)
    }

    /// Never falls as `x` rises.
    #[inline(always)]
    fn bucket(&self, x: f64) -> usize {
        let (below, above) = (x - self.low, self.high - x);
        let count = |distance: f64| (((distance + self.floor).to_bits() >> self.shift) as i64) - self.base;
        let bucket = if self.from_ends {
            let near = count(select_unpredictable(below < above, below, above));
            select_unpredictable(below < above, near, self.turn - near)
        } else {
            let near = count(x.abs());
            select_unpredictable(x < 0.0, self.turn - near, self.turn + near + 1)
        };
        bucket as usize
    }

    /// The piece that holds a number from the low end to the high one; where a piece ends, the next.
    #[inline(always)]
    pub fn find(&self, x: f64) -> usize {
        // What is no number, where a flow reaches beyond all of them, lies in none: then any piece, of which no number comes either.
        let bucket = self.bucket(x).min(self.first.len() - 1);
        let mut piece = usize::from(self.first[bucket]);
        let mut ahead = self.ahead;
        while ahead > 0 {
            piece += select_unpredictable(x >= self.ends[piece + ahead - 1], ahead, 0);
            ahead /= 2;
        }
        piece
    }

    /// Memory that it takes \[bytes\].
    pub fn bytes(&self) -> usize {
        size_of_val(&self.first[..]) + size_of_val(&self.ends[..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// What a search finds, at cuts, next to them and between them, however they are spread.
        #[test]
        fn a_guide_finds_what_a_search_finds(
            mut cuts in prop::collection::vec(-1.0..1.0_f64, 2..200), power in 1..12_i32, at in 0.0..=1.0_f64, twice in any::<bool>(),
        ) {
            cuts.iter_mut().for_each(|c| *c = c.powi(power));
            if twice {
                cuts.push(cuts[0]);
            }
            cuts.sort_by(f64::total_cmp);
            let (low, high) = (cuts[0], cuts[cuts.len() - 1]);
            let guide = Guide::new(&cuts);
            let beside = cuts.iter().flat_map(|&c| [c.next_down(), c, c.next_up()]);
            for x in beside.chain([low + (high - low) * at, 0.0, -0.0]).filter(|x| (low..=high).contains(x)) {
                let searched = cuts.partition_point(|c| *c <= x).clamp(1, cuts.len() - 1) - 1;
                prop_assert_eq!(guide.find(x), searched, "{}", x);
            }
        }
    }

    #[test]
    fn what_is_no_number_is_in_some_piece() {
        assert!(Guide::new(&[-1.0, 0.5, 2.0, 9.0]).find(f64::NAN) < 3);
    }

    #[test]
    fn one_probe_is_enough_where_pieces_shrink_towards_an_end_or_zero() {
        let octaves: Vec<f64> = (0..50).map(|k| 0.5f64.powi(50 - k)).collect();
        let mut ends: Vec<f64> = octaves.iter().copied().chain(octaves.iter().rev().skip(1).map(|d| 1.0 - d)).collect();
        ends.dedup();
        let around: Vec<f64> = (-300..300).map(|k| f64::from(k).powi(3)).collect();
        let even: Vec<f64> = (0..600).map(|k| 5.0 + f64::from(k)).collect();
        for cuts in [ends, around, even] {
            assert!(Guide::new(&cuts).ahead <= 1, "{cuts:?}");
        }
    }
}
