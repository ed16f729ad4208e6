//! Recordings that become sources.

use std::path::Path;

use memspike::spec::{self, NetworkSpec, PopulationKind, SourceSpec};
use memspike::spikes::{Recording, SpikeTable};
use memspike::time::Time;

fn model(recording: &str, rest: &str) -> NetworkSpec {
    let text = format!(
        "[population.M]\nsource.recording = {{ {recording} }}\n[population.E]\nsize = 2\nneuron = \"lif_exp\"\n\
         [projection.p]\nsource = \"M\"\ntarget = \"E\"\nconnect = \"all_to_all\"\n{rest}"
    );
    spec::parse(&text, "m", Path::new(""), &[]).unwrap_or_else(|error| panic!("{error}"))
}

fn recording() -> Recording {
    let trains = [vec![10.5, 11.0], vec![10.25], vec![12.0]];
    let spikes = SpikeTable::from_units(vec![7, 8, 9], &trains).unwrap();
    Recording { spikes, observed: vec![(10.0, 13.0)], ..Recording::default() }
}

fn trains(model: &NetworkSpec) -> Vec<Vec<f64>> {
    let PopulationKind::Source(SourceSpec::SpikeTimes(trains)) = &model.populations[0].kind else {
        panic!("not bound")
    };
    trains.iter().map(|train| train.iter().map(|t| t.ms()).collect()).collect()
}

#[test]
fn a_recording_fills_population_and_duration() {
    let mut model = model("", "");
    assert_eq!(model.recordings().len(), 1);
    let bound = model.bind(0, &recording()).unwrap();
    assert_eq!((bound.start_s, bound.stop_s, bound.unit_ids), (10.0, 13.0, vec![7, 8, 9]));
    assert_eq!(trains(&model), [vec![500.0, 1000.0], vec![250.0], vec![2000.0]]);
    assert_eq!((model.populations[0].size, model.simulation.duration), (3, Some(Time::from_ms(3000.0))));
    assert!(model.recordings().is_empty());
}

#[test]
fn start_stop_and_units_are_applied_and_stop_is_exclusive() {
    let mut model =
        model("start = \"10.25 s\", stop = \"11 s\", units = \"2,0-1\"", "[simulation]\nduration = \"100 ms\"");
    let bound = model.bind(0, &recording()).unwrap();
    assert_eq!(bound.unit_ids, [9, 7, 8]);
    assert_eq!(trains(&model), [vec![], vec![250.0], vec![0.0]]);
    assert_eq!(model.simulation.duration, Some(Time::from_ms(100.0)));
}

#[test]
fn a_window_beside_the_recording_is_refused() {
    for window in ["start = '1 s', stop = '2 s'", "start = '13 s', stop = '14 s'", "stop = '10 s', start = '3 s'"] {
        let error = model(window, "").bind(0, &recording()).unwrap_err().to_string();
        assert!(error.contains("lies outside the recording, which spans 10 s to 13 s"), "{error}");
    }
    assert!(model("start = '9 s', stop = '10.1 s'", "").bind(0, &recording()).is_ok());
    let gap = Recording { observed: vec![(10.0, 11.5), (11.8, 13.0)], ..recording() };
    let error = model("start = '11.5 s', stop = '11.8 s'", "").bind(0, &gap).unwrap_err().to_string();
    assert!(error.contains("nothing was observed from 11.5 s to 11.8 s"), "{error}");
}

#[test]
fn a_recording_of_one_moment_needs_a_duration() {
    let spikes = SpikeTable::from_units(vec![7], &[vec![10.5]]).unwrap();
    let single = Recording { spikes, ..Recording::default() };
    let message = model("", "").bind(0, &single).unwrap_err().to_string();
    assert!(message.contains("one moment, 10.5 s") && message.contains("--duration"), "{message}");
    let mut bound = model("", "[simulation]\nduration = \"1 s\"");
    bound.bind(0, &single).unwrap();
    assert_eq!(trains(&bound), [[0.0]]);
}

#[test]
fn what_does_not_fit_is_refused() {
    let refused = |spec: &str, rest: &str| model(spec, rest).bind(0, &recording()).unwrap_err().to_string();
    assert!(refused("units = \"0-18446744073709551615\"", "").contains("but the recording has 3 units, 0 to 2"));
    assert!(refused("start = \"20 s\"", "").contains("start, 20 s, is not before the end of the recording"));
    assert!(
        refused("", "[record]\nspikes = [\"M[0:4]\"]")
            .contains("record.spikes takes M[0:4], but the recording gives M 3")
    );
    assert!(
        refused("", "[projection.q]\nsource = \"M\"\ntarget = \"E\"\nconnect = \"one_to_one\"")
            .contains("3 sources and 2 targets")
    );
    assert!(
        refused("", "[projection.q]\nsource = \"M\"\ntarget = \"E\"\nconnect.pairs = [[3, 0]]")
            .contains("connects 3 to 0")
    );
    assert!(
        refused("", "[record]\nstart = \"3 s\"").contains("record.start, 3 s, is not before the end of the run at 3 s")
    );
    assert!(model("", "").bind(1, &recording()).unwrap_err().to_string().contains("does not replay a recording"));
    assert!(model("", "").bind(0, &Recording::default()).unwrap_err().to_string().contains("no units"));
}
