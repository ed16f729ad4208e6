//! The synapses of a projection over all threads, in the order in which results and checkpoints list them:
//! by source, delay, target, ordinal. It does not depend on how targets are shared out.

use crate::network::{Drawn, Group, Procedural};
use crate::neuron::Real;
use crate::synapse::PreSpike;
use crate::time::Time;

use super::part::Part;
use super::shard::Model;

/// Where a synapse is, and what it joins.
#[derive(Clone, Copy, Debug)]
pub struct Located {
    /// The thread that owns it.
    pub part: u32,
    /// The group that it is in.
    pub group: u32,
    /// Its number in the store.
    pub synapse: u32,
    /// Its row in the store.
    pub row: u32,
    /// Its delay.
    pub delay: Time,
    /// Member of the source population.
    pub source: u32,
    /// Member of the target population.
    pub target: u32,
}

/// The groups (indices) that hold a projection, the same in every part.
pub fn groups_of<W: Real>(part: &Part<W>, projection: usize) -> Vec<usize> {
    let holds = |(index, group): (usize, &Group<W>)| group.projections.contains(&projection).then_some(index);
    part.groups().iter().enumerate().filter_map(holds).collect()
}

/// All synapses of a projection.
pub fn locate<W: Real>(model: &Model<'_>, parts: &[&Part<W>], projection: usize) -> Vec<Located> {
    let spec = &model.spec.projections[projection];
    let (source, target) = (spec.source.population, spec.target.population);
    let groups = groups_of(parts[0], projection);
    let mut all = Vec::new();
    for ((index, part), &place) in parts.iter().enumerate().flat_map(|p| groups.iter().map(move |g| (p, g))) {
        let (group, share) = (&part.groups()[place], part.share());
        let store = &group.store;
        let first = model.first_gid[source];
        let size = model.spec.populations[source].size as u32;
        for row in 0..store.row.len() - 1 {
            let gid = store.sources.start + row as u32;
            if gid < first || gid - first >= size {
                continue;
            }
            for synapse in store.synapses(row) {
                let slot = group.first + u32::from(store.targets[synapse]);
                let member = if group.target.is_some() {
                    share.members[target].start + slot
                } else {
                    if share.population_of(slot) != target {
                        continue;
                    }
                    share.members[target].start + slot - share.first_slot[target]
                };
                all.push(Located {
                    part: index as u32,
                    group: place as u32,
                    synapse: synapse as u32,
                    row: row as u32,
                    delay: store.delay(row, synapse),
                    source: gid - first,
                    target: member,
                });
            }
        }
    }
    all.sort_by_key(|l| (l.source, l.delay, l.target));
    all
}

/// All synapses of a procedural projection, in the same order, with their weights as a store of `W` would hold them.
pub fn draw_all<W: Real>(rule: &Procedural) -> (Vec<Located>, Vec<f64>) {
    let mut all = Vec::new();
    let mut drawn = Drawn::default();
    for row in 0..rule.rows() {
        rule.draw(row, &mut drawn);
        for (i, &target) in drawn.targets().iter().enumerate() {
            let (delay, source) = (rule.delay_of(&drawn, i), rule.first_source() + row as u32);
            let located = Located { part: 0, group: 0, synapse: i as u32, row: row as u32, delay, source, target };
            all.push((located, W::of(drawn.weight(i)).wide()));
        }
    }
    all.sort_by_key(|(l, _)| (l.source, l.delay, l.target));
    all.into_iter().unzip()
}

/// The weights of located synapses at `at`, when everything up to and including it has happened.
pub fn weights_at<W: Real>(parts: &[&Part<W>], projection: usize, located: &[Located], at: Time) -> Vec<f64> {
    // Blocks of one projection have taken note of the same spikes.
    let first = groups_of(parts[0], projection).first().copied().unwrap_or(usize::MAX);
    let pending: Vec<Vec<Vec<PreSpike>>> = parts
        .iter()
        .map(|part| part.groups().get(first).and_then(|g| g.plastic.as_ref()).map(|p| p.pending_by_row()))
        .map(Option::unwrap_or_default)
        .collect();
    located
        .iter()
        .map(|l| {
            let group = &parts[l.part as usize].groups()[l.group as usize];
            let synapse = l.synapse as usize;
            match &group.plastic {
                Some(plastic) => {
                    let target = u32::from(group.store.targets[synapse]);
                    plastic.weight_at(synapse, l.row as usize, target, l.delay, at, &pending[l.part as usize])
                }
                None => group.store.weight(l.row as usize, synapse),
            }
        })
        .collect()
}
