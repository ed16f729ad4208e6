//! Models whose network comes from a file of another format: [`assemble`] puts it under the tables of a model file that say how it
//! is simulated and recorded, so that `--set`, both engines and everything behind them work as for a model file.

use std::path::Path;
use std::sync::Arc;

use super::error::{ModelError, Source};
use super::network_spec::{Engine, InputSpec, NetworkSpec, PopulationKind, PopulationSpec, ProjectionSpec, SourceSpec};
use super::scope::snap_up;
use super::{Tables, build, digest, layers};
use crate::time::Time;

/// Populations, inputs and projections that are no tables of a model file. Names of populations are as in model files.
#[derive(Clone, Debug, Default)]
pub struct Parts {
    /// Populations.
    pub populations: Vec<PopulationSpec>,
    /// Inputs; those of the tables come after them.
    pub inputs: Vec<InputSpec>,
    /// Projections, whose slices are of these populations.
    pub projections: Vec<ProjectionSpec>,
}

/// A model of `parts`, and of a text with the other tables of a model file (simulation, record, input, interval, energy), under
/// `sets` as in [`super::load`]. `name` is what errors call the text. A duration may be missing.
///
/// # Errors
/// The first mistake in the text or in `sets`.
pub fn assemble(
    text: &str,
    name: &str,
    mut parts: Parts,
    sets: &[(String, String)],
) -> Result<NetworkSpec, ModelError> {
    // Another network is another model, for checkpoints too.
    let text = format!(
        "{}\n# network: {:016x}\n",
        text.trim_end(),
        digest::of(&parts.populations, &parts.inputs, &parts.projections, |_| None)
    );
    let folder = Path::new(name).parent().map(Path::to_path_buf).unwrap_or_default();
    let source = Source { name: name.to_string(), text: text.clone(), folder };
    let comments: Vec<&str> = text.lines().filter(|line| line.starts_with('#')).collect();
    let mut spec = build(layers::read_source(&Arc::new(source))?, sets, Tables::With(std::mem::take(&mut parts)))?;
    for text in [&mut spec.resolved, &mut spec.nameless] {
        *text = format!("{}\n{text}", comments.join("\n"));
    }
    Ok(spec)
}

impl Parts {
    /// Puts times of given spikes at the end of the steps that they lie in.
    pub(crate) fn snap(&mut self, engine: Engine, step: Time) {
        if engine == Engine::Event {
            return;
        }
        for population in &mut self.populations {
            if let PopulationKind::Source(SourceSpec::SpikeTimes(trains)) = &mut population.kind {
                trains.iter_mut().flatten().for_each(|time| *time = snap_up(*time, step));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(spike: f64) -> Parts {
        let trains = vec![vec![Time::from_ms(spike)]];
        let kind = PopulationKind::Source(SourceSpec::SpikeTimes(trains));
        Parts { populations: vec![PopulationSpec { name: "a".to_owned(), size: 1, kind }], ..Parts::default() }
    }

    #[test]
    fn tables_around_parts_can_be_set_and_parts_can_not() {
        let sets = |key: &str, value: &str| vec![(key.to_owned(), value.to_owned())];
        let text = "simulation.duration = '1 s'";
        let spec = assemble(text, "x.json", parts(1.0), &sets("simulation.seed", "7")).unwrap();
        assert_eq!((spec.simulation.seed, spec.record.spikes.len()), (7, 1));
        let error = assemble(text, "x.json", parts(1.0), &sets("population.a.size", "2")).unwrap_err();
        assert!(error.message().contains("population"), "{error}");
    }

    #[test]
    fn given_spikes_go_to_the_grid_and_another_network_is_another_model() {
        let text = "simulation = { duration = '1 s', engine = 'grid', resolution = '0.1 ms' }";
        let spec = assemble(text, "x.json", parts(1.01), &[]).unwrap();
        let PopulationKind::Source(SourceSpec::SpikeTimes(trains)) = &spec.populations[0].kind else { panic!() };
        assert_eq!(trains[0], [Time::from_ms(1.1)]);
        let other = assemble(text, "x.json", parts(1.02), &[]).unwrap();
        assert_ne!(spec.resolved, other.resolved);
        assert!(other.resolved.parse::<toml_edit::DocumentMut>().is_ok());
    }
}
