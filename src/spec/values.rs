//! Values per neuron or synapse: constants, distributions, lists, files.

use std::sync::Arc;

use super::error::ModelError;
use super::names;
use super::scope::Scope;
use super::tables::{LIST, MOMENTS, VALUE};
use super::tree::{Kind, Node, Table};
use super::values_file;
use crate::math::{ln, ln_1p};
use crate::sample::Law;
use crate::units::{self, Factor};
use crate::value::{Limits, Value};

/// No draw is more standard deviations from the mean of a normal distribution.
const FARTHEST: f64 = 6.337;

/// How a value is written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Form<'a> {
    /// Its unit; empty for bare numbers.
    pub(crate) unit: &'a str,
    /// A bare number is accepted beside one with a unit.
    pub(crate) or_bare: bool,
    /// `indegree` may be used, and is this.
    pub(crate) indegree: Option<Indegree>,
}

/// What is known of in-degrees when a model is read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Indegree {
    /// It is so many for each target.
    Exact(f64),
    /// It is drawn, or told target by target.
    Any,
}

impl<'a> Form<'a> {
    /// A value in this unit.
    pub(crate) fn of(unit: &'a str) -> Form<'a> {
        Form { unit, or_bare: false, indegree: None }
    }

    fn number(&self, scope: &Scope, node: &Node) -> Result<f64, ModelError> {
        if self.or_bare { scope.number_or_bare(node, self.unit) } else { scope.number(node, self.unit) }
    }

    fn finite(&self, scope: &Scope, node: &Node) -> Result<f64, ModelError> {
        let value = self.number(scope, node)?;
        if value.is_finite() {
            Ok(value)
        } else {
            Err(node.at.error(format!("found {value}, expected a finite value")))
        }
    }
}

/// Reads a value.
pub(crate) fn read(scope: &Scope, node: &Node, form: Form<'_>) -> Result<Value, ModelError> {
    if let Some(indegree) = form.indegree
        && mentions_indegree(scope, node)
    {
        return of_indegree(scope, node, Form { indegree: None, ..form }, indegree);
    }
    match &node.kind {
        Kind::Table(table) => distribution(scope, node, table, form),
        Kind::Array(_) => Err(node.mismatch(units::expected(form.unit)).help(
            "a value for each neuron or synapse is written { values = [..], unit = \"..\" }; \
             a list stands for the populations that a projection lists",
        )),
        _ => Ok(Value::Constant(form.number(scope, node)?)),
    }
}

/// Whether any text of the value uses the in-degree.
fn mentions_indegree(scope: &Scope, node: &Node) -> bool {
    match &node.kind {
        Kind::Text(text) => scope.expression(node, text).is_ok_and(|e| e.mentions("indegree")),
        Kind::Array(items) => items.iter().any(|item| mentions_indegree(scope, item)),
        Kind::Table(table) => table.entries.iter().any(|e| mentions_indegree(scope, &e.node)),
        _ => false,
    }
}

/// In-degrees at which a weight is read to find mistakes, where none is known: one of them must do.
const TRIED: [f64; 6] = [1.0, 2.0, 3.0, 10.0, 100.0, 1000.0];

/// A weight that depends on the target's in-degree: read at once where that is known, else once now to find mistakes, and again for each
/// in-degree.
fn of_indegree(scope: &Scope, node: &Node, form: Form<'_>, indegree: Indegree) -> Result<Value, ModelError> {
    let at = |indegree: f64| Scope { indegree: Some(indegree), ..scope.clone() };
    if let Indegree::Exact(indegree) = indegree {
        let value = read(&at(indegree), node, form);
        return value.map_err(|error| error.help(format!("`indegree` is {indegree} here")));
    }
    let tried = |error: ModelError| TRIED.iter().find_map(|&other| read(&at(other), node, form).ok()).ok_or(error);
    read(&at(TRIED[0]), node, form).or_else(tried)?;
    let (unit, or_bare) = (form.unit.to_string(), form.or_bare);
    let node = node.clone();
    let scope = Scope { replaced: None, noticed: None, ..scope.clone() };
    Ok(Value::OfIndegree(Arc::new(move |indegree| {
        let scope = Scope { indegree: Some(indegree), ..scope.clone() };
        let form = Form { unit: &unit, or_bare, indegree: None };
        read(&scope, &node, form).map_err(|error| error.message().to_string())
    })))
}

fn distribution(scope: &Scope, node: &Node, table: &Table, form: Form<'_>) -> Result<Value, ModelError> {
    let kinds = VALUE.names();
    let named: Vec<_> = table.entries.iter().filter(|e| kinds.contains(&e.key.as_str())).collect();
    let entry = match named[..] {
        [one] => one,
        [_, second, ..] => {
            return Err(second.key_at.error(format!("{} and {} are two values for one", named[0].key, second.key)));
        }
        [] => match table.entries.first() {
            Some(entry) => return Err(names::unknown(&entry.key_at, "distribution", &entry.key, &kinds)),
            None => return Err(node.mismatch(units::expected(form.unit))),
        },
    };
    let inner = &entry.node;
    match entry.key.as_str() {
        "values" => list(scope, table, inner, form),
        "file" => values_file::read(scope, table, inner, form),
        key => {
            let others: Vec<&str> = kinds.into_iter().filter(|kind| *kind != key).collect();
            VALUE.check_without(table, &others, VALUE.of)?;
            match key {
                "uniform" => uniform(scope, inner, form),
                "normal" => {
                    let (mean, std, limits) = moments(scope, inner, form, Family::Normal)?;
                    drawable(scope, inner, Value::Normal { mean, std, limits })
                }
                "lognormal" => {
                    let (mean, std, limits) = moments(scope, inner, form, Family::Lognormal)?;
                    if mean == 0.0 {
                        return Err(inner
                            .at
                            .error("the mean of a lognormal distribution is 0, expected another number"));
                    }
                    let sigma = ln_1p((std / mean) * (std / mean)).sqrt();
                    if sigma.is_nan() || 0.5 * sigma > FARTHEST {
                        let cv = std / mean.abs();
                        return Err(inner.at.error(format!(
                            "found a lognormal distribution with cv = {cv:e}, of which no value that can be drawn is as large as the mean; \
                             expected at most 8e34"
                        )));
                    }
                    drawable(scope, inner, Value::Lognormal { mean, std, limits })
                }
                _ => {
                    let (mean, _, limits) = moments(scope, inner, form, Family::Exponential)?;
                    drawable(scope, inner, Value::Exponential { mean, limits })
                }
            }
        }
    }
}

/// Refuses limits that leave less of a distribution than the tries of a draw find: what is left is known without any.
fn drawable(scope: &Scope, node: &Node, value: Value) -> Result<Value, ModelError> {
    // Of a weight that goes by the in-degree, this is but one of many; it is looked at when that is known.
    if scope.indegree.is_none() && matches!(Law::new(&value), Some(Err(_))) {
        let message =
            "the limits leave less than one in 10,000 of the values of this distribution, too few to be drawn";
        return Err(node.at.error(message).help("widen the limits, or move the mean"));
    }
    Ok(value)
}

fn uniform(scope: &Scope, node: &Node, form: Form<'_>) -> Result<Value, ModelError> {
    let Some([low, high]) = node.array() else { return Err(node.mismatch("a list of two, [low, high]")) };
    let (a, b) = (form.finite(scope, low)?, form.finite(scope, high)?);
    if a > b {
        return Err(node.at.error(format!("the lower end, {a}, is above the upper one, {b}")));
    }
    Ok(Value::Uniform { low: a, high: b })
}

/// A distribution with moments.
#[derive(Clone, Copy, PartialEq)]
enum Family {
    Normal,
    Lognormal,
    Exponential,
}

/// mean, std and limits of a distribution with moments.
fn moments(scope: &Scope, node: &Node, form: Form<'_>, family: Family) -> Result<(f64, f64, Limits), ModelError> {
    let spread = family != Family::Exponential;
    let Some(table) = node.table() else {
        return Err(node.mismatch(if spread { "a table { mean, std }" } else { "a table { mean }" }));
    };
    MOMENTS.check_without(table, if spread { &[] } else { &["std", "cv"] }, MOMENTS.of)?;
    let Some(mean) = table.get("mean") else { return Err(node.at.error("`mean` is missing")) };
    let mean = form.finite(scope, mean)?;
    let std = match (spread, table.get("std"), table.entry("cv")) {
        (false, ..) => 0.0,
        (true, Some(_), Some(cv)) => return Err(cv.key_at.error("`cv` is given beside `std`: write one of them")),
        (true, Some(std), None) => {
            let value = form.finite(scope, std)?;
            if value < 0.0 {
                return Err(std.at.error(format!("the standard deviation is {value}, expected 0 or more")));
            }
            value
        }
        (true, None, Some(cv)) => scope.non_negative(&cv.node, "")? * mean.abs(),
        (true, None, None) => return Err(node.at.error("`std` (or `cv`, relative to the mean) is missing")),
    };
    let limit = |key: &str, default: f64| table.get(key).map_or(Ok(default), |node| form.number(scope, node));
    let limits = Limits {
        min: limit("min", f64::NEG_INFINITY)?,
        max: limit("max", f64::INFINITY)?,
        same_sign: table.get("same_sign").map_or(Ok(false), |node| scope.flag(node))?,
    };
    check_limits(node, mean, std, family, &limits)?;
    Ok((mean, std, limits))
}

/// Refuses limits that no draw can ever meet, and those that would be redrawn practically for ever.
fn check_limits(node: &Node, mean: f64, std: f64, family: Family, limits: &Limits) -> Result<(), ModelError> {
    let spread = family != Family::Exponential;
    if limits.min > limits.max {
        return Err(node.at.error(format!("min, {}, is above max, {}", limits.min, limits.max)));
    }
    if limits.same_sign && mean == 0.0 {
        return Err(node.at.error("`same_sign` needs a mean other than 0"));
    }
    let nothing = |why: &str| Err(node.at.error(format!("{why}: no value could ever be drawn")));
    if spread && std == 0.0 && !limits.keep(mean, mean) {
        return nothing("the standard deviation is 0 and the mean is outside the limits");
    }
    if std > 0.0 && limits.min == limits.max {
        return nothing("min and max are equal");
    }
    // Six standard deviations away one draw in 1e9 is kept, and so is one of an exponential distribution 20 means away.
    if family == Family::Normal && std > 0.0 && (limits.min > mean + 6.0 * std || limits.max < mean - 6.0 * std) {
        return nothing("the limits are more than 6 standard deviations from the mean");
    }
    // Those that remain have the sign of their mean.
    let (least, most) = if mean < 0.0 { (-limits.max, -limits.min) } else { (limits.min, limits.max) };
    if family == Family::Lognormal && std > 0.0 && mean != 0.0 {
        let variance = ln_1p((std / mean) * (std / mean));
        let (middle, reach) = (ln(mean.abs()) - 0.5 * variance, 6.0 * variance.sqrt());
        if most <= 0.0 || least > 0.0 && ln(least) > middle + reach || ln(most) < middle - reach {
            return nothing("the limits are more than 6 standard deviations of the logarithm from its mean");
        }
    }
    if family == Family::Exponential && mean != 0.0 && least > 20.0 * mean.abs() {
        return nothing("the limits are more than 20 means away");
    }
    if limits.same_sign && (mean > 0.0 && limits.max <= 0.0 || mean < 0.0 && limits.min >= 0.0) {
        return nothing("the limits have another sign than the mean");
    }
    if !spread && (mean > 0.0 && limits.max < 0.0 || mean < 0.0 && limits.min > 0.0) {
        return nothing("the limits have another sign than the mean");
    }
    Ok(())
}

fn list(scope: &Scope, table: &Table, node: &Node, form: Form<'_>) -> Result<Value, ModelError> {
    LIST.check(table)?;
    let factor = unit_factor(scope, table, node, form, None)?;
    let Some(items) = node.array() else { return Err(node.mismatch("a list of numbers")) };
    let mut values = Vec::with_capacity(items.len());
    for item in items {
        let number = match item.kind {
            Kind::Integer(_) | Kind::Float(_) => scope.finite(item, "")?,
            _ => return Err(item.mismatch("a bare number; the unit stands beside the list")),
        };
        values.push(factor.apply(number));
    }
    Ok(Value::List(values.into()))
}

/// The unit that a file says itself, and where.
pub(crate) struct Told<'a> {
    pub(crate) unit: &'a str,
    pub(crate) place: &'a str,
    /// What of that place says so, such as `its attribute`.
    pub(crate) by: &'a str,
}

/// From the unit of a list or a file, written beside it or told by the file, to that of the value.
pub(crate) fn unit_factor(
    scope: &Scope,
    table: &Table,
    node: &Node,
    form: Form<'_>,
    told: Option<Told<'_>>,
) -> Result<Factor, ModelError> {
    let to = form.unit;
    let Some(unit) = table.get("unit") else {
        return match told {
            Some(Told { unit, place, by }) => {
                Factor::new(unit, to).map_err(|e| node.at.error(format!("{place} is in {unit}, as {by} says: {e}")))
            }
            None if to.is_empty() || form.or_bare => Factor::new(to, to).map_err(|e| node.at.error(e.message)),
            None => Err(node.at.error(format!("`unit` is missing: write unit = \"{to}\" beside it"))),
        };
    };
    let from = scope.text(unit, "a unit such as \"ms\"")?;
    if let Some(Told { unit: told, place, by }) = told
        && !Factor::new(told, &from).is_ok_and(|factor| factor.is_one())
    {
        let message = format!("found unit = \"{from}\", but {place} is in {told}, as {by} says");
        return Err(unit.at.error(message).help(format!("leave out `unit`, or correct {by} in the file")));
    }
    Factor::new(&from, to).map_err(|e| unit.at.error(e.message))
}

/// Checks the length of a list against the number of neurons or synapses.
pub(crate) fn check_length(node: &Node, value: &Value, expected: usize, of: &str) -> Result<(), ModelError> {
    match value {
        Value::List(values) if values.len() != expected => {
            Err(node.at.error(format!("found {} values, expected {expected}: one for each {of}", values.len())))
        }
        _ => Ok(()),
    }
}

/// Applies a check to the values that are known already.
pub(crate) fn check_known(
    node: &Node,
    value: &Value,
    check: impl Fn(f64) -> Result<(), String>,
) -> Result<(), ModelError> {
    match value {
        Value::Constant(value) => check(*value).map_err(|message| node.at.error(message)),
        Value::List(values) => values.iter().enumerate().try_for_each(|(i, value)| {
            check(*value).map_err(|message| node.at.error(format!("value {} of {}: {message}", i + 1, values.len())))
        }),
        _ => Ok(()),
    }
}
