//! A network as a NIR graph, for a step of dt.
//!
//! | here | there |
//! |---|---|
//! | `lif_delta` | LIF with r = tau_m / dt: a spike, 1 during a step, moves v by its weight \[mV\] |
//! | `lif_exp` | CubaLIF with w_in = tau_syn / dt and r = tau_m / c_m: a spike adds its weight to I \[pA\]; v in mV |
//! | i_e | part of v_leak, e_l + (tau_m / c_m) i_e |
//! | a projection | Linear, and a Delay behind it; one of each for every delay that occurs |
//! | sources | Input; without any, each population has an Input of its own |
//! | populations of neurons | Output too |
//!
//! Times are seconds. NIR knows no refractory period, no plasticity and no noise: weights are those at the start, what is left out is
//! told. Neurons that NIR has no primitive for are errors.

use std::collections::{BTreeMap, BTreeSet};

use super::{Synapses, numbered, unsaid};
use crate::format::nir::{Graph, Kind, Layer, Neuron, Node, Threshold};
use crate::network::Population;
use crate::neuron::{Column, NeuronModel};
use crate::spec::{NetworkSpec, PopulationKind, ProjectionSpec};

/// The dense matrices of a graph have no more weights together: 1 GiB.
const MAX_WEIGHTS: usize = 1 << 27;
/// A projection with more different delays would become as many matrices.
const MAX_DELAYS: usize = 64;

/// The graph of a network whose parameters are drawn and whose synapses are listed by projection, for a step of `dt_ms`; and what could
/// not be said in it.
///
/// # Errors
/// What NIR has no primitive for.
pub fn export(
    spec: &NetworkSpec,
    populations: &[Population],
    synapses: &[Synapses],
    dt_ms: f64,
) -> Result<(Graph, Vec<String>), String> {
    let (mut graph, mut notes) = (Graph::default(), Vec::new());
    let mut room = MAX_WEIGHTS;
    let mut place = Vec::new();
    for (population, drawn) in spec.populations.iter().zip(populations) {
        let size = population.size;
        let kind = match &population.kind {
            PopulationKind::Source(_) => Kind::Input,
            PopulationKind::Neuron { neuron, .. } => {
                Kind::Neuron(block(neuron.model, drawn, dt_ms, &mut notes, &population.name)?)
            }
        };
        place.push(graph.nodes.len());
        graph.nodes.push(shaped(population.name.clone(), kind, size, size));
    }
    for input in &spec.inputs {
        notes.push(format!("input {}: noise and currents are no part of a NIR graph; left out", input.name));
    }
    for (projection, synapses) in spec.projections.iter().zip(synapses) {
        notes.extend(unsaid(projection, "NIR"));
        let size = |population: usize| spec.populations[population].size;
        let ends = (projection.source.population, projection.target.population);
        if let PopulationKind::Source(_) = spec.populations[ends.1].kind {
            notes.push(format!(
                "projection {}: its target is a source, which takes no input; left out",
                projection.name
            ));
            continue;
        }
        let matrices = matrices(projection, synapses, (size(ends.0), size(ends.1)), &mut room)?;
        let alone = matrices.len() == 1;
        for (number, (delay_ms, weight)) in matrices.into_iter().enumerate() {
            let name = if alone { projection.name.clone() } else { format!("{}_{}", projection.name, number + 1) };
            let layer = Layer { weight, size: (size(ends.1), size(ends.0)), bias: None };
            let linear = graph.nodes.len();
            graph.nodes.push(shaped(name.clone(), Kind::Linear(layer), size(ends.0), size(ends.1)));
            graph.edges.push((place[ends.0], linear));
            let delay = Kind::Delay(vec![delay_ms * 1e-3; size(ends.1)]);
            graph.nodes.push(shaped(format!("{name}.delay"), delay, size(ends.1), size(ends.1)));
            graph.edges.push((linear, linear + 1));
            graph.edges.push((linear + 1, place[ends.1]));
        }
    }
    let neurons = |kind: &PopulationKind| matches!(kind, PopulationKind::Neuron { .. });
    let any_source = !spec.populations.iter().all(|p| neurons(&p.kind));
    for (population, &node) in spec.populations.iter().zip(&place).filter(|(p, _)| neurons(&p.kind)) {
        if !any_source {
            graph.edges.push((graph.nodes.len(), node));
            graph.nodes.push(shaped(
                format!("{}.input", population.name),
                Kind::Input,
                population.size,
                population.size,
            ));
        }
        graph.edges.push((node, graph.nodes.len()));
        graph.nodes.push(shaped(format!("{}.output", population.name), Kind::Output, population.size, population.size));
    }
    notes.extend(told_apart(&mut graph));
    Ok((graph, notes))
}

/// Numbers nodes that have the name of an earlier one: a projection may be called as a population is. Says which.
fn told_apart(graph: &mut Graph) -> Option<String> {
    let own: BTreeSet<String> = graph.nodes.iter().map(|node| node.name.clone()).collect();
    let (mut taken, mut changed) = (BTreeSet::new(), Vec::new());
    for node in &mut graph.nodes {
        if taken.insert(node.name.clone()) {
            continue;
        }
        let free = numbered(&node.name, |name| own.contains(name) || taken.contains(name));
        changed.push(format!("{} is {free}", node.name));
        taken.insert(free.clone());
        node.name = free;
    }
    (!changed.is_empty()).then(|| format!("nodes with the name of another are numbered: {}", changed.join(", ")))
}

fn shaped(name: String, kind: Kind, takes: usize, gives: usize) -> Node {
    Node { input: vec![takes], output: vec![gives], ..Node::new(name, kind) }
}

/// A population of neurons.
fn block(
    model: NeuronModel,
    drawn: &Population,
    dt_ms: f64,
    notes: &mut Vec<String>,
    name: &str,
) -> Result<Neuron, String> {
    let table = model.describe();
    let column = |parameter: &str| -> Vec<f64> {
        let column = table.param(parameter).map(|i| &drawn.params[i]);
        (0..drawn.size).map(|i| column.map_or(f64::NAN, |c: &Column| c.at(i))).collect()
    };
    if !matches!(model, NeuronModel::LifDelta | NeuronModel::LifExp) {
        return Err(format!(
            "population {name}: NIR has no primitive for {}; it has them for lif_delta (LIF) and lif_exp (CubaLIF)",
            table.name
        ));
    }
    if column("theta_plus").iter().any(|x| *x != 0.0) {
        return Err(format!("population {name}: NIR has no threshold that adapts, and theta_plus is not 0"));
    }
    // What has been learned before and stays is a part of the threshold.
    let start = |variable: &str| -> Vec<f64> {
        let column = table.variables.iter().position(|v| v.name == variable).map(|i| &drawn.initial[i]);
        (0..drawn.size)
            .map(|i| column.map_or(f64::NAN, |c| c.at(i)))
            .map(|x| if x.is_nan() { 0.0 } else { x })
            .collect()
    };
    let theta = start("theta");
    if theta.iter().zip(column("tau_theta")).any(|(theta, tau)| *theta != 0.0 && tau.is_finite()) {
        return Err(format!(
            "population {name}: NIR has no threshold that falls back, and theta does not start at 0; with tau_theta = \"inf\" it stays where it \
             is, and v_threshold is v_th + theta"
        ));
    }
    if model == NeuronModel::LifDelta && column("v_min").iter().any(|x| x.is_finite()) {
        return Err(format!("population {name}: NIR has no lower bound of the potential, and v_min is given"));
    }
    if column("t_ref").iter().any(|x| *x != 0.0) {
        notes.push(format!("population {name}: NIR has no refractory period; t_ref is left out"));
    }
    let (tau_m, c_m) = (column("tau_m"), column("c_m"));
    let resistance = |i: usize| tau_m[i] / c_m[i];
    let (e_l, i_e) = (column("e_l"), column("i_e"));
    let v_leak: Vec<f64> = (0..drawn.size).map(|i| e_l[i] + resistance(i) * i_e[i]).collect();
    let at_rest = |i: usize| {
        let start = |variable: usize| Some(drawn.initial[variable].at(i)).filter(|x| !x.is_nan());
        table.variables.iter().enumerate().all(|(variable, known)| match known.name {
            "v_m" => (start(variable).unwrap_or(e_l[i]) - v_leak[i]).abs() < 1e-9,
            "theta" => true,
            _ => start(variable).unwrap_or(0.0) == 0.0,
        })
    };
    if !(0..drawn.size).all(at_rest) {
        notes.push(format!(
            "population {name}: NIR has no initial state; in most frameworks neurons start at v_leak, here they do not"
        ));
    }
    let v_threshold = column("v_th").iter().zip(&theta).map(|(v_th, theta)| v_th + theta).collect();
    let seconds = |ms: &[f64]| ms.iter().map(|t| t * 1e-3).collect::<Vec<f64>>();
    let (synapse, r) = if model == NeuronModel::LifExp {
        let (excitatory, inhibitory) = (column("tau_syn_ex"), column("tau_syn_in"));
        if excitatory != inhibitory {
            return Err(format!(
                "population {name}: a CubaLIF of NIR has one synaptic time constant; tau_syn_ex and tau_syn_in differ"
            ));
        }
        let w_in = excitatory.iter().map(|tau| tau / dt_ms).collect();
        (Some((seconds(&excitatory), w_in)), (0..drawn.size).map(resistance).collect())
    } else {
        (None, tau_m.iter().map(|tau| tau / dt_ms).collect())
    };
    Ok(Neuron {
        shape: vec![drawn.size],
        tau_mem: Some(seconds(&tau_m)),
        synapse,
        r,
        v_leak,
        threshold: Some(Threshold { v_threshold, v_reset: column("v_reset"), given: true }),
    })
}

/// A dense matrix for each delay that occurs \[ms\]: rows are targets. There is `room` for so many weights.
fn matrices(
    projection: &ProjectionSpec,
    synapses: &Synapses,
    (sources, targets): (usize, usize),
    room: &mut usize,
) -> Result<Vec<(f64, Vec<f64>)>, String> {
    // Delays above 0 are ordered as their bits are.
    let mut all: BTreeMap<u64, Vec<f64>> = BTreeMap::new();
    let cells = sources.saturating_mul(targets);
    let too_large = || {
        format!(
            "projection {}: with matrices of {targets} x {sources} weights, one for each delay, the NIR graph has more than {MAX_WEIGHTS} \
             weights, zeros and all; take a smaller network, or fewer different delays",
            projection.name
        )
    };
    for (i, delay) in synapses.delays_ms.iter().enumerate() {
        let full = all.len() >= MAX_DELAYS;
        let matrix = match all.entry(delay.to_bits()) {
            std::collections::btree_map::Entry::Occupied(entry) => entry.into_mut(),
            std::collections::btree_map::Entry::Vacant(_) if full => {
                return Err(format!(
                    "projection {}: its synapses have more than {MAX_DELAYS} different delays, each a matrix in NIR",
                    projection.name
                ));
            }
            std::collections::btree_map::Entry::Vacant(entry) => {
                *room = room.checked_sub(cells).ok_or_else(too_large)?;
                entry.insert(vec![0.0; cells])
            }
        };
        matrix[synapses.targets[i] as usize * sources + synapses.sources[i] as usize] += synapses.weights[i];
    }
    Ok(all.into_iter().map(|(bits, weights)| (f64::from_bits(bits), weights)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_nodes_have_one_name() {
        let mut graph = Graph::default();
        graph.nodes.extend(["a", "a_2", "a", "b", "a"].map(|name| Node::new(name.to_owned(), Kind::Input)));
        assert!(told_apart(&mut graph).unwrap().ends_with("a is a_3, a is a_4"));
        assert_eq!(graph.nodes.iter().map(|n| n.name.as_str()).collect::<Vec<_>>(), ["a", "a_2", "a_3", "b", "a_4"]);
        assert_eq!(told_apart(&mut graph), None);
    }
}
