//! Range checks on parameters, with messages that say what was expected.

use crate::describe::{Bound, Kind, Param};
use crate::units::shown;

/// A value that a model can't take: which parameter, what was found and what was expected.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{parameter}: {message}")]
pub struct Invalid {
    /// The parameter's name as in the model file.
    pub parameter: String,
    /// What was found, what was expected and, where it helps, why.
    pub message: String,
}

impl Invalid {
    /// The error for `parameter`.
    pub fn new(parameter: impl Into<String>, message: impl Into<String>) -> Invalid {
        Invalid { parameter: parameter.into(), message: message.into() }
    }
}

/// Checks one value against its parameter's bound.
///
/// # Errors
/// Names the parameter, the value with its unit, and the bound.
pub fn check(param: &Param, value: f64) -> Result<(), Invalid> {
    let (fine, expected) = match param.bound {
        Bound::Finite => (value.is_finite(), "a finite number"),
        Bound::NotNan => (!value.is_nan(), "a number"),
        Bound::Positive => (value.is_finite() && value > 0.0, "more than 0"),
        Bound::NonNegative | Bound::Optional => (value.is_finite() && value >= 0.0, "0 or more"),
        Bound::Fraction => ((0.0..=1.0).contains(&value), "between 0 and 1"),
    };
    if fine {
        return Ok(());
    }
    let expected = if value.is_infinite() && param.bound != Bound::Fraction && expected != "a finite number" {
        format!("a finite number, {expected}")
    } else {
        expected.to_string()
    };
    let unit = match param.kind {
        Kind::Quantity(unit) | Kind::QuantityOrBare(unit) | Kind::List(unit, _) => unit,
        _ => "",
    };
    let found = format!("{} {unit}", shown(value));
    Err(Invalid::new(param.name, format!("found {}, expected {expected}", found.trim())))
}

/// Checks all values of a model, in the order of its parameter table.
///
/// # Errors
/// The first parameter that is out of its bound.
pub fn check_all(params: &[Param], values: &[f64]) -> Result<(), Invalid> {
    params.iter().zip(values).try_for_each(|(param, &value)| check(param, value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::describe::param;

    #[test]
    fn an_infinite_value_is_told_from_one_out_of_bounds() {
        let said =
            |bound, value| check(&param("g_max", Kind::Quantity("S"), 1.0, bound, ""), value).unwrap_err().to_string();
        assert_eq!(said(Bound::Positive, 0.0), "g_max: found 0 S, expected more than 0");
        assert_eq!(said(Bound::Positive, f64::INFINITY), "g_max: found inf S, expected a finite number, more than 0");
        assert_eq!(said(Bound::NonNegative, f64::INFINITY), "g_max: found inf S, expected a finite number, 0 or more");
        assert_eq!(said(Bound::Finite, f64::INFINITY), "g_max: found inf S, expected a finite number");
    }
}
