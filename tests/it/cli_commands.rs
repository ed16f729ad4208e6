//! What the commands print and write.

use memspike::device::DeviceModel;
use serde_json::Value;

use crate::cli::{bad, good, json, memspike, root, workplace};

#[test]
fn json_is_one_object_with_the_figures() {
    let folder = workplace();
    let replay = json(&folder, &["replay", "session.nwb", "-o", "a.h5", "--json", "--threads", "1"]);
    for key in ["neurons", "synapses", "duration_s", "warmup_s", "build_s", "sim_s", "realtime_factor", "spikes"] {
        assert!(replay[key].is_number(), "{key}: {replay}");
    }
    assert_eq!((&replay["threads"], &replay["engine"]), (&Value::from(1), &Value::from("event")));
    assert_eq!(replay["populations"]["recorded"]["spikes"], 1654);
    let energy = &replay["projections"]["recorded_to_E"]["energy_j"];
    assert!(energy["read"].as_f64().unwrap() > 0.0 && energy["set"].as_f64().unwrap() > 0.0, "{energy}");

    let info = json(&folder, &["info", "session.nwb", "--json"]);
    assert_eq!((&info["units"], &info["spikes"], &info["kind"]), (&182.into(), &1654.into(), &"recording".into()));
    let info = json(&folder, &["info", "a.h5", "--json"]);
    assert_eq!((&info["kind"], &info["populations"]["recorded"]["size"]), (&"result".into(), &182.into()));
    let check = json(&folder, &["check", "models/microcircuit.toml", "--set", "parameters.scale=1", "--json"]);
    assert_eq!(check["neurons"], 77_169);
    assert!((check["synapses"].as_f64().unwrap() - 298_880_968.0).abs() < 1000.0, "{check}");
    let models = json(&folder, &["models", "--json"]);
    assert_eq!(models["lif_exp"]["parameters"][0]["unit"], "ms");
}

#[test]
fn every_neuron_model_pastes_into_a_model_file_as_printed() {
    let folder = workplace();
    for name in ["lif_delta", "lif_exp", "lif_alpha", "lif_cond_exp", "lif_cond_alpha", "adex", "izhikevich"] {
        let set = good(&memspike(folder.path(), &["models", name, "--toml"]));
        let model =
            format!("{set}\n[simulation]\nduration = \"1 ms\"\n[population.E]\nsize = 2\nneuron = \"my_{name}\"\n");
        std::fs::write(folder.path().join("m.toml"), &model).unwrap();
        let text = good(&memspike(folder.path(), &["check", "m.toml"]));
        assert!(text.contains(name), "{text}");
    }
}

#[test]
fn rules_and_devices_paste_into_a_model_file_as_printed() {
    let folder = workplace();
    std::fs::copy(root().join("tests/data/devices/pulses.csv"), folder.path().join("pulses.csv")).unwrap();
    let mut model = String::new();
    for name in ["stdp", "soft_bounds"].into_iter().chain(DeviceModel::ALL.map(|m| m.describe().name)) {
        let mut set = good(&memspike(folder.path(), &["models", name, "--toml"]));
        if name == "table" {
            // A measured device is nothing without its measurement.
            for (key, value) in [("file", "pulses.csv"), ("g", "G_uS"), ("unit", "uS"), ("direction", "polarity")] {
                set = set.replacen(&format!("# {key} = .."), &format!("{key} = \"{value}\""), 1);
            }
        }
        if !model.contains(&set) {
            model += &set;
        }
    }
    model += "[simulation]\nduration = \"1 ms\"\n[population.E]\nsize = 2\nneuron = \"lif_exp\"\n[projection.p]\nsource = \"E\"\n\
              target = \"E\"\nconnect = \"all_to_all\"\nweight = \"1 pA\"\nw_max = \"2 pA\"\nplasticity = \"my_stdp\"\ndevice = \"my_soft_bounds\"\n";
    std::fs::write(folder.path().join("m.toml"), &model).unwrap();
    good(&memspike(folder.path(), &["check", "m.toml"]));
}

#[test]
fn a_raster_is_drawn_as_png_svg_and_text() {
    let folder = workplace();
    good(&memspike(folder.path(), &["raster", "session.nwb", "-o", "a.png", "--behavior=hand_pos"]));
    good(&memspike(folder.path(), &["raster", "session.nwb", "-o", "a.svg", "--start", "2283s", "--stop", "2284 s"]));
    let start = |name: &str| std::fs::read(folder.path().join(name)).unwrap()[..5].to_vec();
    assert_eq!(start("a.png"), b"\x89PNG\r");
    assert_eq!(start("a.svg"), b"<?xml");
    good(&memspike(folder.path(), &["raster", "session.nwb", "-o", "a.pdf"]));
    assert_eq!(start("a.pdf"), b"%PDF-");
    let text = good(&memspike(folder.path(), &["raster", "session.nwb"]));
    // Braille, and no colour where nobody asked for it.
    assert!(text.chars().any(|c| ('\u{2801}'..='\u{28ff}').contains(&c)) && !text.contains('\u{1b}'), "{text}");
}

#[test]
fn a_resolved_model_reads_back() {
    let folder = workplace();
    let args = ["check", "models/brunel_ai.toml", "--resolved", "--set", "parameters.g=4.5"];
    let text = good(&memspike(folder.path(), &args));
    std::fs::write(folder.path().join("resolved.toml"), &text).unwrap();
    good(&memspike(folder.path(), &["check", "resolved.toml"]));
}

#[test]
fn completions_and_man_pages_know_the_commands() {
    let folder = workplace();
    for shell in ["bash", "zsh", "fish"] {
        let script = good(&memspike(folder.path(), &["completions", shell]));
        // What --help does not show is not completed.
        assert!(script.contains("replay") && !script.contains("with-parent"), "{shell}");
    }
    let run = good(&memspike(folder.path(), &["man", "run"]));
    // No date, and then the version, of the program.
    let title = format!(".TH MEMSPIKE-RUN 1 \"\" \"memspike {}\"\n", env!("CARGO_PKG_VERSION"));
    assert!(run.contains("checkpoint") && run.contains(&title), "{run}");
    good(&memspike(folder.path(), &["man", "-o", "pages"]));
    assert!(folder.path().join("pages/memspike-raster.1").is_file());
    // What a page refers to is there, and nothing is left out.
    let page = |name: &str| std::fs::read_to_string(folder.path().join("pages").join(name)).unwrap();
    let device = page("memspike-device.1").replace('\\', "");
    let named: Vec<&str> = device.lines().filter_map(|line| line.strip_suffix("(1)")).collect();
    assert!(named.contains(&"memspike-device-pulses"), "{device}");
    for name in named {
        assert!(page(&format!("{name}.1")).contains("SYNOPSIS"), "{name}");
    }
    let pulses = good(&memspike(folder.path(), &["man", "device-pulses"]));
    assert!(pulses == page("memspike-device-pulses.1") && pulses.replace('\\', "").contains("--up"), "{pulses}");
    assert!(bad(&memspike(folder.path(), &["man", "device-x"]), 2).contains("device-pulses"));
}

#[test]
fn the_name_of_a_table_takes_all_projections_that_it_makes() {
    let folder = workplace();
    let model = "simulation.duration = '20 ms'\n\
                 population.a = { size = 4, neuron = 'lif_exp' }\npopulation.b = { size = 5, neuron = 'lif_exp' }\n\
                 population.c = { size = 5, neuron = 'lif_delta' }\n\
                 projection.p = { source = 'a', target = ['a', 'b'], connect = 'all_to_all', weight = { uniform = ['1 pA', '9 pA'] } }\n\
                 projection.mixed = { source = 'a', target = ['b', 'c'], connect = 'all_to_all', weight = [['2 pA'], ['1 mV']] }\n\
                 projection.pp = { source = 'a', target = 'b', connect = 'all_to_all', weight = '3 pA' }\n\
                 record.weights = [{ projection = 'p', on = 'end' }, { projection = 'pp', on = 'end' }, { projection = 'mixed', on = 'end' }]\n";
    std::fs::write(folder.path().join("m.toml"), model).unwrap();
    good(&memspike(folder.path(), &["run", "m.toml", "-o", "m.h5"]));
    let plot = |kind: &str, name: &str| {
        memspike(folder.path(), &["plot", kind, "m.h5", "-o", "a.svg", "--force", "--projection", name])
    };
    for kind in ["weights", "evolution"] {
        for name in ["p", "p.*"] {
            let said = good(&plot(kind, name));
            assert!(said.contains("16 synapses of p.a_to_a") && said.contains("20 synapses of p.a_to_b"), "{said}");
            assert!(!said.contains("pp"), "{said}");
            let svg = std::fs::read_to_string(folder.path().join("a.svg")).unwrap();
            assert!(svg.contains(">p.a_to_a</text>") && svg.contains(">p.a_to_b</text>"), "{kind} {name}");
        }
        assert!(good(&plot(kind, "p.a_to_b")).contains(": 20 synapses of p.a_to_b"));
        assert!(good(&plot(kind, "pp")).contains(": 20 synapses of pp"));
    }
    for kind in ["connectivity", "fields"] {
        let message = bad(&plot(kind, "p"), 2);
        let told = "`p` is 2 projections; choose one with --projection: p.a_to_a, p.a_to_b";
        assert!(message.contains(told), "{message}");
        good(&plot(kind, "p.a_to_a"));
    }
    let message = bad(&plot("weights", "mixed"), 2);
    assert!(message.contains("mixed.a_to_b are pA") && message.contains("mixed.a_to_c are mV"), "{message}");
    assert!(
        bad(&plot("weights", "q"), 2).contains("expected one of mixed.a_to_b, mixed.a_to_c, p.a_to_a, p.a_to_b, pp")
    );
}

#[test]
fn pictures_of_weights_show_the_synapses_onto_the_population_that_is_asked_for() {
    let folder = workplace();
    let model = "simulation.duration = '10 ms'\npopulation.a = { size = 4, neuron = 'lif_exp' }\n\
                 population.b = { size = 3, neuron = 'lif_exp' }\n\
                 projection.p = { source = 'a', target = 'b', connect = 'all_to_all', weight = '2 pA' }\n\
                 record.weights = [{ projection = 'p', on = 'end' }]\n";
    std::fs::write(folder.path().join("m.toml"), model).unwrap();
    good(&memspike(folder.path(), &["run", "m.toml", "-o", "a.h5"]));
    let draw = |kind: &str, who: &str| {
        memspike(folder.path(), &["plot", kind, "a.h5", "-o", "x.png", "--force", "--population", who])
    };
    for kind in ["weights", "connectivity", "evolution"] {
        assert!(good(&draw(kind, "b")).contains("12 synapses of p"), "{kind}");
        assert!(good(&draw(kind, "b[1:3]")).contains("8 synapses of p"), "{kind}");
        let error = bad(&draw(kind, "a"), 2);
        assert!(error.contains("leaves no synapse") && error.contains("p ends at b"), "{error}");
        let error = bad(&draw(kind, "b[1:40]"), 2);
        assert!(error.contains("`b[1:40]` goes beyond the end; `b` has 3 members"), "{error}");
    }
    assert!(good(&draw("fields", "b[1]")).contains("1 image of 2 x 2"));
    assert!(good(&draw("fields", "b")).contains("3 images of 2 x 2"));
    // A number that no neuron has, as a damaged file may.
    std::fs::copy(folder.path().join("a.h5"), folder.path().join("odd.h5")).unwrap();
    let ends = crate::unlocked::open_rw(folder.path().join("odd.h5")).group("weights/p/snapshots").unwrap();
    ends.unlink("source_ids").unwrap();
    let odd = ends.new_dataset::<i64>().shape(12).create("source_ids").unwrap();
    odd.write_raw(&[1i64 << 40; 12]).unwrap();
    drop((odd, ends));
    let error = bad(&memspike(folder.path(), &["plot", "fields", "odd.h5", "-o", "odd.png"]), 2);
    assert!(error.contains("3 targets of 1099511627777 sources"), "{error}");
    for kind in ["energy", "sweep"] {
        let error = bad(&draw(kind, "b"), 2);
        assert!(error.contains(&format!("--population changes nothing in a picture of {kind}")), "{error}");
    }
}
