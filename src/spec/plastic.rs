//! `plasticity`, `short_term`, `normalize` and `device` of a projection.

use super::error::ModelError;
use super::models;
use super::reader::Reader;
use super::scope::Scope;
use super::tree::{Node, Table};
use crate::describe::Model;
use crate::device::DeviceSpec;
use crate::plasticity::short_term::{self, Normalize, ShortTerm};
use crate::plasticity::{RuleModel, RuleSpec};

impl Reader<'_> {
    /// Reads a plasticity rule; `during` freezes it outside of intervals. `unit`: of the weights onto the target, if it is known.
    pub(crate) fn rule(&self, node: &Node, unit: Option<&'static str>) -> Result<RuleSpec, ModelError> {
        let mut set = self.rules.resolve(node)?;
        let rule = RuleModel::ALL[set.model];
        let model = rule.describe();
        let (during, rest) = set.entries.into_iter().partition(|e| e.key == "during");
        set.entries = rest;
        let during = self.during(&Table { entries: during })?;
        let scope = Scope { weight: unit, ..self.scope.clone() };
        let params = models::numbers(&scope, model, "plasticity rule", &set.at, &set.entries)?;
        Ok(RuleSpec { rule, params, during })
    }

    /// Reads `short_term`.
    pub(crate) fn short_term(&self, node: &Node) -> Result<ShortTerm, ModelError> {
        Ok(ShortTerm::new(&self.beside(node, &short_term::MODEL, "")?))
    }

    /// Reads `normalize` of weights in `unit`.
    pub(crate) fn normalize(&self, node: &Node, unit: &'static str) -> Result<Normalize, ModelError> {
        let normalize = Normalize::new(&self.beside(node, &short_term::NORMALIZE, unit)?);
        if normalize.sum == 0.0 {
            return Err(node.at.error("found a sum of 0, expected the sum of the weights onto each target"));
        }
        Ok(normalize)
    }

    /// The values of a table that stands beside a rule.
    fn beside(&self, node: &Node, model: &'static Model, unit: &'static str) -> Result<Vec<f64>, ModelError> {
        let names: Vec<&str> = model.params.iter().map(|p| p.name).collect();
        let Some(table) = node.table() else {
            return Err(node.mismatch(format!("a table of {}", names.join(", "))));
        };
        let scope = Scope { weight: Some(unit), ..self.scope.clone() };
        models::numbers(&scope, model, "the key", &node.at, &table.entries)
    }

    /// Reads a device.
    pub(crate) fn device(&self, node: &Node) -> Result<DeviceSpec, ModelError> {
        super::devices::read(&self.scope, &self.devices, node)
    }
}
