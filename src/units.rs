//! Quantities: numbers with units, as model files and command-line flags write them.
//!
//! ```
//! use memspike::units;
//! assert_eq!(units::parse_quantity("16.2 pA").unwrap().in_unit("pA").unwrap(), 16.2);
//! assert_eq!(units::time("1.5 ms").unwrap().ms(), 1.5);
//! assert!(units::time("20 mV").unwrap_err().to_string().contains("expected a time such as \"20 ms\""));
//! ```

use std::fmt;
use std::ops::Range;

use crate::time::Time;

mod dimension;
mod expression;
mod factor;
mod number;
mod parser;
mod table;

pub use dimension::Dimension;
pub(crate) use expression::{Expression, Function};
pub use factor::Factor;
pub(crate) use number::Number;
pub(crate) use parser::parse as parse_expression;

/// A number with a physical dimension.
#[derive(Clone, Copy, Debug)]
pub struct Quantity {
    /// In SI base units.
    pub(crate) number: Number,
    /// What it measures.
    pub dimension: Dimension,
}

/// What is wrong with the text of a quantity, and where in it.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct UnitError {
    /// The bytes of the text that are meant.
    pub at: Range<usize>,
    /// What was found and what was expected.
    pub message: String,
}

impl UnitError {
    pub(crate) fn new(at: Range<usize>, message: String) -> UnitError {
        UnitError { at, message }
    }
}

impl Quantity {
    /// A bare number.
    pub fn number(value: f64) -> Quantity {
        Quantity { number: Number::from_f64(value), dimension: Dimension::NONE }
    }

    /// A bare whole number, exactly.
    pub(crate) fn whole(value: i64) -> Quantity {
        Quantity { number: Number::decimal(i128::from(value), 0), dimension: Dimension::NONE }
    }

    /// This quantity times a number.
    pub(crate) fn times(&self, factor: f64) -> Quantity {
        Quantity { number: self.number.times(Number::from_f64(factor)), ..*self }
    }

    /// Its value in `unit` (the empty unit for a bare number), the nearest double to what was written.
    ///
    /// # Errors
    /// If its dimension is another one, or `unit` is unknown.
    pub fn in_unit(&self, unit: &str) -> Result<f64, UnitError> {
        let fail = |found: String| UnitError::new(0..0, format!("found {found}, expected {}", expected(unit)));
        let Some(one) = unit_of(unit) else { return Err(fail(format!("the unknown unit {unit}"))) };
        if self.dimension == Dimension::ANY {
            return Ok(self.number.to_f64(0));
        }
        if self.dimension != one.dimension {
            return Err(fail(self.dimension.name()));
        }
        Ok(self.number.over(one.number).to_f64(0))
    }

    /// Text that reads back as the same value in `unit`.
    pub(crate) fn text_in(&self, unit: &str) -> Result<String, UnitError> {
        let value = self.in_unit(unit)?;
        if unit.is_empty() && value.fract() == 0.0 && value.abs() < 1e15 {
            return Ok(format!("{value}"));
        }
        Ok(if unit.is_empty() || value.is_infinite() { format!("{value:?}") } else { format!("{value:?} {unit}") })
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} ({})", self.number.to_f64(0), self.dimension.name())
    }
}

/// A number as a message shows it: one with hundreds of digits by its power of ten.
pub fn shown(value: f64) -> String {
    let text = value.to_string();
    if text.len() > 24 { format!("{value:e}") } else { text }
}

/// A number rounded to so many significant digits.
pub fn rounded(value: f64, digits: usize) -> f64 {
    format!("{value:.*e}", digits.saturating_sub(1)).parse().unwrap_or(value)
}

/// The same as text, without an exponent where that reads well.
pub fn short(value: f64, digits: usize) -> String {
    match rounded(value, digits) {
        short if short == 0.0 || (1e-3..1e6).contains(&short.abs()) => short.to_string(),
        short => format!("{short:e}"),
    }
}

/// What to write where a quantity in `unit` is due, e.g. `a time such as "20 ms"`.
pub fn expected(unit: &str) -> String {
    let dimension = unit_of(unit).map_or(Dimension::NONE, |q| q.dimension);
    match dimension.example() {
        Some(example) => format!("{} such as {example}", dimension.name()),
        None => format!("a quantity such as \"1 {unit}\""),
    }
}

/// One of `unit`, which may be compound; the empty text is the bare number 1.
pub(crate) fn unit_of(unit: &str) -> Option<Quantity> {
    if unit.is_empty() {
        return Some(Quantity { number: Number::ONE, dimension: Dimension::NONE });
    }
    let text = if unit.starts_with("1/") { unit.to_string() } else { format!("1 {unit}") };
    parse_quantity(&text).ok()
}

/// Reads a quantity or an expression without names: `"20 ms"`, `"20ms"`, `"2 * 10 kHz"`, `"inf"`.
///
/// # Errors
/// Says where the text can't be understood, or which dimensions do not fit.
pub fn parse_quantity(text: &str) -> Result<Quantity, UnitError> {
    if let Some(infinite) = infinity(text) {
        return Ok(infinite);
    }
    parse_expression(text, &|_| false)?.evaluate(&|_| None)
}

/// `inf`, `+inf` or `-inf`, which need no unit.
pub(crate) fn infinity(text: &str) -> Option<Quantity> {
    let value = match text.trim() {
        "inf" | "+inf" => f64::INFINITY,
        "-inf" => f64::NEG_INFINITY,
        _ => return None,
    };
    Some(Quantity { number: Number::Float { value, exponent: 0 }, dimension: Dimension::ANY })
}

/// Reads a time, rounded to the nearest tick; `inf` is [`Time::NEVER`].
///
/// # Errors
/// If the text is no time, or a longer one than [`Time::LIMIT`].
pub fn time(text: &str) -> Result<Time, UnitError> {
    let quantity = parse_quantity(text).map_err(|e| {
        let message = format!("{}; expected {}", e.message, expected("s"));
        UnitError::new(e.at, message)
    })?;
    ticks(&quantity).map_err(|e| UnitError::new(0..text.len(), e.message))
}

/// A time quantity in ticks.
pub(crate) fn ticks(quantity: &Quantity) -> Result<Time, UnitError> {
    let picoseconds = quantity.in_unit("ps")?;
    if picoseconds == f64::INFINITY {
        return Ok(Time::NEVER);
    }
    if picoseconds.abs() > Time::LIMIT.0 as f64 || picoseconds.is_nan() {
        let days = picoseconds / 8.64e16;
        return Err(UnitError::new(0..0, format!("found {days:.0} days; times may be at most 100 days")));
    }
    Ok(Time(picoseconds.round() as i64))
}

/// The name in `among` that `name` is most likely a misspelling of.
pub fn nearest<'a>(name: &str, among: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (name.chars().count() / 3).max(1);
    among
        .into_iter()
        .map(|candidate| (distance(&name.to_lowercase(), &candidate.to_lowercase()), candidate))
        .filter(|(d, _)| *d <= limit)
        .min_by_key(|(d, _)| *d)
        .map(|(_, candidate)| candidate)
}

/// Edits (insert, delete, replace, swap neighbours) between two words.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().take(64).collect(), b.chars().take(64).collect());
    let mut rows = vec![vec![0usize; b.len() + 1]; a.len() + 1];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            if i == 0 || j == 0 {
                rows[i][j] = i + j;
                continue;
            }
            let same = usize::from(a[i - 1] != b[j - 1]);
            let mut best = (rows[i - 1][j] + 1).min(rows[i][j - 1] + 1).min(rows[i - 1][j - 1] + same);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = best;
        }
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str, unit: &str) -> f64 {
        parse_quantity(text).and_then(|q| q.in_unit(unit)).unwrap_or_else(|e| panic!("{text}: {e}"))
    }

    #[test]
    fn decimal_values_in_their_own_unit_are_the_very_doubles() {
        for (text, unit, expected) in [
            ("20 ms", "ms", 20.0),
            ("0.1 ms", "ms", 0.1),
            ("16.2 pA", "pA", 16.2),
            ("-70.6 mV", "mV", -70.6),
            ("87.8 pA", "pA", 87.8),
            ("1e-14 m^2/V/s", "m^2/V/s", 1e-14),
            ("0.02 /ms", "1/ms", 0.02),
            ("0.02/ms", "1/ms", 0.02),
            ("16 kohm", "kohm", 16.0),
            ("4 uS", "uS", 4.0),
            ("4 \u{b5}S", "nS", 4000.0),
            ("4\u{3bc}S", "nS", 4000.0),
            ("60s", "ms", 60000.0),
            ("1.5 min", "s", 90.0),
            ("5e-4 m/s", "m/s", 5e-4),
            ("8 kHz", "Hz", 8000.0),
            ("-0.5 * 0.1 mV", "mV", -0.05),
            ("5 mm / 5 m/s", "ms", 1.0),
            ("sqrt(4 mV^2)", "mV", 2.0),
            ("max(1 ms, 2 us, 3 ns)", "ms", 1.0),
            ("2^3^2", "", 512.0),
            ("-2^2", "", -4.0),
            ("1/4", "", 0.25),
            ("inf", "mV", f64::INFINITY),
        ] {
            assert_eq!(value(text, unit), expected, "{text}");
        }
    }

    #[test]
    fn wrong_text_says_what_and_where() {
        for (text, at, message) in [
            ("20 mS + 1 ms", 0..12, "can't add a conductance and a time"),
            ("\u{2212}70 mV", 0..3, "found `\u{2212}` (U+2212; write a plain -), expected a number, a name or `(`"),
            ("20 xV", 3..5, "unknown unit `xV`: did you mean `V`?"),
            ("(1 ms", 5..5, "found the end, expected `)`"),
            ("1 ms)", 4..5, "found `)`, expected an operator or the end"),
            ("(1) ms", 4..6, "found the unit `ms` without a number: write `* 1 ms`"),
            ("20,5 ms", 2..3, "found `,`, expected an operator or the end; decimals are written with a point"),
            ("J", 0..1, "a unit follows a number"),
            ("foo", 0..3, "`foo` is not a name of [parameters]"),
            ("1 / 0", 0..5, "division by zero"),
            ("ln(1 ms)", 0..8, "takes a bare number; found a time"),
            ("", 0..0, "found nothing"),
            ("1e9999 s", 0..6, "not a number"),
        ] {
            let error = parse_quantity(text).unwrap_err();
            assert!(error.message.contains(message), "{text}: {error}");
            assert_eq!(error.at, at, "{text}");
        }
        assert!(parse_quantity(&"(".repeat(10_000)).is_err());
        assert!(parse_quantity(&"-".repeat(10_000)).is_err());
    }

    #[test]
    fn a_parameter_is_not_a_unit() {
        let known = |name: &str| name == "J";
        let eval =
            |text: &str| parse_expression(text, &known)?.evaluate(&|_| parse_quantity("0.1 mV").ok())?.in_unit("mV");
        assert_eq!(eval("2 * J").unwrap(), 0.2);
        assert!(eval("2 J").unwrap_err().message.contains("an energy"));
        assert!(eval("2 mV/J").unwrap_err().message.contains("is a unit and a parameter"));
    }

    #[test]
    fn times_have_a_limit() {
        assert_eq!(time("2 h").unwrap(), Time(7_200_000_000_000_000));
        assert_eq!(time("inf").unwrap(), Time::NEVER);
        assert!(time("101 h * 24").unwrap_err().message.contains("100 days"));
        assert!(time("5").unwrap_err().message.contains("expected a time such as \"20 ms\""));
    }
}
