//! The energy ledger: joules and pulses of each projection's devices, and what the run would cost on a chip.

use std::panic::resume_unwind;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::math::real::Real;
use crate::network::Group;
use crate::spec::EnergySpec;
use crate::synapse::Price;
use crate::time::Time;

use super::part::Part;

/// What a projection's devices have spent over all threads, and what is known of their prices.
#[derive(Debug, Serialize, Deserialize)]
pub struct Spent {
    price: Price,
    /// Are the prices of reads, potentiating and depressing pulses known?
    known: [bool; 3],
    /// Power of one device \[W\], if it is known.
    static_power: Option<f64>,
    /// How many devices there are.
    devices: u64,
    reached: Time,
}

/// Which pulses count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pulses {
    /// All that are due, whether or not their synapses have been brought up to date: the same however lazily that is done.
    Due,
    /// Those that have been given: for who watches, in no time.
    Given,
}

/// What the devices of each projection have spent up to and including `reached`; none without devices.
pub fn prices<W: Real>(parts: &[&Part<W>], projections: usize, reached: Time, pulses: Pulses) -> Vec<Option<Spent>> {
    let of = move |groups: &[Group<W>]| prices_of(groups, projections, reached, pulses);
    let shares = parts.iter().map(|part| part.groups());
    if pulses == Pulses::Given {
        return join(shares.map(of).collect());
    }
    // Every synapse is looked at: by as many threads as have been running.
    std::thread::scope(|scope| {
        // What no thread can be had for is done by this one.
        let started = shares
            .map(|groups| std::thread::Builder::new().spawn_scoped(scope, move || of(groups)).map_err(|_| groups));
        let started: Vec<_> = started.collect();
        let done = started.into_iter().map(|thread| match thread {
            Ok(thread) => thread.join().unwrap_or_else(|panic| resume_unwind(panic)),
            Err(groups) => of(groups),
        });
        join(done.collect())
    })
}

/// What the devices of one part have spent.
fn prices_of<W: Real>(groups: &[Group<W>], projections: usize, reached: Time, pulses: Pulses) -> Vec<Option<Spent>> {
    let mut all: Vec<Option<Spent>> = (0..projections).map(|_| None).collect();
    for group in groups {
        let Some(plastic) = &group.plastic else { continue };
        let Some(memristor) = &plastic.setup.memristor else { continue };
        let (device, bank) = (&memristor.device.common, &memristor.device.bank);
        let known = [device.price_read.is_some(), device.price_up.is_some(), device.price_down.is_some()];
        let none = Spent { price: Price::default(), known, static_power: device.static_power, devices: 0, reached };
        let spent = all[group.projections[0]].get_or_insert(none);
        let store = &group.store;
        let delay = |row: usize, synapse: usize| store.delay(row, synapse);
        // What a read costs in a crossbar is more than its cell alone.
        let mut fed = group.array.as_ref().map(|losses| losses.read);
        let mut price = match pulses {
            Pulses::Due => {
                plastic.price_at(reached, &store.row, store.plastic_targets(), &delay, |synapse, row, joules| {
                    if let (Some(losses), Some(fed)) = (&group.array, &mut fed) {
                        fed.add(losses.fed(synapse, row, joules));
                    }
                })
            }
            Pulses::Given => plastic.price,
        };
        price.read = fed.unwrap_or(price.read);
        spent.price.merge(&price);
        spent.devices += (store.len() * bank.count()) as u64;
    }
    all
}

/// Joins what threads, or ranks, say.
pub fn join(shares: Vec<Vec<Option<Spent>>>) -> Vec<Option<Spent>> {
    let mut shares = shares.into_iter();
    let mut all = shares.next().unwrap_or_default();
    for (projection, own) in shares.flat_map(|share| share.into_iter().enumerate()) {
        let Some(own) = own else { continue };
        match &mut all[projection] {
            Some(spent) => {
                spent.price.merge(&own.price);
                spent.devices += own.devices;
            }
            none => *none = Some(own),
        }
    }
    all
}

impl Spent {
    /// Adds its figures, of the whole run, to those of its projection.
    pub fn add_to(&self, figures: &mut Value) {
        let Spent { price, known, static_power, devices, reached } = self;
        let joules = [(known[0], price.read), (known[1], price.set), (known[2], price.reset)]
            .map(|(known, energy)| known.then(|| energy.joules()));
        let [read, set, reset] = joules;
        let all = static_power.map(|watt| watt * *devices as f64 * reached.seconds());
        figures["energy_j"] = json!({ "read": read, "set": set, "reset": reset, "static": all });
        figures["pulses"] = json!({ "set": price.set_pulses, "reset": price.reset_pulses });
        figures["reads"] = json!(price.reads);
        // Static power is of the time, not of events.
        let sum = joules.into_iter().sum::<Option<f64>>();
        figures["energy_per_event_j"] = json!(sum.filter(|_| price.reads > 0).map(|sum| sum / price.reads as f64));
    }
}

/// What the recorded window would cost on a chip; null where it has no price.
pub fn on_chip(spec: &EnergySpec, events: u64, spikes: u64, neurons: u64, duration_s: f64) -> Map<String, Value> {
    let times = |price: Option<f64>, count: f64| json!(price.map(|price| price * count));
    let mut figures = Map::new();
    let text = |text: &str| if text.is_empty() { Value::Null } else { json!(text) };
    figures.insert("prices".into(), text(&spec.prices));
    figures.insert("source".into(), text(&spec.source));
    figures.insert("synaptic_events_j".into(), times(spec.synaptic_event, events as f64));
    figures.insert("spikes_j".into(), times(spec.spike, spikes as f64));
    figures.insert("neuron_updates_j".into(), times(spec.neuron_update, neurons as f64 * duration_s * 1e3));
    figures.insert("static_j".into(), times(spec.static_power, duration_s));
    figures
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chip_without_a_price_gives_null_and_not_0() {
        let spec = EnergySpec { synaptic_event: Some(2e-12), static_power: Some(0.5), ..EnergySpec::default() };
        let figures = on_chip(&spec, 100, 7, 3, 2.0);
        assert_eq!(figures["synaptic_events_j"], 2e-10);
        assert_eq!(figures["static_j"], 1.0);
        assert_eq!([&figures["spikes_j"], &figures["neuron_updates_j"], &figures["prices"]], [&Value::Null; 3]);
    }
}
