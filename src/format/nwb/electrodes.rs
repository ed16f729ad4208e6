//! The table of electrodes, and which of them a unit was recorded with.

use super::Table;
use crate::format::error::{Fault, FormatError};
use crate::format::h5::{H5, join, list};
use crate::spikes::{Column, Recording};

const PARENT: &str = "/general/extracellular_ephys";
const TABLE: &str = "/general/extracellular_ephys/electrodes";
const REGION: &str = "/units/electrodes";

/// Reads the table. Its columns (`location`, `group_name`, `x`, ..) become columns of the units too, where the file says which
/// electrodes a unit has: those of the unit's first one, which is also its column `electrode`.
pub(super) fn read(h5: &H5, recording: &mut Recording) -> Result<(), FormatError> {
    groups(h5, recording);
    let ids = join(TABLE, "id");
    if !h5.is_dataset(&ids) {
        return Ok(());
    }
    let count = h5.shape(&ids)?.iter().product();
    let mut table = Table::new(h5, TABLE, "electrodes");
    for name in h5.members(TABLE) {
        if let Some(column) = table.column(&name, count, recording)? {
            recording.electrodes.push((name, column));
        }
    }
    table.tell(recording);
    if !h5.is_dataset(REGION) || !h5.is_dataset("/units/spike_times") {
        return Ok(());
    }
    let (firsts, several) = firsts(h5, recording.spikes.unit_ids.len(), count)?;
    if several > 0 {
        let units = if several == 1 { "unit has" } else { "units have" };
        recording.notes.push(format!("{several} {units} several electrodes, of which the first is kept"));
    }
    for (name, column) in &recording.electrodes {
        let name = if name == "id" { "electrode" } else { name };
        if recording.unit_columns.iter().all(|column| column.0 != name) {
            recording.unit_columns.push((name.to_owned(), of_units(column, &firsts)));
            let kind = recording.kind(&format!("electrodes/{name}"));
            recording.kinds.extend(kind.map(|kind| (format!("units/{name}"), kind)));
        }
    }
    Ok(())
}

/// What is said of the groups of electrodes.
fn groups(h5: &H5, recording: &mut Recording) {
    for name in h5.members(PARENT) {
        let place = join(PARENT, &name);
        if h5.is_group(&place) && place != TABLE {
            let called = format!("groups/{name}");
            for text in ["description", "location"] {
                super::remark(h5, &place, text, &called, recording);
            }
        }
    }
    let devices = h5.members("/general/devices");
    if !devices.is_empty() && devices != ["array"] {
        recording.remarks.push(("devices".to_owned(), list(&devices)));
    }
}

/// The row of each unit's first electrode, nothing for a unit without; and how many units have further ones.
fn firsts(h5: &H5, units: usize, electrodes: usize) -> Result<(Vec<Option<usize>>, usize), FormatError> {
    let region = h5.integers(REGION)?;
    if let Some(bad) = region.iter().position(|row| !(0..electrodes as i64).contains(row)) {
        let message = format!("entry {bad} is {}, beyond the {electrodes} rows of {TABLE}", region[bad]);
        return Err(h5.error(REGION, Fault::Invalid, message));
    }
    let index = join("/units", "electrodes_index");
    // Without an index every unit has one electrode.
    let ends = if h5.is_dataset(&index) || units != region.len() {
        super::units::ends(h5, "electrodes", region.len(), units)?
    } else {
        (1..=units).collect()
    };
    let (mut from, mut several) = (0, 0);
    let first = |to: usize| {
        several += usize::from(from + 1 < to);
        let first = (from < to).then(|| region[from] as usize);
        from = to;
        first
    };
    let firsts = ends.into_iter().map(first).collect();
    Ok((firsts, several))
}

fn of_units(column: &Column, firsts: &[Option<usize>]) -> Column {
    match column {
        Column::Number(values) => {
            Column::Number(firsts.iter().map(|row| row.map_or(f64::NAN, |row| values[row])).collect())
        }
        Column::Text(values) => {
            Column::Text(firsts.iter().map(|row| row.map_or(String::new(), |row| values[row].clone())).collect())
        }
    }
}
