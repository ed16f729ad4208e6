//! Decoders of compressed blocks that recordings come in: containers here, the algorithms from crates.
//!
//! The containers' layouts are from their documentation: HDF5's registered filters lz4 (32004), bitshuffle
//! (32008, Masui et al. 2015, doi:10.1016/j.ascom.2015.07.002), blosc (32001, <https://www.blosc.org>), zstd (32015).
//! Every size in them is checked against the bytes that are there and against the caller's limit.

mod bits;
mod blosc;
mod blosclz;

use std::io::Read;

/// Why a block can't be decoded.
#[derive(Debug, PartialEq)]
pub(super) enum Fault {
    /// It is damaged, or larger than the limit.
    Damaged,
    /// It uses what is not decoded here; a sentence for the user.
    Unsupported(String),
}

/// Decodes a block with a filter's parameters to at most so many bytes.
pub(super) type Decoder = fn(&[u8], &[u32], usize) -> Result<Vec<u8>, Fault>;

/// A block of blosc.
pub(super) fn blosc(input: &[u8], _: &[u32], limit: usize) -> Result<Vec<u8>, Fault> {
    blosc::decode(input, limit)
}

/// Zstandard frames.
pub(super) fn zstd(input: &[u8], _: &[u32], limit: usize) -> Result<Vec<u8>, Fault> {
    let mut output = Vec::new();
    let mut rest = input;
    while !rest.is_empty() {
        let decoder = ruzstd::decoding::StreamingDecoder::new(&mut rest).map_err(|_| Fault::Damaged)?;
        append(decoder, limit, &mut output)?;
    }
    Ok(output)
}

/// A stream of zlib.
pub(super) fn zlib(input: &[u8], limit: usize) -> Result<Vec<u8>, Fault> {
    let mut output = Vec::new();
    append(flate2::read::ZlibDecoder::new(input), limit, &mut output)?;
    Ok(output)
}

/// LZ4 frames.
pub(super) fn lz4_frame(input: &[u8], limit: usize) -> Result<Vec<u8>, Fault> {
    let mut output = Vec::new();
    append(lz4_flex::frame::FrameDecoder::new(input), limit, &mut output)?;
    Ok(output)
}

/// All that a reader gives, up to the limit.
fn append(reader: impl Read, limit: usize, output: &mut Vec<u8>) -> Result<(), Fault> {
    let room = limit.saturating_sub(output.len()) as u64;
    let read = reader.take(room + 1).read_to_end(output).map_err(|_| Fault::Damaged)?;
    if read as u64 > room { Err(Fault::Damaged) } else { Ok(()) }
}

/// A bare block of LZ4 that is to have this length.
fn lz4_block(input: &[u8], length: usize) -> Result<Vec<u8>, Fault> {
    let mut output = vec![0; length];
    match lz4_flex::block::decompress_into(input, &mut output) {
        Ok(n) if n == length => Ok(output),
        _ => Err(Fault::Damaged),
    }
}

/// HDF5's lz4: the length, the length of a block, and blocks with their lengths, big-endian.
pub(super) fn lz4(input: &[u8], _: &[u32], limit: usize) -> Result<Vec<u8>, Fault> {
    let mut rest = Bytes(input);
    let total = rest.be(8)?;
    let block = rest.be(4)?;
    if total > limit || block == 0 {
        return Err(Fault::Damaged);
    }
    let mut output = Vec::new();
    while output.len() < total {
        let length = block.min(total - output.len());
        let stored = rest.be(4)?;
        let packed = rest.take(stored)?;
        // A block that did not become smaller is stored as it is.
        if stored == length { output.extend(packed) } else { output.extend(lz4_block(packed, length)?) }
    }
    Ok(output)
}

/// Bits transposed within blocks, which may be packed by lz4 or zstd.
pub(super) fn bitshuffle(input: &[u8], parameters: &[u32], limit: usize) -> Result<Vec<u8>, Fault> {
    let parameter = |i: usize| parameters.get(i).map_or(0, |v| *v as usize);
    let (element, codec) = (parameter(2), parameter(4));
    if element == 0 || element > limit {
        return Err(Fault::Damaged);
    }
    let default = (8192 / element / 8 * 8).max(128);
    let mut rest = Bytes(input);
    let (total, mut block) = match codec {
        0 => (input.len(), if parameter(3) == 0 { default } else { parameter(3) }),
        2 | 3 => {
            let total = rest.be(8)?;
            (total, rest.be(4)? / element)
        }
        _ => {
            return Err(Fault::Unsupported(format!(
                "is compressed with bitshuffle and its method {codec}, which this program doesn't contain"
            )));
        }
    };
    if block == 0 {
        block = default;
    }
    if total > limit || block % 8 != 0 {
        return Err(Fault::Damaged);
    }
    let mut output = Vec::new();
    let mut elements = total / element;
    // Whole groups of eight elements are shuffled, the rest is stored as it is.
    while elements >= 8 {
        let count = block.min(elements / 8 * 8);
        let length = count * element;
        let shuffled = match codec {
            0 => rest.take(length)?.to_vec(),
            _ => {
                let stored = rest.be(4)?;
                let packed = rest.take(stored)?;
                if codec == 2 { lz4_block(packed, length)? } else { zstd(packed, &[], length)? }
            }
        };
        if shuffled.len() != length {
            return Err(Fault::Damaged);
        }
        output.extend(bits::unshuffle_bits(&shuffled, element));
        elements -= count;
    }
    let left = total - output.len();
    output.extend(rest.take(left)?);
    Ok(output)
}

/// What is left of an input.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], Fault> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(Fault::Damaged)?;
        self.0 = rest;
        Ok(taken)
    }

    /// A big-endian number.
    fn be(&mut self, bytes: usize) -> Result<usize, Fault> {
        let value = self.take(bytes)?.iter().fold(0u64, |all, byte| all << 8 | u64::from(*byte));
        usize::try_from(value).map_err(|_| Fault::Damaged)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_that_cannot_be_are_errors_and_allocate_nothing() {
        let huge = [0xff; 64];
        for decoder in [blosc as Decoder, lz4, bitshuffle, zstd] {
            for length in 0..huge.len() {
                assert!(decoder(&huge[..length], &[0, 2, 8, 0, 2], 1 << 20).is_err() || length == 0);
            }
        }
        let mut header = 16u64.to_be_bytes().to_vec();
        header.extend(8u32.to_be_bytes());
        assert_eq!(lz4(&header, &[], 8), Err(Fault::Damaged), "beyond the limit");
        assert_eq!(lz4(&header, &[], 16), Err(Fault::Damaged), "blocks are missing");
        header.extend(8u32.to_be_bytes());
        header.extend([7; 8]);
        header.extend(8u32.to_be_bytes());
        header.extend([9; 8]);
        assert_eq!(lz4(&header, &[], 16).unwrap(), [[7; 8], [9; 8]].concat());
    }

    #[test]
    fn a_stream_beyond_the_limit_is_refused() {
        let frame = ruzstd::encoding::compress_to_vec(&[5u8; 10_000][..], ruzstd::encoding::CompressionLevel::Fastest);
        assert_eq!(zstd(&frame, &[], 10_000).unwrap(), [5; 10_000]);
        assert_eq!(zstd(&frame, &[], 9_999), Err(Fault::Damaged));
    }
}
