//! Flags of a part of a file: `stats`, `diff` and `convert` have them.

use std::collections::BTreeSet;
use std::path::Path;

use memspike::analysis::{Chosen, Observed, Spans, tidy};
use memspike::counted::{counted, grouped};
use memspike::plot::{self, Group, Selection};
use memspike::spec::{Condition, Wanted, parse_units, units_at, units_where};
use memspike::spikes::{Recording, SpikeSource};

use super::note::note;
use super::raster::groups;
use super::{Failure, quantity};

/// A window and units.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Part {
    /// Start of the window, on the file's clock; its first observed moment without it
    #[arg(long, value_name = "TIME", value_parser = quantity::moment, allow_hyphen_values = true)]
    pub start: Option<f64>,

    /// End of the window, on the file's clock, not counted; just after its last observed moment without it
    #[arg(long, value_name = "TIME", value_parser = quantity::moment, allow_hyphen_values = true)]
    pub stop: Option<f64>,

    /// Units by position, such as 0-95,100; they stay in the order of the file; all without it
    #[arg(long, value_name = "RANGES")]
    pub units: Option<String>,

    /// A population or some of its members, such as E or 'E[0:100]'; may be repeated
    #[arg(long, value_name = "POPULATION")]
    pub population: Vec<Selection>,

    /// Units by a column that `memspike info` names, such as location=M1; may be repeated: other columns must hold too, further
    /// values of one column are alternatives
    #[arg(long = "where", value_name = "COLUMN=VALUE")]
    pub filter: Vec<String>,
}

impl Part {
    /// Whether nothing was chosen.
    pub fn is_all(&self) -> bool {
        self.start.is_none() && self.stop.is_none() && self.takes_all_units()
    }

    fn takes_all_units(&self) -> bool {
        self.units.is_none() && self.population.is_empty() && self.filter.is_empty()
    }

    /// The window in a recording whose first and last spike are known.
    ///
    /// # Errors
    /// Exit code 2 if it is empty, or nothing was observed in it.
    pub fn window(&self, recording: &Recording, spikes: Option<(f64, f64)>) -> Result<(f64, f64), Failure> {
        let (first, last) = recording.extent(spikes);
        let empty = |(start, stop): (f64, f64)| {
            let file = format!("the file goes from {first} s to {last} s");
            Failure::input(format!("The window from {} s to {} s is empty; {file}.", tidy(start), tidy(stop)))
        };
        window(recording, spikes, (self.start, self.stop), empty)
    }

    /// Says the notes that are true of what was chosen.
    pub fn tell(&self, recording: &Recording, chosen: &Chosen, tell: impl FnMut(String)) {
        let units = (0..chosen.place.len()).filter(|unit| chosen.place[*unit].is_some());
        recording.notes_of(&units.collect::<Vec<_>>(), open_window(self.start, self.stop)).into_iter().for_each(tell);
    }

    /// The units, of a file that calls its units so.
    ///
    /// # Errors
    /// Exit code 2 if something is chosen that is not there, or nothing is left.
    pub fn chosen(&self, recording: &Recording, ids: &[i64]) -> Result<Chosen, Failure> {
        let mut populations = groups(recording);
        let mut kept = plot::selected(ids, &populations, &self.population).map_err(Failure::input)?;
        if let Some(text) = &self.units {
            let at = positions(text, ids.len())?;
            kept.retain(|unit| at.contains(unit));
            if kept.is_empty() {
                return Err(Failure::input("No unit is left: those of --units are not in --population."));
            }
        }
        let kept = units_where(&conditions(&self.filter, recording)?, recording, ids, kept)
            .map_err(|message| Failure::input(format!("The {message}.")))?;
        if populations.is_empty() {
            populations.push(Group::new("units", 0, ids.len()));
        }
        let mut chosen = Chosen { place: vec![None; ids.len()], groups: Vec::new() };
        let mut next = 0;
        for population in populations {
            let units = population.first..population.first + population.count;
            let first = next;
            for unit in kept.iter().filter(|unit| units.contains(unit)) {
                chosen.place[*unit] = Some(next as u32);
                next += 1;
            }
            if next > first || self.takes_all_units() {
                chosen.groups.push((population.name, first..next));
            }
        }
        Ok(chosen)
    }
}

/// What is said of a file without units, called so.
pub fn no_units(whose: &str) -> Failure {
    Failure::input(format!("{whose} has no units: a result has those of the populations that record.spikes names."))
}

/// The units at positions such as `0-95,100`, of so many.
fn positions(text: &str, count: usize) -> Result<BTreeSet<usize>, Failure> {
    let ranges = parse_units(text).map_err(|message| Failure::input(format!("--units: {message}.")))?;
    let missing = |unit| match count {
        0 => no_units("The recording"),
        _ => Failure::input(format!(
            "--units: found the unit {unit}, but the recording has {count} units, 0 to {}.",
            count - 1
        )),
    };
    Ok(units_at(&ranges, count).map_err(missing)?.into_iter().collect())
}

/// The window in a recording whose first and last spike are known, where some of its ends are given; `empty` says that it is empty.
///
/// # Errors
/// Exit code 2 if it is empty, or nothing was observed in it.
pub fn window(
    recording: &Recording,
    spikes: Option<(f64, f64)>,
    given: (Option<f64>, Option<f64>),
    empty: impl FnOnce((f64, f64)) -> Failure,
) -> Result<(f64, f64), Failure> {
    let (first, last) = recording.extent(spikes);
    // Windows are half open: the last spike lies within.
    let (start, stop) = (given.0.unwrap_or(first), given.1.unwrap_or(last.next_up()));
    if start >= stop {
        return Err(empty((start, stop)));
    }
    expect_something(recording, spikes, (Some(start), Some(stop)))?;
    Ok((start, stop))
}

/// The window between two ends, without end where one is not given.
pub fn open_window(start: Option<f64>, stop: Option<f64>) -> (f64, f64) {
    (start.unwrap_or(f64::NEG_INFINITY), stop.unwrap_or(f64::INFINITY))
}

/// Refuses a window, of which some ends are given, in which nothing was recorded; the first and the last spike of the recording are known.
///
/// # Errors
/// Exit code 2 if that is so.
pub fn expect_something(
    recording: &Recording,
    spikes: Option<(f64, f64)>,
    (start, stop): (Option<f64>, Option<f64>),
) -> Result<(), Failure> {
    let said = match (start, stop) {
        (Some(start), Some(stop)) => format!("from {} s to {} s", tidy(start), tidy(stop)),
        (Some(start), None) => format!("from {} s on", tidy(start)),
        (None, Some(stop)) => format!("until {} s", tidy(stop)),
        (None, None) => return Ok(()),
    };
    if !recording.is_silent_about(spikes, open_window(start, stop)) {
        return Ok(());
    }
    let (first, last) = recording.reach(spikes).unwrap_or_default();
    Err(Failure::input(format!("Nothing was observed in the window {said}; the file goes from {first} s to {last} s.")))
}

/// The spikes of a recording that figures of a window are about: those outside of what was observed are left out, which is said.
///
/// # Errors
/// Exit code 2 if they cannot be read.
pub fn observed_spikes(
    spikes: Box<dyn SpikeSource>,
    recording: &Recording,
    window: (f64, f64),
) -> Result<Box<dyn SpikeSource>, Failure> {
    let (spikes, left) = Observed::of(spikes, &recording.observed, window).map_err(Failure::input)?;
    if left > 0 {
        note(format_args!("{}, and are left out", outside(left)));
    }
    Ok(spikes)
}

/// Says that so many spikes were not observed.
pub fn outside(left: u64) -> String {
    let lie = if left == 1 { "spike lies" } else { "spikes lie" };
    format!("{} {lie} outside of the spans in which the recording was observed", grouped(left))
}

/// Over a gap there is no rate, and so no spectrum.
///
/// # Errors
/// Exit code 2 if not all of the window was observed.
pub fn expect_no_gap(file: &Path, spans: &Spans, window: (f64, f64)) -> Result<(), Failure> {
    if spans.cover(window.0, window.1) {
        return Ok(());
    }
    Err(Failure::input(format!(
        "{} was observed in {} of the window, not in all of it; choose a window without a gap for a spectrum: --start, --stop.",
        file.display(),
        counted(spans.count(), "span")
    )))
}

/// Whether some of these have to be looked at beside the columns of the recording: their columns' names, too, may hold `=`.
pub fn are_ambiguous(filter: &[String]) -> bool {
    filter.iter().any(|text| text.matches('=').count() > 1)
}

/// For each column of `COLUMN=VALUE` its values; of several columns of a recording that the text may begin with, it is the one with the longest name.
///
/// # Errors
/// Exit code 2 if one is written otherwise.
pub fn conditions(filter: &[String], recording: &Recording) -> Result<Vec<Condition>, Failure> {
    let mut conditions: Vec<Condition> = Vec::new();
    let columns = || recording.unit_columns.iter().map(|(name, _)| name);
    for text in filter {
        let named = |name: &&String| text.strip_prefix(name.as_str()).is_some_and(|rest| rest.starts_with('='));
        let longest = columns().filter(named).map(String::len).max();
        let split = longest.map(|end| (&text[..end], &text[end + 1..])).or_else(|| text.split_once('='));
        let Some((column, value)) = split.filter(|(column, _)| !column.is_empty()) else {
            return Err(Failure::input(format!("--where is {text:?}; expected COLUMN=VALUE, such as location=M1.")));
        };
        let value = Wanted::of_text(value);
        match conditions.iter_mut().find(|known| known.column == column) {
            Some(condition) => condition.values.push(value),
            None => conditions.push(Condition { column: column.to_string(), values: vec![value] }),
        }
    }
    Ok(conditions)
}

#[cfg(test)]
mod tests {
    use memspike::spikes::Column;

    use super::*;

    #[test]
    fn a_column_whose_name_holds_an_equals_sign_is_chosen_by_its_whole_name() {
        let column = |name: &str| (name.to_owned(), Column::Text(Vec::new()));
        let recording = Recording {
            unit_columns: vec![column("area"), column("area=sub"), column("a=b=")],
            ..Recording::default()
        };
        let read = |text: &str| {
            let found = conditions(&[text.to_owned()], &recording).unwrap().remove(0);
            (found.column, found.values)
        };
        let of = |column: &str, value: &str| (column.to_owned(), vec![Wanted::of_text(value)]);
        assert_eq!(read("area=sub=a=b"), of("area=sub", "a=b"));
        assert_eq!((read("area=sub"), read("area=x=y")), (of("area", "sub"), of("area", "x=y")));
        assert_eq!((read("a=b==7"), read("other=x=y")), (of("a=b=", "7"), of("other", "x=y")));
        assert!(conditions(&["area".to_owned()], &recording).is_err());
    }
}
