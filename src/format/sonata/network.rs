//! Writes SONATA nodes and edges, as libsonata, bmtk and NEST read them.
//!
//! All nodes of a population are of one type, and so are all edges; what differs between them is in the group 0. Edges have the indices of
//! the specification, without which libsonata finds none of a node. Nothing is packed: the HDF5 library inside libsonata is built without
//! zlib.

use std::path::Path;

use hdf5::Group;

use super::write::write_groups;
use crate::format::result::{set_text, write_list};

/// A population of nodes, of one type.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NodesData {
    /// Its name.
    pub name: String,
    /// The type of its nodes.
    pub type_id: u64,
    /// Number of nodes.
    pub size: usize,
    /// Parameters that differ: (name, value per node).
    pub dynamics: Vec<(String, Vec<f64>)>,
}

/// A population of edges, of one type.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EdgesData {
    /// Its name.
    pub name: String,
    /// The type of its edges.
    pub type_id: u64,
    /// The populations that edges come from and go to.
    pub populations: [String; 2],
    /// Numbers of nodes of these populations.
    pub sizes: [usize; 2],
    /// Source of each edge.
    pub sources: Vec<u64>,
    /// Target of each edge.
    pub targets: Vec<u64>,
    /// `syn_weight` of each edge.
    pub weights: Vec<f64>,
    /// `delay` of each edge \[ms\].
    pub delays_ms: Vec<f64>,
}

/// Writes a file of nodes.
///
/// # Errors
/// What the library says.
pub fn write_nodes(path: &Path, populations: &[NodesData]) -> Result<(), String> {
    write_groups(path, "nodes", populations.iter().map(|nodes| (&nodes.name[..], nodes)), |group, nodes| {
        rows(group, "node", nodes.type_id, nodes.size)?;
        write_list(group, "node_id", &(0..nodes.size as u64).collect::<Vec<_>>())?;
        let own = group.create_group("0")?;
        if nodes.dynamics.is_empty() {
            return Ok(());
        }
        let own = own.create_group("dynamics_params")?;
        nodes.dynamics.iter().try_for_each(|(name, values)| write_list(&own, name, values).map(drop))
    })
}

/// Writes a file of edges.
///
/// # Errors
/// What the library says.
pub fn write_edges(path: &Path, populations: &[EdgesData]) -> Result<(), String> {
    write_groups(path, "edges", populations.iter().map(|edges| (&edges.name[..], edges)), |group, edges| {
        rows(group, "edge", edges.type_id, edges.sources.len())?;
        let ends = [("source_node_id", &edges.sources), ("target_node_id", &edges.targets)];
        for ((name, ids), population) in ends.into_iter().zip(&edges.populations) {
            set_text(&*write_list(group, name, ids)?, "node_population", population)?;
        }
        let own = group.create_group("0")?;
        write_list(&own, "syn_weight", &edges.weights)?;
        write_list(&own, "delay", &edges.delays_ms)?;
        let indices = group.create_group("indices")?;
        index(&indices.create_group("source_to_target")?, &edges.sources, edges.sizes[0])?;
        index(&indices.create_group("target_to_source")?, &edges.targets, edges.sizes[1])
    })
}

/// Where the edges are that have a node at one end: runs of edges that lie together, by node, and which of the runs are each node's.
fn index(group: &Group, ends: &[u64], size: usize) -> hdf5::Result<()> {
    let mut runs: Vec<(u64, [u64; 2])> = Vec::new();
    for (edge, &node) in (0..).zip(ends) {
        match runs.last_mut() {
            Some((last, run)) if *last == node => run[1] = edge + 1,
            _ => runs.push((node, [edge, edge + 1])),
        }
    }
    runs.sort_by_key(|run| run.0);
    let mut of_nodes = Vec::with_capacity(size);
    let mut end = 0;
    for node in 0..size as u64 {
        let start = end;
        end += runs[start..].iter().take_while(|run| run.0 == node).count();
        of_nodes.push([start as u64, end as u64]);
    }
    let runs: Vec<[u64; 2]> = runs.into_iter().map(|run| run.1).collect();
    for (name, rows) in [("node_id_to_ranges", of_nodes), ("range_to_edge_id", runs)] {
        let dataset = group.new_dataset::<u64>().shape([rows.len(), 2]).create(name)?;
        dataset.write_raw(rows.as_flattened())?;
    }
    Ok(())
}

/// The type of each row, and its place in the group 0.
fn rows(group: &Group, what: &str, type_id: u64, count: usize) -> hdf5::Result<()> {
    write_list(group, &format!("{what}_type_id"), &vec![type_id; count])?;
    write_list(group, &format!("{what}_group_id"), &vec![0u32; count])?;
    write_list(group, &format!("{what}_group_index"), &(0..count as u64).collect::<Vec<_>>()).map(drop)
}
