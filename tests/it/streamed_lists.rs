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
