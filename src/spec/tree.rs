//! TOML as a tree in which every key and value knows where it was written.

use std::ops::Range;
use std::sync::Arc;

use toml_edit::{Document, Item, Key, TableLike, Value};

use super::error::{ModelError, Place, Source};

/// A value and its place.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) kind: Kind,
    pub(crate) at: Place,
}

/// What a value is.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Text(String),
    Integer(i64),
    Float(f64),
    Bool(bool),
    /// Dates are no values of a model; kept to say so.
    Date,
    Array(Vec<Node>),
    Table(Table),
}

/// Keys and values, in the order of the file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    pub(crate) entries: Vec<Entry>,
}

/// A key with its value.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) key_at: Place,
    pub(crate) node: Node,
}

impl Entry {
    /// The entry of a key, of several the last, which counts.
    pub(crate) fn last<'a>(entries: &'a [Entry], key: &str) -> Option<&'a Entry> {
        entries.iter().rev().find(|entry| entry.key == key)
    }
}

impl Table {
    /// The value of a key.
    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|e| &e.node)
    }

    /// The entry of a key.
    pub(crate) fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|e| e.key == key)
    }

    /// Drops a key.
    pub(crate) fn remove(&mut self, key: &str) {
        self.entries.retain(|e| e.key != key);
    }
}

impl Node {
    /// What it is, for messages.
    pub(crate) fn found(&self) -> String {
        match &self.kind {
            Kind::Text(text) => format!("the text \"{text}\""),
            Kind::Integer(number) => format!("the bare number {number}"),
            Kind::Float(number) => format!("the bare number {number}"),
            Kind::Bool(value) => value.to_string(),
            Kind::Date => "a date".to_string(),
            Kind::Array(_) => "a list".to_string(),
            Kind::Table(_) => "a table".to_string(),
        }
    }

    /// The table it is.
    pub(crate) fn table(&self) -> Option<&Table> {
        match &self.kind {
            Kind::Table(table) => Some(table),
            _ => None,
        }
    }

    /// The list it is.
    pub(crate) fn array(&self) -> Option<&[Node]> {
        match &self.kind {
            Kind::Array(items) => Some(items),
            _ => None,
        }
    }

    /// The text it is.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Text(text) => Some(text),
            _ => None,
        }
    }

    /// `expected` was due here.
    pub(crate) fn mismatch(&self, expected: impl AsRef<str>) -> ModelError {
        self.at.error(format!("found {}, expected {}", self.found(), expected.as_ref()))
    }

    /// The place of a stretch of this text value, if its bytes stand in the file as they are.
    pub(crate) fn part(&self, range: &Range<usize>) -> Place {
        let raw = self.at.text();
        let plain = self.text().is_some_and(|text| {
            raw.len() == text.len() + 2 && raw.get(1..raw.len() - 1) == Some(text) && raw.starts_with(['"', '\''])
        });
        let unquoted = self.text() == Some(raw);
        if range.start == range.end && range.start == 0 || !(plain || unquoted) {
            return self.at.clone();
        }
        let offset = self.at.span.start + usize::from(!unquoted);
        Place { source: self.at.source.clone(), span: offset + range.start..offset + range.end }
    }
}

/// Parses a source as TOML.
pub(crate) fn parse(source: &Arc<Source>) -> Result<Node, ModelError> {
    let document = Document::parse(source.text.as_str()).map_err(|error| {
        let span = error.span().unwrap_or(0..0);
        let message = error.message().trim().replace('\n', ", ");
        Place { source: source.clone(), span }.error(format!("not valid TOML: {message}"))
    })?;
    Ok(Node { kind: Kind::Table(table(source, document.as_table(), 0..0)), at: Place::whole(source) })
}

/// A table with all of its entries; values without a place of their own take their key's.
fn table(source: &Arc<Source>, table: &dyn TableLike, around: Range<usize>) -> Table {
    let mut entries = Vec::new();
    for (name, item) in table.iter() {
        let key: Option<&Key> = table.key(name);
        let span = key.and_then(Key::span).or_else(|| item.span()).unwrap_or_else(|| around.clone());
        let key_at = Place { source: source.clone(), span: span.clone() };
        if let Some(node) = node_of_item(source, item, span) {
            entries.push(Entry { key: name.to_string(), key_at, node });
        }
    }
    Table { entries }
}

fn node_of_item(source: &Arc<Source>, item: &Item, around: Range<usize>) -> Option<Node> {
    let place = |span: Option<Range<usize>>| Place { source: source.clone(), span: span.unwrap_or(around.clone()) };
    match item {
        Item::None => None,
        Item::Value(value) => Some(node_of_value(source, value, around)),
        Item::Table(inner) => {
            Some(Node { kind: Kind::Table(table(source, inner, around.clone())), at: place(Some(around.clone())) })
        }
        Item::ArrayOfTables(tables) => {
            let items = tables.iter().map(|inner| {
                let span = inner.span().unwrap_or(around.clone());
                Node {
                    kind: Kind::Table(table(source, inner, span.clone())),
                    at: Place { source: source.clone(), span },
                }
            });
            Some(Node { kind: Kind::Array(items.collect()), at: place(Some(around.clone())) })
        }
    }
}

fn node_of_value(source: &Arc<Source>, value: &Value, around: Range<usize>) -> Node {
    let span = value.span().unwrap_or(around);
    let kind = match value {
        Value::String(text) => Kind::Text(text.value().clone()),
        Value::Integer(number) => Kind::Integer(*number.value()),
        Value::Float(number) => Kind::Float(*number.value()),
        Value::Boolean(value) => Kind::Bool(*value.value()),
        Value::Datetime(_) => Kind::Date,
        Value::Array(items) => {
            Kind::Array(items.iter().map(|item| node_of_value(source, item, span.clone())).collect())
        }
        Value::InlineTable(inner) => Kind::Table(table(source, inner, span.clone())),
    };
    Node { kind, at: Place { source: source.clone(), span } }
}
