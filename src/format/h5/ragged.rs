//! Rows of different lengths, and references to other objects.

use hdf5::types::{Reference, TypeDescriptor, VarLenArray};
use hdf5::{Dataset, Group, ObjectReference, ObjectReference1, ReferencedObject};

use super::{H5, is_number};
use crate::format::error::{Fault, FormatError};

/// What a reference points at.
pub(crate) enum Target {
    Dataset(Dataset),
    Group(Group),
    /// Nothing, or what can't be opened.
    Nothing,
}

impl H5<'_> {
    /// Whether a dataset holds rows of different lengths.
    pub fn is_ragged(&self, place: &str) -> bool {
        self.is_dataset(place)
            && self.dataset(place).and_then(|d| self.kind_of(place, &d)).is_ok_and(|kind| is_ragged(&kind))
    }

    /// The rows of a one-dimensional dataset of variable-length lists of numbers; empty rows stay.
    pub fn ragged(&self, place: &str) -> Result<Vec<Vec<f64>>, FormatError> {
        let dataset = self.dataset(place)?;
        self.check(place, &dataset, 16)?;
        self.expect(place, &dataset, "lists of numbers of any length", is_ragged)?;
        self.expect_flat(place, &dataset.shape())?;
        let rows = dataset.read_raw::<VarLenArray<f64>>().map_err(|e| self.damaged(place, &e))?;
        Ok(rows.into_iter().map(Vec::from).collect())
    }

    /// Whether a dataset at hand holds references to objects.
    pub fn is_references(&self, dataset: &Dataset) -> bool {
        let kind = dataset.dtype().and_then(|t| t.to_descriptor());
        matches!(kind, Ok(TypeDescriptor::Reference(Reference::Object)))
    }

    /// What the references in a dataset at hand point at, row by row.
    pub fn targets(&self, place: &str, dataset: &Dataset) -> Result<Vec<Target>, FormatError> {
        self.check(place, dataset, 8)?;
        let references = dataset.read_raw::<ObjectReference1>().map_err(|e| self.damaged(place, &e))?;
        Ok(references
            .into_iter()
            .map(|reference| match reference.dereference(self.file) {
                Ok(ReferencedObject::Dataset(dataset)) => Target::Dataset(dataset),
                Ok(ReferencedObject::Group(group)) => Target::Group(group),
                _ => Target::Nothing,
            })
            .collect())
    }

    fn kind_of(&self, place: &str, dataset: &Dataset) -> Result<TypeDescriptor, FormatError> {
        let unusual = |_| self.error(place, Fault::WrongType, "found an unusual type");
        dataset.dtype().and_then(|t| t.to_descriptor()).map_err(unusual)
    }
}

fn is_ragged(kind: &TypeDescriptor) -> bool {
    matches!(kind, TypeDescriptor::VarLenArray(inner) if is_number(inner))
}
