//! `memspike sweep`: a result for each run, one table, the same whatever happened on the way.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use memspike::format::result::read_run;
use serde_json::Value;

use crate::cli::{bad, command, good, memspike, workplace};

/// A sweep whose runs take hundredths of a second.
const SMALL: [&str; 9] = [
    "sweep",
    "models/brunel.toml",
    "-P",
    "g=3:5",
    "-P",
    "seed=1:2",
    "--set=parameters.order=50",
    "--duration",
    "300ms",
];

/// One whose six runs take long enough to be stopped between them.
const SLOW: [&str; 9] =
    ["sweep", "models/brunel.toml", "-P", "g=3:5", "-P", "seed=1:2", "--set=parameters.order=150", "--duration", "2 s"];

fn small(folder: &Path, more: &[&str]) -> std::process::Output {
    memspike(folder, &[&SMALL[..], more].concat())
}

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

/// The names of the files of a folder.
fn files(folder: &Path) -> BTreeSet<String> {
    std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect()
}

fn results(folder: &Path) -> usize {
    if folder.is_dir() { files(folder).iter().filter(|name| name.ends_with(".h5")).count() } else { 0 }
}

#[test]
fn a_value_that_a_flag_and_an_axis_give_is_refused() {
    let folder = workplace();
    std::fs::write(
        folder.path().join("m.toml"),
        "simulation.duration = '1 ms'\npopulation.N = { size = 1, neuron = 'lif_exp' }\n",
    )
    .unwrap();
    for (key, values, flag, value) in [
        ("seed", "1,2", "--seed", "9"),
        ("engine", "grid", "--engine", "event"),
        ("duration", "2 ms", "--duration", "1s"),
    ] {
        let values = format!("{key}={values}");
        let stderr = bad(&memspike(folder.path(), &["sweep", "m.toml", "-P", &values, flag, value, "-o", "s"]), 2);
        assert!(stderr.contains(&format!("{flag} and -P both give simulation.{key}")), "{stderr}");
    }
    let stderr = bad(&memspike(folder.path(), &["run", "m.toml", "-o", "a.csv"]), 2);
    assert!(stderr.contains("would be HDF5") && stderr.contains("call it a.h5"), "{stderr}");
}

#[test]
fn each_run_is_the_run_that_its_values_name() {
    let folder = workplace();
    good(&small(folder.path(), &["-o", "out"]));
    let alone = ["run", "models/brunel.toml", "-o", "alone.h5", "--set", "parameters.g=4", "--seed", "2"];
    let alone_more = ["--set=parameters.order=50", "--duration", "300ms", "--threads", "2"];
    good(&memspike(folder.path(), &[&alone[..], &alone_more].concat()));
    let read = |name: &str| {
        let path = folder.path().join(name);
        (memspike::format::read(&path).unwrap().spikes, read_run(&path).unwrap())
    };
    let ((spikes, mut run), (expected, of_alone)) = (read("out/g=4_seed=2.h5"), read("alone.h5"));
    assert!(expected.len() > 500 && spikes == expected);
    for name in ["build_s", "sim_s", "realtime_factor", "peak_rss_mib", "threads"] {
        run.figures[name] = of_alone.figures[name].clone();
    }
    assert_eq!(run, of_alone);

    let names: Vec<String> = (3..=5).flat_map(|g| (1..=2).map(move |seed| format!("g={g}_seed={seed}.h5"))).collect();
    let all: BTreeSet<String> = names.iter().cloned().chain(["sweep.csv".into(), "sweep.json".into()]).collect();
    assert_eq!(files(&folder.path().join("out")), all);
    let table = text(&folder.path().join("out/sweep.csv"));
    let lines: Vec<Vec<&str>> = table.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!(lines[0][..5], ["g", "seed", "file", "neurons", "synapses"]);
    assert_eq!(lines[1..].iter().map(|l| l[2]).collect::<Vec<_>>(), names, "in the order of the keys");
    let column = |name: &str| lines[0].iter().position(|c| *c == name).unwrap();
    assert_eq!(lines[4][column("spikes")], expected.len().to_string());
    assert_eq!(lines[4][column("populations.E.rate_hz")], of_alone.figures["populations"]["E"]["rate_hz"].to_string());
    assert!(!lines[0].contains(&"sim_s"), "what the clock says is not in the table");
}

/// A network whose devices spend energy, so that sums of many terms are among its figures.
const DEVICES: &str = r#"
parameters = { rate = "40 Hz" }
simulation = { duration = "100 ms" }
[population.in]
size = 300
source.poisson = { rate = "rate" }
[population.out]
size = 200
neuron = "lif_exp"
[projection.learned]
source = "in"
target = "out"
connect.fixed_probability = 0.2
weight = { uniform = ["10 pA", "60 pA"] }
w_max = "80 pA"
plasticity.stdp = { a_plus = 0.05, a_minus = 0.05 }
device.soft_bounds = { g_min = "1 uS", g_max = "50 uS", pulse_up = { v = "1.3 V", width = "200 ns" }, pulse_down = { v = "-1.3 V", width = "200 ns" }, read = { v = "0.1 V", width = "50 ns" } }
"#;

#[test]
fn the_table_has_the_same_bytes_however_the_runs_are_shared_out() {
    let folder = workplace();
    std::fs::write(folder.path().join("devices.toml"), DEVICES).unwrap();
    let table = |name: &str, more: &[&str]| {
        let args = ["sweep", "devices.toml", "-P", "rate=20 Hz:60 Hz:20 Hz", "-P", "seed=1,5", "-o", name];
        good(&memspike(folder.path(), &[&args[..], more].concat()));
        text(&folder.path().join(name).join("sweep.csv"))
    };
    let expected = table("one", &["-j", "1", "--threads", "1"]);
    assert!(expected.starts_with("rate [Hz],seed,file,") && expected.contains("energy_j.read"), "{expected}");
    assert_eq!(expected.lines().count(), 7);
    for (jobs, threads) in [("1", "3"), ("2", "2"), ("3", "1"), ("16", "16")] {
        assert_eq!(table(&format!("out-{jobs}"), &["-j", jobs, "--threads", threads]), expected, "-j {jobs}");
        std::fs::remove_dir_all(folder.path().join(format!("out-{jobs}"))).unwrap();
    }
}

/// Starts the slow sweep and waits until `done` of its results are there.
fn begin(folder: &Path, done: usize) -> Child {
    let child = command(folder)
        .args(SLOW)
        .args(["-j", "1", "-o", "out"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let begin = Instant::now();
    while results(&folder.join("out")) < done && begin.elapsed() < Duration::from_secs(120) {
        std::thread::sleep(Duration::from_millis(2));
    }
    child
}

/// What the slow sweep gives when nothing stops it, and what it gives in the end after `stop` was done to it.
fn stopped_and_not(stop: impl Fn(&Path, Child)) {
    let folder = workplace();
    let whole = std::thread::scope(|scope| {
        let whole = scope.spawn(|| good(&memspike(folder.path(), &[&SLOW[..], &["-o", "whole"]].concat())));
        let child = begin(folder.path(), 2);
        stop(folder.path(), child);
        whole.join().unwrap()
    });
    assert!(whole.ends_with("6 runs: whole/sweep.csv\n"), "{whole}");
    let left = results(&folder.path().join("out"));
    assert!((2..6).contains(&left), "{left} results");
    let said = good(&memspike(folder.path(), &[&SLOW[..], &["-o", "out"]].concat()));
    assert!(said.ends_with(&format!("6 runs, of which {left} were there already: out/sweep.csv\n")), "{said}");
    let [one, two] = ["whole", "out"].map(|name| folder.path().join(name));
    assert_eq!(text(&one.join("sweep.csv")), text(&two.join("sweep.csv")));
    assert_eq!(files(&one), files(&two));
}

#[test]
fn a_sweep_that_was_killed_goes_on_and_gives_the_same_table() {
    stopped_and_not(|folder, mut child| {
        child.kill().unwrap();
        child.wait().unwrap();
        // The run that was under way goes with it.
        let before = files(&folder.join("out"));
        std::thread::sleep(Duration::from_millis(1500));
        assert_eq!(files(&folder.join("out")), before, "a run went on alone");
        let table = text(&folder.join("out/sweep.csv"));
        assert!(table.lines().count() > 1, "{table}");
    });
}

#[test]
fn ctrl_c_stops_at_once_and_leaves_whole_results_alone() {
    stopped_and_not(|folder, child| {
        let kill = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
        assert!(kill.success());
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(130), "{stderr}");
        assert!(stderr.contains("of 6 runs are done; the same command goes on from there"), "{stderr}");
        let names = files(&folder.join("out"));
        assert!(!names.iter().any(|name| name.ends_with(".part")), "{names:?}");
        let rows = text(&folder.join("out/sweep.csv")).lines().count() - 1;
        assert_eq!(rows, results(&folder.join("out")));
    });
}

#[test]
fn what_a_run_warns_of_is_heard_while_it_goes_on() {
    let folder = workplace();
    let model = "parameters = { x = 1, n = 1000 }\nsimulation = { engine = 'grid', duration = '200 s' }\n\
                 population.N = { size = 'n', neuron = 'lif_exp' }\n";
    std::fs::write(folder.path().join("m.toml"), model).unwrap();
    let args = ["sweep", "m.toml", "-P", "seed=1:2", "-j", "1", "-o", "out"];
    let mut child = command(folder.path()).args(args).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stderr.take().unwrap()).read_line(&mut line).unwrap();
    let there = results(&folder.path().join("out"));
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(line.contains("nothing uses x of [parameters]"), "{line}");
    assert_eq!(there, 0, "the first run has ended");
}

#[test]
fn a_value_is_chosen_in_any_unit_and_shown_in_that_of_the_sweep() {
    let folder = workplace();
    let args = ["sweep", "models/brunel.toml", "-P", "J=0.1 mV,0.2 mV", "-o", "out"];
    good(&memspike(folder.path(), &[&args[..], &["--set=parameters.order=50", "--duration=300ms"]].concat()));
    good(&memspike(folder.path(), &["plot", "sweep", "out", "-o", "x.svg", "--where", "J=200 uV"]));
    assert!(text(&folder.path().join("x.svg")).contains("out, J = 0.2 mV<"));
}

#[test]
fn a_run_with_a_wrong_value_fails_alone() {
    let folder = workplace();
    let args = ["sweep", "models/brunel.toml", "-P", "J=0.1 mV,3 ms,0.2 mV", "-o", "out", "--json"];
    let output = memspike(folder.path(), &[&args[..], &["--set=parameters.order=50", "--duration=300ms"]].concat());
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains("J=3 ms: error: ") && stderr.contains("1 of 3 runs failed (J=3 ms)"), "{stderr}");
    let stdout = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<Value> = stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 3);
    for line in &lines {
        match line["keys"]["J"].as_str().unwrap() {
            "3 ms" => {
                assert!(line["status"] == "failed" && line["error"].as_str().unwrap().contains("models/brunel.toml:"))
            }
            value => {
                assert_eq!(line["status"], "done");
                assert!(line["figures"]["sim_s"].is_f64() && line["figures"]["populations"]["E"]["rate_hz"].is_f64());
                assert_eq!(line["file"], format!("out/J={}.h5", value.replace(' ', "")));
            }
        }
    }
    let table = text(&folder.path().join("out/sweep.csv"));
    assert_eq!(table.lines().count(), 3, "{table}");
}

#[test]
fn more_values_add_runs_and_the_rest_is_kept() {
    let folder = workplace();
    good(&small(folder.path(), &["-o", "out"]));
    let wider: Vec<&str> = SMALL.iter().map(|arg| if *arg == "g=3:5" { "g=3:6" } else { arg }).collect();
    let output = good(&memspike(folder.path(), &[&wider[..], &["-o", "out", "--json"]].concat()));
    assert_eq!(output.matches("\"status\":\"kept\"").count(), 6);
    assert_eq!(output.matches("\"status\":\"done\"").count(), 2);
    assert_eq!(text(&folder.path().join("out/sweep.csv")).lines().count(), 9);
}

#[test]
fn results_of_another_model_are_never_mixed_in() {
    let folder = workplace();
    good(&small(folder.path(), &["-o", "out"]));
    let out = folder.path().join("out");
    let before = text(&out.join("sweep.csv"));
    for more in [&["--set=parameters.eta=3"][..], &["--engine", "event"]] {
        let stderr = bad(&small(folder.path(), &[&["-o", "out"], more].concat()), 2);
        assert!(stderr.contains("a sweep of another model") && stderr.contains("--force"), "{stderr}");
    }
    let stderr = bad(&memspike(folder.path(), &[&SMALL[..4], &SMALL[6..], &["-o", "out"]].concat()), 2);
    assert!(stderr.contains("holds a sweep over g, seed, this one is over g"), "{stderr}");
    assert_eq!(text(&out.join("sweep.csv")), before);

    // A result that came from elsewhere.
    std::fs::copy(out.join("g=3_seed=1.h5"), out.join("g=4_seed=1.h5")).unwrap();
    let output = small(folder.path(), &["-o", "out"]);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr.contains("g=4, seed=1: error: out/g=4_seed=1.h5 is the result of another model"), "{stderr}");
    // One that is no result is not written over either.
    std::fs::write(out.join("g=4_seed=1.h5"), "mine").unwrap();
    let stderr = bad(&small(folder.path(), &["-o", "out"]), 2);
    assert!(
        stderr.contains("out/g=4_seed=1.h5 is no result of memspike; remove it, or do all runs again with --force"),
        "{stderr}"
    );
    assert_eq!(std::fs::read(out.join("g=4_seed=1.h5")).unwrap(), b"mine");

    good(&small(folder.path(), &["-o", "out", "--set=parameters.eta=3", "--force"]));
    assert_ne!(text(&out.join("sweep.csv")), before);
    good(&small(folder.path(), &["-o", "out", "--force"]));
    assert_eq!(text(&out.join("sweep.csv")), before);
}

#[test]
fn a_file_that_the_model_reads_counts_as_the_model() {
    let folder = workplace();
    let model = DEVICES.replace("connect.fixed_probability = 0.2", "connect.file = { path = \"pairs.csv\" }");
    std::fs::write(folder.path().join("devices.toml"), model).unwrap();
    let pairs = "source,target\n0,1\n2,3\n4,5\n";
    std::fs::write(folder.path().join("pairs.csv"), pairs).unwrap();
    let sweep = || memspike(folder.path(), &["sweep", "devices.toml", "-P", "seed=1:2", "-o", "out"]);
    good(&sweep());
    assert!(good(&sweep()).contains("2 runs, of which 2 were there already"));
    std::fs::write(folder.path().join("pairs.csv"), pairs.replace("4,5", "4,6")).unwrap();
    let output = sweep();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains("a file that the model reads has changed"), "{stderr}");
}

#[test]
fn a_recording_that_has_changed_counts_as_the_model() {
    let folder = workplace();
    let model = "parameters.g = 1\npopulation.rec.source.recording = { file = 'r.csv' }\n\
                 population.out = { size = 2, neuron = 'lif_delta' }\n\
                 projection.p = { source = 'rec', target = 'out', connect = 'one_to_one', weight = '25 mV' }\n";
    std::fs::write(folder.path().join("m.toml"), model).unwrap();
    let recording =
        |more: &str| std::fs::write(folder.path().join("r.csv"), format!("time_s,unit\n0.1,0\n0.2,1\n{more}0.9,0\n"));
    recording("").unwrap();
    let sweep = || memspike(folder.path(), &["sweep", "m.toml", "-P", "g=1:2", "-o", "out"]);
    good(&sweep());
    assert!(good(&sweep()).contains("2 runs, of which 2 were there already"));
    // Its units, its first and its last spike stay.
    recording("0.3,1\n").unwrap();
    assert!(bad(&sweep(), 2).contains("a file that the model reads has changed"));
}

#[test]
fn a_result_whose_run_was_stopped_is_done_again() {
    let folder = workplace();
    good(&small(folder.path(), &["-o", "out"]));
    let path = folder.path().join("out/g=3_seed=1.h5");
    let file = crate::unlocked::open_rw(&path);
    file.attr("complete").unwrap().write_scalar(&0u8).unwrap();
    file.close().unwrap();
    assert!(!read_run(&path).unwrap().complete);
    let said = good(&small(folder.path(), &["-o", "out"]));
    assert!(said.contains("6 runs, of which 5 were there already"), "{said}");
    assert!(read_run(&path).unwrap().complete);
}

#[test]
fn a_result_that_was_damaged_is_done_again() {
    let folder = workplace();
    good(&small(folder.path(), &["-o", "out"]));
    let path = folder.path().join("out/g=3_seed=1.h5");
    let (whole, table) = (std::fs::read(&path).unwrap(), text(&folder.path().join("out/sweep.csv")));
    for damaged in [&[][..], &whole[..5], &whole[..3000], &whole[..whole.len() - 100], &[0; 5000][..]] {
        std::fs::write(&path, damaged).unwrap();
        let output = small(folder.path(), &["-o", "out"]);
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(good(&output).contains("6 runs, of which 5 were there already"), "{} bytes", damaged.len());
        let note = "note: out/g=3_seed=1.h5 is damaged or cut short; its run is done again.\n";
        assert!(stderr.contains(note), "{stderr}");
        assert!(read_run(&path).unwrap().complete);
        assert_eq!(text(&folder.path().join("out/sweep.csv")), table);
    }
}

#[test]
fn what_can_not_be_swept_is_refused_before_anything_is_made() {
    let folder = workplace();
    std::fs::write(folder.path().join("file"), "mine").unwrap();
    std::fs::create_dir(folder.path().join("foreign")).unwrap();
    std::fs::write(folder.path().join("foreign/sweep.csv"), "mine").unwrap();
    let graph = "tests/data/nir/lif_norse.nir";
    let circuit = "tests/data/sonata_300/simulation_config.json";
    for (args, said) in [
        (&["models/brunel.toml", "-P", "gg=1:2", "-o", "out"][..], "did you mean g?"),
        (&["models/brunel.toml", "-P", "sed=1:2", "-o", "out"], "did you mean seed?"),
        (&["models/brunel.toml", "-P", "g=1:2:0", "-o", "out"], "step is 0"),
        (&["models/brunel.toml", "-P", "g", "-o", "out"], "expected KEY=VALUE"),
        (&["models/brunel.toml", "-P", "g=1", "-P", "parameters.g=2", "-o", "out"], "given twice"),
        (&["models/brunel.toml", "-P", "population.E.sice=3", "-o", "out"], "did you mean size?"),
        (&["models/brunel.toml", "-P", "delay=1:3", "-o", "out"], "expected a time"),
        (&["models/brunel.toml", "-P", "seed=1:1000", "-P", "g=1:1000", "-o", "out"], "more than 100000 runs"),
        (&["models/brunel.toml", "-P", "g=3", "-o", "file"], "is a file"),
        (&["models/brunel.toml", "-P", "g=3", "-o", "foreign"], "no sweep.json"),
        (&["missing.toml", "-P", "g=3", "-o", "out"], "no such file"),
        (&[graph, "-P", "g=3", "-o", "out"], "NIR graph"),
        (&[circuit, "-P", "seed=1:2", "-o", "out"], "circuit_config.json"),
    ] {
        let stderr = bad(&memspike(folder.path(), &[&["sweep"], args].concat()), 2);
        assert!(stderr.contains(said), "{args:?}: {stderr}");
        assert!(!folder.path().join("out").exists(), "{args:?}");
    }
    assert_eq!(text(&folder.path().join("foreign/sweep.csv")), "mine");
}

#[test]
fn two_sweeps_do_not_share_a_folder() {
    let folder = workplace();
    let mut child = begin(folder.path(), 1);
    let stderr = bad(&memspike(folder.path(), &[&SLOW[..], &["-o", "out"]].concat()), 2);
    assert!(stderr.contains("Another sweep is at work in out"), "{stderr}");
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_network_that_does_not_fit_is_told_and_the_others_are_done() {
    let folder = workplace();
    let args = ["sweep", "models/brunel.toml", "-P", "order=50,5e8", "-o", "out", "--duration", "300ms"];
    let output = memspike(folder.path(), &args);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains("order=500000000: error: The network is too large"), "{stderr}");
    assert_eq!(results(&folder.path().join("out")), 1);
}

#[test]
fn a_circuit_is_swept_over_its_seed() {
    let folder = workplace();
    let circuit = "tests/data/sonata_300/circuit_config.json";
    let args = ["sweep", circuit, "-P", "seed=1:2", "--duration", "5ms", "-o", "out"];
    good(&memspike(folder.path(), &args));
    assert_eq!(results(&folder.path().join("out")), 2);
}

#[test]
fn a_seed_keeps_all_digits_and_a_folder_may_begin_with_a_dash() {
    let folder = workplace();
    let seeds = "seed=9223372036854775806:9223372036854775807";
    let args = ["sweep", "models/brunel.toml", "-P", seeds, "--set=parameters.order=50", "--duration", "5ms"];
    good(&memspike(folder.path(), &[&args[..], &["--set=record.start='0 s'", "--output=-w"]].concat()));
    for seed in ["9223372036854775806", "9223372036854775807"] {
        let run = read_run(&folder.path().join(format!("-w/seed={seed}.h5"))).unwrap();
        assert!(run.complete && run.model.contains(seed), "{}", run.model);
    }
    let args = ["run", "models/brunel.toml", "--seed", "9223372036854775808"];
    assert!(bad(&memspike(folder.path(), &args), 2).contains("from 0 to 2^63 - 1"));
}

#[test]
fn a_figure_is_drawn_over_one_key_or_two() {
    let folder = workplace();
    let args = ["sweep", "models/brunel.toml", "-P", "g=3,6", "-P", "eta=1.5,2", "-P", "seed=1:2", "-o", "out"];
    good(&memspike(folder.path(), &[&args[..], &["--set=parameters.order=50", "--duration=300ms"]].concat()));
    let plot = |more: &[&str]| memspike(folder.path(), &[&["plot", "sweep", "out"], more].concat());
    let said = good(&plot(&["-o", "curves.svg", "--where", "eta=2.0"]));
    assert_eq!(said, "curves.svg: rate_hz of 4 runs over g\n");
    let svg = text(&folder.path().join("curves.svg"));
    for label in ["out, eta = 2", "rate (Hz)", ">g<", ">E<", ">I<", "4 runs, mean of 2 seeds; pale dots: each run"] {
        assert!(svg.contains(label), "{label}");
    }
    good(&plot(&["-o", "map.png", "--figure", "E.rate_hz"]));
    good(&plot(&["-o", "seed.pdf", "--figure", "spikes", "--where", "g=3", "--where", "eta=2"]));
    assert!(bad(&plot(&["-o", "x.png"]), 2).contains("populations.E.rate_hz, populations.I.rate_hz"));
    assert!(bad(&plot(&["-o", "x.png", "--figure", "rates"]), 2).contains("there are neurons, synapses"));
    assert!(bad(&plot(&["-o", "x.png", "--where", "g=7"]), 2).contains("there are 3, 6"));
    let both = bad(&plot(&["-o", "x.png", "--where", "g=3", "--where", "g=6"]), 2);
    assert!(both.contains("--where g=6 and g=3: a run has one value of a key, so none has both"), "{both}");
    good(&plot(&["-o", "x.svg", "--where", "eta=2", "--where", "eta=2.0"]));
    assert!(text(&folder.path().join("x.svg")).contains("out, eta = 2<"));
    assert!(bad(&plot(&["-o", "x.png", "--where", "h=7"]), 2).contains("its keys are g, eta, seed"));
    let none = bad(&memspike(folder.path(), &["plot", "sweep", "models", "-o", "x.png"]), 2);
    assert!(none.contains("not the folder of a sweep"), "{none}");
}
