//! Recordings that are larger than memory: their spikes block by block in the order of time, all else at once.
//!
//! An HDF5 file stores spikes by unit (NWB) or by population (SONATA, results). Each such run of rows has a position of its own, from which a part is read ahead;
//! what lies before the end of every run's part is handed over, sorted (`ordered`). A first look at the file tells whether its runs are in the order of time. What is not, and what other formats list
//! in any order, is sorted run by run into a temporary file first (`format::gather`), and read from there in the same way.

mod ids;
mod layouts;
mod ordered;
mod runs;
mod streamed;

use std::ops::Range;
use std::path::Path;
use std::sync::mpsc::{Receiver, sync_channel};

use serde::{Deserialize, Serialize};

pub(super) use ordered::Ordered;
pub use streamed::StreamedSpikes;

use super::contain::{self, Pieced};
use super::error::{Fault, FormatError};
use super::gather::{Gathered, Spikes};
use super::h5::H5;
use super::plain::Plain;
use crate::spikes::{Recording, SpikeSource, SpikeTable};
use crate::stream::Feed;

/// Blocks that wait for whoever replays.
const AHEAD: usize = 2;

/// All of a recording but its spikes.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Survey {
    /// The recording; of its spikes only the first and the last.
    pub recording: Recording,
    /// How many spikes each unit has.
    pub counts: Vec<u64>,
    /// Whether the file has those of each unit or population in the order of time.
    pub in_order: bool,
}

/// The spikes of a recording.
pub enum Opened {
    /// In a file.
    Streamed(StreamedSpikes),
    /// In memory.
    Whole(SpikeTable),
}

impl From<Opened> for Box<dyn SpikeSource> {
    fn from(opened: Opened) -> Box<dyn SpikeSource> {
        match opened {
            Opened::Streamed(spikes) => Box::new(spikes),
            Opened::Whole(table) => Box::new(table),
        }
    }
}

/// What a first look gave; nothing where the spikes can't be read part by part.
#[derive(Deserialize, Serialize)]
pub(super) struct Look(pub Option<Survey>);

/// How large that is of a recording which grows with its spikes: the file, or the arrays in a folder; 0 if there is none.
pub fn size(path: &Path) -> u64 {
    Plain::open(path).map_or(0, |plain| super::size(&plain))
}

/// Opens a recording of which memory need not hold the spikes: they are read ahead into a buffer of so many bytes. Where a format lists them in any
/// order, they are sorted in a temporary file. Layouts of HDF5 other than NWB, SONATA and results, and formats that have no list of spikes, are read
/// into memory.
///
/// # Errors
/// As [`format::read`](super::read), and if there is no room for a temporary file.
pub fn open(path: &Path, buffer: usize) -> Result<(Recording, Opened), FormatError> {
    let plain = Plain::open(path)?;
    if super::is_hdf5(&plain)? {
        return of_hdf5(path, buffer);
    }
    let (recording, spikes) = super::read_plain(&plain, |plain| Gathered::in_file(plain.path, buffer))?;
    Ok((recording, opened(path, spikes, buffer)))
}

fn opened(path: &Path, spikes: Spikes, buffer: usize) -> Opened {
    match spikes {
        Spikes::Held(table) => Opened::Whole(table),
        Spikes::Filed(filed) => Opened::Streamed(StreamedSpikes::of_files(path, filed, buffer)),
    }
}

fn of_hdf5(path: &Path, buffer: usize) -> Result<(Recording, Opened), FormatError> {
    let Some(survey) = survey(path)? else {
        let mut recording = super::read(path)?;
        let spikes = std::mem::take(&mut recording.spikes);
        return Ok((recording, Opened::Whole(spikes)));
    };
    if survey.in_order {
        let (recording, spikes) = StreamedSpikes::of_hdf5(path, survey, buffer);
        return Ok((recording, Opened::Streamed(spikes)));
    }
    let Survey { mut recording, .. } = survey;
    let unit_ids = std::mem::take(&mut recording.spikes).unit_ids;
    let (mut gathered, mut done) = (Gathered::in_file(path, buffer)?, Ok(()));
    contain::pieces(path, &AsStored::of(0..unit_ids.len(), (f64::NEG_INFINITY, f64::INFINITY)), &mut |block| {
        done = block.into_iter().try_for_each(|(time, unit)| {
            // Another process counted them.
            if unit as usize >= unit_ids.len() {
                let message = format!("has a spike of the unit {unit} of {}; it is damaged", unit_ids.len());
                return Err(FormatError::new(path, "", Fault::Damaged, message));
            }
            gathered.push(time, unit)
        });
        done.is_ok()
    })?;
    done?;
    let numbers: Vec<u32> = (0..unit_ids.len() as u32).collect();
    Ok((recording, opened(path, gathered.finish(unit_ids, &numbers)?, buffer)))
}

/// Looks at an HDF5 file whose spikes are to be streamed. None if that can't be done: it is of another layout than NWB, SONATA and results, or
/// something is wrong with its spikes.
///
/// # Errors
/// If it can't be read.
pub fn survey(path: &Path) -> Result<Option<Survey>, FormatError> {
    let plain = Plain::open(path)?;
    if !super::is_hdf5(&plain)? {
        return Ok(None);
    }
    contain::read::<Look>(path).map(|look| look.0)
}

/// What there is to see of an open file.
pub(super) fn look(h5: &H5) -> Result<Look, FormatError> {
    let Some((mut recording, runs)) = layouts::open(h5)? else { return Ok(Look(None)) };
    let Some(extent) = runs::extent(h5, &runs, recording.spikes.unit_ids.len())? else { return Ok(Look(None)) };
    recording.spikes.times = vec![extent.first.0, extent.last.0];
    recording.spikes.units = vec![extent.first.1, extent.last.1];
    Ok(Look(Some(Survey { recording, counts: extent.counts, in_order: extent.in_order })))
}

/// Spikes in the order of time, then of units.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct InOrder {
    /// Bits of the time from which on \[s\]: JSON has no infinities.
    from: u64,
    /// Whose spikes.
    units: Range<usize>,
    /// Bytes into which they are read ahead.
    buffer: usize,
}

impl Pieced for InOrder {
    const TASK: &'static str = "stream";

    fn buffer(&self) -> usize {
        self.buffer
    }

    fn produce(&self, h5: &H5, out: &mut dyn FnMut(Vec<(f64, u32)>) -> bool) -> Result<(), FormatError> {
        let Some((_, mut runs)) = layouts::open(h5)? else { return Ok(()) };
        runs.retain(|run| run.concerns(&self.units));
        let all = runs.iter().all(|run| self.units.start <= run.may_be().start && run.may_be().end <= self.units.end);
        let runs: Vec<runs::InFile> = runs.iter().map(|run| runs::InFile { h5, run }).collect();
        ordered::merge(&runs, f64::from_bits(self.from), self.buffer, &mut |mut block| {
            if !all {
                block.retain(|spike| self.units.contains(&(spike.1 as usize)));
            }
            block.is_empty() || out(block)
        })
    }
}

/// Spikes of units in the order in which a file has them, those of each unit in the order of time.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct AsStored {
    units: Range<usize>,
    /// Bits of the first time and of the end \[s\].
    window: (u64, u64),
}

impl AsStored {
    fn of(units: Range<usize>, (start, stop): (f64, f64)) -> AsStored {
        AsStored { units, window: (start.to_bits(), stop.to_bits()) }
    }
}

impl Pieced for AsStored {
    const TASK: &'static str = "runs";

    fn produce(&self, h5: &H5, out: &mut dyn FnMut(Vec<(f64, u32)>) -> bool) -> Result<(), FormatError> {
        let Some((_, runs)) = layouts::open(h5)? else { return Ok(()) };
        let window = (f64::from_bits(self.window.0), f64::from_bits(self.window.1));
        runs::one_by_one(h5, &runs, &self.units, window, out)
    }
}

/// A thread of this process that reads.
pub(super) struct Thread(Receiver<Result<Vec<(f64, u32)>, String>>);

impl Thread {
    /// Starts one that hands blocks over until nobody wants them.
    pub fn start(
        produce: impl FnOnce(&mut dyn FnMut(Vec<(f64, u32)>) -> bool) -> Result<(), FormatError> + Send + 'static,
    ) -> Thread {
        let (send, receive) = sync_channel(AHEAD);
        std::thread::spawn(move || {
            if let Err(error) = produce(&mut |block| send.send(Ok(block)).is_ok()) {
                let _ = send.send(Err(error.to_string()));
            }
        });
        Thread(receive)
    }
}

impl Feed<f64> for Thread {
    fn next(&mut self) -> Result<Option<Vec<(f64, u32)>>, String> {
        self.0.recv().ok().transpose()
    }
}
