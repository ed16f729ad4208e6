//! The event kernels against high-precision solutions.

use memspike::neuron::adex::Adex;
use memspike::neuron::izhikevich::Izhikevich;
use memspike::neuron::lif_cond_alpha::LifCondAlpha;
use memspike::neuron::lif_cond_exp::LifCondExp;
use memspike::neuron::{EventNeuron, NeuronModel};
use memspike::time::Time;
use proptest::prelude::*;

use super::reference::{Case, Plain, run_event, scan};

/// lif_cond_exp and lif_cond_alpha; variables v, g_ex, g_in, dg_ex, dg_in.
pub struct Conductance {
    pub p: Vec<f64>,
    pub alpha: bool,
}

impl Conductance {
    pub fn rest(&self) -> [f64; 5] {
        [self.p[2], 0.0, 0.0, 0.0, 0.0]
    }
}

impl Plain<5> for Conductance {
    fn slopes(&self, y: &[f64; 5], held: bool) -> [f64; 5] {
        let p = &self.p;
        let [v, ex, inh, dex, dinh] = *y;
        let dv = (-p[1] * (v - p[2]) - ex * (v - p[6]) - inh * (v - p[7]) + p[10]) / p[0];
        [if held { 0.0 } else { dv }, dex - ex / p[8], dinh - inh / p[9], -dex / p[8], -dinh / p[9]]
    }
    fn receive(&self, y: &mut [f64; 5], weight: f64) {
        let e = std::f64::consts::E;
        let (side, tau) = if weight > 0.0 { (1, self.p[8]) } else { (2, self.p[9]) };
        if self.alpha { y[side + 2] += weight.abs() * e / tau } else { y[side] += weight.abs() }
    }
    fn reset(&self, y: &mut [f64; 5]) {
        y[0] = self.p[4];
    }
    fn threshold(&self) -> f64 {
        self.p[3]
    }
    fn t_ref_ms(&self) -> f64 {
        self.p[5]
    }
}

struct Simple {
    p: Vec<f64>,
}

impl Plain<2> for Simple {
    fn slopes(&self, y: &[f64; 2], _: bool) -> [f64; 2] {
        let [v, u] = *y;
        [0.04 * v * v + 5.0 * v + 140.0 - u + self.p[4], self.p[0] * (self.p[1] * v - u)]
    }
    fn receive(&self, y: &mut [f64; 2], weight: f64) {
        y[0] += weight;
    }
    fn reset(&self, y: &mut [f64; 2]) {
        y[0] = self.p[2];
        y[1] += self.p[3];
    }
    fn threshold(&self) -> f64 {
        self.p[5]
    }
    fn t_ref_ms(&self) -> f64 {
        0.0
    }
}

/// Spikes to 1e-6 ms, v every 0.1 ms to 1e-6 mV away from the spikes of steep models.
fn agree<N: EventNeuron, const M: usize>(
    name: &str,
    plain: &impl Plain<M>,
    start: [f64; M],
    params: &[f64],
    initial: &[f64],
    input: &[(Time, f64)],
) {
    let (steps, every) = (300_000, 100);
    let truth = scan(plain, start, input, 1e-3, steps, every);
    let mut v = Vec::new();
    let end = Time::from_ms(300.0);
    let spikes = run_event::<N>(params, initial, input, end, |p, state, until| {
        loop {
            let at = Time::from_ms((v.len() + 1) as f64 * 0.1);
            if at < N::time(state) || at >= until {
                return;
            }
            v.push(N::read(p, state, 0, at));
        }
    });
    assert_eq!(spikes.len(), truth.spikes_ms.len(), "{name}");
    let late = spikes.iter().zip(&truth.spikes_ms).map(|(a, b)| (a.ms() - b).abs()).fold(0.0, f64::max);
    let off = v.iter().zip(&truth.v).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    println!("{name}: {} spikes, {late:e} ms, {off:e} mV", spikes.len());
    assert!(late < 1e-6, "{name}: spikes off by {late} ms");
    assert!(off < 1e-6, "{name}: v off by {off} mV");
    assert!(v.len() > 2990);
}

#[test]
fn conductance_neurons_spike_when_a_fine_integration_says() {
    for name in ["iaf_cond_exp_sub", "iaf_cond_exp_spk"] {
        let case = Case::load(NeuronModel::LifCondExp, name);
        let plain = Conductance { p: case.params.clone(), alpha: false };
        agree::<LifCondExp, 5>(name, &plain, plain.rest(), &case.params, &case.initial, &case.input);
        let plain = Conductance { p: case.params.clone(), alpha: true };
        agree::<LifCondAlpha, 5>(name, &plain, plain.rest(), &case.params, &[f64::NAN; 5], &case.input);
    }
}

#[test]
fn izhikevich_spikes_when_a_fine_integration_says() {
    for name in ["izhikevich_rs", "izhikevich_consistent", "izhikevich_1ms_published"] {
        let case = Case::load(NeuronModel::Izhikevich, name);
        let plain = Simple { p: case.params.clone() };
        let start = [case.initial[0], case.initial[1]];
        agree::<Izhikevich, 2>(name, &plain, start, &case.params, &case.initial, &case.input);
    }
}

#[test]
fn adex_spikes_when_the_high_precision_solution_does() {
    for name in ["aeif_cond_exp_spk", "aeif_cond_exp_burst"] {
        let case = Case::load(NeuronModel::Adex, name);
        let expected = case.highprec("spike_times_ms");
        let spikes = run_event::<Adex>(&case.params, &case.initial, &case.input, Time::from_ms(299.0), |_, _, _| {});
        assert_eq!(spikes.len(), expected.len(), "{name}");
        let worst = spikes.iter().zip(&expected).map(|(a, b)| (a.ms() - b).abs()).fold(0.0, f64::max);
        println!("{name}: {worst:e} ms");
        assert!(worst < 1e-6, "{name}: off by {worst} ms");
    }
}

#[test]
fn adex_without_the_exponential_spikes_at_v_th_as_a_leaky_neuron_does() {
    let table = NeuronModel::Adex.describe();
    let mut params: Vec<f64> = table.params.iter().map(|p| p.default).collect();
    for (name, value) in [("delta_t", 0.0), ("a", 0.0), ("b", 0.0), ("i_e", 900.0)] {
        params[table.param(name).unwrap()] = value;
    }
    let spikes = run_event::<Adex>(&params, &[f64::NAN; 4], &[], Time::from_ms(30.0), |_, _, _| {});
    // From e_l towards e_l + i_e / g_l = e_l + 30 mV.
    let climb = |from: f64| 281.0 / 30.0 * ((30.0 - from) / (30.0 - 20.2f64)).ln();
    assert!((spikes[0].ms() - climb(0.0)).abs() < 1e-8);
    assert!((spikes[1].ms() - climb(0.0) - climb(10.6)).abs() < 1e-8);
}

fn grazing() -> impl Strategy<Value = (bool, f64, f64, Vec<(i64, f64)>)> {
    let events = prop::collection::vec((1..40_000i64, -8.0..30.0f64), 1..12);
    (any::<bool>(), 0.3..8.0f64, 0.3..8.0f64, events)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    /// Random kicks push the membrane over threshold and back between two events; a fine scan must see the same spikes.
    #[test]
    fn no_crossing_is_missed((alpha, tau_ex, tau_in, kicks) in grazing(), threshold in -68.0..-58.0f64, equal in any::<bool>()) {
        let table = NeuronModel::LifCondExp.describe();
        let mut params: Vec<f64> = table.params.iter().map(|p| p.default).collect();
        (params[3], params[4], params[8], params[9]) = (threshold, -70.0, tau_ex, if equal { tau_ex } else { tau_in });
        let mut input: Vec<(Time, f64)> = kicks.into_iter().map(|(t, w)| (Time(t * 1_000_000), w)).collect();
        input.sort_by_key(|e| e.0);
        let plain = Conductance { p: params.clone(), alpha };
        let truth = scan(&plain, plain.rest(), &input, 1e-3, 60_000, 1000);
        prop_assume!(truth.nearest_miss > 1e-6);
        let end = Time::from_ms(60.0);
        let spikes = if alpha {
            run_event::<LifCondAlpha>(&params, &[f64::NAN; 5], &input, end, |_, _, _| {})
        } else {
            run_event::<LifCondExp>(&params, &[f64::NAN; 3], &input, end, |_, _, _| {})
        };
        prop_assert_eq!(spikes.len(), truth.spikes_ms.len());
        for (a, b) in spikes.iter().zip(&truth.spikes_ms) {
            prop_assert!((a.ms() - b).abs() < 1e-6, "{} {}", a.ms(), b);
        }
    }
}
