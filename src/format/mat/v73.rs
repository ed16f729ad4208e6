//! MATLAB 7.3: HDF5 behind a block of 512 bytes. Extents are stored in reverse, the attribute `MATLAB_class` names
//! the class; cells are references into `/#refs#`, structures groups, or references per field where they are arrays;
//! an empty array holds its extents and the attribute `MATLAB_empty`.

use std::cell::Cell;
use std::ops::Range;
use std::rc::Rc;

use hdf5::{Dataset, Group, Location, ObjectReference1};

use super::value::{HELD, Kept, Numbers, Value, Variable};
use super::{MAX_DEPTH, Workspace};
use crate::format::error::{Fault, FormatError};
use crate::format::h5::{H5, Target, join, parts};

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

/// How a dataset is found again.
#[derive(Clone)]
enum Way {
    /// By the place that messages call it.
    Place,
    Reference(ObjectReference1),
    /// By its name in a group, which may have been reached by a reference.
    Field(Group, String),
}

/// An array that is still in the file.
struct InFile<'f> {
    h5: &'f H5<'f>,
    place: String,
    way: Way,
    len: usize,
}

impl InFile<'_> {
    fn dataset(&self) -> Result<Dataset, FormatError> {
        match &self.way {
            Way::Place => self.h5.dataset(&self.place),
            Way::Field(group, name) => group.dataset(name).map_err(|e| self.h5.damaged(&self.place, &e)),
            Way::Reference(reference) => match self.h5.target(reference) {
                Target::Dataset(dataset) => Ok(dataset),
                _ => Err(self.h5.error(&self.place, Fault::Damaged, "can't be read a second time")),
            },
        }
    }
}

impl Kept for InFile<'_> {
    fn len(&self) -> usize {
        self.len
    }

    fn read(&self, range: Range<usize>) -> Result<Vec<f64>, FormatError> {
        let dataset = self.dataset()?;
        if range == (0..self.len) {
            return Ok(self.h5.numbers_of(&self.place, &dataset)?.data);
        }
        self.h5.slab_of(&self.place, dataset)?.numbers(self.h5, range)
    }

    fn parts(&self) -> Vec<Range<usize>> {
        let slab = self.dataset().and_then(|dataset| self.h5.slab_of(&self.place, dataset));
        // What goes wrong here goes wrong again when it is read.
        slab.map_or_else(|_| parts(0..self.len, self.len).collect(), |slab| slab.parts(0..self.len).collect())
    }
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

    fn value(&self, name: &str) -> Result<Value<'_>, FormatError> {
        let place = join("/", name);
        if self.h5.is_group(&place) {
            let group = self.h5.file.group(&place).map_err(|e| self.h5.damaged(&place, &e))?;
            return self.structure(&place, &group, 0);
        }
        self.dataset(&place, Way::Place, &self.h5.dataset(&place)?, 0)
    }

    fn error(&self, place: &str, fault: Fault, message: String) -> FormatError {
        self.h5.error(place, fault, message)
    }
}

impl File<'_> {
    fn target(&self, place: &str, reference: &ObjectReference1, depth: usize) -> Result<Value<'_>, FormatError> {
        match self.h5.target(reference) {
            Target::Dataset(dataset) => self.dataset(place, Way::Reference(*reference), &dataset, depth),
            Target::Group(group) => self.structure(place, &group, depth),
            Target::Nothing => Ok(Value::Other),
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

    fn dataset(&self, place: &str, way: Way, dataset: &Dataset, depth: usize) -> Result<Value<'_>, FormatError> {
        let object: &Location = dataset;
        let class = self.h5.attr_text_of(object, CLASS).unwrap_or_default();
        let mut extents = dataset.shape();
        extents.reverse();
        if dataset.attr("MATLAB_empty").is_ok() {
            return Ok(match class.as_str() {
                "char" => Value::Text(String::new()),
                "cell" => Value::Cell { extents: vec![0, 0], items: Vec::new() },
                "struct" => Value::Struct(Vec::new()),
                _ => Value::Numbers { extents: vec![0, 0], data: Numbers::default() },
            });
        }
        if self.h5.is_references(dataset) {
            let depth = self.deeper(place, depth, dataset.size())?;
            let references = self.h5.references(place, dataset)?;
            let each =
                |(i, reference): (usize, &ObjectReference1)| self.target(&format!("{place}[{i}]"), reference, depth);
            let items = references.iter().enumerate().map(each).collect::<Result<_, _>>()?;
            return Ok(Value::Cell { extents, items });
        }
        match class.as_str() {
            "char" => {
                let codes = self.h5.numbers_of(place, dataset)?.data;
                let codes: Vec<u16> = codes.into_iter().map(|code| code as u16).collect();
                Ok(Value::Text(String::from_utf16_lossy(&codes)))
            }
            "" | "double" | "single" | "logical" | "int8" | "int16" | "int32" | "int64" | "uint8" | "uint16"
            | "uint32" | "uint64" => match self.numbers(place, way, dataset) {
                Ok(data) => Ok(Value::Numbers { extents, data }),
                Err(error) if error.fault == Fault::WrongType => Ok(Value::Other),
                Err(error) => Err(error),
            },
            _ => Ok(Value::Other),
        }
    }

    fn numbers(&self, place: &str, way: Way, dataset: &Dataset) -> Result<Numbers<'_>, FormatError> {
        let len = dataset.size();
        if len <= HELD {
            return Ok(Numbers::held(self.h5.numbers_of(place, dataset)?.data));
        }
        self.h5.expect_numbers(place, dataset)?;
        Ok(Numbers::Kept(Rc::new(InFile { h5: self.h5, place: place.to_owned(), way, len })))
    }

    /// A group: one record, or as many as its fields have references.
    fn structure(&self, place: &str, group: &Group, depth: usize) -> Result<Value<'_>, FormatError> {
        let depth = self.deeper(place, depth, 1)?;
        let object: &Location = group;
        if object.attr("MATLAB_sparse").is_ok() {
            return Ok(Value::Other);
        }
        let mut names = group.member_names().map_err(|e| self.h5.damaged(place, &e))?;
        names.sort();
        let mut records: Vec<Vec<(String, Value<'_>)>> = Vec::new();
        for name in names {
            let place = join(place, &name);
            let values = if let Ok(dataset) = group.dataset(&name) {
                let whole: &Location = &dataset;
                let way = Way::Field(group.clone(), name.clone());
                // Without a class the references are one value per element, not a cell.
                if self.h5.is_references(&dataset) && self.h5.attr_text_of(whole, CLASS).is_none() {
                    match self.dataset(&place, way, &dataset, depth)? {
                        Value::Cell { items, .. } => items,
                        other => vec![other],
                    }
                } else {
                    vec![self.dataset(&place, way, &dataset, depth)?]
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
