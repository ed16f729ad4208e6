//! Rows of spikes in the order of time, wherever they are stored, merged part by part.

use std::ops::Range;
use std::sync::Arc;

use crate::format::error::FormatError;

/// Spikes of a block.
const BLOCK: usize = 1 << 15;
/// Bytes of a spike that waits.
const WAITING: usize = 16;
/// Spikes of a run that are read at once, at least and at most.
const PART: Range<usize> = 64..1 << 20;

/// Rows that are in the order of time.
pub(in crate::format) trait Ordered {
    /// Which rows.
    fn rows(&self) -> Range<usize>;

    /// Some of its spikes, one for each row.
    fn read(&self, rows: Range<usize>) -> Result<Vec<(f64, u32)>, FormatError>;

    /// The time of a row.
    fn time(&self, row: usize) -> Result<f64, FormatError> {
        Ok(self.read(row..row + 1)?.first().map_or(f64::NAN, |spike| spike.0))
    }

    /// The first row that is not before a time.
    fn seek(&self, from: f64) -> Result<usize, FormatError> {
        let Range { start: mut low, end: mut high } = self.rows();
        if from == f64::INFINITY {
            return Ok(high);
        }
        while low < high && from > f64::NEG_INFINITY {
            let middle = low + (high - low) / 2;
            if self.time(middle)? < from { low = middle + 1 } else { high = middle }
        }
        Ok(low)
    }
}

impl<T: Ordered + ?Sized> Ordered for Arc<T> {
    fn rows(&self) -> Range<usize> {
        (**self).rows()
    }

    fn read(&self, rows: Range<usize>) -> Result<Vec<(f64, u32)>, FormatError> {
        (**self).read(rows)
    }

    fn time(&self, row: usize) -> Result<f64, FormatError> {
        (**self).time(row)
    }
}

/// A run and the part of it that waits.
struct Reader<'a, R> {
    run: &'a R,
    /// The next row to read.
    next: usize,
    waiting: Vec<(f64, u32)>,
    /// How many of them have been handed over.
    gone: usize,
}

impl<R: Ordered> Reader<'_, R> {
    fn is_read(&self) -> bool {
        self.next >= self.run.rows().end
    }

    /// Reads on until `part` spikes wait, if less than half of that do; further, if all of them are at one time: what is at one time is
    /// handed over together.
    fn refill(&mut self, part: usize) -> Result<(), FormatError> {
        let left = self.waiting.len() - self.gone;
        if !self.is_read() && left <= part / 2 {
            self.waiting.drain(..self.gone);
            self.gone = 0;
            self.read_on(part - left)?;
        }
        let time = |spike: Option<&(f64, u32)>| spike.map(|spike| spike.0);
        while !self.is_read() && time(self.waiting.get(self.gone)) == time(self.waiting.last()) {
            self.read_on(part)?;
        }
        Ok(())
    }

    fn read_on(&mut self, rows: usize) -> Result<(), FormatError> {
        let to = self.run.rows().end.min(self.next + rows);
        self.waiting.extend(self.run.read(self.next..to)?);
        self.next = to;
        Ok(())
    }
}

/// Hands the spikes of all runs that are not before `from` to `out`, in the order of time, then of units, until it wants no more. Parts of
/// all runs together take about `buffer` bytes.
pub(super) fn merge<R: Ordered>(
    runs: &[R],
    from: f64,
    buffer: usize,
    out: &mut dyn FnMut(Vec<(f64, u32)>) -> bool,
) -> Result<(), FormatError> {
    let part = (buffer / WAITING / runs.len().max(1)).clamp(PART.start, PART.end);
    let mut readers = Vec::new();
    for run in runs {
        let next = run.seek(from)?;
        readers.push(Reader { run, next, waiting: Vec::new(), gone: 0 });
    }
    let mut block = Vec::new();
    loop {
        readers.iter_mut().try_for_each(|reader| reader.refill(part))?;
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
