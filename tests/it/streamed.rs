//! What is done with spikes that stay in their file gives what it gives with those in memory.

use std::path::{Path, PathBuf};

use memspike::analysis::correlogram_of;
use memspike::format::{self, Session, Target, stream::StreamedSpikes};
use memspike::plot::{self, Aligned, Figure};
use memspike::spikes::{Recording, Selected, SpikeSource, SpikeTable, each_train};

use crate::cli::{good, memspike, root, workplace};

const ALL: (f64, f64) = (f64::NEG_INFINITY, f64::INFINITY);

/// A result, NWB with and without electrodes, SONATA, and SONATA with many spikes at once.
fn samples(folder: &Path) -> Vec<PathBuf> {
    good(&memspike(folder, &["replay", "session.nwb", "-o", "a.h5"]));
    let ties = folder.join("ties.h5");
    let file = hdf5::File::create(&ties).unwrap();
    for (name, step) in [("spikes/b", 3u64), ("spikes/a", 7)] {
        let group = file.create_group(name).unwrap();
        let times: Vec<f64> = (0..3000).map(|i| f64::from(i / 500)).collect();
        let ids: Vec<u64> = (0..3000).map(|i| (i * step + i / 11) % 40).collect();
        group.new_dataset::<f64>().shape(3000).create("timestamps").unwrap().write_raw(&times).unwrap();
        group.new_dataset::<u64>().shape(3000).create("node_ids").unwrap().write_raw(&ids).unwrap();
    }
    file.close().unwrap();
    let data = root().join("tests/data/recordings");
    vec![
        folder.join("a.h5"),
        folder.join("session.nwb"),
        ties,
        data.join("nwb_made/electrodes_links.nwb"),
        data.join("sonata_spikes/300_intfire_output_spikes.h5"),
    ]
}

/// A recording without its spikes, and those in memory and in the file.
fn both(path: &Path, buffer: usize) -> (Recording, SpikeTable, StreamedSpikes) {
    let mut whole = format::read(path).unwrap();
    let (recording, streamed) = StreamedSpikes::open(path, buffer).unwrap().expect("in the order of time");
    let table = std::mem::take(&mut whole.spikes);
    assert_eq!(whole.populations, recording.populations);
    (recording, table, streamed)
}

/// Spikes in the order in which they are handed over.
fn handed(give: impl FnOnce(&mut dyn FnMut(&[f64], &[u32]))) -> Vec<(u64, u32)> {
    let mut all = Vec::new();
    give(&mut |times, units| all.extend(times.iter().map(|t| t.to_bits()).zip(units.iter().copied())));
    all
}

#[test]
fn spikes_come_in_the_same_order_or_as_the_same_trains() {
    let folder = workplace();
    for path in samples(folder.path()) {
        for buffer in [1, 3000, 1 << 25] {
            let (_, table, streamed) = both(&path, buffer);
            let units = table.unit_ids.len();
            let ends = table.ends().unwrap().unwrap();
            let middle = 0.5 * (ends.0 + ends.1);
            for window in [ALL, (ends.0, middle), (middle, ends.1)] {
                for range in [0..units, units / 3..units, units / 2..units / 2 + 1, 0..0] {
                    let of = |spikes: &dyn SpikeSource| {
                        handed(|take| spikes.pieces_of(range.clone(), window, take).unwrap())
                    };
                    assert!(of(&streamed) == of(&table), "{path:?} {buffer} {window:?} {range:?}");
                }
                assert_eq!(streamed.counts(window.0, window.1), table.counts(window.0, window.1));
                let few = [units - 1, 0, units / 2];
                let all = table.between(window.0, window.1).trains();
                let expected: Vec<Vec<f64>> = few.iter().map(|unit| all[*unit].clone()).collect();
                assert_eq!(streamed.trains_of(&few, window).unwrap(), expected);
            }
            let mut trains = Vec::new();
            each_train(&streamed, ALL, 100, &mut |_, train| trains.push(train.to_vec())).unwrap();
            assert!(trains == table.trains(), "{path:?} {buffer}");
        }
    }
}

#[test]
fn every_format_is_written_with_the_same_bytes() {
    let folder = workplace();
    let time = "2026-03-01T14:30:00+01:00".to_owned();
    let session = Session { start: time.clone(), written: time, ..Session::default() };
    for path in samples(folder.path()) {
        for target in [Target::Csv, Target::Npy, Target::Nwb, Target::Sonata] {
            let (recording, table, streamed) = both(&path, 3000);
            let write = |name: &str, spikes: &dyn SpikeSource| {
                let out = folder.path().join(name);
                let notes = format::write(&out, &recording, spikes, target, &session).unwrap();
                (std::fs::read(out).unwrap(), notes)
            };
            // HDF5 keeps the second in which it was written.
            let same = || write("whole", &table) == write("streamed", &streamed);
            assert!((0..5).any(|_| same()), "{path:?} {target:?}");
        }
    }
}

#[test]
fn every_picture_is_the_same() {
    let folder = workplace();
    let size = (900, 600);
    for path in samples(folder.path()) {
        let (recording, table, streamed) = both(&path, 3000);
        let groups: Vec<plot::Group> =
            recording.populations.iter().map(|(name, first, count)| plot::Group::new(name, *first, *count)).collect();
        let (start, stop) = recording.extent(table.ends().unwrap());
        let (window, observed) = ((start, stop.next_up()), &recording.observed[..]);
        let bin = 0.1_f64.min((stop - start) / 8.0);
        let units: Vec<(usize, String)> =
            (0..table.unit_ids.len()).map(|unit| (unit, format!("unit {unit}"))).collect();
        let trials: Vec<(f64, usize)> = (1..8).map(|i| (start + f64::from(8 - i) / 9.0 * (stop - start), 0)).collect();
        let drawn = |spikes: &dyn SpikeSource| -> Vec<Figure> {
            let what = |units| Aligned {
                title: "t",
                spikes,
                units,
                populations: &[],
                trials: &trials,
                groups: &[],
                by: "",
                event: "go",
                reach: (0.1, 0.2),
                bin: None,
                observed,
            };
            vec![
                plot::rate_histogram("t", spikes, &groups, window, observed, size).unwrap(),
                plot::isi_histogram("t", spikes, &groups, window, observed, size).unwrap(),
                plot::cv_histogram("t", spikes, &groups, window, observed, size).unwrap(),
                plot::correlation_map("t", spikes, (&groups, &[]), window, bin, observed, size).unwrap(),
                plot::aligned(&what(&units), size).unwrap(),
                plot::aligned(&what(&units[..4]), size).unwrap(),
            ]
        };
        let svg = |spikes: &dyn SpikeSource| {
            drawn(spikes).iter().map(|figure| plot::write_svg(figure).unwrap()).collect::<Vec<_>>()
        };
        assert!(svg(&streamed) == svg(&table), "{path:?}");
        let some = [units.len() - 1, 0, units.len() / 2];
        let pictures = |spikes: &dyn SpikeSource| {
            let isi = plot::isi_histogram("t", spikes, &[], window, observed, size).unwrap();
            let map = plot::correlation_map("t", spikes, (&[], &[]), window, bin, observed, size).unwrap();
            [plot::write_svg(&isi).unwrap(), plot::write_svg(&map).unwrap()]
        };
        let few = |spikes: &dyn SpikeSource| pictures(&Selected::new(spikes, some.to_vec()));
        assert!(few(&streamed) == few(&table) && few(&table) == pictures(&table.select(&some)), "{path:?}");
        let masks: [Vec<bool>; 2] = [2, 3].map(|n| (0..units.len()).map(|unit| unit % n == 0).collect());
        let lags = |spikes: &dyn SpikeSource| correlogram_of(spikes, (window, &[]), (&masks[0], &masks[1]), 0.01, 0.1);
        assert_eq!(lags(&streamed), lags(&table));
    }
}
