//! A row per spike: `time_s,unit` and, where there are several, `population`; in order of time.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use super::{beside_spikes, population_of, populations};
use crate::format::result::ResultError;
use crate::spikes::Recording;

/// Writes the spikes; a time has as many digits as it takes to read the same bits again.
pub(super) fn write(part: &Path, recording: &Recording) -> Result<Vec<String>, ResultError> {
    let populations = populations(recording);
    let plain = |name: &str| !name.contains([',', ';', '\t', '"', '\n', '\r']) && name.trim() == name;
    if let Some((name, ..)) = populations.iter().find(|(name, ..)| !plain(name)) {
        let message = format!("the population {name:?} can't be a cell of CSV; write .nwb, or rename it in the model");
        return Err(ResultError::Input(message));
    }
    let spikes = &recording.spikes;
    let of = population_of(recording);
    let lines = || -> std::io::Result<()> {
        let mut out = BufWriter::new(File::create(part)?);
        out.write_all(if populations.len() > 1 { b"time_s,unit,population\n" } else { b"time_s,unit\n" })?;
        for (time, unit) in spikes.times.iter().zip(&spikes.units) {
            let unit = *unit as usize;
            write!(out, "{time},{}", spikes.unit_ids[unit])?;
            match populations.len() {
                0 | 1 => out.write_all(b"\n")?,
                _ => writeln!(out, ",{}", populations[of[unit]].0)?,
            }
        }
        out.into_inner().map_err(std::io::IntoInnerError::into_error)?.sync_all()
    };
    lines().map_err(|e| ResultError::Failed(e.to_string()))?;
    Ok(beside_spikes(recording, "CSV"))
}
