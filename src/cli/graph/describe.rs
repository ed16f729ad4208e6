//! What a graph is.

use std::fmt::Write;
use std::path::Path;

use memspike::clocked::Plan;
use memspike::counted::counted;
use memspike::format::nir::{Graph, Kind, Neuron, Threshold, read_graph};
use serde_json::{Map, Value, json};

use super::figures::column;
use super::{Done, Failure, neurons};

/// What a graph is.
pub fn describe(path: &Path, as_json: bool) -> Result<Done, Failure> {
    let graph = read_graph(path).map_err(Failure::input)?;
    let plan = Plan::of(&graph).map_err(|e| Failure::input(format!("{}: {e}.", path.display())))?;
    if as_json {
        return Done::json(&shown(path, &graph, &plan));
    }
    let version = if graph.version.is_empty() { "unknown" } else { &graph.version };
    let mut out = format!("{}: NIR graph, version {version}\n\n", path.display());
    let _ = writeln!(
        out,
        "{}, {}, {}, {}",
        counted(graph.nodes.len(), "node"),
        counted(graph.edges.len(), "edge"),
        counted(neurons(&graph), "neuron"),
        counted(graph.nodes.iter().map(|n| parameters(&n.kind)).sum::<usize>(), "parameter")
    );
    let width = column(graph.nodes.iter().map(|n| n.name.as_str()), 4);
    let shape = |shape: &[usize]| shape.iter().map(usize::to_string).collect::<Vec<_>>().join(" x ");
    let _ = writeln!(out, "\n{:<width$} {:<10} {:>14} {:>14}  to", "node", "kind", "takes", "gives");
    for (index, node) in graph.nodes.iter().enumerate() {
        let (takes, gives) = (shape(&node.input), shape(&node.output));
        let to = graph.edges.iter().filter(|(from, _)| *from == index).map(|(from, to)| {
            let late = if plan.late.contains(&(*from, *to)) { " (a step later)" } else { "" };
            format!("{}{late}", graph.nodes[*to].name)
        });
        let to: Vec<String> = to.collect();
        let line = format!("{:<width$} {:<10} {takes:>14} {gives:>14}  {}", node.name, node.kind.name(), to.join(", "));
        let _ = writeln!(out, "{}", line.trim_end());
    }
    if let Some(given) = reset_given(&graph) {
        let text = if given {
            "v = v_reset, as the file gives it"
        } else {
            "v = 0: the file gives no v_reset, as none before NIR 1 does"
        };
        let _ = writeln!(out, "\nafter a spike {text}; --reset subtract for graphs of sinabs or snnTorch");
    }
    graph.notes.iter().for_each(|note| out += &format!("note: {note}\n"));
    Ok(Done::text(out))
}

fn shown(path: &Path, graph: &Graph, plan: &Plan) -> Value {
    let name = |i: &usize| graph.nodes[*i].name.clone();
    let edge = |(from, to): &(usize, usize)| json!([name(from), name(to)]);
    json!({
        "file": path.display().to_string(),
        "kind": "NIR graph",
        "version": graph.version,
        "neurons": neurons(graph),
        "v_reset_given": reset_given(graph),
        "nodes": graph.nodes.iter().map(|n| (n.name.clone(), json!({
            "kind": n.kind.name(), "input": n.input, "output": n.output, "parameters": parameters(&n.kind),
        }))).collect::<Map<_, _>>(),
        "edges": graph.edges.iter().map(edge).collect::<Vec<_>>(),
        "late_edges": plan.late.iter().map(edge).collect::<Vec<_>>(),
        "notes": graph.notes,
    })
}

/// Whether all neurons that spike have a reset potential in the file; none if no neuron spikes.
fn reset_given(graph: &Graph) -> Option<bool> {
    let given = graph.nodes.iter().filter_map(|n| match &n.kind {
        Kind::Neuron(Neuron { threshold: Some(Threshold { given, .. }), .. }) => Some(*given),
        _ => None,
    });
    given.reduce(|a, b| a && b)
}

/// Numbers that a node keeps.
fn parameters(kind: &Kind) -> usize {
    match kind {
        Kind::Linear(layer) => layer.weight.len() + layer.bias.as_ref().map_or(0, Vec::len),
        Kind::Convolution(c) => c.weight.len() + c.bias.len(),
        Kind::Scale(values) | Kind::Threshold(values) | Kind::Delay(values) => values.len(),
        Kind::Neuron(n) => {
            let each = 2
                + usize::from(n.tau_mem.is_some())
                + 2 * usize::from(n.synapse.is_some())
                + 2 * usize::from(n.threshold.is_some());
            n.r.len() * each
        }
        _ => 0,
    }
}
