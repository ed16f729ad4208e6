//! NWB 2 (Rübel et al. 2022, doi:10.7554/eLife.78362; schema: <https://nwb-schema.readthedocs.io>).
//!
//! | where | what |
//! |---|---|
//! | `/units` | spike times \[s\], ids, observation intervals, columns; `population` where there are several |
//! | `/processing/behavior` | signals, as TimeSeries |
//! | `/intervals` | trials and other tables |
//! | `/general` | session, subject, devices, electrodes |

mod behavior;
mod electrodes;
mod marker;
mod table;
mod units;

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::path::Path;

use hdf5::{File, Group};

use self::marker::Marker;
use self::table::{Names, TableWriter, whole};
use super::{Session, Unwritten, What, repeated};
use crate::format::h5::list;
use crate::format::new_hdf5;
use crate::format::nwb::{BEHAVIOR, GENERAL, ID_IN_POPULATION, LISTS, SUBJECT, TOP};
use crate::format::result::attributes::{set_text, stored, write_list};
use crate::spikes::{Column, Recording, Signal, SourceError};

/// The version of the schema that is followed.
const VERSION: &str = "2.7.0";

/// Writes all of a recording.
pub(super) fn write(part: &Path, what: &What, session: &Session) -> Result<Vec<String>, Unwritten> {
    new_hdf5::fill(part, |file| fill(file, what, session))
}

fn fill(file: &File, what: &What, session: &Session) -> Result<Vec<String>, Unwritten> {
    let (recording, mut notes) = (what.recording, Vec::new());
    let marker = Marker::new(seed(what)?);
    marker.mark(file, "/", "NWBFile")?;
    set_text(file, "nwb_version", VERSION)?;
    let about = |label: &str| recording.about.iter().find(|(l, text)| l == label && !text.is_empty());
    let or_about = |given: &Option<String>, label: &str| given.clone().or_else(|| about(label).map(|a| a.1.clone()));
    text(
        file,
        "identifier",
        // Not the recording's own: this is another file, and may hold a part of it.
        &session.identifier.clone().filter(|given| !given.is_empty()).unwrap_or_else(|| marker.uuid("identifier")),
    )?;
    let description = or_about(&session.description, "session").unwrap_or_else(|| {
        format!("Spikes converted by memspike {} from: {}", env!("CARGO_PKG_VERSION"), recording.format)
    });
    text(file, "session_description", &description)?;
    text(file, "session_start_time", &session.start)?;
    text(file, "timestamps_reference_time", session.reference.as_ref().unwrap_or(&session.start))?;
    texts(file, "file_create_date", std::slice::from_ref(&session.written))?;
    for name in ["acquisition", "analysis", "processing", "stimulus", "general"] {
        file.create_group(name)?;
    }
    for name in ["stimulus/presentation", "stimulus/templates"] {
        file.create_group(name)?;
    }
    general(&file.group("general")?, &marker, session, recording)?;
    let electrodes = electrodes::write(file, &marker, recording, &mut notes)?;
    units::write(file, &marker, what, session, electrodes.as_deref(), &mut notes)?;
    if recording.populations.is_empty()
        && let Some(id) = repeated(what.spikes.unit_ids())
    {
        notes.push(format!(
            "several units have the id {id}: they are numbered from 0, their ids are in the column {ID_IN_POPULATION}"
        ));
    }
    behavior::write(file, &marker, recording, &mut notes)?;
    intervals(file, &marker, recording, &mut notes)?;
    notes.extend(anew(recording));
    Ok(notes)
}

/// From the spikes, so that the same recording always makes the same file. A sum over them does not depend on the order in which they come,
/// so they come in the one that takes least.
fn seed(what: &What) -> Result<u64, SourceError> {
    let mut sum = 0u64;
    what.spikes.runs(0..what.units(), (f64::NEG_INFINITY, f64::INFINITY), &mut |times, units| {
        let spikes = times.iter().zip(units);
        sum = spikes.fold(sum, |sum, (time, unit)| sum.wrapping_add(mixed(mixed(time.to_bits()) ^ u64::from(*unit))));
    })?;
    let mut hasher = DefaultHasher::new();
    hasher.write_u64(sum);
    hasher.write_u64(what.total());
    what.spikes.unit_ids().hash(&mut hasher);
    what.recording.about.hash(&mut hasher);
    Ok(hasher.finish())
}

/// Spreads every bit over all (the finaliser of SplitMix64: Steele, Lea & Flood 2014, doi:10.1145/2660193.2660195).
fn mixed(word: u64) -> u64 {
    let word = word.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

/// Writes one text.
fn text(group: &Group, name: &str, text: &str) -> hdf5::Result<()> {
    group.new_dataset::<hdf5::types::VarLenUnicode>().create(name)?.write_scalar(&stored(text))
}

/// Writes a list of texts.
fn texts(group: &Group, name: &str, texts: &[String]) -> hdf5::Result<()> {
    write_list(group, name, &texts.iter().map(|text| stored(text)).collect::<Vec<_>>()).map(drop)
}

fn general(general: &Group, marker: &Marker, session: &Session, recording: &Recording) -> hdf5::Result<()> {
    let subject = &session.subject;
    // What is said beside the recording goes before what it says itself.
    let of = |label: &str| -> Vec<String> {
        let given = match label {
            "experimenter" => session.experimenters.clone(),
            "keywords" => session.keywords.clone(),
            _ => {
                let given = match label {
                    "session_id" => &session.id,
                    "experiment" => &session.experiment,
                    "institution" => &session.institution,
                    "lab" => &session.lab,
                    "subject" => &subject.id,
                    "species" => &subject.species,
                    "sex" => &subject.sex,
                    "age" => &subject.age,
                    "subject_description" => &subject.description,
                    _ => &None,
                };
                given.iter().cloned().collect()
            }
        };
        if label == "notes" {
            return noted(recording);
        }
        let said = recording.about.iter().filter(|(l, text)| l == label && !text.is_empty());
        if given.is_empty() { said.map(|(_, text)| text.clone()).collect() } else { given }
    };
    for (label, name) in GENERAL {
        match &of(label)[..] {
            [] => {}
            all if LISTS.contains(name) => texts(general, name, all)?,
            [first, ..] => text(general, name, first)?,
        }
    }
    let fields: Vec<(&str, String)> =
        SUBJECT.iter().filter_map(|(label, name)| Some((*name, of(label).into_iter().next()?))).collect();
    if fields.is_empty() {
        return Ok(());
    }
    let place = general.create_group("subject")?;
    marker.mark(&place, "/general/subject", "Subject")?;
    for (name, value) in fields {
        text(&place, name, &value)?;
        if name == "age" {
            // From when the recording's own age counts.
            let said = recording.remark("subject/age/reference").filter(|_| subject.age.is_none());
            set_text(&*place.dataset("age")?, "reference", said.unwrap_or("birth"))?;
        }
    }
    Ok(())
}

/// The notes of a recording, and what else it says that NWB has no field for.
fn noted(recording: &Recording) -> Vec<String> {
    let told = |label: &str| {
        let fields =
            [TOP, SUBJECT, GENERAL].into_iter().flatten().any(|(known, _)| *known == label && label != "notes");
        // These are the resolution of spike times, and the session's start.
        fields || ["resolution", "sample rate", "started_utc"].contains(&label)
    };
    let said = recording.about.iter().filter(|(label, text)| !told(label) && !text.is_empty());
    let said = said.map(|(label, text)| if label == "notes" { text.clone() } else { format!("{label}: {text}") });
    let said = said.collect::<Vec<_>>().join("; ");
    if said.is_empty() { Vec::new() } else { vec![said] }
}

/// Says what else of another NWB file is written anew, or not at all.
fn anew(recording: &Recording) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(devices) = recording.remark("devices") {
        notes.push(format!("devices are left out, groups of electrodes are on one, `array`: {devices}"));
    }
    let was = |signal: &Signal| recording.remark(&format!("signals/{}/was", signal.name));
    let were: Vec<String> = recording.signals.iter().filter_map(was).map(str::to_owned).collect();
    if !were.is_empty() {
        notes.push(format!(
            "signals are plain TimeSeries in {BEHAVIOR}, without what others say beside unit, description and comments: {}",
            list(&were)
        ));
    }
    notes
}

fn intervals(file: &File, marker: &Marker, recording: &Recording, notes: &mut Vec<String>) -> hdf5::Result<()> {
    if recording.intervals.is_empty() {
        return Ok(());
    }
    let root = file.create_group("intervals")?;
    let mut tables = Names::new(&[]);
    for table in &recording.intervals {
        let name = tables.free(&table.name);
        let place = format!("/intervals/{name}");
        let called = format!("intervals/{}", table.name);
        let said = |of: &str, otherwise: String| {
            recording.remark(&format!("{called}{of}/description")).map_or(otherwise, str::to_owned)
        };
        let description = said("", format!("Intervals of the recording: {}", table.name));
        let mut out = TableWriter::new(&root, &place, &name, marker, "TimeIntervals", &description)?;
        let start = said("/start_time", "Start of the interval in s".to_owned());
        out.numbers("start_time", &start, &table.start)?;
        out.numbers("stop_time", &said("/stop_time", "End of the interval in s".to_owned()), &table.stop)?;
        // These two would have to be of other types; the rest is taken or belongs to the table.
        let mut names =
            Names::new(&["id", "start_time", "stop_time", "tags", "tags_index", "timeseries", "timeseries_index"]);
        // A recording's own numbers of its rows, where they are such.
        let id = table.columns.iter().find_map(|(name, column)| match column {
            Column::Number(ids) if name == "id" => ids.iter().map(|id| whole(*id)).collect::<Option<Vec<i64>>>(),
            _ => None,
        });
        let ids = id.filter(|ids| repeated(ids).is_none());
        for (name, column) in table.columns.iter().filter(|(name, _)| ids.is_none() || name != "id") {
            out.recorded(recording, &called, (name, &names.free(name)), column)?;
        }
        notes.extend(names.told(&format!("columns of {}", table.name)));
        out.finish(&ids.unwrap_or_else(|| (0..table.start.len() as i64).collect()))?;
    }
    notes.extend(tables.told("intervals"));
    Ok(())
}
