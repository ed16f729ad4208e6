//! Whatever opens an HDF5 file to read it does so in the process that was installed for it: here one that fails, so nothing is read.
//!
//! In a program of its own, since what is installed holds for the whole process.

use std::path::Path;

use memspike::format::contain::Contained;
use memspike::format::{self, Fault, FormatError};
use memspike::spec;

/// What the process that reads says when it is `/bin/false`.
const SAID: &str = "the process that read it ended with the code 1";

#[test]
fn every_reader_of_hdf5_asks_the_other_process() {
    Contained::of_program("/bin/false").install();
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let network = data.join("sonata_300/network");
    let file = |ending: &str| {
        let files = std::fs::read_dir(&network).unwrap().map(|e| e.unwrap().path());
        files.filter(|p| p.to_string_lossy().ends_with(ending)).min().unwrap()
    };
    let [nodes, node_types] = ["_nodes.h5", "_node_types.csv"].map(file);
    let [edges, edge_types] = ["_edges.h5", "_edge_types.csv"].map(file);
    let graph = data.join("nir/lif_norse.nir");
    let h5 = data.join("nir/traces.h5");
    let answers: [(&str, Option<FormatError>); 8] = [
        ("recording", format::read(&h5).err()),
        ("graph", format::nir::read_graph(&graph).err()),
        ("nodes", format::sonata::read_nodes(&nodes, &node_types).err()),
        ("edges", format::sonata::read_edges(&edges, &edge_types).err()),
        ("arrays", format::read_arrays(&h5, &["/"]).err()),
        ("run", format::result::read_run(&h5).err()),
        ("observables", format::result::read_observables(&h5).err()),
        ("survey", format::stream::survey(&h5).err()),
    ];
    for (what, error) in answers {
        let error = error.unwrap_or_else(|| panic!("{what} was read here"));
        assert!(error.fault == Fault::NotContained && error.message.contains(SAID), "{what}: {error}");
    }
    for (what, line) in [
        ("values", format!("weight = {{ file = {h5:?}, dataset = \"v\", unit = \"pA\" }}")),
        ("pairs", format!("connect.file = {{ path = {h5:?} }}")),
    ] {
        let connect = if what == "pairs" { "" } else { "connect = \"one_to_one\"\n" };
        let text = format!(
            "simulation.duration = \"1 s\"\n[population.A]\nsize = 3\nneuron = \"lif_exp\"\n\
             [projection.p]\nsource = \"A\"\ntarget = \"A\"\n{connect}{line}"
        );
        let error = spec::parse(&text, "m", Path::new(""), &[]).unwrap_err();
        assert!(error.message().contains(SAID), "{what}: {error}");
    }
}
