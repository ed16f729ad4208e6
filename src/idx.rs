//! The IDX format of the MNIST digits (LeCun, Cortes & Burges), as it is or packed with gzip.
//!
//! Two zero bytes, the type of the numbers, how many dimensions, the extent of each as a big-endian word of 32 bits, and the
//! numbers. Only unsigned bytes are read: images and labels are such.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

/// The code of unsigned bytes.
const BYTES: u8 = 0x08;
/// More dimensions than any set of images has.
const MOST_DIMENSIONS: u8 = 8;
/// The largest array that is read \[bytes\]; MNIST has 47 million.
const LARGEST: u64 = 1 << 32;

/// An array of unsigned bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Idx {
    /// Extents, at least one.
    pub shape: Vec<usize>,
    /// The bytes, last dimension fastest.
    pub bytes: Vec<u8>,
}

/// Reads a file; what begins as gzip is unpacked.
///
/// # Errors
/// A sentence, if the file is not there, is of another format, or has fewer or more bytes than its extents say.
pub fn read(path: &Path) -> Result<Idx, String> {
    let file = File::open(path).map_err(|e| match e.kind() {
        std::io::ErrorKind::NotFound => "there is no such file".to_string(),
        _ => format!("can't be read: {e}"),
    })?;
    parse(BufReader::new(file))
}

fn parse(mut input: impl Read) -> Result<Idx, String> {
    let mut magic = Vec::new();
    input.by_ref().take(4).read_to_end(&mut magic).map_err(|e| format!("can't be read: {e}"))?;
    if magic.starts_with(&[0x1f, 0x8b]) {
        return unpacked(flate2::read::MultiGzDecoder::new(magic.chain(input)));
    }
    unpacked(magic.chain(input))
}

fn unpacked(mut input: impl Read) -> Result<Idx, String> {
    let mut take = |count: u64| {
        let mut bytes = Vec::new();
        // Grows with what is there, not with what a damaged extent says.
        input.by_ref().take(count).read_to_end(&mut bytes).map(|_| bytes).map_err(|e| format!("can't be unpacked: {e}"))
    };
    let magic = take(4)?;
    let &[0, 0, kind, dimensions] = &magic[..] else {
        return Err(
            "this is not an IDX file: expected two zero bytes at its start (after gzip, if it is packed)".into()
        );
    };
    if kind != BYTES {
        return Err(format!("its numbers are of type 0x{kind:02x}, expected unsigned bytes, 0x{BYTES:02x}"));
    }
    if dimensions == 0 || dimensions > MOST_DIMENSIONS {
        return Err(format!("found {dimensions} dimensions, expected 1 to {MOST_DIMENSIONS}"));
    }
    let words = take(4 * u64::from(dimensions))?;
    if words.len() < 4 * usize::from(dimensions) {
        return Err("the file is truncated: it ends within its extents".into());
    }
    let shape: Vec<usize> =
        words.chunks_exact(4).map(|w| u32::from_be_bytes([w[0], w[1], w[2], w[3]]) as usize).collect();
    let size = shape.iter().try_fold(1u64, |n, &m| n.checked_mul(m as u64)).filter(|n| *n <= LARGEST);
    let size =
        size.ok_or_else(|| format!("its extents {shape:?} make more than {LARGEST} bytes; the file is damaged"))?;
    // One more than is due, to see whether something follows.
    let bytes = take(size + 1)?;
    match bytes.len() as u64 {
        found if found == size => Ok(Idx { shape, bytes }),
        found if found < size => {
            Err(format!("the file is truncated: {found} bytes follow, its extents {shape:?} make {size}"))
        }
        _ => Err(format!("more than the {size} bytes of its extents {shape:?} follow; the file is damaged")),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn file(kind: u8, shape: &[u32], bytes: &[u8]) -> Vec<u8> {
        let mut file = vec![0, 0, kind, shape.len() as u8];
        shape.iter().for_each(|n| file.extend(n.to_be_bytes()));
        file.extend(bytes);
        file
    }

    #[test]
    fn a_file_is_read_plain_and_packed() {
        let plain = file(8, &[2, 1, 3], &[1, 2, 3, 4, 5, 255]);
        let idx = parse(&plain[..]).unwrap();
        assert_eq!(idx, Idx { shape: vec![2, 1, 3], bytes: vec![1, 2, 3, 4, 5, 255] });
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        packed.write_all(&plain).unwrap();
        assert_eq!(parse(&packed.finish().unwrap()[..]).unwrap(), idx);
    }

    #[test]
    fn what_is_wrong_is_said() {
        let wrong = |bytes: &[u8], part: &str| {
            let message = parse(bytes).unwrap_err();
            assert!(message.contains(part), "{message}");
        };
        wrong(b"", "not an IDX file");
        wrong(b"\x89PNG....", "not an IDX file");
        wrong(&file(0x0d, &[1], &[0; 4]), "type 0x0d");
        wrong(&file(8, &[], &[]), "0 dimensions");
        wrong(&file(8, &[2, 2], &[1, 2, 3]), "truncated: 3 bytes follow");
        wrong(&file(8, &[2, 2], &[1, 2, 3, 4, 5]), "more than the 4 bytes");
        wrong(&file(8, &[u32::MAX, u32::MAX], &[]), "damaged");
        wrong(&file(8, &[2, 2], &[])[..9], "within its extents");
        wrong(&[0x1f, 0x8b, 8, 0, 0, 0], "can't be unpacked");
    }
}
