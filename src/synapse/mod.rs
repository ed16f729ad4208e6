//! Synapses as the engines store them: rows by source, owned by the thread of their targets.
//!
//! [`Store`] holds which synapses there are, with their delays and static weights;
//! [`Plastic`] adds what a plastic or memristive projection needs to keep its weights.

mod cells;
mod device_row;
mod energy;
mod grain;
mod history;
mod ideal_row;
mod memristor;
mod overlap;
mod overlap_row;
mod plastic;
mod recent;
mod row;
mod sources;
mod store;
mod visit;

pub use cells::{Cells, CellsState, Kept, Needs};
pub use energy::{Energy, Price};
pub use grain::{Coded, Grain};
pub use history::{History, PostSpike};
pub use memristor::Memristor;
pub use plastic::{
    Load, Modulation, Past, Plastic, PlasticSetup, PlasticState, PreSpike, PreState, Transmitted, Voltage,
};
pub use recent::{Decay, Recent};
pub use sources::{Present, Sources};
pub use store::{BLOCK, Content, Delays, Runs, Store, Synapse};
pub use visit::Visit;
