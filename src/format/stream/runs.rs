//! Runs of rows of an HDF5 file.

use std::ops::Range;
use std::rc::Rc;

use super::ids::Places;
use super::ordered::Ordered;
use crate::format::error::FormatError;
use crate::format::h5::{H5, Slab};

/// Spikes that are looked at at once.
const AT_ONCE: usize = 1 << 17;

/// Whose spikes a run's are.
pub(super) enum Units {
    /// All of one unit.
    One(u32),
    /// Of members of a population, by their number.
    Counted { ids: Slab, first: usize, size: usize },
    /// Of units by their ids.
    Known { ids: Slab, first: usize, known: Places },
}

/// Rows of a file that are in the order of time.
pub(super) struct Run {
    pub times: Rc<Slab>,
    pub units: Units,
    pub rows: Range<usize>,
    /// Times in the file over times in s.
    pub per_second: f64,
    /// Whether the file says that they are in the order of time.
    pub says_sorted: bool,
}

impl Run {
    /// Some of its spikes; nothing if an id is none.
    fn read(&self, h5: &H5, rows: Range<usize>) -> Result<Option<Vec<(f64, u32)>>, FormatError> {
        let times = self.times.numbers(h5, rows.clone())?.into_iter().map(|time| time / self.per_second);
        let ids = match &self.units {
            Units::One(unit) => return Ok(Some(times.map(|time| (time, *unit)).collect())),
            Units::Counted { ids, .. } | Units::Known { ids, .. } => ids.integers(h5, rows)?,
        };
        let unit = |id: i64| match &self.units {
            Units::One(unit) => Some(*unit),
            Units::Counted { first, size, .. } => (0..*size as i64).contains(&id).then(|| (first + id as usize) as u32),
            Units::Known { first, known, .. } => known.find(id).map(|place| *first as u32 + place),
        };
        Ok(times.zip(ids).map(|(time, id)| Some((time, unit(id)?))).collect())
    }

    /// Whose spikes they may be.
    pub fn may_be(&self) -> Range<usize> {
        match &self.units {
            Units::One(unit) => *unit as usize..*unit as usize + 1,
            Units::Counted { first, size, .. } => *first..first + size,
            Units::Known { first, known, .. } => *first..first + known.len(),
        }
    }

    /// Whether some of these units may be among them.
    pub fn concerns(&self, units: &Range<usize>) -> bool {
        let own = self.may_be();
        own.start < units.end && units.start < own.end
    }

    /// Whether as many rows of ids as of times are there.
    fn fits(&self) -> bool {
        match &self.units {
            Units::One(_) => true,
            Units::Counted { ids, .. } | Units::Known { ids, .. } => ids.rows == self.times.rows,
        }
    }
}

/// A run of an open file.
pub(super) struct InFile<'a> {
    pub h5: &'a H5<'a>,
    pub run: &'a Run,
}

impl Ordered for InFile<'_> {
    fn rows(&self) -> Range<usize> {
        self.run.rows.clone()
    }

    fn read(&self, rows: Range<usize>) -> Result<Vec<(f64, u32)>, FormatError> {
        // Every id was somebody's at the first look.
        Ok(self.run.read(self.h5, rows)?.unwrap_or_default())
    }

    fn time(&self, row: usize) -> Result<f64, FormatError> {
        let time = self.run.times.numbers(self.h5, row..row + 1)?.first().copied().unwrap_or(f64::NAN);
        Ok(time / self.run.per_second)
    }
}

/// From where to where the spikes of all runs go, and how many each unit has.
pub(super) struct Extent {
    pub first: (f64, u32),
    pub last: (f64, u32),
    pub counts: Vec<u64>,
    /// Whether times decrease in no run.
    pub in_order: bool,
}

/// Reads everything once; nothing if there is no spike, or if times are no numbers, belong to nobody, or decrease where the file says that they don't.
pub(super) fn extent(h5: &H5, runs: &[Run], units: usize) -> Result<Option<Extent>, FormatError> {
    let (first, last) = ((f64::INFINITY, u32::MAX), (f64::NEG_INFINITY, 0));
    let mut extent = Extent { first, last, counts: vec![0; units], in_order: true };
    let order = |a: &(f64, u32), b: &(f64, u32)| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1));
    for run in runs {
        if !run.fits() {
            return Ok(None);
        }
        let (mut before, mut from) = (f64::NEG_INFINITY, run.rows.start);
        while from < run.rows.end {
            let to = run.rows.end.min(from + AT_ONCE);
            let Some(spikes) = run.read(h5, from..to)? else { return Ok(None) };
            for &spike in &spikes {
                // SONATA knows no times before 0.
                let possible = spike.0.is_finite() && (spike.0 >= 0.0 || matches!(run.units, Units::One(_)));
                let decreases = spike.0 < before;
                if !possible || (decreases && run.says_sorted) {
                    return Ok(None);
                }
                extent.in_order &= !decreases;
                before = spike.0;
                if order(&spike, &extent.first).is_lt() {
                    extent.first = spike;
                }
                if order(&spike, &extent.last).is_gt() {
                    extent.last = spike;
                }
                extent.counts[spike.1 as usize] += 1;
            }
            from = to;
        }
    }
    Ok(extent.counts.iter().any(|count| *count > 0).then_some(extent))
}

/// Hands the spikes of some units within `start <= t < stop` to `out`, run after run as they are stored, until it wants no more.
pub(super) fn one_by_one(
    h5: &H5,
    runs: &[Run],
    units: &Range<usize>,
    (start, stop): (f64, f64),
    out: &mut dyn FnMut(Vec<(f64, u32)>) -> bool,
) -> Result<(), FormatError> {
    for run in runs.iter().filter(|run| run.concerns(units)) {
        let run = InFile { h5, run };
        let (from, end) = (run.seek(start)?, run.seek(stop)?);
        for from in (from..end).step_by(AT_ONCE) {
            let mut spikes = run.read(from..end.min(from + AT_ONCE))?;
            spikes.retain(|spike| units.contains(&(spike.1 as usize)));
            if !spikes.is_empty() && !out(spikes) {
                return Ok(());
            }
        }
    }
    Ok(())
}
