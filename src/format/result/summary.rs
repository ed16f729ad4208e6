//! The figures of a run, as its result keeps them.

use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::read::recognise;
use crate::format::contain;
use crate::format::error::{Fault, FormatError};
use crate::format::h5::H5;

/// Reads the nested figures of a result's `/summary`: `populations`, `projections`, and what else is stored as JSON text.
///
/// # Errors
/// If the file can't be read, is no result of ours, or its run was stopped before it had figures.
pub fn read_summary(path: &Path) -> Result<Map<String, Value>, FormatError> {
    let Figures(texts) = contain::read(path)?;
    let parse = |(name, text): (String, String)| match serde_json::from_str(&text) {
        Ok(value) => Ok((name, value)),
        Err(e) => Err(FormatError::new(path, "/summary", Fault::Invalid, format!("{name} is not JSON: {e}"))),
    };
    texts.into_iter().map(parse).collect()
}

/// The nested figures: their names, and JSON text.
#[derive(Debug, Deserialize, Serialize)]
pub(in crate::format) struct Figures(Vec<(String, String)>);

impl Figures {
    /// Reads them from an open file.
    pub(in crate::format) fn read(h5: &H5) -> Result<Figures, FormatError> {
        if !recognise(h5) {
            let message = "is not a result of memspike: only those hold the figures of a run";
            return Err(h5.error("", Fault::UnknownLayout, message));
        }
        let text = |name: &str| Some((name.to_string(), h5.attr_text("/summary", name)?));
        let figures: Vec<_> = ["populations", "projections", "energy"].into_iter().filter_map(text).collect();
        if figures.is_empty() {
            return Err(h5.error("/summary", Fault::Incomplete, "has no figures: the run did not come to its end"));
        }
        Ok(Figures(figures))
    }
}
