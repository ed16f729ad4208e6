//! `memspike models TABLE`: the keys of a table of the model file.

use std::fmt::Write;

use memspike::spec::{Absent, Key, Table, tables};
use serde_json::{Value, json};

use super::models::table as aligned;

/// What it is called on the command line: `population` for `population.NAME`; a table may have several names.
fn names(table: &Table) -> Vec<String> {
    let short = table.name.replace(".NAME", "").replace(" of a recording", "");
    short.split(", ").map(str::to_string).collect()
}

/// The tables of this name, in full or its last part.
pub fn find(name: &str) -> Vec<&'static Table> {
    let is = |full: &String| full == name || full.rsplit_once('.').is_some_and(|(_, last)| last == name);
    tables::TABLES.into_iter().filter(|table| names(table).iter().any(is)).collect()
}

/// The names of all tables.
pub fn all() -> Vec<String> {
    let mut all: Vec<String> = tables::TABLES.iter().flat_map(|table| names(table)).collect();
    all.dedup();
    all
}

/// All names, for the list of what there is.
pub fn list() -> String {
    let all = all();
    let mut out = "Tables of a model file (docs/MODEL-FILE.md has them with examples)\n".to_string();
    let mut line = String::new();
    for name in all {
        if line.len() + name.len() > 90 {
            let _ = writeln!(out, "  {line},");
            line.clear();
        }
        line += &if line.is_empty() { name } else { format!(", {name}") };
    }
    out + &format!("  {line}\n\n")
}

fn absent(key: &Key) -> String {
    match key.absent {
        Absent::Never => "needed".to_string(),
        Absent::As(toml) => toml.to_string(),
        Absent::Means(words) => words.to_string(),
    }
}

/// For people. Marks of the reference are left out.
pub fn text(table: &Table) -> String {
    let plain = |text: &str| text.replace('`', "");
    let mut out = format!("{}: keys {}{}\n", table.name, table.of, if table.one_of { ", one of them" } else { "" });
    out += &if table.one_of {
        aligned(
            &["key", "value", "meaning"],
            &table.keys.iter().map(|k| [k.name, k.form, k.doc].map(plain)).collect::<Vec<_>>(),
        )
    } else {
        let rows = table.keys.iter().map(|k| [k.name, k.form, &absent(k), k.doc].map(plain));
        aligned(&["key", "value", "without it", "meaning"], &rows.collect::<Vec<_>>())
    };
    if let Some(model) = table.model {
        let _ = writeln!(out, "and the parameters of memspike models {}", model.name.trim_start_matches("source."));
    }
    out
}

/// Where the keys go in a file; a comment for those of a value, which may be in many places.
fn header(table: &Table) -> String {
    let name = table.name.trim_end_matches(" of a recording");
    match name.split_once('.') {
        Some(("source", _)) => format!("[population.NAME.{name}]"),
        Some(("current", _)) => format!("[input.NAME.{name}]"),
        Some(("connect", _)) => format!("[projection.NAME.{name}]"),
        Some(("record", _)) => format!("[[{name}]]"),
        None if !["simulation", "record", "energy"].contains(&name) => format!("# [{name}]"),
        _ => format!("[{name}]"),
    }
}

/// To paste: keys without a default are comments.
pub fn toml(table: &Table) -> String {
    let mut out = header(table) + "\n";
    for key in table.keys {
        let meaning = format!("{} ({})", key.doc, key.form).replace('`', "");
        let _ = match key.absent {
            Absent::As(toml) => writeln!(out, "{} = {toml}  # {meaning}", key.name),
            _ => writeln!(out, "# {} = ..  # {meaning}", key.name),
        };
    }
    out
}

/// For programs.
pub fn as_json(table: &Table) -> Value {
    let key = |k: &Key| {
        let default = if let Absent::As(toml) = k.absent { json!(toml) } else { Value::Null };
        json!({ "name": k.name, "form": k.form, "needed": k.absent == Absent::Never && !table.one_of, "default": default, "doc": k.doc })
    };
    json!({ "kind": "table", "one_of": table.one_of, "keys": table.keys.iter().map(key).collect::<Vec<_>>() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_found_by_its_name_or_the_end_of_it() {
        let found = |name: &str| find(name).iter().map(|table| table.name).collect::<Vec<_>>();
        assert_eq!(found("projection"), ["projection.NAME"]);
        assert_eq!(found("poisson"), ["source.poisson", "input.NAME.poisson"]);
        assert_eq!(found("interval"), ["interval.NAME", "interval.NAME of a recording"]);
        assert_eq!(found("lognormal"), ["normal, lognormal, exponential"]);
        assert!(found("projektion").is_empty());
        assert!(text(find("simulation")[0]).contains("0.1 ms") && list().contains("record.state"));
        // Keys go where they were pasted from, whatever stands above.
        assert!(toml(find("simulation")[0]).starts_with("[simulation]\n"));
        assert!(toml(find("source.poisson")[0]).starts_with("[population.NAME.source.poisson]\n"));
        assert!(toml(find("record.state")[0]).starts_with("[[record.state]]\n"));
        for table in tables::TABLES {
            toml(table).parse::<toml_edit::DocumentMut>().unwrap_or_else(|e| panic!("{}: {e}", table.name));
        }
    }
}
