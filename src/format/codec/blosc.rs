//! A block of blosc 1: a header, where each inner block starts, and the inner blocks, shuffled and packed.

use super::bits::{unshuffle_bits, unshuffle_bytes};
use super::blosclz;
use super::{Bytes, Fault, lz4_block, zlib, zstd};

/// Elements wider than this are not split into streams of their bytes.
const MAX_SPLITS: usize = 16;
/// Streams shorter than this are not split.
const MIN_STREAM: usize = 128;

const SHUFFLE: u8 = 1;
const STORED: u8 = 2;
const BITSHUFFLE: u8 = 4;
const NOT_SPLIT: u8 = 16;

/// Decodes to at most `limit` bytes.
pub(super) fn decode(input: &[u8], limit: usize) -> Result<Vec<u8>, Fault> {
    let mut rest = Bytes(input);
    let head = rest.take(16)?;
    let number = |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]) as usize;
    let (flags, element) = (head[2], usize::from(head[3]).max(1));
    let (total, block) = (number(4), number(8));
    if total > limit {
        return Err(Fault::Damaged);
    }
    if flags & STORED != 0 {
        return Ok(rest.take(total)?.to_vec());
    }
    if block == 0 && total > 0 {
        return Err(Fault::Damaged);
    }
    let count = total.div_ceil(block.max(1));
    let starts = rest.take(count.checked_mul(4).ok_or(Fault::Damaged)?)?;
    let mut output = Vec::new();
    for (index, start) in starts.chunks_exact(4).enumerate() {
        let start = u32::from_le_bytes([start[0], start[1], start[2], start[3]]) as usize;
        let length = block.min(total - index * block);
        let whole = length == block;
        let split = flags & NOT_SPLIT == 0 && whole && element <= MAX_SPLITS && block / element >= MIN_STREAM;
        let streams = if split { element } else { 1 };
        let mut packed = Bytes(input.get(start..).ok_or(Fault::Damaged)?);
        let mut inner = Vec::new();
        for _ in 0..streams {
            let size = length / streams;
            let stored = packed.take(4)?;
            let stored = u32::from_le_bytes([stored[0], stored[1], stored[2], stored[3]]) as usize;
            let stream = packed.take(stored)?;
            if stored == size { inner.extend(stream) } else { inner.extend(unpack(stream, flags >> 5, size)?) }
        }
        if inner.len() != length {
            return Err(Fault::Damaged);
        }
        output.extend(unshuffle(inner, flags, element));
    }
    Ok(output)
}

fn unshuffle(inner: Vec<u8>, flags: u8, element: usize) -> Vec<u8> {
    if flags & SHUFFLE != 0 && element > 1 {
        return unshuffle_bytes(&inner, element);
    }
    let elements = inner.len() / element;
    if flags & BITSHUFFLE != 0 && elements > 0 && elements.is_multiple_of(8) {
        let mut output = unshuffle_bits(&inner[..elements * element], element);
        output.extend(&inner[elements * element..]);
        return output;
    }
    inner
}

fn unpack(stream: &[u8], method: u8, size: usize) -> Result<Vec<u8>, Fault> {
    match method {
        0 => blosclz::decode(stream, size),
        1 => lz4_block(stream, size),
        3 => zlib(stream, size),
        4 => zstd(stream, &[], size),
        _ => {
            let name = if method == 2 { "snappy" } else { "an unknown method" };
            Err(Fault::Unsupported(format!(
                "is compressed with blosc and {name}, which this program doesn't contain; rewrite the file with gzip, \
                 e.g. h5repack -f GZIP=4 IN OUT on a machine that has the filter"
            )))
        }
    }
}
