//! `memspike stats` and `memspike diff` as a user runs them.

use memspike::format::{self, Session, Target, stream::StreamedSpikes};
use memspike::spikes::{IntervalTable, Recording, SpikeSource, SpikeTable};
use serde_json::Value;

use crate::cli::{bad, good, json, memspike, workplace};
use crate::statistics::{reference, same};
use crate::stored::numbers;

#[test]
fn statistics_of_recordings_are_those_of_elephant() {
    let folder = workplace();
    let reference = reference();
    for (name, expected) in reference["recordings"].as_object().unwrap() {
        let file = format!("tests/data/recordings/{name}");
        let seconds = |key: &str| format!("{}s", expected[key]);
        let (bin, fano, spectrum) = (seconds("bin_s"), seconds("fano_bin_s"), seconds("spectrum_bin_s"));
        let segment = expected["segment"].to_string();
        let flags = ["--bin", &bin, "--fano-bin", &fano, "--spectrum-bin", &spectrum, "--segment", &segment];
        let mut args = vec!["stats", &file, "--json", "--per-unit"];
        args.extend(flags);
        if expected["trials"].is_number() {
            args.extend(["--align-to", "trials", "--before", "250ms", "--after", "1.5s"]);
        }
        let found = json(&folder, &args);
        for key in ["start_s", "stop_s", "trials"] {
            same(key, found[key].as_f64(), expected[key].as_f64());
        }
        let units = found["per_unit"].as_array().unwrap();
        assert_eq!(units.len(), expected["units"].as_array().unwrap().len());
        for (unit, expected) in units.iter().zip(expected["units"].as_array().unwrap()) {
            for (key, value) in expected.as_object().unwrap() {
                same(&format!("{name} {key}"), unit[key].as_f64(), value.as_f64());
            }
        }
        for group in [&found["all"], &found["populations"]["units"]] {
            same("fano_units", group["fano_units"].as_f64(), expected["fano_units"].as_f64());
            same("mean correlation", group["correlation"]["mean"].as_f64(), expected["correlation_mean"].as_f64());
            assert_eq!(group["correlation"]["pairs"], expected["correlation_pairs"]);
        }
        let mut args = vec!["stats", &file, "--json", "--spectrum"];
        args.extend(flags);
        let spectra = &json(&folder, &args)["spectra"];
        for (found, expected) in
            numbers(&spectra["density"]["units"]).into_iter().zip(numbers(&expected["density"])).skip(1)
        {
            same(&format!("{name} spectrum"), Some(found), Some(expected));
        }
    }
}

#[test]
fn tables_go_to_files_and_the_same_numbers_to_json() {
    let folder = workplace();
    let text = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    let said = good(&memspike(folder.path(), &["stats", "session.nwb", "--per-unit", "-o", "units.csv"]));
    assert!(said.contains("182 units, 1,654 spikes") && said.contains("units.csv: 182 rows"), "{said}");
    let units = text("units.csv");
    let stdout = good(&memspike(folder.path(), &["stats", "session.nwb", "--per-unit"]));
    assert_eq!(units, stdout);
    let all = json(&folder, &["stats", "session.nwb", "--per-unit", "--json"]);
    let mut rows = units.lines();
    let head: Vec<&str> = rows.next().unwrap().split(',').collect();
    assert_eq!(head[..4], ["population", "unit", "spikes", "rate_hz"]);
    for (row, object) in rows.zip(all["per_unit"].as_array().unwrap()) {
        for (cell, name) in row.split(',').zip(&head) {
            same(name, cell.parse().ok(), object[*name].as_f64());
        }
    }
    good(&memspike(folder.path(), &["stats", "session.nwb", "--correlations", "-o", "c.tsv", "--bin", "20ms"]));
    let square = text("c.tsv");
    assert!(square.lines().all(|line| line.split('\t').count() == 183) && square.lines().count() == 183);
    assert!(square.starts_with("unit\tunit 0\tunit 1\t"), "{}", &square[..40]);
    good(&memspike(folder.path(), &["stats", "session.nwb", "--spectrum", "-o", "s.csv", "--segment", "256"]));
    assert_eq!((text("s.csv").lines().next(), text("s.csv").lines().count()), (Some("hz,units"), 130));
}

#[test]
fn a_result_has_figures_for_each_population_and_for_a_selection() {
    let folder = workplace();
    let replay: Value = json(&folder, &["replay", "session.nwb", "-o", "a.h5", "--json"]);
    let stats = json(&folder, &["stats", "a.h5", "--json"]);
    for (name, population) in replay["populations"].as_object().unwrap() {
        let found = &stats["populations"][name];
        assert_eq!((&found["units"], &found["spikes"]), (&population["size"], &population["spikes"]));
        same("rate", found["rate_hz"]["mean"].as_f64(), population["rate_hz"].as_f64());
        same("CV", found["cv"]["mean"].as_f64(), population["cv_isi"].as_f64());
    }
    let some = json(
        &folder,
        &["stats", "a.h5", "--json", "--population", "hidden_E[10:30]", "--start", "500ms", "--per-unit"],
    );
    assert_eq!((&some["all"]["units"], &some["start_s"]), (&20.into(), &0.5.into()));
    assert_eq!(some["per_unit"][0]["unit"], 10);
    assert_eq!(some["populations"].as_object().unwrap().len(), 1);
    let file = "tests/data/recordings/nwb_made/electrodes_links.nwb";
    let v2 = json(&folder, &["stats", file, "--json", "--where", "location=V2"]);
    assert_eq!(v2["all"]["units"], 3);
}

#[test]
fn questions_without_an_answer_are_errors_that_say_why() {
    let folder = workplace();
    for (args, told) in [
        (&["--start", "9s", "--stop", "8s"][..], "is empty; the file goes from 2282.6 s"),
        (&["--bin", "5s"], "longer than the window"),
        (&["--segment", "100"], "power of two"),
        (&["--per-unit", "-o", "units.txt"], ".csv or .tsv"),
        (&["--align-to", "rewards"], "neither a table of intervals nor a column"),
        (&["--population", "E"], "there is no population `E`"),
        (&["--where", "depth=3"], "where names the column depth"),
        (&["-o", "units.csv"], "--per-unit"),
        (
            &["--start", "2283s", "--stop", "2283.5s", "--spectrum", "--spectrum-bin", "100ms"],
            "8 bins of 100 ms, fewer",
        ),
        (&["--start", "2283s", "--stop", "2283.005s", "--spectrum"], "8 bins of 1 ms, fewer"),
    ] {
        let args = [&["stats", "session.nwb"][..], args].concat();
        let said = bad(&memspike(folder.path(), &args), 2);
        assert!(said.contains(told), "{args:?}: {said}");
    }
    // Silence has rates and nothing else.
    std::fs::write(folder.path().join("few.csv"), "time_s,unit\n0.5,1\n0.75,2\n").unwrap();
    let few = json(&folder, &["stats", "few.csv", "--json"]);
    assert_eq!(
        (&few["all"]["spikes"], &few["all"]["cv"], &few["all"]["isi_s"]),
        (&2.into(), &Value::Null, &Value::Null)
    );
    good(&memspike(folder.path(), &["stats", "few.csv"]));
    std::fs::write(folder.path().join("one.csv"), "time_s,unit\n0.5,1\n").unwrap();
    good(&memspike(folder.path(), &["stats", "one.csv"]));
    let one = json(&folder, &["stats", "one.csv", "--json", "--per-unit"]);
    assert_eq!((&one["per_unit"][0]["spikes"], &one["per_unit"][0]["rate_hz"]), (&1.into(), &Value::Null));
    assert_eq!(one["all"]["rate_hz"], Value::Null);
    let said = bad(&memspike(folder.path(), &["plot", "spectrum", "one.csv", "-o", "a.png"]), 2);
    assert!(said.contains("longer than the window") && said.len() < 200, "{said}");
}

#[test]
fn what_was_not_observed_is_no_silence_in_pictures_either() {
    let folder = workplace();
    let file = "tests/data/recordings/m1_reach/chewie_20131003_bin100ms.nwb";
    for args in [&["plot", "spectrum", file, "-o", "a.png"][..], &["stats", file, "--spectrum"]] {
        let said = bad(&memspike(folder.path(), args), 2);
        assert!(said.contains("was observed in 159 spans of the window"), "{said}");
    }
    let units = json(&folder, &["stats", file, "--json", "--per-unit", "--units", "57"]);
    let rate = units["per_unit"][0]["rate_hz"].as_f64().unwrap();
    let said =
        good(&memspike(folder.path(), &["plot", "crosscorrelogram", file, "-o", "b.png", "--population", "units[57]"]));
    let told: f64 = said.trim().strip_suffix(" Hz").unwrap().rsplit_once(' ').unwrap().1.parse().unwrap();
    assert!((told / rate - 1.0).abs() < 0.01, "{said}{rate}");
}

#[test]
fn files_that_differ_say_where_and_end_with_1() {
    let folder = workplace();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("a.csv", "time_s,unit\n1,0\n2,7\n3,0\n4,9\n");
    write("b.csv", "time_s,unit\n1,0\n2.5,7\n3,0\n");
    let output = memspike(folder.path(), &["diff", "a.csv", "b.csv"]);
    let said = String::from_utf8(output.stdout.clone()).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(said.contains("first: spike 0 of unit 7, at 2 s and at 2.5 s"), "{said}");
    assert!(
        said.contains("4 and 3 spikes; 2 of 3 units differ") && said.contains("only in the first file: 9"),
        "{said}"
    );
    let output =
        memspike(folder.path(), &["diff", "a.csv", "b.csv", "--json", "--per-unit", "--tau", "1s", "--cost", "1Hz"]);
    assert_eq!(output.status.code(), Some(1));
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    let expected = serde_json::json!({ "population": "units", "unit": 7, "index": 0, "first_s": 2.0, "second_s": 2.5 });
    assert_eq!((&found["same"], &found["first_difference"]), (&Value::Bool(false), &expected));
    let rows = found["per_unit"].as_array().unwrap();
    same("van Rossum", rows[1]["van_rossum"].as_f64(), Some((2.0 * (1.0 - (-0.5f64).exp())).sqrt()));
    assert_eq!([0, 1, 2].map(|k: usize| rows[k]["victor_purpura"].as_f64().unwrap()), [0.0, 0.5, 1.0]);
    same("mean", found["populations"]["units"]["victor_purpura"]["mean"].as_f64(), Some(0.5));
    let ks = &found["populations"]["units"]["kolmogorov_smirnov"]["rate_hz"];
    assert_eq!((&ks["n_first"], &ks["n_second"]), (&3.into(), &2.into()));
    // Within the tolerance but for the spike of unit 9; without that unit, the same.
    let output = memspike(folder.path(), &["diff", "a.csv", "b.csv", "--tolerance", "500ms"]);
    assert!(String::from_utf8_lossy(&output.stdout).contains("spike 0 of unit 9, at 4 s in the first only"));
    good(&memspike(folder.path(), &["diff", "a.csv", "b.csv", "--tolerance", "500ms", "--stop", "4s"]));
    assert!(bad(&memspike(folder.path(), &["diff", "a.csv", "c.csv"]), 2).contains("c.csv"));
    assert!(bad(&memspike(folder.path(), &["diff", "a.csv", "b.csv", "--cost", "3ms"]), 2).contains("rate"));
}

#[test]
fn units_with_names_are_compared_and_shown_by_them() {
    let folder = workplace();
    let write =
        |name: &str, rows: &str| std::fs::write(folder.path().join(name), format!("time_s,unit\n{rows}")).unwrap();
    write("both.csv", "0.1,ch1\n0.2,ch2\n0.3,ch2\n");
    write("one.csv", "0.2,ch2\n0.3,ch2\n");
    write("other.csv", "0.1,x\n0.2,y\n0.3,y\n");
    write("numbers.csv", "0.1,0\n0.2,1\n0.3,1\n");
    let diff = |first: &str, second: &str, more: &[&str]| {
        let output = memspike(folder.path(), &[&["diff", first, second], more].concat());
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let (code, said) = diff("both.csv", "one.csv", &[]);
    assert!(code == Some(1) && said.contains("3 and 2 spikes; 1 of 2 units differ"), "{said}");
    assert!(said.contains("first: spike 0 of unit 0 (ch1), at 0.1 s in the first only"), "{said}");
    assert!(said.contains("only in the first file: 0 (ch1)\n"), "{said}");
    let (code, said) = diff("one.csv", "both.csv", &["--per-unit"]);
    let rows: Vec<&str> = said.lines().map(|line| line.split(",difference").next().unwrap()).collect();
    assert_eq!((code, rows[0]), (Some(1), "population,unit,name,spikes_first,spikes_second"));
    assert!(rows[1].starts_with("units,0,ch2,2,2,") && rows[2].starts_with("units,0,ch1,0,1,"), "{said}");
    let (code, said) = diff("both.csv", "other.csv", &["--json", "--per-unit"]);
    let found: Value = serde_json::from_str(&said).unwrap();
    assert_eq!((code, &found["differing_units"], &found["per_unit"][2]["name"]), (Some(1), &4.into(), &"x".into()));
    assert_eq!((&found["first_difference"]["unit"], &found["first_difference"]["name"]), (&0.into(), &"ch1".into()));
    // Where one file has numbers only, those count, and names are shown.
    let (code, said) = diff("numbers.csv", "both.csv", &["--per-unit"]);
    assert!(code == Some(0) && said.contains("units,1,ch2,2,2,"), "{said}");
    assert_eq!(diff("both.csv", "other.csv", &["--where", "name=y"]).0, Some(2), "there is no y in the first");

    let rows = good(&memspike(folder.path(), &["stats", "both.csv", "--per-unit"]));
    assert!(rows.starts_with("population,unit,name,spikes,") && rows.contains("\nunits,1,ch2,2,"), "{rows}");
    assert!(
        good(&memspike(folder.path(), &["stats", "numbers.csv", "--per-unit"])).starts_with("population,unit,spikes,")
    );
    let all = json(&folder, &["stats", "both.csv", "--per-unit", "--json"]);
    assert_eq!((&all["per_unit"][1]["unit"], &all["per_unit"][1]["name"]), (&1.into(), &"ch2".into()));
    let all = json(&folder, &["stats", "both.csv", "--correlations", "--json"]);
    assert_eq!(all["correlations"]["units"][1], "unit 1 (ch2)");
}

#[test]
fn a_tolerance_is_met_where_spikes_are_just_as_far_apart() {
    let folder = workplace();
    let write =
        |name: &str, rows: &str| std::fs::write(folder.path().join(name), format!("time_s,unit\n{rows}")).unwrap();
    write("a.csv", "0.1,0\n2.5,0\n7200.3,0\n");
    write("b.csv", "0.101,0\n2.501,0\n7200.301,0\n");
    good(&memspike(folder.path(), &["diff", "a.csv", "b.csv", "--tolerance", "1ms"]));
    let closer = memspike(folder.path(), &["diff", "a.csv", "b.csv", "--tolerance", "0.999999999ms"]);
    let said = String::from_utf8(closer.stdout).unwrap();
    assert!(closer.status.code() == Some(1) && said.contains("first: spike 0 of unit 0"), "{said}");
}

#[test]
fn the_same_spikes_are_the_same_in_any_format_and_a_run_equals_itself() {
    let folder = workplace();
    good(&memspike(folder.path(), &["convert", "session.nwb", "session.csv"]));
    let said = good(&memspike(folder.path(), &["diff", "session.nwb", "session.csv"]));
    assert!(said.starts_with("session.nwb and session.csv have the same 1,654 spikes of 182 units\n"), "{said}");
    assert!(said.contains("only in the first file: 0, 9, 10"), "silent units: {said}");
    good(&memspike(folder.path(), &["replay", "session.nwb", "-o", "a.h5", "--threads", "1"]));
    good(&memspike(folder.path(), &["replay", "session.nwb", "-o", "b.h5", "--threads", "2"]));
    assert_eq!(good(&memspike(folder.path(), &["diff", "a.h5", "b.h5"])).lines().count(), 1);
    good(&memspike(folder.path(), &["replay", "session.nwb", "-o", "c.h5", "--seed", "9"]));
    let output = memspike(folder.path(), &["diff", "a.h5", "c.h5", "--json"]);
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((output.status.code(), &found["populations"]["recorded"]["differing_units"]), (Some(1), &0.into()));
    assert!(found["populations"]["hidden_E"]["differing_units"].as_u64().unwrap() > 0);
}

#[test]
fn spikes_that_stay_in_their_file_come_in_order_and_as_they_are_read_at_once() {
    let folder = workplace();
    good(&memspike(folder.path(), &["replay", "session.nwb", "-o", "a.h5"]));
    let files = ["a.h5", "session.nwb", "tests/data/recordings/sonata_spikes/300_intfire_output_spikes.h5"];
    for (path, buffer) in
        files.iter().flat_map(|file| [1, 3000, 1 << 25].map(|buffer| (folder.path().join(file), buffer)))
    {
        let whole = format::read(&path).unwrap();
        let (recording, spikes) = StreamedSpikes::open(&path, buffer).unwrap().unwrap();
        assert_eq!((spikes.unit_ids(), spikes.ends()), (&whole.spikes.unit_ids[..], whole.spikes.ends()));
        assert!(recording.populations == whole.populations && recording.spikes.is_empty());
        for (start, stop) in [(f64::NEG_INFINITY, f64::INFINITY), (0.5, 1.25), (2283.0, 2284.5), (9e9, 9.1e9)] {
            let mut times = Vec::new();
            spikes.pieces(start, stop, &mut |more, _| times.extend_from_slice(more)).unwrap();
            assert!(times == whole.spikes.between(start, stop).times, "{path:?} {buffer} {start}");
            assert!(spikes.table(start, stop).unwrap() == whole.spikes.between(start, stop));
        }
    }
    // So do those of counts in bins; reports of states have none.
    std::fs::write(folder.path().join("few.csv"), "time_ms,unit_4\n0,1\n10,0\n").unwrap();
    let (_, spikes) = StreamedSpikes::open(&folder.path().join("few.csv"), 1).unwrap().unwrap();
    assert_eq!((spikes.unit_ids(), spikes.counts(0.0, 0.01).unwrap()), (&[4][..], vec![1]));
    let report = folder.path().join("tests/data/recordings/sonata_reports/soma_report.h5");
    assert!(StreamedSpikes::open(&report, 1).unwrap().is_none());
}

#[test]
fn rates_are_over_what_was_recorded_of_a_run() {
    let folder = workplace();
    let model = "simulation.duration = '2 s'\nrecord.start = '1 s'\n\
                 population.p = { size = 100, source.poisson.rate = '10 Hz' }\n\
                 population.clock = { size = 1, source.regular = { rate = '10 Hz', phase = '100 ms' } }\n";
    std::fs::write(folder.path().join("late.toml"), model).unwrap();
    let run = json(&folder, &["run", "late.toml", "-o", "late.h5", "--json"]);
    let found = json(&folder, &["stats", "late.h5", "--json"]);
    let rate = |value: &Value| value.as_f64().unwrap();
    let (told, mean) = (&run["populations"]["p"]["rate_hz"], &found["populations"]["p"]["rate_hz"]["mean"]);
    assert!((rate(told) - rate(mean)).abs() < 1e-9 * rate(told), "{told} {mean}");
    assert_eq!(found["start_s"], 1.0, "{found}");
    // The last one is at the very end, and is drawn too.
    assert_eq!(run["populations"]["clock"]["spikes"], 11);
    let drawn = good(&memspike(folder.path(), &["raster", "late.h5", "-o", "late.png", "--population", "clock"]));
    assert!(drawn.contains("11 of 11 spikes") || drawn.contains("11 spikes"), "{drawn}");
}

#[test]
fn figures_are_over_the_window_that_was_recorded() {
    let folder = workplace();
    let model = "simulation.duration = '3 s'\nrecord = { start = '1 s', stop = '2 s' }\n\
                 population.p = { size = 100, source.poisson.rate = '10 Hz' }\n\
                 population.clock = { size = 1, source.regular = { rate = '10 Hz', phase = '100 ms' } }\n";
    std::fs::write(folder.path().join("cut.toml"), model).unwrap();
    let run = json(&folder, &["run", "cut.toml", "-o", "cut.h5", "--json"]);
    assert_eq!([&run["warmup_s"], &run["duration_s"]], [1.0, 1.0]);
    // At 1.0 s, not at 2.0 s.
    assert_eq!(run["populations"]["clock"]["spikes"], 10);
    assert_eq!(run["populations"]["clock"]["rate_hz"], 10.0);
    let found = json(&folder, &["stats", "cut.h5", "--json"]);
    assert_eq!((&found["start_s"], &found["stop_s"].as_f64().unwrap().round()), (&Value::from(1.0), &2.0), "{found}");
    let rate = |value: &Value| value.as_f64().unwrap();
    let (told, mean) = (&run["populations"]["p"]["rate_hz"], &found["populations"]["p"]["rate_hz"]["mean"]);
    assert!((rate(told) - rate(mean)).abs() < 1e-9 * rate(told), "{told} {mean}");
    let drawn = good(&memspike(folder.path(), &["raster", "cut.h5", "-o", "cut.png", "--population", "clock"]));
    assert!(drawn.contains("10 spikes"), "{drawn}");
    // The whole run has the same spikes there.
    good(&memspike(folder.path(), &["run", "cut.toml", "-o", "all.h5", "--set", "record={}"]));
    let args = ["diff", "cut.h5", "all.h5", "--start", "1s", "--stop", "2s", "--json"];
    assert_eq!(json(&folder, &args)["same"], true);
    let refused = |key: &str| bad(&memspike(folder.path(), &["check", "cut.toml", "--set", key]), 2);
    assert!(refused("record.stop=1 s").contains("found 1 s, which is not after record.start, 1 s"));
    assert!(refused("record.stop=1").contains("time"));
    let state = "record.state=[{ population = 'n', start = '2 s' }]";
    let args = ["check", "cut.toml", "--set", "population.n={ size = 1, neuron = 'lif_exp' }", "--set", state];
    assert!(bad(&memspike(folder.path(), &args), 2).contains("found 2 s, which is not before record.stop, 2 s"));
}

#[test]
fn weights_that_are_recorded_at_the_end_are_among_the_figures() {
    let folder = workplace();
    let model = "simulation.duration = '10 ms'\npopulation.a = { size = 4, source.poisson.rate = '0 Hz' }\n\
                 population.b = { size = 1, neuron = 'lif_exp' }\n\
                 projection.p = { source = 'a', target = 'b', connect = 'all_to_all', weight = { values = [1, 2, 3, 6], unit = 'pA' } }\n\
                 projection.q = { source = 'a', target = 'b', connect = 'all_to_all' }\n\
                 [[record.weights]]\nprojection = 'p'\non = 'end'\n";
    std::fs::write(folder.path().join("w.toml"), model).unwrap();
    let found = json(&folder, &["run", "w.toml", "--json"]);
    let weight = &found["projections"]["p"]["weight"];
    let figures = ["mean", "std", "min", "max"].map(|name| weight[name].as_f64().unwrap());
    assert_eq!(figures, [3.0, 3.5f64.sqrt(), 1.0, 6.0]);
    assert!(found["projections"]["q"].get("weight").is_none());
    assert!(good(&memspike(folder.path(), &["run", "w.toml"])).contains("weights: 3 +- 1.87, from 1 to 6"));
    // The last checkpoint lies at the end: what is resumed from there has them too.
    good(&memspike(folder.path(), &["run", "w.toml", "-o", "w.h5", "--checkpoint-every", "5 ms"]));
    let resumed = json(&folder, &["run", "w.toml", "--resume", "w.h5.ckpt", "--json"]);
    assert_eq!(resumed["projections"]["p"]["weight"], *weight);
}

#[test]
fn a_window_that_was_observed_in_part_says_in_how_much() {
    let folder = workplace();
    std::fs::write(folder.path().join("a.csv"), "time_s,unit\n0.5,0\n1.5,0\n9.5,0\n").unwrap();
    let part =
        ["convert", "a.csv", "a.nwb", "--start", "0s", "--stop", "10s", "--session-start", "2026-03-01T13:30:00Z"];
    good(&memspike(folder.path(), &part));
    let stats = ["stats", "a.nwb", "--stop", "100s"];
    let text = good(&memspike(folder.path(), &stats));
    assert!(text.contains("observed in 10.000 s of these 100.000 s: rates are over what was observed"), "{text}");
    let all = json(&folder, &[&stats[..], &["--json"]].concat());
    assert_eq!((&all["duration_s"], &all["observed_duration_s"]), (&100.0.into(), &10.0.into()));
    assert_eq!(all["all"]["rate_hz"]["mean"], 0.3);
    let text = good(&memspike(folder.path(), &stats[..2]));
    assert!(!text.contains("observed in"), "{text}");
    assert_eq!(json(&folder, &[&stats[..2], &["--json"]].concat())["observed_duration_s"], 10.0);
}

#[test]
fn spikes_outside_of_what_was_observed_are_told_and_in_no_figure() {
    let folder = workplace();
    let spikes = SpikeTable::from_units(vec![0], &[vec![0.5, 1.5, 5.0, 8.5]]).unwrap();
    let recording = Recording { spikes, observed: vec![(0.0, 2.0), (8.0, 10.0)], ..Recording::default() };
    let time = "2026-03-01T14:30:00+01:00".to_owned();
    let session = Session { start: time.clone(), written: time, ..Session::default() };
    let path = folder.path().join("a.nwb");
    format::write(&path, &recording, &recording.spikes, Target::Nwb, &session).unwrap();
    let told = |args: &[&str]| {
        let output = memspike(folder.path(), args);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains("1 spike lies outside of the spans"), "{args:?}: {said}");
        good(&output)
    };
    let found: Value = serde_json::from_str(&told(&["stats", "a.nwb", "--json"])).unwrap();
    let units = &found["populations"]["units"];
    assert_eq!((&units["spikes"], &units["rate_hz"]["mean"]), (&3.into(), &0.75.into()));
    assert_eq!((&units["isi_s"]["n"], &units["isi_s"]["max"]), (&1.into(), &1.0.into()));
    assert!(told(&["plot", "rates", "a.nwb", "-o", "a.png"]).contains("3 spikes"));
    told(&["diff", "a.nwb", "a.nwb"]);
    assert!(told(&["raster", "a.nwb", "-o", "b.png"]).contains("4 spikes"), "they are drawn");
    let found = json(&folder, &["info", "a.nwb", "--json"]);
    assert_eq!((&found["spikes"], &found["rate_hz"]), (&4.into(), &0.75.into()));
    good(&memspike(folder.path(), &["convert", "a.nwb", "a.h5"]));
    good(&memspike(folder.path(), &["diff", "a.nwb", "a.h5"]));
}

#[test]
fn rates_on_a_clock_since_1970_refer_to_the_time_from_the_first_spike_to_the_last() {
    let folder = workplace();
    std::fs::write(folder.path().join("a.csv"), "time_s,unit\n1700000000.25,0\n1700000005.5,0\n1700000009.75,0\n")
        .unwrap();
    let found = json(&folder, &["stats", "a.csv", "--json"]);
    assert_eq!((&found["duration_s"], &found["observed_duration_s"]), (&9.5.into(), &9.5.into()));
    assert_eq!((&found["all"]["spikes"], &found["all"]["rate_hz"]["mean"]), (&3.into(), &(3.0 / 9.5).into()));
}

#[test]
fn intervals_that_nobody_observed_are_no_misses() {
    let folder = workplace();
    let spikes = SpikeTable::from_units(vec![0], &[vec![0.6, 2.2, 4.2, 8.6]]).unwrap();
    let trials = IntervalTable {
        name: "trials".into(),
        start: vec![0.5, 1.9, 4.0, 8.5],
        stop: vec![1.0, 2.5, 4.5, 9.0],
        ..IntervalTable::default()
    };
    let observed = vec![(0.0, 2.0), (8.0, 10.0)];
    let recording = Recording { spikes, observed, intervals: vec![trials], ..Recording::default() };
    let time = "2026-03-01T14:30:00+01:00".to_owned();
    let session = Session { start: time.clone(), written: time, ..Session::default() };
    format::write(&folder.path().join("a.nwb"), &recording, &recording.spikes, Target::Nwb, &session).unwrap();
    let output = memspike(folder.path(), &["evaluate", "a.nwb", "--detect", "--json"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("2 intervals of trials were not observed whole, and were left out"), "{said}");
    let found: Value = serde_json::from_str(&good(&output)).unwrap();
    let neuron = &found["neurons"][0];
    assert_eq!((&found["occurrences"], &neuron["hits"], &neuron["false_alarms"]), (&2.into(), &2.into(), &0.into()));
}

#[test]
fn figures_whose_bins_are_too_many_are_said_to_be_left_out() {
    let folder = workplace();
    std::fs::write(folder.path().join("a.csv"), "time_s,unit\n0,0\n0.5,1\n1000000,0\n").unwrap();
    let output = memspike(folder.path(), &["stats", "a.csv"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    good(&output);
    for text in ["correlations are left out, without --bin: 2", "the spectrum is left out, without --spectrum-bin: 1"] {
        assert!(said.contains(text), "{text}: {said}");
    }
    let wide = ["plot", "correlations", "a.csv", "-o", "c.png", "--bin", "1500000s"];
    assert!(bad(&memspike(folder.path(), &wide), 2).contains("longer than the window"));
    // A bin that suits the picture, or none.
    let bad_bin =
        |args: &[&str]| bad(&memspike(folder.path(), &[&["raster", "a.csv", "--bin", "1s"], args].concat()), 2);
    assert!(bad_bin(&[]).contains("--bin changes nothing: the bins in the terminal follow"));
    assert!(bad_bin(&["-o", "a.html"]).contains("--bin changes nothing: the bins of a page follow"));
}

#[test]
fn a_picture_of_traces_needs_samples_in_its_window() {
    let folder = workplace();
    let model = "simulation.duration = '10 ms'\npopulation.n = { size = 1, neuron = 'lif_exp' }\n\
                 [[record.state]]\npopulation = 'n'\ninterval = '1 ms'\n";
    std::fs::write(folder.path().join("t.toml"), model).unwrap();
    good(&memspike(folder.path(), &["run", "t.toml", "-o", "t.h5"]));
    let draw = |window: [&str; 2]| {
        let args = ["plot", "traces", "t.h5", "-o", "t.png", "--force", "--start", window[0], "--stop", window[1]];
        memspike(folder.path(), &args)
    };
    good(&draw(["2ms", "8ms"]));
    assert!(bad(&draw(["60ms", "70ms"]), 2).contains("Nothing was sampled in the window; samples go from 0"));
    assert!(bad(&draw(["8ms", "2ms"]), 2).contains("is empty; expected a start before its stop"));
}

#[test]
fn how_many_traces_are_shown_is_said_once() {
    let folder = workplace();
    let model = "simulation.duration = '10 ms'\npopulation.few = { size = 3, neuron = 'lif_exp' }\n\
                 population.many = { size = 30, neuron = 'lif_exp' }\n\
                 [[record.state]]\npopulation = ['few', 'many']\ninterval = '1 ms'\n";
    std::fs::write(folder.path().join("t.toml"), model).unwrap();
    good(&memspike(folder.path(), &["run", "t.toml", "-o", "t.h5"]));
    let said = good(&memspike(folder.path(), &["plot", "traces", "t.h5", "-o", "t.png"]));
    assert_eq!(said, "t.png: v_m of few (3 neurons), v_m of many, 12 of 30 neurons\n");
}
