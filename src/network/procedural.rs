//! Projections whose synapses are not stored but drawn anew at each spike (Knight & Nowotny 2021, "Larger GPU-accelerated brain
//! simulations with procedural connectivity", doi:10.1038/s43588-020-00022-7).
//!
//! Building draws what has to be known of them: the number of each source's synapses, the shortest and longest delay. With
//! other ranks, each looks at its stretch of the sources; the figures are joined when all have built their part.
//! At a spike every thread draws the cells of the row ([`super::wiring`]) that meet its own targets, the same synapses in the
//! same order as a store would hold.

use std::ops::Range;
use std::sync::Arc;

use rayon::prelude::*;

use crate::synapse::BLOCK;
use crate::time::Time;

use super::Projection;
use super::build::{BuildError, Plan, Span};
use super::projection::Draft;
use super::row::Row;
use super::share::{Cut, Share};

/// A projection whose synapses are drawn at each spike.
pub struct Procedural {
    /// Its place in the model.
    pub projection: usize,
    /// The delay of all synapses, if they have the same.
    pub delay: Option<Time>,
    /// Would a store keep weights of the two signs apart?
    by_side: bool,
    draft: Draft<'static>,
}

/// Room for the synapses of a row, used again and again.
#[derive(Default)]
pub struct Drawn(Row);

impl Drawn {
    /// The target of each synapse.
    #[inline]
    pub fn targets(&self) -> &[u32] {
        &self.0.ends
    }

    /// The weight that all have.
    #[inline]
    pub fn common_weight(&self) -> Option<f64> {
        self.0.weight
    }

    /// The weight of each, where they differ.
    #[inline]
    pub fn weights(&self) -> &[f64] {
        &self.0.weights
    }

    /// The weight of the `i`-th.
    #[inline]
    pub fn weight(&self, i: usize) -> f64 {
        self.0.weight(i)
    }

    /// The delay of each, where they differ, in steps of the grid or, without one, in ticks.
    #[inline]
    pub fn delays(&self) -> &[u64] {
        &self.0.delays
    }
}

impl Procedural {
    /// Draws once what is to be known of all synapses of this rank's stretch of the sources, for the figures of the projection.
    pub fn new(
        draft: &Draft<'_>,
        plan: &Plan,
        projection: usize,
        cut: &Cut,
        figures: &mut Projection,
    ) -> Result<Arc<Procedural>, BuildError> {
        draft.check_values()?;
        let bound = |rank: usize| (draft.n_source as u64 * rank as u64 / cut.ranks as u64) as usize;
        let rows = bound(cut.rank)..bound(cut.rank + 1);
        let count = |row| if rows.contains(&row) { draft.wiring.count(row) } else { 0 };
        figures.outdegree = (0..draft.n_source).into_par_iter().map(count).collect();
        figures.synapses = figures.outdegree.iter().map(|&n| u64::from(n)).sum();
        let same = draft.constant_delay()?;
        let delays = match same {
            Some(delay) => (delay, delay),
            None => {
                let apart = (u32::MAX, 0);
                let wider = |a: (u32, u32), b: (u32, u32)| (a.0.min(b.0), a.1.max(b.1));
                let (least, most) = rows
                    .into_par_iter()
                    .map_init(Vec::new, |words, row| draft.delay_words_between(row, words))
                    .reduce(|| apart, wider);
                if least > most { (Time::ZERO, Time::ZERO) } else { draft.delays_between(least, most)? }
            }
        };
        (figures.min_delay, figures.max_delay) = delays;
        let by_side = plan.two_sided && draft.two_sided;
        let made = Arc::new(Procedural { projection, delay: same, by_side, draft: draft.to_owned() });
        figures.procedural = Some(made.clone());
        Ok(made)
    }

    /// The row of a source, if it has one.
    #[inline]
    pub fn row_of_source(&self, gid: u32) -> Option<usize> {
        self.draft.row_of_source(gid)
    }

    /// Draws all synapses of a row; targets are members of their population. Those onto one target come in the order in which
    /// stores would list them.
    pub fn draw(&self, row: usize, out: &mut Drawn) {
        self.draw_part(row, &(0..u32::MAX), out);
        if self.by_side {
            out.0.negative_last();
        }
        let first = self.draft.first_target;
        out.0.ends.iter_mut().for_each(|end| *end += first);
    }

    fn draw_part(&self, row: usize, targets: &Range<u32>, out: &mut Drawn) {
        // Whatever could fail was tried when the network was built.
        if self.draft.draw_part(row, targets, &mut out.0).is_err() {
            out.0.ends.clear();
        }
    }

    /// The delay of the `i`-th synapse that was drawn.
    #[inline]
    pub fn delay_of(&self, drawn: &Drawn, i: usize) -> Time {
        self.delay.unwrap_or_else(|| Time(drawn.0.delays[i] as i64 * self.draft.unit().0))
    }

    /// Source of row 0, as a member of its population.
    pub fn first_source(&self) -> u32 {
        self.draft.spec.source.start as u32
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.draft.n_source
    }

    /// The portion of one store's targets; none if it has none of the projection's.
    pub fn portion(self: &Arc<Self>, plan: &Plan, span: &Span, share: &Share) -> Option<Portion> {
        let draft = &self.draft;
        let members = &share.members[draft.spec.target.population];
        let offset = draft.offset_in(plan.target.is_none(), share).wrapping_sub(span.first);
        // As whole numbers: the offset may be below 0.
        let (offset_of, first) = (i64::from(offset as i32), i64::from(draft.first_target));
        let start = (i64::from(members.start) - first).max(-offset_of).max(0);
        let end = (i64::from(members.end) - first).min(BLOCK as i64 - offset_of).min(draft.n_target as i64);
        let (low, high) = draft.weight_range();
        let side = (self.by_side && low < 0.0 && high >= 0.0).then_some(span.inhibitory);
        let other_side = plan.two_sided && side.is_none() && (self.by_side && low < 0.0) != span.inhibitory;
        (start < end && !other_side).then(|| {
            let targets = start as u32..end as u32;
            let whole = side.is_none() && targets.len() == draft.n_target;
            Portion { rule: self.clone(), targets, offset, side, whole }
        })
    }
}

/// What one store's targets get of a projection whose synapses are drawn.
#[derive(Clone)]
pub struct Portion {
    /// The projection.
    pub rule: Arc<Procedural>,
    /// The store's targets, as indices within the slice.
    targets: Range<u32>,
    /// From there to the store's count.
    offset: u32,
    /// Only weights of this sign (is it negative?).
    side: Option<bool>,
    /// Is it all of the projection?
    whole: bool,
}

impl Portion {
    /// Draws the synapses of a row onto the store's targets, in order of ordinal; targets count as the store's do.
    pub fn draw(&self, row: usize, out: &mut Drawn) {
        self.rule.draw_part(row, &self.targets, out);
        if !self.whole {
            out.0.keep(&self.targets, self.side);
        }
        out.0.ends.iter_mut().for_each(|end| *end = end.wrapping_add(self.offset));
    }
}

impl std::fmt::Debug for Procedural {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Procedural").field("projection", &self.projection).field("delay", &self.delay).finish()
    }
}

impl std::fmt::Debug for Portion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Portion").field("rule", &self.rule).field("targets", &self.targets).finish()
    }
}
