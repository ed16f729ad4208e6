//! `memspike device iv|stdp|fit` from the command line: the stored references come back from it.

use serde_json::Value;

use crate::cli::{bad, good, memspike, root, shell};
use crate::device_pulses::case;
use crate::stored::numbers;

fn json(args: &[&str]) -> Value {
    crate::cli::json(tempfile::tempdir().unwrap(), args)
}

#[test]
fn hysteresis_loops_come_back_from_the_command_line() {
    let hp = ["device", "iv", "hp", "--amplitude", "1.5V", "--frequency", "1Hz", "--state", "0.1", "--samples", "50"];
    let biolek = ["--set", "window=biolek", "--set", "p=2", "--json"];
    let vteam =
        ["device", "iv", "vteam", "--amplitude", "1 V", "--frequency", "50 MHz", "--state", "1 nm", "--samples", "50"];
    for (name, args) in [
        ("iv_hp_biolek_p2", [&hp[..], &biolek[..]].concat()),
        ("iv_vteam_default", [&vteam[..], &["--json"][..]].concat()),
    ] {
        let (found, case) = (json(&args), case(name));
        for (ours, theirs) in [("time_s", "time_s"), ("state", "state"), ("current_A", "current_A")] {
            let (a, b) = (numbers(&found[ours]), numbers(&case[theirs]));
            assert_eq!(a.len(), b.len());
            let largest = b.iter().fold(0.0_f64, |m, x| m.max(x.abs()));
            for (x, y) in a.iter().zip(&b) {
                assert!((x - y).abs() <= 1e-6 * y.abs() + 1e-12 * largest, "{name} {ours}: {x} {y}");
            }
        }
    }
}

#[test]
fn a_train_of_pulses_comes_back_from_the_command_line() {
    let pulses = "1.5 V:10ns x8, -1.35V:50 ns x12";
    let found = json(&["device", "iv", "stanford_rram", "--state", "1.4 nm", "--pulses", pulses, "--json"]);
    let case = case("pulse_stanford");
    let (a, b) = (numbers(&found["state"]), numbers(&case["state"]));
    assert_eq!(a.len(), b.len());
    assert!(a.iter().zip(&b).all(|(x, y)| (x - y).abs() <= 1e-4 * y), "{a:?} {b:?}");
    let (a, b) = (numbers(&found["conductance_S"]), numbers(&case["read_conductance_at_0p1V_S"]));
    assert!(a.iter().zip(&b).all(|(x, y)| (x - y).abs() <= 1e-3 * y));
    let volts = |v: &Value, key: &str| numbers(&v[key]);
    assert_eq!(volts(&found, "voltage_V"), volts(&case, "voltage_V"));
}

#[test]
fn an_stdp_window_comes_back_from_the_command_line() {
    let sets =
        ["v_on=-1 V", "v_off=1 V", "r_on=10 kohm", "r_off=1 Mohm", "k_on=-1e-6 m/s", "k_off=1e-6 m/s", "alpha_on=1"];
    let mut args = vec!["device", "stdp", "vteam", "--state", "0.6 nm", "--dt", "-90ms:90ms:3ms", "--json"];
    sets.iter().for_each(|s| args.extend(["--set", s]));
    let (found, case) = (json(&args), case("stdp_lb_vteam"));
    let (a, b) = (numbers(&found["dG_S"]), numbers(&case["dG_S"]));
    let largest = b.iter().fold(0.0_f64, |m, x| m.max(x.abs()));
    assert_eq!(a.len(), b.len());
    for (x, y) in a.iter().zip(&b) {
        assert!((x - y).abs() <= 1e-6 * y.abs() + 1e-9 * largest, "{x} {y}");
    }
    assert!(found["surface"]["error"].as_f64().unwrap() < 1e-3 && found["crosses_alone_V"].is_null());
}

#[test]
fn a_fit_finds_the_curve_that_made_the_pulses_and_its_set_can_be_used() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy(root().join("tests/data/devices/pulses.csv"), folder.path().join("pulses.csv")).unwrap();
    let args =
        ["device", "fit", "pulses.csv", "--as", "constant_step,soft_bounds,exp_step,neurosim", "-o", "my_cell.toml"];
    let text = good(&memspike(folder.path(), &[&args[..], &["-o", "fit.png", "-o", "fit.csv"][..]].concat()));
    let place = |name: &str| text.find(name).unwrap_or_else(|| panic!("no {name} in\n{text}"));
    assert!(place("neurosim") < place("constant_step"), "{text}");
    let found: Value =
        serde_json::from_str(&good(&memspike(folder.path(), &["device", "fit", "pulses.csv", "--json"]))).unwrap();
    assert_eq!((&found["devices"], found["pulses"].as_u64()), (&3.into(), Some(3 * 3 * 79)));
    let number = |key: &str| found[key].as_f64().unwrap();
    assert!((number("sigma_d2d") - 0.15).abs() < 0.05 && (number("sigma_c2c") - 0.08).abs() < 0.04, "{found}");
    let fits = found["fits"].as_array().unwrap();
    let of = |name: &str| fits.iter().find(|f| f["model"] == name).unwrap()["relative"].as_f64().unwrap();
    assert!(of("neurosim") < 0.1 && of("constant_step") > 0.3, "{found}");

    // The set as written, and the measurement itself, hold weights.
    std::fs::write(
        folder.path().join("table.toml"),
        "[device.mine]\ntable = { file = 'pulses.csv', g = 'G_uS', unit = 'uS', \
        direction = 'polarity', device = 'cell', cycle = 'cycle' }\n",
    )
    .unwrap();
    let sets = std::fs::read_to_string(folder.path().join("my_cell.toml")).unwrap();
    for (name, sets) in
        [("my_cell", sets), ("mine", std::fs::read_to_string(folder.path().join("table.toml")).unwrap())]
    {
        let model = format!(
            "{sets}\n[simulation]\nduration = '200 ms'\n[population.in]\nsize = 20\nsource.poisson = {{ rate = '50 Hz' }}\n[population.E]\n\
             size = 5\nneuron.lif_exp = {{ i_e = '400 pA' }}\n[projection.p]\nsource = 'in'\ntarget = 'E'\nconnect = 'all_to_all'\n\
             weight = '40 pA'\nw_max = '100 pA'\nplasticity.stdp = {{}}\ndevice = '{name}'\n"
        );
        std::fs::write(folder.path().join("m.toml"), model).unwrap();
        good(&memspike(folder.path(), &["run", "m.toml"]));
    }
    let listed = good(&memspike(folder.path(), &["device", "list", "table.toml"]));
    assert!(listed.contains("mine"), "{listed}");
}

#[test]
fn the_sets_that_ship_are_found_again_from_their_own_pulses() {
    let folder = tempfile::tempdir().unwrap();
    let run = |args: &[&str]| good(&memspike(folder.path(), args));
    let plain = "--set pair=none --set refresh=0 --set one_sided=false";
    for (preset, pulses, more) in [("re_ram_es", "200", ""), ("pcm", "60", plain)] {
        let set: Vec<&str> = more.split_whitespace().collect();
        let args =
            ["device", "pulses", preset, "--set", "ideal=true", "--up", pulses, "--down", pulses, "--cells", "1"];
        run(&[&args[..], &set, &["--cycles", "1", "--csv", "a.csv", "--force"]].concat());
        let models = "exp_step,querlioz,linear_step";
        let args = ["device", "fit", "a.csv", "--g", "nominal_S", "--unit", "S", "--as", models, "--json"];
        let found: Value = serde_json::from_str(&run(&args)).unwrap();
        assert_eq!(found["best"], "exp_step", "{found}");
        let relative = found["fits"][0]["relative"].as_f64().unwrap();
        // 3.80 % and 9.66 % where gamma has but one sign.
        assert!(relative < 2e-3, "{preset}: {relative}");
        assert!(found["sigma_c2c"].as_f64().unwrap() < 0.01, "{preset}: {}", found["sigma_c2c"]);
    }
}

#[test]
fn cells_of_the_other_polarity_are_an_error_until_they_are_turned() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let text = std::fs::read_to_string(root().join("tests/data/devices/pulses.csv")).unwrap();
    let flipped = text.replace(",reset,", ",*,").replace(",set,", ",reset,").replace(",*,", ",set,");
    std::fs::write(path("pulses.csv"), text).unwrap();
    std::fs::write(path("flip.csv"), flipped).unwrap();
    let fit = |file: &str, more: &[&str]| memspike(folder.path(), &[&["device", "fit", file, "--json"], more].concat());
    let error = bad(&fit("flip.csv", &["-o", "a.toml"]), 2);
    assert!(error.contains("pulses up lower the conductance") && error.contains("--reverse"), "{error}");
    assert!(!path("a.toml").exists());
    let figures = |file: &str, more: &[&str]| -> Value { serde_json::from_str(&good(&fit(file, more))).unwrap() };
    assert_eq!(figures("flip.csv", &["--reverse"])["fits"], figures("pulses.csv", &[])["fits"]);
    // A measured device is read by the same rules, that of the unit included.
    let listed = |more: &str| {
        let table = format!(
            "[device.mine.table]\nfile = 'flip.csv'\ng = 'G_uS'\ndirection = 'polarity'\ndevice = 'cell'\ncycle = 'cycle'\n{more}\n"
        );
        std::fs::write(path("t.toml"), table).unwrap();
        memspike(folder.path(), &["device", "list", "t.toml", "--json"])
    };
    assert!(bad(&listed(""), 2).contains("reverse = true"));
    let found: Value = serde_json::from_str(&good(&listed("reverse = true"))).unwrap();
    assert!(found["mine"]["g_max_S"].as_f64().unwrap() < 1e-3, "{found}");
}

#[test]
fn a_stuck_cell_is_named_and_leaves_the_law_of_the_others_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, stuck: bool| {
        let mut text = "G_uS,direction,cell\n".to_string();
        for cell in 0..4 {
            let mut g = 1.0;
            for pulse in 0..100 {
                let up = pulse < 50;
                g += if up { 0.04 * (100.0 - g) } else { -0.04 * (g - 1.0) };
                let g = if stuck && cell == 2 { 1.0 } else { g };
                if stuck || cell != 2 {
                    text += &format!("{g:.5},{},c{cell}\n", if up { "up" } else { "down" });
                }
            }
        }
        std::fs::write(folder.path().join(name), text).unwrap();
    };
    write("all.csv", true);
    write("good.csv", false);
    let fit = |name: &str| memspike(folder.path(), &["device", "fit", name, "--json"]);
    let told = fit("all.csv");
    let note = String::from_utf8_lossy(&told.stderr).into_owned();
    assert!(note.contains("do not move device c2, which stays at 1.000e-6 S") && note.contains("stuck_low"), "{note}");
    let found = |run: &std::process::Output| -> Value { serde_json::from_str(&good(run)).unwrap() };
    let (all, others) = (found(&told), found(&fit("good.csv")));
    assert_eq!((&all["best"], &all["fits"]), (&others["best"], &others["fits"]));
    // A network that looks it up says so too.
    let model = "simulation.duration = '10 ms'\npopulation.in = { size = 1, source.poisson.rate = '50 Hz' }\npopulation.E = { size = 1, neuron = 'lif_exp' }\n\
        [projection.p]\nsource = 'in'\ntarget = 'E'\nconnect = 'all_to_all'\nweight = '40 pA'\nw_max = '100 pA'\nplasticity = 'stdp'\n\
        device.table = { file = 'all.csv', g = 'G_uS', direction = 'direction', device = 'cell' }\n";
    std::fs::write(folder.path().join("m.toml"), model).unwrap();
    let checked = memspike(folder.path(), &["check", "m.toml"]);
    let said = String::from_utf8_lossy(&checked.stderr).into_owned() + &good(&checked);
    assert_eq!(said.matches("device c2").count(), 1, "{said}");
}

#[test]
fn a_row_without_a_direction_is_no_pulse_down() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("reads.csv"), "voltage,G_uS\n1.2,5\n0,5\n-1.2,4\n").unwrap();
    let error = bad(&memspike(folder.path(), &["device", "fit", "reads.csv", "--direction", "voltage"]), 2);
    assert!(error.contains("row 2") && error.contains("leave rows out that are no pulses, such as reads"), "{error}");
}

#[test]
fn the_examples_of_every_subcommand_run() {
    for command in ["iv", "stdp", "fit", "list"] {
        let folder = tempfile::tempdir().unwrap();
        std::fs::copy(root().join("tests/data/devices/pulses.csv"), folder.path().join("pulses.csv")).unwrap();
        let help = good(&shell(folder.path(), &format!("memspike device {command} --help")));
        let after =
            help.split("Examples:").nth(1).unwrap_or_else(|| panic!("no example in:\n{help}")).replace("\\\n", " ");
        let lines: Vec<&str> = after.lines().filter(|l| l.starts_with("  memspike ")).collect();
        assert!(lines.len() >= 2, "{help}");
        for line in lines {
            assert!(!good(&shell(folder.path(), line.trim())).is_empty(), "{line}");
        }
    }
}

#[test]
fn a_window_that_only_rises_has_no_largest_fall() {
    let text = good(&memspike(root(), &["device", "stdp", "voltage_threshold", "--dt", "5ms,10ms"]));
    assert!(text.contains("largest rise  +") && text.contains("largest fall  none"), "{text}");
}

#[test]
fn mistakes_say_what_was_expected() {
    let folder = tempfile::tempdir().unwrap();
    let run = |args: &[&str]| bad(&memspike(folder.path(), args), 2);
    assert!(
        run(&["device", "iv", "soft_bounds"])
            .contains("soft_bounds is a device by the steps of its pulses: no voltage")
    );
    assert!(run(&["device", "iv", "re_ram_sb"]).contains("re_ram_sb (soft_bounds_reference) is a device by the steps"));
    assert!(run(&["device", "iv", "vteam", "--set", "v_on=0.2 V"]).contains("v_on: found 0.2 V, expected less than 0"));
    assert!(run(&["device", "iv", "team", "--set", "i_on=0.2 A"]).contains("i_on: found 0.2 A, expected less than 0"));
    assert!(run(&["device", "iv", "hp", "--state", "1.5"]).contains("between 0 and 1"));
    assert!(run(&["device", "iv", "vteam", "--state", "0.5"]).contains("a length"));
    assert!(run(&["device", "iv", "hp", "--amplitude", "1 A"]).contains("a voltage"));
    assert!(run(&["device", "iv", "hp", "--set", "r_on=20 kohm"]).contains("conducts better"));
    assert!(run(&["device", "iv", "hp", "--set", "p=0.5", "--set", "window=biolek"]).contains("slope"));
    assert!(run(&["device", "iv", "hp", "--pulses", "1V"]).contains("VOLTAGE:WIDTH"));
    assert!(run(&["device", "iv", "hp", "--pulses", "1V:10ns x0"]).contains("VOLTAGE:WIDTH, once or more"));
    assert!(run(&["device", "iv", "hp", "-o", "a.txt"]).contains(".csv"));
    assert!(run(&["device", "iv", "hq"]).contains("hp"));
    assert!(run(&["device", "stdp", "hp", "--dt", "1:2"]).contains("START:STOP:STEP"));
    assert!(run(&["device", "stdp", "hp", "--waveform", "tail=1 ms"]).contains("tail_plus"));
    let form = run(&["device", "pulses", "soft_bounds", "--set", "pulse_up=1"]);
    assert!(form.contains("found the bare number 1, expected a table such as pulse_up = { v = \"1 V\""), "{form}");
    assert!(form.contains("v: voltage of a potentiating pulse"), "{form}");
    assert!(
        run(&["device", "pulses", "soft_bounds", "--set", "read=[1]"])
            .contains("a list, expected a table such as read")
    );
    for parameter in ["pair=push_pull", "devices=2"] {
        let error = run(&["device", "pulses", "soft_bounds", "--set", parameter]);
        assert!(error.contains("the pulses go to one device"), "{error}");
    }
    for (command, parameter, why) in [
        ("pulses", "read_noise=0.1", "read_noise changes nothing here"),
        ("pulses", "program_noise=1 uS", "devices start where --start says"),
        ("pulses", "drift.nu=0.1", "drift.nu changes nothing here"),
        ("pulses", "retention={ tau = \"1 s\", g_inf = \"1 uS\" }", "no time passes between the pulses"),
        ("pulses", "flicker={ q = 0.1 }", "no time passes between the pulses"),
        ("retention", "sigma_c2c=0.3", "no pulse is given"),
        ("retention", "endurance.pulses=5", "no pulse is given"),
        ("retention", "pair=push_pull", "one device, not those of a synapse"),
        ("retention", "devices=2", "one device, not those of a synapse"),
    ] {
        let error = run(&["device", command, "soft_bounds", "--set", parameter]);
        assert!(error.contains(why), "{error}");
    }
    assert!(
        run(&["device", "iv", "hp", "--amplitude", "150 V"])
            .contains("--amplitude: found 1.5e2 V, expected at most 100 V")
    );
    assert!(run(&["device", "stdp", "stanford_rram", "--set", "delta_gap=1 m/s"]).contains("without noise"));
    for (command, parameter) in [("iv", "stuck_low=1"), ("iv", "sigma_d2d=0.5"), ("stdp", "levels=4")] {
        let error = run(&["device", command, "hp", "--set", parameter]);
        assert!(error.contains("here one device is followed by its equations alone"), "{error}");
    }
    assert!(run(&["device", "fit", "nothing.csv"]).contains("nothing.csv"));
    std::fs::write(folder.path().join("a.csv"), "g,direction\n1,up\n2,up\n").unwrap();
    assert!(run(&["device", "fit", "a.csv"]).contains("no down pulse"));
    assert!(run(&["device", "fit", "a.csv", "--as", "hp"]).contains("has no fit"));
}

#[test]
fn a_waveform_that_alone_moves_the_device_gets_a_warning_with_the_physics() {
    let folder = tempfile::tempdir().unwrap();
    let output = memspike(folder.path(), &["device", "stdp", "hp", "--dt", "-10ms,10ms"]);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && stderr.contains("one spike alone"), "{stderr}");
    // Spikes that drive it into its bound are no trouble for the table.
    assert!(!stderr.contains("tabulated change"), "{stderr}");
    let quiet = memspike(folder.path(), &["device", "stdp", "hp", "--set", "v_threshold=1 V", "--dt", "-10ms,10ms"]);
    assert!(quiet.stderr.is_empty(), "{}", String::from_utf8_lossy(&quiet.stderr));
}

#[test]
fn a_device_starts_at_the_very_end_of_its_range_as_its_units_write_it() {
    // 0.2 nm is the smallest gap; in metres it is a little less than that in nm.
    for state in ["0.2 nm", "1.7 nm", "2e-10 m"] {
        let found = json(&["device", "iv", "stanford_rram", "--periods", "1", "--json", "--state", state]);
        assert!((2e-10..=1.7e-9).contains(&found["state_0"].as_f64().unwrap()), "{state}");
    }
    let error = bad(&memspike(root(), &["device", "iv", "stanford_rram", "--state", "0.1999 nm"]), 2);
    assert!(error.contains("--state is 0.0000000001999 m, expected between"), "{error}");
}

#[test]
fn cells_of_picosiemens_are_shown_in_picosiemens() {
    let folder = tempfile::tempdir().unwrap();
    let device =
        "device.small.soft_bounds = { g_min = '1 pS', g_max = '50 pS', dg_up = '0.5 pS', dg_down = '0.5 pS' }\n";
    std::fs::write(folder.path().join("small.toml"), device).unwrap();
    let run = |args: &[&str]| good(&memspike(folder.path(), args));
    let listed = run(&["device", "list", "small.toml"]);
    assert!(listed.contains("1.00e-6    5.00e-5    5.00e-7    5.00e-7"), "{listed}");
    let pulses = run(&["device", "pulses", "small.toml", "--up", "20", "--down", "0", "--cells", "5"]);
    // Soft bounds: 49 pS (1 - (1 - 1/49)^20) above the first.
    let expected = 1.0 + 49.0 * (1.0 - (48.0f64 / 49.0).powi(20));
    assert!(pulses.contains(&format!("without noise {expected:.4} pS")), "{pulses}");
    assert!(pulses.contains("spread over cells 0.0000 pS, over cycles 0.0000 pS"), "{pulses}");
    let kept = run(&["device", "retention", "small.toml", "--start", "12.5 pS", "-o", "kept.svg"]);
    assert!(kept.contains("mean [pS]") && kept.contains("     12.5000"), "{kept}");
    let svg = std::fs::read_to_string(folder.path().join("kept.svg")).unwrap();
    assert!(svg.contains("12.5 pS") && svg.contains("conductance (pS)"));
}

#[test]
fn waveforms_whose_times_are_too_far_apart_are_refused_and_shorter_tails_are_followed() {
    let run = |waveform: &str| {
        memspike(root(), &["device", "stdp", "voltage_threshold", "--waveform", waveform, "--dt=-10ms,10ms"])
    };
    for (waveform, named) in [
        ("tau_plus=10 ps", "tau_plus: found 0.00000001 ms beside tail_plus = 5 ms"),
        ("tau_minus=10 ps", "tau_minus: found 0.00000001 ms beside tail_minus = 75 ms"),
        ("tail_plus=10 ps", "tail_plus: found 0.00000001 ms beside tail_minus = 75 ms"),
        ("tail_minus=10 ps", "tail_minus: found 0.00000001 ms beside tail_plus = 5 ms"),
    ] {
        let error = bad(&run(waveform), 2);
        assert!(error.contains(named) && error.contains("100000th"), "{error}");
    }
    // A thousand time constants: fluxes near the edges alone say how large fluxes are.
    good(&run("tau_minus=75 us"));
}
