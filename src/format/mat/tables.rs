//! What the variables of a file say: trains of spikes, signals, trials.

use std::collections::BTreeMap;

use super::Workspace;
use super::reaching;
use super::value::{Numbers, Value, Variable};
use crate::format::error::{Fault, FormatError};
use crate::format::h5::{list, parts};
use crate::format::listing::{AT_ONCE, Wanted};
use crate::format::{observed, words};
use crate::spikes::{Column, Recording, Signal};

/// Wider matrices are raw voltage or images, not behaviour.
const MAX_WIDTH: usize = 64;
const MAX_VALUES: usize = 50_000_000;

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
    /// Whether the times are a bare list in a cell.
    pub in_cell: bool,
}

/// Where the spikes are.
pub(super) enum Trains<'f> {
    /// A list of times for each unit.
    Units(Vec<Train<'f>>),
    /// A list of times, and one of units beside it.
    Listed { times: Numbers<'f>, units: Numbers<'f> },
}

/// Reads a file whose variables are at hand.
pub(super) fn read(file: &dyn Workspace, format: &str, wanted: &mut Wanted) -> Result<Recording, FormatError> {
    let mut recording = Recording { format: format.to_owned(), ..Recording::default() };
    let mut unit_said = false;
    if reaching::recognise(file) {
        reaching::read(file, wanted, &mut recording)?;
    } else {
        let trains = match nested(file, Lists::Rising)? {
            Some(trains) => Trains::Units(trains),
            None => match flat(file)? {
                Some(listed) => listed,
                None => {
                    let trains = nested(file, Lists::Any)?.ok_or(()).or_else(|()| Err(nothing(file)?))?;
                    recording.notes.push("times that decrease are sorted".to_owned());
                    Trains::Units(trains)
                }
            },
        };
        unit_said = matches!(&trains, Trains::Units(trains) if trains.iter().all(|train| train.unit.is_some()));
        fill(file, trains, wanted, &mut recording)?;
    }
    if !wanted.beside() {
        return Ok(recording);
    }
    signals(file, &mut recording)?;
    if !unit_said || !recording.signals.is_empty() {
        recording.notes.push("times are taken as seconds, which the file does not say".to_owned());
    }
    reaching::trials(&mut recording);
    Ok(recording)
}

/// Says what was looked for, and of a variable that looks like spike times that its name does not say so.
fn nothing(file: &dyn Workspace) -> Result<FormatError, FormatError> {
    let mut hint = String::new();
    for variable in file.variables().iter().filter(|v| v.class == "cell") {
        let mut trains = Vec::new();
        let good = search(&file.value(&variable.name)?, Lists::Rising, &mut Vec::new(), &mut trains)?;
        if good && trains.iter().any(|train| train.times.len() > 1) {
            let name = &variable.name;
            hint = format!(
                "; `{name}` has lists that could be spike times, but its name does not say so: call it `spikes`"
            );
            break;
        }
    }
    let extents = |v: &Variable| v.extents.iter().map(usize::to_string).collect::<Vec<_>>().join("x");
    let variables: Vec<String> =
        file.variables().iter().map(|v| format!("{} ({} {})", v.name, v.class, extents(v))).collect();
    let message = format!(
        "is a MATLAB file, but no spikes were found in it; it holds {}; expected a cell `spikes` beside `t`, cells or structures of spike \
         times (fields time, times, spike_times, timestamps or ts), or lists spike_times and spike_clusters{hint}",
        list(&variables)
    );
    Ok(file.error("", Fault::UnknownLayout, message))
}

/// The name without case and underscores.
fn plain(name: &str) -> String {
    name.chars().filter(|c| *c != '_').collect::<String>().to_lowercase()
}

fn is_times(name: &str) -> bool {
    const NAMES: [&str; 8] = ["time", "times", "spiketime", "spiketimes", "timestamps", "ts", "spikes", "spks"];
    NAMES.contains(&plain(name).as_str())
}

/// Which bare lists in cells are taken for spike times.
#[derive(Clone, Copy, PartialEq)]
enum Lists {
    /// Of numbers that don't decrease.
    Rising,
    /// Any: of variables that are called spike times and nothing else.
    Any,
}

/// The first variable whose cells and structures hold trains; those named after spikes or units come first.
fn nested(file: &dyn Workspace, lists: Lists) -> Result<Option<Vec<Train<'_>>>, FormatError> {
    let named = |v: &&Variable| ["spike", "spk", "unit", "neuron", "train"].iter().any(|w| plain(&v.name).contains(w));
    let holds = |v: &&Variable| match lists {
        Lists::Rising => ["cell", "struct"].contains(&v.class.as_str()),
        // Waveforms may be lists in a cell that is called spikes too, but then something else is.
        Lists::Any => v.class == "cell" && (is_times(&v.name) || plain(&v.name).ends_with("trains")),
    };
    let (first, rest): (Vec<&Variable>, Vec<&Variable>) = file.variables().iter().filter(holds).partition(named);
    let named = first.len();
    for (i, variable) in first.into_iter().chain(rest).enumerate() {
        let mut trains = Vec::new();
        let value = file.value(&variable.name)?;
        // Bare lists are spike times where the variable's name says so, and one of them has more than one.
        let many = |trains: &[Train]| trains.iter().any(|t| t.times.len() > usize::from(t.in_cell));
        let good = search(&value, lists, &mut Vec::new(), &mut trains)? && many(&trains);
        if good && (i < named || trains.iter().all(|train| !train.in_cell)) {
            return Ok(Some(trains));
        }
    }
    Ok(None)
}

/// Collects trains; false if numbers are found that can't be spike times.
fn search<'f>(
    value: &Value<'f>,
    lists: Lists,
    path: &mut Vec<usize>,
    trains: &mut Vec<Train<'f>>,
) -> Result<bool, FormatError> {
    match value {
        Value::Cell { extents, items } => {
            let rows = extents.first().copied().unwrap_or(1).max(1);
            let flat = extents.iter().filter(|n| **n != 1).count() <= 1;
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
                            trains.push(Train { path, times, in_cell: true, ..Train::default() });
                        }
                        fits
                    }
                    (None, Value::Numbers { .. }) => false,
                    _ => search(item, lists, path, trains)?,
                };
                path.truncate(depth);
                if !good {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        Value::Struct(records) => {
            for (i, record) in records.iter().enumerate() {
                path.push(i + 1);
                let good = from_record(record, lists, path, trains)?;
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
    trains: &mut Vec<Train<'f>>,
) -> Result<bool, FormatError> {
    let times = record.iter().find_map(|(name, value)| Some((name, value.list().filter(|_| is_times(name))?)));
    let Some((times_name, times)) = times else {
        let inner = |value: &Value| matches!(value, Value::Cell { .. } | Value::Struct(_));
        // Beside its trains a segment of Neo has the times of events and epochs.
        let trains_only = record.iter().any(|(name, _)| plain(name) == "spiketrains");
        let searched = |name: &str| !trains_only || plain(name) == "spiketrains";
        for (_, value) in record.iter().filter(|(name, value)| inner(value) && searched(name)) {
            if !search(value, lists, path, trains)? {
                return Ok(false);
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
            _ => {}
        }
    }
    trains.push(train);
    Ok(true)
}

/// The unit of a field of times, as Neo writes it beside the field: `times_units` of `times`.
fn unit_of(record: &[(String, Value)], field: &str) -> Option<String> {
    record.iter().find_map(|(name, value)| match value {
        Value::Text(unit) if plain(name) == format!("{field}units") => Some(unit.trim().to_owned()),
        _ => None,
    })
}

/// A moment in a field that has a unit \[s\].
fn edge(record: &[(String, Value)], field: &str) -> Option<f64> {
    let (_, value) = record.iter().find(|(name, _)| plain(name) == field)?;
    let Some([moment]) = value.list().map(Numbers::short) else { return None };
    Some(moment / words::per_second(&unit_of(record, field)?)?).filter(|moment| moment.is_finite())
}

/// A list of times and a list of units beside it, by the names of phy and others.
fn flat(file: &dyn Workspace) -> Result<Option<Trains<'_>>, FormatError> {
    const UNITS: [&str; 8] =
        ["spikeclusters", "clusters", "clu", "spikeunits", "units", "unitids", "spikeids", "spiketemplates"];
    let numbers = |names: &dyn Fn(&str) -> bool| {
        file.variables().iter().find(|v| names(&v.name) && !["cell", "struct", "char"].contains(&v.class.as_str()))
    };
    let (Some(times), Some(units)) = (numbers(&is_times), numbers(&|name| UNITS.contains(&plain(name).as_str())))
    else {
        return Ok(None);
    };
    let (all, of) = (file.value(&times.name)?, file.value(&units.name)?);
    let (Some(all), Some(of)) = (all.list(), of.list()) else { return Ok(None) };
    if all.len() != of.len() {
        let message = format!("has {} entries, but {} has {}; expected as many", of.len(), times.name, all.len());
        return Err(file.error(&units.name, Fault::Invalid, message));
    }
    Ok(Some(Trains::Listed { times: all.clone(), units: of.clone() }))
}

/// Trains as units. In a plain list an empty one is a unit without spikes; in cells of cells and tables of channels and units it is a place that is not
/// used.
pub(super) fn fill(
    file: &dyn Workspace,
    trains: Trains,
    wanted: &mut Wanted,
    recording: &mut Recording,
) -> Result<(), FormatError> {
    let trains = match trains {
        Trains::Units(trains) => trains,
        Trains::Listed { times, units } => return fill_listed(&times, &units, wanted, recording),
    };
    let plain = levels(&trains).is_some_and(|levels| levels.len() < 2);
    let (kept, empty): (Vec<Train>, Vec<Train>) =
        trains.into_iter().partition(|train| plain || !train.times.is_empty());
    if !empty.is_empty() {
        recording.notes.push(format!("{} entries without spikes are no units", empty.len()));
    }
    observed::set(recording, kept.iter().map(|train| train.observed.as_slice()));
    columns(&kept, recording);
    recording.spikes.unit_ids = (0..kept.len() as i64).collect();
    if !wanted.spikes() {
        return Ok(());
    }
    for (unit, train) in kept.iter().enumerate() {
        let second = match &train.unit {
            Some(unit) => words::per_second(unit).ok_or_else(|| {
                let message = format!("spike times are said to be in {unit:?}, expected s, ms or us");
                file.error("", Fault::Invalid, message)
            })?,
            None => 1.0,
        };
        for part in train.times.parts() {
            let (first, mut times) = (part.start, train.times.read(part)?);
            times.iter_mut().for_each(|time| *time /= second);
            wanted.train(unit as u32, first, &times, |message| file.error("", Fault::Invalid, message))?;
        }
    }
    Ok(())
}

/// Units in the order of their numbers.
fn fill_listed(
    times: &Numbers,
    units: &Numbers,
    wanted: &mut Wanted,
    recording: &mut Recording,
) -> Result<(), FormatError> {
    let mut found = BTreeMap::<i64, u32>::new();
    for part in units.parts() {
        found.extend(units.read(part)?.into_iter().map(|unit| (unit as i64, 0)));
    }
    found.values_mut().zip(0..).for_each(|(place, number)| *place = number);
    let names = found.keys().map(i64::to_string).collect();
    if !found.is_empty() {
        recording.unit_columns.push(("unit".to_owned(), words::column(names)));
    }
    recording.spikes.unit_ids = (0..found.len() as i64).collect();
    for part in parts(0..times.len(), AT_ONCE).filter(|_| wanted.spikes()).collect::<Vec<_>>() {
        let of = units.read(part.clone())?.into_iter().map(|unit| found.get(&(unit as i64)).copied().unwrap_or(0));
        wanted.give(&times.read(part)?.into_iter().zip(of).collect::<Vec<_>>())?;
    }
    Ok(())
}

/// The places of those indices that differ between trains; none where some trains have more indices than others, or have none.
fn levels(trains: &[Train]) -> Option<Vec<usize>> {
    let first = &trains.first()?.path;
    let alike = !first.is_empty() && trains.iter().all(|train| train.path.len() == first.len());
    let differ = |level: &usize| trains.iter().any(|train| train.path[*level] != first[*level]);
    alike.then(|| (0..first.len()).filter(differ).collect())
}

/// Indices that differ between units, and what all structures say.
fn columns(trains: &[Train], recording: &mut Recording) {
    let Some(first) = trains.first() else { return };
    for (number, level) in levels(trains).into_iter().flatten().enumerate() {
        let indices = trains.iter().map(|train| train.path[level] as f64).collect();
        recording.unit_columns.push((format!("index_{}", number + 1), Column::Number(indices)));
    }
    for (name, _) in &first.about {
        let word = |train: &Train| train.about.iter().find(|a| a.0 == *name).map(|a| a.1.clone());
        if let Some(words) = trains.iter().map(word).collect::<Option<Vec<String>>>() {
            recording.unit_columns.push((name.clone(), words::column(words)));
        }
    }
}

/// Matrices with one row (or column) per entry of `t` or `time`.
fn signals(file: &dyn Workspace, recording: &mut Recording) -> Result<(), FormatError> {
    let numbers = |v: &&Variable| !["cell", "struct", "char"].contains(&v.class.as_str());
    let variables: Vec<Variable> = file.variables().iter().filter(numbers).cloned().collect();
    let clock = variables.iter().find(|v| ["t", "time"].contains(&v.name.as_str()) && v.extents.len() == 2);
    let Some(clock) = clock else { return Ok(()) };
    let Value::Numbers { data: times, .. } = file.value(&clock.name)? else { return Ok(()) };
    let times = times.all()?;
    if times.iter().any(|t| !t.is_finite()) || times.windows(2).any(|t| t[1] < t[0]) {
        recording.notes.push(format!("{} has times that decrease, so no signal is read", clock.name));
        return Ok(());
    }
    for variable in variables.iter().filter(|v| v.name != clock.name) {
        let rows = times.len();
        let [a, b] = variable.extents[..] else { continue };
        if (a != rows && b != rows) || rows < 2 || a.min(b) > MAX_WIDTH || a.saturating_mul(b) > MAX_VALUES {
            continue;
        }
        let Value::Numbers { data, .. } = file.value(&variable.name)? else { continue };
        let data = data.all()?;
        let width = if a == rows { b } else { a };
        if data.len() != rows * width {
            continue;
        }
        // MATLAB's first extent runs fastest; a row of the signal is one sample.
        let at = |row: usize, column: usize| if a == rows { row + rows * column } else { column + width * row };
        let data = (0..rows).flat_map(|row| (0..width).map(move |column| at(row, column))).map(|i| data[i]).collect();
        recording.signals.push(Signal {
            name: variable.name.clone(),
            unit: String::new(),
            times: times.clone(),
            data,
            width,
        });
    }
    Ok(())
}
