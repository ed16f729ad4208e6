//! NWB 2 (Neurodata Without Borders, Rübel et al. 2022, doi:10.7554/eLife.78362): units, behaviour, trials.
//!
//! Read: the `units` table with its electrodes, or a TimeSeries of binned counts where there is none; TimeSeries under
//! `processing` and `acquisition`; all TimeIntervals. Schema: <https://nwb-schema.readthedocs.io>.

mod counts;
mod electrodes;
mod intervals;
mod signals;
mod units;
mod walk;

use super::error::{Fault, FormatError};
use super::h5::{H5, join, list};
use super::listing::Wanted;
use crate::spikes::{Column, Recording};
pub(super) use units::spike_ends;

/// The spikes of all units.
pub(super) const SPIKE_TIMES: &str = "/units/spike_times";

/// Where behaviour belongs.
pub(super) const BEHAVIOR: &str = "/processing/behavior";

/// The column of units whose ids are unique only within their populations, which those of NWB may not be.
pub(super) const ID_IN_POPULATION: &str = "id_in_population";

/// What [`Recording::about`] calls the moment from which times are counted, where that is not the start of the session.
pub(super) const REFERENCE: &str = "times_since";

/// What the file itself says in words, as [`GENERAL`].
pub(super) const TOP: &[(&str, &str)] = &[
    ("session", "session_description"),
    ("identifier", "identifier"),
    ("start", "session_start_time"),
    (REFERENCE, "timestamps_reference_time"),
];

/// What `/general` says in words: what it is called in [`Recording::about`], and in the file. Of a list each entry is one there.
pub(super) const GENERAL: &[(&str, &str)] = &[
    ("session_id", "session_id"),
    ("experimenter", "experimenter"),
    ("lab", "lab"),
    ("institution", "institution"),
    ("experiment", "experiment_description"),
    ("keywords", "keywords"),
    ("related_publications", "related_publications"),
    ("notes", "notes"),
    ("protocol", "protocol"),
    ("data_collection", "data_collection"),
    ("surgery", "surgery"),
    ("virus", "virus"),
    ("pharmacology", "pharmacology"),
    ("slices", "slices"),
    ("stimulus", "stimulus"),
];

/// Those of `/general` that are lists.
pub(super) const LISTS: [&str; 3] = ["experimenter", "keywords", "related_publications"];

/// What `/general/subject` says in words.
pub(super) const SUBJECT: &[(&str, &str)] = &[
    ("subject", "subject_id"),
    ("species", "species"),
    ("sex", "sex"),
    ("age", "age"),
    ("genotype", "genotype"),
    ("strain", "strain"),
    ("weight", "weight"),
    ("date_of_birth", "date_of_birth"),
    ("subject_description", "description"),
];

/// What of `/general` is read elsewhere, or written anew for what is.
const TABLES: [&str; 3] = ["subject", "devices", "extracellular_ephys"];

/// What of the file is read, or written anew; of `stimulus` the rest is told by itself.
const ROOT: [&str; 12] = [
    "acquisition",
    "file_create_date",
    "general",
    "identifier",
    "intervals",
    "processing",
    "session_description",
    "session_start_time",
    "specifications",
    "stimulus",
    "timestamps_reference_time",
    "units",
];

/// Whether this is an NWB file.
pub(super) fn recognise(h5: &H5) -> bool {
    h5.attr_text("/", "nwb_version").is_some()
}

/// Reads an NWB 2 file.
///
/// # Errors
/// If it is of another version, or if a table in it can't be.
pub(super) fn read(h5: &H5, wanted: &mut Wanted) -> Result<Recording, FormatError> {
    let version = h5.attr_text("/", "nwb_version").unwrap_or_default();
    if !version.trim_start_matches("NWB-").starts_with('2') {
        let message = format!("is NWB {version}, expected NWB 2; convert it with the NWB tools");
        return Err(h5.error("/", Fault::UnknownLayout, message));
    }
    let mut recording = Recording { format: format!("NWB {version}"), about: about(h5), ..Recording::default() };
    links(h5, &mut recording)?;
    let found = walk::find(h5);
    let series = &found.series;
    if h5.is_dataset(SPIKE_TIMES) {
        units::read(h5, wanted, &mut recording)?;
    } else if let Some(place) = series.iter().find(|place| counts::recognise(h5, place)) {
        counts::read(h5, place, wanted, &mut recording)?;
    } else {
        recording.notes.push("the file has neither a units table with spike_times nor binned spike counts".to_owned());
    }
    if !wanted.beside() {
        return Ok(recording);
    }
    let (counts, signals): (Vec<&String>, Vec<&String>) = series.iter().partition(|place| counts::recognise(h5, place));
    for place in signals {
        signals::read(h5, place, &mut recording)?;
    }
    remark(h5, "/general/subject/age", "reference", "subject/age", &mut recording);
    electrodes::read(h5, &mut recording)?;
    intervals::read(h5, &found.intervals, &mut recording)?;
    // Of counts those are read that spikes come from, where there are no times of them.
    let unread = counts.into_iter().skip(usize::from(!h5.is_dataset(SPIKE_TIMES)));
    let left = found.rest.iter().chain(unread).cloned().collect::<Vec<_>>();
    if !left.is_empty() {
        recording.notes.push(format!("what is neither a signal nor intervals is left out: {}", list(&left)));
    }
    for (place, read) in [("/general", GENERAL), ("/general/subject", SUBJECT)] {
        let known = |name: &str| read.iter().any(|(_, known)| *known == name) || TABLES.contains(&name);
        let rest: Vec<String> = h5.members(place).into_iter().filter(|name| !known(name)).collect();
        if !rest.is_empty() {
            recording.notes.push(format!("of {place} is left out: {}", list(&rest)));
        }
    }
    let unknown =
        h5.members("/").into_iter().filter(|name| !ROOT.contains(&name.as_str())).map(|name| join("/", &name));
    for place in ["/stimulus/presentation", "/stimulus/templates"].map(str::to_owned).into_iter().chain(unknown) {
        let there = h5.members(&place);
        if !there.is_empty() {
            recording.notes.push(format!("{place} is left out: {}", list(&there)));
        }
    }
    Ok(recording)
}

/// Refuses links without a target that the spikes would be behind, and notes others of the top level and of tables.
fn links(h5: &H5, recording: &mut Recording) -> Result<(), FormatError> {
    const NEEDED: [&str; 6] = [
        "/units",
        "/units/id",
        SPIKE_TIMES,
        "/units/spike_times_index",
        "/units/obs_intervals",
        "/units/obs_intervals_index",
    ];
    let tables = h5.members("/intervals").into_iter().map(|name| join("/intervals", &name));
    for group in ["/", "/units", "/intervals"].map(str::to_owned).into_iter().chain(tables) {
        for name in h5.dangling(&group) {
            let place = join(&group, &name);
            if NEEDED.contains(&place.as_str()) {
                return Err(h5.nowhere(&place));
            }
            recording.notes.push(format!("{place} is a link that leads nowhere; it is left out"));
        }
    }
    Ok(())
}

fn about(h5: &H5) -> Vec<(String, String)> {
    let groups = [("/", TOP), ("/general/subject", SUBJECT), ("/general", GENERAL)];
    let entries = groups.iter().flat_map(|(group, fields)| fields.iter().map(move |field| (*group, *field)));
    let read = |(group, (label, name)): (&str, (&'static str, &'static str))| {
        let place = join(group, name);
        let texts = if LISTS.contains(&name) && h5.is_dataset(&place) {
            h5.texts(&place).unwrap_or_default()
        } else {
            h5.text(&place).into_iter().collect()
        };
        texts.into_iter().filter(|text| !text.is_empty()).map(|text| (label.to_owned(), text)).collect::<Vec<_>>()
    };
    let mut about: Vec<(String, String)> = entries.flat_map(read).collect();
    // It says something where it is not the start of the session, as it mostly is.
    let start = about.iter().find(|(label, _)| label == "start").map(|(_, text)| text.clone());
    about.retain(|(label, text)| label != REFERENCE || start.as_ref() != Some(text));
    about
}

/// Notes another unit of times than seconds: NWB has no other, so whoever wrote it may have meant either.
fn expect_seconds(h5: &H5, place: &str, recording: &mut Recording) {
    if let Some(unit) = h5.attr_text(place, "unit")
        && !["s", "sec", "second", "seconds"].contains(&unit.to_lowercase().as_str())
    {
        recording.notes.push(format!(
            "the unit of {place} is said to be {unit:?}, but NWB has seconds only, for which its times are taken"
        ));
    }
}

/// A table that is being read: its place, and what its columns are called in [`Recording::kinds`].
struct Table<'a> {
    h5: &'a H5<'a>,
    place: &'a str,
    called: &'a str,
    /// Columns of whole numbers that no double is.
    rounded: Vec<String>,
}

impl<'a> Table<'a> {
    fn new(h5: &'a H5<'a>, place: &'a str, called: &'a str) -> Table<'a> {
        Table { h5, place, called, rounded: Vec::new() }
    }

    /// The column of this name, if it has one number or word for each of so many rows. What else the file says of it goes into the recording.
    fn column(&mut self, name: &str, rows: usize, recording: &mut Recording) -> Result<Option<Column>, FormatError> {
        let place = join(self.place, name);
        let found = if self.h5.is_dataset(&place) { self.h5.stored(&place)? } else { None };
        let Some(found) = found.filter(|found| found.column.len() == rows) else { return Ok(None) };
        let called = format!("{}/{name}", self.called);
        remark(self.h5, &place, "description", &called, recording);
        recording.kinds.extend(found.kind.map(|kind| (called, kind)));
        if found.rounded {
            self.rounded.push(name.to_owned());
        }
        Ok(Some(found.column))
    }

    /// Notes which columns have whole numbers that no double is: columns of numbers are doubles.
    fn tell(self, recording: &mut Recording) {
        if !self.rounded.is_empty() {
            recording.notes.push(format!(
                "whole numbers beyond 2^53 in columns of {} are rounded to doubles: {}",
                self.place,
                list(&self.rounded)
            ));
        }
    }
}

/// What writers put where a text must stand and nobody gave one; checkers of files find fault with it.
const PLACEHOLDERS: [&str; 2] = ["no description", "no comments"];

/// Keeps a text that stands at an object, for who writes the recording again.
fn remark(h5: &H5, place: &str, name: &str, called: &str, recording: &mut Recording) {
    let text = h5.attr_text(place, name).filter(|text| !text.is_empty() && !PLACEHOLDERS.contains(&text.as_str()));
    recording.remarks.extend(text.map(|text| (format!("{called}/{name}"), text)));
}
