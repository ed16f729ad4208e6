//! Numbers that stay decimal for as long as they can, so that `"16.2 pA"` in pA is the very
//! double that `16.2` is, whatever unit it went through on the way.

/// A number: decimal while arithmetic is exact, else a double with a power of ten beside it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Number {
    /// digits x 10^exponent, exactly.
    Decimal { digits: i128, exponent: i32 },
    /// value x 10^exponent.
    Float { value: f64, exponent: i32 },
}

/// Exponents beyond this are no quantity of this world; they would overflow sums of exponents.
const LARGEST_EXPONENT: i32 = 4000;

impl Number {
    /// 1.
    pub(crate) const ONE: Number = Number::Decimal { digits: 1, exponent: 0 };

    /// digits x 10^exponent.
    pub(crate) const fn decimal(digits: i128, exponent: i32) -> Number {
        Number::Decimal { digits, exponent }
    }

    /// The shortest decimal that reads back as `value`.
    pub(crate) fn from_f64(value: f64) -> Number {
        if value.is_finite() {
            Number::parse(&format!("{value:e}")).unwrap_or(Number::Float { value, exponent: 0 })
        } else {
            Number::Float { value, exponent: 0 }
        }
    }

    /// A literal such as `20`, `-1.5e-3`, `10_000`.
    pub(crate) fn parse(text: &str) -> Option<Number> {
        let text: String = text.chars().filter(|c| *c != '_').collect();
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa.to_string(), exponent.parse::<i32>().ok()?),
            None => (text.clone(), 0),
        };
        if exponent.unsigned_abs() > LARGEST_EXPONENT.unsigned_abs() {
            return None;
        }
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((&mantissa, ""));
        let fraction = fraction.trim_end_matches('0');
        match format!("{whole}{fraction}").parse::<i128>() {
            Ok(digits) if digits.unsigned_abs() < 10u128.pow(36) => {
                Some(Number::Decimal { digits, exponent: exponent - fraction.len() as i32 })
            }
            _ => text.parse::<f64>().ok().map(|value| Number::Float { value, exponent: 0 }),
        }
    }

    /// The double nearest to this number x 10^shift.
    pub(crate) fn to_f64(self, shift: i32) -> f64 {
        match self {
            // Parsing rounds correctly, which multiplying by a power of ten does not.
            Number::Decimal { digits, exponent } => {
                format!("{digits}e{}", exponent + shift).parse().unwrap_or(f64::NAN)
            }
            Number::Float { value, exponent } => scale(value, exponent + shift),
        }
    }

    /// The whole number that it is, to the last digit, if it is one.
    pub(crate) fn whole(self) -> Option<i128> {
        match self {
            Number::Decimal { digits, exponent } => {
                let power = 10i128.checked_pow(exponent.unsigned_abs());
                match power {
                    _ if digits == 0 => Some(0),
                    Some(power) if exponent >= 0 => digits.checked_mul(power),
                    Some(power) if digits % power == 0 => Some(digits / power),
                    _ => None,
                }
            }
            Number::Float { .. } => {
                let value = self.to_f64(0);
                (value.fract() == 0.0 && value.abs() < 2f64.powi(126)).then_some(value as i128)
            }
        }
    }

    /// Whether it is 0.
    pub(crate) fn is_zero(self) -> bool {
        match self {
            Number::Decimal { digits, .. } => digits == 0,
            Number::Float { value, .. } => value == 0.0,
        }
    }

    /// The parts as a double and an exponent.
    fn float(self) -> (f64, i32) {
        match self {
            Number::Decimal { digits, exponent } => (digits as f64, exponent),
            Number::Float { value, exponent } => (value, exponent),
        }
    }

    /// A double with its exponent, kept near 0 so that long products do not overflow it.
    fn of_float(value: f64, exponent: i32) -> Number {
        if exponent.abs() > LARGEST_EXPONENT {
            return Number::Float { value: scale(value, exponent), exponent: 0 };
        }
        Number::Float { value, exponent }
    }

    /// -x
    pub(crate) fn negated(self) -> Number {
        match self {
            Number::Decimal { digits, exponent } => match digits.checked_neg() {
                Some(digits) => Number::Decimal { digits, exponent },
                None => Number::Float { value: -(digits as f64), exponent },
            },
            Number::Float { value, exponent } => Number::Float { value: -value, exponent },
        }
    }

    /// x y
    pub(crate) fn times(self, other: Number) -> Number {
        if let (Number::Decimal { digits: a, exponent: m }, Number::Decimal { digits: b, exponent: n }) = (self, other)
            && let Some(digits) = a.checked_mul(b)
            && (m + n).abs() <= LARGEST_EXPONENT
        {
            return Number::Decimal { digits, exponent: m + n };
        }
        let ((a, m), (b, n)) = (self.float(), other.float());
        Number::of_float(a * b, m + n)
    }

    /// x / y; y is not 0.
    pub(crate) fn over(self, other: Number) -> Number {
        if let (Number::Decimal { digits: a, exponent: m }, Number::Decimal { digits: b, exponent: n }) = (self, other)
            && (m - n).abs() <= LARGEST_EXPONENT
        {
            let mut digits = a;
            for more in 0..=18 {
                if digits.checked_rem(b) == Some(0) {
                    return Number::Decimal { digits: digits / b, exponent: m - n - more };
                }
                match digits.checked_mul(10) {
                    Some(next) => digits = next,
                    None => break,
                }
            }
        }
        let ((a, m), (b, n)) = (self.float(), other.float());
        Number::of_float(a / b, m - n)
    }

    /// x + y
    pub(crate) fn plus(self, other: Number) -> Number {
        if let (Number::Decimal { digits: a, exponent: m }, Number::Decimal { digits: b, exponent: n }) = (self, other)
        {
            if a == 0 {
                return other;
            }
            if b == 0 {
                return self;
            }
            let low = m.min(n);
            let lift = |digits: i128, by: i32| {
                u32::try_from(by).ok().and_then(|by| 10i128.checked_pow(by)).and_then(|p| digits.checked_mul(p))
            };
            if let (Some(a), Some(b)) = (lift(a, m - low), lift(b, n - low))
                && let Some(digits) = a.checked_add(b)
            {
                return Number::Decimal { digits, exponent: low };
            }
        }
        let ((_, m), (_, n)) = (self.float(), other.float());
        let common = m.max(n);
        Number::of_float(self.to_f64(-common) + other.to_f64(-common), common)
    }

    /// x^n for a whole n, by repeated multiplication.
    pub(crate) fn power(self, n: i32) -> Number {
        let product = (0..n.unsigned_abs()).fold(Number::ONE, |product, _| product.times(self));
        if n < 0 { Number::ONE.over(product) } else { product }
    }
}

/// value x 10^exponent, with one rounding where the power of ten is exact.
fn scale(value: f64, exponent: i32) -> f64 {
    let ten = |n: i32| format!("1e{n}").parse::<f64>().unwrap_or(f64::INFINITY);
    match exponent {
        0 => value,
        1..=300 => value * ten(exponent),
        -300..=-1 => value / ten(-exponent),
        301.. => value * ten(300) * ten(exponent - 300),
        _ => value / ten(300) / ten(-exponent - 300),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimal_arithmetic_is_exact() {
        let n = |t: &str| Number::parse(t).unwrap();
        assert_eq!(n("0.1").plus(n("0.2")).to_f64(0), 0.3);
        assert_eq!(n("-5").times(n("0.1")).to_f64(0), -0.5);
        assert_eq!(n("3").over(n("8")).to_f64(0), 0.375);
        assert_eq!(n("1").over(n("3")).to_f64(0), 1.0 / 3.0);
        assert_eq!(n("16.2").times(n("1e-12")).to_f64(12), 16.2);
        assert_eq!(n("10_000").to_f64(0), 1e4);
        assert_eq!(n("1e-3").power(-2).to_f64(0), 1e6);
    }

    #[test]
    fn whole_numbers_keep_all_digits() {
        let whole = |text: &str| Number::parse(text).unwrap().whole();
        assert_eq!(whole("9223372036854775807"), Some(i128::from(i64::MAX)));
        assert_eq!((whole("1.5e3"), whole("2.0"), whole("0e-60"), whole("1.5")), (Some(1500), Some(2), Some(0), None));
        assert_eq!((whole("1e200"), Number::from_f64(f64::INFINITY).whole()), (None, None));
        assert_eq!(Number::Float { value: 3.0, exponent: 2 }.whole(), Some(300));
    }

    #[test]
    fn long_literals_become_doubles() {
        let text = "0.1234567890123456789012345678901234567890123";
        assert_eq!(Number::parse(text).unwrap().to_f64(0), text.parse::<f64>().unwrap());
        for absurd in ["1e99999", "1e-99999", "1e-2147483648", "1e2147483648"] {
            assert!(Number::parse(absurd).is_none(), "{absurd}");
        }
    }
}
