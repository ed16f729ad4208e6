//! Projections that live in a crossbar: what its wires leave of their weights.
//!
//! Static weights are replaced once and for all by what arrives, while a projection is built. Plastic and memristive ones
//! keep their own state; beside them stands what share of each cell's current arrives, which the engine works out anew at
//! fixed model times (see [`Losses`]).

use crate::crossbar::{Cell, CrossbarError, CrossbarSpec, effect, in_order};
use crate::spec::without_rounding;
use crate::synapse::Energy;

use super::build::BuildError;
use super::projection::Draft;
use super::row::Row;

/// Weights as they arrive, by wiring row and ordinal.
pub(super) struct Effective {
    first: Vec<usize>,
    weights: Vec<f64>,
}

impl Effective {
    /// Of a draft that draws its weights as the model says.
    pub fn new(draft: &Draft<'_>, crossbar: &CrossbarSpec) -> Result<Effective, BuildError> {
        let Written { first, mut weights, cells, bounds, size } = Written::new(draft, crossbar)?;
        let effect = effect(crossbar, size, &cells).map_err(|e| draft.error(format!("crossbar: {e}")))?;
        for (at, weight) in weights.iter_mut().enumerate() {
            let g = match crossbar.differential {
                true => effect.pairs[2 * at] - effect.pairs[2 * at + 1],
                false => effect.pairs[at],
            };
            *weight = crossbar.weight(g, bounds);
        }
        Ok(Effective { first, weights })
    }

    /// All of them.
    pub fn all(&self) -> &[f64] {
        &self.weights
    }

    /// The weights of a wiring row.
    pub fn row(&self, row: usize) -> &[f64] {
        &self.weights[self.first[row]..self.first[row + 1]]
    }
}

/// The array as the model has it.
struct Written {
    first: Vec<usize>,
    weights: Vec<f64>,
    cells: Vec<Cell>,
    bounds: (f64, f64),
    size: (usize, usize),
}

impl Written {
    fn new(draft: &Draft<'_>, crossbar: &CrossbarSpec) -> Result<Written, BuildError> {
        let (mut first, mut weights, mut pairs) = (vec![0], Vec::new(), Vec::new());
        let mut row = Row::default();
        for number in 0..draft.wiring.rows() {
            draft.draw(number, &mut row)?;
            for (ordinal, &end) in row.ends.iter().enumerate() {
                weights.push(row.weight(ordinal));
                pairs.push(if draft.wiring.by_target() { (end, number as u32) } else { (number as u32, end) });
            }
            first.push(weights.len());
        }
        if let Some(w_max) = draft.spec.w_max {
            // Of either sign, in pairs.
            let held = |weight: f64| without_rounding(weight.abs(), draft.spec.w_min.abs(), w_max.abs());
            weights.iter_mut().for_each(|weight| *weight = held(*weight).copysign(*weight));
        }
        let bounds = bounds(draft, crossbar, &weights)?;
        let cells = cells(crossbar, bounds, &pairs, &weights);
        let size = (draft.n_source, draft.n_target * crossbar.lines_per_target());
        Ok(Written { first, weights, cells, bounds, size })
    }
}

/// Checks what a draft of static weights puts into its crossbar, if it has one, without solving it.
///
/// # Errors
/// If weights don't fit its cells, or two share one.
pub(super) fn check(draft: &Draft<'_>) -> Result<(), BuildError> {
    let Some(crossbar) = draft.spec.crossbar.as_ref().filter(|_| !draft.keeps_state()) else { return Ok(()) };
    let Written { cells, size, .. } = Written::new(draft, crossbar)?;
    in_order(crossbar, size, &cells).map(drop).map_err(|e| draft.error(format!("crossbar: {e}")))
}

/// The weights at g_min and g_max of a static projection, which all weights must lie between.
fn bounds(draft: &Draft<'_>, crossbar: &CrossbarSpec, weights: &[f64]) -> Result<(f64, f64), BuildError> {
    let (w_min, paired) = (draft.spec.w_min, crossbar.differential);
    let largest = weights.iter().fold(0.0f64, |most, w| if w.abs() > most.abs() { *w } else { most });
    let w_max = draft.spec.w_max.unwrap_or(if largest == 0.0 { 1.0 } else { largest });
    if paired && w_min != 0.0 {
        return Err(draft.error(format!("crossbar: found w_min = {w_min}, expected 0 with differential = true")));
    }
    if w_min * w_max < 0.0 {
        let message =
            format!("found w_min = {w_min} and w_max = {w_max} (or the largest weight), expected the same sign");
        return Err(draft.error(format!("crossbar: {message}")));
    }
    let inside = |w: f64| if paired { w.abs() <= w_max.abs() } else { (w - w_min) * (w_max - w) >= 0.0 };
    match weights.iter().find(|w| !inside(**w)) {
        None => Ok((w_min, w_max)),
        Some(w) if !paired && w * w_max < 0.0 => Err(draft.error(format!(
            "crossbar: found weights of both signs, {w} and {w_max}; a conductance has no sign: set differential = true"
        ))),
        Some(w) => {
            Err(draft.error(format!("crossbar: the weight {w} lies outside w_min = {w_min} and w_max = {w_max}")))
        }
    }
}

/// One cell for each synapse, or two.
fn cells(crossbar: &CrossbarSpec, (w_min, w_max): (f64, f64), pairs: &[(u32, u32)], weights: &[f64]) -> Vec<Cell> {
    let levels = &crossbar.levels;
    let mut cells = Vec::with_capacity(pairs.len() * crossbar.lines_per_target());
    for (&(row, target), &w) in pairs.iter().zip(weights) {
        if crossbar.differential {
            let (plus, minus) = crate::crossbar::pair(levels, w / w_max.abs());
            cells.extend([(0, plus), (1, minus)].map(|(line, g)| Cell { row, column: 2 * target + line, g }));
        } else {
            cells.push(Cell { row, column: target, g: levels.at((w - w_min) / (w_max - w_min)) });
        }
    }
    cells
}

/// What a crossbar leaves of the currents of plastic or memristive synapses of one store.
#[derive(Clone, Debug)]
pub struct Losses {
    crossbar: CrossbarSpec,
    /// Weights at g_min and g_max.
    bounds: (f64, f64),
    /// Of each synapse: the share of its own current that arrives.
    pub share: Vec<f64>,
    /// Of each row: what its driver feeds, over all that arrives; sneak paths make it more than 1.
    pub feed: Vec<f64>,
    /// Energy of all reads.
    pub read: Energy,
}

impl Losses {
    /// Memory that it takes \[bytes\].
    pub(super) fn bytes(&self) -> usize {
        size_of_val(&self.share[..]) + size_of_val(&self.feed[..])
    }

    /// Of a store with this many rows and synapses, before anything was worked out; none where no wires are read through.
    pub(super) fn of(draft: &Draft<'_>, rows: usize, synapses: usize) -> Option<Losses> {
        let projection = &draft.spec;
        let crossbar = projection.crossbar.clone().filter(|_| draft.is_wired())?;
        let bounds = (projection.w_min, projection.w_max.unwrap_or(1.0));
        let (share, feed) = (vec![1.0; synapses], vec![1.0; rows]);
        Some(Losses { crossbar, bounds, share, feed, read: Energy::default() })
    }

    /// The crossbar.
    pub fn crossbar(&self) -> &CrossbarSpec {
        &self.crossbar
    }

    /// The weight that arrives where a read of the cell alone gives `weight` and takes so many joules.
    #[inline]
    pub fn read(&mut self, synapse: usize, row: usize, weight: f64, joules: f64) -> f64 {
        self.read.add(self.fed(synapse, row, joules));
        self.look(synapse, weight)
    }

    /// What the driver feeds \[J\] where a read of the cell alone takes so many joules.
    #[inline]
    pub fn fed(&self, synapse: usize, row: usize, joules: f64) -> f64 {
        joules * self.share[synapse] * self.feed[row]
    }

    /// As `read`, without counting it.
    pub fn look(&self, synapse: usize, weight: f64) -> f64 {
        self.crossbar.weight(self.share[synapse] * self.conductance(weight), self.bounds)
    }

    /// The conductance that stands for a weight \[S\].
    #[inline]
    pub fn conductance(&self, weight: f64) -> f64 {
        let (levels, (w_min, w_max)) = (&self.crossbar.levels, self.bounds);
        levels.g_min + (levels.g_max - levels.g_min) * (weight - w_min) / (w_max - w_min)
    }

    /// Shares of all synapses of a projection with `size` sources and targets, and what each source feeds, over what arrives. `pairs`: source
    /// and target of each within the slices; `loads`: the conductance of each \[S\], its reference included.
    ///
    /// # Errors
    /// As [`effect`].
    pub fn work_out(
        &self,
        size: (usize, usize),
        pairs: &[(u32, u32)],
        loads: &[f64],
    ) -> Result<(Vec<f64>, Vec<f64>), CrossbarError> {
        let cell = |(&(row, column), &g): (&(u32, u32), &f64)| Cell { row, column, g };
        let cells: Vec<Cell> = pairs.iter().zip(loads).map(cell).collect();
        let effect = effect(&self.crossbar, size, &cells)?;
        let mut arrives = vec![0.0; size.0];
        cells.iter().zip(&effect.pairs).for_each(|(cell, g)| arrives[cell.row as usize] += g);
        // A cell that is open now has no share to be seen; it loses nothing until the next look.
        let share = cells.iter().zip(&effect.pairs).map(|(cell, g)| if cell.g > 0.0 { g / cell.g } else { 1.0 });
        let feed = effect.supply.iter().zip(&arrives).map(|(all, own)| if *own > 0.0 { all / own } else { 1.0 });
        Ok((share.collect(), feed.collect()))
    }
}
