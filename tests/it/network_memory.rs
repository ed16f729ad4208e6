//! Estimates of memory against what is there.

use std::path::Path;

use memspike::network::{self, stored};
use memspike::spec::{self, NetworkSpec};
use serde_json::Value;

use crate::cli::{good, memspike, root};

fn load(name: &str, sets: &[(&str, &str)]) -> NetworkSpec {
    let sets: Vec<_> = sets.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("models").join(name);
    spec::load(&path, &sets).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn synapses_take_what_was_estimated_in_every_kind_of_store() {
    let device = ("projection.plastic.device", "{ soft_bounds = { sigma_d2d = 0.1, sigma_c2c = 0.3 } }");
    let drawn = [("projection.excitatory.weight", "{ normal = { mean = 'J', std = '0.01 mV' } }")];
    let delays = [("projection.excitatory.delay", "{ uniform = ['1 ms', '3 ms'] }")];
    let small = [("parameters.order", "250")];
    let int16 = [("simulation.static_weights", "'int16'")];
    let cases: [(&str, Vec<(&str, &str)>); 9] = [
        ("brunel_ai.toml", small.to_vec()),
        ("brunel_ai.toml", [small, drawn].concat()),
        ("brunel_ai.toml", [small, delays].concat()),
        ("stdp_brunel.toml", small.to_vec()),
        ("stdp_brunel_multiplicative.toml", [small, [device]].concat()),
        ("microcircuit.toml", vec![("parameters.scale", "0.02")]),
        ("microcircuit.toml", [[("parameters.scale", "0.02")], int16].concat()),
        ("brunel_ai.toml", [small, int16].concat()),
        ("song_stdp.toml", vec![]),
    ];
    for (model, sets) in cases {
        for engine in ["'grid'", "'event'"] {
            for precision in ["'single'", "'double'"] {
                for threads in [1, 2, 3] {
                    let more = [("simulation.engine", engine), ("simulation.precision", precision)];
                    let spec = load(model, &[&sets[..], &more[..]].concat());
                    let estimated = stored(&spec, threads, 1).unwrap();
                    let built = network::compile(spec, threads).unwrap();
                    let (found, synapses) = (built.synapse_bytes() as f64, built.synapses());
                    let off = estimated.built / found - 1.0;
                    let what = format!("{model} {sets:?} {engine} {precision} {threads} threads, {synapses} synapses");
                    assert!(off.abs() < 0.03, "{what}: {found} bytes, estimated {}", estimated.built);
                    assert!(estimated.building >= estimated.built, "{what}");
                }
            }
        }
    }
}

#[test]
fn a_run_takes_the_memory_that_check_says() {
    let folder = tempfile::tempdir().unwrap();
    let tiny =
        "simulation = { duration = '10 ms', engine = 'grid' }\npopulation.a = { size = 10, neuron = 'lif_exp' }\n";
    std::fs::write(folder.path().join("tiny.toml"), tiny).unwrap();
    let microcircuit = root().join("models/microcircuit.toml");
    // What is estimated, and the most that the process had \[MiB\].
    let both = |model: &str, sets: &[&str], duration: &str| {
        let json = |args: &[&str]| -> Value {
            serde_json::from_str(&good(&memspike(folder.path(), &[args, &["--json"], sets].concat()))).unwrap()
        };
        let estimated = json(&["check", model])["bytes"].as_f64().unwrap() / f64::from(1 << 20);
        let peak = &json(&["run", model, "-o", "a.h5", "--force", "--duration", duration])["peak_rss_mib"];
        (estimated, peak.as_f64())
    };
    let (program, found) = both("tiny.toml", &[], "10 ms");
    // Where the system tells.
    let Some(found) = found else { return };
    assert!((program - found).abs() < 10.0, "the program: {program} MiB estimated, {found} found");
    for engine in ["event", "grid"] {
        let engine = format!("simulation.engine=\"{engine}\"");
        let sets = ["--set", &engine, "--set", "parameters.scale=0.1", "--set", "record.start=\"0 ms\""];
        // The program with them: alone it has a few MiB more or less from run to run.
        let (estimated, peak) = both(microcircuit.to_str().unwrap(), &sets, "20 ms");
        let peak = peak.unwrap();
        assert!((estimated / peak - 1.0).abs() < 0.1, "{engine}: {estimated} MiB estimated, {peak} found");
    }
    // What reading takes of a model that lists a lot; the same from call to call.
    let times: Vec<String> = (0..300_000).map(|i| format!("{}.5", i / 10)).collect();
    let listed =
        format!("{tiny}population.s.source.spike_times = {{ unit = 'ms', values = [[{}]] }}\n", times.join(", "));
    std::fs::write(folder.path().join("listed.toml"), listed).unwrap();
    let (estimated, peak) = both("listed.toml", &[], "10 ms");
    assert_eq!(estimated, both("listed.toml", &[], "10 ms").0);
    let peak = peak.unwrap();
    assert!((estimated / peak - 1.0).abs() < 0.25, "listed times: {estimated} MiB estimated, {peak} found");
    // In the event engine the arrivals of Poisson inputs are a large part of it.
    let brunel = root().join("models/brunel_ai.toml");
    let sets = ["--set", "simulation.engine=\"event\"", "--set", "record.start=\"0 ms\""];
    let (estimated, peak) = both(brunel.to_str().unwrap(), &sets, "5 ms");
    let peak = peak.unwrap();
    assert!((estimated / peak - 1.0).abs() < 0.1, "arrivals: {estimated} MiB estimated, {peak} found");
}
