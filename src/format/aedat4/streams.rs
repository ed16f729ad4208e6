//! The header: compression, where packets end, and the streams.

use std::fs::File;
use std::io::Read;
use std::ops::Range;

use super::MAGIC;
use super::flat::Flat;
use crate::format::error::{Fault, FormatError};
use crate::format::plain::Plain;

/// What the header says.
pub(super) struct Header {
    /// 0 none, 1 and 2 LZ4, 3 and 4 Zstandard.
    pub compression: i32,
    /// Where the first packet begins, and where the last ends.
    pub packets: Range<u64>,
    pub streams: Vec<Stream>,
}

/// A stream of packets.
#[derive(Debug, Default)]
pub(super) struct Stream {
    pub id: i32,
    /// `EVTS`, `TRIG`, `IMUS`, `FRME`, ..
    pub kind: String,
    pub name: String,
    /// Width and height of the sensor.
    pub size: Option<(usize, usize)>,
}

impl Header {
    /// The stream of events that is read, if the header names one.
    pub fn events(&self) -> Option<&Stream> {
        self.streams.iter().find(|stream| stream.kind == "EVTS")
    }
}

/// A header is text of some thousand bytes.
const MAX_HEADER: u64 = 64 << 20;

/// Reads the header.
pub(super) fn header(plain: &Plain) -> Result<Header, FormatError> {
    let damaged =
        || plain.error("the header", Fault::Damaged, "is cut short or damaged; copy the file again from its source");
    let start = MAGIC.len() + 4;
    let length: [u8; 4] = plain.head.get(MAGIC.len()..start).and_then(|b| b.try_into().ok()).ok_or_else(damaged)?;
    let end = start as u64 + u64::from(u32::from_le_bytes(length)).min(MAX_HEADER);
    let mut bytes = Vec::new();
    let unread = |e: std::io::Error| plain.error("", Fault::Missing, format!("can't be read: {e}"));
    File::open(plain.path).and_then(|file| file.take(end).read_to_end(&mut bytes)).map_err(unread)?;
    let table = bytes.get(start..end as usize).and_then(|b| Flat(b).root()).ok_or_else(damaged)?;
    let compression = table.i32(0).unwrap_or(0);
    if !(0..=4).contains(&compression) {
        let message = format!("names the compression {compression}, expected 0 to 4 (none, LZ4, Zstandard)");
        return Err(plain.error("the header", Fault::MissingFilter, message));
    }
    // An interrupted recording has no index: packets go on to the end.
    let index = table.i64(1).and_then(|at| u64::try_from(at).ok()).filter(|at| *at >= end);
    if let Some(at) = index.filter(|at| *at > plain.bytes) {
        let message = format!(
            "says that an index follows at byte {at}, but the file has {} bytes: it is cut short or damaged; copy it again from its source",
            plain.bytes
        );
        return Err(plain.error("the header", Fault::Damaged, message));
    }
    let streams = streams(&table.text(2).unwrap_or_default());
    Ok(Header { compression, packets: end..index.unwrap_or(plain.bytes), streams })
}

/// The streams in the header's XML: a node for each, named by a number, with attributes and an inner node `info`.
fn streams(xml: &str) -> Vec<Stream> {
    let mut streams: Vec<Stream> = Vec::new();
    for part in xml.split('<').skip(1) {
        let value = |name: &str| {
            let at = part.find(&format!(" {name}=\""))? + name.len() + 3;
            part[at..].split('"').next()
        };
        if part.starts_with("node ") {
            if let Some(id) = value("name").and_then(|name| name.parse().ok()) {
                streams.push(Stream { id, ..Stream::default() });
            }
            continue;
        }
        let (Some(stream), Some(key)) = (streams.last_mut(), value("key")) else { continue };
        let text = part.split_once('>').map_or("", |(_, text)| text.trim());
        let extent = || text.parse::<usize>().ok().filter(|n| *n > 0);
        match key {
            "typeIdentifier" => text.clone_into(&mut stream.kind),
            "originalOutputName" => text.clone_into(&mut stream.name),
            "sizeX" => stream.size = extent().map(|x| (x, stream.size.map_or(0, |size| size.1))),
            "sizeY" => stream.size = extent().map(|y| (stream.size.map_or(0, |size| size.0), y)),
            _ => {}
        }
    }
    for stream in &mut streams {
        stream.size = stream.size.filter(|(x, y)| *x > 0 && *y > 0);
    }
    streams
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_have_their_kind_and_size() {
        let xml = "<dv><node name=\"outInfo\"><node name=\"0\"><attr key=\"typeIdentifier\" type=\"string\">EVTS</attr>\
                   <node name=\"info\"><attr key=\"sizeY\" type=\"int\">24</attr><attr key=\"sizeX\" type=\"int\">32</attr></node></node>\
                   <node name=\"1\"><attr key=\"typeIdentifier\" type=\"string\">TRIG</attr></node></node></dv>";
        let streams = streams(xml);
        assert_eq!((streams[0].kind.as_str(), streams[0].size), ("EVTS", Some((32, 24))));
        assert_eq!((streams[1].id, streams[1].kind.as_str(), streams[1].size), (1, "TRIG", None));
    }
}
