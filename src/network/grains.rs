//! What static weights are whole multiples of, where they are stored in 16 bits (`static_weights = "int16"`).
//!
//! All weights onto neurons of one model have one grain, in either engine: they have one unit, and the grid engine keeps them in
//! one store.

use std::collections::BTreeMap;

use crate::spec::{NetworkSpec, PopulationKind, ProjectionSpec};
use crate::synapse::Grain;

use super::build::{BuildError, one_per_source};
use super::projection::Draft;

/// A typical weight has at least so many grains: what rounding changes is then less than a hundredth of it.
const LEAST: f64 = 64.0;

/// The grain of the weights onto each model of neurons.
#[derive(Default)]
pub struct Grains(BTreeMap<&'static str, Grain>);

impl Grains {
    /// Of a network whose projections are drafted. There is none where all weights of a source are alike: they are no burden.
    ///
    /// # Errors
    /// If the weights of a projection are too small beside the others onto the same model.
    pub fn new<'a>(spec: &NetworkSpec, drafts: impl Iterator<Item = &'a Draft<'a>>) -> Result<Grains, BuildError> {
        let mut by_model: BTreeMap<&'static str, Vec<&Draft<'_>>> = BTreeMap::new();
        for draft in drafts.filter(|d| spec.simulation.int16_weights && d.spec.is_static()) {
            if let Some(model) = target_model(spec, &draft.spec) {
                by_model.entry(model).or_default().push(draft);
            }
        }
        let mut grains = Grains::default();
        for (model, drafts) in by_model {
            if !one_per_source(&drafts)
                && let Some(grain) = grain_of(&drafts)?
            {
                grains.0.insert(model, grain);
            }
        }
        Ok(grains)
    }

    /// That of a projection's weights.
    pub fn of(&self, spec: &NetworkSpec, projection: &ProjectionSpec) -> Option<Grain> {
        target_model(spec, projection).and_then(|model| self.0.get(model)).copied().filter(|_| projection.is_static())
    }
}

/// The model of a projection's target neurons; none of sources.
pub fn target_model(spec: &NetworkSpec, projection: &ProjectionSpec) -> Option<&'static str> {
    match &spec.populations[projection.target.population].kind {
        PopulationKind::Neuron { neuron, .. } => Some(neuron.model.describe().name),
        PopulationKind::Source(_) => None,
    }
}

fn grain_of(drafts: &[&Draft<'_>]) -> Result<Option<Grain>, BuildError> {
    let sizes: Vec<(f64, f64)> = drafts.iter().map(|draft| draft.weight_sizes()).collect();
    let (mut largest, mut whose) = (0.0, 0);
    for (index, &(size, _)) in sizes.iter().enumerate() {
        if !size.is_finite() {
            return Err(drafts[index].error(format!("a weight may come out as {size}: limit it with `max`")));
        }
        if size > largest {
            (largest, whose) = (size, index);
        }
    }
    let Some(grain) = Grain::for_largest(largest) else { return Ok(None) };
    for (draft, &(_, typical)) in drafts.iter().zip(&sizes) {
        if typical > 0.0 && typical < LEAST * grain.weight() {
            let name = &drafts[whose].spec.name;
            return Err(draft.error(format!(
                "its weights, {typical:.3e} in the mean, are too small to be stored in 16 bits beside those of projection {name}, up to \
                 {largest:.3e}, whose multiples they would be: set simulation.static_weights = \"real\", or of those {}",
                drafts[whose].spec.weight.remedy()
            )));
        }
    }
    Ok(Some(grain))
}
