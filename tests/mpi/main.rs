//! The program over MPI (`make test-mpi`): any number of ranks gives the bytes of threads alone, and all ranks end as one.
//!
//! `tests/it/engine_ranks.rs` tests the same laws of the engine without MPI; here are the messages, the command line, signals.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// A model with everything that could depend on how it is shared out.
const RICH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/engine/rich.toml");

/// Ranks and threads of each.
const SHAPES: [(usize, usize); 5] = [(1, 2), (2, 1), (2, 2), (4, 1), (4, 2)];

/// `memspike` alone.
fn alone(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_memspike")).args(args).current_dir(folder).stdin(Stdio::null()).output().unwrap()
}

/// `memspike` on ranks, each of which leaves its process id in `pid.<rank>`.
fn mpirun(folder: &Path, ranks: usize, args: &[&str]) -> Command {
    let mut command = Command::new("mpirun");
    command.args(["-n", &ranks.to_string(), "--oversubscribe", "--bind-to", "none"]);
    // More ranks than processors must not spin. When mpirun is to stop, it ends what is left after this many seconds.
    command.args(["--mca", "mpi_yield_when_idle", "1", "--mca", "odls_base_sigkill_timeout", "3"]);
    command.args([
        "sh",
        "-c",
        "echo $$ > pid.$OMPI_COMM_WORLD_RANK; exec \"$0\" \"$@\"",
        env!("CARGO_BIN_EXE_memspike"),
    ]);
    command.args(args).current_dir(folder).stdin(Stdio::null());
    // Containers run as root.
    command.env("OMPI_ALLOW_RUN_AS_ROOT", "1").env("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1");
    command
}

fn on_ranks(folder: &Path, ranks: usize, args: &[&str]) -> Output {
    mpirun(folder, ranks, args).output().expect("mpirun starts; install openmpi-bin")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The figures of a run that ended well.
fn figures(output: &Output) -> serde_json::Value {
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|e| panic!("{e}: one object, from one rank: {}", text(&output.stdout)))
}

/// All datasets under a group, by path, as bits.
fn datasets(group: &hdf5::Group, path: &str, all: &mut Vec<(String, Vec<u64>)>) {
    for name in group.member_names().unwrap() {
        let path = format!("{path}/{name}");
        if let Ok(inner) = group.group(&name) {
            datasets(&inner, &path, all);
        } else {
            let dataset = group.dataset(&name).unwrap();
            let real = dataset.dtype().unwrap().is::<f64>() || dataset.dtype().unwrap().is::<f32>();
            let bits = match real {
                true => dataset.read_raw::<f64>().unwrap().into_iter().map(f64::to_bits).collect(),
                false => dataset.read_raw::<u64>().unwrap(),
            };
            all.push((path, bits));
        }
    }
}

/// What a result holds under /spikes, /state and /weights, and of what was drawn.
fn contents(path: &Path) -> Vec<(String, Vec<u64>)> {
    let file = hdf5::File::open(path).unwrap();
    let mut all = Vec::new();
    for name in ["spikes", "state", "weights", "populations", "projections"] {
        if !file.link_exists(name) {
            continue;
        }
        datasets(&file.group(name).unwrap(), name, &mut all);
    }
    assert!(all.iter().filter(|(_, bits)| bits.len() > 20).count() > 10, "the model says little");
    all
}

/// Panics with the first difference, not with all the bytes.
fn assert_same(a: &Path, b: &Path, what: &str) {
    let (a, b) = (contents(a), contents(b));
    assert_eq!(a.iter().map(|d| &d.0).collect::<Vec<_>>(), b.iter().map(|d| &d.0).collect::<Vec<_>>(), "{what}");
    for ((name, x), (_, y)) in a.iter().zip(&b) {
        assert!(x == y, "{what}: {name} differs ({} and {} numbers)", x.len(), y.len());
    }
}

/// What may differ between runs: wall time, memory, and who ran.
fn without_costs(mut figures: serde_json::Value) -> serde_json::Value {
    let costs = ["build_s", "sim_s", "realtime_factor", "peak_rss_mib", "threads", "ranks"];
    costs.iter().for_each(|key| drop(figures.as_object_mut().unwrap().remove(*key)));
    figures
}

#[test]
fn ranks_and_threads_give_the_bytes_of_one_thread() {
    let folder = tempfile::tempdir().unwrap();
    for (engine, precision) in [("event", "double"), ("grid", "single"), ("event", "single"), ("grid", "double")] {
        let precision = format!("simulation.precision={precision}");
        let run = ["run", RICH, "--json", "--force", "--engine", engine, "--set", &precision];
        let run = [&run[..], &["--set", "record.parameters=true"]].concat();
        let args = |out: &'static str, threads: &'static str| [&run[..], &["-o", out, "--threads", threads]].concat();
        let one = figures(&alone(folder.path(), &args("one.h5", "1")));
        assert_eq!((&one["ranks"], &one["threads"]), (&1.into(), &1.into()));
        for (ranks, threads) in SHAPES {
            let what = format!("{engine} {precision}, {ranks} ranks of {threads}");
            let many = on_ranks(folder.path(), ranks, &args("many.h5", if threads == 1 { "1" } else { "2" }));
            let many = figures(&many);
            assert_eq!((&many["ranks"], &many["threads"]), (&ranks.into(), &threads.into()), "{what}");
            assert_eq!(without_costs(many), without_costs(one.clone()), "{what}");
            assert_same(&folder.path().join("one.h5"), &folder.path().join("many.h5"), &what);
        }
        let drawn = contents(&folder.path().join("one.h5"));
        let is_of_devices = |(path, bits): &&(String, Vec<u64>)| path.starts_with("projections/") && bits.len() > 20;
        assert!(drawn.iter().filter(is_of_devices).count() > 3, "{drawn:?}");
    }
}

#[test]
fn a_checkpoint_of_some_ranks_is_gone_on_with_by_others() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    for engine in ["event", "grid"] {
        figures(&alone(folder.path(), &["run", RICH, "-o", "whole.h5", "--engine", engine, "--json", "--force"]));
        let leg = ["run", RICH, "-o", "a.h5", "--engine", engine, "--json", "--force", "--checkpoint-every", "3.3 ms"];
        let threads = |n: &'static str| ["--threads", n];
        figures(&on_ranks(folder.path(), 2, &[&leg[..], &["--duration", "13 ms"], &threads("2")].concat()));
        let on = [&leg[..], &["--resume", "a.h5.ckpt"]].concat();
        figures(&on_ranks(folder.path(), 4, &[&on[..], &["--duration", "29 ms"], &threads("1")].concat()));
        figures(&alone(folder.path(), &[&on[..], &["--duration", "32 ms"], &threads("2")].concat()));
        figures(&on_ranks(folder.path(), 3, &[&on[..], &threads("1")].concat()));
        assert_same(&at("whole.h5"), &at("a.h5"), engine);
    }
}

/// Waits until all ranks simulate: a checkpoint is there.
fn under_way(running: &mut Child, checkpoint: &Path) {
    let begin = Instant::now();
    while !checkpoint.exists() {
        assert!(begin.elapsed() < Duration::from_secs(60), "no checkpoint");
        assert!(running.try_wait().unwrap().is_none(), "it has ended");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_signal_to_any_rank_or_to_mpirun_stops_all_and_keeps_what_was_simulated() {
    for to_mpirun in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("a.h5");
        // Far longer than the test waits.
        let args = ["run", RICH, "-o", "a.h5", "--duration", "10000 s", "--checkpoint-every", "1 s"];
        let sets = ["--threads", "1", "--set", "record.state=[]", "--set", "record.weights=[]", "--engine", "grid"];
        let mut running = mpirun(folder.path(), 3, &[&args[..], &sets].concat())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        under_way(&mut running, &folder.path().join("a.h5.ckpt"));
        let (signal, process) = if to_mpirun {
            ("-TERM", running.id().to_string())
        } else {
            ("-INT", std::fs::read_to_string(folder.path().join("pid.1")).unwrap().trim().to_string())
        };
        assert!(Command::new("kill").args([signal, &process]).status().unwrap().success());
        let output = running.wait_with_output().unwrap();
        let said = text(&output.stderr);
        if !to_mpirun {
            assert_eq!(output.status.code(), Some(130), "{said}");
        }
        assert_eq!(said.matches("what was simulated is kept.\n").count(), 1, "{said}");
        let kept = memspike::format::read(&out).unwrap();
        assert!(kept.spikes.len() > 100, "{} spikes", kept.spikes.len());
        assert!(kept.notes.iter().any(|note| note.contains("interrupted")), "{:?}", kept.notes);
        assert!(!folder.path().join("a.h5.part").exists());
    }
}

#[test]
fn what_is_wrong_is_said_once_with_the_exit_code_of_one_process() {
    let folder = tempfile::tempdir().unwrap();
    let ends = |code: i32, args: &[&str], words: &str| {
        let output = on_ranks(folder.path(), 3, args);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{said}");
        assert!(output.stdout.is_empty() || !text(&output.stdout).contains("neurons"), "{}", text(&output.stdout));
        assert_eq!(said.lines().filter(|line| line.starts_with("error:")).count(), 1, "{said}");
        assert!(said.contains(words), "{said}");
    };
    ends(2, &["run", "missing.toml"], "missing.toml");
    ends(2, &["run", RICH, "--set", "simulation.durations=\"1 s\""], "durations");
    ends(2, &["run", RICH, "-o", "no/such/folder.h5"], "mkdir -p");
    std::fs::create_dir(folder.path().join("b.h5.ckpt")).unwrap();
    ends(2, &["run", RICH, "-o", "b.h5", "--checkpoint-every", "7 ms"], "b.h5.ckpt can't be written");
    // The first rank can't write, in the middle of the run.
    std::os::unix::fs::symlink("/dev/full", folder.path().join("a.h5.ckpt")).unwrap();
    ends(1, &["run", RICH, "-o", "a.h5", "--checkpoint-every", "7 ms"], "can't write the checkpoint");
    assert!(!folder.path().join("a.h5").exists());
}

#[test]
fn a_rank_that_is_killed_ends_all() {
    let folder = tempfile::tempdir().unwrap();
    let args = ["run", RICH, "-o", "a.h5", "--duration", "10000 s", "--checkpoint-every", "1 s", "--engine", "grid"];
    let sets = ["--threads", "1", "--set", "record.state=[]", "--set", "record.weights=[]"];
    let mut running = mpirun(folder.path(), 2, &[&args[..], &sets].concat()).stderr(Stdio::piped()).spawn().unwrap();
    under_way(&mut running, &folder.path().join("a.h5.ckpt"));
    let process: PathBuf = folder.path().join("pid.1");
    let process = std::fs::read_to_string(process).unwrap();
    assert!(Command::new("kill").args(["-KILL", process.trim()]).status().unwrap().success());
    let output = running.wait_with_output().unwrap();
    assert!(!output.status.success());
    assert!(!folder.path().join("a.h5").exists(), "nothing looks whole");
}
