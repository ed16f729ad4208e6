//! The figures of a run.

use std::fmt::Write;

use memspike::clocked::{self, Outcome, Scheme};
use memspike::counted::{counted, grouped};
use memspike::format::nir::Graph;
use serde_json::{Map, Value, json};

use super::figures::{column, short};
use super::neurons;

/// Each element summed over the steps.
fn sums(rows: &[f64], width: usize) -> Vec<f64> {
    let mut sums = vec![0.0; width];
    rows.chunks_exact(width).for_each(|row| sums.iter_mut().zip(row).for_each(|(sum, x)| *sum += x));
    sums
}

/// So many sums of an output are shown to people.
const SHOWN: usize = 64;

/// As one JSON object. `start` is where on the clock of its recordings the run begins \[s\].
pub(super) fn summary(
    graph: &Graph,
    options: &clocked::Options,
    outcome: &Outcome,
    start: Option<f64>,
    wall: f64,
) -> Value {
    let duration = options.dt * options.steps as f64;
    let population = |(node, spikes): &(usize, clocked::Spikes)| {
        let (n, count) = (&graph.nodes[*node], spikes.times.len());
        (
            n.name.clone(),
            json!({ "size": n.size(), "spikes": count, "rate_hz": count as f64 / (n.size() as f64 * duration) }),
        )
    };
    let outputs = outcome.outputs.iter().map(|(node, rows)| {
        let n = &graph.nodes[*node];
        (n.name.clone(), json!({ "shape": n.output, "sums": sums(rows, n.size()) }))
    });
    json!({
        "neurons": neurons(graph),
        "steps": options.steps,
        "dt_s": options.dt,
        "duration_s": duration,
        "scheme": if options.scheme == Scheme::Exact { "exact" } else { "euler" },
        "reset": if options.subtract { "subtract" } else { "to" },
        "recording_start_s": start,
        "sim_s": wall,
        "spikes": outcome.spikes.iter().map(|(_, s)| s.times.len()).sum::<usize>(),
        "populations": outcome.spikes.iter().map(population).collect::<Map<_, _>>(),
        "outputs": outputs.collect::<Map<_, _>>(),
    })
}

/// For people.
pub(super) fn lay_out(graph: &Graph, options: &clocked::Options, outcome: &Outcome, start: Option<f64>) -> String {
    let duration = options.dt * options.steps as f64;
    let scheme = if options.scheme == Scheme::Exact { "exact" } else { "euler" };
    let mut out = format!(
        "{}; {} of {} s, scheme {scheme}\n",
        counted(neurons(graph), "neuron"),
        counted(options.steps, "step"),
        options.dt
    );
    if let Some(start) = start {
        let _ = writeln!(out, "time 0 is {start} s on the clock of the recordings");
    }
    let width = column(graph.nodes.iter().map(|n| n.name.as_str()), 10);
    let _ = writeln!(out, "\n{:<width$} {:>8} {:>12} {:>11}", "node", "size", "spikes", "rate [Hz]");
    for (node, spikes) in &outcome.spikes {
        let (n, count) = (&graph.nodes[*node], spikes.times.len());
        let rate = short(count as f64 / n.size() as f64 / duration);
        let _ = writeln!(
            out,
            "{:<width$} {:>8} {:>12} {rate:>11}",
            n.name,
            grouped(n.size() as u64),
            grouped(count as u64)
        );
    }
    for (node, rows) in &outcome.outputs {
        let n = &graph.nodes[*node];
        let sums: Vec<String> = sums(rows, n.size()).iter().take(SHOWN).map(|x| short(*x)).collect();
        let more = n.size().saturating_sub(SHOWN);
        let more = if more > 0 { format!(" .. {} more (--json has all)", grouped(more as u64)) } else { String::new() };
        let _ = writeln!(out, "\n{} summed over the steps: {}{more}", n.name, sums.join(" "));
    }
    out
}
