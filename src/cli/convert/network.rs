//! A model as `convert` writes it in another format: its parameters drawn, its synapses listed, its sources heard.

use std::path::Path;

use memspike::engine::{self, Options, Unobserved};
use memspike::format::sonata::PopulationSpikes;
use memspike::interchange::Synapses;
use memspike::network::{self, Population};
use memspike::record::{Chunk, Layout, Memory, WeightKind};
use memspike::spec::{NetworkSpec, PopulationKind, RecordSpec, Slice, SourceSpec, WeightRecord, WeightSample};

use crate::cli::model::{Layers, Loaded, Model};
use crate::cli::{Failure, memory};

/// A network that was built.
pub struct Built {
    /// The model.
    pub spec: NetworkSpec,
    /// Its populations.
    pub populations: Vec<Population>,
    /// Its synapses as they are at the start, by projection.
    pub synapses: Vec<Synapses>,
}

/// Reads a model and builds its network, if that fits into the machine.
pub fn read(path: &Path, layers: &Layers) -> Result<Built, Failure> {
    let Loaded { spec, .. } = Model::File(path.to_owned()).load(layers, None)?;
    let size = network::estimate(&spec).map_err(Failure::input)?;
    // It records all weights at the start.
    let mut listed = spec.clone();
    record_all(&mut listed);
    let bytes = memory::needed(&listed, &size, Some(1), 1, false)?;
    memory::refuse_if_too_large(size.members(), size.synapses, bytes, memory::available_to(1))?;
    let (populations, synapses) = build(spec.clone())?;
    Ok(Built { spec, populations, synapses })
}

/// One step, at whose start all weights are recorded, and in which nothing happens from which they would learn.
fn record_all(spec: &mut NetworkSpec) {
    spec.inputs.clear();
    for population in &mut spec.populations {
        if let PopulationKind::Source(source) = &mut population.kind {
            *source = SourceSpec::SpikeTimes(vec![Vec::new(); population.size]);
        }
    }
    let step = spec.simulation.resolution;
    spec.simulation.duration = Some(step);
    let on = WeightSample::Interval(step);
    let all = (0..spec.projections.len()).map(|projection| WeightRecord { projection, on });
    spec.record = RecordSpec { weights: all.collect(), ..RecordSpec::default() };
}

/// Draws the parameters, and the synapses as they are at the start: one step is simulated, in which they are recorded.
fn build(mut spec: NetworkSpec) -> Result<(Vec<Population>, Vec<Synapses>), Failure> {
    record_all(&mut spec);
    let (populations, layout, memory) = simulate(spec)?;
    let mut synapses = Vec::new();
    // The first of each is that of the start.
    for (place, layout) in layout.weights.into_iter().enumerate() {
        let WeightKind::Snapshots { source_ids, target_ids, delays_ms } = layout.kind else { continue };
        let weights = memory.chunks.iter().find_map(|chunk| match chunk {
            Chunk::Snapshot { index, weights, .. } if *index == place => Some(weights.clone()),
            _ => None,
        });
        let weights = weights.unwrap_or_else(|| vec![0.0; source_ids.len()]);
        synapses.push(Synapses { sources: source_ids, targets: target_ids, delays_ms, weights });
    }
    Ok((populations, synapses))
}

/// The populations of a model, and what it recorded.
fn simulate(spec: NetworkSpec) -> Result<(Vec<Population>, Layout, Memory), Failure> {
    let network = network::compile(spec, 1).map_err(Failure::input)?;
    let populations = network.populations.clone();
    let simulation = engine::prepare(network).map_err(Failure::input)?;
    let layout = simulation.layout();
    let mut memory = Memory::keeping();
    simulation.run(&Options::default(), &mut memory, &mut Unobserved::default()).map_err(Failure::run)?;
    Ok((populations, layout, memory))
}

/// The spikes of each source over the whole run: they depend on nothing else, so the network is left out.
pub fn trains(spec: &NetworkSpec) -> Result<Vec<Option<PopulationSpikes>>, Failure> {
    let is_source = |population: &usize| matches!(spec.populations[*population].kind, PopulationKind::Source(_));
    let sources: Vec<usize> = (0..spec.populations.len()).filter(is_source).collect();
    let mut trains = vec![None; spec.populations.len()];
    if sources.is_empty() {
        return Ok(trains);
    }
    let mut alone = spec.clone();
    (alone.projections, alone.inputs) = (Vec::new(), Vec::new());
    let slices = sources.iter().map(|&population| Slice { population, start: 0, stop: None });
    alone.record = RecordSpec { spikes: slices.collect(), ..RecordSpec::default() };
    let (_, _, memory) = simulate(alone)?;
    for (place, population) in sources.into_iter().enumerate() {
        let (times_ms, node_ids) = memory.spikes(place);
        let population_spikes =
            PopulationSpikes { population: spec.populations[population].name.clone(), times_ms, node_ids };
        trains[population] = Some(population_spikes);
    }
    Ok(trains)
}
