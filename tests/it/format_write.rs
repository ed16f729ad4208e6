//! What is written is read again: nothing is lost that the format can hold.

use std::collections::BTreeMap;
use std::path::Path;

use memspike::format::{self, Session, Target};
use memspike::spikes::{Column, IntervalTable, Kind, Recording, Signal, SpikeTable};
use proptest::prelude::*;

use crate::cli::{bad, good, memspike, root, workplace};

/// Times \[bits\] by population and unit; units without a spike are left out.
type Trains = BTreeMap<(String, i64), Vec<u64>>;

fn session() -> Session {
    let time = "2026-03-01T14:30:00+01:00".to_owned();
    Session { start: time.clone(), written: time, ..Session::default() }
}

fn trains(recording: &Recording, names: &dyn Fn(&str) -> String) -> Trains {
    let mut all = Trains::new();
    for (unit, train) in recording.spikes.trains().into_iter().enumerate().filter(|(_, train)| !train.is_empty()) {
        let own = recording.populations.iter().find(|(_, first, size)| (*first..first + size).contains(&unit));
        let population = own.map_or(String::new(), |own| names(&own.0));
        all.insert((population, recording.spikes.unit_ids[unit]), train.iter().map(|t| t.to_bits()).collect());
    }
    all
}

/// Writes and reads again.
fn through(folder: &Path, recording: &Recording, target: Target, name: &str) -> Recording {
    let path = folder.join(name);
    format::write(&path, recording, &recording.spikes, target, &session()).unwrap();
    let left: Vec<String> =
        std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    assert!(left.iter().all(|name| !name.ends_with(".part")), "{left:?}");
    format::read(&path).unwrap()
}

/// Seconds of any size, among them ones that no decimal fraction is.
fn time() -> impl Strategy<Value = f64> {
    prop_oneof![0.0..10.0f64, 1e3..1e5f64, (0u32..100_000).prop_map(|n| f64::from(n) * 0.1 / 1e3)]
}

fn column(rows: usize) -> impl Strategy<Value = Column> {
    prop_oneof![
        prop::collection::vec(-1e6..1e6f64, rows).prop_map(Column::Number),
        prop::collection::vec(prop::sample::select(vec![0.0, 1.0]), rows).prop_map(Column::Number),
        prop::collection::vec(prop::sample::select(vec!["true", "false"]), rows)
            .prop_map(|words| Column::Text(words.into_iter().map(str::to_owned).collect())),
        prop::collection::vec("[a-zµ ,]{0,8}", rows).prop_map(Column::Text),
    ]
}

prop_compose! {
    fn recording(times: BoxedStrategy<f64>)(
        sizes in prop::collection::vec(1usize..4, 1..4),
        many in any::<bool>(),
        step in 1i64..1000,
    )(
        trains in prop::collection::vec(prop::collection::vec(times.clone(), 1..8), sizes.iter().sum::<usize>()),
        unit_column in column(sizes.iter().sum()),
        signal in (1usize..4, prop::collection::vec((0.001..1.0f64, -1e3..1e3f64), 3..20)),
        trials in prop::collection::vec((0.0..10.0f64, 0.0..5.0f64), 2..6),
        sizes in Just(sizes), many in Just(many), step in Just(step),
    ) -> Recording {
        let sizes = if many { sizes } else { vec![sizes.iter().sum()] };
        let (mut populations, mut ids) = (Vec::new(), Vec::new());
        for (place, size) in sizes.iter().enumerate() {
            populations.push((format!("p{place}"), ids.len(), *size));
            ids.extend((0..*size as i64).map(|i| i * step));
        }
        if populations.len() == 1 {
            populations.clear();
        }
        let (width, samples) = signal;
        let mut at = 0.0;
        let times = samples.iter().map(|(step, _)| { at += step; at }).collect();
        let data = samples.iter().flat_map(|(_, value)| (0..width).map(move |i| value + i as f64)).collect();
        let words = Column::Text((0..trials.len()).map(|i| format!("kind {i}")).collect());
        Recording {
            spikes: SpikeTable::from_units(ids, &trains).unwrap(),
            populations,
            unit_columns: vec![("quality".to_owned(), unit_column)],
            observed: vec![(0.0, 1e5)],
            signals: vec![Signal { name: "hand".to_owned(), unit: "m".to_owned(), times, data, width }],
            intervals: vec![IntervalTable {
                name: "trials".to_owned(),
                start: trials.iter().map(|t| t.0).collect(),
                stop: trials.iter().map(|t| t.0 + t.1).collect(),
                columns: vec![("kind".to_owned(), words)],
            }],
            ..Recording::default()
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn nwb_holds_all_of_a_recording_to_the_bit(recording in recording(prop_oneof![time(), -5.0..0.0f64].boxed())) {
        let folder = tempfile::tempdir().unwrap();
        let read = through(folder.path(), &recording, Target::Nwb, "a.nwb");
        prop_assert_eq!(&read.spikes, &recording.spikes);
        prop_assert_eq!(&read.populations, &recording.populations);
        let columns: Vec<_> = read.unit_columns.iter().filter(|(name, _)| name != "population").cloned().collect();
        prop_assert_eq!(&columns, &recording.unit_columns);
        prop_assert_eq!(&read.observed, &recording.observed);
        prop_assert_eq!(&read.signals, &recording.signals);
        prop_assert_eq!(&read.intervals, &recording.intervals);
    }

    #[test]
    fn spikes_go_through_every_pair_of_formats(recording in recording(time().boxed())) {
        let folder = tempfile::tempdir().unwrap();
        let files = [(Target::Nwb, "nwb"), (Target::Csv, "csv"), (Target::Npy, "npy")];
        for (first, a) in files {
            let once = through(folder.path(), &recording, first, &format!("once.{a}"));
            for (second, b) in files {
                let twice = through(folder.path(), &once, second, &format!("twice.{b}"));
                // NPY numbers the populations in their order.
                let number = |name: &str| name.trim_start_matches('p').to_owned();
                prop_assert_eq!(trains(&twice, &number), trains(&recording, &number), "{} {}", a, b);
            }
        }
    }

    #[test]
    fn sonata_holds_what_was_milliseconds_to_the_bit_and_the_rest_to_the_last(recording in recording(time().boxed())) {
        let folder = tempfile::tempdir().unwrap();
        let read = through(folder.path(), &recording, Target::Sonata, "a.h5");
        let keep = |name: &str| name.to_owned();
        let (before, after) = (trains(&recording, &keep), trains(&read, &keep));
        prop_assert_eq!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>());
        for (a, b) in before.values().flatten().zip(after.values().flatten()) {
            prop_assert!(a.abs_diff(*b) <= 1, "{} {}", f64::from_bits(*a), f64::from_bits(*b));
        }
        // What has been SONATA's is SONATA's again, to the bit, by way of any other format.
        for (target, name) in [(Target::Nwb, "b.nwb"), (Target::Csv, "b.csv"), (Target::Sonata, "b.h5")] {
            let other = through(folder.path(), &read, target, name);
            let again = through(folder.path(), &other, Target::Sonata, "c.h5");
            prop_assert_eq!(trains(&again, &keep), after.clone(), "{}", name);
        }
    }
}

#[test]
fn electrodes_and_what_units_have_from_them_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let recording = format::read(&root().join("tests/data/recordings/nwb_made/electrodes_links.nwb")).unwrap();
    let read = through(folder.path(), &recording, Target::Nwb, "a.nwb");
    // As text: a missing number is no number, which equals nothing; the digits of all others are exact.
    let sorted = |columns: &[(String, Column)]| {
        let mut columns: Vec<String> = columns.iter().map(|column| format!("{column:?}")).collect();
        columns.sort();
        columns
    };
    assert!(!recording.electrodes.is_empty());
    assert_eq!(sorted(&read.electrodes), sorted(&recording.electrodes));
    assert_eq!(sorted(&read.unit_columns), sorted(&recording.unit_columns));
    assert_eq!(read.spikes, recording.spikes);
    assert_eq!(read.intervals, recording.intervals);
}

#[test]
fn units_with_one_id_stay_apart_and_a_note_tells() {
    let folder = tempfile::tempdir().unwrap();
    let trains = [vec![1.0], vec![2.0], vec![3.0]];
    let recording =
        Recording { spikes: SpikeTable::from_units(vec![5, 5, 7], &trains).unwrap(), ..Recording::default() };
    for (target, name) in
        [(Target::Nwb, "a.nwb"), (Target::Sonata, "a.h5"), (Target::Csv, "a.csv"), (Target::Npy, "a.npy")]
    {
        let read = through(folder.path(), &recording, target, name);
        assert_eq!((&read.spikes.unit_ids[..], read.spikes.trains()), (&[0, 1, 2][..], trains.to_vec()), "{name}");
        let wrote =
            format::write(&folder.path().join(name), &recording, &recording.spikes, target, &session()).unwrap();
        assert!(wrote.notes[0].contains("several units have the id 5"), "{name}: {:?}", wrote.notes);
    }
    let read = format::read(&folder.path().join("a.nwb")).unwrap();
    assert_eq!(read.unit_columns, [("id_in_population".to_owned(), Column::Number(vec![5.0, 5.0, 7.0]))]);
}

#[test]
fn populations_with_names_that_groups_cannot_have_stay_apart_and_a_note_tells() {
    let folder = tempfile::tempdir().unwrap();
    let each = [vec![1.0], vec![2.0], vec![3.0], vec![4.0]];
    let populations =
        [("", 0, 2), ("d/e", 2, 1), ("d_e", 3, 1)].map(|(name, first, size)| (name.to_owned(), first, size));
    let recording = Recording {
        spikes: SpikeTable::from_units(vec![0, 1, 0, 0], &each).unwrap(),
        populations: populations.to_vec(),
        ..Recording::default()
    };
    // NWB takes any name.
    let read = through(folder.path(), &recording, Target::Nwb, "a.nwb");
    assert_eq!((read.populations, read.spikes), (recording.populations.clone(), recording.spikes.clone()));

    let path = folder.path().join("a.h5");
    let wrote = format::write(&path, &recording, &recording.spikes, Target::Sonata, &session()).unwrap();
    let told = wrote.notes.join("\n");
    assert!(told.contains("\"d/e\" is called \"d_e_\"") && told.contains("\"\" is called \"units\""), "{told}");
    let called = |name: &str| match name {
        "" => "units".to_owned(),
        "d/e" => "d_e_".to_owned(),
        other => other.to_owned(),
    };
    let read = format::read(&path).unwrap();
    assert_eq!(trains(&read, &str::to_owned), trains(&recording, &called));
    // Where the recording has no populations there is no name to change.
    let one = Recording { populations: Vec::new(), ..recording.clone() };
    let one = Recording { spikes: one.spikes.select(&[0, 1]), ..one };
    let wrote = format::write(&path, &one, &one.spikes, Target::Sonata, &session()).unwrap();
    assert!(wrote.notes.is_empty(), "{:?}", wrote.notes);
}

#[test]
fn the_same_recording_makes_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let recording = format::read(&crate::cli::session()).unwrap();
    for (target, name) in [(Target::Csv, "csv"), (Target::Npy, "npy")] {
        let write = |file: &str| {
            let path = folder.path().join(format!("{file}.{name}"));
            format::write(&path, &recording, &recording.spikes, target, &session()).unwrap();
            std::fs::read(path).unwrap()
        };
        assert_eq!(write("a"), write("b"));
    }
}

#[test]
fn a_failed_write_leaves_no_file_and_an_existing_one_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.h5");
    std::fs::write(&path, "mine").unwrap();
    let spikes = SpikeTable::from_units(vec![0], &[vec![-1.0]]).unwrap();
    let recording = Recording { spikes, ..Recording::default() };
    let message =
        format::write(&path, &recording, &recording.spikes, Target::Sonata, &session()).unwrap_err().to_string();
    assert!(message.contains("no times before 0"), "{message}");
    assert_eq!(std::fs::read(&path).unwrap(), b"mine");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn the_command_converts_says_what_is_left_out_and_refuses_what_it_cant() {
    let folder = workplace();
    let output = memspike(folder.path(), &["convert", "session.nwb", "a.csv"]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("CSV holds spikes only"), "{output:?}");
    good(&output);
    let message = bad(&memspike(folder.path(), &["convert", "session.nwb", "a.csv"]), 2);
    assert!(message.contains("--force"), "{message}");
    let message = bad(&memspike(folder.path(), &["convert", "session.nwb", "a.txt"]), 2);
    assert!(message.contains("expected .nwb, .h5 (SONATA), .csv, .npy or .nir"), "{message}");
    good(&memspike(folder.path(), &["convert", "session.nwb", "a.txt", "--to", "csv"]));
    assert_eq!(
        std::fs::read(folder.path().join("a.txt")).unwrap(),
        std::fs::read(folder.path().join("a.csv")).unwrap()
    );
    let message = bad(&memspike(folder.path(), &["convert", "session.nwb", "b.nwb", "--session-start", "today"]), 2);
    assert!(message.contains("2026-03-01T14:30:00+01:00"), "{message}");
}

/// Puts another column of numbers into the units of an NWB file.
fn put<T: hdf5::H5Type>(path: &Path, name: &str, values: &[T], shape: impl Into<hdf5::Extents>) {
    let units = crate::unlocked::open_rw(path).group("units").unwrap();
    if units.link_exists(name) {
        units.unlink(name).unwrap();
    }
    units.new_dataset::<T>().shape(shape).create(name).unwrap().write_raw(values).unwrap();
}

#[test]
fn units_of_nwb_that_were_observed_at_different_times_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let spikes = SpikeTable::from_units(vec![0, 1], &[vec![1.0], vec![6.0, 7.0]]).unwrap();
    let recording = Recording { spikes, observed: vec![(0.0, 10.0)], ..Recording::default() };
    let read = through(folder.path(), &recording, Target::Nwb, "a.nwb");
    assert!(read.notes.is_empty(), "{:?}", read.notes);
    let path = folder.path().join("a.nwb");
    put(&path, "obs_intervals", &[0.0, 10.0, 5.0, 10.0], (2, 2));
    let read = format::read(&path).unwrap();
    assert_eq!(read.observed, [(0.0, 10.0)]);
    assert!(
        read.notes.concat().contains("1 of 2 in less than the 10 s in which any was, down to 5 s"),
        "{:?}",
        read.notes
    );
    // Formats that hold spikes only say that this is lost.
    for (target, name) in [(Target::Csv, "a.csv"), (Target::Npy, "a.npy"), (Target::Sonata, "a.h5")] {
        let wrote = format::write(&folder.path().join(name), &read, &read.spikes, target, &session()).unwrap();
        assert!(wrote.notes.concat().contains("left out: 1 span of observation;"), "{:?}", wrote.notes);
    }
}

#[test]
fn what_an_nwb_file_says_of_session_and_subject_goes_into_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let about: Vec<(String, String)> = [
        ("session", "a session"),
        ("subject", "mouse 1"),
        ("sex", "F"),
        ("age", "P90D"),
        ("genotype", "wt"),
        ("strain", "C57"),
        ("weight", "20 g"),
        ("date_of_birth", "2023-01-01T00:00:00+00:00"),
        ("session_id", "S1"),
        ("experimenter", "Doe, Jane"),
        ("experimenter", "Roe, Richard"),
        ("keywords", "grid"),
        ("related_publications", "doi:1"),
        ("notes", "my notes"),
        ("protocol", "P"),
    ]
    .map(|(label, text)| (label.to_owned(), text.to_owned()))
    .to_vec();
    let spikes = SpikeTable::from_units(vec![0, 1], &[vec![1.0], vec![2.0]]).unwrap();
    let recording = Recording { spikes, about: about.clone(), ..Recording::default() };
    let read = through(folder.path(), &recording, Target::Nwb, "a.nwb");
    let again = through(folder.path(), &read, Target::Nwb, "b.nwb");
    for entry in &about {
        assert!(again.about.contains(entry), "{entry:?} of {:?}", again.about);
    }
    assert!(read.notes.is_empty(), "{:?}", read.notes);
    let said = good(&memspike(folder.path(), &["info", "b.nwb", "--json"]));
    let said: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!(said["about"]["experimenter"], "Doe, Jane; Roe, Richard");
    // Times that do not count from the session's start go on to count from where they did.
    let since = "2026-03-01T09:00:00+01:00".to_owned();
    let counted = Session { reference: Some(since.clone()), ..session() };
    format::write(&folder.path().join("e.nwb"), &read, &read.spikes, Target::Nwb, &counted).unwrap();
    good(&memspike(folder.path(), &["convert", "e.nwb", "f.nwb"]));
    assert!(format::read(&folder.path().join("f.nwb")).unwrap().about.contains(&("times_since".to_owned(), since)));
    assert!(read.about.iter().all(|(label, _)| label != "times_since"));
    // Flags go first, and each file is another one.
    let flags = Session { experimenters: vec!["Poe, Ed".to_owned()], ..session() };
    format::write(&folder.path().join("c.nwb"), &read, &read.spikes, Target::Nwb, &flags).unwrap();
    let flagged = format::read(&folder.path().join("c.nwb")).unwrap().about;
    let people: Vec<&str> =
        flagged.iter().filter(|(l, _)| l == "experimenter").map(|(_, text)| text.as_str()).collect();
    assert_eq!(people, ["Poe, Ed"]);
    // What else there is, and integers that no double is, are told.
    let path = folder.path().join("a.nwb");
    crate::unlocked::open_rw(&path).create_group("general/optogenetics").unwrap();
    crate::unlocked::open_rw(&path).create_group("events").unwrap().create_group("stim").unwrap();
    put(&path, "code", &[(1i64 << 53) + 1, 3], 2);
    let odd = format::read(&path).unwrap();
    assert!(odd.notes.iter().any(|note| note == "of /general is left out: optogenetics"), "{:?}", odd.notes);
    assert!(odd.notes.iter().any(|note| note == "/events is left out: stim"), "{:?}", odd.notes);
    assert!(odd.notes.iter().any(|note| note.contains("beyond 2^53") && note.ends_with("code")), "{:?}", odd.notes);
    let wrote = format::write(&folder.path().join("d.nwb"), &odd, &odd.spikes, Target::Nwb, &session()).unwrap();
    assert!(wrote.notes.is_empty(), "{:?}", wrote.notes);
}

#[test]
fn an_age_keeps_from_when_it_counts() {
    let folder = tempfile::tempdir().unwrap();
    let recording = Recording {
        spikes: SpikeTable::from_units(vec![0], &[vec![1.0]]).unwrap(),
        about: vec![("age".into(), "P10D".into())],
        remarks: vec![("subject/age/reference".into(), "gestational".into())],
        ..Recording::default()
    };
    let read = through(folder.path(), &recording, Target::Nwb, "a.nwb");
    assert_eq!(read.remark("subject/age/reference"), Some("gestational"));
    let mut given = session();
    given.subject.age = Some("P3D".to_owned());
    format::write(&folder.path().join("b.nwb"), &read, &read.spikes, Target::Nwb, &given).unwrap();
    let given = format::read(&folder.path().join("b.nwb")).unwrap();
    assert_eq!(given.remark("subject/age/reference"), Some("birth"));
}

/// What a column of the units is stored as.
fn stored(path: &Path, name: &str) -> String {
    let file = hdf5::File::open(path).unwrap();
    let kind = file.dataset(&format!("units/{name}")).and_then(|column| column.dtype()).unwrap();
    kind.to_descriptor().unwrap().to_string()
}

#[test]
fn columns_of_nwb_keep_their_types_and_descriptions_whatever_their_values_are() {
    let folder = tempfile::tempdir().unwrap();
    let column = |name: &str, column: Column| (name.to_owned(), column);
    let words = Column::Text(vec!["true".into(), "false".into()]);
    let recording = Recording {
        spikes: SpikeTable::from_units(vec![0, 1], &[vec![1.0], vec![2.0]]).unwrap(),
        unit_columns: vec![column("words", words.clone()), column("share", Column::Number(vec![0.0, 1.0]))],
        ..Recording::default()
    };
    let (a, b) = (folder.path().join("a.nwb"), folder.path().join("b.nwb"));
    through(folder.path(), &recording, Target::Nwb, "a.nwb");
    put(&a, "good", &[true, false], 2);
    put(&a, "byte", &[0u8, 1], 2);
    put(&a, "count", &[0i32, 1], 2);
    let units = crate::unlocked::open_rw(&a).group("units").unwrap();
    let text: hdf5::types::VarLenUnicode = "How many.".parse().unwrap();
    units
        .dataset("count")
        .unwrap()
        .new_attr::<hdf5::types::VarLenUnicode>()
        .create("description")
        .unwrap()
        .write_scalar(&text)
        .unwrap();
    drop(units);
    let read = format::read(&a).unwrap();
    let again = through(folder.path(), &read, Target::Nwb, "b.nwb");
    assert_eq!(again.unit_columns, read.unit_columns);
    for name in ["words", "share", "good", "byte"] {
        assert_eq!(stored(&b, name), stored(&a, name), "{name}");
    }
    assert_eq!(again.kind("units/count"), Some(Kind::Integer));
    assert_eq!(again.remark("units/count/description"), Some("How many."));
}

#[test]
fn signals_of_nwb_have_the_factors_of_their_channels_and_whatever_is_changed_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let hand =
        Signal { name: "a/hand".into(), unit: "V".into(), times: vec![0.0, 0.5, 2.0], data: vec![1.0; 6], width: 2 };
    let spikes = SpikeTable::from_units(vec![0], &[vec![1.0, 2.0]]).unwrap();
    let recording = Recording { spikes, signals: vec![hand], ..Recording::default() };
    let path = folder.path().join("a.nwb");
    let wrote = format::write(&path, &recording, &recording.spikes, Target::Nwb, &session()).unwrap();
    assert!(wrote.notes.concat().contains("\"a/hand\" is called \"a_hand\""), "{:?}", wrote.notes);
    let file = crate::unlocked::open_rw(&path);
    let behavior = file.group("processing/behavior").unwrap();
    let factors = behavior.group("a_hand").unwrap().new_dataset::<f64>().shape(2).create("channel_conversion").unwrap();
    factors.write_raw(&[1.0, 3.0]).unwrap();
    // Intervals and other tables may be here too; of the spikes the last belongs to no unit.
    let licks = behavior.create_group("licks").unwrap();
    for (name, times) in [("start_time", [1.0, 2.0]), ("stop_time", [1.5, 2.5])] {
        licks.new_dataset::<f64>().shape(2).create(name).unwrap().write_raw(&times).unwrap();
    }
    let other = behavior.create_group("sorted").unwrap();
    other.new_dataset::<f64>().shape(1).create("spike_times").unwrap().write_raw(&[1.0]).unwrap();
    // Each holds the file open.
    drop((behavior, factors, licks, other));
    file.close().unwrap();
    put(&path, "spike_times_index", &[1u64], 1);
    let read = format::read(&path).unwrap();
    assert_eq!(read.signals[0].data, [1.0, 3.0, 1.0, 3.0, 1.0, 3.0]);
    assert_eq!((read.intervals[0].name.as_str(), &read.intervals[0].start[..]), ("licks", &[1.0, 2.0][..]));
    assert_eq!(read.spikes.times, [1.0]);
    let notes = read.notes.concat();
    assert!(notes.contains("the last 1 row of /units/spike_times belongs to no unit"), "{notes}");
    assert!(notes.contains("left out: /processing/behavior/sorted"), "{notes}");
    // What has no end can't be told from what is damaged.
    put(&path, "obs_intervals", &[0.0, f64::INFINITY], (1, 2));
    let error = format::read(&path).unwrap_err().to_string();
    assert!(error.contains("goes from 0 s to inf s, expected finite times"), "{error}");
}

#[test]
fn columns_of_units_that_are_called_as_those_of_electrodes_but_differ_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let text = |words: [&str; 2]| Column::Text(words.map(str::to_owned).to_vec());
    let recording = Recording {
        spikes: SpikeTable::from_units(vec![0, 1], &[vec![1.0], vec![2.0]]).unwrap(),
        unit_columns: vec![
            ("electrode".into(), Column::Number(vec![7.0, 5.0])),
            ("label".into(), text(["good", "mua"])),
            ("area".into(), text(["M1", "S1"])),
        ],
        electrodes: vec![
            ("id".into(), Column::Number(vec![5.0, 7.0])),
            ("label".into(), text(["e5", "e7"])),
            ("area".into(), text(["S1", "M1"])),
        ],
        ..Recording::default()
    };
    let read = through(folder.path(), &recording, Target::Nwb, "a.nwb");
    let column = |name: &str| read.unit_columns.iter().find(|column| column.0 == name).unwrap().1.clone();
    assert_eq!((column("label"), column("area")), (text(["good", "mua"]), text(["M1", "S1"])));
    // What agrees stands in the table of electrodes alone.
    let file = hdf5::File::open(folder.path().join("a.nwb")).unwrap();
    assert!(file.link_exists("units/label") && !file.link_exists("units/area"));
}

#[test]
fn a_unit_without_an_electrode_leaves_those_of_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let text = |word: &str| Column::Text(vec![word.to_owned(), word.to_owned()]);
    let recording = Recording {
        spikes: SpikeTable::from_units(vec![0, 1, 2], &[vec![1.0], vec![2.0], vec![3.0]]).unwrap(),
        unit_columns: vec![("electrode".into(), Column::Number(vec![7.0, f64::NAN, 5.0]))],
        electrodes: vec![
            ("id".into(), Column::Number(vec![5.0, 7.0])),
            ("location".into(), text("M1")),
            ("group_name".into(), text("A")),
        ],
        remarks: vec![("groups/A/location".into(), "left".into())],
        ..Recording::default()
    };
    let read = through(folder.path(), &recording, Target::Nwb, "a.nwb");
    let Column::Number(of) = &read.unit_columns.iter().find(|(name, _)| name == "electrode").unwrap().1 else {
        panic!("no numbers")
    };
    assert!(of[0] == 7.0 && of[1].is_nan() && of[2] == 5.0, "{of:?}");
    assert_eq!(hdf5::File::open(folder.path().join("a.nwb")).unwrap().dataset("units/electrodes").unwrap().size(), 2);
    assert_eq!(read.remark("groups/A/location"), Some("left"));
    assert_eq!(read.kind("electrodes/id"), Some(Kind::Integer));
}

#[test]
fn groups_of_electrodes_stand_beside_their_table_whatever_they_are_called() {
    let folder = tempfile::tempdir().unwrap();
    let mut recording = Recording {
        spikes: SpikeTable::from_units(vec![0], &[vec![1.0]]).unwrap(),
        electrodes: vec![("id".into(), Column::Number(vec![0.0, 1.0, 2.0, 3.0]))],
        ..Recording::default()
    };
    let groups = |recording: &Recording, name: &str| {
        let read = through(folder.path(), recording, Target::Nwb, name);
        let (_, column) = read.electrodes.into_iter().find(|(name, _)| name == "group_name").unwrap();
        let Column::Text(groups) = column else { panic!("no words") };
        groups
    };
    assert_eq!(groups(&recording, "a.nwb"), ["electrode_group"; 4]);
    let own = ["electrodes", ".", "a/b", "a_b"].map(str::to_owned).to_vec();
    recording.electrodes.push(("group_name".into(), Column::Text(own)));
    assert_eq!(groups(&recording, "b.nwb"), ["electrodes_", "._", "a_b", "a_b_"]);
}
