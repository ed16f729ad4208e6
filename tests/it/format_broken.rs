//! Files that can't be read get a message that names the file, the place, what was found and what helps; never a panic.

use std::fs;
use std::path::{Path, PathBuf};

use hdf5::types::VarLenUnicode;
use hdf5::{File, Group};
use memspike::format::{self, Fault};

fn data(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/recordings").join(path)
}

/// The fault and the message for a file that `make` fills; every message names the file.
fn refused(make: impl FnOnce(&File)) -> (Fault, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("broken.h5");
    let file = File::create(&path).unwrap();
    make(&file);
    file.close().unwrap();
    refused_at(&path)
}

fn refused_at(path: &Path) -> (Fault, String) {
    let error = format::read(path).expect_err("the file is broken");
    let message = error.to_string();
    assert!(message.contains(&path.display().to_string()), "{message}");
    assert!(!message.contains("H5F") && !message.contains(".c line"), "no stack of the library: {message}");
    (error.fault, message)
}

#[track_caller]
fn expect(found: (Fault, String), fault: Fault, parts: &[&str]) {
    assert_eq!(found.0, fault, "{}", found.1);
    for part in parts {
        assert!(found.1.contains(part), "{part:?} is not in: {}", found.1);
    }
}

fn set_text(file: &hdf5::Location, name: &str, text: &str) {
    let text: VarLenUnicode = text.parse().unwrap();
    file.new_attr::<VarLenUnicode>().create(name).unwrap().write_scalar(&text).unwrap();
}

fn put<T: hdf5::H5Type>(group: &Group, name: &str, values: &[T]) {
    group.new_dataset::<T>().shape(values.len()).create(name).unwrap().write_raw(values).unwrap();
}

/// An NWB file with a units table.
fn nwb(file: &File, times: &[f64], index: &[u16]) -> Group {
    set_text(file, "nwb_version", "2.6.0");
    let units = file.create_group("units").unwrap();
    put(&units, "id", &(0..index.len() as i64).collect::<Vec<_>>());
    put(&units, "spike_times", times);
    put(&units, "spike_times_index", index);
    units
}

fn sonata(file: &File, times: &[f64], ids: &[u64]) -> Group {
    let spikes = file.create_group("spikes/E").unwrap_or_else(|_| {
        file.create_group("spikes").unwrap();
        file.create_group("spikes/E").unwrap()
    });
    put(&spikes, "timestamps", times);
    put(&spikes, "node_ids", ids);
    spikes
}

#[test]
fn a_missing_file_is_named() {
    expect(refused_at(Path::new("/nowhere/session.nwb")), Fault::Missing, &["no such file"]);
    expect(refused_at(&std::env::temp_dir()), Fault::Missing, &["is a directory"]);
}

#[test]
fn a_file_that_is_not_hdf5_says_so() {
    let folder = tempfile::tempdir().unwrap();
    for content in [&b""[..], b"abc", b"<html>not found</html>", &[0u8; 3000]] {
        let path = folder.path().join("page.nwb");
        fs::write(&path, content).unwrap();
        expect(refused_at(&path), Fault::NotHdf5, &["is not an HDF5 file"]);
    }
}

#[test]
fn a_truncated_file_never_panics_and_is_called_cut_short_or_damaged() {
    let whole = fs::read(data("mc_maze_trial_748/mc_maze_trial_748.nwb")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("half.nwb");
    for length in [9, 48, 96, 600, 5_000, 100_000, whole.len() / 2, whole.len() - 1] {
        fs::write(&path, &whole[..length]).unwrap();
        expect(refused_at(&path), Fault::Damaged, &["cut short"]);
    }
}

#[test]
fn damaged_bytes_never_panic() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("damaged.h5");
    let files = ["sonata_spikes/pysonata_one_pop.h5", "m1_reach/mihi_20140303_bin100ms_vel5.h5"];
    for (file, step) in files.into_iter().zip([61, 2441]) {
        let whole = fs::read(data(file)).unwrap();
        for place in (8..whole.len()).step_by(step) {
            let mut bytes = whole.clone();
            bytes[place..(place + 4).min(whole.len())].fill(0xFF);
            fs::write(&path, &bytes).unwrap();
            // A changed spike time can't be told from a right one; all else is a message, and not the last resort's.
            if let Err(error) = format::read(&path) {
                let message = error.to_string();
                assert!(message.contains("damaged.h5") && !message.contains("bindings"), "byte {place}: {message}");
            }
        }
    }
}

#[test]
fn another_layout_lists_what_is_there_and_what_was_looked_for() {
    let found = refused(|file| {
        file.create_group("cells").unwrap();
        put(file, "events", &[1.0, 2.0]);
    });
    expect(found, Fault::UnknownLayout, &["cells, events", "nwb_version", "/spike_counts", "timestamps"]);
    expect(refused(|_| {}), Fault::UnknownLayout, &["holds nothing"]);
}

#[test]
fn names_that_are_not_utf8_are_told_where_no_layout_is_found_and_hide_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("latin.h5");
    let renamed = |make: &dyn Fn(&File)| {
        // Names have no checksum in the oldest layout.
        let file = File::with_options().with_fapl(|access| access.libver_earliest()).create(&path).unwrap();
        make(&file);
        file.close().unwrap();
        let mut bytes = fs::read(&path).unwrap();
        let places: Vec<usize> = (0..bytes.len() - 3).filter(|at| bytes[*at..].starts_with(b"odd")).collect();
        places.into_iter().for_each(|at| bytes[at + 1] = 0xE9);
        fs::write(&path, bytes).unwrap();
    };
    renamed(&|file| put(&file.create_group("a").unwrap(), "odd", &[1.0]));
    expect(
        refused_at(&path),
        Fault::UnknownLayout,
        &["/a has a name that is not UTF-8", "what is called so is not found"],
    );
    renamed(&|file| {
        put(&file.create_group("odd").unwrap(), "x", &[1.0]);
        set_text(file, "nwb_version", "2.6.0");
        let units = file.create_group("units").unwrap();
        put(&units, "id", &[3]);
        put(&units, "spike_times", &[0.5]);
        put(&units, "spike_times_index", &[1u16]);
    });
    assert_eq!(format::read(&path).unwrap().spikes.unit_ids, [3]);
}

#[test]
fn nwb_1_is_told_apart_from_nwb_2() {
    expect(
        refused(|file| set_text(file, "nwb_version", "NWB-1.0.6")),
        Fault::UnknownLayout,
        &["NWB-1.0.6", "expected NWB 2"],
    );
}

#[test]
fn spike_times_that_are_nan_or_decrease_are_refused_with_their_unit() {
    let nan = refused(|f| drop(nwb(f, &[0.1, 0.2, f64::NAN], &[2, 3])));
    expect(nan, Fault::Invalid, &["/units/spike_times", "spike 0 of unit 1 (row 2)", "NaN"]);
    let back = refused(|f| drop(nwb(f, &[0.1, 0.3, 0.2], &[0, 3])));
    expect(back, Fault::Invalid, &["spike 2 of unit 1", "0.2 s", "0.3 s", "sort them"]);
}

#[test]
fn spikes_before_the_session_start_and_units_without_spikes_are_fine() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("fine.nwb");
    let file = File::create(&path).unwrap();
    nwb(&file, &[-1.5, 0.2, 0.1], &[2, 2, 3]);
    file.close().unwrap();
    let recording = format::read(&path).unwrap();
    assert_eq!(recording.spikes.times, [-1.5, 0.1, 0.2]);
    assert_eq!(recording.spikes.units, [0, 2, 0]);
}

#[test]
fn index_offsets_beyond_the_data_or_decreasing_are_refused() {
    let beyond = refused(|f| drop(nwb(f, &[0.1, 0.2], &[1, 7])));
    expect(beyond, Fault::Invalid, &["/units/spike_times_index", "entry 1 is 7", "2 rows"]);
    let back = refused(|f| drop(nwb(f, &[0.1, 0.2, 0.3], &[2, 1, 3])));
    expect(back, Fault::Invalid, &["decreases from 2 to 1"]);
    let few = refused(|f| {
        let units = nwb(f, &[0.1, 0.2], &[1, 2]);
        units.unlink("id").unwrap();
        put(&units, "id", &[5i64, 6, 7]);
    });
    expect(few, Fault::Invalid, &["2 entries", "3 units"]);
}

#[test]
fn a_dataset_of_the_wrong_type_says_what_was_found() {
    let found = refused(|f| {
        set_text(f, "nwb_version", "2.6.0");
        let units = f.create_group("units").unwrap();
        put(&units, "spike_times", &["a", "b"].map(|t| t.parse::<VarLenUnicode>().unwrap()));
        put(&units, "spike_times_index", &[2u8]);
    });
    expect(found, Fault::WrongType, &["/units/spike_times", "expected numbers"]);
    let found = refused(|f| {
        let spikes = sonata(f, &[1.0], &[1]);
        spikes.unlink("node_ids").unwrap();
        put(&spikes, "node_ids", &[1.5]);
    });
    expect(found, Fault::WrongType, &["/spikes/E/node_ids", "expected integers"]);
}

#[test]
fn sonata_spikes_that_cannot_be_are_refused() {
    let found = refused(|f| drop(sonata(f, &[1.0, f64::INFINITY], &[0, 1])));
    expect(found, Fault::Invalid, &["/spikes/E/timestamps", "entry 1 is inf"]);
    expect(refused(|f| drop(sonata(f, &[1.0, -2.0], &[0, 1]))), Fault::Invalid, &["entry 1 is -2"]);
    expect(refused(|f| drop(sonata(f, &[1.0, 2.0], &[0]))), Fault::Invalid, &["expected as many"]);
    let found = refused(|f| set_text(&sonata(f, &[2.0, 1.0], &[0, 1]), "sorting", "by_time"));
    expect(found, Fault::Invalid, &["decreases from 2 to 1", "by_time"]);
    let found = refused(|f| {
        let times = sonata(f, &[1.0], &[0]).dataset("timestamps").unwrap();
        let unit: VarLenUnicode = "fortnights".parse().unwrap();
        times.new_attr::<VarLenUnicode>().create("units").unwrap().write_scalar(&unit).unwrap();
    });
    expect(found, Fault::Invalid, &["fortnights", "expected ms"]);
}

#[test]
fn unsigned_ids_that_are_too_large_to_be_told_apart_are_refused() {
    let large = [1u64 << 63, (1 << 63) + 1];
    let found = refused(|file| drop(sonata(file, &[1.0, 2.0], &large)));
    expect(found, Fault::TooLarge, &["/spikes/E/node_ids", "entry 0 is 2^63 - 1 or more"]);
    let found = refused(|file| {
        let units = nwb(file, &[1.0, 2.0], &[1, 2]);
        units.unlink("id").unwrap();
        put(&units, "id", &[5, u64::MAX]);
    });
    expect(found, Fault::TooLarge, &["/units/id", "entry 1 is 2^63 - 1 or more"]);
}

#[test]
fn links_that_lead_nowhere_are_named() {
    let found = refused(|file| {
        let units = nwb(file, &[1.0, 2.0], &[1, 2]);
        units.unlink("spike_times").unwrap();
        units.link_external("nowhere.h5", "/times", "spike_times").unwrap();
    });
    expect(found, Fault::Incomplete, &["/units/spike_times", "is a link that leads nowhere"]);
    let found = refused(|file| {
        set_text(file, "nwb_version", "2.6.0");
        file.link_soft("/units", "units").unwrap();
    });
    expect(found, Fault::Incomplete, &["/units", "round in a circle"]);
}

#[test]
fn a_short_file_may_have_its_data_in_long_ones() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let times: Vec<f64> = (0..20_000).map(f64::from).collect();
    let (bytes, length) = (times.iter().flat_map(|time| time.to_le_bytes()).collect::<Vec<_>>(), times.len());
    fs::write(at("times.raw"), bytes).unwrap();
    let data = File::create(at("data.h5")).unwrap();
    put(&data, "times", &times);
    data.close().unwrap();
    let read = |name: &str, add: &dyn Fn(&Group)| {
        let file = File::create(at(name)).unwrap();
        let units = nwb(&file, &[1.0], &[length as u16]);
        units.unlink("spike_times").unwrap();
        add(&units);
        // The file stays open as long as something in it is.
        drop(units);
        file.close().unwrap();
        format::read(&at(name)).unwrap_or_else(|error| panic!("{error}")).spikes.times
    };
    assert_eq!(read("link.nwb", &|units| units.link_external("data.h5", "/times", "spike_times").unwrap()), times);
    let raw = at("times.raw").display().to_string();
    let beside = |units: &Group| {
        let builder = units.new_dataset::<f64>().external(&raw, 0, length * 8);
        builder.shape(length).create("spike_times").map(drop).unwrap();
    };
    assert_eq!(read("raw.nwb", &beside), times);
    let virtual_one = |units: &Group| {
        let mut builder = units.new_dataset::<f64>();
        let all = || hdf5::Hyperslab::from(hdf5::SliceOrIndex::from(..));
        builder = builder.virtual_map("data.h5", "times", length, all(), length, all());
        builder.shape(length).create("spike_times").map(drop).unwrap();
    };
    assert_eq!(read("virtual.nwb", &virtual_one), times);
    // Over data of the file itself, in two parts.
    let own = |units: &Group| {
        units.new_dataset_builder().with_data(&times).create("raw").unwrap();
        let half = length / 2;
        let part = |from: usize, to: usize| hdf5::Hyperslab::from(hdf5::SliceOrIndex::from(from..to));
        let builder = units.new_dataset::<f64>();
        let builder = builder.virtual_map(".", "/units/raw", length, part(0, half), length, part(0, half));
        let builder = builder.virtual_map(".", "/units/raw", length, part(half, length), length, part(half, length));
        builder.shape(length).create("spike_times").map(drop).unwrap();
    };
    assert_eq!(read("own.nwb", &own), times);
    for name in ["link.nwb", "raw.nwb", "virtual.nwb"] {
        assert!(fs::metadata(at(name)).unwrap().len() < 16_000, "shorter than its data");
    }
    // What isn't there would be zeros.
    fs::remove_file(at("data.h5")).unwrap();
    let error = format::read(&at("virtual.nwb")).unwrap_err();
    assert!(error.to_string().contains("data.h5, which is not there"), "{error}");
    fs::OpenOptions::new().write(true).open(&raw).unwrap().set_len(length as u64 * 4).unwrap();
    let error = format::read(&at("raw.nwb")).unwrap_err();
    assert!(error.to_string().contains("times.raw, which is cut short"), "{error}");
    fs::remove_file(&raw).unwrap();
    let error = format::read(&at("raw.nwb")).unwrap_err();
    assert!(error.to_string().contains("times.raw, which is not there"), "{error}");
}

#[test]
fn units_of_a_matlab_file_that_are_no_whole_numbers_are_refused() {
    for odd in [1.2, f64::NAN, f64::INFINITY] {
        let found = refused(|file| {
            for (name, values) in [("spike_times", [0.1, 0.2]), ("spike_clusters", [3.0, odd])] {
                let variable = file.new_dataset::<f64>().shape((2, 1)).create(name).unwrap();
                variable.write_raw(&values).unwrap();
                set_text(&variable, "MATLAB_class", "double");
            }
        });
        expect(found, Fault::Invalid, &["spike_clusters", "entry 1 is", "expected a whole number"]);
    }
}

#[test]
fn ids_beyond_the_population_of_a_result_are_refused() {
    let found = refused(|f| {
        set_text(f, "format", "memspike");
        sonata(f, &[1.0, 2.0], &[3, 4]);
        let population = f.create_group("populations").unwrap().create_group("E").unwrap();
        population.new_attr::<u64>().create("size").unwrap().write_scalar(&4u64).unwrap();
    });
    expect(found, Fault::Invalid, &["/spikes/E/node_ids", "entry 1 is 4, none of the population's 4 recorded"]);
}

#[test]
fn a_missing_filter_is_named() {
    let path = data("hdf5_filters/blosc2.h5");
    expect(refused_at(&path), Fault::MissingFilter, &["/spikes", "blosc2", "32026", "h5repack"]);
}

#[test]
fn a_header_that_claims_absurd_sizes_allocates_nothing() {
    for count in [1_000_000_000_000_000usize, 1 << 40] {
        let found = refused(|f| {
            set_text(f, "nwb_version", "2.6.0");
            let units = f.create_group("units").unwrap();
            let builder = units.new_dataset::<f64>().chunk(1024).deflate(1);
            builder.shape((count..,)).create("spike_times").unwrap();
            put(&units, "spike_times_index", &[3u64]);
        });
        expect(found, Fault::TooLarge, &["/units/spike_times", "claims the shape"]);
    }
    let found = refused(|f| {
        set_text(f, "format", "memspike");
        sonata(f, &[1.0], &[3]);
        let population = f.create_group("populations").unwrap().create_group("E").unwrap();
        population.new_attr::<u64>().create("size").unwrap().write_scalar(&u64::MAX).unwrap();
    });
    expect(found, Fault::TooLarge, &["/populations/E"]);
}

#[test]
fn tables_of_binned_counts_that_do_not_fit_together_are_refused() {
    let binned = |counts: &[i8], first: i64, length: i32, places: &[i32]| {
        refused(|f| {
            f.new_attr::<f64>().create("bin_size_s").unwrap().write_scalar(&0.1).unwrap();
            let dataset = f.new_dataset::<i8>().shape((counts.len(), 1)).create("spike_counts").unwrap();
            dataset.write_raw(counts).unwrap();
            put(f, "trial_start_bin", &[first]);
            put(f, "trial_n_bins", &[length]);
            put(f, "bin_in_trial", places);
        })
    };
    expect(binned(&[1, -1], 0, 2, &[0, 1]), Fault::Invalid, &["/spike_counts", "bin 1 of unit 0 is -1"]);
    expect(binned(&[1, 1], 0, 3, &[0, 1]), Fault::Invalid, &["/trial_start_bin", "trial 0"]);
    expect(binned(&[1, 1], 0, i32::MIN, &[0, 1]), Fault::Invalid, &["/trial_start_bin"]);
    expect(binned(&[1, 1], 0, 2, &[1, 1]), Fault::Invalid, &["/bin_in_trial", "trial 0"]);
    expect(binned(&[1, 1], 0, 1, &[0, 1]), Fault::Invalid, &["has 1 entries, expected 2"]);
    expect(binned(&[1, 1], 0, 2, &[0, 1, 2]), Fault::Invalid, &["/bin_in_trial", "3 entries, expected 2"]);
}

#[test]
fn a_time_series_whose_times_do_not_fit_is_refused() {
    let found = refused(|f| {
        nwb(f, &[0.1], &[1]);
        let series = f.create_group("processing").unwrap().create_group("behavior").unwrap();
        let series = series.create_group("hand").unwrap();
        put(&series, "data", &[1.0, 2.0, 3.0]);
        put(&series, "timestamps", &[0.0, 0.1]);
    });
    expect(found, Fault::Invalid, &["/processing/behavior/hand/timestamps", "2 entries", "3 samples"]);
    let found = refused(|f| {
        nwb(f, &[0.1], &[1]);
        let series = f.create_group("processing/behavior/hand").unwrap();
        put(&series, "data", &[1.0, 2.0]);
        put(&series, "timestamps", &[0.0, 0.1]);
        let data = series.dataset("data").unwrap();
        data.new_attr::<f64>().create("conversion").unwrap().write_scalar(&f64::NAN).unwrap();
    });
    expect(found, Fault::Invalid, &["/processing/behavior/hand/data", "the conversion NaN"]);
}

#[test]
fn times_in_a_unit_that_is_none_of_time_are_refused() {
    let nix = |unit: &str| {
        refused(|f| {
            set_text(f, "format", "nix");
            let tag = f.create_group("data/b/multi_tags/train").unwrap();
            set_text(&tag, "type", "neo.spiketrain");
            let positions = tag.create_group("positions").unwrap();
            set_text(&positions, "unit", unit);
            put(&positions, "data", &[1.0, 2.0]);
        })
    };
    expect(nix("mV"), Fault::Invalid, &["/data/b/multi_tags/train/positions", "\"mV\", expected s, ms"]);
    let report = |unit: &str| {
        refused(|f| {
            let report = f.create_group("report/p").unwrap();
            let data = report.new_dataset::<f32>().shape([2, 1]).create("data").unwrap();
            data.write_raw(&[0.0f32, 1.0]).unwrap();
            let mapping = report.create_group("mapping").unwrap();
            put(&mapping, "node_ids", &[0u64]);
            put(&mapping, "index_pointers", &[0u64, 1]);
            put(&mapping, "time", &[0.0, 2.0, 1.0]);
            set_text(&mapping.dataset("time").unwrap(), "units", unit);
        })
    };
    expect(report("furlong"), Fault::Invalid, &["/report/p/mapping/time", "\"furlong\", expected ms"]);
}
