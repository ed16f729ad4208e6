//! Intervals of a model that are tables of recordings: which recording's, and on which clock.

use std::path::Path;

use memspike::format;
use memspike::spec::{IntervalFile, NetworkSpec};

use super::Failure;
use super::model::Replayed;
use super::note::note;

/// Fills the intervals that are tables of recordings: of the one that is replayed, or of a file on the same clock.
///
/// # Errors
/// Exit code 2 if a file can't be read, has no such table, or it is open which of several recordings is meant.
pub fn bind(spec: &mut NetworkSpec, recordings: &[Replayed]) -> Result<(), Failure> {
    for wanted in std::mem::take(&mut spec.interval_files) {
        let name = spec.intervals[wanted.interval].name.clone();
        let followed = followed(&wanted, spec, recordings)?;
        let start = followed.map_or(0.0, |replayed| replayed.bound.start_s);
        let result = match (&wanted.file, followed) {
            (Some(file), _) => {
                let (recording, _) = format::read_in_order(file).map_err(Failure::input)?;
                spec.bind_interval(&wanted, &recording, start)
            }
            (None, Some(replayed)) => spec.bind_interval(&wanted, &replayed.recording, start),
            (None, None) => {
                return Err(Failure::input(format!(
                    "The interval `{name}` is a table of a recording, but no file is named and no recording is replayed; set interval.{name}.file."
                )));
            }
        };
        let found = result.map_err(|message| Failure::input(format!("The {message}.")))?;
        let table = &wanted.table;
        if found.untimed > 0 {
            let (untimed, rows) = (found.untimed, if found.untimed == 1 { "row of" } else { "rows of" });
            note(format_args!("interval {name}: {untimed} {rows} {table} without a start or a stop are left out"));
        }
        if found.rows == 0 && !wanted.filter.is_empty() {
            note(format_args!("interval {name}: `where` leaves no row of {table}, so that it never comes"));
        } else if found.rows > found.untimed && spec.intervals[wanted.interval].spans.is_empty() {
            note(format_args!(
                "interval {name}: no row of {table} ends after its start and after the beginning of the run, so that it never comes"
            ));
        }
    }
    Ok(())
}

/// The recording whose clock an interval follows, and whose table it is if it names no file; none if no recording is replayed.
fn followed<'a>(
    wanted: &IntervalFile,
    spec: &NetworkSpec,
    recordings: &'a [Replayed],
) -> Result<Option<&'a Replayed>, Failure> {
    let of_file = |replayed: &&Replayed| wanted.file.as_ref().is_some_and(|file| is_same(file, &replayed.file));
    let mut there: Vec<&Replayed> = recordings.iter().filter(of_file).collect();
    if there.is_empty() {
        there = recordings.iter().collect();
    }
    if let Some(leader) = there.iter().find(|replayed| spec.leads == Some(replayed.population)) {
        return Ok(Some(leader));
    }
    let Some((first, others)) = there.split_first() else { return Ok(None) };
    let alike = |other: &&Replayed| {
        let same_clock = other.bound.start_s == first.bound.start_s;
        same_clock && (wanted.file.is_some() || is_same(&other.file, &first.file))
    };
    if others.iter().all(alike) {
        return Ok(Some(first));
    }
    let begins = |replayed: &&Replayed| {
        let (name, start) = (&spec.populations[replayed.population].name, replayed.bound.start_s);
        format!("{name} ({}, from {start} s on)", replayed.file.display())
    };
    Err(Failure::input(format!(
        "The interval `{}` is a table of a recording, but the model replays several, and it is open which one's clock it follows: {}. Set \
         population.NAME.source.recording.leads = true for one of them; the run is as long as that one, unless it has a duration.",
        spec.intervals[wanted.interval].name,
        there.iter().map(begins).collect::<Vec<_>>().join(", ")
    )))
}

/// Are these the same file, under whatever names?
fn is_same(a: &Path, b: &Path) -> bool {
    let real = |path: &Path| std::fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    a == b || real(a) == real(b)
}
