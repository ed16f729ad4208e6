//! Boundary cases of the linear integrate-and-fire models: refractoriness, ties, bounds, bad parameters.

use memspike::math::real::Real;
use memspike::neuron::lif_alpha::LifAlpha;
use memspike::neuron::lif_delta::{self, LifDelta};
use memspike::neuron::lif_exp::{self, LifExp};
use memspike::neuron::{BlockSpec, Column, EventNeuron, GridNeurons, NeuronModel, StepInput};
use memspike::time::Time;

use crate::neuron_linear::{drive, first_tick_after, values};

const NONE: [f64; 5] = [f64::NAN; 5];
const FAR: Time = Time(100_000_000_000);

fn at(ms: f64) -> Time {
    Time::from_ms(ms)
}

fn delta(changes: &[(&str, f64)]) -> (lif_delta::Params, lif_delta::State) {
    let params = LifDelta::params(&values(NeuronModel::LifDelta, changes)).unwrap();
    let state = LifDelta::initial(&params, &NONE);
    (params, state)
}

fn block<R: Real>(model: NeuronModel, changes: &[(&str, f64)], v_m: f64) -> Box<dyn GridNeurons<R>> {
    let params: Vec<Column> = values(model, changes).into_iter().map(Column::Shared).collect();
    let mut initial: Vec<Column> = model.describe().variables.iter().map(|_| Column::Shared(f64::NAN)).collect();
    initial[0] = Column::Shared(v_m);
    let spec = BlockSpec { size: 1, params: &params, initial: &initial };
    match model {
        NeuronModel::LifDelta => lif_delta::grid(0.1, &spec),
        NeuronModel::LifExp => lif_exp::grid(0.1, &spec),
        _ => memspike::neuron::lif_alpha::grid(0.1, &spec),
    }
    .unwrap()
}

#[test]
fn an_event_at_the_end_of_refractoriness_counts_and_one_tick_earlier_is_lost() {
    for (arrival, spikes) in [(at(12.0), 2), (at(12.0) + Time(-1), 1)] {
        let (params, mut state) = delta(&[]);
        let (found, _) = drive::<LifDelta>(&params, &mut state, &[(at(10.0), 20.0), (arrival, 20.0)], FAR, &[]);
        assert_eq!(found.len(), spikes, "{arrival}");
    }
}

#[test]
fn kept_refractory_input_is_added_decayed_and_may_fire_at_the_very_end() {
    let (params, mut state) = delta(&[("refractory_input", 1.0)]);
    let events = [(at(10.0), 20.0), (at(11.0), 5.0)];
    let samples = [at(11.9), at(12.0), at(13.0)];
    let (spikes, v) = drive::<LifDelta>(&params, &mut state, &events, FAR, &samples);
    assert_eq!(spikes, [at(10.0)]);
    let kept = 5.0 * (-0.1_f64).exp();
    for (got, exact) in std::iter::zip(v, [-70.0, -70.0 + kept, -70.0 + kept * (-0.1_f64).exp()]) {
        assert!((got - exact).abs() < 1e-12, "{got} {exact}");
    }
    let (_, mut state) = delta(&[]);
    let (spikes, _) = drive::<LifDelta>(&params, &mut state, &[(at(10.0), 20.0), (at(11.0), 17.0)], FAR, &[]);
    assert_eq!(spikes, [at(10.0), at(12.0)]);
}

#[test]
fn events_of_one_tick_are_summed_before_the_threshold_is_tested() {
    for (second, expected) in [(-10.0, 0), (0.0, 1)] {
        let (params, mut state) = delta(&[]);
        let (spikes, _) = drive::<LifDelta>(&params, &mut state, &[(at(1.0), 20.0), (at(1.0), second)], FAR, &[]);
        assert_eq!(spikes.len(), expected);
    }
}

#[test]
fn a_jump_to_exactly_the_threshold_fires() {
    let (params, mut state) = delta(&[]);
    assert_eq!(drive::<LifDelta>(&params, &mut state, &[(at(1.0), 15.0)], FAR, &[]).0, [at(1.0)]);
    let mut grid = block::<f64>(NeuronModel::LifDelta, &[], f64::NAN);
    let mut spikes = Vec::new();
    grid.step(StepInput { excitatory: &mut [15.0], inhibitory: &mut [], current: &[] }, &mut spikes);
    assert_eq!(spikes, [0]);
}

#[test]
fn the_potential_stays_at_or_above_v_min() {
    let (params, mut state) = delta(&[("v_min", -80.0)]);
    LifDelta::advance(&params, &mut state, at(1.0));
    LifDelta::receive(&params, &mut state, -50.0);
    LifDelta::receive(&params, &mut state, 5.0);
    assert!(!LifDelta::settle(&params, &mut state));
    assert_eq!(LifDelta::read(&params, &state, 0, at(1.0)), -80.0);
    let mut grid = block::<f64>(NeuronModel::LifDelta, &[("v_min", -80.0)], f64::NAN);
    grid.step(StepInput { excitatory: &mut [-50.0], inhibitory: &mut [], current: &[] }, &mut Vec::new());
    assert_eq!(grid.read(0, 0), -80.0);
    // Nor does it start below.
    let initial = [-90.0, f64::NAN, f64::NAN, f64::NAN, f64::NAN];
    assert_eq!(LifDelta::read(&params, &LifDelta::initial(&params, &initial), 0, Time::ZERO), -80.0);
    assert_eq!(block::<f64>(NeuronModel::LifDelta, &[("v_min", -80.0)], -90.0).read(0, 0), -80.0);
}

#[test]
fn a_start_above_the_threshold_fires_at_once_in_both_engines() {
    fn first<N: EventNeuron>(model: NeuronModel) -> Option<Time> {
        let params = N::params(&values(model, &[])).unwrap();
        let mut initial = NONE;
        initial[0] = -50.0;
        let mut state = N::initial(&params, &initial);
        assert_eq!(N::earliest(&params, &state), Time::ZERO);
        N::next_spike(&params, &mut state, FAR)
    }
    assert_eq!(first::<LifDelta>(NeuronModel::LifDelta), Some(Time(1)));
    assert_eq!(first::<LifExp>(NeuronModel::LifExp), Some(Time(1)));
    assert_eq!(first::<LifAlpha>(NeuronModel::LifAlpha), Some(Time(1)));
    for model in [NeuronModel::LifDelta, NeuronModel::LifExp, NeuronModel::LifAlpha] {
        let mut spikes = Vec::new();
        block::<f64>(model, &[], -50.0)
            .step(StepInput { excitatory: &mut [0.0], inhibitory: &mut [0.0], current: &[] }, &mut spikes);
        assert_eq!(spikes, [0]);
    }
}

#[test]
fn a_neuron_without_refractory_period_fires_regularly() {
    let values = values(NeuronModel::LifExp, &[("t_ref", 0.0), ("i_e", 1000.0)]);
    let params = LifExp::params(&values).unwrap();
    let mut state = LifExp::initial(&params, &NONE);
    let (spikes, _) = drive::<LifExp>(&params, &mut state, &[], FAR, &[]);
    let interval = -10.0 * (1.0 - 15.0 / 40.0_f64).ln();
    assert_eq!(spikes.len(), (100.0 / interval) as usize);
    for (k, spike) in spikes.iter().enumerate() {
        assert_eq!(*spike, Time(first_tick_after(interval).0 * (k as i64 + 1)));
    }
}

#[test]
fn a_current_that_holds_the_membrane_exactly_at_the_threshold_never_fires() {
    for i_e in [375.0, 374.999_999_999] {
        let params = LifExp::params(&values(NeuronModel::LifExp, &[("i_e", i_e)])).unwrap();
        let mut state = LifExp::initial(&params, &NONE);
        assert_eq!(LifExp::earliest(&params, &state), Time::NEVER);
        assert_eq!(LifExp::next_spike(&params, &mut state, Time::NEVER), None);
    }
    let params = LifDelta::params(&values(NeuronModel::LifDelta, &[("i_e", 375.000_000_1)])).unwrap();
    let mut state = LifDelta::initial(&params, &NONE);
    let spike = LifDelta::next_spike(&params, &mut state, Time::NEVER).unwrap();
    assert!(spike > at(200.0) && spike < at(300.0), "{spike}");
}

#[test]
fn currents_that_cancel_raise_no_alarm() {
    let params = LifExp::params(&values(NeuronModel::LifExp, &[("i_e", 374.0)])).unwrap();
    let state = LifExp::initial(&params, &[-55.1, 1e5, -1e5]);
    assert_eq!(LifExp::earliest(&params, &state), Time::NEVER);
}

#[test]
fn currents_go_on_through_refractoriness() {
    let params = LifExp::params(&values(NeuronModel::LifExp, &[])).unwrap();
    let mut state = LifExp::initial(&params, &NONE);
    let (spikes, _) = drive::<LifExp>(&params, &mut state, &[(at(1.0), 20_000.0)], FAR, &[]);
    assert!(spikes.len() >= 2 && spikes[1] > spikes[0] + at(2.0), "{spikes:?}");
    let first = spikes[0].ms() - 1.0;
    let mut alone = LifExp::initial(&params, &[f64::NAN, 20_000.0 * (-(first + 2.0) / 2.0).exp(), 0.0]);
    let again = LifExp::next_spike(&params, &mut alone, FAR).unwrap();
    assert!((again.ms() - (spikes[1] - spikes[0]).ms() + 2.0).abs() < 1e-8);
}

#[test]
fn a_refractory_period_longer_than_any_run_is_no_overflow() {
    let params = LifExp::params(&values(NeuronModel::LifExp, &[("t_ref", 1e30), ("i_e", 1000.0)])).unwrap();
    let mut state = LifExp::initial(&params, &NONE);
    assert_eq!(drive::<LifExp>(&params, &mut state, &[(at(9.0), 100.0)], Time::LIMIT, &[]).0.len(), 1);
    assert_eq!(LifExp::earliest(&params, &state), Time::NEVER);
}

#[test]
fn extreme_parameters_neither_hang_nor_give_nan() {
    for tau_m in [1e-3, 1.0, 1e5] {
        for tau in [1e-3, 0.7, 1e4] {
            for w in [1e-6, 1e3, 1e9] {
                let changes =
                    [("tau_m", tau_m), ("tau_syn_ex", tau), ("tau_syn_in", 3.0), ("t_ref", 1.0), ("i_e", 1.0)];
                let events: Vec<(Time, f64)> =
                    (1..40).map(|k| (at(f64::from(k) * 0.37), if k % 3 == 0 { -2.0 * w } else { w })).collect();
                let params = LifExp::params(&values(NeuronModel::LifExp, &changes)).unwrap();
                let mut state = LifExp::initial(&params, &NONE);
                drive::<LifExp>(&params, &mut state, &events, FAR, &[]);
                assert!(LifExp::read(&params, &state, 0, FAR).is_finite());
                let params = LifAlpha::params(&values(NeuronModel::LifAlpha, &changes)).unwrap();
                let mut state = LifAlpha::initial(&params, &NONE);
                drive::<LifAlpha>(&params, &mut state, &events, FAR, &[]);
                assert!(LifAlpha::read(&params, &state, 0, FAR).is_finite());
            }
        }
    }
}

#[test]
fn neurons_of_a_block_keep_their_own_parameters_and_initial_state() {
    for model in [NeuronModel::LifDelta, NeuronModel::LifExp, NeuronModel::LifAlpha] {
        let each = [
            values(model, &[("i_e", 500.0), ("tau_m", 15.0)]),
            values(model, &[("t_ref", 0.3), ("e_l", -66.0), ("i_e", 450.0)]),
        ];
        let starts = [-62.0, f64::NAN];
        let params: Vec<Column> = (0..each[0].len()).map(|k| Column::Each(vec![each[0][k], each[1][k]])).collect();
        let mut initial: Vec<Column> = model.describe().variables.iter().map(|_| Column::Shared(f64::NAN)).collect();
        initial[0] = Column::Each(starts.to_vec());
        let make = |size: usize, params: &[Column], initial: &[Column]| -> Box<dyn GridNeurons<f64>> {
            let spec = BlockSpec { size, params, initial };
            match model {
                NeuronModel::LifDelta => lif_delta::grid(0.1, &spec),
                NeuronModel::LifExp => lif_exp::grid(0.1, &spec),
                _ => memspike::neuron::lif_alpha::grid(0.1, &spec),
            }
            .unwrap()
        };
        let mut together = make(2, &params, &initial);
        let mut alone: Vec<_> = (0..2)
            .map(|i| {
                let params: Vec<Column> = each[i].iter().map(|&x| Column::Shared(x)).collect();
                initial[0] = Column::Shared(starts[i]);
                make(1, &params, &initial)
            })
            .collect();
        let mut total = 0;
        for _ in 0..500 {
            let (mut spikes, mut expected) = (Vec::new(), Vec::new());
            together.step(
                StepInput { excitatory: &mut [0.1; 2], inhibitory: &mut [-0.1; 2], current: &[5.0; 2] },
                &mut spikes,
            );
            for (i, block) in alone.iter_mut().enumerate() {
                let mut one = Vec::new();
                block.step(StepInput { excitatory: &mut [0.1], inhibitory: &mut [-0.1], current: &[5.0] }, &mut one);
                expected.extend(one.iter().map(|_| i as u32));
                assert_eq!(together.read(i, 0).to_bits(), block.read(0, 0).to_bits());
                assert_eq!(together.save(i), block.save(0));
            }
            assert_eq!(spikes, expected);
            total += spikes.len();
        }
        assert!(total > 2, "{model:?}");
    }
}

#[test]
fn an_empty_block_steps() {
    let params: Vec<Column> = values(NeuronModel::LifExp, &[]).into_iter().map(Column::Shared).collect();
    let initial = vec![Column::Shared(f64::NAN); 3];
    let mut block: Box<dyn GridNeurons<f32>> =
        lif_exp::grid(0.1, &BlockSpec { size: 0, params: &params, initial: &initial }).unwrap();
    block.step(StepInput { excitatory: &mut [], inhibitory: &mut [], current: &[] }, &mut Vec::new());
}

#[test]
fn single_precision_stays_close_to_double() {
    for model in [NeuronModel::LifDelta, NeuronModel::LifExp, NeuronModel::LifAlpha] {
        let changes = [("i_e", 300.0)];
        let (mut wide, mut narrow) = (block::<f64>(model, &changes, f64::NAN), block::<f32>(model, &changes, f64::NAN));
        let w = if model == NeuronModel::LifDelta { 0.2 } else { 40.0 };
        for _ in 0..500 {
            wide.step(StepInput { excitatory: &mut [w], inhibitory: &mut [-w], current: &[] }, &mut Vec::new());
            let w = w as f32;
            narrow.step(StepInput { excitatory: &mut [w], inhibitory: &mut [-w], current: &[] }, &mut Vec::new());
        }
        assert!((wide.read(0, 0) - narrow.read(0, 0)).abs() < 1e-4, "{model:?}");
        let words = narrow.save(0);
        narrow.load(0, &words);
        assert_eq!(words, narrow.save(0));
    }
}

#[test]
fn parameters_that_make_no_sense_are_named() {
    let refuse = |model: NeuronModel, changes: &[(&str, f64)], parameter: &str| {
        let values = values(model, changes);
        let error = match model {
            NeuronModel::LifDelta => LifDelta::params(&values).err(),
            NeuronModel::LifExp => LifExp::params(&values).err(),
            _ => LifAlpha::params(&values).err(),
        };
        let error = error.unwrap_or_else(|| panic!("{changes:?} was accepted"));
        assert_eq!(error.parameter, parameter, "{error}");
    };
    for model in [NeuronModel::LifDelta, NeuronModel::LifExp, NeuronModel::LifAlpha] {
        refuse(model, &[("v_reset", -55.0)], "v_reset");
        refuse(model, &[("tau_m", 0.0)], "tau_m");
        refuse(model, &[("c_m", f64::NAN)], "c_m");
        refuse(model, &[("t_ref", -1.0)], "t_ref");
        refuse(model, &[("i_e", f64::INFINITY)], "i_e");
    }
    refuse(NeuronModel::LifDelta, &[("v_min", -60.0)], "v_min");
    refuse(NeuronModel::LifAlpha, &[("tau_syn_in", -2.0)], "tau_syn_in");
}

#[test]
fn every_model_describes_its_equations() {
    for model in [NeuronModel::LifDelta, NeuronModel::LifExp, NeuronModel::LifAlpha] {
        assert!(model.describe().equations.contains("v_m >= v_th"));
    }
}

/// A membrane that hardly leaks has its target far away; its slope is i_e / c_m all the same.
#[test]
fn a_membrane_that_hardly_leaks_integrates_to_the_tick() {
    fn first<N: EventNeuron>(model: NeuronModel, tau_m: f64) -> Time {
        let params = N::params(&values(model, &[("tau_m", tau_m), ("c_m", 250.0), ("i_e", 100.0)])).unwrap();
        let mut state = N::initial(&params, &[f64::NAN; 7]);
        let (spikes, _) = drive::<N>(&params, &mut state, &[(at(1.0), 0.0), (at(20.0), 0.0)], FAR, &[]);
        spikes[0]
    }
    for tau_m in [1e9, 1e12, 1e16, 1e18] {
        let found = [
            first::<LifDelta>(NeuronModel::LifDelta, tau_m),
            first::<LifExp>(NeuronModel::LifExp, tau_m),
            first::<LifAlpha>(NeuronModel::LifAlpha, tau_m),
        ];
        // 15 mV at 0.4 mV/ms.
        assert!(found.iter().all(|time| (time.ms() - 37.5).abs() < 1e-6), "{tau_m}: {found:?}");
    }
}
