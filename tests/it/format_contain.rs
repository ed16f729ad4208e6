//! HDF5 in a process of its own: the same recordings, and an error where the library would crash, loop or eat the machine.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use memspike::format::contain::{Contained, Limits};
use memspike::format::{self, Fault};

use crate::cli::{bad, command, good, memspike, root, workplace};

/// The program's own readers.
pub fn contained(limits: Limits) -> Contained {
    Contained::of_program(env!("CARGO_BIN_EXE_memspike")).with_limits(limits)
}

/// Short limits, for small files.
pub fn tight() -> Limits {
    Limits { memory: 256 << 20, seconds: 3, ..Limits::default() }
}

fn samples(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { samples(&path, out) } else { out.push(path) }
    }
}

#[test]
fn every_sample_is_the_same_read_here_or_in_another_process() {
    let mut paths = Vec::new();
    samples(&root().join("tests/data/recordings"), &mut paths);
    let reader = contained(Limits::default());
    let mut read = 0;
    for path in paths {
        match (format::read_here(&path), reader.read(&path)) {
            (Ok(here), Ok(there)) => {
                // Debug text: NaN is equal to itself in it.
                assert_eq!(format!("{here:?}"), format!("{there:?}"), "{}", path.display());
                read += 1;
            }
            (Err(here), Err(there)) => assert_eq!(here, there),
            (here, there) => panic!("{}: {:?} {:?}", path.display(), here.err(), there.err()),
        }
    }
    assert!(read > 40, "{read}");
}

#[test]
fn any_name_reaches_the_other_process() {
    use std::os::unix::ffi::OsStrExt;
    let folder = tempfile::tempdir().unwrap();
    let named = |name: &[u8]| {
        let path = folder.path().join(std::ffi::OsStr::from_bytes(name));
        fs::copy(root().join("tests/data/recordings/sonata_spikes/pysonata_one_pop.h5"), &path).unwrap();
        contained(tight()).read(&path)
    };
    assert!(!named("-é '\n\".h5".as_bytes()).unwrap().spikes.is_empty());
    assert!(named(b"a\xff.h5").unwrap_err().to_string().contains("rename it"));
}

#[test]
fn a_heap_on_which_the_library_loops_for_ever_is_an_error_after_its_time() {
    let path = root().join("tests/data/damaged/endless_heap.h5");
    let error = contained(tight()).read(&path).unwrap_err();
    assert_eq!(error.fault, Fault::Endless, "{error}");
    let message = error.to_string();
    for part in ["endless_heap.h5: ", "3 s of processor time", "damaged", "--trust"] {
        assert!(message.contains(part), "{part}: {message}");
    }
}

#[test]
fn lengths_that_are_only_claimed_take_no_memory_and_are_an_error() {
    for name in ["claimed_row.h5", "claimed_strings.h5"] {
        let path = root().join("tests/data/damaged").join(name);
        let error = contained(tight()).read(&path).unwrap_err();
        assert!(error.to_string().contains("damaged"), "{error}");
    }
}

#[test]
fn a_program_that_is_not_there_is_an_error_with_a_remedy() {
    let path = root().join("tests/data/recordings/sonata_spikes/pysonata_one_pop.h5");
    let error = Contained::of_program("/nowhere/memspike").read(&path).unwrap_err();
    assert_eq!(error.fault, Fault::NotContained);
    assert!(error.to_string().contains("--trust"), "{error}");
    // One that answers something else.
    let error = Contained::of_program("/bin/echo").read(&path).unwrap_err();
    assert!(error.to_string().contains("impossible answer") && error.fault == Fault::Damaged, "{error}");
    let error = Contained::of_program("/bin/false").read(&path).unwrap_err();
    assert!(error.to_string().contains("the code 1") && error.fault == Fault::NotContained, "{error}");
}

#[test]
fn a_file_that_is_no_hdf5_needs_no_process() {
    let nowhere = Contained::of_program("/nowhere/memspike");
    let csv = root().join("tests/data/recordings/mc_maze_trial_748/trial_748_first_second.csv");
    assert!(nowhere.read(&csv).is_ok());
    assert_eq!(nowhere.read(Path::new("/nowhere/a.nwb")).unwrap_err().fault, Fault::Missing);
}

#[test]
fn every_command_contains_what_it_reads_and_trust_does_not() {
    let folder = workplace();
    let file = "tests/data/damaged/endless_heap.h5";
    good(&memspike(folder.path(), &["info", "session.nwb"]));
    good(&memspike(folder.path(), &["info", "session.nwb", "--trust"]));
    // The process that reads goes when the one that asked goes: the pipe to it closes.
    let mut child = command(folder.path()).args(["info", file]).spawn().unwrap();
    let mut reader = Vec::new();
    for _ in 0..200 {
        reader = children(child.id());
        if !reader.is_empty() {
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(reader.len(), 1, "one process reads");
    // Its limits follow from the file's size; it sets them before it opens the file.
    let limits = ["Max cpu time 10 12", "Max file size 0 0", "Max core file size 0 0", "Max address space "];
    let mut told = String::new();
    for _ in 0..200 {
        let all = fs::read_to_string(format!("/proc/{}/limits", reader[0])).unwrap();
        told = all.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ") + "\n").collect();
        if limits.iter().all(|limit| told.contains(limit)) && !told.contains("Max address space unlimited") {
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    limits.iter().for_each(|limit| assert!(told.contains(limit), "{limit}: {told}"));
    let memory = told.lines().find_map(|line| line.strip_prefix("Max address space ")?.split(' ').next()?.parse().ok());
    assert!(memory.is_some_and(|bytes: u64| (1 << 30..3 << 30).contains(&bytes)), "{memory:?}");
    child.kill().unwrap();
    child.wait().unwrap();
    let gone = |pid: &u32| !Path::new(&format!("/proc/{pid}")).exists() || zombie(*pid);
    for _ in 0..100 {
        if reader.iter().all(gone) {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("{reader:?} still run");
}

/// The processes that `parent` started.
fn children(parent: u32) -> Vec<u32> {
    let list = fs::read_to_string(format!("/proc/{parent}/task/{parent}/children")).unwrap_or_default();
    list.split_whitespace().map(|pid| pid.parse().unwrap()).collect()
}

fn zombie(pid: u32) -> bool {
    fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| stat.contains(") Z "))
}

#[test]
fn networks_graphs_and_tables_are_the_same_read_here_or_in_another_process() {
    let folder = workplace();
    let write = |name: &str, sets: &[(&str, &[f64])]| {
        let file = hdf5::File::create(folder.path().join(name)).unwrap();
        for (name, numbers) in sets {
            let group = name.rsplit_once('/').map(|(group, _)| group);
            if let Some(group) = group.filter(|group| !file.link_exists(group)) {
                file.create_group(group).unwrap();
            }
            file.new_dataset::<f64>().shape(numbers.len()).create(*name).unwrap().write_raw(numbers).unwrap();
        }
    };
    write("cells.h5", &[("conductances", &[1e-5, 2e-5, 3e-5])]);
    write("weights.h5", &[("w/all", &[1.0, 2.0, 3.0])]);
    let edges = [("edges/e/source_node_id", &[0.0, 2.0][..]), ("edges/e/target_node_id", &[1.0, 0.0])];
    write(
        "edges.h5",
        &[&edges[..], &[("edges/e/0/syn_weight", &[5.0, 6.0]), ("edges/e/0/delay", &[1.0, 2.0])]].concat(),
    );
    let model = |line: &str| {
        format!(
            "simulation.duration = '10 ms'\n[population.A]\nsize = 3\nneuron = 'lif_exp'\n\
             [projection.p]\nsource = 'A'\ntarget = 'A'\n{line}\n"
        )
    };
    let values = "connect = 'one_to_one'\nweight = { file = 'weights.h5', dataset = 'w/all', unit = 'pA' }";
    fs::write(folder.path().join("values.toml"), model(values)).unwrap();
    fs::write(folder.path().join("pairs.toml"), model("connect.file = { path = 'edges.h5' }")).unwrap();
    for args in [
        &["info", "tests/data/nir/lif_norse.nir", "--json"][..],
        &["info", "tests/data/nir/cnn_sinabs.nir", "--json"],
        &["info", "tests/data/nir/nested.nir"],
        &["info", "tests/data/nir/braille_noDelay_bias_zero.nir"],
        &["check", "tests/data/sonata_300/circuit_config.json", "--json"],
        &["check", "values.toml"],
        &["check", "pairs.toml"],
        &["crossbar", "cells.h5", "--voltages", "0.1V", "--json"],
    ] {
        let told = |args: &[&str]| {
            let text = good(&memspike(folder.path(), args));
            // Neither how long it takes nor how much memory the process has is of the file.
            let of_file = |line: &&str| !["solve_s", "\"bytes\"", " of memory"].iter().any(|word| line.contains(word));
            text.lines().filter(of_file).collect::<Vec<_>>().join("\n")
        };
        assert_eq!(told(args), told(&[args, &["--trust"]].concat()), "{args:?}");
    }
}

/// So much longer than it says, a file is one of those that are read in pieces. Nothing is written for it.
fn lengthen(path: &Path) {
    fs::File::options().write(true).open(path).unwrap().set_len(300 << 20).unwrap();
}

/// Every command with every way to read HDF5: a debug build ends with a panic where the library is met in the program's own process.
#[test]
fn no_command_opens_hdf5_in_its_own_process() {
    let folder = workplace();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    let run = |args: &[&str]| good(&memspike(folder.path(), args));
    {
        let file = hdf5::File::create(folder.path().join("cells.h5")).unwrap();
        file.new_dataset::<f64>().shape(3).create("conductances").unwrap().write_raw(&[1e-5, 2e-5, 3e-5]).unwrap();
    }
    run(&["replay", "session.nwb", "-o", "a.h5", "--threads", "1"]);
    run(&["run", "tests/fuzz/small.toml", "-o", "b.h5", "--threads", "1", "--checkpoint-every", "5ms"]);
    run(&["run", "tests/fuzz/small.toml", "--resume", "b.h5.ckpt"]);
    write("one.csv", "time_s,unit\n0.0005,0\n");
    run(&["convert", "one.csv", "one.h5"]);
    write("base.toml", "extends = 'models/replay.toml'\npopulation.recorded.source.recording.file = 'session.nwb'\n");
    fs::copy(folder.path().join("session.nwb"), folder.path().join("large.nwb")).unwrap();
    fs::copy(folder.path().join("a.h5"), folder.path().join("large.h5")).unwrap();
    ["large.nwb", "large.h5"].iter().for_each(|name| lengthen(&folder.path().join(name)));
    for args in [
        &["info", "session.nwb"][..],
        &["info", "b.h5"],
        &["convert", "session.nwb", "c.csv"],
        &["convert", "a.h5", "c.nwb"],
        &[
            "convert",
            "tests/data/sonata_300/circuit_config.json",
            "c",
            "--to",
            "sonata",
            "--set",
            "simulation.duration='5 ms'",
        ],
        &["raster", "session.nwb", "-o", "1.png"],
        &["raster", "large.h5", "-o", "2.png"],
        &["raster", "large.nwb", "-o", "3.png"],
        &["raster", "large.h5", "-o", "4.html"],
        &["raster", "large.h5"],
        &["raster", "session.nwb", "-o", "5.png", "--align-to", "trials"],
        &["plot", "rates", "large.h5", "-o", "6.png"],
        &["plot", "weights", "a.h5", "-o", "7.png", "--projection", "recorded_to_E"],
        &["plot", "traces", "a.h5", "-o", "8.png"],
        &["plot", "energy", "a.h5", "-o", "9.png"],
        &["stats", "large.nwb"],
        &["stats", "large.h5"],
        &["diff", "a.h5", "large.h5"],
        &["replay", "large.nwb", "-o", "d.h5", "--buffer", "64kB", "--duration", "100ms"],
        &["check", "base.toml"],
        &["run", "c/simulation_config.json"],
        &["run", "tests/data/nir/lif_norse.nir", "--input", "one.h5", "--dt", "0.1ms", "--duration", "1ms"],
        &["crossbar", "cells.h5", "--voltages", "0.1V"],
    ] {
        run(args);
    }
}

#[test]
fn rasters_of_large_files_are_the_same_whoever_reads_them() {
    let folder = workplace();
    good(&memspike(folder.path(), &["replay", "session.nwb", "-o", "large.h5", "--threads", "1"]));
    fs::rename(folder.path().join("session.nwb"), folder.path().join("large.nwb")).unwrap();
    for name in ["large.h5", "large.nwb"] {
        let draw = |extra: &[&str]| {
            good(&memspike(folder.path(), &[&["raster", name, "-o", "a.png", "--force"], extra].concat()));
            fs::read(folder.path().join("a.png")).unwrap()
        };
        let whole = draw(&[]);
        lengthen(&folder.path().join(name));
        assert!(whole == draw(&[]) && whole == draw(&["--trust"]), "{name}: another picture");
    }
    // Damage in what is read later is the file's, and an error.
    let path = folder.path().join("large.h5");
    let place = {
        let file = hdf5::File::open(&path).unwrap();
        let spikes = file.group("spikes").unwrap();
        let name = spikes.member_names().unwrap().remove(0);
        format!("spikes/{name}/node_ids")
    };
    crate::unlocked::open_rw(&path).dataset(&place).unwrap().write_slice(&[1u64 << 40], 5..6).unwrap();
    lengthen(&path);
    let error = bad(&memspike(folder.path(), &["raster", "large.h5", "-o", "b.png"]), 2);
    assert!(error.contains("entry 5 is 1099511627776, none of the population's"), "{error}");
}

#[test]
fn damage_in_earlier_output_is_met_by_another_process_before_a_run_goes_on_with_it() {
    let folder = workplace();
    let run =
        |more: &[&str]| memspike(folder.path(), &[&["run", "tests/fuzz/small.toml", "--threads", "1"], more].concat());
    good(&run(&["-o", "a.h5", "--checkpoint-every", "5ms"]));
    let path = folder.path().join("a.h5");
    let whole = fs::read(&path).unwrap();
    // Where the library looks up the parts of a dataset.
    let trees: Vec<usize> = (0..whole.len() - 4).filter(|at| whole[*at..].starts_with(b"TREE")).collect();
    assert!(trees.len() > 2, "{trees:?}");
    for at in trees {
        let mut damaged = whole.clone();
        damaged[at + 32..at + 96].fill(0xfe);
        fs::write(&path, damaged).unwrap();
        let error = bad(&run(&["--resume", "a.h5.ckpt"]), 2);
        for part in ["a.h5", "damaged", "It can't be resumed; start the run again without --resume"] {
            assert!(error.contains(part), "{at} {part}: {error}");
        }
        assert!(!folder.path().join("a.h5.part").exists(), "{at}");
    }
    // A part that was damaged does not win over the whole.
    fs::write(folder.path().join("a.h5.part"), &whole[..whole.len() / 2]).unwrap();
    fs::write(&path, &whole).unwrap();
    let output = run(&["--resume", "a.h5.ckpt"]);
    good(&output);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("a.h5.part") && said.contains("the run goes on with a.h5"), "{said}");
}

#[test]
fn the_hidden_command_says_nothing_that_it_was_not_asked() {
    let folder = workplace();
    for args in [&["read-for-parent"][..], &["read-for-parent", "nothing", "1", "1", "session.nwb", "null"]] {
        assert_eq!(memspike(folder.path(), args).status.code(), Some(2));
    }
    assert!(bad(&memspike(folder.path(), &["info", "nowhere.nwb"]), 2).contains("no such file"));
}
