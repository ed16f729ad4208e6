//! Lists and tables of text, MATLAB files that refer to themselves, and what is wrong with them.

use std::fs;
use std::path::PathBuf;

use memspike::format::{self, Fault};
use memspike::spikes::{Column, Recording};

/// The recording in a file with this content, or the kind of fault and the message.
fn read(content: impl AsRef<[u8]>) -> Result<Recording, (Fault, String)> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("table");
    fs::write(&path, content.as_ref()).unwrap();
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
fn one_damaged_byte_near_the_beginning_is_found_in_its_line() {
    let lists = ["7 1.5\n3 2.25\n7 0.5\n", "1.5,7\n2.25,3\n3.5,7\n", "time_s,unit\n1.5,7\n2.25,3\n"];
    for list in lists {
        let third = list.match_indices('\n').nth(1).unwrap().0 + 2;
        for byte in [b'x', b'\0', 0xff] {
            let mut bytes = list.as_bytes().to_vec();
            bytes[third] = byte;
            let (_, message) = read(&bytes).unwrap_err();
            assert!(message.contains("line 3"), "{byte} in {list:?}: {message}");
        }
    }
}

#[test]
fn a_table_of_numpy_whose_times_have_no_unit_gets_a_note() {
    let table = |name: &str| {
        let header =
            format!("{{'descr': [('{name}', '<f8'), ('unit', '<i8')], 'fortran_order': False, 'shape': (1,), }}\n");
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((header.len() as u16).to_le_bytes());
        bytes.extend(header.as_bytes());
        bytes.extend(0.5f64.to_le_bytes());
        bytes.extend(3i64.to_le_bytes());
        read(&bytes).unwrap()
    };
    assert!(table("time").notes[0].contains("time are taken as seconds"), "{:?}", table("time").notes);
    assert!(table("time_s").notes.is_empty(), "{:?}", table("time_s").notes);
}

#[test]
fn a_table_of_spikes_is_told_by_its_names() {
    let ms = read("sender\ttime_ms\n4\t10\n2\t5.5\n").unwrap();
    assert_eq!((ms.spikes.unit_ids, ms.spikes.times), (vec![2, 4], vec![0.0055, 0.01]));
    let sonata = read("timestamps population node_ids\n10.0 v1 0\n20.0 lgn 3\n30.0 v1 1\n").unwrap();
    assert_eq!(sonata.spikes.times, [0.01, 0.02, 0.03], "milliseconds beside node_ids");
    assert_eq!(sonata.populations, [("lgn".to_owned(), 0, 1), ("v1".to_owned(), 1, 2)]);
    let alone = read("time_s,unit,population\n0.5,2,M1\n0.75,4,M1\n").unwrap();
    assert_eq!(alone.populations, [("M1".to_owned(), 0, 2)]);
    assert!(read("time_s,unit,population\n0.5,2,\n").unwrap().populations.is_empty());
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

/// An element of MATLAB 5: its type, its data, padded.
fn element(kind: u32, data: &[u8]) -> Vec<u8> {
    let mut bytes = [kind.to_le_bytes(), (data.len() as u32).to_le_bytes()].concat();
    bytes.extend(data);
    bytes.resize(bytes.len().next_multiple_of(8), 0);
    bytes
}

/// A matrix of MATLAB 5: class and flags, number of columns, name, content.
fn matrix(flags: u32, columns: u32, name: &str, content: &[Vec<u8>]) -> Vec<u8> {
    let flags = element(6, &[flags.to_le_bytes(), [0; 4]].concat());
    let extents = element(5, &[1u32.to_le_bytes(), columns.to_le_bytes()].concat());
    element(14, &[flags, extents, element(1, name.as_bytes()), content.concat()].concat())
}

fn doubles(numbers: &[f64]) -> Vec<u8> {
    element(9, &numbers.iter().flat_map(|number| number.to_le_bytes()).collect::<Vec<_>>())
}

#[test]
fn entries_of_a_cell_that_can_be_no_times_are_told() {
    const CELL: u32 = 1;
    const CHAR: u32 = 4;
    const DOUBLE: u32 = 6;
    const COMPLEX: u32 = 0x806;
    let mut file = vec![b' '; 124];
    file.extend(b"\x00\x01IM");
    let times = matrix(DOUBLE, 3, "", &[doubles(&[1.0, 2.0, 3.0])]);
    let complex = matrix(COMPLEX, 2, "", &[doubles(&[4.0, 5.0]), doubles(&[0.5, 0.0])]);
    let text = matrix(CHAR, 2, "", &[element(2, b"ab")]);
    file.extend(matrix(CELL, 3, "spikes", &[times.clone(), complex, text]));
    file.extend(matrix(CELL, 1, "spikes_of_M1", &[times]));
    let recording = read(&file).unwrap();
    assert_eq!(recording.spikes.trains(), [vec![1.0, 2.0, 3.0]]);
    let notes = recording.notes.join("\n");
    assert!(notes.contains("entries of `spikes` that are no real numbers are left out: 2, 3"), "{notes}");
    assert!(notes.contains("only `spikes` is read, though spike times may be in spikes_of_M1 too"), "{notes}");
}

#[test]
fn of_several_structures_with_times_those_that_are_not_read_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("two.mat");
    let file = hdf5::File::create(&path).unwrap();
    let class = |place: &hdf5::Location, class: &str| {
        let class: hdf5::types::VarLenUnicode = class.parse().unwrap();
        place.new_attr::<hdf5::types::VarLenUnicode>().create("MATLAB_class").unwrap().write_scalar(&class).unwrap();
    };
    for (name, times) in [("u1", [1.0, 2.0]), ("u2", [3.0, 4.0])] {
        let group = file.create_group(name).unwrap();
        class(&group, "struct");
        let dataset = group.new_dataset_builder().with_data(&times).create("times").unwrap();
        class(&dataset, "double");
    }
    file.close().unwrap();
    let recording = format::read(&path).unwrap();
    assert_eq!(recording.spikes.trains(), [[1.0, 2.0]]);
    assert!(
        recording.notes.iter().any(|note| note.contains("only `u1` is read") && note.contains("u2")),
        "{recording:?}"
    );
}
