//! Projections that live in a crossbar: what arrives is what the array's solution says, on any number of threads.

use std::path::Path;

use memspike::crossbar::{Array, Sources};
use memspike::record::{Chunk, WeightKind};
use memspike::spec;

use crate::engine_run::{Ran, assert_same, joined, leg, run};

/// Weights at the end, by (source, target).
fn final_weights(ran: &Ran) -> Vec<f64> {
    let last = ran.memory.chunks.iter().rev().find_map(|chunk| match chunk {
        Chunk::Snapshot { weights, .. } => Some(weights.clone()),
        _ => None,
    });
    last.unwrap()
}

/// 4 sources, 3 targets, these weights (rows: sources) in a crossbar.
fn fixed(weights: &[[f64; 3]; 4], crossbar: &str, more: &str) -> String {
    let list: Vec<String> = weights.iter().flatten().map(f64::to_string).collect();
    format!(
        "simulation.duration = '1 ms'\npopulation.S.source.spike_times = {{ values = [[], [], [], []], unit = 'ms' }}\n\
         population.T = {{ size = 3, neuron.lif_exp = {{}} }}\n\
         [projection.p]\nsource = 'S'\ntarget = 'T'\nconnect = 'all_to_all'\n{more}\n\
         weight = {{ values = [{}], unit = 'pA' }}\ncrossbar = {{ {crossbar} }}\n\
         [[record.weights]]\nprojection = 'p'\non = 'end'\n",
        list.join(", ")
    )
}

/// Current per volt between each word line and bit line, from one solution for each word line.
fn solved(rows: usize, columns: usize, g: &[f64], word: f64, bit: f64) -> Vec<f64> {
    let array = Array::new(rows, columns, g.to_vec(), word, bit).unwrap();
    let alone = |row: usize| {
        let v: Vec<f64> = (0..rows).map(|i| if i == row { 1.0 } else { 0.0 }).collect();
        array.solve(&Sources::reading(&v, columns)).unwrap().bit_line_currents
    };
    (0..rows).flat_map(alone).collect()
}

fn close(found: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len());
    let scale = expected.iter().fold(0.0f64, |most, x| most.max(x.abs()));
    for (a, b) in found.iter().zip(expected) {
        assert!((a - b).abs() <= tolerance * scale, "{found:?}\n{expected:?}");
    }
}

const W: [[f64; 3]; 4] = [[10.0, 200.0, 30.0], [400.0, 50.0, 100.0], [70.0, 0.0, 90.0], [300.0, 110.0, 1.0]];
const WIRES: &str = "word_line_resistance = '200 ohm', bit_line_resistance = '500 ohm'";

#[test]
fn static_weights_arrive_as_the_solution_of_their_array_says() {
    let g: Vec<f64> = W.iter().flatten().map(|w| 1e-6 + 99e-6 * w / 500.0).collect();
    let expected: Vec<f64> =
        solved(4, 3, &g, 200.0, 500.0).iter().map(|g| (500.0 * (g - 1e-6) / 99e-6).max(0.0)).collect();
    for engine in ["event", "grid"] {
        let ran = run(&fixed(&W, WIRES, "w_max = '500 pA'"), &[("simulation.engine", engine)], 2);
        close(&final_weights(&ran), &expected, 1e-12);
    }
    let lost = 1.0 - expected.iter().sum::<f64>() / W.iter().flatten().sum::<f64>();
    assert!(lost > 0.05, "{lost}: the test would see little");
}

#[test]
fn ideal_wires_leave_weights_as_they_are() {
    let w: Vec<f64> = W.iter().flatten().copied().collect();
    close(&final_weights(&run(&fixed(&W, "", ""), &[], 1)), &w, 1e-12);
    let inhibitory = W.map(|row| row.map(|w| -w));
    let negative: Vec<f64> = w.iter().map(|w| -w).collect();
    close(&final_weights(&run(&fixed(&inhibitory, "g_min = '0 S'", ""), &[], 1)), &negative, 1e-12);
}

#[test]
fn pairs_carry_weights_of_either_sign() {
    let mut signed = W;
    signed.iter_mut().flatten().step_by(2).for_each(|w| *w = -*w);
    let plus = |w: f64| 1e-6 + 99e-6 * w.max(0.0) / 400.0;
    let g: Vec<f64> = signed.iter().flatten().flat_map(|&w| [plus(w), plus(-w)]).collect();
    let between = solved(4, 6, &g, 200.0, 500.0);
    let expected: Vec<f64> = between.chunks(2).map(|pair| 400.0 * (pair[0] - pair[1]) / 99e-6).collect();
    let ran = run(&fixed(&signed, &format!("{WIRES}, differential = true"), ""), &[], 3);
    close(&final_weights(&ran), &expected, 1e-12);
}

#[test]
fn converters_and_levels_round_what_arrives() {
    let ran = run(&fixed(&W, "g_min = '0 S', g_max = '100 uS', levels = 5, adc_bits = 3", "w_max = '400 pA'"), &[], 1);
    // Levels of 100 pA, halves away from 0; codes of a third of 400 pA.
    let level = |w: f64| (w / 100.0 + 0.5).floor() * 100.0;
    let code = |w: f64| (w / 400.0 * 3.0 + 0.5).floor() / 3.0 * 400.0;
    let expected: Vec<f64> = W.iter().flatten().map(|&w| code(level(w))).collect();
    close(&final_weights(&ran), &expected, 1e-12);
    let ran = run(&fixed(&W, "dac_bits = 1, v_max = '0.3 V', g_min = '0 S'", ""), &[], 1);
    let expected: Vec<f64> = W.iter().flatten().map(|w| 1.5 * w).collect();
    close(&final_weights(&ran), &expected, 1e-12);
}

#[test]
fn transistors_and_cut_arrays_are_rows_and_blocks_alone() {
    let g: Vec<f64> = W.iter().flatten().map(|w| 100e-6 * w / 400.0).collect();
    let row_alone = |i: usize| -> Vec<f64> {
        let on: Vec<bool> = (0..4).map(|k| k == i).collect();
        let array = Array::new(4, 3, g.clone(), 200.0, 500.0).unwrap().with_access(5e3, &on).unwrap();
        let v: Vec<f64> = on.iter().map(|&on| f64::from(u8::from(on))).collect();
        array.solve(&Sources::reading(&v, 3)).unwrap().bit_line_currents
    };
    let expected: Vec<f64> = (0..4).flat_map(row_alone).map(|g| 400.0 * g / 100e-6).collect();
    let keys = format!("{WIRES}, g_min = '0 S', g_max = '100 uS'");
    let ran = run(&fixed(&W, &format!("{keys}, access_resistance = '5 kohm'"), ""), &[], 1);
    close(&final_weights(&ran), &expected, 1e-12);
    let block = |rows: std::ops::Range<usize>, columns: std::ops::Range<usize>| {
        let own: Vec<f64> = rows.clone().flat_map(|i| g[3 * i..][columns.clone()].to_vec()).collect();
        solved(rows.len(), columns.len(), &own, 200.0, 500.0)
    };
    let ran = run(&fixed(&W, &format!("{keys}, rows = 3, columns = 2"), ""), &[], 1);
    let found: Vec<f64> = final_weights(&ran).iter().map(|w| w / 400.0 * 100e-6).collect();
    let of = |i: usize, j: usize| found[3 * i + j];
    close(&[of(0, 0), of(0, 1), of(1, 0), of(1, 1), of(2, 0), of(2, 1)], &block(0..3, 0..2), 1e-12);
    close(&[of(3, 2)], &block(3..4, 2..3), 1e-12);
}

#[test]
fn weights_drawn_by_target_arrive_as_those_listed() {
    let text = |connect: &str| {
        format!(
            "simulation = {{ duration = '1 ms', seed = 3 }}\npopulation.S = {{ size = 40, source.poisson = {{ rate = '1 Hz' }} }}\n\
             population.T = {{ size = 30, neuron.lif_exp = {{}} }}\n\
             [projection.p]\nsource = 'S[5:35]'\ntarget = 'T[3:23]'\n{connect}\n\
             [[record.weights]]\nprojection = 'p'\non = 'end'\n"
        )
    };
    let drawn = "connect.fixed_indegree = 7\nmultapses = false\nweight = { uniform = ['1 pA', '9 pA'] }\ndelay = { uniform = ['1 ms', '3 ms'] }";
    let crossbar = format!("w_max = '9 pA'\ncrossbar = {{ {WIRES}, g_min = '0 S' }}");
    let (plain, wired) = (run(&text(drawn), &[], 1), run(&text(&format!("{drawn}\n{crossbar}")), &[], 3));
    let located = |ran: &Ran| match &ran.layout.weights[0].kind {
        WeightKind::Snapshots { source_ids, target_ids, .. } => (source_ids.clone(), target_ids.clone()),
        WeightKind::PreSpike => panic!("no snapshots"),
    };
    let (sources, targets) = located(&plain);
    assert_eq!((&sources, &targets), (&located(&wired).0, &located(&wired).1));
    let mut g = vec![0.0; 30 * 20];
    let place = |k: usize| (sources[k] as usize - 5) * 20 + targets[k] as usize - 3;
    let weights = final_weights(&plain);
    weights.iter().enumerate().for_each(|(k, w)| g[place(k)] = w / 9.0 * 100e-6);
    let between = solved(30, 20, &g, 200.0, 500.0);
    let expected: Vec<f64> = (0..weights.len()).map(|k| between[place(k)] / 100e-6 * 9.0).collect();
    close(&final_weights(&wired), &expected, 1e-12);
}

const LEARNING: &str = "
    simulation = { duration = '5 s', seed = 5 }
    population.pre = { size = 3, source.poisson = { rate = '20 Hz' } }
    population.post = { size = 2, source.poisson = { rate = '20 Hz' } }
    [projection.p]
    source = 'pre'
    target = 'post'
    connect = 'all_to_all'
    delay = '0.1 ms'
    weight = { uniform = [0.2, 0.8] }
    w_max = 1.0
    plasticity.stdp = {}
    [[record.weights]]
    projection = 'p'
    on = 'pre_spike'
    [[record.weights]]
    projection = 'p'
    interval = '1 s'
";
const DEVICE: &str =
    "{ g_min = '0 S', g_max = '100 uS', dg_up = '5 uS', dg_down = '5 uS', read = { v = '0.1 V', width = '10 ns' } }";

#[test]
fn plastic_and_memristive_weights_lose_what_the_last_look_says() {
    for device in [None, Some(DEVICE)] {
        let mut sets = device.map_or(vec![], |d| vec![("projection.p.device.soft_bounds", d)]);
        let plain = run(LEARNING, &sets, 1);
        let range = if device.is_some() { "" } else { ", g_min = '0 S', g_max = '100 uS'" };
        let crossbar = format!("{{ {WIRES}{range}, refresh = '1 s' }}");
        sets.push(("projection.p.crossbar", &crossbar));
        let wired = run(LEARNING, &sets, 2);
        let snapshots: Vec<Vec<f64>> = plain
            .memory
            .chunks
            .iter()
            .filter_map(|c| if let Chunk::Snapshot { weights, .. } = c { Some(weights.clone()) } else { None })
            .collect();
        let looks: Vec<(Vec<f64>, Vec<f64>)> = snapshots
            .iter()
            .map(|weights| {
                let g: Vec<f64> = weights.iter().map(|w| w * 100e-6).collect();
                let array = Array::new(3, 2, g.clone(), 200.0, 500.0).unwrap();
                let share = solved(3, 2, &g, 200.0, 500.0).iter().zip(&g).map(|(between, g)| between / g).collect();
                let feeds = |row: usize| {
                    let v: Vec<f64> = (0..3).map(|i| if i == row { 1.0 } else { 0.0 }).collect();
                    let s = array.solve(&Sources::reading(&v, 2)).unwrap();
                    s.word_line_currents[row] / s.bit_line_currents.iter().sum::<f64>()
                };
                (share, (0..3).map(feeds).collect())
            })
            .collect();
        let sent = |ran: &Ran| -> Vec<(f64, usize, f64)> {
            let chunks = ran.memory.chunks.iter().filter_map(|c| match c {
                Chunk::PreSpikeWeights { times_ms, source_ids, target_ids, weights, .. } => {
                    let synapse = source_ids.iter().zip(target_ids).map(|(s, t)| (s * 2 + t) as usize);
                    Some(
                        times_ms
                            .iter()
                            .copied()
                            .zip(synapse)
                            .zip(weights)
                            .map(|((t, s), w)| (t, s, *w))
                            .collect::<Vec<_>>(),
                    )
                }
                _ => None,
            });
            chunks.flatten().collect()
        };
        let (stored, arrived) = (sent(&plain), sent(&wired));
        assert!(stored.len() > 400 && stored.len() == arrived.len());
        let mut joules = 0.0;
        for ((t, synapse, w), (at, same, found)) in stored.iter().zip(&arrived) {
            assert_eq!((t, synapse), (at, same));
            let (share, feed) = &looks[((t + 0.1) / 1000.0) as usize];
            let expected = w * share[*synapse];
            assert!((found - expected).abs() < 1e-12, "{t}: {found} {expected}");
            joules += 1e-10 * expected * 100e-6 * feed[synapse / 2];
        }
        let energy = &wired.outcome.summary.projections["p"]["energy_j"]["read"];
        match device {
            Some(_) => assert!((energy.as_f64().unwrap() / joules - 1.0).abs() < 1e-9, "{energy} {joules}"),
            None => assert!(energy.is_null()),
        }
    }
}

#[test]
fn reads_take_the_same_energy_through_ideal_wires() {
    let read = "read = { v = '0.5 V', width = '1 us' }";
    for (model, more) in [
        ("soft_bounds", "read_noise = 0.3"),
        ("soft_bounds_reference", "reference = '5 uS'"),
        ("re_ram_array_om", "sigma_d2d = 0.1"),
        ("stanford_rram", "pulse_up = { v = '1.3 V', width = '1 ns' }, pulse_down = { v = '-1.2 V', width = '1 ns' }"),
        (
            "nonlinear_drift",
            "pulse_up = { v = '1 V', width = '100 us' }, pulse_down = { v = '-1 V', width = '100 us' }",
        ),
    ] {
        let (key, device) = (format!("projection.p.device.{model}"), format!("{{ {more}, {read} }}"));
        let energy = |crossbar: &[(&str, &str)]| {
            let ran = run(LEARNING, &[&[(key.as_str(), device.as_str())], crossbar].concat(), 1);
            ran.outcome.summary.projections["p"]["energy_j"]["read"].as_f64().unwrap()
        };
        let (without, ideal) = (energy(&[]), energy(&[("projection.p.crossbar", "{ refresh = '1 s' }")]));
        assert!(without > 0.0 && (ideal / without - 1.0).abs() < 1e-9, "{model}: {without} {ideal}");
    }
}

/// A cell of 55.5 uS and its reference of 5 uS at the end of 1 kohm.
#[test]
fn wires_carry_the_reference_of_a_device_too() {
    let text = "simulation.duration = '100 ms'
        population.pre.source.spike_times = { values = [[10]], unit = 'ms' }
        population.post.source.spike_times = { values = [[50]], unit = 'ms' }
        [projection.p]
        source = 'pre'
        target = 'post'
        connect = 'all_to_all'
        weight = 0.5
        w_max = 1
        plasticity.stdp = {}
        device.soft_bounds_reference = { g_min = '1 uS', g_max = '100 uS', reference = '5 uS', read = { v = '1 V', width = '1 us' } }
        crossbar = { word_line_resistance = '1 kohm', refresh = '1 s' }
        [[record.weights]]
        projection = 'p'
        on = 'pre_spike'";
    let ran = run(text, &[], 1);
    let sent = ran.memory.chunks.iter().find_map(|chunk| match chunk {
        Chunk::PreSpikeWeights { weights, .. } => weights.first().copied(),
        _ => None,
    });
    let share = 1.0 / (1.0 + 1e3 * 60.5e-6);
    let expected = (50.5 * share - 1.0) / 99.0;
    assert!((sent.unwrap() - expected).abs() < 1e-9, "{sent:?} {expected}");
    let energy = ran.outcome.summary.projections["p"]["energy_j"]["read"].as_f64().unwrap();
    assert!((energy / (60.5e-12 * share) - 1.0).abs() < 1e-9, "{energy}");
}

/// Everything about crossbars that could depend on threads.
pub const RICH: &str = "
    simulation = { duration = '60 ms', seed = 11 }
    population.P = { size = 17, source.poisson = { rate = '200 Hz' } }
    population.A = { size = 13, neuron.lif_exp = { i_e = '370 pA' }, initial.v_m = { uniform = ['-70 mV', '-56 mV'] } }
    [projection.learning]
    source = 'P'
    target = 'A'
    connect = 'all_to_all'
    weight = { uniform = ['20 pA', '180 pA'] }
    delay = { uniform = ['0.5 ms', '3 ms'] }
    w_max = '200 pA'
    plasticity.stdp = { a_plus = 0.1, a_minus = 0.1 }
    device.soft_bounds = { dg_up = '8 uS', dg_down = '8 uS', read_noise = 0.1, sigma_c2c = 0.2, read = { v = '0.1 V', width = '10 ns' } }
    crossbar = { word_line_resistance = '100 ohm', bit_line_resistance = '70 ohm', rows = 7, columns = 5, adc_bits = 8, refresh = '7 ms' }
    [projection.recurrent]
    source = 'A'
    target = 'A'
    connect.fixed_probability = 0.4
    weight = { normal = { mean = '5 pA', std = '30 pA' } }
    delay = { uniform = ['1 ms', '2 ms'] }
    crossbar = { word_line_resistance = '30 ohm', bit_line_resistance = '30 ohm', differential = true, rows = 6, columns = 10 }
    [projection.plain]
    source = 'P[2:15]'
    target = 'A[1:12]'
    connect.fixed_indegree = 5
    multapses = false
    weight = '30 pA'
    w_max = '60 pA'
    plasticity.stdp = {}
    crossbar = { word_line_resistance = '90 ohm', access_resistance = '3 kohm', refresh = '13 ms' }
    [[record.weights]]
    projection = 'learning'
    on = 'pre_spike'
    [[record.weights]]
    projection = 'plain'
    on = 'pre_spike'
    [[record.state]]
    population = 'A'
    interval = '1 ms'
";

pub const VARIANTS: [(&str, &str); 3] = [("event", "double"), ("event", "single"), ("grid", "double")];

#[test]
fn crossbars_give_the_same_bytes_on_any_number_of_threads_and_in_legs() {
    let folder = tempfile::tempdir().unwrap();
    for (n, (engine, precision)) in VARIANTS.into_iter().enumerate() {
        let sets = [("simulation.engine", engine), ("simulation.precision", precision)];
        let one = run(RICH, &sets, 1);
        for threads in [2, 3, 16] {
            let other = run(RICH, &sets, threads);
            assert_same(&one.bytes(), &other.bytes(), &format!("{sets:?} on {threads} threads"));
            assert_eq!(one.outcome.summary.projections, other.outcome.summary.projections);
        }
        let path = folder.path().join(format!("{n}.ckpt"));
        let (mut chunks, mut legs) = (Vec::new(), 0);
        for threads in [2, 1, 3, 16, 1, 2, 4, 1, 3, 2] {
            let (after, outcome) = leg(RICH, &sets, threads, &path, 3.3, 40, chunks);
            (chunks, legs) = (after, legs + 1);
            if outcome.complete {
                assert_eq!(outcome.summary.projections, one.outcome.summary.projections);
                break;
            }
        }
        assert!(legs > 2, "{legs}");
        assert_same(&one.bytes(), &joined(&chunks), &format!("{sets:?} in legs"));
        // The looks in between do something.
        let once = [&sets[..], &[("projection.learning.crossbar.refresh", "inf")]].concat();
        assert_ne!(run(RICH, &once, 1).bytes(), one.bytes());
    }
}

#[test]
fn weights_that_nobody_records_go_through_the_array_too() {
    for (engine, precision) in VARIANTS {
        let sets = [("simulation.engine", engine), ("simulation.precision", precision)];
        let states = |ran: &Ran| {
            ran.bytes()
                .into_iter()
                .filter(|d| d.0.starts_with("state") || d.0.starts_with("spikes"))
                .collect::<Vec<_>>()
        };
        let recorded = run(RICH, &sets, 1);
        let quiet = run(RICH, &[&sets[..], &[("record.weights", "[]")]].concat(), 1);
        assert_same(&states(&recorded), &states(&quiet), engine);
        assert_eq!(recorded.outcome.summary.projections, quiet.outcome.summary.projections);
    }
}

/// What wires lose is worked out anew as devices drift, as under a rule that changes nothing.
#[test]
fn losses_follow_devices_that_drift_without_a_rule() {
    let text = "simulation.duration = '3 s'
        population.pre.source.spike_times = [['2 s'], ['2.1 s'], ['2.2 s']]
        population.post = { size = 2, neuron = 'lif_exp' }
        [projection.p]
        source = 'pre'
        target = 'post'
        connect = 'all_to_all'
        weight = '40 pA'
        w_max = '80 pA'
        device.soft_bounds = { drift = { nu = 0.1, t_0 = '1 ms' } }
        crossbar = { word_line_resistance = '200 ohm', bit_line_resistance = '100 ohm', refresh = '500 ms' }
        [[record.weights]]
        projection = 'p'
        on = 'pre_spike'\n";
    let sent = |sets: &[(&str, &str)]| {
        let all = run(text, sets, 1).bytes().into_iter().filter(|d| d.0.starts_with("weights"));
        all.collect::<Vec<_>>()
    };
    let alone = sent(&[]);
    assert_same(&alone, &sent(&[("projection.p.plasticity.stdp", "{ a_plus = 0, a_minus = 0 }")]), "with a rule");
    assert!(alone != sent(&[("projection.p.crossbar.refresh", "inf")]), "at the start alone");
}

#[test]
fn what_a_crossbar_can_not_be_is_explained() {
    let wrong = |from: &str, to: &str, expected: &str| {
        assert!(RICH.contains(from), "{from}");
        let text = RICH.replacen(from, to, 1);
        let message = match spec::parse(&text, "model.toml", Path::new(""), &[]) {
            Err(error) => error.to_string(),
            Ok(spec) => memspike::network::compile(spec, 1).expect_err(to).to_string(),
        };
        assert!(message.contains(expected), "{to}: {message}");
    };
    let keys = "rows = 7, columns = 5, adc_bits = 8, refresh = '7 ms'";
    wrong(keys, "rows = 7", "`refresh` is missing");
    wrong(keys, "row = 7, refresh = '7 ms'", "did you mean");
    wrong(keys, "g_min = '1 uS', refresh = '7 ms'", "the device of this projection has its own conductances");
    wrong(keys, "word_line_resistance = '-1 ohm', refresh = '7 ms'", "word_line_resistance");
    wrong(keys, "differential = true, refresh = '7 ms'", "pairs are for static weights");
    wrong(keys, "adc_bits = 99, refresh = '7 ms'", "adc_bits: found 99, expected 2 to 32 bits");
    wrong(keys, "dac_bits = 70, refresh = '7 ms'", "dac_bits: found 70, expected 1 to 32 bits");
    wrong(keys, "dac_bits = 7, v_max = '0 V', refresh = '7 ms'", "v_max: found 0 V, expected more than 0");
    wrong(keys, "levels = 1.5, refresh = '7 ms'", "the device of this projection has its own conductances");
    wrong("differential = true, rows", "rows", "weights of both signs");
    wrong(
        "differential = true, rows = 6",
        "differential = true, refresh = '1 s', rows = 6",
        "these weights neither learn nor age",
    );
    wrong("multapses = false", "multapses = true", "a pair of neurons has one cell");
    wrong("connect.fixed_probability = 0.4", "connect.pairs = [[0, 1], [0, 1]]", "two synapses share the crosspoint");
    wrong("refresh = '13 ms' }", "refresh = '-13 ms' }", "expected more than 0");
}

#[test]
fn the_bounds_of_static_weights_have_their_sign_and_hold_them() {
    let refused = |weight: &str, bounds: &str| {
        let text = format!(
            "
            simulation.duration = '50 ms'
            population.S = {{ size = 6, source.poisson.rate = '100 Hz' }}
            population.T = {{ size = 4, neuron.lif_delta = {{}} }}
            projection.p = {{ source = 'S', target = 'T', connect = 'all_to_all', weight = {weight}, {bounds}, crossbar = {{}} }}
        "
        );
        match spec::parse(&text, "model.toml", Path::new(""), &[]) {
            Err(error) => error.to_string(),
            Ok(spec) => memspike::network::compile(spec, 1).expect_err(bounds).to_string(),
        }
    };
    let message = refused("'1 mV'", "w_min = '-10 mV'");
    assert!(message.contains("the weight 1 has another sign than w_min, -10"), "{message}");
    let message = refused("'1 mV'", "w_max = '0.5 mV'");
    assert!(message.contains("the size of the weight 1 lies outside w_min = 0 and w_max = 0.5"), "{message}");
    let message = refused("'-1 mV'", "w_min = '-10 mV'");
    assert!(message.contains("w_min is the bound nearest to 0"), "{message}");
    let drawn = "{ uniform = ['1 mV', '2 mV'] }";
    let message = refused(drawn, "w_min = '-10 mV'");
    assert!(
        message.contains("found w_min = -10 and w_max = ") && message.contains("expected the same sign"),
        "{message}"
    );
}
