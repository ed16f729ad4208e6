//! Formats that list spikes in any order: sorted in a temporary file they give what they give in memory.

use std::path::{Path, PathBuf};

use memspike::format::{self, stream, stream::StreamedSpikes};
use memspike::spikes::{SpikeSource, SpikeTable, each_train};
use proptest::prelude::*;

use crate::cli::root;

const ALL: (f64, f64) = (f64::NEG_INFINITY, f64::INFINITY);

/// Whole numbers of samples or milliseconds, and units; few of both, so that many are the same.
type Spikes = Vec<(i64, i64)>;

fn spikes() -> impl Strategy<Value = Spikes> {
    let times = prop_oneof![0i64..6, -40i64..3000];
    let list = prop::collection::vec((times, prop_oneof![0i64..4, 5i64..90]), 1..400);
    // As they come, in the order of time, or in long runs.
    (list, 0usize..3).prop_map(|(mut list, order)| {
        match order {
            0 => {}
            1 => list.sort_unstable(),
            _ => list.chunks_mut(150).for_each(|run| run.sort_by_key(|spike| spike.0)),
        }
        list
    })
}

/// Writes them in a format; the folder or file, and how many of its time steps are a second.
type Write = fn(&Path, &Spikes) -> (PathBuf, f64);

const FORMATS: &[(&str, Write)] =
    &[("csv", csv), ("named csv", named), ("gdf", gdf), ("npy", npy), ("phy", phy), ("sonata", sonata)];

fn text(folder: &Path, head: &str, spikes: &Spikes, line: impl Fn(i64, i64) -> String) -> PathBuf {
    let path = folder.join("list.txt");
    std::fs::write(&path, head.to_owned() + &spikes.iter().map(|(t, u)| line(*t, *u)).collect::<String>()).unwrap();
    path
}

fn csv(folder: &Path, spikes: &Spikes) -> (PathBuf, f64) {
    (text(folder, "unit,time_ms\n", spikes, |t, u| format!("{u},{t}\n")), 1e3)
}

fn named(folder: &Path, spikes: &Spikes) -> (PathBuf, f64) {
    let line = |t, u| format!("{t};n{u};{}\n", ["b", "a", "c"][u as usize % 3]);
    (text(folder, "time_ms;neuron;population\n", spikes, line), 1e3)
}

fn gdf(folder: &Path, spikes: &Spikes) -> (PathBuf, f64) {
    (text(folder, "# a list\n", spikes, |t, u| format!("{u}\t{t}\n")), 1e3)
}

fn array(path: &Path, descr: &str, spikes: &Spikes, row: impl Fn(i64, i64) -> Vec<u8>) {
    let header = format!("{{'descr': {descr}, 'fortran_order': False, 'shape': ({},), }}\n", spikes.len());
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(spikes.iter().flat_map(|(t, u)| row(*t, *u)));
    std::fs::write(path, bytes).unwrap();
}

fn npy(folder: &Path, spikes: &Spikes) -> (PathBuf, f64) {
    let path = folder.join("table.npy");
    array(&path, "[('unit', '<i4'), ('time_ms', '<f8')]", spikes, |t, u| {
        [&(u as i32).to_le_bytes()[..], &(t as f64).to_le_bytes()].concat()
    });
    (path, 1e3)
}

fn phy(folder: &Path, spikes: &Spikes) -> (PathBuf, f64) {
    array(&folder.join("spike_times.npy"), "'<i8'", spikes, |t, _| t.to_le_bytes().to_vec());
    array(&folder.join("spike_clusters.npy"), "'<i4'", spikes, |_, u| (u as i32).to_le_bytes().to_vec());
    std::fs::write(folder.join("params.py"), "sample_rate = 2500.\n").unwrap();
    std::fs::write(folder.join("cluster_group.tsv"), "cluster_id\tgroup\n1\tgood\n").unwrap();
    (folder.to_owned(), 2500.0)
}

/// SONATA has no times before 0.
fn sonata(folder: &Path, spikes: &Spikes) -> (PathBuf, f64) {
    let path = folder.join("spikes.h5");
    let file = hdf5::File::create(&path).unwrap();
    let group = file.create_group("spikes/v1").unwrap();
    let times: Vec<f64> = spikes.iter().map(|(t, _)| (*t).max(0) as f64).collect();
    let ids: Vec<u64> = spikes.iter().map(|(_, u)| *u as u64).collect();
    group.new_dataset::<f64>().shape(times.len()).create("timestamps").unwrap().write_raw(&times).unwrap();
    group.new_dataset::<u64>().shape(ids.len()).create("node_ids").unwrap().write_raw(&ids).unwrap();
    file.close().unwrap();
    (path, 1e3)
}

/// Spikes in the order in which they are handed over.
fn handed(spikes: &dyn SpikeSource, range: std::ops::Range<usize>, window: (f64, f64)) -> Vec<(u64, u32)> {
    let mut all = Vec::new();
    let mut take =
        |times: &[f64], units: &[u32]| all.extend(times.iter().map(|t| t.to_bits()).zip(units.iter().copied()));
    spikes.pieces_of(range, window, &mut take).unwrap();
    all
}

fn same(path: &Path, buffer: usize, name: &str) -> SpikeTable {
    let mut whole = format::read(path).unwrap();
    let (recording, streamed) = StreamedSpikes::open(path, buffer).unwrap().expect("a list");
    let table = std::mem::take(&mut whole.spikes);
    assert_eq!(format!("{whole:?}"), format!("{recording:?}"), "{name} {buffer}");
    assert_eq!(streamed.unit_ids(), table.unit_ids, "{name} {buffer}");
    assert_eq!(streamed.ends().unwrap(), table.ends().unwrap());
    let survey = streamed.survey();
    let last = table.len() - 1;
    assert_eq!(survey.units, [table.units[0], table.units[last]], "{name} {buffer}");
    let (first, end) = table.ends().unwrap().unwrap();
    let middle = 0.5 * (first + end);
    let units = table.unit_ids.len();
    for window in [ALL, (first, middle), (middle, end), (0.002, 0.003)] {
        for range in [0..units, units / 3..units, units / 2..units / 2 + 1, 0..0] {
            assert!(
                handed(&streamed, range.clone(), window) == handed(&table, range.clone(), window),
                "{name} {buffer} {window:?} {range:?}"
            );
        }
        assert_eq!(streamed.counts(window.0, window.1), table.counts(window.0, window.1), "{name} {buffer}");
    }
    let mut trains = Vec::new();
    each_train(&streamed, ALL, 100, &mut |_, train| trains.push(train.to_vec())).unwrap();
    assert!(trains == table.trains(), "{name} {buffer}");
    table
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn lists_in_any_order_are_what_they_are_in_memory(spikes in spikes(), buffer in prop_oneof![Just(1usize), 1100usize..3000, Just(1 << 22)]) {
        for (name, write) in FORMATS {
            let folder = tempfile::tempdir().unwrap();
            let (path, per_second) = write(folder.path(), &spikes);
            let table = same(&path, buffer, name);
            // What the list says, by another way.
            let mut ids: Vec<i64> = spikes.iter().map(|spike| spike.1).collect();
            ids.sort_unstable();
            ids.dedup();
            let time = |t: i64| if *name == "sonata" { t.max(0) as f64 / per_second } else { t as f64 / per_second };
            let train = |id: &i64| spikes.iter().filter(|spike| spike.1 == *id).map(|spike| time(spike.0)).collect();
            let trains: Vec<Vec<f64>> = ids.iter().map(train).collect();
            let expected = SpikeTable::from_units(ids, &trains).unwrap();
            if *name == "named csv" {
                prop_assert_eq!(&table.times, &expected.times);
            } else {
                prop_assert_eq!(&table, &expected, "{}", name);
            }
        }
    }
}

#[test]
fn samples_are_the_same_from_a_file_as_in_memory() {
    let data = root().join("tests/data/recordings");
    for name in [
        "m1_riehle_gdf/winny131_23.gdf",
        "phy_kilosort",
        "phy_kilosort/with_tables",
        "aedat4/none.aedat4",
        "aedat4/lz4.aedat4",
        "aedat4/zstd.aedat4",
    ] {
        for buffer in [1, 100_000] {
            same(&data.join(name), buffer, name);
        }
    }
}

/// Files in a folder and those below.
fn files(folder: &Path, out: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() { files(&path, out) } else { out.push(path) }
    }
}

#[test]
fn every_sample_that_has_spikes_is_the_same_in_pieces() {
    let mut paths = Vec::new();
    files(&root().join("tests/data/recordings"), &mut paths);
    let mut read = 0;
    for path in paths {
        let name = path.display().to_string();
        match format::read(&path) {
            Ok(whole) if whole.spikes.is_empty() => {}
            Ok(_) => {
                [1, 100_000].into_iter().for_each(|buffer| drop(same(&path, buffer, &name)));
                read += 1;
            }
            Err(error) => assert_eq!(stream::open(&path, 1).err(), Some(error), "{name}"),
        }
    }
    assert!(read > 35, "{read}");
}

/// Trains of which some are longer than what is read at once.
fn long_trains() -> Vec<Vec<f64>> {
    let train = |count: u32| (0..count).map(|i| f64::from(i) + f64::from(i % 7) / f64::from(count + 7)).collect();
    [3, 140_000, 1, 257, 5000].map(train).to_vec()
}

fn class(at: &hdf5::Location, name: &str) {
    let name = hdf5::types::FixedAscii::<8>::from_ascii(name.as_bytes()).unwrap();
    at.new_attr::<hdf5::types::FixedAscii<8>>().create("MATLAB_class").unwrap().write_scalar(&name).unwrap();
}

/// A cell of lists, half of them packed, or a cell of structures with a list each.
fn matlab73(path: &Path, trains: &[Vec<f64>], structures: bool) {
    let file = hdf5::File::create(path).unwrap();
    let mut references = Vec::new();
    for (number, train) in trains.iter().enumerate() {
        let mut place = format!("#refs#/r{number}");
        if structures {
            class(&file.create_group(&place).unwrap(), "struct");
            place += "/times";
        }
        let builder = file.new_dataset::<f64>().shape((1, train.len()));
        let builder = if number % 2 == 1 { builder.chunk((1, train.len().min(1000))).deflate(1) } else { builder };
        let dataset = builder.create(&*place).unwrap();
        dataset.write_raw(train).unwrap();
        class(&dataset, "double");
        references.push(file.reference::<hdf5::ObjectReference1>(&format!("#refs#/r{number}")).unwrap());
    }
    let cell = file.new_dataset::<hdf5::ObjectReference1>().shape((1, trains.len())).create("spikes").unwrap();
    cell.write_raw(&references).unwrap();
    class(&cell, "cell");
    file.close().unwrap();
}

/// An element of MATLAB 5, padded.
fn element(kind: u32, data: &[u8]) -> Vec<u8> {
    let mut out = [kind.to_le_bytes(), (data.len() as u32).to_le_bytes()].concat();
    out.extend(data);
    out.resize(out.len().next_multiple_of(8), 0);
    out
}

fn matrix(class: u8, extents: [i32; 2], name: &str, content: &[u8]) -> Vec<u8> {
    let flags = [u32::from(class).to_le_bytes(), [0; 4]].concat();
    let extents = extents.map(i32::to_le_bytes).concat();
    let head = [element(6, &flags), element(5, &extents), element(1, name.as_bytes())].concat();
    element(14, &[head, content.to_vec()].concat())
}

/// A cell `spikes` of lists, packed or not.
fn matlab5(path: &Path, trains: &[Vec<f64>], packed: bool) {
    matlab5_named("spikes", path, trains, packed);
}

fn matlab5_named(name: &str, path: &Path, trains: &[Vec<f64>], packed: bool) {
    use std::io::Write as _;
    let bytes = |train: &Vec<f64>| train.iter().flat_map(|time| time.to_le_bytes()).collect::<Vec<u8>>();
    let item = |train: &Vec<f64>| matrix(6, [train.len() as i32, 1], "", &element(9, &bytes(train)));
    let items = trains.iter().flat_map(item).collect::<Vec<u8>>();
    let mut variable = matrix(1, [1, trains.len() as i32], name, &items);
    if packed {
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(&variable).unwrap();
        let data = encoder.finish().unwrap();
        variable = [15u32.to_le_bytes(), (data.len() as u32).to_le_bytes()].concat();
        variable.extend(data);
    }
    let mut header = [b' '; 128];
    header[..10].copy_from_slice(b"MATLAB 5.0");
    header[124..].copy_from_slice(b"\x00\x01IM");
    std::fs::write(path, [&header[..], &variable].concat()).unwrap();
}

#[test]
fn long_trains_of_matlab_are_read_part_by_part() {
    let folder = tempfile::tempdir().unwrap();
    let mut trains = long_trains();
    let path = folder.path().join("a.mat");
    let expected = SpikeTable::from_units((0..5).collect(), &trains).unwrap();
    for kind in 0..4 {
        if kind < 2 {
            matlab73(&path, &trains, kind == 1)
        } else {
            matlab5(&path, &trains, kind == 3)
        }
        assert!(same(&path, 1 << 20, &format!("MATLAB {kind}")) == expected, "{kind}");
    }
    // Unpacked it is larger than what is held, so that it goes to a file.
    trains.extend((0..9).map(|k| (0..120_000).map(|i| 0.5 * f64::from(i) + 0.01 * f64::from(k)).collect()));
    matlab5(&path, &trains, true);
    let expected = SpikeTable::from_units((0..14).collect(), &trains).unwrap();
    let (_, streamed) = StreamedSpikes::open(&path, 1 << 20).unwrap().expect("a list");
    assert!(streamed.table(ALL.0, ALL.1).unwrap() == expected);
}

#[test]
fn cells_of_matlab_are_sorted_keep_silent_units_and_say_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.mat");
    // An empty cell is a unit without spikes.
    matlab5(&path, &[vec![1.0, 2.0], vec![], vec![3.0, 1.5]], false);
    let read = format::read(&path).unwrap();
    assert_eq!(read.spikes.trains(), [vec![1.0, 2.0], vec![], vec![1.5, 3.0]]);
    assert!(read.notes.iter().any(|note| note.contains("sorted")), "{:?}", read.notes);
    matlab5(&path, &[vec![1.0, 2.0], vec![3.0, f64::NAN]], false);
    let message = format::read(&path).unwrap_err().to_string();
    assert!(message.contains("spike 1 of unit 1 has the time NaN"), "{message}");
    matlab5_named("foo", &path, &[vec![1.0, 2.0]], false);
    let message = format::read(&path).unwrap_err().to_string();
    assert!(message.contains("`foo` has lists that could be spike times, but its name"), "{message}");
}

#[test]
fn neurons_of_a_simulation_are_no_codes_of_trials() {
    let folder = tempfile::tempdir().unwrap();
    let spikes: Spikes = (0..1000).map(|i| (7 * i % 500, i)).collect();
    let (path, _) = gdf(folder.path(), &spikes);
    let table = same(&path, 1, "gdf");
    assert_eq!((table.unit_ids.len(), format::read(&path).unwrap().intervals.len()), (1000, 0));
    // The codes alone are: a start, two reactions, an end.
    std::fs::write(&path, "2 100\n700 10\n702 10\n13 50\n132 50\n20 90\n202 90\n2 30\n").unwrap();
    let table = same(&path, 1, "gdf");
    let trials = &format::read(&path).unwrap().intervals;
    assert_eq!((table.unit_ids, trials.len(), &trials[0].stop), (vec![2], 1, &vec![0.09]));
}

#[test]
fn a_small_file_whose_spikes_are_many_is_not_held_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    let data = root().join("tests/data/recordings");
    let packed = folder.path().join("packed.mat");
    matlab5(&packed, &long_trains(), true);
    let counts = data.join("m1_reach/chewie_20131003_bin100ms.h5");
    let samples = ["hippocampus_linear_track/linear_track_v73.mat", "phy_kilosort", "aedat4/zstd.aedat4"];
    let mut paths: Vec<PathBuf> = samples.iter().map(|name| data.join(name)).collect();
    paths.extend([packed.clone(), counts.clone()]);
    for path in &paths {
        let whole = format::read(path).unwrap();
        let table = |spikes: &stream::Opened| match spikes {
            stream::Opened::Streamed(spikes) => spikes.table(ALL.0, ALL.1).unwrap(),
            stream::Opened::Whole(table) => table.clone(),
        };
        let (recording, held) = stream::open_unless_small(path, 1 << 30, 1 << 30).unwrap();
        assert!(matches!(held, stream::Opened::Whole(_)), "{path:?}");
        assert!(table(&held) == whole.spikes && recording.intervals == whole.intervals, "{path:?}");
        let (recording, filed) = stream::open_unless_small(path, stream::size(path), 1 << 20).unwrap();
        assert!(table(&filed) == whole.spikes && recording.intervals == whole.intervals, "{path:?}");
        // Unpacked these are larger than their files.
        let is_filed = matches!(filed, stream::Opened::Streamed(_));
        assert!(is_filed || ![&packed, &counts].contains(&path), "{path:?}");
    }
}

#[test]
fn a_mistake_in_a_list_is_told_the_same_way() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("list.csv");
    for text in ["unit,time_s\n1,0.5\n1,soon\n", "unit,time_s\n1,0.5\n1\n", "time_s;neuron\n0.5;\n"] {
        std::fs::write(&path, text).unwrap();
        let whole = format::read(&path).unwrap_err();
        assert_eq!(StreamedSpikes::open(&path, 1).unwrap_err(), whole);
    }
    let (folder_of_arrays, _) = phy(folder.path(), &vec![(5, 1), (3, 2)]);
    std::fs::write(folder.path().join("params.py"), "sample_rate = 1e-320\n").unwrap();
    let whole = format::read(&folder_of_arrays).unwrap_err();
    assert!(whole.message.contains("inf"), "{whole}");
    assert_eq!(stream::open(&folder_of_arrays, 1).err(), Some(whole));
}

#[test]
fn how_large_a_recording_is_follows_from_what_grows_with_its_spikes() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = phy(folder.path(), &vec![(5, 1); 1000]);
    let arrays =
        ["spike_times.npy", "spike_clusters.npy"].map(|name| std::fs::metadata(path.join(name)).unwrap().len());
    let both = arrays[0] + arrays[1];
    assert_eq!([&path, &path.join("params.py"), &path.join("spike_times.npy")].map(|p| stream::size(p)), [both; 3]);
    assert_eq!(stream::size(&path.join("nothing")), 0);
}
