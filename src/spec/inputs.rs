//! `[input.NAME]`: what comes into neurons from outside the network.

use super::error::ModelError;
use super::network_spec::{Active, InputKind, InputSpec, PopulationKind, Slice};
use super::reader::{Reader, named_table, required, section};
use super::tables::{CURRENT, INPUT, NOISE, POISSON_INPUT, SINE};
use super::tree::{Entry, Node, Table};
use super::values::{self, Form};
use crate::value::Value;

impl Reader<'_> {
    /// Reads all inputs.
    pub(crate) fn read_inputs(&self, root: &Table) -> Result<Vec<InputSpec>, ModelError> {
        section(root, "input")?.iter().map(|entry| self.input(entry, named_table(entry, "input")?)).collect()
    }

    fn input(&self, entry: &Entry, table: &Table) -> Result<InputSpec, ModelError> {
        INPUT.check(table)?;
        let node = required(table, "target", &entry.key_at, "a population such as \"E\", a slice or a list")?;
        let targets = self.slices(node)?;
        for (i, slice) in targets.iter().enumerate() {
            let place = node.array().and_then(|items| items.get(i)).unwrap_or(node);
            let population = &self.populations[slice.population];
            if let PopulationKind::Source(_) = population.kind {
                let message = format!("{} is a source, which fires as told: an input needs neurons", population.name);
                return Err(place.at.error(message));
            }
            let members = |slice: &Slice| slice.members(population.size);
            let (own, before) = (members(slice), targets[..i].iter().filter(|t| t.population == slice.population));
            let shared = |other: &Slice| members(other).start.max(own.start)..members(other).end.min(own.end);
            if let Some(twice) = before.map(shared).find(|shared| !shared.is_empty()) {
                let message = format!(
                    "the list names member {} of {} twice, and an input reaches each neuron once",
                    twice.start, population.name
                );
                return Err(place.at.error(message).help("write a second input for what some of them get beside it"));
            }
        }
        let kind = match (table.entry("poisson"), table.entry("current")) {
            (Some(poisson), None) => self.poisson_input(&poisson.node, node, &targets)?,
            (None, Some(current)) => self.current(&current.node)?,
            (Some(_), Some(current)) => {
                return Err(current.key_at.error("`current` is given beside `poisson`: write two inputs"));
            }
            (None, None) => return Err(entry.key_at.error("`poisson` or `current` is missing")),
        };
        Ok(InputSpec { name: entry.key.clone(), targets, kind })
    }

    fn poisson_input(&self, node: &Node, target: &Node, targets: &[Slice]) -> Result<InputKind, ModelError> {
        let Some(table) = node.table() else { return Err(node.mismatch("a table { rate, weight }")) };
        POISSON_INPUT.check(table)?;
        let units: Vec<&str> = targets.iter().map(|t| self.weight_unit(t.population)).collect();
        if units.iter().any(|u| *u != units[0]) {
            return Err(target.at.error("the targets have weights in different units: write an input for each"));
        }
        let rate = required(table, "rate", &node.at, "a rate such as \"10 Hz\"")?;
        let rate = self.rate(rate, None)?;
        let weight = match table.get("weight") {
            None => Value::Constant(1.0),
            Some(weight) => {
                let value = values::read(&self.scope, weight, Form::of(units[0]))?;
                if let Value::List(_) = value {
                    return Err(weight.mismatch("a constant or a distribution: an input has no list of its neurons"));
                }
                values::check_known(weight, &value, |weight| self.check_weight(weight))?;
                value
            }
        };
        let indegree = table.get("indegree").map_or(Ok(1.0), |node| self.scope.non_negative(node, ""))?;
        Ok(InputKind::Poisson { rate, weight, indegree, active: self.active(table)? })
    }

    fn current(&self, node: &Node) -> Result<InputKind, ModelError> {
        let entry = self.variant(node, "current", &CURRENT)?;
        let inner = &entry.node;
        if entry.key == "steps" {
            return Ok(InputKind::CurrentSteps(self.steps(inner, "pA")?));
        }
        let Some(table) = inner.table() else { return Err(inner.mismatch("a table")) };
        let number = |key: &str, unit: &str, default: f64| {
            table.get(key).map_or(Ok(default), |node| self.scope.finite(node, unit))
        };
        let interval = table.get("interval").map_or(Ok(self.resolution), |node| self.scope.duration(node))?;
        let active: Active = self.active(table)?;
        if entry.key == "sine" {
            SINE.check(table)?;
            required(table, "amplitude", &entry.key_at, "a current such as \"300 pA\"")?;
            let frequency = required(table, "frequency", &entry.key_at, "a rate such as \"10 Hz\"")?;
            return Ok(InputKind::CurrentSine {
                amplitude: number("amplitude", "pA", 0.0)?,
                frequency: self.scope.non_negative(frequency, "Hz")?,
                phase: number("phase", "", 0.0)?,
                offset: number("offset", "pA", 0.0)?,
                interval,
                active,
            });
        }
        NOISE.check(table)?;
        let std = required(table, "std", &entry.key_at, "a current such as \"300 pA\"")?;
        Ok(InputKind::CurrentNoise {
            mean: number("mean", "pA", 0.0)?,
            std: self.scope.non_negative(std, "pA")?,
            interval,
            active,
        })
    }
}
