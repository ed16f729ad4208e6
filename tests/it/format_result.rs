//! Results are written, read back, and never look whole when they are not.

use std::fs;
use std::path::{Path, PathBuf};

use memspike::format::result::{Header, ResultError, ResultFile, StoredSpikes};
use memspike::format::{self, Session, Target};
use memspike::record::{Chunk, DrawnLayout, Layout, PopulationLayout, Sink, StateLayout, WeightKind, WeightLayout};
use memspike::spikes::{Column, IntervalTable, Observable, Signal, SpikeSource};
use serde_json::{Map, json};

pub fn layout() -> Layout {
    let population = |name: &str, size| PopulationLayout {
        name: name.to_owned(),
        size,
        model: "lif_delta".to_owned(),
        parameters: r#"{"tau_m":20.0}"#.to_owned(),
        ..PopulationLayout::default()
    };
    let mut replayed = population("M1", 2);
    replayed.model = "source.recording".to_owned();
    replayed.recording_start_s = Some(2283.0);
    replayed.unit_ids = Some(vec![1011, 1021]);
    let state = |variable: &str, node_ids| StateLayout {
        population: 0,
        variable: variable.to_owned(),
        unit: "mV".to_owned(),
        node_ids,
        interval_ms: 0.1,
    };
    Layout {
        populations: vec![population("E", 10), population("I", 5), replayed],
        spikes: vec![0, 1, 2],
        states: vec![state("v_m", vec![0, 2, 4]), state("w", vec![])],
        weights: vec![
            WeightLayout {
                projection: "plastic".to_owned(),
                joins: ends(),
                firsts: (0, 3),
                unit: "pA".to_owned(),
                kind: WeightKind::PreSpike,
            },
            WeightLayout {
                projection: "plastic.M1_to_E".to_owned(),
                joins: ends(),
                firsts: (0, 3),
                unit: String::new(),
                kind: WeightKind::Snapshots {
                    source_ids: vec![0, 1],
                    target_ids: vec![3, 3],
                    delays_ms: vec![1.5, 0.1],
                },
            },
            WeightLayout {
                projection: "none".to_owned(),
                joins: ends(),
                firsts: (0, 3),
                unit: "mV".to_owned(),
                kind: WeightKind::Snapshots { source_ids: vec![], target_ids: vec![], delays_ms: vec![] },
            },
        ],
        devices: [].into(),
    }
}

fn ends() -> (String, String) {
    ("a".to_owned(), "b".to_owned())
}

fn header() -> Header {
    let mut header = Header {
        model: "title = \"µ\"\n[simulation]\nduration = \"1 s\"".to_owned(),
        model_hash: "abc".to_owned(),
        seed: u64::MAX,
        engine: "event".to_owned(),
        precision: "double".to_owned(),
        resolution_ms: 0.1,
        duration_ms: 1000.0,
        started_utc: "2026-11-23T20:00:00Z".to_owned(),
        intervals: vec![("pulse".to_owned(), vec![(0.1, 0.2), (0.3, 0.4)])],
        ..Header::default()
    };
    let hand = Signal {
        name: "hand_vel".to_owned(),
        unit: "mm/s".to_owned(),
        times: vec![2282.5, 2283.0, 2283.5, 2284.5],
        data: (0..8).map(f64::from).collect(),
        width: 2,
    };
    let trials = IntervalTable {
        name: "trials".to_owned(),
        start: vec![2280.0, 2283.25, 2290.0],
        stop: vec![2281.0, 2283.75, 2291.0],
        columns: vec![
            ("target".to_owned(), Column::Number(vec![1.0, 2.0, 3.0])),
            ("go_cue_time".to_owned(), Column::Number(vec![2280.5, 2283.5, f64::NAN])),
            ("outcome".to_owned(), Column::Text(["miss", "hit", "miss"].map(str::to_owned).to_vec())),
        ],
    };
    header.add_recording(&[hand], &[trials], 2283.0, 2284.0);
    header
}

fn chunks() -> Vec<Chunk> {
    vec![
        Chunk::Spikes { index: 0, times_ms: vec![1.0, 1.5, 1.5], node_ids: vec![3, 0, 9] },
        Chunk::State { index: 0, times_ms: vec![0.0, 0.1], rows: vec![-70.0, -70.0, -70.0, -69.5, -69.0, -68.5] },
        Chunk::State { index: 1, times_ms: vec![0.0, 0.1], rows: vec![] },
        Chunk::PreSpikeWeights {
            index: 0,
            times_ms: vec![0.5],
            source_ids: vec![1],
            target_ids: vec![9],
            weights: vec![45.0],
        },
        Chunk::Snapshot { index: 1, time_ms: 0.0, weights: vec![0.25, 0.5] },
        Chunk::Snapshot { index: 2, time_ms: 0.0, weights: vec![] },
        Chunk::Spikes { index: 2, times_ms: vec![2.0], node_ids: vec![1] },
        Chunk::Snapshot { index: 1, time_ms: 1000.0, weights: vec![0.125, 0.75] },
        Chunk::Spikes { index: 0, times_ms: vec![1000.0], node_ids: vec![4] },
    ]
}

fn part(out: &Path) -> PathBuf {
    PathBuf::from(format!("{}.part", out.display()))
}

fn write(out: &Path, complete: bool) {
    let mut file = ResultFile::create(out, &layout(), &header(), false).unwrap();
    for chunk in chunks() {
        file.write(chunk).unwrap();
        assert!(!out.exists(), "nothing looks finished before the end");
    }
    let summary =
        json!({ "spikes": 5, "sim_s": 0.5, "engine": "event", "cv": null, "populations": { "E": { "size": 10 } } });
    let serde_json::Value::Object(summary) = summary else { unreachable!() };
    file.finish(&summary, complete).unwrap();
    assert!(out.exists() && !part(out).exists());
}

fn reals(file: &hdf5::File, place: &str) -> Vec<f64> {
    file.dataset(place).unwrap().read_raw().unwrap()
}

fn ids(file: &hdf5::File, place: &str) -> Vec<u64> {
    file.dataset(place).unwrap().read_raw().unwrap()
}

fn text(place: &hdf5::Location, name: &str) -> String {
    place.attr(name).unwrap().read_scalar::<hdf5::types::VarLenUnicode>().unwrap().as_str().to_owned()
}

#[test]
fn every_dataset_and_attribute_of_the_layout_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out.h5");
    write(&out, true);
    let file = hdf5::File::open(&out).unwrap();
    assert_eq!((text(&file, "format"), text(&file, "model_hash")), ("memspike".to_owned(), "abc".to_owned()));
    assert_eq!(text(&file, "model"), header().model);
    assert_eq!(file.attr("seed").unwrap().read_scalar::<u64>().unwrap(), u64::MAX);
    assert_eq!(file.attr("complete").unwrap().read_scalar::<u8>().unwrap(), 1);
    assert_eq!(file.attr("magic").unwrap().read_scalar::<u32>().unwrap(), 0x0A7A);
    assert_eq!(file.attr("version").unwrap().read_raw::<u32>().unwrap(), [0, 1]);
    assert_eq!(file.attr("duration_ms").unwrap().read_scalar::<f64>().unwrap(), 1000.0);

    assert_eq!(reals(&file, "spikes/E/timestamps"), [1.0, 1.5, 1.5, 1000.0]);
    assert_eq!(ids(&file, "spikes/E/node_ids"), [3, 0, 9, 4]);
    assert_eq!(text(&file.dataset("spikes/E/timestamps").unwrap(), "units"), "ms");
    assert!(reals(&file, "spikes/I/timestamps").is_empty(), "a silent population has its datasets too");
    assert!(file.dataset("spikes/E/timestamps").unwrap().filters().is_empty(), "libsonata has no zlib");
    let sorting = file.group("spikes/E").unwrap().attr("sorting").unwrap();
    let kind = format!("{:?}", sorting.dtype().unwrap().to_descriptor().unwrap());
    for name in ["none", "by_id", "by_time"] {
        assert!(kind.contains(name), "{kind}");
    }
    assert_eq!(sorting.read_raw::<u8>().unwrap(), [2]);

    assert_eq!(reals(&file, "state/E/v_m/times"), [0.0, 0.1]);
    assert_eq!(reals(&file, "state/E/v_m/data"), [-70.0, -70.0, -70.0, -69.5, -69.0, -68.5]);
    assert_eq!(file.dataset("state/E/v_m/data").unwrap().shape(), [2, 3]);
    assert_eq!(ids(&file, "state/E/v_m/node_ids"), [0, 2, 4]);
    assert_eq!(text(&file.dataset("state/E/v_m/data").unwrap(), "units"), "mV");
    assert_eq!(file.dataset("state/E/w/data").unwrap().shape(), [2, 0]);
    assert_eq!(reals(&file, "weights/plastic/weights"), [45.0]);
    assert_eq!(ids(&file, "weights/plastic/target_ids"), [9]);
    assert_eq!(reals(&file, "weights/plastic.M1_to_E/snapshots/weights"), [0.25, 0.5, 0.125, 0.75]);
    assert_eq!(reals(&file, "weights/plastic.M1_to_E/snapshots/times"), [0.0, 1000.0]);
    assert_eq!(reals(&file, "weights/plastic.M1_to_E/snapshots/delays"), [1.5, 0.1]);
    assert_eq!(file.dataset("weights/none/snapshots/weights").unwrap().shape()[1], 0);

    assert_eq!(reals(&file, "intervals/pulse/stop_time"), [0.2, 0.4]);
    assert_eq!(reals(&file, "intervals/trials/start_time"), [0.25]);
    for place in ["intervals/pulse/start_time", "intervals/pulse/stop_time", "intervals/trials/start_time"] {
        assert_eq!(text(&file.dataset(place).unwrap(), "units"), "s", "{place}");
    }
    assert_eq!(reals(&file, "intervals/trials/go_cue_time"), [0.5]);
    assert_eq!(reals(&file, "intervals/trials/target"), [2.0]);
    let trials = file.group("intervals/trials").unwrap();
    assert_eq!(trials.attr("t0_s").unwrap().read_scalar::<f64>().unwrap(), 2283.0);
    assert_eq!(reals(&file, "behavior/hand_vel/timestamps"), [0.0, 0.5]);
    assert_eq!(reals(&file, "behavior/hand_vel/data"), [2.0, 3.0, 4.0, 5.0]);
    assert_eq!(text(&file.group("behavior/hand_vel").unwrap(), "unit"), "mm/s");

    let replayed = file.group("populations/M1").unwrap();
    assert_eq!(replayed.attr("size").unwrap().read_scalar::<u64>().unwrap(), 2);
    assert_eq!(replayed.attr("recording_start_s").unwrap().read_scalar::<f64>().unwrap(), 2283.0);
    assert_eq!(replayed.dataset("unit_ids").unwrap().read_raw::<i64>().unwrap(), [1011, 1021]);
    assert_eq!(text(&replayed, "parameters"), r#"{"tau_m":20.0}"#);
    let summary = file.group("summary").unwrap();
    assert_eq!(summary.attr("spikes").unwrap().read_scalar::<u64>().unwrap(), 5);
    assert!(summary.attr("cv").unwrap().read_scalar::<f64>().unwrap().is_nan());
    assert_eq!(text(&summary, "populations"), r#"{"E":{"size":10}}"#);
}

#[test]
fn a_result_is_a_recording_with_its_populations_behaviour_and_trials() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out.h5");
    write(&out, true);
    let back = format::read(&out).unwrap();
    let blocks = [("E".to_owned(), 0, 10), ("I".to_owned(), 10, 5), ("M1".to_owned(), 15, 2)];
    assert_eq!(back.populations, blocks);
    assert_eq!(back.spikes.times, [0.001, 0.0015, 0.0015, 0.002, 1.0]);
    assert_eq!(back.spikes.units, [3, 0, 9, 16, 4]);
    assert_eq!(back.spikes.unit_ids.len(), 17);
    assert_eq!((back.start(), back.stop()), (0.0, 1.0));
    assert_eq!(back.signals[0].data, [2.0, 3.0, 4.0, 5.0]);
    let trials = back.intervals.iter().find(|t| t.name == "trials").unwrap();
    assert_eq!((trials.start[0], trials.stop[0]), (0.25, 0.75));
    assert!(trials.columns.contains(&("target".to_owned(), Column::Number(vec![2.0]))));
    assert!(trials.columns.contains(&("outcome".to_owned(), Column::Text(vec!["hit".to_owned()]))));
    assert!(back.notes.is_empty(), "{:?}", back.notes);
    // Of a recording that was replayed, which of its units each member is, and where it began.
    let Column::Number(of) = &back.unit_columns.iter().find(|(name, _)| name == "recording_unit").unwrap().1 else {
        panic!("a column of numbers")
    };
    assert!(of[..15].iter().all(|id| id.is_nan()) && of[15..] == [1011.0, 1021.0], "{of:?}");
    assert!(back.about.contains(&("recording replayed by M1 from".to_owned(), "2283 s".to_owned())));
}

#[test]
fn members_that_are_not_recorded_are_no_units() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, recorded: &[u64]| {
        let (out, mut layout) = (folder.path().join(name), layout());
        layout.populations[0].recorded = Some(recorded.to_vec());
        let values = (0..10).map(f64::from).collect();
        layout.populations[0].drawn = vec![DrawnLayout { name: "i_e".to_owned(), unit: "pA".to_owned(), values }];
        let mut file = ResultFile::create(&out, &layout, &header(), false).unwrap();
        chunks().into_iter().for_each(|chunk| file.write(chunk).unwrap());
        file.finish(&Map::new(), true).unwrap();
        out
    };
    let out = write("some.h5", &[0, 3, 4, 9]);
    let back = format::read(&out).unwrap();
    assert_eq!(back.populations, [("E".to_owned(), 0, 4), ("I".to_owned(), 4, 5), ("M1".to_owned(), 9, 2)]);
    assert_eq!(back.spikes.unit_ids, [0, 3, 4, 9, 0, 1, 2, 3, 4, 0, 1]);
    assert_eq!(back.spikes.units, [1, 0, 3, 10, 2]);
    assert!(back.about.contains(&("spikes of E".to_owned(), "4 of 10 members".to_owned())), "{:?}", back.about);
    let Column::Number(drawn) = &back.unit_columns[0].1 else { panic!("numbers") };
    assert_eq!(drawn[..4], [0.0, 3.0, 4.0, 9.0]);
    // Spikes that stay in the file, and such as are merged while they are read.
    let (recording, stored) = StoredSpikes::open(&out).unwrap().unwrap();
    assert_eq!(recording.populations, back.populations);
    assert_eq!(stored.table(0.0, 2.0).unwrap(), back.spikes);
    let (_, merged) = format::read_in_order(&out).unwrap();
    assert_eq!(merged.table(0.0, 2.0).unwrap(), back.spikes);
    let mut streamed = StoredSpikes::open(&out).unwrap().unwrap().1.in_pieces_of(1);
    assert_eq!(streamed.counts(0.0, 2.0).unwrap(), [1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 1]);
    // A spike of somebody else, and a list that is none.
    let other = write("other.h5", &[0, 3, 9]);
    let error = format::read(&other).unwrap_err().to_string();
    assert!(error.contains("entry 3 is 4, none of the population's 3 recorded members"), "{error}");
    streamed = StoredSpikes::open(&other).unwrap().unwrap().1;
    assert!(streamed.counts(0.0, 2.0).unwrap_err().to_string().contains("entry 3 is 4"));
    let error = format::read(&write("list.h5", &[3, 0, 4, 9])).unwrap_err().to_string();
    assert!(error.contains("recorded_ids"), "{error}");
}

#[test]
fn an_interrupted_run_is_kept_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out.h5");
    write(&out, false);
    let file = hdf5::File::open(&out).unwrap();
    assert_eq!(file.attr("complete").unwrap().read_scalar::<u8>().unwrap(), 0);
    drop(file);
    assert!(format::read(&out).unwrap().notes[0].contains("interrupted"));
}

#[test]
fn an_output_that_exists_is_an_error_without_force() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out.h5");
    fs::write(&out, "precious").unwrap();
    let refused = ResultFile::create(&out, &layout(), &header(), false).err().unwrap();
    assert!(matches!(&refused, ResultError::Input(m) if m.contains("out.h5") && m.contains("--force")), "{refused}");
    assert_eq!(fs::read(&out).unwrap(), b"precious");
    let file = ResultFile::create(&out, &layout(), &header(), true).unwrap();
    assert_eq!(fs::read(&out).unwrap(), b"precious", "the old file stays until the new one is whole");
    file.finish(&Map::new(), true).unwrap();
    assert!(format::read(&out).is_ok());
}

#[test]
fn a_place_that_cannot_be_written_to_is_the_users_error() {
    let folder = tempfile::tempdir().unwrap();
    for out in [folder.path().join("no/such/out.h5"), folder.path().to_owned()] {
        let refused = ResultFile::create(&out, &layout(), &header(), false).err().unwrap();
        assert!(matches!(&refused, ResultError::Input(_)), "{refused}");
        assert!(refused.to_string().contains(&out.display().to_string()), "{refused}");
    }
}

#[test]
fn a_run_that_is_given_up_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out.h5");
    let mut file = ResultFile::create(&out, &layout(), &header(), false).unwrap();
    file.write(chunks().remove(0)).unwrap();
    file.flush().unwrap();
    assert!(part(&out).exists());
    drop(file);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_million_spikes_in_chunks_of_any_size_come_back_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out.h5");
    let mut file = ResultFile::create(&out, &layout(), &header(), false).unwrap();
    let (mut next, mut step) = (0u64, 1);
    while next < 1_000_000 {
        let range = next..(next + step).min(1_000_000);
        let times_ms = range.clone().map(|i| i as f64 * 1e-3).collect();
        file.write(Chunk::Spikes { index: 1, times_ms, node_ids: range.clone().map(|i| i % 5).collect() }).unwrap();
        (next, step) = (range.end, step * 7 % 65_537 + 1);
    }
    file.finish(&Map::new(), true).unwrap();
    let file = hdf5::File::open(&out).unwrap();
    assert!(ids(&file, "spikes/I/node_ids").iter().enumerate().all(|(i, id)| *id == i as u64 % 5));
    let times = reals(&file, "spikes/I/timestamps");
    assert_eq!(times.len(), 1_000_000);
    assert!(times.iter().enumerate().all(|(i, t)| *t == i as f64 * 1e-3));
}

#[test]
fn states_and_weights_come_back_as_they_were_written() {
    use memspike::format::result::read_observables;
    use memspike::record::{StateLayout, WeightKind, WeightLayout};
    let mut layout = layout();
    layout.states = vec![StateLayout {
        population: 0,
        variable: "v_m".to_owned(),
        unit: "mV".to_owned(),
        node_ids: vec![2, 7],
        interval_ms: 0.1,
    }];
    let kind = WeightKind::Snapshots { source_ids: vec![0, 1, 1], target_ids: vec![4, 4, 3], delays_ms: vec![1.0; 3] };
    layout.weights = vec![
        WeightLayout {
            projection: "a".to_owned(),
            joins: ends(),
            firsts: (0, 3),
            unit: "pA".to_owned(),
            kind: WeightKind::PreSpike,
        },
        WeightLayout { projection: "b".to_owned(), joins: ends(), firsts: (0, 3), unit: String::new(), kind },
    ];
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out.h5");
    let mut file = ResultFile::create(&out, &layout, &Header::default(), false).unwrap();
    file.write(Chunk::State { index: 0, times_ms: vec![0.0, 0.1], rows: vec![1.0, 2.0, 3.0, 4.0] }).unwrap();
    file.write(Chunk::Snapshot { index: 1, time_ms: 5.0, weights: vec![0.1, 0.2, 0.3] }).unwrap();
    let (times_ms, weights) = (vec![1.0], vec![0.5]);
    file.write(Chunk::PreSpikeWeights { index: 0, times_ms, source_ids: vec![3], target_ids: vec![1], weights })
        .unwrap();
    file.finish(&serde_json::Map::new(), true).unwrap();

    let back = read_observables(&out).unwrap();
    let state = &back.states[0];
    assert_eq!((state.population.as_str(), state.variable.as_str(), state.unit.as_str()), ("E", "v_m", "mV"));
    assert_eq!((&state.node_ids[..], &state.data[..]), (&[2, 7][..], &[1.0, 2.0, 3.0, 4.0][..]));
    assert_eq!((back.pre_spike[0].unit.as_str(), back.pre_spike[0].weights[0]), ("pA", 0.5));
    assert_eq!(
        (&back.snapshots[0].target_ids[..], &back.snapshots[0].weights[..]),
        (&[4, 4, 3][..], &[0.1, 0.2, 0.3][..])
    );
    assert_eq!(back.snapshots[0].times_ms, [5.0]);

    // A recording lists them, and whoever writes another file of it says that they are left out.
    let recording = format::read(&out).unwrap();
    let (population, variable, unit) = ("E".to_owned(), "v_m".to_owned(), "mV".to_owned());
    let listed = [
        Observable::State { population, variable, unit, members: 2, samples: 2 },
        Observable::PreSpike { projection: "a".to_owned(), unit: "pA".to_owned(), weights: 1 },
        Observable::Snapshots { projection: "b".to_owned(), unit: String::new(), synapses: 3, snapshots: 1 },
    ];
    assert_eq!(recording.observables, listed);
    for (name, target) in [("a.nwb", Target::Nwb), ("a.csv", Target::Csv)] {
        let session = Session { start: "2026-03-01T14:30:00Z".to_owned(), ..Session::default() };
        let wrote = format::write(&folder.path().join(name), &recording, &recording.spikes, target, &session).unwrap();
        let told = "states and weights are left out: v_m of E, weights of a at spikes, weights of b;";
        assert!(wrote.notes.iter().any(|note| note.starts_with(told)), "{name}: {:?}", wrote.notes);
    }
}

#[test]
fn populations_come_back_in_the_order_of_the_model() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out.h5");
    let population = |name: &str| PopulationLayout { name: name.into(), size: 2, ..PopulationLayout::default() };
    let layout = Layout {
        populations: ["recorded", "E", "B"].map(population).to_vec(),
        spikes: vec![0, 1, 2],
        ..Layout::default()
    };
    let file = ResultFile::create(&out, &layout, &Header::default(), false).unwrap();
    file.finish(&serde_json::Map::new(), true).unwrap();
    let names: Vec<String> = format::read(&out).unwrap().populations.into_iter().map(|p| p.0).collect();
    assert_eq!(names, ["recorded", "E", "B"]);
}
