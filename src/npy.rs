//! NumPy's npy format (versions 1 to 3), little- and big-endian numbers, plain and structured
//! (<https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>).

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::Path;
use std::sync::Mutex;

/// An array of numbers: columns of a table, or a matrix.
#[derive(Debug, PartialEq)]
pub struct Array {
    /// Field names of a structured array; empty for a plain one.
    pub names: Vec<String>,
    /// Extents.
    pub shape: Vec<usize>,
    /// Per item, one number per field (one if plain), in row-major order.
    pub numbers: Vec<f64>,
}

impl Array {
    /// The numbers of a one-dimensional plain array.
    pub(crate) fn single(self) -> Result<Vec<f64>, String> {
        if !self.names.is_empty() || self.shape.len() != 1 {
            return Err(format!("found an array of shape {:?}, expected one dimension of numbers", self.shape));
        }
        Ok(self.numbers)
    }
}

/// Bytes of a header that somebody may have written; thousands of fields have fewer.
const LONGEST_HEADER: usize = 1 << 24;

/// Reads a file.
///
/// # Errors
/// If it can't be read, is cut short, or holds something else than numbers.
pub fn read(path: &Path) -> Result<Array, String> {
    parse(&std::fs::read(path).map_err(unread)?)
}

fn unread(error: std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file".to_string(),
        std::io::ErrorKind::UnexpectedEof => truncated(),
        _ => format!("can't be read: {error}"),
    }
}

fn truncated() -> String {
    "the file is truncated".to_string()
}

fn parse(bytes: &[u8]) -> Result<Array, String> {
    let header = header(bytes)?;
    let data = &bytes[header.start..];
    let expected = header.bytes.filter(|n| *n <= data.len()).ok_or_else(truncated)?;
    let numbers = header.numbers(&data[..expected])?;
    Ok(Array { names: header.names(), shape: header.shape, numbers })
}

/// An array that stays in its file, for one that is larger than memory.
pub struct Stored {
    file: Mutex<File>,
    header: Header,
    /// Field names of a structured array; empty for a plain one.
    pub names: Vec<String>,
    /// Extents.
    pub shape: Vec<usize>,
    /// Number of items.
    pub items: usize,
}

impl Stored {
    /// Opens a file of which nothing but the header is read yet.
    ///
    /// # Errors
    /// As [`read`].
    pub fn open(path: &Path) -> Result<Stored, String> {
        let mut file = File::open(path).map_err(unread)?;
        let length = file.metadata().map_err(unread)?.len();
        let mut bytes = Vec::new();
        file.by_ref().take(12).read_to_end(&mut bytes).map_err(unread)?;
        let rest = data_start(&bytes)?.saturating_sub(bytes.len()).min(LONGEST_HEADER);
        file.by_ref().take(rest as u64).read_to_end(&mut bytes).map_err(unread)?;
        let header = header(&bytes)?;
        let room = length.saturating_sub(header.start as u64);
        let expected = header.bytes.filter(|n| *n as u64 <= room).ok_or_else(truncated)?;
        let items = expected / header.stride;
        Ok(Stored { file: Mutex::new(file), names: header.names(), shape: header.shape.clone(), items, header })
    }

    /// The numbers of some items.
    ///
    /// # Errors
    /// If the file can't be read any more.
    pub fn numbers(&self, items: Range<usize>) -> Result<Vec<f64>, String> {
        let mut bytes = vec![0; items.len() * self.header.stride];
        let place = self.header.start as u64 + items.start as u64 * self.header.stride as u64;
        let mut file = self.file.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        file.seek(SeekFrom::Start(place)).and_then(|_| file.read_exact(&mut bytes)).map_err(unread)?;
        self.header.numbers(&bytes)
    }
}

/// The kind of bytes that stand for nothing, by which fields of an aligned array begin where the processor wants them.
const PADDING: char = 'V';

/// What stands before the numbers.
struct Header {
    /// (name, kind, bytes, big-endian) of each field.
    fields: Vec<(String, char, usize, bool)>,
    shape: Vec<usize>,
    /// Where the numbers begin, and how many bytes an item and all of them have.
    start: usize,
    stride: usize,
    bytes: Option<usize>,
}

impl Header {
    fn names(&self) -> Vec<String> {
        match &self.fields[..] {
            [(name, ..)] if name.is_empty() => Vec::new(),
            fields => fields.iter().filter(|field| field.1 != PADDING).map(|field| field.0.clone()).collect(),
        }
    }

    /// The numbers of whole items.
    fn numbers(&self, data: &[u8]) -> Result<Vec<f64>, String> {
        let mut numbers = Vec::with_capacity(data.len() / self.stride * self.fields.len());
        for item in data.chunks_exact(self.stride) {
            let mut at = 0;
            for (_, kind, size, big) in &self.fields {
                if *kind != PADDING {
                    numbers.push(number(&item[at..at + size], *kind, *big)?);
                }
                at += size;
            }
        }
        Ok(numbers)
    }
}

/// Where the numbers begin, by the first bytes of a file.
fn data_start(bytes: &[u8]) -> Result<usize, String> {
    if !bytes.starts_with(b"\x93NUMPY") {
        return Err("this is not an npy file".to_string());
    }
    let major = *bytes.get(6).ok_or_else(truncated)?;
    let wide = major >= 2;
    let size = bytes.get(8..if wide { 12 } else { 10 }).ok_or_else(truncated)?;
    let length = size.iter().rev().fold(0usize, |n, &byte| n << 8 | usize::from(byte));
    Ok((8 + size.len()).saturating_add(length))
}

fn header(bytes: &[u8]) -> Result<Header, String> {
    let start = data_start(bytes)?;
    let header = bytes.get(if bytes[6] >= 2 { 12 } else { 10 }..start).ok_or_else(truncated)?;
    let header = std::str::from_utf8(header).map_err(|_| "its header is not text".to_string())?;
    let after = |key: &str| {
        let place = header.find(&format!("'{key}':")).map(|i| i + key.len() + 3);
        place.map(|i| header[i..].trim_start()).ok_or_else(|| format!("its header has no {key}"))
    };
    if after("fortran_order")?.starts_with("True") {
        return Err("it is stored in Fortran order; save it with numpy.ascontiguousarray".to_string());
    }
    let shape_text = after("shape")?.trim_start_matches('(').split(')').next().unwrap_or("");
    let shape = shape_text
        .split(',')
        .map(|n| n.trim().trim_end_matches('L'))
        .filter(|n| !n.is_empty())
        .map(|n| n.parse::<usize>().map_err(|_| format!("its header has the shape ({shape_text})")))
        .collect::<Result<Vec<_>, _>>()?;
    let fields = fields(after("descr")?)?;
    let stride: usize = fields.iter().map(|f| f.2).sum();
    let items = shape.iter().try_fold(1usize, |n, &m| n.checked_mul(m));
    let bytes = items.and_then(|n| n.checked_mul(stride));
    Ok(Header { fields, shape, start, stride, bytes })
}

/// (name, kind, bytes, big-endian) of each field, and of the padding between fields.
fn fields(descr: &str) -> Result<Vec<(String, char, usize, bool)>, String> {
    let kind = |code: &str| {
        let plain = code.trim_start_matches(['<', '>', '|', '=']);
        let kind = plain.chars().next().filter(|k| matches!(k, 'f' | 'i' | 'u' | 'b'));
        let size = plain.get(1..).and_then(|s| s.parse::<usize>().ok()).filter(|s| matches!(s, 1 | 2 | 4 | 8));
        match (kind, size) {
            (Some(kind), Some(size)) if kind != 'f' || size >= 4 => Ok((kind, size, code.starts_with('>'))),
            _ => Err(format!("its numbers are of the type {code}; expected floats or integers of up to 8 bytes")),
        }
    };
    let quoted = |text: &str| text.split('\'').skip(1).step_by(2).map(str::to_string).collect::<Vec<_>>();
    if descr.starts_with('\'') {
        let code = quoted(descr).into_iter().next().unwrap_or_default();
        let (kind, size, big) = kind(&code)?;
        return Ok(vec![(String::new(), kind, size, big)]);
    }
    let list = descr.split(']').next().unwrap_or("");
    let words = quoted(list);
    if words.is_empty() || words.len() % 2 != 0 {
        return Err("its header describes fields that can't be understood".to_string());
    }
    if words.chunks_exact(2).all(|pair| pair[0].is_empty()) {
        return Err("its header describes no field that has a name".to_string());
    }
    words
        .chunks_exact(2)
        .map(|pair| {
            let padding = pair[1].strip_prefix("|V").filter(|_| pair[0].is_empty()).and_then(|size| size.parse().ok());
            if let Some(size) = padding.filter(|size| *size <= LONGEST_HEADER) {
                return Ok((String::new(), PADDING, size, false));
            }
            kind(&pair[1]).map(|(kind, size, big)| (pair[0].clone(), kind, size, big))
        })
        .collect()
}

/// One number, from 1 to 8 bytes.
fn number(bytes: &[u8], kind: char, big: bool) -> Result<f64, String> {
    let mut word = [0u8; 8];
    for (i, &byte) in bytes.iter().enumerate() {
        word[if big { bytes.len() - 1 - i } else { i }] = byte;
    }
    let bits = u64::from_le_bytes(word);
    let shift = 64 - 8 * bytes.len() as u32;
    Ok(match (kind, bytes.len()) {
        ('f', 8) => f64::from_bits(bits),
        ('f', _) => f64::from(f32::from_bits(bits as u32)),
        ('i', _) => ((bits << shift) as i64 >> shift) as f64,
        _ => bits as f64,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(descr: &str, shape: &str, data: &[u8]) -> Vec<u8> {
        let header = format!("{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}\n");
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((header.len() as u16).to_le_bytes());
        bytes.extend(header.as_bytes());
        bytes.extend(data);
        bytes
    }

    #[test]
    fn plain_and_structured_arrays_are_read() {
        let data: Vec<u8> = [1.5f64, -2.0].iter().flat_map(|x| x.to_le_bytes()).collect();
        assert_eq!(parse(&file("'<f8'", "(2,)", &data)).unwrap().single().unwrap(), [1.5, -2.0]);
        assert_eq!(parse(&file("'>i2'", "(1,)", &[0xff, 0xfe])).unwrap().numbers, [-2.0]);
        let mut row = 3i32.to_le_bytes().to_vec();
        row.extend(0.25f32.to_le_bytes());
        let array = parse(&file("[('source', '<i4'), ('weight', '<f4')]", "(1,)", &row)).unwrap();
        assert_eq!((array.names[1].as_str(), array.numbers), ("weight", vec![3.0, 0.25]));
        // numpy.dtype([("unit", "u1"), ("time", "f4")], align=True)
        let aligned = [&[7, 0, 0, 0][..], &0.25f32.to_le_bytes()].concat();
        let array = parse(&file("[('unit', '|u1'), ('', '|V3'), ('time', '<f4')]", "(1,)", &aligned)).unwrap();
        assert_eq!((array.names, array.numbers), (vec!["unit".to_owned(), "time".to_owned()], vec![7.0, 0.25]));
        assert_eq!(parse(&file("'<f8'", "(3,)", &data)).unwrap_err(), "the file is truncated");
        assert!(parse(&file("'<c16'", "(1,)", &data)).unwrap_err().contains("type <c16"));
    }
}
