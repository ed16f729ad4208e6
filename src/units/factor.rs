//! From the unit in which numbers are stored to the one in which they are used.

use super::{Quantity, UnitError, unit_of};

/// What numbers in one unit are in another one.
#[derive(Clone, Copy, Debug)]
pub struct Factor {
    from: Quantity,
    to: Quantity,
    /// Both are the same, however they are written.
    same: bool,
}

impl Factor {
    /// From one unit (the empty one for bare numbers) to another.
    ///
    /// # Errors
    /// If one of them is unknown, or they do not measure the same.
    pub fn new(from: &str, to: &str) -> Result<Factor, UnitError> {
        let unknown = |unit: &str| UnitError::new(0..0, format!("unknown unit `{unit}`"));
        let one = unit_of(from).ok_or_else(|| unknown(from))?;
        let same = one.in_unit(to)? == 1.0;
        Ok(Factor { from: one, to: unit_of(to).ok_or_else(|| unknown(to))?, same })
    }

    /// Whether both are the same unit, however they are written.
    pub fn is_one(&self) -> bool {
        self.same
    }

    /// A number in the new unit, rounded once; what is not finite stays as it is.
    pub fn apply(&self, number: f64) -> f64 {
        if self.same || !number.is_finite() {
            return number;
        }
        self.from.times(number).number.over(self.to.number).to_f64(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_in_another_unit_is_the_nearest_double() {
        let one = |from: &str, to: &str, number: f64| Factor::new(from, to).unwrap().apply(number);
        assert_eq!(one("uS", "S", 4.0), 4e-6);
        assert_eq!(one("nA", "pA", 0.3), 300.0);
        assert_eq!(one("", "", -0.1), -0.1);
        assert!(one("uS", "S", f64::NAN).is_nan());
        assert!(Factor::new("uS", "\u{b5}S").unwrap().is_one() && !Factor::new("uS", "S").unwrap().is_one());
        assert!(Factor::new("ms", "pA").unwrap_err().message.contains("found a time, expected a current"));
        assert!(Factor::new("parsec", "m").unwrap_err().message.contains("unknown unit `parsec`"));
    }
}
