//! The files in `models/`: they load, are listed, and hold the numbers of their papers.

use std::path::{Path, PathBuf};

use memspike::spec::{self, Connect, Engine, InputKind, NetworkSpec, PopulationKind, Rate};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("models")
}

fn load(name: &str, sets: &[(&str, &str)]) -> NetworkSpec {
    let sets: Vec<_> = sets.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect();
    spec::load(&folder().join(name), &sets).unwrap_or_else(|error| panic!("{error}"))
}

/// A parameter of a population's neurons.
fn parameter(model: &NetworkSpec, population: usize, name: &str) -> f64 {
    let PopulationKind::Neuron { neuron, .. } = &model.populations[population].kind else { panic!("a source") };
    neuron.params[neuron.model.describe().param(name).unwrap()].constant().unwrap()
}

fn weight(model: &NetworkSpec, name: &str) -> f64 {
    model.projections.iter().find(|p| p.name == name).unwrap().weight.constant().unwrap()
}

#[test]
fn every_shipped_model_loads_has_a_title_and_is_in_the_readme() {
    let list = std::fs::read_to_string(folder().join("README.md")).unwrap();
    let mut files = 0;
    for entry in std::fs::read_dir(folder()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if name.ends_with(".toml") {
            let model = load(&name, &[]);
            assert!(model.title.is_some(), "{name}");
            assert!(model.reference.is_some() || name == "replay.toml", "{name}");
            assert!(list.contains(&format!("[{name}]({name})")), "{name} is not in models/README.md");
            let text = std::fs::read_to_string(folder().join(&name)).unwrap();
            assert!(text.starts_with("# ") && text.contains("\n#     memspike "), "{name}: no comment with a command");
            files += 1;
        }
    }
    assert!(files >= 15);
}

#[test]
fn weights_of_the_vogels_abbott_networks_are_those_of_brette_2007() {
    let cuba = load("vogels_abbott_cuba.toml", &[]);
    assert!((weight(&cuba, "excitatory.E_to_I") - 16.2).abs() < 1e-12);
    assert!((weight(&cuba, "inhibitory.I_to_E") + 90.0).abs() < 1e-12);
    let coba = load("vogels_abbott_coba.toml", &[]);
    assert_eq!((weight(&coba, "excitatory.E_to_E"), weight(&coba, "inhibitory.I_to_I")), (6.0, -67.0));
    let bias = load("vogels_abbott_coba_bias.toml", &[]);
    assert_eq!((weight(&bias, "excitatory.E_to_I"), weight(&bias, "inhibitory.I_to_E")), (4.0, -51.0));
    // A lone cell comes to rest 20 mV above e_l.
    assert_eq!(parameter(&bias, 0, "i_e") / parameter(&bias, 0, "g_l"), 20.0);
    // R = 100 Mohm and tau = 20 ms in both.
    assert_eq!(parameter(&coba, 0, "c_m") / parameter(&coba, 0, "g_l"), parameter(&cuba, 0, "tau_m"));
}

#[test]
fn the_layers_of_brunel_differ_in_g_and_eta_only() {
    for (name, g, eta) in [("sr", 3.0, 2.0), ("si_fast", 6.0, 4.0), ("ai", 5.0, 2.0), ("si_slow", 4.5, 0.9)] {
        let model = load(&format!("brunel_{name}.toml"), &[]);
        assert_eq!((model.populations[0].size, model.populations[1].size), (10_000, 2_500));
        assert_eq!(model.simulation.engine, Engine::Grid);
        assert!((weight(&model, "inhibitory.I_to_E") / weight(&model, "excitatory.E_to_E") + g).abs() < 1e-12);
        let InputKind::Poisson { rate: Rate::Constant(rate), indegree, .. } = &model.inputs[0].kind else { panic!() };
        // nu_th = theta / (J C_E tau) = 10 Hz.
        assert!((rate.constant().unwrap() - 10.0 * eta).abs() < 1e-9);
        assert_eq!(*indegree, 1000.0);
        assert_eq!(model.projections[0].connect, Connect::FixedIndegree(1000));
        assert_eq!(model.projections[2].connect, Connect::FixedIndegree(250));
    }
}

const N: [f64; 8] = [20_683.0, 5_834.0, 21_915.0, 5_479.0, 4_850.0, 1_065.0, 14_395.0, 2_948.0];

#[test]
fn the_microcircuit_at_full_scale_has_the_size_of_the_paper() {
    let model = load("microcircuit.toml", &[("parameters.scale", "1")]);
    assert_eq!(model.populations.iter().map(|p| p.size).sum::<usize>(), 77_169);
    assert!((0..8).all(|i| parameter(&model, i, "i_e").abs() < 1e-9));
    let synapses: f64 = model
        .projections
        .iter()
        .map(|p| {
            let Connect::TotalFromProbability(chance) = p.connect else { panic!("{:?}", p.connect) };
            let pairs = N[p.source.population] * N[p.target.population];
            ((-chance).ln_1p() / (-1.0 / pairs).ln_1p()).round()
        })
        .sum();
    // NEST and GeNN build 298,880,968: their scripts compute ln((n-1)/n), which loses a few digits.
    assert!((synapses - 298_880_968.0).abs() <= 3.0, "{synapses}");
}

#[test]
fn the_scaled_microcircuit_gets_the_current_that_scaling_takes_from_its_mean_input() {
    const K: [f64; 8] = [1600.0, 1500.0, 2100.0, 1900.0, 2000.0, 1900.0, 2900.0, 2100.0];
    const RATES: [f64; 8] = [0.903, 2.965, 4.414, 5.876, 7.569, 8.633, 1.105, 7.829];
    for (file, scale, kept) in [("microcircuit.toml", 0.1f64, 0.1f64.sqrt()), ("microcircuit_dc.toml", 0.25, 0.0)] {
        let model = load(file, &[("parameters.scale", &scale.to_string())]);
        let mut recurrent = [0.0; 8];
        for p in &model.projections {
            let (s, t) = (p.source.population, p.target.population);
            let Connect::TotalFromProbability(chance) = p.connect else { panic!("{:?}", p.connect) };
            let indegree = (-chance).ln_1p() / (-1.0 / (N[s] * N[t])).ln_1p() / N[t];
            let w = match s % 2 {
                0 => 87.808_493_529,
                _ => -4.0 * 87.808_493_529,
            };
            recurrent[t] += if (s, t) == (2, 0) { 2.0 * w } else { w } * indegree * RATES[s];
        }
        for (i, &mean) in recurrent.iter().enumerate() {
            let external = 87.808_493_529 * K[i] * 8.0;
            let expected = 0.5e-3 * ((1.0 - scale.sqrt()) * mean + (1.0 - kept) * external);
            let found = parameter(&model, i, "i_e");
            assert!((found - expected).abs() < 1e-5 * expected.abs(), "{file} {i}: {found} {expected}");
        }
    }
}

#[test]
fn the_network_of_ten_billion_synapses_fits_where_its_synapses_would_not() {
    let drawn = load("procedural.toml", &[]);
    let off = [("projection.excitatory.procedural", "false"), ("projection.inhibitory.procedural", "false")];
    let both = [drawn, load("procedural.toml", &off)];
    assert!(both.iter().all(|m| memspike::network::estimate(m).unwrap().synapses == 10_000_000_000));
    let [drawn, stored] = both.map(|m| memspike::engine::needed(&m, 1, 1, true).unwrap());
    assert!(drawn < 1 << 30 && stored > 20_000_000_000, "{drawn} {stored}");
}
