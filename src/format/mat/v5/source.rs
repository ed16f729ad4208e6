//! Bytes of a file, or of a variable that was unpacked, read where they are asked for.

use std::cell::RefCell;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;

use crate::temporary::Temporary;

/// Unpacked variables beyond this go to a temporary file.
const HELD: usize = 8 << 20;
/// What is near each other is read at once.
const WINDOW: usize = 64 << 10;
/// Bytes that are unpacked at once.
const AT_ONCE: usize = 1 << 20;

/// Bytes at places from 0 on.
pub(super) struct Source {
    store: Store,
    len: usize,
    /// What was read last, and where it begins.
    window: RefCell<(usize, Vec<u8>)>,
}

enum Store {
    Held(Vec<u8>),
    File(RefCell<File>),
    Temporary(Temporary),
}

impl Source {
    /// A file of this length.
    pub fn of_file(file: File, len: usize) -> Source {
        Source { store: Store::File(RefCell::new(file)), len, window: RefCell::default() }
    }

    /// Bytes in memory.
    pub fn held(bytes: Vec<u8>) -> Source {
        Source { len: bytes.len(), store: Store::Held(bytes), window: RefCell::default() }
    }

    /// All that a reader gives, up to so many bytes: what is beyond is an error, as is what it can't read.
    pub fn unpack(mut reader: impl Read, most: usize) -> io::Result<Source> {
        let mut bytes = Vec::new();
        (&mut reader).take(HELD as u64 + 1).read_to_end(&mut bytes)?;
        if bytes.len() <= HELD.min(most) {
            return Ok(Source::held(bytes));
        }
        let (temporary, mut len) = (Temporary::new()?, 0);
        while !bytes.is_empty() {
            len += bytes.len();
            if len > most {
                return Err(io::ErrorKind::InvalidData.into());
            }
            temporary.append(&bytes)?;
            bytes.clear();
            (&mut reader).take(AT_ONCE as u64).read_to_end(&mut bytes)?;
        }
        Ok(Source { store: Store::Temporary(temporary), len, window: RefCell::default() })
    }

    pub fn len(&self) -> usize {
        self.len
    }

    /// Some bytes; nothing if they are not all there.
    pub fn bytes(&self, range: Range<usize>) -> Option<Vec<u8>> {
        if range.start > range.end || range.end > self.len {
            return None;
        }
        if let Store::Held(bytes) = &self.store {
            return bytes.get(range).map(<[u8]>::to_vec);
        }
        if range.len() > WINDOW / 4 {
            return self.read(range).ok();
        }
        let mut window = self.window.borrow_mut();
        if range.start < window.0 || range.end > window.0 + window.1.len() {
            let all = range.start..self.len.min(range.start + WINDOW);
            *window = (all.start, self.read(all).ok()?);
        }
        let from = range.start - window.0;
        window.1.get(from..from + range.len()).map(<[u8]>::to_vec)
    }

    fn read(&self, range: Range<usize>) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; range.len()];
        match &self.store {
            Store::Held(_) => {}
            Store::File(file) => {
                let mut file = file.borrow_mut();
                file.seek(SeekFrom::Start(range.start as u64))?;
                file.read_exact(&mut bytes)?;
            }
            Store::Temporary(file) => file.read_at(range.start as u64, &mut bytes)?,
        }
        Ok(bytes)
    }
}

/// A stretch of a source, from its beginning to its end.
pub(super) struct Stretch<'s> {
    source: &'s Source,
    range: Range<usize>,
}

impl Stretch<'_> {
    pub fn new(source: &Source, range: Range<usize>) -> Stretch<'_> {
        Stretch { source, range }
    }
}

impl Read for Stretch<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = buffer.len().min(self.range.len());
        let part = self.range.start..self.range.start + count;
        let bytes = self.source.bytes(part).ok_or(io::ErrorKind::UnexpectedEof)?;
        buffer[..count].copy_from_slice(&bytes);
        self.range.start += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_unpacked_is_the_same_in_memory_and_in_a_file() {
        let bytes: Vec<u8> = (0..HELD + 3 * AT_ONCE + 5).map(|i| (i % 251) as u8).collect();
        for len in [0, 9, HELD, HELD + 1, bytes.len()] {
            let source = Source::unpack(&bytes[..len], bytes.len()).unwrap();
            assert_eq!(matches!(source.store, Store::Held(_)), len <= HELD);
            assert_eq!(source.len(), len);
            for range in [0..len.min(7), len / 2..len.min(len / 2 + 70_000), len.saturating_sub(3)..len] {
                assert_eq!(source.bytes(range.clone()).unwrap(), bytes[range]);
            }
            assert!(source.bytes(len..len + 1).is_none());
            let mut all = Vec::new();
            Stretch::new(&source, 0..len).read_to_end(&mut all).unwrap();
            assert!(all == bytes[..len]);
        }
        for most in [0, HELD - 1, HELD, bytes.len() - 1] {
            assert!(Source::unpack(&bytes[..], most).is_err(), "{most}");
        }
    }
}
