//! NEST's cases, and an independent integrator.

use memspike::describe::Param;
use memspike::neuron::{EventNeuron, NeuronModel};
use memspike::time::Time;
use serde_json::Value;

use crate::stored::stored;

/// One file of `tests/data/reference/neurons`.
pub struct Case {
    file: Value,
    pub h_ms: f64,
    pub params: Vec<f64>,
    pub initial: Vec<f64>,
    /// (time of arrival, weight), in order.
    pub input: Vec<(Time, f64)>,
}

impl Case {
    pub fn load(model: NeuronModel, name: &str) -> Case {
        let file = stored(&format!("reference/neurons/{name}.json"));
        let given = |name: &str| {
            let all = file["neuron_params_all"].as_object().unwrap();
            let value = all.iter().find(|(key, _)| key.to_lowercase() == name)?.1;
            value.as_f64().or(value.as_bool().map(|b| if b { 1.0 } else { 0.0 }))
        };
        let table = model.describe();
        // NEST's models have no threshold adaptation.
        let ours = |p: &Param| p.name.ends_with("theta") || p.name.starts_with("theta");
        let or_ours = |p: &Param| given(p.name).or(ours(p).then_some(p.default));
        let params = table.params.iter().map(|p| or_ours(p).unwrap_or_else(|| panic!("no {}", p.name))).collect();
        let initial = table.variables.iter().map(|v| given(v.name).unwrap_or(f64::NAN)).collect();
        let delay = file["input_delay_ms"].as_f64().unwrap();
        let spikes = file["input_spikes"].as_array().unwrap();
        let mut input: Vec<(Time, f64)> = spikes
            .iter()
            .map(|s| (Time::from_ms(s["time_ms"].as_f64().unwrap() + delay), s["weight"].as_f64().unwrap()))
            .collect();
        input.sort_by_key(|i| i.0);
        Case { h_ms: file["resolution_ms"].as_f64().unwrap(), params, initial, input, file }
    }

    pub fn numbers(&self, key: &str) -> Vec<f64> {
        numbers(&self.file[key])
    }

    pub fn highprec(&self, key: &str) -> Vec<f64> {
        numbers(&self.file["highprec"][key])
    }

    pub fn has(&self, key: &str) -> bool {
        self.file.get(key).is_some()
    }
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
}

/// Runs the event kernel with this input up to `end`; `sample` is called with the state valid from its time on, and
/// the time of the next event.
pub fn run_event<N: EventNeuron>(
    params: &[f64],
    initial: &[f64],
    input: &[(Time, f64)],
    end: Time,
    mut sample: impl FnMut(&N::Params, &N::State, Time),
) -> Vec<Time> {
    let p = N::params(params).unwrap();
    let mut state = N::initial(&p, initial);
    let mut spikes = Vec::new();
    let mut i = 0;
    loop {
        let next = input.get(i).map_or(end, |e| e.0).min(end);
        loop {
            let mut ahead = state;
            let spike = N::next_spike(&p, &mut ahead, next);
            sample(&p, &state, spike.unwrap_or(next));
            state = ahead;
            let Some(spike) = spike else { break };
            assert!(N::time(&state) == spike);
            spikes.push(spike);
        }
        if next == end {
            return spikes;
        }
        N::advance(&p, &mut state, next);
        while i < input.len() && input[i].0 == next {
            N::receive(&p, &mut state, input[i].1);
            i += 1;
        }
        if N::settle(&p, &mut state) {
            spikes.push(next);
        }
    }
}

/// An integrate-and-fire ODE as plain right-hand sides, for the classic Runge-Kutta method.
pub trait Plain<const N: usize> {
    fn slopes(&self, y: &[f64; N], held: bool) -> [f64; N];
    fn receive(&self, y: &mut [f64; N], weight: f64);
    fn reset(&self, y: &mut [f64; N]);
    fn threshold(&self) -> f64;
    fn t_ref_ms(&self) -> f64;
}

pub fn rk4<const N: usize, M: Plain<N>>(m: &M, y: &[f64; N], h: f64, held: bool) -> [f64; N] {
    let add = |k: &[f64; N], s: f64| std::array::from_fn(|i| y[i] + s * k[i]);
    let k1 = m.slopes(y, held);
    let k2 = m.slopes(&add(&k1, h / 2.0), held);
    let k3 = m.slopes(&add(&k2, h / 2.0), held);
    let k4 = m.slopes(&add(&k3, h), held);
    std::array::from_fn(|i| y[i] + h / 6.0 * (k1[i] + 2.0 * k2[i] + 2.0 * k3[i] + k4[i]))
}

/// What the independent integrator found.
pub struct Scan {
    pub spikes_ms: Vec<f64>,
    /// v_m after events and resets, every `every` steps.
    pub v: Vec<f64>,
    /// The v nearest to the threshold from below where a maximum did not reach it.
    pub nearest_miss: f64,
}

/// Runge-Kutta steps of `h_ms` with events on multiples of it; crossings by bisection of the step.
pub fn scan<const N: usize, M: Plain<N>>(
    m: &M,
    mut y: [f64; N],
    input: &[(Time, f64)],
    h_ms: f64,
    steps: usize,
    every: usize,
) -> Scan {
    let mut found = Scan { spikes_ms: Vec::new(), v: Vec::new(), nearest_miss: f64::INFINITY };
    let (mut free_at, mut i) = (0.0, 0);
    let (mut before_last, mut last) = (y[0], y[0]);
    for n in 0..steps {
        let (mut t, end) = (n as f64 * h_ms, (n + 1) as f64 * h_ms);
        while end - t > 1e-12 {
            let held = free_at - t > 1e-12;
            let length = if held { (free_at - t).min(end - t) } else { end - t };
            let new = rk4(m, &y, length, held);
            if !held && new[0] >= m.threshold() {
                let (mut low, mut high) = (0.0, length);
                for _ in 0..60 {
                    let middle = 0.5 * (low + high);
                    if rk4(m, &y, middle, false)[0] >= m.threshold() { high = middle } else { low = middle }
                }
                y = rk4(m, &y, high, false);
                t += high;
                m.reset(&mut y);
                free_at = t + m.t_ref_ms();
                found.spikes_ms.push(t);
                (before_last, last) = (y[0], y[0]);
            } else {
                y = new;
                t += length;
            }
        }
        while i < input.len() && input[i].0 <= Time::from_ms(end) {
            m.receive(&mut y, input[i].1);
            i += 1;
        }
        if free_at <= end + 1e-12 && y[0] >= m.threshold() {
            m.reset(&mut y);
            free_at = end + m.t_ref_ms();
            found.spikes_ms.push(end);
        }
        if last >= before_last && last >= y[0] {
            found.nearest_miss = found.nearest_miss.min((m.threshold() - last).abs());
        }
        (before_last, last) = (last, y[0]);
        if (n + 1) % every == 0 {
            found.v.push(y[0]);
        }
    }
    found
}
