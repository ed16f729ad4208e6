//! What a model asks for and no run can give is told or refused before one, with the place and the remedy.

use crate::cli::{bad, memspike, workplace};
use crate::engine_run::model;
use memspike::network;
use memspike::spec::NetworkSpec;

/// A projection and an input with these lines more.
fn text(simulation: &str, projection: &str, more: &str) -> String {
    format!(
        "simulation = {{ duration = '100 ms', {simulation} }}\n\
         population.S = {{ size = 100, source.poisson.rate = '3 Hz' }}\n\
         population.N = {{ size = 10, neuron = 'lif_exp' }}\n\
         {more}\n[projection.p]\nsource = 'S'\ntarget = 'N'\n{projection}\n"
    )
}

fn told(simulation: &str, projection: &str, more: &str) -> Vec<String> {
    model(&text(simulation, projection, more), &[]).doubts().unwrap()
}

/// Why a model is refused when it is read.
fn refused(projection: &str, more: &str) -> String {
    let folder = workplace();
    std::fs::write(folder.path().join("m.toml"), text("seed = 1", projection, more)).unwrap();
    bad(&memspike(folder.path(), &["check", "m.toml"]), 2)
}

#[test]
fn rates_of_inputs_that_are_drawn_are_checked_before_the_run() {
    let input = |rate: &str| {
        let more = format!("[input.x]\ntarget = 'N[2:]'\npoisson = {{ weight = '1 pA', rate = {rate} }}");
        model(&text("seed = 1", "connect = 'all_to_all'", &more), &[])
    };
    let wrong = |spec: &NetworkSpec| network::check_parameters(spec).unwrap_err().to_string();
    let error = wrong(&input("{ normal = { mean = '0 Hz', std = '2 Hz' } }"));
    assert!(error.starts_with("input x: N[") && error.contains("]: rate: found -"), "{error}");
    assert!(error.ends_with("Hz, expected 0 or more; limit the distribution with `min` and `max`"), "{error}");
    let error = wrong(&input("{ uniform = ['-2 Hz', '-1 Hz'] }"));
    assert!(error.starts_with("input x: N[2]: rate") && error.ends_with("; move the ends of `uniform`"), "{error}");
    assert!(network::check_parameters(&input("{ normal = { mean = '0 Hz', std = '2 Hz', min = '0 Hz' } }")).is_ok());
    // `run` says the same.
    let folder = workplace();
    let more = "[input.x]\ntarget = 'N'\npoisson = { rate = { normal = { mean = '0 Hz', std = '2 Hz' } } }";
    std::fs::write(folder.path().join("m.toml"), text("seed = 1", "connect = 'all_to_all'", more)).unwrap();
    let [run, check] = ["run", "check"].map(|command| bad(&memspike(folder.path(), &[command, "m.toml"]), 2));
    assert_eq!(run, check);
    let listed =
        refused("connect = 'all_to_all'", "input.x = { target = 'N', poisson.rate = { values = [1], unit = 'Hz' } }");
    assert!(listed.contains("expected a constant or a distribution"), "{listed}");
}

#[test]
fn limits_that_leave_too_little_to_be_drawn_are_refused_where_they_stand() {
    for weight in [
        "{ lognormal = { mean = '-5 pA', cv = 1, max = '-100 pA' } }",
        "{ exponential = { mean = '5 pA', min = '60 pA' } }",
        "{ normal = { mean = '5 pA', std = '1 pA', min = '9.5 pA' } }",
    ] {
        let error = refused(&format!("connect = 'all_to_all'\nweight = {weight}"), "");
        assert!(error.contains("less than one in 10,000") && error.contains("weight = {"), "{error}");
    }
    // About 1 in 550 and in 300.
    for weight in [
        "lognormal = { mean = '5 pA', cv = 1, min = '40 pA' }",
        "normal = { mean = '5 pA', std = '1 pA', min = '7.7 pA' }",
    ] {
        assert_eq!(told("seed = 1", &format!("connect = 'all_to_all'\nweight = {{ {weight} }}"), ""), [""; 0]);
    }
}

#[test]
fn delays_that_are_drawn_below_half_a_step_are_told() {
    let of = |engine: &str, delay: &str| {
        told(engine, &format!("connect = 'all_to_all'\ndelay = {{ {delay} }}"), "").concat()
    };
    let all = of("engine = 'grid'", "uniform = ['0.01 ms', '0.04 ms']");
    assert!(all.starts_with("projection.p: 100 % of the delays are drawn below half a step of 0.1 ms"), "{all}");
    // 1 - exp(-0.05/2) and, of a quarter of the range, a third.
    for (delay, share) in [("exponential = { mean = '2 ms' }", "2.5 %"), ("uniform = ['0.025 ms', '0.1 ms']", "33 %")] {
        let told = of("engine = 'grid'", delay);
        assert!(told.contains(&format!(": {share} of the delays")), "{told}");
        assert_eq!(of("engine = 'event'", delay), "");
        assert_eq!(of("engine = 'grid', resolution = '1 us'", "lognormal = { mean = '2 ms', cv = 0.3 }"), "");
    }
    assert_eq!(of("engine = 'grid'", "normal = { mean = '1.5 ms', std = '0.75 ms', min = '0.1 ms' }"), "");
}

#[test]
fn remedies_are_those_of_what_was_written() {
    let delay = |delay: &str| refused(&format!("connect = 'all_to_all'\ndelay = {{ {delay} }}"), "");
    assert!(delay("uniform = ['0 ms', '1 ms']").contains("let `uniform` begin above 0"));
    assert!(delay("normal = { mean = '1 ms', std = '1 ms' }").contains("min = \"0.1 ms\""));
    assert!(delay("exponential = { mean = '-1 ms' }").contains("a mean of more than 0"));
    let own = "population.one = { size = 1, neuron = 'lif_exp' }\n[projection.o]\nsource = 'one'\ntarget = 'one'\n\
               connect.fixed_total_number = 3\nautapses = false";
    let error = refused("connect = 'all_to_all'", own);
    assert!(error.contains("autapses = false") && !error.contains("once at most"), "{error}");
    let error = refused("connect.fixed_total_number = 1001\nmultapses = false", "");
    assert!(error.contains("1000 pairs, each to be used once at most (multapses = false)"), "{error}");
}

#[test]
fn snapshots_of_weights_that_no_run_takes_are_told() {
    let of = |record: &str, interval: &str| {
        let more = format!("{record}\n[[record.weights]]\nprojection = 'p'\ninterval = '{interval}'");
        told("seed = 1", "connect = 'all_to_all'", &more).concat()
    };
    let none = of("[record]\nstart = '10 ms'", "300 ms");
    assert_eq!(
        none,
        "record.weights of p: a snapshot every 300 ms, counted from 0, gives none in what is recorded, 10 ms to 100 ms"
    );
    let none = of("[record]\nstart = '10 ms'\nstop = '50 ms'", "60 ms");
    assert!(none.ends_with("gives none in what is recorded, 10 ms to 50 ms"), "{none}");
    assert!(of("", "300 ms").ends_with("gives that of 0 ms alone, for the run is over at 100 ms"));
    assert_eq!([of("", "100 ms"), of("[record]\nstart = '10 ms'", "100 ms")], ["", ""]);
}

#[test]
fn crossbars_that_are_solved_without_end_are_told() {
    let of = |refresh: &str| {
        let crossbar = format!("crossbar = {{ word_line_resistance = '1 ohm', refresh = '{refresh}' }}");
        told(
            "seed = 1",
            &format!("connect = 'all_to_all'\nweight = '1 pA'\nw_max = '5 pA'\nplasticity = 'stdp'\n{crossbar}"),
            "",
        )
        .concat()
    };
    let endless = of("1 ps");
    assert!(
        endless.starts_with("projection.p: crossbar.refresh of 0.000000001 ms solves the wires 1e11 times"),
        "{endless}"
    );
    assert_eq!([of("1 us"), of("inf")], ["", ""]);
}

#[test]
fn sums_out_of_reach_and_sines_that_go_round_while_they_are_held_are_told() {
    let sum = |sum: &str| {
        let normalize = format!("normalize = {{ sum = '{sum}', every = '10 ms' }}");
        told(
            "seed = 1",
            &format!("connect = 'all_to_all'\nweight = '1 pA'\nw_max = '5 pA'\nplasticity = 'stdp'\n{normalize}"),
            "",
        )
        .concat()
    };
    let most = sum("1 pA").is_empty();
    assert!(
        most && sum("1 nA").starts_with("projection.p: normalize.sum of 1000 is more than weights can make: "),
        "{}",
        sum("1 nA")
    );
    let sine = |frequency: &str, more: &str| {
        let sine = format!(
            "[input.x]\ntarget = 'N'\ncurrent.sine = {{ amplitude = '1 pA', frequency = '{frequency}'{more} }}"
        );
        told("seed = 1", "connect = 'all_to_all'", &sine).concat()
    };
    let fast = sine("20 kHz", "");
    assert!(
        fast.starts_with("input.x: a sine of 20000 Hz goes round 2 times while its current is held, 0.1 ms"),
        "{fast}"
    );
    assert_eq!([sine("20 Hz", ""), sine("4 kHz", "")], ["", ""]);
    assert!(sine("20 Hz", ", interval = '30 ms'").contains("a tenth of its period, 5 ms"));
}

#[test]
fn what_is_during_an_interval_that_never_comes_is_told() {
    let of = |interval: &str| {
        let more = format!(
            "[interval.d]\n{interval}\n[input.x]\ntarget = 'N'\npoisson = {{ rate = '5 Hz', weight = '1 pA', during = 'd', start = '20 ms' }}"
        );
        told("seed = 1", "connect = 'all_to_all'\nw_max = '5 pA'\nplasticity.stdp.during = 'd'", &more)
    };
    let none = of("start = []\nstop = []");
    assert_eq!(none.len(), 2, "{none:?}");
    assert_eq!(none[0], "input.x is never active: it is so during interval.d, which is empty");
    assert!(none[1].starts_with("the rule of projection.p is never active"), "{none:?}");
    assert_eq!(of("start = '1 ms'\nduration = '2 ms'\nevery = '5 ms'\ncount = 0").len(), 2);
    assert_eq!(of("start = '100 ms'\nduration = '2 ms'").len(), 2);
    // Only the input begins later.
    let before = of("start = '10 ms'\nstop = '20 ms'");
    assert!(before.len() == 1 && before[0].ends_with("which has no span while it could be"), "{before:?}");
    assert_eq!(of("start = '10 ms'\nstop = '21 ms'"), [""; 0]);
}
