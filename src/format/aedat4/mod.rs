//! AEDAT 4 (iniVation DV, <https://docs.inivation.com>): events of a vision sensor, the address-event representation.
//!
//! `#!AER-DAT4.0\r\n`, the length of a header and the header (a FlatBuffer: compression, where the index at the end lies, and
//! streams as XML), then packets: stream, length, and a FlatBuffer, perhaps compressed. Events, triggers and
//! inertial samples are read; frames are left out. The units are all pixels, one for each polarity:
//! 2 (y width + x), and one more for a pixel that becomes brighter.

mod flat;
mod packets;
mod streams;

use std::collections::HashMap;

use super::error::{Fault, FormatError};
use super::gather::{Gathered, Spikes};
use super::plain::Plain;
use crate::spikes::{Column, IntervalTable, Recording, Signal};
use packets::Event;
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
pub(super) fn read(plain: &Plain, mut gathered: Gathered) -> Result<(Recording, Spikes), FormatError> {
    let header = streams::header(plain)?;
    let mut pixels = Pixels::of(plain, header.events())?;
    // Times count from the first event until the earliest of all is known.
    let (mut zero, mut count) = (None, 0u64);
    let content = packets::read(plain, &header, &mut |event| {
        let zero = *zero.get_or_insert(event.time);
        let unit = pixels.number(plain, count, &event)?;
        count += 1;
        gathered.push(event.time.saturating_sub(zero) as f64, unit)
    })?;
    let first = content.first.unwrap_or(0);
    gathered.set_clock(zero.unwrap_or(first).saturating_sub(first) as f64, MICROSECONDS);
    let mut recording = Recording { format: "AEDAT 4.0".to_owned(), ..Recording::default() };
    recording.about.push(("time 0".to_owned(), format!("{first} microseconds on the sensor's clock")));
    for stream in &header.streams {
        let size = stream.size.map_or(String::new(), |(w, h)| format!(", {w} x {h}"));
        recording.about.push((format!("stream {}", stream.id), format!("{} ({}{size})", stream.name, stream.kind)));
    }
    let (numbers, (width, height)) = pixels.finish(plain, content.extent, &mut recording)?;
    let units = 2 * width * height;
    let column = |of: &dyn Fn(usize) -> usize| Column::Number((0..units).map(|unit| of(unit) as f64).collect());
    recording.unit_columns = vec![
        ("x".to_owned(), column(&|unit| unit / 2 % width.max(1))),
        ("y".to_owned(), column(&|unit| unit / 2 / width.max(1))),
        ("polarity".to_owned(), column(&|unit| unit % 2)),
    ];
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
    if let Some(events) = header.events().filter(|_| !content.others.is_empty()) {
        let others: Vec<String> = content.others.iter().map(i32::to_string).collect();
        recording.notes.push(format!(
            "the file has events of several sensors: those of stream {} are read, those of {} are left out",
            events.id,
            others.join(", ")
        ));
    }
    if content.left_out > 0 {
        recording
            .notes
            .push(format!("{} packets that hold no events (frames and others) are left out", content.left_out));
    }
    Ok((recording, gathered.finish((0..units as i64).collect(), &numbers)?))
}

fn seconds(time: i64, first: i64) -> f64 {
    time.saturating_sub(first) as f64 / MICROSECONDS
}

/// Which pixels there are.
enum Pixels {
    /// Of a sensor of this width and height.
    Said(usize, usize),
    /// Those that had events, numbered as they came.
    Seen(HashMap<(usize, usize, bool), u32>),
}

impl Pixels {
    fn of(plain: &Plain, events: Option<&Stream>) -> Result<Pixels, FormatError> {
        match events.and_then(|stream| stream.size) {
            Some((width, height)) => units(plain, width, height).map(|_| Pixels::Said(width, height)),
            None => Ok(Pixels::Seen(HashMap::new())),
        }
    }

    /// The number of an event's pixel.
    fn number(&mut self, plain: &Plain, index: u64, event: &Event) -> Result<u32, FormatError> {
        match self {
            Pixels::Said(width, height) => {
                if event.x >= *width || event.y >= *height {
                    let message =
                        format!("lies at ({}, {}), beyond the sensor's {width} x {height} pixels", event.x, event.y);
                    return Err(plain.error(format!("event {index}"), Fault::Invalid, message));
                }
                Ok(unit(*width, (event.x, event.y, event.on)) as u32)
            }
            Pixels::Seen(known) => {
                let count = known.len();
                if count >= MAX_UNITS {
                    let message = format!("more than {MAX_UNITS} pixels have events");
                    return Err(plain.error("", Fault::TooLarge, message));
                }
                Ok(*known.entry((event.x, event.y, event.on)).or_insert(count as u32))
            }
        }
    }

    /// The last number of each, and the sensor's width and height.
    fn finish(
        self,
        plain: &Plain,
        extent: (usize, usize),
        recording: &mut Recording,
    ) -> Result<(Vec<u32>, (usize, usize)), FormatError> {
        match self {
            Pixels::Said(width, height) => Ok(((0..2 * (width * height) as u32).collect(), (width, height))),
            Pixels::Seen(known) => {
                let (width, height) = extent;
                recording.notes.push(format!(
                    "the file doesn't say how large the sensor is; events lie within {width} x {height}"
                ));
                units(plain, width, height)?;
                let mut numbers = vec![0; known.len()];
                known.into_iter().for_each(|(pixel, number)| numbers[number as usize] = unit(width, pixel) as u32);
                Ok((numbers, extent))
            }
        }
    }
}

/// The unit of a pixel and its polarity.
fn unit(width: usize, (x, y, on): (usize, usize, bool)) -> usize {
    2 * (y * width + x) + usize::from(on)
}

/// How many units a sensor has.
fn units(plain: &Plain, width: usize, height: usize) -> Result<usize, FormatError> {
    let units = width.checked_mul(height).and_then(|n| n.checked_mul(2)).filter(|n| *n <= MAX_UNITS);
    units.ok_or_else(|| {
        let message = format!("a sensor of {width} x {height} pixels has more than {MAX_UNITS} units");
        plain.error("the header", Fault::TooLarge, message)
    })
}
