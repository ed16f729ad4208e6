//! Writes SONATA spikes and reports, as libsonata and bmtk read them.

use std::path::Path;

use hdf5::{File, Group};

use crate::format::replace_hdf5;
use crate::format::result::{SONATA_MAGIC, SONATA_VERSION, Sorting, set, set_list, set_text, write_list};

/// Spikes of a population, in the order in which they are to be written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PopulationSpikes {
    /// Its name.
    pub population: String,
    /// Times \[ms\].
    pub times_ms: Vec<f64>,
    /// Nodes.
    pub node_ids: Vec<u64>,
}

impl PopulationSpikes {
    /// Puts the spikes in order of time, then node; or of node, then time.
    pub fn sort(&mut self, by_id: bool) {
        let mut order: Vec<usize> = (0..self.times_ms.len()).collect();
        let (times, ids) = (&self.times_ms, &self.node_ids);
        if by_id {
            order.sort_by(|&a, &b| ids[a].cmp(&ids[b]).then(times[a].total_cmp(&times[b])));
        } else {
            order.sort_by(|&a, &b| times[a].total_cmp(&times[b]).then(ids[a].cmp(&ids[b])));
        }
        (self.times_ms, self.node_ids) = order.into_iter().map(|i| (times[i], ids[i])).unzip();
    }
}

/// Samples of one variable of nodes of a population.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReportData {
    /// The population.
    pub population: String,
    /// Unit of the samples.
    pub unit: String,
    /// The nodes, one column each.
    pub node_ids: Vec<u64>,
    /// The first sample, the end, and the time between samples \[ms\].
    pub time_ms: [f64; 3],
    /// Samples row by row.
    pub data: Vec<f64>,
}

/// Writes a file of spikes, sorted as `by_id` says.
///
/// # Errors
/// What the library says.
pub fn write_spikes(path: &Path, populations: &[PopulationSpikes], by_id: bool) -> Result<(), String> {
    let groups = populations.iter().map(|spikes| (&spikes.population[..], spikes));
    write_groups(path, "spikes", groups, |group, spikes| {
        set(group, "sorting", &if by_id { Sorting::by_id } else { Sorting::by_time })?;
        let times = write_list(group, "timestamps", &spikes.times_ms)?;
        set_text(&times, "units", "ms")?;
        write_list(group, "node_ids", &spikes.node_ids).map(drop)
    })
}

/// Writes a file of reports, one group per population. Samples are in single precision, as the specification says and libsonata insists.
///
/// # Errors
/// What the library says.
pub fn write_reports(path: &Path, reports: &[ReportData]) -> Result<(), String> {
    let groups = reports.iter().map(|report| (&report.population[..], report));
    write_groups(path, "report", groups, |group, report| {
        let width = report.node_ids.len();
        let rows = report.data.len() / width.max(1);
        let data = group.new_dataset::<f32>().shape([rows, width]).create("data")?;
        if !report.data.is_empty() {
            data.write_raw(&report.data.iter().map(|sample| *sample as f32).collect::<Vec<_>>())?;
        }
        set_text(&data, "units", &report.unit)?;
        write_mapping(&group.create_group("mapping")?, report)
    })
}

/// Writes a file whose group `root` has a group of each name, which `fill` fills; it takes the place of `path` once it is whole.
pub(super) fn write_groups<'a, T: 'a>(
    path: &Path,
    root: &str,
    groups: impl Iterator<Item = (&'a str, &'a T)>,
    fill: impl Fn(&Group, &T) -> hdf5::Result<()>,
) -> Result<(), String> {
    let write = |file: &File| {
        set(file, "magic", &SONATA_MAGIC)?;
        set_list(file, "version", &SONATA_VERSION)?;
        let root = file.create_group(root)?;
        for (name, content) in groups {
            fill(&root.create_group(name)?, content)?;
        }
        Ok(())
    };
    replace_hdf5(path, write).map_err(|e| format!("{}: can't be written: {e}", path.display()))
}

fn write_mapping(group: &Group, report: &ReportData) -> hdf5::Result<()> {
    let count = report.node_ids.len();
    write_list(group, "node_ids", &report.node_ids)?;
    write_list(group, "index_pointers", &(0..=count as u64).collect::<Vec<_>>())?;
    write_list(group, "element_ids", &vec![0u32; count])?;
    write_list(group, "element_pos", &vec![0.0f32; count])?;
    let time = write_list(group, "time", &report.time_ms)?;
    set_text(&time, "units", "ms")
}
