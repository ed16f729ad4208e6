//! Elements: tags, data, padding, and the numbers in them.

use std::ops::Range;
use std::path::Path;
use std::rc::Rc;

use super::super::value::{HELD, Kept, Numbers};
use super::source::Source;
use crate::format::error::{Fault, FormatError};

/// Flags, extents, names of fields: longer ones are damage.
const LONGEST_HEAD: usize = 16 << 20;

/// Reads elements one after another.
pub(super) struct Reader<'s> {
    pub source: &'s Rc<Source>,
    range: Range<usize>,
    big: bool,
}

/// An element: its type and where its data lie.
#[derive(Clone)]
pub(super) struct Element<'s> {
    pub kind: u32,
    pub range: Range<usize>,
    pub source: &'s Rc<Source>,
    big: bool,
}

impl<'s> Reader<'s> {
    /// Of the elements in a range, all of which is there.
    pub fn new(source: &'s Rc<Source>, range: Range<usize>, big: bool) -> Reader<'s> {
        Reader { source, range, big }
    }

    /// Whether no element is left; a few bytes of padding are none.
    pub fn is_empty(&self) -> bool {
        self.range.len() < 8
    }

    /// Whether there is nothing at all.
    pub fn is_bare(&self) -> bool {
        self.range.is_empty()
    }

    /// Of the elements in the data of one.
    pub fn within(&self, element: &Element<'s>) -> Reader<'s> {
        Reader::new(element.source, element.range.clone(), self.big)
    }

    /// Where the next element begins.
    pub fn place(&self) -> usize {
        self.range.start
    }

    fn words(&self) -> Option<(u32, u32)> {
        let start = self.range.start;
        let bytes = (self.range.len() >= 8).then(|| self.source.bytes(start..start + 8))??;
        Some((word(&bytes, self.big)?, word(&bytes[4..], self.big)?))
    }

    /// The type of the next element, and what of its data is there, though that need not be all.
    pub fn beginning(&self) -> Option<(u32, Reader<'s>)> {
        let (first, _) = self.words().filter(|words| words.0 >> 16 == 0)?;
        Some((first, Reader::new(self.source, self.range.start + 8..self.range.end, self.big)))
    }

    /// The next element; nothing if it is longer than what is there.
    pub fn element(&mut self) -> Option<Element<'s>> {
        let (first, second) = self.words()?;
        let start = self.range.start;
        let (source, big) = (self.source, self.big);
        if first >> 16 != 0 {
            let length = (first >> 16) as usize;
            self.range.start += 8;
            return (length <= 4).then_some(Element {
                kind: first & 0xffff,
                range: start + 4..start + 4 + length,
                source,
                big,
            });
        }
        let length = second as usize;
        let end = (start + 8).checked_add(length).filter(|end| *end <= self.range.end)?;
        // Compressed data are not padded; the padding of a last element may be missing.
        let padded = if first == super::COMPRESSED { length } else { length.next_multiple_of(8) };
        self.range.start = self.range.end.min(start + 8 + padded);
        Some(Element { kind: first, range: start + 8..end, source, big })
    }
}

impl Element<'_> {
    /// The data of what comes before numbers; nothing if they are longer than any.
    pub fn bytes(&self) -> Option<Vec<u8>> {
        (self.range.len() <= LONGEST_HEAD).then(|| self.source.bytes(self.range.clone()))?
    }

    /// They as numbers; nothing if the type has none.
    pub fn head_numbers(&self) -> Option<Vec<f64>> {
        numbers(self.kind, self.big, &self.bytes()?)
    }

    /// How many numbers there are; nothing if the type has none.
    pub fn count(&self) -> Option<usize> {
        Some(self.range.len() / size(self.kind)?)
    }

    /// All numbers, which stay where they are if there are many.
    pub fn numbers(&self, path: &Rc<Path>) -> Option<Numbers<'static>> {
        let len = self.count()?;
        if len <= HELD {
            return numbers(self.kind, self.big, &self.source.bytes(self.range.clone())?).map(Numbers::held);
        }
        let Element { kind, big, ref range, source } = *self;
        let (source, path) = (Rc::clone(source), Rc::clone(path));
        Some(Numbers::Kept(Rc::new(InSource { source, start: range.start, kind, big, len, path })))
    }

    /// The data as text.
    pub fn text(&self) -> String {
        let bytes = self.bytes().unwrap_or_default();
        match self.kind {
            4 | 17 => {
                let codes = numbers(4, self.big, &bytes).unwrap_or_default();
                String::from_utf16_lossy(&codes.into_iter().map(|code| code as u16).collect::<Vec<_>>())
            }
            18 => {
                let codes = numbers(6, self.big, &bytes).unwrap_or_default();
                codes.into_iter().map(|code| char::from_u32(code as u32).unwrap_or('\u{fffd}')).collect()
            }
            _ => String::from_utf8_lossy(&bytes).into_owned(),
        }
    }
}

/// Numbers that are still in the file.
struct InSource {
    source: Rc<Source>,
    start: usize,
    kind: u32,
    big: bool,
    len: usize,
    path: Rc<Path>,
}

impl Kept for InSource {
    fn len(&self) -> usize {
        self.len
    }

    fn read(&self, range: Range<usize>) -> Result<Vec<f64>, FormatError> {
        let size = size(self.kind).unwrap_or(1);
        let place = |index: usize| self.start + index.min(self.len) * size;
        let bytes = self.source.bytes(place(range.start)..place(range.end));
        bytes.and_then(|bytes| numbers(self.kind, self.big, &bytes)).ok_or_else(|| {
            let message = "can't be read any more: was the file changed meanwhile?";
            FormatError::new(&self.path, "", Fault::Damaged, message)
        })
    }
}

/// Bytes of a number of a type; nothing if it has none.
fn size(kind: u32) -> Option<usize> {
    Some(match kind {
        1 | 2 => 1,
        3 | 4 => 2,
        5..=7 => 4,
        9 | 12 | 13 => 8,
        _ => return None,
    })
}

fn numbers(kind: u32, big: bool, bytes: &[u8]) -> Option<Vec<f64>> {
    macro_rules! numbers {
        ($kind:ty, $size:literal) => {
            bytes
                .chunks_exact($size)
                .map(|bytes| {
                    let bytes: [u8; $size] = bytes.try_into().unwrap_or([0; $size]);
                    (if big { <$kind>::from_be_bytes(bytes) } else { <$kind>::from_le_bytes(bytes) }) as f64
                })
                .collect()
        };
    }
    Some(match kind {
        1 => numbers!(i8, 1),
        2 => numbers!(u8, 1),
        3 => numbers!(i16, 2),
        4 => numbers!(u16, 2),
        5 => numbers!(i32, 4),
        6 => numbers!(u32, 4),
        7 => numbers!(f32, 4),
        9 => numbers!(f64, 8),
        12 => numbers!(i64, 8),
        13 => numbers!(u64, 8),
        _ => return None,
    })
}

fn word(bytes: &[u8], big: bool) -> Option<u32> {
    let bytes: [u8; 4] = bytes.get(..4)?.try_into().ok()?;
    Some(if big { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
}
