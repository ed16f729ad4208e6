//! `[population.NAME]`.

use super::error::ModelError;
use super::models;
use super::names::unknown;
use super::network_spec::{PopulationKind, PopulationSpec};
use super::reader::{Reader, named_table, required, section};
use super::tables::POPULATION;
use super::tree::{Entry, Node, Table};
use super::values::{self, Form};
use crate::check::check;
use crate::describe::{Kind, param};
use crate::neuron::{NeuronModel, NeuronSpec};
use crate::value::Value;

impl Reader<'_> {
    /// Reads all populations.
    pub(crate) fn read_populations(&mut self, root: &Table) -> Result<(), ModelError> {
        for entry in section(root, "population")? {
            let table = named_table(entry, "population")?;
            let population = self.population(entry, table)?;
            self.populations.push(population);
        }
        Ok(())
    }

    fn population(&self, entry: &Entry, table: &Table) -> Result<PopulationSpec, ModelError> {
        POPULATION.check(table)?;
        let size = table.get("size").map(|node| self.population_size(node)).transpose()?;
        match (table.get("neuron"), table.entry("source")) {
            (Some(node), None) => {
                required(table, "size", &entry.key_at, "the number of neurons")?;
                let size = size.unwrap_or(0);
                let neuron = self.neuron(node, size)?;
                let initial = self.initial(table.get("initial"), &neuron, size)?;
                Ok(PopulationSpec { name: entry.key.clone(), size, kind: PopulationKind::Neuron { neuron, initial } })
            }
            (None, Some(source)) => {
                if let Some(initial) = table.entry("initial") {
                    return Err(initial.key_at.error("a source has no state, so that `initial` means nothing here"));
                }
                let (source, size) = self.source(&source.node, (&entry.key, &entry.key_at), table.get("size"), size)?;
                Ok(PopulationSpec { name: entry.key.clone(), size, kind: PopulationKind::Source(source) })
            }
            (Some(_), Some(source)) => Err(source
                .key_at
                .error(format!("population {} has `neuron` and `source`: write one of them", entry.key))),
            (None, None) => Err(entry
                .key_at
                .error(format!("population {} has neither `neuron` nor `source`: write one of them", entry.key))),
        }
    }

    fn population_size(&self, node: &Node) -> Result<usize, ModelError> {
        let size = self.scope.count(node)?;
        if size == 0 {
            return Err(node.at.error("an empty population: expected a size of 1 or more"));
        }
        if size > u64::from(u32::MAX) {
            return Err(node.at.error(format!("found a size of {size}, expected at most {}", u32::MAX)));
        }
        Ok(size as usize)
    }

    fn neuron(&self, node: &Node, size: usize) -> Result<NeuronSpec, ModelError> {
        let set = self.neurons.resolve(node)?;
        let model = NeuronModel::ALL[set.model];
        let params = models::values(&self.scope, model.describe(), "neuron model", &set.at, &set.entries, Some(size))?;
        // What parameters mean together is said here, where their places are known; of those that differ from neuron to neuron it is
        // once they are drawn.
        let constants: Option<Vec<f64>> = params.iter().map(Value::constant).collect();
        if let Some(Err(error)) = constants.map(|values| model.check(&values)) {
            let given = Entry::last(&set.entries, &error.parameter);
            return Err(given.map_or(&set.at, |e| &e.node.at).error(error.to_string()));
        }
        for (param, value) in model.describe().params.iter().zip(&params).filter(|_| self.scope.grid.is_none()) {
            if let Some(given) = Entry::last(&set.entries, param.name) {
                let check = |ms| model.check_step(param.name, ms).map_err(|e| e.to_string());
                values::check_known(&given.node, value, check)?;
            }
        }
        Ok(NeuronSpec { model, params })
    }

    /// `initial.<state>`.
    fn initial(
        &self,
        node: Option<&Node>,
        neuron: &NeuronSpec,
        size: usize,
    ) -> Result<Vec<(usize, Value)>, ModelError> {
        let Some(node) = node else { return Ok(Vec::new()) };
        let Some(table) = node.table() else { return Err(node.mismatch("a table such as { v_m = \"-60 mV\" }")) };
        let model = neuron.model.describe();
        let mut initial = Vec::new();
        for entry in &table.entries {
            let Some(variable) = model.variable(&entry.key) else {
                let valid: Vec<&str> = model.variables.iter().map(|v| v.name).collect();
                return Err(unknown(&entry.key_at, &format!("state variable of {}", model.name), &entry.key, &valid));
            };
            let value = values::read(&self.scope, &entry.node, Form::of(model.variables[variable].unit))?;
            values::check_length(&entry.node, &value, size, "neuron")?;
            let state = &model.variables[variable];
            let bounded = param(state.name, Kind::Quantity(state.unit), 0.0, state.bound, "");
            values::check_known(&entry.node, &value, |x| check(&bounded, x).map_err(|e| format!("initial.{e}")))?;
            if value.constant() != Some(0.0) && neuron.model.has_no_room(&neuron.params, variable) {
                let message = "found theta and refractory_input, expected one of them: a neuron keeps either";
                return Err(entry.node.at.error(message));
            }
            initial.push((variable, value));
        }
        // Whatever the order in which they are written: the digest of the network, and so checkpoints, depend on this one.
        initial.sort_by_key(|(variable, _)| *variable);
        Ok(initial)
    }
}
