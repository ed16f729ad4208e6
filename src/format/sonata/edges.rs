//! SONATA edges: `/edges/<population>/{source_node_id, target_node_id, edge_type_id, edge_group_id, edge_group_index, <group>/..}`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::nodes::known_types;
use super::rows::Rows;
use super::types::Types;
use crate::format::contain;
use crate::format::error::{Fault, FormatError};
use crate::format::h5::{H5, join, list};

/// A population of edges.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Edges {
    /// Its name.
    pub name: String,
    /// The file that it is in.
    #[serde(skip)]
    pub file: PathBuf,
    /// The population that its sources are in.
    pub source_population: String,
    /// The population that its targets are in.
    pub target_population: String,
    /// Source of each edge.
    pub sources: Vec<u32>,
    /// Target of each edge.
    pub targets: Vec<u32>,
    /// Type of each edge.
    pub type_ids: Vec<i64>,
    /// The table of types.
    #[serde(skip)]
    pub types: Arc<Types>,
    /// `syn_weight` of each edge, NaN where it has none of its own.
    pub weight: Option<Vec<f64>>,
    /// `delay` of each edge \[ms\], NaN where it has none of its own.
    pub delay: Option<Vec<f64>>,
    /// `nsyns` of each edge, NaN where it has none of its own.
    pub synapses: Option<Vec<f64>>,
}

/// Reads all populations of a file.
///
/// # Errors
/// If the file or its table of types can't be read, or do not fit together.
pub fn read_edges(path: &Path, types: &Path) -> Result<Vec<Edges>, FormatError> {
    let types = Arc::new(Types::read(types, "edge_type_id")?);
    let EdgesFile(mut all) = contain::read(path)?;
    for edges in &mut all {
        let place = join(&join("/edges", &edges.name), "edge_type_id");
        known_types(path, &place, &edges.type_ids, &types)?;
        (edges.file, edges.types) = (path.to_owned(), types.clone());
    }
    Ok(all)
}

/// The populations of a file, without its name and its types.
#[derive(Debug, Deserialize, Serialize)]
pub(in crate::format) struct EdgesFile(pub Vec<Edges>);

impl EdgesFile {
    /// Reads them from an open file.
    pub(in crate::format) fn read(h5: &H5) -> Result<EdgesFile, FormatError> {
        let names = h5.members("/edges");
        if names.is_empty() {
            let message =
                format!("holds {}, but no /edges/<population>: expected SONATA edges", list(&h5.members("/")));
            return Err(h5.error("", Fault::UnknownLayout, message));
        }
        names.into_iter().map(|name| population(h5, name)).collect::<Result<_, _>>().map(EdgesFile)
    }
}

fn population(h5: &H5, name: String) -> Result<Edges, FormatError> {
    let place = join("/edges", &name);
    let type_ids = h5.integers(&join(&place, "edge_type_id"))?;
    let (sources, source_population) = end(h5, &place, "source_node_id", type_ids.len())?;
    let (targets, target_population) = end(h5, &place, "target_node_id", type_ids.len())?;
    let rows = Rows::read(h5, &place, "edge", type_ids.len())?;
    if let Some(parameter) = rows.names(h5, "dynamics_params").first() {
        let message =
            format!("gives {parameter} edge by edge; of synapses only syn_weight, delay and nsyns may differ");
        return Err(h5.error(&place, Fault::Invalid, message));
    }
    let receptors = rows.attribute(h5, "receptor_type")?.unwrap_or_default();
    if let Some(receptor) = receptors.into_iter().find(|receptor| !receptor.is_nan() && *receptor != 0.0) {
        let message = format!("an edge has the receptor_type {receptor}; the neurons here have the receptor 0 alone");
        return Err(h5.error(&place, Fault::Invalid, message));
    }
    let synapses = rows.attribute(h5, "nsyns")?;
    if let Some(odd) = synapses.iter().flatten().find(|n| !n.is_nan() && !is_count(**n)) {
        let message = format!("an edge has the nsyns {odd}, expected a whole number, 0 or more");
        return Err(h5.error(&place, Fault::Invalid, message));
    }
    Ok(Edges {
        weight: rows.attribute(h5, "syn_weight")?,
        delay: rows.attribute(h5, "delay")?,
        synapses,
        name,
        file: PathBuf::new(),
        source_population,
        target_population,
        sources,
        targets,
        type_ids,
        types: Arc::default(),
    })
}

/// Can an edge stand for so many synapses?
pub(crate) fn is_count(synapses: f64) -> bool {
    synapses >= 0.0 && synapses.fract() == 0.0
}

/// The nodes at one end, and their population.
fn end(h5: &H5, place: &str, name: &str, count: usize) -> Result<(Vec<u32>, String), FormatError> {
    let at = join(place, name);
    let ids = h5.integers(&at)?;
    if ids.len() != count {
        let message = format!("has {} entries, but edge_type_id has {count}; expected as many", ids.len());
        return Err(h5.error(&at, Fault::Invalid, message));
    }
    let Some(population) = h5.attr_text(&at, "node_population") else {
        let message = "has no attribute node_population, which says whose ids these are";
        return Err(h5.error(&at, Fault::Incomplete, message));
    };
    let id = |(row, id): (usize, &i64)| {
        u32::try_from(*id).map_err(|_| {
            h5.error(&at, Fault::Invalid, format!("entry {row} is {id}, expected an id from 0 to {}", u32::MAX))
        })
    };
    Ok((ids.iter().enumerate().map(id).collect::<Result<_, _>>()?, population))
}
