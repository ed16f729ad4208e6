//! `[parameters]`: names for quantities, which may build on one another.

use std::collections::HashMap;
use std::sync::Arc;

use super::error::ModelError;
use super::names::check_name;
use super::scope::Scope;
use super::tree::{Entry, Kind, Table};
use crate::units::{self, Expression, Function, Quantity};

/// Evaluates the table; the result knows every parameter.
pub(crate) fn read(scope: &Scope, table: &Table) -> Result<HashMap<String, Quantity>, ModelError> {
    for entry in &table.entries {
        check_name(entry)?;
        if Function::named(&entry.key).is_some() || matches!(entry.key.as_str(), "indegree" | "inf") {
            return Err(entry.key_at.error(format!("`{}` has a meaning of its own in expressions", entry.key)));
        }
    }
    // For parsing, names only have to be known.
    let names = table.entries.iter().map(|e| (e.key.clone(), Quantity::number(0.0))).collect();
    let parse_scope = Scope { parameters: Arc::new(names), ..scope.clone() };
    let mut parsed = HashMap::new();
    for entry in &table.entries {
        parsed.insert(entry.key.as_str(), (entry, parse(&parse_scope, entry)?));
    }
    let mut done = HashMap::new();
    for entry in &table.entries {
        evaluate(scope, &entry.key, &parsed, &mut done, &mut Vec::new())?;
    }
    Ok(done)
}

/// A parameter before evaluation.
enum Parsed {
    Value(Quantity),
    Computed(Expression),
}

fn parse(scope: &Scope, entry: &Entry) -> Result<Parsed, ModelError> {
    match &entry.node.kind {
        Kind::Integer(number) => Ok(Parsed::Value(Quantity::whole(*number))),
        Kind::Float(number) if !number.is_nan() => Ok(Parsed::Value(Quantity::number(*number))),
        Kind::Text(text) => match units::infinity(text) {
            Some(infinite) => Ok(Parsed::Value(infinite)),
            None => Ok(Parsed::Computed(scope.expression(&entry.node, text)?)),
        },
        _ => Err(entry.node.mismatch("a number or a quantity such as \"0.1 mV\"")),
    }
}

/// Evaluates one parameter after those that it names; `open` are those that wait for it.
fn evaluate<'a>(
    scope: &Scope,
    name: &'a str,
    parsed: &'a HashMap<&str, (&Entry, Parsed)>,
    done: &mut HashMap<String, Quantity>,
    open: &mut Vec<&'a str>,
) -> Result<(), ModelError> {
    if done.contains_key(name) {
        return Ok(());
    }
    let Some((entry, value)) = parsed.get(name) else { return Ok(()) };
    if open.contains(&name) {
        let chain = open.join(" -> ");
        return Err(entry.node.at.error(format!("parameter {name} depends on itself: {chain} -> {name}")));
    }
    // Long chains recurse; a model with more than this is not written by hand.
    if open.len() > 200 {
        return Err(entry.node.at.error("parameters build on one another more than 200 deep"));
    }
    let quantity = match value {
        Parsed::Value(quantity) => *quantity,
        Parsed::Computed(expression) => {
            if expression.mentions("indegree") {
                return Err(entry.node.at.error("`indegree` can be used in the weight of a projection only"));
            }
            open.push(name);
            let mut names = Vec::new();
            expression.names(&mut names);
            for (other, _) in names {
                evaluate(scope, other, parsed, done, open)?;
            }
            open.pop();
            let value =
                expression.evaluate(&|n| done.get(n).copied()).map_err(|e| entry.node.part(&e.at).error(e.message))?;
            if !expression.is_literal()
                && let Ok(text) = value.text_in(&value.dimension.si_unit())
            {
                let bare = value.dimension == units::Dimension::NONE;
                scope.note(&entry.node, if bare { text } else { format!("\"{text}\"") });
            }
            value
        }
    };
    done.insert(name.to_string(), quantity);
    Ok(())
}
