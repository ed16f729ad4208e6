//! Recordings and results: one file or folder of equal shape per format, and what tells them apart.
//!
//! To add a format: one module with `recognise` and `read`, and one line in `FORMATS`. A format
//! is recognised by its content, never by the file's name.

mod binned;
mod bins;
mod error;
mod h5;
mod nwb;
pub mod result;
mod sonata;
mod text;

use std::fs;
use std::io::{Read, Seek, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use self::h5::H5;
pub use error::{Fault, FormatError};

use crate::spikes::Recording;

/// One format: its name, what must be in a file of it, and the two functions of its module.
struct Format {
    name: &'static str,
    looked_for: &'static str,
    recognise: fn(&H5) -> bool,
    read: fn(&H5) -> Result<Recording, FormatError>,
}

/// All formats, in the order in which they are tried: a result is a SONATA file too, so it comes first.
const FORMATS: &[Format] = &[
    Format {
        name: "memspike result",
        looked_for: "the attribute format = \"memspike\"",
        recognise: result::recognise,
        read: result::read,
    },
    Format { name: "NWB 2", looked_for: "the attribute nwb_version", recognise: nwb::recognise, read: nwb::read },
    Format {
        name: "SONATA spikes",
        looked_for: "/spikes/<population>/{timestamps, node_ids} or /spikes/{timestamps, gids}",
        recognise: sonata::recognise,
        read: sonata::read,
    },
    Format {
        name: "binned counts",
        looked_for: "/spike_counts and the attribute bin_size_s",
        recognise: binned::recognise,
        read: binned::read,
    },
];

/// Reads a recording or a result, whatever its format.
///
/// # Errors
/// If the file is missing, not HDF5, damaged, of an unknown layout, or holds what can't be.
pub fn read(path: &Path) -> Result<Recording, FormatError> {
    open(path, |h5| match FORMATS.iter().find(|format| (format.recognise)(h5)) {
        Some(format) => (format.read)(h5),
        None => Err(unknown_layout(h5)),
    })
}

/// Opens a file and hands it to a reader.
fn open<T>(path: &Path, read: impl FnOnce(&H5) -> Result<T, FormatError>) -> Result<T, FormatError> {
    // HDF5's own error stack says nothing that a user could act on.
    hdf5::silence_errors(true);
    // The last resort: the bindings assert on a few types that only a damaged or odd file has.
    // Nothing outlives the closure, so no half-changed state can be seen.
    let quiet = AssertUnwindSafe(|| {
        let bytes = expect_hdf5(path)?;
        // Without its lock, which network file systems often refuse; a recording is only read.
        let options = hdf5::File::with_options().with_fapl(|p| p.file_locking(false)).open(path);
        let file = options.map_err(|e| unopened(path, &e))?;
        read(&H5 { path, file: &file, bytes })
    });
    catch_unwind(quiet).unwrap_or_else(|_| {
        let message = "holds a type that the HDF5 library's bindings can't represent; the file is probably damaged";
        Err(FormatError::new(path, "", Fault::Damaged, message))
    })
}

fn unknown_layout(h5: &H5) -> FormatError {
    let looked_for: Vec<String> = FORMATS.iter().map(|f| format!("{} ({})", f.name, f.looked_for)).collect();
    let message = format!(
        "is HDF5, but of none of the layouts that can be read; its top level holds {}; looked for: {}",
        h5::list(&h5.members("/")),
        looked_for.join("; ")
    );
    h5.error("", Fault::UnknownLayout, message)
}

/// Checks for HDF5's signature, which lies at byte 0, 512, 1024, 2048, ..; the length of the file \[bytes\].
fn expect_hdf5(path: &Path) -> Result<u64, FormatError> {
    const SIGNATURE: [u8; 8] = *b"\x89HDF\r\n\x1a\n";
    let missing = |e: std::io::Error| {
        let message = match e.kind() {
            std::io::ErrorKind::NotFound => "there is no such file; check the path".to_owned(),
            _ => format!("can't be opened: {e}"),
        };
        FormatError::new(path, "", Fault::Missing, message)
    };
    let mut file = fs::File::open(path).map_err(missing)?;
    let metadata = file.metadata().map_err(missing)?;
    if metadata.is_dir() {
        return Err(FormatError::new(path, "", Fault::Missing, "is a directory, expected a file"));
    }
    let (mut place, mut start) = (0, [0; 8]);
    while place + 8 <= metadata.len() {
        file.seek(SeekFrom::Start(place)).and_then(|_| file.read_exact(&mut start)).map_err(missing)?;
        if start == SIGNATURE {
            return Ok(metadata.len());
        }
        place = if place == 0 { 512 } else { place * 2 };
    }
    let message = format!(
        "is not an HDF5 file ({} bytes without HDF5's signature), expected an NWB, SONATA or other HDF5 recording; \
         if it was downloaded, check that it isn't an error page or a Git LFS pointer",
        metadata.len()
    );
    Err(FormatError::new(path, "", Fault::NotHdf5, message))
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
