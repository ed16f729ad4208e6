//! The linear integrate-and-fire models against NEST's traces, and helpers that the other tests of these models share.

use memspike::neuron::{BlockSpec, Column, EventNeuron, GridNeurons, NeuronModel, StepInput};
use memspike::neuron::{lif_alpha, lif_delta, lif_exp};
use memspike::time::{TICKS_PER_MS, Time};
use serde_json::Value;

use crate::stored::{numbers, stored};

/// The values of `model`'s parameters: its defaults with these changes.
pub fn values(model: NeuronModel, changes: &[(&str, f64)]) -> Vec<f64> {
    let table = model.describe();
    let mut values: Vec<f64> = table.params.iter().map(|p| p.default).collect();
    for (name, value) in changes {
        values[table.param(name).unwrap_or_else(|| panic!("no parameter {name}"))] = *value;
    }
    values
}

/// The first tick that is not before so many milliseconds, as spikes are rounded.
pub fn first_tick_after(ms: f64) -> Time {
    Time((ms * TICKS_PER_MS).ceil() as i64)
}

/// Runs one neuron as the engine does: events grouped by tick, spikes drained before each group. `samples` are read as they pass.
pub fn drive<N: EventNeuron>(
    params: &N::Params,
    state: &mut N::State,
    events: &[(Time, f64)],
    until: Time,
    samples: &[Time],
) -> (Vec<Time>, Vec<f64>) {
    let (mut spikes, mut read) = (Vec::new(), Vec::new());
    let mut next = 0;
    let mut sample_before = |state: &N::State, end: Time, read: &mut Vec<f64>| {
        while next < samples.len() && samples[next] < end {
            read.push(N::read(params, state, 0, samples[next]));
            next += 1;
        }
    };
    let mut i = 0;
    while i <= events.len() {
        let tick = events.get(i).map_or(until, |event| event.0);
        loop {
            let before = *state;
            let Some(spike) = N::next_spike(params, state, tick) else { break };
            assert!(spike > N::time(&before) && spike < tick && N::earliest(params, &before) <= spike);
            sample_before(&before, spike, &mut read);
            spikes.push(spike);
        }
        sample_before(state, tick, &mut read);
        N::advance(params, state, tick);
        if i == events.len() {
            break;
        }
        while i < events.len() && events[i].0 == tick {
            N::receive(params, state, events[i].1);
            i += 1;
        }
        if N::settle(params, state) {
            spikes.push(tick);
        }
    }
    (spikes, read)
}

fn parameters_of(case: &Value, model: NeuronModel) -> Vec<f64> {
    let all = case["neuron_params_all"].as_object().unwrap();
    let names = [
        "tau_m",
        "c_m",
        "e_l",
        "v_th",
        "v_reset",
        "t_ref",
        "i_e",
        "v_min",
        "refractory_input",
        "tau_syn_ex",
        "tau_syn_in",
    ];
    let nest = [
        "tau_m",
        "C_m",
        "E_L",
        "V_th",
        "V_reset",
        "t_ref",
        "I_e",
        "V_min",
        "refractory_input",
        "tau_syn_ex",
        "tau_syn_in",
    ];
    let changes: Vec<(&str, f64)> = std::iter::zip(names, nest)
        .filter(|(name, _)| model.describe().param(name).is_some())
        .map(|(name, nest)| match &all[nest] {
            Value::Null => (name, f64::NEG_INFINITY),
            Value::Bool(flag) => (name, f64::from(u8::from(*flag))),
            number => (name, number.as_f64().unwrap()),
        })
        .collect();
    values(model, &changes)
}

fn arrivals(case: &Value) -> Vec<(f64, f64)> {
    let delay = case["input_delay_ms"].as_f64().unwrap();
    let spikes = case["input_spikes"].as_array().unwrap();
    spikes.iter().map(|s| (s["time_ms"].as_f64().unwrap() + delay, s["weight"].as_f64().unwrap())).collect()
}

/// A block of three neurons: with the case's parameters and input, the same again, and one with other input.
fn grid_against_nest(name: &str, model: NeuronModel, per_neuron: bool) {
    let case = stored(&format!("reference/neurons/{name}.json"));
    let h = case["resolution_ms"].as_f64().unwrap();
    let shared = parameters_of(&case, model);
    let params: Vec<Column> =
        shared.iter().map(|&x| if per_neuron { Column::Each(vec![x, x, x]) } else { Column::Shared(x) }).collect();
    let initial: Vec<Column> = model.describe().variables.iter().map(|_| Column::Shared(f64::NAN)).collect();
    let spec = BlockSpec { size: 3, params: &params, initial: &initial };
    let mut block: Box<dyn GridNeurons<f64>> = match model {
        NeuronModel::LifDelta => lif_delta::grid(h, &spec),
        NeuronModel::LifExp => lif_exp::grid(h, &spec),
        _ => lif_alpha::grid(h, &spec),
    }
    .unwrap();
    let arrivals: Vec<(i64, f64)> = arrivals(&case).iter().map(|(t, w)| ((t / h).round() as i64, *w)).collect();
    let (times, v_m) = (numbers(&case["times_ms"]), numbers(&case["V_m"]));
    let expected: Vec<i64> = numbers(&case["spike_times_ms"]).iter().map(|t| (t / h).round() as i64).collect();
    let mut spikes = Vec::new();
    let mut fired = Vec::new();
    for (k, (t, v)) in std::iter::zip(&times, &v_m).enumerate() {
        let step = k as i64 + 1;
        assert_eq!(step, (t / h).round() as i64);
        let sum = |positive: bool| -> f64 {
            arrivals
                .iter()
                .filter(|(s, w)| *s == step && (!model.two_sided() || (*w >= 0.0) == positive))
                .map(|x| x.1)
                .sum()
        };
        let mut excitatory = [sum(true), sum(true), 0.0];
        let mut inhibitory = if model.two_sided() { vec![sum(false), sum(false), 0.0] } else { Vec::new() };
        // Saving and loading a neuron at any step must change nothing.
        let words = block.save(0);
        block.load(0, &words);
        fired.clear();
        block.step(StepInput { excitatory: &mut excitatory, inhibitory: &mut inhibitory, current: &[] }, &mut fired);
        if fired.contains(&0) {
            spikes.push(step);
        }
        assert_eq!(fired.contains(&0), fired.contains(&1));
        let got = block.read(0, 0);
        assert!((got - v).abs() < 1e-9, "{name} at {t} ms: {got} mV, NEST {v} mV");
    }
    assert_eq!(spikes, expected, "{name}");
}

#[test]
fn lif_delta_on_the_grid_follows_nest() {
    for name in ["iaf_psc_delta_sub", "iaf_psc_delta_spk", "iaf_psc_delta_refrac_input"] {
        grid_against_nest(name, NeuronModel::LifDelta, false);
        grid_against_nest(name, NeuronModel::LifDelta, true);
    }
}

#[test]
fn lif_exp_on_the_grid_follows_nest() {
    for name in ["iaf_psc_exp_sub", "iaf_psc_exp_spk", "iaf_psc_exp_equaltau"] {
        grid_against_nest(name, NeuronModel::LifExp, false);
        grid_against_nest(name, NeuronModel::LifExp, true);
    }
}

#[test]
fn lif_alpha_on_the_grid_follows_nest() {
    for name in ["iaf_psc_alpha_sub", "iaf_psc_alpha_spk", "iaf_psc_alpha_equaltau"] {
        grid_against_nest(name, NeuronModel::LifAlpha, false);
        grid_against_nest(name, NeuronModel::LifAlpha, true);
    }
}

#[test]
fn lif_exp_at_exact_times_follows_nests_precise_model() {
    for name in ["iaf_psc_exp_ps_spk", "iaf_psc_exp_ps_offgrid"] {
        let case = stored(&format!("reference/neurons/{name}.json"));
        let params = lif_exp::LifExp::params(&parameters_of(&case, NeuronModel::LifExp)).unwrap();
        let mut state = lif_exp::LifExp::initial(&params, &[f64::NAN; 3]);
        let events: Vec<(Time, f64)> = arrivals(&case).iter().map(|(t, w)| (Time::from_ms(*t), *w)).collect();
        let times: Vec<Time> = numbers(&case["times_ms"]).iter().map(|t| Time::from_ms(*t)).collect();
        let until = Time::from_ms(case["simulated_ms"].as_f64().unwrap()) + Time(1);
        let (spikes, read) = drive::<lif_exp::LifExp>(&params, &mut state, &events, until, &times);
        let expected = numbers(&case["spike_times_ms"]);
        assert_eq!(spikes.len(), expected.len(), "{name}");
        for (spike, t) in std::iter::zip(&spikes, &expected) {
            assert!((spike.ms() - t).abs() < 1e-6, "{name}: spike at {} ms, NEST {t} ms", spike.ms());
        }
        let v_m = numbers(&case["V_m"]);
        // The recorder has one sample per step but the very last.
        assert!(read.len() >= v_m.len());
        for ((t, got), v) in std::iter::zip(std::iter::zip(&times, &read), &v_m) {
            assert!((got - v).abs() < 1e-6, "{name} at {t}: {got} mV, NEST {v} mV");
        }
    }
}

#[test]
fn an_injected_current_acts_as_i_e_does_in_both_engines() {
    for (current, i_e) in [(0.0, 380.0), (380.0, 0.0)] {
        let values = values(NeuronModel::LifExp, &[("i_e", i_e)]);
        let params: Vec<Column> = values.iter().map(|&x| Column::Shared(x)).collect();
        let initial = vec![Column::Shared(f64::NAN); 3];
        let spec = BlockSpec { size: 1, params: &params, initial: &initial };
        let mut block: Box<dyn GridNeurons<f64>> = lif_exp::grid(0.1, &spec).unwrap();
        let mut fired = Vec::new();
        for _ in 0..100 {
            block.step(StepInput { excitatory: &mut [0.0], inhibitory: &mut [0.0], current: &[current] }, &mut fired);
        }
        let exact = -70.0 + 380.0 * 10.0 / 250.0 * -(-1.0_f64).exp_m1();
        assert!((block.read(0, 0) - exact).abs() < 1e-12);
        let params = lif_exp::LifExp::params(&values).unwrap();
        let mut state = lif_exp::LifExp::initial(&params, &[f64::NAN; 3]);
        lif_exp::LifExp::set_current(&params, &mut state, current);
        assert!((lif_exp::LifExp::read(&params, &state, 0, Time::from_ms(10.0)) - exact).abs() < 1e-12);
    }
}
