//! Blocks that Neo's `NeoMatlabIO` writes: `block.segments`, each with `spiketrains` (which `tables` finds), `analogsignals`,
//! `irregularlysampledsignals`, `events` and `epochs`. Every quantity has its unit in a field beside it: `times_units` of `times`.

use std::collections::BTreeSet;

use super::Workspace;
use super::search::{Train, edge, plain, unit_of};
use super::signals::{MAX_VALUES, MAX_WIDTH};
use super::value::{Numbers, Value, Variable};
use crate::format::error::FormatError;
use crate::format::{continued, words};
use crate::spikes::{Column, IntervalTable, Recording, Signal};

/// A record of a structure.
pub(super) type Record<'f> = [(String, Value<'f>)];

/// Whether a variable is such a block.
pub(super) fn is_block(variable: &Variable) -> bool {
    variable.name == "block" && variable.class == "struct"
}

/// The block of a file, if it has one.
pub(super) fn block(file: &dyn Workspace) -> Result<Option<Value<'_>>, FormatError> {
    file.variables().iter().any(is_block).then(|| file.value("block")).transpose()
}

/// The segments of a block.
pub(super) fn segments<'v, 'f>(block: &'v Value<'f>) -> Vec<&'v Record<'f>> {
    records(block).into_iter().filter_map(|block| field(block, "segments")).flat_map(records).collect()
}

/// Names the segment of each train.
pub(super) fn name_segments(segments: &[&Record], trains: &mut [Train]) {
    let mut names: Vec<String> = segments.iter().map(|segment| text(segment, "name")).collect();
    let distinct: BTreeSet<&String> = names.iter().filter(|name| !name.is_empty()).collect();
    if distinct.len() < names.len() {
        names = (1..=segments.len()).map(|number| number.to_string()).collect();
    }
    // A train lies at the place of its block, of its segment in the cell of them, and so on.
    let of = |train: &Train| train.path.get(1).and_then(|segment| names.get(segment - 1));
    for train in trains {
        train.segment = of(train).cloned();
    }
}

/// Signals, events and epochs of all segments.
pub(super) fn beside(segments: &[&Record], recording: &mut Recording) -> Result<(), FormatError> {
    for segment in segments {
        let all = |name: &str| field(segment, name).into_iter().flat_map(records);
        for record in all("analogsignals").chain(all("irregularlysampledsignals")) {
            match signal(record) {
                Ok(signal) => recording.signals.push(signal),
                Err(unfit) => recording.notes.push(unfit.note("the signal", &text(record, "name"))?),
            }
        }
        for record in all("events").chain(all("epochs")) {
            match intervals(record) {
                Ok(table) => recording.intervals.push(table),
                Err(unfit) => recording.notes.push(unfit.note("the table of times", &text(record, "name"))?),
            }
        }
        if all("imagesequences").next().is_some() {
            recording.notes.push("sequences of images are left out".to_owned());
        }
    }
    continued::join(recording);
    Ok(())
}

/// Why something is not read.
enum Unfit {
    /// The file can't be.
    Unread(FormatError),
    /// It is nothing of its kind.
    Other(String),
}

impl Unfit {
    /// A note that says so of a thing of this name.
    fn note(self, what: &str, name: &str) -> Result<String, FormatError> {
        match self {
            Unfit::Unread(error) => Err(error),
            Unfit::Other(why) => Ok(format!("{what} `{name}` is left out: {why}")),
        }
    }
}

impl From<FormatError> for Unfit {
    fn from(error: FormatError) -> Unfit {
        Unfit::Unread(error)
    }
}

impl From<String> for Unfit {
    fn from(why: String) -> Unfit {
        Unfit::Other(why)
    }
}

/// The records of a structure, or of all those in a cell.
fn records<'v, 'f>(value: &'v Value<'f>) -> Vec<&'v Record<'f>> {
    match value {
        Value::Struct(records) => records.iter().map(Vec::as_slice).collect(),
        Value::Cell { items, .. } => items
            .iter()
            .flat_map(|item| match item {
                Value::Struct(records) => records.iter().map(Vec::as_slice).collect(),
                _ => Vec::new(),
            })
            .collect(),
        _ => Vec::new(),
    }
}

fn field<'v, 'f>(record: &'v Record<'f>, name: &str) -> Option<&'v Value<'f>> {
    record.iter().find(|(own, _)| plain(own) == name).map(|(_, value)| value)
}

fn text(record: &Record, name: &str) -> String {
    match field(record, name) {
        Some(Value::Text(text)) => text.trim().to_owned(),
        _ => String::new(),
    }
}

/// The moments or spans in a field \[s\].
fn seconds(record: &Record, name: &str) -> Result<Vec<f64>, Unfit> {
    let unit = unit_of(record, name).unwrap_or_default();
    let second = words::per_second(&unit)
        .ok_or_else(|| format!("its {name} are in {unit:?}, expected {}", words::UNITS_OF_TIME))?;
    let times = field(record, name).and_then(Value::list).map_or(Ok(Vec::new()), Numbers::all)?;
    match times.iter().find(|time| !time.is_finite()) {
        Some(bad) => Err(format!("its {name} hold {bad}, expected finite numbers").into()),
        None => Ok(times.into_iter().map(|time| time / second).collect()),
    }
}

/// Samples with their times.
fn signal(record: &Record) -> Result<Signal, Unfit> {
    let Some(Value::Numbers { extents, data }) = field(record, "signal") else {
        return Err("it holds no real numbers".to_owned().into());
    };
    let [rows, width] = extents[..] else {
        return Err(format!("it has the shape {extents:?}, expected a row for each sample").into());
    };
    if data.is_empty() || rows.checked_mul(width) != Some(data.len()) {
        return Err(format!("it has {} numbers, expected {rows} x {width}, and one at least", data.len()).into());
    }
    if width > MAX_WIDTH || rows.saturating_mul(width) > MAX_VALUES {
        return Err(format!("signals of behaviour have at most {MAX_WIDTH} columns and {MAX_VALUES} values").into());
    }
    let times = if field(record, "times").is_some() {
        seconds(record, "times")?
    } else {
        let (start, rate) = edge(record, "tstart")
            .zip(rate(record))
            .ok_or_else(|| "it has no t_start and sampling_rate in units that are known".to_owned())?;
        (0..rows).map(|row| start + row as f64 / rate).collect()
    };
    if times.len() != rows || times.windows(2).any(|pair| pair[1] < pair[0]) {
        return Err(format!("it has {} times, expected {rows} that don't decrease", times.len()).into());
    }
    let all = data.all()?;
    // MATLAB's first extent runs fastest; a row of the signal is one sample.
    let places = (0..rows).flat_map(|row| (0..width).map(move |column| row + rows * column));
    let data = places.map(|place| all.get(place).copied().unwrap_or(f64::NAN)).collect();
    let unit = unit_of(record, "signal").unwrap_or_default();
    Ok(Signal { name: text(record, "name"), unit, times, data, width })
}

/// Samples per second.
fn rate(record: &Record) -> Option<f64> {
    let [rate] = field(record, "samplingrate")?.list().map(Numbers::short)? else { return None };
    let factor = match unit_of(record, "samplingrate")?.as_str() {
        "Hz" | "1/s" => 1.0,
        "kHz" | "1/ms" => 1e3,
        "MHz" => 1e6,
        _ => return None,
    };
    Some(rate * factor).filter(|rate| rate.is_finite() && *rate > 0.0)
}

/// Events, or epochs with their durations.
fn intervals(record: &Record) -> Result<IntervalTable, Unfit> {
    let start = seconds(record, "times")?;
    let stop = if field(record, "durations").is_some() {
        let lengths = seconds(record, "durations")?;
        if lengths.len() != start.len() {
            return Err(format!("it has {} durations, expected {}", lengths.len(), start.len()).into());
        }
        start.iter().zip(lengths).map(|(start, length)| start + length).collect()
    } else {
        start.clone()
    };
    let labels = labels(record, start.len());
    let columns = labels.map(|labels| ("label".to_owned(), Column::Text(labels))).into_iter().collect();
    Ok(IntervalTable { name: text(record, "name"), start, stop, columns })
}

/// So many labels: a matrix of characters with a label in each row, of which MATLAB has the first characters first, or a cell of texts.
fn labels(record: &Record, count: usize) -> Option<Vec<String>> {
    match field(record, "labels")? {
        Value::Text(text) => {
            let letters: Vec<char> = text.chars().collect();
            let fits = count > 0 && !letters.is_empty() && letters.len().is_multiple_of(count);
            let label = |row: usize| letters.iter().skip(row).step_by(count).collect::<String>().trim_end().to_owned();
            fits.then(|| (0..count).map(label).collect())
        }
        Value::Cell { items, .. } if items.len() == count && count > 0 => items
            .iter()
            .map(|item| match item {
                Value::Text(text) => Some(text.trim_end().to_owned()),
                _ => None,
            })
            .collect(),
        _ => None,
    }
}
