//! SONATA circuits that are wrong: what the user is told.

use std::fs;
use std::path::Path;

use crate::cli::{bad, good, memspike};
use crate::interchange_sonata::copy;

/// Changes a text in a file.
fn change(folder: &Path, file: &str, from: &str, to: &str) {
    let text = fs::read_to_string(folder.join(file)).unwrap();
    assert!(text.contains(from), "{file} has no {from}");
    fs::write(folder.join(file), text.replacen(from, to, 1)).unwrap();
}

#[test]
fn mistakes_in_texts_are_told_with_file_and_place() {
    const CELL: &str = "shared_components/nest_models/cell_models/472363762_point.json";
    let cases = [
        (
            "circuit_config.json",
            "$NETWORK_DIR/internal_nodes.h5",
            "$NETWORK/internal_nodes.h5",
            "manifest does not give",
        ),
        ("circuit_config.json", "\"./network\"", "\"$COMPONENT_DIR/$NETWORK_DIR\"", "in a circle"),
        ("circuit_config.json", "internal_nodes.h5", "no_nodes.h5", "no such file"),
        ("circuit_config.json", "internal_nodes.h5", "external_internal_edges.h5", "no /nodes/<population>"),
        ("circuit_config.json", "\"enabled\": true", "\"enabled\": 1", "expected true or false"),
        ("circuit_config.json", "\"networks\": {", "\"networks\": [", "is no JSON"),
        ("simulation_config.json", "\"tstop\": 1500.0", "\"tstop\": -1", "expected more than 0"),
        (
            "simulation_config.json",
            "\"tstop\": 1500.0",
            "\"tstop\": 9.995",
            "run/tstop: found 9.995, which is no multiple",
        ),
        (
            "simulation_config.json",
            "\"input_type\": \"spikes\"",
            "\"input_type\": \"current_clamp\"",
            "only spikes are known",
        ),
        ("simulation_config.json", "\"node_set\": \"external\"", "\"node_set\": \"externals\"", "there are external"),
        (
            "simulation_config.json",
            "\"module\": \"h5\"",
            "\"delay\": 50.0, \"module\": \"h5\"",
            "external_spike_trains/delay",
        ),
        (
            "simulation_config.json",
            "\"module\": \"h5\"",
            "\"duration\": 9.0, \"module\": \"h5\"",
            "move or cut them there",
        ),
        ("simulation_config.json", "\"dt\": 0.01", "\"dt\": 5.0", "which is no step of 5 ms"),
        ("node_sets.json", "270", "300", "no node 300: internal has 300 nodes"),
        (
            "simulation_config.json",
            "\"node_set\": \"external\"",
            "\"node_set\": \"internal\"",
            "spikes drive virtual nodes",
        ),
        ("simulation_config.json", "\"V_m\"", "\"v_x\"", "no variable v_x"),
        (
            "simulation_config.json",
            "\"sections\": \"multimeter_report\"",
            "\"file_name\": \"./spikes.h5\"",
            "several outputs go to",
        ),
        (
            "circuit_config.json",
            "$NETWORK_DIR/external_internal_edges.h5",
            "$NETWORK_DIR/internal_internal_edges.h5",
            "twice, whose synapses would be there twice",
        ),
        ("simulation_config.json", "$BASE_DIR/circuit_config.json", "$BASE_DIR/simulation_config.json", "in a circle"),
        ("node_sets.json", "\"node_id\"", "\"hair\"", "the column hair"),
        (
            "node_sets.json",
            "\"population\": \"internal\"",
            "\"population\": \"recorded_cells\"",
            "no node set or population",
        ),
        (CELL, "\"tau_m\"", "\"tau_x\"", "tau_x is no parameter of lif_alpha"),
        (CELL, "44.9", "-44.9", "more than 0"),
        (CELL, "44.9", "\"long\"", "expected a number"),
        ("network/internal_node_types.csv", "nest:iaf_psc_alpha", "nest:glif_psc", "glif_psc of NEST is not known"),
        ("network/internal_node_types.csv", "point_process", "biophysical", "model_type is \"biophysical\""),
        ("network/internal_node_types.csv", "102 e", "109 e", "has the type 102"),
        ("network/internal_internal_edge_types.csv", "static_synapse", "stdp_synapse", "stdp_synapse is not known"),
        ("network/internal_internal_edge_types.csv", " 2.0 ", " -2.0 ", "expected a delay above 0"),
        ("network/internal_internal_edge_types.csv", " 2.0 ", " ", "5 words, but there are 6 columns"),
        (
            "shared_components/nest_models/synaptic_models/ExcToExc.json",
            "}",
            "\"tau\": 1.0 }",
            "no parameter of static_synapse",
        ),
    ];
    for (file, from, to, expected) in cases {
        let folder = copy();
        change(folder.path(), file, from, to);
        let error = bad(&memspike(folder.path(), &["check", "simulation_config.json"]), 2);
        assert!(error.contains(expected), "{file}: {from} -> {to}: {error}");
        assert!(error.contains(".json") || error.contains(".csv") || error.contains(".h5"), "{error}");
    }
}

#[test]
fn what_is_not_used_is_said() {
    let folder = copy();
    change(folder.path(), "simulation_config.json", "\"celsius\"", "\"extracellular_calcium\": 1.0, \"celsius\"");
    let output = memspike(folder.path(), &["check", "simulation_config.json"]);
    good(&output);
    let notes = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(notes.contains("conditions/extracellular_calcium is not used"), "{notes}");
    assert!(notes.contains("20844 edges of external_to_internal give no delay"), "{notes}");
}

#[test]
fn unknown_keys_of_inputs_and_reports_and_sets_without_nodes_are_said() {
    let folder = copy();
    let set = "\"node_set\": { \"population\": \"external\", \"ei\": \"x\" }";
    change(
        folder.path(),
        "simulation_config.json",
        "\"node_set\": \"external\"",
        &format!("\"trial\": \"t\", \"delay\": 0, {set}"),
    );
    let cells = "\"cells\": [{ \"population\": \"internal\", \"ei\": \"nobody\" }, \"external\"]";
    change(
        folder.path(),
        "simulation_config.json",
        "\"cells\": \"recorded_cells\"",
        &format!("{cells}, \"unit\": \"V\""),
    );
    change(folder.path(), "simulation_config.json", "\"h5\"", "\"noise\"");
    change(folder.path(), "simulation_config.json", "\"membrane_report\"", "\"ecp\"");
    let output = memspike(folder.path(), &["check", "simulation_config.json"]);
    good(&output);
    let notes = String::from_utf8_lossy(&output.stderr).into_owned();
    for told in [
        "inputs/external_spike_trains/module \"noise\" is not known: spikes are taken from its file",
        "reports/membrane_potential/module \"ecp\" is not known: its variables are recorded as those of neurons",
        "inputs/external_spike_trains/trial is not used",
        "inputs/external_spike_trains drives nothing",
        "reports/membrane_potential/unit is not used",
        "membrane_potential.h5 is empty",
    ] {
        assert!(notes.contains(told), "{told}: {notes}");
    }
    assert!(!notes.contains("delay is not used"), "{notes}");
}

#[test]
fn the_folder_of_a_configuration_is_its_own_through_other_variables_too() {
    let (folder, elsewhere) = (copy(), tempfile::tempdir().unwrap());
    change(folder.path(), "circuit_config.json", "\"./network\"", "\"$configdir/network\"");
    change(folder.path(), "simulation_config.json", "\"$BASE_DIR\": \".\"", "\"$BASE_DIR\": \"${configdir}\"");
    let config = folder.path().join("simulation_config.json");
    good(&memspike(elsewhere.path(), &["check", config.to_str().unwrap()]));
    let name = folder.path().file_name().unwrap().to_str().unwrap();
    good(&memspike(folder.path().parent().unwrap(), &["check", &format!("{name}/simulation_config.json")]));
}

#[test]
fn reports_without_a_sample_and_refractory_periods_between_steps_are_said() {
    let folder = copy();
    let times = "\"V_m\", \"start_time\": 50.0, \"end_time\": 5.0";
    change(folder.path(), "simulation_config.json", "\"V_m\"", times);
    let cell = "shared_components/nest_models/cell_models/472363762_point.json";
    change(folder.path(), cell, "\"t_ref\": 3.0", "\"t_ref\": 3.001");
    let output = memspike(folder.path(), &["check", "simulation_config.json"]);
    good(&output);
    let notes = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(notes.contains("end_time, 5 ms, is before start_time, 50 ms: it is empty"), "{notes}");
    assert!(notes.contains("is no multiple of the step, 0.01 ms, and is the one above"), "{notes}");
}

#[test]
fn a_result_can_not_go_where_the_configuration_puts_something_else() {
    let folder = copy();
    fs::create_dir(folder.path().join("output")).unwrap();
    let arguments = ["run", "simulation_config.json", "--duration", "1ms", "-o", "output/../output/spikes.h5"];
    let error = bad(&memspike(folder.path(), &arguments), 2);
    assert!(error.contains("writes output/../output/spikes.h5 itself"), "{error}");
}

#[test]
fn the_result_that_a_circuit_names_is_enough_for_checkpoints_and_nests_names_are_told() {
    let folder = copy();
    let arguments = ["run", "simulation_config.json", "--duration", "2ms", "--checkpoint-every", "1ms"];
    good(&memspike(folder.path(), &arguments));
    let cell = "shared_components/nest_models/cell_models/472363762_point.json";
    change(folder.path(), cell, "\"C_m\"", "\"C\"");
    let error = bad(&memspike(folder.path(), &["check", "simulation_config.json"]), 2);
    assert!(
        error.contains("C is no parameter of lif_alpha") && error.contains("C_m") && error.contains("V_th"),
        "{error}"
    );
}

#[test]
fn a_delay_that_is_no_step_is_none_without_a_grid() {
    let folder = copy();
    change(folder.path(), "simulation_config.json", "\"dt\": 0.01", "\"dt\": 5.0");
    good(&memspike(folder.path(), &["run", "simulation_config.json", "--duration", "5ms", "--engine", "event"]));
}

#[test]
fn damaged_files_of_a_circuit_are_errors() {
    for file in ["network/internal_nodes.h5", "network/internal_internal_edges.h5", "inputs/external_spike_trains.h5"] {
        let folder = copy();
        let path = folder.path().join(file);
        let bytes = fs::read(&path).unwrap();
        for length in [0, 100, bytes.len() / 2, bytes.len() - 1] {
            fs::write(&path, &bytes[..length]).unwrap();
            let error = bad(&memspike(folder.path(), &["check", "simulation_config.json"]), 2);
            assert!(error.contains(file), "{error}");
        }
    }
}

/// A dataset of integers replaced.
fn replace(file: &Path, place: &str, change: impl FnOnce(&mut Vec<i64>)) {
    let file = crate::unlocked::open_rw(file);
    let old = file.dataset(place).unwrap();
    let mut values = old.read_raw::<i64>().unwrap();
    change(&mut values);
    let text = old.attr("node_population").ok().map(|a| a.read_scalar::<hdf5::types::VarLenUnicode>().unwrap());
    file.unlink(place).unwrap();
    let new = file.new_dataset::<i64>().shape(values.len()).create(place).unwrap();
    new.write_raw(&values).unwrap();
    if let Some(text) = text {
        new.new_attr::<hdf5::types::VarLenUnicode>().create("node_population").unwrap().write_scalar(&text).unwrap();
    }
}

#[test]
fn tables_that_do_not_fit_together_are_errors() {
    let edges = "/edges/internal_to_internal";
    type Change = fn(&mut Vec<i64>);
    let cases: [(&str, String, Change, &str); 7] = [
        ("network/internal_internal_edges.h5", format!("{edges}/source_node_id"), |v| v[3] = 300, "has 300 nodes"),
        (
            "network/internal_internal_edges.h5",
            format!("{edges}/target_node_id"),
            |v| v[3] = -1,
            "expected an id from 0",
        ),
        (
            "network/internal_internal_edges.h5",
            format!("{edges}/target_node_id"),
            |v| v.truncate(9),
            "expected as many",
        ),
        (
            "network/internal_internal_edges.h5",
            format!("{edges}/edge_group_index"),
            |v| v[9] = 30_000,
            "takes entry 30000",
        ),
        ("network/internal_internal_edges.h5", format!("{edges}/edge_type_id"), |v| v[0] = 99, "has the type 99"),
        ("network/internal_nodes.h5", "/nodes/internal/node_id".to_owned(), |v| v.swap(0, 1), "in order"),
        ("inputs/external_spike_trains.h5", "/spikes/gids".to_owned(), |v| v[0] = 100, "has 100 nodes"),
    ];
    for (file, place, change, expected) in cases {
        let folder = copy();
        replace(&folder.path().join(file), &place, change);
        let error = bad(&memspike(folder.path(), &["check", "simulation_config.json"]), 2);
        assert!(error.contains(expected) && error.contains(file), "{place}: {error}");
    }
}

#[test]
fn rows_of_no_group_links_that_lead_nowhere_and_numbers_of_synapses_that_are_none_are_told() {
    type Change = fn(&hdf5::Group);
    let cases: [(Change, &str); 3] = [
        (
            |edges| {
                let ids = edges.dataset("edge_group_id").unwrap();
                ids.write_raw(&vec![5u16; ids.size()]).unwrap();
            },
            "names the group 5, which is not there",
        ),
        (
            |edges| {
                edges.unlink("0/syn_weight").unwrap();
                edges.link_external("gone.h5", "/weights", "0/syn_weight").unwrap();
            },
            "0/syn_weight: is a link that leads nowhere",
        ),
        (
            |edges| {
                let count = edges.dataset("edge_type_id").unwrap().size();
                edges.new_dataset_builder().with_data(&vec![-1i32; count]).create("0/nsyns").unwrap();
            },
            "an edge has the nsyns -1",
        ),
    ];
    for (change, expected) in cases {
        let folder = copy();
        let file = hdf5::File::open_rw(folder.path().join("network/internal_internal_edges.h5")).unwrap();
        let population = file.group("edges").unwrap().member_names().unwrap().remove(0);
        change(&file.group(&format!("edges/{population}")).unwrap());
        file.close().unwrap();
        let error = bad(&memspike(folder.path(), &["check", "simulation_config.json"]), 2);
        assert!(error.contains(expected), "{error}");
    }
}
