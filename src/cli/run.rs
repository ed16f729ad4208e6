//! `memspike run`: simulate a model.

use std::path::PathBuf;

use memspike::format::contain::go_with_the_parent;
use memspike::ranks::Ranks;

use super::model::Model;
use super::simulate::{self, Flags};
use super::together::agree;
use super::{Done, Failure, graph};

/// Simulate a model
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  memspike run models/brunel_ai.toml --duration 300ms\n  \
                        memspike run models/brunel_ai.toml -o brunel.h5 --set parameters.g=4.5 --seed 2 --json\n  \
                        memspike run tests/data/sonata_300/circuit_config.json --duration 20ms --engine event\n  \
                        memspike run tests/data/nir/lif_norse.nir --input tests/data/nir/pulses.csv --dt 0.1ms\n\n\
                        Over several processes or machines, if built with the feature mpi (the result has the same bytes):\n  \
                        mpirun -n 4 memspike run models/brunel_ai.toml -o brunel.h5")]
pub struct Args {
    /// The model file (TOML), the configuration of a SONATA circuit (JSON), or a NIR graph (.nir)
    model: PathBuf,

    /// The result file (HDF5); only the figures are printed without it
    #[arg(short, long, value_name = "OUT.h5")]
    output: Option<PathBuf>,

    #[command(flatten)]
    flags: Flags,

    #[command(flatten)]
    graph: graph::Flags,
}

/// Where this is set, a run ends when its standard input is closed: a sweep starts its runs so. Not a flag, since shells would complete
/// it, hidden or not.
pub const WITH_PARENT: &str = "MEMSPIKE_WITH_PARENT";

/// Simulates, and prints the figures.
pub fn run(args: Args, ranks: &Ranks) -> Result<Done, Failure> {
    if std::env::var_os(WITH_PARENT).is_some() {
        go_with_the_parent();
    }
    if graph::is_graph(&args.model) {
        let common = args.flags.common()?;
        // It is small: one process does it.
        return if ranks.is_first() {
            graph::run(&args.model, args.output.as_deref(), &common, &args.graph)
        } else {
            Ok(Done::default())
        };
    }
    args.graph.refuse()?;
    let request = args.flags.request(Model::File(args.model), args.output.as_deref());
    simulate::run(agree(ranks, request)?, ranks)
}
