//! Columns and tables that are too long to be read at once: by ranges of rows.

use std::ops::Range;

use hdf5::{Dataset, Hyperslab, SliceOrIndex};
use ndarray::{IxDyn, s};

use super::{H5, filters, is_integer};
use crate::format::error::{Fault, FormatError};
use crate::format::listing::AT_ONCE;

/// Numbers that are read at once of a table whose chunks are large, at most.
const MOST_AT_ONCE: usize = 1 << 23;

/// An open column of numbers.
pub(crate) struct Slab {
    place: String,
    dataset: Dataset,
    chunk_bytes: usize,
    /// The dimension along which they lie.
    axis: usize,
    /// How many there are.
    pub rows: usize,
}

/// An open table of numbers.
pub(crate) struct Table {
    place: String,
    dataset: Dataset,
    chunk_bytes: usize,
    pub rows: usize,
    pub width: usize,
}

impl H5<'_> {
    /// A one-dimensional dataset of numbers, of which nothing is read yet.
    pub fn slab(&self, place: &str) -> Result<Slab, FormatError> {
        let dataset = self.dataset(place)?;
        let slab = self.slab_of(place, dataset)?;
        self.expect_flat(place, &slab.dataset.shape())?;
        Ok(slab)
    }

    /// The same of integers.
    pub fn integer_slab(&self, place: &str) -> Result<Slab, FormatError> {
        let slab = self.slab(place)?;
        self.expect(place, &slab.dataset, "integers", is_integer)?;
        Ok(slab)
    }

    /// A dataset at hand whose numbers lie along one of its dimensions; `place` is what messages call it.
    pub fn slab_of(&self, place: &str, dataset: Dataset) -> Result<Slab, FormatError> {
        self.expect_numbers(place, &dataset)?;
        let shape = dataset.shape();
        let axis = shape.iter().position(|n| *n != 1).unwrap_or(0);
        if shape.is_empty() || shape.iter().skip(axis + 1).any(|n| *n != 1) {
            let message = format!("found the shape {shape:?}, expected one dimension");
            return Err(self.error(place, Fault::WrongType, message));
        }
        let chunk_bytes = chunk_bytes(&dataset);
        Ok(Slab { place: place.to_owned(), rows: dataset.size(), dataset, chunk_bytes, axis })
    }

    /// A two-dimensional dataset of numbers, of which nothing is read yet.
    pub fn table(&self, place: &str) -> Result<Table, FormatError> {
        let dataset = self.dataset(place)?;
        self.expect_numbers(place, &dataset)?;
        let [rows, width] = dataset.shape()[..] else {
            let message = format!("found the shape {:?}, expected two dimensions", dataset.shape());
            return Err(self.error(place, Fault::WrongType, message));
        };
        let chunk_bytes = chunk_bytes(&dataset);
        Ok(Table { place: place.to_owned(), dataset, chunk_bytes, rows, width })
    }
}

impl Slab {
    /// Some of the numbers.
    pub fn numbers(&self, h5: &H5, rows: Range<usize>) -> Result<Vec<f64>, FormatError> {
        self.read(h5, rows)
    }

    /// Some of the integers.
    pub fn integers(&self, h5: &H5, rows: Range<usize>) -> Result<Vec<i64>, FormatError> {
        let (from, values) = (rows.start, self.read(h5, rows)?);
        h5.expect_fitting(&self.place, &self.dataset, (from, &values))?;
        Ok(values)
    }

    /// Ranges that are read at once, one after another: whole chunks, which are unpacked as a whole.
    pub fn parts(&self, rows: Range<usize>) -> impl Iterator<Item = Range<usize>> + use<> {
        let chunk = self.dataset.chunk().and_then(|extents| extents.get(self.axis).copied()).unwrap_or(1);
        parts(rows, at_once(chunk, 1))
    }

    fn read<T: hdf5::H5Type>(&self, h5: &H5, rows: Range<usize>) -> Result<Vec<T>, FormatError> {
        filters::expect_chunks_of(self.chunk_bytes);
        let dimensions = self.dataset.ndim();
        let read = if dimensions == 1 {
            self.dataset.read_slice_1d::<T, _>(rows).map(|values| values.into_iter().collect())
        } else {
            let along = |axis| SliceOrIndex::from(if axis == self.axis { rows.clone() } else { 0..1 });
            let wanted = Hyperslab::from((0..dimensions).map(along).collect::<Vec<_>>());
            self.dataset.read_slice::<T, _, IxDyn>(wanted).map(|values| values.into_iter().collect())
        };
        read.map_err(|e| h5.damaged(&self.place, &e))
    }
}

impl Table {
    /// Some of the rows, one after another.
    pub fn numbers(&self, h5: &H5, rows: Range<usize>) -> Result<Vec<f64>, FormatError> {
        filters::expect_chunks_of(self.chunk_bytes);
        let read = self.dataset.read_slice_2d::<f64, _>(s![rows, ..]).map_err(|e| h5.damaged(&self.place, &e))?;
        Ok(read.into_iter().collect())
    }

    /// Rows that are read at once.
    pub fn at_once(&self) -> usize {
        let chunk = self.dataset.chunk().and_then(|extents| extents.first().copied()).unwrap_or(1);
        at_once(chunk, self.width)
    }
}

/// Rows that are read at once of a table with chunks of so many rows: whole chunks, if they are not too large.
pub(super) fn at_once(chunk: usize, width: usize) -> usize {
    let (width, chunk) = (width.max(1), chunk.max(1));
    let few = (AT_ONCE / width).max(1);
    few.next_multiple_of(chunk.min(few.max(MOST_AT_ONCE / width).max(1)))
}

/// A range in parts of so many rows.
pub(crate) fn parts(rows: Range<usize>, at_once: usize) -> impl Iterator<Item = Range<usize>> {
    let end = rows.end;
    rows.step_by(at_once.max(1)).map(move |from| from..end.min(from + at_once))
}

/// Bytes of a chunk; 0 if it has none.
pub(super) fn chunk_bytes(dataset: &Dataset) -> usize {
    let element = dataset.dtype().map_or(0, |t| t.size());
    dataset.chunk().and_then(|c| c.iter().try_fold(element, |all, n| all.checked_mul(*n))).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_whole_chunks_where_memory_allows_it() {
        assert_eq!(at_once(1, 1), AT_ONCE);
        assert_eq!(at_once(1000, 1), AT_ONCE.next_multiple_of(1000));
        assert_eq!(at_once(62500, 100), 62500);
        // Chunks of which a few rows are read at a time rather than all.
        assert!(at_once(1 << 30, 100) * 100 <= 2 * MOST_AT_ONCE);
        assert_eq!(at_once(10, usize::MAX), 1);
        assert_eq!(parts(3..8, 2).collect::<Vec<_>>(), [3..5, 5..7, 7..8]);
        assert_eq!(parts(3..3, 2).count(), 0);
    }
}
