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

#[test]
fn dopamine_and_short_term_plasticity_follow_nest() {
    follows("stdp_dopamine.json", |case| {
        let (p, times) = (&case["synapse_params"], &case["dopamine_spike_times_ms"]);
        format!(
            "w_min = {}\nw_max = {}\nplasticity.stdp_dopamine = {{ a_plus = {}, a_minus = {}, tau_plus = '{} ms', \
             tau_minus = '{} ms', tau_c = '{} ms', tau_n = '{} ms', b = '{} /ms', modulator = 'reward', \
             modulator_delay = '{} ms' }}\n[population.reward]\nsource.spike_times = {{ values = [{times}], unit = 'ms' }}",
            p["Wmin"],
            p["Wmax"],
            p["A_plus"],
            p["A_minus"],
            p["tau_plus"],
            case["post_neuron_params"]["tau_minus"],
            p["tau_c"],
            p["tau_n"],
            p["b"],
            case["dopamine_connection_delay_ms"]
        )
    });
    for name in ["tsodyks2_depressing.json", "tsodyks2_facilitating.json"] {
        follows(name, |case| {
            let p = &case["synapse_params"];
            format!(
                "short_term = {{ u_0 = {}, tau_rec = '{} ms', tau_fac = '{} ms' }}",
                p["U"], p["tau_rec"], p["tau_fac"]
            )
        });
    }
}

#[test]
fn simplified_stdp_repeats_its_reference_after_every_post_spike() {
    let case = reference("querlioz_stdp.json");
    let p = &case["params"];
    let delay = 0.1;
    let pre: Vec<Vec<f64>> = case["pre_spike_times_ms"].as_array().unwrap().iter().map(list).collect();
    let arrivals = list(&case["post_spike_times_ms"]);
    // They reach the synapse after the dendritic delay.
    let post: Vec<f64> = arrivals.iter().map(|t| ((t - delay) * 1e6).round() * 1e-6).collect();
    for engine in ["event", "grid"] {
        let text = format!(
            "simulation = {{ duration = '1500 ms', engine = '{engine}' }}\n\
             population.pre.source.spike_times = {{ values = {pre:?}, unit = 'ms' }}\n\
             population.post.source.spike_times = {{ values = [{post:?}], unit = 'ms' }}\n\
             [projection.p]\nsource = 'pre'\ntarget = 'post'\nconnect = 'all_to_all'\ndelay = '{delay} ms'\n\
             weight = {}\nw_min = {}\nw_max = {}\nplasticity.querlioz = {{ t_ltp = '{} ms', a_plus = {}, a_minus = {}, \
             b_plus = {}, b_minus = {} }}\n[[record.weights]]\nprojection = 'p'\ninterval = '0.1 ms'\n",
            p["w_init"],
            p["w_min"],
            p["w_max"],
            p["t_ltp_ms"],
            p["alpha_plus"],
            p["alpha_minus"],
            p["beta_plus"],
            p["beta_minus"]
        );
        let taken = crate::plasticity_stdp::snapshots(&run(&text, 1));
        let rows = case["weights_after_each_post_spike"].as_array().unwrap();
        assert_eq!(rows.len(), arrivals.len());
        for (at, row) in arrivals.iter().zip(rows) {
            let (_, weights) = taken.iter().find(|(t, _)| (t - at).abs() < 1e-6).unwrap();
            for (w, e) in weights.iter().zip(list(row)) {
                assert!((w - e).abs() <= 1e-12 * e, "{engine} at {at}: {w} {e}");
            }
        }
    }
}

#[test]
fn oja_and_bcm_repeat_their_reference_step_by_step() {
    use memspike::plasticity::hebbian::Hebbian;
    let case = reference("rate_oja_bcm.json");
    for (name, variant, rows) in [("oja", 1.0, "weights"), ("bcm", 2.0, "weights_and_theta")] {
        let case = &case[name];
        let rule = Hebbian::new(&[variant, 20.0, case["eta"].as_f64().unwrap(), 1000.0]);
        let mut w = list(&case["w0"]);
        let mut theta = case["theta0"].as_f64().unwrap_or(0.0);
        let (inputs, rows) = (case["inputs"].as_array().unwrap(), case[rows].as_array().unwrap());
        assert!(inputs.len() == rows.len() && !rows.is_empty());
        for (step, (x, row)) in inputs.iter().map(list).zip(rows).enumerate() {
            let y: f64 = w.iter().zip(&x).map(|(w, x)| w * x).sum();
            let y = if name == "bcm" { y.max(0.0) } else { y };
            for (w, x) in w.iter_mut().zip(&x) {
                *w += rule.change(*w, *x, y, theta);
                *w = if name == "bcm" { w.clamp(0.0, 2.0) } else { *w };
            }
            theta += (y * y - theta) * case["k"].as_f64().unwrap_or(0.0);
            for (found, e) in w.iter().chain([&theta]).zip(list(row)) {
                assert!((found - e).abs() <= 1e-12 * e.abs().max(1e-3), "{name} {step}: {found} {e}");
            }
        }
    }
}

/// The rule on NEST's traces of a neuron: potential and running means as NEST had them at the end of every step.
#[test]
fn voltage_based_stdp_repeats_nest_on_the_traces_of_its_neuron() {
    use memspike::plasticity::{Rule, clopath};
    use memspike::synapse::{Plastic, PlasticSetup};
    use memspike::time::Time;
    for name in ["clopath_pre_post_20Hz.json", "clopath_post_pre_50Hz.json", "clopath_homeostatic_50Hz.json"] {
        let case = reference(name);
        let (p, n) = (&case["synapse_params"], &case["neuron_params"]);
        let given = |key: &str| {
            let theirs = match key {
                "a_ltd" => "A_LTD",
                "a_ltp" => "A_LTP",
                "v_clamp" => "V_clamp",
                "tau_x" => return p["tau_x"].as_f64().unwrap(),
                "a_ltd_const" => return f64::from(u8::from(n["A_LTD_const"].as_bool().unwrap())),
                same => same,
            };
            n[theirs].as_f64().unwrap()
        };
        let values: Vec<f64> = clopath::MODEL.params.iter().map(|param| given(param.name)).collect();
        let rule = Rule::Clopath(clopath::Clopath::new(&values));
        let (delay, w_max) = (Time::from_ms(case["dendritic_delay_ms"].as_f64().unwrap()), p["Wmax"].as_f64().unwrap());
        let setup = PlasticSetup {
            scale: PlasticSetup::scale(Some(&rule), w_max),
            rule: Some(rule),
            memristor: None,
            w_min: p["Wmin"].as_f64().unwrap(),
            w_max,
            axonal: false,
            during: None,
            max_delay: delay,
            step: Time::from_ms(case["resolution_ms"].as_f64().unwrap()),
            wired: false,
            short_term: None,
            normalize: None,
            modulator: None,
        };
        let start = case["initial_weight"].as_f64().unwrap();
        let mut synapse = Plastic::<f64>::new(setup, vec![start], Vec::new(), (1, 1), None);
        let pre: Vec<Time> = list(&case["pre_spike_times_ms"]).into_iter().map(Time::from_ms).collect();
        let mut traces =
            [&case["trace_times_ms"], &case["V_m"], &case["u_bar_plus"], &case["u_bar_minus"]].map(list).to_vec();
        // Where depression is constant the slow mean was not recorded.
        traces.push(case.get("u_bar_bar").map_or(vec![0.0; traces[0].len()], list));
        let mut found = Vec::new();
        for (k, &time) in traces[0].iter().enumerate() {
            let now = Time::from_ms(time);
            if pre.contains(&(now - delay)) {
                synapse.emitted(0, now - delay);
                let spike = *synapse.pending.back().unwrap();
                found.push(synapse.transmit(0, 0, delay, &spike));
            }
            synapse.sampled_with(0, now, traces[1][k], Some([traces[2][k], traces[3][k], traces[4][k]]));
        }
        let expected = list(&case["weight_after_each_pre_spike"]);
        assert_eq!(found.len(), expected.len());
        for (w, e) in found.iter().zip(expected) {
            assert!((w - e).abs() <= 1e-12 * e, "{name}: {w} {e}");
        }
    }
}
