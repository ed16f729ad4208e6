//! A folder of Kilosort or phy (<https://phy.readthedocs.io>): arrays of spikes and tables of clusters.
//!
//! `spike_times.npy` (samples), `spike_clusters.npy` (or `spike_templates.npy`), `params.py` with `sample_rate`, and tables
//! `cluster_*.tsv` such as `cluster_group.tsv`, one row per cluster. All clusters are units, those marked as noise too.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::error::{Fault, FormatError};
use super::plain::Plain;
use super::words::{self, Separator};
use crate::npy;
use crate::spikes::{Recording, SpikeTable};

const TIMES: &str = "spike_times.npy";
const CLUSTERS: [&str; 2] = ["spike_clusters.npy", "spike_templates.npy"];
const PARAMETERS: &str = "params.py";
/// Kilosort's default \[Hz\], and the rate of Neuropixels.
const USUAL_RATE: f64 = 30_000.0;
/// Tables of clusters are small; a larger one is something else.
const MAX_TABLE: u64 = 64 << 20;

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

/// Reads the folder.
///
/// # Errors
/// If an array is damaged, or if they don't fit together.
pub(super) fn read(plain: &Plain) -> Result<Recording, FormatError> {
    let folder = folder(plain).unwrap_or(plain.path);
    let clusters_name = CLUSTERS.into_iter().find(|name| folder.join(name).is_file()).unwrap_or(CLUSTERS[0]);
    let samples = array(plain, folder, TIMES)?;
    let clusters = array(plain, folder, clusters_name)?;
    if samples.len() != clusters.len() {
        let message = format!("has {} entries, but {TIMES} has {}; expected as many", clusters.len(), samples.len());
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
    let mut trains: BTreeMap<i64, Vec<f64>> = BTreeMap::new();
    for (index, (sample, cluster)) in samples.iter().zip(&clusters).enumerate() {
        if !(sample.is_finite() && cluster.is_finite() && cluster.fract() == 0.0 && cluster.abs() < 1e15) {
            let message = format!("spike {index} is at sample {sample} in cluster {cluster}, expected whole numbers");
            return Err(plain.error(TIMES, Fault::Invalid, message));
        }
        trains.entry(*cluster as i64).or_default().push(sample / rate);
    }
    let (ids, trains): (Vec<i64>, Vec<Vec<f64>>) = trains.into_iter().unzip();
    tables(plain, folder, &ids, &mut recording)?;
    recording.spikes =
        SpikeTable::from_units(ids, &trains).map_err(|e| plain.error(TIMES, Fault::Invalid, e.to_string()))?;
    Ok(recording)
}

/// A list of numbers, also as a matrix of one column.
fn array(plain: &Plain, folder: &Path, name: &str) -> Result<Vec<f64>, FormatError> {
    let array = npy::read(&folder.join(name)).map_err(|message| plain.error(name, Fault::Damaged, message))?;
    match array.shape[..] {
        [_] | [_, 1] | [1, _] if array.names.is_empty() => Ok(array.numbers),
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
    let value = text.lines().find_map(|line| {
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

/// The columns of all tables of clusters.
fn tables(plain: &Plain, folder: &Path, ids: &[i64], recording: &mut Recording) -> Result<(), FormatError> {
    let entries = std::fs::read_dir(folder).map_err(|e| plain.error("", Fault::Missing, e.to_string()))?;
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.retain(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        name.starts_with("cluster_") && (name.ends_with(".tsv") || name.ends_with(".csv"))
    });
    paths.sort();
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
