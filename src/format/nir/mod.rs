//! NIR graphs (Pedersen et al. 2024, doi:10.1038/s41467-024-52259-9): networks as spiking frameworks and neuromorphic chips exchange them.
//!
//! `/version`, and in `/node` a graph: `type` = "NIRGraph", `edges` \[n, 2\] of names, `nodes/<name>/{type, parameters ..}`; a node may be a
//! graph itself. Nested graphs are taken apart: their nodes have names such as `outer.inner`. Shapes are worked out from the
//! inputs on and checked along every edge. Quantities have no units; by custom times are seconds.

mod kinds;
mod read;
mod said;
mod shapes;
mod write;

pub use kinds::{Convolution, Graph, Kind, Layer, Neuron, Node, Padding, Pool, Threshold};
pub(super) use read::Stored;
pub use read::read_graph;
pub use write::write_graph;
