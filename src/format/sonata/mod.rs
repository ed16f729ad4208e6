//! SONATA spikes (Dai et al. 2020, doi:10.1371/journal.pcbi.1007696), the present layout and the old one.
//!
//! Present: `/spikes/<population>/{timestamps, node_ids}`; old: `/spikes/{timestamps, gids}`. Times are
//! milliseconds unless the attribute `units` of `timestamps` says otherwise. Node ids may have holes;
//! only ids that occur are units, for the file doesn't say how large a population is.
//!
//! Beside recordings: circuits ([`read_config`], [`read_nodes`], [`read_edges`]), and writing ([`write_spikes`],
//! [`write_reports`], [`write_nodes`], [`write_edges`]).

mod config;
mod edges;
mod json;
mod network;
mod nodes;
pub(super) mod report;
mod rows;
mod types;
mod write;

pub use config::{Config, Output, Report, SpikeInput, read_config};
pub(super) use edges::EdgesFile;
pub(crate) use edges::is_count;
pub use edges::{Edges, read_edges};
pub use json::read_json;
pub use network::{EdgesData, NodesData, write_edges, write_nodes};
pub(super) use nodes::NodesFile;
pub use nodes::{Nodes, read_nodes};
pub use types::Types;
pub use write::{PopulationSpikes, ReportData, write_reports, write_spikes};

use super::error::{Fault, FormatError};
use super::h5::{H5, join};
use super::words;
use crate::spikes::{Recording, SpikeTable};
use crate::units::shown;

const ROOT: &str = "/spikes";
/// What a single population of the old layout is called.
const ONLY: &str = "spikes";

/// Spikes of one population as stored: times \[s\] and node ids, in the file's order.
pub(super) struct Population {
    pub times: Vec<f64>,
    pub ids: Vec<i64>,
}

/// Whether this is a file of SONATA spikes.
pub(super) fn recognise(h5: &H5) -> bool {
    let spikes = |group: &str| h5.is_dataset(&join(group, "timestamps")) && ids_place(h5, group).is_some();
    spikes(ROOT) || h5.members(ROOT).iter().any(|name| spikes(&join(ROOT, name)))
}

/// Reads a file of SONATA spikes.
///
/// # Errors
/// If times or ids can't be, or don't fit together.
pub(super) fn read(h5: &H5) -> Result<Recording, FormatError> {
    let (mut named, mut parts, mut first) = (Vec::new(), Vec::new(), 0);
    for (name, group) in groups(h5) {
        let population = population(h5, &group)?;
        let mut ids = population.ids.clone();
        ids.sort_unstable();
        ids.dedup();
        let units = population.ids.iter().map(|id| (first + ids.partition_point(|i| i < id)) as u32).collect();
        first += ids.len();
        named.push((name, ids));
        parts.push((population.times, units));
    }
    let mut recording = described(h5, named)?;
    recording.spikes = merge(parts, recording.spikes.unit_ids);
    Ok(recording)
}

/// A recording of populations with these ids of their nodes, sorted; without spikes.
pub(super) fn described(h5: &H5, named: Vec<(String, Vec<i64>)>) -> Result<Recording, FormatError> {
    if let Some(name) = h5.dangling(ROOT).first() {
        return Err(h5.nowhere(&join(ROOT, name)));
    }
    let mut recording = Recording { format: "SONATA spikes".to_owned(), ..Recording::default() };
    let mut unit_ids = Vec::new();
    for (name, mut ids) in named {
        let holes = ids.last().is_some_and(|last| *last >= ids.len() as i64);
        if holes {
            recording.notes.push(format!(
                "population {name}: {} nodes have spikes, with ids from {} to {}; nodes without a spike are not in the file",
                ids.len(),
                ids[0],
                ids[ids.len() - 1]
            ));
        }
        recording.populations.push((name, unit_ids.len(), ids.len()));
        unit_ids.append(&mut ids);
    }
    if u32::try_from(unit_ids.len()).is_err() {
        let message = format!("{} nodes, at most 4294967295 are supported", unit_ids.len());
        return Err(h5.error(ROOT, Fault::TooLarge, message));
    }
    if recording.populations.len() < 2 {
        recording.populations.clear();
    }
    recording.spikes.unit_ids = unit_ids;
    Ok(recording)
}

/// Names of the populations, and where their spikes are.
pub(super) fn groups(h5: &H5) -> Vec<(String, String)> {
    if h5.is_dataset("/spikes/timestamps") {
        return vec![(ONLY.to_owned(), ROOT.to_owned())];
    }
    let names = h5.members(ROOT).into_iter().map(|name| (name.clone(), join(ROOT, &name)));
    names.filter(|(_, group)| h5.is_group(group)).collect()
}

/// One table of all parts, sorted by time, then by unit.
pub(super) fn merge(mut parts: Vec<(Vec<f64>, Vec<u32>)>, unit_ids: Vec<i64>) -> SpikeTable {
    let sorted = |(times, units): &(Vec<f64>, Vec<u32>)| {
        times.windows(2).zip(units.windows(2)).all(|(t, u)| t[0] < t[1] || (t[0] == t[1] && u[0] <= u[1]))
    };
    parts.retain(|(times, _)| !times.is_empty());
    if parts.len() == 1 && sorted(&parts[0]) {
        let (times, units) = parts.remove(0);
        return SpikeTable { times, units, unit_ids };
    }
    let mut spikes: Vec<(f64, u32)> =
        parts.into_iter().flat_map(|(times, units)| times.into_iter().zip(units)).collect();
    spikes.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let (times, units) = spikes.into_iter().unzip();
    SpikeTable { times, units, unit_ids }
}

fn ids_place(h5: &H5, group: &str) -> Option<String> {
    ["node_ids", "gids"].iter().map(|name| join(group, name)).find(|place| h5.is_dataset(place))
}

/// Where the spikes of a population are.
pub(super) struct Stored {
    pub times: String,
    pub ids: String,
    /// Times in the file over times in s.
    pub per_second: f64,
    /// Whether the file says that times don't decrease.
    pub says_sorted: bool,
}

/// How many of the unit of a dataset's times make a second; milliseconds where it says none.
pub(super) fn per_second(h5: &H5, place: &str) -> Result<f64, FormatError> {
    let Some(unit) = h5.attr_text(place, "units") else { return Ok(1e3) };
    words::per_second(&unit).ok_or_else(|| {
        let message = format!("the attribute units is {unit:?}, expected ms, milliseconds, s, seconds or us");
        h5.error(place, Fault::Invalid, message)
    })
}

/// The places of a population's spikes, and the unit of their times.
pub(super) fn stored(h5: &H5, group: &str) -> Result<Stored, FormatError> {
    let times = join(group, "timestamps");
    let ids = ids_place(h5, group).unwrap_or_else(|| join(group, "node_ids"));
    let per_second = per_second(h5, &times)?;
    let says_sorted = h5.attr_text(group, "sorting").is_some_and(|sorting| sorting == "by_time");
    Ok(Stored { times, ids, per_second, says_sorted })
}

/// The spikes of a population in one group.
pub(super) fn population(h5: &H5, group: &str) -> Result<Population, FormatError> {
    let Stored { times: times_place, ids: ids_place, per_second, says_sorted } = stored(h5, group)?;
    let mut times = h5.list(&times_place)?;
    let ids = h5.integers(&ids_place)?;
    if times.len() != ids.len() {
        let message = format!("has {} entries, but {times_place} has {}; expected as many", ids.len(), times.len());
        return Err(h5.error(&ids_place, Fault::Invalid, message));
    }
    if let Some(bad) = ids.iter().position(|id| *id < 0) {
        return Err(h5.error(
            &ids_place,
            Fault::Invalid,
            format!("entry {bad} is {}, expected an id of 0 or more", ids[bad]),
        ));
    }
    if let Some(bad) = times.iter().position(|t| !(t.is_finite() && *t >= 0.0)) {
        let message = format!("entry {bad} is {}, expected a finite time of 0 or more", shown(times[bad]));
        return Err(h5.error(&times_place, Fault::Invalid, message));
    }
    if says_sorted {
        expect_sorted(h5, group, &times_place, &times)?;
    }
    times.iter_mut().for_each(|t| *t /= per_second);
    Ok(Population { times, ids })
}

/// Times that decrease in a file that says it is sorted by time mean that one of the two is wrong.
fn expect_sorted(h5: &H5, group: &str, place: &str, times: &[f64]) -> Result<(), FormatError> {
    match times.windows(2).position(|pair| pair[1] < pair[0]) {
        None => Ok(()),
        Some(bad) => {
            let message = format!(
                "decreases from {} to {} at entry {}, but {group} says sorting = by_time; sort it, or set sorting to none",
                times[bad],
                times[bad + 1],
                bad + 1
            );
            Err(h5.error(place, Fault::Invalid, message))
        }
    }
}
