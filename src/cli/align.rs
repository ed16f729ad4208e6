//! `raster --align-to`: which events trials are aligned to, and how they are grouped.

use std::collections::BTreeSet;
use std::path::Path;

use memspike::format;
use memspike::plot::{self, Aligned, PlotError, RasterOptions};
use memspike::spikes::{Column, IntervalTable, Recording};
use memspike::units;

use super::Failure;
use super::note::{note, notes};
use super::raster::groups;

/// More groups could not be told apart.
const MOST_GROUPS: usize = 24;

/// What was asked for.
pub struct Align {
    /// Intervals, or a column of times.
    pub to: String,
    /// How long before the event \[s\].
    pub before: f64,
    /// How long after it \[s\].
    pub after: f64,
    /// A column of the intervals.
    pub group_by: Option<String>,
    /// Width of the bins \[s\].
    pub bin: Option<f64>,
}

/// The moments of a column, and whose they are.
struct Events<'a> {
    table: &'a IntervalTable,
    times: &'a [f64],
    said: String,
}

/// Reads, and hands what is to be drawn to `draw`.
///
/// # Errors
/// Exit code 2 if the file cannot be read, has no such events, column or units, or what is asked for cannot be drawn.
pub fn draw<T>(
    file: &Path,
    align: &Align,
    options: &RasterOptions,
    draw: impl FnOnce(&Aligned) -> Result<T, PlotError>,
) -> Result<T, Failure> {
    let (recording, spikes) = format::read_in_order(file).map_err(Failure::input)?;
    let populations = groups(&recording);
    let units = plot::selected(spikes.unit_ids(), &populations, &options.select).map_err(Failure::input)?;
    notes(&recording.notes_of(&units, (f64::NEG_INFINITY, f64::INFINITY)));
    let Events { table, times, said } = events(&recording, &align.to)?;
    let within = |t: f64| options.start.is_none_or(|s| t >= s) && options.stop.is_none_or(|s| t < s);
    let observed = observed_spans(&recording, spikes.ends().map_err(Failure::input)?);
    // What nobody observed is no trial without spikes.
    let seen = |t: f64| {
        observed.is_empty() || observed.iter().any(|(from, to)| *from < t + align.after && t - align.before < *to)
    };
    let rows: Vec<usize> = (0..times.len()).filter(|row| times[*row].is_finite() && within(times[*row])).collect();
    let (rows, unseen): (Vec<usize>, Vec<usize>) = rows.into_iter().partition(|row| seen(times[*row]));
    if !unseen.is_empty() {
        let (trials, are) = if unseen.len() == 1 { ("trial", "is") } else { ("trials", "are") };
        note(format_args!("{} {trials} of {} that nobody observed {are} left out", unseen.len(), table.name));
    }
    let (of, names) = match &align.group_by {
        None => (vec![0; rows.len()], vec![String::new()]),
        Some(column) => grouped(table, &rows, column)?,
    };
    let trials: Vec<(f64, usize)> = rows.iter().map(|row| times[*row]).zip(of).collect();
    let ids = spikes.unit_ids();
    let named = |unit: usize| {
        let of = populations.iter().find(|p| (p.first..p.first + p.count).contains(&unit));
        let name = of.map_or_else(|| format!("unit {}", ids[unit]), |p| format!("{}[{}]", p.name, ids[unit]));
        (unit, name)
    };
    let units: Vec<(usize, String)> = units.into_iter().map(named).collect();
    let title = file.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let what = Aligned {
        title: &title,
        spikes: &*spikes,
        units: &units,
        populations: &populations,
        trials: &trials,
        groups: &names,
        by: align.group_by.as_deref().unwrap_or_default(),
        event: &said,
        reach: (align.before, align.after),
        bin: align.bin,
        observed: &observed,
    };
    draw(&what).map_err(Failure::input)
}

/// When the units were observed, with the first and the last spike of the recording: where the file does not say, from its beginning to its end. What
/// of a trial lies beyond is no silence.
fn observed_spans(recording: &Recording, spikes: Option<(f64, f64)>) -> Vec<(f64, f64)> {
    if spikes.is_none() || !recording.observed.is_empty() {
        return recording.observed.clone();
    }
    let (first, last) = recording.extent(spikes);
    vec![(first, last.next_up())]
}

/// The moments that `to` names \[s\], and what they are called.
///
/// # Errors
/// Exit code 2 if the recording has no such events.
pub fn moments(recording: &Recording, to: &str) -> Result<(Vec<f64>, String), Failure> {
    let Events { times, said, .. } = events(recording, to)?;
    Ok((times.iter().copied().filter(|t| t.is_finite()).collect(), said))
}

/// `trials`, `trials.go_cue_time` or `go_cue_time`.
fn events<'a>(recording: &'a Recording, to: &str) -> Result<Events<'a>, Failure> {
    let found = found(recording, to)?;
    let untimed = found.times.iter().filter(|time| !time.is_finite()).count();
    if untimed > 0 {
        let (rows, are) = if untimed == 1 { ("row", "is") } else { ("rows", "are") };
        note(format_args!("--align-to {to}: {untimed} {rows} of {} without a time {are} left out", found.table.name));
    }
    Ok(found)
}

/// The same, whether or not all of them are known.
fn found<'a>(recording: &'a Recording, to: &str) -> Result<Events<'a>, Failure> {
    if let Some(table) = recording.intervals.iter().find(|t| t.name == to) {
        return Ok(Events { table, times: &table.start, said: format!("start of {to}") });
    }
    // Names of tables and columns may hold dots themselves.
    let tables = || recording.intervals.iter();
    let within = tables().filter_map(|table| Some((table, to.strip_prefix(&table.name)?.strip_prefix('.')?)));
    for (table, column) in within.chain(tables().map(|table| (table, to))) {
        if let Some(Cells::Numbers(times)) = cells(table, column) {
            if !table.may_be_times(column, times) {
                let table = &table.name;
                return Err(Failure::input(format!(
                    "--align-to is `{to}`, which is no column of times: few of its numbers lie in or near their own intervals of {table}."
                )));
            }
            return Ok(Events { table, times, said: format!("{column} of {}", table.name) });
        }
    }
    let there: Vec<String> = recording.intervals.iter().map(described).collect();
    let there = if there.is_empty() { "no intervals".to_string() } else { there.join("; ") };
    Err(Failure::input(format!(
        "--align-to is `{to}`, which is neither a table of intervals nor a column of times; the file holds {there}."
    )))
}

fn described(table: &IntervalTable) -> String {
    let columns: Vec<&str> =
        ["start_time", "stop_time"].into_iter().chain(table.columns.iter().map(|(name, _)| name.as_str())).collect();
    format!("{} with {}", table.name, columns.join(", "))
}

/// A column of a table of intervals, whose ends have names too.
enum Cells<'a> {
    Numbers(&'a [f64]),
    Words(&'a [String]),
}

/// The column of this name, if there is one.
fn cells<'a>(table: &'a IntervalTable, column: &str) -> Option<Cells<'a>> {
    match column {
        "start_time" => Some(Cells::Numbers(&table.start)),
        "stop_time" => Some(Cells::Numbers(&table.stop)),
        _ => table.columns.iter().find(|(name, _)| name == column).map(|(_, values)| match values {
            Column::Number(values) => Cells::Numbers(values),
            Column::Text(values) => Cells::Words(values),
        }),
    }
}

/// What words are sorted by: numbers by their size, before all others.
fn by_size(word: &str) -> f64 {
    word.parse::<f64>().ok().filter(|number| !number.is_nan()).unwrap_or(f64::INFINITY)
}

/// The group of each of these intervals, and what the groups are called.
fn grouped(table: &IntervalTable, rows: &[usize], column: &str) -> Result<(Vec<usize>, Vec<String>), Failure> {
    let Some(values) = cells(table, column) else {
        let there = described(table);
        return Err(Failure::input(format!("--group-by is `{column}`, which is no column; the file holds {there}.")));
    };
    let values: Vec<String> = match values {
        Cells::Words(values) => rows.iter().map(|row| values[*row].clone()).collect(),
        Cells::Numbers(values) => rows.iter().map(|row| values[*row].to_string()).collect(),
    };
    let mut names = values.clone();
    names.sort_unstable();
    names.dedup();
    // Those of one size stay in the order of the alphabet.
    names.sort_by(|a, b| by_size(a).total_cmp(&by_size(b)));
    if names.len() > MOST_GROUPS {
        let found = names.len();
        return Err(Failure::input(format!(
            "--group-by {column} makes {found} groups, of which at most {MOST_GROUPS} can be told apart; choose another column."
        )));
    }
    let of = values.iter().map(|v| names.iter().position(|name| name == v).unwrap_or(0)).collect();
    Ok((of, readable(names)))
}

/// Names of groups as a legend has room for: long numbers with four digits, where these tell them apart. A whole number may be a date or an
/// id: it is only written shorter where that is the same number.
fn readable(names: Vec<String>) -> Vec<String> {
    const LONG: usize = 8;
    const DIGITS: usize = 4;
    let short = |name: &String| match name.parse::<f64>() {
        Ok(number) if number.is_finite() && name.len() > LONG => {
            let loses = number.fract() == 0.0 && units::rounded(number, DIGITS) != number;
            if loses { name.clone() } else { units::short(number, DIGITS) }
        }
        _ => name.clone(),
    };
    let shorter: Vec<String> = names.iter().map(short).collect();
    let apart = shorter.iter().collect::<BTreeSet<_>>().len() == names.len();
    if apart { shorter } else { names }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_numbers_by_their_size_then_words() {
        let words = ["10", "2x", "9", "1e1", "3", "x", "2x", "9", "a1", "10"].map(str::to_owned).to_vec();
        let table = IntervalTable {
            name: "trials".into(),
            start: vec![0.0; words.len()],
            stop: vec![1.0; words.len()],
            columns: vec![("c".into(), Column::Text(words))],
        };
        let (of, names) = grouped(&table, &(0..10).collect::<Vec<_>>(), "c").unwrap();
        assert_eq!(names, ["3", "9", "10", "1e1", "2x", "a1", "x"]);
        assert_eq!(of, [2, 4, 1, 3, 0, 6, 4, 1, 5, 2]);
    }

    #[test]
    fn long_numbers_of_groups_are_rounded_where_that_tells_them_apart() {
        let of = |names: &[&str]| readable(names.iter().map(|name| name.to_string()).collect());
        assert_eq!(
            of(&["-1.0570345612", "0.25", "100000000000", "a long word"]),
            ["-1.057", "0.25", "1e11", "a long word"]
        );
        assert_eq!(of(&["202611281", "0.0000000"]), ["202611281", "0"]);
        assert_eq!(of(&["1.0000000001", "1.0000000002"]), ["1.0000000001", "1.0000000002"]);
    }

    #[test]
    fn a_recording_was_observed_from_its_beginning_to_its_end_unless_it_says_otherwise() {
        let mut recording = Recording::default();
        assert_eq!(observed_spans(&recording, None), []);
        assert_eq!(observed_spans(&recording, Some((0.25, 9.5))), [(0.25, 9.5f64.next_up())]);
        recording.observed = vec![(0.0, 1.0), (2.0, 10.0)];
        assert_eq!(observed_spans(&recording, Some((0.25, 9.5))), recording.observed);
    }

    #[test]
    fn only_trials_of_the_window_make_groups() {
        let table = IntervalTable {
            name: "trials".into(),
            start: vec![0.0, 1.0, 2.0],
            stop: vec![1.0, 2.0, 3.0],
            columns: vec![("c".into(), Column::Text(["hit", "miss", "late"].map(str::to_owned).to_vec()))],
        };
        let (of, names) = grouped(&table, &[2, 1], "c").unwrap();
        assert_eq!((of, names), (vec![0, 1], vec!["late".to_owned(), "miss".to_owned()]));
    }
}
