//! How populations of NWB are told, and the units of its times.

use std::path::Path;

use hdf5::types::VarLenUnicode;
use memspike::format::{self, Session, Target};
use memspike::spikes::{Column, Recording, Signal, SpikeTable};

fn write(path: &Path, recording: &Recording) -> Vec<String> {
    let time = "2026-03-01T14:30:00+01:00".to_owned();
    let session = Session { start: time.clone(), written: time, ..Session::default() };
    format::write(path, recording, &recording.spikes, Target::Nwb, &session).unwrap().notes
}

fn units(ids: &[i64]) -> SpikeTable {
    let trains: Vec<Vec<f64>> = (0..ids.len()).map(|unit| vec![unit as f64, 9.0]).collect();
    SpikeTable::from_units(ids.to_vec(), &trains).unwrap()
}

#[test]
fn a_laboratorys_own_column_population_is_a_column_whatever_the_order_of_its_rows() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.nwb");
    for names in [["A", "B", "A"], ["A", "A", "B"], ["A", "A", "A"]] {
        let column = ("population".to_owned(), Column::Text(names.map(str::to_owned).to_vec()));
        let recording =
            Recording { spikes: units(&[4, 7, 5]), unit_columns: vec![column.clone()], ..Recording::default() };
        write(&path, &recording);
        let read = format::read(&path).unwrap();
        assert_eq!((read.populations.len(), read.unit_columns), (0, vec![column]), "{names:?}");
        assert_eq!(read.spikes.unit_ids, [4, 7, 5]);
    }
}

#[test]
fn populations_go_round_though_their_ids_are_unique() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.nwb");
    for ids in [[0, 1, 2], [0, 1, 0]] {
        let populations = vec![("E".to_owned(), 0, 2), ("I".to_owned(), 2, 1)];
        let recording = Recording { spikes: units(&ids), populations, ..Recording::default() };
        assert_eq!(write(&path, &recording), Vec::<String>::new());
        let read = format::read(&path).unwrap();
        assert_eq!((read.populations, read.spikes.unit_ids), (recording.populations, ids.to_vec()));
    }
}

#[test]
fn time_stamps_of_a_signal_in_another_unit_than_seconds_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.nwb");
    let (times, data) = (vec![100.0, 200.0, 250.0], vec![1.0, 2.0, 3.0]);
    let signal = Signal { name: "x".to_owned(), unit: "m".to_owned(), times, data, width: 1 };
    write(&path, &Recording { spikes: units(&[0]), signals: vec![signal], ..Recording::default() });
    assert!(format::read(&path).unwrap().notes.is_empty());
    let file = hdf5::File::open_rw(&path).unwrap();
    let stamps = file.dataset("processing/behavior/x/timestamps").unwrap();
    let unit: VarLenUnicode = "milliseconds".parse().unwrap();
    stamps.delete_attr("unit").unwrap();
    stamps.new_attr::<VarLenUnicode>().create("unit").unwrap().write_scalar(&unit).unwrap();
    drop((stamps, file));
    let notes = format::read(&path).unwrap().notes;
    let told = "the unit of /processing/behavior/x/timestamps is said to be \"milliseconds\"";
    assert!(notes.iter().any(|note| note.starts_with(told)), "{notes:?}");
}
