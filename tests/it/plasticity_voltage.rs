//! Voltage-based STDP in networks: any neuron model, both engines, threads, checkpoints; against sampled potentials.

use memspike::engine::{Options, checkpoint::Checkpoint};
use memspike::record::Chunk;
use memspike::time::Time;

use crate::plasticity_stdp::{run, run_with, snapshots};

fn network(engine: &str, neuron: &str, axonal: bool, record: &str) -> String {
    let unit = if neuron.starts_with("lif_exp") { "pA" } else { "nS" };
    let (w, high) = if unit == "pA" { (300.0, 900.0) } else { (8.0, 25.0) };
    format!(
        "simulation = {{ duration = '120 ms', engine = '{engine}' }}\n\
         population.pre = {{ size = 6, source.poisson = {{ rate = '60 Hz' }} }}\n\
         population.post = {{ size = 5, neuron.{neuron}, initial.v_m = {{ uniform = ['-70 mV', '-55 mV'] }} }}\n\
         [input.kick]\ntarget = 'post'\ncurrent.noise = {{ mean = '500 pA', std = '300 pA', interval = '1 ms' }}\n\
         [projection.p]\nsource = 'pre'\ntarget = 'post'\nconnect = 'all_to_all'\nweight = '{w} {unit}'\n\
         w_max = '{high} {unit}'\ndelay = {{ uniform = ['0.5 ms', '3 ms'] }}\ndelay_location = '{}'\n\
         plasticity.clopath = {{ a_ltd = 0.02, a_ltp = 0.001 }}\n\
         [[record.weights]]\nprojection = 'p'\n{record}\n",
        if axonal { "axonal" } else { "dendritic" }
    )
}

const NEURONS: [&str; 3] = ["adex = { i_e = '300 pA' }", "lif_exp = {}", "lif_cond_exp = { i_e = '100 pA' }"];

#[test]
fn any_neuron_will_do_and_threads_settling_and_looking_change_no_bit() {
    let folder = tempfile::tempdir().unwrap();
    for engine in ["event", "grid"] {
        for (number, neuron) in NEURONS.iter().enumerate() {
            for axonal in [false, true] {
                let what = format!("{engine} {neuron} {axonal}");
                let text = network(engine, neuron, axonal, "on = 'pre_spike'");
                let one = run(&text, 1).weights(0);
                assert!(
                    one.1.iter().any(|w| *w > one.1[0]) && one.1.iter().any(|w| *w < one.1[0]),
                    "{what} tests little"
                );
                for threads in [2, 3, 16] {
                    assert_eq!(run(&text, threads).weights(0), one, "{what}");
                }
                let both = network(
                    engine,
                    neuron,
                    axonal,
                    "on = 'pre_spike'\n[[record.weights]]\nprojection = 'p'\ninterval = '0.7 ms'",
                );
                assert_eq!(run(&both, 2).weights(0), one, "{what}");
                let path = folder.path().join(format!("{engine}{number}{axonal}"));
                let options = Options { checkpoint: Some((path.clone(), Time::from_ms(7.3))), ..Options::default() };
                assert_eq!(run_with(&text, 2, &options).0.weights(0), one, "{what}");
                let options =
                    Options { resume: Some(Box::new(Checkpoint::read(&path).unwrap())), ..Options::default() };
                let (times, weights) = run_with(&text, 3, &options).0.weights(0);
                let from = one.0.len() - times.len();
                assert_eq!((&times[..], &weights[..]), (&one.0[from..], &one.1[from..]), "{what}");
            }
        }
    }
}

/// A plain version, from the recorded potentials and spikes: running means by many small steps, everything in order.
#[test]
fn weights_follow_from_the_recorded_potentials() {
    for engine in ["event", "grid"] {
        let text = format!(
            "simulation = {{ duration = '200 ms', engine = '{engine}' }}\n\
             population.pre.source.spike_times = {{ values = [[20, 31.3, 45, 80.2, 81, 120, 150.7, 171]], unit = 'ms' }}\n\
             population.post = {{ size = 1, neuron.adex = {{ i_e = '1200 pA' }} }}\n\
             [projection.p]\nsource = 'pre'\ntarget = 'post'\nconnect = 'all_to_all'\nweight = '5 nS'\nw_max = '20 nS'\n\
             delay = '1.3 ms'\nplasticity.clopath = {{ a_ltd = 0.01, a_ltp = 0.0005 }}\n\
             [[record.weights]]\nprojection = 'p'\ninterval = '10 ms'\n\
             [[record.state]]\npopulation = 'post'\nvariables = ['v_m']\ninterval = '0.1 ms'\n"
        );
        let memory = run(&text, 1);
        let mut v: Vec<f64> = Vec::new();
        let mut spikes: Vec<f64> = Vec::new();
        for chunk in &memory.chunks {
            match chunk {
                Chunk::State { rows, .. } => v.extend(rows),
                // Tracks come in the order of the populations.
                Chunk::Spikes { index: 1, times_ms, .. } => spikes.extend(times_ms),
                _ => {}
            }
        }
        assert!(v.len() == 2001 && spikes.len() > 3, "{} {}", v.len(), spikes.len());
        let clamped = |t: f64| spikes.iter().any(|s| t > s - 1e-9 && t < s + 2.0 - 1e-9);
        for (k, v) in v.iter_mut().enumerate() {
            *v = if clamped(k as f64 * 0.1) { 33.0 } else { *v };
        }
        let mean = |tau: f64| -> Vec<f64> {
            let (mut u, mut all) = (v[0], vec![v[0]]);
            for pair in v.windows(2) {
                for k in 0..200 {
                    let at = pair[0] + (pair[1] - pair[0]) * (f64::from(k) + 0.5) / 200.0;
                    u = at + (u - at) * (-0.0005 / tau).exp();
                }
                all.push(u);
            }
            all
        };
        let (plus, minus) = (mean(7.0), mean(10.0));
        let delayed = |u: &[f64], k: i64| u[(k - 40).max(0) as usize];
        for (time, weights) in snapshots(&memory) {
            let (mut w, mut x, mut last) = (5.0f64, 0.0f64, 0.0f64);
            let mut k = 0i64;
            let learn = |w: &mut f64, k: &mut i64, until: f64, x: f64, last: f64| {
                // Step ends reach the synapse 1.3 ms later.
                while *k <= 2000 && *k as f64 * 0.1 + 1.3 <= until + 1e-9 {
                    let drive = (v[*k as usize] + 45.3).max(0.0) * (delayed(&plus, *k) + 70.6).max(0.0) * 0.1;
                    let trace = x * (-(*k as f64 * 0.1 + 1.3 - last) / 15.0).exp();
                    *w = (*w + 0.0005 * drive * trace).clamp(0.0, 20.0);
                    *k += 1;
                }
            };
            for t in [20.0, 31.3, 45.0, 80.2, 81.0, 120.0, 150.7, 171.0].into_iter().filter(|t| *t <= time) {
                learn(&mut w, &mut k, t, x, last);
                let seen = ((t - 1.3) / 0.1 + 1e-6).floor() as i64;
                w = (w - 0.01 * (delayed(&minus, seen) + 70.6).max(0.0)).clamp(0.0, 20.0);
                x = x * (-(t - last) / 15.0).exp() + 1.0 / 15.0;
                last = t;
            }
            learn(&mut w, &mut k, time, x, last);
            assert!((weights[0] - w).abs() < 1e-4, "{engine} at {time}: {} {w}", weights[0]);
        }
        assert!(snapshots(&memory).last().unwrap().1[0] != 5.0);
    }
}

#[test]
fn a_source_has_no_potential_to_learn_from() {
    let text = "simulation.duration = '1 ms'\npopulation.a.source.spike_times = [['0 ms']]\n\
                [projection.p]\nsource = 'a'\ntarget = 'a'\nconnect = 'all_to_all'\nplasticity = 'clopath'\n";
    let error = memspike::spec::parse(text, "m", std::path::Path::new(""), &[]).unwrap_err().to_string();
    assert!(error.contains("a is a source, which has none"), "{error}");
}
