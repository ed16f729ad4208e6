//! Bad models: each mistake is shown with its line, its column and what would be right.

use std::path::Path;

use memspike::spec;

/// A model to which a case adds lines, or which a case changes in one place.
const BASE: &str = r#"[simulation]
duration = "1 s"
[parameters]
J = "0.1 mV"
k = 2
[population.E]
size = 10
neuron.lif_delta = { tau_m = "20 ms", t_ref = "2 ms" }
initial.v_m = "0 mV"
[population.S]
source.spike_times = [["10 ms", "12.5 ms"], ["30 ms"]]
[input.drive]
target = "E"
poisson = { rate = "10 Hz", weight = "J" }
[projection.a]
source = "E"
target = "E"
connect.fixed_indegree = 2
weight = "J"
delay = "1.5 ms"
[record]
spikes = ["E[0:5]"]
"#;

fn error_of(text: &str) -> spec::ModelError {
    match spec::parse(text, "model.toml", Path::new(""), &[]) {
        Ok(_) => panic!("this model was accepted:\n{text}"),
        Err(error) => error,
    }
}

#[track_caller]
fn shows(text: &str, at: &str, message: &str) {
    let error = error_of(text).to_string();
    let place = format!("model.toml:{at}: ");
    assert!(error.starts_with(&place), "expected {place}\n{error}");
    assert!(error.contains(message), "expected: {message}\n{error}");
}

/// The base with one piece of text replaced.
#[track_caller]
fn change(from: &str, to: &str, at: &str, message: &str) {
    assert!(BASE.contains(from), "{from}");
    shows(&BASE.replacen(from, to, 1), at, message);
}

#[test]
fn the_base_is_right() {
    spec::parse(BASE, "model.toml", Path::new(""), &[]).unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn an_error_shows_line_caret_and_remedy() {
    let error = error_of(&BASE.replace("delay = \"1.5 ms\"", "delay = 1.5"));
    assert_eq!(
        error.to_string(),
        "model.toml:20:9: found the bare number 1.5, expected a time such as \"20 ms\"\n   \
         |\n20 | delay = 1.5\n   |         ^^^"
    );
    assert_eq!(error.position(), Some((20, 9)));
}

#[test]
fn wrong_units_and_types() {
    change("delay = \"1.5 ms\"", "delay = \"1.5 mV\"", "20:9", "found a voltage, expected a time such as \"20 ms\"");
    change("delay = \"1.5 ms\"", "delay = \"1.5\"", "20:9", "found a bare number, expected a time such as \"20 ms\"");
    change("delay = \"1.5 ms\"", "delay = \"1.5 mss\"", "20:14", "unknown unit `mss`: did you mean `ms`?");
    change("weight = \"J\"\ndelay", "weight = \"J + 1 ms\"\ndelay", "19:11", "can't add a voltage and a time");
    change("weight = \"J\"\ndelay", "weight = \"2 J\"\ndelay", "19:10", "found an energy, expected a voltage");
    change("weight = \"J\"\ndelay", "weight = \"K * 2\"\ndelay", "19:11", "a unit follows a number");
    change("weight = \"J\"\ndelay", "weight = \"JJ * 2\"\ndelay", "19:11", "`JJ` is not a name of [parameters]");
    change("weight = \"J\"\ndelay", "weight = \"2 k\"\ndelay", "19:13", "write `2 * k`");
    change("weight = \"J\"\ndelay", "weight = true\ndelay", "19:10", "found true, expected a voltage");
    change("size = 10", "size = \"10 ms\"", "7:8", "found a time, expected a bare number");
    change("size = 10", "size = 1.5", "7:8", "found 1.5, expected a whole number, 0 or more");
    change("size = 10", "size = -3", "7:8", "found -3, expected a whole number, 0 or more");
    change("size = 10", "size = nan", "7:8", "NaN");
    change("tau_m = \"20 ms\"", "tau_m = nan", "8:30", "NaN");
    change("source = \"E\"", "source = 3", "16:10", "found the bare number 3, expected a population");
    change("duration = \"1 s\"", "duration = 2020-01-01", "2:12", "found a date");
    change("[record]", "[[record]]", "21:3", "expected the table [record]");
}

#[test]
fn misspelt_keys_and_names() {
    change("size = 10", "sise = 10", "7:1", "unknown key sise: did you mean size?");
    change("size = 10", "sise = 10", "7:1", "valid: size, neuron, source, initial");
    change("duration =", "durration =", "2:1", "did you mean duration?");
    change("[record]", "[records]", "21:2", "did you mean record?");
    change("tau_m", "tau_n", "8:22", "unknown parameter tau_n of neuron model lif_delta: did you mean tau_m?");
    let text = "[population.a]\nsize = 1\nneuron.izhikevich.v_min = \"-60 mV\"\n[simulation]\nduration = \"1 s\"\n";
    shows(text, "3:27", "v_min: found -60 mV, expected at most c = -65 mV");
    let text = "[population.a]\nsource.spike_times = { values = [[1e300]], unit = \"ms\" }\n";
    shows(text, "2:35", "times may be at most 100 days");
    let theta = "neuron.lif_delta.refractory_input = true\ninitial.theta = \"2 mV\"";
    let text = format!("[population.a]\nsize = 1\n{theta}\n[simulation]\nduration = \"1 s\"\n");
    shows(&text, "4:17", "found theta and refractory_input, expected one of them");
    change("initial.v_m", "initial.w", "9:9", "unknown state variable w of lif_delta");
    let below = "initial.theta: found -2 mV, expected 0 or more";
    change("initial.v_m = \"0 mV\"", "initial.theta = \"-2 mV\"", "9:17", below);
    change(
        "initial.v_m = \"0 mV\"",
        "initial.theta = { values = [0, 0, 0, 0, 0, 0, 0, 0, 0, -2], unit = \"mV\" }",
        "9:17",
        below,
    );
    change("target = \"E\"\npoisson", "target = \"F\"\npoisson", "13:11", "unknown population F: did you mean E?");
    change("fixed_indegree", "fixed_indegre", "18:9", "did you mean fixed_indegree?");
    change("spike_times", "spiketimes", "11:8", "did you mean spike_times?");
    change("[population.E]", "[population.\"2E\"]", "6:13", "\"2E\" is not a name");
    change("[population.E]", "[population.\"E-x\"]", "6:13", "\"E-x\" is not a name");
    change("J = \"0.1 mV\"", "sqrt = 1", "4:1", "has a meaning of its own");
}

#[test]
fn the_neighbours_names_are_known() {
    change("lif_delta = {", "iaf_psc_exp = {", "8:8", "unknown neuron model iaf_psc_exp: here it is lif_exp");
    change("lif_delta = {", "aeif_cond_exp = {", "8:8", "unknown neuron model aeif_cond_exp: here it is adex");
    change("tau_m", "V_th", "8:22", "V_th (NEST): write v_th");
    change("tau_m", "tau_refrac", "8:22", "tau_refrac (PyNN): write t_ref");
    change("tau_m", "E_L", "8:22", "E_L (NEST): write e_l");
    change("tau_m", "C_m", "8:22", "C_m (NEST): write c_m");
    change("tau_m", "I_e", "8:22", "I_e (NEST): write i_e");
    change("fixed_indegree", "pairwise_bernoulli", "18:9", "pairwise_bernoulli (NEST): write fixed_probability");
    change("delay =", "Wmax =", "20:1", "Wmax (NEST): write w_max");
    change("delay =", "plasticity = \"stdp_synapse\" #", "20:14", "stdp_synapse (NEST): write stdp");
    let beside = "w_max is no parameter of stdp: write it in the projection";
    change("delay =", "plasticity.stdp = { Wmax = 1 }\ndelay =", "20:21", beside);
    change("delay =", "plasticity.stdp = { w_max = 1 }\ndelay =", "20:21", beside);
    change("initial.v_m", "initial.v", "9:9", "v (PyNN, Brian2): write v_m");
    let lif_exp = BASE.replace("lif_delta", "lif_exp");
    shows(&lif_exp.replacen("tau_m", "tau_syn_E", 1), "8:20", "tau_syn_E (PyNN): write tau_syn_ex");
}

#[test]
fn impossible_numbers() {
    change("size = 10", "size = 0", "7:8", "an empty population: expected a size of 1 or more");
    change("size = 10", "size = 5_000_000_000", "7:8", "expected at most 4294967295");
    change("\"20 ms\"", "\"-20 ms\"", "8:30", "tau_m: found -20 ms, expected more than 0");
    change("\"2 ms\"", "\"-2 ms\"", "8:47", "t_ref: found -2 ms, expected 0 or more");
    change("[record]\n", "[record]\nSpikeMonitor = \"E\"\n", "22:1", "SpikeMonitor (Brian2): write record.spikes");
    for name in ["V_m", "v_m"] {
        change("tau_m =", &format!("{name} ="), "8:22", "v_m is a state of lif_delta, no parameter: write initial.v_m");
    }
    let adapting = "\"2 ms\", theta_plus = \"1 mV\", tau_theta = \"-3 ms\"";
    change("\"2 ms\"", adapting, "8:88", "tau_theta: found -3 ms, expected more than 0, or inf");
    change("\"2 ms\"", "\"2 ms\", v_th = \"-80 mV\"", "8:8", "v_reset: found -70 mV, expected less than v_th = -80 mV");
    change("delay = \"1.5 ms\"", "delay = \"0 ms\"", "20:9", "found a delay of 0 ms, expected more than 0");
    change("delay = \"1.5 ms\"", "delay = \"-1 ms\"", "20:9", "found a delay of -1 ms, expected more than 0");
    for long in ["1e9 s", "inf", "25 h"] {
        let delay = format!("delay = \"{long}\"");
        change("delay = \"1.5 ms\"", &delay, "20:9", "ms; delays may be at most a day");
    }
    change("\"1.5 ms\"", "{ uniform = [\"0 ms\", \"1 ms\"] }", "20:9", "a delay of 0 or less could be drawn");
    change("\"1.5 ms\"", "{ uniform = [\"1 ms\", \"25 h\"] }", "20:9", "delays may be at most a day");
    change("\"1.5 ms\"", "{ exponential = { mean = \"25 h\" } }", "20:9", "delays may be at most a day");
    change("\"1 s\"", "\"0 s\"", "2:12", "expected a time of more than 0");
    change("\"1 s\"", "\"-1 s\"", "2:12", "expected a time of more than 0");
    change("\"1 s\"", "\"inf\"", "2:12", "expected a finite value");
    change("\"1 s\"", "\"3000 h\"", "2:12", "times may be at most 100 days");
    change("fixed_indegree = 2", "fixed_indegree = 1e30", "18:26", "expected a count of at most 2^53");
    change("fixed_indegree = 2", "fixed_probability = 1.5", "18:29", "expected a probability between 0 and 1");
    change("\"10 Hz\"", "\"-10 Hz\"", "14:20", "found -10 Hz, expected 0 or more");
    change("fixed_indegree = 2", "fixed_indegree = 11\nmultapses = false", "18:26", "there are 10 sources");
    change("fixed_indegree = 2", "pairs = [[0, 9], [10, 0]]", "18:27", "found the source 10, but there are 10, 0 to 9");
    change("fixed_indegree = 2", "pairs = [[0, 9], [1, -1]]", "18:30", "expected a whole number, 0 or more");
    let huge = BASE.replace("size = 10", "size = 4_000_000_000").replace("indegree = 2", "indegree = 4_000_000_000");
    shows(&huge, "18:26", "synapses can't be counted: reduce `size`");
}

#[test]
fn spike_times_that_can_not_be() {
    change("\"12.5 ms\"", "\"9 ms\"", "11:33", "found 9 ms after 10 ms: spike times must not decrease");
    change("\"10 ms\"", "\"-1 ms\"", "11:24", "found -1 ms, expected a time of 0 or more");
    let with = |list: &str| BASE.replacen("[[\"10 ms\", \"12.5 ms\"], [\"30 ms\"]]", list, 1);
    shows(&with("{ values = [[1, nan]], unit = \"ms\" }"), "11:38", "found NaN");
    shows(&with("{ values = [[1, inf]], unit = \"ms\" }"), "11:38", "found inf, expected a finite value");
    shows(&with("{ values = [[-1]], unit = \"ms\" }"), "11:35", "found -1 ms, expected a time of 0 or more");
    shows(&with("{ values = [[2, 1]], unit = \"ms\" }"), "11:38", "spike times must not decrease");
    shows(&with("{ values = [[2]], unit = \"mV\" }"), "11:47", "found a voltage, expected a time");
    shows(&with("{ values = [[2]] }"), "11:33", "`unit` is missing");
    shows(&with("[\"1 ms\"]"), "11:23", "expected a list of spike times for each member");
    shows(&with("[]"), "11:22", "an empty population");
}

#[test]
fn distributions_that_can_not_be() {
    let with = |value: &str, at: &str, message: &str| change("\"0 mV\"", value, &format!("9:{at}"), message);
    with("{ uniform = [\"2 mV\", \"1 mV\"] }", "27", "the lower end, 2, is above the upper one, 1");
    with("{ uniform = [\"2 mV\"] }", "27", "expected a list of two, [low, high]");
    with("{ normal = { mean = \"1 mV\" } }", "26", "`std` (or `cv`, relative to the mean) is missing");
    with("{ normal = { mean = \"1 mV\", std = \"-1 mV\" } }", "49", "the standard deviation is -1");
    with("{ normal = { mean = \"1 mV\", std = 1 } }", "49", "expected a voltage");
    with("{ normal = { mean = \"1 mV\", cv = 1, min = \"3 mV\", max = \"2 mV\" } }", "26", "min, 3, is above max, 2");
    with("{ normal = { mean = \"1 mV\", cv = 1, min = \"9 mV\" } }", "26", "no value could ever be drawn");
    with("{ normal = { mean = \"0 mV\", std = \"1 mV\", same_sign = true } }", "26", "`same_sign` needs a mean");
    with("{ normal = { mean = \"1 mV\", sdt = \"1 mV\" } }", "43", "did you mean std?");
    with("{ gaussian = 1 }", "17", "unknown distribution gaussian");
    with("{ lognormal = { mean = \"0 mV\", cv = 1 } }", "29", "expected another number");
    with("{ lognormal = { mean = \"1 mV\", cv = 1e200 } }", "29", "as large as the mean");
    with("{ values = [1, 2], unit = \"mV\" }", "15", "found 2 values, expected 10: one for each neuron");
    with("{ values = [1, 2] }", "26", "`unit` is missing: write unit = \"mV\"");
    with("{ file = \"missing.npy\", unit = \"mV\" }", "24", "missing.npy: there is no such file");
    with("[\"1 mV\"]", "15", "found a list, expected a voltage");
}

#[test]
fn slices_out_of_range() {
    change("E[0:5]", "E[0:11]", "22:13", "E has 10 members, 0 to 9; found [0:11]");
    change("E[0:5]", "E[5:5]", "22:13", "the slice [5:5] of E is empty");
    change("E[0:5]", "E[10:]", "22:13", "the slice [10:] of E is empty");
    change("E[0:5]", "E[a]", "22:13", "expected a slice such as [0:50], [50:] or [10]");
    change("E[0:5]", "E[0:5", "22:13", "expected a slice such as [0:50]");
    change("E[0:5]", "X[0:5]", "22:12", "unknown population X");
}

#[test]
fn contradictions_and_gaps() {
    change("duration = \"1 s\"", "", "1:2", "`duration` is missing");
    change("size = 10", "", "6:13", "`size` is missing");
    change("connect.fixed_indegree = 2", "", "15:13", "`connect` is missing");
    change("source = \"E\"", "", "15:13", "`source` is missing");
    change("connect.fixed", "connect = { all_to_all = {}, fixed_indegree = 2 } #", "18:30", "second connect rule");
    change("initial.v_m", "source.regular = { rate = \"1 Hz\" } #", "9:1", "has `neuron` and `source`");
    change("target = \"E\"\npoisson", "target = \"S\"\npoisson", "13:10", "S is a source, which fires as told");
    change(
        "target = \"E\"\npoisson",
        "target = [\"E[2:5]\", \"E[4:]\"]\npoisson",
        "13:21",
        "names member 4 of E twice",
    );
    change("fixed_indegree = 2", "one_to_one = {}\nconnect.pairs = []", "19:9", "second connect rule");
    change("connect.fixed_indegree = 2", "connect = \"fixed_indegree\"", "18:11", "fixed_indegree needs a value");
    change("delay =", "plasticity = \"stdp\"\ndelay =", "15:13", "`w_max` is missing");
    change("delay =", "plasticity = \"stdp\"\nw_max = \"-1 mV\"\ndelay =", "19:10", "another sign than w_max");
    change(
        "delay =",
        "plasticity = \"stdp\"\nw_max = \"0.05 mV\"\ndelay =",
        "19:10",
        "outside [w_min, w_max] = [0, 0.05]",
    );
    change("delay =", "w_min = \"1 mV\"\nw_max = \"0.5 mV\"\ndelay =", "21:9", "further from 0");
    change("target = \"E\"\nconnect", "target = \"S\"\nconnect", "19:10", "found a voltage, expected a bare number");
    change("J = \"0.1 mV\"", "J = \"k * L\"\nL = \"2 * J\"", "4:5", "parameter J depends on itself: J -> L -> J");
    let computed = error_of(&BASE.replacen("k = 2", "k = \"inf\"\nl = \"2 * k\"", 1));
    assert!(computed.message().contains("inf stands alone"), "{computed}");
    let open = error_of(&BASE.replacen("weight = \"J\" }", "weight = \"(5 mV\" }", 1)).to_string();
    assert!(!open.contains("did you mean"), "{open}");
    change("duration = \"1 s\"", "duration = \"1e300 s\"", "2:12", "e295 days; times may be at most 100 days");
    change("size = 10", "size = 10\nsize = 11", "8:1", "not valid TOML: duplicate key");
    change("size = 10", "size = ", "7:8", "not valid TOML");
}

#[test]
fn an_interval_of_a_recording_needs_its_table() {
    change("[record]", "[interval.x]\nfile = \"a.nwb\"\n[record]", "21:11", "`table` is missing");
}

#[test]
fn off_grid_times_are_errors_on_the_grid_only() {
    let off = [
        ("delay = \"1.5 ms\"", "delay = \"1.55 ms\"", "21:9"),
        ("\"1 s\"", "\"1.00005 s\"", "2:12"),
        ("t_ref = \"2 ms\"", "t_ref = \"2.05 ms\"", "9:47"),
        ("[record]", "[record]\nstart = \"0.25 ms\"", "23:9"),
    ];
    for (from, to, at) in off {
        let event = BASE.replacen(from, to, 1);
        spec::parse(&event, "model.toml", Path::new(""), &[]).unwrap_or_else(|error| panic!("{error}"));
        let grid = event.replace("[parameters]", "engine = \"grid\"\n[parameters]");
        shows(&grid, at, "is not a multiple of the resolution, 0.1 ms");
    }
}

#[test]
fn a_stop_that_the_grid_moves_to_the_start_is_not_called_before_it() {
    let source = "source.poisson = { rate = \"1 kHz\", start = \"5 ms\", stop = \"5.000000001 ms\" }";
    let model =
        format!("simulation = {{ duration = \"1 s\", engine = \"grid\" }}\n[population.p]\nsize = 1\n{source}\n");
    let error = spec::parse(&model, "model.toml", Path::new(""), &[]).unwrap_err().to_string();
    assert!(error.contains("stop, 5.000000001 ms, is 5 ms on the grid"), "{error}");
}

#[test]
fn files_that_can_not_be_read() {
    let error = spec::load(Path::new("no/such/model.toml"), &[]).unwrap_err();
    assert_eq!(error.to_string(), "no/such/model.toml: there is no such file");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("binary.toml");
    std::fs::write(&path, [0x89, 0xff, 0x00]).unwrap();
    assert!(spec::load(&path, &[]).unwrap_err().message().contains("not a text file"));
}

#[test]
fn a_wrong_value_from_parameters_tells_where_they_are_set() {
    let told = |text: &str, sets: &[(&str, &str)]| {
        let sets: Vec<(String, String)> = sets.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect();
        spec::parse(text, "model.toml", Path::new(""), &sets).unwrap_err().to_string()
    };
    let of = |from: &str, to: &str| BASE.replace(from, to);
    // Of a neuron's parameter, set in the file, on its command line, or by way of another.
    let text = of("tau_m = \"20 ms\"", "tau_m = \"k * 10 ms\"");
    let error = told(&text.replace("k = 2", "k = -2"), &[]);
    assert!(error.starts_with("model.toml:8:") && error.contains("found -20 ms, expected more than 0"), "{error}");
    assert!(error.contains("= k is set in model.toml:5: k = -2") && !error.contains("J is set"), "{error}");
    let error = told(&text, &[("parameters.k", "-1")]);
    assert!(
        error.contains("k * 10 ms") && error.ends_with("= k is set on the command line: parameters.k=-1"),
        "{error}"
    );
    let error = told(&text.replace("k = 2", "k = \"1 - m\"\nm = 4"), &[]);
    assert!(
        error.ends_with("= k is set in model.toml:5: k = \"1 - m\"\n  = m is set in model.toml:6: m = 4"),
        "{error}"
    );
    // Of a dimension that is wrong, and within a distribution.
    let error = told(&of("delay = \"1.5 ms\"", "delay = \"J\""), &[]);
    assert!(error.contains("J is set in model.toml:4: J = \"0.1 mV\""), "{error}");
    let error = told(
        &of("delay = \"1.5 ms\"", "delay.normal = { mean = \"1 ms\", std = \"k * 1 ms\" }"),
        &[("parameters.k", "-3")],
    );
    assert!(error.ends_with("k is set on the command line: parameters.k=-3"), "{error}");
    // What names none has nothing to tell; nor has a key that is called as a parameter.
    assert!(!told(&of("size = 10", "size = 0"), &[]).contains("is set"));
    assert!(!told(&of("size = 10", "size = 10\nk = 3"), &[]).contains("is set"));
}
