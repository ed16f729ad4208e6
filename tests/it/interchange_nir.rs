//! NIR graphs: traces of norse and of the equations, and a second implementation in numpy.

use std::fs;
use std::path::{Path, PathBuf};

use memspike::clocked::{Options, Outcome, Plan, Scheme, run};
use memspike::format::nir::{Graph, Kind, Node, read_graph, write_graph};

use crate::cli::{bad, good, memspike, root};

fn data(name: &str) -> PathBuf {
    root().join("tests/data/nir").join(name)
}

fn numbers(file: &str, place: &str) -> Vec<f64> {
    hdf5::File::open(data(file)).unwrap().dataset(place).unwrap().read_raw::<f64>().unwrap()
}

fn graph(name: &str) -> Graph {
    read_graph(&data(name)).unwrap_or_else(|error| panic!("{error}"))
}

fn node(graph: &Graph, name: &str) -> usize {
    graph.nodes.iter().position(|n| n.name == name).unwrap_or_else(|| panic!("no node {name}"))
}

/// Runs a graph with one input.
fn simulate(
    graph: &Graph,
    dt: f64,
    scheme: Scheme,
    subtract: bool,
    input: Vec<f64>,
    potentials: Vec<usize>,
) -> Outcome {
    let first = graph.nodes.iter().position(|n| n.kind == Kind::Input).unwrap();
    let steps = input.len() / graph.nodes[first].size();
    run(graph, &Options { dt, steps, scheme, subtract, inputs: vec![(first, input)], potentials }).unwrap()
}

#[test]
fn the_traces_of_norse_and_of_the_equation_are_reproduced() {
    let graph = graph("lif_norse.nir");
    let lif = node(&graph, "1");
    for (name, scheme, tolerance) in [("norse", Scheme::Euler, 5e-8), ("exact", Scheme::Exact, 1e-8)] {
        // The graph has its threshold in single precision.
        let trace = numbers("traces.h5", name);
        let column = |i: usize| trace.iter().skip(i).step_by(3).copied().collect::<Vec<f64>>();
        let outcome = simulate(&graph, 1e-4, scheme, false, column(0), vec![lif]);
        let worst = column(1).iter().zip(&outcome.potentials[0].1).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(worst < tolerance, "{name}: {worst}");
        assert_eq!(outcome.outputs[0].1, column(2), "{name}");
        assert_eq!(outcome.spikes[0].1.times.len(), 4);
    }
}

#[test]
fn in_the_exact_scheme_spikes_have_the_time_of_their_crossing() {
    let graph = graph("lif_norse.nir");
    // tau = 2.5 ms, a constant input of 0.2, a threshold of 0.1: a period of tau ln 2, whatever the step.
    let period = 0.0025 * 2f64.ln();
    for dt in [1e-4, 1e-3, 0.01] {
        let steps = (0.02 / dt) as usize;
        let outcome = simulate(&graph, dt, Scheme::Exact, false, vec![0.2; steps], vec![]);
        let times = &outcome.spikes[0].1.times;
        assert_eq!(times.len(), 11);
        for (i, time) in times.iter().enumerate() {
            let expected = period * (i + 1) as f64;
            // The weight is 1 and the threshold 0.1 in single precision.
            assert!(
                (time - expected).abs() < 1e-8 * (i + 1) as f64,
                "dt {dt}: spike {i} at {time}, expected {expected}"
            );
        }
    }
}

#[test]
fn networks_of_sinabs_snntorch_and_nir_give_what_numpy_makes_of_them() {
    for (name, file, dt, subtract, spiking) in [
        ("cnn", "cnn_sinabs.nir", 1.0, true, vec!["1", "3", "6", "10", "12"]),
        ("braille", "braille_noDelay_bias_zero.nir", 1e-4, false, vec!["lif1.lif", "lif2"]),
        ("nested", "nested.nir", 1e-3, false, vec![]),
    ] {
        let graph = graph(file);
        let input = numbers("reference.h5", &format!("{name}/input"));
        let outcome = simulate(&graph, dt, Scheme::Euler, subtract, input, vec![]);
        let expected = numbers("reference.h5", &format!("{name}/output"));
        let found = &outcome.outputs[0].1;
        assert_eq!(found.len(), expected.len());
        for (i, (a, b)) in found.iter().zip(&expected).enumerate() {
            assert!((a - b).abs() < 1e-9, "{name}, entry {i}: {a}, expected {b}");
        }
        for (i, node_name) in spiking.iter().enumerate() {
            let counts = numbers("reference.h5", &format!("{name}/counts"));
            let spikes = outcome.spikes.iter().find(|(n, _)| *n == node(&graph, node_name)).unwrap();
            assert_eq!(spikes.1.times.len() as f64, counts[i], "{name}: {node_name}");
        }
    }
}

#[test]
fn recurrent_edges_are_late_and_nested_graphs_are_taken_apart() {
    let braille = graph("braille_noDelay_bias_zero.nir");
    let plan = Plan::of(&braille).unwrap();
    assert_eq!(plan.late, [(node(&braille, "lif1.lif"), node(&braille, "lif1.w_rec"))]);
    let nested = graph("nested.nir");
    assert_eq!(nested.nodes[node(&nested, "inner.delay")].input, [2]);
    assert_eq!(nested.nodes[node(&nested, "inner.in")].kind, Kind::Identity);
    assert_eq!(nested.nodes[node(&nested, "conv")].output, [2, 3]);
}

#[test]
fn what_is_written_is_read_again() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["lif_norse.nir", "cnn_sinabs.nir", "braille_noDelay_bias_zero.nir", "nested.nir"] {
        let mut before = graph(name);
        let path = folder.path().join(name);
        write_graph(&path, &before, &[("producer", "a test")]).unwrap();
        let mut after = read_graph(&path).unwrap();
        for graph in [&mut before, &mut after] {
            graph.version.clear();
            for node in &mut graph.nodes {
                match &mut node.kind {
                    Kind::Neuron(neuron) => neuron.threshold.iter_mut().for_each(|t| t.given = true),
                    // An identity is written as a scale.
                    Kind::Identity => node.kind = Kind::Scale(vec![1.0; node.output.iter().product()]),
                    _ => {}
                }
            }
        }
        assert!(before == after, "{name} is another graph");
    }
}

#[test]
fn a_graph_runs_from_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let trace = numbers("traces.h5", "exact");
    let rows: String = trace.iter().step_by(3).map(|x| format!("{x}\n")).collect();
    fs::write(folder.path().join("in.csv"), format!("current\n{rows}")).unwrap();
    let lif = data("lif_norse.nir");
    let lif = lif.to_str().unwrap();
    let run = |extra: &[&str]| memspike(folder.path(), &[&["run", lif, "--input", "in.csv"], extra].concat());
    let error = bad(&run(&[]), 2);
    assert!(error.contains("--dt 0.1ms"), "{error}");
    let shown = good(&run(&["--dt", "0.1ms", "--scheme", "exact", "--record", "1", "-o", "a.h5"]));
    assert!(shown.contains("output summed over the steps: 4"), "{shown}");
    let recording = memspike::format::read(&folder.path().join("a.h5")).unwrap();
    assert_eq!(recording.spikes.len(), 4);
    let states = memspike::format::result::read_observables(&folder.path().join("a.h5")).unwrap().states;
    assert_eq!(states.len(), 2);
    assert!(states.iter().all(|s| s.data.len() == 1000));
    let json: serde_json::Value = serde_json::from_str(&good(&run(&["--dt", "0.1ms", "--json"]))).unwrap();
    assert_eq!((&json["spikes"], &json["scheme"]), (&4.into(), &"euler".into()));
    assert!(bad(&run(&["--dt", "0.1ms", "-o", "a.h5"]), 2).contains("--force"));
    for (flags, expected) in [
        (&["--engine", "grid"][..], "--engine"),
        (&["--set", "simulation.seed=1"], "--set"),
        (&["--record", "7", "--dt", "1ms"], "no such node of neurons; there are 1"),
        (&["--input", "in.csv", "--dt", "1ms"], "has an input already"),
    ] {
        let error = bad(&run(flags), 2);
        assert!(error.contains(expected), "{flags:?}: {error}");
    }
    assert!(bad(&run(&["--dt", "0.1ms", "--force"]), 2).contains("--force changes nothing"));
    for (option, value) in [("--set", &["a=1"][..]), ("--resolved", &[][..])] {
        let error = bad(&memspike(folder.path(), &[&["check", lif, option][..], value].concat()), 2);
        assert!(error.contains(&format!("{option} changes nothing")), "{error}");
    }
    fs::write(folder.path().join("m.toml"), "").unwrap();
    assert!(bad(&memspike(folder.path(), &["run", "m.toml", "--dt", "1ms"]), 2).contains("for NIR graphs"));

    let shown = good(&memspike(folder.path(), &["info", data("braille_noDelay_bias_zero.nir").to_str().unwrap()]));
    assert!(shown.contains("lif1.w_rec (a step later)") && shown.contains("gives no v_reset"), "{shown}");
    let json = good(&memspike(folder.path(), &["check", data("cnn_sinabs.nir").to_str().unwrap(), "--json"]));
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["nodes"]["8"]["output"], serde_json::json!([128]));
}

/// A copy of a graph in which `change` was made.
fn changed(name: &str, folder: &Path, change: impl FnOnce(&hdf5::Group)) -> PathBuf {
    let path = folder.join("changed.nir");
    fs::copy(data(name), &path).unwrap();
    let file = crate::unlocked::open_rw(&path);
    change(&file.group("node/nodes").unwrap());
    file.close().unwrap();
    path
}

fn put(group: &hdf5::Group, name: &str, values: &[f64]) {
    group.unlink(name).unwrap();
    group.new_dataset::<f64>().shape(values.len()).create(name).unwrap().write_raw(values).unwrap();
}

fn text(group: &hdf5::Group, name: &str, text: &str) {
    let text: hdf5::types::VarLenUnicode = text.parse().unwrap();
    group.unlink(name).unwrap();
    group.new_dataset::<hdf5::types::VarLenUnicode>().create(name).unwrap().write_scalar(&text).unwrap();
}

#[test]
fn graphs_that_can_not_be_are_told_with_their_place() {
    type Change = fn(&hdf5::Group);
    let cases: [(&str, Change, &str, &str); 12] = [
        ("lif_norse.nir", |g| put(g, "1/tau", &[0.0]), "/node/nodes/1/tau", "times above 0"),
        ("lif_norse.nir", |g| put(g, "1/tau", &[1.0, 2.0]), "/node/nodes/1/tau", "has 2 values, expected 1"),
        (
            "lif_norse.nir",
            |g| put(g, "1/v_threshold", &[-0.1]),
            "/node/nodes/1/v_threshold",
            "reset below the threshold",
        ),
        ("lif_norse.nir", |g| put(g, "1/r", &[f64::NAN]), "/node/nodes/1/r", "finite"),
        ("lif_norse.nir", |g| text(g, "1/type", "SRM"), "/node/nodes/1", "is a SRM; known are"),
        ("lif_norse.nir", |g| g.unlink("1/type").unwrap(), "/node/nodes/1", "has no `type`"),
        ("lif_norse.nir", |g| g.unlink("1").unwrap(), "/node/edges", "names 1, but there are"),
        ("lif_norse.nir", |g| put(g, "0/weight", &[1.0]), "/node/nodes/0/weight", "expected [outputs, inputs]"),
        ("cnn_sinabs.nir", |g| put(g, "input/shape", &[3.0, 34.0, 34.0]), "/node/nodes/0", "weights for 2 channels"),
        ("cnn_sinabs.nir", |g| put(g, "input/shape", &[2.0, 1e8, 1e8]), "/node/nodes/", "elements"),
        ("cnn_sinabs.nir", |g| put(g, "0/stride", &[0.0, 0.0]), "/node/nodes/0/stride", "1 or more"),
        ("cnn_sinabs.nir", |g| put(g, "0/groups", &[3.0]), "/node/nodes/0/groups", "divides"),
    ];
    for (i, (name, change, place, expected)) in cases.into_iter().enumerate() {
        let folder = tempfile::tempdir().unwrap();
        let path = changed(name, folder.path(), change);
        let error = read_graph(&path).map(|_| ()).unwrap_err();
        let shown = error.to_string();
        assert!(error.place.starts_with(place) && shown.contains(expected), "case {i}: {shown}");
    }
}

#[test]
fn cut_files_are_errors() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = fs::read(data("braille_noDelay_bias_zero.nir")).unwrap();
    let path = folder.path().join("cut.nir");
    for length in [0, 8, 100, 2048, bytes.len() / 2, bytes.len() - 1] {
        fs::write(&path, &bytes[..length]).unwrap();
        bad(&memspike(folder.path(), &["info", "cut.nir"]), 2);
        bad(&memspike(folder.path(), &["run", "cut.nir", "--dt", "1ms", "--duration", "1ms"]), 2);
    }
}

#[test]
fn a_model_is_written_as_a_graph_that_does_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let chain = data("chain.toml");
    let chain = chain.to_str().unwrap();
    let shown = good(&memspike(folder.path(), &["convert", chain, "chain.nir"]));
    assert!(shown.contains("for a step of 0.01 ms"), "{shown}");
    assert!(bad(&memspike(folder.path(), &["convert", chain, "chain.nir"]), 2).contains("--force"));

    // Spikes of the source as numbers; those of the model come a step earlier, since a step here ends where it lies.
    let step = 0.01;
    let mut input = vec![0.0; 6000 * 2];
    let trains: [&[f64]; 2] =
        [&[1.0, 2.0, 3.0, 20.0, 21.0, 22.0, 40.0, 41.0, 42.0], &[1.5, 2.5, 3.5, 20.5, 21.5, 22.5]];
    for (unit, train) in trains.iter().enumerate() {
        train.iter().for_each(|t| input[((t / step).round() as usize - 1) * 2 + unit] = 1.0);
    }
    let graph = read_graph(&folder.path().join("chain.nir")).unwrap();
    let outcome = simulate(&graph, step * 1e-3, Scheme::Euler, false, input, vec![]);
    good(&memspike(folder.path(), &["run", chain, "-o", "chain.h5"]));
    let exact = memspike::format::result::read_spikes(&folder.path().join("chain.h5")).unwrap();
    let mut compared = 0;
    for name in ["first", "second"] {
        let (_, spikes) = outcome.spikes.iter().find(|(n, _)| *n == node(&graph, name)).unwrap();
        let expected = exact.iter().find(|p| p.population == name).unwrap();
        assert_eq!(spikes.times.len(), expected.times_ms.len(), "{name}");
        let of = |unit: usize| {
            spikes.times.iter().zip(&spikes.neurons).filter(move |(_, n)| **n == unit).map(|(t, _)| t * 1e3)
        };
        for unit in 0..3 {
            let ours: Vec<f64> = of(unit).collect();
            let theirs = expected.times_ms.iter().zip(&expected.node_ids).filter(|(_, n)| **n as usize == unit);
            for (a, b) in ours.iter().zip(theirs.map(|(t, _)| t)) {
                // The step of Euler, and one of the circle.
                assert!((a - b).abs() < 0.15, "{name} {unit}: {a}, exact {b}");
                compared += 1;
            }
        }
    }
    assert!(compared > 15, "{compared}");
}

#[test]
fn what_nir_has_no_words_for_is_refused_or_told() {
    let folder = tempfile::tempdir().unwrap();
    let chain = data("chain.toml");
    let chain = chain.to_str().unwrap();
    let convert = |extra: &[&str]| memspike(folder.path(), &[&["convert", chain, "a.nir", "--force"], extra].concat());
    let error = bad(&convert(&["--set", "population.first.neuron.izhikevich={}"]), 2);
    assert!(error.contains("no primitive for izhikevich"), "{error}");
    let error = bad(&convert(&["--set", "population.second.neuron.lif_exp.tau_syn_in=\"4 ms\""]), 2);
    assert!(error.contains("tau_syn_ex and tau_syn_in differ"), "{error}");
    let output = convert(&["--set", "population.first.neuron.lif_delta.t_ref=\"2 ms\""]);
    good(&output);
    assert!(String::from_utf8_lossy(&output.stderr).contains("t_ref is left out"));
    assert!(!String::from_utf8_lossy(&output.stderr).contains("initial state"));
    let output = convert(&["--set", "population.first.neuron.lif_delta.i_e=\"0 pA\""]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("no initial state"));
    // Only a graph holds a model: for other formats it has to be a recording.
    let error = bad(&memspike(folder.path(), &["convert", chain, "a.h5"]), 2);
    assert!(error.contains("chain.toml"), "{error}");
}

#[test]
fn recordings_of_several_inputs_are_on_one_clock() {
    let folder = tempfile::tempdir().unwrap();
    let node = |name: &str, kind: Kind| Node { name: name.to_owned(), kind, input: vec![1], output: vec![1] };
    let nodes = vec![
        node("a", Kind::Input),
        node("b", Kind::Input),
        node("out_a", Kind::Output),
        node("out_b", Kind::Output),
        node("t_a", Kind::Threshold(vec![0.5])),
        node("t_b", Kind::Threshold(vec![0.5])),
    ];
    let edges = vec![(0, 4), (4, 2), (1, 5), (5, 3)];
    write_graph(&folder.path().join("two.nir"), &Graph { nodes, edges, ..Graph::default() }, &[]).unwrap();
    fs::write(folder.path().join("a.csv"), "time_s,unit\n0.1,0\n0.2,0\n").unwrap();
    fs::write(folder.path().join("b.csv"), "time_s,unit\n0.15,0\n0.25,0\n").unwrap();
    let run = |more: &[&str]| {
        let given = ["run", "two.nir", "--input", "a=a.csv", "--input", "b=b.csv", "--dt", "1ms"];
        good(&memspike(folder.path(), &[&given, more].concat()))
    };
    assert!(run(&["-o", "two.h5"]).contains("time 0 is 0.1 s on the clock of the recordings"));
    let states = memspike::format::result::read_observables(&folder.path().join("two.h5")).unwrap().states;
    let steps = |name: &str| -> Vec<usize> {
        let state = states.iter().find(|state| state.population == name).unwrap();
        state.data.iter().enumerate().filter(|(_, value)| **value == 1.0).map(|(step, _)| step).collect()
    };
    assert_eq!((steps("out_a"), steps("out_b")), (vec![0, 100], vec![50, 150]));
    let file = hdf5::File::open(folder.path().join("two.h5")).unwrap();
    let start = file.group("populations/out_b").unwrap().attr("recording_start_s").unwrap();
    assert_eq!(start.read_scalar::<f64>().unwrap(), 0.1);
    let json: serde_json::Value = serde_json::from_str(&run(&["--json"])).unwrap();
    assert_eq!((&json["recording_start_s"], &json["steps"]), (&0.1.into(), &151.into()));
}

#[test]
fn what_a_graph_says_and_is_not_used_and_what_is_rounded_or_filled_up_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("odd.nir");
    fs::copy(data("lif_norse.nir"), &path).unwrap();
    let file = crate::unlocked::open_rw(&path);
    let put =
        |place: &str, values: &[f64]| file.new_dataset_builder().with_data(values).create(place).map(drop).unwrap();
    put("node/nodes/1/noise", &[0.5]);
    file.unlink("node/nodes/output/shape").unwrap();
    put("node/nodes/output/shape", &[5.0]);
    file.close().unwrap();
    let notes = read_graph(&path).unwrap().notes;
    assert!(notes.iter().any(|note| note.contains("is a LIF, of which noise is not known")), "{notes:?}");
    assert!(notes.iter().any(|note| note.contains("output says the shape [5], but gets [1]")), "{notes:?}");
    assert!(graph("lif_norse.nir").notes.is_empty());

    let node = |name: &str, kind: Kind| Node { name: name.to_owned(), kind, input: vec![1], output: vec![1] };
    let nodes = vec![
        node("a", Kind::Input),
        node("b", Kind::Input),
        node("late", Kind::Delay(vec![0.0004])),
        node("out", Kind::Output),
    ];
    let whole = Graph { nodes, edges: vec![(0, 2), (1, 2), (2, 3)], ..Graph::default() };
    write_graph(&folder.path().join("late.nir"), &whole, &[]).unwrap();
    fs::write(folder.path().join("a.csv"), "1\n2\n3\n").unwrap();
    fs::write(folder.path().join("b.csv"), "1\n").unwrap();
    let arguments = ["run", "late.nir", "--input", "a=a.csv", "--input", "b=b.csv", "--dt", "1ms"];
    let output = memspike(folder.path(), &arguments);
    good(&output);
    let notes = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(notes.contains("late: 1 of 1 delays lie between steps of 1 ms"), "{notes}");
    assert!(notes.contains("the input of b has numbers for 1 of 3 steps: 0 at the others"), "{notes}");
    let error = bad(&memspike(folder.path(), &["run", "late.nir", "--dt", "1ms", "--duration", "0.4ms"]), 2);
    assert!(error.contains("--duration is 0.4 ms, less than half a step of 1 ms"), "{error}");
}
