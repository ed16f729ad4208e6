//! Trains of spikes in cells and structures that are nested in any way.

use super::Workspace;
use super::neo::is_block;
use super::value::{Numbers, Value, Variable};
use crate::format::error::FormatError;
use crate::format::words;

/// One unit's spikes, where they lie, and what is said beside them.
#[derive(Default)]
pub(super) struct Train<'f> {
    /// Indices from 1, from the outermost cell inwards.
    pub path: Vec<usize>,
    pub times: Numbers<'f>,
    /// The unit of its times, if that is said.
    pub unit: Option<String>,
    /// Words and single numbers of the structure that holds the times.
    pub about: Vec<(String, String)>,
    /// When the unit was observed \[s\], if that is said.
    pub observed: Option<(f64, f64)>,
    /// What else the structure has that is no word or number.
    pub left_out: Vec<String>,
    /// Its segment, in a block of Neo.
    pub segment: Option<String>,
    /// Whether the times are a bare list in a cell.
    pub in_cell: bool,
}

/// The name without case and underscores.
pub(super) fn plain(name: &str) -> String {
    name.chars().filter(|c| *c != '_').collect::<String>().to_lowercase()
}

pub(super) fn is_times(name: &str) -> bool {
    const NAMES: [&str; 8] = ["time", "times", "spiketime", "spiketimes", "timestamps", "ts", "spikes", "spks"];
    NAMES.contains(&plain(name).as_str())
}

/// Which bare lists in cells are taken for spike times.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Lists {
    /// Of numbers that don't decrease.
    Rising,
    /// Any: of variables that are called spike times and nothing else.
    Any,
}

/// What a variable holds.
#[derive(Default)]
pub(super) struct Found<'f> {
    pub variable: String,
    pub trains: Vec<Train<'f>>,
    /// Entries beside trains that can't be any.
    pub left_out: Vec<String>,
    /// Other variables that hold trains.
    pub others: Vec<String>,
}

/// The first variable whose cells and structures hold trains; those named after spikes or units come first. A block of Neo is at hand already.
pub(super) fn nested<'f>(
    file: &'f dyn Workspace,
    block: Option<&Value<'f>>,
    lists: Lists,
) -> Result<Option<Found<'f>>, FormatError> {
    let named = |v: &&Variable| ["spike", "spk", "unit", "neuron", "train"].iter().any(|w| plain(&v.name).contains(w));
    let holds = |v: &&Variable| match lists {
        Lists::Rising => ["cell", "struct"].contains(&v.class.as_str()),
        // Waveforms may be lists in a cell that is called spikes too, but then something else is.
        Lists::Any => v.class == "cell" && (is_times(&v.name) || plain(&v.name).ends_with("trains")),
    };
    let (first, rest): (Vec<&Variable>, Vec<&Variable>) = file.variables().iter().filter(holds).partition(named);
    let named = first.len();
    let mut whole: Option<Found> = None;
    for (i, variable) in first.into_iter().chain(rest).enumerate() {
        let mut found = Found { variable: variable.name.clone(), ..Found::default() };
        // Bare lists are spike times where the variable's name says so, and one of them has more than one.
        let many = |trains: &[Train]| trains.iter().any(|t| t.times.len() > usize::from(t.in_cell));
        let mut search = |value: &Value<'f>| search(value, lists, &mut Vec::new(), &mut found);
        let searched = match block.filter(|_| is_block(variable)) {
            Some(block) => search(block),
            None => file.value(&variable.name).and_then(|value| search(&value)),
        };
        let good = match searched {
            Ok(good) => good && many(&found.trains),
            // What is wrong with another variable is not what is wrong with the spikes.
            Err(_) if whole.is_some() => false,
            Err(error) => return Err(error),
        };
        if good && (i < named || found.trains.iter().all(|train| !train.in_cell)) {
            match &mut whole {
                None => whole = Some(found),
                Some(whole) => whole.others.push(found.variable),
            }
        }
    }
    Ok(whole)
}

/// Collects trains; false if numbers are found that can't be spike times.
pub(super) fn search<'f>(
    value: &Value<'f>,
    lists: Lists,
    path: &mut Vec<usize>,
    found: &mut Found<'f>,
) -> Result<bool, FormatError> {
    match value {
        Value::Cell { extents, items } => {
            let rows = extents.first().copied().unwrap_or(1).max(1);
            let flat = extents.iter().filter(|n| **n != 1).count() <= 1;
            let (before, mut left_out) = (found.trains.len(), Vec::new());
            for (i, item) in items.iter().enumerate() {
                let depth = path.len();
                if flat {
                    path.push(i + 1)
                } else {
                    path.extend([i % rows + 1, i / rows + 1])
                }
                let good = match (item.list(), item) {
                    (Some(times), _) => {
                        let fits = lists == Lists::Any || times.rise()?;
                        if fits {
                            let (path, times) = (path.clone(), times.clone());
                            found.trains.push(Train { path, times, in_cell: true, ..Train::default() });
                        }
                        fits
                    }
                    (None, Value::Numbers { .. }) => false,
                    (None, Value::Text(_) | Value::Other) => {
                        left_out.push(path.iter().map(usize::to_string).collect::<Vec<_>>().join(","));
                        true
                    }
                    _ => search(item, lists, path, found)?,
                };
                path.truncate(depth);
                if !good {
                    return Ok(false);
                }
            }
            // Beside no trains they are names or the like.
            if found.trains.len() > before {
                found.left_out.append(&mut left_out);
            }
            Ok(true)
        }
        Value::Struct(records) => {
            for (i, record) in records.iter().enumerate() {
                path.push(i + 1);
                let good = from_record(record, lists, path, found)?;
                path.pop();
                if !good {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        _ => Ok(true),
    }
}

fn from_record<'f>(
    record: &[(String, Value<'f>)],
    lists: Lists,
    path: &mut Vec<usize>,
    found: &mut Found<'f>,
) -> Result<bool, FormatError> {
    let times = record.iter().find_map(|(name, value)| Some((name, value.list().filter(|_| is_times(name))?)));
    let Some((times_name, times)) = times else {
        let inner = |value: &Value| matches!(value, Value::Cell { .. } | Value::Struct(_));
        // Beside its trains a segment of Neo has the times of events and epochs.
        let trains_only = record.iter().any(|(name, _)| plain(name) == "spiketrains");
        let searched = |name: &str| !trains_only || plain(name) == "spiketrains";
        for (name, value) in record.iter().filter(|(name, value)| inner(value) && searched(name)) {
            let before = found.trains.len();
            if !search(value, lists, path, found)? {
                return Ok(false);
            }
            if is_times(name) {
                beside_cell(record, name, &mut found.trains[before..]);
            }
        }
        return Ok(true);
    };
    // Times with as many values beside them are a signal's, but for the waveforms of spikes.
    let beside = |value: &Value| matches!(value, Value::Numbers { data, .. } if data.len().is_multiple_of(times.len()) && !data.is_empty());
    if times.len() > 2
        && record.iter().any(|(name, value)| !is_times(name) && !plain(name).contains("waveform") && beside(value))
    {
        return Ok(true);
    }
    let unit = unit_of(record, &plain(times_name));
    let observed = edge(record, "tstart").zip(edge(record, "tstop")).filter(|(start, stop)| start <= stop);
    let mut used = vec![format!("{}units", plain(times_name))];
    if observed.is_some() {
        used.extend(["tstart", "tstartunits", "tstop", "tstopunits"].map(str::to_owned));
    }
    let mut train = Train { path: path.clone(), times: times.clone(), unit, observed, ..Train::default() };
    for (name, value) in record.iter().filter(|(name, _)| !is_times(name) && !used.contains(&plain(name))) {
        match (value, value.list().map(Numbers::short)) {
            (Value::Text(text), _) => train.about.push((name.clone(), text.clone())),
            (_, Some([number])) => train.about.push((name.clone(), number.to_string())),
            (_, Some([start, stop])) if plain(name) == "timerange" && start <= stop => {
                train.observed = Some((*start, *stop));
            }
            _ if is_nothing(value) => {}
            _ => train.left_out.push(name.clone()),
        }
    }
    found.trains.push(train);
    Ok(true)
}

/// What a structure says beside a cell that has the times of all units: fields with an entry for each of them.
fn beside_cell(record: &[(String, Value)], times: &str, trains: &mut [Train]) {
    if trains.is_empty() || !trains.iter().all(|train| train.in_cell) {
        return;
    }
    let unit = unit_of(record, &plain(times));
    trains.iter_mut().for_each(|train| train.unit = unit.clone());
    let of_unit = format!("{}units", plain(times));
    let others = record.iter().filter(|(name, _)| name != times && plain(name) != of_unit);
    for (name, value) in others.filter(|(_, value)| !is_nothing(value)) {
        match entries(value).filter(|entries| entries.len() == trains.len()) {
            Some(entries) => {
                let each = trains.iter_mut().zip(entries);
                each.for_each(|(train, entry)| train.about.push((name.clone(), entry)));
            }
            None => trains[0].left_out.push(name.clone()),
        }
    }
}

/// Words and numbers of a list.
fn entries(value: &Value) -> Option<Vec<String>> {
    let one = |value: &Value| match (value, value.list().map(Numbers::short)) {
        (Value::Text(text), _) => Some(text.clone()),
        (_, Some([number])) => Some(number.to_string()),
        _ => is_nothing(value).then(String::new),
    };
    match value {
        Value::Cell { items, .. } => items.iter().map(one).collect(),
        _ => value.list().and_then(|list| list.all().ok()).map(|all| all.iter().map(f64::to_string).collect()),
    }
}

/// Whether there is nothing in a value that could be left out.
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Numbers { data, .. } => data.is_empty(),
        Value::Text(text) => text.is_empty(),
        Value::Cell { items, .. } => items.iter().all(is_nothing),
        Value::Struct(records) => records.iter().flatten().all(|(_, value)| is_nothing(value)),
        Value::Other => false,
    }
}

/// The unit of a field of times, as Neo writes it beside the field: `times_units` of `times`.
pub(super) fn unit_of(record: &[(String, Value)], field: &str) -> Option<String> {
    record.iter().find_map(|(name, value)| match value {
        Value::Text(unit) if plain(name) == format!("{field}units") => Some(unit.trim().to_owned()),
        _ => None,
    })
}

/// A moment in a field that has a unit \[s\].
pub(super) fn edge(record: &[(String, Value)], field: &str) -> Option<f64> {
    let (_, value) = record.iter().find(|(name, _)| plain(name) == field)?;
    let Some([moment]) = value.list().map(Numbers::short) else { return None };
    Some(moment / words::per_second(&unit_of(record, field)?)?).filter(|moment| moment.is_finite())
}
