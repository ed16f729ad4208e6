//! What MATLAB files say beside spike times.

use std::path::Path;

use memspike::format;
use memspike::spikes::{Column, Recording};

fn read(file: &str) -> Recording {
    format::read(&Path::new("tests/data/recordings").join(file)).unwrap()
}

fn column<'a>(recording: &'a Recording, name: &str) -> &'a Column {
    let found = recording.unit_columns.iter().find(|(own, _)| own == name);
    &found.unwrap_or_else(|| panic!("{name}: {:?}", recording.unit_columns)).1
}

fn words(all: &[&str]) -> Column {
    Column::Text(all.iter().map(|word| (*word).to_owned()).collect())
}

#[test]
fn a_block_of_neo_has_its_signals_events_and_epochs_and_says_where_segments_overlap() {
    let neo = read("matlab_neo/neo_segments.mat");
    let trains = neo.spikes.trains();
    assert_eq!(trains, [vec![1.1, 1.25, 1.5], vec![1.1, 1.25, 1.5], vec![1.1, 1.25, 1.6], vec![]], "a silent one too");
    assert_eq!(*column(&neo, "segment"), words(&["seg0", "seg0", "seg1", "seg1"]));
    let note = neo.notes.iter().find(|note| note.contains("overlap")).unwrap();
    assert!(note.contains("seg0 (1 s to 2 s), seg1 (1 s to 2 s)") && note.contains("--where segment=seg0"), "{note}");
    let told: Vec<(&str, &str, usize)> =
        neo.signals.iter().map(|s| (s.name.as_str(), s.unit.as_str(), s.width)).collect();
    assert_eq!(told, [("lfp", "mV", 2), ("pos", "mm", 1), ("lfp_2", "mV", 2), ("pos_2", "mm", 1)]);
    assert_eq!((&neo.signals[0].data[..4], neo.signals[0].times[9]), (&[0.0, 1.0, 2.0, 3.0][..], 1.9));
    assert_eq!((&neo.signals[1].data[..], &neo.signals[1].times[..]), (&[1.0, 2.0, 3.0][..], &[1.0, 1.01, 1.5][..]));
    let names: Vec<&str> = neo.intervals.iter().map(|table| table.name.as_str()).collect();
    assert_eq!(names, ["ev", "ep", "ev_2", "ep_2"]);
    let (events, epochs) = (&neo.intervals[0], &neo.intervals[1]);
    assert_eq!((&events.start, &events.stop), (&vec![1.1, 1.2, 1.3], &vec![1.1, 1.2, 1.3]));
    assert_eq!(events.columns, [("label".to_owned(), words(&["go", "stop", "x"]))]);
    assert_eq!(epochs.start, [1.1, 1.4]);
    assert!(epochs.stop.iter().zip([1.15, 1.48]).all(|(stop, expected)| (stop - expected).abs() < 1e-12));
    assert!(neo.notes.iter().all(|note| !note.contains("taken as seconds")), "{:?}", neo.notes);
}

#[test]
fn fields_of_units_become_columns_and_what_can_not_is_told() {
    let units = read("matlab_made/array.mat");
    assert_eq!(units.spikes.trains(), [vec![1.0, 2.0, 3.5], vec![0.25, 4.0], vec![]]);
    assert_eq!(*column(&units, "label"), words(&["cell 0", "cell 1", "cell 2"]));
    let Column::Number(depth) = column(&units, "depth") else { panic!("numbers") };
    assert!(depth[0] == 10.5 && depth[1].is_nan() && depth[2] == 12.5, "{depth:?}");
    let told = "fields of units that are not one number or word per unit are left out: sub, waveform";
    assert!(units.notes.iter().any(|note| note == told), "{:?}", units.notes);
}

#[test]
fn a_structure_of_lists_has_an_entry_for_each_unit() {
    let units = read("matlab_made/scalar.mat");
    assert_eq!(units.spikes.trains(), [vec![1.0, 2.0, 3.5], vec![0.25, 4.0], vec![]], "their unit is beside them");
    assert_eq!(units.spikes.unit_ids, [7, 3, 9], "a column id is what they are called");
    assert_eq!(*column(&units, "label"), words(&["a", "bc", "d"]));
    assert_eq!(*column(&units, "good"), Column::Number(vec![1.0, 0.0, 1.0]));
    assert!(units.notes.iter().any(|note| note.ends_with("are left out: rate")), "{:?}", units.notes);
}

#[test]
fn what_a_structure_says_of_the_unit_of_times_is_named() {
    let rate = read("matlab_made/rate.mat");
    assert_eq!(rate.spikes.trains(), [vec![1.0, 2.25, 3.0], vec![4.5, 5.0]]);
    let note = rate.notes.iter().find(|note| note.starts_with("times are taken as seconds")).unwrap();
    assert!(note.contains("`units.fs` is 30000: if they count samples at that rate"), "{note}");
}
