//! Everything in a file, read once and forgotten: whoever goes on writing into it has the library meet its structures first.

use hdf5::{Dataset, LocationType};

use super::{H5, all_texts, is_number, join};
use crate::format::error::{Fault, FormatError};

/// Groups in groups, so deep.
const DEEPEST: usize = 32;
/// No result has more groups and datasets.
const MOST: usize = 1 << 20;
/// Numbers that are read at once.
const AT_ONCE: usize = 1 << 20;

impl H5<'_> {
    /// Reads all attributes and datasets.
    ///
    /// # Errors
    /// Where the first is that can't be read.
    pub fn walk(&self) -> Result<(), FormatError> {
        let (mut waiting, mut met) = (vec![("/".to_owned(), 0)], 0);
        while let Some((place, depth)) = waiting.pop() {
            met += 1;
            if depth > DEEPEST || met > MOST {
                let message =
                    format!("holds more than {MOST} groups and datasets, or more than {DEEPEST} in each other");
                return Err(self.error(&place, Fault::TooLarge, message));
            }
            for name in self.attr_names(&place) {
                let read = self.attr(&place, &name).is_some_and(|attribute| {
                    all_texts(&attribute).is_some() || attribute.size() == 0 || attribute.read_raw::<f64>().is_ok()
                });
                if !read {
                    let message = format!("has an attribute {name} that can't be read; the file is damaged");
                    return Err(self.error(&place, Fault::Damaged, message));
                }
            }
            match self.kind(&place) {
                Some(LocationType::Group) => {
                    waiting.extend(self.members(&place).iter().map(|name| (join(&place, name), depth + 1)));
                }
                Some(LocationType::Dataset) => self.read_through(&place)?,
                _ => {
                    let message = "is no group or dataset that can be opened; the file is damaged";
                    return Err(self.error(&place, Fault::Damaged, message));
                }
            }
        }
        Ok(())
    }

    fn read_through(&self, place: &str) -> Result<(), FormatError> {
        let dataset = self.dataset(place)?;
        let kind = dataset.dtype().and_then(|t| t.to_descriptor()).map_err(|e| self.damaged(place, &e))?;
        match (is_number(&kind), dataset.ndim()) {
            (true, 1 | 2) => self.read_rows(place, &dataset),
            (true, _) => self.numbers(place).map(drop),
            (false, _) => self.texts(place).map(drop),
        }
    }

    fn read_rows(&self, place: &str, dataset: &Dataset) -> Result<(), FormatError> {
        self.expect_filters(place, dataset)?;
        self.expect_possible_size(place, dataset, 8)?;
        super::filters::expect_chunks_of(super::slab::chunk_bytes(dataset));
        let shape = dataset.shape();
        let (rows, width) = (shape[0], shape.get(1).copied().unwrap_or(1));
        let at_once = (AT_ONCE / width.max(1)).max(1);
        for from in (0..if width > 0 { rows } else { 0 }).step_by(at_once) {
            let part = from..rows.min(from + at_once);
            let read = if shape.len() == 1 {
                dataset.read_slice_1d::<f64, _>(part).map(drop)
            } else {
                dataset.read_slice_2d::<f64, _>((part, ..)).map(drop)
            };
            read.map_err(|e| self.damaged(place, &e))?;
        }
        Ok(())
    }
}
