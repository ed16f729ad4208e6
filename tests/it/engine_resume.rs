//! Checkpoint and resume give the bytes of a run without a stop.

use std::fs;

use memspike::engine::checkpoint::Checkpoint;
use memspike::engine::{Options, RunError};

use super::engine_run::{RICH, assert_same, joined, leg, run, run_with};
use super::engine_threads::VARIANTS;

#[test]
fn a_run_in_legs_on_changing_threads_has_the_bytes_of_one_without_a_stop() {
    in_legs(&VARIANTS[..2]);
}

#[test]
fn a_run_on_the_grid_in_legs_has_the_bytes_of_one_without_a_stop() {
    in_legs(&VARIANTS[2..]);
}

fn in_legs(variants: &[[(&str, &str); 3]]) {
    variants.iter().for_each(|sets| whole_in_legs(sets, 60));
}

/// A run with these `--set`s that is stopped again and again, each time after so many windows, has the bytes and figures of one that is not.
pub fn whole_in_legs(sets: &[(&str, &str)], windows: u64) {
    let folder = tempfile::tempdir().unwrap();
    let whole = run(RICH, sets, 1);
    let path = folder.path().join("a.ckpt");
    let mut chunks = Vec::new();
    let mut complete = false;
    let mut legs = 0;
    for threads in [2, 1, 3, 5, 2, 1, 4, 16, 1] {
        let (after, outcome) = leg(RICH, sets, threads, &path, 3.3, windows, chunks);
        chunks = after;
        legs += 1;
        complete = outcome.complete;
        if complete {
            let (a, b) = (&whole.outcome.summary, &outcome.summary);
            assert_eq!(
                (a.spikes, a.synaptic_events, a.background_events),
                (b.spikes, b.synaptic_events, b.background_events)
            );
            assert_eq!(a.populations, b.populations);
            break;
        }
    }
    assert!(complete && legs > 2, "{legs}");
    assert_same(&whole.bytes(), &joined(&chunks), &format!("{sets:?}"));
}

#[test]
fn a_run_may_go_on_for_longer_than_was_planned() {
    let folder = tempfile::tempdir().unwrap();
    for (n, engine) in ["event", "grid"].into_iter().enumerate() {
        let short = [
            ("simulation.engine", engine),
            ("simulation.duration", "17 ms"),
            ("record.weights", "[]"),
            ("record.start", "6 ms"),
        ];
        let long = [
            ("simulation.engine", engine),
            ("simulation.duration", "40 ms"),
            ("record.weights", "[]"),
            ("record.start", "6 ms"),
        ];
        let path = folder.path().join(format!("{n}.ckpt"));
        let (chunks, outcome) = leg(RICH, &short, 2, &path, 5.0, u64::MAX, Vec::new());
        assert!(outcome.complete);
        let (chunks, outcome) = leg(RICH, &long, 3, &path, 5.0, u64::MAX, chunks);
        let whole = run(RICH, &long, 1);
        assert_same(&whole.bytes(), &joined(&chunks), engine);
        assert_eq!(whole.outcome.summary.synaptic_events, outcome.summary.synaptic_events);
    }
}

/// Something is due at the very moment where the first run is to end, or only after it.
const REPEATED: &str = "
simulation = { duration = '20 ms', resolution = '0.1 ms' }
interval.on = { start = '1 ms', duration = '2 ms', every = '5 ms' }
interval.tenth = { start = '0 ms', duration = '2 ms', every = '10 ms' }
interval.edge = { start = '10 ms', duration = '3 ms', every = '10 ms' }
population.P = { size = 30, source.poisson = { rate = '500 Hz', during = 'on' } }
population.R = { size = 2, source.regular = { rate = '400 Hz', during = 'on' } }
population.Q = { size = 10, source.poisson = { rate = '200 Hz' } }
population.N = { size = 10, neuron = 'lif_exp' }
population.D = { size = 10, neuron = 'lif_delta' }
# Its last spike lies so little behind a step of the grid that it is in it.
population.S = { size = 2, source.regular = { rate = '100 Hz', phase = '5e-8 ms', stop = '22 ms' } }
population.T = { size = 2, source.regular = { rate = '1 kHz', during = 'tenth' } }
input.noise = { target = 'N', current.noise = { std = '2000 pA', interval = '1 ms', during = 'edge' } }
input.drive = { target = 'N', poisson = { rate = '2 kHz', weight = '300 pA', during = 'on' } }
[projection.mem]
source = 'Q'
target = 'D'
connect = 'all_to_all'
weight = '3 mV'
w_max = '6 mV'
plasticity.stdp = { a_plus = 0.05, a_minus = 0.04 }
device = 're_ram_es'
crossbar = { word_line_resistance = '20 ohm', bit_line_resistance = '20 ohm', refresh = '5 ms' }
[[record.weights]]
projection = 'mem'
on = 'pre_spike'
[[record.state]]
population = 'N'
interval = '1 ms'
";

#[test]
fn what_is_due_where_a_run_was_to_end_is_done_when_it_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    for engine in ["event", "grid"] {
        let path = folder.path().join(engine);
        let until = |duration| [("simulation.engine", engine), ("simulation.duration", duration)];
        let (chunks, _) = leg(REPEATED, &until("20 ms"), 2, &path, 5.0, u64::MAX, Vec::new());
        let (chunks, _) = leg(REPEATED, &until("45 ms"), 1, &path, 5.0, u64::MAX, chunks);
        let whole = run(REPEATED, &until("45 ms"), 1);
        assert!([0, 1, 3].iter().all(|&population| whole.spikes(population).len() > 10), "{engine}");
        assert_same(&whole.bytes(), &joined(&chunks), engine);
    }
}

#[test]
fn a_run_that_would_end_before_its_checkpoint_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.ckpt");
    leg(REPEATED, &[], 1, &path, 15.0, u64::MAX, Vec::new());
    let checkpoint = Checkpoint::read(&path).unwrap();
    let options = Options { resume: Some(Box::new(checkpoint)), ..Options::default() };
    match run_with(REPEATED, &[("simulation.duration", "10 ms")], 1, &options) {
        Err(RunError::Checkpoint(message)) => assert!(message.contains("it stands at 15 ms"), "{message}"),
        other => panic!("{:?}", other.err()),
    }
}

#[test]
fn checkpoints_themselves_change_nothing() {
    let folder = tempfile::tempdir().unwrap();
    for sets in VARIANTS {
        let path = folder.path().join("often.ckpt");
        let _ = fs::remove_file(&path);
        let (chunks, _) = leg(RICH, &sets, 2, &path, 0.5, u64::MAX, Vec::new());
        assert_same(&run(RICH, &sets, 1).bytes(), &joined(&chunks), &format!("{sets:?}"));
    }
}

#[test]
fn a_checkpoint_of_another_model_or_seed_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.ckpt");
    leg(RICH, &[], 1, &path, 5.0, 40, Vec::new());
    for change in [("simulation.seed", "8"), ("population.A.size", "24"), ("projection.to_d.weight", "5 nS")] {
        let options = Options { resume: Some(Box::new(Checkpoint::read(&path).unwrap())), ..Options::default() };
        let error = run_with(RICH, &[change], 1, &options).err().expect("refused");
        assert!(matches!(error, RunError::Checkpoint(_)) && error.is_input(), "{error}");
        assert!(error.to_string().contains("another model or seed"), "{error}");
    }
}

#[test]
fn a_damaged_or_short_checkpoint_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.ckpt");
    leg(RICH, &[], 1, &path, 5.0, 40, Vec::new());
    let good = fs::read(&path).unwrap();
    let refused = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        let error = Checkpoint::read(&path).err().expect("refused");
        assert!(matches!(error, RunError::Checkpoint(_)), "{error}");
        assert!(error.to_string().contains("a.ckpt"), "{error}");
    };
    for cut in [0, 7, 8, 15, 16, 17, good.len() / 2, good.len() - 1] {
        refused(&good[..cut]);
    }
    for at in (0..good.len()).step_by(good.len() / 97) {
        let mut bad = good.clone();
        bad[at] ^= 0x10;
        refused(&bad);
    }
    refused(&[&good[..], b"x"].concat());
    fs::remove_file(&path).unwrap();
    assert!(matches!(Checkpoint::read(&path), Err(RunError::Checkpoint(_))));
}

#[test]
fn a_checkpoint_that_cannot_be_written_leaves_the_old_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.ckpt");
    leg(RICH, &[], 1, &path, 5.0, 40, Vec::new());
    let checkpoint = Checkpoint::read(&path).unwrap();
    let before = fs::read(&path).unwrap();
    // Something else is in the way of the new file: the old checkpoint stays whole.
    let part = folder.path().join("a.ckpt.part");
    fs::create_dir(&part).unwrap();
    assert!(matches!(checkpoint.write(&path), Err(RunError::Failed(_))));
    assert_eq!(fs::read(&path).unwrap(), before);
    fs::remove_dir(&part).unwrap();
    checkpoint.write(&path).unwrap();
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left over");
}
