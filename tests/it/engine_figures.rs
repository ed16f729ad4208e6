//! The figures of a run against brute-force counts from its spikes and synapses, and snapshots against the model.

use memspike::record::{Chunk, WeightKind};
use memspike::time::Time;

use super::engine_run::{Ran, run};

/// All ways to wire, several projections between the same populations, a plastic one, many delays; spikes whose
/// arrival meets the window's edges (10 and 60 ms) exactly, and misses them by little.
const MODEL: &str = "
    [simulation]\nduration = '60 ms'\nseed = 3
    [population.P]\nsize = 12\nsource.poisson = { rate = '300 Hz' }
    [population.S]
    source.spike_times = [['0 ms', '8 ms', '10 ms', '58 ms', '58.1 ms', '60 ms'], ['7.9 ms', '57.9 ms', '58 ms'], []]
    [population.A]\nsize = 20\nneuron.lif_exp = { i_e = '420 pA' }\ninitial.v_m = { uniform = ['-70 mV', '-55 mV'] }
    [population.B]\nsize = 9\nneuron.lif_delta = { i_e = '440 pA' }\ninitial.v_m = { uniform = ['-70 mV', '-55 mV'] }
    [input.noise]\ntarget = 'A'\npoisson = { rate = '1 kHz', weight = '50 pA' }
    [projection.random]\nsource = ['P', 'A']\ntarget = 'A'\nconnect.fixed_probability = 0.4\nweight = '20 pA'
    delay = { uniform = ['0.5 ms', '6 ms'] }
    [projection.outward]\nsource = 'A'\ntarget = 'B'\nconnect.fixed_outdegree = 4\nweight = '0.1 mV'\ndelay = '2 ms'
    [projection.again]\nsource = 'A[3:15]'\ntarget = 'B[2:8]'\nconnect.fixed_outdegree = 3\nweight = '0.1 mV'\ndelay = '1 ms'
    [projection.edges]\nsource = 'S'\ntarget = 'A'\nconnect.fixed_outdegree = 7\nweight = '10 pA'\ndelay = '2 ms'
    [projection.edges_b]\nsource = 'S'\ntarget = 'B'\nconnect = 'all_to_all'\nweight = '0.1 mV'\ndelay = '2 ms'
    [projection.inward]\nsource = 'B'\ntarget = 'A'\nconnect.fixed_indegree = 5\nweight = '-20 pA'
    delay = { uniform = ['1 ms', '25 ms'] }
    [projection.learning]\nsource = 'P'\ntarget = 'B'\nconnect.fixed_total_number = 31\nweight = '0.1 mV'\nw_max = '0.3 mV'
    delay = { uniform = ['0.5 ms', '4 ms'] }\nplasticity.stdp = { a_plus = 0.05, a_minus = 0.06 }
    [projection.heard]\nsource = 'A'\ntarget = 'S'\nconnect.fixed_outdegree = 2\nweight = 1\ndelay = '1.5 ms'
    [record]\nspikes = 'all'
    weights = [
        { projection = 'random', on = 'end' }, { projection = 'outward', on = 'end' }, { projection = 'again', on = 'end' },
        { projection = 'edges', on = 'end' }, { projection = 'edges_b', on = 'end' }, { projection = 'inward', on = 'end' },
        { projection = 'learning', on = 'end' }, { projection = 'heard', on = 'end' },
    ]";

/// Populations are in the order of the file: the source of each weight record, and where its slice begins.
const SOURCES: [(&str, usize); 9] = [
    ("random.P_to_A", 0),
    ("random.A_to_A", 2),
    ("outward", 2),
    ("again", 2),
    ("edges", 1),
    ("edges_b", 1),
    ("inward", 3),
    ("learning", 0),
    ("heard", 2),
];
const SIZES: [usize; 4] = [12, 3, 20, 9];

fn columns(ran: &Ran, index: usize) -> (&[u64], &[u64], &[f64]) {
    let WeightKind::Snapshots { source_ids, target_ids, delays_ms } = &ran.layout.weights[index].kind else {
        panic!("no snapshots")
    };
    (source_ids, target_ids, delays_ms)
}

#[test]
fn synaptic_events_are_the_arrivals_in_the_window_counted_by_brute_force() {
    for engine in ["event", "grid"] {
        let all = run(MODEL, &[("simulation.engine", engine)], 1);
        let ms = |text: &str| Time::from_ms(text[..text.len() - 3].parse().unwrap());
        // A window that ends with the run has the run's last moment in it, one that ends before has not.
        for (start, stop) in
            [("0 ms", "70 ms"), ("10 ms", "60 ms"), ("33.3 ms", "60.1 ms"), ("0 ms", "58 ms"), ("8 ms", "59.9 ms")]
        {
            let (from, to) = (ms(start), ms(stop));
            let end = Time::from_ms(60.0).min(Time(to.0 - 1));
            for threads in [1, 3] {
                let sets = [("simulation.engine", engine), ("record.start", start), ("record.stop", stop)];
                let ran = run(MODEL, &sets, threads);
                let mut total = 0;
                for (index, (name, population)) in SOURCES.into_iter().enumerate() {
                    assert_eq!(ran.layout.weights[index].projection, name);
                    let (sources, _, delays) = columns(&ran, index);
                    let spikes = all.spikes(population);
                    let mut expected = 0u64;
                    for (source, delay) in sources.iter().zip(delays) {
                        let arrives = |t: f64| Time::from_ms(t) + Time::from_ms(*delay);
                        let counts = |s: &&(f64, u64)| s.1 == *source && arrives(s.0) >= from && arrives(s.0) <= end;
                        expected += spikes.iter().filter(counts).count() as u64;
                    }
                    let found = ran.outcome.summary.projections[name]["events"].as_u64().unwrap();
                    assert!(expected > 0, "{name} carries nothing: the test tests little");
                    assert_eq!(found, expected, "{engine} {start} to {stop}: {name} on {threads} threads");
                    let synapses = ran.outcome.summary.projections[name]["synapses"].as_u64().unwrap();
                    assert_eq!(synapses, sources.len() as u64, "{name}");
                    total += expected;
                }
                assert_eq!(ran.outcome.summary.synaptic_events, total, "{engine} {start} to {stop}");
            }
        }
    }
}

#[test]
fn events_of_a_fixed_outdegree_are_degree_times_spikes_that_arrive_in_time() {
    for engine in ["event", "grid"] {
        let ran = run(MODEL, &[("simulation.engine", engine), ("record.start", "10 ms")], 2);
        let events = |name: &str| ran.outcome.summary.projections[name]["events"].as_u64().unwrap();
        // Of S, 2 ms away: 8 and 10 and 58 ms; 57.9 and 58 ms. 7.9 ms arrives before, 58.1 and 60 ms after.
        assert_eq!(events("edges"), 7 * 5, "{engine}");
        assert_eq!(events("edges_b"), 9 * 5, "{engine}");
    }
}

#[test]
fn rates_and_cv_are_what_the_recorded_spikes_say() {
    for engine in ["event", "grid"] {
        for start in [0.0, 10.0] {
            let start_text = format!("{start} ms");
            let ran = run(MODEL, &[("simulation.engine", engine), ("record.start", &start_text)], 2);
            let mut neurons = 0;
            for (index, name) in ["P", "S", "A", "B"].into_iter().enumerate() {
                let spikes = ran.spikes(index);
                assert!(spikes.iter().all(|s| s.0 >= start && s.0 <= 60.0) && !spikes.is_empty());
                neurons += if index < 2 { 0 } else { spikes.len() as u64 };
                let figures = &ran.outcome.summary.populations[name];
                assert_eq!(figures["spikes"], spikes.len(), "{engine} {name}");
                let rate = spikes.len() as f64 / SIZES[index] as f64 / ((60.0 - start) * 1e-3);
                assert!((figures["rate_hz"].as_f64().unwrap() - rate).abs() < 1e-9 * rate, "{engine} {name}");
                let mut cvs = Vec::new();
                for member in 0..SIZES[index] as u64 {
                    let train: Vec<f64> = spikes.iter().filter(|s| s.1 == member).map(|s| s.0).collect();
                    if train.len() < 5 {
                        continue;
                    }
                    let gaps: Vec<f64> = train.windows(2).map(|w| w[1] - w[0]).collect();
                    let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
                    let variance = gaps.iter().map(|g| (g - mean).powi(2)).sum::<f64>() / gaps.len() as f64;
                    cvs.push(variance.sqrt() / mean);
                }
                if cvs.is_empty() {
                    assert!(figures["cv_isi"].is_null(), "{engine} {name}");
                } else {
                    let cv = cvs.iter().sum::<f64>() / cvs.len() as f64;
                    let found = figures["cv_isi"].as_f64().unwrap();
                    assert!((found - cv).abs() < 1e-6, "{engine} {name}: {found} {cv}");
                }
            }
            assert!(ran.outcome.summary.populations["P"]["cv_isi"].is_number(), "the test tests little");
            assert_eq!(ran.outcome.summary.spikes, neurons, "{engine}: sources are no neurons");
        }
    }
}

fn snapshots(ran: &Ran) -> Vec<(f64, Vec<f64>)> {
    let one = |c: &Chunk| match c {
        Chunk::Snapshot { time_ms, weights, .. } => Some((*time_ms, weights.clone())),
        _ => None,
    };
    ran.memory.chunks.iter().filter_map(one).collect()
}

#[test]
fn the_snapshot_at_the_end_is_the_last_of_those_at_intervals() {
    for engine in ["event", "grid"] {
        let with =
            |record: &str| snapshots(&run(MODEL, &[("simulation.engine", engine), ("record.weights", record)], 2));
        let end = with("[{ projection = 'learning', on = 'end' }]");
        let series = with("[{ projection = 'learning', interval = '15 ms' }]");
        assert_eq!(series.iter().map(|s| s.0).collect::<Vec<_>>(), [0.0, 15.0, 30.0, 45.0, 60.0], "{engine}");
        assert_eq!(end.len(), 1);
        assert_eq!(end[0], series[4], "{engine}");
        assert!(series[0].1.iter().all(|w| *w == 0.1), "{engine}: {:?}", series[0].1);
        assert_ne!(series[0].1, series[4].1, "{engine}: nothing was learnt");
    }
}

#[test]
fn the_columns_of_snapshots_are_the_pairs_of_the_model() {
    let pairs = [(0, 1), (2, 0), (1, 1), (0, 0), (0, 1), (2, 1)];
    let (weights, delays) = ([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [3.0, 1.0, 2.0, 1.0, 0.5, 7.0]);
    for plastic in ["", "w_max = '9 mV'\nplasticity.stdp = {}"] {
        for engine in ["event", "grid"] {
            for threads in [1, 3] {
                let text = format!(
                    "simulation = {{ duration = '10 ms', engine = '{engine}' }}
                     population.S.source.spike_times = [[], [], [], [], []]
                     population.N = {{ size = 4, neuron.lif_delta = {{}} }}
                     [projection.p]\nsource = 'S[1:4]'\ntarget = 'N[2:4]'
                     connect.pairs = {:?}\nweight = {{ values = {weights:?}, unit = 'mV' }}
                     delay = {{ values = {delays:?}, unit = 'ms' }}\n{plastic}
                     [[record.weights]]\nprojection = 'p'\non = 'end'",
                    pairs.map(|(s, t)| [s, t])
                );
                let ran = run(&text, &[], threads);
                let (sources, targets, columns_delays) = columns(&ran, 0);
                let found = &snapshots(&ran)[0].1;
                let mut rows: Vec<_> = (0..sources.len())
                    .map(|i| (sources[i], targets[i], (columns_delays[i] * 10.0) as u64, found[i] as u64))
                    .collect();
                // Ids count within the population, the pairs' within the slices.
                let mut expected: Vec<_> = (0..6)
                    .map(|i| (pairs[i].0 + 1, pairs[i].1 + 2, (delays[i] * 10.0) as u64, weights[i] as u64))
                    .collect();
                rows.sort_unstable();
                expected.sort_unstable();
                assert_eq!(rows, expected, "{engine} on {threads} threads {plastic}");
            }
        }
    }
}

#[test]
fn energy_is_null_without_prices_and_absent_without_a_device() {
    for engine in ["event", "grid"] {
        let with = |device: &str| {
            let text = format!(
                "simulation = {{ duration = '30 ms', engine = '{engine}' }}
                 population.S.source.spike_times = [['1 ms', '4 ms', '9 ms']]
                 population.N.source.spike_times = [['2 ms', '8 ms']]
                 [projection.p]\nsource = 'S'\ntarget = 'N'\nconnect = 'all_to_all'\nweight = 1\nw_max = 2
                 plasticity.stdp = {{ a_plus = 0.1, a_minus = 0.1 }}\n{device}"
            );
            run(&text, &[], 1).outcome.summary.projections["p"].clone()
        };
        assert!(with("").get("energy_j").is_none(), "{engine}");
        let bounds = "g_min = '1 uS', g_max = '100 uS', dg_up = '2 uS', dg_down = '2 uS'";
        let none = with(&format!("device.soft_bounds = {{ {bounds} }}"));
        let keys = ["read", "set", "reset"];
        assert!(keys.iter().all(|k| none["energy_j"].get(k).is_some_and(|e| e.is_null())), "{engine}: {none}");
        let read = with(&format!("device.soft_bounds = {{ {bounds}, read = {{ v = '0.1 V', width = '50 ns' }} }}"));
        assert!(read["energy_j"]["set"].is_null() && read["energy_j"]["reset"].is_null(), "{engine}: {read}");
        // Three reads at 0.1 V for 50 ns of about 50 uS.
        let joules = read["energy_j"]["read"].as_f64().unwrap();
        assert!((joules - 3.0 * 0.01 * 50e-9 * 50e-6).abs() < 0.2 * joules, "{engine}: {joules}");
    }
}
