//! FNV-1a over 64 bits: finds damage and tells names apart; no guard against malice.

/// Of nothing.
pub const EMPTY: u64 = 0xcbf2_9ce4_8422_2325;

/// With one word more.
#[inline]
pub fn add(hash: u64, word: u64) -> u64 {
    (hash ^ word).wrapping_mul(0x0000_0100_0000_01b3)
}

/// With one long word more: turned, since a product carries no bit down.
#[inline]
pub fn add_word(hash: u64, word: u64) -> u64 {
    add(hash, word).rotate_left(29)
}

/// Of bytes, each of which is a word.
pub fn digest(bytes: &[u8]) -> u64 {
    bytes.iter().fold(EMPTY, |hash, byte| add(hash, u64::from(*byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From <http://www.isthe.com/chongo/src/fnv/test_fnv.c>.
    #[test]
    fn digests_are_those_that_its_authors_publish() {
        assert_eq!(digest(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(digest(b"a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(digest(b"foobar"), 0x8594_4171_f739_67e8);
    }
}
