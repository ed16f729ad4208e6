//! Recordings in HDF5 that are larger than memory: their spikes block by block in the order of time, all else at once.
//!
//! A file stores spikes by unit (NWB) or by population (SONATA, results). Each such run of rows has a position of its own, from which a part is read ahead;
//! what lies before the end of every run's part is handed over, sorted (`runs`). A first look at the file tells whether its runs are in the order of time.

mod layouts;
mod runs;
mod streamed;

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, sync_channel};

use serde::{Deserialize, Serialize};

pub use streamed::StreamedSpikes;

use super::contain;
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
    /// How many spikes there are.
    pub spikes: u64,
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
    Reel::new(move |from| contain::feed(&path, from, buffer).map_err(|error| error.to_string()))
}

/// What there is to see of an open file.
pub(super) fn look(h5: &H5) -> Result<Look, FormatError> {
    let Some((mut recording, runs)) = layouts::open(h5)? else { return Ok(Look(None)) };
    let Some(extent) = runs::extent(h5, &runs)? else { return Ok(Look(None)) };
    recording.spikes.times = vec![extent.first.0, extent.last.0];
    recording.spikes.units = vec![extent.first.1, extent.last.1];
    Ok(Look(Some(Survey { recording, spikes: extent.spikes })))
}

/// Hands the spikes from a time on to `out`, until it wants no more.
pub(super) fn produce(
    h5: &H5,
    from: f64,
    buffer: usize,
    out: &mut dyn FnMut(Vec<(f64, u32)>) -> bool,
) -> Result<(), FormatError> {
    match layouts::open(h5)? {
        Some((_, runs)) => runs::merge(h5, runs, from, buffer, out),
        None => Ok(()),
    }
}

/// A thread of this process that reads.
pub(super) struct Thread(Receiver<Result<Vec<(f64, u32)>, String>>);

impl Thread {
    pub fn start(path: PathBuf, from: f64, buffer: usize) -> Thread {
        let (send, receive) = sync_channel(AHEAD);
        std::thread::spawn(move || {
            let mut out = |block| send.send(Ok(block)).is_ok();
            if let Err(error) = super::open(&path, |h5| produce(h5, from, buffer, &mut out)) {
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
