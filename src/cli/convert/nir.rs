//! `memspike convert MODEL OUT.nir`: a network as a NIR graph.

use std::path::Path;

use memspike::format::nir::{Graph, write_graph};
use memspike::interchange::nir::export;
use memspike::time::Time;

use crate::cli::note::notes as say;
use crate::cli::output::{Output, unwritten_by_library};
use crate::cli::simulate::read_of;
use crate::cli::{Done, Failure};

use super::{Args, network};

/// Builds the network and writes it.
pub fn run(args: &Args, output: &Output) -> Result<Done, Failure> {
    let network = network::read(&args.input, &args.set)?;
    let output = &output.clone().spare(read_of(&network.spec))?;
    let dt = args.dt.unwrap_or(network.spec.simulation.resolution);
    let wrong = |message: String| Failure::input(format!("{}: {message}.", args.input.display()));
    let (graph, notes) = export(&network.spec, &network.populations, &network.synapses, dt.ms()).map_err(wrong)?;
    say(&notes);
    write(output.path(), &graph, dt).map_err(|message| unwritten_by_library(output.path(), message))?;
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
