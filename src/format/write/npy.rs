//! A structured array of NumPy, one item per spike in order of time: `time_s` (f8), `unit` (i8) and, where there are
//! several populations, `population` (i4), their order.

use std::io::Write;
use std::path::Path;

use super::{Unwritten, What, plain_file};

/// Writes the spikes.
pub(super) fn write(part: &Path, what: &What) -> Result<Vec<String>, Unwritten> {
    let populations = what.populations();
    let several = populations.len() > 1;
    let ((ids, mut notes), of) = (what.distinct_ids(), what.population_of());
    let fields = if several { ", ('population', '<i4')" } else { "" };
    let mut header = format!(
        "{{'descr': [('time_s', '<f8'), ('unit', '<i8'){fields}], 'fortran_order': False, 'shape': ({},), }}",
        what.total()
    );
    // The data begin at a multiple of 64 bytes; the header ends with a line feed.
    header.extend(std::iter::repeat_n(' ', 63 - (10 + header.len()) % 64));
    header.push('\n');
    plain_file(part, |out| {
        out.write_all(b"\x93NUMPY\x01\x00")?;
        out.write_all(&(header.len() as u16).to_le_bytes())?;
        out.write_all(header.as_bytes())?;
        what.each(&mut |time, unit| {
            let unit = unit as usize;
            out.write_all(&time.to_le_bytes())?;
            out.write_all(&ids[unit].to_le_bytes())?;
            if several { out.write_all(&(of[unit] as i32).to_le_bytes()) } else { Ok(()) }
        })
    })?;
    notes.extend(what.beside_spikes("NPY"));
    if several {
        let names: Vec<String> =
            populations.iter().enumerate().map(|(place, (name, ..))| format!("{place} {name}")).collect();
        notes.push(format!("NPY holds no words: populations are numbers ({})", names.join(", ")));
    }
    Ok(notes)
}
