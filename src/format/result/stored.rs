//! The spikes of a result, read in pieces: pictures of any number of them in little memory.

use std::path::{Path, PathBuf};

use super::read;
use crate::format::error::FormatError;
use crate::format::h5::{H5, Slices, join};
use crate::format::open;
use crate::spikes::{Recording, SourceError, SpikeSource};

/// Spikes that are read at a time: 16 bytes each.
const PIECE: usize = 1 << 20;

/// The spikes of a result, where they are.
#[derive(Clone, Debug)]
pub struct StoredSpikes {
    path: PathBuf,
    parts: Vec<Part>,
    unit_ids: Vec<i64>,
    ends: Option<(f64, f64)>,
    piece: usize,
}

/// Those of one population.
#[derive(Clone, Debug)]
struct Part {
    /// Its group in the file.
    place: String,
    /// Its first unit.
    first: usize,
    size: usize,
}

impl StoredSpikes {
    /// Opens a result: all of it but its spikes, which stay in the file; none if it is something else.
    ///
    /// # Errors
    /// If it is a result that cannot be read.
    pub fn open(path: &Path) -> Result<Option<(Recording, StoredSpikes)>, FormatError> {
        open(path, |h5| {
            if !read::recognise(h5) {
                return Ok(None);
            }
            let mut recording = read::beside_spikes(h5)?;
            let unit_ids = std::mem::take(&mut recording.spikes.unit_ids);
            let mut spikes = StoredSpikes { path: path.to_owned(), parts: vec![], unit_ids, ends: None, piece: PIECE };
            for &(ref name, first, size) in &recording.populations {
                let place = join("/spikes", name);
                let times = Slices::new(h5, join(&place, "timestamps"), false)?;
                if times.len() > 0 {
                    let at = |i: usize| Ok::<_, FormatError>(times.numbers(i..i + 1)?[0] / 1e3);
                    let (from, to) = (at(0)?, at(times.len() - 1)?);
                    let (earliest, latest) = spikes.ends.unwrap_or((from, to));
                    spikes.ends = Some((earliest.min(from), latest.max(to)));
                }
                spikes.parts.push(Part { place, first, size });
            }
            Ok(Some((recording, spikes)))
        })
    }

    /// With another number of spikes that are read at a time.
    #[must_use]
    pub fn in_pieces_of(mut self, spikes: usize) -> StoredSpikes {
        self.piece = spikes.max(1);
        self
    }
}

impl Part {
    /// Hands over what lies in the window.
    fn pieces(
        &self,
        h5: &H5,
        (start, stop): (f64, f64),
        piece: usize,
        take: &mut dyn FnMut(&[f64], &[u32]),
    ) -> Result<(), FormatError> {
        let times = Slices::new(h5, join(&self.place, "timestamps"), false)?;
        let ids = Slices::new(h5, join(&self.place, "node_ids"), true)?;
        if ids.len() != times.len() {
            return Err(ids.error(format!("has {} entries, but timestamps has {}", ids.len(), times.len())));
        }
        // The first entry at or after a time: results are sorted.
        let find = |time: f64| -> Result<usize, FormatError> {
            let (mut low, mut high) = (0, times.len());
            while low < high {
                let middle = low + (high - low) / 2;
                if times.numbers(middle..middle + 1)?[0] / 1e3 < time { low = middle + 1 } else { high = middle }
            }
            Ok(low)
        };
        let (mut from, to) = (find(start)?, find(stop)?);
        let mut before = f64::NEG_INFINITY;
        while from < to {
            let end = (from + piece).min(to);
            let mut some = times.numbers(from..end)?;
            let who = ids.integers(from..end)?;
            let mut units = Vec::with_capacity(who.len());
            for (index, (time, id)) in some.iter_mut().zip(&who).enumerate() {
                *time /= 1e3;
                if !(*time >= before && time.is_finite()) {
                    let entry = from + index;
                    return Err(times
                        .error(format!("entry {entry} is {} ms; expected times that do not decrease", *time * 1e3)));
                }
                before = *time;
                if *id < 0 || *id as usize >= self.size {
                    let entry = from + index;
                    return Err(ids.error(format!("entry {entry} is {id}, beyond the population's size {}", self.size)));
                }
                units.push((self.first + *id as usize) as u32);
            }
            take(&some, &units);
            from = end;
        }
        Ok(())
    }
}

impl SpikeSource for StoredSpikes {
    fn unit_ids(&self) -> &[i64] {
        &self.unit_ids
    }

    fn ends(&self) -> Result<Option<(f64, f64)>, SourceError> {
        Ok(self.ends)
    }

    fn pieces(&self, start: f64, stop: f64, take: &mut dyn FnMut(&[f64], &[u32])) -> Result<(), SourceError> {
        open(&self.path, |h5| {
            self.parts.iter().try_for_each(|part| part.pieces(h5, (start, stop), self.piece, &mut *take))
        })
        .map_err(|error| SourceError(error.to_string()))
    }
}
