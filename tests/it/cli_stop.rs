//! Ctrl-C, checkpoints and going on.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::cli::{bad, command, good, memspike, workplace};

/// Bits of all spikes of a result.
fn spikes(path: &Path) -> Vec<(u64, u32)> {
    let table = memspike::format::read(path).unwrap().spikes;
    table.times.iter().map(|t| t.to_bits()).zip(table.units).collect()
}

/// Waits for it, a minute at most.
fn wait_until(holds: impl Fn() -> bool) {
    let begin = Instant::now();
    while !holds() && begin.elapsed() < Duration::from_secs(60) {
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn ctrl_c_keeps_what_was_simulated() {
    let folder = workplace();
    // In real time, so that it is under way for 3 s on any machine.
    let args = ["replay", "session.nwb", "-o", "a.h5", "--speed", "0.5", "--json"];
    let child = command(folder.path())
        .args(args)
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    wait_until(|| folder.path().join("a.h5.part").exists());
    std::thread::sleep(Duration::from_millis(1500));
    let kill = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(kill.success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(!folder.path().join("a.h5.part").exists());
    let kept = memspike::format::read(&folder.path().join("a.h5")).unwrap();
    let (spikes, last) = (kept.spikes.len(), kept.spikes.times.last().copied().unwrap_or_default());
    assert!(spikes > 0 && last < 3.2, "{spikes} spikes up to {last} s");
    assert!(kept.notes.iter().any(|note| note.contains("interrupted")), "{:?}", kept.notes);
}

#[test]
fn a_run_that_waited_for_another_does_not_take_the_place_of_its_result() {
    let folder = workplace();
    // In real time: it ends while the second one waits.
    let mut first = command(folder.path())
        .args(["replay", "session.nwb", "-o", "a.h5", "--speed", "1.2"])
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    wait_until(|| folder.path().join("a.h5.part").exists());
    let said = bad(&memspike(folder.path(), &["replay", "session.nwb", "-o", "a.h5", "--seed", "9"]), 2);
    assert!(said.contains("exists already") || said.contains("another run is writing it"), "{said}");
    assert!(first.wait().unwrap().success());
    assert!(!folder.path().join("a.h5.part").exists());
    let seed = memspike::format::read(&folder.path().join("a.h5")).unwrap().about;
    assert!(seed.contains(&("seed".to_string(), "1".to_string())), "{seed:?}");
}

#[cfg(target_os = "linux")]
#[test]
fn ctrl_c_ends_a_run_that_waits_for_another_at_once() {
    let folder = workplace();
    let part = folder.path().join("a.h5.part");
    // As another run holds it.
    let held = std::fs::File::create(&part).unwrap();
    held.lock().unwrap();
    let child = command(folder.path())
        .args(["replay", "session.nwb", "-o", "a.h5"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let opened = format!("/proc/{}/fd", child.id());
    // Since it has the file open, it has come to wait for it.
    let waits = || {
        let files = std::fs::read_dir(&opened).into_iter().flatten().flatten();
        files.filter_map(|file| std::fs::read_link(file.path()).ok()).any(|file| file.ends_with("a.h5.part"))
    };
    wait_until(waits);
    let kill = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(kill.success());
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(130), "{said}");
    assert!(said.contains("before the simulation began") && !said.contains("is kept"), "{said}");
    drop(held);
    assert!(part.exists() && !folder.path().join("a.h5").exists());
}

/// Neurons that nothing connects: no delay ends a window. The solver looks ahead for spikes that never come.
#[test]
fn a_run_without_delays_answers_both_signals_in_both_engines() {
    for (signal, engine, neuron) in [
        ("-INT", "event", "neuron.adex = { i_e = '450 pA' }"),
        ("-TERM", "grid", "neuron.lif_exp = { i_e = '300 pA' }"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let model = format!(
            "simulation = {{ duration = '1000 s', engine = '{engine}' }}\n[population.a]\nsize = 100000\n{neuron}\n"
        );
        std::fs::write(folder.path().join("m.toml"), model).unwrap();
        let mut child = command(folder.path())
            .args(["run", "m.toml", "-o", "a.h5", "--threads", "1"])
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let waiting = |seconds: u64| {
            let begin = Instant::now();
            move || {
                std::thread::sleep(Duration::from_millis(20));
                begin.elapsed() < Duration::from_secs(seconds)
            }
        };
        let begins = waiting(60);
        while !folder.path().join("a.h5.part").exists() && begins() {}
        std::thread::sleep(Duration::from_millis(500));
        let kill = std::process::Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
        assert!(kill.success());
        // A generous while: one look ahead over all neurons took minutes.
        let answers = waiting(40);
        while child.try_wait().unwrap().is_none() {
            if !answers() {
                child.kill().unwrap();
                panic!("{engine}: no answer to {signal}");
            }
        }
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(130), "{engine}: {said}");
        assert!(said.contains("what was simulated is kept"), "{engine}: {said}");
        let kept = memspike::format::read(&folder.path().join("a.h5")).unwrap();
        assert!(kept.notes.iter().any(|note| note.contains("interrupted")), "{engine}: {:?}", kept.notes);
        if engine == "grid" {
            // It ends with a step, not a tick before.
            let run = memspike::format::result::read_run(&folder.path().join("a.h5")).unwrap();
            let seconds = run.figures["duration_s"].as_f64().unwrap();
            assert_eq!(seconds, (seconds * 1e4).round() / 1e4);
        }
    }
}

/// What `nohup` asks for: the end of the terminal is not that of the run.
#[cfg(target_os = "linux")]
#[test]
fn a_hangup_that_is_ignored_stays_so() {
    let folder = tempfile::tempdir().unwrap();
    let model = "simulation.duration = '1000 s'\n[population.a]\nsize = 10000\nneuron.lif_exp = { i_e = '300 pA' }\n";
    std::fs::write(folder.path().join("m.toml"), model).unwrap();
    let child = std::process::Command::new("sh")
        .args(["-c", "trap '' HUP; exec \"$0\" run m.toml -o a.h5 --threads 1", env!("CARGO_BIN_EXE_memspike")])
        .current_dir(folder.path())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let begin = Instant::now();
    while !folder.path().join("a.h5.part").exists() && begin.elapsed() < Duration::from_secs(60) {
        std::thread::sleep(Duration::from_millis(20));
    }
    let kill = |signal: &str| {
        let kill = std::process::Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
        assert!(kill.success());
        std::thread::sleep(Duration::from_millis(500));
    };
    kill("-HUP");
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).unwrap();
    assert_eq!(u64::from_str_radix(ignored.trim(), 16).unwrap() & 1, 1, "{status}");
    kill("-INT");
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(130), "{said}");
    assert_eq!(said.matches("what was simulated is kept").count(), 2, "one signal was heeded: {said}");
}

/// Whether a process has a handler of its own for SIGINT.
fn listens(id: u32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
    caught.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask >> 1 & 1 == 1)
}

#[test]
fn ctrl_c_while_a_network_is_built_ends_at_once_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    // Building it takes much longer than the test waits.
    let model = "simulation.duration = '1 s'\npopulation.a = { size = 60000, neuron = 'lif_exp' }\n\
                 projection.p = { source = 'a', target = 'a', connect.fixed_probability = 0.2, weight = '1 pA' }\n";
    std::fs::write(folder.path().join("m.toml"), model).unwrap();
    let mut child = command(folder.path())
        .args(["run", "m.toml", "-o", "a.h5", "--threads", "1"])
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    wait_until(|| listens(child.id()));
    std::thread::sleep(Duration::from_millis(100));
    let kill = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(kill.success());
    let begin = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if begin.elapsed() > Duration::from_secs(10) {
            child.kill().unwrap();
            panic!("no answer while it is built");
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(130), "{said}");
    assert!(said.contains("nothing was written"), "{said}");
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(left, ["m.toml"]);
}

#[test]
fn a_resumed_run_gives_the_spikes_of_one_without_a_stop() {
    let folder = workplace();
    let at = |name: &str| folder.path().join(name);
    good(&memspike(
        folder.path(),
        &["replay", "session.nwb", "-o", "whole.h5", "--stop", "2283.6 s", "--threads", "1"],
    ));
    // A run to half of it leaves its last checkpoint; the next goes on from there, with other threads.
    let first = ["replay", "session.nwb", "-o", "a.h5", "--stop", "2283.6 s", "--duration", "500 ms"];
    good(&memspike(folder.path(), &[&first[..], &["--checkpoint-every", "200 ms", "--threads", "2"]].concat()));
    assert!(at("a.h5.ckpt").is_file());
    let on = ["replay", "session.nwb", "-o", "a.h5", "--stop", "2283.6 s", "--resume", "a.h5.ckpt", "--threads", "1"];
    good(&memspike(folder.path(), &on));
    let (whole, resumed) = (spikes(&at("whole.h5")), spikes(&at("a.h5")));
    assert!(whole.len() > 100, "{} spikes", whole.len());
    assert!(whole == resumed, "{} spikes against {}", whole.len(), resumed.len());

    let other = bad(&memspike(folder.path(), &[&on[..], &["--seed", "2"]].concat()), 2);
    assert!(other.contains("seed"), "{other}");
    std::fs::write(at("a.h5.ckpt"), "nonsense").unwrap();
    bad(&memspike(folder.path(), &on), 2);
}

/// Not when the first is due, which may be hours later.
#[test]
fn a_checkpoint_that_can_not_be_written_is_told_before_the_run() {
    let folder = workplace();
    let text = "simulation.duration = '20 ms'\npopulation.P = { size = 3, source.poisson.rate = '200 Hz' }\n";
    std::fs::write(folder.path().join("m.toml"), text).unwrap();
    std::fs::create_dir(folder.path().join("a.h5.ckpt")).unwrap();
    // One that a killed run has left is in nobody's way.
    std::fs::write(folder.path().join("b.h5.ckpt.part"), "x").unwrap();
    let run = |out: &str| memspike(folder.path(), &["run", "m.toml", "-o", out, "--checkpoint-every", "1 h"]);
    let before = std::fs::read_dir(folder.path()).unwrap().count();
    for (out, cause) in [("a.h5", "s a directory"), (&format!("{}.h5", "n".repeat(244)), "name too long")] {
        let stderr = bad(&run(out), 2);
        assert!(stderr.contains(&format!("{out}.ckpt can't be written")) && stderr.contains(cause), "{stderr}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), before);
    good(&run("b.h5"));
}

#[test]
fn a_checkpoint_is_refused_once_a_file_that_the_model_reads_has_changed() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let model = "simulation.duration = '100 ms'\npopulation.a = { size = 2, source.poisson = { rate = '50 Hz' } }\n\
                 population.b = { size = 2, neuron = 'lif_exp' }\n\
                 projection.p = { source = 'a', target = 'b', connect.file = { path = 'pairs.csv' } }\n";
    std::fs::write(at("m.toml"), model).unwrap();
    let pairs = |weight: &str| format!("source,target,weight,delay\n0,1,50,1.5\n1,0,{weight},2.5\n");
    std::fs::write(at("pairs.csv"), pairs("60")).unwrap();
    good(&memspike(folder.path(), &["run", "m.toml", "-o", "a.h5", "--checkpoint-every", "40 ms"]));
    let on = ["run", "m.toml", "-o", "a.h5", "--resume", "a.h5.ckpt", "--duration", "200 ms"];
    std::fs::write(at("pairs.csv"), pairs("61")).unwrap();
    let error = bad(&memspike(folder.path(), &on), 2);
    assert!(error.contains("another model or seed, or a file that it reads has changed"), "{error}");
    std::fs::write(at("pairs.csv"), pairs("60")).unwrap();
    good(&memspike(folder.path(), &on));
}

#[test]
fn a_run_goes_on_and_its_model_is_found_from_any_folder() {
    let folder = tempfile::tempdir().unwrap();
    let (at, below) = (|name: &str| folder.path().join(name), folder.path().join("below"));
    std::fs::create_dir(&below).unwrap();
    let model = "simulation.duration = '100 ms'\npopulation.a = { size = 2, source.poisson = { rate = '50 Hz' } }\n\
                 population.b = { size = 2, neuron = 'lif_exp' }\n\
                 projection.p = { source = 'a', target = 'b', connect.file = { path = 'pairs.csv' } }\n";
    std::fs::write(below.join("m.toml"), model).unwrap();
    std::fs::write(below.join("pairs.csv"), "source,target,weight,delay\n0,1,50,1.5\n1,0,60,2.5\n").unwrap();
    good(&memspike(&below, &["run", "m.toml", "-o", "a.h5", "--checkpoint-every", "40 ms"]));
    let text = memspike::format::result::read_run(&below.join("a.h5")).unwrap().model;
    std::fs::write(at("again.toml"), &text).unwrap();
    let again = good(&memspike(folder.path(), &["check", "again.toml", "--resolved"]));
    assert_eq!(again.trim_end(), text.trim_end());
    good(&memspike(
        folder.path(),
        &["run", "below/m.toml", "-o", "below/a.h5", "--resume", "below/a.h5.ckpt", "--duration", "200 ms"],
    ));
}

/// The weights at the end are those at the end of the whole run, and a shorter one is refused with nothing lost.
#[test]
fn a_finished_run_goes_on_to_a_later_end_and_not_to_an_earlier_one() {
    let folder = workplace();
    let at = |name: &str| folder.path().join(name);
    let text = "simulation.duration = '20 ms'
        population.P = { size = 3, source.poisson.rate = '200 Hz' }
        population.Q = { size = 2, neuron = 'lif_delta' }
        projection.p = { source = 'P', target = 'Q', connect = 'all_to_all', weight = '3 mV', w_max = '6 mV', plasticity = 'stdp' }
        [[record.weights]]
        projection = 'p'
        on = 'end'\n";
    std::fs::write(at("m.toml"), text).unwrap();
    good(&memspike(folder.path(), &["run", "m.toml", "-o", "a.h5", "--checkpoint-every", "10 ms"]));
    let before = std::fs::read(at("a.h5")).unwrap();
    let on = ["run", "m.toml", "--resume", "a.h5.ckpt", "--duration"];
    let stderr = bad(&memspike(folder.path(), &[&on[..], &["15 ms"]].concat()), 2);
    assert!(stderr.contains("it stands at 20 ms") && stderr.contains("longer duration"), "{stderr}");
    assert!(before == std::fs::read(at("a.h5")).unwrap());
    let times = || {
        let file = hdf5::File::open(at("a.h5")).unwrap();
        file.dataset("weights/p/snapshots/times").unwrap().read_raw::<f64>().unwrap()
    };
    let ends: Vec<f64> = ["20 ms", "40 ms"]
        .iter()
        .map(|duration| {
            good(&memspike(folder.path(), &[&on[..], &[duration]].concat()));
            let times = times();
            assert_eq!(times.len(), 1, "{times:?}");
            times[0]
        })
        .collect();
    assert!((ends[1] / ends[0] - 2.0).abs() < 1e-9, "{ends:?}");
}

#[test]
fn a_checkpoint_is_refused_once_a_spike_of_the_recording_has_changed() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let model = "population.rec = { source.recording = {} }\npopulation.out = { size = 2, neuron = 'lif_exp' }\n\
                 projection.p = { source = 'rec', target = 'out', connect = 'one_to_one', weight = '50 pA' }\n";
    std::fs::write(at("m.toml"), model).unwrap();
    // Its units, first and last spike stay.
    let recording = |middle: &str| format!("time_s,unit\n0,0\n0.02,1\n{middle},1\n0.1,0\n");
    std::fs::write(at("r.csv"), recording("0.06")).unwrap();
    let first = ["replay", "r.csv", "--model", "m.toml", "-o", "a.h5"];
    good(&memspike(folder.path(), &[&first[..], &["--checkpoint-every", "40 ms"]].concat()));
    let on = [&first[..], &["--resume", "a.h5.ckpt"]].concat();
    std::fs::write(at("r.csv"), recording("0.07")).unwrap();
    let error = bad(&memspike(folder.path(), &on), 2);
    assert!(error.contains("another model or seed, or a file that it reads has changed"), "{error}");
    std::fs::write(at("r.csv"), recording("0.06")).unwrap();
    // However it is read.
    good(&memspike(folder.path(), &[&on[..], &["--buffer", "1B"]].concat()));
}

#[test]
fn a_slow_run_is_stopped_while_it_waits_for_the_clock_and_goes_on_without_a_name_for_its_output() {
    let folder = workplace();
    // A window of 1 ms would take 10 s.
    let args = ["replay", "session.nwb", "-o", "a.h5", "--speed", "1e-4", "--checkpoint-every", "1 ms"];
    let child = command(folder.path()).args(args).stderr(std::process::Stdio::piped()).spawn().unwrap();
    wait_until(|| folder.path().join("a.h5.part").exists());
    std::thread::sleep(Duration::from_millis(1500));
    let begin = Instant::now();
    let kill = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(kill.success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(begin.elapsed() < Duration::from_secs(5), "{:?}", begin.elapsed());
    let on = ["replay", "session.nwb", "--resume", "a.h5.ckpt", "--duration", "100 ms"];
    if folder.path().join("a.h5.ckpt").exists() {
        good(&memspike(folder.path(), &on));
    }
    let said = bad(&memspike(folder.path(), &["replay", "session.nwb"]), 2);
    assert!(said.contains("--output"), "{said}");
}
