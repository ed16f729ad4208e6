//! Writes a model as TOML, with expressions evaluated; reading the text gives the same model.

use super::scope::{Replaced, place_key};
use super::tree::{Kind, Node, Table};

/// A line that is longer becomes a table of its own.
const LONG: usize = 100;

/// The whole model as TOML: a header for each named table and for those that are long, other ones inline.
pub(crate) fn write(root: &Table, replaced: &Replaced) -> String {
    let mut text = String::new();
    table(&mut text, &[], root, replaced);
    text
}

/// A table: what fits on lines under its header, then the tables within it under theirs.
fn table(text: &mut String, path: &[&str], table_: &Table, replaced: &Replaced) {
    let mut blocks = Vec::new();
    let mut lines = Vec::new();
    for entry in &table_.entries {
        let line = format!("{} = {}\n", key(&entry.key), inline(&entry.node, replaced));
        // Tables of the model, and the named ones within some of them, have headers however short they are.
        let named = |section: &str| !matches!(section, "parameters" | "simulation" | "record" | "energy");
        let headed = match path {
            [] => true,
            [section] => named(section),
            _ => line.len() > LONG,
        };
        let listed = path == ["record"] && matches!(entry.key.as_str(), "state" | "weights");
        match &entry.node.kind {
            Kind::Table(inner) if headed => blocks.push((entry.key.as_str(), vec![inner], false)),
            Kind::Array(items) if listed && !items.is_empty() => {
                blocks.push((entry.key.as_str(), items.iter().filter_map(Node::table).collect(), true));
            }
            _ => lines.push(line),
        }
    }
    if !path.is_empty() && (!lines.is_empty() || blocks.is_empty()) {
        *text += &format!("\n[{}]\n", joined(path));
    }
    lines.iter().for_each(|line| *text += line);
    for (name, tables, list) in blocks {
        let path = [path, &[name]].concat();
        for inner in tables {
            if list {
                *text += &format!("\n[[{}]]\n", joined(&path));
                for entry in &inner.entries {
                    *text += &format!("{} = {}\n", key(&entry.key), inline(&entry.node, replaced));
                }
            } else {
                table(text, &path, inner, replaced);
            }
        }
    }
}

fn joined(path: &[&str]) -> String {
    path.iter().map(|name| key(name)).collect::<Vec<_>>().join(".")
}

/// A value on one line.
fn inline(node: &Node, replaced: &Replaced) -> String {
    match &node.kind {
        Kind::Text(text) => match replaced.get(&place_key(&node.at)) {
            Some(toml) => toml.clone(),
            None => toml_edit::Value::from(text.as_str()).to_string(),
        },
        Kind::Integer(number) => number.to_string(),
        Kind::Float(number) => format!("{number:?}"),
        Kind::Bool(value) => value.to_string(),
        Kind::Date => "\"\"".to_string(),
        Kind::Array(items) => {
            let items: Vec<String> = items.iter().map(|item| inline(item, replaced)).collect();
            format!("[{}]", items.join(", "))
        }
        Kind::Table(table) => {
            let entries: Vec<String> =
                table.entries.iter().map(|e| format!("{} = {}", key(&e.key), inline(&e.node, replaced))).collect();
            if entries.is_empty() { "{}".to_string() } else { format!("{{ {} }}", entries.join(", ")) }
        }
    }
}

/// A key, quoted where it must be.
fn key(name: &str) -> String {
    toml_edit::Key::new(name).display_repr().into_owned()
}
