//! Reading: HDF5 to a graph without nested graphs.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::kinds::{Convolution, Graph, Kind, Layer, Neuron, Node, Padding, Pool, Threshold};
use super::{said, shapes};
use crate::format::contain;
use crate::format::error::{Fault, FormatError};
use crate::format::h5::{H5, join, list};

/// Graphs within graphs, so deep.
const DEEPEST: usize = 16;
/// No graph that anybody trained has more nodes.
const MAX_NODES: usize = 1 << 16;

/// Reads a graph and works out its shapes.
///
/// # Errors
/// If the file is no graph, or a node or edge in it can't be.
pub fn read_graph(path: &Path) -> Result<Graph, FormatError> {
    let Stored { mut graph, places, declared } = contain::read(path)?;
    shapes::infer(&mut graph).map_err(|(name, message)| {
        let place = graph.nodes.iter().position(|n| n.name == name).map_or("/node", |i| places[i].as_str());
        FormatError::new(path, place, Fault::Invalid, message)
    })?;
    let contradicted = said::contradicted(&graph, &declared);
    graph.notes.extend(contradicted);
    Ok(graph)
}

/// A graph as it is stored: shapes are not worked out yet.
#[derive(Debug, Deserialize, Serialize)]
pub(in crate::format) struct Stored {
    graph: Graph,
    /// Where each node is in the file.
    places: Vec<String>,
    /// The shapes that nodes say to get.
    declared: Vec<(usize, Vec<usize>)>,
}

impl Stored {
    /// Reads it from an open file.
    pub(in crate::format) fn read(h5: &H5) -> Result<Stored, FormatError> {
        if !h5.is_group("/node/nodes") && h5.text("/node/type").is_none() {
            let message = format!("holds {}, but no /node with a type: expected a NIR graph", list(&h5.members("/")));
            return Err(h5.error("", Fault::UnknownLayout, message));
        }
        let mut reader = Reader { h5, graph: Graph::default(), places: Vec::new(), declared: Vec::new() };
        reader.graph.version = h5.text("/version").unwrap_or_default();
        match h5.text("/node/type").as_deref() {
            None | Some("NIRGraph") => drop(reader.graph("/node", "", 0)?),
            // A single node is a graph of its own.
            Some(_) => drop(reader.single("/node")?),
        }
        let Reader { graph, places, declared, .. } = reader;
        if graph.nodes.is_empty() {
            return Err(h5.error("/node/nodes", Fault::Incomplete, "holds no node"));
        }
        Ok(Stored { graph, places, declared })
    }

    /// The matrices of weights, which are long.
    pub(in crate::format) fn weights(&mut self) -> Vec<&mut Vec<f64>> {
        let nodes = self.graph.nodes.iter_mut();
        nodes
            .filter_map(|node| match &mut node.kind {
                Kind::Linear(layer) => Some(&mut layer.weight),
                Kind::Convolution(convolution) => Some(&mut convolution.weight),
                _ => None,
            })
            .collect()
    }

    /// Whether lengths and indices fit together.
    pub(in crate::format) fn check(&self) -> Result<(), String> {
        let Stored { graph: Graph { nodes, edges, .. }, places, .. } = self;
        if places.len() != nodes.len() {
            return Err(format!("{} places of {} nodes", places.len(), nodes.len()));
        }
        if let Some((from, to)) = edges.iter().find(|(from, to)| nodes.len() <= *from.max(to)) {
            return Err(format!("an edge {from} -> {to} between {} nodes", nodes.len()));
        }
        match nodes.iter().find(|node| !node.kind.fits()) {
            Some(node) => Err(format!("{}: parameters of other lengths than its shape", node.name)),
            None => Ok(()),
        }
    }
}

struct Reader<'a> {
    h5: &'a H5<'a>,
    graph: Graph,
    /// Where each node is in the file.
    places: Vec<String>,
    /// The shapes that nodes say to get.
    declared: Vec<(usize, Vec<usize>)>,
}

/// Where edges to and from a name go: nodes of a nested graph's inputs and outputs.
struct Ends {
    inputs: Vec<usize>,
    outputs: Vec<usize>,
}

impl Reader<'_> {
    fn graph(&mut self, place: &str, prefix: &str, depth: usize) -> Result<Ends, FormatError> {
        if depth > DEEPEST {
            return Err(self.h5.error(place, Fault::TooLarge, format!("graphs are nested more than {DEEPEST} deep")));
        }
        let nodes_place = join(place, "nodes");
        let mut ends = BTreeMap::new();
        let mut own = Ends { inputs: Vec::new(), outputs: Vec::new() };
        for name in self.h5.members(&nodes_place) {
            let at = join(&nodes_place, &name);
            let full = format!("{prefix}{name}");
            let Some(kind) = self.h5.text(&join(&at, "type")) else {
                let message = "has no `type`, a text such as \"LIF\"";
                return Err(self.h5.error(&at, Fault::Incomplete, message));
            };
            if kind == "NIRGraph" {
                let inner = self.graph(&at, &format!("{full}."), depth + 1)?;
                ends.insert(name, inner);
                continue;
            }
            let mut node = self.node(&at, full, &kind)?;
            let index = self.graph.nodes.len();
            self.graph.notes.extend(said::unread(self.h5, &at, &kind));
            self.declared.extend(said::declared(self.h5, &at, &kind).map(|shape| (index, shape)));
            match node.kind {
                Kind::Input => own.inputs.push(index),
                Kind::Output => own.outputs.push(index),
                _ => {}
            }
            if depth > 0 && matches!(node.kind, Kind::Input | Kind::Output) {
                node.kind = Kind::Identity;
            }
            self.push(node, at)?;
            ends.insert(name, Ends { inputs: vec![index], outputs: vec![index] });
        }
        self.edges(&join(place, "edges"), &ends)?;
        Ok(own)
    }

    fn push(&mut self, node: Node, place: String) -> Result<(), FormatError> {
        if self.graph.nodes.len() >= MAX_NODES {
            return Err(self.h5.error(&place, Fault::TooLarge, format!("the graph has more than {MAX_NODES} nodes")));
        }
        self.graph.nodes.push(node);
        self.places.push(place);
        Ok(())
    }

    /// A file that holds one node: with an input before it and an output behind it.
    fn single(&mut self, place: &str) -> Result<(), FormatError> {
        let kind = self.h5.text(&join(place, "type")).unwrap_or_default();
        let node = self.node(place, "node".to_owned(), &kind)?;
        let Some(shape) = shapes::own_input(&node.kind) else {
            let message = format!("is a single {kind}, whose input shape is not given: expected a graph");
            return Err(self.h5.error(place, Fault::Invalid, message));
        };
        let input = Node { input: shape.clone(), output: shape, ..Node::new("input", Kind::Input) };
        self.push(input, place.to_owned())?;
        self.push(node, place.to_owned())?;
        self.push(Node::new("output", Kind::Output), place.to_owned())?;
        self.graph.edges = vec![(0, 1), (1, 2)];
        Ok(())
    }

    fn edges(&mut self, place: &str, ends: &BTreeMap<String, Ends>) -> Result<(), FormatError> {
        let shape = self.h5.shape(place)?;
        if shape.iter().product::<usize>() == 0 {
            return Ok(());
        }
        let names = self.h5.texts(place)?;
        if shape.len() != 2 || shape[1] != 2 || names.len() != shape[0] * 2 {
            let message = format!("found the shape {shape:?}, expected pairs of names [edges, 2]");
            return Err(self.h5.error(place, Fault::WrongType, message));
        }
        for (i, pair) in names.chunks_exact(2).enumerate() {
            let find = |name: &String| {
                ends.get(name).ok_or_else(|| {
                    let there: Vec<String> = ends.keys().cloned().collect();
                    let message =
                        format!("edge {i}, {} -> {}, names {name}, but there are {}", pair[0], pair[1], list(&there));
                    self.h5.error(place, Fault::Invalid, message)
                })
            };
            let ([from], [to]) = (&find(&pair[0])?.outputs[..], &find(&pair[1])?.inputs[..]) else {
                let message = format!(
                    "edge {i}, {} -> {}, joins a nested graph that has not exactly one input and output",
                    pair[0], pair[1]
                );
                return Err(self.h5.error(place, Fault::Invalid, message));
            };
            if self.graph.edges.contains(&(*from, *to)) {
                let message = format!("edge {i}, {} -> {}, is there twice", pair[0], pair[1]);
                return Err(self.h5.error(place, Fault::Invalid, message));
            }
            self.graph.edges.push((*from, *to));
        }
        Ok(())
    }

    fn node(&mut self, at: &str, name: String, kind: &str) -> Result<Node, FormatError> {
        let mut declared = None;
        let kind = match kind {
            "Input" => {
                declared = Some(self.counts(at, "shape")?);
                Kind::Input
            }
            // What comes in says the shape of an output.
            "Output" => Kind::Output,
            "Linear" | "Affine" => Kind::Linear(self.linear(at, kind == "Affine")?),
            "Conv1d" | "Conv2d" => Kind::Convolution(self.convolution(at, kind == "Conv1d")?),
            "SumPool2d" | "AvgPool2d" => Kind::Pool(Pool {
                mean: kind == "AvgPool2d",
                kernel: self.two(at, "kernel_size", 1)?,
                stride: self.two(at, "stride", 1)?,
                padding: self.two(at, "padding", 0)?,
            }),
            "Flatten" => {
                let whole = |name: &str| self.one(at, name).map(|n| n as i64);
                Kind::Flatten { start: whole("start_dim")?, end: whole("end_dim")? }
            }
            "Scale" => Kind::Scale(self.finite(at, "scale")?.0),
            "Threshold" => Kind::Threshold(self.finite(at, "threshold")?.0),
            "Delay" => {
                let (delay, _) = self.finite(at, "delay")?;
                if let Some(bad) = delay.iter().find(|d| **d < 0.0) {
                    return Err(self.invalid(at, "delay", format!("holds {bad}, expected 0 or more")));
                }
                Kind::Delay(delay)
            }
            "LIF" | "CubaLIF" | "LI" | "CubaLI" | "I" | "IF" => Kind::Neuron(self.neuron(at, kind)?),
            other => {
                let message = format!(
                    "is a {other}; known are Input, Output, Linear, Affine, Conv1d, Conv2d, SumPool2d, AvgPool2d, Flatten, \
                     Scale, Threshold, Delay, LIF, CubaLIF, LI, CubaLI, I, IF and NIRGraph"
                );
                return Err(self.h5.error(at, Fault::UnknownLayout, message));
            }
        };
        let mut node = Node::new(name, kind);
        node.input = declared.or_else(|| shapes::own_input(&node.kind)).unwrap_or_default();
        Ok(node)
    }

    fn invalid(&self, at: &str, name: &str, message: impl Into<String>) -> FormatError {
        self.h5.error(&join(at, name), Fault::Invalid, message)
    }

    /// Numbers of any shape, all of them finite.
    fn finite(&self, at: &str, name: &str) -> Result<(Vec<f64>, Vec<usize>), FormatError> {
        let numbers = self.h5.numbers(&join(at, name))?;
        match numbers.data.iter().find(|x| !x.is_finite()) {
            Some(bad) => Err(self.invalid(at, name, format!("holds {bad}, expected finite numbers"))),
            None => Ok((numbers.data, numbers.shape)),
        }
    }

    fn one(&self, at: &str, name: &str) -> Result<f64, FormatError> {
        match self.finite(at, name)?.0[..] {
            [one] => Ok(one),
            ref other => Err(self.invalid(at, name, format!("holds {} numbers, expected one", other.len()))),
        }
    }

    /// Whole numbers, 1 or more.
    fn counts(&self, at: &str, name: &str) -> Result<Vec<usize>, FormatError> {
        let (numbers, _) = self.finite(at, name)?;
        let count = |x: &f64| (*x >= 1.0 && x.fract() == 0.0 && *x < 1e9).then_some(*x as usize);
        let all: Option<Vec<usize>> = numbers.iter().map(count).collect();
        all.filter(|all| !all.is_empty())
            .ok_or_else(|| self.invalid(at, name, format!("is {numbers:?}, expected whole numbers above 0")))
    }

    /// Two whole numbers, `least` or more; one stands for both.
    fn two(&self, at: &str, name: &str, least: usize) -> Result<[usize; 2], FormatError> {
        let (numbers, _) = self.finite(at, name)?;
        let fine = |x: f64| x >= least as f64 && x.fract() == 0.0 && x < 1e6;
        match numbers[..] {
            [one] if fine(one) => Ok([one as usize; 2]),
            [a, b] if fine(a) && fine(b) => Ok([a as usize, b as usize]),
            _ => Err(self.invalid(
                at,
                name,
                format!("is {numbers:?}, expected one or two whole numbers, {least} or more"),
            )),
        }
    }

    fn linear(&self, at: &str, affine: bool) -> Result<Layer, FormatError> {
        let (weight, shape) = self.finite(at, "weight")?;
        let [outputs, inputs] = shape[..] else {
            return Err(self.invalid(at, "weight", format!("has the shape {shape:?}, expected [outputs, inputs]")));
        };
        if outputs == 0 || inputs == 0 {
            return Err(self.invalid(at, "weight", "is empty"));
        }
        let bias = if affine { Some(self.block(at, "bias", outputs)?) } else { None };
        Ok(Layer { weight, size: (outputs, inputs), bias })
    }

    /// As many numbers as a block has elements; one stands for all.
    fn block(&self, at: &str, name: &str, count: usize) -> Result<Vec<f64>, FormatError> {
        let (values, _) = self.finite(at, name)?;
        match values[..] {
            [one] => Ok(vec![one; count]),
            _ if values.len() == count => Ok(values),
            _ => Err(self.invalid(at, name, format!("has {} values, expected {count}", values.len()))),
        }
    }

    fn convolution(&self, at: &str, flat: bool) -> Result<Convolution, FormatError> {
        let (weight, shape) = self.finite(at, "weight")?;
        let shape = match (flat, &shape[..]) {
            (true, &[o, c, n]) => [o, c, 1, n],
            (false, &[o, c, x, y]) => [o, c, x, y],
            _ => {
                let expected = if flat { "[outputs, inputs, kernel]" } else { "[outputs, inputs, kernel, kernel]" };
                return Err(self.invalid(at, "weight", format!("has the shape {shape:?}, expected {expected}")));
            }
        };
        if weight.is_empty() {
            return Err(self.invalid(at, "weight", "is empty"));
        }
        // Of a one-dimensional one, the second number counts.
        let two = |name: &str, least: usize| {
            self.two(at, name, least).map(|[a, b]| if flat { [if least == 0 { 0 } else { 1 }, b] } else { [a, b] })
        };
        let (stride, dilation) = (two("stride", 1)?, two("dilation", 1)?);
        let padding = match self.h5.text(&join(at, "padding")).as_deref() {
            Some("valid") => Padding::Both([0, 0]),
            Some("same") if stride == [1, 1] => Padding::Same,
            Some("same") => return Err(self.invalid(at, "padding", "is \"same\", which needs a stride of 1")),
            Some(other) => {
                return Err(self.invalid(
                    at,
                    "padding",
                    format!("is {other:?}, expected numbers, \"valid\" or \"same\""),
                ));
            }
            None => Padding::Both(two("padding", 0)?),
        };
        let groups = self.one(at, "groups")?;
        if !(groups >= 1.0 && groups.fract() == 0.0 && shape[0] as f64 % groups == 0.0) {
            let message = format!("is {groups}, expected a whole number that divides the {} outputs", shape[0]);
            return Err(self.invalid(at, "groups", message));
        }
        let bias = self.block(at, "bias", shape[0])?;
        Ok(Convolution { flat, weight, shape, stride, padding, dilation, groups: groups as usize, bias })
    }

    fn neuron(&mut self, at: &str, kind: &str) -> Result<Neuron, FormatError> {
        let (r, mut shape) = self.finite(at, "r")?;
        if r.is_empty() {
            return Err(self.invalid(at, "r", "is empty"));
        }
        if shape.is_empty() {
            shape = vec![1];
        }
        let count = r.len();
        let times = |name: &str| {
            let values = self.block(at, name, count)?;
            match values.iter().find(|t| **t <= 0.0) {
                Some(bad) => Err(self.invalid(at, name, format!("holds {bad}, expected times above 0"))),
                None => Ok(values),
            }
        };
        let cuba = matches!(kind, "CubaLIF" | "CubaLI");
        let leaky = !matches!(kind, "I" | "IF");
        let tau_mem = leaky.then(|| times(if cuba { "tau_mem" } else { "tau" })).transpose()?;
        let synapse = if cuba {
            let given = self.h5.is_dataset(&join(at, "w_in"));
            let w_in = if given { self.block(at, "w_in", count)? } else { vec![1.0; count] };
            Some((times("tau_syn")?, w_in))
        } else {
            None
        };
        let v_leak = if leaky { self.block(at, "v_leak", count)? } else { vec![0.0; count] };
        let threshold = if matches!(kind, "LIF" | "CubaLIF" | "IF") {
            let v_threshold = self.block(at, "v_threshold", count)?;
            let given = self.h5.is_dataset(&join(at, "v_reset"));
            let v_reset = if given { self.block(at, "v_reset", count)? } else { vec![0.0; count] };
            if let Some(i) = (0..count).find(|i| v_reset[*i] >= v_threshold[*i]) {
                let message = format!(
                    "v_reset is {} and v_threshold {}; expected a reset below the threshold",
                    v_reset[i], v_threshold[i]
                );
                return Err(self.invalid(at, "v_threshold", message));
            }
            Some(Threshold { v_threshold, v_reset, given })
        } else {
            None
        };
        Ok(Neuron { shape, tau_mem, synapse, r, v_leak, threshold })
    }
}
