//! From a model and its seed to flat arrays: populations, and synapses owned by the thread of their targets.

pub mod array;
mod build;
mod chunk;
mod estimate;
mod grains;
mod join;
mod maker;
mod parameters;
mod placed;
mod procedural;
mod projection;
mod row;
mod share;
mod stored;
mod transpose;
pub mod wiring;

use std::sync::Arc;
use std::time::Instant;

use crate::math::real::Real;
use crate::neuron::Column;
use crate::ranks::Ranks;
use crate::spec::{Engine, NetworkSpec, PopulationKind, Precision};
use crate::synapse::{Plastic, Store};
use crate::time::Time;

pub use build::BuildError;
pub use estimate::{Estimate, check_parameters, estimate, expected};
pub use parameters::{drawn, input_name, of_members};
pub use procedural::{Drawn, Portion, Procedural};
pub use share::{Cut, Member, Share};
pub use stored::{GROWN, Stored, stored};

/// A compiled model: everything that the engines need.
#[derive(Debug)]
pub struct Network {
    /// The model.
    pub spec: NetworkSpec,
    /// Populations in model order; global ids count through them.
    pub populations: Vec<Population>,
    /// Projections in model order.
    pub projections: Vec<Projection>,
    /// Each thread's share of neurons and its synapses, of this rank.
    pub shards: Shards,
    /// The smallest delay of all synapses; [`Time::NEVER`] if there is none.
    pub min_delay: Time,
    /// The largest delay of all synapses.
    pub max_delay: Time,
    /// Wall time of building \[s\].
    pub build_s: f64,
    /// Who else has a part of it.
    pub ranks: Ranks,
}

/// A population with its parameters drawn.
#[derive(Clone, Debug)]
pub struct Population {
    /// Global id of its first member.
    pub first: u32,
    /// Number of members.
    pub size: usize,
    /// One column per parameter of a neuron model; empty for sources.
    pub params: Vec<Column>,
    /// One column per state variable, NaN where the model's default holds; empty for sources.
    pub initial: Vec<Column>,
}

/// What is known of a projection once it is built.
#[derive(Clone, Debug, Default)]
pub struct Projection {
    /// Number of synapses, over all ranks.
    pub synapses: u64,
    /// Synapses of each source of the slice, over all threads of all ranks; on the first rank only.
    pub outdegree: Vec<u32>,
    /// Its smallest delay.
    pub min_delay: Time,
    /// Its largest delay.
    pub max_delay: Time,
    /// How to draw its synapses, if they are not stored.
    pub procedural: Option<Arc<Procedural>>,
}

/// The synapses, in the model's precision.
#[derive(Debug)]
pub enum Shards {
    /// 32-bit weights.
    Single(Vec<Shard<f32>>),
    /// 64-bit weights.
    Double(Vec<Shard<f64>>),
    /// Handed over to that many threads.
    Moved(usize),
}

/// One thread's neurons and the synapses onto them.
#[derive(Debug)]
pub struct Shard<W: Real> {
    /// Its neurons.
    pub share: Share,
    /// Its synapses.
    pub stores: Vec<Group<W>>,
}

/// A store with what belongs to it. All threads have the same groups, in the same order.
#[derive(Debug)]
pub struct Group<W: Real> {
    /// Rows by source; targets count from `first`.
    pub store: Store<W>,
    /// Plastic weights, for a plastic or memristive projection.
    pub plastic: Option<Plastic<W>>,
    /// The projections (indices) in it, ascending; no two join the same pair of populations, nor do they and `portions`.
    pub projections: Vec<usize>,
    /// Projections onto the same targets whose synapses are not in the store but drawn at each spike.
    pub portions: Vec<Portion>,
    /// The population of all targets; none where a store serves neurons of several.
    pub target: Option<usize>,
    /// The store's first target: its place within the target population's share of the thread or, without
    /// a target population, its slot.
    pub first: u32,
    /// Do the synapses arrive on the inhibitory side? (Kept apart in the grid engine only.)
    pub inhibitory: bool,
    /// What a crossbar takes from plastic or memristive weights.
    pub array: Option<array::Losses>,
}

/// Builds a model on `threads` threads (at least 1). The result depends on the model and its seed alone.
///
/// # Errors
/// If a parameter, weight or delay that was drawn can't be used, or the wiring can't be.
pub fn compile(spec: NetworkSpec, threads: usize) -> Result<Network, BuildError> {
    compile_on(spec, threads, &Ranks::alone())
}

/// Builds this rank's part of a model. Every rank calls it, with the same arguments.
///
/// # Errors
/// As [`compile`], on all ranks if on any.
pub fn compile_on(spec: NetworkSpec, threads: usize, ranks: &Ranks) -> Result<Network, BuildError> {
    let begin = Instant::now();
    let cut = Cut { threads: threads.max(1), ranks: ranks.size(), rank: ranks.rank() };
    let network = compile_own(spec, &cut);
    let mut network = ranks.agree(network, |_| 2, |_, text| BuildError::Elsewhere(text))?;
    network.join(ranks);
    network.build_s = begin.elapsed().as_secs_f64();
    Ok(network)
}

/// What a rank builds by itself; figures are of its own part.
fn compile_own(spec: NetworkSpec, cut: &Cut) -> Result<Network, BuildError> {
    if let Some((index, _)) = spec.recordings().first() {
        return Err(BuildError::Population {
            name: spec.populations[*index].name.clone(),
            message: "source.recording names no file; name one, or use `memspike replay`".into(),
        });
    }
    let populations = parameters::draw_populations(&spec)?;
    parameters::check_inputs(&spec)?;
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(cut.threads)
        .build()
        .map_err(|e| BuildError::Threads(e.to_string()))?;
    let (shards, projections) = pool.install(|| match spec.simulation.precision {
        Precision::Single => build::build::<f32>(&spec, &populations, cut).map(|(s, p)| (Shards::Single(s), p)),
        Precision::Double => build::build::<f64>(&spec, &populations, cut).map(|(s, p)| (Shards::Double(s), p)),
    })?;
    let (min_delay, max_delay) = (Time::NEVER, Time::ZERO);
    Ok(Network { spec, populations, projections, shards, min_delay, max_delay, build_s: 0.0, ranks: Ranks::alone() })
}

impl Network {
    /// Number of threads that it was built for, on each rank.
    pub fn threads(&self) -> usize {
        match &self.shards {
            Shards::Single(shards) => shards.len(),
            Shards::Double(shards) => shards.len(),
            Shards::Moved(threads) => *threads,
        }
    }

    /// Number of model neurons.
    pub fn neurons(&self) -> u64 {
        let neurons = |p: &&crate::spec::PopulationSpec| matches!(p.kind, PopulationKind::Neuron { .. });
        self.spec.populations.iter().filter(neurons).map(|p| p.size as u64).sum()
    }

    /// Number of synapses.
    pub fn synapses(&self) -> u64 {
        self.projections.iter().map(|p| p.synapses).sum()
    }

    /// Memory that the synapses of this rank take, with what rules, devices and figures keep \[bytes\].
    pub fn synapse_bytes(&self) -> usize {
        fn of<W: Real>(shards: &[Shard<W>]) -> usize {
            let group = |g: &Group<W>| {
                g.store.bytes()
                    + g.plastic.as_ref().map_or(0, Plastic::bytes)
                    + g.array.as_ref().map_or(0, |a| a.bytes())
            };
            shards.iter().flat_map(|shard| &shard.stores).map(group).sum()
        }
        let stores = match &self.shards {
            Shards::Single(shards) => of(shards),
            Shards::Double(shards) => of(shards),
            Shards::Moved(_) => 0,
        };
        stores + self.projections.iter().map(|p| size_of_val(&p.outdegree[..])).sum::<usize>()
    }

    /// The population of a global id, and the member's index in it.
    pub fn member(&self, gid: u32) -> Member {
        let population = self.populations.partition_point(|p| p.first <= gid) - 1;
        // Populations of size 0 cannot be; sizes are checked by the model file's reader.
        Member { population, index: gid - self.populations[population].first }
    }

    /// Is it for the grid engine?
    pub fn on_grid(&self) -> bool {
        self.spec.simulation.engine == Engine::Grid
    }
}

impl Population {
    /// Drops the columns of parameters and initial state.
    pub fn forget_columns(&mut self) {
        (self.params, self.initial) = (Vec::new(), Vec::new());
    }
}
