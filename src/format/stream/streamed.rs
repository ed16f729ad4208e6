//! Spikes that stay in their file and are handed over in the order of time, or unit by unit, as often as they are asked for.

use std::ops::Range;
use std::path::{Path, PathBuf};

use super::{AsStored, InOrder, Survey, survey};
use crate::format::contain;
use crate::format::error::FormatError;
use crate::spikes::{Recording, SourceError, SpikeSource, Take, count};

/// The spikes of a recording that was surveyed.
#[derive(Clone, Debug)]
pub struct StreamedSpikes {
    path: PathBuf,
    unit_ids: Vec<i64>,
    counts: Vec<u64>,
    ends: Option<(f64, f64)>,
    buffer: usize,
}

impl StreamedSpikes {
    /// Surveys a recording: all of it but its spikes, and those as they are read ahead into a buffer of so many bytes. None if it
    /// can't be streamed, as [`survey`].
    ///
    /// # Errors
    /// If it can't be read.
    pub fn open(path: &Path, buffer: usize) -> Result<Option<(Recording, StreamedSpikes)>, FormatError> {
        let Some(Survey { mut recording, counts }) = survey(path)? else { return Ok(None) };
        let known = std::mem::take(&mut recording.spikes);
        let ends = known.times.first().copied().zip(known.times.last().copied());
        Ok(Some((recording, StreamedSpikes { path: path.to_owned(), unit_ids: known.unit_ids, counts, ends, buffer })))
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
        Ok(self.ends)
    }

    fn pieces(&self, start: f64, stop: f64, take: &mut Take) -> Result<(), SourceError> {
        self.pieces_of(0..self.unit_ids.len(), (start, stop), take)
    }

    fn pieces_of(&self, units: Range<usize>, (start, stop): (f64, f64), take: &mut Take) -> Result<(), SourceError> {
        let wanted = InOrder { from: start.to_bits(), units, buffer: self.buffer };
        let mut feed = contain::feed(&self.path, &wanted).map_err(|error| SourceError(error.to_string()))?;
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

    fn runs(&self, units: Range<usize>, (start, stop): (f64, f64), take: &mut Take) -> Result<(), SourceError> {
        let wanted = AsStored { units: units.clone(), window: (start.to_bits(), stop.to_bits()) };
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
        let all = self.ends.is_none_or(|(first, last)| start <= first && last < stop);
        if all { Ok(self.counts.clone()) } else { count(self, (start, stop)) }
    }
}
