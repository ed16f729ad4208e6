//! Files of Trodes (SpikeGadgets): a header of text, then records whose fields the header names, such as the position of a
//! camera's LED (`.videoPositionTracking`) or the spikes that Trodes exports (`.dat`).
//!
//! `<Start settings>`, lines `key: value` with `Fields: <time uint32><xloc uint16>..` and `clockrate`, `<End settings>`; records are packed,
//! little-endian. The field `time` counts the clock. Other scalar fields are one signal, those whose names end alike but for x and y together.

use std::fs;
use std::io::{BufReader, ErrorKind, Read, Seek, SeekFrom};

use super::error::{Fault, FormatError};
use super::gather::{Gathered, Spikes};
use super::plain::Plain;
use crate::spikes::{Recording, Signal};

const START: &str = "<Start settings>";
const END: &[u8] = b"<End settings>\n";

/// Whether the header is there.
pub(super) fn recognise(plain: &Plain) -> bool {
    plain.head.starts_with(START.as_bytes()) && end(&plain.head).is_some()
}

/// Where the records begin.
fn end(bytes: &[u8]) -> Option<usize> {
    bytes.windows(END.len()).position(|w| w == END).map(|at| at + END.len())
}

/// A field of a record: its name, how a number is made of its bytes, and where they lie.
struct Field {
    name: String,
    kind: char,
    size: usize,
    count: usize,
    at: usize,
}

impl Field {
    fn number(&self, record: &[u8]) -> f64 {
        let mut word = [0u8; 8];
        word[..self.size].copy_from_slice(&record[self.at..self.at + self.size]);
        let (bits, shift) = (u64::from_le_bytes(word), 64 - 8 * self.size as u32);
        match (self.kind, self.size) {
            ('f', 8) => f64::from_bits(bits),
            ('f', _) => f64::from(f32::from_bits(bits as u32)),
            ('i', _) => ((bits << shift) as i64 >> shift) as f64,
            _ => bits as f64,
        }
    }
}

/// Reads a file.
///
/// # Errors
/// If the header names no time or no clock, or if records are cut short.
pub(super) fn read(plain: &Plain, mut gathered: Gathered) -> Result<(Recording, Spikes), FormatError> {
    let first = end(&plain.head).unwrap_or(plain.head.len());
    let header = String::from_utf8_lossy(&plain.head[..first]).into_owned();
    let entries: Vec<(String, String)> = header
        .lines()
        .filter_map(|line| line.split_once(':'))
        .map(|(key, value)| (key.trim().to_lowercase(), value.trim().to_owned()))
        .collect();
    let value = |key: &str| entries.iter().find(|entry| entry.0 == key).map(|entry| entry.1.as_str());
    let clock = value("clockrate").and_then(|text| text.parse::<f64>().ok()).filter(|hz| hz.is_finite() && *hz > 0.0);
    let clock = clock.ok_or_else(|| {
        let found = value("clockrate").unwrap_or("missing");
        plain.error(
            "the header",
            Fault::Invalid,
            format!("clockrate is {found}, expected a number of ticks per second"),
        )
    })?;
    let (fields, size) = fields(value("fields").unwrap_or_default()).ok_or_else(|| {
        plain.error("the header", Fault::Invalid, "Fields are missing, or of a type that is not known")
    })?;
    let Some(time) = fields.iter().find(|field| field.name == "time" && field.count == 1) else {
        return Err(plain.error("the header", Fault::Incomplete, "Fields has no time"));
    };
    let mut recording = Recording { format: "Trodes".to_owned(), ..Recording::default() };
    let is_spikes = fields.iter().any(|field| field.count > 1);
    let mut groups: Vec<(String, Vec<&Field>, Vec<f64>)> = Vec::new();
    for field in fields.iter().filter(|field| field.name != "time" && !is_spikes) {
        let name = field.name.strip_prefix(['x', 'y']).filter(|rest| !rest.is_empty()).unwrap_or(&field.name);
        match groups.iter_mut().find(|group| group.0 == name) {
            Some(group) => group.1.push(field),
            None => groups.push((name.to_owned(), vec![field], Vec::new())),
        }
    }
    let (mut times, mut span, mut count) = (Vec::new(), None::<(f64, f64)>, 0usize);
    let cut = records(plain, first, size, &mut |record| {
        let now = time.number(record) / clock;
        let (start, before) = span.unwrap_or((now, now));
        if now < before {
            let message = format!("is {now} s after {before} s; expected times that don't decrease");
            return Err(plain.error(format!("record {count}"), Fault::Invalid, message));
        }
        (span, count) = (Some((start, now)), count + 1);
        if is_spikes {
            return gathered.push(now, 0);
        }
        times.push(now);
        groups.iter_mut().for_each(|(_, fields, data)| data.extend(fields.iter().map(|field| field.number(record))));
        Ok(())
    })?;
    if cut > 0 {
        recording.notes.push(format!("the last record is cut short: {cut} bytes of {size}"));
    }
    recording.about = entries.iter().filter(|(key, _)| key != "fields").cloned().collect();
    recording.observed.extend(span);
    if is_spikes {
        let note = "records with waveforms are the spikes of one unit; the waveforms are left out";
        recording.notes.push(note.to_owned());
        return Ok((recording, gathered.finish_in_order(vec![0])?));
    }
    for (name, fields, data) in groups {
        let unit = if name.starts_with("loc") { "pixels" } else { "" };
        recording.signals.push(Signal { name, unit: unit.to_owned(), times: times.clone(), data, width: fields.len() });
    }
    recording.notes.push("the file holds no spikes".to_owned());
    Ok((recording, gathered.finish_in_order(Vec::new())?))
}

/// Calls `each` with every record from byte `first` on; how many bytes are left behind the last.
fn records(
    plain: &Plain,
    first: usize,
    size: usize,
    each: &mut dyn FnMut(&[u8]) -> Result<(), FormatError>,
) -> Result<usize, FormatError> {
    let unread = |e: std::io::Error| plain.error("", Fault::Missing, format!("can't be read: {e}"));
    let mut file = BufReader::with_capacity(1 << 18, fs::File::open(plain.path).map_err(unread)?);
    file.seek(SeekFrom::Start(first as u64)).map_err(unread)?;
    let mut record = vec![0; size];
    loop {
        let mut filled = 0;
        while filled < size {
            match file.read(&mut record[filled..]) {
                Ok(0) => return Ok(filled),
                Ok(count) => filled += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(unread(error)),
            }
        }
        each(&record)?;
    }
}

/// The fields of `<name type>` or `<name n*type>`, and the length of a record.
fn fields(text: &str) -> Option<(Vec<Field>, usize)> {
    let (mut fields, mut at) = (Vec::new(), 0usize);
    for part in text.split('<').skip(1) {
        let (name, kind) = part.trim_end().strip_suffix('>')?.rsplit_once(' ')?;
        let (count, kind) = kind.split_once('*').map_or(Some((1, kind)), |(n, kind)| Some((n.parse().ok()?, kind)))?;
        let (kind, size): (char, usize) = match kind {
            "uint8" => ('u', 1),
            "uint16" => ('u', 2),
            "uint32" => ('u', 4),
            "uint64" => ('u', 8),
            "int8" => ('i', 1),
            "int16" => ('i', 2),
            "int32" => ('i', 4),
            "int64" => ('i', 8),
            "single" | "float32" => ('f', 4),
            "double" | "float64" => ('f', 8),
            _ => return None,
        };
        let end = size.checked_mul(count)?.checked_add(at).filter(|end| *end < 1 << 20)?;
        fields.push(Field { name: name.trim().to_owned(), kind, size, count, at });
        at = end;
    }
    (at > 0 && fields.iter().all(|field| field.count > 0)).then_some((fields, at))
}
