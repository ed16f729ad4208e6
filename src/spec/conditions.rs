//! `where = { column = value }`: rows of a recording's tables by what stands in a column.

use std::collections::BTreeSet;

use super::error::ModelError;
use super::reader::Reader;
use super::tree::{Kind, Node};
use crate::math::whole;
use crate::spikes::Column;

/// A column and the values of which a row must have one.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// The column's name.
    pub column: String,
    /// Numbers and words.
    pub values: Vec<Wanted>,
}

/// A value to compare with.
#[derive(Clone, Debug, PartialEq)]
pub enum Wanted {
    /// A number.
    Number(f64),
    /// A word; `true` and `false` too.
    Text(String),
}

impl Wanted {
    /// What a text on the command line asks for.
    pub fn of_text(text: &str) -> Wanted {
        match (text.parse::<i64>(), text.parse::<f64>()) {
            (Ok(whole), _) => Wanted::of_whole(whole),
            (_, Ok(number)) if number.is_finite() => Wanted::Number(number),
            _ => Wanted::Text(text.to_string()),
        }
    }

    /// A whole number; by its digits if a double can't tell it from its neighbours.
    fn of_whole(number: i64) -> Wanted {
        if is_exact(number) { Wanted::Number(number as f64) } else { Wanted::Text(number.to_string()) }
    }
}

/// Whether a double tells a whole number from its neighbours.
fn is_exact(number: i64) -> bool {
    whole(number as f64).is_some()
}

/// Ids as a column to compare with: by their digits if one is beyond what doubles tell apart.
pub(super) fn id_column(ids: &[i64]) -> Column {
    if ids.iter().all(|&id| is_exact(id)) {
        Column::Number(ids.iter().map(|&id| id as f64).collect())
    } else {
        Column::Text(ids.iter().map(i64::to_string).collect())
    }
}

impl Condition {
    /// Whether a row fulfils it. A number and a word are equal if they are written alike.
    pub fn holds(&self, column: &Column, row: usize) -> bool {
        self.values.iter().any(|wanted| match (wanted, column) {
            (Wanted::Number(wanted), Column::Number(values)) => values.get(row) == Some(wanted),
            (Wanted::Text(wanted), Column::Text(values)) => values.get(row) == Some(wanted),
            (Wanted::Text(wanted), Column::Number(values)) => {
                wanted.trim().parse::<f64>().is_ok_and(|wanted| values.get(row) == Some(&wanted))
            }
            (Wanted::Number(wanted), Column::Text(values)) => {
                values.get(row).is_some_and(|value| value.trim().parse::<f64>() == Ok(*wanted))
            }
        })
    }
}

/// The rows of `rows` that fulfil all conditions.
///
/// # Errors
/// A sentence, if a column is not there.
pub(super) fn select(
    conditions: &[Condition],
    columns: &[(&str, &Column)],
    rows: impl Iterator<Item = usize>,
) -> Result<Vec<usize>, String> {
    let mut found = Vec::new();
    for condition in conditions {
        let Some((_, column)) = columns.iter().find(|column| column.0 == condition.column) else {
            let there: Vec<&str> = columns.iter().map(|column| column.0).collect();
            let there = if there.is_empty() { "no columns".to_owned() } else { there.join(", ") };
            return Err(format!("where names the column {}, but the recording has {there}", condition.column));
        };
        found.push((condition, *column));
    }
    Ok(rows.filter(|row| found.iter().all(|(condition, column)| condition.holds(column, *row))).collect())
}

/// What a condition could have asked for: the values that stand in its column, or their ends where they are many.
pub(super) fn there_are(condition: &Condition, columns: &[(&str, &Column)]) -> String {
    const MOST: usize = 12;
    let name = &condition.column;
    let Some((_, column)) = columns.iter().find(|column| column.0 == *name) else { return String::new() };
    match column {
        Column::Text(values) => {
            // A line for all of them, whatever they hold.
            let shown = |value: &String| value.chars().flat_map(plain).collect::<String>();
            let values: Vec<String> = values.iter().map(shown).collect::<BTreeSet<_>>().into_iter().collect();
            let more = if values.len() > MOST { format!(" and {} more", values.len() - MOST) } else { String::new() };
            format!("{name} is {}{more}", values[..values.len().min(MOST)].join(", "))
        }
        Column::Number(values) => {
            let mut values: Vec<f64> = values.iter().copied().filter(|v| !v.is_nan()).collect();
            values.sort_by(f64::total_cmp);
            values.dedup();
            match &values[..] {
                [] => format!("{name} has no number"),
                [first, .., last] if values.len() > MOST => format!("{name} is from {first} to {last}"),
                _ => format!("{name} is {}", values.iter().map(f64::to_string).collect::<Vec<_>>().join(", ")),
            }
        }
    }
}

/// A character, or what stands for a line break or a tab.
fn plain(c: char) -> Vec<char> {
    if c.is_control() { c.escape_default().collect() } else { vec![c] }
}

impl Reader<'_> {
    /// Reads the table of conditions.
    pub(crate) fn conditions(&self, node: &Node) -> Result<Vec<Condition>, ModelError> {
        let expected = "a table of columns and values such as { location = \"M1\" }";
        let table = node.table().ok_or_else(|| node.mismatch(expected))?;
        if table.entries.is_empty() {
            return Err(node.mismatch(expected));
        }
        let one = |node: &Node| match &node.kind {
            Kind::Integer(number) => Ok(Wanted::of_whole(*number)),
            Kind::Float(number) => Ok(Wanted::Number(*number)),
            Kind::Text(text) => Ok(Wanted::Text(text.clone())),
            Kind::Bool(value) => Ok(Wanted::Text(value.to_string())),
            _ => Err(node.mismatch("a word, a number, or a list of them")),
        };
        let each = |entry: &super::tree::Entry| {
            let values = match entry.node.array() {
                Some(items) => items.iter().map(one).collect::<Result<Vec<_>, _>>()?,
                None => vec![one(&entry.node)?],
            };
            Ok(Condition { column: entry.key.clone(), values })
        };
        table.entries.iter().map(each).collect()
    }
}

/// The error for a name that a recording doesn't have.
pub(super) fn missing(kind: &str, name: &str, there: &[&str]) -> String {
    let there = if there.is_empty() { "none".to_owned() } else { there.join(", ") };
    format!("found no {kind} `{name}`; the recording has {there}")
}
