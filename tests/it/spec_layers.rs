//! `extends` and `--set`.

use std::fs;
use std::path::Path;

use memspike::neuron::NeuronModel;
use memspike::spec::{self, Connect, ModelError, NetworkSpec, PopulationKind};
use memspike::time::Time;
use memspike::value::Value;

const BASE: &str = r#"
[simulation]
duration = "1 s"
[neuron.cell]
lif_exp = { tau_m = "20 ms" }
[population.E]
size = 10
neuron.cell = { t_ref = "1 ms" }
initial.v_m = { uniform = ["-70 mV", "-60 mV"] }
[projection.a]
source = "E"
target = "E"
connect.fixed_indegree = 2
"#;

fn set(sets: &[(&str, &str)]) -> Result<NetworkSpec, ModelError> {
    let sets: Vec<_> = sets.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect();
    spec::parse(BASE, "base", Path::new(""), &sets)
}

#[test]
fn a_date_is_no_difference_of_numbers() {
    let error = set(&[("population.E.size", "2011-01-01")]).unwrap_err().to_string();
    assert!(error.starts_with("command line:1:19: found the date 2011-01-01, expected a number"), "{error}");
    let sets = [("parameters.g".to_string(), "1979-05-27".to_string())];
    let text = format!("parameters.g = 5\n{BASE}");
    let error = spec::parse(&text, "base", Path::new(""), &sets).unwrap_err().to_string();
    assert!(error.contains("found the date 1979-05-27, expected a number"), "{error}");
    assert_eq!(set(&[("population.E.size", "2011 - 1 - 1")]).unwrap().populations[0].size, 2009);
    // As a text it is one.
    assert_eq!(set(&[("title", "2011-01-01")]).unwrap().title.as_deref(), Some("2011-01-01"));
}

#[test]
fn naming_another_variant_replaces_the_old_one() {
    let model = set(&[("projection.a.connect.fixed_probability", "0.5")]).unwrap();
    assert_eq!(model.projections[0].connect, Connect::FixedProbability(0.5));
    let model = set(&[("population.E.neuron.izhikevich.a", "0.1")]).unwrap();
    let PopulationKind::Neuron { neuron, .. } = &model.populations[0].kind else { panic!("a source") };
    assert_eq!(neuron.model, NeuronModel::Izhikevich);
    let model = set(&[("population.E.initial.v_m", "{ normal = { mean = \"-65 mV\", std = \"1 mV\" } }")]).unwrap();
    let PopulationKind::Neuron { initial, .. } = &model.populations[0].kind else { panic!("a source") };
    assert!(matches!(initial[0].1, Value::Normal { mean: -65.0, std: 1.0, .. }));
    let model = set(&[("population.E.source.poisson.rate", "5 Hz")]).unwrap();
    assert!(matches!(model.populations[0].kind, PopulationKind::Source(_)));
    // The set's own table is merged, since the variant is the same.
    let model = set(&[("neuron.cell.lif_exp.c_m", "100 pF")]).unwrap();
    let PopulationKind::Neuron { neuron, .. } = &model.populations[0].kind else { panic!("a source") };
    let value = |name: &str| neuron.params[neuron.model.describe().param(name).unwrap()].constant();
    assert_eq!((value("tau_m"), value("c_m"), value("t_ref")), (Some(20.0), Some(100.0), Some(1.0)));
}

#[test]
fn errors_name_set() {
    let error = set(&[("simulation.durration", "2 s")]).unwrap_err();
    assert!(
        error.to_string().starts_with("command line:1:1: unknown key durration: did you mean duration?"),
        "{error}"
    );
    let error = set(&[("simulation.duration", "2")]).unwrap_err();
    assert_eq!(error.position(), Some((1, 21)), "{error}");
    assert!(error.to_string().contains("simulation.duration=2"), "{error}");
    let error = set(&[("simulation.durration", "2")]).unwrap_err();
    assert_eq!(error.position(), Some((1, 12)), "{error}");
    let error = set(&[("simulation.duration", "")]).unwrap_err();
    assert!(error.to_string().contains("the value of simulation.duration is missing"), "{error}");
    let error = set(&[(&"a.".repeat(100_000), "2 s")]).unwrap_err();
    assert!(error.to_string().contains("expected --set KEY=VALUE"));
    let error = set(&[("", "2")]).unwrap_err();
    assert!(error.to_string().contains("expected --set KEY=VALUE"), "{error}");
    let error = set(&[("seed = 1\nx", "2")]).unwrap_err();
    assert!(error.to_string().contains("expected --set KEY=VALUE"), "{error}");
}

#[test]
fn extends_is_recursive_and_paths_belong_to_the_file_that_names_them() {
    let folder = tempfile::tempdir().unwrap();
    let sub = folder.path().join("sub");
    fs::create_dir(&sub).unwrap();
    fs::write(sub.join("v.csv"), "v\n-61\n-62\n").unwrap();
    let base = BASE
        .replace("size = 10", "size = 2")
        .replace("{ uniform = [\"-70 mV\", \"-60 mV\"] }", "{ file = \"v.csv\", column = \"v\", unit = \"mV\" }");
    fs::write(sub.join("base.toml"), base).unwrap();
    fs::write(sub.join("middle.toml"), "extends = \"base.toml\"\n[simulation]\nseed = 5\n").unwrap();
    let top = folder.path().join("top.toml");
    fs::write(&top, "extends = \"sub/middle.toml\"\n[simulation]\nduration = \"2 s\"\n").unwrap();
    let model = spec::load(&top, &[]).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((model.simulation.seed, model.simulation.duration), (5, Some(Time::from_ms(2000.0))));
    let PopulationKind::Neuron { initial, .. } = &model.populations[0].kind else { panic!("a source") };
    assert!(matches!(&initial[0].1, Value::List(v) if **v == [-61.0, -62.0]));
    let again = spec::parse(&model.resolved, "resolved", Path::new("elsewhere"), &[]);
    assert_eq!(again.unwrap_or_else(|error| panic!("{error}")).resolved, model.resolved);

    fs::write(sub.join("base.toml"), "extends = \"../top.toml\"\n").unwrap();
    let error = spec::load(&top, &[]).unwrap_err();
    assert!(error.message().contains("extends itself"), "{error}");
    assert_eq!(error.position(), Some((1, 11)));
    fs::write(sub.join("base.toml"), "[simulation]\nduration = 3\n").unwrap();
    let error = spec::load(&top, &[("simulation.duration".into(), "\"2 mV\"".into())]).unwrap_err();
    assert_eq!(error.source_name(), "command line");
    fs::remove_file(sub.join("middle.toml")).unwrap();
    let error = spec::load(&top, &[]).unwrap_err();
    assert!(error.message().contains("middle.toml: there is no such file"), "{error}");
}

#[test]
fn sets_that_build_on_themselves_are_refused() {
    let text = BASE.replace("lif_exp =", "other =") + "[neuron.other]\ncell = {}\n";
    let error = spec::parse(&text, "m", Path::new(""), &[]).unwrap_err();
    assert!(error.message().contains("builds on itself"), "{error}");
}

/// A set has some of its model's parameters; what it leaves open, or what does not go with a default, is for those that use it.
#[test]
fn sets_need_not_be_whole() {
    let text = "simulation.duration = '60 ms'
        [plasticity.reward.stdp_dopamine]
        a_plus = 0.1
        [device.base.soft_bounds]
        g_min = '200 uS'
        retention = { tau = '1 s' }
        [population.S]
        size = 2
        source.poisson.rate = '50 Hz'
        [projection.p]
        source = 'S'
        target = 'S'
        connect = 'all_to_all'
        weight = 1
        w_max = 2
        plasticity.reward = { modulator = 'S' }
        device.base = { g_max = '400 uS', retention = { g_inf = '210 uS' } }";
    let parse = |text: &str| spec::parse(text, "m", Path::new(""), &[]);
    let read = parse(text).unwrap_or_else(|error| panic!("{error}"));
    let device = read.projections[0].device.as_ref().unwrap().device().unwrap();
    assert_eq!((device.common.g_min, device.common.g_max), (200e-6, 400e-6));
    for (from, to, expected) in [
        ("modulator = 'S'", "a_minus = 1", "needs the parameter modulator"),
        ("g_max = '400 uS', ", "", "expected less than g_max"),
        ("a_plus = 0.1", "a_pluss = 0.1", "did you mean a_plus"),
        ("g_min = '200 uS'", "g_min = '-200 uS'", "g_min"),
        // What nothing uses is looked at by itself.
        ("plasticity.reward =", "plasticity.stdp_dopamine =", "needs the parameter modulator"),
        (
            "device.base = { g_max = '400 uS', retention = { g_inf = '210 uS' } }",
            "device = 'soft_bounds'",
            "retention needs",
        ),
    ] {
        let error = parse(&text.replacen(from, to, 1)).unwrap_err().to_string();
        assert!(error.contains(expected), "{to}: {error}");
    }
}

#[test]
fn parameters_with_names_of_distributions_are_kept() {
    let sets = [("parameters.values", "1"), ("parameters.file", "2"), ("parameters.std", "3"), ("parameters.cv", "4")];
    let sum = ("population.E.size", "values + file + std + cv");
    let text = format!("{BASE}[parameters]\nvalues = 0\nfile = 0\nstd = 0\ncv = 0\n");
    let sets: Vec<(String, String)> =
        [&sets[..], &[sum]].concat().iter().map(|(k, v)| (k.to_string(), v.to_string())).collect();
    assert_eq!(spec::parse(&text, "m", Path::new(""), &sets).unwrap().populations[0].size, 10);
}

#[test]
fn a_parameter_that_the_model_lacks_is_refused() {
    let error = set(&[("parameters.gg", "3")]).unwrap_err();
    assert!(error.message().contains("unknown parameter gg"), "{error}");
    let sets = [("g".to_string(), "3".to_string())];
    let error = spec::parse(&format!("parameters.g = 5\n{BASE}"), "m", Path::new(""), &sets).unwrap_err();
    assert!(error.message().contains("write parameters.g"), "{error}");
}

#[test]
fn absurd_nesting_is_an_error_and_no_crash() {
    for text in [
        "a.".repeat(100_000) + "b = 1",
        format!("a = {}", "[".repeat(100_000)),
        format!("[parameters]\na = \"{}\"", "(".repeat(100_000)),
        format!("[parameters]\na = \"1{}\"", "+1".repeat(100_000)),
        (0..20_000).map(|n| format!("[neuron.s{n}.s{}]\n", n + 1)).collect(),
        format!("simulation.duration = '1 s'\n[population.{}]\nsize = 1\nneuron = 'lif_exp'\n", "E".repeat(70_000)),
    ] {
        assert!(spec::parse(&text, "m", Path::new(""), &[]).is_err());
    }
    let parameters: String = (0..20_000).map(|n| format!("p{n} = 'p{}'\n", n + 1)).collect();
    let error = spec::parse(&format!("[parameters]\n{parameters}p20000 = 1\n"), "m", Path::new(""), &[])
        .err()
        .unwrap()
        .to_string();
    assert!(error.contains("more than 200 deep") && error.lines().count() < 40, "{error}");
    let chain = |length: usize| {
        let sets: String = (1..length).map(|n| format!("[neuron.s{n}.s{}]\n", n - 1)).collect();
        let text = format!("{BASE}{sets}[neuron.s0.lif_exp]\n");
        spec::parse(&text, "m", Path::new(""), &[]).map(drop).map_err(|error| error.to_string())
    };
    assert_eq!(chain(100), Ok(()));
    assert!(chain(102).unwrap_err().contains("sets build on one another more than 100 deep"));
}
