//! Correlation of spike counts.

use nalgebra::DMatrix;

use super::{AnalysisError, MAX_BINS, number_of_bins};
use crate::spikes::SpikeTable;

/// Spike counts: one row per unit, one column per bin of `bin` seconds over `start <= t < stop`.
///
/// # Errors
/// If the window is empty, the bin is not positive, or the matrix would be too large to hold.
pub fn bin_counts(spikes: &SpikeTable, start: f64, stop: f64, bin: f64) -> Result<DMatrix<f64>, AnalysisError> {
    let bins = number_of_bins(start, stop, bin)?;
    let units = spikes.unit_ids.len();
    let size = bins as f64 * units as f64;
    if size > MAX_BINS as f64 {
        return Err(AnalysisError::TooManyBins { bins: size, bin, limit: MAX_BINS });
    }
    let mut counts = DMatrix::zeros(units, bins);
    for (&time, &unit) in spikes.times.iter().zip(&spikes.units) {
        if time >= start && time < stop {
            counts[(unit as usize, (((time - start) / bin) as usize).min(bins - 1))] += 1.0;
        }
    }
    Ok(counts)
}

/// Pearson's correlation of every pair of rows.
///
/// A row that does not vary (a silent unit) has no correlation: its row and column are 0, its
/// diagonal entry too, which tells it from an uncorrelated one (whose diagonal is 1).
pub fn correlation_matrix(counts: &DMatrix<f64>) -> DMatrix<f64> {
    let mut scaled = counts.clone();
    for mut row in scaled.row_iter_mut() {
        let mean = row.mean();
        row.add_scalar_mut(-mean);
        let norm = row.norm();
        // A constant row leaves rounding errors of its mean, not exact zeros.
        let scale = if norm > 1e-12 * (1.0 + mean.abs()) { 1.0 / norm } else { 0.0 };
        row *= scale;
    }
    let mut matrix = &scaled * scaled.transpose();
    matrix.iter_mut().for_each(|c| *c = c.clamp(-1.0, 1.0));
    for unit in 0..matrix.nrows() {
        matrix[(unit, unit)] = matrix[(unit, unit)].round();
    }
    matrix
}

/// Mean correlation over the pairs of different units that both vary; `None` if there is no such pair.
pub fn mean_pairwise_correlation(matrix: &DMatrix<f64>) -> Option<f64> {
    let varying: Vec<usize> = (0..matrix.nrows()).filter(|&i| matrix[(i, i)] > 0.0).collect();
    let pairs = varying.len() * varying.len().saturating_sub(1) / 2;
    let sum: f64 = varying
        .iter()
        .enumerate()
        .flat_map(|(n, &i)| varying[..n].iter().map(move |&j| (i, j)))
        .map(|place| matrix[place])
        .sum();
    (pairs > 0).then(|| sum / pairs as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_units_by_bins() {
        let spikes = SpikeTable::from_units(vec![0, 1], &[vec![0.05, 0.06, 0.25], vec![0.1]]).unwrap();
        let counts = bin_counts(&spikes, 0.0, 0.3, 0.1).unwrap();
        assert_eq!(counts, DMatrix::from_row_slice(2, 3, &[2.0, 0.0, 1.0, 0.0, 1.0, 0.0]));
    }

    #[test]
    fn equal_opposite_orthogonal_and_silent_rows_correlate_as_by_hand() {
        #[rustfmt::skip]
        let counts = DMatrix::from_row_slice(5, 4, &[
            1.0, 2.0, 1.0, 2.0,
            2.0, 4.0, 2.0, 4.0,
            2.0, 1.0, 2.0, 1.0,
            1.0, 1.0, 2.0, 2.0,
            0.0, 0.0, 0.0, 0.0,
        ]);
        let matrix = correlation_matrix(&counts);
        for (place, expected) in [((0, 1), 1.0), ((0, 2), -1.0), ((0, 3), 0.0), ((0, 4), 0.0), ((4, 4), 0.0)] {
            assert!((matrix[place] - expected).abs() < 1e-12, "{place:?}: {}", matrix[place]);
        }
        assert_eq!(matrix[(3, 3)], 1.0);
        // Pairs of the four that vary: 1, -1, -1, 0, 0, 0.
        assert!((mean_pairwise_correlation(&matrix).unwrap() + 1.0 / 6.0).abs() < 1e-12);
    }

    #[test]
    fn without_a_pair_there_is_no_mean() {
        assert_eq!(mean_pairwise_correlation(&correlation_matrix(&DMatrix::zeros(3, 10))), None);
        assert_eq!(mean_pairwise_correlation(&DMatrix::zeros(0, 0)), None);
        let constant = DMatrix::from_element(2, 7, 0.1);
        assert!(correlation_matrix(&constant).iter().all(|c| *c == 0.0), "constant rows do not vary");
    }
}
