//! Packets of events, triggers and inertial samples.

use super::flat::{Flat, Table};
use super::streams::Header;
use crate::format::codec;
use crate::format::error::{Fault, FormatError};
use crate::format::plain::Plain;

/// A packet has some thousand events; what inflates beyond this is no packet.
const MAX_PACKET: usize = 256 << 20;
const EVENT: usize = 16;

/// An event of a pixel.
pub(super) struct Event {
    /// Microseconds.
    pub time: i64,
    pub x: usize,
    pub y: usize,
    /// Brighter.
    pub on: bool,
}

/// All that was read.
#[derive(Default)]
pub(super) struct Content {
    pub events: Vec<Event>,
    /// Time and type.
    pub triggers: Vec<(i64, i8)>,
    /// Time, acceleration and rotation.
    pub inertia: Vec<(i64, [f64; 6])>,
    /// Packets of other streams.
    pub left_out: usize,
}

impl Content {
    /// The earliest time.
    pub fn first(&self) -> Option<i64> {
        let triggers = self.triggers.iter().map(|trigger| trigger.0);
        let inertia = self.inertia.iter().map(|sample| sample.0);
        self.events.iter().map(|event| event.time).chain(triggers).chain(inertia).min()
    }
}

/// Reads all packets.
pub(super) fn read(plain: &Plain, bytes: &[u8], header: &Header) -> Result<Content, FormatError> {
    let mut content = Content::default();
    let mut at = header.packets.start;
    while at < header.packets.end {
        let damaged = |what: &str| {
            plain.error(
                format!("the packet at byte {at}"),
                Fault::Damaged,
                format!("{what}; the file is cut short or damaged"),
            )
        };
        let number = |at: usize| bytes.get(at..at + 4).and_then(|b| b.try_into().ok()).map(i32::from_le_bytes);
        let (Some(stream), Some(length)) = (number(at), number(at + 4)) else { return Err(damaged("has no header")) };
        let length = usize::try_from(length).map_err(|_| damaged("has a length below 0"))?;
        let body = bytes.get(at + 8..at + 8 + length).ok_or_else(|| damaged("is longer than the file"))?;
        let inflated = match header.compression {
            0 => None,
            1 | 2 => Some(codec::lz4_frame(body, MAX_PACKET)),
            _ => Some(codec::zstd(body, &[], MAX_PACKET)),
        };
        let inflated = inflated.transpose().map_err(|_| damaged("can't be decompressed"))?;
        let body = inflated.as_deref().unwrap_or(body);
        let said = header.streams.iter().find(|s| s.id == stream).map(|s| s.kind.as_str());
        // The buffer names its kind behind its own length and its root.
        let kind = said.or_else(|| body.get(8..12).and_then(|b| std::str::from_utf8(b).ok())).unwrap_or_default();
        if ["EVTS", "TRIG", "IMUS"].contains(&kind) {
            let table = body.get(4..).and_then(|b| Flat(b).root()).ok_or_else(|| damaged("has no table"))?;
            packet(kind, table, &mut content).ok_or_else(|| damaged("has items beyond its end"))?;
        } else {
            content.left_out += 1;
        }
        at += 8 + length;
    }
    Ok(content)
}

/// Adds a packet's items; nothing if they can't be.
fn packet(kind: &str, table: Table, content: &mut Content) -> Option<()> {
    match kind {
        "EVTS" => {
            for item in table.items(0, EVENT).unwrap_or_default().chunks_exact(EVENT) {
                let extent = |at: usize| usize::try_from(i16::from_le_bytes([item[at], item[at + 1]])).ok();
                let time = i64::from_le_bytes(item[..8].try_into().ok()?);
                content.events.push(Event { time, x: extent(8)?, y: extent(10)?, on: item[12] != 0 });
            }
        }
        "TRIG" => {
            for item in table.tables(0)? {
                content.triggers.push((item.i64(0).unwrap_or(0), item.i8(1).unwrap_or(0)));
            }
        }
        _ => {
            for item in table.tables(0)? {
                let value = |field: usize| f64::from(item.f32(field).unwrap_or(0.0));
                content.inertia.push((item.i64(0).unwrap_or(0), [2, 3, 4, 5, 6, 7].map(value)));
            }
        }
    }
    Some(())
}
