//! A dataset of HDF5 that is written part by part: of known length, its values not all in memory.

use hdf5::{Dataset, Group, H5Type};

/// Values that wait for being written together.
const AT_ONCE: usize = 1 << 16;

/// A dataset of one dimension that is being filled from its beginning.
pub(super) struct Column<T> {
    dataset: Dataset,
    waiting: Vec<T>,
    written: usize,
}

impl<T: H5Type> Column<T> {
    /// An empty dataset with room for so many values.
    pub fn new(group: &Group, name: &str, length: u64) -> hdf5::Result<Column<T>> {
        let dataset = group.new_dataset::<T>().shape(length as usize).create(name)?;
        Ok(Column { dataset, waiting: Vec::with_capacity(AT_ONCE.min(length as usize)), written: 0 })
    }

    /// The dataset.
    pub fn dataset(&self) -> &Dataset {
        &self.dataset
    }

    /// The next value.
    pub fn push(&mut self, value: T) -> hdf5::Result<()> {
        self.waiting.push(value);
        if self.waiting.len() >= AT_ONCE { self.flush() } else { Ok(()) }
    }

    /// The next values.
    pub fn extend(&mut self, values: impl IntoIterator<Item = T>) -> hdf5::Result<()> {
        values.into_iter().try_for_each(|value| self.push(value))
    }

    /// Writes what waits.
    pub fn flush(&mut self) -> hdf5::Result<()> {
        if !self.waiting.is_empty() {
            let to = self.written + self.waiting.len();
            self.dataset.write_slice(&self.waiting[..], self.written..to)?;
            self.written = to;
            self.waiting.clear();
        }
        Ok(())
    }
}
