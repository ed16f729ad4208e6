//! A column that is too long to be read at once: by ranges of rows.

use std::ops::Range;

use hdf5::Dataset;

use super::{H5, filters, is_integer, is_number};
use crate::format::error::FormatError;

/// An open column of numbers.
pub(crate) struct Slab {
    place: String,
    dataset: Dataset,
    chunk_bytes: usize,
    /// How many there are.
    pub rows: usize,
}

impl H5<'_> {
    /// A one-dimensional dataset of numbers, of which nothing is read yet.
    pub fn slab(&self, place: &str) -> Result<Slab, FormatError> {
        let dataset = self.dataset(place)?;
        self.expect_filters(place, &dataset)?;
        self.expect_possible_size(place, &dataset, 8)?;
        self.expect(place, &dataset, "numbers", is_number)?;
        self.expect_flat(place, &dataset.shape())?;
        let chunk_bytes = chunk_bytes(&dataset);
        Ok(Slab { place: place.to_owned(), rows: dataset.size(), dataset, chunk_bytes })
    }

    /// The same of integers.
    pub fn integer_slab(&self, place: &str) -> Result<Slab, FormatError> {
        let slab = self.slab(place)?;
        self.expect(place, &slab.dataset, "integers", is_integer)?;
        Ok(slab)
    }
}

impl Slab {
    /// Some of the numbers.
    pub fn numbers(&self, h5: &H5, rows: Range<usize>) -> Result<Vec<f64>, FormatError> {
        self.read(h5, rows)
    }

    /// Some of the integers.
    pub fn integers(&self, h5: &H5, rows: Range<usize>) -> Result<Vec<i64>, FormatError> {
        self.read(h5, rows)
    }

    fn read<T: hdf5::H5Type>(&self, h5: &H5, rows: Range<usize>) -> Result<Vec<T>, FormatError> {
        filters::expect_chunks_of(self.chunk_bytes);
        let values = self.dataset.read_slice_1d::<T, _>(rows).map_err(|e| h5.damaged(&self.place, &e))?;
        Ok(values.into_iter().collect())
    }
}

/// Bytes of a chunk; 0 if it has none.
pub(super) fn chunk_bytes(dataset: &Dataset) -> usize {
    let element = dataset.dtype().map_or(0, |t| t.size());
    dataset.chunk().and_then(|c| c.iter().try_fold(element, |all, n| all.checked_mul(*n))).unwrap_or(0)
}
