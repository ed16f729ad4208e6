//! The synapses of a projection over all threads and ranks, in the order in which results and checkpoints list them:
//! by source, delay, target, ordinal. It does not depend on how targets are shared out.

use crate::device::Constant;
use crate::math::real::Real;
use crate::network::{Drawn, Group, Procedural, Share};
use crate::ranks::Ranks;
use crate::synapse::{Load, PreSpike};
use crate::time::Time;

use serde::{Deserialize, Serialize};

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

/// What a synapse joins, and its delay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Ends {
    /// Member of the source population.
    pub source: u32,
    /// Its delay.
    pub delay: Time,
    /// Member of the target population.
    pub target: u32,
}

/// The synapses of a projection over all ranks.
#[derive(Default)]
pub struct Listing {
    /// Those of this rank, in order.
    pub own: Vec<Located>,
    /// On the first rank, all, in order.
    pub all: Vec<Ends>,
    /// On the first rank, if it has companions, whose each of all is.
    owners: Vec<u32>,
}

impl Listing {
    /// Of each rank's own. Every rank calls it.
    pub fn new(ranks: &Ranks, own: Vec<Located>) -> Listing {
        let ends = own.iter().map(|l| Ends { source: l.source, delay: l.delay, target: l.target }).collect();
        let mut lists: Vec<Vec<Ends>> = ranks.gather(ends);
        if ranks.is_alone() {
            return Listing { own, all: lists.pop().unwrap_or_default(), owners: Vec::new() };
        }
        let named =
            lists.into_iter().enumerate().flat_map(|(rank, list)| list.into_iter().map(move |e| (e, rank as u32)));
        let mut named: Vec<(Ends, u32)> = named.collect();
        // Ranks have targets of their own, so synapses that agree in both ends are of one rank, and stay in their order.
        named.sort();
        let (all, owners) = named.into_iter().unzip();
        Listing { own, all, owners }
    }

    /// Of synapses that no rank holds, for the first rank.
    pub fn of_no_rank(all: Vec<Ends>) -> Listing {
        Listing { all, ..Listing::default() }
    }

    /// Puts what each rank says of its own synapses into the order of all; on the first rank.
    pub fn merge<T>(&self, mut lists: Vec<Vec<T>>) -> Vec<T> {
        if self.owners.is_empty() {
            return lists.pop().unwrap_or_default();
        }
        let mut lists: Vec<_> = lists.into_iter().map(Vec::into_iter).collect();
        self.owners.iter().filter_map(|&rank| lists[rank as usize].next()).collect()
    }

    /// As [`Listing::merge`], where each says `count` numbers of a synapse.
    pub fn merge_each(&self, mut lists: Vec<Vec<f64>>, count: usize) -> Vec<f64> {
        if self.owners.is_empty() {
            return lists.pop().unwrap_or_default();
        }
        let mut rest: Vec<&[f64]> = lists.iter().map(|list| &list[..]).collect();
        let mut all = Vec::with_capacity(self.owners.len() * count);
        for &rank in &self.owners {
            if let Some((own, others)) = rest[rank as usize].split_at_checked(count) {
                all.extend_from_slice(own);
                rest[rank as usize] = others;
            }
        }
        all
    }

    /// The places of this rank's own among all, and how many all are. Every rank calls it.
    pub fn places(&self, ranks: &Ranks) -> (Vec<usize>, usize) {
        if ranks.is_alone() {
            return ((0..self.own.len()).collect(), self.own.len());
        }
        let owners = ranks.hand_out(Some(self.owners.clone())).unwrap_or_default();
        let own = |(place, owner): (usize, &u32)| (*owner as usize == ranks.rank()).then_some(place);
        (owners.iter().enumerate().filter_map(own).collect(), owners.len())
    }
}

/// The groups (indices) that hold a projection, the same in every part.
pub fn groups_of<W: Real>(part: &Part<W>, projection: usize) -> Vec<usize> {
    let holds = |(index, group): (usize, &Group<W>)| group.projections.contains(&projection).then_some(index);
    part.groups().iter().enumerate().filter_map(holds).collect()
}

/// The synapses of a projection that these threads own, in order.
pub fn locate<W: Real>(model: &Model<'_>, parts: &[&Part<W>], projection: usize) -> Vec<Located> {
    let spec = &model.spec.projections[projection];
    let (source, target) = (spec.source.population, spec.target.population);
    let groups = groups_of(parts[0], projection);
    let stored = |part: &&Part<W>| groups.iter().map(|&g| part.groups()[g].store.len()).sum::<usize>();
    // A group may hold other projections too.
    let most = if parts[0].groups().is_empty() { 0 } else { parts.iter().map(stored).sum() };
    let mut all = Vec::with_capacity(most);
    for ((index, part), &place) in parts.iter().enumerate().flat_map(|p| groups.iter().map(move |g| (p, g))) {
        let (group, share) = (&part.groups()[place], part.share());
        let store = &group.store;
        let first = model.first_gid[source];
        let size = model.spec.populations[source].size as u32;
        for row in 0..store.row.len() - 1 {
            let gid = store.sources.gid(row);
            if gid < first || gid - first >= size {
                continue;
            }
            for synapse in store.synapses(row) {
                let Some(member) = member(group, share, target, synapse) else { continue };
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

/// The member of a population that a synapse of a group is onto; none if it is onto another population.
fn member<W: Real>(group: &Group<W>, share: &Share, population: usize, synapse: usize) -> Option<u32> {
    let slot = group.first + u32::from(group.store.target(synapse));
    let first_slot = match group.target {
        Some(_) => 0,
        None if share.population_of(slot) == population => share.first_slot[population],
        None => return None,
    };
    Some(share.members[population].start + slot - first_slot)
}

/// The first of these threads' synapses of a projection, by source and target, whose value (weight, or conductance of its device) is
/// not finite: source, target, value. Values are as the last spike left them.
pub fn unsound<W: Real>(model: &Model<'_>, parts: &[&Part<W>], projection: usize) -> Option<(u32, u32, f64)> {
    let spec = &model.spec.projections[projection];
    let first = model.first_gid[spec.source.population];
    let mut found: Option<(u32, u32, f64)> = None;
    for part in parts {
        for group in part.groups().iter().filter(|group| group.projections.contains(&projection)) {
            let Some(plastic) = &group.plastic else { continue };
            // Straight through: as fast as memory.
            if plastic.value.iter().fold(true, |sound, value| sound & value.wide().is_finite()) {
                continue;
            }
            for (synapse, value) in plastic.value.iter().enumerate().filter(|(_, value)| !value.wide().is_finite()) {
                let source = group.store.sources.gid(group.store.row_of(synapse)) - first;
                let Some(target) = member(group, part.share(), spec.target.population, synapse) else { continue };
                if found.is_none_or(|(s, t, _)| (source, target) < (s, t)) {
                    found = Some((source, target, value.wide()));
                }
            }
        }
    }
    found
}

/// The constants in which the devices of located synapses differ: a column of each.
pub fn constants_of<W: Real>(parts: &[&Part<W>], located: &[Located], constants: &[Constant]) -> Vec<Vec<f64>> {
    let mut columns = vec![Vec::new(); constants.len()];
    for l in located {
        if let Some(plastic) = &parts[l.part as usize].groups()[l.group as usize].plastic {
            plastic.constants(l.synapse as usize, constants, &mut columns);
        }
    }
    columns
}

/// All synapses of a procedural projection, in the same order, with their weights as a store of `W` would hold them.
pub fn draw_all<W: Real>(rule: &Procedural) -> (Vec<Ends>, Vec<f64>) {
    let mut all = Vec::new();
    let mut drawn = Drawn::default();
    for row in 0..rule.rows() {
        rule.draw(row, &mut drawn);
        for (i, &target) in drawn.targets().iter().enumerate() {
            let (delay, source) = (rule.delay_of(&drawn, i), rule.first_source() + row as u32);
            all.push((Ends { source, delay, target }, W::of(drawn.weight(i)).wide()));
        }
    }
    all.sort_by_key(|(ends, _)| *ends);
    all.into_iter().unzip()
}

/// The weights of located synapses at `at`, when everything up to and including it has happened.
pub fn weights_at<W: Real>(parts: &[&Part<W>], projection: usize, located: &[Located], at: Time) -> Vec<f64> {
    each(parts, projection, located, |group, l, pending| weight_at(group, l, at, pending))
}

/// The conductances \[S\] with which located synapses of a crossbar load its wires, as [`weights_at`]: those that stand for their weights,
/// or of a device with a reference what both conduct.
pub fn loads_at<W: Real>(parts: &[&Part<W>], projection: usize, located: &[Located], at: Time) -> Vec<f64> {
    each(parts, projection, located, |group, l, pending| {
        let (Some(plastic), Some(losses)) = (&group.plastic, &group.array) else { return 0.0 };
        let (synapse, row) = (l.synapse as usize, l.row as usize);
        let target = u32::from(group.store.target(synapse));
        let conductance = match plastic.load_at(synapse, row, target, l.delay, at, pending) {
            Load::Conductance(conductance) => conductance,
            Load::Weight(weight) => losses.conductance(weight),
        };
        conductance.max(0.0)
    })
}

/// The weight of a synapse of a group at `at`.
fn weight_at<W: Real>(group: &Group<W>, l: &Located, at: Time, pending: &[Vec<PreSpike>]) -> f64 {
    let synapse = l.synapse as usize;
    match &group.plastic {
        Some(plastic) => {
            let target = u32::from(group.store.target(synapse));
            plastic.weight_at(synapse, l.row as usize, target, l.delay, at, pending)
        }
        None => group.store.weight(l.row as usize, synapse),
    }
}

/// What `of` says of each located synapse: of its group, and the spikes on their way.
fn each<W: Real>(
    parts: &[&Part<W>],
    projection: usize,
    located: &[Located],
    of: impl Fn(&Group<W>, &Located, &[Vec<PreSpike>]) -> f64,
) -> Vec<f64> {
    // Blocks of one projection have taken note of the same spikes.
    let first = groups_of(parts[0], projection).first().copied().unwrap_or(usize::MAX);
    let pending: Vec<Vec<Vec<PreSpike>>> = parts
        .iter()
        .map(|part| part.groups().get(first).and_then(|g| g.plastic.as_ref()).map(|p| p.pending_by_row()))
        .map(Option::unwrap_or_default)
        .collect();
    let one = |l: &Located| of(&parts[l.part as usize].groups()[l.group as usize], l, &pending[l.part as usize]);
    located.iter().map(one).collect()
}
