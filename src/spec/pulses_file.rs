//! Measured pulses: a table with one row per pulse.

use std::path::Path;

use super::values_file::{column_of, csv_rows, number};
use crate::device::measured::Row;
use crate::units;

/// Which columns hold what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PulseColumns {
    /// Conductance after the pulse.
    pub g: String,
    /// Unit of that column.
    pub unit: String,
    /// Direction of the pulse.
    pub direction: String,
    /// Is it the other one that is written, as of cells that a negative voltage sets?
    pub reverse: bool,
    /// Which device; one device without.
    pub device: Option<String>,
    /// Which run of pulses of a device; one without.
    pub cycle: Option<String>,
}

impl PulseColumns {
    /// Columns by the names that are common, for those that are not given: `g`, `G_uS` or `g [uS]` (whose unit is [`unit_in`] their name),
    /// `direction` or `polarity`, `device` or `cell`, `cycle`.
    ///
    /// # Errors
    /// A file that can't be read, or in which the conductance or the direction has no such name.
    pub fn guess(path: &Path, given: [Option<String>; 5], reverse: bool) -> Result<PulseColumns, String> {
        let wrong = |message: String| format!("{}: {message}", path.display());
        let (header, _) = csv_rows(path).map_err(wrong)?;
        let [g, unit, direction, device, cycle] = given;
        let named = |names: &[&str]| header.iter().find(|h| names.contains(&h.to_lowercase().as_str())).cloned();
        let with_unit = |h: &&String| {
            let (name, unit) = parts(h);
            unit.is_some() && matches!(name.to_lowercase().as_str(), "g" | "conductance")
        };
        let g = g.or_else(|| named(&["g", "conductance"])).or_else(|| header.iter().find(with_unit).cloned());
        let g = g.or_else(|| header.iter().find(|h| h.to_lowercase().starts_with("g_")).cloned());
        let missing = |what: &str, flag: &str| {
            wrong(format!("which column holds {what}? The columns are {}; name one with {flag}", header.join(", ")))
        };
        let g = g.ok_or_else(|| missing("the conductance", "--g"))?;
        let unit = unit.unwrap_or_else(|| unit_in(&g));
        let direction = direction.or_else(|| named(&["direction", "polarity"]));
        let direction = direction.ok_or_else(|| missing("the direction of the pulse", "--direction"))?;
        let device = device.or_else(|| named(&["device", "cell"]));
        let cycle = cycle.or_else(|| named(&["cycle", "run"]));
        Ok(PulseColumns { g, unit, direction, reverse, device, cycle })
    }
}

fn is_unit(text: &str) -> bool {
    !text.is_empty() && units::unit_of(text).is_some_and(|unit| unit.dimension != units::Dimension::NONE)
}

/// The name of a column without the unit that it ends in, and that: what is in brackets, or what follows the last `_` or, as in
/// ISO 80000, `/` if it is a unit.
fn parts(column: &str) -> (&str, Option<&str>) {
    let column = column.trim();
    for (open, close) in [('[', ']'), ('(', ')')] {
        if let Some((name, unit)) = column.strip_suffix(close).and_then(|c| c.rsplit_once(open)) {
            return (name.trim_end().trim_end_matches('_'), Some(unit.trim()));
        }
    }
    for separator in ['_', '/'] {
        if let Some((name, unit)) = column.rsplit_once(separator)
            && is_unit(unit.trim())
        {
            return (name.trim_end(), Some(unit.trim()));
        }
    }
    (column, None)
}

/// The unit of a column of conductances by its name, such as uS of `G_uS` and of `g [uS]`; S where that says none.
pub fn unit_in(column: &str) -> String {
    parts(column).1.unwrap_or("S").to_string()
}

/// The largest conductance that is taken for one \[S\], as of a crossbar's cells.
const MOST: f64 = 1e15;

/// Words for the two directions.
const UP: [&str; 9] = ["up", "set", "potentiation", "ltp", "p", "positive", "+", "1", "+1"];
const DOWN: [&str; 8] = ["down", "reset", "depression", "ltd", "d", "negative", "-", "-1"];

/// Is this a potentiating pulse? A voltage is one if it is positive.
fn direction(cell: &str) -> Option<bool> {
    let word = cell.to_lowercase();
    if UP.contains(&word.as_str()) {
        return Some(true);
    }
    if DOWN.contains(&word.as_str()) {
        return Some(false);
    }
    word.parse().ok().filter(|v: &f64| *v != 0.0 && v.is_finite()).map(|v| v > 0.0)
}

/// Measured pulses, in the order of the file.
#[derive(Clone, Debug)]
pub struct Pulses {
    /// One row per pulse.
    pub rows: Vec<Row>,
    /// The names of the devices, by their number; none without a column that names them.
    pub devices: Vec<String>,
}

/// Reads measured pulses.
///
/// # Errors
/// A file that can't be read, a column that is not there, or a cell that is not what its column holds: with the row.
pub fn read_pulses(path: &Path, columns: &PulseColumns) -> Result<Pulses, String> {
    let wrong = |message: String| format!("{}: {message}", path.display());
    let (header, cells) = csv_rows(path).map_err(wrong)?;
    let place = |name: &str| {
        column_of(&header, name)
            .map_err(wrong)?
            .ok_or_else(|| wrong(format!("there is no column {name}; the columns are {}", header.join(", "))))
    };
    if cells.is_empty() {
        return Err(wrong("found the names of columns, but no rows of pulses; lines end with LF or CR LF".into()));
    }
    let (g, way) = (place(&columns.g)?, place(&columns.direction)?);
    let device = columns.device.as_deref().map(place).transpose()?;
    let cycle = columns.cycle.as_deref().map(place).transpose()?;
    let one = units::parse_quantity(&format!("1 {}", columns.unit)).and_then(|q| q.in_unit("S"));
    let factor = one.map_err(|e| {
        wrong(format!("the unit {} of {}: {e}; `unit` (--unit) says which one it is", columns.unit, columns.g))
    })?;
    let mut names: [Vec<String>; 2] = [Vec::new(), Vec::new()];
    let mut numbered = |kind: usize, cell: &str| {
        let known = &mut names[kind];
        known.iter().position(|n| n == cell).unwrap_or_else(|| {
            known.push(cell.to_string());
            known.len() - 1
        })
    };
    let mut rows = Vec::with_capacity(cells.len());
    for (i, row) in cells.iter().enumerate() {
        // What spreadsheets leave empty where cells were merged is no device of its own.
        for (what, column) in [("device", device), ("cycle", cycle)] {
            if column.is_some_and(|c| row[c].trim().is_empty()) {
                let name = column.map_or("", |c| &header[c]);
                return Err(wrong(format!(
                    "row {}: the {what} in {name} is empty, expected its name in each row",
                    i + 1
                )));
            }
        }
        let value = number(&row[g], i).map_err(wrong)? * factor;
        if !(0.0..=MOST).contains(&value) {
            return Err(wrong(format!(
                "row {}: found a conductance of {} {}, expected from 0 to {MOST:e} S",
                i + 1,
                row[g],
                columns.unit
            )));
        }
        let Some(up) = direction(&row[way]) else {
            let expected = "up or down, set or reset, 1 or -1, or the sign of a voltage";
            // Neither up nor down: at 0 V devices are read.
            let message = match row[way].parse::<f64>() {
                Ok(0.0) => {
                    format!("{expected}; leave rows out that are no pulses, such as reads, and write -1 for down")
                }
                _ => expected.to_string(),
            };
            let (row, found, column) = (i + 1, &row[way], &columns.direction);
            return Err(wrong(format!("row {row}: found the direction \"{found}\" in {column}, expected {message}")));
        };
        rows.push(Row {
            g: value,
            up: up != columns.reverse,
            device: device.map_or(0, |c| numbered(0, &row[c])),
            cycle: cycle.map_or(0, |c| numbered(1, &row[c])),
        });
    }
    let [devices, _] = names;
    Ok(Pulses { rows, devices })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<Row>, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pulses.csv");
        std::fs::write(&path, text).unwrap();
        let columns = PulseColumns {
            g: "G_uS".into(),
            unit: "uS".into(),
            direction: "polarity".into(),
            reverse: false,
            device: Some("cell".into()),
            cycle: Some("cycle".into()),
        };
        read_pulses(&path, &columns).map(|pulses| pulses.rows)
    }

    #[test]
    fn rows_are_read_with_their_units_and_names() {
        let rows = read("cell,cycle,polarity,G_uS\nA7,1,up,5.5\nA7,1,-1.2,4\nB1,2,set,3\n").unwrap();
        assert_eq!(rows[0], Row { g: 5.5e-6, up: true, device: 0, cycle: 0 });
        assert_eq!((rows[1].up, rows[2].up, rows[2].device, rows[2].cycle), (false, true, 1, 1));
    }

    #[test]
    fn a_direction_of_0_is_neither() {
        for zero in ["0", "0.0", "-0", "0e0"] {
            let text = format!("cell,cycle,polarity,G_uS\nA7,1,1.2,5.5\nA7,1,{zero},5.5\nA7,1,-1.2,4\n");
            let error = read(&text).unwrap_err();
            assert!(error.contains(&format!("row 2: found the direction \"{zero}\" in polarity")), "{error}");
            assert!(error.contains("leave rows out that are no pulses, such as reads"), "{error}");
        }
    }

    #[test]
    fn a_wrong_cell_is_named_by_its_row() {
        for (text, what) in [
            ("cell,cycle,polarity,G_uS\n1,1,sideways,5\n", "row 1: found the direction \"sideways\""),
            ("cell,cycle,polarity,G_uS\n1,1,up,-5\n", "row 1: found a conductance of -5"),
            (
                "cell,cycle,polarity,G_uS\n1,1,up,1e300\n",
                "row 1: found a conductance of 1e300 uS, expected from 0 to 1e15 S",
            ),
            ("cell,cycle,polarity,G_uS\n1,1,up,nan\n", "row 1: found a conductance of nan uS"),
            ("cell,cycle,polarity,G_uS\r1,1,up,1\r", "no rows of pulses"),
            ("cell,cycle,polarity,G_uS\n", "no rows of pulses"),
            ("cell,cycle,polarity,G_uS\n1,1,up,x\n", "row 1: found \"x\""),
            ("cell,cycle,polarity,g\n1,1,up,1\n", "no column G_uS"),
            ("cell,cycle,polarity,G_uS\n1,1,up,1\n,1,up,2\n", "row 2: the device in cell is empty"),
            ("cell,cycle,polarity,G_uS\n1,1,up,1\n1, ,up,2\n", "row 2: the cycle in cycle is empty"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(what) && error.contains("pulses.csv"), "{error}");
        }
    }

    #[test]
    fn the_unit_is_that_in_the_name_of_the_column() {
        for (column, name, unit) in [
            ("G_uS", "G", "uS"),
            ("g [uS]", "g", "uS"),
            ("conductance (mS)", "conductance", "mS"),
            ("g_[nS]", "g", "nS"),
            ("G/uS", "G", "uS"),
            ("G / uS", "G", "uS"),
            ("g/g0", "g/g0", "S"),
            ("g", "g", "S"),
            ("g_after", "g_after", "S"),
            ("g_2", "g_2", "S"),
        ] {
            assert_eq!((parts(column).0, unit_in(column).as_str()), (name, unit), "{column}");
        }
    }

    #[test]
    fn columns_are_found_by_the_names_that_are_common() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pulses.csv");
        let guess = |header: &str| {
            std::fs::write(&path, format!("{header}\nup,1\n")).unwrap();
            let columns = PulseColumns::guess(&path, [const { None }; 5], false);
            columns.map(|c| (c.g, c.unit))
        };
        for (column, unit) in
            [("g", "S"), ("G_uS", "uS"), ("g [uS]", "uS"), ("Conductance (nS)", "nS"), ("g_after", "S")]
        {
            assert_eq!(guess(&format!("polarity,{column}")), Ok((column.to_string(), unit.to_string())));
        }
        assert!(guess("polarity,voltage_V").unwrap_err().contains("--g"));
    }

    #[test]
    fn directions_are_turned_where_the_other_one_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pulses.csv");
        std::fs::write(&path, "v,g\n-1.2,1\n1.4,2\n").unwrap();
        let given = [None, None, Some("v".to_string()), None, None];
        for reverse in [false, true] {
            let columns = PulseColumns::guess(&path, given.clone(), reverse).unwrap();
            let rows = read_pulses(&path, &columns).unwrap();
            assert_eq!(rows.rows.iter().map(|r| r.up).collect::<Vec<_>>(), [reverse, !reverse]);
        }
    }
}
