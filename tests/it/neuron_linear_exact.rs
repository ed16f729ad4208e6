//! The linear integrate-and-fire models at exact times against closed forms and an independent fine scan.

use memspike::neuron::lif_alpha::{self, LifAlpha};
use memspike::neuron::lif_delta::{self, LifDelta};
use memspike::neuron::lif_exp::{self, LifExp};
use memspike::neuron::{EventNeuron, NeuronModel};
use memspike::time::Time;
use nalgebra::{SMatrix, SVector};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::neuron_linear::{drive, first_tick_after, values};

/// Potential at 5 ms and 500 ms under a constant current, and the first spike: NEST's test_iaf_ps_dc_accuracy.
fn constant_current_is_exact<N: EventNeuron>(
    model: NeuronModel,
    offset: impl Fn(&N::Params, &N::State) -> Option<f64>,
) {
    let (tau, c, current) = (10.0, 250.0, 1000.0);
    let changes = [("e_l", 0.0), ("v_reset", 0.0), ("i_e", current), ("v_th", 15.0)];
    let params = N::params(&values(model, &changes)).unwrap();
    let nan = vec![f64::NAN; model.describe().variables.len()];
    let mut state = N::initial(&params, &nan);
    let exact = -tau * (1.0 - c * 15.0 / (tau * current)).ln();
    let found = offset(&params, &state).unwrap();
    assert!((found - exact).abs() < 1e-13, "{model:?}: spike at {found} ms, exact {exact} ms");
    let spike = N::next_spike(&params, &mut state, Time::NEVER).unwrap();
    assert_eq!(spike, first_tick_after(exact), "{model:?}");
    let second = N::next_spike(&params, &mut state, Time::NEVER).unwrap();
    assert_eq!(second - spike, Time::from_ms(2.0) + spike, "the same again after the refractory period");

    let high = [("e_l", 0.0), ("v_reset", 0.0), ("i_e", current), ("v_th", 1000.0)];
    let params = N::params(&values(model, &high)).unwrap();
    let start = N::initial(&params, &nan);
    let v = |t: f64| current * tau / c * -(-t / tau).exp_m1();
    let at_once = N::read(&params, &start, 0, Time::from_ms(5.0));
    assert!((at_once - v(5.0)).abs() < 1e-13, "{model:?}: {at_once} mV, exact {} mV", v(5.0));
    for pieces in [1_i64, 7, 500, 40_000] {
        let mut state = start;
        for k in 1..=pieces {
            N::advance(&params, &mut state, Time(500_000_000_000 / pieces * k));
        }
        let end = N::time(&state).ms();
        let got = N::read(&params, &state, 0, N::time(&state));
        assert!((got - v(end)).abs() < 1e-9, "{model:?} in {pieces} pieces: {got} mV");
    }
    assert_eq!(N::earliest(&params, &start), Time::NEVER);
    assert_eq!(N::next_spike(&params, &mut start.clone(), Time::NEVER), None);
}

#[test]
fn a_constant_current_gives_the_closed_form_and_its_crossing_to_1e_13() {
    constant_current_is_exact::<LifDelta>(NeuronModel::LifDelta, lif_delta::crossing_offset_ms);
    constant_current_is_exact::<LifExp>(NeuronModel::LifExp, lif_exp::crossing_offset_ms);
    constant_current_is_exact::<LifAlpha>(NeuronModel::LifAlpha, lif_alpha::crossing_offset_ms);
}

/// The potential `t` ms after one event of weight `w` on an alpha synapse, by the textbook formula.
fn alpha_psp(t: f64, w: f64, tau_m: f64, tau: f64, c: f64) -> f64 {
    let b = 1.0 / tau - 1.0 / tau_m;
    let e = std::f64::consts::E;
    if t <= 0.0 {
        0.0
    } else {
        w * e / (tau * c) * (((-t / tau_m).exp() - (-t / tau).exp()) / (b * b) - t * (-t / tau).exp() / b)
    }
}

#[test]
fn one_alpha_shaped_current_off_the_grid_gives_the_closed_form() {
    let params = LifAlpha::params(&values(
        NeuronModel::LifAlpha,
        &[("tau_syn_ex", 0.3), ("e_l", 0.0), ("v_reset", -1.0), ("v_th", 1e3)],
    ))
    .unwrap();
    let mut state = LifAlpha::initial(&params, &[f64::NAN; 5]);
    let arrival = Time::from_ms(1.132_123_512);
    LifAlpha::advance(&params, &mut state, arrival);
    LifAlpha::receive(&params, &mut state, 500.0);
    assert!(!LifAlpha::settle(&params, &mut state));
    for at in [2.0, 3.5, 10.0] {
        let at = Time::from_ms(at);
        let got = LifAlpha::read(&params, &state, 0, at);
        let exact = alpha_psp((at - arrival).ms(), 500.0, 10.0, 0.3, 250.0);
        assert!((got - exact).abs() < 1e-13, "{at}: {got} mV, exact {exact} mV");
    }
    // The current itself peaks at the weight, tau_syn after the event.
    let peak = LifAlpha::read(&params, &state, 1, arrival + Time::from_ms(0.3));
    assert!((peak - 500.0).abs() < 1e-10);
}

#[test]
fn a_16_khz_poisson_train_gives_the_sum_of_its_potentials() {
    let params =
        LifAlpha::params(&values(NeuronModel::LifAlpha, &[("e_l", 0.0), ("v_reset", -1.0), ("v_th", 1e4)])).unwrap();
    let mut state = LifAlpha::initial(&params, &[f64::NAN; 5]);
    let mut random = Random::new(1);
    let mut t = 0.0;
    let mut times = Vec::new();
    while t < 500.0 {
        t -= random.unit().max(1e-12).ln() / 16.0;
        times.push(Time::from_ms(t));
    }
    let events: Vec<(Time, f64)> =
        times.iter().enumerate().map(|(i, t)| (*t, if i % 4 == 0 { -80.0 } else { 30.0 })).collect();
    let end = *times.last().unwrap();
    drive::<LifAlpha>(&params, &mut state, &events, end + Time(1), &[]);
    let exact: f64 = events.iter().map(|(t, w)| alpha_psp((end + Time(1) - *t).ms(), *w, 10.0, 2.0, 250.0)).sum();
    let got = LifAlpha::read(&params, &state, 0, end + Time(1));
    assert!((got - exact).abs() < 1e-11, "{got} mV, exact {exact} mV");
}

/// Random numbers of the tests.
struct Random(TestRunner);

impl Random {
    fn new(seed: u8) -> Random {
        Random(TestRunner::new_with_rng(Config::default(), TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32])))
    }
    fn unit(&mut self) -> f64 {
        self.between(0.0, 1.0)
    }
    fn between(&mut self, low: f64, high: f64) -> f64 {
        use proptest::strategy::ValueTree;
        (low..high).new_tree(&mut self.0).unwrap().current()
    }
}

/// One random neuron with random events, on a raster of 1e-4 ms.
struct Trial {
    tau_m: f64,
    tau_ex: f64,
    tau_in: f64,
    i_e: f64,
    /// Steps of the raster and weights.
    events: Vec<(usize, f64)>,
    steps: usize,
}

const RASTER_MS: f64 = 1e-4;
const C_M: f64 = 250.0;

impl Trial {
    fn draw(model: NeuronModel, random: &mut Random) -> Trial {
        let tau_m = random.between(2.0, 20.0);
        let tau = |random: &mut Random| match (random.unit() * 5.0) as usize {
            0 => tau_m,
            1 => tau_m * (1.0 + random.between(-1e-7, 1e-7)),
            _ => random.between(0.2, 12.0),
        };
        let tau_ex = tau(random);
        let tau_in = if random.unit() < 0.3 { tau_ex } else { tau(random) };
        let mut at = 0;
        let mut events = Vec::new();
        for k in 0..6 {
            at += 1 + (random.between(0.0, 1.0) * 40_000.0) as usize;
            let scale = if model == NeuronModel::LifDelta { 6.0 } else { 1500.0 };
            let weight = random.between(0.2, 1.0) * scale * if k % 2 == 0 { 1.0 } else { -1.0 };
            events.push((at, weight));
            if random.unit() < 0.3 {
                events.push((at, -weight * random.unit()));
            }
        }
        Trial { tau_m, tau_ex, tau_in, i_e: random.between(-100.0, 400.0), events, steps: at + 60_000 }
    }

    /// The potential after every step of the raster if there is no threshold, by the matrix exponential of the
    /// whole system, and the largest value, also just before an event.
    fn scan(&self, model: NeuronModel) -> (Vec<f64>, f64) {
        let mut a = SMatrix::<f64, 6, 6>::zeros(); // v, i_ex, di_ex, i_in, di_in, 1
        a[(0, 0)] = -1.0 / self.tau_m;
        (a[(0, 1)], a[(0, 3)], a[(0, 5)]) = (1.0 / C_M, 1.0 / C_M, self.i_e / C_M);
        for (i, tau) in [(1, self.tau_ex), (3, self.tau_in)] {
            (a[(i, i)], a[(i + 1, i + 1)], a[(i, i + 1)]) = (-1.0 / tau, -1.0 / tau, 1.0);
        }
        let step = (a * RASTER_MS).exp();
        let mut y = SVector::<f64, 6>::zeros();
        y[5] = 1.0;
        let mut next = 0;
        let (mut v, mut highest) = (Vec::with_capacity(self.steps), f64::MIN);
        for k in 1..=self.steps {
            y = step * y;
            highest = highest.max(y[0]);
            while next < self.events.len() && self.events[next].0 == k {
                let w = self.events[next].1;
                let (side, tau) = if w >= 0.0 { (1, self.tau_ex) } else { (3, self.tau_in) };
                match model {
                    NeuronModel::LifDelta => y[0] += w,
                    NeuronModel::LifExp => y[side] += w,
                    _ => y[side + 1] += w * std::f64::consts::E / tau,
                }
                next += 1;
            }
            v.push(y[0]);
            highest = highest.max(y[0]);
        }
        (v, highest)
    }

    fn values(&self, model: NeuronModel, v_th: f64) -> Vec<f64> {
        let mut changes =
            vec![("tau_m", self.tau_m), ("c_m", C_M), ("e_l", 0.0), ("v_reset", v_th - 1000.0), ("v_th", v_th)];
        changes.push(("i_e", self.i_e));
        if model != NeuronModel::LifDelta {
            changes.extend([("tau_syn_ex", self.tau_ex), ("tau_syn_in", self.tau_in)]);
        }
        values(model, &changes)
    }

    fn first_spike<N: EventNeuron>(&self, model: NeuronModel, v_th: f64) -> Option<Time> {
        let params = N::params(&self.values(model, v_th)).unwrap();
        let mut state = N::initial(&params, &vec![f64::NAN; model.describe().variables.len()]);
        let events: Vec<(Time, f64)> = self.events.iter().map(|(k, w)| (Time(*k as i64 * 100_000), *w)).collect();
        drive::<N>(&params, &mut state, &events, Time(self.steps as i64 * 100_000), &[]).0.first().copied()
    }
}

/// Thresholds a little below the highest point that the membrane reaches, so that the excursion over them is short.
fn no_crossing_is_missed<N: EventNeuron>(model: NeuronModel, seed: u8) {
    let mut random = Random::new(seed);
    let mut between_events = 0;
    for trial_number in 0..240 {
        let trial = Trial::draw(model, &mut random);
        let (v, highest) = trial.scan(model);
        // Up to half of the trials look at the first events only, so that the peak is not always the last one.
        let until = trial.events[(random.unit() * trial.events.len() as f64) as usize].0.max(2);
        let peak = v[..until].iter().fold(f64::MIN, |a, b| a.max(*b));
        let depth = 10_f64.powf(random.between(-9.0, 0.5));
        if peak - depth <= 0.0 {
            continue; // starts above the threshold
        }
        let v_th = peak - depth;
        let expected = v.iter().position(|x| *x >= v_th).map(|k| (k as i64 + 1) * 100_000).unwrap();
        let Some(found) = trial.first_spike::<N>(model, v_th) else {
            panic!("{model:?} trial {trial_number}: missed a crossing at {expected} ps, {depth} mV deep");
        };
        // A shorter excursion than the raster's step may come before the one that the scan sees.
        let early = expected - found.0;
        let at_found = v[(found.0 / 100_000).clamp(1, trial.steps as i64 - 1) as usize - 1];
        assert!(early >= -1, "{model:?} trial {trial_number}: {found:?} after {expected}");
        assert!(
            early <= 100_000 || v_th - at_found < 1e-5,
            "{model:?} trial {trial_number}: {found:?}, scan {expected}"
        );
        let on_event = trial.events.iter().any(|(k, _)| *k as i64 * 100_000 == found.0);
        between_events += usize::from(!on_event && v[v.len() - 1] < v_th);
        assert_eq!(
            trial.first_spike::<N>(model, highest + 1e-6 * highest.abs() + 1e-6),
            None,
            "{model:?} trial {trial_number}"
        );
    }
    assert!(between_events >= 10, "{model:?}: only {between_events} trials went up and back between events");
}

#[test]
fn lif_delta_misses_no_crossing() {
    no_crossing_is_missed::<LifDelta>(NeuronModel::LifDelta, 11);
}

#[test]
fn lif_exp_misses_no_crossing() {
    no_crossing_is_missed::<LifExp>(NeuronModel::LifExp, 12);
}

#[test]
fn lif_alpha_misses_no_crossing() {
    no_crossing_is_missed::<LifAlpha>(NeuronModel::LifAlpha, 13);
}

/// Spikes and final state if `next_spike` is asked with these bounds besides those that the events set.
fn with_windows<N: EventNeuron>(
    values: &[f64],
    variables: usize,
    events: &[(Time, f64)],
    bounds: &[Time],
) -> (Vec<Time>, String) {
    let params = N::params(values).unwrap();
    let mut state = N::initial(&params, &vec![f64::NAN; variables]);
    let mut spikes = Vec::new();
    let mut last = Time::ZERO;
    for (tick, weight) in events {
        for bound in bounds.iter().filter(|b| last < **b && **b < *tick).chain([tick]) {
            let untouched = serde_json::to_string(&state).unwrap();
            while let Some(spike) = N::next_spike(&params, &mut state, *bound) {
                spikes.push(spike);
                assert!(spike < *bound);
            }
            if spikes.last().is_none_or(|s| *s < last) {
                assert_eq!(
                    serde_json::to_string(&state).unwrap(),
                    untouched,
                    "a call without a spike leaves the state"
                );
            }
        }
        N::advance(&params, &mut state, *tick);
        N::receive(&params, &mut state, *weight);
        if N::settle(&params, &mut state) {
            spikes.push(*tick);
        }
        last = *tick;
    }
    (spikes, serde_json::to_string(&state).unwrap())
}

proptest! {
    #![proptest_config(Config { cases: 200, failure_persistence: None, ..Config::default() })]

    #[test]
    fn windows_change_no_bit(
        gaps in prop::collection::vec((1_i64..8_000_000_000, -1.0..1.5_f64), 1..8),
        mut bounds in prop::collection::vec(1_i64..40_000_000_000, 0..60),
        tau_m in 3.0..20.0_f64, tau_ex in 0.3..20.0_f64, equal in any::<bool>(), i_e in 0.0..900.0_f64, t_ref in 0.0..3.0_f64,
        keep in any::<bool>(), same in any::<bool>(),
    ) {
        bounds.sort_unstable();
        let bounds: Vec<Time> = bounds.into_iter().map(Time).collect();
        let mut at = 0;
        let events: Vec<(Time, f64)> = gaps.iter().map(|(gap, w)| { at += gap; (Time(at), *w) }).collect();
        let scaled: Vec<(Time, f64)> = events.iter().map(|(t, w)| (*t, w * 800.0)).collect();
        let jumps: Vec<(Time, f64)> = events.iter().map(|(t, w)| (*t, w * 8.0)).collect();
        let tau_ex = if equal { tau_m } else { tau_ex };
        let tau_in = if same { tau_ex } else { 4.0 };
        let shared = [("tau_m", tau_m), ("i_e", i_e), ("t_ref", t_ref)];
        let synapses: Vec<(&str, f64)> = shared.iter().copied().chain([("tau_syn_ex", tau_ex), ("tau_syn_in", tau_in)]).collect();
        let kept: Vec<(&str, f64)> = shared.iter().copied().chain([("refractory_input", f64::from(u8::from(keep)))]).collect();
        let (delta, exp, alpha) = (
            values(NeuronModel::LifDelta, &kept),
            values(NeuronModel::LifExp, &synapses),
            values(NeuronModel::LifAlpha, &synapses),
        );
        prop_assert_eq!(with_windows::<LifDelta>(&delta, 1, &jumps, &bounds), with_windows::<LifDelta>(&delta, 1, &jumps, &[]));
        prop_assert_eq!(with_windows::<LifExp>(&exp, 3, &scaled, &bounds), with_windows::<LifExp>(&exp, 3, &scaled, &[]));
        prop_assert_eq!(with_windows::<LifAlpha>(&alpha, 5, &scaled, &bounds), with_windows::<LifAlpha>(&alpha, 5, &scaled, &[]));
    }
}
