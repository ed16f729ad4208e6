//! The nodes of a graph.

use serde::{Deserialize, Serialize};

/// A graph without nested graphs; nodes in the order of their names.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct Graph {
    /// Version of NIR that the file names.
    pub version: String,
    /// Nodes.
    pub nodes: Vec<Node>,
    /// From the output of a node to the input of another; several into one node add up.
    pub edges: Vec<(usize, usize)>,
    /// What the reader had to decide.
    pub notes: Vec<String>,
}

/// A node.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Node {
    /// Its name.
    pub name: String,
    /// What it does.
    pub kind: Kind,
    /// Shape of what it takes.
    pub input: Vec<usize>,
    /// Shape of what it gives.
    pub output: Vec<usize>,
}

/// What a node does with its input.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub enum Kind {
    /// Gives what the graph is given.
    Input,
    /// Takes what the graph gives.
    Output,
    /// Input or output of a nested graph.
    Identity,
    /// Linear, Affine.
    Linear(Layer),
    /// Conv1d, Conv2d.
    Convolution(Convolution),
    /// SumPool2d, AvgPool2d.
    Pool(Pool),
    /// Flatten: dimensions `start` to `end` become one; negative ones count from the end.
    Flatten {
        /// The first.
        start: i64,
        /// The last.
        end: i64,
    },
    /// Scale: y = s x, element by element.
    Scale(Vec<f64>),
    /// Threshold: y = 1 where x > threshold, else 0.
    Threshold(Vec<f64>),
    /// Delay: y(t) = x(t - delay) \[s\].
    Delay(Vec<f64>),
    /// LIF, CubaLIF, LI, CubaLI, I, IF.
    Neuron(Neuron),
}

/// y = W x + b.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Layer {
    /// Rows are outputs, row by row.
    pub weight: Vec<f64>,
    /// Number of outputs and inputs.
    pub size: (usize, usize),
    /// None for Linear.
    pub bias: Option<Vec<f64>>,
}

/// How a convolution goes beyond the edges: with zeros.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub enum Padding {
    /// So many on both sides of each dimension.
    Both([usize; 2]),
    /// So that the output is as large as the input.
    Same,
}

/// y\[o, p\] = b\[o\] + sum over c, k of W\[o, c, k\] x\[c, stride p + dilation k - padding\]. A one-dimensional one has a first
/// dimension of 1.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Convolution {
    /// Is it Conv1d?
    pub flat: bool,
    /// \[outputs, inputs / groups, kernel, kernel\].
    pub weight: Vec<f64>,
    /// Shape of the weight.
    pub shape: [usize; 4],
    /// Steps of the output.
    pub stride: [usize; 2],
    /// Zeros around the input.
    pub padding: Padding,
    /// Steps within the kernel.
    pub dilation: [usize; 2],
    /// Channels are connected within this many groups only.
    pub groups: usize,
    /// By output channel.
    pub bias: Vec<f64>,
}

impl Convolution {
    /// Zeros before the input in each dimension.
    pub fn before(&self) -> [usize; 2] {
        match self.padding {
            Padding::Both(zeros) => zeros,
            Padding::Same => [0, 1].map(|d| self.dilation[d] * (self.shape[2 + d] - 1) / 2),
        }
    }
}

/// Sums or means over windows of each channel; zeros around the input count.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Pool {
    /// Is it AvgPool2d?
    pub mean: bool,
    /// Extents of a window.
    pub kernel: [usize; 2],
    /// Steps of the output.
    pub stride: [usize; 2],
    /// Zeros around the input.
    pub padding: [usize; 2],
}

/// Neurons: tau_syn dI/dt = -I + w_in x and tau_mem dv/dt = v_leak - v + r I. Without tau_syn I is x; without tau_mem dv/dt = r I. With a
/// threshold they give spikes, without one v.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Neuron {
    /// Shape of the block; all lists have an entry for each neuron.
    pub shape: Vec<usize>,
    /// Membrane time constants \[s\].
    pub tau_mem: Option<Vec<f64>>,
    /// Synaptic time constants \[s\] and input weights.
    pub synapse: Option<(Vec<f64>, Vec<f64>)>,
    /// Resistances.
    pub r: Vec<f64>,
    /// Resting potentials.
    pub v_leak: Vec<f64>,
    /// When they spike.
    pub threshold: Option<Threshold>,
}

/// A spike where v > v_threshold; then v = v_reset.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Threshold {
    /// Thresholds.
    pub v_threshold: Vec<f64>,
    /// Potentials after a spike.
    pub v_reset: Vec<f64>,
    /// Whether the file gives them; files before version 1 do not, and 0 is meant.
    pub given: bool,
}

impl Kind {
    /// NIR's name of the primitive.
    pub fn name(&self) -> &'static str {
        match self {
            Kind::Input => "Input",
            Kind::Output => "Output",
            Kind::Identity => "Identity",
            Kind::Linear(Layer { bias: None, .. }) => "Linear",
            Kind::Linear(_) => "Affine",
            Kind::Convolution(Convolution { flat: true, .. }) => "Conv1d",
            Kind::Convolution(_) => "Conv2d",
            Kind::Pool(Pool { mean: true, .. }) => "AvgPool2d",
            Kind::Pool(_) => "SumPool2d",
            Kind::Flatten { .. } => "Flatten",
            Kind::Scale(_) => "Scale",
            Kind::Threshold(_) => "Threshold",
            Kind::Delay(_) => "Delay",
            Kind::Neuron(neuron) => match (&neuron.tau_mem, &neuron.synapse, &neuron.threshold) {
                (Some(_), Some(_), Some(_)) => "CubaLIF",
                (Some(_), Some(_), None) => "CubaLI",
                (Some(_), None, Some(_)) => "LIF",
                (Some(_), None, None) => "LI",
                (None, _, Some(_)) => "IF",
                (None, _, None) => "I",
            },
        }
    }

    /// Have all parameters as many entries as the shapes say?
    pub(super) fn fits(&self) -> bool {
        let product = |shape: &[usize]| shape.iter().try_fold(1usize, |all, n| all.checked_mul(*n));
        match self {
            Kind::Linear(Layer { weight, size, bias }) => {
                product(&[size.0, size.1]) == Some(weight.len()) && bias.as_ref().is_none_or(|b| b.len() == size.0)
            }
            Kind::Convolution(Convolution { weight, shape, stride, groups, bias, .. }) => {
                let whole = *groups > 0 && shape[0] % groups == 0 && !stride.contains(&0);
                whole && product(shape) == Some(weight.len()) && bias.len() == shape[0]
            }
            Kind::Pool(pool) => !pool.kernel.contains(&0) && !pool.stride.contains(&0),
            Kind::Neuron(neuron) => {
                let threshold = neuron.threshold.iter().flat_map(|t| [&t.v_threshold, &t.v_reset]);
                let synapse = neuron.synapse.iter().flat_map(|(tau, w_in)| [tau, w_in]);
                let mut all = neuron.tau_mem.iter().chain(synapse).chain(threshold).chain([&neuron.r, &neuron.v_leak]);
                product(&neuron.shape).is_some_and(|count| all.all(|values| values.len() == count))
            }
            // Of these the shape follows from what comes in.
            Kind::Scale(_) | Kind::Threshold(_) | Kind::Delay(_) => true,
            Kind::Input | Kind::Output | Kind::Identity | Kind::Flatten { .. } => true,
        }
    }

    /// Does it keep something from step to step?
    pub fn has_state(&self) -> bool {
        matches!(self, Kind::Neuron(_) | Kind::Delay(_))
    }

    /// Does it give spikes?
    pub fn spikes(&self) -> bool {
        matches!(self, Kind::Neuron(Neuron { threshold: Some(_), .. }))
    }
}

impl Node {
    /// A node whose shapes are not known yet.
    pub fn new(name: impl Into<String>, kind: Kind) -> Node {
        Node { name: name.into(), kind, input: Vec::new(), output: Vec::new() }
    }

    /// Number of elements that it gives.
    pub fn size(&self) -> usize {
        self.output.iter().product()
    }
}
