//! How large a network will be, before anything is built.

use rayon::prelude::*;

use crate::spec::{NetworkSpec, PopulationKind, ProjectionSpec, Slice};
use crate::value::Value;

use super::array;
use super::build::BuildError;
use super::grains::Grains;
use super::parameters::{check_inputs, draw_populations};
use super::projection::{Draft, expect};

/// Sizes of a network that has not been built.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Estimate {
    /// Model neurons.
    pub neurons: u64,
    /// Members of source populations.
    pub sources: u64,
    /// Synapses; the expectation for `fixed_probability`.
    pub synapses: u64,
    /// Synapses of each projection, by name.
    pub projections: Vec<(String, u64)>,
}

impl Estimate {
    /// Neurons and sources.
    pub fn members(&self) -> u64 {
        self.neurons.saturating_add(self.sources)
    }

    /// How many of `available` threads on each of `ranks` are worth their keep: all wait for each other twice per window, so a
    /// thread needs some thousand neurons, or the synapses for as much work.
    pub fn threads(&self, available: usize, ranks: usize) -> usize {
        let earned = (self.neurons + self.sources) / 1500 + self.synapses / 200_000;
        usize::try_from(earned / ranks.max(1) as u64).unwrap_or(usize::MAX).clamp(1, available.max(1))
    }
}

/// Estimates a network without building it.
///
/// # Errors
/// If a projection can't be wired.
pub fn estimate(spec: &NetworkSpec) -> Result<Estimate, BuildError> {
    let size = |neurons: bool| {
        let of_kind = |p: &&crate::spec::PopulationSpec| matches!(p.kind, PopulationKind::Neuron { .. }) == neurons;
        spec.populations.iter().filter(of_kind).map(|p| p.size as u64).sum::<u64>()
    };
    let (neurons, sources) = (size(true), size(false));
    if neurons + sources > u64::from(u32::MAX) {
        return Err(BuildError::TooManyNeurons);
    }
    let count = |p: &ProjectionSpec| Ok((p.name.clone(), expected(spec, p)?));
    let projections = spec.projections.iter().map(count).collect::<Result<Vec<_>, BuildError>>()?;
    let synapses = projections.iter().fold(0u64, |sum, (_, n)| sum.saturating_add(*n));
    Ok(Estimate { neurons, sources, synapses, projections })
}

/// Synapses of a projection; the expectation for `fixed_probability`.
///
/// # Errors
/// If it can't be wired.
pub fn expected(spec: &NetworkSpec, projection: &ProjectionSpec) -> Result<u64, BuildError> {
    Ok(expect(spec, projection)?.1)
}

/// The global ids of a slice: of the first, and the one after the last.
pub(super) fn slice(spec: &NetworkSpec, slice: &Slice) -> (u64, u64) {
    let first: u64 = spec.populations[..slice.population].iter().map(|p| p.size as u64).sum();
    let members = slice.members(spec.populations[slice.population].size);
    (first + members.start as u64, first + members.end as u64)
}

/// So many synapses are drawn for a check alone, in some seconds; those of a larger projection are looked at when it is built.
const LOOKED_AT: u64 = 100_000_000;

/// Draws the parameters of all neurons and throws them away: finds what is out of range, weights that 16 bits can't hold, that don't go into
/// their crossbar, or that there are none of at an in-degree that a target has.
///
/// # Errors
/// As [`super::compile`] for these.
pub fn check_parameters(spec: &NetworkSpec) -> Result<(), BuildError> {
    let populations = draw_populations(spec)?;
    check_inputs(spec)?;
    let has_grain = |projection: &&ProjectionSpec| spec.simulation.int16_weights && projection.is_static();
    let drafts = spec.projections.par_iter().filter(has_grain).map(|p| Draft::new(spec, p, &populations));
    Grains::new(spec, drafts.collect::<Result<Vec<_>, _>>()?.iter())?;
    // A draft for the grain has found what is wrong with its projection.
    let open = |projection: &&ProjectionSpec| {
        let told = matches!(projection.weight, Value::OfIndegree(_)) || projection.crossbar.is_some();
        told && !has_grain(projection) && expect(spec, projection).is_ok_and(|(_, synapses)| synapses <= LOOKED_AT)
    };
    let drafted = spec.projections.par_iter().filter(open);
    drafted.try_for_each(|projection| array::check(&Draft::as_written(spec, projection, &populations)?))
}
