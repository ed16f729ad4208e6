//! `[simulation]`.

use super::error::ModelError;
use super::network_spec::{Engine, Precision, SimulationSpec};
use super::scope::Scope;
use super::tables::SIMULATION;
use super::tree::Table;
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
        spec.seed = scope.whole(node)?;
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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::spec::{ModelError, NetworkSpec, parse};

    const MODEL: &str = "parameters.last = '9223372036854775806 + 1'\n[simulation]\nduration = '1 s'\nseed = 'last'\n\
                         [population.E]\nsize = 1\nneuron = 'lif_exp'\n";

    fn with_seed(seed: &str) -> Result<NetworkSpec, ModelError> {
        parse(MODEL, "model", Path::new(""), &[("simulation.seed".to_string(), seed.to_string())])
    }

    #[test]
    fn a_seed_keeps_all_digits_however_it_is_written() {
        let seed = |text: &str| with_seed(text).unwrap().simulation.seed;
        assert_eq!(seed("9223372036854775806"), 9_223_372_036_854_775_806);
        assert_eq!(seed("'9223372036854775806'"), 9_223_372_036_854_775_806);
        assert_eq!(seed("last - 2"), 9_223_372_036_854_775_805);
        assert_eq!((seed("2.0"), seed("1e3"), seed("0")), (2, 1000, 0));
        let resolved = with_seed("last").unwrap().resolved;
        assert_eq!(
            parse(&resolved, "model", Path::new(""), &[]).unwrap().simulation.seed,
            i64::MAX as u64,
            "{resolved}"
        );
    }

    #[test]
    fn what_is_no_seed_is_told_the_limit() {
        for (seed, found) in
            [("9223372036854775808", "9223372036854775808"), ("-1", "-1"), ("1.5", "1.5"), ("inf", "inf")]
        {
            let error = with_seed(seed).err().map(|e| e.to_string()).unwrap_or_default();
            let expected = "expected a whole number from 0 to 2^63 - 1, 9223372036854775807";
            assert!(error.contains(expected) && error.contains(&format!("found {found},")), "{error}");
        }
    }
}
