//! The model that the documentation shows first.

use std::path::{Path, PathBuf};

use memspike::neuron::NeuronModel;
use memspike::spec::{self, Connect, Engine, InputKind, NetworkSpec, PopulationKind, Rate, Slice};
use memspike::time::Time;
use memspike::value::Value;

/// A file of `tests/data/spec`.
pub fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/spec").join(name)
}

fn example(sets: &[(&str, &str)]) -> NetworkSpec {
    let sets: Vec<_> = sets.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect();
    spec::load(&data("example.toml"), &sets).unwrap_or_else(|error| panic!("{error}"))
}

fn v_reset(model: &NetworkSpec, population: usize, parameter: &str) -> f64 {
    let PopulationKind::Neuron { neuron, .. } = &model.populations[population].kind else { panic!("a source") };
    neuron.params[neuron.model.describe().param(parameter).unwrap()].constant().unwrap()
}

#[test]
fn the_example_is_read_as_documented() {
    let model = example(&[]);
    assert_eq!(model.title.as_deref(), Some("Balanced random network"));
    assert_eq!(model.reference.as_deref(), Some("doi:10.1023/A:1008925309027"));
    assert_eq!(model.simulation.duration, Some(Time::from_ms(1000.0)));
    assert_eq!((model.simulation.seed, model.simulation.engine), (1, Engine::Event));
    assert_eq!(model.simulation.resolution, Time::from_ms(0.1));
    let sizes: Vec<_> = model.populations.iter().map(|p| (p.name.as_str(), p.size)).collect();
    assert_eq!(sizes, [("E", 10_000), ("I", 2_500)]);
    assert_eq!((v_reset(&model, 0, "t_ref"), v_reset(&model, 1, "t_ref")), (2.0, 1.0));
    assert_eq!((v_reset(&model, 1, "v_reset"), v_reset(&model, 1, "c_m")), (10.0, 250.0));
    let PopulationKind::Neuron { neuron, initial } = &model.populations[0].kind else { panic!("a source") };
    assert_eq!(neuron.model, NeuronModel::LifDelta);
    assert!(matches!(initial[..], [(0, Value::Uniform { low: 0.0, high: 20.0 })]));

    let InputKind::Poisson { rate: Rate::Constant(rate), weight, indegree, .. } = &model.inputs[0].kind else {
        panic!("not Poisson")
    };
    assert_eq!((rate.constant(), weight.constant(), *indegree), (Some(20_000.0), Some(0.1), 1.0));
    let InputKind::CurrentSteps(steps) = &model.inputs[1].kind else { panic!("no steps") };
    assert_eq!(*steps, [(Time::from_ms(200.0), 300.0), (Time::from_ms(210.0), 0.0)]);
    assert_eq!(model.inputs[1].targets, [Slice { population: 0, start: 0, stop: Some(50) }]);

    let names: Vec<_> = model.projections.iter().map(|p| p.name.as_str()).collect();
    assert_eq!(names, ["excitatory.E_to_E", "excitatory.E_to_I", "inhibitory.I_to_E", "inhibitory.I_to_I"]);
    assert_eq!(model.projections[1].connect, Connect::FixedIndegree(1000));
    assert_eq!(model.projections[2].connect, Connect::FixedIndegree(250));
    assert_eq!(model.projections[2].weight.constant(), Some(-0.5));
    assert_eq!(model.projections[0].delay.constant(), Some(1.5));
    assert!(!model.projections[0].axonal && model.projections[0].autapses && model.projections[0].multapses);

    assert_eq!(model.record.start, Time::from_ms(200.0));
    assert_eq!(model.record.spikes[0], Slice { population: 0, start: 0, stop: Some(1000) });
    assert_eq!(model.record.spikes[1], Slice { population: 1, start: 0, stop: None });
    assert_eq!(model.record.state[0].slice, Slice { population: 0, start: 0, stop: Some(3) });
    assert_eq!(model.record.state[0].variables, [0]);
    assert_eq!(model.record.state[0].interval, Time::from_ms(0.1));
}

#[test]
fn sets_lie_on_top() {
    let model = example(&[
        ("parameters.g", "4.5"),
        ("simulation.duration", "200.1 ms"),
        ("simulation.engine", "grid"),
        ("population.E.size", "round(100.4)"),
        ("projection.excitatory.connect", "all_to_all"),
        ("input.kick.target", "\"E\""),
        ("record.spikes", "all"),
        ("record.state", "[]"),
        ("record.start", "\"0 ms\""),
    ]);
    assert_eq!(model.projections[2].weight.constant(), Some(-0.45));
    assert_eq!(model.simulation.duration, Some(Time::from_ms(200.1)));
    assert_eq!(model.simulation.engine, Engine::Grid);
    assert_eq!(model.populations[0].size, 100);
    assert_eq!(model.projections[0].connect, Connect::AllToAll);
    assert!(model.record.state.is_empty());
}

#[test]
fn the_resolved_text_is_the_same_model() {
    let model = example(&[("parameters.g", "4.5")]);
    assert!(model.resolved.contains("\"-0.45 mV\""), "{}", model.resolved);
    let again = spec::parse(&model.resolved, "resolved", Path::new(""), &[]).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(
        format!("{model:?}"),
        format!("{:?}", NetworkSpec { resolved: model.resolved.clone(), ..again.clone() })
    );
    assert_eq!(again.resolved, model.resolved);
}
