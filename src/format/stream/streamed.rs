//! Spikes that stay in their file, or in a temporary one, and are handed over in the order of time, or unit by unit, as often as they are
//! asked for.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::ordered::{Ordered, merge};
use super::{AsStored, InOrder, Opened, Survey, Thread};
use crate::format::contain;
use crate::format::error::FormatError;
use crate::format::gather::Filed;
use crate::spikes::{Recording, SourceError, SpikeSource, SpikeTable, Take, count};
use crate::stream::{Feed, Reel};

/// The spikes of a recording of which all else was read.
#[derive(Clone, Debug)]
pub struct StreamedSpikes {
    path: PathBuf,
    unit_ids: Vec<i64>,
    counts: Vec<u64>,
    /// The first and the last.
    ends: Option<[(f64, u32); 2]>,
    buffer: usize,
    store: Store,
}

/// Where they are.
#[derive(Clone)]
enum Store {
    /// In an HDF5 file, in the order of time.
    Hdf5,
    /// In runs that need no other process.
    Runs(Arc<[Arc<dyn Ordered + Send + Sync>]>),
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Store::Hdf5 => f.write_str("Hdf5"),
            Store::Runs(runs) => write!(f, "{} runs", runs.len()),
        }
    }
}

impl StreamedSpikes {
    /// Looks at a recording: all of it but its spikes, and those as they are read ahead into a buffer of so many bytes. None if it
    /// can't be streamed.
    ///
    /// # Errors
    /// If it can't be read.
    pub fn open(path: &Path, buffer: usize) -> Result<Option<(Recording, StreamedSpikes)>, FormatError> {
        Ok(match super::open(path, buffer)? {
            (recording, Opened::Streamed(spikes)) => Some((recording, spikes)),
            (_, Opened::Whole(_)) => None,
        })
    }

    /// Those of an HDF5 file that was surveyed.
    pub(super) fn of_hdf5(path: &Path, survey: Survey, buffer: usize) -> (Recording, StreamedSpikes) {
        let Survey { mut recording, counts, .. } = survey;
        let SpikeTable { times, units, unit_ids } = std::mem::take(&mut recording.spikes);
        let spike = |index: usize| Some((*times.get(index)?, *units.get(index)?));
        let ends = spike(0).zip(spike(1)).map(|(first, last)| [first, last]);
        (recording, StreamedSpikes { path: path.to_owned(), unit_ids, counts, ends, buffer, store: Store::Hdf5 })
    }

    /// Those that a reader put into files.
    pub(super) fn of_files(path: &Path, filed: Filed, buffer: usize) -> StreamedSpikes {
        let Filed { unit_ids, counts, ends, runs } = filed;
        StreamedSpikes { path: path.to_owned(), unit_ids, counts, ends, buffer, store: Store::Runs(runs.into()) }
    }

    /// The first and the last spike.
    pub fn survey(&self) -> SpikeTable {
        let (times, units) = self.ends.iter().flatten().copied().unzip();
        SpikeTable { times, units, unit_ids: self.unit_ids.clone() }
    }

    /// All of them, in s on the recording's clock, to be read while a model runs.
    pub fn reel(&self) -> Reel<f64> {
        let spikes = self.clone();
        Reel::new(move |from: f64| spikes.feed(0..spikes.unit_ids.len(), from).map_err(|error| error.to_string()))
    }

    /// Those of some units from a time on.
    fn feed(&self, units: Range<usize>, from: f64) -> Result<Box<dyn Feed<f64>>, FormatError> {
        let buffer = self.buffer;
        let runs = match &self.store {
            Store::Hdf5 => return contain::feed(&self.path, &InOrder { from: from.to_bits(), units, buffer }),
            Store::Runs(runs) => Arc::clone(runs),
        };
        Ok(Box::new(Thread::start(move |out| {
            merge(&runs, from, buffer, &mut |mut block| {
                block.retain(|spike| units.contains(&(spike.1 as usize)));
                block.is_empty() || out(block)
            })
        })))
    }

    /// Splits a block into times and units; another process counted them.
    fn checked(&self, block: &[(f64, u32)]) -> Result<(Vec<f64>, Vec<u32>), SourceError> {
        if let Some((_, unit)) = block.iter().find(|(_, unit)| *unit as usize >= self.unit_ids.len()) {
            let (path, known) = (self.path.display(), self.unit_ids.len());
            return Err(SourceError(format!("{path} has a spike of the unit {unit} of {known}; it is damaged.")));
        }
        Ok(block.iter().copied().unzip())
    }
}

impl SpikeSource for StreamedSpikes {
    fn unit_ids(&self) -> &[i64] {
        &self.unit_ids
    }

    fn ends(&self) -> Result<Option<(f64, f64)>, SourceError> {
        Ok(self.ends.map(|[first, last]| (first.0, last.0)))
    }

    fn pieces(&self, start: f64, stop: f64, take: &mut Take) -> Result<(), SourceError> {
        self.pieces_of(0..self.unit_ids.len(), (start, stop), take)
    }

    fn pieces_of(&self, units: Range<usize>, (start, stop): (f64, f64), take: &mut Take) -> Result<(), SourceError> {
        let mut feed = self.feed(units, start).map_err(|error| SourceError(error.to_string()))?;
        while let Some(block) = feed.next().map_err(SourceError)? {
            let to = block.partition_point(|spike| spike.0 < stop);
            let from = block.partition_point(|spike| spike.0 < start).min(to);
            let (times, units) = self.checked(&block[from..to])?;
            take(&times, &units);
            if to < block.len() {
                break;
            }
        }
        Ok(())
    }

    fn runs(&self, units: Range<usize>, window: (f64, f64), take: &mut Take) -> Result<(), SourceError> {
        if let Store::Runs(_) = self.store {
            return self.pieces_of(units, window, take);
        }
        let wanted = AsStored::of(units.clone(), window);
        let mut wrong = None;
        let mut each = |block: Vec<(f64, u32)>| {
            let fits = |spikes: &(Vec<f64>, Vec<u32>)| spikes.1.iter().all(|unit| units.contains(&(*unit as usize)));
            match self.checked(&block) {
                Ok(spikes) if fits(&spikes) => take(&spikes.0, &spikes.1),
                Ok(_) => {}
                Err(error) => wrong = Some(error),
            }
            wrong.is_none()
        };
        contain::pieces(&self.path, &wanted, &mut each).map_err(|error| SourceError(error.to_string()))?;
        wrong.map_or(Ok(()), Err)
    }

    fn counts(&self, start: f64, stop: f64) -> Result<Vec<u64>, SourceError> {
        // Of the whole recording they are known.
        let all = self.ends.is_none_or(|[first, last]| start <= first.0 && last.0 < stop);
        if all { Ok(self.counts.clone()) } else { count(self, (start, stop)) }
    }
}
