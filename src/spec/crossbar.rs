//! `crossbar` of a projection.

use super::error::ModelError;
use super::models;
use super::network_spec::ProjectionSpec;
use super::reader::Reader;
use super::tree::Node;
use crate::crossbar::{CrossbarSpec, MODEL};
use crate::time::Time;
use crate::value::Value;

impl Reader<'_> {
    /// Reads the crossbar of a projection of which all else is known.
    pub(crate) fn crossbar(&self, node: &Node, spec: &ProjectionSpec) -> Result<CrossbarSpec, ModelError> {
        let example = "a table such as { word_line_resistance = \"2 ohm\", bit_line_resistance = \"2 ohm\" }";
        let table = node.table().ok_or_else(|| node.mismatch(example))?;
        let values = models::numbers(&self.scope, &MODEL, "a", &node.at, &table.entries)?;
        let given = |key: &str| table.entries.iter().find(|entry| entry.key == key);
        let mut range = None;
        if let Some(device) = &spec.device {
            for key in ["g_min", "g_max", "levels"] {
                if let Some(entry) = given(key) {
                    return Err(entry
                        .key_at
                        .error(format!("the device of this projection has its own conductances: leave `{key}` out")));
                }
            }
            // Wrong devices are refused where they are read.
            if let Ok(device) = device.device() {
                if device.bank.count() > 1 {
                    let message =
                        "the device of this projection is several for each synapse, but a crosspoint holds one";
                    return Err(node.at.error(message).help("leave the device's `pair` and `devices` out"));
                }
                range = Some((device.common.g_min, device.common.g_max));
            }
        }
        let mut made = CrossbarSpec::new(&values, range).map_err(|e| {
            let at = given(&e.parameter).map_or(&node.at, |entry| &entry.node.at);
            at.error(e.to_string())
        })?;
        let changes = spec.changes();
        if changes && given("refresh").is_none() {
            let message = "`refresh` is missing: weights that learn or age need to know how often the losses on the wires are worked out";
            return Err(node
                .at
                .error(message)
                .help("such as refresh = \"100 ms\" of model time, or \"inf\": once, at the start"));
        }
        if changes && spec.w_max.is_none() {
            return Err(node
                .at
                .error("`w_max` is missing: a plastic weight in a crossbar needs the weight that g_max stands for"));
        }
        if let Some(entry) = given("refresh").filter(|_| !changes && made.refresh_ms.is_finite()) {
            return Err(entry
                .key_at
                .error("these weights neither learn nor age: they are looked at once, leave `refresh` out"));
        }
        if let Some(entry) = given("refresh").filter(|_| changes && made.refresh_ms.is_finite()) {
            let every = self.scope.on_grid(&entry.node, Time::from_ms(made.refresh_ms))?;
            if every <= Time::ZERO {
                return Err(entry.node.at.error("a refresh in less than a tick of 1 ps"));
            }
            made.refresh_ms = every.ms();
        }
        if made.differential && (changes || spec.device.is_some()) {
            let at = given("differential").map_or(&node.at, |entry| &entry.node.at);
            let message = "pairs are for static weights; the weights of a rule or device have one sign, that of w_max";
            return Err(at.error(message));
        }
        if spec.multapses && may_repeat(spec) {
            let message = "a pair of neurons has one cell in a crossbar, but this projection may draw several synapses for a pair";
            return Err(node.at.error(message).help("set multapses = false"));
        }
        if let (false, Value::Constant(w), Some(w_max)) = (made.differential, &spec.weight, spec.w_max)
            && w * w_max < 0.0
        {
            return Err(node
                .at
                .error(format!("the weight {w} has another sign than w_max, {w_max}; use differential = true")));
        }
        // Of a rule or a device that was looked at before.
        if let (false, true, Value::Constant(w)) = (changes, spec.device.is_none(), &spec.weight) {
            let (w_min, w_max) = (spec.w_min, spec.w_max.unwrap_or(*w));
            if w * w_min < 0.0 {
                return Err(node.at.error(format!("the weight {w} has another sign than w_min, {w_min}")));
            }
            if w.abs() < w_min.abs() || w.abs() > w_max.abs() {
                let message = format!("the size of the weight {w} lies outside w_min = {w_min} and w_max = {w_max}");
                return Err(node.at.error(message).help("w_min is the bound nearest to 0, of weights below 0 too"));
            }
        }
        Ok(made)
    }
}

/// Can a pair of neurons get several synapses?
fn may_repeat(spec: &ProjectionSpec) -> bool {
    use super::network_spec::Connect;
    !matches!(spec.connect, Connect::OneToOne | Connect::AllToAll | Connect::FixedProbability(_) | Connect::Pairs(_))
}
