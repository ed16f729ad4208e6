//! Rows of different lengths, and references to other objects.

use std::ops::Range;

use hdf5::types::{Reference, TypeDescriptor, VarLenArray};
use hdf5::{Dataset, Group, ObjectReference, ObjectReference1, ReferencedObject};

use super::{H5, is_number};
use crate::format::error::{Fault, FormatError};

/// An open column of variable-length lists of numbers.
pub(crate) struct Ragged {
    place: String,
    dataset: Dataset,
    /// How many lists there are.
    pub rows: usize,
}

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

    /// A one-dimensional dataset of variable-length lists of numbers, of which nothing is read yet.
    pub fn ragged(&self, place: &str) -> Result<Ragged, FormatError> {
        let dataset = self.dataset(place)?;
        self.check(place, &dataset, 16)?;
        self.expect(place, &dataset, "lists of numbers of any length", is_ragged)?;
        self.expect_flat(place, &dataset.shape())?;
        Ok(Ragged { place: place.to_owned(), rows: dataset.size(), dataset })
    }

    /// Whether a dataset at hand holds references to objects.
    pub fn is_references(&self, dataset: &Dataset) -> bool {
        let kind = dataset.dtype().and_then(|t| t.to_descriptor());
        matches!(kind, Ok(TypeDescriptor::Reference(Reference::Object)))
    }

    /// The references in a dataset at hand, row by row.
    pub fn references(&self, place: &str, dataset: &Dataset) -> Result<Vec<ObjectReference1>, FormatError> {
        self.check(place, dataset, 8)?;
        dataset.read_raw::<ObjectReference1>().map_err(|e| self.damaged(place, &e))
    }

    /// What a reference points at.
    pub fn target(&self, reference: &ObjectReference1) -> Target {
        match reference.dereference(self.file) {
            Ok(ReferencedObject::Dataset(dataset)) => Target::Dataset(dataset),
            Ok(ReferencedObject::Group(group)) => Target::Group(group),
            _ => Target::Nothing,
        }
    }

    fn kind_of(&self, place: &str, dataset: &Dataset) -> Result<TypeDescriptor, FormatError> {
        let unusual = |_| self.error(place, Fault::WrongType, "found an unusual type");
        dataset.dtype().and_then(|t| t.to_descriptor()).map_err(unusual)
    }
}

impl Ragged {
    /// Some of the lists; empty ones stay.
    pub fn lists(&self, h5: &H5, rows: Range<usize>) -> Result<Vec<Vec<f64>>, FormatError> {
        let lists = self.dataset.read_slice_1d::<VarLenArray<f64>, _>(rows);
        Ok(lists.map_err(|e| h5.damaged(&self.place, &e))?.into_iter().map(Vec::from).collect())
    }
}

fn is_ragged(kind: &TypeDescriptor) -> bool {
    matches!(kind, TypeDescriptor::VarLenArray(inner) if is_number(inner))
}
