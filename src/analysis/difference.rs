//! Where two trains begin to differ.

/// The first spike in which two trains differ.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Difference {
    /// Its number in both trains, from 0.
    pub index: usize,
    /// When it is in the first \[s\]; none if that one has ended.
    pub first: Option<f64>,
    /// When it is in the second \[s\]; none if that one has ended.
    pub second: Option<f64>,
}

impl Difference {
    /// The earlier of the two times \[s\].
    pub fn time(&self) -> f64 {
        self.first.unwrap_or(f64::INFINITY).min(self.second.unwrap_or(f64::INFINITY))
    }
}

/// Compares spike by spike two trains in the order of time: the first pair that is more than `tolerance` seconds apart, or the first
/// spike beyond the end of the other train; `None` if there is none. A distance is known to the picosecond, or to the rounding of the
/// times if that is more: a file that has milliseconds gives other bits for the same moment.
pub fn difference(first: &[f64], second: &[f64], tolerance: f64) -> Option<Difference> {
    let apart = |(a, b): (&f64, &f64)| beyond(*a, *b, tolerance);
    let common = first.len().min(second.len());
    let index = first.iter().zip(second).position(apart).unwrap_or(common);
    let found = Difference { index, first: first.get(index).copied(), second: second.get(index).copied() };
    (index < first.len().max(second.len())).then_some(found)
}

/// Whether two times are further apart than `tolerance`. Decimal fractions are not what doubles hold: 0.101 - 0.1 is more than 0.001.
fn beyond(a: f64, b: f64, tolerance: f64) -> bool {
    let rounding = f64::EPSILON * (a.abs() + b.abs());
    (a - b).abs() > tolerance + rounding.max(0.5e-12)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_pair_that_is_too_far_apart_is_found_or_the_spike_beyond_an_end() {
        assert_eq!(difference(&[1.0, 2.0], &[1.0, 2.0], 0.0), None);
        assert_eq!(difference(&[], &[], 0.0), None);
        let found = difference(&[1.0, 2.0, 3.0], &[1.0, 2.5, 9.0], 0.0).unwrap();
        assert_eq!(found, Difference { index: 1, first: Some(2.0), second: Some(2.5) });
        assert_eq!(difference(&[1.0, 2.0], &[1.25, 2.5], 0.5), None);
        let found = difference(&[1.0], &[1.0, 4.0], 0.5).unwrap();
        assert_eq!((found, found.time()), (Difference { index: 1, first: None, second: Some(4.0) }, 4.0));
    }

    #[test]
    fn times_as_far_apart_as_the_tolerance_are_the_same_whatever_doubles_make_of_them() {
        for start in [0.0, 0.1, 0.3, 2.5, 7200.3, 1_700_000_000.7] {
            for (ms, tolerance) in [(1.0, 1e-3), (0.1, 1e-4), (0.3, 3e-4)] {
                let later: f64 = format!("{:.4}", start + 1e-3 * ms).parse().unwrap();
                assert_eq!(difference(&[start], &[later], tolerance), None, "{start} {later}");
                assert_eq!(difference(&[later], &[start], tolerance), None, "{start} {later}");
                assert!(difference(&[start], &[later], 0.9 * tolerance).is_some(), "{start} {later}");
            }
        }
        for (a, b) in [(0.1, 0.1f64.next_up()), (0.1, 0.1 + 1e-13), (7200.3, 7_200_300.0 / 1e3), (0.0, 4e-13)] {
            assert_eq!(difference(&[a], &[b], 0.0), None, "{a} {b}");
        }
        assert!(difference(&[0.1], &[0.1 + 1e-12], 0.0).is_some());
        assert!(difference(&[0.1], &[0.101 + 1e-12], 1e-3).is_some(), "a picosecond more");
    }
}
