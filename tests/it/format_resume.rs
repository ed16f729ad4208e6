//! A run that was killed goes on from its checkpoint, and its result is the one of a run that was not.

use std::fs;
use std::path::Path;

use memspike::format::result::{Header, Marks, ResultError, ResultFile};
use memspike::record::{Chunk, Layout, Sink};
use serde_json::Map;

use crate::format_result::layout;

/// Rows per window: chunks of the file begin and end at other places than windows.
const ROWS: u64 = 5_000;

fn window(at: u64) -> Vec<Chunk> {
    let times: Vec<f64> = (at * ROWS..(at + 1) * ROWS).map(|i| i as f64 * 0.1 + 1e-3 / 3.0).collect();
    let ids = |n: u64| (at * ROWS..(at + 1) * ROWS).map(|i| i * i % n).collect::<Vec<u64>>();
    let reals = |n: u64| (0..n).map(|i| ((at * ROWS + i) as f64).sqrt()).collect::<Vec<f64>>();
    vec![
        Chunk::Spikes { index: 0, times_ms: times.clone(), node_ids: ids(10) },
        Chunk::State { index: 0, times_ms: times.clone(), rows: reals(3 * ROWS) },
        Chunk::PreSpikeWeights {
            index: 0,
            times_ms: times,
            source_ids: ids(7),
            target_ids: ids(5),
            weights: reals(ROWS),
        },
        Chunk::Snapshot { index: 1, time_ms: at as f64, weights: reals(2) },
    ]
}

fn write(file: &mut ResultFile, windows: std::ops::Range<u64>) {
    windows.flat_map(window).for_each(|chunk| file.write(chunk).unwrap());
}

fn finish(file: ResultFile) {
    file.finish(&Map::new(), true).unwrap();
}

/// All datasets of a file with the bits of their values.
fn contents(path: &Path) -> Vec<(String, Vec<usize>, Vec<u64>)> {
    fn visit(group: &hdf5::Group, all: &mut Vec<(String, Vec<usize>, Vec<u64>)>) {
        for dataset in group.datasets().unwrap() {
            let name = dataset.name();
            let bits = match name.ends_with("ids") {
                true => dataset.read_raw::<u64>().unwrap(),
                false => dataset.read_raw::<f64>().unwrap().into_iter().map(f64::to_bits).collect(),
            };
            all.push((name, dataset.shape(), bits));
        }
        group.groups().unwrap().iter().for_each(|g| visit(g, all));
    }
    let file = crate::unlocked::open(path);
    let mut all = Vec::new();
    visit(&file, &mut all);
    assert!(all.len() > 20);
    all
}

fn create(out: &Path, layout: &Layout) -> ResultFile {
    ResultFile::create(out, layout, &Header::default(), true).unwrap()
}

#[test]
fn a_run_that_is_killed_at_any_later_time_resumes_to_the_same_rows() {
    let folder = tempfile::tempdir().unwrap();
    let (whole, out, killed) = (folder.path().join("a.h5"), folder.path().join("b.h5"), folder.path().join("c.h5"));
    let mut file = create(&whole, &layout());
    write(&mut file, 0..24);
    finish(file);

    for (checkpoint, dies) in [(0, 3), (1, 1), (5, 9), (7, 24), (12, 13)] {
        let mut file = create(&out, &layout());
        write(&mut file, 0..checkpoint);
        let marks = serde_json::to_string(&file.take_marks().unwrap()).unwrap();
        // What a killed program leaves is the file as the operating system has it at that moment.
        write(&mut file, checkpoint..dies);
        fs::copy(folder.path().join("b.h5.part"), folder.path().join("c.h5.part")).unwrap();
        drop(file);
        assert!(!out.exists() && !killed.exists());

        let marks: Marks = serde_json::from_str(&marks).unwrap();
        let mut file = ResultFile::resume(&killed, &layout(), &Header::default(), &marks).unwrap();
        write(&mut file, checkpoint..24);
        finish(file);
        assert!(contents(&killed) == contents(&whole), "checkpoint {checkpoint}, killed at {dies}");
        fs::remove_file(&killed).unwrap();
    }
}

#[test]
fn a_run_may_be_killed_and_resumed_twice_from_one_checkpoint() {
    let folder = tempfile::tempdir().unwrap();
    let (whole, out) = (folder.path().join("a.h5"), folder.path().join("b.h5"));
    let mut file = create(&whole, &layout());
    write(&mut file, 0..16);
    finish(file);
    let mut file = create(&out, &layout());
    write(&mut file, 0..6);
    let marks = file.take_marks().unwrap();
    for dies in [16, 11] {
        write(&mut file, 6..dies);
        let image = fs::read(folder.path().join("b.h5.part")).unwrap();
        drop(file);
        fs::write(folder.path().join("b.h5.part"), image).unwrap();
        file = ResultFile::resume(&out, &layout(), &Header::default(), &marks).unwrap();
    }
    write(&mut file, 6..16);
    finish(file);
    assert!(contents(&out) == contents(&whole));
}

#[test]
fn a_finished_result_can_be_made_longer() {
    let folder = tempfile::tempdir().unwrap();
    let (whole, out) = (folder.path().join("a.h5"), folder.path().join("b.h5"));
    let mut file = create(&whole, &layout());
    write(&mut file, 0..10);
    finish(file);
    let mut file = create(&out, &layout());
    write(&mut file, 0..4);
    let marks = file.take_marks().unwrap();
    finish(file);
    let header = Header { duration_ms: 2000.0, ..Header::default() };
    let mut file = ResultFile::resume(&out, &layout(), &header, &marks).unwrap();
    assert!(out.exists(), "the shorter result stays until the longer one is whole");
    write(&mut file, 4..10);
    finish(file);
    assert!(contents(&out) == contents(&whole));
    let file = hdf5::File::open(&out).unwrap();
    assert_eq!(file.attr("duration_ms").unwrap().read_scalar::<f64>().unwrap(), 2000.0);
}

#[test]
fn a_checkpoint_of_another_model_or_without_its_file_is_the_users_error() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out.h5");
    let resume =
        |layout: &Layout, marks: &Marks| ResultFile::resume(&out, layout, &Header::default(), marks).err().unwrap();
    let refused = resume(&layout(), &Marks::default());
    assert!(matches!(&refused, ResultError::Input(m) if m.contains("out.h5.part")), "{refused}");
    // Only what a checkpoint refers to stays.
    let (mut marks, part) = (Marks::default(), folder.path().join("out.h5.part"));
    for kept in [false, true] {
        let mut file = create(&out, &layout());
        write(&mut file, 0..2);
        marks = file.take_marks().unwrap();
        if kept {
            file.keep();
        }
        drop(file);
        assert_eq!(part.exists(), kept);
    }
    let mut other = layout();
    other.spikes.pop();
    assert!(matches!(resume(&other, &marks), ResultError::Input(_)));
    marks.spikes[0].rows += 100_000;
    let refused = resume(&layout(), &marks);
    assert!(matches!(&refused, ResultError::Input(m) if m.contains("fewer than")), "{refused}");
}

#[test]
fn a_part_that_is_empty_or_damaged_does_not_win_over_a_whole_result() {
    let folder = tempfile::tempdir().unwrap();
    let (whole, out, part) = (folder.path().join("a.h5"), folder.path().join("b.h5"), folder.path().join("b.h5.part"));
    let mut file = create(&whole, &layout());
    write(&mut file, 0..10);
    finish(file);
    let mut file = create(&out, &layout());
    write(&mut file, 0..6);
    let marks = file.take_marks().unwrap();
    finish(file);
    let stopped = fs::read(&out).unwrap();
    for (damaged, told) in [(&stopped[..0], false), (&stopped[..stopped.len() / 2], true)] {
        fs::write(&out, &stopped).unwrap();
        fs::write(&part, damaged).unwrap();
        let mut file = ResultFile::resume(&out, &layout(), &Header::default(), &marks).unwrap();
        assert_eq!(file.note().is_some_and(|note| note.contains("b.h5.part") && note.contains("goes on")), told);
        write(&mut file, 6..10);
        finish(file);
        assert!(contents(&out) == contents(&whole));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }
    // An empty one alone is nothing, and does not stay.
    fs::write(&part, "").unwrap();
    fs::remove_file(&out).unwrap();
    let refused = ResultFile::resume(&out, &layout(), &Header::default(), &marks).err().unwrap();
    assert!(matches!(&refused, ResultError::Input(m) if m.contains("neither")) && !part.exists(), "{refused}");
}

#[test]
fn the_output_of_another_run_is_refused_and_stays_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let (out, part) = (folder.path().join("b.h5"), folder.path().join("b.h5.part"));
    let header = |seed: u64| Header { model_hash: format!("{seed:016x}"), seed, ..Header::default() };
    let mut file = ResultFile::create(&out, &layout(), &header(2), true).unwrap();
    write(&mut file, 0..6);
    let marks = file.take_marks().unwrap();
    finish(file);
    let refuse = |path: &Path| {
        let before = fs::read(path).unwrap();
        let refused = ResultFile::resume(&out, &layout(), &header(1), &marks).err().unwrap();
        let named = |m: &String| m.contains("another run") && m.contains("seed 2") && m.contains("seed 1");
        assert!(matches!(&refused, ResultError::Input(m) if named(m)), "{refused}");
        assert!(fs::read(path).unwrap() == before && fs::read_dir(folder.path()).unwrap().count() == 1);
    };
    refuse(&out);
    fs::rename(&out, &part).unwrap();
    refuse(&part);
}

#[test]
fn who_waited_for_a_run_that_ended_goes_on_with_its_result() {
    let folder = tempfile::tempdir().unwrap();
    let (whole, out) = (folder.path().join("a.h5"), folder.path().join("b.h5"));
    let mut file = create(&whole, &layout());
    write(&mut file, 0..10);
    finish(file);
    let mut first = create(&out, &layout());
    write(&mut first, 0..4);
    let marks = first.take_marks().unwrap();
    write(&mut first, 4..7);
    std::thread::scope(|scope| {
        let second = scope.spawn(|| {
            let mut file = ResultFile::resume(&out, &layout(), &Header::default(), &marks).unwrap();
            write(&mut file, 4..10);
            finish(file);
        });
        std::thread::sleep(std::time::Duration::from_millis(60));
        finish(first);
        second.join().unwrap();
    });
    assert!(contents(&out) == contents(&whole));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
}
