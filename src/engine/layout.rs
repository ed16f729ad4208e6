//! Which datasets a network's result will have.

use crate::network::Network;
use crate::record::{Layout, PopulationLayout, StateLayout, WeightKind, WeightLayout};
use crate::spec::{PopulationKind, SourceSpec, WeightSample};

use super::recorder::Recorder;

/// The layout of a network whose recorder is ready.
pub fn layout(network: &Network, recorder: &Recorder) -> Layout {
    let spec = &network.spec;
    let populations = spec.populations.iter().map(|p| {
        let (model, parameters) = describe(&p.kind);
        PopulationLayout {
            name: p.name.clone(),
            size: p.size,
            model,
            parameters,
            recording_start_s: None,
            unit_ids: None,
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
        let name = |population: usize| spec.populations[population].name.clone();
        let joins = (name(projection.source.population), name(projection.target.population));
        WeightLayout { projection: projection.name.clone(), joins, unit: unit.into(), kind }
    });
    Layout { populations: populations.collect(), spikes, states, weights: weights.collect() }
}

/// Model name and parameters (JSON) of a population.
fn describe(kind: &PopulationKind) -> (String, String) {
    match kind {
        PopulationKind::Neuron { neuron, .. } => {
            let model = neuron.model.describe();
            let mut map = serde_json::Map::new();
            for (param, value) in model.params.iter().zip(&neuron.params) {
                let json = match value.constant() {
                    Some(v) if v.is_finite() => v.into(),
                    Some(v) => v.to_string().into(),
                    None => format!("{value:?}").into(),
                };
                map.insert(param.name.into(), json);
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
