//! Non-idealities through whole models: pairs, banks, faults, ageing, quantised levels; and what they cost.

use memspike::engine::{Options, Outcome, checkpoint::Checkpoint};
use memspike::spec;
use memspike::synapse::{Kept, Memristor, Visit};
use memspike::time::Time;
use serde_json::Value;

use crate::device_pulses::case;
use crate::plasticity_stdp::{run, run_with};

const PRICES: &str = ", pulse_up = { v = '2 V', width = '100 ns' }, pulse_down = { v = '-3 V', width = '50 ns' }, \
                      read = { v = '0.1 V', width = '10 ns' }, static_power = '2 nW'";

fn network(device: &str, simulation: &str) -> String {
    format!(
        "simulation = {{ duration = '300 ms' {simulation} }}\n\
         population.pre = {{ size = 20, source.poisson = {{ rate = '40 Hz' }} }}\n\
         population.post = {{ size = 13, source.poisson = {{ rate = '40 Hz' }} }}\n\
         [projection.p]\nsource = 'pre'\ntarget = 'post'\nconnect.fixed_probability = 0.7\n\
         delay = {{ uniform = ['0.5 ms', '6 ms'] }}\nw_max = 2.0\nw_min = 0.5\nweight = 1.0\n\
         plasticity.stdp = {{ a_plus = 0.05, a_minus = 0.05 }}\ndevice.{device}\n\
         [[record.weights]]\nprojection = 'p'\non = 'pre_spike'\n"
    )
}

fn figures(outcome: &Outcome) -> Vec<Value> {
    let p = &outcome.summary.projections["p"];
    ["energy_j", "pulses", "reads", "energy_per_event_j"].map(|k| p[k].clone()).to_vec()
}

#[test]
fn every_kind_of_device_gives_the_same_bits_and_joules_on_any_number_of_threads_and_with_checkpoints() {
    let folder = tempfile::tempdir().unwrap();
    for (number, device) in [
        format!("constant_step = {{ levels = 8, stuck_low = 0.1, stuck_high = 0.1, stuck_between = 0.1 {PRICES} }}"),
        format!("exp_step = {{ write_noise = '2 uS', drift = {{ nu = 0.05, sigma_nu = 0.02, t_0 = '10 ms' }} {PRICES} }}"),
        format!("pow_step = {{ retention = {{ tau = '0.1 s', g_inf = '2 uS', sigma_tau = 0.3 }}, pulses = 'carry' {PRICES} }}"),
        format!("linear_step = {{ flicker = {{ q = 0.1 }}, endurance = {{ pulses = 5, sigma = 1.0 }}, sigma_slope_up = 0.1 {PRICES} }}"),
        format!("two_state = {{ devices = 3, sigma_switch = 0.2, pair = 'push_pull' {PRICES} }}"),
        format!("pcm = {{ devices = 2, dg_up = '2 uS', refresh = 0.4, pcm_statistics = true {PRICES} }}"),
        format!("re_ram_array_om = {{ pulses = 'one' {PRICES} }}"),
        format!("re_ram_es = {{ write_noise = '0 S' {PRICES} }}"),
        format!("soft_bounds = {{ sigma_d2d = 0.2, sigma_c2c = 0.3, read_noise = 0.1 {PRICES} }}"),
    ]
    .into_iter()
    .enumerate()
    {
        let more = if number % 2 == 0 { ", precision = 'single'" } else { ", engine = 'grid'" };
        let text = network(&device, more);
        let (one, outcome) = run_with(&text, 1, &Options::default());
        let expected = figures(&outcome);
        assert!(expected[0]["read"].as_f64().unwrap() > 0.0 && expected[1]["set"].as_u64().unwrap() > 0, "{device}");
        for threads in [2, 3, 16] {
            let path = folder.path().join(format!("{number}.{threads}"));
            let every = Time::from_ms(13.0);
            let options = Options { checkpoint: Some((path.clone(), every)), ..Options::default() };
            let (memory, outcome) = run_with(&text, threads, &options);
            assert_eq!(memory.weights(0), one.weights(0), "{device} {threads}");
            assert_eq!(figures(&outcome), expected, "{device} {threads}");
            let options = Options { resume: Some(Box::new(Checkpoint::read(&path).unwrap())), ..Options::default() };
            let (memory, outcome) = run_with(&text, 17 - threads, &options);
            assert_eq!(memory.weights(0), one.weights(0), "{device} resumed on {}", 17 - threads);
            assert_eq!(figures(&outcome), expected, "{device} resumed");
        }
        // Without a record of weights runs of synapses are brought up to date at once, where they are plain: the same joules.
        let quiet: String = text.lines().filter(|l| !l.contains("record") && *l != "projection = 'p'" && !l.starts_with("on ")).map(|l| format!("{l}\n")).collect();
        assert_eq!(figures(&run_with(&quiet, 2, &Options::default()).1), expected, "{device} in runs");
    }
}

/// Over a dendritic delay that is its emission, before a post spike that comes between that and the arrival; over an axonal one its arrival.
#[test]
fn a_device_that_relaxes_is_read_when_the_synapse_sees_the_spike() {
    for (location, seen) in [("dendritic", 1.0_f64), ("axonal", 21.0)] {
        let text = format!(
            "simulation.duration = '60 ms'\npopulation.pre.source.spike_times = [['1 ms']]\n\
             population.post.source.spike_times = [['0.5 ms']]\n\
             [projection.p]\nsource = 'pre'\ntarget = 'post'\nconnect = 'all_to_all'\nweight = 0.5\nw_max = 1\n\
             delay = '20 ms'\ndelay_location = '{location}'\nplasticity.querlioz = {{}}\n\
             device.constant_step = {{ dg_up = '20 uS', dg_down = '20 uS', g_min = '0 S', retention = {{ tau = '10 ms', g_inf = '0 S' }} {PRICES} }}\n\
             [[record.weights]]\nprojection = 'p'\non = 'pre_spike'\n"
        );
        let (memory, outcome) = run_with(&text, 1, &Options::default());
        // Over an axonal delay the post spike comes at 0.5 ms, before any pre spike: it depresses by 20 uS of 100 uS.
        let start = if location == "axonal" { 0.5 * (-0.05_f64).exp() - 0.2 } else { 0.5 };
        let since = if location == "axonal" { seen - 0.5 } else { seen };
        let expected = start * (-since / 10.0).exp();
        let found = memory.weights(0).1[0];
        assert!((found - expected).abs() < 1e-9, "{location}: {found} {expected}");
        let read = figures(&outcome)[0]["read"].as_f64().unwrap();
        assert!((read / (0.01 * 10e-9 * expected * 1e-4) - 1.0).abs() < 1e-9, "{location}: {read:e}");
    }
}

#[test]
fn ideal_switches_off_all_that_is_random() {
    for device in [
        "re_ram_array_hfo2 = { pulses = 'carry', stuck_low = 0.5",
        "ec_ram = { pulses = 'carry', endurance = { pulses = 5, sigma = 1 }",
        "soft_bounds = { pulses = 'carry', drift = { nu = 0.1, sigma_nu = 0.1, t_0 = '1 ms' }, flicker = { q = 0.5 }",
    ] {
        let with =
            |more: &str, seed: u64| run(&network(&format!("{device} {more} }}"), &format!(", seed = {seed}")), 1);
        // Other seeds, other spikes; so compare the very same spikes with two names of the projection's streams.
        let renamed = |more: &str| {
            let text = network(&format!("{device} {more} }}"), "").replace("fixed_probability = 0.7", "x = 1");
            let text = text
                .replace("connect.x = 1", "connect = 'all_to_all'")
                .replace("delay = { uniform = ['0.5 ms', '6 ms'] }", "delay = '1 ms'");
            let other =
                text.replace("[projection.p]", "[projection.q]").replace("projection = 'p'", "projection = 'q'");
            (run(&text, 1).weights(0).1.to_vec(), run(&other, 1).weights(0).1.to_vec())
        };
        let (p, q) = renamed(", ideal = true");
        assert_eq!(p, q, "{device}");
        let (p, q) = renamed("");
        assert_ne!(p, q, "{device}");
        drop(with("", 1));
    }
}

pub(crate) fn memristor(name: &str, changes: &[(&str, &str)], (w_min, w_max): (f64, f64)) -> Memristor {
    let changes: Vec<(String, String)> = changes.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect();
    let device = spec::device(name, &changes).unwrap().device().unwrap();
    Memristor::new(device, w_min, w_max, 5, "p")
}

#[test]
fn a_differential_pair_is_programmed_to_the_levels_of_the_reference() {
    let case = case("diffpair_dac_adc_8x4");
    let rows = |k: &str| -> Vec<f64> {
        let rows = case[k].as_array().unwrap();
        rows.iter().flat_map(|r| r.as_array().unwrap()).map(|v| v.as_f64().unwrap()).collect()
    };
    let m = memristor(
        "constant_step",
        &[("g_min", "1 uS"), ("g_max", "100 uS"), ("levels", "16"), ("pair", "one_sided")],
        (-1.0, 1.0),
    );
    for ((w, plus), minus) in rows("weights").into_iter().zip(rows("G_plus")).zip(rows("G_minus")) {
        let mut kept = Kept::default();
        m.program(w, &mut kept);
        for (held, expected) in [(kept.held[0], plus), (kept.held[1], minus)] {
            let g = m.device.quantised(held.g);
            assert!((g - expected).abs() < 1e-12 * expected, "{w}: {g:e} {expected:e}");
        }
        let shown = m.weight(kept.held[0].g, &kept, Time::ZERO, &mut Visit::default());
        assert!((shown - (plus - minus) / 99e-6).abs() < 1e-12, "{w}: {shown}");
    }
}

#[test]
fn a_push_pull_pair_moves_as_far_as_a_rule_asks_both_ways_from_any_weight() {
    let bounds = [("g_min", "10 uS"), ("g_max", "110 uS"), ("dg_up", "1 uS"), ("dg_down", "1 uS"), ("pulses", "carry")];
    for w in [0.2, 0.5, 0.8] {
        for dw in [0.15, -0.15] {
            let m = memristor("constant_step", &[&bounds[..], &[("pair", "push_pull")]].concat(), (0.0, 1.0));
            let mut kept = Kept::default();
            let g = m.program(w, &mut kept);
            assert!((g + kept.held[1].g - 120e-6).abs() < 1e-18, "{g:e} {:e}", kept.held[1].g);
            // A little more, for rounding.
            let g = m.change(g, dw * 1.000_001, &mut kept, Time::ZERO, &mut Visit::default());
            let moved = m.weight(g, &kept, Time::ZERO, &mut Visit::default()) - w;
            assert!((moved - dw).abs() < 1e-9, "{w} {dw}: {moved}");
        }
    }
}

#[test]
fn a_read_takes_the_currents_of_a_device_and_of_its_reference() {
    let read = ("read", "{ v = '0.1 V', width = '50 ns' }");
    for (reference, beside) in [("0 S", 0.0), ("20 uS", 20e-6), ("-20 uS", 20e-6)] {
        let m = memristor("soft_bounds_reference", &[("reference", reference), read], (0.0, 1.0));
        let (mut kept, mut visit) = (Kept::default(), Visit::default());
        let g = m.program(0.5, &mut kept);
        let w = m.read(g, &kept, 0, Time::ZERO, &mut visit);
        assert!((w - 0.5).abs() < 1e-12, "{w}");
        let (found, expected) = (visit.price.read.joules(), 0.01 * 50e-9 * (g + beside));
        assert!((found / expected - 1.0).abs() < 1e-9, "{reference}: {found:e} {expected:e}");
    }
}

#[test]
fn a_read_of_a_device_with_levels_costs_the_same_with_a_reference_of_zero() {
    let more = [("read", "{ v = '0.1 V', width = '50 ns' }"), ("g_min", "0 S"), ("levels", "3")];
    let joules = |name: &str, more: &[(&str, &str)]| {
        let m = memristor(name, more, (0.0, 1.0));
        let (mut kept, mut visit) = (Kept::default(), Visit::default());
        let g = m.program(0.37, &mut kept);
        assert!((m.read(g, &kept, 0, Time::ZERO, &mut visit) - 0.5).abs() < 1e-12);
        visit.price.read.joules()
    };
    let found = joules("soft_bounds_reference", &[&more[..], &[("reference", "0 S")]].concat());
    assert_eq!(found, joules("soft_bounds", &more));
    assert!((found / (0.01 * 50e-9 * 50e-6) - 1.0).abs() < 1e-9, "{found:e}");
}

#[test]
fn what_drifts_does_not_grow() {
    let drift = ("drift", "{ nu = 0.05, sigma_nu = 0.05, t_0 = '1 s' }");
    let m = memristor("soft_bounds", &[drift], (0.0, 1.0));
    let key = memspike::rng::StreamKey::new(1, memspike::rng::Purpose::Device, 2);
    let g = 5e-5;
    let after: Vec<f64> =
        (0..500).map(|k| memspike::device::Traits::of(&m.device, key, k, 0).after(&m.device, g, 1e4)).collect();
    let still = after.iter().filter(|now| **now == g).count();
    assert!(after.iter().all(|now| *now <= g) && (50..120).contains(&still), "{still}");
}

#[test]
fn a_pair_of_one_sided_devices_learns_both_ways_and_refreshes_when_full() {
    let m = memristor("pcm", &[("ideal", "true"), ("pulses", "one")], (0.0, 1.0));
    let mut kept = Kept { key: 7, ..Kept::default() };
    let mut visit = Visit::default();
    let mut g = m.program(0.5, &mut kept);
    let weight = |g: f64, kept: &Kept| m.weight(g, kept, Time::ZERO, &mut Visit::default());
    assert_eq!((g, kept.held[1].g), (0.0, 0.0));
    g = m.change(g, 0.1, &mut kept, Time::ZERO, &mut visit);
    let up = weight(g, &kept);
    g = m.change(g, -0.1, &mut kept, Time::ZERO, &mut visit);
    assert!(up > 0.5 && (weight(g, &kept) - 0.5).abs() < 1e-12, "{up}");
    // Both grow, until they are reset with their difference kept, to a pulse's step.
    let mut refreshed = 0;
    for _ in 0..2000 {
        let before = weight(g, &kept);
        let (pair, resets) = ([g, kept.held[1].g], visit.price.reset_pulses);
        g = m.change(g, if refreshed % 2 == 0 { 0.1 } else { -0.1 }, &mut kept, Time::ZERO, &mut visit);
        g = m.change(g, 0.1, &mut kept, Time::ZERO, &mut visit);
        g = m.change(g, -0.1, &mut kept, Time::ZERO, &mut visit);
        if visit.price.reset_pulses > resets {
            refreshed += 1;
            let (high, low) = (pair[0].max(pair[1]), pair[0].min(pair[1]));
            assert!(high > 0.7 * 25e-6 && low > 0.2 * 25e-6 && kept.held[1].g.min(g) < 0.5 * low, "{high} {low} {g}");
            assert!((weight(g, &kept) - before).abs() < 0.25, "{} {before}", weight(g, &kept));
        }
    }
    assert!(refreshed > 0 && visit.price.reset_pulses == 2 * refreshed, "{refreshed} {}", visit.price.reset_pulses);
    assert!(visit.price.set_pulses > 6000);
}

/// As aihwkit's: the higher device above one share, the lower one above another; were both to be above the first, a pair of which one device is at
/// its bound could never be depressed again.
#[test]
fn a_pair_with_a_device_at_its_bound_is_refreshed_and_goes_on() {
    let told =
        [("pair", "one_sided"), ("refresh", "0.75"), ("pulses", "one"), ("dg_up", "9.9 uS"), ("dg_down", "9.9 uS")];
    for (low, expected) in [(None, 0.8 - 0.05 * 14.0), (Some("0.75"), 0.3)] {
        let more = low.map(|share| ("refresh_low", share));
        let told: Vec<_> = told.iter().copied().chain(more).collect();
        let m = memristor("constant_step", &told, (0.0, 1.0));
        let (mut kept, mut visit) = (Kept { key: 7, ..Kept::default() }, Visit::default());
        let mut g = m.program(0.5, &mut kept);
        for change in std::iter::repeat_n(0.1, 6).chain(std::iter::repeat_n(-0.1, 14)) {
            g = m.change(g, change, &mut kept, Time::ZERO, &mut visit);
        }
        // To a step, for that is what a difference is written anew to.
        let weight = m.weight(g, &kept, Time::ZERO, &mut Visit::default());
        assert!((weight - expected).abs() < 0.051, "{low:?}: {weight}, expected {expected}");
    }
}

#[test]
fn several_devices_share_a_synapses_pulses_and_make_its_steps_finer() {
    let one = memristor("constant_step", &[("pulses", "one")], (0.0, 1.0));
    let four = memristor("constant_step", &[("pulses", "one"), ("devices", "4")], (0.0, 1.0));
    let step = |m: &Memristor, changes: usize| {
        let mut kept = Kept { key: 3, ..Kept::default() };
        let mut g = m.program(0.5, &mut kept);
        (0..changes).for_each(|_| g = m.change(g, 1.0, &mut kept, Time::ZERO, &mut Default::default()));
        (m.weight(g, &kept, Time::ZERO, &mut Visit::default()) - 0.5, kept.held.map(|h| h.g))
    };
    assert!((step(&one, 1).0 - 4.0 * step(&four, 1).0).abs() < 1e-12);
    assert!((step(&one, 1).0 - step(&four, 4).0).abs() < 1e-12);
    let [a, b, c, d, ..] = step(&four, 4).1;
    // The first one's conductance is the synapse's value, which comes back from `change`.
    assert!(b == c && c == d && (a - b).abs() < 1e-18, "{a} {b} {c} {d}");
}

#[test]
fn the_turn_is_at_pulses_so_that_changes_worth_less_than_one_pass_no_device_by() {
    for (pair, sides) in [("none", 1), ("push_pull", 2), ("one_sided", 2)] {
        let changes = [("pulses", "carry"), ("devices", "2"), ("endurance", "{ pulses = 1e9 }"), ("pair", pair)];
        let m = memristor("constant_step", &changes, (0.0, 1.0));
        let mut kept = Kept { key: 3, ..Kept::default() };
        let mut g = m.program(0.5, &mut kept);
        // Half a pulse each (and a little, for rounding), so every second change is one.
        let half = 0.500_001 * if pair == "one_sided" { 0.5 } else { 1.0 } * 1e-6 / 99e-6 / 2.0;
        let mut give = |dw| (0..16).for_each(|_| g = m.change(g, dw, &mut kept, Time::ZERO, &mut Default::default()));
        give(half);
        if pair == "one_sided" {
            give(-half);
        }
        let pulses = kept.held.map(|held| held.pulses);
        assert!(pulses[..2 * sides].iter().all(|p| (3..=4).contains(p)), "{pair}: {pulses:?}");
    }
}

#[test]
fn a_weight_beyond_a_devices_own_bound_starts_at_that_bound() {
    for more in ["0", "1e-30 S"] {
        // With write noise a synapse is no plain device; both ways must agree.
        let mut changes = vec![("sigma_g_min", "0.2"), ("sigma_g_max", "0.2")];
        if more != "0" {
            changes.push(("write_noise", more));
        }
        let m = memristor("soft_bounds", &changes, (0.0, 1.0));
        assert_eq!(m.is_plain(), more == "0");
        let starts =
            |w: f64| (0..400).map(|key| m.program(w, &mut Kept { key, ..Kept::default() })).collect::<Vec<_>>();
        let (c, low, high) = (&m.device.common, starts(0.0), starts(1.0));
        // Half of the devices reach beyond the common bound, half end before it.
        for (found, bound) in [(low, c.g_min), (high, c.g_max)] {
            let there = found.iter().filter(|g| (*g - bound).abs() < 1e-18).count();
            assert!(
                (150..250).contains(&there) && found.iter().any(|g| (g - bound).abs() > 0.1 * c.range()),
                "{there}"
            );
        }
    }
}

#[test]
fn a_weight_keeps_its_sign_where_a_devices_own_range_is_wider() {
    for w_max in [1.0, -1.0] {
        let m =
            memristor("soft_bounds", &[("sigma_g_min", "0.2"), ("g_min", "50 uS"), ("pulses", "one")], (0.0, w_max));
        let mut below = 0;
        for key in 0..200 {
            let mut kept = Kept { key, ..Kept::default() };
            let mut g = m.program(0.0, &mut kept);
            (0..50).for_each(|_| g = m.change(g, -w_max, &mut kept, Time::ZERO, &mut Default::default()));
            below += u32::from(g < 49e-6);
            let seen = [
                m.weight(g, &kept, Time::ZERO, &mut Visit::default()),
                m.held(m.read(g, &kept, 0, Time::ZERO, &mut Default::default())),
            ];
            assert!(seen.iter().all(|w| w * w_max >= 0.0), "{g}: {seen:?}");
        }
        assert!(below > 50, "{below}");
    }
}

#[test]
fn shares_of_stuck_devices_come_out_and_do_not_move() {
    let m = memristor(
        "constant_step",
        &[("stuck_low", "0.1"), ("stuck_high", "0.2"), ("stuck_between", "0.05"), ("pulses", "one")],
        (0.0, 1.0),
    );
    let (mut low, mut high, mut between) = (0, 0, 0);
    let n = 20_000;
    for key in 0..n {
        let mut kept = Kept { key, ..Kept::default() };
        let mut visit = Visit::default();
        let g = m.program(0.5, &mut kept);
        let after = m.change(g, 1.0, &mut kept, Time::ZERO, &mut visit);
        assert_eq!(visit.price.set_pulses, 1, "a pulse to a stuck device costs what it costs");
        if after == g {
            match m.weight(g, &kept, Time::ZERO, &mut Visit::default()) {
                w if w < 1e-12 => low += 1,
                w if w > 1.0 - 1e-12 => high += 1,
                _ => between += 1,
            }
        }
    }
    for (count, share) in [(low, 0.1), (high, 0.2), (between, 0.05)] {
        let expected = share * n as f64;
        assert!((f64::from(count) - expected).abs() < 4.0 * (expected * (1.0 - share)).sqrt(), "{count} {expected}");
    }
}

#[test]
fn drift_and_relaxation_follow_their_laws_at_exact_times() {
    let after = |name: &str, value: &str, t: f64| {
        let m = memristor("constant_step", &[(name, value), ("g_min", "0 uS"), ("pulses", "one")], (0.0, 1.0));
        let mut kept = Kept::default();
        let g = m.program(0.5, &mut kept);
        let early = m.weight(g, &kept, Time::from_ms(1e3 * t), &mut Visit::default());
        // A pulse starts the clock anew, from where the device is.
        let at = Time::from_ms(5000.0);
        let g = m.change(g, 1.0, &mut kept, at, &mut Default::default());
        (early, m.weight(g, &kept, at + Time::from_ms(1e3 * t), &mut Visit::default()) - 0.01)
    };
    for t in [0.0, 0.123, 3.0, 4000.0] {
        let (early, late) = after("drift", "{ nu = 0.05, t_0 = '2 s' }", t);
        let factor = |t: f64| ((t + 2.0) / 2.0f64).powf(-0.05);
        assert!((early - 0.5 * factor(t)).abs() < 1e-12, "{t}: {early}");
        assert!((late + 0.01 - (0.5 * factor(5.0) + 0.01) * factor(t)).abs() < 1e-12, "{t}: {late}");
        let (early, late) = after("retention", "{ tau = '3 s', g_inf = '20 uS' }", t);
        let relaxed = |w: f64, t: f64| 0.2 + (w - 0.2) * (-t / 3.0f64).exp();
        assert!((early - relaxed(0.5, t)).abs() < 1e-12, "{t}: {early}");
        assert!((late + 0.01 - relaxed(relaxed(0.5, 5.0) + 0.01, t)).abs() < 1e-12, "{t}: {late}");
    }
    // Twice as hot, with a barrier: Arrhenius.
    let tau = |kelvin: &str| {
        let value = format!("{{ tau = '1 h', g_inf = '0 S', activation_energy = '0.5 eV', temperature = '{kelvin}' }}");
        spec::device("soft_bounds", &[("retention".into(), value)])
            .unwrap()
            .device()
            .unwrap()
            .ageing
            .retention
            .unwrap()
            .tau
    };
    assert!((tau("300 K") / 3600.0 - 1.0).abs() < 1e-12);
    let expected = (0.5 / 8.617333262e-5 * (1.0 / 350.0 - 1.0 / 300.0f64)).exp();
    assert!((tau("350 K") / 3600.0 / expected - 1.0).abs() < 1e-9, "{}", tau("350 K"));
}

#[test]
fn a_worn_device_no_longer_responds() {
    let m = memristor("constant_step", &[("endurance", "{ pulses = 3 }"), ("pulses", "one")], (0.0, 1.0));
    let mut kept = Kept::default();
    let mut g = m.program(0.5, &mut kept);
    for n in 0..6 {
        let before = g;
        g = m.change(g, 1.0, &mut kept, Time::ZERO, &mut Default::default());
        assert_eq!(g > before, n < 3, "pulse {n}");
    }
}

#[test]
fn two_states_switch_with_their_chances_and_learn_the_mean_of_what_is_asked() {
    let m = memristor("two_state", &[("p_up", "0.2"), ("p_down", "0.1"), ("pulses", "one")], (0.0, 1.0));
    let c = &m.device.common;
    let n = 20_000;
    let switched = |start: f64, dw: f64| {
        let count = (0..n)
            .filter(|&key| {
                let mut kept = Kept { key, ..Kept::default() };
                let g = if start > 0.5 { c.g_max } else { c.g_min };
                kept.held[0].g = g;
                m.change(g, dw, &mut kept, Time::ZERO, &mut Default::default()) != g
            })
            .count();
        count as f64 / n as f64
    };
    for (start, dw, p) in [(0.0, 1.0, 0.2), (1.0, -1.0, 0.1), (1.0, 1.0, 0.0), (0.0, -1.0, 0.0)] {
        let found = switched(start, dw);
        assert!((found - p).abs() <= 4.0 * (p * (1.0 - p) / n as f64).sqrt(), "{start} {dw}: {found} {p}");
    }
    // Weights between the states start in one of them, right in the mean.
    let mean: f64 = (0..n)
        .map(|key| {
            m.weight(
                m.program(0.3, &mut Kept { key, ..Kept::default() }),
                &Kept { key, ..Kept::default() },
                Time::ZERO,
                &mut Visit::default(),
            )
        })
        .sum::<f64>()
        / n as f64;
    assert!((mean - 0.3).abs() < 4.0 * (0.21 / n as f64).sqrt(), "{mean}");
}

#[test]
fn faults_that_make_no_sense_are_explained() {
    let refused = |device: &str| {
        spec::parse(&network(device, ""), "test", std::path::Path::new(""), &[]).unwrap_err().to_string()
    };
    for (device, words) in [
        ("soft_bounds = { stuck_low = 0.6, stuck_high = 0.6 }", "expected at most 1"),
        ("soft_bounds = { stuck_low = 1.6 }", "between 0 and 1"),
        ("soft_bounds = { one_sided = true }", "one-sided"),
        ("soft_bounds = { one_sided = true, pair = 'push_pull' }", "can't be depressed in steps"),
        ("two_state = { sigma_c2c = 0.2 }", "sigma_switch is what"),
        ("two_state = { pulse_noise = '1 uS' }", "sigma_switch is what"),
        ("two_state = { noise_slope = 0.1 }", "sigma_switch is what"),
        ("soft_bounds = { refresh = 0.7 }", "pair = \"one_sided\""),
        ("soft_bounds = { devices = 5, pair = 'one_sided' }", "from 1 to 4"),
        ("soft_bounds = { pcm_statistics = true, drift = { nu = 0.1 } }", "states it already"),
        ("soft_bounds = { retention = { tau = '1 s' } }", "needs `g_inf`"),
        ("soft_bounds = { drift = { nu = 0.1, t_0 = '0 s' } }", "more than 0"),
    ] {
        let error = refused(device);
        assert!(error.contains(words), "{device}: {error}");
    }
}

#[test]
fn joules_pulses_and_static_power_are_counted_and_null_where_a_price_is_missing() {
    let (_, outcome) =
        run_with(&network(&format!("soft_bounds = {{ pulses = 'one' {PRICES} }}"), ""), 1, &Options::default());
    let p = &outcome.summary.projections["p"];
    let of = |v: &Value| v.as_f64().unwrap();
    let synapses = of(&p["synapses"]);
    assert!((of(&p["energy_j"]["static"]) - synapses * 2e-9 * 0.3).abs() < 1e-12 * synapses, "{p}");
    let sum = of(&p["energy_j"]["read"]) + of(&p["energy_j"]["set"]) + of(&p["energy_j"]["reset"]);
    assert!((of(&p["energy_per_event_j"]) - sum / of(&p["reads"])).abs() < 1e-20, "{p}");
    // Over a dendritic delay some have been read whose events come after the end.
    assert!(of(&p["reads"]) >= of(&p["events"]) && of(&p["reads"]) < 1.05 * of(&p["events"]), "{p}");
    let (_, outcome) =
        run_with(&network("soft_bounds = { read = { v = '0.1 V', width = '10 ns' } }", ""), 1, &Options::default());
    let p = &outcome.summary.projections["p"];
    assert!(p["energy_j"]["read"].is_number() && p["pulses"]["set"].as_u64().unwrap() > 0);
    for missing in [&p["energy_j"]["set"], &p["energy_j"]["reset"], &p["energy_j"]["static"], &p["energy_per_event_j"]]
    {
        assert!(missing.is_null(), "{p}");
    }
}

#[test]
fn a_run_has_its_price_on_a_chip() {
    let with = |energy: &str| {
        let text = network("soft_bounds = {}", "") + energy;
        serde_json::to_value(&run_with(&text, 1, &Options::default()).1.summary).unwrap()
    };
    let summary = with("[energy]\nprices = 'loihi'\nspike = '2 nJ'\n");
    let (events, energy) = (summary["synaptic_events"].as_f64().unwrap(), &summary["energy"]);
    assert!((energy["synaptic_events_j"].as_f64().unwrap() - 23.6e-12 * events).abs() < 1e-20, "{energy}");
    assert_eq!(energy["spikes_j"], 0.0, "sources are no neurons");
    assert!(energy["static_j"].is_null() && energy["source"].as_str().unwrap().contains("Davies"), "{energy}");
    assert!(with("")["energy"].is_null());
    let text = network("soft_bounds = {}", "") + "[energy]\nprices = 'loihe'\n";
    let error = spec::parse(&text, "test", std::path::Path::new(""), &[]).unwrap_err().to_string();
    assert!(error.contains("loihi"), "{error}");
}
