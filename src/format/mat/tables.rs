//! What the variables of a file say: trains of spikes, signals, trials.

use std::collections::{BTreeMap, BTreeSet};

use super::Workspace;
use super::listed::{fill_listed, flat, flat_names};
use super::neo;
use super::reaching;
use super::search::{Found, Lists, Train, nested, plain, search};
use super::signals::signals;
use super::value::{Numbers, Value, Variable};
use crate::format::error::{Fault, FormatError};
use crate::format::h5::list;
use crate::format::listing::Wanted;
use crate::format::{observed, words};
use crate::spikes::{Column, Recording};

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
    let block = neo::block(file)?;
    let block = block.as_ref();
    let segments = block.map(neo::segments).unwrap_or_default();
    if reaching::recognise(file) {
        reaching::read(file, wanted, &mut recording)?;
    } else {
        let mut trains = match nested(file, block, Lists::Rising)? {
            Some(mut found) => {
                found.others.extend(flat_names(file).map(|(times, _)| times.name.clone()));
                found.trains(&mut recording)
            }
            None => match flat(file)? {
                Some(listed) => listed,
                None => {
                    let found = nested(file, block, Lists::Any)?.ok_or(()).or_else(|()| Err(nothing(file)?))?;
                    recording.notes.push("times that decrease are sorted".to_owned());
                    found.trains(&mut recording)
                }
            },
        };
        if let Trains::Units(trains) = &mut trains {
            neo::name_segments(&segments, trains);
            unit_said = trains.iter().all(|train| train.unit.is_some());
        }
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
    neo::beside(&segments, &mut recording)?;
    Ok(recording)
}

/// What variables, and fields of structures, may say of the unit of times, for whoever reads the note: a word such as `ms`, or a rate of samples.
fn otherwise(file: &dyn Workspace) -> Result<String, FormatError> {
    for Variable { name, class, .. } in file.variables() {
        let may_say = |word: &[&str]| word.contains(&plain(name).as_str());
        if (class == "struct" || may_say(&UNITS) || may_say(&RATES))
            && let Some(said) = says(name, name, &file.value(name)?)
        {
            return Ok(said);
        }
    }
    Ok(String::new())
}

const UNITS: [&str; 4] = ["units", "unit", "timeunits", "timeunit"];
const RATES: [&str; 6] = ["fs", "sr", "samplerate", "samplingrate", "samplefreq", "samplingfrequency"];

/// The same of a value that is called so, which lies at this place.
fn says(place: &str, name: &str, value: &Value) -> Option<String> {
    match value {
        Value::Text(unit) if UNITS.contains(&plain(name).as_str()) => {
            let unit = unit.trim();
            words::per_second(unit).filter(|per| *per != 1.0)?;
            Some(format!("; `{place}` says {unit}: if that is theirs, turn them into seconds first"))
        }
        Value::Numbers { .. } if RATES.contains(&plain(name).as_str()) => {
            let [rate] = value.list().map(Numbers::short)? else { return None };
            Some(format!("; `{place}` is {rate}: if they count samples at that rate, divide them by it first"))
        }
        // What each unit says is a column.
        Value::Struct(records) if records.len() == 1 => {
            records[0].iter().find_map(|(name, value)| says(&format!("{place}.{name}"), name, value))
        }
        _ => None,
    }
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

/// Trains as units. In a plain list and in a segment of Neo an empty one is a unit without spikes; in cells of cells and tables of channels and units it is a
/// place that is not used.
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
        trains.into_iter().partition(|train| plain || train.segment.is_some() || !train.times.is_empty());
    match empty.len() {
        0 => {}
        1 => recording.notes.push("1 entry without spikes is no unit".to_owned()),
        many => recording.notes.push(format!("{many} entries without spikes are no units")),
    }
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

/// Indices that differ between units, their segments, and what the structures of most say; a unit whose structure does not say it has nothing there.
fn columns(trains: &[Train], recording: &mut Recording) {
    for (number, level) in levels(trains).into_iter().flatten().enumerate() {
        let indices = trains.iter().map(|train| train.path[level] as f64).collect();
        recording.unit_columns.push((format!("index_{}", number + 1), Column::Number(indices)));
    }
    let mut left: BTreeSet<&str> = trains.iter().flat_map(|train| &train.left_out).map(String::as_str).collect();
    // In the order in which they are come upon, and how many units have each.
    let mut names = BTreeMap::<&str, (usize, usize)>::new();
    for (name, _) in trains.iter().flat_map(|train| &train.about) {
        let place = names.len();
        names.entry(name).or_insert((place, 0)).1 += 1;
    }
    let mut names: Vec<(&str, (usize, usize))> = names.into_iter().collect();
    names.sort_by_key(|(_, (place, _))| *place);
    // What few units say is no column: structures that all say something else would make more entries than any memory holds.
    let (kept, few): (Vec<_>, Vec<_>) = names.into_iter().partition(|(_, (_, units))| 2 * units >= trains.len());
    left.extend(few.into_iter().map(|(name, _)| name));
    for (name, _) in kept {
        let word = |train: &Train| train.about.iter().find(|a| a.0 == name).map(|a| a.1.clone()).unwrap_or_default();
        recording.unit_columns.push((name.to_owned(), words::column(trains.iter().map(word).collect())));
    }
    observed::set_segments(recording, trains.iter().map(|train| (train.segment.as_deref(), train.observed)));
    if !left.is_empty() {
        recording.notes.push(format!(
            "fields of units that are not one number or word per unit are left out: {}",
            list(&left.into_iter().map(str::to_owned).collect::<Vec<_>>())
        ));
    }
}
