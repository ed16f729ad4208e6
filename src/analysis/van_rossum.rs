//! The distance of van Rossum between two trains.

/// The distance of two trains \[s\] in the order of time, each spike followed by a decaying exponential of time constant `tau` \[s\]:
/// D^2 = 2 / tau integral (f - g)^2 dt (M. C. W. van Rossum, Neural Comput. 13, 751 (2001)), with twice his factor, so that a spike more or
/// less is a distance of 1: `elephant.spike_train_dissimilarity.van_rossum_distance`. For `tau` 0 the root of the number of spikes that have
/// no counterpart at the same time, for an infinite one the difference of the numbers.
///
/// In time proportional to the number of spikes, as C. Houghton and T. Kreuz (Network 23, 48 (2012)) have it: f - g is carried from spike
/// to spike. Between two of them it only decays, and what the integral gains is (f - g)^2 (1 - exp(-2 dt / tau)); no term is
/// negative, so nothing cancels, and equal trains are at 0 exactly.
pub fn van_rossum(first: &[f64], second: &[f64], tau: f64) -> f64 {
    if tau == f64::INFINITY {
        return first.len().abs_diff(second.len()) as f64;
    }
    let (mut a, mut b) = (first.iter().copied().peekable(), second.iter().copied().peekable());
    let (mut height, mut squares, mut last) = (0.0f64, 0.0f64, f64::NEG_INFINITY);
    loop {
        let next = a.peek().copied().unwrap_or(f64::INFINITY).min(b.peek().copied().unwrap_or(f64::INFINITY));
        if next == f64::INFINITY {
            // Beyond the last spike all of it decays.
            return (squares + height * height).sqrt();
        }
        if height != 0.0 {
            let time = (next - last) / tau;
            squares -= height * height * (-2.0 * time).exp_m1();
            height *= (-time).exp();
        }
        let mut more = 0.0;
        while a.next_if(|time| *time <= next).is_some() {
            more += 1.0;
        }
        while b.next_if(|time| *time <= next).is_some() {
            more -= 1.0;
        }
        height += more;
        last = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The double sum over all pairs of spikes.
    fn plain(first: &[f64], second: &[f64], tau: f64) -> f64 {
        let sum = |a: &[f64], b: &[f64]| -> f64 {
            a.iter().flat_map(|x| b.iter().map(move |y| (-(x - y).abs() / tau).exp())).sum()
        };
        (sum(first, first) + sum(second, second) - 2.0 * sum(first, second)).max(0.0).sqrt()
    }

    #[test]
    fn one_pass_gives_what_all_pairs_give() {
        let a = [0.0, 0.01, 0.5, 0.5, 2.0];
        let b = [0.01, 0.49, 3.0];
        for tau in [1e-3, 0.02, 1.0, 50.0] {
            let (found, expected) = (van_rossum(&a, &b, tau), plain(&a, &b, tau));
            assert!((found - expected).abs() < 1e-12 * expected, "{tau}: {found} {expected}");
        }
    }

    #[test]
    fn single_spikes_are_at_the_distances_of_the_closed_form() {
        assert_eq!(van_rossum(&[3.0], &[], 0.1), 1.0);
        assert_eq!(van_rossum(&[], &[], 0.1), 0.0);
        // sqrt(2 (1 - exp(-dt / tau))).
        let expected = (2.0 * (1.0 - (-0.5f64).exp())).sqrt();
        assert!((van_rossum(&[1.0], &[1.05], 0.1) - expected).abs() < 1e-12);
        assert_eq!(van_rossum(&[1.0, 2.0, 4.0], &[1.0, 2.0, 4.0], 0.1), 0.0);
    }

    #[test]
    fn the_limits_count_spikes() {
        let (a, b) = ([0.0, 1.0, 2.0, 2.0], [1.0, 5.0]);
        assert_eq!(van_rossum(&a, &b, f64::INFINITY), 2.0);
        // Without a counterpart: 0 and twice 2 in one, 5 in the other; two at once count as 2^2.
        assert_eq!(van_rossum(&a, &b, 0.0), 6.0f64.sqrt());
        assert!((van_rossum(&a, &b, 1e-9) - van_rossum(&a, &b, 0.0)).abs() < 1e-12);
    }
}
