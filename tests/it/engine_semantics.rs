//! What happens when: ties, the edges of the run, refractoriness, the grid, samples, against closed forms and NEST.

use memspike::spec::{Engine, NetworkSpec};

use super::engine_run::{RICH, model, run};
use crate::stored::{numbers, stored};

const ENGINES: [&str; 2] = ["event", "grid"];

/// Source spikes at `times` into one lif_delta neuron (15 mV below threshold), 1 ms later.
fn driven(engine: &str, times: &str, neuron: &str, weight: &str, more: &str) -> String {
    format!(
        "simulation = {{ duration = '12 ms', engine = '{engine}' }}
         population.S.source.spike_times = [{times}]
         population.N = {{ size = 1, neuron.lif_delta = {neuron} }}
         projection.p = {{ source = 'S', target = 'N', connect = 'all_to_all', weight = '{weight}', delay = '1 ms' }}
         {more}"
    )
}

/// Spike times of the second population \[ms\].
fn fired(text: &str) -> Vec<f64> {
    run(text, &[], 1).spikes(1).into_iter().map(|s| s.0).collect()
}

/// NEST 3.10's `aeif_cond_exp` with Delta_T = 0 and `izhikevich`, from their own starts, driven by a constant current.
#[test]
fn adex_without_exponential_and_izhikevich_from_its_default_start_fire_when_nest_says() {
    let text = |neuron: &str, step: &str| {
        format!(
            "simulation = {{ duration = '100 ms', engine = 'grid', resolution = '{step} ms' }}
             population.N = {{ size = 1, neuron.{neuron} }}"
        )
    };
    let fired = |neuron, step, until| -> Vec<f64> {
        run(&text(neuron, step), &[], 1).spikes(0).into_iter().map(|s| s.0).filter(|t| *t < until).collect()
    };
    let adex = "adex = { delta_t = '0 mV', i_e = '1000 pA' }";
    assert_eq!(fired(adex, "0.1", 60.0), [8.8, 15.0, 22.6, 32.2, 45.0]);
    assert_eq!(fired(adex, "1", 60.0), [9.0, 16.0, 24.0, 34.0, 47.0]);
    assert_eq!(fired("izhikevich = { i_e = '10 pA' }", "0.1", 100.0), [3.4, 27.1, 72.2]);
}

/// Without adaptation the time to v_peak is the integral of dv / (dv/dt). With small delta_t the potential diverges within far less than
/// a tick, where terms of any series overflow.
#[test]
fn adex_with_a_sharp_exponential_fires_when_the_integral_says() {
    let (c, g, e, onset, i) = (281.0, 30.0, -70.6, -50.4, 1000.0);
    for delta in [0.1, 0.3, 0.5, 0.8, 2.0, 4.0] {
        let wait = |v: f64| c / (-g * (v - e) + g * delta * ((v - onset) / delta).exp() + i);
        // Simpson's rule; beyond 60 delta_t above the onset nothing is left.
        let (n, h) = (400_000, (0.0_f64.min(onset + 60.0 * delta) - e) / 400_000.0);
        let term =
            |k: i32| wait(e + f64::from(k) * h) * if k == 0 || k == n { 1.0 } else { f64::from(2 + 2 * (k % 2)) };
        let expected = (0..=n).map(term).sum::<f64>() * h / 3.0;
        let text = format!(
            "simulation.duration = '15 ms'
             population.N = {{ size = 1, neuron.adex = {{ delta_t = '{delta} mV', a = '0 nS', b = '0 pA', i_e = '1000 pA' }} }}"
        );
        let found = run(&text, &[], 1).spikes(0)[0].0;
        assert!((found - expected).abs() < 2e-8, "delta_t = {delta} mV: {found} {expected}");
    }
}

#[test]
fn excitation_and_inhibition_at_one_tick_cancel_whatever_the_order() {
    for (first, second, times) in [
        ("20", "-10", ["5 ms", "5 ms"]),
        ("-10", "20", ["5 ms", "5 ms"]),
        ("20", "-10", ["4 ms", "5 ms"]),
        ("-10", "20", ["4 ms", "5 ms"]),
        ("20", "-1", ["4 ms", "5 ms"]),
    ] {
        for names in [["a", "z"], ["z", "a"]] {
            for engine in ENGINES {
                for threads in [1, 2] {
                    let delay = if times[0] == "4 ms" { "2 ms" } else { "1 ms" };
                    let text = format!(
                        "simulation = {{ duration = '12 ms', engine = '{engine}' }}
                         population.S.source.spike_times = [['{}'], ['{}']]
                         population.N = {{ size = 3, neuron.lif_delta = {{}} }}
                         [projection.{}]
                         source = 'S[0:1]'\ntarget = 'N'\nconnect = 'all_to_all'
                         weight = '{first} mV'\ndelay = '{delay}'
                         [projection.{}]
                         source = 'S[1:2]'\ntarget = 'N'\nconnect = 'all_to_all'
                         weight = '{second} mV'\ndelay = '1 ms'",
                        times[0], times[1], names[0], names[1]
                    );
                    let spikes = run(&text, &[], threads).spikes(1);
                    // 10 mV are below threshold, 19 mV are not.
                    let expected = if second == "-1" { vec![(6.0, 0), (6.0, 1), (6.0, 2)] } else { vec![] };
                    assert_eq!(spikes, expected, "{text}");
                }
            }
        }
    }
}

#[test]
fn a_source_spike_at_time_0_is_delivered() {
    for engine in ENGINES {
        assert_eq!(fired(&driven(engine, "['0 ms']", "{}", "15 mV", "")), [1.0], "{engine}");
        assert!(fired(&driven(engine, "['0 ms']", "{}", "14.9 mV", "")).is_empty(), "{engine}");
    }
}

#[test]
fn equal_times_of_a_source_are_two_spikes() {
    let record = "record.state = [{ population = 'N', interval = '1 ms' }]";
    for engine in ENGINES {
        for (times, jump) in [("['5 ms']", 3.0), ("['5 ms', '5 ms']", 6.0), ("['5 ms'], ['5 ms', '5 ms']", 9.0)] {
            let ran = run(&driven(engine, times, "{}", "3 mV", record), &[], 1);
            let (at, v_m) = ran.memory.state(0);
            assert_eq!((at[5], at[6]), (5.0, 6.0));
            assert_eq!(v_m[5], -70.0, "{engine} {times}");
            assert!((v_m[6] - (-70.0 + jump)).abs() < 1e-12, "{engine} {times}: {}", v_m[6]);
            let later = -70.0 + jump * (-0.3_f64).exp();
            assert!((v_m[9] - later).abs() < 1e-12, "{engine} {times}: {} {later}", v_m[9]);
            assert_eq!(ran.outcome.summary.synaptic_events, ran.spikes(0).len() as u64);
        }
    }
}

#[test]
fn an_event_exactly_at_the_end_of_refractoriness_counts() {
    let times = |times: &str| fired(&driven("event", &format!("['5 ms', {times}]"), "{}", "20 mV", ""));
    assert_eq!(times("'7 ms'"), [6.0, 8.0]);
    assert_eq!(times("'6.999999999 ms'"), [6.0]);
    assert_eq!(times("'6.999999999 ms', '7 ms'"), [6.0, 8.0]);
}

#[test]
fn constant_current_makes_spikes_at_the_closed_form_times_over_many_windows() {
    for neuron in ["lif_exp", "lif_delta"] {
        for delay in ["0.3 ms", "7 ms"] {
            // The projection among silent neurons only sets how long a window is.
            let text = format!(
                "simulation = {{ duration = '700 ms' }}
                 population.N = {{ size = 2, neuron.{neuron} = {{ i_e = '600 pA' }} }}
                 population.Z = {{ size = 1, neuron.lif_delta = {{}} }}
                 projection.p = {{ source = 'Z', target = 'Z', connect = 'all_to_all', delay = '{delay}' }}"
            );
            let spikes: Vec<f64> = run(&text, &[], 2).spikes(0).iter().filter(|s| s.1 == 1).map(|s| s.0).collect();
            // v runs from -70 towards -46 mV and crosses -55 mV.
            let rise = -10.0 * (1.0 - 15.0 / 24.0_f64).ln();
            assert_eq!(spikes.len(), ((700.0 - rise) / (rise + 2.0)) as usize + 1);
            for (n, spike) in spikes.iter().enumerate() {
                let exact = rise + n as f64 * (rise + 2.0);
                // Each crossing is rounded up to a tick of 1e-9 ms.
                let late = spike - exact;
                assert!(late > -2e-9 && late < 1.1e-9 * (n + 2) as f64, "{neuron}: spike {n}: {spike} {exact}");
            }
        }
    }
}

#[test]
fn a_far_away_silent_projection_with_a_tiny_delay_changes_no_bit_of_a_spike() {
    let silent = "
        [population.far]\nsource.spike_times = [[], []]
        [population.away]\nsize = 2\nneuron.lif_exp = {}
        [projection.silent]\nsource = 'far'\ntarget = 'away'\nconnect = 'all_to_all'\ndelay = '0.0131 ms'\n";
    let text = RICH.replacen("[record]", &format!("{silent}[record]"), 1);
    let (base, other) = (run(RICH, &[], 1), run(&text, &[], 2));
    for index in 0..7 {
        let bits = |spikes: Vec<(f64, u64)>| spikes.into_iter().map(|s| (s.0.to_bits(), s.1)).collect::<Vec<_>>();
        assert!(base.spikes(index).len() > 2);
        assert_eq!(bits(base.spikes(index)), bits(other.spikes(index)), "population {index}");
    }
}

#[test]
fn a_network_without_projections_runs() {
    for engine in ENGINES {
        let text = format!(
            "simulation = {{ duration = '50 ms', engine = '{engine}' }}
             population.N = {{ size = 2, neuron.lif_exp = {{ i_e = '600 pA' }} }}
             population.R = {{ size = 1, source.regular = {{ rate = '100 Hz' }} }}"
        );
        for threads in [1, 4] {
            let ran = run(&text, &[], threads);
            // A period of 9.8 + 2 ms.
            assert_eq!(ran.outcome.summary.spikes, 2 * 4, "{engine}");
            assert_eq!(ran.outcome.summary.synaptic_events, 0);
            let regular: Vec<f64> = ran.spikes(1).into_iter().map(|s| s.0).collect();
            assert_eq!(regular, [0.0, 10.0, 20.0, 30.0, 40.0, 50.0], "{engine}");
        }
    }
}

#[test]
fn on_the_grid_source_spikes_go_to_the_end_of_their_step() {
    let text = driven("grid", "['5.01 ms', '7 ms', '9.199 ms']", "{ t_ref = '0.5 ms' }", "20 mV", "");
    let ran = run(&text, &[], 1);
    assert_eq!(ran.spikes(0), [(5.1, 0), (7.0, 0), (9.2, 0)]);
    assert_eq!(ran.spikes(1), [(6.1, 0), (8.0, 0), (10.2, 0)]);
    let exact = run(&text, &[("simulation.engine", "event")], 1);
    assert_eq!(exact.spikes(1), [(6.01, 0), (8.0, 0), (10.199, 0)]);
}

#[test]
fn a_delay_beyond_the_end_takes_no_memory_and_what_arrives_at_the_end_counts() {
    let text = driven("grid", "['0 ms', '1 ms', '8 ms']", "{ t_ref = '0.5 ms' }", "20 mV", "");
    let fired = |delay: &str| run(&text, &[("projection.p.delay", delay)], 1).spikes(1);
    // A list for each of 7 10^8 steps would not fit into memory.
    assert!(fired("20 h").is_empty());
    assert_eq!(fired("12 ms"), [(12.0, 0)]);
}

#[test]
fn samples_are_at_start_and_every_interval_to_the_end_after_all_events_and_resets() {
    for engine in ENGINES {
        for (interval, count) in [(0.5, 21), (0.7, 15)] {
            let record =
                format!("record = {{ start = '2 ms', state = [{{ population = 'N', interval = '{interval} ms' }}] }}");
            // Events at 6 ms and at the very end.
            let text = driven(engine, "['5 ms', '11 ms']", "{ v_reset = '-60 mV' }", "20 mV", &record);
            let ran = run(&text, &[], 1);
            assert_eq!(ran.spikes(1), [(6.0, 0), (12.0, 0)], "{engine}");
            let (times, v_m) = ran.memory.state(0);
            assert_eq!((times.len(), v_m.len()), (count, count), "{engine} {interval}");
            for (n, (t, v)) in times.iter().zip(&v_m).enumerate() {
                assert!((t - (2.0 + interval * n as f64)).abs() < 1e-12, "{engine}: {t}");
                let expected = match *t {
                    t if t < 6.0 => -70.0,
                    t if t <= 8.0 => -60.0,
                    t if t < 12.0 => -70.0 + 10.0 * (-(t - 8.0) / 10.0).exp(),
                    _ => -60.0,
                };
                assert!((v - expected).abs() < 1e-12, "{engine} at {t} ms: {v} {expected}");
            }
        }
    }
}

#[test]
fn whole_models_on_the_grid_follow_nest_at_every_step() {
    for name in ["iaf_psc_exp_sub", "iaf_psc_exp_spk", "iaf_psc_exp_equaltau"] {
        let case = stored(&format!("reference/neurons/{name}.json"));
        let inputs = case["input_spikes"].as_array().unwrap();
        let column = |key: &str| inputs.iter().map(|s| s[key].as_f64().unwrap()).collect::<Vec<f64>>();
        // A source for each spike, as each has its own weight.
        let sources: Vec<[f64; 1]> = column("time_ms").into_iter().map(|t| [t]).collect();
        let p = &case["neuron_params_all"];
        let text = format!(
            "simulation = {{ duration = '{} ms', engine = 'grid', resolution = '{} ms' }}
             population.S.source.spike_times = {{ values = {sources:?}, unit = 'ms' }}
             [population.N]
             size = 1
             neuron.lif_exp = {{ c_m = '{} pF', e_l = '{} mV', i_e = '{} pA', v_reset = '{} mV', v_th = '{} mV', \
             t_ref = '{} ms', tau_m = '{} ms', tau_syn_ex = '{} ms', tau_syn_in = '{} ms' }}
             [projection.p]
             source = 'S'\ntarget = 'N'\nconnect = 'all_to_all'
             weight = {{ values = {:?}, unit = 'pA' }}\ndelay = '{} ms'
             [[record.state]]\npopulation = 'N'\n",
            case["simulated_ms"],
            case["resolution_ms"],
            p["C_m"],
            p["E_L"],
            p["I_e"],
            p["V_reset"],
            p["V_th"],
            p["t_ref"],
            p["tau_m"],
            p["tau_syn_ex"],
            p["tau_syn_in"],
            column("weight"),
            case["input_delay_ms"],
        );
        let spec: NetworkSpec = model(&text, &[]);
        assert_eq!(spec.simulation.engine, Engine::Grid);
        let ran = run(&text, &[], 1);
        let (times, v_m) = ran.memory.state(0);
        let (nest_times, nest) = (numbers(&case["times_ms"]), numbers(&case["V_m"]));
        // Ours begin at time 0 and end at the end, NEST's are in between.
        assert!(times.len() > nest.len() && nest.len() > 1000, "{} {}", times.len(), nest.len());
        for (k, (t, v)) in nest_times.iter().zip(&nest).enumerate() {
            assert!((times[k + 1] - t).abs() < 1e-9, "{name}: {} {t}", times[k + 1]);
            assert!((v_m[k + 1] - v).abs() < 1e-9, "{name} at {t} ms: {} mV, NEST {v} mV", v_m[k + 1]);
        }
        let (spikes, expected) = (ran.spikes(1), numbers(&case["spike_times_ms"]));
        assert_eq!(spikes.len(), expected.len(), "{name}");
        assert!(spikes.iter().zip(&expected).all(|(s, t)| (s.0 - t).abs() < 1e-9), "{name}");
    }
}

#[test]
fn events_of_one_instant_add_up_before_the_lower_bound_holds() {
    for order in [["-110 mV", "110 mV"], ["110 mV", "-110 mV"]] {
        for model in ["izhikevich = { v_min = '-90 mV'", "lif_delta = { v_min = '-90 mV', e_l = '-70 mV'"] {
            let text = format!(
                "simulation.duration = '20 ms'\npopulation.p.source.spike_times = [['5 ms']]\n\
                 population.N = {{ size = 1, neuron.{model} }} }}\n\
                 [projection]\na = {{ source = 'p', target = 'N', connect = 'all_to_all', weight = '{}' }}\n\
                 b = {{ source = 'p', target = 'N', connect = 'all_to_all', weight = '{}' }}\n",
                order[0], order[1]
            );
            assert!(run(&text, &[], 1).spikes(1).is_empty(), "{model} {order:?}");
        }
    }
}

#[test]
fn neurons_that_are_advanced_together_spike_as_those_that_go_one_by_one() {
    // Bounds that nobody reaches, one for each neuron, keep neurons from going together. Sources that spike at the same
    // ticks, targets with several synapses from one source, and spikes at arrival, which coincide too.
    let text = |v_min: &str, weight: &str| {
        format!(
            "simulation = {{ duration = '300 ms', engine = 'event' }}
             [population.S]
             size = 30
             source.regular = {{ rate = '200 Hz', phase = '0 ms' }}
             [population.N]
             size = 150
             neuron.lif_delta = {{ v_min = {v_min}, t_ref = '3 ms', refractory_input = true }}
             [population.M]
             size = 20
             neuron.lif_delta = {{ v_min = {v_min}, i_e = '400 pA' }}
             [projection.in]
             source = 'S'\ntarget = ['N', 'M']\nconnect.fixed_indegree = 12\nweight = {weight}\ndelay = '1 ms'
             [projection.within]
             source = 'N'\ntarget = ['N', 'M']\nconnect.fixed_indegree = 40\nweight = '-0.3 mV'\ndelay = '1.5 ms'
             [projection.back]
             source = 'M'\ntarget = 'N'\nconnect.fixed_indegree = 5\nweight = '2 mV'\ndelay = '0.5 ms'"
        )
    };
    for weight in ["'1.7 mV'", "{ uniform = ['0.5 mV', '3 mV'] }"] {
        let together = text("'-900 mV'", weight);
        let alone = run(&text("{ uniform = ['-1000 mV', '-900 mV'] }", weight), &[], 1);
        for threads in [1, 2, 3] {
            let ran = run(&together, &[], threads);
            for population in [1, 2] {
                let spikes = ran.spikes(population);
                assert!(spikes.len() > 200, "{}", spikes.len());
                assert_eq!(spikes, alone.spikes(population), "{weight}, {threads} threads");
            }
        }
    }
}
