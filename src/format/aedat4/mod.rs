//! AEDAT 4 (iniVation DV, <https://docs.inivation.com>): events of a vision sensor, the address-event representation.
//!
//! `#!AER-DAT4.0\r\n`, the length of a header and the header (a FlatBuffer: compression, where the index at the end lies, and
//! streams as XML), then packets: stream, length, and a FlatBuffer, perhaps compressed. Events, triggers and
//! inertial samples are read; frames are left out. The units are all pixels, one for each polarity:
//! 2 (y width + x), and one more for a pixel that becomes brighter.

mod flat;
mod packets;
mod streams;

use super::error::{Fault, FormatError};
use super::plain::Plain;
use crate::spikes::{Column, IntervalTable, Recording, Signal, SpikeTable};
use packets::Content;
use streams::Stream;

const MAGIC: &[u8] = b"#!AER-DAT4.0\r\n";
/// Pixels times polarities: more than any sensor has.
const MAX_UNITS: usize = 1 << 24;
const MICROSECONDS: f64 = 1e6;

/// Whether a file begins as one of AEDAT 4.
pub(super) fn recognise(plain: &Plain) -> bool {
    plain.head.starts_with(MAGIC)
}

/// Reads events, triggers and inertial samples; time 0 is the first of them.
///
/// # Errors
/// If the header or a packet is damaged.
pub(super) fn read(plain: &Plain) -> Result<Recording, FormatError> {
    let bytes = plain.read()?;
    let header = streams::header(plain, &bytes)?;
    let content = packets::read(plain, &bytes, &header)?;
    let first = content.first().unwrap_or(0);
    let mut recording = Recording { format: "AEDAT 4.0".to_owned(), ..Recording::default() };
    recording.about.push(("time 0".to_owned(), format!("{first} microseconds on the sensor's clock")));
    for stream in &header.streams {
        let size = stream.size.map_or(String::new(), |(w, h)| format!(", {w} x {h}"));
        recording.about.push((format!("stream {}", stream.id), format!("{} ({}{size})", stream.name, stream.kind)));
    }
    events(plain, &content, &header.streams, first, &mut recording)?;
    if !content.triggers.is_empty() {
        let start: Vec<f64> = content.triggers.iter().map(|trigger| seconds(trigger.0, first)).collect();
        let kinds = content.triggers.iter().map(|trigger| f64::from(trigger.1)).collect();
        let columns = vec![("type".to_owned(), Column::Number(kinds))];
        recording.intervals.push(IntervalTable { name: "triggers".to_owned(), stop: start.clone(), start, columns });
    }
    for (name, unit, from) in [("acceleration", "g", 0), ("rotation", "deg/s", 3)] {
        if !content.inertia.is_empty() {
            recording.signals.push(Signal {
                name: name.to_owned(),
                unit: unit.to_owned(),
                times: content.inertia.iter().map(|sample| seconds(sample.0, first)).collect(),
                data: content.inertia.iter().flat_map(|sample| sample.1[from..from + 3].to_vec()).collect(),
                width: 3,
            });
        }
    }
    if content.left_out > 0 {
        recording
            .notes
            .push(format!("{} packets that hold no events (frames and others) are left out", content.left_out));
    }
    Ok(recording)
}

fn seconds(time: i64, first: i64) -> f64 {
    time.saturating_sub(first) as f64 / MICROSECONDS
}

fn events(
    plain: &Plain,
    content: &Content,
    streams: &[Stream],
    first: i64,
    recording: &mut Recording,
) -> Result<(), FormatError> {
    let said = streams.iter().find(|stream| stream.kind == "EVTS").and_then(|stream| stream.size);
    let seen = content.events.iter().fold((0, 0), |most, event| (most.0.max(event.x + 1), most.1.max(event.y + 1)));
    let (width, height) = said.unwrap_or(seen);
    if said.is_none() {
        recording
            .notes
            .push(format!("the file doesn't say how large the sensor is; events lie within {width} x {height}"));
    }
    let units = width.checked_mul(height).and_then(|n| n.checked_mul(2)).filter(|n| *n <= MAX_UNITS);
    let units = units.ok_or_else(|| {
        let message = format!("a sensor of {width} x {height} pixels has more than {MAX_UNITS} units");
        plain.error("the header", Fault::TooLarge, message)
    })?;
    let mut trains = vec![Vec::new(); units];
    for (index, event) in content.events.iter().enumerate() {
        if event.x >= width || event.y >= height {
            let message = format!("lies at ({}, {}), beyond the sensor's {width} x {height} pixels", event.x, event.y);
            return Err(plain.error(format!("event {index}"), Fault::Invalid, message));
        }
        trains[2 * (event.y * width + event.x) + usize::from(event.on)].push(seconds(event.time, first));
    }
    let column = |of: &dyn Fn(usize) -> usize| Column::Number((0..units).map(|unit| of(unit) as f64).collect());
    recording.unit_columns = vec![
        ("x".to_owned(), column(&|unit| unit / 2 % width.max(1))),
        ("y".to_owned(), column(&|unit| unit / 2 / width.max(1))),
        ("polarity".to_owned(), column(&|unit| unit % 2)),
    ];
    recording.spikes = SpikeTable::from_units((0..units as i64).collect(), &trains)
        .map_err(|e| plain.error("", Fault::Invalid, e.to_string()))?;
    Ok(())
}
