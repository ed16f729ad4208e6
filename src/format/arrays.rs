//! Numbers of any HDF5 file by their places: for what is no recording, such as a matrix of weights.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::contain;
use super::error::FormatError;
use super::h5::H5;

/// What was found at the places that were asked for.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct Arrays {
    groups: Vec<(String, Vec<String>)>,
    pub(super) arrays: Vec<Array>,
}

/// A dataset of numbers.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct Array {
    pub(super) place: String,
    /// Its extents; none for a single number.
    pub shape: Vec<usize>,
    /// Its numbers, in the order of storage.
    pub numbers: Vec<f64>,
}

/// Reads datasets of numbers, and names of the members of groups, in a process of its own if one was [installed](contain).
///
/// # Errors
/// If the file can't be read as HDF5, or a dataset that is asked for holds no numbers.
pub fn read_arrays(path: &Path, places: &[&str]) -> Result<Arrays, FormatError> {
    contain::ask(path, &places.iter().map(|place| (*place).to_owned()).collect())
}

impl Arrays {
    /// Reads them from an open file; places where nothing is are left out.
    pub(super) fn read(h5: &H5, places: &[String]) -> Result<Arrays, FormatError> {
        let mut found = Arrays::default();
        for place in places {
            if h5.is_group(place) {
                found.groups.push((place.clone(), h5.members(place)));
            } else if h5.is_dataset(place) {
                let numbers = h5.numbers(place)?;
                found.arrays.push(Array { place: place.clone(), shape: numbers.shape, numbers: numbers.data });
            }
        }
        Ok(found)
    }

    /// The members of a group; none if it is not there.
    pub fn members(&self, place: &str) -> &[String] {
        self.groups.iter().find(|(group, _)| group == place).map_or(&[], |(_, members)| members)
    }

    /// Whether there is such a group.
    pub fn has_group(&self, place: &str) -> bool {
        self.groups.iter().any(|(group, _)| group == place)
    }

    /// Takes a dataset out, if it is there.
    pub fn take(&mut self, place: &str) -> Option<Array> {
        let index = self.arrays.iter().position(|array| array.place == place)?;
        Some(self.arrays.swap_remove(index))
    }
}
