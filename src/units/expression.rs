//! Arithmetic in strings: a tree that is parsed once and evaluated with the parameters' values.
//!
//! ```text
//! sum     = product (("+" | "-") product)*
//! product = power (("*" | "/") (power | unit after "/"))*
//! power   = ("-" | "+") power | atom ("^" power)?
//! atom    = number unit? | name | function "(" sum ("," sum)* ")" | "(" sum ")"
//! ```
//! A unit follows a number by juxtaposition (`2 J` is joules, `2 * J` the parameter); written without
//! spaces a compound unit belongs to its number: `5 mm / 5 m/s` is 1 ms.

use std::ops::Range;

use super::dimension::Dimension;
use super::number::Number;
use super::{Quantity, UnitError};
use crate::math;

/// An expression, ready to be evaluated.
#[derive(Clone, Debug)]
pub(crate) enum Expression {
    Constant(Quantity),
    Name(String, Range<usize>),
    Negated(Box<Expression>),
    Binary(char, Box<Expression>, Box<Expression>, Range<usize>),
    Call(Function, Vec<Expression>, Range<usize>),
}

/// The functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Function {
    Sqrt,
    Exp,
    Ln,
    Min,
    Max,
    Round,
}

impl Function {
    /// All of them, by name.
    pub(crate) const NAMES: [(&str, Function); 6] = [
        ("sqrt", Function::Sqrt),
        ("exp", Function::Exp),
        ("ln", Function::Ln),
        ("min", Function::Min),
        ("max", Function::Max),
        ("round", Function::Round),
    ];

    /// The function of this name.
    pub(crate) fn named(name: &str) -> Option<Function> {
        Function::NAMES.iter().find(|f| f.0 == name).map(|f| f.1)
    }
}

impl Expression {
    /// Whether it is a number with or without a unit, so that its text needs no evaluation.
    pub(crate) fn is_literal(&self) -> bool {
        match self {
            Expression::Constant(_) => true,
            Expression::Negated(inner) => matches!(**inner, Expression::Constant(_)),
            _ => false,
        }
    }

    /// Whether the name occurs in it.
    pub(crate) fn mentions(&self, name: &str) -> bool {
        match self {
            Expression::Constant(_) => false,
            Expression::Name(found, _) => found == name,
            Expression::Negated(inner) => inner.mentions(name),
            Expression::Binary(_, a, b, _) => a.mentions(name) || b.mentions(name),
            Expression::Call(_, arguments, _) => arguments.iter().any(|a| a.mentions(name)),
        }
    }

    /// All names in it.
    pub(crate) fn names<'a>(&'a self, into: &mut Vec<(&'a str, Range<usize>)>) {
        match self {
            Expression::Constant(_) => {}
            Expression::Name(name, at) => into.push((name, at.clone())),
            Expression::Negated(inner) => inner.names(into),
            Expression::Binary(_, a, b, _) => {
                a.names(into);
                b.names(into);
            }
            Expression::Call(_, arguments, _) => arguments.iter().for_each(|a| a.names(into)),
        }
    }

    /// Its value, given what names stand for.
    pub(crate) fn evaluate(&self, lookup: &dyn Fn(&str) -> Option<Quantity>) -> Result<Quantity, UnitError> {
        match self {
            Expression::Constant(quantity) => Ok(*quantity),
            Expression::Name(name, at) => {
                lookup(name).ok_or_else(|| UnitError::new(at.clone(), format!("`{name}` has no value here")))
            }
            Expression::Negated(inner) => {
                let inner = inner.evaluate(lookup)?;
                Ok(Quantity { number: inner.number.negated(), ..inner })
            }
            Expression::Binary(op, a, b, at) => binary(*op, a.evaluate(lookup)?, b.evaluate(lookup)?, at),
            Expression::Call(function, arguments, at) => {
                let values = arguments.iter().map(|a| a.evaluate(lookup)).collect::<Result<Vec<_>, _>>()?;
                call(*function, &values, at)
            }
        }
    }
}

/// What has no unit and no end takes no part in a sum or a product.
const INFINITE: &str = "inf stands alone: nothing can be computed from it";

/// One operation, with its dimensions checked.
fn binary(op: char, a: Quantity, b: Quantity, at: &Range<usize>) -> Result<Quantity, UnitError> {
    let fail = |message: String| Err(UnitError::new(at.clone(), message));
    if [a, b].iter().any(|q| q.dimension == Dimension::ANY) {
        return fail(INFINITE.to_string());
    }
    let absurd = || UnitError::new(at.clone(), "the unit of this expression has absurd exponents".to_string());
    let (number, dimension) = match op {
        '+' | '-' => {
            if a.dimension != b.dimension {
                let (verb, joint) = if op == '+' { ("add", "and") } else { ("subtract", "and") };
                return fail(format!("can't {verb} {} {joint} {}", a.dimension.name(), b.dimension.name()));
            }
            (a.number.plus(if op == '-' { b.number.negated() } else { b.number }), a.dimension)
        }
        '*' => (a.number.times(b.number), a.dimension.combine(b.dimension, 1).ok_or_else(absurd)?),
        '/' => {
            if b.number.is_zero() {
                return fail("division by zero".to_string());
            }
            (a.number.over(b.number), a.dimension.combine(b.dimension, -1).ok_or_else(absurd)?)
        }
        _ => {
            if b.dimension != Dimension::NONE {
                return fail(format!("an exponent is a bare number; found {}", b.dimension.name()));
            }
            let exponent = b.number.to_f64(0);
            let whole = exponent.fract() == 0.0 && exponent.abs() <= 64.0;
            if whole {
                let n = exponent as i32;
                if n < 0 && a.number.is_zero() {
                    return fail("division by zero".to_string());
                }
                (a.number.power(n), a.dimension.power(n).ok_or_else(absurd)?)
            } else if a.dimension == Dimension::NONE {
                (Number::from_f64(math::pow(a.number.to_f64(0), exponent)), Dimension::NONE)
            } else {
                return fail(format!("{} can be raised to a whole power only", a.dimension.name()));
            }
        }
    };
    finite(Quantity { number, dimension }, at)
}

/// One function, with its dimensions checked.
fn call(function: Function, values: &[Quantity], at: &Range<usize>) -> Result<Quantity, UnitError> {
    let fail = |message: String| Err(UnitError::new(at.clone(), message));
    let first = values[0];
    if values.iter().any(|q| q.dimension == Dimension::ANY) {
        return fail(INFINITE.to_string());
    }
    let bare = |f: fn(f64) -> f64| -> Result<Quantity, UnitError> {
        if first.dimension != Dimension::NONE {
            return fail(format!("this function takes a bare number; found {}", first.dimension.name()));
        }
        finite(Quantity::number(f(first.number.to_f64(0))), at)
    };
    match function {
        Function::Exp => bare(math::exp),
        Function::Ln => bare(math::ln),
        Function::Round => bare(f64::round),
        Function::Sqrt => {
            let Some(dimension) = first.dimension.root() else {
                return fail(format!("{} has no square root", first.dimension.name()));
            };
            // An odd power of ten in the unit would cost digits: take the root in base units.
            finite(Quantity { number: Number::from_f64(first.number.to_f64(0).sqrt()), dimension }, at)
        }
        Function::Min | Function::Max => {
            if let Some(other) = values.iter().find(|v| v.dimension != first.dimension) {
                return fail(format!("can't compare {} and {}", first.dimension.name(), other.dimension.name()));
            }
            let less = |a: &Quantity, b: &Quantity| a.number.plus(b.number.negated()).to_f64(0) < 0.0;
            let pick = |a: Quantity, b: Quantity| {
                let take_b = if function == Function::Min { less(&b, &a) } else { less(&a, &b) };
                if take_b { b } else { a }
            };
            Ok(values[1..].iter().fold(first, |best, v| pick(best, *v)))
        }
    }
}

/// Refuses what overflowed or has no value.
fn finite(quantity: Quantity, at: &Range<usize>) -> Result<Quantity, UnitError> {
    if quantity.number.to_f64(0).is_finite() {
        Ok(quantity)
    } else {
        Err(UnitError::new(at.clone(), "the value of this expression is not a finite number".to_string()))
    }
}
