//! `plasticity`, `short_term`, `normalize` and `device` of a projection.

use super::devices::read_waveform;
use super::error::ModelError;
use super::models;
use super::network_spec::ProjectionSpec;
use super::reader::Reader;
use super::scope::Scope;
use super::tables::PLASTICITY;
use super::tree::{Node, Table};
use crate::describe::Model;
use crate::device::DeviceSpec;
use crate::device::physical::NOISE;
use crate::device::physical::overlap::Overlap;
use crate::device::physical::waveform::Waveform;
use crate::plasticity::normalize::{self, Normalize};
use crate::plasticity::short_term::{self, ShortTerm};
use crate::plasticity::{RuleModel, RuleSpec};

impl Reader<'_> {
    /// Reads a plasticity rule; `during` freezes it outside of intervals. `unit`: of the weights onto the target, if it is known.
    pub(crate) fn rule(&self, node: &Node, unit: Option<&'static str>) -> Result<RuleSpec, ModelError> {
        self.rule_in(&Scope { weight: unit, ..self.scope.clone() }, node)
    }

    /// As `rule`, in a scope that knows the unit.
    pub(crate) fn rule_in(&self, scope: &Scope, node: &Node) -> Result<RuleSpec, ModelError> {
        let mut set = self.rules.resolve(node)?;
        let rule = RuleModel::ALL[set.model];
        let model = rule.describe();
        let (during, rest) = set.entries.into_iter().partition(|e| PLASTICITY.keys.iter().any(|k| k.name == e.key));
        set.entries = rest;
        let during = self.during(&Table { entries: during })?;
        let params = models::numbers(scope, model, "plasticity rule", &set.at, &set.entries)?;
        Ok(RuleSpec { rule, params, during })
    }

    /// Reads `short_term`.
    pub(crate) fn short_term(&self, node: &Node) -> Result<ShortTerm, ModelError> {
        Ok(ShortTerm::new(&self.beside(node, &short_term::MODEL, "")?))
    }

    /// Reads `normalize` of weights in `unit`.
    pub(crate) fn normalize(&self, node: &Node, unit: &'static str) -> Result<Normalize, ModelError> {
        let normalize = Normalize::new(&self.beside(node, &normalize::MODEL, unit)?);
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

    /// Reads `waveform`, and checks what rule, device and waveform mean together.
    pub(crate) fn waveform(&self, table: &Table, spec: &ProjectionSpec) -> Result<Option<Overlap>, ModelError> {
        let name = spec.device.as_ref().map_or("", |d| d.device.describe().name);
        let physical = match &spec.device {
            None => None,
            // Its parameters have been checked.
            Some(device) => device.physical().ok().flatten(),
        };
        let Some(entry) = table.entry("waveform") else {
            if let (Some(device), Some(_), Some(rule)) = (&spec.device, &physical, table.entry("plasticity"))
                && device.device().is_ok_and(|d| d.common.dg_up.is_nan() || d.common.dg_down.is_nan())
            {
                let message = format!(
                    "a rule changes a device by pulses, and {name} has none: its steps follow from their voltage"
                );
                return Err(rule.key_at.error(message).help(
                    "give it pulse_up = { v, width } and pulse_down = { v, width }, or waveform = { .. } in the place of the rule",
                ));
            }
            return Ok(None);
        };
        let Some(physical) = physical else {
            let message = if name.is_empty() {
                "a waveform needs a device across which spikes overlap".to_string()
            } else {
                format!(
                    "a waveform needs a physical device; {name} is one by the steps of its pulses, which no voltage drives"
                )
            };
            return Err(entry
                .key_at
                .error(message)
                .help("a physical device is hp, vteam, team, yakopcic, .. (memspike models)"));
        };
        if let Some(rule) = table.entry("plasticity") {
            let message =
                "with a waveform the device learns by its physics where spikes overlap; a rule would be a second cause";
            return Err(rule.key_at.error(message).help("leave out either plasticity or waveform"));
        }
        let (node, device) = (table.get("device"), spec.device.as_ref().and_then(|d| d.device().ok()));
        if let (Some(node), Some(device)) = (node, &device) {
            let c = &device.common;
            let unheeded = [
                (c.pulse_noise > 0.0, "pulse_noise"),
                (c.noise_slope > 0.0, "noise_slope"),
                (physical.noise_step().is_some(), NOISE),
            ];
            if let Some((_, name)) = unheeded.iter().find(|u| u.0) {
                let message = format!(
                    "`{name}` is of pulses; what overlapping spikes do to a device is tabulated once, and varies by sigma_c2c alone"
                );
                let help = format!("leave {name} out, or use a rule with pulse_up and pulse_down");
                return Err(node.at.error(message).help(help));
            }
        }
        if let (Some(node), Some(device)) = (node, &device)
            && !device.is_plain()
        {
            let message = "with a waveform a synapse is one device that keeps what it has learnt and shows it: several devices, pairs, faults, \
                           levels, write noise and ageing are for devices that learn by pulses";
            return Err(node
                .at
                .error(message)
                .help("leave those parameters out, or use a rule with pulse_up and pulse_down"));
        }
        let values = read_waveform(&self.scope, &entry.node)?;
        let waveform = Waveform::new(&values).map_err(|e| entry.node.at.error(e.to_string()))?;
        Ok(Some(Overlap::new(waveform, physical)))
    }

    /// Reads a device.
    pub(crate) fn device(&self, node: &Node) -> Result<DeviceSpec, ModelError> {
        super::devices::read(&self.scope, &self.devices, node)
    }
}
