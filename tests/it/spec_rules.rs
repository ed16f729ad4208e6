//! The smaller examples of the documentation, each as it stands there.

use std::path::Path;

use memspike::spec::{self, Active, InputKind, NetworkSpec, PopulationKind, Rate, SourceSpec};
use memspike::time::Time;
use memspike::value::Value;

fn read(text: &str) -> NetworkSpec {
    let text = format!("simulation.duration = \"2 s\"\n{text}");
    let model = spec::parse(&text, "m", Path::new("/base"), &[]).unwrap_or_else(|error| panic!("{error}"));
    // Whatever is read here also survives `check --resolved`.
    let again = spec::parse(&model.resolved, "resolved", Path::new(""), &[]).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(format!("{model:?}"), format!("{again:?}"));
    model
}

fn source(text: &str) -> SourceSpec {
    let text = format!("[population.S]\n{text}\n[interval.pulse]\nstart = \"0 s\"\nstop = \"1 s\"\n");
    match read(&text).populations.remove(0).kind {
        PopulationKind::Source(source) => source,
        PopulationKind::Neuron { .. } => panic!("neurons"),
    }
}

#[test]
fn sources_are_read_as_documented() {
    let ms = Time::from_ms;
    for text in ["[[\"10 ms\", \"12.5 ms\"], [\"30 ms\"]]", "{ values = [[10, 12.5], [30]], unit = \"ms\" }"] {
        let SourceSpec::SpikeTimes(trains) = source(&format!("source.spike_times = {text}")) else {
            panic!("no times")
        };
        assert_eq!(trains, [vec![ms(10.0), ms(12.5)], vec![ms(30.0)]]);
    }
    let poisson =
        "size = 3\nsource.poisson = { rate = \"20 Hz\", start = \"0 s\", stop = \"1 s\", during = \"pulse\" }";
    let SourceSpec::Poisson { rate: Rate::Constant(Value::Constant(20.0)), active } = source(poisson) else {
        panic!("no Poisson")
    };
    assert_eq!(active, Active { start: Time::ZERO, stop: ms(1000.0), during: Some(0) });
    let regular = "size = 3\nsource.regular = { rate = \"10 Hz\", phase = \"0 ms\" }";
    let SourceSpec::Regular { rate: Value::Constant(10.0), phase: Value::Constant(0.0), active } = source(regular)
    else {
        panic!("not regular")
    };
    assert_eq!(active, Active::ALWAYS);
    let recording =
        "source.recording = { file = \"session.nwb\", start = \"2283 s\", stop = \"2285 s\", units = \"0-95,100\" }";
    let SourceSpec::Recording(spec) = source(recording) else { panic!("no recording") };
    assert_eq!(spec.file.as_deref(), Some(Path::new("/base/session.nwb")));
    assert_eq!((spec.start, spec.stop), (Some(2283.0), Some(2285.0)));
    assert_eq!(spec.units, Some(vec![(0, 95), (100, 100)]));
    let SourceSpec::Recording(spec) = source("source.recording = {}") else { panic!("no recording") };
    assert_eq!(spec, spec::RecordingSpec::default());
}

#[test]
fn equal_spike_times_and_time_zero_are_allowed() {
    let SourceSpec::SpikeTimes(trains) = source("source.spike_times = [[\"0 ms\", \"1 ms\", \"1 ms\"]]") else {
        panic!("no times")
    };
    assert_eq!(trains[0], [Time::ZERO, Time::from_ms(1.0), Time::from_ms(1.0)]);
}

#[test]
fn off_grid_source_spikes_go_to_the_end_of_their_step() {
    let text = "simulation.engine = \"grid\"\n[population.S]\nsource.spike_times = [[\"0.1 ms\", \"0.12 ms\", \"0.30000000001 ms\"]]";
    let PopulationKind::Source(SourceSpec::SpikeTimes(trains)) = read(text).populations.remove(0).kind else {
        panic!("no times")
    };
    assert_eq!(trains[0], [0.1, 0.2, 0.3].map(Time::from_ms));
}

#[test]
fn inputs_are_read_as_documented() {
    let model = read(
        "[population.E]\nsize = 2\nneuron = \"adex\"\n\
         [input.a]\ntarget = \"E\"\npoisson = { rate = { steps = [[\"0 s\", \"5 Hz\"], [\"1 s\", \"0 Hz\"]] }, indegree = 1_600, weight = \"2 nS\" }\n\
         [input.b]\ntarget = \"E\"\ncurrent.sine = { amplitude = \"10 pA\", frequency = \"5 Hz\", phase = \"180 deg\", offset = \"1 nA\" }\n\
         [input.c]\ntarget = [\"E[0]\", \"E[1]\"]\ncurrent.noise = { mean = \"0 pA\", std = \"5 pA\", interval = \"1 ms\" }\n",
    );
    let InputKind::Poisson { rate: Rate::Steps(steps), indegree, weight, .. } = &model.inputs[0].kind else {
        panic!("steps")
    };
    assert_eq!(*steps, [(Time::ZERO, 5.0), (Time::from_ms(1000.0), 0.0)]);
    assert_eq!((*indegree, weight.constant()), (1600.0, Some(2.0)));
    let InputKind::CurrentSine { amplitude, phase, offset, interval, .. } = model.inputs[1].kind else {
        panic!("sine")
    };
    assert_eq!((amplitude, offset, interval), (10.0, 1000.0, Time::from_ms(0.1)));
    assert!((phase - std::f64::consts::PI).abs() < 1e-15);
    let InputKind::CurrentNoise { mean, std, interval, .. } = model.inputs[2].kind else { panic!("noise") };
    assert_eq!((mean, std, interval), (0.0, 5.0, Time::from_ms(1.0)));
}

#[test]
fn izhikevich_parameters_may_be_bare_as_published() {
    let model = read(
        "[population.E]\nsize = 2\nneuron.izhikevich = { a = 0.1, c = -60, d = \"2 mV/ms\", consistent_integration = false }\n",
    );
    let PopulationKind::Neuron { neuron, .. } = &model.populations[0].kind else { panic!("a source") };
    let values: Vec<_> = neuron.params.iter().map(|v| v.constant().unwrap()).collect();
    assert_eq!(values, [0.1, 0.2, -60.0, 2.0, 0.0, 30.0, f64::NEG_INFINITY, 0.0]);
    // So may what they are computed from.
    let model = read(
        "[parameters]\nx = 4\ny = \"2 mV/ms\"\n\
         [population.E]\nsize = 2\nneuron.izhikevich = { a = \"x / 40\", c = \"-15 * x\", d = \"y\" }\n",
    );
    let PopulationKind::Neuron { neuron, .. } = &model.populations[0].kind else { panic!("a source") };
    let values: Vec<_> = neuron.params[..4].iter().map(|v| v.constant().unwrap()).collect();
    assert_eq!(values, [0.1, 0.2, -60.0, 2.0]);
}

#[test]
fn parameters_may_refer_to_each_other_in_any_order() {
    let model = read(
        "[parameters]\na = \"b * 2\"\nb = \"c / 4\"\nc = \"2 mV\"\nn = 20683\nscale = 0.1\n\
         [population.E]\nsize = \"round(n * scale)\"\nneuron.lif_exp = { v_th = \"a - 50 mV\" }\n",
    );
    assert_eq!(model.populations[0].size, 2068);
    let PopulationKind::Neuron { neuron, .. } = &model.populations[0].kind else { panic!("a source") };
    assert_eq!(neuron.params[3].constant(), Some(-49.0));
    assert!(model.resolved.contains("size = 2068\n"), "{}", model.resolved);
}

#[test]
fn spikes_of_none_are_of_nobody_unless_a_population_is_called_so() {
    let recorded = |name: &str, spikes: &str| {
        let text = format!("record.spikes = {spikes}\npopulation.{name} = {{ size = 2, neuron = 'lif_exp' }}\n");
        read(&text).record.spikes.len()
    };
    assert_eq!((recorded("E", "'none'"), recorded("E", "[]"), recorded("E", "'all'")), (0, 0, 1));
    assert_eq!(recorded("none", "'none'"), 1);
}
