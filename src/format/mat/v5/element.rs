//! Elements: tags, data, padding, and the numbers in them.

/// Reads elements one after another.
pub(super) struct Reader<'a> {
    rest: &'a [u8],
    big: bool,
}

/// An element: its type and its data.
#[derive(Clone, Copy)]
pub(super) struct Element<'a> {
    pub kind: u32,
    pub data: &'a [u8],
    big: bool,
}

impl<'a> Reader<'a> {
    pub fn new(rest: &'a [u8], big: bool) -> Reader<'a> {
        Reader { rest, big }
    }

    /// Whether no element is left; a few bytes of padding are none.
    pub fn is_empty(&self) -> bool {
        self.rest.len() < 8
    }

    pub fn left(&self) -> usize {
        self.rest.len()
    }

    /// Type and length of the next element, whose data follow 8 bytes on; none of a small element.
    pub fn tag(&self) -> Option<(u32, usize)> {
        let (first, second) = (word(self.rest, self.big)?, word(self.rest.get(4..)?, self.big)?);
        (first >> 16 == 0).then_some((first, second as usize))
    }

    /// The next element; nothing if it is longer than what is there.
    pub fn element(&mut self) -> Option<Element<'a>> {
        let big = self.big;
        let Some((kind, length)) = self.tag() else {
            let first = word(self.rest, big)?;
            let length = (first >> 16) as usize;
            let data = self.rest.get(4..8)?.get(..length)?;
            self.rest = &self.rest[8..];
            return Some(Element { kind: first & 0xffff, data, big });
        };
        let data = self.rest.get(8..8usize.checked_add(length)?)?;
        // Compressed data are not padded; the padding of a last element may be missing.
        let padded = if kind == super::COMPRESSED { length } else { length.next_multiple_of(8) };
        self.rest = self.rest.get(8 + padded..).unwrap_or_default();
        Some(Element { kind, data, big })
    }
}

impl Element<'_> {
    /// Where the data lie within the whole.
    pub fn range(&self, whole: &[u8]) -> Option<std::ops::Range<usize>> {
        let start = (self.data.as_ptr() as usize).checked_sub(whole.as_ptr() as usize)?;
        (start + self.data.len() <= whole.len()).then(|| start..start + self.data.len())
    }

    /// The data as numbers; nothing if the type has none.
    pub fn numbers(&self) -> Option<Vec<f64>> {
        macro_rules! numbers {
            ($kind:ty, $size:literal) => {
                self.data
                    .chunks_exact($size)
                    .map(|bytes| {
                        let bytes: [u8; $size] = bytes.try_into().unwrap_or([0; $size]);
                        (if self.big { <$kind>::from_be_bytes(bytes) } else { <$kind>::from_le_bytes(bytes) }) as f64
                    })
                    .collect()
            };
        }
        Some(match self.kind {
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

    /// The data as text.
    pub fn text(&self) -> String {
        match self.kind {
            4 | 17 => {
                let codes = Element { kind: 4, ..*self }.numbers().unwrap_or_default();
                String::from_utf16_lossy(&codes.into_iter().map(|code| code as u16).collect::<Vec<_>>())
            }
            18 => {
                let codes = Element { kind: 6, ..*self }.numbers().unwrap_or_default();
                codes.into_iter().map(|code| char::from_u32(code as u32).unwrap_or('\u{fffd}')).collect()
            }
            _ => String::from_utf8_lossy(self.data).into_owned(),
        }
    }
}

fn word(bytes: &[u8], big: bool) -> Option<u32> {
    let bytes: [u8; 4] = bytes.get(..4)?.try_into().ok()?;
    Some(if big { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
}
