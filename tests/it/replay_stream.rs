//! A recording that is read while it is replayed gives the result of one that was read before.

use std::path::Path;

use memspike::format::{self, result, stream, stream::StreamedSpikes};
use memspike::spikes::{Recording, SpikeSource};

use crate::cli::{good, memspike, root, workplace};

const DATA: &str = "tests/data/recordings";

/// All that a result holds; one that isn't a number is the same as another.
struct Kept(Recording, result::Observables);

impl PartialEq for Kept {
    fn eq(&self, other: &Kept) -> bool {
        let text = |kept: &Kept| format!("{:?}{:?}", kept.0, kept.1);
        text(self) == text(other)
    }
}

/// Replays with these flags; all that the result holds.
fn replayed(folder: &Path, file: &str, flags: &[&str]) -> Kept {
    let mut args = vec!["replay", file, "-o", "a.h5", "--force"];
    args.extend(flags);
    good(&memspike(folder, &args));
    kept(&folder.join("a.h5"))
}

fn kept(path: &Path) -> Kept {
    let mut recording = format::read_here(path).unwrap();
    // When it was started.
    recording.about.retain(|(name, _)| name != "started_utc");
    Kept(recording, result::read_observables(path).unwrap())
}

#[test]
fn the_result_is_the_same_for_any_buffer_and_any_number_of_threads() {
    let folder = workplace();
    let samples = [
        (format!("{DATA}/nwb_made/electrodes_links.nwb"), "121s", "122s"),
        (format!("{DATA}/sonata_spikes/300_intfire_output_spikes.h5"), "0.5s", "1.5s"),
        ("session.nwb".to_owned(), "2282.7s", "2283.5s"),
        // Sorted in a temporary file, for it is backwards; left where it is; as its codes of trials say.
        ("backwards.csv".to_owned(), "2282.7s", "2283.5s"),
        (format!("{DATA}/phy_kilosort"), "2s", "2.3s"),
        (format!("{DATA}/m1_riehle_gdf/winny131_23.gdf"), "10s", "11s"),
    ];
    good(&memspike(folder.path(), &["convert", "session.nwb", "forwards.csv"]));
    let text = std::fs::read_to_string(folder.path().join("forwards.csv")).unwrap();
    let (head, rows) = text.split_once('\n').unwrap();
    let backwards: Vec<&str> = [head].into_iter().chain(rows.lines().rev()).collect();
    std::fs::write(folder.path().join("backwards.csv"), backwards.join("\n")).unwrap();
    for (file, start, stop) in &samples {
        let flags = ["--start", start, "--stop", stop];
        let whole = replayed(folder.path(), file, &[&flags[..], &["--threads", "1"]].concat());
        assert!(whole.0.spikes.len() > 100, "{file}");
        for (threads, buffer) in [("1", "1B"), ("2", "3kB"), ("3", "40kB"), ("16", "1B")] {
            let more = ["--threads", threads, "--buffer", buffer];
            let streamed = replayed(folder.path(), file, &[&flags[..], &more].concat());
            assert!(streamed == whole, "{file}, {threads} threads, {buffer}");
        }
        let trusted = replayed(folder.path(), file, &[&flags[..], &["--buffer", "1B", "--trust"]].concat());
        assert!(trusted == whole, "{file} in one process");
        let grid = [&flags[..], &["--engine", "grid"]].concat();
        let whole = replayed(folder.path(), file, &grid);
        assert!(replayed(folder.path(), file, &[&grid[..], &["--buffer", "1B"]].concat()) == whole, "{file} on a grid");
        let some = [&flags[..], &["--units", "0-1"]].concat();
        let whole = replayed(folder.path(), file, &some);
        assert!(
            replayed(folder.path(), file, &[&some[..], &["--buffer", "1B"]].concat()) == whole,
            "{file}, some units"
        );
    }
}

#[test]
fn a_result_is_replayed_as_it_is_streamed() {
    let folder = workplace();
    replayed(folder.path(), "session.nwb", &["--duration", "400ms"]);
    std::fs::rename(folder.path().join("a.h5"), folder.path().join("first.h5")).unwrap();
    let whole = replayed(folder.path(), "first.h5", &[]);
    assert!(replayed(folder.path(), "first.h5", &["--buffer", "1B"]) == whole);
}

#[test]
fn a_checkpoint_goes_on_whether_the_recording_is_streamed_or_not() {
    let folder = workplace();
    let whole = replayed(folder.path(), "session.nwb", &["--duration", "1s"]);
    for (before, after) in [("1B", "1B"), ("1B", "1GB"), ("1GB", "1B")] {
        let first = ["--duration", "700ms", "--checkpoint-every", "300ms", "--buffer", before];
        replayed(folder.path(), "session.nwb", &first);
        let args =
            ["replay", "session.nwb", "-o", "a.h5", "--resume", "a.h5.ckpt", "--duration", "1s", "--buffer", after];
        good(&memspike(folder.path(), &args));
        assert!(kept(&folder.path().join("a.h5")) == whole, "{before} {after}");
    }
}

#[test]
fn a_survey_has_all_but_the_spikes() {
    for name in ["mc_maze_trial_748/mc_maze_trial_748.nwb", "sonata_spikes/300_intfire_output_spikes.h5"] {
        let path = root().join(DATA).join(name);
        let whole = format::read_here(&path).unwrap();
        let survey = stream::survey(&path).unwrap().expect("in the order of time");
        assert_eq!(survey.counts, whole.spikes.counts(f64::NEG_INFINITY, f64::INFINITY).unwrap());
        assert_eq!((survey.recording.start(), survey.recording.stop()), (whole.start(), whole.stop()));
        assert_eq!(survey.recording.spikes.unit_ids, whole.spikes.unit_ids);
        assert_eq!(format!("{:?}", survey.recording.unit_columns), format!("{:?}", whole.unit_columns));
        assert_eq!((&survey.recording.signals, &survey.recording.populations), (&whole.signals, &whole.populations));
    }
}

#[test]
fn what_is_not_in_the_order_of_time_is_known_to_be_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("unsorted.h5");
    let file = hdf5::File::create(&path).unwrap();
    let spikes = file.create_group("spikes").unwrap();
    spikes.new_dataset::<f64>().shape(3).create("timestamps").unwrap().write_raw(&[2.0, 1.0, 3.0]).unwrap();
    spikes.new_dataset::<u64>().shape(3).create("gids").unwrap().write_raw(&[0u64, 1, 0]).unwrap();
    drop(spikes);
    file.close().unwrap();
    assert!(!stream::survey(&path).unwrap().unwrap().in_order);
    let (_, streamed) = StreamedSpikes::open(&path, 1).unwrap().unwrap();
    assert_eq!(streamed.table(0.0, 1.0).unwrap().times, [0.001, 0.002, 0.003]);
    assert_eq!(format::read_here(&path).unwrap().spikes.times, [0.001, 0.002, 0.003]);
    // A file that says it is in that order and is not is wrong.
    let file = crate::unlocked::open_rw(&path);
    let sorting: hdf5::types::VarLenUnicode = "by_time".parse().unwrap();
    let group = file.group("spikes").unwrap();
    group.new_attr::<hdf5::types::VarLenUnicode>().create("sorting").unwrap().write_scalar(&sorting).unwrap();
    drop(group);
    file.close().unwrap();
    assert!(stream::survey(&path).unwrap().is_none());
    let told = StreamedSpikes::open(&path, 1).unwrap_err();
    assert!(told.message.contains("decreases from 2 to 1"), "{told}");
}
