//! The reaching recordings of O'Doherty et al. 2017: `spikes`, a cell of channels x units (the first unit of a channel
//! is what was not sorted), `t`, `cursor_pos`, `target_pos`, `chan_names`.

use super::Workspace;
use super::search::Train;
use super::tables::{Trains, fill};
use super::value::Value;
use crate::format::error::FormatError;
use crate::format::listing::Wanted;
use crate::spikes::{Column, IntervalTable, Recording};

/// Whether the variables of that layout are there.
pub(super) fn recognise(file: &dyn Workspace) -> bool {
    let is = |name: &str, class: &str| file.variables().iter().any(|v| v.name == name && v.class == class);
    is("spikes", "cell")
        && is("t", "double")
        && file.variables().iter().any(|v| v.name == "spikes" && v.extents.len() == 2)
}

/// Reads the units.
pub(super) fn read(file: &dyn Workspace, wanted: &mut Wanted, recording: &mut Recording) -> Result<(), FormatError> {
    let Value::Cell { extents, items } = file.value("spikes")? else { return Ok(()) };
    let channels = extents.first().copied().unwrap_or(0).max(1);
    let names = match file.variables().iter().any(|v| v.name == "chan_names") {
        true => file.value("chan_names")?,
        false => Value::Text(String::new()),
    };
    let name = |channel: usize| match &names {
        Value::Cell { items, .. } => match items.get(channel) {
            Some(Value::Text(text)) => text.trim().to_owned(),
            _ => String::new(),
        },
        _ => String::new(),
    };
    let (mut trains, mut left_out) = (Vec::new(), 0);
    for channel in 0..channels {
        for (unit, item) in items.iter().skip(channel).step_by(channels).enumerate() {
            left_out += usize::from(item.list().is_none());
            let times = item.list().cloned().unwrap_or_default();
            let mut about =
                vec![("channel".to_owned(), (channel + 1).to_string()), ("sort".to_owned(), unit.to_string())];
            if !name(channel).is_empty() {
                about.push(("channel_name".to_owned(), name(channel)));
            }
            trains.push(Train { times, about, ..Train::default() });
        }
    }
    if left_out > 0 {
        let entries = match left_out {
            1 => "1 entry of `spikes` is no list of real numbers and is left out".to_owned(),
            _ => format!("{left_out} entries of `spikes` are no lists of real numbers and are left out"),
        };
        recording.notes.push(entries);
    }
    let unsorted = trains.iter().any(|train| !train.times.is_empty() && train.about[1].1 == "0");
    if unsorted {
        recording.notes.push("units of sort 0 are spikes that were not sorted".to_owned());
    }
    fill(file, Trains::Units(trains), wanted, recording)
}

/// A reach lasts as long as the target stays where it is.
pub(super) fn trials(recording: &mut Recording) {
    let Some(target) = recording.signals.iter().find(|s| s.name == "target_pos" && s.width > 0) else { return };
    let mut trials = IntervalTable { name: "trials".to_owned(), ..IntervalTable::default() };
    let mut places = vec![Vec::new(); target.width];
    let rows: Vec<&[f64]> = target.data.chunks_exact(target.width).collect();
    let mut first = 0;
    for row in 1..=rows.len() {
        if row == rows.len() || rows[row] != rows[first] {
            trials.start.push(target.times[first]);
            trials.stop.push(target.times[row.min(rows.len() - 1)]);
            places.iter_mut().zip(rows[first]).for_each(|(column, value)| column.push(*value));
            first = row;
        }
    }
    let name = |i: usize| ["x", "y", "z"].get(i).map_or_else(|| i.to_string(), |axis| (*axis).to_owned());
    let columns = places.into_iter().enumerate();
    trials.columns = columns.map(|(i, values)| (format!("target_{}", name(i)), Column::Number(values))).collect();
    recording.intervals.push(trials);
    recording.notes.push("trials are the times between two changes of target_pos".to_owned());
}
