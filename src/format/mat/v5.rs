//! MATLAB 5: the binary format of "MAT-File Format" (The MathWorks, R2021b), read with our own code.
//!
//! A header of 128 bytes and elements: a tag with type and length, then data, padded to 8 bytes; elements of up to 4 bytes
//! lie within their tag. Variables are matrices, compressed by zlib one by one. Every length is checked against what is
//! there. No crate was found to be a fit: lengths in the file are not to be trusted. Long arrays stay in the file, or in a
//! temporary one if their variable is packed, and are read part by part.

mod element;
mod matrix;
mod source;

use std::fs;
use std::io::{self, Read};
use std::ops::Range;
use std::path::Path;
use std::rc::Rc;

use flate2::read::ZlibDecoder;

use super::Workspace;
use super::value::{Value, Variable};
use crate::format::error::{Fault, FormatError};
use crate::format::plain::Plain;
use element::Reader;
use source::{Source, Stretch};

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
    source: Rc<Source>,
    path: Rc<Path>,
    big: bool,
    variables: Vec<Variable>,
    /// Where each variable's element lies: its type and the range of its data.
    places: Vec<(u32, Range<usize>)>,
}

/// Lists the variables.
pub(super) fn open<'a>(plain: &'a Plain<'a>) -> Result<File<'a>, FormatError> {
    let unread = |e: io::Error| plain.error("", Fault::Missing, format!("can't be read: {e}"));
    let big = plain.head.get(126..HEADER) == Some(b"MI");
    let bytes = usize::try_from(plain.bytes).unwrap_or(usize::MAX);
    let source = Rc::new(Source::of_file(fs::File::open(plain.path).map_err(unread)?, bytes));
    let mut reader = Reader::new(&source, HEADER.min(bytes)..bytes, big);
    let (mut variables, mut places) = (Vec::new(), Vec::new());
    while !reader.is_empty() {
        let at = reader.place();
        let damaged = |what: &str| {
            plain.error(format!("byte {at}"), Fault::Damaged, format!("{what}; the file is cut short or damaged"))
        };
        let element = reader.element().ok_or_else(|| damaged("an element is longer than the file"))?;
        let variable = match element.kind {
            MATRIX => matrix::variable(reader.within(&element)),
            COMPRESSED => {
                let mut start = Vec::new();
                // What was decoded before the damage stays.
                let _ = ZlibDecoder::new(Stretch::new(&source, element.range.clone()))
                    .take(PEEK as u64)
                    .read_to_end(&mut start);
                let start = Rc::new(Source::held(start));
                let within = Reader::new(&start, 0..start.len(), big).beginning().filter(|tag| tag.0 == MATRIX);
                let within = within.ok_or_else(|| damaged("a compressed element holds no matrix"))?;
                matrix::variable(within.1)
            }
            // Anything else (a subsystem's data) holds no variable.
            _ => continue,
        };
        variables.push(variable.ok_or_else(|| damaged("a variable has no class, extents and name"))?);
        places.push((element.kind, element.range));
    }
    Ok(File { plain, path: plain.path.into(), source, big, variables, places })
}

impl Workspace for File<'_> {
    fn variables(&self) -> &[Variable] {
        &self.variables
    }

    fn value(&self, name: &str) -> Result<Value<'_>, FormatError> {
        let damaged =
            |what: &str| self.plain.error(name, Fault::Damaged, format!("{what}; the file is cut short or damaged"));
        let place = self.variables.iter().position(|variable| variable.name == name);
        let Some((kind, range)) = place.map(|place| self.places[place].clone()) else {
            return Err(self.plain.error(name, Fault::Incomplete, "there is no such variable"));
        };
        if kind == MATRIX {
            return matrix::value(Reader::new(&self.source, range, self.big), &self.path).map_err(damaged);
        }
        let unpacked = Source::unpack(ZlibDecoder::new(Stretch::new(&self.source, range)), MAX_VARIABLE);
        let unpacked = Rc::new(unpacked.map_err(|error| match error.kind() {
            io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => {
                damaged("can't be decompressed")
            }
            _ => self.plain.error(name, Fault::TooLarge, format!("is large when unpacked, and {error}")),
        })?);
        let mut reader = Reader::new(&unpacked, 0..unpacked.len(), self.big);
        let element = reader.element().ok_or_else(|| damaged("ends before it should"))?;
        matrix::value(reader.within(&element), &self.path).map_err(damaged)
    }

    fn error(&self, place: &str, fault: Fault, message: String) -> FormatError {
        self.plain.error(place, fault, message)
    }
}
