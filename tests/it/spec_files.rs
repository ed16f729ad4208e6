//! Values and connections from files.

use std::fs;
use std::path::Path;

use memspike::spec::{self, Connect, ModelError, NetworkSpec, PopulationKind};
use memspike::value::Value;

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
    let own = read(path, "connect.file = { path = \"e.csv\" }\nweight = \"7 pA\"").unwrap();
    assert_eq!(own.projections[0].weight.constant(), Some(7.0));
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
        (
            "c.csv",
            b"source,target,delay\n0,1,1e12\n",
            "found a delay of 1000000000000 ms; times may be at most 100 days",
        ),
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
    drop(file);
    for value in ["file = \"v.npy\"", "file = \"v.csv\", column = \"v\"", "file = \"v.h5\", dataset = \"a/v\""] {
        let connect = format!(
            "connect = \"all_to_all\"\n[population.B]\nsize = 3\nneuron = \"lif_exp\"\ninitial.v_m = {{ {value}, unit = \"V\" }}"
        );
        let model = read(path, &connect).unwrap_or_else(|error| panic!("{error}"));
        let PopulationKind::Neuron { initial, .. } = &model.populations[1].kind else { panic!("a source") };
        assert!(matches!(&initial[0].1, Value::List(v) if **v == [1000.0, 2000.0, 3000.0]));
    }
}
