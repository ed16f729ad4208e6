//! What populations and units are called, and what of a file is told where it is left out.

use std::path::Path;

use hdf5::types::VarLenUnicode;
use memspike::format::{self, Session, Target};
use memspike::spikes::{Column, Recording, Signal, SpikeTable};

use crate::cli::{memspike, workplace};

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

#[test]
fn ids_of_csv_that_no_number_holds_are_names_which_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.csv");
    let read = |id: &str| {
        std::fs::write(&path, format!("time_s,unit\n0.1,{id}\n0.2,5\n")).unwrap();
        let recording = format::read(&path).unwrap();
        (recording.spikes.unit_ids, recording.notes.join(" "))
    };
    let (ids, notes) = read("18446744073709551615");
    assert!(ids == [0, 1] && notes.contains("18446744073709551615 is beyond 2^63"), "{notes}");
    assert_eq!(read("9223372036854775807"), (vec![5, i64::MAX], String::new()));
    assert_eq!(read("left"), (vec![0, 1], String::new()), "a word is a name");
}

#[test]
fn what_a_picture_or_figures_leave_out_for_want_of_samples_or_bins_is_told() {
    let folder = workplace();
    let signal = |name: &str, times: &[f64]| {
        let (name, unit, times, data) = (name.to_owned(), "m".to_owned(), times.to_vec(), times.to_vec());
        Signal { name, unit, times, data, width: 1 }
    };
    let signals = vec![signal("none", &[]), signal("some", &[1.0, 2.0, 4.0])];
    write(&folder.path().join("a.nwb"), &Recording { spikes: units(&[0, 1]), signals, ..Recording::default() });
    let said = |args: &[&str]| {
        let run = memspike(folder.path(), args);
        assert!(run.status.success(), "{run:?}");
        String::from_utf8(run.stderr).unwrap()
    };
    let stderr = said(&["raster", "a.nwb", "-o", "a.png", "--behavior"]);
    assert!(stderr.contains("the signal none has no samples and is not drawn"), "{stderr}");
    let stderr = said(&["stats", "a.nwb", "--bin", "9s"]);
    assert!(stderr.contains("there are no correlations: a bin of 9 s is all of the window"), "{stderr}");
    assert!(!said(&["stats", "a.nwb", "--bin", "1s"]).contains("correlations"));
}

#[test]
fn a_replay_on_the_grid_says_how_many_spikes_move_to_it() {
    let folder = workplace();
    std::fs::write(folder.path().join("a.csv"), "time_ms,unit\n1,0\n1.25,0\n2.5,1\n3,1\n").unwrap();
    let model = "simulation = { engine = 'grid', resolution = '0.5 ms' }\n\
                 population.rec.source.recording = {}\npopulation.N = { size = 1, neuron = 'lif_delta' }\n";
    std::fs::write(folder.path().join("m.toml"), model).unwrap();
    let replay = |more: &[&str]| {
        let run = memspike(
            folder.path(),
            &[&["replay", "a.csv", "--model", "m.toml", "-o", "a.h5", "--force", "--start", "0s"], more].concat(),
        );
        assert!(run.status.success(), "{run:?}");
        String::from_utf8(run.stderr).unwrap()
    };
    let told =
        "population rec: 1 spike of its recording lies between the steps of 0.5 ms and moved to the end of its step";
    let stderr = replay(&[]);
    assert!(stderr.contains(told), "{stderr}");
    assert!(!replay(&["--engine", "event"]).contains("between the steps"));
}
