//! Values and connections from files.

use std::fs;
use std::path::Path;

use memspike::format::result::read_observables;
use memspike::spec::{self, Connect, ModelError, NetworkSpec, PopulationKind};
use memspike::value::Value;

use crate::cli::{good, memspike};

fn read(folder: &Path, connect: &str) -> Result<NetworkSpec, ModelError> {
    let text = format!(
        "simulation.duration = \"1 s\"\n[population.A]\nsize = 3\nneuron = \"lif_exp\"\n\
         [projection.p]\nsource = \"A\"\ntarget = \"A\"\n{connect}"
    );
    spec::parse(&text, "m", folder, &[])
}

fn npy(descr: &str, shape: &str, data: &[u8]) -> Vec<u8> {
    let header = format!("{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}\n");
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(data);
    bytes
}

fn floats(values: &[f64]) -> Vec<u8> {
    values.iter().flat_map(|x| x.to_le_bytes()).collect()
}

#[track_caller]
fn check(model: Result<NetworkSpec, ModelError>) {
    let model = model.unwrap_or_else(|error| panic!("{error}"));
    let p = &model.projections[0];
    assert_eq!(p.connect, Connect::Pairs(vec![(0, 1), (2, 0)]));
    assert!(matches!(&p.weight, Value::List(w) if **w == [5.0, -6.0]), "{:?}", p.weight);
    assert!(matches!(&p.delay, Value::List(d) if **d == [1.5, 2.5]), "{:?}", p.delay);
}

#[test]
fn connections_come_from_csv_and_npy() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fs::write(path.join("e.csv"), "source,target,weight,delay\n0,1,5,1.5\n2,0,-6,2.5\n").unwrap();
    check(read(path, "connect.file = { path = \"e.csv\" }"));
    let rows = floats(&[0.0, 1.0, 5.0, 1.5, 2.0, 0.0, -6.0, 2.5]);
    fs::write(path.join("e.npy"), npy("'<f8'", "(2, 4)", &rows)).unwrap();
    check(read(path, "connect.file = { path = \"e.npy\" }"));
    let descr = "[('source', '<f8'), ('target', '<f8'), ('weight', '<f8'), ('delay', '<f8')]";
    fs::write(path.join("s.npy"), npy(descr, "(2,)", &rows)).unwrap();
    check(read(path, "connect.file = { path = \"s.npy\" }"));
    fs::write(path.join("again.csv"), "source,target\n0,1\n2,0\n0,1\n").unwrap();
    let error = read(path, "connect.file = { path = \"again.csv\" }\nmultapses = false").unwrap_err();
    assert!(error.message().contains("connection 3 of 3: the pair [0, 1] is there a second time"), "{error}");
    let error = read(path, "connect.pairs = [[0, 1], [2, 2]]\nautapses = false").unwrap_err();
    assert!(error.message().contains("the pair [2, 2] connects a neuron to itself"), "{error}");
    assert_eq!(error.position(), Some((8, 26)));
    fs::write(path.join("twice.csv"), "source,target,weight,weight\n0,1,5,6\n").unwrap();
    let error = read(path, "connect.file = { path = \"twice.csv\" }").unwrap_err();
    assert!(error.message().contains("2 columns are called weight"), "{error}");
    let own = read(path, "connect.file = { path = \"e.csv\" }\nweight = \"7 pA\"").unwrap();
    assert_eq!(own.projections[0].weight.constant(), Some(7.0));
}

#[test]
fn a_model_is_the_same_wherever_its_files_lie_and_another_once_they_hold_something_else() {
    use memspike::engine::checkpoint::hash_of;
    let folder = tempfile::tempdir().unwrap();
    let pulses =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/devices/pulses.csv")).unwrap();
    let text = "simulation.duration = '1 s'\n[population.A]\nsize = 2\n\
                source.poisson.rate = { file = 'rates.csv', column = 'r', unit = 'Hz' }\n\
                [population.B]\nsize = 2\nneuron.lif_exp.i_e = { file = 'rates.csv', column = 'i', unit = 'pA' }\n\
                [projection.p]\nsource = 'A'\ntarget = 'B'\nconnect.file = { path = 'pairs.csv' }\nw_max = '9 pA'\n\
                device.table = { file = 'pulses.csv', g = 'G_uS', unit = 'uS', direction = 'polarity', device = 'cell', cycle = 'cycle' }\n";
    let files = [
        ("rates.csv", "r,i\n10,100\n20,200\n".to_string()),
        ("pairs.csv", "source,target,weight\n0,1,5\n1,0,6\n".to_string()),
        ("pulses.csv", pulses.clone()),
        ("m.toml", text.to_string()),
    ];
    let changes = [
        ("rates.csv", "r,i\n10,100\n21,200\n"),
        ("rates.csv", "r,i\n10,100\n20,201\n"),
        ("pairs.csv", "source,target,weight\n0,1,5\n1,0,7\n"),
    ];
    let fewer = pulses.trim_end().rsplit_once('\n').unwrap().0;
    let hash = |place: &str, change: Option<(&str, &str)>| {
        let folder = folder.path().join(place);
        fs::create_dir_all(&folder).unwrap();
        for (name, content) in &files {
            let changed = change.filter(|(changed, _)| changed == name).map_or(&content[..], |(_, content)| content);
            fs::write(folder.join(name), changed).unwrap();
        }
        let spec = spec::load(&folder.join("m.toml"), &[]).unwrap_or_else(|error| panic!("{error}"));
        assert!(spec.resolved.contains(folder.to_str().unwrap()), "{}", spec.resolved);
        hash_of(&spec, 2)
    };
    assert_eq!(hash("a", None), hash("b", None));
    for change in changes.into_iter().chain([("pulses.csv", fewer)]) {
        assert_ne!(hash("a", None), hash("a", Some(change)), "{}", change.0);
    }
}

#[test]
fn connections_come_from_an_earlier_result_and_sonata() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let file = hdf5::File::create(path.join("result.h5")).unwrap();
    let group = file.create_group("weights/p.A_to_A/snapshots").unwrap();
    let write = |group: &hdf5::Group, name: &str, data: &[f64]| {
        group.new_dataset_builder().with_data(data).create(name).unwrap();
    };
    write(&group, "times", &[500.0, 1000.0]);
    write(&group, "source_ids", &[0.0, 2.0]);
    write(&group, "target_ids", &[1.0, 0.0]);
    write(&group, "delays", &[1.5, 2.5]);
    let weights = group.new_dataset::<f64>().shape((2, 2)).create("weights").unwrap();
    weights.write_raw(&[1.0, 2.0, 5.0, -6.0]).unwrap();
    drop((weights, group, file));
    check(read(path, "connect.file = { path = \"result.h5\" }"));
    check(read(path, "connect.file = { path = \"result.h5\", projection = \"p.A_to_A\", at = \"1 s\" }"));
    let early = read(path, "connect.file = { path = \"result.h5\", at = \"500 ms\" }").unwrap();
    assert!(matches!(&early.projections[0].weight, Value::List(w) if **w == [1.0, 2.0]));
    let error = read(path, "connect.file = { path = \"result.h5\", at = \"7 ms\" }").unwrap_err();
    assert!(error.message().contains("there is no snapshot at 7 ms"), "{error}");
    let error = read(path, "connect.file = { path = \"result.h5\", projection = \"q\" }").unwrap_err();
    assert!(error.message().contains("there is no projection q; there are p.A_to_A"), "{error}");

    let file = hdf5::File::create(path.join("edges.h5")).unwrap();
    let group = file.create_group("edges/A_A").unwrap();
    write(&group, "source_node_id", &[0.0, 2.0]);
    write(&group, "target_node_id", &[1.0, 0.0]);
    write(&group, "edge_group_id", &[0.0, 0.0]);
    write(&group, "edge_group_index", &[1.0, 0.0]);
    let zero = group.create_group("0").unwrap();
    write(&zero, "syn_weight", &[-6.0, 5.0]);
    write(&zero, "delay", &[2.5, 1.5]);
    drop((zero, group, file));
    check(read(path, "connect.file = { path = \"edges.h5\" }"));
    // Edges that stand for several synapses.
    let file = hdf5::File::open_rw(path.join("edges.h5")).unwrap();
    write(&file.group("edges/A_A/0").unwrap(), "nsyns", &[2.0, 3.0]);
    drop(file);
    let several = read(path, "connect.file = { path = \"edges.h5\" }").unwrap();
    assert!(matches!(&several.projections[0].weight, Value::List(w) if **w == [15.0, -12.0]));
    let file = hdf5::File::open_rw(path.join("edges.h5")).unwrap();
    file.group("edges/A_A/0").unwrap().unlink("syn_weight").unwrap();
    drop(file);
    let error = read(path, "connect.file = { path = \"edges.h5\" }").unwrap_err();
    assert!(error.message().contains("has 0/nsyns"), "{error}");
    // A weight of the model's own is that of an edge, whatever it stands for.
    let own = read(path, "connect.file = { path = \"edges.h5\" }\nweight = \"7 pA\"").unwrap();
    assert_eq!(own.projections[0].weight.constant(), Some(7.0));
    let told = "/edges/A_A/0/nsyns says how many synapses an edge stands for, but the model gives the weight";
    assert!(own.notes.iter().any(|note| note.contains(told)), "{:?}", own.notes);
}

#[test]
fn members_of_a_result_count_from_the_first_of_the_slice_that_was_recorded() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let file = hdf5::File::create(path.join("result.h5")).unwrap();
    let group = file.create_group("weights/p/snapshots").unwrap();
    let write = |name: &str, data: &[f64]| {
        group.new_dataset_builder().with_data(data).create(name).unwrap();
    };
    write("times", &[1000.0]);
    write("source_ids", &[7.0, 9.0]);
    write("target_ids", &[5.0, 4.0]);
    write("delays", &[1.5, 2.5]);
    group.new_dataset::<f64>().shape((1, 2)).create("weights").unwrap().write_raw(&[5.0, -6.0]).unwrap();
    for (name, first) in [("source_first", 7u64), ("target_first", 4)] {
        group.new_attr::<u64>().create(name).unwrap().write_scalar(&first).unwrap();
    }
    drop((group, file));
    check(read(path, "connect.file = { path = \"result.h5\" }"));
}

/// What slices learned goes to other slices, by the place in them.
#[test]
fn a_result_of_slices_connects_slices_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let run = |name: &str, source: &str, target: &str, rest: &str| -> Vec<(i64, i64, f64)> {
        let model = format!(
            "simulation.duration = '2 ms'\n[population.A]\nsize = 10\nneuron = 'lif_exp'\n[population.B]\nsize = 10\nneuron = 'lif_exp'\n\
             [projection.p]\nsource = '{source}'\ntarget = '{target}'\n{rest}\n[[record.weights]]\nprojection = 'p'\non = 'end'\n"
        );
        fs::write(path.join(format!("{name}.toml")), model).unwrap();
        let (file, out) = (format!("{name}.toml"), format!("{name}.h5"));
        good(&memspike(path, &["run", &file, "-o", &out]));
        let found = read_observables(&path.join(out)).unwrap().snapshots.remove(0);
        let ends = found.source_ids.into_iter().zip(found.target_ids);
        ends.zip(found.weights).map(|((source, target), weight)| (source, target, weight)).collect()
    };
    let pairs = "connect.pairs = [[0, 0], [1, 1]]\nweight = { values = [10, 20], unit = 'pA' }";
    assert_eq!(run("train", "A[2:10]", "B[3:10]", pairs), [(2, 3, 10.0), (3, 4, 20.0)]);
    let again = "connect.file = { path = 'train.h5' }";
    assert_eq!(run("same", "A[2:10]", "B[3:10]", again), [(2, 3, 10.0), (3, 4, 20.0)]);
    assert_eq!(run("other", "A[5:8]", "B[0:2]", again), [(5, 0, 10.0), (6, 1, 20.0)]);
    assert_eq!(run("whole", "A", "B", again), [(0, 0, 10.0), (1, 1, 20.0)]);
    let once_more = "connect.file = { path = 'other.h5' }";
    assert_eq!(run("back", "A[2:10]", "B[3:10]", once_more), [(2, 3, 10.0), (3, 4, 20.0)]);
}

/// A file of weights and delays, with what their attributes say.
fn with_units(path: &Path, weight: &str, delay: &str) {
    let file = hdf5::File::create(path).unwrap();
    let group = file.create_group("edges/A_A/0").unwrap();
    let write = |place: &str, data: &[f64], attribute: (&str, &str)| {
        let dataset = file.new_dataset_builder().with_data(data).create(place).unwrap();
        let text: hdf5::types::VarLenUnicode = attribute.1.parse().unwrap();
        let attr = dataset.new_attr::<hdf5::types::VarLenUnicode>().create(attribute.0).unwrap();
        attr.write_scalar(&text).unwrap();
    };
    write("edges/A_A/source_node_id", &[0.0, 2.0], ("units", ""));
    write("edges/A_A/target_node_id", &[1.0, 0.0], ("units", "ids"));
    write("edges/A_A/0/syn_weight", &[0.005, -0.006], ("units", weight));
    write("edges/A_A/0/delay", &[0.0015, 0.0025], ("unit", delay));
    drop(group);
}

#[test]
fn the_unit_that_an_hdf5_file_says_is_its_unit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    with_units(&path.join("e.h5"), "nA", "s");
    check(read(path, "connect.file = { path = \"e.h5\" }"));
    let value = |file: &str, unit: &str| {
        let weight = format!("weight = {{ file = \"{file}\", dataset = \"edges/A_A/0/syn_weight\"{unit} }}");
        read(path, &format!("connect.pairs = [[0, 1], [2, 0]]\n{weight}\ndelay = \"2 ms\""))
    };
    let weights =
        |file: &str, unit: &str| match &value(file, unit).unwrap_or_else(|e| panic!("{e}")).projections[0].weight {
            Value::List(list) => list.to_vec(),
            other => panic!("{other:?}"),
        };
    assert_eq!(weights("e.h5", ""), [5.0, -6.0]);
    assert_eq!(weights("e.h5", ", unit = \"nA\""), [5.0, -6.0]);
    let error = value("e.h5", ", unit = \"pA\"").unwrap_err();
    let (found, told) = ("found unit = \"pA\"", "e.h5: edges/A_A/0/syn_weight is in nA");
    assert!(error.message().contains(found) && error.message().contains(told), "{error}");

    // A unit that does not fit names the file, the dataset, what was found and what was expected; a weight of one's own needs none of it.
    with_units(&path.join("wrong.h5"), "ms", "ms");
    for error in [value("wrong.h5", "").unwrap_err(), read(path, "connect.file = { path = \"wrong.h5\" }").unwrap_err()]
    {
        let message = error.message();
        for part in ["wrong.h5", "edges/A_A/0/syn_weight is in ms", "found a time, expected a current"] {
            assert!(message.contains(part), "{part}: {message}");
        }
    }
    let own = read(path, "connect.file = { path = \"wrong.h5\" }\nweight = \"7 pA\"").unwrap();
    assert_eq!(own.projections[0].weight.constant(), Some(7.0));

    // A word that is no unit says nothing, which is told.
    with_units(&path.join("word.h5"), "arbitrary", "unknown");
    assert_eq!(weights("word.h5", ", unit = \"nA\""), [5.0, -6.0]);
    let error = value("word.h5", "").unwrap_err().to_string();
    assert!(
        error.contains("says the unit \"arbitrary\", which is none") && error.contains("write unit = \"pA\""),
        "{error}"
    );
}

#[test]
fn the_unit_in_the_name_of_a_column_is_its_unit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fs::write(path.join("v.csv"), "v [V],tau_s,n (1st)\n0.001,1,1\n0.002,2,2\n0.003,3,3\n").unwrap();
    let value = |column: &str, unit: &str| {
        let connect = format!(
            "connect = \"all_to_all\"\n[population.B]\nsize = 3\nneuron = \"lif_exp\"\ninitial.v_m = {{ file = \"v.csv\", column = \"{column}\"{unit} }}"
        );
        let model = read(path, &connect)?;
        let PopulationKind::Neuron { initial, .. } = &model.populations[1].kind else { panic!("a source") };
        match &initial[0].1 {
            Value::List(list) => Ok(list.to_vec()),
            other => panic!("{other:?}"),
        }
    };
    let refused = |column: &str, unit: &str| -> ModelError { value(column, unit).unwrap_err() };
    for unit in ["", ", unit = \"V\""] {
        assert_eq!(value("v [V]", unit).unwrap(), [1.0, 2.0, 3.0], "{unit}");
    }
    let error = refused("v [V]", ", unit = \"mV\"");
    let told = "v.csv: v [V] is in V, as its name says";
    assert!(error.message().contains("found unit = \"mV\"") && error.message().contains(told), "{error}");
    // What is no unit in brackets says nothing, nor does what may be a part of the name.
    assert_eq!(value("tau_s", ", unit = \"mV\"").unwrap(), [1.0, 2.0, 3.0]);
    assert_eq!(value("n (1st)", ", unit = \"mV\"").unwrap(), [1.0, 2.0, 3.0]);
    assert!(refused("n (1st)", "").message().contains("`unit` is missing"));
}

#[test]
fn broken_files_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let refused = |connect: &str| read(path, connect).map(|_| ()).unwrap_err();
    for (name, content, message) in [
        ("a.h5", &b"not hdf5"[..], "this is not an HDF5 file"),
        ("a.csv", b"source,target\n0,1\n3,0\n", "connection 2 of 2: found the source 3, but there are 3, 0 to 2"),
        ("b.csv", b"source,target\n0,x\n", "row 1: found \"x\", expected a number"),
        ("c.csv", b"source,target,delay\n0,1,0\n", "found a delay of 0 ms, expected more than 0"),
        ("c.csv", b"source,target,delay\n0,1,1e12\n", "found a delay of 1000000000000 ms; delays may be at most a day"),
        ("d.csv", b"source,target,weight\n0,1,nan\n", "found the weight NaN"),
        ("e.csv", b"from,to\n0,1\n", "found the column from"),
        ("f.csv", b"", "the file is empty"),
        ("g.npy", b"\x93NUMPY\x01\x00\x40", "the file is truncated"),
        ("h.npy", b"hello", "not an npy file"),
    ] {
        fs::write(path.join(name), content).unwrap();
        let error = refused(&format!("connect.file = {{ path = \"{name}\" }}"));
        assert!(error.message().contains(message), "{name}: {error}");
        assert_eq!(error.position(), Some((8, 25)), "{error}");
    }
    assert!(refused("connect.file = { path = \"none.h5\" }").message().contains("there is no such file"));
}

#[test]
fn values_come_from_npy_csv_and_h5() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fs::write(path.join("v.npy"), npy("'<f8'", "(3,)", &floats(&[1.0, 2.0, 3.0]))).unwrap();
    fs::write(path.join("v.csv"), "id,v\n0,1\n1,2\n2,3\n").unwrap();
    let file = hdf5::File::create(path.join("v.h5")).unwrap();
    file.new_dataset_builder().with_data(&[1.0f32, 2.0, 3.0]).create("a/v").unwrap();
    file.new_dataset::<f64>().shape(hdf5::Extents::Null).create("a/none").unwrap();
    drop(file);
    let none = "connect = \"all_to_all\"\nweight = { file = \"v.h5\", dataset = \"a/none\", unit = \"pA\" }";
    let error = read(path, none).unwrap_err();
    assert!(error.message().contains("found 0 values"), "a dataset without a space is empty: {error}");
    for value in ["file = \"v.npy\"", "file = \"v.csv\", column = \"v\"", "file = \"v.h5\", dataset = \"a/v\""] {
        let connect = format!(
            "connect = \"all_to_all\"\n[population.B]\nsize = 3\nneuron = \"lif_exp\"\ninitial.v_m = {{ {value}, unit = \"V\" }}"
        );
        let model = read(path, &connect).unwrap_or_else(|error| panic!("{error}"));
        let PopulationKind::Neuron { initial, .. } = &model.populations[1].kind else { panic!("a source") };
        assert!(matches!(&initial[0].1, Value::List(v) if **v == [1000.0, 2000.0, 3000.0]));
    }
}

#[test]
fn what_devices_with_bounds_of_their_own_have_learnt_goes_back() {
    let folder = tempfile::tempdir().unwrap();
    let run = |name: &str, connect: &str, a_plus: f64| {
        let model = format!(
            "simulation = {{ duration = '200 ms', seed = 4 }}\npopulation.A = {{ size = 10, source.poisson.rate = '50 Hz' }}\n\
             population.N = {{ size = 5, neuron = 'lif_exp' }}\ninput.n = {{ target = 'N', poisson = {{ rate = '9 kHz', weight = '40 pA' }} }}\n\
             [projection.p]\nsource = 'A'\ntarget = 'N'\n{connect}\nw_max = '80 pA'\nplasticity.stdp = {{ a_plus = {a_plus}, a_minus = 0 }}\n\
             device.soft_bounds = {{ sigma_g_max = 0.2, sigma_g_min = 0.1, dg_up = '20 uS' }}\n[[record.weights]]\nprojection = 'p'\non = 'end'\n"
        );
        fs::write(folder.path().join("m.toml"), model).unwrap();
        let out = format!("{name}.h5");
        (memspike(folder.path(), &["run", "m.toml", "-o", &out]), folder.path().join(out))
    };
    let weights = |(output, out): (std::process::Output, std::path::PathBuf)| {
        good(&output);
        read_observables(&out).unwrap().snapshots.remove(0).weights
    };
    let learnt = weights(run("a", "connect = 'all_to_all'\nweight = '79 pA'", 2.0));
    assert!(learnt.iter().filter(|w| **w > 81.0).count() > 10, "{learnt:?}");
    let again = weights(run("b", "connect.file = { path = 'a.h5' }", 0.0));
    assert!(learnt.iter().zip(&again).all(|(a, b)| (a - b).abs() < 1e-9), "{learnt:?}\n{again:?}");
    // No slip of a number: one for all is within the bounds, and none is so far beyond them.
    for (name, weight) in [
        ("c", "weight = '81 pA'".to_string()),
        ("d", format!("weight = {{ values = {:?}, unit = 'pA' }}", [900.0; 50])),
    ] {
        let (output, _) = run(name, &format!("connect = 'all_to_all'\n{weight}"), 0.0);
        let error = crate::cli::bad(&output, 2);
        assert!(error.contains("is outside [w_min, w_max] = [0, 80]"), "{error}");
    }
}
