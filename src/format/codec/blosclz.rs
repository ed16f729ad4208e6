//! BloscLZ, blosc's own method: runs of literals, and matches of what has been written already.
//!
//! A control byte below 32 is followed by one more literal than it says. Otherwise its upper three bits
//! are the length of a match less 2 (7: more bytes follow, until one is below 255), its lower five bits the upper bits
//! of the distance, the next byte the lower ones; when all are ones, two bytes hold a distance beyond 8191.

use super::{Bytes, Fault};

const FAR: usize = 8191;

/// Decodes to exactly `size` bytes.
pub(super) fn decode(input: &[u8], size: usize) -> Result<Vec<u8>, Fault> {
    let mut rest = Bytes(input);
    let mut output: Vec<u8> = Vec::new();
    let byte = |rest: &mut Bytes| rest.take(1).map(|b| usize::from(b[0]));
    let mut control = byte(&mut rest)? & 31;
    loop {
        if control < 32 {
            output.extend(rest.take(control + 1)?);
        } else {
            let (mut length, high) = ((control >> 5) + 2, (control & 31) << 8);
            if control >> 5 == 7 {
                loop {
                    let more = byte(&mut rest)?;
                    length += more;
                    if more < 255 {
                        break;
                    }
                }
            }
            let low = byte(&mut rest)?;
            let distance = if low == 255 && high == 31 << 8 {
                (byte(&mut rest)? << 8) + byte(&mut rest)? + FAR + 1
            } else {
                high + low + 1
            };
            let from = output.len().checked_sub(distance).ok_or(Fault::Damaged)?;
            if length > size.saturating_sub(output.len()) {
                return Err(Fault::Damaged);
            }
            // A match may run into itself, so it is copied byte by byte.
            for i in from..from + length {
                output.push(output[i]);
            }
        }
        if output.len() > size {
            return Err(Fault::Damaged);
        }
        if rest.0.is_empty() {
            break;
        }
        control = byte(&mut rest)?;
    }
    if output.len() == size { Ok(output) } else { Err(Fault::Damaged) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_and_matches_that_run_into_themselves() {
        // "abc", then 6 bytes from 3 back, then 300 bytes from 1 back.
        let packed = [2, b'a', b'b', b'c', 4 << 5, 2, 7 << 5, 255, 36, 0];
        let mut expected = b"abcabcabc".to_vec();
        expected.extend([b'c'; 300]);
        assert_eq!(decode(&packed, 309).unwrap(), expected);
        assert_eq!(decode(&packed, 308), Err(Fault::Damaged));
        assert_eq!(decode(&[0, b'a', 1 << 5, 9], 4), Err(Fault::Damaged), "a match before the start");
    }
}
