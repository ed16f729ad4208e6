//! Writes the model with layers and `--set` applied and expressions evaluated; reading the text gives the same model.

use super::scope::{Replaced, place_key};
use super::tree::{Kind, Node, Table};

/// The whole model as TOML: a header for each named table, shorter ones inline.
pub(crate) fn write(root: &Table, replaced: &Replaced) -> String {
    let mut text = String::new();
    let (tables, plain): (Vec<_>, Vec<_>) = root.entries.iter().partition(|e| e.node.table().is_some());
    for entry in plain {
        text += &format!("{} = {}\n", key(&entry.key), inline(&entry.node, replaced));
    }
    for entry in tables {
        let table = entry.node.table().map_or(&[][..], |t| &t.entries);
        let named = !matches!(entry.key.as_str(), "parameters" | "simulation" | "record");
        if !named {
            text += &section(&key(&entry.key), &entry.node, replaced);
            continue;
        }
        for inner in table {
            text += &section(&format!("{}.{}", key(&entry.key), key(&inner.key)), &inner.node, replaced);
        }
    }
    text
}

/// A table under its header.
fn section(header: &str, node: &Node, replaced: &Replaced) -> String {
    let Some(table) = node.table() else {
        // A set that only names another one: `neuron.a = "b"`.
        let (outer, last) = header.rsplit_once('.').unwrap_or(("", header));
        return format!("\n[{outer}]\n{last} = {}\n", inline(node, replaced));
    };
    let mut text = format!("\n[{header}]\n");
    for entry in &table.entries {
        text += &format!("{} = {}\n", key(&entry.key), inline(&entry.node, replaced));
    }
    text
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
            format!("{{ {} }}", entries.join(", "))
        }
    }
}

/// A key, quoted where it must be.
fn key(name: &str) -> String {
    toml_edit::Key::new(name).display_repr().into_owned()
}
