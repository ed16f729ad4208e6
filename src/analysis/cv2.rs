//! Variation of neighbouring intervals: CV2.

/// The difference of two successive intervals over their sum; none if both are 0.
#[inline]
pub(crate) fn contrast(first: f64, second: f64) -> Option<f64> {
    let sum = first + second;
    (sum > 0.0).then(|| (second - first) / sum)
}

/// CV2: the mean of 2 |I' - I| / (I' + I) over successive intervals (G. R. Holt, W. R. Softky, C. Koch, R. J. Douglas, J. Neurophysiol.
/// 75, 1806 (1996)). 0 for a clock, 1 for a Poisson process, whatever slow changes of its rate. `elephant.statistics.cv2`.
///
/// Pairs of which both are 0 (three spikes at once) have none and are left out; `None` if there is no other pair.
pub fn cv2(intervals: &[f64]) -> Option<f64> {
    super::isi::mean(intervals.windows(2).filter_map(|pair| contrast(pair[0], pair[1])).map(|c| 2.0 * c.abs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_count_and_slow_changes_do_not() {
        assert_eq!(cv2(&[1.0, 1.0, 1.0]), Some(0.0));
        // 2 * 2 / 4 for each pair.
        assert_eq!(cv2(&[1.0, 3.0, 1.0]), Some(1.0));
        assert_eq!(cv2(&[1.0]), None);
        assert_eq!(cv2(&[0.0, 0.0]), None);
        assert_eq!(cv2(&[0.0, 0.0, 1.0]), Some(2.0), "the first pair has none");
        let slower: Vec<f64> = (0..1000).map(|i| 1.0 + f64::from(i) / 100.0).collect();
        assert!(cv2(&slower).unwrap() < 0.01);
    }
}
