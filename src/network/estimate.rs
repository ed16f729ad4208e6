//! How large a network will be, before anything is built.

use crate::device::DeviceSpec;
use crate::spec::{Engine, NetworkSpec, PopulationKind, Precision, SourceSpec, WeightSample};
use crate::synapse::{Cells, Needs};

use super::build::BuildError;
use super::parameters::draw_populations;
use super::projection::expect;

/// Sizes of a network that has not been built.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Estimate {
    /// Model neurons.
    pub neurons: u64,
    /// Members of source populations.
    pub sources: u64,
    /// Synapses; the expectation for `fixed_probability`.
    pub synapses: u64,
    /// Synapses of each projection, by name.
    pub projections: Vec<(String, u64)>,
    /// Memory that the network takes once built \[bytes\].
    pub bytes: u64,
}

impl Estimate {
    /// Neurons and sources.
    pub fn members(&self) -> u64 {
        self.neurons.saturating_add(self.sources)
    }

    /// How many of `available` threads on each of `ranks` are worth their keep: all wait for each other twice per window, so a
    /// thread needs some thousand neurons, or the synapses for as much work.
    pub fn threads(&self, available: usize, ranks: usize) -> usize {
        let earned = (self.neurons + self.sources) / 1500 + self.synapses / 200_000;
        usize::try_from(earned / ranks.max(1) as u64).unwrap_or(usize::MAX).clamp(1, available.max(1))
    }
}

/// Estimates a network without building it.
///
/// # Errors
/// If a projection can't be wired.
pub fn estimate(spec: &NetworkSpec) -> Result<Estimate, BuildError> {
    let weight = if spec.simulation.precision == Precision::Single { 4 } else { 8 };
    let size = |neurons: bool| {
        let of_kind = |p: &&crate::spec::PopulationSpec| matches!(p.kind, PopulationKind::Neuron { .. }) == neurons;
        spec.populations.iter().filter(of_kind).map(|p| p.size as u64).sum::<u64>()
    };
    let (neurons, sources) = (size(true), size(false));
    if neurons + sources > u64::from(u32::MAX) {
        return Err(BuildError::TooManyNeurons);
    }
    let spikes: u64 = spec
        .populations
        .iter()
        .map(|p| match &p.kind {
            PopulationKind::Source(SourceSpec::SpikeTimes(trains)) => trains.iter().map(|t| t.len() as u64).sum(),
            _ => 0,
        })
        .sum();
    let shown = spec.populations.iter().map(|p| match &p.kind {
        PopulationKind::Source(SourceSpec::Labels(labels)) => {
            (labels.images.pixels.len() + std::mem::size_of_val(&labels.shown[..])) as u64
        }
        _ => 0,
    });
    let mut bytes = 400 * neurons + 100 * sources + 8 * spikes + shown.sum::<u64>();
    let mut projections = Vec::new();
    for (index, projection) in spec.projections.iter().enumerate() {
        let (sources, count) = expect(spec, projection)?;
        let plastic = !projection.is_static();
        // Target; weight, unless one per source is enough; share in a run of a drawn delay, which only on a grid has
        // several synapses; what the device keeps.
        let run = if spec.simulation.engine == Engine::Grid { 1 } else { 12 };
        let shared = projection.weight.constant().is_some() && !plastic && projection.crossbar.is_none();
        let stored = 2
            + if shared { 0 } else { weight }
            + if projection.delay.constant().is_some() { 0 } else { run }
            + projection.device.as_ref().map_or(0, kept_bytes)
            + if projection.crossbar.is_some() && plastic { 8 } else { 0 };
        // Those that are drawn at spikes take nothing but the number of each source's.
        let per_synapse = if projection.procedural { 0 } else { stored };
        // A list of what arrives in each step on the way.
        if let (Engine::Grid, Some(delay)) = (spec.simulation.engine, projection.delay.constant()) {
            let steps = delay / spec.simulation.resolution.ms();
            bytes = bytes.saturating_add((24.0 * steps) as u64);
        }
        // Recorded weights: every synapse with its ends, where it can't be looked up at its spikes.
        let listed = spec.record.weights.iter().filter(|record| record.projection == index);
        let per_synapse = per_synapse
            + listed
                .map(|record| match (record.on == WeightSample::PreSpike, projection.procedural) {
                    (true, true) => 0,
                    (true, false) if plastic => 0,
                    (_, true) => 96,
                    (_, false) => 48,
                })
                .sum::<u64>();
        bytes = bytes.saturating_add(count.saturating_mul(per_synapse)).saturating_add(16 * sources);
        projections.push((projection.name.clone(), count));
    }
    let synapses = projections.iter().fold(0u64, |sum, (_, n)| sum.saturating_add(*n));
    Ok(Estimate { neurons, sources, synapses, projections, bytes })
}

/// Draws the parameters of all neurons and throws them away: finds what is out of range.
///
/// # Errors
/// As [`super::compile`] for parameters.
pub fn check_parameters(spec: &NetworkSpec) -> Result<(), BuildError> {
    draw_populations(spec).map(|_| ())
}

/// What a device keeps for each synapse \[bytes\].
fn kept_bytes(spec: &DeviceSpec) -> u64 {
    spec.device().map_or(12, |device| Cells::bytes_per_synapse(&Needs::of(&device)) as u64)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn what_does_not_fit_is_estimated_without_being_made() {
        for connect in ["fixed_total_number = 1000000000", "fixed_total_number.probability = 0.001", "pairs = [[0, 7]]"]
        {
            let text = format!(
                "simulation.duration = '1 s'\n[population.A]\nsize = 3000000000\nneuron = 'lif_exp'\n\
                 [projection.p]\nsource = 'A'\ntarget = 'A'\nweight = '1 pA'\nconnect.{connect}\n"
            );
            let spec = crate::spec::parse(&text, "a.toml", Path::new(""), &[]).unwrap();
            let size = estimate(&spec).unwrap();
            assert!(size.bytes > 1 << 40, "{connect}: {}", size.bytes);
        }
    }
}
