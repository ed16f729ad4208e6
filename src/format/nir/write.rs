//! Writing a graph as the Python package nir reads it.

use std::path::Path;

use hdf5::types::VarLenUnicode;
use hdf5::{File, Group};

use crate::format::replace_hdf5;

use super::kinds::{Convolution, Graph, Kind, Layer, Neuron, Node, Padding, Pool};

/// The version of the layout, with `v_reset`.
const VERSION: &str = "1.0";

/// Writes a graph; `about` is kept as its metadata: (key, text).
///
/// # Errors
/// What the system or the library says.
pub fn write_graph(path: &Path, graph: &Graph, about: &[(&str, &str)]) -> Result<(), String> {
    let fill = |file: &File| -> hdf5::Result<()> {
        text(file, "version", VERSION)?;
        let root = file.create_group("node")?;
        text(&root, "type", "NIRGraph")?;
        let nodes = root.create_group("nodes")?;
        for node in &graph.nodes {
            write_node(&nodes.create_group(&node.name)?, node)?;
        }
        let names = graph.edges.iter().flat_map(|(from, to)| [*from, *to]).map(|i| word(&graph.nodes[i].name));
        let names: Vec<VarLenUnicode> = names.collect();
        let edges = root.new_dataset::<VarLenUnicode>().shape([graph.edges.len(), 2]).create("edges")?;
        if !names.is_empty() {
            edges.write_raw(&names)?;
        }
        let metadata = root.create_group("metadata")?;
        about.iter().try_for_each(|(key, value)| text(&metadata, key, value))
    };
    replace_hdf5(path, fill).map_err(|e| format!("{}: can't be written: {e}", path.display()))
}

fn word(text: &str) -> VarLenUnicode {
    text.replace('\0', "").parse().unwrap_or_default()
}

fn text(group: &Group, name: &str, text: &str) -> hdf5::Result<()> {
    group.new_dataset::<VarLenUnicode>().create(name)?.write_scalar(&word(text))
}

fn reals(group: &Group, name: &str, values: &[f64], shape: &[usize]) -> hdf5::Result<()> {
    group.new_dataset::<f64>().shape(shape).create(name)?.write_raw(values)
}

fn wholes(group: &Group, name: &str, values: &[i64]) -> hdf5::Result<()> {
    group.new_dataset::<i64>().shape(values.len()).create(name)?.write_raw(values)
}

fn whole(group: &Group, name: &str, value: i64) -> hdf5::Result<()> {
    group.new_dataset::<i64>().create(name)?.write_scalar(&value)
}

fn signed(values: &[usize]) -> Vec<i64> {
    values.iter().map(|n| *n as i64).collect()
}

fn write_node(group: &Group, node: &Node) -> hdf5::Result<()> {
    // An identity is what a scale of 1 does.
    let name = if node.kind == Kind::Identity { "Scale" } else { node.kind.name() };
    text(group, "type", name)?;
    match &node.kind {
        Kind::Input | Kind::Output => wholes(group, "shape", &signed(&node.output)),
        Kind::Identity => reals(group, "scale", &vec![1.0; node.size()], &node.output),
        Kind::Linear(layer) => linear(group, layer),
        Kind::Convolution(convolution) => write_convolution(group, convolution, &node.input),
        Kind::Pool(pool) => write_pool(group, pool),
        Kind::Flatten { start, end } => {
            wholes(group, "input_type", &signed(&node.input))?;
            whole(group, "start_dim", *start)?;
            whole(group, "end_dim", *end)
        }
        Kind::Scale(values) => reals(group, "scale", values, &node.output),
        Kind::Threshold(values) => reals(group, "threshold", values, &node.output),
        Kind::Delay(values) => reals(group, "delay", values, &node.output),
        Kind::Neuron(neuron) => write_neuron(group, neuron),
    }
}

fn linear(group: &Group, layer: &Layer) -> hdf5::Result<()> {
    reals(group, "weight", &layer.weight, &[layer.size.0, layer.size.1])?;
    layer.bias.iter().try_for_each(|bias| reals(group, "bias", bias, &[bias.len()]))
}

fn write_convolution(group: &Group, c: &Convolution, input: &[usize]) -> hdf5::Result<()> {
    let of = |values: [usize; 2]| signed(&values[usize::from(c.flat)..]);
    let shape: Vec<usize> = if c.flat { vec![c.shape[0], c.shape[1], c.shape[3]] } else { c.shape.to_vec() };
    reals(group, "weight", &c.weight, &shape)?;
    reals(group, "bias", &c.bias, &[c.bias.len()])?;
    whole(group, "groups", c.groups as i64)?;
    let put = |name: &str, values: Vec<i64>| match (c.flat, &values[..]) {
        (true, [one]) => whole(group, name, *one),
        _ => wholes(group, name, &values),
    };
    put("stride", of(c.stride))?;
    put("dilation", of(c.dilation))?;
    put("input_shape", signed(&input[1..]))?;
    match c.padding {
        Padding::Same => text(group, "padding", "same"),
        Padding::Both(zeros) => put("padding", of(zeros)),
    }
}

fn write_pool(group: &Group, pool: &Pool) -> hdf5::Result<()> {
    wholes(group, "kernel_size", &signed(&pool.kernel))?;
    wholes(group, "stride", &signed(&pool.stride))?;
    wholes(group, "padding", &signed(&pool.padding))
}

fn write_neuron(group: &Group, neuron: &Neuron) -> hdf5::Result<()> {
    let put = |name: &str, values: &[f64]| reals(group, name, values, &neuron.shape);
    put("r", &neuron.r)?;
    if let Some(tau) = &neuron.tau_mem {
        put(if neuron.synapse.is_some() { "tau_mem" } else { "tau" }, tau)?;
        put("v_leak", &neuron.v_leak)?;
    }
    if let Some((tau, w_in)) = &neuron.synapse {
        put("tau_syn", tau)?;
        put("w_in", w_in)?;
    }
    if let Some(threshold) = &neuron.threshold {
        put("v_threshold", &threshold.v_threshold)?;
        put("v_reset", &threshold.v_reset)?;
    }
    Ok(())
}
