//! Where parameters were set that a wrong value names: `[parameters]` and `--set` are elsewhere than what is wrong.

use std::collections::{BTreeSet, VecDeque};

use super::error::{ModelError, Place};
use super::tree::Node;

/// An expression of the model: its place, and the parameters that it names.
#[derive(Clone, Debug)]
pub(crate) struct Named {
    pub(crate) at: Place,
    pub(crate) names: Vec<String>,
}

/// So many places are told at most: those of the parameters that the value names itself come first.
const MOST: usize = 20;

/// The error, with the places of all parameters that its value is made from, in the order of the table.
pub(crate) fn told(error: ModelError, model: &Node, expressions: &[Named]) -> ModelError {
    let parameters = model.table().and_then(|t| t.get("parameters")).and_then(Node::table);
    let (Some(table), Some(at)) = (parameters, error.place().cloned()) else { return error };
    let mut open: VecDeque<&str> =
        expressions.iter().filter(|e| e.at.meets(&at)).flat_map(|e| &e.names).map(String::as_str).collect();
    let mut all = BTreeSet::new();
    while let Some(name) = open.pop_front() {
        if all.len() == MOST {
            break;
        }
        if let Some(entry) = table.entry(name)
            && !entry.node.at.meets(&at)
            && all.insert(name)
        {
            let own = expressions.iter().filter(|e| e.at.meets(&entry.node.at));
            open.extend(own.flat_map(|e| &e.names).map(String::as_str));
        }
    }
    let set = table.entries.iter().filter(|entry| all.contains(entry.key.as_str()));
    set.fold(error, |error, entry| error.help(format!("{} is set {}", entry.key, entry.node.at.line())))
}
