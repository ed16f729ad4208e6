//! Builds the synapse stores of all threads, in parallel and deterministically.
//!
//! Projections are gathered into groups: static ones together (per target population in the event
//! engine, per thread in the grid engine), each plastic or memristive one alone. Rows are drawn
//! in batches of sources: a batch is drawn in parallel, then every thread appends its part.

use rayon::prelude::*;

use crate::device::Pulses;
use crate::neuron::Real;
use crate::plasticity::Pairing;
use crate::spec::{Engine, NetworkSpec, ProjectionSpec};
use crate::synapse::{Delays, History, Memristor, Plastic, PlasticSetup, Price, Store, Weights};
use crate::time::Time;

use super::projection::Draft;
use super::share::{Share, owner};
use super::transpose::Transposed;
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
}

/// One synapse on its way into a store.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    pub delay: Time,
    /// Place in the group's list of projections.
    pub projection: u16,
    /// Member of the target population.
    pub target: u32,
    /// Wiring row and ordinal in it: the synapse's name.
    pub row: u32,
    pub ordinal: u32,
    pub weight: f64,
}

/// The rows of a few sources for one thread.
#[derive(Default)]
struct Part {
    lengths: Vec<u32>,
    entries: Vec<Entry>,
}

/// A group before it is built.
struct Plan {
    projections: Vec<usize>,
    target: Option<usize>,
    plastic: bool,
}

/// Builds all stores on the current thread pool.
pub fn build<W: Real>(
    spec: &NetworkSpec,
    populations: &[Population],
    threads: usize,
) -> Result<(Vec<Shard<W>>, Vec<Projection>), BuildError> {
    let sizes: Vec<usize> = populations.iter().map(|p| p.size).collect();
    let shares = Share::cut(&sizes, threads);
    let mut shards: Vec<Shard<W>> = shares.into_iter().map(|share| Shard { share, stores: Vec::new() }).collect();
    let mut projections = vec![Projection::default(); spec.projections.len()];
    for plan in plan(spec) {
        let drafts = plan
            .projections
            .iter()
            .map(|&p| Draft::new(spec, &spec.projections[p], populations))
            .collect::<Result<Vec<_>, _>>()?;
        drafts.iter().filter_map(|d| Some((d, d.spec.weight.constant()?))).try_for_each(|(d, w)| d.check_bounds(w))?;
        let groups = build_group(spec, &plan, &drafts, &shards, &mut projections)?;
        shards.iter_mut().zip(groups).for_each(|(shard, group)| shard.stores.push(group));
    }
    Ok((shards, projections))
}

/// Static projections share a store as long as a pair of populations tells which projection a synapse is of.
fn plan(spec: &NetworkSpec) -> Vec<Plan> {
    let mut plans: Vec<Plan> = Vec::new();
    for (index, projection) in spec.projections.iter().enumerate() {
        let plastic = projection.plasticity.is_some() || projection.device.is_some();
        let target = (plastic || spec.simulation.engine == Engine::Event).then_some(projection.target.population);
        let pair = |p: &ProjectionSpec| (p.source.population, p.target.population);
        let home = plans.iter_mut().find(|plan| {
            !plastic
                && !plan.plastic
                && plan.target == target
                && plan.projections.len() < usize::from(u16::MAX)
                && plan.projections.iter().all(|&other| pair(&spec.projections[other]) != pair(projection))
        });
        match home {
            Some(plan) => plan.projections.push(index),
            None => plans.push(Plan { projections: vec![index], target, plastic }),
        }
    }
    plans
}

fn build_group<W: Real>(
    spec: &NetworkSpec,
    plan: &Plan,
    drafts: &[Draft<'_>],
    shards: &[Shard<W>],
    projections: &mut [Projection],
) -> Result<Vec<Group<W>>, BuildError> {
    let threads = shards.len();
    // Rows that are drawn target by target are transposed first, each thread its own.
    let transposed: Vec<Vec<Option<Transposed>>> = shards
        .par_iter()
        .map(|shard| {
            drafts
                .iter()
                .map(|d| {
                    let owned = &shard.share.members[d.spec.target.population];
                    d.wiring.by_target().then(|| Transposed::new(d, owned)).transpose()
                })
                .collect::<Result<Vec<_>, _>>()
        })
        .collect::<Result<_, _>>()?;

    let first = drafts.iter().map(|d| d.first_source).min().unwrap_or(0);
    let end = drafts.iter().map(|d| d.first_source + d.n_source as u32).max().unwrap_or(0);
    let expected: u64 = drafts.iter().map(|d| d.wiring.expected_synapses()).sum();
    let mut makers: Vec<Maker<'_, W>> =
        shards.iter().map(|s| Maker::new(&s.share, drafts, plan, first..end, expected / threads as u64)).collect();

    // A batch holds about a million synapses per thread; a chunk, the unit of work, an eighth of that.
    let per_row = (expected / u64::from((end - first).max(1))).max(1);
    let chunk = ((1u64 << 17) / per_row).clamp(1, 1 << 16) as u32;
    let mut from = first;
    while from < end {
        let to = end.min(from.saturating_add(chunk * 8 * threads as u32));
        let chunks: Vec<_> = (from..to).step_by(chunk as usize).map(|a| a..to.min(a + chunk)).collect();
        let parts = chunks
            .par_iter()
            .map(|sources| draw_chunk(drafts, &transposed, sources.clone(), threads))
            .collect::<Result<Vec<_>, _>>()?;
        for (sources, parts) in chunks.iter().zip(&parts) {
            count(drafts, plan, sources.clone(), parts, projections);
        }
        makers.par_iter_mut().enumerate().for_each(|(shard, maker)| {
            parts.iter().for_each(|chunk| maker.append(&chunk[shard]));
        });
        from = to;
    }
    let max_delay = plan.projections.iter().map(|&p| projections[p].max_delay).max().unwrap_or(Time::ZERO);
    makers.into_iter().map(|maker| maker.finish(spec, plan, drafts, max_delay)).collect()
}

/// Draws the rows of a span of sources, sorted, parted by thread.
fn draw_chunk(
    drafts: &[Draft<'_>],
    transposed: &[Vec<Option<Transposed>>],
    sources: std::ops::Range<u32>,
    threads: usize,
) -> Result<Vec<Part>, BuildError> {
    let mut parts: Vec<Part> = (0..threads).map(|_| Part::default()).collect();
    let mut ends = Vec::new();
    for gid in sources {
        let starts: Vec<usize> = parts.iter().map(|p| p.entries.len()).collect();
        for (index, draft) in drafts.iter().enumerate() {
            let Some(row) = gid.checked_sub(draft.first_source).filter(|&r| (r as usize) < draft.n_source) else {
                continue;
            };
            if draft.wiring.by_target() {
                for (part, own) in parts.iter_mut().zip(transposed) {
                    if let Some(own) = &own[index] {
                        own.entries(draft, index as u16, row as usize, &mut part.entries);
                    }
                }
                continue;
            }
            draft.row(row as usize, &mut ends, |ordinal, target, drawn| {
                let target = draft.first_target + target;
                let shard = if threads == 1 { 0 } else { owner(draft.target_size, threads, target) };
                parts[shard].entries.push(Entry {
                    delay: drawn.delay,
                    projection: index as u16,
                    target,
                    row,
                    ordinal,
                    weight: drawn.weight,
                });
            })?;
        }
        for (part, start) in parts.iter_mut().zip(starts) {
            part.entries[start..].sort_unstable_by_key(|e| (e.delay, e.projection, e.target, e.ordinal));
            part.lengths.push((part.entries.len() - start) as u32);
        }
    }
    Ok(parts)
}

/// Adds a chunk to the figures of its projections.
fn count(
    drafts: &[Draft<'_>],
    plan: &Plan,
    sources: std::ops::Range<u32>,
    parts: &[Part],
    projections: &mut [Projection],
) {
    for part in parts {
        let mut at = 0;
        for (gid, &length) in sources.clone().zip(&part.lengths) {
            for entry in &part.entries[at..at + length as usize] {
                let index = usize::from(entry.projection);
                let (draft, projection) = (&drafts[index], &mut projections[plan.projections[index]]);
                if projection.outdegree.is_empty() {
                    projection.outdegree = vec![0; draft.n_source];
                    projection.min_delay = Time::NEVER;
                }
                projection.synapses += 1;
                projection.outdegree[(gid - draft.first_source) as usize] += 1;
                projection.min_delay = projection.min_delay.min(entry.delay);
                projection.max_delay = projection.max_delay.max(entry.delay);
            }
            at += length as usize;
        }
    }
}

/// Puts one thread's store together.
struct Maker<'a, W> {
    share: &'a Share,
    drafts: &'a [Draft<'a>],
    in_slots: bool,
    row_weights: Option<Vec<Option<f64>>>,
    sources: std::ops::Range<u32>,
    row: Vec<u64>,
    first: Vec<u32>,
    delay: Vec<Time>,
    end: Vec<u32>,
    targets: Vec<u32>,
    weights: Vec<W>,
    per_row: Vec<W>,
    keys: Vec<u64>,
}

impl<'a, W: Real> Maker<'a, W> {
    fn new(
        share: &'a Share,
        drafts: &'a [Draft<'a>],
        plan: &Plan,
        sources: std::ops::Range<u32>,
        expected: u64,
    ) -> Self {
        // One weight per source is enough if every projection of that source has the same constant.
        let constants: Option<Vec<f64>> = drafts.iter().map(Draft::constant_weight).collect();
        let row_weights = constants.filter(|_| !plan.plastic).and_then(|w| one_per_source(drafts, &w));
        let room = expected as usize + expected as usize / 64;
        let row_only = row_weights.is_some();
        Maker {
            share,
            drafts,
            in_slots: plan.target.is_none(),
            row_weights,
            sources,
            row: vec![0],
            first: vec![0],
            delay: Vec::new(),
            end: Vec::new(),
            targets: Vec::with_capacity(room),
            weights: Vec::with_capacity(if row_only { 0 } else { room }),
            per_row: Vec::new(),
            keys: Vec::new(),
        }
    }

    fn append(&mut self, part: &Part) {
        let mut at = 0;
        for &length in &part.lengths {
            let entries = &part.entries[at..at + length as usize];
            at += length as usize;
            let gid = self.sources.start + (self.row.len() - 1) as u32;
            for (i, entry) in entries.iter().enumerate() {
                let draft = &self.drafts[usize::from(entry.projection)];
                let population = draft.spec.target.population;
                let place = entry.target - self.share.members[population].start;
                let slot = if self.in_slots {
                    let side = if draft.two_sided && entry.weight < 0.0 { self.share.size } else { 0 };
                    self.share.first_slot[population] + place + side
                } else {
                    place
                };
                self.targets.push(slot);
                if self.row_weights.is_none() {
                    self.weights.push(W::of(entry.weight));
                }
                if draft.spec.device.is_some() {
                    self.keys.push(Draft::device_key(entry.row, entry.ordinal));
                }
                if i + 1 == entries.len() || entries[i + 1].delay != entry.delay {
                    self.delay.push(entry.delay);
                    self.end.push(i as u32 + 1);
                }
            }
            self.first.push(self.delay.len() as u32);
            self.row.push(self.targets.len() as u64);
            if let Some(weights) = &self.row_weights {
                let own =
                    self.drafts.iter().zip(weights).find_map(|(d, w)| {
                        w.filter(|_| gid >= d.first_source && gid < d.first_source + d.n_source as u32)
                    });
                self.per_row.push(W::of(own.unwrap_or(0.0)));
            }
        }
    }

    fn finish(
        mut self,
        spec: &NetworkSpec,
        plan: &Plan,
        drafts: &[Draft<'_>],
        max_delay: Time,
    ) -> Result<Group<W>, BuildError> {
        let same = self.delay.first().copied().filter(|d| self.delay.iter().all(|other| other == d));
        let shortest = self.delay.iter().min().copied().unwrap_or(Time::ZERO);
        let longest = self.delay.iter().max().copied().unwrap_or(Time::ZERO);
        let delays = match same {
            Some(delay) => Delays::Same(delay),
            None => Delays::Runs { first: self.first, delay: self.delay, end: self.end },
        };
        self.targets.shrink_to_fit();
        self.weights.shrink_to_fit();
        let mut store = Store {
            sources: self.sources,
            row: self.row,
            delays,
            targets: self.targets,
            weights: Weights::Plastic,
            delay_range: (shortest, longest),
        };
        let mut plastic = None;
        let mut slot = 0;
        if plan.plastic {
            let draft = &drafts[0];
            let population = draft.spec.target.population;
            let negative = draft.spec.w_max.is_some_and(|w| w < 0.0);
            slot = self.share.first_slot[population] + if draft.two_sided && negative { self.share.size } else { 0 };
            let owned = self.share.members[population].len();
            let rows = store.row.len() - 1;
            plastic = Some(make_plastic(spec, draft, self.weights, self.keys, (rows, owned), max_delay)?);
        } else {
            store.weights = match self.row_weights {
                Some(_) => Weights::Row(self.per_row),
                None => Weights::Each(self.weights),
            };
        }
        Ok(Group { store, plastic, projections: plan.projections.clone(), target: plan.target, slot })
    }
}

/// One weight per draft, if drafts that share a source agree on it.
fn one_per_source(drafts: &[Draft<'_>], weights: &[f64]) -> Option<Vec<Option<f64>>> {
    for (i, a) in drafts.iter().enumerate() {
        for (j, b) in drafts.iter().enumerate() {
            let overlap = a.first_source < b.first_source + b.n_source as u32
                && b.first_source < a.first_source + a.n_source as u32;
            if overlap && weights[i].to_bits() != weights[j].to_bits() {
                return None;
            }
        }
    }
    Some(weights.iter().map(|&w| Some(w)).collect())
}

fn make_plastic<W: Real>(
    spec: &NetworkSpec,
    draft: &Draft<'_>,
    weights: Vec<W>,
    keys: Vec<u64>,
    (rows, targets): (usize, usize),
    max_delay: Time,
) -> Result<Plastic<W>, BuildError> {
    let projection = draft.spec;
    let rule = projection.plasticity.as_ref().map(|r| r.rule());
    let w_max = projection.w_max.unwrap_or(1.0);
    let device = projection.device.as_ref().map(|d| d.device()).transpose();
    let device =
        device.map_err(|e| BuildError::Projection { name: projection.name.clone(), message: e.to_string() })?;
    let memristor = device.map(|d| Memristor::new(d, projection.w_min, w_max, spec.simulation.seed, &projection.name));
    let during = projection.plasticity.as_ref().and_then(|r| r.during).map(|i| spec.intervals[i].spans.clone());
    let value = match &memristor {
        Some(m) => weights.iter().map(|w| W::of(m.conductance(w.wide()))).collect(),
        None => weights,
    };
    let carries = memristor.as_ref().is_some_and(|m| m.device.common().pulses == Pulses::Carry);
    let centered = rule.as_ref().is_some_and(|r| r.pairing() == Pairing::NearestPreCentered);
    let count = value.len();
    Ok(Plastic {
        setup: PlasticSetup {
            rule,
            memristor,
            w_min: projection.w_min,
            w_max,
            axonal: projection.axonal,
            during,
            // Of all threads: a checkpoint joins what they keep.
            max_delay,
        },
        value,
        x: vec![0.0; if centered { count } else { 0 }],
        device_updates: vec![0; keys.len()],
        device_carry: vec![0.0; if carries { count } else { 0 }],
        device_key: keys,
        post: vec![History::default(); targets],
        pre: vec![Default::default(); rows],
        pending: Default::default(),
        settled: Time(i64::MIN / 4),
        unsettled: 0,
        price: Price::default(),
    })
}
