//! SONATA circuits: the example of 300 cells against NEST, and a small one with everything that it lacks.

use std::fs;
use std::path::{Path, PathBuf};

use memspike::engine::Options;
use memspike::format::sonata::{PopulationSpikes, write_spikes};
use memspike::interchange::sonata::{self, Circuit};
use memspike::spec::{NetworkSpec, PopulationKind};
use memspike::value::Value;

use crate::cli::{bad, good, memspike, root};
use crate::engine_run::{assert_same, run_spec};

fn example() -> PathBuf {
    root().join("tests/data/sonata_300")
}

/// A copy that a test may change and write into.
pub fn copy() -> tempfile::TempDir {
    fn copy(from: &Path, to: &Path) {
        fs::create_dir_all(to).unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let (path, target) = (entry.as_ref().unwrap().path(), to.join(entry.as_ref().unwrap().file_name()));
            if path.is_dir() {
                copy(&path, &target);
            } else {
                fs::copy(&path, &target).unwrap();
            }
        }
    }
    let folder = tempfile::tempdir().unwrap();
    copy(&example(), folder.path());
    folder
}

fn load(path: &Path, sets: &[(&str, &str)]) -> Circuit {
    let sets: Vec<_> = sets.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect();
    sonata::load(path, &sets).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn the_example_of_300_cells_gives_every_spike_and_potential_of_nest() {
    let circuit = load(&example().join("simulation_config.json"), &[("simulation.duration", "300 ms")]);
    let ran = run_spec(circuit.spec, 1, &Options::default()).unwrap();
    let nest = hdf5::File::open(example().join("nest.h5")).unwrap();
    let column = |name: &str| nest.dataset(name).unwrap().read_raw::<i64>().unwrap();
    let expected: Vec<(i64, u64)> = column("steps")
        .into_iter()
        .zip(column("node_ids"))
        .map(|(t, n)| (t, n as u64))
        .filter(|s| s.0 <= 30_000)
        .collect();
    let found: Vec<(i64, u64)> = ran
        .spikes(0)
        .into_iter()
        .map(|(ms, node)| ((ms * 100.0).round() as i64, node))
        .filter(|s| s.0 <= 30_000)
        .collect();
    assert!(found.len() > 3000, "{} spikes", found.len());
    let differs = found.iter().zip(&expected).position(|(a, b)| a != b);
    assert_eq!((found.len(), differs), (expected.len(), None));

    assert_eq!(ran.layout.states[0].node_ids, [0, 80, 160, 240, 270]);
    let (_, rows) = ran.memory.state(0);
    let v_m = nest.dataset("v_m").unwrap().read_raw::<f64>().unwrap();
    for (node, potentials) in v_m.chunks(300).enumerate() {
        for (i, expected) in potentials.iter().enumerate().take(299) {
            let found = rows[(i + 1) * 100 * 5 + node];
            assert!((found - expected).abs() < 1e-9, "column {node}, {} ms: {found}, NEST has {expected}", i + 1);
        }
    }
}

#[test]
fn threads_do_not_change_a_circuit_and_the_event_engine_runs_it_without_a_grid() {
    let config = example().join("simulation_config.json");
    let sets = [("simulation.duration", "40 ms"), ("simulation.engine", "\"event\"")];
    let one = run_spec(load(&config, &sets).spec, 1, &Options::default()).unwrap();
    for threads in [2, 3, 16] {
        let many = run_spec(load(&config, &sets).spec, threads, &Options::default()).unwrap();
        assert_same(&one.bytes(), &many.bytes(), &format!("{threads} threads"));
    }
    assert!(one.spikes(0).len() > 200, "{}", one.spikes(0).len());
    assert!(one.spikes(0).iter().any(|(t, _)| (t * 100.0).fract() != 0.0));
}

#[test]
fn a_run_writes_what_the_configuration_asks_for_and_replaces_nothing_unasked() {
    let folder = copy();
    let run = |extra: &[&str]| {
        let mut args = vec!["run", "config.json", "--duration", "60ms"];
        args.extend(extra);
        memspike(folder.path(), &args)
    };
    let shown = good(&run(&[]));
    assert!(shown.contains("output/spikes.h5") && shown.contains("output/membrane_potential.h5"), "{shown}");

    let spikes = memspike::format::read(&folder.path().join("output/spikes.h5")).unwrap();
    let ours = memspike::format::result::read_spikes(&folder.path().join("output/memspike.h5")).unwrap();
    let internal = ours.iter().find(|p| p.population == "internal").unwrap();
    assert_eq!(spikes.format, "SONATA spikes");
    assert_eq!(spikes.spikes.len(), internal.times_ms.len());
    assert!(spikes.spikes.unit_ids.iter().all(|id| (0..300).contains(id)));

    let report = memspike::format::read(&folder.path().join("output/membrane_potential.h5")).unwrap();
    let signal = &report.signals[0];
    assert_eq!((signal.name.as_str(), signal.unit.as_str(), signal.width), ("internal", "mV", 5));
    assert_eq!(signal.times.len(), 6001);
    assert_eq!(signal.data[0], -80.0);
    let file = hdf5::File::open(folder.path().join("output/membrane_potential.h5")).unwrap();
    let is_single = |name: &str| file.dataset(&format!("report/internal/{name}")).unwrap().dtype().unwrap().is::<f32>();
    assert!(is_single("data") && is_single("mapping/element_pos"), "SONATA's samples are float32");

    assert!(bad(&run(&[]), 2).contains("spikes.h5 exists already"));
    assert!(good(&run(&["--force", "--json"])).starts_with('{'));
    // Another file of ours, the same of theirs.
    assert!(good(&run(&["--force", "-o", "mine.h5"])).contains("mine.h5"));
    assert!(folder.path().join("mine.h5").is_file());
}

#[test]
fn a_resumed_run_writes_the_same_files() {
    let folder = copy();
    let run = |args: &[&str]| good(&memspike(folder.path(), &[&["run", "simulation_config.json"], args].concat()));
    run(&["--duration", "30ms", "-o", "a.h5", "--checkpoint-every", "20ms"]);
    run(&["--duration", "60ms", "--resume", "a.h5.ckpt"]);
    // What is in it: HDF5 dates its objects.
    let read = || memspike::format::read(&folder.path().join("output/spikes.h5")).unwrap().spikes;
    let resumed = read();
    run(&["--duration", "60ms", "-o", "b.h5", "--force"]);
    assert!(!resumed.is_empty() && resumed == read(), "another spikes.h5");
}

#[test]
fn a_circuit_without_a_simulation_needs_a_duration() {
    let folder = copy();
    let error = bad(&memspike(folder.path(), &["run", "circuit_config.json"]), 2);
    assert!(error.contains("duration"), "{error}");
    let shown = good(&memspike(folder.path(), &["run", "circuit_config.json", "--duration", "20ms"]));
    assert!(shown.contains("internal"), "{shown}");
    let shown = good(&memspike(folder.path(), &["info", "circuit_config.json", "--json"]));
    assert!(shown.contains("\"synapses\": 48432"), "{shown}");
}

/// Two neuron models and a virtual node in one population, parameters of single nodes, types and groups of edges.
fn mixed(folder: &Path) {
    let write = |name: &str, text: &str| fs::write(folder.join(name), text).unwrap();
    let file = hdf5::File::create(folder.join("nodes.h5")).unwrap();
    let group = file.create_group("nodes").unwrap().create_group("a.b").unwrap();
    let list = |group: &hdf5::Group, name: &str, values: &[i64]| {
        group.new_dataset::<i64>().shape(values.len()).create(name).unwrap().write_raw(values).unwrap();
    };
    let reals = |group: &hdf5::Group, name: &str, values: &[f64]| {
        group.new_dataset::<f64>().shape(values.len()).create(name).unwrap().write_raw(values).unwrap();
    };
    list(&group, "node_type_id", &[7, 5, 7, 9]);
    list(&group, "node_group_id", &[0, 0, 1, 0]);
    list(&group, "node_group_index", &[0, 1, 0, 2]);
    let own = group.create_group("1").unwrap().create_group("dynamics_params").unwrap();
    reals(&own, "tau_m", &[33.0]);
    write(
        "node_types.csv",
        "node_type_id model_type model_template dynamics_params kind\n5 point_neuron nest:iaf_psc_exp NULL x\n7 point_neuron nest:iaf_psc_alpha p.json \"y z\"\n9 virtual NULL NULL v\n",
    );
    write("p.json", "{\"tau_m\": 15.0, \"E_L\": -60.0, \"V_m\": -58.0, \"tau_minus\": 20.0}");

    let file = hdf5::File::create(folder.join("edges.h5")).unwrap();
    let group = file.create_group("edges").unwrap().create_group("e").unwrap();
    list(&group, "edge_type_id", &[1, 2, 1, 1]);
    list(&group, "source_node_id", &[3, 0, 1, 3]);
    list(&group, "target_node_id", &[0, 1, 2, 1]);
    for name in ["source_node_id", "target_node_id"] {
        let text: hdf5::types::VarLenUnicode = "a.b".parse().unwrap();
        let dataset = group.dataset(name).unwrap();
        dataset
            .new_attr::<hdf5::types::VarLenUnicode>()
            .create("node_population")
            .unwrap()
            .write_scalar(&text)
            .unwrap();
    }
    list(&group, "edge_group_id", &[0, 1, 0, 0]);
    list(&group, "edge_group_index", &[1, 0, 0, 2]);
    let zero = group.create_group("0").unwrap();
    reals(&zero, "syn_weight", &[10.0, 900.0, 11.0]);
    reals(&group.create_group("1").unwrap(), "nsyns", &[3.0]);
    write(
        "edge_types.csv",
        "edge_type_id delay dynamics_params model_template\n1 1.5 NULL static_synapse\n2 NULL s.json NULL\n",
    );
    write("s.json", "{\"weight\": -4.0, \"delay\": 2.5}");
    let drive = PopulationSpikes { population: "a.b".to_owned(), times_ms: vec![3.0, 1.0], node_ids: vec![3, 3] };
    write_spikes(&folder.join("drive.h5"), &[drive], true).unwrap();
    write(
        "c.json",
        r#"{ "networks": { "nodes": [{ "nodes_file": "${D}/nodes.h5", "node_types_file": "node_types.csv" }],
                           "edges": [{ "edges_file": "$D/edges.h5", "edge_types_file": "$D/edge_types.csv" }] },
             "manifest": { "$D": "$E", "$E": "." }, "components": { "point_neuron_models_dir": "$D" , "synaptic_models_dir": "." },
             "run": { "tstop": 10.0, "dt": 0.1, "random_seed": 3 }, "conditions": { "v_init": -65.0 },
             "node_sets": { "ys": { "kind": "y z" }, "both": ["ys", { "node_id": 1 }] },
             "inputs": { "drive": { "input_type": "spikes", "module": "sonata", "input_file": "drive.h5", "node_set": { "kind": "v" } } },
             "reports": { "r": { "cells": "both", "variable_name": ["V_m", "I_syn_ex"], "module": "membrane_report", "end_time": 5.0 } },
             "output": { "output_dir": "out", "spikes_sort_order": "id" } }"#,
    );
}

fn params(spec: &NetworkSpec, population: usize, name: &str) -> Value {
    let PopulationKind::Neuron { neuron, .. } = &spec.populations[population].kind else { panic!("a source") };
    neuron.params[neuron.model.describe().param(name).unwrap()].clone()
}

#[test]
fn populations_of_several_models_are_split_and_written_as_one() {
    let folder = tempfile::tempdir().unwrap();
    mixed(folder.path());
    let spec = load(&folder.path().join("c.json"), &[]).spec;
    let names: Vec<(&str, usize)> = spec.populations.iter().map(|p| (p.name.as_str(), p.size)).collect();
    assert_eq!(names, [("a_b_lif_alpha", 2), ("a_b_lif_exp", 1), ("a_b_virtual", 1)]);
    assert_eq!(spec.simulation.seed, 3);
    let Value::List(tau) = params(&spec, 0, "tau_m") else { panic!("one tau_m") };
    assert_eq!(tau[..], [15.0, 33.0]);
    assert_eq!(params(&spec, 1, "tau_m").constant(), Some(10.0));
    let initial = |p: usize| match &spec.populations[p].kind {
        PopulationKind::Neuron { initial, .. } => initial[0].1.constant(),
        PopulationKind::Source(_) => None,
    };
    assert_eq!((initial(0), initial(1)), (Some(-58.0), Some(-65.0)));

    let projections: Vec<String> =
        spec.projections.iter().map(|p| format!("{} {:?} {:?} {:?}", p.name, p.connect, p.weight, p.delay)).collect();
    assert_eq!(
        projections,
        [
            "e_a_b_lif_alpha_a_b_lif_exp Pairs([(0, 0)]) -12 2.5",
            "e_a_b_lif_exp_a_b_lif_alpha Pairs([(0, 1)]) 10 1.5",
            "e_a_b_virtual_a_b_lif_alpha Pairs([(0, 0)]) 900 1.5",
            "e_a_b_virtual_a_b_lif_exp Pairs([(0, 0)]) 11 1.5",
        ]
    );

    let shown = good(&memspike(folder.path(), &["run", "c.json"]));
    assert!(shown.contains("r_I_syn_ex.h5"), "{shown}");
    let report = memspike::format::read(&folder.path().join("out/r_I_syn_ex.h5")).unwrap();
    assert_eq!((report.signals[0].width, report.signals[0].times.len()), (3, 51));
    // Node 1 is the lif_exp: 11 pA arrive at 2.5 ms.
    let at = |t: usize, node: usize| report.signals[0].data[t * 3 + node];
    assert_eq!((at(24, 1), at(25, 1)), (0.0, 11.0));
}
