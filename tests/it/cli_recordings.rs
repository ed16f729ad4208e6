//! Every format works in `info`, `raster` and `replay`.

use std::path::Path;

use memspike::format::{self, Session, Target};
use memspike::spikes::{Column, IntervalTable, Recording};

use crate::cli::{bad, good, memspike, workplace};

const DATA: &str = "tests/data/recordings";

/// A sample of each format, and where on its clock a second of it begins.
const SAMPLES: &[(&str, &str)] = &[
    ("nwb_made/electrodes_links.nwb", "121s"),
    ("sonata_spikes/300_intfire_output_spikes.h5", "1s"),
    ("m1_reach/mihi_20140303_bin100ms_vel5.h5", "0s"),
    ("hippocampus_linear_track/linear_track_v73.mat", "4400s"),
    ("hippocampus_linear_track/spikes.mat", "4400s"),
    ("shd_style_braille/braille_train.h5", "0s"),
    ("nix/neo_block.nix", "121s"),
    ("phy_kilosort/with_tables", "0s"),
    ("m1_riehle_gdf/winny131_23.gdf", "2s"),
    ("mc_maze_trial_748/trial_748_first_second.csv", "2282.6s"),
    ("aedat4/zstd.aedat4", "0s"),
    ("retina_mea_hdf5/Wong1993_P5.h5", "121s"),
    ("hdf5_filters/blosc_lz4.h5", "121s"),
    ("bmi3d/bmi3d_tables.h5", "0s"),
];

#[test]
fn every_format_is_described_drawn_and_replayed() {
    let folder = workplace();
    let mut drawn = Vec::new();
    for (name, start) in SAMPLES {
        let file = format!("{DATA}/{name}");
        let info = good(&memspike(folder.path(), &["info", &file, "--json"]));
        let info: serde_json::Value = serde_json::from_str(&info).unwrap();
        assert!(info["spikes"].as_u64().unwrap() > 0, "{info}");
        good(&memspike(folder.path(), &["raster", &file, "-o", "a.png", "--force", "--behavior"]));
        let picture = std::fs::read(folder.path().join("a.png")).unwrap();
        assert!(!drawn.contains(&picture), "{name} looks like another");
        drawn.push(picture);
        let stop = format!("{}s", start.trim_end_matches('s').parse::<f64>().unwrap() + 0.2);
        let args = ["replay", &file, "-o", "a.h5", "--force", "--start", start, "--stop", &stop, "--json"];
        let replay: serde_json::Value = serde_json::from_str(&good(&memspike(folder.path(), &args))).unwrap();
        assert_eq!(replay["populations"]["recorded"]["size"], info["units"], "{name}");
    }
}

#[test]
fn units_are_chosen_by_their_columns() {
    let folder = workplace();
    let file = format!("{DATA}/nwb_made/electrodes_links.nwb");
    let size = |filter: &[&str]| {
        let mut args = vec!["replay", &file, "-o", "a.h5", "--force", "--start", "121s", "--stop", "121.1s", "--json"];
        filter.iter().for_each(|f| args.extend(["--where", f]));
        let replay: serde_json::Value = serde_json::from_str(&good(&memspike(folder.path(), &args))).unwrap();
        replay["populations"]["recorded"]["size"].as_u64().unwrap()
    };
    assert_eq!(size(&["location=V2"]), 3);
    assert_eq!(size(&["location=V2", "quality=good"]), 3);
    assert_eq!(size(&["location=V1", "location=V2", "quality=noise"]), 2);
    assert_eq!(size(&["electrode=1"]), 2);
    let args = ["replay", &file, "-o", "b.h5", "--where", "depth=3"];
    assert!(bad(&memspike(folder.path(), &args), 2).contains("quality, filtering"));
    let args = ["replay", &file, "-o", "b.h5", "--where", "location=V4"];
    assert!(bad(&memspike(folder.path(), &args), 2).contains("leaves no unit"));
    let args = ["replay", &file, "-o", "b.h5", "--where", "location"];
    assert!(bad(&memspike(folder.path(), &args), 2).contains("COLUMN=VALUE"));
}

#[test]
fn a_report_without_spikes_is_drawn_but_not_replayed() {
    let folder = workplace();
    let file = format!("{DATA}/sonata_reports/soma_report.h5");
    good(&memspike(folder.path(), &["raster", &file, "-o", "a.png", "--behavior"]));
    assert!(bad(&memspike(folder.path(), &["replay", &file, "-o", "a.h5"]), 2).contains("no units"));
}

#[test]
fn an_input_is_active_during_the_trials_of_the_recording() {
    let folder = workplace();
    let model = "[population.M]\nsource.recording = {}\n[population.E]\nsize = 20\nneuron = \"lif_exp\"\n\
                 [interval.right]\ntable = \"trials\"\nwhere = { choice = \"right\" }\n\
                 [population.P]\nsize = 20\nsource.poisson = { rate = \"100 Hz\", during = \"right\" }\n\
                 [projection.p]\nsource = \"M\"\ntarget = \"E\"\nconnect = \"all_to_all\"\n";
    std::fs::write(folder.path().join("m.toml"), model).unwrap();
    let file = format!("{DATA}/nwb_made/electrodes_links.nwb");
    let args = ["replay", &file, "-o", "a.h5", "--model", "m.toml", "--start", "100s", "--stop", "140s"];
    good(&memspike(folder.path(), &args));
    let recording = memspike::format::read(&folder.path().join("a.h5")).unwrap();
    let (_, first, count) = recording.populations.iter().find(|p| p.0 == "P").unwrap();
    let poisson = recording.spikes.select(&(*first..first + count).collect::<Vec<_>>());
    // Trials 0 and 2 are to the right: 0 to 8 s and 20 to 28 s of model time.
    let within = |t: &f64| (0.0..8.0).contains(t) || (20.0..28.0).contains(t);
    assert!(poisson.times.iter().all(within));
    // 20 trains of 100 Hz for 16 s: 32000 spikes, 5 standard deviations are 895.
    assert!((31_105..32_895).contains(&poisson.len()), "{}", poisson.len());
}

#[test]
fn flags_of_replay_are_told_apart_from_the_model() {
    let folder = workplace();
    std::os::unix::fs::symlink("loop.nwb", folder.path().join("loop.nwb")).unwrap();
    for (args, told) in [
        (
            &["session.nwb", "--into", "nosuch"][..],
            "--into is `nosuch`, which is no population that replays a recording",
        ),
        (&["session.nwb", "--units", "3-1"], "--units: found the units 3-1, which run backwards"),
        (&["session.nwb", "--speed", "1e-300"], "--speed is 1e-300; expected a factor between"),
        (&["nosuch.nwb"], "There is no recording nosuch.nwb"),
        (&["loop.nwb"], "can't be opened"),
    ] {
        let args = [&["replay", "-o", "a.h5"], args].concat();
        let said = bad(&memspike(folder.path(), &args), 2);
        assert!(said.contains(told) && !said.contains("--set"), "{args:?}: {said}");
    }
}

#[test]
fn windows_and_names_of_a_recording_may_be_odd() {
    let folder = workplace();
    let spikes = "time_s,unit,population\n1700000005.25,1,a\u{1b}[2J\n1700000006.5,1,b\n1700000007,2,b\n";
    std::fs::write(folder.path().join("epoch.csv"), spikes).unwrap();
    let window = ["--start", "1700000005s", "--stop", "1700000007s"];
    for args in [
        &["raster", "epoch.csv", "-o", "a.png"][..],
        &["raster", "epoch.csv"],
        &["stats", "epoch.csv"],
        &["plot", "rates", "epoch.csv", "-o", "b.png"],
        &["convert", "epoch.csv", "c.nwb"],
        &["replay", "epoch.csv", "-o", "d.h5"],
    ] {
        let said = good(&memspike(folder.path(), &[args, &window[..]].concat()));
        assert!(!said.contains('\u{1b}'), "{said}");
    }
    let said = good(&memspike(folder.path(), &["info", "epoch.csv"]));
    assert!(said.contains("a\\u{1b}[2J"), "{said}");
    let made = memspike::format::read(&folder.path().join("c.nwb")).unwrap();
    assert_eq!(made.spikes.times, [1_700_000_005.25, 1_700_000_006.5]);
}

#[test]
fn a_window_in_which_nothing_was_recorded_is_refused_by_every_command() {
    let folder = workplace();
    std::fs::write(folder.path().join("a.csv"), "time_s,unit\n100.5,1\n104,2\n109,1\n").unwrap();
    for args in [
        &["raster", "a.csv", "-o", "a.png"][..],
        &["raster", "a.csv"],
        &["stats", "a.csv"],
        &["diff", "a.csv", "a.csv"],
        &["plot", "rates", "a.csv", "-o", "b.png"],
        &["convert", "a.csv", "c.nwb"],
        &["replay", "a.csv", "-o", "d.h5"],
    ] {
        let with = |window: &[&str]| memspike(folder.path(), &[args, window].concat());
        let said = bad(&with(&["--start", "50s", "--stop", "60s"]), 2);
        assert!(
            said.contains("Nothing was observed") || said.contains("lies outside the recording"),
            "{args:?}: {said}"
        );
        bad(&with(&["--start", "110s", "--stop", "120s"]), 2);
        good(&with(&["--start", "108s", "--stop", "109.5s"]));
    }
}

#[test]
fn what_is_told_of_chosen_units_is_of_them() {
    let folder = workplace();
    let rows = "time_s,unit,population\n0.5,0,a\n1,0,a\n1.5,1,a\n2,0,b\n";
    std::fs::write(folder.path().join("p.csv"), rows).unwrap();
    let drawn = good(&memspike(folder.path(), &["plot", "rates", "p.csv", "-o", "p.png", "--population", "a"]));
    assert!(drawn.contains("3 spikes of 2 units"), "{drawn}");
    let args = ["convert", "p.csv", "q.csv", "--population", "a", "--where", "population=b"];
    let said = bad(&memspike(folder.path(), &args), 2);
    assert!(said.contains("none of the 2 chosen units has the wanted value of population"), "{said}");
}

/// A folder with a list of a spike each half second, 100.25 s to 109.75 s.
fn half_seconds() -> tempfile::TempDir {
    let folder = workplace();
    let rows: String = (0..20).map(|i| format!("{},0\n", 100.25 + 0.5 * f64::from(i))).collect();
    std::fs::write(folder.path().join("t.csv"), format!("time_s,unit\n{rows}")).unwrap();
    folder
}

#[test]
fn a_model_runs_as_long_as_the_longest_of_its_recordings() {
    let folder = half_seconds();
    let recorded =
        |name: &str, window: &str| format!("[population.{name}]\nsource.recording = {{ file = 't.csv', {window} }}\n");
    let (short, long) =
        (recorded("short", "start = '104 s', stop = '105 s'"), recorded("long", "start = '100 s', stop = '109 s'"));
    for model in [format!("{short}{long}"), format!("{long}{short}")] {
        std::fs::write(folder.path().join("m.toml"), &model).unwrap();
        let run: serde_json::Value =
            serde_json::from_str(&good(&memspike(folder.path(), &["run", "m.toml", "--json"]))).unwrap();
        assert_eq!(run["duration_s"], 9.0, "{model}: {run}");
        assert_eq!(run["populations"]["long"]["spikes"], 18, "{run}");
        assert_eq!(run["populations"]["short"]["spikes"], 2, "{run}");
    }
    // The one that leads, whatever the others are.
    std::fs::write(folder.path().join("m.toml"), format!("{long}{short}")).unwrap();
    let leads = ["run", "m.toml", "--json", "--set", "population.short.source.recording.leads=true"];
    let output = memspike(folder.path(), &leads);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let run: serde_json::Value = serde_json::from_str(&good(&output)).unwrap();
    assert_eq!(run["duration_s"], 1.0, "{run}");
    assert!(said.contains("population long: the last 8.000 s of its recording are not replayed"), "{said}");
    let both = [&leads[..], &["--set", "population.long.source.recording.leads=true"]].concat();
    assert!(bad(&memspike(folder.path(), &both), 2).contains("both have `leads`"));
}

#[test]
fn what_is_replayed_says_how_long_the_run_is_and_which_clock_intervals_have() {
    let folder = workplace();
    let file = format!("{DATA}/nwb_made/electrodes_links.nwb");
    let recorded = |window: &str| format!("source.recording = {{ file = '{file}', {window} }}\n");
    let model = format!(
        "[population.a]\n{}[population.b]\n{}[population.c]\nsource.recording = {{}}\n\
         [interval.tr]\ntable = 'trials'\n[population.P]\nsize = 1\nsource.regular = {{ rate = '10 Hz', during = 'tr' }}\n",
        recorded("start = '121 s', stop = '121.2 s'"),
        recorded("start = '100 s', stop = '140 s'")
    );
    std::fs::write(folder.path().join("m.toml"), model).unwrap();
    let window = ["--start", "120.5s", "--stop", "121.5s"];
    let args = ["replay", &file, "--model", "m.toml", "--into", "c", "-o", "a.h5", "--json"];
    let output = memspike(folder.path(), &[&args[..], &window[..]].concat());
    let run: serde_json::Value = serde_json::from_str(&good(&output)).unwrap();
    assert_eq!(run["duration_s"], 1.0, "{run}");
    // The text in the result is the same model: it runs as long, on the same clock.
    let file_of = crate::unlocked::open(folder.path().join("a.h5"));
    let text = file_of.attr("model").unwrap().read_scalar::<hdf5::types::VarLenUnicode>().unwrap().to_string();
    drop(file_of);
    std::fs::write(folder.path().join("again.toml"), &text).unwrap();
    good(&memspike(folder.path(), &["run", "again.toml", "-o", "again.h5"]));
    for result in ["a.h5", "again.h5"] {
        let recording = memspike::format::read(&folder.path().join(result)).unwrap();
        let trials = recording.intervals.iter().find(|table| table.name == "tr").unwrap();
        assert_eq!((trials.start[0], trials.stop[0]), (0.0, 7.5), "{result}");
        assert_eq!(recording.observed, [(0.0, 1.0)], "{result}");
    }
    // Without one that leads it is open.
    let named = format!("population.c.source.recording.file='{file}'");
    let said = bad(&memspike(folder.path(), &["run", "m.toml", "--set", &named]), 2);
    assert!(said.contains("The interval `tr` is a table of a recording, but the model replays several"), "{said}");
    assert!(said.contains("a (") && said.contains("from 121 s on") && said.contains("leads = true"), "{said}");
}

fn write_nwb(recording: &Recording, file: &Path) {
    let time = "2026-03-01T14:30:00+01:00".to_owned();
    let session = Session { start: time.clone(), written: time, ..Session::default() };
    format::write(file, recording, &recording.spikes, Target::Nwb, &session).unwrap();
}

#[test]
fn what_was_not_observed_is_told_in_a_replay() {
    let folder = workplace();
    let text = "time_s,unit\n0.5,0\n1.5,0\n4.5,0\n";
    std::fs::write(folder.path().join("s.csv"), text).unwrap();
    let mut recording = format::read(&folder.path().join("s.csv")).unwrap();
    recording.observed = vec![(0.0, 2.0), (4.0, 5.0)];
    write_nwb(&recording, &folder.path().join("s.nwb"));
    std::fs::write(folder.path().join("m.toml"), "[population.a]\nsource.recording = {}\n").unwrap();
    let args = ["replay", "s.nwb", "--model", "m.toml", "-o", "a.h5", "--force"];
    let said = |more: &[&str]| {
        let output = memspike(folder.path(), &[&args[..], more].concat());
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        good(&output);
        said
    };
    assert!(said(&[]).contains("was not observed in 1 span of what is replayed, 2.000 s in all"));
    assert!(!said(&["--stop", "2s"]).contains("not observed") && !said(&["--duration", "1s"]).contains("not observed"));
    let beside = [&args[..], &["--start", "2.5s", "--stop", "3.5s"]].concat();
    assert!(bad(&memspike(folder.path(), &beside), 2).contains("nothing was observed from 2.5 s to 3.5 s"));
}

#[test]
fn a_column_of_whole_numbers_is_aligned_to_in_the_recording_and_in_the_result() {
    let folder = half_seconds();
    let mut recording = format::read(&folder.path().join("t.csv")).unwrap();
    recording.observed = vec![(100.0, 110.0)];
    let start: Vec<f64> = (0..4).map(|i| 100.5 + 2.0 * f64::from(i)).collect();
    let numbers = |values: [f64; 4]| Column::Number(values.to_vec());
    recording.intervals.push(IntervalTable {
        name: "trials".into(),
        stop: start.iter().map(|start| start + 1.0).collect(),
        start,
        columns: vec![
            ("n".into(), numbers([101.0, 103.0, 105.0, 107.0])),
            ("cue_time".into(), numbers([101.25, f64::NAN, 105.25, 107.25])),
        ],
    });
    write_nwb(&recording, &folder.path().join("t.nwb"));
    let model = "[population.a]\nsource.recording = {}\n[interval.x]\ntable = 'trials'\nwhere = { n = 9 }\n";
    std::fs::write(folder.path().join("m.toml"), model).unwrap();
    let output = memspike(folder.path(), &["replay", "t.nwb", "--model", "m.toml", "-o", "a.h5"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    good(&output);
    assert!(said.contains("interval x: `where` leaves no row of trials"), "{said}");
    for file in ["t.nwb", "a.h5"] {
        let stats = |to: &str| {
            let args = ["stats", file, "--align-to", to, "--before", "0s", "--after", "500ms", "--json"];
            let output = memspike(folder.path(), &args);
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            let found: serde_json::Value = serde_json::from_str(&good(&output)).unwrap();
            (found["trials"].as_u64().unwrap(), said.contains("1 row of trials without a time is left out"))
        };
        assert_eq!((stats("trials.n"), stats("trials.cue_time")), ((4, false), (3, true)), "{file}");
    }
}

#[test]
fn notes_on_segments_are_told_of_what_was_chosen() {
    let folder = workplace();
    let file = format!("{DATA}/matlab_neo/neo_segments.mat");
    let told = |command: &[&str], choice: &[&str]| {
        let output = memspike(folder.path(), &[command, &[&file, "--force"], choice].concat());
        good(&output);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!said.contains("too low"), "both segments last as long: {said}");
        said.contains("the segments seg0 (1 s to 2 s), seg1 (1 s to 2 s) overlap")
    };
    let segment = ["--where", "segment=seg1"];
    let commands: [&[&str]; 3] =
        [&["stats", "--per-unit", "-o", "a.csv"], &["replay", "-o", "a.h5"], &["convert", "--to", "nwb"]];
    for command in commands {
        let last: &[&str] = if command[0] == "convert" { &["a.nwb"] } else { &[] };
        assert_eq!([told(command, last), told(command, &[last, &segment].concat())], [true, false], "{command:?}");
    }
    assert!(told(&["raster", "-o", "a.png"], &["--start", "1s"]));
    assert!(!told(&["raster", "-o", "a.png"], &["--population", "units[2:4]"]));
}

#[test]
fn long_names_do_not_touch_what_follows() {
    let folder = workplace();
    let model = "simulation.duration = '1 s'\n[population.a_population_of_a_long_name]\nsize = 1\nsource.regular.rate = '2 Hz'\n\
                 [record]\nspikes = ['a_population_of_a_long_name']\n";
    std::fs::write(folder.path().join("a.toml"), model).unwrap();
    good(&memspike(folder.path(), &["run", "a.toml", "-o", "a.h5"]));
    let said = good(&memspike(folder.path(), &["info", "a.h5"]));
    assert!(said.contains("a_population_of_a_long_name 1 unit,"), "{said}");
}
