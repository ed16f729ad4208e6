//! What a result says of its run: the model, and the figures.

use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::read::recognise;
use crate::format::contain;
use crate::format::error::{Fault, FormatError};
use crate::format::h5::H5;

/// The run that a result comes from.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// The model as TOML, with layers, `--set` and parameters applied.
    pub model: String,
    /// Hash of the model, its seed and what it reads from files.
    pub model_hash: String,
    /// Version of the program that simulated it.
    pub program_version: String,
    /// Did it reach its end?
    pub complete: bool,
    /// The figures as `--json` prints them.
    pub figures: Map<String, Value>,
}

/// Reads what a result says of its run.
///
/// # Errors
/// If the file can't be read, is no result of ours, or its run was stopped before it had figures.
pub fn read_run(path: &Path) -> Result<Run, FormatError> {
    let Figures { model, model_hash, program_version, complete, texts } = contain::read(path)?;
    let parse = |(name, text): (String, String)| match serde_json::from_str(&text) {
        Ok(value) => Ok((name, value)),
        Err(e) => Err(FormatError::new(path, "/summary", Fault::Invalid, format!("{name} is not JSON: {e}"))),
    };
    let figures = texts.into_iter().map(parse).collect::<Result<_, _>>()?;
    Ok(Run { model, model_hash, program_version, complete, figures })
}

/// Reads the figures of a result's `/summary`, as `--json` prints them.
///
/// # Errors
/// As [`read_run`].
pub fn read_summary(path: &Path) -> Result<Map<String, Value>, FormatError> {
    read_run(path).map(|run| run.figures)
}

/// A run as it crosses from the process that reads it: figures are names and JSON texts.
#[derive(Debug, Deserialize, Serialize)]
pub(in crate::format) struct Figures {
    model: String,
    model_hash: String,
    program_version: String,
    complete: bool,
    texts: Vec<(String, String)>,
}

impl Figures {
    /// Reads them from an open file.
    pub(in crate::format) fn read(h5: &H5) -> Result<Figures, FormatError> {
        if !recognise(h5) {
            let message = "is not a result of memspike: only those hold the figures of a run";
            return Err(h5.error("", Fault::UnknownLayout, message));
        }
        let figure = |name: String| json(h5, &name).map(|text| (name, text));
        let texts: Vec<_> = h5.attr_names("/summary").into_iter().filter_map(figure).collect();
        if texts.is_empty() {
            return Err(h5.error("/summary", Fault::Incomplete, "has no figures: the run did not come to its end"));
        }
        let about = |name: &str| h5.attr_text("/", name).unwrap_or_default();
        Ok(Figures {
            model: about("model"),
            model_hash: about("model_hash"),
            program_version: about("program_version"),
            complete: h5.attr_number("/", "complete") == Some(1.0),
            texts,
        })
    }
}

/// A figure as JSON: nested ones are stored so, null as NaN.
fn json(h5: &H5, name: &str) -> Option<String> {
    if let Some(text) = h5.attr_text("/summary", name) {
        let nested = text.starts_with(['{', '[']);
        return Some(if nested { text } else { Value::from(text).to_string() });
    }
    match h5.attr_integer("/summary", name) {
        Some(whole) => Some(whole.to_string()),
        None => h5.attr_number("/summary", name).map(|number| Value::from(number).to_string()),
    }
}
