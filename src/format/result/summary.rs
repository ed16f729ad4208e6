//! The figures of a run, as its result keeps them.

use std::path::Path;

use serde_json::{Map, Value};

use super::read::recognise;
use crate::format::error::{Fault, FormatError};
use crate::format::h5::H5;
use crate::format::open;

/// Reads the nested figures of a result's `/summary`: `populations`, `projections`, and what else is stored as JSON text.
///
/// # Errors
/// If the file can't be read, is no result of ours, or its run was stopped before it had figures.
pub fn read_summary(path: &Path) -> Result<Map<String, Value>, FormatError> {
    open(path, |h5: &H5| {
        if !recognise(h5) {
            let message = "is not a result of memspike: only those hold the figures of a run";
            return Err(h5.error("", Fault::UnknownLayout, message));
        }
        let mut figures = Map::new();
        for name in ["populations", "projections", "energy"] {
            let Some(text) = h5.attr_text("/summary", name) else { continue };
            match serde_json::from_str(&text) {
                Ok(value) => drop(figures.insert(name.to_string(), value)),
                Err(e) => return Err(h5.error("/summary", Fault::Invalid, format!("{name} is not JSON: {e}"))),
            }
        }
        if figures.is_empty() {
            return Err(h5.error("/summary", Fault::Incomplete, "has no figures: the run did not come to its end"));
        }
        Ok(figures)
    })
}
