//! The learning demonstrations of `models/`, each in a reduced case that takes seconds.

use memspike::analysis::{Detection, Responses, evaluate};
use memspike::rng::name_key;
use memspike::spec::{self, NetworkSpec, Part, PatternSpec, PopulationKind, SourceSpec};
use memspike::{engine, network, record::Memory, time::Time};

use super::engine_run::{assert_same, joined, leg, run};

fn load(name: &str, sets: &[(&str, &str)]) -> NetworkSpec {
    let sets: Vec<_> = sets.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect();
    spec::load(&super::cli::root().join("models").join(name), &sets).unwrap_or_else(|e| panic!("{e}"))
}

/// The spikes of the only recorded population, (time \[ms\], member).
fn spikes(model: NetworkSpec) -> Vec<(f64, usize)> {
    let simulation = engine::prepare(network::compile(model, 1).unwrap()).unwrap();
    let mut memory = Memory::keeping();
    simulation.run(&Default::default(), &mut memory, &mut engine::Unobserved::default()).unwrap();
    let (times, members) = memory.spikes(0);
    times.into_iter().zip(members).map(|(t, m)| (t, m as usize)).collect()
}

/// What the neuron of `models/masquelier_pattern.toml` does from 31 s to 36 s.
fn masquelier(sets: &[(&str, &str)]) -> Detection {
    let model = load("masquelier_pattern.toml", &[&[("simulation.duration", "36 s")], sets].concat());
    let PopulationKind::Source(SourceSpec::Pattern(pattern)) = model.populations[0].kind else { panic!("no pattern") };
    let key = PatternSpec::key(model.simulation.seed, name_key("afferents"));
    let spans = pattern.occurrences(key, Time::from_ms(36_000.0));
    let spans: Vec<(f64, f64)> = spans.iter().map(|s| (s.0.ms(), s.1.ms())).filter(|s| s.0 >= 31_000.0).collect();
    let all: Vec<f64> = spikes(model).into_iter().map(|s| s.0).filter(|t| *t >= 31_000.0).collect();
    Detection::of(&all, &spans)
}

#[test]
fn stdp_finds_the_pattern_of_masquelier_2008_and_fixed_weights_do_not() {
    let learnt = masquelier(&[]);
    assert!(learnt.occurrences > 15 && learnt.hit_rate() > 0.98 && learnt.false_alarms == 0, "{learnt:?}");
    // Its latency goes on falling: below 10 ms in the last third of the whole run.
    assert!(learnt.latency.unwrap() < 40.0, "{learnt:?}");
    // The same neuron with weights that change next to nothing fires all the time.
    let fixed =
        [("projection.synapses.plasticity.stdp.a_plus", "0"), ("projection.synapses.plasticity.stdp.a_minus", "0")];
    let fixed = masquelier(&fixed);
    assert!(fixed.false_alarms > 50, "{fixed:?}");
}

/// The share of tested digits that a shipped model of digits tells.
fn accuracy(name: &str, sets: &[(&str, &str)]) -> f64 {
    let model = load(name, sets);
    let PopulationKind::Source(SourceSpec::Labels(labels)) = model.populations[0].kind.clone() else {
        panic!("no digits")
    };
    let neurons = model.populations[1].size;
    let begin = |index: usize| labels.begin(index).ms();
    let spans: Vec<_> = (0..labels.shown.len()).map(|i| (begin(i), begin(i) + labels.presentation.ms())).collect();
    let truth: Vec<i64> = labels.shown.iter().map(|s| i64::from(labels.images.labels[s.image as usize])).collect();
    let part = |part: Part| (0..spans.len()).filter(|&i| labels.shown[i].part == part).collect::<Vec<_>>();
    let train = if part(Part::Label).is_empty() { part(Part::Train) } else { part(Part::Label) };
    evaluate(&Responses::count(spikes(model), neurons, &spans), &truth, &train, &part(Part::Test)).accuracy()
}

#[test]
fn memristors_learn_digits_as_in_querlioz_2013_and_do_not_where_they_do_not_switch() {
    let few = [
        ("parameters.outputs", "20"),
        ("parameters.train", "300"),
        ("parameters.label", "150"),
        ("parameters.test", "100"),
    ];
    let learnt = accuracy("querlioz_digits.toml", &few);
    assert!(learnt > 0.45, "{learnt}");
    let off = [
        ("projection.synapses.device.querlioz.dg_up", "1e-6 nS"),
        ("projection.synapses.device.querlioz.dg_down", "1e-6 nS"),
    ];
    let untaught = accuracy("querlioz_digits.toml", &[&few[..], &off].concat());
    assert!(learnt > untaught + 0.15, "{learnt} {untaught}");
}

#[test]
fn triplet_stdp_learns_digits_as_in_diehl_cook_2015() {
    let few = [("parameters.outputs", "30"), ("parameters.train", "150"), ("parameters.test", "80")];
    let learnt = accuracy("diehl_cook_digits.toml", &few);
    assert!(learnt > 0.3, "{learnt}");
}

#[test]
fn a_pattern_has_the_same_bytes_on_any_threads_and_in_legs() {
    const TEXT: &str = "
        simulation = { duration = '400 ms', seed = 3 }
        population.P = { size = 60, source.pattern = { duration = '20 ms', max_rate = '200 Hz' } }
        population.E = { size = 4, neuron.lif_exp = {} }
        projection.p = { source = 'P', target = 'E', connect = 'all_to_all', weight = '60 pA', w_max = '100 pA', plasticity.stdp = {} }
        record.weights = [{ projection = 'p', on = 'end' }]";
    let folder = tempfile::tempdir().unwrap();
    for (n, engine) in ["event", "grid"].into_iter().enumerate() {
        let sets = [("simulation.engine", engine)];
        let one = run(TEXT, &sets, 1);
        assert!(one.spikes(0).len() > 1500 && one.spikes(1).len() > 10, "too quiet to test anything");
        for threads in [2, 3, 16] {
            assert_same(&one.bytes(), &run(TEXT, &sets, threads).bytes(), &format!("{engine} on {threads} threads"));
        }
        let path = folder.path().join(format!("{n}.ckpt"));
        let (mut chunks, mut complete, mut legs) = (Vec::new(), false, 0);
        for threads in [2, 1, 3, 16, 1, 2, 1, 2, 1, 3, 1, 2] {
            let (after, outcome) = leg(TEXT, &sets, threads, &path, 17.3, 90, chunks);
            (chunks, complete, legs) = (after, outcome.complete, legs + 1);
            if complete {
                break;
            }
        }
        assert!(complete && legs > 2, "{legs}");
        assert_same(&one.bytes(), &joined(&chunks), &format!("{engine} in legs"));
    }
}

#[test]
fn mistakes_in_a_pattern_are_told() {
    let wrong = |keys: &str, part: &str| {
        let text = format!("simulation.duration = '1 s'\n[population.P]\nsize = 9\nsource.pattern = {{ {keys} }}");
        let error = spec::parse(&text, "test", std::path::Path::new(""), &[]).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    };
    wrong("share = 0.5", "at most 0.25");
    wrong("jitter = '20 ms'", "a quarter of the pattern, 12.5 ms");
    wrong("min_rate = '103 Hz'", "at most max_rate, 102 Hz");
    wrong("max_rate = '10 MHz'", "spikes of a member in one section");
    wrong("duration = '0 ms'", "duration");
    wrong("period = '1 ms'", "period");
}
