//! Rules other than `stdp` against NEST's trajectories, through whole models in both engines.

use std::path::Path;

use serde_json::Value;

use crate::plasticity_stdp::run;

pub(crate) fn reference(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/reference/plasticity").join(name);
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

pub(crate) fn list(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
}

/// Two source populations of one member each and a projection with `more`, all weights recorded at presynaptic spikes.
pub(crate) fn pair(engine: &str, pre: &[f64], post: &[f64], delay: f64, duration: f64, more: &str) -> String {
    format!(
        "simulation = {{ duration = '{duration} ms', engine = '{engine}' }}\n\
         population.pre.source.spike_times = {{ values = [{pre:?}], unit = 'ms' }}\n\
         population.post.source.spike_times = {{ values = [{post:?}], unit = 'ms' }}\n\
         [projection.p]\nsource = 'pre'\ntarget = 'post'\nconnect = 'all_to_all'\ndelay = '{delay} ms'\n{more}\n\
         [[record.weights]]\nprojection = 'p'\non = 'pre_spike'\n"
    )
}

/// Runs a NEST case with the lines of its projection, in both engines.
fn follows(name: &str, lines: impl Fn(&Value) -> String) {
    let case = reference(name);
    let (pre, post) = (list(&case["pre_spike_times_ms"]), list(&case["post_spike_times_ms"]));
    let duration = pre.last().unwrap().max(*post.last().unwrap());
    let delay = case["dendritic_delay_ms"].as_f64().unwrap();
    for engine in ["event", "grid"] {
        let lines = format!("weight = {}\n{}", case["initial_weight"], lines(&case));
        let (times, weights) = run(&pair(engine, &pre, &post, delay, duration, &lines), 1).weights(0);
        assert_eq!(times.len(), pre.len());
        for (i, (w, e)) in weights.iter().zip(list(&case["weight_after_each_pre_spike"])).enumerate() {
            assert!((w - e).abs() <= 1e-12 * e.abs(), "{name} {engine} {i}: {w} {e}");
        }
    }
}

#[test]
fn power_law_triplet_and_inhibitory_rules_follow_nest() {
    follows("stdp_pl_hom_morrison2007.json", |case| {
        let (p, tau_minus) = (&case["synapse_params"], &case["post_neuron_params"]["tau_minus"]);
        format!(
            "plasticity.stdp_power_law = {{ tau_plus = '{} ms', tau_minus = '{tau_minus} ms', lambda = {}, alpha = {}, mu = {} }}",
            p["tau_plus"], p["lambda"], p["alpha"], p["mu"]
        )
    });
    for name in ["triplet_hippocampal_full.json", "triplet_visualcortex_like.json"] {
        follows(name, |case| {
            let (p, n) = (&case["synapse_params"], &case["post_neuron_params"]);
            format!(
                "w_max = {}\nplasticity.stdp_triplet = {{ a_plus = {}, a_minus = {}, a_plus_triplet = {}, a_minus_triplet = {}, \
                 tau_plus = '{} ms', tau_minus = '{} ms', tau_plus_triplet = '{} ms', tau_minus_triplet = '{} ms' }}",
                p["Wmax"],
                p["Aplus"],
                p["Aminus"],
                p["Aplus_triplet"],
                p["Aminus_triplet"],
                p["tau_plus"],
                n["tau_minus"],
                p["tau_plus_triplet"],
                n["tau_minus_triplet"]
            )
        });
    }
    for name in ["vogels_sprekeler.json", "vogels_sprekeler_inhibitory_sign.json"] {
        follows(name, |case| {
            let p = &case["synapse_params"];
            format!(
                "w_max = {}\nplasticity.inhibitory = {{ tau = '{} ms', eta = {}, alpha = {} }}",
                p["Wmax"], p["tau"], p["eta"], p["alpha"]
            )
        });
    }
}

/// Pfister & Gerstner 2006: 60 pairings at several frequencies, post 10 ms after or before pre, against the stored
/// curves of the four published sets and the measured changes (Sjostrom et al. 2001).
#[test]
fn triplets_give_the_frequency_dependence_of_visual_cortex() {
    let case = reference("triplet_pairing_frequency.json");
    let mut sets = 0;
    for (name, model) in case["models"].as_object().unwrap() {
        let pairing = if model["nearest_spike"] == Value::Bool(true) { "nearest" } else { "all_to_all" };
        sets += 1;
        let p = &model["params"];
        let (mut error, mut points) = (0.0, 0.0);
        for sign in ["+10", "-10"] {
            let dt: f64 = sign.parse().unwrap();
            let data = &case["data"][sign];
            for (k, rho) in list(&case["frequencies_Hz"]).iter().enumerate() {
                // A dendritic delay is taken off the post spikes, so that they reach the synapse dt after the pre spikes.
                let delay = 0.5;
                let pre: Vec<f64> = (0..60).map(|i| 100.0 + (i as f64 * 1e9 / rho).round() * 1e-6).collect();
                let post: Vec<f64> = pre.iter().map(|t| t + dt - delay).collect();
                let end = pre.last().unwrap() + 20.0;
                let rule = format!(
                    "weight = 10.0\nplasticity.stdp_triplet = {{ a_plus = {}, a_minus = {}, a_plus_triplet = {}, a_minus_triplet = {}, \
                     tau_plus = '{} ms', tau_minus = '{} ms', tau_plus_triplet = '{} ms', tau_minus_triplet = '{} ms', pairing = '{pairing}' }}",
                    p["A2p"], p["A2m"], p["A3p"], p["A3m"], p["tau_plus"], p["tau_minus"], p["tau_x"], p["tau_y"]
                );
                let text = pair("event", &pre, &post, delay, end, &rule).replace("on = 'pre_spike'", "on = 'end'");
                let dw = crate::plasticity_stdp::snapshots(&run(&text, 1))[0].1[0] - 10.0;
                let expected = model["dw"][sign][k].as_f64().unwrap();
                assert!((dw - expected).abs() < 1e-12 * 10.0, "{name} {sign} {rho}: {dw} {expected}");
                error += ((dw - data["dw"][k].as_f64().unwrap()) / data["sem"][k].as_f64().unwrap()).powi(2);
                points += 1.0;
            }
        }
        let found = error / points;
        assert!((found - model["normalized_error_E"].as_f64().unwrap()).abs() < 1e-6, "{name}: E = {found}");
    }
    assert_eq!(sets, 4);
}
