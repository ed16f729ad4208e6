//! Networks of other formats: files that [`crate::format`] reads become a [`NetworkSpec`](crate::spec::NetworkSpec), with which
//! all else works as for a model file.
//!
//! | module | from |
//! |---|---|
//! | [`sonata`] | SONATA circuits of point neurons |
//!
//! And the other way: [`sonata::export`] makes a SONATA circuit of a network, [`nir`] a NIR graph. NIR graphs themselves are simulated by
//! [`crate::clocked`].

use std::path::PathBuf;

use crate::format::{Fault, FormatError};
use crate::spec::{ModelError, ProjectionSpec};

mod nest;
pub mod nir;
pub mod sonata;

/// The synapses of a projection, members counted within their populations.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Synapses {
    /// Sources.
    pub sources: Vec<u64>,
    /// Targets.
    pub targets: Vec<u64>,
    /// Delays \[ms\].
    pub delays_ms: Vec<f64>,
    /// Weights, in the target's unit.
    pub weights: Vec<f64>,
}

/// Why a network of another format can't be used.
#[derive(Debug, thiserror::Error)]
pub enum InterchangeError {
    /// A file that can't be read, or says what can't be.
    #[error(transparent)]
    File(#[from] FormatError),
    /// A layer over it that is wrong.
    #[error(transparent)]
    Layer(#[from] ModelError),
}

/// What of a projection the synapses of `a format` (as "a circuit"), which transmit the same weight always, don't say.
fn unsaid(projection: &ProjectionSpec, format: &str) -> Vec<String> {
    let ProjectionSpec { name, plasticity, device, crossbar, normalize, short_term, .. } = projection;
    let mut notes = Vec::new();
    if plasticity.is_some() || device.is_some() || crossbar.is_some() || normalize.is_some() {
        notes.push(format!("projection {name}: the weights at the start, which don't change in {format}"));
    }
    if short_term.is_some() {
        notes.push(format!(
            "projection {name}: without its short_term, which {format} does not hold: every spike transmits the whole weight w, not x u w"
        ));
    }
    notes
}

/// An error about a place in a file.
fn wrong(file: impl Into<PathBuf>, place: impl Into<String>, message: impl Into<String>) -> InterchangeError {
    FormatError { file: file.into(), place: place.into(), fault: Fault::Invalid, message: message.into() }.into()
}

/// A name as model files have them, from any text, different from those in `taken`.
fn name_from<'a>(text: &str, taken: impl Fn(&str) -> bool + 'a) -> String {
    let mut name: String = text.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        name = format!("n{name}");
    }
    if taken(&name) { numbered(&name, taken) } else { name }
}

/// A name with the first number behind it, from 2 on, with which it is none of those in `taken`.
fn numbered(name: &str, taken: impl Fn(&str) -> bool) -> String {
    (2..).map(|n| format!("{name}_{n}")).find(|name| !taken(name)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::name_from;

    #[test]
    fn names_are_those_of_model_files_and_differ() {
        assert_eq!(name_from("lif1.w-rec", |_| false), "lif1_w_rec");
        assert_eq!(name_from("0", |_| false), "n0");
        assert_eq!(name_from("a", |name| name == "a"), "a_2");
    }
}
