//! The readers, and the samples that they are fed with.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use hdf5::filters::Filter;
use memspike::engine::checkpoint::Checkpoint;
use memspike::format::stream::Opened;
use memspike::spikes::SpikeSource;
use memspike::{engine, format, network, npy, spec};

use crate::resume::{Resumed, signed};
use crate::{hdf5 as contained, matlab};

/// What became of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Answer {
    /// It was read.
    Read,
    /// It was refused with a message.
    Refused,
    /// It killed the library, or made it loop, and the program answered with a message.
    Contained,
    /// A panic, or no answer.
    Finding,
}

/// A reader and its seeds.
pub struct Target {
    pub name: &'static str,
    pub seeds: Vec<Vec<u8>>,
    /// Whether lines and numbers are changed rather than bytes.
    pub text: bool,
    /// Of so many inputs that are asked for one is tried: it takes that much longer than the others.
    pub share: u64,
    /// An input that takes longer is a hang \[s\].
    pub longest: u64,
    pub read: Box<Try>,
}

impl Target {
    /// Of bytes, without seeds yet.
    fn of(name: &'static str, read: Box<Try>) -> Target {
        Target { name, seeds: Vec::new(), text: false, share: 1, longest: 30, read }
    }
}

/// Tries an input.
type Try = dyn FnMut(&[u8]) -> Answer;

/// A network that needs more does not fit \[bytes\].
const LARGEST: u64 = 64 << 20;
/// So much of a text sample: inputs are tried by the hundred thousand.
const TEXT: usize = 8 << 10;
/// Larger samples of HDF5 are left out.
const MOST: u64 = 300 << 10;

/// All targets; inputs are written to `folder` where a reader wants a file.
pub fn all(folder: &Path, corpus: &[PathBuf]) -> Vec<Target> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    list(&root.join("tests/data"), &mut files);
    corpus.iter().for_each(|folder| list(folder, &mut files));
    let of = |ending: &str| -> Vec<Vec<u8>> {
        let wanted = files.iter().filter(|path| path.to_string_lossy().ends_with(ending));
        wanted.map(|path| fs::read(path).expect("a sample")).collect()
    };
    let text = |ending: &str| of(ending).into_iter().map(|bytes| whole_lines(&bytes, TEXT)).collect::<Vec<_>>();
    let by_file = |name: &'static str, text: bool, seeds: Vec<Vec<u8>>| {
        let path = folder.join(name);
        let read = move |input: &[u8]| {
            fs::write(&path, input).expect("room for the input");
            answer(read_twice(&path))
        };
        Target { seeds, text, ..Target::of(name, Box::new(read)) }
    };
    let mut targets = vec![
        matlab5(folder, &files),
        by_file("aedat4", false, of(".aedat4")),
        by_file("trodes", false, of(".videoPositionTracking")),
        by_file("gdf", true, text(".gdf")),
        by_file("csv", true, text(".csv")),
        phy(folder, &root),
        array(folder, of(".npy").iter().map(|bytes| shorter(bytes)).collect()),
        model(&root, of(".toml")),
        checkpoint(folder, &root),
    ];
    for filter in ["lz4", "zstd", "bitshuffle", "blosc"] {
        targets.push(packed(filter, &files));
    }
    let hdf5 = files.iter().filter(|path| {
        fs::metadata(path).is_ok_and(|m| m.len() <= MOST)
            && fs::read(path).is_ok_and(|bytes| bytes.starts_with(b"\x89HDF"))
            && !path.ends_with("endless_heap.h5")
    });
    let mut seeds: Vec<Vec<u8>> = hdf5.map(|path| fs::read(path).expect("a sample")).collect();
    seeds.push(result(folder, &root));
    let mut reader = contained::Reader::new(folder);
    targets.push(Target { seeds, ..Target::of("hdf5", Box::new(move |input| reader.read(input))) });
    let resumed = Resumed::new(folder, &root);
    let seeds = resumed.seeds();
    let read = Box::new(move |input: &[u8]| resumed.read(input));
    targets.push(Target { seeds, share: 10, longest: 300, ..Target::of("resume", read) });
    targets
}

/// Reads a file whole, and as one that is larger than memory, which must be the same.
fn read_twice(path: &Path) -> Result<(), format::FormatError> {
    let whole = format::read(path).map(|recording| recording.spikes);
    let streamed = format::stream::open(path, 1).map(|(_, spikes)| match spikes {
        Opened::Streamed(spikes) => spikes.table(f64::NEG_INFINITY, f64::INFINITY).expect("what was read once"),
        Opened::Whole(table) => table,
    });
    assert_eq!(format!("{whole:?}"), format!("{streamed:?}"), "whole and streamed");
    whole.map(drop)
}

fn answer<T, E>(result: Result<T, E>) -> Answer {
    if result.is_ok() { Answer::Read } else { Answer::Refused }
}

fn list(folder: &Path, out: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder).into_iter().flatten().flatten().map(|e| e.path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() { list(&path, out) } else { out.push(path) }
    }
}

fn whole_lines(bytes: &[u8], most: usize) -> Vec<u8> {
    if bytes.len() <= most {
        return bytes.to_vec();
    }
    bytes[..bytes[..most].iter().rposition(|b| *b == b'\n').map_or(most, |p| p + 1)].to_vec()
}

/// MATLAB 5: what an input stands for is packed element by element.
fn matlab5(folder: &Path, files: &[PathBuf]) -> Target {
    let path = folder.join("matlab5");
    let seeds = matlab::seeds(files);
    let read = move |input: &[u8]| {
        fs::write(&path, matlab::file(input)).expect("room for the input");
        answer(format::read(&path))
    };
    seeds
        .iter()
        .for_each(|seed| assert_eq!(read(seed), Answer::Read, "a seed that does not get to the end tries little"));
    Target { seeds, ..Target::of("matlab5", Box::new(read)) }
}

/// A folder of phy, of which the first byte of the input says which file is changed.
fn phy(folder: &Path, root: &Path) -> Target {
    let source = root.join("tests/data/recordings/phy_kilosort/with_tables");
    let mut names = Vec::new();
    list(&source, &mut names);
    let place = folder.join("phy");
    fs::create_dir(&place).expect("a folder");
    let mut originals: Vec<(PathBuf, Vec<u8>)> = Vec::new();
    for path in names {
        let mut bytes = fs::read(&path).expect("a sample");
        if path.extension().is_some_and(|e| e == "npy") {
            bytes = shorter(&bytes);
        }
        let copy = place.join(path.file_name().expect("a name"));
        fs::write(&copy, &bytes).expect("room");
        originals.push((copy, bytes));
    }
    let seeds = (0..originals.len()).map(|i| [vec![i as u8], originals[i].1.clone()].concat()).collect();
    let read = move |input: &[u8]| {
        let (path, whole) = &originals[usize::from(input.first().copied().unwrap_or(0)) % originals.len()];
        fs::write(path, input.get(1..).unwrap_or_default()).expect("room for the input");
        let found = answer(read_twice(&place));
        fs::write(path, whole).expect("room");
        found
    };
    Target { seeds, ..Target::of("phy", Box::new(read)) }
}

/// An array of one dimension with its first 500 entries; the header says so too.
fn shorter(bytes: &[u8]) -> Vec<u8> {
    let header = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    let text = String::from_utf8_lossy(&bytes[10..header]).into_owned();
    let count: usize = text
        .split("'shape': (")
        .nth(1)
        .and_then(|t| t.split(',').next())
        .and_then(|n| n.parse().ok())
        .expect("a shape");
    let each = (bytes.len() - header) / count;
    let kept = count.min(500);
    let new = text.replacen(&format!("({count},"), &format!("({kept},"), 1);
    let new = format!("{:<width$}\n", new.trim_end(), width = text.len() - 1);
    [&bytes[..10], new.as_bytes(), &bytes[header..header + kept * each]].concat()
}

fn array(folder: &Path, seeds: Vec<Vec<u8>>) -> Target {
    let path = folder.join("array.npy");
    let read = move |input: &[u8]| {
        fs::write(&path, input).expect("room for the input");
        answer(npy::read(&path))
    };
    Target { seeds, ..Target::of("npy", Box::new(read)) }
}

/// Models: read, checked and estimated, as `memspike check` does.
fn model(root: &Path, mut seeds: Vec<Vec<u8>>) -> Target {
    let mut shipped = Vec::new();
    list(&root.join("models"), &mut shipped);
    seeds.extend(
        shipped.iter().filter(|p| p.extension().is_some_and(|e| e == "toml")).map(|p| fs::read(p).expect("a model")),
    );
    let base = root.join("tests/data/spec");
    let read = move |input: &[u8]| {
        let Ok(text) = std::str::from_utf8(input) else { return Answer::Refused };
        match spec::parse(text, "input.toml", &base, &[]) {
            // As the program does: what does not fit into memory is refused before its parameters are drawn.
            Ok(spec) => match network::estimate(&spec).and_then(|_| engine::needed(&spec, 1, 1, true)) {
                Ok(size) if size < LARGEST => answer(network::check_parameters(&spec)),
                _ => Answer::Refused,
            },
            Err(_) => Answer::Refused,
        }
    };
    Target { seeds, text: true, ..Target::of("toml", Box::new(read)) }
}

/// A checkpoint whose checksum is right whatever was changed.
fn checkpoint(folder: &Path, root: &Path) -> Target {
    let out = folder.join("a.h5");
    let model = root.join("tests/data/engine/rich.toml");
    let arguments = ["--checkpoint-every", "5ms", "--duration", "12ms", "--threads", "1"];
    let ran =
        Command::new(env!("CARGO_BIN_EXE_memspike")).arg("run").arg(model).arg("-o").arg(&out).args(arguments).output();
    assert!(ran.as_ref().is_ok_and(|ran| ran.status.success()), "{ran:?}");
    let seed = fs::read(folder.join("a.h5.ckpt")).expect("the checkpoint");
    let path = folder.join("changed.ckpt");
    let read = move |input: &[u8]| {
        fs::write(&path, signed(input)).expect("room for the input");
        answer(Checkpoint::read(&path))
    };
    Target { seeds: vec![seed], ..Target::of("checkpoint", Box::new(read)) }
}

/// A result with states and weights.
fn result(folder: &Path, root: &Path) -> Vec<u8> {
    let out = folder.join("b.h5");
    let ran = Command::new(env!("CARGO_BIN_EXE_memspike"))
        .arg("run")
        .arg(root.join("tests/fuzz/small.toml"))
        .arg("-o")
        .arg(&out)
        .args(["--threads", "1"])
        .output();
    assert!(ran.as_ref().is_ok_and(|ran| ran.status.success()), "{ran:?}");
    fs::read(out).expect("the result")
}

/// Blocks that a filter of HDF5 packed: a byte that says how large a block may become, four parameters, the block.
fn packed(filter: &'static str, files: &[PathBuf]) -> Target {
    let mut seeds = Vec::new();
    for path in files.iter().filter(|path| {
        path.extension().is_some_and(|e| e == "h5") && path.parent().is_some_and(|p| p.ends_with("hdf5_filters"))
    }) {
        seeds.extend(blocks(path, filter));
    }
    let read = move |input: &[u8]| {
        let [most, rest @ ..] = input else { return Answer::Refused };
        let Some((parameters, block)) = rest.split_at_checked(32) else { return Answer::Refused };
        let parameters: Vec<u32> =
            parameters.chunks_exact(4).map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]])).collect();
        match format::decode(filter, block, &parameters, 1 << (most % 25)) {
            Some(_) => Answer::Read,
            None => Answer::Refused,
        }
    };
    Target { seeds, ..Target::of(filter, Box::new(read)) }
}

fn blocks(path: &Path, wanted: &str) -> Vec<Vec<u8>> {
    let id = match wanted {
        "blosc" => 32001,
        "lz4" => 32004,
        "bitshuffle" => 32008,
        _ => 32015,
    };
    let file = hdf5::File::open(path).expect("a sample");
    let Ok(data) = file.dataset("spikes") else { return Vec::new() };
    let filters = data.filters();
    let Some(Filter::User(_, values)) = filters.iter().find(|f| f.id() == id) else { return Vec::new() };
    let mut parameters: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    parameters.resize(32, 0);
    let bytes = fs::read(path).expect("a sample");
    let chunks = (0..data.num_chunks().unwrap_or(0)).filter_map(|index| data.chunk_info(index)).take(3);
    chunks
        .map(|chunk| [&[20][..], &parameters, &bytes[chunk.addr as usize..(chunk.addr + chunk.size) as usize]].concat())
        .collect()
}
