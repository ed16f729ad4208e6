//! `memspike device`: the reference cases from the command line, files of devices, and mistakes.

use memspike::device::{DeviceModel, DeviceSpec, pcm};
use serde_json::Value;

use crate::cli::{bad, good, memspike, workplace};
use crate::device_pulses::{case, list};

fn json(args: &[&str]) -> Value {
    crate::cli::json(workplace(), args)
}

fn numbers(value: &Value, key: &str) -> Vec<f64> {
    list(value, key).unwrap_or_else(|| panic!("{key} in {value}"))
}

/// The range stands for [low, high] of the reference.
fn same(found: &Value, expected: &[f64], (low, high): (f64, f64), what: &str) {
    let (g_min, g_max) = (found["g_min_S"].as_f64().unwrap(), found["g_max_S"].as_f64().unwrap());
    let course = numbers(found, "nominal_S");
    assert_eq!(course.len(), expected.len(), "{what}");
    for (n, (g, w)) in course.iter().zip(expected).enumerate() {
        let wanted = g_min + (g_max - g_min) * (w - low) / (high - low);
        assert!((g - wanted).abs() < 1e-12 * (g_max - g_min).max(wanted), "{what}, pulse {n}: {g:e} {wanted:e}");
    }
    // Without spread and noise all cells and cycles are the same; sums over them round.
    let mean = numbers(found, "mean_S");
    assert!(mean.iter().zip(&course).all(|(m, g)| (m - g).abs() < 1e-12 * g_max), "{what}");
    assert!(numbers(found, "std_cells_S").iter().all(|s| *s < 1e-12 * g_max), "{what}");
}

#[test]
fn a_reference_case_is_one_command() {
    for (preset, name) in [
        ("re_ram_es", "pulse_expstep_ReRamES"),
        ("pcm", "pulse_expstep_PCM"),
        ("ec_ram", "pulse_linear_EcRam"),
        ("gokmen_vlasov", "pulse_constant_GokmenVlasov"),
    ] {
        let case = case(name);
        let count = |k: &str| case[k].to_string();
        let found = json(&[
            "device",
            "pulses",
            preset,
            "--up",
            &count("n_up"),
            "--down",
            &count("n_down"),
            "--set",
            "ideal=true",
            "--json",
            "--cells",
            "3",
            "--cycles",
            "2",
        ]);
        let p = |k: &str| case["params"][k].as_f64().unwrap();
        same(&found, &list(&case, "weight_after_each_pulse").unwrap(), (p("w_min"), p("w_max")), name);
    }
}

#[test]
fn a_worn_device_responds_to_as_many_pulses_as_it_survives() {
    let args = ["device", "pulses", "constant_step", "--set", "endurance.pulses=5", "--up", "9", "--down", "0"];
    let found = json(&[&args[..], &["--cells", "3", "--cycles", "1", "--json"]].concat());
    let mean = numbers(&found, "mean_S");
    assert!((mean[4] - 6e-6).abs() < 1e-15 && mean[5..].iter().all(|g| (g - mean[4]).abs() < 1e-15), "{mean:?}");
    assert_eq!(numbers(&found, "nominal_S"), mean, "without noise they wear out too");
}

#[test]
fn what_is_worn_out_stays_where_it_is_cycle_after_cycle() {
    let args = ["device", "pulses", "constant_step", "--set", "endurance.pulses=5", "--up", "9", "--down", "0"];
    let found = json(&[&args[..], &["--cells", "3", "--cycles", "4", "--start", "0.5", "--json"]].concat());
    let (nominal, mean, cycles) =
        (numbers(&found, "nominal_S"), numbers(&found, "mean_S"), numbers(&found, "std_cycles_S"));
    // The first cycle climbs five steps; from then on all are where it ended.
    let end = nominal[8];
    for (k, mean) in mean.iter().enumerate() {
        assert!((mean - (nominal[k] + 3.0 * end) / 4.0).abs() < 1e-15, "{k}: {mean} {nominal:?}");
    }
    assert!(nominal[4] == end && nominal[3] < end && cycles[8] < 1e-12 && cycles[0] > 0.0, "{nominal:?} {cycles:?}");
    let noisy = json(&[&args[..], &["--set", "write_noise=1 uS", "--cells", "1", "--cycles", "2", "--json"]].concat());
    let mean = numbers(&noisy, "mean_S");
    assert!(mean[6..].iter().all(|g| *g == mean[5]), "nothing is written any more: {mean:?}");
}

#[test]
fn a_device_with_two_states_starts_in_either_with_the_mean_that_was_asked_for() {
    let args = ["device", "pulses", "two_state", "--set", "p_down=0.5", "--set", "g_min=0 S", "--start", "0.4"];
    let found = json(&[&args[..], &["--sequence=-+", "--cells", "4000", "--cycles", "2", "--json"]].concat());
    let (nominal, mean) = (numbers(&found, "nominal_S"), numbers(&found, "mean_S"));
    // Half of the 40 % that were high; then a fifth of the rest is set.
    for (k, share) in [0.2, 0.2 + 0.8 * 0.2].into_iter().enumerate() {
        assert!((nominal[k] - share * 1e-4).abs() < 1e-17, "{nominal:?}");
        let error = (share * (1.0 - share) / 8000.0f64).sqrt();
        assert!((mean[k] / 1e-4 - share).abs() < 5.0 * error, "{mean:?}");
    }
}

/// Two cycles of a cell see half of the variance if it is taken over n, all of it over n - 1. Cells' means over two cycles have half of it,
/// which is no spread of cells.
#[test]
fn the_spread_of_pulses_is_that_of_what_they_are_drawn_from_however_few_cycles_there_are() {
    let args = ["device", "pulses", "constant_step", "--set", "dg_up=1 uS", "--set", "sigma_c2c=0.5", "--start", "0.5"];
    let spreads = |more: &[&str]| {
        let pulse = ["--up", "1", "--down", "0", "--cells", "4000", "--json"];
        let found = json(&[&args[..], &pulse[..], more].concat());
        (numbers(&found, "std_cycles_S")[0], numbers(&found, "std_cells_S")[0])
    };
    let (cycles, cells) = spreads(&["--cycles", "2"]);
    assert!((cycles / 0.5e-6 - 1.0).abs() < 0.06, "{cycles}");
    // The variance over cells is known to about 2 parts in a hundred of that of a cycle.
    assert!(cells < 0.5e-6 * 0.2, "{cells}");
    let (cycles, cells) = spreads(&["--cycles", "2", "--set", "sigma_d2d=0.4"]);
    // A device's own factor is one of its noise too.
    assert!((cycles / 0.5e-6 / 1.16f64.sqrt() - 1.0).abs() < 0.06, "{cycles}");
    assert!((cells / 0.4e-6 - 1.0).abs() < 0.08, "{cells}");
    // One cycle alone tells nothing of the others.
    let (cycles, cells) = spreads(&["--cycles", "1"]);
    assert!(cycles == 0.0 && (cells / 0.5e-6 - 1.0).abs() < 0.06, "{cycles} {cells}");
}

/// A device with two states is in one of them: the mean of many plus a standard deviation lies beyond.
#[test]
fn a_band_is_that_of_all_cells_and_cycles_within_what_these_had() {
    let folder = workplace();
    let args = ["device", "pulses", "two_state", "--up", "5", "--down", "5", "--cells", "200", "--cycles", "10"];
    let found: Value =
        serde_json::from_str(&good(&memspike(folder.path(), &[&args[..], &["--json", "-o", "a.svg"]].concat())))
            .unwrap();
    let (cycles, cells) = (numbers(&found, "std_cycles_S"), numbers(&found, "std_cells_S"));
    for (n, mean) in numbers(&found, "mean_S").iter().enumerate() {
        // Of a share s at the upper bound, the others at the lower one.
        let share = (mean - 1e-6) / 99e-6;
        let expected = 99e-6 * (share * (1.0 - share)).sqrt();
        let all = (cycles[n] * cycles[n] + cells[n] * cells[n]).sqrt();
        assert!((all / expected - 1.0).abs() < 0.02, "{n}: {all} {expected}");
        // The spread over cells has an uncertainty of its own, which is not cut off above.
        assert!(cells[n] < 0.15 * expected, "{n}: {} {expected}", cells[n]);
    }
    let svg = std::fs::read_to_string(folder.path().join("a.svg")).unwrap();
    assert!(svg.contains("within what these had"), "the caption");
    // Mean less standard deviation is below 0 soon after the start.
    assert!(!svg.contains(">-20<") && svg.contains(">20<"), "a tick at -20");
}

#[test]
fn what_a_set_device_shows_has_the_write_noise_at_all_times() {
    let args =
        ["device", "retention", "constant_step", "--set", "write_noise=3 uS", "--start", "50 uS", "--cells", "4000"];
    let found = json(&[&args[..], &["--time", "1s", "--time", "1h", "--json"]].concat());
    let std = numbers(&found["courses"][0], "std_S");
    assert!(std.len() == 2 && std.iter().all(|s| (s / 3e-6 - 1.0).abs() < 0.06), "{std:?}");
}

#[test]
fn a_sequence_of_pulses_comes_from_text_or_a_file() {
    let case = case("pulse_softbounds_random");
    let folder = workplace();
    let signs = list(&case, "pulse_signs").unwrap();
    let text: Vec<String> = signs.iter().map(|s| s.to_string()).collect();
    std::fs::write(folder.path().join("signs.csv"), text.join(",\n")).unwrap();
    let device = "[device.cell.soft_bounds]\ng_min = '5 uS'\ng_max = '105 uS'\n\
                  dg_up = '0.9 * 0.01 * 0.8 / 0.9 * 100 uS / 1.6'\ndg_down = '0.01 * 0.8 / 0.7 * 100 uS / 1.6'\n";
    std::fs::write(folder.path().join("cell.toml"), device).unwrap();
    let start = (0.7 / 1.6).to_string();
    let args = ["device", "pulses", "cell.toml", "--sequence", "signs.csv", "--start", &start, "--json"];
    let found: Value = serde_json::from_str(&good(&memspike(folder.path(), &args))).unwrap();
    same(&found, &list(&case, "weight_after_each_pulse").unwrap(), (-0.7, 0.9), "random");
    let plus: String = signs.iter().map(|s| if *s > 0.0 { '+' } else { '-' }).collect();
    let args = ["device", "pulses", "cell.toml", "--sequence", &plus, "--start", &start, "--json"];
    assert_eq!(serde_json::from_str::<Value>(&good(&memspike(folder.path(), &args))).unwrap(), found);
}

#[test]
fn pictures_and_tables_are_written() {
    let folder = workplace();
    let run = |args: &[&str]| good(&memspike(folder.path(), args));
    let said = run(&["device", "pulses", "re_ram_sb", "-o", "a.png", "--csv", "a.csv", "--up", "50", "--down", "30"]);
    assert!(said.contains("a.png") && said.contains("after pulse     50"), "{said}");
    let table = std::fs::read_to_string(folder.path().join("a.csv")).unwrap();
    assert!(table.starts_with("pulse,direction,nominal_S,mean_S,std_cells_S,std_cycles_S\n1,1,"), "{table}");
    assert_eq!(table.lines().count(), 81);
    run(&[
        "device",
        "retention",
        "pcm",
        "--set",
        "pcm_statistics=true",
        "-o",
        "b.svg",
        "--csv",
        "b.csv",
        "--cells",
        "20",
    ]);
    let svg = std::fs::read_to_string(folder.path().join("b.svg")).unwrap();
    assert!(svg.contains("1000") && svg.contains("25 uS"), "ticks and legend");
    assert!(std::fs::read_to_string(folder.path().join("b.csv")).unwrap().starts_with("start_S,time_s,mean_S"));
    bad(&memspike(folder.path(), &["device", "pulses", "re_ram_sb", "-o", "a.png"]), 2);
    let listed = run(&["device", "list"]);
    for name in ["constant_step", "two_state", "pcm", "re_ram_array_hfo2"] {
        assert!(listed.contains(name), "{listed}");
    }
}

#[test]
fn the_energy_of_a_loop_does_not_depend_on_the_samples_that_are_shown() {
    let energy = |samples: &str| {
        let args = ["device", "iv", "hp", "--state", "0.5", "--periods", "1", "--samples", samples, "--json"];
        json(&args)["energy_J"].as_f64().unwrap()
    };
    let fine = energy("20000");
    for samples in ["4", "8", "200"] {
        assert!((energy(samples) / fine - 1.0).abs() < 1e-6, "{samples}: {} {fine}", energy(samples));
    }
}

#[test]
fn the_course_without_noise_is_that_of_the_device() {
    let course = |args: &[&str], key: &str| numbers(&json(&[&["device", "pulses"], args, &["--json"]].concat()), key);
    let one_sided =
        ["soft_bounds", "--set", "one_sided=true", "--set", "ideal=true", "--start", "0.5", "--sequence=++-+"];
    let (nominal, mean) = (course(&one_sided, "nominal_S"), course(&one_sided, "mean_S"));
    assert!(nominal.iter().zip(&mean).all(|(a, b)| (a - b).abs() < 1e-12 * a), "{nominal:?} {mean:?}");
    // Of many devices with two states.
    let two = ["two_state", "--up", "20", "--down", "30", "--cells", "2000", "--cycles", "1"];
    let (nominal, mean) = (course(&two, "nominal_S"), course(&two, "mean_S"));
    let range = nominal.iter().fold(0.0_f64, |a, g| a.max(*g));
    assert!(nominal.iter().zip(&mean).all(|(a, b)| (a - b).abs() < 0.06 * range), "{nominal:?} {mean:?}");
}

#[test]
fn mistakes_are_explained() {
    let folder = workplace();
    let refused = |args: &[&str]| bad(&memspike(folder.path(), &[&["device"], args].concat()), 2);
    assert!(
        refused(&["pulses", "re_ram_ex"]).contains("did you mean re_ram_es"),
        "{}",
        refused(&["pulses", "re_ram_ex"])
    );
    assert!(refused(&["pulses", "pcm", "--start", "30 uS"]).contains("outside the device's range"));
    assert!(refused(&["pulses", "pcm", "--start", "30 mV"]).contains("share of the range"));
    assert!(refused(&["pulses", "pcm", "--sequence", "+x"]).contains("expected + and -"));
    assert!(refused(&["pulses", "pcm", "--cells", "0"]).contains("nothing to do"));
    assert!(refused(&["pulses", "pcm", "--cells", "99999999"]).contains("fewer cells"));
    assert!(refused(&["pulses", "none.toml"]).contains("no such file"));
    assert!(refused(&["retention", "pcm", "--stop", "0.5 s"]).contains("not after"));
    std::fs::write(folder.path().join("two.toml"), "[device.a]\nquerlioz = {}\n[device.b]\npcm = {}\n").unwrap();
    assert!(refused(&["pulses", "two.toml"]).contains("--pick: a, b"));
    let picked = good(&memspike(folder.path(), &["device", "pulses", "two.toml", "--pick", "b", "--cells", "2"]));
    assert!(picked.starts_with("b (exp_step)"), "{picked}");
    std::fs::write(folder.path().join("seq.csv"), "1,-1,1\n").unwrap();
    std::fs::write(folder.path().join("hp.toml"), "[device.a]\nhp = {}\n").unwrap();
    for args in [
        &["pulses", "pcm", "--sequence", "seq.csv", "--csv", "seq.csv", "--force"][..],
        &["pulses", "two.toml", "--pick", "a", "--csv", "two.toml", "--force"],
        &["retention", "two.toml", "--pick", "b", "--csv", "two.toml", "--force"],
        &["iv", "hp.toml", "--csv", "hp.toml", "--force"],
        &["stdp", "hp.toml", "--csv", "hp.toml", "--force"],
    ] {
        let said = refused(args);
        assert!(said.contains("is the file that is read"), "{args:?}: {said}");
    }
    std::fs::write(folder.path().join("none.toml"), "title = 'x'\n").unwrap();
    assert!(refused(&["pulses", "none.toml"]).contains("has no device"));
}

#[test]
fn phase_change_memory_has_the_moments_of_its_fit() {
    let case = case("pcm_statistics");
    let rows = case["rows"].as_array().unwrap();
    let times = list(&case, "times_after_programming_s").unwrap();
    let cells = 20_000.0f64;
    for row in rows {
        let g = row["g_uS"].as_f64().unwrap();
        let start = format!("{g} uS");
        let mut args = vec![
            "device",
            "retention",
            "soft_bounds",
            "--set",
            "g_min='0 uS'",
            "--set",
            "g_max='25 uS'",
            "--set",
            "dg_up='0.1 uS'",
            "--set",
            "dg_down='0.1 uS'",
            "--set",
            "pcm_statistics=true",
            "--start",
            &start,
            "--json",
            "--cells",
            "20000",
        ];
        let stamps: Vec<String> = times.iter().map(|t| format!("{t} s")).collect();
        stamps.iter().for_each(|t| args.extend(["--time", t]));
        let found = json(&args);
        let course = &found["courses"][0];
        let (mean, std, read) = (numbers(course, "mean_S"), numbers(course, "std_S"), numbers(course, "read_noise"));
        let sigma = row["sigma_prog_uS"].as_f64().unwrap() * 1e-6;
        // Just after programming: g +- sigma_prog, cut off at the ends of the range.
        let inside = g * 1e-6 - 5.0 * sigma > 0.0 && g * 1e-6 + 5.0 * sigma < 25e-6;
        if inside {
            assert!((mean[0] - g * 1e-6).abs() < 4.0 * sigma / cells.sqrt(), "{g}: {} ", mean[0]);
            assert!((std[0] / sigma - 1.0).abs() < 4.0 / (2.0 * cells).sqrt(), "{g}: {} {sigma}", std[0]);
            // Later the mean follows the drift of the mean exponent; the spread of exponents and of starts bends it, little at
            // first: the factor's second moment is sigma_nu^2 ln^2/2, and the exponent's own dependence on g adds as much.
            let expected = list(row, "g_mean_drift_uS").unwrap();
            let sigma_nu = row["sigma_nu"].as_f64().unwrap();
            for (i, t) in times.iter().enumerate() {
                let log = ((t + 20.0) / 20.0).ln();
                let bend = (sigma_nu * log).powi(2) + 0.016 * log * (sigma / (g * 1e-6)).powi(2);
                let spread = ((sigma / (g * 1e-6)).powi(2) + (sigma_nu * log).powi(2)).sqrt();
                let off = (mean[i] / (expected[i] * 1e-6) - 1.0).abs();
                assert!(off < bend + 4.0 * spread / cells.sqrt(), "{g} uS after {t} s: {off} {bend}");
            }
        }
        // The noise of a read depends on what was programmed, which scatters: exact where it does not depend on it.
        let expected = list(row, "sigma_read_rel").unwrap();
        for (found, expected) in read.iter().zip(expected) {
            let tolerance = if inside { 0.05 } else { 2.0 };
            assert!((found / expected - 1.0).abs() < tolerance, "{g} uS: {found} {expected}");
        }
    }
}

#[test]
fn the_fit_of_phase_change_memory_is_that_of_the_reference() {
    let case = case("pcm_statistics");
    for row in case["rows"].as_array().unwrap() {
        let of = |k: &str| row[k].as_f64().unwrap();
        let x = of("g_uS") / 25.0;
        for (found, expected) in [
            (pcm::sigma_program(x) * 25.0, of("sigma_prog_uS")),
            (pcm::mean_nu(x), of("mu_nu")),
            (pcm::sigma_nu(x), of("sigma_nu")),
            (pcm::read_noise(x), of("Q_s")),
        ] {
            assert!((found - expected).abs() < 1e-12 * expected, "{x}: {found} {expected}");
        }
        let device = DeviceSpec::with(
            DeviceModel::SoftBounds,
            &[("g_min", 0.0), ("g_max", 25e-6), ("dg_up", 1e-7), ("dg_down", 1e-7), ("pcm_statistics", 1.0)],
        );
        let device = device.device().unwrap();
        let g = of("g_uS") * 1e-6;
        let times = list(&case, "times_after_programming_s").unwrap();
        let (drift, noise) = (list(row, "g_mean_drift_uS").unwrap(), list(row, "sigma_read_rel").unwrap());
        for (i, &t) in times.iter().enumerate() {
            let after = device.ageing.after(&device.common, g, t, 0.0, 0.0) * 1e6;
            assert!((after - drift[i]).abs() < 1e-12 * drift[i], "{t}: {after} {}", drift[i]);
            let sigma = device.ageing.flicker_sigma(&device.common, g, t);
            assert!((sigma - noise[i]).abs() < 1e-12 * noise[i], "{t}: {sigma} {}", noise[i]);
        }
    }
}
