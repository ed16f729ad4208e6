//! When units were observed: between these spans nothing is known, which is not silence.

/// Edges that are closer than this \[s\] are one: files round them.
const ROUNDING: f64 = 1e-9;

/// Spans of time in order, with a gap between any two \[s\].
#[derive(Clone, Debug, PartialEq)]
pub struct Spans(Vec<(f64, f64)>);

impl Spans {
    /// One, without gaps.
    pub fn whole(start: f64, stop: f64) -> Spans {
        Spans(vec![(start, stop)])
    }

    /// The parts of a window that were observed, as a recording says; all of it where it says nothing.
    pub fn within(observed: &[(f64, f64)], start: f64, stop: f64) -> Spans {
        if observed.is_empty() {
            return Spans::whole(start, stop);
        }
        let parts = observed.iter().map(|&(from, to)| (from.max(start), to.min(stop)));
        Spans::joined(parts.filter(|(from, to)| from < to).collect())
    }

    /// Joins spans that touch or overlap; any order.
    fn joined(mut spans: Vec<(f64, f64)>) -> Spans {
        spans.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut joined: Vec<(f64, f64)> = Vec::new();
        for (start, stop) in spans {
            match joined.last_mut() {
                Some(last) if start <= last.1 + ROUNDING => last.1 = last.1.max(stop),
                _ => joined.push((start, stop)),
            }
        }
        Spans(joined)
    }

    /// Start and stop of each \[s\].
    pub fn spans(&self) -> &[(f64, f64)] {
        &self.0
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Their length \[s\].
    pub fn seconds(&self) -> f64 {
        self.0.iter().map(|(start, stop)| stop - start).sum()
    }

    /// The same, over which rates are worked out; none if they are moments, such as that of the only spike of a file.
    pub fn duration(&self) -> Option<f64> {
        self.0.iter().any(|(start, stop)| *stop > start.next_up()).then(|| self.seconds())
    }

    /// Which span a moment is in, or else which it follows: two moments with the same number have no gap between them.
    #[inline]
    pub fn number(&self, time: f64) -> usize {
        // Mostly there is only one.
        if self.0.len() < 2 { 0 } else { self.0.partition_point(|span| span.0 <= time + ROUNDING) }
    }

    /// Was this moment observed? The edges of a span were.
    pub fn hold(&self, time: f64) -> bool {
        self.cover(time, time)
    }

    /// The same for counts in bins, where the end of a span is not of it: a bin that ends there, or is cut there, would count both its edges.
    #[inline]
    pub fn hold_in_bins(&self, time: f64) -> bool {
        self.end_after(time).is_some_and(|stop| time.next_up() < stop)
    }

    /// Those that have a part in `from..to`.
    pub fn around(&self, from: f64, to: f64) -> &[(f64, f64)] {
        let first = self.0.partition_point(|span| span.1 <= from);
        let last = self.0.partition_point(|span| span.0 < to);
        &self.0[first..last.max(first)]
    }

    /// How much of `from..to` was observed \[s\].
    pub fn seconds_within(&self, from: f64, to: f64) -> f64 {
        self.0.iter().map(|(start, stop)| (stop.min(to) - start.max(from)).max(0.0)).sum()
    }

    /// How much of a bin was observed \[s\], over which it has a rate: none of a sliver, less than a quarter of it, where one spike or none would
    /// make a rate that is noise.
    pub fn seconds_of_bin(&self, from: f64, to: f64) -> Option<f64> {
        let seconds = if self.cover(from, to) { to - from } else { self.seconds_within(from, to) };
        (seconds >= 0.25 * (to - from)).then_some(seconds)
    }

    /// The parts of `from..to` that were not observed.
    pub fn gaps(&self, from: f64, to: f64) -> Vec<(f64, f64)> {
        let ends = std::iter::once(from).chain(self.0.iter().map(|span| span.1));
        let starts = self.0.iter().map(|span| span.0).chain(std::iter::once(to));
        let between = ends.zip(starts).map(|(end, start)| (end.max(from), start.min(to)));
        between.filter(|(start, stop)| stop - start > ROUNDING).collect()
    }

    /// Was all of `from..to` observed?
    pub fn cover(&self, from: f64, to: f64) -> bool {
        self.end_after(from).is_some_and(|stop| to <= stop + ROUNDING)
    }

    /// The end of the last span that has begun by then.
    #[inline]
    fn end_after(&self, time: f64) -> Option<f64> {
        let begun = self.0.partition_point(|span| span.0 <= time + ROUNDING);
        begun.checked_sub(1).map(|last| self.0[last].1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_cut_by_the_window_and_joined_where_they_touch() {
        let spans = Spans::within(&[(0.0, 1.0), (1.0 + 1e-12, 2.0), (5.0, 6.0), (8.0, 9.0)], 0.5, 5.5);
        assert_eq!((spans.count(), spans.seconds()), (2, 2.0));
        assert!((spans.seconds_within(1.5, 5.25) - 0.75).abs() < 1e-9);
        assert_eq!(Spans::within(&[], 1.0, 3.0), Spans::whole(1.0, 3.0));
        assert_eq!([1.0, 2.0, 2.5, 5.0, 5.5].map(|time| spans.hold(time)), [true, true, false, true, true]);
        assert_eq!([1.0, 2.0, 2.5, 5.0, 5.5].map(|time| spans.hold_in_bins(time)), [true, false, false, true, false]);
        assert_eq!(spans.gaps(0.5, 7.0), [(2.0, 5.0), (5.5, 7.0)]);
        assert_eq!(Spans::within(&[(2.0, 3.0)], 1.0, 3.0).gaps(1.0, 3.0), [(1.0, 2.0)]);
        assert_eq!((spans.duration(), Spans::whole(0.5, 0.5f64.next_up()).duration()), (Some(2.0), None));
    }

    #[test]
    fn a_gap_lies_between_moments_of_different_numbers() {
        let spans = Spans::within(&[(0.0, 1.0), (2.0, 3.0)], 0.0, 3.0);
        assert_eq!(spans.number(0.2), spans.number(1.0));
        assert_ne!(spans.number(1.0), spans.number(2.0));
        assert!(spans.cover(0.0, 1.0) && spans.cover(2.5, 3.0));
        assert!(!spans.cover(0.5, 1.5) && !spans.cover(1.2, 1.4) && !spans.cover(-1.0, 0.5) && !spans.cover(0.5, 2.5));
    }
}
