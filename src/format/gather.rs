//! Spikes as a reader comes upon them: in any order, of units whose numbers are known at the end only. They are held in memory, or go to a
//! temporary file as runs that are in the order of time.

use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::error::{Fault, FormatError};
use super::stream::Ordered;
use crate::spikes::SpikeTable;
use crate::temporary::Temporary;

/// Bytes of a spike in the file, and of one that is held.
const STORED: usize = 12;
const WAITING: usize = 16;
/// So few spikes are no run yet.
const FEWEST: usize = 64;
/// Beyond so many runs they become longer, for all are read at the same time.
const MOST_RUNS: usize = 4096;
/// Spikes that are read or written at once.
const AT_ONCE: usize = 1 << 15;
/// The number of a unit whose spikes are left out.
pub(super) const LEFT_OUT: u32 = u32::MAX;

/// Spikes that are being collected.
pub(super) struct Gathered {
    /// The recording, for errors.
    path: PathBuf,
    held: Vec<(f64, u32)>,
    /// So many are held at most.
    most: usize,
    clock: Option<Clock>,
    filed: Option<File>,
}

/// What the times are that were collected, if they are no seconds: so much is added to them, then so many of them are a second.
#[derive(Clone, Copy)]
struct Clock {
    later: f64,
    per_second: f64,
}

/// What has gone to a temporary file.
struct File {
    file: Arc<Temporary>,
    runs: Vec<Range<usize>>,
    /// The last time of the last run.
    last: f64,
    tally: Tally,
}

impl File {
    /// An empty one, for spikes of this recording.
    fn new(path: &Path) -> Result<File, FormatError> {
        let file = Arc::new(Temporary::new().map_err(|error| failed(path, &error))?);
        Ok(File { file, runs: Vec::new(), last: f64::NEG_INFINITY, tally: Tally::default() })
    }
}

/// All that were collected.
pub(super) enum Spikes {
    /// In memory.
    Held(SpikeTable),
    /// In files.
    Filed(Filed),
}

/// Spikes in files.
pub(super) struct Filed {
    pub unit_ids: Vec<i64>,
    /// How many each unit has.
    pub counts: Vec<u64>,
    /// The first and the last.
    pub ends: Option<[(f64, u32); 2]>,
    /// Where they are.
    pub runs: Vec<Arc<dyn Ordered + Send + Sync>>,
}

impl Gathered {
    /// All in memory.
    pub fn in_memory(path: &Path) -> Gathered {
        Gathered { path: path.to_owned(), held: Vec::new(), most: usize::MAX, clock: None, filed: None }
    }

    /// In memory as long as they fit into so many bytes, then in a temporary file.
    pub fn spilling(path: &Path, buffer: usize) -> Gathered {
        Gathered { most: (buffer / WAITING).max(FEWEST), ..Gathered::in_memory(path) }
    }

    /// In a temporary file, by way of a buffer of so many bytes.
    ///
    /// # Errors
    /// If there is no room for one.
    pub fn in_file(path: &Path, buffer: usize) -> Result<Gathered, FormatError> {
        Ok(Gathered { filed: Some(File::new(path)?), ..Gathered::spilling(path, buffer) })
    }

    /// Whether they go to a file.
    pub fn is_filed(&self) -> bool {
        self.filed.is_some()
    }

    /// One more \[s\], of the unit with this number, which need not be its last one.
    ///
    /// # Errors
    /// If the time is no number, or there is no room in the file.
    pub fn push(&mut self, time: f64, unit: u32) -> Result<(), FormatError> {
        if !time.is_finite() {
            let message = format!("a spike has the time {time}; expected a finite number of seconds");
            return Err(FormatError::new(&self.path, "", Fault::Invalid, message));
        }
        self.held.push((time, unit));
        if self.held.len() < self.most { Ok(()) } else { self.write_run() }
    }

    /// More of them.
    ///
    /// # Errors
    /// As [`push`](Gathered::push).
    pub fn extend(&mut self, spikes: &[(f64, u32)]) -> Result<(), FormatError> {
        spikes.iter().try_for_each(|(time, unit)| self.push(*time, *unit))
    }

    /// The times that were collected are no seconds, but `(time + later) / per_second` is.
    pub fn set_clock(&mut self, later: f64, per_second: f64) {
        self.clock = Some(Clock { later, per_second });
    }

    /// Puts what is held into the file: as a run, or as more of the last one if it goes on from there.
    fn write_run(&mut self) -> Result<(), FormatError> {
        if self.filed.is_none() {
            self.filed = Some(File::new(&self.path)?);
        }
        let Some(File { file, runs, last, tally }) = &mut self.filed else { return Ok(()) };
        self.held.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        let Some((first, end)) = self.held.first().zip(self.held.last()) else { return Ok(()) };
        let from = runs.last().map_or(0, |run| run.end);
        let to = from + self.held.len();
        match runs.last_mut().filter(|_| first.0 >= *last) {
            Some(run) => run.end = to,
            None => runs.push(from..to),
        }
        *last = end.0;
        let mut bytes = Vec::with_capacity(STORED * AT_ONCE.min(self.held.len()));
        for part in self.held.chunks(AT_ONCE) {
            bytes.clear();
            for (time, unit) in part {
                bytes.extend(time.to_le_bytes());
                bytes.extend(unit.to_le_bytes());
                tally.add(*time, *unit);
            }
            file.append(&bytes).map_err(|error| failed(&self.path, &error))?;
        }
        self.held.clear();
        self.most = self.most.max(to / MOST_RUNS);
        Ok(())
    }

    /// Goes through all that there are, in any order.
    ///
    /// # Errors
    /// If the file can't be read.
    pub fn each(&self, mut each: impl FnMut(f64, u32)) -> Result<(), FormatError> {
        if let Some(File { file, runs, .. }) = &self.filed {
            for run in runs {
                for from in run.clone().step_by(AT_ONCE) {
                    let spikes = read(file, from..run.end.min(from + AT_ONCE));
                    spikes.map_err(|error| failed(&self.path, &error))?.into_iter().for_each(|(t, unit)| each(t, unit));
                }
            }
        }
        self.held.iter().for_each(|(time, unit)| each(*time, *unit));
        Ok(())
    }

    /// All of them, where the numbers of units are their places among these.
    ///
    /// # Errors
    /// If there is no room in the file.
    pub fn finish_in_order(self, unit_ids: Vec<i64>) -> Result<Spikes, FormatError> {
        let numbers: Vec<u32> = (0..unit_ids.len() as u32).collect();
        self.finish(unit_ids, &numbers)
    }

    /// All of them: of units that the recording calls so, each with its last number by the first one, or [`LEFT_OUT`].
    ///
    /// # Errors
    /// If there is no room in the file.
    pub fn finish(mut self, unit_ids: Vec<i64>, numbers: &[u32]) -> Result<Spikes, FormatError> {
        if self.filed.is_some() {
            self.write_run()?;
        }
        if let Some(File { file, runs, tally, .. }) = self.filed {
            let numbers: Arc<[u32]> = numbers.into();
            let (counts, mut ends) = tally.of(&numbers, unit_ids.len());
            ends.iter_mut().flatten().for_each(|spike| spike.0 = seconds(self.clock, spike.0));
            let run = |rows| -> Arc<dyn Ordered + Send + Sync> {
                let (file, numbers, path) = (Arc::clone(&file), Arc::clone(&numbers), self.path.clone());
                Arc::new(Run { file, rows, numbers, clock: self.clock, path })
            };
            return Ok(Spikes::Filed(Filed { unit_ids, counts, ends, runs: runs.into_iter().map(run).collect() }));
        }
        let mut spikes = self.held;
        spikes.iter_mut().for_each(|spike| *spike = (seconds(self.clock, spike.0), numbers[spike.1 as usize]));
        spikes.retain(|spike| spike.1 != LEFT_OUT);
        spikes.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let (times, units) = spikes.into_iter().unzip();
        Ok(Spikes::Held(SpikeTable { times, units, unit_ids }))
    }
}

/// How many spikes each unit has, and from when to when.
#[derive(Default)]
pub(super) struct Tally(Vec<(u64, f64, f64)>);

impl Tally {
    /// One more.
    pub fn add(&mut self, time: f64, unit: u32) {
        if self.0.len() <= unit as usize {
            self.0.resize(unit as usize + 1, (0, f64::INFINITY, f64::NEG_INFINITY));
        }
        let (count, first, last) = &mut self.0[unit as usize];
        *count += 1;
        *first = if time.total_cmp(first).is_lt() { time } else { *first };
        *last = if time.total_cmp(last).is_gt() { time } else { *last };
    }

    /// The count of each of so many units, and the first and the last spike of all, by their last numbers.
    pub fn of(&self, numbers: &[u32], units: usize) -> (Vec<u64>, Option<[(f64, u32); 2]>) {
        let mut counts = vec![0; units];
        let seen = self.0.iter().zip(numbers).filter(|(seen, unit)| seen.0 > 0 && **unit != LEFT_OUT);
        let order = |a: &(f64, u32), b: &(f64, u32)| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1));
        let first = seen.clone().map(|(seen, unit)| (seen.1, *unit)).min_by(order);
        let last = seen.clone().map(|(seen, unit)| (seen.2, *unit)).max_by(order);
        seen.for_each(|(seen, unit)| counts[*unit as usize] = seen.0);
        (counts, first.zip(last).map(|(first, last)| [first, last]))
    }
}

/// A run in a temporary file.
struct Run {
    file: Arc<Temporary>,
    rows: Range<usize>,
    numbers: Arc<[u32]>,
    clock: Option<Clock>,
    path: PathBuf,
}

impl Ordered for Run {
    fn rows(&self) -> Range<usize> {
        self.rows.clone()
    }

    fn read(&self, rows: Range<usize>) -> Result<Vec<(f64, u32)>, FormatError> {
        let mut spikes = read(&self.file, rows).map_err(|error| failed(&self.path, &error))?;
        spikes.iter_mut().for_each(|spike| *spike = (seconds(self.clock, spike.0), self.numbers[spike.1 as usize]));
        Ok(spikes)
    }
}

fn seconds(clock: Option<Clock>, time: f64) -> f64 {
    clock.map_or(time, |clock| (time + clock.later) / clock.per_second)
}

fn read(file: &Temporary, rows: Range<usize>) -> io::Result<Vec<(f64, u32)>> {
    let mut bytes = vec![0; STORED * rows.len()];
    file.read_at((STORED * rows.start) as u64, &mut bytes)?;
    let spike = |row: &[u8]| {
        let (time, unit) = row.split_at(8);
        let time = time.try_into().map_or(f64::NAN, f64::from_le_bytes);
        (time, unit.try_into().map_or(LEFT_OUT, u32::from_le_bytes))
    };
    Ok(bytes.chunks_exact(STORED).map(spike).collect())
}

fn failed(path: &Path, error: &io::Error) -> FormatError {
    FormatError::new(path, "", Fault::TooLarge, format!("can't be held in memory, and {error}"))
}
