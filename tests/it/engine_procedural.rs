//! `procedural`: synapses drawn at each spike give the bytes of those that are stored.

use proptest::prelude::*;

use super::engine_run::{Ran, assert_same, joined, leg, run};
use super::engine_threads::VARIANTS;

/// Neurons of one and of two sides, sources, a plastic projection among the static ones. Long rows of `wide` have several cells.
const NETWORK: &str = "
[simulation]
duration = '30 ms'
seed = 3
[population.A]
size = 61
neuron.lif_exp = { i_e = '420 pA' }
initial.v_m = { uniform = ['-70 mV', '-55 mV'] }
[population.B]
size = 1500
neuron.lif_delta = {}
initial.v_m = { uniform = ['-70 mV', '-55 mV'] }
[population.C]
size = 17
neuron.lif_cond_exp = { i_e = '700 pA' }
[population.P]
size = 23
source.poisson.rate = '300 Hz'
[input.noise]
target = 'B'
poisson = { rate = '6 kHz', weight = '0.9 mV' }
[projection.learning]
source = 'P'
target = 'A'
connect.fixed_indegree = 5
weight = { uniform = ['10 pA', '30 pA'] }
delay = { uniform = ['0.5 ms', '3 ms'] }
w_max = '60 pA'
plasticity.stdp = {}
";

/// Projections, by what they are.
const PROJECTIONS: [(&str, &str); 7] = [
    ("own", "source = 'A'\ntarget = 'A'\nautapses = false"),
    ("again", "source = 'A[3:50]'\ntarget = 'A[7:]'"),
    ("wide", "source = 'A'\ntarget = 'B[5:1490]'"),
    ("distinct", "source = 'P'\ntarget = 'B'\nmultapses = false"),
    ("two_sided", "source = ['A', 'P']\ntarget = 'C'"),
    ("back", "source = 'B[0:200]'\ntarget = 'A'"),
    ("loop", "source = 'B[300:700]'\ntarget = 'B[100:500]'\nautapses = false"),
];

const RULES: [&str; 6] = [
    "connect.fixed_probability = 0.4",
    "connect.fixed_outdegree = 7",
    "connect.fixed_total_number = 900",
    "connect.fixed_total_number = { probability = 0.2 }",
    "connect = 'all_to_all'",
    "connect.fixed_probability = 0.03",
];

/// In units of 0.01 mV, pA or nS.
const WEIGHTS: [&str; 4] = [
    "weight = '{} * 3'",
    "weight = { normal = { mean = '{} * 1', std = '{} * 4' } }",
    "weight = { normal = { mean = '{} * -2', std = '{} * 1', same_sign = true } }",
    "weight = '{} * 60 / max(1, indegree)'",
];

const DELAYS: [&str; 4] = [
    "delay = '1.5 ms'",
    "delay = { uniform = ['0.5 ms', '4 ms'] }",
    "delay = { normal = { mean = '2 ms', std = '1 ms', min = '0.5 ms' } }",
    "delay = '0.5 ms'",
];

/// A network of some of the projections, each with its (rule, weight, delay).
pub fn network(chosen: &[(usize, usize, usize, usize)]) -> String {
    let unit = |name: &str| match name {
        "wide" | "distinct" | "loop" => "0.01 mV",
        "two_sided" => "1 nS",
        _ => "1 pA",
    };
    let mut text = NETWORK.to_string();
    for &(which, rule, weight, delay) in chosen {
        let (name, ends) = PROJECTIONS[which];
        let rule = RULES[rule];
        let weight = WEIGHTS[weight].replace("{}", unit(name));
        text += &format!("[projection.{name}]\n{ends}\n{rule}\n{weight}\n{}\n", DELAYS[delay]);
    }
    let first = PROJECTIONS[chosen[0].0].0;
    let first = if first == "two_sided" { "two_sided.A_to_C" } else { first };
    text + &format!(
        "[record]\nstart = '4 ms'\nstate = [{{ population = ['A', 'B[0:40]', 'C'], interval = '5 ms' }}]
         weights = [{{ projection = '{first}', on = 'pre_spike' }}, {{ projection = '{first}', on = 'end' }},
                    {{ projection = 'learning', on = 'end' }}]\n"
    )
}

/// What is to agree besides the datasets.
pub fn figures(ran: &Ran) -> String {
    let s = &ran.outcome.summary;
    format!("{} {} {:?} {:?} {:?}", s.spikes, s.synapses, s.projections, s.populations, ran.layout.weights)
}

pub fn procedural(names: impl Iterator<Item = usize>) -> Vec<(String, String)> {
    names.map(|p| (format!("projection.{}.procedural", PROJECTIONS[p].0), "true".to_string())).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    #[test]
    fn drawn_at_spikes_or_stored_the_bytes_and_figures_are_the_same(
        chosen in prop::collection::vec((0..6usize, 0..4usize, 0..4usize), 7),
        present in prop::collection::vec(any::<bool>(), 7),
        drawn in prop::collection::vec(any::<bool>(), 7),
        start in 0..7usize, variant in 0..VARIANTS.len(), threads in 1..4usize, other in 1..4usize,
    ) {
        let at = |i: usize| (i + start) % 7;
        let used: Vec<_> = (0..7).map(at).filter(|&i| present[i] || i == start)
            .map(|i| (i, chosen[i].0, chosen[i].1, chosen[i].2)).collect();
        let text = network(&used);
        let plain: Vec<(&str, &str)> = VARIANTS[variant].into();
        let sets = procedural(used.iter().map(|u| u.0).filter(|&i| drawn[i] || i == start));
        let mut all = plain.clone();
        all.extend(sets.iter().map(|(k, v)| (k.as_str(), v.as_str())));
        let stored = run(&text, &plain, other);
        let anew = run(&text, &all, threads);
        assert_same(&stored.bytes(), &anew.bytes(), &format!("{all:?}\n{text}"));
        prop_assert_eq!(figures(&stored), figures(&anew));
    }
}

/// Everything at once, so that nothing is left to chance.
pub fn everything(delay: usize) -> String {
    let weights = [1, 0, 1, 2, 1, 3, 0];
    let rules = [0, 1, 0, 0, 2, 4, 3];
    network(&(0..7).map(|i| (i, rules[i], weights[i], (delay + i) % 4)).collect::<Vec<_>>())
}

#[test]
fn the_networks_of_this_test_are_alive_in_both_engines() {
    for variant in VARIANTS {
        let ran = run(&everything(0), &variant, 1);
        for (population, least) in [(0, 50), (1, 100), (2, 5), (3, 100)] {
            assert!(ran.spikes(population).len() > least, "{variant:?} {population}: {}", ran.spikes(population).len());
        }
    }
}

#[test]
fn the_bytes_are_the_same_on_any_number_of_threads_and_in_legs() {
    let folder = tempfile::tempdir().unwrap();
    let drawn = procedural(0..7);
    for (n, variant) in VARIANTS.into_iter().enumerate() {
        let text = everything(n);
        let mut sets: Vec<(&str, &str)> = variant.into();
        let stored = run(&text, &sets, 2);
        sets.extend(drawn.iter().map(|(k, v)| (k.as_str(), v.as_str())));
        for threads in [1, 2, 3, 16] {
            let anew = run(&text, &sets, threads);
            assert_same(&stored.bytes(), &anew.bytes(), &format!("{variant:?} on {threads} threads"));
            assert_eq!(figures(&stored), figures(&anew));
        }
        let path = folder.path().join(format!("{n}.ckpt"));
        let (mut chunks, mut complete) = (Vec::new(), false);
        for threads in [2, 1, 3, 16, 1, 2, 3, 1] {
            let (after, outcome) = leg(&text, &sets, threads, &path, 1.7, 17, chunks);
            chunks = after;
            if outcome.complete {
                assert_eq!(stored.outcome.summary.synaptic_events, outcome.summary.synaptic_events);
                complete = true;
                break;
            }
        }
        assert!(complete);
        assert_same(&stored.bytes(), &joined(&chunks), &format!("{variant:?} in legs"));
    }
}

#[test]
fn targets_of_several_blocks_get_their_own_part_of_a_row() {
    let text = "
        simulation = { duration = '6 ms', engine = 'grid' }
        population.S = { source.spike_times = [['1 ms', '2.2 ms'], ['1 ms'], []] }
        population.T = { size = 150_000, neuron.lif_delta = {} }
        projection.many = { source = 'S', target = 'T[100:]', connect.fixed_outdegree = 20_000, delay = '1 ms',
                            weight = { uniform = ['0.1 mV', '30 mV'] } }
        projection.more = { source = 'S', target = 'T', connect.fixed_probability = 0.1, weight = '9 mV',
                            delay = { uniform = ['0.5 ms', '2 ms'] } }";
    let stored = run(text, &[], 1);
    assert!(stored.spikes(1).len() > 1000);
    let drawn = [("projection.many.procedural", "true"), ("projection.more.procedural", "true")];
    for sets in [&drawn[..1], &drawn[1..], &drawn] {
        for threads in [1, 2] {
            assert_same(&stored.bytes(), &run(text, sets, threads).bytes(), &format!("{sets:?} {threads}"));
        }
    }
}
