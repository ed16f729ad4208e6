//! What `check` predicts of a run: its synapses and the size of its result.

use std::io::Write;
use std::path::Path;
use std::process::Stdio;

use serde_json::Value;

use crate::cli::{bad, command, good, memspike, workplace};

fn json(folder: &Path, args: &[&str]) -> Value {
    crate::cli::json(folder, &[args, &["--json"]].concat())
}

/// What is predicted of the result, and the size of the file \[bytes\].
fn both(folder: &Path, model: &str, more: &[&str]) -> (f64, f64) {
    std::fs::write(folder.join("m.toml"), model).unwrap();
    good(&memspike(folder, &[&["run", "m.toml", "-o", "m.h5", "--force"], more].concat()));
    let predicted = json(folder, &[&["check", "m.toml", "--rate", "0Hz"], more].concat());
    (predicted["result"]["bytes"].as_f64().unwrap(), std::fs::metadata(folder.join("m.h5")).unwrap().len() as f64)
}

#[test]
fn the_result_is_as_large_as_was_predicted_where_it_is_not_packed() {
    let folder = workplace();
    let model = |hz: &str| {
        format!(
            "simulation = {{ duration = '1 s', seed = 3 }}\nrecord = {{ start = '200 ms', stop = '700 ms' }}\n\
             population.p = {{ size = 300, source.poisson.rate = '{hz} Hz' }}\n\
             population.q = {{ size = 100, source.poisson = {{ rate = '{hz} Hz', stop = '300 ms' }} }}\n"
        )
    };
    for hz in ["0", "10", "2000"] {
        let (predicted, found) = both(folder.path(), &model(hz), &[]);
        assert!((predicted / found - 1.0).abs() < 0.1, "{hz} Hz: {predicted} bytes predicted, {found} found");
    }
}

#[test]
fn drawn_parameters_are_part_of_the_prediction() {
    let folder = workplace();
    let model = "simulation.duration = '10 ms'\nrecord = { spikes = [], parameters = true }\n\
                 [population.e]\nsize = 20000\ninitial.v_m = { uniform = ['-70 mV', '-60 mV'] }\n\
                 neuron.lif_exp = { i_e = { normal = { mean = '10 pA', std = '1 pA' } }, tau_m = '12 ms' }\n";
    let (predicted, found) = both(folder.path(), model, &[]);
    assert!(found > 320_000.0 && (predicted / found - 1.0).abs() < 0.1, "{predicted} bytes predicted, {found} found");
}

#[test]
fn states_and_weights_take_no_more_than_was_predicted() {
    let folder = workplace();
    let model = "simulation = { duration = '1 s' }\nrecord.spikes = []\n\
                 population.p = { size = 100, source.poisson.rate = '20 Hz' }\n\
                 population.e = { size = 50, neuron = 'lif_exp' }\n\
                 projection.a = { source = 'p', target = 'e', connect.fixed_probability = 0.5, weight = { uniform = ['1 pA', '9 pA'] } }\n";
    let state = "record.state=[{ population = 'e', interval = '0.5 ms' }]";
    let spikes = "record.weights=[{ projection = 'a', on = 'pre_spike' }, { projection = 'a', interval = '1 ms' }]";
    for (set, least) in [(state, 0.5), (spikes, 0.02)] {
        let (predicted, found) = both(folder.path(), model, &["--set", set]);
        let share = found / predicted;
        assert!(share < 1.1 && share > least, "{set}: {predicted} bytes predicted, {found} found");
    }
}

#[test]
fn numbers_that_are_drawn_are_told_as_expectations() {
    let folder = workplace();
    let model = |rule: &str| {
        format!(
            "simulation.duration = '1 s'\npopulation.a = {{ size = 200, neuron = 'lif_exp' }}\n\
             projection.drawn = {{ source = 'a', target = 'a', connect.{rule} }}\n\
             projection.exact = {{ source = 'a', target = 'a', connect.fixed_indegree = 10 }}\n"
        )
    };
    let described = |rule: &str| {
        std::fs::write(folder.path().join("m.toml"), model(rule)).unwrap();
        (good(&memspike(folder.path(), &["check", "m.toml"])), json(folder.path(), &["check", "m.toml"]))
    };
    let (text, figures) = described("fixed_probability = 0.1");
    let line = |name: &str| text.lines().find(|line| line.starts_with(name)).unwrap().to_string();
    assert!(text.contains("about 6,000 synapses") && line("drawn").contains(" about 4,000 "), "{text}");
    assert!(line("exact").contains(" 2,000 ") && !line("exact").contains("about"), "{text}");
    let expected = |name: &str| figures["projections"][name]["expected"].clone();
    assert_eq!([&figures["synapses_expected"], &expected("drawn"), &expected("exact")], [true, true, false]);
    let (text, figures) = described("fixed_total_number = 4000");
    assert!(!text.contains("about 6,000") && figures["synapses_expected"] == false, "{text}");
    // What is assumed is said, and can be changed.
    assert!(text.contains("2,000 expected") && text.contains("if neurons fire at 10 Hz"), "{text}");
    let text = good(&memspike(folder.path(), &["check", "m.toml", "--rate", "25Hz"]));
    assert!(text.contains("5,000 expected") && text.contains("if neurons fire at 25 Hz"), "{text}");
    assert!(bad(&memspike(folder.path(), &["check", "m.toml", "--rate=-1Hz"]), 2).contains("rate"));
    // Units that are not known yet fire as neurons do, for a second.
    let waits = "population.r.source.recording = {}\npopulation.a = { size = 10, neuron = 'lif_exp' }\n";
    std::fs::write(folder.path().join("open.toml"), waits).unwrap();
    let text = good(&memspike(folder.path(), &["check", "open.toml", "--rate", "5Hz"]));
    assert!(
        text.contains("5,050 expected") && text.contains("sizes are those for a recording of 1000 units"),
        "{text}"
    );
    assert_eq!(json(folder.path(), &["check", "open.toml"])["stand_in_units"], 1000);
    assert!(figures["stand_in_units"].is_null());
}

#[cfg(target_os = "linux")]
#[test]
fn a_model_may_come_through_a_pipe() {
    let folder = workplace();
    let mut check = command(folder.path());
    check.args(["check", "/dev/stdin"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut check = check.spawn().unwrap();
    let model = "simulation.duration = '1 ms'\npopulation.N = { size = 7, neuron = 'lif_exp' }\n";
    check.stdin.take().unwrap().write_all(model.as_bytes()).unwrap();
    assert!(good(&check.wait_with_output().unwrap()).contains('7'));
}
