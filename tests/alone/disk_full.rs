//! A full disk ends a command with a message and leaves no file that looks whole, or the one that was there.
//!
//! A program of its own: a file that can't be flushed is never closed, so it stays among the open ones of the HDF5 library, and another
//! file's links may not be removable in that process any more (H5Ldelete looks at all of them).

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use memspike::format::result::{Header, ResultFile};
use memspike::record::{Chunk, Layout, PopulationLayout, Sink, SinkError};
use serde_json::Map;

/// A file system in memory of a given size; unmounted at the end.
struct Small(PathBuf, #[allow(dead_code)] tempfile::TempDir);

impl Small {
    fn mount(size: &str) -> Option<Small> {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("small");
        std::fs::create_dir(&place).unwrap();
        let options = format!("size={size}");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(&place).output();
        match mounted {
            Ok(output) if output.status.success() => Some(Small(place, folder)),
            other => {
                println!("skipped: a small file system can't be mounted here ({other:?})");
                None
            }
        }
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        // At once, also where a file that can't be closed is open on it.
        drop(Command::new("umount").arg("-l").arg(&self.0).output());
    }
}

fn layout() -> Layout {
    let population = PopulationLayout { name: "E".to_owned(), size: 1 << 30, ..PopulationLayout::default() };
    Layout { populations: vec![population], spikes: vec![0], ..Layout::default() }
}

/// Spikes that compress badly.
fn noise(chunk: u64) -> Chunk {
    let mixed = |i: u64| {
        (chunk * 1000 + i).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(31).wrapping_mul(0xBF58_476D_1CE4_E5B9)
    };
    Chunk::Spikes {
        index: 0,
        times_ms: (0..1000).map(|i| mixed(i) as f64).collect(),
        node_ids: (0..1000).map(|i| mixed(i) >> 34).collect(),
    }
}

fn expect_no_result(out: &Path, message: &str) {
    assert!(message.contains(&out.display().to_string()), "{message}");
    assert!(message.contains("No space left on device"), "{message}");
    assert!(!out.exists(), "nothing looks whole");
    let part = PathBuf::from(format!("{}.part", out.display()));
    assert!(!part.exists(), "the rest would only keep the disk full");
}

#[test]
fn a_disk_that_fills_while_running_ends_the_run_with_a_message() {
    let Some(small) = Small::mount("400k") else { return };
    let out = small.0.join("out.h5");
    let mut file = ResultFile::create(&out, &layout(), &Header::default(), false).unwrap();
    let written: Result<(), SinkError> = (0..10_000).try_for_each(|i| file.write(noise(i)));
    let message = written.expect_err("160 MB don't fit into 400 kB").to_string();
    let again = file.flush().expect_err("still full").to_string();
    assert_eq!(message, again, "a failure is not forgotten");
    drop(file);
    expect_no_result(&out, &message);
}

#[test]
fn a_disk_that_fills_at_the_end_is_noticed_when_finishing() {
    let Some(small) = Small::mount("120k") else { return };
    let out = small.0.join("out.h5");
    let mut file = ResultFile::create(&out, &layout(), &Header::default(), false).unwrap();
    // All of it waits in memory for its chunk to fill, until the file is finished.
    (0..16).for_each(|i| file.write(noise(i)).unwrap());
    let message = file.finish(&Map::new(), true).expect_err("220 kB don't fit into 120 kB").to_string();
    expect_no_result(&out, &message);
}

#[test]
fn a_disk_that_is_full_at_the_start_is_noticed_at_once() {
    let Some(small) = Small::mount("4k") else { return };
    std::fs::write(small.0.join("filler"), vec![1u8; 4096]).unwrap();
    let out = small.0.join("out.h5");
    let message = ResultFile::create(&out, &layout(), &Header::default(), false).err().unwrap().to_string();
    expect_no_result(&out, &message);
}

#[test]
fn a_picture_or_page_that_does_not_fit_leaves_the_old_one() {
    let Some(small) = Small::mount("20k") else { return };
    let recording =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/recordings/mc_maze_trial_748/mc_maze_trial_748.nwb");
    for name in ["a.png", "a.svg", "a.pdf", "a.html"] {
        let out = small.0.join(name);
        std::fs::write(&out, "old").unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_memspike"))
            .args(["raster", "--force", "-o"])
            .args([&out, &recording])
            .output()
            .unwrap();
        let message = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{message}");
        assert!(message.contains("No space left on device") && message.contains(name), "{message}");
        assert_eq!(std::fs::read(&out).unwrap(), b"old");
        assert_eq!(std::fs::read_dir(&small.0).unwrap().count(), 1, "the part is gone");
        std::fs::remove_file(&out).unwrap();
    }
}

fn program(arguments: &[&str], more: &[&Path]) -> Output {
    let command = env!("CARGO_BIN_EXE_memspike");
    Command::new(command).current_dir(env!("CARGO_MANIFEST_DIR")).args(arguments).args(more).output().unwrap()
}

/// Says that no space is left at a file of this name, with exit code 1.
fn expect_full(output: &Output, name: &str) {
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{message}");
    assert!(message.contains("No space left on device") && message.contains(name), "{message}");
}

/// Has a command write on small and larger disks, in place of another file: that one stays until one disk is large enough.
fn expect_whole_or_old(arguments: &[&str], name: &str, check: impl Fn(&Path)) {
    let mut failures = 0;
    for kilobytes in [8, 12, 16, 20, 24, 32, 40, 48, 64, 96, 400] {
        let Some(small) = Small::mount(&format!("{kilobytes}k")) else { return };
        let out = small.0.join(name);
        std::fs::write(&out, "old").unwrap();
        let output = program(arguments, &[&out]);
        assert_eq!(whole_files(&small.0), [name], "{arguments:?} on {kilobytes} kB");
        if output.status.success() {
            check(&out);
        } else {
            failures += 1;
            expect_full(&output, name);
            assert_eq!(std::fs::read(&out).unwrap(), b"old", "{arguments:?} on {kilobytes} kB");
        }
    }
    assert!((1..11).contains(&failures), "{failures} of {arguments:?}");
}

const SPIKES: &str = "tests/data/recordings/sonata_spikes/300_intfire_output_spikes.h5";

#[test]
fn a_converted_recording_is_whole_or_the_old_file_stays() {
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("list.csv");
    let spikes = |path: &Path| {
        assert!(program(&["convert", "--force"], &[path, &list]).status.success(), "{path:?}");
        std::fs::read_to_string(&list).unwrap()
    };
    let expected = spikes(Path::new(SPIKES));
    for name in ["a.nwb", "a.h5", "a.csv", "a.npy"] {
        expect_whole_or_old(&["convert", "--force", SPIKES], name, |out| assert!(spikes(out) == expected, "{name}"));
    }
}

#[test]
fn a_graph_or_a_solved_array_is_whole_or_the_old_file_stays() {
    let graph = ["convert", "--force", "tests/data/nir/chain.toml", "--dt", "0.1ms"];
    expect_whole_or_old(&graph, "a.nir", |out| assert!(program(&["info"], &[out]).status.success()));
    let array = ["crossbar", "--force", "tests/data/crossbar/cells.csv", "--voltages", "1V,0V,1V,0V", "-o"];
    expect_whole_or_old(&array, "a.h5", |out| assert!(std::fs::metadata(out).unwrap().len() > 4096));
}

#[test]
fn a_table_of_statistics_is_whole_or_the_old_file_stays() {
    expect_whole_or_old(&["stats", "--force", SPIKES, "--per-unit", "-o"], "a.csv", |_| {});
}

#[test]
fn a_circuit_is_whole_or_there_is_none_of_it_and_so_is_each_of_its_outputs() {
    let convert = |to: &Path| program(&["convert", "--to", "sonata", "tests/data/nir/chain.toml"], &[to]);
    let mut failures = 0;
    for kilobytes in [4, 16, 32, 48, 64, 72, 80, 400] {
        let Some(small) = Small::mount(&format!("{kilobytes}k")) else { return };
        let output = convert(&small.0.join("circuit"));
        if !output.status.success() {
            failures += 1;
            expect_full(&output, "circuit");
            assert_eq!(whole_files(&small.0), [""; 0]);
        }
    }
    assert!((1..8).contains(&failures), "{failures}");

    let folder = tempfile::tempdir().unwrap();
    assert!(convert(&folder.path().join("circuit")).status.success());
    let config = folder.path().join("circuit/simulation_config.json");
    let text = std::fs::read_to_string(&config).unwrap();
    let Some(small) = Small::mount("4k") else { return };
    std::fs::write(&config, text.replace("$BASE_DIR/output", &small.0.display().to_string())).unwrap();
    let output = program(&["run", "-o"], &[&folder.path().join("a.h5"), &config]);
    expect_full(&output, "spikes.h5");
    assert_eq!(whole_files(&small.0), [""; 0]);
}

#[cfg(unix)]
#[test]
fn a_limit_on_the_size_of_files_is_as_a_full_disk() {
    let folder = tempfile::tempdir().unwrap();
    let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/brunel.toml");
    let run = |name: &str, blocks: u32, more: &str| {
        let run = "exec \"$0\" run --set parameters.order=50 --duration 300ms -o \"$1\" \"$2\"";
        let line = format!("ulimit -f {blocks}; {run} {more}");
        let arguments = [Path::new(env!("CARGO_BIN_EXE_memspike")), &folder.path().join(name), &model];
        Command::new("sh").args(["-c", &line]).args(arguments).output().unwrap()
    };
    let output = run("a.h5", 100, "");
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{message}");
    assert!(message.contains("File too large") && message.contains("a.h5"), "{message}");
    assert_eq!(whole_files(folder.path()), [""; 0]);
    assert!(message.contains("no result was kept"), "{message}");
    assert_eq!(run("b.h5", 100_000, "").status.code(), Some(0));
    // What a checkpoint refers to is kept, and that is said.
    let output = run("c.h5", 400, "--checkpoint-every 20ms");
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(message.contains("--resume") && !message.contains("no result"), "{message}");
    assert!(folder.path().join("c.h5.part").is_file() && folder.path().join("c.h5.ckpt").is_file());
}

/// All files of a folder but unfinished ones, which there must be none of.
fn whole_files(folder: &Path) -> Vec<String> {
    let names = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.collect();
    names.sort();
    assert!(!names.iter().any(|name| name.ends_with(".part")), "{names:?}");
    names
}

#[test]
fn a_sweep_for_whose_results_there_is_no_room_keeps_those_that_fit_and_goes_on_later() {
    let Some(small) = Small::mount("2600k") else { return };
    let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/brunel.toml");
    let sweep = |out: &Path| {
        Command::new(env!("CARGO_BIN_EXE_memspike"))
            .args(["sweep", "-P", "seed=1:8", "-j", "2", "--set=parameters.order=50", "--duration", "300ms", "-o"])
            .args([out, &model])
            .output()
            .unwrap()
    };
    let out = small.0.join("out");
    let output = sweep(&out);
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{message}");
    assert!(message.contains("No space left on device"), "{message}");
    let fitted = whole_files(&out);
    let results = fitted.iter().filter(|name| name.ends_with(".h5")).count();
    assert!((1..8).contains(&results), "{fitted:?}");
    let table = std::fs::read_to_string(out.join("sweep.csv")).unwrap();
    assert!((1..=results).contains(&(table.lines().count() - 1)), "{table}");

    let grown = Command::new("mount").args(["-o", "remount,size=16m"]).arg(&small.0).output().unwrap();
    assert!(grown.status.success(), "{grown:?}");
    let output = sweep(&out);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains(&format!("8 runs, of which {results} were there already")), "{said}");
    let elsewhere = tempfile::tempdir().unwrap();
    assert_eq!(sweep(&elsewhere.path().join("out")).status.code(), Some(0));
    let table = |folder: &Path| std::fs::read_to_string(folder.join("sweep.csv")).unwrap();
    assert_eq!(table(&out), table(&elsewhere.path().join("out")));
}
