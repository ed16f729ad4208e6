//! A long column, read in parts.

use std::ops::Range;

use hdf5::Dataset;

use super::super::error::{Fault, FormatError};
use super::{H5, is_integer, is_number};

/// A one-dimensional dataset of which parts are read.
pub(crate) struct Slices<'a> {
    h5: &'a H5<'a>,
    place: String,
    dataset: Dataset,
}

impl<'a> Slices<'a> {
    /// A dataset of numbers, or of integers only.
    pub fn new(h5: &'a H5<'a>, place: String, integers: bool) -> Result<Slices<'a>, FormatError> {
        let dataset = h5.dataset(&place)?;
        h5.expect_filters(&place, &dataset)?;
        let (expected, fits) =
            if integers { ("integers", is_integer as fn(&_) -> _) } else { ("numbers", is_number as _) };
        h5.expect(&place, &dataset, expected, fits)?;
        h5.expect_flat(&place, &dataset.shape())?;
        Ok(Slices { h5, place, dataset })
    }

    /// Number of entries.
    pub fn len(&self) -> usize {
        self.dataset.size()
    }

    /// Some entries as numbers.
    pub fn numbers(&self, range: Range<usize>) -> Result<Vec<f64>, FormatError> {
        let read = self.dataset.read_slice_1d::<f64, _>(range);
        read.map(|part| part.to_vec()).map_err(|e| self.h5.damaged(&self.place, &e))
    }

    /// Some entries as integers.
    pub fn integers(&self, range: Range<usize>) -> Result<Vec<i64>, FormatError> {
        let from = range.start;
        let read = self.dataset.read_slice_1d::<i64, _>(range).map_err(|e| self.h5.damaged(&self.place, &e))?.to_vec();
        self.h5.expect_fitting(&self.place, &self.dataset, (from, &read))?;
        Ok(read)
    }

    /// An error about this dataset.
    pub fn error(&self, message: String) -> FormatError {
        self.h5.error(&self.place, Fault::Invalid, message)
    }
}
