//! Every format works in `info`, `raster` and `replay`.

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
