//! Measured pulses: a table with one row per pulse.

use std::path::Path;

use super::values_file::{csv_rows, number};
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
    /// Which device; one device without.
    pub device: Option<String>,
    /// Which run of pulses of a device; one without.
    pub cycle: Option<String>,
}

impl PulseColumns {
    /// Columns by the names that are common, for those that are not given: `g` or `G_uS` (with its unit), `direction` or `polarity`,
    /// `device` or `cell`, `cycle`.
    ///
    /// # Errors
    /// A file that can't be read, or in which the conductance or the direction has no such name.
    pub fn guess(path: &Path, given: [Option<String>; 5]) -> Result<PulseColumns, String> {
        let wrong = |message: String| format!("{}: {message}", path.display());
        let (header, _) = csv_rows(path).map_err(wrong)?;
        let [g, unit, direction, device, cycle] = given;
        let named = |names: &[&str]| header.iter().find(|h| names.contains(&h.to_lowercase().as_str())).cloned();
        let suffix = |h: &String| h.to_lowercase().starts_with("g_").then(|| h[2..].to_string());
        let g =
            g.or_else(|| named(&["g", "conductance"])).or_else(|| header.iter().find(|h| suffix(h).is_some()).cloned());
        let missing = |what: &str, flag: &str| {
            wrong(format!("which column holds {what}? The columns are {}; name one with {flag}", header.join(", ")))
        };
        let g = g.ok_or_else(|| missing("the conductance", "--g"))?;
        let unit = unit.or_else(|| suffix(&g)).unwrap_or_else(|| "S".to_string());
        let direction = direction.or_else(|| named(&["direction", "polarity"]));
        let direction = direction.ok_or_else(|| missing("the direction of the pulse", "--direction"))?;
        let device = device.or_else(|| named(&["device", "cell"]));
        let cycle = cycle.or_else(|| named(&["cycle", "run"]));
        Ok(PulseColumns { g, unit, direction, device, cycle })
    }
}

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

/// Reads measured pulses, in the order of the file.
///
/// # Errors
/// A file that can't be read, a column that is not there, or a cell that is not what its column holds: with the row.
pub fn read_pulses(path: &Path, columns: &PulseColumns) -> Result<Vec<Row>, String> {
    let wrong = |message: String| format!("{}: {message}", path.display());
    let (header, cells) = csv_rows(path).map_err(wrong)?;
    let place = |name: &str| {
        header
            .iter()
            .position(|h| h == name)
            .ok_or_else(|| wrong(format!("there is no column {name}; the columns are {}", header.join(", "))))
    };
    let (g, way) = (place(&columns.g)?, place(&columns.direction)?);
    let device = columns.device.as_deref().map(place).transpose()?;
    let cycle = columns.cycle.as_deref().map(place).transpose()?;
    let one = units::parse_quantity(&format!("1 {}", columns.unit)).and_then(|q| q.in_unit("S"));
    let factor = one.map_err(|e| wrong(format!("the unit {} of {}: {e}", columns.unit, columns.g)))?;
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
        if !(value >= 0.0 && value.is_finite()) {
            return Err(wrong(format!(
                "row {}: found a conductance of {} {}, expected 0 or more",
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
            up,
            device: device.map_or(0, |c| numbered(0, &row[c])),
            cycle: cycle.map_or(0, |c| numbered(1, &row[c])),
        });
    }
    Ok(rows)
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
            device: Some("cell".into()),
            cycle: Some("cycle".into()),
        };
        read_pulses(&path, &columns)
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
            ("cell,cycle,polarity,G_uS\n1,1,up,x\n", "row 1: found \"x\""),
            ("cell,cycle,polarity,g\n1,1,up,1\n", "no column G_uS"),
            ("cell,cycle,polarity,G_uS\n1,1,up,1\n,1,up,2\n", "row 2: the device in cell is empty"),
            ("cell,cycle,polarity,G_uS\n1,1,up,1\n1, ,up,2\n", "row 2: the cycle in cycle is empty"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(what) && error.contains("pulses.csv"), "{error}");
        }
    }
}
