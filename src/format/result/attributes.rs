//! Attributes, and small datasets that are written at once.

use hdf5::types::VarLenUnicode;
use hdf5::{Group, H5Type, Location, Result};
use serde_json::{Map, Value};

use crate::spikes::Column;

/// How a SONATA population is sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, H5Type)]
#[repr(u8)]
#[allow(non_camel_case_types, dead_code, reason = "SONATA's names, all of which belong to the stored type")]
pub(in crate::format) enum Sorting {
    none = 0,
    by_id = 1,
    by_time = 2,
}

/// Text as HDF5 stores it; a NUL ends it there, so NULs are left out.
pub(in crate::format) fn stored(text: &str) -> VarLenUnicode {
    text.replace('\0', "").parse().unwrap_or_default()
}

fn replace(place: &Location, name: &str) -> Result<()> {
    if place.attr_names()?.iter().any(|n| n == name) { place.delete_attr(name) } else { Ok(()) }
}

/// Sets a text attribute, in place of an earlier one.
pub(in crate::format) fn set_text(place: &Location, name: &str, text: &str) -> Result<()> {
    replace(place, name)?;
    place.new_attr::<VarLenUnicode>().create(name)?.write_scalar(&stored(text))
}

/// Sets a scalar attribute, in place of an earlier one.
pub(in crate::format) fn set<T: H5Type>(place: &Location, name: &str, value: &T) -> Result<()> {
    replace(place, name)?;
    place.new_attr::<T>().create(name)?.write_scalar(value)
}

/// Sets a list attribute, in place of an earlier one.
pub(in crate::format) fn set_list<T: H5Type>(place: &Location, name: &str, values: &[T]) -> Result<()> {
    replace(place, name)?;
    place.new_attr::<T>().shape(values.len()).create(name)?.write_raw(values)
}

/// A text attribute; None if it is not there, or no text as we write it.
pub(super) fn text(place: &Location, name: &str) -> Option<String> {
    let text = place.attr(name).ok()?.read_scalar::<VarLenUnicode>().ok()?;
    // What others wrote need not be UTF-8.
    Some(String::from_utf8_lossy(text.as_bytes()).into_owned())
}

/// A scalar attribute; None if it is not there, or of another kind.
pub(super) fn number<T: H5Type>(place: &Location, name: &str) -> Option<T> {
    place.attr(name).ok()?.read_scalar().ok()
}

/// Sets one attribute per figure; nested figures become JSON text, null becomes NaN.
pub(super) fn set_figures(place: &Location, figures: &Map<String, Value>) -> Result<()> {
    for (name, value) in figures {
        match value {
            Value::Null => set(place, name, &f64::NAN)?,
            Value::Bool(value) => set(place, name, value)?,
            Value::Number(number) => match (number.as_u64(), number.as_i64()) {
                (Some(value), _) => set(place, name, &value)?,
                (None, Some(value)) => set(place, name, &value)?,
                _ => set(place, name, &number.as_f64().unwrap_or(f64::NAN))?,
            },
            Value::String(text) => set_text(place, name, text)?,
            nested => set_text(place, name, &nested.to_string())?,
        }
    }
    Ok(())
}

/// Writes a list as a dataset.
pub(in crate::format) fn write_list<T: H5Type>(group: &Group, name: &str, values: &[T]) -> Result<hdf5::Dataset> {
    let dataset = group.new_dataset::<T>().shape(values.len()).create(name)?;
    if !values.is_empty() {
        dataset.write_raw(values)?;
    }
    Ok(dataset)
}

/// Writes a column of numbers or words as a dataset.
pub(in crate::format) fn write_column(group: &Group, name: &str, column: &Column) -> Result<hdf5::Dataset> {
    match column {
        Column::Number(values) => write_list(group, name, values),
        Column::Text(values) => write_list(group, name, &values.iter().map(|text| stored(text)).collect::<Vec<_>>()),
    }
}

/// The group of this name, made if it isn't there.
pub(in crate::format) fn group(parent: &Group, name: &str) -> Result<Group> {
    if parent.link_exists(name) { parent.group(name) } else { parent.create_group(name) }
}
