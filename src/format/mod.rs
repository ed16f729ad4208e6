//! Recordings and results: one file or folder of equal shape per format, and what tells them apart.
//!
//! To add a format: one module with `recognise` and `read`, and one line in `FORMATS`. A format
//! is recognised by its content, never by the file's name.

mod aedat4;
mod arrays;
mod binned;
mod bins;
mod bmi3d;
mod called;
mod codec;
pub mod contain;
mod content;
mod continued;
mod csv;
mod error;
mod gather;
mod gdf;
mod h5;
mod linked;
mod listing;
mod mat;
mod mea;
mod new_hdf5;
pub mod nir;
mod nix;
mod npy;
mod nwb;
mod observed;
mod phy;
mod plain;
pub mod result;
mod shd;
pub mod sonata;
pub mod stream;
mod trodes;
mod words;
mod write;

use std::fs;
use std::io::{Read, Seek, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use self::gather::{Gathered, Spikes};
use self::h5::H5;
use self::listing::Wanted;
use self::plain::Plain;
pub use arrays::{Array, Arrays, read_arrays};
pub use content::{content, files};
pub use error::{Fault, FormatError};
pub use h5::look_beside;
pub use new_hdf5::replace_hdf5;
pub use words::{begins_spikes, name_spikes};
pub use write::{Session, Subject, Target, Wrote, write};

use crate::shell;
use crate::spikes::{Recording, SpikeSource};

/// One format: its name, what must be in a file of it, and the two functions of its module.
struct Format {
    name: &'static str,
    looked_for: &'static str,
    reader: Reader,
}

/// How a format is told and read: from an open HDF5 file, or from any other file or folder, whole or spike by spike.
enum Reader {
    Hdf5(fn(&H5) -> bool, fn(&H5) -> Result<Recording, FormatError>),
    Hdf5Listed(fn(&H5) -> bool, ListHdf5),
    Listed(fn(&Plain) -> bool, List),
}

/// Hands over spike by spike; the recording without them.
type List = fn(&Plain, Gathered) -> Result<(Recording, Spikes), FormatError>;

/// Hands over what is wanted; the recording without its spikes.
type ListHdf5 = fn(&H5, &mut Wanted) -> Result<Recording, FormatError>;

/// All formats, in the order in which they are tried: a result is a SONATA file too, so it comes first.
const FORMATS: &[Format] = &[
    Format {
        name: "memspike result",
        looked_for: "the attribute format = \"memspike\"",
        reader: Reader::Hdf5(result::recognise, result::read),
    },
    Format {
        name: "NWB 2",
        looked_for: "the attribute nwb_version",
        reader: Reader::Hdf5Listed(nwb::recognise, nwb::read),
    },
    Format {
        name: "SONATA spikes",
        looked_for: "/spikes/<population>/{timestamps, node_ids} or /spikes/{timestamps, gids}",
        reader: Reader::Hdf5(sonata::recognise, sonata::read),
    },
    Format {
        name: "SONATA report",
        looked_for: "/report/<population>/{data, mapping} or /{data, mapping}",
        reader: Reader::Hdf5(sonata::report::recognise, sonata::report::read),
    },
    Format {
        name: "binned counts",
        looked_for: "/spike_counts and the attribute bin_size_s",
        reader: Reader::Hdf5Listed(binned::recognise, binned::read),
    },
    Format {
        name: "MATLAB 7.3",
        looked_for: "variables with the attribute MATLAB_class",
        reader: Reader::Hdf5Listed(mat::recognise_v73, mat::read_v73),
    },
    Format {
        name: "labelled samples",
        looked_for: "lists of events in /spikes/{times, units}",
        reader: Reader::Hdf5Listed(shd::recognise, shd::read),
    },
    Format {
        name: "retinal array",
        looked_for: "/spikes and /sCount",
        reader: Reader::Hdf5Listed(mea::recognise, mea::read),
    },
    Format {
        name: "NIX",
        looked_for: "the attribute format = \"nix\"",
        reader: Reader::Hdf5Listed(nix::recognise, nix::read),
    },
    Format {
        name: "BMI3D",
        looked_for: "a table of compound rows /task",
        reader: Reader::Hdf5Listed(bmi3d::recognise, bmi3d::read),
    },
    Format {
        name: "AEDAT 4",
        looked_for: "the line #!AER-DAT4.0",
        reader: Reader::Listed(aedat4::recognise, aedat4::read),
    },
    Format {
        name: "Trodes",
        looked_for: "the line <Start settings>",
        reader: Reader::Listed(trodes::recognise, trodes::read),
    },
    Format {
        name: "MATLAB 5",
        looked_for: "the header of 128 bytes that ends in IM or MI",
        reader: Reader::Listed(mat::recognise_v5, mat::read_v5),
    },
    Format {
        name: "NumPy table",
        looked_for: "a structured array of npy with a time and a unit",
        reader: Reader::Listed(npy::recognise, npy::read),
    },
    Format {
        name: "phy / Kilosort",
        looked_for: "a folder with spike_times.npy and spike_clusters.npy",
        reader: Reader::Listed(phy::recognise, phy::read),
    },
    Format {
        name: "GDF",
        looked_for: "lines of an identifier and a time",
        reader: Reader::Listed(gdf::recognise, gdf::read),
    },
    Format {
        name: "CSV",
        looked_for: "a line of names with a time and a unit, or a time and unit_.. columns",
        reader: Reader::Listed(csv::recognise, csv::read),
    },
];

/// Reads a recording or a result, whatever its format: of HDF5 in a process of its own if one was [installed](contain), else here.
///
/// # Errors
/// If it is missing, damaged, of no layout that is known, or holds what can't be.
pub fn read(path: &Path) -> Result<Recording, FormatError> {
    read_by(path, contain::read)
}

/// Reads a recording or a result in this process, HDF5 too: for files that are trusted.
///
/// # Errors
/// As [`read`].
pub fn read_here(path: &Path) -> Result<Recording, FormatError> {
    read_by(path, |path| contain::here(path, &()))
}

/// Reads anything, HDF5 by `hdf5`.
fn read_by(path: &Path, hdf5: impl FnOnce(&Path) -> Result<Recording, FormatError>) -> Result<Recording, FormatError> {
    let plain = Plain::open(path)?;
    if is_hdf5(&plain)? {
        return hdf5(path);
    }
    let (mut recording, spikes) = read_plain(&plain, |plain| Ok(Gathered::in_memory(plain.path)))?;
    if let Spikes::Held(table) = spikes {
        recording.spikes = table;
    }
    Ok(recording)
}

/// Reads what is no HDF5; where a format lists spikes, they are gathered as `gather` says.
fn read_plain(
    plain: &Plain,
    gather: impl FnOnce(&Plain) -> Result<Gathered, FormatError>,
) -> Result<(Recording, Spikes), FormatError> {
    for format in FORMATS {
        match format.reader {
            Reader::Listed(recognise, read) if recognise(plain) => {
                let (mut recording, mut spikes) = read(plain, gather(plain)?)?;
                called::name_gathered(&mut recording, &mut spikes);
                return Ok((recording, spikes));
            }
            _ => {}
        }
    }
    Err(unknown_file(plain))
}

/// Bytes of a recording that grow with its spikes.
fn size(plain: &Plain) -> u64 {
    phy::bytes(plain).unwrap_or(plain.bytes)
}

/// Reads an open HDF5 file, whatever its layout.
fn read_hdf5(h5: &H5) -> Result<Recording, FormatError> {
    for format in FORMATS {
        match format.reader {
            Reader::Hdf5(recognise, read) if recognise(h5) => return read(h5),
            Reader::Hdf5Listed(recognise, list) if recognise(h5) => {
                let mut gathered = Gathered::in_memory(h5.path);
                let mut recording = called::named(list(h5, &mut Wanted::all(|spikes| gathered.extend(spikes)))?);
                let ids = std::mem::take(&mut recording.spikes.unit_ids);
                if let Spikes::Held(table) = gathered.finish_in_order(ids)? {
                    recording.spikes = table;
                }
                return Ok(recording);
            }
            _ => {}
        }
    }
    Err(unknown_layout(h5))
}

/// How an HDF5 file's spikes are handed over one by one; none where its layout has another reader.
fn list_of(h5: &H5) -> Option<ListHdf5> {
    FORMATS.iter().find_map(|format| match format.reader {
        Reader::Hdf5(recognise, _) if recognise(h5) => Some(None),
        Reader::Hdf5Listed(recognise, list) if recognise(h5) => Some(Some(list)),
        _ => None,
    })?
}

/// Decodes a block that a filter of HDF5 packed, to at most so many bytes; none if it can't be. For the fuzzer in `tests`.
#[doc(hidden)]
pub fn decode(filter: &str, block: &[u8], parameters: &[u32], most: usize) -> Option<Vec<u8>> {
    let decoder: codec::Decoder = match filter {
        "lz4" => codec::lz4,
        "zstd" => codec::zstd,
        "bitshuffle" => codec::bitshuffle,
        "blosc" => codec::blosc,
        _ => return None,
    };
    decoder(block, parameters, most).ok()
}

/// The spikes of recordings larger than this stay in their file \[bytes\].
const LARGE: u64 = 32 << 20;

/// A recording or a result without its spikes, and the spikes, which come in any order. Those of a large file stay in it, or in a temporary
/// one, and are read in pieces, of HDF5 in a process of its own if one was [installed](contain).
///
/// # Errors
/// As [`read`].
pub fn read_lazily(path: &Path) -> Result<(Recording, Box<dyn SpikeSource>), FormatError> {
    let plain = Plain::open(path)?;
    if plain.bytes > LARGE
        && is_hdf5(&plain)?
        && let Some((recording, spikes)) = result::StoredSpikes::open(path)?
    {
        return Ok((recording, Box::new(spikes)));
    }
    read_in_order(path)
}

/// Bytes into which large recordings are read ahead.
const AHEAD: usize = 32 << 20;

/// A recording or a result without its spikes, and the spikes, which come in the order of time, then of units. Those of a large file are read block by
/// block where its format allows it ([`stream::open`]), of HDF5 in a process of its own if one was [installed](contain).
///
/// # Errors
/// As [`read`].
pub fn read_in_order(path: &Path) -> Result<(Recording, Box<dyn SpikeSource>), FormatError> {
    let (recording, spikes) = stream::open_unless_small(path, LARGE, AHEAD)?;
    Ok((recording, spikes.into()))
}

/// Opens an HDF5 file in this process and hands it to a reader.
fn open<T>(path: &Path, read: impl FnOnce(&H5) -> Result<T, FormatError>) -> Result<T, FormatError> {
    debug_assert!(!contain::is_installed(), "{} is opened here, where another process should read it", path.display());
    let plain = Plain::open(path)?;
    if !is_hdf5(&plain)? {
        return Err(unknown_file(&plain));
    }
    if path.to_str().is_none() {
        let message = "has a name that is not UTF-8, by which HDF5 files can't be opened; rename it";
        return Err(FormatError::new(path, "", Fault::Missing, message));
    }
    // HDF5's own error stack says nothing that a user could act on.
    hdf5::silence_errors(true);
    h5::register_filters();
    // The last resort: the bindings assert on a few types that only a damaged or odd file has.
    // Nothing outlives the closure, so no half-changed state can be seen.
    let quiet = AssertUnwindSafe(|| {
        // Without its lock, which network file systems often refuse; a recording is only read.
        let file = h5::open(path).map_err(|e| unopened(path, &e))?;
        read(&H5 { path, file: &file, bytes: plain.bytes })
    });
    catch_unwind(quiet).unwrap_or_else(|_| {
        let message = "holds a type that the HDF5 library's bindings can't represent; the file is probably damaged";
        Err(FormatError::new(path, "", Fault::Damaged, message))
    })
}

/// What of this kind can be read, and by what it is told.
fn looked_for(hdf5: bool) -> String {
    let of_kind = FORMATS.iter().filter(|f| matches!(f.reader, Reader::Hdf5(..) | Reader::Hdf5Listed(..)) == hdf5);
    of_kind.map(|f| format!("{} ({})", f.name, f.looked_for)).collect::<Vec<_>>().join("; ")
}

fn unknown_layout(h5: &H5) -> FormatError {
    let members = h5.members("/");
    let places = std::iter::once("/".to_string()).chain(members.iter().map(|name| format!("/{name}")));
    let hidden = places.into_iter().find(|place| h5.has_unreadable_names(place));
    let hidden = hidden.map_or(String::new(), |place| {
        format!(
            "; {place} has a name that is not UTF-8, so that what is called so is not found (rename it in the file)"
        )
    });
    let message = format!(
        "is HDF5, but of none of the layouts that can be read; its top level holds {}{hidden}; looked for: {}",
        h5::list(&members),
        looked_for(true)
    );
    h5.error("", Fault::UnknownLayout, message)
}

fn unknown_file(plain: &Plain) -> FormatError {
    if plain.is_folder {
        let circuit = ["simulation_config.json", "circuit_config.json"].map(|name| plain.path.join(name));
        if let Some(file) = circuit.iter().find(|file| file.is_file()) {
            let file = shell::quoted(file);
            let message = format!("is the folder of a network, not a recording: `memspike run {file}` runs it");
            return plain.error("", Fault::UnknownLayout, message);
        }
        let message = format!("is a directory, but no recording that can be read; looked for: {}", looked_for(false));
        return plain.error("", Fault::Missing, message);
    }
    if let Some((kind, remedy)) = packed(&plain.head) {
        return plain.error("", Fault::NotHdf5, format!("is packed by {kind}; unpack it first: {remedy}"));
    }
    if plain.path.extension().is_some_and(|extension| extension == "toml") {
        let message = "is a model, not a recording: `memspike run MODEL.toml -o RESULT.h5` makes a result of it";
        return plain.error("", Fault::UnknownLayout, message);
    }
    let message = format!(
        "is not an HDF5 file ({} bytes without HDF5's signature), nor any other recording that can be read; looked for: {}; \
         if it was downloaded, check that it isn't an error page or a Git LFS pointer",
        plain.bytes,
        looked_for(false)
    );
    plain.error("", Fault::NotHdf5, message)
}

/// By what a file is packed, and what unpacks it.
fn packed(head: &[u8]) -> Option<(&'static str, &'static str)> {
    const KINDS: &[(&[u8], &str, &str)] = &[
        (b"\x1f\x8b", "gzip", "gunzip --keep FILE"),
        (b"PK\x03\x04", "zip", "unzip FILE"),
        (b"BZh", "bzip2", "bunzip2 --keep FILE"),
        (b"\xfd7zXZ", "xz", "unxz --keep FILE"),
        (b"\x28\xb5\x2f\xfd", "zstd", "unzstd FILE"),
        (b"7z\xbc\xaf", "7-Zip", "7z x FILE"),
    ];
    KINDS.iter().find(|(magic, ..)| head.starts_with(magic)).map(|(_, kind, remedy)| (*kind, *remedy))
}

/// Whether there is HDF5's signature, which lies at byte 0, 512, 1024, 2048, ..
fn is_hdf5(plain: &Plain) -> Result<bool, FormatError> {
    const SIGNATURE: [u8; 8] = *b"\x89HDF\r\n\x1a\n";
    if plain.is_folder {
        return Ok(false);
    }
    let unread = |e: std::io::Error| plain.error("", Fault::Missing, format!("can't be read: {e}"));
    let mut file = fs::File::open(plain.path).map_err(unread)?;
    let (mut place, mut start) = (0, [0; 8]);
    while place + 8 <= plain.bytes {
        file.seek(SeekFrom::Start(place)).and_then(|_| file.read_exact(&mut start)).map_err(unread)?;
        if start == SIGNATURE {
            return Ok(true);
        }
        place = if place == 0 { 512 } else { place * 2 };
    }
    Ok(false)
}

fn unopened(path: &Path, error: &hdf5::Error) -> FormatError {
    let text = error.to_string();
    let message = if text.contains("truncated") || text.contains("eof") {
        "is cut short: the file is smaller than its header says; copy or download it again".to_owned()
    } else {
        let reason = h5::reason(error);
        format!(
            "can't be opened though it starts like HDF5: it is cut short or damaged; copy or download it again ({reason})"
        )
    };
    FormatError::new(path, "", Fault::Damaged, message)
}
