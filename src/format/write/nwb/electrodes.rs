//! Electrodes, their groups and the device that they belong to.

use std::collections::BTreeMap;

use hdf5::File;

use super::marker::Marker;
use super::table::{Names, TableWriter};
use crate::format::result::attributes::set_text;
use crate::spikes::{Column, Recording};

/// Where the table is.
pub(super) const TABLE: &str = "/general/extracellular_ephys/electrodes";

/// Writes the table, if there are electrodes. Returns the row of each unit's electrode, none of a unit without one, if the recording says that.
pub(super) fn write(
    file: &File,
    marker: &Marker,
    recording: &Recording,
    notes: &mut Vec<String>,
) -> hdf5::Result<Option<Vec<Option<usize>>>> {
    let Some(count) = recording.electrodes.first().map(|(_, column)| column.len()).filter(|count| *count > 0) else {
        return Ok(None);
    };
    let column = |name: &str| recording.electrodes.iter().find(|(n, _)| n == name).map(|(_, column)| column);
    let words = |name: &str, otherwise: &str| match column(name) {
        Some(Column::Text(words)) => words.clone(),
        _ => vec![otherwise.to_owned(); count],
    };
    let locations = words("location", "unknown");
    let own = words("group_name", "electrode_group");
    // The table stands among the groups.
    let mut group_names = Names::new(&["electrodes"]);
    let mut called = BTreeMap::<&str, String>::new();
    let name = |own| called.entry(own).or_insert_with(|| group_names.free(own)).clone();
    let groups: Vec<String> = own.iter().map(String::as_str).map(name).collect();
    notes.extend(group_names.told("groups of electrodes"));

    let devices = file.create_group("general/devices")?;
    let device = devices.create_group("array")?;
    marker.mark(&device, "/general/devices/array", "Device")?;
    set_text(&device, "description", "The electrodes of the recording that this file was converted from")?;
    let root = file.create_group("general/extracellular_ephys")?;
    let mut made: Vec<String> = Vec::new();
    for (row, name) in groups.iter().enumerate() {
        if made.contains(name) {
            continue;
        }
        made.push(name.clone());
        let place = format!("/general/extracellular_ephys/{name}");
        let group = root.create_group(name)?;
        marker.mark(&group, &place, "ElectrodeGroup")?;
        let said = |what: &str| recording.remark(&format!("groups/{}/{what}", own[row]));
        let description = said("description").map_or_else(|| format!("Electrodes of the group {name}"), str::to_owned);
        set_text(&group, "description", &description)?;
        set_text(&group, "location", said("location").unwrap_or(&locations[row]))?;
        // Not a hard link: the NWB libraries take that for a second device.
        group.link_soft("/general/devices/array", "device")?;
    }
    let mut table = TableWriter::new(
        &root,
        TABLE,
        "electrodes",
        marker,
        "DynamicTable",
        "The electrodes of the recording, one per row",
    )?;
    let said = |of: &str, otherwise: &str| {
        recording.remark(&format!("electrodes/{of}/description")).unwrap_or(otherwise).to_owned()
    };
    table.column("location", &said("location", "Where the electrode is"), &Column::Text(locations), None)?;
    let places: Vec<String> = groups.iter().map(|name| format!("/general/extracellular_ephys/{name}")).collect();
    table.references("group", "The group that the electrode belongs to", &places)?;
    let description = said("group_name", "Name of the electrode's group");
    table.column("group_name", &description, &Column::Text(groups), None)?;
    let mut names = Names::new(&["id", "location", "group", "group_name"]);
    for (name, column) in &recording.electrodes {
        if !["id", "location", "group", "group_name"].contains(&name.as_str()) {
            table.recorded(recording, "electrodes", (name, &names.free(name)), column)?;
        }
    }
    let ids: Vec<i64> = match column("id") {
        Some(Column::Number(ids)) => ids.iter().map(|id| *id as i64).collect(),
        _ => (0..count as i64).collect(),
    };
    notes.extend(names.told("columns of electrodes"));
    table.finish(&ids)?;
    let row = |id: &f64| match ids.iter().position(|other| *other as f64 == *id) {
        None if id.is_nan() => Some(None),
        row => row.map(Some),
    };
    let of_units = recording.unit_columns.iter().find(|(name, _)| name == "electrode");
    Ok(match of_units {
        Some((_, Column::Number(of))) => {
            of.iter().map(row).collect::<Option<Vec<_>>>().filter(|rows| rows.iter().any(Option::is_some))
        }
        _ => None,
    })
}
