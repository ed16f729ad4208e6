//! Values that were drawn for each neuron, in the result where a model asks for them.

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
