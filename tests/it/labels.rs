//! `source.labels`: images as spike trains, and what `memspike evaluate` says of what was learnt from them.

use std::path::Path;

use memspike::spec::{self, NetworkSpec, Part, PopulationKind, SourceSpec};

use super::cli::{bad, good, memspike, root, workplace};
use super::engine_run::{assert_same, joined, leg, run};

/// A layer that learns from ten digits, half of its pixels poisson, half periodic.
fn text() -> String {
    let digits = root().join("tests/data/digits");
    let digits = digits.display();
    format!(
        "
        simulation = {{ seed = 5 }}
        [population.P.source.labels]
        images = '{digits}/mnist1000-test-images-idx3-ubyte.gz'
        labels = '{digits}/mnist1000-test-labels-idx1-ubyte.gz'
        max_rate = '80 Hz'
        presentation = '20 ms'
        rest = '7 ms'
        start = '3 ms'
        train = 4
        test = 1
        epochs = 2
        label = 1
        shuffle = true
        [population.E]
        size = 5
        neuron.lif_delta = {{ tau_m = '20 ms', e_l = '0 mV', v_th = '10 mV', v_reset = '0 mV', theta_plus = '1 mV', tau_theta = '1 s' }}
        [projection.learning]
        source = 'P'
        target = 'E'
        connect = 'all_to_all'
        weight = {{ uniform = ['0 mV', '1 mV'] }}
        w_max = '1 mV'
        plasticity.stdp = {{}}
        [[record.weights]]
        projection = 'learning'
        on = 'end'
    "
    )
}

const VARIANTS: [[(&str, &str); 2]; 4] = [
    [("simulation.engine", "event"), ("population.P.source.labels.coding", "poisson")],
    [("simulation.engine", "event"), ("population.P.source.labels.coding", "periodic")],
    [("simulation.engine", "grid"), ("population.P.source.labels.coding", "poisson")],
    [("simulation.engine", "grid"), ("population.P.source.labels.coding", "periodic")],
];

#[test]
fn images_have_the_same_bytes_on_any_threads_and_in_legs() {
    let folder = tempfile::tempdir().unwrap();
    for (n, sets) in VARIANTS.iter().enumerate() {
        let one = run(&text(), sets, 1);
        assert!(one.spikes(0).len() > 500 && one.spikes(1).len() > 10, "{sets:?}: too quiet to test anything");
        for threads in [2, 3, 16] {
            assert_same(&one.bytes(), &run(&text(), sets, threads).bytes(), &format!("{sets:?} on {threads} threads"));
        }
        let path = folder.path().join(format!("{n}.ckpt"));
        let (mut chunks, mut complete, mut legs) = (Vec::new(), false, 0);
        for threads in [2, 1, 3, 16, 1, 2, 1, 2, 1, 3, 1, 2] {
            let (after, outcome) = leg(&text(), sets, threads, &path, 9.1, 50, chunks);
            (chunks, complete, legs) = (after, outcome.complete, legs + 1);
            if complete {
                break;
            }
        }
        assert!(complete && legs > 2, "{legs}");
        assert_same(&one.bytes(), &joined(&chunks), &format!("{sets:?} in legs"));
    }
}

fn model(changes: &[(&str, &str)]) -> Result<NetworkSpec, String> {
    let sets: Vec<_> = changes.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect();
    spec::parse(&text(), "test", Path::new(""), &sets).map_err(|e| e.to_string())
}

#[test]
fn what_is_shown_when_follows_from_the_keys() {
    let model = model(&[]).unwrap();
    let PopulationKind::Source(SourceSpec::Labels(labels)) = &model.populations[0].kind else { panic!("no labels") };
    assert_eq!((model.populations[0].size, labels.shown.len()), (784, 10));
    // Its own length, to the end of the last rest.
    assert_eq!(model.simulation.duration.unwrap().ms(), 3.0 + 10.0 * 27.0);
    let mut seen: Vec<(Part, u32, u32)> = labels.shown.iter().map(|s| (s.part, s.epoch, s.image)).collect();
    assert_eq!((seen[8], seen[9]), ((Part::Label, 0, 0), (Part::Test, 0, 999)));
    let orders = [seen[..4].to_vec(), seen[4..8].to_vec()];
    assert_ne!(orders[0].iter().map(|s| s.2).collect::<Vec<_>>(), orders[1].iter().map(|s| s.2).collect::<Vec<_>>());
    seen[..8].sort_by_key(|s| (s.1, s.2));
    let expected: Vec<_> = (0..8).map(|i| (Part::Train, i / 4, i % 4)).collect();
    assert_eq!(seen[..8], expected);
    // The brightest pixel at its rate, and nothing of black ones.
    assert_eq!(labels.images.labels.len(), 1000);
    let rates: Vec<f64> = (0..784).map(|pixel| labels.rate(9, pixel)).collect();
    assert!(rates.iter().all(|r| (0.0..=80.0).contains(r)) && rates.iter().filter(|r| **r > 0.0).count() > 50);
}

#[test]
fn mistakes_are_told_with_their_place_and_remedy() {
    let wrong = |key: &str, value: &str, parts: &[&str]| {
        let message = model(&[(&format!("population.P.source.labels.{key}"), value)])
            .err()
            .unwrap_or_else(|| panic!("{key} = {value} was taken"));
        for part in parts {
            assert!(message.contains(part), "{key}: no `{part}` in:\n{message}");
        }
    };
    let labels = root().join("tests/data/digits/mnist5000-train-labels-idx1-ubyte.gz");
    wrong("labels", &labels.display().to_string(), &["extents [5000] for 1000 images"]);
    wrong("images", &labels.display().to_string(), &["extents [5000]", "swapped"]);
    wrong("images", "nowhere.gz", &["nowhere.gz: there is no such file"]);
    wrong("images", &root().join("Cargo.toml").display().to_string(), &["not an IDX file"]);
    wrong("labels", "['a', 'b']", &["2 files of labels for 1"]);
    wrong("max_rate", "80", &["bare number", "Hz"]);
    wrong("min_rate", "100 Hz", &["at most max_rate, 80 Hz"]);
    wrong("max_rate", "10 GHz", &["spikes of a pixel"]);
    wrong("train", "1000", &["there are 999 images that are not for test"]);
    wrong("train", "1.5", &["whole number"]);
    wrong("label", "5", &["there are 4 images for training"]);
    wrong("epochs", "4000000000", &["presentations"]);
    wrong("presentation", "0 ms", &["presentation"]);
    wrong("coding", "rate", &["poisson"]);
    wrong("shufle", "true", &["shufle", "shuffle"]);
    let none = model(&[
        ("population.P.source.labels.train", "0"),
        ("population.P.source.labels.test", "0"),
        ("population.P.source.labels.label", "0"),
    ]);
    assert!(none.unwrap_err().contains("no image is shown"));
    assert!(model(&[("population.P.size", "784")]).unwrap_err().contains("size follows from the images"));
}

#[test]
fn a_layer_is_evaluated_from_its_result() {
    let folder = workplace();
    std::fs::write(folder.path().join("m.toml"), text().replace("label = 1\n", "label = 4\n")).unwrap();
    good(&memspike(folder.path(), &["run", "m.toml", "-o", "a.h5"]));
    let json = |args: &[&str]| -> serde_json::Value {
        let out = good(&memspike(folder.path(), &[&["evaluate", "a.h5", "--json"], args].concat()));
        serde_json::from_str(&out).unwrap()
    };
    let e = json(&[]);
    assert_eq!(
        (&e["population"], &e["neurons"], &e["tested"], &e["labelled_by"]),
        (&"E".into(), &5.into(), &1.into(), &4.into())
    );
    // By hand, from the spikes that the file holds: the four presentations of part `label`, which follow two epochs of four.
    let ran = run(&std::fs::read_to_string(folder.path().join("m.toml")).unwrap(), &[], 1);
    let PopulationKind::Source(SourceSpec::Labels(labels)) = &model(&[]).unwrap().populations[0].kind.clone() else {
        panic!()
    };
    let mut best = Vec::new();
    for neuron in 0..5 {
        let count = |p: usize| {
            let begin = 3.0 + 27.0 * p as f64;
            ran.spikes(1).iter().filter(|(t, n)| *n == neuron && *t >= begin && *t < begin + 20.0).count()
        };
        let counts: Vec<(usize, u8)> = (8..12).map(|p| (count(p), labels.images.labels[p - 8])).collect();
        let mut classes: Vec<u8> = counts.iter().map(|c| c.1).collect();
        classes.sort_unstable();
        classes.dedup();
        let mean = |class: u8| {
            let own: Vec<f64> = counts.iter().filter(|c| c.1 == class).map(|c| c.0 as f64).collect();
            own.iter().sum::<f64>() / own.len() as f64
        };
        let top = classes.iter().map(|c| mean(*c)).fold(0.0, f64::max);
        best.push(
            classes.into_iter().find(|c| mean(*c) == top && top > 0.0).map_or(serde_json::Value::Null, Into::into),
        );
    }
    assert!(best.iter().any(|b| !b.is_null()), "nobody spiked");
    assert_eq!(e["labels"], serde_json::Value::Array(best));
    let chosen = json(&["--population", "E", "--train", "0:8", "--test", "12:"]);
    assert_eq!((&chosen["labelled_by"], &chosen["tested"]), (&8.into(), &1.into()));
    let said = good(&memspike(folder.path(), &["evaluate", "a.h5"]));
    assert!(said.contains("accuracy") && said.contains("taken for"), "{said}");

    let refused = |args: &[&str], part: &str| {
        let message = bad(&memspike(folder.path(), &[&["evaluate"], args].concat()), 2);
        assert!(message.contains(part), "{message}");
    };
    refused(&["a.h5", "--train", "0:20"], "among the 13 presentations");
    refused(&["a.h5", "--train", "5:3"], "empty");
    refused(&["a.h5", "--train", "0:4", "--test", "3:5"], "in --train and in --test");
    refused(&["a.h5", "--population", "F"], "one of E");
    refused(&["a.h5", "--population", "E[0:2]"], "`E[0:2]` is a part of a population; expected all of it, `E`");
    refused(&["a.h5", "--label", "part"], "whole numbers");
    refused(&["session.nwb"], "no table of presentations");
}

#[test]
fn the_answers_to_a_pattern_are_counted_from_the_result() {
    let folder = workplace();
    let model = "
        simulation = { duration = '1 s' }
        [population.P]
        size = 1
        source.pattern = { duration = '20 ms', members = 1, jitter = '0 ms', background = '0 Hz', min_rate = '200 Hz', max_rate = '200 Hz' }
        [population.E]
        size = 2
        neuron.lif_delta = { t_ref = '0 ms' }
        [projection.p]
        source = 'P'
        target = 'E[0]'
        connect = 'all_to_all'
        weight = '100 mV'
        delay = '1 ms'
    ";
    std::fs::write(folder.path().join("m.toml"), model).unwrap();
    good(&memspike(folder.path(), &["run", "m.toml", "-o", "a.h5"]));
    let args = ["evaluate", "a.h5", "--detect", "--start", "100ms", "--lag", "1ms", "--json"];
    let e: serde_json::Value = serde_json::from_str(&good(&memspike(folder.path(), &args))).unwrap();
    let (n, occurrences) = (&e["neurons"][0], e["occurrences"].as_u64().unwrap());
    assert_eq!(
        (&e["population"], &e["intervals"], e["neurons"].as_array().unwrap().len()),
        (&"E".into(), &"P".into(), 2)
    );
    // It fires whenever its only source does, so at every coming of the pattern, 1 ms after, and between them.
    assert!(occurrences > 3 && n["hits"] == occurrences && n["hit_rate"] == 1.0, "{e}");
    let (spikes, alarms) = (n["spikes"].as_u64().unwrap(), n["false_alarms"].as_u64().unwrap());
    assert!(alarms > 20 && spikes > alarms + occurrences - 1, "{e}");
    let first = run(model, &[], 1).spikes(0).iter().map(|s| s.0).collect::<Vec<_>>();
    let recorded = memspike::format::read(&folder.path().join("a.h5")).unwrap();
    let start = recorded.intervals[0].start.iter().map(|s| s * 1e3).find(|s| *s >= 100.0).unwrap();
    let wait = first.iter().find(|t| **t >= start).unwrap() - start;
    assert!((n["latency_ms"].as_f64().unwrap() - wait - 1.0).abs() < 1e-6, "{e} {wait}");
    assert_eq!((&e["neurons"][1]["hits"], &e["neurons"][1]["latency_ms"]), (&0.into(), &serde_json::Value::Null));
    let said = good(&memspike(folder.path(), &["evaluate", "a.h5", "--detect"]));
    assert!(said.contains("hit rate") && said.contains("100.0 %"), "{said}");
    let message = bad(&memspike(folder.path(), &["evaluate", "a.h5", "--detect", "--start", "2s"]), 2);
    assert!(message.contains("No interval of `P`"), "{message}");
    let message = bad(&memspike(folder.path(), &["evaluate", "a.h5"]), 2);
    assert!(message.contains("--detect"), "{message}");
}
