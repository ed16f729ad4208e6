//! A result is a function of model and seed alone: not of threads, and not of what is recorded.

use memspike::engine::Options;

use super::engine_run::{RICH, assert_same, joined, run, run_with};

/// Every engine in every precision, with weights stored in full and in 16 bits, as `--set`s.
pub const VARIANTS: [[(&str, &str); 3]; 6] = {
    const ENGINES: [(&str, &str); 2] = [("simulation.engine", "event"), ("simulation.engine", "grid")];
    const SINGLE: (&str, &str) = ("simulation.precision", "single");
    const DOUBLE: (&str, &str) = ("simulation.precision", "double");
    const REAL: (&str, &str) = ("simulation.static_weights", "real");
    const INT16: (&str, &str) = ("simulation.static_weights", "int16");
    [
        [ENGINES[0], DOUBLE, REAL],
        [ENGINES[0], SINGLE, REAL],
        [ENGINES[1], DOUBLE, REAL],
        [ENGINES[1], SINGLE, REAL],
        [ENGINES[0], DOUBLE, INT16],
        [ENGINES[1], SINGLE, INT16],
    ]
};

#[test]
fn the_result_has_the_same_bytes_on_any_number_of_threads() {
    for sets in VARIANTS {
        let one = run(RICH, &sets, 1);
        for (track, name) in ["A", "B", "C", "D", "P", "R", "S"].iter().enumerate() {
            assert!(!one.spikes(track).is_empty(), "{sets:?}: {name} is silent: the test tests little");
        }
        for threads in [2, 3, 16] {
            let other = run(RICH, &sets, threads);
            assert_same(&one.bytes(), &other.bytes(), &format!("{sets:?} on {threads} threads"));
            let figures = |ran: &super::engine_run::Ran| {
                let s = &ran.outcome.summary;
                let projections: Vec<_> = s.projections.iter().map(|(_, p)| p["events"].clone()).collect();
                (s.spikes, s.synaptic_events, s.background_events, projections)
            };
            assert_eq!(figures(&one), figures(&other), "{sets:?} on {threads} threads");
        }
    }
}

#[test]
fn what_is_recorded_and_how_often_changes_no_spike() {
    for sets in VARIANTS {
        let full = run(RICH, &sets, 2);
        let spikes = |chunks: &[memspike::record::Chunk]| {
            joined(chunks).into_iter().filter(|d| d.0.starts_with("spikes")).collect::<Vec<_>>()
        };
        for state in [
            "[]",
            "[{ population = 'A', interval = '0.1 ms' }]",
            "[{ population = 'C', variables = ['v_m', 'g_ex'], interval = '1.3 ms' }]",
        ] {
            let mut sets = sets.to_vec();
            sets.push(("record.state", state));
            sets.push(("record.weights", "[{ projection = 'learning', interval = '0.3 ms' }]"));
            let other = run(RICH, &sets, 2);
            assert_same(&spikes(&full.memory.chunks), &spikes(&other.memory.chunks), state);
            sets.pop();
            sets.push(("record.weights", "[]"));
            let other = run(RICH, &sets, 1);
            assert_same(&spikes(&full.memory.chunks), &spikes(&other.memory.chunks), state);
        }
    }
}

#[test]
fn poisson_rates_that_agree_within_a_thread_by_chance_give_the_same_counts() {
    let text = "
        simulation = { duration = '200 ms', engine = 'grid' }
        population.E = { size = 4, neuron.lif_delta = {} }
        input.x = { target = 'E', poisson = { rate = { uniform = ['0.2 kHz', '1 kHz'] }, weight = '3 mV' } }
        record.state = [{ population = 'E', interval = '0.1 ms' }]";
    let one = run(text, &[], 1);
    for threads in [2, 4] {
        assert_same(&one.bytes(), &run(text, &[], threads).bytes(), "drawn rates");
    }
}

#[test]
fn a_run_can_be_repeated_with_another_seed_and_differs() {
    let one = run(RICH, &[], 1);
    let other = run_with(RICH, &[("simulation.seed", "8")], 1, &Options::default()).unwrap();
    assert_ne!(one.bytes(), other.bytes());
}

#[test]
fn threads_that_most_sources_do_not_reach_keep_rows_of_the_others_only_with_the_same_bytes() {
    let text = "
        simulation.duration = '30 ms'
        population.P = { size = 6000, source.poisson = { rate = '40 Hz' } }
        population.E = { size = 6000, neuron.lif_delta = {} }
        projection.one = { source = 'P', target = 'E', connect = 'one_to_one', weight = '10 mV', delay = '1 ms' }
        projection.far = { source = ['P', 'E'], target = 'E', connect.fixed_outdegree = 1, weight = '10 mV',
            delay = { uniform = ['1 ms', '9 ms'] } }
        record = { spikes = 'all', weights = [{ projection = 'far', on = 'pre_spike' }] }";
    for engine in ["event", "grid"] {
        let sets = [("simulation.engine", engine)];
        let stores = |threads: usize| {
            let network = memspike::network::compile(super::engine_run::model(text, &sets), threads).unwrap();
            let memspike::network::Shards::Double(shards) = network.shards else { panic!("precision") };
            let present =
                |sources: &memspike::synapse::Sources| matches!(sources, memspike::synapse::Sources::Present(_));
            shards.iter().flat_map(|shard| &shard.stores).filter(|group| present(&group.store.sources)).count()
        };
        assert!(stores(1) == 0 && stores(16) >= 16, "{} {}", stores(1), stores(16));
        let one = run(text, &sets, 1);
        assert!(one.spikes(1).len() > 100, "{}", one.spikes(1).len());
        assert_same(&one.bytes(), &run(text, &sets, 16).bytes(), engine);
    }
}
