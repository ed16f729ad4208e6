//! The table of units.

use hdf5::{File, ObjectReference1};

use super::electrodes::TABLE;
use super::marker::Marker;
use super::table::{Names, TableWriter};
use crate::format::nwb::ID_IN_POPULATION;
use crate::format::result::attributes::{set, write_list};
use crate::format::write::column::Column as Numbers;
use crate::format::write::{Session, Unwritten, What, repeated};
use crate::spikes::{Column, HELD, Recording, each_train};

/// Columns whose types the schema says, and those that are written from elsewhere.
const RESERVED: [&str; 15] = [
    "id",
    ID_IN_POPULATION,
    "spike_times",
    "spike_times_index",
    "obs_intervals",
    "obs_intervals_index",
    "electrodes",
    "electrodes_index",
    "electrode_group",
    "waveform_mean",
    "waveform_sd",
    "waveforms",
    "waveforms_index",
    "waveforms_index_index",
    "resolution",
];

/// Writes the units; `electrodes` has the row of each unit's electrode, none of a unit without one.
pub(super) fn write(
    file: &File,
    marker: &Marker,
    what: &What,
    session: &Session,
    electrodes: Option<&[Option<usize>]>,
    notes: &mut Vec<String>,
) -> Result<(), Unwritten> {
    let (recording, units) = (what.recording, what.units());
    if units == 0 {
        return Ok(());
    }
    let mut table = TableWriter::new(file, "/units", "units", marker, "Units", "Units and their spike times")?;
    let mut end = 0;
    let ends: Vec<u64> = what
        .counts
        .iter()
        .map(|count| {
            end += count;
            end
        })
        .collect();
    let mut times = Numbers::<f64>::new(table.group(), "spike_times", end)?;
    let (all, mut done) = ((f64::NEG_INFINITY, f64::INFINITY), Ok(()));
    each_train(what.spikes, all, HELD, &mut |_, train| {
        if done.is_ok() {
            done = times.extend(train.iter().copied());
        }
    })?;
    done?;
    times.flush()?;
    let times = times.dataset();
    table.ragged(times, "spike_times", "VectorData", "Spike times of each unit in s", &ends)?;
    if let Some(resolution) = session.resolution.or_else(|| resolution(recording)) {
        set(times, "resolution", &resolution)?;
    }
    if !recording.observed.is_empty() {
        let spans = recording.observed.len();
        let dataset = table.group().new_dataset::<f64>().shape((units * spans, 2)).create("obs_intervals")?;
        let of_one = recording.observed.iter().flat_map(|(start, stop)| [*start, *stop]);
        dataset.write_raw(&of_one.cycle().take(2 * spans * units).collect::<Vec<f64>>())?;
        let ends: Vec<u64> = (1..=units).map(|unit| (unit * spans) as u64).collect();
        table.ragged(&dataset, "obs_intervals", "VectorData", "When each unit was observed, in s", &ends)?;
    }
    let mut names = Names::new(&RESERVED);
    if let Some(rows) = electrodes {
        let known: Vec<i64> = rows.iter().flatten().map(|row| *row as i64).collect();
        let region = write_list(table.group(), "electrodes", &known)?;
        let target: ObjectReference1 = file.reference(TABLE)?;
        region.new_attr::<ObjectReference1>().create("table")?.write_scalar(&target)?;
        let mut end = 0;
        let ends = rows.iter().map(|row| {
            end += u64::from(row.is_some());
            end
        });
        let ends: Vec<u64> = ends.collect();
        table.ragged(&region, "electrodes", "DynamicTableRegion", "The electrode of each unit", &ends)?;
    }
    if !recording.populations.is_empty() {
        let mut of = vec![String::new(); units];
        for (name, first, size) in &recording.populations {
            of.iter_mut().skip(*first).take(*size).for_each(|of| of.clone_from(name));
        }
        table.column(&names.free("population"), "Population of each unit", &Column::Text(of), None)?;
    }
    for (name, column) in &recording.unit_columns {
        let known = !recording.populations.is_empty() && name == "population";
        // What a unit has from its electrode stands in the table of electrodes.
        let of_electrodes = recording.electrodes.iter().find(|electrode| electrode.0 == *name);
        let from_electrode = electrodes.is_some_and(|rows| {
            name == "electrode" || of_electrodes.is_some_and(|electrode| is_of_electrodes(column, &electrode.1, rows))
        });
        if !known && !from_electrode {
            table.recorded(recording, "units", (name, &names.free(name)), column)?;
        }
    }
    notes.extend(names.told("columns of units"));
    let ids = what.spikes.unit_ids();
    let are_unique = repeated(ids).is_none();
    // By this column populations are told from a laboratory's own column of that name.
    if !are_unique || !recording.populations.is_empty() {
        table.integers(ID_IN_POPULATION, "Id of the unit within its population", ids)?;
    }
    if are_unique {
        return Ok(table.finish(ids)?);
    }
    // Ids of NWB are unique in the table; populations each count from 0.
    Ok(table.finish(&(0..units as i64).collect::<Vec<_>>())?)
}

/// Has each unit what its electrode has, and nothing without one? A column of units may have the name of one of electrodes and say something else.
fn is_of_electrodes(units: &Column, electrodes: &Column, rows: &[Option<usize>]) -> bool {
    match (units, electrodes) {
        (Column::Number(own), Column::Number(theirs)) => own.iter().zip(rows).all(|(own, row)| {
            let theirs = row.and_then(|row| theirs.get(row)).copied().unwrap_or(f64::NAN);
            *own == theirs || (own.is_nan() && theirs.is_nan())
        }),
        (Column::Text(own), Column::Text(theirs)) => own
            .iter()
            .zip(rows)
            .all(|(own, row)| *own == row.and_then(|row| theirs.get(row)).cloned().unwrap_or_default()),
        _ => false,
    }
}

/// The smallest difference between spike times \[s\], where the recording says it.
fn resolution(recording: &Recording) -> Option<f64> {
    // Model time counts picoseconds.
    if recording.format.starts_with("memspike") {
        return Some(1e-12);
    }
    let said = |label: &str, unit: &str| {
        let (_, text) = recording.about.iter().find(|(l, _)| l == label)?;
        text.strip_suffix(unit)?.trim().parse::<f64>().ok().filter(|number| *number > 0.0 && number.is_finite())
    };
    said("resolution", "s").or_else(|| said("sample rate", "Hz").map(|rate| 1.0 / rate))
}
