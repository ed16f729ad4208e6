//! Local variation of intervals: LV and LvR.

use super::cv2::contrast;

/// The refractoriness constant R of [`lvr`] that elephant has by default, the one of the paper \[s\].
pub const REFRACTORINESS: f64 = 0.005;

/// LV: the mean of 3 ((I' - I) / (I' + I))^2 over successive intervals (S. Shinomoto, K. Shima, J. Tanji, Neural Comput. 15, 2823 (2003)).
/// 0 for a clock, 1 for a Poisson process. `elephant.statistics.lv`.
///
/// Pairs of which both are 0 are left out; `None` if there is no other pair.
pub fn lv(intervals: &[f64]) -> Option<f64> {
    super::isi::mean(intervals.windows(2).filter_map(|pair| contrast(pair[0], pair[1])).map(lv_term))
}

/// The part of one pair in LV.
#[inline]
pub(crate) fn lv_term(contrast: f64) -> f64 {
    3.0 * contrast * contrast
}

/// LvR: the mean of 3 (1 - 4 I I' / (I + I')^2) (1 + 4 R / (I + I')) over successive intervals (S. Shinomoto et al., PLoS Comput. Biol. 5,
/// e1000433 (2009)), with the refractoriness constant R, in the unit of the intervals. `elephant.statistics.lvr`.
///
/// Pairs of which both are 0 are left out; `None` if there is no other pair.
pub fn lvr(intervals: &[f64], r: f64) -> Option<f64> {
    let term = |pair: &[f64]| Some(lvr_term(contrast(pair[0], pair[1])?, pair[0] + pair[1], r));
    super::isi::mean(intervals.windows(2).filter_map(term))
}

/// The part of one pair with this sum in LvR: 1 - 4 I I' / (I + I')^2 is the square of the contrast.
#[inline]
pub(crate) fn lvr_term(contrast: f64, sum: f64, r: f64) -> f64 {
    lv_term(contrast) * (1.0 + 4.0 * r / sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lv_and_lvr_are_those_by_hand() {
        assert_eq!(lv(&[1.0, 3.0]), Some(0.75));
        assert_eq!(lv(&[2.0, 2.0, 2.0]), Some(0.0));
        assert_eq!(lvr(&[1.0, 3.0], 0.5), Some(0.75 * 1.5));
        assert_eq!(lvr(&[1.0, 3.0], 0.0), lv(&[1.0, 3.0]));
        assert_eq!((lv(&[1.0]), lvr(&[0.0, 0.0], 0.1)), (None, None));
        // elephant.statistics.lvr([0.3, 4.5, 6.7, 9.3], R=0.005), as its documentation has it.
        assert!((lvr(&[0.3, 4.5, 6.7, 9.3], 0.005).unwrap() - 0.833907445980624).abs() < 1e-14);
        assert!((lv(&[0.3, 4.5, 6.7, 9.3]).unwrap() - 0.8306154336734695).abs() < 1e-14);
    }
}
