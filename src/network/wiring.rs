//! Which synapses a projection has: a pure function of (seed, projection, row).
//!
//! A row is all synapses of one neuron of a projection: of a target for `fixed_indegree`, of a
//! source for every other rule. A synapse is known by its row and its ordinal in it. Any row can be
//! drawn again at any time, alone and on any thread, so building is parallel, needs no
//! memory but what it builds, and does not depend on how neurons are shared out.
//!
//! A long row by source is cut into cells: equal spans of targets with some hundred synapses each. How many synapses fall
//! into a cell is drawn first, then which; a cell's random words are numbered from its own start. So a
//! thread that owns a part of the targets draws the cells that it meets, and no others.

mod cells;
mod choose;
mod counts;
mod error;

pub use cells::Cell;
pub use error::WiringError;

use choose::Draws;
use counts::{check_total, counts, total_from_probability};

use std::ops::Range;

use crate::rng::{Purpose, StreamKey};
use crate::spec::Connect;

/// The two ends of a projection, and what is allowed between them.
#[derive(Clone, Copy, Debug)]
pub struct Ends {
    /// Number of sources.
    pub n_source: usize,
    /// Number of targets.
    pub n_target: usize,
    /// Index of the first source in its population.
    pub source_start: usize,
    /// Index of the first target in its population.
    pub target_start: usize,
    /// Are both slices of one population, so that a neuron may meet itself?
    pub same_population: bool,
    /// May a neuron connect to itself?
    pub autapses: bool,
    /// May a pair have several synapses?
    pub multapses: bool,
}

impl Ends {
    /// The target that is the same neuron as `source`, where that is forbidden as a pair.
    fn forbidden_target(&self, source: usize) -> Option<usize> {
        let own = (source + self.source_start).checked_sub(self.target_start)?;
        (self.same_population && !self.autapses && own < self.n_target).then_some(own)
    }

    /// The source that is the same neuron as `target`, where that is forbidden as a pair.
    fn forbidden_source(&self, target: usize) -> Option<usize> {
        let own = (target + self.target_start).checked_sub(self.source_start)?;
        (self.same_population && !self.autapses && own < self.n_source).then_some(own)
    }

    /// Number of forbidden pairs of the sources before `source`.
    fn forbidden_before(&self, source: usize) -> usize {
        let first = self.target_start.saturating_sub(self.source_start);
        let stop = (self.target_start + self.n_target).saturating_sub(self.source_start);
        if self.same_population && !self.autapses { source.min(stop) - source.min(first) } else { 0 }
    }

    /// Number of forbidden pairs: the overlap of the slices.
    fn forbidden(&self) -> usize {
        self.forbidden_before(self.n_source)
    }

    /// Number of pairs that are allowed.
    fn pairs(&self) -> u128 {
        self.n_source as u128 * self.n_target as u128 - self.forbidden() as u128
    }
}

/// The synapses of one projection.
#[derive(Clone, Debug)]
pub struct Wiring {
    ends: Ends,
    /// Keys of the streams of which synapses exist, of their weights, of their delays.
    keys: [StreamKey; 3],
    kind: Kind,
    /// Targets of a cell; the last may have fewer.
    width: u32,
    /// Cells of a row.
    cells: u32,
}

/// What a row is made of.
#[derive(Clone, Debug)]
enum Kind {
    OneToOne,
    AllToAll,
    Probability(f64),
    Indegree(usize),
    Outdegree(usize),
    /// Synapses of each source, and of all sources before each [`STRIDE`]-th.
    Counts {
        counts: Vec<u32>,
        before: Vec<u64>,
    },
    /// By source: where its targets start, the targets, and each one's place in the list.
    Pairs {
        offsets: Vec<usize>,
        targets: Vec<u32>,
        places: Vec<u32>,
    },
}

/// How many synapses there will be: exact, but for `fixed_probability`, where it is the expectation. Nothing is drawn or listed, so that a
/// network can be refused before it takes memory.
///
/// # Errors
/// As [`Wiring::new`].
pub fn expect(connect: &Connect, ends: Ends) -> Result<u64, WiringError> {
    let total = match connect {
        &Connect::FixedTotalNumber(total) => total,
        &Connect::TotalFromProbability(p) => total_from_probability(&ends, p)?,
        Connect::Pairs(pairs) => return check_pairs(&ends, pairs).map(|()| pairs.len() as u64),
        other => return Wiring::new(other, 0, 0, ends).map(|wiring| wiring.expected_synapses()),
    };
    check_total(&ends, total).map(|()| total)
}

impl Wiring {
    /// Prepares the projection whose [`crate::rng::name_key`] is `name_key`.
    ///
    /// # Errors
    /// If the rule cannot be met between these ends; see [`WiringError`].
    pub fn new(connect: &Connect, name_key: u32, seed: u64, ends: Ends) -> Result<Wiring, WiringError> {
        if let Some(&found) = [ends.n_source, ends.n_target].iter().find(|&&n| n > u32::MAX as usize) {
            return Err(WiringError::Size { found });
        }
        let kind = match connect {
            Connect::OneToOne if ends.n_source == ends.n_target => Kind::OneToOne,
            Connect::OneToOne => {
                return Err(WiringError::Sizes { sources: ends.n_source, targets: ends.n_target });
            }
            Connect::AllToAll => Kind::AllToAll,
            &Connect::FixedProbability(p) => {
                if !(0.0..=1.0).contains(&p) {
                    return Err(WiringError::Probability { rule: "fixed_probability", found: p, limit: "" });
                }
                Kind::Probability(p)
            }
            &Connect::FixedIndegree(k) => {
                check_degree(&ends, "fixed_indegree", k, ends.n_source, ends.n_target)?;
                Kind::Indegree(k)
            }
            &Connect::FixedOutdegree(k) => {
                check_degree(&ends, "fixed_outdegree", k, ends.n_target, ends.n_source)?;
                Kind::Outdegree(k)
            }
            &Connect::FixedTotalNumber(total) => shared_out(counts(&ends, name_key, seed, total)?),
            &Connect::TotalFromProbability(p) => {
                shared_out(counts(&ends, name_key, seed, total_from_probability(&ends, p)?)?)
            }
            Connect::Pairs(pairs) => by_source(&ends, pairs)?,
        };
        let cells = cells::number(&ends, &kind);
        let width = (ends.n_target as u32).div_ceil(cells).max(1);
        let key = |purpose| StreamKey::new(seed, purpose, name_key);
        let keys = [Purpose::Connect, Purpose::Weight, Purpose::Delay].map(key);
        Ok(Wiring { ends, keys, kind, width, cells })
    }

    /// Whether rows are targets (`fixed_indegree`); else they are sources.
    pub fn by_target(&self) -> bool {
        matches!(self.kind, Kind::Indegree(_))
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        if self.by_target() { self.ends.n_target } else { self.ends.n_source }
    }

    /// Fills `out` with the other end of each synapse of `row`, in order of ordinal: the same each time. Indices count within
    /// the slices.
    pub fn row(&self, row: usize, out: &mut Vec<u32>) {
        self.part(row, &(0..u32::MAX), out, &mut Vec::new());
    }

    /// Fills `out` and `cells` with the cells of `row` that meet `targets` (all cells, where rows are targets): every synapse
    /// of theirs, in order of ordinal, those onto other targets too.
    pub fn part(&self, row: usize, targets: &Range<u32>, out: &mut Vec<u32>, cells: &mut Vec<Cell>) {
        out.clear();
        cells.clear();
        let ends = &self.ends;
        match &self.kind {
            Kind::OneToOne => {
                cells.push(Cell::FIRST);
                out.extend((ends.forbidden_target(row) != Some(row)).then_some(row as u32));
            }
            Kind::Pairs { offsets, targets, .. } => {
                cells.push(Cell::FIRST);
                out.extend(&targets[offsets[row]..offsets[row + 1]]);
            }
            &Kind::Indegree(k) => {
                cells.push(Cell::FIRST);
                self.choose(row, 0, (k, ends.n_source), !ends.multapses, ends.forbidden_source(row), out);
            }
            Kind::AllToAll | Kind::Probability(_) | Kind::Outdegree(_) | Kind::Counts { .. } => {
                self.by_cells(row, targets, out, cells);
            }
        }
    }

    /// Number of synapses of `row`.
    pub fn count(&self, row: usize) -> u32 {
        match &self.kind {
            Kind::OneToOne => u32::from(self.ends.forbidden_target(row) != Some(row)),
            Kind::AllToAll => self.partners(row),
            Kind::Probability(_) => (0..self.cells).map(|cell| self.bernoulli(row, cell)).sum(),
            &Kind::Indegree(k) | &Kind::Outdegree(k) => k as u32,
            Kind::Counts { counts, .. } => counts[row],
            Kind::Pairs { offsets, .. } => (offsets[row + 1] - offsets[row]) as u32,
        }
    }

    /// Calls `cell` with the number of synapses in each cell of `row`.
    pub fn counts(&self, row: usize, mut cell: impl FnMut(u32, u32)) {
        match &self.kind {
            Kind::OneToOne | Kind::Indegree(_) | Kind::Pairs { .. } => cell(0, self.count(row)),
            _ => self.in_cells(row, 0..self.cells, &mut cell),
        }
    }

    /// Where the synapse with this ordinal in this row finds its value in a `Value::List`:
    /// its place in the list of pairs, or its number in order of rows where the length of rows is known before they are drawn;
    /// `None` where it is not.
    pub fn place(&self, row: usize, ordinal: usize) -> Option<usize> {
        match &self.kind {
            Kind::Pairs { offsets, places, .. } => Some(places[offsets[row] + ordinal] as usize),
            Kind::OneToOne => Some(row),
            Kind::AllToAll => Some(row * self.ends.n_target - self.ends.forbidden_before(row) + ordinal),
            &Kind::Indegree(k) | &Kind::Outdegree(k) => Some(row * k + ordinal),
            Kind::Counts { counts, before } => {
                let near = row / STRIDE;
                let since: u64 = counts[near * STRIDE..row].iter().map(|&count| u64::from(count)).sum();
                Some((before[near] + since) as usize + ordinal)
            }
            Kind::Probability(_) => None,
        }
    }

    /// Number of synapses: exact, but for `fixed_probability`, where it is the expectation.
    pub fn expected_synapses(&self) -> u64 {
        let pairs = self.ends.pairs();
        match &self.kind {
            // Shifted slices of one population overlap, but pair no neuron with itself.
            Kind::OneToOne if self.ends.source_start != self.ends.target_start => self.ends.n_source as u64,
            Kind::OneToOne => (self.ends.n_source - self.ends.forbidden()) as u64,
            Kind::AllToAll => u64::try_from(pairs).unwrap_or(u64::MAX),
            Kind::Probability(p) => (pairs as f64 * p).round() as u64,
            &Kind::Indegree(k) => (self.ends.n_target as u64).saturating_mul(k as u64),
            &Kind::Outdegree(k) => (self.ends.n_source as u64).saturating_mul(k as u64),
            Kind::Counts { counts, .. } => counts.iter().map(|&count| u64::from(count)).sum(),
            Kind::Pairs { targets, .. } => targets.len() as u64,
        }
    }

    /// Fills `words` with the random words from which the weights of a cell of `row` are made, in order of ordinal.
    pub fn weight_words(&self, row: usize, cell: u32, words: &mut [u32]) {
        self.keys[1].fill(row as u64, cells::first_block(cell), words);
    }

    /// Fills `words` with the random words from which the delays of a cell of `row` are made, in order of ordinal.
    pub fn delay_words(&self, row: usize, cell: u32, words: &mut [u32]) {
        self.keys[2].fill(row as u64, cells::first_block(cell), words);
    }

    /// `k` of the `n` of a cell, as drawn: with replacement, or else `distinct`.
    fn choose(
        &self,
        row: usize,
        cell: u32,
        (k, n): (usize, usize),
        distinct: bool,
        own: Option<usize>,
        out: &mut Vec<u32>,
    ) {
        let n = (n - usize::from(own.is_some())) as u32;
        if k == 0 {
            return;
        }
        let mut draws = Draws { key: self.keys[0], row: row as u64, block: cells::first_block(cell) };
        if distinct {
            draws.distinct(n, k, out);
        } else {
            draws.below(n, k, out);
        }
        // The one left out is stepped over, so that the rest stay equally likely.
        if let Some(own) = own {
            out.iter_mut().for_each(|index| *index += u32::from(*index >= own as u32));
        }
    }
}

/// For each of so many sources it is kept how many synapses come before: fewer would take longer to add up from there, more would take
/// memory.
const STRIDE: usize = 64;

/// Rows of these numbers of synapses.
fn shared_out(counts: Vec<u32>) -> Kind {
    let mut sum = 0;
    let mut before = Vec::with_capacity(counts.len().div_ceil(STRIDE));
    for span in counts.chunks(STRIDE) {
        before.push(sum);
        sum += span.iter().map(|&count| u64::from(count)).sum::<u64>();
    }
    Kind::Counts { counts, before }
}

/// Checks a fixed degree `k` of each of `rows` neurons into `n` others.
fn check_degree(ends: &Ends, rule: &'static str, k: usize, n: usize, rows: usize) -> Result<(), WiringError> {
    let available = n - usize::from(n > 0 && ends.forbidden() > 0);
    let (number, autapses) = (k as u64, ends.autapses);
    if k == 0 || rows == 0 {
        Ok(())
    } else if available == 0 {
        Err(WiringError::Nobody { rule, number, autapses })
    } else if !ends.multapses && k > available {
        Err(WiringError::TooMany { rule, number, available: available as u64, autapses })
    } else {
        Ok(())
    }
}

/// Whether listed pairs are between these ends, and allowed.
fn check_pairs(ends: &Ends, pairs: &[(u32, u32)]) -> Result<(), WiringError> {
    for (index, &(source_id, target_id)) in pairs.iter().enumerate() {
        let (sources, targets) = (ends.n_source, ends.n_target);
        if source_id as usize >= sources || target_id as usize >= targets {
            return Err(WiringError::PairRange { index, source_id, target_id, sources, targets });
        }
        if ends.forbidden_target(source_id as usize) == Some(target_id as usize) {
            let (what, key) = ("connects a neuron to itself", "autapses");
            return Err(WiringError::PairForbidden { index, source_id, target_id, what, key });
        }
    }
    if !ends.multapses {
        let mut seen = std::collections::HashSet::new();
        if let Some((index, &(source_id, target_id))) = pairs.iter().enumerate().find(|(_, pair)| !seen.insert(**pair))
        {
            let (what, key) = ("is listed before", "multapses");
            return Err(WiringError::PairForbidden { index, source_id, target_id, what, key });
        }
    }
    Ok(())
}

/// Sorts listed pairs by source and target, keeping the order of the list among equal ones.
fn by_source(ends: &Ends, pairs: &[(u32, u32)]) -> Result<Kind, WiringError> {
    check_pairs(ends, pairs)?;
    let mut offsets = vec![0; ends.n_source + 1];
    pairs.iter().for_each(|pair| offsets[pair.0 as usize + 1] += 1);
    for source in 0..ends.n_source {
        offsets[source + 1] += offsets[source];
    }
    let mut places: Vec<u32> = (0..pairs.len() as u32).collect();
    places.sort_by_key(|&place| pairs[place as usize]);
    let targets = places.iter().map(|&place| pairs[place as usize].1).collect();
    Ok(Kind::Pairs { offsets, targets, places })
}

#[cfg(test)]
mod tests;
