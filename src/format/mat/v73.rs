//! MATLAB 7.3: HDF5 behind a block of 512 bytes. Extents are stored in reverse, the attribute `MATLAB_class` names
//! the class; cells are references into `/#refs#`, structures groups, or references per field where they are arrays;
//! an empty array holds its extents and the attribute `MATLAB_empty`.

use std::cell::Cell;

use hdf5::{Dataset, Group, Location};

use super::value::{Value, Variable};
use super::{MAX_DEPTH, Workspace};
use crate::format::error::{Fault, FormatError};
use crate::format::h5::{H5, Target, join};

const CLASS: &str = "MATLAB_class";
/// So many objects are followed within one file.
const MAX_OBJECTS: usize = 4_000_000;

/// Whether a variable has a class.
pub(super) fn recognise(h5: &H5) -> bool {
    h5.members("/").iter().any(|name| h5.attr_text(&join("/", name), CLASS).is_some())
}

/// An open file with the list of its variables.
pub(super) struct File<'a> {
    h5: &'a H5<'a>,
    variables: Vec<Variable>,
    /// Objects that may still be followed: references may form cycles.
    budget: Cell<usize>,
}

/// Lists the variables.
pub(super) fn open<'a>(h5: &'a H5<'a>) -> File<'a> {
    let names = h5.members("/").into_iter().filter(|name| !name.starts_with('#'));
    let variable = |name: String| {
        let place = join("/", &name);
        let class = h5.attr_text(&place, CLASS).unwrap_or_default();
        let mut extents = if h5.is_dataset(&place) { h5.shape(&place).unwrap_or_default() } else { vec![1, 1] };
        extents.reverse();
        Variable { name, class, extents }
    };
    File { h5, variables: names.map(variable).collect(), budget: Cell::new(MAX_OBJECTS) }
}

impl Workspace for File<'_> {
    fn variables(&self) -> &[Variable] {
        &self.variables
    }

    fn value(&self, name: &str) -> Result<Value, FormatError> {
        let place = join("/", name);
        if self.h5.is_group(&place) {
            let group = self.h5.file.group(&place).map_err(|e| self.h5.damaged(&place, &e))?;
            return self.structure(&place, &group, 0);
        }
        self.dataset(&place, &self.h5.dataset(&place)?, 0)
    }

    fn error(&self, place: &str, fault: Fault, message: String) -> FormatError {
        self.h5.error(place, fault, message)
    }
}

impl File<'_> {
    fn target(&self, place: &str, target: &Target, depth: usize) -> Result<Value, FormatError> {
        match target {
            Target::Dataset(dataset) => self.dataset(place, dataset, depth),
            Target::Group(group) => self.structure(place, group, depth),
            Target::Nothing => Ok(Value::Other("reference to nothing".to_owned())),
        }
    }

    /// One level further in, to so many objects.
    fn deeper(&self, place: &str, depth: usize, objects: usize) -> Result<usize, FormatError> {
        let left = self.budget.get().checked_sub(objects);
        self.budget.set(left.unwrap_or(0));
        if left.is_none() {
            let message = format!("leads to more than {MAX_OBJECTS} objects; the file is damaged or refers to itself");
            return Err(self.h5.error(place, Fault::TooLarge, message));
        }
        if depth < MAX_DEPTH {
            return Ok(depth + 1);
        }
        let message = format!("is nested deeper than {MAX_DEPTH} levels; the file is damaged");
        Err(self.h5.error(place, Fault::TooLarge, message))
    }

    fn dataset(&self, place: &str, dataset: &Dataset, depth: usize) -> Result<Value, FormatError> {
        let object: &Location = dataset;
        let class = self.h5.attr_text_of(object, CLASS).unwrap_or_default();
        let mut extents = dataset.shape();
        extents.reverse();
        if dataset.attr("MATLAB_empty").is_ok() {
            return Ok(match class.as_str() {
                "char" => Value::Text(String::new()),
                "cell" => Value::Cell { extents: vec![0, 0], items: Vec::new() },
                "struct" => Value::Struct(Vec::new()),
                _ => Value::Numbers { extents: vec![0, 0], data: Vec::new() },
            });
        }
        if self.h5.is_references(dataset) {
            let depth = self.deeper(place, depth, dataset.size())?;
            let targets = self.h5.targets(place, dataset)?;
            let each = |(i, target): (usize, &Target)| self.target(&format!("{place}[{i}]"), target, depth);
            let items = targets.iter().enumerate().map(each).collect::<Result<_, _>>()?;
            return Ok(Value::Cell { extents, items });
        }
        match class.as_str() {
            "char" => {
                let codes = self.h5.numbers_of(place, dataset)?.data;
                let codes: Vec<u16> = codes.into_iter().map(|code| code as u16).collect();
                Ok(Value::Text(String::from_utf16_lossy(&codes)))
            }
            "" | "double" | "single" | "logical" | "int8" | "int16" | "int32" | "int64" | "uint8" | "uint16"
            | "uint32" | "uint64" => match self.h5.numbers_of(place, dataset) {
                Ok(numbers) => Ok(Value::Numbers { extents, data: numbers.data }),
                Err(error) if error.fault == Fault::WrongType => Ok(Value::Other(class)),
                Err(error) => Err(error),
            },
            _ => Ok(Value::Other(class)),
        }
    }

    /// A group: one record, or as many as its fields have references.
    fn structure(&self, place: &str, group: &Group, depth: usize) -> Result<Value, FormatError> {
        let depth = self.deeper(place, depth, 1)?;
        let object: &Location = group;
        if object.attr("MATLAB_sparse").is_ok() {
            return Ok(Value::Other("sparse".to_owned()));
        }
        let mut names = group.member_names().map_err(|e| self.h5.damaged(place, &e))?;
        names.sort();
        let mut records: Vec<Vec<(String, Value)>> = Vec::new();
        for name in names {
            let place = join(place, &name);
            let values = if let Ok(dataset) = group.dataset(&name) {
                let whole: &Location = &dataset;
                // Without a class the references are one value per element, not a cell.
                if self.h5.is_references(&dataset) && self.h5.attr_text_of(whole, CLASS).is_none() {
                    match self.dataset(&place, &dataset, depth)? {
                        Value::Cell { items, .. } => items,
                        other => vec![other],
                    }
                } else {
                    vec![self.dataset(&place, &dataset, depth)?]
                }
            } else if let Ok(inner) = group.group(&name) {
                vec![self.structure(&place, &inner, depth)?]
            } else {
                continue;
            };
            records.resize_with(records.len().max(values.len()), Vec::new);
            for (record, value) in records.iter_mut().zip(values) {
                record.push((name.clone(), value));
            }
        }
        Ok(Value::Struct(records))
    }
}
