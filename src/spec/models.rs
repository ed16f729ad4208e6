//! Parameters of neurons, rules and devices, read by the models' own tables.

use super::error::{ModelError, Place};
use super::names;
use super::scope::Scope;
use super::tree::{Entry, Node};
use super::values::{self, Form};
use crate::check::check;
use crate::describe::{Kind, Model, Param};
use crate::units;
use crate::value::Value;

/// Reads one value per parameter of `model`; those not given have their default.
/// `size` is the number of neurons, where it is known.
pub(crate) fn values(
    scope: &Scope,
    model: &Model,
    what: &str,
    at: &Place,
    entries: &[Entry],
    size: Option<usize>,
) -> Result<Vec<Value>, ModelError> {
    let mut given: Vec<Option<Value>> = vec![None; model.params.len()];
    for (name, key_at, node) in flatten(model, entries) {
        let Some(i) = model.param(&name) else {
            if let Some(error) = not_a_table(model, &name, node) {
                return Err(error);
            }
            let valid: Vec<&str> = model.params.iter().map(|p| p.name.split('.').next().unwrap_or(p.name)).collect();
            let mut valid = valid;
            valid.dedup();
            if let Some((table, field)) = name.split_once('.') {
                let fields: Vec<&str> =
                    model.params.iter().filter_map(|p| p.name.strip_prefix(table)?.strip_prefix('.')).collect();
                return Err(names::unknown(key_at, "key", field, &fields));
            }
            // A state is none of the parameters, and has no name near to one of theirs; nor has what a projection says.
            let here = names::here(&name);
            if what == "neuron model" && model.variable(here).is_some() {
                let message = format!(
                    "{here} is a state of {}, no parameter: write initial.{here} in the population",
                    model.name
                );
                return Err(key_at.error(message));
            }
            if what == "plasticity rule" && ["weight", "delay", "w_min", "w_max"].contains(&here) {
                let message =
                    format!("{here} is no parameter of {}: write it in the projection, beside plasticity", model.name);
                return Err(key_at.error(message));
            }
            return Err(names::unknown(key_at, &format!("parameter of {what} {}", model.name), &name, &valid));
        };
        let value = read(scope, &model.params[i], node)?;
        if let Some(size) = size {
            values::check_length(node, &value, size, "neuron")?;
        }
        let param = &model.params[i];
        values::check_known(node, &value, |v| check(param, v).map_err(|e| e.to_string()))
            .map_err(|e| e.help(format!("{}: {}", param.name, param.doc)))?;
        given[i] = Some(snapped(scope, &model.params[i], node, value)?);
    }
    if !scope.partial {
        check_groups(model, at, &given)?;
    }
    let filled = model.params.iter().zip(given).map(|(param, value)| match value {
        Some(value) => Ok(value),
        // Parameters of a sub-table are optional: NaN stands for "not given".
        None if let Some(list) = param.list() => Ok(Value::List(list.into())),
        // Neither are quantities that a price follows from.
        None if param.default.is_nan() && !param.name.contains('.') && !param.optional() && !scope.partial => {
            Err(at.error(format!("{} needs the parameter {} ({})", model.name, param.name, param.doc)))
        }
        None => {
            // Sets may leave it to those that use them.
            let used = size.is_some() || scope.weight.is_some();
            default_on_grid(scope, param, at).filter(|_| used).map_or(Ok(Value::Constant(param.default)), Err)
        }
    });
    filled.collect()
}

/// As `values`, where every parameter is one number.
pub(crate) fn numbers(
    scope: &Scope,
    model: &'static Model,
    what: &str,
    at: &Place,
    entries: &[Entry],
) -> Result<Vec<f64>, ModelError> {
    numbers_and_lists(scope, model, what, at, entries).map(|(numbers, _)| numbers)
}

/// One number for each parameter, NaN for those that are lists; and those.
#[allow(clippy::type_complexity)]
pub(crate) fn numbers_and_lists(
    scope: &Scope,
    model: &'static Model,
    what: &str,
    at: &Place,
    entries: &[Entry],
) -> Result<(Vec<f64>, Vec<(&'static str, Vec<f64>)>), ModelError> {
    for (name, _, node) in flatten(model, entries) {
        if let Some(error) = not_a_table(model, &name, node) {
            return Err(error);
        }
        let list = model.param(&name).is_some_and(|i| model.params[i].list().is_some());
        if !list && (node.table().is_some() || node.array().is_some()) {
            return Err(node.mismatch("one value"));
        }
    }
    let all = values(scope, model, what, at, entries, None)?;
    let lists = model.params.iter().zip(&all).filter_map(|(param, value)| match value {
        Value::List(list) => Some((param.name, list.to_vec())),
        _ => None,
    });
    let lists = lists.collect();
    Ok((all.iter().map(|v| v.constant().unwrap_or(f64::NAN)).collect(), lists))
}

/// Entries with those of sub-tables named `table.field`, where the model has such parameters.
fn flatten<'a>(model: &Model, entries: &'a [Entry]) -> Vec<(String, &'a Place, &'a Node)> {
    let mut flat = Vec::new();
    for entry in entries {
        let prefix = format!("{}.", entry.key);
        let sub = entry.node.table().filter(|_| model.params.iter().any(|p| p.name.starts_with(&prefix)));
        match sub {
            Some(table) => {
                flat.extend(table.entries.iter().map(|e| (format!("{prefix}{}", e.key), &e.key_at, &e.node)));
            }
            None => flat.push((entry.key.clone(), &entry.key_at, &entry.node)),
        }
    }
    flat
}

/// The error of one value where the model has a sub-table of this name: what form is due.
fn not_a_table(model: &Model, name: &str, node: &Node) -> Option<ModelError> {
    let fields = model.params.iter().filter_map(|p| Some((p.name.strip_prefix(name)?.strip_prefix('.')?, p)));
    let fields: Vec<(&str, &Param)> = fields.collect();
    if fields.is_empty() || node.table().is_some() {
        return None;
    }
    let example = |(field, param): &(&str, &Param)| match param.kind {
        Kind::Quantity(unit) | Kind::QuantityOrBare(unit) => format!("{field} = \"1 {unit}\""),
        _ => format!("{field} = 0.1"),
    };
    // Those that can't be left out.
    let due: Vec<String> = fields.iter().filter(|(_, p)| p.default.is_nan()).map(example).collect();
    let meaning: Vec<String> = fields.iter().map(|(field, p)| format!("{field}: {}", p.doc)).collect();
    let form = format!("a table such as {name} = {{ {} }}", due.join(", "));
    Some(node.mismatch(form).help(meaning.join("; ")))
}

fn read(scope: &Scope, param: &Param, node: &Node) -> Result<Value, ModelError> {
    match param.kind {
        Kind::Quantity(unit) => values::read(scope, node, Form::of(unit)),
        Kind::QuantityOrBare(unit) => values::read(scope, node, Form { or_bare: true, ..Form::of(unit) }),
        Kind::Number => values::read(scope, node, Form::of("")),
        Kind::Weight => match scope.weight {
            Some(unit) => values::read(scope, node, Form::of(unit)),
            // A set that no projection uses: any unit may be right.
            None => Ok(Value::Constant(param.default)),
        },
        // Sets are checked before the populations are read.
        Kind::Population if scope.populations.is_empty() => Ok(Value::Constant(0.0)),
        Kind::Population => {
            let name = scope.text(node, "the name of a population")?;
            let names: Vec<&str> = scope.populations.iter().map(String::as_str).collect();
            let found = names.iter().position(|n| *n == name);
            let index = found.ok_or_else(|| match name.split_once('[') {
                Some((whole, _)) if names.contains(&whole) => {
                    node.at.error(format!("found the slice {name}, expected a whole population such as {whole}"))
                }
                _ => names::unknown(&node.at, "population", &name, &names),
            })?;
            Ok(Value::Constant(index as f64))
        }
        Kind::Flag => scope.flag(node).map(|on| Value::Constant(f64::from(u8::from(on)))),
        Kind::Choice(words) => scope.choice(node, words).map(|i| Value::Constant(i as f64)),
        // Texts are taken out before; one that is left is none of a number's.
        Kind::Text => Err(node.mismatch("nothing: this text is read elsewhere")),
        Kind::List(unit, _) => {
            let Some(items) = node.array() else { return Err(node.mismatch("a list of numbers")) };
            let numbers: Result<Vec<f64>, ModelError> = items.iter().map(|item| scope.finite(item, unit)).collect();
            Ok(Value::List(numbers?.into()))
        }
    }
}

/// Parameters that are moments of the grid.
const ON_GRID: [&str; 3] = ["t_ref", "modulator_delay", "every"];

/// Of these those that are a tick at least: windows are no longer.
const NEVER_AT_ONCE: [&str; 2] = ["modulator_delay", "every"];

/// The error for a default that lies off the grid.
fn default_on_grid(scope: &Scope, param: &Param, at: &Place) -> Option<ModelError> {
    if !ON_GRID.contains(&param.name) {
        return None;
    }
    scope.default_on_grid(crate::time::Time::from_ms(param.default), param.name, at)
}

/// In the grid engine a constant refractory period, and what else is a moment of the grid, is a multiple of the resolution.
fn snapped(scope: &Scope, param: &Param, node: &Node, value: Value) -> Result<Value, ModelError> {
    if let Value::Constant(ms) = &value
        && NEVER_AT_ONCE.contains(&param.name)
        && crate::time::Time::from_ms(*ms) <= crate::time::Time::ZERO
    {
        let message = format!("found {} = {ms} ms, shorter than a tick of 1 ps", param.name);
        return Err(node.at.error(message).help(format!("{}: {}", param.name, param.doc)));
    }
    match &value {
        Value::Constant(ms) if scope.grid.is_some() && ON_GRID.contains(&param.name) => {
            let time = crate::time::Time::from_ms(*ms);
            Ok(Value::Constant(scope.on_grid(node, time)?.ms()))
        }
        _ => Ok(value),
    }
}

/// Of a sub-table such as `pulse_up = { v, width }` all fields without a default are given, or none.
fn check_groups(model: &Model, at: &Place, given: &[Option<Value>]) -> Result<(), ModelError> {
    for (param, value) in model.params.iter().zip(given) {
        let Some((group, field)) = param.name.split_once('.') else { continue };
        let any = model
            .params
            .iter()
            .zip(given)
            .any(|(p, v)| v.is_some() && p.name.split_once('.').is_some_and(|(g, _)| g == group));
        if any && value.is_none() && param.default.is_nan() {
            let unit = if let Kind::Quantity(unit) = param.kind { unit } else { "" };
            let message = format!("{group} needs `{field}`, {}", units::expected(unit));
            return Err(at.error(message));
        }
    }
    Ok(())
}
