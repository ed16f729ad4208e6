//! Truncated and changed copies of every sample: a message or a recording, never a panic, a hang or a huge allocation.

use std::fs;
use std::path::{Path, PathBuf};

use memspike::format::contain::Contained;
use memspike::format::{self, Fault};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::format_contain::{contained, tight};

fn data(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/recordings").join(name)
}

/// Reads a damaged file in place; the message names the file, and it is not the last resort's.
fn look(path: &Path) -> Result<(), TestCaseError> {
    if let Err(error) = format::read(path) {
        let message = error.to_string();
        prop_assert!(message.contains("damaged"), "{}", message);
        prop_assert!(!message.contains("bindings"), "{}", message);
    }
    Ok(())
}

/// Reads a damaged HDF5 file in a process of its own; whatever becomes of that, there is an answer that is the file's fault.
fn look_contained(path: &Path, reader: &Contained) -> Result<(), TestCaseError> {
    if let Err(error) = reader.read(path) {
        let message = error.to_string();
        prop_assert!(message.contains(&path.display().to_string()), "{}", message);
        prop_assert!(error.fault != Fault::NotContained && !message.contains("impossible answer"), "{}", message);
    }
    Ok(())
}

/// A change of a file: where (in parts of its length), and what is written there; or where it ends.
#[derive(Clone, Debug)]
enum Damage {
    Bytes(Vec<(f64, u8)>),
    Block(f64, u8, usize),
    Cut(f64),
}

fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        prop::collection::vec((0.0..1.0, any::<u8>()), 1..4).prop_map(Damage::Bytes),
        (0.0..1.0, prop_oneof![Just(0u8), Just(0xff), any::<u8>()], 1usize..16)
            .prop_map(|(a, b, c)| Damage::Block(a, b, c)),
        (0.0..1.0).prop_map(Damage::Cut),
    ]
}

fn apply(whole: &[u8], damage: &Damage) -> Vec<u8> {
    let mut bytes = whole.to_vec();
    let at = |part: f64| ((part * whole.len() as f64) as usize).min(whole.len() - 1);
    match damage {
        Damage::Bytes(changes) => changes.iter().for_each(|(part, byte)| bytes[at(*part)] ^= byte),
        Damage::Block(part, byte, length) => {
            let from = at(*part);
            let to = (from + length).min(bytes.len());
            bytes[from..to].fill(*byte);
        }
        Damage::Cut(part) => bytes.truncate(at(*part)),
    }
    bytes
}

/// The same damages in every run.
fn runner(cases: u32) -> TestRunner {
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
}

/// Runs so many damages of a sample.
fn survive(name: &str, cases: u32) {
    survive_by(name, cases, look);
}

/// Runs so many damages of a sample of HDF5.
fn survive_hdf5(name: &str, cases: u32) {
    let reader = contained(tight());
    survive_by(name, cases, |path| look_contained(path, &reader));
}

fn survive_by(name: &str, cases: u32, look: impl Fn(&Path) -> Result<(), TestCaseError>) {
    let whole = fs::read(data(name)).unwrap();
    // Damage at the beginning, where headers are, as often as anywhere.
    let head = (4096.0 / whole.len() as f64).min(1.0);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("damaged");
    let mut runner = runner(cases);
    let strategy = (any::<bool>(), damage());
    let result = runner.run(&strategy, |(at_head, damage)| {
        let damage = match damage {
            Damage::Bytes(list) if at_head => Damage::Bytes(list.into_iter().map(|(p, b)| (p * head, b)).collect()),
            Damage::Block(part, byte, length) if at_head => Damage::Block(part * head, byte, length),
            Damage::Cut(part) if at_head => Damage::Cut(part * head),
            other => other,
        };
        fs::write(&path, apply(&whole, &damage)).unwrap();
        look(&path)
    });
    result.unwrap_or_else(|e| panic!("{name}: {e}"));
}

#[test]
fn damaged_matlab_5_files() {
    survive("hippocampus_linear_track/spikes.mat", 200);
    survive("matlab_neo/neo_segments.mat", 200);
    survive("matlab_made/scalar.mat", 100);
}

#[test]
fn damaged_events_of_vision_sensors() {
    for name in ["none", "lz4", "zstd"] {
        survive(&format!("aedat4/{name}.aedat4"), 200);
    }
}

#[test]
fn damaged_text() {
    survive("mc_maze_trial_748/trial_748_first_second.csv", 60);
    survive("m1_riehle_gdf/winny131_23.gdf", 40);
}

#[test]
fn damaged_tracks_of_trodes() {
    survive("hippocampus_linear_track/trajectory.videoPositionTracking", 200);
}

#[test]
fn damaged_arrays_of_phy() {
    let source = data("phy_kilosort/with_tables");
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("damaged");
    fs::create_dir(&place).unwrap();
    let names: Vec<String> =
        fs::read_dir(&source).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    for name in &names {
        let whole = fs::read(source.join(name)).unwrap();
        let mut runner = runner(60);
        let result = runner.run(&damage(), |damage| {
            for other in &names {
                fs::copy(source.join(other), place.join(other)).unwrap();
            }
            fs::write(place.join(name), apply(&whole, &damage)).unwrap();
            look(&place)
        });
        result.unwrap_or_else(|e| panic!("{name}: {e}"));
    }
}

#[test]
fn damaged_filters_of_others() {
    for name in [
        "blosc_lz4",
        "blosc_blosclz",
        "blosc_zstd_bitshuffle",
        "blosc_zlib",
        "lz4",
        "bitshuffle_lz4",
        "bitshuffle_zstd",
        "zstd",
    ] {
        survive_hdf5(&format!("hdf5_filters/{name}.h5"), 40);
    }
}

#[test]
fn damaged_hdf5_of_every_layout() {
    for name in [
        "matlab_v73/cell.mat",
        "matlab_v73/struct.mat",
        "bmi3d/bmi3d_tables.h5",
        "sonata_reports/compartments_report.h5",
        "sonata_reports/old_report.h5",
        "nix/neo_block.nix",
        "nwb_made/electrodes_links.nwb",
        "retina_mea_hdf5/Wong1993_P5.h5",
    ] {
        survive_hdf5(name, 60);
    }
}
