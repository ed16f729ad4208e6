//! What static weights are whole multiples of, where they are stored in 16 bits (`static_weights = "int16"`).
//!
//! All weights onto neurons of one model have one grain, in either engine: they have one unit, and the grid engine keeps them in
//! one store.

use std::collections::BTreeMap;

use rayon::prelude::*;

use crate::spec::{NetworkSpec, PopulationKind, ProjectionSpec};
use crate::synapse::Grain;

use super::Population;
use super::build::{BuildError, one_per_source};
use super::projection::Draft;

/// A typical weight has at least so many grains: what rounding changes is then less than a hundredth of it.
const LEAST: f64 = 64.0;

/// The grain of the weights onto each model of neurons.
#[derive(Default)]
pub struct Grains(BTreeMap<&'static str, Grain>);

impl Grains {
    /// Of a network. There is none where all weights of a source are alike: they are no burden.
    ///
    /// # Errors
    /// If a projection can't be wired, or its weights are too small beside the others onto the same model.
    pub fn new(spec: &NetworkSpec, populations: &[Population]) -> Result<Grains, BuildError> {
        let mut by_model: BTreeMap<&'static str, Vec<&ProjectionSpec>> = BTreeMap::new();
        for projection in spec.projections.iter().filter(|p| spec.simulation.int16_weights && p.is_static()) {
            if let Some(model) = target_model(spec, projection) {
                by_model.entry(model).or_default().push(projection);
            }
        }
        let mut grains = Grains::default();
        for (model, projections) in by_model {
            let drafts = projections.into_par_iter().map(|projection| Draft::new(spec, projection, populations));
            let drafts = drafts.collect::<Result<Vec<_>, _>>()?;
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

fn grain_of(drafts: &[Draft<'_>]) -> Result<Option<Grain>, BuildError> {
    let sizes: Vec<(f64, f64)> = drafts.iter().map(Draft::weight_sizes).collect();
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
                "its weights, {typical:.3} in the mean, are too small to be stored in 16 bits beside those of projection {name}, up to \
                 {largest:.3}: limit these with `max`, or set simulation.static_weights = \"real\""
            )));
        }
    }
    Ok(Some(grain))
}
