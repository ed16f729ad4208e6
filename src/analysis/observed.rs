//! Spikes outside of what was observed: they are in the file, but in no figure, since nobody knows what else was there.

use std::ops::Range;

use super::Spans;
use crate::spikes::{SourceError, SpikeSource, Take, ends};

/// The spikes of a source that lie in the spans in which its recording was observed, edges included.
pub struct Observed {
    source: Box<dyn SpikeSource>,
    spans: Spans,
}

impl Observed {
    /// A source without the spikes outside of `observed`, and how many there are of those in `window` \[s\]. Where nothing is said of what was observed
    /// there are none.
    ///
    /// # Errors
    /// If the spikes cannot be read.
    pub fn of(
        source: Box<dyn SpikeSource>,
        observed: &[(f64, f64)],
        window: (f64, f64),
    ) -> Result<(Box<dyn SpikeSource>, u64), SourceError> {
        let spans = Spans::within(observed, f64::NEG_INFINITY, f64::INFINITY);
        match outside(&*source, &spans, window)? {
            0 => Ok((source, 0)),
            left => Ok((Box::new(Observed { source, spans }), left)),
        }
    }

    /// Hands on what was observed.
    fn filter<'t>(&'t self, take: &'t mut Take) -> impl FnMut(&[f64], &[u32]) + 't {
        let (mut of_times, mut of_units) = (Vec::new(), Vec::new());
        move |times, units| {
            of_times.clear();
            of_units.clear();
            let seen = times.iter().zip(units).filter(|(time, _)| self.spans.hold(**time));
            seen.for_each(|(time, unit)| {
                of_times.push(*time);
                of_units.push(*unit);
            });
            take(&of_times, &of_units);
        }
    }
}

/// How many spikes of a window lie outside of the spans.
///
/// # Errors
/// If the spikes cannot be read.
pub fn outside(source: &dyn SpikeSource, spans: &Spans, window: (f64, f64)) -> Result<u64, SourceError> {
    let inside = |(first, last): (f64, f64)| spans.cover(first.max(window.0), last.min(window.1));
    if source.ends()?.is_none_or(inside) {
        return Ok(0);
    }
    let mut left = 0;
    source.runs(0..source.unit_ids().len(), window, &mut |times, _| {
        left += times.iter().filter(|time| !spans.hold(**time)).count() as u64;
    })?;
    Ok(left)
}

impl SpikeSource for Observed {
    fn unit_ids(&self) -> &[i64] {
        self.source.unit_ids()
    }

    fn ends(&self) -> Result<Option<(f64, f64)>, SourceError> {
        ends(self)
    }

    fn pieces(&self, start: f64, stop: f64, take: &mut Take) -> Result<(), SourceError> {
        self.source.pieces(start, stop, &mut self.filter(take))
    }

    fn pieces_of(&self, units: Range<usize>, window: (f64, f64), take: &mut Take) -> Result<(), SourceError> {
        self.source.pieces_of(units, window, &mut self.filter(take))
    }

    fn runs(&self, units: Range<usize>, window: (f64, f64), take: &mut Take) -> Result<(), SourceError> {
        self.source.runs(units, window, &mut self.filter(take))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spikes::SpikeTable;

    #[test]
    fn spikes_between_spans_and_beside_them_are_not_observed() {
        let trains = [vec![0.5, 1.5, 5.0, 8.5], vec![2.0, 10.0, 10.5]];
        let table = || Box::new(SpikeTable::from_units(vec![3, 4], &trains).unwrap());
        let (seen, left) = Observed::of(table(), &[(0.0, 2.0), (8.0, 10.0)], (0.0, 11.0)).unwrap();
        assert_eq!((left, seen.ends().unwrap()), (2, Some((0.5, 10.0))));
        assert_eq!(seen.trains_of(&[0, 1], (0.0, 11.0)).unwrap(), [vec![0.5, 1.5, 8.5], vec![2.0, 10.0]]);
        assert_eq!(seen.counts(1.0, 9.0).unwrap(), [2, 1]);
        for (observed, window) in
            [(vec![], (0.0, 11.0)), (vec![(0.0, 11.0)], (0.0, 11.0)), (vec![(0.0, 2.0)], (0.0, 2.0))]
        {
            let (seen, left) = Observed::of(table(), &observed, window).unwrap();
            assert_eq!((left, seen.counts(0.0, 11.0).unwrap()), (0, vec![4, 3]));
        }
    }
}
