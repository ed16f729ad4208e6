//! Matrices of numbers from CSV, NPY and HDF5, and what a solved array is written to.

use std::fmt::Write;
use std::path::Path;

use memspike::format::{read_arrays, replace_hdf5};
use memspike::units::Factor;
use memspike::{given, npy};

use crate::cli::note::note;

/// A matrix, row by row.
pub struct Matrix {
    pub rows: usize,
    pub columns: usize,
    pub numbers: Vec<f64>,
}

/// Is it the name of a file that [`read`] can read?
pub fn is_file(name: &str) -> bool {
    matches!(extension(Path::new(name)).as_str(), "csv" | "tsv" | "npy" | "h5" | "hdf5")
}

pub fn extension(path: &Path) -> String {
    path.extension().and_then(|e| e.to_str()).unwrap_or("").to_lowercase()
}

/// Reads a matrix: lines of numbers (.csv, .tsv), an array of one or two dimensions (.npy), or such a dataset (.h5).
///
/// Its numbers are in the unit that was `typed`, or that an HDF5 file says itself, or in `unit` already, which they are turned into.
pub fn read(path: &Path, dataset: Option<&str>, typed: Option<&str>, unit: &str) -> Result<Matrix, String> {
    let plain = match extension(path).as_str() {
        "csv" | "tsv" => csv(path),
        "npy" => npy::read(path).and_then(npy::Array::plain).and_then(|array| shaped(&array.shape, array.numbers)),
        "h5" | "hdf5" => return hdf5(path, dataset, typed, unit).map_err(|m| format!("{}: {m}.", path.display())),
        _ => Err("expected a file whose name ends in .csv, .npy or .h5".to_string()),
    };
    let made = plain.and_then(|mut matrix| {
        scale(&mut matrix.numbers, typed.unwrap_or(unit), unit)?;
        Ok(matrix)
    });
    made.map_err(|message| format!("{}: {message}.", path.display()))
}

/// Turns numbers in one unit into those in another one.
fn scale(numbers: &mut [f64], from: &str, to: &str) -> Result<(), String> {
    let factor = Factor::new(from, to).map_err(|e| e.to_string())?;
    numbers.iter_mut().for_each(|x| *x = factor.apply(*x));
    Ok(())
}

fn shaped(shape: &[usize], numbers: Vec<f64>) -> Result<Matrix, String> {
    let (rows, columns) = match *shape {
        [columns] => (1, columns),
        [rows, columns] => (rows, columns),
        _ => return Err(format!("found an array of shape {shape:?}, expected two dimensions")),
    };
    Ok(Matrix { rows, columns, numbers })
}

fn csv(path: &Path) -> Result<Matrix, String> {
    let text = given::string(path).map_err(|e| e.to_string())?;
    let separator = if extension(path) == "tsv" { '\t' } else { ',' };
    let (mut numbers, mut rows, mut columns) = (Vec::new(), 0, 0);
    for (index, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        let before = numbers.len();
        for cell in line.split(separator) {
            let cell = given::unquote(cell);
            let number = cell.parse::<f64>();
            numbers.push(number.map_err(|_| format!("line {}: found \"{cell}\", expected a number", index + 1))?);
        }
        let found = numbers.len() - before;
        if rows > 0 && found != columns {
            return Err(format!("line {}: found {found} numbers, expected {columns} as in the first row", index + 1));
        }
        (rows, columns) = (rows + 1, found);
    }
    if rows == 0 {
        return Err("it is empty, expected one line of numbers for each word line".to_string());
    }
    Ok(Matrix { rows, columns, numbers })
}

fn hdf5(path: &Path, dataset: Option<&str>, typed: Option<&str>, unit: &str) -> Result<Matrix, String> {
    let name = dataset.unwrap_or("conductances");
    let mut found = read_arrays(path, &["/", name]).map_err(|e| match e.place.as_str() {
        "" => e.message,
        place => format!("{place}: {}", e.message),
    })?;
    let array = found.take(name).ok_or_else(|| {
        let names = found.members("/").join(", ");
        format!("there is no dataset {name}; name one with --dataset, at the top there are: {names}")
    })?;
    let shape = array.shape.clone();
    let numbers = match typed {
        None => {
            if let Some(said) = array.unknown_unit() {
                note(format_args!(
                    "{name} is in {said}, as its attribute says, which is no unit: its numbers are taken as {unit}"
                ));
            }
            array.numbers_in(unit)?
        }
        Some(typed) => {
            if let Some(told) = array.unit()
                && !Factor::new(told, typed).is_ok_and(|factor| factor.is_one())
            {
                let message = format!("{name} is in {told}, as its attribute says, but --unit is {typed}");
                return Err(format!("{message}; leave out --unit, or correct the attribute"));
            }
            let mut numbers = array.numbers;
            scale(&mut numbers, typed, unit)?;
            numbers
        }
    };
    shaped(&shape, numbers)
}

/// Lines of comma-separated cells under a header.
pub fn csv_text(header: &[&str], columns: &[Vec<f64>]) -> String {
    let mut text = header.join(",") + "\n";
    for row in 0..columns.first().map_or(0, Vec::len) {
        let cells: Vec<String> = columns.iter().map(|column| column[row].to_string()).collect();
        let _ = writeln!(text, "{}", cells.join(","));
    }
    text
}

/// An npy file of one dimension.
pub fn npy_bytes(numbers: &[f64]) -> Vec<u8> {
    let header = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': ({},), }}", numbers.len());
    // The data start at a multiple of 64.
    let padded = format!("{header:<width$}\n", width = (header.len() + 11).next_multiple_of(64) - 11);
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((padded.len() as u16).to_le_bytes());
    bytes.extend(padded.as_bytes());
    numbers.iter().for_each(|x| bytes.extend(x.to_le_bytes()));
    bytes
}

/// A dataset to write: name, unit, shape, numbers.
pub type Dataset<'a> = (&'a str, &'a str, Vec<usize>, &'a [f64]);

/// Writes an HDF5 file, or none; each dataset carries its unit as an attribute.
pub fn write_h5(path: &Path, datasets: &[Dataset<'_>]) -> Result<(), String> {
    replace_hdf5(path, |file| {
        datasets.iter().try_for_each(|(name, unit, shape, numbers)| {
            let dataset = file.new_dataset::<f64>().shape(shape.clone()).create(*name)?;
            dataset.write_raw(numbers)?;
            let text: hdf5::types::VarLenUnicode = unit.parse().unwrap_or_default();
            dataset.new_attr::<hdf5::types::VarLenUnicode>().create("units")?.write_scalar(&text)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_matrix_is_the_same_from_all_kinds_of_files() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let read = |path: &Path, dataset: Option<&str>| read(path, dataset, None, "S");
        std::fs::write(path("a.csv"), "# S\n1e-6, 2\n\n\"3\",\"4\"\n").unwrap();
        write_h5(&path("a.h5"), &[("g", "S", vec![2, 2], &[1e-6, 2.0, 3.0, 4.0])]).unwrap();
        let numbers = |name: &str| read(&path(name), Some("g")).map(|m| (m.rows, m.columns, m.numbers));
        let expected = Ok((2, 2, vec![1e-6, 2.0, 3.0, 4.0]));
        assert_eq!([numbers("a.csv"), numbers("a.h5")], [expected.clone(), expected]);
        std::fs::write(path("a.npy"), npy_bytes(&[1e-6, 2.0])).unwrap();
        assert_eq!(numbers("a.npy"), Ok((1, 2, vec![1e-6, 2.0])));
        std::fs::write(path("b.csv"), "1,2\n3\n").unwrap();
        assert!(numbers("b.csv").unwrap_err().contains("line 2: found 1 numbers, expected 2"));
        assert!(read(&path("a.h5"), None).err().unwrap().contains("no dataset conductances"));
        assert!(numbers("c.csv").is_err() && numbers("a.txt").unwrap_err().contains(".csv, .npy or .h5"));
    }

    #[test]
    fn the_unit_is_that_of_the_file_or_that_which_was_typed() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        std::fs::write(path("g.csv"), "4\n").unwrap();
        write_h5(&path("g.h5"), &[("g", "uS", vec![1], &[4.0]), ("bare", "", vec![1], &[4.0])]).unwrap();
        let one = |name: &str, dataset: &str, typed: Option<&str>, unit: &str| {
            read(&path(name), Some(dataset), typed, unit).map(|matrix| matrix.numbers[0])
        };
        assert_eq!(one("g.h5", "g", None, "S"), Ok(4e-6));
        assert_eq!(one("g.h5", "g", Some("\u{b5}S"), "S"), Ok(4e-6));
        assert_eq!(one("g.h5", "bare", Some("uS"), "S"), Ok(4e-6));
        assert_eq!(one("g.h5", "bare", None, "S"), Ok(4.0));
        assert_eq!(one("g.csv", "", Some("uS"), "S"), Ok(4e-6));
        let error = one("g.h5", "g", Some("nS"), "S").unwrap_err();
        assert!(error.contains("g.h5: g is in uS, as its attribute says, but --unit is nS"), "{error}");
        let error = one("g.h5", "g", None, "V").unwrap_err();
        assert!(error.contains("g.h5: g is in uS") && error.contains("expected a voltage"), "{error}");
    }
}
