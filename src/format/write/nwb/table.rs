//! DynamicTable: a group of columns that knows their order.

use hdf5::{Dataset, Group, ObjectReference1};

use super::marker::Marker;
use crate::format::h5::list;
use crate::format::result::attributes::{set_list, set_text, stored, write_column, write_list};
use crate::spikes::{Column, Kind, Recording};

/// A table that is being written.
pub(super) struct TableWriter<'a> {
    group: Group,
    place: String,
    marker: &'a Marker,
    columns: Vec<String>,
}

impl<'a> TableWriter<'a> {
    /// Makes the group `name` in `parent`; `place` is its absolute path.
    pub fn new(
        parent: &Group,
        place: &str,
        name: &str,
        marker: &'a Marker,
        kind: &str,
        description: &str,
    ) -> hdf5::Result<TableWriter<'a>> {
        let group = parent.create_group(name)?;
        marker.mark(&group, place, kind)?;
        set_text(&group, "description", description)?;
        Ok(TableWriter { group, place: place.to_owned(), marker, columns: Vec::new() })
    }

    /// A column of numbers.
    pub fn numbers(&mut self, name: &str, description: &str, values: &[f64]) -> hdf5::Result<()> {
        let dataset = write_list(&self.group, name, values)?;
        self.describe(&dataset, name, "VectorData", description)
    }

    /// A column of whole numbers.
    pub fn integers(&mut self, name: &str, description: &str, values: &[i64]) -> hdf5::Result<()> {
        let dataset = write_list(&self.group, name, values)?;
        self.describe(&dataset, name, "VectorData", description)
    }

    /// A column of numbers or words, stored as doubles and texts, or as it was: flags as booleans, whole numbers as integers, if they still are such.
    pub fn column(&mut self, name: &str, description: &str, column: &Column, kind: Option<Kind>) -> hdf5::Result<()> {
        let dataset = match (column, kind) {
            (Column::Number(values), Some(Kind::Byte)) if values.iter().all(|v| f64::from(*v as u8) == *v) => {
                write_list(&self.group, name, &values.iter().map(|v| *v as u8).collect::<Vec<_>>())?
            }
            (Column::Number(values), Some(Kind::Byte | Kind::Integer))
                if values.iter().all(|v| whole(*v).is_some()) =>
            {
                write_list(&self.group, name, &values.iter().map(|v| *v as i64).collect::<Vec<_>>())?
            }
            (Column::Text(words), Some(Kind::Flag)) if words.iter().all(|word| word == "true" || word == "false") => {
                write_list(&self.group, name, &words.iter().map(|word| word == "true").collect::<Vec<_>>())?
            }
            _ => write_column(&self.group, name, column)?,
        };
        self.describe(&dataset, name, "VectorData", description)
    }

    /// A column of a recording, of which it says more: `called` is the table in [`Recording::kinds`]. Its name may be another here.
    pub fn recorded(
        &mut self,
        recording: &Recording,
        called: &str,
        (own, name): (&str, &str),
        column: &Column,
    ) -> hdf5::Result<()> {
        let of = format!("{called}/{own}");
        let said = recording.remark(&format!("{of}/description"));
        let description = said.map_or_else(|| format!("Column of the recording: {own}"), str::to_owned);
        self.column(name, &description, column, recording.kind(&of))
    }

    /// A column of references to objects at these places.
    pub fn references(&mut self, name: &str, description: &str, places: &[String]) -> hdf5::Result<()> {
        let references: hdf5::Result<Vec<ObjectReference1>> = places.iter().map(|p| self.group.reference(p)).collect();
        let dataset = write_list(&self.group, name, &references?)?;
        self.describe(&dataset, name, "VectorData", description)
    }

    /// A column of which each row has a part of `dataset`, written already; `ends` says where each part ends.
    pub fn ragged(
        &mut self,
        dataset: &Dataset,
        name: &str,
        kind: &str,
        description: &str,
        ends: &[u64],
    ) -> hdf5::Result<()> {
        self.describe(dataset, name, kind, description)?;
        let index_name = format!("{name}_index");
        let index = write_list(&self.group, &index_name, ends)?;
        self.marker.mark(&index, &format!("{}/{index_name}", self.place), "VectorIndex")?;
        set_text(&index, "description", &format!("Index for the column {name}"))?;
        let target: ObjectReference1 = self.group.reference(name)?;
        index.new_attr::<ObjectReference1>().create("target")?.write_scalar(&target)
    }

    /// The group, for datasets that are written by hand.
    pub fn group(&self) -> &Group {
        &self.group
    }

    fn describe(&mut self, dataset: &Dataset, name: &str, kind: &str, description: &str) -> hdf5::Result<()> {
        self.marker.mark(dataset, &format!("{}/{name}", self.place), kind)?;
        set_text(dataset, "description", description)?;
        self.columns.push(name.to_owned());
        Ok(())
    }

    /// The ids of the rows, and the order of the columns.
    pub fn finish(self, ids: &[i64]) -> hdf5::Result<()> {
        let dataset = write_list(&self.group, "id", ids)?;
        self.marker.mark(&dataset, &format!("{}/id", self.place), "ElementIdentifiers")?;
        set_list(&self.group, "colnames", &self.columns.iter().map(|name| stored(name)).collect::<Vec<_>>())
    }
}

/// A whole number, as ids are.
pub(super) fn whole(number: f64) -> Option<i64> {
    (number.fract() == 0.0 && number.abs() < 9e15).then_some(number as i64)
}

/// Names that can be links, each once.
pub(super) struct Names {
    taken: Vec<String>,
    /// What got another name, and which.
    changed: Vec<String>,
}

impl Names {
    /// With these taken already.
    pub fn new(taken: &[&str]) -> Names {
        Names { taken: taken.iter().map(|name| (*name).to_owned()).collect(), changed: Vec::new() }
    }

    /// The name itself, or with underscores in place of what can't be in it and behind what is taken.
    pub fn free(&mut self, own: &str) -> String {
        let mut name = own.replace(['/', ':', '\0'], "_");
        while name.is_empty() || name == "." || self.taken.contains(&name) {
            name.push('_');
        }
        if name != own {
            self.changed.push(format!("{own:?} is called {name:?}"));
        }
        self.taken.push(name.clone());
        name
    }

    /// A note of the names that are other ones here, of `what`.
    pub fn told(&self, what: &str) -> Option<String> {
        (!self.changed.is_empty())
            .then(|| format!("names of {what} that NWB can't hold are changed: {}", list(&self.changed)))
    }
}
