//! Pulse devices against the recurrences of the reference, pulse by pulse, and the presets against the parameters that they
//! restate.

use memspike::device::{Cell, Device, DeviceSpec, Law};
use memspike::spec;
use serde_json::Value;

use crate::stored::{numbers, stored};

/// A reference case.
pub fn case(name: &str) -> Value {
    stored(&format!("reference/memristor/{name}.json"))
}

/// A list of numbers; none if it is absent.
pub fn list(case: &Value, key: &str) -> Option<Vec<f64>> {
    case[key].is_array().then(|| numbers(&case[key]))
}

/// Directions of the pulses of a case.
pub fn ups(case: &Value) -> Vec<bool> {
    let count = |k: &str| case[k].as_u64().unwrap_or(0) as usize;
    match list(case, "pulse_signs") {
        Some(signs) => signs.iter().map(|s| *s > 0.0).collect(),
        None => [vec![true; count("n_up")], vec![false; count("n_down")]].concat(),
    }
}

fn device(name: &str, changes: &[(&str, String)]) -> Device {
    let changes: Vec<(String, String)> = changes.iter().map(|(k, v)| (k.to_string(), v.clone())).collect();
    spec::device(name, &changes).unwrap().device().unwrap()
}

/// Applies the pulses of a case to `device`, whose range stands for [w_min, w_max], and compares after each.
fn follow(name: &str, device: &Device) {
    let case = case(name);
    let p = |k: &str| case["params"][k].as_f64().unwrap();
    let (low, high) = (p("w_min"), p("w_max"));
    let c = &device.common;
    let to_g = |w: f64| c.g_min + c.range() * (w - low) / (high - low);
    let cell = Cell::nominal(c);
    let mut g = to_g(case["w0"].as_f64().unwrap());
    let expected = list(&case, "weight_after_each_pulse").unwrap();
    assert_eq!(expected.len(), ups(&case).len());
    for (n, (up, w)) in ups(&case).into_iter().zip(expected).enumerate() {
        g = device.pulse(&cell, g, up, 0, || 0);
        assert!((g - to_g(w)).abs() < 1e-12 * c.range().max(to_g(w)), "{name}, pulse {n}: {g:e} {:e}", to_g(w));
    }
}

#[test]
fn presets_repeat_the_recurrences_of_aihwkit() {
    for (preset, case) in [
        ("gokmen_vlasov", "pulse_constant_GokmenVlasov"),
        ("re_ram_es", "pulse_expstep_ReRamES"),
        ("re_ram_sb", "pulse_softbounds_ReRamSB"),
        ("capacitor", "pulse_linear_Capacitor"),
        ("ec_ram", "pulse_linear_EcRam"),
    ] {
        follow(case, &device(preset, &[("ideal", "true".into())]));
    }
}

#[test]
fn other_devices_repeat_the_recurrences_of_the_reference() {
    // One unit of weight is 100 uS / (w_max - w_min); steps at the bound are restated at mid-range.
    let range = [("g_min", "5 uS".to_string()), ("g_max", "105 uS".to_string())];
    let with = |model: &str, more: &[(&str, String)]| device(model, &[&range[..], more].concat());
    let micro = |g: f64| format!("{g:e} uS");
    let half = 2f64.powf(-1.5);
    let pow = with(
        "pow_step",
        &[
            ("gamma_up", "1.5".into()),
            ("gamma_down", "1.5".into()),
            ("dg_up", micro(0.005 * half * 100.0 / 1.2)),
            ("dg_down", micro(0.005 * half * 100.0 / 1.2)),
        ],
    );
    follow("pulse_pow_gamma1p5", &pow);
    // The factors at mid-range are 0.95 and 0.9; up_down = 0.1 takes a tenth off the steps down.
    let piecewise = with(
        "piecewise_step",
        &[
            ("factors_up", "[1.5, 1.0, 0.9, 0.3]".into()),
            ("factors_down", "[0.2, 0.8, 1.0, 1.6]".into()),
            ("dg_up", micro(0.004 * 0.95 * 100.0 / 1.4)),
            ("dg_down", micro(0.9 * 0.004 * 0.9 * 100.0 / 1.4)),
        ],
    );
    follow("pulse_piecewise", &piecewise);
    let fade = (-1.5f64).exp();
    let querlioz = with(
        "querlioz",
        &[("dg_up", micro(0.01 * fade * 100.0 / 0.9999)), ("dg_down", micro(0.005 * fade * 100.0 / 0.9999))],
    );
    follow("pulse_querlioz", &querlioz);
    let soft = with(
        "soft_bounds",
        &[("dg_up", micro(0.9 * 0.01 * 0.8 / 0.9 * 100.0 / 1.6)), ("dg_down", micro(0.01 * 0.8 / 0.7 * 100.0 / 1.6))],
    );
    follow("pulse_softbounds_random", &soft);
}

#[test]
fn neurosim_moves_along_its_curve_one_pulse_at_a_time() {
    let case = case("pulse_neurosim_ltp");
    let p = |k: &str| case["params"][k].as_f64().unwrap();
    let device = device(
        "neurosim",
        &[
            ("g_min", format!("{:e} S", p("G_min"))),
            ("g_max", format!("{:e} S", p("G_max"))),
            ("levels_up", p("max_levels").to_string()),
            ("levels_down", p("max_levels").to_string()),
            ("nonlinearity_up", p("A_norm").to_string()),
            ("nonlinearity_down", p("A_norm").to_string()),
        ],
    );
    let cell = Cell::nominal(&device.common);
    let mut g = case["G0"].as_f64().unwrap();
    for (up, expected) in ups(&case).into_iter().zip(list(&case, "G_after_each_pulse").unwrap()) {
        g = device.pulse(&cell, g, up, 0, || 0);
        assert!((g - expected).abs() < 1e-12 * expected.max(device.common.range()), "{g:e} {expected:e}");
    }
}

#[test]
fn every_preset_stands_for_aihwkits_figures() {
    // dw_min, w_min, w_max, device-to-device spread, relative spreads of both bounds.
    for (name, dw, low, high, d2d, min_d2d, max_d2d) in [
        ("capacitor", 0.005, -1.0, 1.0, 0.1, 0.07, 0.07),
        ("ec_ram", 0.002, -0.8276, 1.1724, 0.1, 0.05, 0.05),
        ("ec_ram_mo", 2.8214e-4, -0.8286, 1.1714, 0.1, 0.05, 0.05),
        ("idealized", 0.0002, -1.0, 1.0, 0.3, 0.3, 0.3),
        ("gokmen_vlasov", 0.0016, -1.0, 1.0, 0.3, 0.3, 0.3),
        ("re_ram_sb", 0.002, -0.75, 1.25, 0.3, 0.4, 0.24),
        ("re_ram_array_om", 0.0949, -1.0, 1.0, 0.7829, 0.5695, 0.3499),
        ("re_ram_array_hfo2", 0.4622, -1.0, 1.0, 0.7125, 0.5990, 0.4295),
    ] {
        let d = device(name, &[]);
        let (c, cell) = (&d.common, Cell::nominal(&d.common));
        let unit = c.range() / (high - low);
        // At w = 0 a step is dw_min, whatever the shape.
        let zero = c.g_min - low * unit;
        for up in [true, false] {
            let step = d.step(&cell, zero, up).abs() / unit;
            assert!((step - dw).abs() < 1e-12, "{name} {up}: {step} {dw}");
        }
        assert_eq!(c.sigma_d2d, d2d, "{name}");
        // Of gamma, in steps that grow by gamma dw_min/w_bound for each unit of w.
        if let Law::LinearStep(law) = &d.law {
            let gamma_dtod = if name == "capacitor" { 0.01 } else { 0.05 };
            for (sigma, step, bound) in [(law.spread()[0], c.dg_up, high), (law.spread()[1], c.dg_down, -low)] {
                let slope = sigma * step / unit / (0.5 * (high - low));
                assert!((slope * bound / (gamma_dtod * dw) - 1.0).abs() < 1e-9, "{name}: {slope}");
            }
        }
        assert!((c.sigma_g_max * c.range() - max_d2d * high * unit).abs() < 1e-18, "{name}");
        assert!((c.sigma_g_min * c.range() + min_d2d * low * unit).abs() < 1e-18, "{name}");
        let ideal = device(name, &[("ideal", "true".into())]).common;
        let spreads = [ideal.sigma_d2d, ideal.sigma_g_min, ideal.sigma_g_max, ideal.sigma_c2c, ideal.pulse_noise];
        assert_eq!(spreads, [0.0; 5], "{name}");
    }
}

#[test]
fn a_shipped_set_is_used_like_one_of_the_models_own() {
    let text = |device: &str| {
        format!(
            "simulation.duration = '1 s'\n{}\npopulation.a = {{ size = 1, source.poisson = {{ rate = '1 Hz' }} }}\n\
             [projection.p]\nsource = 'a'\ntarget = 'a'\nconnect = 'all_to_all'\nw_max = 1.0\nweight = 0.5\n{device}\n",
            if device.contains("mine") { "device.mine.ec_ram = { sigma_c2c = 0.1 }" } else { "" }
        )
    };
    let read = |device: &str| spec::parse(&text(device), "test", std::path::Path::new(""), &[]);
    let of = |device: &str| read(device).unwrap().projections[0].device.clone().unwrap();
    // As text, for what was not given is NaN.
    let same = |a: &DeviceSpec, b: &DeviceSpec| assert_eq!(format!("{a:?}"), format!("{b:?}"));
    same(&of("device = 'ec_ram'"), &spec::device("ec_ram", &[]).unwrap());
    same(&of("device.ec_ram = { sigma_c2c = 0.1 }"), &of("device = 'mine'"));
    let error = read("device = 'ec_rom'").unwrap_err().to_string();
    assert!(error.contains("ec_ram"), "{error}");
    let taken = text("device = 'ec_ram'").replacen('\n', "\ndevice.ec_ram.querlioz = {}\n", 1);
    let error = spec::parse(&taken, "test", std::path::Path::new(""), &[]).unwrap_err().to_string();
    assert!(error.contains("ships with memspike"), "{error}");
}

#[test]
fn parameters_that_make_no_sense_are_refused_where_they_are_written() {
    for (device, place, words) in [
        ("soft_bounds = { dg_up = '90 uS' }", "dg_up", "step at the far bound"),
        ("linear_step = { slope_up = 1.5 }", "slope_up", "the wrong way"),
        ("exp_step = { a_up = 5.0 }", "a_up", "mid-range"),
        ("piecewise_step = { factors_up = [1.0] }", "factors_up", "at least two"),
        ("neurosim = { nonlinearity_up = 0.0 }", "nonlinearity_up", "straight line"),
        ("two_state = { p_up = 0.0 }", "p_up", "ever switch"),
        ("two_state = { p_up = 2.0 }", "p_up", "between 0 and 1"),
        ("constant_step = { sigma_d2d = -0.1 }", "sigma_d2d", "0 or more"),
        ("constant_step = { g_min = '1 mS' }", "g_min", "nothing to learn"),
        ("constant_step = { levels = 1.5 }", "levels", "whole number"),
        ("constant_step = { retention = { tau = '1 s', g_inf = '101 uS' } }", "g_inf", "fully set"),
    ] {
        let text = format!(
            "simulation.duration = '1 s'\npopulation.a = {{ size = 1, neuron = 'lif_delta' }}\n[device.mine]\n{device}\n"
        );
        let error = spec::parse(&text, "test", std::path::Path::new(""), &[]).unwrap_err().to_string();
        assert!(error.contains(place) && error.contains(words), "{device}: {error}");
        assert!(error.contains("test:4"), "{device}: {error}");
    }
}
