//! What stands beside a rule, short-term plasticity and normalisation, and the errors of both and of the rules.

use std::path::Path;

use memspike::record::Chunk;

use memspike::engine::Options;
use memspike::{network, spec};

use crate::engine_run::run_with;
use crate::plasticity_stdp::{run, snapshots};

fn traces(memory: &memspike::record::Memory) -> Vec<f64> {
    let state = |c: &Chunk| if let Chunk::State { rows, .. } = c { rows.clone() } else { Vec::new() };
    memory.chunks.iter().flat_map(state).collect()
}

/// With u = x = 1 at every spike nothing is left of short-term plasticity, for weights of either sign.
#[test]
fn short_term_plasticity_that_recovers_at_once_transmits_the_weights_of_either_sign() {
    for (engine, neuron, std) in
        [("event", "lif_exp", "60 pA"), ("grid", "lif_exp", "60 pA"), ("grid", "lif_cond_exp", "2 nS")]
    {
        let text = |more: &str| {
            format!(
                "simulation = {{ duration = '100 ms', engine = '{engine}' }}\n\
                 population.pre = {{ size = 30, source.regular = {{ rate = '100 Hz', phase = {{ uniform = ['0 ms', '10 ms'] }} }} }}\n\
                 population.post = {{ size = 4, neuron = '{neuron}' }}\n\
                 [projection.p]\nsource = 'pre'\ntarget = 'post'\nconnect.fixed_probability = 0.6\n\
                 weight = {{ normal = {{ mean = '{}', std = '{std}' }} }}\ndelay = {{ uniform = ['0.5 ms', '3 ms'] }}\n{more}\n\
                 [[record.state]]\npopulation = 'post'\nvariables = ['v_m']\ninterval = '1 ms'\n",
                if neuron == "lif_exp" { "0 pA" } else { "0 nS" }
            )
        };
        let plain = traces(&run(&text(""), 1));
        let short = text("short_term = { u_0 = 1, tau_rec = '1 ps', tau_fac = '0 ms' }");
        let one = traces(&run(&short, 1));
        assert!(plain.iter().any(|v| (v - plain[0]).abs() > 0.5));
        for (a, b) in one.iter().zip(&plain) {
            assert!((a - b).abs() < 1e-9, "{engine} {neuron}: {a} {b}");
        }
        assert_eq!(traces(&run(&short, 3)), one, "{engine} {neuron}");
        // Depression makes a difference.
        assert_ne!(traces(&run(&text("short_term = { u_0 = 0.6, tau_rec = '500 ms' }"), 1)), plain);
    }
}

/// Short-term plasticity scales what a plastic, even memristive, synapse transmits and leaves its weight alone.
#[test]
fn short_term_plasticity_composes_with_a_rule_and_a_device() {
    for device in ["", "device.soft_bounds = { dg_up = '1 uS', dg_down = '1 uS', pulses = 'carry' }"] {
        let text = |short: &str, record: &str| {
            format!(
                "simulation.duration = '200 ms'\n\
                 population.pre.source.spike_times = {{ values = [[10, 30, 55, 60, 120]], unit = 'ms' }}\n\
                 population.post.source.spike_times = {{ values = [[12, 33, 54, 70, 118]], unit = 'ms' }}\n\
                 [projection.p]\nsource = 'pre'\ntarget = 'post'\nconnect = 'all_to_all'\nweight = 0.5\nw_max = 1.0\n\
                 plasticity.stdp = {{ a_plus = 0.1, a_minus = 0.07 }}\n{device}\n{short}\n\
                 [[record.weights]]\nprojection = 'p'\n{record}\n"
            )
        };
        let short = "short_term = { u_0 = 0.3, tau_rec = '90 ms', tau_fac = '50 ms' }";
        let (plain, sent) =
            (run(&text("", "on = 'pre_spike'"), 1).weights(0).1, run(&text(short, "on = 'pre_spike'"), 1).weights(0).1);
        let (mut x, mut u, mut last) = (1.0, 0.3, None);
        for ((t, w), s) in [10.0f64, 30.0, 55.0, 60.0, 120.0].iter().zip(&plain).zip(&sent) {
            if let Some(last) = last {
                let h: f64 = t - last;
                x = 1.0 + (x - x * u - 1.0) * (-h / 90.0).exp();
                u = 0.3 + u * 0.7 * (-h / 50.0).exp();
            }
            last = Some(*t);
            assert!((s - x * u * w).abs() < 1e-12, "{t}: {s} {}", x * u * w);
        }
        let at_end = "on = 'end'";
        assert_eq!(snapshots(&run(&text(short, at_end), 1)), snapshots(&run(&text("", at_end), 1)));
    }
}

/// As NEST's weight_recorder gets what a tsodyks2_synapse sends, x u w, while its `weight` stays w.
#[test]
fn recorded_weights_are_x_u_w_at_spikes_and_w_in_snapshots_of_synapses_that_learn_nothing_too() {
    for engine in ["event", "grid"] {
        let text = |record: &str| {
            format!(
                "simulation = {{ duration = '100 ms', engine = '{engine}' }}\n\
                 population.pre.source.spike_times = {{ values = [[10, 30, 60]], unit = 'ms' }}\n\
                 population.post = {{ size = 1, neuron = 'lif_exp' }}\n\
                 [projection.p]\nsource = 'pre'\ntarget = 'post'\nconnect = 'all_to_all'\nweight = '40 pA'\n\
                 short_term = {{ u_0 = 0.5, tau_rec = '100 ms' }}\n[[record.weights]]\nprojection = 'p'\n{record}\n"
            )
        };
        // u = 0.5 always, since tau_fac = 0; x recovers from half of what it was.
        let second = 1.0 - 0.5 * (-0.2f64).exp();
        let third = 1.0 - (1.0 - 0.5 * second) * (-0.3f64).exp();
        let sent = run(&text("on = 'pre_spike'"), 1).weights(0).1;
        for (found, x) in sent.iter().zip([1.0, second, third]) {
            assert!((found - x * 0.5 * 40.0).abs() < 1e-12, "{engine}: {found} {x}");
        }
        assert_eq!(sent.len(), 3);
        let taken = snapshots(&run(&text("interval = '50 ms'"), 1));
        assert!(taken.len() >= 2 && taken.iter().all(|(_, weights)| weights[..] == [40.0]), "{taken:?}");
    }
}

#[test]
fn normalisation_brings_every_sum_to_its_target_and_keeps_ratios() {
    for (engine, sign) in [("event", 1.0), ("grid", -1.0)] {
        let text = format!(
            "simulation = {{ duration = '50 ms', engine = '{engine}' }}\n\
             population.pre.source.spike_times = {{ values = [[5], [], [7]], unit = 'ms' }}\n\
             population.post.source.spike_times = {{ values = [[], []], unit = 'ms' }}\n\
             [projection.p]\nsource = 'pre'\ntarget = 'post'\nconnect = 'all_to_all'\n\
             weight = {{ values = [{}, {}, {}, {}, {}, {}] }}\nw_max = {}\ndelay = '2 ms'\nplasticity = 'stdp'\n\
             normalize = {{ sum = {}, every = '20 ms' }}\n\
             [[record.weights]]\nprojection = 'p'\ninterval = '10 ms'\n",
            sign * 1.0,
            sign * 2.0,
            sign * 3.0,
            sign * 1.0,
            sign * 4.0,
            sign * 1.0,
            sign * 100.0,
            sign * 16.0
        );
        let taken = snapshots(&run(&text, 2));
        let before = [1.0, 2.0, 3.0, 1.0, 4.0, 1.0].map(|w| w * sign);
        let after = [2.0, 8.0, 6.0, 4.0, 8.0, 4.0].map(|w| w * sign);
        for (time, weights) in taken {
            // A snapshot at the very time shows the weights before.
            let expected = if time <= 20.0 { before } else { after };
            for (w, e) in weights.iter().zip(expected) {
                assert!((w - e).abs() < 1e-13 * e.abs(), "{engine} at {time}: {w} {e}");
            }
        }
    }
}

/// A pulse to each would take a sum that is off by rounding alone away from its target.
#[test]
fn normalisation_leaves_devices_whose_sum_is_on_target_alone() {
    for pulses in ["one", "carry", "stochastic"] {
        let text = format!(
            "simulation.duration = '1 s'\n\
             population.pre.source.spike_times = [['990 ms'], ['990 ms'], ['990 ms']]\n\
             population.post.source.spike_times = [[], []]\n\
             [projection.p]\nsource = 'pre'\ntarget = 'post'\nconnect = 'all_to_all'\n\
             weight = {{ values = [0.3, 0.2, 0.3, 0.4, 0.6, 0.6] }}\nw_max = 1\nplasticity = 'stdp'\n\
             normalize = {{ sum = 1.2, every = '100 ms' }}\n\
             device.constant_step = {{ pulses = '{pulses}', dg_up = '0.1 uS', dg_down = '0.1 uS' }}\n\
             [[record.weights]]\nprojection = 'p'\ninterval = '300 ms'\n"
        );
        let taken = snapshots(&run(&text, 1));
        assert!(taken.len() > 2 && taken.iter().all(|(_, weights)| *weights == taken[0].1), "{pulses}: {taken:?}");
    }
}

fn refused(lines: &str) -> String {
    let text = format!(
        "simulation.duration = '1 ms'\npopulation.a.source.spike_times = [['0 ms']]\n\
         population.n = {{ size = 2, neuron = 'lif_exp' }}\n\
         [projection.p]\nsource = 'a'\ntarget = 'n'\nconnect = 'all_to_all'\n{lines}\n"
    );
    memspike::spec::parse(&text, "m", Path::new(""), &[]).err().map(|e| e.to_string()).unwrap_or_default()
}

/// A set that ships with one of its parameters changed, so that another one no longer fits.
const PUSH_PULL: &str =
    "device.pcm = { pair = 'push_pull', one_sided = false }\nplasticity = 'querlioz'\nw_max = '2 pA'";

#[test]
fn mistakes_explain_themselves() {
    for (lines, part) in [
        ("plasticity.stdp_triplet = { tau_plus = '-3 ms' }", "found -3 ms, expected more than 0"),
        ("plasticity.stdp_triplet = { a_minus = '-1 pA' }", "a_minus: depression of a pair"),
        ("plasticity.stdp_triplet = { a_minus = 0.1 }", "a current such as"),
        ("plasticity = 'querlioz'", "the rule querlioz needs the largest weight"),
        (PUSH_PULL, "m:8:8: refresh: found 0.75, expected refresh = 0: only a pair"),
        (
            "device.soft_bounds = { read = { v = '1 MV', width = '1 s' } }\nw_max = '2 pA'",
            "1e6 V, expected at most 100 V",
        ),
        (
            "device.soft_bounds = { pulse_up = { v = '-101 V', width = '1 s' } }\nw_max = '2 pA'",
            "expected at most 100 V",
        ),
        (
            "device.soft_bounds = { read = { v = 'inf', width = '1 s' } }\nw_max = '2 pA'",
            "read.v: found inf V, expected a finite",
        ),
        ("plasticity = 'hebbian'", "the rule hebbian needs the largest weight"),
        ("plasticity = 'inhibitory'\nweight = '-3 pA'", "give w_max, whose sign"),
        ("plasticity = 'stdp_dopamine'", "needs the parameter modulator"),
        ("plasticity.stdp_dopamine = { modulator = 'vta' }", "unknown population vta"),
        (
            "plasticity.stdp_dopamine = { modulator = 'a[0]' }",
            "found the slice a[0], expected a whole population such as a",
        ),
        ("plasticity.hebbian = { variant = 'ojja' }\nw_max = '2 pA'", "oja"),
        ("plasticity = 'stdp_triplet_synapse'", "stdp_triplet_synapse (NEST): write stdp_triplet"),
        ("plasticity = 'vogels_sprekeler_synapse'", "vogels_sprekeler_synapse (NEST): write inhibitory"),
        ("plasticity = 'tsodyks2_synapse'", "write short_term, a key of the projection"),
        ("plasticity = 'clopath_synapse'", "clopath_synapse (NEST): write clopath"),
        ("plasticity = 'stdp_dopamine_synapse'", "write stdp_dopamine"),
        ("plasticity.clopath = { A_LTD = 1 }", "A_LTD (NEST): write a_ltd"),
        ("short_term = { U = 0.5 }", "U (NEST): write u_0"),
        ("short_term = { u_0 = 1.5 }", "between 0 and 1"),
        ("short_term = 0.5", "a table of u_0, tau_rec, tau_fac"),
        ("normalize = { sum = '3 pA', every = '1 s' }", "this projection has no `plasticity`"),
        (
            "plasticity = 'stdp_power_law'\nnormalize = { sum = '-3 pA', every = '1 s' }",
            "expected the sign of the weights",
        ),
        ("plasticity = 'stdp_power_law'\nnormalize = { sum = '3 pA' }", "needs the parameter every"),
        ("plasticity = 'stdp_power_law'\nw_min = '-1 pA'", "same sign"),
    ] {
        let error = refused(lines);
        assert!(error.contains(part), "{lines}\n{error}");
    }
    assert_eq!(refused("plasticity = 'stdp_power_law'"), "");
}

/// Weights onto a source, learnt in single precision: whatever they come to may be a weight again.
#[test]
fn a_weight_that_learnt_to_its_bound_in_single_precision_is_read_again() {
    let text = |precision: &str, weight: f64| {
        format!(
            "simulation = {{ duration = '40 ms', precision = '{precision}' }}\n\
             population.P.source.spike_times = {{ values = [[10, 20, 30]], unit = 'ms' }}\n\
             population.Q.source.spike_times = {{ values = [[12, 22, 32]], unit = 'ms' }}\n\
             [projection.p]\nsource = 'P'\ntarget = 'Q'\nconnect.pairs = [[0, 0], [0, 0]]\n\
             weight = {{ values = [{weight}, 0.2] }}\nw_max = 0.3\nplasticity.stdp.a_plus = 0.5\n\
             [[record.weights]]\nprojection = 'p'\non = 'end'\n"
        )
    };
    let learnt = |text: &str| snapshots(&run(text, 1))[0].1.clone();
    assert_eq!(learnt(&text("single", 0.2)), [f64::from(0.3f32); 2]);
    assert_eq!(learnt(&text("single", f64::from(0.3f32))), [f64::from(0.3f32); 2]);
    assert_eq!(learnt(&text("double", f64::from(0.3f32))), [0.3; 2]);
    let more = spec::parse(&text("single", 0.300_001), "test", Path::new(""), &[]).err().unwrap().to_string();
    assert!(more.contains("outside [w_min, w_max] = [0, 0.3]"), "{more}");
}

#[test]
fn a_weight_that_is_no_number_ends_the_run_with_the_name_of_its_synapse() {
    let text = |record: &str| {
        format!(
            "simulation.duration = '100 ms'\n\
             population.P.source.spike_times = [[], ['1 ms', '90 ms']]\n\
             population.Q = {{ size = 3, source.regular.rate = '100 Hz' }}\n\
             [projection.p]\nsource = 'P'\ntarget = 'Q[1:3]'\nconnect = 'all_to_all'\nweight = 1\n\
             plasticity.stdp_power_law = {{ lambda = 0.5, mu = 4, w_0 = 0.1, tau_plus = '1 s' }}\n{record}\n"
        )
    };
    for record in ["", "[[record.weights]]\nprojection = 'p'\ninterval = '50 ms'"] {
        let errors = [1, 3].map(|threads| {
            run_with(&text(record), &[], threads, &Options::default()).err().map(|error| error.to_string())
        });
        let error = errors[0].clone().unwrap();
        assert!(error.contains("projection.p: the synapse from P[1] to Q[1] has come to a weight of"), "{error}");
        assert_eq!(errors[1].as_deref(), Some(&*error));
    }
}

#[test]
fn a_weight_that_single_precision_cannot_hold_is_refused() {
    let text = |precision: &str, weight: &str| {
        format!(
            "simulation = {{ duration = '1 ms', precision = '{precision}' }}\n\
             population.P.source.spike_times = [[]]\npopulation.Q.source.spike_times = [[]]\n\
             [projection.p]\nsource = 'P'\ntarget = 'Q'\nconnect = 'all_to_all'\n{weight}\n"
        )
    };
    let built = |precision: &str, weight: &str| -> Result<(), String> {
        let spec = spec::parse(&text(precision, weight), "test", Path::new(""), &[]).map_err(|e| e.to_string())?;
        network::compile(spec, 1).map(drop).map_err(|e| e.to_string())
    };
    for weight in [
        "weight = 1e39",
        "weight = { uniform = [1e39, 2e39] }",
        "weight = { uniform = [1, 2e39] }\nprocedural = true",
        "w_max = 1e40\nplasticity = 'stdp'",
    ] {
        assert_eq!(built("double", weight), Ok(()));
        let error = built("single", weight).unwrap_err();
        assert!(error.contains("single precision holds"), "{error}");
    }
}
