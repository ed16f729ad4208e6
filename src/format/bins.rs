//! Spikes for recordings that only have counts per bin.
//!
//! Within its bin each spike is placed uniformly at random, independent of the others: the
//! least that a count says. The random numbers are keyed by unit and bin under a fixed seed, so that a
//! file always gives the same spikes, whatever part of it is used.

use rand_distr::{Distribution, Uniform};

use crate::rng::{Purpose, Stream};
use crate::spikes::SpikeTable;

/// The seed under which spikes are placed. Fixed: a recording has no seed of its own.
const SEED: u64 = 0;
/// No neuron fires faster \[Hz\]; a count above this rate means that the numbers are no counts.
const MAX_RATE: f64 = 1e5;

/// Counts per bin and unit, on one time axis.
pub(super) struct Bins<'a> {
    /// Row by row: one number per unit for each bin.
    pub counts: &'a [f64],
    pub units: usize,
    /// Start of each bin \[s\], increasing; a gap is a step larger than `width`.
    pub starts: &'a [f64],
    /// Width of a bin \[s\].
    pub width: f64,
}

/// What the user should know of it.
pub(super) fn note(width: f64) -> String {
    format!("each is placed at random (uniformly, with a fixed seed) within its bin of {} ms", width * 1e3)
}

/// The smallest step between bins: larger ones are gaps. Rounded to 1 ns against the noise of subtraction.
pub(super) fn width(starts: &[f64]) -> Option<f64> {
    let smallest = starts.windows(2).map(|pair| pair[1] - pair[0]).filter(|d| *d > 0.0).fold(f64::INFINITY, f64::min);
    smallest.is_finite().then(|| (smallest * 1e9).round() / 1e9).filter(|w| *w > 0.0)
}

impl Bins<'_> {
    /// The spikes; units are numbered from 0 in the order of the columns.
    ///
    /// # Errors
    /// A sentence about the first count that can't be.
    pub fn place(&self) -> Result<SpikeTable, String> {
        let most = (self.width * MAX_RATE).max(1.0);
        let uniform = Uniform::new(0.0, self.width).map_err(|e| format!("bins of {} s: {e}", self.width))?;
        let mut trains = vec![Vec::new(); self.units];
        for (bin, (row, &start)) in self.counts.chunks_exact(self.units.max(1)).zip(self.starts).enumerate() {
            for (unit, &count) in row.iter().enumerate().filter(|(_, count)| **count != 0.0) {
                if !(count > 0.0 && count.fract() == 0.0 && count <= most) {
                    return Err(format!(
                        "bin {bin} of unit {unit} is {count}, expected a count of spikes from 0 to {most}"
                    ));
                }
                let mut stream = Stream::new(SEED, Purpose::Binned, unit as u32, bin as u64);
                let first = trains[unit].len();
                // Rounding may carry a sum to the bin's end, which is the next bin's.
                let last = (start + self.width).next_down();
                trains[unit].extend((0..count as usize).map(|_| (start + uniform.sample(&mut stream)).min(last)));
                trains[unit][first..].sort_by(f64::total_cmp);
            }
        }
        SpikeTable::from_units((0..self.units as i64).collect(), &trains).map_err(|e| e.to_string())
    }

    /// Stretches of bins without a gap \[s\].
    pub fn observed(&self) -> Vec<(f64, f64)> {
        let mut stretches: Vec<(f64, f64)> = Vec::new();
        for &start in self.starts {
            match stretches.last_mut() {
                Some(last) if start - last.1 < 0.5 * self.width => last.1 = start + self.width,
                _ => stretches.push((start, start + self.width)),
            }
        }
        stretches
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spike_lies_in_its_bin_and_a_gap_stays_a_gap() {
        let starts = [0.0, 0.1, 0.5];
        let bins = Bins { counts: &[2.0, 0.0, 1.0, 3.0, 0.0, 4.0], units: 2, starts: &starts, width: 0.1 };
        let spikes = bins.place().unwrap();
        let trains = spikes.trains();
        let within = |train: &[f64], start: f64| train.iter().filter(|t| (start..start + 0.1).contains(*t)).count();
        assert_eq!(starts.map(|s| within(&trains[0], s)), [2, 1, 0]);
        assert_eq!(starts.map(|s| within(&trains[1], s)), [0, 3, 4]);
        assert_eq!(spikes.len(), 10);
        assert_eq!(bins.observed(), [(0.0, 0.2), (0.5, 0.6)]);
    }

    #[test]
    fn spikes_are_uniform_within_their_bin() {
        let starts: Vec<f64> = (0..4000).map(f64::from).collect();
        let counts = vec![5.0; 4000];
        let spikes = Bins { counts: &counts, units: 1, starts: &starts, width: 1.0 }.place().unwrap();
        let mut tenths = [0u32; 10];
        spikes.times.iter().for_each(|t| tenths[(t.fract() * 10.0) as usize] += 1);
        // 2000 expected in each tenth; 5 standard deviations are 212.
        assert!(tenths.iter().all(|n| (1788..2212).contains(n)), "{tenths:?}");
    }

    #[test]
    fn what_is_no_count_is_an_error() {
        for count in [-1.0, 0.5, f64::NAN, 1e9] {
            let bins = Bins { counts: &[count], units: 1, starts: &[0.0], width: 0.1 };
            assert!(bins.place().unwrap_err().contains("expected a count"), "{count}");
        }
    }
}
