//! SONATA nodes: `/nodes/<population>/{node_type_id, node_group_id, node_group_index, <group>/..}`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::rows::Rows;
use super::types::Types;
use crate::format::contain;
use crate::format::error::{Fault, FormatError};
use crate::format::h5::{H5, join, list};

/// A population of nodes.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Nodes {
    /// Its name.
    pub name: String,
    /// The file that it is in.
    #[serde(skip)]
    pub file: PathBuf,
    /// The type of each node.
    pub type_ids: Vec<i64>,
    /// The table of types.
    #[serde(skip)]
    pub types: Arc<Types>,
    /// Parameters that single nodes have for themselves: (name, value per node, NaN for none).
    pub dynamics: Vec<(String, Vec<f64>)>,
}

/// Reads all populations of a file.
///
/// # Errors
/// If the file or its table of types can't be read, or do not fit together.
pub fn read_nodes(path: &Path, types: &Path) -> Result<Vec<Nodes>, FormatError> {
    let types = Arc::new(Types::read(types, "node_type_id")?);
    let NodesFile(mut all) = contain::read(path)?;
    for nodes in &mut all {
        let place = join(&join("/nodes", &nodes.name), "node_type_id");
        known_types(path, &place, &nodes.type_ids, &types)?;
        (nodes.file, nodes.types) = (path.to_owned(), types.clone());
    }
    Ok(all)
}

/// The populations of a file, without its name and its types.
#[derive(Debug, Deserialize, Serialize)]
pub(in crate::format) struct NodesFile(pub Vec<Nodes>);

impl NodesFile {
    /// Reads them from an open file.
    pub(in crate::format) fn read(h5: &H5) -> Result<NodesFile, FormatError> {
        let names = h5.members("/nodes");
        if names.is_empty() {
            let message =
                format!("holds {}, but no /nodes/<population>: expected SONATA nodes", list(&h5.members("/")));
            return Err(h5.error("", Fault::UnknownLayout, message));
        }
        names.into_iter().map(|name| population(h5, name)).collect::<Result<_, _>>().map(NodesFile)
    }
}

fn population(h5: &H5, name: String) -> Result<Nodes, FormatError> {
    let place = join("/nodes", &name);
    let type_ids = h5.integers(&join(&place, "node_type_id"))?;
    let ids_place = join(&place, "node_id");
    if h5.is_dataset(&ids_place) {
        let ids = h5.integers(&ids_place)?;
        if let Some((row, id)) = ids.iter().enumerate().find(|(row, id)| *row as i64 != **id) {
            let message = format!("entry {row} is {id}, expected the ids 0, 1, 2, .. in order");
            return Err(h5.error(&ids_place, Fault::Invalid, message));
        }
        if ids.len() != type_ids.len() {
            let message =
                format!("has {} entries, but node_type_id has {}; expected as many", ids.len(), type_ids.len());
            return Err(h5.error(&ids_place, Fault::Invalid, message));
        }
    }
    let rows = Rows::read(h5, &place, "node", type_ids.len())?;
    let mut dynamics = Vec::new();
    for parameter in rows.names(h5, "dynamics_params") {
        if let Some(values) = rows.attribute(h5, &format!("dynamics_params/{parameter}"))? {
            dynamics.push((parameter, values));
        }
    }
    Ok(Nodes { name, file: PathBuf::new(), type_ids, types: Arc::default(), dynamics })
}

/// Whether the table has the type of every row.
pub(super) fn known_types(file: &Path, place: &str, ids: &[i64], types: &Types) -> Result<(), FormatError> {
    match ids.iter().enumerate().find(|(_, id)| !types.has(**id)) {
        None => Ok(()),
        Some((row, id)) => {
            let known: Vec<String> = types.rows.keys().map(i64::to_string).collect();
            let message = format!("row {row} has the type {id}, but {} has {}", types.path.display(), list(&known));
            Err(FormatError::new(file, place, Fault::Invalid, message))
        }
    }
}
