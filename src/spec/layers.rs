//! Layers: `extends` below, `--set` on top, and what it means to lay one table over another.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::error::{COMMAND_LINE, ModelError, Place, Source};
use super::names;
use super::tables;
use super::tree::{self, Entry, Kind, Node, Table};
use crate::given;

/// Reads a file with everything that it extends; and the files of that.
pub(crate) fn read(path: &Path) -> Result<(Node, Vec<PathBuf>), ModelError> {
    let text = read_text(path).map_err(|message| ModelError::whole(path.display().to_string(), message))?;
    let folder = path.parent().map(Path::to_path_buf).unwrap_or_default();
    let source = Arc::new(Source { name: path.display().to_string(), text, folder });
    let mut below = Vec::new();
    Ok((stack(&source, &mut vec![canonical(path)], &mut below)?, below))
}

/// A text with everything that it extends.
pub(crate) fn read_source(source: &Arc<Source>) -> Result<Node, ModelError> {
    stack(source, &mut Vec::new(), &mut Vec::new())
}

fn read_text(path: &Path) -> Result<String, String> {
    match given::text(path) {
        Ok(bytes) if bytes.contains(&0) => Err(no_text(&bytes, 0)),
        Ok(bytes) => {
            String::from_utf8(bytes).map_err(|error| no_text(error.as_bytes(), error.utf8_error().valid_up_to()))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err("there is no such file".to_string()),
        Err(error) => Err(format!("can't be read: {error}")),
    }
}

/// Why bytes are no text in UTF-8, up to which so many are.
fn no_text(bytes: &[u8], valid: usize) -> String {
    if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
        return "this is a text in UTF-16; save it as UTF-8".to_string();
    }
    if bytes.contains(&0) {
        return "this is not a text file; expected a model in TOML".to_string();
    }
    let before = String::from_utf8_lossy(&bytes[..valid]);
    let (line, column) =
        (before.matches('\n').count() + 1, before.chars().rev().take_while(|c| *c != '\n').count() + 1);
    let byte = bytes[valid];
    format!("line {line}, column {column}: the byte 0x{byte:02X} is no text in UTF-8; save the file as UTF-8")
}

fn canonical(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_path_buf())
}

/// Lays a source over what it extends, whose files go to `read`; `open` are the files that wait for this one.
fn stack(source: &Arc<Source>, open: &mut Vec<PathBuf>, read: &mut Vec<PathBuf>) -> Result<Node, ModelError> {
    let mut top = tree::parse(source)?;
    let Kind::Table(table) = &mut top.kind else { return Ok(top) };
    let Some(base) = table.get("extends").cloned() else { return Ok(top) };
    table.remove("extends");
    let Some(file) = base.text() else { return Err(base.mismatch("a path such as \"base.toml\"")) };
    let path = source.folder.join(file);
    let text = read_text(&path).map_err(|message| base.at.error(format!("{}: {message}", path.display())))?;
    let identity = canonical(&path);
    if open.contains(&identity) {
        return Err(base.at.error(format!("{} extends itself, directly or through others", path.display())));
    }
    open.push(identity);
    let folder = path.parent().map(Path::to_path_buf).unwrap_or_default();
    let below = stack(&Arc::new(Source { name: path.display().to_string(), text, folder }), open, read)?;
    open.pop();
    read.push(path);
    Ok(merge(below, top, &mut Vec::new()))
}

/// No key of a model is nested this deeply.
const DEEPEST_KEY: usize = 32;

/// Lays `--set KEY=VALUE` over the model.
pub(crate) fn set(model: Node, key: &str, value: &str) -> Result<Node, ModelError> {
    let text = format!("{key}={value}");
    let source = Arc::new(Source { name: COMMAND_LINE.to_string(), text, folder: PathBuf::new() });
    let path = toml_edit::Key::parse(key)
        .ok()
        .filter(|path| !path.is_empty() && path.len() <= DEEPEST_KEY)
        .ok_or_else(|| {
            Place { source: source.clone(), span: 0..key.len() }
                .error("expected --set KEY=VALUE, with a dotted key such as simulation.duration")
        })?;
    if value.trim().is_empty() {
        return Err(Place { source: source.clone(), span: 0..source.text.len() }
            .error(format!("the value of {key} is missing: expected --set KEY=VALUE")));
    }
    // A date is a text here: of a column of units, perhaps. Where a number is due it is an error.
    let is_toml = value.parse::<toml_edit::Value>().is_ok_and(|v| !v.is_datetime());
    let layer = match is_toml.then(|| tree::parse(&source)) {
        Some(Ok(layer)) => layer,
        _ => {
            let at = Place { source: source.clone(), span: key.len() + 1..source.text.len() };
            let key_at = Place { source: source.clone(), span: 0..key.len() };
            let text = Node { kind: Kind::Text(value.to_string()), at };
            path.iter().rev().fold(text, |node, part| {
                let entry = Entry { key: part.get().to_string(), key_at: key_at.clone(), node };
                Node { kind: Kind::Table(Table { entries: vec![entry] }), at: key_at.clone() }
            })
        }
    };
    let parameters = |node: &Node| node.table().and_then(|t| t.get("parameters")).and_then(Node::table).cloned();
    let (there, wanted) = (parameters(&model), parameters(&layer));
    for entry in wanted.iter().flat_map(|table| &table.entries) {
        // A parameter that nothing mentions would change nothing.
        if there.as_ref().is_none_or(|table| table.get(&entry.key).is_none()) {
            let valid: Vec<&str> = there.iter().flat_map(|t| &t.entries).map(|e| e.key.as_str()).collect();
            return Err(names::unknown(&entry.key_at, "parameter", &entry.key, &valid));
        }
    }
    let top = layer.table().map_or(&[][..], |table| &table.entries);
    let is_parameter = |key: &str| there.as_ref().is_some_and(|table| table.get(key).is_some());
    if let Some(entry) = top.iter().find(|e| !tables::MODEL.names().contains(&e.key.as_str()) && is_parameter(&e.key)) {
        let key = &entry.key;
        return Err(entry.key_at.error(format!("{key} is a parameter of this model: write parameters.{key}")));
    }
    if let Some(entry) = layer.table().and_then(|t| t.entry("extends")) {
        return Err(entry.key_at.error("`extends` can't be set from outside: name it in the model file"));
    }
    Ok(merge(model, layer, &mut Vec::new()))
}

/// `top` over `below`: tables are merged, all else is replaced, and where tables name
/// variants of one thing, naming another one replaces the old one.
fn merge(below: Node, top: Node, path: &mut Vec<String>) -> Node {
    match (below.kind, top.kind) {
        (Kind::Table(mut low), Kind::Table(high)) => {
            drop_replaced(&mut low, &high, path);
            for entry in high.entries {
                match low.entries.iter_mut().find(|e| e.key == entry.key) {
                    Some(old) => {
                        path.push(entry.key.clone());
                        let blank = Node { kind: Kind::Date, at: old.node.at.clone() };
                        let under = std::mem::replace(&mut old.node, blank);
                        old.node = merge(under, entry.node, path);
                        old.key_at = entry.key_at;
                        path.pop();
                    }
                    None => low.entries.push(entry),
                }
            }
            Node { kind: Kind::Table(low), at: top.at }
        }
        (_, kind) => Node { kind, at: top.at },
    }
}

/// Keys of which a value's table has one.
const VALUE_VARIANTS: [&str; 7] = ["uniform", "normal", "lognormal", "exponential", "values", "file", "steps"];

/// Removes from `low` the variants that `high` replaces by naming another one.
fn drop_replaced(low: &mut Table, high: &Table, path: &[String]) {
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    let has = |table: &Table, key: &str| table.get(key).is_some();
    // One of several keys within a larger table.
    let groups: &[&[&[&str]]] = match path[..] {
        ["population", _] => &[&[&["neuron", "initial"], &["source"]]],
        ["input", _] => &[&[&["poisson"], &["current"]]],
        ["interval", _] => &[&[&["stop"], &["duration"]]],
        // Deeper are values; further up these may be names that the model gives.
        [_, _, _, ..] => &[&[&["std"], &["cv"]]],
        _ => &[],
    };
    for group in groups {
        for (i, old) in group.iter().enumerate() {
            let replaced = group.iter().enumerate().any(|(j, new)| i != j && has(high, new[0]));
            if replaced && has(low, old[0]) && !has(high, old[0]) {
                old.iter().for_each(|key| low.remove(key));
            }
        }
    }
    // A table that is nothing but its variant.
    let variant_only = matches!(
        path[..],
        ["neuron" | "plasticity" | "device", _]
            | ["population", _, "neuron" | "source"]
            | ["projection", _, "connect" | "plasticity" | "device"]
            | ["input", _, "current"]
    );
    if variant_only && high.entries.iter().any(|e| !has(low, &e.key)) {
        low.entries.clear();
    }
    let value = |table: &Table| VALUE_VARIANTS.iter().find(|key| has(table, key)).copied();
    if let (Some(old), Some(new)) = (value(low), value(high))
        && old != new
        && path.len() > 2
        && !variant_only
    {
        low.entries.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_text_says_where_and_what_to_do() {
        let said = |bytes: &[u8]| {
            let error = String::from_utf8(bytes.to_vec()).unwrap_err();
            no_text(bytes, error.utf8_error().valid_up_to())
        };
        assert!(
            said(b"a = 1\n# \xC3\xA9 caf\xE9\n")
                .starts_with("line 2, column 8: the byte 0xE9 is no text in UTF-8; save")
        );
        assert!(said(b"\xFF\xFEa\0").contains("UTF-16; save it as UTF-8"));
        assert!(said(b"\x89HDF\r\n\x1A\n\0").contains("not a text file"));
    }
}
