//! Values as `-P KEY=VALUES` names them: `3:8:0.5`, `1,2,5`, `1 ms:5 ms:1 ms`, `a.nwb,b.nwb`.
//!
//! Numbers stay decimal, so that `0:1:0.1` ends at 1 and its fourth value is `0.3` to the last digit.

use memspike::units;

/// More values than anybody waits for.
pub const MOST: usize = 100_000;

/// A decimal number: digits x 10^exponent.
#[derive(Clone, Copy, Debug)]
struct Decimal {
    digits: i128,
    exponent: i32,
}

/// The values, as texts that a model file reads.
///
/// # Errors
/// What was found and what was expected.
pub fn values(text: &str) -> Result<Vec<String>, String> {
    let mut values = Vec::new();
    for item in items(text) {
        if item.is_empty() {
            return Err(format!("found no value in {text:?}, expected values such as 3:8:0.5 or 1,2,5"));
        }
        values.extend(expand(item)?);
        if values.len() > MOST {
            return Err(format!("{text} has more than {MOST} values"));
        }
    }
    Ok(values)
}

/// A number and its unit, if that is all that a text is.
pub fn quantity(text: &str) -> Option<(String, &str)> {
    parse(text).map(|(number, unit)| (number.to_text(), unit))
}

/// Quantities as numbers in the unit of the first, which is a power of ten of each other one; none if these are not such quantities.
pub fn in_one_unit(texts: &[String]) -> Option<(&str, Vec<String>)> {
    let all = texts.iter().map(|text| parse(text)).collect::<Option<Vec<_>>>()?;
    let unit = all.first()?.1;
    let numbers = all.iter().map(|(number, own)| {
        let by = if *own == unit { 0 } else { power_of_ten(own, unit)? };
        Some(Decimal { exponent: number.exponent + by, ..*number }.to_text())
    });
    Some((unit, numbers.collect::<Option<_>>()?))
}

/// How many tens make a unit of another.
fn power_of_ten(from: &str, to: &str) -> Option<i32> {
    let ratio = units::parse_quantity(&format!("1 {from}")).ok()?.in_unit(to).ok()?;
    let power = ratio.log10().round();
    ((ratio / 10f64.powi(power as i32) - 1.0).abs() < 1e-9).then_some(power as i32)
}

/// What stands between commas, but for those within brackets or quotes.
fn items(text: &str) -> Vec<&str> {
    let (mut items, mut from, mut depth, mut quote) = (Vec::new(), 0, 0usize, None);
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '[' | '{' | '(') => depth += 1,
            (None, ']' | '}' | ')') => depth = depth.saturating_sub(1),
            (None, ',') if depth == 0 => {
                items.push(text[from..at].trim());
                from = at + 1;
            }
            _ => {}
        }
    }
    items.push(text[from..].trim());
    items
}

/// One value, or those of a range.
fn expand(item: &str) -> Result<Vec<String>, String> {
    let parts: Vec<&str> = item.split(':').map(str::trim).collect();
    let written = |number: Decimal, unit: &str| {
        let number = number.to_text();
        if unit.is_empty() { number } else { format!("{number} {unit}") }
    };
    // What does not begin with a number is a text, in which a colon means nothing.
    let Some((start, unit)) = parse(parts[0]) else { return Ok(vec![item.to_string()]) };
    if parts.len() == 1 {
        return Ok(vec![written(start, unit)]);
    }
    let wrong = |what: String| format!("the range {item}: {what}");
    let expected = "expected start:stop or start:stop:step, such as 3:8:0.5 or \"1 ms:5 ms:1 ms\"";
    if parts.len() > 3 {
        return Err(wrong(format!("found {} parts, {expected}", parts.len())));
    }
    let mut numbers = Vec::new();
    for part in &parts[1..] {
        let (number, other) = parse(part).ok_or_else(|| wrong(format!("{part:?} is no number, {expected}")))?;
        if other != unit {
            let units = format!("found the units {unit:?} and {other:?}");
            return Err(wrong(format!("{units}, expected the same for start, stop and step")));
        }
        numbers.push(number);
    }
    let step = numbers.get(1).copied().unwrap_or(Decimal { digits: 1, exponent: 0 });
    let steps = Decimal::range(start, numbers[0], step, |number| written(number, unit)).map_err(wrong)?;
    Ok(steps.into_iter().map(|number| written(number, unit)).collect())
}

/// A literal such as `-1.5e-3 ms`: its number and its unit.
fn parse(text: &str) -> Option<(Decimal, &str)> {
    let text = text.trim();
    let bytes = text.as_bytes();
    let digit = |at: usize| bytes.get(at).is_some_and(|b| b.is_ascii_digit() || *b == b'_');
    let mut at = usize::from(bytes.first().is_some_and(|b| matches!(b, b'+' | b'-')));
    let from = at;
    let mut fraction = 0;
    while digit(at) {
        at += 1;
    }
    if bytes.get(at) == Some(&b'.') {
        at += 1;
        while digit(at) {
            fraction += i32::from(bytes[at] != b'_');
            at += 1;
        }
    }
    let digits: String = text[from..at].chars().filter(char::is_ascii_digit).collect();
    let mut exponent = 0;
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
        let mut end = at + 1 + sign;
        while bytes.get(end).is_some_and(u8::is_ascii_digit) {
            end += 1;
        }
        if end > at + 1 + sign {
            exponent = text[at + 1..end].parse::<i32>().ok()?;
            at = end;
        }
    }
    let unit = text[at..].trim();
    if digits.is_empty() || digits.len() > 24 || exponent.abs() > 300 || !is_unit(unit) {
        return None;
    }
    let size: i128 = digits.parse().ok()?;
    let digits = if bytes[0] == b'-' { -size } else { size };
    Some((Decimal { digits, exponent: exponent - fraction }, unit))
}

/// A unit that is known, or none; not the rest of an expression or of a file's name.
fn is_unit(unit: &str) -> bool {
    let begins = |unit: &str| unit.starts_with(|c: char| c.is_alphabetic() || c == '%');
    unit.is_empty()
        || (begins(unit) || unit.strip_prefix('/').is_some_and(begins))
            && units::parse_quantity(&format!("1 {unit}")).is_ok()
}

impl Decimal {
    /// From `start` by `step` as far as `stop`; `written`: one of them as the user writes it.
    fn range(
        start: Decimal,
        stop: Decimal,
        step: Decimal,
        written: impl Fn(Decimal) -> String,
    ) -> Result<Vec<Decimal>, String> {
        let exponent = start.exponent.min(stop.exponent).min(step.exponent);
        let lift = |number: Decimal| {
            let power = u32::try_from(number.exponent - exponent).ok().and_then(|by| 10i128.checked_pow(by));
            let scaled = power.and_then(|power| number.digits.checked_mul(power));
            // Of this size sums of two of them can't overflow.
            scaled.filter(|s| s.unsigned_abs() < 1 << 120).ok_or("its numbers differ too much in size".to_string())
        };
        let (first, last, by) = (lift(start)?, lift(stop)?, lift(step)?);
        if by == 0 {
            return Err("its step is 0".to_string());
        }
        if (last - first).signum() == -by.signum() {
            return Err(format!(
                "steps of {} lead away from {}; {}",
                written(step),
                written(stop),
                if by > 0 { "give a negative step, or exchange its ends" } else { "give a positive step" }
            ));
        }
        let count = (last - first) / by + 1;
        if count > MOST as i128 {
            return Err(format!("it has more than {MOST} values"));
        }
        Ok((0..count).map(|i| Decimal { digits: first + i * by, exponent }).collect())
    }

    /// In the shortest form: `3`, `0.25`, `1e-12`.
    fn to_text(self) -> String {
        let Decimal { mut digits, mut exponent } = self;
        if digits == 0 {
            return "0".to_string();
        }
        while digits % 10 == 0 {
            digits /= 10;
            exponent += 1;
        }
        // What TOML has as a whole number stays one, whose digits all count: a seed is no double.
        let power = u32::try_from(exponent).ok().and_then(|by| 10i128.checked_pow(by));
        let whole = power.and_then(|power| digits.checked_mul(power)).and_then(|whole| i64::try_from(whole).ok());
        if let Some(whole) = whole {
            return whole.to_string();
        }
        let sign = if digits < 0 { "-" } else { "" };
        let size = digits.unsigned_abs().to_string();
        let long = size.len() as i32;
        match exponent {
            0 => format!("{sign}{size}"),
            -12..0 if exponent > -long => {
                let (whole, fraction) = size.split_at((long + exponent) as usize);
                format!("{sign}{whole}.{fraction}")
            }
            -12..0 => format!("{sign}0.{}{size}", "0".repeat((-exponent - long) as usize)),
            _ => format!("{sign}{size}e{exponent}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(text: &str) -> Vec<String> {
        values(text).unwrap()
    }

    #[test]
    fn a_range_has_both_ends_and_decimal_values() {
        assert_eq!(of("3:5:0.5"), ["3", "3.5", "4", "4.5", "5"]);
        assert_eq!(of("0:0.5:0.1"), ["0", "0.1", "0.2", "0.3", "0.4", "0.5"]);
        assert_eq!(of("1:5"), ["1", "2", "3", "4", "5"]);
        assert_eq!(of("2:-1:-1.5"), ["2", "0.5", "-1"]);
        assert_eq!(of("0:1:0.3"), ["0", "0.3", "0.6", "0.9"]);
        assert_eq!(of("7:7"), ["7"]);
        assert_eq!(of("1e-12:3e-12:1e-12"), ["0.000000000001", "0.000000000002", "0.000000000003"]);
        assert_eq!(of("1e-15:3e-15:1e-15"), ["1e-15", "2e-15", "3e-15"]);
    }

    #[test]
    fn units_lists_and_texts() {
        assert_eq!(of("1 ms:2ms:0.5 ms"), ["1 ms", "1.5 ms", "2 ms"]);
        assert_eq!(of("1,2.50,1_000,1e3 Hz"), ["1", "2.5", "1000", "1000 Hz"]);
        assert_eq!(of("1:3,10:20:5"), ["1", "2", "3", "10", "15", "20"]);
        assert_eq!(of("a.nwb, C:\\b.nwb"), ["a.nwb", "C:\\b.nwb"]);
        assert_eq!(of("[1, 2],[3, 4],\"x,y\""), ["[1, 2]", "[3, 4]", "\"x,y\""]);
        assert_eq!(of("2 * J,0.50 /ms,1/4"), ["2 * J", "0.5 /ms", "1/4"]);
        assert_eq!(of("1.nwb,20.h5"), ["1.nwb", "20.h5"]);
        assert_eq!(of("1e999"), ["1e999"]);
    }

    #[test]
    fn quantities_are_numbers_in_the_unit_of_the_first() {
        let of = |values: &[&str]| {
            let values: Vec<String> = values.iter().map(|&value| value.to_owned()).collect();
            in_one_unit(&values).map(|(unit, numbers)| format!("{} {unit}", numbers.join(" ")))
        };
        assert_eq!(of(&["5 Hz", "10 Hz", "0.04 kHz"]).unwrap(), "5 10 40 Hz");
        assert_eq!(of(&["1 nA", "0.3 pA"]).unwrap(), "1 0.0003 nA");
        assert_eq!(of(&["1", "2.5"]).unwrap(), "1 2.5 ");
        for apart in [&["1 Hz", "1 ms"][..], &["1 s", "1 min"], &["1 Hz", "1"], &["1 Hz", "J"], &[]] {
            assert_eq!(of(apart), None, "{apart:?}");
        }
    }

    #[test]
    fn whole_numbers_keep_all_digits() {
        assert_eq!(of("9223372036854775806:9223372036854775807"), ["9223372036854775806", "9223372036854775807"]);
        assert_eq!(
            of("-9223372036854775808,1e18,9223372036854775808"),
            ["-9223372036854775808", "1000000000000000000", "9223372036854775808"]
        );
        assert_eq!(of("1e19,1e30"), ["1e19", "1e30"]);
    }

    #[test]
    fn what_is_wrong_is_said() {
        let wrong = |text: &str, said: &str| {
            let message = values(text).unwrap_err();
            assert!(message.contains(said), "{text}: {message}");
        };
        wrong("", "expected values such as");
        wrong("1,,2", "found no value");
        wrong("3:8:0", "step is 0");
        wrong("8:3", "negative step");
        wrong("3:8:-1", "positive step");
        wrong("3 uS:1 uS", "steps of 1 uS lead away from 1 uS");
        wrong("3:x", "\"x\" is no number");
        wrong("1:2:3:4", "found 4 parts");
        wrong("1 ms:2:1 ms", "same for start, stop and step");
        wrong("0:1:1e-9", "more than 100000 values");
        wrong("0:1e200:1e-200", "differ too much");
    }

    proptest! {
        #[test]
        fn a_range_is_evenly_spaced_and_stays_within_its_ends(
            first in -1_000_000i64..1_000_000, steps in 0usize..200, by in 1i64..5000, rest in 0i64..5000,
            places in 0usize..7, down: bool,
        ) {
            let sign = if down { -1 } else { 1 };
            let last = first + sign * (by * steps as i64 + rest % by);
            let text = |n: i64| {
                let size = format!("{:0>width$}", n.abs(), width = places + 1);
                let (whole, fraction) = size.split_at(size.len() - places);
                format!("{}{whole}.{fraction}", if n < 0 { "-" } else { "" })
            };
            let found = values(&format!("{}:{}:{}", text(first), text(last), text(sign * by))).unwrap();
            prop_assert_eq!(found.len(), steps + 1);
            for (i, value) in found.iter().enumerate() {
                // The nearest double to the decimal, not a sum of rounded steps.
                let exact: f64 = text(first + sign * by * i as i64).parse().unwrap();
                prop_assert_eq!(value.parse::<f64>().unwrap(), exact);
                prop_assert_eq!(values(value).unwrap(), vec![value.clone()]);
            }
        }

        #[test]
        fn any_text_is_values_or_a_message(text in ".{0,40}") {
            match values(&text) {
                Ok(values) => prop_assert!(!values.is_empty() && values.len() <= MOST),
                Err(message) => prop_assert!(!message.is_empty()),
            }
        }
    }
}
