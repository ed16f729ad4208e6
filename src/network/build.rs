//! Builds the synapse stores of all threads, in parallel and deterministically.
//!
//! Projections are gathered into groups: static ones together (per target population in the event
//! engine, per thread in the grid engine), each plastic or memristive one alone. Rows are drawn
//! in batches of sources: a batch is drawn in parallel, then every thread appends its part. Procedural
//! projections belong to a group as the others do, but leave nothing in its store.

use std::ops::Range;

use rayon::prelude::*;

use crate::device::Device;
use crate::math::real::Real;
use crate::plasticity::Rule;
use crate::plasticity::stdp_dopamine::Modulator;
use crate::spec::{Engine, NetworkSpec, Precision, ProjectionSpec};
use crate::synapse::{BLOCK, Grain, Memristor, Plastic, PlasticSetup};
use crate::time::Time;

use super::array::Losses;
use super::chunk::{Chunk, Figure, Source};
use super::grains::{Grains, target_model};
use super::maker::{Made, Maker};
use super::placed;
use super::procedural::Procedural;
use super::projection::Draft;
use super::share::{Cut, Share};
use super::transpose::{Transposed, Turned};
use super::{Group, Population, Projection, Shard};

/// Why a network can't be built. All are the user's to mend.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// A neuron's parameters or initial state.
    #[error("population {name}: {message}")]
    Population {
        /// Its name.
        name: String,
        /// What is wrong.
        message: String,
    },
    /// What is drawn for an input.
    #[error("input {name}: {message}")]
    Input {
        /// Its name.
        name: String,
        /// What is wrong.
        message: String,
    },
    /// A projection's wiring, weights or delays.
    #[error("projection {name}: {message}")]
    Projection {
        /// Its name.
        name: String,
        /// What is wrong.
        message: String,
    },
    /// More neurons than 32-bit ids can name.
    #[error("the network has more than 4294967295 neurons and sources; lower `size`")]
    TooManyNeurons,
    /// The system gives no threads.
    #[error("can't start the worker threads: {0}; try fewer with --threads")]
    Threads(String),
    /// What another rank says.
    #[error("{0}")]
    Elsewhere(String),
}

/// A group of projections before it is built.
pub struct Plan {
    /// Those that are stored.
    pub projections: Vec<usize>,
    pub target: Option<usize>,
    pub plastic: bool,
    /// Do excitatory and inhibitory synapses go to stores of their own?
    pub two_sided: bool,
    /// What static weights are whole multiples of, if they are.
    pub grain: Option<Grain>,
    /// Its stores: blocks in order, each with its sides. The same in every thread.
    pub spans: Vec<Span>,
}

/// The targets of one store.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    /// The first: a slot of the thread, or a place within the population's share.
    pub first: u32,
    pub inhibitory: bool,
}

impl Plan {
    /// Plans the stores of drafts, for the largest of all threads' shares.
    fn lay_out(&mut self, engine: Engine, drafts: &[Draft<'_>], shares: &[Share]) {
        let targets = |share: &Share| match self.target {
            Some(population) => share.members[population].len(),
            None => share.size as usize,
        };
        let blocks = shares.iter().map(targets).max().unwrap_or(0).div_ceil(BLOCK).max(1);
        let signless = |d: &Draft<'_>| d.spec.plasticity.is_none() && d.spec.device.is_none();
        let mixed = engine == Engine::Grid && self.plastic && drafts.iter().all(signless);
        self.two_sided = (self.target.is_none() || mixed) && drafts.iter().any(|d| d.two_sided);
        let sides: &[bool] = if self.two_sided { &[false, true] } else { &[false] };
        let block = |b: usize| sides.iter().map(move |&inhibitory| Span { first: (b * BLOCK) as u32, inhibitory });
        self.spans = (0..blocks).flat_map(block).collect();
    }
}

/// Builds all stores of a rank on the current thread pool, and counts what is in them.
pub fn build<W: Real>(
    spec: &NetworkSpec,
    populations: &[Population],
    cut: &Cut,
) -> Result<(Vec<Shard<W>>, Vec<Projection>), BuildError> {
    let sizes: Vec<usize> = populations.iter().map(|p| p.size).collect();
    let shares = Share::cut(&sizes, cut.parts());
    let own = shares[cut.own()].iter().cloned();
    let mut shards: Vec<Shard<W>> = own.map(|share| Shard { share, stores: Vec::new() }).collect();
    let mut projections = vec![Projection::default(); spec.projections.len()];
    let drafted = |plan: Plan| {
        let drafts = plan.projections.par_iter().map(|&p| Draft::new(spec, &spec.projections[p], populations));
        let drafts = drafts.collect::<Result<Vec<_>, _>>()?;
        Ok((plan, drafts))
    };
    let plans = plan(spec).into_iter().map(drafted).collect::<Result<Vec<_>, _>>()?;
    let grains = Grains::new(spec, plans.iter().flat_map(|(_, drafts)| drafts))?;
    for (mut plan, mut drafts) in plans {
        for later in 1..drafts.len() {
            let (earlier, rest) = drafts.split_at_mut(later);
            earlier.iter().rev().for_each(|other| rest[0].share_table(other));
        }
        drafts
            .iter()
            .filter_map(|d| Some((d, d.spec.weight.constant()?)))
            .try_for_each(|(d, w)| d.held(w).map(drop))?;
        plan.lay_out(spec.simulation.engine, &drafts, &shares);
        plan.grain = grains.of(spec, &spec.projections[plan.projections[0]]);
        drafts.iter_mut().for_each(|draft| draft.grain = plan.grain);
        let (mut stored, mut drawn) = (Vec::new(), Vec::new());
        for (draft, index) in drafts.into_iter().zip(std::mem::take(&mut plan.projections)) {
            if draft.spec.procedural {
                drawn.push(Procedural::new(&draft, &plan, index, cut, &mut projections[index])?);
            } else {
                plan.projections.push(index);
                stored.push(draft);
            }
        }
        let groups = build_group(spec, populations, &plan, &stored, &shards, cut, &mut projections)?;
        for (shard, mut groups) in shards.iter_mut().zip(groups) {
            for (group, span) in groups.iter_mut().zip(&plan.spans) {
                group.portions = drawn.iter().filter_map(|rule| rule.portion(&plan, span, &shard.share)).collect();
            }
            shard.stores.extend(groups);
        }
    }
    Ok((shards, projections))
}

/// Static projections share a store as long as a pair of populations tells which projection a synapse is of, and, where weights
/// are multiples of one of them, all have its unit.
pub(super) fn plan(spec: &NetworkSpec) -> Vec<Plan> {
    let mut plans: Vec<Plan> = Vec::new();
    let unit = |p: &ProjectionSpec| spec.simulation.int16_weights.then(|| target_model(spec, p));
    for (index, projection) in spec.projections.iter().enumerate() {
        let plastic = !projection.is_static();
        let target = (plastic || spec.simulation.engine == Engine::Event).then_some(projection.target.population);
        let pair = |p: &ProjectionSpec| (p.source.population, p.target.population);
        let home = plans.iter_mut().find(|plan| {
            !plastic
                && !plan.plastic
                && plan.target == target
                && plan.projections.len() < usize::from(u16::MAX)
                && unit(&spec.projections[plan.projections[0]]) == unit(projection)
                && plan.projections.iter().all(|&other| pair(&spec.projections[other]) != pair(projection))
        });
        match home {
            Some(plan) => plan.projections.push(index),
            None => plans.push(Plan {
                projections: vec![index],
                target,
                plastic,
                two_sided: false,
                grain: None,
                spans: Vec::new(),
            }),
        }
    }
    plans
}

/// Rows of a chunk, the unit of work, which is small enough for the caches, and chunks of a batch, eight for each thread.
pub(super) fn batch_of(synapses_per_row: u64, threads: usize) -> (u32, usize) {
    (((1u64 << 15) / synapses_per_row.max(1)).clamp(1, 1 << 16) as u32, 8 * threads)
}

fn build_group<W: Real>(
    spec: &NetworkSpec,
    populations: &[Population],
    plan: &Plan,
    drafts: &[Draft<'_>],
    shards: &[Shard<W>],
    cut: &Cut,
    projections: &mut [Projection],
) -> Result<Vec<Vec<Group<W>>>, BuildError> {
    let shares: Vec<&Share> = shards.iter().map(|s| &s.share).collect();
    let first = drafts.iter().map(|d| d.first_source).min().unwrap_or(0);
    let end = drafts.iter().map(|d| d.first_source + d.n_source as u32).max().unwrap_or(0);
    // One weight per source is enough if every projection of that source has the same constant.
    let row_weights = !plan.plastic && one_per_source(&drafts.iter().collect::<Vec<_>>());
    let mut makers: Vec<Maker<'_, W>> = Vec::with_capacity(shards.len());
    for _ in shards {
        makers.push(Maker::new(drafts, plan, first..end, row_weights, cut.parts()));
    }

    let grouped = Grouped { drafts, plan, shares: &shares, sources: first..end, row_weights };
    if placed::fits(drafts, plan, row_weights)? {
        grouped.place(&mut makers, projections)?;
    } else {
        grouped.draw(&mut makers, projections)?;
    }
    makers
        .into_iter()
        .zip(shards)
        .map(|(maker, shard)| {
            let made = maker.finish().into_iter();
            made.map(|made| make_group(spec, populations, plan, drafts, made, &shard.share)).collect()
        })
        .collect()
}

/// A group of projections while it is built.
struct Grouped<'a> {
    drafts: &'a [Draft<'a>],
    plan: &'a Plan,
    /// Of this rank's threads.
    shares: &'a [&'a Share],
    /// Global ids.
    sources: Range<u32>,
    /// Is one weight per source enough?
    row_weights: bool,
}

impl Grouped<'_> {
    /// Gives each synapse its place at once, each thread its own.
    fn place<W: Real>(&self, makers: &mut [Maker<'_, W>], projections: &mut [Projection]) -> Result<(), BuildError> {
        let place = |(maker, share): (&mut Maker<'_, W>, &&Share)| maker.place(share);
        let outdegrees = makers.par_iter_mut().zip(self.shares).map(place).collect::<Result<Vec<_>, _>>()?;
        for (index, draft) in self.drafts.iter().enumerate() {
            let delay = draft.constant_delay()?.unwrap_or(Time::ZERO);
            for row in 0..draft.n_source {
                let synapses = outdegrees.iter().map(|of| of[index][row]).sum();
                if synapses > 0 {
                    let figure = Figure { draft: index, row, count: synapses, delays: (delay, delay) };
                    count(self.drafts, self.plan, &figure, projections);
                }
            }
        }
        Ok(())
    }

    /// Draws all rows, in batches of sources; those that are drawn target by target are turned first, each thread its own, for
    /// some of the sources at a time.
    fn draw<W: Real>(&self, makers: &mut [Maker<'_, W>], projections: &mut [Projection]) -> Result<(), BuildError> {
        let &Grouped { drafts, plan, shares, row_weights, .. } = self;
        let Range { start: first, end } = self.sources;
        let expected: u64 = drafts.iter().map(|d| d.wiring.expected_synapses()).sum();
        let (step, count_of_chunks) = batch_of(expected / u64::from((end - first).max(1)), shares.len());
        let stores = plan.spans.len();
        let mut chunks: Vec<Chunk<W>> = (0..count_of_chunks).map(|_| Chunk::new(shares.len() * stores)).collect();
        let turned = drafts.iter().filter(|d| d.wiring.by_target());
        let turned = turned.map(|d| Turned::of(&d.spec, d.wiring.expected_synapses()));
        let spans = turned.map(|turned| turned.spans(size_of::<W>())).max().unwrap_or(1) as u64;
        let counts: Vec<Vec<Option<Vec<u32>>>> = shares.par_iter().map(|share| count_turned(drafts, share)).collect();
        let bound = |span: u64| first + (u64::from(end - first) * span / spans) as u32;
        for span in 0..spans {
            let within = bound(span)..bound(span + 1);
            let turn = |(share, counts): (&&Share, &Vec<_>)| transpose(drafts, share, &within, counts);
            let transposed = shares.par_iter().zip(&counts).map(turn).collect::<Result<Vec<_>, _>>()?;
            let source = Source { drafts, plan, shares, transposed: &transposed, row_weights };
            let mut from = within.start;
            while from < within.end {
                let starts: Vec<u32> = (from..within.end).step_by(step as usize).take(chunks.len()).collect();
                let drawn = chunks[..starts.len()].par_iter_mut().zip(&starts);
                drawn
                    .map(|(chunk, &a)| chunk.draw(&source, a..within.end.min(a.saturating_add(step))))
                    .collect::<Result<(), _>>()?;
                let chunks = &chunks[..starts.len()];
                let figures = chunks.iter().flat_map(|chunk| &chunk.figures);
                figures.for_each(|figure| count(drafts, plan, figure, projections));
                makers.par_iter_mut().enumerate().for_each(|(shard, maker)| {
                    chunks.iter().for_each(|chunk| maker.append(&chunk.parts[shard * stores..(shard + 1) * stores]));
                });
                from = within.end.min(starts[starts.len() - 1].saturating_add(step));
            }
        }
        Ok(())
    }
}

/// How many synapses onto one thread's neurons each source of the drafts that are drawn target by target has.
fn count_turned(drafts: &[Draft<'_>], share: &Share) -> Vec<Option<Vec<u32>>> {
    let count = |d: &Draft<'_>| Transposed::counts(d, &share.members[d.spec.target.population]);
    drafts.iter().map(|d| d.wiring.by_target().then(|| count(d))).collect()
}

/// What one thread needs of the drafts that are drawn target by target, from sources (global ids) in `within`.
fn transpose(
    drafts: &[Draft<'_>],
    share: &Share,
    within: &Range<u32>,
    counts: &[Option<Vec<u32>>],
) -> Result<Vec<Option<Transposed>>, BuildError> {
    let turn = |(d, counts): (&Draft<'_>, &Option<Vec<u32>>)| {
        let owned = &share.members[d.spec.target.population];
        let row = |gid: u32| gid.saturating_sub(d.first_source).min(d.n_source as u32);
        let turn = |counts| Transposed::new(d, owned, row(within.start)..row(within.end), counts);
        counts.as_deref().map(turn).transpose()
    };
    drafts.iter().zip(counts).map(turn).collect()
}

/// Adds to the figures of projections.
fn count(drafts: &[Draft<'_>], plan: &Plan, figure: &Figure, projections: &mut [Projection]) {
    let projection = &mut projections[plan.projections[figure.draft]];
    if projection.outdegree.is_empty() {
        projection.outdegree = vec![0; drafts[figure.draft].n_source];
        projection.min_delay = Time::NEVER;
    }
    projection.synapses += u64::from(figure.count);
    projection.outdegree[figure.row] += figure.count;
    projection.min_delay = projection.min_delay.min(figure.delays.0);
    projection.max_delay = projection.max_delay.max(figure.delays.1);
}

/// Adds what belongs to a store.
fn make_group<W: Real>(
    spec: &NetworkSpec,
    populations: &[Population],
    plan: &Plan,
    drafts: &[Draft<'_>],
    made: Made<W>,
    share: &Share,
) -> Result<Group<W>, BuildError> {
    let Made { span, store, plastic: weights, keys } = made;
    let (mut plastic, mut array, mut inhibitory) = (None, None, span.inhibitory);
    if plan.plastic {
        let draft = &drafts[0];
        // All weights that may change have the sign of w_max; others go to the side of their own.
        if !plan.two_sided {
            inhibitory = draft.two_sided && draft.spec.w_max.is_some_and(|w| w < 0.0);
        }
        let owned = share.members[draft.spec.target.population].len().saturating_sub(span.first as usize).min(BLOCK);
        let rows = store.row.len() - 1;
        plastic = Some(make_plastic(spec, populations, draft, weights, keys, (rows, owned))?);
        array = Losses::of(draft, rows, store.len());
    }
    let projections = plan.projections.clone();
    let portions = Vec::new();
    Ok(Group { store, plastic, projections, portions, target: plan.target, first: span.first, inhibitory, array })
}

/// Are all weights constants, and do drafts that share a source agree on them?
pub(super) fn one_per_source(drafts: &[&Draft<'_>]) -> bool {
    let bits = |d: &Draft<'_>| d.constant_weight().map(f64::to_bits);
    let overlap = |a: &Draft<'_>, b: &Draft<'_>| {
        a.first_source < b.first_source + b.n_source as u32 && b.first_source < a.first_source + a.n_source as u32
    };
    let agree = |a: &Draft<'_>| drafts.iter().all(|b| !overlap(a, b) || bits(a) == bits(b));
    drafts.iter().all(|a| bits(a).is_some() && agree(a))
}

fn make_plastic<W: Real>(
    spec: &NetworkSpec,
    populations: &[Population],
    draft: &Draft<'_>,
    weights: Vec<W>,
    keys: Vec<u64>,
    sizes: (usize, usize),
) -> Result<Plastic<W>, BuildError> {
    let projection = &*draft.spec;
    let w_max = projection.w_max.unwrap_or(f64::INFINITY);
    let rule = match &projection.waveform {
        Some(waveform) => Some(Rule::Overlap(waveform.surface())),
        None => projection.plasticity.as_ref().map(|r| r.rule(projection.w_min, w_max)),
    };
    let device = projection.device.as_ref().map(|d| d.device()).transpose();
    let mut device =
        device.map_err(|e| BuildError::Projection { name: projection.name.clone(), message: e.to_string() })?;
    if let Some(device) = device.as_mut().filter(|_| projection.waveform.is_some()) {
        // There are no pulses to pay for, and what overlapping spikes cost has no price.
        (device.common.price_up, device.common.price_down) = (None, None);
    }
    if spec.simulation.precision == Precision::Single {
        device = device.map(Device::in_single);
    }
    let memristor = device.map(|d| Memristor::new(d, projection.w_min, w_max, spec.simulation.seed, &projection.name));
    let modulator = projection.plasticity.as_ref().and_then(|r| r.modulator());
    let during = projection.plasticity.as_ref().and_then(|r| r.during).map(|i| spec.intervals[i].spans.clone());
    let setup = PlasticSetup {
        scale: PlasticSetup::scale(rule.as_ref(), w_max),
        rule,
        memristor,
        w_min: projection.w_min,
        w_max,
        axonal: projection.axonal,
        during,
        // Not known before all is built.
        max_delay: Time::ZERO,
        step: spec.simulation.resolution,
        wired: draft.is_wired(),
        short_term: projection.short_term,
        normalize: projection.normalize,
        modulator: modulator.map(|(population, delay)| {
            let population = &populations[population];
            Modulator { gids: population.first..population.first + population.size as u32, delay }
        }),
    };
    let step = (spec.simulation.engine == Engine::Grid).then_some(spec.simulation.resolution);
    Ok(Plastic::new(setup, weights, keys, sizes, step))
}
