//! `[energy]`: what spikes and synaptic events cost on a chip.

use super::error::ModelError;
use super::names::unknown;
use super::network_spec::EnergySpec;
use super::reader::Reader;
use super::tables::ENERGY;
use super::tree::Table;
use crate::hardware;

impl Reader<'_> {
    /// Reads the table; none if there is none.
    pub(crate) fn read_energy(&self, root: &Table) -> Result<Option<EnergySpec>, ModelError> {
        let Some(node) = root.get("energy") else { return Ok(None) };
        let Some(table) = node.table() else {
            return Err(node.mismatch("the table [energy], with prices = \"loihi\" or prices of its own"));
        };
        ENERGY.check(table)?;
        let mut spec = EnergySpec::default();
        if let Some(node) = table.get("prices") {
            let name = self.scope.text(node, "the name of a chip such as \"loihi\"")?;
            let known: Vec<&str> = hardware::ALL.iter().map(|p| p.name).collect();
            let prices = hardware::named(&name).ok_or_else(|| unknown(&node.at, "chip", &name, &known))?;
            spec = EnergySpec {
                prices: name,
                source: prices.source.to_string(),
                synaptic_event: prices.synaptic_event,
                spike: prices.spike,
                neuron_update: prices.neuron_update,
                static_power: prices.static_power,
            };
        }
        for (key, unit, place) in [
            ("synaptic_event", "J", &mut spec.synaptic_event),
            ("spike", "J", &mut spec.spike),
            ("neuron_update", "J", &mut spec.neuron_update),
            ("static_power", "W", &mut spec.static_power),
        ] {
            let Some(node) = table.get(key) else { continue };
            let price = self.scope.finite(node, unit)?;
            if price < 0.0 {
                return Err(node.at.error(format!("found {price} {unit}, expected 0 or more")));
            }
            *place = Some(price);
        }
        Ok(Some(spec))
    }
}
