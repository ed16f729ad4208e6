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
/// spike beyond the end of the other train; `None` if there is none.
pub fn difference(first: &[f64], second: &[f64], tolerance: f64) -> Option<Difference> {
    let apart = |(a, b): (&f64, &f64)| (a - b).abs() > tolerance;
    let common = first.len().min(second.len());
    let index = first.iter().zip(second).position(apart).unwrap_or(common);
    let found = Difference { index, first: first.get(index).copied(), second: second.get(index).copied() };
    (index < first.len().max(second.len())).then_some(found)
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
}
