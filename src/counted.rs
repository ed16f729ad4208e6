//! Counts as people read them.

use std::fmt::Display;

/// `1234567` as `1,234,567`.
pub fn grouped(count: impl Display) -> String {
    let digits = count.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// So many of a thing whose plural has an s at its end: `1 unit`, `1,200 units`.
pub fn counted(count: impl Display, thing: &str) -> String {
    let count = grouped(count);
    let plural = if count == "1" { "" } else { "s" };
    format!("{count} {thing}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_singular_and_thousands_are_apart() {
        assert_eq!([0, 1, 2, 999, 1000, 1_234_567].map(grouped), ["0", "1", "2", "999", "1,000", "1,234,567"]);
        assert_eq!([0, 1, 1001].map(|count| counted(count, "unit")), ["0 units", "1 unit", "1,001 units"]);
    }
}
