//! Columns of tables: numbers or words, one per row, and what the file stores them as.

use hdf5::Dataset;
use hdf5::types::{IntSize, TypeDescriptor};

use super::{H5, is_integer, is_number, strings};
use crate::format::error::FormatError;
use crate::spikes::{Column, Kind};

/// Doubles hold every whole number below this one.
const WHOLE: f64 = (1u64 << 53) as f64;

/// A column as it was read, and what it was.
pub(crate) struct Stored {
    pub column: Column,
    /// What it is stored as, where that is neither doubles nor words.
    pub kind: Option<Kind>,
    /// Whether it has whole numbers of which the doubles may be others.
    pub rounded: bool,
}

impl H5<'_> {
    /// A column of a table: numbers or words; nothing if it is of another type or not one entry per row.
    pub fn column(&self, place: &str) -> Result<Option<Column>, FormatError> {
        Ok(self.stored(place)?.map(|stored| stored.column))
    }

    /// The same, with what it is stored as.
    pub fn stored(&self, place: &str) -> Result<Option<Stored>, FormatError> {
        let dataset = self.dataset(place)?;
        self.check(place, &dataset, 8)?;
        let Ok(kind) = dataset.dtype().and_then(|t| t.to_descriptor()) else { return Ok(None) };
        if dataset.ndim() != 1 {
            return Ok(None);
        }
        let of = |column, kind| Stored { column, kind, rounded: false };
        if let Some(names) = strings::enum_names(&kind) {
            let values = dataset.read_raw::<i64>().map_err(|e| self.damaged(place, &e))?;
            let words = values.iter().map(|v| strings::name_of(&names, *v)).collect();
            let flag = matches!(kind, TypeDescriptor::Boolean).then_some(Kind::Flag);
            return Ok(Some(of(Column::Text(words), flag)));
        }
        if is_number(&kind) {
            let values: Vec<f64> = dataset.read_raw().map_err(|e| self.damaged(place, &e))?;
            let rounded = is_wide(&kind) && any_beyond(&values);
            let whole = match kind {
                TypeDescriptor::Unsigned(IntSize::U1) => Some(Kind::Byte),
                _ => is_integer(&kind).then_some(Kind::Integer),
            };
            return Ok(Some(Stored { rounded, ..of(Column::Number(values), whole) }));
        }
        Ok(strings::strings(&dataset, &kind).map(|words| of(Column::Text(words), None)))
    }

    /// Whether values that were read of a dataset are of whole numbers which may be others.
    pub fn has_rounded(&self, dataset: &Dataset, read: &[f64]) -> bool {
        let kind = dataset.dtype().and_then(|t| t.to_descriptor());
        kind.is_ok_and(|kind| is_wide(&kind)) && any_beyond(read)
    }
}

/// Whether there may be integers in it that no double is.
fn is_wide(kind: &TypeDescriptor) -> bool {
    is_integer(kind) && kind.size() == 8
}

fn any_beyond(values: &[f64]) -> bool {
    values.iter().any(|value| value.abs() >= WHOLE)
}
