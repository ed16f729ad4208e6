//! Inputs: spikes of a file for virtual nodes.

use super::{InterchangeError, Placed, sets, wrong};
use crate::format::sonata::{Config, SpikeInput};
use crate::spec::{Parts, PopulationKind, SourceSpec};
use crate::spikes::Recording;
use crate::time::Time;

/// Gives virtual nodes the spikes of the configuration's inputs.
pub(super) fn add(config: &mut Config, circuit: &[Placed], parts: &mut Parts) -> Result<(), InterchangeError> {
    let (mut driven, mut notes) = (vec![false; circuit.len()], Vec::new());
    for input in &config.inputs {
        let place = format!("inputs/{}", input.name);
        let chosen = sets::resolve(&input.node_set, config, circuit, &place)?;
        if chosen.is_empty() {
            notes.push(format!("{}: {place} drives nothing: no node is in its node set", config.path.display()));
        }
        if let Some((p, node)) = chosen.iter().find(|(p, node)| !circuit[*p].emits[*node as usize]) {
            let message = format!(
                "its node set has the node {node} of {}, which is not virtual: spikes drive virtual nodes, which edges \
                 connect to neurons",
                circuit[*p].nodes.name
            );
            return Err(wrong(&config.path, place, message));
        }
        let recording = crate::format::read(&input.file)?;
        let mut populations: Vec<usize> = chosen.iter().map(|(p, _)| *p).collect();
        populations.dedup();
        for p in populations {
            driven[p] = true;
            let placed = &circuit[p];
            let (first, count) = block(&recording, input, &placed.nodes.name)?;
            // The place of each unit in the model; none where the input leaves the node out.
            let mut places = Vec::with_capacity(count);
            for unit in first..first + count {
                let id = recording.spikes.unit_ids[unit];
                let node = u32::try_from(id).ok().filter(|node| (*node as usize) < placed.members.len());
                let node = node.ok_or_else(|| {
                    let message = format!(
                        "has spikes of the node {id}, but the population {} has {} nodes",
                        placed.nodes.name,
                        placed.members.len()
                    );
                    wrong(&input.file, "", message)
                })?;
                places.push(chosen.contains(&(p, node)).then(|| placed.members[node as usize]));
            }
            for (&unit, &time) in recording.spikes.units.iter().zip(&recording.spikes.times) {
                let Some(Some((population, member))) = (unit as usize).checked_sub(first).and_then(|u| places.get(u))
                else {
                    continue;
                };
                if !(0.0..=Time::LIMIT.seconds()).contains(&time) {
                    let message = format!("has a spike at {time} s, expected 0 or more");
                    return Err(wrong(&input.file, "", message));
                }
                if let PopulationKind::Source(SourceSpec::SpikeTimes(trains)) =
                    &mut parts.populations[*population as usize].kind
                {
                    trains[*member as usize].push(Time::from_ms(time * 1e3));
                }
            }
        }
    }
    for population in &mut parts.populations {
        if let PopulationKind::Source(SourceSpec::SpikeTimes(trains)) = &mut population.kind {
            // Several inputs may drive one node.
            trains.iter_mut().for_each(|train| train.sort_unstable());
        }
    }
    config.notes.append(&mut notes);
    for (placed, _) in circuit.iter().zip(&driven).filter(|(placed, driven)| !**driven && placed.emits.contains(&true))
    {
        config.notes.push(format!("no input drives the virtual nodes of {}; they are silent", placed.nodes.name));
    }
    Ok(())
}

/// The units of a population within a file: the block of this name, or all where the file names none.
fn block(recording: &Recording, input: &SpikeInput, name: &str) -> Result<(usize, usize), InterchangeError> {
    if let Some((_, first, count)) = recording.populations.iter().find(|(n, _, _)| n == name) {
        return Ok((*first, *count));
    }
    if recording.populations.is_empty() {
        return Ok((0, recording.spikes.unit_ids.len()));
    }
    let names: Vec<&str> = recording.populations.iter().map(|(n, _, _)| n.as_str()).collect();
    Err(wrong(&input.file, "/spikes", format!("has the populations {}, but not {name}", names.join(", "))))
}
