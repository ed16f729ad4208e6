//! Checkpoints that were changed, their checksum made right: what no run of the model has is refused, and nothing ends in a panic.

use memspike::engine::checkpoint::Checkpoint;
use memspike::engine::{self, Options, Outcome, RunError};
use memspike::network;
use memspike::record::Memory;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::engine_run::{StopAfter, leg, model};

/// Something of every section: neurons, sources, an input, devices, reward, a crossbar, what recorders hold.
const SMALL: &str = r#"
[simulation]
duration = "30 ms"
seed = 5
[population.A]
size = 4
neuron.lif_exp = { i_e = "500 pA" }
[population.P]
size = 3
source.poisson = { rate = "300 Hz" }
[input.background]
target = "A"
poisson = { rate = "2 kHz", weight = "60 pA" }
[projection.learning]
source = "P"
target = "A"
connect = "all_to_all"
weight = "30 pA"
w_max = "60 pA"
delay = "1.5 ms"
plasticity.stdp = { a_plus = 0.03, a_minus = 0.03, pairing = "nearest_pre_centered" }
[projection.rewarded]
source = "A"
target = "A"
connect = "all_to_all"
weight = "30 pA"
delay = "2 ms"
plasticity.stdp_dopamine = { a_plus = "20 pA", a_minus = "20 pA", modulator = "P", modulator_delay = "0.7 ms" }
[projection.device]
source = "A"
target = "A"
connect = "all_to_all"
weight = "30 pA"
w_max = "60 pA"
delay = "1 ms"
plasticity.stdp = { a_plus = 0.03, a_minus = 0.03 }
device.soft_bounds = { g_min = "1 uS", g_max = "100 uS", dg_up = "2 uS", dg_down = "2 uS" }
crossbar = { word_line_resistance = "2 ohm", bit_line_resistance = "2 ohm", refresh = "7 ms" }
[record]
spikes = "all"
[[record.weights]]
projection = "learning"
on = "pre_spike"
"#;

/// A checkpoint in the middle of the run, of one engine.
fn checkpoint(engine: &str) -> Checkpoint {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.ckpt");
    leg(SMALL, &[("simulation.engine", engine)], 2, &path, 3.0, 20, Vec::new());
    Checkpoint::read(&path).unwrap()
}

/// Goes on from it for some windows.
fn resume(engine: &str, checkpoint: Checkpoint) -> Result<Outcome, RunError> {
    let spec = model(SMALL, &[("simulation.engine", engine)]);
    let simulation = engine::prepare(network::compile(spec, 2).unwrap()).unwrap();
    let options = Options { resume: Some(Box::new(checkpoint)), ..Options::default() };
    simulation.run(&options, &mut Memory::keeping(), &mut StopAfter::windows(20))
}

fn pop(value: &mut Value) {
    value.as_array_mut().unwrap().pop();
}

fn twice(value: &mut Value) {
    let list = value.as_array_mut().unwrap();
    list.push(list.last().unwrap().clone());
}

fn clear(value: &mut Value) {
    value.as_array_mut().unwrap().clear();
}

/// What is changed where, and what the refusal says.
type Change = (&'static str, fn(&mut Value), &'static str);

const CHANGES: &[Change] = &[
    ("/model_hash", |v| *v = json!("0"), "another model or seed"),
    ("/saved/populations", pop, "other populations"),
    ("/saved/populations/0/0", pop, "other populations"),
    ("/saved/populations/1/1", twice, "other populations"),
    ("/from", |v| *v = json!(-1), "a time that no run reaches"),
    ("/from", |v| *v = json!(i64::MAX), "a time that no run reaches"),
    ("/wall_s", |v| *v = json!(-1.0), "a time that no run reaches"),
    ("/wall_s", |v| *v = json!(1e13), "a time that no run reaches"),
    ("/flight", |v| *v = json!([{ "time": 0, "gid": 7 }]), "a spike of no neuron"),
    ("/flight", |v| *v = json!([{ "time": i64::MAX, "gid": 0 }]), "a spike of no neuron"),
    ("/statistics/counters", pop, "counts of other neurons"),
    ("/statistics/counters/0/spikes", |v| *v = json!(1u64 << 31), "counts of other neurons"),
    ("/statistics/counters/0/last", |v| *v = json!(-i64::MAX), "counts of other neurons"),
    ("/statistics/before", twice, "counts of other neurons"),
    ("/statistics/spikes", |v| *v = json!(1u64 << 62), "counts of other neurons"),
    ("/statistics/background", |v| *v = json!(u64::MAX), "counts of other neurons"),
    ("/saved/plastic", pop, "the state of other projections"),
    ("/saved/plastic/0/0", |v| *v = json!(2), "the state of other projections"),
    ("/saved/plastic/0/1/value", pop, "another number of synapses"),
    ("/saved/plastic/0/1/x", pop, "synapses of other neurons"),
    ("/saved/plastic/1/1/since", pop, "synapses of other neurons"),
    ("/saved/plastic/0/1/pre", pop, "synapses of other neurons"),
    ("/saved/plastic/0/2", clear, "synapses of other neurons"),
    ("/saved/backgrounds/0/0", |v| *v = json!(9), "an input that the model lacks"),
    ("/saved/backgrounds/0/1", |v| *v = json!(9), "an input that the model lacks"),
    ("/saved/backgrounds/0/2", pop, "an input of another size"),
    ("/saved/arrays", clear, "other crossbars"),
    ("/saved/arrays/0/share", pop, "another number of synapses"),
    ("/saved/arrays/0/feed", pop, "another number of sources"),
    ("/saved/populations/0/0/0", pop, "neuron's state"),
];

#[test]
fn each_thing_that_no_run_of_the_model_has_is_refused() {
    for engine in ["event", "grid"] {
        let good = serde_json::to_value(checkpoint(engine)).unwrap();
        let of = |value: &Value| serde_json::from_value::<Checkpoint>(value.clone()).unwrap();
        assert!(resume(engine, of(&good)).is_ok(), "{engine}");
        // On the grid an input has no state.
        let no_trains = good["saved"]["backgrounds"][0][2].as_array().unwrap().is_empty();
        assert_eq!(no_trains, engine == "grid");
        for (place, change, expected) in CHANGES {
            if no_trains && place.contains("backgrounds") {
                continue;
            }
            let mut bad = good.clone();
            change(bad.pointer_mut(place).unwrap_or_else(|| panic!("no {place} in {good}")));
            assert!(bad != good, "{place}");
            let told = resume(engine, of(&bad)).err().unwrap_or_else(|| panic!("{engine} {place} is taken"));
            assert!(matches!(told, RunError::Checkpoint(_)) && told.to_string().contains(expected), "{place}: {told}");
        }
    }
}

/// Where each section of the stored bytes begins and ends.
fn sections(checkpoint: &Checkpoint) -> Vec<(String, std::ops::Range<usize>)> {
    let whole = postcard::to_allocvec(checkpoint).unwrap();
    let value = serde_json::to_value(checkpoint).unwrap();
    let end = |at: usize, length: usize| at..at + length;
    let head = [
        ("program", postcard::to_allocvec(&checkpoint.program)),
        ("model_hash", postcard::to_allocvec(&checkpoint.model_hash)),
        ("from", postcard::to_allocvec(&checkpoint.from)),
        ("flight", postcard::to_allocvec(&checkpoint.flight)),
    ];
    let tail = [
        ("statistics", postcard::to_allocvec(&checkpoint.statistics)),
        ("wall", postcard::to_allocvec(&checkpoint.wall_s)),
        ("held", postcard::to_allocvec(&checkpoint.held)),
        ("marks", postcard::to_allocvec(&checkpoint.marks)),
    ];
    let lengths = |list: [(&'static str, postcard::Result<Vec<u8>>); 4]| list.map(|(name, b)| (name, b.unwrap().len()));
    let (head, tail) = (lengths(head), lengths(tail));
    let known: usize = head.iter().chain(&tail).map(|section| section.1).sum();
    assert!(value["saved"].is_object());
    let (mut at, mut all) = (0, Vec::new());
    for (name, length) in head.into_iter().chain([("saved", whole.len() - known)]).chain(tail) {
        all.push((name.to_owned(), end(at, length)));
        at += length;
    }
    assert_eq!(at, whole.len());
    all
}

#[derive(Clone, Debug)]
enum Damage {
    /// Bytes from here on go.
    Cut(f64, usize),
    Flip(f64, u8),
    /// So many of this byte come in.
    Longer(f64, u8, usize),
}

fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        (0.0..1.0, 1usize..9).prop_map(|(at, count)| Damage::Cut(at, count)),
        (0.0..1.0, 1u8..).prop_map(|(at, bits)| Damage::Flip(at, bits)),
        (0.0..1.0, any::<u8>(), 1usize..9).prop_map(|(at, byte, count)| Damage::Longer(at, byte, count)),
    ]
}

#[test]
fn whatever_is_changed_in_a_section_ends_in_an_answer() {
    let config = ProptestConfig { cases: 250, failure_persistence: None, ..ProptestConfig::default() };
    for engine in ["event", "grid"] {
        let good = checkpoint(engine);
        let (whole, sections) = (postcard::to_allocvec(&good).unwrap(), sections(&good));
        let (mut taken, mut refused) = (0, 0);
        let mut runner = proptest::test_runner::TestRunner::new(config.clone());
        let cases = (0..sections.len(), damage());
        let answered = std::cell::RefCell::new((&mut taken, &mut refused));
        runner
            .run(&cases, |(section, damage)| {
                let range = &sections[section].1;
                let place = |at: f64| range.start + (at * range.len() as f64) as usize;
                let mut bytes = whole.clone();
                match damage {
                    Damage::Cut(at, count) => drop(bytes.drain(place(at)..(place(at) + count).min(range.end))),
                    Damage::Flip(at, bits) => bytes[place(at)] ^= bits,
                    Damage::Longer(at, byte, count) => {
                        drop(bytes.splice(place(at)..place(at), std::iter::repeat_n(byte, count)))
                    }
                }
                // What is told is an error of the checkpoint or of the run; a panic ends the test.
                let answer = postcard::from_bytes::<Checkpoint>(&bytes).ok().map(|bad| resume(engine, bad));
                let mut answered = answered.borrow_mut();
                *(if matches!(answer, Some(Ok(_))) { &mut *answered.0 } else { &mut *answered.1 }) += 1;
                Ok(())
            })
            .unwrap();
        assert!(taken > 0 && refused > 100, "{engine}: {taken} taken, {refused} refused");
    }
}
