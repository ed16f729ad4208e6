//! How much memory the synapses of a network will take, and building them, from the sizes of what they are kept in.

use std::collections::{BTreeMap, BTreeSet};

use crate::math::exp_m1;
use crate::plasticity::{Pairing, Rule};
use crate::sample::Law;
use crate::spec::{Engine, NetworkSpec, PopulationKind, Precision, ProjectionSpec};
use crate::synapse::{BLOCK, Cells, History, Needs, PreState, Recent};
use crate::time::Time;

use super::build::{BuildError, batch_of, plan};
use super::chunk::Figure;
use super::estimate::slice;
use super::maker::is_sparse;
use super::projection::{expect, in_steps};
use super::transpose::Turned;

/// Memory of all synapses \[bytes\].
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Stored {
    /// What stays: stores, plastic weights with what rules and devices keep, and the figures of projections.
    pub built: f64,
    /// The most that there is at once while they are built.
    pub building: f64,
    /// What of that is freed, but not given back to the system: many small pieces.
    pub pieces: f64,
}

/// So many quantiles stand for a distribution of delays.
const QUANTILES: u32 = 512;

/// What a list that grows by doubling has room for, in the mean, in units of its length.
pub const GROWN: f64 = 1.5;

/// The synapses from one slice of sources, in one store.
struct Rows {
    /// Number of sources.
    sources: f64,
    /// Expected synapses of each in the store, by delay in steps or ticks; together with those whose delays are all different.
    delays: BTreeMap<u64, f64>,
    apart: f64,
}

impl Rows {
    fn length(&self) -> f64 {
        self.apart + self.delays.values().sum::<f64>()
    }

    /// Expected runs of a row: delays that occur in it.
    fn runs(&self) -> f64 {
        self.apart + self.delays.values().map(|mean| -exp_m1(-mean)).sum::<f64>()
    }

    /// The share of sources that have synapses.
    fn present(&self) -> f64 {
        -exp_m1(-self.length())
    }
}

/// Estimates the memory of a rank that builds for so many threads, one of `ranks`.
///
/// # Errors
/// If a projection can't be wired.
pub fn stored(spec: &NetworkSpec, threads: usize, ranks: usize) -> Result<Stored, BuildError> {
    let weight = if spec.simulation.precision == Precision::Single { 4.0 } else { 8.0 };
    let (threads, parts) = (threads.max(1), (threads.max(1) * ranks.max(1)) as f64);
    let mut all = Stored::default();
    for plan in plan(spec) {
        let of = |index: &usize| &spec.projections[*index];
        let members: Vec<&ProjectionSpec> = plan.projections.iter().map(of).filter(|p| !p.procedural).collect();
        let mut counted = Vec::new();
        for projection in &plan.projections {
            let (sources, synapses) = expect(spec, of(projection))?;
            // The number of synapses of each source.
            all.built += if ranks == 1 { 4.0 * sources as f64 } else { 0.0 };
            if !of(projection).procedural {
                counted.push(synapses as f64);
            }
        }
        if members.is_empty() {
            continue;
        }
        let one = Group { spec, members: &members, counted: &counted, plastic: plan.plastic, weight, parts };
        let made = one.measure(plan.target, threads);
        all.building = all.building.max(all.built + made.building);
        all.built += made.built;
        all.pieces = all.pieces.max(made.pieces);
    }
    all.building = all.building.max(all.built);
    Ok(all)
}

/// Projections that share their stores.
struct Group<'a> {
    spec: &'a NetworkSpec,
    members: &'a [&'a ProjectionSpec],
    /// Expected synapses of each.
    counted: &'a [f64],
    plastic: bool,
    /// Bytes of a weight.
    weight: f64,
    /// Threads of all ranks.
    parts: f64,
}

impl Group<'_> {
    fn measure(&self, target: Option<usize>, threads: usize) -> Stored {
        let &Group { spec, members, counted, plastic, weight, parts } = self;
        let size = |population: usize| spec.populations[population].size as f64;
        let everybody: f64 = spec.populations.iter().map(|p| p.size as f64).sum();
        let targets = target.map_or(everybody, size) / parts;
        let blocks = (targets / BLOCK as f64).ceil().max(1.0);
        // A side for each sign, where the engine keeps them apart.
        let signs: BTreeSet<bool> = members.iter().filter(|p| self.splits(p)).map(|p| is_negative(p)).collect();
        let sides = if target.is_none() && !signs.is_empty() { vec![Some(false), Some(true)] } else { vec![None] };
        let alike = !plastic && self.one_per_source();
        // A number of grains, in the place of the weight.
        let own_weight = if spec.simulation.int16_weights && !plastic { 2.0 } else { weight };
        let first = members.iter().map(|p| slice(spec, &p.source).0).min().unwrap_or(0);
        let end = members.iter().map(|p| slice(spec, &p.source).1).max().unwrap_or(0);
        let reach = (end - first) as f64;
        // Are rows turned and put together, or does each synapse take its place at once?
        let by_target = members.iter().all(|p| p.connect.by_target());
        let placed = alike && by_target && self.one_delay();
        let (mut built, mut runs_in_all, mut extra) = (0.0, 0.0, 0.0);
        for side in &sides {
            let rows = self.rows(*side, parts * blocks);
            let sum = |f: &dyn Fn(&Rows) -> f64| rows.iter().map(|r| r.sources * f(r)).sum::<f64>();
            let (synapses, runs, present) = (sum(&Rows::length), sum(&Rows::runs), sum(&Rows::present));
            let sparse = !plastic && is_sparse(present as usize, reach as usize);
            let kept = if sparse { present } else { reach };
            let index = if sparse { 4.0 * present + reach / 16.0 } else { 0.0 };
            let mut different: BTreeSet<u64> = rows.iter().flat_map(|r| r.delays.keys().copied()).collect();
            let apart = sum(&|r: &Rows| r.apart);
            if apart > 0.0 {
                different.insert(0);
            }
            // Runs name their delay by two bytes, as long as these can name all.
            let coded = apart + (different.len() as f64) <= f64::from(u16::MAX);
            let run = if coded { 6.0 } else { 12.0 };
            let delays = if different.len() <= 1 && apart == 0.0 {
                0.0
            } else {
                8.0 * kept + run * runs + if coded { 8.0 * apart } else { 0.0 }
            };
            let own = if alike { weight * kept } else { own_weight * synapses };
            built += blocks * (8.0 * kept + index + delays + 2.0 * synapses + own);
            runs_in_all += blocks * runs;
            // Rows of all sources are spread from those of the present; ends of runs are counted even if there is one delay.
            let ends = if delays == 0.0 && !placed { 4.0 * runs } else { 0.0 };
            extra += blocks * (20.0 * present + ends);
            if placed {
                extra += blocks * 16.0 * reach;
            }
        }
        let synapses: f64 = counted.iter().sum::<f64>() / parts;
        if plastic {
            let (each, of_target, of_source) = kept_by(members[0]);
            built +=
                synapses * each + of_target * size(members[0].target.population) / parts + blocks * of_source * reach;
        }
        let all = built * threads as f64;
        if placed {
            return Stored { built: all, building: all + extra * threads as f64, pieces: 0.0 };
        }
        // Chunks on their way from the rows to the stores.
        let (step, chunks) = batch_of((counted.iter().sum::<f64>() / reach.max(1.0)) as u64, threads);
        let rows = f64::from(step).min(reach);
        let synapses_of = rows / reach.max(1.0);
        let stores = sides.len() as f64 * blocks * threads as f64;
        let devices = members.iter().any(|p| p.device.is_some());
        let one = 2.0 + if alike { 0.0 } else { weight } + if devices { 8.0 } else { 0.0 };
        let chunk = synapses_of * threads as f64 * (synapses * one + 16.0 * runs_in_all)
            + rows * (8.0 * stores + (members.len() * size_of::<Figure>()) as f64)
            + 40.0 * synapses * threads as f64 / reach.max(1.0);
        // A row on its way into each, with its delays.
        let row = synapses * threads as f64 / reach.max(1.0) * (8.0 + 2.0 + weight + if devices { 8.0 } else { 0.0 });
        let pieces = (chunk + GROWN * row) * (chunks as f64).min((reach / rows.max(1.0)).ceil());
        let turned = members.iter().zip(counted).map(|(p, n)| self.turned(p, *n)).sum::<f64>();
        // One thread's devices after the other's are programmed from the weights that were drawn.
        let drawn = if plastic && devices { weight * synapses } else { 0.0 };
        let building = all + (extra * threads as f64) + (turned * threads as f64).max(drawn) + pieces;
        Stored { built: all, building, pieces }
    }

    /// Does the target of a projection tell the signs of weights apart?
    fn splits(&self, projection: &ProjectionSpec) -> bool {
        match &self.spec.populations[projection.target.population].kind {
            PopulationKind::Neuron { neuron, .. } => neuron.model.two_sided(),
            PopulationKind::Source(_) => false,
        }
    }

    /// Have all synapses the same delay?
    fn one_delay(&self) -> bool {
        let delays: BTreeSet<Option<u64>> =
            self.members.iter().map(|p| p.delay.constant().map(|ms| self.delay(ms))).collect();
        delays.len() == 1 && !delays.contains(&None)
    }

    /// A delay in steps of the grid, or ticks.
    fn delay(&self, ms: f64) -> u64 {
        let grid = self.spec.simulation.engine == Engine::Grid;
        in_steps(ms.clamp(0.0, Time::LONGEST_DELAY.ms()), if grid { self.spec.simulation.resolution } else { Time(1) })
    }

    /// Have all synapses of a source the same weight, for good?
    fn one_per_source(&self) -> bool {
        let bits = |p: &ProjectionSpec| p.weight.constant().filter(|_| p.crossbar.is_none()).map(f64::to_bits);
        let span = |p: &ProjectionSpec| slice(self.spec, &p.source);
        let overlap = |a: &ProjectionSpec, b: &ProjectionSpec| span(a).0 < span(b).1 && span(b).0 < span(a).1;
        let all = self.members;
        all.iter().all(|a| bits(a).is_some() && all.iter().all(|b| !overlap(a, b) || bits(a) == bits(b)))
    }

    /// The rows of one of so many stores.
    fn rows(&self, side: Option<bool>, stores: f64) -> Vec<Rows> {
        let mut all: BTreeMap<(u64, u64), Rows> = BTreeMap::new();
        let grid = self.spec.simulation.engine == Engine::Grid;
        for (projection, synapses) in self.members.iter().zip(self.counted) {
            if side.is_some_and(|negative| (self.splits(projection) && is_negative(projection)) != negative) {
                continue;
            }
            let span = slice(self.spec, &projection.source);
            let sources = (span.1 - span.0) as f64;
            let rows = || Rows { sources, delays: BTreeMap::new(), apart: 0.0 };
            let rows = all.entry(span).or_insert_with(rows);
            let length = synapses / sources.max(1.0) / stores;
            match Law::new(&projection.delay) {
                Some(Ok(law)) if law.constant().is_some() => {
                    *rows.delays.entry(self.delay(law.at(0))).or_default() += length;
                }
                Some(Ok(law)) if grid => {
                    for quantile in 0..QUANTILES {
                        let at = self.delay(law.at(quantile * (u32::MAX / QUANTILES) + u32::MAX / QUANTILES / 2));
                        *rows.delays.entry(at).or_default() += length / f64::from(QUANTILES);
                    }
                }
                _ => rows.apart += length,
            }
        }
        all.into_values().collect()
    }

    /// What one thread holds of a projection while it is turned from rows by target.
    fn turned(&self, projection: &ProjectionSpec, synapses: f64) -> f64 {
        if !projection.connect.by_target() {
            return 0.0;
        }
        let turned = Turned::of(projection, synapses as u64);
        let spans = turned.spans(self.weight as usize) as f64;
        let (from, to) = slice(self.spec, &projection.source);
        let sources = (to - from) as f64;
        synapses / self.parts * turned.bytes() as f64 / spans + 4.0 * sources + 16.0 * sources / spans
    }
}

fn is_negative(projection: &ProjectionSpec) -> bool {
    projection.weight.mean().is_some_and(|mean| mean < 0.0)
}

/// What a plastic projection keeps beside weights and targets: by synapse, by target and by source and store \[bytes\].
fn kept_by(projection: &ProjectionSpec) -> (f64, f64, f64) {
    // Waveforms are a rule too, which has no trace of its own.
    let w_max = projection.w_max.unwrap_or(f64::INFINITY);
    let rule = projection.plasticity.as_ref().map(|r| r.rule(projection.w_min, w_max));
    let learns = rule.is_some() || projection.waveform.is_some();
    let rewarded = matches!(rule, Some(Rule::Dopamine(_)));
    let traced = rewarded || rule.as_ref().is_some_and(|r| r.pairing() == Pairing::NearestPreCentered);
    let device = projection.device.as_ref().and_then(|d| d.device().ok());
    let alone = projection.waveform.as_ref().is_some_and(|w| w.surface().heeds_single_spikes());
    let cells = device.map_or(0, |device| Cells::bytes_per_synapse(&Needs::of(&device, alone)));
    let losses = if projection.crossbar.is_some() { 8 } else { 0 };
    let synapse = cells + losses + if traced { 8 } else { 0 } + if rewarded { size_of::<Time>() } else { 0 };
    let target = if learns { size_of::<History>() + size_of::<Recent>() } else { 0 };
    let source = size_of::<PreState>() + losses;
    (synapse as f64, target as f64, source as f64)
}
