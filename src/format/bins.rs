//! Spikes for recordings that only have counts per bin.
//!
//! Within its bin each spike is placed uniformly at random, independent of the others: the
//! least that a count says. The random numbers are keyed by unit and bin under a fixed seed, so that a
//! file always gives the same spikes, whatever part of it is used.

use std::ops::Range;

use rand_distr::{Distribution, Uniform};

use super::error::FormatError;
use super::h5::parts;
use super::listing::Wanted;
use crate::rng::{Purpose, Stream};

/// The seed under which spikes are placed. Fixed: a recording has no seed of its own.
const SEED: u64 = 0;
/// No neuron fires faster \[Hz\]; a count above this rate means that the numbers are no counts.
const MAX_RATE: f64 = 1e5;

/// Bins on one time axis, each with a count per unit.
pub(super) struct Bins<'a> {
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
    /// The units, which are numbered from 0 in the order of the columns.
    pub fn ids(&self) -> Vec<i64> {
        (0..self.units as i64).collect()
    }

    /// Hands on the spikes of all bins, if they are wanted; `read` gives the counts of some, one per unit for each bin, and is
    /// asked for so many bins at once.
    ///
    /// # Errors
    /// Those of `read`, and what `unfit` makes of a sentence about the first count that can't be.
    pub fn give(
        &self,
        wanted: &mut Wanted,
        at_once: usize,
        read: impl Fn(Range<usize>) -> Result<Vec<f64>, FormatError>,
        unfit: impl Fn(String) -> FormatError,
    ) -> Result<(), FormatError> {
        if !wanted.spikes() {
            return Ok(());
        }
        let mut spikes = Vec::new();
        for bins in parts(0..self.starts.len(), at_once) {
            spikes.clear();
            self.place(bins.start, &read(bins)?, &mut spikes).map_err(&unfit)?;
            wanted.give(&spikes)?;
        }
        Ok(())
    }

    /// Adds the spikes of some bins from the first one on, bin by bin, and in a bin unit by unit.
    ///
    /// # Errors
    /// A sentence about the first count that can't be.
    pub fn place(&self, first: usize, counts: &[f64], spikes: &mut Vec<(f64, u32)>) -> Result<(), String> {
        let most = (self.width * MAX_RATE).max(1.0);
        let uniform = Uniform::new(0.0, self.width).map_err(|e| format!("bins of {} s: {e}", self.width))?;
        let rows = counts.chunks_exact(self.units.max(1)).zip(&self.starts[first..]);
        for (bin, (row, &start)) in (first..).zip(rows) {
            for (unit, &count) in row.iter().enumerate().filter(|(_, count)| **count != 0.0) {
                if !(count > 0.0 && count.fract() == 0.0 && count <= most) {
                    return Err(format!(
                        "bin {bin} of unit {unit} is {count}, expected a count of spikes from 0 to {most}"
                    ));
                }
                let mut stream = Stream::new(SEED, Purpose::Binned, unit as u32, bin as u64);
                // Rounding may carry a sum to the bin's end, which is the next bin's.
                let last = (start + self.width).next_down();
                let time = |_| ((start + uniform.sample(&mut stream)).min(last), unit as u32);
                spikes.extend((0..count as usize).map(time));
            }
        }
        Ok(())
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
    use crate::format::error::Fault;
    use crate::format::gather::{Gathered, Spikes};
    use crate::spikes::SpikeTable;

    /// All spikes, in blocks of so many bins.
    fn placed(bins: &Bins, counts: &[f64], at_once: usize) -> Result<SpikeTable, String> {
        let path = std::path::Path::new("counts");
        let mut gathered = Gathered::in_memory(path);
        let read = |bins_of: Range<usize>| Ok(counts[bins_of.start * bins.units..bins_of.end * bins.units].to_vec());
        let unfit = |message: String| FormatError::new(path, "", Fault::Invalid, message);
        let given = bins.give(&mut Wanted::all(|block| gathered.extend(block)), at_once, read, unfit);
        given.map_err(|error| error.to_string())?;
        match gathered.finish_in_order(bins.ids()) {
            Ok(Spikes::Held(table)) => Ok(table),
            _ => Err("not held".to_owned()),
        }
    }

    #[test]
    fn every_spike_lies_in_its_bin_and_a_gap_stays_a_gap() {
        let starts = [0.0, 0.1, 0.5];
        let bins = Bins { units: 2, starts: &starts, width: 0.1 };
        let counts = [2.0, 0.0, 1.0, 3.0, 0.0, 4.0];
        let spikes = placed(&bins, &counts, 3).unwrap();
        for at_once in [1, 2] {
            assert_eq!(placed(&bins, &counts, at_once).unwrap(), spikes, "blocks of {at_once} bins");
        }
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
        let bins = Bins { units: 1, starts: &starts, width: 1.0 };
        let spikes = placed(&bins, &[5.0; 4000], 300).unwrap();
        let mut tenths = [0u32; 10];
        spikes.times.iter().for_each(|t| tenths[(t.fract() * 10.0) as usize] += 1);
        // 2000 expected in each tenth; 5 standard deviations are 212.
        assert!(tenths.iter().all(|n| (1788..2212).contains(n)), "{tenths:?}");
    }

    #[test]
    fn what_is_no_count_is_an_error() {
        for count in [-1.0, 0.5, f64::NAN, 1e9] {
            let bins = Bins { units: 1, starts: &[0.0], width: 0.1 };
            assert!(placed(&bins, &[count], 1).unwrap_err().contains("expected a count"), "{count}");
        }
    }
}
