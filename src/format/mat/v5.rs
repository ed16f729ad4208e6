//! MATLAB 5: the binary format of "MAT-File Format" (The MathWorks, R2021b), read with our own code.
//!
//! A header of 128 bytes and elements: a tag with type and length, then data, padded to 8 bytes; elements of up to 4 bytes
//! lie within their tag. Variables are matrices, compressed by zlib one by one. Every length is checked against what is
//! there. No crate was found to be a fit: lengths in the file are not to be trusted.

mod element;
mod matrix;

use std::borrow::Cow;

use super::value::{Value, Variable};
use super::{Workspace, v5::element::Reader};
use crate::format::codec;
use crate::format::error::{Fault, FormatError};
use crate::format::plain::Plain;

const HEADER: usize = 128;
const COMPRESSED: u32 = 15;
const MATRIX: u32 = 14;
/// Bytes to inflate of a variable to see its class, extents and name.
const PEEK: usize = 4096;
/// A variable has at most 2 GiB in this format.
const MAX_VARIABLE: usize = 1 << 31;

/// Whether a file begins with the header: its version, and the mark of its byte order.
pub(super) fn recognise(plain: &Plain) -> bool {
    let mark = plain.head.get(124..HEADER);
    mark == Some(b"\x00\x01IM") || mark == Some(b"\x01\x00MI")
}

/// An open file with the list of its variables.
pub(super) struct File<'a> {
    plain: &'a Plain<'a>,
    bytes: Vec<u8>,
    big: bool,
    variables: Vec<Variable>,
    /// Where each variable's element lies: its type and the range of its data.
    places: Vec<(u32, std::ops::Range<usize>)>,
}

/// Lists the variables.
pub(super) fn open<'a>(plain: &'a Plain<'a>) -> Result<File<'a>, FormatError> {
    let bytes = plain.read()?;
    let big = bytes.get(126..HEADER) == Some(b"MI");
    let mut file = File { plain, bytes, big, variables: Vec::new(), places: Vec::new() };
    let mut reader = Reader::new(file.bytes.get(HEADER..).unwrap_or_default(), big);
    let (mut variables, mut places) = (Vec::new(), Vec::new());
    while !reader.is_empty() {
        let at = file.bytes.len() - reader.left();
        let damaged = |what: &str| {
            plain.error(format!("byte {at}"), Fault::Damaged, format!("{what}; the file is cut short or damaged"))
        };
        let element = reader.element().ok_or_else(|| damaged("an element is longer than the file"))?;
        let end = file.bytes.len() - reader.left();
        let range = element.range(&file.bytes).unwrap_or(end..end);
        let data: Cow<[u8]> = match element.kind {
            MATRIX => Cow::Borrowed(element.data),
            COMPRESSED => {
                let start = codec::zlib_start(element.data, PEEK);
                let inner = Reader::new(&start, big).tag().filter(|tag| tag.0 == MATRIX);
                inner.ok_or_else(|| damaged("a compressed element holds no matrix"))?;
                Cow::Owned(start[8..].to_vec())
            }
            // Anything else (a subsystem's data) holds no variable.
            _ => continue,
        };
        let variable =
            matrix::variable(&data, big).ok_or_else(|| damaged("a variable has no class, extents and name"))?;
        variables.push(variable);
        places.push((element.kind, range));
    }
    file.variables = variables;
    file.places = places;
    Ok(file)
}

impl Workspace for File<'_> {
    fn variables(&self) -> &[Variable] {
        &self.variables
    }

    fn value(&self, name: &str) -> Result<Value, FormatError> {
        let damaged =
            |what: &str| self.plain.error(name, Fault::Damaged, format!("{what}; the file is cut short or damaged"));
        let place = self.variables.iter().position(|variable| variable.name == name);
        let Some((kind, range)) = place.map(|place| self.places[place].clone()) else {
            return Err(self.plain.error(name, Fault::Incomplete, "there is no such variable"));
        };
        let data = self.bytes.get(range).unwrap_or_default();
        if kind == MATRIX {
            return matrix::value(data, self.big).map_err(damaged);
        }
        let inflated = codec::zlib(data, MAX_VARIABLE).map_err(|_| damaged("can't be decompressed"))?;
        let element = Reader::new(&inflated, self.big).element().ok_or_else(|| damaged("ends before it should"))?;
        matrix::value(element.data, self.big).map_err(damaged)
    }

    fn error(&self, place: &str, fault: Fault, message: String) -> FormatError {
        self.plain.error(place, fault, message)
    }
}
