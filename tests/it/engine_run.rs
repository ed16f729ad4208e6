//! Runs models from their text, for the tests of the engine's laws.

use std::cell::Cell;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use memspike::engine::checkpoint::Checkpoint;
use memspike::engine::{self, Observer, Options, Outcome, RunError, Unobserved};
use memspike::network;
use memspike::record::{Chunk, Layout, Memory, Sink, SinkError};
use memspike::spec::{self, NetworkSpec};
use memspike::time::Time;

/// A model with everything that could depend on threads, windows or recording.
pub const RICH: &str = include_str!("../data/engine/rich.toml");

/// What a run gave.
pub struct Ran {
    pub memory: Memory,
    pub outcome: Outcome,
    pub layout: Layout,
}

impl Ran {
    /// All datasets, joined, numbers as bits.
    pub fn bytes(&self) -> Vec<(String, Vec<u64>)> {
        joined(&self.memory.chunks)
    }

    /// All spikes of the `index`-th recorded population as (time \[ms\], member).
    pub fn spikes(&self, index: usize) -> Vec<(f64, u64)> {
        let (times, nodes) = self.memory.spikes(index);
        times.into_iter().zip(nodes).collect()
    }
}

/// Chunks joined per dataset and column.
pub fn joined(chunks: &[Chunk]) -> Vec<(String, Vec<u64>)> {
    let mut all = std::collections::BTreeMap::<String, Vec<u64>>::new();
    let mut add = |name: String, values: Vec<u64>| all.entry(name).or_default().extend(values);
    let bits = |values: &[f64]| values.iter().map(|v| v.to_bits()).collect::<Vec<u64>>();
    for chunk in chunks {
        match chunk {
            Chunk::Spikes { index, times_ms, node_ids } => {
                add(format!("spikes {index} times"), bits(times_ms));
                add(format!("spikes {index} nodes"), node_ids.clone());
            }
            Chunk::State { index, times_ms, rows } => {
                add(format!("state {index} times"), bits(times_ms));
                add(format!("state {index} rows"), bits(rows));
            }
            Chunk::PreSpikeWeights { index, times_ms, source_ids, target_ids, weights } => {
                add(format!("weights {index} times"), bits(times_ms));
                add(format!("weights {index} sources"), source_ids.clone());
                add(format!("weights {index} targets"), target_ids.clone());
                add(format!("weights {index} weights"), bits(weights));
            }
            Chunk::Snapshot { index, time_ms, weights } => {
                add(format!("snapshots {index} times"), vec![time_ms.to_bits()]);
                add(format!("snapshots {index} weights"), bits(weights));
            }
        }
    }
    all.into_iter().collect()
}

/// Panics with the first difference, not with all the bytes.
pub fn assert_same(a: &[(String, Vec<u64>)], b: &[(String, Vec<u64>)], what: &str) {
    let names = |all: &[(String, Vec<u64>)]| all.iter().map(|d| d.0.clone()).collect::<Vec<_>>();
    assert_eq!(names(a), names(b), "{what}: other datasets");
    for ((name, x), (_, y)) in a.iter().zip(b) {
        let first = x.iter().zip(y).position(|(p, q)| p != q);
        assert!(first.is_none() && x.len() == y.len(), "{what}: {name} differs at {first:?} ({} {})", x.len(), y.len());
    }
}

/// Reads a model with `--set`s.
pub fn model(text: &str, sets: &[(&str, &str)]) -> NetworkSpec {
    let sets: Vec<_> = sets.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect();
    spec::parse(text, "test", Path::new(""), &sets).unwrap_or_else(|error| panic!("{error}"))
}

/// Compiles and runs a model.
pub fn run_with(text: &str, sets: &[(&str, &str)], threads: usize, options: &Options) -> Result<Ran, RunError> {
    run_spec(model(text, sets), threads, options)
}

/// Compiles and runs a model that has been read.
pub fn run_spec(spec: NetworkSpec, threads: usize, options: &Options) -> Result<Ran, RunError> {
    let network = network::compile(spec, threads).unwrap_or_else(|error| panic!("{error}"));
    let simulation = engine::prepare(network)?;
    let layout = simulation.layout();
    let mut memory = Memory::keeping();
    let outcome = simulation.run(options, &mut memory, &mut Unobserved::default())?;
    Ok(Ran { memory, outcome, layout })
}

/// Runs a model to its end.
pub fn run(text: &str, sets: &[(&str, &str)], threads: usize) -> Ran {
    run_with(text, sets, threads, &Options::default()).unwrap_or_else(|error| panic!("{error}"))
}

/// Keeps chunks; its marks are how many there are.
#[derive(Default)]
pub struct Marked(pub Vec<Chunk>);

impl Sink for Marked {
    fn write(&mut self, chunk: Chunk) -> Result<(), SinkError> {
        self.0.push(chunk);
        Ok(())
    }
    fn flush(&mut self) -> Result<(), SinkError> {
        Ok(())
    }
    fn marks(&self) -> Vec<u8> {
        (self.0.len() as u64).to_le_bytes().to_vec()
    }
}

/// Asks to stop after some windows.
pub struct StopAfter {
    windows: Cell<u64>,
    go: AtomicBool,
    stop: AtomicBool,
}

impl StopAfter {
    pub fn windows(windows: u64) -> StopAfter {
        StopAfter { windows: Cell::new(windows), go: AtomicBool::new(false), stop: AtomicBool::new(true) }
    }
}

impl Observer for StopAfter {
    fn progress(&mut self, _: Time, _: u64) {}
    fn stop_flag(&self) -> &AtomicBool {
        self.windows.set(self.windows.get().saturating_sub(1));
        if self.windows.get() == 0 { &self.stop } else { &self.go }
    }
}

/// One leg of a run with checkpoints: continues `chunks` from the checkpoint in `path`, if there is one.
pub fn leg(
    text: &str,
    sets: &[(&str, &str)],
    threads: usize,
    path: &Path,
    every_ms: f64,
    stop: u64,
    chunks: Vec<Chunk>,
) -> (Vec<Chunk>, Outcome) {
    let resume = path.exists().then(|| Box::new(Checkpoint::read(path).unwrap()));
    let mut sink = Marked(chunks);
    if let Some(checkpoint) = &resume {
        sink.0.truncate(u64::from_le_bytes(checkpoint.marks[..].try_into().unwrap()) as usize);
    }
    let options =
        Options { checkpoint: Some((path.to_path_buf(), Time::from_ms(every_ms))), resume, ..Options::default() };
    let simulation = engine::prepare(network::compile(model(text, sets), threads).unwrap()).unwrap();
    let mut observer = StopAfter::windows(stop);
    let outcome = simulation.run(&options, &mut sink, &mut observer).unwrap_or_else(|error| panic!("{error}"));
    (sink.0, outcome)
}
