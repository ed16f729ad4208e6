//! Every example of the help and every command of the README runs.

use crate::cli::{good, shell, workplace};

/// Lines of the help's examples.
fn examples(help: &str) -> Vec<String> {
    let after = help.split("Example").nth(1).unwrap_or_else(|| panic!("no example in:\n{help}"));
    after.lines().filter_map(|l| l.strip_prefix("  memspike ")).map(|l| format!("memspike {l}")).collect()
}

/// The result that examples of raster and plot start from.
const REPLAY: &str = "memspike replay session.nwb -o replay.h5";

/// The result that examples of evaluate start from: a hundred digits to learn, to label by, and to test on.
const DIGITS: &str = "memspike run models/querlioz_digits.toml -o digits.h5 --set parameters.train=100 --set parameters.epochs=1 \
                      --set parameters.label=100 --set parameters.test=100 --set parameters.outputs=10";

/// The sweep that examples of plot start from.
const SWEEP: &str =
    "memspike sweep models/brunel.toml -P g=3:6:1.5 -P seed=1:2 -o out --set parameters.order=50 --duration 300ms";

#[test]
fn the_examples_of_every_help_run() {
    for command in [
        "run",
        "replay",
        "sweep",
        "raster",
        "plot",
        "evaluate",
        "stats",
        "diff",
        "view",
        "info",
        "check",
        "convert",
        "models",
        "crossbar",
        "device",
        "device list",
        "device pulses",
        "device retention",
        "completions",
        "man",
    ] {
        let folder = workplace();
        let help = good(&shell(folder.path(), &format!("memspike {command} --help")));
        let examples = examples(&help);
        assert!(!examples.is_empty(), "{help}");
        if command == "diff" {
            good(&shell(folder.path(), "memspike convert session.nwb session.csv"));
            good(&shell(folder.path(), &REPLAY.replace("replay.h5", "other.h5 --seed 2")));
        }
        if command != "replay" && examples.iter().any(|e| e.contains("replay.h5")) {
            good(&shell(folder.path(), REPLAY));
        }
        if command != "sweep" && examples.iter().any(|e| e.contains("plot sweep out")) {
            good(&shell(folder.path(), SWEEP));
        }
        if examples.iter().any(|e| e.contains("digits.h5")) {
            good(&shell(folder.path(), DIGITS));
        }
        if examples.iter().any(|e| e.contains("pattern.h5")) {
            good(&shell(folder.path(), "memspike run models/masquelier_pattern.toml -o pattern.h5 --duration 2s"));
        }
        // `view` serves until it is ended; the tests of the browser start it.
        for example in examples.into_iter().filter(|e| !e.starts_with("memspike view")) {
            let output = good(&shell(folder.path(), &example));
            assert!(!output.is_empty(), "{example} printed nothing");
        }
    }
}

#[test]
fn every_command_of_the_readme_runs() {
    let readme = std::fs::read_to_string(crate::cli::root().join("README.md")).unwrap();
    let folder = workplace();
    // The model that the README shows is the one that its commands run.
    let model = readme.split("```toml\n").nth(1).and_then(|b| b.split("```").next()).unwrap();
    std::fs::write(folder.path().join("balanced.toml"), model).unwrap();
    let mut commands = 0;
    for block in readme.split("```sh\n").skip(1) {
        let block = block.split("```").next().unwrap_or_default();
        // A line that ends in a backslash goes on.
        for line in block.replace("\\\n", " ").lines().filter(|l| l.trim_start().starts_with("memspike ")) {
            good(&shell(folder.path(), line));
            commands += 1;
        }
    }
    assert!(commands >= 5, "found {commands} commands in the README");
}
