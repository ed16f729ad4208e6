//! `plasticity` and `device` of a projection.

use super::error::ModelError;
use super::models;
use super::reader::Reader;
use super::tree::{Node, Table};
use crate::device::{DeviceModel, DeviceSpec};
use crate::plasticity::{RuleModel, RuleSpec};

impl Reader<'_> {
    /// Reads a plasticity rule; `during` freezes it outside of intervals.
    pub(crate) fn rule(&self, node: &Node) -> Result<RuleSpec, ModelError> {
        let mut set = self.rules.resolve(node)?;
        let rule = RuleModel::ALL[set.model];
        let model = rule.describe();
        let (during, rest) = set.entries.into_iter().partition(|e| e.key == "during");
        set.entries = rest;
        let during = self.during(&Table { entries: during })?;
        let params = models::numbers(&self.scope, model, "plasticity rule", &set.at, &set.entries)?;
        Ok(RuleSpec { rule, params, during })
    }

    /// Reads a device.
    pub(crate) fn device(&self, node: &Node) -> Result<DeviceSpec, ModelError> {
        let set = self.devices.resolve(node)?;
        let device = DeviceModel::ALL[set.model];
        let params = models::numbers(&self.scope, device.describe(), "device model", &set.at, &set.entries)?;
        let value = |name: &str| device.describe().param(name).and_then(|i| params.get(i)).copied();
        if let (Some(low), Some(high)) = (value("g_min"), value("g_max"))
            && low >= high
        {
            return Err(set.at.error(format!("g_max, {high} S, is not above g_min, {low} S")));
        }
        Ok(DeviceSpec { device, params })
    }
}
