//! The result file of a run.

use std::path::Path;

use memspike::clocked::{self, Outcome};
use memspike::format::nir::Graph;
use memspike::format::result::{Header, ResultFile};
use memspike::record::{Chunk, Layout, PopulationLayout, Sink, StateLayout};
use serde_json::{Map, Value};

use super::clock;
use crate::cli::Failure;
use crate::cli::output::Output;
use crate::cli::simulate::result_failed;

/// A result as of other runs: spikes, and outputs and potentials as states. `start` is where on the clock of its recordings the run
/// begins \[s\]; `complete`: it was not stopped.
pub(super) fn write(
    out: &Output,
    path: &Path,
    graph: &Graph,
    options: &clocked::Options,
    outcome: &Outcome,
    start: Option<f64>,
    (summary, complete): (&Value, bool),
) -> Result<(), Failure> {
    let spiking = outcome.spikes.iter().map(|(node, _)| *node);
    let states = outcome.outputs.iter().map(|o| (o, "value")).chain(outcome.potentials.iter().map(|p| (p, "v")));
    let states: Vec<(&(usize, Vec<f64>), &str)> = states.collect();
    let mut nodes: Vec<usize> = spiking.chain(states.iter().map(|((node, _), _)| *node)).collect();
    nodes.sort_unstable();
    nodes.dedup();
    let place = |node: usize| nodes.iter().position(|n| *n == node).unwrap_or(0);
    let layout = Layout {
        populations: nodes
            .iter()
            .map(|i| PopulationLayout {
                name: graph.nodes[*i].name.clone(),
                size: graph.nodes[*i].size(),
                model: format!("nir.{}", graph.nodes[*i].kind.name()),
                parameters: "{}".to_owned(),
                recording_start_s: start,
                ..PopulationLayout::default()
            })
            .collect(),
        spikes: outcome.spikes.iter().map(|(node, _)| place(*node)).collect(),
        states: states
            .iter()
            .map(|((node, _), variable)| StateLayout {
                population: place(*node),
                variable: (*variable).to_owned(),
                unit: String::new(),
                node_ids: (0..graph.nodes[*node].size() as u64).collect(),
                interval_ms: options.dt * 1e3,
            })
            .collect(),
        ..Layout::default()
    };
    let header = Header {
        model: format!("# NIR graph {}\n", path.display()),
        engine: "clocked".to_owned(),
        precision: "double".to_owned(),
        resolution_ms: options.dt * 1e3,
        duration_ms: options.dt * options.steps as f64 * 1e3,
        started_utc: clock::now_utc(),
        ..Header::default()
    };
    let mut file = ResultFile::create(out.path(), &layout, &header, out.replaces()).map_err(result_failed)?;
    for (index, (_, spikes)) in outcome.spikes.iter().enumerate() {
        let mut all: Vec<(f64, u64)> =
            spikes.times.iter().zip(&spikes.neurons).map(|(t, n)| (t * 1e3, *n as u64)).collect();
        all.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let (times_ms, node_ids) = all.into_iter().unzip();
        file.write(Chunk::Spikes { index, times_ms, node_ids }).map_err(Failure::run)?;
    }
    for (index, ((_, rows), _)) in states.iter().enumerate() {
        let times_ms = (1..=options.steps).map(|step| step as f64 * options.dt * 1e3).collect();
        file.write(Chunk::State { index, times_ms, rows: rows.clone() }).map_err(Failure::run)?;
    }
    file.finish(summary.as_object().unwrap_or(&Map::new()), complete).map_err(result_failed)
}
