//! Spikes that stay in their file and are handed over in the order of time, as often as they are asked for.

use std::path::{Path, PathBuf};

use super::{Survey, reel, survey};
use crate::format::error::FormatError;
use crate::spikes::{Recording, SourceError, SpikeSource};

/// The spikes of a recording that was surveyed.
#[derive(Clone, Debug)]
pub struct StreamedSpikes {
    path: PathBuf,
    unit_ids: Vec<i64>,
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
        let Some(Survey { mut recording, .. }) = survey(path)? else { return Ok(None) };
        let known = std::mem::take(&mut recording.spikes);
        let ends = known.times.first().copied().zip(known.times.last().copied());
        Ok(Some((recording, StreamedSpikes { path: path.to_owned(), unit_ids: known.unit_ids, ends, buffer })))
    }
}

impl SpikeSource for StreamedSpikes {
    fn unit_ids(&self) -> &[i64] {
        &self.unit_ids
    }

    fn ends(&self) -> Result<Option<(f64, f64)>, SourceError> {
        Ok(self.ends)
    }

    fn pieces(&self, start: f64, stop: f64, take: &mut dyn FnMut(&[f64], &[u32])) -> Result<(), SourceError> {
        let mut feed = reel(&self.path, self.buffer).open(start).map_err(SourceError)?;
        while let Some(block) = feed.next().map_err(SourceError)? {
            let to = block.partition_point(|spike| spike.0 < stop);
            let from = block.partition_point(|spike| spike.0 < start).min(to);
            let (times, units): (Vec<f64>, Vec<u32>) = block[from..to].iter().copied().unzip();
            // Another process counted them.
            if let Some(unit) = units.iter().find(|unit| **unit as usize >= self.unit_ids.len()) {
                let (path, known) = (self.path.display(), self.unit_ids.len());
                return Err(SourceError(format!("{path} has a spike of the unit {unit} of {known}; it is damaged.")));
            }
            take(&times, &units);
            if to < block.len() {
                break;
            }
        }
        Ok(())
    }
}
