//! Bins of equal width over a window, with elephant's rule for spikes on their edges.

use super::{AnalysisError, Spans, number_of_bins};

/// A number that is less than this below the next integer is that integer: times are rounded, and so are bins.
pub(crate) const ROUNDING: f64 = 1e-8;

/// What the sum or difference of moments like this one may be off by: much on a clock that has gone for days.
pub(crate) fn off(time: f64) -> f64 {
    2.0 * (time.abs().next_up() - time.abs())
}

/// The whole bins that fit into a window, from its start; what is left at its end is in none.
///
/// These are the bins of `elephant.conversion.BinnedSpikeTrain`, whose tolerance is the same: a spike that lies closer than 1e-8 of a
/// bin before an edge is taken to lie on it, and belongs to the bin that begins there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bins {
    /// Start of the first bin \[s\].
    pub start: f64,
    /// Width of a bin \[s\].
    pub width: f64,
    /// Number of bins, at least 1.
    pub count: usize,
}

impl Bins {
    /// The bins of `width` seconds in `start <= t < stop` \[s\].
    ///
    /// # Errors
    /// If the window is empty, the width is not positive or longer than the window, or there are too many bins.
    pub fn whole(start: f64, stop: f64, width: f64) -> Result<Bins, AnalysisError> {
        number_of_bins(start, stop, width)?;
        let count = whole_part((stop - start) / width).max(1);
        Ok(Bins { start, width, count })
    }

    /// Of each bin, whether all of it was observed; none if that is so of all.
    fn observed(&self, spans: &Spans) -> Option<Vec<bool>> {
        let edge = |place: usize| self.start + place as f64 * self.width;
        // A whole bin is within rounding of the window's end.
        let whole = spans.cover(self.start, edge(self.count) - ROUNDING * self.width);
        (!whole).then(|| (0..self.count).map(|place| spans.cover(edge(place), edge(place + 1))).collect())
    }

    /// The bin of a time \[s\]; none before the first and after the last.
    #[inline]
    pub fn place(&self, time: f64) -> Option<usize> {
        if time < self.start {
            return None;
        }
        Some(whole_part((time - self.start) / self.width)).filter(|place| *place < self.count)
    }
}

/// The bin of a time among `count` bins of this width that cover a window, the last of them perhaps shorter. A spike at the window's end, which a
/// window that holds its last moment has, is in none: a new bin would begin there, and the last would count both its edges.
#[inline]
pub(crate) fn covering(time: f64, (from, to): (f64, f64), width: f64, count: usize) -> Option<usize> {
    (time.next_up() < to - ROUNDING * width).then(|| whole_part((time - from) / width).min(count - 1))
}

/// The integer part of a number that is not negative, where rounding may have brought it just below an integer.
#[inline]
pub(crate) fn whole_part(number: f64) -> usize {
    let floor = number.floor();
    (if number - floor >= 1.0 - ROUNDING { floor + 1.0 } else { floor }) as usize
}

/// Counts spikes that come in the order of time bin by bin, in memory for one bin; bins that were not observed whole are left out.
#[derive(Clone, Debug)]
pub(crate) struct Running {
    pub bins: Bins,
    /// Which bins were observed, if not all.
    seen: Option<Vec<bool>>,
    current: usize,
    /// By unit, in the current bin.
    counts: Vec<u32>,
    /// Units with a spike in it.
    active: Vec<u32>,
}

impl Running {
    pub fn new(bins: Bins, units: usize, spans: &Spans) -> Running {
        Running { bins, seen: bins.observed(spans), current: 0, counts: vec![0; units], active: Vec::new() }
    }

    /// How many bins were observed.
    pub fn observed(&self) -> usize {
        self.seen.as_ref().map_or(self.bins.count, |seen| seen.iter().filter(|seen| **seen).count())
    }

    /// A spike. `full` gets each bin that is over and not empty, as the units that were active in it, rising, and how often each.
    #[inline]
    pub fn add(&mut self, time: f64, unit: u32, full: impl FnMut(&[(u32, u32)])) {
        let Some(place) = self.bins.place(time) else { return };
        if self.seen.as_ref().is_some_and(|seen| !seen[place]) {
            return;
        }
        if place != self.current {
            self.end(full);
            self.current = place;
        }
        let count = &mut self.counts[unit as usize];
        if *count == 0 {
            self.active.push(unit);
        }
        *count = count.saturating_add(1);
    }

    /// The current bin is over.
    pub fn end(&mut self, mut full: impl FnMut(&[(u32, u32)])) {
        if self.active.is_empty() {
            return;
        }
        self.active.sort_unstable();
        let counts = &mut self.counts;
        let found: Vec<(u32, u32)> =
            self.active.drain(..).map(|unit| (unit, std::mem::take(&mut counts[unit as usize]))).collect();
        full(&found);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_are_whole_and_what_is_left_over_is_in_none() {
        let bins = Bins::whole(1.0, 2.25, 0.5).unwrap();
        assert_eq!(bins.count, 2);
        assert_eq!(
            [0.9, 1.0, 1.4, 1.5, 2.0, 2.2].map(|t| bins.place(t)),
            [None, Some(0), Some(0), Some(1), None, None]
        );
        assert!(Bins::whole(0.0, 1.0, 2.0).is_err() && Bins::whole(0.0, 0.0, 1.0).is_err());
    }

    #[test]
    fn rounding_moves_no_spike_and_takes_no_bin() {
        // 0.3 / 0.1 is 2.9999999999999996, as is the place of a spike at 0.3.
        assert_eq!(Bins::whole(0.0, 0.3, 0.1).unwrap().count, 3);
        let bins = Bins::whole(0.0, 1.0, 0.1).unwrap();
        for edge in 0..10 {
            assert_eq!(bins.place(f64::from(edge) * 0.1), Some(edge as usize));
            assert_eq!(bins.place(f64::from(edge) / 10.0), Some(edge as usize));
        }
        assert_eq!((bins.place(0.3 - 1e-10), bins.place(0.3 - 1e-8)), (Some(3), Some(2)));
    }

    #[test]
    fn a_spike_at_the_end_of_a_window_is_in_none_of_the_bins_that_cover_it() {
        // Of a window that holds its last moment, and of one that does not.
        for to in [0.4f64.next_up(), 0.4] {
            let place = |time| covering(time, (0.0, to), 0.005, 80);
            assert_eq!([0.0, 0.395, 0.3999, 0.4].map(place), [Some(0), Some(79), Some(79), None], "{to}");
        }
        assert_eq!([0.29, 0.3].map(|time| covering(time, (0.0, 0.3), 0.2, 2)), [Some(1), None], "a shorter bin");
    }

    #[test]
    fn bins_that_reach_into_a_gap_are_left_out() {
        let bins = Bins::whole(0.0, 1.0, 0.1).unwrap();
        let spans = Spans::within(&[(0.0, 0.3), (0.55, 1.0)], 0.0, 1.0);
        // 0 to 0.3 and 0.6 to 1.
        let (mut running, mut seen) = (Running::new(bins, 1, &spans), 0);
        assert_eq!((running.observed(), Running::new(bins, 1, &Spans::whole(0.0, 1.0)).observed()), (7, 10));
        for time in [0.05, 0.35, 0.57, 0.65, 0.95] {
            running.add(time, 0, |bin| seen += bin[0].1);
        }
        running.end(|bin| seen += bin[0].1);
        assert_eq!(seen, 3);
    }

    #[test]
    fn a_bin_is_handed_over_when_it_is_full() {
        let mut running = Running::new(Bins::whole(0.0, 10.0, 1.0).unwrap(), 3, &Spans::whole(0.0, 10.0));
        let mut seen: Vec<Vec<(u32, u32)>> = Vec::new();
        for (time, unit) in [(0.5, 2), (0.6, 0), (0.7, 2), (5.0, 1), (11.0, 1)] {
            running.add(time, unit, |bin| seen.push(bin.to_vec()));
        }
        running.end(|bin| seen.push(bin.to_vec()));
        assert_eq!(seen, [vec![(0, 1), (2, 2)], vec![(1, 1)]]);
    }
}
