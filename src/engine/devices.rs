//! What the devices of a projection differ in, for results: drawn from their keys, as synapses do it when they need it.

use crate::math::real::Real;
use crate::network::Network;
use crate::record::{DeviceLayout, DrawnLayout};

use super::part::Part;
use super::shard::Model;
use super::synapses::{Listing, constants_of, locate};

/// The constants in which the devices of a projection differ, whole on the first rank; none if they do not differ. Every rank calls it.
pub fn of<W: Real>(
    model: &Model<'_>,
    network: &Network,
    parts: &[&Part<W>],
    projection: usize,
) -> Option<DeviceLayout> {
    let spec = &network.spec.projections[projection];
    let device = spec.device.as_ref()?.device().ok()?;
    let (constants, count) = (device.constants(), device.bank.count());
    if constants.is_empty() {
        return None;
    }
    let listing = Listing::new(&network.ranks, locate(model, parts, projection));
    let own = constants_of(parts, &listing.own, &constants);
    let mut ranks: Vec<_> = network.ranks.gather(own).into_iter().map(Vec::into_iter).collect();
    let columns = constants.iter().map(|constant| {
        let own = ranks.iter_mut().filter_map(Iterator::next).collect();
        let values = listing.merge_each(own, count);
        DrawnLayout { name: constant.name.into(), unit: constant.unit.into(), values }
    });
    let columns = columns.collect();
    let Listing { own, all, .. } = listing;
    // There is room for what they join where it is no longer asked where they are.
    drop(own);
    Some(DeviceLayout {
        projection: spec.name.clone(),
        joins: network.spec.joins(spec),
        columns,
        devices: count,
        source_ids: all.iter().map(|e| u64::from(e.source)).collect(),
        target_ids: all.iter().map(|e| u64::from(e.target)).collect(),
        delays_ms: all.iter().map(|e| e.delay.ms()).collect(),
    })
}
