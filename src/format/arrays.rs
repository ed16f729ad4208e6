//! Numbers of any HDF5 file by their places: for what is no recording, such as a matrix of weights.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::contain;
use super::error::FormatError;
use super::h5::H5;
use crate::units::Factor;

/// What was found at the places that were asked for.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct Arrays {
    groups: Vec<Group>,
    pub(super) arrays: Vec<Array>,
}

/// A group, with the numbers among its attributes.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
struct Group {
    place: String,
    members: Vec<String>,
    attributes: Vec<(String, f64)>,
}

/// A dataset of numbers.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct Array {
    pub(super) place: String,
    /// Its extents; none for a single number.
    pub shape: Vec<usize>,
    /// What its attribute `units`, or `unit`, says; empty if there is none.
    unit: String,
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
                let number = |name: String| h5.attr_number(place, &name).map(|number| (name, number));
                let attributes = h5.attr_names(place).into_iter().filter_map(number).collect();
                found.groups.push(Group { place: place.clone(), members: h5.members(place), attributes });
            } else if h5.is_dataset(place) {
                let numbers = h5.numbers(place)?;
                let unit = ["units", "unit"].iter().find_map(|name| h5.attr_text(place, name)).unwrap_or_default();
                found.arrays.push(Array { place: place.clone(), shape: numbers.shape, unit, numbers: numbers.data });
            } else {
                h5.expect_no_dangling(place)?;
            }
        }
        Ok(found)
    }

    /// The members of a group; none if it is not there.
    pub fn members(&self, place: &str) -> &[String] {
        self.group(place).map_or(&[], |group| &group.members)
    }

    /// Whether there is such a group.
    pub fn has_group(&self, place: &str) -> bool {
        self.group(place).is_some()
    }

    /// An attribute of a group that is a number.
    pub fn attribute(&self, place: &str, name: &str) -> Option<f64> {
        self.group(place)?.attributes.iter().find(|(attribute, _)| attribute == name).map(|(_, number)| *number)
    }

    fn group(&self, place: &str) -> Option<&Group> {
        self.groups.iter().find(|group| group.place == place)
    }

    /// Takes a dataset out, if it is there.
    pub fn take(&mut self, place: &str) -> Option<Array> {
        let index = self.arrays.iter().position(|array| array.place == place)?;
        Some(self.arrays.swap_remove(index))
    }
}

impl Array {
    /// The unit that the file says, if it is one that we know: others (`unknown`, words of other programs) say nothing.
    pub fn unit(&self) -> Option<&str> {
        let unit = self.unit.trim();
        (!unit.is_empty() && Factor::new(unit, unit).is_ok()).then_some(unit)
    }

    /// What the file says in the place of a unit, if that is none that we know.
    pub fn unknown_unit(&self) -> Option<&str> {
        let said = self.unit.trim();
        (!said.is_empty() && self.unit().is_none()).then_some(said)
    }

    /// The numbers in `unit`; where the file says none they are taken to be in it.
    ///
    /// # Errors
    /// If the file says a unit that does not fit.
    pub fn numbers_in(mut self, unit: &str) -> Result<Vec<f64>, String> {
        if let Some(told) = self.unit() {
            let factor = Factor::new(told, unit)
                .map_err(|e| format!("{} is in {told}, as its attribute says: {e}", self.place))?;
            self.numbers.iter_mut().for_each(|number| *number = factor.apply(*number));
        }
        Ok(self.numbers)
    }
}
