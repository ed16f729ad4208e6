//! Our own results: a SONATA file of spikes with states, weights, behaviour, intervals and the model itself.
//!
//! | where | what |
//! |---|---|
//! | `/` | attributes: format, versions, resolved model, seed, engine, .., `complete` |
//! | `/spikes/<population>/` | `timestamps` \[ms\], `node_ids`, by (time, node); `recorded_ids` where not all members are recorded |
//! | `/state/<population>/<variable>/` | `data` \[time, node\], `node_ids`, `times` \[ms\] |
//! | `/weights/<projection>/` | `timestamps`, `source_ids`, `target_ids`, `weights`: what each spike transmits (with `short_term` x u w) |
//! | `/weights/<projection>/snapshots/` | `times`, `weights` \[time, synapse\] (w itself), `source_ids`, `target_ids`, `delays` |
//! | of both | attributes `source_population`, `target_population`, and `source_first`, `target_first`: the first members of the slices |
//! | `/intervals/<name>/`, `/behavior/<signal>/` | s, model time |
//! | `/populations/<name>` | attributes size, model, parameters (with what is given of their `initial` state); of a recording also `recording_start_s` and the dataset `unit_ids` |
//! | `/populations/<name>/drawn/` | with `record.parameters` a dataset for each parameter, and `initial_<variable>`, that differs from member to member; rates and weights of inputs |
//! | `/projections/<name>/drawn/` | with it too, of devices that differ: `source_ids`, `target_ids`, `delays` and a dataset \[synapse\], or \[synapse, device\], for each constant |
//! | `/summary` | the figures of `--json` as attributes; nested ones as JSON text |
//!
//! [`ResultFile`] writes it while the simulation runs, `read` makes a recording of it.

pub(super) mod attributes;
mod claim;
mod drawn;
mod header;
mod listed;
mod observables;
mod read;
mod resume;
mod stored;
mod summary;
mod table;
mod write;
mod writer;

pub(super) use attributes::{Sorting, set, set_list, set_text, write_list};
pub(super) use claim::claim;
pub use drawn::DrawnDevices;
pub use header::{Header, RecordedTable};
pub(super) use observables::Written;
pub use observables::{Observables, PreSpikeWeights, Snapshots, States, WrittenSpikes, read_observables, read_spikes};
pub(super) use read::{beside_spikes, read, recognise};
pub use stored::StoredSpikes;
pub(super) use stored::{Looked, Pieces};
pub(super) use summary::Figures;
pub use summary::{Run, read_run, read_summary};
pub use table::Mark;
pub(super) use write::unwritable;
pub use write::{Marks, ResultError, ResultFile};

/// The attribute `format` by which a result is recognised.
const FORMAT: &str = "memspike";
/// Version of this layout; a reader refuses a later one.
const FORMAT_VERSION: u32 = 1;
/// What makes it a SONATA file.
pub(super) const SONATA_MAGIC: u32 = 0x0A7A;
pub(super) const SONATA_VERSION: [u32; 2] = [0, 1];
