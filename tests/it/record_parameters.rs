//! Values that were drawn for each neuron, source and device, in the result where a model asks for them.

use std::path::Path;

use memspike::format;
use memspike::network;
use memspike::neuron::Column as Drawn;
use memspike::spec;
use memspike::spikes::Column;

use crate::cli::{good, memspike};

const MODEL: &str = "simulation = { duration = '20 ms', seed = 7 }\n\
    [population.A]\nsize = 40\nneuron.lif_exp = { tau_m = { uniform = ['8 ms', '12 ms'] }, i_e = { normal = { mean = '300 pA', std = '30 pA' } } }\n\
    initial.v_m = { uniform = ['-70 mV', '-60 mV'] }\n\
    [population.B]\nsize = 3\nneuron.lif_exp = {}\n\
    [population.C]\nsize = 5\nneuron.lif_exp = { tau_m = { uniform = ['30 ms', '40 ms'] } }\n\
    [[record.state]]\npopulation = 'A'\nvariables = 'v_m'\ninterval = '10 ms'\n";

/// The columns of units of a result: of 48 units.
fn columns(folder: &Path, file: &str) -> Vec<(String, Vec<f64>)> {
    let recording = format::read(&folder.join(file)).unwrap();
    let number = |(name, column): (String, Column)| match column {
        Column::Number(values) => (name, values),
        Column::Text(_) => panic!("{name} is text"),
    };
    recording.unit_columns.into_iter().map(number).collect()
}

#[test]
fn what_the_engine_drew_is_in_the_result_where_it_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.toml"), MODEL).unwrap();
    let asked = ["--set", "record.parameters=true"];
    for engine in ["event", "grid"] {
        let mut all = Vec::new();
        for threads in ["1", "2", "3"] {
            let args = ["run", "a.toml", "-o", "a.h5", "--force", "--engine", engine, "--threads", threads];
            good(&memspike(folder.path(), &[&args[..], &asked[..]].concat()));
            all.push(columns(folder.path(), "a.h5"));
        }
        let first = &all[0];
        let bits = |columns: &Vec<(String, Vec<f64>)>| -> Vec<Vec<u64>> {
            columns.iter().map(|c| c.1.iter().map(|x| x.to_bits()).collect()).collect()
        };
        assert!(all.iter().all(|other| bits(other) == bits(first)), "the same on any number of threads");
        let names: Vec<&str> = first.iter().map(|c| c.0.as_str()).collect();
        assert_eq!(names.len(), 3, "{names:?}");
        let column = |name: &str| &first.iter().find(|c| c.0 == name).unwrap().1;
        // What the network that the engine was made from has.
        let spec = spec::parse(MODEL, "a.toml", folder.path(), &[]).unwrap();
        let built = network::compile(spec, 1).unwrap();
        let drawn = |population: usize, name: &str| {
            let model = memspike::neuron::NeuronModel::LifExp.describe();
            match &built.populations[population].params[model.param(name).unwrap()] {
                Drawn::Each(values) => values.clone(),
                Drawn::Shared(_) => panic!("{name} is the same for all"),
            }
        };
        assert_eq!(column("tau_m")[..40], drawn(0, "tau_m"));
        assert_eq!(column("i_e")[..40], drawn(0, "i_e"));
        assert_eq!(column("tau_m")[43..], drawn(2, "tau_m"));
        // Population B has nothing that was drawn.
        assert!(column("tau_m")[40..43].iter().chain(&column("i_e")[40..]).all(|x| x.is_nan()));
        // What was sampled at time 0 is where each began.
        let states = format::result::read_observables(&folder.path().join("a.h5")).unwrap().states;
        let (stored, sampled) = (&column("initial_v_m")[..40], &states[0].data[..40]);
        assert_eq!(states[0].times_ms[0], 0.0);
        assert!(stored.iter().zip(sampled).all(|(a, b)| (a - b).abs() <= 1e-5 * a.abs()), "{stored:?} {sampled:?}");
        let info: serde_json::Value =
            serde_json::from_str(&good(&memspike(folder.path(), &["info", "a.h5", "--json"]))).unwrap();
        assert_eq!(info["unit_columns"]["initial_v_m"], "number");
    }
    good(&memspike(folder.path(), &["run", "a.toml", "-o", "b.h5"]));
    assert!(columns(folder.path(), "b.h5").is_empty(), "nothing that was not asked for");
}

const SOURCES: &str = "simulation = { duration = '1 s', seed = 3 }\n\
    [population.P]\nsize = 3\nsource.poisson.rate = { uniform = ['20 Hz', '2 kHz'] }\n\
    [population.R]\nsize = 4\nsource.regular = { rate = { values = [5, 10, 20, 40], unit = 'Hz' }, phase = { uniform = ['0 ms', '25 ms'] } }\n\
    [population.Q]\nsize = 2\nsource.poisson.rate = '20 Hz'\n\
    [population.E]\nsize = 5\nneuron.lif_exp = { v_th = '1 V', tau_m = '10 ms', tau_syn_ex = '2 ms', t_ref = '2 ms' }\n\
    [input.noise]\ntarget = ['E[1:3]', 'E[3:4]']\npoisson = { rate = { lognormal = { mean = '8 kHz', std = '4 kHz' } }, weight = { uniform = ['1 pA', '9 pA'] } }\n\
    [[record.state]]\npopulation = 'E'\nvariables = ['i_syn_ex']\ninterval = '0.5 ms'\n\
    [record]\nparameters = true\n";

#[test]
fn rates_and_phases_of_sources_are_those_of_their_spikes_and_those_of_inputs_of_their_currents() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.toml"), SOURCES).unwrap();
    for engine in ["event", "grid"] {
        good(&memspike(folder.path(), &["run", "a.toml", "-o", "a.h5", "--force", "--engine", engine]));
        let columns = columns(folder.path(), "a.h5");
        let names: Vec<&str> = columns.iter().map(|c| c.0.as_str()).collect();
        assert_eq!(names, ["rate", "phase", "input_noise_rate", "input_noise_weight"]);
        let [rate, phase, input, weight] = [0, 1, 2, 3].map(|k| &columns[k].1);
        let spikes = format::result::read_spikes(&folder.path().join("a.h5")).unwrap();
        let of = |population: &str, member: u64| -> Vec<f64> {
            let all = spikes.iter().find(|s| s.population == population).unwrap();
            let own = all.node_ids.iter().zip(&all.times_ms).filter(|(id, _)| **id == member);
            own.map(|(_, t)| *t).collect()
        };
        for (member, &expected) in rate.iter().enumerate().take(3) {
            let found = of("P", member as u64).len() as f64;
            assert!((found - expected).abs() < 4.5 * expected.sqrt(), "{engine} {member}: {expected} {found}");
        }
        for member in 0..4 {
            let times = of("R", member as u64);
            let step = if engine == "grid" { 0.1 } else { 1e-6 };
            assert!(
                (0.0..=step).contains(&(times[0] - phase[3 + member] + 1e-9)),
                "{} {}",
                times[0],
                phase[3 + member]
            );
            assert!((times[1] - times[0] - 1e3 / rate[3 + member]).abs() <= step + 1e-9);
        }
        assert!(rate[7..].iter().chain(&phase[..3]).chain(&phase[7..]).all(|x| x.is_nan()), "Q has one rate");
        let states = format::result::read_observables(&folder.path().join("a.h5")).unwrap().states;
        for neuron in 0..5 {
            let (mean, weight) = (input[9 + neuron], weight[9 + neuron]);
            if !(1..4).contains(&neuron) {
                assert!(mean.is_nan() && weight.is_nan());
                continue;
            }
            // The mean current: rate, weight and time constant; its standard error by the variance over 2 tau.
            let current: Vec<f64> = states[0].data.iter().skip(neuron).step_by(5).skip(40).copied().collect();
            let found = current.iter().sum::<f64>() / current.len() as f64;
            // On the grid what comes within a step counts from its end on, in full.
            let step: f64 = 0.1 / 2.0;
            let late = if engine == "grid" { step / (1.0 - (-step).exp()) } else { 1.0 };
            let expected = mean * weight * 2e-3 * late;
            let error = weight * 2e-3 * (mean / 0.98).sqrt();
            assert!((found - expected).abs() < 4.5 * error, "{engine} {neuron}: {found} {expected} {error}");
        }
    }
    let units = |place: &str| {
        let file = hdf5::File::open(folder.path().join("a.h5")).unwrap();
        let text = file.dataset(place).unwrap().attr("units").unwrap();
        text.read_scalar::<hdf5::types::VarLenUnicode>().unwrap().to_string()
    };
    assert_eq!(units("/populations/E/drawn/input_noise_rate"), "Hz");
    assert_eq!(units("/populations/E/drawn/input_noise_weight"), "pA");
    assert_eq!(units("/populations/R/drawn/phase"), "ms");
}

/// Synapses of 6 sources onto 5 targets, each with a change up at 10 ms.
fn devices(device: &str, weight: f64, duration: &str) -> String {
    format!(
        "simulation = {{ duration = '{duration}', seed = 5 }}\n\
         [population.pre]\nsource.spike_times = {{ values = [[9], [9], [9], [9], [9], [9]], unit = 'ms' }}\n\
         [population.post]\nsource.spike_times = {{ values = [[10], [10], [10], [10], [10]], unit = 'ms' }}\n\
         [projection.p]\nsource = 'pre'\ntarget = 'post'\nconnect.fixed_probability = 0.7\ndelay = {{ uniform = ['0.1 ms', '0.6 ms'] }}\n\
         weight = {weight}\nw_max = 1\nplasticity.querlioz = {{ t_ltp = '2 ms' }}\ndevice.{device}\n\
         [[record.weights]]\nprojection = 'p'\ninterval = '5 ms'\n\
         [record]\nparameters = true\n"
    )
}

#[test]
fn constants_of_devices_are_those_that_their_pulses_show() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.h5");
    let device = "constant_step = { g_min = '0 S', g_max = '100 uS', dg_up = '1 uS', dg_down = '1 uS', sigma_d2d = 0.3, \
                  sigma_g_max = 0.1, sigma_g_min = 0.1 }";
    std::fs::write(folder.path().join("a.toml"), devices(device, 0.5, "20 ms")).unwrap();
    let mut all = Vec::new();
    for threads in ["1", "3"] {
        good(&memspike(folder.path(), &["run", "a.toml", "-o", "a.h5", "--force", "--threads", threads]));
        all.push(format::result::read_observables(&file).unwrap());
    }
    assert_eq!(all[0].devices, all[1].devices, "on any number of threads");
    let (devices, weights) = (&all[0].devices[0], &all[0].snapshots[0]);
    assert_eq!((&devices.projection[..], devices.devices), ("p", 1));
    assert_eq!((&devices.source_ids, &devices.target_ids), (&weights.source_ids, &weights.target_ids));
    let names: Vec<&str> = devices.columns.iter().map(|c| c.0.as_str()).collect();
    assert_eq!(names, ["g_max", "g_min", "step_down", "step_up"]);
    let (n, step) = (devices.source_ids.len(), &devices.columns[3]);
    assert!(n > 10 && step.2.len() == n);
    for synapse in 0..n {
        let of = |row: usize| weights.weights[row * n + synapse];
        let rise = of(weights.times_ms.len() - 1) - of(0);
        assert!((rise - 0.01 * step.2[synapse]).abs() < 1e-9, "{rise} {}", step.2[synapse]);
    }
    let unit = |k: usize| devices.columns[k].1.as_str();
    assert_eq!([unit(0), unit(1), unit(2), unit(3)], ["S", "S", "", ""]);
    let info = good(&memspike(folder.path(), &["info", "a.h5"]));
    assert!(info.contains("devices of p") && info.contains("drawn g_max, g_min, step_down, step_up"), "{info}");
    let size = good(&memspike(folder.path(), &["check", "a.toml", "--json"]));
    let size: serde_json::Value = serde_json::from_str(&size).unwrap();
    let bytes = size["result"]["bytes"].as_f64().unwrap();
    assert!((bytes / std::fs::metadata(&file).unwrap().len() as f64 - 1.0).abs() < 0.5, "{bytes}");
}

#[test]
fn constants_of_faults_and_ageing_are_those_that_weights_show_and_pairs_have_a_column_for_each_device() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.h5");
    let device = "constant_step = { dg_up = '1 uS', dg_down = '1 uS', g_min = '0 S', g_max = '100 uS', pair = 'push_pull', \
                  stuck_between = 0.4, retention = { tau = '100 ms', sigma_tau = 0.4, g_inf = '0 S' } }";
    std::fs::write(folder.path().join("a.toml"), devices(device, 0.75, "8 ms")).unwrap();
    good(&memspike(folder.path(), &["run", "a.toml", "-o", "a.h5"]));
    let all = format::result::read_observables(&file).unwrap();
    let (devices, weights) = (&all.devices[0], &all.snapshots[0]);
    let column = |name: &str| &devices.columns.iter().find(|c| c.0 == name).unwrap().2;
    let (stuck, tau, n) = (column("stuck"), column("retention_tau"), devices.source_ids.len());
    assert_eq!((devices.devices, stuck.len(), tau.len()), (2, 2 * n, 2 * n));
    assert!(stuck.iter().any(|g| g.is_nan()) && stuck.iter().any(|g| !g.is_nan()));
    let last = weights.times_ms.len() - 1;
    for synapse in 0..n {
        // G+ was set to three quarters of the range, G- to one: a weight of 0.75, from 0.
        let g = |place: usize| {
            let (k, set) = (2 * synapse + place, if place == 0 { 7.5e-5 } else { 2.5e-5 });
            if stuck[k].is_nan() {
                set * memspike::math::exp(-weights.times_ms[last] * 1e-3 / tau[k])
            } else {
                stuck[k]
            }
        };
        let expected = 0.5 + 0.5 * (g(0) - g(1)) / 1e-4;
        let found = weights.weights[last * n + synapse];
        assert!((found - expected).abs() < 1e-6, "{synapse}: {found} {expected}");
    }
}
