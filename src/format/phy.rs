//! A folder of Kilosort or phy (<https://phy.readthedocs.io>): arrays of spikes and tables of clusters.
//!
//! `spike_times.npy` (samples), `spike_clusters.npy` (or `spike_templates.npy`), `params.py` with `sample_rate`, and tables
//! `cluster_*.tsv` such as `cluster_group.tsv`, one row per cluster. All clusters are units, those marked as noise too.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::error::{Fault, FormatError};
use super::gather::{Filed, Gathered, Spikes, Tally};
use super::plain::Plain;
use super::stream::Ordered;
use super::words::{self, Separator};
use crate::npy;
use crate::spikes::Recording;

const TIMES: &str = "spike_times.npy";
const CLUSTERS: [&str; 2] = ["spike_clusters.npy", "spike_templates.npy"];
const PARAMETERS: &str = "params.py";
/// Kilosort's default \[Hz\], and the rate of Neuropixels.
const USUAL_RATE: f64 = 30_000.0;
/// Tables of clusters are small; a larger one is something else.
const MAX_TABLE: u64 = 64 << 20;
/// Spikes that are read at once.
const AT_ONCE: usize = 1 << 15;

/// The folder: the one that is named, or that of a `spike_times.npy` or `params.py` that is named.
fn folder<'a>(plain: &'a Plain) -> Option<&'a Path> {
    if plain.is_folder {
        return Some(plain.path);
    }
    let name = plain.path.file_name()?.to_str()?;
    let part = plain.head.starts_with(b"\x93NUMPY") || name == PARAMETERS;
    plain.path.parent().filter(|_| part).map(|p| if p.as_os_str().is_empty() { Path::new(".") } else { p })
}

/// Whether this is such a folder.
pub(super) fn recognise(plain: &Plain) -> bool {
    folder(plain)
        .is_some_and(|folder| folder.join(TIMES).is_file() && CLUSTERS.iter().any(|name| folder.join(name).is_file()))
}

/// How large the arrays of spikes are; nothing if this is no such folder.
pub(super) fn bytes(plain: &Plain) -> Option<u64> {
    let folder = folder(plain).filter(|_| recognise(plain))?;
    let length = |name: &str| std::fs::metadata(folder.join(name)).map_or(0, |metadata| metadata.len());
    Some(length(TIMES) + length(clusters_name(folder)))
}

/// The files that are read of such a folder, in an order that is always the same.
pub(super) fn files(plain: &Plain) -> Option<Vec<PathBuf>> {
    let folder = folder(plain).filter(|_| recognise(plain))?;
    let arrays = [TIMES, clusters_name(folder), PARAMETERS].map(|name| folder.join(name));
    let there = arrays.into_iter().filter(|path| path.is_file());
    Some(there.chain(table_paths(folder).unwrap_or_default()).collect())
}

fn clusters_name(folder: &Path) -> &'static str {
    CLUSTERS.into_iter().find(|name| folder.join(name).is_file()).unwrap_or(CLUSTERS[0])
}

/// Reads the folder. Arrays in the order of time, as sorters write them, are left where they are if the spikes are not to be held.
///
/// # Errors
/// If an array is damaged, or if they don't fit together.
pub(super) fn read(plain: &Plain, mut gathered: Gathered) -> Result<(Recording, Spikes), FormatError> {
    let folder = folder(plain).unwrap_or(plain.path);
    let clusters_name = clusters_name(folder);
    let (samples, clusters) = (array(plain, folder, TIMES)?, array(plain, folder, clusters_name)?);
    if samples.items != clusters.items {
        let message = format!("has {} entries, but {TIMES} has {}; expected as many", clusters.items, samples.items);
        return Err(plain.error(clusters_name, Fault::Invalid, message));
    }
    let mut recording = Recording { format: "phy / Kilosort".to_owned(), ..Recording::default() };
    let rate = match rate(plain, folder)? {
        Some(rate) => rate,
        None => {
            recording.notes.push(format!(
                "there is no {PARAMETERS} with a sample_rate: {USUAL_RATE} Hz is assumed, the rate of Neuropixels"
            ));
            USUAL_RATE
        }
    };
    recording.about.push(("sample rate".to_owned(), format!("{rate} Hz")));
    let sorted = Sorted { samples, clusters, rate, path: plain.path.to_owned() };
    // The number of each cluster, in the order of first spikes.
    let mut known: BTreeMap<i64, u32> = BTreeMap::new();
    let is_large = gathered.is_filed();
    let (mut tally, mut in_order, mut before) = (Tally::default(), is_large, f64::NEG_INFINITY);
    sorted.each(&mut |time, cluster| {
        let count = known.len() as u32;
        let unit = *known.entry(cluster).or_insert(count);
        if !is_large {
            return gathered.push(time, unit);
        }
        tally.add(time, unit);
        in_order &= time >= before;
        before = time;
        Ok(())
    })?;
    let mut numbers = vec![0; known.len()];
    known.values().enumerate().for_each(|(unit, number)| numbers[*number as usize] = unit as u32);
    let unit_ids: Vec<i64> = known.keys().copied().collect();
    tables(plain, folder, &unit_ids, &mut recording)?;
    if in_order {
        let (counts, ends) = tally.of(&numbers, unit_ids.len());
        let run = Run { unit_ids: unit_ids.clone(), sorted };
        return Ok((recording, Spikes::Filed(Filed { unit_ids, counts, ends, runs: vec![Arc::new(run)] })));
    }
    if is_large {
        sorted.each(&mut |time, cluster| gathered.push(time, known.get(&cluster).copied().unwrap_or_default()))?;
    }
    Ok((recording, gathered.finish(unit_ids, &numbers)?))
}

/// The two arrays that a spike sorter writes.
struct Sorted {
    samples: npy::Stored,
    clusters: npy::Stored,
    /// Samples per second.
    rate: f64,
    path: PathBuf,
}

impl Sorted {
    /// Times \[s\] and clusters of some spikes.
    fn read(&self, spikes: Range<usize>) -> Result<Vec<(f64, i64)>, FormatError> {
        let error = |fault: Fault, message: String| FormatError::new(&self.path, TIMES, fault, message);
        let numbers = |array: &npy::Stored| array.numbers(spikes.clone());
        let (samples, clusters) = numbers(&self.samples)
            .and_then(|samples| Ok((samples, numbers(&self.clusters)?)))
            .map_err(|message| error(Fault::Damaged, message))?;
        let spike = |(index, (sample, cluster)): (usize, (f64, f64))| {
            let is_whole = |number: f64| number.is_finite() && number.fract() == 0.0;
            if !(is_whole(sample) && is_whole(cluster) && cluster.abs() < 1e15) {
                let index = spikes.start + index;
                let message = format!(
                    "spike {index} is at sample {sample} in cluster {cluster}, expected whole numbers; times in seconds go into a CSV of time_s and unit"
                );
                return Err(error(Fault::Invalid, message));
            }
            let time = sample / self.rate;
            if !time.is_finite() {
                let message = format!("a spike has the time {time}; expected a finite number of seconds");
                return Err(error(Fault::Invalid, message));
            }
            Ok((time, cluster as i64))
        };
        samples.into_iter().zip(clusters).enumerate().map(spike).collect()
    }

    /// Goes through all spikes as they are stored.
    fn each(&self, each: &mut dyn FnMut(f64, i64) -> Result<(), FormatError>) -> Result<(), FormatError> {
        for from in (0..self.samples.items).step_by(AT_ONCE) {
            let spikes = self.read(from..self.samples.items.min(from + AT_ONCE))?;
            spikes.into_iter().try_for_each(|(time, cluster)| each(time, cluster))?;
        }
        Ok(())
    }
}

/// The same as spikes of units, where they are in the order of time.
struct Run {
    sorted: Sorted,
    unit_ids: Vec<i64>,
}

impl Ordered for Run {
    fn rows(&self) -> Range<usize> {
        0..self.sorted.samples.items
    }

    fn read(&self, rows: Range<usize>) -> Result<Vec<(f64, u32)>, FormatError> {
        let unit = |(time, cluster): (f64, i64)| match self.unit_ids.binary_search(&cluster) {
            Ok(unit) => Ok((time, unit as u32)),
            Err(_) => {
                let message = format!("the cluster {cluster} was not there before; the folder has changed");
                Err(FormatError::new(&self.sorted.path, TIMES, Fault::Damaged, message))
            }
        };
        self.sorted.read(rows)?.into_iter().map(unit).collect()
    }
}

/// A list of numbers, also as a matrix of one column.
fn array(plain: &Plain, folder: &Path, name: &str) -> Result<npy::Stored, FormatError> {
    let array = npy::Stored::open(&folder.join(name)).map_err(|message| plain.error(name, Fault::Damaged, message))?;
    match array.shape[..] {
        [_] | [_, 1] | [1, _] if array.names.is_empty() => Ok(array),
        _ => {
            let message = format!("has the shape {:?}, expected one dimension of numbers", array.shape);
            Err(plain.error(name, Fault::WrongType, message))
        }
    }
}

/// A small file of text that may be absent.
fn text(plain: &Plain, path: &Path) -> Result<Option<String>, FormatError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    match std::fs::metadata(path) {
        Err(_) => Ok(None),
        Ok(metadata) if metadata.len() > MAX_TABLE => {
            let message = format!("has {} bytes, expected a small table of text", metadata.len());
            Err(plain.error(name, Fault::TooLarge, message))
        }
        Ok(_) => match std::fs::read(path) {
            Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
            Err(e) => Err(plain.error(name, Fault::Missing, format!("can't be read: {e}"))),
        },
    }
}

fn rate(plain: &Plain, folder: &Path) -> Result<Option<f64>, FormatError> {
    let Some(text) = text(plain, &folder.join(PARAMETERS))? else { return Ok(None) };
    // Of several lines the last counts, as in Python.
    let value = text.lines().rev().find_map(|line| {
        let (key, value) = line.split_once('=')?;
        (key.trim() == "sample_rate").then(|| value.split('#').next().unwrap_or("").trim().to_owned())
    });
    let Some(value) = value else { return Ok(None) };
    match value.parse::<f64>() {
        Ok(rate) if rate.is_finite() && rate > 0.0 => Ok(Some(rate)),
        _ => {
            let message = format!("sample_rate is {value}, expected a number of samples per second above 0");
            Err(plain.error(PARAMETERS, Fault::Invalid, message))
        }
    }
}

/// The tables of clusters in a folder.
fn table_paths(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.retain(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        name.starts_with("cluster_") && (name.ends_with(".tsv") || name.ends_with(".csv"))
    });
    paths.sort();
    Ok(paths)
}

/// The columns of all tables of clusters.
fn tables(plain: &Plain, folder: &Path, ids: &[i64], recording: &mut Recording) -> Result<(), FormatError> {
    let paths = table_paths(folder).map_err(|e| plain.error("", Fault::Missing, e.to_string()))?;
    for path in paths {
        let Some(text) = text(plain, &path)? else { continue };
        let mut lines = text.lines().filter(|line| !line.trim().is_empty());
        let Some(first) = lines.next() else { continue };
        let separator = Separator::of(first);
        let names = separator.cells(first);
        let Some(key) = names.iter().position(|name| ["cluster_id", "id"].contains(name)) else { continue };
        let mut cells: Vec<Vec<String>> = vec![vec![String::new(); ids.len()]; names.len()];
        for line in lines {
            let row = separator.cells(line);
            let place = row.get(key).and_then(|id| id.parse::<i64>().ok()).and_then(|id| ids.binary_search(&id).ok());
            for (column, cell) in cells.iter_mut().zip(row).filter(|_| place.is_some()) {
                column[place.unwrap_or(0)] = cell.to_owned();
            }
        }
        for (index, (name, cells)) in names.iter().zip(cells).enumerate() {
            let known = recording.unit_columns.iter().any(|column| column.0 == *name);
            if index != key && !known && !name.is_empty() {
                recording.unit_columns.push(((*name).to_owned(), words::column(cells)));
            }
        }
    }
    Ok(())
}
