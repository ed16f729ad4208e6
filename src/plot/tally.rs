//! One pass over the spikes, in pieces: all that a raster shows of them, in memory that does not grow with them.

use super::PlotError;
use super::axis::TimeAxis;
use super::raster::DENSE;
use super::rows::{NONE, Rows};
use crate::analysis::{BinnedRate, Spans, covering, number_of_bins};
use crate::spikes::SpikeSource;

/// What is counted when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Windows {
    /// What the raster shows.
    pub time: TimeAxis,
    /// To what rates refer \[s\]: of it the spans in which units were observed.
    pub observed: (f64, f64),
    /// Width of the bins of population rates \[s\], if they are drawn.
    pub bin: Option<f64>,
}

/// The spikes that are drawn.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Drawn {
    /// Each, as time \[s\] and unit.
    Each(Vec<(f64, u32)>),
    /// Too many: only how many fell on each pixel is known.
    Dense,
}

/// Counts of spikes.
pub(crate) struct Tally<'a> {
    rows: &'a Rows,
    windows: Windows,
    spans: &'a Spans,
    /// Columns and lines of the counts: pixels, but no more lines than rows.
    grid: (usize, usize),
    counts: Vec<u32>,
    /// Spikes of drawn units in the window.
    pub marks: u64,
    /// Those, one by one where they are few.
    pub drawn: Drawn,
    /// By band and bin.
    bins: Vec<Vec<u64>>,
    /// By row.
    of_row: Vec<u64>,
}

impl<'a> Tally<'a> {
    /// Counts; `pixels` are columns and lines of the raster's panel. Spikes outside of `spans`, in which units were observed, are
    /// drawn, but in no rate: nobody knows what else was there.
    pub fn count(
        spikes: &dyn SpikeSource,
        rows: &'a Rows,
        (windows, spans): (Windows, &'a Spans),
        pixels: (usize, usize),
    ) -> Result<Tally<'a>, PlotError> {
        let grid = (pixels.0.max(1), pixels.1.min(rows.count).max(1));
        let (from, to) = windows.observed;
        let bins = windows.bin.map_or(Ok(0), |bin| number_of_bins(from, to, bin))?;
        let mut tally = Tally {
            rows,
            windows,
            spans,
            grid,
            counts: vec![0; grid.0 * grid.1],
            marks: 0,
            drawn: Drawn::Each(Vec::new()),
            bins: vec![vec![0; bins]; rows.bands.len()],
            of_row: vec![0; rows.count],
        };
        spikes.pieces(windows.time.start, windows.time.stop, &mut |times, units| {
            times.iter().zip(units).for_each(|(&time, &unit)| tally.add(time, unit));
        })?;
        if let Drawn::Each(strokes) = &mut tally.drawn {
            // Smooth edges lie over each other, so that the order shows.
            strokes.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        }
        Ok(tally)
    }

    #[inline]
    fn add(&mut self, time: f64, unit: u32) {
        let (row, band) = (self.rows.row_of[unit as usize], self.rows.band_of[unit as usize]);
        if band == NONE {
            return;
        }
        let (from, to) = self.windows.observed;
        let observed = time >= from && time < to && self.spans.hold(time);
        if let Some(width) = self.windows.bin.filter(|_| observed && self.spans.hold_in_bins(time)) {
            let bins = &mut self.bins[band as usize];
            if let Some(bin) = covering(time, (from, to), width, bins.len()) {
                bins[bin] += 1;
            }
        }
        if row == NONE {
            return;
        }
        self.of_row[row as usize] += u64::from(observed);
        self.marks += 1;
        let (columns, _) = self.grid;
        let TimeAxis { start, stop } = self.windows.time;
        let x = (((time - start) / (stop - start) * columns as f64) as usize).min(columns - 1);
        let place = self.line(row) * columns + x;
        let count = &mut self.counts[place];
        *count = count.saturating_add(1);
        if let Drawn::Each(strokes) = &mut self.drawn {
            if strokes.len() < DENSE {
                strokes.push((time, unit));
            } else {
                self.drawn = Drawn::Dense;
            }
        }
    }

    fn line(&self, row: u32) -> usize {
        row as usize * self.grid.1 / self.rows.count.max(1)
    }

    /// Number of lines of counts.
    pub fn lines(&self) -> usize {
        self.grid.1
    }

    /// Spikes by line and column.
    pub fn counts(&self) -> &[u32] {
        &self.counts
    }

    /// The band of each line.
    pub fn bands_of_lines(&self) -> Vec<u32> {
        let mut bands = vec![0; self.grid.1];
        for (index, band) in self.rows.bands.iter().enumerate() {
            for row in band.first_row..band.first_row + band.ids.len() {
                bands[self.line(row as u32)] = index as u32;
            }
        }
        bands
    }

    /// The mean rate per unit of every band, over its selected units, drawn or not, as far as a bin was observed, and NaN where it was
    /// not at all; none if there are no bins.
    pub fn rates(&self) -> Vec<BinnedRate> {
        let Some(bin) = self.windows.bin else { return Vec::new() };
        let (start, stop) = self.windows.observed;
        let rate = |(counts, members): (&Vec<u64>, usize)| {
            let mut rate = BinnedRate { start, stop, bin, hz: vec![0.0; counts.len()] };
            // The rate in a sliver of a bin is noise: one spike, or none, over next to no time. From a
            // quarter of a bin on, the rate over its own width is drawn.
            let last = counts.len() - 1;
            if last > 0 && stop - rate.edges(last).0 < (0.25 - 1e-9) * bin {
                rate.stop = rate.edges(last).0;
                rate.hz.truncate(last);
            }
            let hz = |index: usize| {
                let (from, to) = rate.edges(index);
                let rate = |seconds: f64| counts[index] as f64 / (seconds * members.max(1) as f64);
                self.spans.seconds_of_bin(from, to).map_or(f64::NAN, rate)
            };
            rate.hz = (0..rate.hz.len()).map(hz).collect();
            rate
        };
        self.bins.iter().zip(self.rows.bands.iter().map(|b| b.selected)).map(rate).collect()
    }

    /// The rate of each row's unit over the observed time \[Hz\].
    pub fn unit_rates(&self) -> Vec<f64> {
        let seconds = self.spans.seconds();
        self.of_row.iter().map(|n| if seconds > 0.0 { *n as f64 / seconds } else { 0.0 }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spikes::SpikeTable;

    #[test]
    fn the_rate_of_a_clock_is_the_same_in_every_bin() {
        // A spike every 25 ms, the first at 0 and the last at the end, which the window holds.
        let train = |first: u32| (0..=80).filter(|at| at % 5 == first).map(|at| f64::from(at) * 0.005).collect();
        let trains: Vec<Vec<f64>> = (0..5).map(train).collect();
        let spikes = SpikeTable::from_units(vec![0, 1, 2, 3, 4], &trains).unwrap();
        let rows = Rows::new(&spikes.unit_ids, &[], &[], None).unwrap();
        let stop = 0.4f64.next_up();
        let windows = Windows { time: TimeAxis { start: 0.0, stop }, observed: (0.0, stop), bin: Some(0.005) };
        let spans = Spans::whole(0.0, stop);
        let tally = Tally::count(&spikes, &rows, (windows, &spans), (100, 100)).unwrap();
        let rate = &tally.rates()[0];
        assert_eq!(rate.hz.len(), 80);
        assert!(rate.hz.iter().all(|hz| (hz - 40.0).abs() < 1e-6), "{:?}", rate.hz);
        assert_eq!(tally.marks, 81, "all are drawn");
    }

    #[test]
    fn spikes_that_were_not_observed_are_drawn_but_in_no_rate() {
        // 10 Hz where it was observed, 100 Hz in the gap between.
        let times = |from: f64, to: f64, hz: f64| {
            let n = ((to - from) * hz).round() as usize;
            (0..n).map(move |k| from + (k as f64 + 0.5) / hz)
        };
        let train: Vec<f64> =
            times(0.0, 2.0, 10.0).chain(times(2.0, 6.0, 100.0)).chain(times(6.0, 10.0, 10.0)).collect();
        let spikes = SpikeTable::from_units(vec![0], &[train]).unwrap();
        let rows = Rows::new(&spikes.unit_ids, &[], &[], None).unwrap();
        let (start, stop) = (0.0, 10.0);
        let spans = Spans::within(&[(0.0, 2.0), (6.0, 10.0)], start, stop);
        let windows = Windows { time: TimeAxis { start, stop }, observed: (start, stop), bin: Some(0.8) };
        let tally = Tally::count(&spikes, &rows, (windows, &spans), (100, 100)).unwrap();
        assert_eq!(tally.marks, 460);
        assert_eq!(tally.unit_rates(), [10.0]);
        // From 1.6 to 2.4 s half of the bin was observed, from 5.6 to 6.4 s too.
        let known: Vec<bool> = tally.rates()[0].hz.iter().map(|hz| (hz - 10.0).abs() < 1e-6).collect();
        let unknown: Vec<bool> = tally.rates()[0].hz.iter().map(|hz| hz.is_nan()).collect();
        assert_eq!(known.iter().filter(|known| **known).count(), 9, "{:?}", tally.rates());
        assert_eq!(unknown.iter().filter(|unknown| **unknown).count(), 4, "{:?}", tally.rates());
    }
}
