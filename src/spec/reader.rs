//! What the readers of the model's tables share: the scope of values, the named sets, and what has been read so far.

use super::error::{ModelError, Place};
use super::interval_files::IntervalFile;
use super::keys;
use super::names::check_name;
use super::network_spec::{Active, IntervalSpec, PopulationKind, PopulationSpec, Precision, Slice};
use super::scope::Scope;
use super::sets::Sets;
use super::tree::{Entry, Node, Table};
use crate::neuron::NeuronModel;
use crate::plasticity::RuleModel;
use crate::time::Time;

/// The reader of one model.
pub(crate) struct Reader<'a> {
    pub(crate) scope: Scope,
    pub(crate) resolution: Time,
    /// `simulation.duration`, if given.
    pub(crate) duration: Option<Time>,
    /// `simulation.seed`.
    pub(crate) seed: u64,
    /// `simulation.precision`.
    pub(crate) precision: Precision,
    pub(crate) neurons: Sets<'a>,
    pub(crate) rules: Sets<'a>,
    pub(crate) devices: Sets<'a>,
    pub(crate) intervals: Vec<IntervalSpec>,
    pub(crate) interval_files: Vec<IntervalFile>,
    pub(crate) populations: Vec<PopulationSpec>,
}

/// A table of the top level and its entries, in order; empty if it is not there.
pub(crate) fn section<'a>(root: &'a Table, name: &str) -> Result<&'a [Entry], ModelError> {
    match root.get(name) {
        None => Ok(&[]),
        Some(node) => match node.table() {
            Some(table) => Ok(&table.entries),
            None => Err(node.mismatch(format!("a table such as [{name}.NAME]"))),
        },
    }
}

/// The table of an entry of such a section.
pub(crate) fn named_table<'a>(entry: &'a Entry, section: &str) -> Result<&'a Table, ModelError> {
    check_name(entry)?;
    entry.node.table().ok_or_else(|| entry.node.mismatch(format!("the table [{section}.{}]", entry.key)))
}

/// The named sets of the model.
pub(crate) fn sets(root: &Table) -> Result<[Sets<'_>; 3], ModelError> {
    let table = |kind: &str| match root.get(kind) {
        None => Ok(None),
        Some(node) => match node.table() {
            Some(table) => Ok(Some(table)),
            None => Err(node.mismatch(format!("a table such as [{kind}.NAME]"))),
        },
    };
    let sets = [
        Sets {
            kind: "neuron",
            what: "neuron model",
            models: NeuronModel::ALL.map(|m| m.describe().name).to_vec(),
            sets: table("neuron")?,
            shipped: None,
            used: Default::default(),
        },
        Sets {
            kind: "plasticity",
            what: "plasticity rule",
            models: RuleModel::ALL.map(|m| m.describe().name).to_vec(),
            sets: table("plasticity")?,
            shipped: None,
            used: Default::default(),
        },
        super::devices::sets(table("device")?),
    ];
    sets.iter().try_for_each(Sets::check_names)?;
    Ok(sets)
}

impl Reader<'_> {
    /// Refuses sets that say something wrong by themselves. What they leave open, or what does not go with a default, is for those that use them.
    pub(crate) fn check_sets(&self) -> Result<(), ModelError> {
        use super::{devices, models};
        let alone = Scope { partial: true, ..self.scope.clone() };
        for entry in self.neurons.sets.iter().flat_map(|t| &t.entries) {
            let set = self.neurons.resolve(&entry.node)?;
            let model = NeuronModel::ALL[set.model].describe();
            models::values(&alone, model, "neuron model", &set.at, &set.entries, None)?;
        }
        for entry in self.rules.sets.iter().flat_map(|t| &t.entries) {
            self.rule_in(&alone, &entry.node)?;
        }
        for entry in self.devices.sets.iter().flat_map(|t| &t.entries) {
            devices::read(&alone, &self.devices, &entry.node)?;
        }
        Ok(())
    }

    /// Refuses sets that make no sense and that nothing was made of, once all is read.
    pub(crate) fn check_unused_sets(&self) -> Result<(), ModelError> {
        self.rules.unused().try_for_each(|entry| self.rule(&entry.node, None).map(drop))?;
        self.devices.unused().try_for_each(|entry| self.device(&entry.node).map(drop))
    }

    /// A population or a slice of one: `"E"`, `"E[0:50]"`, `"E[50:]"`, `"E[10]"`.
    pub(crate) fn slice(&self, node: &Node) -> Result<Slice, ModelError> {
        let Some(text) = node.text() else {
            return Err(node.mismatch("a population such as \"E\" or a slice such as \"E[0:50]\""));
        };
        let (name, range) = match text.split_once('[') {
            None => (text, None),
            Some((name, rest)) => (name, Some(rest)),
        };
        let Some(population) = self.populations.iter().position(|p| p.name == name) else {
            let names: Vec<&str> = self.populations.iter().map(|p| p.name.as_str()).collect();
            return Err(super::names::unknown(&node.part(&(0..name.len())), "population", name, &names));
        };
        let Some(range) = range else { return Ok(Slice { population, start: 0, stop: None }) };
        let place = node.part(&(name.len()..text.len()));
        let form = || place.error("expected a slice such as [0:50], [50:] or [10]");
        let inner = range.strip_suffix(']').ok_or_else(form)?;
        let index = |text: &str| text.trim().parse::<usize>().map_err(|_| form());
        let (start, stop) = match inner.split_once(':') {
            None => {
                let one = index(inner)?;
                (one, Some(one.checked_add(1).ok_or_else(form)?))
            }
            Some((start, stop)) => {
                let start = if start.trim().is_empty() { 0 } else { index(start)? };
                (start, if stop.trim().is_empty() { None } else { Some(index(stop)?) })
            }
        };
        let size = self.size(population);
        let last = stop.or(size);
        if let (Some(last), Some(size)) = (last, size)
            && last > size
        {
            return Err(place.error(format!("{name} has {size} members, 0 to {}; found [{inner}]", size - 1)));
        }
        if last.is_some_and(|last| start >= last) {
            return Err(place.error(format!("the slice [{inner}] of {name} is empty")));
        }
        Ok(Slice { population, start, stop })
    }

    /// One slice or a list of them.
    pub(crate) fn slices(&self, node: &Node) -> Result<Vec<Slice>, ModelError> {
        match node.array() {
            Some([]) => Err(node.at.error("found an empty list, expected at least one population")),
            Some(items) => items.iter().map(|item| self.slice(item)).collect(),
            None => Ok(vec![self.slice(node)?]),
        }
    }

    /// The size of a population; none for a recording that is not bound yet.
    pub(crate) fn size(&self, population: usize) -> Option<usize> {
        Some(self.populations[population].size).filter(|size| *size > 0)
    }

    /// The number of members of a slice, where it is known.
    pub(crate) fn length(&self, slice: Slice) -> Option<usize> {
        slice.stop.or(self.size(slice.population)).map(|stop| stop - slice.start)
    }

    /// The unit of weights onto a population: none for sources, whose weights are bare numbers.
    pub(crate) fn weight_unit(&self, population: usize) -> &'static str {
        match &self.populations[population].kind {
            PopulationKind::Neuron { neuron, .. } => neuron.model.weight_unit(),
            PopulationKind::Source(_) => "",
        }
    }

    /// Whether a weight, or its bound, is a number that the run's precision holds.
    pub(crate) fn check_weight(&self, weight: f64) -> Result<(), String> {
        let Some(problem) = self.precision.refuse(weight) else { return Ok(()) };
        let expected = if weight.is_finite() { "less, or simulation.precision = \"double\"" } else { "a finite value" };
        Err(format!("found {problem}, expected {expected}"))
    }

    /// `start`, `stop`, `during`.
    pub(crate) fn active(&self, table: &Table) -> Result<Active, ModelError> {
        let start = table.get("start").map_or(Ok(Time::ZERO), |node| self.scope.time(node))?;
        let stop = match table.get("stop") {
            None => Time::NEVER,
            Some(node) => {
                let stop = self.scope.time_or_never(node)?;
                if stop <= start {
                    // What is within a millionth of a step was moved to the grid.
                    let written = self.scope.any_time(node)?;
                    if written > start {
                        let message =
                            format!("stop, {written}, is {stop} on the grid, which is not after start, {start}");
                        return Err(node.at.error(message));
                    }
                    return Err(node.at.error(format!("stop, {stop}, is not after start, {start}")));
                }
                stop
            }
        };
        Ok(Active { start, stop, during: self.during(table)? })
    }

    /// `during`.
    pub(crate) fn during(&self, table: &Table) -> Result<Option<usize>, ModelError> {
        let Some(node) = table.get("during") else { return Ok(None) };
        let name = self.scope.text(node, "the name of an interval")?;
        match self.intervals.iter().position(|i| i.name == name) {
            Some(i) => Ok(Some(i)),
            None => {
                let names: Vec<&str> = self.intervals.iter().map(|i| i.name.as_str()).collect();
                Err(super::names::unknown(&node.at, "interval", &name, &names))
            }
        }
    }

    /// The one entry of a table that names a variant.
    pub(crate) fn variant<'n>(
        &self,
        node: &'n Node,
        what: &str,
        variants: &keys::Table,
    ) -> Result<&'n Entry, ModelError> {
        let valid = variants.names();
        let list = valid.join(", ");
        let Some(table) = node.table() else {
            if let Some(text) = node.text()
                && !valid.contains(&text)
            {
                return Err(super::names::unknown(&node.at, what, text, &valid));
            }
            return Err(node.mismatch(format!("a table with one of {list}")));
        };
        variants.check(table)?;
        match &table.entries[..] {
            [one] => Ok(one),
            [] => Err(node.at.error(format!("found nothing, expected one of {list}"))),
            [first, second, ..] => {
                Err(second.key_at.error(format!("{} is a second {what} beside {}", second.key, first.key)))
            }
        }
    }
}

/// A key that must be there.
pub(crate) fn required<'a>(table: &'a Table, key: &str, at: &Place, expected: &str) -> Result<&'a Node, ModelError> {
    table.get(key).ok_or_else(|| at.error(format!("`{key}` is missing: expected {expected}")))
}
