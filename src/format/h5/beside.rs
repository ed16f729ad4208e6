//! Files that have what a dataset of another file names as its own: raw data beside it, and the sources of virtual datasets. The library fills in
//! zeros for what is not there.

use std::collections::BTreeSet;
use std::ffi::c_char;
use std::fs;
use std::path::{Path, PathBuf};

use hdf5::Dataset;
use hdf5::plist::dataset_create::Layout;
use hdf5_sys::h5i::hid_t;
use hdf5_sys::h5p::{H5Pget_virtual_count, H5Pget_virtual_dsetname, H5Pget_virtual_filename};

use super::{H5, open};
use crate::format::error::{Fault, FormatError};

/// Where the library looks for raw data.
const PREFIX: &str = "HDF5_EXTFILE_PREFIX";

/// From now on raw data are looked for beside the file that names them, unless the user says where (`HDF5_EXTFILE_PREFIX`); the library looks where
/// the program was started. For the beginning of a program, which has one thread.
pub fn look_beside() {
    if std::env::var_os(PREFIX).is_none() {
        // SAFETY: nobody else reads or writes the environment yet.
        #[allow(unsafe_code)]
        unsafe {
            std::env::set_var(PREFIX, "${ORIGIN}");
        }
    }
}

/// Where a file of this name is, beside the file that names it or where the program was started.
fn near(own: &Path, name: &str) -> Option<PathBuf> {
    [own.with_file_name(name), PathBuf::from(name)].into_iter().find(|path| path.is_file())
}

/// Where raw data of this name should be.
fn raw(own: &Path, name: &str) -> PathBuf {
    let origin = own.parent().unwrap_or(Path::new("")).to_string_lossy();
    match std::env::var(PREFIX) {
        Ok(prefix) => PathBuf::from(prefix.replace("${ORIGIN}", &origin)).join(name),
        Err(_) => PathBuf::from(name),
    }
}

/// Does a name stand for files that are numbered, as many as there are?
fn is_numbered(name: &str) -> bool {
    name.contains('%')
}

/// The file and the place in it of each source of a virtual dataset. (The binding tells nothing of them if it can't tell all.)
pub(in crate::format) fn sources(dataset: &Dataset) -> BTreeSet<(String, String)> {
    let Ok(plan) = dataset.create_plist() else { return BTreeSet::new() };
    if plan.layout() != Layout::Virtual {
        return BTreeSet::new();
    }
    let _lock = hdf5_sys::LOCK.lock();
    // SAFETY: the list is open as long as `plan` is, the library is locked, and a text gets the room that it asked for.
    #[allow(unsafe_code)]
    unsafe {
        let mut count = 0;
        if H5Pget_virtual_count(plan.id(), &raw mut count) < 0 {
            return BTreeSet::new();
        }
        let text = |of: unsafe extern "C" fn(hid_t, usize, *mut c_char, usize) -> isize, index: usize| {
            let length = usize::try_from(of(plan.id(), index, std::ptr::null_mut(), 0)).ok()?;
            let mut bytes = vec![0u8; length + 1];
            of(plan.id(), index, bytes.as_mut_ptr().cast(), bytes.len());
            bytes.truncate(length);
            String::from_utf8(bytes).ok()
        };
        (0..count).filter_map(|i| text(H5Pget_virtual_filename, i).zip(text(H5Pget_virtual_dsetname, i))).collect()
    }
}

/// Virtual datasets of virtual ones are followed so far.
const DEEPEST: usize = 8;

/// Whether all is there that a dataset takes its numbers from.
pub(super) fn expect_there(h5: &H5, place: &str, dataset: &Dataset) -> Result<(), FormatError> {
    expect_within(h5, place, dataset, DEEPEST)
}

fn expect_within(h5: &H5, place: &str, dataset: &Dataset, depth: usize) -> Result<(), FormatError> {
    let Ok(plan) = dataset.create_plist() else { return Ok(()) };
    let own = PathBuf::from(dataset.filename());
    let missing = |name: &str, why: &str| {
        let message = format!("has its data in {name}, {why}; put the whole file back beside {}", own.display());
        h5.error(place, Fault::Incomplete, message)
    };
    let element = dataset.dtype().map_or(1, |kind| kind.size());
    let mut wanted = dataset.shape().iter().fold(element, |bytes, &n| bytes.saturating_mul(n)) as u64;
    for file in plan.external() {
        let path = raw(&own, &file.name);
        if !path.is_file() {
            return Err(missing(&file.name, "which is not there"));
        }
        let here = wanted.min(file.size as u64);
        let length = fs::metadata(path).map_or(0, |metadata| metadata.len());
        if length < (file.offset as u64).saturating_add(here) {
            return Err(missing(&file.name, "which is cut short"));
        }
        wanted -= here;
    }
    for (name, source) in sources(dataset).iter().filter(|(name, source)| !is_numbered(name) && !is_numbered(source)) {
        let file = if name == "." {
            dataset.file()
        } else {
            open(&near(&own, name).ok_or_else(|| missing(name, "which is not there"))?)
        };
        let file = file.map_err(|_| missing(name, "which can't be read"))?;
        let found = file.dataset(source).map_err(|_| missing(name, &format!("which has no dataset {source}")))?;
        if depth > 0 {
            expect_within(h5, place, &found, depth - 1)?;
        }
    }
    Ok(())
}

/// Bytes that are stored for a dataset, and those of the files that have them, which need not be the one that was opened: links lead elsewhere,
/// raw data lie beside it, and virtual datasets are put together from others.
pub(super) fn held(h5: &H5, dataset: &Dataset) -> (u64, u64) {
    let own = PathBuf::from(dataset.filename());
    let here = fs::metadata(&own).map_or(h5.bytes, |metadata| metadata.len());
    let Ok(plan) = dataset.create_plist() else { return (dataset.storage_size(), here) };
    let of = |path: &Path| fs::metadata(path).map_or(0, |metadata| metadata.len());
    let length = |name: &String| match &name[..] {
        "." => here,
        name if is_numbered(name) => u64::MAX,
        name => near(&own, name).map_or(0, |path| of(&path)),
    };
    let raw_ones: BTreeSet<PathBuf> = plan.external().iter().map(|file| raw(&own, &file.name)).collect();
    if !raw_ones.is_empty() {
        return (dataset.storage_size(), raw_ones.iter().map(|path| of(path)).fold(0, u64::saturating_add));
    }
    let sources: BTreeSet<String> = sources(dataset).into_iter().map(|(name, _)| name).collect();
    if sources.is_empty() {
        return (dataset.storage_size(), here);
    }
    let there = sources.iter().map(length).fold(0, u64::saturating_add);
    (there, there)
}
