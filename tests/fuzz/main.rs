//! Changed inputs for every reader: each is read, refused with a message, or a finding (a panic, an abort, a hang, a huge allocation).
//!
//! `cargo test` runs a few of them; `make fuzz` many. Seeds are the samples under `tests/data`, and what `--corpus` adds. Changes know of
//! words, sizes, lines and numbers, and of blocks of other samples (`mutate`). The same seed gives the same inputs. HDF5 is read as the
//! program reads it, in another process (`hdf5`).

mod guard;
mod hdf5;
mod matlab;
mod mutate;
mod resume;
mod targets;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use mutate::Random;
use targets::{Answer, Target};

/// What was asked for.
struct Request {
    inputs: u64,
    seed: u64,
    corpus: Vec<PathBuf>,
    /// Parts of targets' names; all without any.
    names: Vec<String>,
    /// One input file to try instead, on the first target that is named.
    replay: Option<PathBuf>,
}

fn request() -> Option<Request> {
    let mut request = Request { inputs: 300, seed: 1, corpus: Vec::new(), names: Vec::new(), replay: None };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut number = || arguments.next().and_then(|text| text.parse().ok()).expect("a number");
        match argument.as_str() {
            "--inputs" => request.inputs = number(),
            "--seed" => request.seed = number(),
            "--corpus" => request.corpus.push(arguments.next().expect("a folder").into()),
            "--replay" => request.replay = Some(arguments.next().expect("a file").into()),
            // Of the standard test harness: nothing to list, and what else it knows is of no use here.
            "--list" => return None,
            flag if flag.starts_with('-') => {}
            name => request.names.push(name.to_owned()),
        }
    }
    Some(request)
}

fn main() -> ExitCode {
    if std::env::args().nth(1).as_deref() == Some(hdf5::SERVE) {
        hdf5::serve();
        return ExitCode::SUCCESS;
    }
    let Some(request) = request() else { return ExitCode::SUCCESS };
    // In memory where there is such a place: inputs are written by the hundred thousand.
    let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).expect("a folder");
    let mut findings = 0;
    let mut total = 0;
    let targets = targets::all(folder.path(), &request.corpus);
    std::panic::set_hook(Box::new(|panic| guard::remember(&panic.to_string())));
    guard::watch();
    for mut target in targets {
        if !request.names.is_empty() && !request.names.iter().any(|name| target.name.contains(name.as_str())) {
            continue;
        }
        if let Some(path) = &request.replay {
            let answer = attempt(&mut target, &std::fs::read(path).expect("the input"));
            println!("{}: {answer:?} {}", target.name, guard::remembered());
            return ExitCode::SUCCESS;
        }
        let inputs = request.inputs.div_ceil(target.share);
        findings += run(&mut target, inputs, request.seed);
        total += inputs;
    }
    println!("{total} inputs, {findings} findings");
    if findings == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Tries so many inputs of a target; returns how many were findings.
fn run(target: &mut Target, inputs: u64, seed: u64) -> u64 {
    assert!(!target.seeds.is_empty(), "{} has no seeds", target.name);
    let start = Instant::now();
    let mut counts: BTreeMap<Answer, u64> = BTreeMap::new();
    let mut kept = 0;
    for number in 0..inputs {
        let mut random = Random::new(seed, target.name, number);
        let input = if (number as usize) < target.seeds.len() {
            target.seeds[number as usize].clone()
        } else {
            let (one, other) = (random.below(target.seeds.len()), random.below(target.seeds.len()));
            mutate::mutate(&mut random, &target.seeds[one], &target.seeds[other], target.text)
        };
        guard::begin(target.name, number, target.longest);
        let answer = attempt(target, &input);
        guard::end();
        if answer == Answer::Finding {
            kept += 1;
            let path = std::env::temp_dir().join(format!("memspike-fuzz-{}-{seed}-{number}", target.name));
            let _ = std::fs::write(&path, &input);
            println!("FINDING {} {number}: {} (kept in {})", target.name, guard::remembered(), path.display());
        }
        *counts.entry(answer).or_default() += 1;
    }
    let count = |answer| counts.get(&answer).copied().unwrap_or(0);
    println!(
        "{:<12} {:>9} inputs {:>9} read {:>9} refused {:>5} contained {:>3} findings {:>8.1} s",
        target.name,
        inputs,
        count(Answer::Read),
        count(Answer::Refused),
        count(Answer::Contained),
        count(Answer::Finding),
        start.elapsed().as_secs_f64()
    );
    kept
}

fn attempt(target: &mut Target, input: &[u8]) -> Answer {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| (target.read)(input))).unwrap_or(Answer::Finding)
}
