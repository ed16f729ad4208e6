//! What is random in a network: each part draws its own numbers, at the rates and with the moments that theory gives.

use memspike::network::{self, BuildError};
use memspike::record::{Chunk, WeightKind};
use memspike::spec::Connect;
use memspike::value::{Limits, Value};

use super::engine_run::{Ran, model, run};

const ENGINES: [&str; 2] = ["event", "grid"];

#[test]
fn adding_a_population_and_a_projection_leaves_the_others_as_they_are() {
    let population = |name: &str| {
        format!(
            "[population.{name}]\nsize = 17\nneuron.lif_delta = {{ tau_m = {{ uniform = ['8 ms', '12 ms'] }} }}
             initial.v_m = {{ uniform = ['-70 mV', '-60 mV'] }}\n"
        )
    };
    let projection = |name: &str, source: &str, target: &str, rule: &str| {
        format!(
            "[projection.{name}]\nsource = '{source}'\ntarget = '{target}'\nconnect.{rule}
             weight = {{ uniform = ['0.01 mV', '0.02 mV'] }}\ndelay = {{ uniform = ['0.5 ms', '5 ms'] }}\n"
        )
    };
    let rules = ["fixed_probability = 0.3", "fixed_indegree = 5", "fixed_outdegree = 6", "fixed_total_number = 70"];
    for engine in ENGINES {
        for rule in rules {
            let head = format!("simulation = {{ duration = '2 ms', seed = 5, engine = '{engine}' }}\n");
            let record = "[record]\nweights = [{ projection = 'x', on = 'end' }, { projection = 'y', on = 'end' }]
                          state = [{ population = ['A', 'B'], interval = '2 ms' }]";
            let own = projection("x", "A", "B", rule) + &projection("y", "A[2:9]", "B[3:]", rule);
            let base = run(&(head.clone() + &population("A") + &population("B") + &own + record), &[], 1);
            let more = projection("a", "Z", "B", rule) + &own + &projection("z", "A", "B", rule);
            let text =
                head + &population("Z") + &population("A") + &population("M") + &population("B") + &more + record;
            for threads in [1, 3] {
                let other = run(&text, &[], threads);
                assert!(synapses(&base, 0).len() > 50 && synapses(&base, 1).len() > 20);
                assert_ne!(synapses(&base, 0), synapses(&base, 1));
                assert_eq!(synapses(&base, 0), synapses(&other, 0), "{engine} {rule}");
                assert_eq!(synapses(&base, 1), synapses(&other, 1), "{engine} {rule}");
                for state in [0, 1] {
                    assert_eq!(base.memory.state(state), other.memory.state(state), "{engine} {rule}");
                }
            }
        }
    }
}

/// All synapses of the `index`-th weight record, as (source, target, bits of the delay, bits of the weight).
fn synapses(ran: &Ran, index: usize) -> Vec<(u64, u64, u64, u64)> {
    let WeightKind::Snapshots { source_ids, target_ids, delays_ms } = &ran.layout.weights[index].kind else {
        panic!("no snapshots")
    };
    let snapshot = ran.memory.chunks.iter().find_map(|c| match c {
        Chunk::Snapshot { index: i, weights, .. } if *i == index => Some(weights),
        _ => None,
    });
    let weights = snapshot.unwrap();
    let mut all: Vec<_> = (0..weights.len())
        .map(|i| (source_ids[i], target_ids[i], delays_ms[i].to_bits(), weights[i].to_bits()))
        .collect();
    all.sort_unstable();
    all
}

#[test]
fn synapses_that_take_their_place_at_once_are_those_that_are_turned() {
    // Where one more projection has another delay, rows are turned and put together; its only source is silent.
    let far = "[projection.far]\nsource = 'W'\ntarget = ['A', 'B']\nweight = '1 pA'\ndelay = '3 ms'\nconnect.pairs = [[0, 1]]\n";
    // One weight and one delay, of sources and targets of one's own, of slices, of several projections, of either sign.
    let projection = |name: &str, ends: &str, more: &str| {
        format!("[projection.{name}]\n{ends}\nconnect.fixed_indegree = 4\n{more}\ndelay = '1.5 ms'\n")
    };
    let own = projection("x", "source = 'A'\ntarget = 'B'\nweight = '20 pA'", "")
        + &projection("y", "source = 'A[3:]'\ntarget = 'A[5:60]'\nweight = '20 pA'", "multapses = false")
        + &projection("z", "source = 'B'\ntarget = 'A'\nweight = '-30 pA'", "");
    // The second size has targets in two blocks of a thread.
    for (a, b) in [(80, 50), (66_000, 300)] {
        for engine in ENGINES {
            let head = format!(
                "simulation = {{ duration = '25 ms', seed = 3, engine = '{engine}' }}
                 [population]\nA = {{ size = {a}, neuron = 'lif_exp' }}\nB = {{ size = {b}, neuron = 'lif_exp' }}
                 W = {{ size = 1, neuron = 'lif_exp' }}
                 [input.p]\ntarget = ['A', 'B']\npoisson = {{ rate = '9 kHz', weight = '80 pA' }}\n"
            );
            let record = "[record]\nspikes = ['A', 'B']
                          weights = [{ projection = 'x', on = 'end' }, { projection = 'y', on = 'end' }, { projection = 'z', on = 'end' }]";
            for threads in [1, 3] {
                let base = run(&(head.clone() + &own + record), &[], threads);
                let turned = run(&(head.clone() + &own + far + record), &[], threads);
                assert!(base.spikes(0).len() > 20 && base.spikes(1).len() > 20);
                assert_eq!(base.spikes(0), turned.spikes(0), "{engine} {a}");
                assert_eq!(base.spikes(1), turned.spikes(1), "{engine} {a}");
                for index in 0..3 {
                    assert!(synapses(&base, index).len() >= 200);
                    assert_eq!(synapses(&base, index), synapses(&turned, index), "{engine} {a}");
                }
                let compiled = |text: String| network::compile(model(&text, &[]), threads).unwrap().projections;
                let (base, turned) = (compiled(head.clone() + &own), compiled(head.clone() + &own + far));
                for (one, other) in base.iter().zip(&turned) {
                    assert_eq!(one.outdegree, other.outdegree);
                    let of = |p: &network::Projection| (p.synapses, p.min_delay, p.max_delay);
                    assert_eq!(of(one), of(other));
                }
            }
        }
    }
}

#[test]
fn weights_in_16_bits_are_whole_multiples_of_one_near_those_that_were_drawn() {
    // Onto one model; what arrives at the other has a unit of its own.
    let text = "simulation = { duration = '1 ms', seed = 4 }
         [population]\nA = { size = 40, neuron = 'lif_exp' }\nB = { size = 30, neuron = 'lif_exp' }\nC = { size = 20, neuron = 'lif_delta' }
         [projection.x]\nsource = 'A'\ntarget = 'B'\nconnect.fixed_probability = 0.5\nweight = { normal = { mean = '88 pA', std = '9 pA' } }
         [projection.y]\nsource = 'B'\ntarget = 'A'\nconnect.fixed_indegree = 10\nweight = '-352 pA'
         [projection.z]\nsource = 'A'\ntarget = 'C'\nconnect = 'all_to_all'\nweight = { uniform = ['-0.2 mV', '0.1 mV'] }
         [record]\nweights = [{ projection = 'x', on = 'end' }, { projection = 'y', on = 'end' }, { projection = 'z', on = 'end' }]";
    // The largest that can be drawn, over 32,767, rounded up to nine binary digits.
    let grain = |largest: f64| {
        let digit = (largest / 32_767.0).log2().floor().exp2() / 256.0;
        (largest / 32_767.0 / digit).ceil() * digit
    };
    let grains = [grain(352.0), grain(352.0), grain(0.2)];
    let sets = |engine, precision, weights| {
        [("simulation.engine", engine), ("simulation.precision", precision), ("simulation.static_weights", weights)]
    };
    let real = run(text, &sets("event", "double", "real"), 1);
    let coded = run(text, &sets("event", "double", "int16"), 1);
    for (index, grain) in grains.into_iter().enumerate() {
        let (real, coded) = (synapses(&real, index), synapses(&coded, index));
        assert!(real.len() == coded.len() && real.len() > 200);
        let weights = |all: &[(u64, u64, u64, u64)]| all.iter().map(|s| f64::from_bits(s.3)).collect::<Vec<_>>();
        let coded = weights(&coded);
        assert!(coded.iter().all(|w| (w / grain).fract() == 0.0), "{index}");
        for (one, other) in weights(&real).iter().zip(&coded) {
            assert!((one - other).abs() <= 0.5 * grain, "{index}: {one} {other}");
        }
        assert_ne!(weights(&real), coded, "{index}");
    }
    for engine in ENGINES {
        for precision in ["single", "double"] {
            for threads in [1, 3] {
                let other = run(text, &sets(engine, precision, "int16"), threads);
                for index in 0..3 {
                    assert_eq!(synapses(&coded, index), synapses(&other, index), "{engine} {precision} {index}");
                }
            }
        }
    }
}

/// Rate, active keys, and the expected number of events of one train in 500 ms, with where they may be \[ms\].
type Train = (&'static str, &'static str, f64, &'static [(f64, f64)]);

const TRAINS: [Train; 6] = [
    ("'100 Hz'", "", 50.0, &[(0.0, 500.0)]),
    ("'100 Hz'", ", start = '100 ms', stop = '350 ms'", 25.0, &[(100.0, 350.0)]),
    ("'200 Hz'", ", during = 'pulse'", 60.0, &[(50.0, 150.0), (200.0, 300.0), (350.0, 450.0)]),
    ("'200 Hz'", ", during = 'pulse', start = '100 ms', stop = '210 ms'", 12.0, &[(100.0, 150.0), (200.0, 210.0)]),
    (
        "{ steps = [['0 ms', '40 Hz'], ['200 ms', '300 Hz'], ['300 ms', '0 Hz'], ['400 ms', '100 Hz']] }",
        "",
        48.0,
        &[(0.0, 300.0), (400.0, 500.0)],
    ),
    ("{ uniform = ['50 Hz', '150 Hz'] }", "", 50.0, &[(0.0, 500.0)]),
];

fn poisson_head(engine: &str) -> String {
    format!(
        "simulation = {{ duration = '500 ms', seed = 11, engine = '{engine}' }}
         interval.pulse = {{ start = '50 ms', duration = '100 ms', every = '150 ms', count = 3 }}\n"
    )
}

#[test]
fn poisson_sources_fire_at_their_rate_when_they_may_and_never_else() {
    const SIZE: f64 = 300.0;
    for engine in ENGINES {
        for (rate, active, mean, spans) in TRAINS {
            let text = poisson_head(engine)
                + &format!("population.P = {{ size = {SIZE}, source.poisson = {{ rate = {rate}{active} }} }}");
            let spikes = run(&text, &[], 2).spikes(0);
            // On the grid a spike goes to the end of its step.
            let slack = if engine == "grid" { 0.1 + 1e-9 } else { 0.0 };
            let allowed = |t: f64| spans.iter().any(|s| t >= s.0 && t <= s.1 + slack);
            assert!(spikes.iter().all(|s| allowed(s.0)), "{engine} {rate} {active}");
            let drawn = rate.contains("uniform");
            // A drawn rate adds its own spread: 100 / sqrt(12) Hz, for half a second.
            let per_train = mean + if drawn { (100.0_f64 * 0.5).powi(2) / 12.0 } else { 0.0 };
            let sigma = (SIZE * per_train).sqrt();
            let off = spikes.len() as f64 - SIZE * mean;
            assert!(off.abs() < 4.0 * sigma, "{engine} {rate} {active}: {off} of {}", SIZE * mean);
            if !drawn {
                // Independent trains of Poisson counts: chi-square with SIZE degrees of freedom.
                let mut counts = vec![0.0; SIZE as usize];
                spikes.iter().for_each(|s| counts[s.1 as usize] += 1.0);
                let chi: f64 = counts.iter().map(|n| (n - mean).powi(2) / mean).sum();
                assert!(
                    (chi - SIZE).abs() < 4.0 * (2.0 * SIZE + SIZE / mean).sqrt(),
                    "{engine} {rate} {active}: {chi}"
                );
            }
            // Each span has its share, to 5 sigma: 4 for each of a dozen would fail by chance once in a thousand.
            if rate == "'200 Hz'" {
                for (from, to) in spans {
                    let found = spikes.iter().filter(|s| s.0 > *from && s.0 <= to + slack).count() as f64;
                    let due = SIZE * 0.2 * (to - from);
                    assert!((found - due).abs() < 5.0 * due.sqrt(), "{engine} {from} {to}: {found} {due}");
                }
            }
        }
    }
}

#[test]
fn poisson_inputs_bring_their_rate_times_indegree_to_every_target() {
    const SIZE: f64 = 300.0;
    for engine in ENGINES {
        for (rate, active, mean, _) in TRAINS {
            for indegree in [1.0, 3.0] {
                let text = poisson_head(engine)
                    + &format!(
                        "population.N = {{ size = {SIZE}, neuron.lif_delta = {{}} }}
                         [input.x]\ntarget = ['N[0:100]', 'N[100:300]']
                         poisson = {{ rate = {rate}, weight = '0 mV', indegree = {indegree}{active} }}"
                    );
                let found = run(&text, &[], 2).outcome.summary.background_events as f64;
                let mean = mean * indegree;
                // The trains of a neuron share its drawn rate.
                let drawn = if rate.contains("uniform") { (50.0 * indegree).powi(2) / 12.0 } else { 0.0 };
                let off = found - SIZE * mean;
                let sigma = (SIZE * (mean + drawn)).sqrt();
                assert!(off.abs() < 4.0 * sigma, "{engine} {rate} {active} x {indegree}: {off} of {}", SIZE * mean);
            }
        }
    }
}

/// Mean and variance of v_m - e_l \[mV, mV^2\] through one current synapse: rate \[1/ms\], weight \[pA\], time constant \[ms\].
fn campbell(rate: f64, weight: f64, tau_syn: f64) -> (f64, f64) {
    let (tau_m, c_m) = (10.0, 250.0);
    let height = weight / c_m * tau_m * tau_syn / (tau_m - tau_syn);
    let square = tau_m / 2.0 + tau_syn / 2.0 - 2.0 * tau_m * tau_syn / (tau_m + tau_syn);
    (rate * weight * tau_syn * tau_m / c_m, rate * height * height * square)
}

#[test]
fn the_membrane_under_poisson_input_has_the_moments_of_campbells_theorem() {
    for engine in ENGINES {
        let text = format!(
            "simulation = {{ duration = '720 ms', seed = 2, engine = '{engine}' }}
             population.N = {{ size = 300, neuron.lif_exp = {{ v_th = '1 V', tau_syn_ex = '2 ms', tau_syn_in = '5 ms' }} }}
             input.excitation = {{ target = 'N', poisson = {{ rate = '2 kHz', weight = '50 pA' }} }}
             input.inhibition = {{ target = 'N', poisson = {{ rate = '0.5 kHz', weight = '-30 pA', indegree = 2 }} }}
             record.state = [{{ population = 'N', interval = '60 ms', start = '120 ms' }}]"
        );
        let ran = run(&text, &[], 2);
        assert_eq!(ran.outcome.summary.spikes, 0);
        let v_m = ran.memory.state(0).1;
        // 11 moments, six membrane time constants apart, of 300 neurons.
        let n = v_m.len() as f64;
        assert_eq!(n, 3300.0);
        let mean = v_m.iter().sum::<f64>() / n;
        let variance = v_m.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n;
        let (excitation, inhibition) = (campbell(2.0, 50.0, 2.0), campbell(1.0, -30.0, 5.0));
        let (exact, spread) = (-70.0 + excitation.0 + inhibition.0, excitation.1 + inhibition.1);
        assert!((mean - exact).abs() < 4.0 * (spread / n).sqrt(), "{engine}: mean {mean}, {exact}");
        assert!((variance - spread).abs() < 4.0 * spread * (2.1 / n).sqrt(), "{engine}: variance {variance}, {spread}");
    }
}

#[test]
fn what_cannot_be_built_is_an_error_that_names_the_projection() {
    let base = |more: &str| {
        format!(
            "simulation.duration = '1 ms'
             population.A = {{ size = 5, neuron.lif_delta = {{}} }}
             [projection.culprit]\nsource = 'A'\ntarget = 'A'\nconnect.fixed_indegree = 5\n{more}"
        )
    };
    let refused = |spec, threads, words: &str| {
        let error = network::compile(spec, threads).err().unwrap_or_else(|| panic!("built: {words}"));
        assert!(matches!(&error, BuildError::Projection { name, .. } if name == "culprit"), "{error}");
        assert!(error.to_string().contains("culprit") && error.to_string().contains(words), "{error}");
    };
    for engine in ENGINES {
        for threads in [1, 2] {
            let set = [("simulation.engine", engine)];
            // The reader refuses some of these on its own where it can see them; the builder must not rely on it.
            let mut few = model(&base(""), &set);
            few.projections[0].multapses = false;
            few.projections[0].connect = Connect::FixedIndegree(6);
            refused(few, threads, "fixed_indegree");
            let mut itself = model(&base(""), &set);
            itself.projections[0].multapses = false;
            itself.projections[0].autapses = false;
            refused(itself, threads, "fixed_indegree");
            let plastic =
                "w_max = '1 mV'\nplasticity.stdp = {}\nweight = { normal = { mean = '0.9 mV', std = '0.5 mV' } }";
            refused(model(&base(plastic), &set), threads, "w_max");
            let constant = "w_max = '1 mV'\nplasticity.stdp = {}\nweight = '1 mV'";
            let mut above = model(&base(constant), &set);
            above.projections[0].weight = Value::Constant(1.1);
            refused(above, threads, "w_max");
            let mut negative = model(&base(""), &set);
            negative.projections[0].delay = Value::Normal { mean: 1.0, std: 2.0, limits: Limits::NONE };
            refused(negative, threads, "delay");
            let list = vec![1.0; 24].into_iter().chain([-0.5]).collect::<Vec<f64>>();
            let mut listed = model(&base(""), &set);
            listed.projections[0].connect = Connect::Pairs((0..25).map(|i| (i / 5, i % 5)).collect());
            listed.projections[0].delay = Value::List(list.into());
            refused(listed, threads, "delay");
            // A thousandth of another's.
            let beside = "weight = { normal = { mean = '1 uV', std = '0.1 uV' } }
                          [population.B]\nsize = 5\nneuron.lif_delta = {}
                          [projection.large]\nsource = 'A'\ntarget = 'B'\nweight = '1 mV'\nconnect = 'all_to_all'";
            let int16 = ("simulation.static_weights", "int16");
            assert!(network::compile(model(&base(beside), &set), threads).is_ok());
            assert!(network::check_parameters(&model(&base(beside), &set)).is_ok());
            let checked = network::check_parameters(&model(&base(beside), &[set[0], int16]));
            assert!(matches!(checked, Err(BuildError::Projection { name, .. }) if name == "culprit"));
            refused(model(&base(beside), &[set[0], int16]), threads, "projection large");
        }
    }
}

#[test]
fn what_is_drawn_beyond_its_bounds_is_named_with_its_member_before_the_run() {
    let error = |text: &str| {
        let spec = model(&format!("simulation.duration = '10 ms'\n{text}\n"), &[]);
        let compiled = network::compile(spec.clone(), 1).map(drop).unwrap_err().to_string();
        assert_eq!(network::check_parameters(&spec).unwrap_err().to_string(), compiled);
        compiled
    };
    let spread = "{ normal = { mean = '5 UNIT', std = '5 UNIT' } }";
    let of = |unit: &str| spread.replace("UNIT", unit);
    for (text, name) in [
        (format!("population.P = {{ size = 100, source.poisson.rate = {} }}", of("Hz")), "rate: found -"),
        (
            format!("population.P = {{ size = 100, source.regular = {{ rate = '5 Hz', phase = {} }} }}", of("ms")),
            "phase: found -",
        ),
        (
            format!("population.P = {{ size = 100, neuron = 'lif_exp', initial.theta = {} }}", of("mV")),
            "initial.theta: found -",
        ),
    ] {
        let found = error(&text);
        assert!(found.contains("population P: member ") && found.contains(name) && found.contains("limit"), "{found}");
    }
}
