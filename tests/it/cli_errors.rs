//! What the program does with wrong input: a clear message, the exit code, and no file that looks whole.

use std::io::Read;
use std::process::Stdio;

use crate::cli::{bad, command, good, memspike, workplace};

#[test]
fn an_unknown_command_or_flag_is_the_users_mistake() {
    let folder = workplace();
    for args in [&["convert", "a", "b"][..], &["run", "models/replay.toml", "--nonsense"], &["raster"]] {
        let stderr = bad(&memspike(folder.path(), args), 2);
        assert!(stderr.contains("error:"), "{stderr}");
    }
}

#[test]
fn a_missing_file_is_named() {
    let folder = workplace();
    for args in [
        &["run", "no.toml"][..],
        &["replay", "no.nwb", "-o", "a.h5"],
        &["raster", "no.nwb"],
        &["info", "no.nwb"],
        &["plot", "weights", "no.h5", "-o", "a.png"],
        &["check", "no.toml"],
    ] {
        let stderr = bad(&memspike(folder.path(), args), 2);
        assert!(stderr.contains("no."), "{args:?}: {stderr}");
    }
    assert!(!folder.path().join("a.h5").exists());
}

#[test]
fn an_output_that_exists_is_refused_before_anything_is_read() {
    let folder = workplace();
    std::fs::write(folder.path().join("a.h5"), "mine").unwrap();
    std::fs::write(folder.path().join("a.png"), "mine").unwrap();
    for args in [
        &["replay", "session.nwb", "-o", "a.h5"][..],
        &["run", "models/brunel_ai.toml", "-o", "a.h5"],
        &["raster", "session.nwb", "-o", "a.png"],
        &["plot", "weights", "no.h5", "-o", "a.png"],
    ] {
        let stderr = bad(&memspike(folder.path(), args), 2);
        assert!(stderr.contains("--force"), "{stderr}");
    }
    assert_eq!(std::fs::read_to_string(folder.path().join("a.h5")).unwrap(), "mine");
    good(&memspike(folder.path(), &["raster", "session.nwb", "-o", "a.png", "--force"]));
}

#[test]
fn force_without_an_output_is_refused() {
    let folder = workplace();
    for args in [
        &["run", "models/brunel_ai.toml"][..],
        &["stats", "session.nwb"],
        &["raster", "session.nwb"],
        &["diff", "session.nwb", "session.nwb"],
    ] {
        let stderr = bad(&memspike(folder.path(), &[args, &["--force"]].concat()), 2);
        assert!(stderr.contains("-o") || stderr.contains("--output"), "{args:?}: {stderr}");
    }
}

#[test]
fn an_output_that_may_not_be_there_is_the_users_mistake() {
    let folder = workplace();
    std::fs::write(folder.path().join("a"), "mine").unwrap();
    for args in [
        &["man", "-o", "a"][..],
        &["raster", "session.nwb", "-o", "a/b.png"],
        &["run", "models/brunel_ai.toml", "-o", "a/b.h5"],
        &["run", "models/brunel_ai.toml", "-o", "new/"],
    ] {
        let stderr = bad(&memspike(folder.path(), args), 2);
        assert!(!stderr.contains("mkdir") && !stderr.contains(".part"), "{args:?}: {stderr}");
    }
}

#[test]
fn a_signal_that_is_not_there_is_told_with_those_that_are() {
    let folder = workplace();
    std::fs::write(folder.path().join("few.csv"), "time_s,unit\n0.5,1\n0.75,2\n").unwrap();
    let stderr = bad(&memspike(folder.path(), &["raster", "few.csv", "--behavior=a", "-o", "few.png"]), 2);
    let idle = bad(&memspike(folder.path(), &["raster", "few.csv", "--behavior=a"]), 2);
    assert!(idle.contains("--behavior changes nothing in the terminal"), "{idle}");
    assert!(stderr.contains("There is no signal `a`; the file holds none."), "{stderr}");
}

#[cfg(target_os = "linux")]
#[test]
fn what_can_not_be_written_to_the_standard_output_is_a_failure() {
    let folder = workplace();
    std::fs::write(folder.path().join("few.csv"), "time_s,unit\n0.5,1\n0.75,2\n").unwrap();
    // Of `diff` 1 would say that the files differ.
    let all = [(&["--help"][..], 1), (&["--version"], 1), (&["models"], 1), (&["diff", "few.csv", "few.csv"], 2)];
    for (args, code) in all {
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let output = command(folder.path()).args(args).stdout(full).output().unwrap();
        assert!(bad(&output, code).contains("No space left on device"), "{args:?}");
    }
}

/// A log on a full disk, or `2>&1 | head`: what can't be told ends nothing.
#[cfg(target_os = "linux")]
#[test]
fn what_can_not_be_told_ends_nothing() {
    let folder = workplace();
    // A weight that never changes, and a delay beyond the run: warnings.
    let model = "simulation.duration = '1 ms'\npopulation.p.source.spike_times = [['0.5 ms']]\n\
                 population.N = { size = 1, neuron = 'lif_exp' }\n\
                 projection.a = { source = 'p', target = 'N', connect = 'all_to_all', weight = '1 pA', delay = '5 ms' }\n";
    std::fs::write(folder.path().join("m.toml"), model).unwrap();
    for (args, code) in
        [(&["check", "nope.toml"][..], 2), (&["run", "m.toml", "-o", "a.h5"], 0), (&["run", "--nope"], 2)]
    {
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let output = command(folder.path()).args(args).stderr(full).output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{args:?}");
    }
    assert!(folder.path().join("a.h5").is_file());
}

#[test]
fn negative_values_are_told_what_is_expected() {
    let folder = workplace();
    for (flag, value, expected) in [
        ("--duration", "-5ms", "expected a time"),
        ("--seed", "-1", "expected a whole number from 0 to 2^63 - 1"),
        ("--seed", "abc", "expected a whole number from 0 to 2^63 - 1"),
        ("--threads", "-1", "-1 is not in 1..=1024"),
    ] {
        let stderr = bad(&memspike(folder.path(), &["run", "m.toml", flag, value]), 2);
        assert!(stderr.contains(expected) && !stderr.contains("-- "), "{flag} {value}: {stderr}");
    }
    let stderr = bad(&memspike(folder.path(), &["models", "LIF_Exp"]), 2);
    assert!(stderr.contains("Did you mean `lif_exp`?") && stderr.contains("projection"), "{stderr}");
}

#[test]
fn no_file_that_a_model_names_is_overwritten() {
    let folder = workplace();
    let files = [
        ("base.toml", "simulation.duration = '1 ms'\n"),
        ("pairs.csv", "source,target\n0,1\n"),
        ("v.csv", "v\n-70\n-65\n"),
        (
            "m.toml",
            "extends = 'base.toml'\n[population.E]\nsize = 2\nneuron = 'lif_exp'\n\
             initial.v_m = { file = 'v.csv', column = 'v', unit = 'mV' }\n\
             [projection.p]\nsource = 'E'\ntarget = 'E'\nconnect.file = { path = 'pairs.csv' }\nweight = '1 pA'\n",
        ),
    ];
    files.iter().for_each(|(name, text)| std::fs::write(folder.path().join(name), text).unwrap());
    for (name, text) in files {
        let stderr = bad(&memspike(folder.path(), &["run", "m.toml", "-o", name, "--force"]), 2);
        assert!(stderr.contains("is the file that is read"), "{name}: {stderr}");
        assert_eq!(std::fs::read_to_string(folder.path().join(name)).unwrap(), text);
    }
    good(&memspike(folder.path(), &["run", "m.toml", "-o", "a.h5"]));
}

#[test]
fn a_network_that_cannot_be_held_is_refused_and_the_message_names_size() {
    let folder = workplace();
    let model = "[simulation]\nduration = \"1 s\"\n[population.E]\nsize = 4_000_000\nneuron = \"lif_exp\"\n\
                 [projection.all]\nsource = \"E\"\ntarget = \"E\"\nconnect = \"all_to_all\"\nweight = { uniform = [\"0 pA\", \"1 pA\"] }\n";
    std::fs::write(folder.path().join("big.toml"), model).unwrap();
    for command in ["check", "run"] {
        let stderr = bad(&memspike(folder.path(), &[command, "big.toml"]), 2);
        assert!(stderr.contains("size"), "{stderr}");
    }
}

#[test]
fn a_time_without_a_unit_is_explained() {
    let folder = workplace();
    let stderr = bad(&memspike(folder.path(), &["raster", "session.nwb", "--start", "60"]), 2);
    assert!(stderr.contains("expected a time such as"), "{stderr}");
    let stderr = bad(&memspike(folder.path(), &["run", "models/brunel_ai.toml", "--duration=-1 ms"]), 2);
    assert!(stderr.contains("more than 0"), "{stderr}");
}

#[test]
fn a_kind_of_picture_that_is_not_known_is_said() {
    let folder = workplace();
    for args in [&["raster", "session.nwb", "-o", "a.gif"][..], &["plot", "isi", "session.nwb", "-o", "a"]] {
        assert!(bad(&memspike(folder.path(), args), 2).contains("expected png, svg or pdf"));
    }
}

#[test]
fn a_recording_needs_a_population_that_replays_it() {
    let folder = workplace();
    let args = ["replay", "session.nwb", "-o", "a.h5", "--model", "models/brunel_ai.toml"];
    assert!(bad(&memspike(folder.path(), &args), 2).contains("source.recording"));
    assert!(bad(&memspike(folder.path(), &["run", "models/replay.toml"]), 2).contains("memspike replay"));
    let args = ["replay", "session.nwb", "-o", "a.h5", "--units", "0-500"];
    assert!(bad(&memspike(folder.path(), &args), 2).contains("182"));
    assert!(!folder.path().join("a.h5").exists() && !folder.path().join("a.h5.part").exists());
}

#[test]
fn a_truncated_recording_leaves_no_result() {
    let folder = workplace();
    let whole = std::fs::read(folder.path().join("session.nwb")).unwrap();
    for (name, bytes) in [("cut.nwb", &whole[..whole.len() / 2]), ("text.nwb", b"not HDF5"), ("empty.nwb", b"")] {
        std::fs::write(folder.path().join(name), bytes).unwrap();
        let stderr = bad(&memspike(folder.path(), &["replay", name, "-o", "a.h5"]), 2);
        assert!(stderr.contains(name), "{stderr}");
        assert!(!folder.path().join("a.h5").exists());
    }
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let folder = workplace();
    let mut child = command(folder.path())
        .args(["models", "--toml"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut stderr = String::new();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    assert_eq!((child.wait().unwrap().code(), stderr.as_str()), (Some(0), ""));
}

#[cfg(unix)]
#[test]
fn an_output_that_hdf5_can_not_name_is_the_users_mistake() {
    use std::os::unix::ffi::OsStrExt;
    let folder = workplace();
    let mut run = command(folder.path());
    run.args(["run", "models/brunel.toml", "--set=parameters.order=50", "--duration=300ms", "-o"]);
    let output = run.arg(std::ffi::OsStr::from_bytes(b"bad\xff.h5")).output().unwrap();
    assert!(bad(&output, 2).contains("the name is not UTF-8"));
}
