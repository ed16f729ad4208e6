//! Why a projection cannot be wired.

use thiserror::Error;

/// Why a projection cannot be wired.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum WiringError {
    /// `one_to_one` between slices of different sizes.
    #[error("`connect = \"one_to_one\"` needs as many sources as targets, but there are {sources} and {targets}.")]
    Sizes {
        /// Number of sources.
        sources: usize,
        /// Number of targets.
        targets: usize,
    },
    /// More distinct partners than there are.
    #[error(
        "`connect.{rule} = {number}` asks for more than the {available} different ones that there are \
         (autapses = {autapses}). Lower it, or set `multapses = true`."
    )]
    TooMany {
        /// Name of the rule.
        rule: &'static str,
        /// Synapses for each neuron, or in all.
        number: u64,
        /// How many are possible.
        available: u64,
        /// Are autapses allowed?
        autapses: bool,
    },
    /// Synapses are asked for, but there is nobody to connect to.
    #[error(
        "`connect.{rule} = {number}` asks for synapses, but there is no neuron to draw from (autapses = {autapses})."
    )]
    Nobody {
        /// Name of the rule.
        rule: &'static str,
        /// Synapses for each neuron, or in all.
        number: u64,
        /// Are autapses allowed?
        autapses: bool,
    },
    /// A number of synapses that no machine holds.
    #[error("`connect.fixed_total_number` comes to {number} synapses; at most {most} are possible here: lower it.")]
    Count {
        /// How many it comes to.
        number: u64,
        /// Limit.
        most: u64,
    },
    /// A probability that is none.
    #[error("`connect.{rule}`: a probability between 0 and 1{limit} is expected, not {found}.")]
    Probability {
        /// Name of the rule.
        rule: &'static str,
        /// What was found.
        found: f64,
        /// "" or " (exclusive)".
        limit: &'static str,
    },
    /// A listed pair beyond the slices.
    #[error(
        "`connect.pairs`: pair {index} (counted from 0) is [{source_id}, {target_id}], but there are {sources} sources \
         and {targets} targets; indices count from 0 within the slices."
    )]
    PairRange {
        /// Its place in the list.
        index: usize,
        /// Its source.
        source_id: u32,
        /// Its target.
        target_id: u32,
        /// Number of sources.
        sources: usize,
        /// Number of targets.
        targets: usize,
    },
    /// A listed pair that `autapses` or `multapses` forbids.
    #[error(
        "`connect.pairs`: pair {index} (counted from 0), [{source_id}, {target_id}], {what}, which `{key} = false` \
         forbids. Remove it, or set `{key} = true`."
    )]
    PairForbidden {
        /// Its place in the list.
        index: usize,
        /// Its source.
        source_id: u32,
        /// Its target.
        target_id: u32,
        /// What is wrong.
        what: &'static str,
        /// The key that forbids it.
        key: &'static str,
    },
    /// More neurons than a 32-bit index can name.
    #[error("A projection reaches at most {} neurons on each side, not {found}: lower `size`.", u32::MAX)]
    Size {
        /// What was found.
        found: usize,
    },
}
