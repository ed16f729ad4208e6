//! The distance of Victor and Purpura between two trains.

use std::ops::Range;

/// What was matched so far: how many spikes, and what moving them costs.
#[derive(Clone, Copy, Default)]
struct Matched {
    spikes: i64,
    cost: f64,
}

impl Matched {
    /// Whether it saves more: each match saves a deletion and an insertion. Numbers and costs are compared apart, so that the cost of
    /// a small distance keeps its digits between many spikes.
    fn beats(&self, other: &Matched) -> bool {
        2.0 * (self.spikes - other.spikes) as f64 > self.cost - other.cost
    }
}

/// The distance of two trains \[s\] in the order of time: the least cost of making one of the other by deleting and inserting spikes,
/// at 1 each, and moving them, at `q` per second \[1/s\] (J. D. Victor, K. P. Purpura, J. Neurophysiol. 76, 1310 (1996); Network 8, 127
/// (1997)): `elephant.spike_train_dissimilarity.victor_purpura_distance`. For `q` 0 the difference of the numbers of spikes.
///
/// Two spikes that are 2 / q or more apart are cheaper deleted and inserted than moved, so only closer pairs are looked at: exact, in as
/// many steps as there are such pairs ([`victor_purpura_work`]), and memory for one train.
pub fn victor_purpura(first: &[f64], second: &[f64], q: f64) -> f64 {
    if q == 0.0 {
        return first.len().abs_diff(second.len()) as f64;
    }
    // `best[j]` is the most that can be saved by matches between the spikes of `first` so far and the first `j` of `second`, for `j` up to
    // `filled`; from there on it stays as it is.
    let mut best = vec![Matched::default(); second.len() + 1];
    let mut filled = 0;
    bands(first, second, q, |time, band| {
        let last = best[filled];
        if band.end > filled {
            best[filled + 1..=band.end].fill(last);
            filled = band.end;
        }
        let mut diagonal = best[band.start];
        for j in band {
            let matched = Matched { spikes: diagonal.spikes + 1, cost: diagonal.cost + q * (time - second[j]).abs() };
            diagonal = best[j + 1];
            let before = best[j];
            let here = &mut best[j + 1];
            if before.beats(here) {
                *here = before;
            }
            if matched.beats(here) {
                *here = matched;
            }
        }
    });
    let found = best[filled];
    (first.len() + second.len()) as f64 - 2.0 * found.spikes as f64 + found.cost
}

/// How many pairs of spikes [`victor_purpura`] looks at, found in a time proportional to the number of spikes.
pub fn victor_purpura_work(first: &[f64], second: &[f64], q: f64) -> u64 {
    let mut pairs = 0;
    if q > 0.0 {
        bands(first, second, q, |_, band| pairs += band.len() as u64);
    }
    pairs
}

/// For each spike of `first`, those of `second` that are less than 2 / q from it.
fn bands(first: &[f64], second: &[f64], q: f64, mut each: impl FnMut(f64, Range<usize>)) {
    let (mut from, mut to) = (0, 0);
    for &time in first {
        while from < second.len() && second[from] < time && q * (time - second[from]) >= 2.0 {
            from += 1;
        }
        to = to.max(from);
        while to < second.len() && (second[to] <= time || q * (second[to] - time) < 2.0) {
            to += 1;
        }
        each(time, from..to);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_those_by_hand() {
        assert_eq!(victor_purpura(&[], &[], 1.0), 0.0);
        assert_eq!(victor_purpura(&[1.0, 2.0], &[], 1.0), 2.0);
        assert_eq!(victor_purpura(&[1.0], &[1.5], 1.0), 0.5);
        assert_eq!(victor_purpura(&[1.0], &[4.5], 1.0), 2.0, "deleted and inserted");
        assert_eq!(victor_purpura(&[1.0, 2.0], &[1.5], 1.0), 1.5);
        assert_eq!(victor_purpura(&[1.0, 2.0, 3.0], &[9.0], 0.0), 2.0);
        // elephant's documentation: trains in ms, q = 1 / (10 ms).
        let (a, b) = ([0.010, 0.020, 0.030], [0.012, 0.024, 0.030]);
        assert!((victor_purpura(&a, &b, 100.0) - 0.6).abs() < 1e-12);
    }

    #[test]
    fn long_trains_that_are_close_keep_the_digits_of_their_distance() {
        let a: Vec<f64> = (0..100_000).map(|i| f64::from(i) * 0.011).collect();
        let mut b = a.clone();
        b[50_000] += 1e-6;
        assert_eq!(victor_purpura(&a, &a, 100.0), 0.0);
        let expected = 100.0 * (b[50_000] - a[50_000]);
        assert_eq!(victor_purpura(&a, &b, 100.0), expected);
        assert_eq!(victor_purpura_work(&a, &b, 100.0), 3 * 100_000 - 2);
    }
}
