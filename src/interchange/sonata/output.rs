//! Results of a circuit as SONATA: the spikes and reports that its configuration asks for.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use super::Placed;
use super::reports::Planned;
use crate::format::result::{States, read_observables, read_spikes};
use crate::format::sonata::{Output, PopulationSpikes, ReportData, write_reports, write_spikes};
use crate::spec::{NetworkSpec, PopulationKind};

/// Name of the result beside the files of the configuration.
const RESULT: &str = "memspike.h5";

/// What is written when a run of a circuit has ended.
#[derive(Debug)]
pub struct Export {
    output: Output,
    /// By name of the model's population: that of the circuit, and the node of each member.
    names: BTreeMap<String, (String, Vec<u64>)>,
    reports: Vec<Planned>,
}

impl Export {
    pub(super) fn new(output: Output, circuit: &[Placed], spec: &NetworkSpec, reports: Vec<Planned>) -> Export {
        let mut names = BTreeMap::new();
        for placed in circuit {
            for (node, (population, member)) in placed.members.iter().enumerate() {
                let population = &spec.populations[*population as usize];
                // Spikes of virtual nodes are input, not output.
                if let PopulationKind::Source(_) = population.kind {
                    continue;
                }
                let entry = names.entry(population.name.clone());
                let (_, nodes): &mut (String, Vec<u64>) =
                    entry.or_insert_with(|| (placed.nodes.name.clone(), vec![0; population.size]));
                nodes[*member as usize] = node as u64;
            }
        }
        Export { output, names, reports }
    }

    /// Where our own result goes if nothing else is said.
    pub fn result(&self) -> PathBuf {
        self.output.folder.join(RESULT)
    }

    /// The folder of all output.
    pub fn folder(&self) -> &Path {
        &self.output.folder
    }

    /// Whether the configuration lets earlier output be replaced.
    pub fn overwrite(&self) -> bool {
        self.output.overwrite
    }

    /// The files that [`Export::write`] will write.
    pub fn files(&self) -> Vec<PathBuf> {
        let reports = self.reports.iter().map(|r| self.output.folder.join(&r.file_name));
        std::iter::once(self.output.folder.join(&self.output.spikes_file)).chain(reports).collect()
    }

    /// Whether [`Export::write`] will write this file.
    pub fn writes(&self, path: &Path) -> bool {
        self.files().iter().any(|file| plain(file) == plain(path))
    }

    /// A file that would be written twice, with one output in place of another.
    pub(super) fn written_twice(&self) -> Option<PathBuf> {
        let mut files = self.files();
        files.push(self.result());
        (1..files.len())
            .find(|&i| files[..i].iter().any(|file| plain(file) == plain(&files[i])))
            .map(|i| files.swap_remove(i))
    }

    /// Writes them from a finished result.
    ///
    /// # Errors
    /// What can't be read or written.
    pub fn write(&self, result: &Path) -> Result<(), String> {
        let mut populations: Vec<PopulationSpikes> = Vec::new();
        let mut names: Vec<&String> = self.names.values().map(|n| &n.0).collect();
        names.sort();
        names.dedup();
        for name in names {
            populations.push(PopulationSpikes { population: name.clone(), ..PopulationSpikes::default() });
        }
        for stored in read_spikes(result).map_err(|e| e.to_string())? {
            let Some((name, nodes)) = self.names.get(&stored.population) else { continue };
            let Some(spikes) = populations.iter_mut().find(|p| p.population == *name) else { continue };
            spikes.times_ms.extend(stored.times_ms);
            spikes.node_ids.extend(stored.node_ids.iter().map(|m| nodes.get(*m as usize).copied().unwrap_or(*m)));
        }
        populations.iter_mut().for_each(|p| p.sort(self.output.by_id));
        write_spikes(&self.output.folder.join(&self.output.spikes_file), &populations, self.output.by_id)?;
        if self.reports.is_empty() {
            return Ok(());
        }
        let states = read_observables(result).map_err(|e| e.to_string())?.states;
        for report in &self.reports {
            write_reports(&self.output.folder.join(&report.file_name), &columns(report, &states))?;
        }
        Ok(())
    }
}

/// A path from the root on, without `.` and `..`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).components() {
        match part {
            Component::ParentDir => drop(plain.pop()),
            part => plain.push(part),
        }
    }
    plain
}

/// The data of a report, a table for each population of the circuit.
fn columns(report: &Planned, states: &[States]) -> Vec<ReportData> {
    let mut tables: Vec<ReportData> = Vec::new();
    // By table, the states and the place of each column in them.
    let mut sources: Vec<Vec<(&States, usize)>> = Vec::new();
    for column in &report.columns {
        let found = states.iter().find(|s| s.population == column.population && s.variable == column.variable);
        let Some(states) = found else { continue };
        let Some(place) = states.node_ids.iter().position(|id| *id as u64 == column.member) else { continue };
        let table = tables.iter().position(|t| t.population == column.circuit).unwrap_or_else(|| {
            tables.push(ReportData {
                population: column.circuit.clone(),
                unit: states.unit.clone(),
                ..ReportData::default()
            });
            sources.push(Vec::new());
            tables.len() - 1
        });
        tables[table].node_ids.push(column.node);
        sources[table].push((states, place));
    }
    for (table, sources) in tables.iter_mut().zip(sources) {
        let Some((first, _)) = sources.first() else { continue };
        let rows = first.times_ms.partition_point(|t| *t <= report.end_ms);
        let start = first.times_ms.first().copied().unwrap_or(0.0);
        let step = first.times_ms.get(1).map_or(report.interval_ms, |second| second - start);
        table.time_ms = [start, start + rows as f64 * step, step];
        for row in 0..rows {
            table.data.extend(sources.iter().map(|(s, place)| s.data[row * s.node_ids.len() + place]));
        }
    }
    tables
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interchange::sonata::reports::Column;

    #[test]
    fn the_step_of_a_report_with_one_sample_is_that_of_the_configuration() {
        let column =
            Column { circuit: "net".to_owned(), node: 3, population: "a".to_owned(), variable: "v_m", member: 0 };
        let mut report =
            Planned { file_name: "v.h5".to_owned(), end_ms: f64::INFINITY, interval_ms: 20.0, columns: vec![column] };
        let states = States {
            population: "a".to_owned(),
            variable: "v_m".to_owned(),
            unit: "mV".to_owned(),
            threshold: None,
            node_ids: vec![0],
            times_ms: vec![5.0],
            data: vec![-70.0],
        };
        let time = |report: &Planned| columns(report, std::slice::from_ref(&states))[0].time_ms;
        assert_eq!(time(&report), [5.0, 25.0, 20.0]);
        report.end_ms = 0.0;
        assert_eq!(time(&report), [5.0, 5.0, 20.0]);
    }
}
