//! `memspike convert MODEL OUT.nir`: a network as a NIR graph.

use std::path::Path;

use memspike::engine::{self, Options, Unobserved};
use memspike::format::nir::{Graph, write_graph};
use memspike::interchange::nir::{Synapses, export};
use memspike::network;
use memspike::record::{Chunk, Memory, WeightKind};
use memspike::spec::{NetworkSpec, RecordSpec, WeightRecord, WeightSample};
use memspike::time::Time;

use crate::cli::model::{Loaded, Model};
use crate::cli::note::notes as say;
use crate::cli::output::Output;
use crate::cli::{Done, Failure, memory};

use super::Args;

/// Builds the network and writes it.
pub fn run(args: &Args, output: &Output) -> Result<Done, Failure> {
    let Loaded { mut spec, .. } = Model::File(args.input.clone()).load(&args.set, None)?;
    let size = network::estimate(&spec).map_err(Failure::input)?;
    memory::refuse_if_too_large(
        size.neurons.saturating_add(size.sources),
        size.synapses,
        size.bytes,
        memory::available(),
    )?;
    let dt = args.dt.unwrap_or(spec.simulation.resolution);
    let (populations, synapses) = build(&mut spec)?;
    let wrong = |message: String| Failure::input(format!("{}: {message}.", args.input.display()));
    let (graph, notes) = export(&spec, &populations, &synapses, dt.ms()).map_err(wrong)?;
    say(&notes);
    write(output.path(), &graph, dt).map_err(Failure::run)?;
    Ok(Done::text(format!(
        "{} nodes, {} edges, for a step of {dt}\nwritten to {}\n",
        graph.nodes.len(),
        graph.edges.len(),
        output.path().display()
    )))
}

fn write(path: &Path, graph: &Graph, dt: Time) -> Result<(), String> {
    let dt = dt.seconds().to_string();
    let producer = concat!("memspike ", env!("CARGO_PKG_VERSION"));
    let about = [
        ("producer", producer),
        ("dt", dt.as_str()),
        ("time_unit", "s"),
        ("voltage_unit", "mV"),
        ("reset", "to v_reset"),
    ];
    write_graph(path, graph, &about)
}

/// Draws the parameters, and the synapses as they are at the start: one step is simulated, in which they are recorded.
fn build(spec: &mut NetworkSpec) -> Result<(Vec<network::Population>, Vec<Synapses>), Failure> {
    spec.simulation.duration = Some(spec.simulation.resolution);
    let all = (0..spec.projections.len()).map(|projection| WeightRecord { projection, on: WeightSample::End });
    spec.record = RecordSpec { weights: all.collect(), ..RecordSpec::default() };
    let network = network::compile(spec.clone(), 1).map_err(Failure::input)?;
    let populations = network.populations.clone();
    let simulation = engine::prepare(network).map_err(Failure::input)?;
    let layout = simulation.layout();
    let mut memory = Memory::keeping();
    simulation.run(&Options::default(), &mut memory, &mut Unobserved::default()).map_err(Failure::run)?;
    let mut synapses = Vec::new();
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
