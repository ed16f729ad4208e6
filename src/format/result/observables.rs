//! What a result holds beside spikes: states, weights, and what devices differ in.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::drawn::{DrawnDevices, read_devices};
use super::read::recognise;
use crate::format::contain;
use crate::format::error::{Fault, FormatError};
use crate::format::h5::{H5, join};

/// `/state`, `/weights` and `/projections` of a result.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct Observables {
    /// `/state/<population>/<variable>`.
    pub states: Vec<States>,
    /// `/weights/<projection>` at presynaptic spikes.
    pub pre_spike: Vec<PreSpikeWeights>,
    /// `/weights/<projection>/snapshots`.
    pub snapshots: Vec<Snapshots>,
    /// `/projections/<name>/drawn`.
    pub devices: Vec<DrawnDevices>,
}

/// Samples of a state variable.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct States {
    /// Population.
    pub population: String,
    /// Variable.
    pub variable: String,
    /// Unit of the samples.
    pub unit: String,
    /// Of a membrane potential: the level at which the neuron fires, where it is one number.
    pub threshold: Option<f64>,
    /// Members that were sampled.
    pub node_ids: Vec<i64>,
    /// Sample times \[ms\].
    pub times_ms: Vec<f64>,
    /// Samples row by row: `times_ms.len()` rows of `node_ids.len()` numbers.
    pub data: Vec<f64>,
}

/// Weights as presynaptic spikes transmitted them, by time of emission.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct PreSpikeWeights {
    /// Projection.
    pub projection: String,
    /// Unit of the weights; empty if they are bare numbers.
    pub unit: String,
    /// Emission times \[ms\].
    pub times_ms: Vec<f64>,
    /// Sources.
    pub source_ids: Vec<i64>,
    /// Targets.
    pub target_ids: Vec<i64>,
    /// Weights.
    pub weights: Vec<f64>,
}

/// All weights of a projection at some times.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct Snapshots {
    /// Projection.
    pub projection: String,
    /// Unit of the weights; empty if they are bare numbers.
    pub unit: String,
    /// Times \[ms\].
    pub times_ms: Vec<f64>,
    /// Source of each synapse.
    pub source_ids: Vec<i64>,
    /// Target of each synapse.
    pub target_ids: Vec<i64>,
    /// The population of the targets, where the result says it.
    pub target_population: Option<String>,
    /// Its size, where the result says it.
    pub target_size: Option<usize>,
    /// Rows and columns of the labelled images that the sources show, if they do.
    pub images: Option<(usize, usize)>,
    /// Weights row by row: `times_ms.len()` rows of `source_ids.len()` numbers.
    pub weights: Vec<f64>,
}

/// Reads states and weights of a result.
///
/// # Errors
/// If the file can't be read, is no result of ours, or its tables do not fit together.
pub fn read_observables(path: &Path) -> Result<Observables, FormatError> {
    contain::read(path).map_err(|error| match error.fault {
        Fault::NotHdf5 if path.is_file() => FormatError { message: NO_RESULT.to_string(), ..error },
        _ => error,
    })
}

/// What other files are told that have been taken for one.
const NO_RESULT: &str = "is not a result of memspike: only those hold states and weights";

impl Observables {
    /// Reads them from an open file.
    pub(in crate::format) fn read(h5: &H5) -> Result<Observables, FormatError> {
        if !recognise(h5) {
            return Err(h5.error("", Fault::UnknownLayout, NO_RESULT));
        }
        let mut all = Observables::default();
        for population in h5.members("/state") {
            for variable in h5.members(&join("/state", &population)) {
                all.states.push(states(h5, &population, variable)?);
            }
        }
        for projection in h5.members("/weights") {
            let place = join("/weights", &projection);
            if h5.is_dataset(&join(&place, "weights")) {
                all.pre_spike.push(pre_spike(h5, &place, projection.clone())?);
            }
            if h5.is_group(&join(&place, "snapshots")) {
                all.snapshots.push(snapshots(h5, &join(&place, "snapshots"), projection)?);
            }
        }
        for projection in h5.members("/projections") {
            all.devices.extend(read_devices(h5, projection)?);
        }
        Ok(all)
    }
}

/// The shape of the images that a population shows; none if it shows none.
fn image(h5: &H5, place: &str) -> Option<(usize, usize)> {
    let parameters: serde_json::Value = serde_json::from_str(&h5.attr_text(place, "parameters")?).ok()?;
    let side = |name: &str| parameters.get(name)?.as_u64().and_then(|n| usize::try_from(n).ok());
    Some((side("rows")?, side("columns")?))
}

/// Spikes of a population, by (time, member).
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct WrittenSpikes {
    /// Population.
    pub population: String,
    /// Times \[ms\].
    pub times_ms: Vec<f64>,
    /// Members.
    pub node_ids: Vec<u64>,
}

/// Reads the spikes of a result as they are stored, in a process of its own if one was [installed](contain).
///
/// # Errors
/// As [`read_observables`].
pub fn read_spikes(path: &Path) -> Result<Vec<WrittenSpikes>, FormatError> {
    contain::read(path).map(|Written(spikes)| spikes)
}

/// The spikes of all populations.
#[derive(Debug, Deserialize, Serialize)]
pub(in crate::format) struct Written(pub Vec<WrittenSpikes>);

impl Written {
    /// Reads them from an open file.
    pub(in crate::format) fn read(h5: &H5) -> Result<Written, FormatError> {
        let population = |name: String| {
            let place = join("/spikes", &name);
            let (times, ids) = (h5.list(&join(&place, "timestamps"))?, h5.integers(&join(&place, "node_ids"))?);
            if times.len() != ids.len() {
                let message = "holds columns of different lengths, expected one entry per spike";
                return Err(h5.error(&place, Fault::Invalid, message));
            }
            let node_ids = ids.into_iter().map(|id| id.max(0) as u64).collect();
            Ok(WrittenSpikes { population: name, times_ms: times, node_ids })
        };
        h5.members("/spikes").into_iter().map(population).collect::<Result<_, _>>().map(Written)
    }
}

fn states(h5: &H5, population: &str, variable: String) -> Result<States, FormatError> {
    let place = join(&join("/state", population), &variable);
    let node_ids = h5.integers(&join(&place, "node_ids"))?;
    let times_ms = h5.list(&join(&place, "times"))?;
    let data = rows(h5, &join(&place, "data"), times_ms.len(), node_ids.len())?;
    let unit = unit(h5, &join(&place, "data"));
    let threshold = if variable == "v_m" { threshold(h5, population) } else { None };
    Ok(States { population: population.to_owned(), variable, unit, threshold, node_ids, times_ms, data })
}

/// `v_peak` where the model has one, otherwise `v_th` unless it adapts, or has before the run.
fn threshold(h5: &H5, population: &str) -> Option<f64> {
    let text = h5.attr_text(&join("/populations", population), "parameters")?;
    let parameters: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&text).ok()?;
    let number = |name: &str| parameters.get(name).and_then(serde_json::Value::as_f64);
    let none = |rise: Option<&serde_json::Value>| rise.is_none_or(|rise| rise.as_f64() == Some(0.0));
    let begin = parameters.get("initial").and_then(|initial| initial.get("theta"));
    let constant = none(parameters.get("theta_plus")) && none(begin);
    let exponential = number("delta_t") != Some(0.0);
    number("v_peak").filter(|_| exponential).or_else(|| number("v_th").filter(|_| constant))
}

fn pre_spike(h5: &H5, place: &str, projection: String) -> Result<PreSpikeWeights, FormatError> {
    let times_ms = h5.list(&join(place, "timestamps"))?;
    let source_ids = h5.integers(&join(place, "source_ids"))?;
    let target_ids = h5.integers(&join(place, "target_ids"))?;
    let weights = h5.list(&join(place, "weights"))?;
    if [source_ids.len(), target_ids.len(), weights.len()] != [times_ms.len(); 3] {
        return Err(h5.error(
            place,
            Fault::Invalid,
            "holds columns of different lengths, expected one entry per spike",
        ));
    }
    let unit = unit(h5, &join(place, "weights"));
    Ok(PreSpikeWeights { projection, unit, times_ms, source_ids, target_ids, weights })
}

fn snapshots(h5: &H5, place: &str, projection: String) -> Result<Snapshots, FormatError> {
    let times_ms = h5.list(&join(place, "times"))?;
    let source_ids = h5.integers(&join(place, "source_ids"))?;
    let target_ids = h5.integers(&join(place, "target_ids"))?;
    if source_ids.len() != target_ids.len() {
        return Err(h5.error(
            place,
            Fault::Invalid,
            "holds columns of different lengths, expected one entry per synapse",
        ));
    }
    let weights = rows(h5, &join(place, "weights"), times_ms.len(), source_ids.len())?;
    let unit = unit(h5, &join(place, "weights"));
    let target_population = h5.attr_text(place, "target_population");
    let size = |name: &String| h5.attr_number(&join("/populations", name), "size");
    let target_size = target_population.as_ref().and_then(size).map(|size| size as usize);
    let images = h5.attr_text(place, "source_population").and_then(|name| image(h5, &join("/populations", &name)));
    Ok(Snapshots {
        projection,
        unit,
        times_ms,
        source_ids,
        target_ids,
        target_population,
        target_size,
        images,
        weights,
    })
}

fn unit(h5: &H5, place: &str) -> String {
    h5.attr_text(place, "units").unwrap_or_default()
}

/// A matrix of this many rows and columns.
fn rows(h5: &H5, place: &str, rows: usize, columns: usize) -> Result<Vec<f64>, FormatError> {
    let numbers = h5.numbers(place)?;
    if numbers.shape != [rows, columns] {
        let message = format!("has the shape {:?}, expected [{rows}, {columns}]", numbers.shape);
        return Err(h5.error(place, Fault::Invalid, message));
    }
    Ok(numbers.data)
}
