//! What is allowed but seldom meant is told; what blows up is an error.

use crate::cli::{bad, good, memspike, workplace};
use crate::engine_run::{model, run, run_with};
use memspike::engine::Options;
use memspike::{network, spec};
use std::path::Path;

/// Conductance-based neurons that get events of this weight.
fn conductances(engine: &str, weight: &str) -> String {
    format!(
        "simulation = {{ duration = '150 ms', engine = '{engine}' }}
         population.E = {{ size = 20, neuron = 'lif_cond_exp' }}
         input.drive = {{ target = 'E', poisson = {{ rate = '2 kHz', weight = '{weight}' }} }}
         [[record.state]]
         population = 'E[0]'
         variables = ['v_m']
         interval = '50 ms'\n"
    )
}

#[test]
fn a_network_that_blows_up_is_an_error_that_names_the_state_for_any_number_of_threads() {
    let told = |threads| run_with(&conductances("grid", "1e15 nS"), &[], threads, &Options::default()).err().unwrap();
    let error = told(1).to_string();
    assert!(error.contains("E[0] has v_m = ") && error.contains("mV at 99.9") && error.contains("unit"), "{error}");
    assert_eq!(error, told(3).to_string());
    // Also between two looks, and where states are far apart.
    let late = conductances("grid", "1e15 nS").replace("'150 ms'", "'20 ms'");
    assert!(run_with(&late, &[], 2, &Options::default()).err().unwrap().to_string().contains(" at 20 ms"));
    // In the event engine a sum of weights that overflows.
    let linear = "simulation.duration = '20 ms'\npopulation.E = { size = 3, neuron = 'lif_exp' }
                  input.a = { target = 'E', poisson = { rate = '5 kHz', weight = '-1.7e308 pA' } }\n";
    let error = run_with(linear, &[], 2, &Options::default()).err().unwrap().to_string();
    assert!(error.contains("E[0] has "), "{error}");
}

/// Both held the event engine for ever, and Ctrl-C did not end them.
#[test]
fn what_no_solver_can_follow_is_an_error_of_the_event_engine_for_any_number_of_threads() {
    let text = |neuron: &str, weight: &str| {
        format!(
            "simulation = {{ duration = '150 ms', engine = 'event' }}
             population.Z = {{ size = 5, neuron.izhikevich = {neuron} }}
             input.drive = {{ target = 'Z', poisson = {{ rate = '500 Hz', weight = '{weight}' }} }}\n"
        )
    };
    let told = |text: &str, threads| run_with(text, &[], threads, &Options::default()).err().unwrap().to_string();
    for weight in ["-1e14 mV", "-1e20 mV", "-1e200 mV"] {
        let inhibited = text("{}", weight);
        let error = told(&inhibited, 1);
        assert!(error.contains("Z[0] has v_m = ") && error.contains("unit"), "{error}");
        assert_eq!(error, told(&inhibited, 3));
    }
    let fast = text("{ b = 1e9 }", "1 mV");
    let error = told(&fast, 1);
    assert!(error.contains("Z[") && error.contains("has spiked 1000 times within less than 0.01 ms"), "{error}");
    assert_eq!(error, told(&fast, 3));
    // What recovers is followed to the end.
    run(&text("{}", "-1e11 mV"), &[], 2);
}

/// On a grid such a neuron filled the memory within one step, where Ctrl-C does not end it.
#[test]
fn a_reset_above_the_threshold_is_an_error_in_both_engines() {
    let told = |engine: &str, v_reset: &str, threads| {
        let text = format!(
            "simulation = {{ duration = '20 ms', engine = '{engine}' }}
             population.N = {{ size = 3, neuron.adex = {{ i_e = '900 pA', v_reset = '{v_reset}', b = '0 pA', a = '0 nS' }} }}\n"
        );
        run_with(&text, &[], threads, &Options::default()).err().map(|error| error.to_string()).unwrap_or_default()
    };
    for v_reset in ["-1 mV", "-20 mV"] {
        let grid = told("grid", v_reset, 1);
        assert!(grid.starts_with("N[0] has spiked 1000 times within a step of 0.1 ms, up to 14.1 ms"), "{grid}");
        assert_eq!(grid, told("grid", v_reset, 3));
        let exact = told("event", v_reset, 1);
        assert!(exact.starts_with("N[0] has spiked 1000 times within less than 0.01 ms, up to 14.0"), "{exact}");
    }
    // Bursts that end are no error.
    assert_eq!(told("grid", "-48 mV", 1), "");
}

/// NEST 3.10 ends this very neuron with "NEST detected a numerical instability".
#[test]
fn adex_that_loses_its_solution_on_a_grid_is_an_error_and_fires_in_the_event_engine() {
    let text = |engine: &str| {
        format!(
            "simulation = {{ duration = '20 ms', engine = '{engine}' }}
             [population.E]
             size = 1
             [population.E.neuron.adex]
             e_l = '-69.5 mV'\nv_th = '-59.23 mV'\nv_reset = '-54.68 mV'\nc_m = '188.7 pF'\nt_ref = '0.1 ms'\ng_l = '39.37 nS'
             i_e = '2000 pA'\ndelta_t = '0.5544 mV'\na = '3.124 nS'\nb = '70.15 pA'\ntau_w = '202 ms'\nv_peak = '0 mV'\n"
        )
    };
    let error = run_with(&text("grid"), &[], 1, &Options::default()).err().unwrap().to_string();
    assert!(error.contains("E[0] has v_m = NaN") && error.contains("delta_t"), "{error}");
    assert!(run(&text("event"), &[], 1).spikes(0).len() > 100);
}

#[test]
fn a_run_that_blows_up_leaves_no_result() {
    let folder = workplace();
    std::fs::write(folder.path().join("a.toml"), conductances("grid", "1e15 nS")).unwrap();
    let stderr = bad(&memspike(folder.path(), &["run", "a.toml", "-o", "a.h5"]), 1);
    assert!(stderr.contains("blown up"), "{stderr}");
    assert!(!folder.path().join("a.h5").exists());
}

#[test]
fn conductances_that_no_synapse_has_are_told_and_refused_where_the_run_would_not_end() {
    let told = |engine, weight| model(&conductances(engine, weight), &[]).doubts();
    assert_eq!(told("event", "20 nS"), Ok(Vec::new()));
    assert_eq!(told("grid", "20 nS"), Ok(Vec::new()));
    let warning = told("event", "-1 mS").unwrap().concat();
    assert!(warning.contains("input.drive has events of 1e6 nS onto E") && !warning.contains("slow"), "{warning}");
    assert!(!told("grid", "1 mS").unwrap().concat().contains("slow"));
    // Those two models follow their conductances in closed form where these are that fast; adex takes steps.
    assert!(told("event", "-100 S").unwrap().concat().contains("is the unit right?"));
    // But not within a tick.
    assert!(told("event", "1 MS").unwrap_err().contains("not end"));
    let adex = conductances("event", "1 S").replace("lif_cond_exp", "adex");
    assert!(model(&adex.replace("1 S", "1 mS"), &[]).doubts().unwrap().concat().contains("slow"));
    assert!(model(&adex, &[]).doubts().unwrap_err().contains("not end"));
    let folder = workplace();
    std::fs::write(folder.path().join("a.toml"), adex).unwrap();
    for command in ["run", "check"] {
        let stderr = bad(&memspike(folder.path(), &[command, "a.toml"]), 2);
        assert!(stderr.contains("c_m = 281 pF"), "{stderr}");
    }
}

/// While the conductance is large the potential rests at (g_l e_l + g e_in)/(g_l + g), but for its own lag of tau_syn times less.
#[test]
fn conductances_that_no_synapse_has_are_followed_exactly_in_the_event_engine() {
    for neuron in ["lif_cond_exp", "lif_cond_alpha"] {
        let text = format!(
            "simulation.duration = '21 ms'
             population.S.source.spike_times = [['9 ms']]
             population.E = {{ size = 1, neuron = '{neuron}' }}
             projection.p = {{ source = 'S', target = 'E', connect = 'all_to_all', weight = '-100 S' }}
             [[record.state]]
             population = 'E'
             variables = ['v_m', 'g_in']
             interval = '1 ms'\n"
        );
        let ran = run(&text, &[], 1);
        let (v, g) = (ran.memory.state(0).1, ran.memory.state(1).1);
        for ms in 11..=20 {
            let (v, g, g_l) = (v[ms], g[ms], 250.0 / 15.0);
            let rest = (-70.0 * g_l - 85.0 * g) / (g_l + g);
            assert!(g > 1e8 && (v - rest).abs() < 1e-9, "{neuron} at {ms} ms: {v} mV, {rest} expected with {g} nS");
        }
    }
}

#[test]
fn prices_that_could_not_be_traced_to_a_paper_are_told() {
    let text = |prices: &str| {
        format!(
            "simulation.duration = '1 ms'\nenergy = {{ prices = '{prices}' }}\npopulation.E = {{ size = 1, neuron = 'lif_exp' }}\n"
        )
    };
    assert_eq!(model(&text("loihi"), &[]).doubts(), Ok(Vec::new()));
    let told = model(&text("brainscales"), &[]).doubts().unwrap().concat();
    assert!(told.contains("brainscales") && told.contains("UNVERIFIED"), "{told}");
}

#[test]
fn steps_too_small_for_the_pulses_of_a_change_are_told() {
    let told = |pulses, dg| {
        let text = format!(
            "simulation.duration = '1 ms'\npopulation.S = {{ size = 2, source.poisson.rate = '3 Hz' }}\n\
             [projection.p]\nsource = 'S'\ntarget = 'S'\nconnect = 'all_to_all'\nw_max = 1.0\nplasticity = 'stdp'\n\
             device.constant_step = {{ g_min = '0 S', g_max = '100 uS', dg_up = '{dg}', pulses = '{pulses}' }}\n"
        );
        model(&text, &[]).doubts().unwrap().concat()
    };
    assert!(
        told("stochastic", "1 fS").contains("projection.p: 1.000e11 pulses of 1e-15 S"),
        "{}",
        told("carry", "1 fS")
    );
    assert_eq!([told("one", "1 fS"), told("stochastic", "400 pS")], ["", ""]);
}

#[test]
fn pulses_below_a_threshold_are_told_and_not_given() {
    let folder = workplace();
    let text = "simulation.duration = '100 ms'\npopulation.pre.source.spike_times = [['10 ms']]\n\
                population.post.source.spike_times = [['12 ms']]\n\
                [projection.p]\nsource = 'pre'\ntarget = 'post'\nconnect = 'all_to_all'\nweight = 0.5\nw_max = 1\n\
                plasticity = 'stdp'\n[projection.p.device.voltage_threshold]\n\
                pulse_up = { v = '1 V', width = '10 ns' }\npulse_down = { v = '-1 V', width = '10 ns' }\n";
    std::fs::write(folder.path().join("m.toml"), text).unwrap();
    let output = memspike(folder.path(), &["run", "m.toml", "--json"]);
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(stderr.contains("neither a pulse up nor one down does anything") && !stderr.contains("inf"), "{stderr}");
    let figures: serde_json::Value = serde_json::from_str(&good(&output)).unwrap();
    assert_eq!(figures["projections"]["p"]["pulses"]["set"], 0);
}

#[test]
fn bounds_of_weights_that_nothing_changes_are_told() {
    let told = |more: &str| {
        let text = format!(
            "simulation.duration = '10 ms'\npopulation.S = {{ size = 2, source.poisson.rate = '3 Hz' }}\n\
             population.N = {{ size = 2, neuron = 'lif_exp' }}\n\
             [projection.p]\nsource = 'S'\ntarget = 'N'\nconnect = 'all_to_all'\nweight = '3 pA'\n{more}\n"
        );
        model(&text, &[]).doubts().unwrap().concat()
    };
    assert!(told("w_max = '5 pA'").starts_with("projection.p: w_min and w_max bound"), "{}", told("w_max = '5 pA'"));
    assert_eq!([told(""), told("w_max = '5 pA'\nplasticity = 'stdp'")], ["", ""]);
}

#[test]
fn converters_of_a_crossbar_that_are_not_there_are_told() {
    let told = |more: &str| {
        let text = format!(
            "simulation.duration = '10 ms'\npopulation.S = {{ size = 2, source.poisson.rate = '3 Hz' }}\n\
             population.N = {{ size = 2, neuron = 'lif_exp' }}\n\
             [projection.p]\nsource = 'S'\ntarget = 'N'\nconnect = 'all_to_all'\nweight = '3 pA'\ncrossbar = {{ {more} }}\n"
        );
        model(&text, &[]).doubts().unwrap().concat()
    };
    assert_eq!(told(""), "");
    let expected = "projection.p: crossbar: v_max is of a converter, which dac_bits makes, and here not used";
    assert_eq!(told("v_max = '1 V'"), expected);
}

#[test]
fn parameters_of_a_part_of_a_rule_that_is_off_are_told() {
    let told = |rule: &str| {
        let text = format!(
            "simulation.duration = '10 ms'\npopulation.S = {{ size = 2, source.poisson.rate = '3 Hz' }}\n\
             population.N = {{ size = 2, neuron = 'lif_exp' }}\n\
             [projection.p]\nsource = 'S'\ntarget = 'N'\nconnect = 'all_to_all'\nweight = '3 pA'\nw_max = '5 pA'\n\
             plasticity.{rule}\n"
        );
        model(&text, &[]).doubts().unwrap().concat()
    };
    for (rule, expected) in [
        ("clopath = { u_ref_squared = '1 mV^2' }", "u_ref_squared of clopath is of a_ltd_const = false"),
        (
            "clopath = { u_ref_squared = '1 mV^2', tau_u_bar_bar = '3 ms' }",
            "tau_u_bar_bar and u_ref_squared of clopath are of a_ltd_const = false",
        ),
        ("hebbian = { tau_theta = '3 ms' }", "tau_theta of hebbian is of variant = \"bcm\""),
        ("hebbian = { variant = 'oja', tau_theta = '3 ms' }", "tau_theta of hebbian is of variant = \"bcm\""),
    ] {
        let told = told(rule);
        assert_eq!(told, format!("projection.p: {expected}, and here not used"));
    }
    for rule in [
        "clopath = { a_ltd = 0.01 }",
        "clopath = { a_ltd_const = false, u_ref_squared = '1 mV^2', tau_u_bar_bar = '3 ms' }",
        "hebbian = { variant = 'bcm', tau_theta = '3 ms' }",
        "hebbian = { tau = '3 ms' }",
    ] {
        assert_eq!(told(rule), "");
    }
}

#[test]
fn parameters_that_nothing_uses_are_named_with_the_nearest_that_is() {
    let text = "parameters = { rate_ex = '3 Hz', rate_exx = '5 Hz', twice = '2 * rate_ex' }
                simulation.duration = '10 ms'
                population.S = { size = 2, source.poisson.rate = 'twice' }\n";
    let spec = model(text, &[]);
    // Its values are in place in the resolved text, where the parameters stand for the reader alone.
    assert!(model(&spec.resolved, &[]).notes.is_empty());
    let notes = spec.notes;
    assert_eq!(notes, ["nothing uses rate_exx of [parameters]; rate_ex is the nearest name that is used"]);
    let folder = workplace();
    std::fs::write(folder.path().join("a.toml"), text).unwrap();
    for command in ["run", "check"] {
        let output = memspike(folder.path(), &[command, "a.toml"]);
        good(&output);
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(stderr.contains("note: nothing uses rate_exx of [parameters]"), "{stderr}");
    }
}

#[test]
fn spike_times_that_move_to_the_grid_are_counted() {
    let text = |engine: &str| {
        format!(
            "simulation = {{ duration = '10 ms', engine = '{engine}' }}
             population.S.source.spike_times = [['1 ms', '1.25 ms'], ['2.01 ms', '3.1 ms']]\n"
        )
    };
    let notes = model(&text("grid"), &[]).notes;
    assert!(
        notes.len() == 1 && notes[0].starts_with("2 spike times of the model lie between the steps of 0.1 ms"),
        "{notes:?}"
    );
    assert_eq!(run(&text("grid"), &[], 1).spikes(0), [(1.0, 0), (1.3, 0), (2.1, 1), (3.1, 1)]);
    assert!(model(&text("event"), &[]).notes.is_empty());
}

#[test]
fn what_begins_after_the_run_is_told() {
    let told = |start: &str| {
        let text = format!(
            "simulation.duration = '100 ms'\npopulation.E = {{ size = 2, neuron = 'lif_exp' }}\n\
             population.P = {{ size = 2, source.poisson = {{ rate = '9 Hz', start = '{start}' }} }}\n\
             input.a = {{ target = 'E', poisson = {{ rate = '9 Hz', start = '{start}' }} }}\n\
             [[record.state]]\npopulation = 'E'\nstart = '{start}'\n"
        );
        model(&text, &[]).doubts().unwrap()
    };
    let late = |what: &str| format!("{what} begins at 101 ms, and the run is over at 100 ms");
    assert_eq!(told("101 ms"), ["input.a", "population.P", "record.state of E"].map(late));
    assert!(told("99 ms").is_empty());
}

#[test]
fn the_phase_of_a_sine_may_have_a_unit() {
    let text = |phase: &str| {
        format!(
            "simulation.duration = '30 ms'\npopulation.E = {{ size = 1, neuron = 'lif_exp' }}
             input.wave = {{ target = 'E', current.sine = {{ amplitude = '900 pA', frequency = '20 Hz', phase = {phase} }} }}\n"
        )
    };
    let spikes = |phase| run(&text(phase), &[], 1).spikes(0);
    assert_eq!(spikes("'90 deg'"), spikes("'90 * 0.017453292519943295 rad'"));
    assert_eq!(spikes("'1.5 rad'"), spikes("1.5"));
    assert_ne!(spikes("'90 deg'"), spikes("90"));
}

#[test]
fn delays_too_short_for_the_run_are_told_in_the_event_engine() {
    let told = |engine: &str, delay: &str| {
        let text = format!(
            "simulation = {{ duration = '10 s', engine = '{engine}', resolution = '1 us' }}
             population.a = {{ size = 1, source.poisson.rate = '1 Hz' }}
             population.b = {{ size = 1, neuron = 'lif_exp' }}
             projection.p = {{ source = 'a', target = 'b', connect = 'all_to_all', delay = {delay} }}\n"
        );
        model(&text, &[]).doubts().unwrap().concat()
    };
    assert!(
        told("event", "'1 ns'").contains("projection.p: delays of 0.000001 ms on cut a run of 10 s into 1e10 windows")
    );
    assert_eq!(told("event", "'1 us'"), "");
    assert_eq!(told("grid", "'1 us'"), "");
    // Draws have no smallest, but the one that there is is hardly below a tenth of the mean.
    assert_eq!(told("event", "{ exponential = { mean = '2 ms' } }"), "");
    assert_eq!(told("event", "{ lognormal = { mean = '2 ms', cv = 0.5 } }"), "");
    let short = told("event", "{ exponential = { mean = '20 ns' } }");
    assert!(
        short.contains("delays that are drawn down to about 1e-5 ms cut a run of 10 s into 7e8 windows"),
        "{short}"
    );
}

#[test]
fn listed_delays_between_steps_are_told() {
    let told = |engine: &str, delays: &str| {
        let text = format!(
            "simulation = {{ duration = '1 s', engine = '{engine}', resolution = '0.1 ms' }}
             population.a = {{ size = 3, source.poisson.rate = '1 Hz' }}
             population.b = {{ size = 3, neuron = 'lif_exp' }}
             projection.p = {{ source = 'a', target = 'b', connect = 'one_to_one', delay = {{ values = {delays}, unit = 'ms' }} }}\n"
        );
        model(&text, &[]).doubts().unwrap().concat()
    };
    let moved = "projection.p: 2 of 3 listed delays lie between steps of 0.1 ms and are rounded to the nearest, at least one step";
    assert!(told("grid", "[0.04, 1.25, 0.3]").contains(moved));
    // 1.1 as it comes from single precision is 1.1.
    assert_eq!(told("grid", "[0.1, 1.100000023841858, 0.3]"), "");
    assert_eq!(told("event", "[0.04, 1.25, 0.3]"), "");
}

#[test]
fn moments_that_cut_a_run_into_too_many_windows_are_told_and_none_is_below_a_tick() {
    let text = |more: &str| {
        format!(
            "simulation.duration = '10 s'\npopulation.a = {{ size = 1, source.poisson.rate = '1 Hz' }}\n\
             population.b = {{ size = 1, neuron = 'lif_exp' }}\n\
             [projection.p]\nsource = 'a'\ntarget = 'b'\nconnect = 'all_to_all'\nweight = '3 pA'\nw_max = '5 pA'\n{more}\n"
        )
    };
    let modulator =
        |delay: &str| text(&format!("plasticity.stdp_dopamine = {{ modulator = 'a', modulator_delay = '{delay}' }}"));
    let scaled =
        |every: &str| text(&format!("plasticity.stdp = {{}}\nnormalize = {{ sum = '4 pA', every = '{every}' }}"));
    for (model_of, name) in [(&modulator as &dyn Fn(&str) -> String, "modulator_delay"), (&scaled, "normalize.every")] {
        let told = |time: &str| model(&model_of(time), &[]).doubts().unwrap().concat();
        assert!(
            told("1 ns").contains(&format!("{name} of 0.000001 ms cuts a run of 10 s into 1e10 windows")),
            "{}",
            told("1 ns")
        );
        assert_eq!(told("1 ms"), "");
        for engine in ["event", "grid"] {
            let below =
                model_of("1e-300 ms").replace("simulation.", &format!("simulation.engine = '{engine}'\nsimulation."));
            let error = memspike::spec::parse(&below, "test", std::path::Path::new(""), &[]).err().unwrap().to_string();
            assert!(error.contains("shorter than a tick of 1 ps"), "{error}");
        }
    }
}

#[test]
fn conductances_that_are_gone_at_once_are_told() {
    let text = |engine: &str, tau: &str| {
        format!(
            "simulation = {{ duration = '10 ms', engine = '{engine}' }}\n\
             population.b = {{ size = 1, neuron.lif_cond_exp = {{ tau_syn_in = '{tau}' }} }}\n"
        )
    };
    let told = |engine: &str, tau: &str| model(&text(engine, tau), &[]).doubts();
    assert!(told("event", "1 ns").unwrap().concat().contains("tau_syn_in = 1e-6 ms"));
    let refused = |text: &str| spec::parse(text, "model.toml", Path::new(""), &[]).unwrap_err().to_string();
    let at_once = refused(&text("event", "1e-10 ms"));
    assert!(
        at_once.starts_with("model.toml:2:65: tau_syn_in: found 1e-10 ms, expected a tick of the event"),
        "{at_once}"
    );
    assert!(told("grid", "1 ns").unwrap().concat().contains("tau_syn_in = 1e-6 ms"));
    assert_eq!([told("event", "0.1 us"), told("grid", "0.1 us")], [Ok(Vec::new()), Ok(Vec::new())]);
    // What is drawn is looked at when it has been.
    let drawn = |value: &str| text("event", "x").replace("'x'", value);
    let narrow = "{ lognormal = { mean = '2 ms', cv = 0.1 } }";
    assert_eq!(model(&drawn(narrow), &[]).doubts(), Ok(Vec::new()));
    let wide = model(&drawn("{ uniform = ['0 ms', '2 ms'] }"), &[]);
    assert!(wide.doubts().unwrap().concat().contains("tau_syn_in may be drawn down to 0e0 ms"));
    assert!(network::compile(wide, 1).is_ok());
    assert!(refused(&drawn("{ values = [1e-10], unit = 'ms' }")).contains("value 1 of 1: tau_syn_in: found 1e-10 ms"));
    let none = network::compile(model(&drawn("{ uniform = ['0 ms', '1e-10 ms'] }"), &[]), 1).err().unwrap();
    assert!(none.to_string().contains("expected a tick of the event engine"), "{none}");
    let adapts = text("grid", "1 ns").replace("lif_cond_exp = { tau_syn_in", "adex = { tau_w");
    assert!(model(&adapts, &[]).doubts().unwrap().concat().contains("tau_w = 1e-6 ms, where adaptation has some ms"));
    let leaks = adapts.replace("tau_w = '1 ns'", "g_l = '30 mS'");
    let told = model(&leaks, &[]).doubts().unwrap().concat();
    assert!(told.contains("c_m = 281 pF and g_l = 30000000 nS make a membrane time constant of 9.4e-6 ms"), "{told}");
}

#[test]
fn weights_of_which_none_can_lie_within_their_bounds_are_an_error() {
    let told = |weight: &str, more: &str| {
        let text = format!(
            "simulation.duration = '10 ms'\npopulation.S = {{ size = 2, source.poisson.rate = '3 Hz' }}\n\
             population.N = {{ size = 2, neuron = 'lif_exp' }}\n\
             [projection.p]\nsource = 'S'\ntarget = 'N'\nconnect = 'all_to_all'\nweight = {weight}\nplasticity = 'stdp_power_law'\n{more}\n"
        );
        model(&text, &[]).doubts()
    };
    for weight in [
        "{ uniform = ['-40 pA', '-40 pA'] }",
        "{ lognormal = { mean = '-40 pA', cv = 0.1 } }",
        "{ normal = { mean = '0 pA', std = '1 pA', max = '-1 pA' } }",
    ] {
        assert!(told(weight, "").unwrap_err().contains("all of them beyond w_min = 0"), "{weight}");
    }
    // Some may be.
    assert!(told("{ uniform = ['-40 pA', '40 pA'] }", "").unwrap().concat().contains("if one is"));
    assert_eq!(told("{ uniform = ['1 pA', '40 pA'] }", "w_max = '40 pA'"), Ok(Vec::new()));
    assert!(told("{ uniform = ['41 pA', '45 pA'] }", "w_max = '40 pA'").is_err());
}

#[test]
fn the_order_of_keys_names_no_other_model_but_that_of_populations_does() {
    use memspike::engine::checkpoint::hash_of;
    let hash = |text: &str| hash_of(&model(text, &[]), 0);
    let long = "g_in = { normal = { mean = '13.1234567890123 nS', std = '1.1234567890123 nS', min = '0.123456789 nS', max = '20.123456789 nS' } }";
    let text = |first: &str, second: &str| {
        format!(
            "simulation = {{ {first} }}\n[population.n]\nsize = 2\nneuron = 'lif_cond_alpha'\n{second}\n[population.m]\nsize = 1\nneuron = 'lif_exp'\n"
        )
    };
    let one = text("duration = '20 ms', seed = 3", &format!("initial.{long}\ninitial.dg_in = '15 nS/ms'"));
    let other = text("seed = 3, duration = '20 ms'", &format!("initial.dg_in = '15 nS/ms'\ninitial.{long}"));
    assert_eq!(hash(&one), hash(&other));
    assert_eq!(hash(&one), hash(&model(&one, &[]).resolved));
    assert_ne!(hash(&one), hash(&one.replace("15 nS/ms", "16 nS/ms")));
    let (head, m) = one.split_at(one.find("[population.m]").unwrap());
    let (simulation, n) = head.split_at(head.find("[population.n]").unwrap());
    assert_ne!(hash(&one), hash(&format!("{simulation}{m}{n}")));
}

#[test]
fn more_synapses_onto_a_target_than_sources_are_told() {
    let folder = workplace();
    let told = |rule: &str, file: &str| {
        std::fs::write(folder.path().join("few.csv"), file).unwrap();
        let model = format!(
            "population.r.source.recording = {{}}\npopulation.e = {{ size = 3, neuron = 'lif_exp' }}\n\
             projection.p = {{ source = 'r', target = 'e', {rule} }}\n"
        );
        std::fs::write(folder.path().join("m.toml"), model).unwrap();
        let args = ["replay", "few.csv", "-o", "a.h5", "--force", "--model", "m.toml"];
        let output = memspike(folder.path(), &args);
        good(&output);
        String::from_utf8(output.stderr).unwrap()
    };
    let (two, three) = ("time_s,unit\n0.1,3\n0.2,5\n", "time_s,unit\n0.1,3\n0.2,5\n0.3,6\n");
    let warning = told("connect.fixed_indegree = 3", two);
    assert!(warning.contains("projection.p: each target gets 3 synapses from 2 sources"), "{warning}");
    assert!(warning.contains("1.5 onto the same target"), "{warning}");
    assert!(!told("connect.fixed_indegree = 3", three).contains("projection.p"));
    assert!(!told("connect = 'all_to_all'", two).contains("projection.p"));
    // The network that ships.
    let output = memspike(folder.path(), &["replay", "few.csv", "-o", "b.h5"]);
    good(&output);
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("recorded_to_E: each target gets 60 synapses from 2 sources")
    );
}
