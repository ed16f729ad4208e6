//! Plain HDF5 of binned counts, as the motor-cortex reaching files have it: trials one after another.
//!
//! `spike_counts` `[bins, units]`, `bin_in_trial`, `trial_start_bin`, `trial_n_bins`, `target`, and signals
//! `[bins, n]` such as `hand_vel`, one row per bin; attribute `bin_size_s`. Only bins within trials
//! exist, so the time axis is made up: trials lie end to end with 1 s between them.

use super::bins::{self, Bins};
use super::error::{Fault, FormatError};
use super::h5::{H5, Numbers};
use super::listing::Wanted;
use crate::spikes::{Column, IntervalTable, Recording, Signal};

const COUNTS: &str = "/spike_counts";
/// Datasets that are not signals.
const TABLES: &[&str] = &["spike_counts", "bin_in_trial", "trial_id", "target", "trial_start_bin", "trial_n_bins"];
/// Time between the end of a trial and the start of the next \[s\].
const BETWEEN_TRIALS: f64 = 1.0;

/// Whether this is a file of binned counts.
pub(super) fn recognise(h5: &H5) -> bool {
    h5.is_dataset(COUNTS) && h5.attr_number("/", "bin_size_s").is_some()
}

/// Reads a file of binned counts.
///
/// # Errors
/// If the counts, the trials or the signals don't fit together.
pub(super) fn read(h5: &H5, wanted: &mut Wanted) -> Result<Recording, FormatError> {
    let width = h5.attr_number("/", "bin_size_s").unwrap_or(f64::NAN);
    if !(width.is_finite() && width > 0.0) {
        let message = format!("the attribute bin_size_s is {width}, expected a number of seconds above 0");
        return Err(h5.error("/", Fault::Invalid, message));
    }
    let counts = h5.table(COUNTS)?;
    let layout = lay_out(h5, counts.rows, width)?;
    let bins = Bins { units: counts.width, starts: &layout.starts, width };
    let unfit = |message| h5.error(COUNTS, Fault::Invalid, message);
    bins.give(wanted, counts.at_once(), |bins| counts.numbers(h5, bins), unfit)?;
    let mut recording = Recording {
        format: format!("HDF5, counts in bins of {} ms", width * 1e3),
        about: about(h5),
        observed: bins.observed(),
        intervals: vec![layout.trials],
        ..Recording::default()
    };
    recording.spikes.unit_ids = bins.ids();
    if !wanted.beside() {
        return Ok(recording);
    }
    recording.notes.push(format!("spikes come from counts; {}", bins::note(width)));
    recording.notes.push(format!(
        "the file has no times between trials: trials lie end to end with {BETWEEN_TRIALS} s between them, and a bin that the \
         file leaves out of a trial is a gap"
    ));
    signals(h5, &layout.starts, width, &mut recording)?;
    Ok(recording)
}

struct Layout {
    /// Start of each bin \[s\].
    starts: Vec<f64>,
    trials: IntervalTable,
}

/// The time of every bin: its trial's start plus its place in the trial.
fn lay_out(h5: &H5, bins: usize, width: f64) -> Result<Layout, FormatError> {
    let first = h5.integers("/trial_start_bin")?;
    let length = h5.integers("/trial_n_bins")?;
    let in_trial = h5.integers("/bin_in_trial")?;
    expect_rows(h5, "/bin_in_trial", in_trial.len(), bins)?;
    expect_rows(h5, "/trial_n_bins", length.len(), first.len())?;
    let target = if h5.is_dataset("/target") { Some(h5.list("/target")?) } else { None };
    if let Some(target) = &target {
        expect_rows(h5, "/target", target.len(), bins)?;
    }
    let mut trials = IntervalTable { name: "trials".to_owned(), ..IntervalTable::default() };
    let mut targets = Vec::new();
    let (mut starts, mut clock) = (Vec::with_capacity(bins), 0.0);
    for (trial, (&from, &count)) in first.iter().zip(&length).enumerate() {
        let follows = usize::try_from(from).is_ok_and(|from| from == starts.len());
        if !follows || count < 1 || count as usize > bins - starts.len() {
            let message = format!(
                "trial {trial} starts at bin {from} and has {count} bins, expected trials of at least one bin, one after \
                 another from bin {} on, within {bins} bins",
                starts.len()
            );
            return Err(h5.error("/trial_start_bin", Fault::Invalid, message));
        }
        let range = starts.len()..starts.len() + count as usize;
        let places = &in_trial[range.clone()];
        if places[0] < 0 || places.windows(2).any(|pair| pair[1] <= pair[0]) {
            let message =
                format!("doesn't increase from 0 within trial {trial} (bins {} to {})", range.start, range.end - 1);
            return Err(h5.error("/bin_in_trial", Fault::Invalid, message));
        }
        starts.extend(places.iter().map(|&place| clock + place as f64 * width));
        let stop = clock + (places[places.len() - 1] + 1) as f64 * width;
        trials.start.push(clock);
        trials.stop.push(stop);
        targets.extend(target.as_ref().map(|t| t[range.start]));
        clock = stop + BETWEEN_TRIALS;
    }
    expect_rows(h5, "/trial_n_bins (its sum)", starts.len(), bins)?;
    if target.is_some() {
        trials.columns.push(("target".to_owned(), Column::Number(targets)));
    }
    if h5.is_dataset("/trial_id") {
        let ids = h5.list("/trial_id")?;
        expect_rows(h5, "/trial_id", ids.len(), bins)?;
        let of_trials = first.iter().map(|&bin| ids[bin as usize]).collect();
        trials.columns.push(("trial_id".to_owned(), Column::Number(of_trials)));
    }
    Ok(Layout { starts, trials })
}

fn expect_rows(h5: &H5, place: &str, found: usize, expected: usize) -> Result<(), FormatError> {
    if found == expected {
        return Ok(());
    }
    Err(h5.error(place, Fault::Invalid, format!("has {found} entries, expected {expected}")))
}

/// Every other numeric dataset with one row per bin is a signal, sampled at the bin's centre.
fn signals(h5: &H5, starts: &[f64], width: f64, recording: &mut Recording) -> Result<(), FormatError> {
    for name in h5.members("/") {
        let place = format!("/{name}");
        if TABLES.contains(&name.as_str()) || !h5.is_dataset(&place) {
            continue;
        }
        let samples: Numbers = match h5.numbers(&place) {
            Ok(samples) if samples.shape.first() == Some(&starts.len()) && samples.shape.len() <= 2 => samples,
            Ok(_) => {
                recording.notes.push(format!("{place} has not one row per bin and is left out"));
                continue;
            }
            Err(error) if error.fault == Fault::WrongType => continue,
            Err(error) => return Err(error),
        };
        let times = starts.iter().map(|start| start + 0.5 * width).collect();
        let unit = h5.attr_text(&place, "unit").unwrap_or_default();
        recording.signals.push(Signal { name, unit, times, width: samples.width(), data: samples.data });
    }
    Ok(())
}

fn about(h5: &H5) -> Vec<(String, String)> {
    let entry = |&label: &&str| h5.attr_text("/", label).map(|text| (label.to_owned(), text));
    ["session", "subject", "task", "area", "source", "note"].iter().filter_map(entry).collect()
}
