//! The part of a recording that `convert` writes.

use memspike::spikes::{Between, Column, IntervalTable, Recording, Selected, SpikeSource};

use crate::cli::Failure;
use crate::cli::part::{Part, expect_something, open_window};

/// A window and units of a recording.
pub struct Cut {
    /// What belongs to them, without spikes.
    pub recording: Recording,
    units: Vec<usize>,
    window: (f64, f64),
}

/// What was chosen of a recording; none if nothing was, and all is written.
///
/// # Errors
/// Exit code 2 if something is chosen that is not there, or nothing is left.
pub fn cut(part: &Part, recording: &Recording, spikes: &dyn SpikeSource) -> Result<Option<Cut>, Failure> {
    if part.is_all() {
        return Ok(None);
    }
    let chosen = part.chosen(recording, spikes.unit_ids())?;
    let mut units = vec![0; chosen.units()];
    for (unit, place) in chosen.place.iter().enumerate() {
        place.iter().for_each(|place| units[*place as usize] = unit);
    }
    // Where an end is not given, nothing is cut there: signals may go on beyond the last spike.
    let window = open_window(part.start, part.stop);
    let mut kept = recording.part(&units, window);
    if part.start.is_some() || part.stop.is_some() {
        let ends = spikes.ends().map_err(Failure::input)?;
        if part.start.is_some() && part.stop.is_some() {
            part.window(recording, ends)?;
        }
        // Signals may go on where no spike is: what is left of them is no empty window.
        expect_something(recording, ends, (part.start, part.stop))?;
        if recording.observed.is_empty() {
            // Else rates would be over the time from the first spike that is left to the last.
            let (first, last) = recording.extent(ends);
            let (start, stop) = (part.start.unwrap_or(first), part.stop.unwrap_or(last));
            kept.observed = if start < stop { vec![(start, stop)] } else { Vec::new() };
        }
    }
    recording.intervals.iter().zip(&mut kept.intervals).for_each(|(whole, part)| number(whole, part, window));
    Ok(Some(Cut { recording: kept, units, window }))
}

/// Gives the rows that are left of a table the numbers that they had in it, if it has none of its own.
fn number(whole: &IntervalTable, part: &mut IntervalTable, (start, stop): (f64, f64)) {
    if part.start.len() == whole.start.len() || whole.columns.iter().any(|(name, _)| name == "id") {
        return;
    }
    let ids = Column::Number((0..whole.start.len()).map(|row| row as f64).collect());
    let ids = IntervalTable {
        columns: vec![("id".to_owned(), ids)],
        start: whole.start.clone(),
        stop: whole.stop.clone(),
        ..IntervalTable::default()
    };
    part.columns.splice(0..0, ids.overlapping(start, stop).columns);
}

impl Cut {
    /// The chosen units of a source.
    pub fn select<'a>(&self, spikes: &'a dyn SpikeSource) -> Selected<'a> {
        Selected::new(spikes, self.units.clone())
    }

    /// Their spikes in the window.
    pub fn between<'a>(&self, units: &'a Selected<'a>) -> Between<'a> {
        Between::new(units, self.window)
    }
}
