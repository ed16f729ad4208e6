//! Real recordings are read, whatever their format.

use std::path::PathBuf;

use memspike::format;
use memspike::spikes::{Column, Recording};

fn recording(path: &str) -> Recording {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/recordings").join(path);
    format::read(&path).unwrap_or_else(|e| panic!("{e}"))
}

fn signal<'a>(recording: &'a Recording, name: &str) -> &'a memspike::spikes::Signal {
    recording.signals.iter().find(|s| s.name == name).unwrap_or_else(|| panic!("no signal {name}"))
}

fn column<'a>(columns: &'a [(String, Column)], name: &str) -> &'a Column {
    &columns.iter().find(|c| c.0 == name).unwrap_or_else(|| panic!("no column {name}")).1
}

#[test]
fn an_nwb_file_gives_its_units_behaviour_and_trials() {
    let maze = recording("mc_maze_trial_748/mc_maze_trial_748.nwb");
    assert_eq!(maze.format, "NWB 2.11.0");
    assert_eq!((maze.spikes.unit_ids.len(), maze.spikes.len()), (182, 1654));
    assert_eq!(maze.spikes.unit_ids, (0..182).collect::<Vec<i64>>());
    assert!(maze.spikes.times.windows(2).all(|t| t[0] <= t[1]));
    assert!(maze.spikes.times.iter().all(|t| (2282.6..2285.836).contains(t)));
    // The stop is a sum in the file: 2285.836 but for the last bit.
    assert_eq!(maze.observed, [(2282.6, 2285.8360000000002)]);
    assert_eq!((maze.start(), maze.stop()), (2282.6, 2285.8360000000002));
    // Many units never fire here; they are units all the same.
    assert!(maze.spikes.trains().iter().any(Vec::is_empty));
    let Column::Number(ids) = column(&maze.unit_columns, "original_id") else { panic!("numbers expected") };
    assert_eq!(ids[0], 1011.0);
    assert_eq!(column(&maze.unit_columns, "heldout"), &Column::Text(vec!["false".to_owned(); 182]));
    let hand = signal(&maze, "hand_vel");
    assert_eq!((hand.unit.as_str(), hand.width, hand.times.len(), hand.data.len()), ("mm/s", 2, 3236, 6472));
    assert!((hand.times[0] - 2282.6).abs() < 1e-9);
    assert_eq!(maze.signals.len(), 4);
    let trials = &maze.intervals[0];
    assert_eq!((trials.name.as_str(), trials.start[0], trials.stop[0]), ("trials", 2282.6, 2285.8360000000002));
    assert!(maze.about.contains(&("subject".to_owned(), "Jenkins".to_owned())), "{:?}", maze.about);
}

#[test]
fn an_nwb_file_of_binned_counts_gives_spikes_within_their_bins() {
    let chewie = recording("m1_reach/chewie_20131003_bin100ms.nwb");
    assert_eq!((chewie.spikes.unit_ids.len(), chewie.spikes.len()), (174, 81_154));
    assert_eq!(chewie.intervals[0].start.len(), 159);
    assert!(matches!(column(&chewie.intervals[0].columns, "target"), Column::Number(t) if t.len() == 159));
    assert_eq!(chewie.signals.len(), 1, "the counts are no signal");
    assert_eq!(signal(&chewie, "hand_vel").unit, "cm/s");
    assert_eq!(chewie.observed.len(), 159, "one stretch per trial: the gaps of 1 s stay");
    assert!(chewie.notes.iter().any(|n| n.contains("placed at random")), "{:?}", chewie.notes);
    let inside = |t: &f64| chewie.observed.iter().any(|o| (o.0..o.1).contains(t));
    assert!(chewie.spikes.times.iter().all(inside));
}

#[test]
fn plain_hdf5_of_binned_counts_keeps_trials_gaps_and_signals() {
    let chewie = recording("m1_reach/chewie_20131003_bin100ms.h5");
    assert_eq!((chewie.spikes.unit_ids.len(), chewie.spikes.len()), (174, 81_154));
    let trials = &chewie.intervals[0];
    assert_eq!((trials.name.as_str(), trials.start.len(), trials.start[0]), ("trials", 159, 0.0));
    for trial in 1..159 {
        assert!((trials.start[trial] - trials.stop[trial - 1] - 1.0).abs() < 1e-9);
    }
    assert!(trials.start.iter().zip(&trials.stop).all(|(start, stop)| (0.89..1.41).contains(&(stop - start))));
    let hand = signal(&chewie, "hand_vel");
    assert_eq!((hand.unit.as_str(), hand.width, hand.times.len()), ("cm/s", 2, 1640));
    assert!((hand.times[0] - 0.05).abs() < 1e-12, "samples lie at the bins' centres");
    assert_eq!(chewie.signals.len(), 4);
    assert!(chewie.notes.iter().any(|n| n.contains("1 s between them")), "{:?}", chewie.notes);
}

#[test]
fn both_files_of_one_session_hold_the_same_counts() {
    let counts = |path| {
        let recording = recording(path);
        recording.spikes.trains().iter().map(Vec::len).collect::<Vec<_>>()
    };
    let plain = counts("m1_reach/chewie_20131003_bin100ms.h5");
    assert_eq!(plain, counts("m1_reach/chewie_20131003_bin100ms.nwb"));
}

#[test]
fn a_bin_that_was_dropped_from_a_trial_leaves_a_gap() {
    let fast = recording("m1_reach/chewie_20131003_bin50ms_vel5.h5");
    assert_eq!((fast.spikes.unit_ids.len(), fast.spikes.len()), (174, 45_021));
    assert_eq!(fast.intervals[0].start.len(), 159);
    assert!(fast.observed.len() > 159, "{}", fast.observed.len());
    let observed: f64 = fast.observed.iter().map(|(start, stop)| stop - start).sum();
    assert!((observed - 1731.0 * 0.05).abs() < 1e-6, "{observed}");
    let other = recording("m1_reach/mihi_20140303_bin100ms_vel5.h5");
    assert_eq!((other.spikes.unit_ids.len(), other.spikes.len()), (187, 83_055));
}

#[test]
fn spikes_from_counts_are_the_same_at_every_reading() {
    let path = "m1_reach/mihi_20140303_bin100ms_vel5.h5";
    assert_eq!(recording(path).spikes, recording(path).spikes);
}

#[test]
fn sonata_files_of_both_layouts_give_seconds_and_the_nodes_that_fire() {
    let v1 = recording("sonata_spikes/300_intfire_output_spikes.h5");
    assert_eq!((v1.spikes.len(), v1.spikes.unit_ids.len()), (4322, 273));
    assert!((v1.spikes.times[0] - 0.5669).abs() < 1e-3 && (v1.stop() - 2.9891).abs() < 1e-3, "ms became s");
    assert!(v1.notes.iter().any(|n| n.contains("273 nodes have spikes")), "{:?}", v1.notes);
    let old = recording("sonata_spikes/300_intfire_lgn_spikes.h5");
    assert_eq!((old.spikes.len(), old.spikes.unit_ids.len()), (2738, 90));
    assert!(old.spikes.times.windows(2).all(|t| t[0] <= t[1]), "sorted by id in the file, by time here");
    let one = recording("sonata_spikes/pysonata_one_pop.h5");
    assert_eq!((one.spikes.len(), one.spikes.unit_ids.len()), (124, 14));
    assert!(one.stop() < 1.1, "milliseconds became s");
}
