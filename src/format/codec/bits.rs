//! Bytes and bits of elements, put back in order.

/// Undoes the byte shuffle: all first bytes of the elements, then all second ones, ..; what is no whole element follows.
pub(super) fn unshuffle_bytes(input: &[u8], element: usize) -> Vec<u8> {
    if element < 2 {
        return input.to_vec();
    }
    let count = input.len() / element;
    let mut output = input.to_vec();
    for byte in 0..element {
        for (i, value) in input[byte * count..(byte + 1) * count].iter().enumerate() {
            output[i * element + byte] = *value;
        }
    }
    output
}

/// Undoes the bit shuffle: for each bit of an element a row with that bit of all elements, eight to a byte.
/// The number of elements is a multiple of eight.
pub(super) fn unshuffle_bits(input: &[u8], element: usize) -> Vec<u8> {
    let count = input.len() / element.max(1);
    let row = count / 8;
    let mut output = vec![0; input.len()];
    for (index, bits) in input.chunks_exact(row.max(1)).take(element * 8).enumerate() {
        let (byte, bit) = (index / 8, index % 8);
        for (group, value) in bits.iter().enumerate().filter(|(_, value)| **value != 0) {
            for place in 0..8 {
                output[(group * 8 + place) * element + byte] |= (value >> place & 1) << bit;
            }
        }
    }
    output
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shuffle_bits(input: &[u8], element: usize) -> Vec<u8> {
        let count = input.len() / element;
        let mut output = vec![0; input.len()];
        for i in 0..count {
            for bit in 0..element * 8 {
                let value = input[i * element + bit / 8] >> (bit % 8) & 1;
                output[bit * (count / 8) + i / 8] |= value << (i % 8);
            }
        }
        output
    }

    #[test]
    fn shuffles_are_undone() {
        let data: Vec<u8> = (0..480u32).map(|i| (i * i % 251) as u8).collect();
        for element in [1, 2, 3, 4, 6] {
            assert_eq!(unshuffle_bits(&shuffle_bits(&data, element), element), data, "{element}");
        }
        assert_eq!(unshuffle_bytes(&[1, 3, 2, 4, 9], 2), [1, 2, 3, 4, 9]);
    }
}
