//! Devices through whole models: pulses, energy, threads and checkpoints.

use memspike::engine::{Options, Outcome, checkpoint::Checkpoint};

use crate::plasticity_stdp::{run, run_with};

/// Post spikes 1 ms after (up) or before (down) each of many pre spikes, far apart: one pulse each.
fn pulses(signs: &[f64], device: &str, bounds: &str) -> String {
    let pre: Vec<f64> = (0..=signs.len()).map(|i| 10.0 + 2000.0 * i as f64).collect();
    let post: Vec<f64> = signs
        .iter()
        .enumerate()
        .map(|(i, s)| if *s > 0.0 { 11.0 + 2000.0 * i as f64 } else { 2009.0 + 2000.0 * i as f64 })
        .collect();
    format!(
        "simulation.duration = '{} ms'\n\
         population.pre.source.spike_times = {{ values = [{pre:?}], unit = 'ms' }}\n\
         population.post.source.spike_times = {{ values = [{post:?}], unit = 'ms' }}\n\
         [projection.p]\nsource = 'pre'\ntarget = 'post'\nconnect = 'all_to_all'\ndelay = '0.1 ms'\n{bounds}\n\
         plasticity.stdp = {{ tau_plus = '1 ms', tau_minus = '1 ms' }}\ndevice.soft_bounds = {{ {device} }}\n\
         [[record.weights]]\nprojection = 'p'\non = 'pre_spike'\n",
        pre.last().unwrap() + 1.0
    )
}

const DEVICE: &str = "g_min = '1 uS', g_max = '101 uS', dg_up = '1 uS', dg_down = '2 uS', pulses = 'one'";
const PRICES: &str = ", pulse_up = { v = '2 V', width = '100 ns' }, pulse_down = { v = '-3 V', width = '50 ns' }, \
                      read = { v = '0.1 V', width = '10 ns' }";

fn energy(outcome: &Outcome, kind: &str) -> Option<f64> {
    outcome.summary.projections["p"]["energy_j"][kind].as_f64()
}

/// With mu_plus = 1 a change is a_plus (1 - w / w_max): no pulse once the device is at its upper bound, in either precision.
#[test]
fn a_rule_that_stops_at_the_bound_stops_when_the_device_is_there() {
    let text = pulses(&[1.0; 60], DEVICE, "w_min = 0\nw_max = 1\nweight = 0.5")
        .replace("device.soft_bounds", "device.constant_step")
        .replace("dg_up = '1 uS'", "dg_up = '10 uS'")
        .replace("tau_minus = '1 ms'", "tau_minus = '1 ms', mu_plus = 1");
    for precision in ["double", "single"] {
        let (memory, outcome) =
            run_with(&format!("simulation.precision = '{precision}'\n{text}"), 1, &Options::default());
        // Five steps, and a sixth where rounding leaves a hair of the last.
        assert!(outcome.summary.projections["p"]["pulses"]["set"].as_u64().unwrap() <= 6, "{precision}");
        assert_eq!(memory.weights(0).1.last(), Some(&1.0), "{precision}");
    }
}

#[test]
fn pulses_follow_the_recurrence_for_either_sign_and_each_one_has_its_price() {
    let signs: Vec<f64> = (0..60).map(|i| if i % 5 < 3 { 1.0 } else { -1.0 }).collect();
    for (low, high, start) in [(0.0, 1.0, 0.25), (0.2, 1.0, 0.25), (-0.2, -1.0, -0.25)] {
        let bounds = format!("w_min = {low:?}\nw_max = {high:?}\nweight = {start:?}");
        let text = pulses(&signs, &format!("{DEVICE}{PRICES}"), &bounds);
        let (memory, outcome) = run_with(&text, 1, &Options::default());
        let (mut g, range) = (1e-6 + 1e-4 * (start - low) / (high - low), 1e-4);
        let (mut read, mut set, mut reset) = (0.0, 0.0, 0.0);
        let weights = memory.weights(0).1;
        assert_eq!(weights.len(), 61);
        for (i, w) in weights.iter().enumerate() {
            let expected = low + (high - low) * (g - 1e-6) / range;
            assert!((w - expected).abs() < 1e-12, "{i}: {w} {expected}");
            read += 0.01 * 10e-9 * g;
            let Some(sign) = signs.get(i) else { break };
            if *sign > 0.0 {
                set += 4.0 * 100e-9 * g;
                g += 2e-6 * (101e-6 - g) / range;
            } else {
                reset += 9.0 * 50e-9 * g;
                g -= 4e-6 * (g - 1e-6) / range;
            }
        }
        for (kind, expected) in [("read", read), ("set", set), ("reset", reset)] {
            let found = energy(&outcome, kind).unwrap();
            assert!((found - expected).abs() < 1e-9 * expected, "{kind}: {found} {expected}");
        }
        let (_, outcome) = run_with(&pulses(&signs, DEVICE, &bounds), 1, &Options::default());
        assert_eq!(["read", "set", "reset"].map(|k| energy(&outcome, k)), [None; 3]);
    }
}

fn network(device: &str, more: &str) -> String {
    format!(
        "simulation = {{ duration = '300 ms' {more} }}\n\
         population.pre = {{ size = 20, source.poisson = {{ rate = '40 Hz' }} }}\n\
         population.post = {{ size = 13, source.poisson = {{ rate = '40 Hz' }} }}\n\
         [projection.p]\nsource = 'pre'\ntarget = 'post'\nconnect.fixed_probability = 0.7\n\
         delay = {{ uniform = ['0.5 ms', '6 ms'] }}\nw_max = -2.0\nw_min = -0.5\nweight = -1.0\n\
         plasticity.stdp = {{ a_plus = 0.05, a_minus = 0.05 }}\ndevice.soft_bounds = {{ {device}{PRICES} }}\n\
         [[record.weights]]\nprojection = 'p'\non = 'pre_spike'\n"
    )
}

#[test]
fn noisy_devices_give_the_same_bits_and_joules_on_any_number_of_threads_and_with_checkpoints() {
    let folder = tempfile::tempdir().unwrap();
    for pulses in ["stochastic", "carry", "one"] {
        for precision in ["single", "double"] {
            let device = format!("pulses = '{pulses}', sigma_d2d = 0.3, sigma_c2c = 0.5, read_noise = 0.1");
            let text = network(&device, &format!(", precision = '{precision}'"));
            let (one, figures) = run_with(&text, 1, &Options::default());
            let joules = ["read", "set", "reset"].map(|k| energy(&figures, k).unwrap());
            assert!(joules.iter().all(|j| *j > 0.0));
            for threads in [2, 3] {
                let path = folder.path().join(format!("{pulses}{precision}{threads}"));
                let every = memspike::time::Time::from_ms(13.0);
                let options = Options { checkpoint: Some((path.clone(), every)), ..Options::default() };
                let (memory, figures) = run_with(&text, threads, &options);
                assert_eq!(memory.weights(0), one.weights(0), "{pulses} {precision} {threads}");
                assert_eq!(["read", "set", "reset"].map(|k| energy(&figures, k).unwrap()), joules);
                let options =
                    Options { resume: Some(Box::new(Checkpoint::read(&path).unwrap())), ..Options::default() };
                let (memory, figures) = run_with(&text, 5 - threads, &options);
                assert_eq!(memory.weights(0), one.weights(0), "{pulses} {precision} resumed");
                assert_eq!(["read", "set", "reset"].map(|k| energy(&figures, k).unwrap()), joules);
            }
        }
    }
}

#[test]
fn ideal_switches_all_variability_off() {
    let noise = "sigma_d2d = 0.3, sigma_c2c = 0.5, read_noise = 0.1";
    let plain = run(&network("pulses = 'carry'", ""), 1).weights(0);
    assert_eq!(run(&network(&format!("pulses = 'carry', {noise}, ideal = true"), ""), 1).weights(0), plain);
    assert_ne!(run(&network(&format!("pulses = 'carry', {noise}"), ""), 1).weights(0), plain);
}

#[test]
fn a_device_without_a_rule_keeps_its_weight_and_one_that_makes_no_sense_is_refused() {
    let text = network("read_noise = 0.0", "");
    let still: String = text.lines().filter(|l| !l.starts_with("plasticity")).map(|l| format!("{l}\n")).collect();
    assert!(run(&still, 2).weights(0).1.iter().all(|w| (w + 1.0).abs() < 1e-12));
    let text = network("dg_up = '90 uS'", "");
    let error = memspike::spec::parse(&text, "test", std::path::Path::new(""), &[]).unwrap_err().to_string();
    assert!(error.contains("dg_up") && error.contains("far bound"), "{error}");
}
