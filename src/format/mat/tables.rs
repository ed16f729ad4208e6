//! What the variables of a file say: trains of spikes, signals, trials.

use super::Workspace;
use super::listed::{fill_listed, flat, flat_names};
use super::reaching;
use super::signals::signals;
use super::value::{Numbers, Value, Variable};
use crate::format::error::{Fault, FormatError};
use crate::format::h5::list;
use crate::format::listing::Wanted;
use crate::format::{observed, words};
use crate::spikes::{Column, Recording};

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
    Listed { times: Numbers<'f>, units: Numbers<'f>, called: String },
}

/// Reads a file whose variables are at hand.
pub(super) fn read(file: &dyn Workspace, format: &str, wanted: &mut Wanted) -> Result<Recording, FormatError> {
    let mut recording = Recording { format: format.to_owned(), ..Recording::default() };
    let mut unit_said = false;
    if reaching::recognise(file) {
        reaching::read(file, wanted, &mut recording)?;
    } else {
        let trains = match nested(file, Lists::Rising)? {
            Some(mut found) => {
                found.others.extend(flat_names(file).map(|(times, _)| times.name.clone()));
                found.trains(&mut recording)
            }
            None => match flat(file)? {
                Some(listed) => listed,
                None => {
                    let found = nested(file, Lists::Any)?.ok_or(()).or_else(|()| Err(nothing(file)?))?;
                    recording.notes.push("times that decrease are sorted".to_owned());
                    found.trains(&mut recording)
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
        recording.notes.push(format!("times are taken as seconds, which the file does not say{}", otherwise(file)?));
    }
    reaching::trials(&mut recording);
    Ok(recording)
}

/// What variables may say of the unit of times, for whoever reads the note: a word such as `ms`, or a rate of samples.
fn otherwise(file: &dyn Workspace) -> Result<String, FormatError> {
    const UNITS: [&str; 4] = ["units", "unit", "timeunits", "timeunit"];
    const RATES: [&str; 6] = ["fs", "sr", "samplerate", "samplingrate", "samplefreq", "samplingfrequency"];
    for variable in file.variables() {
        let name = &variable.name;
        if UNITS.contains(&plain(name).as_str()) && variable.class == "char" {
            if let Value::Text(unit) = file.value(name)?
                && words::per_second(unit.trim()).is_some_and(|per| per != 1.0)
            {
                return Ok(format!(
                    "; its variable `{name}` says {}: if that is theirs, turn them into seconds first",
                    unit.trim()
                ));
            }
        } else if RATES.contains(&plain(name).as_str())
            && variable.is_numeric()
            && let [rate] = file.value(name)?.list().map_or(&[][..], Numbers::short)
        {
            return Ok(format!(
                "; its variable `{name}` is {rate}: if they count samples at that rate, divide them by it first"
            ));
        }
    }
    Ok(String::new())
}

/// Says what was looked for, and of a variable that looks like spike times that its name does not say so.
fn nothing(file: &dyn Workspace) -> Result<FormatError, FormatError> {
    let mut hint = String::new();
    for variable in file.variables().iter().filter(|v| v.class == "cell") {
        let mut found = Found::default();
        let good = search(&file.value(&variable.name)?, Lists::Rising, &mut Vec::new(), &mut found)?;
        if good && found.trains.iter().any(|train| train.times.len() > 1) {
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
pub(super) fn plain(name: &str) -> String {
    name.chars().filter(|c| *c != '_').collect::<String>().to_lowercase()
}

pub(super) fn is_times(name: &str) -> bool {
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

/// What a variable holds.
#[derive(Default)]
struct Found<'f> {
    variable: String,
    trains: Vec<Train<'f>>,
    /// Entries beside trains that can't be any.
    left_out: Vec<String>,
    /// Other variables that hold trains.
    others: Vec<String>,
}

impl<'f> Found<'f> {
    /// The trains; what was there beside them is said.
    fn trains(self, recording: &mut Recording) -> Trains<'f> {
        if !self.left_out.is_empty() {
            let places = list(&self.left_out);
            recording
                .notes
                .push(format!("entries of `{}` that are no real numbers are left out: {places}", self.variable));
        }
        if !self.others.is_empty() {
            recording.notes.push(format!(
                "only `{}` is read, though spike times may be in {} too: put all into one cell or structure",
                self.variable,
                list(&self.others)
            ));
        }
        Trains::Units(self.trains)
    }
}

/// The first variable whose cells and structures hold trains; those named after spikes or units come first.
fn nested(file: &dyn Workspace, lists: Lists) -> Result<Option<Found<'_>>, FormatError> {
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
        let searched = file.value(&variable.name);
        let searched = searched.and_then(|value| search(&value, lists, &mut Vec::new(), &mut found));
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
fn search<'f>(
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
        for (_, value) in record.iter().filter(|(name, value)| inner(value) && searched(name)) {
            if !search(value, lists, path, found)? {
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
    found.trains.push(train);
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
        Trains::Listed { times, units, called } => {
            let wrong = |message| file.error(&called, Fault::Invalid, message);
            return fill_listed(&times, &units, &wrong, wanted, recording);
        }
    };
    let plain = levels(&trains).is_some_and(|levels| levels.len() < 2);
    let (kept, empty): (Vec<Train>, Vec<Train>) =
        trains.into_iter().partition(|train| plain || !train.times.is_empty());
    if !empty.is_empty() {
        recording.notes.push(format!("{} entries without spikes are no units", empty.len()));
    }
    observed::set(recording, kept.iter().map(|train| train.observed.as_slice()));
    recording.spikes.unit_ids = (0..kept.len() as i64).collect();
    columns(&kept, recording);
    if !wanted.spikes() {
        return Ok(());
    }
    for (unit, train) in kept.iter().enumerate() {
        let second = match &train.unit {
            Some(unit) => words::per_second(unit).ok_or_else(|| {
                let message = format!("spike times are said to be in {unit:?}, expected {}", words::UNITS_OF_TIME);
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
        let Some(column) = trains.iter().map(word).collect::<Option<Vec<String>>>().map(words::column) else {
            continue;
        };
        recording.unit_columns.push((name.clone(), column));
    }
}
