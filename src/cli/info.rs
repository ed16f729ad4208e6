//! `memspike info`: what a file is and holds.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use memspike::analysis::Spans;
use memspike::format;
use memspike::spikes::{Column, Recording};
use serde_json::{Map, Value, json};

use super::figures::short;
use super::memory::grouped;
use super::model::{Model, is_circuit};
use super::{Done, Failure, check, graph};

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
        return check::describe(&Model::File(args.file.clone()), &Vec::new(), args.json);
    }
    let recording = format::read(&args.file).map_err(Failure::input)?;
    if args.json {
        Done::json(&as_json(&args.file, &recording))
    } else {
        Ok(Done::text(as_text(&args.file, &recording)))
    }
}

fn is_result(recording: &Recording) -> bool {
    recording.format.starts_with("memspike")
}

/// Mean rate of a block of units \[Hz\] over what was observed; none if that has no length.
fn rate(recording: &Recording, spikes: usize, units: usize) -> Option<f64> {
    let length = Spans::within(&recording.observed, recording.start(), recording.stop()).seconds();
    (length > 0.0 && units > 0).then(|| spikes as f64 / units as f64 / length)
}

fn spikes_of(recording: &Recording, first: usize, count: usize) -> usize {
    recording.spikes.units.iter().filter(|u| (first..first + count).contains(&(**u as usize))).count()
}

fn as_text(file: &Path, r: &Recording) -> String {
    let mut out = format!("{}: {}\n", file.display(), r.format);
    for (label, text) in &r.about {
        let _ = writeln!(out, "  {:<18}{}", label, text.replace('\n', " "));
    }
    let (start, stop) = (r.start(), r.stop());
    let (units, spikes) = (r.spikes.unit_ids.len(), r.spikes.len());
    let _ = write!(out, "\n{} units, {} spikes", grouped(units as u64), grouped(spikes as u64));
    let _ = write!(out, ", {start:.3} to {stop:.3} s ({:.3} s)", stop - start);
    match rate(r, spikes, units) {
        Some(hz) => drop(writeln!(out, ", {} Hz per unit", short(hz))),
        None => out.push('\n'),
    }
    for (name, first, count) in &r.populations {
        let n = spikes_of(r, *first, *count);
        let hz = rate(r, n, *count).map_or("-".to_string(), short);
        let _ = writeln!(out, "  {name:<18}{} units, {} spikes, {hz} Hz", grouped(*count as u64), grouped(n as u64));
    }
    if r.observed.len() > 1 {
        let _ = writeln!(out, "observed in {} spans", r.observed.len());
    }
    if !r.unit_columns.is_empty() {
        let names: Vec<&str> = r.unit_columns.iter().map(|(name, _)| name.as_str()).collect();
        let _ = writeln!(out, "columns of units: id, {}", names.join(", "));
    }
    if let Some((_, column)) = r.electrodes.first() {
        let names: Vec<&str> = r.electrodes.iter().map(|(name, _)| name.as_str()).collect();
        let _ = writeln!(out, "electrodes: {}; columns {}", grouped(column.len() as u64), names.join(", "));
    }
    for s in &r.signals {
        let span = s.times.first().zip(s.times.last()).map_or(String::new(), |(a, b)| format!(", {a:.3} to {b:.3} s"));
        let unit = if s.unit.is_empty() { "no unit" } else { &s.unit };
        let samples = grouped(s.times.len() as u64);
        let _ = writeln!(out, "behaviour {:<18}{samples} samples of {} [{unit}]{span}", s.name, s.width);
    }
    for t in &r.intervals {
        let columns: Vec<&str> = t.columns.iter().map(|(name, _)| name.as_str()).collect();
        let columns = if columns.is_empty() { String::new() } else { format!("; columns {}", columns.join(", ")) };
        let _ = writeln!(out, "intervals {:<18}{}{columns}", t.name, grouped(t.start.len() as u64));
    }
    r.notes.iter().for_each(|note| out += &format!("note: {note}\n"));
    out
}

fn as_json(file: &Path, r: &Recording) -> Value {
    let population = |(name, first, count): &(String, usize, usize)| {
        let n = spikes_of(r, *first, *count);
        (name.clone(), json!({ "size": count, "spikes": n, "rate_hz": rate(r, n, *count) }))
    };
    let kind = |c: &Column| match c {
        Column::Number(_) => "number",
        Column::Text(_) => "text",
    };
    let columns = |columns: &[(String, Column)]| -> Map<String, Value> {
        columns.iter().map(|(name, column)| (name.clone(), json!(kind(column)))).collect()
    };
    let (units, spikes) = (r.spikes.unit_ids.len(), r.spikes.len());
    json!({
        "file": file.display().to_string(),
        "kind": if is_result(r) { "result" } else { "recording" },
        "format": r.format,
        "about": r.about.iter().map(|(label, text)| (label.clone(), json!(text))).collect::<Map<_, _>>(),
        "units": units,
        "spikes": spikes,
        "start_s": r.start(),
        "stop_s": r.stop(),
        "duration_s": r.stop() - r.start(),
        "rate_hz": rate(r, spikes, units),
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
        "notes": r.notes,
    })
}
