//! `convert` of a part of a recording.

use std::path::Path;

use memspike::spikes::{Column, Recording};
use serde_json::Value;

use crate::cli::{bad, good, memspike, workplace};

const MAZE: &str = "tests/data/recordings/mc_maze_trial_748/mc_maze_trial_748.nwb";
const MADE: &str = "tests/data/recordings/nwb_made/electrodes_links.nwb";

fn convert(folder: &Path, from: &str, to: &str, more: &[&str]) -> String {
    good(&memspike(folder, &[&["convert", from, to, "--force"], more].concat()))
}

fn read(folder: &Path, name: &str) -> Recording {
    memspike::format::read(&folder.join(name)).unwrap()
}

fn info(folder: &Path, args: &[&str]) -> Value {
    crate::cli::json(folder, &[args, &["--json"]].concat())
}

/// Chooses by hand what the command should.
fn expected(recording: &Recording, keep: &[usize], (start, stop): (f64, f64)) -> (Vec<u64>, Vec<u32>, Vec<i64>) {
    let spikes = recording.spikes.select(keep).between(start, stop);
    (spikes.times.iter().map(|t| t.to_bits()).collect(), spikes.units, spikes.unit_ids)
}

fn found(recording: &Recording) -> (Vec<u64>, Vec<u32>, Vec<i64>) {
    let spikes = &recording.spikes;
    (spikes.times.iter().map(|t| t.to_bits()).collect(), spikes.units.clone(), spikes.unit_ids.clone())
}

#[test]
fn a_window_and_units_are_written_and_the_rest_is_cut_to_them() {
    let folder = workplace();
    let whole = memspike::format::read(Path::new(MAZE)).unwrap();
    let window = (2283.0, 2283.5);
    let flags = ["--start", "2283s", "--stop", "2283.5s", "--where", "heldout=false", "--units", "0-99,150"];
    let said = convert(folder.path(), MAZE, "part.nwb", &flags);
    let Some((_, Column::Text(heldout))) = whole.unit_columns.iter().find(|(name, _)| name == "heldout") else {
        panic!("a column of words")
    };
    let keep: Vec<usize> = (0..100).chain([150]).filter(|unit| heldout[*unit] == "false").collect();
    assert!(keep.len() > 10 && said.contains(&format!("of {} units", keep.len())), "{said}");
    let part = read(folder.path(), "part.nwb");
    assert_eq!(found(&part), expected(&whole, &keep, window));
    assert!(!part.spikes.is_empty());
    // Observed, signals and columns.
    assert_eq!(part.observed, [window]);
    for (name, column) in &part.unit_columns {
        let (_, all) = whole.unit_columns.iter().find(|(n, _)| n == name).unwrap();
        assert_eq!(*column, all.select(&keep), "{name}");
    }
    for signal in &whole.signals {
        let rows: Vec<usize> =
            (0..signal.times.len()).filter(|i| (window.0..window.1).contains(&signal.times[*i])).collect();
        let cut = part.signals.iter().find(|s| s.name == signal.name).unwrap();
        assert!(cut.times.len() == rows.len() && rows.len() > 100, "{}", signal.name);
        assert!(cut.times.iter().zip(&rows).all(|(t, row)| (t - signal.times[*row]).abs() < 1e-9));
        let data: Vec<f64> =
            rows.iter().flat_map(|r| signal.data[r * signal.width..(r + 1) * signal.width].to_vec()).collect();
        assert_eq!(cut.data, data);
    }
    // A part is a file of its own.
    let identifier = |r: &Recording| r.about.iter().find(|(label, _)| label == "identifier").cloned().unwrap();
    assert_ne!(identifier(&part), identifier(&whole));
    // The trial overlaps the window: it stays whole.
    let trials = |r: &Recording| r.intervals.iter().find(|t| t.name == "trials").cloned().unwrap();
    assert_eq!((trials(&part).start, trials(&part).stop), (trials(&whole).start, trials(&whole).stop));
    // Though the trial began before: rates are those of the window in the original.
    assert_eq!(info(folder.path(), &["stats", "part.nwb"])["start_s"], 2283.0);
    let of_part = info(folder.path(), &["stats", "part.nwb", "--start", "2283s", "--stop", "2283.5s"]);
    let of_whole = info(folder.path(), &[&["stats", MAZE][..], &flags].concat());
    assert_eq!(of_part["all"], of_whole["all"]);
    assert_eq!(of_part["populations"], of_whole["populations"]);
}

#[test]
fn each_format_has_the_same_part() {
    let folder = workplace();
    let whole = memspike::format::read(Path::new(MADE)).unwrap();
    let flags = ["--start", "122s", "--stop", "123s", "--where", "location=V2"];
    convert(folder.path(), MADE, "a.nwb", &flags);
    let nwb = read(folder.path(), "a.nwb");
    let all: Vec<usize> = (0..whole.spikes.unit_ids.len()).collect();
    let ids = &nwb.spikes.unit_ids;
    let keep: Vec<usize> = all.iter().copied().filter(|u| ids.contains(&whole.spikes.unit_ids[*u])).collect();
    assert_eq!((keep.len(), found(&nwb)), (3, expected(&whole, &keep, (122.0, 123.0))));
    // Three trials of ten seconds: all that overlap, none other.
    let trials = &nwb.intervals.iter().find(|t| t.name == "trials").unwrap();
    assert_eq!(trials.columns[0], ("id".to_owned(), Column::Number(vec![2.0])), "its number in the whole table");
    assert!(!trials.start.is_empty() && trials.start.iter().zip(&trials.stop).all(|(a, b)| *a < 123.0 && *b > 122.0));
    let spikes = |r: &Recording| -> Vec<(u64, i64)> {
        r.spikes.times.iter().zip(&r.spikes.units).map(|(t, u)| (t.to_bits(), r.spikes.unit_ids[*u as usize])).collect()
    };
    for name in ["a.csv", "a.npy"] {
        convert(folder.path(), MADE, name, &flags);
        assert_eq!(spikes(&read(folder.path(), name)), spikes(&nwb), "{name}");
    }
    convert(folder.path(), MADE, "a.h5", &flags);
    let same = ["diff", "a.h5", "a.nwb", "--tolerance", "1ns", "--start", "122s", "--stop", "123s", "--json"];
    assert_eq!(info(folder.path(), &same[..same.len() - 1])["same"], true);
}

#[test]
fn populations_of_a_result_are_chosen_by_name_and_keep_their_ids() {
    let folder = workplace();
    let model = "simulation.duration = '1 s'\n\
                 population.a = { size = 5, source.poisson.rate = '50 Hz' }\n\
                 population.b = { size = 7, source.poisson.rate = '50 Hz' }\n\
                 population.c = { size = 3, source.poisson.rate = '50 Hz' }\n";
    std::fs::write(folder.path().join("m.toml"), model).unwrap();
    good(&memspike(folder.path(), &["run", "m.toml", "-o", "m.h5"]));
    let flags = ["--population", "b[2:5]", "--population", "c", "--start", "200ms", "--stop", "700ms"];
    let whole = read(folder.path(), "m.h5");
    for name in ["part.nwb", "part.sonata"] {
        convert(folder.path(), "m.h5", name, &flags);
        let part = read(folder.path(), name);
        let names: Vec<&str> = part.populations.iter().map(|p| p.0.as_str()).collect();
        assert_eq!(names, ["b", "c"], "{name}");
        let keep = [7, 8, 9, 12, 13, 14];
        let times: Vec<f64> = part.spikes.times.clone();
        assert_eq!(times, whole.spikes.select(&keep).between(0.2, 0.7).times, "{name}");
    }
    assert_eq!(read(folder.path(), "part.nwb").observed, [(0.2, 0.7)]);
}

#[test]
fn members_whose_spikes_are_not_recorded_are_not_silent_units() {
    let folder = workplace();
    let model = "simulation.duration = '500 ms'\nrecord.parameters = true\n\
                 population.N = { size = 12, source.regular.rate = { uniform = ['40 Hz', '80 Hz'] } }\n\
                 population.M = { size = 2, source.regular.rate = '100 Hz' }\n";
    std::fs::write(folder.path().join("m.toml"), model).unwrap();
    let some = "record.spikes=['N[5:7]', 'M', 'N[6:9]']";
    good(&memspike(folder.path(), &["run", "m.toml", "-o", "some.h5", "--set", some]));
    good(&memspike(folder.path(), &["run", "m.toml", "-o", "all.h5"]));
    let (part, whole) = (read(folder.path(), "some.h5"), read(folder.path(), "all.h5"));
    assert_eq!(part.populations, [("N".to_owned(), 0, 4), ("M".to_owned(), 4, 2)]);
    let keep = [5, 6, 7, 8, 12, 13];
    assert_eq!(part.spikes, whole.spikes.select(&keep));
    let Column::Number(rates) = &part.unit_columns[0].1 else { panic!("numbers") };
    let Column::Number(all) = &whole.unit_columns[0].1 else { panic!("numbers") };
    assert_eq!(rates[..4], all[5..9]);
    let said = info(folder.path(), &["info", "some.h5"]);
    assert_eq!((&said["units"], &said["populations"]["N"]["size"]), (&6.into(), &4.into()));
    let rate = said["populations"]["N"]["rate_hz"].as_f64().unwrap();
    let there = part.spikes.units.iter().filter(|unit| **unit < 4).count() as f64;
    assert!((rate - there / 4.0 / 0.5).abs() < 1e-9, "{rate}");
    // Members are called by their numbers.
    convert(folder.path(), "some.h5", "two.nwb", &["--population", "N[6:8]"]);
    assert_eq!(read(folder.path(), "two.nwb").spikes.unit_ids, [6, 7]);
    let error = bad(&memspike(folder.path(), &["raster", "some.h5", "-o", "a.png", "--population", "N[0:3]"]), 2);
    assert!(error.contains("of `N` there are 4 members, from 5 to 8"), "{error}");
    good(&memspike(folder.path(), &["raster", "some.h5", "-o", "a.png", "--population", "N[8]"]));
}

#[test]
fn a_recording_that_does_not_say_when_it_was_observed_was_in_the_window() {
    let folder = workplace();
    std::fs::write(folder.path().join("a.csv"), "time_s,unit\n0.1,3\n0.4,3\n0.45,5\n2.5,3\n").unwrap();
    convert(folder.path(), "a.csv", "a.nwb", &["--start", "0s", "--stop", "1s"]);
    let part = read(folder.path(), "a.nwb");
    assert_eq!((part.observed.as_slice(), part.spikes.len()), (&[(0.0, 1.0)][..], 3));
    // 3 spikes of 2 units in a second.
    assert_eq!(info(folder.path(), &["stats", "a.nwb"])["populations"]["units"]["rate_hz"]["mean"], 1.5);
    convert(folder.path(), "a.csv", "a.nwb", &["--start", "400ms"]);
    assert_eq!(read(folder.path(), "a.nwb").observed, [(0.4, 2.5)]);
    // Nothing is cut without a window.
    convert(folder.path(), "a.csv", "a.nwb", &["--units", "1"]);
    assert!(read(folder.path(), "a.nwb").observed.is_empty());
}

#[test]
fn what_is_not_there_can_not_be_converted() {
    let folder = workplace();
    let refused = |more: &[&str]| bad(&memspike(folder.path(), &[&["convert", MAZE, "a.nwb"], more].concat()), 2);
    assert!(refused(&["--start", "1s", "--stop", "2s"]).contains("Nothing was observed"));
    assert!(refused(&["--start", "2284s", "--stop", "2283s"]).contains("is empty"));
    assert!(refused(&["--units", "0-9999"]).contains("found the unit 9999, but the recording has 182 units"));
    assert!(refused(&["--units", "x"]).contains("0-95,100"));
    assert!(refused(&["--where", "depth=3"]).contains("where names the column depth"));
    assert!(refused(&["--where", "heldout"]).contains("COLUMN=VALUE"));
    assert!(refused(&["--population", "E"]).contains("units"));
    assert!(refused(&["--units", "0", "--population", "units[1:3]"]).contains("No unit is left"));
    assert!(refused(&["--dt", "1ms"]).contains("--dt changes nothing"));
    assert!(refused(&["--session-start", "2026-02-30T10:00:00Z"]).contains("there is no day 30 in month 2 of 2026"));
    assert!(refused(&["--resolution", "0s"]).contains("more than 0"));
    assert!(refused(&["--age", "90days"]).contains("such as P90D"));
    assert!(!folder.path().join("a.nwb").exists());
    let chain = "tests/data/nir/chain.toml";
    for to in [&["a.nir"][..], &["a", "--to", "sonata"]] {
        let args = [&["convert", chain], to, &["--start", "1s"]].concat();
        assert!(bad(&memspike(folder.path(), &args), 2).contains("--start changes nothing"), "{to:?}");
    }
    for option in ["--experimenter=Doe", "--sex=F", "--session-start=2026-03-01T13:30:00Z"] {
        for args in
            [&[MAZE, "a.csv"][..], &[MAZE, "a.nwb", "--to", "npy"], &[chain, "a.nir"], &[chain, "a", "--to", "sonata"]]
        {
            let said = bad(&memspike(folder.path(), &[&["convert"], args, &[option]].concat()), 2);
            let name = option.split('=').next().unwrap();
            assert!(said.contains(&format!("{name} changes nothing: it is a field of NWB")), "{args:?}: {said}");
        }
    }
    // The same flag chooses units of what is measured.
    let stats = |more: &[&str]| info(folder.path(), &[&["stats", MAZE], more].concat())["all"]["units"].clone();
    assert_eq!(stats(&["--units", "0-95,100"]), 97);
}
