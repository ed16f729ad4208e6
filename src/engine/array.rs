//! Crossbars of plastic and memristive projections: the losses on their wires, worked out at the start and at the multiples
//! of `refresh`, after everything at that tick has happened. They are state of the run, a function of the model alone,
//! and in the checkpoint.

use serde::{Deserialize, Serialize};

use crate::math::real::Real;
use crate::network::Group;
use crate::ranks::Ranks;
use crate::synapse::Energy;
use crate::time::Time;

use super::part::{Part, views};
use super::shard::Model;
use super::synapses::{Ends, Listing, Located, groups_of, loads_at, locate};
use super::{RunError, told};

/// The losses of one projection, its synapses and sources in an order that does not depend on threads.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ArrayState {
    projection: usize,
    share: Vec<f64>,
    feed: Vec<f64>,
    read: Energy,
}

/// Projections whose losses are looked at.
fn projections<W: Real>(parts: &[&Part<W>]) -> Vec<usize> {
    let groups = parts.first().map_or(&[][..], |part| part.groups());
    let mut all: Vec<usize> = groups.iter().filter(|g| g.array.is_some()).map(|g| g.projections[0]).collect();
    all.dedup();
    all
}

/// Works out the losses of all crossbars from the weights at `at`, when everything up to and including it has happened; only of
/// those that `due` says, by the time between two looks \[ms\]. Every rank calls it; the first solves.
///
/// # Errors
/// If an array can't be solved; on all ranks.
pub fn refresh<W: Real>(
    model: &Model<'_>,
    ranks: &Ranks,
    parts: &mut [&mut Part<W>],
    at: Time,
    due: impl Fn(f64) -> bool,
) -> Result<(), RunError> {
    for projection in projections(&views(parts)) {
        let spec = &model.spec.projections[projection];
        if !spec.crossbar.as_ref().is_some_and(|c| due(c.refresh_ms)) {
            continue;
        }
        let views = views(parts);
        let listing = Listing::new(ranks, locate(model, &views, projection));
        let loads = listing.merge(ranks.gather(loads_at(&views, projection, &listing.own, at)));
        let solved = match ranks.is_first() {
            true => solve(model, &views, projection, &listing, &loads),
            false => Ok(Default::default()),
        };
        let solved = ranks.agree(solved, RunError::code, told)?;
        let (share, feed) = ranks.hand_out(Some(solved)).unwrap_or_default();
        let (places, _) = listing.places(ranks);
        put(model, parts, (&listing.own, &places), projection, &share, &feed);
    }
    Ok(())
}

/// Shares of all synapses of a projection, and what each source feeds.
fn solve<W: Real>(
    model: &Model<'_>,
    parts: &[&Part<W>],
    projection: usize,
    listing: &Listing,
    loads: &[f64],
) -> Result<(Vec<f64>, Vec<f64>), RunError> {
    let spec = &model.spec.projections[projection];
    let (sources, targets) = (spec.source, spec.target);
    let pair = |e: &Ends| (e.source - sources.start as u32, e.target - targets.start as u32);
    let pairs: Vec<(u32, u32)> = listing.all.iter().map(pair).collect();
    let length = |slice: &crate::spec::Slice| slice.members(model.spec.populations[slice.population].size).len();
    let size = (length(&sources), length(&targets));
    let fail = |e: String| RunError::Model(format!("projection {}: crossbar: {e}", spec.name));
    let groups = groups_of(parts[0], projection);
    let Some(losses) = parts[0].groups()[groups[0]].array.as_ref() else { return Ok(Default::default()) };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(parts.len()).build().map_err(|e| fail(e.to_string()))?;
    pool.install(|| losses.work_out(size, &pairs, loads)).map_err(|e| fail(e.to_string()))
}

/// Hands the losses of a projection out to the stores of all threads: `own` are their synapses, and the place of each in `share`.
fn put<W: Real>(
    model: &Model<'_>,
    parts: &mut [&mut Part<W>],
    own: (&[Located], &[usize]),
    projection: usize,
    share: &[f64],
    feed: &[f64],
) {
    for (l, &place) in own.0.iter().zip(own.1) {
        let group = &mut parts[l.part as usize].groups_mut()[l.group as usize];
        if let (Some(losses), Some(&share)) = (&mut group.array, share.get(place)) {
            losses.share[l.synapse as usize] = share;
        }
    }
    let source = model.spec.projections[projection].source;
    let first = model.first_gid[source.population] + source.start as u32;
    for group in parts.iter_mut().flat_map(|p| p.groups_mut()).filter(|g| g.projections == [projection]) {
        let Group { store, array: Some(losses), .. } = group else { continue };
        for (row, loss) in losses.feed.iter_mut().enumerate() {
            if let Some(&feed) = store.sources.gid(row).checked_sub(first).and_then(|i| feed.get(i as usize)) {
                *loss = feed;
            }
        }
    }
}

/// The rows of a store, of so many, whose sources are those from `first` on.
fn rows<W: Real>(group: &Group<W>, count: usize, first: u32) -> impl Iterator<Item = usize> {
    (0..count).filter(move |&row| group.store.sources.gid(row) >= first)
}

/// The losses of all projections, for a checkpoint; whole on the first rank. Every rank calls it.
pub fn save<W: Real>(model: &Model<'_>, ranks: &Ranks, parts: &[&Part<W>]) -> Vec<ArrayState> {
    let state = |projection: usize| {
        let source = model.spec.projections[projection].source;
        let first = model.first_gid[source.population] + source.start as u32;
        let of = |l: &Located| {
            let losses = parts[l.part as usize].groups()[l.group as usize].array.as_ref();
            losses.map_or(1.0, |losses| losses.share[l.synapse as usize])
        };
        let listing = Listing::new(ranks, locate(model, parts, projection));
        let share = listing.merge(ranks.gather(listing.own.iter().map(of).collect()));
        let groups = parts.iter().flat_map(|p| p.groups()).filter(|g| g.projections == [projection]);
        let mut state = ArrayState { projection, share, ..ArrayState::default() };
        for group in groups {
            let Some(losses) = &group.array else { continue };
            state.read.merge(losses.read);
            if state.feed.is_empty() {
                // Every store of the projection has a row for each source.
                state.feed = rows(group, losses.feed.len(), first).map(|row| losses.feed[row]).collect();
            }
        }
        let of_ranks = ranks.gather(state.read);
        state.read = Energy::default();
        of_ranks.into_iter().for_each(|read: Energy| state.read.merge(read));
        state
    };
    projections(parts).into_iter().map(state).collect()
}

/// Goes on with what `save` gave. Every rank calls it.
///
/// # Errors
/// If it belongs to other projections; on all ranks.
pub fn load<W: Real>(
    model: &Model<'_>,
    ranks: &Ranks,
    parts: &mut [&mut Part<W>],
    states: &[ArrayState],
) -> Result<(), RunError> {
    if !projections(&views(parts)).iter().eq(states.iter().map(|s| &s.projection)) {
        return Err(RunError::Checkpoint("it has other crossbars than the model".into()));
    }
    for state in states {
        let listing = Listing::new(ranks, locate(model, &views(parts), state.projection));
        let (places, all) = listing.places(ranks);
        if all != state.share.len() {
            let message = format!("projection {} has another number of synapses", state.projection);
            return Err(RunError::Checkpoint(message));
        }
        let source = model.spec.projections[state.projection].source;
        let first = model.first_gid[source.population] + source.start as u32;
        let rows = |group: &Group<W>| group.array.as_ref().map(|losses| rows(group, losses.feed.len(), first).count());
        let mut own = parts.iter().flat_map(|p| p.groups()).filter(|g| g.projections == [state.projection]);
        let fits = match own.all(|group| rows(group).is_none_or(|count| count == state.feed.len())) {
            true => Ok(()),
            false => {
                Err(RunError::Checkpoint(format!("projection {} has another number of sources", state.projection)))
            }
        };
        ranks.agree(fits, RunError::code, told)?;
        put(model, parts, (&listing.own, &places), state.projection, &state.share, &state.feed);
        // One store of all ranks' goes on with the energy that all have spent.
        let mut spent = Some(state.read).filter(|_| ranks.is_first());
        for group in parts.iter_mut().flat_map(|p| p.groups_mut()).filter(|g| g.projections == [state.projection]) {
            if let Some(losses) = &mut group.array {
                losses.read = spent.take().unwrap_or_default();
            }
        }
    }
    Ok(())
}
