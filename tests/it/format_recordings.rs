//! Every recording of `tests/data/recordings` has the units, spikes and length that its `SOURCE.md` states.

use std::path::{Path, PathBuf};

use memspike::format::{self, Fault};
use memspike::spikes::{Column, Recording, Signal};

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/recordings").join(name)
}

#[track_caller]
fn read(name: &str) -> Recording {
    format::read(&path(name)).unwrap_or_else(|e| panic!("{e}"))
}

/// Units, spikes, first and last spike \[s\] to a millisecond.
#[track_caller]
fn expect(recording: &Recording, units: usize, spikes: usize, first: f64, last: f64) {
    assert_eq!((recording.spikes.unit_ids.len(), recording.spikes.len()), (units, spikes));
    let times = &recording.spikes.times;
    assert!(times.windows(2).all(|t| t[0] <= t[1]), "times are sorted");
    assert!(
        (times[0] - first).abs() < 1e-3 && (times[spikes - 1] - last).abs() < 1e-3,
        "{} {}",
        times[0],
        times[spikes - 1]
    );
    assert!(recording.spikes.units.iter().all(|unit| (*unit as usize) < units));
}

fn signal<'a>(recording: &'a Recording, name: &str) -> &'a Signal {
    recording.signals.iter().find(|s| s.name == name).unwrap_or_else(|| panic!("no signal {name}"))
}

fn numbers<'a>(columns: &'a [(String, Column)], name: &str) -> &'a [f64] {
    match columns.iter().find(|c| c.0 == name) {
        Some((_, Column::Number(values))) => values,
        other => panic!("{name}: {other:?}"),
    }
}

fn texts<'a>(columns: &'a [(String, Column)], name: &str) -> &'a [String] {
    match columns.iter().find(|c| c.0 == name) {
        Some((_, Column::Text(values))) => values,
        other => panic!("{name}: {other:?}"),
    }
}

#[test]
fn retinal_arrays_of_three_labs() {
    let wong = read("retina_mea_hdf5/Wong1993_P5.h5");
    expect(&wong, 91, 19_277, 108.469, 748.934);
    assert!(wong.about.contains(&("species".to_owned(), "ferret".to_owned())), "{:?}", wong.about);
    assert_eq!(numbers(&wong.unit_columns, "x").len(), 91);
    expect(&read("retina_mea_hdf5/Demas2006_p21wt3.h5"), 80, 199_631, 0.002, 3600.995);
    expect(&read("retina_mea_hdf5/Xu2011_20NOV2007R1-31.h5"), 89, 27_241, 1.831, 1800.381);
}

#[test]
fn one_recording_in_six_encodings_is_the_same() {
    let original = read("retina_mea_hdf5/Wong1993_P5.h5").spikes;
    for name in ["latest_gzip", "latest_extendible", "lzf_fletcher", "bigendian_contiguous", "zstd"] {
        assert_eq!(read(&format!("hdf5_variants/wong_{name}.h5")).spikes, original, "{name}");
    }
    let single = read("hdf5_variants/wong_latest_by_unit_f4.h5").spikes;
    assert_eq!(single.len(), original.len());
    assert!(single.times.iter().zip(&original.times).all(|(a, b)| (a - b).abs() < 3.1e-5));
}

#[test]
fn blosc_lz4_zstd_and_bitshuffle_are_decoded_and_other_filters_named() {
    let whole = read("retina_mea_hdf5/Wong1993_P5.h5").spikes.select(&(0..24).collect::<Vec<_>>());
    let decoded = [
        "bitshuffle",
        "bitshuffle_lz4",
        "bitshuffle_zstd",
        "blosc_blosclz",
        "blosc_lz4",
        "blosc_zlib",
        "blosc_zstd_bitshuffle",
        "lz4",
        "zstd",
    ];
    for name in decoded {
        assert_eq!(read(&format!("hdf5_filters/{name}.h5")).spikes, whole, "{name}");
    }
    for (name, word) in [("blosc2", "32026"), ("bzip2", "bzip2"), ("blosc_snappy", "snappy")] {
        let error = format::read(&path(&format!("hdf5_filters/{name}.h5"))).unwrap_err();
        assert_eq!(error.fault, Fault::MissingFilter, "{error}");
        assert!(error.to_string().contains(word) && error.to_string().contains("h5repack"), "{error}");
    }
}

#[test]
fn the_linear_track_is_the_same_in_nwb_matlab_7_and_matlab_5() {
    let nwb = read("hippocampus_linear_track/linear_track.nwb");
    expect(&nwb, 31, 28_829, 4397.002, 6365.147);
    let led = signal(&nwb, "led_position");
    assert_eq!((led.times.len(), led.width, led.unit.as_str()), (118_965, 2, "pixels"));
    // A repeated time stays.
    assert_eq!(led.times[45_597], led.times[45_598]);
    // 1982 s is the time of the camera.
    assert!((led.times[118_964] - led.times[0] - 1982.4).abs() < 0.1);
    let v73 = read("hippocampus_linear_track/linear_track_v73.mat");
    assert_eq!(v73.spikes, nwb.spikes);
    assert_eq!(signal(&v73, "cursor_pos").data, led.data);
    assert_eq!(texts(&v73.unit_columns, "channel_name").len(), 31);
    assert!(numbers(&v73.unit_columns, "sort").iter().all(|sort| *sort == 1.0), "the unsorted ones are empty");
    let v5 = read("hippocampus_linear_track/spikes.mat");
    assert_eq!((v5.format.as_str(), &v5.spikes), ("MATLAB 5", &nwb.spikes));
    // Tetrode and cluster, as they are nested in the file.
    assert_eq!(numbers(&v5.unit_columns, "index_1")[12..17], [1.0, 1.0, 3.0, 4.0, 9.0]);
    assert_eq!(numbers(&v5.unit_columns, "index_2").len(), 31);
    let camera = read("hippocampus_linear_track/trajectory.videoPositionTracking");
    let loc = signal(&camera, "loc");
    assert_eq!((loc.times.len(), &loc.data[..]), (3000, &led.data[..6000]));
    assert!(loc.times.iter().zip(&led.times).all(|(a, b)| (a - b).abs() < 1e-9));
}

#[test]
fn matlab_files_without_spikes_say_what_they_hold() {
    for (name, word) in [
        ("array", "a2x2x2 (double 2x2x2)"),
        ("cell", "cell (cell 1x4)"),
        ("partial", "var1 (double 128x128)"),
        ("simple", "int16"),
        ("string", "cell_strings"),
        ("struct", "s (struct"),
    ] {
        let error = format::read(&path(&format!("matlab_v73/{name}.mat"))).unwrap_err();
        assert_eq!(error.fault, Fault::UnknownLayout);
        assert!(error.to_string().contains(word), "{error}");
    }
}

#[test]
fn labelled_samples_lie_one_after_another() {
    let braille = read("shd_style_braille/braille_train.h5");
    assert_eq!((braille.spikes.unit_ids.len(), braille.spikes.len()), (22, 37_776));
    let trials = &braille.intervals[0];
    assert_eq!((trials.start.len(), braille.observed.len()), (1080, 1080));
    // 1.9 s is the last event's time, so that a slot ends above it.
    assert!(
        trials
            .start
            .iter()
            .zip(&trials.stop)
            .all(|(start, stop)| (stop - start - 2.0).abs() < 1e-9 || (stop - start - 1.9).abs() < 1e-9)
    );
    assert_eq!(texts(&trials.columns, "key")[0], "Space");
    assert_eq!(numbers(&trials.columns, "label").iter().fold(0.0f64, |a, b| a.max(*b)), 26.0);
    assert_eq!(numbers(&trials.columns, "repetition").len(), 1080);
    let half = read("shd_style_braille/braille_half.h5");
    assert_eq!(half.spikes.len(), 683);
    let first = |r: &Recording| r.spikes.between(0.0, r.intervals[0].stop[0]);
    let (a, b) = (first(&braille), first(&half));
    assert_eq!(a.units, b.units);
    assert!(a.times.iter().zip(&b.times).all(|(a, b)| (a - b).abs() < 1e-3), "float16 has about 1 ms");
}

#[test]
fn phy_folders_with_and_without_tables() {
    let bare = read("phy_kilosort");
    expect(&bare, 311, 99_519, 4.0 / 30_000.0, 79.073);
    assert!(bare.notes.iter().any(|note| note.contains("30000 Hz is assumed")), "{:?}", bare.notes);
    assert_eq!(read("phy_kilosort/spike_times.npy").spikes, bare.spikes);
    let tables = read("phy_kilosort/with_tables");
    assert_eq!((tables.spikes.unit_ids.len(), tables.spikes.len()), (12, 4582));
    assert_eq!((tables.spikes.unit_ids[0], tables.spikes.unit_ids[11]), (67, 251));
    let group = texts(&tables.unit_columns, "group");
    assert_eq!(
        (group[0].as_str(), group[1].as_str(), group[11].as_str()),
        ("noise", "good", ""),
        "the last has no row"
    );
    assert_eq!(numbers(&tables.unit_columns, "Amplitude")[3], 13.5);
}

#[test]
fn gdf_text_has_neurons_and_the_trials_of_its_lab() {
    let winny = read("m1_riehle_gdf/winny131_23.gdf");
    expect(&winny, 2, 20_044, 2.032, 746.942);
    assert_eq!((winny.start(), winny.stop()), (2.0, 746.985));
    assert_eq!(winny.spikes.unit_ids, [2, 3]);
    assert_eq!(winny.spikes.trains().iter().map(Vec::len).collect::<Vec<_>>(), [11_737, 8307]);
    let trials = &winny.intervals[0];
    assert_eq!((trials.start.len(), trials.start[0], trials.stop[0]), (128, 2.0, 6.0));
    assert_eq!(numbers(&trials.columns, "direction")[..2], [3.0, 1.0]);
    assert_eq!(numbers(&trials.columns, "preparatory_signal_time")[0], 4.076);
}

#[test]
fn a_csv_of_samples_has_the_spikes_and_signals_of_the_nwb_file() {
    let csv = read("mc_maze_trial_748/trial_748_first_second.csv");
    assert_eq!((csv.spikes.unit_ids.len(), csv.spikes.len(), csv.spikes.unit_ids[0]), (182, 436, 1011));
    let nwb = read("mc_maze_trial_748/mc_maze_trial_748.nwb");
    let part = nwb.spikes.between(2282.6, 2283.6 - 5e-4);
    let counts = |spikes: &memspike::spikes::SpikeTable| spikes.trains().iter().map(Vec::len).collect::<Vec<_>>();
    assert_eq!(counts(&csv.spikes), counts(&part));
    let (a, b) = (signal(&csv, "hand_vel"), signal(&nwb, "hand_vel"));
    assert_eq!((a.width, a.times.len()), (2, 1000));
    assert!(a.data.iter().zip(&b.data).all(|(a, b)| (a - b).abs() < 1e-9));
}

#[test]
fn old_sonata_spikes_of_a_network_s_input() {
    expect(&read("sonata_spikes/external_spike_trains.h5"), 100, 4334, 0.0004, 3.267);
}

#[test]
fn sonata_reports_are_signals() {
    let soma = read("sonata_reports/soma_report.h5");
    let cortex = signal(&soma, "cortex");
    assert_eq!((cortex.width, cortex.times.len(), cortex.unit.as_str()), (3, 200, "mV"));
    assert!((cortex.times[199] - 0.0199).abs() < 1e-12 && (cortex.data[0] + 65.0).abs() < 1e-5);
    assert_eq!(signal(&read("sonata_reports/compartments_report.h5"), "cortex").width, 9);
    let old = read("sonata_reports/old_report.h5");
    assert_eq!((signal(&old, "report").times[0], signal(&old, "report").data[59]), (0.01, 59.0));
    assert!(old.about.iter().any(|(_, text)| text == "3 nodes (4, 7, 9)"), "{:?}", old.about);
}

#[test]
fn a_nix_file_of_neo_has_trains_in_their_own_units_of_time() {
    let nix = read("nix/neo_block.nix");
    let wong = read("retina_mea_hdf5/Wong1993_P5.h5");
    assert_eq!((nix.spikes.unit_ids.len(), nix.spikes.len()), (11, 573));
    assert_eq!(nix.observed, [(100.0, 760.0)]);
    let names = texts(&nix.unit_columns, "name");
    assert_eq!((names[0].as_str(), names[10].as_str()), ("unit0", "silent"), "the order in which they were written");
    for (ours, theirs) in nix.spikes.trains()[..10].iter().zip(wong.spikes.trains()) {
        assert_eq!(ours.len(), theirs.len());
        assert!(ours.iter().zip(&theirs).all(|(a, b)| (a - b).abs() < 1e-9));
    }
    assert_eq!(texts(&nix.unit_columns, "region")[0], "retina");
    let lfp = signal(&nix, "lfp");
    assert_eq!((lfp.width, lfp.times.len(), lfp.times[0], lfp.unit.as_str()), (2, 500, 110.0, "mV"));
    assert!((lfp.times[1] - 110.1).abs() < 1e-9);
    assert_eq!(signal(&nix, "position").times, [110.0, 111.0, 115.0]);
    let light = nix.intervals.iter().find(|t| t.name == "light").unwrap();
    assert_eq!(
        (&light.stop[..], texts(&light.columns, "label")),
        (&[210.0, 320.0][..], &["a".to_owned(), "b".to_owned()][..])
    );
}

#[test]
fn aedat4_is_read_with_and_without_compression() {
    for name in ["none", "lz4", "zstd"] {
        let events = read(&format!("aedat4/{name}.aedat4"));
        assert_eq!((events.spikes.unit_ids.len(), events.spikes.len()), (2 * 32 * 24, 1800), "{name}");
        assert!(events.stop() < 0.121 && events.start() >= 0.0);
        let triggers = events.intervals.iter().find(|t| t.name == "triggers").unwrap();
        assert_eq!((triggers.start.len(), triggers.start[1]), (2, 0.05));
        assert_eq!(signal(&events, "acceleration").data[3..6], [1.0, 0.0, f64::from(9.8f32)]);
    }
    // Cut at the end of a packet, the file is shorter than its header says.
    let whole = std::fs::read(path("aedat4/none.aedat4")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let cut = folder.path().join("cut.aedat4");
    let mut ends = 0;
    let mut at = 14 + 4 + u32::from_le_bytes(whole[14..18].try_into().unwrap()) as usize;
    while at < 31_550 {
        std::fs::write(&cut, &whole[..at]).unwrap();
        let error = format::read(&cut).unwrap_err();
        assert!(error.fault == Fault::Damaged && error.to_string().contains("index follows at byte 31550"), "{error}");
        at += 8 + u32::from_le_bytes(whole[at + 4..at + 8].try_into().unwrap()) as usize;
        ends += 1;
    }
    assert!(at == 31_550 && ends > 2, "{at} {ends}");
    // Of two streams of events, though one is called so only.
    let mut two = whole.clone();
    let kind = two.windows(4).position(|word| word == b"TRIG").unwrap();
    two[kind..kind + 4].copy_from_slice(b"EVTS");
    std::fs::write(&cut, &two).unwrap();
    let first = format::read(&cut).unwrap();
    assert_eq!(first.spikes.len(), 1800);
    let note = "those of stream 0 are read, those of 2 are left out";
    assert!(first.notes.iter().any(|n| n.contains(note)), "{:?}", first.notes);
    // As dv-processing reads it back: 888 of 1800 brighter; the last event at (26, 14).
    let events = read("aedat4/lz4.aedat4");
    let brighter = events.spikes.units.iter().filter(|unit| **unit % 2 == 1).count();
    let last = *events.spikes.units.last().unwrap() as usize;
    let place = (numbers(&events.unit_columns, "x")[last], numbers(&events.unit_columns, "y")[last]);
    assert_eq!((brighter, place), (888, (26.0, 14.0)));
    assert!((events.spikes.times[1799] - 0.119915).abs() < 1e-9);
}

#[test]
fn tables_of_bmi3d_have_counts_states_and_signals() {
    let bmi = read("bmi3d/bmi3d_tables.h5");
    assert_eq!((bmi.spikes.unit_ids.len(), bmi.spikes.len()), (32, 1695));
    assert_eq!((bmi.start(), bmi.stop()), (0.0, 40.0));
    let counts = |r: &Recording, units: usize| r.spikes.trains()[..units].iter().map(Vec::len).sum::<usize>();
    assert!(counts(&bmi, 5) > 0);
    assert_eq!((signal(&bmi, "cursor").width, signal(&bmi, "cursor").times.len()), (3, 400));
    let table = |name: &str| bmi.intervals.iter().find(|t| t.name == name).unwrap();
    assert_eq!((table("trials").start.len(), table("states").start.len()), (35, 105));
    assert_eq!(texts(&table("states").columns, "state")[..3], ["wait", "target", "reward"]);
    assert!(texts(&table("trials").columns, "outcome").iter().all(|outcome| outcome == "reward"));
}

#[test]
fn nwb_units_have_the_columns_of_their_electrodes_and_series_their_own_units() {
    let nwb = read("nwb_made/electrodes_links.nwb");
    assert_eq!((nwb.spikes.unit_ids.len(), nwb.spikes.len()), (8, 120));
    assert_eq!(nwb.observed, [(100.0, 300.0)], "touching intervals are one");
    assert_eq!(nwb.electrodes.iter().find(|c| c.0 == "location").unwrap().1.len(), 6);
    let location = texts(&nwb.unit_columns, "location");
    assert_eq!((location[0].as_str(), location[3].as_str()), ("V1", "V2"));
    assert_eq!(numbers(&nwb.unit_columns, "electrode")[..4], [0.0, 1.0, 2.0, 3.0]);
    assert!(nwb.notes.iter().any(|note| note.starts_with("4 units have several electrodes")), "{:?}", nwb.notes);
    let lick = signal(&nwb, "lick");
    assert_eq!((lick.times[0], lick.times[1], lick.data[3]), (100.0, 100.5, 3.0 * 0.5 + 1.0));
    assert!((signal(&nwb, "hand").data[3] - 0.03).abs() < 1e-12);
    assert_eq!(signal(&nwb, "speed").times, signal(&nwb, "hand").times, "linked timestamps");
}

#[test]
fn a_matlab_file_of_neo_says_its_units_of_time_and_which_of_its_times_are_spikes() {
    let neo = read("matlab_neo/neo_block.mat");
    assert_eq!(neo.spikes.trains(), [vec![1.01, 1.02, 1.0355], vec![1.02, 1.04, 1.071], vec![1.25]]);
    assert_eq!(texts(&neo.unit_columns, "name"), ["unit0", "unit1", "unit2"]);
    assert_eq!(neo.observed, [(1.0, 2.0)]);
    assert!(neo.notes.is_empty(), "{:?}", neo.notes);
}

/// A NIX file with two trains in each of two segments, the second of which begins at `start` \[s\].
fn segments(path: &Path, start: f64) {
    let text = |place: &hdf5::Location, name: &str, text: &str| {
        let text: hdf5::types::VarLenUnicode = text.parse().unwrap();
        place.new_attr::<hdf5::types::VarLenUnicode>().create(name).unwrap().write_scalar(&text).unwrap();
    };
    let file = hdf5::File::create(path).unwrap();
    text(&file, "format", "nix");
    file.create_group("data/b/multi_tags").unwrap();
    for (segment, first, stop) in [("seg0", 0.0, 0.2), ("seg1", start, start + 0.3)] {
        let group = file.create_group(&format!("data/b/groups/{segment}")).unwrap();
        text(&group, "type", "neo.segment");
        text(&group, "name", segment);
        let tags = group.create_group("multi_tags").unwrap();
        for unit in 0..2 {
            let name = format!("{segment}.unit{unit}");
            let tag = tags.create_group(&format!("id of {name}")).unwrap();
            text(&tag, "type", "neo.spiketrain");
            text(&tag, "name", &name);
            let times = [first + 0.01, first + 0.02];
            tag.new_dataset_builder().with_data(&times).create("positions/data").unwrap();
            for (edge, time) in [("t_start", first), ("t_stop", stop)] {
                tag.new_dataset_builder().with_data(&[time]).create(&*format!("metadata/properties/{edge}")).unwrap();
            }
            file.link_hard(
                &format!("data/b/groups/{segment}/multi_tags/id of {name}"),
                &format!("data/b/multi_tags/{name}"),
            )
            .unwrap();
        }
    }
}

#[test]
fn channels_of_a_nix_file_are_in_the_order_of_their_numbers() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.nix");
    let text = |place: &hdf5::Location, name: &str, text: &str| {
        let text: hdf5::types::VarLenUnicode = text.parse().unwrap();
        place.new_attr::<hdf5::types::VarLenUnicode>().create(name).unwrap().write_scalar(&text).unwrap();
    };
    let file = hdf5::File::create(&path).unwrap();
    text(&file, "format", "nix");
    for channel in 0..12 {
        let array = file.create_group(&format!("data/b/data_arrays/lfp.{channel}")).unwrap();
        array.new_dataset_builder().with_data(&[f64::from(channel); 2]).create("data").unwrap();
        let dimension = array.create_group("dimensions/1").unwrap();
        text(&dimension, "dimension_type", "sample");
        dimension.new_attr::<f64>().create("sampling_interval").unwrap().write_scalar(&0.1).unwrap();
    }
    file.close().unwrap();
    let recording = format::read(&path).unwrap();
    let lfp = &recording.signals[0];
    assert_eq!((lfp.width, &lfp.data[..12]), (12, &(0..12).map(f64::from).collect::<Vec<_>>()[..]));
}

#[test]
fn segments_of_a_nix_file_are_told_apart_and_those_on_a_clock_of_their_own_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let read = |start: f64| {
        let path = folder.path().join(format!("{start}.nix"));
        segments(&path, start);
        format::read(&path).unwrap()
    };
    let overlaid = read(0.0);
    assert_eq!(texts(&overlaid.unit_columns, "segment"), ["seg0", "seg0", "seg1", "seg1"]);
    let note = overlaid.notes.join("\n");
    assert!(note.contains("segments seg0 (0 s to 0.2 s), seg1 (0 s to 0.3 s) overlap"), "{note}");
    assert!(note.contains("2 of 4 in less than the 0.3 s in which any was, down to 0.2 s"), "{note}");
    // On one clock they follow each other, with a gap between that nobody observed.
    let apart = read(1.0);
    assert_eq!(apart.observed, [(0.0, 0.2), (1.0, 1.3)]);
    assert!(!apart.notes.iter().any(|note| note.contains("segments")), "{:?}", apart.notes);
}
