//! The spikes of a large result, which stay in the file: pictures of any number of them in little memory.
//!
//! A process of its own reads them in pieces if one was [installed](contain), as often as they are asked for.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::read;
use crate::format::contain::{self, Pieced};
use crate::format::error::FormatError;
use crate::format::h5::{H5, Slices, join};
use crate::spikes::{Recording, SourceError, SpikeSource, Take};

/// Spikes that are read at a time.
const PIECE: usize = 1 << 17;

/// The spikes of a result, where they are.
#[derive(Clone, Debug)]
pub struct StoredSpikes {
    path: PathBuf,
    unit_ids: Vec<i64>,
    ends: Option<(f64, f64)>,
    parts: Vec<Part>,
    piece: usize,
}

/// Those of one population.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct Part {
    /// Its name.
    population: String,
    /// How many members it has, recorded or not.
    size: usize,
    /// Its first unit.
    first: usize,
}

/// All of a result but its spikes.
#[derive(Debug, Deserialize, Serialize)]
pub(in crate::format) struct Outline {
    pub recording: Recording,
    /// The first and the last spike \[s\].
    ends: Option<(f64, f64)>,
    parts: Vec<Part>,
}

/// What a first look gave; nothing where the file is no result.
#[derive(Debug, Deserialize, Serialize)]
pub(in crate::format) struct Looked(pub Option<Outline>);

impl Looked {
    /// Looks at an open file.
    pub(in crate::format) fn read(h5: &H5) -> Result<Looked, FormatError> {
        if !read::recognise(h5) {
            return Ok(Looked(None));
        }
        let recording = read::beside_spikes(h5)?;
        let (mut ends, mut parts): (Option<(f64, f64)>, _) = (None, Vec::new());
        for &(ref population, first, _) in &recording.populations {
            let times = Slices::new(h5, join(&join("/spikes", population), "timestamps"), false)?;
            if times.len() > 0 {
                let at = |i: usize| Ok::<_, FormatError>(times.numbers(i..i + 1)?[0] / 1e3);
                let (from, to) = (at(0)?, at(times.len() - 1)?);
                let (earliest, latest) = ends.unwrap_or((from, to));
                ends = Some((earliest.min(from), latest.max(to)));
            }
            parts.push(Part { population: population.clone(), size: read::size(h5, population)?, first });
        }
        Ok(Looked(Some(Outline { recording, ends, parts })))
    }
}

impl StoredSpikes {
    /// Opens a result: all of it but its spikes, which stay in the file; none if it is something else.
    ///
    /// # Errors
    /// If it is a result that cannot be read.
    pub fn open(path: &Path) -> Result<Option<(Recording, StoredSpikes)>, FormatError> {
        let Looked(Some(Outline { mut recording, ends, parts })) = contain::read(path)? else { return Ok(None) };
        let unit_ids = std::mem::take(&mut recording.spikes.unit_ids);
        Ok(Some((recording, StoredSpikes { path: path.to_owned(), unit_ids, ends, parts, piece: PIECE })))
    }

    /// With another number of spikes that are read at a time, at most a million.
    #[must_use]
    pub fn in_pieces_of(mut self, spikes: usize) -> StoredSpikes {
        self.piece = spikes.clamp(1, 1 << 20);
        self
    }
}

/// Which spikes are asked for.
#[derive(Debug, Deserialize, Serialize)]
pub(in crate::format) struct Pieces {
    parts: Vec<Part>,
    /// Bits of the first time and of the end \[s\]: JSON has no infinities.
    window: (u64, u64),
    piece: usize,
}

impl Pieced for Pieces {
    const TASK: &'static str = "pieces";

    fn produce(&self, h5: &H5, out: &mut dyn FnMut(Vec<(f64, u32)>) -> bool) -> Result<(), FormatError> {
        let window = (f64::from_bits(self.window.0), f64::from_bits(self.window.1));
        for part in &self.parts {
            if !part.produce(h5, window, self.piece, out)? {
                break;
            }
        }
        Ok(())
    }
}

impl Part {
    /// Hands over what lies in the window; whether more is wanted.
    fn produce(
        &self,
        h5: &H5,
        (start, stop): (f64, f64),
        piece: usize,
        out: &mut dyn FnMut(Vec<(f64, u32)>) -> bool,
    ) -> Result<bool, FormatError> {
        let (group, members) = (join("/spikes", &self.population), read::members(h5, &self.population, self.size)?);
        let times = Slices::new(h5, join(&group, "timestamps"), false)?;
        let ids = Slices::new(h5, join(&group, "node_ids"), true)?;
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
            let mut some = Vec::with_capacity(end - from);
            for (index, (ms, id)) in times.numbers(from..end)?.into_iter().zip(ids.integers(from..end)?).enumerate() {
                let (entry, time) = (from + index, ms / 1e3);
                if !(time >= before && time.is_finite()) {
                    return Err(times.error(format!("entry {entry} is {ms} ms; expected times that do not decrease")));
                }
                before = time;
                let place = read::place(&members, id).ok_or_else(|| ids.error(read::stranger(entry, id, &members)))?;
                some.push((time, (self.first + place) as u32));
            }
            if !out(some) {
                return Ok(false);
            }
            from = end;
        }
        Ok(true)
    }
}

impl SpikeSource for StoredSpikes {
    fn unit_ids(&self) -> &[i64] {
        &self.unit_ids
    }

    fn ends(&self) -> Result<Option<(f64, f64)>, SourceError> {
        Ok(self.ends)
    }

    fn pieces(&self, start: f64, stop: f64, take: &mut Take) -> Result<(), SourceError> {
        let wanted = Pieces { parts: self.parts.clone(), window: (start.to_bits(), stop.to_bits()), piece: self.piece };
        let (mut times, mut units) = (Vec::new(), Vec::new());
        let mut strange = None;
        let mut each = |block: Vec<(f64, u32)>| {
            (times, units) = block.into_iter().unzip();
            // Another process counted them.
            let known = |unit: &u32| (*unit as usize) < self.unit_ids.len();
            strange = units.iter().find(|unit| !known(unit)).copied();
            if strange.is_none() {
                take(&times, &units);
            }
            strange.is_none()
        };
        contain::pieces(&self.path, &wanted, &mut each).map_err(|error| SourceError(error.to_string()))?;
        match strange {
            None => Ok(()),
            Some(unit) => {
                let (path, known) = (self.path.display(), self.unit_ids.len());
                Err(SourceError(format!("{path} has a spike of the unit {unit} of {known}; it is damaged.")))
            }
        }
    }
}
