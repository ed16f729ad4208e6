//! Devices by themselves: the sets that ship in the program, and those of a file, read as a model reads them.

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use super::error::{COMMAND_LINE, ModelError, Source};
use super::layers;
use super::models;
use super::parameters;
use super::pulses_file::{PulseColumns, read_pulses, unit_in};
use super::scope::Scope;
use super::sets::{Resolved, Sets};
use super::tree::{Entry, Kind, Node, Table};
use crate::device::measured::{Measured, said, set_apart};
use crate::device::physical::waveform;
use crate::device::{DeviceModel, DeviceSpec, presets};

static SHIPPED: LazyLock<Table> = LazyLock::new(|| {
    let source =
        Source { name: "presets.toml (built in)".to_string(), text: presets::TOML.to_string(), folder: PathBuf::new() };
    let root = layers::read_source(&Arc::new(source)).ok();
    root.as_ref().and_then(|root| root.table()?.get("device")?.table().cloned()).unwrap_or_default()
});

/// The device sets that ship.
pub(crate) fn shipped() -> &'static Table {
    &SHIPPED
}

/// The names of the device sets that ship, in the order of their file, each with the model that it builds on.
pub fn device_presets() -> Vec<(&'static str, DeviceModel)> {
    let model = |node: &Node| sets(None).resolve(node).ok().map(|set| DeviceModel::ALL[set.model]);
    SHIPPED.entries.iter().filter_map(|e| Some((e.key.as_str(), model(&e.node)?))).collect()
}

/// The device models with the sets that ship and those of a model.
pub(crate) fn sets(own: Option<&Table>) -> Sets<'_> {
    Sets {
        kind: "device",
        what: "device model",
        models: DeviceModel::ALL.map(|m| m.describe().name).to_vec(),
        sets: own,
        shipped: Some(shipped()),
        used: Default::default(),
    }
}

/// Reads a device: a name, or a name with changes.
pub(crate) fn read(scope: &Scope, sets: &Sets<'_>, node: &Node) -> Result<DeviceSpec, ModelError> {
    let mut set = sets.resolve(node)?;
    let device = DeviceModel::ALL[set.model];
    let measured = (device == DeviceModel::Table).then(|| measured(scope, &mut set)).transpose()?.flatten();
    let (params, mut lists) =
        models::numbers_and_lists(scope, device.describe(), "device model", &set.at, &set.entries)?;
    lists.extend(measured.into_iter().flat_map(|m| m.lists()));
    let spec = DeviceSpec { device, params, lists };
    if scope.partial {
        return Ok(spec);
    }
    // What parameters mean together is said here, where their places are known.
    match spec.device() {
        Ok(_) => Ok(spec),
        Err(error) => {
            let key = error.parameter.split('.').next().unwrap_or("");
            // What a set that ships says does not go with what was changed: the user's line is that of the device.
            let source = SHIPPED.entries.first().map(|entry| &entry.key_at.source);
            let ours = |entry: &&Entry| source.is_none_or(|source| !Arc::ptr_eq(source, &entry.key_at.source));
            let given = Entry::last(&set.entries, key).filter(ours);
            Err(given.map_or(&set.at, |e| &e.node.at).error(error.to_string()))
        }
    }
}

/// Takes what names the file of a measured device out of its entries, and reads it; not that of a set by itself, which may leave it open.
fn measured(scope: &Scope, set: &mut Resolved) -> Result<Option<Measured>, ModelError> {
    let texts = ["file", "g", "unit", "direction", "device", "cycle"];
    let (own, rest): (Vec<Entry>, Vec<Entry>) = set.entries.drain(..).partition(|e| texts.contains(&e.key.as_str()));
    set.entries = rest;
    let entry = |key: &str| Entry::last(&own, key);
    let text = |key: &str| entry(key).map(|e| scope.text(&e.node, "a name")).transpose();
    let needed = |key: &str| {
        let missing =
            || set.at.error(format!("`{key}` is missing")).help("memspike models table shows what a table needs");
        text(key)?.ok_or_else(missing)
    };
    if scope.partial {
        return Ok(None);
    }
    let Some(file) = entry("file") else {
        needed("file")?;
        return Err(set.at.error("`file` is missing"));
    };
    let g = needed("g")?;
    let reverse = Entry::last(&set.entries, "reverse").map(|e| scope.flag(&e.node)).transpose()?;
    let columns = PulseColumns {
        unit: text("unit")?.unwrap_or_else(|| unit_in(&g)),
        g,
        direction: needed("direction")?,
        reverse: reverse.unwrap_or(false),
        device: text("device")?,
        cycle: text("cycle")?,
    };
    let path = scope.path(&file.node)?;
    let pulses = read_pulses(&path, &columns).map_err(|message| file.node.at.error(message))?;
    let (rows, still) = set_apart(&pulses.rows);
    if let Some(note) = said(&still, &pulses.devices) {
        scope.tell(format!("{}: {note}", path.display()));
    }
    let measured = Measured::new(&rows);
    measured.map(Some).map_err(|e| file.node.at.error(format!("{}: {}", path.display(), e.message)))
}

/// The values of a `waveform` table under `changes`: (KEY, VALUE) as of `--set`, in the order of its parameters.
///
/// # Errors
/// The first change that does not fit.
pub fn waveform(changes: &[(String, String)]) -> Result<Vec<f64>, ModelError> {
    let source = Source { name: COMMAND_LINE.to_string(), text: "[waveform]\n".to_string(), folder: PathBuf::new() };
    let root = layers::read_source(&Arc::new(source))?;
    let set = |root, (key, value): &(String, String)| layers::set(root, &format!("waveform.{key}"), value);
    let root = changes.iter().try_fold(root, set)?;
    let node = root.table().and_then(|t| t.get("waveform")).ok_or_else(|| root.at.error("there is no waveform"))?;
    read_waveform(&Scope::default(), node)
}

/// The values of a `waveform` table, in the order of its parameters.
pub(crate) fn read_waveform(scope: &Scope, node: &Node) -> Result<Vec<f64>, ModelError> {
    let Some(table) = node.table() else {
        return Err(
            node.mismatch("a table such as { a_plus = \"1 V\", tail_minus = \"75 ms\" }, or {} for its defaults")
        );
    };
    models::numbers(scope, &waveform::MODEL, "spikes", &node.at, &table.entries)
}

/// The device of this name: a model with its defaults, or a set that ships, under `changes`: (KEY, VALUE) as of `--set`.
///
/// # Errors
/// If there is none of this name, with those there are; or a change that does not fit.
pub fn device(name: &str, changes: &[(String, String)]) -> Result<DeviceSpec, ModelError> {
    let known: Vec<&str> = DeviceModel::ALL
        .iter()
        .map(|model| model.describe().name)
        .chain(SHIPPED.entries.iter().map(|e| e.key.as_str()))
        .collect();
    if !known.contains(&name) {
        let near = crate::units::nearest(name, known);
        let near = near.map_or(String::new(), |near| format!("; did you mean {near}?"));
        let remedy = "`memspike device list` shows those there are, a file ends in .toml";
        return Err(ModelError::whole(name, format!("there is no device of this name{near} ({remedy})")));
    }
    let quoted: String = name.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
    // Where a projection names it, so that changes are laid over it as over a projection's.
    let text = format!("[projection.p.device.{quoted}]\n");
    let source = Source { name: COMMAND_LINE.to_string(), text, folder: PathBuf::new() };
    let root = layers::read_source(&Arc::new(source))?;
    let key = |key: &str| format!("projection.p.device.{quoted}.{key}");
    let root = changes.iter().try_fold(root, |root, (name, value)| layers::set(root, &key(name), value))?;
    let projection = root.table().and_then(|t| t.get("projection")?.table()?.get("p")?.table());
    let node = projection.and_then(|t| t.get("device")).ok_or_else(|| root.at.error("there is no device"))?;
    read(&Scope::default(), &sets(None), node)
}

/// The devices of a file's `[device.NAME]` tables (a model, or a file with nothing else), by name; `changes` apply to the one that is
/// `picked`, or to the only one.
///
/// # Errors
/// A file that can't be read or has no device, or the first mistake in one, with its place.
pub fn device_file(
    path: &Path,
    picked: Option<&str>,
    changes: &[(String, String)],
) -> Result<Vec<(String, DeviceSpec)>, ModelError> {
    let (root, _) = layers::read(path)?;
    let none = || root.at.error("the file has no device: expected a table such as [device.my_cell.soft_bounds]");
    let own = root.table().and_then(|t| t.get("device")?.table());
    let own = own.filter(|table| !table.entries.is_empty()).ok_or_else(none)?;
    let mut scope = Scope::default();
    if let Some(table) = root.table().and_then(|t| t.get("parameters")?.table()) {
        scope.parameters = Arc::new(parameters::read(&scope, table)?);
    }
    let sets = sets(Some(own));
    sets.check_names()?;
    let mut all = Vec::new();
    for Entry { key: name, node, .. } in &own.entries {
        let is_meant = picked.map_or(own.entries.len() == 1, |picked| picked == name);
        // A name alone stands for its model or set, with nothing changed.
        let model = match (&node.kind, node.table().and_then(|t| t.entries.first())) {
            (Kind::Text(model), _) => model.clone(),
            (_, Some(entry)) => entry.key.clone(),
            _ => String::new(),
        };
        let mut changed = root.clone();
        for (key, value) in changes.iter().filter(|_| is_meant) {
            changed = layers::set(changed, &format!("device.{name}.{model}.{key}"), value)?;
        }
        let node = changed.table().and_then(|t| t.get("device")?.table()?.get(name)).ok_or_else(none)?;
        all.push((name.clone(), read(&scope, &sets, node)?));
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_set_that_ships_is_described_and_makes_a_device() {
        let names: Vec<&str> = device_presets().iter().map(|(name, _)| *name).collect();
        assert_eq!(names, presets::ALL.map(|p| p.name));
        for name in names {
            device(name, &[]).unwrap_or_else(|e| panic!("{e}")).device().unwrap();
        }
    }
}
