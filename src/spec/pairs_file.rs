//! `connect.file`: connections of an earlier result, SONATA edges, csv or npy.

use std::path::Path;

use super::connect::{check_id, forbidden};
use super::error::ModelError;
use super::network_spec::Connect;
use super::projections::{Made, Pair, check_delay};
use super::reader::{Reader, required};
use super::tables::CONNECT_FILE;
use super::tree::Node;
use super::values_file::{arrays, column_of, csv_rows, number};
use crate::format::Arrays;
use crate::format::sonata::is_count;
use crate::npy;

/// Columns of a table of connections.
#[derive(Default)]
struct Columns {
    source: Vec<f64>,
    target: Vec<f64>,
    weight: Option<Vec<f64>>,
    delay: Option<Vec<f64>>,
    /// What the file says that the model overrides, in a sentence.
    overridden: Option<String>,
}

/// Reads `{ path, projection, at }`; weights and delays come with the pairs.
pub(crate) fn read(reader: &Reader<'_>, node: &Node, pair: &Pair) -> Result<Made, ModelError> {
    let Some(table) = node.table() else { return Err(node.mismatch("a table { path = \"edges.h5\", .. }")) };
    CONNECT_FILE.check(table)?;
    let path_node = required(table, "path", &node.at, "a path such as \"result.h5\"")?;
    let path = reader.scope.path(path_node)?;
    let wrong = |message: String| path_node.at.error(format!("{}: {message}", path.display()));
    let projection = table.get("projection").map(|n| reader.scope.text(n, "the name of a projection")).transpose()?;
    let at = table.get("at").map(|n| reader.scope.any_time(n)).transpose()?;
    let extension = path.extension().and_then(|e| e.to_str()).unwrap_or("").to_lowercase();
    if !matches!(extension.as_str(), "h5" | "hdf5")
        && let Some(entry) = table.entry("projection").or_else(|| table.entry("at"))
    {
        return Err(entry.key_at.error(format!("`{}` belongs to an HDF5 file", entry.key)));
    }
    let columns = match extension.as_str() {
        "h5" | "hdf5" => hdf5_columns(&path, projection.as_deref(), at.map(|t| t.ms()), pair.weight_unit),
        "csv" | "tsv" => csv_columns(&path),
        "npy" => npy_columns(&path),
        _ => return Err(path_node.at.error("expected a file whose name ends in .h5, .csv or .npy")),
    };
    let columns = columns.map_err(wrong)?;
    if let Some(said) = &columns.overridden {
        reader.scope.tell(format!("{}: {said}", path.display()));
    }
    check(&columns, pair).map_err(wrong)
}

/// Checks ids, weights and delays.
fn check(columns: &Columns, pair: &Pair) -> Result<Made, String> {
    let count = columns.source.len();
    let lengths = [Some(&columns.target), columns.weight.as_ref(), columns.delay.as_ref()];
    if lengths.into_iter().flatten().any(|column| column.len() != count) {
        return Err("its columns differ in length".to_string());
    }
    let id = |x: f64, size: Option<usize>, what: &str| {
        if x < 0.0 || x.fract() != 0.0 || !x.is_finite() {
            return Err(format!("found the {what} {x}, expected a whole number, 0 or more"));
        }
        check_id(x as u64, size, what)
    };
    let row = |i: usize, message: String| format!("connection {} of {count}: {message}", i + 1);
    let mut pairs = Vec::with_capacity(count);
    for (i, (&source, &target)) in columns.source.iter().zip(&columns.target).enumerate() {
        let source = id(source, pair.sizes.0, "source").map_err(|m| row(i, m))?;
        pairs.push((source, id(target, pair.sizes.1, "target").map_err(|m| row(i, m))?));
    }
    if let Some((i, message)) = forbidden(&pairs, pair) {
        return Err(row(i, message));
    }
    if let Some((i, w)) = columns.weight.iter().flatten().enumerate().find(|(_, w)| !w.is_finite()) {
        return Err(row(i, format!("found the weight {w}, expected a finite number")));
    }
    for (i, delay) in columns.delay.iter().flatten().enumerate() {
        check_delay(*delay).map_err(|message| row(i, message))?;
    }
    Ok(Made {
        connect: Connect::Pairs(pairs),
        synapses: Some(count as u64),
        weights: columns.weight.clone(),
        delays: columns.delay.clone(),
    })
}

/// `unit` is that of the weights; none where they are not wanted.
fn hdf5_columns(path: &Path, projection: Option<&str>, at: Option<f64>, unit: Option<&str>) -> Result<Columns, String> {
    let top = arrays(path, &["/weights", "/edges"])?;
    let (weights, edges) = (top.members("/weights"), top.members("/edges"));
    let pick = |names: &[String]| match (projection, names) {
        (Some(name), _) if names.iter().any(|n| n == name) => Ok(name.to_string()),
        (Some(name), _) => Err(format!("there is no projection {name}; there are {}", names.join(", "))),
        (None, [one]) => Ok(one.clone()),
        (None, _) => Err(format!("it holds several projections: write projection = one of {}", names.join(", "))),
    };
    if !weights.is_empty() {
        return snapshot(path, &format!("/weights/{}/snapshots", pick(weights)?), at, unit);
    }
    if edges.is_empty() {
        return Err("it has neither /weights (a result of memspike) nor /edges (SONATA)".to_string());
    }
    if at.is_some() {
        return Err("`at` is for results with several snapshots; SONATA edges have one".to_string());
    }
    sonata(path, &format!("/edges/{}", pick(edges)?), unit)
}

/// A snapshot of an earlier result: the last one, or the one at a time \[ms\]. Its members are counted in the population, and by their
/// distance from the first of the slice here.
fn snapshot(path: &Path, place: &str, at: Option<f64>, unit: Option<&str>) -> Result<Columns, String> {
    let mut group = Group::read(path, place, &["times", "source_ids", "target_ids", "weights", "delays"])?;
    if !group.found.has_group(place) {
        return Err(format!("there is no {place}: record the weights with on = \"end\" or an interval"));
    }
    let mut positions = |ids: &str, first: &str| -> Result<Vec<f64>, String> {
        let first = group.found.attribute(place, first).unwrap_or(0.0);
        Ok(group.needed(ids, "")?.into_iter().map(|id| id - first).collect())
    };
    let (source, target) = (positions("source_ids", "source_first")?, positions("target_ids", "target_first")?);
    let (times, delay) = (group.needed("times", "ms")?, group.needed("delays", "ms")?);
    let index = match at {
        None => times.len().checked_sub(1).ok_or_else(|| format!("{place} holds no snapshot"))?,
        Some(at) => {
            let near = times.iter().position(|t| (t - at).abs() < 1e-6);
            near.ok_or_else(|| format!("there is no snapshot at {at} ms; there are {times:?}"))?
        }
    };
    let weight = match unit {
        None => None,
        Some(unit) => {
            let all = group.needed("weights", unit)?;
            let span = index.checked_mul(source.len()).and_then(|first| Some(first..first.checked_add(source.len())?));
            let found = span.and_then(|span| all.get(span));
            Some(found.ok_or("its weights are fewer than its snapshots times synapses")?.to_vec())
        }
    };
    Ok(Columns { source, target, weight, delay: Some(delay), overridden: None })
}

/// SONATA edges (<https://github.com/AllenInstitute/sonata>), attributes of group 0; weights are those of all synapses of an edge together.
fn sonata(path: &Path, place: &str, unit: Option<&str>) -> Result<Columns, String> {
    let ends = ["source_node_id", "target_node_id", "edge_group_id", "edge_group_index"];
    let mut group = Group::read(path, place, &[&ends[..], &["0/syn_weight", "0/nsyns", "0/delay"]].concat())?;
    let (source, target) = (group.needed("source_node_id", "")?, group.needed("target_node_id", "")?);
    if let Some(other) = group.take("edge_group_id", "")?.iter().flatten().find(|group| **group != 0.0) {
        return Err(format!("{place} has edges of the group {other}; those of the group 0 alone are read"));
    }
    let index = group.take("edge_group_index", "")?;
    let mut attribute = |name: &str, unit: &str| -> Result<Option<Vec<f64>>, String> {
        let Some(values) = group.take(name, unit)? else { return Ok(None) };
        match &index {
            None => Ok(Some(values)),
            Some(index) => {
                let picked = index.iter().map(|&i| {
                    let row = Some(i).filter(|i| *i >= 0.0 && i.fract() == 0.0)?;
                    values.get(row as usize).copied()
                });
                let picked: Option<Vec<f64>> = picked.collect();
                picked.map(Some).ok_or_else(|| format!("edge_group_index points beyond {place}/{name}"))
            }
        }
    };
    let mut weight = unit.map_or(Ok(None), |unit| attribute("0/syn_weight", unit))?;
    let synapses = attribute("0/nsyns", "")?;
    let several = unit.is_none() && synapses.iter().flatten().any(|count| *count != 1.0);
    let overridden = several.then(|| {
        format!("{place}/0/nsyns says how many synapses an edge stands for, but the model gives the weight: each edge is one synapse of it")
    });
    // An edge stands for so many synapses.
    if let (Some(_), Some(synapses)) = (unit, synapses) {
        let weights = weight.as_mut().ok_or_else(|| {
            format!("{place} has 0/nsyns, by which weights are multiplied, but no 0/syn_weight: those of edge types are not read")
        })?;
        if let Some(odd) = synapses.iter().find(|n| !is_count(**n)) {
            return Err(format!("{place}/0/nsyns has {odd}, expected whole numbers, 0 or more"));
        }
        weights.iter_mut().zip(synapses).for_each(|(weight, synapses)| *weight *= synapses);
    }
    Ok(Columns { source, target, weight, delay: attribute("0/delay", "ms")?, overridden })
}

/// A group of an HDF5 file, with those of its datasets that were asked for.
struct Group<'a> {
    place: &'a str,
    found: Arrays,
}

impl Group<'_> {
    fn read<'a>(path: &Path, place: &'a str, names: &[&str]) -> Result<Group<'a>, String> {
        let places: Vec<String> = names.iter().map(|name| format!("{place}/{name}")).collect();
        let all: Vec<&str> = places.iter().map(String::as_str).chain([place]).collect();
        Ok(Group { place, found: arrays(path, &all)? })
    }

    /// A dataset in a unit: that of the file, if it says one, is turned into it.
    fn take(&mut self, name: &str, unit: &str) -> Result<Option<Vec<f64>>, String> {
        self.found.take(&format!("{}/{name}", self.place)).map(|array| array.numbers_in(unit)).transpose()
    }

    fn needed(&mut self, name: &str, unit: &str) -> Result<Vec<f64>, String> {
        self.take(name, unit)?.ok_or_else(|| format!("there is no dataset {}/{name}", self.place))
    }
}

fn csv_columns(path: &Path) -> Result<Columns, String> {
    let (header, rows) = csv_rows(path)?;
    let names: Vec<&str> = header.iter().map(String::as_str).collect();
    named_columns(&names, |column| rows.iter().enumerate().map(|(i, row)| number(&row[column], i)).collect())
}

fn npy_columns(path: &Path) -> Result<Columns, String> {
    let array = npy::read(path)?;
    if !array.names.is_empty() {
        let width = array.names.len();
        let names: Vec<&str> = array.names.iter().map(String::as_str).collect();
        return named_columns(&names, |column| Ok(array.numbers.iter().skip(column).step_by(width).copied().collect()));
    }
    let [_, width @ 2..=4] = array.shape[..] else {
        return Err(format!(
            "found an array of shape {:?}, expected N x 2 to 4: source, target, weight, delay",
            array.shape
        ));
    };
    let column = |i: usize| -> Vec<f64> { array.numbers.iter().skip(i).step_by(width).copied().collect() };
    Ok(Columns {
        source: column(0),
        target: column(1),
        weight: (width > 2).then(|| column(2)),
        delay: (width > 3).then(|| column(3)),
        overridden: None,
    })
}

fn named_columns(names: &[&str], column: impl Fn(usize) -> Result<Vec<f64>, String>) -> Result<Columns, String> {
    let valid = ["source", "target", "weight", "delay"];
    if let Some(name) = names.iter().find(|n| !valid.contains(n)) {
        return Err(format!("found the column {name}; expected source, target, weight, delay"));
    }
    let find = |name: &str| column_of(names, name)?.map(&column).transpose();
    let needed = |name: &str| find(name)?.ok_or_else(|| format!("there is no column {name}"));
    let (source, target) = (needed("source")?, needed("target")?);
    Ok(Columns { source, target, weight: find("weight")?, delay: find("delay")?, overridden: None })
}
