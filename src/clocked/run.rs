//! All steps of a graph.

use super::layers::apply;
use super::neurons::State;
use super::{GraphError, Plan, Scheme};
use crate::format::nir::{Graph, Kind};

/// How a graph is simulated.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// The step \[s\].
    pub dt: f64,
    /// Number of steps.
    pub steps: usize,
    /// How neurons go on.
    pub scheme: Scheme,
    /// In the scheme of Euler, a spike takes v_threshold - v_reset off v instead of setting it to v_reset.
    pub subtract: bool,
    /// By node, rows of numbers, one per step; a node of the kind Input gets 0 beyond them.
    pub inputs: Vec<(usize, Vec<f64>)>,
    /// Nodes of neurons whose potentials are kept.
    pub potentials: Vec<usize>,
}

/// Spikes of a node, by (step, neuron); in the exact scheme in the order of time within a neuron and step.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Spikes {
    /// Times \[s\]: of a step its end, in the exact scheme the time of the crossing.
    pub times: Vec<f64>,
    /// Neurons.
    pub neurons: Vec<usize>,
}

/// What a graph did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// By node that spikes.
    pub spikes: Vec<(usize, Spikes)>,
    /// By node of the kind Output: a row for each step.
    pub outputs: Vec<(usize, Vec<f64>)>,
    /// By node of `potentials`: a row for each step, after it.
    pub potentials: Vec<(usize, Vec<f64>)>,
}

/// Simulates a graph.
///
/// # Errors
/// If a circle has no state, or a potential or what a node gives grows without bound.
pub fn run(graph: &Graph, options: &Options) -> Result<Outcome, GraphError> {
    run_until(graph, options, || false).map(|(outcome, _)| outcome)
}

/// Simulates a graph until `stop`, which is asked after each step; gives the number of steps too.
///
/// # Errors
/// As [`run`].
pub fn run_until(graph: &Graph, options: &Options, stop: impl Fn() -> bool) -> Result<(Outcome, usize), GraphError> {
    let plan = Plan::of(graph)?;
    let named = |node: usize| move |e: GraphError| GraphError(format!("{}: {}", graph.nodes[node].name, e.0));
    let mut states: Vec<Option<State>> = graph
        .nodes
        .iter()
        .map(|node| match &node.kind {
            Kind::Neuron(neuron) => Some(State::new(neuron)),
            _ => None,
        })
        .collect();
    let mut lines: Vec<Option<Line>> = graph
        .nodes
        .iter()
        .map(|node| match &node.kind {
            Kind::Delay(delay) => Some(Line::new(delay, options.dt)),
            _ => None,
        })
        .collect();
    let mut given: Vec<Vec<f64>> = graph.nodes.iter().map(|node| vec![0.0; node.size()]).collect();
    let mut before: Vec<Vec<f64>> = given.clone();
    let mut taken: Vec<Vec<f64>> = graph.nodes.iter().map(|n| vec![0.0; n.input.iter().product()]).collect();
    let keep = |fits: &dyn Fn(usize) -> bool| -> Vec<usize> { (0..graph.nodes.len()).filter(|i| fits(*i)).collect() };
    let mut outcome = Outcome {
        spikes: keep(&|i| graph.nodes[i].kind.spikes()).into_iter().map(|i| (i, Spikes::default())).collect(),
        outputs: keep(&|i| graph.nodes[i].kind == Kind::Output).into_iter().map(|i| (i, Vec::new())).collect(),
        potentials: options.potentials.iter().map(|i| (*i, Vec::new())).collect(),
    };
    for step in 0..options.steps {
        let start = step as f64 * options.dt;
        // What late edges give is what was given when the last step ended.
        plan.late.iter().for_each(|(from, _)| before[*from].clone_from(&given[*from]));
        for &index in &plan.order {
            let node = &graph.nodes[index];
            let x = &mut taken[index];
            x.fill(0.0);
            for &(from, late) in &plan.incoming[index] {
                let values = if late { &before[from] } else { &given[from] };
                x.iter_mut().zip(values).for_each(|(x, value)| *x += value);
            }
            for (_, rows) in options.inputs.iter().filter(|(node, _)| *node == index) {
                if let Some(row) = rows.chunks_exact(x.len()).nth(step) {
                    x.iter_mut().zip(row).for_each(|(x, value)| *x += value);
                }
            }
            let out = &mut given[index];
            match (&node.kind, &mut states[index], &mut lines[index]) {
                (Kind::Neuron(neuron), Some(state), _) => {
                    let mut spikes = outcome.spikes.iter_mut().find(|(node, _)| *node == index);
                    let mut spike = |neuron: usize, offset: f64| {
                        if let Some((_, spikes)) = &mut spikes {
                            spikes.times.push(start + offset);
                            spikes.neurons.push(neuron);
                        }
                    };
                    let how = (options.dt, options.scheme, options.subtract);
                    state.step(neuron, x, out, how, &mut spike).map_err(named(index))?;
                }
                (Kind::Delay(_), _, Some(line)) => line.shift(x, out),
                _ => apply(node, x, out),
            }
            if let Some(k) = out.iter().position(|value| !value.is_finite()) {
                let message = format!("gives {} for its element {k} in step {step}, expected finite numbers", out[k]);
                return Err(named(index)(GraphError(message)));
            }
        }
        outcome.outputs.iter_mut().for_each(|(node, rows)| rows.extend(&given[*node]));
        for (node, rows) in &mut outcome.potentials {
            if let Some(state) = &states[*node] {
                rows.extend(&state.v);
            }
        }
        if stop() {
            return Ok((outcome, step + 1));
        }
    }
    Ok((outcome, options.steps))
}

/// What was given in the last steps, as long as the longest delay.
struct Line {
    /// Delays in steps.
    steps: Vec<usize>,
    rows: std::collections::VecDeque<Vec<f64>>,
    longest: usize,
}

impl Line {
    fn new(delays: &[f64], dt: f64) -> Line {
        let steps: Vec<usize> = delays.iter().map(|delay| (delay / dt).round() as usize).collect();
        let longest = steps.iter().copied().max().unwrap_or(0);
        Line { steps, rows: std::collections::VecDeque::new(), longest }
    }

    fn shift(&mut self, x: &[f64], out: &mut [f64]) {
        self.rows.push_front(x.to_vec());
        self.rows.truncate(self.longest.saturating_add(1));
        for (i, out) in out.iter_mut().enumerate() {
            *out = self.rows.get(self.steps[i]).map_or(0.0, |row| row[i]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_are_of_whole_steps_and_may_be_longer_than_any_run() {
        let mut line = Line::new(&[0.002, 1e30], 1e-3);
        let out = [1.0, 2.0, 3.0].map(|x| {
            let mut out = [f64::NAN; 2];
            line.shift(&[x, x], &mut out);
            out
        });
        assert_eq!(out, [[0.0, 0.0], [0.0, 0.0], [1.0, 0.0]]);
    }
}
