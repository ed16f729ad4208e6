//! Joins the figures of the parts that ranks have built: what nobody knows by itself.

use crate::math::real::Real;
use crate::ranks::Ranks;
use crate::time::Time;

use super::{Network, Projection, Shard, Shards};

/// Numbers that are summed over ranks at once.
const SUMMED: usize = 1 << 16;

impl Network {
    /// Joins the figures of all ranks.
    pub(super) fn join(&mut self, ranks: &Ranks) {
        self.ranks = ranks.clone();
        for (projection, spec) in self.projections.iter_mut().zip(&self.spec.projections) {
            let size = self.populations[spec.source.population].size;
            projection.join(ranks, spec.source.members(size).len());
        }
        let built = || self.projections.iter().filter(|p| p.synapses > 0);
        let delays = built().map(|p| p.min_delay);
        // Nothing emitted in a window takes effect in it: this holds for neuromodulators too.
        let modulators = self.spec.projections.iter().filter_map(|p| Some(p.plasticity.as_ref()?.modulator()?.1));
        self.min_delay = delays.chain(modulators).min().unwrap_or(Time::NEVER);
        self.max_delay = built().map(|p| p.max_delay).max().unwrap_or(Time::ZERO);
        match &mut self.shards {
            Shards::Single(shards) => tell_delays(shards, &self.projections),
            Shards::Double(shards) => tell_delays(shards, &self.projections),
            Shards::Moved(_) => {}
        }
    }
}

impl Projection {
    /// Joins the figures of all ranks; `sources` is the number of its sources.
    fn join(&mut self, ranks: &Ranks, sources: usize) {
        if ranks.is_alone() {
            return;
        }
        let mut synapses = [self.synapses];
        ranks.sum(&mut synapses);
        // Where there is no synapse, there is no delay either.
        let least = if self.synapses > 0 { self.min_delay.0 as u64 } else { u64::MAX };
        let most = if self.synapses > 0 { self.max_delay.0 as u64 } else { 0 };
        let (least, most) = (ranks.least(least), ranks.most(most));
        self.synapses = synapses[0];
        if self.synapses == 0 {
            return;
        }
        (self.min_delay, self.max_delay) = (Time(least as i64), Time(most as i64));
        let own = std::mem::take(&mut self.outdegree);
        for from in (0..sources).step_by(SUMMED) {
            let degree = |source| own.get(source).map_or(0, |&degree| u64::from(degree));
            let mut sums: Vec<u64> = (from..sources.min(from + SUMMED)).map(degree).collect();
            ranks.sum(&mut sums);
            if ranks.is_first() {
                self.outdegree.extend(sums.into_iter().map(|sum| sum as u32));
            }
        }
    }
}

/// Tells plastic synapses the largest delay of their projection, over all threads and ranks: a checkpoint joins what they keep.
fn tell_delays<W: Real>(shards: &mut [Shard<W>], projections: &[Projection]) {
    for group in shards.iter_mut().flat_map(|shard| &mut shard.stores) {
        if let Some(plastic) = &mut group.plastic {
            plastic.setup.max_delay =
                group.projections.iter().map(|&p| projections[p].max_delay).max().unwrap_or(Time::ZERO);
        }
    }
}
