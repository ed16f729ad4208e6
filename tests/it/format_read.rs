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
