//! NumPy's npy format (versions 1 to 3), little- and big-endian numbers, plain and structured
//! (<https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>).

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::Path;
use std::sync::Mutex;

mod layout;

use self::layout::{Field, Layout};
use crate::given;
use crate::math::whole;

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
    /// The array, if it is a plain one.
    ///
    /// # Errors
    /// If it has fields.
    pub fn plain(self) -> Result<Array, String> {
        if self.names.is_empty() {
            Ok(self)
        } else {
            Err(format!("found the fields {}, expected plain numbers", self.names.join(", ")))
        }
    }

    /// The numbers of a one-dimensional plain array.
    pub(crate) fn single(self) -> Result<Vec<f64>, String> {
        let Array { shape, numbers, .. } = self.plain()?;
        if shape.len() != 1 {
            return Err(format!("found an array of shape {shape:?}, expected one dimension of numbers"));
        }
        Ok(numbers)
    }
}

/// Bytes of a header that somebody may have written; thousands of fields have fewer.
const LONGEST_HEADER: usize = 1 << 24;

/// Bytes that are read at once of an array that stays in its file.
const AT_ONCE: usize = 1 << 20;

/// Reads a file.
///
/// # Errors
/// If it can't be read, is cut short, or holds something else than numbers.
pub fn read(path: &Path) -> Result<Array, String> {
    parse(&given::bytes(path).map_err(unread)?)
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
    header.expected(data.len() as u64)?;
    if let Some(name) = header.layout.several.first() {
        return Err(format!("its field {name} holds several numbers, expected one"));
    }
    let numbers = header.numbers(data);
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
        let items = header.expected(room)? / header.layout.stride;
        Ok(Stored { file: Mutex::new(file), names: header.names(), shape: header.shape.clone(), items, header })
    }

    /// Names of fields that are passed over, since they hold more than one number.
    pub fn passed_over(&self) -> &[String] {
        &self.header.layout.several
    }

    /// So many items are read at once.
    pub fn at_once(&self) -> usize {
        (AT_ONCE / self.header.layout.stride).max(1)
    }

    /// The numbers of some items.
    ///
    /// # Errors
    /// If the file can't be read any more.
    pub fn numbers(&self, items: Range<usize>) -> Result<Vec<f64>, String> {
        Ok(self.header.numbers(&self.bytes(items)?))
    }

    /// Some items as they are stored.
    ///
    /// # Errors
    /// If the file can't be read any more.
    pub fn items(&self, items: Range<usize>) -> Result<Items<'_>, String> {
        Ok(Items { bytes: self.bytes(items)?, layout: &self.header.layout })
    }

    fn bytes(&self, items: Range<usize>) -> Result<Vec<u8>, String> {
        let Header { start, layout: Layout { stride, .. }, .. } = self.header;
        let mut bytes = vec![0; items.len() * stride];
        let place = start as u64 + items.start as u64 * stride as u64;
        let mut file = self.file.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        file.seek(SeekFrom::Start(place)).and_then(|_| file.read_exact(&mut bytes)).map_err(unread)?;
        Ok(bytes)
    }
}

/// Items whose integers can be had as such: a double has not all of them.
pub struct Items<'a> {
    bytes: Vec<u8>,
    layout: &'a Layout,
}

impl Items<'_> {
    /// How many there are.
    pub fn count(&self) -> usize {
        self.bytes.len() / self.layout.stride
    }

    /// The number in a field of an item.
    pub fn number(&self, item: usize, field: usize) -> f64 {
        number(self.item(item), &self.layout.fields[field])
    }

    /// The same as a whole number; none if it is none, or can't be told from its neighbours.
    pub fn whole(&self, item: usize, field: usize) -> Option<i64> {
        let (item, field) = (self.item(item), &self.layout.fields[field]);
        if field.kind == 'f' {
            return whole(number(item, field));
        }
        let bits = bits(item, field);
        if field.kind == 'i' { Some(bits as i64) } else { i64::try_from(bits).ok() }
    }

    fn item(&self, item: usize) -> &[u8] {
        &self.bytes[item * self.layout.stride..][..self.layout.stride]
    }
}

/// What stands before the numbers.
struct Header {
    layout: Layout,
    shape: Vec<usize>,
    /// Where the numbers begin, and how many bytes all of them have.
    start: usize,
    bytes: Option<usize>,
}

impl Header {
    fn names(&self) -> Vec<String> {
        match &self.layout.fields[..] {
            [field] if field.name.is_empty() => Vec::new(),
            fields => fields.iter().map(|field| field.name.clone()).collect(),
        }
    }

    /// How many bytes the numbers have, of a file in which so many come behind the header.
    fn expected(&self, there: u64) -> Result<usize, String> {
        let expected = self.bytes.filter(|bytes| *bytes as u64 <= there).ok_or_else(truncated)?;
        match there - expected as u64 {
            0 => Ok(expected),
            more => Err(format!(
                "the file goes on for {more} bytes behind the last item of which its header tells: it is damaged, or holds several arrays"
            )),
        }
    }

    /// The numbers of whole items.
    fn numbers(&self, data: &[u8]) -> Vec<f64> {
        let Layout { fields, stride, .. } = &self.layout;
        let mut numbers = Vec::with_capacity(data.len() / stride * fields.len());
        for item in data.chunks_exact(*stride) {
            numbers.extend(fields.iter().map(|field| number(item, field)));
        }
        numbers
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
    let layout = Layout::of(after("descr")?)?;
    let items = shape.iter().try_fold(1usize, |n, &m| n.checked_mul(m));
    let bytes = items.and_then(|n| n.checked_mul(layout.stride));
    Ok(Header { layout, shape, start, bytes })
}

/// The bits of a field, those of whole numbers with their sign.
fn bits(item: &[u8], field: &Field) -> u64 {
    let bytes = &item[field.start..field.start + field.size];
    let mut word = [0u8; 8];
    for (i, &byte) in bytes.iter().enumerate() {
        word[if field.big_endian { bytes.len() - 1 - i } else { i }] = byte;
    }
    let bits = u64::from_le_bytes(word);
    let shift = 64 - 8 * bytes.len() as u32;
    if field.kind == 'i' { ((bits << shift) as i64 >> shift) as u64 } else { bits }
}

fn number(item: &[u8], field: &Field) -> f64 {
    let bits = bits(item, field);
    match (field.kind, field.size) {
        ('f', 8) => f64::from_bits(bits),
        ('f', _) => f64::from(f32::from_bits(bits as u32)),
        ('i', _) => bits as i64 as f64,
        _ => bits as f64,
    }
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
        assert!(parse(&file("'<c16'", "(1,)", &data)).unwrap_err().contains("its numbers are of the type <c16"));
    }

    #[test]
    fn what_is_wrong_with_one_field_of_several_names_it() {
        let wrong = |second: &str| parse(&file(&format!("[('time', '<f8'), {second}]"), "(0,)", &[])).unwrap_err();
        assert!(wrong("('name', '<U10')").contains("its field name is of the type <U10"));
        assert!(wrong("('xy', '<c16', (2,))").contains("its field xy is of the type <c16"));
        assert!(wrong("('at', [('x', '<f8'), ('label', '|S4')])").contains("its field label is of the type |S4"));
        let fields = parse(&file("[('source', '<i4'), ('weight', '<f4')]", "(0,)", &[])).unwrap();
        assert_eq!(fields.single().unwrap_err(), "found the fields source, weight, expected plain numbers");
    }

    #[test]
    fn fields_of_several_numbers_are_passed_over_or_refused() {
        let item = |time: f64, unit: i32| [&time.to_le_bytes()[..], &[7; 24], &unit.to_le_bytes()].concat();
        let data = [item(0.5, 3), item(1.5, -4)].concat();
        let descr = "[('time', '<f8'), ('xy', '<f4', (2, 2)), ('of', [('a', '<i4'), ('b', '<i4')]), (('a title', 'unit'), '<i4')]";
        let bytes = file(descr, "(2,)", &data);
        assert!(parse(&bytes).unwrap_err().contains("field xy holds several numbers"));
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.npy");
        std::fs::write(&path, bytes).unwrap();
        let stored = Stored::open(&path).unwrap();
        assert_eq!(
            (&stored.names[..], stored.passed_over()),
            (&["time", "unit"].map(String::from)[..], &["xy", "of"].map(String::from)[..])
        );
        assert_eq!(stored.numbers(0..2).unwrap(), [0.5, 3.0, 1.5, -4.0]);
        let longer = file("'<f8'", "(1,)", &[0; 20]);
        assert!(parse(&longer).unwrap_err().contains("goes on for 12 bytes"));
    }

    #[test]
    fn whole_numbers_are_those_of_the_file() {
        let data: Vec<u8> = [i64::MAX, i64::MAX - 1, -5].iter().flat_map(|id| id.to_le_bytes()).collect();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.npy");
        let whole = |descr: &str| {
            std::fs::write(&path, file(descr, "(3,)", &data)).unwrap();
            let stored = Stored::open(&path).unwrap();
            let items = stored.items(0..3).unwrap();
            [0, 1, 2].map(|item| items.whole(item, 0))
        };
        assert_eq!(whole("'<i8'"), [Some(i64::MAX), Some(i64::MAX - 1), Some(-5)]);
        assert_eq!(whole("'<u8'"), [Some(i64::MAX), Some(i64::MAX - 1), None]);
        assert_eq!(whole("'<f8'"), [None; 3]);
    }
}
