//! A row per spike: `time_s,unit` and, where there are several, `population`; in order of time.

use std::io::Write;
use std::path::Path;

use super::{Unwritten, What, plain_file};

/// Writes the spikes; a time has as many digits as it takes to read the same bits again.
pub(super) fn write(part: &Path, what: &What) -> Result<Vec<String>, Unwritten> {
    let populations = what.populations();
    let plain = |name: &str| !name.contains([',', ';', '\t', '"', '\n', '\r']) && name.trim() == name;
    if let Some((name, ..)) = populations.iter().find(|(name, ..)| !plain(name)) {
        let message = format!("the population {name:?} can't be a cell of CSV; write .nwb, or rename it in the model");
        return Err(Unwritten::Input(message));
    }
    let ((ids, mut notes), of) = (what.distinct_ids(), what.population_of());
    plain_file(part, |out| {
        out.write_all(if populations.len() > 1 { b"time_s,unit,population\n" } else { b"time_s,unit\n" })?;
        what.each(&mut |time, unit| {
            let unit = unit as usize;
            write!(out, "{time},{}", ids[unit])?;
            match populations.len() {
                0 | 1 => out.write_all(b"\n"),
                _ => writeln!(out, ",{}", populations[of[unit]].0),
            }
        })
    })?;
    notes.extend(what.beside_spikes("CSV"));
    Ok(notes)
}
