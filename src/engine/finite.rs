//! Looks now and then whether every state and plastic weight is still a number, so that a run that blows up ends with an error instead of a result.

use crate::math::real::Real;
use crate::network::Network;
use crate::neuron::{MANY, NeuronModel};
use crate::spec::{Engine, PopulationKind};
use crate::time::Time;

use super::RunError;
use super::event::WITHIN;
use super::part::Part;
use super::shard::Model;
use super::synapses::{self, Ends};

/// Once per this much model time, and at the end of the run: rarely enough to cost nothing.
pub const EVERY: Time = Time(100_000_000_000);

/// Are plastic weights looked at too, after the window that ends one of those stretches at `to`? There are far more of them than of
/// states: after 1, 2, 4, 8, .. stretches, so that a run that has lost them ends before it has taken twice as long.
pub fn reaches_weights(to: Time) -> bool {
    (to.0 / EVERY.0).cast_unsigned().is_power_of_two()
}

/// The error of a neuron whose spikes would not end; `gid` is its global id.
pub fn lost(model: &Model<'_>, time: Time, gid: u32) -> RunError {
    let population = model.first_gid.partition_point(|first| *first <= gid).saturating_sub(1);
    let (name, member) = (&model.spec.populations[population].name, gid - model.first_gid[population]);
    let within = match model.spec.simulation.engine {
        Engine::Event => format!("less than {WITHIN}"),
        Engine::Grid => format!("a step of {}", model.spec.simulation.resolution),
    };
    RunError::Failed(format!(
        "{name}[{member}] has spiked {MANY} times within {within}, up to {time}, so the run has no result: its spikes would not \
         end. Most often a weight, a current or a parameter is too large by orders of magnitude (is its unit right?)"
    ))
}

/// Looks at all members on this rank, up to whose time `at` everything has happened.
///
/// # Errors
/// Names the first member, by population and number, with a state that is infinite or not a number.
pub fn check<W: Real>(network: &Network, parts: &[&Part<W>], at: Time) -> Result<(), RunError> {
    for (index, population) in network.spec.populations.iter().enumerate() {
        let PopulationKind::Neuron { neuron, .. } = &population.kind else { continue };
        let variables = neuron.model.describe().variables;
        let unsound = |part: &&Part<W>| {
            let (place, variable, value) = part.unsound(index, variables.len())?;
            Some((part.share().members[index].start + place, variable, value))
        };
        if let Some((member, variable, value)) = parts.iter().find_map(unsound) {
            let grid = if neuron.model == NeuronModel::Adex && network.spec.simulation.engine == Engine::Grid {
                "; adex on a grid loses its way where (v_peak - v_th) / delta_t is large, which the event engine does not"
            } else {
                ""
            };
            return Err(RunError::Failed(format!(
                "{}[{member}] has {} = {value} {} at {at}, so the run has no result: the network has blown up. Most often a \
                 weight, a current or a rate is too large by orders of magnitude (is its unit right?), or a plastic weight has no \
                 w_max{grid}. States are looked at every {EVERY} and at the end; record this one from time 0 to see where it begins",
                population.name, variables[variable].name, variables[variable].unit
            )));
        }
    }
    Ok(())
}

/// Looks at all plastic weights on this rank, as the last spikes before `at` left them.
///
/// # Errors
/// Names the projection and the synapse of the first that is infinite or not a number.
pub fn check_weights<W: Real>(model: &Model<'_>, parts: &[&Part<W>], at: Time) -> Result<(), RunError> {
    let learns = |index: &usize| !model.spec.projections[*index].is_static();
    for index in (0..model.spec.projections.len()).filter(learns) {
        if let Some((source, target, value)) = synapses::unsound(model, parts, index) {
            return Err(weight(model, index, (source, target), value, at));
        }
    }
    Ok(())
}

/// Looks at weights that were sampled at `at`, listed with the ends of their synapses.
///
/// # Errors
/// As [`check_weights`].
pub fn check_sample(
    model: &Model<'_>,
    projection: usize,
    ends: &[Ends],
    weights: &[f64],
    at: Time,
) -> Result<(), RunError> {
    match ends.iter().zip(weights).find(|(_, weight)| !weight.is_finite()) {
        Some((ends, &value)) => Err(weight(model, projection, (ends.source, ends.target), value, at)),
        None => Ok(()),
    }
}

/// The error of a weight that is not finite.
fn weight(model: &Model<'_>, projection: usize, ends: (u32, u32), value: f64, at: Time) -> RunError {
    let projection = &model.spec.projections[projection];
    let name = |population: usize| &model.spec.populations[population].name;
    let (source, target) = (name(projection.source.population), name(projection.target.population));
    RunError::Failed(format!(
        "projection.{}: the synapse from {source}[{}] to {target}[{}] has come to a weight of {value} at {at}, so the run has no result. Most \
         often a rule makes weights grow without end: give w_max, or check its amplitudes (lambda, a_plus, eta) and their units. Weights \
         are looked at where they are sampled, after {EVERY} and ever twice as long, and at the end",
        projection.name, ends.0, ends.1
    ))
}
