//! Crossbars of plastic and memristive projections: the losses on their wires, worked out at the start and at the multiples
//! of `refresh`, after everything at that tick has happened. They are state of the run, a function of the model alone,
//! and in the checkpoint.

use serde::{Deserialize, Serialize};

use crate::neuron::Real;
use crate::synapse::Energy;
use crate::time::Time;

use super::RunError;
use super::part::Part;
use super::shard::Model;
use super::synapses::{Located, groups_of, locate, weights_at};

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
/// those that `due` says, by the time between two looks \[ms\].
///
/// # Errors
/// If an array can't be solved.
pub fn refresh<W: Real>(
    model: &Model<'_>,
    parts: &mut [&mut Part<W>],
    at: Time,
    due: impl Fn(f64) -> bool,
) -> Result<(), RunError> {
    let shared = |parts: &[&mut Part<W>]| projections(&parts.iter().map(|p| &**p).collect::<Vec<_>>());
    let threads = parts.len();
    for projection in shared(parts) {
        let spec = &model.spec.projections[projection];
        if !spec.crossbar.as_ref().is_some_and(|c| due(c.refresh_ms)) {
            continue;
        }
        let views: Vec<&Part<W>> = parts.iter().map(|p| &**p).collect();
        let located = locate(model, &views, projection);
        let weights = weights_at(&views, projection, &located, at);
        let (sources, targets) = (spec.source, spec.target);
        let pair = |l: &Located| (l.source - sources.start as u32, l.target - targets.start as u32);
        let pairs: Vec<(u32, u32)> = located.iter().map(pair).collect();
        let length = |slice: &crate::spec::Slice| {
            slice.stop.unwrap_or(model.spec.populations[slice.population].size) - slice.start
        };
        let size = (length(&sources), length(&targets));
        let fail = |e: String| RunError::Model(format!("projection {}: crossbar: {e}", spec.name));
        let groups = groups_of(views[0], projection);
        let Some(losses) = views[0].groups()[groups[0]].array.as_ref() else { continue };
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().map_err(|e| fail(e.to_string()))?;
        let made = pool.install(|| losses.work_out(size, &pairs, &weights));
        let (share, feed) = made.map_err(|e| fail(e.to_string()))?;
        put(model, parts, &located, projection, &share, &feed);
    }
    Ok(())
}

/// Hands the losses of a projection out to the stores of all threads.
fn put<W: Real>(
    model: &Model<'_>,
    parts: &mut [&mut Part<W>],
    located: &[Located],
    projection: usize,
    share: &[f64],
    feed: &[f64],
) {
    for (l, &share) in located.iter().zip(share) {
        let group = &mut parts[l.part as usize].groups_mut()[l.group as usize];
        if let Some(losses) = &mut group.array {
            losses.share[l.synapse as usize] = share;
        }
    }
    let source = model.spec.projections[projection].source;
    let first = model.first_gid[source.population] + source.start as u32;
    for group in parts.iter_mut().flat_map(|p| p.groups_mut()).filter(|g| g.projections == [projection]) {
        let rows = group.store.sources.clone();
        let Some(losses) = &mut group.array else { continue };
        for (row, gid) in rows.enumerate() {
            if let Some(&feed) = gid.checked_sub(first).and_then(|i| feed.get(i as usize)) {
                losses.feed[row] = feed;
            }
        }
    }
}

/// The losses of all projections, for a checkpoint.
pub fn save<W: Real>(model: &Model<'_>, parts: &[&Part<W>]) -> Vec<ArrayState> {
    let state = |projection: usize| {
        let source = model.spec.projections[projection].source;
        let first = model.first_gid[source.population] + source.start as u32;
        let of = |l: &Located| {
            let losses = parts[l.part as usize].groups()[l.group as usize].array.as_ref();
            losses.map_or(1.0, |losses| losses.share[l.synapse as usize])
        };
        let share = locate(model, parts, projection).iter().map(of).collect();
        let groups = parts.iter().flat_map(|p| p.groups()).filter(|g| g.projections == [projection]);
        let mut state = ArrayState { projection, share, ..ArrayState::default() };
        for group in groups {
            let Some(losses) = &group.array else { continue };
            state.read.0 += losses.read.0;
            if state.feed.is_empty() {
                let rows = group.store.sources.clone().enumerate().filter(|(_, gid)| *gid >= first);
                state.feed = rows.map(|(row, _)| losses.feed[row]).collect();
            }
        }
        state
    };
    projections(parts).into_iter().map(state).collect()
}

/// Goes on with what `save` gave.
///
/// # Errors
/// If it belongs to other projections.
pub fn load<W: Real>(model: &Model<'_>, parts: &mut [&mut Part<W>], states: &[ArrayState]) -> Result<(), RunError> {
    let found = projections(&parts.iter().map(|p| &**p).collect::<Vec<_>>());
    if !found.iter().eq(states.iter().map(|s| &s.projection)) {
        return Err(RunError::Checkpoint("it has other crossbars than the model".into()));
    }
    for state in states {
        let located = locate(model, &parts.iter().map(|p| &**p).collect::<Vec<_>>(), state.projection);
        if located.len() != state.share.len() {
            let message = format!("projection {} has another number of synapses", state.projection);
            return Err(RunError::Checkpoint(message));
        }
        put(model, parts, &located, state.projection, &state.share, &state.feed);
        // One store goes on with the energy that all have spent.
        let mut spent = Some(state.read);
        for group in parts.iter_mut().flat_map(|p| p.groups_mut()).filter(|g| g.projections == [state.projection]) {
            if let Some(losses) = &mut group.array {
                losses.read = spent.take().unwrap_or_default();
            }
        }
    }
    Ok(())
}
