//! Where the runs of spikes are in the layouts that can be streamed.

use std::rc::Rc;

use super::ids::{Distinct, Places};
use super::runs::{Run, Units};
use crate::format::error::FormatError;
use crate::format::h5::H5;
use crate::format::listing::Wanted;
use crate::format::{nwb, result, sonata};
use crate::spikes::Recording;

/// Integers that are looked at at once.
const AT_ONCE: usize = 1 << 17;

/// Whether a file is of a layout that has runs.
pub(super) fn recognise(h5: &H5) -> bool {
    result::recognise(h5) || (nwb::recognise(h5) && h5.is_dataset(nwb::SPIKE_TIMES)) || sonata::recognise(h5)
}

/// A recording without its spikes, and their runs; nothing of another layout.
pub(super) fn open(h5: &H5) -> Result<Option<(Recording, Vec<Run>)>, FormatError> {
    if result::recognise(h5) {
        return of_result(h5).map(Some);
    }
    if nwb::recognise(h5) {
        return if h5.is_dataset(nwb::SPIKE_TIMES) { of_nwb(h5).map(Some) } else { Ok(None) };
    }
    if sonata::recognise(h5) {
        return of_sonata(h5);
    }
    Ok(None)
}

/// NWB stores all spikes of a unit, then all of the next.
fn of_nwb(h5: &H5) -> Result<(Recording, Vec<Run>), FormatError> {
    let recording = nwb::read(h5, &mut Wanted::beside_spikes())?;
    let times = Rc::new(h5.slab(nwb::SPIKE_TIMES)?);
    let ends = nwb::spike_ends(h5, times.rows, recording.spikes.unit_ids.len())?;
    let mut from = 0;
    let run = |(unit, to): (usize, usize)| {
        let rows = std::mem::replace(&mut from, to)..to;
        Run { times: Rc::clone(&times), units: Units::One(unit as u32), rows, per_second: 1.0, says_sorted: false }
    };
    Ok((recording, ends.into_iter().enumerate().map(run).collect()))
}

fn of_result(h5: &H5) -> Result<(Recording, Vec<Run>), FormatError> {
    let recording = result::beside_spikes(h5)?;
    let mut runs = Vec::new();
    for &(ref name, first, count) in &recording.populations {
        let stored = sonata::stored(h5, &format!("/spikes/{name}"))?;
        let (ids, members) = (h5.integer_slab(&stored.ids)?, &recording.spikes.unit_ids[first..first + count]);
        let units = if members.last().is_none_or(|last| *last < count as i64) {
            Units::Counted { ids, first, size: count }
        } else {
            Units::Known { ids, first, known: Places::of(members.to_vec()) }
        };
        runs.push(run(h5, &stored, units)?);
    }
    Ok((recording, runs))
}

/// SONATA stores the spikes of a population in one list; whoever has spiked is a unit.
fn of_sonata(h5: &H5) -> Result<Option<(Recording, Vec<Run>)>, FormatError> {
    let (mut named, mut runs, mut first) = (Vec::new(), Vec::new(), 0);
    for (name, group) in sonata::groups(h5) {
        let stored = sonata::stored(h5, &group)?;
        let slab = h5.integer_slab(&stored.ids)?;
        let mut distinct = Distinct::default();
        for from in (0..slab.rows).step_by(AT_ONCE) {
            slab.integers(h5, from..slab.rows.min(from + AT_ONCE))?.into_iter().for_each(|id| distinct.insert(id));
        }
        let known = distinct.rising();
        if known.first().is_some_and(|id| *id < 0) {
            return Ok(None);
        }
        named.push((name, known.clone()));
        let count = known.len();
        runs.push(run(h5, &stored, Units::Known { ids: slab, first, known: Places::of(known) })?);
        first += count;
    }
    Ok(Some((sonata::described(h5, named)?, runs)))
}

fn run(h5: &H5, stored: &sonata::Stored, units: Units) -> Result<Run, FormatError> {
    let times = h5.slab(&stored.times)?;
    let rows = 0..times.rows;
    Ok(Run { times: Rc::new(times), units, rows, per_second: stored.per_second, says_sorted: stored.says_sorted })
}
