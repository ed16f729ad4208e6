//! SONATA spikes (Dai et al. 2020): `/spikes/<population>/{timestamps, node_ids}`, milliseconds, by time.

use std::path::Path;

use hdf5::File;

use super::{beside_spikes, populations};
use crate::format::result::attributes::{Sorting, set, set_list, set_text, write_list};
use crate::format::result::{ResultError, SONATA_MAGIC, SONATA_VERSION, cause};
use crate::spikes::Recording;

/// What a single population without a name is called.
const ONLY: &str = "units";

/// Writes the spikes.
pub(super) fn write(part: &Path, recording: &Recording) -> Result<Vec<String>, ResultError> {
    let spikes = &recording.spikes;
    if let Some(id) = spikes.unit_ids.iter().find(|id| **id < 0) {
        let message =
            format!("the unit {id} can't be a SONATA node, whose ids are 0 or more; write .nwb, .csv or .npy");
        return Err(ResultError::Input(message));
    }
    if let Some(time) = spikes.times.first().filter(|time| **time < 0.0) {
        let message = format!(
            "a spike is at {time} s; SONATA has no times before 0: write .nwb, .csv or .npy, or give --start 0s"
        );
        return Err(ResultError::Input(message));
    }
    let mut inexact = 0usize;
    let make = |inexact: &mut usize| -> hdf5::Result<()> {
        let file = File::with_options().with_fapl(|p| p.file_locking(false)).create(part)?;
        set(&file, "magic", &SONATA_MAGIC)?;
        set_list(&file, "version", &SONATA_VERSION)?;
        let root = file.create_group("spikes")?;
        for (name, first, size) in populations(recording) {
            let name = if name.is_empty() { ONLY.to_owned() } else { name.replace('/', "_") };
            let group = root.create_group(&name)?;
            set(&group, "sorting", &Sorting::by_time)?;
            let of = |unit: u32| (first..first + size).contains(&(unit as usize));
            let own = || spikes.times.iter().zip(&spikes.units).filter(|(_, unit)| of(**unit));
            let times: Vec<f64> = own()
                .map(|(time, _)| {
                    let (ms, exact) = milliseconds(*time);
                    *inexact += usize::from(!exact);
                    ms
                })
                .collect();
            let ids: Vec<u64> = own().map(|(_, unit)| spikes.unit_ids[*unit as usize] as u64).collect();
            // Not compressed: the HDF5 library inside libsonata is built without zlib and couldn't read it.
            set_text(&*write_list(&group, "timestamps", &times)?, "units", "ms")?;
            write_list(&group, "node_ids", &ids)?;
        }
        file.close()
    };
    make(&mut inexact).map_err(|e| ResultError::Failed(cause(&e)))?;
    let mut notes = beside_spikes(recording, "SONATA");
    if inexact > 0 {
        notes.push(format!(
            "SONATA counts milliseconds: {inexact} of {} times have no double in ms that is exactly theirs; they are off \
             in the last bit",
            spikes.len()
        ));
    }
    Ok(notes)
}

/// The time in ms that reads as the same bits in s, if there is one.
fn milliseconds(seconds: f64) -> (f64, bool) {
    let near = seconds * 1e3;
    let candidates = [near, near.next_up(), near.next_down()];
    let found = candidates.into_iter().find(|ms| (ms / 1e3).to_bits() == seconds.to_bits());
    (found.unwrap_or(near), found.is_some())
}

#[cfg(test)]
mod tests {
    use super::milliseconds;

    #[test]
    fn times_that_were_milliseconds_become_the_same_milliseconds_in_effect() {
        for i in 0..100_000 {
            let seconds = f64::from(i) * 0.1 / 1e3;
            let (ms, exact) = milliseconds(seconds);
            assert!(exact && ms / 1e3 == seconds, "{i}");
        }
    }
}
