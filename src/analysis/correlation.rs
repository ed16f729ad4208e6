//! Correlation of spike counts between all pairs of units.

use std::ops::Range;

use super::bins::{Bins, Running};
use super::{AnalysisError, Spans, check_window, in_order};
use crate::spikes::SpikeSource;

/// The counts of at most so many units are correlated pair by pair: 16 MB of sums.
pub const MOST_CORRELATED: usize = 2000;

/// What Pearson's correlation of the spike counts of any two units needs: sums of counts and of their products over the bins, as
/// integers, so that nothing is lost however long the recording is.
#[derive(Clone, Debug, PartialEq)]
pub struct Correlations {
    units: usize,
    bins: u64,
    /// Spikes of each unit in the bins.
    sums: Vec<u64>,
    /// Sums of products: the rows of the upper triangle with its diagonal, one after the other.
    products: Vec<u64>,
}

impl Correlations {
    /// Of so many units over so many bins, without spikes yet.
    ///
    /// # Errors
    /// If there are more than [`MOST_CORRELATED`] units.
    pub fn new(units: usize, bins: usize) -> Result<Correlations, AnalysisError> {
        if units > MOST_CORRELATED {
            return Err(AnalysisError::TooManyPairs { units, limit: MOST_CORRELATED });
        }
        let products = vec![0; units * (units + 1) / 2];
        Ok(Correlations { units, bins: bins as u64, sums: vec![0; units], products })
    }

    /// The counts of a bin: units, rising, and their spikes.
    pub(crate) fn add(&mut self, bin: &[(u32, u32)]) {
        for (index, &(unit, count)) in bin.iter().enumerate() {
            let (unit, count) = (unit as usize, u64::from(count));
            self.sums[unit] += count;
            let row = self.row(unit);
            let products = &mut self.products[row..row + self.units - unit];
            for &(other, more) in &bin[index..] {
                products[other as usize - unit] += count * u64::from(more);
            }
        }
    }

    /// Where the row of a unit begins: at its diagonal.
    fn row(&self, unit: usize) -> usize {
        unit * (2 * self.units + 1 - unit) / 2
    }

    /// Number of units.
    pub fn units(&self) -> usize {
        self.units
    }

    /// The covariance of two units' counts, times the square of the number of bins.
    fn covariance(&self, i: usize, j: usize) -> f64 {
        let (i, j) = (i.min(j), i.max(j));
        let products = self.products[self.row(i) + j - i];
        (i128::from(self.bins) * i128::from(products) - i128::from(self.sums[i]) * i128::from(self.sums[j])) as f64
    }

    /// Whether the counts of a unit vary: only then they can be correlated.
    pub fn varies(&self, unit: usize) -> bool {
        self.covariance(unit, unit) > 0.0
    }

    /// Pearson's correlation of the counts of two units (K. Pearson, Proc. R. Soc. Lond. 58, 240 (1895)); none if those of one of them
    /// do not vary. That is `elephant.spike_train_correlation.correlation_coefficient`, which is NaN there.
    pub fn coefficient(&self, i: usize, j: usize) -> Option<f64> {
        let (a, b) = (self.covariance(i, i), self.covariance(j, j));
        if a <= 0.0 || b <= 0.0 {
            return None;
        }
        Some(if i == j { 1.0 } else { (self.covariance(i, j) / (a.sqrt() * b.sqrt())).clamp(-1.0, 1.0) })
    }

    /// The coefficients of all pairs of different units of a block whose counts vary.
    pub fn pairs(&self, block: Range<usize>) -> Vec<f64> {
        let varying: Vec<usize> = block.filter(|unit| self.varies(*unit)).collect();
        let rows = varying.iter().enumerate();
        rows.flat_map(|(n, &i)| varying[n + 1..].iter().filter_map(move |&j| self.coefficient(i, j))).collect()
    }
}

/// Correlations of the counts in whole bins of `bin` seconds over `start <= t < stop`, those that were `observed` (all if that is empty).
///
/// # Errors
/// If the window is empty, the bin is not positive or wider than the window, there are too many bins or units, or spikes cannot be read or do
/// not come in the order of time.
pub fn correlations(
    spikes: &dyn SpikeSource,
    (start, stop): (f64, f64),
    bin: f64,
    observed: &[(f64, f64)],
) -> Result<Correlations, AnalysisError> {
    check_window(start, stop)?;
    let bins = Bins::whole(start, stop, bin)?;
    let spans = Spans::within(observed, start, stop);
    let units = spikes.unit_ids().len();
    let mut running = Running::new(bins, units, &spans);
    let mut all = Correlations::new(units, running.observed())?;
    in_order(spikes, (start, stop), &mut |time, unit| running.add(time, unit, |bin| all.add(bin)))?;
    running.end(|bin| all.add(bin));
    Ok(all)
}

/// The mean correlation over all pairs without a look at a pair, for any number of units. With counts that are shifted and scaled to
/// z_i of mean 0 and norm 1, the coefficients are the products of the z_i, so their sum over all pairs follows from the sum of all z_i in
/// each bin: 2 sum_(i<j) c_ij = sum_t (sum_i z_i(t))^2 - n.
#[derive(Clone, Debug)]
pub(crate) struct MeanCorrelation {
    /// 1 over the norm of each unit's counts about their mean; 0 if they do not vary.
    weights: Vec<f64>,
    /// Per block: its units, how many of them vary, what all of them have on average, the sum of squares, and the bins that are in it.
    blocks: Vec<Block>,
    bins: u64,
}

#[derive(Clone, Debug)]
struct Block {
    units: Range<usize>,
    varying: u64,
    mean: f64,
    squares: f64,
    seen: u64,
}

impl MeanCorrelation {
    /// Of blocks of units; of each unit the sum of its counts over the bins and the sum of their squares are known.
    pub fn new(sums: &[(u64, u64)], bins: u64, blocks: impl Iterator<Item = Range<usize>>) -> Self {
        let weight = |(sum, squares): &(u64, u64)| {
            let spread = i128::from(bins) * i128::from(*squares) - i128::from(*sum) * i128::from(*sum);
            if spread > 0 { (bins as f64 / spread as f64).sqrt() } else { 0.0 }
        };
        let weights: Vec<f64> = sums.iter().map(weight).collect();
        let block = |units: Range<usize>| {
            let varying = weights[units.clone()].iter().filter(|w| **w > 0.0).count() as u64;
            let mean = units.clone().map(|unit| weights[unit] * sums[unit].0 as f64).sum::<f64>() / bins as f64;
            Block { units, varying, mean, squares: 0.0, seen: 0 }
        };
        let blocks = blocks.map(block).collect();
        MeanCorrelation { weights, blocks, bins }
    }

    /// The counts of a bin.
    pub fn add(&mut self, bin: &[(u32, u32)]) {
        for block in &mut self.blocks {
            let from = bin.partition_point(|(unit, _)| (*unit as usize) < block.units.start);
            let to = bin.partition_point(|(unit, _)| (*unit as usize) < block.units.end);
            let sum: f64 = bin[from..to].iter().map(|(unit, n)| f64::from(*n) * self.weights[*unit as usize]).sum();
            block.squares += (sum - block.mean) * (sum - block.mean);
            block.seen += 1;
        }
    }

    /// For each block the number of pairs that vary, and the mean over them.
    pub fn means(&self) -> Vec<(u64, Option<f64>)> {
        let mean = |block: &Block| {
            let pairs = block.varying * block.varying.saturating_sub(1) / 2;
            // Bins without any spike were not handed over.
            let squares = block.squares + (self.bins - block.seen) as f64 * block.mean * block.mean;
            let twice = squares - block.varying as f64;
            (pairs, (pairs > 0).then(|| twice / (2 * pairs) as f64))
        };
        self.blocks.iter().map(mean).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spikes::SpikeTable;

    /// A train per row, with as many spikes in a bin of 1 s as the row says.
    fn table(rows: &[&[u32]]) -> SpikeTable {
        let train = |row: &&[u32]| -> Vec<f64> {
            row.iter().enumerate().flat_map(|(bin, n)| (0..*n).map(move |i| bin as f64 + 0.1 * f64::from(i))).collect()
        };
        SpikeTable::from_units((0..rows.len() as i64).collect(), &rows.iter().map(train).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn equal_opposite_orthogonal_and_silent_units_correlate_as_by_hand() {
        let rows: [&[u32]; 5] = [&[1, 2, 1, 2], &[2, 4, 2, 4], &[2, 1, 2, 1], &[1, 1, 2, 2], &[0, 0, 0, 0]];
        let found = correlations(&table(&rows), (0.0, 4.0), 1.0, &[]).unwrap();
        for (i, j, expected) in
            [(0, 1, Some(1.0)), (0, 2, Some(-1.0)), (3, 0, Some(0.0)), (0, 4, None), (3, 3, Some(1.0))]
        {
            let c = found.coefficient(i, j);
            assert!(c.zip(expected).map_or(c == expected, |(c, e)| (c - e).abs() < 1e-15), "{i} {j}: {c:?}");
        }
        let pairs = found.pairs(0..5);
        assert_eq!(pairs.len(), 6, "of the four that vary");
        assert!((pairs.iter().sum::<f64>() + 1.0).abs() < 1e-12);
        assert_eq!(found.pairs(2..4).len(), 1);
        assert!(!found.varies(4) && found.pairs(4..5).is_empty());
    }

    #[test]
    fn units_that_always_fire_alike_do_not_vary() {
        let found = correlations(&table(&[&[2, 2, 2], &[1, 1, 1]]), (0.0, 3.0), 1.0, &[]).unwrap();
        assert_eq!(found.coefficient(0, 1), None);
    }

    #[test]
    fn the_mean_over_pairs_needs_no_pairs() {
        let rows: [&[u32]; 5] =
            [&[1, 0, 3, 2, 0, 0], &[0, 0, 1, 1, 0, 5], &[2, 1, 2, 1, 0, 0], &[0; 6], &[7, 1, 2, 2, 0, 1]];
        let spikes = table(&rows);
        let bins = Bins::whole(0.0, 6.0, 1.0).unwrap();
        let sums = |row: &[u32]| (row.iter().map(|n| u64::from(*n)).sum(), row.iter().map(|n| u64::from(n * n)).sum());
        let sums: Vec<(u64, u64)> = rows.iter().map(|row| sums(row)).collect();
        let mut mean = MeanCorrelation::new(&sums, 6, [0..5, 1..3, 3..4].into_iter());
        let mut running = Running::new(bins, 5, &Spans::whole(0.0, 6.0));
        for (&time, &unit) in spikes.times.iter().zip(&spikes.units) {
            running.add(time, unit, |bin| mean.add(bin));
        }
        running.end(|bin| mean.add(bin));
        let all = correlations(&spikes, (0.0, 6.0), 1.0, &[]).unwrap();
        for ((pairs, mean), block) in mean.means().into_iter().zip([0..5, 1..3, 3..4]) {
            let expected = all.pairs(block);
            assert_eq!(pairs as usize, expected.len());
            match mean {
                Some(mean) => assert!((mean - expected.iter().sum::<f64>() / pairs as f64).abs() < 1e-14),
                None => assert!(expected.is_empty()),
            }
        }
    }

    #[test]
    fn too_many_units_are_an_error_that_says_how_many_fit() {
        let bins = Bins::whole(0.0, 1.0, 1.0).unwrap();
        let error = Correlations::new(MOST_CORRELATED + 1, bins.count).unwrap_err().to_string();
        assert!(error.contains("2001 units") && error.contains("2000"), "{error}");
    }
}
