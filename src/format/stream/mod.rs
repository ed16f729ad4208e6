//! Recordings that are larger than memory: their spikes block by block in the order of time, all else at once.
//!
//! An HDF5 file stores spikes by unit (NWB) or by population (SONATA, results). Each such run of rows has a position of its own, from which a part is read ahead;
//! what lies before the end of every run's part is handed over, sorted (`ordered`). A first look at the file tells whether its runs are in the order of time. What is not, what other layouts of HDF5
//! have behind references or as counts, and what other formats list in any order, is sorted run by run into a temporary file first (`format::gather`), and read from there in the same way.

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

use super::called;
use super::contain::{self, Pieced};
use super::error::{Fault, FormatError};
use super::gather::{Gathered, Spikes};
use super::h5::H5;
use super::listing::Wanted;
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

/// What a first look gave.
#[derive(Deserialize, Serialize)]
pub(super) enum Look {
    /// Runs of spikes, which are read part by part.
    Runs(Survey),
    /// A recording without its spikes, which the reader hands over as it comes upon them.
    Listed(Recording),
    /// The file is to be read as a whole.
    Whole,
}

/// How large that is of a recording which grows with its spikes: the file, or the arrays in a folder; 0 if there is none.
pub fn size(path: &Path) -> u64 {
    Plain::open(path).map_or(0, |plain| super::size(&plain))
}

/// Opens a recording of which memory need not hold the spikes: they are read ahead into a buffer of so many bytes. Where a format lists them in any
/// order, or behind references or as counts, they are sorted in a temporary file. Only SONATA reports, which have no spikes, and files of which
/// something is wrong are read as a whole. Signals and intervals are in memory always.
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

/// Bytes of spikes for each byte of a file that may be packed.
const PACKED: u64 = 16;

/// Opens a recording: one of more than `small` bytes as [`open`] does, another one into memory, unless its spikes turn out to be more than that, as
/// those of packed lists and counts may be; then they go to a temporary file.
///
/// # Errors
/// As [`open`].
pub fn open_unless_small(path: &Path, small: u64, buffer: usize) -> Result<(Recording, Opened), FormatError> {
    let plain = Plain::open(path)?;
    if super::size(&plain) > small {
        return open(path, buffer);
    }
    let most = usize::try_from(small).unwrap_or(usize::MAX);
    if !super::is_hdf5(&plain)? {
        let (recording, spikes) = super::read_plain(&plain, |plain| Ok(Gathered::spilling(plain.path, most)))?;
        return Ok((recording, opened(path, spikes, buffer)));
    }
    if plain.bytes > small / PACKED
        && let Look::Listed(recording) = contain::ask::<Look>(path, &true)?
    {
        return sorted(path, recording, &AsListed, (Gathered::spilling(path, most), buffer));
    }
    whole(path)
}

fn whole(path: &Path) -> Result<(Recording, Opened), FormatError> {
    let mut recording = super::read(path)?;
    let spikes = std::mem::take(&mut recording.spikes);
    Ok((recording, Opened::Whole(spikes)))
}

fn opened(path: &Path, spikes: Spikes, buffer: usize) -> Opened {
    match spikes {
        Spikes::Held(table) => Opened::Whole(table),
        Spikes::Filed(filed) => Opened::Streamed(StreamedSpikes::of_files(path, filed, buffer)),
    }
}

fn of_hdf5(path: &Path, buffer: usize) -> Result<(Recording, Opened), FormatError> {
    let in_file = || Ok((Gathered::in_file(path, buffer)?, buffer));
    let survey = match contain::ask::<Look>(path, &false)? {
        Look::Runs(survey) => survey,
        Look::Listed(recording) => return sorted(path, recording, &AsListed, in_file()?),
        Look::Whole => return whole(path),
    };
    if survey.in_order {
        let (recording, spikes) = StreamedSpikes::of_hdf5(path, survey, buffer);
        return Ok((recording, Opened::Streamed(spikes)));
    }
    let all = AsStored::of(0..survey.counts.len(), (f64::NEG_INFINITY, f64::INFINITY));
    sorted(path, survey.recording, &all, in_file()?)
}

/// Sorts the spikes of an HDF5 file, in memory or in a temporary file.
fn sorted<T: Pieced>(
    path: &Path,
    mut recording: Recording,
    wanted: &T,
    (mut gathered, buffer): (Gathered, usize),
) -> Result<(Recording, Opened), FormatError> {
    let unit_ids = std::mem::take(&mut recording.spikes).unit_ids;
    let mut done = Ok(());
    contain::pieces(path, wanted, &mut |block| {
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
    Ok((recording, opened(path, gathered.finish_in_order(unit_ids)?, buffer)))
}

/// Looks at an HDF5 file whose spikes are in runs that can be read part by part. None if they are not: it is of another layout than NWB, SONATA
/// and results, or something is wrong with its spikes.
///
/// # Errors
/// If it can't be read.
pub fn survey(path: &Path) -> Result<Option<Survey>, FormatError> {
    let plain = Plain::open(path)?;
    if !super::is_hdf5(&plain)? {
        return Ok(None);
    }
    Ok(match contain::ask::<Look>(path, &false)? {
        Look::Runs(survey) => Some(survey),
        Look::Listed(_) | Look::Whole => None,
    })
}

/// What there is to see of an open file; runs only if they are asked for.
pub(super) fn look(h5: &H5, listed_only: bool) -> Result<Look, FormatError> {
    let listed = || match super::list_of(h5) {
        Some(list) => {
            let recording = list(h5, &mut Wanted::beside_spikes())?;
            Ok(Look::Listed(called::named(recording)))
        }
        None => Ok(Look::Whole),
    };
    if listed_only {
        return if layouts::recognise(h5) { Ok(Look::Whole) } else { listed() };
    }
    let Some((mut recording, runs)) = layouts::open(h5)? else { return listed() };
    recording = called::named(recording);
    let Some(extent) = runs::extent(h5, &runs, recording.spikes.unit_ids.len())? else { return Ok(Look::Whole) };
    recording.spikes.times = vec![extent.first.0, extent.last.0];
    recording.spikes.units = vec![extent.first.1, extent.last.1];
    Ok(Look::Runs(Survey { recording, counts: extent.counts, in_order: extent.in_order }))
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

/// Spikes as a reader comes upon them.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct AsListed;

impl Pieced for AsListed {
    const TASK: &'static str = "list";

    fn produce(&self, h5: &H5, out: &mut dyn FnMut(Vec<(f64, u32)>) -> bool) -> Result<(), FormatError> {
        let Some(list) = super::list_of(h5) else { return Ok(()) };
        let mut is_wanted = true;
        let mut give = |spikes: &[(f64, u32)]| {
            is_wanted = out(spikes.to_vec());
            if is_wanted { Ok(()) } else { Err(h5.error("", Fault::Incomplete, "is no longer wanted")) }
        };
        let done = list(h5, &mut Wanted::spikes_alone(&mut give));
        if is_wanted { done.map(drop) } else { Ok(()) }
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
        let unstarted = send.clone();
        let started = std::thread::Builder::new().spawn(move || {
            if let Err(error) = produce(&mut |block| send.send(Ok(block)).is_ok()) {
                let _ = send.send(Err(error.to_string()));
            }
        });
        if let Err(error) = started {
            let _ = unstarted.try_send(Err(format!("a thread that reads can't be started: {error}")));
        }
        Thread(receive)
    }
}

impl Feed<f64> for Thread {
    fn next(&mut self) -> Result<Option<Vec<(f64, u32)>>, String> {
        self.0.recv().ok().transpose()
    }
}
