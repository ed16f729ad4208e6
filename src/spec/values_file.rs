//! Values from files: npy, csv, HDF5.

use std::path::Path;

use super::error::ModelError;
use super::scope::Scope;
use super::tables::VALUES_FILE;
use super::tree::{Node, Table};
use super::values::{Form, Told, unit_factor};
use crate::format::{Array, Arrays, Fault, read_arrays};
use crate::units::Factor;
use crate::value::Value;
use crate::{given, npy};

/// Reads `{ file = "w.npy", unit = "pA" }`.
pub(crate) fn read(scope: &Scope, table: &Table, node: &Node, form: Form<'_>) -> Result<Value, ModelError> {
    let path = scope.path(node)?;
    let extension = path.extension().and_then(|e| e.to_str()).unwrap_or("").to_lowercase();
    let (place, without): (Option<&str>, &[&str]) = match extension.as_str() {
        "npy" => (None, &["column", "dataset"]),
        "csv" | "tsv" => (Some("column"), &["dataset"]),
        "h5" | "hdf5" | "nwb" => (Some("dataset"), &["column"]),
        _ => return Err(node.at.error("expected a file whose name ends in .npy, .csv or .h5")),
    };
    VALUES_FILE.check_without(table, without, VALUES_FILE.of)?;
    let wrong = |message: String| node.at.error(format!("{}: {message}", path.display()));
    let factor = |told: Option<Told<'_>>| unit_factor(scope, table, node, form, told);
    let (numbers, factor) = match place {
        None => (npy::read(&path).and_then(npy::Array::single).map_err(wrong)?, factor(None)?),
        Some(key) => {
            let Some(entry) = table.get(key) else { return Err(node.at.error(format!("`{key}` is missing"))) };
            let name = scope.text(entry, "a name")?;
            let wrong = |message: String| entry.at.error(format!("{}: {message}", path.display()));
            let place = format!("{}: {name}", path.display());
            if key == "column" {
                let numbers = csv_column(&path, &name).map_err(wrong)?;
                let told = unit_in_brackets(&name).map(|unit| Told { unit, place: &place, by: "its name" });
                (numbers, factor(told)?)
            } else {
                let array = dataset(&path, &name).map_err(wrong)?;
                let told = array.unit().map(|unit| Told { unit, place: &place, by: "its attribute" });
                let unknown = array
                    .unknown_unit()
                    .map(|unit| format!("{place}: its attribute says the unit {unit:?}, which is none"));
                let factor = match (unknown, table.get("unit")) {
                    (Some(unknown), None) => {
                        return Err(entry.at.error(unknown).help(format!("write unit = \"{}\" beside it", form.unit)));
                    }
                    (Some(unknown), Some(_)) => {
                        scope.tell(format!("{unknown}; `unit` of the model is taken"));
                        factor(told)?
                    }
                    _ => factor(told)?,
                };
                (array.numbers, factor)
            }
        }
    };
    if let Some(i) = numbers.iter().position(|x| !x.is_finite()) {
        let message = format!("value {} of {} is {}, expected a finite number", i + 1, numbers.len(), numbers[i]);
        return Err(wrong(message));
    }
    Ok(Value::List(numbers.into_iter().map(|x| factor.apply(x)).collect()))
}

/// The unit in brackets at the end of a column's name, if it is one. What follows `_` may be a part of the name: `tau_s` is that of a synapse.
fn unit_in_brackets(column: &str) -> Option<&str> {
    let within =
        |open, close| column.trim_end().strip_suffix(close)?.rsplit_once(open).map(|(_, unit): (_, &str)| unit.trim());
    within('[', ']').or_else(|| within('(', ')')).filter(|unit| Factor::new(unit, unit).is_ok() && !unit.is_empty())
}

/// The rows of a csv file under its header.
pub(crate) fn csv_rows(path: &Path) -> Result<(Vec<String>, Vec<Vec<String>>), String> {
    let text = given::string(path).map_err(|e| missing(&e))?;
    let separator = if path.extension().is_some_and(|e| e == "tsv") { '\t' } else { ',' };
    let cells = |line: &str| line.split(separator).map(|cell| given::unquote(cell).to_string()).collect::<Vec<_>>();
    let mut lines = text.lines().filter(|l| !l.trim().is_empty() && !l.starts_with('#'));
    let header =
        cells(lines.next().ok_or("the file is empty; expected a line of column names")?.trim_start_matches('\u{feff}'));
    let rows: Vec<Vec<String>> = lines.map(cells).collect();
    if let Some(i) = rows.iter().position(|row| row.len() != header.len()) {
        return Err(format!("row {} has {} cells, the header {}", i + 1, rows[i].len(), header.len()));
    }
    Ok((header, rows))
}

/// The place of the column of this name, if there is one.
///
/// # Errors
/// If there are several.
pub(crate) fn column_of<T: AsRef<str>>(header: &[T], name: &str) -> Result<Option<usize>, String> {
    let mut places = header.iter().enumerate().filter(|(_, column)| column.as_ref() == name).map(|(place, _)| place);
    match (places.next(), places.count()) {
        (_, more @ 1..) => Err(format!("{} columns are called {name}; expected one", more + 1)),
        (place, _) => Ok(place),
    }
}

fn csv_column(path: &Path, name: &str) -> Result<Vec<f64>, String> {
    let (header, rows) = csv_rows(path)?;
    let Some(column) = column_of(&header, name)? else {
        return Err(format!("there is no column {name}; the columns are {}", header.join(", ")));
    };
    rows.iter().enumerate().map(|(i, row)| number(&row[column], i)).collect()
}

/// A cell as a number.
pub(crate) fn number(cell: &str, row: usize) -> Result<f64, String> {
    cell.parse().map_err(|_| format!("row {}: found \"{cell}\", expected a number", row + 1))
}

fn dataset(path: &Path, name: &str) -> Result<Array, String> {
    let array = arrays(path, &[name])?.take(name).ok_or_else(|| format!("there is no dataset {name}"))?;
    if array.shape.iter().filter(|length| **length != 1).count() > 1 {
        return Err(format!("{name} has the shape {:?}, expected one dimension of numbers", array.shape));
    }
    Ok(array)
}

/// What an HDF5 file has at some places.
pub(crate) fn arrays(path: &Path, places: &[&str]) -> Result<Arrays, String> {
    std::fs::metadata(path).map_err(|e| missing(&e))?;
    read_arrays(path, places).map_err(|e| match (e.fault, e.place.as_str()) {
        (Fault::NotHdf5, _) => "this is not an HDF5 file".to_string(),
        (_, "") => e.message,
        (_, place) => format!("{place}: {}", e.message),
    })
}

/// Why a file can't be opened.
pub(crate) fn missing(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file".to_string(),
        _ => format!("can't be read: {error}"),
    }
}
