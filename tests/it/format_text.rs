//! Lists and tables of text, MATLAB files that refer to themselves, and what is wrong with them.

use std::fs;
use std::path::PathBuf;

use memspike::format::{self, Fault};
use memspike::spikes::{Column, Recording};

/// The recording in a file with this content, or the kind of fault and the message.
fn read(content: &str) -> Result<Recording, (Fault, String)> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("table");
    fs::write(&path, content).unwrap();
    format::read(&path).map_err(|e| (e.fault, e.to_string()))
}

#[test]
fn two_columns_are_identifier_and_milliseconds_in_either_order() {
    let gdf = read("# NEST\n12 1.5\n3 2.25\n12 0.5\n").unwrap();
    assert_eq!((gdf.spikes.unit_ids, gdf.spikes.times), (vec![3, 12], vec![0.0005, 0.0015, 0.00225]));
    let swapped = read("1.5,12\n2.25,3\n").unwrap();
    assert_eq!((swapped.spikes.unit_ids, swapped.spikes.times), (vec![3, 12], vec![0.0015, 0.00225]));
}

#[test]
fn a_wrong_line_is_named() {
    let mut text = "1 2.5\n".repeat(20_000);
    text += "1 x\n";
    let (fault, message) = read(&text).unwrap_err();
    assert_eq!(fault, Fault::Invalid);
    assert!(message.contains("line 20001") && message.contains("\"1 x\"") && message.contains("expected"), "{message}");
    let (_, message) = read(&("unit,time_s\n".to_owned() + &"1,2.5\n".repeat(20_000) + "1,2,3\n")).unwrap_err();
    assert!(message.contains("line 20002") && message.contains("3 cells"), "{message}");
    let (_, message) = read("unit,time_s\n1,soon\n").unwrap_err();
    assert!(message.contains("line 2") && message.contains("time_s") && message.contains("soon"), "{message}");
}

#[test]
fn a_table_of_spikes_is_told_by_its_names() {
    let ms = read("sender\ttime_ms\n4\t10\n2\t5.5\n").unwrap();
    assert_eq!((ms.spikes.unit_ids, ms.spikes.times), (vec![2, 4], vec![0.0055, 0.01]));
    let sonata = read("timestamps population node_ids\n10.0 v1 0\n20.0 lgn 3\n30.0 v1 1\n").unwrap();
    assert_eq!(sonata.spikes.times, [0.01, 0.02, 0.03], "milliseconds beside node_ids");
    assert_eq!(sonata.populations, [("lgn".to_owned(), 0, 1), ("v1".to_owned(), 1, 2)]);
    let named = read("time (s); neuron; amplitude\n0.5;\"b\";1\n0.25;\"a\";2\n").unwrap();
    assert_eq!((named.spikes.unit_ids, named.spikes.times), (vec![0, 1], vec![0.25, 0.5]));
    assert_eq!(named.unit_columns[0].1, Column::Text(vec!["a".to_owned(), "b".to_owned()]));
    assert!(named.notes.iter().any(|note| note.contains("amplitude")), "{:?}", named.notes);
}

#[test]
fn a_table_of_samples_has_counts_and_signals() {
    let text = "time_ms,unit_4,unit_9,x,note\n0,1,0,0.5,a\n10,0,2,,b\n20,0,0,1.5,c\n";
    let table = read(text).unwrap();
    assert_eq!((table.spikes.unit_ids.clone(), table.spikes.len()), (vec![4, 9], 3));
    assert_eq!(table.observed, [(0.0, 0.03)]);
    assert_eq!((table.signals.len(), table.signals[0].data[0], table.signals[0].data[1].is_nan()), (1, 0.5, true));
    let (_, message) = read("time_ms,unit_4\n0,1\n10,1.5\n").unwrap_err();
    assert!(message.contains("1.5") && message.contains("count"), "{message}");
    let (_, message) = read("time_ms,unit_4\n10,1\n0,1\n").unwrap_err();
    assert!(message.contains("line 3") && message.contains("decrease"), "{message}");
}

#[test]
fn text_that_is_no_recording_lists_what_was_looked_for() {
    for text in ["hello\nworld\n", "a,b\n1,2\n", "1 2 3\n", "<html></html>"] {
        let (fault, message) = read(text).unwrap_err();
        assert_eq!(fault, Fault::NotHdf5, "{message}");
        assert!(message.contains("GDF") && message.contains("phy") && message.contains("AEDAT"), "{message}");
    }
}

#[test]
fn cells_of_matlab_that_refer_to_themselves_end() {
    use hdf5::{ObjectReference, ObjectReference1};
    let folder = tempfile::tempdir().unwrap();
    let path: PathBuf = folder.path().join("cycle.mat");
    let file = hdf5::File::create(&path).unwrap();
    let cell = file.new_dataset::<ObjectReference1>().shape((8, 8)).create("spikes").unwrap();
    let class: hdf5::types::VarLenUnicode = "cell".parse().unwrap();
    cell.new_attr::<hdf5::types::VarLenUnicode>().create("MATLAB_class").unwrap().write_scalar(&class).unwrap();
    let references = [ObjectReference1::create(&file, "spikes").unwrap(); 64];
    cell.write_raw(&references[..]).unwrap();
    drop(cell);
    file.close().unwrap();
    let error = format::read(&path).unwrap_err();
    assert_eq!(error.fault, Fault::TooLarge, "{error}");
}
