//! What a table of the model file accepts: its keys, each with its form, what holds without it, and a line that says what it means.

use super::error::ModelError;
use super::names::unknown;
use super::tree;
use crate::describe::Model;

/// What holds where a key is not given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Absent {
    /// It must be given.
    Never,
    /// As if this TOML were written.
    As(&'static str),
    /// These words say what.
    Means(&'static str),
}

/// A key of a table.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// What is written there: a type, with its bounds.
    pub form: &'static str,
    /// Without it.
    pub absent: Absent,
    /// What it means, in a line.
    pub doc: &'static str,
}

/// A table of the model file.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    /// Its name in the reference, such as `population.NAME`.
    pub name: &'static str,
    /// Whose keys they are, for errors.
    pub of: &'static str,
    /// Its own keys.
    pub keys: &'static [Key],
    /// Its keys are alternatives: it has exactly one.
    pub one_of: bool,
    /// A model whose parameters are keys as well.
    pub model: Option<&'static Model>,
}

impl Table {
    pub(super) const fn new(name: &'static str, of: &'static str, keys: &'static [Key]) -> Table {
        Table { name, of, keys, one_of: false, model: None }
    }

    pub(super) const fn one_of(name: &'static str, of: &'static str, keys: &'static [Key]) -> Table {
        Table { one_of: true, ..Table::new(name, of, keys) }
    }

    pub(super) const fn beside(
        name: &'static str,
        of: &'static str,
        keys: &'static [Key],
        model: &'static Model,
    ) -> Table {
        Table { model: Some(model), ..Table::new(name, of, keys) }
    }

    /// The names of its keys, those of the model's parameters after its own.
    pub fn names(&self) -> Vec<&'static str> {
        let params = self.model.iter().flat_map(|m| m.params).map(|p| p.name);
        self.keys.iter().map(|k| k.name).chain(params).collect()
    }

    /// Refuses keys that are none of these.
    pub(crate) fn check(&self, table: &tree::Table) -> Result<(), ModelError> {
        self.check_without(table, &[], self.of)
    }

    /// Refuses keys that are none of these, or that have no place here; `of` says whose they are.
    pub(crate) fn check_without(&self, table: &tree::Table, without: &[&str], of: &str) -> Result<(), ModelError> {
        let valid: Vec<&str> = self.names().into_iter().filter(|name| !without.contains(name)).collect();
        match table.entries.iter().find(|e| !valid.contains(&e.key.as_str())) {
            None => Ok(()),
            Some(entry) => {
                Err(unknown(&entry.key_at, "key", &entry.key, &valid).help(format!("these are the keys {of}")))
            }
        }
    }
}

/// Shorthand for the tables.
pub(super) const fn key(name: &'static str, form: &'static str, absent: Absent, doc: &'static str) -> Key {
    Key { name, form, absent, doc }
}
