//! Which datasets a network's result will have.

use serde_json::json;

use crate::network::{self, Network};
use crate::record::{DrawnLayout, Layout, PopulationLayout, StateLayout, WeightKind, WeightLayout};
use crate::spec::{PopulationKind, SourceSpec, WeightSample};
use crate::value::{Limits, Value};

use super::recorder::Recorder;

/// The layout of a network whose recorder is ready.
pub fn layout(network: &Network, recorder: &Recorder) -> Layout {
    let spec = &network.spec;
    // The engine has taken the columns of what was drawn; they are a function of model and seed, and have been drawn before.
    let mut drawn =
        if spec.record.parameters { network::drawn(spec).unwrap_or_default() } else { Vec::new() }.into_iter();
    let told = |(name, unit, values): (String, &str, Vec<f64>)| DrawnLayout { name, unit: unit.into(), values };
    let populations = spec.populations.iter().enumerate().map(|(index, p)| {
        let (model, parameters) = describe(&p.kind);
        let partly = spec.record.recorded(index, p.size).filter(|recorded| recorded.contains(&false));
        let members = |recorded: Vec<bool>| {
            (0..).zip(recorded).filter_map(|(member, is)| is.then_some(member)).collect::<Vec<u64>>()
        };
        PopulationLayout {
            name: p.name.clone(),
            size: p.size,
            model,
            parameters,
            recorded: partly.map(members),
            recording_start_s: None,
            unit_ids: None,
            drawn: drawn.next().unwrap_or_default().into_iter().map(told).collect(),
        }
    });
    let mut spikes = Vec::new();
    for slice in &spec.record.spikes {
        if !spikes.contains(&slice.population) {
            spikes.push(slice.population);
        }
    }
    let mut states = Vec::new();
    for record in &spec.record.state {
        let size = network.populations[record.slice.population].size;
        let PopulationKind::Neuron { neuron, .. } = &spec.populations[record.slice.population].kind else { continue };
        for &variable in &record.variables {
            let variable = &neuron.model.describe().variables[variable];
            states.push(StateLayout {
                population: record.slice.population,
                variable: variable.name.into(),
                unit: variable.unit.into(),
                node_ids: record.members(size).into_iter().map(u64::from).collect(),
                interval_ms: record.interval.ms(),
            });
        }
    }
    let weights = spec.record.weights.iter().enumerate().map(|(index, record)| {
        let projection = &spec.projections[record.projection];
        let listed = recorder.listed(index);
        let kind = match record.on {
            WeightSample::PreSpike => WeightKind::PreSpike,
            WeightSample::End | WeightSample::Interval(_) => WeightKind::Snapshots {
                source_ids: listed.iter().map(|e| u64::from(e.source)).collect(),
                target_ids: listed.iter().map(|e| u64::from(e.target)).collect(),
                delays_ms: listed.iter().map(|e| e.delay.ms()).collect(),
            },
        };
        let unit = match &spec.populations[projection.target.population].kind {
            PopulationKind::Neuron { neuron, .. } => neuron.model.weight_unit(),
            PopulationKind::Source(_) => "",
        };
        WeightLayout {
            projection: projection.name.clone(),
            joins: spec.joins(projection),
            firsts: (projection.source.start as u64, projection.target.start as u64),
            unit: unit.into(),
            kind,
        }
    });
    Layout {
        populations: populations.collect(),
        spikes,
        states,
        weights: weights.collect(),
        devices: recorder.devices(),
    }
}

/// Model name and parameters (JSON) of a population.
fn describe(kind: &PopulationKind) -> (String, String) {
    match kind {
        PopulationKind::Neuron { neuron, initial } => {
            let model = neuron.model.describe();
            let number = |value: &Value| match value.constant() {
                Some(v) if v.is_finite() => v.into(),
                Some(v) => v.to_string().into(),
                None => drawn(value),
            };
            let params = model.params.iter().zip(&neuron.params);
            let mut map: serde_json::Map<_, _> =
                params.map(|(param, value)| (param.name.to_owned(), number(value))).collect();
            if !initial.is_empty() {
                let begin =
                    initial.iter().map(|(index, value)| (model.variables[*index].name.to_owned(), number(value)));
                map.insert("initial".into(), begin.collect::<serde_json::Map<_, _>>().into());
            }
            (model.name.into(), serde_json::Value::Object(map).to_string())
        }
        PopulationKind::Source(source) => {
            let mut map = serde_json::Map::new();
            let kind = match source {
                SourceSpec::SpikeTimes(_) | SourceSpec::Reel(_) => "source.spike_times",
                SourceSpec::Poisson { .. } => "source.poisson",
                SourceSpec::Regular { .. } => "source.regular",
                SourceSpec::Labels(labels) => {
                    map.insert("rows".into(), labels.images.rows.into());
                    map.insert("columns".into(), labels.images.columns.into());
                    "source.labels"
                }
                SourceSpec::Pattern(_) => "source.pattern",
                SourceSpec::Recording(_) => "source.recording",
            };
            (kind.into(), serde_json::Value::Object(map).to_string())
        }
    }
}

/// A value that differs between members, in the form of the model file.
fn drawn(value: &Value) -> serde_json::Value {
    let moments = |mean: &f64, std: Option<&f64>, limits: &Limits| {
        let mut table = serde_json::Map::new();
        table.insert("mean".into(), json!(mean));
        table.extend(std.map(|std| ("std".to_owned(), json!(std))));
        let bounds = [("min", limits.min), ("max", limits.max)].into_iter().filter(|(_, bound)| bound.is_finite());
        table.extend(bounds.map(|(name, bound)| (name.to_owned(), json!(bound))));
        table.extend(limits.same_sign.then(|| ("same_sign".to_owned(), json!(true))));
        table
    };
    match value {
        Value::Constant(value) => json!(value),
        Value::Uniform { low, high } => json!({ "uniform": [low, high] }),
        Value::Normal { mean, std, limits } => json!({ "normal": moments(mean, Some(std), limits) }),
        Value::Lognormal { mean, std, limits } => json!({ "lognormal": moments(mean, Some(std), limits) }),
        Value::Exponential { mean, limits } => json!({ "exponential": moments(mean, None, limits) }),
        // Numbers one by one are in the model.
        Value::List(_) => json!("values"),
        Value::OfIndegree(_) => json!("a function of the in-degree"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_drawn_is_told_as_it_is_written_in_a_model() {
        let limits = Limits { max: 3.0, ..Limits::NONE };
        assert_eq!(
            drawn(&Value::Normal { mean: 1.0, std: 0.5, limits }),
            json!({ "normal": { "mean": 1.0, "std": 0.5, "max": 3.0 } })
        );
        assert_eq!(drawn(&Value::Uniform { low: -52.0, high: -48.0 }), json!({ "uniform": [-52.0, -48.0] }));
        let limits = Limits { same_sign: true, ..Limits::NONE };
        assert_eq!(
            drawn(&Value::Exponential { mean: 2.0, limits }),
            json!({ "exponential": { "mean": 2.0, "same_sign": true } })
        );
    }
}
