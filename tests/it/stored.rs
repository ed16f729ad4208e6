//! What is stored as JSON under `tests/data`: the numbers of others, with which tests of many kinds compare.

use serde_json::Value;

use crate::cli::root;

/// A file of `tests/data`.
pub fn stored(name: &str) -> Value {
    let path = root().join("tests/data").join(name);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// A list of numbers.
#[track_caller]
pub fn numbers(value: &Value) -> Vec<f64> {
    let all = value.as_array().unwrap_or_else(|| panic!("no list: {value}"));
    all.iter().map(|x| x.as_f64().unwrap_or_else(|| panic!("no number: {x}"))).collect()
}
