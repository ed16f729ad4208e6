//! Imports point down: what ARCHITECTURE.md says of the rooms is held here.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

const LEAVES: &[&str] = &[
    "check",
    "counted",
    "describe",
    "fnv",
    "given",
    "hardware",
    "idx",
    "math",
    "memory",
    "npy",
    "ranks",
    "rng",
    "sample",
    "say",
    "shell",
    "sorted",
    "spikes",
    "stream",
    "temporary",
    "time",
    "units",
    "value",
    "whole",
];
const ZOO: &[&str] = &["crossbar", "device", "neuron", "plasticity", "synapse"];

/// The rooms that each room may import from, besides itself.
fn allowed() -> BTreeMap<&'static str, BTreeSet<&'static str>> {
    let rooms = |lists: &[&[&'static str]]| lists.iter().flat_map(|l| l.iter().copied()).collect::<BTreeSet<_>>();
    let mut map = BTreeMap::new();
    LEAVES.iter().for_each(|leaf| drop(map.insert(*leaf, rooms(&[LEAVES]))));
    ZOO.iter().for_each(|model| drop(map.insert(*model, rooms(&[LEAVES, ZOO]))));
    map.insert("record", rooms(&[LEAVES]));
    map.insert("format", rooms(&[LEAVES, &["record"]]));
    map.insert("analysis", rooms(&[LEAVES]));
    map.insert("plot", rooms(&[LEAVES, &["analysis"]]));
    map.insert("spec", rooms(&[LEAVES, ZOO, &["format"]]));
    map.insert("network", rooms(&[LEAVES, ZOO, &["spec"]]));
    map.insert("engine", rooms(&[LEAVES, ZOO, &["spec", "network", "record"]]));
    map.insert("clocked", rooms(&[LEAVES, &["format"]]));
    map.insert("interchange", rooms(&[LEAVES, ZOO, &["spec", "network", "format"]]));
    let above = ["spec", "network", "engine", "record", "format", "interchange", "clocked", "analysis", "plot"];
    map.insert("cli", rooms(&[LEAVES, ZOO, &above]));
    map
}

fn sources(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, out);
        } else if path.extension().is_some_and(|e| e == "rs") {
            out.push(path);
        }
    }
}

/// A file without its comments and without what is compiled for tests alone, which ends where a line of the same indent ends an item.
fn body(text: &str) -> String {
    let indent = |line: &str| line.len() - line.trim_start().len();
    let mut lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    let mut body = String::new();
    while let Some(line) = lines.next() {
        if line.trim() == "#[cfg(test)]" {
            let ends = |other: &&str| indent(other) == indent(line) && other.ends_with(['}', ';', ',']);
            lines.find(ends);
        } else {
            body += line;
            body.push('\n');
        }
    }
    body
}

/// The rooms that a file names after `crate::`, one or several in braces, outside its comments and tests.
fn imports(text: &str) -> BTreeSet<String> {
    let body = body(text);
    let name = |path: &str| path.trim_start().chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
    let mut found = BTreeSet::new();
    for after in body.split("crate::").skip(1) {
        let Some(group) = after.strip_prefix('{') else {
            found.insert(name(after));
            continue;
        };
        let (mut depth, mut begin) = (1, 0);
        for (at, c) in group.char_indices() {
            depth += i32::from(c == '{') - i32::from(c == '}');
            if depth == 0 || (depth == 1 && c == ',') {
                found.insert(name(&group[begin..at]));
                begin = at + 1;
            }
            if depth == 0 {
                break;
            }
        }
    }
    found.remove("");
    found
}

#[test]
fn imports_are_found_in_groups_and_beyond_tests() {
    let text = "use crate::{a, b::{c, d},\n    e::F as f,\n};\n#[cfg(test)]\nuse crate::g;\n// crate::h\n\
                #[cfg(test)]\n#[path = \"x\"]\nmod tests {\n    use crate::i;\n}\nfn j() -> crate::k::L {}\n";
    assert_eq!(imports(text).into_iter().collect::<Vec<_>>(), ["a", "b", "e", "k"]);
}

#[test]
fn imports_point_down() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let (mut files, map) = (Vec::new(), allowed());
    sources(&src, &mut files);
    assert!(files.len() > 100, "only {} files found", files.len());
    let mut wrong = Vec::new();
    for file in files {
        let relative = file.strip_prefix(&src).unwrap();
        let first = relative.components().next().unwrap().as_os_str().to_string_lossy();
        let room = first.trim_end_matches(".rs");
        let Some(allowed) = map.get(room) else {
            assert!(["lib", "main"].contains(&room), "{room} is not a room of ARCHITECTURE.md");
            continue;
        };
        for import in imports(&std::fs::read_to_string(&file).unwrap()) {
            if map.contains_key(import.as_str()) && import != room && !allowed.contains(import.as_str()) {
                wrong.push(format!("{} imports {import}", relative.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn files_stay_below_the_hard_limit_of_600_lines() {
    let mut lengths = Vec::new();
    for folder in ["src", "tests", "benches"] {
        let mut files = Vec::new();
        sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut files);
        for file in files {
            let lines = std::fs::read_to_string(&file).unwrap().lines().count();
            assert!(lines <= 600, "{}: {lines} lines; split it by meaning", file.display());
            if folder == "src" {
                lengths.push(lines);
            }
        }
    }
    lengths.sort_unstable();
    assert!(lengths[lengths.len() / 2] <= 150, "half of the files have more than {} lines", lengths[lengths.len() / 2]);
}
