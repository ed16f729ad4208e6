//! What was drawn before a run, written and read: of members of populations, and of the devices of synapses.

use hdf5::Group;
use serde::{Deserialize, Serialize};

use super::attributes::{group, set_text, write_list};
use crate::format::error::{Fault, FormatError};
use crate::format::h5::{H5, join};
use crate::record::{DeviceLayout, DrawnLayout};

/// Columns of a population's members; nothing if there are none.
pub(super) fn write_drawn(place: &Group, columns: &[DrawnLayout]) -> hdf5::Result<()> {
    if columns.is_empty() {
        return Ok(());
    }
    let group = place.create_group("drawn")?;
    columns
        .iter()
        .try_for_each(|drawn| set_text(&*write_list(&group, &drawn.name, &drawn.values)?, "units", &drawn.unit))
}

/// What the devices of a projection differ in: of one device of each synapse a list, of several a table [synapse, device].
pub(super) fn write_devices(root: &Group, devices: &DeviceLayout) -> hdf5::Result<()> {
    let place = group(root, &devices.projection)?.create_group("drawn")?;
    set_text(&place, "source_population", &devices.joins.0)?;
    set_text(&place, "target_population", &devices.joins.1)?;
    write_list(&place, "source_ids", &devices.source_ids)?;
    write_list(&place, "target_ids", &devices.target_ids)?;
    set_text(&*write_list(&place, "delays", &devices.delays_ms)?, "units", "ms")?;
    for column in &devices.columns {
        let dataset = if devices.devices == 1 {
            write_list(&place, &column.name, &column.values)?
        } else {
            let shape = (devices.source_ids.len(), devices.devices);
            let dataset = place.new_dataset::<f64>().shape(shape).create(&column.name[..])?;
            if !column.values.is_empty() {
                dataset.write_raw(&column.values)?;
            }
            dataset
        };
        set_text(&dataset, "units", &column.unit)?;
    }
    Ok(())
}

/// `/projections/<name>/drawn`: in what the devices of a projection differ.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct DrawnDevices {
    /// Projection.
    pub projection: String,
    /// Source of each synapse.
    pub source_ids: Vec<i64>,
    /// Target of each synapse.
    pub target_ids: Vec<i64>,
    /// Devices of a synapse.
    pub devices: usize,
    /// Name, unit, and one number for each device of each synapse, synapse by synapse.
    pub columns: Vec<(String, String, Vec<f64>)>,
}

/// What is no constant of devices there.
const ENDS: [&str; 3] = ["source_ids", "target_ids", "delays"];

/// The names of the constants that are recorded of a projection; none if there are none.
pub(super) fn names(h5: &H5, projection: &str) -> Vec<String> {
    let mut names = h5.members(&join(&join("/projections", projection), "drawn"));
    names.retain(|name| !ENDS.contains(&&name[..]));
    names
}

/// Reads those of a projection; none if there are none.
pub(super) fn read_devices(h5: &H5, projection: String) -> Result<Option<DrawnDevices>, FormatError> {
    let (place, names) = (join(&join("/projections", &projection), "drawn"), names(h5, &projection));
    if names.is_empty() {
        return Ok(None);
    }
    let ids = |name: &str| h5.integers(&join(&place, name));
    let (source_ids, target_ids) = (ids("source_ids")?, ids("target_ids")?);
    let (synapses, mut devices) = (source_ids.len(), None);
    let mut columns = Vec::new();
    for name in names {
        let place = join(&place, &name);
        let numbers = h5.numbers(&place)?;
        let (rows, width) = match numbers.shape[..] {
            [rows] => (rows, 1),
            [rows, width] => (rows, width),
            _ => (0, 0),
        };
        if rows != synapses || target_ids.len() != synapses || *devices.get_or_insert(width) != width {
            let message =
                format!("has the shape {:?}, expected one entry for each device of {synapses} synapses", numbers.shape);
            return Err(h5.error(&place, Fault::Invalid, message));
        }
        let unit = h5.attr_text(&place, "units").unwrap_or_default();
        columns.push((name, unit, numbers.data));
    }
    Ok(Some(DrawnDevices { projection, source_ids, target_ids, devices: devices.unwrap_or(1), columns }))
}
