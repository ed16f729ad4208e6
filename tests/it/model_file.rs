//! `docs/MODEL-FILE.md` has every key of the model file and no other, its examples are one model, and no key is accepted to be ignored.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use memspike::engine::Options;
use memspike::hardware;
use memspike::spec::{self, Absent, NetworkSpec, Table, tables};

use crate::cli::{good, memspike, root, workplace};
use crate::engine_run::{assert_same, run_spec};

fn page() -> PathBuf {
    root().join("docs/MODEL-FILE.md")
}

/// The rows of a table of keys.
fn rows(table: &Table) -> String {
    let mut out = match table.one_of {
        true => "| one of | value | meaning |\n|---|---|---|\n".to_string(),
        false => "| key | value | without it | meaning |\n|---|---|---|---|\n".to_string(),
    };
    for key in table.keys {
        let absent = match key.absent {
            Absent::Never => "needed".to_string(),
            Absent::As(toml) => format!("`{toml}`"),
            Absent::Means(words) => words.to_string(),
        };
        let [form, absent, doc] = [key.form, &absent, key.doc].map(|text| text.replace('|', "\\|"));
        let _ = match table.one_of {
            true => writeln!(out, "| `{}` | {form} | {doc} |", key.name),
            false => writeln!(out, "| `{}` | {form} | {absent} | {doc} |", key.name),
        };
    }
    out
}

/// The rows of the price tables.
fn prices() -> String {
    let mut out = "| `prices` | synaptic event | neuron update | source |\n|---|---|---|---|\n".to_string();
    for chip in &hardware::ALL {
        let joules = |price: Option<f64>| price.map_or("-".to_string(), |j| format!("{} pJ", (j * 1e15).round() / 1e3));
        let [event, update] = [chip.synaptic_event, chip.neuron_update].map(joules);
        assert!(chip.spike.is_none() && chip.static_power.is_none(), "a column is missing");
        let _ = writeln!(out, "| `{}` | {event} | {update} | {} |", chip.name, chip.source);
    }
    out
}

/// What stands between a mark and the end of its block, put in its place in `text`.
fn fill(text: &str, mark: &str, rows: &str) -> String {
    let (before, rest) = text.split_once(mark).unwrap_or_else(|| panic!("docs/MODEL-FILE.md has no line {mark}"));
    let (_, after) = rest.split_once("<!-- end -->").unwrap_or_else(|| panic!("{mark} has no end"));
    assert!(!after.contains(mark), "docs/MODEL-FILE.md has {mark} twice");
    format!("{before}{mark}\n{rows}<!-- end -->{after}")
}

/// `UPDATE_DOCS=1 cargo test --test it model_file` writes the page.
#[test]
fn the_reference_has_every_key_of_every_table_and_no_other() {
    let text = std::fs::read_to_string(page()).unwrap();
    let mut expected = fill(&text, "<!-- prices -->", &prices());
    for table in tables::TABLES.iter().filter(|table| !table.keys.is_empty()) {
        expected = fill(&expected, &format!("<!-- keys: {} -->", table.name), &rows(table));
        if let Some(model) = table.model {
            let name = model.name.trim_start_matches("source.");
            assert!(text.contains(&format!("`memspike models {name}`")), "{name}");
        }
    }
    let marks = tables::TABLES.iter().filter(|table| !table.keys.is_empty()).count();
    assert_eq!(text.matches("<!-- keys: ").count(), marks, "the page has a table that the program does not have");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(page(), &expected).unwrap();
    }
    let text = std::fs::read_to_string(page()).unwrap();
    for (line, wanted) in text.lines().zip(expected.lines()) {
        assert_eq!(line, wanted, "docs/MODEL-FILE.md: UPDATE_DOCS=1 cargo test --test it model_file writes it anew");
    }
    assert!(text == expected, "docs/MODEL-FILE.md has lines too few or too many");
}

/// The examples, one after the other.
fn examples() -> String {
    examples_but("nothing that they contain")
}

/// Those that do not contain `what`.
fn examples_but(what: &str) -> String {
    let text = std::fs::read_to_string(page()).unwrap();
    let blocks = text.split("```toml\n").skip(1).filter_map(|b| b.split("```").next());
    let blocks: Vec<&str> = blocks.filter(|block| !block.contains(what)).collect();
    assert!(blocks.len() > 15);
    blocks.join("\n")
}

/// A model with its recordings, as the program reads it.
fn bound(text: &str, folder: &Path) -> NetworkSpec {
    let mut spec = spec::parse(text, "model", folder, &[]).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let wanted: Vec<_> = spec.recordings().into_iter().map(|(i, r)| (i, r.file.clone().unwrap())).collect();
    for (population, file) in wanted {
        let recording = memspike::format::read(&file).unwrap();
        let bound = spec.bind(population, &recording).unwrap();
        for interval in std::mem::take(&mut spec.interval_files) {
            spec.bind_interval(&interval, &recording, bound.start_s).unwrap();
        }
    }
    spec
}

#[test]
fn the_examples_are_one_model_that_runs() {
    let folder = workplace();
    std::fs::create_dir(folder.path().join("docs")).unwrap();
    std::fs::write(folder.path().join("docs/all.toml"), examples()).unwrap();
    let checked = good(&memspike(folder.path(), &["check", "docs/all.toml"]));
    assert!(checked.contains("Everything that this page shows"), "{checked}");
    let summary = good(&memspike(folder.path(), &["run", "docs/all.toml", "-o", "all.h5", "--duration", "60ms"]));
    assert!(summary.contains("spikes"), "{summary}");
    let result = hdf5::File::open(folder.path().join("all.h5")).unwrap();
    for (place, part) in [("weights/learning/weights", "x u w"), ("weights/learning/snapshots/weights", "the weight w")]
    {
        let meaning = result.dataset(place).unwrap().attr("meaning").unwrap();
        let meaning = meaning.read_scalar::<hdf5::types::VarLenUnicode>().unwrap();
        assert!(meaning.contains(part), "{place}: {meaning}");
    }
    let text = std::fs::read_to_string(page()).unwrap();
    for block in text.split("```toml alone\n").skip(1) {
        std::fs::write(folder.path().join("docs/alone.toml"), block.split("```").next().unwrap()).unwrap();
        good(&memspike(folder.path(), &["check", "docs/alone.toml"]));
    }
}

/// Where the examples have each table.
const PLACES: [(&str, &str); 29] = [
    ("top level", ""),
    ("simulation", "simulation."),
    ("value", "population.E.initial.v_m."),
    ("normal, lognormal, exponential", "population.E.initial.v_m.normal."),
    ("values", "population.clock.source.regular.phase."),
    ("file", "projection.clocked.delay."),
    ("population.NAME", "population.E."),
    ("source", "population.noise.source."),
    ("source.spike_times", "population.same.source.spike_times."),
    ("source.poisson", "population.noise.source.poisson."),
    ("rate", "population.noise.source.poisson.rate."),
    ("source.regular", "population.clock.source.regular."),
    ("source.labels", "population.pixels.source.labels."),
    ("source.pattern", "population.afferents.source.pattern."),
    ("source.recording", "population.monkey.source.recording."),
    ("input.NAME", "input.background."),
    ("input.NAME.poisson", "input.background.poisson."),
    ("input.NAME.current", "input.rhythm.current."),
    ("current.sine", "input.rhythm.current.sine."),
    ("current.noise", "input.shaken.current.noise."),
    ("interval.NAME", "interval.pulses."),
    ("interval.NAME of a recording", "interval.trials."),
    ("projection.NAME", "projection.learning."),
    ("connect", "projection.excitatory.connect."),
    ("connect.fixed_total_number", "projection.many.connect.fixed_total_number."),
    ("connect.file", "projection.from_file.connect.file."),
    ("plasticity", "projection.learning.plasticity.stdp."),
    ("record", "record."),
    ("energy", "energy."),
];

/// `--set`s that give a key of a table this value.
fn layer(table: &Table, key: &str, value: &str) -> (String, String) {
    // Tables in lists are replaced whole.
    let listed = match table.name {
        "record.state" => Some(("state", "population = 'E'")),
        "record.weights" => Some(("weights", "projection = 'learning'")),
        _ => None,
    };
    match listed {
        // Of another kind of file than the example's.
        None if table.name == "file" && key == "dataset" => {
            let other = format!("{{ file = 'x.h5', unit = 'pA', dataset = {value} }}");
            ("projection.excitatory.weight".into(), other)
        }
        Some((list, rest)) if rest.starts_with(key) => (format!("record.{list}"), format!("[{{ {key} = {value} }}]")),
        Some((list, rest)) => (format!("record.{list}"), format!("[{{ {rest}, {key} = {value} }}]")),
        None => {
            let place = PLACES.iter().find(|(name, _)| *name == table.name);
            (format!("{}{key}", place.unwrap_or_else(|| panic!("where is {}?", table.name)).1), value.to_string())
        }
    }
}

#[test]
fn no_key_is_accepted_and_then_ignored() {
    let (all, light) = (examples(), examples_but("population.pixels"));
    for table in tables::TABLES {
        // Reading images takes a while.
        let text = if table.name == "source.labels" { &all } else { &light };
        let read = |layer| spec::parse(text, "examples", &root().join("docs"), &[layer]);
        read(("title".into(), "x".into())).unwrap_or_else(|error| panic!("{error}"));
        let error = read(layer(table, "nonsense", "1")).map(|_| ()).unwrap_err();
        assert!(error.to_string().contains("nonsense"), "{}: {error}", table.name);
        for key in table.names() {
            // No key takes a list of tables without keys.
            let Err(error) = read(layer(table, key, "[{}]")) else { panic!("{}: {key} is ignored", table.name) };
            assert!(!error.message().contains("unknown key"), "{} {key}: {error}", table.name);
        }
    }
}

/// Two readings of one model; the files that it was read from may be others.
fn assert_equal(a: &NetworkSpec, b: &NetworkSpec, what: &str) {
    let shown = |spec: &NetworkSpec| {
        let (resolved, nameless, notes, files) = Default::default();
        format!("{:#?}", NetworkSpec { resolved, nameless, notes, files, ..spec.clone() })
    };
    for (x, y) in shown(a).lines().zip(shown(b).lines()) {
        assert_eq!(x, y, "{what}");
    }
    assert_eq!((shown(a).len(), a.digest()), (shown(b).len(), b.digest()), "{what}");
}

/// Reads what `check --resolved` prints, from anywhere.
fn again(spec: &NetworkSpec) -> NetworkSpec {
    spec::parse(&spec.resolved, "resolved", Path::new("elsewhere"), &[])
        .unwrap_or_else(|error| panic!("{error}\n{}", spec.resolved))
}

/// A network is a function of what was read, so that the same reading gives the same bytes.
#[test]
fn every_shipped_model_is_the_same_when_its_resolved_text_is_read() {
    for entry in std::fs::read_dir(root().join("models")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|e| e != "toml") {
            continue;
        }
        let model = spec::load(&path, &[]).unwrap_or_else(|error| panic!("{error}"));
        let again = again(&model);
        assert_equal(&model, &again, &path.display().to_string());
        assert_eq!(again.resolved, model.resolved, "{}", path.display());
    }
}

#[test]
fn a_resolved_model_says_every_default_and_gives_the_same_bytes() {
    let model = bound(&examples(), &root().join("docs"));
    let [written, resolved] = [&examples(), &model.resolved]
        .map(|text| text.parse::<toml_edit::DocumentMut>().unwrap_or_else(|e| panic!("{e}")));
    for table in tables::TABLES {
        let Some((_, place)) = PLACES.iter().find(|(name, _)| *name == table.name) else { continue };
        let find_in = |text: &toml_edit::DocumentMut, key: &str| {
            let path = format!("{place}{key}");
            path.split('.').try_fold(text.as_item(), |item, part| item.get(part)).map(ToString::to_string)
        };
        let find = |key: &str| find_in(&resolved, key);
        for key in table.keys {
            if let Absent::As(default) = key.absent {
                let found = find(key.name).unwrap_or_else(|| panic!("{} {} is not there", table.name, key.name));
                assert!(
                    find_in(&written, key.name).is_some() || found.trim() == default,
                    "{} {}: {found}",
                    table.name,
                    key.name
                );
            }
        }
        let model = table.model.iter().flat_map(|m| m.params).filter(|p| p.default_toml(None).is_some());
        model.for_each(|param| assert!(find(param.name).is_some(), "{} {}", table.name, param.name));
    }
    for part in ["lif_exp]", "theta_plus = \"0 mV\"", "delay = \"1 ms\"", "w_min = \"0 pA\"", "mu_plus = 0"] {
        assert!(model.resolved.contains(part), "{part} is not in\n{}", model.resolved);
    }
    let again = bound(&model.resolved, Path::new("elsewhere"));
    assert_equal(&model, &again, "the examples");
    let run = |mut spec: NetworkSpec| {
        spec.simulation.duration = Some(memspike::time::Time::from_ms(60.0));
        run_spec(spec, 2, &Options::default()).unwrap().bytes()
    };
    assert_same(&run(model), &run(again), "the examples");
}

#[test]
fn defaults_in_the_targets_unit_are_written_in_it() {
    let text = "simulation.duration = '1 ms'\npopulation.a.source.spike_times = [['0 ms']]\n\
                population.v = { size = 2, neuron = 'lif_delta' }\npopulation.c = { size = 2, neuron = 'lif_exp' }\n\
                input.x = { target = 'v', poisson = { rate = '1 Hz' } }\n\
                projection.one = { source = 'a', target = 'c', connect = 'all_to_all' }\n\
                projection.two = { source = ['a', 'v'], target = ['v', 'c'], connect = 'all_to_all' }\n\
                projection.three = { source = 'v', target = 'a', connect = 'all_to_all', w_max = 2, plasticity = 'stdp_power_law' }\n";
    let model = spec::parse(text, "model", Path::new(""), &[]).unwrap_or_else(|error| panic!("{error}"));
    let resolved: toml_edit::DocumentMut = model.resolved.parse().unwrap();
    let found = |table: &str, key: &str| resolved["projection"][table][key].to_string().trim().to_string();
    assert_eq!(found("one", "weight"), "\"1 pA\"");
    assert_eq!(found("one", "delay"), "\"1 ms\"");
    assert_eq!(found("two", "weight"), "[[\"1 mV\", \"1 mV\"], [\"1 pA\", \"1 pA\"]]");
    assert_eq!((found("three", "weight"), found("three", "w_min")), ("1".to_string(), "0".to_string()));
    assert_eq!(resolved["projection"]["three"]["plasticity"]["stdp_power_law"]["w_0"].to_string().trim(), "1");
    assert!(resolved["projection"]["one"].get("w_min").is_none(), "nothing is bounded there");
    assert_eq!(resolved["input"]["x"]["poisson"]["weight"].to_string().trim(), "\"1 mV\"");
    assert_equal(&model, &again(&model), "defaults");
}

#[test]
fn a_default_off_the_grid_is_an_error_as_if_it_were_written() {
    let text = |more: &str, projection: &str| {
        format!(
            "simulation = {{ duration = '3 ms', engine = 'grid', resolution = '0.3 ms' }}\n\
             population.n = {{ size = 2, neuron.lif_exp = {{ {more} }} }}\n\
             projection.p = {{ source = 'n', target = 'n', connect = 'all_to_all'{projection} }}\n"
        )
    };
    let read = |text: String| spec::parse(&text, "model", Path::new(""), &[]).map(|_| ()).map_err(|e| e.to_string());
    let error = read(text("", "")).unwrap_err();
    assert!(error.contains("t_ref is 2 ms unless given") && error.contains("multiple of the resolution"), "{error}");
    let error = read(text("t_ref = '0.3 ms'", "")).unwrap_err();
    assert!(error.contains("delay is 1 ms unless given"), "{error}");
    assert_eq!(read(text("t_ref = '0.3 ms'", ", delay = '0.9 ms'")), Ok(()));
}

#[test]
fn an_angle_is_in_radians_or_has_a_unit() {
    let phase = |phase: &str| {
        let text = format!(
            "simulation.duration = '1 ms'\npopulation.n = {{ size = 1, neuron = 'lif_exp' }}\n\
             input.i = {{ target = 'n', current.sine = {{ amplitude = '1 pA', frequency = '1 Hz', phase = {phase} }} }}\n"
        );
        let spec = spec::parse(&text, "model", Path::new(""), &[]).map_err(|error| error.to_string())?;
        let spec::InputKind::CurrentSine { phase, .. } = spec.inputs[0].kind else { panic!("no sine") };
        Ok::<f64, String>(phase)
    };
    let right = std::f64::consts::FRAC_PI_2;
    for text in ["'90 deg'", "'1.5707963267948966 rad'", "1.5707963267948966", "'45 deg + 45 deg'"] {
        assert!((phase(text).unwrap() - right).abs() < 1e-15, "{text}: {:?}", phase(text));
    }
    assert!(phase("'90 ms'").is_err());
}
