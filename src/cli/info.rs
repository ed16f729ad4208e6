//! `memspike info`: what a file is and holds.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use memspike::analysis::{Observed, Spans};
use memspike::counted::{counted, grouped};
use memspike::format;
use memspike::spikes::{Column, Observable, Recording};
use serde_json::{Map, Value, json};

use super::figures::{column, short};
use super::model::{Model, is_circuit};
use super::part::outside;
use super::{Done, Failure, check, graph, one_line, result_size};

/// Say what a file is and holds: a model, a result or a recording
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  memspike info session.nwb\n  memspike info models/replay.toml --json")]
pub struct Args {
    /// A model (.toml, or the .json of a SONATA circuit), a NIR graph, a result or a recording
    file: PathBuf,

    /// As one JSON object
    #[arg(long)]
    json: bool,
}

/// The description.
pub fn run(args: &Args) -> Result<Done, Failure> {
    if graph::is_graph(&args.file) {
        return graph::describe(&args.file, args.json);
    }
    if args.file.extension().is_some_and(|e| e.eq_ignore_ascii_case("toml")) || is_circuit(&args.file) {
        return check::describe(&Model::File(args.file.clone()), &Vec::new(), args.json, result_size::RATE);
    }
    let (mut recording, spikes) = format::read_in_order(&args.file).map_err(Failure::input)?;
    let span = recording.extent(spikes.ends().map_err(Failure::input)?);
    let counts = spikes.counts(f64::NEG_INFINITY, f64::INFINITY).map_err(Failure::input)?;
    let all = (f64::NEG_INFINITY, f64::INFINITY);
    let (spikes, left) = Observed::of(spikes, &recording.observed, all).map_err(Failure::input)?;
    let observed = if left > 0 { spikes.counts(all.0, all.1).map_err(Failure::input)? } else { counts.clone() };
    if left > 0 {
        recording.notes.push(format!("{}, and are in no rate", outside(left)));
    }
    let seen = Seen { recording, span, counts, observed };
    if args.json { Done::json(&as_json(&args.file, &seen)) } else { Ok(Done::text(as_text(&args.file, &seen))) }
}

/// A recording, and what there is to say of its spikes.
struct Seen {
    recording: Recording,
    /// The first and the last observed moment \[s\].
    span: (f64, f64),
    /// How many spikes each unit has.
    counts: Vec<u64>,
    /// How many of them were observed.
    observed: Vec<u64>,
}

impl Seen {
    /// Mean rate of a block of units \[Hz\] over what was observed; none if that has no length.
    fn rate(&self, first: usize, units: usize) -> Option<f64> {
        let length = Spans::within(&self.recording.observed, self.span.0, self.span.1).seconds();
        let spikes: u64 = self.observed[first..first + units].iter().sum();
        (length > 0.0 && units > 0).then(|| spikes as f64 / units as f64 / length)
    }

    fn spikes_of(&self, first: usize, count: usize) -> u64 {
        self.counts[first..first + count].iter().sum()
    }
}

fn is_result(recording: &Recording) -> bool {
    recording.format.starts_with("memspike")
}

fn as_text(file: &Path, seen: &Seen) -> String {
    let r = &seen.recording;
    let mut out = format!("{}: {}\n", file.display(), r.format);
    // Two blanks behind the longest.
    let width = column(r.about.iter().map(|(label, _)| label.as_str()), 16) + 2;
    for (label, text) in &r.about {
        let _ = writeln!(out, "  {label:<width$}{}", text.replace('\n', " "));
    }
    let (start, stop) = seen.span;
    let (units, spikes): (usize, u64) = (seen.counts.len(), seen.counts.iter().sum());
    let _ = write!(out, "\n{}, {}", counted(units, "unit"), counted(spikes, "spike"));
    let _ = write!(out, ", {start:.3} to {stop:.3} s ({:.3} s)", stop - start);
    match seen.rate(0, units) {
        Some(hz) => drop(writeln!(out, ", {} Hz per unit", short(hz))),
        None => out.push('\n'),
    }
    for (name, first, count) in &r.populations {
        let n = seen.spikes_of(*first, *count);
        let hz = seen.rate(*first, *count).map_or("-".to_string(), short);
        let (units, spikes) = (counted(*count, "unit"), counted(n, "spike"));
        let _ = writeln!(out, "  {:<17} {units}, {spikes}, {hz} Hz", one_line(name));
    }
    if r.observed.len() > 1 {
        let _ = writeln!(out, "observed in {} spans", r.observed.len());
    }
    if !r.unit_columns.is_empty() {
        let _ = writeln!(out, "columns of units: id, {}", names(&r.unit_columns));
    }
    if let Some((_, column)) = r.electrodes.first() {
        let _ = writeln!(out, "electrodes: {}; columns {}", grouped(column.len() as u64), names(&r.electrodes));
    }
    for s in &r.signals {
        let span = s.times.first().zip(s.times.last()).map_or(String::new(), |(a, b)| format!(", {a:.3} to {b:.3} s"));
        let unit = if s.unit.is_empty() { "no unit".to_owned() } else { one_line(&s.unit) };
        let samples = counted(s.times.len(), "sample");
        let _ = writeln!(out, "behaviour {:<17} {samples} of {} [{unit}]{span}", one_line(&s.name), s.width);
    }
    for t in &r.intervals {
        let columns = if t.columns.is_empty() { String::new() } else { format!("; columns {}", names(&t.columns)) };
        let _ = writeln!(out, "intervals {:<17} {}{columns}", one_line(&t.name), grouped(t.start.len() as u64));
    }
    for o in &r.observables {
        let (what, of, size, unit) = size(o);
        let unit = if unit.is_empty() { "no unit".to_owned() } else { one_line(unit) };
        let _ = writeln!(out, "{what:<9} {:<17} {size} [{unit}]", one_line(&of));
    }
    r.notes.iter().for_each(|note| out += &format!("note: {}\n", one_line(note)));
    out
}

/// A table of states or weights: what it is, of what, how large, and its unit.
fn size(observable: &Observable) -> (&'static str, String, String, &str) {
    match observable {
        Observable::State { population, variable, unit, members, samples } => {
            let size = format!("{} of {}", counted(samples, "sample"), counted(members, "member"));
            ("state", format!("{population}.{variable}"), size, unit)
        }
        Observable::PreSpike { projection, unit, weights } => {
            ("weights", projection.clone(), format!("{} at spikes", grouped(weights)), unit)
        }
        Observable::Snapshots { projection, unit, synapses, snapshots } => {
            let size = format!("{} of {}", counted(snapshots, "snapshot"), counted(synapses, "synapse"));
            ("weights", projection.clone(), size, unit)
        }
    }
}

/// The names of columns, in a line.
fn names(columns: &[(String, Column)]) -> String {
    columns.iter().map(|(name, _)| one_line(name)).collect::<Vec<_>>().join(", ")
}

/// What a file says of itself; of what it says in several entries, such as who did it, they are joined.
fn about(entries: &[(String, String)]) -> Map<String, Value> {
    let mut about = Map::new();
    for (label, text) in entries {
        match about.get_mut(label) {
            Some(Value::String(all)) => *all += &format!("; {text}"),
            _ => drop(about.insert(label.clone(), json!(text))),
        }
    }
    about
}

fn as_json(file: &Path, seen: &Seen) -> Value {
    let r = &seen.recording;
    let population = |(name, first, count): &(String, usize, usize)| {
        let n = seen.spikes_of(*first, *count);
        (name.clone(), json!({ "size": count, "spikes": n, "rate_hz": seen.rate(*first, *count) }))
    };
    let kind = |c: &Column| match c {
        Column::Number(_) => "number",
        Column::Text(_) => "text",
    };
    let columns = |columns: &[(String, Column)]| -> Map<String, Value> {
        columns.iter().map(|(name, column)| (name.clone(), json!(kind(column)))).collect()
    };
    let ((start, stop), units) = (seen.span, seen.counts.len());
    let spikes: u64 = seen.counts.iter().sum();
    json!({
        "file": file.display().to_string(),
        "kind": if is_result(r) { "result" } else { "recording" },
        "format": r.format,
        "about": about(&r.about),
        "units": units,
        "spikes": spikes,
        "start_s": start,
        "stop_s": stop,
        "duration_s": stop - start,
        "rate_hz": seen.rate(0, units),
        "populations": r.populations.iter().map(population).collect::<Map<_, _>>(),
        "unit_columns": columns(&r.unit_columns),
        "electrodes": r.electrodes.first().map_or(0, |(_, column)| column.len()),
        "electrode_columns": columns(&r.electrodes),
        "observed_s": r.observed,
        "behavior": r.signals.iter().map(|s| json!({
            "name": s.name, "unit": s.unit, "width": s.width, "samples": s.times.len(),
            "start_s": s.times.first(), "stop_s": s.times.last(),
        })).collect::<Vec<_>>(),
        "intervals": r.intervals.iter().map(|t| json!({
            "name": t.name, "count": t.start.len(), "columns": columns(&t.columns),
        })).collect::<Vec<_>>(),
        "states": r.observables.iter().filter_map(state).collect::<Vec<_>>(),
        "weights": r.observables.iter().filter_map(weights).collect::<Vec<_>>(),
        "notes": r.notes,
    })
}

fn state(observable: &Observable) -> Option<Value> {
    let Observable::State { population, variable, unit, members, samples } = observable else { return None };
    Some(
        json!({ "population": population, "variable": variable, "unit": unit, "members": members, "samples": samples }),
    )
}

fn weights(observable: &Observable) -> Option<Value> {
    match observable {
        Observable::State { .. } => None,
        Observable::PreSpike { projection, unit, weights } => {
            Some(json!({ "projection": projection, "unit": unit, "at_spikes": weights }))
        }
        Observable::Snapshots { projection, unit, synapses, snapshots } => {
            Some(json!({ "projection": projection, "unit": unit, "synapses": synapses, "snapshots": snapshots }))
        }
    }
}
