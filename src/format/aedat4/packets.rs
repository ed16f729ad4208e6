//! Packets of events, triggers and inertial samples.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};

use super::flat::{Flat, Table};
use super::streams::Header;
use crate::format::codec;
use crate::format::error::{Fault, FormatError};
use crate::format::plain::Plain;

/// A packet has some thousand events; what inflates beyond this is no packet.
const MAX_PACKET: usize = 256 << 20;
const EVENT: usize = 16;
/// Bytes that are read at once.
const AT_ONCE: usize = 1 << 18;

/// An event of a pixel.
pub(super) struct Event {
    /// Microseconds.
    pub time: i64,
    pub x: usize,
    pub y: usize,
    /// Brighter.
    pub on: bool,
}

/// All that was read but events.
#[derive(Default)]
pub(super) struct Content {
    /// The earliest time, of events too.
    pub first: Option<i64>,
    /// How far events lie: the largest x and y, and one more.
    pub extent: (usize, usize),
    /// Time and type.
    pub triggers: Vec<(i64, i8)>,
    /// Time, acceleration and rotation.
    pub inertia: Vec<(i64, [f64; 6])>,
    /// Further streams of events.
    pub others: BTreeSet<i32>,
    /// Packets of other streams.
    pub left_out: usize,
}

impl Content {
    fn see(&mut self, time: i64) {
        self.first = Some(self.first.map_or(time, |first| first.min(time)));
    }
}

/// Reads all packets; `each` gets the events.
pub(super) fn read(
    plain: &Plain,
    header: &Header,
    each: &mut dyn FnMut(Event) -> Result<(), FormatError>,
) -> Result<Content, FormatError> {
    let mut content = Content::default();
    let unread = |e: io::Error| plain.error("", Fault::Missing, format!("can't be read: {e}"));
    let mut file = BufReader::with_capacity(AT_ONCE, File::open(plain.path).map_err(unread)?);
    file.seek(SeekFrom::Start(header.packets.start)).map_err(unread)?;
    let (mut at, mut body) = (header.packets.start, Vec::new());
    while at < header.packets.end {
        let damaged = |what: &str| {
            plain.error(
                format!("the packet at byte {at}"),
                Fault::Damaged,
                format!("{what}; the file is cut short or damaged"),
            )
        };
        let mut number = || -> Result<i32, FormatError> {
            let mut bytes = [0; 4];
            file.read_exact(&mut bytes).map_err(|_| damaged("has no header"))?;
            Ok(i32::from_le_bytes(bytes))
        };
        let (stream, length) = (number()?, number()?);
        let length = u64::try_from(length).map_err(|_| damaged("has a length below 0"))?;
        if length > plain.bytes.saturating_sub(at + 8) {
            return Err(damaged("is longer than the file"));
        }
        body.clear();
        file.by_ref().take(length).read_to_end(&mut body).map_err(unread)?;
        let inflated = match header.compression {
            0 => None,
            1 | 2 => Some(codec::lz4_frame(&body, MAX_PACKET)),
            _ => Some(codec::zstd(&body, &[], MAX_PACKET)),
        };
        let inflated = inflated.transpose().map_err(|_| damaged("can't be decompressed"))?;
        let body = inflated.as_deref().unwrap_or(&body);
        let said = header.streams.iter().find(|s| s.id == stream).map(|s| s.kind.as_str());
        // The buffer names its kind behind its own length and its root.
        let kind = said.or_else(|| body.get(8..12).and_then(|b| std::str::from_utf8(b).ok())).unwrap_or_default();
        // Those of another sensor are other pixels, though they be called the same.
        let of_another = kind == "EVTS" && header.events().is_some_and(|events| events.id != stream);
        if of_another {
            content.others.insert(stream);
        } else if ["EVTS", "TRIG", "IMUS"].contains(&kind) {
            let table = body.get(4..).and_then(|b| Flat(b).root()).ok_or_else(|| damaged("has no table"))?;
            let beyond = || damaged("has items beyond its end");
            if kind == "EVTS" {
                for item in table.items(0, EVENT).unwrap_or_default().chunks_exact(EVENT) {
                    let event = event(item).ok_or_else(beyond)?;
                    content.see(event.time);
                    content.extent = (content.extent.0.max(event.x + 1), content.extent.1.max(event.y + 1));
                    each(event)?;
                }
            } else {
                packet(kind, table, &mut content).ok_or_else(beyond)?;
            }
        } else {
            content.left_out += 1;
        }
        at += 8 + length;
    }
    Ok(content)
}

/// An event; nothing if it can't be.
fn event(item: &[u8]) -> Option<Event> {
    let extent = |at: usize| usize::try_from(i16::from_le_bytes([item[at], item[at + 1]])).ok();
    let time = i64::from_le_bytes(item[..8].try_into().ok()?);
    Some(Event { time, x: extent(8)?, y: extent(10)?, on: item[12] != 0 })
}

/// Adds a packet's triggers or samples; nothing if they can't be.
fn packet(kind: &str, table: Table, content: &mut Content) -> Option<()> {
    for item in table.tables(0)? {
        let time = item.i64(0).unwrap_or(0);
        content.see(time);
        if kind == "TRIG" {
            content.triggers.push((time, item.i8(1).unwrap_or(0)));
        } else {
            let value = |field: usize| f64::from(item.f32(field).unwrap_or(0.0));
            content.inertia.push((time, [2, 3, 4, 5, 6, 7].map(value)));
        }
    }
    Some(())
}
