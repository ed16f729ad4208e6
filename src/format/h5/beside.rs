//! Files that have what a dataset of another file names as its own: raw data beside it, and the sources of virtual datasets. The library fills in
//! zeros for what is not there.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use hdf5::{Dataset, File};

use super::H5;
use crate::format::error::{Fault, FormatError};

/// From now on raw data are looked for beside the file that names them, unless the user says where (`HDF5_EXTFILE_PREFIX`); the library looks where
/// the program was started. For the beginning of a program, which has one thread.
pub fn look_beside() {
    const PREFIX: &str = "HDF5_EXTFILE_PREFIX";
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

/// Does a name stand for files that are numbered, as many as there are?
fn is_numbered(name: &str) -> bool {
    name.contains('%')
}

/// Whether all is there that a dataset takes its numbers from.
pub(super) fn expect_there(h5: &H5, place: &str, dataset: &Dataset) -> Result<(), FormatError> {
    let Ok(plan) = dataset.create_plist() else { return Ok(()) };
    let (raw, sources) = (plan.external(), plan.virtual_map());
    if raw.is_empty() && sources.is_empty() {
        return Ok(());
    }
    let own = PathBuf::from(dataset.filename());
    let missing = |name: &str, why: &str| {
        let message = format!("has its data in {name}, {why}; put the whole file back beside {}", own.display());
        h5.error(place, Fault::Incomplete, message)
    };
    let element = dataset.dtype().map_or(1, |kind| kind.size());
    let mut wanted = dataset.shape().iter().fold(element, |bytes, &n| bytes.saturating_mul(n)) as u64;
    for file in raw {
        let path = near(&own, &file.name).ok_or_else(|| missing(&file.name, "which is not there"))?;
        let here = wanted.min(file.size as u64);
        let length = fs::metadata(path).map_or(0, |metadata| metadata.len());
        if length < (file.offset as u64).saturating_add(here) {
            return Err(missing(&file.name, "which is cut short"));
        }
        wanted -= here;
    }
    let sources: BTreeSet<(String, String)> = sources.into_iter().map(|s| (s.src_filename, s.src_dataset)).collect();
    for (name, source) in sources.iter().filter(|(name, source)| !is_numbered(name) && !is_numbered(source)) {
        let path = if name == "." { Some(own.clone()) } else { near(&own, name) };
        let path = path.ok_or_else(|| missing(name, "which is not there"))?;
        if File::open(&path).and_then(|file| file.dataset(source)).is_err() {
            return Err(missing(name, &format!("which has no dataset {source}")));
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
    let length = |name: &String| match &name[..] {
        "." => here,
        name if is_numbered(name) => u64::MAX,
        name => near(&own, name).and_then(|path| fs::metadata(path).ok()).map_or(0, |metadata| metadata.len()),
    };
    let all = |names: BTreeSet<String>| names.iter().map(length).fold(0, u64::saturating_add);
    let raw: BTreeSet<String> = plan.external().into_iter().map(|file| file.name).collect();
    if !raw.is_empty() {
        return (dataset.storage_size(), all(raw));
    }
    let sources: BTreeSet<String> = plan.virtual_map().into_iter().map(|source| source.src_filename).collect();
    if sources.is_empty() {
        return (dataset.storage_size(), here);
    }
    let there = all(sources);
    (there, there)
}
