//! `plasticity` and `device` of a projection.

use super::error::ModelError;
use super::models;
use super::reader::Reader;
use super::scope::Scope;
use super::tree::{Node, Table};
use crate::device::DeviceSpec;
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

    /// Reads a device.
    pub(crate) fn device(&self, node: &Node) -> Result<DeviceSpec, ModelError> {
        super::devices::read(&self.scope, &self.devices, node)
    }
}
