//! Named sets: `[neuron.NAME]`, `[plasticity.NAME]`, `[device.NAME]`, and how a model with its
//! parameters is put together from a built-in one, sets and changes.

use std::collections::BTreeSet;
use std::sync::Mutex;

use super::error::{ModelError, Place};
use super::names::{self, check_name};
use super::tree::{Entry, Node, Table};

/// The sets of one kind, with the built-in models that they build on.
pub(crate) struct Sets<'a> {
    /// `neuron`, `plasticity` or `device`.
    pub(crate) kind: &'static str,
    /// What messages call one, e.g. `neuron model`.
    pub(crate) what: &'static str,
    /// Names of the built-in models.
    pub(crate) models: Vec<&'static str>,
    /// The table of sets.
    pub(crate) sets: Option<&'a Table>,
    /// Sets that ship in the program.
    pub(crate) shipped: Option<&'static Table>,
    /// Names of sets that something is made of.
    pub(crate) used: Mutex<BTreeSet<String>>,
}

/// Sets that build on one another in a row, at most.
const DEEPEST: usize = 100;

/// A built-in model and the entries that apply to it, the last of a key counting.
pub(crate) struct Resolved {
    /// Index into [`Sets::models`].
    pub(crate) model: usize,
    /// Where it is named.
    pub(crate) at: Place,
    /// Parameters, from the lowest set to the last change.
    pub(crate) entries: Vec<Entry>,
}

impl Sets<'_> {
    /// Resolves what a population or projection names: `"brunel"`, or `{ brunel = { .. } }`.
    pub(crate) fn resolve(&self, node: &Node) -> Result<Resolved, ModelError> {
        self.follow(node, &mut Vec::new())
    }

    /// The sets that nothing is made of so far.
    pub(crate) fn unused(&self) -> impl Iterator<Item = &Entry> {
        let used = self.used.lock().map(|used| used.clone()).unwrap_or_default();
        self.sets.into_iter().flat_map(|t| &t.entries).filter(move |entry| !used.contains(&entry.key))
    }

    /// Checks the names of sets.
    pub(crate) fn check_names(&self) -> Result<(), ModelError> {
        for entry in self.sets.iter().flat_map(|t| &t.entries) {
            check_name(entry)?;
            if self.shipped.is_some_and(|t| t.get(&entry.key).is_some()) {
                let message = format!("{} is a set that ships with memspike: give yours another name", entry.key);
                let help =
                    format!("it may build on the one that ships: [{}.my_{}.{}]", self.kind, entry.key, entry.key);
                return Err(entry.key_at.error(message).help(help));
            }
            if self.models.contains(&entry.key.as_str()) {
                let message = format!("{} is a built-in {}: give the set another name", entry.key, self.what);
                return Err(entry.key_at.error(message));
            }
        }
        Ok(())
    }

    fn follow(&self, node: &Node, open: &mut Vec<String>) -> Result<Resolved, ModelError> {
        let (name, at, changes) = match (node.text(), node.table()) {
            (Some(name), _) => (name, &node.at, None),
            (_, Some(table)) => match &table.entries[..] {
                [entry] => (entry.key.as_str(), &entry.key_at, Some(&entry.node)),
                [] => return Err(node.at.error(format!("the {} is missing", self.what))),
                [_, second, ..] => {
                    let message = format!("{} is a second {} beside {}", second.key, self.what, table.entries[0].key);
                    return Err(second
                        .key_at
                        .error(message)
                        .help(format!("parameters go into the table of the {}", self.what)));
                }
            },
            _ => return Err(node.mismatch(format!("the name of a {}, or a table {{ NAME = {{ .. }} }}", self.what))),
        };
        let mut resolved = self.named(name, at, open)?;
        resolved.at = at.clone();
        if let Some(changes) = changes {
            let Some(table) = changes.table() else { return Err(changes.mismatch("a table of parameters")) };
            for entry in &table.entries {
                resolved
                    .entries
                    .retain(|old| old.key != entry.key || old.node.table().is_some() && entry.node.table().is_some());
                resolved.entries.push(entry.clone());
            }
        }
        Ok(resolved)
    }

    fn named(&self, name: &str, at: &Place, open: &mut Vec<String>) -> Result<Resolved, ModelError> {
        if let Some(model) = self.models.iter().position(|m| *m == name) {
            return Ok(Resolved { model, at: at.clone(), entries: Vec::new() });
        }
        let shipped = || self.shipped.and_then(|t| t.entry(name));
        if let Some(set) = self.sets.and_then(|t| t.entry(name)).or_else(shipped) {
            if open.iter().any(|n| n == name) {
                return Err(at.error(format!("{}.{name} builds on itself", self.kind)));
            }
            // A model with more than this is not written by hand; each step is a call within a call.
            if open.len() >= DEEPEST {
                let message = format!("sets build on one another more than {DEEPEST} deep, from {} on", open[0]);
                return Err(at.error(message));
            }
            if let Ok(mut used) = self.used.lock() {
                used.insert(name.to_string());
            }
            open.push(name.to_string());
            return self.follow(&set.node, open);
        }
        let sets = self.sets.into_iter().chain(self.shipped);
        let sets = sets.flat_map(|t| t.entries.iter().map(|e| e.key.as_str()));
        let valid: Vec<&str> = self.models.iter().copied().chain(sets).collect();
        Err(names::unknown(at, self.what, name, &valid))
    }
}
