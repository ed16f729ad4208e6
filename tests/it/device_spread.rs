//! How devices of one kind differ from one another: bounds, steps, slopes, as the parameters and aihwkit's presets say.

use memspike::device::{Cell, DeviceModel, DeviceSpec};
use memspike::synapse::Memristor;

use crate::device_faults::memristor;

#[test]
fn bounds_and_steps_scatter_as_the_parameters_say() {
    let m = memristor("gokmen_vlasov", &[], (0.0, 1.0));
    let c = &m.device.common;
    let key = memspike::rng::StreamKey::new(1, memspike::rng::Purpose::Device, 2);
    let cells: Vec<Cell> = (0..20_000).map(|k| Cell::of(&m.device, key, k, 0)).collect();
    let moments = |f: &dyn Fn(&Cell) -> f64| {
        let mean = cells.iter().map(f).sum::<f64>() / cells.len() as f64;
        (mean, (cells.iter().map(|c| (f(c) - mean).powi(2)).sum::<f64>() / cells.len() as f64).sqrt())
    };
    let near = |(mean, std): (f64, f64), (m, s): (f64, f64)| {
        let scale = s / (cells.len() as f64).sqrt();
        assert!((mean - m).abs() < 4.0 * scale && (std - s).abs() < 4.0 * scale, "{mean} {std}, expected {m} {s}");
    };
    near(moments(&|c| 0.5 * (c.up + c.down)), (1.0, 0.3));
    near(moments(&|c| 0.5 * (c.up - c.down)), (0.0, 0.01));
    near(moments(&|cell| (cell.g_max - c.g_max) / c.range()), (0.0, 0.15));
    assert!(cells.iter().all(|cell| cell.g_min >= 0.0 && cell.g_min < cell.g_max));
}

#[test]
fn bounds_of_the_presets_scatter_as_widely_as_aihwkits_below_as_above() {
    // Spreads of the bounds in units of w, as aihwkit states them: of w_min and of w_max.
    for (name, below, above) in [
        ("re_ram_es", 0.3, 0.3),
        ("re_ram_sb", 0.3, 0.3),
        ("capacitor", 0.07, 0.07),
        ("ec_ram", 0.05 * 0.8276, 0.05 * 1.1724),
        ("idealized", 0.3, 0.3),
        ("gokmen_vlasov", 0.3, 0.3),
        ("re_ram_array_om", 0.5695, 0.3499),
        ("re_ram_array_hfo2", 0.599, 0.4295),
    ] {
        let m = memristor(name, &[], (0.0, 1.0));
        let (c, unit) = (&m.device.common, 50e-6);
        let key = memspike::rng::StreamKey::new(3, memspike::rng::Purpose::Device, 2);
        let cells: Vec<Cell> = (0..20_000).map(|k| Cell::of(&m.device, key, k, 0)).collect();
        // aihwkit folds them at w = 0, too.
        let folded = |bound: f64, sigma: f64| {
            let normal = |k: usize| memspike::device::normal(((k as f64 + 0.5) / 20_000.0 * 4_294_967_296.0) as u32);
            let all: Vec<f64> = (0..20_000).map(|k| (bound + sigma * normal(k)).abs()).collect();
            let mean = all.iter().sum::<f64>() / 20_000.0;
            (mean, (all.iter().map(|w| (w - mean).powi(2)).sum::<f64>() / 20_000.0).sqrt())
        };
        let w_min = (c.anchor() - c.g_min) / unit;
        let w_max = (c.g_max - c.anchor()) / unit;
        let lower: Vec<f64> = cells.iter().map(|cell| (c.anchor() - cell.g_min) / unit).collect();
        let upper: Vec<f64> = cells.iter().map(|cell| (cell.g_max - c.anchor()) / unit).collect();
        for (end, (mean, std)) in [(lower, folded(w_min, below)), (upper, folded(w_max, above))] {
            let found = end.iter().sum::<f64>() / 20_000.0;
            let spread = (end.iter().map(|w| (w - found).powi(2)).sum::<f64>() / 20_000.0).sqrt();
            assert!(
                (found - mean).abs() < 0.03 * std && (spread / std - 1.0).abs() < 0.03,
                "{name}: {found} {spread}, expected {mean} {std}"
            );
        }
    }
}

#[test]
fn where_bounds_differ_steps_agree_at_the_anchor_as_they_do_in_aihwkit_at_weight_0() {
    let key = memspike::rng::StreamKey::new(5, memspike::rng::Purpose::Device, 2);
    let cells = |m: &Memristor| (0..20_000).map(|k| Cell::of(&m.device, key, k, 0)).collect::<Vec<_>>();
    let spread = |all: &[f64]| {
        let mean = all.iter().sum::<f64>() / all.len() as f64;
        (mean, (all.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / all.len() as f64).sqrt())
    };
    // The first pulse from w = 0: only dw_min and up_down differ, by 20 % and 5 %.
    let pcm = memristor("pcm", &[], (0.0, 1.0));
    let first: Vec<f64> = cells(&pcm).iter().map(|cell| pcm.device.step(cell, 0.0, true)).collect();
    let (mean, std) = spread(&first);
    assert!((std / mean - 0.2f64.hypot(0.05)).abs() < 0.004, "{}", std / mean);
    // Where steps up and down are equal: near w = 0 for every device, since they differ by up_down alone there.
    let sb = memristor("re_ram_sb", &[], (0.0, 1.0));
    let c = &sb.device.common;
    let balance = |cell: &Cell| {
        let (mut low, mut high) = (cell.g_min, cell.g_max);
        for _ in 0..60 {
            let g = 0.5 * (low + high);
            if sb.device.step(cell, g, true) > -sb.device.step(cell, g, false) { low = g } else { high = g }
        }
        (low - c.anchor()) / 50e-6
    };
    let mut all: Vec<f64> = cells(&sb).iter().map(|cell| balance(cell).abs()).collect();
    all.sort_by(f64::total_cmp);
    // 2 up_down N / (1/w_max - 1/w_min) over the device's own factor of steps; few that hardly move at all are far off.
    let (middle, expected) = (all[all.len() / 2], 0.6745 * 2.0 * 0.01 / (1.0 / 1.25 + 1.0 / 0.75));
    assert!((middle / expected - 1.0).abs() < 0.1, "{middle} {expected}");
}

#[test]
fn steps_of_soft_bounds_need_an_anchor_between_their_bounds() {
    let refused = |given: &[(&str, f64)], model| DeviceSpec::with(model, given).device().unwrap_err();
    let end = refused(&[("g_min", 1e-6), ("g_max", 1e-4), ("anchor", 0.0)], DeviceModel::SoftBounds);
    assert!(end.parameter == "anchor" && end.to_string().contains("vanish"), "{end}");
    // It goes along with the range.
    let moved = memristor("re_ram_sb", &[("g_min", "5 uS"), ("g_max", "105 uS")], (0.0, 1.0));
    assert!((moved.device.common.anchor() - 42.5e-6).abs() < 1e-18);
}

#[test]
fn a_lognormal_spread_of_depressing_steps_is_its_own_multiple() {
    let changes = [("sigma_d2d", "0.4"), ("d2d", "\"lognormal\""), ("spread_down", "0.5")];
    let m = memristor("constant_step", &changes, (0.0, 1.0));
    let key = memspike::rng::StreamKey::new(1, memspike::rng::Purpose::Device, 2);
    for cell in (0..100).map(|k| Cell::of(&m.device, key, k, 0)) {
        assert!((cell.up.ln() - 2.0 * cell.down.ln()).abs() < 1e-12 && cell.up != 1.0, "{cell:?}");
    }
}

#[test]
fn slopes_of_devices_scatter_around_nominal_ones_of_either_sign_and_keep_it() {
    for slope in [-0.6, 0.6] {
        let [nominal, sigma] = [slope, 0.1].map(|x: f64| x.to_string());
        let m = memristor("linear_step", &[("slope_down", &nominal), ("sigma_slope_down", &sigma)], (0.0, 1.0));
        let key = memspike::rng::StreamKey::new(1, memspike::rng::Purpose::Device, 2);
        let slopes: Vec<f64> = (0..2000).map(|k| slope + Cell::of(&m.device, key, k, 0).slope[1]).collect();
        let mean = slopes.iter().sum::<f64>() / 2000.0;
        assert!((mean - slope).abs() < 0.01 && slopes.iter().all(|s| s * slope > 0.0), "{slope}: {mean}");
    }
}
