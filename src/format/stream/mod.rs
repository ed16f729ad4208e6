//! Recordings in HDF5 that are larger than memory: their spikes block by block in the order of time, all else at once.
//!
//! A file stores spikes by unit (NWB) or by population (SONATA, results). Each such run of rows has a position of its own, from which a part is read ahead;
//! what lies before the end of every run's part is handed over, sorted (`runs`). A first look at the file tells whether its runs are in the order of time.

mod layouts;
mod runs;
mod streamed;

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, sync_channel};

use serde::{Deserialize, Serialize};

pub use streamed::StreamedSpikes;

use super::contain::{self, Pieced};
use super::error::FormatError;
use super::h5::H5;
use super::plain::Plain;
use crate::spikes::Recording;
use crate::stream::{Feed, Reel};

/// Blocks that wait for whoever replays.
const AHEAD: usize = 2;

/// All of a recording but its spikes.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Survey {
    /// The recording; of its spikes only the first and the last.
    pub recording: Recording,
    /// How many spikes each unit has.
    pub counts: Vec<u64>,
}

/// What a first look gave; nothing where the spikes can't be handed over in the order of time.
#[derive(Deserialize, Serialize)]
pub(super) struct Look(pub Option<Survey>);

/// Looks at a recording whose spikes are to be streamed. None if that can't be done: it is no HDF5, of another layout than NWB, SONATA and results, or
/// its spikes are not in the order of time.
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

/// The spikes of a recording that was surveyed, in s on its own clock, read ahead into a buffer of so many bytes: by the process that was
/// [installed](contain), or by a thread.
pub fn reel(path: &Path, buffer: usize) -> Reel<f64> {
    let path = path.to_owned();
    Reel::new(move |from: f64| {
        let wanted = InOrder { from: from.to_bits(), units: 0..usize::MAX, buffer };
        contain::feed(&path, &wanted).map_err(|error| error.to_string())
    })
}

/// What there is to see of an open file.
pub(super) fn look(h5: &H5) -> Result<Look, FormatError> {
    let Some((mut recording, runs)) = layouts::open(h5)? else { return Ok(Look(None)) };
    let Some(extent) = runs::extent(h5, &runs, recording.spikes.unit_ids.len())? else { return Ok(Look(None)) };
    recording.spikes.times = vec![extent.first.0, extent.last.0];
    recording.spikes.units = vec![extent.first.1, extent.last.1];
    Ok(Look(Some(Survey { recording, counts: extent.counts })))
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
        runs::merge(h5, runs, f64::from_bits(self.from), self.buffer, &mut |mut block| {
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
    pub fn start(path: PathBuf, wanted: impl Pieced + Send + 'static) -> Thread {
        let (send, receive) = sync_channel(AHEAD);
        std::thread::spawn(move || {
            let mut out = |block| send.send(Ok(block)).is_ok();
            if let Err(error) = super::open(&path, |h5| wanted.produce(h5, &mut out)) {
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
