//! Changes of an input: bits, words, sizes, blocks; numbers and lines of text.

use memspike::fnv::digest;

/// Random words (SplitMix64), a function of seed, target and number.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64, target: &str, number: u64) -> Random {
        let mut random = Random(seed ^ digest(target.as_bytes()));
        random.0 = random.next() ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        random
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `n`; 0 if there is none.
    pub fn below(&mut self, n: usize) -> usize {
        if n == 0 { 0 } else { (self.next() % n as u64) as usize }
    }

    fn of<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())]
    }
}

/// No input becomes longer than this \[bytes\].
const LONGEST: usize = 1 << 20;
/// Headers are here: half of the changes are made in this many bytes at the beginning.
const HEAD: usize = 512;

const NUMBERS: &[&str] = &[
    "0",
    "-1",
    "1",
    "1e999",
    "-1e999",
    "nan",
    "inf",
    "1e308",
    "5e-324",
    "-0",
    "99999999999999999999",
    "4294967296",
    "2147483648",
    "0.1",
    "18446744073709551615",
    "-9223372036854775808",
    "1e-300",
    "",
    "0x10",
    "1_000",
    "1e3",
    "65536",
    "1000000000",
];
const PIECES: &[&str] = &[
    ",", "\t", ";", "\n", "\"", "'", "[", "]", "{", "}", "=", "#", " ", ".", ":", "-", "\u{feff}", "é", "\0", "\r\n",
    "[[", "(((",
];

/// A changed copy of `seed`; `other` lends blocks.
pub fn mutate(random: &mut Random, seed: &[u8], other: &[u8], text: bool) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    let mut changes = 1;
    while changes < 8 && random.below(2) == 0 {
        changes += 1;
    }
    for _ in 0..changes {
        if bytes.is_empty() {
            bytes.push(0);
        }
        if text && random.below(5) > 0 {
            of_text(random, &mut bytes, other);
        } else {
            of_bytes(random, &mut bytes, other);
        }
        bytes.truncate(LONGEST);
    }
    bytes
}

fn place(random: &mut Random, bytes: &[u8]) -> usize {
    let within = if random.below(2) == 0 { bytes.len().min(HEAD) } else { bytes.len() };
    random.below(within)
}

fn span(random: &mut Random, bytes: &[u8]) -> (usize, usize) {
    let from = place(random, bytes);
    let most = random.of(&[1, 4, 16, 64, 512, 4096]);
    let length = 1 + random.below(most);
    (from, bytes.len().min(from + length))
}

fn of_bytes(random: &mut Random, bytes: &mut Vec<u8>, other: &[u8]) {
    let at = place(random, bytes);
    match random.below(11) {
        0 => bytes[at] ^= 1 << random.below(8),
        1 => bytes[at] = random.of(&[0, 1, 2, 0x7f, 0x80, 0xfe, 0xff]),
        2..=4 => word(random, bytes, at),
        5 => {
            let float = random.of(&[f64::NAN, f64::INFINITY, -1.0, 1e300, 5e-324, 0.5, -0.0]);
            let wide = random.below(2) == 0;
            let new = if wide { float.to_le_bytes().to_vec() } else { (float as f32).to_le_bytes().to_vec() };
            overwrite(bytes, at, &new);
        }
        6 => bytes.truncate(at),
        7 => {
            let (from, to) = span(random, bytes);
            bytes.drain(from..to);
        }
        8 => {
            let (from, to) = span(random, bytes);
            let block = bytes[from..to].to_vec();
            bytes.splice(at..at, block);
        }
        9 => {
            let (from, to) = span(random, bytes);
            let value = random.of(&[0, 0xff, random.0 as u8]);
            bytes[from..to].fill(value);
        }
        _ => {
            if other.is_empty() {
                return;
            }
            let (from, to) = span(random, other);
            if random.below(2) == 0 {
                overwrite(bytes, at, &other[from..to]);
            } else {
                let end = place(random, bytes).max(at);
                bytes.splice(at..end, other[from..to].iter().copied());
            }
        }
    }
}

fn overwrite(bytes: &mut [u8], at: usize, new: &[u8]) {
    let to = bytes.len().min(at + new.len());
    bytes[at..to].copy_from_slice(&new[..to - at]);
}

/// A word of 2, 4 or 8 bytes that is a size, an offset or a limit.
fn word(random: &mut Random, bytes: &mut [u8], at: usize) {
    let width = random.of(&[2, 4, 4, 8]);
    let mut old = [0; 8];
    let there = bytes.len().min(at + width) - at;
    old[..there].copy_from_slice(&bytes[at..at + there]);
    let old = u64::from_le_bytes(old);
    let length = bytes.len() as u64;
    let values = [
        0,
        1,
        u64::MAX,
        i64::MAX as u64,
        i32::MAX as u64,
        u64::from(u32::MAX),
        0x8000_0000,
        0xffff,
        length,
        length + 1,
        length.wrapping_sub(at as u64),
        old.wrapping_add(1),
        old.wrapping_sub(1),
        old.wrapping_mul(2),
        old.wrapping_neg(),
        old << 8,
        random.next(),
        random.next() & 0xff,
        1 << random.below(64),
    ];
    let new = random.of(&values);
    if random.below(4) == 0 {
        overwrite(bytes, at, &new.to_be_bytes()[8 - width..]);
    } else {
        overwrite(bytes, at, &new.to_le_bytes()[..width]);
    }
}

fn of_text(random: &mut Random, bytes: &mut Vec<u8>, other: &[u8]) {
    let at = place(random, bytes);
    match random.below(6) {
        0 | 1 => {
            // The next run of digits becomes another number.
            let Some(from) = bytes[at..].iter().position(u8::is_ascii_digit).map(|skip| at + skip) else { return };
            let run = bytes[from..].iter().take_while(|b| b.is_ascii_digit() || b".eE+-".contains(b)).count();
            let new = if random.below(3) == 0 { random.next().to_string() } else { random.of(NUMBERS).to_owned() };
            bytes.splice(from..from + run, new.bytes());
        }
        2 => {
            let piece = random.of(PIECES);
            bytes.splice(at..at, piece.bytes());
        }
        3 => {
            // A line goes, comes twice, or comes from elsewhere.
            let (from, to) = line(bytes, at);
            match random.below(3) {
                0 => drop(bytes.drain(from..to)),
                1 => {
                    let copy = bytes[from..to].to_vec();
                    let count = random.of(&[1, 2, 50]);
                    (0..count).for_each(|_| drop(bytes.splice(from..from, copy.iter().copied())));
                }
                _ => {
                    if !other.is_empty() {
                        let (a, b) = line(other, random.below(other.len()));
                        bytes.splice(from..to, other[a..b].iter().copied());
                    }
                }
            }
        }
        4 => {
            // A word is replaced by one from elsewhere.
            if other.is_empty() {
                return;
            }
            let inside = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_' || *b == b'.';
            let run = |all: &[u8], at: usize| {
                let from = all[..at].iter().rposition(|b| !inside(b)).map_or(0, |p| p + 1);
                (from, at + all[at..].iter().position(|b| !inside(b)).unwrap_or(all.len() - at))
            };
            let (from, to) = run(bytes, at);
            let (a, b) = run(other, random.below(other.len()));
            if from <= to && a <= b {
                bytes.splice(from..to, other[a..b].iter().copied());
            }
        }
        _ => bytes[at] = random.of(b"\n\t ,;=[]{}\"'#.-+eE019a_"),
    }
}

fn line(bytes: &[u8], at: usize) -> (usize, usize) {
    let from = bytes[..at].iter().rposition(|b| *b == b'\n').map_or(0, |p| p + 1);
    let to = bytes[at..].iter().position(|b| *b == b'\n').map_or(bytes.len(), |p| at + p + 1);
    (from, to)
}
