//! Networks as SONATA circuits: simulated from there they give the same bits; what SONATA has no words for is told or refused.

use std::fs;
use std::path::Path;

use memspike::format::result::{WrittenSpikes, read_observables, read_spikes};
use memspike::format::sonata::{read_edges, read_nodes};

use crate::cli::{bad, good, memspike};

/// Names against the alphabet, sources between neurons, and weights whose sum depends on its order.
const MODEL: &str = r#"
[simulation]
duration = "150 ms"
engine = "grid"
seed = 5

[population.zeta]
size = 40
neuron.lif_exp = { tau_m = "12 ms", t_ref = { uniform = ["1 ms", "2 ms"] }, i_e = { normal = { mean = "380 pA", std = "30 pA" } } }
initial.v_m = { uniform = ["-70 mV", "-56 mV"] }

[population.noise]
size = 20
source.poisson = { rate = "300 Hz" }

[population.eta]
size = 30
neuron.lif_cond_alpha = { e_l = "-68.1 mV", c_m = "201.3 pF" }

[population.given]
source.spike_times = { values = [[0.1, 30, 30.04, 90], [], [12.3]], unit = "ms" }

[population.alpha]
size = 25
neuron.izhikevich = { a = 0.1, d = 2.0, i_e = "8 pA" }

[projection.y]
source = "noise"
target = "zeta"
connect.fixed_indegree = 8
weight = { normal = { mean = "41.7 pA", std = "9 pA" } }
delay = { uniform = ["0.3 ms", "4 ms"] }

[projection.x]
source = ["zeta", "given"]
target = "eta"
connect.fixed_probability = 0.4
weight = { uniform = ["0.1 nS", "9.7 nS"] }

[projection.a]
source = ["given", "zeta"]
target = "zeta"
connect.fixed_indegree = 5
weight = { uniform = ["-50 pA", "61 pA"] }

[projection.w]
source = "eta[3:20]"
target = "alpha"
connect.fixed_outdegree = 9
weight = { normal = { mean = "-0.37 mV", std = "0.2 mV" } }
delay = "2.2 ms"

[projection.b]
source = "alpha"
target = "zeta"
connect.fixed_total_number = 300
weight = { uniform = ["-31.1 pA", "44 pA"] }
delay = "0.7 ms"

[record]
state = [
    { population = "zeta[2:5]", variables = ["v_m", "i_syn_ex"], interval = "1 ms" },
    { population = "alpha", variables = ["u_m"], interval = "0.5 ms", start = "3 ms" },
]
"#;

fn spikes(path: &Path) -> Vec<WrittenSpikes> {
    let mut all = read_spikes(path).unwrap();
    all.sort_by(|a, b| a.population.cmp(&b.population));
    all
}

/// Runs a model, and the circuit that it is converted to; their spikes have to be the same.
fn both(folder: &Path, model: &str, extra: &[&str]) -> String {
    fs::write(folder.join("model.toml"), model).unwrap();
    good(&memspike(folder, &["run", "model.toml", "-o", "model.h5", "--force"]));
    let converted = memspike(folder, &["convert", "model.toml", "circuit", "--to", "sonata", "--force"]);
    good(&converted);
    let run = [&["run", "circuit/simulation_config.json", "-o", "circuit.h5", "--force"], extra].concat();
    good(&memspike(folder, &run));
    let [ours, theirs] = ["model.h5", "circuit.h5"].map(|name| spikes(&folder.join(name)));
    assert_eq!(ours.len(), theirs.len());
    for (a, b) in ours.iter().zip(&theirs) {
        assert!(!a.times_ms.is_empty(), "{} is silent", a.population);
        assert_eq!(a.population, b.population);
        assert!(a.times_ms == b.times_ms && a.node_ids == b.node_ids, "{} differs", a.population);
    }
    String::from_utf8(converted.stderr).unwrap()
}

#[test]
fn a_circuit_gives_the_bits_of_the_model_that_it_was_made_of() {
    let folder = tempfile::tempdir().unwrap();
    let told = both(folder.path(), MODEL, &[]);
    assert!(told.contains("population zeta: t_ref, I_e, V_m differ from node to node"), "{told}");
    let state = |name: &str| read_observables(&folder.path().join(name)).unwrap().states;
    let (ours, theirs) = (state("model.h5"), state("circuit.h5"));
    assert_eq!(ours.len(), 3);
    for a in &ours {
        let b = theirs.iter().find(|b| (&b.population, &b.variable) == (&a.population, &a.variable)).unwrap();
        assert!(a.times_ms == b.times_ms && a.data == b.data && a.node_ids == b.node_ids, "{}", a.variable);
    }
    // The files of the circuit itself.
    let circuit = folder.path().join("circuit");
    for name in ["output/spikes.h5", "output/zeta_state.h5", "output/zeta_state_I_syn_ex.h5", "output/alpha_state.h5"] {
        assert!(circuit.join(name).is_file(), "{name}");
    }
    let nodes = read_nodes(&circuit.join("nodes.h5"), &circuit.join("node_types.csv")).unwrap();
    assert_eq!(nodes.iter().map(|n| n.type_ids.len()).sum::<usize>(), 95);
    let edges = read_edges(&circuit.join("edges.h5"), &circuit.join("edge_types.csv")).unwrap();
    let of_w = edges.iter().find(|e| e.name == "w").unwrap();
    assert_eq!(
        (of_w.sources.len(), of_w.sources.iter().min(), of_w.sources.iter().max()),
        (17 * 9, Some(&3), Some(&19))
    );
}

#[test]
fn the_indices_of_edges_find_those_of_every_node() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("model.toml"), MODEL).unwrap();
    good(&memspike(folder.path(), &["convert", "model.toml", "circuit", "--to", "sonata"]));
    let file = hdf5::File::open(folder.path().join("circuit/edges.h5")).unwrap();
    // Edges of a source lie together; w comes from a part of its population.
    for (population, sizes) in [("x.zeta_to_eta", [40, 30]), ("w", [30, 25])] {
        let group = file.group(&format!("edges/{population}")).unwrap();
        for ((index, column), size) in
            [("source_to_target", "source_node_id"), ("target_to_source", "target_node_id")].into_iter().zip(sizes)
        {
            let read = |name: &str| group.dataset(name).unwrap().read_raw::<u64>().unwrap();
            let nodes = read(column);
            let of_nodes = read(&format!("indices/{index}/node_id_to_ranges"));
            let runs = read(&format!("indices/{index}/range_to_edge_id"));
            assert_eq!(of_nodes.len(), 2 * size, "{population}, {index}");
            for (node, range) in of_nodes.chunks(2).enumerate() {
                let own = &runs[2 * range[0] as usize..2 * range[1] as usize];
                let found: Vec<u64> = own.chunks(2).flat_map(|run| run[0]..run[1]).collect();
                let expected: Vec<u64> =
                    (0..nodes.len() as u64).filter(|e| nodes[*e as usize] == node as u64).collect();
                assert_eq!(found, expected, "{population}, {index}: node {node}");
            }
        }
    }
}

#[test]
fn a_model_without_a_grid_gives_its_bits_without_a_grid() {
    let folder = tempfile::tempdir().unwrap();
    let told = both(folder.path(), &MODEL.replace("engine = \"grid\"\n", ""), &["--engine", "event"]);
    assert!(told.contains("the model runs without a time step") && told.contains("--engine event"), "{told}");
}

const SMALL: &str = "simulation = { duration = '20 ms', engine = 'grid' }\n[population.A]\nsize = 3\nneuron.lif_delta = {}\n\
                     [projection.p]\nsource = 'A'\ntarget = 'A'\nconnect = 'all_to_all'\nweight = '1 mV'\n";

#[test]
fn what_a_circuit_cannot_say_is_told_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    let convert = |model: &str, extra: &[&str]| {
        fs::write(folder.path().join("model.toml"), model).unwrap();
        memspike(folder.path(), &[&["convert", "model.toml", "out", "--to", "sonata", "--force"], extra].concat())
    };
    let told = |model: &str, part: &str| {
        let output = convert(model, &[]);
        good(&output);
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains(part), "{part}: {said}");
    };
    told(
        &format!("{SMALL}[record]\nspikes = ['A[0:1]']\n"),
        "record.spikes: a circuit keeps the spikes of all neurons",
    );
    let short = SMALL.replace(", engine = 'grid'", "") + "delay = '0.01 ms'\n";
    told(&short, "projection p: some delays are no step of 0.1 ms");
    let plastic = format!("{SMALL}plasticity.stdp = {{}}\nw_max = '5 mV'\n");
    told(&plastic, "projection p: the weights at the start");
    told(
        &format!("{SMALL}short_term = {{ u_0 = 0.2 }}\n"),
        "projection p: without its short_term, which a circuit does not hold",
    );
    told(
        &format!("{SMALL}[input.n]\ntarget = 'A'\npoisson = {{ rate = '1 kHz', weight = '1 mV' }}\n"),
        "input n: a circuit has no noise",
    );
    told(&SMALL.replace("engine = 'grid'", "precision = 'single'"), "single precision");
    told(&format!("{SMALL}[record]\nstart = '5 ms'\n"), "spikes from the start");

    let refused = |model: &str, part: &str| {
        let said = bad(&convert(model, &[]), 2);
        assert!(said.contains(part) && said.contains("model.toml"), "{part}: {said}");
    };
    refused(&SMALL.replace("lif_delta = {}", "lif_delta = { theta_plus = '1 mV' }"), "theta_plus is not 0");
    refused(&SMALL.replace("duration = '20 ms', ", ""), "duration");
    // Silent projections have no edges; a network without any has no file of them.
    good(&convert(&SMALL.replace("'all_to_all'", "{ fixed_probability = 0.0 }"), &["--dt", "0.2ms"]));
    let config = fs::read_to_string(folder.path().join("out/simulation_config.json")).unwrap();
    assert!(config.contains("\"dt\": 0.2"), "{config}");
    good(&memspike(folder.path(), &["run", "out/simulation_config.json"]));
}

#[test]
fn a_circuit_replaces_nothing_unasked_and_is_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("model.toml"), SMALL).unwrap();
    let convert = |to: &str, extra: &[&str]| {
        memspike(folder.path(), &[&["convert", "model.toml", to, "--to", "sonata"], extra].concat())
    };
    let shown = good(&convert("a", &[]));
    assert!(shown.contains("3 nodes, 9 edges") && shown.contains("memspike run a/simulation_config.json"), "{shown}");
    assert!(bad(&convert("a", &[]), 2).contains("--force"));
    good(&convert("a", &["--force"]));
    assert!(bad(&convert("model.toml", &["--force"]), 2).contains("name of a folder"));
    let error = bad(&memspike(folder.path(), &["convert", "model.toml", "a.h5"]), 2);
    assert!(error.contains("--to sonata"), "{error}");
    // A circuit becomes a circuit, with the same numbers in it.
    let again = memspike(folder.path(), &["convert", "a/simulation_config.json", "b", "--to", "sonata"]);
    assert!(good(&again).contains("3 nodes, 9 edges"));
    for name in ["node_types.csv", "edge_types.csv", "circuit_config.json", "point_neuron_models/A.json"] {
        let [a, b] = ["a", "b"].map(|circuit| fs::read_to_string(folder.path().join(circuit).join(name)).unwrap());
        assert_eq!(a, b, "{name}");
    }
}
