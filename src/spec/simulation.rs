//! `[simulation]`.

use super::error::ModelError;
use super::network_spec::{Engine, Precision, SimulationSpec};
use super::scope::Scope;
use super::tables::SIMULATION;
use super::tree::{Kind, Table};
use crate::time::Time;

/// Reads the table and puts the step into the scope if the model runs on a grid.
pub(crate) fn read(scope: &mut Scope, root: &Table) -> Result<SimulationSpec, ModelError> {
    let mut spec = SimulationSpec {
        duration: None,
        seed: 1,
        engine: Engine::Event,
        resolution: Time::from_ms(0.1),
        precision: Precision::Double,
        int16_weights: false,
    };
    let Some(node) = root.get("simulation") else { return Ok(spec) };
    let Some(table) = node.table() else { return Err(node.mismatch("the table [simulation]")) };
    SIMULATION.check(table)?;
    if let Some(node) = table.get("seed") {
        spec.seed = match node.kind {
            Kind::Integer(seed) if seed >= 0 => seed as u64,
            _ => scope.count(node)?,
        };
    }
    if let Some(node) = table.get("engine") {
        spec.engine = [Engine::Event, Engine::Grid][scope.choice(node, &["event", "grid"])?];
    }
    if let Some(node) = table.get("precision") {
        spec.precision = [Precision::Single, Precision::Double][scope.choice(node, &["single", "double"])?];
    }
    if let Some(node) = table.get("static_weights") {
        spec.int16_weights = scope.choice(node, &["real", "int16"])? == 1;
    }
    if let Some(node) = table.get("resolution") {
        spec.resolution = scope.duration(node)?;
    }
    if spec.engine == Engine::Grid {
        scope.grid = Some(spec.resolution);
    }
    if let Some(node) = table.get("duration") {
        spec.duration = Some(scope.duration(node)?);
    }
    Ok(spec)
}
