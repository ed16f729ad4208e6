//! Looks now and then whether every state is still a number, so that a run that blows up ends with an error instead of a result.

use crate::network::Network;
use crate::neuron::Real;
use crate::spec::PopulationKind;
use crate::time::Time;

use super::RunError;
use super::event::{MANY, WITHIN};
use super::part::Part;
use super::shard::Model;

/// Once per this much model time, and at the end of the run: rarely enough to cost nothing.
pub const EVERY: Time = Time(100_000_000_000);

/// The error of a neuron whose spikes would not end; `gid` is its global id.
pub fn lost(model: &Model<'_>, time: Time, gid: u32) -> RunError {
    let population = model.first_gid.partition_point(|first| *first <= gid).saturating_sub(1);
    let (name, member) = (&model.spec.populations[population].name, gid - model.first_gid[population]);
    RunError::Failed(format!(
        "{name}[{member}] has spiked {MANY} times within less than {WITHIN}, up to {time}, so the run has no result: its spikes would not \
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
            return Err(RunError::Failed(format!(
                "{}[{member}] has {} = {value} {} at {at}, so the run has no result: the network has blown up. Most often a \
                 weight, a current or a rate is too large by orders of magnitude (is its unit right?), or a plastic weight has no \
                 w_max; adex on a grid loses its way where (v_peak - v_th) / delta_t is large, which the event engine does not. \
                 States are looked at every {EVERY} and at the end; record this one from time 0 to see where it begins",
                population.name, variables[variable].name, variables[variable].unit
            )));
        }
    }
    Ok(())
}
