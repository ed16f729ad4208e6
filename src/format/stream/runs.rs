//! Runs of rows, each in the order of time, merged part by part.

use std::ops::Range;
use std::rc::Rc;

use crate::format::error::FormatError;
use crate::format::h5::{H5, Slab};

/// Spikes that are looked at at once.
const AT_ONCE: usize = 1 << 17;
/// Spikes of a block.
const BLOCK: usize = 1 << 15;
/// Bytes of a spike that waits.
const WAITING: usize = 16;
/// Spikes of a run that are read at once, at least and at most.
const PART: Range<usize> = 64..1 << 20;

/// Whose spikes a run's are.
pub(super) enum Units {
    /// All of one unit.
    One(u32),
    /// Of members of a population, by their number.
    Counted { ids: Slab, first: usize, size: usize },
    /// Of units by their ids, sorted.
    Known { ids: Slab, first: usize, known: Vec<i64> },
}

/// Rows of a file that are in the order of time.
pub(super) struct Run {
    pub times: Rc<Slab>,
    pub units: Units,
    pub rows: Range<usize>,
    /// Times in the file over times in s.
    pub per_second: f64,
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
            Units::Known { first, known, .. } => known.binary_search(&id).ok().map(|place| (first + place) as u32),
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

    /// The first row that is not before a time.
    fn seek(&self, h5: &H5, from: f64) -> Result<usize, FormatError> {
        let (mut low, mut high) = (self.rows.start, self.rows.end);
        if from == f64::INFINITY {
            return Ok(high);
        }
        while low < high && from > f64::NEG_INFINITY {
            let middle = low + (high - low) / 2;
            let time = self.times.numbers(h5, middle..middle + 1)?.first().copied().unwrap_or(f64::NAN);
            if time / self.per_second < from { low = middle + 1 } else { high = middle }
        }
        Ok(low)
    }
}

/// From where to where the spikes of all runs go, and how many each unit has.
pub(super) struct Extent {
    pub first: (f64, u32),
    pub last: (f64, u32),
    pub counts: Vec<u64>,
}

/// Reads everything once; nothing if there is no spike, or if times decrease, are no numbers, or belong to nobody.
pub(super) fn extent(h5: &H5, runs: &[Run], units: usize) -> Result<Option<Extent>, FormatError> {
    let mut extent = Extent { first: (f64::INFINITY, 0), last: (f64::NEG_INFINITY, 0), counts: vec![0; units] };
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
                if !possible || spike.0 < before {
                    return Ok(None);
                }
                before = spike.0;
                if spike.0 < extent.first.0 {
                    extent.first = spike;
                }
                if spike.0 > extent.last.0 {
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
        let (from, end) = (run.seek(h5, start)?, run.seek(h5, stop)?);
        for from in (from..end).step_by(AT_ONCE) {
            // Every id was somebody's at the first look.
            let mut spikes = run.read(h5, from..end.min(from + AT_ONCE))?.unwrap_or_default();
            spikes.retain(|spike| units.contains(&(spike.1 as usize)));
            if !spikes.is_empty() && !out(spikes) {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// A run and the part of it that waits.
struct Reader {
    run: Run,
    /// The next row to read.
    next: usize,
    waiting: Vec<(f64, u32)>,
    /// How many of them have been handed over.
    gone: usize,
}

impl Reader {
    fn is_read(&self) -> bool {
        self.next >= self.run.rows.end
    }

    /// Reads on until `part` spikes wait, if less than half of that do; further, if all of them are at one time: what is at one time is
    /// handed over together.
    fn refill(&mut self, h5: &H5, part: usize) -> Result<(), FormatError> {
        let left = self.waiting.len() - self.gone;
        if !self.is_read() && left <= part / 2 {
            self.waiting.drain(..self.gone);
            self.gone = 0;
            self.read_on(h5, part - left)?;
        }
        let time = |spike: Option<&(f64, u32)>| spike.map(|spike| spike.0);
        while !self.is_read() && time(self.waiting.get(self.gone)) == time(self.waiting.last()) {
            self.read_on(h5, part)?;
        }
        Ok(())
    }

    fn read_on(&mut self, h5: &H5, rows: usize) -> Result<(), FormatError> {
        let to = self.run.rows.end.min(self.next + rows);
        // Every id was somebody's at the first look.
        self.waiting.extend(self.run.read(h5, self.next..to)?.unwrap_or_default());
        self.next = to;
        Ok(())
    }
}

/// Hands the spikes of all runs that are not before `from` to `out`, in the order of time, then of units, until it wants no more. Parts of
/// all runs together take about `buffer` bytes.
pub(super) fn merge(
    h5: &H5,
    runs: Vec<Run>,
    from: f64,
    buffer: usize,
    out: &mut dyn FnMut(Vec<(f64, u32)>) -> bool,
) -> Result<(), FormatError> {
    let part = (buffer / WAITING / runs.len().max(1)).clamp(PART.start, PART.end);
    let mut readers = Vec::new();
    for run in runs {
        let next = run.seek(h5, from)?;
        readers.push(Reader { run, next, waiting: Vec::new(), gone: 0 });
    }
    let mut block = Vec::new();
    loop {
        readers.iter_mut().try_for_each(|reader| reader.refill(h5, part))?;
        // What comes later is not before the end of any part, but may be at the same time.
        let ends = readers.iter().filter(|r| !r.is_read()).filter_map(|r| r.waiting.last());
        let horizon = ends.map(|spike| spike.0).fold(f64::INFINITY, f64::min);
        for reader in &mut readers {
            let waiting = &reader.waiting[reader.gone..];
            let count = waiting.partition_point(|spike| spike.0 < horizon);
            block.extend_from_slice(&waiting[..count]);
            reader.gone += count;
        }
        if block.is_empty() {
            return Ok(());
        }
        block.sort_by(|a: &(f64, u32), b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        for piece in block.chunks(BLOCK) {
            if !out(piece.to_vec()) {
                return Ok(());
            }
        }
        block.clear();
    }
}
