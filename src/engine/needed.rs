//! How much memory a run will take, before anything is built: from the sizes of what is kept, and of how much of it.

use crate::math::exp_m1;
use crate::network::{BuildError, GROWN, Stored, expected, stored};
use crate::plasticity::Rule;
use crate::sample::Law;
use crate::spec::{
    Engine, InputKind, InputSpec, NetworkSpec, PopulationKind, PopulationSpec, Precision, Slice, SourceSpec,
    WeightSample,
};
use crate::synapse::{PostSpike, PreSpike, Voltage};
use crate::time::Time;

use super::event::{ARRIVAL_BYTES, EVENT_BYTES, cell_bytes};
use super::flight::Spike;
use super::grid::{RUN_BYTES, STEP_BYTES};
use super::rates::{Events, RATE, background, most};
use super::shard::{Sent, most_unsettled};
use super::statistics;
use super::synapses::{Ends, Located};
use super::train::Train;
use super::windows;

/// How often the calendar of the event engine has a neuron down at a time: looks that come too late wait for theirs.
const LOOKS: usize = 5;

/// Estimates the memory of a run on so many threads of each of so many ranks \[bytes a rank\], beside that of the program: the most that
/// there is at once, from the beginning to the end. Is its result `written` to a file?
///
/// # Errors
/// If a projection can't be wired.
pub fn needed(spec: &NetworkSpec, threads: usize, ranks: usize, written: bool) -> Result<u64, BuildError> {
    let (threads, ranks) = (threads.max(1), ranks.max(1));
    let Stored { built, building, pieces } = stored(spec, threads, ranks)?;
    let everybody: f64 = spec.populations.iter().map(|p| p.size as f64).sum();
    let columns: f64 = spec.populations.iter().map(columns).sum();
    let given: f64 = spec.populations.iter().map(given).sum();
    // Each rank has its share of neurons, the first the statistics of all.
    let members: f64 = spec.populations.iter().map(|p| member(spec, p) * p.size as f64).sum();
    let share = (members + inputs(spec)) / ranks as f64;
    let spikes: f64 = spec.record.spikes.iter().map(|slice| spec.populations[slice.population].size as f64).sum();
    // The columns of recorded weights are gone when spikes arrive.
    let (first, last) = listed(spec, written, ranks)?;
    let window = longest_window(spec, everybody)?;
    let passing = (arrivals(spec, window) + emitted(spec, window) + ahead(spec, window)? + under_way(spec, threads)?)
        / ranks as f64;
    let passing = first.max(last + passing);
    let told = if spec.record.parameters { told(spec, ranks)? } else { 0.0 };
    let running = told
        + share
        + everybody * statistics::BYTES as f64
        + spikes
        + passing
        + histories(spec, threads, ranks)?
        + lists(spec, threads);
    // Columns are given up once the engine has its own. What was many small pieces while building is not given back to the system,
    // but used again.
    let later = built + columns.max(pieces) + running;
    Ok((given + later.max(columns + building)) as u64)
}

/// What is recorded of what was drawn: of members, and of the devices of synapses.
fn told(spec: &NetworkSpec, ranks: usize) -> Result<f64, BuildError> {
    let number = size_of::<f64>() as f64;
    let members = |(index, population): (usize, &PopulationSpec)| (spec.drawn(index) * population.size) as f64;
    let mut all = number * spec.populations.iter().enumerate().map(members).sum::<f64>();
    for projection in &spec.projections {
        let columns = projection.drawn();
        if columns > 0 {
            let synapses = expected(spec, projection)? as f64;
            let each = size_of::<Located>() as f64 / ranks as f64 + size_of::<Ends>() as f64;
            // What they join, and their delays, too.
            all += synapses * (each + number * (3 + columns) as f64);
        }
    }
    Ok(all)
}

/// Parameters and initial states that differ from member to member.
fn columns(population: &PopulationSpec) -> f64 {
    (size_of::<f64>() * population.kind.drawn() * population.size) as f64
}

/// Spike times and images that the model holds already, once more for the engine.
fn given(population: &PopulationSpec) -> f64 {
    let bytes = match &population.kind {
        PopulationKind::Source(SourceSpec::SpikeTimes(trains)) => trains.iter().map(|t| size_of_val(&t[..])).sum(),
        PopulationKind::Source(SourceSpec::Labels(labels)) => {
            labels.images.pixels.len() + size_of_val(&labels.shown[..])
        }
        _ => 0,
    };
    bytes as f64
}

/// What the engine keeps of one member of a population.
fn member(spec: &NetworkSpec, population: &PopulationSpec) -> f64 {
    let PopulationKind::Neuron { neuron, .. } = &population.kind else {
        return (size_of::<Train>() + size_of::<(Time, u32)>()) as f64;
    };
    let shared = population.kind.drawn() == 0;
    let bytes = match spec.simulation.engine {
        Engine::Event => {
            let (cell, params) = cell_bytes(neuron.model);
            // And when it is looked at next.
            cell + LOOKS * size_of::<(Time, u32)>() + if shared { 0 } else { params }
        }
        Engine::Grid => {
            let word = if spec.simulation.precision == Precision::Single { 4 } else { 8 };
            let table = neuron.model.describe();
            // The state, a counter, and the input of two sides.
            word * (table.variables.len() + 2) + 4 + if shared { 0 } else { word * table.params.len() }
        }
    };
    bytes as f64
}

/// Post spikes from which plastic synapses have still to learn, or running means of potentials.
fn histories(spec: &NetworkSpec, threads: usize, ranks: usize) -> Result<f64, BuildError> {
    let parts = (threads * ranks) as f64;
    let seconds = spec.simulation.duration.map_or(f64::INFINITY, Time::seconds);
    let mut all = 0.0;
    for projection in &spec.projections {
        let w_max = projection.w_max.unwrap_or(f64::INFINITY);
        let rule = projection.plasticity.as_ref().map(|r| r.rule(projection.w_min, w_max));
        let target = &projection.target;
        let targets = target.members(spec.populations[target.population].size).len() as f64 / parts;
        if let Some(Rule::Clopath(rule)) = &rule {
            let step = spec.simulation.resolution;
            let longest = projection.delay.range().map_or(0.0, |range| range.1).min(Time::LONGEST_DELAY.ms());
            let steps = spec.simulation.duration.map_or(usize::MAX, |end| (end.0 / step.0) as usize + 1);
            let kept = Voltage::kept(rule, Time::from_ms(longest), step).min(steps);
            all += targets * threads as f64 * Voltage::bytes(kept) as f64;
            continue;
        }
        if rule.is_none() && projection.waveform.is_none() {
            continue;
        }
        let most = most_unsettled((expected(spec, projection)? as f64 / parts) as usize) as f64;
        let of_each = (most / targets.max(1.0)).min(RATE * seconds);
        if of_each > 0.0 {
            // Room grows by doubling.
            let room = (of_each.max(4.0) as u64).next_power_of_two();
            all += targets * threads as f64 * (room as usize * size_of::<PostSpike>()) as f64;
        }
    }
    Ok(all)
}

/// What Poisson inputs and injected currents keep.
fn inputs(spec: &NetworkSpec) -> f64 {
    let driven = |targets: &[Slice]| {
        targets.iter().map(|slice| slice.members(spec.populations[slice.population].size).len()).sum::<usize>()
    };
    let event = spec.simulation.engine == Engine::Event;
    let each = |input: &InputSpec| match &input.kind {
        InputKind::Poisson { .. } => 16 + if event { size_of::<Train>() + size_of::<(Time, u32)>() } else { 0 },
        _ => 8,
    };
    spec.inputs.iter().map(|input| (driven(&input.targets) * each(input)) as f64).sum()
}

/// Lists of what arrives in each step of the longest delay, on the grid; of both sides.
fn lists(spec: &NetworkSpec, threads: usize) -> f64 {
    let static_ones = spec.projections.iter().filter(|projection| projection.is_static());
    let longest = static_ones.filter_map(|projection| Some(projection.delay.range()?.1)).fold(0.0, f64::max);
    let longest = longest.min(spec.simulation.duration.map_or(f64::INFINITY, Time::ms));
    match spec.simulation.engine {
        Engine::Grid => 2.0 * (threads * STEP_BYTES) as f64 * longest / spec.simulation.resolution.ms(),
        Engine::Event => 0.0,
    }
}

/// The longest window \[ms\].
fn longest_window(spec: &NetworkSpec, everybody: f64) -> Result<f64, BuildError> {
    let mut synapses = 0.0;
    for projection in &spec.projections {
        synapses += expected(spec, projection)? as f64;
    }
    let events = (spec.simulation.engine == Engine::Event).then(|| Events::of(spec, synapses));
    let shortest = spec.projections.iter().filter_map(|p| Law::new(&p.delay)?.ok()).map(|law| law.at(0).max(0.0));
    Ok(shortest.fold(windows::longest(everybody as i64, events).ms(), f64::min))
}

/// The rate of a member of a source that has one \[Hz\].
fn source_rate(population: &PopulationSpec) -> Option<f64> {
    match &population.kind {
        PopulationKind::Source(SourceSpec::Poisson { rate, .. }) => Some(most(rate)),
        PopulationKind::Source(SourceSpec::Regular { rate, .. }) => rate.mean(),
        _ => None,
    }
}

/// The spikes that sources emit in a window: by their threads, and sorted.
fn emitted(spec: &NetworkSpec, window: f64) -> f64 {
    let of =
        |population: &PopulationSpec| source_rate(population).unwrap_or(0.0) * 1e-3 * window * population.size as f64;
    2.0 * size_of::<Spike>() as f64 * spec.populations.iter().map(of).sum::<f64>()
}

/// The arrivals of one window and population, of all parts, where the event engine gathers them.
fn arrivals(spec: &NetworkSpec, window: f64) -> f64 {
    if spec.simulation.engine == Engine::Grid {
        return 0.0;
    }
    let most = (0..spec.populations.len()).map(|population| background(spec, population)).fold(0.0, f64::max);
    most * 1e-3 * window * ARRIVAL_BYTES as f64
}

/// What is on its way over delays: synapses that were drawn ahead, runs of synapses, spikes that plastic synapses have to learn from, weights
/// that are recorded as they arrive.
fn under_way(spec: &NetworkSpec, threads: usize) -> Result<f64, BuildError> {
    let grid = spec.simulation.engine == Engine::Grid;
    let weight = if spec.simulation.precision == Precision::Single { 4 } else { 8 };
    let mut all = 0.0;
    for (index, projection) in spec.projections.iter().enumerate() {
        let source = &spec.populations[projection.source.population];
        let hz = source_rate(source).unwrap_or(RATE);
        let ms = |delay: Option<f64>| {
            let end = spec.simulation.duration.map_or(f64::INFINITY, Time::ms);
            delay.unwrap_or(0.0).clamp(0.0, Time::LONGEST_DELAY.ms()).min(end)
        };
        let range = projection.delay.range();
        let (mean, longest) = (ms(projection.delay.mean()), ms(range.map(|r| r.1)));
        // Spikes of one source that are on their way.
        let spikes = hz * 1e-3 * mean;
        let sources = projection.source.members(source.size).len() as f64;
        let synapses = expected(spec, projection)? as f64;
        let each = match (projection.procedural, projection.delay.constant(), grid) {
            (true, None, true) => (size_of::<u16>() + weight) as f64 * synapses,
            (true, None, false) => EVENT_BYTES as f64 * synapses,
            // Runs of equal delay; of synapses without their own there is one for each thread.
            (_, _, true) if projection.is_static() => {
                let delays = range.map_or(1.0, |r| 1.0 + (r.1 - r.0) / spec.simulation.resolution.ms());
                let row = synapses / sources.max(1.0) / threads as f64;
                let runs = delays * -exp_m1(-row / delays);
                RUN_BYTES as f64 * sources * threads as f64 * runs
            }
            _ if !projection.is_static() => size_of::<PreSpike>() as f64 * sources * threads as f64,
            _ => 0.0,
        };
        all += GROWN * spikes * each;
        if spec.record.weights.iter().any(|r| r.projection == index && r.on == WeightSample::PreSpike) {
            // Until all that come earlier have arrived; they are sorted then.
            all += 2.0 * hz * 1e-3 * longest * synapses * size_of::<Sent>() as f64;
        }
    }
    Ok(all)
}

/// What plastic synapses transmit in a window, where it is worked out when that begins.
fn ahead(spec: &NetworkSpec, window: f64) -> Result<f64, BuildError> {
    let grid = spec.simulation.engine == Engine::Grid;
    let mut all = 0.0;
    for (index, projection) in spec.projections.iter().enumerate().filter(|(_, p)| !p.is_static()) {
        let recorded = spec.record.weights.iter().any(|r| r.projection == index && r.on == WeightSample::PreSpike);
        let at_once = grid && (projection.delay.constant().is_some() || window <= spec.simulation.resolution.ms());
        if projection.axonal || projection.crossbar.is_some() || recorded || at_once {
            continue;
        }
        // Room grows by doubling.
        all += GROWN * expected(spec, projection)? as f64 * RATE * 1e-3 * window * size_of::<f64>() as f64;
    }
    Ok(all)
}

/// What recorded weights take, every synapse with its ends, where it can't be looked up at its spikes: when the run begins, and when it
/// ends.
fn listed(spec: &NetworkSpec, written: bool, ranks: usize) -> Result<(f64, f64), BuildError> {
    let (located, ends, number) = (size_of::<Located>() as f64, size_of::<Ends>() as f64, size_of::<f64>() as f64);
    let (mut first, mut last) = (0.0, 0.0);
    for record in &spec.record.weights {
        let projection = &spec.projections[record.projection];
        let synapses = expected(spec, projection)? as f64;
        let at_spikes = record.on == WeightSample::PreSpike;
        // Where each is, and what it joins.
        let stored = synapses / ranks as f64 * located + synapses * ends;
        let (begins, ends) = match (at_spikes, projection.procedural) {
            (true, true) => (0.0, 0.0),
            (true, false) if !projection.is_static() => (0.0, 0.0),
            (true, false) => (stored + synapses * number, stored + synapses * number),
            // With their weights, and the same once more in order.
            (false, true) => (2.0 * synapses * (ends + number), synapses * (ends + 2.0 * number)),
            // The columns of a file, which has them before the weights; these wait to be written.
            (false, false) if written => (stored + 3.0 * synapses * number, stored + 2.0 * synapses * number),
            (false, false) => (stored, stored + synapses * number),
        };
        (first, last) = (first + begins, last + ends);
    }
    Ok((first, last))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn a_source_that_emits_more_than_fits_is_seen_before_it_does() {
        for source in ["poisson.rate = '1e12 Hz'", "regular.rate = '1e12 Hz'"] {
            let text = format!("simulation.duration = '1 s'\n[population.A]\nsize = 10\nsource.{source}\n");
            let spec = crate::spec::parse(&text, "a.toml", Path::new(""), &[]).unwrap();
            assert!(needed(&spec, 1, 1, false).unwrap() > 1 << 40, "{source}");
        }
    }

    #[test]
    fn what_does_not_fit_is_estimated_without_being_made() {
        for connect in [
            "fixed_total_number = 1000000000",
            "fixed_total_number.probability = 0.001",
            "pairs = [[0, 7]]",
            "'all_to_all'",
        ] {
            let text = format!(
                "simulation.duration = '1 s'\n[population.A]\nsize = 3000000000\nneuron = 'lif_exp'\n\
                 [projection.p]\nsource = 'A'\ntarget = 'A'\nweight = '1 pA'\nconnect{}{connect}\n",
                if connect.starts_with('\'') { " = " } else { "." }
            );
            let spec = crate::spec::parse(&text, "a.toml", Path::new(""), &[]).unwrap();
            let size = needed(&spec, 2, 1, true).unwrap();
            assert!(size > 1 << 38, "{connect}: {size}");
        }
    }
}
