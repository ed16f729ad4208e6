//! The names of units: SI prefixes on the units that neuroscience and memristors are described in.

use super::dimension::Dimension;
use super::number::Number;

/// A unit: how many SI base units it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unit {
    pub(crate) factor: Number,
    pub(crate) dimension: Dimension,
}

/// Symbol, dimension; all of them take prefixes.
const BASES: [(&str, [i8; 5]); 15] = [
    ("s", [0, 0, 1, 0, 0]),
    ("V", [1, 2, -3, -1, 0]),
    ("A", [0, 0, 0, 1, 0]),
    ("F", [-1, -2, 4, 2, 0]),
    ("S", [-1, -2, 3, 2, 0]),
    ("ohm", [1, 2, -3, -2, 0]),
    ("Ohm", [1, 2, -3, -2, 0]),
    ("\u{3a9}", [1, 2, -3, -2, 0]),
    ("\u{2126}", [1, 2, -3, -2, 0]),
    ("Hz", [0, 0, -1, 0, 0]),
    ("J", [1, 2, -2, 0, 0]),
    ("m", [0, 1, 0, 0, 0]),
    ("W", [1, 2, -3, 0, 0]),
    ("C", [0, 0, 1, 1, 0]),
    ("K", [0, 0, 0, 0, 1]),
];

/// Both code points for micro are in use: U+00B5 and U+03BC.
const PREFIXES: [(&str, i32); 11] = [
    ("f", -15),
    ("p", -12),
    ("n", -9),
    ("u", -6),
    ("\u{b5}", -6),
    ("\u{3bc}", -6),
    ("m", -3),
    ("c", -2),
    ("k", 3),
    ("M", 6),
    ("G", 9),
];

/// The unit of this name.
pub(crate) fn unit(name: &str) -> Option<Unit> {
    let special = match name {
        "min" => Some((Number::decimal(60, 0), Dimension::TIME)),
        "h" => Some((Number::decimal(3600, 0), Dimension::TIME)),
        "rad" => Some((Number::ONE, Dimension::NONE)),
        // Exact since 2019.
        "eV" => Some((Number::from_f64(1.602_176_634e-19), Dimension([1, 2, -2, 0, 0]))),
        "meV" => Some((Number::from_f64(1.602_176_634e-22), Dimension([1, 2, -2, 0, 0]))),
        "deg" => Some((Number::from_f64(std::f64::consts::PI / 180.0), Dimension::NONE)),
        _ => None,
    };
    if let Some((factor, dimension)) = special {
        return Some(Unit { factor, dimension });
    }
    let base = |symbol: &str| BASES.iter().find(|b| b.0 == symbol).map(|b| Dimension(b.1));
    if let Some(dimension) = base(name) {
        return Some(Unit { factor: Number::ONE, dimension });
    }
    PREFIXES.iter().find_map(|(prefix, exponent)| {
        let rest = name.strip_prefix(prefix)?;
        // Centi is for lengths; elsewhere nobody means it.
        let dimension = base(rest).filter(|_| *prefix != "c" || rest == "m")?;
        Some(Unit { factor: Number::decimal(1, *exponent), dimension })
    })
}

/// Units to suggest from for a misspelt one.
pub(crate) const COMMON: [&str; 26] = [
    "s", "ms", "us", "ns", "min", "h", "V", "mV", "uV", "A", "nA", "pA", "uA", "pF", "nF", "uF", "nS", "uS", "mS",
    "kohm", "Mohm", "Hz", "kHz", "pJ", "um", "nm",
];
