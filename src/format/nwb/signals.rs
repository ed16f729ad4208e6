//! TimeSeries: groups with `data` and either `timestamps` or `starting_time` and a rate.

use super::{BEHAVIOR, expect_seconds, remark};
use crate::format::error::{Fault, FormatError};
use crate::format::h5::{H5, join};
use crate::spikes::{Recording, Signal};
use crate::units::shown;

/// Raw voltage of many channels is not behaviour: wider series, and longer ones, are left out with a note.
const MAX_WIDTH: usize = 64;
const MAX_VALUES: usize = 50_000_000;

/// Why a series of this shape is not read; none if it is.
fn unlike_behaviour(shape: &[usize]) -> Option<String> {
    let width: usize = shape.iter().skip(1).product();
    if shape.is_empty() || shape.len() > 2 {
        return Some("signals of behaviour have one or two dimensions".to_owned());
    }
    if width > MAX_WIDTH {
        return Some(format!("signals of behaviour have at most {MAX_WIDTH} columns"));
    }
    let values = shape.iter().product::<usize>();
    (values > MAX_VALUES).then(|| format!("signals of behaviour have at most {MAX_VALUES} values"))
}

/// Reads one TimeSeries in its own unit: data * conversion + offset, of an ElectricalSeries data * conversion * channel_conversion + offset.
pub(super) fn read(h5: &H5, place: &str, recording: &mut Recording) -> Result<(), FormatError> {
    let data_place = join(place, "data");
    let shape = h5.shape(&data_place)?;
    let width: usize = shape.iter().skip(1).product();
    if let Some(why) = unlike_behaviour(&shape) {
        recording.notes.push(format!("{place} has the shape {shape:?} and is left out: {why}"));
        return Ok(());
    }
    let mut data = match h5.numbers(&data_place) {
        Ok(numbers) => numbers.data,
        Err(error) if error.fault == Fault::WrongType => {
            recording.notes.push(format!("{place} doesn't hold numbers and is left out"));
            return Ok(());
        }
        Err(error) => return Err(error),
    };
    if h5.has_rounded(&h5.dataset(&data_place)?, &data) {
        recording.notes.push(format!("whole numbers beyond 2^53 in {data_place} are rounded to doubles"));
    }
    let factor = h5.attr_number(&data_place, "conversion").unwrap_or(1.0);
    let offset = h5.attr_number(&data_place, "offset").unwrap_or(0.0);
    if !(factor.is_finite() && offset.is_finite()) {
        let message = format!("has the conversion {factor} and the offset {offset}, expected finite numbers");
        return Err(h5.error(&data_place, Fault::Invalid, message));
    }
    match channels(h5, place, width)? {
        Some(channels) => {
            let of = channels.iter().cycle();
            data.iter_mut().zip(of).for_each(|(value, own)| *value = *value * factor * own + offset);
        }
        None if factor != 1.0 || offset != 0.0 => {
            data.iter_mut().for_each(|value| *value = *value * factor + offset);
        }
        None => {}
    }
    // One that a camera or a clock has spoilt is no reason to read none of the others, nor the spikes.
    let times = match times(h5, place, shape[0]) {
        Ok(times) => times,
        Err(Unusable::Spoilt { place: of, why }) => {
            recording.notes.push(format!("{place} is left out: {of} {why}"));
            return Ok(());
        }
        Err(Unusable::Unread(error)) => return Err(error),
    };
    for stamps in ["timestamps", "starting_time"].map(|stamps| join(place, stamps)) {
        expect_seconds(h5, &stamps, recording);
    }
    let unit = h5.attr_text(&data_place, "unit").unwrap_or_default();
    let name = name(place, recording);
    let called = format!("signals/{name}");
    for text in ["description", "comments"] {
        remark(h5, place, text, &called, recording);
    }
    if let Some(resolution) = h5.attr_number(&data_place, "resolution").filter(|resolution| *resolution > 0.0) {
        recording.remarks.push((format!("{called}/resolution"), resolution.to_string()));
    }
    let kind = h5.attr_text(place, "neurodata_type").unwrap_or_default();
    if kind != "TimeSeries" || place.rsplit_once('/').is_none_or(|(parent, _)| parent != BEHAVIOR) {
        recording.remarks.push((format!("{called}/was"), format!("{kind} {place}").trim().to_owned()));
    }
    recording.signals.push(Signal { name, unit, times, data, width });
    Ok(())
}

/// The factor of each channel of an ElectricalSeries, beside that of all.
fn channels(h5: &H5, place: &str, width: usize) -> Result<Option<Vec<f64>>, FormatError> {
    let place = join(place, "channel_conversion");
    if !h5.is_dataset(&place) {
        return Ok(None);
    }
    let factors = h5.list(&place)?;
    if factors.len() != width {
        let message = format!("has {} entries, expected one for each of the {width} channels", factors.len());
        return Err(h5.error(&place, Fault::Invalid, message));
    }
    Ok(Some(factors))
}

/// Why there are no sample times.
pub(super) enum Unusable {
    /// They can't be read, or are not as many as samples.
    Unread(FormatError),
    /// They can't be times of samples: where they are, and why.
    Spoilt { place: String, why: String },
}

impl Unusable {
    /// An error of either.
    pub fn error(self, h5: &H5) -> FormatError {
        match self {
            Unusable::Unread(error) => error,
            Unusable::Spoilt { place, why } => h5.error(&place, Fault::Invalid, why),
        }
    }
}

impl From<FormatError> for Unusable {
    fn from(error: FormatError) -> Unusable {
        Unusable::Unread(error)
    }
}

/// The sample times of a TimeSeries \[s\], checked: as many as samples, finite, not decreasing.
pub(super) fn times(h5: &H5, place: &str, samples: usize) -> Result<Vec<f64>, Unusable> {
    let stamps = join(place, "timestamps");
    if !h5.is_dataset(&stamps) {
        return regular_times(h5, place, samples);
    }
    let times = h5.list(&stamps)?;
    if times.len() != samples {
        let message =
            format!("has {} entries, expected one for each of the {samples} samples in {place}/data", times.len());
        return Err(h5.error(&stamps, Fault::Invalid, message).into());
    }
    if let Some(bad) = times.iter().position(|t| !t.is_finite()) {
        let why = format!("entry {bad} is {}, expected a finite number of seconds", times[bad]);
        return Err(Unusable::Spoilt { place: stamps, why });
    }
    if let Some(bad) = times.windows(2).position(|pair| pair[1] < pair[0]) {
        let why = format!(
            "decreases from {} s to {} s at entry {}, expected times that don't",
            shown(times[bad]),
            shown(times[bad + 1]),
            bad + 1
        );
        return Err(Unusable::Spoilt { place: stamps, why });
    }
    Ok(times)
}

fn regular_times(h5: &H5, place: &str, samples: usize) -> Result<Vec<f64>, Unusable> {
    let start_place = join(place, "starting_time");
    let start = h5.numbers(&start_place)?.data.first().copied().unwrap_or(f64::NAN);
    let rate = h5.attr_number(&start_place, "rate").unwrap_or(f64::NAN);
    if !start.is_finite() || !rate.is_finite() || rate <= 0.0 {
        let why = format!("is {start} s with the rate {rate} Hz, expected a finite time and an attribute rate above 0");
        return Err(Unusable::Spoilt { place: start_place, why });
    }
    Ok((0..samples).map(|i| start + i as f64 / rate).collect())
}

/// The last part of the path, or more of it where two series would share a name.
fn name(place: &str, recording: &Recording) -> String {
    let taken = |name: &str| recording.signals.iter().any(|s| s.name == name);
    let mut cut = place.len();
    while let Some(at) = place[..cut].rfind('/') {
        if !taken(&place[at + 1..]) {
            return place[at + 1..].to_owned();
        }
        cut = at;
    }
    place.to_owned()
}
