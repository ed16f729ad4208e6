//! Text to [`Expression`]. The grammar is in that module.

use super::dimension::Dimension;
use super::expression::{Expression, Function};
use super::nearest;
use super::number::Number;
use super::table::{self, Unit};
use super::{Quantity, UnitError};

/// Deeper nesting than this is an attack on the stack, not a model.
const DEEPEST: usize = 100;

/// A longer text would make a tree too deep to walk.
const LONGEST: usize = 2000;

/// Parses an expression; `known` says which names are parameters.
pub(crate) fn parse(text: &str, known: &dyn Fn(&str) -> bool) -> Result<Expression, UnitError> {
    if text.len() > LONGEST {
        return Err(UnitError::new(
            0..text.len(),
            format!("found {} characters, expected a shorter value", text.len()),
        ));
    }
    let mut parser = Parser { text, at: 0, known, depth: 0 };
    parser.space();
    if parser.rest().is_empty() {
        return Err(UnitError::new(0..text.len(), "found nothing, expected a value".to_string()));
    }
    let expression = parser.sum()?;
    parser.space();
    if parser.rest().is_empty() {
        return Ok(expression);
    }
    let unit = parser.name_at(parser.at).filter(|name| table::unit(name).is_some());
    Err(match unit {
        Some(unit) => {
            let at = parser.at..parser.at + unit.len();
            UnitError::new(at, format!("found the unit `{unit}` without a number: write `* 1 {unit}`"))
        }
        None if parser.rest().starts_with(',') => {
            parser.unexpected("an operator or the end; decimals are written with a point, thousands without a mark")
        }
        None => parser.unexpected("an operator or the end"),
    })
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    known: &'a dyn Fn(&str) -> bool,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn space(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    /// Takes `c` after spaces, if it comes next.
    fn take(&mut self, c: char) -> bool {
        self.space();
        let found = self.peek() == Some(c);
        if found {
            self.at += c.len_utf8();
        }
        found
    }

    fn unexpected(&self, expected: &str) -> UnitError {
        let found = match self.peek() {
            // It looks like the sign on the keyboard.
            Some(minus @ '\u{2212}') => format!("`{minus}` (U+2212; write a plain -)"),
            Some(c) => format!("`{c}`"),
            None => "the end".to_string(),
        };
        let end = self.at + self.peek().map_or(0, char::len_utf8);
        UnitError::new(self.at..end, format!("found {found}, expected {expected}"))
    }

    /// The name that starts at `from`, if there is one.
    fn name_at(&self, from: usize) -> Option<&'a str> {
        let rest = &self.text[from..];
        if !rest.chars().next()?.is_alphabetic() {
            return None;
        }
        let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
        // U+00B5 and U+2126 are letters to Unicode; so nothing else is needed for `µS` and `kΩ`.
        Some(&rest[..end])
    }

    fn called(&self, name: &str, from: usize) -> bool {
        self.text[from + name.len()..].trim_start().starts_with('(')
    }

    fn sum(&mut self) -> Result<Expression, UnitError> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(UnitError::new(0..self.text.len(), "this expression is nested too deeply".to_string()));
        }
        let start = self.at;
        let mut left = self.product()?;
        loop {
            self.space();
            let Some(op) = self.peek().filter(|c| matches!(c, '+' | '-')) else { break };
            self.at += 1;
            let right = self.product()?;
            left = Expression::Binary(op, Box::new(left), Box::new(right), start..self.at);
        }
        self.depth -= 1;
        Ok(left)
    }

    fn product(&mut self) -> Result<Expression, UnitError> {
        self.space();
        let start = self.at;
        let mut left = self.power()?;
        loop {
            self.space();
            let Some(op) = self.peek().filter(|c| matches!(c, '*' | '/')) else { break };
            self.at += 1;
            self.space();
            let right = match self.divisor_unit(op) {
                Some(unit) => unit,
                None => self.power()?,
            };
            left = Expression::Binary(op, Box::new(left), Box::new(right), start..self.at);
        }
        Ok(left)
    }

    /// In `1/ms` and `1 mV / ms` the divisor is a unit without a number of its own.
    fn divisor_unit(&mut self, op: char) -> Option<Expression> {
        let name = self.name_at(self.at)?;
        if op != '/' || (self.known)(name) || self.called(name, self.at) {
            return None;
        }
        let unit = table::unit(name)?;
        self.at += name.len();
        let power = self.unit_power().unwrap_or(1);
        let dimension = unit.dimension.power(power)?;
        Some(Expression::Constant(Quantity { number: unit.factor.power(power), dimension }))
    }

    fn power(&mut self) -> Result<Expression, UnitError> {
        self.space();
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(UnitError::new(0..self.text.len(), "this expression is nested too deeply".to_string()));
        }
        let start = self.at;
        let result = if self.take('-') {
            Expression::Negated(Box::new(self.power()?))
        } else if self.take('+') {
            self.power()?
        } else {
            let base = self.atom()?;
            if self.take('^') {
                let exponent = self.power()?;
                Expression::Binary('^', Box::new(base), Box::new(exponent), start..self.at)
            } else {
                base
            }
        };
        self.depth -= 1;
        Ok(result)
    }

    fn atom(&mut self) -> Result<Expression, UnitError> {
        self.space();
        let start = self.at;
        match self.peek() {
            Some('(') => {
                self.at += 1;
                let inner = self.sum()?;
                if self.take(')') { Ok(inner) } else { Err(self.unexpected("`)`")) }
            }
            Some(c) if c.is_ascii_digit() || c == '.' => self.number(),
            Some(c) if c.is_alphabetic() => {
                let name = self.name_at(start).unwrap_or_default();
                if self.called(name, start) && !(self.known)(name) {
                    return self.call(name);
                }
                self.at += name.len();
                let at = start..self.at;
                if (self.known)(name) {
                    return Ok(Expression::Name(name.to_string(), at));
                }
                Err(UnitError::new(at, unknown_name(name)))
            }
            _ => Err(self.unexpected("a number, a name or `(`")),
        }
    }

    fn call(&mut self, name: &str) -> Result<Expression, UnitError> {
        let start = self.at;
        self.at += name.len();
        let Some(function) = Function::named(name) else {
            let names: Vec<&str> = Function::NAMES.iter().map(|f| f.0).collect();
            let message = format!("unknown function `{name}`; there are {}", names.join(", "));
            return Err(UnitError::new(start..self.at, message));
        };
        self.take('(');
        let mut arguments = vec![self.sum()?];
        while self.take(',') {
            arguments.push(self.sum()?);
        }
        if !self.take(')') {
            return Err(self.unexpected("`,` or `)`"));
        }
        let several = matches!(function, Function::Min | Function::Max);
        if !several && arguments.len() != 1 {
            let message = format!("`{name}` takes one argument; found {}", arguments.len());
            return Err(UnitError::new(start..self.at, message));
        }
        Ok(Expression::Call(function, arguments, start..self.at))
    }

    fn number(&mut self) -> Result<Expression, UnitError> {
        let start = self.at;
        let bytes = self.text.as_bytes();
        let digits = |mut i: usize| {
            while i < bytes.len() && (bytes[i].is_ascii_digit() || bytes[i] == b'_') {
                i += 1;
            }
            i
        };
        let mut end = digits(start);
        if bytes.get(end) == Some(&b'.') {
            end = digits(end + 1);
        }
        if matches!(bytes.get(end), Some(b'e' | b'E')) {
            let signed = end + 1 + usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
            if digits(signed) > signed {
                end = digits(signed);
            }
        }
        self.at = end;
        let text = &self.text[start..end];
        let number = if text.contains(|c: char| c.is_ascii_digit()) { Number::parse(text) } else { None };
        let number = number
            .filter(|n| n.to_f64(0).is_finite())
            .ok_or_else(|| UnitError::new(start..end, format!("`{text}` is not a number")))?;
        match self.unit(start)? {
            Some(unit) => {
                let number = number.times(unit.factor);
                Ok(Expression::Constant(Quantity { number, dimension: unit.dimension }))
            }
            None => Ok(Expression::Constant(Quantity { number, dimension: Dimension::NONE })),
        }
    }

    /// The unit that belongs to the number before: `mV`, `m^2/V/s`, or ` /ms`.
    fn unit(&mut self, start: usize) -> Result<Option<Unit>, UnitError> {
        let number_end = self.at;
        let mut result = Unit { factor: Number::ONE, dimension: Dimension::NONE };
        self.space();
        if let Some(name) = self.name_at(self.at) {
            let at = self.at..self.at + name.len();
            let number = &self.text[start..number_end];
            if self.called(name, self.at) || (table::unit(name).is_none() && (self.known)(name)) {
                let message = format!("an operator is missing: write `{number} * {name}`");
                return Err(UnitError::new(at, message));
            }
            let Some(unit) = table::unit(name) else { return Err(UnitError::new(at, unknown_unit(name))) };
            self.at += name.len();
            self.multiply(&mut result, unit, 1)?;
        } else {
            // ` /ms`: the slash stands by the unit, not by the number.
            let tight = self.at == number_end;
            let unit = self.rest().strip_prefix('/').and_then(|_| self.name_at(self.at + 1));
            match unit {
                Some(name) if !tight && table::unit(name).is_some() && !(self.known)(name) => {}
                _ => {
                    self.at = number_end;
                    return Ok(None);
                }
            }
        }
        while let Some(op) = self.peek().filter(|c| matches!(c, '*' | '/')) {
            let Some(name) = self.name_at(self.at + 1) else { break };
            if self.called(name, self.at + 1) {
                break;
            }
            let Some(unit) = table::unit(name) else { break };
            let at = self.at + 1..self.at + 1 + name.len();
            if (self.known)(name) {
                let message = format!(
                    "`{name}` is a unit and a parameter: write `{op} {name}` with spaces for the parameter, \
                     `{op} 1 {name}` for the unit"
                );
                return Err(UnitError::new(at, message));
            }
            self.at = at.end;
            self.multiply(&mut result, unit, if op == '/' { -1 } else { 1 })?;
        }
        Ok(Some(result))
    }

    /// Multiplies `result` by a unit with the power that follows it.
    fn multiply(&mut self, result: &mut Unit, unit: Unit, sign: i32) -> Result<(), UnitError> {
        let absurd = UnitError::new(self.at..self.at, "this unit has absurd exponents".to_string());
        let power = self.unit_power().unwrap_or(1) * sign;
        let Some(dimension) = unit.dimension.power(power).and_then(|d| result.dimension.combine(d, 1)) else {
            return Err(absurd);
        };
        *result = Unit { factor: result.factor.times(unit.factor.power(power)), dimension };
        Ok(())
    }

    /// `^2` right after a unit; small whole numbers only.
    fn unit_power(&mut self) -> Option<i32> {
        let rest = self.rest().strip_prefix('^')?;
        let end = rest.char_indices().find(|(i, c)| !(c.is_ascii_digit() || (*i == 0 && *c == '-')));
        let digits = &rest[..end.map_or(rest.len(), |e| e.0)];
        let power = digits.parse::<i32>().ok().filter(|p| p.abs() <= 9)?;
        self.at += 1 + digits.len();
        Some(power)
    }
}

fn unknown_name(name: &str) -> String {
    if table::unit(name).is_some() {
        return format!("a unit follows a number: write `1 {name}`, or name a parameter of [parameters]");
    }
    format!("`{name}` is not a name of [parameters]")
}

fn unknown_unit(name: &str) -> String {
    match nearest(name, table::COMMON) {
        Some(near) => format!("unknown unit `{name}`: did you mean `{near}`?"),
        None => format!("unknown unit `{name}`"),
    }
}
