//! `memspike crossbar` against the stored references, as a user reproduces them, and what it refuses.

use std::fmt::Write;
use std::path::Path;

use serde_json::Value;

use crate::cli::{bad, good, json, memspike};
use crate::stored::{numbers, stored};

fn case(name: &str) -> Value {
    let folder = if name.starts_with("diffpair") { "reference/memristor" } else { "crossbar" };
    stored(&format!("{folder}/{name}.json"))
}

fn matrix(value: &Value) -> Vec<Vec<f64>> {
    value.as_array().unwrap().iter().map(numbers).collect()
}

fn csv(path: &Path, rows: &[Vec<f64>]) {
    let mut text = String::new();
    for row in rows {
        let cells: Vec<String> = row.iter().map(|x| format!("{x:e}")).collect();
        writeln!(text, "{}", cells.join(",")).unwrap();
    }
    std::fs::write(path, text).unwrap();
}

/// Within 1e-9 of the largest, and each that is not tiny against it within 1e-9 of its own.
fn close(found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len());
    let largest = expected.iter().fold(0.0f64, |most, x| most.max(x.abs()));
    for (k, (a, b)) in found.iter().zip(expected).enumerate() {
        let scale = if b.abs() > 1e-4 * largest { b.abs() } else { largest };
        assert!((a - b).abs() <= 1e-9 * scale, "{k}: found {a}, expected {b}");
    }
}

fn joined(values: &[f64], unit: &str) -> String {
    values.iter().map(|v| format!("{v}{unit}")).collect::<Vec<_>>().join(",")
}

fn dataset(path: &Path, name: &str) -> Vec<f64> {
    hdf5::File::open(path).unwrap().dataset(name).unwrap().read_raw::<f64>().unwrap()
}

#[test]
fn a_word_that_is_no_unit_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let fill = |file: &hdf5::File| {
        let dataset = file.new_dataset::<f64>().shape([1, 2]).create("g")?;
        dataset.write_raw(&[1e-6, 2e-6])?;
        let word: hdf5::types::VarLenUnicode = "furlong".parse().unwrap_or_default();
        dataset.new_attr::<hdf5::types::VarLenUnicode>().create("units")?.write_scalar(&word)
    };
    memspike::format::replace_hdf5(&folder.path().join("g.h5"), fill).unwrap();
    let output = memspike(folder.path(), &["crossbar", "g.h5", "--dataset", "g", "--voltages", "0.1V"]);
    good(&output);
    let notes = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        notes.contains("g is in furlong, as its attribute says, which is no unit: its numbers are taken as S"),
        "{notes}"
    );
}

#[test]
fn passive_arrays_give_the_references_currents_voltages_and_power() {
    for name in ["crossbar_4x4", "crossbar_4x4_signed", "crossbar_16x16", "crossbar_64x64"] {
        let (case, folder) = (case(name), tempfile::tempdir().unwrap());
        csv(&folder.path().join("g.csv"), &matrix(&case["conductances"]));
        let text = |key: &str, unit: &str| format!("{}{unit}", case[key]);
        let (word, bit) = (text("wire_resistance_word_line", "ohm"), text("wire_resistance_bit_line", "ohm"));
        let volts = joined(&numbers(&case["applied_voltages"]), "V");
        let volts = format!("--voltages={volts}");
        let wires = ["--word-line-resistance", &word, "--bit-line-resistance", &bit];
        let args = [&["crossbar", "g.csv", &volts, "--json", "-o", "out.h5"][..], &wires].concat();
        let found = json(folder.path(), &args);
        close(&numbers(&found["bit_line_currents_a"]), &numbers(&case["output_currents"]));
        close(&numbers(&found["ideal_bit_line_currents_a"]), &numbers(&case["ideal_output_currents_no_wire"]));
        close(&[found["power_w"].as_f64().unwrap()], &[case["total_power_W"].as_f64().unwrap()]);
        let heat = found["power_cells_w"].as_f64().unwrap() + found["power_wires_w"].as_f64().unwrap();
        close(&[heat], &[case["total_power_W"].as_f64().unwrap()]);
        let (out, columns) = (folder.path().join("out.h5"), case["cols"].as_u64().unwrap() as usize);
        let all: Vec<usize> = (0..case["rows"].as_u64().unwrap() as usize).collect();
        let rows =
            case["node_voltage_rows"].as_array().map(|r| r.iter().map(|r| r.as_u64().unwrap() as usize).collect());
        let rows: Vec<usize> = rows.unwrap_or(all);
        for key in ["word_line_node_voltages", "bit_line_node_voltages", "device_currents"] {
            if case[key].is_null() {
                continue;
            }
            let found = dataset(&out, key);
            for (row, expected) in rows.iter().zip(matrix(&case[key])) {
                close(&found[row * columns..(row + 1) * columns], &expected);
            }
        }
    }
}

#[test]
fn one_cell_under_the_four_schemes_gives_the_references_currents() {
    let (case, folder) = (case("sneak_8x8"), tempfile::tempdir().unwrap());
    csv(&folder.path().join("g.csv"), &matrix(&case["conductances"]));
    let cell = format!("{},{}", case["selected_row"], case["selected_col"]);
    let (wire, volt) = (format!("{}ohm", case["wire_resistance"]), format!("{}V", case["read_voltage"]));
    for (scheme, key) in
        [("floating", "floating"), ("grounded", "grounded_unselected"), ("half", "V/2"), ("third", "V/3")]
    {
        let read = ["crossbar", "g.csv", "--read", &cell, "--read-voltage", &volt, "--wire-resistance", &wire];
        let found = json(folder.path(), &[&read[..], &["--scheme", scheme, "--json"]].concat());
        let expected = &case["schemes"][key];
        let (read, number) = (&found["read"], |v: &Value| v.as_f64().unwrap());
        close(&[number(&read["bit_line_current_a"])], &[number(&expected["selected_bit_line_current"])]);
        close(&[number(&read["device_current_a"])], &[number(&expected["selected_device_current"])]);
        close(&[number(&read["word_line_current_a"])], &[number(&expected["selected_word_line_source_current"])]);
        close(&[number(&found["power_w"])], &[number(&expected["total_power_W"])]);
        close(&numbers(&found["bit_line_currents_a"]), &numbers(&expected["bit_line_currents"]));
        assert_eq!(found["word_line_voltages_v"], expected["word_line_sources"], "{scheme}");
        assert!((number(&read["ideal_current_a"]) - number(&case["ideal_selected_current"])).abs() < 1e-20);
    }
}

#[test]
fn pairs_with_converters_give_the_references_codes() {
    let (case, folder) = (case("diffpair_dac_adc_8x4"), tempfile::tempdir().unwrap());
    csv(&folder.path().join("w.csv"), &matrix(&case["weights"]));
    let inputs = joined(&numbers(&case["inputs"]), "");
    let text = |key: &str, unit: &str| format!("{}{unit}", case[key]);
    let args = [
        "crossbar",
        "w.csv",
        "--weights",
        "--json",
        "--inputs",
        &inputs,
        "--g-min",
        &text("G_min", "S"),
        "--g-max",
        &text("G_max", "S"),
        "--levels",
        &text("levels", ""),
        "--dac-bits",
        &text("dac_bits", ""),
        "--adc-bits",
        &text("adc_bits", ""),
        "--v-max",
        &text("V_max", "V"),
        "--full-scale",
        &text("adc_full_scale_A", "A"),
    ];
    let found = json(folder.path(), &args);
    close(&numbers(&found["word_line_voltages_v"]), &numbers(&case["voltages"]));
    for (key, expected) in [("g_plus_s", "G_plus"), ("g_minus_s", "G_minus")] {
        close(&matrix(&found["pairs"][key]).concat(), &matrix(&case[expected]).concat());
    }
    close(&numbers(&found["pairs"]["currents_a"]), &numbers(&case["analog_currents"]));
    assert_eq!(numbers(&found["adc"]["codes"]), numbers(&case["adc_codes"]));
    close(&numbers(&found["adc"]["outputs"]), &numbers(&case["decoded_outputs"]));
}

#[test]
fn files_hold_what_is_printed_and_the_picture_is_drawn() {
    let folder = tempfile::tempdir().unwrap();
    csv(&folder.path().join("g.csv"), &[vec![10.0, 20.0, 5.0], vec![1.0, 0.0, 30.0]]);
    let base = ["crossbar", "g.csv", "--unit", "uS", "--voltages", "0.1V,0.2V", "--wire-resistance", "5ohm", "--json"];
    let currents: Vec<Vec<f64>> = ["out.h5", "out.csv", "out.npy"]
        .iter()
        .map(|name| {
            let found = json(folder.path(), &[&base[..], &["-o", name, "--plot", "drop.png", "--force"]].concat());
            numbers(&found["bit_line_currents_a"])
        })
        .collect();
    let path = |name: &str| folder.path().join(name);
    assert_eq!(dataset(&path("out.h5"), "bit_line_currents"), currents[0]);
    assert_eq!(dataset(&path("out.h5"), "conductances"), [1e-5, 2e-5, 5e-6, 1e-6, 0.0, 3e-5]);
    let text = std::fs::read_to_string(path("out.csv")).unwrap();
    let column: Vec<f64> = text.lines().skip(1).map(|l| l.split(',').nth(1).unwrap().parse().unwrap()).collect();
    assert_eq!((text.lines().next().unwrap(), column), ("column,current_a,ideal_current_a", currents[1].clone()));
    // What was written can be read: as voltages of another array, and as conductances.
    std::fs::write(path("one.csv"), "1e-6\n2e-6\n3e-6\n").unwrap();
    json(folder.path(), &["crossbar", "one.csv", "--voltages", "out.npy", "--json"]);
    json(folder.path(), &["crossbar", "out.h5", "--voltages", "0.1V,float", "--json"]);
    assert_eq!(std::fs::read(path("drop.png")).unwrap()[..4], *b"\x89PNG");
    // No output takes the place of what is read.
    std::fs::write(path("v.csv"), "0.1\n0.2\n").unwrap();
    for (flag, name) in [("--voltages", "v.csv"), ("--inputs", "v.csv")] {
        let args = ["crossbar", "g.csv", "--unit", "uS", flag, name, "-o", name, "--force"];
        assert!(bad(&memspike(folder.path(), &args), 2).contains("is the file that is read"), "{flag}");
    }
    assert_eq!(std::fs::read_to_string(path("v.csv")).unwrap(), "0.1\n0.2\n");
}

#[test]
fn transistors_of_other_rows_are_open() {
    let folder = tempfile::tempdir().unwrap();
    csv(&folder.path().join("g.csv"), &[vec![1e-4, 2e-4], vec![1e-4, 1e-6], vec![5e-5, 1e-5]]);
    let read =
        ["crossbar", "g.csv", "--read", "1,1", "--scheme", "floating", "--json", "--access-resistance", "15kohm"];
    let found = json(folder.path(), &read);
    let expected = 0.2 / (1e6 + 15e3);
    let current = found["read"]["bit_line_current_a"].as_f64().unwrap();
    assert!((current / expected - 1.0).abs() < 1e-12, "{current} {expected}: no sneak path is left");
    let all = [
        "crossbar",
        "g.csv",
        "--voltages",
        "0.2V,0.2V,0.2V",
        "--select",
        "0,2",
        "--json",
        "--access-resistance",
        "15kohm",
    ];
    let found = json(folder.path(), &all);
    let sum = [2e-4f64, 1e-5].iter().map(|g| 0.2 / (1.0 / g + 15e3)).sum::<f64>();
    assert!((numbers(&found["bit_line_currents_a"])[1] / sum - 1.0).abs() < 1e-12);
}

#[test]
fn a_cell_that_is_not_selected_has_no_current_to_compare_with() {
    let folder = tempfile::tempdir().unwrap();
    csv(&folder.path().join("g.csv"), &[vec![1e-6, 2e-6], vec![3e-6, 0.0]]);
    let args = ["crossbar", "g.csv", "--access-resistance", "1kohm", "--select", "0", "--read"];
    let text = good(&memspike(folder.path(), &[&args[..], &["1,0"]].concat()));
    assert!(text.contains("its bit line    0 A\n"), "{text}");
    let text = good(&memspike(folder.path(), &[&args[..], &["0,1"]].concat()));
    assert!(text.contains("times the cell alone)\n"), "{text}");
}

#[test]
fn negative_values_follow_their_flag() {
    let folder = tempfile::tempdir().unwrap();
    csv(&folder.path().join("g.csv"), &[vec![1e-6, 2e-6], vec![3e-6, 0.0]]);
    let currents = |args: &[&str]| numbers(&json(folder.path(), args)["bit_line_currents_a"]);
    let found =
        currents(&["crossbar", "g.csv", "--voltages", "-0.1V,0.2V", "--bit-line-voltages", "-0.1V,0V", "--json"]);
    close(&found, &[0.3 * 3e-6, -0.1 * 2e-6]);
    let [there, back] = ["0.2V", "-0.2V"]
        .map(|volt| currents(&["crossbar", "g.csv", "--read", "0,1", "--read-voltage", volt, "--json"]));
    assert!(there[1] != 0.0 && there[1] == -back[1], "{there:?} {back:?}");
    let refused = bad(&memspike(folder.path(), &["crossbar", "g.csv", "--inputs", "-0.5,1"]), 2);
    assert!(refused.contains("found -0.5, expected shares from 0 to 1"), "{refused}");
}

#[test]
fn wrong_input_is_explained() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    csv(&path("g.csv"), &[vec![1e-6, 2e-6], vec![3e-6, 0.0]]);
    csv(&path("open.csv"), &[vec![1e-6, 0.0], vec![3e-6, 0.0]]);
    std::fs::write(path("negative.csv"), "1e-6,-2e-6\n").unwrap();
    std::fs::write(path("nan.csv"), "1e-6,nan\n").unwrap();
    std::fs::write(path("ragged.csv"), "1e-6,1e-6\n1e-6\n").unwrap();
    std::fs::write(path("w.csv"), "0.5,1.5\n").unwrap();
    let cases: &[(&[&str], &str)] = &[
        (&["g.csv", "--voltages", "0.1V"], "found 1 values, expected 2"),
        (&["g.csv", "--voltages", "0.1,0.2"], "expected a voltage"),
        (&["g.csv", "--voltages", "1e308V,0V"], "expected at most 100 V"),
        (&["g.csv", "--voltages", "0V,0V", "--bit-line-voltages", "0V,-101V"], "expected at most 100 V"),
        (&["g.csv", "--read", "0,0", "--read-voltage", "101V"], "expected at most 100 V"),
        (&["g.csv", "--voltages", "0.1V,0.2V", "--wire-resistance=-1ohm"], "word_line_resistance is -1 ohm"),
        (&["g.csv", "--voltages", "0.1V,0.2V", "--wire-resistance=1V"], "expected a resistance"),
        (&["negative.csv", "--voltages", "0.1V"], "row 0, column 1 is -0.000002 S"),
        (&["nan.csv", "--voltages", "0.1V"], "NaN"),
        (&["ragged.csv", "--voltages", "0.1V"], "line 2: found 1 numbers, expected 2"),
        (&["missing.csv", "--voltages", "0.1V"], "missing.csv"),
        (&["g.csv", "--read", "2,0"], "no cell in row 2"),
        (&["open.csv", "--voltages", "0.1V,0.1V", "--bit-line-voltages", "0V,float"], "bit line 1 floats"),
        (&["w.csv", "--weights", "--g-min", "1uS", "--g-max", "2uS", "--inputs", "1"], "is 1.5, expected -1 to 1"),
        (&["g.csv", "--weights", "--g-min", "2uS", "--g-max", "1uS", "--inputs", "1,0"], "g_min < g_max"),
        (&["g.csv", "--voltages", "0.1V,0.2V", "--adc-bits", "99"], "adc_bits is 99"),
        (&["g.csv", "--voltages", "0.1V,0.2V", "--dac-bits", "0"], "dac_bits is 0"),
        (&["g.csv", "--voltages", "0.1V,0.2V", "-o", "out.txt"], "another ending"),
        (&["g.csv", "--inputs", "0.5,2"], "expected shares from 0 to 1"),
        (&["g.csv"], "--voltages"),
        (&["g.csv", "--voltages", "0.1V,0.2V", "--scheme", "half"], "--scheme says"),
        (&["g.csv", "--voltages", "0.1V,0.2V", "--read-voltage", "0.1V"], "--read-voltage is"),
        (&["g.csv", "--voltages", "0.1V,0.2V", "--v-max", "1V"], "--v-max is"),
        (&["g.csv", "--voltages", "0.1V,0.2V", "--dataset", "g"], "--dataset is of .h5 files, and g.csv is none"),
    ];
    for (args, expected) in cases {
        let output = memspike(folder.path(), &[&["crossbar"], *args].concat());
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        let message = bad(&output, 2);
        assert!(message.contains(expected), "{args:?}: {message}");
    }
}

#[test]
fn the_converters_of_word_lines_give_the_voltages_of_a_scheme_too() {
    let folder = tempfile::tempdir().unwrap();
    csv(&folder.path().join("g.csv"), &[vec![1e-5, 2e-5], vec![1e-6, 3e-5]]);
    let given = |scheme: &str| {
        // Steps of 0.1 V.
        let args =
            ["crossbar", "g.csv", "--read", "0,0", "--scheme", scheme, "--json", "--dac-bits", "2", "--v-max", "0.3V"];
        numbers(&json(folder.path(), &args)["word_line_voltages_v"])
    };
    close(&given("third"), &[0.2, 0.1]);
    close(&given("half"), &[0.2, 0.1]);
    close(&given("grounded"), &[0.2, 0.0]);
}
