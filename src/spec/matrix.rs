//! Lists along the sources and matrices (rows = targets, columns = sources) of a projection's values.

use super::error::ModelError;
use super::tree::Node;

/// One pair among the populations that a projection lists.
pub(crate) struct Cells {
    /// Whether `source` or `target` is a list at all.
    pub(crate) lists: bool,
    pub(crate) sources: usize,
    pub(crate) targets: usize,
    pub(crate) source: usize,
    pub(crate) target: usize,
}

impl Cells {
    /// The value of this pair: of a list along the sources, of a matrix, or the same for all.
    pub(crate) fn of<'a>(&self, node: &'a Node) -> Result<&'a Node, ModelError> {
        let Some(items) = node.array() else { return Ok(node) };
        if !self.lists {
            let message = "found a list, expected one value: `source` and `target` are no lists";
            return Err(node
                .at
                .error(message)
                .help("a value for each synapse is written { values = [..], unit = \"..\" }"));
        }
        if items.iter().any(|item| item.array().is_some()) {
            if items.len() != self.targets {
                let message = format!("found {} rows, expected {}: one for each target", items.len(), self.targets);
                return Err(node.at.error(message));
            }
            let row = &items[self.target];
            let Some(cells) = row.array() else { return Err(row.mismatch("a row, one value for each source")) };
            return self.column(row, cells);
        }
        self.column(node, items)
    }

    fn column<'a>(&self, node: &'a Node, items: &'a [Node]) -> Result<&'a Node, ModelError> {
        if items.len() != self.sources {
            let message = format!("found {} values, expected {}: one for each source", items.len(), self.sources);
            return Err(node.at.error(message).help("rows stand for targets, columns for sources"));
        }
        Ok(&items[self.source])
    }
}
