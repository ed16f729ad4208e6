//! What the devices of a projection differ in, for results: drawn from their keys, as synapses do it when they need it.

use crate::network::Network;
use crate::neuron::Real;

use super::part::Part;
use super::shard::Model;
use super::synapses::{Ends, Listing, constants_of, locate};

/// On the first rank, the constants in which the devices of a projection differ.
pub struct Devices {
    /// Index of the projection.
    pub projection: usize,
    /// All of its synapses.
    pub synapses: Vec<Ends>,
    /// Devices of each.
    pub count: usize,
    /// Name, unit, and one number for each device of each synapse.
    pub columns: Vec<(&'static str, &'static str, Vec<f64>)>,
}

impl Devices {
    /// Those of a projection; none if they do not differ. Every rank calls it.
    pub fn of<W: Real>(model: &Model<'_>, network: &Network, parts: &[&Part<W>], projection: usize) -> Option<Devices> {
        let device = network.spec.projections[projection].device.as_ref()?.device().ok()?;
        let (constants, count) = (device.constants(), device.bank.count());
        if constants.is_empty() {
            return None;
        }
        let listing = Listing::new(&network.ranks, locate(model, parts, projection));
        let own = constants_of(parts, &listing.own, &constants);
        let mut ranks: Vec<_> = network.ranks.gather(own).into_iter().map(Vec::into_iter).collect();
        let columns = constants.iter().map(|constant| {
            let own = ranks.iter_mut().filter_map(Iterator::next).collect();
            (constant.name, constant.unit, listing.merge_each(own, count))
        });
        Some(Devices { projection, count, columns: columns.collect(), synapses: listing.all })
    }
}
