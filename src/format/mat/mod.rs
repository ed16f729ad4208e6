//! MATLAB files: version 5 (binary, `v5`) and 7.3 (HDF5, `v73`), both read into the same values.
//!
//! What is looked for in them (`tables`): the layout of the reaching recordings of O'Doherty et al. 2017
//! (doi:10.5281/zenodo.583331) with `spikes`, `t`, `cursor_pos`, `target_pos`; cells and structures of spike times, nested
//! in any way; and lists of spike times with a list of units beside them. Times are seconds, but where a text beside them says another unit,
//! as in files of Neo (`neo`): `times_units` of `times`.

mod listed;
mod neo;
mod reaching;
mod search;
mod signals;
mod tables;
mod v5;
mod v73;
mod value;

use super::error::{Fault, FormatError};
use super::gather::{Gathered, Spikes};
use super::h5::H5;
use super::listing::Wanted;
use super::plain::Plain;
use crate::spikes::Recording;
use value::{Value, Variable};

/// Arrays within arrays: deeper ones are damage.
const MAX_DEPTH: usize = 16;

/// The variables of a file, read when they are asked for, long arrays part by part: trains, waveforms and raw voltage may be large.
trait Workspace {
    fn variables(&self) -> &[Variable];
    fn value(&self, name: &str) -> Result<Value<'_>, FormatError>;
    fn error(&self, place: &str, fault: Fault, message: String) -> FormatError;
}

/// Whether this is a MATLAB 7.3 file.
pub(super) fn recognise_v73(h5: &H5) -> bool {
    v73::recognise(h5)
}

/// Reads a MATLAB 7.3 file.
///
/// # Errors
/// If it holds no spikes in a layout that is known, or is damaged.
pub(super) fn read_v73(h5: &H5, wanted: &mut Wanted) -> Result<Recording, FormatError> {
    tables::read(&v73::open(h5), "MATLAB 7.3", wanted)
}

/// Whether this is a MATLAB 5 file.
pub(super) fn recognise_v5(plain: &Plain) -> bool {
    v5::recognise(plain)
}

/// Reads a MATLAB 5 file.
///
/// # Errors
/// If it holds no spikes in a layout that is known, or is damaged.
pub(super) fn read_v5(plain: &Plain, mut gathered: Gathered) -> Result<(Recording, Spikes), FormatError> {
    let file = v5::open(plain)?;
    let mut recording = tables::read(&file, "MATLAB 5", &mut Wanted::all(|spikes| gathered.extend(spikes)))?;
    let ids = std::mem::take(&mut recording.spikes.unit_ids);
    Ok((recording, gathered.finish_in_order(ids)?))
}
