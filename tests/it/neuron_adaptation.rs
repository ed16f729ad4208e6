//! Threshold adaptation of the leaky integrate-and-fire models.

use memspike::engine::{Options, checkpoint::Checkpoint};
use memspike::record::Chunk;
use memspike::time::Time;

use crate::plasticity_stdp::{run, run_with};

/// Each with tau_m = 15 ms, a threshold 15 mV above rest, a reset at 3 mV and a current that holds it 24 mV above rest.
const NEURONS: [(&str, &str); 5] = [
    ("lif_delta", "tau_m = '15 ms', v_reset = '-67 mV', i_e = '400 pA'"),
    ("lif_exp", "tau_m = '15 ms', v_reset = '-67 mV', i_e = '400 pA'"),
    ("lif_alpha", "tau_m = '15 ms', v_reset = '-67 mV', i_e = '400 pA'"),
    ("lif_cond_exp", "g_l = '16.666666666666668 nS', v_reset = '-67 mV', i_e = '400 pA'"),
    ("lif_cond_alpha", "g_l = '16.666666666666668 nS', v_reset = '-67 mV', i_e = '400 pA'"),
];

fn model(engine: &str, (name, params): (&str, &str), plus: f64, tau: &str, start: f64, more: &str) -> String {
    format!(
        "simulation = {{ duration = '500 ms', engine = '{engine}' }}\n\
         [population.n]\nsize = 3\nneuron.{name} = {{ {params}, theta_plus = '{plus} mV', tau_theta = '{tau}' }}\n\
         initial.theta = '{start} mV'\n{more}\n\
         [[record.state]]\npopulation = 'n[0]'\nvariables = ['theta']\ninterval = '10 ms'\n"
    )
}

fn spikes(memory: &memspike::record::Memory) -> Vec<f64> {
    let mut all = Vec::new();
    for chunk in &memory.chunks {
        if let Chunk::Spikes { times_ms, node_ids, .. } = chunk {
            all.extend(times_ms.iter().zip(node_ids).filter(|(_, id)| **id == 0).map(|(t, _)| *t));
        }
    }
    all
}

fn thetas(memory: &memspike::record::Memory) -> Vec<f64> {
    let state = |c: &Chunk| if let Chunk::State { rows, .. } = c { rows.clone() } else { Vec::new() };
    memory.chunks.iter().flat_map(state).collect()
}

/// Spike times of the same neuron by bisection of the closed forms, and the rise at multiples of 10 ms.
fn plain(plus: f64, tau: f64, start: f64) -> (Vec<f64>, Vec<f64>) {
    let (mut spikes, mut rises) = (Vec::new(), vec![(0.0, start)]);
    let (mut free, mut v) = (0.0, 0.0);
    let rise = |rises: &[(f64, f64)], t: f64| {
        let (from, rise) = rises.iter().rev().find(|r| r.0 <= t).unwrap();
        rise * (-(t - from) / tau).exp()
    };
    'run: loop {
        let over = |t: f64| 24.0 + (v - 24.0) * (-(t - free) / 15.0f64).exp() - 15.0 - rise(&rises, t);
        let mut t = free;
        while over(t + 0.001) < 0.0 {
            t += 0.001;
            if t > 500.0 {
                break 'run;
            }
        }
        let (mut low, mut high) = (t, t + 0.001);
        for _ in 0..60 {
            let middle = 0.5 * (low + high);
            if over(middle) < 0.0 { low = middle } else { high = middle }
        }
        let found = rise(&rises, high);
        spikes.push(high);
        rises.push((high, found + plus));
        (free, v) = (high + 2.0, 3.0);
    }
    let at = |k: usize| rise(&rises, k as f64 * 10.0);
    (spikes.into_iter().filter(|t| *t <= 500.0).collect(), (0..=50).map(at).collect())
}

#[test]
fn spike_times_are_exact_against_bisection_of_the_closed_forms() {
    for neuron in NEURONS {
        for (plus, tau, start) in [(1.0, 40.0, 0.0), (2.5, 100.0, 4.0), (0.05, f64::INFINITY, 0.0), (0.0, 30.0, 12.0)] {
            let text = if tau.is_finite() { format!("{tau} ms") } else { "inf".to_string() };
            let memory = run(&model("event", neuron, plus, &text, start, ""), 1);
            let (expected, rises) = plain(plus, tau, start);
            let found = spikes(&memory);
            assert!(expected.len() > 4, "{}", expected.len());
            assert_eq!(found.len(), expected.len(), "{} {plus} {tau}", neuron.0);
            for (f, e) in found.iter().zip(&expected) {
                assert!((f - e).abs() < 1e-6, "{} {plus} {tau}: {f} {e}", neuron.0);
            }
            for (k, (f, e)) in thetas(&memory).iter().zip(&rises).enumerate() {
                assert!((f - e).abs() < 1e-6, "{} {plus} {tau} at {k}: {f} {e}", neuron.0);
            }
        }
    }
}

#[test]
fn the_grid_follows_within_a_step_per_interval() {
    for neuron in NEURONS {
        let memory = run(&model("grid", neuron, 1.0, "40 ms", 0.0, ""), 1);
        let (expected, _) = plain(1.0, 40.0, 0.0);
        let found = spikes(&memory);
        assert!(found.len().abs_diff(expected.len()) <= 1, "{}: {} {}", neuron.0, found.len(), expected.len());
        for (k, pair) in found.windows(2).enumerate().take(expected.len() - 1) {
            let interval = expected[k + 1] - expected[k];
            assert!((pair[1] - pair[0] - interval).abs() < 0.21, "{} {k}: {} {interval}", neuron.0, pair[1] - pair[0]);
        }
    }
}

#[test]
fn adapting_neurons_under_input_give_the_same_bits_on_any_number_of_threads_and_resumed() {
    let folder = tempfile::tempdir().unwrap();
    for engine in ["event", "grid"] {
        for neuron in NEURONS {
            let weight = match neuron.0 {
                "lif_delta" => "0.7 mV",
                "lif_exp" | "lif_alpha" => "60 pA",
                _ => "6 nS",
            };
            let input = format!("[input.x]\ntarget = 'n'\npoisson = {{ rate = '900 Hz', weight = '{weight}' }}");
            let text = model(engine, neuron, 0.8, "60 ms", 0.0, &input);
            let one = run(&text, 1);
            assert!(spikes(&one).len() > 10, "{engine} {}", neuron.0);
            for threads in [2, 3, 16] {
                assert_eq!(spikes(&run(&text, threads)), spikes(&one), "{engine} {}", neuron.0);
            }
            let path = folder.path().join(format!("{engine}{}", neuron.0));
            let options = Options { checkpoint: Some((path.clone(), Time::from_ms(90.0))), ..Options::default() };
            let (first, _) = run_with(&text, 2, &options);
            assert_eq!(spikes(&first), spikes(&one));
            let options = Options { resume: Some(Box::new(Checkpoint::read(&path).unwrap())), ..Options::default() };
            let (rest, _) = run_with(&text, 3, &options);
            let (rest, all) = (spikes(&rest), spikes(&one));
            assert!(!rest.is_empty());
            assert_eq!(rest, all[all.len() - rest.len()..], "{engine} {}", neuron.0);
            assert_eq!(thetas(&run(&text, 2)), thetas(&one));
        }
    }
}

#[test]
fn what_makes_no_sense_is_refused_and_says_why() {
    let check = |params: &str| {
        let text =
            format!("simulation.duration = '1 ms'\npopulation.n = {{ size = 1, neuron.lif_delta = {{ {params} }} }}");
        let spec = memspike::spec::parse(&text, "m", std::path::Path::new(""), &[]);
        match spec {
            Err(error) => error.to_string(),
            Ok(spec) => memspike::network::compile(spec, 1).err().map(|e| e.to_string()).unwrap_or_default(),
        }
    };
    assert!(check("theta_plus = '-1 mV'").contains("expected 0 or more"));
    assert!(check("theta_plus = '1 mV', tau_theta = '0 ms'").contains("expected more than 0, or inf"));
    assert!(check("theta_plus = '1 mV', tau_theta = '1 us'").contains("t_ref"));
    assert!(check("theta_plus = '1 mV', refractory_input = true").contains("keeps either"));
    assert_eq!(check("theta_plus = '1 mV', tau_theta = 'inf'"), "");
}
